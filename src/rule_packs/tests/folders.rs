use std::fs;
use std::path::Path;

use chrono::NaiveDate;
use tempfile::TempDir;

use super::*;

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

fn write(folder: &TempDir, file: &str, text: &str) {
    fs::write(folder.path().join(file), text).expect("written");
}

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a day")
}

/// A small pack.
fn small(name: &str, version: u32, first_day: &str, maximum: u32) -> String {
    format!(
        "name = \"{name}\"\nversion = {version}\nstatus = \"a test\"\nsources = [\"nowhere\"]\ncurrency = \"CNY\"\n\
         first_day = {first_day}\ntitle = {{ en = \"A test\", zh = \"测试\" }}\n\
         [[rule]]\nid = \"lenders\"\nkind = \"lender-count\"\nmaximum = {maximum}\n"
    )
}

fn library(folder: &TempDir) -> Library {
    Library::open(Some(folder.path().to_owned())).expect("nothing is wrong")
}

fn versions(changed: &[PackVersion]) -> Vec<String> {
    changed.iter().map(ToString::to_string).collect()
}

#[test]
fn without_a_folder_there_are_the_shipped_packs() {
    let library = Library::open(None).expect("nothing is wrong");
    assert_eq!(*library.current(), shipped());
    assert!(!library.has_changed());
    assert!(library.reload().expect("nothing is wrong").is_nothing());
    assert!(library.current().get("us-fl", day("2025-12-31")).is_none());
    assert!(library.current().get("us-fl", day("2026-01-01")).is_some());
    assert!(library.current().get("nowhere", day("2026-01-01")).is_none());
}

#[test]
fn the_highest_version_in_force_on_a_day_is_taken() {
    let folder = folder();
    let ending = small("limits", 2, "2026-03-01", 2).replace("currency", "last_day = 2026-03-31\ncurrency");
    write(&folder, "1.toml", &small("limits", 1, "2026-01-01", 1));
    write(&folder, "2.toml", &ending);
    write(&folder, "3.toml", &small("limits", 3, "2026-06-01", 3));
    let packs = library(&folder).current();
    for (text, version) in [
        ("2025-12-31", None),
        ("2026-01-01", Some(1)),
        ("2026-02-28", Some(1)),
        ("2026-03-01", Some(2)),
        ("2026-03-31", Some(2)),
        // What was replaced for a month is in force again.
        ("2026-04-01", Some(1)),
        ("2026-06-01", Some(3)),
    ] {
        let pack = packs.get("limits", day(text));
        assert_eq!(pack.map(|pack| pack.version), version, "{text}");
    }
    let all: Vec<u32> = packs
        .versions_of("limits")
        .map(|file| file.pack.version)
        .collect();
    assert_eq!(all, [1, 2, 3]);
    let second = PackVersion {
        name: "limits".to_owned(),
        version: 2,
    };
    assert!(packs.find(&second).is_some());
    assert_eq!(packs.names().filter(|name| *name == "limits").count(), 1);
}

#[test]
fn a_folder_takes_the_place_of_shipped_packs_of_the_same_name() {
    let folder = folder();
    write(&folder, "florida.toml", &small("us-fl", 7, "2026-01-01", 1));
    let library = library(&folder);
    let packs = library.current();
    assert_eq!(packs.versions_of("us-fl").count(), 1);
    assert_eq!(
        packs.get("us-fl", day("2026-06-15")).map(|pack| pack.version),
        Some(7)
    );
    assert!(packs.get("us-il", day("2026-06-15")).is_some());
    fs::remove_file(folder.path().join("florida.toml")).expect("removed");
    let changed = library.reload().expect("nothing is wrong");
    assert_eq!(versions(&changed.added), ["us-fl 1"]);
    assert_eq!(versions(&changed.removed), ["us-fl 7"]);
    assert_eq!(*library.current(), shipped());
}

#[test]
fn a_reload_exchanges_all_or_nothing() {
    let folder = folder();
    write(&folder, "a.toml", &small("a", 1, "2026-01-01", 1));
    let library = library(&folder);
    let before = library.current();
    write(&folder, "b.toml", &small("b", 1, "2026-01-01", 1));
    write(&folder, "c.toml", &small("c", 1, "2026-01-01", 0));
    write(&folder, "d.toml", "name = ");
    assert!(library.has_changed());
    let errors = library.reload().expect_err("two files are wrong").0;
    assert_eq!(errors.len(), 2);
    assert!(
        errors[0].file.ends_with("c.toml") && errors[0].line == Some(11),
        "{errors:?}"
    );
    assert_eq!(errors[0].place, Place::Rule("lenders".to_owned()));
    assert!(errors[1].file.ends_with("d.toml"));
    assert_eq!(*library.current(), *before);
    // What failed is not tried again until it is another text.
    assert!(!library.has_changed());
    fs::remove_file(folder.path().join("d.toml")).expect("removed");
    write(&folder, "c.toml", &small("c", 1, "2026-01-01", 2));
    assert!(library.has_changed());
    let changed = library.reload().expect("nothing is wrong");
    assert_eq!(versions(&changed.added), ["b 1", "c 1"]);
    assert!(changed.removed.is_empty());
    // Who took the old ones keeps them.
    assert!(before.get("b", day("2026-06-15")).is_none());
    assert!(library.current().get("b", day("2026-06-15")).is_some());
}

