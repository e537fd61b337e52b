//! Who borrows of several lenders at once, and what becomes of it.

use super::Content;
use super::desk::{Desk, Span};
use crate::domain::statistics::{Axis, Indicator};
use crate::web::chart::Shape;
use crate::web::names::Words;
use crate::web::window::WindowError;

/// The place of the first reason among what checks come to: allowed and left to a person come before.
const FIRST_REFUSAL: usize = 2;

pub(super) async fn stacking(desk: &Desk<'_>) -> Result<Content, WindowError> {
    let panels = vec![
        histogram(desk).await?,
        policy(desk).await?,
        openings(desk).await?,
        same_day(desk).await?,
        blocked(desk).await?,
        unchecked(desk).await?,
        burden(desk).await?,
        regions(desk).await?,
        products(desk).await?,
    ];
    Ok(Content {
        facts: Vec::new(),
        panels,
    })
}

async fn histogram(desk: &Desk<'_>) -> Result<super::Panel, WindowError> {
    let listing = desk
        .counts(Indicator::MultiLenderHistogram, &[], Span::Year)
        .await?;
    let sketch = desk.sketch(
        &listing,
        "histogram",
        Words(
            "Borrowers by number of lenders, over time",
            "按机构数分布的借款人(历史)",
        ),
        Words("Share of subjects", "借款人占比"),
    );
    let svg = sketch.places_over_time(Axis::Lenders, "share", Shape::Stack);
    let lead = Words(
        "Each bar is a snapshot; its parts are the numbers of lenders at the same time.",
        "每柱为一个快照,各段为同时拥有的机构数。",
    );
    Ok(desk.panel(&sketch, lead, svg))
}

async fn policy(desk: &Desk<'_>) -> Result<super::Panel, WindowError> {
    let listing = desk
        .counts(Indicator::DelinquencyByLenders, &[], Span::Date)
        .await?;
    let sketch = desk.sketch(
        &listing,
        "policy",
        Words(
            "The policy curve: who goes bad by number of lenders",
            "政策曲线:按机构数的逾期率",
        ),
        Words("Share of subjects 31+ days past due", "逾期31天及以上借款人占比"),
    );
    let svg = sketch.columns_by_place(Axis::FewLenders, &["rate_dpd_31_plus"], Shape::Lines);
    let lead = Words(
        "The steeper the curve, the more a limit of lenders would prevent.",
        "曲线越陡,限制机构数的作用越大。",
    );
    Ok(desk.panel(&sketch, lead, svg))
}

async fn openings(desk: &Desk<'_>) -> Result<super::Panel, WindowError> {
    let listing = desk.counts(Indicator::NewStacking, &[], Span::Year).await?;
    let sketch = desk.sketch(
        &listing,
        "openings",
        Words("New stacking within 30 days", "30天内新增多头借贷"),
        Words(
            "Share of subjects who opened an account",
            "占开立账户借款人的比例",
        ),
    );
    let svg = sketch.columns_over_time(&["rate_2_plus", "rate_3_plus"], Shape::Lines);
    let lead = Words(
        "Of those who opened an account, how many opened several at different lenders within 30 days.",
        "开立账户的借款人中,30天内在多家机构开立的比例。",
    );
    Ok(desk.panel(&sketch, lead, svg))
}

async fn same_day(desk: &Desk<'_>) -> Result<super::Panel, WindowError> {
    let listing = desk
        .counts(Indicator::SameDayStacking, &[Axis::LenderGroup], Span::Date)
        .await?;
    let sketch = desk.sketch(
        &listing,
        "same-day",
        Words(
            "Opened on the same day as at another lender",
            "与另一家机构同日开立",
        ),
        Words("Share of accounts opened in the month", "占当月开立账户的比例"),
    );
    let svg = sketch.columns_by_place(Axis::LenderGroup, &["rate_same_day"], Shape::League);
    let lead = Words("By group of the lender: who drives it.", "按机构类型:由谁推动。");
    Ok(desk.panel(&sketch, lead, svg))
}

async fn blocked(desk: &Desk<'_>) -> Result<super::Panel, WindowError> {
    let listing = desk.counts(Indicator::BlockedStacking, &[], Span::Year).await?;
    let sketch = desk.sketch(
        &listing,
        "blocked",
        Words("Stacking that checks blocked", "检查拦截的多头借贷"),
        Words("Share of the month's checks", "占当月检查的比例"),
    );
    let svg = sketch.some_places_over_time((Axis::Finding, FIRST_REFUSAL), "share", Shape::Stack);
    let lead = Words(
        "Of all checks of a month, how many were refused, under the first reason that the rules gave.",
        "当月全部检查中被拒绝的比例,按规则给出的第一个原因。",
    );
    Ok(desk.panel(&sketch, lead, svg))
}

async fn unchecked(desk: &Desk<'_>) -> Result<super::Panel, WindowError> {
    let listing = desk
        .counts(Indicator::UncheckedLoans, &[Axis::LenderGroup], Span::Date)
        .await?;
    let sketch = desk.sketch(
        &listing,
        "unchecked",
        Words("Opened without a check", "未经检查开立"),
        Words("Share of accounts opened in the month", "占当月开立账户的比例"),
    );
    let svg = sketch.columns_by_place(Axis::LenderGroup, &["rate_without_check"], Shape::League);
    let lead = Words(
        "Accounts for which no reservation was used: what no rule could stop.",
        "未使用预留额度的账户:规则无法拦截。",
    );
    Ok(desk.panel(&sketch, lead, svg))
}

async fn burden(desk: &Desk<'_>) -> Result<super::Panel, WindowError> {
    let listing = desk.counts(Indicator::DstiDistribution, &[], Span::Year).await?;
    let sketch = desk.sketch(
        &listing,
        "burden",
        Words("What applicants would have to pay", "申请人的偿债负担"),
        Words("Share of checks with a stated income", "占申报了收入的检查的比例"),
    );
    let svg = sketch.places_over_time(Axis::Burden, "share", Shape::Stack);
    let lead = Words(
        "Everything due in a month, the loan applied for included, in per cent of the stated income.",
        "每月全部应还款(含本次申请)占申报收入的百分比。",
    );
    Ok(desk.panel(&sketch, lead, svg))
}

async fn regions(desk: &Desk<'_>) -> Result<super::Panel, WindowError> {
    let listing = desk
        .counts(Indicator::MultiLenderRate, &[Axis::Region], Span::Date)
        .await?;
    let sketch = desk.sketch(
        &listing,
        "regions",
        Words("Three or more lenders, by province", "三家及以上机构(按省份)"),
        Words("Share of subjects", "借款人占比"),
    );
    let svg = sketch.columns_by_place(Axis::Region, &["rate_3_plus"], Shape::League);
    let lead = Words("Where stacking grows.", "多头借贷的地区分布。");
    Ok(desk.panel(&sketch, lead, svg))
}

async fn products(desk: &Desk<'_>) -> Result<super::Panel, WindowError> {
    let listing = desk
        .counts(Indicator::MultiLenderRate, &[Axis::ProductType], Span::Date)
        .await?;
    let sketch = desk.sketch(
        &listing,
        "products",
        Words("Three or more lenders, by product", "三家及以上机构(按产品)"),
        Words("Share of subjects", "借款人占比"),
    );
    let svg = sketch.columns_by_place(Axis::ProductType, &["rate_3_plus"], Shape::League);
    let lead = Words(
        "The product is that of the account opened last.",
        "产品为最近开立账户的产品。",
    );
    Ok(desk.panel(&sketch, lead, svg))
}
