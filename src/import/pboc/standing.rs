//! Where an account stands: account status and repayment state (People's Bank of China; domain.md 3.3 and 3.4), both ways.
//!
//! The status list differs by account type; the repayment state says how late an open account is and how a closed one ended.

use super::codes::AccountCode;
use crate::domain::position::{AccountStatus, ClosureReason, DeletionReason, Facts};
use crate::import::crosswalk::RepaymentState;
use crate::import::reading::Wrong;

/// What an account status says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Meaning {
    pub(super) status: AccountStatus,
    /// Whether it says that something is, or nothing is, past due.
    pub(super) is_late: Option<bool>,
}

/// Reads 账户状态. Frozen, stopped, short of collateral and forced liquidation leave the account open: the debt goes on.
pub(super) fn read_status(kind: AccountCode, code: &str) -> Result<Meaning, Wrong> {
    let plain = |status| Meaning {
        status,
        is_late: None,
    };
    let late = |is_late| Meaning {
        status: AccountStatus::Open,
        is_late: Some(is_late),
    };
    Ok(match (kind, code) {
        (AccountCode::D1 | AccountCode::R1 | AccountCode::R4, "1") => late(false),
        (AccountCode::D1 | AccountCode::R1 | AccountCode::R4, "2") => late(true),
        (AccountCode::D1 | AccountCode::R1 | AccountCode::R4, "3")
        | (AccountCode::R2 | AccountCode::R3, "4")
        | (AccountCode::C1, "2") => plain(AccountStatus::Closed),
        (AccountCode::D1 | AccountCode::R1 | AccountCode::R4, "4")
        | (AccountCode::R2 | AccountCode::R3, "5") => plain(AccountStatus::BadDebt),
        (AccountCode::D1, "5") => plain(AccountStatus::TransferredOut),
        // R1: 5 is stopped by the bank.
        (AccountCode::R1, "5" | "6")
        | (AccountCode::D1, "6" | "7")
        | (AccountCode::R4, "6")
        | (AccountCode::R2 | AccountCode::R3, "1" | "2" | "3" | "31")
        | (AccountCode::C1, "1") => plain(AccountStatus::Open),
        (AccountCode::R2 | AccountCode::R3, "6") => plain(AccountStatus::PendingDisbursement),
        (AccountCode::D1 | AccountCode::R1 | AccountCode::R2 | AccountCode::R3 | AccountCode::R4, "8") => {
            plain(AccountStatus::LegalAction)
        }
        _ => {
            return Err(Wrong::unknown(
                "is no account status of its account type; D1 has 1 to 8, R4 1 to 4, 6 and 8, R1 1 to 6 and 8, R2 and R3 1 to \
                 6, 31 and 8, C1 1 and 2",
            ));
        }
    })
}

/// Status and closure reason of a status and a repayment state together.
pub(super) fn read(
    status: AccountStatus,
    state: RepaymentState,
    ended_reason: ClosureReason,
) -> Result<(AccountStatus, Option<ClosureReason>), Wrong> {
    if status != AccountStatus::Closed {
        return match state {
            RepaymentState::Settled | RepaymentState::Ended => Err(Wrong::format(
                "repayment_state says that the account ended but account_status says that it did not; correct one of them",
            )),
            RepaymentState::BadDebt if status == AccountStatus::Open => Ok((AccountStatus::BadDebt, None)),
            _ => Ok((status, None)),
        };
    }
    let reason = match state {
        RepaymentState::Settled => ClosureReason::PaidAsAgreed,
        RepaymentState::GuarantorPaid => ClosureReason::PaidByGuarantor,
        RepaymentState::AssetsInLieu => ClosureReason::AssetsInLieu,
        RepaymentState::Ended => ended_reason,
        _ => {
            return Err(Wrong::format(
                "account_status says that the account ended, so repayment_state says how: C settled, D by a guarantor, Z by \
                 assets, G otherwise",
            ));
        }
    };
    Ok((status, Some(reason)))
}

