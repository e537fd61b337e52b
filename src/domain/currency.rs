//! ISO 4217 currencies: codes with their exponents.

use std::fmt;

use serde::{Deserialize, Serialize};

/// An active ISO 4217 currency.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Currency([u8; 3]);

/// Codes whose minor unit is not a hundredth (ISO 4217, list of 2024).
const EXPONENT_0: &str = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF";
const EXPONENT_3: &str = "BHD IQD JOD KWD LYD OMR TND";
const EXPONENT_4: &str = "CLF UYW";
/// Codes with two decimals (ISO 4217, list of 2024; funds codes and metals left out).
const EXPONENT_2: &str = "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP \
    BYN BZD CAD CDF CHF CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD \
    HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP \
    MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG \
    SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD \
    XCG YER ZAR ZMW ZWG";

impl Currency {
    /// The renminbi.
    pub const CNY: Self = Self(*b"CNY");

    /// Parses a code of three capitals; `None` when ISO 4217 has no such currency.
    pub fn parse(text: &str) -> Option<Self> {
        let code: [u8; 3] = text.as_bytes().try_into().ok()?;
        let known = text == "CNY"
            || [EXPONENT_2, EXPONENT_0, EXPONENT_3, EXPONENT_4]
                .iter()
                .any(|list| list.split_ascii_whitespace().any(|entry| entry == text));
        known.then_some(Self(code))
    }

    /// The code.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("???")
    }

    /// Decimals of its minor unit.
    pub fn exponent(&self) -> u32 {
        let listed = |list: &str| list.split_ascii_whitespace().any(|entry| entry == self.as_str());
        if listed(EXPONENT_0) {
            0
        } else if listed(EXPONENT_3) {
            3
        } else if listed(EXPONENT_4) {
            4
        } else {
            2
        }
    }

    /// Minor units in one unit.
    pub fn minor_per_unit(&self) -> i64 {
        10_i64.pow(self.exponent())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_outside_the_list_are_refused() {
        for text in ["", "CN", "cny", "CNYX", "XXX", "ABC", "AED "] {
            assert_eq!(Currency::parse(text), None, "{text}");
        }
    }

    #[test]
    fn exponents_follow_the_list() {
        for (text, exponent) in [
            ("CNY", 2),
            ("JPY", 0),
            ("KWD", 3),
            ("CLF", 4),
            ("USD", 2),
            ("VND", 0),
        ] {
            assert_eq!(
                Currency::parse(text).map(|c| c.exponent()),
                Some(exponent),
                "{text}"
            );
        }
    }
}
