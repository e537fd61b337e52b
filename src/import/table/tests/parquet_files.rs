//! Parquet as others write it, and as nobody should.

use std::sync::Arc;

use parquet::basic::{Compression as PageCompression, Encoding};
use parquet::column::writer::ColumnWriter;
use parquet::data_type::{ByteArray, FixedLenByteArray};
use parquet::file::properties::{WriterProperties, WriterPropertiesBuilder};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;

use super::*;

/// A file of one row: of each column its type and value.
fn file(columns: &[(&str, Value)], properties: WriterPropertiesBuilder) -> Vec<u8> {
    let fields: Vec<&str> = columns.iter().map(|(kind, _)| *kind).collect();
    let schema = parse_message_type(&format!("message m {{ {}; }}", fields.join("; "))).expect("a schema");
    let mut writer =
        SerializedFileWriter::new(Vec::new(), Arc::new(schema), Arc::new(properties.build())).expect("begun");
    let mut group = writer.next_row_group().expect("a group");
    for (_, value) in columns {
        let mut column = group.next_column().expect("a column").expect("there");
        let levels = matches!(value, Value::Nothing).then_some(&[0_i16][..]);
        match (column.untyped(), value) {
            (ColumnWriter::Int32ColumnWriter(to), Value::Int(value)) => to.write_batch(&[*value], None, None),
            (ColumnWriter::Int64ColumnWriter(to), Value::Long(value)) => {
                to.write_batch(&[*value], None, None)
            }
            (ColumnWriter::DoubleColumnWriter(to), Value::Double(value)) => {
                to.write_batch(&[*value], None, None)
            }
            (ColumnWriter::BoolColumnWriter(to), Value::Bool(value)) => to.write_batch(&[*value], None, None),
            (ColumnWriter::ByteArrayColumnWriter(to), Value::Bytes(value)) => {
                to.write_batch(&[ByteArray::from(value.clone())], None, None)
            }
            (ColumnWriter::FixedLenByteArrayColumnWriter(to), Value::Bytes(value)) => {
                to.write_batch(&[FixedLenByteArray::from(value.clone())], None, None)
            }
            (ColumnWriter::Int32ColumnWriter(to), Value::Nothing) => to.write_batch(&[], levels, None),
            _ => panic!("a value of another type"),
        }
        .expect("written");
        column.close().expect("closed");
    }
    group.close().expect("closed");
    writer.into_inner().expect("finished")
}

#[derive(Clone)]
enum Value {
    Int(i32),
    Long(i64),
    Double(f64),
    Bool(bool),
    Bytes(Vec<u8>),
    Nothing,
}

fn text(value: &str) -> Value {
    Value::Bytes(value.as_bytes().to_vec())
}

/// The two columns that a deletion needs, then these.
fn with(columns: &[(&str, Value)]) -> Vec<(&'static str, Value)> {
    let mut all = vec![
        ("required binary account_ref (UTF8)", text("A-1")),
        ("required binary delete_reason", text("FRAUD")),
    ];
    for (kind, value) in columns {
        all.push((Box::leak((*kind).to_owned().into_boxed_str()), value.clone()));
    }
    all
}

fn cell(kind: &str, value: Value) -> Result<String, FileError> {
    let bytes = file(&with(&[(kind, value)]), WriterProperties::builder());
    let mut opened = opened(&bytes, Format::Parquet, Compression::None)?;
    let raw = opened.reader.next()?.expect("one row");
    assert!(opened.reader.parser().parse(&raw).is_ok());
    Ok(raw.cells[2].to_string())
}

#[test]
fn values_of_every_type_that_is_taken_become_text() {
    for (kind, value, expected) in [
        ("required int32 x_a", Value::Int(-7), "-7"),
        (
            "required int64 x_a",
            Value::Long(i64::MIN),
            "-9223372036854775808",
        ),
        ("required int32 x_a (INTEGER(8,true))", Value::Int(-7), "-7"),
        ("required int32 x_a (INTEGER(16,false))", Value::Int(7), "7"),
        (
            "required int64 x_a (INTEGER(64,false))",
            Value::Long(-1),
            "18446744073709551615",
        ),
        ("required int32 x_a (DECIMAL(9,2))", Value::Int(123_450), "1234.5"),
        (
            "required int64 x_a (DECIMAL(18,4))",
            Value::Long(-12_340_000),
            "-1234",
        ),
        (
            "required binary x_a (DECIMAL(20,2))",
            Value::Bytes(vec![0x01, 0xe2, 0x3a]),
            "1234.5",
        ),
        (
            "required fixed_len_byte_array(16) x_a (DECIMAL(38,2))",
            Value::Bytes((-5_i128).to_be_bytes().to_vec()),
            "-0.05",
        ),
        ("required int32 x_a (DATE)", Value::Int(20_618), "2026-06-14"),
        ("required binary x_a (STRING)", text("地区"), "地区"),
        ("required binary x_a", text("plain"), "plain"),
        ("optional int32 x_a (DATE)", Value::Nothing, ""),
    ] {
        assert_eq!(cell(kind, value).expect(kind), expected, "{kind}");
    }
}

