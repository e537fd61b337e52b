//! How long a call may take: its caller's `grpc-timeout`, capped by ours.

use std::time::Duration;

use http::HeaderMap;

use crate::members::Shape;
use crate::server::Limits;

/// The header of a caller's deadline.
const HEADER: &str = "grpc-timeout";
/// The most digits that the protocol allows in it.
const DIGITS_MAX: usize = 8;

/// The time a call has from now on.
pub fn allowance(headers: &HeaderMap, shape: Shape, limits: &Limits) -> Duration {
    let ours = match shape {
        Shape::Unary => limits.request(),
        Shape::Lengthy | Shape::Streaming => limits.stream(),
    };
    headers
        .get(HEADER)
        .and_then(|value| parse(value.to_str().ok()?))
        .map_or(ours, |asked| asked.min(ours))
}

/// Reads a `grpc-timeout`; `None` for what the protocol does not allow, which counts as absent.
fn parse(text: &str) -> Option<Duration> {
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if digits.is_empty() || digits.len() > DIGITS_MAX || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let count: u64 = digits.parse().ok()?;
    match unit {
        "H" => Some(Duration::from_secs(count * 3_600)),
        "M" => Some(Duration::from_secs(count * 60)),
        "S" => Some(Duration::from_secs(count)),
        "m" => Some(Duration::from_millis(count)),
        "u" => Some(Duration::from_micros(count)),
        "n" => Some(Duration::from_nanos(count)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_unit_of_the_protocol_is_read_and_nothing_else() {
        let cases = [
            ("2H", Some(Duration::from_hours(2))),
            ("3M", Some(Duration::from_mins(3))),
            ("99999999S", Some(Duration::from_secs(99_999_999))),
            ("5m", Some(Duration::from_millis(5))),
            ("6u", Some(Duration::from_micros(6))),
            ("7n", Some(Duration::from_nanos(7))),
            ("0m", Some(Duration::ZERO)),
            ("100000000S", None),
            ("S", None),
            ("", None),
            ("5", None),
            ("5s", None),
            ("-5S", None),
            ("5.0S", None),
            ("5Ä", None),
        ];
        for (text, expected) in cases {
            assert_eq!(parse(text), expected, "{text}");
        }
    }

    #[test]
    fn shorter_of_both_deadlines_wins_by_shape() {
        let limits = Limits {
            request_ms_max: 1_000,
            stream_ms_max: 5_000,
            ..Limits::default()
        };
        let asked = |text: &'static str| {
            HeaderMap::from_iter([(http::HeaderName::from_static(HEADER), text.parse().unwrap())])
        };
        let cases = [
            (HeaderMap::new(), Shape::Unary, 1_000),
            (HeaderMap::new(), Shape::Lengthy, 5_000),
            (HeaderMap::new(), Shape::Streaming, 5_000),
            (asked("999m"), Shape::Unary, 999),
            (asked("1001m"), Shape::Unary, 1_000),
            (asked("1001m"), Shape::Streaming, 1_001),
            (asked("nonsense"), Shape::Unary, 1_000),
        ];
        for (headers, shape, expected) in cases {
            assert_eq!(
                allowance(&headers, shape, &limits),
                Duration::from_millis(expected),
                "{headers:?}"
            );
        }
    }
}
