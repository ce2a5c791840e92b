//! Bare rooms like those in which the logs were made: antennas, tags, at most one person, no shop. What is read in them
//! comes out as the same recordings that real logs are read into.

use std::f64::consts::{FRAC_1_SQRT_2, TAU};

use super::features::{Recording, Sample};
use super::logs::Logs;
use super::rounds::ROUND_S;
use crate::chance::Chance;
use crate::gen2::{Inventory, Setup, TagRead};
use crate::plan::Antenna;
use crate::radio::{Aerial, Air, Body, Polarisation, Tag, carry_loss_db};
use crate::space::{P2, P3};
use crate::stock::Carry;

/// Side of the square in which the R420 logs were made: 15 ft.
const ROOM_M: f64 = 4.57;
/// The logs' readers send with all they have.
const ROOM_DBM: f64 = 30.0;
/// The tag is carried at arm's length ahead of the body, metres.
const ARM_M: f64 = 0.5;
const STEP_US: i64 = 50_000;
/// Logs hold the standard's level, whole dBm.
const STANDARD_DB: f64 = 1.0;
const FOOT_M: f64 = 0.3048;
/// Power at the ceiling antenna, less what its cable takes.
const UNDER_DBM: f64 = 30.0;

/// Everything that the logs have, read in rooms drawn with this seed; `times` of what one seed needs for a first look.
pub fn rooms(seed: u64, times: usize) -> Logs {
    let mut chance = Chance::new(seed, 900);
    let mut logs = Logs {
        walks: (0..16 * times).map(|n| walk(n, &mut chance)).collect(),
        stays: (0..16 * times).map(|_| stay(&mut chance)).collect(),
        single: (0..times).map(|_| single(&mut chance)).collect(),
        rounds: (0..300 * times).filter_map(|_| rounds(&mut chance)).collect(),
        firsts: (0..12 * times).map(|_| carried_past(&mut chance)).collect(),
        ..Logs::default()
    };
    for _ in 0..6 * times {
        logs.under.extend([1, 3, 5, 7].map(|feet| (feet, under(feet, &mut chance))));
    }
    for _ in 0..times {
        logs.many.extend([7, 8, 10, 12, 15].map(|tags| many(tags, &mut chance)));
    }
    logs
}

/// Reads as a log holds them.
fn recording(reads: &[TagRead]) -> Recording {
    let samples = reads.iter().map(|read| Sample {
        at_us: read.at_us,
        tag: read.tag as u32,
        antenna: read.antenna as u16 + 1,
        rssi_dbm: (read.report.rssi_dbm / STANDARD_DB).trunc() * STANDARD_DB,
        phase: Some(read.report.phase),
        channel: read.channel,
        doppler_hz: Some(read.report.doppler_hz),
    });
    Recording::new(samples.collect())
}

fn single(chance: &mut Chance) -> Recording {
    let mut air = bench(30.0, chance);
    add(&mut air, P3::new(1.0, 0.0, 1.0), P3::new(0.0, 1.0, 0.0), chance);
    recording(&run(&mut air, 15.0, chance, |_, _| {}))
}

/// A tag that faces a 9 dBic antenna under the ceiling (86 in), so many feet below it.
fn under(feet: u32, chance: &mut Chance) -> Recording {
    let top = P3::new(0.0, 0.0, 86.0 * 0.0254);
    let down = P3::new(0.0, 0.0, -1.0);
    let plan = Antenna { gain_dbi: 9.0, ..antenna(1, top, down, UNDER_DBM) };
    let mut air = Air::new(vec![alone(plan, chance)]);
    let at = P3::new(0.0, 0.0, top.z - FOOT_M * f64::from(feet));
    add(&mut air, at, P3::new(0.0, 1.0, 0.0), chance);
    recording(&run(&mut air, 2.0, chance, |_, _| {}))
}

/// A box of tags before one antenna.
fn many(count: usize, chance: &mut Chance) -> Recording {
    let mut air = bench(30.0, chance);
    for _ in 0..count {
        let at = P3::new(chance.between(1.2, 2.2), chance.between(-0.5, 0.5), chance.between(0.5, 1.5));
        add(&mut air, at, P3::new(0.0, 1.0, 0.0), chance);
        if let Some(tag) = air.tags.last_mut() {
            tag.loss_db = chance.between(0.0, 6.0);
        }
    }
    recording(&run(&mut air, 15.0, chance, |_, _| {}))
}

