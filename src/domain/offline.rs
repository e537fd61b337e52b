//! Offline authorisation codes: issued ahead, to lend by while the service cannot be reached, and back-filled when it can
//! (domain.md 4.4).
//!
//! A code says whose it is, which of a series, and until when; the service signs that, so that its holder can check it
//! without the service (`audit::offline_code`). That it serves one loan only is the ledger's to know.

use serde::{Deserialize, Serialize};

use super::date::Timestamp;
use super::names::{MemberId, SeriesId};
use super::rules::ReasonCode;

/// Codes of one call.
pub const CODES_PER_CALL_MAX: u32 = 1_000;
/// Seconds for which a code can be used: 30 days.
pub const CODE_LIFE_SECONDS: i64 = 30 * 86_400;
/// Seconds after a loan was granted within which it is to be back-filled: 24 hours, as in Florida (section 560.404, Florida
/// Statutes).
pub const BACKFILL_SECONDS: i64 = 86_400;

/// What a code says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfflineCode {
    /// Whose it is.
    pub member_id: MemberId,
    /// Of which series.
    pub series_id: SeriesId,
    /// Which of the series, from 0.
    pub place: u32,
    /// From when on it cannot be used; whole seconds.
    pub expires_at: Timestamp,
}

impl OfflineCode {
    /// The form of these codes.
    const FORM: &str = "TSO1";

    /// The most characters of what a code says.
    pub const CHARS_MAX: usize = 128;

    /// What it says, as text: form, member, series, place and expiry in seconds since 1970, divided by dots. A member's name
    /// has no dot.
    pub fn to_text(&self) -> String {
        format!(
            "{}.{}.{}.{}.{}",
            Self::FORM,
            self.member_id,
            self.series_id,
            self.place,
            self.expires_at.micros() / 1_000_000
        )
    }

    /// Reads what a code says; `None` for anything that [`Self::to_text`] does not write.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > Self::CHARS_MAX {
            return None;
        }
        let parts: Vec<&str> = text.split('.').collect();
        let [form, member_id, series_id, place, seconds] = parts.as_slice() else {
            return None;
        };
        let seconds: i64 = seconds.parse().ok()?;
        let code = Self {
            member_id: MemberId::parse(member_id)?,
            series_id: SeriesId::parse(series_id)?,
            place: place.parse().ok()?,
            expires_at: Timestamp::from_micros(seconds.checked_mul(1_000_000)?),
        };
        // One spelling: no signs, no leading zeros, small letters.
        (*form == Self::FORM && code.to_text() == text).then_some(code)
    }
}

/// Limits that a loan broke which was made under a code.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OverLimit {
    /// The rule pack that was asked and its version; `None`: none of the member's was in force in the loan's currency.
    pub rule_pack: Option<(String, u32)>,
    /// What it broke, exactly: for operator and regulator.
    pub exact: Vec<ReasonCode>,
    /// What its member was told: what others are owed was rounded up to its band.
    pub told: Vec<ReasonCode>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code() -> OfflineCode {
        OfflineCode {
            member_id: MemberId::parse("lender-a").unwrap(),
            series_id: SeriesId([0xab; 16]),
            place: 17,
            expires_at: Timestamp::from_micros(1_800_000_000_000_000),
        }
    }

    #[test]
    fn a_code_is_read_as_it_is_written() {
        let text = code().to_text();
        assert_eq!(
            text,
            "TSO1.lender-a.abababab-abab-abab-abab-abababababab.17.1800000000"
        );
        assert_eq!(OfflineCode::parse(&text), Some(code()));
    }

    #[test]
    fn the_longest_code_fits() {
        let longest = OfflineCode {
            member_id: MemberId::parse(&"m".repeat(32)).unwrap(),
            place: u32::MAX,
            expires_at: Timestamp::from_micros(i64::MAX / 1_000_000 * 1_000_000),
            ..code()
        };
        assert!(longest.to_text().len() <= OfflineCode::CHARS_MAX);
        assert_eq!(OfflineCode::parse(&longest.to_text()), Some(longest));
    }

    #[test]
    fn a_code_has_one_spelling() {
        let text = code().to_text();
        for broken in [
            "",
            &text[1..],
            &format!("{text}."),
            &format!("{text} "),
            &text.replace("TSO1", "TSO2"),
            &text.replace(".17.", ".017."),
            &text.replace(".17.", ".+17."),
            &text.replace(".17.", ".-17."),
            &text.replace(".17.", ".99999999999."),
            &text.replace("abab", "ABAB"),
            &text.replace("abab", "xyxy"),
            &text.replace("lender-a", "L"),
            &text.replace("1800000000", "9223372036854775807"),
        ] {
            assert_eq!(OfflineCode::parse(broken), None, "{broken}");
        }
    }
}
