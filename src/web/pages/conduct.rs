//! How lenders used what they may look at.

use super::definitions::link_to;
use super::quality::shortened;
use super::sketch::figure_words;
use super::{Cell, Content, Grid, Panel};
use crate::domain::conduct::{ConductAlert, ConductFacts, Thresholds};
use crate::domain::language::Language;
use crate::domain::member::Member;
use crate::domain::quality::Month;
use crate::domain::statistics::Indicator;
use crate::web::chart::{Figure, Mark, Places, Series, Setting, Shape, Unit};
use crate::web::names::Words;

/// A figure of a lender's month: its name in downloads, its name for people, its unit.
type Part = (&'static str, Words, Unit);

#[rustfmt::skip]
const PARTS: [Part; 16] = [
    ("looks", Words("Looks", "查询次数"), Unit::Count),
    ("hard_queries", Words("Hard queries", "硬查询"), Unit::Count),
    ("checks", Words("Checks", "核查"), Unit::Count),
    ("judged_queries", Words("Hard queries judged", "已评判硬查询"), Unit::Count),
    ("unfollowed_queries", Words("Queries that nothing came of", "无后续的查询"), Unit::Count),
    ("unfollowed_bp", Words("Share that nothing came of", "无后续占比"), Unit::Percent),
    ("loans_opened", Words("Loans opened", "开立贷款"), Unit::Count),
    ("hundredth_looks_per_loan", Words("Hard looks for each loan", "每笔贷款的硬查询"), Unit::Number),
    ("reservations_confirmed", Words("Reservations confirmed", "已确认预占"), Unit::Count),
    ("reservations_late", Words("Confirmed late", "逾时确认"), Unit::Count),
    ("reservations_released", Words("Released", "已释放"), Unit::Count),
    ("reservations_lapsed", Words("Lapsed", "已失效"), Unit::Count),
    ("reservations_live", Words("Live", "有效中"), Unit::Count),
    ("checks_in_turn", Words("Checks in turn", "轮流核查"), Unit::Count),
    ("strangers", Words("Looks that found nobody", "未命中查询"), Unit::Count),
    ("evaluations", Words("Evaluations", "令牌计算"), Unit::Count),
];

/// Values as the rpc has them.
fn raw(facts: &ConductFacts) -> [Option<u64>; 16] {
    let fates = &facts.reservations;
    [
        Some(facts.looks),
        Some(facts.hard_queries),
        Some(facts.checks),
        Some(facts.judged_queries),
        Some(facts.unfollowed_queries),
        Some(facts.unfollowed_bp().into()),
        Some(facts.loans_opened),
        facts.hundredth_looks_per_loan(),
        Some(fates.confirmed),
        Some(fates.late),
        Some(fates.released),
        Some(fates.lapsed),
        Some(fates.live),
        Some(facts.checks_in_turn),
        Some(facts.strangers),
        Some(facts.evaluations),
    ]
}

/// The same in the unit of its part: thousandths.
fn scaled(unit: Unit, value: u64) -> i64 {
    let value = i64::try_from(value).unwrap_or(i64::MAX);
    match unit {
        Unit::Percent => value / 10,
        Unit::Number => value.saturating_mul(10),
        Unit::Count | Unit::Amount(_) | Unit::Index | Unit::Score => value,
    }
}

fn alert_words(alert: ConductAlert) -> Words {
    match alert {
        ConductAlert::Fishing => Words(
            "Fishing: many queries that nothing came of",
            "试探:大量查询无后续",
        ),
        ConductAlert::LooksWithoutLoans => Words("Many looks, few loans", "查询多、放款少"),
        ConductAlert::LapsedReservations => Words("Many reservations lapse", "大量预占失效"),
        ConductAlert::LateConfirmations => Words("Confirmed after they had run out", "失效后确认"),
        ConductAlert::RoomInTurns => Words("Room held in turns", "轮流占用额度"),
        ConductAlert::TokenEnumeration => Words("Looks for people nobody knows", "疑似枚举令牌"),
    }
}

/// A chart of the page: its place, title, how to read it, measure, unit, and what it draws.
struct Drawn<'a> {
    id: &'static str,
    title: Words,
    lead: Words,
    measure: Words,
    unit: Unit,
    mark: &'a dyn Fn(&ConductFacts) -> Mark,
}

