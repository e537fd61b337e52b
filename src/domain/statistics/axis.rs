//! What tables are cut by: lists of codes that are fixed before anything is counted, so that every table has the same cells
//! on every date and memory is known beforehand.

use std::borrow::Cow;

use chrono::{Datelike, NaiveDate};

use super::region::Region;
use crate::domain::exposure::DelinquencyBucket;
use crate::domain::member::LenderGroup;
use crate::domain::position::ProductType;
use crate::domain::rules::{Burden, Finding};

/// Months of origination that vintages follow, and months on book that they show.
pub const VINTAGE_MONTHS: u32 = 24;

/// A key column of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Axis {
    /// Province of the borrower.
    Region,
    /// Group of the lender.
    LenderGroup,
    /// Product.
    ProductType,
    /// Band of the amount granted.
    AmountBand,
    /// Band of the yearly rate.
    RateBand,
    /// Distinct active lenders: 1 to 5, 6 to 9, 10 and more.
    Lenders,
    /// Distinct active lenders: 1 to 4, 5 and more.
    FewLenders,
    /// Band of what a subject owes in all.
    ExposureBand,
    /// Bucket at the snapshot before.
    BucketBefore,
    /// What became of a position since.
    Fate,
    /// Month of opening.
    OriginationMonth,
    /// Calendar months from the month of opening.
    MonthsOnBook,
    /// What a check came to: allowed, for a person to look at, or refused under the first of its reasons.
    Finding,
    /// Band of what would fall due in a month, of the stated income.
    Burden,
    /// A member, of which a table has as many as there are: it tells their names itself.
    Member,
}

/// Upper edges of rate bands in basis points, after the band of no stated rate.
const RATE_EDGES: [u32; 5] = [600, 1_200, 1_800, 2_400, 3_600];
/// Names of rate bands.
const RATE_LABELS: [&str; 7] = ["NOT_STATED", "0-6", "6-12", "12-18", "18-24", "24-36", "36+"];
/// Edges of a band series over its lowest, and the band of nothing before and of more after them.
const BAND_LABELS: [&str; 12] = [
    "0", "x1", "x2", "x5", "x10", "x20", "x50", "x100", "x200", "x500", "x1000", "x1000+",
];
const LENDERS_LABELS: [&str; 7] = ["1", "2", "3", "4", "5", "6-9", "10+"];
const FEW_LENDERS_LABELS: [&str; 5] = ["1", "2", "3", "4", "5+"];
const FATE_LABELS: [&str; 12] = [
    "M0",
    "M1",
    "M2",
    "M3",
    "M4",
    "M5",
    "M6",
    "M7",
    "WRITTEN_OFF",
    "CLOSED",
    "TRANSFERRED",
    "WITHDRAWN",
];
/// Findings of checks, in the order of their codes.
const FINDING_LABELS: [&str; 10] = [
    "ELIGIBLE",
    "REFER",
    "LENDER_COUNT",
    "ACCOUNT_COUNT",
    "COOLING_OFF",
    "AMOUNT_CAP",
    "OBLIGATION_RATIO",
    "DELINQUENCY",
    "RESERVED",
    "OTHER_REASON",
];
/// Per cent of the income.
const BURDEN_LABELS: [&str; 4] = ["0-30", "30-50", "50-80", "80+"];
/// How many buckets there are.
const BUCKETS: usize = DelinquencyBucket::ALL.len();

