//! docs/files.md and the template say what is true.

use super::*;
use crate::domain::batch::BatchRecord;
use crate::domain::validation::{check_message, samples as domain_samples};

const PAGE: &str = include_str!("../../../../docs/files.md");

#[track_caller]
fn holds(name: &str, table: &str) {
    let begin = format!("<!-- {name}: written by src/import/table/guide.rs -->\n\n");
    let part = PAGE
        .split_once(&begin)
        .and_then(|(_, rest)| rest.split_once("\n<!-- end -->"));
    let (part, _) = part.unwrap_or_else(|| panic!("docs/files.md has no part {name}"));
    assert_eq!(part, table, "docs/files.md, {name}: it should be\n\n{table}");
}

#[test]
fn the_tables_of_the_page_are_those_of_the_code() {
    holds("columns", &guide::columns_table());
    holds("codes", &guide::codes_table());
    holds("limits", &guide::limits_table());
}

#[test]
fn the_page_names_what_the_code_names() {
    for name in columns::REJECT_COLUMNS {
        assert!(PAGE.contains(&format!("`{name}`")), "{name}");
    }
    for name in [columns::FOREIGN_PREFIX, BROKEN_LINE_KEY, REASON_SEPARATOR] {
        assert!(
            PAGE.contains(&format!("`{name}")) || PAGE.contains(&format!("`\"{name}\"`")),
            "{name}"
        );
    }
}

#[test]
fn the_templates_rows_pass_every_rule() {
    for format in [Format::Csv, Format::JsonLines] {
        let text = template(format).expect("text");
        let read = records(text.as_bytes(), format, Compression::None);
        assert_eq!(read.len(), 2);
        for record in read {
            let Ok(BatchRecord::Position(record)) = record else {
                panic!("{record:?}");
            };
            let findings = check_message(&record.position, domain_samples::today());
            assert_eq!(
                (findings.violations, findings.warnings),
                (Vec::new(), Vec::new()),
                "{format:?}"
            );
        }
    }
    assert_eq!(template(Format::Parquet), None);
}

#[test]
fn the_template_begins_with_every_name() {
    let text = template(Format::Csv).expect("text");
    let header: Vec<&str> = text.lines().next().expect("a header").split(',').collect();
    assert_eq!(header, columns::names_of(&columns::template()));
}
