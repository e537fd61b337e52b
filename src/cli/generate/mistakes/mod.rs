//! Mistakes to plant: records that break one rule each, with what will become of them.
//!
//! They stand on accounts of their own beside the book's, and leave nothing open behind: what is accepted on the way is
//! a loan that is paid off already. So they spoil no record of the book, in this month or a later one, and a file without
//! them is the same file with fewer rows. Invariant: a mistake breaks exactly the code that it names.

mod plain;
mod scenes;
mod unplantable;

use chrono::NaiveDate;

use super::population::resident;
use crate::cli::market::Person;
use crate::domain::batch::{BatchRecord, PositionRecord};
use crate::domain::currency::Currency;
use crate::domain::date::{days_after, days_before};
use crate::domain::names::AccountRef;
use crate::domain::position::{
    AccountStatus, AccountType, ClosureReason, Facts, FundingRole, GuaranteeType, Liability, LiabilityRole,
    LoanPurpose, OverdueAmounts, Position, ProductType, RepaymentFrequency, ReportOrder,
};
use crate::domain::violation::Code;
use crate::identity::named::Named;
use crate::import::FileRecord;
use crate::import::table::columns::Column;

pub(super) use unplantable::why_not;

/// The last so many people borrow nowhere: mistakes need somebody who is not on file.
pub(super) const STRANGERS: u64 = 1_000;

/// What becomes of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fate {
    /// On file.
    Accepted,
    /// Older than what is on file: neither accepted nor rejected.
    Superseded,
    /// Sent, and refused by the service.
    Rejected,
    /// Cannot be represented: found before anything is sent.
    Unreadable,
}

impl Fate {
    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Superseded => "superseded",
            Self::Rejected => "rejected",
            Self::Unreadable => "unreadable",
        }
    }
}

/// A way to go wrong.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mistake {
    /// The rule that is broken; of an accepted record: the warning.
    pub code: Code,
    /// What becomes of the record.
    pub fate: Fate,
    how: How,
}

/// A change of a record.
type Change = fn(&mut PositionRecord<Named>, &Stage);

