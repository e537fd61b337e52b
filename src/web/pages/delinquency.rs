//! What is past due, where, and where it goes.

use super::desk::{Desk, Span};
use super::{Content, Panel};
use crate::domain::statistics::{Axis, Indicator};
use crate::web::chart::Shape;
use crate::web::names::Words;
use crate::web::window::WindowError;

const RATES: [&str; 5] = [
    "rate_dpd_1_plus",
    "rate_dpd_31_plus",
    "rate_dpd_61_plus",
    "rate_dpd_91_plus",
    "rate_formal_overdue",
];

pub(super) async fn delinquency(desk: &Desk<'_>) -> Result<Content, WindowError> {
    let mut panels = vec![over_time(desk).await?];
    panels.extend(balances(desk).await?);
    panels.push(rolls(desk).await?);
    for (id, title, axis) in [
        (
            "groups",
            Words("By group of the lender", "按机构类型"),
            Axis::LenderGroup,
        ),
        ("products", Words("By product", "按产品"), Axis::ProductType),
        ("regions", Words("By province", "按省份"), Axis::Region),
        (
            "amounts",
            Words("By amount granted", "按发放金额"),
            Axis::AmountBand,
        ),
        ("prices", Words("By yearly rate", "按年利率"), Axis::RateBand),
    ] {
        panels.push(by(desk, id, title, axis).await?);
    }
    Ok(Content {
        facts: Vec::new(),
        panels,
    })
}

async fn over_time(desk: &Desk<'_>) -> Result<Panel, WindowError> {
    let listing = desk.counts(Indicator::Delinquency, &[], Span::Year).await?;
    let sketch = desk.sketch(
        &listing,
        "positions",
        Words("Positions past due", "逾期账户"),
        Words("Share of active positions", "占未结清账户的比例"),
    );
    let svg = sketch.columns_over_time(&RATES, Shape::Lines);
    let lead = Words(
        "Contractual days, and beside them what is past due by more than its grace days.",
        "合同逾期天数,并列超过宽限期的正式逾期。",
    );
    Ok(desk.panel(&sketch, lead, svg))
}

async fn balances(desk: &Desk<'_>) -> Result<Option<Panel>, WindowError> {
    let Some(listing) = desk.amounts(Indicator::Delinquency, &[], Span::Year).await? else {
        return Ok(None);
    };
    let sketch = desk.sketch(
        &listing,
        "balances",
        Words("Balances past due", "逾期余额"),
        Words(
            "Share of the balance of active positions",
            "占未结清账户余额的比例",
        ),
    );
    let svg = sketch.columns_over_time(&RATES, Shape::Lines);
    let lead = Words("The same by what is owed.", "同一口径,按余额计。");
    Ok(Some(desk.panel(&sketch, lead, svg)))
}

async fn rolls(desk: &Desk<'_>) -> Result<Panel, WindowError> {
    let listing = desk.counts(Indicator::RollRate, &[], Span::Date).await?;
    let sketch = desk.sketch(
        &listing,
        "rolls",
        Words("Roll rates", "滚动率"),
        Words(
            "Share of the positions of the bucket before",
            "占上一快照该逾期档账户的比例",
        ),
    );
    let svg = sketch.grid(Axis::BucketBefore, Axis::Fate, "share");
    let lead = Words(
        "Each row is a bucket at the snapshot before, and adds up to all of it. Right of the diagonal is worse.",
        "每行为上一快照的逾期档,合计为全部。对角线右侧表示恶化。",
    );
    Ok(desk.panel(&sketch, lead, svg))
}

async fn by(desk: &Desk<'_>, id: &str, title: Words, axis: Axis) -> Result<Panel, WindowError> {
    let cuts: &'static [Axis] = match axis {
        Axis::LenderGroup => &[Axis::LenderGroup],
        Axis::ProductType => &[Axis::ProductType],
        Axis::AmountBand => &[Axis::AmountBand],
        Axis::RateBand => &[Axis::RateBand],
        _ => &[Axis::Region],
    };
    let listing = desk.counts(Indicator::Delinquency, cuts, Span::Date).await?;
    let measure = Words(
        "Share of active positions 31+ days past due",
        "逾期31天及以上占未结清账户的比例",
    );
    let sketch = desk.sketch(&listing, id, title, measure);
    let svg = sketch.columns_by_place(axis, &["rate_dpd_31_plus"], Shape::League);
    let lead = Words("On the snapshot's date.", "快照日数据。");
    Ok(desk.panel(&sketch, lead, svg))
}
