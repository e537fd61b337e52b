//! The service's keys, in two halves that no module needs together.
//!
//! [`TokenKeys`] (master keys and tweak) make tokens; [`LedgerKeys`] (sealing key, tweak, checkpoint seed, public master
//! keys) turn tokens into sealed pseudonyms and sign the log. [`open`] reads them from `keys/token/` and `keys/ledger/` of
//! the data folder or from commands, and makes them on the first start. A member's own secrets are read by the same rules
//! ([`read_secret`]). The invariant: a key that is lost is never made anew in silence, since everything stored under it
//! would name nobody.

mod command;
mod error;
mod folder;
mod hex;
mod ledger;
mod name;
mod secret;
mod token;

#[cfg(test)]
mod command_tests;
#[cfg(test)]
mod secret_tests;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

pub use command::KeyCommands;
pub use error::KeyError;
pub use ledger::LedgerKeys;
pub use name::KeyName;
pub use secret::{SECRET_BYTES, SecretSource, make_secret, read_secret, refuse_shared};
pub use token::{MemberPublicKey, TokenKeys};

use crate::domain::clock::Entropy;

/// Which halves a process serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Halves {
    /// TokenService alone.
    Token,
    /// Everything but TokenService.
    Ledger,
    /// Both: whoever holds this process can test guesses. The caller says so at start.
    Both,
}

impl Halves {
    const fn token(self) -> bool {
        matches!(self, Self::Token | Self::Both)
    }

    const fn ledger(self) -> bool {
        matches!(self, Self::Ledger | Self::Both)
    }
}

/// The keys of a process.
#[derive(Debug)]
pub struct Keys {
    /// For TokenService; present when its half was asked for.
    pub token: Option<TokenKeys>,
    /// For everything else; present when its half was asked for.
    pub ledger: Option<LedgerKeys>,
    /// Key folders that this start made: back them up.
    pub created: Vec<PathBuf>,
}

/// Opens the key folders under `data`, or makes them when this is the first start.
///
/// A first start is one where the folders of the halves asked for are absent or empty and `first_start` is true (the caller
/// knows whether a database already needs these keys). The folders appear whole or not at all. For the ledger half alone
/// the token side's `tweak.key` and `master-v*.pub` are taken from `keys/handover/`, where the operator put them.
/// Keys that `commands` names are asked of the command, and no file is made or read for them.
///
/// Blocks on files and commands: for start-up only.
///
/// # Errors
/// [`KeyError`] names the file or command and what mends it, never a key.
pub fn open(
    data: &Path,
    halves: Halves,
    commands: &KeyCommands,
    first_start: bool,
    entropy: &dyn Entropy,
) -> Result<Keys, KeyError> {
    let root = data.join("keys");
    let created = folder::make_if_absent(&root, halves, commands, first_start, entropy)?;
    let token = if halves.token() {
        Some(TokenKeys::load(&root.join("token"), commands)?)
    } else {
        None
    };
    let ledger = if halves.ledger() {
        Some(LedgerKeys::load(&root.join("ledger"), commands)?)
    } else {
        None
    };
    if let (Some(token), Some(ledger)) = (&token, &ledger) {
        ledger.agree_with(token, &root)?;
    }
    Ok(Keys {
        token,
        ledger,
        created,
    })
}
