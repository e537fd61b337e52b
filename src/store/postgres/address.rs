//! Where the database is and how its server proves to be it.
//!
//! A URL as `libpq` takes it, with two differences: of the modes of TLS only `disable` and `verify-full` exist, because
//! the others end at whoever answers; and a server that is not on this machine must be named with one of them. Invariant:
//! a password is in no error and no `Debug`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use percent_encoding::percent_decode_str;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres::config::{Host, SslMode};

use crate::redacted_debug;

/// Why a database cannot be addressed. Shows neither the URL nor a password.
#[derive(Debug, thiserror::Error)]
pub enum AddressError {
    /// Not a URL of PostgreSQL.
    #[error(
        "the database's URL cannot be read ({0}): write postgres://USER@HOST:PORT/DATABASE, or \
         postgres:///DATABASE?host=/run/postgresql&user=USER for a Unix socket"
    )]
    Malformed(String),
    /// A URL is seen by whoever lists processes or reads a configuration.
    #[error(
        "the database's URL holds a password: put it into a file of mode 0600, name that file as the password file, and take it \
         out of the URL"
    )]
    PasswordInUrl,
    /// A mode of TLS that protects from nobody who can answer in the server's place.
    #[error(
        "sslmode={0} does not make sure who answers: use sslmode=verify-full with sslrootcert=FILE, or sslmode=disable where \
         nobody else is on the way"
    )]
    WeakMode(String),
    /// A server elsewhere, and nothing said of TLS.
    #[error(
        "the database is on another machine and its URL does not say how it proves to be it: add \
         ?sslmode=verify-full&sslrootcert=FILE"
    )]
    ModeMissing,
    /// `verify-full` without an authority.
    #[error(
        "sslmode=verify-full needs the certificate of the authority to trust: add sslrootcert=FILE (PEM)"
    )]
    RootMissing,
    /// A certificate without its key, or the other way round.
    #[error("sslcert and sslkey belong together: name both, or neither")]
    HalfAnIdentity,
    /// A file of certificates or keys.
    #[error("{file} holds no usable certificate or key: {problem}")]
    File {
        /// Which file.
        file: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
}

/// A PostgreSQL database.
#[derive(Clone)]
pub struct Address {
    config: tokio_postgres::Config,
    files: Option<Files>,
}

redacted_debug!(Address);

/// Files of `verify-full`.
#[derive(Clone)]
struct Files {
    root: PathBuf,
    identity: Option<(PathBuf, PathBuf)>,
}

/// What the URL says of TLS.
#[derive(Default)]
struct Parameters {
    mode: Option<String>,
    root: Option<PathBuf>,
    certificate: Option<PathBuf>,
    key: Option<PathBuf>,
}

impl Address {
    /// Whether a text names a PostgreSQL database at all.
    pub fn is_meant_by(text: &str) -> bool {
        text.starts_with("postgres://") || text.starts_with("postgresql://")
    }

