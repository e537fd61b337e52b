//! Takes in the tables of another engine, in chunks that are each a transaction, in the order of their keys: what is here
//! when a copy breaks off is a beginning, and the next one goes on after it.
//!
//! Statements are put together from the source's catalogue, not from constants: every table has the same few, and none can
//! be forgotten. While a copy is under way a mark among the key checks keeps servers away.

use std::collections::BTreeMap;

use futures::TryStreamExt as _;
use tokio_postgres::types::ToSql;

use super::address::Address;
use super::cells::Arrays;
use super::failure::{Failure, Outcome};
use super::migrate;
use super::pool::{self, PostgresOptions};
use super::reads;
use super::statement::Session;
use crate::store::columns::{Cell as Bound, Row as _, Sink as _, Value};
use crate::store::copy::{Cell, Contents, Kind, Row, Table, Tally};
use crate::store::migrations::POSTGRES;
use crate::store::{COPY_MARK, StoreError};

/// A database to copy into.
pub struct Destination {
    session: Session,
}

crate::redacted_debug!(Destination);

impl Destination {
    /// Opens a database of this program's schema.
    ///
    /// # Errors
    /// [`StoreError::SchemaVersion`] when it has another; [`StoreError::Unavailable`] when it cannot be reached.
    pub async fn open(address: &Address) -> Result<Self, StoreError> {
        let options = PostgresOptions {
            // A chunk may wait for a checkpoint, a hash for a sort of a whole table.
            statement_timeout: std::time::Duration::ZERO,
            ..PostgresOptions::default()
        };
        let pool = pool::pool(address, &options, 1)?;
        let status = migrate::status_in(&pool).await.map_err(Failure::at_start)?;
        status.serves(POSTGRES)?;
        let session = pool::session(&pool).await.map_err(StoreError::from)?;
        Ok(Self { session })
    }

    /// Marks a copy as under way. False when the database was served already: it is not one to copy into.
    ///
    /// # Errors
    /// [`StoreError`] of the engine.
    pub async fn begin(&self) -> Result<bool, StoreError> {
        let known = reads::key_checks(&self.session).await?;
        if known.contains_key(COPY_MARK) {
            return Ok(true);
        }
        let holdings = reads::holdings(&self.session).await?;
        if !known.is_empty() || holdings.tokens > 0 || holdings.audit_waiting > 0 {
            return Ok(false);
        }
        let mark = BTreeMap::from([(COPY_MARK.to_owned(), [0; 32])]);
        reads::put_key_checks(&self.session, &mark).await?;
        Ok(true)
    }

    /// Takes the mark away: the copy is whole.
    ///
    /// # Errors
    /// [`StoreError`] of the engine.
    pub async fn finish(&self) -> Result<(), StoreError> {
        reads::remove_key_check(&self.session, COPY_MARK)
            .await
            .map_err(StoreError::from)
    }

    /// The greatest key that is here; `None` when the table is empty.
    ///
    /// # Errors
    /// [`StoreError`] of the engine.
    pub async fn last_key(&self, table: &Table) -> Result<Option<Row>, StoreError> {
        let names: Vec<&str> = table.key_columns().map(|column| column.name.as_str()).collect();
        let sql = format!(
            "SELECT {} FROM {}{} ORDER BY {} LIMIT 1",
            names.join(", "),
            table.name,
            unmarked(table),
            order(table, " DESC")
        );
        let found = self.session.query(&sql, &[]).await?;
        found
            .first()
            .map(|row| cells(row, names.len()).map_err(StoreError::from))
            .transpose()
    }

    /// How many rows are here.
    ///
    /// # Errors
    /// [`StoreError`] of the engine.
    pub async fn count(&self, table: &Table) -> Result<u64, StoreError> {
        let sql = format!("SELECT count(*) FROM {}{}", table.name, unmarked(table));
        let found = self.session.query(&sql, &[]).await?;
        let rows = found.first().map(|row| row.get::<_, i64>(0));
        Ok(rows.and_then(|rows| u64::try_from(rows).ok()).unwrap_or(0))
    }

