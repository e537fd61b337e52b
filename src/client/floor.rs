//! Empty calls, for `tallystick bench`: what a call costs that asks for nothing.

use futures::Stream;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::{Request, Streaming};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use tonic_prost::ProstCodec;

use super::{Client, ClientError, Refusal};

impl Client {
    /// Asks whether the service is healthy.
    ///
    /// # Errors
    /// [`ClientError::Refused`]; connection errors.
    pub async fn check_health(&self) -> Result<(), ClientError> {
        let mut health = HealthClient::new(self.channel.clone());
        health.check(HealthCheckRequest::default()).await?;
        Ok(())
    }

    /// Opens a stream of empty messages at `path`, each of which is to come back.
    ///
    /// # Errors
    /// [`ClientError::Refused`]; connection errors.
    pub async fn empty_stream(
        &self,
        path: &'static str,
        messages: impl Stream<Item = ()> + Send + 'static,
    ) -> Result<Streaming<()>, ClientError> {
        let mut grpc = tonic::client::Grpc::new(self.channel.clone());
        grpc.ready().await.map_err(ClientError::Connection)?;
        let codec = ProstCodec::<(), ()>::default();
        let opened = grpc.streaming(Request::new(messages), PathAndQuery::from_static(path), codec);
        let opened = opened.await.map_err(|status| Box::new(Refusal::from(status)))?;
        Ok(opened.into_inner())
    }
}
