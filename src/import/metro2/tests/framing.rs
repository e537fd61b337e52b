//! Where records end, what a file must have around them, and what is refused with advice.

use super::super::layout::{Kind, Person, SEGMENTS_MAX, base};
use super::*;
use crate::domain::violation::Code;

fn problem(bytes: &[u8]) -> String {
    read_all(bytes).unwrap_err().to_string()
}

#[test]
fn records_may_stand_side_by_side_or_on_lines_of_any_kind() {
    let expected = read_good(SAMPLE.as_bytes());
    for separator in ["", "\r\n", "\r", "\n\n"] {
        let file = SAMPLE.replace('\n', separator);
        assert!(read_good(file.as_bytes()) == expected, "{separator:?}");
    }
    let with_end_of_text = format!("{SAMPLE}\u{1a}");
    assert!(read_good(with_end_of_text.as_bytes()) == expected);
}

#[test]
fn a_record_knows_its_line_or_its_row() {
    for (file, lines) in [
        (SAMPLE.to_owned(), vec![2, 3, 4, 5, 6, 7, 8]),
        (SAMPLE.replace('\n', ""), vec![2, 3, 4, 5, 6, 7, 8]),
        (SAMPLE.replace('\n', "\n\n"), vec![3, 5, 7, 9, 11, 13, 15]),
    ] {
        let found: Vec<u64> = read_all(file.as_bytes())
            .unwrap()
            .iter()
            .map(|(raw, _)| raw.line)
            .collect();
        assert_eq!(found, lines);
    }
}

#[test]
fn the_descriptor_word_may_count_the_segments_or_the_base_alone() {
    let counted = SAMPLE.replacen("\n0726", "\n0426", 1);
    assert!(read_good(counted.as_bytes()) == read_good(SAMPLE.as_bytes()));
}

#[test]
fn other_files_are_refused_with_advice() {
    let cases: [(&[u8], &str); 6] = [
        (b"", "the file is empty"),
        (b"\n\n", "the file is empty"),
        (b"account_ref,as_of\n", "export the character format"),
        (&[0x01, 0x6e, 0x00, 0x00, 0x48], "packed files"),
        (&[0xf0, 0xf4, 0xf2, 0xf6], "ASCII"),
        (b"0100HEADER", "less than the 426 bytes"),
    ];
    for (bytes, advice) in cases {
        let text = problem(bytes);
        assert!(text.contains(advice), "{text}");
    }
    let blocked = format!("0852{SAMPLE}");
    assert!(problem(blocked.as_bytes()).contains("without blocks"));
    let headless: String = SAMPLE.lines().skip(1).collect();
    assert!(problem(headless.as_bytes()).contains("begins with a record that holds HEADER"));
}

#[test]
fn a_file_must_end_with_a_true_trailer_and_nothing_behind_it() {
    let lines: Vec<&str> = SAMPLE.lines().collect();
    let cut = lines[..lines.len() - 1].join("\n");
    assert!(problem(cut.as_bytes()).contains("without a trailer"));
    let mut fewer = lines.clone();
    fewer.remove(3);
    assert!(problem(fewer.join("\n").as_bytes()).contains("totals"));
    let twice = format!("{SAMPLE}{SAMPLE}");
    assert!(problem(twice.as_bytes()).contains("follows the trailer"));
    let mut second_header = lines.clone();
    second_header.insert(2, lines[0]);
    assert!(problem(second_header.join("\n").as_bytes()).contains("second header"));
    // A total of statuses that was filled in must be right; one that was not is not held against the file.
    let (records, trailer) = SAMPLE.split_at(SAMPLE.len() - 427);
    for (status_11, good) in [("000000001", true), ("000000000", true), ("000000002", false)] {
        let mut trailer = trailer.to_owned();
        trailer.replace_range(83..92, status_11);
        assert_eq!(
            read_all(format!("{records}{trailer}").as_bytes()).is_ok(),
            good,
            "{status_11}"
        );
    }
}

