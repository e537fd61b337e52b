//! Each limit one below, at, and one above.

use super::*;
use crate::import::table::input::RECORD_BYTES_MAX;

fn problem(bytes: &[u8], format: Format) -> Option<String> {
    raws(bytes, format, Compression::None)
        .1
        .map(|error| error.to_string())
}

/// A row whose cells and separators have so many bytes.
fn row(bytes: usize) -> (Vec<&'static str>, String) {
    let names = vec!["account_ref", "delete_reason", "x_note"];
    // A-1, FRAUD and two separators.
    (names, "n".repeat(bytes - 10))
}

#[test]
fn a_row_has_at_most_so_many_bytes() {
    for (bytes, fits) in [
        (RECORD_BYTES_MAX - 1, true),
        (RECORD_BYTES_MAX, true),
        (RECORD_BYTES_MAX + 1, false),
        (RECORD_BYTES_MAX * 9, false),
    ] {
        let (names, note) = row(bytes);
        let file = cells(
            Format::Csv,
            Compression::None,
            &names,
            &[vec!["A-1", "FRAUD", &note]],
        );
        assert_eq!(problem(&file, Format::Csv).is_none(), fits, "{bytes}");
        // Parquet has no separators.
        let note = format!("{note}nn");
        let file = cells(
            Format::Parquet,
            Compression::None,
            &names,
            &[vec!["A-1", "FRAUD", &note]],
        );
        assert_eq!(problem(&file, Format::Parquet).is_none(), fits, "{bytes}");
        let line = |end: &str| {
            let start = r#"{"account_ref":"A-1","delete_reason":"FRAUD","x_note":""#;
            let note = "n".repeat(bytes - start.len() - 2);
            format!("{start}{note}\"}}{end}")
        };
        for end in ["", "\n", "\r\n"] {
            assert_eq!(
                problem(line(end).as_bytes(), Format::JsonLines).is_none(),
                fits,
                "{bytes}"
            );
        }
    }
}

#[test]
fn a_quotation_that_never_ends_is_given_up_early() {
    let mut file = b"account_ref,delete_reason\nA-1,\"FRAUD\n".to_vec();
    file.extend(std::iter::repeat_n(b"more lines\n", 1_000_000).flatten());
    let (raws, error) = raws(&file, Format::Csv, Compression::None);
    assert!(raws.is_empty());
    let text = error.expect("refused").to_string();
    assert!(text.contains("quotation mark"), "{text}");
}

#[test]
fn an_object_has_at_most_so_many_members() {
    for (count, fits) in [
        (header::COLUMNS_MAX - 1, true),
        (header::COLUMNS_MAX, true),
        (header::COLUMNS_MAX + 1, false),
    ] {
        let mut line = r#"{"account_ref":"A-1","delete_reason":"FRAUD""#.to_owned();
        (2..count).for_each(|number| line.push_str(&format!(",\"x_{number}\":1")));
        line.push('}');
        let read = records(line.as_bytes(), Format::JsonLines, Compression::None);
        assert_eq!(read[0].is_ok(), fits, "{count}");
    }
}

#[test]
fn columns_have_a_limit_in_every_format_with_a_header() {
    for format in [Format::Csv, Format::Parquet] {
        for (count, fits) in [
            (header::COLUMNS_MAX - 1, true),
            (header::COLUMNS_MAX, true),
            (header::COLUMNS_MAX + 1, false),
        ] {
            let mut names = vec!["account_ref".to_owned(), "delete_reason".to_owned()];
            names.extend((2..count).map(|number| format!("x_{number}")));
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let file = cells(format, Compression::None, &names, &[]);
            assert_eq!(opened(&file, format, Compression::None).is_ok(), fits, "{count}");
        }
    }
}

/// A few kilobytes that inflate to gigabytes pass by, and end at the first line that is too long.
#[test]
fn a_bomb_takes_no_memory() {
    let bomb = |compression| {
        let buffer = Buffer::default();
        let mut sink = sink::Sink::new(buffer.output(), compression).expect("begun");
        let block = vec![b'0'; 1 << 20];
        for _ in 0..64 {
            sink.write_all(&block).expect("written");
        }
        sink.finish().expect("finished");
        buffer.bytes()
    };
    for compression in [Compression::Gzip, Compression::Zstd] {
        let bytes = bomb(compression);
        assert!(bytes.len() < 200_000);
        for format in [Format::Csv, Format::JsonLines] {
            let (raws, error) = raws(&bytes, format, compression);
            assert!(raws.is_empty() && error.is_some());
        }
    }
}

#[test]
fn a_window_of_zstd_is_bounded() {
    // A frame that says it needs a window of 2^(10 + 30) bytes.
    let frame = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 30 << 3, 0x01, 0x00, 0x00];
    let (raws, error) = raws(&frame, Format::Csv, Compression::Zstd);
    assert!(raws.is_empty());
    assert!(
        matches!(error, Some(FileError::Broken { line: 1, .. })),
        "{error:?}"
    );
}
