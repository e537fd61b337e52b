//! The only place that makes a `Status`: what went wrong becomes a code, a text for people and details for programs.
//!
//! Causes of our own failures are logged here, once, with the call's id, and never sent. Invariant: each status carries an
//! `ErrorInfo` with a stable reason and the call's id, and its details fit the header limits of common clients.

use std::collections::HashMap;
use std::error::Error;
use std::time::Duration;

use http::HeaderMap;
use tonic::{Code as Rpc, Status};
use tonic_types::{ErrorDetails, FieldViolation, StatusExt as _};

use super::layers::{CallId, Full};
use super::metric;
use crate::domain::date::Timestamp;
use crate::domain::unit::Refused;
use crate::domain::violation::{RefusalKind, Violation};
use crate::members::AuthError;
use crate::store::{ApplyError, StoreError};

/// The domain of our reasons.
pub const ERROR_DOMAIN: &str = "tallystick";
/// The most bytes of violations in one status: clients refuse headers above 8 KiB, and details travel in base64.
pub const DETAIL_BYTES_MAX: usize = 4_096;

/// When to come back after a store that is not available.
const STORE_RETRY: Duration = Duration::from_secs(1);
/// When to come back after a disk that is full or fails.
const DISK_RETRY: Duration = Duration::from_secs(30);
/// When to come back after losing a race or meeting a full service.
const SOON: Duration = Duration::from_millis(100);

struct Draft<'a> {
    call: &'a CallId,
    code: Rpc,
    reason: &'static str,
    message: String,
    metadata: HashMap<String, String>,
    details: ErrorDetails,
}

impl<'a> Draft<'a> {
    fn new(call: &'a CallId, code: Rpc, reason: &'static str, message: impl Into<String>) -> Self {
        let (metadata, details) = (HashMap::new(), ErrorDetails::new());
        Self {
            call,
            code,
            reason,
            message: message.into(),
            metadata,
            details,
        }
    }

    fn with(mut self, key: &str, value: impl std::fmt::Display + Copy) -> Self {
        self.metadata.insert(key.to_owned(), value.to_string());
        self
    }

    fn retry(mut self, after: Duration) -> Self {
        self.details.set_retry_info(Some(after));
        self
    }

    fn status(mut self) -> Status {
        self.details
            .set_error_info(self.reason, ERROR_DOMAIN, self.metadata);
        self.details.set_request_info(self.call.as_str(), "");
        Status::with_error_details(self.code, self.message, self.details)
    }
}

/// A refusal of the domain, with all that it says.
pub fn refused(call: &CallId, refused: &Refused, now: Timestamp) -> Status {
    let Some(first) = refused.violations.first() else {
        return internal(call, &"a refusal without a violation");
    };
    metric::refused_by_rule(first.code);
    let kinds = || refused.violations.iter().map(|violation| violation.code.kind());
    let kind = kinds()
        .find(|kind| *kind == RefusalKind::Message)
        .unwrap_or(first.code.kind());
    let message = match refused.violations.len() {
        1 => first.description.clone(),
        count => format!("{} (and {} more, see the details)", first.description, count - 1),
    };
    let mut draft = Draft::new(call, code_of(kind), first.code.as_str(), message);
    let shown = field_violations(&refused.violations);
    if shown.len() < refused.violations.len() {
        draft = draft
            .with("violations", refused.violations.len())
            .with("violations_shown", shown.len());
    }
    draft.details.set_bad_request(shown);
    if let Some(at) = refused.retry_at {
        let micros = at.micros().saturating_sub(now.micros());
        draft = draft.retry(Duration::from_micros(u64::try_from(micros).unwrap_or(0)));
    }
    draft.status()
}

/// What the message alone breaks, or what a caller does not have.
pub fn invalid(call: &CallId, violations: Vec<Violation>) -> Status {
    refused(
        call,
        &Refused {
            violations,
            retry_at: None,
        },
        Timestamp::from_micros(0),
    )
}

const fn code_of(kind: RefusalKind) -> Rpc {
    match kind {
        RefusalKind::Message => Rpc::InvalidArgument,
        RefusalKind::State => Rpc::FailedPrecondition,
        RefusalKind::Consent => Rpc::PermissionDenied,
        RefusalKind::NotFound => Rpc::NotFound,
        RefusalKind::AlreadyExists => Rpc::AlreadyExists,
        RefusalKind::Exhausted => Rpc::ResourceExhausted,
        RefusalKind::Aborted => Rpc::Aborted,
    }
}

/// As many as fit; at least one.
fn field_violations(violations: &[Violation]) -> Vec<FieldViolation> {
    let mut bytes = 0;
    let fits = |violation: &&Violation| {
        bytes += violation.field.len() + violation.description.len() + violation.code.as_str().len() + 16;
        bytes <= DETAIL_BYTES_MAX
    };
    let count = violations.iter().take_while(fits).count().max(1);
    let shown = violations.iter().take(count).map(|violation| FieldViolation {
        field: violation.field.clone(),
        description: violation.description.clone(),
        reason: violation.code.as_str().to_owned(),
        localized_message: None,
    });
    shown.collect()
}

/// A unit of work that was not done.
pub fn unapplied(call: &CallId, error: &ApplyError, now: Timestamp) -> Status {
    match error {
        ApplyError::Refused(reasons) => refused(call, reasons, now),
        ApplyError::Store(error) => unstored(call, error),
    }
}

