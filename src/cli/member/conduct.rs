//! `tallystick member conduct`: whom members look at and never lend to, what room they hold and never use.

use chrono::Datelike as _;
use clap::Args;

use super::PAGE_ROWS;
use crate::cli::answer::words;
use crate::cli::output::{Output, table, to_json};
use crate::cli::quality::month;
use crate::cli::today;
use crate::client::{Client, ClientError};
use crate::wire::pb;

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    tallystick member conduct\n  \
    tallystick member conduct swift-cash --month 2026-11 --output json")]
pub(super) struct Conduct {
    /// Which member; all unless told.
    #[arg(default_value = "", hide_default_value = true)]
    member_id: String,
    /// Month to ask about, this one or one of the twelve before it; this one unless told.
    #[arg(long, value_name = "YYYY-MM", value_parser = month)]
    month: Option<(i32, i32)>,
}

impl Conduct {
    /// Runs the command.
    pub(super) async fn run(self, client: &Client, output: Output) -> anyhow::Result<()> {
        let (year, month) = match self.month {
            Some(month) => month,
            None => (today().year(), i32::try_from(today().month())?),
        };
        let mut request = pb::GetConductRequest {
            member_id: self.member_id,
            year,
            month,
            page_size: PAGE_ROWS,
            page_token: String::new(),
        };
        let mut members = Vec::new();
        loop {
            let answered = client.admin().get_conduct(request.clone()).await;
            let page = answered.map_err(ClientError::from)?.into_inner();
            members.extend(page.members);
            if page.next_page_token.is_empty() {
                break;
            }
            request.page_token = page.next_page_token;
        }
        match output {
            Output::Json => {
                for member in &members {
                    println!("{}", to_json(member, "MemberConduct")?);
                }
            }
            Output::Table => println!("{}", shown(&members)),
        }
        Ok(())
    }
}

/// A line for each member.
fn shown(members: &[pb::MemberConduct]) -> comfy_table::Table {
    let mut shown = table(&[
        "member",
        "hard looks",
        "without follow-up",
        "looks a loan",
        "reservations",
        "ran out",
        "late",
        "in turns",
        "strangers",
        "alerts",
    ]);
    for member in members {
        let alerts = member.alerts();
        let alerts: Vec<String> = alerts
            .map(|alert| words(alert.as_str_name(), "CONDUCT_ALERT_"))
            .collect();
        let reservations = member.reservations_confirmed
            + member.reservations_late
            + member.reservations_released
            + member.reservations_lapsed
            + member.reservations_live;
        shown.add_row([
            member.member_id.clone(),
            (member.hard_queries + member.checks).to_string(),
            share(
                member.unfollowed_queries,
                member.judged_queries,
                member.unfollowed_bp,
            ),
            match member.loans_opened {
                0 => "no loan".to_owned(),
                _ => hundredths(member.hundredth_looks_per_loan),
            },
            reservations.to_string(),
            share(
                member.reservations_lapsed,
                reservations - member.reservations_live,
                member.lapsed_bp,
            ),
            member.reservations_late.to_string(),
            member.checks_in_turn.to_string(),
            share(member.strangers, member.looks, member.strangers_bp),
            alerts.join(", "),
        ]);
    }
    shown
}

/// A part, the whole and the share of it; nothing of nothing.
fn share(part: u64, of: u64, basis_points: u32) -> String {
    match of {
        0 => String::new(),
        of => format!("{part} of {of} ({} %)", hundredths(basis_points.into())),
    }
}

fn hundredths(number: u64) -> String {
    format!("{}.{:02}", number / 100, number % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_what_of_how_much() {
        let member = pb::MemberConduct {
            member_id: "swift-cash".to_owned(),
            looks: 400,
            hard_queries: 300,
            checks: 50,
            judged_queries: 200,
            unfollowed_queries: 150,
            unfollowed_bp: 7_500,
            loans_opened: 7,
            hundredth_looks_per_loan: 5_000,
            reservations_confirmed: 7,
            reservations_lapsed: 2,
            reservations_live: 1,
            lapsed_bp: 2_222,
            alerts: vec![pb::ConductAlert::Fishing.into()],
            ..pb::MemberConduct::default()
        };
        let quiet = pb::MemberConduct {
            member_id: "operator".to_owned(),
            ..pb::MemberConduct::default()
        };
        let mut table = shown(&[member, quiet]);
        table.set_width(250);
        let text = table.to_string();
        let cells = |line: &str| -> Vec<String> {
            let line = text
                .lines()
                .find(|shown| shown.contains(line))
                .unwrap_or_default();
            let parts = line
                .split("  ")
                .map(|part| part.trim_matches([' ', '│']).to_owned());
            parts.filter(|part| !part.is_empty()).collect()
        };
        assert_eq!(
            cells("swift-cash"),
            [
                "swift-cash",
                "350",
                "150 of 200 (75.00 %)",
                "50.00",
                "10",
                "2 of 9 (22.22 %)",
                "0",
                "0",
                "0 of 400 (0.00 %)",
                "fishing"
            ]
        );
        assert_eq!(cells("operator"), ["operator", "0", "no loan", "0", "0", "0"]);
    }
}
