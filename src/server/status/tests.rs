use std::io;
use std::sync::Mutex;

use super::*;
use crate::domain::clock::Entropy;
use crate::domain::violation::Code;
use crate::server::layers::call_ids_for_tests;

struct Zeros;

impl Entropy for Zeros {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(0);
    }
}

fn call() -> CallId {
    call_ids_for_tests(&Zeros)
}

const NOW: Timestamp = Timestamp::from_micros(1_000_000);

fn because(codes: &[Code]) -> Refused {
    let violation = |code: &Code| Violation::new(*code, format!("field.{}", code.as_str()), "mend it so");
    Refused {
        violations: codes.iter().map(violation).collect(),
        retry_at: None,
    }
}

#[test]
fn refusals_have_the_code_of_their_kind_and_the_message_decides() {
    let cases: [(&[Code], Rpc); 9] = [
        (&[Code::Format], Rpc::InvalidArgument),
        (&[Code::StaleSequence], Rpc::FailedPrecondition),
        (&[Code::StaleSequence, Code::Format], Rpc::InvalidArgument),
        (&[Code::ConsentExpired], Rpc::PermissionDenied),
        (
            &[Code::ConsentExpired, Code::PurposeNotAllowed],
            Rpc::InvalidArgument,
        ),
        (&[Code::AccountUnknown], Rpc::NotFound),
        (&[Code::RequestIdReused], Rpc::AlreadyExists),
        (&[Code::QuotaExceeded], Rpc::ResourceExhausted),
        (&[Code::DpdJump, Code::AccountDeleted], Rpc::FailedPrecondition),
    ];
    for (codes, expected) in cases {
        let status = refused(&call(), &because(codes), NOW);
        assert_eq!(status.code(), expected, "{codes:?}");
        let details = status.get_error_details();
        let reason = details
            .error_info()
            .map(|info| (info.reason.clone(), info.domain.clone()));
        assert_eq!(
            reason,
            codes
                .first()
                .map(|first| (first.as_str().to_owned(), ERROR_DOMAIN.to_owned()))
        );
        let shown = details
            .bad_request()
            .map(|bad| bad.field_violations.clone())
            .unwrap_or_default();
        let reasons: Vec<_> = shown.iter().map(|violation| violation.reason.as_str()).collect();
        assert_eq!(
            reasons,
            codes.iter().map(|code| code.as_str()).collect::<Vec<_>>()
        );
        assert_eq!(
            details.request_info().map(|info| info.request_id.clone()),
            Some(call().as_str().to_owned())
        );
    }
}

#[test]
fn quota_says_when_to_come_back_and_never_a_time_that_is_past() {
    let mut refusal = because(&[Code::QuotaExceeded]);
    for (at, expected) in [(61_000_000, 60), (1_000_000, 0), (0, 0)] {
        refusal.retry_at = Some(Timestamp::from_micros(at));
        let details = refused(&call(), &refusal, NOW).get_error_details();
        let delay = details.retry_info().and_then(|info| info.retry_delay);
        assert_eq!(delay, Some(Duration::from_secs(expected)));
    }
}

#[test]
fn details_of_the_longest_refusal_fit_the_headers_of_common_clients() {
    let long = Violation::new(
        Code::Format,
        "position.liabilities[0].tokens[1].value",
        "x".repeat(200),
    );
    let refusal = Refused {
        violations: vec![long; Violation::COUNT_MAX],
        retry_at: None,
    };
    let status = refused(&call(), &refusal, NOW);
    let mut headers = HeaderMap::new();
    status.add_header(&mut headers).unwrap();
    let bytes: usize = headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len() + 32)
        .sum();
    assert!(bytes < 8_192, "{bytes}");
    let details = status.get_error_details();
    let shown = details.bad_request().map_or(0, |bad| bad.field_violations.len());
    assert!((5..Violation::COUNT_MAX).contains(&shown));
    let metadata = &details.error_info().unwrap().metadata;
    assert_eq!(
        metadata.get("violations"),
        Some(&Violation::COUNT_MAX.to_string())
    );
    assert_eq!(metadata.get("violations_shown"), Some(&shown.to_string()));
}

