use std::collections::BTreeSet;

use futures::stream;
use proptest::prelude::*;

use super::*;
use crate::audit::NodeHash;
use crate::ledger::fixtures::{key, log_of, opening, roots, sequencer, stopped, write_entries};
use crate::ledger::verify;
use crate::store::audit_log::EntryId;
use crate::store::audit_log::fake::{FakeLog, Fault, now};

fn pass(log: &Arc<FakeLog>) -> Result<Pass, LedgerError> {
    now(sequencer(log, 4).sequence_waiting())
}

fn assert_sound(log: &FakeLog) {
    let report = now(verify(log, key().verifier(), &[], |_, _| {})).unwrap();
    assert!(report.is_sound(), "{:?}", report.differences);
}

/// Every entry ever written is exactly once in the log, or still waits.
fn assert_nothing_lost_or_doubled(log: &FakeLog) {
    let state = log.state();
    let sequenced: Vec<_> = state.leaves.values().map(|(entry, _)| *entry).collect();
    let all: BTreeSet<_> = sequenced.iter().chain(state.waiting.keys()).copied().collect();
    assert_eq!(all.len(), sequenced.len() + state.waiting.len());
    assert_eq!(all, (1..=state.entries).map(EntryId).collect());
}

#[test]
fn what_waits_is_appended_in_order_and_signed() {
    let log = log_of(0);
    write_entries(&log, 3);
    assert_eq!(pass(&log).unwrap(), Pass::Sequenced { leaves: 3, size: 3 });
    let leaves: Vec<_> = log.state().leaves.values().map(|(_, leaf)| *leaf).collect();
    assert_eq!(leaves, [0, 1, 2].map(|number| opening(number).leaf_hash()));
    let note = log.state().checkpoints[&3].clone();
    let signed = Checkpoint::open(&note, key().verifier()).unwrap();
    assert_eq!((signed.size, signed.root), (3, roots(&log)[&3]));
    assert!(log.state().waiting.is_empty());
}

#[test]
fn nothing_waiting_signs_nothing() {
    let log = log_of(0);
    assert_eq!(pass(&log).unwrap(), Pass::Sequenced { leaves: 0, size: 0 });
    assert!(log.state().checkpoints.is_empty());
    write_entries(&log, 1);
    pass(&log).unwrap();
    assert_eq!(pass(&log).unwrap(), Pass::Sequenced { leaves: 0, size: 1 });
    assert_eq!(log.state().checkpoints.len(), 1);
}

#[test]
fn steps_hold_at_most_the_limit_and_a_pass_takes_several() {
    for (written, checkpoints) in [(3, vec![3]), (4, vec![4]), (5, vec![4, 5]), (9, vec![4, 8, 9])] {
        let log = log_of(0);
        write_entries(&log, written);
        pass(&log).unwrap();
        let signed: Vec<_> = log.state().checkpoints.keys().copied().collect();
        assert_eq!(signed, checkpoints, "{written} entries");
        assert_sound(&log);
    }
}

#[test]
fn a_pass_ends_after_its_steps_and_the_next_goes_on() {
    let log = log_of(0);
    let all = i64::from(STEPS_MAX) + 1;
    write_entries(&log, all);
    let steps = u64::from(STEPS_MAX);
    let pass = || now(sequencer(&log, 1).sequence_waiting()).unwrap();
    assert_eq!(
        pass(),
        Pass::Sequenced {
            leaves: steps,
            size: steps
        }
    );
    assert_eq!(
        pass(),
        Pass::Sequenced {
            leaves: 1,
            size: steps + 1
        }
    );
    assert_sound(&log);
}

#[test]
fn every_eighth_level_of_nodes_is_kept_and_no_other() {
    let log = log_of(520);
    let kept: Vec<_> = log.state().nodes.keys().map(|at| (at.level, at.index)).collect();
    assert_eq!(kept, [(8, 0), (8, 1)]);
    assert_eq!(
        [0, 1, 7, 8, 9, 16].map(is_kept),
        [false, false, false, true, false, true]
    );
}

#[test]
fn a_failed_step_is_made_up_for_and_a_lost_reply_is_not_repeated() {
    for fault in [Fault::NotDone, Fault::DoneButFailed] {
        let log = log_of(2);
        write_entries(&log, 3);
        log.state().faults.push_back(fault.clone());
        assert!(matches!(pass(&log), Err(LedgerError::Store(_))), "{fault:?}");
        assert!(
            matches!(pass(&log), Ok(Pass::Sequenced { size: 5, .. })),
            "{fault:?}"
        );
        assert_nothing_lost_or_doubled(&log);
        assert_sound(&log);
    }
}

#[test]
fn a_step_that_was_overtaken_is_computed_anew() {
    let log = log_of(2);
    write_entries(&log, 3);
    let rival = sequencer(&log, 4);
    let tree = log.state().frontier.clone();
    let first = now(log.waiting(1)).unwrap();
    let overtaking = rival.step(tree, &first).unwrap();
    log.state()
        .faults
        .push_back(Fault::Overtaken(Box::new(overtaking)));
    assert_eq!(pass(&log).unwrap(), Pass::Sequenced { leaves: 2, size: 5 });
    assert_nothing_lost_or_doubled(&log);
    assert_sound(&log);
}

