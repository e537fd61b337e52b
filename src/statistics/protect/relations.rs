//! What the definitions say of the cells, whatever the market is: which are the same, which add up to which, and which cannot
//! be larger than others.

use super::system::{CellNo, Place, System};
use crate::domain::currency::Currency;
use crate::domain::statistics::{Axis, Indicator, Published};

/// Lenders on the axis of histograms that are one number each; then 6 to 9, then 10 and more.
const EXACT_LENDERS: usize = 5;
/// Buckets of days past due that delinquency tells apart: the last is 91 days and more.
const BUCKETS_TOLD: usize = 4;
/// The place of checks that were left to a person among findings.
const REFERRED: usize = 1;
/// How many times the highest edge of bands a subject of the highest band is taken to owe at most, at least.
const TOP_BAND_TIMES: i128 = 10;

/// Where the quantity at a place is told first, if another place tells it too.
pub(super) fn twin(system: &System<'_>, (table, row, cell): Place) -> Option<Place> {
    let of = &system.statistics.tables[table];
    let Published { indicator, cuts } = of.published;
    let places = &of.rows[row].places;
    let own = &places[..cuts.len()];
    let in_currency = of.currency.is_some();
    let at = |indicator: Indicator, currency: Option<Currency>, places: &[usize], cell: usize| {
        let table = system.table(indicator, cuts, currency)?;
        Some((table, system.row(table, places)?, cell))
    };
    let with = |last: usize| [own, &[last]].concat();
    let last = places.last().copied().unwrap_or_default();
    match (indicator, in_currency, cell) {
        (Indicator::MultiLenderHistogram, false, 1) => at(Indicator::MultiLenderRate, None, own, 0)
            // The same in every row of a whole.
            .or_else(|| at(indicator, None, &with(0), cell)),
        (Indicator::LendersPerSubject, _, 0) => at(Indicator::MultiLenderRate, None, own, 0),
        // One lender, and two.
        (Indicator::MultiLenderRate, _, 4 | 5) => {
            at(Indicator::MultiLenderHistogram, None, &with(cell - 4), 0)
        }
        (Indicator::DelinquencyByLenders, _, 0) if last + 1 < EXACT_LENDERS => {
            let bar = at(Indicator::MultiLenderHistogram, of.currency, &with(last), 0);
            // One lender, and two, of a cut without a histogram.
            let is_told = !in_currency && last < 2;
            bar.or_else(|| at(Indicator::MultiLenderRate, None, own, 4 + last).filter(|_| is_told))
        }
        (Indicator::DelinquencyByLenders, false, 0) => at(Indicator::MultiLenderRate, None, own, 3),
        (Indicator::UncheckedLoans, _, 0) => at(Indicator::SameDayStacking, None, own, 0),
        (Indicator::Restructuring, _, 0) => at(Indicator::Delinquency, of.currency, own, 0),
        (Indicator::Concentration, _, 1) | (Indicator::Flow, _, 8) => {
            at(Indicator::Delinquency, of.currency, own, 0)
        }
        (Indicator::ExposureDistribution, _, 2 | 3) => {
            at(Indicator::ExposurePerSubject, of.currency, own, cell - 2)
        }
        // The same in every row of a whole, and in every month of a vintage.
        (Indicator::MultiLenderHistogram, true, 1)
        | (Indicator::RollRate | Indicator::BlockedStacking | Indicator::DstiDistribution, _, 1)
        | (Indicator::Vintage, _, 0) => {
            let first = [&places[..places.len() - 1], &[0]].concat();
            at(indicator, of.currency, &first, cell)
        }
        _ => None,
    }
}

