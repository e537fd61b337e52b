//! Two subjects become one, or one becomes two.

use super::WorkingSet;
use super::bind::has_strong;
use super::rows::{AccountRow, ApplicationRow, HistoryRow, LinkRow, PositionRow, ReservationRow};
use super::working_set::{Change, SubjectRows};
use super::{Decision, Outcome, Refused};
use crate::domain::names::{AccountNo, MemberNo, SubjectId, TokenId};
use crate::domain::position::LiabilityRole;
use crate::domain::token::{IdentifierType, Pseudonym, TokenRow};
use crate::domain::violation::{Code, Violation};

/// Everything of `from` becomes `to`'s: tokens, positions, history, looks, links. Frozen answers of `from` go.
pub(super) fn absorb(set: &mut WorkingSet, from: SubjectId, to: SubjectId) {
    for row in set.tokens.values_mut().filter(|row| row.subject_id == from) {
        row.subject_id = to;
    }
    for subject in set.known_tokens.values_mut().filter(|subject| **subject == from) {
        *subject = to;
    }
    set.changes.push(Change::MoveTokens(from, to));
    let rows = set.subjects.remove(&from).unwrap_or_default();
    for (_, position) in rows.positions {
        move_position(set, position, to);
    }
    for history in rows.history {
        move_history(set, history, to);
    }
    if !rows.inquiries.is_empty() {
        let moved = rows.inquiries.into_iter().map(|look| super::rows::InquiryRow {
            subject_id: to,
            ..look
        });
        set.subjects.entry(to).or_default().inquiries.extend(moved);
    }
    set.changes.push(Change::MoveInquiries(from, to));
    take_reservations(set, rows.reservations, rows.applications, from, to);
    for links in set.links.values_mut() {
        move_links(links, from, to);
    }
    set.changes.push(Change::MoveLinks(from, to));
}

/// What was reserved and applied for with one subject is the other's from now on; what both were in is there already.
fn take_reservations(
    set: &mut WorkingSet,
    reservations: Vec<ReservationRow>,
    applications: Vec<ApplicationRow>,
    from: SubjectId,
    to: SubjectId,
) {
    let rows = set.subjects.entry(to).or_default();
    let mut united = Vec::new();
    for row in reservations {
        let same = |known: &&mut ReservationRow| {
            (known.member_no, known.reservation_id) == (row.member_no, row.reservation_id)
        };
        match rows.reservations.iter_mut().find(same) {
            // By the tokens of both, so that a split finds it.
            Some(known) => {
                known.tokens.extend(row.tokens);
                united.push(known.clone());
            }
            None => rows.reservations.push(ReservationRow {
                subject_id: to,
                ..row
            }),
        }
    }
    for row in applications {
        let same = |known: &ApplicationRow| {
            (known.member_no, &known.application_id) == (row.member_no, &row.application_id)
        };
        if !rows.applications.iter().any(same) {
            rows.applications.push(ApplicationRow {
                subject_id: to,
                ..row
            });
        }
    }
    set.changes.push(Change::MoveReservations(from, to));
    let puts = united
        .into_iter()
        .map(|row| Change::PutReservation(Box::new(row)));
    set.changes.extend(puts);
}

fn move_links(links: &mut Vec<LinkRow>, from: SubjectId, to: SubjectId) {
    let (moved, mut kept): (Vec<LinkRow>, Vec<LinkRow>) =
        links.drain(..).partition(|link| link.subject_id == from);
    for link in moved {
        match kept
            .iter_mut()
            .find(|known| known.subject_id == to && known.member_no == link.member_no)
        {
            Some(known) => known.last_seen = known.last_seen.max(link.last_seen),
            None => kept.push(LinkRow {
                subject_id: to,
                ..link
            }),
        }
    }
    *links = kept;
}

/// Moves a position row; where the new subject is liable on the account already, own debt wins.
fn move_position(set: &mut WorkingSet, mut row: PositionRow, to: SubjectId) {
    let key = (row.member_no, row.account_no);
    set.changes.push(Change::RemovePosition(
        row.subject_id,
        row.member_no,
        row.account_no,
    ));
    move_holder(set, &row, to);
    row.subject_id = to;
    let rows = set.subjects.entry(to).or_default();
    if let Some(known) = rows.positions.get(&key) {
        row.role = stronger(known.role, row.role);
    }
    set.liable.entry(row.account_no).or_default().insert(to);
    set.changes.push(Change::PutPosition(Box::new(row.clone())));
    rows.positions.insert(key, row);
}

/// If the row is the one that its account is found by, the account follows it.
fn move_holder(set: &mut WorkingSet, row: &PositionRow, to: SubjectId) {
    let (member_no, account_no, from) = (row.member_no, row.account_no, row.subject_id);
    let holds = |account: &&mut AccountRow| account.account_no == account_no && account.holder == from;
    if let Some(account) = set.accounts.values_mut().find(holds) {
        account.holder = to;
    }
    set.changes.push(Change::MoveHolder {
        member_no,
        account_no,
        from,
        to,
    });
}

fn stronger(one: LiabilityRole, other: LiabilityRole) -> LiabilityRole {
    if one.is_own_debt() { one } else { other }
}

fn move_history(set: &mut WorkingSet, row: HistoryRow, to: SubjectId) {
    set.changes
        .push(Change::RemoveHistory(row.subject_id, row.account_no, row.version));
    let moved = HistoryRow {
        subject_id: to,
        ..row
    };
    let history = &mut set.subjects.entry(to).or_default().history;
    if !history
        .iter()
        .any(|known| known.account_no == row.account_no && known.version == row.version)
    {
        history.push(moved);
        set.changes.push(Change::PutHistory(moved));
    }
}

