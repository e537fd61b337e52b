//! Checkpoints of C2SP (c2sp.org/tlog-checkpoint): origin, size and root of the tree, as a signed note.
//!
//! Three lines and no extensions, so a checkpoint has one spelling only. Says nothing of time: an instant in it would be
//! the log's word, and nobody could check it. The invariant: a [`Checkpoint`] read with a key was signed by that key.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::note::{NoteError, NoteKey};
pub use super::note::{Origin, VerifierKey};
use super::tree::{Frontier, LEAVES_MAX, NodeHash};
use crate::redacted_debug;

/// What the log was at some moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log.
    pub origin: Origin,
    /// How many leaves it had, at most [`LEAVES_MAX`].
    pub size: u64,
    /// The root over them.
    pub root: NodeHash,
}

/// Why a checkpoint is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// The note around it is refused.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// The signed text is no checkpoint.
    #[error("not a checkpoint: expected three lines of origin, size and base64 of the root")]
    Malformed,
    /// It is another log's.
    #[error("the checkpoint names another log as its origin")]
    Origin,
}

impl Checkpoint {
    /// The signed text: origin, decimal size and base64 root, a line each.
    pub fn to_text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, BASE64.encode(self.root.0))
    }

    /// Reads a checkpoint that the key's owner signed. Signatures of others, such as witnesses, are tolerated.
    ///
    /// # Errors
    /// [`CheckpointError`] saying what does not hold.
    pub fn open(note: &str, key: &VerifierKey) -> Result<Self, CheckpointError> {
        let text = key.open(note)?;
        let checkpoint = Self::try_parse(text)
            .filter(|checkpoint| checkpoint.to_text() == text)
            .ok_or(CheckpointError::Malformed)?;
        if checkpoint.origin == *key.origin() {
            Ok(checkpoint)
        } else {
            Err(CheckpointError::Origin)
        }
    }

    fn try_parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let origin = Origin::parse(lines.next()?)?;
        let size = lines.next()?.parse().ok().filter(|size| *size <= LEAVES_MAX)?;
        let root = BASE64.decode(lines.next()?).ok()?.try_into().ok()?;
        Some(Self {
            origin,
            size,
            root: NodeHash(root),
        })
    }
}

/// Signs the checkpoints of one log. Its seed is a secret of the ledger.
pub struct CheckpointKey(NoteKey);

redacted_debug!(CheckpointKey);

impl CheckpointKey {
    /// The key of the log of this name, of 32 secret bytes (RFC 8032's private key).
    pub fn from_seed(origin: Origin, seed: &[u8; 32]) -> Self {
        Self(NoteKey::from_seed(origin, seed))
    }

    /// Its public half: what witnesses and verifiers are given.
    pub fn verifier(&self) -> &VerifierKey {
        self.0.verifier()
    }

    /// The signed note of a tree. Equal trees give equal notes.
    pub fn sign(&self, tree: &Frontier) -> String {
        let checkpoint = Checkpoint {
            origin: self.verifier().origin().clone(),
            size: tree.size(),
            root: tree.root(),
        };
        self.0.sign(&checkpoint.to_text())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::audit::tree::hash_leaf;
    use crate::audit::vectors::{LEAVES, unhex};

    fn key(name: &str) -> CheckpointKey {
        CheckpointKey::from_seed(Origin::parse(name).unwrap(), &[7; 32])
    }

    fn reference_tree() -> Frontier {
        let mut tree = Frontier::empty();
        for leaf in LEAVES {
            tree.append(hash_leaf(&unhex(leaf)), |_| {}).unwrap();
        }
        tree
    }

    fn signed(text: &str) -> String {
        key("log.example/a").0.sign(text)
    }

    #[test]
    fn a_checkpoint_is_three_lines_and_a_signature() {
        let note = key("log.example/a").sign(&reference_tree());
        let lines: Vec<_> = note.split('\n').collect();
        let wanted = [
            "log.example/a",
            "8",
            "XcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=",
            "",
        ];
        assert_eq!(lines[..4], wanted);
        assert!(lines[4].starts_with("\u{2014} log.example/a "));
        assert_eq!(lines[5..], [""]);
    }

    #[test]
    fn signed_checkpoint_is_read_back() {
        let key = key("log.example/a");
        let tree = reference_tree();
        let note = key.sign(&tree);
        let wanted = Checkpoint {
            origin: Origin::parse("log.example/a").unwrap(),
            size: 8,
            root: tree.root(),
        };
        assert_eq!(Checkpoint::open(&note, key.verifier()), Ok(wanted.clone()));
        let cosigned = format!("{note}\u{2014} witness.example AAAAAQAAAAAAAAAAAA==\n");
        assert_eq!(Checkpoint::open(&cosigned, key.verifier()), Ok(wanted));
        assert_eq!(key.sign(&tree), note);
    }

    #[test]
    fn texts_that_are_not_exactly_a_checkpoint_are_refused_though_signed() {
        let root = BASE64.encode([3; 32]);
        let verifier = key("log.example/a");
        let open = |text: &str| Checkpoint::open(&signed(text), verifier.verifier());
        assert!(open(&format!("log.example/a\n5\n{root}\n")).is_ok());
        assert!(open(&format!("log.example/a\n{LEAVES_MAX}\n{root}\n")).is_ok());
        for text in [
            format!("log.example/a\n05\n{root}\n"),
            format!("log.example/a\n+5\n{root}\n"),
            format!("log.example/a\n-5\n{root}\n"),
            format!("log.example/a\n{}\n{root}\n", LEAVES_MAX + 1),
            format!("log.example/a\n99999999999999999999\n{root}\n"),
            format!("log.example/a\n5\n{root}\nextension\n"),
            format!("log.example/a\n5\n{}\n", &root[..40]),
            format!("log.example/a\n{root}\n"),
            format!("log example\n5\n{root}\n"),
        ] {
            assert_eq!(open(&text), Err(CheckpointError::Malformed), "{text}");
        }
        assert_eq!(
            open(&format!("log.example/b\n5\n{root}\n")),
            Err(CheckpointError::Origin)
        );
    }

    #[test]
    fn another_key_of_the_same_name_is_refused() {
        let note = key("log.example/a").sign(&reference_tree());
        let other = CheckpointKey::from_seed(Origin::parse("log.example/a").unwrap(), &[8; 32]);
        assert_eq!(
            Checkpoint::open(&note, other.verifier()),
            Err(CheckpointError::Note(NoteError::Unsigned))
        );
    }

    #[test]
    fn debug_of_a_checkpoint_key_shows_nothing() {
        assert_eq!(format!("{:?}", key("log.example/a")), "CheckpointKey(…)");
    }

    proptest! {
        #[test]
        fn any_changed_byte_is_noticed(at in any::<prop::sample::Index>(), with in any::<u8>()) {
            let key = key("log.example/a");
            let note = key.sign(&reference_tree());
            let mut bytes = note.clone().into_bytes();
            let at = at.index(bytes.len());
            prop_assume!(bytes[at] != with);
            bytes[at] = with;
            if let Ok(altered) = String::from_utf8(bytes) {
                prop_assert!(Checkpoint::open(&altered, key.verifier()).is_err(), "{}", altered);
            }
        }

        #[test]
        fn noise_never_panics(noise in "[ -~\n\u{2014}]{0,200}") {
            prop_assert!(Checkpoint::open(&noise, key("log.example/a").verifier()).is_err());
            prop_assert!(VerifierKey::parse(&noise).is_err());
        }
    }
}
