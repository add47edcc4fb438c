//! The `quantong` command.

fn main() {}
