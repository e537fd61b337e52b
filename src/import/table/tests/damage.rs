use proptest::prelude::*;

use super::*;

fn broken_at(bytes: &[u8], format: Format, compression: Compression) -> Option<u64> {
    match raws(bytes, format, compression).1 {
        Some(FileError::Broken { line, .. }) => Some(line),
        _ => None,
    }
}

fn csv_text() -> String {
    String::from_utf8(sample(Format::Csv)).expect("text")
}

fn one(bytes: &[u8], format: Format) -> Result<FileRecord, Unreadable> {
    let mut read = records(bytes, format, Compression::None);
    assert_eq!(read.len(), 1);
    read.remove(0)
}

#[test]
fn byte_order_marks_and_line_ends_of_any_kind_are_taken() {
    let expected = Ok(samples::record());
    let text = csv_text();
    let windows = text.replace('\n', "\r\n");
    for variant in [
        text.clone(),
        windows.clone(),
        format!("\u{feff}{windows}"),
        text.trim_end().to_owned(),
        text.replace('\n', "\n\n"),
    ] {
        assert_eq!(one(variant.as_bytes(), Format::Csv), expected);
    }
    let lines = String::from_utf8(sample(Format::JsonLines)).expect("text");
    for variant in [
        lines.replace('\n', "\r\n"),
        format!("\u{feff}\n \n{lines}\n"),
        lines.trim_end().to_owned(),
    ] {
        assert_eq!(one(variant.as_bytes(), Format::JsonLines), expected);
    }
}

#[test]
fn a_quoted_line_end_is_part_of_its_cell_and_counts_as_a_line() {
    let text = "account_ref,correction_reason,delete_reason\nA-1,\"one\ntwo\",FRAUD\nA-2,,FRAUD\n";
    let (raws, error) = raws(text.as_bytes(), Format::Csv, Compression::None);
    assert!(error.is_none());
    let lines: Vec<u64> = raws.iter().map(|raw| raw.line).collect();
    assert_eq!(lines, [2, 4]);
    assert_eq!(raws[0].cells[1].as_str(), "one\ntwo");
}

#[test]
fn empty_files_and_headers_alone() {
    for compression in COMPRESSIONS {
        let nothing = cells(Format::JsonLines, compression, &[], &[]);
        assert!(records(&nothing, Format::JsonLines, compression).is_empty());
        let text = match opened(&nothing, Format::Csv, compression) {
            Err(FileError::Header { problem }) => problem,
            other => panic!("{other:?}"),
        };
        assert!(text.starts_with("is missing"));
    }
    for format in FORMATS {
        let header = written(&[], format, Compression::None, columns::template());
        assert!(records(&header, format, Compression::None).is_empty());
    }
    assert!(opened(b"", Format::Parquet, Compression::None).is_err());
}

#[test]
fn a_row_with_too_many_or_too_few_cells_is_a_record_by_itself() {
    let text = "account_ref,delete_reason\nA-1\nA-2,FRAUD,more\nA-3,FRAUD\n";
    let read = records(text.as_bytes(), Format::Csv, Compression::None);
    let fine: Vec<bool> = read.iter().map(Result::is_ok).collect();
    assert_eq!(fine, [false, false, true]);
}

#[test]
fn what_is_not_utf_8_breaks_the_file_where_it_stands() {
    assert_eq!(
        broken_at(
            b"account_ref,delete_reason\nA-1,FRAUD\nA-\xff,FRAUD\n",
            Format::Csv,
            Compression::None
        ),
        Some(3)
    );
    assert_eq!(
        broken_at(
            b"{\"account_ref\":\"A-1\"}\n\xff\n",
            Format::JsonLines,
            Compression::None
        ),
        Some(2)
    );
    let utf_16: Vec<u8> = csv_text().encode_utf16().flat_map(u16::to_le_bytes).collect();
    let marked = [&[0xff, 0xfe][..], &utf_16].concat();
    let error = raws(&marked, Format::Csv, Compression::None).1.expect("refused");
    assert!(error.to_string().contains("UTF-16"), "{error}");
}

#[test]
fn a_file_of_another_kind_is_told_by_its_first_bytes() {
    for (format, compression, said) in [
        (Format::Csv, Compression::Gzip, "gzip"),
        (Format::Csv, Compression::Zstd, "zstd"),
        (Format::Parquet, Compression::None, "Parquet"),
    ] {
        let bytes = written(&[], format, compression, columns::template());
        let error = raws(&bytes, Format::Csv, Compression::None).1.expect("refused");
        assert!(error.to_string().contains(said), "{error}");
    }
}

#[test]
fn files_cut_short_are_told_apart_from_files_that_end() {
    let records = vec![samples::record(); 2_000];
    for (format, compression) in [
        (Format::Csv, Compression::Gzip),
        (Format::Csv, Compression::Zstd),
        (Format::JsonLines, Compression::Gzip),
        (Format::JsonLines, Compression::Zstd),
        (Format::Parquet, Compression::None),
        (Format::Parquet, Compression::Gzip),
        (Format::Parquet, Compression::Zstd),
    ] {
        let bytes = written(&records, format, compression, columns::template());
        for cut in [1, 5, 9, bytes.len() / 2, bytes.len() - 2] {
            let short = &bytes[..bytes.len() - cut];
            assert!(
                broken_at(short, format, compression).is_some(),
                "{format:?} {compression:?} {cut}"
            );
        }
    }
}

