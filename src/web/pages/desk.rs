//! A page of a snapshot in the making: which date, which currency, which language.

use chrono::{Months, NaiveDate};

use super::Panel;
use super::definitions::link_to;
use super::sketch::Sketch;
use crate::domain::currency::Currency;
use crate::domain::language::Language;
use crate::domain::statistics::{Axis, Indicator, Published, Snapshot};
use crate::web::chart::Setting;
use crate::web::listing::Listing;
use crate::web::names::Words;
use crate::web::window::{Window, WindowError};

/// Months that a series goes back.
const MONTHS_BACK: u32 = 12;

/// What a page is made of.
pub struct Desk<'a> {
    pub window: &'a dyn Window,
    pub snapshot: Snapshot,
    pub currency: Option<Currency>,
    pub language: Language,
}

/// Which dates of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Span {
    /// The snapshot's alone.
    Date,
    /// A year up to the snapshot's.
    Year,
}

impl Desk<'_> {
    pub const fn as_of(&self) -> NaiveDate {
        self.snapshot.key.as_of
    }

    pub const fn say(&self, words: Words) -> &'static str {
        words.told(self.language)
    }

    /// What is counted over all currencies.
    pub async fn counts(
        &self,
        indicator: Indicator,
        cuts: &'static [Axis],
        span: Span,
    ) -> Result<Listing, WindowError> {
        self.listing(Published { indicator, cuts }, None, span).await
    }

    /// What has a currency; nothing when the snapshot has none.
    pub async fn amounts(
        &self,
        indicator: Indicator,
        cuts: &'static [Axis],
        span: Span,
    ) -> Result<Option<Listing>, WindowError> {
        if self.currency.is_none() {
            return Ok(None);
        }
        let listing = self.listing(Published { indicator, cuts }, self.currency, span);
        listing.await.map(Some)
    }

    async fn listing(
        &self,
        published: Published,
        currency: Option<Currency>,
        span: Span,
    ) -> Result<Listing, WindowError> {
        let to = self.as_of();
        let from = match span {
            Span::Date => to,
            Span::Year => to.checked_sub_months(Months::new(MONTHS_BACK)).unwrap_or(to),
        };
        Listing::read(self.window, published, currency, (from, to)).await
    }

    /// A chart to be drawn of a listing.
    pub fn sketch<'l>(&self, listing: &'l Listing, id: &str, title: Words, measure: Words) -> Sketch<'l> {
        Sketch {
            listing,
            id: id.to_owned(),
            title: self.say(title).to_owned(),
            measure: self.say(measure).to_owned(),
            language: self.language,
            setting: Setting::Page,
        }
    }

    /// The chart that was drawn, with what belongs to it.
    pub fn panel(&self, sketch: &Sketch<'_>, lead: Words, svg: String) -> Panel {
        let listing = sketch.listing;
        Panel {
            id: sketch.id.clone(),
            title: sketch.title.clone(),
            lead: self.say(lead).to_owned(),
            svg,
            definition: Some(link_to(listing.published.indicator, self.language)),
            download: Some(listing.href()),
            grid: Some(listing.grid(sketch.title.clone(), self.language)),
        }
    }
}
