//! Examples that a pack carries: an application, what is on file, and what the pack must say.
//!
//! A case is read against its own pack and can be run against it at any time; running needs neither a service nor a clock.

use std::collections::BTreeMap;
use std::fmt;

use chrono::{NaiveDate, NaiveDateTime, Timelike as _};
use toml_edit::TableLike;

use super::error::Place;
use super::section::{Collector, Section, amount};
use crate::domain::currency::Currency;
use crate::domain::date::{BusinessZone, Timestamp};
use crate::domain::decimal::written;
use crate::domain::member::LenderGroup;
use crate::domain::names::MemberNo;
use crate::domain::position::ProductType;
use crate::domain::rules::{Application, ApplicationKey, Held, Loan, RulePack, Standing, Verdict, evaluate};

/// The most loans of a case.
pub(super) const LOANS_MAX: usize = 64;
/// Characters of names and descriptions.
const TEXT_CHARS_MAX: usize = 120;
/// How the lender that applies the pack is called in its own loans.
const OWN: &str = "own";
/// What stands for a room without a limit.
const UNLIMITED: &str = "unlimited";
/// A term nobody cares about.
const TERM_DAYS: u32 = 30;

/// An example.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// What it shows.
    pub name: String,
    /// Where it stands, from 1.
    pub line: usize,
    /// What is applied for.
    pub application: Application,
    /// What is on file.
    pub standing: Standing,
    expected: Expected,
}

/// What a pack must say.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Expected {
    refused_by: Vec<String>,
    retry_on: Option<NaiveDate>,
    room: Room,
    payment_room: Room,
}

/// What a case says about a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Room {
    /// Nothing.
    Whatever,
    /// There is no limit.
    Unlimited,
    /// So much is left.
    Left(i128),
}

/// Something in which a pack says otherwise than expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The key of the case.
    pub key: &'static str,
    /// What it says.
    pub expected: String,
    /// What the pack says.
    pub got: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: expected {}, got {}", self.key, self.expected, self.got)
    }
}

impl Case {
    /// In what a pack says otherwise than expected; nothing if the case holds.
    pub fn run(&self, pack: &RulePack) -> Vec<Difference> {
        let verdict = self.verdict(pack);
        let ids: Vec<String> = verdict
            .reasons
            .iter()
            .map(|reason| reason.rule_id.clone())
            .collect();
        let mut differences = Vec::new();
        let mut compare = |key, expected: String, got: String| {
            if expected != got {
                differences.push(Difference { key, expected, got });
            }
        };
        compare("refused_by", list(&self.expected.refused_by), list(&ids));
        compare("retry_on", day(self.expected.retry_on), day(verdict.retry_on()));
        let rooms = [
            ("room", self.expected.room, verdict.room),
            ("payment_room", self.expected.payment_room, verdict.payment_room),
        ];
        for (key, expected, got) in rooms {
            let expected = match expected {
                Room::Whatever => continue,
                Room::Unlimited => None,
                Room::Left(minor) => Some(minor),
            };
            compare(key, room(expected, pack.currency), room(got, pack.currency));
        }
        differences
    }

    /// What a pack says about it.
    pub fn verdict(&self, pack: &RulePack) -> Verdict {
        evaluate(pack, &self.application, &self.standing)
    }
}

fn list(ids: &[String]) -> String {
    format!("[{}]", ids.join(", "))
}

fn day(day: Option<NaiveDate>) -> String {
    day.map_or_else(|| "none".to_owned(), |day| day.to_string())
}

fn room(room: Option<i128>, currency: Currency) -> String {
    room.map_or_else(|| UNLIMITED.to_owned(), |minor| written(minor, currency))
}

/// Reads every case. `None` only if something was refused.
pub(super) fn read_all(
    tables: &[(&dyn TableLike, usize)],
    rule_ids: &[&str],
    currency: Option<Currency>,
    zone: BusinessZone,
    out: &mut Collector<'_>,
) -> Option<Vec<Case>> {
    let mut cases = Vec::with_capacity(tables.len());
    for (index, (table, offset)) in tables.iter().enumerate() {
        let mut section = Section::new(*table, *offset, Place::Case((index + 1).to_string()));
        section.require("name", "\"what the case shows\"", out);
        let name = section.text("name", TEXT_CHARS_MAX, out);
        if let Some(name) = name {
            section.place = Place::Case(name.to_owned());
        }
        let reader = CaseReader {
            currency,
            zone,
            lenders: BTreeMap::from([(OWN.to_owned(), MemberNo(0))]),
            applications: BTreeMap::new(),
        };
        cases.push(reader.read(section, name, rule_ids, out));
    }
    cases.into_iter().collect()
}

