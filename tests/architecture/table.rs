//! The import table of ARCHITECTURE.md, parsed. The document is the rule: there is no second copy in code.

use std::collections::BTreeSet;

/// What a module may name.
#[derive(Debug, Clone, Default)]
pub struct Grant {
    /// Modules of ours, from the crate's root.
    pub ours: BTreeSet<Vec<String>>,
    /// Crates, by the name that code uses.
    pub others: BTreeSet<String>,
    /// Everything of ours and of others.
    pub anything: bool,
}

/// The table.
#[derive(Debug, Default)]
pub struct Table {
    /// One for each module; a deeper one stands for itself.
    pub rows: Vec<(Vec<String>, Grant)>,
    /// What every module may name besides.
    pub every: Grant,
    /// What test code may name besides.
    pub test: Grant,
}

const HEADER: &str = "| layer | module | of ours | of others |";

impl Table {
    /// Reads the table that starts with [`HEADER`].
    pub fn parse(document: &str) -> Result<Self, String> {
        let mut table = Self::default();
        let rows = document
            .lines()
            .skip_while(|line| line.trim() != HEADER)
            .skip(2)
            .take_while(|line| line.starts_with('|'));
        for row in rows {
            let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
            let [_, module, ours, others] = cells[..] else {
                return Err(format!("not four cells: {row}"));
            };
            let grant = Grant {
                ours: quoted(ours).map(|name| segments(&name)).collect(),
                others: quoted(others).map(|name| name.replace('-', "_")).collect(),
                anything: ours == "anything" && others == "anything",
            };
            match module {
                "every module" => table.every = grant,
                "test code" => table.test = grant,
                _ => {
                    for name in quoted(module) {
                        table.rows.push((segments(&name), grant.clone()));
                    }
                }
            }
        }
        if table.rows.is_empty() {
            return Err(format!("no table under `{HEADER}`"));
        }
        Ok(table)
    }

    /// The row that speaks for a path: the deepest that contains it.
    pub fn row(&self, path: &[String]) -> Option<&(Vec<String>, Grant)> {
        self.rows
            .iter()
            .filter(|(module, _)| path.starts_with(module))
            .max_by_key(|(module, _)| module.len())
    }

    /// Whether `grant` covers our module `path`. A module with a row of its own is never meant by its parent's name.
    pub fn covers(&self, grant: &Grant, path: &[String]) -> bool {
        let own_row = self.row(path).map_or(0, |(module, _)| module.len());
        grant.anything
            || grant
                .ours
                .iter()
                .any(|granted| path.starts_with(granted) && granted.len() >= own_row)
    }
}

/// What stands in backticks.
fn quoted(cell: &str) -> impl Iterator<Item = String> + '_ {
    cell.split('`').skip(1).step_by(2).map(str::to_owned)
}

fn segments(name: &str) -> Vec<String> {
    name.split("::").map(str::to_owned).collect()
}
