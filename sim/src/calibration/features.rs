//! What is measured of a recording of reads. Real logs and simulated reads go through these same lines, so that a figure
//! means the same on both sides. Knows neither where a recording comes from nor what it ought to show.

use std::collections::BTreeMap;
use std::f64::consts::{PI, TAU};

/// Reads of one tag by one antenna in one second from which a spread is taken.
pub(super) const WINDOW_READS: usize = 4;
/// Steps of the phase are taken between reads this far apart, microseconds.
const STEP_US: std::ops::RangeInclusive<i64> = 20_000..=200_000;
const SECOND_US: i64 = 1_000_000;

/// One read, as logs and simulated readers both have it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// Since any fixed instant, microseconds.
    pub at_us: i64,
    /// A number for the tag, the same within a recording.
    pub tag: u32,
    /// The reader's antenna port.
    pub antenna: u16,
    /// Reported level, dBm.
    pub rssi_dbm: f64,
    /// Reported phase, 0 to 2π; absent in some logs.
    pub phase: Option<f64>,
    /// Place in the reader's hop table; 0 where the log does not tell.
    pub channel: u16,
    /// Reported Doppler shift, Hz; absent in some logs.
    pub doppler_hz: Option<f64>,
}

impl Sample {
    fn second(&self) -> i64 {
        self.at_us.div_euclid(SECOND_US)
    }
}

/// Reads in order of time, of one stay or one walk: the unit that is drawn when an interval is made.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Recording {
    /// Its reads.
    pub samples: Vec<Sample>,
}

impl Recording {
    /// Puts the reads in order of time and drops those that the log has twice.
    pub fn new(mut samples: Vec<Sample>) -> Self {
        samples.sort_by_key(|s| (s.at_us, s.antenna, s.tag));
        samples.dedup();
        Recording { samples }
    }

    /// Seconds from the first read to the last.
    pub fn seconds(&self) -> f64 {
        match (self.samples.first(), self.samples.last()) {
            (Some(first), Some(last)) => (last.at_us - first.at_us) as f64 / 1e6,
            _ => 0.0,
        }
    }

    /// The reads of each tag at each antenna.
    pub fn links(&self) -> Vec<Vec<Sample>> {
        let mut links: BTreeMap<(u32, u16), Vec<Sample>> = BTreeMap::new();
        for sample in &self.samples {
            links.entry((sample.tag, sample.antenna)).or_default().push(*sample);
        }
        links.into_values().collect()
    }

    /// Seconds of each link with enough reads to speak of a spread.
    pub fn windows(&self) -> Vec<Vec<Sample>> {
        let mut windows = Vec::new();
        for link in self.links() {
            let seconds = link.chunk_by(|a, b| a.second() == b.second());
            windows.extend(seconds.filter(|w| w.len() >= WINDOW_READS).map(<[Sample]>::to_vec));
        }
        windows
    }

    /// Neighbouring reads of each link.
    pub fn pairs(&self) -> Vec<(Sample, Sample)> {
        let pairs_of = |link: &[Sample]| -> Vec<(Sample, Sample)> {
            link.windows(2).filter_map(|w| Some((*w.first()?, *w.get(1)?))).collect()
        };
        self.links().iter().flat_map(|link| pairs_of(link)).collect()
    }
}

/// Mean and standard deviation (n − 1).
pub(super) fn spread(values: impl Iterator<Item = f64> + Clone) -> (f64, f64) {
    let n = values.clone().count() as f64;
    let mean = values.clone().sum::<f64>() / n;
    let square: f64 = values.map(|v| (v - mean) * (v - mean)).sum();
    (mean, (square / (n - 1.0)).sqrt())
}

/// Spread of the level in each window, dB.
pub(super) fn level_spreads(recording: &Recording) -> Vec<f64> {
    recording.windows().iter().map(|w| spread(w.iter().map(|s| s.rssi_dbm)).1).collect()
}

/// Absolute steps of the phase between reads on one channel, radians. A tag may answer with its two levels swapped, which
/// is half a turn: `folded` takes that out.
pub(super) fn phase_steps(recording: &Recording, folded: bool) -> Vec<f64> {
    let turn = if folded { PI } else { TAU };
    let steps = recording.pairs().into_iter().filter_map(|(a, b)| {
        (a.channel == b.channel && STEP_US.contains(&(b.at_us - a.at_us)))
            .then_some(())
            .and(a.phase.zip(b.phase))
            .map(|(from, to)| ((to - from + turn / 2.0).rem_euclid(turn) - turn / 2.0).abs())
    });
    steps.collect()
}

/// Seconds between neighbouring reads of each link.
pub(super) fn gaps(recording: &Recording) -> Vec<f64> {
    recording.pairs().iter().map(|(a, b)| (b.at_us - a.at_us) as f64 / 1e6).collect()
}

