use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::audit::tree::tests::{naive_root, numbered_leaves};
use crate::audit::tree::{Frontier, hash_leaf};
use crate::audit::vectors::{LEAVES, ROOTS, node, unhex};

type Nodes = BTreeMap<NodeAt, NodeHash>;

fn nodes_of(leaves: &[NodeHash]) -> Nodes {
    let mut nodes = Nodes::new();
    let mut frontier = Frontier::empty();
    for leaf in leaves {
        frontier
            .append(*leaf, |node| assert!(nodes.insert(node.at, node.hash).is_none()))
            .unwrap();
    }
    nodes
}

fn inclusion(nodes: &Nodes, index: u64, size: u64) -> Vec<NodeHash> {
    prove_inclusion::<ProofError>(index, size, |at| Ok(nodes[&at])).unwrap()
}

fn consistency(nodes: &Nodes, old: u64, new: u64) -> Vec<NodeHash> {
    prove_consistency::<ProofError>(old, new, |at| Ok(nodes[&at])).unwrap()
}

/// PATH of RFC 6962, section 2.1.1, word for word.
fn naive_path(index: usize, leaves: &[NodeHash]) -> Vec<NodeHash> {
    if leaves.len() == 1 {
        return Vec::new();
    }
    let split = leaves.len().next_power_of_two() / 2;
    let (mut path, sibling) = if index < split {
        (naive_path(index, &leaves[..split]), naive_root(&leaves[split..]))
    } else {
        (
            naive_path(index - split, &leaves[split..]),
            naive_root(&leaves[..split]),
        )
    };
    path.push(sibling);
    path
}

/// SUBPROOF of RFC 6962, section 2.1.2, word for word.
fn naive_subproof(old: usize, leaves: &[NodeHash], known: bool) -> Vec<NodeHash> {
    if old == leaves.len() {
        return if known {
            Vec::new()
        } else {
            vec![naive_root(leaves)]
        };
    }
    let split = leaves.len().next_power_of_two() / 2;
    let (mut proof, sibling) = if old <= split {
        (
            naive_subproof(old, &leaves[..split], known),
            naive_root(&leaves[split..]),
        )
    } else {
        (
            naive_subproof(old - split, &leaves[split..], false),
            naive_root(&leaves[..split]),
        )
    };
    proof.push(sibling);
    proof
}

#[test]
fn reference_proofs_of_certificate_transparency_hold() {
    let leaves: Vec<_> = LEAVES.iter().map(|leaf| hash_leaf(&unhex(leaf))).collect();
    let nodes = nodes_of(&leaves);
    let first = [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ];
    assert_eq!(inclusion(&nodes, 0, 8), first.map(node));
    let six_to_eight = [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ];
    assert_eq!(consistency(&nodes, 6, 8), six_to_eight.map(node));
    let two_to_five = [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ];
    assert_eq!(
        verify_consistency(2, 5, &two_to_five.map(node), node(ROOTS[2]), node(ROOTS[5])),
        Ok(())
    );
}

#[test]
fn every_proof_up_to_34_leaves_is_the_definition_and_verifies() {
    let leaves = numbered_leaves(34);
    let nodes = nodes_of(&leaves);
    for new in 0..=leaves.len() {
        let root = naive_root(&leaves[..new]);
        let size = u64::try_from(new).unwrap();
        for (index, leaf) in (0..size).zip(&leaves) {
            let proof = inclusion(&nodes, index, size);
            assert_eq!(proof, naive_path(usize::try_from(index).unwrap(), &leaves[..new]));
            assert_eq!(verify_inclusion(*leaf, index, size, &proof, root), Ok(()));
        }
        for old in 0..=new {
            let from = u64::try_from(old).unwrap();
            let proof = consistency(&nodes, from, size);
            if old > 0 {
                assert_eq!(proof, naive_subproof(old, &leaves[..new], true), "{old} to {new}");
            }
            let verdict = verify_consistency(from, size, &proof, naive_root(&leaves[..old]), root);
            assert_eq!(verdict, Ok(()), "{old} to {new}");
        }
    }
}

