//! The columns of each indicator's tables.
//!
//! Two things are kept apart: what is counted over all currencies, and what has a currency. A fraction is two columns.

use super::indicator::Indicator;

/// A column of values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// Whether its values in a table add up to those in the table without one of the cuts.
    pub is_additive: bool,
    /// The column of the same row that it is divided by, for a rate or a mean.
    pub per: Option<&'static str>,
}

impl Column {
    /// The same, divided by another.
    const fn per(self, denominator: &'static str) -> Self {
        Self {
            per: Some(denominator),
            ..self
        }
    }
}

const fn sum(name: &'static str) -> Column {
    Column {
        name,
        is_additive: true,
        per: None,
    }
}

const fn figure(name: &'static str) -> Column {
    Column {
        name,
        is_additive: false,
        per: None,
    }
}

const MULTI_LENDER_COUNTS: &[Column] = &[sum("subjects").per("of_subjects"), figure("of_subjects")];
const RATE_COUNTS: &[Column] = &[
    sum("subjects"),
    sum("subjects_2_plus").per("subjects"),
    sum("subjects_3_plus").per("subjects"),
    sum("subjects_5_plus").per("subjects"),
];
const LENDERS_COUNTS: &[Column] = &[
    sum("subjects"),
    sum("lenders").per("subjects"),
    figure("median"),
    figure("p90"),
];
const STACKING_COUNTS: &[Column] = &[
    sum("subjects_opened"),
    sum("subjects_2_plus").per("subjects_opened"),
    sum("subjects_3_plus").per("subjects_opened"),
];
const SAME_DAY_COUNTS: &[Column] = &[sum("openings"), sum("openings_same_day").per("openings")];
const DELINQUENCY_COUNTS: &[Column] = &[
    sum("positions"),
    sum("positions_dpd_1_plus").per("positions"),
    sum("positions_dpd_31_plus").per("positions"),
    sum("positions_dpd_61_plus").per("positions"),
    sum("positions_dpd_91_plus").per("positions"),
    sum("positions_formal_overdue").per("positions"),
];
const BY_LENDERS_COUNTS: &[Column] = &[sum("subjects"), sum("subjects_dpd_31_plus").per("subjects")];
const ROLL_COUNTS: &[Column] = &[sum("positions").per("of_positions"), figure("of_positions")];
const VINTAGE_COUNTS: &[Column] = &[
    sum("positions"),
    sum("positions_ever_31").per("positions"),
    sum("positions_ever_91").per("positions"),
];
const RESTRUCTURING_COUNTS: &[Column] = &[sum("positions"), sum("positions_restructured").per("positions")];

const WHOLE_BALANCE: &[Column] = &[sum("balance").per("of_balance"), figure("of_balance")];
const DISTRIBUTION_AMOUNTS: &[Column] = &[
    sum("subjects").per("of_subjects"),
    sum("exposure").per("of_exposure"),
    figure("of_subjects"),
    figure("of_exposure"),
];
const EXPOSURE_AMOUNTS: &[Column] = &[
    sum("subjects"),
    sum("exposure").per("subjects"),
    figure("median_band"),
    figure("p90_band"),
];
const DELINQUENCY_AMOUNTS: &[Column] = &[
    sum("balance"),
    sum("balance_dpd_1_plus").per("balance"),
    sum("balance_dpd_31_plus").per("balance"),
    sum("balance_dpd_61_plus").per("balance"),
    sum("balance_dpd_91_plus").per("balance"),
    sum("balance_formal_overdue").per("balance"),
];
const BY_LENDERS_AMOUNTS: &[Column] = &[sum("balance"), sum("balance_dpd_31_plus").per("balance")];
const VINTAGE_AMOUNTS: &[Column] = &[
    sum("granted"),
    sum("balance_ever_31").per("granted"),
    sum("balance_ever_91").per("granted"),
];
const FLOW_AMOUNTS: &[Column] = &[
    sum("opening"),
    sum("originations"),
    sum("arrivals"),
    sum("increases"),
    sum("repayments"),
    sum("write_offs"),
    sum("transfers"),
    sum("withdrawals"),
    sum("closing"),
];
const RESTRUCTURING_AMOUNTS: &[Column] = &[sum("balance"), sum("balance_restructured").per("balance")];
const CONCENTRATION_AMOUNTS: &[Column] = &[
    figure("lenders"),
    sum("balance"),
    figure("hhi_numerator").per("hhi_denominator"),
    figure("hhi_denominator"),
    figure("cr3").per("balance"),
    figure("cr5").per("balance"),
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
            Self::Delinquency => DELINQUENCY_COUNTS,
            Self::DelinquencyByLenders => BY_LENDERS_COUNTS,
            Self::RollRate => ROLL_COUNTS,
            Self::Vintage => VINTAGE_COUNTS,
            Self::Restructuring => RESTRUCTURING_COUNTS,
            Self::ExposureDistribution | Self::ExposurePerSubject | Self::Flow | Self::Concentration => &[],
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
            Self::MultiLenderRate | Self::LendersPerSubject | Self::NewStacking | Self::SameDayStacking => {
                &[]
            }
        }
    }
}
