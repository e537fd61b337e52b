//! How members behaved in a month.

use chrono::{Datelike as _, NaiveDate};

use super::code::Coded;
use super::collect::{Collector, Path};
use super::quality::read_month;
use super::request::read_any_member;
use crate::domain::conduct::{ConductFacts, MONTHS_BACK_MAX, Thresholds};
use crate::domain::date::{first_of_month, months_before};
use crate::domain::names::MemberId;
use crate::domain::quality::Month;
use crate::domain::violation::{Code, Violation};
use crate::wire::pb;

/// Reads whose conduct is asked about, `None` being everybody's, and of which month.
pub fn read_conduct(
    wire: &pb::GetConductRequest,
    today: NaiveDate,
) -> Result<(Option<MemberId>, Month), Vec<Violation>> {
    let mut out = Collector::default();
    let root = Path::Root;
    let member_id = read_any_member(&wire.member_id, &mut out);
    let month = read_month(wire.year, wire.month, today, &mut out);
    let oldest = months_before(first_of_month(today), MONTHS_BACK_MAX);
    if month.is_some_and(|month| month.first() < oldest) {
        let text = format!(
            "reservations of that month are gone: ask about {}-{:02} or later",
            oldest.year(),
            oldest.month()
        );
        out.refuse(Code::Format, &root.field("month"), text);
    }
    out.finish(member_id.zip(month))
}

/// A member's month as the contract writes it.
pub fn conduct_to_wire(
    member_id: &MemberId,
    facts: &ConductFacts,
    thresholds: &Thresholds,
) -> pb::MemberConduct {
    let fates = &facts.reservations;
    let alerts = facts.alerts(thresholds).into_iter();
    pb::MemberConduct {
        member_id: member_id.as_str().to_owned(),
        looks: facts.looks,
        hard_queries: facts.hard_queries,
        checks: facts.checks,
        judged_queries: facts.judged_queries,
        unfollowed_queries: facts.unfollowed_queries,
        unfollowed_bp: facts.unfollowed_bp(),
        loans_opened: facts.loans_opened,
        hundredth_looks_per_loan: facts.hundredth_looks_per_loan().unwrap_or(0),
        reservations_confirmed: fates.confirmed,
        reservations_late: fates.late,
        reservations_released: fates.released,
        reservations_lapsed: fates.lapsed,
        reservations_live: fates.live,
        lapsed_bp: facts.lapsed_bp(),
        checks_in_turn: facts.checks_in_turn,
        strangers: facts.strangers,
        strangers_bp: facts.strangers_bp(),
        evaluations: facts.evaluations,
        alerts: alerts.map(Coded::to_number).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_is_one_whose_reservations_are_still_there() {
        let today = NaiveDate::from_ymd_opt(2026, 6, 15).expect("a date");
        for (member_id, year, month, expected) in [
            ("", 2026, 6, vec![]),
            ("lender-a", 2025, 6, vec![]),
            ("", 2025, 5, vec!["month FORMAT"]),
            ("", 1, 1, vec!["month FORMAT"]),
            ("", 2026, 7, vec!["month DATE_IN_FUTURE"]),
            (
                "No!",
                0,
                13,
                vec!["member_id FORMAT", "year FORMAT", "month FORMAT"],
            ),
        ] {
            let wire = pb::GetConductRequest {
                member_id: member_id.to_owned(),
                year,
                month,
                ..pb::GetConductRequest::default()
            };
            let broken = read_conduct(&wire, today).err().unwrap_or_default();
            let told: Vec<String> = broken
                .iter()
                .map(|broken| format!("{} {}", broken.field, broken.code.as_str()))
                .collect();
            assert_eq!(told, expected, "{member_id} {year}-{month}");
        }
    }

    #[test]
    fn figures_are_written_with_their_shares_and_alerts() {
        let facts = ConductFacts {
            looks: 300,
            hard_queries: 150,
            judged_queries: 120,
            unfollowed_queries: 100,
            strangers: 1,
            ..ConductFacts::default()
        };
        let member_id = MemberId::parse("lender-a").expect("a name");
        let wire = conduct_to_wire(&member_id, &facts, &Thresholds::default());
        assert_eq!((wire.unfollowed_bp, wire.strangers_bp), (8_333, 33));
        assert_eq!(wire.hundredth_looks_per_loan, 0);
        let alerts: Vec<pb::ConductAlert> = wire.alerts().collect();
        assert_eq!(
            alerts,
            [pb::ConductAlert::Fishing, pb::ConductAlert::LooksWithoutLoans]
        );
    }
}
