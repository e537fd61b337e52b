//! From an identifier as a person wrote it to the one form that is hashed.
//!
//! Two spellings of one identifier must give the same bytes at every member, in every language: the rules are exact, and
//! `tests/vectors/identity.json` holds the cases. Runs at the member; the service never sees an identifier and cannot
//! check one. The invariant: no error, warning or `Debug` here holds any part of the identifier, the right check digit
//! included.
//!
//! The characters that the rules call *white space* are U+0009–000D, U+0020, U+0085, U+1680, U+2028, U+2029 after NFKC
//! (which turns the other spaces into U+0020); *hyphens* are U+002D, U+2010–2015 and U+2212. Upper-case is Unicode's full
//! default mapping.

mod enterprise;
mod error;
mod mobile;
mod national_id;
mod passport;
mod text;

#[cfg(test)]
mod tests;

use chrono::NaiveDate;
use zeroize::Zeroizing;

pub use error::{NormaliseError, Warning};

use crate::domain::token::IdentifierType;

/// The version of these rules, as GetTokenKeys publishes it: clients of another version must not blind.
pub const RULES_VERSION: u32 = 1;

/// Most bytes of an identifier as given.
pub const IDENTIFIER_BYTES_MAX: usize = 128;

/// Separates the fields of a token input: U+001F, which no field can contain.
const SEPARATOR: u8 = 0x1f;
const INPUT_LABEL: &[u8] = b"tallystick/v1";

/// A country as ISO 3166-1 alpha-2, upper-case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Country([u8; 2]);

impl Country {
    /// China, whose rules are known here.
    pub const CHINA: Self = Self(*b"CN");

    /// Parses two ASCII letters of either case; `None` for anything else. Whether the code is assigned is not checked.
    pub fn parse(text: &str) -> Option<Self> {
        let letters: [u8; 2] = text.as_bytes().try_into().ok()?;
        let fits = letters.iter().all(u8::is_ascii_alphabetic);
        fits.then(|| Self(letters.map(|letter| letter.to_ascii_uppercase())))
    }

    /// The code as text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("only ASCII letters were parsed")
    }
}

/// The country code that a mobile number without one gets: 1 to 3 digits, not starting with 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallingCode(String);

impl CallingCode {
    /// Parses digits such as `86`, with or without `+`; `None` when they are no country code.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('+').unwrap_or(text);
        let fits = (1..=3).contains(&digits.len())
            && digits.bytes().all(|digit| digit.is_ascii_digit())
            && !digits.starts_with('0');
        fits.then(|| Self(digits.to_owned()))
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What to do with an enterprise code whose check character is wrong: some of the first codes issued are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum EnterpriseCheck {
    /// Take it, with a warning.
    #[default]
    Warn,
    /// Refuse it.
    Refuse,
}

/// What normalisation needs to know beside the identifier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// Today, in the member's business zone: nobody is born later.
    pub today: NaiveDate,
    /// For mobile numbers written without one; without it they are refused.
    pub default_calling_code: Option<CallingCode>,
    /// What to do with a wrong check character.
    pub enterprise_check: EnterpriseCheck,
}

impl Rules {
    /// The rules of a day: no default country code, wrong enterprise check characters taken with a warning.
    pub fn on(today: NaiveDate) -> Self {
        Self {
            today,
            default_calling_code: None,
            enterprise_check: EnterpriseCheck::default(),
        }
    }
}

/// An identifier as given: secret, zeroized, never printed.
#[derive(Clone)]
pub struct Identifier {
    kind: IdentifierType,
    country: Option<Country>,
    text: Zeroizing<String>,
}

crate::redacted_debug!(Identifier);

impl Identifier {
    /// A mobile number.
    pub fn mobile(text: String) -> Self {
        Self {
            kind: IdentifierType::Mobile,
            country: None,
            text: Zeroizing::new(text),
        }
    }

    /// A national identity number and the country that issued it.
    pub fn national_id(country: Country, text: String) -> Self {
        Self {
            kind: IdentifierType::NationalId,
            country: Some(country),
            text: Zeroizing::new(text),
        }
    }

