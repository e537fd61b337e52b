//! Who is liable: identifiers and tokens of a row.
//!
//! Liabilities are numbered in the file and counted in the contract: a gap in the numbers is closed up, so paths name the
//! place that the liability has in the message.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::NaiveDate;

use super::draft::Draft;
use super::{Row, scalar};
use crate::domain::position::{Liability, LiabilityRole};
use crate::domain::token::{IdentifierType, Presented};
use crate::domain::violation::{Code, Violation};
use crate::identity::named::Named;
use crate::identity::normalise::{Country, Identifier, NormaliseError, Rules};
use crate::identity::token::{SubjectToken, TokenError};
use crate::import::table::columns::{Column, LIABILITIES_MAX, Part};

/// Every liability that the row names.
pub(super) fn read_all(row: &Row<'_>, rules: &Rules, draft: &mut Draft) -> Vec<Liability<Named>> {
    let mut liabilities = Vec::new();
    for number in 0..LIABILITIES_MAX {
        let reader = Reader {
            row,
            rules,
            number,
            path: format!("position.liabilities[{}]", liabilities.len()),
        };
        if reader.is_there() {
            liabilities.push(reader.read(draft));
        }
    }
    if liabilities.is_empty() {
        draft.absent("position.liabilities");
        draft.hides("liabilities");
    }
    liabilities
}

/// Reads one liability.
struct Reader<'r> {
    row: &'r Row<'r>,
    rules: &'r Rules,
    /// From 0, as the file counts.
    number: usize,
    path: String,
}

impl Reader<'_> {
    fn cell(&self, part: Part) -> Option<&str> {
        self.row.get(Column::Liability(self.number, part))
    }

    /// Whether the row says anything but what may be filled in for everybody: countries, days and key versions.
    fn is_there(&self) -> bool {
        self.cell(Part::Role).is_some() || IdentifierType::ALL.iter().any(|kind| self.names(*kind))
    }

    fn names(&self, kind: IdentifierType) -> bool {
        self.cell(Part::Identifier(kind)).is_some() || self.cell(Part::Token(kind)).is_some()
    }

    fn read(&self, draft: &mut Draft) -> Liability<Named> {
        let role = self.role(draft);
        let kinds: Vec<IdentifierType> = IdentifierType::ALL
            .into_iter()
            .filter(|kind| self.names(*kind))
            .collect();
        if kinds.is_empty() {
            draft.refuse(
                Code::FieldRequired,
                format!("{}.tokens", self.path),
                "nobody is named; give an identifier such as the national identity number or the mobile number",
            );
            // Not `unreadable`: the rules about roles can still speak.
        }
        let mut days = Days::new();
        let mut tokens = Vec::with_capacity(kinds.len());
        for (index, kind) in kinds.into_iter().enumerate() {
            let path = format!("{}.tokens[{index}]", self.path);
            let verified_on = self.verified_on(kind, &path, &mut days, draft);
            if let Some(token) = self.token(kind, &path, draft) {
                tokens.push(Presented { token, verified_on });
            }
        }
        Liability { role, tokens }
    }

    fn role(&self, draft: &mut Draft) -> LiabilityRole {
        let cell = self.cell(Part::Role);
        if self.number == 0 && cell.is_none() {
            return LiabilityRole::Primary;
        }
        let read = draft.code(cell, || format!("{}.role", self.path));
        draft.or("liabilities", read, LiabilityRole::Primary)
    }

    fn token(&self, kind: IdentifierType, path: &str, draft: &mut Draft) -> Option<Named> {
        match (self.cell(Part::Identifier(kind)), self.cell(Part::Token(kind))) {
            (Some(_), Some(_)) => {
                let text = "the identifier and a token of it are both given; leave one of them out";
                draft.refuse(Code::TokenTypeRepeated, format!("{path}.type"), text);
                None
            }
            (Some(identifier), None) => self.identifier(kind, identifier, path, draft),
            (None, Some(token)) => self.kept_token(kind, token, path, draft),
            (None, None) => None,
        }
    }

    fn identifier(&self, kind: IdentifierType, cell: &str, path: &str, draft: &mut Draft) -> Option<Named> {
        let read = match self.country(kind) {
            Ok(country) => Identifier::new(kind, country, cell.to_owned())
                .and_then(|identifier| identifier.normalise(self.rules))
                .map_err(|error| refusal(error, path)),
            Err(()) => Err(Violation::new(
                Code::Format,
                format!("{path}.value"),
                "the issuing country is not two letters of ISO 3166-1, such as CN",
            )),
        };
        match read {
            Ok(normalised) => Some(Named::Identifier(normalised.identifier)),
            Err(violation) => {
                draft.judged(vec![violation]);
                None
            }
        }
    }

    /// Who issued the identifier; China, when the file does not say, but for passports, where it would be a guess.
    fn country(&self, kind: IdentifierType) -> Result<Option<Country>, ()> {
        match (self.cell(Part::Country(kind)), kind) {
            (Some(cell), _) => Country::parse(cell).map(Some).ok_or(()),
            (None, IdentifierType::NationalId | IdentifierType::EnterpriseCode) => Ok(Some(Country::CHINA)),
            (None, IdentifierType::Passport | IdentifierType::Mobile) => Ok(None),
        }
    }

    fn kept_token(&self, kind: IdentifierType, cell: &str, path: &str, draft: &mut Draft) -> Option<Named> {
        let version = self
            .cell(Part::TokenKeyVersion)
            .and_then(scalar::number::<u16>)
            .filter(|version| *version > 0);
        if version.is_none() {
            let text = "token_key_version is missing or none that was ever in use; write the version under which the \
                        token was made";
            draft.refuse(Code::KeyVersionUnknown, format!("{path}.key_version"), text);
        }
        // With a version made up the bytes can be judged all the same.
        let bytes = STANDARD.decode(cell).map_err(|_| "it is not base64".to_owned());
        let parsed = bytes.and_then(|bytes| {
            SubjectToken::parse(kind, u32::from(version.unwrap_or(1)), &bytes)
                .map_err(|error: TokenError| error.to_string())
        });
        match parsed {
            Ok(token) => version.map(|_| Named::Token(token)),
            Err(why) => {
                let text = format!("{why}; write the 32 bytes of the token as base64");
                draft.refuse(Code::TokenInvalid, format!("{path}.value"), text);
                None
            }
        }
    }

    /// The day of the last proof; a day that is wrong is told once, however many tokens it is of.
    fn verified_on(
        &self,
        kind: IdentifierType,
        path: &str,
        days: &mut Days,
        draft: &mut Draft,
    ) -> Option<NaiveDate> {
        let part = if kind.is_strong() {
            Part::VerifiedOn
        } else {
            Part::MobileVerifiedOn
        };
        let path = || format!("{path}.verified_on");
        *days.entry(part).or_insert_with(|| {
            let date = self.cell(part).and_then(|cell| draft.date(cell, path));
            if let Some(date) = date.filter(|date| *date > self.rules.today) {
                draft.later(Violation::new(
                    Code::DateInFuture,
                    path(),
                    format!(
                        "verified_on is {date} but today is {}; say when proof was last seen",
                        self.rules.today
                    ),
                ));
            }
            date
        })
    }
}

/// Days that were read already, by their columns.
type Days = BTreeMap<Part, Option<NaiveDate>>;

/// Why an identifier cannot be used, in the error's own words.
fn refusal(error: NormaliseError, path: &str) -> Violation {
    Violation::new(
        Code::Format,
        format!("{path}.value"),
        format!("{}: {error}", error.code()),
    )
}
