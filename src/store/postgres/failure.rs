//! What PostgreSQL, the way to it, or a group of ours says went wrong, in the store's words.

use std::collections::BTreeSet;
use std::error::Error;

use deadpool_postgres::{HookError, PoolError};
use tokio_postgres::error::SqlState;

use crate::domain::names::SubjectId;
use crate::store::StoreError;
use crate::store::columns::Corrupt;

/// What the driver said, without what PostgreSQL adds to it: the details of an error name keys and rows.
#[derive(Debug, thiserror::Error)]
#[error("PostgreSQL: {text}{}", .code.as_ref().map_or_else(String::new, |code| format!(" ({})", code.code())))]
pub(in crate::store) struct EngineError {
    code: Option<SqlState>,
    text: String,
    /// The connection is gone.
    broken: bool,
}

impl EngineError {
    fn is(&self, codes: &[SqlState]) -> bool {
        self.code.as_ref().is_some_and(|code| codes.contains(code))
    }
}

impl From<tokio_postgres::Error> for EngineError {
    fn from(error: tokio_postgres::Error) -> Self {
        let io = error
            .source()
            .and_then(|source| source.downcast_ref::<std::io::Error>())
            .is_some_and(|source| !is_distrust(source));
        let text = match error.as_db_error() {
            Some(refusal) => refusal.message().to_owned(),
            None => error
                .source()
                .map_or_else(|| error.to_string(), |source| format!("{error}: {source}")),
        };
        Self {
            code: error.code().cloned(),
            text,
            broken: error.is_closed() || io,
        }
    }
}

/// Whether TLS ended it: one side does not take the other for what it should be. Waiting mends no certificate.
fn is_distrust(error: &std::io::Error) -> bool {
    error
        .get_ref()
        .is_some_and(|inner| inner.downcast_ref::<rustls::Error>().is_some())
}

/// A failure inside this engine.
#[derive(Debug)]
pub(in crate::store) enum Failure {
    /// The server refused, or the connection broke.
    Engine(EngineError),
    /// No connection became free, or none could be made, in time.
    NoConnection,
    /// No answer within the time allowed: the connection is given up.
    TimedOut,
    /// A value that cannot be.
    Corrupt(Corrupt),
    /// Somebody else was faster, and only the caller can decide anew.
    Conflict,
    /// What was read before the locks is no longer so. To be tried again with these subjects locked from the start.
    Moved(BTreeSet<SubjectId>),
    /// Deciding panicked; what the panic said is in the log.
    Panicked,
    /// Something of the server's or the program's that should not be.
    Unexpected(String),
}

pub(super) type Outcome<T> = Result<T, Failure>;

/// What is worth doing about a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Remedy {
    /// The same again, in a moment: others were in the way.
    Again,
    /// The same again on another connection.
    Reconnect,
    /// The same again, but not by us and not now: it took as long as it may.
    Later,
    /// Nothing: it would fail again.
    None,
}

impl Failure {
    /// What is worth doing about it.
    pub(super) fn remedy(&self) -> Remedy {
        match self {
            Self::Moved(_) => Remedy::Again,
            Self::NoConnection => Remedy::Reconnect,
            Self::TimedOut => Remedy::Later,
            // Two groups created the same thing at once: the second finds it when it looks again.
            Self::Engine(error) if error.is(&IN_THE_WAY) => Remedy::Again,
            Self::Engine(error) if error.is(&TOOK_TOO_LONG) => Remedy::Later,
            Self::Engine(error) if error.broken || error.code.as_ref().is_some_and(is_outage) => {
                Remedy::Reconnect
            }
            Self::Engine(_) | Self::Corrupt(_) | Self::Conflict | Self::Panicked | Self::Unexpected(_) => {
                Remedy::None
            }
        }
    }

    /// In the store's words, for who starts: with the reason, where a caller would only be told to try again.
    pub(super) fn at_start(self) -> StoreError {
        match self {
            Self::Engine(error) if error.broken || error.code.as_ref().is_some_and(is_outage) => {
                StoreError::Unreachable(Box::new(error))
            }
            Self::NoConnection | Self::TimedOut => {
                StoreError::Unreachable("it did not answer in time".into())
            }
            other => other.into(),
        }
    }

    /// Whether the database cannot be reached or does not answer in time.
    pub(super) fn is_away(&self) -> bool {
        matches!(self.remedy(), Remedy::Reconnect | Remedy::Later)
    }
}

/// Serialization failures, deadlocks, and keys and names that somebody else took meanwhile.
const IN_THE_WAY: [SqlState; 5] = [
    SqlState::T_R_SERIALIZATION_FAILURE,
    SqlState::T_R_DEADLOCK_DETECTED,
    SqlState::UNIQUE_VIOLATION,
    // A table that two make at once collides in its own name or in that of its type, whichever is met first.
    SqlState::DUPLICATE_TABLE,
    SqlState::DUPLICATE_OBJECT,
];

/// The time limits of statements and locks.
const TOOK_TOO_LONG: [SqlState; 2] = [SqlState::QUERY_CANCELED, SqlState::LOCK_NOT_AVAILABLE];

/// The server goes down, comes up, is full of connections, was demoted to a standby, or ended our session.
fn is_outage(code: &SqlState) -> bool {
    const CONNECTION: &str = "08";
    code.code().starts_with(CONNECTION)
        || [
            SqlState::ADMIN_SHUTDOWN,
            SqlState::CRASH_SHUTDOWN,
            SqlState::CANNOT_CONNECT_NOW,
            SqlState::TOO_MANY_CONNECTIONS,
            SqlState::READ_ONLY_SQL_TRANSACTION,
            SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT,
            SqlState::DATABASE_DROPPED,
        ]
        .contains(code)
}

impl From<tokio_postgres::Error> for Failure {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Engine(error.into())
    }
}

impl From<PoolError> for Failure {
    fn from(error: PoolError) -> Self {
        match error {
            PoolError::Backend(error) | PoolError::PostCreateHook(HookError::Backend(error)) => error.into(),
            PoolError::Timeout(_) => Self::NoConnection,
            other => Self::Unexpected(other.to_string()),
        }
    }
}

impl From<Corrupt> for Failure {
    fn from(corrupt: Corrupt) -> Self {
        Self::Corrupt(corrupt)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict => Self::Conflict,
            other => Self::Unexpected(other.to_string()),
        }
    }
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Corrupt(corrupt) => corrupt.into(),
            Failure::Conflict => Self::Conflict,
            Failure::Moved(_) | Failure::TimedOut | Failure::NoConnection => Self::Unavailable,
            Failure::Panicked => Self::Engine("a decision panicked".into()),
            Failure::Unexpected(text) => Self::Engine(text.into()),
            Failure::Engine(error) if error.is(&DISK) => Self::Disk(Box::new(error)),
            Failure::Engine(error) if error.is(&DAMAGED) => Self::Corrupt {
                table: "database",
                key: error.text,
            },
            failure if failure.remedy() != Remedy::None => Self::Unavailable,
            Failure::Engine(error) => Self::Engine(Box::new(error)),
        }
    }
}

const DISK: [SqlState; 2] = [SqlState::DISK_FULL, SqlState::IO_ERROR];
const DAMAGED: [SqlState; 2] = [SqlState::DATA_CORRUPTED, SqlState::INDEX_CORRUPTED];
