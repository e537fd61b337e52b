//! The rules. Each returns what breaks it, as `file:line: what, and what to do`.

use crate::paths::{Mention, Target};
use crate::source::{Kind, Token};
use crate::table::{Grant, Table};
use crate::tree::{File, Tree};

/// The one file whose tests may wait by the clock: it has the helper that asks again until something holds.
const WAITING: &str = "tests/integration/harness/mod.rs";

/// Longest file of ours, in lines.
pub const FILE_LINES_MAX: usize = 500;

/// Crates that stay behind a fence whatever the table says, and the modules behind it.
const FENCES: [(&[&str], &[&str]); 3] = [
    (
        &[
            "tonic",
            "tonic_prost",
            "tonic_types",
            "tonic_health",
            "tonic_reflection",
            "prost",
            "prost_types",
        ],
        &["wire", "server", "client"],
    ),
    (&["rusqlite"], &["store::sqlite", "client::cache"]),
    (
        &["tokio_postgres", "deadpool_postgres", "tokio_postgres_rustls"],
        &["store::postgres"],
    ),
];

/// Marks of unfinished work, put together here so that they do not stand in this file.
fn unfinished() -> [String; 3] {
    ["TO", "FIX", "XX"].map(|start| match start {
        "TO" => format!("{start}DO"),
        "FIX" => format!("{start}ME"),
        _ => format!("{start}X"),
    })
}

/// Who may name whom, by the table.
pub fn imports(tree: &Tree, table: &Table) -> Vec<String> {
    let mut broken = Vec::new();
    for file in &tree.files {
        let Some((module, grant)) = table.row(&file.module) else {
            if !file.outline.mentions.is_empty() {
                broken.push(format!(
                    "{}: module `{}` has no row in ARCHITECTURE.md; add one",
                    file.path,
                    file.module.join("::")
                ));
            }
            continue;
        };
        for mention in &file.outline.mentions {
            let grants: Vec<&Grant> = [
                Some(grant),
                Some(&table.every),
                mention.in_test.then_some(&table.test),
            ]
            .into_iter()
            .flatten()
            .collect();
            let refused = match &mention.target {
                Target::Ours(path) => our_refusal(tree, table, file, path, &grants),
                Target::Elsewhere(path) => crate_refusal(tree, path, &grants),
            };
            if let Some(what) = refused {
                let row = module.join("::");
                broken.push(format!(
                    "{}:{}: {what}; the row of `{row}` in ARCHITECTURE.md does not allow it",
                    file.path, mention.line
                ));
            }
        }
    }
    broken
}

fn our_refusal(
    tree: &Tree,
    table: &Table,
    file: &File,
    path: &[String],
    grants: &[&Grant],
) -> Option<String> {
    let Some(top) = path.first() else {
        return Some("names everything at the crate's root".into());
    };
    // An item at the root itself (a macro) belongs to no module.
    let is_module = tree.modules.iter().any(|module| module.first() == Some(top));
    if !is_module || file.module.first() == Some(top) {
        return None;
    }
    let covered = grants.iter().any(|grant| table.covers(grant, path));
    (!covered).then(|| format!("names `crate::{}`", path.join("::")))
}

fn crate_refusal(tree: &Tree, path: &[String], grants: &[&Grant]) -> Option<String> {
    let name = path.first()?;
    let covered = grants
        .iter()
        .any(|grant| grant.anything || grant.others.contains(name));
    (tree.crates.contains(name) && !covered).then(|| format!("names the crate `{name}`"))
}

/// Crates behind a fence: the table alone cannot open it.
pub fn fences(tree: &Tree) -> Vec<String> {
    let mut broken = Vec::new();
    for (file, mention, path) in elsewhere(tree) {
        for (crates, homes) in FENCES {
            let module = file.module.join("::");
            let at_home = homes
                .iter()
                .any(|home| module == *home || module.starts_with(&format!("{home}::")));
            if crates.contains(&path[0].as_str()) && !at_home {
                broken.push(format!(
                    "{}:{}: names `{}`, which belongs to {} alone",
                    file.path,
                    mention.line,
                    path[0],
                    homes.join(", ")
                ));
            }
        }
    }
    broken
}

