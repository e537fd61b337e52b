//! Key folders on disk: made whole, read only when nobody else can.
//!
//! A set of keys is written into a folder of another name beside its place, every file and the folder synced, and renamed:
//! after a crash there is a whole set or none. Permissions are asked of the open file, not of its name.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::{Halves, KeyCommands, KeyError, KeyName, hex};
use crate::domain::clock::Entropy;
use crate::domain::token::KeyVersion;
use crate::identity::oprf::algebra::{MasterKey, PublicKey};

const FOLDER_MODE: u32 = 0o700;
const FILE_MODE: u32 = 0o600;
/// Longest text of a key, with room for white space.
const FILE_BYTES_MAX: u64 = 1_024;
/// The version of the first master key.
const FIRST_VERSION: KeyVersion = KeyVersion(1);

fn failed(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> KeyError {
    move |source| KeyError::Io {
        action,
        path: path.to_owned(),
        source,
    }
}

/// Makes the folders of the halves when all of them are absent or empty; gives those it made.
pub(super) fn make_if_absent(
    root: &Path,
    halves: Halves,
    commands: &KeyCommands,
    first_start: bool,
    entropy: &dyn Entropy,
) -> Result<Vec<PathBuf>, KeyError> {
    let mut wanted = Vec::new();
    if halves.token() {
        wanted.push(root.join("token"));
    }
    if halves.ledger() {
        wanted.push(root.join("ledger"));
    }
    let mut absent = Vec::new();
    for folder in &wanted {
        if is_absent_or_empty(folder)? {
            absent.push(folder.clone());
        }
    }
    match absent.first() {
        None => Ok(Vec::new()),
        Some(folder) if absent.len() < wanted.len() || !first_start => {
            Err(KeyError::Lost { path: folder.clone() })
        }
        Some(_) => make(root, halves, commands, entropy),
    }
}

fn is_absent_or_empty(folder: &Path) -> Result<bool, KeyError> {
    match fs::read_dir(folder) {
        Ok(mut entries) => Ok(entries.next().is_none()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotADirectory => Err(KeyError::Kind {
            expected: "a folder",
            path: folder.to_owned(),
        }),
        Err(error) => Err(failed("read", folder)(error)),
    }
}

/// A key's name and text, not yet written.
type Entry = (KeyName, Zeroizing<Vec<u8>>);

fn make(
    root: &Path,
    halves: Halves,
    commands: &KeyCommands,
    entropy: &dyn Entropy,
) -> Result<Vec<PathBuf>, KeyError> {
    let (token, ledger) = first_keys(root, halves, commands, entropy)?;
    let mut sets = Vec::new();
    if halves.token() {
        sets.push(("token", token));
    }
    if halves.ledger() {
        sets.push(("ledger", ledger));
    }
    let names: Vec<&str> = sets.iter().map(|(name, _)| *name).collect();
    let mut tag = [0; 8];
    entropy.fill(&mut tag);
    let stage = root.with_file_name(format!(".keys-new-{:016x}", u64::from_be_bytes(tag)));
    let placed = write_sets(&stage, &sets).and_then(|()| place(&stage, root, &names));
    if let Err(error) = placed {
        // The error in hand is the one to tell; keys that were never used protect nothing.
        let _ = fs::remove_dir_all(&stage);
        return Err(error);
    }
    Ok(names.into_iter().map(|name| root.join(name)).collect())
}

fn write_sets(stage: &Path, sets: &[(&str, Vec<Entry>)]) -> Result<(), KeyError> {
    make_folder(stage)?;
    sets.iter()
        .try_for_each(|(name, entries)| write_set(&stage.join(name), entries))?;
    sync_folder(stage)
}

/// Gives the staged sets their names: with one rename when nothing is at `root` yet, so that both halves appear at once.
fn place(stage: &Path, root: &Path, names: &[&str]) -> Result<(), KeyError> {
    names
        .iter()
        .try_for_each(|name| remove_if_empty(&root.join(name)))?;
    remove_if_empty(root)?;
    if root.exists() {
        for name in names {
            fs::rename(stage.join(name), root.join(name)).map_err(failed("make", &root.join(name)))?;
        }
        fs::remove_dir(stage).map_err(failed("remove", stage))?;
        sync_folder(root)?;
    } else {
        fs::rename(stage, root).map_err(failed("make", root))?;
    }
    root.parent().map_or(Ok(()), sync_folder)
}

fn remove_if_empty(folder: &Path) -> Result<(), KeyError> {
    match fs::remove_dir(folder) {
        Ok(()) => Ok(()),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::DirectoryNotEmpty) => Ok(()),
        Err(error) => Err(failed("remove the empty", folder)(error)),
    }
}

/// The keys of a first start, for each half; none for keys that commands hold.
fn first_keys(
    root: &Path,
    halves: Halves,
    commands: &KeyCommands,
    entropy: &dyn Entropy,
) -> Result<(Vec<Entry>, Vec<Entry>), KeyError> {
    let (mut token, mut ledger): (Vec<Entry>, Vec<Entry>) = (Vec::new(), Vec::new());
    if halves.token() {
        let name = KeyName::Master(FIRST_VERSION);
        let master = match commands.run::<32>(name)? {
            Some(key) => MasterKey::parse(*key).ok_or(KeyError::Command {
                name,
                problem: super::error::CommandProblem::Output,
            })?,
            None => MasterKey::generate(entropy),
        };
        let public = KeyName::MasterPublic(FIRST_VERSION);
        let tweak = random(entropy, KeyName::Tweak);
        ledger.push((public, hex::format(&master.public().to_bytes())));
        ledger.push((KeyName::Tweak, tweak.clone()));
        token.push((public, hex::format(&master.public().to_bytes())));
        token.push((KeyName::Tweak, tweak));
        token.push((name, hex::format(master.to_bytes().as_slice())));
    } else {
        ledger = handed_over(&root.join("handover"), commands)?;
    }
    ledger.extend([KeyName::Seal, KeyName::Checkpoint].map(|name| (name, random(entropy, name))));
    token.retain(|(name, _)| !commands.has(*name));
    ledger.retain(|(name, _)| !commands.has(*name));
    Ok((token, ledger))
}

fn random(entropy: &dyn Entropy, name: KeyName) -> Zeroizing<Vec<u8>> {
    let mut bytes = Zeroizing::new([0; 64]);
    entropy.fill(bytes.as_mut_slice());
    hex::format(bytes.get(..name.bytes()).unwrap_or(bytes.as_slice()))
}

/// What the token side gave to a ledger that runs apart.
fn handed_over(folder: &Path, commands: &KeyCommands) -> Result<Vec<Entry>, KeyError> {
    let missing = |name: KeyName| KeyError::HandoverMissing {
        path: folder.join(name.file()),
    };
    if is_absent_or_empty(folder)? {
        return Err(missing(KeyName::Tweak));
    }
    let mut entries = Vec::new();
    for version in versions(folder, KeyName::MasterPublic)? {
        let public = read_public(folder, version)?;
        entries.push((KeyName::MasterPublic(version), hex::format(&public.to_bytes())));
    }
    if entries.is_empty() {
        return Err(missing(KeyName::MasterPublic(FIRST_VERSION)));
    }
    if !commands.has(KeyName::Tweak) {
        if !folder.join(KeyName::Tweak.file()).exists() {
            return Err(missing(KeyName::Tweak));
        }
        entries.push((
            KeyName::Tweak,
            hex::format(read_file::<64>(folder, KeyName::Tweak)?.as_slice()),
        ));
    }
    Ok(entries)
}

pub(super) fn make_folder(path: &Path) -> Result<(), KeyError> {
    DirBuilder::new()
        .recursive(true)
        .mode(FOLDER_MODE)
        .create(path)
        .map_err(failed("make", path))
}

fn write_set(stage: &Path, entries: &[Entry]) -> Result<(), KeyError> {
    DirBuilder::new()
        .mode(FOLDER_MODE)
        .create(stage)
        .map_err(failed("make", stage))?;
    for (name, text) in entries {
        write_file(&stage.join(name.file()), text)?;
    }
    sync_folder(stage)
}

/// Writes a file that is not there yet, for its owner alone, and syncs it.
pub(super) fn write_file(path: &Path, text: &[u8]) -> Result<(), KeyError> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(FILE_MODE)
        .open(path)
        .map_err(failed("make", path))?;
    file.write_all(text)
        .and_then(|()| file.sync_all())
        .map_err(failed("write", path))
}

