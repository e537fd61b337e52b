//! A secret of a member's own, apart from the service's keys: 32 bytes in a file or from a command.
//!
//! The rules are those of key folders: a file of mode 0600 in a folder of mode 0700, refused when anybody else can use
//! either, or a command that prints the digits. A secret that is there is never overwritten.

use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::{KeyError, command, folder, hex};
use crate::domain::clock::Entropy;

/// The length of a member's own secret.
pub const SECRET_BYTES: usize = 32;

/// Where a member keeps a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretSource {
    /// A file of 64 hexadecimal digits.
    File(PathBuf),
    /// A program and its arguments, run without a shell, that prints them.
    Command(Vec<String>),
}

/// Reads a secret. Blocks on the file or the command.
///
/// # Errors
/// [`KeyError`] naming the file and what mends it, never the secret.
pub fn read_secret(source: &SecretSource) -> Result<Zeroizing<[u8; SECRET_BYTES]>, KeyError> {
    match source {
        SecretSource::File(path) => {
            if !path.exists() {
                return Err(KeyError::SecretMissing { path: path.clone() });
            }
            folder::check_folder(folder_of(path))?;
            folder::read_path(path.clone())
        }
        SecretSource::Command(command) => command::ask(command).map_err(|problem| KeyError::SecretCommand {
            bytes: SECRET_BYTES,
            problem,
        }),
    }
}

/// Makes a new secret in a file; makes its folder, for the owner alone, when there is none. Durable on return.
///
/// # Errors
/// [`KeyError::SecretExists`] when the file is there, whatever is in it; [`KeyError`] when its folder is open to others.
pub fn make_secret(path: &Path, entropy: &dyn Entropy) -> Result<Zeroizing<[u8; SECRET_BYTES]>, KeyError> {
    let parent = folder_of(path);
    if !parent.exists() {
        folder::make_folder(parent)?;
    }
    folder::check_folder(parent)?;
    let mut secret = Zeroizing::new([0; SECRET_BYTES]);
    entropy.fill(secret.as_mut_slice());
    match folder::write_file(path, &hex::format(secret.as_slice())) {
        Err(KeyError::Io { source, .. }) if source.kind() == std::io::ErrorKind::AlreadyExists => {
            return Err(KeyError::SecretExists {
                path: path.to_owned(),
            });
        }
        written => written?,
    }
    folder::sync_folder(parent)?;
    Ok(secret)
}

/// Refuses a file that its group or others can use, or that another account owns. Does not open it.
///
/// # Errors
/// [`KeyError`] with the command that mends it.
pub fn refuse_shared(path: &Path) -> Result<(), KeyError> {
    folder::check_private(path)
}

/// The folder of a file; the current one for a bare name.
fn folder_of(path: &Path) -> &Path {
    path.parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}
