//! What is judged: an application, and everything on file about one of its liable subjects.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use crate::domain::date::{BusinessZone, Timestamp};
use crate::domain::member::LenderGroup;
use crate::domain::names::MemberNo;
use crate::domain::position::ProductType;

/// A loan applied for. Amounts are minor units of the pack's currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Application {
    /// Who would lend.
    pub lender: MemberNo,
    /// What kind of lender that is.
    pub lender_group: LenderGroup,
    /// What is applied for.
    pub product_type: ProductType,
    /// How much.
    pub amount: i64,
    /// Due in a month of 30 days.
    pub monthly_payment: i64,
    /// Days from payout to the last payment. No condition looks at it yet.
    pub term_days: u32,
    /// Gross, as stated; `None` or nothing above zero: not stated.
    pub monthly_income: Option<i64>,
}

/// Everything on file about one subject, at one instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The instant.
    pub now: Timestamp,
    /// Where days begin and end.
    pub zone: BusinessZone,
    /// The subject's own debt at every lender, the applying one included: what is owed, what is reserved, and what was
    /// closed. A reservation that the application would replace is left out.
    pub loans: Vec<Loan>,
    /// Whether the subject asked not to be lent to.
    pub self_excluded: bool,
}

/// An application of one lender, whatever it is called there: what belongs together has the same key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ApplicationKey(pub u64);

/// As what a loan is on file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Held {
    /// Reported by its lender.
    Position,
    /// Room held for it, alive now: not lent yet.
    Reservation,
}

/// One loan of the subject, or one about to be.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "facts that are independent of each other, each asked by its name"
)]
pub struct Loan {
    /// Whose.
    pub lender: MemberNo,
    /// What kind of lender that is.
    pub lender_group: LenderGroup,
    /// The application that led to it. Position and reservation of one application are one loan; without it a loan stands
    /// for itself.
    pub application: Option<ApplicationKey>,
    /// As what.
    pub held: Held,
    /// Its kind.
    pub product_type: ProductType,
    /// Whether nothing secures it.
    pub unsecured: bool,
    /// Whether its amounts are in the pack's currency. If not it counts in every count and in no amount.
    pub in_currency: bool,
    /// Owed or reserved, minor units.
    pub principal: i128,
    /// Due in a month, minor units.
    pub monthly_obligation: i128,
    /// When it was opened, or reserved.
    pub opened_on: NaiveDate,
    /// Whether a position is active. One that is not, and has no day of closing, was handed on: it counts nowhere, its
    /// new holder reports it.
    pub active: bool,
    /// When a position was closed.
    pub closed_on: Option<NaiveDate>,
    /// When the closing was received.
    pub closed_at: Option<Timestamp>,
    /// Whether it was undone: then it never was, but for a rule that counts such loans.
    pub rescinded: bool,
    /// Contractual.
    pub days_past_due: u32,
    /// Minor units.
    pub overdue: i128,
    /// Whether it is being repaid by an instalment plan.
    pub in_plan: bool,
}

impl Application {
    /// The gross monthly income, if one is stated.
    pub fn stated_income(&self) -> Option<i64> {
        self.monthly_income.filter(|income| *income > 0)
    }

    /// The gross monthly income; nothing if none is stated.
    pub fn income(&self) -> i128 {
        self.stated_income().unwrap_or_default().into()
    }
}

impl Standing {
    /// Today, where days begin and end.
    pub fn today(&self) -> NaiveDate {
        self.zone.date_of(self.now)
    }
}

impl Loan {
    /// Whether it is owed now, or about to be.
    pub const fn is_live(&self) -> bool {
        match self.held {
            Held::Reservation => true,
            Held::Position => self.active,
        }
    }

    /// The day on which a loan that was not undone ended; `None` while it has not.
    pub fn ended_on(&self) -> Option<NaiveDate> {
        let ended = matches!(self.held, Held::Position) && !self.active && !self.rescinded;
        self.closed_on.filter(|_| ended)
    }

    /// What it adds to a sum of amounts.
    pub fn amount(&self, minor: i128) -> i128 {
        if self.in_currency { minor.max(0) } else { 0 }
    }
}

/// The sum of a measure over loans, at least zero each. Of one application either what is on file or what is reserved
/// counts, whichever is more: a loan reported before its reservation is confirmed is still one loan.
pub(super) fn total<'a>(loans: impl Iterator<Item = &'a Loan>, measure: impl Fn(&Loan) -> i128) -> i128 {
    let mut sum = 0_i128;
    let mut applications: BTreeMap<(MemberNo, ApplicationKey), Halves> = BTreeMap::new();
    for loan in loans {
        let part = measure(loan);
        let Some(key) = loan.application else {
            sum = sum.saturating_add(part);
            continue;
        };
        let halves = applications.entry((loan.lender, key)).or_default();
        let half = match loan.held {
            Held::Position => &mut halves.on_file,
            Held::Reservation => &mut halves.reserved,
        };
        *half = half.saturating_add(part);
    }
    applications
        .values()
        .map(|halves| halves.on_file.max(halves.reserved))
        .fold(sum, i128::saturating_add)
}

/// Both sides of one application.
#[derive(Default)]
struct Halves {
    on_file: i128,
    reserved: i128,
}
