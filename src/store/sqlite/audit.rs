//! The audit log's tables. Units of work write their entries themselves (`flush`); here they enter the tree.

use std::ops::Range;

use rusqlite::{Connection, Row, params};

use super::failure::{Failure, Outcome, corrupt};
use super::statement::{Session, Statement};
use crate::audit::Node;
use crate::domain::date::Timestamp;
use crate::store::audit_log::{Batch, Head, LeafRow, LeaseHolder, OpeningRow, StoredCheckpoint, WaitingLeaf};
use crate::store::columns::Columns;
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
        LIMIT ?1",
    parameters: 1,
};
const TAKE_WAITING: Statement = Statement {
    sql: "-- take_waiting
        DELETE FROM audit_waiting
        WHERE entry_id = ?1 AND leaf_hash = ?2",
    parameters: 2,
};
const INSERT_LEAF: Statement = Statement {
    sql: "-- insert_leaf
        INSERT INTO audit_leaf (leaf_index, entry_id, leaf_hash)
        VALUES (?1, ?2, ?3)",
    parameters: 3,
};
const INSERT_NODE: Statement = Statement {
    sql: "-- insert_node
        INSERT INTO audit_node (level, node_index, hash)
        VALUES (?1, ?2, ?3)",
    parameters: 3,
};
const PUT_HEAD: Statement = Statement {
    sql: "-- put_head
        UPDATE audit_head
        SET tree_size = ?2, frontier = ?3
        WHERE singleton = 1 AND tree_size = ?1",
    parameters: 3,
};
const INSERT_CHECKPOINT: Statement = Statement {
    sql: "-- insert_checkpoint
        INSERT INTO audit_checkpoint (tree_size, note)
        VALUES (?1, ?2)",
    parameters: 2,
};
const HOLD_LEASE: Statement = Statement {
    sql: "-- hold_lease
        UPDATE audit_head
        SET lease_holder = ?1, lease_until = ?3
        WHERE singleton = 1 AND (lease_holder IS NULL OR lease_holder = ?1 OR lease_until <= ?2)",
    parameters: 3,
};
const LEAVES: Statement = Statement {
    sql: "-- leaves
        SELECT leaf_index, entry_id, leaf_hash
        FROM audit_leaf
        WHERE leaf_index >= ?1 AND leaf_index < ?2
        ORDER BY leaf_index",
    parameters: 2,
};
const OPENINGS: Statement = Statement {
    sql: "-- openings
        SELECT l.leaf_index, o.salt, o.content
        FROM audit_leaf l
        JOIN audit_opening o ON o.entry_id = l.entry_id
        WHERE l.leaf_index >= ?1 AND l.leaf_index < ?2
        ORDER BY l.leaf_index",
    parameters: 2,
};
const NODES: Statement = Statement {
    sql: "-- nodes
        SELECT node_index, hash
        FROM audit_node
        WHERE level = ?1 AND node_index >= ?2 AND node_index < ?3
        ORDER BY node_index",
    parameters: 3,
};
const CHECKPOINTS: Statement = Statement {
    sql: "-- checkpoints
        SELECT tree_size, note
        FROM audit_checkpoint
        WHERE tree_size > ?1
        ORDER BY tree_size
        LIMIT ?2",
    parameters: 2,
};

#[cfg(test)]
/// The statements of this file.
pub(super) const CATALOGUE: [Statement; 13] = [
    HEAD,
    LATEST_CHECKPOINT,
    WAITING,
    TAKE_WAITING,
    INSERT_LEAF,
    INSERT_NODE,
    PUT_HEAD,
    INSERT_CHECKPOINT,
    HOLD_LEASE,
    LEAVES,
    OPENINGS,
    NODES,
    CHECKPOINTS,
];

/// Where the log stands.
pub(super) fn head(connection: &Connection) -> Outcome<Head> {
    let frontier = HEAD.get(connection, [], |row| {
        rows::audit::frontier(&mut Columns::new(row, "audit_head"))
    })?;
    let checkpoint = LATEST_CHECKPOINT.find(connection, [], checkpoint)?;
    Ok(Head { frontier, checkpoint })
}

/// Entries that wait.
pub(super) fn waiting(connection: &Connection, limit: u32) -> Outcome<Vec<WaitingLeaf>> {
    WAITING.all(connection, params![limit], |row| {
        rows::audit::waiting(&mut Columns::new(row, "audit_waiting"))
    })
}

/// Appends a batch inside a transaction.
pub(super) fn append(connection: &Connection, batch: &Batch) -> Outcome<()> {
    let connection = &Session::on(connection);
    let tree = params![
        whole(batch.expected_size)?,
        whole(batch.frontier.size())?,
        batch.frontier.to_bytes()
    ];
    // First: a batch computed from another tree has places that are taken.
    if PUT_HEAD.run(connection, tree)? != 1 {
        return Err(Failure::Conflict);
    }
    for leaf in &batch.leaves {
        if TAKE_WAITING.run(connection, params![leaf.entry_id.0, leaf.leaf_hash.0])? != 1 {
            return Err(Failure::Conflict);
        }
        let place = params![whole(leaf.index)?, leaf.entry_id.0, leaf.leaf_hash.0];
        INSERT_LEAF.run_one(connection, place)?;
    }
    for node in &batch.nodes {
        INSERT_NODE.run_one(
            connection,
            params![node.at.level, whole(node.at.index)?, node.hash.0],
        )?;
    }
    INSERT_CHECKPOINT.run_one(
        connection,
        params![whole(batch.checkpoint.size)?, batch.checkpoint.note],
    )
}

/// Takes or prolongs the lease.
pub(super) fn hold_lease(
    connection: &Connection,
    holder: LeaseHolder,
    now: Timestamp,
    until: Timestamp,
) -> Outcome<bool> {
    Ok(HOLD_LEASE.run(connection, params![holder.0, now.micros(), until.micros()])? == 1)
}

/// Leaves of a range.
pub(super) fn leaves(connection: &Connection, range: &Range<u64>) -> Outcome<Vec<LeafRow>> {
    LEAVES.all(connection, params![place(range.start), place(range.end)], |row| {
        rows::audit::leaf(&mut Columns::new(row, "audit_leaf"))
    })
}

/// Openings of a range that were not erased.
pub(super) fn openings(connection: &Connection, range: &Range<u64>) -> Outcome<Vec<OpeningRow>> {
    OPENINGS.all(connection, params![place(range.start), place(range.end)], |row| {
        rows::audit::placed_opening(&mut Columns::new(row, "audit_opening"))
    })
}

/// Kept nodes of a level.
pub(super) fn nodes(connection: &Connection, level: u8, range: &Range<u64>) -> Outcome<Vec<Node>> {
    NODES.all(
        connection,
        params![level, place(range.start), place(range.end)],
        |row| rows::audit::node(level, &mut Columns::new(row, "audit_node")),
    )
}

/// Checkpoints above a size.
pub(super) fn checkpoints(connection: &Connection, after: u64, limit: u32) -> Outcome<Vec<StoredCheckpoint>> {
    CHECKPOINTS.all(connection, params![place(after), limit], checkpoint)
}

fn checkpoint(row: &Row<'_>) -> Outcome<StoredCheckpoint> {
    rows::audit::checkpoint(&mut Columns::new(row, "audit_checkpoint"))
}

fn whole(value: u64) -> Outcome<i64> {
    i64::try_from(value).map_err(|_| corrupt("audit place", value))
}
