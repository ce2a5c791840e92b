//! Vectors of others, read where they lie; nothing of them is kept here.

#![allow(clippy::print_stdout, reason = "a skipped test says so")]

use std::path::PathBuf;

/// The text of a file of the shared folder, or nothing (and a message) where the folder is absent.
pub(crate) fn text(path: &str) -> Option<String> {
    let root = std::env::var_os("PORTICO_SHARED")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared")), PathBuf::from);
    if !root.is_dir() {
        println!("skipped: no shared folder at {}; set PORTICO_SHARED", root.display());
        return None;
    }
    let file = root.join(path);
    Some(std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display())))
}

pub(crate) fn json(path: &str) -> Option<serde_json::Value> {
    text(path).map(|text| serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}")))
}
