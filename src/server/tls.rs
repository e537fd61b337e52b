//! Mutual TLS 1.3 and its files, read anew while the service runs.
//!
//! A client's certificate must come from the client authorities: a gate only, the register decides who it is. Connections
//! keep the files they began with; new ones meet the newest files that were sound. Invariant: bad files never replace good
//! ones, and sessions are never resumed, so that each connection shows its certificate.

use std::fmt;
use std::fs::File;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use futures::{Stream, StreamExt as _};
use metrics::counter;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls::version::TLS13;
use rustls::{RootCertStore, ServerConfig};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::metric;

/// The most bytes of one of the files.
pub const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// Where the certificates are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The service's chain, PEM, leaf first.
    pub certificate: PathBuf,
    /// Its key, PEM.
    pub key: PathBuf,
    /// Authorities of clients, PEM.
    pub client_ca: PathBuf,
}

/// What is wrong with the files. Each text names the file and the command that mends it.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error(
        "the TLS file {path} cannot be read ({reason}): check `tls` in the configuration, or make a development set with \
         `tallystick certs init {}`", folder(.path)
    )]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// The system's word for it.
        reason: std::io::ErrorKind,
    },
    /// A file is too long to be what it should be.
    #[error(
        "the TLS file {path} is longer than {FILE_BYTES_MAX} bytes: it is not a PEM file of certificates"
    )]
    TooLong {
        /// Which file.
        path: PathBuf,
    },
    /// The key is open to others.
    #[error("the TLS key {path} can be read by others: run `chmod 600 {path}`")]
    KeyOpen {
        /// Which file.
        path: PathBuf,
    },
    /// A file holds no certificate.
    #[error(
        "the TLS file {path} holds no certificate in PEM: make one with `tallystick certs issue {} NAME`, or convert \
         yours with `openssl x509 -in FILE -outform PEM`", folder(.path)
    )]
    NoCertificate {
        /// Which file.
        path: PathBuf,
    },
    /// The key's file holds no key.
    #[error(
        "the TLS file {path} holds no private key in PEM: make a pair with `tallystick certs issue {} NAME`, or convert \
         yours with `openssl pkcs8 -topk8 -nocrypt -in FILE`", folder(.path)
    )]
    NoKey {
        /// Which file.
        path: PathBuf,
    },
    /// The authorities cannot be used.
    #[error(
        "the client authorities in {path} cannot be used ({problem}): point `tls.client_ca` to the CA's certificate"
    )]
    Authorities {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// Certificate and key do not fit.
    #[error(
        "the TLS certificate {certificate} cannot be used with the key {key} ({problem}): make a new pair with \
         `tallystick certs issue {} NAME`", folder(.certificate)
    )]
    Pair {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's file.
        key: PathBuf,
        /// What is wrong.
        problem: String,
    },
}

fn folder(path: &Path) -> String {
    path.parent()
        .map_or_else(|| "certs".to_owned(), |folder| folder.display().to_string())
}

/// The bytes of the three files as they were read together.
struct Contents {
    certificate: Vec<u8>,
    key: Zeroizing<Vec<u8>>,
    client_ca: Vec<u8>,
}

impl Contents {
    fn read(files: &TlsFiles) -> Result<Self, TlsError> {
        let key = Zeroizing::new(read(&files.key, true)?);
        Ok(Self {
            certificate: read(&files.certificate, false)?,
            key,
            client_ca: read(&files.client_ca, false)?,
        })
    }

    fn digest(&self) -> [u8; 32] {
        let parts = [&self.certificate, &*self.key, &self.client_ca];
        parts
            .iter()
            .fold(Sha256::new(), |hash, part| {
                hash.chain_update(Sha256::digest(part))
            })
            .finalize()
            .into()
    }
}

fn read(path: &Path, secret: bool) -> Result<Vec<u8>, TlsError> {
    let unreadable = |error: std::io::Error| TlsError::Unreadable {
        path: path.to_owned(),
        reason: error.kind(),
    };
    let file = File::open(path).map_err(unreadable)?;
    let mode = file.metadata().map_err(unreadable)?.permissions().mode();
    if secret && mode & 0o077 != 0 {
        return Err(TlsError::KeyOpen {
            path: path.to_owned(),
        });
    }
    let mut bytes = Vec::new();
    let length = file
        .take(FILE_BYTES_MAX + 1)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    if u64::try_from(length).is_ok_and(|length| length > FILE_BYTES_MAX) {
        return Err(TlsError::TooLong {
            path: path.to_owned(),
        });
    }
    Ok(bytes)
}

/// Whose connections are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// Members' programs: each shows a certificate.
    Members,
    /// People's browsers: a certificate may be shown, and is verified alike if it is.
    Browsers,
}

/// What handshakes use, read from the files together.
struct Configs {
    members: Arc<ServerConfig>,
    browsers: Arc<ServerConfig>,
}

