//! Proofs out of the stored log: reads the few rows that a proof needs, a tile at a time.
//!
//! Kept are leaves and every eighth level; a node between is folded from at most 256 rows below it. The invariant: at
//! most one range is read for each node of a proof, so a proof costs the same in a small log and in a huge one.

use std::collections::BTreeMap;

use super::{LedgerError, TILE_LEVELS};
use crate::audit::proof;
use crate::audit::tree::hash_children;
use crate::audit::{NodeAt, NodeHash};
use crate::store::StoreError;
use crate::store::audit_log::AuditLog;

/// Proves that leaf `index` is in the tree of the first `size` leaves. Verified by [`proof::verify_inclusion`].
///
/// # Errors
/// [`LedgerError::Proof`] when there is no such leaf, [`StoreError::Corrupt`] when the log lacks rows that it must have.
pub async fn prove_inclusion(
    log: &dyn AuditLog,
    index: u64,
    size: u64,
) -> Result<Vec<NodeHash>, LedgerError> {
    let nodes = read_nodes(log, proof::inclusion_nodes(index, size)?).await?;
    proof::prove_inclusion(index, size, |at| {
        nodes.get(&at).copied().ok_or_else(|| missing(at))
    })
}

/// Proves that the tree of the first `new` leaves begins with that of the first `old`. Verified by
/// [`proof::verify_consistency`].
///
/// # Errors
/// As [`prove_inclusion`].
pub async fn prove_consistency(log: &dyn AuditLog, old: u64, new: u64) -> Result<Vec<NodeHash>, LedgerError> {
    let nodes = read_nodes(log, proof::consistency_nodes(old, new)?).await?;
    proof::prove_consistency(old, new, |at| nodes.get(&at).copied().ok_or_else(|| missing(at)))
}

async fn read_nodes(
    log: &dyn AuditLog,
    wanted: Vec<NodeAt>,
) -> Result<BTreeMap<NodeAt, NodeHash>, LedgerError> {
    let mut nodes = BTreeMap::new();
    for at in wanted {
        nodes.insert(at, read_node(log, at).await?);
    }
    Ok(nodes)
}

async fn read_node(log: &dyn AuditLog, at: NodeAt) -> Result<NodeHash, LedgerError> {
    let above = at.level % TILE_LEVELS;
    let level = at.level - above;
    let range = at.index << above..(at.index + 1) << above;
    let wanted = range.end - range.start;
    let mut hashes: Vec<_> = if level == 0 {
        let leaves = log.leaves(range).await?;
        leaves.into_iter().map(|leaf| leaf.leaf_hash).collect()
    } else {
        let nodes = log.nodes(level, range).await?;
        nodes.into_iter().map(|node| node.hash).collect()
    };
    if u64::try_from(hashes.len()) != Ok(wanted) {
        return Err(missing(at));
    }
    for _ in 0..above {
        let (pairs, _) = hashes.as_chunks::<2>();
        hashes = pairs
            .iter()
            .map(|[left, right]| hash_children(*left, *right))
            .collect();
    }
    hashes.first().copied().ok_or_else(|| missing(at))
}

fn missing(at: NodeAt) -> LedgerError {
    LedgerError::Store(StoreError::Corrupt {
        table: "audit log",
        key: format!("node {} of level {}", at.index, at.level),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::proof::{ProofError, verify_consistency, verify_inclusion};
    use crate::ledger::fixtures::{grow, log_of, roots};
    use crate::store::audit_log::fake::now;

    #[test]
    fn proofs_from_kept_rows_hold_around_the_borders_of_tiles() {
        let sizes = [1, 2, 255, 256, 257, 300, 511, 512, 513, 700];
        let log = log_of(0);
        for size in sizes {
            grow(&log, size);
        }
        let roots = roots(&log);
        for size in sizes {
            for index in [0, 1, 254, 255, 256, 299, 511, 512, 699] {
                let proof = now(prove_inclusion(log.as_ref(), index, size));
                if index >= size {
                    assert!(matches!(proof, Err(LedgerError::Proof(ProofError::Index { .. }))));
                    continue;
                }
                let leaf = log.state().leaves[&index].1;
                assert_eq!(
                    verify_inclusion(leaf, index, size, &proof.unwrap(), roots[&size]),
                    Ok(())
                );
            }
            for old in sizes.into_iter().filter(|old| *old <= size) {
                let proof = now(prove_consistency(log.as_ref(), old, size)).unwrap();
                assert_eq!(
                    verify_consistency(old, size, &proof, roots[&old], roots[&size]),
                    Ok(())
                );
            }
        }
    }

    #[test]
    fn a_missing_row_is_an_error_and_not_a_wrong_proof() {
        let log = log_of(700);
        log.state().leaves.remove(&3);
        assert!(matches!(
            now(prove_inclusion(log.as_ref(), 0, 700)),
            Err(LedgerError::Store(StoreError::Corrupt { .. }))
        ));
        log.state().nodes.clear();
        assert!(now(prove_inclusion(log.as_ref(), 699, 700)).is_err());
    }
}
