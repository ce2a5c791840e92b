//! One round: who takes part, frames of slots, collisions and capture, and Q between frames (Gen2 §6.3.2.10, Annex D).

use crate::radio::{Air, report};
use crate::space::P2;

use super::interference::clear;
use super::settings::{Slots, Target};
use super::{Inventory, ROUND_US, Session, TagRead};

/// What the reader does between two frames beside the air protocol, microseconds: in the logs of a box of tags what is
/// missing to four is read 2.5 to 4.5 ms later.
pub(super) const FRAME_US: f64 = 4_200.0;
/// Spread of what it does between two rounds, microseconds: the gaps of one tag before one antenna, without the hops.
const ROUND_SPREAD_US: f64 = 360.0;
/// A round that is under way when the channel's time is up still gets this long, microseconds.
const ROUND_LEAST_US: i64 = 50_000;
/// Spread of a chip's wake-up threshold, dB of power at the chip; beyond `WAKE_SURE_DB` there is no doubt.
pub(super) const WAKE_SCALE_DB: f64 = 0.55;
const WAKE_SURE_DB: f64 = 4.0;
/// The strongest of several answers is read half the time when it is this much over the others, dB; spread of that.
const CAPTURE_DB: f64 = 7.0;
const CAPTURE_SCALE_DB: f64 = 1.5;
/// Spread of the reader's own threshold, dB; and the share of answers that are lost for no such reason.
pub(super) const SENSITIVITY_SCALE_DB: f64 = 0.8;
/// What is farther below the sensitivity than this, dB, is never made out: one in fifty at the most would be.
const LEAST_UNDER_DB: f64 = 3.0;
pub(super) const LOST: f64 = 0.01;

/// A tag that takes part in a round and has not been read in it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Waiting {
    tag: usize,
    rssi_dbm: f64,
}

/// Where and when a round happens.
#[derive(Clone, Copy, Debug)]
struct Here {
    aerial: usize,
    /// Place of the channel in the frequency plan.
    place: usize,
    /// When the positions in the air were set.
    set_us: i64,
    /// Strongest disturbance by other readers, dBm.
    disturbance_dbm: f64,
    /// The round ends then, whatever is left.
    deadline_us: f64,
}

/// How a frame went.
struct Frame {
    end_us: f64,
    read: usize,
    /// Somebody who answered has not been read.
    unresolved: bool,
}

pub(super) fn logistic(x: f64) -> f64 {
    1.0 / (1.0 + libm::exp(-x))
}

/// Which of several answers is the strongest, and by how much over the sum of the others, dB.
fn strongest(answers: &[Waiting]) -> Option<(usize, f64)> {
    let (at, most) = answers.iter().enumerate().max_by(|a, b| a.1.rssi_dbm.total_cmp(&b.1.rssi_dbm))?;
    let others = answers.iter().enumerate().filter(|&(other, _)| other != at);
    let sum: f64 = others.map(|(_, one)| libm::exp10((one.rssi_dbm - most.rssi_dbm) / 10.0)).sum();
    Some((at, -10.0 * libm::log10(sum.max(1e-9))))
}

impl Inventory {
    /// One round; gives how many tags it read.
    pub(super) fn round(
        &mut self,
        air: &mut Air,
        set_us: i64,
        walls: &impl Fn(P2, P2) -> f64,
        out: &mut Vec<TagRead>,
    ) -> usize {
        self.waiting.clear();
        self.lit.clear();
        let began_us = self.next_us;
        let spread_us =
            self.chance.normal(0.0, ROUND_SPREAD_US).clamp(-3.0 * ROUND_SPREAD_US, 3.0 * ROUND_SPREAD_US);
        let mut at_us = began_us as f64 + ROUND_US + spread_us;
        if let Some(select) = &self.setup.select {
            at_us += self.times.select + self.times.reader_bit * f64::from(select.length());
        }
        if self.dead.get(self.antenna).copied().unwrap_or(false) {
            self.next_us = at_us as i64;
            return 0;
        }
        let aerial = self.first_aerial + self.antenna;
        let place = self.hop_table.get(self.channel).copied().unwrap_or(0);
        let dense = self.setup.mode.dense();
        let disturbance_dbm = air.carriers.disturbance_dbm(self.number, aerial, place, dense, began_us);
        let turn_us = if self.antennas > 1 {
            self.visit_began_us + i64::from(self.setup.dwell_ms) * 1000
        } else {
            i64::MAX
        };
        let deadline_us = self.hop_at_us.min(turn_us).max(began_us + ROUND_LEAST_US) as f64;
        let here = Here { aerial, place, set_us, disturbance_dbm, deadline_us };
        self.gather(air, here, began_us, walls);

        self.qfp = match self.setup.slots {
            Slots::Fixed(q) => f64::from(q.min(15)),
            Slots::Adaptive { start, .. } => start,
        };
        let population = usize::from(self.setup.population);
        let mut read = 0;
        loop {
            let frame = self.frame(air, here, at_us, population - read, out);
            at_us = frame.end_us;
            read += frame.read;
            if !frame.unresolved || read >= population || at_us >= deadline_us {
                break;
            }
        }
        self.next_us = at_us as i64;
        air.carriers.send(self.number, aerial, place, self.next_us);
        for &(tag, margin_db) in &self.lit {
            if let Some(tag) = air.tags.get_mut(tag) {
                match margin_db {
                    Some(margin_db) => tag.chip.light(aerial, self.next_us, margin_db),
                    None => tag.chip.stay_lit(aerial, self.next_us),
                }
                if self.setup.tag_focus {
                    tag.chip.refresh(self.next_us);
                }
            }
        }
        read
    }

