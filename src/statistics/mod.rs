//! Statistics for regulators: what becomes of the raw tables before anybody reads them.

pub mod protect;
