use super::*;
use crate::domain::conduct::ReservationFates;
use crate::domain::date::Timestamp;
use crate::domain::member::LenderGroup;
use crate::domain::statistics::{Contributors, Row, Table};

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

/// A market of lenders 1, 2, … with these balances, whose largest borrower owes so much.
fn market(balances: &[i128], largest_subject: i128) -> Statistics {
    let row = Row {
        places: Vec::new(),
        values: vec![balances.iter().sum()],
        contributors: vec![Contributors {
            largest_subjects: [largest_subject, 0],
            ..Contributors::default()
        }],
    };
    let delinquency = Published {
        indicator: Indicator::Delinquency,
        cuts: &[],
    };
    Statistics {
        as_of: date(),
        previous: None,
        subjects: 1_000,
        positions: 1_000,
        lenders: balances.len(),
        band_edges: BTreeMap::new(),
        balances: BTreeMap::from([(
            Currency::CNY,
            (1..).map(MemberNo).zip(balances.iter().copied()).collect(),
        )]),
        tables: vec![Table {
            published: delinquency,
            currency: Some(Currency::CNY),
            rows: vec![row],
        }],
    }
}

/// What is published of the concentration of a market: all of it, or nothing.
fn concentration(is_told: bool) -> ShownStatistics {
    let published = Published {
        indicator: Indicator::Concentration,
        cuts: &[],
    };
    let value = if is_told { Shown::Ratio(500) } else { Shown::Hidden };
    ShownStatistics {
        as_of: date(),
        subjects: 1_000,
        positions: 1_000,
        lenders: 7,
        tables: vec![ShownTable {
            published,
            currency: Some(Currency::CNY),
            members: Vec::new(),
            rows: vec![ShownRow {
                places: Vec::new(),
                values: vec![value; published.shown_columns(true).len()],
            }],
        }],
    }
}

/// Names and shares, in thousandths.
fn named(balances: &[i128], largest_subject: i128, is_told: bool) -> Vec<(String, Shown)> {
    let members: Vec<Member> = [
        "a-bank", "b-bank", "c-bank", "d-bank", "e-bank", "f-bank", "g-bank",
    ]
    .into_iter()
    .zip(1..)
    .map(|(id, number)| member(number, id))
    .collect();
    let shown = concentration(is_told);
    let tables = largest_lenders(&market(balances, largest_subject), &shown, &members);
    let [table] = &tables[..] else {
        panic!("{tables:?}")
    };
    assert_eq!(table.currency, Some(Currency::CNY));
    let row = |row: &ShownRow| (table.member(row.places[0]).to_owned(), row.values[0]);
    table.rows.iter().map(row).collect()
}

#[test]
fn the_five_largest_lenders_are_named_with_whole_per_cents() {
    let balances = [1_500, 20, 3_333, 2_000, 3_333, 0, 14];
    let share = |percent: i64| Shown::Ratio(percent * 10);
    let expected = [
        ("c-bank", 33),
        ("e-bank", 33),
        ("d-bank", 20),
        ("a-bank", 15),
        ("b-bank", 0),
    ];
    assert_eq!(
        named(&balances, 51, true),
        expected.map(|(id, percent)| (id.to_owned(), share(percent)))
    );
}

#[test]
fn nobody_is_named_where_a_borrower_could_show_or_the_sum_is_hidden() {
    let balances = [4_000, 2_000, 2_000, 1_000, 500, 500];
    for (largest_subject, is_told, names) in [(50, true, 5), (51, true, 0), (50, false, 0)] {
        let found = named(&balances, largest_subject, is_told);
        assert_eq!(found.len(), names, "{largest_subject} {is_told}");
    }
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
        ("judged_queries", Shown::Count(70)),
        ("unfollowed_queries", Shown::Count(7)),
        ("rate_unfollowed", Shown::Ratio(100)),
        ("checks", Shown::Count(80)),
        ("checks_in_turn", Shown::Count(60)),
        ("rate_in_turn", Shown::Ratio(750)),
        ("loans_opened", Shown::Count(50)),
        ("reservations_ended", Shown::Count(20)),
        ("reservations_lapsed", Shown::Count(3)),
        ("rate_lapsed", Shown::Ratio(150)),
        ("reservations_late", Shown::Count(2)),
        ("rate_late", Shown::Ratio(100)),
        ("strangers", Shown::Count(40)),
        ("rate_strangers", Shown::Ratio(200)),
        ("evaluations", Shown::Count(30)),
    ] {
        assert_eq!(told[name], expected, "{name}");
    }
    assert_eq!(told.len(), columns.len());
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
        assert_eq!(rounded(part, whole, WHOLE), expected, "{part} of {whole}");
    }
}
