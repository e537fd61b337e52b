//! The columns of each indicator's tables.
//!
//! Two things are kept apart: what is counted over all currencies, and what has a currency. A fraction is two columns; what
//! people see of it is told by [`Share`].

use super::indicator::Indicator;

/// A column of values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// Whether its values in a table add up to those in the table without one of the cuts.
    pub is_additive: bool,
    /// What it is a share of, for a rate or a mean.
    pub share: Option<Share>,
    /// What kind of figure people see of it.
    pub kind: Kind,
}

/// A column divided by another one of the same row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    /// The name of the quotient.
    pub name: &'static str,
    /// The column that it is divided by.
    pub of: &'static str,
}

/// What kind of figure a column is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// How many subjects, positions or lenders; rounded before it is shown.
    Count,
    /// A number that is no count of borrowers or their loans, told as it is: a median, a place among bands, what a member did.
    Number,
    /// Minor units of the table's currency.
    Amount,
    /// Only the quotient is for people.
    Inner,
}

impl Column {
    /// The same, divided by another.
    const fn per(self, of: &'static str, name: &'static str) -> Self {
        Self {
            share: Some(Share { name, of }),
            ..self
        }
    }

    const fn kind(self, kind: Kind) -> Self {
        Self { kind, ..self }
    }

    /// Whether it is the sum of another column over the last axis of its table, the same in all its rows.
    pub fn is_whole(&self) -> bool {
        !self.is_additive && self.name.starts_with("of_")
    }
}

/// A count that adds up.
const fn count(name: &'static str) -> Column {
    Column {
        name,
        is_additive: true,
        share: None,
        kind: Kind::Count,
    }
}

/// An amount that adds up.
const fn amount(name: &'static str) -> Column {
    count(name).kind(Kind::Amount)
}

/// What does not add up.
const fn figure(name: &'static str, kind: Kind) -> Column {
    Column {
        is_additive: false,
        ..count(name).kind(kind)
    }
}

const MULTI_LENDER_COUNTS: &[Column] = &[
    count("subjects").per("of_subjects", "share"),
    figure("of_subjects", Kind::Count),
];
const RATE_COUNTS: &[Column] = &[
    count("subjects"),
    count("subjects_2_plus").per("subjects", "rate_2_plus"),
    count("subjects_3_plus").per("subjects", "rate_3_plus"),
    count("subjects_5_plus").per("subjects", "rate_5_plus"),
];
const LENDERS_COUNTS: &[Column] = &[
    count("subjects"),
    count("lenders").per("subjects", "mean"),
    figure("median", Kind::Number),
    figure("p90", Kind::Number),
];
const STACKING_COUNTS: &[Column] = &[
    count("subjects_opened"),
    count("subjects_2_plus").per("subjects_opened", "rate_2_plus"),
    count("subjects_3_plus").per("subjects_opened", "rate_3_plus"),
];
const SAME_DAY_COUNTS: &[Column] = &[
    count("openings"),
    count("openings_same_day").per("openings", "rate_same_day"),
];
const CHECKS_COUNTS: &[Column] = &[
    count("checks").per("of_checks", "share"),
    figure("of_checks", Kind::Count),
];
const UNCHECKED_COUNTS: &[Column] = &[
    count("openings"),
    count("openings_without_check").per("openings", "rate_without_check"),
    count("loans_offline"),
    count("loans_over_limit").per("loans_offline", "rate_over_limit"),
];
const DELINQUENCY_COUNTS: &[Column] = &[
    count("positions"),
    count("positions_dpd_1_plus").per("positions", "rate_dpd_1_plus"),
    count("positions_dpd_31_plus").per("positions", "rate_dpd_31_plus"),
    count("positions_dpd_61_plus").per("positions", "rate_dpd_61_plus"),
    count("positions_dpd_91_plus").per("positions", "rate_dpd_91_plus"),
    count("positions_formal_overdue").per("positions", "rate_formal_overdue"),
];
const BY_LENDERS_COUNTS: &[Column] = &[
    count("subjects"),
    count("subjects_dpd_31_plus").per("subjects", "rate_dpd_31_plus"),
];
const ROLL_COUNTS: &[Column] = &[
    count("positions").per("of_positions", "share"),
    figure("of_positions", Kind::Count),
];
const VINTAGE_COUNTS: &[Column] = &[
    count("positions"),
    count("positions_ever_31").per("positions", "rate_ever_31"),
    count("positions_ever_91").per("positions", "rate_ever_91"),
];
const RESTRUCTURING_COUNTS: &[Column] = &[
    count("positions"),
    count("positions_restructured").per("positions", "rate_restructured"),
];

