//! The verifiable oblivious pseudorandom function: RFC 9497, mode VOPRF, suite ristretto255-SHA512.
//!
//! [`client`] blinds and unblinds, [`server`] evaluates, [`algebra`] holds the maths that is ours and [`seal`] what a
//! pseudonym looks like at rest. Hashing to the group, batch evaluation, proofs and their verification are the `voprf`
//! crate's. The invariant: Finalize is never called, since tokens must stay in the group.

pub mod algebra;
pub mod client;
pub mod seal;
pub mod server;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod vector_tests;

/// RFC 9497's name of the suite, as published by GetTokenKeys.
pub const SUITE: &str = "ristretto255-SHA512";

/// Most elements of one evaluation.
pub const ELEMENTS_MAX: usize = 1_000;

/// Bytes of a DLEQ proof.
pub const PROOF_BYTES: usize = 64;

/// Whether a batch has an allowed size.
pub(crate) const fn is_batch(elements: usize) -> bool {
    1 <= elements && elements <= ELEMENTS_MAX
}