/// A store that failed.
pub fn unstored(call: &CallId, error: &StoreError) -> Status {
    match error {
        StoreError::Unavailable | StoreError::Unreachable(_) => {
            tracing::warn!(request_id = %call, "the store is not available");
            let text = "the service cannot reach its store at the moment: repeat the call, with the same request_id if it has one";
            Draft::new(call, Rpc::Unavailable, "STORE_UNAVAILABLE", text)
                .retry(STORE_RETRY)
                .status()
        }
        StoreError::Disk(_) => {
            log_cause(call, error);
            let text =
                "the service cannot store anything at the moment and nothing was done: repeat the call later";
            Draft::new(call, Rpc::Unavailable, "STORE_DISK", text)
                .retry(DISK_RETRY)
                .status()
        }
        StoreError::Conflict => {
            let text = "somebody else was faster and nothing was done: repeat the call";
            Draft::new(call, Rpc::Aborted, "STORE_CONFLICT", text)
                .retry(SOON)
                .status()
        }
        StoreError::Corrupt { .. } | StoreError::SchemaVersion { .. } | StoreError::Engine(_) => {
            log_cause(call, error);
            internal_status(call)
        }
    }
}

/// A call that is not let in.
pub fn unauthorised(call: &CallId, error: AuthError) -> Status {
    let code = match error {
        AuthError::CertificateMissing | AuthError::CertificateUnknown | AuthError::CertificateExpired => {
            Rpc::Unauthenticated
        }
        AuthError::CertificateRevoked
        | AuthError::MemberSuspended
        | AuthError::MemberLeft
        | AuthError::MemberProposed
        | AuthError::RoleMissing => Rpc::PermissionDenied,
    };
    Draft::new(call, code, error.reason(), error.to_string()).status()
}

/// Too many calls at once.
pub fn full(call: &CallId, full: Full) -> Status {
    let (reason, max, whose) = match full {
        Full::Service { max } => ("SERVICE_BUSY", max, "the service has"),
        Full::Member { max } => ("MEMBER_BUSY", max, "your institution has"),
    };
    let text = format!(
        "{whose} {max} calls in work, the most that are allowed at once: wait for answers before sending more"
    );
    Draft::new(call, Rpc::ResourceExhausted, reason, text)
        .with("limit", max)
        .retry(SOON)
        .status()
}

/// An rpc that the contract does not have.
pub fn unknown_rpc(call: &CallId) -> Status {
    let text = "there is no such rpc: check the name against the contract; reflection lists what is served";
    Draft::new(call, Rpc::Unimplemented, "RPC_UNKNOWN", text).status()
}

/// A call that took too long.
pub fn late(call: &CallId) -> Status {
    let text = "the call took longer than its deadline or the service's limit; whether it took effect is unknown: repeat \
                it with the same request_id";
    Draft::new(call, Rpc::DeadlineExceeded, "DEADLINE_EXCEEDED", text).status()
}

/// A call that met a fault of the program.
pub fn panicked(call: &CallId) -> Status {
    tracing::error!(request_id = %call, "a call ended in a panic: a fault of this program, please report it");
    internal_status(call)
}

/// A failure of ours without a kind of its own: logged, not told.
pub fn internal(call: &CallId, cause: &dyn std::fmt::Display) -> Status {
    tracing::error!(request_id = %call, cause = %cause, "a call failed inside");
    internal_status(call)
}

fn internal_status(call: &CallId) -> Status {
    let text = "internal error: tell the operator the request id in the details; repeating the call with the same \
                request_id is safe";
    Draft::new(call, Rpc::Internal, "INTERNAL", text).status()
}

fn log_cause(call: &CallId, error: &StoreError) {
    let mut cause = String::new();
    let mut source = error.source();
    while let Some(inner) = source {
        cause.push_str(if cause.is_empty() { "" } else { ": " });
        cause.push_str(&inner.to_string());
        source = inner.source();
    }
    tracing::error!(request_id = %call, error = %error, cause, "the store failed");
}

/// Gives a status that the transport made (it has no details) a reason, and the code that fits. Says whether it did.
pub fn dress(call: &CallId, headers: &mut HeaderMap, message_bytes_max: u32) -> bool {
    let Some(found) = Status::from_header_map(headers) else {
        return false;
    };
    if found.code() == Rpc::Ok || !found.details().is_empty() {
        return false;
    }
    let draft = match found.code() {
        Rpc::OutOfRange => {
            let text = format!(
                "a message is longer than the {message_bytes_max} bytes that are allowed: send less at once"
            );
            Draft::new(call, Rpc::ResourceExhausted, "MESSAGE_TOO_LARGE", text)
                .with("limit", message_bytes_max)
        }
        Rpc::Internal if found.message().starts_with("failed to decode") => {
            let text =
                "the message is not what the contract says: generate your stubs from the same version of it";
            Draft::new(call, Rpc::InvalidArgument, "MESSAGE_MALFORMED", text)
        }
        code => Draft::new(call, code, "TRANSPORT", found.message()),
    };
    draft.status().add_header(headers).is_ok()
}

/// A request that did not come through the gate: cannot be, as the gate is around every service.
pub fn without_session() -> Status {
    tracing::error!(
        "a request reached a service without passing the gate: a fault of this program, please report it"
    );
    Status::internal("internal error")
}

#[cfg(test)]
mod tests;
