//! Signed notes of C2SP (c2sp.org/signed-note): a text, an empty line, and signature lines of several signers.
//!
//! Knows the format and its Ed25519 signatures, not what the text means. Signatures of unknown keys (witnesses) are
//! carried along and ignored. The invariant: a text is handed out only after the wanted key's signature over it held.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use sha2::{Digest, Sha256};

use crate::redacted_debug;

/// The most bytes of a note with all its signatures.
pub const NOTE_BYTES_MAX: usize = 65_536;
/// The most signature lines of a note.
pub const SIGNATURES_MAX: usize = 100;
/// Algorithm byte of Ed25519, in key hashes and verifier keys.
const ED25519: u8 = 1;
/// Begins every signature line.
const SIGNATURE_PREFIX: &str = "\u{2014} ";

/// The name of a signer: 1 to 128 visible ASCII characters without `+`. Recommended is a URL without scheme.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Origin(String);

impl Origin {
    /// The most characters of a name.
    pub const CHARS_MAX: usize = 128;

    /// Parses a name; `None` when it breaks the pattern.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = (1..=Self::CHARS_MAX).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'+');
        fits.then(|| Self(text.to_owned()))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a note or key is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// Longer than [`NOTE_BYTES_MAX`].
    #[error("the note has {given} bytes; at most {NOTE_BYTES_MAX} are read")]
    TooLong {
        /// Its bytes.
        given: usize,
    },
    /// More lines than [`SIGNATURES_MAX`].
    #[error("the note has more than {SIGNATURES_MAX} signatures")]
    TooManySignatures,
    /// Not a text, an empty line and signature lines.
    #[error("not a signed note: expected a text, an empty line and signature lines")]
    Malformed,
    /// None of the signatures is of the wanted key.
    #[error("the note is not signed by the expected key")]
    Unsigned,
    /// A signature of the wanted key does not hold.
    #[error("the signature does not hold: the note was altered, or signed by another key of the same name")]
    Signature,
    /// Not a verifier key.
    #[error("not a verifier key: expected <name>+<8 hexadecimal digits>+<base64 of an Ed25519 key>")]
    VerifierKey,
}

/// Checks signatures of one signer. Public.
#[derive(Clone, PartialEq, Eq)]
pub struct VerifierKey {
    origin: Origin,
    key: VerifyingKey,
}

impl fmt::Debug for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_text())
    }
}

impl VerifierKey {
    /// Whose signatures it checks.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The key as people exchange it: name, key hash in hexadecimal, algorithm and key in base64, joined by `+`.
    pub fn to_text(&self) -> String {
        let hash = u32::from_be_bytes(self.key_hash());
        format!("{}+{hash:08x}+{}", self.origin, BASE64.encode(self.typed_key()))
    }

    /// Inverse of [`Self::to_text`].
    ///
    /// # Errors
    /// [`NoteError::VerifierKey`] when anything is not exactly as it would be written.
    pub fn parse(text: &str) -> Result<Self, NoteError> {
        Self::try_parse(text)
            .filter(|key| key.to_text() == text)
            .ok_or(NoteError::VerifierKey)
    }

    fn try_parse(text: &str) -> Option<Self> {
        let (origin, rest) = text.split_once('+')?;
        let (_hash, key) = rest.split_once('+')?;
        let typed: [u8; 33] = BASE64.decode(key).ok()?.try_into().ok()?;
        let (algorithm, key) = typed.split_first_chunk::<1>()?;
        if *algorithm != [ED25519] {
            return None;
        }
        let key = VerifyingKey::from_bytes(key.try_into().ok()?).ok()?;
        // A weak key would accept signatures that nobody made.
        if key.is_weak() {
            return None;
        }
        Some(Self {
            origin: Origin::parse(origin)?,
            key,
        })
    }

    /// First bytes of SHA-256(name ‖ 0x0A ‖ 0x01 ‖ public key): tells keys of one name apart.
    fn key_hash(&self) -> [u8; 4] {
        let hash = Sha256::new()
            .chain_update(self.origin.as_str())
            .chain_update(b"\n")
            .chain_update(self.typed_key())
            .finalize();
        let [a, b, c, d, ..]: [u8; 32] = hash.into();
        [a, b, c, d]
    }

    fn typed_key(&self) -> [u8; 33] {
        let mut typed = [ED25519; 33];
        typed[1..].copy_from_slice(self.key.as_bytes());
        typed
    }

    /// Whether a signature of this key over a text that is no note holds.
    pub(super) fn holds(&self, text: &str, signature: &[u8; 64]) -> bool {
        let signature = Signature::from_bytes(signature);
        self.key.verify_strict(text.as_bytes(), &signature).is_ok()
    }