/// Adds every relation.
pub(super) fn add(system: &mut System<'_>) {
    for table in 0..system.statistics.tables.len() {
        margins(system, table);
        differences(system, table);
        wholes(system, table);
        let of = &system.statistics.tables[table];
        let Published { indicator, cuts } = of.published;
        let currency = of.currency;
        for row in 0..of.rows.len() {
            match (indicator, currency) {
                (Indicator::MultiLenderRate, _) => classes(system, table, row, cuts),
                (Indicator::LendersPerSubject, _) => lenders(system, table, row, cuts),
                (Indicator::DelinquencyByLenders, Some(_)) => many_lenders(system, table, row),
                (Indicator::ExposureDistribution, Some(currency)) => band(system, table, row, currency),
                (Indicator::DstiDistribution, _) => judged(system, table, row),
                (Indicator::RollRate, None) => fates(system, table, row),
                (Indicator::Vintage, _) => months(system, table, row),
                (Indicator::Flow, Some(currency)) => flow(system, table, row, currency),
                _ => {}
            }
        }
    }
    let currencies: Vec<Currency> = system.statistics.band_edges.keys().copied().collect();
    for currency in currencies {
        let owed = |indicator, places: &[usize], cell| (indicator, places.to_vec(), cell);
        let [(histogram, first, whole), (delinquency, none, all)] = [
            owed(Indicator::MultiLenderHistogram, &[0], 1),
            owed(Indicator::Delinquency, &[], 0),
        ];
        let by_subject = system.find((histogram, &[], Some(currency)), &first, whole);
        let by_position = system.find((delinquency, &[], Some(currency)), &none, all);
        system.relate([(by_subject, 1), (by_position, -1)], true);
    }
}

/// A table without one of its cuts is its sum over that cut.
fn margins(system: &mut System<'_>, table: usize) {
    let statistics = system.statistics;
    let of = &statistics.tables[table];
    let Published { indicator, cuts } = of.published;
    for left_out in 0..cuts.len() {
        let mut kept: Vec<Axis> = cuts.to_vec();
        kept.remove(left_out);
        let Some(coarse) = system.table(indicator, &kept, of.currency) else {
            continue;
        };
        let mut sums: Vec<Vec<usize>> = vec![Vec::new(); statistics.tables[coarse].rows.len()];
        for (number, row) in of.rows.iter().enumerate() {
            let mut places = row.places.clone();
            places.remove(left_out);
            if let Some(sum) = system.row(coarse, &places) {
                sums[sum].push(number);
            }
        }
        let additive = of.columns().iter().enumerate();
        let additive = additive.filter(|(_, column)| column.is_additive);
        for (column, _) in additive {
            for (sum, rows) in sums.iter().enumerate() {
                let whole = system.cell_at((coarse, sum, column));
                let parts = rows.iter().map(|row| (system.cell_at((table, *row, column)), -1));
                let terms: Vec<_> = parts.chain([(whole, 1)]).collect();
                system.relate(terms, true);
            }
        }
    }
}

/// A difference and its part are the whole.
fn differences(system: &mut System<'_>, table: usize) {
    let of = &system.statistics.tables[table];
    let columns = of.columns().len();
    let differences = of.published.indicator.differences(of.currency.is_some());
    for row in 0..of.rows.len() {
        for (difference, number) in differences.iter().zip(columns..) {
            let at = |cell| system.cell_at((table, row, cell));
            let terms = [
                (at(difference.whole), 1),
                (at(difference.part), -1),
                (at(number), -1),
            ];
            system.relate(terms, true);
        }
    }
}

/// A whole is the sum of its rows along the last axis.
fn wholes(system: &mut System<'_>, table: usize) {
    let of = &system.statistics.tables[table];
    let wholes = of.columns().iter().enumerate();
    let wholes = wholes.filter(|(_, column)| column.is_whole());
    for ((whole, _), column) in wholes.zip(0..) {
        let rows: Vec<usize> = (0..of.rows.len()).collect();
        let same = |one: &usize, other: &usize| {
            let [one, other] = [one, other].map(|row| &of.rows[*row].places);
            one[..one.len() - 1] == other[..other.len() - 1]
        };
        for rows in rows.chunk_by(same) {
            let parts = rows.iter().map(|row| (system.cell_at((table, *row, column)), -1));
            let all = system.cell_at((table, rows[0], whole));
            let terms: Vec<_> = parts.chain([(all, 1)]).collect();
            system.relate(terms, true);
        }
    }
}

