//! One rule of a file. Each kind has keys of its own beside those of the scope; all others are refused.

use toml_edit::TableLike;

use super::error::Place;
use super::names::is_kebab;
use super::section::{Collector, Section};
use crate::domain::currency::Currency;
use crate::domain::member::LenderGroup;
use crate::domain::position::ProductType;
use crate::domain::rules::{
    AmountCap, Condition, Extent, IncomeBracket, Indebtedness, Pause, Rule, Scope, Whose, Window,
};

/// The most loans or lenders that a limit may name.
const COUNT_MAX: u32 = 1_000;
/// The longest stretch of days: ten years.
const DAYS_MAX: u32 = 3_660;
/// The longest window of months.
const MONTHS_MAX: u32 = 120;
/// The longest pause in hours: a year.
const HOURS_MAX: u32 = 8_784;
/// The largest share of an income: a thousand months of it.
const PERCENT_MAX: u32 = 100_000;
/// More days past due than any loan has.
const PAST_DUE_MAX: u32 = 36_500;

/// What a rule can refuse, as its `kind` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    LenderCount,
    AccountCount,
    CoolingOff,
    AmountCap,
    ObligationRatio,
    Delinquency,
    ConsecutiveIndebtedness,
    InstalmentPlan,
    SelfExclusion,
}

/// Every kind, as it is written.
pub const KINDS: [&str; 9] = [
    "lender-count",
    "account-count",
    "cooling-off",
    "amount-cap",
    "obligation-ratio",
    "delinquency",
    "consecutive-indebtedness",
    "instalment-plan",
    "self-exclusion",
];

const ALL_KINDS: [Kind; 9] = [
    Kind::LenderCount,
    Kind::AccountCount,
    Kind::CoolingOff,
    Kind::AmountCap,
    Kind::ObligationRatio,
    Kind::Delinquency,
    Kind::ConsecutiveIndebtedness,
    Kind::InstalmentPlan,
    Kind::SelfExclusion,
];

/// Reads a rule; `number` counts from 1. `None` only if something was refused.
pub(super) fn read(
    table: &dyn TableLike,
    offset: usize,
    number: usize,
    currency: Option<Currency>,
    out: &mut Collector<'_>,
) -> Option<Rule> {
    let mut section = Section::new(table, offset, Place::Rule(number.to_string()));
    section.require("id", "\"one-loan-at-once\"", out);
    let id = section.text("id", 64, out);
    if let Some(id) = id {
        section.place = Place::Rule(id.to_owned());
        if !is_kebab(id) {
            let text = "`id` must be 1 to 64 small letters and digits, parts joined by hyphens";
            section.refuse("id", text, out);
        }
    }
    let kinds: Vec<(&str, Kind)> = KINDS.into_iter().zip(ALL_KINDS).collect();
    section.require("kind", &format!("one of {}", KINDS.join(", ")), out);
    // Without a kind nobody knows which keys belong here.
    let kind = section.choice("kind", &kinds, out)?;
    let scope = read_scope(&mut section, kind, out);
    let condition = read_condition(&mut section, kind, currency, out);
    section.finish(out);
    Some(Rule {
        id: id?.to_owned(),
        scope: scope?,
        condition: condition?,
    })
}

fn read_scope(section: &mut Section<'_>, kind: Kind, out: &mut Collector<'_>) -> Option<Scope> {
    if kind == Kind::SelfExclusion {
        return Some(Scope::default());
    }
    let before = out.errors.len();
    let products: Vec<(&str, ProductType)> = ProductType::ALL
        .iter()
        .map(|product| (product.as_str(), *product))
        .collect();
    let groups: Vec<(&str, LenderGroup)> = LenderGroup::ALL
        .iter()
        .map(|group| (group.as_str(), *group))
        .collect();
    let product_types = section.choices("product_types", &products, out);
    let lender_groups = section.choices("lender_groups", &groups, out);
    let unsecured_only = section.flag("unsecured_only", out);
    // One's own lenders are one: such a limit would say nothing.
    let whose = if kind == Kind::LenderCount {
        None
    } else {
        let all = [
            ("all", Whose::All),
            ("others", Whose::Others),
            ("own", Whose::Own),
        ];
        section.choice("whose", &all, out)
    };
    (out.errors.len() == before).then(|| Scope {
        product_types: product_types.into_iter().flatten().collect(),
        unsecured_only: unsecured_only.unwrap_or_default(),
        lender_groups: lender_groups.into_iter().flatten().collect(),
        whose: whose.unwrap_or_default(),
    })
}

