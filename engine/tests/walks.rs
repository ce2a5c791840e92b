//! Real walks past a real reader: which way somebody went, from reads alone. 32 walks through a square of 15 ft with an
//! Impinj R420's antennas at the corners (`r420-walks` in the shared folder's data, its traps in the README beside it).
//! The rules were written with the odd-numbered walks in sight only.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test that cannot read its data fails and says what it did"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use engine::plan::{Antenna, Flow, Lane, Policy};
use engine::{PassageEvent, Perception, Plan, Shop, Stamp};
use recording::{Direction, Hex, Line, Read, Tick, Time};

const FOOT_M: f64 = 0.3048;
/// The square's side.
const SIDE_M: f64 = 15.0 * FOOT_M;

fn walks() -> Option<PathBuf> {
    let shared = std::env::var_os("PORTICO_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared"), PathBuf::from);
    let walks = shared.join("data/r420-walks");
    if walks.is_dir() {
        return Some(walks);
    }
    println!("skipped: no {} (set PORTICO_SHARED)", walks.display());
    None
}

/// A lane that is the whole square, going along the y axis (path 1) or the x axis (path 2), away from the origin.
fn plan(along_y: bool) -> Plan {
    let corner = |x: f64, y: f64| [x * SIDE_M, y * SIDE_M];
    let (entry_line, exit_line) = if along_y {
        ([corner(0.0, 0.0), corner(1.0, 0.0)], [corner(0.0, 1.0), corner(1.0, 1.0)])
    } else {
        ([corner(0.0, 0.0), corner(0.0, 1.0)], [corner(1.0, 0.0), corner(1.0, 1.0)])
    };
    let antenna = |port: u16, x: f64, y: f64| Antenna {
        reader: "r420".into(),
        port,
        zone: "square".into(),
        position: Some([x * SIDE_M, y * SIDE_M, 1.0]),
        facing: None,
    };
    Plan {
        store: "0952005.05001.0".into(),
        currency: "USD".into(),
        lanes: vec![Lane {
            id: "square".into(),
            flow: Flow::TapThenWalk,
            area: vec![corner(0.0, 0.0), corner(1.0, 0.0), corner(1.0, 1.0), corner(0.0, 1.0)],
            entry_line,
            exit_line,
            terminal: None,
            gate: None,
            group: "square".into(),
            by: None,
        }],
        zones: Vec::new(),
        antennas: vec![
            antenna(1, 0.0, 0.0),
            antenna(2, 0.0, 1.0),
            antenna(3, 1.0, 1.0),
            antenna(4, 1.0, 0.0),
        ],
        terminals: Vec::new(),
        fixtures: Vec::new(),
        policy: Policy::default(),
    }
}

/// The walk's reads in the file's order, which is not that of their times.
fn lines(file: &Path) -> Vec<Line> {
    let text = fs::read_to_string(file).expect("the walk's file");
    text.lines()
        .skip(1)
        .map(|row| {
            let field: Vec<&str> = row.split(',').collect();
            let seconds: f64 = field[0].parse().unwrap();
            let channel: u16 = field[6].parse().unwrap();
            let phase: f32 = field[5].parse().unwrap();
            let read = Read {
                reader: "r420".into(),
                antenna: field[2].parse().unwrap(),
                epc: Hex::parse(field[4].trim_start_matches("b'").trim_end_matches('\'')).unwrap(),
                pc: None,
                rssi: Some(field[3].parse().unwrap()),
                phase: Some(phase / 4096.0 * std::f32::consts::TAU),
                channel: Some(channel),
                frequency_khz: Some(902_250 + 500 * u32::from(channel)),
                doppler_hz: Some(field[7].parse::<f32>().unwrap() / 16.0),
                count: 1,
                tid: None,
            };
            Line::new(Time::from_micros((seconds * 1e6) as i64), read.into())
        })
        .collect()
}

/// What the engine's first passage of this walk went like; anything but exactly one passage is no answer.
fn told(plan: Plan, lines: &[Line]) -> Option<Direction> {
    let mut perception = Perception::new(Arc::new(plan));
    let (shop, mut events) = (Shop::default(), Vec::new());
    let mut stamp = Stamp { seq: 0, now: Time::default() };
    let mut tell = |line: &Line| {
        stamp = Stamp { seq: stamp.seq + 1, now: stamp.now.max(line.at) };
        perception.observe(stamp, line, &shop, &mut events);
        stamp.now
    };
    let mut now = Time::default();
    for line in lines {
        now = tell(line);
    }
    for _ in 0..60 {
        now = tell(&Line::new(now + std::time::Duration::from_millis(100), Tick {}.into()));
    }
    let mut ended = events.iter().filter_map(|event| match event {
        PassageEvent::Ended { direction, .. } => Some(*direction),
        _ => None,
    });
    let first = ended.next();
    if ended.next().is_some() {
        println!("more than one passage");
        return None;
    }
    first.flatten()
}

/// Right, wrong and without an answer, of the walks whose number `which` accepts.
fn score(walks: &Path, which: impl Fn(u32) -> bool) -> (u32, u32, u32) {
    let metadata = fs::read_to_string(walks.join("LineMetadata.csv")).expect("LineMetadata.csv");
    let (mut right, mut wrong, mut open) = (0, 0, 0);
    for row in metadata.lines().skip(1) {
        let field: Vec<&str> = row.split(',').map(str::trim).collect();
        let number: u32 = field[0].rsplit('-').next().unwrap().parse().unwrap();
        if !which(number) {
            continue;
        }
        let feet: Vec<f64> = field[5..9].iter().map(|n| n.parse().unwrap()).collect();
        let along_y = (feet[3] - feet[1]).abs() > (feet[2] - feet[0]).abs();
        let away = if along_y { feet[3] > feet[1] } else { feet[2] > feet[0] };
        let truth = if away { Direction::Out } else { Direction::In };
        let lines = lines(&walks.join(format!("lines/MoveTest1-{number}.csv")));
        let said = told(plan(along_y), &lines);
        match said {
            Some(said) if said == truth => right += 1,
            Some(_) => wrong += 1,
            None => open += 1,
        }
        if said != Some(truth) {
            println!("walk {number}: {said:?}, was {truth:?}");
        }
    }
    (right, wrong, open)
}

#[test]
fn real_walks_have_a_direction_from_reads_alone() {
    let Some(walks) = walks() else { return };
    let (right, wrong, open) = score(&walks, |number| number % 2 == 1);
    println!("odd-numbered walks: {right} right, {wrong} wrong, {open} without an answer");
    assert!(right >= 15 && wrong == 0, "{right} right, {wrong} wrong, {open} without an answer");
}
