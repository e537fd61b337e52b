use proptest::prelude::*;

use super::*;
use crate::domain::batch::BatchRecord;
use crate::domain::position::{Liability, LiabilityRole};
use crate::domain::token::IdentifierType;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn every_record_survives_every_format(
        records in proptest::collection::vec(samples::records(), 0..4),
        format in proptest::sample::select(&FORMATS[..]),
        compression in proptest::sample::select(&COMPRESSIONS[..]),
    ) {
        let bytes = written(&records, format, compression, columns::all());
        let read = super::records(&bytes, format, compression);
        prop_assert_eq!(read, records.into_iter().map(Ok).collect::<Vec<_>>());
    }

    #[test]
    fn every_text_survives_every_format(
        texts in proptest::collection::vec("[^ \t\u{3000}\0][\\PC\n\r\",;]{0,30}[^ \t\u{3000}\0]", 1..4),
        format in proptest::sample::select(&FORMATS[..]),
    ) {
        let rows: Vec<Vec<&str>> = texts.iter().map(|text| vec!["A-1", text, "FRAUD"]).collect();
        let names = ["account_ref", "correction_reason", "delete_reason"];
        let bytes = cells(format, Compression::None, &names, &rows);
        let (raws, error) = raws(&bytes, format, Compression::None);
        prop_assert!(error.is_none());
        if format != Format::JsonLines {
            let read: Vec<&str> = raws.iter().map(|raw| raw.cells[1].as_str()).collect();
            prop_assert_eq!(read, texts);
        }
    }
}

#[test]
fn files_of_a_hundred_thousand_rows_are_read_one_record_at_a_time() {
    // More than two row groups of Parquet.
    let rows = vec![vec!["A-1", "FRAUD"]; 2 * parquet_write::WRITTEN_ROWS_MAX + 1];
    for format in FORMATS {
        let bytes = cells(
            format,
            Compression::Zstd,
            &["account_ref", "delete_reason"],
            &rows,
        );
        let mut opened = opened(&bytes, format, Compression::Zstd).expect("opened");
        let mut count = 0;
        while let Some(raw) = opened.reader.next().expect("read") {
            count += 1;
            let line = if format == Format::Csv { count + 1 } else { count };
            assert_eq!(raw.line, line);
        }
        assert_eq!(count, 100_001);
    }
}

#[test]
fn the_template_holds_what_it_says_and_refuses_the_rest() {
    let fits = |record: &FileRecord| {
        let writer = TableWriter::new(
            Buffer::default().output(),
            Format::Csv,
            Compression::None,
            columns::template(),
        );
        writer.expect("begun").write(record).is_ok()
    };
    let mut record = samples::record();
    assert!(fits(&record));
    let BatchRecord::Position(inner) = &mut record else {
        panic!("a position");
    };
    let guarantor = |number| Liability {
        role: LiabilityRole::Guarantor,
        tokens: inner.position.liabilities[0]
            .tokens
            .iter()
            .cloned()
            .map(|mut presented| {
                presented.token = samples::identifier(IdentifierType::NationalId, number);
                presented
            })
            .collect(),
    };
    let (second, third) = (guarantor(2), guarantor(3));
    inner.position.liabilities.push(second);
    assert!(fits(&record));
    let BatchRecord::Position(inner) = &mut record else {
        panic!("a position");
    };
    inner.position.liabilities.push(third);
    assert!(!fits(&record));
    inner_with_token(&mut record);
    assert!(!fits(&record));
}

fn inner_with_token(record: &mut FileRecord) {
    let BatchRecord::Position(inner) = record else {
        panic!("a position");
    };
    inner.position.liabilities.truncate(1);
    inner.position.liabilities[0].tokens[0].token = samples::token(IdentifierType::NationalId, 1);
}

#[test]
fn what_the_cells_cannot_say_is_not_written_at_all() {
    let all = columns::all();
    let mut record = samples::record();
    let BatchRecord::Position(inner) = &mut record else {
        panic!("a position");
    };
    let tokens = &mut inner.position.liabilities[0].tokens;
    let mut passport = tokens[0].clone();
    passport.token = samples::identifier(IdentifierType::Passport, 1);
    tokens.push(passport);
    assert!(columns::cells_of(&record, &all).is_some());
    let BatchRecord::Position(inner) = &mut record else {
        panic!("a position");
    };
    inner.position.liabilities[0].tokens[1].verified_on = Some(inner.position.facts.opened_on);
    assert!(
        columns::cells_of(&record, &all).is_none(),
        "two days for the strong ones"
    );
}

#[test]
fn to_cells_is_the_templates_order() {
    let record = samples::record();
    let template = columns::template();
    assert_eq!(
        columns::to_cells(&record),
        columns::cells_of(&record, &template).expect("it fits")
    );
}

#[test]
fn rows_of_another_length_than_the_names_are_not_written() {
    for format in FORMATS {
        let names = vec!["account_ref".to_owned()];
        let mut writer =
            CellWriter::new(Buffer::default().output(), format, Compression::None, names).expect("begun");
        assert!(writer.write(&["A-1", "A-2"]).is_err());
        assert!(writer.write::<&str>(&[]).is_err());
        assert!(writer.write(&["A-1"]).is_ok());
    }
}
