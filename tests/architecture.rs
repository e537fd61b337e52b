//! Holds the source against ARCHITECTURE.md and the rules of the house. Reads text only; knows nothing of what it means.
//!
//! Each rule is tried on planted violations first (`planted`), so that a rule which sees nothing fails too.

#[path = "architecture/paths.rs"]
mod paths;
#[path = "architecture/planted.rs"]
mod planted;
#[path = "architecture/rules.rs"]
mod rules;
#[path = "architecture/source.rs"]
mod source;
#[path = "architecture/table.rs"]
mod table;
#[path = "architecture/tree.rs"]
mod tree;

use std::fs;
use std::path::Path;

use table::Table;
use tree::Tree;

/// Longest ARCHITECTURE.md, in lines: a map, not a book.
const MAP_LINES_MAX: usize = 200;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn house() -> (Tree, Table) {
    let document = fs::read_to_string(root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md is there");
    let table = Table::parse(&document).expect("ARCHITECTURE.md holds the import table");
    (Tree::read(root()).expect("the sources can be read"), table)
}

#[track_caller]
fn assert_none(broken: &[String]) {
    assert!(
        broken.is_empty(),
        "{} broken:\n{}",
        broken.len(),
        broken.join("\n")
    );
}

#[test]
fn every_module_imports_only_what_its_row_allows() {
    let (tree, table) = house();
    assert_none(&rules::imports(&tree, &table));
}

#[test]
fn the_edge_and_the_engines_stay_behind_their_fences() {
    assert_none(&rules::fences(&house().0));
}

#[test]
fn the_table_names_only_what_exists() {
    let (tree, table) = house();
    assert!(tree.files.len() > 50, "the sources were not found");
    assert_none(&rules::table_is_true(&tree, &table));
}

#[test]
fn callers_statuses_and_the_time_each_come_from_one_place() {
    assert_none(&rules::single_places(&house().0));
}

#[test]
fn nothing_banned_is_left_in() {
    assert_none(&rules::banned(&house().0));
}

#[test]
fn no_file_is_too_long() {
    assert_none(&rules::sizes(&house().0));
}

#[test]
fn migrations_are_numbered_and_every_column_is_explained() {
    assert_none(&rules::migrations(&house().0));
}

#[test]
fn the_map_stays_a_map() {
    let document = fs::read_to_string(root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md is there");
    assert!(document.lines().count() <= MAP_LINES_MAX);
}
