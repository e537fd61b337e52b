use super::*;
use crate::domain::rules::{AmountCap, Condition, Extent, IncomeBracket, Indebtedness, Pause, Whose, Window};

#[test]
fn every_kind_of_rule_is_read_with_all_its_keys() {
    let file = read("p.toml", WHOLE).expect("nothing is wrong");
    let pack = &file.pack;
    assert_eq!((pack.name.as_str(), pack.version), ("whole", 3));
    assert_eq!(
        (pack.title_en.as_str(), pack.title_zh.as_str()),
        ("A test", "测试")
    );
    assert_eq!(pack.lifetime.default_minutes, 10);
    assert_eq!(pack.lifetime.maximum_minutes, 60);
    let conditions: Vec<&Condition> = pack.rules.iter().map(|rule| &rule.condition).collect();
    assert_eq!(
        conditions,
        [
            &Condition::LenderCount { maximum: 3 },
            &Condition::AccountCount {
                maximum: 4,
                window: Some(Window::Months(12)),
                count_rescinded: true,
            },
            &Condition::CoolingOff(Pause::Days(2)),
            &Condition::AmountCap(AmountCap {
                maximum: Some(100_050),
                income_percent: Some(30),
                bracket: Some(IncomeBracket {
                    from: Some(100),
                    below: Some(900_000),
                }),
                extent: Extent::Total,
            }),
            &Condition::ObligationRatio {
                maximum_percent: 50,
                if_income_is_stated: true,
            },
            &Condition::Delinquency {
                days_past_due_above: 0,
                overdue_amount_above: Some(1),
            },
            &Condition::ConsecutiveIndebtedness(Indebtedness {
                days_above: 45,
                wait_days: 7,
                gap_days_at_most: 0,
            }),
            &Condition::InstalmentPlan,
            &Condition::SelfExclusion,
        ]
    );
    assert_eq!(conditions.len(), KINDS.len());
    let scope = &pack.rules[3].scope;
    assert_eq!((scope.unsecured_only, scope.whose), (true, Whose::Others));
    assert_eq!(pack.rules[0].scope.lender_groups.len(), 2);
    assert_eq!(pack.rules[2].scope.product_types.len(), 1);
    assert!(pack.needs_income());
}

#[test]
fn the_digest_is_of_the_text() {
    let digest = |text: &str| read("p.toml", text).expect("nothing is wrong").pack.sha256;
    assert_eq!(digest(WHOLE), digest(WHOLE));
    assert_ne!(digest(WHOLE), digest(&format!("# A word.\n{WHOLE}")));
}

