//! What worlds came to, as figures with intervals: of one layout, and of one layout against another in the same worlds.

use serde::Serialize;

use super::intervals::{Mean, Share, mean, share};
use super::returns::{Estimate, Simulated};
use super::worlds::Tally;

/// What mistakes cost, minor units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prices {
    /// A line for a piece that is not the payer's.
    pub wrong_charge_minor: i64,
    /// A member of staff who is called.
    pub ask_minor: i64,
    /// A piece that leaves unpaid: the shop's average price where it says one, else each piece's own.
    pub piece_minor: Option<i64>,
}

impl Prices {
    /// What a world's mistakes cost the store: pieces that left unpaid, wrong lines, calls of staff.
    pub fn loss_minor(&self, tally: &Tally) -> i64 {
        let missed_minor = self.piece_minor.map_or(tally.missed_minor, |each| tally.missed as i64 * each);
        missed_minor
            + tally.wrong_lines as i64 * self.wrong_charge_minor
            + tally.asked as i64 * self.ask_minor
    }
}

/// How well a layout does.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Figures {
    /// Simulated worlds.
    pub worlds: usize,
    /// Ways out in them.
    pub ways_out: u64,
    /// Those with unpaid tagged pieces: what is told `a passage` or of a thousand is told of these.
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
    /// The same, a passage.
    pub wrong_lines_a_passage: Mean,
    /// Receipts with exactly what was carried.
    pub exact: Share,
    /// Carried pieces, of those that should be paid or not get away, that left unpaid and that nobody was called to.
    pub missed: Share,
    /// Passages that staff were called to, where no call was due.
    pub asked: Share,
    /// What mistakes cost the store, minor units a thousand passages.
    pub loss_minor: Mean,
}

const THOUSAND: f64 = 1_000.0;

impl Figures {
    /// The figures of a layout's worlds. `seed` is the bootstrap's.
    pub fn of(worlds: &[Tally], prices: &Prices, seed: u64) -> Figures {
        let a_passage = |what: &dyn Fn(&Tally) -> f64| {
            let worlds: Vec<(f64, f64)> = worlds.iter().map(|w| (what(w), w.carriers as f64)).collect();
            mean(&worlds, seed)
        };
        Figures {
            worlds: worlds.len(),
            ways_out: worlds.iter().map(|w| w.passages).sum(),
            passages: worlds.iter().map(|w| w.carriers).sum(),
            read: share(worlds.iter().map(|w| (w.read, w.pieces))),
            before_tap: share(worlds.iter().map(|w| (w.before_tap, w.tapped))),
            within_1s: share(worlds.iter().map(|w| (w.within_1s, w.pieces))),
            within_2s: share(worlds.iter().map(|w| (w.within_2s, w.pieces))),
            strays: a_passage(&|w| w.strays as f64),
            strays_billed: a_passage(&|w| w.strays_billed as f64 * THOUSAND),
            wrong_lines: share(worlds.iter().map(|w| (w.wrong_lines, w.lines))),
            wrong_lines_a_passage: a_passage(&|w| w.wrong_lines as f64),
            exact: share(worlds.iter().map(|w| (w.exact, w.receipts))),
            missed: share(worlds.iter().map(|w| (w.missed, w.due))),
            asked: share(worlds.iter().map(|w| (w.asked.min(w.passages), w.passages))),
            loss_minor: a_passage(&|w| prices.loss_minor(w) as f64 * THOUSAND),
        }
    }
}

impl Figures {
    /// What a return on investment needs to know.
    pub fn simulated(&self) -> Simulated {
        let mut wrong_lines = Estimate::from(self.wrong_lines_a_passage);
        if self.wrong_lines_a_passage.never {
            // What was never seen in n passages is seen less often than 3 in n, 95 times in 100.
            wrong_lines.high = 3.0 / self.passages.max(1) as f64;
        }
        Simulated {
            read: self.read.into(),
            missed: self.missed.into(),
            wrong_lines,
            asked: self.asked.into(),
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
    /// Pieces that leave unpaid and uncalled to, of a thousand passages.
    pub missed: Mean,
    /// What mistakes cost, minor units a thousand passages.
    pub loss_minor: Mean,
}

impl Difference {
    /// `layout` less `other`, world by world.
    pub fn of(layout: &[Tally], other: &[Tally], prices: &Prices, seed: u64) -> Difference {
        let pairs = || layout.iter().zip(other);
        let a_thousand = |what: &dyn Fn(&Tally) -> f64| {
            let worlds = pairs().map(|(a, b)| ((what(a) - what(b)) * THOUSAND, b.carriers as f64));
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
