use super::*;

/// The only case of a text.
fn case(text: &str) -> (PackFile, Case) {
    let file = read("p.toml", text).expect("nothing is wrong");
    let case = file.cases[0].clone();
    (file, case)
}

#[test]
fn a_case_holds_when_the_pack_says_what_it_expects() {
    let (file, case) = case(WHOLE);
    assert_eq!(case.run(&file.pack), []);
    assert_eq!((case.name.as_str(), case.line), ("late and excluded", 67));
}

#[test]
fn a_case_that_fails_says_what_was_expected_and_what_came() {
    let text = with(
        "refused_by = [\"excluded\", \"late\"]",
        "refused_by = [\"plan\"]\nretry_on = 2026-07-01\nroom = \"5\"\npayment_room = \"0\"\nmonthly_income = \"50\"",
    );
    let (file, case) = case(&text);
    let told: Vec<String> = case.run(&file.pack).iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "refused_by: expected [plan], got [late, excluded]",
            "retry_on: expected 2026-07-01, got none",
            // 30 % of 50, which is less than 1,000.50.
            "room: expected 5.00, got 15.00",
            "payment_room: expected 0.00, got 25.00",
        ]
    );
}

#[test]
fn a_room_may_be_unlimited_and_is_compared_only_if_the_case_names_it() {
    let (file, unlimited) = case(&with(
        "self_excluded = true",
        "self_excluded = true\npayment_room = \"unlimited\"",
    ));
    assert_eq!(unlimited.run(&file.pack), []);
    let (file, limited) = case(&with(
        "self_excluded = true",
        "self_excluded = true\nroom = \"unlimited\"",
    ));
    // No income is stated: it is below the bracket of the cap, which says nothing then.
    assert_eq!(limited.run(&file.pack), []);
    let (file, limited) = case(&with(
        "self_excluded = true",
        "self_excluded = true\nmonthly_income = \"50\"\nroom = \"unlimited\"",
    ));
    assert_eq!(limited.run(&file.pack).len(), 1);
}

#[test]
fn what_a_loan_of_a_case_says_is_what_is_judged() {
    let text = with(
        "loans = [{ lender = \"a\", opened_on = 2026-06-01, days_past_due = 1, overdue = \"5\" }]",
        "product_type = \"PAYDAY\"\nloans = [\n\
         { lender = \"own\", lender_group = \"BANK\", application = \"x\", opened_on = 2026-06-01, principal = \"7.10\" },\n\
         { lender = \"b\", application = \"x\", held = \"reservation\", opened_on = 2026-06-15, monthly_obligation = \"1\" },\n\
         { lender = \"b\", product_type = \"AUTO\", unsecured = false, in_currency = false, opened_on = 2026-01-01,\
         closed_on = 2026-01-02, closed_at = 2026-01-02T08:30:15, rescinded = true, in_plan = true },\n]",
    );
    let (_, case) = case(&text);
    let [own, reserved, closed] = case.standing.loans.as_slice() else {
        panic!("three loans: {case:?}");
    };
    assert_eq!(own.lender, case.application.lender);
    assert_eq!((own.principal, own.active, own.unsecured), (710, true, true));
    assert_eq!(own.product_type, case.application.product_type);
    assert_ne!(reserved.lender, own.lender);
    assert_eq!(reserved.lender, closed.lender);
    assert_eq!(reserved.application, own.application);
    assert_eq!(reserved.monthly_obligation, 100);
    assert!(!closed.active && closed.rescinded && closed.in_plan && !closed.unsecured && !closed.in_currency);
    // 00:30:15 in UTC.
    let closed_at = closed.closed_at.map(|at| at.micros() / 1_000_000 % 86_400);
    assert_eq!(closed_at, Some(1_815));
}