/// The page's content, in order of the lenders' names.
pub fn conduct(
    found: &[(Member, ConductFacts)],
    thresholds: &Thresholds,
    month: Month,
    language: Language,
) -> Content {
    let alerts = |facts: &ConductFacts| {
        let alerts = facts.alerts(thresholds).len();
        Mark::Known(i64::try_from(alerts).unwrap_or(i64::MAX))
    };
    let unfollowed = |facts: &ConductFacts| match facts.judged_queries {
        0 => Mark::Absent,
        _ => Mark::Known(scaled(Unit::Percent, facts.unfollowed_bp().into())),
    };
    let looks = |facts: &ConductFacts| {
        let looks = facts.hundredth_looks_per_loan();
        looks.map_or(Mark::Absent, |looks| Mark::Known(scaled(Unit::Number, looks)))
    };
    let drawn = [
        Drawn {
            id: "alerts",
            title: Words("Alerts, and all figures", "预警及全部数据"),
            lead: Words(
                "A threshold that was passed on a sample large enough. Ask before you judge.",
                "在足够样本上超过阈值。请先询问,再下结论。",
            ),
            measure: Words("Alerts", "预警数"),
            unit: Unit::Count,
            mark: &alerts,
        },
        Drawn {
            id: "unfollowed",
            title: Words("Queries that nothing came of", "无后续的查询"),
            lead: Words(
                "Hard queries without a check or an account of the same lender within 30 days.",
                "30天内同一机构既无核查也无开户的硬查询。",
            ),
            measure: Words("Share of hard queries judged", "占已评判硬查询的比例"),
            unit: Unit::Percent,
            mark: &unfollowed,
        },
        Drawn {
            id: "looks",
            title: Words("Hard looks for each loan opened", "每笔放款的硬查询"),
            lead: Words("Who looks at many to lend to few.", "查询多而放款少的机构。"),
            measure: Words("Hard looks for each loan", "每笔贷款的硬查询"),
            unit: Unit::Number,
            mark: &looks,
        },
    ];
    let mut panels: Vec<Panel> = drawn
        .iter()
        .map(|drawn| panel(found, drawn, month, language))
        .collect();
    if let Some(first) = panels.first_mut() {
        first.grid = Some(grid(found, thresholds, first.title.clone(), language));
    }
    Content {
        facts: Vec::new(),
        panels,
    }
}

fn panel(found: &[(Member, ConductFacts)], drawn: &Drawn<'_>, month: Month, language: Language) -> Panel {
    let of = month.first().format("%Y-%m");
    let title = format!("{}, {of}", drawn.title.told(language));
    let marks: Vec<Mark> = found.iter().map(|(_, facts)| (drawn.mark)(facts)).collect();
    let lender = LENDER.told(language).to_owned();
    let rows = found.iter().zip(&marks).map(|((member, _), mark)| {
        let value = match mark {
            Mark::Known(value) => drawn.unit.bare(*value, language),
            Mark::Hidden | Mark::Absent => "–".to_owned(),
        };
        vec![Cell::head(member.display_name.clone()), Cell::value(value)]
    });
    let grid = Grid {
        caption: title.clone(),
        heads: vec![lender.clone(), headed(drawn.measure, drawn.unit, language)],
        rows: rows.collect(),
    };
    let mut figure = Figure {
        id: format!("{}-chart", drawn.id),
        title: title.clone(),
        description: String::new(),
        across: Places {
            title: lender,
            labels: found
                .iter()
                .map(|(member, _)| shortened(&member.display_name))
                .collect(),
        },
        measure: drawn.measure.told(language).to_owned(),
        unit: drawn.unit,
        series: vec![Series {
            name: drawn.measure.told(language).to_owned(),
            marks,
        }],
        language,
    };
    figure.description = figure_words(&figure, Shape::League);
    let svg = match figure.is_empty() {
        true => String::new(),
        false => figure.draw(Shape::League, Setting::Page),
    };
    Panel {
        id: drawn.id.to_owned(),
        title,
        lead: drawn.lead.told(language).to_owned(),
        svg,
        definition: Some(link_to(Indicator::Conduct, language)),
        download: Some(format!("/conduct.csv?month={of}")),
        grid: Some(grid),
    }
}

