//! Whether rows of several tables say the same of who is liable for what. Nothing in the schema can: each table is
//! distributed by another column, so there are no foreign keys.

use std::collections::{BTreeMap, BTreeSet};

use tallystick::domain::names::{MemberNo, SubjectId, TokenId};
use tallystick::domain::position::Liability;
use tallystick::domain::token::TokenRef;
use tallystick::store::Store as _;

use super::servers::Servers;

/// Questions whose answer is always nobody.
const NOBODY: [(&str, &str); 6] = [
    (
        "an account whose holder has no position of it",
        "SELECT count(*) FROM account a LEFT JOIN position p
            ON p.subject_id = a.holder AND p.member_no = a.member_no AND p.account_no = a.account_no
         WHERE p.subject_id IS NULL",
    ),
    (
        "a position of no account",
        "SELECT count(*) FROM position p LEFT JOIN account a
            ON a.member_no = p.member_no AND a.account_no = p.account_no
         WHERE a.account_no IS NULL",
    ),
    (
        "a version of no account",
        "SELECT count(*) FROM past_version v LEFT JOIN account a
            ON a.member_no = v.member_no AND a.account_no = v.account_no
         WHERE a.account_no IS NULL OR v.version > a.versions_made",
    ),
    (
        "positions of one account in two versions",
        "SELECT count(*) FROM (
            SELECT account_no FROM position GROUP BY account_no
            HAVING count(DISTINCT (version, last_received_at, deleted)) > 1) AS torn",
    ),
    (
        "a history of somebody who is not liable",
        "SELECT count(*) FROM position_history h LEFT JOIN position p
            ON p.subject_id = h.subject_id AND p.member_no = h.member_no AND p.account_no = h.account_no
         WHERE p.subject_id IS NULL",
    ),
    (
        "somebody liable without all the versions that stand",
        "SELECT count(*) FROM position p JOIN past_version v
            ON v.member_no = p.member_no AND v.account_no = p.account_no AND v.corrected_by IS NULL
         LEFT JOIN position_history h
            ON h.subject_id = p.subject_id AND h.account_no = v.account_no AND h.version = v.version
         WHERE h.subject_id IS NULL",
    ),
];

/// Rows of a table that name a subject to which no token leads: what a merge left behind.
const OF_SUBJECTS: [&str; 3] = [
    "SELECT DISTINCT subject_id FROM position",
    "SELECT DISTINCT subject_id FROM frozen_answer",
    "SELECT DISTINCT mobile_subject FROM mobile_link",
];
const OF_UNSPLIT: [&str; 2] = [
    "SELECT DISTINCT subject_id FROM mobile_link",
    "SELECT DISTINCT subject_id FROM inquiry",
];

/// Which rows a market must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// Everyone liable has the position.
    All,
    /// Somebody whom a current version names has the position. A split takes along the one row of a subject under which
    /// the version names two people, until the account is reported again; and links of a subject that loses its last
    /// token stay where they are.
    AfterSplits,
}

/// Panics unless the book is consistent.
pub async fn assert_consistent(servers: &Servers, wanted: Wanted) {
    for (what, sql) in NOBODY {
        assert_eq!(servers.count(sql).await, 0, "{what}");
    }
    let database = servers.database.connect().await;
    let tokens: BTreeMap<i64, i64> = database
        .query("SELECT token_id, subject_id FROM subject_token", &[])
        .await
        .unwrap()
        .iter()
        .map(|row| (row.get(0), row.get(1)))
        .collect();
    let named: BTreeSet<i64> = tokens.values().copied().collect();
    let unsplit = OF_UNSPLIT.iter().filter(|_| wanted == Wanted::All);
    for sql in OF_SUBJECTS.iter().chain(unsplit) {
        for row in database.query(*sql, &[]).await.unwrap() {
            let subject: i64 = row.get(0);
            assert!(named.contains(&subject), "{sql}: {subject} has no token");
        }
    }
    let mut liable: BTreeMap<i64, BTreeSet<i64>> = BTreeMap::new();
    let rows = "SELECT account_no, subject_id FROM position";
    for row in database.query(rows, &[]).await.unwrap() {
        liable.entry(row.get(0)).or_default().insert(row.get(1));
    }
    for member in servers.lenders {
        assert_rows_follow_tokens(servers, member, (&tokens, &liable), wanted).await;
    }
}

/// Whom the current version names has the position, and nobody else.
async fn assert_rows_follow_tokens(
    servers: &Servers,
    member: MemberNo,
    (tokens, liable): (&BTreeMap<i64, i64>, &BTreeMap<i64, BTreeSet<i64>>),
    wanted: Wanted,
) {
    let store = &servers.stores[0];
    for stored in store.list_positions(member, None, 10_000, false).await.unwrap() {
        let account = stored.account.account_no;
        let rows = &liable[&account.0];
        let liabilities = stored.row.version.liabilities.iter();
        let named: Vec<BTreeSet<i64>> = liabilities
            .map(|liability| subjects_of(liability, tokens))
            .collect();
        let has_row = |subjects: &BTreeSet<i64>| !subjects.is_disjoint(rows);
        let complete = match wanted {
            Wanted::All => named.iter().all(has_row),
            Wanted::AfterSplits => named.iter().any(has_row),
        };
        let of_nobody = rows
            .iter()
            .any(|row| !named.iter().any(|subjects| subjects.contains(row)));
        assert!(
            complete && !of_nobody,
            "{account:?} of {member:?} names {named:?} and has rows of {rows:?}"
        );
        let SubjectId(holder) = stored.row.subject_id;
        assert_eq!(holder, stored.account.holder.0);
    }
}

/// Strong tokens decide. A split may have taken one of them elsewhere: then the position went with it.
fn subjects_of(liability: &Liability<TokenRef>, tokens: &BTreeMap<i64, i64>) -> BTreeSet<i64> {
    let of = |TokenId(token): TokenId| tokens[&token];
    let strong = liability
        .tokens
        .iter()
        .filter(|shown| shown.token.identifier_type.is_strong());
    let subjects: BTreeSet<i64> = strong.map(|shown| of(shown.token.token_id)).collect();
    if subjects.is_empty() {
        return BTreeSet::from([of(liability.tokens[0].token.token_id)]);
    }
    subjects
}
