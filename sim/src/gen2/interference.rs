//! Readers in one another's way. A reader's receiver hears other readers' carriers, the less the farther their channel
//! is from its own; and a tag cannot tell two readers' commands apart when both are about as strong, whatever the channel.

use crate::radio::Aerial;

/// Loss in free space over the first metre at 915 MHz, dB.
const FIRST_METRE_DB: f64 = 31.7;
/// A tag's envelope detector follows the stronger of two readers when it is this much stronger, dB.
const TAG_CONFUSED_DB: f64 = 6.0;
/// An answer has to be this much over the disturbance to be read half the time, dB; and the spread of that.
const NEEDED_DB: f64 = 6.0;
const NEEDED_SCALE_DB: f64 = 1.5;

/// What a reader sends on now.
#[derive(Clone, Copy, Debug)]
struct Carrier {
    aerial: usize,
    place: usize,
    until_us: i64,
}

/// Every reader's carrier, and how the antennas hear each other.
#[derive(Clone, Debug, Default)]
pub(crate) struct Carriers {
    aerials: usize,
    /// Power of one antenna's carrier at another's connector, dBm, row by row.
    heard_dbm: Vec<f64>,
    on: Vec<Option<Carrier>>,
}

/// Power of one antenna's carrier at another's connector, dBm.
fn heard_dbm(from: &Aerial, to: &Aerial) -> f64 {
    let way = to.plan.at.minus(from.plan.at);
    let far = way.length().max(0.3);
    let gains = from.gain_dbi(way) + to.gain_dbi(way.times(-1.0));
    from.plan.power_dbm + gains - FIRST_METRE_DB - 20.0 * libm::log10(far)
}

impl Carriers {
    pub(crate) fn new(aerials: &[Aerial]) -> Carriers {
        let heard_dbm =
            aerials.iter().flat_map(|from| aerials.iter().map(move |to| heard_dbm(from, to))).collect();
        Carriers { aerials: aerials.len(), heard_dbm, on: Vec::new() }
    }

    /// Takes off what stands between the antennas, dB by `(from, to)`.
    pub(crate) fn lose(&mut self, between_db: impl Fn(usize, usize) -> f64) {
        let count = self.aerials.max(1);
        for (n, heard_dbm) in self.heard_dbm.iter_mut().enumerate() {
            *heard_dbm -= between_db(n / count, n % count);
        }
    }

    /// An antenna has rolled to another place, from which it hears the others in the open.
    pub(crate) fn rolled(&mut self, aerials: &[Aerial], moved: usize) {
        let Some(one) = aerials.get(moved) else { return };
        for (other, place) in aerials.iter().enumerate() {
            for (at, heard) in [
                (moved * self.aerials + other, heard_dbm(one, place)),
                (other * self.aerials + moved, heard_dbm(place, one)),
            ] {
                if let Some(known) = self.heard_dbm.get_mut(at) {
                    *known = heard;
                }
            }
        }
    }

    /// A reader's carrier is on until then.
    pub(crate) fn send(&mut self, reader: usize, aerial: usize, place: usize, until_us: i64) {
        if self.on.len() <= reader {
            self.on.resize(reader + 1, None);
        }
        if let Some(on) = self.on.get_mut(reader) {
            *on = Some(Carrier { aerial, place, until_us });
        }
    }

    /// The strongest disturbance in a reader's receiver, dBm.
    pub(crate) fn disturbance_dbm(
        &self,
        reader: usize,
        aerial: usize,
        place: usize,
        dense: bool,
        at_us: i64,
    ) -> f64 {
        let others = self.on.iter().enumerate().filter(|(other, _)| *other != reader);
        others
            .filter_map(|(_, on)| on.filter(|carrier| carrier.until_us > at_us))
            .filter_map(|carrier| {
                let heard = self.heard_dbm.get(carrier.aerial * self.aerials + aerial)?;
                Some(heard - rejection_db(carrier.place.abs_diff(place), dense))
            })
            .fold(-200.0, f64::max)
    }

    /// Whether a tag that is powered with `own_db` cannot follow a reader because another is about as strong there.
    pub(crate) fn confuses(&self, other: Option<(usize, f64)>, own_db: f64, at_us: i64) -> bool {
        other.is_some_and(|(aerial, margin_db)| {
            margin_db > own_db - TAG_CONFUSED_DB
                && self.on.iter().flatten().any(|on| on.aerial == aerial && on.until_us > at_us)
        })
    }
}

/// How much less a reader hears of a carrier so many 500 kHz channels away. With a dense reader's mode, answers lie
/// between the channels, where other readers' spectra are low (Gen2 §6.3.1.2.11); without, beside or on their neighbour's.
fn rejection_db(channels: usize, dense: bool) -> f64 {
    match (channels, dense) {
        (0, true) => 30.0,
        (0, false) => 15.0,
        (1, true) => 60.0,
        (1, false) => 30.0,
        (2, true) => 75.0,
        (2, false) => 50.0,
        (_, true) => 95.0,
        (_, false) => 80.0,
    }
}

/// Probability that an answer is read over a disturbance.
pub(crate) fn clear(rssi_dbm: f64, disturbance_dbm: f64) -> f64 {
    1.0 / (1.0 + libm::exp((disturbance_dbm + NEEDED_DB - rssi_dbm) / NEEDED_SCALE_DB))
}
