//! Checks the whole stored log against itself, its key, and checkpoints that were kept elsewhere.
//!
//! Recomputes the tree from the leaves once, in pages, and compares everything on the way: openings with their leaves,
//! kept nodes, every checkpoint's signature and root. Because all checkpoints are compared with one growing tree, they
//! are consistent with one another. An erased opening is no difference. What it cannot see by itself is a log cut back
//! to an older state together with its checkpoints: for that give it checkpoints from elsewhere. It changes nothing.

use std::collections::BTreeMap;
use std::ops::Range;

use super::sequencer::is_kept;
use crate::audit::{Checkpoint, CheckpointError, Frontier, Node, NodeAt, NodeHash, TreeError, VerifierKey};
use crate::store::StoreError;
use crate::store::audit_log::{AuditLog, StoredCheckpoint};

/// How many differences a report names; all are counted.
pub const DIFFERENCES_SHOWN_MAX: usize = 20;
/// Leaves of one page: a multiple of the 256 leaves of a tile.
const PAGE_LEAVES: u32 = 1_024;

/// Something in the log that is not as it was signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Difference {
    /// A leaf is gone. Roots behind it cannot be recomputed and are not judged.
    #[error("leaf {index} is missing; roots behind it cannot be checked")]
    LeafMissing {
        /// Its place.
        index: u64,
    },
    /// A leaf behind the end of the tree.
    #[error("leaf {index} lies behind the end of the tree")]
    LeafBeyondTree {
        /// Its place.
        index: u64,
    },
    /// An opening does not open its leaf: one of them was changed.
    #[error("the opening of leaf {index} does not hash to the leaf: one of them was changed")]
    OpeningDiffers {
        /// The leaf's place.
        index: u64,
    },
    /// A kept node is missing or is not the hash of what is below it.
    #[error("node {index} of level {level} is not the hash of what is below it")]
    NodeDiffers {
        /// Its level.
        level: u8,
        /// Its place in the level.
        index: u64,
    },
    /// The stored end of the tree is not that of its leaves.
    #[error("the stored end of the tree is not that of its {size} leaves")]
    TreeDiffers {
        /// Leaves of the stored tree.
        size: u64,
    },
    /// The tree as it stands was never signed.
    #[error("the tree of {size} leaves has no checkpoint")]
    CheckpointMissing {
        /// Leaves of the tree.
        size: u64,
    },
    /// A checkpoint is altered, or another key's.
    #[error("the checkpoint stored for {size} leaves is refused: {reason}")]
    CheckpointRefused {
        /// Under which size it is stored.
        size: u64,
        /// Why.
        reason: CheckpointError,
    },
    /// A checkpoint lies in another's place.
    #[error("the checkpoint stored for {size} leaves signs {signed}")]
    CheckpointMisfiled {
        /// Under which size it is stored.
        size: u64,
        /// Which size it signs.
        signed: u64,
    },
    /// The leaves are not the ones that were signed.
    #[error("the first {size} leaves are not the ones that the checkpoint signed")]
    RootDiffers {
        /// Leaves under the checkpoint.
        size: u64,
    },
    /// A checkpoint of a tree that is not there: the log was cut.
    #[error("a checkpoint was signed for {size} leaves, but the log has fewer: it was cut")]
    CheckpointBeyondTree {
        /// Leaves under the checkpoint.
        size: u64,
    },
    /// A checkpoint that was kept elsewhere is altered, or another log's.
    #[error("checkpoint {number} of those kept elsewhere is refused: {reason}")]
    KeptRefused {
        /// Which, from 1.
        number: usize,
        /// Why.
        reason: CheckpointError,
    },
}

/// What a verification found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Leaves of the tree when the verification began.
    pub size: u64,
    /// The recomputed root; `None` when a leaf is missing.
    pub root: Option<NodeHash>,
    /// Leaves that are there.
    pub leaves: u64,
    /// Openings that are there.
    pub openings: u64,
    /// Leaves whose opening was erased.
    pub openings_erased: u64,
    /// Stored checkpoints that were checked.
    pub checkpoints: u64,
    /// Checkpoints from elsewhere that were checked.
    pub checkpoints_kept: u64,
    /// Kept nodes that were checked.
    pub nodes: u64,
    /// All differences.
    pub differences_total: u64,
    /// The first of them, in the order in which they were met.
    pub differences: Vec<Difference>,
}

