//! The append-only Merkle tree of RFC 6962, kept as its frontier: the roots of its complete subtrees, largest first.
//!
//! Appending needs the frontier alone, so a log of any size is continued from a few dozen hashes. Knows no storage: it
//! says which nodes an append completes, and a store keeps those it wants. The invariant: a frontier of size *n* holds
//! exactly one hash for each one-bit of *n*, and equal leaves in equal order give equal roots.

use std::fmt;

use sha2::{Digest, Sha256};

/// Stands before a leaf's content when it is hashed.
pub(super) const LEAF_PREFIX: u8 = 0;
/// Stands before two children when their parent is hashed.
const NODE_PREFIX: u8 = 1;

/// The most leaves of a tree: so that sizes and indexes also fit the signed 64-bit integers of databases.
pub const LEAVES_MAX: u64 = 1 << 62;

/// A hash of the tree: of a leaf, or of everything below a node. Public: it proves nothing about its content.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeHash(pub [u8; 32]);

impl fmt::Debug for NodeHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// The hash of a leaf with this content.
pub fn hash_leaf(content: &[u8]) -> NodeHash {
    let hash = Sha256::new().chain_update([LEAF_PREFIX]).chain_update(content);
    NodeHash(hash.finalize().into())
}

/// The hash of a node over its two children.
pub fn hash_children(left: NodeHash, right: NodeHash) -> NodeHash {
    let hash = Sha256::new()
        .chain_update([NODE_PREFIX])
        .chain_update(left.0)
        .chain_update(right.0);
    NodeHash(hash.finalize().into())
}

/// The root of the tree without leaves.
pub fn empty_root() -> NodeHash {
    NodeHash(Sha256::digest(b"").into())
}

/// Where a complete node stands: it covers the leaves `index << level` up to, but not including, `(index + 1) << level`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeAt {
    /// 0 for leaves, at most 62.
    pub level: u8,
    /// Counts the nodes of its level from the left, from 0.
    pub index: u64,
}

/// A complete node: it never changes again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Node {
    /// Where it stands.
    pub at: NodeAt,
    /// Its hash.
    pub hash: NodeHash,
}

/// Why a frontier cannot exist or grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TreeError {
    /// The number of subtree roots does not fit the number of leaves.
    #[error("a tree of {size} leaves has {expected} complete subtrees, not {found}")]
    Peaks {
        /// Leaves.
        size: u64,
        /// Subtrees it must have.
        expected: usize,
        /// Subtrees given.
        found: usize,
    },
    /// More leaves than [`LEAVES_MAX`].
    #[error("a tree has at most {LEAVES_MAX} leaves")]
    Full,
    /// Stored bytes are not a frontier: 8 bytes of size, 32 for each subtree.
    #[error("{0} bytes are not a frontier")]
    Bytes(usize),
}

/// What is needed of a tree to append to it and to tell its root.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    /// Roots of the complete subtrees, largest (leftmost) first.
    peaks: Vec<NodeHash>,
}

impl Frontier {
    /// The tree without leaves.
    pub const fn empty() -> Self {
        Self {
            size: 0,
            peaks: Vec::new(),
        }
    }

    /// A tree of `size` leaves, given the roots of its complete subtrees, largest first.
    ///
    /// # Errors
    /// [`TreeError::Peaks`] or [`TreeError::Full`] when there can be no such tree.
    pub fn from_parts(size: u64, peaks: Vec<NodeHash>) -> Result<Self, TreeError> {
        if size > LEAVES_MAX {
            return Err(TreeError::Full);
        }
        let expected = count_ones(size);
        if peaks.len() != expected {
            return Err(TreeError::Peaks {
                size,
                expected,
                found: peaks.len(),
            });
        }
        Ok(Self { size, peaks })
    }

    /// How many leaves the tree has.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Roots of its complete subtrees, largest first.
    pub fn peaks(&self) -> &[NodeHash] {
        &self.peaks
    }

