//! Statements: text with a name, prepared once, bound in full.

use std::cell::RefCell;

use rusqlite::{CachedStatement, Connection, Params, Transaction};

use super::failure::{Failure, Outcome};

/// A statement of the catalogue.
#[derive(Debug, Clone, Copy)]
pub(super) struct Statement {
    /// SQL; its first line is `-- name`.
    pub sql: &'static str,
    /// Parameters it takes.
    pub parameters: usize,
}

#[cfg(test)]
thread_local! {
    /// Names of the statements that ran on this thread.
    pub(super) static RAN: std::cell::RefCell<Vec<&'static str>> = const { std::cell::RefCell::new(Vec::new()) };
}

/// What statements run on.
pub(super) trait Prepares {
    /// Works with a prepared statement.
    fn with<T>(
        &self,
        statement: Statement,
        work: impl FnOnce(&mut rusqlite::Statement<'_>) -> Outcome<T>,
    ) -> Outcome<T>;
}

impl Prepares for Connection {
    fn with<T>(
        &self,
        statement: Statement,
        work: impl FnOnce(&mut rusqlite::Statement<'_>) -> Outcome<T>,
    ) -> Outcome<T> {
        #[cfg(test)]
        RAN.with_borrow_mut(|ran| ran.push(statement.name()));
        work(&mut *statement.prepare(self)?)
    }
}

impl Prepares for Transaction<'_> {
    fn with<T>(
        &self,
        statement: Statement,
        work: impl FnOnce(&mut rusqlite::Statement<'_>) -> Outcome<T>,
    ) -> Outcome<T> {
        (**self).with(statement, work)
    }
}

/// Statements kept at hand for as long as a group takes.
///
/// The driver's own cache finds a statement by hashing its whole text, twice for each use: for a text of 2,000 characters
/// that takes as long as the statement does.
pub(super) struct Session<'c> {
    connection: &'c Connection,
    at_hand: RefCell<Vec<(&'static str, CachedStatement<'c>)>>,
}

impl<'c> Session<'c> {
    /// On a connection.
    pub fn on(connection: &'c Connection) -> Self {
        Self {
            connection,
            at_hand: RefCell::default(),
        }
    }

    fn take(&self, statement: Statement) -> Outcome<CachedStatement<'c>> {
        let mut at_hand = self.at_hand.borrow_mut();
        // The same constant is the same text at the same place; another copy of it is only prepared once more.
        match at_hand
            .iter()
            .position(|(sql, _)| std::ptr::eq(*sql, statement.sql))
        {
            Some(place) => Ok(at_hand.swap_remove(place).1),
            None => statement.prepare(self.connection),
        }
    }
}

impl Prepares for Session<'_> {
    fn with<T>(
        &self,
        statement: Statement,
        work: impl FnOnce(&mut rusqlite::Statement<'_>) -> Outcome<T>,
    ) -> Outcome<T> {
        #[cfg(test)]
        RAN.with_borrow_mut(|ran| ran.push(statement.name()));
        // Taken out while in use, so that the work may run other statements.
        let mut prepared = self.take(statement)?;
        let done = work(&mut prepared);
        self.at_hand.borrow_mut().push((statement.sql, prepared));
        done
    }
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
    pub fn run(self, connection: &impl Prepares, parameters: impl Params) -> Outcome<usize> {
        connection.with(self, |prepared| Ok(prepared.execute(parameters)?))
    }

    /// Writes exactly one row.
    pub fn run_one(self, connection: &impl Prepares, parameters: impl Params) -> Outcome<()> {
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
        connection: &impl Prepares,
        parameters: impl Params,
        mut read: impl FnMut(&rusqlite::Row<'_>) -> Outcome<T>,
    ) -> Outcome<Vec<T>> {
        connection.with(self, |prepared| {
            let mut rows = prepared.query(parameters)?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                found.push(read(row)?);
            }
            Ok(found)
        })
    }

    /// Reads at most one row.
    pub fn find<T>(
        self,
        connection: &impl Prepares,
        parameters: impl Params,
        mut read: impl FnMut(&rusqlite::Row<'_>) -> Outcome<T>,
    ) -> Outcome<Option<T>> {
        connection.with(self, |prepared| {
            let mut rows = prepared.query(parameters)?;
            rows.next()?.map(&mut read).transpose()
        })
    }

    /// Reads the one row that must be there.
    pub fn get<T>(
        self,
        connection: &impl Prepares,
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
