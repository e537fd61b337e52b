//! Tests of the whole house, in one binary.

mod model;
