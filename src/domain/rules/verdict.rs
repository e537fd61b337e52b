//! What a pack says about an application.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::reason::ReasonCode;

/// One rule that speaks against an application.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// What it says.
    pub code: ReasonCode,
    /// The rule.
    pub rule_id: String,
    /// Its place in the pack, from 0: reasons come in this order.
    pub place: usize,
    /// The first civil day on which the rule may allow what is applied for, if nothing but time passes; `None`: time
    /// alone does not help.
    pub retry_on: Option<NaiveDate>,
}

/// What a pack says about an application. Nothing against it: it is allowed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verdict {
    /// The rules that speak against it, in the pack's order.
    pub reasons: Vec<Reason>,
    /// The largest amount that the limits of amounts allow, exact and never below zero; `None`: they limit nothing. Other
    /// rules may speak against any amount.
    pub room: Option<i128>,
    /// The largest payment a month that the limits of obligations allow, likewise.
    pub payment_room: Option<i128>,
    /// Whether a loan of another lender takes part of a room: then its exact size would tell of that loan.
    pub others_owe: bool,
    /// The limits of money that were asked, each with what it was reckoned from. Only of a verdict about one subject: joined
    /// ones have none.
    pub limits: Vec<Limit>,
}

/// A limit of money, as it stands with one subject. Minor units.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limit {
    /// The rule's place in the pack.
    pub place: usize,
    /// What it says when it is broken.
    pub code: ReasonCode,
    /// What is allowed in all.
    pub allowed: i128,
    /// What is applied for.
    pub wanted: i128,
    /// What counts of other lenders' loans.
    pub others: i128,
    /// How many of them these are.
    pub lenders: usize,
    /// What counts of the applying lender's own loans.
    pub own: i128,
}

impl Verdict {
    /// Whether it is allowed.
    pub fn is_eligible(&self) -> bool {
        self.reasons.is_empty()
    }

    /// The first civil day on which the whole may be allowed by time alone; `None`: it is allowed now, or time alone does
    /// not help.
    pub fn retry_on(&self) -> Option<NaiveDate> {
        // The greatest of all, and none if one of them has none.
        let days: Option<Vec<NaiveDate>> = self.reasons.iter().map(|reason| reason.retry_on).collect();
        days?.into_iter().max()
    }

    /// What the same pack says about two liable subjects together: what either of them is not allowed. The order in which
    /// subjects are joined does not matter.
    #[must_use]
    pub fn join(self, other: Self) -> Self {
        let mut reasons: BTreeMap<usize, Reason> = BTreeMap::new();
        for reason in self.reasons.into_iter().chain(other.reasons) {
            reasons
                .entry(reason.place)
                .and_modify(|known| {
                    let both = known.retry_on.zip(reason.retry_on);
                    known.retry_on = both.map(|(one, another)| one.max(another));
                })
                .or_insert(reason);
        }
        Self {
            reasons: reasons.into_values().collect(),
            room: lesser(self.room, other.room),
            payment_room: lesser(self.payment_room, other.payment_room),
            others_owe: self.others_owe || other.others_owe,
            limits: Vec::new(),
        }
    }
}

/// The lesser of two rooms, of which none may be there.
pub(super) fn lesser(one: Option<i128>, another: Option<i128>) -> Option<i128> {
    one.into_iter().chain(another).min()
}
