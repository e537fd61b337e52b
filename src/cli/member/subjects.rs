//! `tallystick member merge` and `split`: who a subject is, under two operators.

use clap::Args;

use super::{request_id, say_done};
use crate::cli::identifiers::Identifiers;
use crate::cli::today;
use crate::client::{Client, ClientError};
use crate::domain::token::Presented;
use crate::identity::token::SubjectToken;
use crate::wire::convert::token::token_to_wire;
use crate::wire::pb;

#[derive(Debug, Args)]
pub(super) struct Merge {
    /// Exactly two identifiers of a person or two of an enterprise; the first one's subject stays.
    #[command(flatten)]
    identifiers: Identifiers,
    /// Why; no personal data.
    #[arg(long)]
    reason: String,
    /// Of the proposal to repeat.
    #[arg(long, value_name = "UUID")]
    request_id: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct Split {
    /// Exactly one identifier.
    #[command(flatten)]
    identifiers: Identifiers,
    /// Why; no personal data.
    #[arg(long)]
    reason: String,
    /// Of the proposal to repeat.
    #[arg(long, value_name = "UUID")]
    request_id: Option<String>,
}

impl Merge {
    /// Runs the command.
    pub(super) async fn run(self, client: &mut Client) -> anyhow::Result<()> {
        let tokens = tokens(client, &self.identifiers).await?;
        let [keep, merge] = tokens.as_slice() else {
            anyhow::bail!("give exactly two identifiers: the one whose subject stays, then the other");
        };
        let request_id = request_id(client, self.request_id);
        let request = pb::MergeSubjectsRequest {
            keep: Some(keep.clone()),
            merge: Some(merge.clone()),
            reason: self.reason,
            request_id: request_id.clone(),
        };
        let answer = client
            .admin()
            .merge_subjects(request)
            .await
            .map_err(ClientError::from)?;
        say_done(answer.into_inner().done, &request_id);
        Ok(())
    }
}

impl Split {
    /// Runs the command.
    pub(super) async fn run(self, client: &mut Client) -> anyhow::Result<()> {
        let tokens = tokens(client, &self.identifiers).await?;
        let [token] = tokens.as_slice() else {
            anyhow::bail!("give exactly one identifier")
        };
        let request_id = request_id(client, self.request_id);
        let request = pb::SplitSubjectRequest {
            token: Some(token.clone()),
            reason: self.reason,
            request_id: request_id.clone(),
        };
        let answer = client
            .admin()
            .split_subject(request)
            .await
            .map_err(ClientError::from)?;
        say_done(answer.into_inner().done, &request_id);
        Ok(())
    }
}

async fn tokens(client: &mut Client, identifiers: &Identifiers) -> anyhow::Result<Vec<pb::SubjectToken>> {
    let identifiers = identifiers.read(today())?;
    let tokens: Vec<SubjectToken> = client.tokenise(&identifiers).await?;
    let shown = |token| {
        token_to_wire(&Presented {
            token,
            verified_on: Some(today()),
        })
    };
    Ok(tokens.into_iter().map(shown).collect())
}
