//! The indicators and the list of published tables: fixed, because tables are protected together and a table that is added
//! later could undo what protects the others.
//!
//! Three tables are apart ([`Published::BY_MEMBER`]): they name members, for those who supervise these, and tell no number of
//! borrowers or loans.
//!
//! Invariant: a table has at most [`CELLS_MAX`] cells and there are at most [`TABLES_MAX`] tables, those that name members
//! among them.

use super::axis::Axis;
use super::columns::{Column, LENDER_RANKS};

/// The most tables that are published.
pub const TABLES_MAX: usize = 40;
/// The most cells of a table of one currency: rows times columns of values.
pub const CELLS_MAX: usize = 5_000;
/// The most lenders that a table names.
pub const LENDERS_LISTED_MAX: usize = 500;

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(
    missing_docs,
    reason = "their definitions are told by `Indicator::definition`"
)]
pub enum Indicator {
    MultiLenderHistogram,
    MultiLenderRate,
    LendersPerSubject,
    ExposureDistribution,
    ExposurePerSubject,
    NewStacking,
    SameDayStacking,
    BlockedStacking,
    UncheckedLoans,
    DstiDistribution,
    Delinquency,
    DelinquencyByLenders,
    RollRate,
    Vintage,
    Flow,
    Restructuring,
    Concentration,
    DataQuality,
    Conduct,
}

const NONE: &[Axis] = &[];
const REGION: &[Axis] = &[Axis::Region];
const GROUP: &[Axis] = &[Axis::LenderGroup];
const PRODUCT: &[Axis] = &[Axis::ProductType];
const REGION_PRODUCT: &[Axis] = &[Axis::Region, Axis::ProductType];
const MEMBER: &[Axis] = &[Axis::Member];

impl Indicator {
    /// Every indicator, in the order of the tables.
    pub const ALL: [Self; 19] = [
        Self::MultiLenderHistogram,
        Self::MultiLenderRate,
        Self::LendersPerSubject,
        Self::ExposureDistribution,
        Self::ExposurePerSubject,
        Self::NewStacking,
        Self::SameDayStacking,
        Self::BlockedStacking,
        Self::UncheckedLoans,
        Self::DstiDistribution,
        Self::Delinquency,
        Self::DelinquencyByLenders,
        Self::RollRate,
        Self::Vintage,
        Self::Flow,
        Self::Restructuring,
        Self::Concentration,
        Self::DataQuality,
        Self::Conduct,
    ];

    /// Its place in [`Self::ALL`].
    pub(super) const fn number(self) -> usize {
        match self {
            Self::MultiLenderHistogram => 0,
            Self::MultiLenderRate => 1,
            Self::LendersPerSubject => 2,
            Self::ExposureDistribution => 3,
            Self::ExposurePerSubject => 4,
            Self::NewStacking => 5,
            Self::SameDayStacking => 6,
            Self::BlockedStacking => 7,
            Self::UncheckedLoans => 8,
            Self::DstiDistribution => 9,
            Self::Delinquency => 10,
            Self::DelinquencyByLenders => 11,
            Self::RollRate => 12,
            Self::Vintage => 13,
            Self::Flow => 14,
            Self::Restructuring => 15,
            Self::Concentration => 16,
            Self::DataQuality => 17,
            Self::Conduct => 18,
        }
    }

