//! The market that is measured: subjects, their positions and lenders, each computed from its number, so that nothing but
//! a number has to be remembered.
//!
//! 2.5 positions a subject on average, 200 for every 10,000th; a resident number each and a mobile number for every
//! fifth, hence 1.2 tokens. Lenders are spread evenly.

use chrono::NaiveDate;
use rand::SeedableRng as _;
use rand::rngs::ChaCha8Rng;

use crate::cli::market::{LENDERS, Loan, Person};
use crate::domain::names::AccountRef;
use crate::domain::position::{Facts, Liability, LiabilityRole, Position, ReportOrder};
use crate::domain::token::Presented;
use crate::identity::normalise::{Country, Identifier, NormalisedIdentifier, Rules};

/// Lenders of the market.
pub(super) const LENDERS_COUNT: u64 = 200;
/// Every so many subjects, one has [`DEEP_POSITIONS`].
pub(super) const DEEP_EVERY: u64 = 10_000;
/// Positions of a subject that borrows everywhere.
pub(super) const DEEP_POSITIONS: u64 = 200;
/// Every so many subjects, one is known by its mobile number too.
const MOBILE_EVERY: u64 = 5;

/// A market of so many positions on a day.
#[derive(Debug, Clone, Copy)]
pub(super) struct Population {
    pub positions: u64,
    pub today: NaiveDate,
}

impl Population {
    /// How many subjects hold the positions.
    pub fn subjects(&self) -> u64 {
        let mut left = self.positions;
        // Whole rounds of 10,000 subjects first.
        let round: u64 = (0..DEEP_EVERY).map(positions_of).sum();
        let rounds = left / round;
        left -= rounds * round;
        let mut subjects = rounds * DEEP_EVERY;
        while left > 0 {
            left = left.saturating_sub(positions_of(subjects));
            subjects += 1;
        }
        subjects
    }

    /// The subject's identifiers, the resident number first.
    pub fn identifiers(&self, subject: u64) -> anyhow::Result<Vec<NormalisedIdentifier>> {
        let person = person(subject);
        let rules = Rules::on(self.today);
        let mut identifiers = vec![Identifier::national_id(
            Country::CHINA,
            person.national_id.clone(),
        )];
        if has_mobile(subject) {
            identifiers.push(Identifier::mobile(person.mobile.clone()));
        }
        identifiers
            .iter()
            .map(|identifier| Ok(identifier.normalise(&rules)?.identifier))
            .collect()
    }

    /// What the subject's `place`th loan says.
    pub fn facts(&self, subject: u64, place: u64) -> Facts {
        let mut random = ChaCha8Rng::seed_from_u64(subject.wrapping_mul(1_009).wrapping_add(place));
        let kinds = u64::try_from(LENDERS.len()).unwrap_or(1);
        let kind = usize::try_from(lender(subject, place) % kinds).unwrap_or(0);
        let lenders = usize::try_from(positions_of(subject)).unwrap_or(1);
        let mut facts = Loan::draw(&mut random, LENDERS[kind].kind, self.today, lenders).facts;
        facts.region_code = person(subject).region_code.to_owned();
        facts
    }

    /// The subject's `place`th position under tokens in any form, as of yesterday when it is loaded.
    pub fn position<T>(
        &self,
        subject: u64,
        place: u64,
        tokens: Vec<T>,
        order: ReportOrder,
    ) -> Option<Position<T>> {
        let present = |token| Presented {
            token,
            verified_on: None,
        };
        Some(Position {
            account_ref: AccountRef::parse(&account_ref(subject, place))?,
            liabilities: vec![Liability {
                role: LiabilityRole::Primary,
                tokens: tokens.into_iter().map(present).collect(),
            }],
            facts: self.facts(subject, place),
            order,
        })
    }
}

fn person(subject: u64) -> Person {
    Person::draw(&mut ChaCha8Rng::seed_from_u64(subject), subject)
}

/// How many positions a subject has.
pub(super) fn positions_of(subject: u64) -> u64 {
    if subject % DEEP_EVERY == DEEP_EVERY - 1 {
        DEEP_POSITIONS
    } else {
        subject % 4 + 1
    }
}

/// Whether a subject is known by its mobile number too.
pub(super) fn has_mobile(subject: u64) -> bool {
    subject.is_multiple_of(MOBILE_EVERY)
}

/// The lender of the subject's `place`th position: another for each place.
pub(super) fn lender(subject: u64, place: u64) -> u64 {
    (subject.wrapping_mul(2_654_435_761) / 64 + place) % LENDERS_COUNT
}

/// A lender's name of the subject's `place`th position: in no order of subjects, as accounts are.
pub(super) fn account_ref(subject: u64, place: u64) -> String {
    format!(
        "L-{}-{place}",
        letters(subject.wrapping_mul(0x9E37_79B9_7F4A_7C15))
    )
}

/// A number in letters: digits in a row would look like a telephone number and be refused.
pub(super) fn letters(number: u64) -> String {
    const LETTERS: &[u8; 16] = b"abcdefghijklmnop";
    let nibbles = number
        .to_be_bytes()
        .into_iter()
        .flat_map(|byte| [byte >> 4, byte & 15]);
    nibbles
        .map(|nibble| char::from(LETTERS[usize::from(nibble)]))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn population(positions: u64) -> Population {
        Population {
            positions,
            today: NaiveDate::from_ymd_opt(2026, 11, 25).expect("a real date"),
        }
    }

    #[test]
    fn subjects_hold_about_two_and_a_half_positions_each() {
        for positions in [1_000, 25_198, 100_000, 1_000_000] {
            let subjects = population(positions).subjects();
            let held: u64 = (0..subjects).map(positions_of).sum();
            assert!(
                held >= positions && held < positions + DEEP_POSITIONS,
                "{positions}: {held}"
            );
        }
    }

    #[test]
    fn a_subject_has_each_position_from_another_lender() {
        let lenders: std::collections::BTreeSet<u64> = (0..DEEP_POSITIONS)
            .map(|place| lender(DEEP_EVERY - 1, place))
            .collect();
        assert_eq!(u64::try_from(lenders.len()).ok(), Some(DEEP_POSITIONS));
    }

    #[test]
    fn a_number_in_letters_has_no_digit() {
        assert_eq!(letters(0x0123_4567_89ab_cdef), "abcdefghijklmnop");
    }

    #[test]
    fn the_same_number_is_the_same_loan() {
        let market = population(1_000);
        assert_eq!(market.facts(7, 1), market.facts(7, 1));
        assert_ne!(market.facts(7, 1), market.facts(7, 0));
    }
}
