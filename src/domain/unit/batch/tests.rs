//! The same records, alone and in batches, leave the same rows; a dry run leaves none.

use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::domain::date::days_after;
use crate::domain::names::Sha256;
use crate::domain::position::Position;
use crate::domain::testing::{ago, now};
use crate::domain::token::{IdentifierType, KeyVersion, Pseudonym, Shown};
use crate::domain::unit::working_set::{MarketRules, Network, Numbers};
use crate::domain::unit::{correct, report};
use crate::domain::validation::samples;

const MEMBER: MemberNo = MemberNo(2);

struct Counting(i64);

impl Numbers for Counting {
    fn next(&mut self) -> i64 {
        self.0 += 1;
        self.0
    }
}

fn empty() -> WorkingSet {
    WorkingSet::new(
        Arc::new(MarketRules::default()),
        Network::default(),
        Box::new(Counting(0)),
    )
}

fn header(dry_run: bool) -> BatchHeader {
    BatchHeader {
        batch_id: BatchId::parse("n-1").unwrap(),
        batch_type: BatchType::Incremental,
        as_of: ago(0),
        dry_run,
        content_sha256: Sha256([0; 32]),
        resends: None,
        resume_from: 0,
    }
}

/// One thing that a member says about one of three accounts.
#[derive(Debug, Clone)]
enum Said {
    Report {
        account: u8,
        person: u8,
        day: u32,
        sequence: u64,
        owed: i64,
    },
    Delete {
        account: u8,
    },
}

fn said() -> impl Strategy<Value = Said> {
    prop_oneof![
        8 => (0..3_u8, 0..3_u8, 0..4_u32, 1..3_u64, 1..4_i64).prop_map(|(account, person, day, sequence, owed)| {
            Said::Report { account, person, day, sequence, owed: owed * 100_000 }
        }),
        1 => (0..3_u8).prop_map(|account| Said::Delete { account }),
    ]
}

fn account_ref(account: u8) -> AccountRef {
    AccountRef::parse(&format!("A-{account}")).unwrap()
}

fn item(said: &Said) -> Item {
    match said {
        Said::Report {
            account,
            person,
            day,
            sequence,
            owed,
        } => {
            let mut position = samples::position();
            position.account_ref = account_ref(*account);
            position.order.as_of = days_after(ago(4), *day);
            position.order.sequence = *sequence;
            position.facts.outstanding_total = *owed;
            position.facts.outstanding_principal = *owed;
            let named = |_| -> Result<Shown, ()> {
                Ok(Shown::Sealed(Pseudonym {
                    identifier_type: IdentifierType::NationalId,
                    key_version: KeyVersion(1),
                    sealed: [*person; 48],
                }))
            };
            let position: Position<Shown> = position.try_map_tokens(named).unwrap();
            Item {
                account_ref: Some(position.account_ref.clone()),
                amounts: None,
                act: ItemAct::Report(Box::new(Report {
                    position,
                    event: None,
                    violations: Vec::new(),
                    warnings: Vec::new(),
                    token_digests: None,
                })),
            }
        }
        Said::Delete { account } => Item {
            account_ref: Some(account_ref(*account)),
            amounts: None,
            act: ItemAct::Delete(DeletionReason::Fraud),
        },
    }
}

fn alone(set: &mut WorkingSet, item: &Item, at: Timestamp) {
    let decided = match (&item.act, &item.account_ref) {
        (ItemAct::Report(stated), _) => report::decide(set, MEMBER, stated, at),
        (ItemAct::Delete(reason), Some(account)) => correct::delete(set, MEMBER, account, *reason),
        _ => return,
    };
    // A refusal is a fate like any other here.
    drop(decided);
}

fn step(set: &mut WorkingSet, epoch: u64, step: BatchStep, at: Timestamp) -> BatchTaken {
    let work = BatchWork {
        batch_id: BatchId::parse("n-1").unwrap(),
        epoch,
        step,
    };
    match decide(set, MEMBER, &work, at).unwrap().outcome {
        Outcome::Batch(taken) => *taken,
        other => panic!("{other:?}"),
    }
}

proptest! {
    #[test]
    fn records_of_a_batch_leave_what_they_would_leave_alone(
        all in proptest::collection::vec(said(), 1..24),
        size in 1..6_usize,
    ) {
        let at = now();
        let items: Vec<Item> = all.iter().map(item).collect();
        let (mut singly, mut batched) = (empty(), empty());
        for item in &items {
            alone(&mut singly, item, at);
        }
        let mut row = step(&mut batched, 0, BatchStep::Open(header(false)), at).row;
        for chunk in items.chunks(size) {
            let after = row.batch.counts.received;
            row = step(&mut batched, 1, BatchStep::Chunk { after, items: chunk.to_vec() }, at).row;
        }
        prop_assert_eq!(&batched.accounts, &singly.accounts);
        prop_assert_eq!(&batched.subjects, &singly.subjects);
        prop_assert_eq!(&batched.tokens, &singly.tokens);
        prop_assert_eq!(&batched.past_versions, &singly.past_versions);
        let counts = row.batch.counts;
        prop_assert_eq!(counts.received, counts.accepted + counts.rejected + counts.superseded);
        prop_assert!(counts.unchanged <= counts.accepted);
    }

    #[test]
    fn a_dry_run_leaves_nothing_but_its_counts(all in proptest::collection::vec(said(), 1..24)) {
        let at = now();
        let mut set = empty();
        for item in all.iter().take(8).map(item) {
            alone(&mut set, &item, at);
        }
        let before = (set.accounts.clone(), set.subjects.clone(), set.tokens.clone(), set.past_versions.clone());
        set.changes.clear();
        step(&mut set, 0, BatchStep::Open(header(true)), at);
        let items: Vec<Item> = all.iter().map(item).collect();
        let taken = step(&mut set, 1, BatchStep::Chunk { after: 0, items }, at);
        let after = (set.accounts.clone(), set.subjects.clone(), set.tokens.clone(), set.past_versions.clone());
        prop_assert_eq!(after, before);
        let written = set.changes.iter().all(|change| {
            matches!(change, Change::PutBatch(_) | Change::InsertResult(..))
        });
        prop_assert!(written, "{:?}", set.changes);
        prop_assert_eq!(taken.row.batch.counts.received, u64::try_from(all.len()).unwrap());
    }
}
