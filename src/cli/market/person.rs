//! Invented people: identity numbers with correct check digits, mobile numbers of the right shape.

use std::fmt::Write as _;

use rand::rngs::ChaCha8Rng;
use rand::{Rng, RngExt};

/// Divisions of GB/T 2260 in which the invented people live, and the region code reported for them.
const DIVISIONS: [(&str, &str); 8] = [
    ("110105", "CN-BJ"),
    ("310115", "CN-SH"),
    ("440305", "CN-GD"),
    ("330106", "CN-ZJ"),
    ("510107", "CN-SC"),
    ("420106", "CN-HB"),
    ("350203", "CN-FJ"),
    ("610113", "CN-SN"),
];

/// Weights of GB 11643.
const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const CHECK_DIGITS: &[u8; 11] = b"10X98765432";
/// Days of birth and serial numbers of one division: 40 years of 12 months of 28 days, 999 people each.
const PEOPLE_OF_DIVISION: u64 = 40 * 12 * 28 * 999;

/// An invented person.
#[derive(Clone)]
pub struct Person {
    /// Its number in the market.
    pub number: u64,
    /// E.164.
    pub mobile: String,
    /// GB 11643, 18 characters.
    pub national_id: String,
    /// ISO 3166-2.
    pub region_code: &'static str,
}

crate::redacted_debug!(Person);

impl Person {
    /// Numbers below this are different people by [`Self::of`]: so many mobile numbers end in eight digits.
    pub const NUMBERS: u64 = 100_000_000;

    /// The person of a number; different numbers are different people.
    pub fn draw(random: &mut ChaCha8Rng, number: u64) -> Self {
        Self::living_in(random.random_range(0..DIVISIONS.len()), number)
    }

    /// The person of a number and of nothing else, the same whoever asks.
    pub fn of(number: u64) -> Self {
        // Where the serial numbers begin again, the division has moved on.
        let divisions = u64::try_from(DIVISIONS.len()).unwrap_or(1);
        let division = (number + number / PEOPLE_OF_DIVISION) % divisions;
        Self::living_in(usize::try_from(division).unwrap_or(0), number)
    }

    fn living_in(division: usize, number: u64) -> Self {
        let (division, region_code) = DIVISIONS[division];
        // Numbers of the 199 series that end in the person's own number: no two people share one.
        let mobile = format!("+86199{:08}", number % 100_000_000);
        // Days and serials enumerate 28 × 12 × 40 × 999 people before a number repeats within a division.
        let serial = number % 999 + 1;
        let rest = number / 999;
        let (day, rest) = (rest % 28 + 1, rest / 28);
        let (month, rest) = (rest % 12 + 1, rest / 12);
        let year = 1962 + rest % 40;
        let mut national_id = format!("{division}{year:04}{month:02}{day:02}{serial:03}");
        national_id.push(check_digit(&national_id));
        Self {
            number,
            mobile,
            national_id,
            region_code,
        }
    }
}

fn check_digit(body: &str) -> char {
    let sum: u32 = body
        .bytes()
        .zip(WEIGHTS)
        .map(|(digit, weight)| u32::from(digit - b'0') * weight)
        .sum();
    char::from(CHECK_DIGITS[usize::try_from(sum % 11).unwrap_or(0)])
}

/// An account reference that names nobody.
pub(super) fn account_ref(random: &mut ChaCha8Rng) -> String {
    let mut text = String::with_capacity(13);
    // Writing to a string cannot fail.
    let _ = write!(text, "L-{:010x}", random.next_u64() & 0xff_ffff_ffff);
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    #[test]
    fn check_digits_are_those_of_the_standard() {
        assert_eq!(check_digit("11010519491231002"), 'X');
    }

    #[test]
    fn numbers_alone_name_different_people_beyond_one_division() {
        let mut seen = std::collections::BTreeSet::new();
        for number in (0..Person::NUMBERS).step_by(9_973).chain([
            0,
            PEOPLE_OF_DIVISION,
            2 * PEOPLE_OF_DIVISION,
            7 * PEOPLE_OF_DIVISION,
        ]) {
            let person = Person::of(number);
            assert!(seen.insert(person.national_id.clone()) || number == 0);
            assert_eq!(person.national_id, Person::of(number).national_id);
        }
    }

    #[test]
    fn no_two_people_share_a_number() {
        let mut random = ChaCha8Rng::seed_from_u64(1);
        let mut seen = std::collections::BTreeSet::new();
        for number in 0..5_000 {
            let person = Person::draw(&mut random, number);
            assert!(seen.insert(person.mobile.clone()));
            assert!(seen.insert(person.national_id.clone()));
        }
    }
}
