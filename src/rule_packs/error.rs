//! What is wrong with a pack: where, what, and how to mend it.

use std::fmt;

/// In which part of a pack something is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// The pack itself.
    Pack,
    /// A rule, by its id; by its number as long as it has none.
    Rule(String),
    /// A case, by its name; by its number as long as it has none.
    Case(String),
}

/// One thing that is wrong with a pack.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct PackError {
    /// The file, or the folder if that is what is wrong.
    pub file: String,
    /// Counts from 1; `None` when it is the file as a whole.
    pub line: Option<usize>,
    /// In which part.
    pub place: Place,
    /// What is wrong and how to mend it.
    pub problem: String,
}

/// Everything that is wrong with a set of packs; never empty.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct PackErrors(pub Vec<PackError>);

impl PackError {
    /// Of a file as a whole.
    pub(super) fn of_file(file: &str, problem: impl Into<String>) -> Self {
        Self {
            file: file.to_owned(),
            line: None,
            place: Place::Pack,
            problem: problem.into(),
        }
    }
}

impl fmt::Display for PackError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        match &self.place {
            Place::Pack => write!(f, ": {}", self.problem),
            Place::Rule(id) => write!(f, ": rule `{id}`: {}", self.problem),
            Place::Case(name) => write!(f, ": case `{name}`: {}", self.problem),
        }
    }
}

impl fmt::Display for PackErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            error.fmt(f)?;
        }
        Ok(())
    }
}
