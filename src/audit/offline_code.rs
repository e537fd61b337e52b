//! Offline codes, signed by the key of the log: who checks receipts can check them, without the service.
//!
//! What is signed begins with a line that can be no log's name, so that no signature of a code is one of a checkpoint. The
//! invariant: a code that was read with a key was issued by its owner, word for word.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;

use super::note::{NoteKey, Origin, VerifierKey};
use crate::domain::offline::OfflineCode;
use crate::redacted_debug;

/// The first line of what is signed.
const CONTEXT: &str = "tallystick offline code";
/// Characters of a signature.
const SIGNATURE_CHARS: usize = 86;

/// Why a code is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OfflineCodeError {
    /// No code at all.
    #[error(
        "not an offline code: expected TSO1, member, series, place, expiry and signature, divided by dots"
    )]
    Malformed,
    /// Nobody issued it, or another service did.
    #[error("the signature does not hold: the code was altered, or issued by another service")]
    Signature,
}

/// Signs offline codes. Its seed is a secret of the ledger.
pub struct OfflineCodeKey(NoteKey);

redacted_debug!(OfflineCodeKey);

impl OfflineCodeKey {
    /// The key of the log of this name, of 32 secret bytes (RFC 8032's private key).
    pub fn from_seed(origin: Origin, seed: &[u8; 32]) -> Self {
        Self(NoteKey::from_seed(origin, seed))
    }

    /// Its public half: that of the log.
    pub fn verifier(&self) -> &VerifierKey {
        self.0.verifier()
    }

    /// The code as its member keeps it. Ed25519 is deterministic: the same code is signed alike each time.
    pub fn sign(&self, code: &OfflineCode) -> String {
        let said = code.to_text();
        let signature = self.0.sign_bare(&signed(&said));
        format!("{said}.{}", BASE64.encode(signature))
    }
}

/// What a code says, after the signature of the key's owner over it held. Whether it expired, and whose it is, are the
/// caller's to compare.
///
/// # Errors
/// [`OfflineCodeError`] saying what does not hold.
pub fn verify_offline_code(text: &str, key: &VerifierKey) -> Result<OfflineCode, OfflineCodeError> {
    if text.len() > OfflineCode::CHARS_MAX + 1 + SIGNATURE_CHARS {
        return Err(OfflineCodeError::Malformed);
    }
    let (said, signature) = text.rsplit_once('.').ok_or(OfflineCodeError::Malformed)?;
    let code = OfflineCode::parse(said).ok_or(OfflineCodeError::Malformed)?;
    let decoded = BASE64.decode(signature).ok();
    let signature = decoded
        .and_then(|bytes| <[u8; 64]>::try_from(bytes).ok())
        .ok_or(OfflineCodeError::Malformed)?;
    match key.holds(&signed(said), &signature) {
        true => Ok(code),
        false => Err(OfflineCodeError::Signature),
    }
}

fn signed(said: &str) -> String {
    format!("{CONTEXT}\n{said}\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::{Checkpoint, CheckpointKey, Frontier};
    use crate::domain::date::Timestamp;
    use crate::domain::names::{MemberId, SeriesId};

    fn origin() -> Origin {
        Origin::parse("log.example/tallystick").unwrap()
    }

    fn key() -> OfflineCodeKey {
        OfflineCodeKey::from_seed(origin(), &[7; 32])
    }

    fn code() -> OfflineCode {
        OfflineCode {
            member_id: MemberId::parse("lender-a").unwrap(),
            series_id: SeriesId([0xab; 16]),
            place: 17,
            expires_at: Timestamp::from_micros(1_800_000_000_000_000),
        }
    }

    #[test]
    fn a_code_is_verified_by_the_key_of_the_log_and_by_no_other() {
        let text = key().sign(&code());
        assert_eq!(text, key().sign(&code()), "the same each time");
        assert_eq!(verify_offline_code(&text, key().verifier()), Ok(code()));
        let log = CheckpointKey::from_seed(origin(), &[7; 32]);
        assert_eq!(log.verifier(), key().verifier());
        let stranger = OfflineCodeKey::from_seed(origin(), &[8; 32]);
        assert_eq!(
            verify_offline_code(&text, stranger.verifier()),
            Err(OfflineCodeError::Signature)
        );
    }

    #[test]
    fn a_code_that_was_altered_anywhere_is_refused() {
        let text = key().sign(&code());
        for place in 0..text.len() {
            for other in ["0", "A", "b", ".", "-"] {
                let mut altered = text.clone();
                altered.replace_range(place..=place, other);
                if altered != text {
                    assert!(
                        verify_offline_code(&altered, key().verifier()).is_err(),
                        "{place} {other}"
                    );
                }
            }
        }
        for broken in [
            "",
            ".",
            "TSO1",
            &text[1..],
            &text[..text.len() - 1],
            &format!("{text}A"),
        ] {
            assert_eq!(
                verify_offline_code(broken, key().verifier()),
                Err(OfflineCodeError::Malformed),
                "{broken}"
            );
        }
    }

    #[test]
    fn no_code_is_a_checkpoint() {
        assert_eq!(Origin::parse(CONTEXT), None, "no log can have this name");
        let (said, signature) = {
            let text = key().sign(&code());
            let (said, signature) = text.rsplit_once('.').unwrap();
            (said.to_owned(), signature.to_owned())
        };
        let bytes = BASE64.decode(signature).unwrap();
        let log = CheckpointKey::from_seed(origin(), &[7; 32]);
        let real = log.sign(&Frontier::default());
        let note = real.replace(real.lines().next().unwrap(), CONTEXT);
        assert!(Checkpoint::open(&note, log.verifier()).is_err());
        let signature = <[u8; 64]>::try_from(bytes).unwrap();
        assert!(
            !log.verifier().holds(&said, &signature),
            "the context is signed, too"
        );
    }
}
