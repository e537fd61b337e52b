//! Nouns and rules of the lending market, pure: no I/O, no clock, no randomness, no wire or storage format.
//!
//! A value that exists is valid: constructors parse and refuse, nobody checks again. Every other module may import this
//! one; it imports nothing of ours.

pub mod caller;
pub mod clock;
pub mod date;
pub mod member;
pub mod names;
pub mod secret;
pub mod token;
pub mod violation;