const WHOLE_BALANCE: &[Column] = &[
    amount("balance").per("of_balance", "share"),
    figure("of_balance", Kind::Amount),
];
const DISTRIBUTION_AMOUNTS: &[Column] = &[
    count("subjects").per("of_subjects", "subjects_share"),
    amount("exposure").per("of_exposure", "exposure_share"),
    figure("of_subjects", Kind::Count),
    figure("of_exposure", Kind::Amount),
];
const EXPOSURE_AMOUNTS: &[Column] = &[
    count("subjects"),
    amount("exposure").per("subjects", "mean"),
    figure("median_band", Kind::Number),
    figure("p90_band", Kind::Number),
];
const DELINQUENCY_AMOUNTS: &[Column] = &[
    amount("balance"),
    amount("balance_dpd_1_plus").per("balance", "rate_dpd_1_plus"),
    amount("balance_dpd_31_plus").per("balance", "rate_dpd_31_plus"),
    amount("balance_dpd_61_plus").per("balance", "rate_dpd_61_plus"),
    amount("balance_dpd_91_plus").per("balance", "rate_dpd_91_plus"),
    amount("balance_formal_overdue").per("balance", "rate_formal_overdue"),
];
const BY_LENDERS_AMOUNTS: &[Column] = &[
    amount("balance"),
    amount("balance_dpd_31_plus").per("balance", "rate_dpd_31_plus"),
];
const VINTAGE_AMOUNTS: &[Column] = &[
    amount("granted"),
    amount("balance_ever_31").per("granted", "rate_ever_31"),
    amount("balance_ever_91").per("granted", "rate_ever_91"),
];
const FLOW_AMOUNTS: &[Column] = &[
    amount("opening"),
    amount("originations"),
    amount("arrivals"),
    amount("increases"),
    amount("repayments"),
    amount("write_offs"),
    amount("transfers"),
    amount("withdrawals"),
    amount("closing"),
];
const RESTRUCTURING_AMOUNTS: &[Column] = &[
    amount("balance"),
    amount("balance_restructured").per("balance", "rate_restructured"),
];
const CONCENTRATION_AMOUNTS: &[Column] = &[
    figure("lenders", Kind::Count),
    amount("balance"),
    figure("hhi_numerator", Kind::Inner).per("hhi_denominator", "hhi"),
    figure("hhi_denominator", Kind::Inner),
    figure("cr3", Kind::Inner).per("balance", "cr3_share"),
    figure("cr5", Kind::Inner).per("balance", "cr5_share"),
];
/// Of a table that names the largest lenders.
pub(super) const LENDER_RANKS: &[Column] = &[figure("rank", Kind::Number)];
const QUALITY_FIGURES: &[Column] = &[
    figure("score", Kind::Number),
    figure("timeliness", Kind::Number),
    figure("accept_rate", Kind::Number),
    figure("completeness", Kind::Number),
    figure("consistency", Kind::Number),
    figure("reject_ageing", Kind::Number),
];
/// What could be set beside a hidden count of loans or checks is not told but as a share.
const CONDUCT_FIGURES: &[Column] = &[
    figure("looks", Kind::Number),
    figure("hard_queries", Kind::Number),
    figure("unfollowed_queries", Kind::Inner).per("judged_queries", "rate_unfollowed"),
    figure("judged_queries", Kind::Inner),
    figure("checks_in_turn", Kind::Inner).per("checks", "rate_in_turn"),
    figure("checks", Kind::Inner),
    figure("hard_looks", Kind::Inner).per("loans_opened", "looks_per_loan"),
    figure("loans_opened", Kind::Inner),
    figure("reservations_lapsed", Kind::Inner).per("reservations_ended", "rate_lapsed"),
    figure("reservations_late", Kind::Inner).per("reservations_ended", "rate_late"),
    figure("reservations_ended", Kind::Inner),
    figure("strangers", Kind::Inner).per("looks", "rate_strangers"),
    figure("evaluations", Kind::Number),
];

impl Indicator {
    /// Columns over all currencies: numbers of subjects and positions.
    pub const fn counts(self) -> &'static [Column] {
        match self {
            Self::MultiLenderHistogram => MULTI_LENDER_COUNTS,
            Self::MultiLenderRate => RATE_COUNTS,
            Self::LendersPerSubject => LENDERS_COUNTS,
            Self::NewStacking => STACKING_COUNTS,
            Self::SameDayStacking => SAME_DAY_COUNTS,
            Self::BlockedStacking | Self::DstiDistribution => CHECKS_COUNTS,
            Self::UncheckedLoans => UNCHECKED_COUNTS,
            Self::Delinquency => DELINQUENCY_COUNTS,
            Self::DelinquencyByLenders => BY_LENDERS_COUNTS,
            Self::RollRate => ROLL_COUNTS,
            Self::Vintage => VINTAGE_COUNTS,
            Self::Restructuring => RESTRUCTURING_COUNTS,
            Self::DataQuality => QUALITY_FIGURES,
            Self::Conduct => CONDUCT_FIGURES,
            Self::ExposureDistribution | Self::ExposurePerSubject | Self::Flow | Self::Concentration => &[],
        }
    }

    /// Columns of a table of one currency, or of one that counts over all of them.
    pub fn columns(self, in_currency: bool) -> &'static [Column] {
        if in_currency {
            self.amounts()
        } else {
            self.counts()
        }
    }

    /// Columns of one currency: amounts in minor units, and what can only be counted in a currency.
    pub const fn amounts(self) -> &'static [Column] {
        match self {
            Self::MultiLenderHistogram | Self::RollRate => WHOLE_BALANCE,
            Self::ExposureDistribution => DISTRIBUTION_AMOUNTS,
            Self::ExposurePerSubject => EXPOSURE_AMOUNTS,
            Self::Delinquency => DELINQUENCY_AMOUNTS,
            Self::DelinquencyByLenders => BY_LENDERS_AMOUNTS,
            Self::Vintage => VINTAGE_AMOUNTS,
            Self::Flow => FLOW_AMOUNTS,
            Self::Restructuring => RESTRUCTURING_AMOUNTS,
            Self::Concentration => CONCENTRATION_AMOUNTS,
            Self::MultiLenderRate
            | Self::LendersPerSubject
            | Self::NewStacking
            | Self::SameDayStacking
            | Self::BlockedStacking
            | Self::UncheckedLoans
            | Self::DstiDistribution
            | Self::DataQuality
            | Self::Conduct => &[],
        }
    }
}