    /// The text of a note, after a signature of this key over it held.
    ///
    /// # Errors
    /// [`NoteError`] when the note is malformed, not signed by this key, or any signature of this key does not hold.
    pub fn open<'a>(&self, note: &'a str) -> Result<&'a str, NoteError> {
        let (text, signatures) = divide(note)?;
        let mut signed = false;
        for line in signatures {
            let (name, hash, signature) = parse_line(line).ok_or(NoteError::Malformed)?;
            if name != self.origin.as_str() || hash != self.key_hash() {
                continue;
            }
            let signature = Signature::from_slice(&signature).map_err(|_| NoteError::Signature)?;
            self.key
                .verify_strict(text.as_bytes(), &signature)
                .map_err(|_| NoteError::Signature)?;
            signed = true;
        }
        if signed {
            Ok(text)
        } else {
            Err(NoteError::Unsigned)
        }
    }
}

/// Signs notes. Its seed is a secret of the ledger: zeroized when dropped, never printed.
pub struct NoteKey {
    signing: SigningKey,
    verifier: VerifierKey,
}

redacted_debug!(NoteKey);

impl NoteKey {
    /// The key of a signer, of 32 secret bytes (RFC 8032's private key).
    pub fn from_seed(origin: Origin, seed: &[u8; 32]) -> Self {
        let signing = SigningKey::from_bytes(seed);
        let verifier = VerifierKey {
            origin,
            key: signing.verifying_key(),
        };
        Self { signing, verifier }
    }

    /// Its public half.
    pub fn verifier(&self) -> &VerifierKey {
        &self.verifier
    }

    /// The bare signature over a text that is no note: its first line must be no [`Origin`], or a checkpoint could be made of it.
    pub(super) fn sign_bare(&self, text: &str) -> [u8; 64] {
        self.signing.sign(text.as_bytes()).to_bytes()
    }

    /// The note of a text. The text is one or more non-empty lines, each ended by a newline.
    pub(super) fn sign(&self, text: &str) -> String {
        let mut signature = self.verifier.key_hash().to_vec();
        signature.extend(self.signing.sign(text.as_bytes()).to_bytes());
        let encoded = BASE64.encode(signature);
        format!("{text}\n{SIGNATURE_PREFIX}{} {encoded}\n", self.verifier.origin)
    }
}

/// Text and signature lines of a note.
fn divide(note: &str) -> Result<(&str, Vec<&str>), NoteError> {
    if note.len() > NOTE_BYTES_MAX {
        return Err(NoteError::TooLong { given: note.len() });
    }
    if note.bytes().any(|byte| byte < b' ' && byte != b'\n') {
        return Err(NoteError::Malformed);
    }
    // The last empty line divides: a text may have empty lines, signatures have none.
    let middle = note.rfind("\n\n").ok_or(NoteError::Malformed)?;
    let (text, rest) = note.split_at(middle + 1);
    let signatures = rest
        .strip_prefix('\n')
        .and_then(|lines| lines.strip_suffix('\n'))
        .ok_or(NoteError::Malformed)?;
    let lines: Vec<_> = signatures.split('\n').take(SIGNATURES_MAX + 1).collect();
    if lines.len() > SIGNATURES_MAX {
        return Err(NoteError::TooManySignatures);
    }
    Ok((text, lines))
}

