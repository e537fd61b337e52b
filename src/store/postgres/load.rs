//! Fills a working set for a group: finds its subjects, locks them, and only then reads what decisions rest on.
//!
//! Three round trips: whom the keys mean (nothing is locked yet, so it may change), who else that concerns, and then the
//! locks with everything read behind them. What was found before the locks is found again behind them; if it leads to a
//! subject that is not locked, the group begins anew with it. Every statement of a kind of write runs for all keys of a
//! group, whether they are on file or not: NO_RECORD and FOUND run the same ones.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use tokio_postgres::Row;

use super::cells::Arrays;
use super::failure::{Failure, Outcome};
use super::find::{
    FIND_ACCOUNTS, FIND_REQUESTS, FIND_TOKENS, FROZEN_OF_SUBJECTS, HISTORY_OF_SUBJECTS,
    INQUIRIES_OF_SUBJECTS, LIABILITIES, LINKS_OF_MOBILES, POSITIONS_OF_SUBJECTS, SUBJECTS_OF_TOKENS,
    VERSIONS_OF_ACCOUNTS,
};
use super::locks::{self, Locks};
use super::statement::{Bound, Session};
use super::{members, offline, reservations, statistics, usage};
use crate::domain::date::{Timestamp, to_epoch_days};
use crate::domain::names::{AccountNo, AccountRef, MemberNo, SubjectId, TokenId};
use crate::domain::position::Liability;
use crate::domain::token::{Pseudonym, TokenRef, TokenRow};
use crate::domain::unit::rows::{AccountRow, LinkRow, PositionRow};
use crate::domain::unit::working_set::SubjectRows;
use crate::domain::unit::{Keys, WorkingSet};
use crate::store::columns::{Columns, Corrupt, Sink as _};
use crate::store::rows;

/// A subject that cannot be: numbers begin at 1. Read for every unknown token.
const NOBODY: SubjectId = SubjectId(0);

/// What the keys of a group mean.
#[derive(Debug, Default)]
pub(super) struct Meant {
    tokens: BTreeMap<Pseudonym, TokenRow>,
    accounts: BTreeMap<(MemberNo, AccountRef), AccountRow>,
    links: Vec<LinkRow>,
    /// Whom the applications and reservations concern that are named.
    held: BTreeSet<SubjectId>,
    /// Subjects of tokens that are on file for an account, but not among those presented.
    absent: BTreeMap<TokenId, SubjectId>,
    /// Which of these are mobile numbers.
    absent_mobiles: BTreeSet<TokenId>,
}

/// What a group is about to lock and read.
pub(super) struct Plan<'a> {
    /// Its keys.
    pub keys: &'a Keys,
    /// What they meant before the locks.
    pub meant: &'a Meant,
    /// Its locks.
    pub locks: &'a Locks,
    /// Its civil day.
    pub today: NaiveDate,
    /// Its last instant.
    pub end: Timestamp,
    /// Whether answers are computed, which look at what all members reported last.
    pub looks: bool,
}

impl Meant {
    /// Every subject that the keys lead to.
    pub fn subjects(&self) -> BTreeSet<SubjectId> {
        let tokens = self.tokens.values().map(|row| row.subject_id);
        let holders = self.accounts.values().map(|account| account.holder);
        let linked = self.links.iter().map(|link| link.subject_id);
        let absent = self.absent.values().copied();
        let held = self.held.iter().copied();
        let named = tokens.chain(holders).chain(held);
        named.chain(linked).chain(absent).collect()
    }

    /// Whether it leads to the same rows as `before`: links and versions were read for those.
    fn leads_where(&self, before: &Self) -> bool {
        let holders = |meant: &Self| -> Vec<(AccountNo, SubjectId)> {
            let accounts = meant.accounts.values();
            accounts
                .map(|account| (account.account_no, account.holder))
                .collect()
        };
        self.tokens == before.tokens && holders(self) == holders(before)
    }

    /// Whether a token is on file.
    pub fn knows(&self, token: &Pseudonym) -> bool {
        self.tokens.contains_key(token)
    }

    /// The subjects of all tokens that were found, by the tokens' numbers.
    fn by_number(&self) -> BTreeMap<TokenId, SubjectId> {
        let presented = self.tokens.values().map(|row| (row.token_id, row.subject_id));
        let absent = self.absent.iter().map(|(token, subject)| (*token, *subject));
        absent.chain(presented).collect()
    }

    /// Mobile-only subjects of the numbers presented.
    fn mobiles(&self, keys: &Keys) -> BTreeSet<SubjectId> {
        let weak = keys
            .pseudonyms
            .iter()
            .filter(|token| !token.identifier_type.is_strong());
        let absent = self
            .absent_mobiles
            .iter()
            .filter_map(|token| self.absent.get(token));
        weak.map(|token| self.tokens.get(token).map_or(NOBODY, |row| row.subject_id))
            .chain(absent.copied())
            .collect()
    }
}

