//! The room of members: who calls, what they may do, how much they may evaluate, and changes of the register.
//!
//! Knows nothing of sockets: a caller comes as a certificate's fingerprint. The registry in memory follows the store: own
//! changes are seen at once, those of other processes at the next look. Invariant: only [`Registry::authenticate`] makes a
//! `Caller`, anew for each call.

mod authenticate;
mod certificate;
mod conduct;
mod permissions;
mod registry;
mod room;

#[cfg(test)]
mod tests;

pub use authenticate::{AuthError, Snapshot};
pub use certificate::{CertificateError, fingerprint, parse_certificate};
pub use conduct::Conduct;
pub use permissions::{PERMISSIONS, Permission, Shape};
pub use registry::{MemberRegister, Registry};
pub use room::{BOOTSTRAP_MEMBER, Members};
