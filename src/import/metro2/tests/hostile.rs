//! Arbitrary bytes and damaged files: no panic, bounded records, an end; and no text repeats what it complains about.

use std::io::Read;

use proptest::prelude::*;
use proptest::sample::Index;

use super::super::layout::{Person, base};
use super::*;

/// Reads to the end, whatever comes, and says how many records there were.
fn survive(bytes: &[u8]) -> usize {
    let mut records = 0;
    let mut texts = Vec::new();
    match open(bytes) {
        Err(error) => texts.push(error.to_string()),
        Ok(mut reader) => {
            let parser = reader.parser();
            loop {
                match reader.next() {
                    Ok(None) => break,
                    Err(error) => {
                        texts.push(error.to_string());
                        assert!(matches!(reader.next(), Ok(None)), "an error is the end");
                        break;
                    }
                    Ok(Some(raw)) => {
                        records += 1;
                        assert_eq!(raw.cells.len(), 1);
                        assert!(raw.cells[0].chars().count() <= RECORD_BYTES_MAX);
                        if let Err(unreadable) = parser.parse(&raw) {
                            assert!(!unreadable.violations.is_empty());
                        }
                    }
                }
            }
        }
    }
    assert!(records <= bytes.len());
    records
}

proptest! {
    #[test]
    fn arbitrary_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..3_000)) {
        survive(&bytes);
    }

    #[test]
    fn arbitrary_bytes_behind_a_header_are_survived(
        bytes in proptest::collection::vec(any::<u8>(), 0..3_000),
        digits in proptest::option::of(400_u32..1_200),
    ) {
        let mut file = SAMPLE.as_bytes()[..427].to_vec();
        if let Some(digits) = digits {
            file.extend_from_slice(format!("{digits:04}").as_bytes());
        }
        file.extend(bytes);
        survive(&file);
    }

    #[test]
    fn damaged_files_are_survived(
        damages in proptest::collection::vec((any::<Index>(), any::<u8>(), 0_u8..3), 1..20),
        separated in any::<bool>(),
    ) {
        let mut file = if separated { SAMPLE.to_owned() } else { SAMPLE.replace('\n', "") }.into_bytes();
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

    #[test]
    fn damaged_records_are_parsed_or_refused(
        number in 1_usize..8,
        damages in proptest::collection::vec((any::<Index>(), any::<u8>()), 1..30),
    ) {
        let _ = parse_changed(number, |record| {
            for (index, byte) in damages {
                let place = index.index(record.len());
                record[place] = byte;
            }
        });
    }
}

/// Gives its bytes again and again, without an end, and counts what was taken.
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
fn a_record_without_an_end_is_given_up_at_the_limit() {
    let header = &SAMPLE.as_bytes()[..427];
    let record = &SAMPLE.as_bytes()[427..853];
    for (head, filling) in [
        (record.to_vec(), b' '),
        (record.to_vec(), b'x'),
        (b"9999".to_vec(), b'x'),
        ([record, b"K1"].concat(), b'K'),
        (Vec::new(), b'x'),
    ] {
        let mut source = Endless {
            head: [header, &head].concat(),
            filling,
            taken: 0,
        };
        let mut reader = Metro2Reader::new(&mut source, &circumstances(), defaults()).unwrap();
        let mut records = 0;
        while let Ok(Some(_)) = reader.next() {
            records += 1;
        }
        drop(reader);
        assert!(records <= 1);
        // One record, and what the buffer took ahead.
        assert!(source.taken < 4 * RECORD_BYTES_MAX, "{}", source.taken);
    }
    // Segments without an end: the limit of their number holds.
    let mut file = SAMPLE.as_bytes()[..853].to_vec();
    for _ in 0..=SEGMENTS_MAX {
        file.extend(format!("{:30}", "K4").into_bytes());
    }
    let error = read_all(&file).unwrap_err();
    assert!(error.to_string().contains("beyond the limits"), "{error}");
}

/// Every field of the record gets a value that would be recognised in a text.
#[test]
fn no_text_repeats_a_value_of_the_file() {
    const CANARY: &str = "QZQZQZQZQZQZQZQZQZQZQZQZQZQZQZ";
    let fields = [
        base::CORRECTION_INDICATOR,
        base::ACCOUNT_NUMBER,
        base::PORTFOLIO_TYPE,
        base::ACCOUNT_TYPE,
        base::DATE_OPENED,
        base::CREDIT_LIMIT,
        base::HIGHEST_CREDIT,
        base::TERMS_DURATION,
        base::TERMS_FREQUENCY,
        base::SCHEDULED_PAYMENT,
        base::ACTUAL_PAYMENT,
        base::ACCOUNT_STATUS,
        base::PAYMENT_RATING,
        base::CURRENT_BALANCE,
        base::AMOUNT_PAST_DUE,
        base::CHARGE_OFF_AMOUNT,
        base::DATE_OF_INFORMATION,
        base::DATE_FIRST_DELINQUENCY,
        base::DATE_CLOSED,
        base::DATE_LAST_PAYMENT,
        base::STATE,
        Person::BASE.social_security_number,
        Person::BASE.telephone,
        Person::BASE.ecoa,
    ];
    let everything = parse_changed(1, |record| {
        for field in fields {
            field.put(record, CANARY);
        }
    });
    let alone = fields.map(|field| with(1, field, CANARY));
    for parsed in alone.into_iter().chain([everything]) {
        let Err(unreadable) = parsed else { continue };
        for violation in &unreadable.violations {
            let text = format!("{violation:?}");
            for secret in [
                "QZ",
                "219099999",
                "2125550123",
                "SPECIMEN",
                "INVENTED",
                "01011980",
                "LOAN",
            ] {
                assert!(!text.contains(secret), "{text}");
            }
        }
    }
    // An account number with a blank, a number never issued and a broken file say nothing either.
    let unissued = with(1, Person::BASE.social_security_number, "666123456").unwrap_err();
    assert!(!format!("{:?}", unissued.violations).contains("666123456"));
    let raw = open(SAMPLE.as_bytes()).unwrap().next().unwrap().unwrap();
    assert!(
        !format!("{raw:?}").contains("219099999"),
        "a record is never printed"
    );
    let broken = format!("{}QZQZ", &SAMPLE[..853]);
    let error = read_all(broken.as_bytes()).unwrap_err();
    assert!(!format!("{error:?} {error}").contains("QZ"));
}
