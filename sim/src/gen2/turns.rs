//! A reader's turn from channel to channel, from antenna to antenna, and from one side of the flags to the other.

use super::Inventory;
use super::settings::Target;

/// From one antenna to the next, as R420 logs show it: mostly the first, else the second; the carrier is off meanwhile.
const TURN_US: [i64; 2] = [2_500, 10_500];
const QUICK_TURNS: f64 = 0.7;
/// Rounds that an antenna has at least; its turn ends with the first silent one after them.
const LEAST_ROUNDS: u32 = 2;
/// Share of an antenna's turns that ask for B first, with both targets: in R420 logs with four antennas (session 2, both
/// targets) a strong tag at rest is missed in four turns of ten, where with one antenna it is never missed.
const TURNS_AT_B: f64 = 0.38;

impl Inventory {
    /// On to the next channel when its time has come.
    pub(super) fn hop(&mut self) {
        if self.next_us >= self.hop_at_us {
            let region = self.setup.region;
            self.channel = (self.channel + 1) % region.channels();
            self.next_us += region.silence_us();
            self.hop_at_us = self.next_us + region.dwell_us();
            // The hop itself takes its time now and then, as the logs of one antenna show.
            self.next_us += if self.chance.happens(0.4) { 3_500 } else { 300 };
        }
    }

    /// After a round that read so many tags. Several antennas have their turns in a fixed order, each until nothing is new
    /// or its time is up.
    pub(super) fn after(&mut self, read: usize) {
        if self.antennas > 1 {
            self.rounds += 1;
            let dwell_us = i64::from(self.setup.dwell_ms) * 1000;
            let done = read == 0 && self.rounds >= LEAST_ROUNDS;
            if done || self.next_us - self.visit_began_us >= dwell_us {
                self.turn();
            }
        } else if self.setup.target == Target::Dual && self.waiting.is_empty() {
            // Nobody is left with the flag that the round asked for.
            self.target_b = !self.target_b;
        }
    }

    fn turn(&mut self) {
        self.antenna = (self.antenna + 1) % self.antennas;
        self.rounds = 0;
        let [quick, slow] = TURN_US;
        self.next_us += if self.chance.happens(QUICK_TURNS) { quick } else { slow };
        self.visit_began_us = self.next_us;
        if self.setup.target == Target::Dual {
            self.target_b = self.chance.happens(TURNS_AT_B);
        }
    }
}