    /// The root of the tree as it stands.
    pub fn root(&self) -> NodeHash {
        fold_subtrees(&self.peaks).unwrap_or_else(empty_root)
    }

    /// Appends a leaf and hands every node that is thereby complete to `completed`, the leaf first.
    ///
    /// # Errors
    /// [`TreeError::Full`] at [`LEAVES_MAX`] leaves; nothing is changed then.
    pub fn append(&mut self, leaf: NodeHash, mut completed: impl FnMut(Node)) -> Result<(), TreeError> {
        if self.size >= LEAVES_MAX {
            return Err(TreeError::Full);
        }
        let mut at = NodeAt {
            level: 0,
            index: self.size,
        };
        let mut hash = leaf;
        completed(Node { at, hash });
        // A right child completes its parent; how often is the number of trailing one-bits of the old size.
        while at.index & 1 == 1 {
            let left = self
                .peaks
                .pop()
                .expect("a frontier has a subtree for each one-bit of its size");
            hash = hash_children(left, hash);
            at = NodeAt {
                level: at.level + 1,
                index: at.index >> 1,
            };
            completed(Node { at, hash });
        }
        self.peaks.push(hash);
        self.size += 1;
        Ok(())
    }

    /// Bytes to store: size (u64, big-endian), then 32 bytes for each complete subtree, largest first.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(8 + 32 * self.peaks.len());
        bytes.extend(self.size.to_be_bytes());
        bytes.extend(self.peaks.iter().flat_map(|peak| peak.0));
        bytes
    }

    /// Inverse of [`Self::to_bytes`].
    ///
    /// # Errors
    /// [`TreeError`] when the bytes are no frontier.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, TreeError> {
        let refuse = || TreeError::Bytes(bytes.len());
        let (size, rest) = bytes.split_first_chunk::<8>().ok_or_else(refuse)?;
        let (peaks, excess) = rest.as_chunks::<32>();
        if !excess.is_empty() {
            return Err(refuse());
        }
        Self::from_parts(
            u64::from_be_bytes(*size),
            peaks.iter().copied().map(NodeHash).collect(),
        )
    }
}

/// The hash over neighbouring complete subtrees, largest first; `None` of none.
pub(super) fn fold_subtrees(subtrees: &[NodeHash]) -> Option<NodeHash> {
    subtrees
        .iter()
        .rev()
        .copied()
        .reduce(|right, left| hash_children(left, right))
}

