//! Pseudonyms at rest: AES-256-SIV (RFC 5297), so that equal pseudonyms seal to equal bytes and can be a unique key.
//!
//! Also the digest by which an unchanged set of tokens is recognised without any curve arithmetic. The invariant: the
//! sealing key is in `keys/ledger/` alone, never in the database.

use aes_siv::KeyInit as _;
use aes_siv::siv::Aes256Siv;
use curve25519_dalek::ristretto::RistrettoPoint;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::domain::names::{ApplicationId, MemberId};
use crate::domain::token::{IdentifierType, KeyVersion, Pseudonym};
use crate::identity::token::{ELEMENT_BYTES, SubjectToken, parse_element};

/// Bytes of the sealing key.
pub(crate) const SEALING_BYTES: usize = 64;

const IV_BYTES: usize = 16;
const PSEUDONYM_LABEL: &[u8] = b"tallystick/v1/pseudonym";
const DIGEST_LABEL: &[u8] = b"tallystick/v1/token-digest";

/// A sealed pseudonym that this key did not seal under this version: a damaged row, or a database of other keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a stored pseudonym does not open: the row is damaged, or the database belongs to other key files")]
pub struct SealBroken;

/// The sealing key s and the digest key s' derived from it.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub(crate) struct SealingKey {
    seal: [u8; SEALING_BYTES],
    digest: [u8; 32],
}

crate::redacted_debug!(SealingKey);

impl SealingKey {
    pub(crate) fn new(seal: [u8; SEALING_BYTES]) -> Self {
        let mut mac =
            <Hmac<Sha256> as KeyInit>::new_from_slice(&seal).expect("HMAC takes keys of any length");
        mac.update(DIGEST_LABEL);
        Self {
            seal,
            digest: mac.finalize().into_bytes().into(),
        }
    }

    pub(crate) fn bytes(&self) -> &[u8; SEALING_BYTES] {
        &self.seal
    }

    /// The cipher, keyed: make it once for a batch.
    pub(crate) fn sealer(&self) -> Sealer {
        Sealer(Aes256Siv::new(&self.seal.into()))
    }

    /// Recognises an income that was stated for an application, and nothing else: 32 bytes of an HMAC over all three.
    pub(crate) fn income_digest(
        &self,
        member_id: &MemberId,
        application_id: &ApplicationId,
        income: i64,
    ) -> [u8; 32] {
        let mut mac =
            <Hmac<Sha256> as KeyInit>::new_from_slice(&self.digest).expect("HMAC takes keys of any length");
        mac.update(b"tallystick/v1/income\0");
        mac.update(member_id.as_str().as_bytes());
        mac.update(&[0]);
        mac.update(application_id.as_str().as_bytes());
        mac.update(&[0]);
        mac.update(&income.to_be_bytes());
        mac.finalize().into_bytes().into()
    }

    /// The first 16 bytes of HMAC-SHA-256(s', tokens by type, then element), each as type ‖ 0 ‖ be16(version) ‖ element.
    /// Equal digests: the same tokens, whatever the order in which they were presented.
    pub(crate) fn token_digest<'a>(&self, tokens: impl IntoIterator<Item = &'a SubjectToken>) -> [u8; 16] {
        let mut sorted: Vec<&SubjectToken> = tokens.into_iter().collect();
        sorted.sort_by(|a, b| {
            let key = |token: &SubjectToken| (token.identifier_type(), token.key_version());
            key(a)
                .cmp(&key(b))
                .then_with(|| a.expose_bytes().cmp(b.expose_bytes()))
        });
        let mut mac =
            <Hmac<Sha256> as KeyInit>::new_from_slice(&self.digest).expect("HMAC takes keys of any length");
        for token in sorted {
            mac.update(token.identifier_type().as_str().as_bytes());
            mac.update(&[0]);
            mac.update(&token.key_version().0.to_be_bytes());
            mac.update(token.expose_bytes());
        }
        let full: [u8; 32] = mac.finalize().into_bytes().into();
        let mut digest = [0; 16];
        digest.copy_from_slice(&full[..16]);
        digest
    }
}

/// Seals and opens pseudonyms.
pub(crate) struct Sealer(Aes256Siv);

impl Sealer {
    /// The type is bound in: who has an identifier evaluated under the key of another type gets a token that leads to the
    /// same element, and must neither find its subject nor take its place.
    pub(crate) fn seal(
        &mut self,
        identifier_type: IdentifierType,
        key_version: KeyVersion,
        pseudonym: &[u8; ELEMENT_BYTES],
    ) -> Pseudonym {
        let mut sealed = [0; IV_BYTES + ELEMENT_BYTES];
        let (iv, text) = sealed.split_at_mut(IV_BYTES);
        text.copy_from_slice(pseudonym);
        let tag = self
            .0
            .encrypt_in_place_detached(
                [
                    PSEUDONYM_LABEL,
                    &key_version.0.to_be_bytes(),
                    identifier_type.as_str().as_bytes(),
                ],
                text,
            )
            .expect("three headers are fewer than the 126 that the mode allows");
        iv.copy_from_slice(&tag);
        Pseudonym {
            identifier_type,
            key_version,
            sealed,
        }
    }

    pub(crate) fn open(&mut self, pseudonym: &Pseudonym) -> Result<Opened, SealBroken> {
        let (iv, sealed) = pseudonym.sealed.split_at(IV_BYTES);
        let mut text = Zeroizing::new([0; ELEMENT_BYTES]);
        text.copy_from_slice(sealed);
        let tag: [u8; IV_BYTES] = iv.try_into().map_err(|_| SealBroken)?;
        self.0
            .decrypt_in_place_detached(
                [
                    PSEUDONYM_LABEL,
                    &pseudonym.key_version.0.to_be_bytes(),
                    pseudonym.identifier_type.as_str().as_bytes(),
                ],
                text.as_mut_slice(),
                &tag.into(),
            )
            .map_err(|_| SealBroken)?;
        parse_element(text.as_slice()).map(Opened).map_err(|_| SealBroken)
    }
}

