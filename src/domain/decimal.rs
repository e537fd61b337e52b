//! Amounts of money as people write them: decimals of a currency, exact. No floating point, no guesses.

use super::currency::Currency;
use super::validation::AMOUNT_MAX;

/// Why an amount cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AmountFault {
    /// Not digits with at most one point.
    Form,
    /// More decimals than the currency has.
    Decimals,
    /// Beyond the largest amount.
    TooLarge,
    /// As far below zero. Smaller ones can be represented and are the service's to refuse.
    TooNegative,
}

/// An amount in minor units: digits, and a sign if it is negative.
///
/// # Errors
/// Why not.
pub fn minor(cell: &str) -> Result<i64, AmountFault> {
    let (negative, digits) = sign(cell);
    if !is_digits(digits) {
        return Err(AmountFault::Form);
    }
    whole(negative, [digits, ""], 0)
}

/// A decimal as minor units of a currency with `exponent` decimals.
///
/// # Errors
/// Why not.
pub fn decimal(cell: &str, exponent: u32) -> Result<i64, AmountFault> {
    let (negative, rest) = sign(cell);
    let (units, decimals) = match rest.split_once('.') {
        Some((units, decimals)) if is_digits(decimals) => (units, decimals),
        Some(_) => return Err(AmountFault::Form),
        None => (rest, ""),
    };
    if !is_digits(units) {
        return Err(AmountFault::Form);
    }
    let exponent = usize::try_from(exponent).unwrap_or(usize::MAX);
    let Some(missing) = exponent.checked_sub(decimals.len()) else {
        return Err(AmountFault::Decimals);
    };
    whole(negative, [units, decimals], missing)
}

fn sign(cell: &str) -> (bool, &str) {
    cell.strip_prefix('-').map_or((false, cell), |rest| (true, rest))
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The digits of `parts` one behind the other, with so many zeros behind them.
fn whole(negative: bool, parts: [&str; 2], zeros: usize) -> Result<i64, AmountFault> {
    let fault = if negative {
        AmountFault::TooNegative
    } else {
        AmountFault::TooLarge
    };
    let digits = parts
        .iter()
        .flat_map(|part| part.bytes())
        .chain((0..zeros).map(|_| b'0'));
    let mut sum = 0_i64;
    for digit in digits {
        sum = sum * 10 + i64::from(digit - b'0');
        // Ten times the largest amount and a digit stay far inside.
        if sum > AMOUNT_MAX {
            return Err(fault);
        }
    }
    Ok(if negative { -sum } else { sum })
}

/// Minor units as a decimal with all the currency's decimals.
pub fn written(minor: i128, currency: Currency) -> String {
    let sign = if minor < 0 { "-" } else { "" };
    let per_unit = i128::from(currency.minor_per_unit()).unsigned_abs();
    let (units, rest) = (minor.unsigned_abs() / per_unit, minor.unsigned_abs() % per_unit);
    match usize::try_from(currency.exponent()).unwrap_or_default() {
        0 => format!("{sign}{units}"),
        decimals => format!("{sign}{units}.{rest:0decimals$}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_exact() {
        use AmountFault::{Decimals, Form, TooLarge, TooNegative};
        for (cell, exponent, read) in [
            ("1234.5", 2, Ok(123_450)),
            ("1234.56", 2, Ok(123_456)),
            ("1234", 2, Ok(123_400)),
            ("1234", 0, Ok(1_234)),
            ("0.001", 3, Ok(1)),
            ("-0.50", 2, Ok(-50)),
            ("007", 2, Ok(700)),
            ("1234.567", 2, Err(Decimals)),
            ("1234.500", 2, Err(Decimals)),
            ("1234.0", 0, Err(Decimals)),
            ("10000000000000.00", 2, Ok(AMOUNT_MAX)),
            ("10000000000000.01", 2, Err(TooLarge)),
            ("-10000000000000.01", 2, Err(TooNegative)),
            ("99999999999999999999999999", 2, Err(TooLarge)),
            ("1,234.50", 2, Err(Form)),
            ("1e5", 2, Err(Form)),
            ("+5", 2, Err(Form)),
            ("5.", 2, Err(Form)),
            (".5", 2, Err(Form)),
            ("--5", 2, Err(Form)),
            ("5.-1", 2, Err(Form)),
            ("NaN", 2, Err(Form)),
            ("", 2, Err(Form)),
            ("-", 2, Err(Form)),
            ("٣", 2, Err(Form)),
        ] {
            assert_eq!(decimal(cell, exponent), read, "{cell}");
        }
        assert_eq!(minor("123"), Ok(123));
        assert_eq!(minor("-123"), Ok(-123));
        assert_eq!(minor("1.0"), Err(Form));
        assert_eq!(minor("1000000000000001"), Err(TooLarge));
    }

    #[test]
    fn what_is_written_reads_back() {
        let yen = Currency::parse("JPY").expect("listed");
        for (amount, currency, text) in [
            (0, Currency::CNY, "0.00"),
            (-5, Currency::CNY, "-0.05"),
            (123_456, Currency::CNY, "1234.56"),
            (123_456, yen, "123456"),
        ] {
            assert_eq!(written(amount.into(), currency), text);
            assert_eq!(decimal(text, currency.exponent()), Ok(amount));
        }
    }
}
