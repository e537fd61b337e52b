//! The `tallystick` binary.

fn main() {}
