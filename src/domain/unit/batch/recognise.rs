//! Records whose tokens were recognised: equal digests are equal tokens, so those on file stand for them.
//!
//! Whoever prepared the chunk looked before the unit of work; in between somebody may have reported the account with other
//! tokens. Then nothing of the chunk is decided, and it is prepared again.

use std::collections::BTreeSet;

use super::{Item, ItemAct, Recognised};
use crate::domain::names::{MemberNo, SubjectId};
use crate::domain::position::{Liability, Position};
use crate::domain::token::{Presented, Shown, Token as _, TokenRef};
use crate::domain::unit::record;
use crate::domain::unit::report::current_row;
use crate::domain::unit::rows::AccountRow;
use crate::domain::unit::{Refused, Report, WorkingSet};
use crate::domain::violation::{Code, Violation};

/// Whether every recognised record of a chunk still is: before anything is decided.
///
/// # Errors
/// [`Code::TokensChanged`]: to be prepared again, with all tokens mapped.
pub(super) fn check(set: &WorkingSet, member_no: MemberNo, items: &[Item]) -> Result<(), Refused> {
    let stale = items.iter().any(|item| match &item.act {
        ItemAct::Recognised(stated) => account_of(set, member_no, stated).is_none(),
        ItemAct::Unreadable(_) | ItemAct::Report(_) | ItemAct::Correct(_) | ItemAct::Delete(_) => false,
    });
    if stale {
        let text = "tokens on file changed while the chunk was prepared: prepare it again";
        return Err(Refused::because(Violation::new(Code::TokensChanged, "", text)));
    }
    Ok(())
}

/// The report with the tokens that are on file.
pub(super) fn on_file(set: &WorkingSet, member_no: MemberNo, stated: &Recognised) -> Option<Report> {
    let account = account_of(set, member_no, stated)?;
    let row = current_row(set, account)?;
    let position = &stated.position;
    let liabilities = position.liabilities.iter().zip(&row.version.liabilities);
    let liabilities = liabilities.map(|(said, known)| {
        let tokens = said
            .tokens
            .iter()
            .zip(&known.tokens)
            .map(|(shown, known)| Presented {
                token: Shown::OnFile(known.token),
                verified_on: shown.verified_on,
            });
        Liability {
            role: said.role,
            tokens: tokens.collect(),
        }
    });
    Some(Report {
        position: Position {
            account_ref: position.account_ref.clone(),
            liabilities: liabilities.collect(),
            facts: position.facts.clone(),
            order: position.order,
        },
        event: stated.event,
        violations: stated.violations.clone(),
        warnings: stated.warnings.clone(),
        token_digests: Some(stated.token_digests.clone()),
    })
}

/// The account, if the tokens of its current version are those that were recognised.
fn account_of<'s>(set: &'s WorkingSet, member_no: MemberNo, stated: &Recognised) -> Option<&'s AccountRow> {
    let account = set
        .accounts
        .get(&(member_no, stated.position.account_ref.clone()))?;
    let known = &current_row(set, account)?.version.liabilities;
    let same_shape = known.len() == stated.position.liabilities.len()
        && known
            .iter()
            .zip(&stated.position.liabilities)
            .all(|(known, said)| {
                let types = |token: &Presented<TokenRef>| token.token.identifier_type;
                known
                    .tokens
                    .iter()
                    .map(types)
                    .eq(said.tokens.iter().map(|shown| shown.token.identifier_type()))
            });
    let same_tokens = account.token_digests.as_ref() == Some(&stated.token_digests);
    (same_shape && same_tokens && means_those_liable(set, account, known)).then_some(account)
}

/// Whether the tokens mean those who are liable on file, so that nobody's rows come or go. A merge or split in between may
/// have given them another meaning, or the account other tokens than those that were loaded.
fn means_those_liable(set: &WorkingSet, account: &AccountRow, known: &[Liability<TokenRef>]) -> bool {
    let meant: Option<BTreeSet<SubjectId>> = known
        .iter()
        .map(|liability| meant_by(set, &liability.tokens))
        .collect();
    meant.is_some_and(|meant| record::concerns_just(set, account, meant))
}

/// The one subject that tokens mean, strong ones before weak ones, if all are loaded.
fn meant_by(set: &WorkingSet, tokens: &[Presented<TokenRef>]) -> Option<SubjectId> {
    let is_strong = |token: TokenRef| token.identifier_type.is_strong();
    let any_strong = tokens.iter().any(|shown| is_strong(shown.token));
    let mut meant = None;
    for Presented { token, .. } in tokens {
        let subject = *set.known_tokens.get(&token.token_id)?;
        if is_strong(*token) == any_strong && *meant.get_or_insert(subject) != subject {
            return None;
        }
    }
    meant
}
