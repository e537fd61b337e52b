//! What can go wrong for a member, with what to do about it.

use std::error::Error as _;
use std::path::PathBuf;
use std::time::Duration;

use tonic::{Code, Status};
use tonic_types::StatusExt;

use super::CacheError;
use crate::identity::normalise::RULES_VERSION;
use crate::identity::oprf::SUITE;
use crate::identity::oprf::client::ClientError as TokenProtocolError;

/// Why a call of the client failed.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// A file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Not an address.
    #[error("{url} is not an address of a service: write https://host:port")]
    Url {
        /// What was given.
        url: String,
    },
    /// No connection.
    #[error(
        "cannot connect: check the address, that the service runs, and that it trusts your certificate and you its"
    )]
    Connection(#[source] tonic::transport::Error),
    /// The service refused.
    #[error(transparent)]
    Refused(#[from] Box<Refusal>),
    /// The token protocol failed: do not use this service until you know why.
    #[error("the service's evaluation cannot be trusted: {0}")]
    Protocol(#[from] TokenProtocolError),
    /// The service has no key for a type of identifier.
    #[error("the service offers no live key for this type of identifier: ask its operator")]
    NoKey,
    /// The service makes tokens by other rules than this client.
    #[error(
        "the service makes tokens by suite {suite:?} and normalisation rules {given}, this client by {SUITE} and \
         {RULES_VERSION}: install the client that belongs to the service"
    )]
    Rules {
        /// The service's suite.
        suite: String,
        /// The version of its rules.
        given: u32,
    },
    /// The member's cache of tokens cannot be used.
    #[error(transparent)]
    Cache(#[from] CacheError),
    /// An answer lacks something.
    #[error("the service's answer lacks its {what}: is it of another version?")]
    Malformed {
        /// What.
        what: &'static str,
    },
}

/// A refusal of the service, decoded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// The gRPC status code.
    pub code: Code,
    /// For people.
    pub message: String,
    /// The stable reason, such as `STALE_SEQUENCE`; empty when the service gave none.
    pub reason: String,
    /// One for each broken rule: field, reason, what to do.
    pub violations: Vec<(String, String, String)>,
    /// When to try again.
    pub retry_after: Option<Duration>,
    /// The service's name of the call, for its operator.
    pub request_id: Option<String>,
}

impl Refusal {
    /// A refusal with a code and nothing else.
    pub fn of_code(code: Code) -> Self {
        Self::from(Status::new(code, ""))
    }
}

impl From<Status> for ClientError {
    fn from(status: Status) -> Self {
        Self::Refused(Box::new(Refusal::from(status)))
    }
}

/// Whether a status was made on this side because the connection broke: one from the service has no error behind it, and
/// tonic calls what it knows no better name for UNKNOWN.
fn broke_here(status: &Status) -> bool {
    matches!(status.code(), Code::Unknown | Code::Cancelled | Code::Internal) && status.source().is_some()
}

impl From<Status> for Refusal {
    fn from(status: Status) -> Self {
        let details = status.get_error_details();
        let fields = details
            .bad_request()
            .map(|bad| bad.field_violations.clone())
            .unwrap_or_default();
        let header = |name: &str| {
            status
                .metadata()
                .get(name)
                .and_then(|value| value.to_str().ok())
                .map(str::to_owned)
        };
        let (code, message) = match broke_here(&status) {
            true => (
                Code::Unavailable,
                format!("the connection broke: {}", status.message()),
            ),
            false => (status.code(), status.message().to_owned()),
        };
        Self {
            code,
            message,
            reason: details
                .error_info()
                .map(|info| info.reason.clone())
                .unwrap_or_default(),
            violations: fields
                .into_iter()
                .map(|violation| (violation.field, violation.reason, violation.description))
                .collect(),
            retry_after: details.retry_info().and_then(|retry| retry.retry_delay),
            request_id: header("x-request-id"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_connection_is_no_answer_of_the_service() {
        let reset = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
        let broken = Refusal::from(Status::from_error(Box::new(reset)));
        assert_eq!(broken.code, Code::Unavailable);
        assert!(broken.message.starts_with("the connection broke: "), "{broken}");
        let answered = Refusal::from(Status::unknown("it is not known"));
        assert_eq!(
            (answered.code, answered.message.as_str()),
            (Code::Unknown, "it is not known")
        );
    }
}
