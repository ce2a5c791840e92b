//! A reader's turn from channel to channel, from antenna to antenna, and from one side of the flags to the other. What an
//! R420 with four antennas does is taken from its logs (every second walk and stay of them), where no manual tells it.

use super::Inventory;
use super::settings::Target;

/// From one antenna to the next, microseconds: mostly quick, else slow; the carrier is off meanwhile.
pub(super) const QUICK_TURN_US: (f64, f64) = (600.0, 3_400.0);
pub(super) const QUICK_TURNS: f64 = 0.7;
pub(super) const SLOW_TURN_US: (f64, f64) = (4_000.0, 32_000.0);
/// Rounds that an antenna has at least; its turn ends with the first of them, or after them, that leaves nobody to be read.
/// In the logs a tag at rest is seen again after four times two rounds, 116 ms, and a round more or less: by each antenna in
/// its first round while they have their turns once, in its second the next time.
pub(super) const LEAST_ROUNDS: u32 = 2;
/// Share of hops after which the first antenna has its turn, where all have had theirs: in the logs the first two read a
/// third more than the others, and many revisits take as long as a channel's time.
const HOPS_THAT_RESTART: f64 = 0.8;
/// Share of an antenna's turns that ask for B only, with both targets: in the logs a strong tag at rest is missed in a
/// good part of the turns of four antennas, and never with one antenna.
pub(super) const TURNS_AT_B: f64 = 0.2;

/// For so long after a hop a reader with several antennas still reports the channel that it has left, at most,
/// microseconds: in the logs the last read on a channel is of another phase twice as often as the others, and never with
/// one antenna.
const LATE_LABEL_US: f64 = 35_000.0;

impl Inventory {
    /// On to the next channel when its time has come.
    pub(super) fn hop(&mut self) {
        if self.next_us < self.hop_at_us {
            return;
        }
        let region = self.setup.region;
        self.left_channel = self.channel;
        self.channel = (self.channel + 1) % region.channels();
        self.next_us += region.silence_us();
        self.hop_at_us = self.next_us + region.dwell_us();
        self.label_from_us = self.next_us;
        if self.antennas > 1 {
            self.label_from_us += self.chance.between(0.0, LATE_LABEL_US) as i64;
        }
        if self.cycled && self.chance.happens(HOPS_THAT_RESTART) {
            self.cycled = false;
            self.turn(0);
        }
        // The hop itself takes its time now and then, as the logs of one antenna show.
        self.next_us += if self.chance.happens(0.4) { 3_500 } else { 300 };
    }

    /// The channel that a read of this time is reported to be on, as a place in the hop table.
    pub(super) fn label(&self, at_us: i64) -> usize {
        if at_us < self.label_from_us { self.left_channel } else { self.channel }
    }

    /// After a round that read so many tags. Several antennas have their turns in a fixed order, each until nothing is new
    /// or its time is up.
    pub(super) fn after(&mut self, read: usize) {
        if self.antennas > 1 {
            self.rounds += 1;
            if self.setup.target == Target::Dual {
                self.target_b = self.turn_at_b;
            }
            let dwell_us = i64::from(self.setup.dwell_ms) * 1000;
            let done = (read == 0 || self.waiting.is_empty()) && self.rounds >= LEAST_ROUNDS;
            if done || self.next_us - self.visit_began_us >= dwell_us {
                let next = (self.antenna + 1) % self.antennas;
                self.cycled |= next == 0;
                self.turn(next);
            }
        } else if self.setup.target == Target::Dual && self.waiting.is_empty() {
            // Nobody is left with the flag that the round asked for.
            self.target_b = !self.target_b;
        }
    }

    fn turn(&mut self, antenna: usize) {
        self.antenna = antenna;
        self.rounds = 0;
        let (least_us, most_us) = if self.chance.happens(QUICK_TURNS) { QUICK_TURN_US } else { SLOW_TURN_US };
        self.next_us += self.chance.between(least_us, most_us) as i64;
        self.visit_began_us = self.next_us;
        self.late ^= antenna == 0;
        if self.setup.target == Target::Dual {
            self.turn_at_b = self.chance.happens(TURNS_AT_B);
            self.target_b = self.turn_at_b || self.late;
        }
    }
}
