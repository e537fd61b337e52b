//! Rejected records go back as they came.

use super::*;
use crate::import::{Reason, RejectWriter as _};

fn reason(code: &str) -> Reason {
    Reason {
        code: code.to_owned(),
        field: "position.status".to_owned(),
        text: "wrong, \"quite\"".to_owned(),
        fix: "mend it".to_owned(),
    }
}

/// Rejects every record of a file.
fn rejected(bytes: &[u8]) -> (Vec<u8>, String) {
    let (records, reasons) = (Shared::default(), Shared::default());
    let mut reader = open(bytes).unwrap();
    let mut rejects =
        Box::new(Metro2Rejects::new(records.clone(), reasons.clone(), reader.header()).unwrap());
    while let Some(raw) = reader.next().unwrap() {
        rejects
            .reject(&raw, &[reason("FORMAT"), reason("DATE_ORDER")])
            .unwrap();
    }
    rejects.finish().unwrap();
    (records.bytes(), String::from_utf8(reasons.bytes()).unwrap())
}

#[test]
fn a_file_rejected_whole_is_the_same_file() {
    let (records, reasons) = rejected(SAMPLE.as_bytes());
    assert_eq!(String::from_utf8(records).unwrap(), SAMPLE);
    let lines: Vec<&str> = reasons.lines().collect();
    assert_eq!(lines.len(), 1 + 7 * 2);
    assert_eq!(lines[0], "line,account_ref,code,field,text,fix");
    assert_eq!(
        lines[1],
        "2,LOAN-0001,FORMAT,position.status,\"wrong, \"\"quite\"\"\",mend it"
    );
    assert_eq!(
        lines[4],
        "3,CARD-0002,DATE_ORDER,position.status,\"wrong, \"\"quite\"\"\",mend it"
    );
}

#[test]
fn bytes_that_are_no_text_stay_as_they_are() {
    let mut file = SAMPLE.as_bytes().to_vec();
    let second = 427;
    file[second + 231..second + 235].copy_from_slice(&[0xe9, 0xff, 0x80, 0x00]);
    file[second + 42] = 0xc3;
    let (records, reasons) = rejected(&file);
    assert_eq!(records, file);
    assert!(reasons.contains("\n2,,FORMAT"), "no account can be named");
}

#[test]
fn the_rejects_of_a_file_can_be_read_again() {
    let (records, _) = rejected(SAMPLE.replace('\n', "").as_bytes());
    assert!(read_good(&records) == read_good(SAMPLE.as_bytes()));
}
