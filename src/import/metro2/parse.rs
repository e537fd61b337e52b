//! One base segment, with the segments behind it, in the domain's terms.
//!
//! Everything that cannot be read is told at once. Nothing is judged that the service judges: amounts that do not agree,
//! dates in the wrong order and the like go through as they stand.

use chrono::NaiveDate;

use super::layout::{CHANGE_INDICATOR, Field, Kind, Person, Segments, SplitError, base, split, to_bytes};
use super::standing::{self, Codes, Standing};
use super::{Metro2Defaults, consumers, kinds, terms, values};
use crate::domain::batch::{BatchRecord, PositionRecord};
use crate::domain::names::AccountRef;
use crate::domain::position::{
    AccountStatus, AccountType, Facts, OverdueAmounts, Position, ProductType, RepaymentFrequency, ReportOrder,
};
use crate::import::crosswalk::{Metro2Status, PaymentRating};
use crate::import::reading::{Problems, Wrong, placeholder_ref, unreadable};
use crate::import::{FileRecord, Parser, Raw, Unreadable};

/// What a correction of Metro 2 gives as its reason: the format has no field for one.
pub(super) const CORRECTION_REASON: &str = "Metro 2 correction indicator";

/// States, the district and the territories: the second parts of ISO 3166-2:US.
const STATES: &str = "AL AK AZ AR CA CO CT DE DC FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC \
    ND OH OK OR PA RI SC SD TN TX UT VT VA WA WV WI WY AS GU MP PR UM VI";
/// Places of military mail, which ISO 3166-2 does not know.
const MILITARY: [&str; 3] = ["AA", "AE", "AP"];

/// Understands the records of a Metro 2 file.
#[derive(Debug)]
pub struct Metro2Parser {
    today: NaiveDate,
    defaults: Metro2Defaults,
}

impl Metro2Parser {
    /// A parser that fills what the format lacks from `defaults`. `today` is the member's.
    pub fn new(today: NaiveDate, defaults: Metro2Defaults) -> Self {
        Self { today, defaults }
    }
}

impl Parser for Metro2Parser {
    fn parse(&self, raw: &Raw) -> Result<FileRecord, Unreadable> {
        const NO_BYTES: Wrong = Wrong::format("the record is no record of a Metro 2 file");
        let record = match raw.cells.as_slice() {
            [cell] => to_bytes(cell),
            _ => None,
        };
        let record = record.ok_or_else(|| unreadable(None, "record", NO_BYTES))?;
        let account_ref = account_ref(&record);
        let segments =
            split(&record).map_err(|error| unreadable(account_ref.clone(), "record", why(error)))?;
        Reading {
            parser: self,
            segments: &segments,
            account_ref,
            problems: Problems::default(),
        }
        .read()
    }
}

fn why(error: SplitError) -> Wrong {
    Wrong::format(match error {
        SplitError::Short => "the record is shorter than the 426 bytes of a base segment",
        SplitError::Unknown => {
            "behind the base segment stands something that is none of J1, J2, K1, K2, K3, K4, L1 and N1; check the lengths \
             of the segments before it"
        }
        SplitError::Cut => "the last segment is not whole; check the record descriptor word",
        SplitError::TooMany => "more than 32 segments follow the base segment",
    })
}

/// A field as text, blanks behind taken off; empty when it is not ASCII.
fn text(field: Field, segment: &[u8]) -> &str {
    std::str::from_utf8(field.of(segment))
        .unwrap_or_default()
        .trim_end_matches(' ')
}

/// The account number of a record, when it can be one of ours.
pub(super) fn account_ref(record: &[u8]) -> Option<AccountRef> {
    AccountRef::parse(text(base::ACCOUNT_NUMBER, record))
}

struct Reading<'a> {
    parser: &'a Metro2Parser,
    segments: &'a Segments<'a>,
    account_ref: Option<AccountRef>,
    problems: Problems,
}

/// What was granted, and how it is repaid.
struct Terms {
    account_type: AccountType,
    product_type: ProductType,
    opened_on: NaiveDate,
    matures_on: Option<NaiveDate>,
    original_amount: i64,
    credit_limit: i64,
    frequency: RepaymentFrequency,
    payment: i64,
}

/// Where it stands, with the dates and amounts that belong to this.
struct State {
    standing: Standing,
    as_of: NaiveDate,
    closed_on: Option<NaiveDate>,
    first_delinquent_on: Option<NaiveDate>,
    balance: i64,
    past_due: i64,
    days_past_due: u32,
}

