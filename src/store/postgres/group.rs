//! One try at a group: find, lock, load, decide, write down, commit.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::failure::{Failure, Outcome};
use super::find::{TOUCH_SUBJECTS, WAS_COMMITTED};
use super::flush;
use super::load::{self, Meant, Plan};
use super::locks::Locks;
use super::members::Known;
use super::statement::Session;
use super::writer::{GROUP_WRITES_MAX, Shared};
use crate::domain::date::Timestamp;
use crate::domain::names::SubjectId;
use crate::domain::unit::working_set::Network;
use crate::domain::unit::{Accepted, Action, Change, Keys, OfflineWork, Refused, WorkingSet, Write};
use crate::store::group::{self, Decided, Span};

type Answers = Vec<Result<Accepted, Refused>>;

/// A COMMIT that was sent and never answered: what tells whether it was done, and what it then answers.
pub(super) struct Doubt {
    entry: i64,
    salt: [u8; 32],
    answers: Answers,
}

/// A group on a connection.
pub(super) struct Group<'a> {
    /// What the server's threads share.
    pub shared: &'a Shared,
    /// The connection.
    pub session: &'a Session,
    /// What this thread knows of the register.
    pub known: &'a mut Known,
    /// What to do.
    pub writes: &'a [&'a Write],
    /// Subjects that an earlier try was missing.
    pub also: &'a BTreeSet<SubjectId>,
}

