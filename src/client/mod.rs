//! A typed client: tokenises before anything leaves the member, speaks mutual TLS, decodes refusals.
//!
//! Identifiers go in, tokens go out; nothing here prints either, and only the [`cache`] keeps any, sealed. Knows the
//! contract and the identity rules, nothing of the server's rooms or stores.

pub mod cache;
mod connect;
mod error;
mod evaluate;
mod floor;
mod service_keys;
mod tokenise;
mod upload;

#[cfg(test)]
mod tokenise_tests;

use tonic::metadata::MetadataValue;
use tonic::transport::Channel;

pub use cache::{CacheError, CacheKey, TokenCache};
pub use connect::{ClientIdentity, Endpoint};
pub use error::{ClientError, Refusal};
pub use evaluate::{Evaluated, Evaluator, Question, RemoteEvaluator};
pub use service_keys::ServiceKeys;
pub use tokenise::{Counts, Tokenised, Tokeniser};
pub use tonic::Code;
pub use upload::{
    Chunk, Event, Observer, Patience, RecordSource, SourceError, UploadError, amounts_of, tokenise_records,
};

use crate::domain::clock::{SharedEntropy, uuid_v4};
use crate::domain::inquiry::Inquiry;
use crate::domain::language::Language;
use crate::domain::names::RequestId;
use crate::domain::position::{EventType, Position};
use crate::identity::token::SubjectToken;
use crate::wire::convert::{inquiry, report};
use crate::wire::pb;
use pb::admin_service_client::AdminServiceClient;
use pb::exposure_service_client::ExposureServiceClient;
use pb::reporting_service_client::ReportingServiceClient;
use pb::statistics_service_client::StatisticsServiceClient;
use pb::token_service_client::TokenServiceClient;

/// Largest message the client takes, bytes: a page of 1,000 positions fits.
const MESSAGE_BYTES_MAX: usize = 8 << 20;

/// A connection of one member.
#[derive(Clone)]
pub struct Client {
    channel: Channel,
    entropy: SharedEntropy,
    keys: Option<ServiceKeys>,
}

impl Client {
    /// Connects to a service as a member.
    ///
    /// # Errors
    /// [`ClientError::Connection`] saying what to check.
    pub async fn connect(
        endpoint: &Endpoint,
        identity: Option<&ClientIdentity>,
        entropy: SharedEntropy,
    ) -> Result<Self, ClientError> {
        let channel = connect::channel(endpoint, identity).await?;
        Ok(Self {
            channel,
            entropy,
            keys: None,
        })
    }

    /// The reporting stub, for rpcs that need no help.
    pub fn reporting(&self) -> ReportingServiceClient<Channel> {
        ReportingServiceClient::new(self.channel.clone()).max_decoding_message_size(MESSAGE_BYTES_MAX)
    }

    /// The exposure stub.
    pub fn exposure(&self) -> ExposureServiceClient<Channel> {
        ExposureServiceClient::new(self.channel.clone()).max_decoding_message_size(MESSAGE_BYTES_MAX)
    }

    /// The statistics stub.
    pub fn statistics(&self) -> StatisticsServiceClient<Channel> {
        StatisticsServiceClient::new(self.channel.clone()).max_decoding_message_size(MESSAGE_BYTES_MAX)
    }

    /// The catalogue of indicators, told in a language.
    ///
    /// # Errors
    /// As the service refuses it.
    pub async fn list_indicators(
        &self,
        language: Language,
    ) -> Result<pb::ListIndicatorsResponse, ClientError> {
        let tag = match language {
            Language::English => "en",
            Language::Chinese => "zh",
        };
        let mut request = tonic::Request::new(pb::ListIndicatorsRequest {});
        let tag = MetadataValue::from_static(tag);
        request.metadata_mut().insert("accept-language", tag);
        Ok(self.statistics().list_indicators(request).await?.into_inner())
    }

    /// The token stub.
    pub fn tokens(&self) -> TokenServiceClient<Channel> {
        TokenServiceClient::new(self.channel.clone()).max_decoding_message_size(MESSAGE_BYTES_MAX)
    }

    /// The operator's stub.
    pub fn admin(&self) -> AdminServiceClient<Channel> {
        AdminServiceClient::new(self.channel.clone()).max_decoding_message_size(MESSAGE_BYTES_MAX)
    }

    /// Reports a position.
    ///
    /// # Errors
    /// [`ClientError::Refused`] with everything that is wrong with it; connection errors.
    pub async fn report(
        &self,
        position: &Position<SubjectToken>,
        event: EventType,
    ) -> Result<pb::ReportPositionResponse, ClientError> {
        let request = report::report_to_wire(position, event, self.request_id());
        Ok(self.reporting().report_position(request).await?.into_inner())
    }

    /// Asks how deep a subject is in debt elsewhere.
    ///
    /// # Errors
    /// [`ClientError::Refused`] with everything that is wrong with it; connection errors.
    pub async fn query(&self, inquiry: &Inquiry<SubjectToken>) -> Result<pb::ExposureAnswer, ClientError> {
        let request = inquiry::query_to_wire(inquiry, self.request_id());
        let response = self.exposure().query_exposure(request).await?.into_inner();
        response.answer.ok_or(ClientError::Malformed { what: "answer" })
    }

    /// A fresh UUID of version 4 for a request.
    pub fn request_id(&self) -> RequestId {
        RequestId(uuid_v4(&*self.entropy))
    }
}
