//! Who is liable: the borrower and the related repayers of a row, both ways.
//!
//! A person has one document and a mobile number: resident identity card (10), passport (20); an enterprise its unified
//! code (USCC). Other documents of the bank's list are not read.

use super::codes;
use super::columns::{Part, REPAYERS_MAX};
use crate::domain::position::{Liability, LiabilityRole};
use crate::domain::token::{IdentifierType, Presented};
use crate::identity::named::Named;
use crate::identity::normalise::{Country, Identifier, NormalisedIdentifier, Rules};
use crate::import::reading::{Problems, Wrong};

const RESIDENT_CARD: &str = "10";
const PASSPORT: &str = "20";
const ENTERPRISE: &str = "USCC";

/// Everyone liable, the borrower first. `cell` gives a cell of a slot, blanks taken off.
pub(super) fn read<'a>(
    cell: impl Fn(usize, Part) -> &'a str,
    rules: &Rules,
    problems: &mut Problems,
) -> Vec<Liability<Named>> {
    let mut liabilities = Vec::new();
    for slot in 0..=REPAYERS_MAX {
        let is_empty = Part::ALL.iter().all(|part| cell(slot, *part).is_empty());
        if slot > 0 && is_empty {
            continue;
        }
        let index = liabilities.len();
        let role = if slot == 0 {
            Ok(LiabilityRole::Primary)
        } else {
            codes::read_repayer(cell(slot, Part::Type))
        };
        let role = role.unwrap_or_else(|wrong| {
            problems.hide("liabilities");
            problems.tell(format!("position.liabilities[{index}].role"), wrong);
            LiabilityRole::Joint
        });
        let mut tokens = Vec::new();
        let mut wrong = false;
        let mobile = cell(slot, Part::Mobile);
        let mobile = (!mobile.is_empty()).then(|| Identifier::mobile(mobile.to_owned()));
        for identifier in [document(|part| cell(slot, part)), Ok(mobile)] {
            let normalised = identifier.and_then(|identifier| {
                identifier
                    .map(|identifier| identifier.normalise(rules).map_err(Wrong::from))
                    .transpose()
            });
            match normalised {
                Ok(Some(normalised)) => tokens.push(Presented {
                    token: Named::Identifier(normalised.identifier),
                    verified_on: None,
                }),
                Ok(None) => {}
                Err(problem) => {
                    wrong = true;
                    problems.tell(format!("position.liabilities[{index}].tokens"), problem);
                }
            }
        }
        if tokens.is_empty() && !wrong {
            problems.tell(
                format!("position.liabilities[{index}].tokens"),
                Wrong::missing("neither a document nor a mobile number is given; give one of them"),
            );
        }
        liabilities.push(Liability { role, tokens });
    }
    liabilities
}

fn document<'a>(cell: impl Fn(Part) -> &'a str) -> Result<Option<Identifier>, Wrong> {
    let (kind, number) = (cell(Part::IdType), cell(Part::IdNumber));
    let country = cell(Part::IdCountry);
    match (kind.is_empty(), number.is_empty()) {
        (true, true) => return Ok(None),
        (false, true) => {
            return Err(Wrong::missing(
                "id_type is given but id_number is empty; give both or none",
            ));
        }
        (true, false) => {
            return Err(Wrong::missing(
                "id_number is given but id_type is empty; write 10, 20 or USCC",
            ));
        }
        (false, false) => {}
    }
    let country = if country.is_empty() {
        Country::CHINA
    } else {
        Country::parse(country).ok_or(Wrong::format("id_country is not two letters; write such as CN"))?
    };
    let domestic = country == Country::CHINA;
    let number = number.to_owned();
    match kind {
        RESIDENT_CARD if domestic => Ok(Some(Identifier::national_id(country, number))),
        ENTERPRISE if domestic => Ok(Some(Identifier::enterprise_code(country, number))),
        PASSPORT => Ok(Some(Identifier::passport(country, number))),
        RESIDENT_CARD | ENTERPRISE => Err(Wrong::format(
            "id_type 10 and USCC are issued in China; leave id_country empty, or write 20 for a passport",
        )),
        _ => Err(Wrong::unknown(
            "id_type is none of 10 (resident identity card), 20 (passport) and USCC (unified code of an enterprise)",
        )),
    }
}

/// The document that the table carries of a liability: identity card, unified code, passport, the first that is there.
pub(super) fn carried_document(
    liability: &Liability<Named>,
) -> Option<(&'static str, &NormalisedIdentifier)> {
    let domestic = |kind| {
        identifier_of(liability, kind).filter(|identifier| identifier.country() == Some(Country::CHINA))
    };
    domestic(IdentifierType::NationalId)
        .map(|identifier| (RESIDENT_CARD, identifier))
        .or_else(|| domestic(IdentifierType::EnterpriseCode).map(|identifier| (ENTERPRISE, identifier)))
        .or_else(|| {
            identifier_of(liability, IdentifierType::Passport).map(|identifier| (PASSPORT, identifier))
        })
}

/// The mobile number, if it is known in clear.
pub(super) fn carried_mobile(liability: &Liability<Named>) -> Option<&NormalisedIdentifier> {
    identifier_of(liability, IdentifierType::Mobile)
}

fn identifier_of(liability: &Liability<Named>, kind: IdentifierType) -> Option<&NormalisedIdentifier> {
    match &liability.token_of(kind)?.token {
        Named::Identifier(identifier) => Some(identifier),
        Named::Token(_) => None,
    }
}

/// The cell of a liability.
pub(super) fn cell(liability: &Liability<Named>, part: Part) -> String {
    let document = carried_document(liability);
    let text = match part {
        Part::Type => codes::written_repayer(liability.role),
        Part::IdType => document.map_or("", |(kind, _)| kind),
        Part::IdCountry => {
            return document
                .and_then(|(_, identifier)| identifier.country())
                .map_or_else(String::new, |country| country.as_str().to_owned());
        }
        Part::IdNumber => document.map_or("", |(_, identifier)| identifier.expose_value()),
        Part::Mobile => carried_mobile(liability).map_or("", NormalisedIdentifier::expose_value),
    };
    text.to_owned()
}
