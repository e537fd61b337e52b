//! The edge: sockets, TLS, calls and their limits in front of the rooms.
//!
//! Turns bytes into calls of the rooms and their answers back; decides nothing about loans. Invariant: no call reaches a
//! room without a `Caller` that the register confirmed for this very call.

mod limits;

pub use limits::Limits;
