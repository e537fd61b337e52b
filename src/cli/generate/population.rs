//! Who borrows, and from whom: each subject computed from its number alone.
//!
//! The same subject is the same person at every member. Most are residents with an identity number and a mobile number;
//! a few are known by a passport, a few are enterprises. Invariant: a subject has exactly one strong identifier, so that
//! no two records of the market ever contradict each other about who somebody is.

use chrono::NaiveDate;
use rand::RngExt as _;

use super::draw::{Purpose, stream};
use crate::cli::market::{LENDERS, LENDERS_PER_MILLE, Lender, Person};
use crate::domain::token::Presented;
use crate::identity::named::Named;
use crate::identity::normalise::{Country, Identifier, Rules};

/// Enterprises and holders of passports among a thousand subjects.
const ENTERPRISES_PER_MILLE: u32 = 30;
const FOREIGNERS_PER_MILLE: u32 = 10;

/// What a subject is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Resident,
    Foreigner,
    Enterprise,
}

/// A subject and the lenders that it owes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Subject {
    pub number: u64,
    pub kind: Kind,
    /// Places of members, each once.
    pub lenders: Vec<u64>,
}

/// All subjects of a market.
#[derive(Debug, Clone, Copy)]
pub(super) struct Population {
    pub seed: u64,
    pub subjects: u64,
    pub members: u64,
    /// Of a hundred subjects, those with more than one lender.
    pub stacking_percent: u32,
}

impl Population {
    /// The subject of a number.
    pub fn subject(&self, number: u64) -> Subject {
        let mut random = stream(self.seed, Purpose::Subject, 0, [number, 0]);
        let kind = match random.random_range(0..1_000) {
            draw if draw < ENTERPRISES_PER_MILLE => Kind::Enterprise,
            draw if draw < ENTERPRISES_PER_MILLE + FOREIGNERS_PER_MILLE => Kind::Foreigner,
            _ => Kind::Resident,
        };
        let stacks = random.random_range(0..100) < self.stacking_percent;
        let count = if stacks {
            several(random.random_range(0..several_per_mille()))
        } else {
            1
        };
        let count = count.min(self.members);
        let mut lenders: Vec<u64> = Vec::new();
        while u64::try_from(lenders.len()).unwrap_or(u64::MAX) < count {
            let lender = random.random_range(0..self.members);
            if !lenders.contains(&lender) {
                lenders.push(lender);
            }
        }
        Subject {
            number,
            kind,
            lenders,
        }
    }

    /// Subjects of whom about so many loans are in each member's book.
    pub fn subjects_for(&self, records: u64) -> u64 {
        let shares = LENDERS_PER_MILLE.iter().skip(1).zip(2_u64..);
        let loans: u64 = shares
            .map(|(share, count)| u64::from(*share) * count.min(self.members))
            .sum();
        let stacking = u64::from(self.stacking_percent);
        // Loans of a subject on average, in so many parts of one.
        let parts = 100 * u64::from(several_per_mille());
        let average = (100 - stacking) * u64::from(several_per_mille()) + stacking * loans;
        let needed =
            u128::from(records) * u128::from(self.members) * u128::from(parts) / u128::from(average.max(1));
        u64::try_from(needed).unwrap_or(u64::MAX).max(1)
    }
}

/// Of a thousand borrowers of the market, those with more than one lender.
fn several_per_mille() -> u32 {
    LENDERS_PER_MILLE.iter().skip(1).sum()
}

/// How many lenders a borrower with more than one has.
fn several(mut draw: u32) -> u64 {
    for (share, count) in LENDERS_PER_MILLE.iter().skip(1).zip(2..) {
        if draw < *share {
            return count;
        }
        draw -= share;
    }
    2
}

/// The member of a place: the market's six, then their likes.
pub(super) fn member_id(place: u64) -> String {
    let kinds = u64::try_from(LENDERS.len()).unwrap_or(1);
    let first = lender(place).member_id;
    match place / kinds {
        0 => first.to_owned(),
        round => format!("{first}-{}", round + 1),
    }
}

/// What the member of a place lends.
pub(super) fn lender(place: u64) -> &'static Lender {
    let kinds = u64::try_from(LENDERS.len()).unwrap_or(1);
    &LENDERS[usize::try_from(place % kinds).unwrap_or(0)]
}

/// What names the resident of a number: an identity number and a mobile number.
pub(super) fn resident(number: u64, verified_on: NaiveDate) -> Vec<Presented<Named>> {
    let person = Person::of(number);
    vec![
        presented(
            &Identifier::national_id(Country::CHINA, person.national_id),
            verified_on,
        ),
        presented(&Identifier::mobile(person.mobile), verified_on),
    ]
}

