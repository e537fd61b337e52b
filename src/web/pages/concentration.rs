//! How much of the market its largest lenders hold.

use super::desk::{Desk, Span};
use super::{Content, Fact};
use crate::domain::statistics::{Axis, Indicator, Shown};
use crate::web::chart::Shape;
use crate::web::listing::Listing;
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
    Ok(Content {
        facts: largest(desk).await?,
        panels,
    })
}

/// The largest lenders by name; nothing where none may be named.
async fn largest(desk: &Desk<'_>) -> Result<Vec<Fact>, WindowError> {
    let listing = desk.amounts(Indicator::Concentration, &[Axis::Member], Span::Date);
    let listing = listing.await?;
    let Some((_, table)) = listing.as_ref().and_then(Listing::last) else {
        return Ok(Vec::new());
    };
    let rank = desk.say(Words("Rank", "位次"));
    let named = table
        .rows
        .iter()
        .filter_map(|row| match (&row.places[..], &row.values[..]) {
            ([place], [Shown::Count(number)]) => Some(Fact {
                name: format!("{rank} {number}"),
                value: table.member(*place).to_owned(),
            }),
            _ => None,
        });
    Ok(named.collect())
}
