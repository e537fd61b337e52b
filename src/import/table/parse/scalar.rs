//! What a single cell says: dates, whole numbers, amounts. Exact: no floating point, no guesses.

use std::str::FromStr;

use chrono::NaiveDate;

pub use crate::domain::decimal::{AmountFault, decimal, minor};

/// The most decimals that any currency has.
pub const DECIMALS_MAX: u32 = 4;

/// A day of the calendar, `YYYY-MM-DD`, years 1 to 9999.
pub fn date(cell: &str) -> Option<NaiveDate> {
    let bytes = cell.as_bytes();
    let hyphens = bytes.len() == 10 && bytes.get(4) == Some(&b'-') && bytes.get(7) == Some(&b'-');
    if !hyphens {
        return None;
    }
    let year = number::<i32>(cell.get(..4)?)?;
    let month = number::<u32>(cell.get(5..7)?)?;
    let day = number::<u32>(cell.get(8..)?)?;
    let date = NaiveDate::from_ymd_opt(year, month, day);
    date.filter(|_| year > 0)
}

/// Digits alone, within the type.
pub fn number<N: FromStr>(cell: &str) -> Option<N> {
    let digits = !cell.is_empty() && cell.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| cell.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_days_of_the_calendar_written_in_full() {
        let good = NaiveDate::from_ymd_opt(2024, 2, 29);
        assert_eq!(date("2024-02-29"), good);
        for bad in [
            "2023-02-29",
            "2024-2-29",
            "24-02-29",
            "2024/02/29",
            "20240229",
            "0000-01-01",
            "2024-02-29T00:00",
            "+024-02-29",
            "2024-13-01",
            "２０２４-01-01",
            "",
        ] {
            assert_eq!(date(bad), None, "{bad}");
        }
    }

    #[test]
    fn numbers_are_digits_within_the_type() {
        assert_eq!(number::<u32>("4294967295"), Some(u32::MAX));
        for bad in ["4294967296", "-1", "+1", "1.0", "", " 1"] {
            assert_eq!(number::<u32>(bad), None, "{bad}");
        }
    }
}
