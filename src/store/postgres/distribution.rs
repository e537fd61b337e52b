//! Which column each table is distributed by on Citus, and how it gets there. Elsewhere nothing of this is used.
//!
//! Rows that one decision needs lie on one node: everything of a subject together, everything of a member together. What is
//! small and read with everything is copied to each node. Statements name these columns (`tests` holds them to it), so
//! that a statement goes to the nodes of its keys and to no other.

use super::address::Address;
use super::failure::Outcome;
use super::migrate;
use super::pool::{self, PostgresOptions};
use super::statement::{Session, Statement};
use crate::store::StoreError;
use crate::store::columns::Columns;
use crate::store::migrations::POSTGRES;

/// Where the rows of a table lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placement {
    /// The table.
    pub table: &'static str,
    /// The column whose value decides on which node a row lies; `None`: every node has all rows.
    pub column: Option<&'static str>,
    /// SQL that brings the table there, with all its rows.
    pub sql: &'static str,
}

macro_rules! place {
    ($table:ident, $call:expr) => {
        concat!(
            "BEGIN; SELECT ",
            $call,
            "; SELECT truncate_local_data_after_distributing_table('",
            stringify!($table),
            "'); COMMIT"
        )
    };
}

/// Groups of tables whose rows lie together when their values of the column are the same; and tables that every node has.
macro_rules! placements {
    (
        $(together { $first:ident by $column:ident $(, $table:ident by $its:ident)* })+
        everywhere { $($small:ident),+ $(,)? }
    ) => {
        /// Where the rows of each table lie, in the order in which tables are distributed: the first of a group before those
        /// that follow it.
        pub const PLACEMENTS: &[Placement] = &[
            $(
                placements!(distributed $first by $column with "none"),
                $(placements!(distributed $table by $its with stringify!($first)),)*
            )+
            $(Placement {
                table: stringify!($small),
                column: None,
                sql: place!($small, concat!("create_reference_table('", stringify!($small), "')")),
            },)+
        ];
    };
    (distributed $table:ident by $column:ident with $first:expr) => {
        Placement {
            table: stringify!($table),
            column: Some(stringify!($column)),
            sql: place!($table, concat!(
                "create_distributed_table('", stringify!($table), "', '", stringify!($column), "', colocate_with => '",
                $first, "')"
            )),
        }
    };
}

placements! {
    together {
        subject_lock by subject_id,
        position by subject_id,
        position_history by subject_id,
        inquiry by subject_id,
        frozen_answer by subject_id,
        reservation by subject_id,
        application by subject_id,
        mobile_link by mobile_subject
    }
    together {
        account by member_no,
        batch by member_no,
        batch_result by member_no,
        batch_missing by member_no,
        report_day by member_no,
        conduct_day by member_no,
        past_version by member_no,
        request by member_no,
        ruling by member_no,
        offline_series by member_no,
        offline_use by member_no,
        member_activity by member_no,
        evaluation_usage by member_no,
        evaluation_grant by member_no,
        subject_creation by member_no
    }
    together { subject_token by sealed }
    together { audit_opening by entry_id, audit_waiting by entry_id }
    together { audit_leaf by leaf_index }
    together { snapshot_carry by as_of, snapshot_table by as_of }
    everywhere {
        number_source, member, certificate, registry_generation, proposal, audit_node, audit_checkpoint, audit_head,
        key_check, snapshot, schema_migration, schema_lease,
    }
}

const HAS_CITUS: Statement = Statement {
    sql: "-- has_citus
        SELECT count(*)
        FROM pg_extension
        WHERE extname = 'citus'",
    parameters: 0,
};
/// Its view is there only with the extension. Names are looked up because a `regclass` as text may come quoted.
const PLACED: Statement = Statement {
    sql: "-- placed
        SELECT c.relname::text, t.citus_table_type, t.distribution_column
        FROM citus_tables t
        JOIN pg_class c ON c.oid = t.table_name
        WHERE c.relnamespace = current_schema()::regnamespace
        ORDER BY c.relname",
    parameters: 0,
};
const NODES_WITH_ROWS: Statement = Statement {
    sql: "-- nodes_with_rows
        SELECT count(*)
        FROM pg_dist_node
        WHERE isactive AND shouldhaveshards",
    parameters: 0,
};

/// The statements of this file that any PostgreSQL takes.
#[cfg(test)]
pub(super) const CATALOGUE: &[Statement] = &[HAS_CITUS];
/// Those that need the extension.
#[cfg(test)]
pub(super) const CATALOGUE_OF_CITUS: &[Statement] = &[PLACED, NODES_WITH_ROWS];

/// Why a database cannot be distributed.
#[derive(Debug, thiserror::Error)]
pub enum DistributionError {
    /// Plain PostgreSQL.
    #[error(
        "the database has no Citus: set shared_preload_libraries = 'citus' on every node and restart it, run CREATE EXTENSION \
         citus in this database of every node, and on this one SELECT citus_set_coordinator_host(…) and SELECT \
         citus_add_node(…) for each other"
    )]
    NoCitus,
    /// Somebody distributed it by other means.
    #[error(
        "the table {table} is already {found}: undo that with SELECT undistribute_table('{table}') and distribute again"
    )]
    Otherwise {
        /// Which table.
        table: &'static str,
        /// What it is now.
        found: String,
    },
    /// It cannot be reached or has another schema.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// How far a database is distributed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Distribution {
    /// Nodes that hold rows.
    pub nodes: u64,
    /// Tables that are where they belong.
    pub done: Vec<Placement>,
    /// Tables that still lie on one node.
    pub missing: Vec<Placement>,
}