    /// Everybody whom the carrier wakes, and among them those who are asked.
    fn gather(&mut self, air: &mut Air, here: Here, at_us: i64, walls: &impl Fn(P2, P2) -> f64) {
        let mut reach = std::mem::take(&mut self.reach);
        air.within_reach(here.aerial, walls, &mut reach);
        let (session, own) = (self.setup.session, (self.first_aerial, self.antennas));
        // Session 1 keeps its own time: who has answered need not be watched until it falls back.
        let watched = session != Session::S1 || self.setup.tag_focus || self.setup.select.is_some();
        let ahead_s = (at_us - here.set_us) as f64 / 1e6;
        for &tag_at in &reach {
            let Some(tag) = air.tags.get_mut(tag_at) else { continue };
            tag.chip.wake(at_us);
            // What rests in a carrier that has not fallen since stays powered.
            let known = tag.owner.is_none() && tag.chip.lit_by(here.aerial, at_us);
            let chosen = match &self.setup.select {
                Some(select) if known => tag.chip.hears(select),
                _ => true,
            };
            let asked = chosen
                && (self.setup.target == Target::Reset || tag.chip.at_b(session, at_us) == self.target_b);
            if !asked {
                if !watched {
                    continue;
                }
                if known {
                    self.lit.push((tag_at, None));
                    continue;
                }
            }
            let Some(signal) = air.signal(here.aerial, tag_at, here.place, ahead_s) else { continue };
            // It has to last through both of its answers.
            let lasts = |margin_db: f64| {
                let once = logistic(margin_db / WAKE_SCALE_DB);
                once * once
            };
            let wakes = signal.margin_db > WAKE_SURE_DB
                || (signal.margin_db > -WAKE_SURE_DB && self.chance.happens(lasts(signal.margin_db)));
            if !wakes {
                continue;
            }
            self.lit.push((tag_at, Some(signal.margin_db)));
            let Some(tag) = air.tags.get_mut(tag_at) else { continue };
            let other = tag.chip.lit_by_another(own.0, own.1, at_us);
            if other.is_some()
                && air.carriers.confuses(other, signal.margin_db, at_us)
                && self.chance.happens(0.5)
            {
                continue;
            }
            if asked && self.setup.select.as_ref().is_none_or(|select| tag.chip.hears(select)) {
                self.waiting.push(Waiting { tag: tag_at, rssi_dbm: signal.rssi_dbm });
            }
        }
        self.reach = reach;
    }

