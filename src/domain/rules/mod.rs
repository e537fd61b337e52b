//! Rule packs: lending limits as data, and what they say about one application.
//!
//! A pack is a list of rules; each has a scope (which loans count) and a condition. [`evaluate`] judges an application
//! against everything on file about one subject; [`Verdict::join`] puts several liable subjects together. Knows neither the
//! text of a pack nor where loans come from. Invariant: sums are exact, and a loan of somebody else never helps.

mod amounts;
mod counts;
mod evaluate;
mod finding;
mod periods;
mod reason;
mod rule;
mod standing;
#[cfg(test)]
mod tests;
mod verdict;
mod window;

use chrono::NaiveDate;

pub use self::evaluate::evaluate;
pub use self::finding::{Burden, Finding, Judged, burden};
pub use self::reason::ReasonCode;
pub use self::rule::{
    AmountCap, Condition, Extent, IncomeBracket, Indebtedness, Pause, Rule, Scope, Whose, Window,
};
pub use self::standing::{Application, ApplicationKey, Held, Loan, Standing};
pub use self::verdict::{Limit, Reason, Verdict};

use super::currency::Currency;
use super::names::Sha256;

/// One version of a pack of lending limits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RulePack {
    /// Its name: what members are assigned and requests say.
    pub name: String,
    /// Grows whenever anything of it changes.
    pub version: u32,
    /// For people, in English.
    pub title_en: String,
    /// For people, in Chinese.
    pub title_zh: String,
    /// Of all its amounts, and of the applications that it can judge.
    pub currency: Currency,
    /// When it is in force.
    pub effective: Effective,
    /// How long what it allows stays reserved.
    pub lifetime: Lifetime,
    /// Its rules, in the order in which reasons are given.
    pub rules: Vec<Rule>,
    /// Of its text.
    pub sha256: Sha256,
}

/// The civil days on which a pack is in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Effective {
    /// The first of them.
    pub first_day: NaiveDate,
    /// The last, itself included; `None`: until a later version.
    pub last_day: Option<NaiveDate>,
}

/// How long a reservation lives, in minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetime {
    /// When nothing else is said.
    pub default_minutes: u32,
    /// All extensions included.
    pub maximum_minutes: u32,
}

impl RulePack {
    /// Whether a rule cannot be judged without the applicant's income.
    pub fn needs_income(&self) -> bool {
        self.rules.iter().any(|rule| rule.condition.needs_income())
    }
}

impl Effective {
    /// Whether a day is among them.
    pub fn holds(self, day: NaiveDate) -> bool {
        day >= self.first_day && self.last_day.is_none_or(|last| day <= last)
    }
}

impl Lifetime {
    /// What a pack has that says nothing: half an hour is enough for a loan paid out at once.
    pub const DEFAULT_MINUTES: u32 = 30;
    /// The most that any pack may allow: 36 hours, the longest gap known between approval and the report of the loan.
    pub const MAXIMUM_MINUTES: u32 = 2_160;
}
