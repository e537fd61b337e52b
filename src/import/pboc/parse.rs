//! One row in the domain's terms.
//!
//! Everything that cannot be read is told at once, with the field of the position as its path. What can be read but breaks
//! a rule is the service's to judge.

use chrono::NaiveDate;

use super::codes::{self, AccountCode, Operation};
use super::columns::{Column, Columns, Named as ColumnOf, Part};
use super::standing::{self, Meaning};
use super::{PbocDefaults, people, values};
use crate::domain::batch::{BatchRecord, PositionRecord};
use crate::domain::currency::Currency;
use crate::domain::names::AccountRef;
use crate::domain::position::{
    AccountStatus, AccountType, ClosureReason, Facts, GuaranteeType, OverdueAmounts, Position, ProductType,
    RepaymentFrequency, ReportOrder,
};
use crate::domain::violation::Code;
use crate::identity::normalise::Rules;
use crate::import::crosswalk::RepaymentState;
use crate::import::reading::{Problems, Wrong, placeholder_ref, unreadable};
use crate::import::{Circumstances, FileRecord, Parser, Raw, Unreadable};

/// Decimals of every amount of the format.
pub(super) const DECIMALS: u32 = 2;

/// Understands the rows of one table.
#[derive(Debug)]
pub struct PbocParser {
    columns: Columns,
    rules: Rules,
    defaults: PbocDefaults,
}

impl PbocParser {
    pub(super) fn new(columns: Columns, circumstances: &Circumstances, defaults: PbocDefaults) -> Self {
        Self {
            columns,
            rules: Rules {
                default_calling_code: circumstances.default_calling_code.clone(),
                ..Rules::on(circumstances.today)
            },
            defaults,
        }
    }
}

impl Parser for PbocParser {
    fn parse(&self, raw: &Raw) -> Result<FileRecord, Unreadable> {
        let row = Row { parser: self, raw };
        let account_ref = AccountRef::parse(row.cell(Column::AccountRef));
        if raw.cells.len() != self.columns.width() {
            let wrong =
                Wrong::format("the row has more or fewer cells than the header; check quotes and commas");
            return Err(unreadable(account_ref, "record", wrong));
        }
        Reading {
            row,
            account_ref,
            problems: Problems::default(),
        }
        .read()
    }
}

/// The cells of a row by their columns.
#[derive(Clone, Copy)]
struct Row<'a> {
    parser: &'a PbocParser,
    raw: &'a Raw,
}

impl<'a> Row<'a> {
    fn at(self, column: ColumnOf) -> &'a str {
        self.parser
            .columns
            .find(column)
            .and_then(|index| self.raw.cells.get(index))
            .map_or("", |cell| cell.trim())
    }

    fn cell(self, column: Column) -> &'a str {
        self.at(ColumnOf::Account(column))
    }
}

struct Reading<'a> {
    row: Row<'a>,
    account_ref: Option<AccountRef>,
    problems: Problems,
}

/// What was granted, and how it is repaid.
struct Terms {
    account_type: AccountType,
    product_type: ProductType,
    guarantee_type: GuaranteeType,
    frequency: RepaymentFrequency,
    payment: i64,
}

/// Where it stands.
struct State {
    status: AccountStatus,
    closure_reason: Option<ClosureReason>,
    closed_on: Option<NaiveDate>,
    days_past_due: u32,
    overdue: OverdueAmounts,
}

