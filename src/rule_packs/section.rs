//! One table of a pack, read key by key: what is there, what is missing, what nobody asked for.
//!
//! Readers give `None` both when a key is absent and when its value is refused; the refusal is collected with its line, so
//! that one look at a file tells everything that is wrong with it.

use std::ops::RangeInclusive;

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use toml_edit::{Array, Datetime, Item, TableLike, Value};

use super::error::{PackError, Place};
use crate::domain::currency::Currency;
use crate::domain::decimal::{AmountFault, decimal};
use crate::domain::validation::AMOUNT_MAX;

/// The most errors that are told of one file.
pub(super) const ERRORS_MAX: usize = 50;
/// The most decimals that any currency has: read where the pack's currency is not known.
const DECIMALS_MAX: u32 = 4;

/// Collects what is wrong with one file.
pub(super) struct Collector<'a> {
    file: &'a str,
    text: &'a str,
    /// In the order in which they were found.
    pub(super) errors: Vec<PackError>,
}

impl<'a> Collector<'a> {
    pub(super) const fn new(file: &'a str, text: &'a str) -> Self {
        Self {
            file,
            text,
            errors: Vec::new(),
        }
    }

    /// Something is wrong at an offset into the text.
    pub(super) fn refuse(&mut self, offset: usize, place: &Place, problem: impl Into<String>) {
        if self.errors.len() < ERRORS_MAX {
            self.errors.push(PackError {
                file: self.file.to_owned(),
                line: Some(self.line_of(offset)),
                place: place.clone(),
                problem: problem.into(),
            });
        }
    }

    /// The line of an offset, from 1.
    pub(super) fn line_of(&self, offset: usize) -> usize {
        let before = self.text.as_bytes().iter().take(offset);
        before.filter(|byte| **byte == b'\n').count() + 1
    }
}

/// One table, whose keys are asked for one by one.
pub(super) struct Section<'a> {
    table: &'a dyn TableLike,
    /// Where it begins in the text.
    pub(super) offset: usize,
    /// What it is.
    pub(super) place: Place,
    asked: Vec<&'static str>,
}

impl<'a> Section<'a> {
    pub(super) fn new(table: &'a dyn TableLike, offset: usize, place: Place) -> Self {
        Self {
            table,
            offset,
            place,
            asked: Vec::new(),
        }
    }

    /// Where a key stands; where the table begins if it is absent.
    pub(super) fn at(&self, key: &str) -> usize {
        let span = self.table.key(key).and_then(toml_edit::Key::span);
        span.map_or(self.offset, |span| span.start)
    }

    /// Whether a key is there.
    pub(super) fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// A key that must be there is told if it is not.
    pub(super) fn require(&self, key: &str, example: &str, out: &mut Collector<'_>) {
        if !self.has(key) {
            let text = format!("`{key}` is missing: write {key} = {example}");
            out.refuse(self.offset, &self.place, text);
        }
    }

    /// Refuses what stands at a key.
    pub(super) fn refuse(&self, key: &str, problem: impl Into<String>, out: &mut Collector<'_>) {
        out.refuse(self.at(key), &self.place, problem);
    }

    /// Refuses every key that was not asked for.
    pub(super) fn finish(&self, out: &mut Collector<'_>) {
        for (key, _) in self.table.iter() {
            if !self.asked.contains(&key) {
                let known = self.asked.join(", ");
                self.refuse(
                    key,
                    format!("unknown key `{key}`; the keys here are {known}"),
                    out,
                );
            }
        }
    }

    fn item(&mut self, key: &'static str) -> Option<&'a Item> {
        self.asked.push(key);
        self.table.get(key)
    }

    fn value(&mut self, key: &'static str, kind: &str, out: &mut Collector<'_>) -> Option<&'a Value> {
        let item = self.item(key)?;
        let value = item.as_value();
        if value.is_none() {
            self.refuse(key, format!("`{key}` is a table; it must be {kind}"), out);
        }
        value
    }

    /// Reads a value of one kind.
    fn kind<T>(
        &mut self,
        key: &'static str,
        kind: &str,
        read: impl FnOnce(&'a Value) -> Option<T>,
        out: &mut Collector<'_>,
    ) -> Option<T> {
        let value = self.value(key, kind, out)?;
        let read = read(value);
        if read.is_none() {
            let text = format!("`{key}` is {}; it must be {kind}", shown(value));
            self.refuse(key, text, out);
        }
        read
    }

    /// A text of 1 to so many characters.
    pub(super) fn text(
        &mut self,
        key: &'static str,
        chars_max: usize,
        out: &mut Collector<'_>,
    ) -> Option<&'a str> {
        let text = self.kind(key, "a text in quotes", Value::as_str, out)?;
        let fits = !text.trim().is_empty() && text.chars().count() <= chars_max;
        if !fits {
            self.refuse(key, format!("`{key}` must have 1 to {chars_max} characters"), out);
        }
        fits.then_some(text)
    }