const LENDER: Words = Words("Lender", "机构");

fn headed(name: Words, unit: Unit, language: Language) -> String {
    match unit {
        Unit::Percent => format!("{} (%)", name.told(language)),
        Unit::Count | Unit::Amount(_) | Unit::Number | Unit::Index | Unit::Score => {
            name.told(language).to_owned()
        }
    }
}

fn grid(
    found: &[(Member, ConductFacts)],
    thresholds: &Thresholds,
    caption: String,
    language: Language,
) -> Grid {
    let mut heads = vec![
        LENDER.told(language).to_owned(),
        Words("Alerts", "预警").told(language).to_owned(),
    ];
    heads.extend(PARTS.iter().map(|(_, name, unit)| headed(*name, *unit, language)));
    let rows = found.iter().map(|(member, facts)| {
        let alerts = facts.alerts(thresholds).into_iter();
        let alerts: Vec<&str> = alerts.map(|alert| alert_words(alert).told(language)).collect();
        let mut cells = vec![
            Cell::head(member.display_name.clone()),
            Cell::text(if alerts.is_empty() {
                "–".to_owned()
            } else {
                alerts.join("; ")
            }),
        ];
        cells.extend(PARTS.iter().zip(raw(facts)).map(|((_, _, unit), value)| {
            Cell::value(value.map_or("–".to_owned(), |value| {
                unit.bare(scaled(*unit, value), language)
            }))
        }));
        cells
    });
    Grid {
        caption,
        heads,
        rows: rows.collect(),
    }
}

/// The download: one line a lender, with the names and units of the rpc.
pub fn conduct_file(
    found: &[(Member, ConductFacts)],
    thresholds: &Thresholds,
    month: Month,
) -> Vec<Vec<String>> {
    let names = ["month", "member_id"].into_iter();
    let names = names
        .chain(PARTS.iter().map(|(name, _, _)| *name))
        .chain(["alerts"]);
    let mut lines = vec![names.map(str::to_owned).collect()];
    lines.extend(found.iter().map(|(member, facts)| {
        let mut line = vec![
            month.first().format("%Y-%m").to_string(),
            member.member_id.as_str().to_owned(),
        ];
        line.extend(raw(facts).map(|value| value.map_or(String::new(), |value| value.to_string())));
        let alerts = facts.alerts(thresholds).into_iter();
        let alerts: Vec<&str> = alerts.map(alert_name).collect();
        line.push(alerts.join(" "));
        line
    }));
    lines
}

/// The contract's name of an alert without its prefix.
const fn alert_name(alert: ConductAlert) -> &'static str {
    match alert {
        ConductAlert::Fishing => "FISHING",
        ConductAlert::LooksWithoutLoans => "LOOKS_WITHOUT_LOANS",
        ConductAlert::LapsedReservations => "LAPSED_RESERVATIONS",
        ConductAlert::LateConfirmations => "LATE_CONFIRMATIONS",
        ConductAlert::RoomInTurns => "ROOM_IN_TURNS",
        ConductAlert::TokenEnumeration => "TOKEN_ENUMERATION",
    }
}