/// The facts that both make, and the defaults for what the format lacks; the region and the last payment are still to come.
fn facts(terms: &Terms, state: &State, defaults: &Metro2Defaults) -> Facts {
    let notice = defaults
        .adverse_notice
        .as_ref()
        .filter(|_| state.days_past_due > defaults.grace_days);
    Facts {
        account_type: terms.account_type,
        product_type: terms.product_type,
        loan_purpose: defaults.loan_purpose,
        guarantee_type: defaults.guarantee_type,
        funding_role: defaults.funding_role,
        region_code: String::new(),
        currency: defaults.conventions.currency,
        opened_on: terms.opened_on,
        matures_on: terms.matures_on,
        closed_on: state.closed_on,
        original_amount: terms.original_amount,
        credit_limit: terms.credit_limit,
        // The format has the whole only; all of it may be principal.
        outstanding_principal: state.balance,
        outstanding_total: state.balance,
        scheduled_payment: terms.payment,
        repayment_frequency: terms.frequency,
        next_due_on: None,
        remaining_terms: 0,
        annual_percentage_rate_bp: defaults.annual_percentage_rate_bp,
        status: state.standing.status,
        closure_reason: state.standing.closure_reason,
        days_past_due: state.days_past_due,
        grace_days: defaults.grace_days,
        overdue: OverdueAmounts {
            principal: state.past_due,
            ..OverdueAmounts::default()
        },
        first_delinquent_on: state.first_delinquent_on,
        asset_classification: None,
        collection_stage: state.standing.collection_stage,
        extension_count: 0,
        restructure_count: 0,
        hardship_code: None,
        last_payment_on: None,
        last_payment_amount: 0,
        funding_group_ref: None,
        consent_reference: defaults.consent_reference.clone(),
        adverse_notice_reference: notice.map(|notice| notice.reference.clone()),
        adverse_notice_sent_on: notice.map(|notice| notice.sent_on),
        reservation_id: None,
    }
}

