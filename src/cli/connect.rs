//! How commands reach a service: address, certificate, key, authority.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use clap::Args;

use crate::client::{Client, ClientIdentity, Endpoint};
use crate::identity::entropy::SystemEntropy;

/// Where the service is and who calls.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Connection")]
pub struct Connect {
    /// Address of the service.
    #[arg(
        long,
        env = "TALLYSTICK_SERVER",
        default_value = "https://127.0.0.1:50051",
        value_name = "URL"
    )]
    pub server: String,
    /// Name in the service's certificate, if it differs from the host.
    #[arg(long, env = "TALLYSTICK_SERVER_NAME", value_name = "NAME")]
    pub server_name: Option<String>,
    /// PEM file of the authority that signed the service's certificate.
    #[arg(long, env = "TALLYSTICK_CA", value_name = "FILE")]
    pub ca: Option<PathBuf>,
    /// PEM file of your certificate.
    #[arg(long, env = "TALLYSTICK_CERT", value_name = "FILE")]
    pub cert: Option<PathBuf>,
    /// PEM file of your key.
    #[arg(long, env = "TALLYSTICK_KEY", value_name = "FILE")]
    pub key: Option<PathBuf>,
}

impl Connect {
    /// Connects.
    pub async fn client(&self) -> anyhow::Result<Client> {
        let identity = match (&self.cert, &self.key, &self.ca) {
            (Some(certificate), Some(key), Some(ca)) => Some(ClientIdentity::read(certificate, key, ca)?),
            (None, None, None) if self.server.starts_with("http://") => None,
            _ => anyhow::bail!(
                "a connection needs --cert, --key and --ca (or TALLYSTICK_CERT, TALLYSTICK_KEY and TALLYSTICK_CA): \
                 your operator registers the certificate"
            ),
        };
        let endpoint = Endpoint {
            url: self.server.clone(),
            server_name: self.server_name.clone(),
        };
        Client::connect(&endpoint, identity.as_ref(), Arc::new(SystemEntropy))
            .await
            .with_context(|| format!("no connection to {}", self.server))
    }
}