/// Days past due from the column and the state, which must agree.
pub(super) fn days_past_due(stated: Option<u32>, state: RepaymentState) -> Result<u32, Wrong> {
    match (stated, state.days()) {
        (Some(days), Some(range)) if !range.contains(days) => Err(Wrong::format(
            "days_past_due and repayment_state do not agree: N and * are 0 days, 1 is 1 to 30, 2 is 31 to 60, and so on, 7 \
             is more than 180, B at least 1; correct one of them",
        )),
        (Some(days), _) => Ok(days),
        (None, Some(range)) => Ok(range.lower),
        (None, None) => match state {
            RepaymentState::Unknown | RepaymentState::Skipped => Err(Wrong::missing(
                "days_past_due is empty and repayment_state does not tell it; write the days",
            )),
            _ => Ok(0),
        },
    }
}

/// The codes that a position is written with, or the deletion that stands for it: what was never owed, or by somebody
/// else, is not given a code that says it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Written {
    Codes(&'static str, RepaymentState),
    Deletion(DeletionReason),
}

pub(super) fn written(facts: &Facts) -> Written {
    let kind = AccountCode::written(facts.account_type);
    let late = RepaymentState::of_days(facts.days_past_due);
    let (status, state) = match facts.status {
        AccountStatus::PendingDisbursement => (not_active(kind, facts.days_past_due), late),
        AccountStatus::Open => (open(kind, facts.days_past_due), late),
        AccountStatus::BadDebt => (bad(kind), RepaymentState::BadDebt),
        AccountStatus::LegalAction => match kind {
            AccountCode::C1 => (open(kind, facts.days_past_due), late),
            AccountCode::D1 | AccountCode::R1 | AccountCode::R2 | AccountCode::R3 | AccountCode::R4 => {
                ("8", late)
            }
        },
        AccountStatus::TransferredOut => match kind {
            AccountCode::D1 => ("5", late),
            AccountCode::R1 | AccountCode::R2 | AccountCode::R3 | AccountCode::R4 | AccountCode::C1 => {
                (ended(kind), RepaymentState::Ended)
            }
        },
        AccountStatus::Closed => match closing_state(facts.closure_reason) {
            Ok(state) => (ended(kind), state),
            Err(reason) => return Written::Deletion(reason),
        },
    };
    Written::Codes(status, state)
}

/// 1 normal, and 2 overdue where the list has it; cards and collections say it by the repayment state alone.
const fn open(kind: AccountCode, days: u32) -> &'static str {
    match kind {
        AccountCode::D1 | AccountCode::R1 | AccountCode::R4 if days > 0 => "2",
        AccountCode::D1
        | AccountCode::R1
        | AccountCode::R4
        | AccountCode::R2
        | AccountCode::R3
        | AccountCode::C1 => "1",
    }
}

const fn not_active(kind: AccountCode, days: u32) -> &'static str {
    match kind {
        AccountCode::R2 | AccountCode::R3 => "6",
        AccountCode::D1 | AccountCode::R1 | AccountCode::R4 | AccountCode::C1 => open(kind, days),
    }
}

const fn bad(kind: AccountCode) -> &'static str {
    match kind {
        AccountCode::D1 | AccountCode::R1 | AccountCode::R4 => "4",
        AccountCode::R2 | AccountCode::R3 => "5",
        // The list has no bad debt; the repayment state says it.
        AccountCode::C1 => "1",
    }
}

const fn ended(kind: AccountCode) -> &'static str {
    match kind {
        AccountCode::D1 | AccountCode::R1 | AccountCode::R4 => "3",
        AccountCode::R2 | AccountCode::R3 => "4",
        AccountCode::C1 => "2",
    }
}

fn closing_state(reason: Option<ClosureReason>) -> Result<RepaymentState, DeletionReason> {
    match reason {
        None
        | Some(
            ClosureReason::PaidAsAgreed
            | ClosureReason::PaidEarly
            | ClosureReason::PaidAfterOverdue
            | ClosureReason::RefinancedSameLender
            | ClosureReason::Rescinded,
        ) => Ok(RepaymentState::Settled),
        Some(ClosureReason::PaidByGuarantor) => Ok(RepaymentState::GuarantorPaid),
        Some(ClosureReason::AssetsInLieu) => Ok(RepaymentState::AssetsInLieu),
        Some(
            ClosureReason::SettledForLess
            | ClosureReason::WrittenOff
            | ClosureReason::Sold
            | ClosureReason::Bankruptcy
            | ClosureReason::Deceased,
        ) => Ok(RepaymentState::Ended),
        Some(ClosureReason::Fraud) => Err(DeletionReason::Fraud),
        Some(ClosureReason::ReportedInError) => Err(DeletionReason::ReportedInError),
    }
}
