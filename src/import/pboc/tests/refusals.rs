//! What is refused, with advice, and how rejected rows go back.

use super::*;
use crate::domain::violation::Code;
use crate::import::{Reason, RejectWriter as _};

fn problem(text: &str) -> String {
    read_all(text.as_bytes()).unwrap_err().to_string()
}

#[test]
fn a_header_names_columns_of_the_format_once_and_lacks_none_that_is_needed() {
    assert!(problem("").contains("the file is empty"));
    assert!(problem(&SAMPLE.replacen("account_ref,", "account_ref,QZQZ,", 1)).contains("in its column 2"));
    assert!(!problem(&SAMPLE.replacen("account_ref,", "account_ref,QZQZ,", 1)).contains("QZ"));
    assert!(problem(&SAMPLE.replacen("business_type", "account_type", 1)).contains("account_type twice"));
    assert!(
        problem("account_ref,account_type,report_date,account_status\n")
            .contains("lacks the column repayment_state")
    );
    for name in [
        "type",
        "repayer_0_type",
        "repayer_8_type",
        "repayer_01_type",
        "repayer_1_",
        "Balance",
    ] {
        let header = format!("account_ref,account_type,report_date,account_status,repayment_state,{name}\n");
        assert!(problem(&header).contains("in its column 6"), "{name}");
    }
    let marked = format!("\u{feff}{SAMPLE}");
    assert!(
        read_good(marked.as_bytes()) == read_good(SAMPLE.as_bytes()),
        "a byte order mark is no name"
    );
}

#[test]
fn a_row_of_another_width_is_rejected_alone() {
    let file = format!("{SAMPLE}LAST-0006,D1\n");
    let mut records = read_all(file.as_bytes()).unwrap();
    let (raw, parsed) = records.pop().unwrap();
    let unreadable = parsed.unwrap_err();
    assert_eq!(
        (raw.line, unreadable.account_ref),
        (7, Some(account("LAST-0006")))
    );
    assert!(
        unreadable.violations[0]
            .description
            .contains("more or fewer cells")
    );
    assert!(records.iter().all(|(_, parsed)| parsed.is_ok()));
}

/// A column, what stands in its cell, the field that the violation names.
const CELLS: [(&str, &str, &str); 43] = [
    ("account_ref", "QZ QZ", "position.account_ref"),
    ("account_type", "D2", "position.account_type"),
    ("business_type", "98", "position.product_type"),
    ("report_time_code", "50", "event"),
    ("report_date", "2026-02-30", "position.as_of"),
    ("report_date", "", "position.as_of"),
    ("sequence", "-1", "position.sequence"),
    ("open_date", "20260110", "position.opened_on"),
    ("open_date", "2026-1-10", "position.opened_on"),
    ("due_date", "QZ", "position.matures_on"),
    ("close_date", "QZ", "position.closed_on"),
    ("loan_amount", "1,000", "position.original_amount"),
    ("loan_amount", "1.234", "position.original_amount"),
    ("loan_amount", ".50", "position.original_amount"),
    ("loan_amount", "1.", "position.original_amount"),
    ("loan_amount", "+1", "position.original_amount"),
    ("credit_limit", "1e3", "position.credit_limit"),
    ("balance", "", "position.outstanding_total"),
    ("balance", "-1.00", "position.outstanding_total"),
    ("scheduled_payment", "QZ", "position.scheduled_payment"),
    ("repayment_frequency", "09", "position.repayment_frequency"),
    ("guarantee_type", "8", "position.guarantee_type"),
    ("account_status", "99", "position.status"),
    ("repayment_state", "8", "position.days_past_due"),
    ("days_past_due", "QZ", "position.days_past_due"),
    ("overdue_total", "QZ", "position.overdue"),
    ("first_overdue_date", "QZ", "position.first_delinquent_on"),
    ("five_tier_class", "6", "position.asset_classification"),
    ("last_payment_date", "QZ", "position.last_payment_on"),
    ("last_payment_amount", "QZ", "position.last_payment_amount"),
    ("adverse_notice_date", "QZ", "position.adverse_notice_sent_on"),
    ("id_type", "30", "position.liabilities[0].tokens"),
    ("id_type", "", "position.liabilities[0].tokens"),
    ("id_number", "", "position.liabilities[0].tokens"),
    (
        "id_number",
        "110105194912310021",
        "position.liabilities[0].tokens",
    ),
    ("id_country", "US", "position.liabilities[0].tokens"),
    ("id_country", "USA", "position.liabilities[0].tokens"),
    ("mobile", "138QZ", "position.liabilities[0].tokens"),
    ("repayer_1_type", "3", "position.liabilities[1].role"),
    ("currency", "JPY", "position.currency"),
    ("currency", "QZQ", "position.currency"),
    ("remaining_terms", "1.0", "position.remaining_terms"),
    ("principal_balance", "QZ", "position.outstanding_principal"),
];

