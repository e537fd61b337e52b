//! Where borrowers live, at the grain that statistics show: provinces by the two digits of GB/T 2260.
//!
//! Reports name a region by either of two standards; both must fall into the same cell. What is no province of China is one
//! cell, so that the list of cells is fixed.

/// A province, or everywhere else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Region {
    place: usize,
}

/// GB/T 2260 provinces with their letters in ISO 3166-2:CN.
const PROVINCES: [(&str, &str); 34] = [
    ("11", "BJ"),
    ("12", "TJ"),
    ("13", "HE"),
    ("14", "SX"),
    ("15", "NM"),
    ("21", "LN"),
    ("22", "JL"),
    ("23", "HL"),
    ("31", "SH"),
    ("32", "JS"),
    ("33", "ZJ"),
    ("34", "AH"),
    ("35", "FJ"),
    ("36", "JX"),
    ("37", "SD"),
    ("41", "HA"),
    ("42", "HB"),
    ("43", "HN"),
    ("44", "GD"),
    ("45", "GX"),
    ("46", "HI"),
    ("50", "CQ"),
    ("51", "SC"),
    ("52", "GZ"),
    ("53", "YN"),
    ("54", "XZ"),
    ("61", "SN"),
    ("62", "GS"),
    ("63", "QH"),
    ("64", "NX"),
    ("65", "XJ"),
    ("71", "TW"),
    ("81", "HK"),
    ("82", "MO"),
];

impl Region {
    /// How many there are, everywhere else included.
    pub const COUNT: usize = PROVINCES.len() + 1;

    /// Of a reported code: `440300`, `CN-44` and `CN-GD` are all 44; `HK-…`, `MO-…` and `TW-…` are those provinces.
    pub fn of(code: &str) -> Self {
        let place = match code.split_once('-') {
            Some(("CN", part)) => by_digits(part).or_else(|| by_letters(part)),
            Some((country @ ("HK" | "MO" | "TW"), _)) => by_letters(country),
            Some(_) => None,
            None => code.get(..2).and_then(by_digits),
        };
        Self {
            place: place.unwrap_or(PROVINCES.len()),
        }
    }

    /// Its place in the list, from 0.
    pub const fn place(self) -> usize {
        self.place
    }

    /// How the place is called: two digits, or `OTHER`.
    pub fn label(place: usize) -> &'static str {
        PROVINCES.get(place).map_or("OTHER", |(digits, _)| digits)
    }
}

fn by_digits(digits: &str) -> Option<usize> {
    PROVINCES.binary_search_by_key(&digits, |(listed, _)| listed).ok()
}

fn by_letters(letters: &str) -> Option<usize> {
    PROVINCES.iter().position(|(_, listed)| *listed == letters)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_standards_name_the_same_province() {
        for (code, label) in [
            ("440300", "44"),
            ("CN-44", "44"),
            ("CN-GD", "44"),
            ("110000", "11"),
            ("CN-BJ", "11"),
            ("820000", "82"),
            ("MO-X", "82"),
            ("CN-HK", "81"),
            ("HK-KLN", "81"),
            ("TW-TPE", "71"),
            ("CN-99", "OTHER"),
            ("990000", "OTHER"),
            ("GB-ENG", "OTHER"),
            ("SG-01", "OTHER"),
            ("", "OTHER"),
            ("四", "OTHER"),
        ] {
            assert_eq!(Region::label(Region::of(code).place()), label, "{code}");
        }
    }

    #[test]
    fn provinces_are_in_order_and_each_once() {
        assert!(PROVINCES.windows(2).all(|pair| pair[0].0 < pair[1].0));
        let mut letters: Vec<&str> = PROVINCES.iter().map(|(_, letters)| *letters).collect();
        letters.sort_unstable();
        letters.dedup();
        assert_eq!(letters.len() + 1, Region::COUNT);
    }
}