/// A tag at rest between four antennas, while whoever records stands about and moves a little.
fn stay(chance: &mut Chance) -> Recording {
    let mut air = corners(ROOM_M, ROOM_DBM, chance);
    let at = P3::new(chance.between(0.4, ROOM_M - 0.4), chance.between(0.4, ROOM_M - 0.4), 1.0);
    add(&mut air, at, level_axis(chance), chance);
    if let Some(tag) = air.tags.first_mut() {
        tag.of_one_make(chance);
        tag.with_nothing_around(chance);
    }
    let mut person = P2::new(chance.between(0.5, ROOM_M), chance.between(0.5, ROOM_M));
    let mut draws = Chance::new(chance.index(1000) as u64, 902);
    let reads = run(&mut air, 15.0, chance, |air, _| {
        person = person.plus(P2::new(draws.normal(0.0, 0.007), draws.normal(0.0, 0.007)));
        let velocity = P2::default();
        air.bodies = vec![Body::grown(person, velocity, 14.0)];
    });
    recording(&reads)
}

fn level_axis(chance: &mut Chance) -> P3 {
    let (sin, cos) = libm::sincos(chance.between(0.0, TAU));
    if chance.happens(0.25) { P3::new(0.0, 0.0, 1.0) } else { P3::new(cos, sin, 0.0) }
}

/// A walk with the tag through the middle of the room, slow or fast, one way or the other. Whoever walks stands still for
/// a moment before and after, as the logs show.
pub(super) fn walk(n: usize, chance: &mut Chance) -> Recording {
    let mut air = corners(ROOM_M, ROOM_DBM, chance);
    let axis = level_axis(chance);
    let speed: f64 = if n.is_multiple_of(2) { 0.38 } else { 0.66 };
    let (from, to) = if n % 4 < 2 { (0.3, ROOM_M - 0.3) } else { (ROOM_M - 0.3, 0.3) };
    let forward: f64 = if to > from { 1.0 } else { -1.0 };
    let middle = ROOM_M / 2.0;
    let walks_s = (ROOM_M - 0.6) / speed;
    let (before_s, after_s) = (chance.between(0.3, 1.3), chance.between(0.2, 0.8));
    add(&mut air, P3::new(from, middle, 1.0), axis, chance);
    if let Some(tag) = air.tags.first_mut() {
        tag.of_one_make(chance);
        tag.with_nothing_around(chance);
        tag.owner = Some(1);
    }
    let shadow_db = chance.between(10.0, 20.0);
    let reads = run(&mut air, before_s + walks_s + after_s, chance, |air, now_us| {
        let t = now_us as f64 / 1e6 - before_s;
        let walked_s = t.clamp(0.0, walks_s);
        let x = from + forward * speed * walked_s;
        let walking = t >= 0.0 && t < walks_s;
        let velocity = if walking { P2::new(forward * speed, 0.0) } else { P2::default() };
        air.bodies = vec![Body::grown(P2::new(x - ARM_M * forward, middle), velocity, shadow_db)];
        if let Some(tag) = air.tags.first_mut() {
            let sway = 0.04 * libm::sin(walked_s * 7.0);
            tag.place((P3::new(x, middle + sway, 1.0 + sway), axis));
            tag.velocity = velocity;
        }
    });
    recording(&reads)
}

/// A tag at one level: mean level of its reads, rounds with a read, and rounds; nothing where it is never read.
fn rounds(chance: &mut Chance) -> Option<[f64; 3]> {
    let seconds = 4.0;
    let mut air = bench(30.0, chance);
    add(&mut air, P3::new(2.0, 0.0, 1.0), P3::new(0.0, 1.0, 0.0), chance);
    if let Some(tag) = air.tags.first_mut() {
        tag.loss_db = chance.between(0.0, 20.0);
    }
    let reads = run(&mut air, seconds, chance, |_, _| {});
    let hits = reads.len() as f64;
    let mean = reads.iter().map(|r| r.report.rssi_dbm).sum::<f64>() / hits;
    let misses = ((seconds - hits * ROUND_S.0) / ROUND_S.1).max(0.0);
    (hits > 0.0).then_some([mean, hits, hits + misses])
}

/// Ten garments in a pile on somebody's arm, walked through a room of 3 m (the source does not tell its own): when each
/// was read first, seconds from the first step, infinite where never.
fn carried_past(chance: &mut Chance) -> Vec<f64> {
    let mut air = corners(3.0, 30.0, chance);
    let shadow_db = chance.between(10.0, 20.0);
    let middle = 1.5;
    for slot in 0..10 {
        add(&mut air, P3::new(0.3, middle, 1.0 + 0.02 * slot as f64), chance.direction(), chance);
        if let Some(tag) = air.tags.last_mut() {
            tag.owner = Some(1);
            tag.loss_db = carry_loss_db(Carry::Stacked, slot, chance);
        }
    }
    let reads = run(&mut air, 3.0, chance, |air, now_us| {
        let x = 0.3 + 0.8 * now_us as f64 / 1e6;
        let velocity = P2::new(0.9, 0.0);
        air.bodies = vec![Body::grown(P2::new(x - 0.32, middle), velocity, shadow_db)];
        for tag in &mut air.tags {
            (tag.at.x, tag.velocity) = (x, velocity);
        }
    });
    let first = |tag: usize| reads.iter().find(|r| r.tag == tag).map(|r| r.at_us as f64 / 1e6);
    (0..10).map(|tag| first(tag).unwrap_or(f64::INFINITY)).collect()
}

