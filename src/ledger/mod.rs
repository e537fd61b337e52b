//! The room that keeps the audit log: sequencing, checkpoints, verification.
