//! The sheet that charts are drawn on: SVG elements, escaped, in the order in which they are put down.

use super::{Setting, Unit, hidden};
use crate::domain::language::Language;

/// Width of every chart, in tenths of a pixel.
pub(super) const WIDTH: i64 = 7_200;
/// Colours of series that the stylesheet knows.
pub(super) const COLOURS: usize = 8;
/// Height of a row of the legend.
const LEGEND_ROW: i64 = 200;
/// Width of a legend's swatch with the space after it.
const SWATCH: i64 = 220;

/// Where the marks are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plot {
    pub left: i64,
    pub top: i64,
    pub width: i64,
    pub height: i64,
}

impl Plot {
    pub const fn right(self) -> i64 {
        self.left + self.width
    }

    pub const fn bottom(self) -> i64 {
        self.top + self.height
    }
}

/// Which end of a text lies at its point.
#[derive(Debug, Clone, Copy)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// A chart in the making.
pub(super) struct Canvas<'a> {
    id: &'a str,
    body: String,
}

impl<'a> Canvas<'a> {
    pub const fn new(id: &'a str) -> Self {
        Self {
            id,
            body: String::new(),
        }
    }

    /// A rectangle that says what it is when somebody points at it.
    pub fn bar(&mut self, class: &str, x: i64, y: i64, width: i64, height: i64, told: &str) {
        self.rect(&format!("class=\"{class}\""), x, y, width, height, told);
    }

    /// The same, hatched.
    pub fn hatched(&mut self, x: i64, y: i64, width: i64, height: i64, told: &str) {
        let fill = format!("class=\"hidden\" fill=\"url(#{}-hatch)\"", self.id);
        self.rect(&fill, x, y, width, height, told);
    }

    fn rect(&mut self, look: &str, x: i64, y: i64, width: i64, height: i64, told: &str) {
        let (x, y, width, height) = (px(x), px(y), px(width.max(0)), px(height.max(0)));
        let told = escape(told);
        self.body.push_str(&format!(
            "<rect {look} x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\"><title>{told}</title></rect>"
        ));
    }

    pub fn line(&mut self, class: &str, x1: i64, y1: i64, x2: i64, y2: i64) {
        let (x1, y1, x2, y2) = (px(x1), px(y1), px(x2), px(y2));
        self.body.push_str(&format!(
            "<line class=\"{class}\" x1=\"{x1}\" y1=\"{y1}\" x2=\"{x2}\" y2=\"{y2}\"/>"
        ));
    }

    /// A line through points.
    pub fn path(&mut self, class: &str, points: &[(i64, i64)]) {
        let points: Vec<String> = points
            .iter()
            .map(|(x, y)| format!("{},{}", px(*x), px(*y)))
            .collect();
        self.body.push_str(&format!(
            "<polyline class=\"{class}\" points=\"{}\"/>",
            points.join(" ")
        ));
    }

    /// The marker of a series, each with a form of its own.
    pub fn marker(&mut self, series: usize, x: i64, y: i64, told: &str) {
        let form = marker_form(series, x, y);
        let told = escape(told);
        let class = format!("s{} marker", series % COLOURS);
        self.body.push_str(&format!(
            "<path class=\"{class}\" d=\"{form}\"><title>{told}</title></path>"
        ));
    }

    pub fn text(&mut self, class: &str, anchor: Anchor, x: i64, y: i64, text: &str) {
        self.put_text(class, anchor, x, y, "", text);
    }

    /// The same, turned to the left about its point.
    pub fn turned(&mut self, class: &str, anchor: Anchor, (x, y): (i64, i64), degrees: i64, text: &str) {
        let turn = format!(" transform=\"rotate(-{degrees} {} {})\"", px(x), px(y));
        self.put_text(class, anchor, x, y, &turn, text);
    }

    fn put_text(&mut self, class: &str, anchor: Anchor, x: i64, y: i64, turn: &str, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let (x, y, text) = (px(x), px(y), escape(text));
        self.body.push_str(&format!(
            "<text class=\"{class}\" text-anchor=\"{anchor}\" x=\"{x}\" y=\"{y}\"{turn}>{text}</text>"
        ));
    }

    /// The axis of values at the left of a plot: ticks at these heights, and its title.
    pub fn value_axis(
        &mut self,
        plot: Plot,
        ticks: impl Iterator<Item = (i64, i64)>,
        unit: Unit,
        language: Language,
        title: &str,
    ) {
        for (value, above) in ticks {
            let y = plot.bottom() - above;
            let class = if value == 0 { "axis" } else { "grid" };
            self.line(class, plot.left, y, plot.right(), y);
            self.text(
                "tick",
                Anchor::End,
                plot.left - 60,
                y + 40,
                &unit.short(value, language),
            );
        }
        // Above the axis and not along it: it may be longer than the axis is high.
        self.text("title", Anchor::Start, 100, plot.top - 180, title);
    }