    /// Adds rows, durably, all or none.
    ///
    /// # Errors
    /// [`StoreError`] of the engine, also when one of them is here already.
    pub async fn add(&self, table: &Table, rows: &[Row]) -> Result<(), StoreError> {
        let names = table.column_names();
        let conflict = match table.is_singleton() {
            true => {
                let sets: Vec<String> = table
                    .columns
                    .iter()
                    .map(|column| format!("{0} = excluded.{0}", column.name))
                    .collect();
                format!(" ON CONFLICT (singleton) DO UPDATE SET {}", sets.join(", "))
            }
            false => String::new(),
        };
        let sql = format!(
            "INSERT INTO {} ({names}) SELECT {names} FROM unnest({}) AS k ({names}){conflict}",
            table.name,
            arrays(table)
        );
        let arrays = Arrays::of(rows, |row, sink| {
            for cell in row {
                sink.cell(match cell {
                    Cell::Null => Bound::Null,
                    Cell::Number(number) => Bound::Number(*number),
                    Cell::Text(text) => Bound::Text(text.into()),
                    Cell::Bytes(bytes) => Bound::Bytes(bytes.into()),
                });
            }
        });
        Ok(self.session.execute(&sql, &arrays.bound()).await?)
    }

    /// What a table holds, in the order of the source's key.
    ///
    /// # Errors
    /// [`StoreError`] of the engine.
    pub async fn contents(&self, table: &Table) -> Result<Contents, StoreError> {
        let sql = format!(
            "SELECT {} FROM {}{} ORDER BY {}",
            table.column_names(),
            table.name,
            unmarked(table),
            order(table, "")
        );
        let mut tally = Tally::default();
        let rows = self.session.stream(&sql).await?;
        let mut rows = std::pin::pin!(rows);
        while let Some(row) = rows.try_next().await.map_err(Failure::from)? {
            tally.add(&cells(&row, table.columns.len())?);
        }
        Ok(tally.contents())
    }

    /// Tells the planner about what came in, before the first server asks.
    ///
    /// # Errors
    /// [`StoreError`] of the engine.
    pub async fn analyze(&self) -> Result<(), StoreError> {
        self.session.command("ANALYZE").await.map_err(StoreError::from)
    }
}

/// The mark of a copy is no row of the market.
fn unmarked(table: &Table) -> String {
    match table.name.as_str() {
        "key_check" => format!(" WHERE key_name <> '{COPY_MARK}'"),
        _ => String::new(),
    }
}

/// The order of the other engine: texts by their bytes.
fn order(table: &Table, direction: &str) -> String {
    let columns = table.key_columns().map(|column| match column.kind {
        Kind::Text => format!("{} COLLATE \"C\"{direction}", column.name),
        Kind::Number | Kind::Bytes => format!("{}{direction}", column.name),
    });
    columns.collect::<Vec<_>>().join(", ")
}

fn arrays(table: &Table) -> String {
    let arrays = (1..).zip(&table.columns).map(|(place, column)| {
        let kind = match column.kind {
            Kind::Number => "bigint",
            Kind::Text => "text",
            Kind::Bytes => "bytea",
        };
        format!("${place}::{kind}[]")
    });
    arrays.collect::<Vec<_>>().join(", ")
}

fn cells(row: &tokio_postgres::Row, columns: usize) -> Outcome<Row> {
    let cells = (0..columns).map(|column| match row.value(column)? {
        Value::Null => Ok(Cell::Null),
        Value::Number(number) => Ok(Cell::Number(number)),
        Value::Text(text) => Ok(Cell::Text(text.to_owned())),
        Value::Bytes(bytes) => Ok(Cell::Bytes(bytes.to_vec())),
        Value::Foreign => Err(Failure::Unexpected(
            "a column of a type that is not ours".to_owned(),
        )),
    });
    cells.collect()
}

impl Session {
    /// A query that is put together here.
    async fn query(&self, sql: &str, bound: &[&(dyn ToSql + Sync)]) -> Outcome<Vec<tokio_postgres::Row>> {
        Ok(self.client().query(sql, bound).await?)
    }

    async fn execute(&self, sql: &str, bound: &[&(dyn ToSql + Sync)]) -> Outcome<()> {
        self.client().execute(sql, bound).await?;
        Ok(())
    }

    async fn stream(&self, sql: &str) -> Outcome<tokio_postgres::RowStream> {
        let nothing: [&(dyn ToSql + Sync); 0] = [];
        Ok(self.client().query_raw(sql, nothing).await?)
    }
}
