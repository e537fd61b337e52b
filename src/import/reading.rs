//! What was wrong with one foreign record while it was read: everything at once, and nothing of the record in the texts.
//!
//! A field that cannot be read gets a placeholder and is named to the rules of the message, so that one mistake is told
//! once (`domain::validation::check_readable`).

use std::borrow::Cow;

use chrono::NaiveDate;

use super::Unreadable;
use crate::domain::names::AccountRef;
use crate::domain::position::Position;
use crate::domain::validation::check_readable;
use crate::domain::violation::{Code, Violation};
use crate::identity::named::Named;
use crate::identity::normalise::NormaliseError;

/// Why a field cannot be read; the text never holds a value of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wrong {
    pub(super) code: Code,
    pub(super) text: Cow<'static, str>,
}

impl Wrong {
    pub(super) const fn format(text: &'static str) -> Self {
        Self {
            code: Code::Format,
            text: Cow::Borrowed(text),
        }
    }

    pub(super) const fn unknown(text: &'static str) -> Self {
        Self {
            code: Code::EnumUnknown,
            text: Cow::Borrowed(text),
        }
    }

    pub(super) const fn missing(text: &'static str) -> Self {
        Self {
            code: Code::FieldRequired,
            text: Cow::Borrowed(text),
        }
    }
}

impl From<NormaliseError> for Wrong {
    /// The texts of the normaliser say nothing about the identifier.
    fn from(error: NormaliseError) -> Self {
        Self {
            code: Code::Format,
            text: Cow::Owned(error.to_string()),
        }
    }
}

/// The problems of one record so far.
#[derive(Debug, Default)]
pub(super) struct Problems {
    violations: Vec<Violation>,
    unreadable: Vec<&'static str>,
}

impl Problems {
    /// Adds a problem of a field of the position; the field counts as unreadable.
    pub(super) fn refuse(&mut self, field: &'static str, wrong: Wrong) {
        self.unreadable.push(field);
        self.tell(format!("position.{field}"), wrong);
    }

    /// Adds a problem at a path of its own.
    pub(super) fn tell(&mut self, path: String, wrong: Wrong) {
        if self.violations.len() < Violation::COUNT_MAX {
            self.violations.push(Violation::new(wrong.code, path, wrong.text));
        }
    }

    /// Keeps the rules silent about a field that depends on one that could not be read.
    pub(super) fn hide(&mut self, field: &'static str) {
        self.unreadable.push(field);
    }

    /// What was read, or its problem noted and a placeholder.
    pub(super) fn take<T>(&mut self, field: &'static str, read: Result<T, Wrong>, placeholder: T) -> T {
        match read {
            Ok(value) => value,
            Err(wrong) => {
                self.refuse(field, wrong);
                placeholder
            }
        }
    }

    /// Whether nothing was wrong so far.
    pub(super) fn is_empty(&self) -> bool {
        self.violations.is_empty()
    }

    /// The problems alone, for a record that has no position.
    pub(super) fn into_unreadable(self, account_ref: Option<AccountRef>) -> Unreadable {
        Unreadable {
            account_ref,
            violations: self.violations,
        }
    }

    /// The position if nothing was wrong; else everything, what the rules find in the rest included.
    pub(super) fn judge(
        mut self,
        position: Position<Named>,
        account_ref: Option<AccountRef>,
        today: NaiveDate,
    ) -> Result<Position<Named>, Unreadable> {
        if self.is_empty() {
            return Ok(position);
        }
        let found = check_readable(&position, today, &self.unreadable).violations;
        let room = Violation::COUNT_MAX.saturating_sub(self.violations.len());
        self.violations.extend(found.into_iter().take(room));
        Err(self.into_unreadable(account_ref))
    }
}

/// One problem and nothing else.
pub(super) fn unreadable(account_ref: Option<AccountRef>, path: &str, wrong: Wrong) -> Unreadable {
    Unreadable {
        account_ref,
        violations: vec![Violation::new(wrong.code, path, wrong.text)],
    }
}

/// The reference that stands for an account whose own cannot be read, where a position needs one.
pub(super) fn placeholder_ref() -> AccountRef {
    AccountRef::parse("unreadable").expect("letters are allowed")
}
