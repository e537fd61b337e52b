//! The server's configuration: one struct, unknown keys refused.
