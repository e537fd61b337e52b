//! Metro 2, held against a file written by hand from the layout, against itself, and against arbitrary bytes.

mod codes;
mod framing;
mod golden;
mod hostile;
mod rejects;
mod roundtrip;

use super::layout::Field;
use super::*;
use crate::domain::names::AccountRef;
use crate::domain::position::{Liability, LiabilityRole, Position};
use crate::domain::token::{IdentifierType, Presented, Token as _, TokenRef};
use crate::domain::validation::samples::{date, today};
use crate::identity::named::Named;
use crate::identity::normalise::{Country, Identifier, Rules};
use crate::import::{Circumstances, FileError, FileRecord, Raw, Reader as _, Unreadable, Writer as _};

/// Invented data, laid out by hand.
const SAMPLE: &str = include_str!("../../../../tests/vectors/metro2_sample.txt");

fn circumstances() -> Circumstances {
    Circumstances {
        today: today(),
        default_calling_code: None,
    }
}

fn defaults() -> Metro2Defaults {
    Metro2Defaults {
        adverse_notice: Some(AdverseNotice {
            reference: "notice".to_owned(),
            sent_on: date("2026-05-01"),
        }),
        region_code: Some("US-DC".to_owned()),
        ..Metro2Defaults::new("consent-0001".to_owned())
    }
}

fn open(bytes: &[u8]) -> Result<Metro2Reader<&[u8]>, FileError> {
    Metro2Reader::new(bytes, &circumstances(), defaults())
}

/// A record as it stands, and what it means.
type Parsed = (Raw, Result<FileRecord, Unreadable>);

/// Every record of a file until its end, or until it breaks.
fn read_all(bytes: &[u8]) -> Result<Vec<Parsed>, FileError> {
    let mut reader = open(bytes)?;
    let parser = reader.parser();
    let mut records = Vec::new();
    while let Some(raw) = reader.next()? {
        let parsed = parser.parse(&raw);
        records.push((raw, parsed));
    }
    assert!(reader.next()?.is_none(), "the end is the end");
    Ok(records)
}

/// The records of a file in which nothing is wrong.
fn read_good(bytes: &[u8]) -> Vec<FileRecord> {
    read_all(bytes)
        .unwrap()
        .into_iter()
        .map(|(_, parsed)| parsed.unwrap())
        .collect()
}

/// A record of the sample, counted from 1.
fn sample_record(number: usize) -> Vec<u8> {
    SAMPLE.lines().nth(number).unwrap().as_bytes().to_vec()
}

/// Parses a record of the sample after a change.
fn parse_changed(number: usize, change: impl FnOnce(&mut Vec<u8>)) -> Result<FileRecord, Unreadable> {
    let mut record = sample_record(number);
    change(&mut record);
    let raw = Raw {
        line: 2,
        cells: vec![layout::to_text(&record)],
    };
    crate::import::Parser::parse(&Metro2Parser::new(today(), defaults()), &raw)
}

fn with(number: usize, field: Field, text: &str) -> Result<FileRecord, Unreadable> {
    parse_changed(number, |record| field.put(record, text))
}

fn position_of(record: &FileRecord) -> &Position<Named> {
    match record {
        FileRecord::Position(record) => &record.position,
        FileRecord::Deletion { .. } => panic!("a deletion"),
    }
}

fn us_number(text: &str) -> Named {
    let number = Identifier::national_id(Country::parse("US").unwrap(), text.to_owned());
    Named::Identifier(number.normalise(&Rules::on(today())).unwrap().identifier)
}

fn mobile(text: &str) -> Named {
    Named::Identifier(
        Identifier::mobile(text.to_owned())
            .normalise(&Rules::on(today()))
            .unwrap()
            .identifier,
    )
}

fn presented(token: Named) -> Presented<Named> {
    Presented {
        token,
        verified_on: None,
    }
}

fn sender() -> Metro2Sender {
    Metro2Sender {
        name: "INVENTED REPORTER".to_owned(),
        address: "3 SPECIMEN WAY".to_owned(),
        identification_number: "INVENTED0001".to_owned(),
        activity_date: date("2026-05-31"),
        created_on: date("2026-06-01"),
    }
}

/// A sink whose bytes can still be seen when a boxed writer has finished with it.
#[derive(Clone, Default)]
struct Shared(std::sync::Arc<std::sync::Mutex<Vec<u8>>>);

impl Shared {
    fn bytes(&self) -> Vec<u8> {
        self.0.lock().unwrap().clone()
    }
}

impl std::io::Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A file of these records.
fn written(records: &[FileRecord]) -> std::io::Result<Vec<u8>> {
    let sink = Shared::default();
    let mut writer = Box::new(Metro2Writer::new(
        sink.clone(),
        sender(),
        Metro2Conventions::default(),
    )?);
    for record in records {
        writer.write(record)?;
    }
    writer.finish()?;
    Ok(sink.bytes())
}

/// The position with identifiers instead of token numbers: a social security number for everybody, a mobile number and a
/// passport where the position has one.
fn named(position: Position<TokenRef>) -> Position<Named> {
    let liabilities = position
        .liabilities
        .iter()
        .zip(1..)
        .map(|(liability, number)| named_liability(liability, number))
        .collect();
    Position {
        account_ref: position.account_ref,
        liabilities,
        facts: position.facts,
        order: position.order,
    }
}

fn named_liability(liability: &Liability<TokenRef>, number: u32) -> Liability<Named> {
    let mut tokens = vec![presented(us_number(&format!("21909{number:04}")))];
    for token in &liability.tokens {
        match token.token.identifier_type() {
            IdentifierType::Passport => {
                let passport = Identifier::passport(Country::CHINA, format!("E0000000{number}"));
                let normalised = passport.normalise(&Rules::on(today())).unwrap();
                tokens.push(presented(Named::Identifier(normalised.identifier)));
            }
            IdentifierType::Mobile => tokens.push(presented(mobile(&format!("+1212555{number:04}")))),
            IdentifierType::NationalId | IdentifierType::EnterpriseCode => {}
        }
    }
    Liability {
        role: liability.role,
        tokens,
    }
}

fn account(text: &str) -> AccountRef {
    AccountRef::parse(text).unwrap()
}

const PRIMARY: LiabilityRole = LiabilityRole::Primary;
