//! Why a cache cannot be used, and what to do. Never holds an identifier, a token or a key.

use std::error::Error;
use std::path::PathBuf;

use crate::identity::keys::KeyError;

/// Why a cache cannot be used. Without it everything works, at the price of evaluations.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    /// Another process, or another part of this one, has it open.
    #[error("the token cache {} is in use by another process: wait until it ends, or give this one a cache of its own", path.display())]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// It was made with another key.
    #[error(
        "the token cache {} was made with another key: give the key that it was made with, or delete the file to begin anew; \
         its tokens are then evaluated again", path.display()
    )]
    WrongKey {
        /// The file.
        path: PathBuf,
    },
    /// Of a version that this program does not know.
    #[error("the token cache {} has format {found}; expected {expected}: use the program that made it, or delete the file", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// The format it has.
        found: i64,
        /// The format that this program writes.
        expected: i64,
    },
    /// Some other file.
    #[error("{} is not a token cache and was left alone: name another file", path.display())]
    NotACache {
        /// The file.
        path: PathBuf,
    },
    /// The file is broken.
    #[error("the token cache {} is damaged: delete it; its tokens are then evaluated again", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
    },
    /// The disk refused.
    #[error("cannot use the token cache {}: {source}; check that the disk has room and the folder can be written", path.display())]
    Disk {
        /// The file.
        path: PathBuf,
        /// Why.
        source: Box<dyn Error + Send + Sync>,
    },
    /// Open to others than its owner.
    #[error(transparent)]
    Access(#[from] KeyError),
    /// The storage library refused for a reason that should not occur.
    #[error("cannot use the token cache {}: {source}", path.display())]
    Engine {
        /// The file.
        path: PathBuf,
        /// Why.
        source: Box<dyn Error + Send + Sync>,
    },
}
