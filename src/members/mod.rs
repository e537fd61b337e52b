//! The room that knows who takes part: registry, certificates, permissions.
