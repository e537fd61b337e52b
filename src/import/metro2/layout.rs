//! Where the fields of Metro 2's character format stand, and how a record falls into segments.
//!
//! Positions count from 0 (the format's own tables count from 1). Knows nothing of what a field means. A field beyond the
//! end of a short record is empty, never an error: who needs it says so.

/// Bytes of a base segment, of the header and of the trailer, record descriptor word included.
pub(super) const BASE_BYTES: usize = 426;
/// Bytes of the record descriptor word.
pub(super) const WORD_BYTES: usize = 4;
/// The most segments behind one base segment. A position has 8 liabilities; the rest is room for the other kinds.
pub const SEGMENTS_MAX: usize = 32;

/// A field: where it starts in its segment, and its length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Field {
    start: usize,
    bytes: usize,
}

impl Field {
    pub(super) const fn at(start: usize, bytes: usize) -> Self {
        Self { start, bytes }
    }

    /// Its bytes; empty when the segment is too short.
    pub(super) fn of(self, segment: &[u8]) -> &[u8] {
        segment
            .get(self.start..self.start + self.bytes)
            .unwrap_or_default()
    }

    /// Puts a text at its beginning and blanks behind. What is too long is cut; what is not ASCII becomes a blank.
    pub(super) fn put(self, segment: &mut [u8], text: &str) {
        let mut bytes = text
            .chars()
            .map(|c| u8::try_from(c).ok().filter(|byte| (b' '..=b'~').contains(byte)))
            .map(|byte| byte.unwrap_or(b' '));
        for place in segment.iter_mut().skip(self.start).take(self.bytes) {
            *place = bytes.next().unwrap_or(b' ');
        }
    }

    /// Puts a number with zeros before it; `false` when it has too many digits.
    pub(super) fn put_number(self, segment: &mut [u8], number: u64) -> bool {
        let digits = format!("{number:0width$}", width = self.bytes);
        let fits = digits.len() == self.bytes;
        if fits {
            self.put(segment, &digits);
        }
        fits
    }
}

/// Fields of the header and the trailer that are needed here.
pub(super) mod ends {
    use super::Field;

    pub(in super::super) const HEADER: Field = Field::at(4, 6);
    pub(in super::super) const ACTIVITY_DATE: Field = Field::at(47, 8);
    pub(in super::super) const DATE_CREATED: Field = Field::at(55, 8);
    pub(in super::super) const REPORTER_NAME: Field = Field::at(79, 40);
    pub(in super::super) const REPORTER_ADDRESS: Field = Field::at(119, 96);
    pub(in super::super) const SOFTWARE: Field = Field::at(225, 40);
    pub(in super::super) const TRAILER: Field = Field::at(4, 7);
    /// Where the header stands in a file of blocks, behind a block descriptor word.
    pub(in super::super) const HEADER_IN_BLOCK: Field = Field::at(8, 6);
}

/// Fields of the base segment.
pub(super) mod base {
    use super::Field;

    pub(in super::super) const WORD: Field = Field::at(0, 4);
    pub(in super::super) const PROCESSING_INDICATOR: Field = Field::at(4, 1);
    pub(in super::super) const TIME_STAMP: Field = Field::at(5, 14);
    pub(in super::super) const CORRECTION_INDICATOR: Field = Field::at(19, 1);
    pub(in super::super) const IDENTIFICATION_NUMBER: Field = Field::at(20, 20);
    pub(in super::super) const ACCOUNT_NUMBER: Field = Field::at(42, 30);
    pub(in super::super) const PORTFOLIO_TYPE: Field = Field::at(72, 1);
    pub(in super::super) const ACCOUNT_TYPE: Field = Field::at(73, 2);
    pub(in super::super) const DATE_OPENED: Field = Field::at(75, 8);
    pub(in super::super) const CREDIT_LIMIT: Field = Field::at(83, 9);
    pub(in super::super) const HIGHEST_CREDIT: Field = Field::at(92, 9);
    pub(in super::super) const TERMS_DURATION: Field = Field::at(101, 3);
    pub(in super::super) const TERMS_FREQUENCY: Field = Field::at(104, 1);
    pub(in super::super) const SCHEDULED_PAYMENT: Field = Field::at(105, 9);
    pub(in super::super) const ACTUAL_PAYMENT: Field = Field::at(114, 9);
    pub(in super::super) const ACCOUNT_STATUS: Field = Field::at(123, 2);
    pub(in super::super) const PAYMENT_RATING: Field = Field::at(125, 1);
    pub(in super::super) const PAYMENT_HISTORY: Field = Field::at(126, 24);
    pub(in super::super) const SPECIAL_COMMENT: Field = Field::at(150, 2);
    pub(in super::super) const CURRENT_BALANCE: Field = Field::at(154, 9);
    pub(in super::super) const AMOUNT_PAST_DUE: Field = Field::at(163, 9);
    pub(in super::super) const CHARGE_OFF_AMOUNT: Field = Field::at(172, 9);
    pub(in super::super) const DATE_OF_INFORMATION: Field = Field::at(181, 8);
    pub(in super::super) const DATE_FIRST_DELINQUENCY: Field = Field::at(189, 8);
    pub(in super::super) const DATE_CLOSED: Field = Field::at(197, 8);
    pub(in super::super) const DATE_LAST_PAYMENT: Field = Field::at(205, 8);
    pub(in super::super) const COUNTRY: Field = Field::at(327, 2);
    pub(in super::super) const STATE: Field = Field::at(413, 2);
}

