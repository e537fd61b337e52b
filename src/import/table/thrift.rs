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