/// Reads one case; knows what its lenders and applications are called.
struct CaseReader {
    currency: Option<Currency>,
    zone: BusinessZone,
    lenders: BTreeMap<String, MemberNo>,
    applications: BTreeMap<String, ApplicationKey>,
}

impl CaseReader {
    fn read(
        mut self,
        mut section: Section<'_>,
        name: Option<&str>,
        rule_ids: &[&str],
        out: &mut Collector<'_>,
    ) -> Option<Case> {
        section.require("now", "2026-01-31T12:00:00", out);
        let now = section.moment("now", out);
        let group = section.choice("lender_group", &groups(), out);
        let product = section.choice("product_type", &products(), out);
        let product = product.unwrap_or(ProductType::CashInstalment);
        section.require("amount", "\"1000.00\"", out);
        let amount = section.amount("amount", self.currency, out);
        let monthly_payment = section.amount("monthly_payment", self.currency, out);
        let monthly_income = section.amount("monthly_income", self.currency, out);
        let term_days = section.number("term_days", 1..=36_500, out);
        let self_excluded = section.flag("self_excluded", out);
        let tables = section.tables("loans", LOANS_MAX, out);
        let mut loans = Vec::with_capacity(tables.len());
        for (table, offset) in tables {
            let loan = Section::new(table, offset, section.place.clone());
            loans.push(self.read_loan(loan, product, out));
        }
        let expected = self.read_expected(&mut section, rule_ids, out);
        section.finish(out);
        Some(Case {
            name: name?.to_owned(),
            line: out.line_of(section.offset),
            application: Application {
                lender: MemberNo(0),
                lender_group: group.unwrap_or(LenderGroup::Other),
                product_type: product,
                amount: amount?,
                monthly_payment: monthly_payment.unwrap_or_default(),
                term_days: term_days.unwrap_or(TERM_DAYS),
                monthly_income,
            },
            standing: Standing {
                now: self.instant(now?),
                zone: self.zone,
                loans: loans.into_iter().collect::<Option<_>>()?,
                self_excluded: self_excluded.unwrap_or_default(),
            },
            expected: expected?,
        })
    }

    fn read_loan(
        &mut self,
        mut section: Section<'_>,
        product: ProductType,
        out: &mut Collector<'_>,
    ) -> Option<Loan> {
        section.require("lender", "\"other\", or \"own\" for the lender that applies", out);
        let lender = section.text("lender", TEXT_CHARS_MAX, out);
        let group = section.choice("lender_group", &groups(), out);
        let application = section.text("application", TEXT_CHARS_MAX, out);
        let held = [("position", Held::Position), ("reservation", Held::Reservation)];
        let held = section.choice("held", &held, out).unwrap_or(Held::Position);
        let product_type = section.choice("product_type", &products(), out);
        let unsecured = section.flag("unsecured", out);
        let in_currency = section.flag("in_currency", out);
        let principal = section.amount("principal", self.currency, out);
        let monthly_obligation = section.amount("monthly_obligation", self.currency, out);
        section.require("opened_on", "2026-01-01", out);
        let opened_on = section.day("opened_on", out);
        let closed_on = section.day("closed_on", out);
        let closed_at = section.moment("closed_at", out);
        let rescinded = section.flag("rescinded", out);
        let days_past_due = section.number("days_past_due", 0..=36_500, out);
        let overdue = section.amount("overdue", self.currency, out);
        let in_plan = section.flag("in_plan", out);
        check_closing(&section, held, opened_on, closed_on, out);
        section.finish(out);
        let lender = lender?;
        let next = i64::try_from(self.lenders.len()).unwrap_or(i64::MAX);
        let lender_no = *self.lenders.entry(lender.to_owned()).or_insert(MemberNo(next));
        Some(Loan {
            lender: lender_no,
            lender_group: group.unwrap_or(LenderGroup::Other),
            application: application.map(|name| self.application(name)),
            held,
            product_type: product_type.unwrap_or(product),
            unsecured: unsecured.unwrap_or(true),
            in_currency: in_currency.unwrap_or(true),
            principal: principal.unwrap_or_default().into(),
            monthly_obligation: monthly_obligation.unwrap_or_default().into(),
            opened_on: opened_on?,
            active: closed_on.is_none(),
            closed_on,
            closed_at: closed_at.map(|moment| self.instant(moment)),
            rescinded: rescinded.unwrap_or_default(),
            days_past_due: days_past_due.unwrap_or_default(),
            overdue: overdue.unwrap_or_default().into(),
            in_plan: in_plan.unwrap_or_default(),
        })
    }

