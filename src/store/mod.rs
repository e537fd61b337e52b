//! What the rooms may ask of a database, whichever engine it is.

pub mod audit_log;
pub mod error;

pub use error::StoreError;