#[derive(Debug, Clone, Copy)]
enum How {
    /// Cells of an open loan's row are written over.
    Cells(&'static [(&'static str, &'static str)]),
    /// The same with cells that depend on the person.
    CellsOf(fn(&Stage) -> Vec<(&'static str, String)>),
    /// An open loan is changed: what is wrong shows from the record alone.
    Alone(Change),
    /// A loan that is paid off, changed by the first, is on file; then comes the same, changed by both.
    Then(Change, Change),
    /// Whatever it takes; the last record is the one that breaks the rule.
    Scene(fn(&Stage) -> Vec<FileRecord>),
}

/// A record with what of its row is written over, and what will become of it.
#[derive(Debug)]
pub(super) struct Scripted {
    pub record: FileRecord,
    pub overwritten: Vec<(Column, String)>,
    /// The mistake, if the record holds it; else it is accepted.
    pub mistake: Option<Mistake>,
}

/// Where a mistake is planted.
#[derive(Debug, Clone)]
pub(super) struct Stage {
    /// How the accounts are called, but for their last letter.
    pub name: String,
    /// The person whose accounts they are.
    pub number: u64,
    /// What the file describes.
    pub as_of: NaiveDate,
}

/// Every mistake there is.
pub(super) fn all() -> impl Iterator<Item = Mistake> {
    plain::MISTAKES.iter().chain(scenes::MISTAKES).copied()
}

impl Mistake {
    const fn new(code: Code, fate: Fate, how: How) -> Self {
        Self { code, fate, how }
    }

    /// Cells that make a row unreadable.
    const fn cells(code: Code, cells: &'static [(&'static str, &'static str)]) -> Self {
        Self::new(code, Fate::Unreadable, How::Cells(cells))
    }

    /// A record that is refused by itself.
    const fn alone(code: Code, change: Change) -> Self {
        Self::new(code, Fate::Rejected, How::Alone(change))
    }

    /// A record that is refused for what is on file.
    const fn then(code: Code, first: Change, then: Change) -> Self {
        Self::new(code, Fate::Rejected, How::Then(first, then))
    }

    /// A record that is refused behind others.
    const fn scene(code: Code, records: fn(&Stage) -> Vec<FileRecord>) -> Self {
        Self::new(code, Fate::Rejected, How::Scene(records))
    }

    /// The records that it takes, in their order.
    pub fn records(self, stage: &Stage) -> Vec<Scripted> {
        let mut overwritten = Vec::new();
        let written = |name: &str, text: String| {
            let column = Column::parse(name).expect("mistakes name columns that there are");
            (column, text)
        };
        let records = match self.how {
            How::Cells(cells) => {
                overwritten.extend(cells.iter().map(|(name, text)| written(name, (*text).to_owned())));
                vec![BatchRecord::Position(stage.open_loan())]
            }
            How::CellsOf(cells) => {
                overwritten.extend(cells(stage).into_iter().map(|(name, text)| written(name, text)));
                vec![BatchRecord::Position(stage.open_loan())]
            }
            How::Alone(change) => {
                let mut record = stage.open_loan();
                change(&mut record, stage);
                vec![BatchRecord::Position(record)]
            }
            How::Then(first, then) => {
                let mut record = stage.paid_loan('a');
                first(&mut record, stage);
                let mut next = record.clone();
                next.position.order.sequence += 1;
                then(&mut next, stage);
                vec![BatchRecord::Position(record), BatchRecord::Position(next)]
            }
            How::Scene(records) => records(stage),
        };
        let mut scripted: Vec<Scripted> = records
            .into_iter()
            .map(|record| Scripted {
                record,
                overwritten: Vec::new(),
                mistake: None,
            })
            .collect();
        if let Some(last) = scripted.last_mut() {
            last.overwritten = overwritten;
            last.mistake = Some(self);
        }
        scripted
    }
}

impl Stage {
    /// The account of a letter.
    fn account(&self, letter: char) -> AccountRef {
        AccountRef::parse(&format!("{}{letter}", self.name)).expect("letters, digits and hyphens")
    }

    /// The number of somebody to whom nobody lends.
    fn nobody(&self) -> u64 {
        Person::NUMBERS - 1 - self.number % STRANGERS
    }

    /// A loan of which half is still to be paid.
    fn open_loan(&self) -> PositionRecord<Named> {
        let mut record = self.paid_loan('a');
        let facts = &mut record.position.facts;
        facts.status = AccountStatus::Open;
        facts.closure_reason = None;
        facts.closed_on = None;
        facts.outstanding_principal = 50_000;
        facts.outstanding_total = 51_000;
        facts.scheduled_payment = 25_500;
        facts.remaining_terms = 2;
        facts.matures_on = Some(days_after(self.as_of, 45));
        facts.next_due_on = Some(days_after(self.as_of, 15));
        record
    }

    /// A loan that was paid off three days ago.
    fn paid_loan(&self, letter: char) -> PositionRecord<Named> {
        let ago = |days| days_before(self.as_of, days);
        let facts = Facts {
            account_type: AccountType::NonRevolving,
            product_type: ProductType::CashInstalment,
            loan_purpose: LoanPurpose::Consumption,
            guarantee_type: GuaranteeType::Unsecured,
            funding_role: FundingRole::Own,
            region_code: "CN-GD".to_owned(),
            currency: Currency::CNY,
            opened_on: ago(63),
            matures_on: Some(ago(3)),
            closed_on: Some(ago(3)),
            original_amount: 100_000,
            credit_limit: 0,
            outstanding_principal: 0,
            outstanding_total: 0,
            scheduled_payment: 0,
            repayment_frequency: RepaymentFrequency::Month,
            next_due_on: None,
            remaining_terms: 0,
            annual_percentage_rate_bp: 1_800,
            status: AccountStatus::Closed,
            closure_reason: Some(ClosureReason::PaidAsAgreed),
            days_past_due: 0,
            grace_days: 3,
            overdue: OverdueAmounts::default(),
            first_delinquent_on: None,
            asset_classification: None,
            collection_stage: None,
            extension_count: 0,
            restructure_count: 0,
            hardship_code: None,
            last_payment_on: Some(ago(15)),
            last_payment_amount: 25_500,
            funding_group_ref: None,
            consent_reference: "C-PLANTED-1".to_owned(),
            adverse_notice_reference: None,
            adverse_notice_sent_on: None,
            reservation_id: None,
        };
        PositionRecord {
            position: Position {
                account_ref: self.account(letter),
                liabilities: vec![Liability {
                    role: LiabilityRole::Primary,
                    tokens: resident(self.number, ago(63)),
                }],
                facts,
                order: ReportOrder {
                    as_of: self.as_of,
                    sequence: 5,
                },
            },
            event: None,
            correction_reason: None,
        }
    }
}

/// Makes a loan late by some days, beyond its grace, after a notice.
fn late(record: &mut PositionRecord<Named>, stage: &Stage, days: u32) {
    let facts = &mut record.position.facts;
    facts.days_past_due = days;
    facts.overdue.principal = 40_000;
    facts.first_delinquent_on = Some(days_before(stage.as_of, 30));
    facts.adverse_notice_reference = Some("N-PLANTED-1".to_owned());
    facts.adverse_notice_sent_on = Some(days_before(stage.as_of, 20));
}

/// Closes a loan although it was not paid: what is owed may stay on file.
fn write_off(record: &mut PositionRecord<Named>) {
    let facts = &mut record.position.facts;
    facts.status = AccountStatus::Closed;
    facts.closure_reason = Some(ClosureReason::WrittenOff);
    facts.outstanding_principal = 50_000;
    facts.outstanding_total = 51_000;
}
