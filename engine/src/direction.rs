//! Which way something went, from reads alone. It compares every antenna with itself over time, never one antenna's power
//! with another's: models, cables and polarisations differ by more than a walk does.
//!
//! The phase is left out on purpose: with four antennas a reader comes back to one only every 0.1 to 0.2 s, in which a
//! walker's phase turns by more than half a circle, and on real walks its sign told nothing.

use recording::Direction;

use crate::field::{AntennaId, Field};
use crate::timeline::Slot;
use crate::tracks::tags::TagTrack;

/// Fewer slots than this (a second and a half) tell nothing.
const LEAST_SLOTS: usize = 3;
/// Antennas must hang this far from their middle along the lane.
const LEAST_SPREAD_M: f64 = 0.2;
/// A half second without a read counts as one this much below the weakest that the antenna heard.
const SILENCE_DB: f64 = 3.0;
/// The rise over the whole way, dB, below which the answer is "nothing tells".
const LEAST_RISE_DB: f64 = 0.25;

/// Which way tags that moved together through a lane went, from their reads in the slots `from..=to`; `None` where
/// nothing tells: antennas ahead are heard better and better, those behind worse and worse.
pub(crate) fn by_reads(
    field: &Field,
    lane: usize,
    tags: &[&TagTrack],
    from: Slot,
    to: Slot,
) -> Option<Direction> {
    let rises: Vec<f64> = tags.iter().filter_map(|tag| rise(field, lane, tag, from, to)).collect();
    let mean = rises.iter().sum::<f64>() / rises.len().max(1) as f64;
    if mean > LEAST_RISE_DB {
        Some(Direction::Out)
    } else if mean < -LEAST_RISE_DB {
        Some(Direction::In)
    } else {
        None
    }
}

/// How much more an antenna at the exit line gained, from the first slot to the last, than one in the middle, dB.
fn rise(field: &Field, lane: usize, tag: &TagTrack, from: Slot, to: Slot) -> Option<f64> {
    let number = |bin: AntennaId| usize::from(bin);
    let here = || tag.bins.iter().filter(|bin| (from..=to).contains(&bin.slot));
    let of_lane = |bin: AntennaId| field.antennas.get(number(bin)).filter(|a| a.lane == Some(lane));
    let at_lane = || here().filter(|bin| of_lane(bin.antenna).is_some_and(|a| a.along.is_some()));
    let (first, last) = (at_lane().map(|bin| bin.slot).min()?, at_lane().map(|bin| bin.slot).max()?);
    let slots = usize::try_from(last - first + 1).ok()?;
    let mut antennas: Vec<(AntennaId, f64)> = Vec::new();
    for bin in at_lane() {
        if !antennas.iter().any(|(known, _)| *known == bin.antenna) {
            antennas.push((bin.antenna, of_lane(bin.antenna)?.along?));
        }
    }
    let middle = antennas.iter().map(|(_, along)| along).sum::<f64>() / antennas.len() as f64;
    let spread = antennas.iter().map(|(_, along)| (along - middle).abs()).fold(0.0, f64::max);
    if slots < LEAST_SLOTS || spread < LEAST_SPREAD_M {
        return None;
    }
    let half = (slots - 1) as f64 / 2.0;
    let square: f64 = (0..slots).map(|at| (at as f64 - half).powi(2)).sum();
    let mut total = 0.0;
    for (antenna, along) in &antennas {
        let bins = || at_lane().filter(|bin| bin.antenna == *antenna);
        // Without power, being heard at all is worth twice the step to silence.
        let level = |rssi: Option<f32>| rssi.map_or(2.0 * SILENCE_DB, f64::from);
        let silence = bins().map(|bin| bin.rssi()).map(level).fold(f64::INFINITY, f64::min) - SILENCE_DB;
        // Slope of the least-squares line; a silent slot at `silence` adds nothing, so only heard ones are summed.
        let slope: f64 =
            bins().map(|bin| ((bin.slot - first) as f64 - half) * (level(bin.rssi()) - silence)).sum::<f64>()
                / square;
        total += (along - middle) / spread * slope * slots as f64;
    }
    Some(total / antennas.len() as f64)
}
