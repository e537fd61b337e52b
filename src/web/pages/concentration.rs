//! How much of the market its largest lenders hold.

use super::Content;
use super::desk::{Desk, Span};
use crate::domain::statistics::{Axis, Indicator};
use crate::web::chart::Shape;
use crate::web::names::Words;
use crate::web::window::WindowError;

pub(super) async fn concentration(desk: &Desk<'_>) -> Result<Content, WindowError> {
    let mut panels = Vec::new();
    if let Some(listing) = desk.amounts(Indicator::Concentration, &[], Span::Year).await? {
        let sketch = desk.sketch(
            &listing,
            "largest",
            Words("What the largest lenders hold", "最大机构的份额"),
            Words(
                "Share of the balance of active positions",
                "占未结清账户余额的比例",
            ),
        );
        let svg = sketch.columns_over_time(&["cr3_share", "cr5_share"], Shape::Lines);
        let lead = Words(
            "The largest three and five lenders of each date.",
            "各日期最大三家和五家机构。",
        );
        panels.push(desk.panel(&sketch, lead, svg));
        let sketch = desk.sketch(
            &listing,
            "index",
            Words("Herfindahl's index", "赫芬达尔指数"),
            Words("Herfindahl's index", "赫芬达尔指数"),
        );
        let svg = sketch.columns_over_time(&["hhi"], Shape::Lines);
        let lead = Words(
            "10,000 is one lender alone; below 1,500 a market is commonly called unconcentrated.",
            "10,000 表示仅一家机构;通常低于 1,500 视为不集中。",
        );
        panels.push(desk.panel(&sketch, lead, svg));
    }
    if let Some(listing) = desk
        .amounts(Indicator::Concentration, &[Axis::ProductType], Span::Date)
        .await?
    {
        let sketch = desk.sketch(
            &listing,
            "products",
            Words("Largest three lenders, by product", "最大三家机构(按产品)"),
            Words("Share of the product's balance", "占该产品余额的比例"),
        );
        let svg = sketch.columns_by_place(Axis::ProductType, &["cr3_share"], Shape::League);
        let lead = Words("On the snapshot's date.", "快照日数据。");
        panels.push(desk.panel(&sketch, lead, svg));
    }
    if let Some(listing) = desk
        .amounts(Indicator::Concentration, &[Axis::Member], Span::Date)
        .await?
    {
        let sketch = desk.sketch(
            &listing,
            "names",
            Words("The largest lenders by name", "最大机构名单"),
            Words("Share of the balance, whole per cent", "占余额的比例(整数百分比)"),
        );
        let svg = sketch.columns_by_place(Axis::Member, &["share"], Shape::League);
        let lead = Words(
            "On the snapshot's date; told to regulator and operator alone. Nobody is named while one borrower could show in a share.",
            "快照日数据,仅供监管方与运营方。若单一借款人可能影响份额,则不列示名称。",
        );
        panels.push(desk.panel(&sketch, lead, svg));
    }
    Ok(Content {
        facts: Vec::new(),
        panels,
    })
}
