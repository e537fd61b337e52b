//! What is read, what is refused and where, and how sets are exchanged.

mod cases;
mod folders;
mod guide_page;
mod refusals;
mod shipped;

use super::*;

/// A whole pack of every kind of rule, with a case.
const WHOLE: &str = r#"name = "whole"
version = 3
status = "a test"
sources = ["nowhere"]
currency = "CNY"
first_day = 2026-01-01
last_day = 2026-12-31
zone = "Asia/Shanghai"
title = { en = "A test", zh = "测试" }
lifetime = { default_minutes = 10, maximum_minutes = 60 }

[[rule]]
id = "lenders"
kind = "lender-count"
lender_groups = ["BANK", "OTHER"]
maximum = 3

[[rule]]
id = "accounts"
kind = "account-count"
maximum = 4
window_months = 12
count_rescinded = true

[[rule]]
id = "pause"
kind = "cooling-off"
product_types = ["PAYDAY"]
days = 2

[[rule]]
id = "cap"
kind = "amount-cap"
unsecured_only = true
whose = "others"
maximum = "1000.50"
income_percent = 30
annual_income_from = "1"
annual_income_below = "9000"

[[rule]]
id = "ratio"
kind = "obligation-ratio"
maximum_percent = 50
if_income_is_stated = true

[[rule]]
id = "late"
kind = "delinquency"
days_past_due_above = 0
overdue_amount_above = "0.01"

[[rule]]
id = "stretch"
kind = "consecutive-indebtedness"
days_above = 45
wait_days = 7

[[rule]]
id = "plan"
kind = "instalment-plan"

[[rule]]
id = "excluded"
kind = "self-exclusion"

[[case]]
name = "late and excluded"
now = 2026-06-15T12:00:00
amount = "1.00"
self_excluded = true
loans = [{ lender = "a", opened_on = 2026-06-01, days_past_due = 1, overdue = "5" }]
refused_by = ["excluded", "late"]
"#;

/// The whole pack with one part replaced; it must be there.
#[track_caller]
fn with(part: &str, other: &str) -> String {
    assert!(WHOLE.contains(part), "{part}");
    WHOLE.replacen(part, other, 1)
}

/// Everything that is wrong with a text, as people read it.
#[track_caller]
fn wrong(text: &str) -> Vec<String> {
    let errors = read("p.toml", text).expect_err("something is wrong");
    errors.iter().map(ToString::to_string).collect()
}
