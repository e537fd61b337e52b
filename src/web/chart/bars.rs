//! Bars over places, side by side or upon each other.

use super::canvas::{COLOURS, Canvas, Plot, WIDTH, slot, start};
use super::scale::Scale;
use super::{Figure, Mark, Setting, Unit};

/// Height of what stands for a hidden part of a stack: its size must not tell anything.
const HIDDEN_PART: i64 = 140;
/// Height of what stands for a hidden bar.
const HIDDEN_BAR: i64 = 400;

pub(super) fn draw(figure: &Figure, stacked: bool, setting: Setting) -> String {
    let mut canvas = Canvas::new(&figure.id);
    let plot = Plot {
        left: 820,
        top: 340,
        width: WIDTH - 820 - 120,
        height: 2_400,
    };
    let scale = scale_of(figure, stacked);
    let ticks = scale
        .ticks()
        .map(|value| (value, scale.along(value, plot.height)));
    canvas.value_axis(plot, ticks, figure.unit, figure.language, &figure.measure());
    for place in 0..figure.across.labels.len() {
        if stacked {
            stack(&mut canvas, figure, plot, scale, place);
        } else {
            group(&mut canvas, figure, plot, scale, place);
        }
    }
    canvas.label_axis(plot, &figure.across.labels, &figure.across.title);
    let names: Vec<&str> = figure.series.iter().map(|series| series.name.as_str()).collect();
    let names = if names.len() > 1 { names } else { Vec::new() };
    let end = canvas.legend(
        plot.bottom() + 520,
        &names,
        figure.hides(),
        figure.language,
        false,
    );
    canvas.finish(&figure.title, &figure.description, end + 40, setting)
}

fn scale_of(figure: &Figure, stacked: bool) -> Scale {
    if !stacked {
        return Scale::of(figure.span());
    }
    let sums = (0..figure.across.labels.len()).map(|place| {
        let known = figure
            .series
            .iter()
            .filter_map(|series| series.marks.get(place)?.known());
        known.fold(0_i64, |sum, value| sum.saturating_add(value.max(0)))
    });
    let high = sums.max().unwrap_or(0);
    match figure.unit {
        // Shares of a whole are rounded one by one: their sum may pass it by a little.
        Unit::Percent if high > 500 => Scale::up_to(1_000, 200),
        _ => Scale::of((0, high)),
    }
}

fn group(canvas: &mut Canvas<'_>, figure: &Figure, plot: Plot, scale: Scale, place: usize) {
    let slot_width = slot(plot.width, figure.across.labels.len());
    let inner = slot_width * 4 / 5;
    let bar = slot(inner, figure.series.len());
    let zero = scale.along(0, plot.height);
    for (number, series) in figure.series.iter().enumerate() {
        let x = plot.left + start(slot_width, place) + slot_width / 10 + start(bar, number);
        let mark = series.marks.get(place).copied().unwrap_or(Mark::Absent);
        let told = figure.told(&series.name, place, mark);
        match mark {
            Mark::Known(value) => {
                let end = scale.along(value, plot.height);
                let (low, high) = (end.min(zero), end.max(zero));
                let class = format!("s{}", number % COLOURS);
                canvas.bar(
                    &class,
                    x,
                    plot.bottom() - high,
                    (bar - 10).max(10),
                    high - low,
                    &told,
                );
            }
            Mark::Hidden => {
                let y = plot.bottom() - zero - HIDDEN_BAR;
                canvas.hatched(x, y, (bar - 10).max(10), HIDDEN_BAR, &told);
            }
            Mark::Absent => {}
        }
    }
}

fn stack(canvas: &mut Canvas<'_>, figure: &Figure, plot: Plot, scale: Scale, place: usize) {
    let slot_width = slot(plot.width, figure.across.labels.len());
    let (x, width) = (
        plot.left + start(slot_width, place) + slot_width / 10,
        slot_width * 4 / 5,
    );
    let mut below = 0_i64;
    let mut hidden = Vec::new();
    for (number, series) in figure.series.iter().enumerate() {
        let mark = series.marks.get(place).copied().unwrap_or(Mark::Absent);
        let told = figure.told(&series.name, place, mark);
        match mark {
            Mark::Known(value) => {
                let from = scale.along(below, plot.height);
                below = below.saturating_add(value.max(0));
                let to = scale.along(below, plot.height);
                let class = format!("s{}", number % COLOURS);
                canvas.bar(&class, x, plot.bottom() - to, width, to - from, &told);
            }
            Mark::Hidden => hidden.push(told),
            Mark::Absent => {}
        }
    }
    if !hidden.is_empty() {
        let y = (plot.bottom() - scale.along(below, plot.height) - HIDDEN_PART).max(plot.top);
        canvas.hatched(x, y, width, HIDDEN_PART, &hidden.join("; "));
    }
}
