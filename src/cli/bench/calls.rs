//! The calls that are measured, and how each is made through the client.

use anyhow::Context as _;
use futures::StreamExt as _;
use tokio_stream::wrappers::ReceiverStream;

use super::requests::Who;
use crate::client::Client;
use crate::server::floor::EMPTY_STREAM;
use crate::store::floor::Work;
use crate::wire::pb;

/// Records of one message of a batch.
pub(super) const BATCH_MESSAGE_RECORDS: u32 = 500;

/// What is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Call {
    Empty,
    EmptyStream,
    Health,
    Query,
    QueryMobile,
    QueryDeep,
    Review,
    Open,
    Update,
    Check,
    Batch,
}

impl Call {
    /// What is measured in every round.
    pub const ROUND: [Self; 10] = [
        Self::Empty,
        Self::EmptyStream,
        Self::Health,
        Self::Query,
        Self::QueryMobile,
        Self::Review,
        Self::Open,
        Self::Update,
        Self::Check,
        Self::Batch,
    ];

    /// Its name in the report.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Empty => "empty rpc",
            Self::EmptyStream => "empty message on a stream",
            Self::Health => "health",
            Self::Query => "QueryExposure, NATIONAL_ID",
            Self::QueryMobile => "QueryExposure, NATIONAL_ID + MOBILE",
            Self::QueryDeep => "QueryExposure, 200 positions",
            Self::Review => "ReviewPortfolio, an answer",
            Self::Open => "ReportPosition, new account",
            Self::Update => "ReportPosition, known account",
            Self::Check => "CheckAndReserve, different subjects",
            Self::Batch => "UploadBatch, known position",
        }
    }

    /// Its work in the store, which subjects it is about and how many tokens it shows.
    pub const fn work(self) -> Option<(Work, Who, u32)> {
        match self {
            Self::Empty | Self::EmptyStream | Self::Health => None,
            Self::Query => Some((Work::Query, Who::Plain, 1)),
            Self::QueryMobile => Some((Work::Query, Who::Mobile, 2)),
            Self::QueryDeep => Some((Work::Query, Who::Deep, 1)),
            Self::Review => Some((Work::Review, Who::Plain, 1)),
            Self::Open => Some((Work::Open, Who::Plain, 1)),
            Self::Update => Some((Work::Update, Who::Plain, 1)),
            Self::Check => Some((Work::Check, Who::Plain, 1)),
            // Tokens that are on file with their account are not mapped again.
            Self::Batch => Some((Work::Batch, Who::Plain, 0)),
        }
    }

    /// How many of it one message carries.
    pub const fn in_message(self) -> u32 {
        match self {
            Self::Batch => BATCH_MESSAGE_RECORDS,
            Self::Empty
            | Self::EmptyStream
            | Self::Health
            | Self::Query
            | Self::QueryMobile
            | Self::QueryDeep
            | Self::Review
            | Self::Open
            | Self::Update
            | Self::Check => 1,
        }
    }

    /// The empty call of the same kind.
    pub const fn empty(self) -> Self {
        match self {
            Self::EmptyStream | Self::Review | Self::Batch => Self::EmptyStream,
            Self::Empty
            | Self::Health
            | Self::Query
            | Self::QueryMobile
            | Self::QueryDeep
            | Self::Open
            | Self::Update
            | Self::Check => Self::Empty,
        }
    }
}

pub(super) async fn query(client: Client, request: pb::QueryExposureRequest) -> anyhow::Result<()> {
    let answer = client
        .exposure()
        .query_exposure(request)
        .await?
        .into_inner()
        .answer;
    let answer = answer.context("an answer is empty")?;
    anyhow::ensure!(
        answer.state() == pb::SubjectState::Found,
        "a known subject was not found"
    );
    Ok(())
}

pub(super) async fn check(client: Client, request: pb::CheckAndReserveRequest) -> anyhow::Result<()> {
    let answer = client.exposure().check_and_reserve(request).await?.into_inner();
    anyhow::ensure!(
        answer.reservation.is_some(),
        "rules that allow everything refused a loan: {:?}",
        answer.decision
    );
    Ok(())
}

/// Uploads a batch and waits for its summary: how many records were accepted.
pub(super) async fn upload(client: Client, messages: Vec<pb::UploadBatchRequest>) -> anyhow::Result<u64> {
    use pb::upload_batch_response::Part;
    let mut answers = client
        .reporting()
        .upload_batch(futures::stream::iter(messages))
        .await?
        .into_inner();
    while let Some(answer) = answers.next().await {
        if let Some(Part::Summary(batch)) = answer?.part {
            anyhow::ensure!(batch.records_rejected == 0, "a known position was rejected");
            return Ok(batch.records_accepted);
        }
    }
    anyhow::bail!("a batch ended without a summary")
}

pub(super) async fn report(client: Client, request: pb::ReportPositionRequest) -> anyhow::Result<()> {
    client.reporting().report_position(request).await?;
    Ok(())
}

type Stream<T> = std::pin::Pin<Box<dyn futures::Stream<Item = anyhow::Result<T>> + Send>>;

pub(super) async fn open_empty(client: Client, messages: ReceiverStream<()>) -> anyhow::Result<Stream<()>> {
    let opened = client.empty_stream(EMPTY_STREAM, messages).await?;
    Ok(opened.map(|message| Ok(message?)).boxed())
}

pub(super) async fn open_review(
    client: Client,
    messages: ReceiverStream<pb::ReviewPortfolioRequest>,
) -> anyhow::Result<Stream<pb::ReviewPortfolioResponse>> {
    let opened = client.exposure().review_portfolio(messages).await?.into_inner();
    Ok(opened.map(|message| Ok(message?)).boxed())
}

pub(super) fn is_answer(message: pb::ReviewPortfolioResponse) -> anyhow::Result<()> {
    use pb::review_portfolio_response::Result as Outcome;
    match message.result {
        Some(Outcome::Answer(_)) => Ok(()),
        other => anyhow::bail!("a review was not answered: {other:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_call_with_work_is_measured_against_an_empty_call() {
        for call in Call::ROUND {
            let empty = call.empty();
            assert_eq!(empty.empty(), empty, "{}", call.name());
            assert_eq!(empty.work(), None, "{}", call.name());
        }
    }
}
