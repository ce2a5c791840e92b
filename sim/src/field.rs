//! What lies before the antennas of an emulated reader with a vendor interface, and the reader's own clock. The radio is
//! no more than plausible: tags at rest, read in turn; a world that has a better one feeds the reader with its reads.
//! Never listens, never sends.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use recording::Time;

use crate::chance::Chance;
use crate::stock::sgtin96;

/// A tag at rest.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldTag {
    /// Its EPC, whole bytes.
    pub epc: Vec<u8>,
    /// Its PC word.
    pub pc: u16,
    /// Its chip's number.
    pub tid: Vec<u8>,
    /// Received power about which its reads lie, dBm.
    pub rssi_dbm: f64,
    /// Phase about which its reads lie, degrees.
    pub phase_deg: f64,
}

/// A read of a tag.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Seen {
    pub(crate) tag: FieldTag,
    pub(crate) antenna: u16,
    pub(crate) rssi_dbm: f64,
    pub(crate) phase_deg: f64,
    pub(crate) frequency_khz: u32,
}

/// Tags of the simulated shop's catalogue, 1 to 100,000 of them.
pub fn tags(count: usize) -> Vec<FieldTag> {
    let mut chance = Chance::new(1, 51);
    (0..count.clamp(1, 100_000))
        .map(|tag| FieldTag {
            epc: sgtin96(1 + (tag % 24) as u64, 1 + tag as u64).to_vec(),
            pc: 0x3000,
            tid: [&[0xE2, 0x80, 0x11, 0x60][..], &(tag as u64).to_be_bytes()].concat(),
            rssi_dbm: chance.normal(-52.0, 6.0),
            phase_deg: chance.between(0.0, 360.0),
        })
        .collect()
}

/// Tags read in turn, each round on the next antenna.
pub(crate) struct Rounds {
    chance: Chance,
    next: usize,
}

impl Rounds {
    pub(crate) fn new() -> Rounds {
        Rounds { chance: Chance::new(1, 52), next: 0 }
    }

    /// The next read of `tags` by one of `antennas`.
    pub(crate) fn next(&mut self, tags: &[FieldTag], antennas: &[u16]) -> Option<Seen> {
        let tag = tags.get(self.next % tags.len().max(1))?.clone();
        let round = self.next / tags.len().max(1);
        let antenna = *antennas.get(round % antennas.len().max(1))?;
        self.next = self.next.wrapping_add(1);
        // Half a dB is the step that readers tell; FCC channels are 500 kHz wide.
        let rssi_dbm = ((tag.rssi_dbm + self.chance.normal(0.0, 0.7)) * 2.0).round() / 2.0;
        let phase_deg = (tag.phase_deg + self.chance.normal(0.0, 5.0)).rem_euclid(360.0);
        let frequency_khz = 902_750 + 500 * self.chance.index(50) as u32;
        Some(Seen { antenna, rssi_dbm, phase_deg, frequency_khz, tag })
    }
}

/// A reader's clock: the machine's, or the one of the world that it stands in, and how far it is ahead, µs.
#[derive(Clone, Default)]
pub(crate) struct Clock {
    pub(crate) ahead_us: i64,
    pub(crate) follows: Option<Arc<dyn Fn() -> Time + Send + Sync>>,
}

impl Clock {
    /// What it shows, as RFC 3339 in UTC with microseconds.
    pub(crate) fn shows(&self) -> Time {
        let now_us = match &self.follows {
            Some(follows) => follows().as_micros(),
            None => {
                let since = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_micros());
                i64::try_from(since).unwrap_or(i64::MAX)
            }
        };
        Time::from_micros(now_us.saturating_add(self.ahead_us))
    }
}

/// Bytes as hexadecimal digits, capitals.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02X}");
        text
    })
}
