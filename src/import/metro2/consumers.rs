//! Who is liable: the consumer of the base segment and those of J1 and J2, both ways.
//!
//! The ECOA code (CDIA Metro 2, field 37) tells the role. Authorised users, consumers whose part ended, who died or are to
//! be deleted are not liable and left out. Of a consumer only the social security number and the telephone number are
//! read; the name, the address and the date of birth are never touched.

use chrono::NaiveDate;

use super::Metro2Conventions;
use super::layout::{Kind, Person, Segments};
use crate::domain::position::{Liability, LiabilityRole};
use crate::domain::token::{IdentifierType, Presented};
use crate::domain::violation::Code;
use crate::identity::named::Named;
use crate::identity::normalise::{Country, Identifier, NormalisedIdentifier, Rules};
use crate::import::reading::{Problems, Wrong};

/// What an ECOA code makes of a consumer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Liable(LiabilityRole),
    NotLiable,
    /// A code that cannot stand here.
    Misplaced,
}

/// The consumer of the base segment: the borrower, alone (1), with others (2), as maker (7), a business (W), dead (X).
fn base_part(ecoa: &[u8]) -> Part {
    match ecoa {
        b"1" | b"2" | b"7" | b"W" | b"X" => Part::Liable(LiabilityRole::Primary),
        _ => Part::Misplaced,
    }
}

/// A consumer of J1 or J2: joint (2, 7, W), co-maker or guarantor (5); authorised (3), ended (T), dead (X), deleted (Z).
fn associated_part(ecoa: &[u8]) -> Part {
    match ecoa {
        b"2" | b"7" | b"W" => Part::Liable(LiabilityRole::Joint),
        b"5" => Part::Liable(LiabilityRole::Guarantor),
        b"3" | b"T" | b"X" | b"Z" => Part::NotLiable,
        _ => Part::Misplaced,
    }
}

/// Everyone liable, the primary borrower first. `today` is for the normaliser.
pub(super) fn read(
    segments: &Segments,
    conventions: &Metro2Conventions,
    today: NaiveDate,
    problems: &mut Problems,
) -> Vec<Liability<Named>> {
    let associated = segments
        .rest
        .iter()
        .filter(|(kind, _)| matches!(kind, Kind::J1 | Kind::J2))
        .map(|(_, segment)| (*segment, Person::ASSOCIATED));
    let mut liabilities: Vec<Liability<Named>> = Vec::new();
    for (index, (segment, person)) in [(segments.base, Person::BASE)]
        .into_iter()
        .chain(associated)
        .enumerate()
    {
        let ecoa = person.ecoa.of(segment);
        let part = if index == 0 {
            base_part(ecoa)
        } else {
            associated_part(ecoa)
        };
        let role = match part {
            Part::Liable(role) => role,
            Part::NotLiable => continue,
            Part::Misplaced => {
                problems.hide("liabilities");
                problems.tell(
                    format!("position.liabilities[{}].role", liabilities.len()),
                    misplaced(index),
                );
                continue;
            }
        };
        let path = format!("position.liabilities[{}].tokens", liabilities.len());
        let tokens = tokens(segment, person, conventions, today, &path, problems);
        liabilities.push(Liability { role, tokens });
    }
    if liabilities.len() > crate::domain::position::Position::<Named>::LIABILITIES_MAX {
        problems.refuse(
            "liabilities",
            Wrong::format("are more than 8; report the borrowers and the guarantors first, at most 8 in all"),
        );
    }
    liabilities
}

fn misplaced(index: usize) -> Wrong {
    if index == 0 {
        Wrong {
            code: Code::LiabilityRoles,
            text: "the ECOA code of the base segment makes nobody the borrower; put the borrower there, with 1, 2, 7, W or X"
                .into(),
        }
    } else {
        Wrong::unknown("the ECOA code of a J1 or J2 segment is none of 2, 3, 5, 7, T, W, X and Z")
    }
}

fn tokens(
    segment: &[u8],
    person: Person,
    conventions: &Metro2Conventions,
    today: NaiveDate,
    path: &str,
    problems: &mut Problems,
) -> Vec<Presented<Named>> {
    let number = social_security_number(person.social_security_number.of(segment));
    let telephone = telephone(person.telephone.of(segment), conventions);
    let mut tokens = Vec::new();
    let mut wrong = false;
    for read in [number, telephone] {
        let named = read.and_then(|identifier| {
            identifier
                .map(|identifier| identifier.normalise(&Rules::on(today)).map_err(Wrong::from))
                .transpose()
        });
        match named {
            Ok(Some(normalised)) => tokens.push(Presented {
                token: Named::Identifier(normalised.identifier),
                verified_on: None,
            }),
            Ok(None) => {}
            Err(problem) => {
                wrong = true;
                problems.tell(path.to_owned(), problem);
            }
        }
    }
    if tokens.is_empty() && !wrong {
        problems.tell(
            path.to_owned(),
            Wrong::missing("a consumer has neither social security nor telephone number; report one of them"),
        );
    }
    tokens
}

fn is_filled_with(bytes: &[u8], filling: u8) -> bool {
    bytes.iter().all(|byte| *byte == filling)
}

