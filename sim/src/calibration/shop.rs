//! A family's shop seen as a stranger sees it: its recording's reads, told apart by its truth into tags that a walking
//! person moves and tags at rest. Knows the files' shapes and nothing of how they were made.

use std::collections::BTreeMap;
use std::time::Duration;

use recording::{Hex, Observation};

use super::features::{Recording, Sample};
use super::logs::Logs;
use crate::family::Family;
use crate::simulate::simulate;

const SECOND_US: i64 = 1_000_000;

/// Reads of a family's simulated store, `seconds` long: what is carried as walks, what rests as stays. What somebody
/// holds who stands is neither.
pub fn shop(family: Family, seed: u64, seconds: u64) -> Logs {
    let simulated = simulate(family, seed, Duration::from_secs(seconds));
    let mut numbers: BTreeMap<(String, u16), u16> = BTreeMap::new();
    let mut reads: BTreeMap<Hex, Vec<Sample>> = BTreeMap::new();
    for line in &simulated.lines {
        let Observation::Read(read) = &line.what else { continue };
        let next = numbers.len() as u16 + 1;
        let antenna = *numbers.entry((read.reader.to_string(), read.antenna)).or_insert(next);
        let samples = reads.entry(read.epc.clone()).or_default();
        samples.push(Sample {
            at_us: line.at.as_micros(),
            tag: 0,
            antenna,
            rssi_dbm: f64::from(read.rssi.unwrap_or_default()),
            phase: read.phase.map(f64::from),
            channel: read.channel.unwrap_or_default(),
            doppler_hz: read.doppler_hz.map(f64::from),
        });
    }
    let mut logs = Logs::default();
    for (epc, samples) in reads {
        let tag = simulated.truth.tags.iter().find(|tag| tag.epc == epc);
        let spans = |spans: &[(recording::Time, recording::Time)]| -> Vec<(i64, i64)> {
            spans.iter().map(|(from, to)| (from.as_micros(), to.as_micros())).collect()
        };
        let carried = tag.map(|tag| spans(&tag.carried)).unwrap_or_default();
        let waiting = tag.map(|tag| spans(&tag.waiting)).unwrap_or_default();
        let touched = |second: i64, spans: &[(i64, i64)]| {
            spans.iter().any(|&(from, to)| from < (second + 1) * SECOND_US && second * SECOND_US < to)
        };
        let (mut moved, mut rested) = (Vec::new(), Vec::new());
        for sample in samples {
            let second = sample.at_us.div_euclid(SECOND_US);
            match (touched(second, &carried), touched(second, &waiting)) {
                (true, _) => moved.push(sample),
                (false, true) => {}
                (false, false) => rested.push(sample),
            }
        }
        // A walk is over when nothing was read of the tag for a while; a stay is looked at by the minute.
        let walks = Recording::new(moved).samples;
        let walks = walks.chunk_by(|a, b| b.at_us - a.at_us < 4 * SECOND_US);
        logs.walks.extend(walks.map(|walk| Recording::new(walk.to_vec())));
        let stays = Recording::new(rested).samples;
        let stays = stays.chunk_by(|a, b| a.at_us / (60 * SECOND_US) == b.at_us / (60 * SECOND_US));
        logs.stays.extend(stays.map(|stay| Recording::new(stay.to_vec())));
    }
    logs
}
