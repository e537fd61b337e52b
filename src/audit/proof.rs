//! Proofs of RFC 6962: that a leaf is in a tree (*inclusion*), and that one tree only grew out of another (*consistency*).
//!
//! Proving reads complete nodes, wherever they are kept; [`inclusion_nodes`] and [`consistency_nodes`] name them beforehand
//! so that a store can be asked once. Verifying needs hashes alone: also the leaf whose opening was erased has a proof.
//! The invariant: whatever verifies was made of exactly these leaves, under the collision resistance of SHA-256.

use std::ops::Range;

use super::tree::{LEAVES_MAX, NodeAt, NodeHash, empty_root, fold_subtrees, hash_children};

/// The most hashes of a proof: a tree of [`LEAVES_MAX`] leaves has 62 levels, and consistency may repeat one node.
pub const HASHES_MAX: usize = 64;

/// Why a proof cannot be made or does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// No such leaf in a tree of this size.
    #[error("a tree of {size} leaves has no leaf {index}; expected an index below the size")]
    Index {
        /// Asked for.
        index: u64,
        /// Leaves of the tree.
        size: u64,
    },
    /// The older tree must not be the larger one, nor the larger one above the limit.
    #[error("no tree of {new} leaves can have grown out of one of {old}; expected old ≤ new ≤ {LEAVES_MAX}")]
    Sizes {
        /// Leaves of the older tree.
        old: u64,
        /// Leaves of the newer tree.
        new: u64,
    },
    /// Too few or too many hashes.
    #[error("the proof has {found} hashes; this one needs another number")]
    Length {
        /// Hashes given.
        found: usize,
    },
    /// It proves another root.
    #[error("the proof leads to another root")]
    Root,
}

/// Neighbouring leaves whose hash is one step of a proof.
type Leaves = Range<u64>;

/// The complete nodes that [`prove_inclusion`] will read.
///
/// # Errors
/// [`ProofError::Index`] when there is no such leaf.
pub fn inclusion_nodes(index: u64, size: u64) -> Result<Vec<NodeAt>, ProofError> {
    Ok(inclusion_steps(index, size)?
        .into_iter()
        .flat_map(complete_nodes)
        .collect())
}

/// The complete nodes that [`prove_consistency`] will read.
///
/// # Errors
/// [`ProofError::Sizes`] when the older tree is the larger one.
pub fn consistency_nodes(old: u64, new: u64) -> Result<Vec<NodeAt>, ProofError> {
    Ok(consistency_steps(old, new)?
        .into_iter()
        .flat_map(complete_nodes)
        .collect())
}

/// Proves that leaf `index` is in the tree of the first `size` leaves: the hashes beside its way to the root, lowest first.
///
/// # Errors
/// [`ProofError`] when there is no such leaf, or the reader's own error.
pub fn prove_inclusion<E: From<ProofError>>(
    index: u64,
    size: u64,
    read: impl FnMut(NodeAt) -> Result<NodeHash, E>,
) -> Result<Vec<NodeHash>, E> {
    hash_steps(inclusion_steps(index, size)?, read)
}

/// Proves that the tree of the first `new` leaves begins with the tree of the first `old` ones. Empty for `old` = 0 and
/// `old` = `new`.
///
/// # Errors
/// [`ProofError`] when the older tree is the larger one, or the reader's own error.
pub fn prove_consistency<E: From<ProofError>>(
    old: u64,
    new: u64,
    read: impl FnMut(NodeAt) -> Result<NodeHash, E>,
) -> Result<Vec<NodeHash>, E> {
    hash_steps(consistency_steps(old, new)?, read)
}

/// Checks that the tree of `size` leaves with this root has this leaf at `index`.
///
/// # Errors
/// [`ProofError`] saying what does not fit.
pub fn verify_inclusion(
    leaf: NodeHash,
    index: u64,
    size: u64,
    proof: &[NodeHash],
    root: NodeHash,
) -> Result<(), ProofError> {
    let steps = inclusion_steps(index, size)?;
    if proof.len() != steps.len() {
        return Err(ProofError::Length { found: proof.len() });
    }
    let found = steps.iter().zip(proof).fold(leaf, |hash, (step, sibling)| {
        if step.start > index {
            hash_children(hash, *sibling)
        } else {
            hash_children(*sibling, hash)
        }
    });
    if found == root {
        Ok(())
    } else {
        Err(ProofError::Root)
    }
}

