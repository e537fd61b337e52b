//! A recorded look: why, with whose consent, at whom.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::currency::Currency;
use super::names::Sha256;
use super::position::coded_enum;
use super::token::Presented;

coded_enum! {
    /// Why a member looks. Hard purposes are counted and shown to others as velocity; soft ones are only recorded.
    Purpose {
        NewCredit = 1, CreditCard = 2, GuaranteeReview = 3, LimitIncrease = 4, AccountReview = 16, Collection = 17,
        Quotation = 18, Reporting = 19,
    }
}

impl Purpose {
    /// Whether looks of this purpose count as inquiries.
    pub const fn is_hard(self) -> bool {
        match self {
            Self::NewCredit | Self::CreditCard | Self::GuaranteeReview | Self::LimitIncrease => true,
            Self::AccountReview | Self::Collection | Self::Quotation | Self::Reporting => false,
        }
    }

    /// The contract's name without its prefix.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NewCredit => "NEW_CREDIT",
            Self::CreditCard => "CREDIT_CARD",
            Self::GuaranteeReview => "GUARANTEE_REVIEW",
            Self::LimitIncrease => "LIMIT_INCREASE",
            Self::AccountReview => "ACCOUNT_REVIEW",
            Self::Collection => "COLLECTION",
            Self::Quotation => "QUOTATION",
            Self::Reporting => "REPORTING",
        }
    }
}

/// Evidence that the subject agreed. The text itself stays with the member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    /// The member's own reference, 1 to 64 characters, no personal data.
    pub reference: String,
    /// What it allows, in order, each once.
    pub purposes: Vec<Purpose>,
    /// First day on which it may be used.
    pub granted_on: NaiveDate,
    /// Last day on which it may be used.
    pub expires_on: NaiveDate,
    /// SHA-256 of the agreed text.
    pub text_sha256: Sha256,
}

/// What a member asks about one subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inquiry<T> {
    /// 1 to 4 tokens of one person or enterprise, at most one per type, in type order.
    pub tokens: Vec<Presented<T>>,
    /// Why; never `Reporting`.
    pub purpose: Purpose,
    /// The consent behind it, already checked against today and the purpose by `exposure`.
    pub consent: Consent,
    /// Currency to answer in.
    pub currency: Currency,
}
