//! A reader's turn from channel to channel, from antenna to antenna, and from one side of the flags to the other.

use crate::radio::CHANNELS;

use super::settings::Target;
use super::{HOP_US, Inventory, Session};

/// From one antenna to the next; the carrier is off meanwhile.
const TURN_US: i64 = 2_500;
/// Rounds in a row without a read that end an antenna's turn.
const SILENT_ROUNDS: u32 = 2;

impl Inventory {
    /// On to the next channel when its time has come.
    pub(super) fn hop(&mut self) {
        if self.next_us >= self.hop_at_us {
            self.channel = (self.channel + 1) % CHANNELS;
            self.hop_at_us = self.next_us + HOP_US;
            // The hop itself takes its time now and then (an FCC reader listens to its own oscillator first).
            self.next_us += if self.chance.happens(0.4) { 3_500 } else { 300 };
        }
    }

    /// After a round that read so many tags. Several antennas have their turns in a fixed order, each until nothing is new
    /// or its time is up.
    pub(super) fn after(&mut self, read: usize) {
        self.silent = if read == 0 { self.silent + 1 } else { 0 };
        self.read_in_visit |= read > 0;
        if self.antennas > 1 {
            let dwell_us = i64::from(self.setup.dwell_ms) * 1000;
            if self.silent >= SILENT_ROUNDS || self.next_us - self.visit_began_us >= dwell_us {
                self.turn();
            }
        } else if self.setup.target == Target::Dual && self.resolved() {
            self.target_b = !self.target_b;
        }
    }

    /// Whether the last round left nobody with the flag it asked for.
    fn resolved(&self) -> bool {
        self.waiting.is_empty()
    }

    fn turn(&mut self) {
        self.antenna = (self.antenna + 1) % self.antennas;
        self.silent = 0;
        self.next_us += TURN_US;
        self.visit_began_us = self.next_us;
        self.silent_turns = if self.read_in_visit { 0 } else { self.silent_turns + 1 };
        self.read_in_visit = false;
        // Flags of session 0 have fallen to A with the carrier; the others are asked for their other side when a whole
        // cycle of antennas has found nobody.
        if self.setup.target == Target::Dual {
            if self.setup.session == Session::S0 {
                self.target_b = false;
            } else if self.silent_turns >= self.antennas {
                self.target_b = !self.target_b;
                self.silent_turns = 0;
            }
        }
    }
}
