//! Finds every path that a file names, in `use` trees and elsewhere, and whether only tests compile it.
//!
//! A path is made absolute where it can be: `super` and `self` are counted from the file's own module and from the
//! modules written inside it. What a macro makes is not seen.

use std::collections::BTreeSet;

use crate::source::{Kind, Token};

/// Something that a file names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mention {
    /// What is named.
    pub target: Target,
    /// Counts from 1.
    pub line: usize,
    /// Only compiled for tests.
    pub in_test: bool,
}

/// Where a path leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// Into this crate, from its root.
    Ours(Vec<String>),
    /// Elsewhere, as written: a crate, the standard library, or something in scope.
    Elsewhere(Vec<String>),
}

/// What a file says.
#[derive(Debug, Default)]
pub struct Outline {
    /// In the order of the text.
    pub mentions: Vec<Mention>,
    /// `mod name;` declarations, and whether they are for tests only.
    pub children: Vec<(String, bool)>,
    /// Attributes, by their first word.
    pub attributes: Vec<(String, usize)>,
    /// Lines of code that only tests compile, as (line, true).
    pub test_lines: BTreeSet<usize>,
    /// Names that a `use` or a `mod` brought into scope: they hide a crate of the same name.
    local: BTreeSet<String>,
}

/// Reads the tokens of the file whose module is `module`.
pub fn outline(tokens: &[Token], module: &[String], file_in_test: bool) -> Outline {
    let mut reader = Reader {
        tokens,
        at: 0,
        module: module.to_vec(),
        scopes: vec![Scope {
            module: false,
            test: file_in_test,
        }],
        next_in_test: false,
        brackets: 0,
        found: Outline::default(),
    };
    while reader.at < tokens.len() {
        reader.step();
    }
    let mut found = reader.found;
    let local = std::mem::take(&mut found.local);
    // `::name` is a crate whatever is in scope; it was pushed with an empty first segment.
    found.mentions.retain_mut(|mention| match &mut mention.target {
        Target::Elsewhere(path) if path[0].is_empty() => {
            path.remove(0);
            true
        }
        Target::Elsewhere(path) => !local.contains(&path[0]),
        Target::Ours(_) => true,
    });
    found
}

struct Scope {
    module: bool,
    test: bool,
}

struct Reader<'a> {
    tokens: &'a [Token],
    at: usize,
    module: Vec<String>,
    scopes: Vec<Scope>,
    next_in_test: bool,
    brackets: u32,
    found: Outline,
}

