//! What was found while a row is read.

use chrono::NaiveDate;

use super::scalar::{self, AmountFault};
use crate::domain::validation::AMOUNT_MAX;
use crate::domain::violation::{Code, Violation};
use crate::import::table::codes::{FileCode, Meaning};

/// Violations so far, at most [`Violation::COUNT_MAX`], and the fields that hold placeholders.
#[derive(Debug, Default)]
pub(super) struct Draft {
    found: Vec<Violation>,
    unreadable: Vec<&'static str>,
    /// What the service would find beside, told only when the row is refused anyway.
    later: Vec<Violation>,
}

impl Draft {
    pub(super) fn new(before: Vec<Violation>) -> Self {
        let mut draft = Self::default();
        draft.judged(before);
        draft
    }

    /// Whether nothing is wrong.
    pub(super) fn is_clean(&self) -> bool {
        self.found.is_empty() && self.unreadable.is_empty()
    }

    /// The fields that hold placeholders.
    pub(super) fn unreadable(&self) -> &[&'static str] {
        &self.unreadable
    }

    /// Everything that was found.
    pub(super) fn into_violations(mut self) -> Vec<Violation> {
        let later = std::mem::take(&mut self.later);
        self.judged(later);
        self.found
    }

    /// Adds what alone is no reason to refuse the row here: the service judges it.
    pub(super) fn later(&mut self, violation: Violation) {
        self.later.push(violation);
    }

    /// Adds what was found elsewhere.
    pub(super) fn judged(&mut self, violations: Vec<Violation>) {
        let room = Violation::COUNT_MAX.saturating_sub(self.found.len());
        self.found.extend(violations.into_iter().take(room));
    }

    /// Adds a violation unless there are too many already.
    pub(super) fn refuse(&mut self, code: Code, path: impl Into<String>, text: impl Into<String>) {
        if self.found.len() < Violation::COUNT_MAX {
            self.found.push(Violation::new(code, path, text));
        }
    }

    /// Adds that a required field is absent.
    pub(super) fn absent(&mut self, path: impl Into<String>) {
        self.refuse(
            Code::FieldRequired,
            path,
            "it is missing; the file guide says what belongs there",
        );
    }

    /// Adds that a code is none of its enum's, and names those that are.
    pub(super) fn refuse_code<E: FileCode>(&mut self, path: impl Into<String>) {
        let text = format!(
            "it is not one of its values; choose one of {}",
            E::names().join(", ")
        );
        self.refuse(Code::EnumUnknown, path, text);
    }

    /// What was read of a field, or a placeholder.
    pub(super) fn or<T>(&mut self, field: &'static str, value: Option<T>, placeholder: T) -> T {
        value.unwrap_or_else(|| {
            self.hides(field);
            placeholder
        })
    }

    /// Notes that a field holds a placeholder.
    pub(super) fn hides(&mut self, field: &'static str) {
        if !self.unreadable.contains(&field) {
            self.unreadable.push(field);
        }
    }

    /// A date, or why it is none.
    pub(super) fn date(&mut self, cell: &str, path: impl FnOnce() -> String) -> Option<NaiveDate> {
        let read = scalar::date(cell);
        if read.is_none() {
            let text = "it is no day of the calendar written as YYYY-MM-DD, such as 2026-06-14";
            self.refuse(Code::Format, path(), text);
        }
        read
    }

    /// A code that must be there.
    pub(super) fn code<E: FileCode>(
        &mut self,
        cell: Option<&str>,
        path: impl FnOnce() -> String,
    ) -> Option<E> {
        match cell.map(E::parse) {
            Some(Some(Meaning::Value(value))) => Some(value),
            Some(Some(Meaning::Unspecified)) | None => {
                let text = format!("it is missing; choose one of {}", E::names().join(", "));
                self.refuse(Code::FieldRequired, path(), text);
                None
            }
            Some(None) => {
                self.refuse_code::<E>(path());
                None
            }
        }
    }

    /// An amount, or why it is none.
    pub(super) fn amount(&mut self, path: &str, read: Result<i64, AmountFault>) -> Option<i64> {
        let (code, text) = match read {
            Ok(amount) => return Some(amount),
            Err(AmountFault::Form) => (
                Code::Format,
                "it is not an amount; write digits and at most one point, without thousands separators or exponent"
                    .to_owned(),
            ),
            Err(AmountFault::Decimals) => (
                Code::Format,
                "it has more decimals than the currency; round it as your books do, not here".to_owned(),
            ),
            Err(AmountFault::TooLarge) => (
                Code::AmountOverflow,
                format!("it is too large; the largest amount is {AMOUNT_MAX} minor units"),
            ),
            Err(AmountFault::TooNegative) => (
                Code::AmountNegative,
                "amounts are never negative; report a credit balance as 0".to_owned(),
            ),
        };
        self.refuse(code, path, text);
        None
    }
}
