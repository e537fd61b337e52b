//! What requests have in common: their ids, names and the hash of what they ask.

use prost::Message;
use sha2::{Digest, Sha256 as Hasher};
use uuid::Uuid;

use super::collect::{Collector, Path};
use crate::domain::currency::Currency;
use crate::domain::names::{AccountRef, AnswerId, MemberId, RequestId, ReservationId, Sha256};
use crate::domain::unit::RequestKey;
use crate::domain::violation::Code;

/// The length of a UUID with its hyphens.
const UUID_CHARS: usize = 36;

/// Reads the field `request_id` of a message and names the request by it and by the hash of all it says.
pub fn read_request_key(request_id: &str, message: &impl Message, out: &mut Collector) -> Option<RequestKey> {
    let id = read_request_id(request_id, &Path::Root.field("request_id"), out)?;
    Some(RequestKey {
        id,
        body: body_hash(message),
    })
}

/// Reads a UUID with hyphens, of any version.
pub fn read_request_id(text: &str, at: &Path<'_>, out: &mut Collector) -> Option<RequestId> {
    if text.is_empty() {
        out.refuse(
            Code::FieldRequired,
            at,
            "it is missing; send a UUID, and the same one when you repeat the request",
        );
        return None;
    }
    let parsed = (text.len() == UUID_CHARS)
        .then(|| Uuid::try_parse(text).ok())
        .flatten();
    if parsed.is_none() {
        out.refuse(
            Code::Format,
            at,
            "it is not a UUID of 36 characters, such as 6f1c1f0e-8b7e-4a57-9a8e-3f0f6b1f7c11",
        );
    }
    parsed.map(|uuid| RequestId(uuid.into_bytes()))
}

/// SHA-256 of a message's deterministic bytes.
pub fn body_hash(message: &impl Message) -> Sha256 {
    Sha256(Hasher::digest(message.encode_to_vec()).into())
}

/// A request id as the contract writes it.
pub fn request_id_to_wire(id: RequestId) -> String {
    Uuid::from_bytes(id.0).to_string()
}

/// An answer's name as the contract writes it.
pub fn answer_id_to_wire(id: AnswerId) -> String {
    Uuid::from_bytes(id.0).to_string()
}

/// Reads the name of a reservation.
pub fn read_reservation_id(text: &str, at: &Path<'_>, out: &mut Collector) -> Option<ReservationId> {
    read_name(text, ReservationId::parse, at, out)
}

/// Reads the name of an answer.
pub fn read_answer_id(text: &str, at: &Path<'_>, out: &mut Collector) -> Option<AnswerId> {
    read_name(
        text,
        |text| ReservationId::parse(text).map(|id| AnswerId(id.0)),
        at,
        out,
    )
}

/// Reads a UUID that the service gave.
fn read_name<T>(
    text: &str,
    parse: impl Fn(&str) -> Option<T>,
    at: &Path<'_>,
    out: &mut Collector,
) -> Option<T> {
    if text.is_empty() {
        out.absent(at);
        return None;
    }
    let parsed = parse(text);
    if parsed.is_none() {
        out.refuse(
            Code::Format,
            at,
            "it is not a UUID of 36 characters: send it as you were given it",
        );
    }
    parsed
}

/// Reads an account reference that must be there.
pub fn read_account_ref(text: &str, at: &Path<'_>, out: &mut Collector) -> Option<AccountRef> {
    if text.is_empty() {
        out.absent(at);
        return None;
    }
    let parsed = AccountRef::parse(text);
    if parsed.is_none() {
        let description = format!(
            "it must have 1 to {} characters of [A-Za-z0-9._:-]",
            AccountRef::CHARS_MAX
        );
        out.refuse(Code::Format, at, description);
    }
    parsed
}

/// Reads a field `member_id` that may be empty, for whoever that means.
pub fn read_any_member(text: &str, out: &mut Collector) -> Option<Option<MemberId>> {
    match text {
        "" => Some(None),
        text => read_member_id(text, &Path::Root.field("member_id"), out).map(Some),
    }
}

/// Reads a member's name that must be there.
pub fn read_member_id(text: &str, at: &Path<'_>, out: &mut Collector) -> Option<MemberId> {
    if text.is_empty() {
        out.absent(at);
        return None;
    }
    let parsed = MemberId::parse(text);
    if parsed.is_none() {
        out.refuse(Code::Format, at, "it must have 3 to 32 characters of [a-z0-9-]");
    }
    parsed
}

/// Reads a currency that must be there.
pub fn read_currency(text: &str, at: &Path<'_>, out: &mut Collector) -> Option<Currency> {
    if text.is_empty() {
        out.absent(at);
        return None;
    }
    let parsed = Currency::parse(text);
    if parsed.is_none() {
        out.refuse(
            Code::Currency,
            at,
            "it is not an active ISO 4217 currency; send three capitals such as CNY",
        );
    }
    parsed
}

