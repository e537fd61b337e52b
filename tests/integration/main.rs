//! The one integration test binary: a module for each part that is tested from outside.
//!
//! `store` runs each of its cases on both engines. `server`, `proofs` and `checks` run on the embedded one, and on PostgreSQL when
//! `TALLYSTICK_TEST_ENGINE=postgres` is set; `scripts/test` does both. A test of one engine's own runs on it either way.
//! `model` opens no database.
#![expect(clippy::unwrap_used, reason = "a test ends where it finds something wrong")]
#![allow(
    clippy::option_option,
    clippy::unused_self,
    clippy::struct_excessive_bools,
    reason = "the naive model says things the way the semantics do"
)]

mod batches;
mod checks;
mod demo;
mod harness;
mod model;
mod proofs;
mod races;
mod server;
mod servers;
mod statistics;
mod store;
mod web;
