//! The trailer's totals: counted over the records as they stand, written into a trailer and held against one.
//!
//! What a record says is taken from its bytes, so that reader, writer and the file of rejects count alike. A total that is
//! blank or zero in a trailer was not filled in and is not held against the file; that of the base records must be right.

use super::layout::{BASE_BYTES, Field, Kind, Person, base, ends, split};
use super::values;
use crate::import::crosswalk::Metro2Status;

/// One thing that a trailer counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Counted {
    Records,
    Status(Metro2Status),
    EcoaZ,
    Segments(Kind),
    Numbers(Where),
    Births(Where),
    Telephones,
}

/// In which segments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Where {
    All,
    Base,
    J1,
    J2,
}

/// The totals of a trailer (CDIA Metro 2, trailer record), each of nine digits.
const TOTALS: [(usize, Counted); 42] = [
    (11, Counted::Records),
    (29, Counted::Status(Metro2Status::DeleteFraud)),
    (38, Counted::Segments(Kind::J1)),
    (47, Counted::Segments(Kind::J2)),
    (65, Counted::Status(Metro2Status::Delete)),
    (74, Counted::Status(Metro2Status::Transferred)),
    (83, Counted::Status(Metro2Status::Current)),
    (92, Counted::Status(Metro2Status::Paid)),
    (101, Counted::Status(Metro2Status::PaidSurrender)),
    (110, Counted::Status(Metro2Status::PaidCollection)),
    (119, Counted::Status(Metro2Status::PaidRepossession)),
    (128, Counted::Status(Metro2Status::PaidChargeOff)),
    (137, Counted::Status(Metro2Status::PaidForeclosure)),
    (146, Counted::Status(Metro2Status::From30)),
    (155, Counted::Status(Metro2Status::From60)),
    (164, Counted::Status(Metro2Status::From90)),
    (173, Counted::Status(Metro2Status::From120)),
    (182, Counted::Status(Metro2Status::From150)),
    (191, Counted::Status(Metro2Status::From180)),
    (200, Counted::Status(Metro2Status::ClaimFiled)),
    (209, Counted::Status(Metro2Status::DeedInLieu)),
    (218, Counted::Status(Metro2Status::Collection)),
    (227, Counted::Status(Metro2Status::Foreclosed)),
    (236, Counted::Status(Metro2Status::Surrendered)),
    (245, Counted::Status(Metro2Status::Repossessed)),
    (254, Counted::Status(Metro2Status::ChargedOff)),
    (263, Counted::EcoaZ),
    (272, Counted::Segments(Kind::N1)),
    (281, Counted::Segments(Kind::K1)),
    (290, Counted::Segments(Kind::K2)),
    (299, Counted::Segments(Kind::K3)),
    (308, Counted::Segments(Kind::K4)),
    (317, Counted::Segments(Kind::L1)),
    (326, Counted::Numbers(Where::All)),
    (335, Counted::Numbers(Where::Base)),
    (344, Counted::Numbers(Where::J1)),
    (353, Counted::Numbers(Where::J2)),
    (362, Counted::Births(Where::All)),
    (371, Counted::Births(Where::Base)),
    (380, Counted::Births(Where::J1)),
    (389, Counted::Births(Where::J2)),
    (398, Counted::Telephones),
];
/// The number of blocks: none, since only files without blocks are written.
const BLOCKS: Field = Field::at(56, TOTAL_BYTES);
/// Digits of a total.
const TOTAL_BYTES: usize = 9;

/// The totals of the records counted so far.
#[derive(Debug, Clone)]
pub(super) struct Totals([u64; TOTALS.len()]);

impl Default for Totals {
    fn default() -> Self {
        Self([0; TOTALS.len()])
    }
}

impl Totals {
    fn add(&mut self, wanted: Counted) {
        for ((_, counted), total) in TOTALS.iter().zip(&mut self.0) {
            if *counted == wanted {
                *total = total.saturating_add(1);
            }
        }
    }

    /// Counts a record, as far as it can be told apart.
    pub(super) fn count(&mut self, record: &[u8]) {
        self.add(Counted::Records);
        let status = std::str::from_utf8(base::ACCOUNT_STATUS.of(record)).unwrap_or_default();
        if let Some(status) = Metro2Status::parse(status) {
            self.add(Counted::Status(status));
        }
        self.count_person(record, Person::BASE, Where::Base);
        let Ok(segments) = split(record) else { return };
        for (kind, segment) in segments.rest {
            self.add(Counted::Segments(kind));
            match kind {
                Kind::J1 => self.count_person(segment, Person::ASSOCIATED, Where::J1),
                Kind::J2 => self.count_person(segment, Person::ASSOCIATED, Where::J2),
                Kind::K1 | Kind::K2 | Kind::K3 | Kind::K4 | Kind::L1 | Kind::N1 => {}
            }
        }
    }

    fn count_person(&mut self, segment: &[u8], person: Person, place: Where) {
        let filled = |field: Field| {
            let bytes = field.of(segment);
            !bytes.is_empty()
                && ![b'0', b'9', b' ']
                    .iter()
                    .any(|filling| bytes.iter().all(|byte| byte == filling))
        };
        if filled(person.social_security_number) {
            self.add(Counted::Numbers(Where::All));
            self.add(Counted::Numbers(place));
        }
        if filled(person.date_of_birth) {
            self.add(Counted::Births(Where::All));
            self.add(Counted::Births(place));
        }
        if filled(person.telephone) {
            self.add(Counted::Telephones);
        }
        if person.ecoa.of(segment) == b"Z" {
            self.add(Counted::EcoaZ);
        }
    }

    /// Whether a trailer agrees: the number of records, and every other total of the structure that was filled in.
    pub(super) fn agree_with(&self, trailer: &[u8]) -> bool {
        TOTALS.iter().zip(self.0).all(|((start, counted), total)| {
            let stated = values::number(Field::at(*start, TOTAL_BYTES).of(trailer));
            match counted {
                Counted::Records => stated == Ok(total),
                Counted::Status(_) | Counted::Segments(_) => {
                    stated.is_ok_and(|stated| stated == 0 || stated == total)
                }
                // Reporters differ in which numbers and dates they think valid.
                Counted::EcoaZ | Counted::Numbers(_) | Counted::Births(_) | Counted::Telephones => true,
            }
        })
    }

    /// A trailer with these totals.
    pub(super) fn trailer(&self) -> Vec<u8> {
        let mut trailer = vec![b' '; BASE_BYTES];
        base::WORD.put(&mut trailer, "0426");
        ends::TRAILER.put(&mut trailer, "TRAILER");
        BLOCKS.put(&mut trailer, "000000000");
        for ((start, _), total) in TOTALS.iter().zip(self.0) {
            // No disk holds a file of a thousand million records; nines then say that the total was passed.
            let field = Field::at(*start, TOTAL_BYTES);
            if !field.put_number(&mut trailer, total) {
                field.put(&mut trailer, "999999999");
            }
        }
        trailer
    }
}
