use super::*;
use crate::domain::conduct::ReservationFates;
use crate::domain::date::Timestamp;
use crate::domain::member::LenderGroup;

fn member(number: i64, id: &str) -> Member {
    Member {
        member_no: MemberNo(number),
        member_id: MemberId::parse(id).unwrap(),
        display_name: id.to_owned(),
        lender_group: LenderGroup::Bank,
        roles: vec![Role::Lender],
        state: MemberState::Active,
        certificates: Vec::new(),
        created_at: Timestamp::from_micros(0),
        rule_packs: Vec::new(),
        evaluations_per_day: 0,
    }
}

fn date() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 3, 31).unwrap()
}

/// A market of lenders 1, 2, … with these balances.
fn market(balances: &[i128]) -> Statistics {
    let of_lenders = (1..).map(MemberNo).zip(balances.iter().copied());
    Statistics {
        as_of: date(),
        previous: None,
        subjects: 1_000,
        positions: 1_000,
        lenders: balances.len(),
        band_edges: BTreeMap::new(),
        balances: BTreeMap::from([(Currency::CNY, of_lenders.collect())]),
        tables: Vec::new(),
    }
}

/// A table of amounts with one cell that shows something else than the others.
fn table_with(
    (indicator, cuts): (Indicator, &'static [Axis]),
    rows: usize,
    (row, column, value): (usize, &str, Shown),
) -> ShownTable {
    let published = Published { indicator, cuts };
    let columns = published.shown_columns(true);
    let value_at = |at: usize, name: &str, kind| match (kind, at == row && name == column) {
        (_, true) => value,
        (ShownKind::Count, _) => Shown::Count(10),
        (ShownKind::Amount, _) => Shown::Amount(1_000),
        (ShownKind::Ratio, _) => Shown::Ratio(500),
    };
    let rows = (0..rows).map(|at| ShownRow {
        places: if cuts.is_empty() { Vec::new() } else { vec![at] },
        values: columns
            .iter()
            .map(|column| value_at(at, column.name, column.kind))
            .collect(),
    });
    ShownTable {
        published,
        currency: Some(Currency::CNY),
        members: Vec::new(),
        rows: rows.collect(),
    }
}

/// What is published, with one cell of the whole market's concentration and one of the groups' balances as told.
fn published((column, value): (&str, Shown), (group, balance): (usize, Shown)) -> ShownStatistics {
    ShownStatistics {
        as_of: date(),
        subjects: 1_000,
        positions: 1_000,
        lenders: 10,
        tables: vec![
            table_with((Indicator::Concentration, &[]), 1, (0, column, value)),
            table_with(
                (Indicator::Delinquency, &[Axis::LenderGroup]),
                LenderGroup::ALL.len(),
                (group, "balance", balance),
            ),
        ],
    }
}

/// Names and ranks.
fn named(balances: &[i128], shown: &ShownStatistics) -> Vec<(String, Shown)> {
    let members: Vec<Member> = [
        "a-bank", "b-bank", "c-bank", "d-bank", "e-bank", "f-bank", "g-bank",
    ]
    .into_iter()
    .zip(1..)
    .map(|(id, number)| Member {
        lender_group: match id {
            "d-bank" => LenderGroup::AutoLeasing,
            _ => LenderGroup::Bank,
        },
        ..member(number, id)
    })
    .collect();
    let tables = largest_lenders(&market(balances), shown, &members);
    let [table] = &tables[..] else {
        panic!("{tables:?}")
    };
    assert_eq!(table.currency, Some(Currency::CNY));
    let row = |row: &ShownRow| (table.member(row.places[0]).to_owned(), row.values[0]);
    table.rows.iter().map(row).collect()
}

const BALANCES: [i128; 7] = [1_500, 20, 3_333, 2_000, 3_333, 0, 14];
const ALL_IS_TOLD: (&str, Shown) = ("lenders", Shown::Count(10));
const LEASING: usize = 4;

#[test]
fn the_five_largest_lenders_are_named_by_rank() {
    assert_eq!(LenderGroup::ALL[LEASING], LenderGroup::AutoLeasing);
    let shown = published(ALL_IS_TOLD, (LEASING, Shown::Amount(2_000)));
    let expected = ["c-bank", "e-bank", "d-bank", "a-bank", "b-bank"];
    let expected = expected
        .map(str::to_owned)
        .into_iter()
        .zip((1..).map(Shown::Count));
    assert_eq!(named(&BALANCES, &shown), expected.collect::<Vec<_>>());
}

#[test]
fn a_lender_is_left_out_whose_group_is_hidden() {
    let shown = published(ALL_IS_TOLD, (LEASING, Shown::Hidden));
    let found = named(&BALANCES, &shown);
    let expected = [("c-bank", 1), ("e-bank", 2), ("a-bank", 4), ("b-bank", 5)];
    assert_eq!(
        found,
        expected.map(|(id, rank)| (id.to_owned(), Shown::Count(rank)))
    );
}

#[test]
fn nobody_is_named_where_the_sum_is_hidden_or_lenders_are_few() {
    for cell in [
        ("cr5_share", Shown::Hidden),
        ("lenders", Shown::Hidden),
        ("lenders", Shown::Count(5)),
    ] {
        let shown = published(cell, (LEASING, Shown::Amount(2_000)));
        assert_eq!(named(&BALANCES, &shown), [], "{cell:?}");
    }
    let nothing = ShownStatistics {
        tables: Vec::new(),
        ..published(ALL_IS_TOLD, (LEASING, Shown::Hidden))
    };
    assert_eq!(named(&BALANCES, &nothing), []);
}

#[test]
fn lenders_are_listed_that_could_do_something_in_the_month() {
    type Change = fn(&mut Member, Timestamp);
    let month = Month::of(2026, 2).unwrap();
    let zone = BusinessZone::parse("Asia/Shanghai").unwrap();
    let end = month.instants(zone).end;
    let changed: [(&str, Change); 6] = [
        ("active", |_, _| ()),
        ("suspended", |member, _| member.state = MemberState::Suspended),
        ("left", |member, _| member.state = MemberState::Left),
        ("proposed", |member, _| member.state = MemberState::Proposed),
        ("regulator", |member, _| member.roles = vec![Role::Regulator]),
        ("later", |member, end| member.created_at = end),
    ];
    let members: Vec<Member> = changed
        .into_iter()
        .map(|(id, change)| {
            let mut member = member(1, id);
            change(&mut member, end);
            member
        })
        .collect();
    let listed =
        lenders_of(&members, month, zone).map(|(member, takes_part)| (member.member_id.as_str(), takes_part));
    assert_eq!(
        listed.collect::<Vec<_>>(),
        [("active", true), ("suspended", true), ("left", false)]
    );
}

#[test]
fn a_month_is_told_when_it_is_over() {
    for (as_of, quality, conduct) in [
        ("2026-03-31", (2026, 2), (2026, 1)),
        ("2026-02-01", (2026, 1), (2025, 12)),
        ("2026-01-31", (2025, 12), (2025, 11)),
    ] {
        let before = |months| month_before(as_of.parse().unwrap(), months);
        assert_eq!(before(QUALITY_MONTHS_AFTER), Month::of(quality.0, quality.1));
        assert_eq!(before(CONDUCT_MONTHS_AFTER), Month::of(conduct.0, conduct.1));
    }
}

#[test]
fn no_table_names_more_members_than_it_may() {
    let row = |number: usize| (MemberId::parse(&format!("lender-{number}")).unwrap(), vec![]);
    let rows: Vec<_> = (0..=LENDERS_LISTED_MAX).map(row).collect();
    let table = table(of(Indicator::Conduct), None, rows);
    assert_eq!(table.rows.len(), LENDERS_LISTED_MAX);
    assert_eq!(table.members.len(), LENDERS_LISTED_MAX);
}

#[test]
fn what_a_member_did_stands_in_the_column_of_its_name() {
    let facts = ConductFacts {
        looks: 200,
        hard_queries: 90,
        checks: 80,
        judged_queries: 70,
        unfollowed_queries: 7,
        checks_in_turn: 60,
        loans_opened: 50,
        reservations: ReservationFates {
            confirmed: 10,
            late: 2,
            released: 5,
            lapsed: 3,
            live: 100,
        },
        strangers: 40,
        evaluations: 30,
    };
    let published = of(Indicator::Conduct);
    let columns = published.shown_columns(false);
    let named = |facts| {
        let values = shown_values(published, &figures_of(facts));
        let names = columns.iter().map(|column| column.name);
        names.zip(values).collect::<BTreeMap<_, _>>()
    };
    let told = named(&facts);
    for (name, expected) in [
        ("looks", Shown::Count(200)),
        ("hard_queries", Shown::Count(90)),
        ("rate_unfollowed", Shown::Ratio(100)),
        ("rate_in_turn", Shown::Ratio(750)),
        ("looks_per_loan", Shown::Ratio(3_400)),
        ("rate_lapsed", Shown::Ratio(150)),
        ("rate_late", Shown::Ratio(100)),
        ("rate_strangers", Shown::Ratio(200)),
        ("evaluations", Shown::Count(30)),
    ] {
        assert_eq!(told[name], expected, "{name}");
    }
    assert_eq!(told.len(), 9);
    let nothing = named(&ConductFacts::default());
    assert_eq!(nothing["looks"], Shown::Count(0));
    assert_eq!(nothing["rate_strangers"], Shown::Nothing);
}

#[test]
fn shares_are_rounded_to_the_nearest() {
    for (part, whole, expected) in [
        (1, 3, Some(333)),
        (2, 3, Some(667)),
        (1, 2_000, Some(1)),
        (0, 0, None),
    ] {
        assert_eq!(share(part, whole), expected, "{part} of {whole}");
    }
}
