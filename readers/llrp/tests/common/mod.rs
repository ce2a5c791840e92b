//! Where the real frames are, for the tests that read them.

#![allow(clippy::print_stdout, reason = "a skipped test says so")]

use std::path::{Path, PathBuf};

/// The folder of shared recordings: `PORTICO_SHARED`, else `shared` beside the checkout. `None` (said once) when absent.
pub(crate) fn shared() -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let root = std::env::var_os("PORTICO_SHARED").map_or_else(beside, PathBuf::from);
    if root.join("data").is_dir() {
        return Some(root);
    }
    println!("skipped: no recordings in {} (set PORTICO_SHARED)", root.display());
    None
}

/// Captured frames by file name.
#[allow(dead_code, reason = "not every test file reads captures")]
pub(crate) fn captures() -> Vec<(String, Vec<u8>)> {
    let Some(root) = shared() else { return Vec::new() };
    let mut frames = Vec::new();
    for folder in ["edgex", "llrp-rs"] {
        let folder = root.join("data/llrp-captures").join(folder);
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "bin") {
                frames.push((path.display().to_string(), std::fs::read(&path).unwrap()));
            }
        }
    }
    frames.sort();
    assert!(frames.len() >= 18, "only {} captured frames found", frames.len());
    frames
}