/// A part of the whole pack, what stands there instead, and what is said of it.
const REFUSED: &[(&str, &str, &str)] = &[
    (
        "name = \"whole\"",
        "name = \"Whole\"",
        "p.toml:1: `name` is \"Whole\"; use 1 to 64 small letters",
    ),
    (
        "name = \"whole\"",
        "name = \"a--b\"",
        "p.toml:1: `name` is \"a--b\"",
    ),
    (
        "version = 3",
        "version = 0",
        "p.toml:2: `version` is 0; it must be a whole number from 1 to 1000000",
    ),
    (
        "version = 3",
        "version = \"3\"",
        "p.toml:2: `version` is \"3\"; it must be a whole number",
    ),
    (
        "version = 3\n",
        "",
        "p.toml:1: `version` is missing: write version = 1",
    ),
    (
        "status = \"a test\"",
        "status = \" \"",
        "p.toml:3: `status` must have 1 to 500 characters",
    ),
    ("[\"nowhere\"]", "[]", "p.toml:4: `sources` is empty"),
    (
        "[\"nowhere\"]",
        "[7]",
        "p.toml:4: `sources` holds 7; each must be a text",
    ),
    (
        "\"CNY\"",
        "\"XXX\"",
        "p.toml:5: `currency` is \"XXX\"; use a code of ISO 4217",
    ),
    (
        "first_day = 2026-01-01",
        "first_day = \"2026-01-01\"",
        "p.toml:6: `first_day` is \"2026-01-01\"; it must be a day without quotes",
    ),
    (
        "first_day = 2026-01-01",
        "first_day = 2026-01-01T00:00:00",
        "p.toml:6: `first_day` is 2026-01-01T00:00:00",
    ),
    (
        "last_day = 2026-12-31",
        "last_day = 2025-12-31",
        "p.toml:7: `last_day` 2025-12-31 lies before `first_day` 2026-01-01",
    ),
    (
        "\"Asia/Shanghai\"",
        "\"Peking\"",
        "p.toml:8: `zone` is \"Peking\"",
    ),
    (", zh = \"测试\"", "", "p.toml:9: `zh` is missing"),
    (
        "en = \"A test\",",
        "en = \"A test\", fr = \"\",",
        "p.toml:9: unknown key `fr`; the keys here are en, zh",
    ),
    (
        "default_minutes = 10",
        "default_minutes = 61",
        "p.toml:10: `maximum_minutes` 60 is less than `default_minutes` 61",
    ),
    (
        "maximum_minutes = 60",
        "maximum_minutes = 2161",
        "p.toml:10: `maximum_minutes` is 2161; it must be a whole number from 1 to 2160",
    ),
    (
        "currency =",
        "curency =",
        "p.toml:5: unknown key `curency`; the keys here are name, version",
    ),
    (
        "id = \"lenders\"",
        "id = \"accounts\"",
        "p.toml:18: rule `accounts`: another rule has this id",
    ),
    (
        "id = \"lenders\"",
        "id = \"The lenders\"",
        "p.toml:13: rule `The lenders`: `id` must be 1 to 64",
    ),
    ("id = \"lenders\"\n", "", "p.toml:12: rule `1`: `id` is missing"),
    (
        "kind = \"lender-count\"",
        "kind = \"lenders\"",
        "p.toml:14: rule `lenders`: `kind` is \"lenders\"; it must be one of \"lender-count\"",
    ),
    (
        "maximum = 3",
        "maximum = 0",
        "p.toml:16: rule `lenders`: `maximum` is 0; it must be a whole number from 1 to 1000",
    ),
    (
        "maximum = 3",
        "maximum = 3\nwhose = \"own\"",
        "p.toml:17: rule `lenders`: unknown key `whose`; the keys here are id, kind",
    ),
    (
        "\"BANK\", \"OTHER\"",
        "\"BANK\", \"BANKS\"",
        "p.toml:15: rule `lenders`: `lender_groups` holds \"BANKS\"; each must be one of \"BANK\"",
    ),
    (
        "\"BANK\", \"OTHER\"",
        "\"BANK\", \"BANK\"",
        "p.toml:15: rule `lenders`: `lender_groups` holds \"BANK\" twice",
    ),
    (
        "[\"BANK\", \"OTHER\"]",
        "[]",
        "p.toml:15: rule `lenders`: `lender_groups` is empty: leave it out",
    ),
    (
        "window_months = 12",
        "window_months = 12\nwindow_days = 3",
        "rule `accounts`: a window has days or months",
    ),
    (
        "window_months = 12\n",
        "",
        "p.toml:22: rule `accounts`: without a window only loans that are there now count",
    ),
    (
        "days = 2",
        "days = 2\nhours = 48",
        "p.toml:29: rule `pause`: say how long to wait: either",
    ),
    (
        "days = 2\n",
        "",
        "p.toml:25: rule `pause`: say how long to wait: either",
    ),
    (
        "maximum = \"1000.50\"",
        "maximum = 1000.50",
        "p.toml:36: rule `cap`: `maximum` is a number with a point; it must be a decimal in quotes",
    ),
    (
        "maximum = \"1000.50\"",
        "maximum = \"1,000\"",
        "p.toml:36: rule `cap`: `maximum` is \"1,000\"; write digits with at most one point",
    ),
    (
        "maximum = \"1000.50\"",
        "maximum = \"1000.505\"",
        "p.toml:36: rule `cap`: `maximum` is \"1000.505\"; CNY has 2 decimals",
    ),
    (
        "maximum = \"1000.50\"",
        "maximum = \"-1\"",
        "it must not be negative",
    ),
    (
        "maximum = \"1000.50\"",
        "maximum = \"10000000000000.01\"",
        "the largest amount is 1000000000000000 minor units",
    ),
    (
        "maximum = \"1000.50\"\nincome_percent = 30\n",
        "",
        "p.toml:33: rule `cap`: say how much: `maximum`, `income_percent` or both",
    ),
    (
        "annual_income_below = \"9000\"",
        "annual_income_below = \"1\"",
        "p.toml:39: rule `cap`: `annual_income_below` must be more",
    ),
    (
        "income_percent = 30",
        "income_percent = 30\nper_loan = true",
        "rule `cap`: a limit per loan looks at no other loan: leave `whose` out",
    ),
    (
        "if_income_is_stated = true",
        "if_income_is_stated = 1",
        "rule `ratio`: `if_income_is_stated` is 1; it must be true or false",
    ),
    (
        "days_past_due_above = 0\n",
        "",
        "rule `late`: `days_past_due_above` is missing",
    ),
    ("wait_days = 7\n", "", "rule `stretch`: `wait_days` is missing"),
    (
        "kind = \"instalment-plan\"",
        "kind = \"instalment-plan\"\ndays = 3",
        "rule `plan`: unknown key `days`",
    ),
    (
        "kind = \"self-exclusion\"",
        "kind = \"self-exclusion\"\nwhose = \"own\"",
        "rule `excluded`: unknown key `whose`; the keys here are id, kind",
    ),
    (
        "name = \"late and excluded\"\n",
        "",
        "p.toml:67: case `1`: `name` is missing",
    ),
    (
        "now = 2026-06-15T12:00:00",
        "now = 2026-06-15",
        "p.toml:69: case `late and excluded`: `now` is 2026-06-15; it must be a day and a time",
    ),
    (
        "now = 2026-06-15T12:00:00",
        "now = 2026-06-15T12:00:00Z",
        "case `late and excluded`: `now` is 2026-06-15T12:00:00Z",
    ),
    (
        "\"excluded\", \"late\"",
        "\"excluded\", \"latte\"",
        "case `late and excluded`: `refused_by` names \"latte\"; the rules are lenders, accounts",
    ),
    (
        "lender = \"a\", ",
        "",
        "p.toml:72: case `late and excluded`: `lender` is missing",
    ),
    (
        "lender = \"a\", ",
        "lender = \"a\", closed_on = 2026-05-31, ",
        "`closed_on` lies before `opened_on`",
    ),
    (
        "lender = \"a\", ",
        "lender = \"a\", rescinded = true, ",
        "`rescinded` needs `closed_on`",
    ),
    (
        "lender = \"a\", ",
        "lender = \"a\", held = \"reservation\", closed_on = 2026-06-02, ",
        "a reservation is not closed",
    ),
    (
        "self_excluded = true",
        "room = \"much\"",
        "case `late and excluded`: `room` is \"much\"; write digits",
    ),
];

