//! Rule packs as files: TOML texts read into packs of the domain, with the cases that they carry, and the set in force.
//!
//! Packs that the program ships are embedded; an operator's folder adds its own or takes their place, and is read anew
//! while the service runs. Decides nothing about an application: that is `domain::rules`. Invariant: a pack that exists
//! was read without a single error, and a set is only ever replaced by one without errors.

mod case;
mod error;
mod library;
mod names;
mod pack;
mod packs;
mod rule;
mod section;
mod shipped;
#[cfg(test)]
mod tests;

pub use self::case::{Case, Difference};
pub use self::error::{PackError, PackErrors, Place};
pub use self::library::{Changed, FILES_MAX, Library, read_file, read_folder};
pub use self::pack::{FILE_BYTES_MAX, PackFile, read};
pub use self::packs::{PackVersion, Packs};
pub use self::rule::KINDS;
pub use self::shipped::shipped;