#[test]
fn columns_of_other_types_are_refused_with_advice() {
    for (kind, value, said) in [
        ("required double outstanding_total", Value::Double(0.1), "DECIMAL"),
        ("required boolean x_a", Value::Bool(true), "truth values"),
        (
            "required int64 x_a (TIMESTAMP(MILLIS,true))",
            Value::Long(1),
            "DATE",
        ),
        ("required int32 x_a (TIME(MILLIS,true))", Value::Int(1), "DATE"),
        ("required binary x_a (BSON)", text("x"), "text"),
        ("required fixed_len_byte_array(4) x_a", text("abcd"), "text"),
        (
            "required fixed_len_byte_array(17) x_a (DECIMAL(39,2))",
            Value::Bytes(vec![0; 17]),
            "38",
        ),
        ("repeated int32 x_a", Value::Nothing, "flatten"),
    ] {
        let error = match kind {
            "repeated int32 x_a" => {
                let schema = "message m { required binary account_ref; required binary delete_reason; repeated int32 x_a; }";
                let schema = parse_message_type(schema).expect("a schema");
                let writer = SerializedFileWriter::new(
                    Vec::new(),
                    Arc::new(schema),
                    Arc::new(WriterProperties::builder().build()),
                );
                let bytes = writer.expect("begun").into_inner().expect("finished");
                opened(&bytes, Format::Parquet, Compression::None).map(|_| String::new())
            }
            _ => cell(kind, value),
        };
        match error {
            Err(FileError::Header { problem }) => {
                assert!(
                    problem.contains(said) && problem.contains("column 3"),
                    "{kind}: {problem}"
                );
            }
            other => panic!("{kind}: {other:?}"),
        }
    }
}

#[test]
fn text_that_is_not_utf_8_breaks_the_file_and_is_not_repeated() {
    for kind in ["required binary x_a (UTF8)", "required binary x_a"] {
        let error = cell(kind, Value::Bytes(b"canary\xff".to_vec())).expect_err("refused");
        let FileError::Broken { line, problem } = error else {
            panic!("broken");
        };
        assert_eq!(line, 1);
        assert!(
            !problem.contains("canary") && !problem.contains("99, 97"),
            "{problem}"
        );
    }
}

#[test]
fn pages_of_snappy_and_version_2_are_read() {
    for compression in [
        PageCompression::SNAPPY,
        PageCompression::GZIP(parquet::basic::GzipLevel::default()),
        PageCompression::ZSTD(parquet::basic::ZstdLevel::default()),
    ] {
        for version in [
            parquet::file::properties::WriterVersion::PARQUET_1_0,
            parquet::file::properties::WriterVersion::PARQUET_2_0,
        ] {
            let properties = WriterProperties::builder()
                .set_compression(compression)
                .set_writer_version(version);
            let columns = with(&[
                ("required int64 x_a", Value::Long(5)),
                ("optional int32 x_b", Value::Nothing),
            ]);
            let bytes = file(&columns, properties);
            let read = records(&bytes, Format::Parquet, Compression::None);
            assert!(read.len() == 1 && read[0].is_ok(), "{compression:?} {version:?}");
        }
    }
}

#[test]
fn row_groups_are_written_when_they_are_full() {
    use parquet::file::reader::{FileReader, SerializedFileReader};
    let groups = |rows: usize, note: &str| {
        let row = vec!["A-1", "FRAUD", note];
        let names = ["account_ref", "delete_reason", "x_note"];
        let bytes = cells(Format::Parquet, Compression::Zstd, &names, &vec![row; rows]);
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("file.parquet");
        std::fs::write(&path, bytes).expect("written");
        let file = std::fs::File::open(&path).expect("there");
        let reader = SerializedFileReader::new(file).expect("whole");
        let rows = reader
            .metadata()
            .row_groups()
            .iter()
            .map(parquet::file::metadata::RowGroupMetaData::num_rows);
        rows.collect::<Vec<_>>()
    };
    let most = i64::try_from(parquet_write::WRITTEN_ROWS_MAX).expect("small");
    assert_eq!(groups(parquet_write::WRITTEN_ROWS_MAX - 1, ""), [most - 1]);
    assert_eq!(groups(parquet_write::WRITTEN_ROWS_MAX, ""), [most]);
    assert_eq!(groups(parquet_write::WRITTEN_ROWS_MAX + 1, ""), [most, 1]);
    // 32 KiB a row with its other cells.
    let note = "n".repeat(32 * 1_024 - 8);
    let full = parquet_write::WRITTEN_BYTES_MAX / (32 * 1_024);
    let most = i64::try_from(full).expect("small");
    assert_eq!(groups(full - 1, &note), [most - 1]);
    assert_eq!(groups(full, &note), [most]);
    assert_eq!(groups(full + 1, &note), [most, 1]);
}