#[test]
fn what_is_wrong_is_told_with_file_line_rule_and_remedy() {
    for (part, other, said) in REFUSED {
        let errors = wrong(&with(part, other));
        assert!(
            errors.iter().any(|error| error.contains(said)),
            "{other}: {errors:#?}"
        );
    }
}

#[test]
fn each_mistake_is_told_once_and_spoils_nothing_else() {
    for (part, other, _) in REFUSED {
        // A key that is misspelt is unknown and missing; two keys of the cap have no meaning for one loan.
        let two = other.starts_with("curency") || other.contains("per_loan");
        let expected = if two { 2 } else { 1 };
        assert_eq!(wrong(&with(part, other)).len(), expected, "{other}");
    }
}

#[test]
fn all_mistakes_of_a_file_are_told_in_the_order_of_its_lines() {
    let text = with("maximum = 3", "maximum = 0").replace("version = 3", "version = true");
    let text = text.replace("wait_days = 7", "wait_days = \"7\"\nwait = 8");
    let lines: Vec<Option<usize>> = read("p.toml", &text)
        .expect_err("much is wrong")
        .iter()
        .map(|error| error.line)
        .collect();
    assert_eq!(lines, [Some(2), Some(16), Some(57), Some(58)]);
}

#[test]
fn what_is_no_toml_is_told_with_its_line() {
    let errors = wrong(&with("version = 3", "version = = 3"));
    assert_eq!(errors.len(), 1);
    assert!(
        errors[0].starts_with("p.toml:2: it is not TOML: "),
        "{}",
        errors[0]
    );
    let twice = wrong(&with("version = 3", "version = 3\nversion = 4"));
    assert!(twice[0].starts_with("p.toml:3: it is not TOML: "), "{}", twice[0]);
}