/// Reads 32 bytes that name something by SHA-256; an absent field has none.
pub fn read_sha256(bytes: &[u8], at: &Path<'_>, out: &mut Collector) -> Option<[u8; 32]> {
    if bytes.is_empty() {
        out.absent(at);
        return None;
    }
    let parsed = <[u8; 32]>::try_from(bytes).ok();
    if parsed.is_none() {
        let text = format!("it has {} bytes; a SHA-256 has 32", bytes.len());
        out.refuse(Code::Format, at, text);
    }
    parsed
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::wire::pb;

    fn code_of<T>(read: impl FnOnce(&mut Collector) -> Option<T>) -> Option<Code> {
        let mut out = Collector::default();
        let value = read(&mut out);
        let code = out.into_violations().first().map(|violation| violation.code);
        assert_eq!(value.is_some(), code.is_none());
        code
    }

    #[test]
    fn request_ids_are_uuids_with_hyphens() {
        for (text, expected) in [
            ("6f1c1f0e-8b7e-4a57-9a8e-3f0f6b1f7c11", None),
            ("6F1C1F0E-8B7E-4A57-9A8E-3F0F6B1F7C11", None),
            ("", Some(Code::FieldRequired)),
            ("6f1c1f0e8b7e4a579a8e3f0f6b1f7c11", Some(Code::Format)),
            ("{6f1c1f0e-8b7e-4a57-9a8e-3f0f6b1f7c11}", Some(Code::Format)),
            ("6f1c1f0e-8b7e-4a57-9a8e-3f0f6b1f7c1", Some(Code::Format)),
            ("6f1c1f0e-8b7e-4a57-9a8e-3f0f6b1f7c1g", Some(Code::Format)),
            (
                "urn:uuid:6f1c1f0e-8b7e-4a57-9a8e-3f0f6b1f7c11",
                Some(Code::Format),
            ),
        ] {
            assert_eq!(
                code_of(|out| read_request_id(text, &Path::Root, out)),
                expected,
                "{text}"
            );
        }
    }

    #[test]
    fn names_have_their_patterns() {
        let at = &Path::Root;
        for (text, expected) in [
            ("A-1", None),
            ("", Some(Code::FieldRequired)),
            ("a b", Some(Code::Format)),
        ] {
            assert_eq!(code_of(|out| read_account_ref(text, at, out)), expected, "{text}");
        }
        for (length, expected) in [(60, None), (61, Some(Code::Format))] {
            assert_eq!(
                code_of(|out| read_account_ref(&"a".repeat(length), at, out)),
                expected
            );
        }
        for (text, expected) in [
            ("abc", None),
            ("", Some(Code::FieldRequired)),
            ("Ab", Some(Code::Format)),
        ] {
            assert_eq!(code_of(|out| read_member_id(text, at, out)), expected, "{text}");
        }
        for (text, expected) in [
            ("CNY", None),
            ("", Some(Code::FieldRequired)),
            ("cny", Some(Code::Currency)),
        ] {
            assert_eq!(code_of(|out| read_currency(text, at, out)), expected, "{text}");
        }
        for (length, expected) in [
            (0, Some(Code::FieldRequired)),
            (31, Some(Code::Format)),
            (32, None),
            (33, Some(Code::Format)),
        ] {
            assert_eq!(
                code_of(|out| read_sha256(&vec![1; length], at, out)),
                expected,
                "{length}"
            );
        }
    }

    #[test]
    fn the_hash_tells_one_request_from_another() {
        let request = |reason| pb::DeletePositionRequest {
            account_ref: "A-1".into(),
            reason,
            request_id: "6f1c1f0e-8b7e-4a57-9a8e-3f0f6b1f7c11".into(),
        };
        let key = |message: &pb::DeletePositionRequest| {
            read_request_key(&message.request_id, message, &mut Collector::default()).unwrap()
        };
        assert_eq!(key(&request(1)), key(&request(1)));
        assert_eq!(key(&request(1)).id, key(&request(2)).id);
        assert_ne!(key(&request(1)).body, key(&request(2)).body);
    }

    proptest! {
        #[test]
        fn request_ids_survive_the_wire(bytes: [u8; 16]) {
            let text = request_id_to_wire(RequestId(bytes));
            let mut out = Collector::default();
            prop_assert_eq!(read_request_id(&text, &Path::Root, &mut out), Some(RequestId(bytes)));
            prop_assert_eq!(answer_id_to_wire(AnswerId(bytes)), text);
        }
    }
}
