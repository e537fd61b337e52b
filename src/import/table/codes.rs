//! The contract's enums as files spell them: its names without prefix, or its numbers.

use std::fmt::Debug;
use std::sync::OnceLock;

use super::columns::Field;
use crate::domain::position as loan;

/// An enum of the contract that a cell can hold.
pub trait FileCode: Copy + Debug + PartialEq + 'static {
    /// Every value, in the contract's order.
    const ALL: &'static [Self];

    /// The contract's number.
    fn number(self) -> i32;

    /// The names of [`Self::ALL`], in its order.
    fn names() -> &'static [String];

    /// The contract's name without prefix, such as `NON_REVOLVING`.
    fn file_name(self) -> &'static str {
        let place = Self::ALL.iter().position(|value| *value == self);
        place
            .and_then(|place| Self::names().get(place))
            .map_or("", String::as_str)
    }

    /// Numbers and names, in the contract's order.
    fn numbered() -> Vec<(i32, &'static str)> {
        let names = Self::names().iter().map(String::as_str);
        Self::ALL.iter().map(|value| value.number()).zip(names).collect()
    }

    /// What a cell means: a name of any case, with hyphens or spaces for underscores, or the number. `None` when unknown.
    fn parse(cell: &str) -> Option<Meaning<Self>> {
        if cell.bytes().all(|byte| byte.is_ascii_digit()) {
            return match cell.parse::<i32>().ok()? {
                0 => Some(Meaning::Unspecified),
                number => Self::ALL
                    .iter()
                    .copied()
                    .find(|value| value.number() == number)
                    .map(Meaning::Value),
            };
        }
        if is_same(cell, "UNSPECIFIED") {
            return Some(Meaning::Unspecified);
        }
        let mut pairs = Self::ALL.iter().zip(Self::names());
        pairs
            .find(|(_, name)| is_same(cell, name))
            .map(|(value, _)| Meaning::Value(*value))
    }
}

/// What a cell of a code says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning<E> {
    /// Nothing: the contract's zero.
    Unspecified,
    /// A value.
    Value(E),
}

fn is_same(cell: &str, name: &str) -> bool {
    cell.len() == name.len()
        && cell.bytes().zip(name.bytes()).all(|(given, known)| match given {
            b'-' | b' ' => known == b'_',
            given => given.to_ascii_uppercase() == known,
        })
}

/// `NonRevolving` as `NON_REVOLVING`.
fn screaming<E: Debug>(value: &E) -> String {
    let mut name = String::new();
    for character in format!("{value:?}").chars() {
        if character.is_ascii_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(character.to_ascii_uppercase());
    }
    name
}

macro_rules! file_codes {
    ($($type:ident),+ $(,)?) => {$(
        impl FileCode for loan::$type {
            const ALL: &'static [Self] = loan::$type::ALL;

            fn number(self) -> i32 {
                self.code()
            }

            fn names() -> &'static [String] {
                static NAMES: OnceLock<Vec<String>> = OnceLock::new();
                NAMES.get_or_init(|| loan::$type::ALL.iter().map(screaming).collect())
            }
        }
    )+};
}

file_codes!(
    LiabilityRole,
    AccountType,
    ProductType,
    LoanPurpose,
    GuaranteeType,
    FundingRole,
    RepaymentFrequency,
    AccountStatus,
    ClosureReason,
    AssetClassification,
    CollectionStage,
    HardshipCode,
    EventType,
    DeletionReason,
);

/// The numbers and names that a field's cells can hold; `None` when it holds no code of the contract.
pub fn values_of(field: Field) -> Option<Vec<(i32, &'static str)>> {
    Some(match field {
        Field::AccountType => loan::AccountType::numbered(),
        Field::ProductType => loan::ProductType::numbered(),
        Field::LoanPurpose => loan::LoanPurpose::numbered(),
        Field::GuaranteeType => loan::GuaranteeType::numbered(),
        Field::FundingRole => loan::FundingRole::numbered(),
        Field::RepaymentFrequency => loan::RepaymentFrequency::numbered(),
        Field::Status => loan::AccountStatus::numbered(),
        Field::ClosureReason => loan::ClosureReason::numbered(),
        Field::AssetClassification => loan::AssetClassification::numbered(),
        Field::CollectionStage => loan::CollectionStage::numbered(),
        Field::HardshipCode => loan::HardshipCode::numbered(),
        Field::Event => loan::EventType::numbered(),
        Field::DeleteReason => loan::DeletionReason::numbered(),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use loan::{AccountType, CollectionStage, ProductType};

    #[test]
    fn every_field_that_holds_a_code_has_its_codes() {
        use super::super::columns::Kind;
        for field in Field::ALL {
            let holds = field.kind() == Kind::Code && *field != Field::Currency;
            assert_eq!(values_of(*field).is_some(), holds, "{field:?}");
        }
    }

    #[test]
    fn names_and_numbers_are_understood_in_any_spelling() {
        let value = |cell| AccountType::parse(cell);
        for cell in [
            "NON_REVOLVING",
            "non_revolving",
            "Non-Revolving",
            "non revolving",
            "1",
            "01",
        ] {
            assert_eq!(
                value(cell),
                Some(Meaning::Value(AccountType::NonRevolving)),
                "{cell}"
            );
        }
        for cell in ["0", "unspecified"] {
            assert_eq!(value(cell), Some(Meaning::Unspecified), "{cell}");
        }
        for cell in [
            "5",
            "-1",
            "NON",
            "NONREVOLVING",
            "99999999999",
            "ACCOUNT_TYPE_REVOLVING",
        ] {
            assert_eq!(value(cell), None, "{cell}");
        }
        assert_eq!(ProductType::BuyNowPayLater.file_name(), "BUY_NOW_PAY_LATER");
        assert_eq!(
            CollectionStage::parse("law-firm"),
            Some(Meaning::Value(CollectionStage::LawFirm))
        );
    }
}
