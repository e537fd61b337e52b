use super::*;
use crate::domain::token::IdentifierType;

#[test]
fn a_name_means_one_column_and_every_column_has_its_name() {
    for column in all().into_iter().chain(amounts().map(Column::Minor)) {
        assert_eq!(Column::parse(&column.name()), Some(column));
        assert_eq!(
            Column::parse(&format!(" {} ", column.name().to_ascii_uppercase())),
            Some(column)
        );
    }
    let fields = Field::ALL.len() + amounts().count();
    let liabilities = (LIABILITIES_MAX + 1) * Part::ALL.len();
    assert_eq!(names().len(), fields + liabilities);
}

#[test]
fn the_first_liability_may_do_without_its_number() {
    let mobile = Part::Identifier(IdentifierType::Mobile);
    assert_eq!(Column::parse("mobile"), Some(Column::Liability(0, mobile)));
    assert_eq!(
        Column::parse("liability_8_mobile"),
        Some(Column::Liability(7, mobile))
    );
    for unknown in [
        "liability_9_mobile",
        "liability_0_mobile",
        "liability_01_mobile",
        "mobile_country",
        "x_mobile",
        "status_minor",
        "",
    ] {
        assert_eq!(Column::parse(unknown), None, "{unknown}");
    }
}

#[test]
fn the_template_has_every_field_and_two_liabilities_by_identifier() {
    let names = names_of(&template());
    assert_eq!(names.len(), Field::ALL.len() + 2 * 10);
    assert_eq!(names[0], "account_ref");
    assert!(names.contains(&"liability_2_verified_on".to_owned()));
    assert!(names.iter().all(|name| !name.contains("token")
        && !name.ends_with("_minor")
        && !name.starts_with("liability_3")));
}

#[test]
fn a_misspelt_name_finds_its_neighbour() {
    for (given, near) in [
        ("acount_ref", Some("account_ref")),
        ("Outstanding Total", Some("outstanding_total")),
        ("mobil", Some("mobile")),
        ("11010519491231002X", None),
        ("", None),
    ] {
        assert_eq!(Column::nearest(given), near, "{given}");
    }
    assert_eq!(Column::nearest(&"a".repeat(65)), None);
    assert_eq!(distance("kitten", "sitting"), 3);
    assert_eq!(distance("", "abc"), 3);
}