/// A pseudonym in clear, for as long as a computation takes.
#[derive(Zeroize, ZeroizeOnDrop)]
pub(crate) struct Opened(RistrettoPoint);

crate::redacted_debug!(Opened);

impl Opened {
    pub(crate) fn point(&self) -> &RistrettoPoint {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::test_support::{hex, unhex};
    use aes_siv::siv::Aes128Siv;
    use curve25519_dalek::constants::RISTRETTO_BASEPOINT_COMPRESSED;

    const BASE: [u8; 32] = RISTRETTO_BASEPOINT_COMPRESSED.0;

    fn key(byte: u8) -> SealingKey {
        SealingKey::new([byte; 64])
    }

    fn seal(key: &SealingKey, version: u16) -> Pseudonym {
        key.sealer()
            .seal(IdentifierType::Mobile, KeyVersion(version), &BASE)
    }

    #[test]
    fn the_cipher_gives_the_vector_of_rfc_5297() {
        // Appendix A.1 and A.2: the RFC's vectors are of the 256-bit variant of the same construction.
        let cases: [(&str, &[&str], &str, &str); 2] = [
            (
                "fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff",
                &["101112131415161718191a1b1c1d1e1f2021222324252627"],
                "112233445566778899aabbccddee",
                "85632d07c6e8f37f950acd320a2ecc9340c02b9690c4dc04daef7f6afe5c",
            ),
            (
                "7f7e7d7c7b7a79787776757473727170404142434445464748494a4b4c4d4e4f",
                &[
                    "00112233445566778899aabbccddeeffdeaddadadeaddadaffeeddccbbaa99887766554433221100",
                    "102030405060708090a0",
                    "09f911029d74e35bd84156c5635688c0",
                ],
                "7468697320697320736f6d6520706c61696e7465787420746f20656e6372797074207573696e67205349562d414553",
                "7bdb6e3b432667eb06f4d14bff2fbd0fcb900f2fddbe404326601965c889bf17dba77ceb094fa663b7a3f748ba8af829\
                 ea64ad544a272e9c485b62a3fd5c0d",
            ),
        ];
        for (key, headers, plain, expected) in cases {
            let headers: Vec<Vec<u8>> = headers.iter().map(|header| unhex(header)).collect();
            let mut cipher = Aes128Siv::new_from_slice(&unhex(key)).unwrap();
            assert_eq!(
                hex(&cipher.encrypt(headers, &unhex(plain)).unwrap()),
                expected.replace(' ', "")
            );
        }
    }

    #[test]
    fn equal_pseudonyms_seal_equally_and_open_again() {
        let key = key(1);
        let sealed = seal(&key, 1);
        assert!(sealed == seal(&key, 1));
        let opened = key.sealer().open(&sealed).unwrap();
        assert_eq!(opened.point().compress().to_bytes(), BASE);
        // The element itself is nowhere in what is stored.
        assert!(
            !sealed
                .sealed
                .windows(8)
                .any(|window| BASE.windows(8).any(|clear| clear == window))
        );
    }

    #[test]
    fn another_version_type_or_key_seals_otherwise_and_does_not_open() {
        let sealed = seal(&key(1), 1);
        let passport = key(1)
            .sealer()
            .seal(IdentifierType::Passport, KeyVersion(1), &BASE);
        assert!(sealed.sealed != passport.sealed);
        let renamed = Pseudonym {
            identifier_type: IdentifierType::Passport,
            ..sealed.clone()
        };
        assert_eq!(key(1).sealer().open(&renamed).unwrap_err(), SealBroken);
        assert!(sealed.sealed != seal(&key(1), 2).sealed);
        assert!(sealed.sealed != seal(&key(2), 1).sealed);
        assert_eq!(key(2).sealer().open(&sealed).unwrap_err(), SealBroken);
        let moved = Pseudonym {
            key_version: KeyVersion(2),
            ..sealed
        };
        assert_eq!(key(1).sealer().open(&moved).unwrap_err(), SealBroken);
    }

    #[test]
    fn every_flipped_byte_is_noticed() {
        let key = key(1);
        for at in 0..48 {
            let mut sealed = seal(&key, 1);
            sealed.sealed[at] ^= 1;
            assert!(key.sealer().open(&sealed).is_err(), "byte {at}");
        }
    }

    #[test]
    fn a_digest_knows_tokens_types_and_versions_but_not_their_order() {
        use IdentifierType::{Mobile, NationalId, Passport};
        let token = |kind, version| SubjectToken::parse(kind, version, &BASE).unwrap();
        let digest = |tokens: &[SubjectToken]| key(1).token_digest(tokens);
        let both = digest(&[token(NationalId, 1), token(Mobile, 1)]);
        assert_eq!(both, digest(&[token(Mobile, 1), token(NationalId, 1)]));
        let others = [
            digest(&[token(NationalId, 1)]),
            digest(&[token(Mobile, 1)]),
            digest(&[token(Passport, 1), token(Mobile, 1)]),
            digest(&[token(NationalId, 2), token(Mobile, 1)]),
            digest(&[]),
            key(2).token_digest(&[token(NationalId, 1), token(Mobile, 1)]),
        ];
        for other in others {
            assert_ne!(both, other);
        }
    }
}