impl Axis {
    /// Its column's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Region => "region",
            Self::LenderGroup => "lender_group",
            Self::ProductType => "product_type",
            Self::AmountBand => "amount_band",
            Self::RateBand => "rate_band",
            Self::Lenders | Self::FewLenders => "lenders",
            Self::ExposureBand => "exposure_band",
            Self::BucketBefore => "bucket_before",
            Self::Fate => "fate",
            Self::OriginationMonth => "origination_month",
            Self::MonthsOnBook => "months_on_book",
            Self::Finding => "finding",
            Self::Burden => "obligation_ratio",
            Self::Member => "member",
        }
    }

    /// How many places it has in every table; none of members, whom each table has its own of.
    pub fn places(self) -> usize {
        match self {
            Self::Region => Region::COUNT,
            Self::LenderGroup => LenderGroup::ALL.len(),
            Self::ProductType => ProductType::ALL.len(),
            Self::AmountBand | Self::ExposureBand => BAND_LABELS.len(),
            Self::RateBand => RATE_LABELS.len(),
            Self::Lenders => LENDERS_LABELS.len(),
            Self::FewLenders => FEW_LENDERS_LABELS.len(),
            Self::BucketBefore => BUCKETS,
            Self::Fate => FATE_LABELS.len(),
            Self::OriginationMonth | Self::MonthsOnBook => place_of(VINTAGE_MONTHS),
            Self::Finding => FINDING_LABELS.len(),
            Self::Burden => BURDEN_LABELS.len(),
            Self::Member => 0,
        }
    }

    /// How a place is called in a table of a date.
    pub fn label(self, place: usize, as_of: NaiveDate) -> Cow<'static, str> {
        let listed = |labels: &[&'static str]| labels.get(place).copied().unwrap_or("");
        Cow::Borrowed(match self {
            Self::Region => Region::label(place),
            Self::LenderGroup => LenderGroup::ALL.get(place).map_or("", |group| group.as_str()),
            Self::ProductType => ProductType::ALL.get(place).map_or("", |product| product.as_str()),
            Self::AmountBand | Self::ExposureBand => listed(&BAND_LABELS),
            Self::RateBand => listed(&RATE_LABELS),
            Self::Lenders => listed(&LENDERS_LABELS),
            Self::FewLenders => listed(&FEW_LENDERS_LABELS),
            Self::BucketBefore | Self::Fate => listed(&FATE_LABELS),
            Self::Finding => listed(&FINDING_LABELS),
            Self::Burden => listed(&BURDEN_LABELS),
            Self::Member => "",
            Self::OriginationMonth => return Cow::Owned(origination_label(place, as_of)),
            Self::MonthsOnBook => return Cow::Owned((place + 1).to_string()),
        })
    }
}

/// Months since the year 0: calendar months can be subtracted.
pub(super) fn month_number(date: NaiveDate) -> i32 {
    date.year() * 12 + i32::try_from(date.month0()).unwrap_or(0)
}

/// Months on book of something that was opened in the month of one date, at another; 0 when that is earlier.
pub(super) fn months_on_book(opened_on: NaiveDate, at: NaiveDate) -> u32 {
    u32::try_from(month_number(at) - month_number(opened_on)).unwrap_or(0)
}

/// Origination months in order, the oldest first: the last one is the month before the snapshot's.
pub(super) fn origination_place(months_on_book: u32) -> Option<usize> {
    let is_followed = (1..=VINTAGE_MONTHS).contains(&months_on_book);
    is_followed.then(|| place_of(VINTAGE_MONTHS - months_on_book))
}

/// The months on book that an origination month has reached at a snapshot.
pub(super) fn age_of(origination_place: usize) -> usize {
    place_of(VINTAGE_MONTHS) - origination_place
}

fn origination_label(place: usize, as_of: NaiveDate) -> String {
    let number = month_number(as_of) - i32::try_from(age_of(place)).unwrap_or(0);
    format!("{:04}-{:02}", number.div_euclid(12), number.rem_euclid(12) + 1)
}

pub(super) fn place_of(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

pub(super) fn group_place(group: LenderGroup) -> usize {
    LenderGroup::ALL
        .iter()
        .position(|listed| *listed == group)
        .unwrap_or(0)
}

pub(super) fn product_place(product: ProductType) -> usize {
    ProductType::ALL
        .iter()
        .position(|listed| *listed == product)
        .unwrap_or(0)
}

pub(super) fn bucket_place(days_past_due: u32) -> usize {
    let bucket = DelinquencyBucket::of(days_past_due);
    DelinquencyBucket::ALL
        .iter()
        .position(|listed| *listed == bucket)
        .unwrap_or(0)
}

/// The place of a rate of basis points: 6 % is the last of its band.
pub(super) fn rate_place(basis_points: u32) -> usize {
    if basis_points == 0 {
        return 0;
    }
    1 + RATE_EDGES.iter().filter(|edge| **edge < basis_points).count()
}

/// The place of what a check came to; `None` of a loan that was made before it was judged.
pub(super) fn finding_place(finding: Finding) -> Option<usize> {
    let place = Finding::ALL.iter().position(|listed| *listed == finding);
    place.filter(|place| *place < FINDING_LABELS.len())
}

pub(super) fn burden_place(burden: Burden) -> usize {
    Burden::ALL
        .iter()
        .position(|listed| *listed == burden)
        .unwrap_or(0)
}

/// The place of 1 and more lenders.
pub(super) fn lenders_place(lenders: usize) -> usize {
    match lenders {
        0..=5 => lenders.saturating_sub(1),
        6..=9 => 5,
        _ => 6,
    }
}

/// The place of 1 and more lenders on the shorter axis.
pub(super) fn few_lenders_place(lenders: usize) -> usize {
    lenders.saturating_sub(1).min(FEW_LENDERS_LABELS.len() - 1)
}
