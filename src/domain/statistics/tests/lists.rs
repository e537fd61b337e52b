//! The fixed lists: tables, columns, keys, and what is told about them.

use std::collections::BTreeSet;

use super::super::{Axis, CELLS_MAX, Column, Indicator, Published, TABLES_MAX};
use super::market::{Market, loan, terms};
use crate::domain::language::Language;
use crate::domain::validation::samples::date;

#[test]
fn no_table_has_too_many_cells_and_there_are_not_too_many_tables() {
    let tables: Vec<Published> = Published::every().collect();
    assert!(tables.len() <= TABLES_MAX, "{} tables", tables.len());
    for table in tables {
        assert!(
            table.cells() <= CELLS_MAX,
            "{table:?} has {} cells",
            table.cells()
        );
    }
}

#[test]
fn every_table_is_listed_once_and_every_indicator_has_one_without_cuts_or_by_member() {
    for indicator in [Indicator::DataQuality, Indicator::Conduct] {
        assert!(indicator.cuts().is_empty());
    }
    let counted = Indicator::ALL
        .into_iter()
        .filter(|indicator| !indicator.cuts().is_empty());
    assert_eq!(counted.clone().count(), Indicator::ALL.len() - 2);
    for indicator in counted {
        let cuts: BTreeSet<&[Axis]> = indicator.cuts().iter().copied().collect();
        assert_eq!(cuts.len(), indicator.cuts().len(), "{indicator:?}");
        assert!(cuts.contains(&[][..]), "{indicator:?}");
    }
    let names: BTreeSet<&str> = Indicator::ALL.into_iter().map(Indicator::name).collect();
    assert_eq!(names.len(), Indicator::ALL.len());
}

#[test]
fn every_row_that_can_be_is_there_whatever_the_market() {
    let market = Market {
        terms: terms("2026-03-31"),
        subjects: vec![vec![loan(1)]],
        looks: Vec::new(),
    };
    for table in market.statistics().tables {
        let rows = match table.published.indicator {
            // One for the oldest month's every month on book, down to one for the youngest.
            Indicator::Vintage => 24 * 25 / 2,
            _ => table.published.rows(),
        };
        assert_eq!(table.rows.len(), rows, "{:?}", table.published);
        let columns = table.columns().len();
        assert!(table.rows.iter().all(|row| row.values.len() == columns));
        let places: BTreeSet<&[usize]> = table.rows.iter().map(|row| &row.places[..]).collect();
        assert_eq!(places.len(), rows);
    }
}

#[test]
fn keys_are_different_for_every_place_of_an_axis() {
    for axis in Published::all().flat_map(Published::axes) {
        let label = |place| axis.label(place, date("2026-03-31"));
        let labels: BTreeSet<_> = (0..axis.places()).map(label).collect();
        assert_eq!(labels.len(), axis.places(), "{axis:?}");
        assert!(!labels.contains(""), "{axis:?}");
    }
}

#[test]
fn origination_months_run_up_to_the_month_before() {
    for (as_of, first, last) in [
        ("2026-03-31", "2024-03", "2026-02"),
        ("2026-01-31", "2024-01", "2025-12"),
        ("2024-12-01", "2022-12", "2024-11"),
    ] {
        let label = |place| Axis::OriginationMonth.label(place, date(as_of));
        assert_eq!((&*label(0), &*label(23)), (first, last));
    }
}

#[test]
fn a_definition_names_every_column_in_each_language() {
    for indicator in Indicator::ALL {
        let english = indicator.definition(Language::English);
        let chinese = indicator.definition(Language::Chinese);
        for Column { name, .. } in indicator.counts().iter().chain(indicator.amounts()) {
            // Columns that differ in their edge alone are told once.
            let told =
                |text: &str| text.contains(name) || (name.contains("_dpd_") && text.contains("_dpd_1_plus"));
            let is_count_of_vintage = indicator == Indicator::Vintage && name.starts_with("positions");
            for text in [english, chinese] {
                assert!(
                    told(text) || is_count_of_vintage,
                    "{indicator:?} does not tell what {name} is"
                );
            }
        }
        assert_ne!(
            indicator.title(Language::English),
            indicator.title(Language::Chinese)
        );
        assert!(!chinese.is_ascii());
        assert!(!english.contains("  ") && english.is_ascii(), "{english}");
    }
}

#[test]
fn what_a_column_is_divided_by_stands_beside_it_and_is_divided_by_nothing() {
    for indicator in Indicator::ALL {
        for columns in [indicator.counts(), indicator.amounts()] {
            let names: BTreeSet<&str> = columns.iter().map(|column| column.name).collect();
            assert_eq!(names.len(), columns.len(), "{indicator:?}");
            for share in columns.iter().filter_map(|column| column.share) {
                let found = columns.iter().find(|column| column.name == share.of);
                assert_eq!(found.unwrap().share, None, "{indicator:?}");
            }
        }
    }
}

#[test]
fn the_text_for_a_digest_is_fixed() {
    let market = Market {
        terms: terms("2026-03-31"),
        subjects: vec![vec![loan(1)]],
        looks: Vec::new(),
    };
    let text = market.statistics().encode();
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("tallystick statistics 1"));
    assert_eq!(lines.next(), Some("2026-03-31\t-"));
    assert_eq!(lines.next(), Some("1\t1\t1"));
    assert_eq!(
        lines.next(),
        Some("multi_lender_histogram\t-\tlenders\tsubjects\tof_subjects")
    );
    assert_eq!(lines.next(), Some("\t1\t1\t1"));
    assert_eq!(lines.next(), Some("\t2\t0\t1"));
    assert!(text.contains("\nmulti_lender_histogram\tCNY\tregion\tlenders\tbalance\tof_balance\n"));
    assert!(text.contains("\n\t44\t1\t80000\t80000\n"));
    assert!(text.ends_with('\n'));
}

#[test]
fn indicators_are_numbered_as_they_are_listed() {
    for (place, indicator) in Indicator::ALL.into_iter().enumerate() {
        assert_eq!(indicator.number(), place);
    }
}