    /// A whole number.
    pub(super) fn number(
        &mut self,
        key: &'static str,
        range: RangeInclusive<u32>,
        out: &mut Collector<'_>,
    ) -> Option<u32> {
        let (least, most) = (*range.start(), *range.end());
        let kind = format!("a whole number from {least} to {most}");
        let read = |value: &Value| {
            let number = u32::try_from(value.as_integer()?).ok()?;
            range.contains(&number).then_some(number)
        };
        self.kind(key, &kind, read, out)
    }

    /// `true` or `false`.
    pub(super) fn flag(&mut self, key: &'static str, out: &mut Collector<'_>) -> Option<bool> {
        self.kind(key, "true or false", Value::as_bool, out)
    }

    /// A day.
    pub(super) fn day(&mut self, key: &'static str, out: &mut Collector<'_>) -> Option<NaiveDate> {
        let read = |value: &Value| {
            let given = value.as_datetime()?;
            date_of(given).filter(|_| given.time.is_none() && given.offset.is_none())
        };
        self.kind(key, "a day without quotes, such as 2026-01-31", read, out)
    }

    /// A day and a time of day, local to the pack's zone.
    pub(super) fn moment(&mut self, key: &'static str, out: &mut Collector<'_>) -> Option<NaiveDateTime> {
        let read = |value: &Value| {
            let given = value.as_datetime().filter(|given| given.offset.is_none())?;
            let time = given.time?;
            let time = NaiveTime::from_hms_opt(time.hour.into(), time.minute.into(), time.second.into())?;
            Some(date_of(given)?.and_time(time))
        };
        let kind = "a day and a time without quotes and without an offset, such as 2026-01-31T23:59:59";
        self.kind(key, kind, read, out)
    }

    /// An amount of the pack's currency, at least zero.
    pub(super) fn amount(
        &mut self,
        key: &'static str,
        currency: Option<Currency>,
        out: &mut Collector<'_>,
    ) -> Option<i64> {
        let kind = "a decimal in quotes, such as \"1000.00\"";
        let text = self.kind(key, kind, Value::as_str, out)?;
        match amount(text, currency) {
            Ok(amount) => Some(amount),
            Err(problem) => {
                self.refuse(key, format!("`{key}` is \"{text}\"; {problem}"), out);
                None
            }
        }
    }

    /// One of some names.
    pub(super) fn choice<T: Copy>(
        &mut self,
        key: &'static str,
        choices: &[(&str, T)],
        out: &mut Collector<'_>,
    ) -> Option<T> {
        let kind = one_of(choices);
        let read = |value: &Value| chosen(value, choices);
        self.kind(key, &kind, read, out)
    }

    /// A list of some names; none twice.
    pub(super) fn choices<T: Copy + Ord>(
        &mut self,
        key: &'static str,
        choices: &[(&str, T)],
        out: &mut Collector<'_>,
    ) -> Option<Vec<T>> {
        let list = self.kind(key, "a list of texts", Value::as_array, out)?;
        let mut read = Vec::new();
        for value in list {
            match chosen(value, choices) {
                Some(choice) if !read.contains(&choice) => read.push(choice),
                Some(_) => self.refuse(key, format!("`{key}` holds {} twice", shown(value)), out),
                None => {
                    let text = format!("`{key}` holds {}; each must be {}", shown(value), one_of(choices));
                    out.refuse(start_of(value, self.at(key)), &self.place, text);
                }
            }
        }
        if list.is_empty() {
            self.refuse(
                key,
                format!("`{key}` is empty: leave it out, which means all"),
                out,
            );
        }
        Some(read)
    }