    /// A passport or travel permit and its issuer.
    pub fn passport(issuer: Country, text: String) -> Self {
        Self {
            kind: IdentifierType::Passport,
            country: Some(issuer),
            text: Zeroizing::new(text),
        }
    }

    /// An enterprise's code and the country that issued it.
    pub fn enterprise_code(country: Country, text: String) -> Self {
        Self {
            kind: IdentifierType::EnterpriseCode,
            country: Some(country),
            text: Zeroizing::new(text),
        }
    }

    /// Any type; the country is ignored for a mobile number.
    ///
    /// # Errors
    /// [`NormaliseError::CountryMissing`] when another type comes without a country.
    pub fn new(
        identifier_type: IdentifierType,
        country: Option<Country>,
        text: String,
    ) -> Result<Self, NormaliseError> {
        let text = Zeroizing::new(text);
        let country = match identifier_type {
            IdentifierType::Mobile => None,
            IdentifierType::NationalId | IdentifierType::Passport | IdentifierType::EnterpriseCode => {
                Some(country.ok_or(NormaliseError::CountryMissing)?)
            }
        };
        Ok(Self {
            kind: identifier_type,
            country,
            text,
        })
    }

    /// The identifier's type.
    pub fn identifier_type(&self) -> IdentifierType {
        self.kind
    }

    /// Brings the identifier into the form that is hashed, and checks what can be checked of it.
    ///
    /// # Errors
    /// [`NormaliseError`], which says how to mend the identifier and nothing about it.
    pub fn normalise(&self, rules: &Rules) -> Result<Normalised, NormaliseError> {
        if self.text.len() > IDENTIFIER_BYTES_MAX {
            return Err(NormaliseError::TooLong);
        }
        if self.text.chars().all(text::is_white_space_or_fold) {
            return Err(NormaliseError::Empty);
        }
        let (value, warning) = match (self.kind, self.country) {
            (IdentifierType::Mobile, _) => (
                mobile::normalise(&self.text, rules.default_calling_code.as_ref())?,
                None,
            ),
            (_, None) => return Err(NormaliseError::CountryMissing),
            (IdentifierType::NationalId, Some(country)) => {
                (national_id::normalise(&self.text, country, rules.today)?, None)
            }
            (IdentifierType::Passport, Some(_)) => passport::normalise(&self.text)?,
            (IdentifierType::EnterpriseCode, Some(country)) => {
                enterprise::normalise(&self.text, country, rules.enterprise_check)?
            }
        };
        let identifier = NormalisedIdentifier {
            identifier_type: self.kind,
            country: self.country,
            value,
        };
        Ok(Normalised { identifier, warning })
    }
}

/// The outcome of normalisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Normalised {
    /// What to blind.
    pub identifier: NormalisedIdentifier,
    /// What a person should look at, if anything.
    pub warning: Option<Warning>,
}

/// An identifier in the one form that is hashed: secret, zeroized, never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct NormalisedIdentifier {
    identifier_type: IdentifierType,
    country: Option<Country>,
    value: Zeroizing<String>,
}

crate::redacted_debug!(NormalisedIdentifier);

impl NormalisedIdentifier {
    /// The identifier's type.
    pub fn identifier_type(&self) -> IdentifierType {
        self.identifier_type
    }

    /// The country that issued it; none for a mobile number.
    pub fn country(&self) -> Option<Country> {
        self.country
    }

    /// The normalised text, for showing to the member that gave it and for tests; never for a log.
    pub fn expose_value(&self) -> &str {
        &self.value
    }

    /// The bytes that are hashed to the group: `"tallystick/v1" ‖ 0x1F ‖ type ‖ 0x1F ‖ country ‖ 0x1F ‖ value`.
    pub fn oprf_input(&self) -> Zeroizing<Vec<u8>> {
        let country = self.country.as_ref().map_or("", Country::as_str);
        let kind = self.identifier_type.as_str();
        let length = INPUT_LABEL.len() + kind.len() + country.len() + self.value.len() + 3;
        let mut input = Zeroizing::new(Vec::with_capacity(length));
        input.extend_from_slice(INPUT_LABEL);
        for field in [kind, country, &self.value] {
            input.push(SEPARATOR);
            input.extend_from_slice(field.as_bytes());
        }
        input
    }
}
