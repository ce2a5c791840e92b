//! The scenes of `tests/scenes/` in the simulated store: each file is understood, and what it says happens.
#![allow(clippy::unwrap_used, clippy::print_stdout, unreachable_pub, reason = "a test may fail loudly")]

use std::path::PathBuf;

use sim::Scene;

fn files() -> Vec<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/scenes");
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> =
        entries.filter(|path| path.extension().is_some_and(|e| e == "toml")).collect();
    files.sort();
    files
}

#[test]
fn every_scene_happens_as_it_is_written() {
    let mut faults = Vec::new();
    for path in files() {
        let played = Scene::read(&path).and_then(|scene| scene.play(1));
        match played {
            Ok(staged) => {
                for right in &staged.right {
                    let truth = &staged.simulated.truth;
                    let passage = truth.passages.iter().find(|p| p.id == right.passage).unwrap();
                    println!(
                        "{}: {} {} {:?}, carries {}, tap {:?}",
                        path.file_stem().unwrap().display(),
                        passage.lane,
                        passage.kind,
                        passage.expected,
                        passage.items.len(),
                        passage.tap.as_ref().map(|tap| tap.outcome)
                    );
                }
            }
            Err(error) => faults.push(error.to_string()),
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
