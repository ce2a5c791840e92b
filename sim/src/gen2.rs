//! Gen2 inventory by slots (EPC Gen2 §6.3.2): rounds with Q and its adaptation, collisions and capture, sessions and
//! targets, hopping, and the reader's turn from antenna to antenna. Tags answer because they are powered, hold the
//! right flag and draw a slot for themselves, never by independent coin flips. Knows no people.

use crate::chance::Chance;
use crate::plan::Session;
use crate::radio::{Air, CHANNELS, Region, Report, frequency_khz, report};
use crate::space::P2;

/// Times that give an R420's figures (one tag 69.7 reads/s, 7 to 15 tags 173 to 152), microseconds.
const ROUND_US: i64 = 10_900;
const SUCCESS_US: i64 = 3_100;
const EMPTY_US: i64 = 450;
const COLLISION_US: i64 = 1_500;
const TURN_US: i64 = 2_500;
const HOP_US: i64 = Region::Fcc.dwell_us();
/// An antenna has had its turn after this much, whatever is left.
const TURN_MOST_US: i64 = 400_000;
/// Spread of a chip's wake-up threshold, dB of power at the chip.
const WAKE_SCALE_DB: f64 = 0.55;
/// Step of the slot-count algorithm for a collision; an empty slot counts a part of it.
const Q_STEP: f64 = 0.35;
const MOST_Q: f64 = 8.0;

/// A tag's inventoried flags.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Flags {
    /// In which visit of an antenna flag B of session 0 was last toggled: it falls back to A with the carrier.
    s0_visit: u64,
    s0_b: bool,
    /// Until when session 1 stands at B.
    s1_b_until_us: i64,
    s1_persistence_us: i64,
}

impl Flags {
    /// `persistence_s`: of session 1, 0.5 to 5 s by the standard.
    pub(crate) fn new(persistence_s: f64) -> Self {
        let s1_persistence_us = (persistence_s.clamp(0.5, 5.0) * 1e6) as i64;
        Flags { s0_visit: 0, s0_b: false, s1_b_until_us: 0, s1_persistence_us }
    }
}

/// A read as it happened.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TagRead {
    pub(crate) at_us: i64,
    pub(crate) tag: usize,
    /// Index among the reader's antennas.
    pub(crate) antenna: usize,
    /// Index into the reader's hop table, counted from 1.
    pub(crate) channel: u16,
    pub(crate) khz: u32,
    pub(crate) report: Report,
}

/// A reader's inventory that never ends.
#[derive(Clone, Debug)]
pub(crate) struct Inventory {
    session: Session,
    /// Index of its first antenna among the air's aerials, and how many it has.
    first_aerial: usize,
    antennas: usize,
    /// Antennas that have died.
    pub(crate) dead: Vec<bool>,
    hop_table: Vec<usize>,
    channel: usize,
    hop_at_us: i64,
    antenna: usize,
    visit: u64,
    visit_began_us: i64,
    /// Rounds without a read in this visit.
    silent: u32,
    target_b: bool,
    q: f64,
    /// When the next round begins.
    pub(crate) next_us: i64,
    chance: Chance,
}

impl Inventory {
    pub(crate) fn new(
        session: Session,
        first_aerial: usize,
        antennas: usize,
        number: u64,
        start_us: i64,
        mut chance: Chance,
    ) -> Self {
        let mut hop_table: Vec<usize> = (0..CHANNELS).collect();
        for at in (1..CHANNELS).rev() {
            hop_table.swap(at, chance.index(at + 1));
        }
        Inventory {
            session,
            first_aerial,
            antennas: antennas.max(1),
            dead: vec![false; antennas.max(1)],
            hop_table,
            channel: 0,
            hop_at_us: start_us + HOP_US,
            antenna: 0,
            visit: (number + 1) << 40,
            visit_began_us: start_us,
            silent: 0,
            target_b: false,
            q: 1.0,
            next_us: start_us,
            chance,
        }
    }

    /// Frequencies of the reader's hop table, kHz, in its order.
    pub(crate) fn hop_table_khz(&self) -> Vec<u32> {
        self.hop_table.iter().map(|&n| frequency_khz(n)).collect()
    }

    /// Rounds that begin before `until_us`; the positions in `air` are those of `set_us`.
    pub(crate) fn run(
        &mut self,
        air: &mut Air,
        set_us: i64,
        until_us: i64,
        walls: &impl Fn(P2, P2) -> usize,
        out: &mut Vec<TagRead>,
    ) {
        while self.next_us < until_us {
            if self.next_us >= self.hop_at_us {
                self.channel = (self.channel + 1) % CHANNELS;
                self.hop_at_us = self.next_us + HOP_US;
                // The hop itself takes its time now and then (an FCC reader listens to its own oscillator first).
                self.next_us += if self.chance.happens(0.4) { 3_500 } else { 300 };
            }
            let read = self.round(air, set_us, walls, out);
            if self.antennas > 1 {
                // With several antennas each has its turn until two rounds in a row find nothing new.
                self.silent = if read == 0 { self.silent + 1 } else { 0 };
                if self.silent >= 2 || self.next_us - self.visit_began_us >= TURN_MOST_US {
                    self.turn();
                }
            } else if self.session == Session::S0Dual {
                self.target_b = !self.target_b;
            }
        }
    }

    /// On to the next antenna; the carrier falls, and with it every flag of session 0.
    fn turn(&mut self) {
        self.antenna = (self.antenna + 1) % self.antennas;
        self.visit += 1;
        self.silent = 0;
        self.next_us += TURN_US;
        self.visit_began_us = self.next_us;
        self.target_b = false;
    }

