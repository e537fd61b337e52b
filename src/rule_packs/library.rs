//! The packs in force, and how they are exchanged while the service runs.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use sha2::{Digest as _, Sha256};

use super::error::{PackError, PackErrors};
use super::pack::{FILE_BYTES_MAX, PackFile, read, too_long};
use super::packs::{PackVersion, Packs};
use super::shipped::shipped;
use crate::domain::names;

/// The most files of a folder.
pub const FILES_MAX: usize = 256;
/// What the names of packs end in.
const ENDING: &str = "toml";

/// What a reload changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changed {
    /// Versions that are there now and were not.
    pub added: Vec<PackVersion>,
    /// Versions that were there and are not.
    pub removed: Vec<PackVersion>,
}

impl Changed {
    /// Whether everything is as it was.
    pub fn is_nothing(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty()
    }
}

/// The packs in force. Readers never wait; a set is exchanged whole or not at all.
#[derive(Debug)]
pub struct Library {
    folder: Option<PathBuf>,
    shipped: Packs,
    current: ArcSwap<Packs>,
    /// One reload at a time.
    seen: Mutex<Seen>,
}

/// What was seen so far.
#[derive(Debug)]
struct Seen {
    /// The folder as it was when it was last read, whatever came of it.
    folder: names::Sha256,
    /// Every version that was ever in force here, with the digest of its text.
    versions: BTreeMap<PackVersion, names::Sha256>,
}

impl Library {
    /// The packs that the program ships, and those of a folder: of a name that both have, only the folder's.
    ///
    /// # Errors
    /// Everything that is wrong with the folder.
    pub fn open(folder: Option<PathBuf>) -> Result<Self, PackErrors> {
        let shipped = shipped();
        let texts = Texts::of(folder.as_deref());
        let packs = texts.read()?.over(&shipped);
        let versions = packs.iter().map(digest_of).collect();
        Ok(Self {
            folder,
            shipped,
            current: ArcSwap::from_pointee(packs),
            seen: Mutex::new(Seen {
                folder: texts.digest(),
                versions,
            }),
        })
    }

    /// The packs in force now. Whoever decides something asks once and keeps to what it got.
    pub fn current(&self) -> Arc<Packs> {
        self.current.load_full()
    }

    /// Whether the folder is other than when it was last read. Reads it, and parses nothing.
    pub fn has_changed(&self) -> bool {
        let digest = Texts::of(self.folder.as_deref()).digest();
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.folder != digest
    }

    /// Reads the folder anew. The packs in force are exchanged only if all are sound.
    ///
    /// # Errors
    /// Everything that is wrong with the folder; a version whose text is not the one that was in force before.
    pub fn reload(&self) -> Result<Changed, PackErrors> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let texts = Texts::of(self.folder.as_deref());
        // Also if it fails: it is of no use to read the same text again.
        seen.folder = texts.digest();
        let packs = texts.read()?.over(&self.shipped);
        let altered: Vec<PackError> = packs.iter().filter_map(|file| seen.refusal_of(file)).collect();
        if !altered.is_empty() {
            return Err(PackErrors(altered));
        }
        let changed = Changed::between(&self.current(), &packs);
        seen.versions.extend(packs.iter().map(digest_of));
        self.current.store(Arc::new(packs));
        Ok(changed)
    }
}

impl Seen {
    /// Decisions name version and text of the pack that made them: one version has one text.
    fn refusal_of(&self, file: &PackFile) -> Option<PackError> {
        let version = file.version();
        let known = self.versions.get(&version)?;
        (*known != file.pack.sha256).then(|| {
            let problem = format!(
                "its text differs from the {version} that was in force before: raise `version`, so that decisions \
                 can be told apart"
            );
            PackError::of_file(&file.file, problem)
        })
    }
}

impl Changed {
    fn between(before: &Packs, after: &Packs) -> Self {
        let versions =
            |packs: &Packs| -> BTreeSet<PackVersion> { packs.iter().map(PackFile::version).collect() };
        let (before, after) = (versions(before), versions(after));
        Self {
            added: after.difference(&before).cloned().collect(),
            removed: before.difference(&after).cloned().collect(),
        }
    }
}

