//! `tallystick report`: one position, from the JSON form of the contract.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;

use super::connect::Connect;
use super::identifiers::Identifiers;
use super::output::{Output, from_json, to_json};
use super::today;
use crate::client::Client;
use crate::domain::token::Presented;
use crate::wire::convert::request::request_id_to_wire;
use crate::wire::convert::token::token_to_wire;
use crate::wire::pb;

/// Report one position. Its file holds a Position of the contract as JSON; without liabilities in it, the identifiers
/// given here are the primary borrower's.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  \
    tallystick report --position loan.json --event opened --identifiers - <<< NATIONAL_ID:CN:11010519491231002X")]
pub struct Report {
    #[command(flatten)]
    connect: Connect,
    #[command(flatten)]
    identifiers: Identifiers,
    /// File with the position as JSON.
    #[arg(long, value_name = "FILE")]
    position: PathBuf,
    /// What happened: opened, payment, period-close, past-due, closed, …
    #[arg(long, default_value = "period-close")]
    event: String,
    /// UUID of the request: repeat it to repeat the request safely. A new one unless told.
    #[arg(long, value_name = "UUID")]
    request_id: Option<String>,
    /// Form of the answer.
    #[arg(long, value_enum, default_value_t)]
    output: Output,
}

impl Report {
    /// Runs the command.
    pub async fn run(self) -> anyhow::Result<()> {
        let text = std::fs::read_to_string(&self.position)
            .with_context(|| format!("cannot read {}", self.position.display()))?;
        let mut position: pb::Position = from_json(&text, "Position")?;
        let name = format!("EVENT_TYPE_{}", self.event.replace('-', "_").to_uppercase());
        let event = pb::EventType::from_str_name(&name).with_context(|| {
            format!(
                "{} is no event: opened, payment, period-close, past-due, closed, …",
                self.event
            )
        })?;
        let mut client = self.connect.client().await?;
        if position.liabilities.is_empty() {
            position
                .liabilities
                .push(primary(&self.identifiers, &mut client).await?);
        }
        let request_id = self
            .request_id
            .unwrap_or_else(|| request_id_to_wire(client.request_id()));
        let request = pb::ReportPositionRequest {
            position: Some(position),
            event: event.into(),
            request_id,
        };
        let response = client
            .reporting()
            .report_position(request)
            .await
            .map_err(crate::client::ClientError::from)?
            .into_inner();
        match self.output {
            Output::Json => println!("{}", to_json(&response, "ReportPositionResponse")?),
            Output::Table => {
                println!("accepted as version {}", response.version);
                for warning in &response.warnings {
                    println!(
                        "  warning {} at {}: {}",
                        warning.code, warning.field, warning.description
                    );
                }
            }
        }
        Ok(())
    }
}

/// The primary borrower by identifiers, proven today.
pub(super) async fn primary(identifiers: &Identifiers, client: &mut Client) -> anyhow::Result<pb::Liability> {
    let identifiers = identifiers.read(today())?;
    let tokens = client.tokenise(&identifiers).await?;
    let shown = tokens.into_iter().map(|token| {
        token_to_wire(&Presented {
            token,
            verified_on: Some(today()),
        })
    });
    Ok(pb::Liability {
        role: pb::LiabilityRole::Primary.into(),
        tokens: shown.collect(),
    })
}
