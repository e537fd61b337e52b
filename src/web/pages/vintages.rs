//! How loans of a month go bad as they grow older.

use super::Content;
use super::desk::{Desk, Span};
use crate::domain::statistics::{Axis, Indicator};
use crate::web::names::Words;
use crate::web::window::WindowError;

/// Months from one curve to the next: more curves could not be told apart.
const CURVES_EVERY: usize = 4;

pub(super) async fn vintages(desk: &Desk<'_>) -> Result<Content, WindowError> {
    let mut panels = Vec::new();
    let counts = desk.counts(Indicator::Vintage, &[], Span::Date).await?;
    let amounts = desk.amounts(Indicator::Vintage, &[], Span::Date).await?;
    let lead = Words(
        "Each row is a month of opening, each column its age: compare rows at the same age.",
        "每行为开立月份,每列为账龄:请在相同账龄下比较各行。",
    );
    let title = Words(
        "Every fourth month of opening, as it grows older",
        "每第四个开立月份随账龄的变化",
    );
    let measure = Words(
        "Share of positions opened in the month ever 31+ days past due",
        "曾逾期31天及以上占当月开立账户的比例",
    );
    let sketch = desk.sketch(&counts, "curves", title, measure);
    let svg = sketch.curves(
        Axis::OriginationMonth,
        Axis::MonthsOnBook,
        CURVES_EVERY,
        "rate_ever_31",
    );
    let steeper = Words(
        "Each line is a month of opening; a steeper line is a worse vintage. All months are below.",
        "每条线为一个开立月份,线越陡表现越差。全部月份见下图。",
    );
    panels.push(desk.panel(&sketch, steeper, svg));
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
