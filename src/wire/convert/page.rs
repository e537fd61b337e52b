//! Pages of lists: sizes and tokens.
//!
//! A page token seals the place where the next page starts, for one caller, one rpc and one filter: nobody reads it,
//! changes it, or uses it elsewhere. It is AES-SIV (RFC 5297) in base64url, so the same place gives the same token and
//! nothing has to be kept. Its key lives as long as tokens should: all servers of one database share it.

use aes_siv::KeyInit;
use aes_siv::siv::Aes128Siv;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroize;

use crate::domain::names::MemberId;
use crate::domain::violation::{Code, Violation};
use crate::redacted_debug;

/// Rows of a page when the caller does not say.
pub const PAGE_ROWS_DEFAULT: u32 = 50;
/// The most rows of a page.
pub const PAGE_ROWS_MAX: u32 = 1_000;
/// The most bytes of a cursor.
pub const CURSOR_BYTES_MAX: usize = 256;
/// The most characters of a token: version, tag and cursor in base64.
const TOKEN_CHARS_MAX: usize = (1 + 16 + CURSOR_BYTES_MAX).div_ceil(3) * 4;
/// The first byte of a token of this form.
const VERSION: u8 = 1;

/// The key that seals page tokens.
#[derive(Clone)]
pub struct PageKey([u8; 32]);

redacted_debug!(PageKey);

impl PageKey {
    /// A key of 32 unpredictable bytes.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl Drop for PageKey {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// To what a page token is bound.
#[derive(Debug, Clone, Copy)]
pub struct PageScope<'a> {
    /// The caller.
    pub member_id: &'a MemberId,
    /// The list.
    pub rpc: &'a str,
    /// What else was asked: the same bytes for all pages of one list.
    pub filter: &'a [u8],
}

/// A page to be given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRequest {
    /// The most rows, 1 to [`PAGE_ROWS_MAX`].
    pub rows: u32,
    /// Where it starts; `None` at the beginning.
    pub cursor: Option<Vec<u8>>,
}

/// Reads the fields `page_size` and `page_token` of a list's request.
pub fn read_page(
    page_size: i32,
    page_token: &str,
    key: &PageKey,
    scope: &PageScope<'_>,
) -> Result<PageRequest, Vec<Violation>> {
    let rows = match u32::try_from(page_size) {
        Ok(0) => Ok(PAGE_ROWS_DEFAULT),
        Ok(rows @ 1..=PAGE_ROWS_MAX) => Ok(rows),
        Ok(_) | Err(_) => Err(Violation::new(
            Code::PageSize,
            "page_size",
            format!("page_size is {page_size}; send 1 to {PAGE_ROWS_MAX}, or 0 for {PAGE_ROWS_DEFAULT}"),
        )),
    };
    let cursor = match page_token {
        "" => Ok(None),
        token => open(token, key, scope).map(Some).ok_or_else(|| {
            Violation::new(
                Code::PageToken,
                "page_token",
                "it is not a token of this list for this caller; send next_page_token of the page before with the \
                 same request, or leave it out to begin again",
            )
        }),
    };
    match (rows, cursor) {
        (Ok(rows), Ok(cursor)) => Ok(PageRequest { rows, cursor }),
        (rows, cursor) => Err(rows.err().into_iter().chain(cursor.err()).collect()),
    }
}

/// The token of the page that starts at `cursor` (at most [`CURSOR_BYTES_MAX`] bytes); empty when there is none.
pub fn page_token_to_wire(cursor: Option<&[u8]>, key: &PageKey, scope: &PageScope<'_>) -> String {
    let Some(cursor) = cursor else {
        return String::new();
    };
    debug_assert!(
        cursor.len() <= CURSOR_BYTES_MAX,
        "a cursor is longer than its reader accepts"
    );
    let sealed = cipher(key)
        .encrypt(headers(scope), cursor)
        .expect("four headers are fewer than the 126 that the mode allows");
    let mut bytes = vec![VERSION];
    bytes.extend(sealed);
    URL_SAFE_NO_PAD.encode(bytes)
}