impl Reader<'_> {
    fn word(&self, ahead: usize) -> Option<&str> {
        self.tokens.get(self.at + ahead).and_then(Token::word)
    }

    fn is(&self, ahead: usize, mark: char) -> bool {
        self.tokens
            .get(self.at + ahead)
            .is_some_and(|token| token.is(mark))
    }

    fn sep(&self, ahead: usize) -> bool {
        self.tokens
            .get(self.at + ahead)
            .is_some_and(|token| token.kind == Kind::PathSep)
    }

    fn line(&self) -> usize {
        self.tokens.get(self.at).map_or(0, |token| token.line)
    }

    fn in_test(&self) -> bool {
        self.next_in_test || self.scopes.last().is_some_and(|scope| scope.test)
    }

    fn step(&mut self) {
        if self.in_test() {
            self.found.test_lines.insert(self.line());
        }
        match &self.tokens[self.at].kind {
            Kind::Mark('#') => self.attribute(),
            Kind::Mark(mark) => self.mark(*mark),
            Kind::Word(word) if word == "use" && !self.is(1, '<') => self.import(),
            Kind::Word(word) if word == "mod" && self.word(1).is_some() => self.module(),
            Kind::PathSep | Kind::Word(_) => self.path(),
        }
    }

    fn mark(&mut self, mark: char) {
        match mark {
            '{' => {
                let test = self.in_test();
                self.scopes.push(Scope { module: false, test });
                self.next_in_test = false;
            }
            '}' => {
                if self.scopes.len() > 1 && self.scopes.pop().is_some_and(|scope| scope.module) {
                    self.module.pop();
                }
                self.next_in_test = false;
            }
            '(' | '[' => self.brackets += 1,
            ')' | ']' => self.brackets = self.brackets.saturating_sub(1),
            ';' if self.brackets == 0 => self.next_in_test = false,
            _ => {}
        }
        self.at += 1;
    }

    /// Notes what it is and whether it makes the next item a test; its paths are read on the way.
    fn attribute(&mut self) {
        let open = if self.is(1, '!') { 2 } else { 1 };
        if !self.is(open, '[') {
            self.at += 1;
            return;
        }
        let name = self.word(open + 1).unwrap_or_default().to_owned();
        self.found.attributes.push((name.clone(), self.line()));
        let mut depth = 0_u32;
        let mut end = self.at + open;
        let mut words = BTreeSet::new();
        while let Some(token) = self.tokens.get(end) {
            if token.is('[') {
                depth += 1;
            } else if token.is(']') {
                depth -= 1;
            }
            words.extend(token.word());
            if depth == 0 {
                break;
            }
            end += 1;
        }
        let for_tests = name == "cfg" && words.contains("test") && !words.contains("not");
        self.at += open + 1;
        while self.at < end {
            match self.tokens[self.at].kind {
                Kind::Mark(_) => self.at += 1,
                Kind::Word(_) | Kind::PathSep => self.path(),
            }
        }
        self.at = end + 1;
        self.next_in_test |= for_tests;
    }

    /// `mod name;` or `mod name {`.
    fn module(&mut self) {
        let name = self.word(1).unwrap_or_default().to_owned();
        let test = self.in_test();
        self.found.local.insert(name.clone());
        if self.is(2, '{') {
            self.module.push(name);
            self.scopes.push(Scope { module: true, test });
        } else {
            self.found.children.push((name, test));
        }
        self.next_in_test = false;
        self.at += 3;
    }

    fn import(&mut self) {
        self.at += 1;
        self.tree(&[]);
        // The `;`.
        self.at += 1;
        self.next_in_test = false;
    }

    /// One branch of a `use` tree that hangs on `stem`.
    fn tree(&mut self, stem: &[String]) {
        let mut path = stem.to_vec();
        let line = self.line();
        if self.sep(0) {
            path.push(String::new());
            self.at += 1;
        }
        loop {
            if self.is(0, '{') {
                self.at += 1;
                while self.at < self.tokens.len() && !self.is(0, '}') {
                    self.tree(&path);
                    if self.is(0, ',') {
                        self.at += 1;
                    }
                }
                self.at += 1;
                return;
            }
            if self.is(0, '*') {
                self.at += 1;
                self.note(path, line);
                return;
            }
            let Some(word) = self.word(0) else {
                self.at += 1;
                return;
            };
            path.push(word.to_owned());
            self.at += 1;
            if self.sep(0) {
                self.at += 1;
                continue;
            }
            let mut name = path.last().cloned().unwrap_or_default();
            if name == "self" && path.len() > 1 {
                path.pop();
                name = path.last().cloned().unwrap_or_default();
            }
            if self.word(0) == Some("as") {
                name = self.word(1).unwrap_or_default().to_owned();
                self.at += 2;
            }
            if path.len() > 1 && !path[0].is_empty() {
                self.found.local.insert(name);
            }
            self.note(path, line);
            return;
        }
    }

    /// A path outside `use`; a single word is none.
    fn path(&mut self) {
        let line = self.line();
        let mut path = Vec::new();
        if self.sep(0) {
            let follows = self.at.checked_sub(1).map(|before| &self.tokens[before]);
            let goes_on = follows.is_some_and(|token| token.is('>') || token.is(']') || token.is(')'));
            self.at += 1;
            if goes_on || self.word(0).is_none() {
                return;
            }
            path.push(String::new());
        }
        while let Some(word) = self.word(0) {
            path.push(word.to_owned());
            self.at += 1;
            if !(self.sep(0)
                && self
                    .tokens
                    .get(self.at + 1)
                    .is_some_and(|next| next.word().is_some()))
            {
                break;
            }
            self.at += 1;
        }
        if self.sep(0) {
            // A turbofish or a `::{` of a macro: what follows is no part of this path.
            self.at += 1;
        }
        if path.len() > 1 {
            self.note(path, line);
        }
    }

    fn note(&mut self, path: Vec<String>, line: usize) {
        let mut rest = path.as_slice();
        let mut base = match rest.first().map(String::as_str) {
            Some("crate") => {
                rest = &rest[1..];
                Vec::new()
            }
            Some("self" | "super") => self.module.clone(),
            Some(_) => {
                self.push(Target::Elsewhere(path), line);
                return;
            }
            None => return,
        };
        while let Some(first @ ("self" | "super")) = rest.first().map(String::as_str) {
            if first == "super" {
                base.pop();
            }
            rest = &rest[1..];
        }
        base.extend_from_slice(rest);
        self.push(Target::Ours(base), line);
    }

    fn push(&mut self, target: Target, line: usize) {
        let in_test = self.in_test();
        self.found.mentions.push(Mention {
            target,
            line,
            in_test,
        });
    }
}
