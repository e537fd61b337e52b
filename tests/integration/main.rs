//! The one integration test binary: a module for each part that is tested from outside.

mod harness;
mod model;
mod server;
mod store;
