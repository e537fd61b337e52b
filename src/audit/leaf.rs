//! What an audit entry says, as canonical bytes, and the salted hash that stands for it in the log.
//!
//! Knows neither tokens nor identifiers: subjects appear as the numbers they have inside the service, and those only in
//! the erasable opening. The invariant: equal facts have equal bytes and different facts different bytes, for good;
//! the layout below is never changed, a new one gets a new version.
//!
//! Layout of version 1, integers big-endian, a *text* being its length in one byte and then UTF-8:
//! version `0x01` · instant (i64, microseconds UTC) · member id (text) · certificate fingerprint (32 bytes) · rpc (text) ·
//! purpose (text, empty for none) · content SHA-256 (32 bytes) · detail (text) · subject ids (i64 each, to the end).

use sha2::{Digest, Sha256 as Hasher};

use super::bytes::Cursor;
use super::tree::{LEAF_PREFIX, NodeHash};
use crate::domain::date::Timestamp;
use crate::domain::inquiry::Purpose;
use crate::domain::names::{Fingerprint, MemberId, Sha256, SubjectId};
use crate::domain::unit::{Receipt, Rpc};
use crate::redacted_debug;

/// Version of the layout, the first byte of every entry.
const LAYOUT_VERSION: u8 = 1;

/// A short code that says more about an entry: 0 to 64 of `[A-Z0-9_]`, never free text, never personal data.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Detail(String);

impl Detail {
    /// The most characters of a detail.
    pub const CHARS_MAX: usize = 64;

    /// Nothing more to say.
    pub const fn none() -> Self {
        Self(String::new())
    }

    /// Parses a code; `None` when it breaks the pattern.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = text.len() <= Self::CHARS_MAX
            && text
                .bytes()
                .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
        fits.then(|| Self(text.to_owned()))
    }

    /// The code as text; empty when there is nothing more to say.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a unit of work leaves behind: who did what, why, about whom, with which result.
#[derive(Clone, PartialEq, Eq)]
pub struct AuditFacts {
    /// When it was done.
    pub instant: Timestamp,
    /// For which member.
    pub member_id: MemberId,
    /// With which certificate.
    pub certificate: Fingerprint,
    /// By which rpc.
    pub rpc: Rpc,
    /// Why, for looks.
    pub purpose: Option<Purpose>,
    /// About whom, in the order of the decision; may be empty.
    pub subject_ids: Vec<SubjectId>,
    /// SHA-256 of what was answered.
    pub content_sha256: Sha256,
    /// A short code that says more.
    pub detail: Detail,
}

redacted_debug!(AuditFacts, Opening);

impl AuditFacts {
    /// The canonical bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(192 + 8 * self.subject_ids.len());
        bytes.push(LAYOUT_VERSION);
        bytes.extend(self.instant.micros().to_be_bytes());
        put_text(&mut bytes, self.member_id.as_str());
        bytes.extend(self.certificate.0);
        put_text(&mut bytes, self.rpc.as_str());
        put_text(&mut bytes, self.purpose.map_or("", Purpose::as_str));
        bytes.extend(self.content_sha256.0);
        put_text(&mut bytes, self.detail.as_str());
        for subject in &self.subject_ids {
            bytes.extend(subject.0.to_be_bytes());
        }
        bytes
    }

    /// Reads canonical bytes back. Takes exactly what [`Self::encode`] makes.
    ///
    /// # Errors
    /// [`FactsError`] naming the first piece that is cut, unknown or not canonical.
    pub fn decode(bytes: &[u8]) -> Result<Self, FactsError> {
        let mut rest = Cursor::new(bytes);
        match rest.byte() {
            Some(LAYOUT_VERSION) => {}
            Some(found) => return Err(FactsError::Version { found }),
            None => return Err(FactsError::Piece("version")),
        }
        let facts = Self {
            instant: rest
                .take()
                .map(|b| Timestamp::from_micros(i64::from_be_bytes(b)))
                .ok_or(FactsError::Piece("instant"))?,
            member_id: rest
                .text()
                .and_then(MemberId::parse)
                .ok_or(FactsError::Piece("member id"))?,
            certificate: rest
                .take()
                .map(Fingerprint)
                .ok_or(FactsError::Piece("certificate"))?,
            rpc: rest.text().and_then(find_rpc).ok_or(FactsError::Piece("rpc"))?,
            purpose: rest
                .text()
                .ok_or(FactsError::Piece("purpose"))
                .and_then(find_purpose)?,
            content_sha256: rest
                .take()
                .map(Sha256)
                .ok_or(FactsError::Piece("content SHA-256"))?,
            detail: rest
                .text()
                .and_then(Detail::parse)
                .ok_or(FactsError::Piece("detail"))?,
            subject_ids: take_subjects(rest).ok_or(FactsError::Piece("subject ids"))?,
        };
        Ok(facts)
    }

    /// Closes the facts under a salt that no other entry has: 32 unpredictable bytes.
    pub fn seal(&self, salt: [u8; 32]) -> Opening {
        Opening {
            salt,
            bytes: self.encode(),
        }
    }
}