#[test]
fn what_comes_while_a_step_is_in_hand_waits_for_the_next_pass() {
    let log = log_of(0);
    write_entries(&log, 2);
    log.state().faults.push_back(Fault::Busy(opening(2)));
    assert_eq!(pass(&log).unwrap(), Pass::Sequenced { leaves: 2, size: 2 });
    assert_eq!(log.state().waiting.len(), 1);
    assert_eq!(pass(&log).unwrap(), Pass::Sequenced { leaves: 1, size: 3 });
    assert_sound(&log);
}

#[test]
fn only_the_holder_of_the_lease_works_until_it_ends() {
    let log = log_of(1);
    write_entries(&log, 1);
    let rival = |micros| {
        Sequencer::new(
            Arc::clone(&log) as Arc<_>,
            key(),
            stopped(micros),
            LeaseHolder([2; 16]),
            SequencerOptions::default(),
        )
    };
    for micros in [0, 14_999_999] {
        assert_eq!(
            now(rival(micros).sequence_waiting()).unwrap(),
            Pass::LeaseElsewhere
        );
    }
    assert_eq!(log.state().leaves.len(), 1);
    let taken = now(rival(15_000_000).sequence_waiting()).unwrap();
    assert_eq!(taken, Pass::Sequenced { leaves: 1, size: 2 });
    assert_eq!(pass(&log).unwrap(), Pass::LeaseElsewhere);
}

#[test]
fn a_tree_that_was_not_signed_is_never_continued() {
    type Tamper = fn(&mut crate::store::audit_log::fake::State);
    let cases: [(&str, Tamper); 5] = [
        ("other tree", |state| {
            let peaks = vec![NodeHash([9; 32]); 2];
            state.frontier = Frontier::from_parts(3, peaks).unwrap();
        }),
        ("tree rolled back", |state| state.frontier = Frontier::empty()),
        ("checkpoints gone", |state| state.checkpoints.clear()),
        ("checkpoint altered", |state| {
            let note = state.checkpoints.get_mut(&3).unwrap();
            *note = note.replacen('3', "4", 1);
        }),
        ("checkpoint misfiled", |state| {
            let note = state.checkpoints.remove(&3).unwrap();
            state.checkpoints.insert(4, note);
        }),
    ];
    for (name, tamper) in cases {
        let log = log_of(3);
        write_entries(&log, 1);
        tamper(&mut log.state());
        let error = pass(&log).unwrap_err();
        assert!(
            matches!(
                error,
                LedgerError::HeadDiffers { .. } | LedgerError::Checkpoint(_)
            ),
            "{name}: {error}"
        );
        assert_eq!(log.state().waiting.len(), 1, "{name}");
        assert_eq!(log.state().leaves.len(), 3, "{name}");
    }
}

#[test]
fn another_key_does_not_continue_the_log() {
    let log = log_of(3);
    write_entries(&log, 1);
    let origin = key().verifier().origin().clone();
    let stranger = Sequencer {
        key: CheckpointKey::from_seed(origin, &[8; 32]),
        ..sequencer(&log, 4)
    };
    assert!(matches!(
        now(stranger.sequence_waiting()),
        Err(LedgerError::Checkpoint(_))
    ));
    assert_eq!(log.state().leaves.len(), 3);
}

#[test]
fn each_tick_is_a_pass_and_the_end_one_more() {
    let log = log_of(0);
    let mut sizes = Vec::new();
    let ticks = stream::iter(0..3).map(|_| write_entries(&log, 2));
    now(sequencer(&log, 4).run(ticks, |pass| sizes.push(pass.unwrap())));
    let size = |leaves, size| Pass::Sequenced { leaves, size };
    assert_eq!(sizes, [size(2, 2), size(2, 4), size(2, 6), size(0, 6)]);
}

#[test]
fn a_sequencer_that_stops_leaves_the_lease_to_its_successor() {
    let log = log_of(1);
    now(sequencer(&log, 4).run(stream::empty(), |_| {}));
    let successor = Sequencer {
        holder: LeaseHolder([2; 16]),
        ..sequencer(&log, 4)
    };
    assert_eq!(
        now(successor.sequence_waiting()).unwrap(),
        Pass::Sequenced { leaves: 0, size: 1 }
    );
}

#[test]
fn a_sequencer_without_the_lease_does_not_end_it() {
    let log = log_of(1);
    let rival = Sequencer {
        holder: LeaseHolder([2; 16]),
        ..sequencer(&log, 4)
    };
    now(rival.run(stream::empty(), |_| {}));
    assert_eq!(now(rival.sequence_waiting()).unwrap(), Pass::LeaseElsewhere);
}

#[derive(Debug, Clone)]
enum Step {
    Write(i64),
    Pass(u32),
    FailNext,
    LoseNextReply,
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (1_i64..400).prop_map(Step::Write),
        (1_u32..300).prop_map(Step::Pass),
        Just(Step::FailNext),
        Just(Step::LoseNextReply),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn whatever_fails_in_between_the_log_holds_every_entry_once(
        steps in prop::collection::vec(any_step(), 0..24),
    ) {
        let log = log_of(0);
        for step in steps {
            match step {
                Step::Write(count) => write_entries(&log, count),
                Step::Pass(limit) => drop(now(sequencer(&log, limit).sequence_waiting())),
                Step::FailNext => log.state().faults.push_back(Fault::NotDone),
                Step::LoseNextReply => log.state().faults.push_back(Fault::DoneButFailed),
            }
            assert_nothing_lost_or_doubled(&log);
        }
        log.state().faults.clear();
        now(sequencer(&log, 4_096).sequence_waiting()).unwrap();
        prop_assert!(log.state().waiting.is_empty());
        assert_nothing_lost_or_doubled(&log);
        assert_sound(&log);
    }
}
