//! Every row and every edge of the crosswalk of domain.md 3.3, written out by hand.

use super::*;
use DelinquencyBucket::{M0, M1, M2, M3, M4, M5, M6, M7};

/// Days, bucket, repayment state, payment rating, account status: the rows of the table, both ends of each.
const ROWS: [(u32, DelinquencyBucket, &str, &str, &str); 25] = [
    (0, M0, "N", "0", "11"),
    (1, M1, "1", "0", "11"),
    (29, M1, "1", "0", "11"),
    (30, M1, "1", "1", "71"),
    (31, M2, "2", "1", "71"),
    (59, M2, "2", "1", "71"),
    (60, M2, "2", "2", "78"),
    (61, M3, "3", "2", "78"),
    (89, M3, "3", "2", "78"),
    (90, M3, "3", "3", "80"),
    (91, M4, "4", "3", "80"),
    (119, M4, "4", "3", "80"),
    (120, M4, "4", "4", "82"),
    (121, M5, "5", "4", "82"),
    (149, M5, "5", "4", "82"),
    (150, M5, "5", "5", "83"),
    (151, M6, "6", "5", "83"),
    (179, M6, "6", "5", "83"),
    (180, M6, "6", "6", "84"),
    (181, M7, "7", "6", "84"),
    (182, M7, "7", "6", "84"),
    (360, M7, "7", "6", "84"),
    (1_000, M7, "7", "6", "84"),
    (u32::MAX - 1, M7, "7", "6", "84"),
    (u32::MAX, M7, "7", "6", "84"),
];

#[test]
fn every_row_of_the_table_holds_at_both_of_its_ends() {
    for (days, bucket, state, rating, status) in ROWS {
        assert_eq!(m_bucket(days), bucket, "{days}");
        assert_eq!(RepaymentState::of_days(days).as_str(), state, "{days}");
        assert_eq!(PaymentRating::of_days(days).as_str(), rating, "{days}");
        assert_eq!(Metro2Status::of_days(days).as_str(), status, "{days}");
    }
}

#[test]
fn the_ranges_of_the_codes_are_those_of_the_table() {
    let states = [
        ("N", 0, 0),
        ("*", 0, 0),
        ("M", 0, 0),
        ("A", 0, 0),
        ("1", 1, 30),
        ("2", 31, 60),
        ("3", 61, 90),
        ("4", 91, 120),
        ("5", 121, 150),
        ("6", 151, 180),
        ("7", 181, u32::MAX),
        ("B", 1, u32::MAX),
    ];
    for (code, lower, upper) in states {
        let days = RepaymentState::parse(code).unwrap().days().unwrap();
        assert_eq!((days.lower, days.upper), (lower, upper), "{code}");
    }
    let ratings = [
        ("0", "11", 0, 29),
        ("1", "71", 30, 59),
        ("2", "78", 60, 89),
        ("3", "80", 90, 119),
        ("4", "82", 120, 149),
        ("5", "83", 150, 179),
        ("6", "84", 180, u32::MAX),
    ];
    for (rating, status, lower, upper) in ratings {
        let days = PaymentRating::parse(rating).unwrap().days().unwrap();
        assert_eq!((days.lower, days.upper), (lower, upper), "{rating}");
        assert_eq!(
            Metro2Status::parse(status).unwrap().days(),
            Some(days),
            "{status}"
        );
    }
}

#[test]
fn codes_that_say_nothing_about_days_have_no_range() {
    for code in ["C", "D", "G", "Z", "#", "/"] {
        assert_eq!(RepaymentState::parse(code).unwrap().days(), None, "{code}");
    }
    for code in ["G", "L"] {
        assert_eq!(PaymentRating::parse(code).unwrap().days(), None, "{code}");
    }
    let bare = [
        "05", "13", "61", "62", "63", "64", "65", "88", "89", "93", "94", "95", "96", "97", "DA", "DF",
    ];
    for code in bare {
        assert_eq!(Metro2Status::parse(code).unwrap().days(), None, "{code}");
    }
}

/// The trap of domain.md 0.3: the same digit, a month apart.
#[test]
fn a_one_is_1_to_30_days_in_china_and_30_to_59_in_metro_2() {
    let china = RepaymentState::To30.days().unwrap();
    let metro = PaymentRating::From30.days().unwrap();
    assert_eq!((china.lower, china.upper), (1, 30));
    assert_eq!((metro.lower, metro.upper), (30, 59));
    let both: Vec<u32> = (0..400)
        .filter(|days| china.contains(*days) && metro.contains(*days))
        .collect();
    assert_eq!(both, [30], "the two share one day and no more");
    for days in 1..30 {
        assert_eq!(RepaymentState::of_days(days).as_str(), "1");
        assert_eq!(PaymentRating::of_days(days).as_str(), "0");
    }
}

#[test]
fn a_range_holds_exactly_the_days_that_give_its_code() {
    for days in (0..2_000).chain([u32::MAX]) {
        for state in RepaymentState::ALL
            .iter()
            .filter(|state| state.as_str() >= "1" && state.as_str() <= "7")
        {
            let holds = state.days().unwrap().contains(days);
            assert_eq!(holds, RepaymentState::of_days(days) == *state, "{days} {state:?}");
        }
        for rating in PaymentRating::ALL {
            let holds = rating.days().is_some_and(|range| range.contains(days));
            assert_eq!(
                holds,
                PaymentRating::of_days(days) == *rating,
                "{days} {rating:?}"
            );
        }
        for status in Metro2Status::ALL {
            let holds = status.days().is_some_and(|range| range.contains(days));
            assert_eq!(holds, Metro2Status::of_days(days) == *status, "{days} {status:?}");
        }
        for bucket in DelinquencyBucket::ALL {
            assert_eq!(
                m_bucket_days(*bucket).contains(days),
                m_bucket(days) == *bucket,
                "{days}"
            );
        }
    }
}

#[test]
fn codes_are_parsed_as_they_are_written_and_nothing_else_is() {
    for state in RepaymentState::ALL {
        assert_eq!(RepaymentState::parse(state.as_str()), Some(*state));
    }
    for rating in PaymentRating::ALL {
        assert_eq!(PaymentRating::parse(rating.as_str()), Some(*rating));
    }
    for status in Metro2Status::ALL {
        assert_eq!(Metro2Status::parse(status.as_str()), Some(*status));
    }
    for text in ["", "8", "n", " ", "00", "99", "da"] {
        assert_eq!(RepaymentState::parse(text), None, "{text}");
        assert_eq!(PaymentRating::parse(text), None, "{text}");
        assert_eq!(Metro2Status::parse(text), None, "{text}");
    }
}
