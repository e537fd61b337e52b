//! What every chart holds, whatever its figures are.

use super::*;

fn figure(unit: Unit, series: &[(&str, &[Mark])]) -> Figure {
    Figure {
        id: "chart-1".to_owned(),
        title: "A <title> & more".to_owned(),
        description: "What \"is\" seen".to_owned(),
        across: Places {
            title: "Month".to_owned(),
            labels: ["2026-01", "2026-02", "2026-03"].map(str::to_owned).to_vec(),
        },
        measure: "Share of subjects".to_owned(),
        unit,
        series: series
            .iter()
            .map(|(name, marks)| Series {
                name: (*name).to_owned(),
                marks: marks.to_vec(),
            })
            .collect(),
        language: Language::English,
    }
}

fn sample() -> Figure {
    figure(
        Unit::Percent,
        &[
            ("one & two", &[Mark::Known(125), Mark::Hidden, Mark::Known(300)]),
            ("three", &[Mark::Known(50), Mark::Known(60), Mark::Absent]),
        ],
    )
}

const SHAPES: [Shape; 4] = [Shape::Bars, Shape::Stack, Shape::Lines, Shape::League];

/// Opening and closing tags match, and attributes hold no bare markup.
fn assert_well_formed(svg: &str) {
    let mut open = Vec::new();
    for part in svg.split('<').skip(1) {
        let (tag, _) = part.split_once('>').unwrap();
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "{svg}");
        } else if !tag.ends_with('/') {
            open.push(tag.split(' ').next().unwrap());
        }
    }
    assert!(open.is_empty(), "{open:?}");
}

fn heat() -> Heat {
    Heat {
        id: "chart-2".to_owned(),
        title: "Roll rates".to_owned(),
        description: "From bucket to bucket".to_owned(),
        down: Places {
            title: "Before".to_owned(),
            labels: vec!["M0".to_owned(), "M1".to_owned()],
        },
        across: Places {
            title: "Now".to_owned(),
            labels: vec!["M0".to_owned(), "written <off>".to_owned()],
        },
        measure: "Share".to_owned(),
        unit: Unit::Percent,
        rows: vec![
            vec![Mark::Known(900), Mark::Known(0)],
            vec![Mark::Hidden, Mark::Absent],
        ],
        language: Language::English,
    }
}

#[test]
fn every_chart_is_well_formed_named_and_hatches_what_is_hidden() {
    let mut drawn: Vec<String> = SHAPES
        .iter()
        .map(|shape| sample().draw(*shape, Setting::Page))
        .collect();
    drawn.push(heat().draw(Setting::Page));
    for svg in drawn {
        assert_well_formed(&svg);
        assert!(svg.contains("role=\"img\" aria-labelledby=\"chart-"), "{svg}");
        assert!(svg.contains("fill=\"url(#chart-"), "{svg}");
        assert!(svg.contains("hidden (disclosure control)"), "{svg}");
        assert!(!svg.contains("style"), "{svg}");
        assert!(svg.contains("(%)"), "{svg}");
    }
}

#[test]
fn texts_are_escaped() {
    for shape in SHAPES {
        let svg = sample().draw(shape, Setting::Page);
        assert!(svg.contains("A &lt;title&gt; &amp; more"), "{svg}");
        assert!(!svg.contains("one & two"), "{svg}");
    }
    assert!(heat().draw(Setting::Page).contains("written &lt;off&gt;"));
    assert_eq!(
        escape("\u{1}<a b='c' d=\"e\">&\n"),
        "&lt;a b=&#39;c&#39; d=&quot;e&quot;&gt;&amp;\n"
    );
}

#[test]
fn a_chart_that_stands_alone_carries_its_style() {
    for shape in SHAPES {
        let svg = sample().draw(shape, Setting::Alone);
        assert_well_formed(&svg);
        assert!(svg.contains("<style>") && svg.contains(".hatch-line"), "{svg}");
    }
}

#[test]
fn the_same_figure_gives_the_same_bytes() {
    for shape in SHAPES {
        assert_eq!(
            sample().draw(shape, Setting::Page),
            sample().draw(shape, Setting::Page)
        );
    }
}

#[test]
fn figures_without_places_or_beyond_all_measure_are_drawn_without_a_fault() {
    let extremes: &[Mark] = &[Mark::Known(i64::MAX), Mark::Known(i64::MIN), Mark::Known(0)];
    for shape in SHAPES {
        for unit in [Unit::Count, Unit::Percent, Unit::Score, Unit::Index] {
            assert_well_formed(&figure(unit, &[("all", extremes)]).draw(shape, Setting::Page));
        }
        let mut empty = figure(Unit::Count, &[]);
        empty.across.labels.clear();
        assert!(empty.is_empty());
        assert_well_formed(&empty.draw(shape, Setting::Page));
    }
    let mut empty = heat();
    empty.rows.clear();
    empty.down.labels.clear();
    empty.across.labels.clear();
    assert!(empty.is_empty());
    assert_well_formed(&empty.draw(Setting::Page));
}

#[test]
fn a_hidden_value_breaks_its_line() {
    let marks: &[Mark] = &[Mark::Known(1), Mark::Hidden, Mark::Known(3)];
    let svg = figure(Unit::Count, &[("one", marks)]).draw(Shape::Lines, Setting::Page);
    assert!(!svg.contains("<polyline"), "{svg}");
    assert_eq!(svg.matches("class=\"s0 marker\"").count(), 2, "{svg}");
}

#[test]
fn hidden_bars_look_alike_whatever_they_hide() {
    let heights = |high: i64| {
        let marks: &[Mark] = &[Mark::Hidden, Mark::Hidden, Mark::Known(high)];
        let svg = figure(Unit::Count, &[("one", marks)]).draw(Shape::Bars, Setting::Page);
        let hidden: Vec<String> = svg
            .split("<rect class=\"hidden\"")
            .skip(1)
            .map(|part| {
                part.split("height=\"")
                    .nth(1)
                    .unwrap()
                    .split('"')
                    .next()
                    .unwrap()
                    .to_owned()
            })
            .collect();
        hidden
    };
    assert_eq!(heights(5), heights(5_000));
}