    /// Labels below a plot at these places, as many as fit, and the axis' title.
    pub fn label_axis(&mut self, plot: Plot, labels: &[String], title: &str) {
        let slot = slot(plot.width, labels.len());
        let widest = labels.iter().map(|label| text_width(label)).max().unwrap_or(0) + 80;
        let every = usize::try_from((widest + slot - 1) / slot.max(1))
            .unwrap_or(1)
            .max(1);
        for (place, label) in labels.iter().enumerate() {
            // The last one is the one that people look for.
            if (labels.len() - 1 - place).is_multiple_of(every) {
                let x = plot.left + middle(slot, place);
                self.text("tick", Anchor::Middle, x, plot.bottom() + 190, label);
            }
        }
        let x = plot.left + plot.width / 2;
        self.text("title", Anchor::Middle, x, plot.bottom() + 390, title);
    }

    /// Names of series with their looks below each other, and the hatching if there is any; returns where they end.
    pub fn legend(&mut self, top: i64, names: &[&str], hides: bool, language: Language, lines: bool) -> i64 {
        let mut spot = (700, top);
        for (series, name) in names.iter().enumerate() {
            let (x, y) = Self::legend_spot(&mut spot, name);
            let class = format!("s{}", series % COLOURS);
            if lines {
                let dashed = format!("{class} line d{}", series % COLOURS);
                self.path(&dashed, &[(x, y + 50), (x + 160, y + 50)]);
                self.marker(series, x + 80, y + 50, name);
            } else {
                self.bar(&class, x, y, 120, 100, name);
            }
            self.text("tick", Anchor::Start, x + SWATCH, y + 95, name);
        }
        if hides {
            let name = hidden(language);
            let (x, y) = Self::legend_spot(&mut spot, name);
            self.hatched(x, y, 120, 100, name);
            self.text("tick", Anchor::Start, x + SWATCH, y + 95, name);
        }
        match names.is_empty() && !hides {
            true => top,
            false => spot.1 + LEGEND_ROW,
        }
    }

    fn legend_spot(spot: &mut (i64, i64), name: &str) -> (i64, i64) {
        let width = SWATCH + text_width(name) + 240;
        if spot.0 + width > WIDTH && spot.0 > 700 {
            *spot = (700, spot.1 + LEGEND_ROW);
        }
        let here = *spot;
        spot.0 += width;
        here
    }

    /// The whole, with its name and what it shows in words.
    pub fn finish(self, title: &str, description: &str, height: i64, setting: Setting) -> String {
        let Self { id, body } = self;
        let (title, description) = (escape(title), escape(description));
        let (width, height) = (px(WIDTH), px(height));
        let style = match setting {
            Setting::Page => String::new(),
            Setting::Alone => format!("<style>{}</style>", include_str!("alone.css")),
        };
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"chart\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
             height=\"{height}\" role=\"img\" aria-labelledby=\"{id}-title {id}-desc\">\
             <title id=\"{id}-title\">{title}</title><desc id=\"{id}-desc\">{description}</desc>{style}\
             <defs><pattern id=\"{id}-hatch\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\" \
             patternTransform=\"rotate(45)\"><rect class=\"hatch-ground\" width=\"6\" height=\"6\"/>\
             <line class=\"hatch-line\" x1=\"1\" y1=\"0\" x2=\"1\" y2=\"6\"/></pattern></defs>{body}</svg>"
        )
    }
}

/// Width of each of so many places on an axis.
pub(super) fn slot(width: i64, places: usize) -> i64 {
    width / i64::try_from(places.max(1)).unwrap_or(1)
}

/// The middle of a place.
pub(super) fn middle(slot: i64, place: usize) -> i64 {
    start(slot, place) + slot / 2
}

/// The beginning of a place.
pub(super) fn start(slot: i64, place: usize) -> i64 {
    slot * i64::try_from(place).unwrap_or(0)
}

fn marker_form(series: usize, x: i64, y: i64) -> String {
    let at = |across: i64, down: i64| format!("{} {}", px(x + across), px(y + down));
    let around = |points: &[(i64, i64)]| {
        let points: Vec<String> = points.iter().map(|(across, down)| at(*across, *down)).collect();
        format!("M{}Z", points.join("L"))
    };
    match series % 5 {
        0 => format!("M{}a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0 -7 0Z", at(-35, 0)),
        1 => around(&[(-32, -32), (32, -32), (32, 32), (-32, 32)]),
        2 => around(&[(0, -42), (40, 32), (-40, 32)]),
        3 => around(&[(0, -45), (45, 0), (0, 45), (-45, 0)]),
        _ => around(&[(-40, -32), (40, -32), (0, 42)]),
    }
}

/// About how wide a text of the charts' size is: Chinese characters are as wide as they are high.
pub(super) fn text_width(text: &str) -> i64 {
    text.chars()
        .map(|letter| if u32::from(letter) >= 0x2e80 { 120 } else { 68 })
        .sum()
}

/// Tenths of a pixel, as SVG writes them.
pub(super) fn px(tenths: i64) -> String {
    let sign = if tenths < 0 { "-" } else { "" };
    let (whole, rest) = (tenths.unsigned_abs() / 10, tenths.unsigned_abs() % 10);
    match rest {
        0 => format!("{sign}{whole}"),
        rest => format!("{sign}{whole}.{rest}"),
    }
}

/// A text as part of HTML or SVG, also within quotes. What XML forbids altogether is left out.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\u{0}'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => {}
            plain => escaped.push(plain),
        }
    }
    escaped
}
