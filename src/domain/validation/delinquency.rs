//! Rules about being late: days and amounts go together (V09, V13), adverse information needs a notice first (V26), and
//! the classification follows the days (V30).

use super::amounts::overdue_total;
use super::message::Exam;
use crate::domain::position::{AccountStatus, AssetClassification};
use crate::domain::violation::Code;

pub(super) fn check(exam: &mut Exam) {
    days_and_amounts(exam);
    notice(exam);
    classification(exam);
}

fn days_and_amounts(exam: &mut Exam) {
    let days = exam.facts.days_past_due;
    let Some(total) = overdue_total(exam) else {
        return;
    };
    if (days > 0) != (total > 0) {
        let text = format!(
            "days_past_due is {days} but the overdue amounts sum to {total}; both are positive or both are 0"
        );
        exam.violate(Code::DpdAmountMismatch, "days_past_due", text);
    }
    if exam.reads("status") && exam.facts.status == AccountStatus::BadDebt && total == 0 {
        exam.violate(
            Code::BadDebtZeroOverdue,
            "overdue",
            "status is BAD_DEBT but the overdue amounts sum to 0; report what is overdue or another status",
        );
    }
}

/// V26. China's Regulation on the Administration of the Credit Reporting Industry (2013), article 15: the person is told
/// before adverse information is provided.
fn notice(exam: &mut Exam) {
    let facts = exam.facts;
    let (days, grace) = (facts.days_past_due, facts.grace_days);
    if days <= grace {
        return;
    }
    if facts.adverse_notice_reference.is_none() {
        let text = format!(
            "days_past_due {days} is beyond grace_days {grace}; name the notice that was sent to the borrower first"
        );
        exam.violate(Code::AdverseWithoutNotice, "adverse_notice_reference", text);
    }
    if !exam.reads("adverse_notice_sent_on") {
        return;
    }
    let field = "adverse_notice_sent_on";
    let Some(sent_on) = facts.adverse_notice_sent_on else {
        let text = format!("days_past_due {days} is beyond grace_days {grace}; say when the notice was sent");
        exam.violate(Code::AdverseWithoutNotice, field, text);
        return;
    };
    if let Some(as_of) = exam.date("as_of", exam.as_of).filter(|as_of| sent_on >= *as_of) {
        let text = format!("adverse_notice_sent_on is {sent_on}; it must be before as_of {as_of}");
        exam.violate(Code::AdverseWithoutNotice, field, text);
    }
}

/// V30. Measures for the Risk Classification of Financial Assets of Commercial Banks (China, 2023): more than 90 days
/// past due is at least substandard, more than 270 doubtful, more than 360 loss.
fn classification(exam: &mut Exam) {
    let days = exam.facts.days_past_due;
    let floor = match days {
        0..=90 => return,
        91..=270 => AssetClassification::Substandard,
        271..=360 => AssetClassification::Doubtful,
        361.. => AssetClassification::Loss,
    };
    if exam.facts.asset_classification.is_some_and(|class| class < floor) {
        let text =
            format!("days_past_due is {days}: the class is {floor:?} or worse; check asset_classification");
        exam.warn(Code::ClassDpd, "asset_classification", text);
    }
}
