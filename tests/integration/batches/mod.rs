//! Batches as members send them: streams over real connections, files, what goes wrong on the way.

mod quality;
mod book;
mod stream;
//! Batches from end to end: files, the program, the wire.

mod upload;
