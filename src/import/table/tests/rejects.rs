use super::*;
use crate::import::Reason;

fn reason(code: &str) -> Reason {
    Reason {
        code: code.to_owned(),
        field: "position.status".to_owned(),
        text: format!("{code}, \"quoted\""),
        fix: "mend it".to_owned(),
    }
}

/// Rejects every record of a file.
fn rejected(bytes: &[u8], format: Format, reasons: &[Reason]) -> Vec<u8> {
    let mut opened = opened(bytes, format, Compression::None).expect("opened");
    let buffer = Buffer::default();
    let mut rejects = opened
        .layout
        .rejects(buffer.output(), Compression::None)
        .expect("begun");
    while let Some(raw) = opened.reader.next().expect("read") {
        rejects.reject(&raw, reasons).expect("written");
    }
    rejects.finish().expect("finished");
    buffer.bytes()
}

#[test]
fn a_reject_file_reads_as_its_origin_however_often_it_is_sent() {
    for format in FORMATS {
        let origin = sample(format);
        let once = rejected(&origin, format, &[reason("FORMAT"), reason("DATE_ORDER")]);
        assert_eq!(
            records(&once, format, Compression::None),
            [Ok(samples::record())],
            "{format:?}"
        );
        let twice = rejected(&once, format, &[reason("CURRENCY")]);
        assert_eq!(
            records(&twice, format, Compression::None),
            [Ok(samples::record())],
            "{format:?}"
        );
        let (raws, _) = raws(&twice, format, Compression::None);
        let shown: Vec<&str> = raws[0].cells.iter().map(|cell| cell.as_str()).collect();
        let shown = shown.join("|");
        assert!(
            shown.contains("CURRENCY") && !shown.contains("DATE_ORDER"),
            "{format:?}: {shown}"
        );
    }
}

#[test]
fn a_rejected_row_stands_as_it_stood_behind_what_is_wrong() {
    let text = "X_Mine,account_ref,delete_reason\n  a ,A-1,\"FR\"\"AUD\"\nb\nc,A-2,FRAUD,more\n";
    let file = rejected(
        text.as_bytes(),
        Format::Csv,
        &[reason("ENUM_UNKNOWN"), reason("FORMAT")],
    );
    let file = String::from_utf8(file).expect("text");
    let mut lines = file.lines();
    assert_eq!(
        lines.next(),
        Some("reject_line,reject_code,reject_field,reject_text,reject_fix,X_Mine,account_ref,delete_reason")
    );
    let verdict = |line| {
        format!(
            "{line},ENUM_UNKNOWN; FORMAT,position.status; position.status,\
             \"ENUM_UNKNOWN, \"\"quoted\"\"; FORMAT, \"\"quoted\"\"\",mend it; mend it,"
        )
    };
    assert_eq!(
        lines.next(),
        Some(format!("{}  a ,A-1,\"FR\"\"AUD\"", verdict(2)).as_str())
    );
    assert_eq!(lines.next(), Some(format!("{}b", verdict(3)).as_str()));
    assert_eq!(
        lines.next(),
        Some(format!("{}c,A-2,FRAUD,more", verdict(4)).as_str())
    );
    assert_eq!(lines.next(), None);
}

#[test]
fn a_rejected_line_keeps_its_members_and_a_broken_one_goes_back_whole() {
    let text = "{\"sequence\" : 1.50, \"stauts\":\"\\u004f\"}\nnot \"json\"\n{}\n";
    let file = rejected(text.as_bytes(), Format::JsonLines, &[reason("FORMAT")]);
    let file = String::from_utf8(file).expect("text");
    let lines: Vec<&str> = file.lines().collect();
    assert!(lines[0].starts_with("{\"reject_line\":\"1\",\"reject_code\":\"FORMAT\","));
    assert!(
        lines[0].ends_with(",\"sequence\" : 1.50,\"stauts\":\"\\u004f\"}"),
        "{}",
        lines[0]
    );
    assert!(
        lines[1].ends_with(",\"x_line\":\"not \\\"json\\\"\"}"),
        "{}",
        lines[1]
    );
    assert!(lines[2].ends_with("\"reject_fix\":\"mend it\"}"));
}

#[test]
fn reject_files_are_compressed_as_asked() {
    for format in [Format::Csv, Format::JsonLines] {
        for compression in COMPRESSIONS {
            let mut opened = opened(&sample(format), format, Compression::None).expect("opened");
            let buffer = Buffer::default();
            let mut rejects = opened
                .layout
                .rejects(buffer.output(), compression)
                .expect("begun");
            let raw = opened.reader.next().expect("read").expect("one");
            rejects.reject(&raw, &[reason("FORMAT")]).expect("written");
            rejects.finish().expect("finished");
            let read = records(&buffer.bytes(), format, compression);
            assert_eq!(read, [Ok(samples::record())]);
        }
    }
}