/// Name, key hash and signature of a line.
fn parse_line(line: &str) -> Option<(&str, [u8; 4], Vec<u8>)> {
    let (name, encoded) = line.strip_prefix(SIGNATURE_PREFIX)?.split_once(' ')?;
    if name.is_empty() || name.contains(|c: char| c.is_whitespace() || c == '+') {
        return None;
    }
    let decoded = BASE64.decode(encoded).ok()?;
    let (hash, signature) = decoded.split_first_chunk::<4>()?;
    (!signature.is_empty()).then(|| (name, *hash, signature.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    // The reference vector of the format's first implementation, golang.org/x/mod/sumdb/note.
    const SEED: &str = "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
    const VERIFIER: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    const TEXT: &str = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
    const LINE: &str = "\u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
    const COSIGNATURE: &str = "\u{2014} witness.example/w1 AAAAAQAAAAAAAAAAAA==\n";

    fn peter() -> NoteKey {
        let typed = BASE64.decode(SEED).unwrap();
        NoteKey::from_seed(
            Origin::parse("PeterNeumann").unwrap(),
            typed[1..].try_into().unwrap(),
        )
    }

    fn verifier() -> VerifierKey {
        VerifierKey::parse(VERIFIER).unwrap()
    }

    #[test]
    fn reference_note_is_reproduced_byte_by_byte() {
        assert_eq!(peter().sign(TEXT), format!("{TEXT}\n{LINE}"));
        assert_eq!(peter().verifier().to_text(), VERIFIER);
        assert_eq!(peter().verifier(), &verifier());
    }

    #[test]
    fn reference_note_opens() {
        assert_eq!(verifier().open(&format!("{TEXT}\n{LINE}")), Ok(TEXT));
    }

    #[test]
    fn lines_of_unknown_signers_are_tolerated_on_either_side() {
        for lines in [
            format!("{COSIGNATURE}{LINE}"),
            format!("{LINE}{COSIGNATURE}"),
            format!("{LINE}{LINE}"),
        ] {
            assert_eq!(verifier().open(&format!("{TEXT}\n{lines}")), Ok(TEXT));
        }
    }

    #[test]
    fn no_part_and_no_mangling_of_a_verifier_key_is_a_verifier_key() {
        for begin in 0..VERIFIER.len() {
            for end in begin..=VERIFIER.len() {
                let whole = begin == 0 && end == VERIFIER.len();
                assert_eq!(VerifierKey::parse(&VERIFIER[begin..end]).is_ok(), whole);
            }
        }
        for at in 0..VERIFIER.len() {
            let mut bytes = VERIFIER.as_bytes().to_vec();
            bytes[at] += 1;
            let mangled = String::from_utf8(bytes).unwrap();
            assert_eq!(
                VerifierKey::parse(&mangled),
                Err(NoteError::VerifierKey),
                "{mangled}"
            );
        }
        for unknown in [
            "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==",
            "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        ] {
            assert_eq!(VerifierKey::parse(unknown), Err(NoteError::VerifierKey));
        }
    }

    #[test]
    fn malformed_and_foreign_notes_are_refused() {
        let signed = format!("{TEXT}\n{LINE}");
        let many = |count| format!("{TEXT}\n{}", LINE.repeat(count));
        let cases = [
            (String::new(), NoteError::Malformed),
            (TEXT.to_owned(), NoteError::Malformed),
            (format!("{TEXT}{LINE}"), NoteError::Malformed),
            (format!("{TEXT}\n"), NoteError::Malformed),
            (format!("{TEXT}\n\n"), NoteError::Malformed),
            (signed.trim_end().to_owned(), NoteError::Malformed),
            (format!("{signed}\n"), NoteError::Malformed),
            (format!("{signed}rubbish\n"), NoteError::Malformed),
            (signed.replace('\u{2014}', "-"), NoteError::Malformed),
            (signed.replace("think", "thi\tnk"), NoteError::Malformed),
            (format!("{TEXT}\n{COSIGNATURE}"), NoteError::Unsigned),
            (signed.replace("PeterNeumann", "Peter"), NoteError::Unsigned),
            (signed.replace("x08go", "x08gp"), NoteError::Unsigned),
            (signed.replace("ZJkuB", "ZJkuC"), NoteError::Signature),
            (signed.replace("problem is", "Problem is"), NoteError::Signature),
            (many(SIGNATURES_MAX + 1), NoteError::TooManySignatures),
            (
                "a".repeat(NOTE_BYTES_MAX + 1),
                NoteError::TooLong {
                    given: NOTE_BYTES_MAX + 1,
                },
            ),
            ("a".repeat(NOTE_BYTES_MAX), NoteError::Malformed),
        ];
        for (note, wanted) in cases {
            assert_eq!(verifier().open(&note), Err(wanted), "{note:.200}");
        }
        assert_eq!(verifier().open(&many(SIGNATURES_MAX)), Ok(TEXT));
        assert_eq!(verifier().open(&many(SIGNATURES_MAX - 1)), Ok(TEXT));
    }

    #[test]
    fn a_broken_signature_beside_a_good_one_is_refused() {
        let broken = LINE.replace("KE6Ry", "KE6Rz");
        assert_eq!(
            verifier().open(&format!("{TEXT}\n{LINE}{broken}")),
            Err(NoteError::Signature)
        );
    }

    #[test]
    fn names_are_visible_ascii_without_plus() {
        let (longest, too_long) = ("a".repeat(128), "a".repeat(129));
        for (name, fits) in [
            ("log.example/tallystick", true),
            (longest.as_str(), true),
            (too_long.as_str(), false),
            ("", false),
            ("a b", false),
            ("a+b", false),
            ("a\nb", false),
            ("日志", false),
        ] {
            assert_eq!(Origin::parse(name).is_some(), fits, "{name:?}");
        }
    }

    #[test]
    fn debug_of_a_signing_key_shows_nothing() {
        assert_eq!(format!("{:?}", peter()), "NoteKey(…)");
    }
}