#[test]
fn cells_that_cannot_be_read_are_told_with_their_field_all_at_once() {
    for (column, value, field) in CELLS {
        let value = if value.contains(',') {
            format!("\"{value}\"")
        } else {
            value.to_owned()
        };
        let unreadable = with(1, &[(column, &value)]).unwrap_err();
        assert!(
            unreadable
                .violations
                .iter()
                .any(|violation| violation.field == field),
            "{column} {value}: {unreadable:?}"
        );
        let text = format!("{unreadable:?}").replace("LOAN-0001", "");
        for secret in ["QZ", "11010519491231002", "13800138000", "98765"] {
            assert!(!text.contains(secret), "{text}");
        }
    }
    let everything: Vec<(&str, &str)> = CELLS.iter().map(|(column, ..)| (*column, "QZ QZ")).collect();
    let unreadable = with(1, &everything).unwrap_err();
    assert!(unreadable.violations.len() > 20);
    assert!(!format!("{unreadable:?}").contains("QZ"));
}

#[test]
fn what_contradicts_itself_is_refused() {
    let cases = [
        [("account_status", "2"), ("repayment_state", "N")],
        [("account_status", "1"), ("repayment_state", "1")],
        [("account_status", "3"), ("repayment_state", "N")],
        [("account_status", "3"), ("repayment_state", "B")],
        [("account_status", "1"), ("repayment_state", "C")],
        [("account_status", "5"), ("repayment_state", "G")],
        [("account_status", "6"), ("repayment_state", "#")],
        [("account_status", "6"), ("repayment_state", "/")],
        [("overdue_total", "2.00"), ("overdue_fees", "1.00")],
    ];
    for cells in cases {
        assert!(with(1, &cells).is_err(), "{cells:?}");
    }
    let known = with(
        1,
        &[
            ("account_status", "6"),
            ("repayment_state", "#"),
            ("days_past_due", "17"),
        ],
    )
    .unwrap();
    assert_eq!(position_of(&known).facts.days_past_due, 17);
    let split = with(
        2,
        &[
            ("overdue_total", "1200.50"),
            ("overdue_principal", "1000.00"),
            ("overdue_fees", "200.50"),
        ],
    );
    assert_eq!(position_of(&split.unwrap()).facts.overdue.fees, 20_050);
}

#[test]
fn a_borrower_needs_a_number_and_an_amount_needs_room() {
    let nobody = with(1, &[("id_type", ""), ("id_number", ""), ("mobile", "")]).unwrap_err();
    assert_eq!(nobody.violations[0].code, Code::FieldRequired);
    for (amount, good) in [("999999999999999.99", true), ("1000000000000000.00", false)] {
        let record = with(1, &[("balance", amount)]);
        assert_eq!(record.is_ok(), good, "{amount}");
    }
}

fn reject_all(file: &[u8]) -> String {
    let sink = Shared::default();
    let mut reader = open(file).unwrap();
    let mut rejects = Box::new(PbocRejects::new(sink.clone(), reader.header()).unwrap());
    let reason = |code: &str| Reason {
        code: code.to_owned(),
        field: "position.status".to_owned(),
        text: "wrong".to_owned(),
        fix: "mend, it".to_owned(),
    };
    while let Some(raw) = reader.next().unwrap() {
        rejects
            .reject(&raw, &[reason("FORMAT"), reason("DATE_ORDER")])
            .unwrap();
    }
    rejects.finish().unwrap();
    String::from_utf8(sink.bytes()).unwrap()
}

#[test]
fn rejected_rows_keep_their_cells_and_can_be_read_again() {
    let once = reject_all(SAMPLE.as_bytes());
    let mut lines = once.lines();
    let header = lines.next().unwrap();
    assert!(header.starts_with("reject_line,reject_code,reject_field,reject_text,reject_fix,account_ref,"));
    let first = lines.next().unwrap();
    let added =
        "2,FORMAT | DATE_ORDER,position.status | position.status,wrong | wrong,\"mend, it | mend, it\",";
    assert_eq!(first.strip_prefix(added), SAMPLE.lines().nth(1));
    assert!(read_good(once.as_bytes()) == read_good(SAMPLE.as_bytes()));
    // Rejected again, the columns of the first time give way to those of the second.
    assert_eq!(reject_all(once.as_bytes()), once);
    let ragged = format!("{SAMPLE}A,B\n{}\n", "x,".repeat(40));
    let rejected = reject_all(ragged.as_bytes());
    assert!(rejected.contains(",A,B\n") && rejected.contains(&format!(",{}\n", "x,".repeat(40))));
}
