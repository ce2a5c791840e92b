//! Which way something went, from reads alone: where its antennas heard it, weighted by what they received, against time.
//!
//! The phase is left out on purpose: with four antennas a reader comes back to one only every 0.1 to 0.2 s, in which a
//! walker's phase turns by more than half a circle, and on real walks its sign told nothing.

use recording::Direction;

use crate::field::{AntennaId, Field};
use crate::timeline::Slot;
use crate::tracks::tags::TagTrack;

/// Fewer slots than this (a second and a half) tell nothing.
const LEAST_SLOTS: f64 = 3.0;
/// Antennas must hang this far from their middle along the lane.
const LEAST_SPREAD_M: f64 = 0.2;
/// The way made, as a share of the antennas' spread, below which the answer is "nothing tells".
const LEAST_WAY: f64 = 0.02;

/// Which way tags that moved together through a lane went, from their reads in the slots `from..=to`; `None` where
/// nothing tells.
pub(crate) fn by_reads(
    field: &Field,
    lane: usize,
    tags: &[&TagTrack],
    from: Slot,
    to: Slot,
) -> Option<Direction> {
    let ways: Vec<f64> = tags.iter().filter_map(|tag| way(field, lane, tag, from, to)).collect();
    let mean = ways.iter().sum::<f64>() / ways.len().max(1) as f64;
    if mean > LEAST_WAY {
        Some(Direction::Out)
    } else if mean < -LEAST_WAY {
        Some(Direction::In)
    } else {
        None
    }
}

/// How far along the lane a tag went, as a share of the antennas' spread: the least-squares line through the antennas'
/// places against time, each read weighted by the power it was received with.
fn way(field: &Field, lane: usize, tag: &TagTrack, from: Slot, to: Slot) -> Option<f64> {
    let along = |antenna: AntennaId| {
        let antenna = field.antennas.get(usize::from(antenna))?;
        (antenna.lane == Some(lane)).then_some(antenna.along?)
    };
    // (slot, place, power): milliwatts, or 1 where the reader tells none.
    let heard: Vec<(f64, f64, f64)> = tag
        .bins
        .iter()
        .filter(|bin| (from..=to).contains(&bin.slot))
        .filter_map(|bin| {
            let power = bin.rssi().map_or(1.0, |dbm| 10_f64.powf(f64::from(dbm) / 10.0));
            Some(((bin.slot - from) as f64, along(bin.antenna)?, f64::from(bin.reads) * power))
        })
        .collect();
    let least = |of: fn(&(f64, f64, f64)) -> f64| heard.iter().map(of).fold(f64::INFINITY, f64::min);
    let most = |of: fn(&(f64, f64, f64)) -> f64| heard.iter().map(of).fold(f64::NEG_INFINITY, f64::max);
    let (slots, spread) = (most(|h| h.0) - least(|h| h.0) + 1.0, most(|h| h.1) - least(|h| h.1));
    if heard.is_empty() || slots < LEAST_SLOTS || spread < LEAST_SPREAD_M {
        return None;
    }
    let all: f64 = heard.iter().map(|h| h.2).sum();
    let mean = |of: fn(&(f64, f64, f64)) -> f64| heard.iter().map(|h| h.2 * of(h)).sum::<f64>() / all;
    let (when, place) = (mean(|h| h.0), mean(|h| h.1));
    let together: f64 = heard.iter().map(|h| h.2 * (h.0 - when) * (h.1 - place)).sum();
    let spread_of_time: f64 = heard.iter().map(|h| h.2 * (h.0 - when).powi(2)).sum();
    (spread_of_time > 0.0).then(|| together / spread_of_time * slots / spread)
}
