//! An exposure answer as a credit officer reads it.

use std::fmt::Write as _;

use super::output::{amount, table};
use crate::domain::currency::Currency;
use crate::wire::pb;

/// Largest count that is exact; one more means "that many or more".
const COUNT_EXACT_MAX: u32 = 9;

/// The whole answer.
pub fn render(answer: &pb::ExposureAnswer) -> String {
    let mut text = headline(answer);
    let exponent = Currency::parse(&answer.currency).map_or(2, |currency| currency.exponent());
    if let Some(others) = &answer.others {
        let money = |band: &Option<pb::AmountBand>| band_text(band.as_ref(), exponent, &answer.currency);
        let mut figures = table(&["Everybody but you", ""]);
        for (label, value) in figures_of(others, &money) {
            figures.add_row([label, &value]);
        }
        let _ = write!(text, "\n{figures}\n{}\n", velocity(others, &money));
    }
    if let Some(own) = &answer.own {
        let _ = writeln!(
            text,
            "Your own part: {} active accounts, {} {} outstanding, {} days with a hard inquiry in the last 360",
            own.active_accounts,
            amount(own.outstanding, exponent),
            answer.currency,
            own.hard_inquiries_360_days
        );
    }
    text
}

/// State, match, coverage and signals.
pub fn headline(answer: &pb::ExposureAnswer) -> String {
    let mut text = format!(
        "{} ({}), coverage {} %\n",
        words(answer.state().as_str_name(), "SUBJECT_STATE_"),
        words(answer.match_level().as_str_name(), "MATCH_LEVEL_"),
        answer.coverage_percent
    );
    for signal in &answer.signals {
        let name = words(signal.r#type().as_str_name(), "STACKING_SIGNAL_TYPE_");
        let _ = writeln!(text, "  ! {name}: {}", signal.description);
    }
    text
}

type Money<'a> = &'a dyn Fn(&Option<pb::AmountBand>) -> String;

fn figures_of(others: &pb::OthersExposure, money: Money<'_>) -> Vec<(&'static str, String)> {
    let bucket =
        |bucket: pb::DelinquencyBucket| words(bucket.as_str_name(), "DELINQUENCY_BUCKET_").to_uppercase();
    let months = match others.months_since_past_due {
        24.. => "24 or more, or never".to_owned(),
        months => months.to_string(),
    };
    vec![
        ("active lenders", count(others.active_lenders)),
        ("active accounts", count(others.active_accounts)),
        ("outstanding", money(&others.outstanding)),
        ("of it unsecured", money(&others.outstanding_unsecured)),
        ("credit limits", money(&others.credit_limit)),
        ("monthly obligation", money(&others.monthly_obligation)),
        ("worst bucket now", bucket(others.worst_bucket_now())),
        (
            "worst bucket in 24 months",
            bucket(others.worst_bucket_24_months()),
        ),
        ("accounts past due", count(others.past_due_accounts)),
        ("formally overdue", count(others.formal_overdue_accounts)),
        ("overdue amount", money(&others.overdue_amount)),
        ("months since past due", months),
    ]
}

fn velocity(others: &pb::OthersExposure, money: Money<'_>) -> comfy_table::Table {
    let mut velocity = table(&[
        "Window",
        "inquiries",
        "lenders asking",
        "new accounts",
        "new lenders",
        "new amount",
    ]);
    for row in &others.velocity {
        let window = match row.window {
            Some(pb::window_count::Window::Hours(hours)) => format!("{hours} h"),
            Some(pb::window_count::Window::Days(days)) => format!("{days} d"),
            None => "?".to_owned(),
        };
        velocity.add_row([
            window,
            count(row.hard_inquiries),
            count(row.inquiring_lenders),
            count(row.new_accounts),
            count(row.new_lenders),
            money(&row.new_amount),
        ]);
    }
    velocity
}

/// 10 means "10 or more".
pub fn count(count: u32) -> String {
    if count > COUNT_EXACT_MAX {
        format!("{count}+")
    } else {
        count.to_string()
    }
}

/// A band as people say it.
pub fn band_text(band: Option<&pb::AmountBand>, exponent: u32, currency: &str) -> String {
    match band {
        None => "–".to_owned(),
        Some(band) if band.open_ended => format!("over {} {currency}", amount(band.up_to, exponent)),
        Some(band) if band.up_to == 0 => "none".to_owned(),
        Some(band) => format!("up to {} {currency}", amount(band.up_to, exponent)),
    }
}

/// `SUBJECT_STATE_NO_RECORD` as "no record".
pub fn words(name: &str, prefix: &str) -> String {
    name.strip_prefix(prefix)
        .unwrap_or(name)
        .replace('_', " ")
        .to_lowercase()
}
