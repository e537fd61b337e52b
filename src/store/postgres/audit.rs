//! The audit log's tables. Units of work write their entries themselves (`flush`); here they enter the tree.

use std::collections::BTreeMap;
use std::ops::Range;

use tokio_postgres::Row;

use super::cells::Arrays;
use super::failure::{Failure, Outcome};
use super::statement::{Session, Statement};
use crate::audit::{Node, Opening};
use crate::domain::date::Timestamp;
use crate::store::audit_log::{Batch, Head, LeafRow, LeaseHolder, OpeningRow, StoredCheckpoint, WaitingLeaf};
use crate::store::columns::{Columns, Sink as _, whole};
use crate::store::rows::{self, audit::place};

const HEAD: Statement = Statement {
    sql: "-- head
        SELECT tree_size, frontier
        FROM audit_head
        WHERE singleton = 1",
    parameters: 0,
};
const LATEST_CHECKPOINT: Statement = Statement {
    sql: "-- latest_checkpoint
        SELECT tree_size, note
        FROM audit_checkpoint
        ORDER BY tree_size DESC
        LIMIT 1",
    parameters: 0,
};
const WAITING: Statement = Statement {
    sql: "-- waiting
        SELECT entry_id, leaf_hash
        FROM audit_waiting
        ORDER BY entry_id
        LIMIT $1::bigint",
    parameters: 1,
};
const TAKE_WAITING: Statement = Statement {
    sql: "-- take_waiting
        DELETE FROM audit_waiting
        WHERE entry_id = ANY($1::bigint[])
            AND (entry_id, leaf_hash) IN (
                SELECT k.entry_id, k.leaf_hash
                FROM unnest($1::bigint[], $2::bytea[]) AS k (entry_id, leaf_hash))",
    parameters: 2,
};
const INSERT_LEAVES: Statement = Statement {
    sql: "-- insert_leaves
        INSERT INTO audit_leaf (leaf_index, entry_id, leaf_hash)
        SELECT k.leaf_index, k.entry_id, k.leaf_hash
        FROM unnest($1::bigint[], $2::bigint[], $3::bytea[]) AS k (leaf_index, entry_id, leaf_hash)",
    parameters: 3,
};
const INSERT_NODES: Statement = Statement {
    sql: "-- insert_nodes
        INSERT INTO audit_node (level, node_index, hash)
        SELECT k.level, k.node_index, k.hash
        FROM unnest($1::bigint[], $2::bigint[], $3::bytea[]) AS k (level, node_index, hash)",
    parameters: 3,
};
const PUT_HEAD: Statement = Statement {
    sql: "-- put_head
        UPDATE audit_head
        SET tree_size = $2::bigint, frontier = $3::bytea
        WHERE singleton = 1 AND tree_size = $1::bigint",
    parameters: 3,
};
const INSERT_CHECKPOINT: Statement = Statement {
    sql: "-- insert_checkpoint
        INSERT INTO audit_checkpoint (tree_size, note)
        VALUES ($1, $2)",
    parameters: 2,
};
const HOLD_LEASE: Statement = Statement {
    sql: "-- hold_lease
        UPDATE audit_head
        SET lease_holder = $1::bytea, lease_until = $3::bigint
        WHERE singleton = 1 AND (lease_holder IS NULL OR lease_holder = $1::bytea OR lease_until <= $2::bigint)",
    parameters: 3,
};
const LEAVES: Statement = Statement {
    sql: "-- leaves
        SELECT leaf_index, entry_id, leaf_hash
        FROM audit_leaf
        WHERE leaf_index >= $1::bigint AND leaf_index < $2::bigint
        ORDER BY leaf_index",
    parameters: 2,
};
const OPENINGS: Statement = Statement {
    sql: "-- openings
        SELECT entry_id, salt, content
        FROM audit_opening
        WHERE entry_id = ANY($1::bigint[])",
    parameters: 1,
};
const NODES: Statement = Statement {
    sql: "-- nodes
        SELECT node_index, hash
        FROM audit_node
        WHERE level = $1::bigint AND node_index >= $2::bigint AND node_index < $3::bigint
        ORDER BY node_index",
    parameters: 3,
};
const CHECKPOINTS: Statement = Statement {
    sql: "-- checkpoints
        SELECT tree_size, note
        FROM audit_checkpoint
        WHERE tree_size > $1::bigint
        ORDER BY tree_size
        LIMIT $2::bigint",
    parameters: 2,
};
const LAST_REQUEST: Statement = Statement {
    sql: "-- last_request
        SELECT coalesce(max(created_at), 0)
        FROM request",
    parameters: 0,
};
const LAST_OPENING: Statement = Statement {
    sql: "-- last_opening
        SELECT entry_id, content
        FROM audit_opening
        ORDER BY entry_id DESC
        LIMIT 1",
    parameters: 0,
};

/// The statements of this file.
#[cfg(test)]
pub(super) const CATALOGUE: &[Statement] = &[
    HEAD,
    LATEST_CHECKPOINT,
    WAITING,
    TAKE_WAITING,
    INSERT_LEAVES,
    INSERT_NODES,
    PUT_HEAD,
    INSERT_CHECKPOINT,
    HOLD_LEASE,
    LEAVES,
    OPENINGS,
    NODES,
    CHECKPOINTS,
    LAST_REQUEST,
    LAST_OPENING,
];