/// A field of digits; `None` when it is filled with zeros, nines or blanks.
fn digits<'a>(bytes: &'a [u8], wrong: &Wrong) -> Result<Option<&'a str>, Wrong> {
    if [b'0', b'9', b' ']
        .iter()
        .any(|filling| is_filled_with(bytes, *filling))
    {
        return Ok(None);
    }
    std::str::from_utf8(bytes)
        .ok()
        .filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))
        .map(Some)
        .ok_or_else(|| wrong.clone())
}

/// A number that the Social Security Administration can have issued (domain.md 3.1): no area 000, 666 or 900 and up, no
/// group 00, no serial 0000.
fn social_security_number(bytes: &[u8]) -> Result<Option<Identifier>, Wrong> {
    const WRONG: Wrong = Wrong::format(
        "the social security number is none that is issued; write its nine digits, or zeros when there is none, and no \
         taxpayer number",
    );
    let Some(text) = digits(bytes, &WRONG)? else {
        return Ok(None);
    };
    let (area, rest) = text.split_at_checked(3).ok_or(WRONG)?;
    let (group, serial) = rest.split_at_checked(2).ok_or(WRONG)?;
    let issued =
        area != "000" && area != "666" && !area.starts_with('9') && group != "00" && serial != "0000";
    if !issued {
        return Err(WRONG);
    }
    Ok(Some(Identifier::national_id(united_states(), text.to_owned())))
}

fn telephone(bytes: &[u8], conventions: &Metro2Conventions) -> Result<Option<Identifier>, Wrong> {
    const WRONG: Wrong = Wrong::format(
        "the telephone number is not ten digits; write area code and number, or zeros when there is none",
    );
    let number = digits(bytes, &WRONG)?;
    Ok(number.map(|number| {
        let code = conventions.calling_code.as_str();
        Identifier::mobile(format!("+{code}{number}"))
    }))
}

fn united_states() -> Country {
    Country::parse("US").expect("two letters")
}

/// The nine digits that the format can carry of a liability, if any.
pub(super) fn carried_number(liability: &Liability<Named>) -> Option<&NormalisedIdentifier> {
    identifier_of(liability, IdentifierType::NationalId).filter(|identifier| {
        let value = identifier.expose_value();
        identifier.country() == Some(united_states())
            && value.len() == 9
            && matches!(social_security_number(value.as_bytes()), Ok(Some(_)))
    })
}

/// The mobile number if ten digits and the agreed country code make it.
pub(super) fn carried_mobile<'a>(
    liability: &'a Liability<Named>,
    conventions: &Metro2Conventions,
) -> Option<&'a NormalisedIdentifier> {
    identifier_of(liability, IdentifierType::Mobile)
        .filter(|identifier| ten_digits(identifier.expose_value(), conventions).is_some())
}

fn ten_digits<'a>(value: &'a str, conventions: &Metro2Conventions) -> Option<&'a str> {
    value
        .strip_prefix('+')
        .and_then(|digits| digits.strip_prefix(conventions.calling_code.as_str()))
        .filter(|digits| digits.len() == 10)
        .filter(|digits| {
            !["0", "9"]
                .iter()
                .any(|filling| digits.chars().all(|c| filling.contains(c)))
        })
}

fn identifier_of(liability: &Liability<Named>, kind: IdentifierType) -> Option<&NormalisedIdentifier> {
    match &liability.token_of(kind)?.token {
        Named::Identifier(identifier) => Some(identifier),
        Named::Token(_) => None,
    }
}

/// The role that comes back: the format has no owner of an enterprise, whose debt is his own all the same.
pub(super) const fn carried_role(role: LiabilityRole) -> LiabilityRole {
    match role {
        LiabilityRole::Primary => LiabilityRole::Primary,
        LiabilityRole::Joint | LiabilityRole::Owner => LiabilityRole::Joint,
        LiabilityRole::Guarantor => LiabilityRole::Guarantor,
    }
}

/// The ECOA code of the base segment: alone, with others, or with guarantors only.
pub(super) fn base_ecoa(liabilities: &[Liability<Named>], is_deceased: bool) -> &'static str {
    let has = |wanted| {
        liabilities
            .iter()
            .any(|liability| carried_role(liability.role) == wanted)
    };
    if is_deceased {
        super::standing::DECEASED
    } else if has(LiabilityRole::Joint) {
        "2"
    } else if has(LiabilityRole::Guarantor) {
        "7"
    } else {
        "1"
    }
}

/// The ECOA code of a J2 segment.
pub(super) const fn associated_ecoa(role: LiabilityRole) -> &'static str {
    match role {
        LiabilityRole::Guarantor => "5",
        LiabilityRole::Primary | LiabilityRole::Joint | LiabilityRole::Owner => "2",
    }
}

/// Writes what the format carries of a consumer; everything else of it stays blank or zero.
pub(super) fn write(
    liability: &Liability<Named>,
    ecoa: &str,
    person: Person,
    conventions: &Metro2Conventions,
    segment: &mut [u8],
) {
    let number = carried_number(liability).map_or("000000000", NormalisedIdentifier::expose_value);
    person.social_security_number.put(segment, number);
    person.date_of_birth.put(segment, "00000000");
    let telephone = carried_mobile(liability, conventions)
        .and_then(|identifier| ten_digits(identifier.expose_value(), conventions))
        .unwrap_or("0000000000");
    person.telephone.put(segment, telephone);
    person.ecoa.put(segment, ecoa);
}