/// Rates by lenders are sums of the histogram, where there is one for the cut; else of the policy curve.
fn classes(system: &mut System<'_>, table: usize, row: usize, cuts: &[Axis]) {
    let places = system.statistics.tables[table].rows[row].places.clone();
    let told = |system: &System<'_>, lenders: usize| {
        let places = [&places[..], &[lenders]].concat();
        system.find((Indicator::MultiLenderHistogram, cuts, None), &places, 0)
    };
    if told(system, 0).is_none() {
        let few = [2, 3].map(|lenders| {
            let places = [&places[..], &[lenders]].concat();
            let cell = system.find((Indicator::DelinquencyByLenders, cuts, None), &places, 0);
            (cell, -1)
        });
        let three_and_four = system.cell_at((table, row, 6));
        system.relate(few.into_iter().chain([(three_and_four, 1)]), true);
        return;
    }
    for (cell, lenders) in [(6, 2..4), (3, 4..7)] {
        let class = system.cell_at((table, row, cell));
        let parts = lenders.map(|lenders| (told(system, lenders), -1));
        let terms: Vec<_> = parts.chain([(class, 1)]).collect();
        system.relate(terms, true);
    }
}

/// The lenders of all subjects, from the histogram: 6 to 9 each of some, 10 and more of others.
fn lenders(system: &mut System<'_>, table: usize, row: usize, cuts: &[Axis]) {
    let places = system.statistics.tables[table].rows[row].places.clone();
    let numbers = (0..7).map(|place| {
        let places = [&places[..], &[place]].concat();
        let cell = system.find((Indicator::MultiLenderHistogram, cuts, None), &places, 0);
        (cell, place)
    });
    let histogram: Vec<(Option<CellNo>, usize)> = numbers.collect();
    let all = system.cell_at((table, row, 1));
    let least = |place: usize| i128::try_from(if place == 6 { 10 } else { place + 1 }).unwrap_or(1);
    let parts = histogram.iter().map(|(cell, place)| (*cell, -least(*place)));
    let terms: Vec<_> = parts.chain([(all, 1)]).collect();
    system.relate(terms, false);
    // Without anybody of 10 or more, nobody has more than 9.
    let value = |cell: Option<CellNo>| cell.map_or(0, |cell| system.cells[cell].value);
    let most = |place: usize| match place {
        5 => 9,
        // Of so many as there are lenders, at least.
        6 => value(all).max(1_000),
        _ => least(place),
    };
    let parts = histogram.iter().map(|(cell, place)| (*cell, most(*place)));
    let terms: Vec<_> = parts.chain([(all, -1)]).collect();
    system.relate(terms, false);
}

/// What subjects of five lenders and more owe, from the histogram.
fn many_lenders(system: &mut System<'_>, table: usize, row: usize) {
    let of = &system.statistics.tables[table];
    let places = &of.rows[row].places;
    let [own @ .., last] = places.as_slice() else {
        return;
    };
    if *last + 1 < EXACT_LENDERS {
        return;
    }
    let parts = (4..7).map(|lenders| {
        let places = [own, &[lenders]].concat();
        let table = (Indicator::MultiLenderHistogram, of.published.cuts, of.currency);
        (system.find(table, &places, 0), -1)
    });
    let terms: Vec<_> = parts.chain([(system.cell_at((table, row, 0)), 1)]).collect();
    system.relate(terms, true);
}

/// What the subjects of a band owe lies between its edges.
fn band(system: &mut System<'_>, table: usize, row: usize, currency: Currency) {
    let statistics = system.statistics;
    let place = statistics.tables[table].rows[row].places.last().copied();
    let place = place.unwrap_or_default();
    let edges = statistics.band_edges.get(&currency);
    let edge = |number: usize| {
        edges
            .and_then(|edges| edges.get(number))
            .map(|edge| i128::from(*edge))
    };
    let [subjects, exposure] = [0, 1].map(|cell| system.cell_at((table, row, cell)));
    let value = |cell: Option<CellNo>| cell.map_or(0, |cell| system.cells[cell].value);
    let mean = value(exposure) / value(subjects).max(1);
    let least = if place < 2 {
        0
    } else {
        edge(place - 2).unwrap_or(0)
    };
    let most = match place {
        0 => 0,
        _ => edge(place - 1).unwrap_or_else(|| {
            let highest = edge(place.saturating_sub(2)).unwrap_or(1);
            TOP_BAND_TIMES * highest.max(mean)
        }),
    };
    system.relate([(exposure, 1), (subjects, -least)], false);
    system.relate([(exposure, -1), (subjects, most)], false);
}

