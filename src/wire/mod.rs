//! The contract's generated code and the only conversions between it and the domain.

pub mod convert;

/// What every message of the contract is, and the well-known types it uses: named here for those above.
pub use prost::Message;
pub use prost_types::{FieldMask, Timestamp};

/// Generated from `proto/tallystick/v1`.
#[expect(clippy::all, clippy::pedantic, reason = "generated")]
pub mod pb {
    tonic::include_proto!("tallystick.v1");

    /// Every file of the contract with its imports and comments, for reflection.
    pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/tallystick.bin"));
}

impl std::fmt::Debug for pb::SubjectToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SubjectToken(…)")
    }
}
