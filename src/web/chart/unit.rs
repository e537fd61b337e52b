//! What values are measured in, and how they are written for people.

use crate::domain::currency::Currency;
use crate::domain::language::Language;

/// A unit of integers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// How many.
    Count,
    /// Minor units of a currency.
    Amount(Currency),
    /// Thousandths of a whole, written per hundred.
    Percent,
    /// Thousandths of 1, written as a decimal.
    Number,
    /// Thousandths of 1, written of ten thousand: Herfindahl's index.
    Index,
    /// Points of 100.
    Score,
}

/// Powers of ten with their words, the greatest first.
const ENGLISH: [(i64, &str); 3] = [(1_000_000_000, " bn"), (1_000_000, " m"), (1_000, " k")];
const CHINESE: [(i64, &str); 2] = [(100_000_000, "亿"), (10_000, "万")];

impl Unit {
    /// Its name beside an axis; nothing where values speak for themselves.
    pub fn name(self, language: Language) -> String {
        match (self, language) {
            (Self::Amount(currency), _) => currency.as_str().to_owned(),
            (Self::Percent, _) => "%".to_owned(),
            (Self::Count | Self::Number, _) => String::new(),
            (Self::Index, Language::English) => "0 to 10,000".to_owned(),
            (Self::Index, Language::Chinese) => "0 至 10,000".to_owned(),
            (Self::Score, Language::English) => "points of 100".to_owned(),
            (Self::Score, Language::Chinese) => "百分制".to_owned(),
        }
    }

    /// A value with every digit that is shown of it, and its unit.
    pub fn full(self, value: i64, language: Language) -> String {
        match self {
            Self::Count | Self::Score => grouped(value),
            Self::Amount(currency) => format!("{} {currency}", self.bare(value, language)),
            Self::Percent => format!("{} %", self.bare(value, language)),
            Self::Number | Self::Index => self.bare(value, language),
        }
    }

    /// The same without its unit.
    pub fn bare(self, value: i64, _: Language) -> String {
        match self {
            Self::Count | Self::Score => grouped(value),
            Self::Amount(currency) => decimal(value, currency.minor_per_unit(), false),
            Self::Percent => decimal(value, 10, false),
            Self::Number => decimal(value, 1_000, false),
            Self::Index => grouped(value.saturating_mul(10)),
        }
    }

    /// The same, as short as beside an axis.
    pub fn short(self, value: i64, language: Language) -> String {
        match self {
            Self::Count | Self::Score => compact(value, 1, language),
            Self::Amount(currency) => compact(value, currency.minor_per_unit(), language),
            Self::Percent => decimal(value, 10, true),
            Self::Number => decimal(value, 1_000, true),
            Self::Index => grouped(value.saturating_mul(10)),
        }
    }
}

/// Digits in threes.
fn grouped(value: i64) -> String {
    let digits = value.unsigned_abs().to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if value < 0 { format!("-{text}") } else { text }
}

/// A value of `per` to the whole; `trimmed` leaves zeros at the end out.
fn decimal(value: i64, per: i64, trimmed: bool) -> String {
    let places = usize::try_from(per.max(1).ilog10()).unwrap_or(0);
    let (whole, rest) = (value / per.max(1), (value % per.max(1)).unsigned_abs());
    let sign = if value < 0 && whole == 0 { "-" } else { "" };
    let mut rest = if places == 0 {
        String::new()
    } else {
        format!("{rest:0places$}")
    };
    if trimmed {
        rest.truncate(rest.trim_end_matches('0').len());
    }
    let dot = if rest.is_empty() { "" } else { "." };
    format!("{sign}{}{dot}{rest}", grouped(whole))
}

/// A value of `per` to the whole in the largest power that it reaches, with at most two decimals.
fn compact(value: i64, per: i64, language: Language) -> String {
    let words: &[(i64, &str)] = match language {
        Language::English => &ENGLISH,
        Language::Chinese => &CHINESE,
    };
    let found = words.iter().find_map(|(power, word)| {
        let of = power.checked_mul(per)?;
        (value.unsigned_abs() >= of.unsigned_abs()).then_some((of, *word))
    });
    let (of, word) = found.unwrap_or((per, ""));
    let hundredths = i128::from(value) * 100 / i128::from(of.max(1));
    let hundredths = i64::try_from(hundredths).unwrap_or(i64::MAX);
    format!("{}{word}", decimal(hundredths, 100, true))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written_as_people_read_them() {
        let (cny, en, zh) = (Currency::CNY, Language::English, Language::Chinese);
        for (unit, value, language, full, short) in [
            (Unit::Count, 0, en, "0", "0"),
            (Unit::Count, -5, en, "-5", "-5"),
            (Unit::Count, 1_234_565, en, "1,234,565", "1.23 m"),
            (Unit::Count, 1_234_565, zh, "1,234,565", "123.45万"),
            (Unit::Amount(cny), 123_456, en, "1,234.56 CNY", "1.23 k"),
            (Unit::Amount(cny), -5, en, "-0.05 CNY", "-0.05"),
            (
                Unit::Amount(cny),
                25_000_000_000,
                zh,
                "250,000,000.00 CNY",
                "2.5亿",
            ),
            (Unit::Percent, 125, en, "12.5 %", "12.5"),
            (Unit::Percent, 1_000, en, "100.0 %", "100"),
            (Unit::Number, 1_437, en, "1.437", "1.437"),
            (Unit::Index, 123, en, "1,230", "1,230"),
            (Unit::Score, 97, zh, "97", "97"),
        ] {
            assert_eq!(unit.full(value, language), full);
            assert_eq!(unit.short(value, language), short);
        }
    }

    #[test]
    fn a_currency_without_a_minor_unit_has_no_decimals() {
        let yen = Currency::parse("JPY").unwrap();
        assert_eq!(Unit::Amount(yen).full(1_500, Language::English), "1,500 JPY");
    }

    #[test]
    fn the_extremes_are_written_without_a_fault() {
        for unit in [
            Unit::Count,
            Unit::Amount(Currency::CNY),
            Unit::Percent,
            Unit::Number,
            Unit::Index,
        ] {
            for value in [i64::MIN, i64::MAX] {
                for language in [Language::English, Language::Chinese] {
                    assert!(!unit.full(value, language).is_empty());
                    assert!(!unit.short(value, language).is_empty());
                }
            }
        }
    }
}
