//! Title and exact definition of each indicator.

use crate::domain::language::Language;
use crate::domain::statistics::Indicator;
use crate::web::names;

/// A definition as the page shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definition {
    /// The indicator's name on the wire, and its place on the page.
    pub name: &'static str,
    pub title: &'static str,
    pub text: &'static str,
    /// What it is cut by in the published tables.
    pub cuts: Vec<String>,
}

/// All of them, in the order of the tables.
pub fn definitions(language: Language) -> Vec<Definition> {
    let named = |indicator: Indicator| Definition {
        name: indicator.name(),
        title: indicator.title(language),
        text: indicator.definition(language),
        cuts: indicator
            .cuts()
            .iter()
            .filter(|cuts| !cuts.is_empty())
            .map(|cuts| {
                let names: Vec<&str> = cuts.iter().map(|axis| names::axis(*axis, language)).collect();
                names.join(" × ")
            })
            .collect(),
    };
    Indicator::ALL.into_iter().map(named).collect()
}
