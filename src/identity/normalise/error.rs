//! Why an identifier was refused or looks odd. None of these holds a character of it.

/// Why an identifier was refused: a stable code, and a text that says how to mend it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NormaliseError {
    /// Nothing but white space.
    #[error("the identifier is empty: leave the field out, or give the identifier")]
    Empty,
    /// More than 128 bytes.
    #[error("the identifier is longer than 128 bytes: check that the right column was read")]
    TooLong,
    /// A type that needs a country came without.
    #[error("the issuing country is missing: give its two letters (ISO 3166-1), such as CN")]
    CountryMissing,
    /// Not a mobile number.
    #[error(
        "this is not a mobile number: write + and 7 to 15 digits; Chinese numbers are +86, a 1, a digit from 3 to 9 and \
         nine more digits; take letters, extensions and invisible characters out"
    )]
    MobileInvalid,
    /// A mobile number without country code, and no default.
    #[error("the mobile number has no country code: write + and the code, or set a default country code")]
    CallingCodeMissing,
    /// A character that the identifier cannot have.
    #[error(
        "a character is not allowed here: only the letters A to Z and digits that the document shows, no marks"
    )]
    Character,
    /// Too short or too long for its type.
    #[error(
        "the length is wrong: a Chinese identity number has 18 characters (15 before 1999), an enterprise code 18, a \
         passport 5 to 20, any other identity number or code 4 to 32"
    )]
    Length,
    /// The date of birth in the number does not exist, lies before 1900 or in the future.
    #[error(
        "the date of birth in the number does not exist or is not between 1900 and today: read the document again"
    )]
    BirthDate,
    /// The number begins with no Chinese region.
    #[error("the number begins with no Chinese region (11 to 65, 71, 81 to 83): read the document again")]
    Region,
    /// The check character does not fit the others.
    #[error(
        "the check character does not fit the others: at least one character is wrong, read the document again"
    )]
    CheckDigit,
}

impl NormaliseError {
    /// The stable code of the error.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Empty => "ID_EMPTY",
            Self::TooLong => "ID_TOO_LONG",
            Self::CountryMissing => "ID_COUNTRY_MISSING",
            Self::MobileInvalid => "ID_MOBILE_INVALID",
            Self::CallingCodeMissing => "ID_CALLING_CODE_MISSING",
            Self::Character => "ID_CHARACTER",
            Self::Length => "ID_LENGTH",
            Self::BirthDate => "ID_BIRTH_DATE",
            Self::Region => "ID_REGION",
            Self::CheckDigit => "ID_CHECK_DIGIT",
        }
    }
}

/// What a person should look at although the identifier is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Warning {
    /// The check character of the whole code does not fit: true of some of the first codes issued, else an error.
    EnterpriseCheckDigit,
    /// The check character of the organisation code inside (characters 9 to 17) does not fit.
    OrganisationCheckDigit,
    /// Letters or digits of another script were dropped: the document's Latin letters are meant.
    PassportLettersDropped,
}

impl Warning {
    /// The stable code of the warning.
    pub const fn code(self) -> &'static str {
        match self {
            Self::EnterpriseCheckDigit => "ID_ENTERPRISE_CHECK_DIGIT",
            Self::OrganisationCheckDigit => "ID_ORGANISATION_CHECK_DIGIT",
            Self::PassportLettersDropped => "ID_PASSPORT_LETTERS_DROPPED",
        }
    }

    /// What to do about it.
    pub const fn advice(self) -> &'static str {
        match self {
            Self::EnterpriseCheckDigit => {
                "the check character of the enterprise code does not fit; some early codes are like that, else a \
                 character is wrong: compare with the licence"
            }
            Self::OrganisationCheckDigit => {
                "the check character of the organisation code (characters 9 to 17) does not fit: compare with the licence"
            }
            Self::PassportLettersDropped => {
                "letters of another script were dropped from the passport number: type the Latin letters that it shows"
            }
        }
    }
}