impl Group<'_> {
    /// Does it, durably; or nothing of it.
    ///
    /// # Errors
    /// When COMMIT was sent and not answered, `doubt` says how to find out.
    pub async fn commit(&mut self, doubt: &mut Option<Doubt>) -> Outcome<Answers> {
        let keys = self.keys();
        let reserved = self
            .shared
            .blocks
            .lock()
            .await
            .reserve(self.session, self.writes)
            .await?;
        let (numbers, first_entry) = reserved;
        let meant = load::find(self.session, &keys).await?;
        let locks = self.locks(&keys, &meant);
        let mut set = WorkingSet::new(
            self.shared.rules.clone(),
            Network::default(),
            Box::new(numbers.clone()),
        );
        let (mut span, skewed) = self.load(&keys, &meant, &locks, &mut set).await?;
        if let Some(known) = doubt
            && self.was_committed(known).await?
        {
            self.session.command("ROLLBACK").await?;
            return Ok(std::mem::take(&mut known.answers));
        }
        let writes = self.writes;
        // A panic must not end the thread: everybody else still wants to write.
        let decided = catch_unwind(AssertUnwindSafe(|| {
            group::decide_all(&mut set, writes, &mut span)
        }));
        let decided = decided.map_err(|_| Failure::Panicked)?;
        numbers.check()?;
        self.shared.blocks.lock().await.give_back(&numbers);
        if decided.openings.is_empty() {
            self.session.command("ROLLBACK").await?;
            self.known.keep(set.network);
            return Ok(decided.answers);
        }
        let touched = touched(&set, &locks, skewed);
        self.write_down(&set, &decided, first_entry, &touched, span.end)
            .await?;
        self.finish(decided, first_entry, doubt)
            .await
            .inspect(|_| self.known.keep(set.network))
    }

    fn keys(&self) -> Keys {
        let mut keys = Keys::default();
        for write in self.writes {
            keys.add(write);
        }
        keys
    }

    /// What decisions of this group change or rest on.
    fn locks(&self, keys: &Keys, meant: &Meant) -> Locks {
        let mut locks = Locks {
            subjects: &meant.subjects() | self.also,
            ..Locks::default()
        };
        for write in self.writes {
            match &write.action {
                Action::Administer(_) => locks.register = true,
                Action::ChargeEvaluations { .. } => {
                    locks.members.insert(write.member_no);
                }
                // A look at somebody unknown is held against its member's evaluations.
                Action::Look(look) => {
                    let tokens = &look.inquiry.tokens;
                    if tokens.iter().any(|shown| !meant.knows(&shown.token)) {
                        locks.members.insert(write.member_no);
                    }
                }
                Action::Batch(work) => {
                    locks.batches.insert((write.member_no, work.batch_id.clone()));
                    // Who begins or judges a batch looks at the one before it.
                    let member = &write.member_no;
                    if keys.last_full.contains(member) || keys.newest_batch.contains(member) {
                        locks.members.insert(write.member_no);
                    }
                }
                Action::Check(check) => {
                    let mut tokens = check.borrowers.iter().flatten();
                    if tokens.any(|shown| !meant.knows(&shown.token)) {
                        locks.members.insert(write.member_no);
                    }
                }
                // Who issues codes looks at those it has.
                Action::Offline(work) => {
                    if matches!(**work, OfflineWork::Issue { .. }) {
                        locks.members.insert(write.member_no);
                    }
                }
                // Of two who ask for the same snapshot the second finds its key in the way, and looks again.
                Action::Report(_)
                | Action::Correct(_)
                | Action::Delete { .. }
                | Action::Reserve(_)
                | Action::Snapshot { .. } => {}
            }
        }
        debug_assert!(
            locks.register <= keys.register,
            "who changes the register has it loaded"
        );
        locks
    }

    /// Takes the locks, loads, and gives the group instants above all that its subjects were ever given; whether their lock
    /// rows now hold something else than its last instant.
    async fn load(
        &mut self,
        keys: &Keys,
        meant: &Meant,
        locks: &Locks,
        set: &mut WorkingSet,
    ) -> Outcome<(Span, bool)> {
        let span = self.span();
        let looks = self
            .writes
            .iter()
            .any(|write| matches!(write.action, Action::Look(_)));
        let plan = Plan {
            keys,
            meant,
            locks,
            today: span.day,
            end: span.end,
            looks,
        };
        let touched = Box::pin(load::lock_and_load(self.session, &plan, self.known, set)).await?;
        if touched <= span.end {
            return Ok((span, false));
        }
        let longest = i64::try_from(GROUP_WRITES_MAX).unwrap_or(i64::MAX);
        let before = Timestamp::from_micros(touched.micros() - longest);
        if span.is_after(before) {
            return Ok((span, true));
        }
        // Another server's clock is ahead of ours.
        self.shared.instants().rise_above(before);
        let later = self.span();
        if later.day == span.day {
            Ok((later, true))
        } else {
            Err(Failure::Moved(BTreeSet::new()))
        }
    }

    fn span(&self) -> Span {
        let now = self.shared.clock.now();
        let zone = self.shared.rules.zone;
        self.shared.instants().reserve(now, self.writes.len(), zone)
    }

    async fn was_committed(&self, doubt: &Doubt) -> Outcome<bool> {
        let found = WAS_COMMITTED
            .run(self.session, &[&doubt.entry, &&doubt.salt[..]])
            .await?;
        Ok(found > 0)
    }

    async fn write_down(
        &self,
        set: &WorkingSet,
        decided: &Decided,
        first_entry: i64,
        touched: &[i64],
        end: Timestamp,
    ) -> Outcome<()> {
        if !touched.is_empty() {
            TOUCH_SUBJECTS
                .run_exactly(self.session, touched.len(), &[&touched, &end.micros()])
                .await?;
        }
        flush::write_down(self.session, &set.changes, &decided.openings, first_entry).await
    }

    async fn finish(
        &self,
        decided: Decided,
        first_entry: i64,
        doubt: &mut Option<Doubt>,
    ) -> Outcome<Answers> {
        let first = decided.openings.first().map(|(opening, _)| opening.salt);
        // Known before COMMIT is sent: if this future is dropped while it waits, the doubt is still there.
        *doubt = first.map(|salt| Doubt {
            entry: first_entry,
            salt,
            answers: decided.answers,
        });
        let committed = self.session.command("COMMIT").await;
        match committed {
            Err(failure) if failure.is_away() => Err(failure),
            Err(failure) => {
                *doubt = None;
                Err(failure)
            }
            Ok(()) => Ok(doubt.take().map(|known| known.answers).unwrap_or_default()),
        }
    }
}

/// Subjects whose lock rows are to be written again: those that the group made, and all if theirs hold other instants.
fn touched(set: &WorkingSet, locks: &Locks, skewed: bool) -> Vec<i64> {
    let made = set.changes.iter().filter_map(|change| match change {
        Change::InsertToken(_, row) => Some(row.subject_id),
        Change::MoveToken(_, to) | Change::MoveTokens(_, to) => Some(*to),
        _ => None,
    });
    let mut touched: BTreeSet<SubjectId> = made.filter(|subject| !locks.subjects.contains(subject)).collect();
    if skewed {
        touched.extend(&locks.subjects);
    }
    touched.into_iter().map(|subject| subject.0).collect()
}
