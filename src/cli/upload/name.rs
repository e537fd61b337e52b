//! The name of a batch that was given none: the same for the same command, another for anything that makes another batch.

use chrono::NaiveDate;
use sha2::{Digest as _, Sha256 as Hasher};

use crate::domain::batch::{BatchId, BatchType};
use crate::domain::names::Sha256;
use crate::domain::validation::text::check_reference;

/// What a batch is, beside its content.
#[derive(Debug, Clone, Copy)]
pub(super) struct Given<'a> {
    pub(super) as_of: NaiveDate,
    pub(super) batch_type: BatchType,
    pub(super) dry_run: bool,
    pub(super) resends: Option<&'a BatchId>,
    /// How the file is read decides which of its records are sent.
    pub(super) calling_code: Option<&'a str>,
    /// What is said of a foreign format; empty for tables.
    pub(super) foreign: &'a str,
}

/// `2026-06-14-full-0123456789ab`, and what is unusual about it behind.
pub(super) fn of(content: &Sha256, given: &Given<'_>) -> String {
    let kind = match given.batch_type {
        BatchType::Full => "full",
        BatchType::Incremental => "incremental",
    };
    let digits = hex(&content.0, 6);
    let mut unusual = Hasher::new();
    let mut is_unusual = false;
    let mut tell = |what: &str| {
        is_unusual = true;
        unusual.update(what);
        unusual.update([0]);
    };
    if let Some(resends) = given.resends {
        tell(resends.as_str());
    }
    if let Some(code) = given.calling_code {
        tell(code);
    }
    if !given.foreign.is_empty() {
        tell(given.foreign);
    }
    let mut name = format!("{}-{kind}-{digits}", given.as_of);
    if is_unusual {
        name.push_str(&format!("-{}", hex(&unusual.finalize(), 2)));
    }
    if given.dry_run {
        name.push_str("-dry");
    }
    if check_reference(&name, "batch_id", 1..=BatchId::CHARS_MAX, given.as_of).is_empty() {
        return name;
    }
    // By chance it looks like a telephone or identity number, which no reference may.
    let letters = digits
        .chars()
        .map(|digit| char::from_digit(digit.to_digit(16).unwrap_or(0) + 16, 36));
    name.replace(&digits, &letters.flatten().collect::<String>())
}

fn hex(bytes: &[u8], count: usize) -> String {
    let digits = bytes.iter().take(count).flat_map(|byte| [byte >> 4, byte & 15]);
    digits
        .filter_map(|digit| char::from_digit(digit.into(), 16))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn given() -> Given<'static> {
        Given {
            as_of: "2026-06-14".parse().expect("a date"),
            batch_type: BatchType::Full,
            dry_run: false,
            resends: None,
            calling_code: None,
            foreign: "",
        }
    }

    #[test]
    fn the_usual_name_tells_date_type_and_content() {
        let content = Sha256([0xab; 32]);
        assert_eq!(of(&content, &given()), "2026-06-14-full-abababababab");
    }

    #[test]
    fn whatever_makes_another_batch_has_another_name() {
        let content = Sha256([0xab; 32]);
        let resent = BatchId::parse("night-1").expect("a name");
        let usual = given();
        let all = [
            of(&content, &usual),
            of(&Sha256([0xac; 32]), &usual),
            of(
                &content,
                &Given {
                    batch_type: BatchType::Incremental,
                    ..usual
                },
            ),
            of(
                &content,
                &Given {
                    foreign: "grace 3",
                    ..usual
                },
            ),
            of(
                &content,
                &Given {
                    dry_run: true,
                    ..usual
                },
            ),
            of(
                &content,
                &Given {
                    calling_code: Some("852"),
                    ..usual
                },
            ),
            of(
                &content,
                &Given {
                    resends: Some(&resent),
                    ..usual
                },
            ),
            of(
                &content,
                &Given {
                    as_of: "2026-06-15".parse().expect("a date"),
                    ..usual
                },
            ),
        ];
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len());
        assert!(all.iter().all(|name| BatchId::parse(name).is_some()));
    }

    #[test]
    fn a_name_that_looks_like_a_telephone_number_is_spelt_with_letters() {
        let mut content = [0; 32];
        for (byte, digits) in content.iter_mut().zip([0x01, 0x38, 0x00, 0x13, 0x80, 0x00]) {
            *byte = digits;
        }
        let name = of(&Sha256(content), &given());
        let found = check_reference(&name, "batch_id", 1..=64, given().as_of);
        assert!(found.is_empty(), "{name}");
    }
}
