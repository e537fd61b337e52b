//! From listings to figures: what goes across, what becomes a series, and what is said of it in words.

use chrono::NaiveDate;

use crate::domain::language::Language;
use crate::domain::statistics::{Axis, Shown, ShownRow, ShownTable};
use crate::web::chart::{Figure, Heat, Mark, Places, Series, Setting, Shape, Unit, hidden};
use crate::web::listing::Listing;
use crate::web::names::{self, Words};

/// Places above which a description does not name the values.
const TOLD_MAX: usize = 8;

/// A chart to be drawn.
pub struct Sketch<'l> {
    pub listing: &'l Listing,
    pub id: String,
    pub title: String,
    pub measure: String,
    pub language: Language,
    /// Where its chart stands.
    pub setting: Setting,
}

impl Sketch<'_> {
    /// Each column of a table without places, date by date.
    pub fn columns_over_time(&self, columns: &[&'static str], shape: Shape) -> String {
        let series = columns.iter().map(|column| Series {
            name: names::column(column, self.language).to_owned(),
            marks: self.over_time(column, |_| true),
        });
        self.draw(self.dates(), self.unit(columns), series.collect(), shape)
    }

    /// A column, a series for each place of an axis, date by date.
    pub fn places_over_time(&self, axis: Axis, column: &'static str, shape: Shape) -> String {
        self.some_places_over_time((axis, 0), column, shape)
    }

    /// Likewise, for the places from one on.
    pub fn some_places_over_time(
        &self,
        (axis, first): (Axis, usize),
        column: &'static str,
        shape: Shape,
    ) -> String {
        let at = self.axis_number(axis);
        let series = (first..axis.places()).map(|place| Series {
            name: self.place(axis, place),
            marks: self.over_time(column, |row| row.places.get(at) == Some(&place)),
        });
        self.draw(self.dates(), self.unit(&[column]), series.collect(), shape)
    }

    /// Columns at the last date, by the places of an axis.
    pub fn columns_by_place(&self, axis: Axis, columns: &[&'static str], shape: Shape) -> String {
        let at = self.axis_number(axis);
        let series = columns.iter().map(|column| Series {
            name: names::column(column, self.language).to_owned(),
            marks: (0..self.places(axis))
                .map(|place| self.latest(column, |row| row.places.get(at) == Some(&place)))
                .collect(),
        });
        self.draw(self.across(axis), self.unit(columns), series.collect(), shape)
    }

    /// Columns of the last date side by side.
    pub fn columns_across(&self, columns: &[&'static str], shape: Shape) -> String {
        let title = Words("Part", "项目").told(self.language).to_owned();
        let labels = columns
            .iter()
            .map(|column| names::column(column, self.language).to_owned());
        let across = Places {
            title,
            labels: labels.collect(),
        };
        let marks = columns
            .iter()
            .map(|column| self.latest(column, |_| true))
            .collect();
        let series = vec![Series {
            name: self.measure.clone(),
            marks,
        }];
        self.draw(across, self.unit(columns), series, shape)
    }

    /// A column at the last date along one axis, a line for every so many places of another.
    pub fn curves(&self, of: Axis, along: Axis, every: usize, column: &'static str) -> String {
        let (of_at, along_at) = (self.axis_number(of), self.axis_number(along));
        let series = (0..of.places()).step_by(every).map(|line| Series {
            name: self.place(of, line),
            marks: (0..along.places())
                .map(|place| {
                    self.latest(column, |row| {
                        row.places.get(of_at) == Some(&line) && row.places.get(along_at) == Some(&place)
                    })
                })
                .collect(),
        });
        self.draw(
            self.across(along),
            self.unit(&[column]),
            series.collect(),
            Shape::Lines,
        )
    }

    /// A column at the last date, one axis down and one across.
    pub fn grid(&self, down: Axis, across: Axis, column: &'static str) -> String {
        let (down_at, across_at) = (self.axis_number(down), self.axis_number(across));
        let rows = (0..down.places()).map(|row_place| {
            let cells = (0..across.places()).map(|place| {
                self.latest(column, |row| {
                    row.places.get(down_at) == Some(&row_place) && row.places.get(across_at) == Some(&place)
                })
            });
            cells.collect::<Vec<Mark>>()
        });
        let mut heat = Heat {
            id: format!("{}-chart", self.id),
            title: self.title.clone(),
            description: String::new(),
            down: self.across(down),
            across: self.across(across),
            measure: self.measure.clone(),
            unit: self.unit(&[column]),
            rows: rows.collect(),
            language: self.language,
        };
        heat.description = heat_words(&heat);
        match heat.is_empty() {
            true => String::new(),
            false => heat.draw(self.setting),
        }
    }

    fn draw(&self, across: Places, unit: Unit, series: Vec<Series>, shape: Shape) -> String {
        let mut figure = Figure {
            id: format!("{}-chart", self.id),
            title: self.title.clone(),
            description: String::new(),
            across,
            measure: self.measure.clone(),
            unit,
            series,
            language: self.language,
        };
        figure.description = figure_words(&figure, shape);
        match figure.is_empty() {
            true => String::new(),
            false => figure.draw(shape, self.setting),
        }
    }

    fn over_time(&self, column: &str, is_meant: impl Fn(&ShownRow) -> bool) -> Vec<Mark> {
        let tables = self.listing.tables.iter();
        tables
            .map(|(_, table)| self.mark(table, column, &is_meant))
            .collect()
    }

    fn latest(&self, column: &str, is_meant: impl Fn(&ShownRow) -> bool) -> Mark {
        let last = self.listing.last();
        last.map_or(Mark::Absent, |(_, table)| self.mark(table, column, is_meant))
    }

    fn mark(&self, table: &ShownTable, column: &str, is_meant: impl Fn(&ShownRow) -> bool) -> Mark {
        let columns = self.listing.columns();
        let number = columns.iter().position(|listed| listed.name == column);
        let row = table.rows.iter().find(|row| is_meant(row));
        let shown = number.zip(row).and_then(|(number, row)| row.values.get(number));
        match shown {
            Some(Shown::Count(value) | Shown::Amount(value) | Shown::Ratio(value)) => Mark::Known(*value),
            Some(Shown::Hidden) => Mark::Hidden,
            Some(Shown::Nothing) | None => Mark::Absent,
        }
    }

    fn axis_number(&self, axis: Axis) -> usize {
        let axes = self.listing.axes();
        axes.iter()
            .position(|listed| *listed == axis)
            .unwrap_or(usize::MAX)
    }

    fn unit(&self, columns: &[&str]) -> Unit {
        let listed = self.listing.columns();
        let first = listed.iter().find(|column| columns.first() == Some(&column.name));
        first.map_or(Unit::Count, |column| names::unit(column, self.listing.currency))
    }

    fn dates(&self) -> Places {
        let dates = self.listing.tables.iter().map(|(key, _)| key.as_of.to_string());
        Places {
            title: Words("Date of the snapshot", "快照日期")
                .told(self.language)
                .to_owned(),
            labels: dates.collect(),
        }
    }

    fn across(&self, axis: Axis) -> Places {
        Places {
            title: names::axis(axis, self.language).to_owned(),
            labels: (0..self.places(axis))
                .map(|place| self.place(axis, place))
                .collect(),
        }
    }

    /// How many places an axis has at the last date.
    fn places(&self, axis: Axis) -> usize {
        match axis {
            Axis::Member => self.listing.last().map_or(0, |(_, table)| table.members.len()),
            _ => axis.places(),
        }
    }

    fn place(&self, axis: Axis, place: usize) -> String {
        if axis == Axis::Member {
            let last = self.listing.last();
            return last.map_or_else(String::new, |(_, table)| table.member(place).to_owned());
        }
        let as_of = self.listing.last().map_or(NaiveDate::MIN, |(key, _)| key.as_of);
        names::place(axis, place, as_of, self.language).into_owned()
    }
}

/// What can be seen in a figure: what is drawn, from where to where, the last values, and how much is hidden.
pub fn figure_words(figure: &Figure, shape: Shape) -> String {
    let language = figure.language;
    let kind = match shape {
        Shape::Bars => Words("Bars", "柱状图"),
        Shape::Stack => Words("Stacked bars", "堆积柱状图"),
        Shape::Lines => Words("Lines", "折线图"),
        Shape::League => Words("Horizontal bars", "条形图"),
    };
    let mut text = format!("{}. {}", kind.told(language), span(&figure.across, language));
    let last = figure.across.labels.len().checked_sub(1);
    let over_time = matches!(shape, Shape::Lines | Shape::Stack);
    if let Some(last) = last.filter(|_| over_time && figure.series.len() <= TOLD_MAX) {
        let values = figure.series.iter().filter_map(|series| {
            let told = value_words(*series.marks.get(last)?, figure.unit, language)?;
            Some(format!("{} {told}", series.name))
        });
        let at = figure.across.labels.get(last).map_or("", String::as_str);
        let values: Vec<String> = values.collect();
        text.push_str(&format!(" {at}: {}.", values.join("; ")));
    }
    let marks = figure.series.iter().flat_map(|series| &series.marks);
    text.push_str(&hidden_words(
        marks.filter(|mark| **mark == Mark::Hidden).count(),
        language,
    ));
    text
}

fn heat_words(heat: &Heat) -> String {
    let kind = Words("Heat map, the darker the more", "热力图,颜色越深数值越大").told(heat.language);
    let down = span(&heat.down, heat.language);
    let across = span(&heat.across, heat.language);
    let marks = heat.rows.iter().flatten();
    let hides = hidden_words(marks.filter(|mark| **mark == Mark::Hidden).count(), heat.language);
    format!("{kind}. {down} {across}{hides}")
}

fn span(places: &Places, language: Language) -> String {
    match (places.labels.first(), places.labels.last(), language) {
        (Some(first), Some(last), Language::English) => format!("{}: {first} to {last}.", places.title),
        (Some(first), Some(last), Language::Chinese) => format!("{}:{first} 至 {last}。", places.title),
        _ => String::new(),
    }
}

fn value_words(mark: Mark, unit: Unit, language: Language) -> Option<String> {
    match mark {
        Mark::Known(value) => Some(unit.full(value, language)),
        Mark::Hidden => Some(hidden(language).to_owned()),
        Mark::Absent => None,
    }
}

fn hidden_words(hidden: usize, language: Language) -> String {
    match (hidden, language) {
        (0, _) => String::new(),
        (hidden, Language::English) => format!(" Values hidden by disclosure control: {hidden}."),
        (hidden, Language::Chinese) => format!(" 因披露控制隐去 {hidden} 个数值。"),
    }
}