    /// Its name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::MultiLenderHistogram => "multi_lender_histogram",
            Self::MultiLenderRate => "multi_lender_rate",
            Self::LendersPerSubject => "lenders_per_subject",
            Self::ExposureDistribution => "exposure_distribution",
            Self::ExposurePerSubject => "exposure_per_subject",
            Self::NewStacking => "new_stacking",
            Self::SameDayStacking => "same_day_stacking",
            Self::BlockedStacking => "blocked_stacking",
            Self::UncheckedLoans => "unchecked_loans",
            Self::DstiDistribution => "dsti_distribution",
            Self::Delinquency => "delinquency",
            Self::DelinquencyByLenders => "delinquency_by_lenders",
            Self::RollRate => "roll_rate",
            Self::Vintage => "vintage",
            Self::Flow => "flow",
            Self::Restructuring => "restructuring",
            Self::Concentration => "concentration",
            Self::DataQuality => "data_quality",
            Self::Conduct => "conduct",
        }
    }

    /// The cuts of its published tables that are counted of borrowers.
    pub const fn cuts(self) -> &'static [&'static [Axis]] {
        match self {
            Self::MultiLenderHistogram => &[NONE, REGION, GROUP],
            Self::MultiLenderRate => &[NONE, REGION, PRODUCT, REGION_PRODUCT],
            Self::ExposureDistribution | Self::NewStacking => &[NONE, REGION],
            Self::Delinquency => &[
                NONE,
                REGION,
                GROUP,
                PRODUCT,
                &[Axis::AmountBand],
                &[Axis::RateBand],
            ],
            Self::SameDayStacking
            | Self::BlockedStacking
            | Self::UncheckedLoans
            | Self::DstiDistribution
            | Self::RollRate
            | Self::Flow => &[NONE, GROUP],
            Self::DelinquencyByLenders | Self::Concentration => &[NONE, PRODUCT],
            Self::LendersPerSubject | Self::ExposurePerSubject | Self::Vintage | Self::Restructuring => {
                &[NONE]
            }
            Self::DataQuality | Self::Conduct => &[],
        }
    }

    /// Whether a subject is in one row of each of its tables at most, so that coarser tables are sums of finer ones.
    pub(super) const fn is_of_subjects(self) -> bool {
        matches!(
            self,
            Self::MultiLenderHistogram
                | Self::MultiLenderRate
                | Self::LendersPerSubject
                | Self::ExposureDistribution
                | Self::ExposurePerSubject
                | Self::NewStacking
                | Self::DelinquencyByLenders
        )
    }

    /// Key columns of all its tables, after the cuts.
    pub const fn axes(self) -> &'static [Axis] {
        match self {
            Self::MultiLenderHistogram => &[Axis::Lenders],
            Self::ExposureDistribution => &[Axis::ExposureBand],
            Self::BlockedStacking => &[Axis::Finding],
            Self::DstiDistribution => &[Axis::Burden],
            Self::DelinquencyByLenders => &[Axis::FewLenders],
            Self::RollRate => &[Axis::BucketBefore, Axis::Fate],
            Self::Vintage => &[Axis::OriginationMonth, Axis::MonthsOnBook],
            _ => &[],
        }
    }
}

/// A published table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Published {
    /// What it shows.
    pub indicator: Indicator,
    /// What it is cut by.
    pub cuts: &'static [Axis],
}

impl Published {
    /// The tables that name members.
    pub const BY_MEMBER: [Self; 3] = [
        Self::of_members(Indicator::Concentration),
        Self::of_members(Indicator::DataQuality),
        Self::of_members(Indicator::Conduct),
    ];

    const fn of_members(indicator: Indicator) -> Self {
        Self {
            indicator,
            cuts: MEMBER,
        }
    }

    /// Every table that can be asked for, those that name members last.
    pub fn every() -> impl Iterator<Item = Self> {
        Self::all().chain(Self::BY_MEMBER)
    }

    /// Every table that is counted of borrowers, in order: those that are protected together.
    pub fn all() -> impl Iterator<Item = Self> {
        Indicator::ALL
            .into_iter()
            .flat_map(|indicator| indicator.cuts().iter().map(move |cuts| Self { indicator, cuts }))
    }

    /// The table of an indicator with these cuts, by their names, in their order.
    pub fn named(indicator: &str, cuts: &[&str]) -> Option<Self> {
        Self::every().find(|published| {
            published.indicator.name() == indicator
                && published
                    .cuts
                    .iter()
                    .map(|cut| cut.name())
                    .eq(cuts.iter().copied())
        })
    }

    /// Whether its rows are members.
    pub fn names_members(self) -> bool {
        self.cuts == MEMBER
    }

    /// Its columns in one currency, or those of what has none.
    pub fn columns(self, in_currency: bool) -> &'static [Column] {
        match (self.indicator, in_currency) {
            (Indicator::Concentration, true) if self.names_members() => LENDER_RANKS,
            (indicator, _) => indicator.columns(in_currency),
        }
    }

    /// Its key columns.
    pub fn axes(self) -> impl Iterator<Item = Axis> {
        self.cuts.iter().chain(self.indicator.axes()).copied()
    }

    /// Its place among the tables of its indicator.
    pub(super) fn number(self) -> usize {
        let cuts = self.indicator.cuts().iter();
        cuts.take_while(|cuts| **cuts != self.cuts).count()
    }

    /// Its rows, those that cannot be included; of one that names members the most there may be.
    pub fn rows(self) -> usize {
        match self.names_members() {
            true => LENDERS_LISTED_MAX,
            false => self.axes().map(Axis::places).product(),
        }
    }

    /// Its cells in one currency.
    pub fn cells(self) -> usize {
        let width = |in_currency| match self.names_members() {
            true => self.shown_columns(in_currency).len(),
            false => self.columns(in_currency).len(),
        };
        self.rows() * (width(false) + width(true))
    }
}
