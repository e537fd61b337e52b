//! What a group locks before it reads what its decisions rest on: always in the same order, each kind in the order of its keys,
//! so that groups of several servers wait for each other and never in a circle.

use std::collections::BTreeSet;

use super::cells::Arrays;
use super::failure::Outcome;
use super::find::{LOCK_BATCHES, LOCK_MEMBERS, LOCK_REGISTER, LOCK_SUBJECTS};
use super::statement::Session;
use crate::domain::date::Timestamp;
use crate::domain::names::{MemberNo, SubjectId};
use crate::domain::unit::working_set::BatchName;
use crate::store::columns::{Columns, Sink as _};

/// What must be locked, in this order.
#[derive(Debug, Default)]
pub(super) struct Locks {
    /// The register of members.
    pub register: bool,
    /// Members whose quotas are used.
    pub members: BTreeSet<MemberNo>,
    /// Batches that go on.
    pub batches: BTreeSet<BatchName>,
    /// Subjects that are decided about.
    pub subjects: BTreeSet<SubjectId>,
}

/// Takes all locks of a group whose last instant is `end`. Gives that; or, when a subject was given an instant less than a
/// whole group before it, the latest of those and a whole group more.
pub(super) async fn lock(session: &Session, locks: &Locks, end: Timestamp) -> Outcome<Timestamp> {
    let members: Vec<i64> = locks.members.iter().map(|member| member.0).collect();
    let subjects: Vec<i64> = locks.subjects.iter().map(|subject| subject.0).collect();
    let register = async {
        match locks.register {
            true => LOCK_REGISTER.run(session, &[]).await.map(drop),
            false => Ok(()),
        }
    };
    let members = async {
        match members.is_empty() {
            true => Ok(()),
            false => LOCK_MEMBERS.run(session, &[&members]).await.map(drop),
        }
    };
    let batches = async {
        if locks.batches.is_empty() {
            Ok(())
        } else {
            let names = batch_names(&locks.batches);
            LOCK_BATCHES.run(session, &names.bound()).await.map(drop)
        }
    };
    let last = end.micros();
    let lock_subjects = async {
        match subjects.is_empty() {
            true => Ok(Vec::new()),
            false => {
                LOCK_SUBJECTS
                    .all(session, &[&subjects, &last], |row| {
                        Columns::new(row, "subject_lock").instant()
                    })
                    .await
            }
        }
    };
    let (register, members, batches, touched) = futures::join!(register, members, batches, lock_subjects);
    register?;
    members?;
    batches?;
    Ok(touched?.into_iter().max().unwrap_or(end))
}

/// The names of batches as columns, in order.
pub(super) fn batch_names(names: &BTreeSet<BatchName>) -> Arrays<'_> {
    Arrays::of(names, |(member_no, batch_id), sink| {
        sink.number(member_no.0).text(batch_id.as_str());
    })
}
