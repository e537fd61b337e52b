//! The parts of docs/files.md that this module knows better: the tables of columns, of codes and of limits.
//!
//! A test holds the page against them; when it fails it says what belongs there.

use super::codes::{FileCode, values_of};
use super::columns::{Field, Kind, LIABILITIES_MAX, Need, Part};
use super::header::{COLUMNS_MAX, NAME_BYTES_MAX};
use super::input::{RECORD_BYTES_MAX, ZSTD_WINDOW_LOG_MAX};
use super::pages::{FOOTER_BYTES_MAX, PAGE_BYTES_MAX, ROW_GROUP_MEMORY_MAX};
use super::parquet_file::ROW_GROUP_ROWS_MAX;
use super::parse::CELL_BYTES_MAX;
use crate::domain::position::LiabilityRole;
use crate::domain::validation::AMOUNT_MAX;

/// The columns, in the template's order, as a table of Markdown.
pub fn columns_table() -> String {
    let mut table = "| column | what | holds | needed | example |\n|---|---|---|---|---|\n".to_owned();
    for field in Field::ALL {
        let name = match field.kind() {
            Kind::Amount => format!("`{0}` or `{0}_minor`", field.name()),
            Kind::Text | Kind::Date | Kind::Number | Kind::Code | Kind::Base64 => {
                format!("`{}`", field.name())
            }
        };
        push_row(
            &mut table,
            &name,
            field.about(),
            field.kind(),
            needed(field.need()),
            field.example(),
        );
    }
    for part in Part::ALL {
        let name = format!("`liability_N_{}`", part.name());
        push_row(&mut table, &name, part.about(), part.kind(), "", part.example());
    }
    table
}

fn push_row(table: &mut String, name: &str, about: &str, kind: Kind, needed: &str, example: &str) {
    let holds = match kind {
        Kind::Text => "text",
        Kind::Date => "date",
        Kind::Amount => "amount",
        Kind::Number => "whole number",
        Kind::Code => "code",
        Kind::Base64 => "base64",
    };
    let example = if example.is_empty() {
        String::new()
    } else {
        format!("`{example}`")
    };
    table.push_str(&format!(
        "| {name} | {about} | {holds} | {needed} | {example} |\n"
    ));
}

const fn needed(need: Need) -> &'static str {
    match need {
        Need::Row => "always",
        Need::Position => "unless the row deletes",
        Need::Sometimes => "",
    }
}

/// The codes of every column that holds one of the contract's.
pub fn codes_table() -> String {
    let mut table = "| column | codes |\n|---|---|\n".to_owned();
    let fields = Field::ALL
        .iter()
        .filter_map(|field| Some((field.name(), values_of(*field)?)));
    let role = ("liability_N_role", LiabilityRole::numbered());
    for (name, values) in fields.chain([role]) {
        let values: Vec<String> = values
            .iter()
            .map(|(number, name)| format!("`{name}` {number}"))
            .collect();
        table.push_str(&format!("| `{name}` | {} |\n", values.join(", ")));
    }
    table
}

/// What a file may not exceed.
pub fn limits_table() -> String {
    let kib = |bytes: usize| format!("{} KiB", bytes / 1_024);
    let mib = |bytes: u64| format!("{} MiB", bytes / 1_024 / 1_024);
    let rows = [
        ("columns of a file, members of a line", COLUMNS_MAX.to_string()),
        ("a column's name", format!("{NAME_BYTES_MAX} bytes")),
        (
            "a row or line, without its quotation marks",
            kib(RECORD_BYTES_MAX),
        ),
        ("a cell that is read", kib(CELL_BYTES_MAX)),
        ("liabilities of a row", LIABILITIES_MAX.to_string()),
        ("an amount, in minor units", AMOUNT_MAX.to_string()),
        ("the window of a zstd file", mib(1 << ZSTD_WINDOW_LOG_MAX)),
        ("the footer of a Parquet file", mib(FOOTER_BYTES_MAX)),
        ("a page of a Parquet file, inflated", mib(PAGE_BYTES_MAX)),
        (
            "the dictionaries and largest pages of a row group of a Parquet file together",
            mib(ROW_GROUP_MEMORY_MAX),
        ),
        (
            "rows of a row group of a Parquet file",
            ROW_GROUP_ROWS_MAX.to_string(),
        ),
    ];
    let mut table = "| what | at most |\n|---|---|\n".to_owned();
    for (what, most) in rows {
        table.push_str(&format!("| {what} | {most} |\n"));
    }
    table
}
