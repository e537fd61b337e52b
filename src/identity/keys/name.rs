//! The names of keys: of their files, and in the configuration of commands.

use std::fmt;

use crate::domain::token::KeyVersion;

/// One key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeyName {
    /// `k_v`, in the token half: a scalar of 32 bytes.
    Master(KeyVersion),
    /// `k_v · G`, in both halves: an element of 32 bytes. Not secret.
    MasterPublic(KeyVersion),
    /// t, in both halves: 64 bytes.
    Tweak,
    /// s, in the ledger half: 64 bytes.
    Seal,
    /// The Ed25519 seed that signs checkpoints, in the ledger half: 32 bytes.
    Checkpoint,
}

impl KeyName {
    /// The key's length in bytes; its text is twice as long.
    pub const fn bytes(self) -> usize {
        match self {
            Self::Master(_) | Self::MasterPublic(_) | Self::Checkpoint => 32,
            Self::Tweak | Self::Seal => 64,
        }
    }

    /// The name of its file.
    pub fn file(self) -> String {
        match self {
            Self::MasterPublic(_) => format!("{self}.pub"),
            Self::Master(_) | Self::Tweak | Self::Seal | Self::Checkpoint => format!("{self}.key"),
        }
    }

    /// The version of a master key; `None` for keys without versions.
    pub const fn version(self) -> Option<KeyVersion> {
        match self {
            Self::Master(version) | Self::MasterPublic(version) => Some(version),
            Self::Tweak | Self::Seal | Self::Checkpoint => None,
        }
    }

    /// Parses a name as the configuration has it: `master-v1`, `tweak`, `seal`, `checkpoint`.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "tweak" => Some(Self::Tweak),
            "seal" => Some(Self::Seal),
            "checkpoint" => Some(Self::Checkpoint),
            other => parse_version(other.strip_prefix("master-v")?).map(Self::Master),
        }
    }

    /// Parses the name of a file; `None` for files that are no keys.
    pub(super) fn parse_file(text: &str) -> Option<Self> {
        if let Some(stem) = text.strip_suffix(".key") {
            return Self::parse(stem);
        }
        parse_version(text.strip_suffix(".pub")?.strip_prefix("master-v")?).map(Self::MasterPublic)
    }
}

/// `1` to `65535`, without leading zeros: one version has one file name.
fn parse_version(text: &str) -> Option<KeyVersion> {
    let version: u16 = text.parse().ok()?;
    (version > 0 && version.to_string() == text).then_some(KeyVersion(version))
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Master(version) | Self::MasterPublic(version) => write!(f, "master-v{}", version.0),
            Self::Tweak => f.write_str("tweak"),
            Self::Seal => f.write_str("seal"),
            Self::Checkpoint => f.write_str("checkpoint"),
        }
    }
}