fn elsewhere(tree: &Tree) -> impl Iterator<Item = (&File, &Mention, &Vec<String>)> {
    tree.files.iter().flat_map(|file| {
        file.outline
            .mentions
            .iter()
            .filter_map(move |mention| match &mention.target {
                Target::Elsewhere(path) => Some((file, mention, path)),
                Target::Ours(_) => None,
            })
    })
}

/// The table and the tree name the same things.
pub fn table_is_true(tree: &Tree, table: &Table) -> Vec<String> {
    let mut broken = Vec::new();
    let known = |path: &[String]| tree.modules.iter().any(|module| module.starts_with(path));
    let rows = table
        .rows
        .iter()
        .map(|(module, grant)| (module.join("::"), grant));
    let extra = [
        ("every module".to_owned(), &table.every),
        ("test code".to_owned(), &table.test),
    ];
    for (module, _) in &table.rows {
        if !known(module) {
            broken.push(format!("ARCHITECTURE.md: `{}` is no module", module.join("::")));
        }
    }
    for (name, grant) in rows.chain(extra) {
        for path in grant.ours.iter().filter(|path| !known(path)) {
            let path = path.join("::");
            broken.push(format!("ARCHITECTURE.md: row {name}: `{path}` is no module"));
        }
        for other in grant.others.iter().filter(|other| !tree.crates.contains(*other)) {
            broken.push(format!(
                "ARCHITECTURE.md: row {name}: `{other}` is not in Cargo.toml"
            ));
        }
    }
    broken
}

/// One call makes a `Caller`, one file builds a `Status`, one file reads the clock.
pub fn single_places(tree: &Tree) -> Vec<String> {
    let mut broken = Vec::new();
    for file in tree.files.iter().filter(|file| !file.in_test) {
        for window in file.tokens.windows(3) {
            let [left, sep, right] = window else { continue };
            let (Some(left), true, Some(right)) = (left.word(), sep.kind == Kind::PathSep, right.word())
            else {
                continue;
            };
            if file.outline.test_lines.contains(&sep.line) {
                continue;
            }
            let home = match (left, right) {
                ("Caller", "authenticated") => "src/members/authenticate.rs",
                ("Utc" | "Local" | "SystemTime", "now") => "src/domain/clock.rs",
                ("Status", made)
                    if made.starts_with(char::is_lowercase) && file.path.starts_with("src/server/") =>
                {
                    "src/server/status.rs"
                }
                _ => continue,
            };
            // A file of tests is no part of the program.
            if file.path != home && !file.path.ends_with("/tests.rs") {
                broken.push(format!(
                    "{}:{}: `{left}::{right}` belongs in {home} alone",
                    file.path, sep.line
                ));
            }
        }
    }
    broken
}

/// What no file may hold: debugging left-overs, switched-off tests, sleeps in tests, casts, floats and hash order in the domain.
pub fn banned(tree: &Tree) -> Vec<String> {
    let mut broken = Vec::new();
    for file in tree.files.iter().chain(&tree.around) {
        let mut report = |line: usize, what: String| broken.push(format!("{}:{line}: {what}", file.path));
        for (name, line) in &file.outline.attributes {
            if name == "ignore" {
                report(*line, "a test is switched off; mend it or remove it".into());
            }
        }
        for pair in file.tokens.windows(2) {
            let line = pair[0].line;
            let test = file.in_test || file.outline.test_lines.contains(&line);
            if let Some(what) = banned_pair(&pair[0], &pair[1], file, test) {
                report(line, what);
            }
        }
        for triple in file.tokens.windows(3) {
            let words = (triple[0].word(), triple[2].word());
            let test = file.in_test || file.outline.test_lines.contains(&triple[0].line);
            let sleeps = match words {
                (Some("thread"), Some("sleep")) => true,
                (Some("time"), Some("sleep" | "sleep_until")) => test && file.path != WAITING,
                _ => false,
            };
            if sleeps && triple[1].kind == Kind::PathSep {
                report(
                    triple[0].line,
                    "sleeps; inject a clock, or wait for what you wait for".into(),
                );
            }
        }
        for (index, comment) in file.comments.lines().enumerate() {
            if let Some(mark) = unfinished_in(comment) {
                report(index + 1, format!("{mark} in a comment; do it, or file it"));
            }
        }
    }
    for (path, text) in &tree.texts {
        for (index, line) in text.lines().enumerate() {
            if let Some(mark) = unfinished_in(line) {
                broken.push(format!("{path}:{}: {mark}; do it, or file it", index + 1));
            }
        }
    }
    broken
}

