//! What the service must show before anybody trusts it, as tests over the real thing: mutual TLS, real store, real keys.
//!
//! One file for each promise. [`world`] runs a whole service in this process with a clock of its own; [`process`] runs
//! the program in a process that can be killed. [`people`] invents borrowers and loans.

mod attack;
mod authority;
mod disclosure;
mod full_disk;
mod invariants;
mod kill;
mod leak;
mod people;
mod process;
mod refusals;
mod search;
mod startup;
mod world;
