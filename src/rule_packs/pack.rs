//! One file: a pack, where it comes from, and its cases.

use std::collections::BTreeSet;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};
use toml_edit::ImDocument;

use super::case::{self, Case};
use super::error::{PackError, Place};
use super::names::is_kebab;
use super::rule;
use super::section::{Collector, Section};
use crate::domain::currency::Currency;
use crate::domain::date::BusinessZone;
use crate::domain::names;
use crate::domain::rules::{Effective, Lifetime, Rule, RulePack};

/// The most bytes of a file.
pub const FILE_BYTES_MAX: usize = 256 * 1024;
/// The most rules of a pack.
pub(super) const RULES_MAX: usize = 64;
/// The most cases of a pack.
pub(super) const CASES_MAX: usize = 500;
/// The highest version.
const VERSION_MAX: u32 = 1_000_000;
/// Characters of a title.
const TITLE_CHARS_MAX: usize = 100;
/// Characters of a status or a source.
const NOTE_CHARS_MAX: usize = 500;

/// A pack with what stands around it in its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackFile {
    /// Where it was read from.
    pub file: String,
    /// The pack.
    pub pack: Arc<RulePack>,
    /// How far it can be relied upon, in its author's words.
    pub status: String,
    /// Where its rules were found.
    pub sources: Vec<String>,
    /// What it must say about examples.
    pub cases: Vec<Case>,
}

/// Reads a pack. `file` is its name for people.
///
/// # Errors
/// Everything that is wrong with it, in the order of the text, to a limit; of a text that is no TOML, the first.
pub fn read(file: &str, text: &str) -> Result<PackFile, Vec<PackError>> {
    if text.len() > FILE_BYTES_MAX {
        return Err(vec![too_long(file)]);
    }
    let mut out = Collector::new(file, text);
    let document = match ImDocument::parse(text) {
        Ok(document) => document,
        Err(error) => {
            let offset = error.span().map_or(0, |span| span.start);
            let message = error.message().trim().replace('\n', ", ");
            out.refuse(offset, &Place::Pack, format!("it is not TOML: {message}"));
            return Err(out.errors);
        }
    };
    let sha256 = names::Sha256(Sha256::digest(text).into());
    let read = Section::new(document.as_table(), 0, Place::Pack);
    match read_pack(file, read, sha256, &mut out) {
        Some(pack) if out.errors.is_empty() => Ok(pack),
        Some(_) | None => {
            out.errors.sort_by_key(|error| error.line);
            Err(out.errors)
        }
    }
}

/// A file that is too long to be a pack.
pub(super) fn too_long(file: &str) -> PackError {
    PackError::of_file(
        file,
        format!("it is longer than {FILE_BYTES_MAX} bytes: no pack is"),
    )
}

/// `None` only if something was refused.
fn read_pack(
    file: &str,
    mut section: Section<'_>,
    sha256: names::Sha256,
    out: &mut Collector<'_>,
) -> Option<PackFile> {
    let name = read_name(&mut section, out);
    section.require("version", "1", out);
    let version = section.number("version", 1..=VERSION_MAX, out);
    section.require("status", "\"example, to be confirmed by counsel\"", out);
    let status = section.text("status", NOTE_CHARS_MAX, out);
    let sources = read_sources(&mut section, out);
    let currency = read_currency(&mut section, out);
    let effective = read_effective(&mut section, out);
    let zone = read_zone(&mut section, out);
    let title = read_title(&mut section, out);
    let lifetime = read_lifetime(&mut section, out);
    let rules = read_rules(&mut section, currency, out);
    let cases = section.tables("case", CASES_MAX, out);
    section.finish(out);
    let rules = rules?;
    let ids: Vec<&str> = rules.iter().map(|rule| rule.id.as_str()).collect();
    let cases = case::read_all(&cases, &ids, currency, zone.unwrap_or_default(), out);
    let (title_en, title_zh) = title?;
    Some(PackFile {
        file: file.to_owned(),
        pack: Arc::new(RulePack {
            name: name?,
            version: version?,
            title_en,
            title_zh,
            currency: currency?,
            effective: effective?,
            lifetime: lifetime?,
            rules,
            sha256,
        }),
        status: status?.to_owned(),
        sources: sources?,
        cases: cases?,
    })
}

fn read_name(section: &mut Section<'_>, out: &mut Collector<'_>) -> Option<String> {
    section.require("name", "\"us-fl\"", out);
    let name = section.text("name", 64, out)?;
    if !is_kebab(name) {
        let text =
            format!("`name` is \"{name}\"; use 1 to 64 small letters and digits, parts joined by hyphens");
        section.refuse("name", text, out);
        return None;
    }
    Some(name.to_owned())
}

