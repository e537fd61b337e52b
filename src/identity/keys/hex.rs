//! Keys as text: lower or upper case hexadecimal with white space around, as a file or a command gives it.

use zeroize::Zeroizing;

/// Parses exactly `2 · N` digits; `None` for anything else.
pub(super) fn parse<const N: usize>(text: &[u8]) -> Option<Zeroizing<[u8; N]>> {
    let digits = text.trim_ascii();
    if digits.len() != N * 2 {
        return None;
    }
    let mut bytes = Zeroizing::new([0; N]);
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = value(*pair.first()?)? << 4 | value(*pair.last()?)?;
    }
    Some(bytes)
}

/// The text of a key, with a final line feed.
pub(super) fn format(bytes: &[u8]) -> Zeroizing<Vec<u8>> {
    const DIGITS: [u8; 16] = *b"0123456789abcdef";
    let mut text = Zeroizing::new(Vec::with_capacity(bytes.len() * 2 + 1));
    for byte in bytes {
        text.push(DIGITS[usize::from(byte >> 4)]);
        text.push(DIGITS[usize::from(byte & 15)]);
    }
    text.push(b'\n');
    text
}

const fn value(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_bytes_match_and_white_space_around_is_ignored() {
        let bytes = [0x00, 0x9f, 0xa0, 0xff];
        assert_eq!(format(&bytes).as_slice(), b"009fa0ff\n");
        assert_eq!(parse::<4>(&format(&bytes)).unwrap().as_slice(), bytes);
        assert_eq!(parse::<4>(b" 009FA0ff\r\n").unwrap().as_slice(), bytes);
    }

    #[test]
    fn anything_but_exactly_that_many_digits_is_refused() {
        for text in [
            "",
            "009fa0",
            "009fa0ff00",
            "009fa0fg",
            "00 9fa0ff",
            "0x009fa0",
            "009fa0f",
        ] {
            assert!(parse::<4>(text.as_bytes()).is_none(), "{text}");
        }
    }
}
