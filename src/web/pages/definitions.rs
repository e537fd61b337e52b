//! Title and exact definition of each indicator.

use crate::domain::language::Language;
use crate::domain::statistics::{Indicator, Published};
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
        cuts: Published::every()
            .filter(|published| published.indicator == indicator && !published.cuts.is_empty())
            .map(|published| {
                let cuts = published.cuts.iter();
                let names: Vec<&str> = cuts.map(|axis| names::axis(*axis, language)).collect();
                names.join(" × ")
            })
            .collect(),
    };
    Indicator::ALL.into_iter().map(named).collect()
}

/// Name and place of a definition for those who link to it.
pub fn link_to(indicator: Indicator, language: Language) -> (String, String) {
    let anchor = format!("/definitions#{}", indicator.name());
    (indicator.title(language).to_owned(), anchor)
}
