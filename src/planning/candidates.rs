//! Places and settings to try where the store's file names none: over each lane, on its posts, and over the racks beside
//! it, so that what hangs there is known to hang there.

use toml::{Table, Value};

use super::layout::Layout;
use super::section::{Candidate, Section, Setting};

/// Under the ceiling over a lane, where no antenna tells how high one can hang; metres.
const CEILING_M: f64 = 2.3;
/// Hip and shoulder height on a post.
const POST_M: [f64; 2] = [0.9, 1.5];
/// How far a post stands beside the lane.
const BESIDE_M: f64 = 0.05;
/// A rack is beside a lane when it is nearer than this.
const NEAR_M: f64 = 3.0;
/// Two antennas nearer than this that look the same way are one.
const SAME_M: f64 = 0.35;

/// A corner-to-corner rectangle on the floor.
#[derive(Clone, Copy)]
struct Around {
    low: [f64; 2],
    high: [f64; 2],
}

impl Around {
    fn of(points: impl Iterator<Item = [f64; 2]>) -> Option<Around> {
        points.fold(None, |around: Option<Around>, [x, y]| {
            let Around { low, high } = around.unwrap_or(Around { low: [x, y], high: [x, y] });
            Some(Around { low: [low[0].min(x), low[1].min(y)], high: [high[0].max(x), high[1].max(y)] })
        })
    }

    fn at(&self, across: f64, along: f64) -> [f64; 2] {
        let part = |low: f64, high: f64, share: f64| low + (high - low) * share;
        [part(self.low[0], self.high[0], across), part(self.low[1], self.high[1], along)]
    }

    fn distance(&self, other: &Around) -> f64 {
        let gap = |n: usize| (other.low[n] - self.high[n]).max(self.low[n] - other.high[n]).max(0.0);
        (gap(0) * gap(0) + gap(1) * gap(1)).sqrt()
    }
}

fn numbers(value: &Value) -> Vec<f64> {
    let number = |value: &Value| value.as_float().or_else(|| value.as_integer().map(|n| n as f64));
    value.as_array().into_iter().flatten().filter_map(number).collect()
}

fn floor(value: &Value) -> Option<[f64; 2]> {
    match numbers(value).as_slice() {
        [x, y, ..] => Some([*x, *y]),
        _ => None,
    }
}

fn entries<'a>(file: &'a Table, section: &str) -> impl Iterator<Item = &'a Table> {
    let entries = file.get(section).and_then(Value::as_array);
    entries.into_iter().flatten().filter_map(Value::as_table)
}

fn text(entry: &Table, key: &str) -> String {
    entry.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn around(entry: &Table, key: &str) -> Option<Around> {
    Around::of(entry.get(key).and_then(Value::as_array).into_iter().flatten().filter_map(floor))
}

/// The places of the section, or derived ones; none where an antenna hangs already.
pub(super) fn places(file: &Table, standing: &Layout, section: &Section) -> Vec<Candidate> {
    if !section.candidates.is_empty() {
        return section.candidates.clone();
    }
    let over_lanes = standing.antennas().filter(|(_, a)| a.facing[2] < -0.5).map(|(_, a)| a.position[2]);
    let ceiling_m = over_lanes.max_by(f64::total_cmp).unwrap_or(CEILING_M);
    let mut all = Vec::new();
    for lane in entries(file, "lanes") {
        let (id, Some(area)) = (text(lane, "id"), around(lane, "area")) else { continue };
        let mut add = |name: String, zone: &str, [x, y]: [f64; 2], z: f64, facing: [f64; 3]| {
            let candidate = Candidate {
                id: name,
                zone: zone.to_owned(),
                position: [cm(x), cm(y), cm(z)],
                facing,
                gain_dbi: 6.0,
                power_dbm: 28.5,
                price_minor: None,
                powers_dbm: None,
            };
            if !hangs(standing, &candidate) && !all.iter().any(|c: &Candidate| c.id == candidate.id) {
                all.push(candidate);
            }
        };
        let down = [0.0, 0.0, -1.0];
        for (word, along) in [("entry", 0.15), ("middle", 0.5), ("exit", 0.85)] {
            add(format!("{id}-over-{word}"), &id, area.at(0.5, along), ceiling_m, down);
        }
        for (word, z) in [("hip", POST_M[0]), ("shoulder", POST_M[1])] {
            let ([left, y], [right, _]) = (area.at(0.0, 0.5), area.at(1.0, 0.5));
            add(format!("{id}-left-{word}"), &id, [left - BESIDE_M, y], z, [1.0, 0.0, 0.0]);
            add(format!("{id}-right-{word}"), &id, [right + BESIDE_M, y], z, [-1.0, 0.0, 0.0]);
        }
        for fixture in entries(file, "fixtures") {
            let Some(rack) = around(fixture, "box").filter(|rack| rack.distance(&area) < NEAR_M) else {
                continue;
            };
            let name = format!("over-{}", text(fixture, "id"));
            add(name, &text(fixture, "zone"), rack.at(0.5, 0.5), ceiling_m.max(2.5), down);
        }
    }
    all
}

/// To the centimetre: nobody hangs an antenna more exactly.
fn cm(metres: f64) -> f64 {
    (metres * 100.0).round() / 100.0
}

fn hangs(standing: &Layout, candidate: &Candidate) -> bool {
    standing.antennas().any(|(_, antenna)| {
        let squares = |a: [f64; 3], b: [f64; 3]| a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f64>();
        squares(antenna.position, candidate.position).sqrt() < SAME_M
            && squares(antenna.facing, candidate.facing).sqrt() < 0.5
    })
}

/// The settings of the section, or those that every driver knows by an antenna's purpose.
pub(super) fn settings(section: &Section) -> Vec<Setting> {
    if !section.settings.is_empty() {
        return section.settings.clone();
    }
    let setting = |purpose: &str, session: &str, target: &str| Setting {
        id: purpose.to_owned(),
        purpose: Some(purpose.to_owned()),
        mode: None,
        setup: Table::from_iter([
            ("session".to_owned(), session.into()),
            ("target".to_owned(), target.into()),
        ]),
    };
    vec![setting("exit", "s0", "dual"), setting("shelf", "s1", "a")]
}