impl Report {
    /// Whether everything is as it was signed.
    pub fn is_sound(&self) -> bool {
        self.differences_total == 0
    }

    fn add(&mut self, difference: Difference) {
        self.differences_total += 1;
        if self.differences.len() < DIFFERENCES_SHOWN_MAX {
            self.differences.push(difference);
        }
    }
}

/// Verifies the log as it stands now; it may go on growing meanwhile. `kept` are signed notes that were copied out of
/// the service before; `progress` hears how many leaves of how many are done.
///
/// # Errors
/// [`StoreError`] when the log cannot be read; what differs is in the report.
pub async fn verify(
    log: &dyn AuditLog,
    key: &VerifierKey,
    kept: &[String],
    mut progress: impl FnMut(u64, u64) + Send,
) -> Result<Report, StoreError> {
    let head = log.head().await?;
    let size = head.frontier.size();
    let mut check = Check::begin(key, size);
    check.read_kept(kept);
    check.compare_kept(0, Frontier::empty().root());
    let mut done = 0;
    while done < size {
        let page = done..size.min(done.saturating_add(u64::from(PAGE_LEAVES)));
        check.page(log, page.clone()).await?;
        done = page.end;
        progress(done, size);
    }
    check.finish_tree(&head.frontier, head.checkpoint.as_ref());
    check.behind_the_end(log).await?;
    Ok(check.report)
}

struct Check<'a> {
    key: &'a VerifierKey,
    report: Report,
    /// The tree recomputed so far; `None` from a missing leaf on.
    tree: Option<Frontier>,
    /// Roots that were signed, from elsewhere, by size.
    kept: BTreeMap<u64, Vec<NodeHash>>,
}

impl<'a> Check<'a> {
    fn begin(key: &'a VerifierKey, size: u64) -> Self {
        Self {
            key,
            report: Report {
                size,
                ..Report::default()
            },
            tree: Some(Frontier::empty()),
            kept: BTreeMap::new(),
        }
    }

    fn read_kept(&mut self, kept: &[String]) {
        for (number, note) in (1..).zip(kept) {
            self.report.checkpoints_kept += 1;
            match Checkpoint::open(note, self.key) {
                Ok(signed) if signed.size > self.report.size => {
                    self.report
                        .add(Difference::CheckpointBeyondTree { size: signed.size });
                }
                Ok(signed) => self.kept.entry(signed.size).or_default().push(signed.root),
                Err(reason) => self.report.add(Difference::KeptRefused { number, reason }),
            }
        }
    }

    fn compare_kept(&mut self, size: u64, root: NodeHash) {
        let signed = self.kept.remove(&size).unwrap_or_default();
        for _ in signed.into_iter().filter(|signed| *signed != root) {
            self.report.add(Difference::RootDiffers { size });
        }
    }

    async fn page(&mut self, log: &dyn AuditLog, page: Range<u64>) -> Result<(), StoreError> {
        let leaves: BTreeMap<_, _> = log
            .leaves(page.clone())
            .await?
            .into_iter()
            .map(|row| (row.index, row.leaf_hash))
            .collect();
        let openings: BTreeMap<_, _> = log
            .openings(page.clone())
            .await?
            .into_iter()
            .map(|row| (row.index, row.opening.leaf_hash()))
            .collect();
        let signed = self.signed_roots(log, &page).await?;
        let mut completed = Vec::new();
        for index in page {
            let Some(leaf) = leaves.get(&index).copied() else {
                self.report.add(Difference::LeafMissing { index });
                self.tree = None;
                continue;
            };
            self.report.leaves += 1;
            self.compare_opening(index, leaf, openings.get(&index).copied());
            let Some(root) = self.append(leaf, &mut completed) else {
                continue;
            };
            let size = index + 1;
            if signed.get(&size).is_some_and(|signed| *signed != root) {
                self.report.add(Difference::RootDiffers { size });
            }
            self.compare_kept(size, root);
        }
        self.compare_nodes(log, completed).await
    }

