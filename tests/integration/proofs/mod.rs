//! What the service must show before anybody trusts it, as tests over the real thing: mutual TLS, real store, real keys.
//!
//! One file for each promise. [`world`] runs a whole service in this process with a clock of its own; [`process`] runs
//! the program in a process that can be killed. [`people`] invents borrowers and loans.
#![allow(
    clippy::format_collect,
    clippy::zombie_processes,
    clippy::type_complexity,
    clippy::unnecessary_wraps,
    clippy::semicolon_if_nothing_returned,
    clippy::too_many_lines,
    clippy::needless_pass_by_value,
    reason = "tables of cases and builders read best as they are; a process that is dropped is killed and waited for"
)]

mod attack;
pub mod authority;
mod disclosure;
mod full_disk;
mod invariants;
pub mod kill;
mod leak;
mod outage;
pub mod people;
pub mod process;
mod refusals;
mod remains;
mod schema;
mod search;
mod startup;
pub mod toil;
pub mod world;