#[test]
fn json_of_the_wrong_shape_is_a_record_that_is_told_what_is_wrong() {
    let said = |line: &str| {
        let unreadable = one(line.as_bytes(), Format::JsonLines).expect_err("refused");
        unreadable
            .violations
            .into_iter()
            .map(|violation| {
                format!(
                    "{} {}: {}",
                    violation.code.as_str(),
                    violation.field,
                    violation.description
                )
            })
            .collect::<Vec<_>>()
    };
    let whole = String::from_utf8(sample(Format::JsonLines)).expect("text");
    let with = |member: &str| whole.replacen('{', &format!("{{{member},"), 1);
    for (line, expected) in [
        (
            with(r#""stauts":"OPEN""#),
            "FORMAT position: a key is not known; is it status?",
        ),
        (with(r#""Q7Q7":1"#), "FORMAT position: a key is not known; see"),
        (
            with(r#""grace_days":true"#),
            "FORMAT position.grace_days: it is true or false",
        ),
        (
            with(r#""STATUS":"OPEN""#),
            "FORMAT position.status: it is given twice",
        ),
        (
            with(r#""x_list":[1]"#),
            "FORMAT position: a value is an object or a list",
        ),
        (
            "[1]".to_owned(),
            "FORMAT position: the line is not one JSON object",
        ),
    ] {
        let found = said(&line);
        assert!(found[0].starts_with(expected), "{found:?}");
        assert!(
            found
                .iter()
                .all(|text| !text.contains("Q7Q7") && !text.contains("stauts")),
            "{found:?}"
        );
    }
    let with = whole.replacen(
        '{',
        r#"{"x_mine":true,"reject_code":"FORMAT","closed_on":null,"#,
        1,
    );
    assert_eq!(one(with.as_bytes(), Format::JsonLines), Ok(samples::record()));
}

#[test]
fn json_numbers_are_exact() {
    let whole = String::from_utf8(sample(Format::JsonLines)).expect("text");
    let text = whole
        .replace(
            r#""outstanding_total":"5050.00""#,
            r#""outstanding_total":9007199254740.93"#,
        )
        .replace(r#""sequence":"1""#, r#""sequence":9223372036854775807"#);
    let Ok(crate::domain::batch::BatchRecord::Position(record)) = one(text.as_bytes(), Format::JsonLines)
    else {
        panic!("readable");
    };
    assert_eq!(record.position.facts.outstanding_total, 900_719_925_474_093);
    assert_eq!(record.position.order.sequence, 9_223_372_036_854_775_807);
}

/// Changes of a valid file: a byte replaced, removed or repeated, a part cut out.
fn mutated(mut bytes: Vec<u8>, changes: &[(usize, u8, u8)]) -> Vec<u8> {
    for (at, kind, byte) in changes {
        if bytes.is_empty() {
            break;
        }
        let at = at % bytes.len();
        match kind % 4 {
            0 => bytes[at] = *byte,
            1 => drop(bytes.remove(at)),
            2 => bytes.insert(at, *byte),
            _ => bytes.truncate(at),
        }
    }
    bytes
}

/// Reads everything there is, and looks for the borrower's number in what is said.
fn read_to_the_end(bytes: &[u8], format: Format, compression: Compression) {
    let Ok(mut opened) = opened(bytes, format, compression) else {
        return;
    };
    let parser = opened.reader.parser();
    let mut rows = 0;
    loop {
        match opened.reader.next() {
            Ok(Some(raw)) => {
                let _ = parser.parse(&raw);
                rows += 1;
                assert!(rows < 10_000, "it does not end");
            }
            Ok(None) => return,
            Err(error) => {
                assert!(!error.to_string().contains("110105195"), "{error}");
                return;
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn arbitrary_bytes_end_without_panic(
        bytes in proptest::collection::vec(any::<u8>(), 0..400),
        format in proptest::sample::select(&FORMATS[..]),
        compression in proptest::sample::select(&COMPRESSIONS[..]),
    ) {
        read_to_the_end(&bytes, format, compression);
    }

    #[test]
    fn damaged_files_end_without_panic(
        changes in proptest::collection::vec((any::<usize>(), any::<u8>(), any::<u8>()), 1..6),
        format in proptest::sample::select(&FORMATS[..]),
        compression in proptest::sample::select(&COMPRESSIONS[..]),
    ) {
        let bytes = written(&[samples::record(), samples::record()], format, compression, columns::template());
        read_to_the_end(&mutated(bytes, &changes), format, compression);
    }
}

/// Parquet is read by a library that believes much: no single byte of a small file may lead it astray.
#[test]
fn any_byte_of_a_parquet_file_may_be_wrong() {
    let rows = [vec!["A-110105195", "FRAUD", "note"], vec!["A-2", "FRAUD", ""]];
    for compression in COMPRESSIONS {
        let names = ["account_ref", "delete_reason", "x_note"];
        let bytes = cells(Format::Parquet, compression, &names, &rows);
        for at in 0..bytes.len() {
            for change in [0x01, 0xff] {
                let mut bytes = bytes.clone();
                bytes[at] ^= change;
                read_to_the_end(&bytes, Format::Parquet, compression);
            }
        }
    }
}
