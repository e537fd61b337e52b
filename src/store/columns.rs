//! Columns of a row, one after another, whichever engine they come from or go to.
//!
//! An engine says how a cell is read ([`Row`]) and how one is bound ([`Sink`]); what the cells mean is said once, in
//! [`rows`](super::rows). An impossible value is [`Corrupt`], never a default.

use std::borrow::Cow;

use chrono::NaiveDate;
use serde::de::DeserializeOwned;

use super::{StoreError, codec};
use crate::domain::date::{Timestamp, from_epoch_days, to_epoch_days};

/// What a cell holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Value<'a> {
    /// Nothing.
    Null,
    /// A whole number.
    Number(i64),
    /// A text.
    Text(&'a str),
    /// Bytes.
    Bytes(&'a [u8]),
    /// Something that no column of ours holds.
    Foreign,
}

/// A row of a result.
pub(super) trait Row {
    /// What the engine says when a row cannot be read.
    type Error: From<Corrupt>;

    /// What its column of this number holds, from 0.
    fn value(&self, column: usize) -> Result<Value<'_>, Self::Error>;
}

/// A value that cannot be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Corrupt {
    /// Which table.
    pub table: &'static str,
    /// Which row, by its numbers; never a token or an identifier.
    pub key: String,
}

impl Corrupt {
    /// A row of a table.
    pub fn of(table: &'static str, key: impl std::fmt::Display) -> Self {
        Self {
            table,
            key: key.to_string(),
        }
    }
}

impl From<Corrupt> for StoreError {
    fn from(corrupt: Corrupt) -> Self {
        Self::Corrupt {
            table: corrupt.table,
            key: corrupt.key,
        }
    }
}

/// Reads columns one after another; knows the table for its errors.
pub(super) struct Columns<'a, R> {
    row: &'a R,
    table: &'static str,
    next: usize,
}

impl<'a, R: Row> Columns<'a, R> {
    pub(super) fn new(row: &'a R, table: &'static str) -> Self {
        Self { row, table, next: 0 }
    }

    fn value(&mut self) -> Result<Value<'a>, R::Error> {
        let value = self.row.value(self.next)?;
        self.next += 1;
        Ok(value)
    }

    /// Names the row by its first column, a number in nearly every table.
    pub(super) fn corrupt(&self) -> R::Error {
        let first = match self.row.value(0) {
            Ok(Value::Number(number)) => Some(number),
            Ok(Value::Null | Value::Text(_) | Value::Bytes(_) | Value::Foreign) | Err(_) => None,
        };
        Corrupt::of(self.table, format!("{first:?}, column {}", self.next)).into()
    }

    pub(super) fn checked<T>(&self, value: Option<T>) -> Result<T, R::Error> {
        value.ok_or_else(|| self.corrupt())
    }

    pub(super) fn optional_number(&mut self) -> Result<Option<i64>, R::Error> {
        match self.value()? {
            Value::Number(number) => Ok(Some(number)),
            Value::Null => Ok(None),
            Value::Text(_) | Value::Bytes(_) | Value::Foreign => Err(self.corrupt()),
        }
    }

    pub(super) fn number(&mut self) -> Result<i64, R::Error> {
        let number = self.optional_number()?;
        self.checked(number)
    }

    /// 0 or 1.
    pub(super) fn flag(&mut self) -> Result<bool, R::Error> {
        match self.number()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(self.corrupt()),
        }
    }

    pub(super) fn code<T>(&mut self, from_code: impl Fn(i32) -> Option<T>) -> Result<T, R::Error> {
        let code = i32::try_from(self.number()?).ok();
        self.checked(code.and_then(from_code))
    }

    pub(super) fn optional_code<T>(
        &mut self,
        from_code: impl Fn(i32) -> Option<T>,
    ) -> Result<Option<T>, R::Error> {
        match self.optional_number()? {
            Some(code) => self
                .checked(i32::try_from(code).ok().and_then(from_code))
                .map(Some),
            None => Ok(None),
        }
    }

    pub(super) fn date(&mut self) -> Result<NaiveDate, R::Error> {
        self.code(from_epoch_days)
    }

    pub(super) fn optional_date(&mut self) -> Result<Option<NaiveDate>, R::Error> {
        self.optional_code(from_epoch_days)
    }

    pub(super) fn instant(&mut self) -> Result<Timestamp, R::Error> {
        Ok(Timestamp::from_micros(self.number()?))
    }

    pub(super) fn optional_instant(&mut self) -> Result<Option<Timestamp>, R::Error> {
        Ok(self.optional_number()?.map(Timestamp::from_micros))
    }

    /// A number that cannot be negative.
    pub(super) fn count<T: TryFrom<i64>>(&mut self) -> Result<T, R::Error> {
        let value = self.number()?;
        self.checked(T::try_from(value).ok())
    }

    /// Minor units, not negative.
    pub(super) fn amount(&mut self) -> Result<i64, R::Error> {
        let amount = self.number()?;
        self.checked((amount >= 0).then_some(amount))
    }

    pub(super) fn optional_blob(&mut self) -> Result<Option<&'a [u8]>, R::Error> {
        match self.value()? {
            Value::Bytes(bytes) => Ok(Some(bytes)),
            Value::Null => Ok(None),
            Value::Number(_) | Value::Text(_) | Value::Foreign => Err(self.corrupt()),
        }
    }

    pub(super) fn blob(&mut self) -> Result<&'a [u8], R::Error> {
        let blob = self.optional_blob()?;
        self.checked(blob)
    }

    pub(super) fn bytes<const N: usize>(&mut self) -> Result<[u8; N], R::Error> {
        let blob = self.blob()?;
        self.checked(blob.try_into().ok())
    }

    pub(super) fn decoded<T: DeserializeOwned>(&mut self) -> Result<T, R::Error> {
        let blob = self.blob()?;
        self.checked(codec::decode(blob))
    }

    pub(super) fn optional_text(&mut self) -> Result<Option<String>, R::Error> {
        match self.value()? {
            Value::Text(text) => Ok(Some(text.to_owned())),
            Value::Null => Ok(None),
            Value::Number(_) | Value::Bytes(_) | Value::Foreign => Err(self.corrupt()),
        }
    }

    pub(super) fn text(&mut self) -> Result<String, R::Error> {
        let text = self.optional_text()?;
        self.checked(text)
    }

    pub(super) fn parsed<T>(&mut self, parse: impl Fn(&str) -> Option<T>) -> Result<T, R::Error> {
        match self.value()? {
            Value::Text(text) => self.checked(parse(text)),
            Value::Null | Value::Number(_) | Value::Bytes(_) | Value::Foreign => Err(self.corrupt()),
        }
    }
}