pub(super) fn antenna(port: u16, at: P3, facing: P3, power_dbm: f64) -> Antenna {
    Antenna { port, zone: String::new(), at, facing, gain_dbi: 6.0, power_dbm }
}

/// Four antennas in the corners, facing the middle, as in the R420 logs.
fn corners(side_m: f64, power_dbm: f64, chance: &mut Chance) -> Air {
    let half = FRAC_1_SQRT_2;
    let aerials = [(0.0, 0.0), (0.0, side_m), (side_m, side_m), (side_m, 0.0)].into_iter().zip(1_u16..).map(
        |((x, y), port)| {
            let facing = P3::new(if x > 0.0 { -half } else { half }, if y > 0.0 { -half } else { half }, 0.0);
            let mut aerial = Aerial::new(antenna(port, P3::new(x, y, 1.2), facing, power_dbm), chance);
            // In the logs 1 and 4 turn the other way round than 2 and 3.
            let turn = if port == 1 || port == 4 { Polarisation::Left } else { Polarisation::Right };
            aerial.polarise(turn, chance.between(0.5, 2.5));
            aerial
        },
    );
    Air::new(aerials.collect())
}

/// An antenna that its reader never turns away from.
fn alone(plan: Antenna, chance: &mut Chance) -> Aerial {
    let mut aerial = Aerial::new(plan, chance);
    aerial.alone = true;
    aerial
}

fn bench(power_dbm: f64, chance: &mut Chance) -> Air {
    let at = P3::new(0.0, 0.0, 1.0);
    Air::new(vec![alone(antenna(1, at, P3::new(1.0, 0.0, 0.0), power_dbm), chance)])
}

fn add(air: &mut Air, at: P3, axis: P3, chance: &mut Chance) {
    let mut tag = Tag::new(air.aerials.len(), chance);
    tag.place((at, axis));
    tag.held_axis = axis;
    air.tags.push(tag);
}

fn run(air: &mut Air, seconds: f64, chance: &mut Chance, before: impl FnMut(&mut Air, i64)) -> Vec<TagRead> {
    let number = chance.index(1000) as u64;
    let draws = Chance::new(number, 901);
    let setup = Setup::logs(air.aerials.len());
    reads(air, Inventory::new(setup, 0, air.aerials.len(), 0, 0, draws), seconds, before)
}

/// What a reader reads in a room without walls; `before` each step things are moved.
pub(super) fn reads(
    air: &mut Air,
    mut inventory: Inventory,
    seconds: f64,
    mut before: impl FnMut(&mut Air, i64),
) -> Vec<TagRead> {
    let mut out = Vec::new();
    let mut now_us = 0;
    while now_us < (seconds * 1e6) as i64 {
        before(air, now_us);
        inventory.run(air, now_us, now_us + STEP_US, &mut out);
        now_us += STEP_US;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::radio::Region;

    /// EN 302 208: four channels, and at most four seconds on one.
    #[test]
    fn a_reader_in_europe_stays_on_its_four_channels() {
        let mut chance = Chance::new(1, 1);
        let mut air = bench(30.0, &mut chance);
        air.in_region(Region::Etsi);
        add(&mut air, P3::new(1.0, 0.0, 1.0), P3::new(0.0, 1.0, 0.0), &mut chance);
        let setup = Setup { region: Region::Etsi, ..Setup::exit() };
        let mut inventory = Inventory::new(setup, 0, 1, 0, 0, chance);
        let mut reads = Vec::new();
        inventory.run(&mut air, 0, 20_000_000, &mut reads);
        let mut heard: Vec<u32> = reads.iter().map(|read| read.khz).collect();
        let longest = reads.chunk_by(|a, b| a.khz == b.khz).map(|stay| {
            let ends = stay.first().zip(stay.last());
            ends.map_or(0, |(first, last)| last.at_us - first.at_us)
        });
        assert!(longest.max().is_some_and(|us| us <= 4_000_000));
        heard.sort_unstable();
        heard.dedup();
        assert_eq!(heard, [865_700, 866_300, 866_900, 867_500]);
    }
}
