//! Nouns and rules of the lending market, pure: no I/O, no clock, no randomness, no wire or storage format.
//!
//! A value that exists is valid: constructors parse and refuse, nobody checks again. Every other module may import this
//! one; it imports nothing of ours.

pub mod batch;
pub mod caller;
pub mod clock;
pub mod conduct;
pub mod currency;
pub mod date;
pub mod decimal;
pub mod exposure;
pub mod inquiry;
pub mod language;
pub mod member;
pub mod names;
pub mod offline;
pub mod position;
pub mod quality;
pub mod reconciliation;
pub mod reservation;
pub mod rules;
pub mod secret;
pub mod statistics;
#[cfg(test)]
pub mod testing;
pub mod token;
pub mod unit;
pub mod validation;
pub mod violation;
