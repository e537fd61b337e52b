//! The caller's own part (semantics 2, *Own*).

use std::collections::BTreeSet;

use tallystick::domain::currency::Currency;
use tallystick::domain::exposure::OwnExposure;

use super::loans::{Loan, Rows};
use super::{MemberName, Model, calendar};

impl Model {
    /// What `caller` itself has with a person.
    pub(super) fn own(
        &self,
        caller: MemberName,
        currency: Currency,
        now: i64,
        rows: &Rows<'_>,
    ) -> OwnExposure {
        let own: Vec<&Loan> = rows.loans.iter().filter(|loan| loan.member == caller).collect();
        let active: Vec<&&Loan> = own
            .iter()
            .filter(|loan| loan.own_debt && loan.is_active())
            .collect();
        let outstanding = active
            .iter()
            .map(|loan| loan.facts())
            .filter(|facts| facts.currency == currency)
            .map(|facts| facts.outstanding_total)
            .sum();
        let days: BTreeSet<_> = rows
            .looks
            .iter()
            .filter(|look| look.member == caller && look.at >= now - 360 * calendar::DAY && look.at < now)
            .map(|look| calendar::day_of(look.at))
            .collect();
        let received = own.iter().flat_map(|loan| &loan.account.received).max();
        OwnExposure {
            active_accounts: u32::try_from(active.len()).expect("few"),
            outstanding,
            hard_inquiries_360_days: u32::try_from(days.len()).expect("few"),
            last_report_on: received.map(|at| calendar::day_of(*at)),
        }
    }
}