pub(super) fn sync_folder(path: &Path) -> Result<(), KeyError> {
    File::open(path)
        .and_then(|folder| folder.sync_all())
        .map_err(failed("sync", path))
}

/// Refuses a folder that others can enter, or that another account owns.
pub(super) fn check_folder(path: &Path) -> Result<(), KeyError> {
    let folder = File::open(path).map_err(failed("open", path))?;
    check_access(&folder, path, FOLDER_MODE)?;
    if folder.metadata().map_err(failed("read", path))?.is_dir() {
        Ok(())
    } else {
        Err(KeyError::Kind {
            expected: "a folder",
            path: path.to_owned(),
        })
    }
}

fn check_access(file: &File, path: &Path, mended: u32) -> Result<(), KeyError> {
    let metadata = file.metadata().map_err(failed("read", path))?;
    check_metadata(&metadata, path, mended)
}

/// Refuses a file that its group or others can use, or that another account owns. Asks by name: some files must not be
/// opened by anybody but the library that keeps them.
pub(super) fn check_private(path: &Path) -> Result<(), KeyError> {
    let metadata = fs::metadata(path).map_err(failed("read", path))?;
    if !metadata.is_file() {
        return Err(KeyError::Kind {
            expected: "a file",
            path: path.to_owned(),
        });
    }
    check_metadata(&metadata, path, FILE_MODE)
}

