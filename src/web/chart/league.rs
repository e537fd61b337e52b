//! A bar for each place from left to right, under each other: for places with long names.

use super::canvas::{Anchor, Canvas, Plot, WIDTH, middle, slot, start, text_width};
use super::scale::Scale;
use super::{Figure, Mark, Setting, Unit};

const ROW: i64 = 230;

pub(super) fn draw(figure: &Figure, setting: Setting) -> String {
    let mut canvas = Canvas::new(&figure.id);
    let widest = figure
        .across
        .labels
        .iter()
        .map(|label| text_width(label))
        .max()
        .unwrap_or(0);
    let left = (widest + 460).clamp(900, 3_200);
    let plot = Plot {
        left,
        top: 640,
        width: WIDTH - left - 900,
        height: start(ROW, figure.across.labels.len().max(1)),
    };
    let scale = match figure.unit {
        Unit::Score => Scale::up_to(100, 20),
        _ => Scale::of(figure.span()),
    };
    canvas.text("title", Anchor::Start, 100, 160, &figure.across.title);
    canvas.text("title", Anchor::Start, plot.left, 380, &figure.measure());
    for value in scale.ticks() {
        let x = plot.left + scale.along(value, plot.width);
        canvas.line(
            if value == 0 { "axis" } else { "grid" },
            x,
            plot.top,
            x,
            plot.bottom(),
        );
        let tick = figure.unit.short(value, figure.language);
        canvas.text("tick", Anchor::Middle, x, plot.top - 60, &tick);
    }
    for (place, label) in figure.across.labels.iter().enumerate() {
        let y = plot.top + middle(slot(plot.height, figure.across.labels.len()), place) + 40;
        canvas.text("tick", Anchor::End, plot.left - 60, y, label);
        row(&mut canvas, figure, plot, scale, place);
    }
    let end = canvas.legend(plot.bottom() + 160, &[], figure.hides(), figure.language, false);
    canvas.finish(&figure.title, &figure.description, end + 40, setting)
}

fn row(canvas: &mut Canvas<'_>, figure: &Figure, plot: Plot, scale: Scale, place: usize) {
    let marks = figure.series.first().and_then(|series| series.marks.get(place));
    let mark = marks.copied().unwrap_or(Mark::Absent);
    let told = figure.told("", place, mark);
    let y = plot.top + start(ROW, place) + ROW / 8;
    let height = ROW * 3 / 4;
    match mark {
        Mark::Known(value) => {
            let (zero, end) = (scale.along(0, plot.width), scale.along(value, plot.width));
            let (from, to) = (zero.min(end), zero.max(end));
            canvas.bar("s0", plot.left + from, y, (to - from).max(10), height, &told);
            let text = figure.unit.short(value, figure.language);
            canvas.text(
                "tick",
                Anchor::Start,
                plot.left + to + 60,
                y + height / 2 + 40,
                &text,
            );
        }
        Mark::Hidden => canvas.hatched(plot.left, y, plot.width, height, &told),
        Mark::Absent => canvas.text("tick", Anchor::Start, plot.left + 60, y + height / 2 + 40, "–"),
    }
}
