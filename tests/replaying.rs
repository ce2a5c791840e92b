//! A recording through the engine: the same bytes on every run, nothing decided by what came later, and reads alone
//! suffice for a direction.
#![allow(clippy::unwrap_used, clippy::print_stdout, unreachable_pub, reason = "a test may fail loudly")]

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::{json_lines, portico, text};
use serde_json::Value;

/// A simulated store in a folder.
struct Store(tempfile::TempDir);

impl Store {
    fn of(seed: u32) -> Store {
        let folder = tempfile::tempdir().unwrap();
        let seed = seed.to_string();
        let output = portico()
            .args(["sim", "--family", "plain", "--seed", &seed, "--minutes", "2", "--out"])
            .arg(folder.path())
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", text(&output.stderr));
        Store(folder)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn recording(&self) -> String {
        fs::read_to_string(self.file("recording.ndjson")).unwrap()
    }

    /// What comes out of a recording, on standard output.
    fn replay(&self, recording: &Path) -> String {
        let mut command = portico();
        command.arg("replay").arg("--input").arg(recording);
        for (option, name) in
            [("--config", "config.toml"), ("--catalogue", "catalogue.csv"), ("--items", "items.csv")]
        {
            command.arg(option).arg(self.file(name));
        }
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", text(&output.stderr));
        assert!(!text(&output.stderr).contains("panicked"), "{}", text(&output.stderr));
        text(&output.stdout)
    }

    /// The same of lines that are no file yet.
    fn replay_lines(&self, lines: &[&str]) -> String {
        let path = self.file("lines.ndjson");
        fs::write(&path, lines.join("\n") + "\n").unwrap();
        self.replay(&path)
    }
}

fn of_type(outcomes: &str, wanted: &str) -> Vec<Value> {
    json_lines(outcomes.as_bytes()).into_iter().filter(|outcome| outcome["type"] == wanted).collect()
}

#[test]
fn the_same_recording_gives_the_same_bytes_wherever_they_go() {
    for seed in [1, 2] {
        let store = Store::of(seed);
        let first = store.replay(&store.file("recording.ndjson"));
        assert!(!of_type(&first, "receipt").is_empty(), "seed {seed} sells nothing: it shows nothing");
        assert_eq!(store.replay(&store.file("recording.ndjson")), first, "the second run came out otherwise");

        let into = store.file("out.ndjson");
        let output = portico()
            .args(["replay", "--config"])
            .arg(store.file("config.toml"))
            .arg("--catalogue")
            .arg(store.file("catalogue.csv"))
            .arg("--items")
            .arg(store.file("items.csv"))
            .arg("--input")
            .arg(store.file("recording.ndjson"))
            .arg("--output")
            .arg(&into)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", text(&output.stderr));
        assert!(output.stdout.is_empty(), "with --output nothing goes to standard output");
        assert_eq!(
            fs::read_to_string(&into).unwrap(),
            first,
            "the file has other bytes than standard output"
        );
    }
}

/// The time at the last of some lines, as the contract has it: the greatest `received_at`, else `at`, so far.
fn time_at_the_end(lines: &[&str]) -> jiff::Timestamp {
    let times = lines.iter().map(|line| {
        let line: Value = serde_json::from_str(line).unwrap();
        let time = line.get("received_at").unwrap_or(&line["at"]);
        time.as_str().unwrap().parse::<jiff::Timestamp>().unwrap()
    });
    times.max().unwrap()
}

/// What came out, without the passages that a replay lists at its end since they had not ended.
fn before_the_open_passages(outcomes: &str) -> &str {
    let mut kept = outcomes;
    while let Some(last) = kept.lines().last() {
        let outcome: Value = serde_json::from_str(last).unwrap();
        if outcome["type"] != "passage" || outcome.get("ended_at").is_some() {
            break;
        }
        kept = &kept[..kept.len() - last.len() - 1];
    }
    kept
}

#[test]
fn what_is_decided_knows_only_what_had_arrived() {
    let store = Store::of(3);
    let recording = store.recording();
    let lines: Vec<&str> = recording.lines().collect();
    let full = store.replay_lines(&lines);
    let receipts = of_type(&full, "receipt");
    let mut seen = Vec::new();
    for tenth in 1..=10 {
        let cut = &lines[..lines.len() * tenth / 11];
        let outcomes = store.replay_lines(cut);
        let decided = before_the_open_passages(&outcomes);
        assert!(
            full.starts_with(decided),
            "cut after line {}: it came out otherwise than in full",
            cut.len()
        );

        let ended = time_at_the_end(cut);
        let paid: Vec<&Value> = receipts
            .iter()
            .filter(|receipt| {
                receipt["paid_at"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap() < ended
            })
            .collect();
        let in_the_cut = of_type(&outcomes, "receipt");
        assert_eq!(
            in_the_cut.iter().take(paid.len()).collect::<Vec<_>>(),
            paid,
            "cut after line {}: what was paid before is not the same",
            cut.len()
        );
        seen.push(in_the_cut.len());
    }
    assert!(seen.windows(2).any(|pair| pair[0] < pair[1]), "no cut fell between two receipts: {seen:?}");
    assert!(seen.last() <= Some(&receipts.len()));
}

#[test]
fn a_line_that_cannot_be_read_changes_nothing_of_what_the_others_say() {
    let store = Store::of(2);
    let recording = store.recording();
    let mut lines: Vec<&str> = recording.lines().collect();
    let clean = store.replay_lines(&lines);
    for (at, line) in [
        (10, "{\"type\":\"read\""),
        (400, "[]"),
        (4000, "{\"type\":\"ufo\",\"at\":\"2026-03-05T10:00:00Z\"}"),
    ] {
        lines.insert(at, line);
    }
    assert_eq!(store.replay_lines(&lines), clean);
}

#[test]
fn reads_alone_make_passages_with_a_direction() {
    let store = Store::of(3);
    let recording = store.recording();
    let reads: Vec<&str> = recording
        .lines()
        .filter(|line| {
            ["read", "tick", "reader"].iter().any(|t| line.starts_with(&format!("{{\"type\":\"{t}\"")))
        })
        .collect();
    assert!(reads.len() < recording.lines().count());
    let passages = of_type(&store.replay_lines(&reads), "passage");
    let out = passages.iter().filter(|passage| passage["direction"] == "out").count();
    assert!(out >= 2, "five people carry tagged pieces out, of these reads alone show {out}: {passages:?}");

    let nobody_pays = of_type(&store.replay_lines(&reads), "receipt");
    assert!(nobody_pays.is_empty(), "a receipt without a tap: {nobody_pays:?}");
}
