//! Which breaks of an upload pass, and how long it waits for that.

use std::time::Duration;

use tonic::Code;

use crate::client::{ClientError, Refusal};

/// How long an upload is tried while nothing becomes durable. Any progress begins the count anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// Attempts in a row without progress before it gives up, at least 1.
    pub attempts_max: u32,
    /// The pause after the first of them; doubled after each further one.
    pub pause_first: Duration,
    /// The longest pause.
    pub pause_max: Duration,
}

impl Default for Patience {
    /// About three minutes: a service is restarted, a line comes back.
    fn default() -> Self {
        Self {
            attempts_max: 12,
            pause_first: Duration::from_millis(250),
            pause_max: Duration::from_secs(30),
        }
    }
}

impl Patience {
    /// How long to wait after the `attempts`th break in a row; `None` when it was the last.
    ///
    /// Half of the pause is fixed and half is chance (`jitter`), so that members whom one failure stopped do not come back
    /// in one wave. A pause that the service asked for is kept, up to the longest.
    pub(super) fn pause_after(&self, error: &ClientError, attempts: u32, jitter: u8) -> Option<Duration> {
        if attempts >= self.attempts_max {
            return None;
        }
        let doubled = 1_u32.checked_shl(attempts.saturating_sub(1)).unwrap_or(u32::MAX);
        let whole = self.pause_first.saturating_mul(doubled).min(self.pause_max);
        let half = whole / 2;
        let backoff = half + half * u32::from(jitter) / u32::from(u8::MAX);
        let asked = match error {
            ClientError::Refused(refusal) => refusal.retry_after.unwrap_or_default(),
            _ => Duration::ZERO,
        };
        Some(backoff.max(asked.min(self.pause_max)))
    }
}

/// Whether the same may go well in a moment.
pub(super) fn is_passing(error: &ClientError) -> bool {
    match error {
        ClientError::Refused(refusal) => passes(refusal),
        ClientError::Connection(_) => true,
        ClientError::File { .. }
        | ClientError::Url { .. }
        | ClientError::Protocol(_)
        | ClientError::NoKey
        | ClientError::Rules { .. }
        | ClientError::Cache(_)
        | ClientError::Malformed { .. } => false,
    }
}

fn passes(refusal: &Refusal) -> bool {
    match refusal.code {
        // The service ends long streams at its limit; what is durable stays.
        Code::Unavailable | Code::DeadlineExceeded => true,
        // Whoever took the batch over carries it now.
        Code::Aborted => refusal.reason != "BATCH_TAKEN_OVER",
        // A used-up quota is not busy: it comes back tomorrow.
        Code::ResourceExhausted => matches!(refusal.reason.as_str(), "MEMBER_BUSY" | "SERVICE_BUSY"),
        // The broken stream's last records became durable after they were counted.
        Code::FailedPrecondition => refusal.reason == "RESUME_POINT",
        // The service always gives a reason: without one the connection broke before or while it spoke.
        Code::Unknown | Code::Cancelled | Code::Internal => refusal.reason.is_empty(),
        Code::Ok
        | Code::InvalidArgument
        | Code::NotFound
        | Code::AlreadyExists
        | Code::PermissionDenied
        | Code::OutOfRange
        | Code::Unimplemented
        | Code::DataLoss
        | Code::Unauthenticated => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(code: Code, reason: &str, retry_after: Option<Duration>) -> ClientError {
        ClientError::from(Box::new(Refusal {
            reason: reason.to_owned(),
            retry_after,
            ..Refusal::of_code(code)
        }))
    }

    #[test]
    fn only_what_passes_is_tried_again() {
        for (code, reason, passing) in [
            (Code::Unavailable, "STORE_UNAVAILABLE", true),
            (Code::Unavailable, "", true),
            (Code::Aborted, "STORE_CONFLICT", true),
            (Code::Aborted, "BATCH_TAKEN_OVER", false),
            (Code::DeadlineExceeded, "DEADLINE", true),
            (Code::ResourceExhausted, "MEMBER_BUSY", true),
            (Code::ResourceExhausted, "SERVICE_BUSY", true),
            (Code::ResourceExhausted, "QUOTA_EXCEEDED", false),
            (Code::FailedPrecondition, "RESUME_POINT", true),
            (Code::FailedPrecondition, "BATCH_FINISHED", false),
            (Code::Unknown, "", true),
            (Code::Internal, "", true),
            (Code::Internal, "INTERNAL", false),
            (Code::AlreadyExists, "BATCH_ID_REUSED", false),
            (Code::InvalidArgument, "FORMAT", false),
            (Code::PermissionDenied, "MEMBER_SUSPENDED", false),
            (Code::Unauthenticated, "", false),
        ] {
            let error = refused(code, reason, None);
            assert_eq!(is_passing(&error), passing, "{code:?} {reason}");
        }
        assert!(!is_passing(&ClientError::NoKey));
    }

    #[test]
    fn pauses_double_up_to_the_longest_and_end_with_the_attempts() {
        let patience = Patience {
            attempts_max: 5,
            pause_first: Duration::from_millis(100),
            pause_max: Duration::from_millis(350),
        };
        let error = refused(Code::Unavailable, "", None);
        let pauses = |jitter| -> Vec<Option<u128>> {
            (1..=5)
                .map(|attempt| {
                    patience
                        .pause_after(&error, attempt, jitter)
                        .map(|pause| pause.as_millis())
                })
                .collect()
        };
        assert_eq!(pauses(0), [Some(50), Some(100), Some(175), Some(175), None]);
        assert_eq!(
            pauses(u8::MAX),
            [Some(100), Some(200), Some(350), Some(350), None]
        );
    }

    #[test]
    fn a_pause_that_the_service_asks_for_is_kept_up_to_the_longest() {
        let patience = Patience::default();
        for (asked, kept) in [(2, 2), (30, 30), (31, 30)] {
            let error = refused(Code::Unavailable, "", Some(Duration::from_secs(asked)));
            assert_eq!(
                patience.pause_after(&error, 1, 0),
                Some(Duration::from_secs(kept))
            );
        }
    }
}
