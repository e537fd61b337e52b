//! What SQLite says went wrong, in the store's words.

use std::panic::{AssertUnwindSafe, catch_unwind};

use rusqlite::ffi::ErrorCode;

use crate::store::StoreError;
use crate::store::columns::Corrupt;

/// A failure inside this engine.
#[derive(Debug)]
pub(in crate::store) enum Failure {
    /// SQLite refused.
    Engine(rusqlite::Error),
    /// The file could not be made.
    File(std::io::Error),
    /// A value that cannot be.
    Corrupt {
        /// Which table.
        table: &'static str,
        /// Which row, by numbers.
        key: String,
    },
    /// Somebody else was faster.
    Conflict,
    /// Deciding or counting panicked; what the panic said is in the log.
    Panicked,
}

pub(super) type Outcome<T> = Result<T, Failure>;

/// What panics fails.
pub(super) fn catching<T>(work: impl FnOnce() -> Outcome<T>) -> Outcome<T> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or(Err(Failure::Panicked))
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::Engine(error)
    }
}

impl From<Corrupt> for Failure {
    fn from(corrupt: Corrupt) -> Self {
        Self::Corrupt {
            table: corrupt.table,
            key: corrupt.key,
        }
    }
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Corrupt { table, key } => Self::Corrupt { table, key },
            Failure::Conflict => Self::Conflict,
            Failure::Panicked => Self::Engine("a decision or a count panicked".into()),
            Failure::File(error) => Self::Disk(Box::new(error)),
            Failure::Engine(error) => match error.sqlite_error_code() {
                Some(
                    ErrorCode::DiskFull
                    | ErrorCode::SystemIoFailure
                    | ErrorCode::ReadOnly
                    | ErrorCode::CannotOpen,
                ) => Self::Disk(Box::new(error)),
                Some(
                    ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::OperationInterrupted,
                ) => Self::Unavailable,
                Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Corrupt {
                    table: "database file",
                    key: "unknown".to_owned(),
                },
                Some(_) | None => Self::Engine(Box::new(error)),
            },
        }
    }
}

/// A value of a row that cannot be, with the row's key in numbers.
pub(super) fn corrupt(table: &'static str, key: impl std::fmt::Display) -> Failure {
    Corrupt::of(table, key).into()
}
