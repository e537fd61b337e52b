//! Enum numbers of the contract and the domain's enums.

use super::collect::{Collector, Path};
use crate::domain::batch::{BatchState, BatchType};
use crate::domain::conduct::ConductAlert;
use crate::domain::exposure;
use crate::domain::inquiry::Purpose;
use crate::domain::member::{LenderGroup, MemberState, Role};
use crate::domain::position as loan;
use crate::domain::reservation;
use crate::domain::token::IdentifierType;
use crate::domain::violation::Code;
use crate::wire::pb;

/// A domain enum that the contract numbers.
pub trait Coded: Copy + PartialEq + std::fmt::Debug + 'static {
    /// Every value.
    const ALL: &'static [Self];

    /// The contract's number.
    fn to_number(self) -> i32;

    /// The value of a number, if the contract has it.
    fn from_number(number: i32) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|value| value.to_number() == number)
    }
}

macro_rules! coded_by_domain {
    ($($type:ty),+ $(,)?) => {$(
        impl Coded for $type {
            const ALL: &'static [Self] = <$type>::ALL;

            fn to_number(self) -> i32 {
                self.code()
            }

            fn from_number(number: i32) -> Option<Self> {
                Self::from_code(number)
            }
        }
    )+};
}

coded_by_domain!(
    loan::LiabilityRole,
    loan::AccountType,
    loan::ProductType,
    loan::LoanPurpose,
    loan::GuaranteeType,
    loan::FundingRole,
    loan::RepaymentFrequency,
    loan::AccountStatus,
    loan::ClosureReason,
    loan::AssetClassification,
    loan::CollectionStage,
    loan::HardshipCode,
    loan::EventType,
    loan::DeletionReason,
    BatchType,
    BatchState,
    Purpose,
    exposure::SubjectState,
    exposure::MatchLevel,
    exposure::DelinquencyBucket,
    exposure::SignalType,
    reservation::ReservationState,
    reservation::ReleaseReason,
    reservation::Eligibility,
    ConductAlert,
);

macro_rules! coded_here {
    ($($type:ident { $($variant:ident),+ $(,)? })+) => {$(
        impl Coded for $type {
            const ALL: &'static [Self] = &[$(Self::$variant),+];

            fn to_number(self) -> i32 {
                match self { $(Self::$variant => pb::$type::$variant.into()),+ }
            }
        }
    )+};
}

coded_here! {
    IdentifierType { NationalId, Passport, EnterpriseCode, Mobile }
    LenderGroup { Bank, ConsumerFinance, OnlineMicroloan, Microloan, AutoLeasing, Other }
    Role { Lender, Regulator, Operator, Collector }
    MemberState { Active, Suspended, Left, Proposed }
}

/// Reads an enum that must be there.
pub fn read_code<E: Coded>(number: i32, at: &Path<'_>, out: &mut Collector) -> Option<E> {
    if number == 0 {
        out.refuse(
            Code::FieldRequired,
            at,
            "it is missing or unspecified; choose one of the contract's values",
        );
        return None;
    }
    read_known(number, at, out)
}

/// Reads an enum whose unspecified value has a meaning: `Some(None)`. `None` when it is unknown.
pub fn read_optional_code<E: Coded>(number: i32, at: &Path<'_>, out: &mut Collector) -> Option<Option<E>> {
    if number == 0 {
        return Some(None);
    }
    read_known(number, at, out).map(Some)
}

fn read_known<E: Coded>(number: i32, at: &Path<'_>, out: &mut Collector) -> Option<E> {
    let value = E::from_number(number);
    if value.is_none() {
        let text = format!("{number} is not one of its values; choose one that the contract names");
        out.refuse(Code::EnumUnknown, at, text);
    }
    value
}