fn read_condition(
    section: &mut Section<'_>,
    kind: Kind,
    currency: Option<Currency>,
    out: &mut Collector<'_>,
) -> Option<Condition> {
    match kind {
        Kind::LenderCount => Some(Condition::LenderCount {
            maximum: needed(section, "maximum", COUNT_MAX, out)?,
        }),
        Kind::AccountCount => account_count(section, out),
        Kind::CoolingOff => cooling_off(section, out),
        Kind::AmountCap => amount_cap(section, currency, out).map(Condition::AmountCap),
        Kind::ObligationRatio => {
            let maximum_percent = needed(section, "maximum_percent", PERCENT_MAX, out);
            let if_income_is_stated = section.flag("if_income_is_stated", out);
            Some(Condition::ObligationRatio {
                maximum_percent: maximum_percent?,
                if_income_is_stated: if_income_is_stated.unwrap_or_default(),
            })
        }
        Kind::Delinquency => {
            section.require("days_past_due_above", "30", out);
            let days = section.number("days_past_due_above", 0..=PAST_DUE_MAX, out);
            let amount = section.amount("overdue_amount_above", currency, out);
            Some(Condition::Delinquency {
                days_past_due_above: days?,
                overdue_amount_above: amount,
            })
        }
        Kind::ConsecutiveIndebtedness => {
            let days_above = needed(section, "days_above", DAYS_MAX, out);
            let wait_days = needed(section, "wait_days", DAYS_MAX, out);
            let gap = section.number("gap_days_at_most", 0..=DAYS_MAX, out);
            Some(Condition::ConsecutiveIndebtedness(Indebtedness {
                days_above: days_above?,
                wait_days: wait_days?,
                gap_days_at_most: gap.unwrap_or_default(),
            }))
        }
        Kind::InstalmentPlan => Some(Condition::InstalmentPlan),
        Kind::SelfExclusion => Some(Condition::SelfExclusion),
    }
}

/// A number from 1 that must be there.
fn needed(section: &mut Section<'_>, key: &'static str, most: u32, out: &mut Collector<'_>) -> Option<u32> {
    section.require(key, &format!("a whole number from 1 to {most}"), out);
    section.number(key, 1..=most, out)
}

fn account_count(section: &mut Section<'_>, out: &mut Collector<'_>) -> Option<Condition> {
    let maximum = needed(section, "maximum", COUNT_MAX, out);
    let days = section.number("window_days", 1..=DAYS_MAX, out);
    let months = section.number("window_months", 1..=MONTHS_MAX, out);
    let count_rescinded = section.flag("count_rescinded", out);
    let has_window = section.has("window_days") || section.has("window_months");
    if section.has("window_days") && section.has("window_months") {
        section.refuse(
            "window_months",
            "a window has days or months: leave one of them out",
            out,
        );
    }
    if section.has("count_rescinded") && !has_window {
        let text = "without a window only loans that are there now count, and a rescinded one is not: leave \
                    `count_rescinded` out, or add `window_days` or `window_months`";
        section.refuse("count_rescinded", text, out);
    }
    Some(Condition::AccountCount {
        maximum: maximum?,
        window: days.map(Window::Days).or(months.map(Window::Months)),
        count_rescinded: count_rescinded.unwrap_or_default(),
    })
}

fn cooling_off(section: &mut Section<'_>, out: &mut Collector<'_>) -> Option<Condition> {
    let hours = section.number("hours", 1..=HOURS_MAX, out);
    let days = section.number("days", 1..=DAYS_MAX, out);
    if section.has("hours") == section.has("days") {
        let text = "say how long to wait: either `hours` or `days`";
        section.refuse("days", text, out);
    }
    let pause = hours.map(Pause::Hours).or(days.map(Pause::Days));
    Some(Condition::CoolingOff(pause?))
}

fn amount_cap(
    section: &mut Section<'_>,
    currency: Option<Currency>,
    out: &mut Collector<'_>,
) -> Option<AmountCap> {
    let before = out.errors.len();
    let maximum = section.amount("maximum", currency, out);
    let income_percent = section.number("income_percent", 1..=PERCENT_MAX, out);
    let from = section.amount("annual_income_from", currency, out);
    let below = section.amount("annual_income_below", currency, out);
    let per_loan = section.flag("per_loan", out).unwrap_or_default();
    if !section.has("maximum") && !section.has("income_percent") {
        let text = "say how much: `maximum`, `income_percent` or both, of which the lesser counts";
        section.refuse("kind", text, out);
    }
    if from.zip(below).is_some_and(|(from, below)| from >= below) {
        let text =
            "`annual_income_below` must be more than `annual_income_from`: no income lies between them";
        section.refuse("annual_income_below", text, out);
    }
    for key in ["whose", "unsecured_only"] {
        if per_loan && section.has(key) {
            let text = format!("a limit per loan looks at no other loan: leave `{key}` out, or `per_loan`");
            section.refuse(key, text, out);
        }
    }
    (out.errors.len() == before).then(|| AmountCap {
        maximum,
        income_percent,
        bracket: (from.is_some() || below.is_some()).then_some(IncomeBracket { from, below }),
        extent: if per_loan { Extent::PerLoan } else { Extent::Total },
    })
}