/// What names the holder of a passport of a number.
pub(super) fn foreigner(number: u64, verified_on: NaiveDate) -> Vec<Presented<Named>> {
    let issuer = Country::parse("SG").expect("two letters");
    let passport = Identifier::passport(issuer, format!("E{number:08}"));
    vec![
        presented(&passport, verified_on),
        presented(&Identifier::mobile(Person::of(number).mobile), verified_on),
    ]
}

/// What names the enterprise of a number.
pub(super) fn enterprise(number: u64, verified_on: NaiveDate) -> Vec<Presented<Named>> {
    let code = enterprise_code(number);
    vec![presented(
        &Identifier::enterprise_code(Country::CHINA, code),
        verified_on,
    )]
}

fn presented(identifier: &Identifier, verified_on: NaiveDate) -> Presented<Named> {
    let normalised = identifier.normalise(&Rules::on(verified_on));
    let identifier = normalised.expect("invented identifiers are right").identifier;
    Presented {
        token: Named::Identifier(identifier),
        verified_on: Some(verified_on),
    }
}

/// A unified social credit code (GB 32100-2015) whose organisation code (GB 11714-1997) is the number.
fn enterprise_code(number: u64) -> String {
    const ALPHABET: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
    const WEIGHTS: [u32; 17] = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];
    const ORGANISATION_WEIGHTS: [u32; 8] = [3, 7, 9, 10, 5, 8, 4, 2];
    let organisation = format!("{:08}", number % 100_000_000);
    let sum: u32 = organisation
        .bytes()
        .zip(ORGANISATION_WEIGHTS)
        .map(|(digit, weight)| u32::from(digit - b'0') * weight)
        .sum();
    let check = match (11 - sum % 11) % 11 {
        10 => 'X',
        value => char::from_digit(value, 10).unwrap_or('0'),
    };
    let mut code = format!("91350100{organisation}{check}");
    let value = |character: u8| ALPHABET.iter().zip(0..).find(|(known, _)| **known == character);
    let sum: u32 = code
        .bytes()
        .zip(WEIGHTS)
        .map(|(character, weight)| value(character).map_or(0, |(_, value)| value) * weight)
        .sum();
    let check = usize::try_from((31 - sum % 31) % 31).unwrap_or(0);
    code.push(char::from(ALPHABET[check]));
    code
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::validation::samples::{date, today};
    use crate::identity::normalise::EnterpriseCheck;

    fn population(stacking_percent: u32) -> Population {
        Population {
            seed: 1,
            subjects: 10_000,
            members: 6,
            stacking_percent,
        }
    }

    #[test]
    fn the_share_of_those_who_stack_is_as_asked() {
        for percent in [0, 20, 38, 100] {
            let market = population(percent);
            let stacked = (0..10_000)
                .filter(|number| market.subject(*number).lenders.len() > 1)
                .count();
            let off = stacked.abs_diff(usize::try_from(percent * 100).expect("small"));
            assert!(off < 200, "{percent}: {stacked}");
        }
    }

    #[test]
    fn lenders_of_a_subject_are_different_and_never_more_than_there_are() {
        let market = Population {
            members: 3,
            ..population(100)
        };
        for number in 0..1_000 {
            let mut lenders = market.subject(number).lenders;
            lenders.sort_unstable();
            lenders.dedup();
            assert!((2..=3).contains(&lenders.len()));
        }
    }

    #[test]
    fn enterprises_have_codes_with_right_check_characters() {
        let rules = Rules {
            enterprise_check: EnterpriseCheck::Refuse,
            ..Rules::on(today())
        };
        for number in (0..2_000).chain([99_999_999]) {
            let code = Identifier::enterprise_code(Country::CHINA, enterprise_code(number));
            let normalised = code.normalise(&rules).expect("a right code");
            assert_eq!(normalised.warning, None, "{number}");
        }
    }

    #[test]
    fn identifiers_are_the_same_wherever_they_are_presented() {
        let names = |day: &str| resident(4_711, date(day)).into_iter().map(|shown| shown.token);
        assert!(names("2024-01-01").eq(names("2026-01-01")));
    }

    #[test]
    fn members_beyond_the_markets_own_have_names_of_their_own() {
        let names: std::collections::BTreeSet<String> = (0..40).map(member_id).collect();
        assert_eq!(names.len(), 40);
        assert!(
            names
                .iter()
                .all(|name| crate::domain::names::MemberId::parse(name).is_some())
        );
    }
}