fn problem(properties: WriterPropertiesBuilder, note: &str) -> Option<String> {
    let bytes = file(&with(&[("required binary x_a", text(note))]), properties);
    raws(&bytes, Format::Parquet, Compression::None)
        .1
        .map(|error| error.to_string())
}

#[test]
fn pages_have_a_limit() {
    // A page holds four bytes of length beside the text.
    let most = usize::try_from(pages::PAGE_BYTES_MAX).expect("small") - 4;
    for (bytes, fits) in [(most - 1, true), (most, true), (most + 1, false)] {
        let properties = WriterProperties::builder().set_dictionary_enabled(false);
        let said = problem(properties, &"n".repeat(bytes)).expect("every one is too long for a record");
        assert_eq!(said.contains("a record is longer"), fits, "{bytes}: {said}");
        assert_eq!(
            said.contains("a page has more than 16 MiB"),
            !fits,
            "{bytes}: {said}"
        );
    }
}

#[test]
fn a_row_group_that_would_take_too_much_is_refused() {
    // Two pages of a little more than half of what may be taken, in many columns.
    let note = "n".repeat(15 * 1_024 * 1_024);
    for (count, fits) in [(16, true), (18, false)] {
        let kinds: Vec<String> = (0..count)
            .map(|number| format!("required binary x_{number}"))
            .collect();
        let columns: Vec<(&str, Value)> = kinds.iter().map(|kind| (kind.as_str(), text(&note))).collect();
        let properties = WriterProperties::builder()
            .set_dictionary_enabled(false)
            .set_compression(PageCompression::ZSTD(parquet::basic::ZstdLevel::default()));
        let bytes = file(&with(&columns), properties);
        let said = raws(&bytes, Format::Parquet, Compression::None)
            .1
            .expect("refused")
            .to_string();
        assert_eq!(said.contains("of a row group take"), !fits, "{count}: {said}");
    }
}

#[test]
fn delta_encodings_are_refused_because_they_grow() {
    let properties = WriterProperties::builder()
        .set_dictionary_enabled(false)
        .set_encoding(Encoding::DELTA_BYTE_ARRAY);
    assert!(problem(properties, "short").expect("refused").contains("delta"));
}

#[test]
fn a_page_of_gzip_that_holds_more_than_it_says_is_refused() {
    let note = "n".repeat(100_000);
    let properties = WriterProperties::builder()
        .set_dictionary_enabled(false)
        .set_compression(PageCompression::GZIP(parquet::basic::GzipLevel::default()));
    let mut bytes = file(&with(&[("required binary x_a", text(&note))]), properties);
    // 100,004 as a zigzag varint stands in the page's header; the footer has sums of it.
    let size = [0xc8, 0x9a, 0x0c];
    let at = bytes
        .windows(3)
        .position(|window| window == size)
        .expect("the page's size");
    bytes[at] = 0xc6;
    let (raws, error) = raws(&bytes, Format::Parquet, Compression::None);
    assert!(raws.is_empty());
    assert!(error.expect("refused").to_string().contains("damaged"));
}

#[test]
fn a_footer_has_a_limit_and_the_end_must_be_one() {
    let tail = |bytes: u64| {
        let mut file = vec![0; 16];
        file.extend_from_slice(&u32::try_from(bytes).expect("small").to_le_bytes());
        file.extend_from_slice(b"PAR1");
        raws(&file, Format::Parquet, Compression::None)
            .1
            .expect("refused")
            .to_string()
    };
    for (bytes, told) in [
        (pages::FOOTER_BYTES_MAX - 1, false),
        (pages::FOOTER_BYTES_MAX, false),
        (pages::FOOTER_BYTES_MAX + 1, true),
    ] {
        assert_eq!(tail(bytes).contains("the footer has"), told, "{bytes}");
    }
    let error = raws(b"account_ref\n", Format::Parquet, Compression::None)
        .1
        .expect("refused");
    assert!(error.to_string().contains("not a Parquet file"), "{error}");
}

#[test]
fn names_that_cannot_be_opened_are_told_why() {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, said) in [
        ("book.txt", ".csv"),
        ("book.parquet.gz", "decompress"),
        ("book.csv", "cannot read"),
    ] {
        let path = folder.path().join(name);
        if name != "book.csv" {
            std::fs::write(&path, b"").expect("written");
        }
        let error = open(&path, None, None, &circumstances())
            .expect_err("refused")
            .to_string();
        assert!(error.contains(said), "{error}");
    }
    let nothing = Box::new(std::io::empty());
    let stream = open_stream(nothing, Format::Parquet, Compression::None, &circumstances());
    assert!(stream.expect_err("refused").to_string().contains("stream"));
}
