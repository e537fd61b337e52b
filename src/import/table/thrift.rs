//! The header of a Parquet page, in Thrift's compact protocol, as far as its sizes go.
//!
//! Fields that say sizes may stand once: a second one would let two readers see two sizes. Everything else is skipped, at
//! most [`DEPTH_MAX`] deep and [`HEADER_BYTES_MAX`] long.

use std::io::{self, Read};

/// The most bytes of a page's header: statistics may hold a value or two.
pub const HEADER_BYTES_MAX: u64 = 64 * 1_024;
/// The deepest structure in a header.
const DEPTH_MAX: u32 = 8;

/// What a page's header says of its sizes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PageHeader {
    pub(super) uncompressed_bytes: i64,
    pub(super) compressed_bytes: i64,
    /// Of a data page.
    pub(super) encoding: Option<i64>,
    /// Values of a dictionary, if it is one.
    pub(super) dictionary_values: Option<i64>,
    /// Bytes of levels before the data of a version 2 page, never compressed.
    pub(super) level_bytes: i64,
    /// Whether a version 2 page is compressed.
    pub(super) is_compressed: bool,
}

/// The numbers of a header by the fields that lead to them: `[5, 2]` is field 2 of the structure in field 5.
struct Numbers {
    found: Vec<([i64; 2], i64)>,
}

impl Numbers {
    fn get(&self, path: [i64; 2]) -> Option<i64> {
        self.found
            .iter()
            .find(|(at, _)| *at == path)
            .map(|(_, value)| *value)
    }
}

/// Reads a page's header and how many bytes it has; `None` when it is none.
pub(super) fn read_page_header(source: &mut impl Read) -> io::Result<Option<(PageHeader, u64)>> {
    let mut reader = Compact {
        source,
        read: 0,
        sound: true,
    };
    let mut numbers = Numbers { found: Vec::new() };
    reader.structure(&mut numbers, 0, 0)?;
    if !reader.sound {
        return Ok(None);
    }
    let read = reader.read;
    let sizes = (numbers.get([0, 2]), numbers.get([0, 3]));
    let (Some(uncompressed_bytes), Some(compressed_bytes)) = sizes else {
        return Ok(None);
    };
    let levels = [numbers.get([8, 5]), numbers.get([8, 6])].map(Option::unwrap_or_default);
    let header = PageHeader {
        uncompressed_bytes,
        compressed_bytes,
        encoding: numbers
            .get([5, 2])
            .or(numbers.get([8, 4]))
            .or(numbers.get([7, 2])),
        dictionary_values: numbers.get([7, 1]),
        level_bytes: levels.into_iter().fold(0, i64::saturating_add),
        is_compressed: numbers.get([8, 7]) != Some(0),
    };
    // A page that is of two kinds, or whose kind lacks its structure, is none.
    let kinds = [[5, 1], [7, 1], [8, 1]].map(|path| numbers.get(path).is_some());
    let one_kind = kinds.iter().filter(|is| **is).count() <= 1;
    let sound = one_kind && levels.iter().all(|bytes| *bytes >= 0);
    Ok(sound.then_some((header, read)))
}

/// Reads the compact protocol. Once it is not sound, nothing that it says counts.
struct Compact<'r, R> {
    source: &'r mut R,
    read: u64,
    sound: bool,
}

