//! Statements: text with a name, prepared once, bound in full.

use rusqlite::{CachedStatement, Connection, Params};

use super::failure::{Failure, Outcome};

/// A statement of the catalogue.
#[derive(Debug, Clone, Copy)]
pub(super) struct Statement {
    /// SQL; its first line is `-- name`.
    pub sql: &'static str,
    /// Parameters it takes.
    pub parameters: usize,
}

impl Statement {
    fn prepare(self, connection: &Connection) -> Outcome<CachedStatement<'_>> {
        let prepared = connection.prepare_cached(self.sql)?;
        // SQLite reads a parameter that was not bound as NULL, silently.
        if prepared.parameter_count() != self.parameters {
            return Err(Failure::Corrupt {
                table: "statement",
                key: self.name().to_owned(),
            });
        }
        Ok(prepared)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        self.sql
            .lines()
            .next()
            .unwrap_or_default()
            .trim_start_matches("-- ")
    }

    /// Writes any number of rows.
    pub fn run(self, connection: &Connection, parameters: impl Params) -> Outcome<usize> {
        Ok(self.prepare(connection)?.execute(parameters)?)
    }

    /// Writes exactly one row.
    pub fn run_one(self, connection: &Connection, parameters: impl Params) -> Outcome<()> {
        match self.run(connection, parameters)? {
            1 => Ok(()),
            rows => Err(Failure::Corrupt {
                table: "affected rows",
                key: format!("{}: {rows}", self.name()),
            }),
        }
    }

    /// Reads any number of rows.
    pub fn all<T>(
        self,
        connection: &Connection,
        parameters: impl Params,
        mut read: impl FnMut(&rusqlite::Row<'_>) -> Outcome<T>,
    ) -> Outcome<Vec<T>> {
        let mut prepared = self.prepare(connection)?;
        let mut rows = prepared.query(parameters)?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push(read(row)?);
        }
        Ok(found)
    }

    /// Reads at most one row.
    pub fn find<T>(
        self,
        connection: &Connection,
        parameters: impl Params,
        mut read: impl FnMut(&rusqlite::Row<'_>) -> Outcome<T>,
    ) -> Outcome<Option<T>> {
        let mut prepared = self.prepare(connection)?;
        let mut rows = prepared.query(parameters)?;
        rows.next()?.map(&mut read).transpose()
    }

    /// Reads the one row that must be there.
    pub fn get<T>(
        self,
        connection: &Connection,
        parameters: impl Params,
        read: impl FnMut(&rusqlite::Row<'_>) -> Outcome<T>,
    ) -> Outcome<T> {
        self.find(connection, parameters, read)?
            .ok_or_else(|| Failure::Corrupt {
                table: "missing row",
                key: self.name().to_owned(),
            })
    }
}
