//! Bytes a position, all indexes, without history, requests, looks and the audit log.

use std::collections::BTreeMap;

use futures::future::join_all;
use tallystick::domain::token::Pseudonym;

use super::Sqlite;
use crate::store::market::{Loan, Market, mobile, national_id};

/// What a position may take.
const BYTES_MAX: u64 = 300;
/// Positions in the test; more with the variable below, which also prints where the bytes go.
const POSITIONS: u32 = 20_000;
const POSITIONS_VARIABLE: &str = "TALLYSTICK_TEST_POSITIONS";
/// Reports sent at once.
const GROUP: u32 = 500;

#[tokio::test]
async fn a_position_takes_no_more_bytes_than_budgeted() {
    let chosen = std::env::var(POSITIONS_VARIABLE)
        .ok()
        .map(|text| text.parse().unwrap());
    let positions = chosen.unwrap_or(POSITIONS);
    let engine = Sqlite::new();
    let market = Market::on(&engine).await;
    for first in (0..positions).step_by(usize::try_from(GROUP).unwrap()) {
        let group = (first..positions.min(first + GROUP)).map(|number| report(&market, number, positions));
        join_all(group).await;
    }
    drop(market);
    let (used, tables) = bytes_by_table(&engine);
    let each = used / u64::from(positions);
    println!("{each} bytes a position at {positions} positions");
    for (table, bytes) in &tables {
        println!(
            "{:>8.1} {table}",
            f64::from(u32::try_from(bytes / 16).unwrap()) * 16.0 / f64::from(positions)
        );
    }
    assert!(each <= BYTES_MAX, "{each} bytes a position: {tables:?}");
}

/// 2.5 positions and 1.2 tokens a subject, lenders taking turns, people in no order.
async fn report(market: &Market<'_>, number: u32, positions: u32) {
    let people = positions * 2 / 5;
    let person = mixed(number) % people;
    let lender = [market.a, market.b, market.c][usize::try_from(number % 3).unwrap()];
    let mut tokens: Vec<Pseudonym> = vec![national_id(person)];
    if person.is_multiple_of(5) {
        tokens.push(mobile(person));
    }
    let name = format!(
        "{}{number:012}",
        ["LN", "CC", "CF"][usize::try_from(number % 3).unwrap()]
    );
    let loan = Loan::new(&name, &tokens)
        .owing(100_000 + i64::from(number % 900_000))
        .with(|facts| {
            facts.original_amount = 1_000_000 + i64::from(number % 77) * 10_000;
            facts.consent_reference = format!("c-{number:010}");
        });
    market.report(lender, &loan).await;
}

/// A number without any order, the same every time (the finaliser of MurmurHash3).
fn mixed(number: u32) -> u32 {
    let mut mixed = number ^ (number >> 16);
    mixed = mixed.wrapping_mul(0x85EB_CA6B);
    mixed ^= mixed >> 13;
    mixed = mixed.wrapping_mul(0xC2B2_AE35);
    mixed ^ (mixed >> 16)
}

fn bytes_by_table(engine: &Sqlite) -> (u64, BTreeMap<String, u64>) {
    let connection = rusqlite::Connection::open(engine.path()).unwrap();
    let mut statement = connection
        .prepare("SELECT name, sum(pgsize) FROM dbstat GROUP BY name ORDER BY name")
        .unwrap();
    let all: BTreeMap<String, u64> = statement
        .query_map([], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?)))
        .unwrap()
        .map(Result::unwrap)
        .map(|(name, bytes)| (name, bytes.try_into().unwrap()))
        .collect();
    let counted = ["position", "account", "subject_token", "mobile_link"];
    let of_positions = |name: &str| {
        counted.iter().any(|table| {
            name == *table
                || name.starts_with(&format!("{table}_by_"))
                || name.starts_with(&format!("sqlite_autoindex_{table}_"))
        })
    };
    let used = all
        .iter()
        .filter(|(name, _)| of_positions(name))
        .map(|(_, bytes)| bytes)
        .sum();
    (used, all)
}
