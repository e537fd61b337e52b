//! The template: a header and two rows to begin with. Tests see to it that both rows pass every rule.

use super::columns::{self, Column, Field, Part, names_of};
use super::format::Format;
use super::write::{member, write_object};
use crate::domain::token::IdentifierType;

/// The second row: a company's credit line, somewhat late, guaranteed by its owner. What is not named is empty.
const SECOND_ROW: &[(Field, &str)] = &[
    (Field::AccountRef, "L-92b04e77aa"),
    (Field::AccountType, "REVOLVING"),
    (Field::ProductType, "MICRO_ENTERPRISE"),
    (Field::LoanPurpose, "BUSINESS_OPERATION"),
    (Field::GuaranteeType, "GUARANTEE"),
    (Field::FundingRole, "OWN"),
    (Field::RegionCode, "CN-SH"),
    (Field::Currency, "CNY"),
    (Field::OpenedOn, "2025-03-01"),
    (Field::CreditLimit, "50000.00"),
    (Field::OutstandingPrincipal, "20000.00"),
    (Field::OutstandingTotal, "20210.00"),
    (Field::ScheduledPayment, "2000.00"),
    (Field::RepaymentFrequency, "MONTH"),
    (Field::NextDueOn, "2026-07-01"),
    (Field::RemainingTerms, "10"),
    (Field::AnnualPercentageRateBp, "1200"),
    (Field::Status, "OPEN"),
    (Field::DaysPastDue, "13"),
    (Field::GraceDays, "5"),
    (Field::OverduePrincipal, "2000.00"),
    (Field::OverdueInterest, "200.00"),
    (Field::OverduePenalty, "10.00"),
    (Field::FirstDelinquentOn, "2026-06-01"),
    (Field::AssetClassification, "SPECIAL_MENTION"),
    (Field::CollectionStage, "REMINDER"),
    (Field::LastPaymentOn, "2026-05-01"),
    (Field::LastPaymentAmount, "2000.00"),
    (Field::ConsentReference, "C-2025-TERMS-4"),
    (Field::AdverseNoticeReference, "N-2026-0609"),
    (Field::AdverseNoticeSentOn, "2026-06-09"),
    (Field::AsOf, "2026-06-14"),
    (Field::Sequence, "16"),
    (Field::Event, "PAST_DUE"),
];

/// Who is liable in the second row. Invented.
const SECOND_LIABLE: &[(usize, Part, &str)] = &[
    (0, Part::Role, "PRIMARY"),
    (
        0,
        Part::Identifier(IdentifierType::EnterpriseCode),
        "91350100M000100Y43",
    ),
    (0, Part::VerifiedOn, "2025-03-01"),
    (1, Part::Role, "GUARANTOR"),
    (
        1,
        Part::Identifier(IdentifierType::NationalId),
        "310115198503070019",
    ),
    (1, Part::Identifier(IdentifierType::Mobile), "+8619900000002"),
    (1, Part::MobileVerifiedOn, "2025-03-01"),
];

/// A file to begin with, as text; `None` for Parquet, which is none.
///
/// # Panics
/// Never: writing to memory does not fail.
pub fn template(format: Format) -> Option<String> {
    let columns = columns::template();
    let rows: [Vec<&str>; 2] = [
        columns.iter().map(|column| first(*column)).collect(),
        columns.iter().map(|column| second(*column)).collect(),
    ];
    let names = names_of(&columns);
    let bytes = match format {
        Format::Csv => in_csv(&names, &rows),
        Format::JsonLines => in_json_lines(&names, &rows),
        Format::Parquet => return None,
    };
    let bytes = bytes.expect("memory takes every byte");
    Some(String::from_utf8(bytes).expect("names and values are text"))
}

fn first(column: Column) -> &'static str {
    match column {
        Column::Field(field) => field.example(),
        Column::Liability(0, part) => part.example(),
        Column::Minor(_) | Column::Liability(..) => "",
    }
}

fn second(column: Column) -> &'static str {
    let found = match column {
        Column::Field(field) => SECOND_ROW
            .iter()
            .find(|(of, _)| *of == field)
            .map(|(_, cell)| *cell),
        Column::Liability(index, part) => SECOND_LIABLE
            .iter()
            .find(|(of, is, _)| *of == index && *is == part)
            .map(|(.., cell)| *cell),
        Column::Minor(_) => None,
    };
    found.unwrap_or_default()
}

fn in_csv(names: &[String], rows: &[Vec<&str>]) -> std::io::Result<Vec<u8>> {
    let mut text = csv::Writer::from_writer(Vec::new());
    text.write_record(names)?;
    for row in rows {
        text.write_record(row)?;
    }
    text.into_inner().map_err(csv::IntoInnerError::into_error)
}

fn in_json_lines(names: &[String], rows: &[Vec<&str>]) -> std::io::Result<Vec<u8>> {
    let mut text = Vec::new();
    for row in rows {
        let members = names
            .iter()
            .zip(row)
            .filter(|(_, cell)| !cell.is_empty())
            .map(|(name, cell)| member(name, cell))
            .collect::<std::io::Result<Vec<_>>>()?;
        write_object(&mut text, &members)?;
    }
    Ok(text)
}
