use proptest::prelude::*;

use super::*;
use crate::audit::{CheckpointKey, Opening};
use crate::ledger::fixtures::{grow, key, log_of, opening, roots};
use crate::store::audit_log::EntryId;
use crate::store::audit_log::fake::{FakeLog, State, now};

const SIZES: [u64; 4] = [3, 260, 300, 520];

/// A log of 520 leaves that was signed at four sizes: two complete tiles, and a rest.
fn signed_log() -> State {
    let log = log_of(0);
    for size in SIZES {
        grow(&log, size);
    }
    log.state().clone()
}

fn check(state: State, kept: &[String]) -> Report {
    now(verify(&FakeLog::of(state), key().verifier(), kept, |_, _| {})).unwrap()
}

fn first_difference(change: impl FnOnce(&mut State)) -> Difference {
    let mut state = signed_log();
    change(&mut state);
    let report = check(state, &[]);
    assert!(!report.is_sound());
    report.differences[0].clone()
}

/// The entry at a place of the log.
fn entry(state: &State, index: u64) -> EntryId {
    state.leaves[&index].0
}

#[test]
fn an_untouched_log_is_sound_and_counted() {
    let state = signed_log();
    let root = roots(&FakeLog::of(state.clone()))[&520];
    let report = check(state, &[]);
    let wanted = Report {
        size: 520,
        root: Some(root),
        leaves: 520,
        openings: 520,
        checkpoints: 4,
        nodes: 2,
        ..Report::default()
    };
    assert_eq!(report, wanted);
    assert!(report.is_sound());
}

#[test]
fn a_new_log_is_sound() {
    let report = check(State::default(), &[]);
    assert!(report.is_sound());
    assert_eq!(report.root, Some(Frontier::empty().root()));
}

#[test]
fn logs_around_the_size_of_a_page_are_sound() {
    for size in [1_023, 1_024, 1_025] {
        let log = log_of(0);
        for signed in [1, 2, size] {
            grow(&log, signed);
        }
        let mut heard = Vec::new();
        let report = now(verify(log.as_ref(), key().verifier(), &[], |done, of| {
            heard.push((done, of));
        }));
        let report = report.unwrap();
        assert!(report.is_sound(), "{:?}", report.differences);
        assert_eq!((report.leaves, report.checkpoints), (size, 3));
        assert_eq!(heard.last(), Some(&(size, size)));
    }
}

#[test]
fn entries_that_wait_are_no_difference() {
    let mut state = signed_log();
    state.write_entry(opening(1_000));
    assert!(check(state, &[]).is_sound());
}

#[test]
fn erased_openings_are_counted_and_no_difference() {
    let mut state = signed_log();
    for index in [0, 255, 519] {
        let entry = entry(&state, index);
        state.openings.remove(&entry);
    }
    let report = check(state, &[]);
    assert!(report.is_sound());
    assert_eq!((report.openings, report.openings_erased), (517, 3));
}

type Change = fn(&mut State);

#[test]
fn tampering_with_leaves_openings_and_nodes_is_named() {
    let cases: [(Change, Difference); 7] = [
        (
            |state| {
                state.leaves.remove(&7);
            },
            Difference::LeafMissing { index: 7 },
        ),
        (
            |state| {
                state.leaves.insert(520, (EntryId(9_999), NodeHash([0; 32])));
            },
            Difference::LeafBeyondTree { index: 520 },
        ),
        (
            |state| {
                let entry = entry(state, 8);
                state.openings.insert(entry, opening(9_999));
            },
            Difference::OpeningDiffers { index: 8 },
        ),
        (
            // Leaf and opening exchanged together: only the tree notices.
            |state| {
                let entry = entry(state, 8);
                state.openings.insert(entry, opening(9_999));
                state.leaves.insert(8, (entry, opening(9_999).leaf_hash()));
            },
            Difference::RootDiffers { size: 260 },
        ),
        (
            |state| {
                let (one, other) = (state.leaves[&4], state.leaves[&5]);
                state.leaves.extend([(4, other), (5, one)]);
            },
            Difference::RootDiffers { size: 260 },
        ),
        (
            |state| {
                state.nodes.pop_last();
            },
            Difference::NodeDiffers { level: 8, index: 1 },
        ),
        (
            |state| {
                let peaks = vec![NodeHash([0; 32]); 2];
                state.frontier = Frontier::from_parts(520, peaks).unwrap();
            },
            Difference::TreeDiffers { size: 520 },
        ),
    ];
    for (change, wanted) in cases {
        assert_eq!(first_difference(change), wanted);
    }
}