    /// One frame of slots. How many of the tags that have not drawn yet draw a slot is binomial; so a frame costs what
    /// happens in it, not the tags that wait. It ends when `most` have been read.
    fn frame(
        &mut self,
        air: &mut Air,
        here: Here,
        began_us: f64,
        most: usize,
        out: &mut Vec<TagRead>,
    ) -> Frame {
        let slots = 1_usize << (self.qfp.round().clamp(0.0, 15.0) as u32);
        let mut frame = Frame { end_us: began_us + FRAME_US + self.times.query, read: 0, unresolved: false };
        // Tags before `undrawn` have not drawn a slot yet; those behind it have, and were not read.
        let mut undrawn = self.waiting.len();
        for slot in 0..slots {
            if frame.end_us >= here.deadline_us || frame.read >= most {
                frame.unresolved = true;
                break;
            }
            let answering = self.drawing(undrawn, slots - slot);
            for _ in 0..answering {
                let one = self.chance.index(undrawn);
                undrawn -= 1;
                self.waiting.swap(one, undrawn);
            }
            let answers = self.waiting.get(undrawn..undrawn + answering).unwrap_or(&[]);
            let heard = match answers {
                [] => None,
                [only] => Some((0, self.hears(here, only.rssi_dbm))),
                many => strongest(many).map(|(at, over_db)| {
                    let rssi_dbm = many.get(at).map_or(-200.0, |one| one.rssi_dbm);
                    (at, logistic((over_db - CAPTURE_DB) / CAPTURE_SCALE_DB) * self.hears(here, rssi_dbm))
                }),
            };
            match answering {
                0 => {
                    frame.end_us += self.times.empty;
                    self.adapt(false);
                    continue;
                }
                1 => {}
                _ => self.adapt(true),
            }
            let read =
                heard.filter(|&(_, p)| self.chance.happens(p * (1.0 - LOST))).map(|(at, _)| undrawn + at);
            // All but a single answer that was read have to try again in the next frame.
            frame.unresolved |= answering > 1 || read.is_none();
            let Some(at) = read else {
                frame.end_us += self.times.garbled;
                continue;
            };
            frame.end_us += self.times.singulated;
            frame.read += 1;
            let taken = self.waiting.swap_remove(at);
            if let Some(tag_read) = self.reported(air, here, frame.end_us as i64, taken.tag) {
                out.push(tag_read);
            }
        }
        frame
    }
}

impl Inventory {
    /// How many of the tags that have not drawn yet have drawn the next of so many slots to come: binomial, by its
    /// distribution term by term.
    fn drawing(&mut self, undrawn: usize, slots_left: usize) -> usize {
        if slots_left <= 1 || undrawn == 0 {
            return undrawn;
        }
        let p = 1.0 / slots_left as f64;
        let mut term = libm::pow(1.0 - p, undrawn as f64);
        let mut left = self.chance.unit();
        let mut count = 0;
        while left >= term && count < undrawn {
            left -= term;
            term *= p / (1.0 - p) * (undrawn - count) as f64 / (count + 1) as f64;
            count += 1;
        }
        count
    }

    /// Annex D: what a collision or an empty slot says of the number of slots.
    fn adapt(&mut self, collision: bool) {
        if let Slots::Adaptive { up, down, least, most, .. } = self.setup.slots {
            let (least, most) = (f64::from(least.min(15)), f64::from(most.min(15)));
            self.qfp = (self.qfp + if collision { up } else { -down }).min(most).max(least);
        }
    }

    /// Probability that the reader makes out an answer of this level.
    fn hears(&self, here: Here, rssi_dbm: f64) -> f64 {
        let over_db = rssi_dbm - self.setup.mode.sensitivity_dbm();
        let own = if over_db > 8.0 { 1.0 } else { logistic(over_db / SENSITIVITY_SCALE_DB) };
        if here.disturbance_dbm < rssi_dbm - 20.0 { own } else { own * clear(rssi_dbm, here.disturbance_dbm) }
    }

    fn reported(&mut self, air: &mut Air, here: Here, at_us: i64, tag_at: usize) -> Option<TagRead> {
        let signal = air.signal(here.aerial, tag_at, here.place, (at_us - here.set_us) as f64 / 1e6)?;
        // Who walks can walk out of reach between a round's beginning and the answer's.
        if signal.rssi_dbm < self.setup.mode.sensitivity_dbm() - LEAST_UNDER_DB {
            return None;
        }
        let (from, rolls) = air.aerials.get(here.aerial).map(|aerial| (aerial.plan.at, aerial.velocity))?;
        let tag = air.tags.get_mut(tag_at)?;
        tag.chip.invert(self.setup.session, at_us);
        let label = self.label(at_us);
        let away = tag.at.minus(from);
        let speed = -away.dot(tag.velocity.minus(rolls).up(0.0)) / away.length().max(0.1);
        Some(TagRead {
            at_us,
            tag: tag_at,
            antenna: self.antenna,
            channel: label as u16 + 1,
            khz: self.setup.region.frequency_khz(self.hop_table.get(label).copied().unwrap_or(0)),
            report: report(&signal, speed, &mut self.chance),
            with_tid: self.setup.fast_id,
        })
    }
}