fn check_metadata(metadata: &fs::Metadata, path: &Path, mended: u32) -> Result<(), KeyError> {
    judge_access(
        path,
        metadata.uid(),
        metadata.mode(),
        rustix::process::geteuid().as_raw(),
        mended,
    )
}

/// Refuses what another account than `process` owns, or what its group or others can use in any way.
pub(super) fn judge_access(
    path: &Path,
    owner: u32,
    mode: u32,
    process: u32,
    mended: u32,
) -> Result<(), KeyError> {
    if owner != process {
        return Err(KeyError::Owner {
            path: path.to_owned(),
            owner,
            process,
        });
    }
    let mode = mode & 0o7777;
    if mode & 0o077 != 0 {
        return Err(KeyError::Permissions {
            path: path.to_owned(),
            mode,
            mended,
        });
    }
    Ok(())
}

/// The key of a name, from its command or else from its file.
pub(super) fn read<const N: usize>(
    folder: &Path,
    name: KeyName,
    commands: &KeyCommands,
) -> Result<Zeroizing<[u8; N]>, KeyError> {
    match commands.run(name)? {
        Some(key) => Ok(key),
        None => read_file(folder, name),
    }
}

fn read_file<const N: usize>(folder: &Path, name: KeyName) -> Result<Zeroizing<[u8; N]>, KeyError> {
    read_path(folder.join(name.file()))
}

/// The key in a file that nobody else can use.
pub(super) fn read_path<const N: usize>(path: PathBuf) -> Result<Zeroizing<[u8; N]>, KeyError> {
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Err(KeyError::Missing { path }),
        Err(error) => return Err(failed("open", &path)(error)),
    };
    if !file.metadata().map_err(failed("read", &path))?.is_file() {
        return Err(KeyError::Kind {
            expected: "a file",
            path,
        });
    }
    check_access(&file, &path, FILE_MODE)?;
    let mut text = Zeroizing::new(Vec::with_capacity(usize::try_from(FILE_BYTES_MAX).unwrap_or(0)));
    file.take(FILE_BYTES_MAX)
        .read_to_end(&mut text)
        .map_err(failed("read", &path))?;
    hex::parse(&text).ok_or(KeyError::Malformed { path, bytes: N })
}

/// A master key's public half.
pub(super) fn read_public(folder: &Path, version: KeyVersion) -> Result<PublicKey, KeyError> {
    let name = KeyName::MasterPublic(version);
    let bytes = read_file::<32>(folder, name)?;
    PublicKey::parse(bytes.as_slice()).map_err(|_| KeyError::Malformed {
        path: folder.join(name.file()),
        bytes: name.bytes(),
    })
}

/// The versions of which a folder has a file, in order.
pub(super) fn versions(
    folder: &Path,
    of_version: fn(KeyVersion) -> KeyName,
) -> Result<std::collections::BTreeSet<KeyVersion>, KeyError> {
    let mut found = std::collections::BTreeSet::new();
    for entry in fs::read_dir(folder).map_err(failed("read", folder))? {
        let name = entry.map_err(failed("read", folder))?.file_name();
        let Some(name) = name.to_str().and_then(KeyName::parse_file) else {
            continue;
        };
        if let Some(version) = name.version().filter(|version| of_version(*version) == name) {
            found.insert(version);
        }
    }
    Ok(found)
}
