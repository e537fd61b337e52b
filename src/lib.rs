//! Tallystick: shared loan positions without shared identities.
//!
//! The crate's map, in layer order: a module imports only from those above it (ARCHITECTURE.md, enforced by
//! `tests/architecture.rs`).

pub mod domain;

pub mod audit;
pub mod identity;

pub mod store;

pub mod rule_packs;
pub mod subjects;

pub mod exposure;
pub mod ledger;
pub mod members;
pub mod reporting;
pub mod statistics;

pub mod wire;

pub mod client;
pub mod import;
pub mod server;

pub mod cli;
pub mod config;
pub mod telemetry;
