//! The figures of the invented market: shares of a whole by place, with a trend and a ripple that nothing explains.

use crate::domain::statistics::{Axis, Indicator, Published, Shown, ShownColumn, ShownKind, ShownRow};

/// Subjects in the first month.
const SUBJECTS: i64 = 200_000;
/// Minor units that a subject owes, about.
const OWED: i64 = 2_400_000;
/// Counts below which a row is hidden.
const HIDDEN_BELOW: i64 = 60;

/// The rows of a table in the month of a number.
pub(super) fn rows(published: Published, has_currency: bool, month: u32) -> Vec<ShownRow> {
    let axes: Vec<Axis> = published.axes().collect();
    let mut places = vec![Vec::new()];
    for axis in &axes {
        places = places
            .into_iter()
            .flat_map(|row: Vec<usize>| {
                (0..axis.places()).map(move |place| row.iter().copied().chain([place]).collect())
            })
            .collect();
    }
    places.retain(|places: &Vec<usize>| is_possible(&axes, places));
    places
        .into_iter()
        .map(|places| row(published, has_currency, month, &axes, places))
        .collect()
}

/// The rows of a table that names so many members.
pub(super) fn rows_of_members(
    published: Published,
    has_currency: bool,
    month: u32,
    members: usize,
) -> Vec<ShownRow> {
    let columns = published.shown_columns(has_currency);
    let value = |member: usize, column: &ShownColumn| {
        let ripple = (number(member) * 37 + number(column.column) * 11 + i64::from(month) * 3).rem_euclid(50);
        match (column.kind, has_currency) {
            (_, true) => Shown::Count(number(member) + 1),
            (ShownKind::Ratio, false) => Shown::Ratio(ripple * 4),
            _ if ripple == 0 => Shown::Nothing,
            _ => Shown::Count(100 - ripple),
        }
    };
    let row = |member| ShownRow {
        places: vec![member],
        values: columns.iter().map(|column| value(member, column)).collect(),
    };
    (0..members).map(row).collect()
}

/// A month of opening has been followed for the months since then alone.
fn is_possible(axes: &[Axis], places: &[usize]) -> bool {
    match (axes, places) {
        ([Axis::OriginationMonth, Axis::MonthsOnBook], [opened, age]) => opened + age < 24,
        _ => true,
    }
}

fn row(published: Published, has_currency: bool, month: u32, axes: &[Axis], places: Vec<usize>) -> ShownRow {
    let columns = if has_currency {
        published.indicator.amounts()
    } else {
        published.indicator.counts()
    };
    let seed = places
        .iter()
        .fold(i64::from(month) * 7, |seed, place| seed * 31 + number(*place));
    let ripple = |column: usize| 970 + (seed * 37 + number(column) * 101).rem_euclid(61);
    let whole = SUBJECTS * (100 + 2 * i64::from(month)) / 100;
    let (inner, outer) = axes.split_at(published.cuts.len());
    let of = inner
        .iter()
        .zip(&places)
        .fold(whole, |part, (axis, place)| part * weight(*axis, *place) / 1_000);
    let keys = outer.iter().zip(places.iter().skip(inner.len()));
    let part = match published.indicator {
        Indicator::RollRate => of * roll(&places[inner.len()..]) / 1_000_000,
        Indicator::Vintage => of / 24,
        _ => keys.fold(of, |part, (axis, place)| part * weight(*axis, *place) / 1_000),
    };
    let scale = if has_currency { OWED } else { 1 };
    let values: Vec<i64> = columns
        .iter()
        .enumerate()
        .map(|(at, column)| {
            let base = if column.name.starts_with("of_") {
                match published.indicator {
                    Indicator::RollRate => of * weight(Axis::BucketBefore, places[inner.len()]) / 1_000,
                    _ => of,
                }
            } else {
                part
            };
            let thousandths = fraction(column.name, &places, month);
            let is_count = column.name.contains("subjects") || column.name == "lenders" && has_currency;
            let scale = if is_count { 1 } else { scale };
            let ripple = if column.name.starts_with("of_") || at == 0 {
                1_000
            } else {
                ripple(at)
            };
            match plain(column.name, has_currency, month) {
                Some(value) => value,
                None => base * thousandths / 1_000 * ripple / 1_000 * scale,
            }
        })
        .collect();
    // Nobody rolled from there to there: that tells nothing of anybody.
    let is_nothing = published.indicator == Indicator::RollRate && part == 0;
    let is_hidden = part < HIDDEN_BELOW && !is_nothing;
    let shown = published.shown_columns(has_currency).into_iter().map(|column| {
        let value = values[column.column];
        let value = match column.of {
            None => value,
            Some(of) if column.kind == ShownKind::Amount => value / values[of].max(1),
            Some(of) => quotient(value, values[of]),
        };
        match (is_hidden, column.kind) {
            (true, _) => Shown::Hidden,
            (false, ShownKind::Count) if value >= 20 => Shown::Count((value + 2) / 5 * 5),
            (false, ShownKind::Count) => Shown::Count(value),
            (false, ShownKind::Amount) => Shown::Amount(value),
            (false, ShownKind::Ratio) => Shown::Ratio(value),
        }
    });
    let values = shown.collect();
    ShownRow { places, values }
}

