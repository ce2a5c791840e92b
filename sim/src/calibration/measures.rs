//! The figures that real readers show and a credible simulator must reproduce: how each is taken from recordings, what is
//! known of it, and how near is near enough. Real and simulated recordings go through the same lines.

use std::f64::consts::PI;

use super::features::{self, Recording, quantile};
use super::logs::Logs;

/// How near a simulated figure has to be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bound {
    /// Within this share of the known figure.
    Share(f64),
    /// Within this much of it.
    Off(f64),
    /// Between these, whatever the figure.
    Between(f64, f64),
    /// Nothing is demanded.
    Free,
}

impl Bound {
    /// Whether a value is near enough to what is known; nothing is said of what is not known or not measured.
    pub fn holds(self, known: Option<f64>, value: f64) -> Option<bool> {
        if value.is_nan() {
            return None;
        }
        match self {
            Bound::Share(share) => known.map(|known| (value - known).abs() <= share * known.abs()),
            Bound::Off(most) => known.map(|known| (value - known).abs() <= most),
            Bound::Between(low, high) => Some((low..=high).contains(&value)),
            Bound::Free => None,
        }
    }
}

/// What is taken of each recording, recording by recording.
type Parts = Vec<Vec<f64>>;

/// One figure, or a few that belong together.
#[derive(Clone, Copy, Debug)]
pub struct Measure {
    /// What is measured, its unit and its columns.
    pub name: &'static str,
    /// What real readers are known to give, by column; empty where nothing is.
    pub known: &'static [f64],
    /// How near it has to be.
    pub bound: Bound,
    /// What physics 2026-11.1 gave in the bare rooms, where it was measured there.
    pub was: &'static [f64],
    /// Takes the parts: of the resting and of the moving, or of one of them.
    parts: fn(&Logs) -> (Parts, Parts),
    /// Makes the figures of the parts put together.
    figures: fn(&[f64], &[f64]) -> Vec<f64>,
}

impl Measure {
    /// The parts, of which intervals are drawn.
    pub fn parts(&self, logs: &Logs) -> (Parts, Parts) {
        (self.parts)(logs)
    }

    /// The figures of parts put together.
    pub fn figures(&self, first: &[f64], second: &[f64]) -> Vec<f64> {
        if first.is_empty() && second.is_empty() { Vec::new() } else { (self.figures)(first, second) }
    }
}

fn each(recordings: &[Recording], of: fn(&Recording) -> Vec<f64>) -> Parts {
    recordings.iter().map(of).collect()
}

fn tenths(values: &[f64]) -> Vec<f64> {
    [0.1, 0.5, 0.9].iter().map(|&p| quantile(values, p)).collect()
}

fn folded(recording: &Recording) -> Vec<f64> {
    features::phase_steps(recording, true)
}

fn unfolded(recording: &Recording) -> Vec<f64> {
    features::phase_steps(recording, false)
}

fn rate(recording: &Recording) -> Vec<f64> {
    features::rate(recording).into_iter().collect()
}

/// Steps of the level between neighbouring reads on a channel around a level, as noise of one read, dB.
fn noise_at_60(recording: &Recording) -> Vec<f64> {
    let near = |a: f64| (-62.0..=-58.0).contains(&a);
    let pairs = recording.pairs().into_iter();
    pairs
        .filter(|(a, b)| a.channel == b.channel && b.at_us - a.at_us < 40_000 && near(a.rssi_dbm))
        .map(|(a, b)| b.rssi_dbm - a.rssi_dbm)
        .collect()
}

fn phase_noise_at_60(recording: &Recording) -> Vec<f64> {
    let near = |a: f64| (-62.0..=-58.0).contains(&a);
    let pairs = recording.pairs().into_iter();
    pairs
        .filter(|(a, b)| a.channel == b.channel && b.at_us - a.at_us < 40_000 && near(a.rssi_dbm))
        .filter_map(|(a, b)| a.phase.zip(b.phase))
        .map(|(a, b)| (b - a + PI / 2.0).rem_euclid(PI) - PI / 2.0)
        .collect()
}

fn doppler_at_60(recording: &Recording) -> Vec<f64> {
    features::dopplers(recording, -62.0, -58.0)
}

/// Whether neighbouring reads on a channel differ by half a turn, at weak levels.
fn flips(recording: &Recording) -> Vec<f64> {
    let pairs = recording.pairs().into_iter();
    let weak = pairs.filter(|(a, b)| {
        a.channel == b.channel && b.at_us - a.at_us < 40_000 && a.rssi_dbm.max(b.rssi_dbm) < -66.0
    });
    weak.filter_map(|(a, b)| a.phase.zip(b.phase))
        .map(|(a, b)| f64::from(u8::from(((b - a).rem_euclid(2.0 * PI) - PI).abs() < 0.6)))
        .collect()
}

