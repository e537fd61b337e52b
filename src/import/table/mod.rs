//! Tabular files: one record a row, its fields in named columns.

pub mod cells;
pub mod codes;
pub mod columns;
pub mod parse;
#[cfg(test)]
pub mod samples;