fn number(place: usize) -> i64 {
    i64::try_from(place).unwrap_or(0)
}

fn quotient(part: i64, of: i64) -> i64 {
    let thousandths = i128::from(part) * 1_000 / i128::from(of.max(1));
    i64::try_from(thousandths).unwrap_or(0)
}

/// Thousandths of the whole that a place of an axis has.
fn weight(axis: Axis, place: usize) -> i64 {
    let listed = |weights: &[i64]| weights.get(place).copied().unwrap_or(1);
    match axis {
        Axis::Region => match place {
            25 | 31..=33 => 0,
            18 => 110,
            9 | 10 | 14 => 75,
            34 => 2,
            _ => 15 + number(place * 7 % 19),
        },
        Axis::LenderGroup => listed(&[310, 190, 330, 90, 70, 10]),
        Axis::ProductType => listed(&[40, 60, 20, 60, 20, 180, 220, 160, 120, 30, 20, 40, 29, 1]),
        Axis::AmountBand => listed(&[5, 60, 90, 140, 160, 160, 150, 110, 70, 40, 14, 1]),
        Axis::ExposureBand => listed(&[4, 50, 80, 120, 150, 170, 160, 130, 80, 40, 15, 1]),
        Axis::RateBand => listed(&[80, 90, 160, 210, 320, 139, 1]),
        Axis::Lenders => listed(&[660, 190, 80, 36, 18, 14, 2]),
        Axis::FewLenders => listed(&[660, 190, 80, 36, 34]),
        Axis::BucketBefore => listed(&[930, 26, 13, 9, 7, 6, 5, 4]),
        Axis::Finding => listed(&[745, 15, 70, 25, 12, 48, 34, 30, 16, 5]),
        Axis::Burden => listed(&[430, 310, 190, 70]),
        Axis::Fate | Axis::OriginationMonth | Axis::MonthsOnBook | Axis::Member => 1_000,
    }
}

/// Millionths of all positions that were in a bucket and had a fate.
fn roll(places: &[usize]) -> i64 {
    let [before, fate] = places else { return 0 };
    let fates: i64 = match (number(*before), number(*fate)) {
        (0, 0) => 905,
        (0, 1) => 28,
        (0, 9) => 60,
        (before, fate) if fate == before + 1 && fate < 8 => 420 + 50 * before.min(5),
        (before, 0) => 250 - 30 * before,
        (before, fate) if fate == before => 180,
        (before, fate) if fate < before => 20,
        (before, 8) => before * before * 7,
        (_, 9) => 25,
        (_, 10) => 10,
        _ => 0,
    };
    weight(Axis::BucketBefore, *before) * fates
}

/// Thousandths of its row's first column that a column has.
fn fraction(column: &str, places: &[usize], month: u32) -> i64 {
    let growth = i64::from(month) * 3;
    let first = places.first().copied().map_or(0, number);
    let last = places.last().copied().map_or(0, number);
    match column {
        "subjects_2_plus" => 300 + growth * 2 + first % 7 * 9,
        "subjects_3_plus" => 120 + growth + first % 5 * 8,
        "subjects_5_plus" => 34 + growth / 3,
        "openings_same_day" => 22 + growth / 2 + first * 6,
        "openings_without_check" => 84 - growth + first * 5,
        "loans_offline" => 9,
        "loans_over_limit" => 2,
        "positions_dpd_1_plus" | "balance_dpd_1_plus" => 74 + growth / 2 + first * 2,
        "positions_dpd_31_plus" | "balance_dpd_31_plus" => 41 + growth / 3 + first,
        "positions_dpd_61_plus" | "balance_dpd_61_plus" => 27 + growth / 4,
        "positions_dpd_91_plus" | "balance_dpd_91_plus" => 19 + growth / 5,
        "positions_formal_overdue" | "balance_formal_overdue" => 60 + growth / 2,
        "subjects_dpd_31_plus" => 28 + last * last * 11 + growth / 3,
        "positions_ever_31" | "balance_ever_31" => (last + 1) * (9 - first / 4) / 2,
        "positions_ever_91" | "balance_ever_91" => (last - 2).max(0) * (7 - first / 4) / 3,
        "positions_restructured" | "balance_restructured" => 12 + growth / 4,
        "exposure" => 300 + last * 260,
        "cr3" => 410 + growth + first,
        "cr5" => 560 + growth + first,
        "lenders" => 1_610 + growth * 3,
        _ => 1_000,
    }
}

/// What is no share of anything.
fn plain(column: &str, has_currency: bool, month: u32) -> Option<i64> {
    let month = i64::from(month);
    let balance = SUBJECTS * OWED;
    let value = match column {
        "median" => 1,
        "p90" => 3,
        "median_band" => 5,
        "p90_band" => 8,
        "lenders" if has_currency => 38,
        "hhi_denominator" => 10_000,
        "hhi_numerator" => 910 + month * 14,
        "opening" => balance / 100 * (98 + month * 2),
        "originations" => balance / 100 * 14,
        "arrivals" | "transfers" => balance / 400,
        "increases" => balance / 100,
        "repayments" => balance / 100 * 12,
        "write_offs" | "withdrawals" => balance / 200,
        "closing" => balance / 100 * (100 + month * 2),
        _ => return None,
    };
    Some(value)
}
