//! `tallystick quality`: how well a member reports.

use anyhow::Context as _;
use chrono::Datelike as _;
use clap::Args;

use super::connect::Connect;
use super::output::{Output, table, to_json};
use super::today;
use crate::client::ClientError;
use crate::wire::pb;

/// Show how well a member reported in a month: your own, or any member's for regulator and operator.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    tallystick quality\n  \
    tallystick quality --member swift-cash --month 2026-11 --output json")]
pub struct Quality {
    #[command(flatten)]
    connect: Connect,
    /// Member to ask about; you unless told.
    #[arg(long, value_name = "ID", default_value = "", hide_default_value = true)]
    member: String,
    /// Month to ask about; this one unless told.
    #[arg(long, value_name = "YYYY-MM", value_parser = month)]
    month: Option<(i32, i32)>,
    /// Form of the answer.
    #[arg(long, value_enum, default_value_t)]
    output: Output,
}

impl Quality {
    /// Runs the command.
    pub async fn run(self) -> anyhow::Result<()> {
        let (year, month) = match self.month {
            Some(month) => month,
            None => (today().year(), i32::try_from(today().month())?),
        };
        let request = pb::GetDataQualityRequest {
            member_id: self.member,
            year,
            month,
        };
        let client = self.connect.client().await?;
        let answered = client.reporting().get_data_quality(request).await;
        let scores = answered.map_err(ClientError::from)?.into_inner();
        match self.output {
            Output::Json => println!("{}", to_json(&scores, "GetDataQualityResponse")?),
            Output::Table => println!("{}", shown(&scores)),
        }
        Ok(())
    }
}

/// A month as people write it.
pub(super) fn month(text: &str) -> anyhow::Result<(i32, i32)> {
    let parsed = text
        .split_once('-')
        .and_then(|(year, month)| Some((year.parse().ok()?, month.parse().ok()?)));
    parsed.with_context(|| format!("{text} is no month: write it as 2026-11"))
}

fn shown(scores: &pb::GetDataQualityResponse) -> comfy_table::Table {
    let mut shown = table(&["part", "score", "weight"]);
    let parts = [
        ("timeliness", scores.timeliness, "25"),
        ("accept rate", scores.accept_rate, "25"),
        ("completeness", scores.completeness, "15"),
        ("consistency", scores.consistency, "15"),
        ("reject ageing", scores.reject_ageing, "10"),
        ("all of it", scores.score, ""),
    ];
    for (part, score, weight) in parts {
        shown.add_row([part.to_owned(), score.to_string(), weight.to_owned()]);
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_is_written_with_a_year_and_a_number() {
        assert_eq!(month("2026-11").expect("a month"), (2026, 11));
        assert_eq!(month("2026-1").expect("a month"), (2026, 1));
        for text in ["", "2026", "11", "2026-11-01", "November"] {
            assert!(month(text).is_err(), "{text}");
        }
    }
}