/// Checks with a stated income are among those that were judged: all but the ones left to a person.
fn judged(system: &mut System<'_>, table: usize, row: usize) {
    let of = &system.statistics.tables[table];
    let [own @ .., burden] = of.rows[row].places.as_slice() else {
        return;
    };
    if *burden != 0 {
        return;
    }
    let checks = (Indicator::BlockedStacking, of.published.cuts, None);
    let at = |finding: usize, cell| system.find(checks, &[own, &[finding]].concat(), cell);
    let with_income = (system.cell_at((table, row, 1)), -1);
    let terms = [(at(0, 1), 1), (at(REFERRED, 0), -1), with_income];
    system.relate(terms, false);
}

/// Positions that were active before and are now in a bucket are among all in it.
fn fates(system: &mut System<'_>, table: usize, row: usize) {
    let of = &system.statistics.tables[table];
    let [own @ .., before, fate] = of.rows[row].places.as_slice() else {
        return;
    };
    if *before != 0 || *fate > BUCKETS_TOLD {
        return;
    }
    // Differences follow the six columns: buckets up to 90 days; 91 days and more is the last column but one.
    let bucket = if *fate < BUCKETS_TOLD { 6 + fate } else { 4 };
    let all = system.find((Indicator::Delinquency, of.published.cuts, None), own, bucket);
    let last = if *fate < BUCKETS_TOLD { *fate } else { 7 };
    let parts = (*fate..=last).flat_map(|fate| (0..8).map(move |before| (before, fate)));
    let parts = parts.map(|(before, fate)| {
        let row = system.row(table, &[own, &[before, fate]].concat());
        (row.and_then(|row| system.cell_at((table, row, 0))), -1)
    });
    let terms: Vec<_> = parts.chain([(all, 1)]).collect();
    system.relate(terms, false);
}

/// What was ever so is what was so before and what is new.
fn months(system: &mut System<'_>, table: usize, row: usize) {
    let of = &system.statistics.tables[table];
    let in_currency = of.currency.is_some();
    let new = of.columns().len() + of.published.indicator.differences(in_currency).len();
    let is_first = of.rows[row].places.last() == Some(&0);
    for column in [1, 2] {
        let at = |row, cell| (system.cell_at((table, row, cell)), -1);
        let before = (!is_first).then(|| at(row - 1, column));
        let ever = (system.cell_at((table, row, column)), 1);
        let terms = [ever, at(row, new + column - 1)].into_iter().chain(before);
        let terms: Vec<_> = terms.collect();
        system.relate(terms, true);
    }
}

/// A flow reconciles, and what it begins with is what roll rates are shares of.
fn flow(system: &mut System<'_>, table: usize, row: usize, currency: Currency) {
    let signs = [1, 1, 1, 1, -1, -1, -1, -1, -1];
    let columns = signs.into_iter().zip(0..);
    let terms = columns.map(|(sign, column)| (system.cell_at((table, row, column)), sign));
    let terms: Vec<_> = terms.collect();
    system.relate(terms, true);
    let of = &system.statistics.tables[table];
    let own = &of.rows[row].places;
    let rolls = (Indicator::RollRate, of.published.cuts, Some(currency));
    let buckets = (0..8).map(|before| (system.find(rolls, &[&own[..], &[before, 0]].concat(), 1), -1));
    let opening = (system.cell_at((table, row, 0)), 1);
    let terms: Vec<_> = buckets.chain([opening]).collect();
    system.relate(terms, true);
}
