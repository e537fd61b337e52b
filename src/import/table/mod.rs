//! Tabular files: one record a row, its fields in named columns. CSV, JSON Lines and Parquet.
//!
//! `columns` is the list of what a file may say, `parse` understands a row, the others know bytes. A file is read as a
//! stream: at most one record of it is held, of Parquet what its row group needs. docs/files.md is for the people who
//! make the files.

pub mod cells;
pub mod codes;
pub mod columns;
mod csv_file;
pub mod format;
pub mod guide;
pub mod header;
pub mod input;
mod json;
mod json_lines;
mod opening;
pub mod pages;
pub mod parquet_file;
mod parquet_types;
pub mod parquet_write;
pub mod parse;
mod rejects;
mod rows;
#[cfg(test)]
pub mod samples;
mod sink;
mod template;
mod thrift;
mod write;

pub use format::{Compression, Format, create_private, guess};
pub use opening::{Opened, open, open_stream};
pub use rejects::{BROKEN_LINE_KEY, Layout, REASON_SEPARATOR};
pub use sink::Output;
pub use template::template;
pub use write::{CellWriter, TableWriter};

#[cfg(test)]
mod tests;
