//! What a position breaks by itself: presence, formats and the state of the account; the other rules by theme are in the
//! files beside this one.
//!
//! Not here: what needs the caller's message to be seen, such as unknown enum numbers or repeated tokens (the edge), and
//! what needs the file (`change`). Rules skip the fields that the edge could not read, so that one mistake is told once.

use chrono::NaiveDate;

use super::Findings;
use super::text::{check_reference, is_region_code};
use super::{amounts, dates, delinquency, liabilities};
use crate::domain::position::{AccountStatus, ClosureReason, Facts, Position};
use crate::domain::token::Token;
use crate::domain::violation::Code;

/// The highest annual percentage rate: 1,000 % in basis points.
const RATE_BP_MAX: u32 = 100_000;
/// Bounds of the references of a position, in characters.
const REFERENCE_CHARS_MAX: usize = 64;
const FUNDING_GROUP_CHARS: std::ops::RangeInclusive<usize> = 16..=60;

/// What a position breaks by itself on the civil date `today` of the operator's zone. Field paths start with `position`.
pub fn check_message<T: Token>(position: &Position<T>, today: NaiveDate) -> Findings {
    check_readable(position, today, &[])
}

/// The same for a position of which some fields could not be read and hold placeholders: `unreadable` names them as the
/// contract does (`as_of`), and no rule that needs one of them speaks.
pub fn check_readable<T: Token>(position: &Position<T>, today: NaiveDate, unreadable: &[&str]) -> Findings {
    let mut exam = Exam {
        facts: &position.facts,
        as_of: position.order.as_of,
        today,
        unreadable,
        findings: Findings::default(),
    };
    presence(&mut exam);
    formats(&mut exam, position);
    dates::check(&mut exam);
    amounts::check(&mut exam);
    delinquency::check(&mut exam);
    closed_accounts(&mut exam);
    if exam.reads("liabilities") {
        liabilities::check(&mut exam, &position.liabilities);
    }
    exam.findings
}

/// One examination: the facts, what of them could be read, and the findings so far.
pub(super) struct Exam<'a> {
    pub(super) facts: &'a Facts,
    pub(super) as_of: NaiveDate,
    pub(super) today: NaiveDate,
    unreadable: &'a [&'a str],
    pub(super) findings: Findings,
}

impl Exam<'_> {
    /// Whether a field was read.
    pub(super) fn reads(&self, field: &str) -> bool {
        !self.unreadable.contains(&field)
    }

    /// A date that is always there, if it was read.
    pub(super) fn date(&self, field: &str, value: NaiveDate) -> Option<NaiveDate> {
        self.reads(field).then_some(value)
    }

    /// Adds a broken rule of a field of the position.
    pub(super) fn violate(&mut self, code: Code, field: &str, description: impl Into<String>) {
        self.findings
            .violate(code, format!("position.{field}"), description);
    }

    /// Adds a warning about a field of the position.
    pub(super) fn warn(&mut self, code: Code, field: &str, description: impl Into<String>) {
        self.findings.warn(code, format!("position.{field}"), description);
    }
}

/// V01, as far as the edge has not seen it: what other fields make required.
fn presence(exam: &mut Exam) {
    let facts = exam.facts;
    let fixed_term = exam.reads("account_type") && !facts.account_type.is_revolving();
    let required = [
        (
            facts.region_code.is_empty(),
            "region_code",
            "region_code is empty; name where the borrower lives, such as CN-44",
        ),
        (
            facts.consent_reference.is_empty(),
            "consent_reference",
            "consent_reference is empty; name the consent under which the position may be shared",
        ),
        (
            fixed_term && facts.matures_on.is_none(),
            "matures_on",
            "matures_on is missing; every account that is not revolving has one",
        ),
        (
            fixed_term && facts.original_amount == 0,
            "original_amount",
            "original_amount is 0; report the amount lent, only revolving accounts have none",
        ),
    ];
    for (missing, field, description) in required {
        if missing && exam.reads(field) {
            exam.violate(Code::FieldRequired, field, description);
        }
    }
}

