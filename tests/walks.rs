//! Thirty-two real walks past an Impinj R420 with four antennas, through `portico replay` as recordings: each must come
//! out with a direction from reads alone. The odd-numbered ones are for working with, the even-numbered ones are only
//! for the report: `PORTICO_WALKS=even cargo test --test walks -- --nocapture`.
#![allow(clippy::unwrap_used, clippy::print_stdout, unreachable_pub, reason = "a test may fail loudly")]

mod common;

use std::fmt::Write as _;
use std::path::Path;

use common::{json_lines, portico, shared, text};

const FOOT_M: f64 = 0.3048;
const SIDE_M: f64 = 15.0 * FOOT_M;

/// Along which axis of the square the lane of a walk lies; its entry is where that axis begins.
#[derive(Clone, Copy, PartialEq)]
enum Axis {
    X,
    Y,
}

fn config(axis: Axis) -> String {
    let s = SIDE_M;
    let (entry, exit) = match axis {
        Axis::X => (format!("[[0.0,0.0],[0.0,{s}]]"), format!("[[{s},0.0],[{s},{s}]]")),
        Axis::Y => (format!("[[0.0,0.0],[{s},0.0]]"), format!("[[0.0,{s}],[{s},{s}]]")),
    };
    let mut text = format!(
        "[store]\nid = \"0952005.05001.0\"\n[[lanes]]\nid = \"square\"\narea = [[0.0,0.0],[{s},0.0],[{s},{s}],[0.0,{s}]]\n\
         entry_line = {entry}\nexit_line = {exit}\n[[readers]]\nid = \"r420\"\ndriver = \"llrp\"\naddress = \"127.0.0.1\"\n"
    );
    for (port, x, y) in [(1, 0.0, 0.0), (2, 0.0, s), (3, s, s), (4, s, 0.0)] {
        writeln!(text, "[[readers.antennas]]\nport = {port}\nzone = \"square\"\nposition = [{x}, {y}, 1.0]")
            .unwrap();
    }
    text
}

/// One CSV as a recording: reads in the order of their times, and a minute of nothing after them.
fn recording(csv: &str) -> String {
    let mut reads: Vec<(i64, String)> = Vec::new();
    for row in csv.lines().skip(1) {
        let field: Vec<&str> = row.split(',').collect();
        let us = (field[0].parse::<f64>().unwrap() * 1e6).round() as i64;
        let at = recording::Time::from_micros(us);
        let epc = field[4].trim_start_matches("b'").trim_end_matches('\'').to_uppercase();
        let phase = field[5].parse::<f64>().unwrap() * std::f64::consts::TAU / 4096.0;
        let channel: u32 = field[6].parse().unwrap();
        let khz = 902_250 + 500 * channel;
        let doppler = field[7].parse::<f64>().unwrap() / 16.0;
        reads.push((
            us,
            format!(
                r#"{{"type":"read","at":"{at}","reader":"r420","antenna":{},"epc":"{epc}","pc":"3000","rssi":{},"phase":{phase:.4},"channel":{channel},"frequency_khz":{khz},"doppler_hz":{doppler}}}"#,
                field[2], field[3]
            ),
        ));
    }
    reads.sort();
    let mut text = String::new();
    let last = reads.last().unwrap().0;
    for (_, line) in reads {
        writeln!(text, "{line}").unwrap();
    }
    for second in 1..=60 {
        let at = recording::Time::from_micros(last + second * 1_000_000);
        writeln!(text, r#"{{"type":"tick","at":"{at}"}}"#).unwrap();
    }
    text
}

/// Walks along their axis: `out` from its beginning to its end.
fn walks(folder: &Path) -> Vec<(u32, Axis, &'static str)> {
    let metadata = std::fs::read_to_string(folder.join("LineMetadata.csv")).unwrap();
    let rows = metadata.lines().skip(1).filter(|row| !row.trim().is_empty());
    rows.map(|row| {
        let field: Vec<&str> = row.split(',').map(str::trim).collect();
        let number = field[0].rsplit('-').next().unwrap().parse().unwrap();
        let at = |column: usize| field[column].parse::<f64>().unwrap();
        let (from, to, axis) = if at(5) == at(7) { (at(6), at(8), Axis::Y) } else { (at(5), at(7), Axis::X) };
        (number, axis, if from < to { "out" } else { "in" })
    })
    .collect()
}

#[test]
fn every_walk_has_its_direction_from_reads_alone() {
    let Some(data) = shared("r420-walks") else { return };
    let report = std::env::var("PORTICO_WALKS").unwrap_or_default();
    let wanted = |number: u32| match report.as_str() {
        "even" => number.is_multiple_of(2),
        "all" => true,
        _ => !number.is_multiple_of(2),
    };
    let folder = tempfile::tempdir().unwrap();
    let (mut right, mut all, mut wrong) = (0, 0, Vec::new());
    for (number, axis, direction) in walks(&data).into_iter().filter(|(number, ..)| wanted(*number)) {
        let csv = std::fs::read_to_string(data.join(format!("lines/MoveTest1-{number}.csv"))).unwrap();
        let file = |name: &str, content: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, content).unwrap();
            path
        };
        let config = file("store.toml", &config(axis));
        let input = file("walk.ndjson", &recording(&csv));
        let output =
            portico().arg("replay").arg("--config").arg(config).arg("--input").arg(input).output().unwrap();
        assert!(output.status.success(), "walk {number}: {}", text(&output.stderr));
        let passages: Vec<String> = json_lines(&output.stdout)
            .iter()
            .filter(|outcome| outcome["type"] == "passage")
            .map(|passage| passage["direction"].as_str().unwrap_or("none").to_owned())
            .collect();
        all += 1;
        if passages == [direction] {
            right += 1;
        } else {
            wrong.push(format!("walk {number}: {direction} came out as {passages:?}"));
        }
    }
    println!("{right} of {all} walks have their direction from reads alone\n{}", wrong.join("\n"));
    if report.is_empty() {
        assert!(
            right >= 15,
            "{right} of {all}: a centroid of the first and the second half gets 15\n{}",
            wrong.join("\n")
        );
    }
}