impl Reading<'_> {
    fn read(mut self) -> Result<FileRecord, Unreadable> {
        if self.account_ref.is_none() {
            self.problems.refuse(
                "account_ref",
                Wrong::format(
                    "account_ref is empty, longer than 60 characters or holds others than letters, digits and . _ : -; give \
                     each account an opaque name of these",
                ),
            );
        }
        let operation = Operation::read(self.row.cell(Column::Operation));
        let operation = match operation {
            Ok(operation) => operation,
            Err(wrong) => {
                self.problems.tell("operation".to_owned(), wrong);
                Operation::Report
            }
        };
        match (operation, self.account_ref) {
            (Operation::Delete(reason), Some(account_ref)) if self.problems.is_empty() => {
                Ok(BatchRecord::Deletion { account_ref, reason })
            }
            (Operation::Delete(_), account_ref) => Err(self.problems.into_unreadable(account_ref)),
            (Operation::Report | Operation::Correct, account_ref) => {
                self.account_ref = account_ref;
                self.position(operation)
            }
        }
    }

    fn position(mut self, operation: Operation) -> Result<FileRecord, Unreadable> {
        let (row, rules) = (self.row, &self.row.parser.rules);
        let report_date = values::required_date(row.cell(Column::ReportDate));
        let as_of = self.problems.take("as_of", report_date, rules.today);
        let sequence = values::count(row.cell(Column::Sequence));
        let sequence = self.problems.take("sequence", sequence, None);
        let facts = self.facts(as_of);
        let event = match codes::read_report_time(row.cell(Column::ReportTimeCode)) {
            Ok(event) => event,
            Err(wrong) => {
                self.problems.tell("event".to_owned(), wrong);
                None
            }
        };
        let correction_reason = self.correction_reason(operation);
        let cell = |slot, part: Part| row.at(ColumnOf::Person(slot, part));
        let liabilities = people::read(cell, rules, &mut self.problems);
        let position = Position {
            account_ref: self.account_ref.clone().unwrap_or_else(placeholder_ref),
            liabilities,
            facts,
            order: ReportOrder {
                as_of,
                sequence: sequence.unwrap_or(row.parser.defaults.sequence),
            },
        };
        let position = self.problems.judge(position, self.account_ref, rules.today)?;
        Ok(BatchRecord::Position(PositionRecord {
            position,
            // A correction says what was right, not what happened.
            event: event.filter(|_| correction_reason.is_none()),
            correction_reason,
        }))
    }

    fn correction_reason(&mut self, operation: Operation) -> Option<String> {
        let text = self.row.cell(Column::CorrectionReason);
        match operation {
            Operation::Correct if text.is_empty() => {
                self.problems.tell(
                    "correction_reason".to_owned(),
                    Wrong::missing("correction_reason is empty; say why the version was wrong"),
                );
                None
            }
            Operation::Correct => Some(text.to_owned()),
            Operation::Report | Operation::Delete(_) if text.is_empty() => None,
            Operation::Report | Operation::Delete(_) => {
                self.problems.tell(
                    "correction_reason".to_owned(),
                    Wrong::format("correction_reason is given but operation is not 2; correct one of them"),
                );
                None
            }
        }
    }

    fn date(&mut self, column: Column, field: &'static str) -> Option<NaiveDate> {
        let read = values::date(self.row.cell(column));
        self.problems.take(field, read, None)
    }

    fn amount(&mut self, column: Column, field: &'static str) -> Option<i64> {
        let read = values::amount(self.row.cell(column));
        self.problems.take(field, read, None)
    }

    fn text(&self, column: Column) -> Option<String> {
        let text = self.row.cell(column);
        (!text.is_empty()).then(|| text.to_owned())
    }

    fn facts(&mut self, as_of: NaiveDate) -> Facts {
        let defaults = &self.row.parser.defaults;
        let opened = values::required_date(self.row.cell(Column::OpenDate));
        let opened_on = self
            .problems
            .take("opened_on", opened, self.row.parser.rules.today);
        let (kind, terms) = self.terms();
        let state = self.state(kind, as_of);
        let balance = self.amount(Column::Balance, "outstanding_total");
        if self.row.cell(Column::Balance).is_empty() {
            self.problems.refuse(
                "outstanding_total",
                Wrong::missing("balance is empty; write what is owed, 0.00 when nothing is"),
            );
        }
        let outstanding_total = balance.unwrap_or(0);
        let principal = self.amount(Column::PrincipalBalance, "outstanding_principal");
        let remaining = values::count(self.row.cell(Column::RemainingTerms));
        let class = codes::read_class(self.row.cell(Column::FiveTierClass));
        Facts {
            account_type: terms.account_type,
            product_type: terms.product_type,
            loan_purpose: defaults.loan_purpose,
            guarantee_type: terms.guarantee_type,
            funding_role: defaults.funding_role,
            region_code: self
                .text(Column::RegionCode)
                .or_else(|| defaults.region_code.clone())
                .unwrap_or_default(),
            currency: self.currency(),
            opened_on,
            matures_on: self.date(Column::DueDate, "matures_on"),
            closed_on: state.closed_on,
            original_amount: self.amount(Column::LoanAmount, "original_amount").unwrap_or(0),
            credit_limit: self.amount(Column::CreditLimit, "credit_limit").unwrap_or(0),
            outstanding_principal: principal.unwrap_or(outstanding_total),
            outstanding_total,
            scheduled_payment: terms.payment,
            repayment_frequency: terms.frequency,
            next_due_on: self.date(Column::NextPaymentDate, "next_due_on"),
            remaining_terms: self
                .problems
                .take("remaining_terms", remaining, None)
                .unwrap_or(0),
            annual_percentage_rate_bp: defaults.annual_percentage_rate_bp,
            status: state.status,
            closure_reason: state.closure_reason,
            days_past_due: state.days_past_due,
            grace_days: defaults.grace_days,
            overdue: state.overdue,
            first_delinquent_on: self.date(Column::FirstOverdueDate, "first_delinquent_on"),
            asset_classification: self.problems.take("asset_classification", class, None),
            collection_stage: None,
            extension_count: 0,
            restructure_count: 0,
            hardship_code: None,
            last_payment_on: self.date(Column::LastPaymentDate, "last_payment_on"),
            last_payment_amount: self
                .amount(Column::LastPaymentAmount, "last_payment_amount")
                .unwrap_or(0),
            funding_group_ref: None,
            consent_reference: self
                .text(Column::ConsentReference)
                .unwrap_or_else(|| defaults.consent_reference.clone()),
            adverse_notice_reference: self.text(Column::AdverseNoticeReference),
            adverse_notice_sent_on: self.date(Column::AdverseNoticeDate, "adverse_notice_sent_on"),
            reservation_id: None,
        }
    }

    fn currency(&mut self) -> Currency {
        let text = self.row.cell(Column::Currency);
        if text.is_empty() {
            return Currency::CNY;
        }
        let currency = Currency::parse(text).filter(|currency| currency.exponent() == DECIMALS);
        currency.unwrap_or_else(|| {
            self.problems.refuse(
                "currency",
                Wrong {
                    code: Code::Currency,
                    text: "is no currency of ISO 4217 with two decimals; write such as CNY".into(),
                },
            );
            Currency::CNY
        })
    }

    fn terms(&mut self) -> (Option<AccountCode>, Terms) {
        let kind = AccountCode::parse(self.row.cell(Column::AccountType));
        if kind.is_none() {
            self.problems.refuse(
                "account_type",
                Wrong::unknown("is no account type; write D1, R1, R2, R3, R4 or C1"),
            );
        }
        let business = codes::read_business(self.row.cell(Column::BusinessType));
        let guarantee = codes::read_guarantee(self.row.cell(Column::GuaranteeType));
        let payment = self
            .amount(Column::ScheduledPayment, "scheduled_payment")
            .unwrap_or(0);
        let frequency = codes::read_frequency(self.row.cell(Column::RepaymentFrequency), payment);
        let nothing = (RepaymentFrequency::Irregular, 0);
        let (frequency, payment) = self.problems.take("repayment_frequency", frequency, nothing);
        let terms = Terms {
            account_type: kind.map_or(AccountType::NonRevolving, AccountCode::read),
            product_type: self.problems.take("product_type", business, ProductType::Other),
            guarantee_type: self
                .problems
                .take("guarantee_type", guarantee, GuaranteeType::Unsecured),
            frequency,
            payment,
        };
        (kind, terms)
    }

    fn state(&mut self, kind: Option<AccountCode>, as_of: NaiveDate) -> State {
        let date_closed = self.date(Column::CloseDate, "closed_on");
        let overdue = self.overdue();
        let days = values::count(self.row.cell(Column::DaysPastDue));
        let code = RepaymentState::parse(self.row.cell(Column::RepaymentState)).ok_or(Wrong::unknown(
            "repayment_state is no code of the list; write *, N, M, 1 to 7, B, C, D, G, Z, A, # or /",
        ));
        let days = days.and_then(|days| code.clone().and_then(|code| standing::days_past_due(days, code)));
        let days_known = days.is_ok();
        let days_past_due = self.problems.take("days_past_due", days, 0);
        // Without an account type its list of states is not known; that is told already.
        let meaning = kind
            .map(|kind| standing::read_status(kind, self.row.cell(Column::AccountStatus)))
            .transpose();
        let meaning = match meaning {
            Ok(Some(meaning)) => {
                if days_known && meaning.is_late.is_some_and(|late| late != (days_past_due > 0)) {
                    self.problems.refuse("days_past_due", DISAGREE);
                }
                Some(meaning)
            }
            Ok(None) => None,
            Err(wrong) => {
                self.problems.refuse("status", wrong);
                None
            }
        };
        self.outcome(meaning, code.ok(), date_closed, as_of, overdue, days_past_due)
    }

    fn outcome(
        &mut self,
        meaning: Option<Meaning>,
        code: Option<RepaymentState>,
        date_closed: Option<NaiveDate>,
        as_of: NaiveDate,
        overdue: OverdueAmounts,
        days_past_due: u32,
    ) -> State {
        let ended_reason = self.row.parser.defaults.ended_reason;
        let (status, closure_reason) = if let (Some(meaning), Some(code)) = (meaning, code) {
            let read = standing::read(meaning.status, code, ended_reason);
            self.problems.take("status", read, (AccountStatus::Open, None))
        } else {
            self.problems.hide("status");
            (AccountStatus::Open, None)
        };
        State {
            status,
            closure_reason,
            closed_on: if status == AccountStatus::Closed {
                date_closed.or(Some(as_of))
            } else {
                date_closed
            },
            days_past_due,
            overdue,
        }
    }

    /// The parts, or the total as principal where there are none.
    fn overdue(&mut self) -> OverdueAmounts {
        let total = self.amount(Column::OverdueTotal, "overdue");
        let principal = self.amount(Column::OverduePrincipal, "overdue.principal");
        let interest = self.amount(Column::OverdueInterest, "overdue.interest");
        let penalty = self.amount(Column::OverduePenalty, "overdue.penalty");
        let fees = self.amount(Column::OverdueFees, "overdue.fees");
        let parts = [principal, interest, penalty, fees];
        if parts.iter().all(Option::is_none) {
            return OverdueAmounts {
                principal: total.unwrap_or(0),
                ..OverdueAmounts::default()
            };
        }
        let [principal, interest, penalty, fees] = parts.map(|part| part.unwrap_or(0));
        let overdue = OverdueAmounts {
            principal,
            interest,
            penalty,
            fees,
        };
        if total.is_some() && overdue.total() != total {
            self.problems.refuse(
                "overdue",
                Wrong::format(
                    "overdue_total is not the sum of its parts; correct one of them, or leave it empty",
                ),
            );
        }
        overdue
    }
}

/// 1 and 2 of the loans' list say whether something is past due.
const DISAGREE: Wrong = Wrong::format(
    "days_past_due (or repayment_state) and account_status do not agree: 1 is nothing past due, 2 is something; correct one \
     of them",
);
