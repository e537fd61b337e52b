//! What asking a pack came to, in a word: what statistics of the market need of it, and no more.

use serde::{Deserialize, Serialize};

use super::reason::ReasonCode;
use super::standing::{Application, Standing, total};
use crate::domain::position::coded_enum;

coded_enum! {
    /// What a check came to, under the first of its reasons; the last two of a loan that was made before it was judged.
    Finding {
        Eligible = 1, Refer = 2, LenderCount = 3, AccountCount = 4, CoolingOff = 5, AmountCap = 6, ObligationRatio = 7,
        Delinquency = 8, Reserved = 9, OtherReason = 10, MadeWithinLimits = 11, MadeOverLimit = 12,
    }
}
coded_enum! {
    /// What falls due in a month, in hundredths of the stated income: below 30, from 30 to below 50, from 50 to 80, above 80.
    Burden { Below30 = 1, Below50 = 2, UpTo80 = 3, Above80 = 4 }
}

/// What is kept of a look at which a pack was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Judged {
    /// What it came to.
    pub finding: Finding,
    /// What would fall due in a month; `None`: no income was stated, or nothing was judged.
    pub burden: Option<Burden>,
}

impl Finding {
    /// That of an application to which this was the first reason against.
    pub const fn because(reason: ReasonCode) -> Self {
        match reason {
            ReasonCode::LenderCount => Self::LenderCount,
            ReasonCode::AccountCount => Self::AccountCount,
            ReasonCode::CoolingOff => Self::CoolingOff,
            ReasonCode::AmountCap => Self::AmountCap,
            ReasonCode::ObligationRatio => Self::ObligationRatio,
            ReasonCode::Delinquency => Self::Delinquency,
            ReasonCode::ConsecutiveIndebtedness
            | ReasonCode::InstalmentPlan
            | ReasonCode::Freeze
            | ReasonCode::SelfExclusion
            | ReasonCode::IdentityConflict
            | ReasonCode::IdentityTooWeak => Self::OtherReason,
        }
    }
}

impl Burden {
    /// Of what falls due in a month, and an income above zero.
    const fn of(due: i128, income: i128) -> Self {
        let hundredfold = due.saturating_mul(100);
        if hundredfold < income.saturating_mul(30) {
            Self::Below30
        } else if hundredfold < income.saturating_mul(50) {
            Self::Below50
        } else if hundredfold <= income.saturating_mul(80) {
            Self::UpTo80
        } else {
            Self::Above80
        }
    }
}

/// What would fall due in a month if the application became a loan: all own debt of the subject in the pack's currency, of
/// whatever product, what is reserved included. No pack is asked. `None`: no income is stated.
pub fn burden(application: &Application, standing: &Standing) -> Option<Burden> {
    let income = application.stated_income()?;
    let live = standing.loans.iter().filter(|loan| loan.is_live());
    let due = total(live, |loan| loan.amount(loan.monthly_obligation));
    let due = due.saturating_add(application.monthly_payment.into());
    Some(Burden::of(due, income.into()))
}