#[test]
fn another_text_needs_another_version() {
    let folder = folder();
    write(&folder, "a.toml", &small("a", 1, "2026-01-01", 1));
    let library = library(&folder);
    write(&folder, "a.toml", &small("a", 1, "2026-01-01", 2));
    let refused = |library: &Library| {
        let errors = library.reload().expect_err("the version is the same").0;
        assert_eq!(errors.len(), 1);
        assert!(errors[0].problem.contains("raise `version`"), "{}", errors[0]);
    };
    refused(&library);
    // Not even behind a version between.
    write(&folder, "a.toml", &small("a", 2, "2026-01-01", 2));
    let changed = library.reload().expect("nothing is wrong");
    assert_eq!(
        (versions(&changed.added), versions(&changed.removed)),
        (vec!["a 2".to_owned()], vec!["a 1".to_owned()])
    );
    write(&folder, "a.toml", &small("a", 1, "2026-01-01", 3));
    refused(&library);
    write(&folder, "a.toml", &small("a", 1, "2026-01-01", 1));
    library.reload().expect("the text is that of version 1");
}

#[test]
fn two_files_of_one_version_are_refused() {
    let folder = folder();
    write(&folder, "a.toml", &small("a", 1, "2026-01-01", 1));
    write(&folder, "b.toml", &small("a", 1, "2026-01-01", 1));
    let errors = read_folder(folder.path()).expect_err("they are the same").0;
    assert_eq!(errors.len(), 1);
    assert!(errors[0].file.ends_with("b.toml"), "{}", errors[0]);
    assert!(errors[0].problem.contains("it holds a 1, as "), "{}", errors[0]);
}

#[test]
fn only_visible_files_that_end_in_toml_are_packs() {
    let folder = folder();
    write(&folder, ".a.toml", "nonsense");
    write(&folder, "README.md", "nonsense");
    write(&folder, "a.toml.bak", "nonsense");
    fs::create_dir(folder.path().join("more.toml")).expect("made");
    assert_eq!(read_folder(folder.path()), Ok(Packs::default()));
}

#[test]
fn what_cannot_be_read_is_told() {
    let folder = folder();
    let missing = folder.path().join("missing");
    let errors = Library::open(Some(missing.clone()))
        .expect_err("there is no folder")
        .0;
    assert_eq!(errors[0].file, missing.display().to_string());
    assert!(
        errors[0].problem.contains("cannot be read (entity not found)"),
        "{}",
        errors[0]
    );
    fs::write(folder.path().join("a.toml"), [0xff, 0xfe]).expect("written");
    let errors = read_folder(folder.path()).expect_err("it is no text").0;
    assert!(errors[0].problem.contains("not UTF-8"), "{}", errors[0]);
    // A character that is cut by the limit is not the mistake.
    let long = "é".repeat(FILE_BYTES_MAX);
    write(&folder, "a.toml", &long);
    let errors = read_folder(folder.path()).expect_err("it is too long").0;
    assert!(errors[0].problem.contains("longer than"), "{}", errors[0]);
    assert!(read_file(Path::new("/nonexistent/pack.toml")).is_err());
}

#[test]
fn a_folder_holds_so_many_files_at_most() {
    let folder = folder();
    for number in 0..FILES_MAX - 1 {
        let name = format!("p{number}");
        write(
            &folder,
            &format!("{name}.toml"),
            &small(&name, 1, "2026-01-01", 1),
        );
    }
    assert!(read_folder(folder.path()).is_ok());
    write(&folder, "at.toml", &small("at", 1, "2026-01-01", 1));
    assert!(read_folder(folder.path()).is_ok());
    write(&folder, "above.toml", &small("above", 1, "2026-01-01", 1));
    let errors = read_folder(folder.path()).expect_err("one too many").0;
    assert!(
        errors[0].problem.contains("257 packs; at most 256"),
        "{}",
        errors[0]
    );
}
