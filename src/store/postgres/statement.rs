//! Statements: text with a name, prepared once for each connection, bound in full, sent without waiting for one another.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures::future::{LocalBoxFuture, join_all};
use tokio::time::timeout;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use super::failure::{Failure, Outcome};
use crate::store::columns::Corrupt;

/// A statement of the catalogue.
#[derive(Debug, Clone, Copy)]
pub(super) struct Statement {
    /// SQL; its first line is `-- name`.
    pub sql: &'static str,
    /// Parameters it takes.
    pub parameters: usize,
}

/// Statements as constants, and all of them as the file's CATALOGUE: prepared ahead, or only tested if they are `rare`.
macro_rules! statements {
    (rare $($(#[$comment:meta])* const $name:ident($parameters:literal) = $sql:expr;)+) => {
        $($(#[$comment])* pub(super) const $name: Statement = Statement { sql: $sql, parameters: $parameters };)+

        /// The statements of this file.
        #[cfg(test)]
        pub(super) const CATALOGUE: &[Statement] = &[$($name),+];
    };
    ($($(#[$comment:meta])* const $name:ident($parameters:literal) = $sql:expr;)+) => {
        $($(#[$comment])* pub(super) const $name: Statement = Statement { sql: $sql, parameters: $parameters };)+

        /// The statements of this file.
        pub(super) const CATALOGUE: &[Statement] = &[$($name),+];
    };
}
pub(super) use statements;

/// Parameters of one execution.
pub(super) type Bound<'a> = &'a [&'a (dyn ToSql + Sync)];

/// A connection and the statements that were prepared on it.
///
/// Statements whose futures are polled in turn are sent in turn, and the server answers them in turn: a group costs as many
/// round trips as its parts depend on each other, not as many as it has statements.
pub(super) struct Session {
    client: deadpool_postgres::Object,
    at_hand: Mutex<Vec<(&'static str, tokio_postgres::Statement)>>,
}

impl Session {
    /// On a connection.
    pub fn on(client: deadpool_postgres::Object) -> Self {
        Self {
            client,
            at_hand: Mutex::default(),
        }
    }

    /// Prepares statements ahead, so that none has to be prepared between two that depend on their order.
    pub async fn prepare(&self, statements: &[Statement]) -> Outcome<()> {
        let prepared = join_all(statements.iter().map(|statement| self.statement(*statement))).await;
        prepared.into_iter().try_for_each(|one| one.map(drop))
    }

    /// Several commands that take no parameters and whose answers do not matter, such as BEGIN.
    pub async fn command(&self, sql: &str) -> Outcome<()> {
        Ok(self.client.batch_execute(sql).await?)
    }

    /// The first row of a query that is not in the catalogue: what a bench looks at once.
    pub async fn row(&self, sql: &str) -> Outcome<Option<Row>> {
        Ok(self.client.query(sql, &[]).await?.into_iter().next())
    }

    /// The session again after a transaction that ended so, if it can be used: whatever was begun is undone. A connection that
    /// failed is ended.
    pub async fn after(self, failure: Option<&Failure>, patience: Duration) -> Option<Self> {
        let usable = match failure {
            None => true,
            Some(failure) if failure.is_away() => false,
            Some(_) => timeout(patience, self.command("ROLLBACK"))
                .await
                .is_ok_and(|undone| undone.is_ok()),
        };
        if usable {
            return Some(self);
        }
        self.discard();
        None
    }

    /// Ends the connection: something is still under way on it, or nobody knows what.
    pub fn discard(self) {
        drop(deadpool_postgres::Object::take(self.client));
    }

    /// The driver's own, for statements that are put together.
    pub(super) fn client(&self) -> &tokio_postgres::Client {
        &self.client
    }

    /// Whether the connection is gone.
    pub fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    async fn statement(&self, statement: Statement) -> Outcome<tokio_postgres::Statement> {
        if let Some(known) = self.known(statement) {
            return Ok(known);
        }
        let prepared = self.client.prepare_cached(statement.sql).await?;
        if prepared.params().len() != statement.parameters {
            return Err(Corrupt::of("statement", statement.name()).into());
        }
        self.at_hand
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push((statement.sql, prepared.clone()));
        Ok(prepared)
    }

    fn known(&self, statement: Statement) -> Option<tokio_postgres::Statement> {
        let at_hand = self.at_hand.lock().unwrap_or_else(PoisonError::into_inner);
        at_hand
            .iter()
            .find(|(sql, _)| std::ptr::eq(*sql, statement.sql))
            .map(|(_, prepared)| prepared.clone())
    }

    async fn rows(&self, statement: Statement, bound: Bound<'_>) -> Outcome<Vec<Row>> {
        let prepared = self.statement(statement).await?;
        Ok(self.client.query(&prepared, bound).await?)
    }
}

/// Sends several statements in this order without waiting for the answers between them. Fails with what failed first.
///
/// At most 30: `join_all` polls no more than that in order.
pub(super) async fn in_one_go(statements: Vec<LocalBoxFuture<'_, Outcome<()>>>) -> Outcome<()> {
    debug_assert!(statements.len() <= 30, "more statements than are sent in order");
    // All of them are awaited, so that nothing of theirs is still under way when the next is sent.
    join_all(statements).await.into_iter().collect()
}

impl Statement {
    /// Its name.
    pub fn name(self) -> &'static str {
        self.sql
            .lines()
            .next()
            .unwrap_or_default()
            .trim_start_matches("-- ")
    }

    /// Writes any number of rows.
    pub async fn run(self, session: &Session, bound: Bound<'_>) -> Outcome<u64> {
        let prepared = session.statement(self).await?;
        Ok(session.client.execute(&prepared, bound).await?)
    }

    /// Writes exactly so many rows.
    pub async fn run_exactly(self, session: &Session, rows: usize, bound: Bound<'_>) -> Outcome<()> {
        let written = self.run(session, bound).await?;
        if usize::try_from(written) == Ok(rows) {
            Ok(())
        } else {
            Err(self.unexpected(written))
        }
    }

    /// Says that it wrote a number of rows that it should not have.
    pub fn unexpected(self, rows: u64) -> Failure {
        Corrupt::of("affected rows", format!("{}: {rows}", self.name())).into()
    }

    /// Reads any number of rows.
    pub async fn all<T>(
        self,
        session: &Session,
        bound: Bound<'_>,
        read: impl Fn(&Row) -> Outcome<T>,
    ) -> Outcome<Vec<T>> {
        session.rows(self, bound).await?.iter().map(read).collect()
    }

    /// Reads at most one row.
    pub async fn find<T>(
        self,
        session: &Session,
        bound: Bound<'_>,
        read: impl Fn(&Row) -> Outcome<T>,
    ) -> Outcome<Option<T>> {
        session.rows(self, bound).await?.first().map(read).transpose()
    }

    /// Reads the one row that must be there.
    pub async fn get<T>(
        self,
        session: &Session,
        bound: Bound<'_>,
        read: impl Fn(&Row) -> Outcome<T>,
    ) -> Outcome<T> {
        self.find(session, bound, read)
            .await?
            .ok_or_else(|| Corrupt::of("missing row", self.name()).into())
    }
}
