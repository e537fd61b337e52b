//! Tokens of subjects: mapping to pseudonyms and back, and evaluation.
//!
//! [`mapper`] serves everything but TokenService with the ledger's keys; [`evaluator`] serves TokenService with its own.
//! Neither knows a quota or a store. The invariant: whose tweak is used comes from the [`Caller`] alone, never from what
//! it sends, so a token presented by another member than its own names nobody.
//!
//! [`Caller`]: crate::domain::caller::Caller

pub mod evaluator;
pub mod mapper;

pub use evaluator::Evaluator;
pub use mapper::{MapError, TokenMapper};
