//! Records of files for tests: valid on `domain::validation::samples::today`, with people whose identifiers are real in form.

use proptest::prelude::*;

use crate::domain::batch::{BatchRecord, PositionRecord};
use crate::domain::names::AccountRef;
use crate::domain::position::{DeletionReason, EventType, Position};
use crate::domain::token::{IdentifierType, KeyVersion, TokenRef};
use crate::domain::validation::{samples, strategies};
use crate::identity::named::Named;
use crate::identity::normalise::{Country, Identifier, Rules};
use crate::identity::token::SubjectToken;
use crate::import::{Circumstances, FileRecord};

/// Today, and no calling code.
pub fn circumstances() -> Circumstances {
    Circumstances {
        today: samples::today(),
        default_calling_code: None,
    }
}

/// An identifier of the person of a number.
pub fn identifier(kind: IdentifierType, number: u64) -> Named {
    let identifier = match kind {
        IdentifierType::NationalId => Identifier::national_id(Country::CHINA, national_id(number)),
        IdentifierType::Mobile => Identifier::mobile(format!("+86199{number:08}")),
        IdentifierType::Passport => {
            let issuer = Country::parse("SG").expect("two letters");
            Identifier::passport(issuer, format!("E{number:08}"))
        }
        IdentifierType::EnterpriseCode => {
            Identifier::enterprise_code(Country::CHINA, "91350100M000100Y43".to_owned())
        }
    };
    let normalised = identifier.normalise(&Rules::on(samples::today()));
    Named::Identifier(normalised.expect("a valid identifier").identifier)
}

/// An invented number with the check digit of GB 11643.
fn national_id(number: u64) -> String {
    let body = format!("11010519{:02}1231{:03}", 50 + number % 50, number % 1_000);
    let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let digits = body.chars().filter_map(|digit| digit.to_digit(10));
    let sum: u32 = digits.zip(weights).map(|(digit, weight)| digit * weight).sum();
    let check = "10X98765432".chars().zip(0..).find(|(_, rest)| *rest == sum % 11);
    format!("{body}{}", check.expect("eleven remainders").0)
}

/// A token of the person of a number.
pub fn token(kind: IdentifierType, number: u64) -> Named {
    let scalar = curve25519_dalek::Scalar::from(number + 2);
    let bytes = curve25519_dalek::RistrettoPoint::mul_base(&scalar).compress();
    let version = u32::from(KeyVersion(7).0);
    Named::Token(SubjectToken::parse(kind, version, bytes.as_bytes()).expect("an element"))
}

/// A position whose people are named as `name` says.
pub fn named(position: Position<TokenRef>, name: impl Fn(IdentifierType, u64) -> Named) -> Position<Named> {
    position
        .try_map_tokens(|token| {
            let number = token.token_id.0.unsigned_abs();
            Ok::<_, std::convert::Infallible>(name(token.identifier_type, number))
        })
        .expect("never refused")
}

/// The loan of `domain::validation::samples`, of one person.
pub fn record() -> FileRecord {
    BatchRecord::Position(PositionRecord {
        position: named(samples::position(), identifier),
        event: None,
        correction_reason: None,
    })
}

/// Any record that the service takes.
pub fn records() -> impl Strategy<Value = FileRecord> {
    let event = proptest::option::of(proptest::sample::select(EventType::ALL));
    let reason = proptest::option::of("[a-z]{1,20}( [a-z,\"]{1,20}){0,3}[a-z]");
    let position = (strategies::position(), event, reason, any::<bool>()).prop_map(
        |(position, event, correction_reason, tokens)| {
            let name = if tokens { token } else { identifier };
            BatchRecord::Position(PositionRecord {
                position: named(position, name),
                event,
                correction_reason,
            })
        },
    );
    let deletion = (
        "[A-Za-z._:-]{1,60}",
        proptest::sample::select(DeletionReason::ALL),
    )
        .prop_map(|(account_ref, reason)| BatchRecord::Deletion {
            account_ref: AccountRef::parse(&account_ref).expect("made of its characters"),
            reason,
        });
    prop_oneof![9 => position, 1 => deletion]
}
