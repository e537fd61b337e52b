//! The edge: sockets, TLS, calls and their limits in front of the rooms.
//!
//! Turns bytes into calls of the rooms and their answers back; decides nothing about loans. Invariant: no call reaches a
//! room without a `Caller` that the register confirmed for this very call.

mod accept;
mod assembly;
pub mod connection;
pub mod floor;
mod grpc;
mod http;
pub mod layers;
mod limits;
pub mod metric;
pub mod status;
pub mod tls;

pub use assembly::{Options, Rooms, ServeError, Server, WebOptions};
pub use grpc::Market;
pub use http::RenderMetrics;
pub use limits::Limits;
pub use tls::{TlsError, TlsFiles};
