//! `portico`: the store's program as a library. Its binary only reads the command line.

pub mod db;