/// Finds whom the keys mean, before anything is locked. Begins the group's transaction.
pub(super) async fn find(session: &Session, keys: &Keys) -> Outcome<Meant> {
    let (begun, tokens, accounts, held) = futures::join!(
        session.command("BEGIN"),
        find_tokens(session, keys),
        find_accounts(session, keys),
        reservations::subjects(session, keys),
    );
    begun?;
    let mut meant = Meant {
        tokens: tokens?,
        accounts: accounts?,
        held: held?,
        ..Meant::default()
    };
    let mobiles = meant.mobiles(keys);
    let (links, liabilities) = futures::join!(
        links_of(session, &mobiles),
        find_liabilities(session, meant.accounts.values())
    );
    meant.links = links?;
    let known = meant.by_number();
    let liabilities = liabilities?;
    let unresolved: BTreeSet<TokenRef> = liabilities
        .iter()
        .flatten()
        .flat_map(|liability| &liability.tokens)
        .map(|shown| shown.token)
        .filter(|token| !known.contains_key(&token.token_id))
        .collect();
    let mobiles = unresolved
        .iter()
        // Of an account that was not recognised nobody asks for the links of a number it is not reported with.
        .filter(|token| !keys.recognised.is_empty() && !token.identifier_type.is_strong());
    meant.absent_mobiles = mobiles.map(|token| token.token_id).collect();
    let unresolved = unresolved.iter().map(|token| token.token_id).collect();
    meant.absent = subjects_of(session, unresolved).await?;
    Ok(meant)
}

/// Locks, and reads everything behind the locks, in one go. Gives the group's last instant; or, when a subject was given
/// one less than a whole group before that, the latest of those and a whole group more.
///
/// # Errors
/// [`Failure::Moved`] when what was found before the locks is no longer so.
pub(super) async fn lock_and_load(
    session: &Session,
    plan: &Plan<'_>,
    known: &mut members::Known,
    set: &mut WorkingSet,
) -> Outcome<Timestamp> {
    let keys = plan.keys;
    let subjects = subjects_to_read(plan);
    let mobiles = plan.meant.mobiles(keys);
    let (
        locked,
        tokens,
        accounts,
        held,
        links,
        absent,
        requests,
        usage,
        register,
        network,
        batches,
        codes,
        snapshots,
        read,
    ) = futures::join!(
        locks::lock(session, plan.locks, plan.end),
        find_tokens(session, keys),
        find_accounts(session, keys),
        reservations::subjects(session, keys),
        links_of(session, &mobiles),
        subjects_of(session, plan.meant.absent.keys().copied().collect()),
        find_requests(session, keys),
        usage::of_members(session, &keys.usage, plan.today),
        usage::register(session, keys.register, plan.today),
        known.look(session, plan.looks),
        super::batches::load(session, keys),
        offline::load(session, keys, set.rules.zone, plan.today),
        statistics::load(session, keys),
        read_subjects(session, plan, &subjects),
    );
    let touched = locked?;
    let meant = Meant {
        tokens: tokens?,
        accounts: accounts?,
        held: held?,
        links: links?,
        absent: absent?,
        absent_mobiles: BTreeSet::new(),
    };
    set.requests = requests?;
    set.usage = usage?;
    register?.fill(set);
    set.network = known.network(session, network?).await?;
    set.subjects = read?;
    let loaded = batches?;
    set.batches = loaded.batches;
    set.last_full = loaded.last_full;
    set.newest_batch = loaded.newest;
    codes?.fill(set);
    set.snapshots = snapshots?;
    read_versions(session, keys, &meant, set).await?;
    place(plan, meant, set)?;
    Ok(touched)
}

/// Puts what was found behind the locks into the working set, if all of it is locked.
fn place(plan: &Plan<'_>, meant: Meant, set: &mut WorkingSet) -> Outcome<()> {
    let mut needed = meant.subjects();
    let mut complete = meant.leads_where(plan.meant);
    let known = meant.by_number();
    for account in meant.accounts.values() {
        if plan
            .keys
            .recognised
            .contains(&(account.member_no, account.account_ref.clone()))
        {
            let row = current_row(set, account);
            let tokens = row.iter().flat_map(|row| &row.version.liabilities);
            let numbers = tokens
                .flat_map(|liability| &liability.tokens)
                .map(|shown| shown.token.token_id);
            let meant: Vec<_> = numbers
                .filter_map(|number| Some((number, *known.get(&number)?)))
                .collect();
            set.known_tokens.extend(meant);
        }
        let row = current_row(set, account);
        let others = row.iter().flat_map(|row| row.version.liabilities.iter().skip(1));
        let tokens = others.flat_map(|liability| &liability.tokens);
        let mut liable = BTreeSet::from([account.holder]);
        for shown in tokens {
            let subject = known.get(&shown.token.token_id);
            complete &= subject.is_some();
            liable.extend(subject);
        }
        needed.extend(&liable);
        set.liable.insert(account.account_no, liable);
    }
    if !complete || !needed.is_subset(&plan.locks.subjects) {
        return Err(Failure::Moved(needed));
    }
    if let Some(account) = meant
        .accounts
        .values()
        .find(|account| current_row(set, account).is_none())
    {
        return Err(Corrupt::of("account", account.account_no.0).into());
    }
    for link in meant.links {
        set.links.entry(link.mobile_subject).or_default().push(link);
    }
    set.tokens = meant.tokens;
    set.accounts = meant.accounts;
    Ok(())
}

