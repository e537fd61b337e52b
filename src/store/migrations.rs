//! The steps of the schema, in pairs: one text for each engine under the same number and name.
//!
//! Never edited once released; what was applied is compared by hash. A server serves on exactly the schema it was built
//! for: an older one is brought up by `tallystick database migrate`, a newer one needs the newer program.

use super::StoreError;
use crate::audit::content_sha256;

/// A step of the schema.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// Its name: number and subject.
    pub name: &'static str,
    /// SQL of the engine.
    pub text: &'static str,
}

impl Migration {
    /// SHA-256 of the text.
    pub fn sha256(&self) -> [u8; 32] {
        content_sha256(self.text.as_bytes())
    }
}

macro_rules! migrations {
    ($($name:literal),+ $(,)?) => {
        /// For the embedded engine, in order.
        pub const SQLITE: &[Migration] = &[$(Migration {
            name: $name,
            text: include_str!(concat!("../../migrations/sqlite/", $name, ".sql")),
        }),+];
        /// For PostgreSQL, in order.
        pub const POSTGRES: &[Migration] = &[$(Migration {
            name: $name,
            text: include_str!(concat!("../../migrations/postgres/", $name, ".sql")),
        }),+];
    };
}

migrations!(
    "0001_foundation",
    "0002_key_check",
    "0003_batch",
    "0004_reservation",
    "0005_statistics"
);

/// Version of the schema that this program needs: the number of the last step.
pub fn expected() -> i64 {
    i64::try_from(SQLITE.len()).unwrap_or(i64::MAX)
}

/// A step that was applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// Counts from 1.
    pub version: i64,
    /// Its name.
    pub name: String,
    /// SHA-256 of the text that was applied.
    pub sha256: [u8; 32],
    /// When, microseconds since 1970.
    pub applied_at: i64,
}

/// What of the schema a database has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Status {
    /// Steps that were applied, in order.
    pub applied: Vec<Applied>,
}

impl Status {
    /// Version of the schema; 0 of an empty database.
    pub fn version(&self) -> i64 {
        self.applied.last().map_or(0, |applied| applied.version)
    }

    /// Steps that are missing.
    pub fn pending<'m>(&self, migrations: &'m [Migration]) -> &'m [Migration] {
        let applied = usize::try_from(self.version()).unwrap_or(usize::MAX);
        migrations.get(applied..).unwrap_or_default()
    }

    /// Whether this program can serve on it.
    ///
    /// # Errors
    /// [`StoreError::SchemaVersion`] when it is older or newer, [`StoreError::Corrupt`] when a step was not applied as this
    /// program knows it.
    pub fn serves(&self, migrations: &[Migration]) -> Result<(), StoreError> {
        self.unaltered(migrations)?;
        if self.version() == expected() {
            return Ok(());
        }
        Err(StoreError::SchemaVersion {
            found: self.version(),
            expected: expected(),
        })
    }

    /// Whether what was applied is what this program would apply.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] names the step that differs.
    pub fn unaltered(&self, migrations: &[Migration]) -> Result<(), StoreError> {
        for (applied, known) in self.applied.iter().zip(migrations) {
            if applied.sha256 != known.sha256() || applied.name != known.name {
                return Err(StoreError::Corrupt {
                    table: "schema_migration",
                    key: applied.version.to_string(),
                });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn applied(steps: &[Migration]) -> Status {
        let applied = (1_i64..).zip(steps).map(|(version, step)| Applied {
            version,
            name: step.name.to_owned(),
            sha256: step.sha256(),
            applied_at: 7,
        });
        Status {
            applied: applied.collect(),
        }
    }

    #[test]
    fn a_program_serves_on_its_own_schema_and_no_other() {
        let whole = applied(SQLITE);
        assert!(whole.serves(SQLITE).is_ok());
        assert!(whole.pending(SQLITE).is_empty());
        let older = applied(&SQLITE[..1]);
        assert!(matches!(
            older.serves(SQLITE),
            Err(StoreError::SchemaVersion { found: 1, .. })
        ));
        assert_eq!(older.pending(SQLITE).len(), SQLITE.len() - 1);
        let mut newer = whole.clone();
        newer.applied.push(Applied {
            version: expected() + 1,
            ..whole.applied[0].clone()
        });
        assert!(matches!(
            newer.serves(SQLITE),
            Err(StoreError::SchemaVersion { .. })
        ));
        assert_eq!(Status::default().pending(SQLITE).len(), SQLITE.len());
    }

    #[test]
    fn an_altered_step_is_found() {
        let mut altered = applied(SQLITE);
        altered.applied[0].sha256[0] ^= 1;
        assert!(matches!(altered.serves(SQLITE), Err(StoreError::Corrupt { key, .. }) if key == "1"));
        assert!(
            applied(POSTGRES).serves(SQLITE).is_err(),
            "the other engine's texts"
        );
    }
}