/// Where the log stands.
pub(super) async fn head(session: &Session) -> Outcome<Head> {
    let frontier = HEAD
        .get(session, &[], |row| {
            rows::audit::frontier(&mut Columns::new(row, "audit_head"))
        })
        .await?;
    let checkpoint = LATEST_CHECKPOINT.find(session, &[], checkpoint).await?;
    Ok(Head { frontier, checkpoint })
}

/// Entries that wait.
pub(super) async fn waiting(session: &Session, limit: u32) -> Outcome<Vec<WaitingLeaf>> {
    WAITING
        .all(session, &[&i64::from(limit)], |row| {
            rows::audit::waiting(&mut Columns::new(row, "audit_waiting"))
        })
        .await
}

/// Appends a batch inside a transaction.
pub(super) async fn append(session: &Session, batch: &Batch) -> Outcome<()> {
    let frontier = batch.frontier.to_bytes();
    let (before, after) = (whole(batch.expected_size), whole(batch.frontier.size()));
    // First: a batch computed from another tree has places that are taken.
    if PUT_HEAD.run(session, &[&before, &after, &frontier]).await? != 1 {
        return Err(Failure::Conflict);
    }
    let entries = Arrays::of(&batch.leaves, |leaf, sink| {
        sink.number(leaf.entry_id.0).bytes(&leaf.leaf_hash.0[..]);
    });
    let taken = TAKE_WAITING.run(session, &entries.bound()).await?;
    if usize::try_from(taken) != Ok(batch.leaves.len()) {
        return Err(Failure::Conflict);
    }
    let leaves = Arrays::of(&batch.leaves, |leaf, sink| {
        sink.count(leaf.index)
            .number(leaf.entry_id.0)
            .bytes(&leaf.leaf_hash.0[..]);
    });
    INSERT_LEAVES
        .run_exactly(session, leaves.rows(), &leaves.bound())
        .await?;
    let nodes = Arrays::of(&batch.nodes, |node, sink| {
        sink.number(node.at.level)
            .count(node.at.index)
            .bytes(&node.hash.0[..]);
    });
    if !nodes.is_empty() {
        INSERT_NODES
            .run_exactly(session, nodes.rows(), &nodes.bound())
            .await?;
    }
    let size = whole(batch.checkpoint.size);
    INSERT_CHECKPOINT
        .run_exactly(session, 1, &[&size, &batch.checkpoint.note])
        .await
}

/// Takes or prolongs the lease.
pub(super) async fn hold_lease(
    session: &Session,
    holder: LeaseHolder,
    now: Timestamp,
    until: Timestamp,
) -> Outcome<bool> {
    let held = HOLD_LEASE
        .run(session, &[&&holder.0[..], &now.micros(), &until.micros()])
        .await?;
    Ok(held == 1)
}

/// Leaves of a range.
pub(super) async fn leaves(session: &Session, range: &Range<u64>) -> Outcome<Vec<LeafRow>> {
    LEAVES
        .all(session, &[&place(range.start), &place(range.end)], |row| {
            rows::audit::leaf(&mut Columns::new(row, "audit_leaf"))
        })
        .await
}

/// Openings of a range that were not erased. Leaves lie by place and openings by entry, so they meet here.
pub(super) async fn openings(session: &Session, range: &Range<u64>) -> Outcome<Vec<OpeningRow>> {
    let leaves = leaves(session, range).await?;
    let entries: Vec<i64> = leaves.iter().map(|leaf| leaf.entry_id.0).collect();
    let found = OPENINGS
        .all(session, &[&entries], |row| {
            let mut columns = Columns::new(row, "audit_opening");
            Ok((columns.number()?, rows::audit::opening(&mut columns)?))
        })
        .await?;
    let mut found: BTreeMap<i64, Opening> = found.into_iter().collect();
    let placed = leaves.iter().filter_map(|leaf| {
        let opening = found.remove(&leaf.entry_id.0)?;
        Some(OpeningRow {
            index: leaf.index,
            opening,
        })
    });
    Ok(placed.collect())
}

/// Kept nodes of a level.
pub(super) async fn nodes(session: &Session, level: u8, range: &Range<u64>) -> Outcome<Vec<Node>> {
    NODES
        .all(
            session,
            &[&i64::from(level), &place(range.start), &place(range.end)],
            |row| rows::audit::node(level, &mut Columns::new(row, "audit_node")),
        )
        .await
}

/// Checkpoints above a size.
pub(super) async fn checkpoints(session: &Session, after: u64, limit: u32) -> Outcome<Vec<StoredCheckpoint>> {
    CHECKPOINTS
        .all(session, &[&place(after), &i64::from(limit)], checkpoint)
        .await
}

/// The latest instant that was given to a write, as far as the database can tell. A subject's own is in its lock row.
pub(super) async fn last_instant(session: &Session) -> Outcome<Timestamp> {
    let request = LAST_REQUEST
        .get(session, &[], |row| Columns::new(row, "request").instant())
        .await?;
    let opening = LAST_OPENING
        .find(session, &[], |row| {
            rows::audit::opening_instant(&mut Columns::new(row, "audit_opening"))
        })
        .await?;
    Ok(opening.map_or(request, |opening| opening.max(request)))
}

fn checkpoint(row: &Row) -> Outcome<StoredCheckpoint> {
    rows::audit::checkpoint(&mut Columns::new(row, "audit_checkpoint"))
}
