//! The calibration report: `cargo run --release -p sim --example calibrate -- [FOLDER] > sim/CALIBRATION.md`, FOLDER being
//! where the real logs are kept; without it their columns stay empty.
#![allow(clippy::print_stdout, reason = "an example speaks to its user")]

use std::path::PathBuf;

use sim::Family;
use sim::calibration::{Logs, Report, effects, moving_or_resting, report, rooms, rounds, shop, told_apart};

/// Seeds that were looked at while the physics was made, and seeds that the report shows.
const SEEN: std::ops::Range<u64> = 1..9;
const SHOWN: std::ops::Range<u64> = 201..209;
/// As much as `portico sim` writes when it is not told.
const SHOP_SECONDS: u64 = 600;
/// Seeds of each other family.
const FAMILY_SEEDS: std::ops::Range<u64> = 201..204;

fn together(seeds: &[Logs]) -> Logs {
    let mut all = Logs::default();
    for logs in seeds {
        all.walks.extend(logs.walks.iter().cloned());
        all.stays.extend(logs.stays.iter().cloned());
    }
    all
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::args().nth(1).map(PathBuf::from);
    let real = match &folder {
        Some(folder) => Logs::read(folder)?.halves(),
        None => Logs::default().halves(),
    };
    let rooms_of = |seeds: std::ops::Range<u64>| -> Vec<Logs> { seeds.map(|seed| rooms(seed, 1)).collect() };
    let shops_of = |seeds: std::ops::Range<u64>| -> Vec<Logs> {
        seeds.map(|seed| shop(Family::Calibration, seed, SHOP_SECONDS)).collect()
    };
    let (seen_rooms, shown_rooms) = (rooms_of(SEEN), rooms_of(SHOWN));
    let (seen_shops, shown_shops) = (shops_of(SEEN), shops_of(SHOWN));
    let told = |seen: &[Logs], shown: &[Logs], alike: bool| {
        told_apart((&real.fit, &real.shown), (&together(seen), &together(shown)), alike)
    };
    let [rooms_told, rooms_told_alike] = [false, true].map(|alike| told(&seen_rooms, &shown_rooms, alike));
    let [shop_told, shop_told_alike] = [false, true].map(|alike| told(&seen_shops, &shown_shops, alike));
    // How far the logs' own halves are told apart: other walks, other places, another day.
    let (fit, other) = (real.fit.halves(), real.shown.halves());
    let logs_told = told_apart((&fit.fit, &fit.shown), (&other.fit, &other.shown), false);
    let rows = report(&real, &shown_rooms, &shown_shops);
    let rounds = SHOWN.map(rounds).collect();
    let of = |family| -> Vec<Logs> { FAMILY_SEEDS.map(|seed| shop(family, seed, SHOP_SECONDS)).collect() };
    let families = Family::ALL.map(|family| (family, moving_or_resting(&of(family)))).to_vec();
    let report = Report {
        rows,
        rounds,
        logs_told,
        rooms_told,
        shop_told,
        rooms_told_alike,
        shop_told_alike,
        families,
        effects: effects(1),
    };
    print!("{report}");
    Ok(())
}
