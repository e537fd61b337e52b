//! The room in which members report their own positions.
