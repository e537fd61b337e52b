//! A line for each series over places in order, mostly dates. A hidden value breaks its line and is hatched.

use super::canvas::{COLOURS, Canvas, Plot, WIDTH, middle, slot, start};
use super::scale::Scale;
use super::{Figure, Mark, Series, Setting};

pub(super) fn draw(figure: &Figure, setting: Setting) -> String {
    let mut canvas = Canvas::new(&figure.id);
    let plot = Plot {
        left: 820,
        top: 340,
        width: WIDTH - 820 - 120,
        height: 2_400,
    };
    let scale = Scale::of(figure.span());
    let ticks = scale
        .ticks()
        .map(|value| (value, scale.along(value, plot.height)));
    canvas.value_axis(plot, ticks, figure.unit, figure.language, &figure.measure());
    hatch(&mut canvas, figure, plot);
    for (number, series) in figure.series.iter().enumerate() {
        line(&mut canvas, figure, plot, scale, (number, series));
    }
    canvas.label_axis(plot, &figure.across.labels, &figure.across.title);
    let names: Vec<&str> = figure.series.iter().map(|series| series.name.as_str()).collect();
    let names = if names.len() > 1 { names } else { Vec::new() };
    let end = canvas.legend(plot.bottom() + 520, &names, figure.hides(), figure.language, true);
    canvas.finish(&figure.title, &figure.description, end + 40, setting)
}

/// A band over each place where something is hidden.
fn hatch(canvas: &mut Canvas<'_>, figure: &Figure, plot: Plot) {
    let slot_width = slot(plot.width, figure.across.labels.len());
    for place in 0..figure.across.labels.len() {
        let hidden: Vec<String> = figure
            .series
            .iter()
            .filter(|series| series.marks.get(place) == Some(&Mark::Hidden))
            .map(|series| figure.told(&series.name, place, Mark::Hidden))
            .collect();
        if !hidden.is_empty() {
            let x = plot.left + start(slot_width, place);
            canvas.hatched(x, plot.top, slot_width, plot.height, &hidden.join("; "));
        }
    }
}

fn line(
    canvas: &mut Canvas<'_>,
    figure: &Figure,
    plot: Plot,
    scale: Scale,
    (number, series): (usize, &Series),
) {
    let slot_width = slot(plot.width, figure.across.labels.len());
    let class = format!("s{0} line d{0}", number % COLOURS);
    let mut run = Vec::new();
    let mut markers = Vec::new();
    for (place, mark) in series.marks.iter().enumerate() {
        match mark.known() {
            Some(value) => {
                let x = plot.left + middle(slot_width, place);
                let y = plot.bottom() - scale.along(value, plot.height);
                run.push((x, y));
                markers.push((x, y, figure.told(&series.name, place, *mark)));
            }
            None => put_run(canvas, &class, &mut run),
        }
    }
    put_run(canvas, &class, &mut run);
    for (x, y, told) in markers {
        canvas.marker(number, x, y, &told);
    }
}

fn put_run(canvas: &mut Canvas<'_>, class: &str, run: &mut Vec<(i64, i64)>) {
    if run.len() > 1 {
        canvas.path(class, run);
    }
    run.clear();
}