    /// Reads a URL. The password comes from elsewhere.
    pub fn parse(url: &str, password: Option<&str>) -> Result<Self, AddressError> {
        if !Self::is_meant_by(url) {
            return Err(AddressError::Malformed(
                "it does not begin with postgres://".to_owned(),
            ));
        }
        let (rest, parameters) = take_parameters(url);
        let mut config: tokio_postgres::Config = rest
            .parse()
            .map_err(|error: tokio_postgres::Error| AddressError::Malformed(cause(&error)))?;
        if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
            return Err(AddressError::Malformed("it names no host".to_owned()));
        }
        if config.get_dbname().is_none() {
            return Err(AddressError::Malformed("it names no database".to_owned()));
        }
        if config.get_password().is_some() {
            return Err(AddressError::PasswordInUrl);
        }
        if let Some(password) = password {
            config.password(password);
        }
        let files = parameters.files(is_local(&config))?;
        config.ssl_mode(if files.is_some() {
            SslMode::Require
        } else {
            SslMode::Disable
        });
        Ok(Self { config, files })
    }

    /// The same server, another database of it.
    #[must_use]
    pub fn with_database(mut self, name: &str) -> Self {
        self.config.dbname(name);
        self
    }

    /// Name of the database.
    pub fn database(&self) -> &str {
        self.config.get_dbname().unwrap_or_default()
    }

    /// Where it is, for people; no user, no password.
    pub fn place(&self) -> String {
        let hosts = self.config.get_hosts().iter().map(|host| match host {
            Host::Tcp(name) => name.clone(),
            #[cfg(unix)]
            Host::Unix(folder) => folder.display().to_string(),
        });
        format!("{} at {}", self.database(), hosts.collect::<Vec<_>>().join(", "))
    }

    /// Whether what is sent can be read on the way.
    pub fn is_plain(&self) -> bool {
        self.files.is_none()
    }

    /// Whether the server is on this machine and reached by a Unix socket.
    pub fn is_socket(&self) -> bool {
        let by_socket = |host: &Host| match host {
            Host::Tcp(_) => false,
            #[cfg(unix)]
            Host::Unix(_) => true,
        };
        self.config.get_hosts().iter().all(by_socket) && self.config.get_hostaddrs().is_empty()
    }

    /// Whether the server is on this machine.
    pub fn is_local(&self) -> bool {
        is_local(&self.config)
    }

    pub(super) fn config(&self) -> &tokio_postgres::Config {
        &self.config
    }

    /// How connections are made secure; of no effect on plain ones.
    pub(super) fn tls(&self) -> Result<ClientConfig, AddressError> {
        let mut roots = RootCertStore::empty();
        if let Some(files) = &self.files {
            for certificate in certificates(&files.root)? {
                let added = roots.add(certificate);
                added.map_err(|error| unusable(&files.root, error))?;
            }
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| AddressError::Malformed(error.to_string()))?
            .with_root_certificates(roots);
        let Some((certificate, key)) = self.files.as_ref().and_then(|files| files.identity.as_ref()) else {
            return Ok(builder.with_no_client_auth());
        };
        let secret = PrivateKeyDer::from_pem_file(key).map_err(|error| unusable(key, error))?;
        builder
            .with_client_auth_cert(certificates(certificate)?, secret)
            .map_err(|error| unusable(certificate, error))
    }
}

impl Parameters {
    fn files(self, local: bool) -> Result<Option<Files>, AddressError> {
        match self.mode.as_deref() {
            Some("disable") => Ok(None),
            None if local => Ok(None),
            None => Err(AddressError::ModeMissing),
            Some("verify-full") => {
                let identity = match (self.certificate, self.key) {
                    (Some(certificate), Some(key)) => Some((certificate, key)),
                    (None, None) => None,
                    (Some(_), None) | (None, Some(_)) => return Err(AddressError::HalfAnIdentity),
                };
                let root = self.root.ok_or(AddressError::RootMissing)?;
                Ok(Some(Files { root, identity }))
            }
            Some(other) => Err(AddressError::WeakMode(other.chars().take(20).collect())),
        }
    }
}

/// Takes what the driver does not know out of a URL.
fn take_parameters(url: &str) -> (String, Parameters) {
    let mut parameters = Parameters::default();
    let Some((base, query)) = url.split_once('?') else {
        return (url.to_owned(), parameters);
    };
    let mut kept = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let value = percent_decode_str(value).decode_utf8_lossy().into_owned();
        match name {
            "sslmode" => parameters.mode = Some(value),
            "sslrootcert" => parameters.root = Some(value.into()),
            "sslcert" => parameters.certificate = Some(value.into()),
            "sslkey" => parameters.key = Some(value.into()),
            _ => kept.push(pair),
        }
    }
    let separator = if kept.is_empty() { "" } else { "?" };
    (format!("{base}{separator}{}", kept.join("&")), parameters)
}