fn open(token: &str, key: &PageKey, scope: &PageScope<'_>) -> Option<Vec<u8>> {
    if token.len() > TOKEN_CHARS_MAX {
        return None;
    }
    let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
    let (version, sealed) = bytes.split_first()?;
    if *version != VERSION {
        return None;
    }
    cipher(key).decrypt(headers(scope), sealed).ok()
}

fn cipher(key: &PageKey) -> Aes128Siv {
    Aes128Siv::new(&key.0.into())
}

/// AES-SIV authenticates a list of strings each by itself: no two scopes share an encoding.
fn headers<'a>(scope: &PageScope<'a>) -> [&'a [u8]; 4] {
    [
        b"tallystick/v1/page",
        scope.member_id.as_str().as_bytes(),
        scope.rpc.as_bytes(),
        scope.filter,
    ]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const KEY: PageKey = PageKey::new([7; 32]);

    fn member(name: &str) -> MemberId {
        MemberId::parse(name).unwrap()
    }

    fn scope(member_id: &MemberId) -> PageScope<'_> {
        PageScope {
            member_id,
            rpc: "ListPositions",
            filter: b"open_only",
        }
    }

    #[test]
    fn page_sizes_have_a_default_and_bounds() {
        let alpha = member("alpha");
        for (size, rows) in [
            (0, Some(50)),
            (1, Some(1)),
            (999, Some(999)),
            (1_000, Some(1_000)),
            (1_001, None),
            (-1, None),
            (i32::MAX, None),
            (i32::MIN, None),
        ] {
            let read = read_page(size, "", &KEY, &scope(&alpha));
            match rows {
                Some(rows) => assert_eq!(read, Ok(PageRequest { rows, cursor: None }), "{size}"),
                None => assert_eq!(read.unwrap_err()[0].code, Code::PageSize, "{size}"),
            }
        }
    }

    #[test]
    fn a_token_serves_its_caller_list_and_filter_only() {
        let (alpha, beta) = (member("alpha"), member("beta"));
        let own = scope(&alpha);
        let token = page_token_to_wire(Some(b"4711"), &KEY, &own);
        let read = |key: &PageKey, scope: &PageScope<'_>, token: &str| read_page(0, token, key, scope);
        assert_eq!(read(&KEY, &own, &token).unwrap().cursor, Some(b"4711".to_vec()));
        let others = [
            scope(&beta),
            PageScope {
                rpc: "ListBatches",
                ..own
            },
            PageScope { filter: b"", ..own },
        ];
        for other in others {
            assert_eq!(read(&KEY, &other, &token).unwrap_err()[0].code, Code::PageToken);
        }
        assert!(read(&PageKey::new([8; 32]), &own, &token).is_err());
        for broken in [
            "x",
            "AQ",
            "!",
            &token[1..],
            &format!("{token}A"),
            &"A".repeat(10_000),
        ] {
            assert!(read(&KEY, &own, broken).is_err(), "{broken}");
        }
        let mut bytes = URL_SAFE_NO_PAD.decode(&token).unwrap();
        for index in 0..bytes.len() {
            bytes[index] ^= 1;
            assert!(
                read(&KEY, &own, &URL_SAFE_NO_PAD.encode(&bytes)).is_err(),
                "byte {index}"
            );
            bytes[index] ^= 1;
        }
    }

    #[test]
    fn wrong_size_and_token_are_both_told() {
        let alpha = member("alpha");
        let violations = read_page(-1, "x", &KEY, &scope(&alpha)).unwrap_err();
        let codes: Vec<_> = violations.iter().map(|violation| violation.code).collect();
        assert_eq!(codes, [Code::PageSize, Code::PageToken]);
    }

    #[test]
    fn the_end_has_no_token_and_the_key_does_not_print() {
        assert_eq!(page_token_to_wire(None, &KEY, &scope(&member("alpha"))), "");
        assert_eq!(format!("{KEY:?}"), "PageKey(…)");
    }

    proptest! {
        #[test]
        fn cursors_survive_the_wire(cursor in proptest::collection::vec(any::<u8>(), 0..=CURSOR_BYTES_MAX)) {
            let alpha = member("alpha");
            let token = page_token_to_wire(Some(&cursor), &KEY, &scope(&alpha));
            let page = read_page(0, &token, &KEY, &scope(&alpha)).unwrap();
            prop_assert_eq!(page.cursor, Some(cursor));
        }
    }
}
