//! The scenes of `tests/scenes/` in the simulated store: each file is understood, and what it says happens.
#![allow(clippy::unwrap_used, clippy::print_stdout, unreachable_pub, reason = "a test may fail loudly")]

use std::path::PathBuf;

use std::time::Duration;

use sim::{Day, Family, Happened, Plan, Scene};

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

/// The shops of `config/` that say what the simulated store needs: on an ordinary day people come, take something, and
/// leave through every lane.
#[test]
fn every_shop_can_be_lived_in() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../config");
    let mut shops: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    shops.retain(|path| {
        path.extension().is_some_and(|extension| extension == "toml")
            && std::fs::read_to_string(path).is_ok_and(|text| text.contains("[simulation]"))
    });
    shops.sort();
    assert!(shops.len() >= 4, "{shops:?}");
    for path in shops {
        let plan = Plan::read(&path).unwrap_or_else(|error| panic!("{error}"));
        let mut day = Day::in_shop(plan, Family::Busy, 5, Duration::from_secs(150));
        let (mut happened, mut reads) = (Happened::default(), 0);
        let mut lanes = std::collections::BTreeMap::new();
        while day.step(&mut happened) {
            let is_read = |line: &&recording::Line| matches!(line.what, recording::Observation::Read(_));
            reads += happened.lines.iter().filter(is_read).count();
            for passage in &happened.passages {
                *lanes.entry(passage.lane.clone()).or_insert(0) += passage.items.len();
            }
        }
        println!("{}: {reads} reads, pieces by lane {lanes:?}", path.file_stem().unwrap().display());
        assert!(reads > 1_000, "{}: {reads} reads", path.display());
        let file = std::fs::read_to_string(&path).unwrap();
        assert_eq!(lanes.len(), file.matches("[[lanes]]").count(), "{}: {lanes:?}", path.display());
        assert!(lanes.values().all(|pieces| *pieces > 0), "{}: {lanes:?}", path.display());
    }
}
