//! `portico`: the store's program.

fn main() {}
