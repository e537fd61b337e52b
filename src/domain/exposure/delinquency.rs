//! How late others' own debt is and was (semantics 2): as reported, never extrapolated.

use chrono::NaiveDate;

use super::DelinquencyBucket;
use super::accounts::{Rows, is_active};
use crate::domain::date::months_before;
use crate::domain::names::AccountNo;
use crate::domain::unit::rows::PositionRow;

/// Months of the look-back.
const LOOK_BACK_MONTHS: u32 = 24;

/// What versions, past and current, tell about being late.
pub(super) struct Lateness {
    /// Worst bucket of versions of the last 24 months.
    pub worst_bucket: DelinquencyBucket,
    /// Whole months since the last version that was late, at most 24.
    pub months_since: u32,
}

impl Lateness {
    /// Over all own debt of others, closed accounts too.
    pub fn of(rows: &Rows<'_>) -> Self {
        let since = months_before(rows.today, LOOK_BACK_MONTHS);
        let mut seen = Seen::default();
        let mut late_now = false;
        for row in rows.own_debt().flatten() {
            let days = row.version.facts.days_past_due;
            seen.see(row.version.order.as_of, days, since);
            late_now |= days > 0 && is_active(row);
        }
        let mut accounts = OwnDebt::default();
        for past in rows.history() {
            let before = seen;
            seen.see(past.as_of, past.days_past_due, since);
            // Few past versions tell anything new: whose they are is looked up for those alone.
            if seen != before && !accounts.contains(rows, past.account_no) {
                seen = before;
            }
        }
        Self {
            worst_bucket: DelinquencyBucket::of(seen.worst_days),
            months_since: if late_now {
                0
            } else {
                months_since(seen.last_late, rows.today)
            },
        }
    }
}

/// What was seen so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Seen {
    /// The largest days past due within the look-back.
    worst_days: u32,
    /// The latest date on which something was late, ever.
    last_late: Option<NaiveDate>,
}

impl Seen {
    fn see(&mut self, as_of: NaiveDate, days_past_due: u32, since: NaiveDate) {
        if days_past_due > 0 {
            self.last_late = self.last_late.max(Some(as_of));
        }
        if as_of > since {
            self.worst_days = self.worst_days.max(days_past_due);
        }
    }
}

/// The largest m ≤ 24 with `last` ≤ m months before today; 24 when there was none.
fn months_since(last: Option<NaiveDate>, today: NaiveDate) -> u32 {
    let Some(last) = last else {
        return LOOK_BACK_MONTHS;
    };
    (0..=LOOK_BACK_MONTHS)
        .rev()
        .find(|months| last <= months_before(today, *months))
        .unwrap_or(0)
}

/// Account numbers of others' own debt, sorted when first asked for: most subjects have no history that matters.
#[derive(Default)]
pub(super) struct OwnDebt(Option<Vec<AccountNo>>);

impl OwnDebt {
    /// Whether an account is among them.
    pub fn contains(&mut self, rows: &Rows<'_>, account_no: AccountNo) -> bool {
        let numbers = self.0.get_or_insert_with(|| {
            let all = rows.own_debt().flatten();
            let mut numbers: Vec<AccountNo> = all.map(|row: &&PositionRow| row.account_no).collect();
            numbers.sort_unstable();
            numbers
        });
        numbers.binary_search(&account_no).is_ok()
    }
}
