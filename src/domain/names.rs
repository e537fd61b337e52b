//! Names and numbers of things: members, subjects, accounts, requests, answers.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A member's public name: 3 to 32 of `[a-z0-9-]`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct MemberId(String);

impl MemberId {
    /// Parses a member's name; `None` when it breaks the pattern.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = (3..=32).contains(&text.len())
            && text
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        fits.then(|| Self(text.to_owned()))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for MemberId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A member's number inside the service: short, so that rows stay small. Never on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct MemberNo(pub i64);

/// A subject inside the service. Never on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SubjectId(pub i64);

/// An identifier's token inside the service: stays the same through key rotation. Never on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TokenId(pub i64);

/// An account of one member inside the service, unique over all members. Never on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AccountNo(pub i64);

/// Whether a text can be a member's own name of something: 1 to `chars_max` of `[A-Za-z0-9._:-]`.
pub(super) fn is_reference(text: &str, chars_max: usize) -> bool {
    (1..=chars_max).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"._:-".contains(&b))
}

/// A member's stable name of an account: 1 to 60 of `[A-Za-z0-9._:-]`, no personal data.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AccountRef(String);

impl AccountRef {
    /// The most characters of an account reference.
    pub const CHARS_MAX: usize = 60;

    /// Parses a reference; `None` when it breaks the pattern. Personal data is the validation's business (V33).
    pub fn parse(text: &str) -> Option<Self> {
        is_reference(text, Self::CHARS_MAX).then(|| Self(text.to_owned()))
    }

    /// The reference as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A caller's UUID that names one request of one rpc.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RequestId(pub [u8; 16]);

/// Names one answer; a UUID of version 4.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AnswerId(pub [u8; 16]);

/// Names one reservation; a UUID of version 4.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ReservationId(pub [u8; 16]);

impl ReservationId {
    /// Reads the 36 characters of a UUID, of either case; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        read_uuid(text).map(Self)
    }
}

impl fmt::Display for ReservationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_uuid(&self.0, f)
    }
}

/// Names the offline codes of one call; a UUID of version 4.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SeriesId(pub [u8; 16]);

impl SeriesId {
    /// Reads the 36 characters of a UUID, of either case; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        read_uuid(text).map(Self)
    }
}

impl fmt::Display for SeriesId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_uuid(&self.0, f)
    }
}

fn read_uuid(text: &str) -> Option<[u8; 16]> {
    let hyphens = |place: usize| matches!(place, 8 | 13 | 18 | 23);
    if text.len() != 36
        || text
            .bytes()
            .enumerate()
            .any(|(place, byte)| hyphens(place) != (byte == b'-'))
    {
        return None;
    }
    let mut digits = text
        .chars()
        .filter(|character| *character != '-')
        .map(|character| character.to_digit(16));
    let mut bytes = [0; 16];
    for byte in &mut bytes {
        let (high, low) = (digits.next()??, digits.next()??);
        *byte = u8::try_from(high * 16 + low).ok()?;
    }
    Some(bytes)
}

fn write_uuid(bytes: &[u8; 16], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for (place, byte) in bytes.iter().enumerate() {
        if matches!(place, 4 | 6 | 8 | 10) {
            f.write_str("-")?;
        }
        write!(f, "{byte:02x}")?;
    }
    Ok(())
}

/// A member's name of an application for a loan: 1 to 64 of `[A-Za-z0-9._:-]`, no personal data.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ApplicationId(String);

impl ApplicationId {
    /// The most characters of an application's name.
    pub const CHARS_MAX: usize = 64;

    /// Parses a name; `None` when it breaks the pattern. Personal data is the validation's business (V33).
    pub fn parse(text: &str) -> Option<Self> {
        is_reference(text, Self::CHARS_MAX).then(|| Self(text.to_owned()))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// SHA-256 of something named by its field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Sha256(pub [u8; 32]);

/// SHA-256 of a certificate's DER encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Fingerprint(pub [u8; 32]);

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reservation_is_read_as_it_is_written() {
        let id = ReservationId([
            0x0f, 0x1e, 0x2d, 0x3c, 0x4b, 0x5a, 0x46, 0x78, 0x89, 0x9a, 0xab, 0xbc, 0xcd, 0xde, 0xef, 0xf0,
        ]);
        let text = "0f1e2d3c-4b5a-4678-899a-abbccddeeff0";
        assert_eq!(id.to_string(), text);
        assert_eq!(ReservationId::parse(text), Some(id));
        assert_eq!(ReservationId::parse(&text.to_uppercase()), Some(id));
        for broken in [
            "",
            "0f1e2d3c4b5a4678899aabbccddeeff0",
            &text[1..],
            &text.replace('f', "g"),
            &text.replace('-', "0"),
        ] {
            assert_eq!(ReservationId::parse(broken), None, "{broken}");
        }
    }
}
