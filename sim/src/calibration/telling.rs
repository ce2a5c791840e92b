//! How well trees can tell a second of a real link from a second of a simulated one, by what any reader reports of it: 0.5
//! would be not at all. The honest measure of a simulator, since it looks for what nobody thought of.

use std::collections::BTreeMap;
use std::f64::consts::PI;

use super::features::{self, Recording, Sample, auc, quantile, spread};
use super::logs::Logs;
use super::report::Estimate;
use super::trees::Trees;
use crate::chance::Chance;

/// What is looked at in a second of a link.
const COLUMNS: [&str; 17] = [
    "reads",
    "mean level",
    "spread of the level",
    "lowest against mean level",
    "highest against mean level",
    "mean step of the level",
    "largest step of the level",
    "steps of more than 2 dB, share",
    "channels",
    "reads on the commonest channel, share",
    "median phase step on a channel",
    "phase steps of more than 0.6 rad, share",
    "half turns, share",
    "median gap",
    "longest gap",
    "mean Doppler",
    "spread of the Doppler",
];
/// The mean level's place among them.
const MEAN_LEVEL: usize = 1;
/// Bootstrap draws.
const DRAWS: usize = 200;

/// How well real and simulated seconds are told apart.
#[derive(Clone, Debug)]
pub struct Told {
    /// AUC on recordings that the trees have not seen, with its interval.
    pub auc: Estimate,
    /// How often each side's seconds were there to be looked at: real, simulated.
    pub seconds: (usize, usize),
    /// What tells most, with its share of all that the trees gained.
    pub by: Vec<(&'static str, f64)>,
}

fn row(window: &[Sample]) -> Vec<f64> {
    let n = window.len() as f64;
    let levels: Vec<f64> = window.iter().map(|s| s.rssi_dbm).collect();
    let (mean, sd) = spread(levels.iter().copied());
    let pairs: Vec<(&Sample, &Sample)> = window.iter().zip(window.iter().skip(1)).collect();
    let steps: Vec<f64> = pairs.iter().map(|(a, b)| (b.rssi_dbm - a.rssi_dbm).abs()).collect();
    let mut channels: Vec<u16> = window.iter().map(|s| s.channel).collect();
    channels.sort_unstable();
    let runs: Vec<usize> = channels.chunk_by(|a, b| a == b).map(<[u16]>::len).collect();
    let same = pairs.iter().filter(|(a, b)| a.channel == b.channel);
    let turns: Vec<f64> = same
        .filter_map(|(a, b)| a.phase.zip(b.phase))
        .map(|(a, b)| ((b - a + PI).rem_euclid(2.0 * PI) - PI).abs())
        .collect();
    let share =
        |of: &[f64], more: f64| of.iter().filter(|v| **v > more).count() as f64 / (of.len() as f64).max(1.0);
    let gaps: Vec<f64> = pairs.iter().map(|(a, b)| (b.at_us - a.at_us) as f64 / 1e6).collect();
    let shifts: Vec<f64> = window.iter().filter_map(|s| s.doppler_hz).collect();
    let (shift, shift_sd) = spread(shifts.iter().copied());
    let row = vec![
        n,
        mean,
        sd,
        levels.iter().copied().fold(f64::INFINITY, f64::min) - mean,
        levels.iter().copied().fold(f64::NEG_INFINITY, f64::max) - mean,
        steps.iter().sum::<f64>() / (steps.len() as f64).max(1.0),
        steps.iter().copied().fold(0.0, f64::max),
        share(&steps, 2.0),
        runs.len() as f64,
        runs.iter().copied().max().unwrap_or(0) as f64 / n,
        quantile(&turns, 0.5),
        share(&turns, 0.6),
        share(&turns, PI - 0.6),
        quantile(&gaps, 0.5),
        gaps.iter().copied().fold(0.0, f64::max),
        shift,
        shift_sd,
    ];
    // What a second does not tell is no number, and no number is below every cut.
    row.into_iter().map(|v| if v.is_finite() { v } else { -1e9 }).collect()
}

/// Rows of each recording; levels as the standard has them, whole dBm, on both sides.
fn rows(recordings: &[Recording]) -> Vec<Vec<Vec<f64>>> {
    let of = |recording: &Recording| -> Vec<Vec<f64>> {
        let mut whole = recording.clone();
        whole.samples.iter_mut().for_each(|s| s.rssi_dbm = s.rssi_dbm.trunc());
        whole.windows().iter().map(|window| row(window)).collect()
    };
    recordings.iter().map(of).filter(|rows| !rows.is_empty()).collect()
}

/// One side's seconds, each with the recording that it is of.
type Side = Vec<(usize, Vec<f64>)>;

fn side(recordings: &[Recording]) -> Side {
    let units = rows(recordings).into_iter().enumerate();
    units.flat_map(|(unit, rows)| rows.into_iter().map(move |row| (unit, row))).collect()
}

/// As many of one side as of the other, drawn; `alike` draws as many of each whole dB of mean level, which leaves out what
/// the room's size and the reader's power tell and shows what is left.
fn evened(sides: [Side; 2], alike: bool, chance: &mut Chance) -> [Side; 2] {
    let mut bins: BTreeMap<i64, [Side; 2]> = BTreeMap::new();
    for (which, side) in sides.into_iter().enumerate() {
        for (unit, row) in side {
            let level = row.get(MEAN_LEVEL).map_or(0, |level| level.floor() as i64);
            let bin = bins.entry(if alike { level } else { 0 }).or_default();
            if let Some(side) = bin.get_mut(which) {
                side.push((unit, row));
            }
        }
    }
    let mut drawn = [Side::new(), Side::new()];
    for bin in bins.into_values() {
        let count = bin.iter().map(Vec::len).min().unwrap_or(0);
        for (mut side, to) in bin.into_iter().zip(&mut drawn) {
            for _ in 0..count {
                to.push(side.swap_remove(chance.index(side.len())));
            }
        }
    }
    drawn
}

/// Tells real from simulated seconds: grown on one half of either, judged on the other. Moving and resting tags weigh the
/// same on both sides, so that their mixture tells nothing; with `alike`, levels do as well.
pub fn told_apart(real: (&Logs, &Logs), simulated: (&Logs, &Logs), alike: bool) -> Option<Told> {
    let kinds: [fn(&Logs) -> &[Recording]; 2] = [|logs| &logs.walks, |logs| &logs.stays];
    let (mut grown_on, mut labels) = (Vec::new(), Vec::new());
    let (mut shown_real, mut shown_simulated) = (Vec::new(), Vec::new());
    let mut chance = Chance::new(1, 910);
    for kind in kinds {
        let sides = evened([side(kind(real.0)), side(kind(simulated.0))], alike, &mut chance);
        for (side, is_real) in sides.into_iter().zip([true, false]) {
            labels.extend(side.iter().map(|_| is_real));
            grown_on.extend(side.into_iter().map(|(_, row)| row));
        }
        let judged = evened([side(kind(real.1)), side(kind(simulated.1))], alike, &mut chance);
        for (mut side, to) in judged.into_iter().zip([&mut shown_real, &mut shown_simulated]) {
            // By recording again, since that is what an interval draws.
            side.sort_by_key(|(unit, _)| *unit);
            let units = side.chunk_by(|a, b| a.0 == b.0);
            to.extend(units.map(|unit| unit.iter().map(|(_, row)| row.clone()).collect::<Vec<_>>()));
        }
    }
    if grown_on.is_empty() || shown_real.is_empty() || shown_simulated.is_empty() {
        return None;
    }
    let trees = Trees::grow(&grown_on, &labels);
    let scored = |units: &[Vec<Vec<f64>>]| -> Vec<Vec<f64>> {
        units.iter().map(|unit| unit.iter().map(|row| trees.score(row)).collect()).collect()
    };
    let (real, simulated) = (scored(&shown_real), scored(&shown_simulated));
    let value = auc(&simulated.concat(), &real.concat());
    let draws: Vec<f64> =
        (0..DRAWS).map(|_| auc(&chance.drawn(&simulated).concat(), &chance.drawn(&real).concat())).collect();
    let total: f64 = trees.gains.iter().sum();
    let mut by: Vec<(&'static str, f64)> =
        COLUMNS.into_iter().zip(trees.gains.iter().map(|gain| gain / total.max(1e-9))).collect();
    by.sort_by(|a, b| b.1.total_cmp(&a.1));
    Some(Told {
        auc: Estimate { value, low: features::quantile(&draws, 0.025), high: quantile(&draws, 0.975) },
        seconds: (real.concat().len(), simulated.concat().len()),
        by,
    })
}
