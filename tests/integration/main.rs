//! The one integration test binary: a module for each part that is tested from outside.

mod model;
mod store;
