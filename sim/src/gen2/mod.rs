//! Gen2 inventory by slots (EPC Gen2 v2.0.1 §6.3.2): rounds with Q and its adaptation, collisions and capture, sessions
//! and targets, Select, hopping, and the reader's turn from antenna to antenna. Tags answer because they are powered, hold
//! the right flag and draw a slot for themselves, never by independent coin flips. Knows no people.

mod chip;
pub(crate) mod interference;
mod link;
mod pace;
mod select;
pub(crate) mod settings;
mod slots;
mod turns;

#[cfg(test)]
mod examples;

pub(crate) use chip::Chip;
pub(crate) use pace::Pace;
pub(crate) use settings::{Session, Setup, Target};

use crate::chance::Chance;
use crate::radio::{Air, Report};
use crate::space::P2;

use link::Times;
use slots::Waiting;

/// What an R420 does between two rounds beside the air protocol, microseconds. With it, with `slots::FRAME_US` and the
/// parts of the protocol come its figures: one tag 69.7 times a second, 7 to 15 tags 173 to 152 together. That it takes
/// as long in every mode is assumed: the logs have one.
const ROUND_US: f64 = 8_890.0;

/// A read as it happened.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TagRead {
    pub(crate) at_us: i64,
    pub(crate) tag: usize,
    /// Index among the reader's antennas.
    pub(crate) antenna: usize,
    /// Index into the reader's hop table, counted from 1, and its frequency, as the reader reports them.
    pub(crate) channel: u16,
    pub(crate) khz: u32,
    pub(crate) report: Report,
    /// Whether the TID came with the EPC.
    pub(crate) with_tid: bool,
}

/// A reader's inventory that never ends.
#[derive(Clone, Debug)]
pub(crate) struct Inventory {
    pub(crate) setup: Setup,
    times: Times,
    /// The reader's among all readers.
    number: usize,
    /// Index of its first antenna among the air's aerials, and how many it has.
    first_aerial: usize,
    antennas: usize,
    /// Antennas that have died.
    pub(crate) dead: Vec<bool>,
    /// The reader is off until then: no carrier at all.
    pub(crate) off_until_us: i64,
    hop_table: Vec<usize>,
    channel: usize,
    hop_at_us: i64,
    /// The channel before, and from when on reads are reported to be on the one in use.
    left_channel: usize,
    label_from_us: i64,
    antenna: usize,
    visit_began_us: i64,
    /// Rounds of the antenna's turn so far.
    rounds: u32,
    /// Every antenna has had its turn since the first one's was forced.
    cycled: bool,
    target_b: bool,
    /// With both targets and several antennas: the antenna's turn asks for B only; and the first round of each turn asks
    /// for B before the others ask for A.
    turn_at_b: bool,
    late: bool,
    /// Qfp of Annex D.
    qfp: f64,
    /// When the next round begins.
    pub(crate) next_us: i64,
    chance: Chance,
    // Kept from round to round, so that none of them allocates.
    reach: Vec<usize>,
    waiting: Vec<Waiting>,
    lit: Vec<(usize, Option<f64>)>,
}

impl Inventory {
    /// `number` is the reader's among all readers, `first_aerial` the place of its first antenna among the air's.
    pub(crate) fn new(
        setup: Setup,
        first_aerial: usize,
        antennas: usize,
        number: usize,
        start_us: i64,
        mut chance: Chance,
    ) -> Self {
        let region = setup.region;
        let mut hop_table: Vec<usize> = (0..region.channels()).collect();
        for at in (1..hop_table.len()).rev() {
            hop_table.swap(at, chance.index(at + 1));
        }
        let antennas = antennas.max(1);
        Inventory {
            times: Times::of(setup.mode, setup.fast_id),
            target_b: setup.target == Target::B,
            turn_at_b: false,
            late: false,
            qfp: 0.0,
            setup,
            number,
            first_aerial,
            antennas,
            dead: vec![false; antennas],
            off_until_us: i64::MIN,
            hop_table,
            channel: 0,
            hop_at_us: start_us + region.dwell_us(),
            left_channel: 0,
            label_from_us: start_us,
            antenna: 0,
            visit_began_us: start_us,
            rounds: 0,
            cycled: false,
            next_us: start_us,
            chance,
            reach: Vec::new(),
            waiting: Vec::new(),
            lit: Vec::new(),
        }
    }

    /// Frequencies of the reader's hop table, kHz, in its order.
    pub(crate) fn hop_table_khz(&self) -> Vec<u32> {
        self.hop_table.iter().map(|&n| self.setup.region.frequency_khz(n)).collect()
    }

    /// Rounds that begin before `until_us`; the positions in `air` are those of `set_us`.
    pub(crate) fn run(
        &mut self,
        air: &mut Air,
        set_us: i64,
        until_us: i64,
        walls: &impl Fn(P2, P2) -> f64,
        out: &mut Vec<TagRead>,
    ) {
        while self.next_us < until_us {
            self.advance(air, set_us, walls, out);
        }
    }

    /// One round, and what comes after it: a hop, another target, another antenna.
    pub(crate) fn advance(
        &mut self,
        air: &mut Air,
        set_us: i64,
        walls: &impl Fn(P2, P2) -> f64,
        out: &mut Vec<TagRead>,
    ) {
        if self.next_us < self.off_until_us {
            self.next_us += ROUND_US as i64;
            return;
        }
        self.hop();
        let read = self.round(air, set_us, walls, out);
        self.after(read);
    }
}