fn digest_of(file: &PackFile) -> (PackVersion, names::Sha256) {
    (file.version(), file.pack.sha256)
}

/// Reads the packs of a folder, without those that the program ships.
///
/// # Errors
/// Everything that is wrong with them.
pub fn read_folder(folder: &Path) -> Result<Packs, PackErrors> {
    Texts::of(Some(folder)).read()
}

/// Reads one file.
///
/// # Errors
/// Everything that is wrong with it.
pub fn read_file(path: &Path) -> Result<PackFile, PackErrors> {
    let text = Text::of(path);
    text.read().map_err(PackErrors)
}

/// The texts of a folder, or why it cannot be read.
struct Texts(Result<Vec<Text>, PackError>);

impl Texts {
    fn of(folder: Option<&Path>) -> Self {
        let Some(folder) = folder else {
            return Self(Ok(Vec::new()));
        };
        let named = |error: io::Error| {
            let problem = format!(
                "the folder of rule packs cannot be read ({}): check the path and its rights",
                error.kind()
            );
            PackError::of_file(&folder.display().to_string(), problem)
        };
        let files = files_of(folder).map_err(named);
        Self(files.and_then(|files| {
            if files.len() > FILES_MAX {
                let problem = format!("it holds {} packs; at most {FILES_MAX}", files.len());
                return Err(PackError::of_file(&folder.display().to_string(), problem));
            }
            Ok(files.iter().map(|path| Text::of(path)).collect())
        }))
    }

    /// Of names and texts, or of the error.
    fn digest(&self) -> names::Sha256 {
        let mut hash = Sha256::new();
        match &self.0 {
            Err(error) => hash.update(error.to_string()),
            Ok(texts) => {
                for text in texts {
                    let content: &[u8] = match &text.content {
                        Ok(content) => content,
                        Err(error) => error.problem.as_bytes(),
                    };
                    // Digests of the same length each: no two folders are written alike.
                    hash.update(Sha256::digest(&text.file));
                    hash.update(Sha256::digest(content));
                }
            }
        }
        names::Sha256(hash.finalize().into())
    }

    fn read(&self) -> Result<Packs, PackErrors> {
        let texts = match &self.0 {
            Ok(texts) => texts,
            Err(error) => return Err(PackErrors(vec![error.clone()])),
        };
        let mut packs = Vec::new();
        let mut errors = Vec::new();
        for text in texts {
            match text.read() {
                Ok(pack) => packs.push(pack),
                Err(more) => errors.extend(more),
            }
        }
        if errors.is_empty() {
            Packs::of(packs)
        } else {
            Err(PackErrors(errors))
        }
    }
}

/// One file as it is.
struct Text {
    file: String,
    content: Result<Vec<u8>, PackError>,
}

impl Text {
    fn of(path: &Path) -> Self {
        let file = path.display().to_string();
        let content = bytes_of(path).map_err(|error| {
            let problem = format!(
                "it cannot be read ({}): check the path and its rights",
                error.kind()
            );
            PackError::of_file(&file, problem)
        });
        Self { file, content }
    }

    fn read(&self) -> Result<PackFile, Vec<PackError>> {
        let content = self.content.as_ref().map_err(|error| vec![error.clone()])?;
        if content.len() > FILE_BYTES_MAX {
            // What is behind was not read: it may end within a character.
            return Err(vec![too_long(&self.file)]);
        }
        match std::str::from_utf8(content) {
            Ok(text) => read(&self.file, text),
            Err(_) => Err(vec![PackError::of_file(
                &self.file,
                "it is not UTF-8: save it as UTF-8",
            )]),
        }
    }
}

/// A file's bytes, and one more than allowed at most.
fn bytes_of(path: &Path) -> io::Result<Vec<u8>> {
    let most = u64::try_from(FILE_BYTES_MAX).unwrap_or(u64::MAX);
    let mut bytes = Vec::new();
    File::open(path)?
        .take(most.saturating_add(1))
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The packs of a folder by name; hidden files and folders below are none.
fn files_of(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let hidden = path
            .file_name()
            .is_none_or(|name| name.to_string_lossy().starts_with('.'));
        if !hidden && path.extension().is_some_and(|ending| ending == ENDING) && !path.is_dir() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