/// Why canonical bytes could not be read. Never says what they held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FactsError {
    /// Another layout, written by a newer version.
    #[error(
        "audit entry has layout {found}, this version reads layout {LAYOUT_VERSION}: read it with a newer version"
    )]
    Version {
        /// What was found.
        found: u8,
    },
    /// A piece is cut, unknown or not canonical.
    #[error("audit entry is not readable at its {0}")]
    Piece(&'static str),
}

/// What opens a leaf: kept apart from the log, and erasable.
#[derive(Clone, PartialEq, Eq)]
pub struct Opening {
    /// Makes the leaf unguessable once the opening is erased.
    pub salt: [u8; 32],
    /// Canonical bytes of the facts.
    pub bytes: Vec<u8>,
}

impl Opening {
    /// The leaf's hash: SHA-256(0x00 ‖ salt ‖ bytes), which is RFC 6962's leaf hash of salt ‖ bytes.
    pub fn leaf_hash(&self) -> NodeHash {
        let hash = Hasher::new()
            .chain_update([LEAF_PREFIX])
            .chain_update(self.salt)
            .chain_update(&self.bytes);
        NodeHash(hash.finalize().into())
    }

    /// What the caller gets with its answer.
    pub fn receipt(&self) -> Receipt {
        Receipt {
            salt: self.salt,
            leaf: self.leaf_hash().0,
        }
    }
}

fn put_text(bytes: &mut Vec<u8>, text: &str) {
    let length =
        u8::try_from(text.len()).expect("names, codes and details have at most 64 bytes by construction");
    bytes.push(length);
    bytes.extend(text.as_bytes());
}

fn find_rpc(name: &str) -> Option<Rpc> {
    Rpc::ALL.into_iter().find(|rpc| rpc.as_str() == name)
}

fn find_purpose(name: &str) -> Result<Option<Purpose>, FactsError> {
    if name.is_empty() {
        return Ok(None);
    }
    let found = Purpose::ALL.iter().find(|purpose| purpose.as_str() == name);
    found.copied().map(Some).ok_or(FactsError::Piece("purpose"))
}

