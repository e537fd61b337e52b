//! Exposure answers, outward.
//!
//! An answer holds nothing of others that its domain type does not hold: no lender, no account, no exact amount.

use super::code::{Coded, code_to_wire};
use super::date::{date_to_wire, month_to_wire, timestamp_to_wire};
use super::request::answer_id_to_wire;
use super::violation::violation_to_wire;
use crate::domain::exposure::{
    AmountBand, Answer, OthersExposure, OwnExposure, SignalType, Window, WindowFigures,
};
use crate::domain::member::LenderGroup;
use crate::domain::unit::Receipt;
use crate::domain::violation::Violation;
use crate::wire::pb;

/// An answer with its receipt, as the contract writes it.
pub fn answer_to_wire(answer: &Answer, receipt: &Receipt) -> pb::ExposureAnswer {
    let figures = &answer.figures;
    pb::ExposureAnswer {
        answer_id: answer_id_to_wire(answer.answer_id),
        answered_at: Some(timestamp_to_wire(answer.answered_at)),
        figures_as_of: Some(timestamp_to_wire(figures.as_of)),
        state: figures.state.to_number(),
        match_level: figures.match_level.to_number(),
        currency: figures.currency.as_str().to_owned(),
        others: figures.others.as_ref().map(others_to_wire),
        own: answer.own.as_ref().map(own_to_wire),
        signals: figures
            .signals
            .iter()
            .map(|signal| signal_to_wire(*signal))
            .collect(),
        coverage_percent: figures.coverage_percent,
        audit_salt: receipt.salt.to_vec(),
        audit_leaf: receipt.leaf.to_vec(),
    }
}

/// What `QueryExposure` answers.
pub fn query_answer_to_wire(answer: &Answer, receipt: &Receipt) -> pb::QueryExposureResponse {
    pb::QueryExposureResponse {
        answer: Some(answer_to_wire(answer, receipt)),
    }
}

/// What `ReviewPortfolio` answers to its request of that number, from 1.
pub fn review_answer_to_wire(
    request_number: u64,
    answer: &Answer,
    receipt: &Receipt,
) -> pb::ReviewPortfolioResponse {
    let answer = answer_to_wire(answer, receipt);
    pb::ReviewPortfolioResponse {
        request_number,
        result: Some(pb::review_portfolio_response::Result::Answer(answer)),
    }
}

/// What `ReviewPortfolio` answers to a request that it refuses.
pub fn review_refusal_to_wire(request_number: u64, violation: &Violation) -> pb::ReviewPortfolioResponse {
    let refusal = violation_to_wire(violation);
    pb::ReviewPortfolioResponse {
        request_number,
        result: Some(pb::review_portfolio_response::Result::Refusal(refusal)),
    }
}

/// The plain sentence of a signal: no lender, no amount, no date.
pub const fn describe_signal(signal: SignalType) -> &'static str {
    match signal {
        SignalType::InquiryBurst => "Three or more other lenders looked at this borrower within 24 hours.",
        SignalType::OpeningBurst => "Two or more loans were opened at other lenders within 7 days.",
        SignalType::BorrowToRepay => {
            "A loan was opened at another lender within 3 days of the due date of a loan elsewhere."
        }
        SignalType::SharedMobile => "The mobile number is also reported for another identity.",
        SignalType::ObligationJump => {
            "The monthly obligation at other lenders grew by half or more within 30 days."
        }
    }
}

fn signal_to_wire(signal: SignalType) -> pb::StackingSignal {
    pb::StackingSignal {
        r#type: signal.to_number(),
        description: describe_signal(signal).to_owned(),
    }
}

fn others_to_wire(others: &OthersExposure) -> pb::OthersExposure {
    pb::OthersExposure {
        active_lenders: others.active_lenders,
        active_accounts: others.active_accounts,
        active_lenders_by_group: others
            .active_lenders_by_group
            .iter()
            .map(|(group, lenders)| group_to_wire(*group, *lenders))
            .collect(),
        reserving_lenders: others.reserving_lenders,
        reserved_amount: Some(band_to_wire(others.reserved_amount)),
        outstanding: Some(band_to_wire(others.outstanding)),
        outstanding_unsecured: Some(band_to_wire(others.outstanding_unsecured)),
        credit_limit: Some(band_to_wire(others.credit_limit)),
        monthly_obligation: Some(band_to_wire(others.monthly_obligation)),
        other_currency_accounts: others.other_currency_accounts,
        worst_bucket_now: others.worst_bucket_now.to_number(),
        worst_bucket_24_months: others.worst_bucket_24_months.to_number(),
        past_due_accounts: others.past_due_accounts,
        formal_overdue_accounts: others.formal_overdue_accounts,
        overdue_amount: Some(band_to_wire(others.overdue_amount)),
        months_since_past_due: others.months_since_past_due,
        bad_debt_accounts: others.bad_debt_accounts,
        legal_action_accounts: others.legal_action_accounts,
        restructured_accounts: others.restructured_accounts,
        disputed_items: others.disputed_items,
        disputed_items_matter: others.disputed_items_matter,
        unconfirmed_accounts: others.unconfirmed_accounts,
        velocity: others.velocity.iter().map(window_to_wire).collect(),
        oldest_open_month: others.oldest_open_month.map(month_to_wire),
        guaranteed_accounts: others.guaranteed_accounts,
        guaranteed_amount: Some(band_to_wire(others.guaranteed_amount)),
    }
}

fn own_to_wire(own: &OwnExposure) -> pb::OwnExposure {
    pb::OwnExposure {
        active_accounts: own.active_accounts,
        outstanding: own.outstanding,
        hard_inquiries_360_days: own.hard_inquiries_360_days,
        last_report_on: own.last_report_on.map(date_to_wire),
    }
}

fn group_to_wire(group: LenderGroup, lenders: u32) -> pb::LenderGroupCount {
    pb::LenderGroupCount {
        group: code_to_wire(Some(group)),
        lenders,
    }
}

fn window_to_wire(figures: &WindowFigures) -> pb::WindowCount {
    let window = match figures.window {
        Window::Hours(hours) => pb::window_count::Window::Hours(hours),
        Window::Days(days) => pb::window_count::Window::Days(days),
    };
    pb::WindowCount {
        window: Some(window),
        hard_inquiries: figures.hard_inquiries,
        inquiring_lenders: figures.inquiring_lenders,
        new_accounts: figures.new_accounts,
        new_lenders: figures.new_lenders,
        new_amount: Some(band_to_wire(figures.new_amount)),
    }
}

/// Every band of an answer is there: zero is a band too, so that the shape of an answer tells nothing.
fn band_to_wire(band: AmountBand) -> pb::AmountBand {
    pb::AmountBand {
        up_to: band.up_to,
        open_ended: band.open_ended,
    }
}

#[cfg(test)]
mod tests;