/// What a look at the files came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reload {
    /// They are as they were, sound or not.
    Unchanged,
    /// New connections use the new ones from now on.
    Changed,
}

/// The service's side of TLS.
pub struct Tls {
    files: TlsFiles,
    provider: Arc<CryptoProvider>,
    current: ArcSwap<Configs>,
    /// Digest of the contents that were looked at last: `None` after files that could not be read.
    seen: Mutex<Option<[u8; 32]>>,
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls")
            .field("files", &self.files)
            .finish_non_exhaustive()
    }
}

impl Tls {
    /// Reads the files for the first time.
    pub fn load(files: TlsFiles) -> Result<Arc<Self>, TlsError> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let contents = Contents::read(&files)?;
        let configs = configure(&files, &contents, &provider)?;
        let seen = Mutex::new(Some(contents.digest()));
        Ok(Arc::new(Self {
            files,
            provider,
            current: ArcSwap::from_pointee(configs),
            seen,
        }))
    }

    /// What the next handshake uses.
    pub fn current(&self, whose: Whose) -> Arc<ServerConfig> {
        let configs = self.current.load();
        Arc::clone(match whose {
            Whose::Members => &configs.members,
            Whose::Browsers => &configs.browsers,
        })
    }

    /// Looks at the files again; unsound ones change nothing and are told once.
    pub fn reload(&self) -> Result<Reload, TlsError> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let contents = match Contents::read(&self.files) {
            Ok(contents) => contents,
            Err(_) if seen.is_none() => return Ok(Reload::Unchanged),
            Err(error) => {
                *seen = None;
                return Err(error);
            }
        };
        let digest = contents.digest();
        if *seen == Some(digest) {
            return Ok(Reload::Unchanged);
        }
        *seen = Some(digest);
        let configs = configure(&self.files, &contents, &self.provider)?;
        self.current.store(Arc::new(configs));
        Ok(Reload::Changed)
    }

    /// Looks at the files for as long as there are ticks: those of a clock, those of SIGHUP.
    pub async fn follow(self: Arc<Self>, ticks: impl Stream<Item = ()> + Send) {
        let mut ticks = std::pin::pin!(ticks);
        while ticks.next().await.is_some() {
            match self.reload() {
                Ok(Reload::Unchanged) => {}
                Ok(Reload::Changed) => {
                    counter!(metric::CERTIFICATE_RELOADS, "outcome" => "changed").increment(1);
                    tracing::info!("TLS files changed: new connections use them");
                }
                Err(error) => {
                    counter!(metric::CERTIFICATE_RELOADS, "outcome" => "refused").increment(1);
                    tracing::error!(%error, "TLS files changed but are not sound; the former ones stay in use");
                }
            }
        }
    }
}

fn configure(
    files: &TlsFiles,
    contents: &Contents,
    provider: &Arc<CryptoProvider>,
) -> Result<Configs, TlsError> {
    let authorities = |problem: String| TlsError::Authorities {
        path: files.client_ca.clone(),
        problem,
    };
    let mut roots = RootCertStore::empty();
    for certificate in certificates(&contents.client_ca, &files.client_ca)? {
        roots
            .add(certificate)
            .map_err(|error| authorities(error.to_string()))?;
    }
    let verifier =
        || WebPkiClientVerifier::builder_with_provider(Arc::new(roots.clone()), Arc::clone(provider));
    let members = verifier()
        .build()
        .map_err(|error| authorities(error.to_string()))?;
    let browsers = verifier().allow_unauthenticated().build();
    let browsers = browsers.map_err(|error| authorities(error.to_string()))?;
    let pair = |problem: String| TlsError::Pair {
        certificate: files.certificate.clone(),
        key: files.key.clone(),
        problem,
    };
    let key = PrivateKeyDer::from_pem_slice(&contents.key).map_err(|_| TlsError::NoKey {
        path: files.key.clone(),
    })?;
    let chain = certificates(&contents.certificate, &files.certificate)?;
    let config = |verifier, protocol: &[u8]| {
        let mut config = ServerConfig::builder_with_provider(Arc::clone(provider))
            .with_protocol_versions(&[&TLS13])
            .map_err(|error| pair(error.to_string()))?
            .with_client_cert_verifier(verifier)
            .with_single_cert(chain.clone(), key.clone_key())
            .map_err(|error| pair(error.to_string()))?;
        config.alpn_protocols = vec![protocol.to_vec()];
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        Ok(Arc::new(config))
    };
    Ok(Configs {
        members: config(members, b"h2")?,
        browsers: config(browsers, b"http/1.1")?,
    })
}

fn certificates(pem: &[u8], path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let none = || TlsError::NoCertificate {
        path: path.to_owned(),
    };
    let found = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|_| none())?;
    if found.is_empty() { Err(none()) } else { Ok(found) }
}

#[cfg(test)]
mod tests;