/// The operator's merge: both tokens are strong and of one kind.
pub(super) fn merge(set: &mut WorkingSet, keep: &Pseudonym, merge: &Pseudonym) -> Result<Decision, Refused> {
    let kept = strong_token(set, keep, "keep")?;
    let absorbed = strong_token(set, merge, "merge")?;
    let is_enterprise = |row: TokenRow| row.identifier_type == IdentifierType::EnterpriseCode;
    if is_enterprise(kept) != is_enterprise(absorbed) {
        return Err(Refused::because(Violation::new(
            Code::IdentityKindMixed,
            "merge",
            "an enterprise is never merged with a person: name two identifiers of one kind",
        )));
    }
    let (from, to) = (absorbed.subject_id, kept.subject_id);
    if from != to {
        forget_tokens(set, from);
        absorb(set, from, to);
        drop_frozen(set, from);
        drop_frozen(set, to);
    }
    Ok(done(vec![to, from]))
}

/// The operator's split: the token gets a new subject, and positions reported under it go along.
pub(super) fn split(set: &mut WorkingSet, token: &Pseudonym) -> Result<Decision, Refused> {
    let row = strong_token(set, token, "token")?;
    let from = row.subject_id;
    let to = SubjectId(set.numbers.next());
    forget_tokens(set, from);
    if let Some(known) = set.tokens.get_mut(token) {
        known.subject_id = to;
    }
    set.changes.push(Change::MoveToken(row.token_id, to));
    let rows = set.subjects.entry(from).or_default();
    let leaving: Vec<PositionRow> = rows
        .positions
        .values()
        .filter(|position| names(position, row.token_id))
        .cloned()
        .collect();
    for position in leaving {
        leave(set, position, from, to);
    }
    leave_reserved(set, row.token_id, from, to);
    drop_frozen(set, from);
    Ok(done(vec![from, to]))
}

/// Tokens of a subject's accounts are mapped again with their next report: they may mean others by then (privacy.md 4).
fn forget_tokens(set: &mut WorkingSet, subject: SubjectId) {
    let accounts = set
        .subjects
        .get(&subject)
        .into_iter()
        .flat_map(|rows| rows.positions.keys());
    let accounts: Vec<(MemberNo, AccountNo)> = accounts.copied().collect();
    for (member_no, account_no) in accounts {
        let known = set
            .accounts
            .values_mut()
            .find(|account| account.account_no == account_no);
        if let Some(account) = known {
            account.token_digests = None;
        }
        set.changes.push(Change::ForgetTokens(member_no, account_no));
    }
}

fn names(position: &PositionRow, token_id: TokenId) -> bool {
    position
        .version
        .liabilities
        .iter()
        .filter(|liability| has_strong(liability))
        .any(|liability| {
            liability
                .tokens
                .iter()
                .any(|shown| shown.token.token_id == token_id)
        })
}

fn leave(set: &mut WorkingSet, position: PositionRow, from: SubjectId, to: SubjectId) {
    let account_no = position.account_no;
    let rows: &mut SubjectRows = set.subjects.entry(from).or_default();
    rows.positions.remove(&(position.member_no, account_no));
    let (history, kept): (Vec<HistoryRow>, Vec<HistoryRow>) = rows
        .history
        .drain(..)
        .partition(|row| row.account_no == account_no);
    rows.history = kept;
    move_position(set, position, to);
    for row in history {
        move_history(set, row, to);
    }
}

/// Reservations that were made with a token go where it goes, and stay as well if they were made with others: until they end
/// they stand with both, rather than with neither.
fn leave_reserved(set: &mut WorkingSet, token_id: TokenId, from: SubjectId, to: SubjectId) {
    let rows = set.subjects.entry(from).or_default();
    let (leaving, kept): (Vec<ReservationRow>, Vec<ReservationRow>) = rows
        .reservations
        .drain(..)
        .partition(|row| row.tokens.contains(&token_id));
    rows.reservations = kept;
    for mut row in leaving {
        let moved = ReservationRow {
            subject_id: to,
            tokens: vec![token_id],
            ..row.clone()
        };
        row.tokens.retain(|token| *token != token_id);
        if row.tokens.is_empty() {
            set.changes
                .push(Change::RemoveReservation(from, row.member_no, row.reservation_id));
        } else {
            set.changes.push(Change::PutReservation(Box::new(row.clone())));
            set.subjects.entry(from).or_default().reservations.push(row);
        }
        set.changes.push(Change::PutReservation(Box::new(moved.clone())));
        set.subjects.entry(to).or_default().reservations.push(moved);
    }
}

fn drop_frozen(set: &mut WorkingSet, subject: SubjectId) {
    if let Some(rows) = set.subjects.get_mut(&subject) {
        rows.frozen.clear();
    }
    set.changes.push(Change::DropFrozen(subject));
}

fn strong_token(set: &WorkingSet, token: &Pseudonym, field: &str) -> Result<TokenRow, Refused> {
    let found = set.tokens.get(token).copied();
    found.filter(|row| row.identifier_type.is_strong()).ok_or_else(|| {
        Refused::because(Violation::new(
            Code::SubjectUnknown,
            field,
            "no subject is on file under this token: name a strong identifier that was reported or asked about",
        ))
    })
}

fn done(subjects: Vec<SubjectId>) -> Decision {
    Decision {
        outcome: Outcome::Approved { done: true },
        subjects,
        purpose: None,
        remember: true,
    }
}
