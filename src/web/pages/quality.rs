//! The league table of data quality.

use super::definitions::link_to;
use super::sketch::figure_words;
use super::{Cell, Content, Grid, Panel};
use crate::domain::language::Language;
use crate::domain::member::Member;
use crate::domain::quality::{Month, Scores};
use crate::domain::statistics::Indicator;
use crate::web::chart::{Figure, Mark, Places, Series, Setting, Shape, Unit};
use crate::web::names::{self, Words};

/// Parts of a score by their names in downloads, with their weights.
#[rustfmt::skip]
const PARTS: [(&str, Words); 6] = [
    ("score", Words("", "")),
    ("timeliness", Words("weight 25", "权重 25")),
    ("accept_rate", Words("weight 25", "权重 25")),
    ("completeness", Words("weight 15", "权重 15")),
    ("consistency", Words("weight 15", "权重 15")),
    ("reject_ageing", Words("weight 10", "权重 10")),
];

/// Letters of a member's name in a chart.
const NAME_LETTERS: usize = 28;

/// A name as long as a chart has room for.
pub(super) fn shortened(name: &str) -> String {
    match name.char_indices().nth(NAME_LETTERS) {
        None => name.to_owned(),
        Some((end, _)) => format!("{}…", &name[..end]),
    }
}

/// The page's content: the best first.
pub fn quality(found: &[(Member, Scores)], month: Month, language: Language) -> Content {
    let mut found: Vec<&(Member, Scores)> = found.iter().collect();
    found.sort_by_key(|(member, scores)| (std::cmp::Reverse(scores.score), member.member_id.clone()));
    let title = Words("Data quality of lenders", "各机构数据质量").told(language);
    let title = format!("{title}, {}", month.first().format("%Y-%m"));
    let mut figure = Figure {
        id: "league-chart".to_owned(),
        title: title.clone(),
        description: String::new(),
        across: Places {
            title: Words("Lender", "机构").told(language).to_owned(),
            labels: found
                .iter()
                .map(|(member, _)| shortened(&member.display_name))
                .collect(),
        },
        measure: Words("Score", "总分").told(language).to_owned(),
        unit: Unit::Score,
        series: vec![Series {
            name: Words("Score", "总分").told(language).to_owned(),
            marks: found
                .iter()
                .map(|(_, scores)| Mark::Known(scores.score.into()))
                .collect(),
        }],
        language,
    };
    figure.description = figure_words(&figure, Shape::League);
    let svg = match figure.is_empty() {
        true => String::new(),
        false => figure.draw(Shape::League, Setting::Page),
    };
    let lead = Words(
        "100 is best. Parts of which a month shows nothing carry no weight.",
        "满分 100。当月无数据的部分不计权重。",
    );
    let panel = Panel {
        id: "league".to_owned(),
        title: title.clone(),
        lead: lead.told(language).to_owned(),
        svg,
        definition: Some(link_to(Indicator::DataQuality, language)),
        download: Some(format!("/quality.csv?month={}", month.first().format("%Y-%m"))),
        grid: Some(grid(&found, title, language)),
    };
    Content {
        facts: Vec::new(),
        panels: vec![panel],
    }
}

fn grid(found: &[&(Member, Scores)], caption: String, language: Language) -> Grid {
    let mut heads = vec![
        Words("Lender", "机构").told(language).to_owned(),
        Words("Group", "机构类型").told(language).to_owned(),
    ];
    heads.extend(PARTS.iter().map(|(name, weight)| {
        let name = names::column(name, language);
        match weight.told(language) {
            "" => name.to_owned(),
            weight => format!("{name} ({weight})"),
        }
    }));
    let rows = found.iter().map(|(member, scores)| {
        let mut cells = vec![
            Cell::head(member.display_name.clone()),
            Cell::text(names::group(member.lender_group, language).to_owned()),
        ];
        let shown = |score: Option<u32>| score.map_or("–".to_owned(), |score| score.to_string());
        cells.extend(scores.parts().into_iter().map(|score| Cell::value(shown(score))));
        cells
    });
    Grid {
        caption,
        heads,
        rows: rows.collect(),
    }
}

/// The download: one line a lender, empty where a month shows nothing.
pub fn quality_file(found: &[(Member, Scores)], month: Month) -> Vec<Vec<String>> {
    let names = ["month", "member_id", "lender_group"].into_iter();
    let names = names.chain(PARTS.iter().map(|(name, _)| *name));
    let mut lines = vec![names.map(str::to_owned).collect()];
    lines.extend(found.iter().map(|(member, scores)| {
        let mut line = vec![
            month.first().format("%Y-%m").to_string(),
            member.member_id.as_str().to_owned(),
            member.lender_group.as_str().to_owned(),
        ];
        let shown = |score: Option<u32>| score.map_or(String::new(), |score| score.to_string());
        line.extend(scores.parts().into_iter().map(shown));
        line
    }));
    lines
}