fn current_row<'s>(set: &'s WorkingSet, account: &AccountRow) -> Option<&'s PositionRow> {
    let rows = set.subjects.get(&account.holder)?;
    rows.positions.get(&(account.member_no, account.account_no))
}

fn subjects_to_read(plan: &Plan<'_>) -> Vec<i64> {
    let unknown = plan.keys.pseudonyms.iter().any(|token| !plan.meant.knows(token));
    let nobody = unknown.then_some(NOBODY);
    nobody
        .iter()
        .chain(&plan.locks.subjects)
        .map(|subject| subject.0)
        .collect()
}

async fn find_tokens(session: &Session, keys: &Keys) -> Outcome<BTreeMap<Pseudonym, TokenRow>> {
    if keys.pseudonyms.is_empty() {
        return Ok(BTreeMap::new());
    }
    let sealed: Vec<&[u8]> = keys.pseudonyms.iter().map(|token| &token.sealed[..]).collect();
    let found = FIND_TOKENS
        .all(session, &[&sealed], |row| {
            let mut columns = Columns::new(row, "subject_token");
            let token = rows::subject::token(&mut columns)?;
            Ok((columns.bytes::<48>()?, token))
        })
        .await?;
    let found: BTreeMap<[u8; 48], TokenRow> = found.into_iter().collect();
    let mut tokens = BTreeMap::new();
    for pseudonym in &keys.pseudonyms {
        let Some(row) = found.get(&pseudonym.sealed) else {
            continue;
        };
        if row.identifier_type != pseudonym.identifier_type {
            return Err(Corrupt::of("subject_token", row.token_id.0).into());
        }
        tokens.insert(pseudonym.clone(), *row);
    }
    Ok(tokens)
}

async fn find_accounts(
    session: &Session,
    keys: &Keys,
) -> Outcome<BTreeMap<(MemberNo, AccountRef), AccountRow>> {
    let named: BTreeSet<_> = keys.accounts.union(&keys.recognised).collect();
    if named.is_empty() {
        return Ok(BTreeMap::new());
    }
    let names = Arrays::of(&named, |(member_no, account_ref), sink| {
        sink.number(member_no.0).text(account_ref.as_str());
    });
    let found = FIND_ACCOUNTS
        .all(session, &names.bound(), |row| {
            rows::subject::account(&mut Columns::new(row, "account"))
        })
        .await?;
    let named = found
        .into_iter()
        .map(|account| ((account.member_no, account.account_ref.clone()), account));
    Ok(named.collect())
}

async fn links_of(session: &Session, mobiles: &BTreeSet<SubjectId>) -> Outcome<Vec<LinkRow>> {
    if mobiles.is_empty() {
        return Ok(Vec::new());
    }
    let mobiles: Vec<i64> = mobiles.iter().map(|subject| subject.0).collect();
    LINKS_OF_MOBILES
        .all(session, &[&mobiles], |row| {
            rows::subject::link(&mut Columns::new(row, "mobile_link"))
        })
        .await
}

async fn find_liabilities(
    session: &Session,
    accounts: impl ExactSizeIterator<Item = &AccountRow>,
) -> Outcome<Vec<Vec<Liability<TokenRef>>>> {
    if accounts.len() == 0 {
        return Ok(Vec::new());
    }
    let wanted: BTreeSet<(i64, i64, i64)> = accounts
        .map(|account| (account.holder.0, account.member_no.0, account.account_no.0))
        .collect();
    let holders: BTreeSet<i64> = wanted.iter().map(|(holder, ..)| *holder).collect();
    let holders: Vec<i64> = holders.into_iter().collect();
    let found = LIABILITIES
        .all(session, &[&holders], |row| {
            let mut columns = Columns::new(row, "position");
            let key = (columns.number()?, columns.number()?, columns.number()?);
            wanted.contains(&key).then(|| columns.decoded()).transpose()
        })
        .await?;
    Ok(found.into_iter().flatten().collect())
}