/// Checks that the tree of `new` leaves with `new_root` begins with the tree of `old` leaves with `old_root`.
///
/// # Errors
/// [`ProofError`] saying what does not fit.
pub fn verify_consistency(
    old: u64,
    new: u64,
    proof: &[NodeHash],
    old_root: NodeHash,
    new_root: NodeHash,
) -> Result<(), ProofError> {
    let steps = consistency_steps(old, new)?;
    if proof.len() != steps.len() {
        return Err(ProofError::Length { found: proof.len() });
    }
    let holds = if old == new {
        old_root == new_root
    } else if old == 0 {
        old_root == empty_root()
    } else {
        // A complete older tree is itself the first step, and not repeated in the proof.
        let (first, rest) = match (old.is_power_of_two(), proof.split_first()) {
            (true, _) => (old_root, proof),
            (false, Some((first, rest))) => (*first, rest),
            (false, None) => return Err(ProofError::Length { found: 0 }),
        };
        let skipped = steps.len() - rest.len();
        let (mut older, mut newer) = (first, first);
        for (step, sibling) in steps[skipped..].iter().zip(rest) {
            if step.start >= old {
                newer = hash_children(newer, *sibling);
            } else {
                older = hash_children(*sibling, older);
                newer = hash_children(*sibling, newer);
            }
        }
        older == old_root && newer == new_root
    };
    if holds { Ok(()) } else { Err(ProofError::Root) }
}

/// Where a tree over these leaves divides: the left part is the largest complete tree that leaves something to the right.
fn split(leaves: &Leaves) -> u64 {
    let count = leaves.end - leaves.start;
    leaves.start + (1 << (count - 1).ilog2())
}

/// PATH(index, D[size]) of RFC 6962 as ranges of leaves, lowest first.
fn inclusion_steps(index: u64, size: u64) -> Result<Vec<Leaves>, ProofError> {
    if index >= size || size > LEAVES_MAX {
        return Err(ProofError::Index { index, size });
    }
    let mut steps = Vec::new();
    let mut within = 0..size;
    while within.end - within.start > 1 {
        let middle = split(&within);
        if index < middle {
            steps.push(middle..within.end);
            within.end = middle;
        } else {
            steps.push(within.start..middle);
            within.start = middle;
        }
    }
    steps.reverse();
    Ok(steps)
}

/// PROOF(old, D[new]) of RFC 6962 as ranges of leaves, lowest first.
fn consistency_steps(old: u64, new: u64) -> Result<Vec<Leaves>, ProofError> {
    if old > new || new > LEAVES_MAX {
        return Err(ProofError::Sizes { old, new });
    }
    let mut steps = Vec::new();
    if old == 0 {
        return Ok(steps);
    }
    let mut within = 0..new;
    while old != within.end {
        let middle = split(&within);
        if old <= middle {
            steps.push(middle..within.end);
            within.end = middle;
        } else {
            steps.push(within.start..middle);
            within.start = middle;
        }
    }
    // What is left ends where the older tree ends. If it is the whole older tree, its root is known already.
    if within.start != 0 {
        steps.push(within);
    }
    steps.reverse();
    Ok(steps)
}

/// The complete nodes under a step, largest first. Steps begin where a complete node of their size would.
fn complete_nodes(leaves: Leaves) -> Vec<NodeAt> {
    let mut nodes = Vec::new();
    let mut start = leaves.start;
    while start < leaves.end {
        let level = (leaves.end - start).ilog2();
        nodes.push(NodeAt {
            level: u8::try_from(level).expect("the logarithm of 64 bits is below 64"),
            index: start >> level,
        });
        start += 1 << level;
    }
    nodes
}

fn hash_steps<E>(
    steps: Vec<Leaves>,
    mut read: impl FnMut(NodeAt) -> Result<NodeHash, E>,
) -> Result<Vec<NodeHash>, E> {
    steps
        .into_iter()
        .map(|step| {
            let hashes: Vec<_> = complete_nodes(step)
                .into_iter()
                .map(&mut read)
                .collect::<Result<_, _>>()?;
            Ok(fold_subtrees(&hashes).unwrap_or_else(empty_root))
        })
        .collect()
}

#[cfg(test)]
mod tests;
