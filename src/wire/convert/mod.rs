//! Conversions between the contract and the domain, shared by server and client; one file per noun.
//!
//! Inward (`read_…`) a message becomes a domain value or all the violations that keep it from being one, each with the
//! path of its field; outward (`…_to_wire`) is total. An absent required message or an unspecified enum is a violation
//! unless the field's comment gives it a meaning. Nothing here decides a status or looks at what is on file.

pub mod administration;
pub mod batch;
pub mod check;
pub mod code;
pub mod collect;
pub mod conduct;
pub mod consent;
pub mod date;
pub mod evaluation;
pub mod exposure;
pub mod inquiry;
pub mod member;
pub mod offline;
pub mod page;
pub mod position;
pub mod quality;
pub mod report;
pub mod request;
pub mod reservation;
pub mod statistics;
pub mod subject_token;
pub mod token;
pub mod violation;

#[cfg(test)]
pub(crate) mod samples;

pub use collect::{Collector, Path};
pub use token::{ReadToken, Reading, TokenFault, WireToken};
