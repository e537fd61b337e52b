//! What is around every page: who looks, in what language, and where one can go from here.

use http::{HeaderMap, Uri};

use super::{Shown, Site};
use crate::domain::language::Language;
use crate::web::login::{Refusal, Viewer, Way};
use crate::web::names::Words;
use crate::web::pages::Section;
use crate::web::preference::{Preference, Theme, code, cookie, tag};
use crate::web::request::Query;

/// Parameters that go on from page to page.
const CARRIED: [&str; 3] = ["as_of", "currency", "month"];

/// A request as the pages see it.
#[derive(Debug, Clone)]
pub(in crate::web) struct Visit {
    pub path: String,
    pub query: Query,
    pub preference: Preference,
    /// The name of the session that the browser has.
    pub session: Option<String>,
}

impl Visit {
    pub fn of(site: &Site, uri: &Uri, headers: &HeaderMap) -> Self {
        let query = Query::parse(uri.query());
        let preference = Preference::of(headers, query.find("lang"), query.find("theme"));
        Self {
            path: uri.path().to_owned(),
            preference,
            session: cookie(headers, site.session_cookie()).map(str::to_owned),
            query,
        }
    }

    pub const fn language(&self) -> Language {
        self.preference.language
    }

    pub const fn say(&self, words: Words) -> &'static str {
        words.told(self.preference.language)
    }

    pub fn section(&self) -> Option<Section> {
        Section::ALL
            .into_iter()
            .find(|section| section.path() == self.path)
    }
}

impl Site {
    /// The cookie of sessions: over TLS one that browsers give to nobody else and set for nobody else.
    pub(super) const fn session_cookie(&self) -> &'static str {
        match self.secure {
            true => "__Host-tallystick-session",
            false => "tallystick-session",
        }
    }

    /// Who looks, judged anew for each request. A certificate that is shown decides alone.
    pub(super) fn viewer(&self, visit: &Visit, shown: Shown) -> Result<Viewer, Refusal> {
        let registry = &self.dashboard.registry;
        if let Shown(Some(certificate)) = shown {
            return Viewer::by_certificate(registry, certificate).map_err(Refusal::Forbidden);
        }
        let session = visit.session.as_deref().ok_or(Refusal::Stranger)?;
        let member_id = self.sessions.find(session, self.dashboard.clock.now());
        let member_id = member_id.ok_or(Refusal::Stranger)?;
        Viewer::by_session(registry, &member_id).map_err(Refusal::Forbidden)
    }
}

/// A link to another page.
#[derive(Debug, Clone)]
pub(super) struct NavLink {
    pub text: &'static str,
    pub href: String,
    pub is_here: bool,
}

/// A link to the same page in another language or theme.
#[derive(Debug, Clone)]
pub(super) struct Switch {
    pub text: &'static str,
    pub lang: &'static str,
    pub href: String,
    pub is_here: bool,
}

/// The frame of a page.
#[derive(Debug, Clone)]
pub(super) struct Frame {
    pub title: String,
    pub nav: Vec<NavLink>,
    pub switches: Vec<Switch>,
    pub viewer: Option<String>,
    pub has_session: bool,
    language: Language,
    theme: Theme,
}

impl Frame {
    pub fn of(visit: &Visit, title: String, viewer: Option<&Viewer>) -> Self {
        let nav = Section::ALL.into_iter().map(|section| NavLink {
            text: section.name(visit.language()),
            href: address(section.path(), visit, None),
            is_here: section.path() == visit.path,
        });
        Self {
            title,
            nav: viewer.map(|_| nav.collect()).unwrap_or_default(),
            switches: switches(visit),
            viewer: viewer.map(|viewer| viewer.display_name().to_owned()),
            has_session: viewer.is_some_and(|viewer| viewer.way() == Way::Session),
            language: visit.language(),
            theme: visit.preference.theme,
        }
    }

    pub const fn lang(&self) -> &'static str {
        tag(self.language)
    }

    pub const fn theme(&self) -> &'static str {
        self.theme.name()
    }

    pub const fn color_scheme(&self) -> &'static str {
        match self.theme {
            Theme::Auto => "light dark",
            Theme::Light => "light",
            Theme::Dark => "dark",
        }
    }

    /// One of two texts, by the page's language.
    pub const fn say<'t>(&self, english: &'t str, chinese: &'t str) -> &'t str {
        match self.language {
            Language::English => english,
            Language::Chinese => chinese,
        }
    }
}

fn switches(visit: &Visit) -> Vec<Switch> {
    let here = |name, value| address(&visit.path, visit, Some((name, value)));
    let languages = [(Language::English, "English"), (Language::Chinese, "中文")];
    let languages = languages.into_iter().map(|(language, text)| Switch {
        text,
        lang: tag(language),
        href: here("lang", code(language)),
        is_here: language == visit.language(),
    });
    let themes = Theme::ALL.into_iter().map(|theme| {
        let words = match theme {
            Theme::Auto => Words("Theme of the device", "跟随系统"),
            Theme::Light => Words("Light", "浅色"),
            Theme::Dark => Words("Dark", "深色"),
        };
        Switch {
            text: visit.say(words),
            lang: tag(visit.language()),
            href: here("theme", theme.name()),
            is_here: theme == visit.preference.theme,
        }
    });
    languages.chain(themes).collect()
}

/// A page's address with what was chosen, and one parameter more.
fn address(path: &str, visit: &Visit, more: Option<(&str, &str)>) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    let chosen = CARRIED
        .into_iter()
        .filter_map(|name| Some((name, visit.query.find(name)?)));
    for (name, value) in chosen.chain(more) {
        query.append_pair(name, value);
    }
    let query = query.finish();
    match query.is_empty() {
        true => path.to_owned(),
        false => format!("{path}?{query}"),
    }
}