fn count_ones(size: u64) -> usize {
    usize::try_from(size.count_ones()).expect("64 fits every usize")
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::audit::vectors::{LEAVES, ROOTS, node, unhex};

    /// The definition of RFC 6962, section 2.1, word for word: slow and obviously right.
    pub(crate) fn naive_root(leaves: &[NodeHash]) -> NodeHash {
        match leaves {
            [] => empty_root(),
            [leaf] => *leaf,
            [_, _, ..] => {
                let split = leaves.len().next_power_of_two() / 2;
                hash_children(naive_root(&leaves[..split]), naive_root(&leaves[split..]))
            }
        }
    }

    pub(crate) fn numbered_leaves(count: u64) -> Vec<NodeHash> {
        (0..count)
            .map(|number| hash_leaf(&number.to_be_bytes()))
            .collect()
    }

    fn grown(leaves: &[NodeHash]) -> (Frontier, Vec<Node>) {
        let mut frontier = Frontier::empty();
        let mut completed = Vec::new();
        for leaf in leaves {
            frontier.append(*leaf, |node| completed.push(node)).unwrap();
        }
        (frontier, completed)
    }

    #[test]
    fn reference_vectors_of_certificate_transparency_hold() {
        let mut frontier = Frontier::empty();
        assert_eq!(frontier.root(), node(ROOTS[0]));
        for (leaf, root) in LEAVES.iter().zip(&ROOTS[1..]) {
            frontier.append(hash_leaf(&unhex(leaf)), |_| {}).unwrap();
            assert_eq!(frontier.root(), node(root));
        }
    }

    #[test]
    fn every_size_up_to_130_has_the_root_of_the_definition() {
        let leaves = numbered_leaves(130);
        for size in 0..=leaves.len() {
            assert_eq!(
                grown(&leaves[..size]).0.root(),
                naive_root(&leaves[..size]),
                "size {size}"
            );
        }
    }

    #[test]
    fn completed_nodes_are_all_complete_nodes_each_once() {
        let leaves = numbered_leaves(77);
        let (_, mut completed) = grown(&leaves);
        let mut wanted = Vec::new();
        for level in 0..7_u8 {
            for (index, covered) in (0_u64..).zip(leaves.chunks_exact(1 << level)) {
                wanted.push(Node {
                    at: NodeAt { level, index },
                    hash: naive_root(covered),
                });
            }
        }
        completed.sort_unstable();
        wanted.sort_unstable();
        assert_eq!(completed, wanted);
    }

    #[test]
    fn frontier_with_wrong_number_of_subtrees_is_refused() {
        let peak = NodeHash([1; 32]);
        for (size, peaks, fits) in [
            (0, 0, true),
            (0, 1, false),
            (5, 2, true),
            (5, 1, false),
            (5, 3, false),
        ] {
            assert_eq!(
                Frontier::from_parts(size, vec![peak; peaks]).is_ok(),
                fits,
                "{size} {peaks}"
            );
        }
    }

    #[test]
    fn the_last_leaf_fits_and_one_more_is_refused() {
        let ones = LEAVES_MAX - 1;
        let mut frontier = Frontier::from_parts(ones, vec![NodeHash([1; 32]); 62]).unwrap();
        frontier.append(NodeHash([2; 32]), |_| {}).unwrap();
        assert_eq!(frontier.size(), LEAVES_MAX);
        let before = frontier.clone();
        assert_eq!(frontier.append(NodeHash([2; 32]), |_| {}), Err(TreeError::Full));
        assert_eq!(frontier, before);
        assert_eq!(
            Frontier::from_parts(LEAVES_MAX + 1, vec![NodeHash([1; 32]); 2]),
            Err(TreeError::Full)
        );
    }

    #[test]
    fn cut_frontier_bytes_are_refused() {
        let bytes = grown(&numbered_leaves(5)).0.to_bytes();
        for length in 0..bytes.len() {
            assert!(Frontier::from_bytes(&bytes[..length]).is_err(), "cut to {length}");
        }
    }

    proptest! {
        #[test]
        fn stored_and_loaded_anywhere_the_tree_grows_the_same(size in 0_u64..300, stop in 0_u64..300) {
            let leaves = numbered_leaves(size);
            let stop = usize::try_from(stop.min(size)).unwrap();
            let mut frontier = grown(&leaves[..stop]).0;
            frontier = Frontier::from_bytes(&frontier.to_bytes()).unwrap();
            for leaf in &leaves[stop..] {
                frontier.append(*leaf, |_| {}).unwrap();
            }
            prop_assert_eq!(frontier.root(), naive_root(&leaves));
        }

        #[test]
        fn any_other_leaf_or_order_gives_another_root(
            size in 2_u64..100, one in any::<prop::sample::Index>(), other in any::<prop::sample::Index>(),
        ) {
            let leaves = numbered_leaves(size);
            let (one, other) = (one.index(leaves.len()), other.index(leaves.len()));
            let mut altered = leaves.clone();
            altered[one].0[one % 32] ^= 1;
            prop_assert_ne!(grown(&altered).0.root(), grown(&leaves).0.root());
            let mut swapped = leaves.clone();
            swapped.swap(one, other);
            prop_assert_eq!(grown(&swapped).0.root() == grown(&leaves).0.root(), one == other);
        }
    }
}
