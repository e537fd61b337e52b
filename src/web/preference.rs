//! The language and theme of whoever looks: asked for in the address, remembered by a cookie, else what the browser says.

use http::HeaderMap;
use http::header::{ACCEPT_LANGUAGE, COOKIE};

use crate::domain::language::Language;

/// The most bytes of cookies that are read.
const COOKIE_BYTES_MAX: usize = 4_096;
/// The most languages of a browser that are read.
const LANGUAGES_MAX: usize = 32;

/// Light or dark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Theme {
    /// As the browser prefers.
    #[default]
    Auto,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

impl Theme {
    pub const ALL: [Self; 3] = [Self::Auto, Self::Light, Self::Dark];

    /// Its name in addresses and cookies.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|theme| theme.name() == text)
    }
}

/// The tag of a language in HTML.
pub const fn tag(language: Language) -> &'static str {
    match language {
        Language::English => "en",
        Language::Chinese => "zh-Hans",
    }
}

/// The name of a language in addresses and cookies.
pub const fn code(language: Language) -> &'static str {
    match language {
        Language::English => "en",
        Language::Chinese => "zh",
    }
}

fn parse_language(text: &str) -> Option<Language> {
    [Language::English, Language::Chinese]
        .into_iter()
        .find(|language| code(*language) == text)
}

/// What somebody prefers, and what is to be remembered of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preference {
    pub language: Language,
    pub theme: Theme,
    /// Names and values of cookies to set.
    pub remember: Vec<(&'static str, &'static str)>,
}

const LANGUAGE: &str = "tallystick-language";
const THEME: &str = "tallystick-theme";

impl Preference {
    /// Of a request with these parameters.
    pub fn of(headers: &HeaderMap, asked_language: Option<&str>, asked_theme: Option<&str>) -> Self {
        let mut remember = Vec::new();
        let asked = asked_language.and_then(parse_language);
        if let Some(language) = asked {
            remember.push((LANGUAGE, code(language)));
        }
        let language = asked
            .or_else(|| cookie(headers, LANGUAGE).and_then(parse_language))
            .unwrap_or_else(|| spoken(headers));
        let asked = asked_theme.and_then(Theme::parse);
        if let Some(theme) = asked {
            remember.push((THEME, theme.name()));
        }
        let theme = asked
            .or_else(|| cookie(headers, THEME).and_then(Theme::parse))
            .unwrap_or_default();
        Self {
            language,
            theme,
            remember,
        }
    }
}

/// A cookie's value.
pub fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let pairs = headers
        .get_all(COOKIE)
        .into_iter()
        .filter_map(|value| value.to_str().ok());
    pairs
        .filter(|text| text.len() <= COOKIE_BYTES_MAX)
        .flat_map(|text| text.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(known, value)| (known == name).then_some(value))
}

/// The first of the two languages that the browser names, by weight.
fn spoken(headers: &HeaderMap) -> Language {
    let text = headers
        .get(ACCEPT_LANGUAGE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or("");
    let mut best = (0, Language::default());
    for part in text.split(',').take(LANGUAGES_MAX) {
        let (tag, weight) = part.split_once(";q=").unwrap_or((part, "1"));
        let primary = tag.trim().split('-').next().unwrap_or("").to_ascii_lowercase();
        let language = match primary.as_str() {
            "zh" => Language::Chinese,
            "en" => Language::English,
            _ => continue,
        };
        if thousandths(weight.trim()) > best.0 {
            best = (thousandths(weight.trim()), language);
        }
    }
    best.1
}

/// A weight from 0 to 1 in thousandths; what is none counts nothing.
fn thousandths(weight: &str) -> u32 {
    let (whole, rest) = weight.split_once('.').unwrap_or((weight, ""));
    let rest = rest.get(..3.min(rest.len())).unwrap_or("");
    let whole = whole.parse::<u32>().unwrap_or(0).min(1) * 1_000;
    let rest = format!("{rest:0<3}").parse::<u32>().unwrap_or(0);
    (whole + rest).min(1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(http::HeaderName, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (name.clone(), value.parse().unwrap()))
            .collect()
    }

    #[test]
    fn the_browsers_first_known_language_is_spoken() {
        for (accepted, language) in [
            ("", Language::English),
            ("zh", Language::Chinese),
            ("zh-CN,zh;q=0.9,en;q=0.8", Language::Chinese),
            ("en-GB,en;q=0.9,zh;q=0.8", Language::English),
            ("de, zh-TW;q=0.5, en;q=0.4", Language::Chinese),
            ("de", Language::English),
            ("zh;q=0, en;q=0.1", Language::English),
            ("zh;q=é", Language::English),
        ] {
            let found = Preference::of(&headers(&[(ACCEPT_LANGUAGE, accepted)]), None, None);
            assert_eq!(found.language, language, "{accepted}");
        }
    }

    #[test]
    fn what_is_asked_for_wins_over_the_cookie_and_is_remembered() {
        let headers = headers(&[
            (COOKIE, "a=b; tallystick-language=zh; tallystick-theme=dark"),
            (ACCEPT_LANGUAGE, "en"),
        ]);
        let found = Preference::of(&headers, None, None);
        assert_eq!((found.language, found.theme), (Language::Chinese, Theme::Dark));
        assert_eq!(found.remember, []);
        let found = Preference::of(&headers, Some("en"), Some("light"));
        assert_eq!((found.language, found.theme), (Language::English, Theme::Light));
        assert_eq!(found.remember, [(LANGUAGE, "en"), (THEME, "light")]);
        let found = Preference::of(&headers, Some("xx"), Some("\"><script>"));
        assert_eq!((found.language, found.theme), (Language::Chinese, Theme::Dark));
        assert_eq!(found.remember, []);
    }
}
