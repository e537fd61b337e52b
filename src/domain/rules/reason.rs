//! Why an application was not allowed, in words fit for a letter to the applicant.

use serde::{Deserialize, Serialize};

use crate::domain::language::Language;
use crate::domain::position::coded_enum;

coded_enum! {
    /// Why an application was not allowed: the contract's reasons, with the numbers under which decisions are stored.
    ReasonCode {
        LenderCount = 1, AccountCount = 2, CoolingOff = 3, AmountCap = 4, ObligationRatio = 5, Delinquency = 6,
        ConsecutiveIndebtedness = 7, InstalmentPlan = 8, Freeze = 9, SelfExclusion = 10, IdentityConflict = 11,
        IdentityTooWeak = 12,
    }
}

impl ReasonCode {
    /// The contract's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::LenderCount => "LENDER_COUNT",
            Self::AccountCount => "ACCOUNT_COUNT",
            Self::CoolingOff => "COOLING_OFF",
            Self::AmountCap => "AMOUNT_CAP",
            Self::ObligationRatio => "OBLIGATION_RATIO",
            Self::Delinquency => "DELINQUENCY",
            Self::ConsecutiveIndebtedness => "CONSECUTIVE_INDEBTEDNESS",
            Self::InstalmentPlan => "INSTALMENT_PLAN",
            Self::Freeze => "FREEZE",
            Self::SelfExclusion => "SELF_EXCLUSION",
            Self::IdentityConflict => "IDENTITY_CONFLICT",
            Self::IdentityTooWeak => "IDENTITY_TOO_WEAK",
        }
    }

    /// Inverse of [`Self::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.as_str() == text)
    }

    /// One plain sentence to the applicant. It names no lender, amount or date, whatever the pack says.
    pub const fn text(self, language: Language) -> &'static str {
        match language {
            Language::English => self.english(),
            Language::Chinese => self.chinese(),
        }
    }

    const fn english(self) -> &'static str {
        match self {
            Self::LenderCount => {
                "You already have loans or pending applications with as many lenders as the lending rules allow."
            }
            Self::AccountCount => {
                "You already have, or had lately, as many loans as the lending rules allow."
            }
            Self::CoolingOff => {
                "The waiting period that the lending rules require after a loan is paid off has not ended yet."
            }
            Self::AmountCap => {
                "The amount applied for, together with any debt that counts towards the limit, is more than the \
                 lending rules allow."
            }
            Self::ObligationRatio => {
                "Your monthly repayments, those of this loan included, would take a larger share of your income than \
                 the lending rules allow."
            }
            Self::Delinquency => "You have a loan that is further past due than the lending rules allow.",
            Self::ConsecutiveIndebtedness => {
                "You have been in debt without a break for longer than the lending rules allow."
            }
            Self::InstalmentPlan => {
                "You are repaying a loan under an instalment plan, and the lending rules allow no new loan until it \
                 is repaid."
            }
            Self::Freeze => {
                "Your credit record is frozen, and no new credit may be granted until the freeze is lifted."
            }
            Self::SelfExclusion => {
                "You have asked not to be granted credit, and that request is still in force."
            }
            Self::IdentityConflict => {
                "The identity details in the application do not all belong to one person and have to be checked first."
            }
            Self::IdentityTooWeak => {
                "The identity details in the application are not enough to decide on it: an identity document is needed."
            }
        }
    }

    const fn chinese(self) -> &'static str {
        match self {
            Self::LenderCount => "您已有贷款或待放款申请的机构数量达到了贷款规则允许的上限。",
            Self::AccountCount => "您现有或近期的贷款笔数达到了贷款规则允许的上限。",
            Self::CoolingOff => "贷款规则要求在贷款结清后经过一段等待期，该等待期尚未结束。",
            Self::AmountCap => "本次申请的金额加上应计入额度的已有借款，超过了贷款规则允许的上限。",
            Self::ObligationRatio => {
                "连同本次申请的贷款，您每月的还款额占收入的比例将超过贷款规则允许的上限。"
            }
            Self::Delinquency => "您有贷款逾期未还，逾期程度超过了贷款规则允许的范围。",
            Self::ConsecutiveIndebtedness => "您连续处于负债状态的时间超过了贷款规则允许的期限。",
            Self::InstalmentPlan => {
                "您有一笔贷款正按分期还款计划偿还，在还清之前，贷款规则不允许发放新的贷款。"
            }
            Self::Freeze => "您的信用档案处于冻结状态，解除冻结之前不能发放新的贷款。",
            Self::SelfExclusion => "您曾申请不再接受贷款，该申请目前仍然有效。",
            Self::IdentityConflict => "申请中的身份信息并非全部属于同一人，需要先行核实。",
            Self::IdentityTooWeak => "申请中的身份信息不足以作出贷款决定，需要提供身份证件。",
        }
    }
}
