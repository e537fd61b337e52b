//! Somebody who calls, with a certificate.

use std::net::SocketAddr;
use std::str::FromStr as _;

use tallystick::client::{Client, ClientIdentity, Endpoint};
use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Identity};
use tonic::{Response, Status, Streaming};
use tonic_prost::ProstCodec;
use tonic_types::StatusExt as _;

use super::{Credentials, SeededEntropy, TestCa};

/// The caller.
pub struct Actor {
    pub(super) url: String,
    pub(super) server_ca: Option<String>,
    pub credentials: Credentials,
}

impl Actor {
    /// Somebody with these credentials at a service whose certificate this authority issued.
    pub fn at(address: SocketAddr, ca: &TestCa, credentials: Credentials) -> Self {
        Self {
            url: format!("https://{address}"),
            server_ca: Some(ca.certificate().to_owned()),
            credentials,
        }
    }

    /// The real client, on a connection of its own.
    pub async fn client(&self) -> Client {
        let endpoint = Endpoint {
            url: self.url.clone(),
            server_name: Some("localhost".to_owned()),
        };
        let identity = self.server_ca.as_ref().map(|ca| ClientIdentity {
            certificate: self.credentials.certificate.clone().into_bytes(),
            key: self.credentials.key.clone().into_bytes().into(),
            server_ca: ca.clone().into_bytes(),
        });
        Client::connect(&endpoint, identity.as_ref(), SeededEntropy::another())
            .await
            .unwrap()
    }

    /// A bare channel, connected when it is first used.
    pub fn channel(&self) -> Channel {
        let builder = Channel::from_shared(self.url.clone()).unwrap();
        let builder = match &self.server_ca {
            None => builder,
            Some(ca) => {
                let identity = Identity::from_pem(&self.credentials.certificate, &self.credentials.key);
                let tls = ClientTlsConfig::new()
                    .ca_certificate(Certificate::from_pem(ca))
                    .identity(identity)
                    .domain_name("localhost");
                builder.tls_config(tls).unwrap()
            }
        };
        builder.connect_lazy()
    }
}

/// Calls any rpc with one empty message, and waits for the head of its answer alone.
pub async fn knock(channel: Channel, path: &str) -> Result<Response<Streaming<()>>, Status> {
    let mut grpc = tonic::client::Grpc::new(channel);
    grpc.ready()
        .await
        .map_err(|error| Status::unavailable(error.to_string()))?;
    let path = PathAndQuery::from_str(path).unwrap();
    let message = tonic::Request::new(tokio_stream::once(()));
    grpc.streaming(message, path, ProstCodec::<(), ()>::default())
        .await
}

/// The stable reason of a status.
pub fn reason(status: &Status) -> String {
    status
        .get_error_details()
        .error_info()
        .map(|info| info.reason.clone())
        .unwrap_or_default()
}
