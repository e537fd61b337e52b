//! How loans of a month go bad as they grow older.

use super::Content;
use super::desk::{Desk, Span};
use crate::domain::statistics::{Axis, Indicator};
use crate::web::names::Words;
use crate::web::window::WindowError;

pub(super) async fn vintages(desk: &Desk<'_>) -> Result<Content, WindowError> {
    let mut panels = Vec::new();
    let counts = desk.counts(Indicator::Vintage, &[], Span::Date).await?;
    let amounts = desk.amounts(Indicator::Vintage, &[], Span::Date).await?;
    let lead = Words(
        "Each row is a month of opening, each column its age: compare rows at the same age.",
        "每行为开立月份,每列为账龄:请在相同账龄下比较各行。",
    );
    for (id, title, column) in [
        (
            "ever-31",
            Words(
                "Ever 31 or more days past due, by number",
                "曾逾期31天及以上(按笔数)",
            ),
            "rate_ever_31",
        ),
        (
            "ever-91",
            Words(
                "Ever 91 or more days past due, by number",
                "曾逾期91天及以上(按笔数)",
            ),
            "rate_ever_91",
        ),
    ] {
        let measure = Words("Share of positions opened in the month", "占当月开立账户的比例");
        let sketch = desk.sketch(&counts, id, title, measure);
        let svg = sketch.grid(Axis::OriginationMonth, Axis::MonthsOnBook, column);
        panels.push(desk.panel(&sketch, lead, svg));
    }
    if let Some(amounts) = &amounts {
        let measure = Words("Share of what was granted in the month", "占当月发放金额的比例");
        let title = Words(
            "Ever 31 or more days past due, by amount",
            "曾逾期31天及以上(按金额)",
        );
        let sketch = desk.sketch(amounts, "ever-31-amount", title, measure);
        let svg = sketch.grid(Axis::OriginationMonth, Axis::MonthsOnBook, "rate_ever_31");
        panels.push(desk.panel(&sketch, lead, svg));
    }
    Ok(Content {
        facts: Vec::new(),
        panels,
    })
}