#[test]
fn one_violation_longer_than_the_room_is_still_shown() {
    let long = Violation::new(Code::Format, "reason", "x".repeat(DETAIL_BYTES_MAX));
    let status = invalid(&call(), vec![long]);
    assert_eq!(
        status
            .get_error_details()
            .bad_request()
            .map(|bad| bad.field_violations.len()),
        Some(1)
    );
}

#[test]
fn store_failures_have_their_codes_and_keep_their_causes_inside() {
    let planted = || Box::new(io::Error::other("planted-secret in /var/lib/tallystick.db"));
    let corrupt = StoreError::Corrupt {
        table: "position",
        key: "planted-secret".to_owned(),
    };
    let cases = [
        (StoreError::Unavailable, Rpc::Unavailable, true),
        (StoreError::Disk(planted()), Rpc::Unavailable, true),
        (StoreError::Conflict, Rpc::Aborted, true),
        (corrupt, Rpc::Internal, false),
        (
            StoreError::SchemaVersion {
                found: 9,
                expected: 1,
            },
            Rpc::Internal,
            false,
        ),
        (StoreError::Engine(planted()), Rpc::Internal, false),
    ];
    for (error, code, retry) in cases {
        let status = unapplied(&call(), &ApplyError::Store(error), NOW);
        assert_eq!(status.code(), code);
        let details = status.get_error_details();
        assert_eq!(details.retry_info().is_some(), retry, "{code:?}");
        let told = format!("{status:?} {:?}", status.details());
        assert!(
            !told.contains("planted") && !told.contains("position") && !told.contains("/var"),
            "{told}"
        );
    }
}

#[test]
fn callers_without_right_get_the_code_of_their_lack() {
    for error in AuthError::ALL {
        let status = unauthorised(&call(), error);
        let expected = match error {
            AuthError::CertificateMissing | AuthError::CertificateUnknown | AuthError::CertificateExpired => {
                Rpc::Unauthenticated
            }
            _ => Rpc::PermissionDenied,
        };
        assert_eq!(status.code(), expected);
        assert_eq!(
            status
                .get_error_details()
                .error_info()
                .map(|info| info.reason.as_str()),
            Some(error.reason())
        );
    }
}

#[test]
fn transport_statuses_get_a_reason_and_the_code_that_fits() {
    let cases = [
        (
            Status::out_of_range("Error, decoded message length too large"),
            Rpc::ResourceExhausted,
            "MESSAGE_TOO_LARGE",
        ),
        (
            Status::internal("failed to decode Protobuf message: x"),
            Rpc::InvalidArgument,
            "MESSAGE_MALFORMED",
        ),
        (Status::unimplemented("no such"), Rpc::Unimplemented, "TRANSPORT"),
    ];
    for (status, code, reason) in cases {
        let mut headers = HeaderMap::new();
        status.add_header(&mut headers).unwrap();
        assert!(dress(&call(), &mut headers, 65_536));
        let dressed = Status::from_header_map(&headers).unwrap();
        assert_eq!(dressed.code(), code);
        assert_eq!(
            dressed
                .get_error_details()
                .error_info()
                .map(|info| info.reason.as_str()),
            Some(reason)
        );
        assert!(!dress(&call(), &mut headers, 65_536), "ours are left alone");
    }
    assert!(!dress(&call(), &mut HeaderMap::new(), 65_536));
}

#[test]
fn causes_are_logged_once_with_the_request_id() {
    let lines = Lines::default();
    let writer = lines.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    tracing::subscriber::with_default(subscriber, || {
        let cause = Box::new(io::Error::other("the cause"));
        let _ = unstored(&call(), &StoreError::Engine(cause));
    });
    let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(
        text.contains(call().as_str()) && text.contains("the cause"),
        "{text}"
    );
}

#[derive(Clone, Default)]
struct Lines(std::sync::Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
