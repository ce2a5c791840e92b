//! A simulated store as a recording: its observations in order of arrival, the truth beside them, and the files with
//! which a store takes them in.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write as _};
use std::path::Path;
use std::time::Duration;

use recording::{Line, Time, write_line};

use crate::family::Family;
use crate::stock::catalogue_csv;
use crate::truth::Truth;
use crate::world::World;

/// 2026-03-02T10:00:00Z; each seed has a day of its own after it.
const FIRST_DAY_US: i64 = 1_772_445_600_000_000;
const DAY_US: i64 = 86_400_000_000;
/// How long the last shoppers may take after the time is up.
const CLOSING_US: i64 = 300_000_000;

/// A simulated store, run to its end.
#[derive(Clone, Debug)]
pub struct Simulated {
    /// Observations in order of arrival, each with its `received_at`.
    pub lines: Vec<Line>,
    /// What really happened.
    pub truth: Truth,
    /// A configuration with the store's readers at addresses that nobody has (RFC 5737).
    pub config_toml: String,
    /// The catalogue, plain CSV.
    pub catalogue_csv: String,
    /// The tagged pieces and where they are at the beginning, CSV.
    pub items_csv: String,
}

/// The day and hour at which the world of a seed begins.
pub(crate) fn start_of(seed: u64) -> Time {
    Time::from_micros(FIRST_DAY_US + (seed % 200) as i64 * DAY_US)
}

/// Runs a store. Shoppers come in for `duration`; the recording goes on until the last of them has left, so that no
/// passage is cut in half.
pub fn simulate(family: Family, seed: u64, duration: Duration) -> Simulated {
    let mut world = World::new(family, seed, start_of(seed), None);
    let config_toml = world.plan.config_toml(|reader| {
        let last = world.plan.readers.iter().position(|r| r.id == reader).unwrap_or(0) + 10;
        format!("192.0.2.{last}:5084")
    });
    let mut items_csv = world.items_csv();
    let known = world.pieces.len();
    let mut lines = Vec::new();
    let end_us = i64::try_from(duration.as_micros()).unwrap_or(i64::MAX / 4);
    while world.now_us < end_us || (world.anybody() && world.now_us < end_us.saturating_add(CLOSING_US)) {
        world.closing = world.now_us >= end_us;
        world.step(&mut lines);
    }
    // What is on its way when the last one has left still arrives; no person does.
    world.closing = true;
    let quiet_us = world.now_us + 5_000_000;
    while world.now_us < quiet_us {
        world.step(&mut lines);
    }
    items_csv.push_str(&world.items_made_since(known));
    let truth = world.truth(seed);
    Simulated { lines, truth, config_toml, catalogue_csv: catalogue_csv(&world.products), items_csv }
}

impl Simulated {
    /// Writes `recording.ndjson`, `truth.json`, `config.toml`, `catalogue.csv` and `items.csv` into a folder, which is
    /// made where it is not there.
    pub fn write_to(&self, folder: &Path) -> io::Result<()> {
        fs::create_dir_all(folder)?;
        let mut recording = BufWriter::new(File::create(folder.join("recording.ndjson"))?);
        for line in &self.lines {
            write_line(&mut recording, line)?;
        }
        recording.flush()?;
        let mut truth = BufWriter::new(File::create(folder.join("truth.json"))?);
        serde_json::to_writer(&mut truth, &self.truth)?;
        truth.write_all(b"\n")?;
        truth.flush()?;
        fs::write(folder.join("config.toml"), &self.config_toml)?;
        fs::write(folder.join("catalogue.csv"), &self.catalogue_csv)?;
        fs::write(folder.join("items.csv"), &self.items_csv)
    }
}