#[test]
fn a_pack_without_rules_is_refused() {
    let end = WHOLE.find("[[rule]]").expect("it has rules");
    let errors = wrong(&WHOLE[..end]);
    assert_eq!(errors.len(), 1);
    assert!(
        errors[0].contains("`rule` is missing: write rule = one [[rule]] at least"),
        "{}",
        errors[0]
    );
}

#[test]
fn rules_cases_loans_bytes_and_errors_have_limits() {
    let rules = |count: usize| {
        let more = (9..count).map(|n| format!("[[rule]]\nid = \"r{n}\"\nkind = \"instalment-plan\"\n"));
        with("[[case]]", &format!("{}[[case]]", more.collect::<String>()))
    };
    let cases = |count: usize| {
        let case = "[[case]]\nname = \"n\"\nnow = 2026-06-15T12:00:00\namount = \"1\"\nrefused_by = []\n";
        format!("{WHOLE}{}", case.repeat(count - 1))
    };
    let loans = |count: usize| {
        let loan = "{ lender = \"a\", opened_on = 2026-06-01 },";
        with("loans = [", &format!("loans = [{}", loan.repeat(count - 1)))
    };
    let long = |bytes: usize| format!("#{}\n{WHOLE}", "x".repeat(bytes - WHOLE.len() - 2));
    for (below, at, above, said) in [
        (
            rules(63),
            rules(64),
            rules(65),
            "`rule` has 65 tables; at most 64",
        ),
        (
            cases(499),
            cases(500),
            cases(501),
            "`case` has 501 tables; at most 500",
        ),
        (
            loans(63),
            loans(64),
            loans(65),
            "`loans` has 65 tables; at most 64",
        ),
        (
            long(FILE_BYTES_MAX - 1),
            long(FILE_BYTES_MAX),
            long(FILE_BYTES_MAX + 1),
            "it is longer than 262144 bytes",
        ),
    ] {
        assert!(read("p.toml", &below).is_ok(), "{said}");
        assert!(read("p.toml", &at).is_ok(), "{said}");
        let errors = wrong(&above);
        assert!(errors.iter().any(|error| error.contains(said)), "{errors:?}");
    }
    let unknown = |count: usize| {
        let keys: Vec<String> = (0..count).map(|n| format!("k{n} = 1\n")).collect();
        keys.concat()
    };
    for (count, told) in [(49, 49), (50, 50), (51, 50)] {
        assert_eq!(wrong(&format!("{}{WHOLE}", unknown(count))).len(), told);
    }
}

proptest::proptest! {
    #[test]
    fn no_text_is_too_broken_to_be_told_what_is_wrong(from in 0_usize..2_000, cut in 0_usize..40, put in "[\\[\\]{}=\"\n.,a-z0-9-]{0,6}") {
        let from = from.min(WHOLE.len());
        let to = (from + cut).min(WHOLE.len());
        // The title is the one place with characters of several bytes.
        let (Some(before), Some(after)) = (WHOLE.get(..from), WHOLE.get(to..)) else { return Ok(()) };
        let text = format!("{before}{put}{after}");
        if let Err(errors) = read("p.toml", &text) {
            proptest::prop_assert!(!errors.is_empty());
            let lines = text.lines().count() + 1;
            proptest::prop_assert!(errors.iter().all(|error| error.line.is_some_and(|line| (1..=lines).contains(&line))));
        }
    }
}