impl Reading<'_> {
    fn read(mut self) -> Result<FileRecord, Unreadable> {
        if self.account_ref.is_none() {
            self.problems.refuse(
                "account_ref",
                Wrong::format(
                    "the account number (positions 43 to 72) is empty or holds characters other than letters, digits and . \
                     _ : -; give each account an opaque number of these",
                ),
            );
        }
        if self.changes_number() {
            self.problems.tell(
                "position.account_ref".to_owned(),
                Wrong::format(
                    "an L1 segment changes the account's number, which is not read; delete the account under its old \
                     number and report it under the new one without the segment",
                ),
            );
        }
        let status = Metro2Status::parse(text(base::ACCOUNT_STATUS, self.segments.base));
        match status.and_then(standing::deletion) {
            Some(reason) => match self.account_ref {
                Some(account_ref) if self.problems.is_empty() => {
                    Ok(BatchRecord::Deletion { account_ref, reason })
                }
                account_ref => Err(self.problems.into_unreadable(account_ref)),
            },
            None => self.position(status),
        }
    }

    /// L1 with 1 or 3 renames the account; 2 is about the reporter's own number.
    fn changes_number(&self) -> bool {
        self.segments
            .rest
            .iter()
            .any(|(kind, segment)| *kind == Kind::L1 && CHANGE_INDICATOR.of(segment) != b"2")
    }

    fn position(mut self, status: Option<Metro2Status>) -> Result<FileRecord, Unreadable> {
        let defaults = &self.parser.defaults;
        let terms = self.terms();
        let state = self.state(status, terms.account_type);
        let as_of = state.as_of;
        let region_code = self.region();
        let last_payment_amount = self.amount(base::ACTUAL_PAYMENT, "last_payment_amount");
        let last_payment_on = self.date(base::DATE_LAST_PAYMENT, "last_payment_on");
        let correction_reason = self.correction_reason();
        let today = self.parser.today;
        let liabilities = consumers::read(self.segments, &defaults.conventions, today, &mut self.problems);
        let facts = Facts {
            region_code,
            last_payment_on,
            last_payment_amount,
            ..facts(&terms, &state, defaults)
        };
        let position = Position {
            account_ref: self.account_ref.clone().unwrap_or_else(placeholder_ref),
            liabilities,
            facts,
            order: ReportOrder {
                as_of,
                sequence: defaults.sequence,
            },
        };
        let position = self.problems.judge(position, self.account_ref, today)?;
        Ok(BatchRecord::Position(PositionRecord {
            position,
            event: None,
            correction_reason,
        }))
    }

    /// 1 replaces what was reported for the same date; 0 and blank are reports.
    fn correction_reason(&mut self) -> Option<String> {
        match base::CORRECTION_INDICATOR.of(self.segments.base) {
            b"1" => Some(CORRECTION_REASON.to_owned()),
            b"0" | b" " => None,
            _ => {
                self.problems.tell(
                    "correction_reason".to_owned(),
                    Wrong::unknown("the correction indicator (position 20) is neither 0 nor 1"),
                );
                None
            }
        }
    }

    fn date(&mut self, field: Field, name: &'static str) -> Option<NaiveDate> {
        let read = values::date(field.of(self.segments.base));
        self.problems.take(name, read, None)
    }

    fn amount(&mut self, field: Field, name: &'static str) -> i64 {
        let currency = self.parser.defaults.conventions.currency;
        let read = values::amount(field.of(self.segments.base), currency);
        self.problems.take(name, read, 0)
    }

    fn terms(&mut self) -> Terms {
        let base = self.segments.base;
        let kind = kinds::read(text(base::PORTFOLIO_TYPE, base), text(base::ACCOUNT_TYPE, base));
        let opened = values::required_date(base::DATE_OPENED.of(base));
        let opened_on = self.problems.take("opened_on", opened, self.parser.today);
        let monthly = self.amount(base::SCHEDULED_PAYMENT, "scheduled_payment");
        let payment = terms::read_payment(base::TERMS_FREQUENCY.of(base), monthly);
        let (frequency, payment) =
            self.problems
                .take("repayment_frequency", payment, (RepaymentFrequency::Month, 0));
        let limit = self.amount(base::CREDIT_LIMIT, "credit_limit");
        let highest = self.amount(base::HIGHEST_CREDIT, "original_amount");
        let mut terms = Terms {
            account_type: AccountType::NonRevolving,
            product_type: ProductType::Other,
            opened_on,
            matures_on: None,
            original_amount: highest,
            credit_limit: 0,
            frequency,
            payment,
        };
        match kind {
            Err(wrong) => {
                self.problems.refuse("account_type", wrong);
                // Both follow from the account type.
                self.problems.hide("matures_on");
                self.problems.hide("original_amount");
            }
            Ok((portfolio, account_type, product_type)) => {
                terms.account_type = account_type;
                terms.product_type = product_type;
                let months = terms::months(portfolio, base::TERMS_DURATION.of(base));
                let months = self.problems.take("matures_on", months, None);
                if account_type.is_revolving() {
                    (terms.original_amount, terms.credit_limit) = (0, limit);
                } else {
                    terms.matures_on = months.and_then(|months| terms::maturity(opened_on, months));
                }
            }
        }
        terms
    }

    fn state(&mut self, status: Option<Metro2Status>, account_type: AccountType) -> State {
        let base = self.segments.base;
        let read = values::required_date(base::DATE_OF_INFORMATION.of(base));
        let as_of = self.problems.take("as_of", read, self.parser.today);
        let date_closed = self.date(base::DATE_CLOSED, "closed_on");
        let delinquent = self.date(base::DATE_FIRST_DELINQUENCY, "first_delinquent_on");
        let balance = self.amount(base::CURRENT_BALANCE, "outstanding_total");
        let past_due = self.amount(base::AMOUNT_PAST_DUE, "overdue");
        // Asked for with 64 and 97; no field of a position holds it, but it must be a number.
        self.amount(base::CHARGE_OFF_AMOUNT, "outstanding_principal");
        let rating = self.rating(status);
        let Some(status) = status else {
            self.problems.refuse(
                "status",
                Wrong::unknown("the account status (positions 124 and 125) is no code of Metro 2"),
            );
            return State {
                standing: Standing {
                    status: AccountStatus::Open,
                    closure_reason: None,
                    collection_stage: None,
                    days: None,
                    is_delinquent: false,
                },
                as_of,
                closed_on: None,
                first_delinquent_on: None,
                balance,
                past_due: 0,
                days_past_due: 0,
            };
        };
        let standing = standing::read(&Codes {
            status,
            rating,
            comment: text(base::SPECIAL_COMMENT, base),
            information_indicator: text(Person::BASE.information_indicator, base),
            ecoa: text(Person::BASE.ecoa, base),
            is_collection_account: account_type == AccountType::Collection,
            has_date_closed: date_closed.is_some(),
            is_owed: balance > 0,
        });
        let first_delinquent_on = delinquent
            .filter(|_| standing.is_delinquent)
            .and_then(|date| standing::read_first_delinquency(date, &self.parser.defaults.conventions));
        State {
            closed_on: standing::closed_on(standing.status, date_closed, as_of),
            days_past_due: standing::days_past_due(standing.days, as_of, first_delinquent_on, past_due),
            standing,
            as_of,
            first_delinquent_on,
            balance,
            past_due,
        }
    }

    fn rating(&mut self, status: Option<Metro2Status>) -> Option<PaymentRating> {
        let code = text(base::PAYMENT_RATING, self.segments.base);
        let rating = PaymentRating::parse(code);
        if rating.is_none() && status.is_some_and(Metro2Status::is_rated) {
            self.problems.refuse(
                "days_past_due",
                Wrong::unknown(
                    "cannot be told: account status 05, 13, 65, 88, 89, 94 and 95 need a payment rating (position 126) of 0 \
                     to 6, G or L",
                ),
            );
        }
        rating
    }

    /// The state of the base segment's address, when the address is in the United States.
    fn region(&mut self) -> String {
        let base = self.segments.base;
        let state = text(base::STATE, base);
        let domestic = matches!(text(base::COUNTRY, base), "" | "US");
        if domestic && !state.is_empty() && !MILITARY.contains(&state) {
            if STATES.split(' ').any(|known| known == state) {
                return format!("US-{state}");
            }
            self.problems.refuse(
                "region_code",
                Wrong::format("the state (positions 414 and 415) is none of the United States"),
            );
        } else if let Some(region_code) = &self.parser.defaults.region_code {
            return region_code.clone();
        } else {
            self.problems.refuse(
                "region_code",
                Wrong::missing("the record names no state, and no region is set for such records; set one"),
            );
        }
        String::new()
    }
}