impl<R: Read> Compact<'_, R> {
    fn byte(&mut self) -> io::Result<u8> {
        if self.read >= HEADER_BYTES_MAX {
            self.sound = false;
            return Ok(0);
        }
        let mut byte = [0];
        self.source.read_exact(&mut byte)?;
        self.read += 1;
        let [byte] = byte;
        Ok(byte)
    }

    fn varint(&mut self) -> io::Result<u64> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        self.sound = false;
        Ok(0)
    }

    fn number(&mut self) -> io::Result<i64> {
        let value = self.varint()?;
        let half = i64::try_from(value >> 1).unwrap_or(i64::MAX);
        Ok(if value & 1 == 0 { half } else { -1 - half })
    }

    /// A structure; `parent` is the field of the header that holds it, 0 for the header itself.
    fn structure(&mut self, numbers: &mut Numbers, parent: i64, depth: u32) -> io::Result<()> {
        if depth > DEPTH_MAX {
            self.sound = false;
        }
        let mut field = 0_i64;
        while self.sound {
            let byte = self.byte()?;
            let kind = byte & 0x0f;
            if kind == 0 {
                return Ok(());
            }
            let step = i64::from(byte >> 4);
            field = if step == 0 {
                self.number()?
            } else {
                field.saturating_add(step)
            };
            let path = match depth {
                0 => Some([0, field]),
                1 => Some([parent, field]),
                _ => None,
            };
            self.value(kind, path, numbers, field, depth)?;
        }
        Ok(())
    }

    fn value(
        &mut self,
        kind: u8,
        path: Option<[i64; 2]>,
        numbers: &mut Numbers,
        field: i64,
        depth: u32,
    ) -> io::Result<()> {
        let number = match kind {
            1 => Some(1),
            2 => Some(0),
            4..=6 => Some(self.number()?),
            _ => None,
        };
        match (number, path) {
            (Some(number), Some(path)) => {
                self.sound &= numbers.get(path).is_none();
                numbers.found.push((path, number));
            }
            (Some(_), None) => {}
            (None, _) if kind == 12 => self.structure(numbers, field, depth + 1)?,
            (None, _) => self.skip(kind)?,
        }
        Ok(())
    }

    /// Values that no header needs: single bytes, doubles and binaries. Lists and maps have no place in one.
    fn skip(&mut self, kind: u8) -> io::Result<()> {
        let bytes = match kind {
            3 => 1,
            7 => 8,
            8 => self.varint()?,
            _ => {
                self.sound = false;
                0
            }
        };
        if bytes > HEADER_BYTES_MAX {
            self.sound = false;
            return Ok(());
        }
        for _ in 0..bytes {
            self.byte()?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Option<(PageHeader, u64)> {
        read_page_header(&mut &bytes[..]).ok().flatten()
    }

    /// Type 0, 100 bytes, 50 compressed: fields 1 to 3 of type i32, zigzag.
    const SIZES: [u8; 7] = [0x15, 0x00, 0x15, 0xc8, 0x01, 0x15, 0x64];

    fn with(rest: &[u8]) -> Vec<u8> {
        [&SIZES[..], rest].concat()
    }

    #[test]
    fn sizes_are_read_and_the_rest_is_skipped() {
        // Field 5: values 3, encoding 0, levels 3 and 3, statistics with a binary; then the two ends.
        let page = with(&[
            0x2c, 0x15, 0x06, 0x15, 0x00, 0x15, 0x06, 0x15, 0x06, 0x1c, 0x18, 0x02, b'a', b'b', 0x00, 0x00,
            0x00,
        ]);
        let (header, bytes) = read(&page).expect("a header");
        assert_eq!((header.uncompressed_bytes, header.compressed_bytes), (100, 50));
        assert_eq!((header.encoding, header.dictionary_values), (Some(0), None));
        assert_eq!(bytes, 24);
        // Field 7: values 9, encoding 2.
        let (header, _) = read(&with(&[0x4c, 0x15, 0x12, 0x15, 0x04, 0x00, 0x00])).expect("a header");
        assert_eq!((header.encoding, header.dictionary_values), (Some(2), Some(9)));
        // Field 8: values, nulls, rows, encoding 8, level bytes 4 and 2, not compressed.
        let version_2 = [
            0x5c, 0x15, 0x02, 0x15, 0x00, 0x15, 0x02, 0x15, 0x10, 0x15, 0x08, 0x15, 0x04, 0x12, 0x00, 0x00,
        ];
        let (header, _) = read(&with(&version_2)).expect("a header");
        assert_eq!(
            (header.encoding, header.level_bytes, header.is_compressed),
            (Some(8), 6, false)
        );
    }

    #[test]
    fn headers_that_two_readers_could_read_in_two_ways_are_refused() {
        assert!(read(&with(&[0x00])).is_some());
        for (what, rest) in [
            ("a second size", &[0x05, 0x04, 0x10, 0x00][..]),
            (
                "two kinds of page",
                &[0x2c, 0x15, 0x02, 0x00, 0x2c, 0x15, 0x02, 0x00, 0x00],
            ),
            ("a list", &[0x29, 0x15, 0x00, 0x00]),
            ("no end", &[]),
            ("negative levels", &[0x5c, 0x55, 0x03, 0x00, 0x00]),
            (
                "an endless number",
                &[
                    0x15, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01, 0x00,
                ],
            ),
        ] {
            assert_eq!(read(&with(rest)), None, "{what}");
        }
        assert_eq!(read(&[0x00]), None, "no sizes");
    }

    #[test]
    fn headers_have_a_limit_of_depth_and_of_length() {
        for (depth, fits) in [(DEPTH_MAX - 1, true), (DEPTH_MAX, true), (DEPTH_MAX + 1, false)] {
            let depth = usize::try_from(depth).expect("small");
            let nested = [vec![0x1c; depth], vec![0x00; depth + 1]].concat();
            assert_eq!(read(&with(&nested)).is_some(), fits, "{depth}");
        }
        // A binary whose length takes three bytes, and the end.
        let most = usize::try_from(HEADER_BYTES_MAX).expect("small");
        for (bytes, fits) in [(most - 1, true), (most, true), (most + 1, false)] {
            let text = bytes - SIZES.len() - 5;
            let low = u8::try_from(text & 0x7f).expect("seven bits") | 0x80;
            let middle = u8::try_from(text >> 7 & 0x7f).expect("seven bits") | 0x80;
            let high = u8::try_from(text >> 14).expect("the rest");
            let binary = [vec![0x18, low, middle, high], vec![b'x'; text], vec![0x00]].concat();
            assert_eq!(read(&with(&binary)).is_some(), fits, "{bytes}");
        }
    }
}
