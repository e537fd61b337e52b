//! How things of a pack are named.

/// A name of 1 to 64 small letters, digits and hyphens between them.
pub(super) fn is_kebab(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.split('-').all(|part| {
            !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        })
}
