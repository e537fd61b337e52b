//! Tables of the bank's codes, held against rows written by hand, against themselves, and against arbitrary bytes.

mod golden;
mod hostile;
mod refusals;
mod roundtrip;

use super::*;
use crate::domain::names::AccountRef;
use crate::domain::position::{Liability, Position};
use crate::domain::token::{IdentifierType, Presented, Token as _, TokenRef};
use crate::domain::validation::samples::{date, today};
use crate::identity::named::Named;
use crate::identity::normalise::{Country, Identifier, Rules};
use crate::import::{Circumstances, FileError, FileRecord, Raw, Reader as _, Unreadable, Writer as _};

/// Invented data.
const SAMPLE: &str = include_str!("../../../../tests/vectors/pboc_sample.csv");

/// A record as it stands, and what it means.
type Parsed = (Raw, Result<FileRecord, Unreadable>);

fn defaults() -> PbocDefaults {
    PbocDefaults::new("consent-0001".to_owned())
}

fn open(bytes: &[u8]) -> Result<PbocReader<&[u8]>, FileError> {
    let circumstances = Circumstances {
        today: today(),
        default_calling_code: None,
    };
    PbocReader::new(bytes, &circumstances, defaults())
}

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

fn read_good(bytes: &[u8]) -> Vec<FileRecord> {
    read_all(bytes)
        .unwrap()
        .into_iter()
        .map(|(_, parsed)| parsed.unwrap())
        .collect()
}

/// Parses a row of the sample, counted from 1, with other cells; columns that the sample lacks are added.
fn with(row: usize, cells: &[(&str, &str)]) -> Result<FileRecord, Unreadable> {
    let lines: Vec<&str> = SAMPLE.lines().collect();
    let mut header: Vec<&str> = lines[0].split(',').collect();
    let mut values: Vec<&str> = lines[row].split(',').collect();
    for (column, value) in cells {
        if let Some(index) = header.iter().position(|name| name == column) {
            values[index] = value;
        } else {
            header.push(column);
            values.push(value);
        }
    }
    let file = format!("{}\n{}\n", header.join(","), values.join(","));
    read_all(file.as_bytes()).unwrap().remove(0).1
}

fn position_of(record: &FileRecord) -> &Position<Named> {
    match record {
        FileRecord::Position(record) => &record.position,
        FileRecord::Deletion { .. } => panic!("a deletion"),
    }
}

fn presented(identifier: &Identifier) -> Presented<Named> {
    Presented {
        token: Named::Identifier(identifier.normalise(&Rules::on(today())).unwrap().identifier),
        verified_on: None,
    }
}

/// A resident number with a true check character (GB 11643).
fn resident(number: u32) -> Identifier {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let body = format!("11010519900101{number:03}");
    let sum: u32 = body
        .chars()
        .zip(WEIGHTS)
        .map(|(digit, weight)| digit.to_digit(10).unwrap() * weight)
        .sum();
    let check = "10X98765432"
        .chars()
        .nth(usize::try_from(sum % 11).unwrap())
        .unwrap();
    Identifier::national_id(Country::CHINA, format!("{body}{check}"))
}

/// The position with identifiers instead of token numbers.
fn named(position: Position<TokenRef>) -> Position<Named> {
    let liabilities = position
        .liabilities
        .iter()
        .zip(1..)
        .map(|(liability, number)| Liability {
            role: liability.role,
            tokens: liability
                .tokens
                .iter()
                .map(|token| presented(&identifier(token.token.identifier_type(), number)))
                .collect(),
        })
        .collect();
    Position {
        account_ref: position.account_ref,
        liabilities,
        facts: position.facts,
        order: position.order,
    }
}

fn identifier(kind: IdentifierType, number: u32) -> Identifier {
    match kind {
        IdentifierType::NationalId => resident(number),
        IdentifierType::Passport => {
            Identifier::passport(Country::parse("SG").unwrap(), format!("E000000{number}"))
        }
        IdentifierType::EnterpriseCode => {
            Identifier::enterprise_code(Country::CHINA, format!("91350100M00010{number:03}3"))
        }
        IdentifierType::Mobile => Identifier::mobile(format!("1380013{number:04}")),
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

fn written(records: &[FileRecord]) -> std::io::Result<Vec<u8>> {
    let sink = Shared::default();
    let mut writer = Box::new(PbocWriter::new(sink.clone())?);
    for record in records {
        writer.write(record)?;
    }
    writer.finish()?;
    Ok(sink.bytes())
}

fn account(text: &str) -> AccountRef {
    AccountRef::parse(text).unwrap()
}