#[test]
fn leaves_and_sizes_that_cannot_be_are_refused() {
    let root = NodeHash([0; 32]);
    for (index, size) in [(0, 0), (5, 5), (u64::MAX, 5), (0, LEAVES_MAX + 1), (0, u64::MAX)] {
        assert_eq!(
            inclusion_nodes(index, size),
            Err(ProofError::Index { index, size })
        );
        let verdict = verify_inclusion(root, index, size, &[], root);
        assert_eq!(verdict, Err(ProofError::Index { index, size }));
    }
    for (old, new) in [(2, 1), (0, LEAVES_MAX + 1), (u64::MAX, u64::MAX)] {
        assert_eq!(consistency_nodes(old, new), Err(ProofError::Sizes { old, new }));
        let verdict = verify_consistency(old, new, &[], root, root);
        assert_eq!(verdict, Err(ProofError::Sizes { old, new }));
    }
}

#[test]
fn the_largest_tree_needs_no_more_hashes_than_the_limit() {
    assert_eq!(inclusion_steps(0, LEAVES_MAX).unwrap().len(), 62);
    assert!(consistency_steps(LEAVES_MAX - 1, LEAVES_MAX).unwrap().len() <= HASHES_MAX);
}

proptest! {
    #[test]
    fn altered_inclusion_proofs_do_not_hold(
        size in 1_u64..200, index in any::<prop::sample::Index>(), at in any::<prop::sample::Index>(), flip in 1u8..,
    ) {
        let leaves = numbered_leaves(size);
        let nodes = nodes_of(&leaves);
        let place = index.index(leaves.len());
        let (index, leaf, root) = (u64::try_from(place).unwrap(), leaves[place], naive_root(&leaves));
        let proof = inclusion(&nodes, index, size);
        prop_assert_eq!(verify_inclusion(leaf, index, size, &proof, root), Ok(()));
        for other in (0..size).filter(|other| *other != index) {
            prop_assert!(verify_inclusion(leaf, other, size, &proof, root).is_err());
        }
        let longer = [&proof[..], &[root]].concat();
        prop_assert!(verify_inclusion(leaf, index, size, &longer, root).is_err());
        if !proof.is_empty() {
            prop_assert!(verify_inclusion(leaf, index, size, &proof[1..], root).is_err());
            let mut altered = proof.clone();
            altered[at.index(proof.len())].0[at.index(32)] ^= flip;
            prop_assert_eq!(verify_inclusion(leaf, index, size, &altered, root), Err(ProofError::Root));
        }
    }

    #[test]
    fn altered_consistency_proofs_do_not_hold(
        new in 2_u64..200, old in any::<prop::sample::Index>(), at in any::<prop::sample::Index>(), flip in 1u8..,
    ) {
        let leaves = numbered_leaves(new);
        let nodes = nodes_of(&leaves);
        let older = 1 + old.index(leaves.len() - 1);
        let (old_root, new_root) = (naive_root(&leaves[..older]), naive_root(&leaves));
        let old = u64::try_from(older).unwrap();
        let proof = consistency(&nodes, old, new);
        prop_assert_eq!(verify_consistency(old, new, &proof, old_root, new_root), Ok(()));
        let mut altered = proof.clone();
        altered[at.index(proof.len())].0[at.index(32)] ^= flip;
        prop_assert_eq!(verify_consistency(old, new, &altered, old_root, new_root), Err(ProofError::Root));
        let mut rewritten = leaves.clone();
        rewritten[at.index(older)].0[0] ^= flip;
        prop_assert!(verify_consistency(old, new, &proof, naive_root(&rewritten[..older]), new_root).is_err());
        prop_assert!(verify_consistency(old, new, &proof, old_root, naive_root(&rewritten)).is_err());
    }
}
