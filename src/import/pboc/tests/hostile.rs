//! Arbitrary bytes and damaged tables: no panic, bounded rows, an end.

use std::io::Read;

use proptest::prelude::*;
use proptest::sample::Index;

use super::*;

/// Reads to the end, whatever comes.
fn survive(bytes: &[u8]) {
    let Ok(mut reader) = open(bytes) else { return };
    let parser = reader.parser();
    let mut records = 0;
    loop {
        match reader.next() {
            Ok(None) => break,
            Err(_) => {
                assert!(matches!(reader.next(), Ok(None)), "an error is the end");
                break;
            }
            Ok(Some(raw)) => {
                records += 1;
                let bytes: usize = raw.cells.iter().map(|cell| cell.len()).sum();
                assert!(bytes <= RECORD_BYTES_MAX);
                if let Err(unreadable) = parser.parse(&raw) {
                    assert!(!unreadable.violations.is_empty());
                }
            }
        }
    }
    assert!(records <= bytes.len());
}

proptest! {
    #[test]
    fn arbitrary_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..2_000)) {
        survive(&bytes);
    }

    #[test]
    fn arbitrary_rows_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..2_000)) {
        let header = SAMPLE.lines().next().unwrap().as_bytes();
        survive(&[header, b"\n", &bytes].concat());
    }

    #[test]
    fn arbitrary_cells_are_survived(cells in proptest::collection::vec("[ -~]{0,20}|\\PC{0,8}", 33)) {
        let header = SAMPLE.lines().next().unwrap();
        let mut file = csv::Writer::from_writer(Vec::new());
        file.write_record(header.split(',')).unwrap();
        file.write_record(&cells).unwrap();
        survive(&file.into_inner().unwrap());
    }

    #[test]
    fn damaged_tables_are_survived(
        damages in proptest::collection::vec((any::<Index>(), any::<u8>(), 0_u8..3), 1..20),
    ) {
        let mut file = SAMPLE.as_bytes().to_vec();
        for (index, byte, kind) in damages {
            let place = index.index(file.len());
            match kind {
                0 => file[place] = byte,
                1 => file.insert(place, byte),
                _ => { file.remove(place); }
            }
        }
        survive(&file);
    }
}

/// A header, then one byte for ever.
struct Endless {
    head: Vec<u8>,
    filling: u8,
    taken: usize,
}

impl Read for &mut Endless {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        for byte in buffer.iter_mut() {
            *byte = self.head.get(self.taken).copied().unwrap_or(self.filling);
            self.taken += 1;
        }
        Ok(buffer.len())
    }
}

#[test]
fn a_row_without_an_end_is_given_up_at_the_limit() {
    let header = SAMPLE.lines().next().unwrap();
    for (row, filling) in [("\"", b'x'), ("x", b'x'), ("x", b','), ("\"", b'\n')] {
        let mut source = Endless {
            head: format!("{header}\n{row}").into_bytes(),
            filling,
            taken: 0,
        };
        let circumstances = Circumstances {
            today: today(),
            default_calling_code: None,
        };
        let mut reader = PbocReader::new(&mut source, &circumstances, defaults()).unwrap();
        let error = reader.next().unwrap_err();
        assert!(error.to_string().contains("65536 bytes"), "{error}");
        assert!(reader.next().unwrap().is_none());
        drop(reader);
        assert!(source.taken < 3 * RECORD_BYTES_MAX, "{}", source.taken);
    }
}

#[test]
fn a_row_may_have_the_most_bytes_and_no_more() {
    let header = "account_ref,account_type,report_date,account_status,repayment_state";
    for (bytes, good) in [
        (RECORD_BYTES_MAX - 1, true),
        (RECORD_BYTES_MAX, true),
        (RECORD_BYTES_MAX + 1, false),
    ] {
        let file = format!("{header}\n{}\n", "x".repeat(bytes));
        assert_eq!(read_all(file.as_bytes()).is_ok(), good, "{bytes}");
    }
}

#[test]
fn a_file_of_another_encoding_is_refused_with_advice() {
    let mut file = SAMPLE.as_bytes().to_vec();
    let place = file.len() - 30;
    file[place] = 0xb9;
    let error = read_all(&file).unwrap_err();
    assert!(error.to_string().contains("save the file in UTF-8"), "{error}");
    let raw = open(SAMPLE.as_bytes()).unwrap().next().unwrap().unwrap();
    assert!(
        !format!("{raw:?}").contains("11010519491231002X"),
        "a row is never printed"
    );
}
