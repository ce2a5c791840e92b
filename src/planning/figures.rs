//! What worlds came to, as figures with intervals: of one layout, and of one layout against another in the same worlds.

use serde::Serialize;

use super::intervals::{Mean, Share, mean, share};
use super::worlds::Tally;

/// What mistakes cost, minor units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prices {
    /// A line for a piece that is not the payer's.
    pub wrong_charge_minor: i64,
    /// A member of staff who is called.
    pub ask_minor: i64,
}

impl Prices {
    /// What a world's mistakes cost the store: pieces that left unpaid, wrong lines, calls of staff.
    pub fn loss_minor(&self, tally: &Tally) -> i64 {
        let asked = (tally.held + tally.false_alarms) as i64;
        tally.missed_minor + tally.wrong_lines as i64 * self.wrong_charge_minor + asked * self.ask_minor
    }
}

/// How well a layout does.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Figures {
    /// Simulated worlds.
    pub worlds: usize,
    /// Ways out in them.
    pub passages: u64,
    /// Carried pieces that were read on their way through the lane.
    pub read: Share,
    /// Read before the card was tapped, of the pieces of those who tapped.
    pub before_tap: Share,
    /// Read within a second of entering the lane.
    pub within_1s: Share,
    /// Read within two seconds of entering.
    pub within_2s: Share,
    /// Tags at rest that the lane's antennas read, a passage.
    pub strays: Mean,
    /// Pieces at rest that were billed, of a thousand passages.
    pub strays_billed: Mean,
    /// Lines that do not belong on their receipt.
    pub wrong_lines: Share,
    /// Receipts with exactly what was carried.
    pub exact: Share,
    /// Carried pieces, of those that should have been paid, that left unpaid and unasked.
    pub missed: Share,
    /// Passages left to staff.
    pub held: Share,
    /// Alarms over pieces at rest, of a thousand passages.
    pub false_alarms: Mean,
    /// What mistakes cost the store, minor units a thousand passages.
    pub loss_minor: Mean,
}

const THOUSAND: f64 = 1_000.0;

impl Figures {
    /// The figures of a layout's worlds. `seed` is the bootstrap's.
    pub fn of(worlds: &[Tally], prices: &Prices, seed: u64) -> Figures {
        let a_passage = |what: &dyn Fn(&Tally) -> f64| {
            let worlds: Vec<(f64, f64)> = worlds.iter().map(|w| (what(w), w.passages as f64)).collect();
            mean(&worlds, seed)
        };
        Figures {
            worlds: worlds.len(),
            passages: worlds.iter().map(|w| w.passages).sum(),
            read: share(worlds.iter().map(|w| (w.read, w.pieces))),
            before_tap: share(worlds.iter().map(|w| (w.before_tap, w.tapped))),
            within_1s: share(worlds.iter().map(|w| (w.within_1s, w.pieces))),
            within_2s: share(worlds.iter().map(|w| (w.within_2s, w.pieces))),
            strays: a_passage(&|w| w.strays as f64),
            strays_billed: a_passage(&|w| w.strays_billed as f64 * THOUSAND),
            wrong_lines: share(worlds.iter().map(|w| (w.wrong_lines, w.lines))),
            exact: share(worlds.iter().map(|w| (w.exact, w.receipts))),
            missed: share(worlds.iter().map(|w| (w.missed, w.due))),
            held: share(worlds.iter().map(|w| (w.held.min(w.passages), w.passages))),
            false_alarms: a_passage(&|w| w.false_alarms as f64 * THOUSAND),
            loss_minor: a_passage(&|w| prices.loss_minor(w) as f64 * THOUSAND),
        }
    }
}

/// One layout less another, in the same worlds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Difference {
    /// Share of the carried pieces that are read.
    pub read: Mean,
    /// Pieces at rest that are billed, of a thousand passages.
    pub strays_billed: Mean,
    /// Lines that do not belong on their receipt, of a thousand passages.
    pub wrong_lines: Mean,
    /// Pieces that leave unpaid and unasked, of a thousand passages.
    pub missed: Mean,
    /// What mistakes cost, minor units a thousand passages.
    pub loss_minor: Mean,
}

impl Difference {
    /// `layout` less `other`, world by world.
    pub fn of(layout: &[Tally], other: &[Tally], prices: &Prices, seed: u64) -> Difference {
        let pairs = || layout.iter().zip(other);
        let a_thousand = |what: &dyn Fn(&Tally) -> f64| {
            let worlds = pairs().map(|(a, b)| ((what(a) - what(b)) * THOUSAND, b.passages as f64));
            mean(&worlds.collect::<Vec<_>>(), seed)
        };
        let read = pairs().map(|(a, b)| (a.read as f64 - b.read as f64, b.pieces as f64));
        Difference {
            read: mean(&read.collect::<Vec<_>>(), seed),
            strays_billed: a_thousand(&|w| w.strays_billed as f64),
            wrong_lines: a_thousand(&|w| w.wrong_lines as f64),
            missed: a_thousand(&|w| w.missed as f64),
            loss_minor: a_thousand(&|w| prices.loss_minor(w) as f64),
        }
    }
}
