//! Identifiers as commands take them: from flags, a file or standard input; normalised here, never echoed.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use chrono::NaiveDate;
use clap::Args;
use zeroize::Zeroizing;

use crate::domain::token::IdentifierType;
use crate::identity::normalise::{CallingCode, Country, Identifier, NormalisedIdentifier, Rules};

/// Most bytes of a file of identifiers.
const FILE_BYTES_MAX: u64 = 64 << 20;

/// Who is meant. Flags are seen by other users of this machine in its process list: prefer a file.
#[derive(Clone, Args)]
#[command(next_help_heading = "Identifiers")]
pub struct Identifiers {
    /// Mobile number: +8613800138000, 13800138000, 0086 138 0013 8000, …
    #[arg(long, value_name = "NUMBER")]
    mobile: Option<String>,
    /// Chinese resident identity number, 15 or 18 characters.
    #[arg(long, value_name = "NUMBER")]
    national_id: Option<String>,
    /// Passport or permit with its issuer: CN:E12345678.
    #[arg(long, value_name = "COUNTRY:NUMBER")]
    passport: Option<String>,
    /// Unified social credit code of an enterprise.
    #[arg(long, value_name = "CODE")]
    enterprise_code: Option<String>,
    /// File of identifiers, one a line, `-` for standard input: MOBILE:138…, NATIONAL_ID:CN:1101…, PASSPORT:CN:E12….
    #[arg(long = "identifiers", value_name = "FILE")]
    file: Option<PathBuf>,
}

crate::redacted_debug!(Identifiers);

impl Identifiers {
    /// All identifiers that were given, normalised. Warnings go to standard error.
    pub fn read(&self, today: NaiveDate) -> anyhow::Result<Vec<NormalisedIdentifier>> {
        let mut given = Vec::new();
        if let Some(text) = &self.mobile {
            given.push(Identifier::mobile(text.clone()));
        }
        if let Some(text) = &self.national_id {
            given.push(Identifier::national_id(Country::CHINA, text.clone()));
        }
        if let Some(text) = &self.passport {
            given.push(parse_line("PASSPORT", text).context("--passport takes COUNTRY:NUMBER")?);
        }
        if let Some(text) = &self.enterprise_code {
            given.push(Identifier::enterprise_code(Country::CHINA, text.clone()));
        }
        if let Some(path) = &self.file {
            given.extend(read_file(path)?);
        }
        anyhow::ensure!(
            !given.is_empty(),
            "name the subject: --mobile, --national-id, --passport, --enterprise-code or --identifiers FILE"
        );
        let rules = Rules {
            default_calling_code: CallingCode::parse("86"),
            ..Rules::on(today)
        };
        given
            .iter()
            .enumerate()
            .map(|(index, identifier)| normalise(index, identifier, &rules))
            .collect()
    }
}

fn normalise(index: usize, identifier: &Identifier, rules: &Rules) -> anyhow::Result<NormalisedIdentifier> {
    let number = index + 1;
    let kind = identifier.identifier_type().as_str();
    let normalised = identifier
        .normalise(rules)
        .map_err(|error| anyhow::anyhow!("identifier {number} ({kind}): {error}"))?;
    if let Some(warning) = normalised.warning {
        eprintln!(
            "warning: identifier {number} ({kind}): {}: {}",
            warning.code(),
            warning.advice()
        );
    }
    Ok(normalised.identifier)
}

fn read_file(path: &Path) -> anyhow::Result<Vec<Identifier>> {
    let mut text = Zeroizing::new(String::new());
    if path == Path::new("-") {
        std::io::stdin()
            .take(FILE_BYTES_MAX)
            .read_to_string(&mut text)
            .context("cannot read standard input")?;
    } else {
        let file = std::fs::File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
        file.take(FILE_BYTES_MAX)
            .read_to_string(&mut text)
            .with_context(|| format!("cannot read {}", path.display()))?;
    }
    let lines = text
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(index, line)| {
            let (kind, rest) = line.trim().split_once(':').unwrap_or((line, ""));
            parse_line(kind, rest).with_context(|| {
                format!(
                    "line {}: expected MOBILE:NUMBER or NATIONAL_ID:CN:NUMBER and the like",
                    index + 1
                )
            })
        })
        .collect()
}

/// `rest` is NUMBER of a mobile, COUNTRY:NUMBER of the others. The error never holds what was given.
fn parse_line(kind: &str, rest: &str) -> anyhow::Result<Identifier> {
    let identifier_type = IdentifierType::ALL
        .into_iter()
        .find(|candidate| candidate.as_str().eq_ignore_ascii_case(kind.trim()))
        .context("unknown type: one of NATIONAL_ID, PASSPORT, ENTERPRISE_CODE, MOBILE")?;
    if identifier_type == IdentifierType::Mobile {
        return Ok(Identifier::mobile(rest.to_owned()));
    }
    let (country, number) = rest.split_once(':').context("the country is missing")?;
    let country = Country::parse(country.trim()).context("the country is not two capitals (ISO 3166)")?;
    Ok(Identifier::new(
        identifier_type,
        Some(country),
        number.to_owned(),
    )?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_never_repeats_what_was_given() {
        for (kind, rest) in [
            ("PASSPORT", "E12345678"),
            ("PASSPORT", "x1:E12345678"),
            ("NAME", "E12345678"),
        ] {
            let error = parse_line(kind, rest).err().map(|error| format!("{error:#}"));
            assert!(
                error.as_ref().is_some_and(|text| !text.contains("E12345678")),
                "{error:?}"
            );
        }
    }

    #[test]
    fn lines_name_their_type_and_country() {
        for (kind, rest) in [
            ("MOBILE", "13800138000"),
            ("passport", "CN:E12345678"),
            ("NATIONAL_ID", "CN:1"),
        ] {
            assert!(parse_line(kind, rest).is_ok(), "{kind}");
        }
    }
}