/// The fields of a consumer that are needed here: the base segment has them later than J1 and J2.
#[derive(Debug, Clone, Copy)]
pub(super) struct Person {
    pub(super) social_security_number: Field,
    pub(super) date_of_birth: Field,
    pub(super) telephone: Field,
    pub(super) ecoa: Field,
    pub(super) information_indicator: Field,
}

impl Person {
    pub(super) const BASE: Self = Self {
        social_security_number: Field::at(297, 9),
        date_of_birth: Field::at(306, 8),
        telephone: Field::at(314, 10),
        ecoa: Field::at(324, 1),
        information_indicator: Field::at(325, 2),
    };
    pub(super) const ASSOCIATED: Self = Self {
        social_security_number: Field::at(69, 9),
        date_of_birth: Field::at(78, 8),
        telephone: Field::at(86, 10),
        ecoa: Field::at(96, 1),
        information_indicator: Field::at(97, 2),
    };
}

/// What an L1 segment changes: 1 and 3 the account number, 2 only the reporter's own.
pub(super) const CHANGE_INDICATOR: Field = Field::at(2, 1);

/// A kind of segment behind the base segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A further consumer at the same address.
    J1,
    /// A further consumer at an address of its own.
    J2,
    /// Original creditor.
    K1,
    /// Bought from, or sold to.
    K2,
    /// Mortgage.
    K3,
    /// Specialised payment.
    K4,
    /// Change of numbers.
    L1,
    /// Employment.
    N1,
}

impl Kind {
    /// By the two characters that a segment begins with.
    pub(super) fn of(identifier: &[u8]) -> Option<Self> {
        Some(match identifier.get(..2)? {
            b"J1" => Self::J1,
            b"J2" => Self::J2,
            b"K1" => Self::K1,
            b"K2" => Self::K2,
            b"K3" => Self::K3,
            b"K4" => Self::K4,
            b"L1" => Self::L1,
            b"N1" => Self::N1,
            _ => return None,
        })
    }

    /// Bytes of the segment, identifier included.
    pub(super) const fn bytes(self) -> usize {
        match self {
            Self::J1 => 100,
            Self::J2 => 200,
            Self::K1 | Self::K2 => 34,
            Self::K3 => 40,
            Self::K4 => 30,
            Self::L1 => 54,
            Self::N1 => 146,
        }
    }
}

/// A record in its segments.
pub(super) struct Segments<'a> {
    pub(super) base: &'a [u8],
    pub(super) rest: Vec<(Kind, &'a [u8])>,
}

/// Why a record does not fall into segments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SplitError {
    /// Less than a base segment.
    Short,
    /// What stands where a segment begins is none.
    Unknown,
    /// The last segment is not whole.
    Cut,
    /// More than [`SEGMENTS_MAX`].
    TooMany,
}

/// Cuts a record. Blanks behind the last segment are filling.
pub(super) fn split(record: &[u8]) -> Result<Segments<'_>, SplitError> {
    let (base, mut behind) = record.split_at_checked(BASE_BYTES).ok_or(SplitError::Short)?;
    let mut rest = Vec::new();
    while behind.iter().any(|byte| *byte != b' ') {
        if rest.len() == SEGMENTS_MAX {
            return Err(SplitError::TooMany);
        }
        let kind = Kind::of(behind).ok_or(SplitError::Unknown)?;
        let (segment, more) = behind.split_at_checked(kind.bytes()).ok_or(SplitError::Cut)?;
        rest.push((kind, segment));
        behind = more;
    }
    Ok(Segments { base, rest })
}

/// The bytes of a record from its characters; `None` when one is no byte.
pub(super) fn to_bytes(text: &str) -> Option<zeroize::Zeroizing<Vec<u8>>> {
    let bytes: Option<Vec<u8>> = text.chars().map(|c| u8::try_from(c).ok()).collect();
    bytes.map(zeroize::Zeroizing::new)
}

/// The characters of a record from its bytes, one to one.
pub(super) fn to_text(bytes: &[u8]) -> zeroize::Zeroizing<String> {
    let mut text = zeroize::Zeroizing::new(String::with_capacity(bytes.len() * 2));
    text.extend(bytes.iter().copied().map(char::from));
    text
}