#[test]
fn a_short_record_is_rejected_alone() {
    let mut lines: Vec<String> = SAMPLE.lines().map(str::to_owned).collect();
    lines[1].truncate(425);
    let records = read_all(lines.join("\n").as_bytes()).unwrap();
    assert_eq!(records.len(), 7);
    let unreadable = records[0].1.as_ref().unwrap_err();
    assert_eq!(unreadable.account_ref, Some(account("LOAN-0001")));
    assert!(
        unreadable.violations[0]
            .description
            .contains("shorter than the 426 bytes")
    );
    assert!(records[1..].iter().all(|(_, parsed)| parsed.is_ok()));
}

fn segment(identifier: &str) -> Vec<u8> {
    let bytes = Kind::of(identifier.as_bytes()).unwrap().bytes();
    format!("{identifier:bytes$}").into_bytes()
}

#[test]
fn other_segments_are_skipped_and_unknown_ones_refused() {
    for identifier in ["K1", "K2", "K3", "K4", "N1"] {
        let record = parse_changed(1, |record| record.extend(segment(identifier)));
        assert!(record.is_ok(), "{identifier}");
    }
    for behind in [&b"Z9"[..], b"J", b"J3", b"J1", b"K1 ", b"\x00"] {
        let record = parse_changed(1, |record| record.extend_from_slice(behind));
        assert_eq!(record.unwrap_err().violations[0].field, "record", "{behind:?}");
    }
    let filled = parse_changed(1, |record| record.extend_from_slice(&[b' '; 300]));
    assert!(filled.is_ok(), "blanks are filling");
}

#[test]
fn a_record_has_at_most_32_segments() {
    for (count, good) in [
        (SEGMENTS_MAX - 1, true),
        (SEGMENTS_MAX, true),
        (SEGMENTS_MAX + 1, false),
    ] {
        let record = parse_changed(1, |record| {
            for _ in 0..count {
                record.extend(segment("K4"));
            }
        });
        assert_eq!(record.is_ok(), good, "{count}");
    }
}

#[test]
fn at_most_8_people_are_liable() {
    for (others, good) in [(6, true), (7, true), (8, false)] {
        let record = parse_changed(1, |record| {
            for number in 0..others {
                let mut joint = segment("J1");
                Person::ASSOCIATED
                    .telephone
                    .put(&mut joint, &format!("212555{number:04}"));
                Person::ASSOCIATED
                    .social_security_number
                    .put(&mut joint, &format!("21908{:04}", number + 1));
                Person::ASSOCIATED.ecoa.put(&mut joint, "2");
                record.extend(joint);
            }
        });
        assert_eq!(record.is_ok(), good, "{others}");
    }
}

#[test]
fn a_changed_account_number_is_refused_with_advice() {
    for (indicator, good) in [("1", false), ("2", true), ("3", false), (" ", false)] {
        let record = parse_changed(1, |record| {
            let mut change = segment("L1");
            layout::CHANGE_INDICATOR.put(&mut change, indicator);
            record.extend(change);
        });
        match record {
            Ok(_) => assert!(good, "{indicator}"),
            Err(unreadable) => {
                assert!(!good, "{indicator}");
                assert_eq!(unreadable.account_ref, Some(account("LOAN-0001")));
                assert!(
                    unreadable.violations[0]
                        .description
                        .contains("delete the account under its old number")
                );
            }
        }
    }
}