async fn subjects_of(session: &Session, tokens: BTreeSet<TokenId>) -> Outcome<BTreeMap<TokenId, SubjectId>> {
    if tokens.is_empty() {
        return Ok(BTreeMap::new());
    }
    let tokens: Vec<i64> = tokens.iter().map(|token| token.0).collect();
    let found = SUBJECTS_OF_TOKENS
        .all(session, &[&tokens], |row| {
            let mut columns = Columns::new(row, "subject_token");
            Ok((TokenId(columns.number()?), SubjectId(columns.number()?)))
        })
        .await?;
    Ok(found.into_iter().collect())
}

type Requests =
    BTreeMap<crate::domain::unit::RequestName, (crate::domain::names::Sha256, crate::domain::unit::Accepted)>;

async fn find_requests(session: &Session, keys: &Keys) -> Outcome<Requests> {
    if keys.requests.is_empty() {
        return Ok(BTreeMap::new());
    }
    let names = Arrays::of(&keys.requests, |(member_no, rpc, id), sink| {
        sink.number(member_no.0).text(rpc.as_str()).bytes(&id.0[..]);
    });
    let found = FIND_REQUESTS
        .all(session, &names.bound(), |row| {
            rows::subject::request(&mut Columns::new(row, "request"))
        })
        .await?;
    Ok(found.into_iter().collect())
}

async fn read_subjects(
    session: &Session,
    plan: &Plan<'_>,
    subjects: &Vec<i64>,
) -> Outcome<BTreeMap<SubjectId, SubjectRows>> {
    if subjects.is_empty() {
        return Ok(BTreeMap::new());
    }
    let today = i64::from(to_epoch_days(plan.today));
    let (of_subjects, of_today): (Bound<'_>, Bound<'_>) = (&[subjects], &[subjects, &today]);
    let looked_at = async {
        match plan.keys.looks {
            true => futures::try_join!(
                INQUIRIES_OF_SUBJECTS.all(session, of_subjects, |row: &Row| {
                    rows::subject::inquiry(&mut Columns::new(row, "inquiry"))
                }),
                FROZEN_OF_SUBJECTS.all(session, of_today, |row: &Row| {
                    rows::subject::frozen(&mut Columns::new(row, "frozen_answer"))
                }),
            ),
            false => Ok((Vec::new(), Vec::new())),
        }
    };
    let (positions, history, reserved, looked_at) = futures::join!(
        POSITIONS_OF_SUBJECTS.all(session, of_subjects, |row: &Row| {
            rows::position(&mut Columns::new(row, "position"))
        }),
        HISTORY_OF_SUBJECTS.all(session, of_subjects, |row: &Row| {
            rows::subject::history(&mut Columns::new(row, "position_history"))
        }),
        reservations::read(session, subjects, plan.keys.looks),
        looked_at,
    );
    let (reserved, applied) = reserved?;
    let (inquiries, frozen) = looked_at?;
    let mut read: BTreeMap<SubjectId, SubjectRows> = BTreeMap::new();
    for row in positions? {
        let positions = &mut read.entry(row.subject_id).or_default().positions;
        positions.insert((row.member_no, row.account_no), row);
    }
    for row in history? {
        read.entry(row.subject_id).or_default().history.push(row);
    }
    for row in reserved {
        read.entry(row.subject_id).or_default().reservations.push(row);
    }
    for row in applied {
        read.entry(row.subject_id).or_default().applications.push(row);
    }
    for row in inquiries {
        read.entry(row.subject_id).or_default().inquiries.push(row);
    }
    for row in frozen {
        read.entry(row.subject_id).or_default().frozen.push(row);
    }
    Ok(read)
}

/// Past versions are needed by corrections alone, so they are worth a round trip of their own.
async fn read_versions(session: &Session, keys: &Keys, meant: &Meant, set: &mut WorkingSet) -> Outcome<()> {
    let asked = keys.versions.iter().filter_map(|name| meant.accounts.get(name));
    let accounts: Vec<(MemberNo, AccountNo)> = asked
        .map(|account| (account.member_no, account.account_no))
        .collect();
    if accounts.is_empty() {
        return Ok(());
    }
    let members: Vec<i64> = accounts.iter().map(|(member, _)| member.0).collect();
    let numbers: Vec<i64> = accounts.iter().map(|(_, account)| account.0).collect();
    let found = VERSIONS_OF_ACCOUNTS
        .all(session, &[&members, &numbers], |row| {
            rows::past_version(&mut Columns::new(row, "past_version"))
        })
        .await?;
    for (_, account) in accounts {
        set.past_versions.insert(account, Vec::new());
    }
    for past in found {
        set.past_versions.entry(past.account_no).or_default().push(past);
    }
    Ok(())
}
