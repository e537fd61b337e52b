//! The edge, over real sockets.

mod administration;
mod authority;
mod drain;
mod handshake;
mod limits;
mod loopback;
mod roles;
mod secrets;
mod tokens;
mod transport;
