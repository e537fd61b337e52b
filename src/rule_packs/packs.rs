//! A set of packs: several versions of a name, of which one is in force on a day.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use chrono::NaiveDate;

use super::error::{PackError, PackErrors};
use super::pack::PackFile;
use crate::domain::rules::RulePack;

/// A version of a pack.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PackVersion {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: u32,
}

impl fmt::Display for PackVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.name, self.version)
    }
}

impl PackFile {
    /// Its name and version.
    pub fn version(&self) -> PackVersion {
        PackVersion {
            name: self.pack.name.clone(),
            version: self.pack.version,
        }
    }
}

/// Packs by name and version.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Packs(BTreeMap<PackVersion, PackFile>);

impl Packs {
    /// Puts files together.
    ///
    /// # Errors
    /// Two of them hold the same version of the same pack.
    pub fn of(files: Vec<PackFile>) -> Result<Self, PackErrors> {
        let mut packs = BTreeMap::new();
        let mut errors = Vec::new();
        for file in files {
            let version = file.version();
            match packs.get(&version) {
                None => {
                    packs.insert(version, file);
                }
                Some(PackFile { file: first, .. }) => {
                    let problem = format!(
                        "it holds {version}, as {first} does: remove one of them, or raise its version"
                    );
                    errors.push(PackError::of_file(&file.file, problem));
                }
            }
        }
        if errors.is_empty() {
            Ok(Self(packs))
        } else {
            Err(PackErrors(errors))
        }
    }

    /// These packs, and those of `others` whose name none of these has.
    #[must_use]
    pub fn over(mut self, others: &Self) -> Self {
        let own: BTreeSet<String> = self.names().map(str::to_owned).collect();
        let more = others
            .0
            .iter()
            .filter(|(version, _)| !own.contains(&version.name));
        self.0
            .extend(more.map(|(version, file)| (version.clone(), file.clone())));
        self
    }

    /// The pack of a name that is in force on a day: the highest of the versions whose days hold it.
    pub fn get(&self, name: &str, today: NaiveDate) -> Option<Arc<RulePack>> {
        let mut highest_first = self.versions_of(name).rev();
        let in_force = highest_first.find(|file| file.pack.effective.holds(today))?;
        Some(Arc::clone(&in_force.pack))
    }

    /// One version, whether it is in force or not.
    pub fn find(&self, version: &PackVersion) -> Option<&PackFile> {
        self.0.get(version)
    }

    /// All versions of a name, lowest first.
    pub fn versions_of(&self, name: &str) -> impl DoubleEndedIterator<Item = &PackFile> {
        let range = |version| PackVersion {
            name: name.to_owned(),
            version,
        };
        self.0.range(range(0)..=range(u32::MAX)).map(|(_, file)| file)
    }

    /// Every pack, by name and version.
    pub fn iter(&self) -> impl Iterator<Item = &PackFile> {
        self.0.values()
    }

    /// Every name, once.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let mut last = None;
        self.0.keys().filter_map(move |version| {
            let name = Some(version.name.as_str());
            (last != name).then(|| {
                last = name;
                version.name.as_str()
            })
        })
    }
}
