//! Which way something went, from reads alone: where the antennas are that heard it, weighted by what they received,
//! early against late: the manner of the known baseline. Finer ones (each antenna's own rise, least squares over time) were
//! right on all real walks they were made with, and on fewer of the others.
//!
//! The phase is left out on purpose: with four antennas a reader comes back to one only every 0.1 to 0.2 s, in which a
//! walker's phase turns by more than half a circle, and on real walks its sign told nothing.

use recording::Direction;

use crate::field::{AntennaId, Field};
use crate::timeline::Slot;
use crate::tracks::tags::{Bin, TagTrack};

/// Fewer slots than this (a second and a half) tell nothing.
const LEAST_SLOTS: Slot = 3;
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

/// How far along the lane a tag went, as a share of the antennas' spread: the middle of the antennas that heard it in the
/// second half of its reads, less that in the first, each read weighted by the power it was received with.
fn way(field: &Field, lane: usize, tag: &TagTrack, from: Slot, to: Slot) -> Option<f64> {
    let along = |antenna: AntennaId| {
        let antenna = field.antennas.get(usize::from(antenna))?;
        (antenna.lane == Some(lane)).then_some(antenna.along?)
    };
    let mut heard: Vec<(Slot, f64, &Bin)> = tag
        .bins
        .iter()
        .filter(|bin| (from..=to).contains(&bin.slot))
        .filter_map(|bin| Some((bin.slot, along(bin.antenna)?, bin)))
        .collect();
    heard.sort_by_key(|(slot, _, bin)| (*slot, bin.antenna));
    let (first, last) = (heard.first()?.0, heard.last()?.0);
    let places = || heard.iter().map(|(_, place, _)| *place);
    let spread = places().fold(f64::NEG_INFINITY, f64::max) - places().fold(f64::INFINITY, f64::min);
    if last - first + 1 < LEAST_SLOTS || spread < LEAST_SPREAD_M {
        return None;
    }
    let half = heard.iter().map(|(.., bin)| f64::from(bin.reads)).sum::<f64>() / 2.0;
    let (mut before, mut halves) = (0.0, [Middle::default(), Middle::default()]);
    for slot in heard.chunk_by(|a, b| a.0 == b.0) {
        let reads: f64 = slot.iter().map(|(.., bin)| f64::from(bin.reads)).sum();
        // The slot in which the halves meet belongs to both in parts.
        let in_first = ((half - before) / reads).clamp(0.0, 1.0);
        for (_, place, bin) in slot {
            // Milliwatts, or 1 where the reader tells none.
            let power = bin.rssi().map_or(1.0, |dbm| 10_f64.powf(f64::from(dbm) / 10.0));
            let weight = f64::from(bin.reads) * power;
            halves[0].add(*place, weight * in_first);
            halves[1].add(*place, weight * (1.0 - in_first));
        }
        before += reads;
    }
    Some((halves[1].place()? - halves[0].place()?) / spread)
}

/// A weighted mean of places.
#[derive(Default)]
struct Middle {
    sum: f64,
    weight: f64,
}

impl Middle {
    fn add(&mut self, place: f64, weight: f64) {
        self.sum += place * weight;
        self.weight += weight;
    }

    fn place(&self) -> Option<f64> {
        (self.weight > 0.0).then(|| self.sum / self.weight)
    }
}