fn read_sources(section: &mut Section<'_>, out: &mut Collector<'_>) -> Option<Vec<String>> {
    section.require("sources", "[\"where the rules were found\"]", out);
    let sources = section.texts("sources", NOTE_CHARS_MAX, out)?;
    if sources.is_empty() {
        section.refuse(
            "sources",
            "`sources` is empty: say where the rules were found",
            out,
        );
    }
    Some(sources.into_iter().map(str::to_owned).collect())
}

fn read_currency(section: &mut Section<'_>, out: &mut Collector<'_>) -> Option<Currency> {
    section.require("currency", "\"CNY\"", out);
    let code = section.text("currency", 3, out)?;
    let currency = Currency::parse(code);
    if currency.is_none() {
        let text = format!("`currency` is \"{code}\"; use a code of ISO 4217 such as \"CNY\"");
        section.refuse("currency", text, out);
    }
    currency
}

fn read_effective(section: &mut Section<'_>, out: &mut Collector<'_>) -> Option<Effective> {
    section.require("first_day", "2026-01-01", out);
    let first_day = section.day("first_day", out);
    let last_day = section.day("last_day", out);
    let first_day = first_day?;
    if let Some(last) = last_day.filter(|last| *last < first_day) {
        let text = format!("`last_day` {last} lies before `first_day` {first_day}");
        section.refuse("last_day", text, out);
    }
    Some(Effective { first_day, last_day })
}

/// The zone of the cases; the service judges in its own.
fn read_zone(section: &mut Section<'_>, out: &mut Collector<'_>) -> Option<BusinessZone> {
    let name = section.text("zone", 64, out)?;
    let zone = BusinessZone::parse(name);
    if zone.is_none() {
        let text = format!("`zone` is \"{name}\"; use a name of the IANA list such as \"Asia/Shanghai\"");
        section.refuse("zone", text, out);
    }
    zone
}

fn read_title(section: &mut Section<'_>, out: &mut Collector<'_>) -> Option<(String, String)> {
    section.require("title", "{ en = \"…\", zh = \"…\" }", out);
    let mut title = section.section("title", out)?;
    title.require("en", "\"…\"", out);
    let en = title.text("en", TITLE_CHARS_MAX, out);
    title.require("zh", "\"…\"", out);
    let zh = title.text("zh", TITLE_CHARS_MAX, out);
    title.finish(out);
    Some((en?.to_owned(), zh?.to_owned()))
}

fn read_lifetime(section: &mut Section<'_>, out: &mut Collector<'_>) -> Option<Lifetime> {
    let usual = Lifetime {
        default_minutes: Lifetime::DEFAULT_MINUTES,
        maximum_minutes: Lifetime::MAXIMUM_MINUTES,
    };
    if !section.has("lifetime") {
        // Asked for all the same, so that it is known.
        section.section("lifetime", out);
        return Some(usual);
    }
    let mut lifetime = section.section("lifetime", out)?;
    let range = 1..=Lifetime::MAXIMUM_MINUTES;
    let default_minutes = lifetime.number("default_minutes", range.clone(), out);
    let maximum_minutes = lifetime.number("maximum_minutes", range, out);
    lifetime.finish(out);
    let read = Lifetime {
        default_minutes: default_minutes.unwrap_or(usual.default_minutes),
        maximum_minutes: maximum_minutes.unwrap_or(usual.maximum_minutes),
    };
    if read.default_minutes > read.maximum_minutes {
        let text = format!(
            "`maximum_minutes` {} is less than `default_minutes` {}",
            read.maximum_minutes, read.default_minutes
        );
        lifetime.refuse("maximum_minutes", text, out);
    }
    Some(read)
}

fn read_rules(
    section: &mut Section<'_>,
    currency: Option<Currency>,
    out: &mut Collector<'_>,
) -> Option<Vec<Rule>> {
    section.require(
        "rule",
        "one [[rule]] at least: without any, everything would be allowed",
        out,
    );
    let tables = section.tables("rule", RULES_MAX, out);
    let mut rules = Vec::with_capacity(tables.len());
    let mut ids = BTreeSet::new();
    let mut all_read = true;
    for (index, (table, offset)) in tables.into_iter().enumerate() {
        let Some(rule) = rule::read(table, offset, index + 1, currency, out) else {
            all_read = false;
            continue;
        };
        if !ids.insert(rule.id.clone()) {
            let place = Place::Rule(rule.id.clone());
            out.refuse(offset, &place, "another rule has this id: give it one of its own");
        }
        rules.push(rule);
    }
    all_read.then_some(rules)
}