/// Reads per second; none of a recording shorter than a second.
pub(super) fn rate(recording: &Recording) -> Option<f64> {
    let seconds = recording.seconds();
    (seconds >= 1.0).then(|| recording.samples.len() as f64 / seconds)
}

/// Reads in each whole second, with how many tags were read in it.
pub(super) fn reads_by_tags(recording: &Recording) -> Vec<(usize, f64)> {
    let seconds: Vec<&[Sample]> = recording.samples.chunk_by(|a, b| a.second() == b.second()).collect();
    // The first and the last are cut.
    let whole = seconds.get(1..seconds.len().saturating_sub(1)).unwrap_or_default();
    let counted = whole.iter().map(|reads| {
        let mut tags: Vec<u32> = reads.iter().map(|s| s.tag).collect();
        tags.sort_unstable();
        tags.dedup();
        (tags.len(), reads.len() as f64)
    });
    counted.collect()
}

/// Spread over channels of each link's mean level, dB: how differently one place looks from channel to channel.
pub(super) fn channel_spreads(recording: &Recording) -> Vec<f64> {
    let mut spreads = Vec::new();
    for link in recording.links() {
        let mut channels: BTreeMap<u16, Vec<f64>> = BTreeMap::new();
        for sample in &link {
            channels.entry(sample.channel).or_default().push(sample.rssi_dbm);
        }
        let means: Vec<f64> =
            channels.values().filter(|v| v.len() >= 3).map(|v| spread(v.iter().copied()).0).collect();
        if means.len() >= 5 {
            spreads.push(spread(means.iter().copied()).1);
        }
    }
    spreads
}

/// Levels, dBm.
pub(super) fn levels(recording: &Recording) -> Vec<f64> {
    recording.samples.iter().map(|s| s.rssi_dbm).collect()
}

/// Differences of the level between reads on one channel within 200 ms, dB.
pub(super) fn level_steps(recording: &Recording) -> Vec<f64> {
    let pairs = recording.pairs().into_iter();
    pairs
        .filter(|(a, b)| a.channel == b.channel && b.at_us - a.at_us <= *STEP_US.end())
        .map(|(a, b)| (b.rssi_dbm - a.rssi_dbm).abs())
        .collect()
}

/// Reported Doppler shifts, Hz, at levels between `low` and `high` dBm.
pub(super) fn dopplers(recording: &Recording, low: f64, high: f64) -> Vec<f64> {
    let within = recording.samples.iter().filter(|s| (low..high).contains(&s.rssi_dbm));
    within.filter_map(|s| s.doppler_hz).collect()
}

/// The value below which a share `p` lies; NaN of nothing.
pub(super) fn quantile(values: &[f64], p: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = ((sorted.len() as f64 * p) as usize).min(sorted.len().saturating_sub(1));
    sorted.get(at).copied().unwrap_or(f64::NAN)
}

/// Probability that one of `high` is above one of `low`; an even value counts half. NaN where either is empty.
pub(super) fn auc(low: &[f64], high: &[f64]) -> f64 {
    if low.is_empty() || high.is_empty() {
        return f64::NAN;
    }
    let mut sorted = low.to_vec();
    sorted.sort_by(f64::total_cmp);
    let below = high.iter().map(|h| {
        let less = sorted.partition_point(|l| l < h);
        let not_more = sorted.partition_point(|l| l <= h);
        (less + not_more) as f64 / 2.0
    });
    below.sum::<f64>() / (low.len() as f64 * high.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(at_ms: i64, rssi_dbm: f64, phase: f64) -> Sample {
        let at_us = at_ms * 1000;
        Sample { at_us, tag: 1, antenna: 1, rssi_dbm, phase: Some(phase), channel: 7, doppler_hz: None }
    }

    #[test]
    fn half_a_turn_is_no_step_once_folded() {
        let log = Recording::new(vec![sample(0, -60.0, 0.1), sample(100, -60.0, 0.1 + PI)]);
        let (plain, folded) = (phase_steps(&log, false), phase_steps(&log, true));
        assert!(plain.iter().all(|step| (step - PI).abs() < 1e-9));
        assert!(folded.iter().all(|step| step.abs() < 1e-9));
        assert_eq!((plain.len(), folded.len()), (1, 1));
    }

    #[test]
    fn a_window_needs_four_reads_in_its_second_and_doubled_rows_are_one() {
        let reads = [0, 100, 200, 200, 300, 1100, 1200].map(|ms| sample(ms, -60.0, 0.0));
        let log = Recording::new(reads.to_vec());
        assert_eq!(log.samples.len(), 6);
        assert_eq!(level_spreads(&log), [0.0]);
    }

    #[test]
    fn even_values_count_half() {
        assert!((auc(&[1.0, 2.0], &[2.0, 3.0]) - 0.875).abs() < 1e-12);
        assert!(auc(&[], &[1.0]).is_nan());
    }
}