impl std::fmt::Display for Placement {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.column {
            Some(column) => write!(f, "{} by {column}", self.table),
            None => write!(f, "{} to every node", self.table),
        }
    }
}

/// How far a database is distributed; `None` of plain PostgreSQL. Changes nothing.
///
/// # Errors
/// When it cannot be reached, or was distributed by other means.
pub async fn look(
    address: &Address,
    options: &PostgresOptions,
) -> Result<Option<Distribution>, DistributionError> {
    let pool = pool::pool(address, options, 1)?;
    let session = pool::session(&pool).await.map_err(StoreError::from)?;
    let Some((nodes, placed)) = read(&session).await.map_err(StoreError::from)? else {
        return Ok(None);
    };
    sort(nodes, &placed).map(Some)
}

/// The same of a database that is about to be distributed.
///
/// # Errors
/// As [`look`], and when the extension or a part of the schema is missing.
pub async fn plan(address: &Address, options: &PostgresOptions) -> Result<Distribution, DistributionError> {
    let distribution = look(address, options).await?.ok_or(DistributionError::NoCitus)?;
    migrate::status(address, options).await?.serves(POSTGRES)?;
    Ok(distribution)
}

/// Brings a table and its rows where they belong: all of it or nothing. Nobody can write the table meanwhile.
///
/// # Errors
/// When the database refuses or cannot be reached.
pub async fn carry_out(address: &Address, placement: &Placement) -> Result<(), DistributionError> {
    let options = PostgresOptions {
        // Rows are copied, however many there are.
        statement_timeout: std::time::Duration::ZERO,
        ..PostgresOptions::default()
    };
    let pool = pool::pool(address, &options, 1)?;
    let session = pool::session(&pool).await.map_err(StoreError::from)?;
    let done = session.command(placement.sql).await;
    // Whatever was begun ends with the connection.
    session.discard();
    Ok(done.map_err(StoreError::from)?)
}

/// A table that is distributed: its name, its kind, its column.
type Placed = (String, String, String);

async fn read(session: &Session) -> Outcome<Option<(u64, Vec<Placed>)>> {
    let citus = HAS_CITUS
        .get(session, &[], |row| Columns::new(row, "pg_extension").number())
        .await?;
    if citus == 0 {
        return Ok(None);
    }
    let nodes = NODES_WITH_ROWS
        .get(session, &[], |row| Columns::new(row, "pg_dist_node").count())
        .await?;
    let placed = PLACED
        .all(session, &[], |row| {
            let mut columns = Columns::new(row, "citus_tables");
            Ok((columns.text()?, columns.text()?, columns.text()?))
        })
        .await?;
    Ok(Some((nodes, placed)))
}

/// What of the tables is done and what is missing.
fn sort(nodes: u64, placed: &[Placed]) -> Result<Distribution, DistributionError> {
    let (mut done, mut missing) = (Vec::new(), Vec::new());
    for placement in PLACEMENTS {
        let Some((_, kind, column)) = placed.iter().find(|(table, ..)| table == placement.table) else {
            missing.push(*placement);
            continue;
        };
        let as_meant = match placement.column {
            Some(meant) => kind == "distributed" && column == meant,
            None => kind == "reference",
        };
        if !as_meant {
            return Err(DistributionError::Otherwise {
                table: placement.table,
                found: format!("{kind} by {column}"),
            });
        }
        done.push(*placement);
    }
    Ok(Distribution { nodes, done, missing })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn placed(placement: &Placement) -> Placed {
        let (kind, column) = match placement.column {
            Some(column) => ("distributed", column),
            None => ("reference", "<none>"),
        };
        (placement.table.to_owned(), kind.to_owned(), column.to_owned())
    }

    #[test]
    fn tables_that_are_distributed_already_are_left_alone() {
        let half: Vec<Placed> = PLACEMENTS.iter().take(9).map(placed).collect();
        let found = sort(2, &half).unwrap();
        assert_eq!((found.done.len(), found.nodes), (9, 2));
        assert_eq!(found.missing, PLACEMENTS[9..]);
        let all: Vec<Placed> = PLACEMENTS.iter().map(placed).collect();
        assert!(sort(2, &all).unwrap().missing.is_empty());
    }

    #[test]
    fn a_table_that_lies_by_another_column_is_named_with_the_way_out() {
        let placed = ("position".into(), "distributed".into(), "member_no".into());
        let refusal = sort(2, &[placed]).unwrap_err().to_string();
        assert!(refusal.contains("position is already distributed by member_no"));
        assert!(refusal.contains("undistribute_table('position')"));
        let placed = ("member".into(), "distributed".into(), "member_no".into());
        assert!(sort(2, &[placed]).is_err(), "not a copy on every node");
    }

    #[test]
    fn the_sql_of_a_table_says_where_it_goes() {
        let sql = |table: &str| PLACEMENTS.iter().find(|p| p.table == table).unwrap().sql;
        assert_eq!(
            sql("position"),
            "BEGIN; SELECT create_distributed_table('position', 'subject_id', colocate_with => 'subject_lock'); SELECT \
             truncate_local_data_after_distributing_table('position'); COMMIT"
        );
        assert!(sql("subject_lock").contains("'subject_id', colocate_with => 'none')"));
        assert!(sql("mobile_link").contains("'mobile_subject', colocate_with => 'subject_lock')"));
        assert!(sql("member").contains("create_reference_table('member')"));
    }
}
