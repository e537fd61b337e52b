//! The market on one date.

use super::desk::{Desk, Span};
use super::{Content, Fact, Panel};
use crate::domain::statistics::{Axis, Indicator};
use crate::web::chart::{Shape, Unit};
use crate::web::names::Words;
use crate::web::window::WindowError;

const FLOW: [&str; 9] = [
    "opening",
    "originations",
    "arrivals",
    "increases",
    "repayments",
    "write_offs",
    "transfers",
    "withdrawals",
    "closing",
];

pub(super) async fn overview(desk: &Desk<'_>) -> Result<Content, WindowError> {
    let mut panels = Vec::new();
    let rates = desk.counts(Indicator::MultiLenderRate, &[], Span::Year).await?;
    let sketch = desk.sketch(
        &rates,
        "rates",
        Words("Borrowers with several lenders", "拥有多家机构的借款人"),
        Words(
            "Share of subjects with active own debt",
            "占有未结清本人负债借款人的比例",
        ),
    );
    let svg = sketch.columns_over_time(&["rate_2_plus", "rate_3_plus", "rate_5_plus"], Shape::Lines);
    let lead = Words(
        "Where the lines rise, stacking grows.",
        "曲线上升表示多头借贷增加。",
    );
    panels.push(desk.panel(&sketch, lead, svg));
    let late = desk.counts(Indicator::Delinquency, &[], Span::Year).await?;
    let sketch = desk.sketch(
        &late,
        "late",
        Words("Positions past due", "逾期账户"),
        Words("Share of active positions", "占未结清账户的比例"),
    );
    let svg = sketch.columns_over_time(
        &["rate_dpd_1_plus", "rate_dpd_31_plus", "rate_dpd_91_plus"],
        Shape::Lines,
    );
    let lead = Words(
        "Contractual days past due, as last reported.",
        "合同逾期天数,以最近报送为准。",
    );
    panels.push(desk.panel(&sketch, lead, svg));
    if let Some(flow) = desk.amounts(Indicator::Flow, &[], Span::Date).await? {
        let sketch = desk.sketch(
            &flow,
            "flow",
            Words("From the snapshot before to this one", "自上一快照的余额变动"),
            Words("Balance of active positions", "未结清账户余额"),
        );
        let svg = sketch.columns_across(&FLOW, Shape::League);
        let lead = Words(
            "Opening and what came in, less what went out, is closing.",
            "期初加流入减流出等于期末。",
        );
        panels.push(desk.panel(&sketch, lead, svg));
    }
    panels.extend(owed(desk).await?);
    Ok(Content {
        facts: facts(desk),
        panels,
    })
}

async fn owed(desk: &Desk<'_>) -> Result<Option<Panel>, WindowError> {
    let listing = desk
        .amounts(Indicator::ExposureDistribution, &[], Span::Date)
        .await?;
    let Some(listing) = listing else {
        return Ok(None);
    };
    let sketch = desk.sketch(
        &listing,
        "exposure",
        Words("What borrowers owe in all", "借款人全部所欠"),
        Words("Share of the whole", "占比"),
    );
    let columns = ["subjects_share", "exposure_share"];
    let svg = sketch.columns_by_place(Axis::ExposureBand, &columns, Shape::Bars);
    let lead = Words(
        "How many owe how much, and how much of the whole they owe.",
        "各负债区间的人数占比及金额占比。",
    );
    Ok(Some(desk.panel(&sketch, lead, svg)))
}

fn facts(desk: &Desk<'_>) -> Vec<Fact> {
    let Some(head) = desk.snapshot.head else {
        return Vec::new();
    };
    let fact = |words: Words, value: u64| Fact {
        name: desk.say(words).to_owned(),
        value: Unit::Count.full(i64::try_from(value).unwrap_or(i64::MAX), desk.language),
    };
    vec![
        fact(
            Words("Subjects with active own debt", "有未结清本人负债的借款人"),
            head.subjects,
        ),
        fact(Words("Active positions", "未结清账户"), head.positions),
        fact(Words("Lenders", "贷款机构"), head.lenders.into()),
    ]
}
