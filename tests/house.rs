//! The house as drawn in ARCHITECTURE.md, held against the house as built.
#![allow(clippy::unwrap_used, clippy::print_stdout, unreachable_pub, reason = "a test may fail loudly")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Package → what it needs, without what only its tests need.
fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let out = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let metadata: Value = serde_json::from_slice(&out.stdout).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let packages = metadata["packages"].as_array().unwrap();
    packages
        .iter()
        .map(|package| {
            let needs = package["dependencies"].as_array().unwrap().iter();
            let needs = needs.filter(|d| d["kind"].is_null()).map(|d| text(&d["name"])).collect();
            (text(&package["name"]), needs)
        })
        .collect()
}

/// The arrows of ARCHITECTURE.md: `from` → the packages of the house that it may know.
const ARROWS: &[(&str, &[&str])] = &[
    ("epc", &[]),
    ("llrp", &[]),
    ("recording", &[]),
    ("engine", &["epc", "recording"]),
    ("readers", &["llrp", "recording"]),
    ("sim", &["llrp", "recording"]),
    ("portico", &["engine", "epc", "llrp", "readers", "recording", "sim"]),
];

#[test]
fn cargos_arrows_are_those_drawn() {
    let built = dependencies();
    let rooms: BTreeSet<&str> = ARROWS.iter().map(|(room, _)| *room).collect();
    assert_eq!(
        built.keys().map(String::as_str).collect::<BTreeSet<_>>(),
        rooms,
        "a room is missing or not drawn"
    );
    for (room, drawn) in ARROWS {
        let arrows: BTreeSet<&str> =
            built[*room].iter().map(String::as_str).filter(|d| rooms.contains(d)).collect();
        assert_eq!(arrows, drawn.iter().copied().collect::<BTreeSet<_>>(), "the arrows out of `{room}`");
    }
    let page = std::fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    for (room, _) in ARROWS {
        assert!(page.contains(&format!("`{room}`")), "ARCHITECTURE.md does not draw `{room}`");
    }
}

#[test]
fn the_core_knows_no_runtime_database_clock_or_chance() {
    let built = dependencies();
    for room in ["engine", "epc", "llrp", "recording"] {
        for outside in ["tokio", "sqlx", "axum", "rand", "rand_chacha", "libc", "reqwest"] {
            assert!(!built[room].contains(outside), "`{room}` must not know {outside}");
        }
    }
}

fn sources(under: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(under).unwrap().flatten() {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        if path.is_dir() {
            if name != "target" && !name.starts_with('.') && name != "data" {
                sources(&path, found);
            }
        } else if path.extension().is_some_and(|ext| ext == "rs") {
            found.push(path);
        }
    }
}

/// Habits of the house that no lint knows.
#[test]
fn tidy() {
    let mut files = Vec::new();
    sources(&root(), &mut files);
    assert!(files.len() > 50, "the walk found {} files: is it walking the house?", files.len());
    let mut faults = Vec::new();
    // Put together here, so that this file does not find itself.
    let marks = [["TO", "DO"].concat(), ["FIX", "ME"].concat(), ["XX", "X"].concat()];
    for path in files {
        let text = std::fs::read_to_string(&path).unwrap();
        let name = path.strip_prefix(root()).unwrap().display().to_string();
        if !text.starts_with("//!") {
            faults.push(format!("{name}: does not open with what it is for (`//!`)"));
        }
        for (at, line) in text.lines().enumerate() {
            if marks.iter().any(|mark| line.contains(mark.as_str())) {
                faults.push(format!("{name}:{}: left open", at + 1));
            }
        }
        if text.lines().count() > 900 {
            faults.push(format!("{name}: {} lines: it has more than one subject", text.lines().count()));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
