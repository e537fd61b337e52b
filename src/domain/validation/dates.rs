//! Rules about dates: none in the future that tells of the past (V04), and their order (V05).

use chrono::NaiveDate;

use super::message::Exam;
use crate::domain::violation::Code;

pub(super) fn check(exam: &mut Exam) {
    let facts = exam.facts;
    let past = [
        ("as_of", exam.date("as_of", exam.as_of)),
        ("opened_on", exam.date("opened_on", facts.opened_on)),
        ("closed_on", facts.closed_on),
        ("first_delinquent_on", facts.first_delinquent_on),
        ("last_payment_on", facts.last_payment_on),
        ("adverse_notice_sent_on", facts.adverse_notice_sent_on),
    ];
    for (field, date) in past {
        if let Some(date) = date.filter(|date| *date > exam.today) {
            let today = exam.today;
            exam.violate(
                Code::DateInFuture,
                field,
                format!("{field} is {date} but today is {today}; report what has happened"),
            );
        }
    }
    terms(exam);
    closing(exam);
    next_due(exam);
}

/// The account was opened before it matures and before what the report describes.
fn terms(exam: &mut Exam) {
    let facts = exam.facts;
    let Some(opened_on) = exam.date("opened_on", facts.opened_on) else {
        return;
    };
    if let Some(matures_on) = facts.matures_on.filter(|date| *date < opened_on) {
        let text = format!("matures_on is {matures_on}, before opened_on {opened_on}; correct one of them");
        exam.violate(Code::DateOrder, "matures_on", text);
    }
    // A date in the future has been told already.
    if let Some(as_of) = exam
        .date("as_of", exam.as_of)
        .filter(|as_of| *as_of < opened_on && opened_on <= exam.today)
    {
        let text = format!("opened_on is {opened_on}, after as_of {as_of}; correct one of them");
        exam.violate(Code::DateOrder, "opened_on", text);
    }
}

/// The account was closed after everything else that happened, and not after what the report describes.
fn closing(exam: &mut Exam) {
    let facts = exam.facts;
    let Some(closed_on) = facts.closed_on else {
        return;
    };
    let before = [
        ("opened_on", exam.date("opened_on", facts.opened_on)),
        ("last_payment_on", facts.last_payment_on),
        ("first_delinquent_on", facts.first_delinquent_on),
        ("adverse_notice_sent_on", facts.adverse_notice_sent_on),
    ];
    for (field, date) in before {
        if let Some(date) = date.filter(|date| *date > closed_on) {
            let text = format!("closed_on is {closed_on}, before {field} {date}; correct one of them");
            exam.violate(Code::DateOrder, "closed_on", text);
        }
    }
    if let Some(as_of) = exam
        .date("as_of", exam.as_of)
        .filter(|as_of| *as_of < closed_on && closed_on <= exam.today)
    {
        let text = format!("closed_on is {closed_on}, after as_of {as_of}; correct one of them");
        exam.violate(Code::DateOrder, "closed_on", text);
    }
}

/// What falls due next lies ahead, and nothing does once the loan matured.
fn next_due(exam: &mut Exam) {
    let facts = exam.facts;
    let Some(next_due_on) = facts.next_due_on else {
        return;
    };
    if let Some(as_of) = exam.date("as_of", exam.as_of) {
        if next_due_on < as_of {
            let text =
                format!("next_due_on is {next_due_on}, before as_of {as_of}; report the next due date");
            exam.violate(Code::DateOrder, "next_due_on", text);
        }
        if let Some(matures_on) = matured(facts.matures_on, as_of) {
            let text = format!(
                "next_due_on is {next_due_on} but the loan matured on {matures_on}, before as_of {as_of}; leave it out"
            );
            exam.violate(Code::DateOrder, "next_due_on", text);
        }
    }
    if let Some(paid_on) = facts.last_payment_on.filter(|date| *date > next_due_on) {
        let text =
            format!("next_due_on is {next_due_on}, before last_payment_on {paid_on}; correct one of them");
        exam.violate(Code::DateOrder, "next_due_on", text);
    }
}

fn matured(matures_on: Option<NaiveDate>, as_of: NaiveDate) -> Option<NaiveDate> {
    matures_on.filter(|date| *date < as_of)
}
