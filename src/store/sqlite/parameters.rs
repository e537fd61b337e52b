//! How this engine binds the cells of a row and reads them back.

use std::borrow::Cow;

use rusqlite::types::{ToSqlOutput, Value as Owned, ValueRef};

use super::failure::Failure;
use crate::store::columns::{Cell, Row, Sink, Value};
use crate::store::rows::VERSION_COLUMNS;

/// Parameters of one statement, in order.
pub(super) struct Parameters<'a>(Vec<ToSqlOutput<'a>>);

impl Parameters<'_> {
    /// What `put` gives.
    pub(super) fn of(put: impl FnOnce(&mut Self)) -> Self {
        // As many as the widest row has.
        let mut parameters = Self(Vec::with_capacity(VERSION_COLUMNS + 10));
        put(&mut parameters);
        parameters
    }

    /// All of them, to bind.
    pub(super) fn bound(&self) -> impl rusqlite::Params {
        rusqlite::params_from_iter(&self.0)
    }
}

impl<'a> Sink<'a> for Parameters<'a> {
    fn cell(&mut self, cell: Cell<'a>) {
        self.0.push(match cell {
            Cell::Null => ToSqlOutput::Owned(Owned::Null),
            Cell::Number(number) => ToSqlOutput::Owned(Owned::Integer(number)),
            Cell::Text(Cow::Borrowed(text)) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
            Cell::Text(Cow::Owned(text)) => ToSqlOutput::Owned(Owned::Text(text)),
            Cell::Bytes(Cow::Borrowed(bytes)) => ToSqlOutput::Borrowed(ValueRef::Blob(bytes)),
            Cell::Bytes(Cow::Owned(bytes)) => ToSqlOutput::Owned(Owned::Blob(bytes)),
        });
    }
}

impl Row for rusqlite::Row<'_> {
    type Error = Failure;

    fn value(&self, column: usize) -> Result<Value<'_>, Failure> {
        Ok(match self.get_ref(column)? {
            ValueRef::Null => Value::Null,
            ValueRef::Integer(number) => Value::Number(number),
            ValueRef::Text(text) => std::str::from_utf8(text).map_or(Value::Foreign, Value::Text),
            ValueRef::Blob(bytes) => Value::Bytes(bytes),
            ValueRef::Real(_) => Value::Foreign,
        })
    }
}