    fn read_expected(
        &self,
        section: &mut Section<'_>,
        rule_ids: &[&str],
        out: &mut Collector<'_>,
    ) -> Option<Expected> {
        section.require("refused_by", "[\"a-rule\"], or [] if it is allowed", out);
        let refused_by = section.texts("refused_by", TEXT_CHARS_MAX, out);
        for id in refused_by.iter().flatten().filter(|id| !rule_ids.contains(*id)) {
            let text = format!(
                "`refused_by` names \"{id}\"; the rules are {}",
                rule_ids.join(", ")
            );
            section.refuse("refused_by", text, out);
        }
        let retry_on = section.day("retry_on", out);
        let room = self.read_room(section, "room", out);
        let payment_room = self.read_room(section, "payment_room", out);
        Some(Expected {
            // Reasons come in the pack's order, in whatever order a case names them.
            refused_by: {
                let named = refused_by?;
                let in_order = rule_ids.iter().filter(|id| named.contains(id));
                in_order.map(|id| (*id).to_owned()).collect()
            },
            retry_on,
            room,
            payment_room,
        })
    }

    /// An amount, or that there is no limit.
    fn read_room(&self, section: &mut Section<'_>, key: &'static str, out: &mut Collector<'_>) -> Room {
        match section.text(key, TEXT_CHARS_MAX, out) {
            None => Room::Whatever,
            Some(UNLIMITED) => Room::Unlimited,
            Some(text) => match amount(text, self.currency) {
                Ok(minor) => Room::Left(minor.into()),
                Err(problem) => {
                    let text = format!("`{key}` is \"{text}\"; {problem}, or \"{UNLIMITED}\"");
                    section.refuse(key, text, out);
                    Room::Whatever
                }
            },
        }
    }

    fn application(&mut self, name: &str) -> ApplicationKey {
        let next = u64::try_from(self.applications.len()).unwrap_or(u64::MAX);
        *self
            .applications
            .entry(name.to_owned())
            .or_insert(ApplicationKey(next))
    }

    fn instant(&self, moment: NaiveDateTime) -> Timestamp {
        let seconds = moment.minute() * 60 + moment.second();
        let hour = self.zone.hour_of(moment.date(), moment.hour());
        hour.plus_seconds(seconds.into())
    }
}

/// What no loan can be.
fn check_closing(
    section: &Section<'_>,
    held: Held,
    opened_on: Option<NaiveDate>,
    closed_on: Option<NaiveDate>,
    out: &mut Collector<'_>,
) {
    if held == Held::Reservation && section.has("closed_on") {
        section.refuse(
            "closed_on",
            "a reservation is not closed: leave the loan or `closed_on` out",
            out,
        );
    }
    if opened_on
        .zip(closed_on)
        .is_some_and(|(opened, closed)| closed < opened)
    {
        section.refuse("closed_on", "`closed_on` lies before `opened_on`", out);
    }
    for key in ["closed_at", "rescinded"] {
        if section.has(key) && !section.has("closed_on") {
            section.refuse(key, format!("`{key}` needs `closed_on`"), out);
        }
    }
}

fn groups() -> Vec<(&'static str, LenderGroup)> {
    let all = LenderGroup::ALL.iter();
    all.map(|group| (group.as_str(), *group)).collect()
}

fn products() -> Vec<(&'static str, ProductType)> {
    let all = ProductType::ALL.iter();
    all.map(|product| (product.as_str(), *product)).collect()
}
