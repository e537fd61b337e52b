//! Packs that the program ships: examples, each to be confirmed by counsel before anybody relies on it.

use super::error::PackErrors;
use super::pack::{PackFile, read};
use super::packs::Packs;

/// Declares the files of the folder `rule_packs`.
macro_rules! files {
    ($($name:literal),+ $(,)?) => {
        [$(($name, include_str!(concat!("../../rule_packs/", $name)))),+]
    };
}

/// Name and text of each.
pub(super) const FILES: [(&str, &str); 9] = files![
    "cn-consortium.toml",
    "cn-online.toml",
    "id-p2p.toml",
    "in-mfi.toml",
    "ru-self-ban.toml",
    "sg-moneylenders.toml",
    "us-fl.toml",
    "us-il.toml",
    "us-wa.toml",
];

/// The packs that the program ships.
pub fn shipped() -> Packs {
    let read = FILES.map(|(name, text)| {
        read(name, text)
            .map_err(PackErrors)
            .expect("a test reads every pack that is shipped")
    });
    let files: Vec<PackFile> = read.into();
    Packs::of(files).expect("a test puts all packs together that are shipped")
}