    /// Roots by size, of the stored checkpoints within a page, after their signatures held.
    async fn signed_roots(
        &mut self,
        log: &dyn AuditLog,
        page: &Range<u64>,
    ) -> Result<BTreeMap<u64, NodeHash>, StoreError> {
        let mut roots = BTreeMap::new();
        // Sizes are unique, so the page has no more checkpoints than leaves.
        for StoredCheckpoint { size, note } in log.checkpoints(page.start, PAGE_LEAVES).await? {
            if size > page.end {
                break;
            }
            self.report.checkpoints += 1;
            if let Some(root) = self.open_stored(size, &note) {
                roots.insert(size, root);
            }
        }
        Ok(roots)
    }

    fn open_stored(&mut self, size: u64, note: &str) -> Option<NodeHash> {
        match Checkpoint::open(note, self.key) {
            Ok(signed) if signed.size == size => Some(signed.root),
            Ok(Checkpoint { size: signed, .. }) => {
                self.report.add(Difference::CheckpointMisfiled { size, signed });
                None
            }
            Err(reason) => {
                self.report.add(Difference::CheckpointRefused { size, reason });
                None
            }
        }
    }

    fn compare_opening(&mut self, index: u64, leaf: NodeHash, opening: Option<NodeHash>) {
        match opening {
            None => self.report.openings_erased += 1,
            Some(hash) => {
                self.report.openings += 1;
                if hash != leaf {
                    self.report.add(Difference::OpeningDiffers { index });
                }
            }
        }
    }

    /// The root after this leaf, as long as no leaf was missing.
    fn append(&mut self, leaf: NodeHash, completed: &mut Vec<Node>) -> Option<NodeHash> {
        let tree = self.tree.as_mut()?;
        let appended = tree.append(leaf, |node| {
            if is_kept(node.at.level) {
                completed.push(node);
            }
        });
        match appended {
            Ok(()) => Some(tree.root()),
            // The head's size was checked when it was read, and no page goes beyond it.
            Err(TreeError::Full | TreeError::Peaks { .. } | TreeError::Bytes(_)) => None,
        }
    }

    async fn compare_nodes(&mut self, log: &dyn AuditLog, completed: Vec<Node>) -> Result<(), StoreError> {
        for Node { at, hash } in completed {
            let NodeAt { level, index } = at;
            self.report.nodes += 1;
            let stored = log.nodes(level, index..index + 1).await?;
            if stored != [Node { at, hash }] {
                self.report.add(Difference::NodeDiffers { level, index });
            }
        }
        Ok(())
    }

    /// The stored end of the tree is that of its leaves, and the latest checkpoint is of this tree.
    fn finish_tree(&mut self, stored: &Frontier, latest: Option<&StoredCheckpoint>) {
        let size = stored.size();
        self.report.root = self.tree.as_ref().map(Frontier::root);
        if self.tree.as_ref().is_some_and(|tree| tree != stored) {
            self.report.add(Difference::TreeDiffers { size });
        }
        if latest.map_or(0, |latest| latest.size) < size {
            self.report.add(Difference::CheckpointMissing { size });
        }
    }

    /// Nothing lies behind the end, unless the log grew since: then the end has moved, too.
    async fn behind_the_end(&mut self, log: &dyn AuditLog) -> Result<(), StoreError> {
        let end = self.report.size;
        let leaves = log.leaves(end..end + 1).await?;
        let checkpoints = log.checkpoints(end, 1).await?;
        let moved_to = log.head().await?.frontier.size();
        for leaf in leaves.iter().filter(|leaf| leaf.index >= moved_to) {
            self.report.add(Difference::LeafBeyondTree { index: leaf.index });
        }
        for checkpoint in checkpoints.iter().filter(|checkpoint| checkpoint.size > moved_to) {
            self.report.add(Difference::CheckpointBeyondTree {
                size: checkpoint.size,
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
