//! A grid of values: the darker, the more; each cell with its number.

use super::canvas::{Anchor, Canvas, Plot, WIDTH, middle, slot, start, text_width};
use super::{Heat, Mark, Setting, hidden, titled};

/// Steps of the ramp of colours that the stylesheet knows.
const STEPS: i64 = 7;
/// Steps from which numbers are written in the light ink.
const DEEP: i64 = 4;
/// Cells narrower than this carry small numbers.
const SMALL: i64 = 400;

pub(super) fn draw(heat: &Heat, setting: Setting) -> String {
    let mut canvas = Canvas::new(&heat.id);
    let widest = heat
        .down
        .labels
        .iter()
        .map(|label| text_width(label))
        .max()
        .unwrap_or(0);
    let left = (widest + 460).min(2_600);
    let columns = heat.across.labels.len();
    let head = heat
        .across
        .labels
        .iter()
        .map(|label| text_width(label))
        .max()
        .unwrap_or(0);
    let turns = head + 60 > slot(WIDTH - left - 120, columns);
    // Turned labels reach beyond the last column.
    let lean = if turns { head * 7 / 10 } else { 0 };
    let width = WIDTH - left - 120 - lean;
    let height = if heat.down.labels.len() > 12 { 220 } else { 300 };
    let plot = Plot {
        left,
        top: 340 + if turns { lean + 100 } else { 160 },
        width,
        height: start(height, heat.down.labels.len()),
    };
    axes(&mut canvas, heat, plot, turns);
    let values: Vec<i64> = heat
        .rows
        .iter()
        .flatten()
        .filter_map(|mark| mark.known())
        .collect();
    let high = values.into_iter().max().unwrap_or(0).max(1);
    for (down, row) in heat.rows.iter().enumerate() {
        for (across, mark) in row.iter().enumerate() {
            cell(&mut canvas, heat, plot, (down, across), *mark, high);
        }
    }
    let mut end = plot.bottom() + 120;
    let hides = heat.rows.iter().flatten().any(|mark| *mark == Mark::Hidden);
    let measure = titled(&heat.measure, heat.unit, heat.language);
    canvas.text("title", Anchor::Start, 700, end + 100, &measure);
    end = ramp(&mut canvas, heat, end + 200, high);
    end = canvas.legend(end, &[], hides, heat.language, false);
    canvas.finish(&heat.title, &heat.description, end + 40, setting)
}

fn axes(canvas: &mut Canvas<'_>, heat: &Heat, plot: Plot, turns: bool) {
    let x = plot.left + plot.width / 2;
    canvas.text("title", Anchor::Middle, x, 160, &heat.across.title);
    let slot_width = slot(plot.width, heat.across.labels.len());
    for (place, label) in heat.across.labels.iter().enumerate() {
        let at = (plot.left + middle(slot_width, place), plot.top - 80);
        if turns {
            canvas.turned("tick", Anchor::Start, at, 45, label);
        } else {
            canvas.text("tick", Anchor::Middle, at.0, at.1, label);
        }
    }
    let slot_height = slot(plot.height, heat.down.labels.len());
    for (place, label) in heat.down.labels.iter().enumerate() {
        let y = plot.top + middle(slot_height, place) + 40;
        canvas.text("tick", Anchor::End, plot.left - 60, y, label);
    }
    let at = (140, plot.top + plot.height / 2);
    canvas.turned("title", Anchor::Middle, at, 90, &heat.down.title);
}

fn cell(
    canvas: &mut Canvas<'_>,
    heat: &Heat,
    plot: Plot,
    (down, across): (usize, usize),
    mark: Mark,
    high: i64,
) {
    let label = |labels: &[String], place: usize| labels.get(place).cloned().unwrap_or_default();
    let (row, column) = (label(&heat.down.labels, down), label(&heat.across.labels, across));
    let width = slot(plot.width, heat.across.labels.len());
    let height = slot(plot.height, heat.down.labels.len());
    let (x, y) = (plot.left + start(width, across), plot.top + start(height, down));
    match mark {
        Mark::Known(value) => {
            let step = step_of(value, high);
            let told = format!("{row}, {column}: {}", heat.unit.full(value, heat.language));
            canvas.bar(&format!("h{step}"), x + 5, y + 5, width - 10, height - 10, &told);
            let ink = if step >= DEEP { "deep" } else { "pale" };
            let size = if width < SMALL { " small" } else { "" };
            let text = heat.unit.short(value, heat.language);
            canvas.text(
                &format!("cell {ink}{size}"),
                Anchor::Middle,
                x + width / 2,
                y + height / 2 + 40,
                &text,
            );
        }
        Mark::Hidden => {
            let told = format!("{row}, {column}: {}", hidden(heat.language));
            canvas.hatched(x + 5, y + 5, width - 10, height - 10, &told);
        }
        Mark::Absent => {}
    }
}

/// The step of a value: the ramp goes from nothing to the greatest.
fn step_of(value: i64, high: i64) -> i64 {
    let step = i128::from(value.max(0)) * i128::from(STEPS) / (i128::from(high) + 1);
    i64::try_from(step).unwrap_or(0).min(STEPS - 1)
}

/// What the colours mean.
fn ramp(canvas: &mut Canvas<'_>, heat: &Heat, top: i64, high: i64) -> i64 {
    let width = 600;
    for step in 0..STEPS {
        let x = 700 + step * width;
        let from = i128::from(high) * i128::from(step) / i128::from(STEPS);
        let from = heat.unit.short(i64::try_from(from).unwrap_or(0), heat.language);
        canvas.bar(&format!("h{step}"), x, top, width, 100, &from);
        canvas.text("tick", Anchor::Start, x, top + 240, &from);
    }
    let last = heat.unit.short(high, heat.language);
    canvas.text("tick", Anchor::Middle, 700 + STEPS * width, top + 240, &last);
    top + 340
}
