//! Where a reader is in a message, and the violations it has met.

use std::fmt;

use crate::domain::validation::Findings;
use crate::domain::violation::{Code, Violation};

/// A place in a message. Costs nothing until it is written out.
#[derive(Debug, Clone, Copy)]
pub enum Path<'a> {
    /// The message itself.
    Root,
    /// A field of the message at `parent`.
    Field {
        /// The message.
        parent: &'a Path<'a>,
        /// The field.
        name: &'a str,
    },
    /// An element of a repeated field of the message at `parent`.
    Element {
        /// The message.
        parent: &'a Path<'a>,
        /// The field.
        name: &'a str,
        /// The element, from 0.
        index: usize,
    },
}

impl<'a> Path<'a> {
    /// A field of this message.
    #[must_use]
    pub const fn field(&'a self, name: &'a str) -> Self {
        Self::Field { parent: self, name }
    }

    /// An element of a repeated field of this message.
    #[must_use]
    pub const fn element(&'a self, name: &'a str, index: usize) -> Self {
        Self::Element {
            parent: self,
            name,
            index,
        }
    }

    fn write_prefix(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => Ok(()),
            Self::Field { .. } | Self::Element { .. } => write!(f, "{self}."),
        }
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => Ok(()),
            Self::Field { parent, name } => {
                parent.write_prefix(f)?;
                f.write_str(name)
            }
            Self::Element { parent, name, index } => {
                parent.write_prefix(f)?;
                write!(f, "{name}[{index}]")
            }
        }
    }
}

/// All violations of one message, at most [`Violation::COUNT_MAX`].
#[derive(Debug, Default)]
pub struct Collector {
    found: Vec<Violation>,
}

impl Collector {
    /// Adds a violation unless there are too many already.
    pub fn refuse(&mut self, code: Code, at: &Path<'_>, description: impl Into<String>) {
        if self.found.len() < Violation::COUNT_MAX {
            self.found.push(Violation::new(code, at.to_string(), description));
        }
    }

    /// Adds that a required field is absent.
    pub fn absent(&mut self, at: &Path<'_>) {
        self.refuse(
            Code::FieldRequired,
            at,
            "it is missing; the contract says what belongs there",
        );
    }

    /// Adds violations that were found elsewhere.
    pub fn extend(&mut self, violations: impl IntoIterator<Item = Violation>) {
        let room = Violation::COUNT_MAX.saturating_sub(self.found.len());
        self.found.extend(violations.into_iter().take(room));
    }

    /// Adds the violations of some findings; warnings are dropped.
    pub fn extend_from(&mut self, findings: Findings) {
        self.extend(findings.violations);
    }

    /// Whether nothing was found.
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// What was found.
    pub fn into_violations(self) -> Vec<Violation> {
        self.found
    }

    /// The value if it was read and nothing was found, all violations otherwise.
    ///
    /// A value that is absent without a violation would be a reader's mistake; it is refused as a missing message.
    pub fn finish<T>(mut self, value: Option<T>) -> Result<T, Vec<Violation>> {
        match value {
            Some(value) if self.found.is_empty() => Ok(value),
            Some(_) => Err(self.found),
            None => {
                if self.found.is_empty() {
                    self.absent(&Path::Root);
                }
                Err(self.found)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_read_as_the_contract_names_fields() {
        let root = Path::Root;
        let position = root.field("position");
        let liability = position.element("liabilities", 0);
        let token = liability.element("tokens", 1);
        assert_eq!(
            token.field("value").to_string(),
            "position.liabilities[0].tokens[1].value"
        );
        assert_eq!(root.element("tokens", 2).to_string(), "tokens[2]");
        assert_eq!(root.to_string(), "");
    }

    #[test]
    fn violations_are_collected_up_to_their_limit() {
        for (count, kept) in [
            (Violation::COUNT_MAX - 1, Violation::COUNT_MAX - 1),
            (Violation::COUNT_MAX, Violation::COUNT_MAX),
            (Violation::COUNT_MAX + 1, Violation::COUNT_MAX),
        ] {
            let mut single = Collector::default();
            (0..count).for_each(|_| single.absent(&Path::Root));
            let violations = single.into_violations();
            assert_eq!(violations.len(), kept);
            let mut twice = Collector::default();
            twice.extend(violations.clone());
            twice.extend(violations);
            assert_eq!(twice.into_violations().len(), Violation::COUNT_MAX);
        }
    }

    #[test]
    fn a_value_is_given_only_when_nothing_was_found() {
        assert_eq!(Collector::default().finish(Some(1)), Ok(1));
        assert!(Collector::default().finish::<i32>(None).is_err());
        let mut collector = Collector::default();
        collector.absent(&Path::Root);
        assert!(collector.finish(Some(1)).is_err());
    }
}
