//! What a file says of each liability.

use super::Kind;
use crate::domain::token::IdentifierType;

/// What is said of one liability.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// In what way it is liable.
    Role,
    /// An identifier as the member knows it.
    Identifier(IdentifierType),
    /// The country that issued it; of every type but a mobile number.
    Country(IdentifierType),
    /// Last proof that the subject controls the mobile number.
    MobileVerifiedOn,
    /// Last proof of the other identifiers.
    VerifiedOn,
    /// A token that the member kept instead of the identifier.
    Token(IdentifierType),
    /// The key version of the tokens.
    TokenKeyVersion,
}

impl Part {
    /// Every part, in the order of the columns: the identifiers first, then the tokens.
    pub const ALL: [Self; 15] = {
        use IdentifierType::{EnterpriseCode, Mobile, NationalId, Passport};
        [
            Self::Role,
            Self::Identifier(NationalId),
            Self::Country(NationalId),
            Self::Identifier(Passport),
            Self::Country(Passport),
            Self::Identifier(EnterpriseCode),
            Self::Country(EnterpriseCode),
            Self::Identifier(Mobile),
            Self::MobileVerifiedOn,
            Self::VerifiedOn,
            Self::Token(NationalId),
            Self::Token(Passport),
            Self::Token(EnterpriseCode),
            Self::Token(Mobile),
            Self::TokenKeyVersion,
        ]
    };

    /// The name behind `liability_N_`.
    pub const fn name(self) -> &'static str {
        use IdentifierType::{EnterpriseCode, Mobile, NationalId, Passport};
        match self {
            Self::Role => "role",
            Self::Identifier(NationalId) => "national_id",
            Self::Identifier(Passport) => "passport",
            Self::Identifier(EnterpriseCode) => "enterprise_code",
            Self::Identifier(Mobile) => "mobile",
            Self::Country(NationalId) => "national_id_country",
            Self::Country(Passport) => "passport_country",
            Self::Country(EnterpriseCode) => "enterprise_code_country",
            Self::Country(Mobile) => "mobile_country",
            Self::MobileVerifiedOn => "mobile_verified_on",
            Self::VerifiedOn => "verified_on",
            Self::Token(NationalId) => "national_id_token",
            Self::Token(Passport) => "passport_token",
            Self::Token(EnterpriseCode) => "enterprise_code_token",
            Self::Token(Mobile) => "mobile_token",
            Self::TokenKeyVersion => "token_key_version",
        }
    }

    /// Whether the template has it.
    pub const fn is_in_template(self) -> bool {
        match self {
            Self::Role
            | Self::Identifier(_)
            | Self::Country(_)
            | Self::MobileVerifiedOn
            | Self::VerifiedOn => true,
            Self::Token(_) | Self::TokenKeyVersion => false,
        }
    }

    /// What is written in it.
    pub const fn kind(self) -> Kind {
        match self {
            Self::Role => Kind::Code,
            Self::Identifier(_) | Self::Country(_) => Kind::Text,
            Self::MobileVerifiedOn | Self::VerifiedOn => Kind::Date,
            Self::Token(_) => Kind::Base64,
            Self::TokenKeyVersion => Kind::Number,
        }
    }

    /// A value, of the first liability. Invented.
    pub const fn example(self) -> &'static str {
        use IdentifierType::{EnterpriseCode, Mobile, NationalId, Passport};
        match self {
            Self::Role => "PRIMARY",
            Self::Identifier(NationalId) => "11010519491231002X",
            Self::Country(NationalId) => "CN",
            Self::Identifier(Mobile) => "+8619900000001",
            Self::MobileVerifiedOn | Self::VerifiedOn => "2026-01-10",
            Self::Identifier(Passport | EnterpriseCode)
            | Self::Country(Passport | EnterpriseCode | Mobile)
            | Self::Token(_)
            | Self::TokenKeyVersion => "",
        }
    }

    /// What it is.
    pub const fn about(self) -> &'static str {
        use IdentifierType::{EnterpriseCode, Mobile, NationalId, Passport};
        match self {
            Self::Role => "How this one is liable; empty for the first is PRIMARY",
            Self::Identifier(NationalId) => "National identity number",
            Self::Identifier(Passport) => "Passport or travel permit",
            Self::Identifier(EnterpriseCode) => "Unified social credit code of an enterprise",
            Self::Identifier(Mobile) => "Mobile number, best as + and the country code",
            Self::Country(NationalId) => "Who issued it, ISO 3166-1, two letters; empty is CN",
            Self::Country(Passport) => "Who issued it, two letters; required with a passport",
            Self::Country(EnterpriseCode | Mobile) => "Who issued it, two letters; empty is CN",
            Self::MobileVerifiedOn => "Day on which you last saw proof that the person controls the number",
            Self::VerifiedOn => "Day on which you last saw the other documents",
            Self::Token(NationalId) => {
                "Token of the national identity number, if you keep tokens instead: 32 bytes"
            }
            Self::Token(Passport) => "Token of the passport: 32 bytes",
            Self::Token(EnterpriseCode) => "Token of the enterprise code: 32 bytes",
            Self::Token(Mobile) => "Token of the mobile number: 32 bytes",
            Self::TokenKeyVersion => "The key version of the tokens; required with one",
        }
    }
}