#[test]
fn tampering_with_checkpoints_is_named() {
    let cases: [(Change, Difference); 5] = [
        (
            |state| {
                state.checkpoints.pop_last();
            },
            Difference::CheckpointMissing { size: 520 },
        ),
        (
            |state| {
                let note = state.checkpoints[&300].clone();
                state.checkpoints.insert(260, note);
            },
            Difference::CheckpointMisfiled {
                size: 260,
                signed: 300,
            },
        ),
        (
            |state| {
                let origin = key().verifier().origin().clone();
                let stranger = CheckpointKey::from_seed(origin, &[9; 32]);
                let note = stranger.sign(&state.frontier);
                state.checkpoints.insert(520, note);
            },
            Difference::CheckpointRefused {
                size: 520,
                reason: CheckpointError::Note(crate::audit::note::NoteError::Unsigned),
            },
        ),
        (
            // The true key signs another tree: a fork.
            |state| {
                let mut fork = Frontier::empty();
                for _ in 0..300 {
                    fork.append(NodeHash([5; 32]), |_| {}).unwrap();
                }
                state.checkpoints.insert(300, key().sign(&fork));
            },
            Difference::RootDiffers { size: 300 },
        ),
        (
            |state| {
                let note = state.checkpoints[&520].clone();
                state.checkpoints.insert(521, note);
            },
            Difference::CheckpointBeyondTree { size: 521 },
        ),
    ];
    for (change, wanted) in cases {
        assert_eq!(first_difference(change), wanted);
    }
}

/// The log cut back to 260 leaves, with everything that tells of more: consistent in itself.
fn rolled_back() -> State {
    let mut state = signed_log();
    state.leaves.retain(|index, _| *index < 260);
    state.checkpoints.retain(|size, _| *size <= 260);
    state.nodes.retain(|at, _| at.index == 0);
    state.frontier = Frontier::empty();
    for (_, leaf) in state.leaves.values() {
        state.frontier.append(*leaf, |_| {}).unwrap();
    }
    state
}

#[test]
fn a_rolled_back_log_is_found_out_by_a_checkpoint_kept_elsewhere() {
    let kept = signed_log().checkpoints;
    let kept = |size: u64| vec![kept[&size].clone()];
    assert!(check(rolled_back(), &[]).is_sound());
    assert!(check(rolled_back(), &kept(260)).is_sound());
    let report = check(rolled_back(), &kept(300));
    assert_eq!(
        report.differences,
        [Difference::CheckpointBeyondTree { size: 300 }]
    );
}

#[test]
fn kept_checkpoints_are_compared_at_their_size() {
    let fork = |size: u64| {
        let mut fork = Frontier::empty();
        for _ in 0..size {
            fork.append(NodeHash([5; 32]), |_| {}).unwrap();
        }
        key().sign(&fork)
    };
    let kept = [
        fork(0),
        signed_log().checkpoints[&3].clone(),
        fork(100),
        fork(520),
    ];
    let report = check(signed_log(), &kept);
    assert_eq!(report.checkpoints_kept, 4);
    let wanted = [100, 520].map(|size| Difference::RootDiffers { size });
    assert_eq!(report.differences, wanted);
    let report = check(signed_log(), &["rubbish".to_owned()]);
    assert!(matches!(
        report.differences[..],
        [Difference::KeptRefused { number: 1, .. }]
    ));
}