fn unfinished_in(text: &str) -> Option<String> {
    unfinished().into_iter().find(|mark| {
        text.split(|c: char| !c.is_alphanumeric())
            .any(|word| word == mark)
    })
}

fn banned_pair(first: &Token, second: &Token, file: &File, test: bool) -> Option<String> {
    let word = first.word()?;
    if second.is('!') && matches!(word, "dbg" | "todo" | "unimplemented") {
        return Some(format!("`{word}!` is left in"));
    }
    let cast = second.word().is_some_and(|to| NUMBERS.contains(&to));
    if word == "as" && cast && !test && file.path.starts_with("src/") {
        return Some("`as` casts lose values; use `try_from` or `from`".into());
    }
    let in_domain = file.module.first().is_some_and(|top| top == "domain");
    match word {
        "HashMap" | "HashSet" if in_domain => Some(format!("`{word}` has no order; use its BTree twin")),
        "f32" | "f64" if in_domain => Some("floats have no place near money or days".into()),
        _ => None,
    }
}

const NUMBERS: [&str; 14] = [
    "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64", "i128", "isize", "f32", "f64",
];

/// No file grows beyond what one can hold in mind.
pub fn sizes(tree: &Tree) -> Vec<String> {
    tree.files
        .iter()
        .chain(&tree.around)
        .filter(|file| file.lines > FILE_LINES_MAX)
        .map(|file| {
            format!(
                "{}: {} lines; at most {FILE_LINES_MAX}: find the noun that wants a file of its own",
                file.path, file.lines
            )
        })
        .collect()
}

/// Migrations count from 0001 without a gap, alike for each engine, and comment every table and column.
pub fn migrations(tree: &Tree) -> Vec<String> {
    let mut broken = Vec::new();
    let names = |engine: &str| -> Vec<&str> {
        let folder = format!("migrations/{engine}/");
        let below = tree.texts.keys().filter_map(|path| path.strip_prefix(&folder));
        below.collect()
    };
    let sqlite = names("sqlite");
    for (index, name) in sqlite.iter().enumerate() {
        if !name.starts_with(&format!("{:04}_", index + 1)) || !name.ends_with(".sql") {
            broken.push(format!(
                "migrations/sqlite/{name}: expected number {:04}",
                index + 1
            ));
        }
    }
    let postgres = names("postgres");
    if !postgres.is_empty() && postgres != sqlite {
        broken.push("migrations: both engines need the same numbers and names".into());
    }
    for (path, text) in &tree.texts {
        if path.starts_with("migrations/") {
            broken.extend(uncommented(path, text));
        }
    }
    broken
}

fn uncommented(path: &str, text: &str) -> Vec<String> {
    let mut broken = Vec::new();
    let mut in_table = false;
    let mut before = "";
    for (index, line) in text.lines().enumerate() {
        let commented = before.trim_start().starts_with("--");
        if line.starts_with("CREATE TABLE") {
            in_table = true;
            if !commented {
                broken.push(format!("{path}:{}: say above the table what it holds", index + 1));
            }
        } else if line.starts_with(')') {
            in_table = false;
        } else if in_table && is_column(line) && !commented && !line.contains("--") {
            broken.push(format!(
                "{path}:{}: say what the column means, its unit, and whether it identifies a person",
                index + 1
            ));
        }
        before = line;
    }
    broken
}

/// A column starts with its name in lower case; constraints and continuations start otherwise.
fn is_column(line: &str) -> bool {
    line.trim_start().starts_with(|c: char| c.is_ascii_lowercase())
}
