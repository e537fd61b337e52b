//! Reads every table of an embedded database whole, to be copied to another engine.
//!
//! Statements are put together from the database's own catalogue, not from constants: every table has the same four, and
//! none can be forgotten. Only for a database that no service writes to.

use std::path::Path;

use rusqlite::{Connection, params_from_iter};

use super::failure::{Failure, Outcome};
use super::{migrate, open};
use crate::store::StoreError;
use crate::store::columns::{Row as _, Value};
use crate::store::copy::{Cell, Column, Contents, Kind, Row, Table, Tally};
use crate::store::migrations::SQLITE;

/// The one table that each engine keeps for itself.
const OWN: &str = "schema_migration";

const TABLES: &str = "-- tables
    SELECT name
    FROM sqlite_schema
    WHERE type = 'table' AND name NOT LIKE 'sqlite_%'
    ORDER BY name";
const COLUMNS: &str = "-- columns
    SELECT name, type, pk
    FROM pragma_table_info(?1)
    ORDER BY cid";

/// A database to copy from.
pub struct Source {
    connection: Connection,
}

crate::redacted_debug!(Source);

impl Source {
    /// Opens a database of this program's schema. Changes nothing.
    ///
    /// # Errors
    /// [`StoreError::SchemaVersion`] when it has another; [`StoreError::Disk`] when it cannot be opened.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        migrate::status(path)?.serves(SQLITE)?;
        Ok(Self {
            connection: open::reader(path)?,
        })
    }

    /// Every table that holds something of the market.
    ///
    /// # Errors
    /// [`StoreError`] of the engine.
    pub fn tables(&self) -> Result<Vec<Table>, StoreError> {
        self.read_tables().map_err(StoreError::from)
    }

    /// How many rows a table has.
    ///
    /// # Errors
    /// [`StoreError`] of the engine.
    pub fn count(&self, table: &Table) -> Result<u64, StoreError> {
        let sql = format!("SELECT count(*) FROM {}", table.name);
        let rows: i64 = self
            .connection
            .query_row(&sql, [], |row| row.get(0))
            .map_err(Failure::from)?;
        Ok(u64::try_from(rows).unwrap_or(0))
    }

    /// Up to `limit` rows in the order of the key, those after a key if one is given.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] for a cell that no column of ours holds.
    pub fn rows(&self, table: &Table, after: Option<&Row>, limit: usize) -> Result<Vec<Row>, StoreError> {
        let mut rows = Vec::new();
        self.each(table, after, Some(limit), |row| rows.push(row))?;
        Ok(rows)
    }

    /// What a table holds.
    ///
    /// # Errors
    /// As [`Self::rows`].
    pub fn contents(&self, table: &Table) -> Result<Contents, StoreError> {
        let mut tally = Tally::default();
        self.each(table, None, None, |row| tally.add(&row))?;
        Ok(tally.contents())
    }

    fn read_tables(&self) -> Outcome<Vec<Table>> {
        let mut prepared = self.connection.prepare(TABLES)?;
        let names = prepared.query_map([], |row| row.get::<_, String>(0))?;
        let names: Vec<String> = names.collect::<Result<_, _>>()?;
        let market = names.into_iter().filter(|name| name != OWN);
        market.map(|name| self.table(name)).collect()
    }

    fn table(&self, name: String) -> Outcome<Table> {
        let mut prepared = self.connection.prepare(COLUMNS)?;
        let mut rows = prepared.query([&name])?;
        let (mut columns, mut key) = (Vec::new(), Vec::new());
        while let Some(row) = rows.next()? {
            let declared: String = row.get(1)?;
            let place: i64 = row.get(2)?;
            if place > 0 {
                key.push((place, columns.len()));
            }
            columns.push(Column {
                name: row.get(0)?,
                kind: match declared.as_str() {
                    "TEXT" => Kind::Text,
                    "BLOB" => Kind::Bytes,
                    _ => Kind::Number,
                },
            });
        }
        key.sort_unstable();
        Ok(Table {
            name,
            columns,
            key: key.into_iter().map(|(_, column)| column).collect(),
        })
    }

    fn each(
        &self,
        table: &Table,
        after: Option<&Row>,
        limit: Option<usize>,
        mut take: impl FnMut(Row),
    ) -> Result<(), StoreError> {
        let key: Vec<&str> = table.key_columns().map(|column| column.name.as_str()).collect();
        let key = key.join(", ");
        let places: Vec<String> = (1..=table.key.len()).map(|place| format!("?{place}")).collect();
        let beyond = match after {
            Some(_) => format!("WHERE ({key}) > ({})", places.join(", ")),
            None => String::new(),
        };
        let most = limit.map_or(-1, |limit| i64::try_from(limit).unwrap_or(i64::MAX));
        let sql = format!(
            "SELECT {} FROM {} {beyond} ORDER BY {key} LIMIT {most}",
            table.column_names(),
            table.name
        );
        let mut prepared = self.connection.prepare_cached(&sql).map_err(Failure::from)?;
        let after = after.into_iter().flatten().map(bound);
        let mut rows = prepared.query(params_from_iter(after)).map_err(Failure::from)?;
        while let Some(row) = rows.next().map_err(Failure::from)? {
            take(read(row, table)?);
        }
        Ok(())
    }
}

fn bound(cell: &Cell) -> rusqlite::types::Value {
    match cell {
        Cell::Null => rusqlite::types::Value::Null,
        Cell::Number(number) => rusqlite::types::Value::Integer(*number),
        Cell::Text(text) => rusqlite::types::Value::Text(text.clone()),
        Cell::Bytes(bytes) => rusqlite::types::Value::Blob(bytes.clone()),
    }
}

fn read(row: &rusqlite::Row<'_>, table: &Table) -> Result<Row, StoreError> {
    let cells = (0..table.columns.len()).map(|column| match row.value(column)? {
        Value::Null => Ok(Cell::Null),
        Value::Number(number) => Ok(Cell::Number(number)),
        Value::Text(text) => Ok(Cell::Text(text.to_owned())),
        Value::Bytes(bytes) => Ok(Cell::Bytes(bytes.to_vec())),
        Value::Foreign => Err(StoreError::Corrupt {
            table: "copied",
            key: table.name.clone(),
        }),
    });
    cells.collect()
}