fn is_local(config: &tokio_postgres::Config) -> bool {
    let loopback = |name: &str| {
        name == "localhost"
            || name
                .parse::<std::net::IpAddr>()
                .is_ok_and(|address| address.is_loopback())
    };
    config.get_hosts().iter().all(|host| match host {
        Host::Tcp(name) => loopback(name),
        #[cfg(unix)]
        Host::Unix(_) => true,
    }) && config.get_hostaddrs().iter().all(std::net::IpAddr::is_loopback)
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, AddressError> {
    let found: Vec<_> = CertificateDer::pem_file_iter(file)
        .and_then(Iterator::collect)
        .map_err(|error| unusable(file, error))?;
    if found.is_empty() {
        return Err(unusable(file, "it is empty"));
    }
    Ok(found)
}

fn unusable(file: &Path, problem: impl std::fmt::Display) -> AddressError {
    AddressError::File {
        file: file.to_owned(),
        problem: problem.to_string(),
    }
}

/// The reason behind the driver's own words; it names keys of the URL, never their values.
fn cause(error: &tokio_postgres::Error) -> String {
    std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(url: &str) -> String {
        Address::parse(url, None)
            .err()
            .map_or_else(String::new, |error| error.to_string())
    }

    #[test]
    fn a_url_is_read_with_what_it_says_of_tls() {
        let plain = [
            "postgres://u@localhost/market",
            "postgresql://u@127.0.0.1:5433/market",
            "postgres://u@[::1]/market",
            "postgres:///market?host=/run/postgresql&user=u",
            "postgres://u@db.example/market?sslmode=disable",
        ];
        for url in plain {
            let address = Address::parse(url, None).unwrap();
            assert!(address.is_plain(), "{url}");
            assert_eq!(address.database(), "market");
        }
        let full = "postgres://u@db.example/market?sslrootcert=%2Fetc%2Fca%20x.pem&connect_timeout=3&sslmode=verify-full";
        let address = Address::parse(full, None).unwrap();
        let files = address.files.clone().unwrap();
        assert_eq!(files.root, Path::new("/etc/ca x.pem"));
        assert_eq!(address.config().get_ssl_mode(), SslMode::Require);
        assert_eq!(address.place(), "market at db.example");
    }

    #[test]
    fn what_cannot_be_trusted_is_refused_with_the_way_out() {
        let cases = [
            ("mysql://u@h/db", "does not begin with postgres://"),
            ("postgres://u@h:port/db", "cannot be read"),
            ("postgres:///market?user=u", "names no host"),
            ("postgres://u@localhost", "names no database"),
            ("postgres://u@h/db", "add ?sslmode=verify-full"),
            (
                "postgres://u@h/db?sslmode=require",
                "sslmode=require does not make sure",
            ),
            ("postgres://u@h/db?sslmode=prefer", "sslmode=prefer"),
            ("postgres://u@h/db?sslmode=verify-ca", "sslmode=verify-ca"),
            ("postgres://u@h/db?sslmode=verify-full", "add sslrootcert=FILE"),
            (
                "postgres://u@h/db?sslmode=verify-full&sslrootcert=r&sslcert=c",
                "belong together",
            ),
        ];
        for (url, wanted) in cases {
            assert!(refusal(url).contains(wanted), "{url}: {}", refusal(url));
        }
        let missing = Address::parse("postgres://u@h/db?sslmode=verify-full&sslrootcert=/nowhere", None);
        let problem = missing.unwrap().tls().err().unwrap().to_string();
        assert!(problem.starts_with("/nowhere holds no usable"), "{problem}");
    }

    #[test]
    fn a_password_is_taken_from_elsewhere_and_never_shown() {
        let address = Address::parse("postgres://u@localhost/db", Some("hidden-elsewhere")).unwrap();
        assert_eq!(address.config().get_password(), Some(&b"hidden-elsewhere"[..]));
        assert!(refusal("postgres://u:hidden@localhost/db").contains("mode 0600"));
        assert!(!format!("{address:?} {}", address.place()).contains("hidden"));
        for url in [
            "postgres://u:hidden@h/db",
            "postgres://u:hidden@localhost",
            "postgres://u:hidden@h:x/db",
        ] {
            assert!(!refusal(url).contains("hidden"), "{}", refusal(url));
        }
    }
}
