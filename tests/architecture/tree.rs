//! The crate as it lies on disk, or as a test planted it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::{fs, io};

use crate::paths::{self, Outline};
use crate::source;

/// A Rust file of `src/`, read.
pub struct File {
    /// From the repository's root.
    pub path: String,
    /// Its module, from the crate's root; `main.rs` is the module `main`, `lib.rs` the root.
    pub module: Vec<String>,
    /// Only compiled for tests.
    pub in_test: bool,
    /// Number of lines.
    pub lines: usize,
    /// Its tokens.
    pub tokens: Vec<source::Token>,
    /// What it names.
    pub outline: Outline,
    /// Its comments, a line of text for each line.
    pub comments: String,
}

/// Everything the rules look at.
#[derive(Default)]
pub struct Tree {
    /// `src/**/*.rs`.
    pub files: Vec<File>,
    /// `tests/**/*.rs` and `build.rs`; all of them in tests.
    pub around: Vec<File>,
    /// Modules directly under the root, and all below.
    pub modules: BTreeSet<Vec<String>>,
    /// Crates of Cargo.toml by the name that code uses.
    pub crates: BTreeSet<String>,
    /// Texts that are not Rust, by path: migrations, contract, scripts.
    pub texts: BTreeMap<String, String>,
}

impl Tree {
    /// Reads the repository at `root`.
    pub fn read(root: &Path) -> io::Result<Self> {
        let mut texts = BTreeMap::new();
        for folder in ["src", "tests", "proto", "migrations", "scripts", ".ci"] {
            collect(root, &root.join(folder), &mut texts)?;
        }
        texts.insert("build.rs".into(), fs::read_to_string(root.join("build.rs"))?);
        let manifest = fs::read_to_string(root.join("Cargo.toml"))?;
        Ok(Self::of(texts, &manifest))
    }

    /// The tree of these texts, by path.
    pub fn of(mut texts: BTreeMap<String, String>, manifest: &str) -> Self {
        let rust: BTreeMap<String, String> = texts
            .iter()
            .filter(|(path, _)| path.ends_with(".rs"))
            .map(|(path, text)| (path.clone(), text.clone()))
            .collect();
        texts.retain(|path, _| !path.ends_with(".rs"));
        let mut tree = Self {
            crates: crates(manifest),
            texts,
            ..Self::default()
        };
        for (path, text) in &rust {
            match path.strip_prefix("src/") {
                Some(below) => tree.files.push(read(path, text, module_of(below), false)),
                None => tree.around.push(read(path, text, Vec::new(), true)),
            }
        }
        tree.mark_tests(&rust);
        tree.modules = tree.files.iter().map(|file| file.module.clone()).collect();
        tree
    }

    /// Files that a parent declares under `cfg(test)`, and all below them, are tests.
    fn mark_tests(&mut self, rust: &BTreeMap<String, String>) {
        let mut tests: Vec<Vec<String>> = Vec::new();
        for file in &self.files {
            for (child, in_test) in &file.outline.children {
                if *in_test {
                    let mut module = file.module.clone();
                    module.push(child.clone());
                    tests.push(module);
                }
            }
        }
        for file in &mut self.files {
            if !file.in_test && tests.iter().any(|module| file.module.starts_with(module)) {
                *file = read(&file.path, &rust[&file.path], file.module.clone(), true);
            }
        }
    }
}

fn read(path: &str, text: &str, module: Vec<String>, in_test: bool) -> File {
    let halves = source::split(text);
    let tokens = source::tokens(&halves.code);
    let outline = paths::outline(&tokens, &module, in_test);
    File {
        path: path.to_owned(),
        module,
        in_test,
        lines: text.lines().count(),
        tokens,
        outline,
        comments: halves.comments,
    }
}

fn module_of(below_src: &str) -> Vec<String> {
    let stem = below_src.trim_end_matches(".rs");
    let mut module: Vec<String> = stem.split('/').map(str::to_owned).collect();
    if module.last().is_some_and(|last| last == "mod") || module == ["lib"] {
        module.pop();
    }
    module
}

/// Names of all dependencies, as code writes them.
fn crates(manifest: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut inside = false;
    for line in manifest.lines() {
        if line.starts_with('[') {
            inside = line.contains("dependencies]");
        } else if let (true, Some((name, _))) = (inside, line.split_once('=')) {
            found.insert(name.trim().replace('-', "_"));
        }
    }
    found
}

fn collect(root: &Path, folder: &Path, texts: &mut BTreeMap<String, String>) -> io::Result<()> {
    if !folder.is_dir() {
        return Ok(());
    }
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(root, &path, texts)?;
        } else if let (Ok(text), Ok(below)) = (fs::read_to_string(&path), path.strip_prefix(root)) {
            texts.insert(below.to_string_lossy().into_owned(), text);
        }
    }
    Ok(())
}
