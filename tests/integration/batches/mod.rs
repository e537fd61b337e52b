//! Batches from end to end: files, the program, streams over real connections, and what goes wrong on the way.

mod book;
mod held;
mod night;
mod quality;
mod recognised;
mod stream;
pub mod upload;
