//! The channel: mutual TLS to a named server, or plain to this machine for development.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tonic::transport::{Certificate, Channel, ClientTlsConfig, Identity};
use zeroize::Zeroizing;

use super::ClientError;

/// How long a connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How often a connection is asked whether it lives, and how long it may take to say so: a line that is cut without a word
/// would otherwise be waited for without end.
const KEEPALIVE: Duration = Duration::from_secs(20);

/// Where the service is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// `https://host:port`, or `http://127.0.0.1:port` for development.
    pub url: String,
    /// Name in the server's certificate if it differs from the host.
    pub server_name: Option<String>,
}

/// What a member shows: its certificate and key, and whom it trusts.
pub struct ClientIdentity {
    /// PEM of the member's certificate.
    pub certificate: Vec<u8>,
    /// PEM of its key.
    pub key: Zeroizing<Vec<u8>>,
    /// PEM of the authority that signed the server's certificate.
    pub server_ca: Vec<u8>,
}

crate::redacted_debug!(ClientIdentity);

impl ClientIdentity {
    /// Reads the three files.
    ///
    /// # Errors
    /// [`ClientError::File`] naming the file that cannot be read.
    pub fn read(certificate: &Path, key: &Path, server_ca: &Path) -> Result<Self, ClientError> {
        let read = |path: &Path| {
            std::fs::read(path).map_err(|source| ClientError::File {
                path: PathBuf::from(path),
                source,
            })
        };
        Ok(Self {
            certificate: read(certificate)?,
            key: Zeroizing::new(read(key)?),
            server_ca: read(server_ca)?,
        })
    }
}

pub(super) async fn channel(
    endpoint: &Endpoint,
    identity: Option<&ClientIdentity>,
) -> Result<Channel, ClientError> {
    let builder = Channel::from_shared(endpoint.url.clone())
        .map_err(|_| ClientError::Url {
            url: endpoint.url.clone(),
        })?
        .connect_timeout(CONNECT_TIMEOUT)
        .http2_keep_alive_interval(KEEPALIVE)
        .keep_alive_timeout(KEEPALIVE)
        .tcp_nodelay(true);
    let builder = match identity {
        Some(identity) => {
            let mut tls = ClientTlsConfig::new()
                .ca_certificate(Certificate::from_pem(&identity.server_ca))
                .identity(Identity::from_pem(&identity.certificate, identity.key.as_slice()));
            if let Some(name) = &endpoint.server_name {
                tls = tls.domain_name(name);
            }
            builder.tls_config(tls).map_err(ClientError::Connection)?
        }
        None => builder,
    };
    builder.connect().await.map_err(ClientError::Connection)
}
