//! The rules of validation (V01 to V34), pure: what a message breaks by itself, and what a change breaks against what is
//! on file.
//!
//! A message may be wrong in many ways at once: every rule looks at what it can read and the findings hold them all, in
//! the order of the rules. Descriptions say numbers and dates, never free text, references or tokens. Nothing here
//! decides a status: a code's kind does (`violation`).

mod amounts;
pub mod change;
pub mod consent;
mod dates;
mod delinquency;
mod liabilities;
pub mod message;
#[cfg(test)]
pub mod samples;
#[cfg(test)]
pub mod strategies;
pub mod text;

pub use change::{ChangeKind, Stated, check_change};
pub use consent::{LookUse, check_consent, check_purpose};
pub use liabilities::{check_guarantors, check_kinds, check_roles};
pub use message::{check_message, check_readable};
pub use text::check_reason;

use super::violation::{Code, Violation};

/// The largest amount in minor units: 10^15 (V07).
pub const AMOUNT_MAX: i64 = 1_000_000_000_000_000;

/// What validation found: why it is refused, and what is odd about it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings {
    /// Broken rules, at most [`Violation::COUNT_MAX`]; empty when the message may pass.
    pub violations: Vec<Violation>,
    /// Accepted, but worth a look; at most [`Violation::COUNT_MAX`].
    pub warnings: Vec<Violation>,
}

impl Findings {
    /// Adds a broken rule unless there are too many already.
    pub fn violate(&mut self, code: Code, field: impl Into<String>, description: impl Into<String>) {
        push_capped(&mut self.violations, code, field, description);
    }

    /// Adds a warning unless there are too many already.
    pub fn warn(&mut self, code: Code, field: impl Into<String>, description: impl Into<String>) {
        push_capped(&mut self.warnings, code, field, description);
    }
}

fn push_capped(
    list: &mut Vec<Violation>,
    code: Code,
    field: impl Into<String>,
    description: impl Into<String>,
) {
    if list.len() < Violation::COUNT_MAX {
        list.push(Violation::new(code, field, description));
    }
}