#[test]
fn ecoa_codes_tell_who_is_liable() {
    let joint = |ecoa: &str| {
        let record = parse_changed(1, |record| {
            let mut joint = segment("J2");
            Person::ASSOCIATED
                .social_security_number
                .put(&mut joint, "219090001");
            Person::ASSOCIATED.ecoa.put(&mut joint, ecoa);
            record.extend(joint);
        });
        record.map(|record| {
            position_of(&record)
                .liabilities
                .get(1)
                .map(|liability| liability.role)
        })
    };
    for (ecoa, role) in [
        ("2", Some(LiabilityRole::Joint)),
        ("7", Some(LiabilityRole::Joint)),
        ("W", Some(LiabilityRole::Joint)),
        ("5", Some(LiabilityRole::Guarantor)),
        ("3", None),
        ("T", None),
        ("X", None),
        ("Z", None),
    ] {
        assert_eq!(joint(ecoa).unwrap(), role, "{ecoa}");
    }
    for ecoa in ["1", "0", "4", "6", " "] {
        assert_eq!(
            joint(ecoa).unwrap_err().violations[0].code,
            Code::EnumUnknown,
            "{ecoa}"
        );
    }
    for (ecoa, good) in [
        ("1", true),
        ("2", true),
        ("7", true),
        ("W", true),
        ("X", true),
        ("3", false),
        ("5", false),
        ("T", false),
        ("Z", false),
    ] {
        let record = with(1, Person::BASE.ecoa, ecoa);
        assert_eq!(record.is_ok(), good, "{ecoa}");
    }
}

#[test]
fn numbers_that_were_never_issued_are_refused() {
    for (number, good) in [
        ("219099999", true),
        ("000123456", false),
        ("666123456", false),
        ("665123456", true),
        ("899123456", true),
        ("900123456", false),
        ("219001234", false),
        ("219120000", false),
        ("21912345A", false),
        ("000000000", true),
        ("999999999", true),
        ("         ", true),
    ] {
        let record = with(1, Person::BASE.social_security_number, number);
        assert_eq!(record.is_ok(), good, "{number}");
    }
    for (telephone, good) in [
        ("2125550123", true),
        ("0000000000", true),
        ("212555012 ", false),
        ("21255501 3", false),
    ] {
        assert_eq!(
            with(1, Person::BASE.telephone, telephone).is_ok(),
            good,
            "{telephone}"
        );
    }
    let nameless = parse_changed(1, |record| {
        Person::BASE.social_security_number.put(record, "000000000");
        Person::BASE.telephone.put(record, "");
    });
    let violation = nameless.unwrap_err().violations.remove(0);
    assert_eq!(
        (violation.code, violation.field.as_str()),
        (Code::FieldRequired, "position.liabilities[0].tokens")
    );
}

#[test]
fn the_region_is_the_state_or_the_default() {
    for (country, state, region) in [
        ("US", "NY", Some("US-NY")),
        ("", "PR", Some("US-PR")),
        ("US", "AE", Some("US-DC")),
        ("US", "", Some("US-DC")),
        ("CN", "NY", Some("US-DC")),
        ("US", "ZZ", None),
    ] {
        let record = parse_changed(1, |record| {
            base::COUNTRY.put(record, country);
            base::STATE.put(record, state);
        });
        let found = record
            .ok()
            .map(|record| position_of(&record).facts.region_code.clone());
        assert_eq!(found.as_deref(), region, "{country} {state}");
    }
}

#[test]
fn everything_wrong_is_told_at_once() {
    let unreadable = parse_changed(1, |record| {
        base::ACCOUNT_NUMBER.put(record, "NO SPACES");
        base::DATE_OPENED.put(record, "13012026");
        base::ACCOUNT_STATUS.put(record, "99");
        base::CURRENT_BALANCE.put(record, "-00000001");
        base::TERMS_DURATION.put(record, "3 6");
        base::TERMS_FREQUENCY.put(record, "X");
        base::CORRECTION_INDICATOR.put(record, "7");
        base::DATE_LAST_PAYMENT.put(record, "06162026");
    })
    .unwrap_err();
    assert_eq!(unreadable.account_ref, None);
    let fields: Vec<&str> = unreadable
        .violations
        .iter()
        .map(|violation| violation.field.as_str())
        .collect();
    for field in [
        "position.account_ref",
        "position.opened_on",
        "position.status",
        "position.outstanding_total",
        "position.matures_on",
        "position.repayment_frequency",
        "correction_reason",
        // The rules of the message find what could be read and is wrong: a payment tomorrow.
        "position.last_payment_on",
    ] {
        assert_eq!(
            fields.iter().filter(|found| **found == field).count(),
            1,
            "{field}: {fields:?}"
        );
    }
}
