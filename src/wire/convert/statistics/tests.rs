use super::*;

const TODAY: &str = "2026-04-15";

fn today() -> NaiveDate {
    TODAY.parse().unwrap()
}

fn date(text: &str) -> pb::Date {
    date_to_wire(text.parse().unwrap())
}

fn asked() -> pb::GetIndicatorRequest {
    pb::GetIndicatorRequest {
        indicator: "delinquency".to_owned(),
        as_of: Some(date("2026-03-31")),
        series_from: None,
        dimensions: vec![],
        currency: String::new(),
        version: 0,
    }
}

#[test]
fn every_published_table_can_be_asked_for_and_no_other() {
    for published in Published::every() {
        for currency in ["", "CNY"] {
            let mut dimensions: Vec<i32> = published.cuts.iter().copied().map(dimension).collect();
            dimensions.reverse();
            let wire = pb::GetIndicatorRequest {
                indicator: published.indicator.name().to_owned(),
                dimensions,
                currency: currency.to_owned(),
                ..asked()
            };
            let has_any = match currency {
                "" => !published.columns(false).is_empty(),
                _ => !published.columns(true).is_empty(),
            };
            match read_get_indicator(&wire, today()) {
                Ok(read) => {
                    assert!(has_any);
                    assert_eq!(read.published, published);
                    assert_eq!(read.currency.is_some(), !currency.is_empty());
                }
                Err(violations) => {
                    assert!(!has_any, "{violations:?}");
                    assert_eq!(violations[0].field, "currency");
                }
            }
        }
    }
}

#[test]
fn what_is_wrong_is_told_with_the_way_out() {
    type Change = fn(&mut pb::GetIndicatorRequest);
    let cases: [(Change, &str, Code); 8] = [
        (
            |wire| wire.indicator = "fashion".to_owned(),
            "indicator",
            Code::IndicatorUnknown,
        ),
        (
            |wire| wire.dimensions = vec![1, 1],
            "dimensions",
            Code::IndicatorUnknown,
        ),
        (
            |wire| wire.dimensions = vec![0],
            "dimensions",
            Code::IndicatorUnknown,
        ),
        (|wire| wire.as_of = None, "as_of", Code::FieldRequired),
        (
            |wire| wire.as_of = Some(date("2026-04-16")),
            "as_of",
            Code::DateInFuture,
        ),
        (
            |wire| wire.series_from = Some(date("2026-04-01")),
            "series_from",
            Code::DateOrder,
        ),
        (
            |wire| {
                wire.series_from = Some(date("2026-01-01"));
                wire.version = 1;
            },
            "version",
            Code::Format,
        ),
        (
            |wire| wire.currency = "ZZZ".to_owned(),
            "currency",
            Code::Currency,
        ),
    ];
    for (change, field, code) in cases {
        let mut wire = asked();
        change(&mut wire);
        let violations = read_get_indicator(&wire, today()).unwrap_err();
        let found: Vec<_> = violations
            .iter()
            .map(|violation| (violation.field.as_str(), violation.code))
            .collect();
        assert_eq!(found, vec![(field, code)]);
    }
}

#[test]
fn a_dimension_names_one_axis_and_every_cut_has_one() {
    for published in Published::every() {
        for cut in published.cuts {
            assert_ne!(dimension(*cut), 0, "{cut:?}");
        }
    }
}

#[test]
fn the_catalogue_is_in_alphabetical_order_and_tells_every_table() {
    let indicators = indicators_to_wire(Language::English);
    assert!(indicators.is_sorted_by_key(|indicator| indicator.name.clone()));
    let tables: usize = indicators
        .iter()
        .map(|indicator| indicator.breakdowns.len())
        .sum();
    assert_eq!(tables, Published::every().count());
}

#[test]
fn a_hidden_cell_says_why_and_a_share_is_a_part_of_one() {
    use pb::indicator_value::Value;
    assert_eq!(value_to_wire(Shown::Hidden).value, Some(Value::Suppressed(1)));
    assert_eq!(value_to_wire(Shown::Ratio(125)).value, Some(Value::Ratio(0.125)));
    assert_eq!(value_to_wire(Shown::Count(15)).value, Some(Value::Count(15)));
    assert_eq!(value_to_wire(Shown::Nothing).value, None);
}

proptest::proptest! {
    /// What is sent is read back as it was, whichever table it is.
    #[test]
    fn a_table_comes_back_as_it_was(
        place in 0..Published::every().count(),
        has_currency: bool,
        seeds in proptest::collection::vec((0_u8..5, -1_000_000_i64..1_000_000), 60),
    ) {
        let published = Published::every().nth(place).unwrap();
        let as_of = today();
        let currency = has_currency.then(|| Currency::parse("CNY").unwrap());
        let members: Vec<MemberId> = ["east-bank", "fast-cash", "zebra"]
            .into_iter()
            .filter(|_| published.names_members())
            .filter_map(MemberId::parse)
            .collect();
        let mut table = ShownTable { published, currency, members, rows: vec![] };
        let width = table.columns().len();
        for number in 0..3_usize {
            let place = |axis| match axis {
                Axis::Member => number,
                _ => number % axis.places(),
            };
            let places = published.axes().map(place).collect();
            let values = seeds.iter().skip(number * 3).cycle().take(width).map(|(kind, value)| match kind {
                0 => Shown::Count(*value),
                1 => Shown::Amount(*value),
                2 => Shown::Ratio(*value),
                3 if published.names_members() => Shown::Nothing,
                _ => Shown::Hidden,
            });
            table.rows.push(ShownRow { places, values: values.collect() });
        }
        let key = SnapshotKey { as_of, version: 1 };
        let sent = table_to_wire(key, &table);
        proptest::prop_assert_eq!(read_table(&sent, published, currency), Some((as_of, table)));
    }
}

#[test]
fn a_table_of_another_kind_is_not_read() {
    let named = |name: &str| {
        Published::every()
            .find(|published| published.indicator.name() == name)
            .unwrap()
    };
    let table = ShownTable {
        published: named("delinquency"),
        currency: None,
        members: vec![],
        rows: vec![],
    };
    let sent = table_to_wire(
        SnapshotKey {
            as_of: today(),
            version: 1,
        },
        &table,
    );
    assert!(read_table(&sent, named("delinquency"), None).is_some());
    assert_eq!(read_table(&sent, named("new_stacking"), None), None);
}

#[test]
fn a_cell_without_a_value_is_read_of_members_alone() {
    let [members, stacking] = [&[Axis::Member][..], &[]].map(|cuts| Published {
        indicator: if cuts.is_empty() {
            Indicator::NewStacking
        } else {
            Indicator::DataQuality
        },
        cuts,
    });
    for (published, is_read) in [(members, true), (stacking, false)] {
        let table = pb::IndicatorTable {
            as_of: Some(date_to_wire(today())),
            key_columns: published.axes().map(|axis| axis.name().to_owned()).collect(),
            value_columns: published
                .shown_columns(false)
                .iter()
                .map(|column| column.name.to_owned())
                .collect(),
            rows: vec![pb::IndicatorRow {
                keys: published.axes().map(|_| "east-bank".to_owned()).collect(),
                values: published
                    .shown_columns(false)
                    .iter()
                    .map(|_| pb::IndicatorValue { value: None })
                    .collect(),
            }],
            version: 1,
        };
        assert_eq!(
            read_table(&table, published, None).is_some(),
            is_read,
            "{published:?}"
        );
    }
}
