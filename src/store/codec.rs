//! Values that are stored whole, not in columns: a version byte, then postcard.
//!
//! They are short-lived (answers of a day, requests of a week) or small lists. A byte of another version is refused as
//! corrupt; a change of the shape takes the next version and keeps reading the last.

use serde::Serialize;
use serde::de::DeserializeOwned;

/// Version of every encoding here.
const VERSION: u8 = 1;

/// The bytes of a value.
pub(super) fn encode<T: Serialize>(value: &T) -> Vec<u8> {
    // Serialising to a vector fails only for types whose length is not known ahead; none of ours is one.
    postcard::to_extend(value, vec![VERSION]).unwrap_or_default()
}

/// The value of bytes; `None` when they are of another version or cut.
pub(super) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    let (version, rest) = bytes.split_first()?;
    if *version != VERSION {
        return None;
    }
    let (value, left) = postcard::take_from_bytes(rest).ok()?;
    left.is_empty().then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_is_decoded_and_nothing_else() {
        let bytes = encode(&(7_u32, "seven".to_owned()));
        assert_eq!(decode::<(u32, String)>(&bytes), Some((7, "seven".to_owned())));
        assert_eq!(decode::<(u32, String)>(&bytes[..bytes.len() - 1]), None, "cut");
        assert_eq!(
            decode::<(u32, String)>(&[bytes.clone(), vec![0]].concat()),
            None,
            "too long"
        );
        let mut other = bytes;
        other[0] = 2;
        assert_eq!(decode::<(u32, String)>(&other), None, "another version");
        assert_eq!(decode::<(u32, String)>(&[]), None, "empty");
    }
}
