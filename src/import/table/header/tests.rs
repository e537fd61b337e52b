use super::*;
use crate::import::table::columns::{self, names_of};

fn template() -> Vec<String> {
    names_of(&columns::template())
}

fn with(extra: &[&str]) -> Vec<String> {
    let mut names = template();
    names.extend(extra.iter().map(|name| (*name).to_owned()));
    names
}

#[track_caller]
fn refused(names: Vec<String>) -> String {
    match Header::read(names) {
        Err(FileError::Header { problem }) => problem,
        other => panic!("not refused: {:?}", other.map(|_| ())),
    }
}

#[test]
fn names_are_understood_in_any_order_and_case() {
    let mut names = template();
    names.reverse();
    let names: Vec<String> = names.into_iter().map(|name| name.to_ascii_uppercase()).collect();
    assert!(Header::read(names).is_ok());
    assert!(
        Header::read(with(&[
            "x_mine",
            "reject_line",
            "Reject_Fix",
            "liability_8_mobile"
        ]))
        .is_ok()
    );
}

#[test]
fn a_short_header_of_what_is_needed_is_enough() {
    let needed = "account_ref account_type product_type loan_purpose guarantee_type funding_role region_code currency \
                  opened_on outstanding_principal outstanding_total_minor repayment_frequency status consent_reference \
                  as_of sequence mobile";
    let names: Vec<String> = needed.split_whitespace().map(str::to_owned).collect();
    assert!(Header::read(names.clone()).is_ok());
    for (index, name) in names.iter().enumerate() {
        let mut fewer = names.clone();
        fewer.remove(index);
        let problem = refused(fewer);
        let said = match name.as_str() {
            "mobile" => "an identifier",
            other => other.strip_suffix("_minor").unwrap_or(other),
        };
        assert!(problem.contains(said), "{problem}");
    }
    let deletions = ["account_ref", "delete_reason"].map(str::to_owned).to_vec();
    assert!(Header::read(deletions).is_ok());
}

#[test]
fn unknown_names_are_refused_with_the_nearest_and_never_repeated() {
    let problem = refused(with(&["outstanding_totl"]));
    assert!(problem.contains("is it outstanding_total?"), "{problem}");
    let place = (template().len() + 1).to_string();
    assert!(
        problem.contains(&place) && !problem.contains("totl "),
        "{problem}"
    );
    let headless = ["L-1", "NON_REVOLVING", "11010519491231002X"].map(str::to_owned);
    let problem = refused(headless.to_vec());
    assert!(
        !problem.contains("L-1") && !problem.contains("110105"),
        "{problem}"
    );
    assert!(refused(vec!["account_ref;status".to_owned()]).contains("semicolons"));
    assert!(refused(vec!["account_ref\tstatus".to_owned()]).contains("tabs"));
    assert!(refused(vec![String::new()]).starts_with("is missing"));
    assert!(refused(Vec::new()).starts_with("is missing"));
}

#[test]
fn columns_that_say_the_same_are_refused() {
    for (extra, said) in [
        (&["STATUS"][..], "names status twice"),
        (&["national_id"], "names liability_1_national_id twice"),
        (
            &["outstanding_total_minor"],
            "has both outstanding_total and outstanding_total_minor",
        ),
        (&["x_mine", "X_mine"], "repeats the name of column"),
    ] {
        let problem = refused(with(extra));
        assert!(problem.starts_with(said), "{problem}");
    }
}

#[test]
fn headers_have_limits() {
    let most = COLUMNS_MAX - template().len();
    for (extra, fits) in [(most - 1, true), (most, true), (most + 1, false)] {
        let names: Vec<String> = (0..extra).map(|number| format!("x_{number}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        assert_eq!(Header::read(with(&names)).is_ok(), fits, "{extra}");
    }
    for (bytes, fits) in [
        (NAME_BYTES_MAX - 1, true),
        (NAME_BYTES_MAX, true),
        (NAME_BYTES_MAX + 1, false),
    ] {
        let name = format!("x_{}", "n".repeat(bytes - 2));
        assert_eq!(Header::read(with(&[&name])).is_ok(), fits, "{bytes}");
    }
}