    fn answers(&self, flags: &Flags) -> bool {
        match self.session {
            Session::S0Dual => (flags.s0_visit == self.visit && flags.s0_b) == self.target_b,
            Session::S1Single => flags.s1_b_until_us <= self.next_us,
        }
    }

    fn singulated(&self, flags: &mut Flags, at_us: i64) {
        match self.session {
            Session::S0Dual => {
                let was_b = flags.s0_visit == self.visit && flags.s0_b;
                flags.s0_visit = self.visit;
                flags.s0_b = !was_b;
            }
            Session::S1Single => flags.s1_b_until_us = at_us + flags.s1_persistence_us,
        }
    }

    /// One round; gives how many tags it read.
    fn round(
        &mut self,
        air: &mut Air,
        set_us: i64,
        walls: &impl Fn(P2, P2) -> usize,
        out: &mut Vec<TagRead>,
    ) -> usize {
        let aerial = self.first_aerial + self.antenna;
        let place = self.hop_table.get(self.channel).copied().unwrap_or(0);
        let ahead_s = (self.next_us - set_us) as f64 / 1e6;
        let mut at_us = self.next_us + ROUND_US + (self.chance.between(-200.0, 200.0) as i64);
        let mut waiting: Vec<(usize, f64)> = Vec::new();
        if !self.dead.get(self.antenna).copied().unwrap_or(false) {
            for tag_at in air.within_reach(aerial, walls) {
                if !air.tags.get(tag_at).is_some_and(|tag| self.answers(&tag.flags)) {
                    continue;
                }
                if let Some(signal) = air.signal(aerial, tag_at, place, ahead_s)
                    && (signal.margin_db > 4.0
                        || (signal.margin_db > -4.0
                            && self
                                .chance
                                .happens(1.0 / (1.0 + libm::exp(-signal.margin_db / WAKE_SCALE_DB)))))
                {
                    waiting.push((tag_at, signal.rssi_dbm));
                }
            }
        }
        let mut read = 0;
        let began_us = at_us;
        while at_us - began_us < TURN_MOST_US {
            let slots = 1_usize << (self.q.round().clamp(0.0, MOST_Q) as u32);
            let (frame_us, collided, adjusted) =
                self.frame(air, aerial, place, set_us, at_us, slots, &mut waiting, &mut read, out);
            at_us = frame_us;
            if !collided && !adjusted {
                break;
            }
        }
        self.next_us = at_us;
        read
    }

    /// One frame of slots. Gives when it ended, whether a collision was left unresolved, and whether Q was adjusted
    /// before its end.
    #[expect(clippy::too_many_arguments, reason = "the state of one round, passed down once")]
    fn frame(
        &mut self,
        air: &mut Air,
        aerial: usize,
        place: usize,
        set_us: i64,
        mut at_us: i64,
        slots: usize,
        waiting: &mut Vec<(usize, f64)>,
        read: &mut usize,
        out: &mut Vec<TagRead>,
    ) -> (i64, bool, bool) {
        let q_before = self.q.round();
        let mut drawn: Vec<(usize, usize, f64)> =
            waiting.iter().map(|&(tag, rssi)| (self.chance.index(slots), tag, rssi)).collect();
        drawn.sort_by_key(|&(slot, tag, _)| (slot, tag));
        let mut collided = false;
        let mut next = 0;
        for slot in 0..slots {
            let from = next;
            while drawn.get(next).is_some_and(|&(s, ..)| s == slot) {
                next += 1;
            }
            let answering = drawn.get(from..next).unwrap_or(&[]);
            let heard = match answering {
                [] => {
                    at_us += EMPTY_US;
                    self.q = (self.q - Q_STEP * 0.5).max(0.0);
                    None
                }
                [(_, tag, rssi)] => {
                    at_us += SUCCESS_US;
                    // Reverse-limited only near the reader's own sensitivity.
                    (*rssi > -84.0 && !self.chance.happens(0.01)).then_some(*tag)
                }
                many => {
                    let strongest = many.iter().max_by(|a, b| a.2.total_cmp(&b.2));
                    let second =
                        many.iter().filter(|m| Some(*m) != strongest).map(|m| m.2).fold(-200.0, f64::max);
                    let captured = strongest.filter(|s| s.2 - second > 8.0 && self.chance.happens(0.6));
                    at_us += if captured.is_some() { SUCCESS_US } else { COLLISION_US };
                    self.q = (self.q + Q_STEP).min(MOST_Q);
                    collided = true;
                    captured.map(|s| s.1)
                }
            };
            if let Some(tag_at) = heard {
                waiting.retain(|&(tag, _)| tag != tag_at);
                *read += 1;
                if let Some(tag_read) = self.reported(air, aerial, place, set_us, at_us, tag_at) {
                    out.push(tag_read);
                }
            }
            if self.q.round() != q_before && slot + 1 < slots {
                return (at_us, collided, true);
            }
        }
        (at_us, collided, false)
    }

    fn reported(
        &mut self,
        air: &mut Air,
        aerial: usize,
        place: usize,
        set_us: i64,
        at_us: i64,
        tag_at: usize,
    ) -> Option<TagRead> {
        let signal = air.signal(aerial, tag_at, place, (at_us - set_us) as f64 / 1e6)?;
        let from = air.aerials.get(aerial)?.plan.at;
        let tag = air.tags.get_mut(tag_at)?;
        self.singulated(&mut tag.flags, at_us);
        let away = tag.at.minus(from);
        let speed = -away.dot(tag.velocity.up(0.0)) / away.length().max(0.1);
        Some(TagRead {
            at_us,
            tag: tag_at,
            antenna: self.antenna,
            channel: self.channel as u16 + 1,
            khz: frequency_khz(place),
            report: report(&signal, speed, &mut self.chance),
        })
    }
}