/// Noise of one read from differences of two, without those of more than `most`.
fn noise(steps: &[f64], most: f64) -> f64 {
    let squares: Vec<f64> = steps.iter().filter(|step| step.abs() <= most).map(|step| step * step).collect();
    (mean(&squares) / 2.0).sqrt()
}

/// Half the width of the middle two thirds: a spread that a few outliers do not move.
fn core(values: &[f64]) -> f64 {
    (quantile(values, 0.8413) - quantile(values, 0.1587)) / 2.0
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Numbers of tags at which reads per second are known.
const TAGS: [f64; 5] = [7.0, 8.0, 10.0, 12.0, 15.0];

fn rate_by_tags(values: &[f64], _: &[f64]) -> Vec<f64> {
    let of = |tags: f64| -> Vec<f64> {
        let pairs = values.chunks_exact(2);
        pairs.filter(|p| p.first() == Some(&tags)).filter_map(|p| p.get(1)).copied().collect()
    };
    TAGS.iter().map(|&tags| mean(&of(tags))).collect()
}

/// Known at 1, 3, 5 and 7 ft.
fn level_by_feet(values: &[f64], _: &[f64]) -> Vec<f64> {
    let of = |feet: f64| -> Vec<f64> {
        let pairs = values.chunks_exact(2);
        pairs.filter(|p| p.first() == Some(&feet)).filter_map(|p| p.get(1)).copied().collect()
    };
    [1.0, 3.0, 5.0, 7.0].iter().map(|&feet| mean(&of(feet))).collect()
}

/// Share of rounds with a read, by the mean level at which the tag was read.
fn read_by_level(values: &[f64], _: &[f64]) -> Vec<f64> {
    let bins = [(-66.0, -64.0), (-68.0, -66.0), (-70.0, -68.0), (-80.0, -70.5)];
    let share = |(low, high): (f64, f64)| {
        let within = values.chunks_exact(3).filter(|v| v.first().is_some_and(|l| (low..high).contains(l)));
        let (hits, rounds) = within.fold((0.0, 0.0), |(hits, rounds), v| {
            (hits + v.get(1).unwrap_or(&0.0), rounds + v.get(2).unwrap_or(&0.0))
        });
        hits / rounds
    };
    bins.into_iter().map(share).collect()
}

fn within_seconds(firsts: &[f64], _: &[f64]) -> Vec<f64> {
    let share =
        |most: f64| firsts.iter().filter(|first| **first <= most).count() as f64 / firsts.len() as f64;
    vec![share(1.0), share(2.0), share(1e9)]
}

fn coverage((tags, pass): &(usize, Recording)) -> Vec<f64> {
    let mut read: Vec<u32> = pass.samples.iter().map(|s| s.tag).collect();
    read.sort_unstable();
    read.dedup();
    vec![(read.len() as f64 / (*tags).max(1) as f64).min(1.0)]
}

/// Every figure.
pub const MEASURES: &[Measure] = &[
    Measure {
        name: "spread of the level in a second, at rest, dB: p10 / p50 / p90",
        known: &[0.63, 1.52, 3.10],
        bound: Bound::Share(0.2),
        was: &[0.74, 1.46, 2.88],
        parts: |logs| (each(&logs.stays, features::level_spreads), Vec::new()),
        figures: |rest, _| tenths(rest),
    },
    Measure {
        name: "the same, moving: p10 / p50 / p90",
        known: &[1.26, 2.75, 4.87],
        bound: Bound::Share(0.2),
        was: &[1.37, 2.53, 4.18],
        parts: |logs| (each(&logs.walks, features::level_spreads), Vec::new()),
        figures: |moving, _| tenths(moving),
    },
    Measure {
        name: "AUC of moving against resting by that spread",
        known: &[0.745],
        bound: Bound::Between(0.70, 0.80),
        was: &[0.78],
        parts: |logs| {
            (each(&logs.stays, features::level_spreads), each(&logs.walks, features::level_spreads))
        },
        figures: |rest, moving| vec![features::auc(rest, moving)],
    },
    Measure {
        name: "phase step on a channel in 20–200 ms, folded by half turns, at rest, rad: p50 / p90",
        known: &[0.12, 0.99],
        bound: Bound::Share(0.4),
        was: &[0.13, 0.52],
        parts: |logs| (each(&logs.stays, folded), Vec::new()),
        figures: |rest, _| vec![quantile(rest, 0.5), quantile(rest, 0.9)],
    },
    Measure {
        name: "the same, moving: p50",
        known: &[0.65],
        bound: Bound::Share(0.25),
        was: &[0.82],
        parts: |logs| (each(&logs.walks, folded), Vec::new()),
        figures: |moving, _| vec![quantile(moving, 0.5)],
    },
    Measure {
        name: "AUC of moving against resting by the folded phase step",
        known: &[0.77],
        bound: Bound::Between(0.68, 0.80),
        was: &[0.86],
        parts: |logs| (each(&logs.stays, folded), each(&logs.walks, folded)),
        figures: |rest, moving| vec![features::auc(rest, moving)],
    },
    Measure {
        name: "phase step not folded, rad: at rest p50 / p90, moving p50, AUC",
        known: &[],
        bound: Bound::Free,
        was: &[0.14, 1.26, 1.16, 0.84],
        parts: |logs| (each(&logs.stays, unfolded), each(&logs.walks, unfolded)),
        figures: |rest, moving| {
            vec![quantile(rest, 0.5), quantile(rest, 0.9), quantile(moving, 0.5), features::auc(rest, moving)]
        },
    },
    Measure {
        name: "step of the level on a channel within 200 ms, at rest, dB: p50 / p75 / p90 / p95",
        known: &[],
        bound: Bound::Free,
        was: &[1.0, 1.0, 2.0, 3.0],
        parts: |logs| (each(&logs.stays, features::level_steps), Vec::new()),
        figures: |rest, _| [0.5, 0.75, 0.9, 0.95].iter().map(|&p| quantile(rest, p)).collect(),
    },
    Measure {
        name: "spread over channels of the mean level, at rest, dB: p10 / p50 / p90",
        known: &[],
        bound: Bound::Free,
        was: &[0.64, 1.42, 2.76],
        parts: |logs| (each(&logs.stays, features::channel_spreads), Vec::new()),
        figures: |rest, _| tenths(rest),
    },
    Measure {
        name: "one tag, one antenna: reads/s",
        known: &[69.7],
        bound: Bound::Share(0.05),
        was: &[69.7],
        parts: |logs| (each(&logs.single, rate), Vec::new()),
        figures: |rates, _| vec![quantile(rates, 0.5)],
    },
    Measure {
        name: "the same: gap, ms: p50 / p95 / p99",
        known: &[14.0, 14.7, 17.9],
        bound: Bound::Share(0.2),
        was: &[14.02, 14.35, 17.7],
        parts: |logs| (each(&logs.single, features::gaps), Vec::new()),
        figures: |gaps, _| [0.5, 0.95, 0.99].iter().map(|&p| 1e3 * quantile(gaps, p)).collect(),
    },
    Measure {
        name: "7 / 8 / 10 / 12 / 15 tags read in a second, one antenna: reads/s",
        known: &[173.0, 184.0, 174.0, 166.0, 152.0],
        bound: Bound::Share(0.2),
        was: &[165.5, 169.4, 178.8, 182.0, 188.0],
        parts: |logs| {
            let flat = |recording: &Recording| -> Vec<f64> {
                let seconds = features::reads_by_tags(recording).into_iter();
                seconds.flat_map(|(tags, reads)| [tags as f64, reads]).collect()
            };
            (logs.many.iter().map(flat).collect(), Vec::new())
        },
        figures: rate_by_tags,
    },
    Measure {
        name: "four antennas, a carried tag: revisit, s: p50",
        known: &[0.17],
        bound: Bound::Between(0.14, 0.20),
        was: &[0.13],
        parts: |logs| (each(&logs.walks, features::gaps), Vec::new()),
        figures: |gaps, _| vec![quantile(gaps, 0.5)],
    },
    Measure {
        name: "the same: p5 / p25 / p75",
        known: &[],
        bound: Bound::Free,
        was: &[],
        parts: |logs| (each(&logs.walks, features::gaps), Vec::new()),
        figures: |gaps, _| [0.05, 0.25, 0.75].iter().map(|&p| quantile(gaps, p)).collect(),
    },
    Measure {
        name: "the same: p95",
        known: &[0.84],
        bound: Bound::Between(0.3, 0.95),
        was: &[0.33],
        parts: |logs| (each(&logs.walks, features::gaps), Vec::new()),
        figures: |gaps, _| vec![quantile(gaps, 0.95)],
    },
    Measure {
        name: "the same: the longest of each walk, p50",
        known: &[1.7],
        bound: Bound::Between(1.0, 2.4),
        was: &[1.06],
        parts: |logs| {
            let longest = |walk: &Recording| vec![features::gaps(walk).into_iter().fold(0.0, f64::max)];
            (logs.walks.iter().map(longest).collect(), Vec::new())
        },
        figures: |longest, _| vec![quantile(longest, 0.5)],
    },
    Measure {
        name: "four antennas, a carried tag: reads/s, p10 / p50 / p90",
        known: &[11.2, 14.0, 16.1],
        bound: Bound::Share(0.25),
        was: &[9.08, 15.08, 20.1],
        parts: |logs| (each(&logs.walks, rate), Vec::new()),
        figures: |rates, _| tenths(rates),
    },
    Measure {
        name: "level of the carried tag, dBm: p5 / p50 / p95",
        known: &[-71.0, -63.0, -56.0],
        bound: Bound::Off(3.0),
        was: &[-69.0, -60.0, -50.0],
        parts: |logs| (each(&logs.walks, features::levels), Vec::new()),
        figures: |levels, _| [0.05, 0.5, 0.95].iter().map(|&p| quantile(levels, p)).collect(),
    },
    Measure {
        name: "P(read) a round at a mean level of −65 / −67 / −69 / −75 dBm",
        known: &[0.85, 0.64, 0.54, 0.15],
        bound: Bound::Off(0.15),
        was: &[0.82, 0.68, 0.55, 0.25],
        parts: |logs| (logs.rounds.iter().map(|v| v.to_vec()).collect(), Vec::new()),
        figures: read_by_level,
    },
    Measure {
        name: "noise of the level at −60 dBm, one antenna, dB (steps to 5 dB)",
        known: &[0.74],
        bound: Bound::Share(0.4),
        was: &[],
        parts: |logs| (each(&logs.many, noise_at_60), Vec::new()),
        figures: |steps, _| vec![noise(steps, 5.0)],
    },
    Measure {
        name: "noise of the phase at −60 dBm, one antenna, rad (steps to 0.6 rad)",
        known: &[0.123],
        bound: Bound::Share(0.4),
        was: &[],
        parts: |logs| (each(&logs.many, phase_noise_at_60), Vec::new()),
        figures: |steps, _| vec![noise(steps, 0.6)],
    },
    Measure {
        name: "neighbouring reads below −66 dBm half a turn apart, one antenna, share",
        known: &[],
        bound: Bound::Free,
        was: &[0.25],
        parts: |logs| (each(&logs.many, flips), Vec::new()),
        figures: |flips, _| vec![mean(flips)],
    },
    Measure {
        name: "Doppler at −62 to −58 dBm, one antenna, Hz: mean / spread (middle two thirds)",
        known: &[8.0, 22.0],
        bound: Bound::Share(0.5),
        was: &[],
        parts: |logs| (each(&logs.many, doppler_at_60), Vec::new()),
        figures: |shifts, _| vec![mean(shifts), core(shifts)],
    },
    Measure {
        name: "the same, four antennas",
        known: &[],
        bound: Bound::Free,
        was: &[8.56, 24.2],
        parts: |logs| (each(&logs.stays, doppler_at_60), Vec::new()),
        figures: |shifts, _| vec![mean(shifts), core(shifts)],
    },
    Measure {
        name: "level 1 / 3 / 5 / 7 ft under a 9 dBic antenna, facing it, dBm: not monotonic",
        known: &[-23.0, -34.0, -42.5, -39.0],
        bound: Bound::Off(4.0),
        was: &[-15.2, -27.9, -41.1, -38.1],
        parts: |logs| {
            let flat = |(feet, log): &(u32, Recording)| {
                vec![f64::from(*feet), quantile(&features::levels(log), 0.5)]
            };
            (logs.under.iter().map(flat).collect(), Vec::new())
        },
        figures: level_by_feet,
    },
    Measure {
        name: "ten tags carried by a person past four antennas: share read within 1 s",
        known: &[0.685],
        bound: Bound::Between(0.47, 0.90),
        was: &[0.79],
        parts: |logs| (logs.firsts.clone(), Vec::new()),
        figures: |firsts, second| within_seconds(firsts, second).into_iter().take(1).collect(),
    },
    Measure {
        name: "the same: within 2 s",
        known: &[0.76],
        bound: Bound::Between(0.58, 0.94),
        was: &[0.9],
        parts: |logs| (logs.firsts.clone(), Vec::new()),
        figures: |firsts, second| within_seconds(firsts, second).into_iter().skip(1).take(1).collect(),
    },
    Measure {
        name: "the same: ever",
        known: &[0.955],
        bound: Bound::Between(0.92, 0.99),
        was: &[0.94],
        parts: |logs| (logs.firsts.clone(), Vec::new()),
        figures: |firsts, second| within_seconds(firsts, second).into_iter().skip(2).collect(),
    },
    Measure {
        name: "one pass with a carried reader past 69 or 79 tags: share read (past 1000: see the rounds)",
        known: &[],
        bound: Bound::Free,
        was: &[],
        parts: |logs| (logs.passes.iter().map(coverage).collect(), Vec::new()),
        figures: |shares, _| vec![mean(shares)],
    },
];