#[test]
fn differences_are_all_counted_and_the_first_are_named() {
    let shown = u64::try_from(DIFFERENCES_SHOWN_MAX).unwrap();
    for changed in [shown - 1, shown, shown + 1] {
        let mut state = signed_log();
        state.leaves.retain(|index, _| *index >= changed);
        let report = check(state, &[]);
        assert_eq!(report.differences_total, changed);
        let named = usize::try_from(changed).unwrap().min(DIFFERENCES_SHOWN_MAX);
        assert_eq!(report.differences.len(), named);
        assert_eq!(report.root, None);
    }
}

/// Where one byte is changed, or two rows change places.
#[derive(Debug, Clone)]
enum Tampering {
    Leaf,
    Salt,
    OpeningBytes,
    Checkpoint,
    Node,
    Peak,
    SwapLeaves,
    SwapOpenings,
    SwapCheckpoints,
    RemoveLeaf,
    CutOpening,
}

fn any_tampering() -> impl Strategy<Value = Tampering> {
    use Tampering as T;
    prop::sample::select(vec![
        T::Leaf,
        T::Salt,
        T::OpeningBytes,
        T::Checkpoint,
        T::Node,
        T::Peak,
        T::SwapLeaves,
        T::SwapOpenings,
        T::SwapCheckpoints,
        T::RemoveLeaf,
        T::CutOpening,
    ])
}

fn opening_at(state: &mut State, index: u64) -> &mut Opening {
    let entry = entry(state, index);
    state.openings.get_mut(&entry).unwrap()
}

fn tamper(state: &mut State, what: &Tampering, place: prop::sample::Index, other: u64, flip: u8) {
    let index = u64::try_from(place.index(520)).unwrap();
    let byte = place.index(32);
    match what {
        Tampering::Leaf => state.leaves.get_mut(&index).unwrap().1.0[byte] ^= flip,
        Tampering::Salt => opening_at(state, index).salt[byte] ^= flip,
        Tampering::OpeningBytes => {
            let bytes = &mut opening_at(state, index).bytes;
            let at = place.index(bytes.len());
            bytes[at] ^= flip;
        }
        Tampering::Checkpoint => {
            let note = state.checkpoints.get_mut(place.get(&SIZES)).unwrap();
            let mut bytes = note.clone().into_bytes();
            let at = place.index(bytes.len());
            bytes[at] ^= flip;
            *note = String::from_utf8_lossy(&bytes).into_owned();
        }
        Tampering::Node => {
            let hash = state.nodes.values_mut().nth(place.index(2)).unwrap();
            hash.0[byte] ^= flip;
        }
        Tampering::Peak => {
            let mut peaks = state.frontier.peaks().to_vec();
            peaks[place.index(2)].0[byte] ^= flip;
            state.frontier = Frontier::from_parts(520, peaks).unwrap();
        }
        Tampering::SwapLeaves => {
            let (one, two) = (state.leaves[&index], state.leaves[&other]);
            state.leaves.extend([(index, two), (other, one)]);
        }
        Tampering::SwapOpenings => {
            let one = opening_at(state, index).clone();
            let two = std::mem::replace(opening_at(state, other), one);
            *opening_at(state, index) = two;
        }
        Tampering::SwapCheckpoints => {
            let at = place.index(3);
            let (one, two) = (SIZES[at], SIZES[at + 1]);
            let notes = (state.checkpoints[&one].clone(), state.checkpoints[&two].clone());
            state.checkpoints.extend([(one, notes.1), (two, notes.0)]);
        }
        Tampering::RemoveLeaf => {
            state.leaves.remove(&index);
        }
        Tampering::CutOpening => {
            opening_at(state, index).bytes.pop();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_tampering_with_any_byte_or_order_is_found(
        what in any_tampering(), place in any::<prop::sample::Index>(), other in 0_u64..520, flip in 1u8..,
    ) {
        prop_assume!(u64::try_from(place.index(520)).unwrap() != other);
        let mut state = signed_log();
        tamper(&mut state, &what, place, other, flip);
        prop_assert!(!check(state, &[]).is_sound());
    }
}