/// V03: bounds and patterns; V33: personal data where it does not belong.
fn formats<T>(exam: &mut Exam, position: &Position<T>) {
    let facts = exam.facts;
    match position.order.sequence {
        0 => exam.violate(
            Code::FieldRequired,
            "sequence",
            "sequence is 0; count the reports on this account from 1",
        ),
        sequence if i64::try_from(sequence).is_err() => exam.violate(
            Code::Format,
            "sequence",
            format!("sequence is {sequence}; the largest is {}", i64::MAX),
        ),
        _ => {}
    }
    if !facts.region_code.is_empty() && !is_region_code(&facts.region_code) {
        exam.violate(
            Code::Format,
            "region_code",
            "region_code is neither ISO 3166-2 (such as CN-44) nor a GB/T 2260 division of 6 digits",
        );
    }
    if facts.annual_percentage_rate_bp > RATE_BP_MAX {
        let rate = facts.annual_percentage_rate_bp;
        exam.violate(
            Code::Format,
            "annual_percentage_rate_bp",
            format!(
                "annual_percentage_rate_bp is {rate}; at most {RATE_BP_MAX}, in hundredths of a percent a year"
            ),
        );
    }
    if exam.reads("account_ref") {
        reference(
            exam,
            "account_ref",
            position.account_ref.as_str(),
            1..=REFERENCE_CHARS_MAX,
        );
    }
    let references = [
        (
            "consent_reference",
            Some(&facts.consent_reference),
            0..=REFERENCE_CHARS_MAX,
        ),
        (
            "adverse_notice_reference",
            facts.adverse_notice_reference.as_ref(),
            1..=REFERENCE_CHARS_MAX,
        ),
        (
            "funding_group_ref",
            facts.funding_group_ref.as_ref(),
            FUNDING_GROUP_CHARS,
        ),
        (
            "reservation_id",
            facts.reservation_id.as_ref(),
            1..=REFERENCE_CHARS_MAX,
        ),
    ];
    for (field, text, chars) in references {
        if let Some(text) = text {
            reference(exam, field, text, chars);
        }
    }
}

fn reference(exam: &mut Exam, field: &'static str, text: &str, chars: std::ops::RangeInclusive<usize>) {
    let path = format!("position.{field}");
    for violation in check_reference(text, &path, chars, exam.today) {
        exam.findings
            .violate(violation.code, violation.field, violation.description);
    }
}

/// V01 and V12: what CLOSED asks for, and what only it may carry.
fn closed_accounts(exam: &mut Exam) {
    if !exam.reads("status") {
        return;
    }
    let facts = exam.facts;
    if facts.status != AccountStatus::Closed {
        if facts.closure_reason.is_some() {
            exam.violate(
                Code::Format,
                "closure_reason",
                "closure_reason is set but status is not CLOSED; leave it out or close the account",
            );
        }
        if facts.status.is_active() && facts.closed_on.is_some() {
            exam.violate(
                Code::Format,
                "closed_on",
                "closed_on is set but status says that the account is active; leave it out or close the account",
            );
        }
        return;
    }
    if facts.closed_on.is_none() && exam.reads("closed_on") {
        exam.violate(
            Code::FieldRequired,
            "closed_on",
            "closed_on is missing; a CLOSED account has one",
        );
    }
    if facts.closure_reason.is_none() && exam.reads("closure_reason") {
        exam.violate(
            Code::FieldRequired,
            "closure_reason",
            "closure_reason is missing; say why the account was closed",
        );
    }
    if facts
        .closure_reason
        .is_some_and(|reason| !may_leave_balances(reason))
    {
        nothing_left(exam);
    }
}

/// Whether an account closed so may keep balances (V12).
const fn may_leave_balances(reason: ClosureReason) -> bool {
    match reason {
        ClosureReason::SettledForLess
        | ClosureReason::WrittenOff
        | ClosureReason::Sold
        | ClosureReason::Bankruptcy
        | ClosureReason::Deceased
        | ClosureReason::Fraud => true,
        ClosureReason::PaidAsAgreed
        | ClosureReason::PaidEarly
        | ClosureReason::PaidAfterOverdue
        | ClosureReason::PaidByGuarantor
        | ClosureReason::AssetsInLieu
        | ClosureReason::RefinancedSameLender
        | ClosureReason::Rescinded
        | ClosureReason::ReportedInError => false,
    }
}

fn nothing_left(exam: &mut Exam) {
    let facts = exam.facts;
    let figures = [
        ("outstanding_principal", facts.outstanding_principal),
        ("outstanding_total", facts.outstanding_total),
        ("days_past_due", i64::from(facts.days_past_due)),
    ];
    for (field, figure) in figures {
        if figure > 0 {
            exam.violate(
                Code::ClosedWithBalance,
                field,
                format!(
                    "{field} is {figure} but the account is CLOSED for a reason that leaves nothing; report 0 or the \
                     right closure_reason"
                ),
            );
        }
    }
    if let Some(date) = facts.next_due_on {
        exam.violate(
            Code::ClosedWithBalance,
            "next_due_on",
            format!("next_due_on is {date} but the account is CLOSED; leave it out"),
        );
    }
}

#[cfg(test)]
mod tests;
