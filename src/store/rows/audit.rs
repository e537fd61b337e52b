//! The audit log's tables.

use crate::audit::{AuditFacts, Frontier, Node, NodeAt, NodeHash, Opening};
use crate::domain::date::Timestamp;
use crate::store::audit_log::{EntryId, LeafRow, OpeningRow, StoredCheckpoint, WaitingLeaf};
use crate::store::columns::{Columns, Corrupt, Row};

/// Where the tree stands: size, frontier.
pub(in crate::store) fn frontier<R: Row>(columns: &mut Columns<'_, R>) -> Result<Frontier, R::Error> {
    let size: u64 = columns.count()?;
    let frontier = match columns.optional_blob()? {
        None => Frontier::empty(),
        Some(bytes) => Frontier::from_bytes(bytes).map_err(|_| Corrupt::of("audit_head", size))?,
    };
    if frontier.size() == size {
        Ok(frontier)
    } else {
        Err(Corrupt::of("audit_head", size).into())
    }
}

/// A checkpoint: size, note.
pub(in crate::store) fn checkpoint<R: Row>(
    columns: &mut Columns<'_, R>,
) -> Result<StoredCheckpoint, R::Error> {
    Ok(StoredCheckpoint {
        size: columns.count()?,
        note: columns.text()?,
    })
}

/// An entry that waits: number, leaf.
pub(in crate::store) fn waiting<R: Row>(columns: &mut Columns<'_, R>) -> Result<WaitingLeaf, R::Error> {
    Ok(WaitingLeaf {
        entry_id: EntryId(columns.number()?),
        leaf_hash: NodeHash(columns.bytes()?),
    })
}

/// A leaf: place, entry, hash.
pub(in crate::store) fn leaf<R: Row>(columns: &mut Columns<'_, R>) -> Result<LeafRow, R::Error> {
    Ok(LeafRow {
        index: columns.count()?,
        entry_id: EntryId(columns.number()?),
        leaf_hash: NodeHash(columns.bytes()?),
    })
}

/// What opens a leaf: salt, content.
pub(in crate::store) fn opening<R: Row>(columns: &mut Columns<'_, R>) -> Result<Opening, R::Error> {
    Ok(Opening {
        salt: columns.bytes()?,
        bytes: columns.blob()?.to_vec(),
    })
}

/// An opening by the place of its leaf: place, then the opening.
pub(in crate::store) fn placed_opening<R: Row>(columns: &mut Columns<'_, R>) -> Result<OpeningRow, R::Error> {
    Ok(OpeningRow {
        index: columns.count()?,
        opening: opening(columns)?,
    })
}

/// The instant of an entry: number, content.
pub(in crate::store) fn opening_instant<R: Row>(columns: &mut Columns<'_, R>) -> Result<Timestamp, R::Error> {
    let entry = columns.number()?;
    let facts = AuditFacts::decode(columns.blob()?).map_err(|_| Corrupt::of("audit_opening", entry))?;
    Ok(facts.instant)
}

/// A kept node of a level: index, hash.
pub(in crate::store) fn node<R: Row>(level: u8, columns: &mut Columns<'_, R>) -> Result<Node, R::Error> {
    Ok(Node {
        at: NodeAt {
            level,
            index: columns.count()?,
        },
        hash: NodeHash(columns.bytes()?),
    })
}

/// A bound to search by: nothing is stored above the largest place.
pub(in crate::store) fn place(bound: u64) -> i64 {
    i64::try_from(bound).unwrap_or(i64::MAX)
}
