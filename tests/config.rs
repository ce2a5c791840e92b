//! The example stores in `config/`: each is accepted as it stands, and `check` says something of each thing in it.
#![allow(clippy::unwrap_used, clippy::print_stdout, unreachable_pub, reason = "a test may fail loudly")]

mod common;

use std::collections::BTreeSet;
use std::path::PathBuf;

use common::{json_lines, portico, text};
use portico::config::Config;

fn examples() -> Vec<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("config");
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    files.sort();
    assert!(files.len() >= 2, "{files:?}");
    files
}

#[test]
fn every_example_is_accepted_and_explains_itself() {
    for path in examples() {
        let config = Config::read(&path).unwrap_or_else(|error| panic!("{error}"));
        assert!(!config.plan.lanes.is_empty() && !config.readers.is_empty(), "{}", path.display());
        let text = std::fs::read_to_string(&path).unwrap();
        let name = path.file_name().unwrap().to_string_lossy();
        assert!(text.contains(&format!("portico run   --config {name}")), "{name}: how it is used");
        for reader in &config.readers {
            let place = reader.driver().unwrap().place();
            // RFC 5737: 192.0.2.0/24 is for examples; nobody's reader is there.
            assert!(place.starts_with("192.0.2.") || place.starts_with("/dev/"), "{name}: {place}");
        }
        for antenna in &config.plan.antennas {
            // Where a cart is, no file can say.
            let known = antenna.position.is_some() && antenna.facing.is_some();
            assert!(
                known != antenna.moves,
                "{name}: where antenna {} of {} is",
                antenna.port,
                antenna.reader
            );
        }
        assert!(config.listen.ip().is_loopback(), "{name} would be open to others");
    }
}

#[test]
fn check_says_something_of_each_thing_in_an_example() {
    // Where nobody answers at all, a reader is waited for: all examples at once.
    let checks = examples().into_iter().map(|path| std::thread::spawn(move || check(&path)));
    for check in checks.collect::<Vec<_>>() {
        check.join().unwrap();
    }
}

fn check(path: &PathBuf) {
    let elsewhere = tempfile::tempdir().unwrap();
    let output = portico()
        .args(["check", "--json", "--config"])
        .arg(path)
        .current_dir(elsewhere.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1), "nobody's readers answered: {}", text(&output.stderr));
    let lines = json_lines(&output.stdout);
    let told: BTreeSet<(String, String)> = lines
        .iter()
        .map(|line| (line["what"].as_str().unwrap().to_owned(), line["name"].as_str().unwrap().to_owned()))
        .collect();
    let config = Config::read(path).unwrap();
    let mut wanted = BTreeSet::from([
        ("database".to_owned(), config.database_url.unwrap()),
        ("pages".to_owned(), config.listen.to_string()),
    ]);
    wanted.extend(config.readers.iter().map(|reader| ("reader".to_owned(), reader.id.to_string())));
    wanted.extend(config.gates.iter().map(|gate| ("gate".to_owned(), gate.id.to_string())));
    wanted.extend(config.lights.iter().map(|light| ("light".to_owned(), light.id.to_string())));
    wanted.extend(config.terminals.iter().map(|terminal| ("terminal".to_owned(), terminal.id.to_string())));
    wanted.extend(config.cameras.iter().map(|camera| ("camera".to_owned(), camera.to_string())));
    assert_eq!(told, wanted);
    for line in lines {
        assert!(line["text"].as_str().unwrap().len() > 5, "{line}");
        if line["what"] == "reader" {
            assert_eq!(line["ok"], false, "{line}");
            assert!(line["text"].as_str().unwrap().contains("192.0.2."), "what was tried: {line}");
        }
    }
}
