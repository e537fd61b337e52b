//! Why keys cannot be used: which file or command, and what mends it. Never a key.

use std::io;
use std::path::PathBuf;

use super::KeyName;

/// Why keys cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file system refused.
    #[error("{action} {}: {source}", path.display())]
    Io {
        /// What was tried, such as `read`.
        action: &'static str,
        /// On which file or folder.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// Others than the owner may read or write it.
    #[error("{} has mode {mode:04o}, open to others than its owner; mend it: chmod {mended:04o} '{}'", path.display(), path.display())]
    Permissions {
        /// The file or folder.
        path: PathBuf,
        /// Its mode, the lower twelve bits.
        mode: u32,
        /// The mode it needs.
        mended: u32,
    },
    /// Another account owns it.
    #[error(
        "{} belongs to account {owner}, but this process runs as {process}; mend it: chown {process} '{}', or run as its \
         owner", path.display(), path.display()
    )]
    Owner {
        /// The file or folder.
        path: PathBuf,
        /// The numeric account that owns it.
        owner: u32,
        /// The numeric account of the process.
        process: u32,
    },
    /// Not a file, or not a folder, where one is needed.
    #[error("{} is not {expected}; move it away, or put the backup of the keys in its place", path.display())]
    Kind {
        /// What it should be.
        expected: &'static str,
        /// The path.
        path: PathBuf,
    },
    /// Some keys of a half are there and this one is not.
    #[error(
        "{} is missing although other keys are there; a lost key is never made anew, since everything stored under it \
         would name nobody: put it back from the backup", path.display()
    )]
    Missing {
        /// The file that is missing.
        path: PathBuf,
    },
    /// No keys at all, and this is not a first start.
    #[error(
        "{} holds no keys, but the database needs those it was made with: put the folder back from the backup", path.display()
    )]
    Lost {
        /// The folder.
        path: PathBuf,
    },
    /// The ledger half starts alone and the token side's part was not handed over.
    #[error(
        "{} is missing: copy tweak.key and every master-v*.pub from keys/token/ of the token side into this folder \
         (mode 0700, files 0600), then start again", path.display()
    )]
    HandoverMissing {
        /// The file that is missing.
        path: PathBuf,
    },
    /// Not the hexadecimal text of a key.
    #[error("{} does not hold a key: expected {} hexadecimal digits, nothing else; put it back from the backup", path.display(), bytes * 2)]
    Malformed {
        /// The file.
        path: PathBuf,
        /// The key's length in bytes.
        bytes: usize,
    },
    /// A command did not print a key.
    #[error("the command of key {name} {problem}; expected it to print {} hexadecimal digits and end with status 0", name.bytes() * 2)]
    Command {
        /// Whose command.
        name: KeyName,
        /// What went wrong.
        problem: CommandProblem,
    },
    /// A member's own secret is not where it should be.
    #[error(
        "{} is missing: put it back from its backup, or make a new one and begin anew what was sealed under it", path.display()
    )]
    SecretMissing {
        /// The file that is missing.
        path: PathBuf,
    },
    /// A new secret would take the place of another.
    #[error("{} is there already and is never overwritten, since it opens what was sealed under it; use it, or name another file", path.display())]
    SecretExists {
        /// The file.
        path: PathBuf,
    },
    /// A command did not print a member's own secret.
    #[error("the command of the secret {problem}; expected it to print {} hexadecimal digits and end with status 0", bytes * 2)]
    SecretCommand {
        /// The secret's length in bytes.
        bytes: usize,
        /// What went wrong.
        problem: CommandProblem,
    },
    /// Two keys that must belong together do not.
    #[error("{} does not belong to {}: one of them is of another installation; put both back from one backup", one.display(), other.display())]
    Disagreement {
        /// One file.
        one: PathBuf,
        /// The other.
        other: PathBuf,
    },
}

/// How a key's command failed.
#[derive(Debug, thiserror::Error)]
pub enum CommandProblem {
    /// The list is empty.
    #[error("is empty")]
    Empty,
    /// It could not run.
    #[error("could not run ({0})")]
    Start(io::Error),
    /// It ended with another status than 0.
    #[error("ended with {0}")]
    Status(std::process::ExitStatus),
    /// Its output is no key.
    #[error("printed something that is not a key")]
    Output,
}
