//! Charts: pure functions from figures to SVG text.
//!
//! Knows no page, no store and no statistics; the same figure gives the same bytes. Colours are classes, so that a page's
//! stylesheet decides light or dark; a chart that stands alone carries the same classes with a style of its own. Nothing is
//! told by colour alone: series differ by marker and dash, too, and heat by a number in each cell. Invariant: every text is
//! escaped, nothing carries a `style` attribute (the policy of the pages forbids it), and coordinates are integers, tenths
//! of a pixel.

mod bars;
mod canvas;
mod heat;
mod league;
mod lines;
mod scale;
#[cfg(test)]
mod tests;
mod unit;

pub use self::canvas::escape;
pub use self::unit::Unit;
use crate::domain::language::Language;

/// What is known of one place in a chart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// A value in the figure's unit.
    Known(i64),
    /// Kept back, because somebody could be worked out: hatched.
    Hidden,
    /// There is none: nothing is drawn.
    Absent,
}

impl Mark {
    const fn known(self) -> Option<i64> {
        match self {
            Self::Known(value) => Some(value),
            Self::Hidden | Self::Absent => None,
        }
    }
}

/// Marks that belong together, one for each label of the horizontal axis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Series {
    /// What they are.
    pub name: String,
    /// In the order of the labels.
    pub marks: Vec<Mark>,
}

/// An axis of places with names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Places {
    /// What the places are.
    pub title: String,
    /// Their names.
    pub labels: Vec<String>,
}

/// Series over places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figure {
    /// Name of its own on the page, of letters, digits and hyphens.
    pub id: String,
    /// What it shows, for those who do not see it, too.
    pub title: String,
    /// What can be seen in it, in words.
    pub description: String,
    /// The places.
    pub across: Places,
    /// What the values are, without their unit.
    pub measure: String,
    /// Their unit.
    pub unit: Unit,
    /// The values.
    pub series: Vec<Series>,
    /// The language of what the chart says itself.
    pub language: Language,
}

/// A grid of values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heat {
    /// Name of its own on the page, of letters, digits and hyphens.
    pub id: String,
    /// What it shows.
    pub title: String,
    /// What can be seen in it, in words.
    pub description: String,
    /// From top to bottom.
    pub down: Places,
    /// From left to right.
    pub across: Places,
    /// What the values are, without their unit.
    pub measure: String,
    /// Their unit.
    pub unit: Unit,
    /// Row by row.
    pub rows: Vec<Vec<Mark>>,
    /// The language of what the chart says itself.
    pub language: Language,
}

/// How a figure is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Bars side by side.
    Bars,
    /// Bars upon each other.
    Stack,
    /// A line for each series.
    Lines,
    /// A bar for each place, from left to right, under each other: for places with long names.
    League,
}

/// Where a chart stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Setting {
    /// In a page that has the stylesheet.
    Page,
    /// In a file of its own: the style comes with it.
    Alone,
}

impl Figure {
    /// The chart.
    pub fn draw(&self, shape: Shape, setting: Setting) -> String {
        match shape {
            Shape::Bars => bars::draw(self, false, setting),
            Shape::Stack => bars::draw(self, true, setting),
            Shape::Lines => lines::draw(self, setting),
            Shape::League => league::draw(self, setting),
        }
    }

    /// Whether nothing can be drawn of it.
    pub fn is_empty(&self) -> bool {
        let mut marks = self.series.iter().flat_map(|series| &series.marks);
        marks.all(|mark| *mark == Mark::Absent)
    }

    /// The value axis' title: what is measured, and in what.
    fn measure(&self) -> String {
        titled(&self.measure, self.unit, self.language)
    }

    /// The least and the greatest of values, 0 included.
    fn span(&self) -> (i64, i64) {
        let known = self.series.iter().flat_map(|series| &series.marks);
        known
            .filter_map(|mark| mark.known())
            .fold((0, 0), |(low, high), value| (low.min(value), high.max(value)))
    }

    fn hides(&self) -> bool {
        let mut marks = self.series.iter().flat_map(|series| &series.marks);
        marks.any(|mark| *mark == Mark::Hidden)
    }

    /// What a mark says when somebody points at it.
    fn told(&self, series: &str, place: usize, mark: Mark) -> String {
        let label = self.across.labels.get(place).map_or("", String::as_str);
        let value = match mark {
            Mark::Known(value) => self.unit.full(value, self.language),
            Mark::Hidden | Mark::Absent => hidden(self.language).to_owned(),
        };
        if series.is_empty() {
            format!("{label}: {value}")
        } else {
            format!("{series}, {label}: {value}")
        }
    }
}

impl Heat {
    /// The chart.
    pub fn draw(&self, setting: Setting) -> String {
        heat::draw(self, setting)
    }

    /// Whether nothing can be drawn of it.
    pub fn is_empty(&self) -> bool {
        self.rows.iter().flatten().all(|mark| *mark == Mark::Absent)
    }
}

fn titled(measure: &str, unit: Unit, language: Language) -> String {
    let unit = unit.name(language);
    match unit.is_empty() {
        true => measure.to_owned(),
        false => format!("{measure} ({unit})"),
    }
}

/// What a hatched place is called.
pub const fn hidden(language: Language) -> &'static str {
    match language {
        Language::English => "hidden (disclosure control)",
        Language::Chinese => "隐去(披露控制)",
    }
}
