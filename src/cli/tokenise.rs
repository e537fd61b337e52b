//! `tallystick tokenise`: tokens of identifiers, for systems that call the service themselves.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::Args;

use super::connect::Connect;
use super::identifiers::Identifiers;
use super::output::{Output, table};
use super::today;

/// Turn identifiers into your own tokens. Nothing but blinded elements leaves this machine; each costs one evaluation.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  tallystick tokenise --identifiers customers.txt --output json")]
pub struct Tokenise {
    #[command(flatten)]
    connect: Connect,
    #[command(flatten)]
    identifiers: Identifiers,
    /// Form of the answer.
    #[arg(long, value_enum, default_value_t)]
    output: Output,
}

impl Tokenise {
    /// Runs the command.
    pub async fn run(self) -> anyhow::Result<()> {
        let identifiers = self.identifiers.read(today())?;
        let tokens = self.connect.client().await?.tokenise(&identifiers).await?;
        let rows = tokens.iter().enumerate().map(|(index, token)| {
            let value = STANDARD.encode(token.expose_bytes());
            (
                index + 1,
                token.identifier_type().as_str(),
                token.key_version().0,
                value,
            )
        });
        match self.output {
            Output::Table => {
                let mut shown = table(&["#", "type", "key version", "token (base64)"]);
                for (number, kind, version, value) in rows {
                    shown.add_row([number.to_string(), kind.to_owned(), version.to_string(), value]);
                }
                println!("{shown}");
            }
            Output::Json => {
                for (number, kind, version, value) in rows {
                    let line = serde_json::json!({
                        "number": number, "type": format!("IDENTIFIER_TYPE_{kind}"), "keyVersion": version, "value": value,
                    });
                    println!("{line}");
                }
            }
        }
        Ok(())
    }
}
