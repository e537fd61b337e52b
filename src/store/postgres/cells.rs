//! How this engine binds the cells of many rows at once, as one array a column, and reads a cell back.

use std::borrow::Cow;
use std::error::Error;

use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{FromSql, IsNull, Kind, ToSql, Type};

use super::failure::Failure;
use crate::store::columns::{Cell, Row, Sink, Value};

/// Rows, column by column: what `unnest` takes apart again.
#[derive(Debug, Default)]
pub(super) struct Arrays<'a> {
    columns: Vec<Array<'a>>,
    /// Column of the next cell.
    next: usize,
    rows: usize,
}

/// One column of many rows.
#[derive(Debug, Default)]
struct Array<'a>(Vec<Cell<'a>>);

impl Arrays<'_> {
    /// The rows that `put` gives for each item.
    pub fn of<T>(items: impl IntoIterator<Item = T>, mut put: impl FnMut(T, &mut Self)) -> Self {
        let mut arrays = Self::default();
        for item in items {
            arrays.next = 0;
            arrays.rows += 1;
            put(item, &mut arrays);
        }
        arrays
    }

    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// All columns, to bind.
    pub fn bound(&self) -> Vec<&(dyn ToSql + Sync)> {
        self.columns.iter().map(|column| column as _).collect()
    }
}

impl<'a> Sink<'a> for Arrays<'a> {
    fn cell(&mut self, cell: Cell<'a>) {
        if self.next == self.columns.len() {
            self.columns.push(Array::default());
        }
        self.columns[self.next].0.push(cell);
        self.next += 1;
    }
}

type Anything = Box<dyn Error + Sync + Send>;

impl ToSql for Array<'_> {
    fn to_sql(&self, kind: &Type, out: &mut BytesMut) -> Result<IsNull, Anything> {
        let Kind::Array(member) = kind.kind() else {
            return Err(format!("{kind} is no array").into());
        };
        match *member {
            Type::INT8 => self
                .cells(|cell| match cell {
                    Cell::Number(number) => Some(*number),
                    Cell::Null | Cell::Text(_) | Cell::Bytes(_) => None,
                })?
                .to_sql(kind, out),
            Type::TEXT => self
                .cells(|cell| match cell {
                    Cell::Text(text) => Some(Cow::as_ref(text)),
                    Cell::Null | Cell::Number(_) | Cell::Bytes(_) => None,
                })?
                .to_sql(kind, out),
            Type::BYTEA => self
                .cells(|cell| match cell {
                    Cell::Bytes(bytes) => Some(Cow::as_ref(bytes)),
                    Cell::Null | Cell::Number(_) | Cell::Text(_) => None,
                })?
                .to_sql(kind, out),
            _ => Err(format!("no column of ours is bound as {kind}").into()),
        }
    }

    fn accepts(kind: &Type) -> bool {
        matches!(kind.kind(), Kind::Array(_))
    }

    tokio_postgres::types::to_sql_checked!();
}

impl<'a> Array<'a> {
    /// The cells in the type of the column. A cell of another type is refused, never sent as NULL.
    fn cells<'c, T>(&'c self, take: impl Fn(&'c Cell<'a>) -> Option<T>) -> Result<Vec<Option<T>>, Anything> {
        let cells = self.0.iter().map(|cell| match (cell, take(cell)) {
            (Cell::Null, _) => Ok(None),
            (_, Some(value)) => Ok(Some(value)),
            (_, None) => Err("a cell is of another type than its column".into()),
        });
        cells.collect()
    }
}

/// A cell as the server sends it.
struct Received<'a>(Value<'a>);

impl<'a> FromSql<'a> for Received<'a> {
    fn from_sql(kind: &Type, raw: &'a [u8]) -> Result<Self, Anything> {
        Ok(Self(match *kind {
            Type::INT8 => Value::Number(i64::from_sql(kind, raw)?),
            Type::INT4 => Value::Number(i32::from_sql(kind, raw)?.into()),
            Type::INT2 => Value::Number(i16::from_sql(kind, raw)?.into()),
            Type::TEXT => Value::Text(<&str>::from_sql(kind, raw)?),
            Type::BYTEA => Value::Bytes(raw),
            _ => Value::Foreign,
        }))
    }

    fn from_sql_null(_: &Type) -> Result<Self, Anything> {
        Ok(Self(Value::Null))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

impl Row for tokio_postgres::Row {
    type Error = Failure;

    fn value(&self, column: usize) -> Result<Value<'_>, Failure> {
        Ok(self.try_get::<_, Received<'_>>(column)?.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes_of(value: &dyn ToSql, kind: &Type) -> Option<Vec<u8>> {
        let mut out = BytesMut::new();
        value.to_sql_checked(kind, &mut out).ok()?;
        Some(out.to_vec())
    }

    #[test]
    fn columns_are_bound_as_the_driver_binds_arrays() {
        let rows = [(Some(7), "a", &b"x"[..]), (None, "", &b""[..])];
        let arrays = Arrays::of(rows, |(number, text, bytes), sink| {
            sink.optional(number).text(text).bytes(bytes);
        });
        let bound = arrays.bound();
        assert_eq!((arrays.rows(), bound.len()), (2, 3));
        let wanted: [(Type, &dyn ToSql); 3] = [
            (Type::INT8_ARRAY, &vec![Some(7_i64), None]),
            (Type::TEXT_ARRAY, &vec!["a", ""]),
            (Type::BYTEA_ARRAY, &vec![&b"x"[..], &b""[..]]),
        ];
        for (column, (kind, same)) in bound.iter().zip(wanted) {
            assert_eq!(bytes_of(*column, &kind), bytes_of(same, &kind), "{kind}");
        }
    }

    #[test]
    fn a_cell_of_another_type_is_refused_and_never_sent_as_nothing() {
        let arrays = Arrays::of(["text"], |text, sink| {
            sink.text(text);
        });
        let bound = arrays.bound();
        for kind in [Type::INT8_ARRAY, Type::BYTEA_ARRAY, Type::INT4_ARRAY, Type::TEXT] {
            assert_eq!(bytes_of(bound[0], &kind), None, "{kind}");
        }
        assert!(bytes_of(bound[0], &Type::TEXT_ARRAY).is_some());
    }
}
