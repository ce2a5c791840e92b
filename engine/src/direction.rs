//! Which way something went, from reads alone. It compares every antenna with itself over time, never one antenna's power
//! with another's: models, cables and polarisations differ by more than a walk does.

use recording::Direction;

use crate::field::Field;
use crate::timeline::{Slot, slot_seconds};
use crate::tracks::tags::TagTrack;

/// Fewer slots with reads than this tell nothing.
const LEAST_SLOTS: usize = 3;
/// Antennas must hang this far apart along the lane.
const LEAST_SPREAD_M: f64 = 0.4;
/// The score below which the answer is "nothing tells".
const LEAST_SCORE: f64 = 0.05;

/// Sums for one antenna: reads and power over time.
#[derive(Default)]
struct Sums {
    reads: f64,
    time: f64,
    turn: f64,
    turn_s: f64,
}

/// Which way tags that moved together through a lane went, from their reads in the slots `from..=to`; `None` where
/// nothing tells.
///
/// An antenna that the tags approach is read later than one that they leave: the power-weighted mean time of each
/// antenna's reads, against where along the lane it hangs. Where the reader tells phases, the sign of their turn on one
/// channel adds to it: it grows with the distance.
pub(crate) fn by_reads(
    field: &Field,
    lane: usize,
    tags: &[&TagTrack],
    from: Slot,
    to: Slot,
) -> Option<Direction> {
    let score = score(field, lane, tags, from, to)?;
    if score > LEAST_SCORE {
        Some(Direction::Out)
    } else if score < -LEAST_SCORE {
        Some(Direction::In)
    } else {
        None
    }
}

fn score(field: &Field, lane: usize, tags: &[&TagTrack], from: Slot, to: Slot) -> Option<f64> {
    let length = field.lanes.get(lane)?.length;
    let mut slots = Vec::new();
    let mut antennas: Vec<(f64, Sums)> = Vec::new();
    for (number, antenna) in field.antennas.iter().enumerate().filter(|(_, a)| a.lane == Some(lane)) {
        let Some(along) = antenna.along else { continue };
        let mut sums = Sums::default();
        for tag in tags {
            let bins = || {
                tag.bins.iter().filter(|b| usize::from(b.antenna) == number && (from..=to).contains(&b.slot))
            };
            let strongest = bins().filter_map(|b| b.rssi()).fold(f32::NEG_INFINITY, f32::max);
            for bin in bins() {
                // Ten dB below its best an antenna counts for a tenth: the rest is mostly reflections.
                let weight = bin.rssi().map_or(1.0, |rssi| 10_f64.powf(f64::from(rssi - strongest) / 10.0));
                let reads = weight * f64::from(bin.reads.min(50)).sqrt();
                sums.reads += reads;
                sums.time += reads * slot_seconds(bin.slot, from);
                if let Some((turn, seconds)) = bin.phase_turn() {
                    sums.turn += f64::from(turn);
                    sums.turn_s += f64::from(seconds);
                }
                slots.push(bin.slot);
            }
        }
        antennas.push((along, sums));
    }
    slots.sort_unstable();
    slots.dedup();
    let (first, last) = (*slots.first()?, *slots.last()?);
    let heard: Vec<_> = antennas.iter().filter(|(_, sums)| sums.reads > 0.0).collect();
    let total: f64 = heard.iter().map(|(_, sums)| sums.reads).sum();
    let middle = heard.iter().map(|(along, sums)| along * sums.reads).sum::<f64>() / total.max(1e-9);
    let spread = heard.iter().map(|(along, _)| (along - middle).abs()).fold(0.0, f64::max);
    if slots.len() < LEAST_SLOTS || spread < LEAST_SPREAD_M {
        return None;
    }
    let span_s = slot_seconds(last, first).max(0.5);
    let mean_time = heard.iter().map(|(_, sums)| sums.time).sum::<f64>() / total;
    let mut by_time = 0.0;
    let mut by_phase = 0.0;
    for (along, sums) in &heard {
        let ahead = (along - middle) / length;
        by_time += ahead * (sums.time / sums.reads - mean_time) / span_s * (sums.reads / total);
        // 38 rad per metre at 915 MHz: metres per second towards the antenna, at most a run.
        if sums.turn_s > 0.1 {
            by_phase += ahead * (-sums.turn / sums.turn_s / 38.0).clamp(-1.0, 1.0) / heard.len() as f64;
        }
    }
    Some(by_time * 4.0 + by_phase)
}