    /// A list of texts.
    pub(super) fn texts(
        &mut self,
        key: &'static str,
        chars_max: usize,
        out: &mut Collector<'_>,
    ) -> Option<Vec<&'a str>> {
        let list = self.kind(key, "a list of texts", Value::as_array, out)?;
        let fits = |text: &&str| !text.trim().is_empty() && text.chars().count() <= chars_max;
        let mut read = Vec::new();
        for value in list {
            let Some(text) = value.as_str().filter(fits) else {
                let given = shown(value);
                let text =
                    format!("`{key}` holds {given}; each must be a text of 1 to {chars_max} characters");
                out.refuse(start_of(value, self.at(key)), &self.place, text);
                continue;
            };
            read.push(text);
        }
        (read.len() == list.len()).then_some(read)
    }

    /// The one table at a key.
    pub(super) fn section(&mut self, key: &'static str, out: &mut Collector<'_>) -> Option<Self> {
        let item = self.item(key)?;
        let Some(table) = item.as_table_like() else {
            self.refuse(key, format!("`{key}` must be a table: [{key}]"), out);
            return None;
        };
        Some(Self::new(table, self.at(key), self.place.clone()))
    }

    /// The tables at a key, each with its place in the text; at most so many.
    pub(super) fn tables(
        &mut self,
        key: &'static str,
        count_max: usize,
        out: &mut Collector<'_>,
    ) -> Vec<(&'a dyn TableLike, usize)> {
        let Some(item) = self.item(key) else {
            return Vec::new();
        };
        let at = self.at(key);
        let tables = match item {
            Item::ArrayOfTables(tables) => {
                let each = tables.iter().map(|table| {
                    let offset = table.span().map_or(at, |span| span.start);
                    (table as &dyn TableLike, offset)
                });
                Some(each.collect())
            }
            Item::Value(Value::Array(list)) => inline_tables(list, at),
            Item::None | Item::Value(_) | Item::Table(_) => None,
        };
        let Some(mut tables): Option<Vec<_>> = tables else {
            self.refuse(key, format!("`{key}` must be a list of tables"), out);
            return Vec::new();
        };
        if tables.len() > count_max {
            let text = format!("`{key}` has {} tables; at most {count_max}", tables.len());
            self.refuse(key, text, out);
            tables.truncate(count_max);
        }
        tables
    }
}

fn inline_tables(list: &Array, at: usize) -> Option<Vec<(&dyn TableLike, usize)>> {
    let each = list.iter().map(|value| {
        let table = value.as_inline_table()?;
        Some((table as &dyn TableLike, start_of(value, at)))
    });
    each.collect()
}

fn start_of(value: &Value, otherwise: usize) -> usize {
    value.span().map_or(otherwise, |span| span.start)
}

fn date_of(given: &Datetime) -> Option<NaiveDate> {
    let date = given.date?;
    NaiveDate::from_ymd_opt(date.year.into(), date.month.into(), date.day.into())
}

/// An amount, or what is wrong with it.
pub(super) fn amount(text: &str, currency: Option<Currency>) -> Result<i64, String> {
    let exponent = currency.map_or(DECIMALS_MAX, |currency| currency.exponent());
    match decimal(text, exponent) {
        Ok(amount) if amount >= 0 => Ok(amount),
        Ok(_) | Err(AmountFault::TooNegative) => Err("it must not be negative".to_owned()),
        Err(AmountFault::Form) => Err("write digits with at most one point, such as \"1000.00\"".to_owned()),
        Err(AmountFault::Decimals) => Err(match currency {
            Some(currency) => format!("{currency} has {exponent} decimals"),
            None => format!("no currency has more than {exponent} decimals"),
        }),
        Err(AmountFault::TooLarge) => Err(format!("the largest amount is {AMOUNT_MAX} minor units")),
    }
}

fn chosen<T: Copy>(value: &Value, choices: &[(&str, T)]) -> Option<T> {
    let given = value.as_str()?;
    let found = choices.iter().find(|(name, _)| *name == given);
    found.map(|(_, choice)| *choice)
}

fn one_of<T>(choices: &[(&str, T)]) -> String {
    let names: Vec<String> = choices.iter().map(|(name, _)| format!("\"{name}\"")).collect();
    format!("one of {}", names.join(", "))
}

/// A value as it stands in the file, if it is short.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) if text.value().chars().count() <= 40 => format!("\"{}\"", text.value()),
        Value::String(_) => "a long text".to_owned(),
        Value::Integer(number) => number.value().to_string(),
        Value::Float(_) => "a number with a point".to_owned(),
        Value::Boolean(flag) => flag.value().to_string(),
        Value::Datetime(datetime) => datetime.value().to_string(),
        Value::Array(_) => "a list".to_owned(),
        Value::InlineTable(_) => "a table".to_owned(),
    }
}
