use super::{check_violations, close};
use crate::domain::position::ClosureReason;
use crate::domain::validation::samples::{date, position, today};
use crate::domain::violation::Code;

#[test]
fn the_past_is_not_in_the_future() {
    use Code::{DateInFuture, DateOrder};
    check_violations(
        &position(),
        &[
            ("as of today", |p| p.order.as_of = today(), &[]),
            (
                "as of tomorrow",
                |p| p.order.as_of = date("2026-06-16"),
                &[(DateInFuture, "as_of")],
            ),
            (
                "opened tomorrow",
                |p| p.facts.opened_on = date("2026-06-16"),
                &[(DateInFuture, "opened_on")],
            ),
            ("opened on as_of", |p| p.facts.opened_on = date("2026-06-14"), &[]),
            (
                "opened after as_of",
                |p| p.facts.opened_on = date("2026-06-15"),
                &[(DateOrder, "opened_on")],
            ),
            ("paid today", |p| p.facts.last_payment_on = Some(today()), &[]),
            (
                "paid tomorrow",
                |p| p.facts.last_payment_on = Some(date("2026-06-16")),
                &[(DateInFuture, "last_payment_on")],
            ),
            (
                "noticed tomorrow",
                |p| p.facts.adverse_notice_sent_on = Some(date("2026-06-16")),
                &[(DateInFuture, "adverse_notice_sent_on")],
            ),
            (
                "late from tomorrow",
                |p| p.facts.first_delinquent_on = Some(date("2026-06-16")),
                &[(DateInFuture, "first_delinquent_on")],
            ),
            (
                "due in the future",
                |p| p.facts.next_due_on = Some(date("2026-12-31")),
                &[],
            ),
        ],
    );
}

#[test]
fn terms_and_due_dates_keep_their_order() {
    use Code::DateOrder;
    check_violations(
        &position(),
        &[
            (
                "matures the day it opens",
                |p| {
                    p.facts.opened_on = date("2026-06-14");
                    p.facts.matures_on = Some(date("2026-06-14"));
                },
                &[],
            ),
            (
                "matures before",
                |p| {
                    p.facts.opened_on = date("2026-06-14");
                    p.facts.matures_on = Some(date("2026-06-13"));
                    p.facts.next_due_on = None;
                },
                &[(DateOrder, "matures_on")],
            ),
            (
                "due on as_of",
                |p| p.facts.next_due_on = Some(date("2026-06-14")),
                &[],
            ),
            (
                "due before",
                |p| p.facts.next_due_on = Some(date("2026-06-13")),
                &[(DateOrder, "next_due_on")],
            ),
            (
                "due on the day of the last payment",
                |p| {
                    p.facts.next_due_on = Some(date("2026-06-15"));
                    p.facts.last_payment_on = Some(date("2026-06-15"));
                },
                &[],
            ),
            (
                "due before the last payment",
                |p| {
                    p.facts.next_due_on = Some(date("2026-06-14"));
                    p.facts.last_payment_on = Some(date("2026-06-15"));
                },
                &[(DateOrder, "next_due_on")],
            ),
            (
                "matures on as_of",
                |p| p.facts.matures_on = Some(date("2026-06-14")),
                &[],
            ),
            (
                "matured",
                |p| p.facts.matures_on = Some(date("2026-06-13")),
                &[(DateOrder, "next_due_on")],
            ),
            (
                "matured, nothing due",
                |p| {
                    p.facts.matures_on = Some(date("2026-06-13"));
                    p.facts.next_due_on = None;
                },
                &[],
            ),
        ],
    );
}

#[test]
fn a_closing_comes_after_all_else_and_not_after_the_report() {
    use Code::DateOrder;
    let mut closed = position();
    close(&mut closed, ClosureReason::PaidEarly);
    check_violations(
        &closed,
        &[
            ("in order", |_| {}, &[]),
            (
                "closed on as_of",
                |p| p.facts.closed_on = Some(date("2026-06-14")),
                &[],
            ),
            (
                "closed after as_of",
                |p| p.facts.closed_on = Some(date("2026-06-15")),
                &[(DateOrder, "closed_on")],
            ),
            (
                "closed on the last payment",
                |p| p.facts.closed_on = Some(date("2026-06-10")),
                &[],
            ),
            (
                "closed before it",
                |p| p.facts.closed_on = Some(date("2026-06-09")),
                &[(DateOrder, "closed_on")],
            ),
            (
                "closed before it opened",
                |p| {
                    p.facts.opened_on = date("2026-06-13");
                    p.facts.last_payment_on = None;
                },
                &[(DateOrder, "closed_on")],
            ),
            (
                "closed before it was late",
                |p| p.facts.first_delinquent_on = Some(date("2026-06-13")),
                &[(DateOrder, "closed_on")],
            ),
            (
                "closed before the notice",
                |p| p.facts.adverse_notice_sent_on = Some(date("2026-06-13")),
                &[(DateOrder, "closed_on")],
            ),
        ],
    );
}
