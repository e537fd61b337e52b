//! Splits Rust text into what the compiler reads and what people read, and the former into tokens.
//!
//! Knows strings, raw strings, characters, lifetimes and nested comments; knows no grammar. Line numbers survive.

/// A file's text, split in two; each half has blanks where the other has something.
pub struct Source {
    /// Code without comments and without what stands inside literals.
    pub code: String,
    /// Comments only.
    pub comments: String,
}

/// What a token is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// An identifier, keyword or number.
    Word(String),
    /// `::`.
    PathSep,
    /// Any other sign.
    Mark(char),
}

/// A token and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Counts from 1.
    pub line: usize,
    /// What it is.
    pub kind: Kind,
}

impl Token {
    /// The word, if it is one.
    pub fn word(&self) -> Option<&str> {
        match &self.kind {
            Kind::Word(word) => Some(word),
            Kind::PathSep | Kind::Mark(_) => None,
        }
    }

    /// Whether it is this sign.
    pub fn is(&self, mark: char) -> bool {
        self.kind == Kind::Mark(mark)
    }
}

/// Splits `text`.
pub fn split(text: &str) -> Source {
    let mut splitter = Splitter {
        chars: text.chars().collect(),
        at: 0,
        code: String::new(),
        comments: String::new(),
    };
    while splitter.at < splitter.chars.len() {
        splitter.step();
    }
    Source {
        code: splitter.code,
        comments: splitter.comments,
    }
}

struct Splitter {
    chars: Vec<char>,
    at: usize,
    code: String,
    comments: String,
}

impl Splitter {
    fn peek(&self, ahead: usize) -> char {
        self.chars.get(self.at + ahead).copied().unwrap_or('\0')
    }

    fn take(&mut self, to_code: bool, to_comments: bool) {
        let c = self.peek(0);
        let blank = if c == '\n' { '\n' } else { ' ' };
        self.code.push(if to_code { c } else { blank });
        self.comments.push(if to_comments { c } else { blank });
        self.at += 1;
    }

    fn step(&mut self) {
        match (self.peek(0), self.peek(1)) {
            ('/', '/') => {
                while self.at < self.chars.len() && self.peek(0) != '\n' {
                    self.take(false, true);
                }
            }
            ('/', '*') => self.block_comment(),
            ('"', _) => self.string(),
            ('\'', _) => self.quote(),
            (c, _) if is_word(c) => self.word(),
            _ => self.take(true, false),
        }
    }

    fn block_comment(&mut self) {
        let mut depth = 0_u32;
        while self.at < self.chars.len() {
            let edge = match (self.peek(0), self.peek(1)) {
                ('/', '*') => 1,
                ('*', '/') => -1,
                _ => 0,
            };
            self.take(false, true);
            if edge == 0 {
                continue;
            }
            self.take(false, true);
            if edge == 1 {
                depth += 1;
            } else if depth == 1 {
                return;
            } else {
                depth -= 1;
            }
        }
    }

    /// From an opening quote to the closing one, escapes honoured.
    fn string(&mut self) {
        self.take(true, false);
        while self.at < self.chars.len() && self.peek(0) != '"' {
            if self.peek(0) == '\\' {
                self.take(false, false);
            }
            if self.at < self.chars.len() {
                self.take(false, false);
            }
        }
        if self.at < self.chars.len() {
            self.take(true, false);
        }
    }

    /// A character, or a lifetime's mark.
    fn quote(&mut self) {
        if self.peek(1) == '\\' {
            self.take(false, false);
            self.take(false, false);
            self.take(false, false);
            while self.at < self.chars.len() && self.peek(0) != '\'' {
                self.take(false, false);
            }
            if self.at < self.chars.len() {
                self.take(false, false);
            }
        } else if self.peek(2) == '\'' {
            for _ in 0..3 {
                self.take(false, false);
            }
        } else {
            self.take(true, false);
            // A lifetime is no word: `'time` names no crate.
            while is_word(self.peek(0)) {
                self.take(false, false);
            }
        }
    }

    /// A whole word, and the raw string that it may open.
    fn word(&mut self) {
        let start = self.at;
        while is_word(self.peek(0)) {
            self.take(true, false);
        }
        let word: String = self.chars[start..self.at].iter().collect();
        if !matches!(word.as_str(), "r" | "br" | "cr") {
            return;
        }
        let mut hashes = 0;
        while self.peek(hashes) == '#' {
            hashes += 1;
        }
        if self.peek(hashes) != '"' {
            return;
        }
        for _ in 0..=hashes {
            self.take(false, false);
        }
        while self.at < self.chars.len() {
            let closes = self.peek(0) == '"' && (1..=hashes).all(|ahead| self.peek(ahead) == '#');
            self.take(false, false);
            if closes {
                for _ in 0..hashes {
                    self.take(false, false);
                }
                return;
            }
        }
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The tokens of code that [`split`] made.
pub fn tokens(code: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    for (index, text) in code.lines().enumerate() {
        let mut push = |kind| {
            tokens.push(Token {
                line: index + 1,
                kind,
            });
        };
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            if is_word(c) {
                let mut word = String::from(c);
                while let Some(next) = chars.next_if(|next| is_word(*next)) {
                    word.push(next);
                }
                push(Kind::Word(word));
            } else if c == ':' && chars.next_if_eq(&':').is_some() {
                push(Kind::PathSep);
            } else if !c.is_whitespace() {
                push(Kind::Mark(c));
            }
        }
    }
    tokens
}