fn take_subjects(mut rest: Cursor<'_>) -> Option<Vec<SubjectId>> {
    let mut subjects = Vec::new();
    while !rest.is_empty() {
        subjects.push(SubjectId(i64::from_be_bytes(rest.take()?)));
    }
    Some(subjects)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::audit::tree::hash_leaf;
    use crate::audit::vectors::hex;

    fn facts() -> AuditFacts {
        AuditFacts {
            instant: Timestamp::from_micros(1_764_000_000_000_000),
            member_id: MemberId::parse("bank-a").unwrap(),
            certificate: Fingerprint([0xC1; 32]),
            rpc: Rpc::QueryExposure,
            purpose: Some(Purpose::NewCredit),
            subject_ids: vec![SubjectId(7)],
            content_sha256: Sha256([0xA5; 32]),
            detail: Detail::parse("FOUND").unwrap(),
        }
    }

    prop_compose! {
        fn any_facts()(
            instant in any::<i64>(),
            member in "[a-z0-9-]{3,32}",
            certificate in any::<[u8; 32]>(),
            rpc in prop::sample::select(Rpc::ALL.to_vec()),
            purpose in prop::option::of(prop::sample::select(Purpose::ALL.to_vec())),
            subjects in prop::collection::vec(any::<i64>(), 0..6),
            content in any::<[u8; 32]>(),
            detail in "[A-Z0-9_]{0,64}",
        ) -> AuditFacts {
            AuditFacts {
                instant: Timestamp::from_micros(instant),
                member_id: MemberId::parse(&member).unwrap(),
                certificate: Fingerprint(certificate),
                rpc,
                purpose,
                subject_ids: subjects.into_iter().map(SubjectId).collect(),
                content_sha256: Sha256(content),
                detail: Detail::parse(&detail).unwrap(),
            }
        }
    }

    #[test]
    fn layout_one_is_pinned_byte_by_byte() {
        let wanted = [
            "01",
            "0006445941624000",
            "06",
            "62616e6b2d61",
            &"c1".repeat(32),
            "0d",
            "51756572794578706f73757265",
            "0a",
            "4e45575f435245444954",
            &"a5".repeat(32),
            "05",
            "464f554e44",
            "0000000000000007",
        ]
        .concat();
        assert_eq!(hex(&facts().encode()), wanted);
    }

    #[test]
    fn leaf_hash_is_the_rfc_6962_leaf_hash_of_salt_and_bytes() {
        let opening = facts().seal([9; 32]);
        let joined = [&opening.salt[..], &opening.bytes].concat();
        assert_eq!(opening.leaf_hash(), hash_leaf(&joined));
        assert_eq!(opening.receipt().leaf, opening.leaf_hash().0);
        assert_eq!(opening.receipt().salt, [9; 32]);
    }

    #[test]
    fn every_rpc_and_purpose_survives_the_round_trip() {
        for rpc in Rpc::ALL {
            for purpose in Purpose::ALL.iter().copied().map(Some).chain([None]) {
                let said = AuditFacts {
                    rpc,
                    purpose,
                    ..facts()
                };
                assert!(AuditFacts::decode(&said.encode()) == Ok(said));
            }
        }
    }

    #[test]
    fn cut_bytes_are_refused_unless_the_cut_falls_between_subjects() {
        let bytes = facts().encode();
        for length in 0..bytes.len() {
            let cut = AuditFacts::decode(&bytes[..length]);
            assert_eq!(cut.is_ok(), length == bytes.len() - 8, "cut to {length}");
        }
        assert_eq!(
            AuditFacts::decode(&[&bytes[..], &[0]].concat()),
            Err(FactsError::Piece("subject ids"))
        );
    }

    #[test]
    fn other_layouts_are_refused_by_number() {
        let mut bytes = facts().encode();
        bytes[0] = 2;
        assert_eq!(AuditFacts::decode(&bytes), Err(FactsError::Version { found: 2 }));
    }

    #[test]
    fn details_are_codes_of_at_most_64_characters() {
        for (text, fits) in [
            ("", true),
            ("DONE", true),
            (&"A".repeat(64), true),
            (&"A".repeat(65), false),
            ("done", false),
            ("A B", false),
            ("É", false),
        ] {
            assert_eq!(Detail::parse(text).is_some(), fits, "{text:?}");
        }
    }

    #[test]
    fn debug_shows_nothing_of_an_entry() {
        let opening = facts().seal([9; 32]);
        assert_eq!(format!("{:?} {opening:?}", facts()), "AuditFacts(…) Opening(…)");
    }

    proptest! {
        #[test]
        fn decoding_gives_back_what_was_encoded(said in any_facts()) {
            prop_assert!(AuditFacts::decode(&said.encode()) == Ok(said));
        }

        #[test]
        fn different_facts_have_different_bytes(one in any_facts(), other in any_facts()) {
            prop_assert_eq!(one == other, one.encode() == other.encode());
        }

        #[test]
        fn what_can_be_read_is_canonical(
            said in any_facts(), at in any::<prop::sample::Index>(), with in any::<u8>(),
        ) {
            let mut bytes = said.encode();
            let at = at.index(bytes.len());
            bytes[at] = with;
            if let Ok(read) = AuditFacts::decode(&bytes) {
                prop_assert_eq!(read.encode(), bytes);
            }
        }

        #[test]
        fn noise_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            if let Ok(read) = AuditFacts::decode(&bytes) {
                prop_assert_eq!(read.encode(), bytes);
            }
        }

        #[test]
        fn salt_and_every_byte_change_the_leaf(
            said in any_facts(), salt in any::<[u8; 32]>(), at in any::<prop::sample::Index>(), flip in 1u8..,
        ) {
            let opening = said.seal(salt);
            let mut salted = opening.clone();
            salted.salt[at.index(32)] ^= flip;
            prop_assert_ne!(salted.leaf_hash(), opening.leaf_hash());
            let mut altered = opening.clone();
            let place = at.index(altered.bytes.len());
            altered.bytes[place] ^= flip;
            prop_assert_ne!(altered.leaf_hash(), opening.leaf_hash());
        }
    }
}