/// The number of a value that may be absent.
pub fn code_to_wire<E: Coded>(value: Option<E>) -> i32 {
    value.map_or(0, Coded::to_number)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Holds the domain's names and numbers against the contract's, both ways.
    fn check<E: Coded>(prefix: &str, name_of: impl Fn(i32) -> Option<&'static str>) {
        for value in E::ALL {
            let mut screaming = prefix.to_owned();
            for character in format!("{value:?}").chars() {
                if character.is_ascii_uppercase() {
                    screaming.push('_');
                }
                screaming.push(character.to_ascii_uppercase());
            }
            let name = name_of(value.to_number());
            assert_eq!(name, Some(screaming.as_str()));
            assert_eq!(E::from_number(value.to_number()), Some(*value));
        }
        for number in -1..=200 {
            let in_domain = E::from_number(number).is_some();
            assert_eq!(
                name_of(number).is_some() && number != 0,
                in_domain,
                "{prefix} {number}"
            );
        }
    }

    macro_rules! check_all {
        ($($prefix:literal $domain:ty => $wire:ident),+ $(,)?) => {$(
            check::<$domain>($prefix, |number| pb::$wire::try_from(number).ok().map(|value| value.as_str_name()));
        )+};
    }

    #[test]
    fn every_enum_of_the_domain_is_the_contracts() {
        check_all!(
            "LIABILITY_ROLE" loan::LiabilityRole => LiabilityRole,
            "ACCOUNT_TYPE" loan::AccountType => AccountType,
            "PRODUCT_TYPE" loan::ProductType => ProductType,
            "LOAN_PURPOSE" loan::LoanPurpose => LoanPurpose,
            "GUARANTEE_TYPE" loan::GuaranteeType => GuaranteeType,
            "FUNDING_ROLE" loan::FundingRole => FundingRole,
            "REPAYMENT_FREQUENCY" loan::RepaymentFrequency => RepaymentFrequency,
            "ACCOUNT_STATUS" loan::AccountStatus => AccountStatus,
            "CLOSURE_REASON" loan::ClosureReason => ClosureReason,
            "ASSET_CLASSIFICATION" loan::AssetClassification => AssetClassification,
            "COLLECTION_STAGE" loan::CollectionStage => CollectionStage,
            "HARDSHIP_CODE" loan::HardshipCode => HardshipCode,
            "EVENT_TYPE" loan::EventType => EventType,
            "DELETION_REASON" loan::DeletionReason => DeletionReason,
            "PURPOSE" Purpose => Purpose,
            "SUBJECT_STATE" exposure::SubjectState => SubjectState,
            "MATCH_LEVEL" exposure::MatchLevel => MatchLevel,
            "STACKING_SIGNAL_TYPE" exposure::SignalType => StackingSignalType,
            "IDENTIFIER_TYPE" IdentifierType => IdentifierType,
            "LENDER_GROUP" LenderGroup => LenderGroup,
            "ROLE" Role => Role,
            "MEMBER_STATE" MemberState => MemberState,
            "CONDUCT_ALERT" ConductAlert => ConductAlert,
        );
        for bucket in exposure::DelinquencyBucket::ALL {
            let wire = pb::DelinquencyBucket::try_from(bucket.to_number()).unwrap();
            assert_eq!(wire.as_str_name(), format!("DELINQUENCY_BUCKET_{bucket:?}"));
        }
    }

    #[test]
    fn unspecified_and_unknown_are_told_apart() {
        let read = |number| {
            let mut out = Collector::default();
            let value: Option<loan::AccountType> =
                read_code(number, &Path::Root.field("account_type"), &mut out);
            (
                value,
                out.into_violations().first().map(|violation| violation.code),
            )
        };
        assert_eq!(read(1), (Some(loan::AccountType::NonRevolving), None));
        assert_eq!(read(0), (None, Some(Code::FieldRequired)));
        assert_eq!(read(5), (None, Some(Code::EnumUnknown)));
        assert_eq!(read(-1), (None, Some(Code::EnumUnknown)));
        let mut out = Collector::default();
        assert_eq!(
            read_optional_code::<loan::HardshipCode>(0, &Path::Root, &mut out),
            Some(None)
        );
        assert!(out.is_empty());
        assert_eq!(
            read_optional_code::<loan::HardshipCode>(9, &Path::Root, &mut out),
            None
        );
        assert!(!out.is_empty());
    }
}
