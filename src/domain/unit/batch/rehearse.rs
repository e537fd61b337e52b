//! A dry run: one record decided on a copy of the rows it concerns, so that nothing it does is seen by anybody.

use std::collections::BTreeSet;

use super::Item;
use crate::domain::names::MemberNo;
use crate::domain::unit::WorkingSet;
use crate::domain::unit::report::current_row;
use crate::domain::unit::working_set::{Keys, Network, Numbers};

/// Numbers that are never written: negative ones, which nothing on file has.
struct Invented(i64);

impl Numbers for Invented {
    fn next(&mut self) -> i64 {
        self.0 -= 1;
        self.0
    }
}

/// A copy of what a record concerns.
pub(super) fn alone(set: &WorkingSet, member_no: MemberNo, item: &Item) -> WorkingSet {
    let mut keys = Keys::default();
    keys.add_item(member_no, item);
    let mut copy = WorkingSet::new(set.rules.clone(), Network::default(), Box::new(Invented(0)));
    let mut subjects = BTreeSet::new();
    for pseudonym in &keys.pseudonyms {
        let Some(row) = set.tokens.get(pseudonym) else {
            continue;
        };
        copy.tokens.insert(pseudonym.clone(), *row);
        subjects.insert(row.subject_id);
        if let Some(links) = set.links.get(&row.subject_id) {
            subjects.extend(links.iter().map(|link| link.subject_id));
            copy.links.insert(row.subject_id, links.clone());
        }
    }
    for name in keys.accounts.union(&keys.recognised) {
        let Some(account) = set.accounts.get(name) else {
            continue;
        };
        subjects.insert(account.holder);
        if let Some(liable) = set.liable.get(&account.account_no) {
            subjects.extend(liable);
            copy.liable.insert(account.account_no, liable.clone());
        }
        if let Some(row) = current_row(set, account) {
            for shown in row
                .version
                .liabilities
                .iter()
                .flat_map(|liability| &liability.tokens)
            {
                let token_id = shown.token.token_id;
                let known = set.known_tokens.get(&token_id);
                copy.known_tokens
                    .extend(known.map(|subject| (token_id, *subject)));
            }
        }
        if let Some(past) = set.past_versions.get(&account.account_no) {
            copy.past_versions.insert(account.account_no, past.clone());
        }
        copy.accounts.insert(name.clone(), account.clone());
    }
    for subject in subjects {
        if let Some(rows) = set.subjects.get(&subject) {
            copy.subjects.insert(subject, rows.clone());
        }
    }
    copy
}
