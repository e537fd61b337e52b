//! How a Parquet column writes what is text elsewhere.
//!
//! What a column is follows from its schema alone: the logical type, else the older converted type, else the physical one.
//! Floating-point numbers are refused, not rounded: 0.1 is none of them.

use chrono::{Days, NaiveDate};
use parquet::basic::{ConvertedType, LogicalType, Repetition, Type as Physical};
use parquet::record::Field;
use parquet::schema::types::ColumnDescriptor;
use zeroize::Zeroizing;

/// The most digits of a decimal: those of 16 bytes.
const PRECISION_MAX: i32 = 38;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Written {
    /// UTF-8.
    Text,
    /// Whole numbers.
    Whole,
    /// Whole numbers of 10^-scale.
    Decimal(u32),
    /// Days since 1970-01-01.
    Day,
}

/// What a column holds, or why it cannot be read: the end of a sentence about it.
pub(super) fn written(column: &ColumnDescriptor) -> Result<Written, &'static str> {
    use ConvertedType as Old;
    let basic = column.self_type().get_basic_info();
    if basic.repetition() == Repetition::REPEATED {
        return Err("that repeats within a row; flatten it");
    }
    let logical = column.logical_type_ref();
    match (column.physical_type(), logical, column.converted_type()) {
        (Physical::FLOAT | Physical::DOUBLE, ..) => Err(
            "of floating-point numbers, which cannot hold amounts exactly; write DECIMAL, INT64 minor units or text",
        ),
        (Physical::BOOLEAN, ..) => Err("of truth values; write text or numbers"),
        (Physical::INT96, ..) => Err("of INT96 times; write DATE or text"),
        (_, Some(LogicalType::Decimal { .. }), _) | (_, None, Old::DECIMAL) => decimal(column),
        (Physical::INT32, Some(LogicalType::Date), _) | (Physical::INT32, None, Old::DATE) => {
            Ok(Written::Day)
        }
        (
            Physical::INT32 | Physical::INT64,
            None | Some(LogicalType::Integer { .. } | LogicalType::Unknown),
            Old::NONE
            | Old::INT_8
            | Old::INT_16
            | Old::INT_32
            | Old::INT_64
            | Old::UINT_8
            | Old::UINT_16
            | Old::UINT_32
            | Old::UINT_64,
        ) => Ok(Written::Whole),
        (
            Physical::BYTE_ARRAY,
            None | Some(LogicalType::String | LogicalType::Enum | LogicalType::Unknown),
            Old::NONE | Old::UTF8 | Old::ENUM,
        ) => Ok(Written::Text),
        _ => Err("of a type that is not known here; write text, INT32, INT64, DECIMAL or DATE"),
    }
}

fn decimal(column: &ColumnDescriptor) -> Result<Written, &'static str> {
    let (precision, scale) = match column.logical_type_ref() {
        Some(LogicalType::Decimal(decimal)) => (decimal.precision, decimal.scale),
        _ => (column.type_precision(), column.type_scale()),
    };
    let fixed = column.physical_type() == Physical::FIXED_LEN_BYTE_ARRAY;
    let too_wide = fixed && !(1..=16).contains(&column.type_length());
    let scale = u32::try_from(scale)
        .ok()
        .filter(|_| precision <= PRECISION_MAX && scale <= precision);
    match scale {
        Some(scale) if !too_wide => Ok(Written::Decimal(scale)),
        _ => Err("of decimals with more than 38 digits; write fewer"),
    }
}

impl Written {
    /// A value as text; nothing is empty. `None` when the value is not of the column's type.
    pub(super) fn text(self, field: Field) -> Option<Zeroizing<String>> {
        let text = match (self, field) {
            (_, Field::Null) => String::new(),
            (Self::Text, Field::Str(text)) => text,
            (Self::Text, Field::Bytes(bytes)) => String::from_utf8(bytes.data().to_vec()).ok()?,
            (Self::Whole, field) => whole(&field)?.to_string(),
            (Self::Day, Field::Date(days) | Field::Int(days)) => day(days)?.format("%Y-%m-%d").to_string(),
            (Self::Decimal(scale), Field::Decimal(value)) => scaled(big_endian(value.data())?, scale),
            (Self::Decimal(scale), field) => scaled(whole(&field)?, scale),
            (Self::Text | Self::Day, _) => return None,
        };
        Some(Zeroizing::new(text))
    }
}

fn whole(field: &Field) -> Option<i128> {
    Some(match field {
        Field::Byte(value) => i128::from(*value),
        Field::Short(value) => i128::from(*value),
        Field::Int(value) => i128::from(*value),
        Field::Long(value) => i128::from(*value),
        Field::UByte(value) => i128::from(*value),
        Field::UShort(value) => i128::from(*value),
        Field::UInt(value) => i128::from(*value),
        Field::ULong(value) => i128::from(*value),
        _ => return None,
    })
}

fn day(days: i32) -> Option<NaiveDate> {
    let epoch = NaiveDate::default();
    let apart = Days::new(u64::from(days.unsigned_abs()));
    let date = if days < 0 {
        epoch.checked_sub_days(apart)
    } else {
        epoch.checked_add_days(apart)
    };
    // Years beyond four digits are not written as ISO 8601 writes days; the reader would call them no date.
    date.filter(|date| (1..=9999).contains(&chrono::Datelike::year(date)))
}

/// A number in two's complement, the highest byte first.
fn big_endian(bytes: &[u8]) -> Option<i128> {
    let sign = if bytes.first()? & 0x80 == 0 { 0 } else { 0xff };
    let mut whole = [sign; 16];
    let start = whole.len().checked_sub(bytes.len())?;
    whole.get_mut(start..)?.copy_from_slice(bytes);
    Some(i128::from_be_bytes(whole))
}

/// `value` · 10^-`scale`, zeros at the end left out: they come of the column's type, not of the value.
fn scaled(value: i128, scale: u32) -> String {
    let sign = if value < 0 { "-" } else { "" };
    let width = usize::try_from(scale).unwrap_or_default() + 1;
    let digits = format!("{:0width$}", value.unsigned_abs());
    let (units, rest) = digits.split_at(digits.len() - (width - 1));
    let rest = rest.trim_end_matches('0');
    if rest.is_empty() {
        format!("{sign}{units}")
    } else {
        format!("{sign}{units}.{rest}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_written_out_exactly() {
        for (value, scale, text) in [
            (123_450, 2, "1234.5"),
            (123_400, 2, "1234"),
            (5, 3, "0.005"),
            (-5, 1, "-0.5"),
            (0, 4, "0"),
            (-100, 2, "-1"),
            (7, 0, "7"),
            (10, 0, "10"),
            (i128::MIN, 38, "-1.70141183460469231731687303715884105728"),
        ] {
            assert_eq!(scaled(value, scale), text);
        }
        assert_eq!(big_endian(&[0x01, 0x00]), Some(256));
        assert_eq!(big_endian(&[0xff]), Some(-1));
        assert_eq!(big_endian(&[0x80, 0, 0]), Some(-0x80_0000));
        assert_eq!(big_endian(&[]), None);
        assert_eq!(big_endian(&[1; 17]), None);
    }

    #[test]
    fn days_count_from_1970() {
        let shown = |days| day(days).map(|date| date.to_string());
        assert_eq!(shown(0).as_deref(), Some("1970-01-01"));
        assert_eq!(shown(-1).as_deref(), Some("1969-12-31"));
        assert_eq!(shown(20_618).as_deref(), Some("2026-06-14"));
        for far in [i32::MIN, i32::MAX, 2_932_897] {
            assert_eq!(shown(far), None);
        }
    }
}