/// What goes into a cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Cell<'a> {
    /// Nothing.
    Null,
    /// A whole number.
    Number(i64),
    /// A text.
    Text(Cow<'a, str>),
    /// Bytes.
    Bytes(Cow<'a, [u8]>),
}

/// Takes the cells of a row in the order of a statement's parameters.
///
/// Texts and blobs are borrowed where that can be, so that a row is bound without copying it.
pub(super) trait Sink<'a> {
    /// The next cell.
    fn cell(&mut self, cell: Cell<'a>);

    /// A number, or nothing.
    fn optional(&mut self, number: Option<impl Into<i64>>) -> &mut Self {
        self.cell(number.map_or(Cell::Null, |number| Cell::Number(number.into())));
        self
    }

    /// A number.
    fn number(&mut self, number: impl Into<i64>) -> &mut Self {
        self.cell(Cell::Number(number.into()));
        self
    }

    /// A number that parsing keeps within bounds.
    fn count(&mut self, count: u64) -> &mut Self {
        self.number(whole(count))
    }

    /// A text, or nothing.
    fn optional_text(&mut self, text: Option<&'a str>) -> &mut Self {
        self.cell(text.map_or(Cell::Null, |text| Cell::Text(text.into())));
        self
    }

    /// A text.
    fn text(&mut self, text: impl Into<Cow<'a, str>>) -> &mut Self {
        self.cell(Cell::Text(text.into()));
        self
    }

    /// Bytes.
    fn bytes(&mut self, bytes: impl Into<Cow<'a, [u8]>>) -> &mut Self {
        self.cell(Cell::Bytes(bytes.into()));
        self
    }

    /// Bytes, or nothing.
    fn optional_bytes(&mut self, bytes: Option<&'a [u8]>) -> &mut Self {
        self.cell(bytes.map_or(Cell::Null, |bytes| Cell::Bytes(bytes.into())));
        self
    }

    /// A date.
    fn date(&mut self, date: NaiveDate) -> &mut Self {
        self.number(to_epoch_days(date))
    }

    /// A date, or nothing.
    fn optional_date(&mut self, date: Option<NaiveDate>) -> &mut Self {
        self.optional(date.map(to_epoch_days))
    }

    /// An instant.
    fn instant(&mut self, at: Timestamp) -> &mut Self {
        self.number(at.micros())
    }

    /// An instant, or nothing.
    fn optional_instant(&mut self, at: Option<Timestamp>) -> &mut Self {
        self.optional(at.map(Timestamp::micros))
    }
}

/// Numbers of the domain fit: parsing bounds them.
pub(super) fn whole(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
