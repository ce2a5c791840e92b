//! Readers' faults as they happen: what begins and ends when, what a store's driver notices of it, and what it makes of
//! reports that were kept through an outage or were stamped by a clock that is wrong.

use std::collections::VecDeque;

use recording::{Health, ReaderState};

use crate::chance::Chance;
use crate::faults::{Blow, Failure, Fault, drawn, everyday};
use crate::plan::ReaderPlan;
use crate::senses::Told;

use super::{SECOND_US, World};

/// Reports that a reader keeps while nobody listens; the oldest go first (an FX9600 keeps 66,000).
const KEPT: usize = 66_000;
/// From one kept report to the next when they are sent, microseconds.
const FLUSH_US: i64 = 500;
/// A driver takes a clock that is farther off for another time altogether, until the reader greets it anew.
const JUMP_US: i64 = SECOND_US;
/// A report that was under way for longer does not speak of now.
const LATE_US: i64 = 5 * SECOND_US;
/// Drivers hear a clock's offset from the quickest report of so long.
const WINDOW_US: i64 = 60 * SECOND_US;
/// The family's chance of a new fault comes so often.
const DRAW_US: i64 = 20 * SECOND_US;

/// A reader's clock against the true time.
#[derive(Clone, Copy, Debug, Default)]
struct Clock {
    since_us: i64,
    offset_us: i64,
    ppm: f64,
    /// What it was off by before it jumped.
    before_us: i64,
    /// When the driver will have heard of a jump by a new greeting.
    greeted_us: i64,
}

impl Clock {
    fn off_us(&self, at_us: i64) -> i64 {
        if at_us < self.since_us {
            return self.before_us;
        }
        self.offset_us + ((at_us - self.since_us) as f64 * self.ppm / 1e6) as i64
    }

    fn jumped(&self) -> bool {
        (self.offset_us - self.before_us).abs() > JUMP_US
    }

    /// What the driver takes the clock to be off by: of late the most.
    fn known_us(&self, now_us: i64) -> i64 {
        if self.jumped() && now_us < self.greeted_us {
            return self.before_us;
        }
        let earliest_us = if self.jumped() { self.greeted_us } else { i64::MIN };
        self.off_us((now_us - WINDOW_US).max(earliest_us)).max(self.off_us(now_us))
    }

    /// When the driver says a report happened, and whether it takes it for an old one.
    fn placed(&self, at_us: i64, received_us: i64) -> (i64, bool) {
        let shown_us = at_us + self.off_us(at_us) - self.known_us(received_us);
        let ahead_us = shown_us - received_us;
        (shown_us.min(received_us), !(-LATE_US..=JUMP_US).contains(&ahead_us))
    }
}

/// What is wrong with one reader now.
#[derive(Clone, Debug, Default)]
struct Trouble {
    /// Nobody hears it.
    out: bool,
    /// Until then nobody listens: the driver connects anew.
    deaf_until_us: i64,
    kept: VecDeque<Told>,
    clock: Clock,
    duplicates: f64,
    late: (f64, f64),
}

/// The faults of every reader, to come and under way.
#[derive(Clone, Debug)]
pub(super) struct Failing {
    /// Whether each has begun.
    faults: Vec<(Fault, bool)>,
    troubles: Vec<Trouble>,
    /// New ones are drawn.
    draws: bool,
    /// Where the readers are emulated: what has befallen them, by their number, until it is taken.
    blows: Option<Vec<(usize, Blow)>>,
    chance: Chance,
}

impl Failing {
    /// Nothing goes wrong but what is scheduled; in the family `faults` (`draws`) more comes by itself.
    pub(super) fn new(readers: &[ReaderPlan], scheduled: Vec<Fault>, draws: bool, chance: Chance) -> Failing {
        let mut faults: Vec<(Fault, bool)> = scheduled.into_iter().map(|fault| (fault, false)).collect();
        if draws {
            faults.extend(readers.iter().flat_map(|reader| everyday(&reader.id)).map(|fault| (fault, false)));
        }
        Failing { faults, troubles: vec![Trouble::default(); readers.len()], draws, blows: None, chance }
    }

    fn befalls(&mut self, reader: usize, blow: Blow) {
        if let Some(blows) = &mut self.blows {
            blows.push((reader, blow));
        }
    }
}

impl World {
    /// From now on somebody emulates the readers and has drivers meet them: reports are told as they were made, and what
    /// a reader keeps, forgets or stamps wrongly is the emulation's affair.
    pub(crate) fn meet_readers(&mut self) {
        self.failing.blows = Some(Vec::new());
    }

    /// What has befallen the readers since the last call, by their number.
    pub(crate) fn blows(&mut self) -> Vec<(usize, Blow)> {
        self.failing.blows.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Begins and ends what is due; to be called with every step.
    pub(super) fn fail(&mut self) {
        if self.failing.draws && self.now_us > 0 && self.now_us % DRAW_US == 0 {
            let at = self.failing.chance.index(self.plan.readers.len());
            if let Some(reader) = self.plan.readers.get(at) {
                let now_s = self.now_us as f64 / 1e6;
                let fault = drawn(&reader.id, reader.antennas.len(), now_s, &mut self.failing.chance);
                self.failing.faults.extend(fault.map(|fault| (fault, false)));
            }
        }
        if self.failing.faults.is_empty() {
            return;
        }
        let now_s = self.now_us as f64 / 1e6;
        let mut faults = std::mem::take(&mut self.failing.faults);
        faults.retain_mut(|(fault, begun)| {
            let Some(reader) = self.plan.readers.iter().position(|r| r.id == fault.reader) else {
                return false;
            };
            if !*begun && fault.from_s <= now_s {
                *begun = true;
                self.begins(reader, fault);
            }
            if *begun && fault.to_s <= now_s {
                self.ends(reader, fault);
                return false;
            }
            true
        });
        if self.now_us % SECOND_US == 0 {
            self.sag(&faults, now_s);
        }
        self.failing.faults = faults;
        for reader in 0..self.failing.troubles.len() {
            self.flush(reader);
        }
    }

    /// What a reader has kept is sent at once when somebody listens again.
    fn flush(&mut self, reader: usize) {
        let now_us = self.now_us;
        let Some(trouble) = self.failing.troubles.get_mut(reader) else { return };
        if trouble.kept.is_empty() || trouble.out || trouble.deaf_until_us > now_us {
            return;
        }
        let (kept, clock) = (std::mem::take(&mut trouble.kept), trouble.clock);
        let mut received_us = now_us + 20_000;
        for old in kept {
            received_us += FLUSH_US;
            let (at_us, _) = clock.placed(old.at_us, received_us);
            self.post_line(Told { at_us, received_us, ..old }, true);
        }
    }

    fn begins(&mut self, reader: usize, fault: &Fault) {
        match fault.what {
            Failure::Outage => self.failing.befalls(reader, Blow::CutOff(true)),
            Failure::Restart => self.failing.befalls(reader, Blow::Off(true)),
            _ => {}
        }
        let Some(trouble) = self.failing.troubles.get_mut(reader) else { return };
        let noticed_us = self.now_us + (self.failing.chance.between(0.5, 7.0) * 1e6) as i64;
        let ends_us = (fault.to_s * 1e6) as i64;
        match fault.what {
            Failure::AntennaDead { port } => self.antenna(reader, port, true),
            Failure::PowerSag { .. } => {}
            Failure::Duplicates { share } => trouble.duplicates = share,
            Failure::Late { share, most_s } => trouble.late = (share, most_s),
            Failure::Outage => {
                trouble.out = true;
                self.tell(reader, noticed_us.min(ends_us), Health::Down, Some("no answer to a keepalive"));
            }
            Failure::Restart => {
                trouble.out = true;
                if let Some(inventory) = self.inventories.get_mut(reader) {
                    inventory.off_until_us = i64::MAX;
                }
                self.tell(reader, noticed_us.min(ends_us), Health::Down, Some("the connection was reset"));
            }
            Failure::Clock { offset_ms, ppm } => self.clock(reader, (offset_ms * 1e3) as i64, ppm),
        }
    }

    fn ends(&mut self, reader: usize, fault: &Fault) {
        match fault.what {
            Failure::Outage => self.failing.befalls(reader, Blow::CutOff(false)),
            Failure::Restart => self.failing.befalls(reader, Blow::Off(false)),
            _ => {}
        }
        let Some(trouble) = self.failing.troubles.get_mut(reader) else { return };
        match fault.what {
            Failure::AntennaDead { port } => self.antenna(reader, port, false),
            Failure::PowerSag { .. } => {}
            Failure::Duplicates { .. } => trouble.duplicates = 0.0,
            Failure::Late { .. } => trouble.late = (0.0, 0.0),
            Failure::Outage | Failure::Restart => {
                trouble.out = false;
                // The driver tries again every few seconds; until it is through, the reader keeps what it reads.
                let back_us = self.now_us + (self.failing.chance.between(0.3, 3.0) * 1e6) as i64;
                trouble.deaf_until_us = back_us;
                if let Some(inventory) = self.inventories.get_mut(reader) {
                    inventory.off_until_us = inventory.off_until_us.min(back_us);
                }
                self.greets(reader, back_us);
            }
            Failure::Clock { .. } => self.clock(reader, 0, 0.0),
        }
    }

    fn antenna(&mut self, reader: usize, port: u16, dead: bool) {
        let Some(at) =
            self.plan.readers.get(reader).and_then(|r| r.antennas.iter().position(|a| a.port == port))
        else {
            return;
        };
        if let Some(inventory) = self.inventories.get_mut(reader)
            && let Some(antenna) = inventory.dead.get_mut(at)
        {
            *antenna = dead;
        }
        self.failing.befalls(reader, Blow::Antenna { port, dead });
        let listened =
            self.failing.troubles.get(reader).is_some_and(|t| !t.out && t.deaf_until_us <= self.now_us);
        if listened {
            self.greets(reader, self.now_us + 500_000);
        }
    }

    /// The clock jumps. Where the driver cannot follow, it connects anew after it has doubted for some seconds.
    fn clock(&mut self, reader: usize, offset_us: i64, ppm: f64) {
        let now_us = self.now_us;
        self.failing.befalls(reader, Blow::Clock { offset_us, ppm });
        let Some(trouble) = self.failing.troubles.get_mut(reader) else { return };
        let before_us = trouble.clock.off_us(now_us);
        let greeted_us = now_us + 4 * SECOND_US;
        trouble.clock = Clock { since_us: now_us, offset_us, ppm, before_us, greeted_us };
        if trouble.clock.jumped() && !trouble.out {
            trouble.deaf_until_us = greeted_us;
            self.tell(
                reader,
                now_us + 3 * SECOND_US,
                Health::Down,
                Some("its clock has jumped: connecting anew"),
            );
            self.greets(reader, greeted_us);
        }
    }

    /// What a reader that is heard says of itself.
    fn greets(&mut self, reader: usize, at_us: i64) {
        let dead = self.inventories.get(reader).map_or(0, |i| i.dead.iter().filter(|dead| **dead).count());
        let reason = (dead > 0).then(|| format!("{dead} antennas do not answer"));
        self.tell(reader, at_us, if dead > 0 { Health::Degraded } else { Health::Up }, reason.as_deref());
    }

    fn tell(&mut self, reader: usize, at_us: i64, state: Health, reason: Option<&str>) {
        let (Some(name), Some(trouble)) = (self.reader_names.get(reader), self.failing.troubles.get(reader))
        else {
            return;
        };
        let known_ms = (trouble.clock.known_us(at_us) as f64 / 1e3).round();
        let clock_offset_ms = (state != Health::Down).then_some(known_ms);
        let what =
            ReaderState { reader: name.clone(), state, reason: reason.map(Into::into), clock_offset_ms };
        self.post(Told { at_us, received_us: at_us, what: what.into() });
    }

    /// Power of each antenna, less what has sagged.
    fn sag(&mut self, faults: &[(Fault, bool)], now_s: f64) {
        let mut aerials = self.air.aerials.iter_mut();
        for reader in &self.plan.readers {
            let sagged_db: f64 = faults
                .iter()
                .filter(|(fault, begun)| *begun && fault.reader == reader.id)
                .filter_map(|(fault, _)| match fault.what {
                    Failure::PowerSag { db } => {
                        Some(db * (now_s - fault.from_s) / (fault.to_s - fault.from_s).max(1.0))
                    }
                    _ => None,
                })
                .sum();
            for (antenna, aerial) in reader.antennas.iter().zip(&mut aerials) {
                aerial.plan.power_dbm = antenna.power_dbm - sagged_db;
            }
        }
    }

    /// A report on its way from a reader to the store.
    pub(super) fn sends(&mut self, reader: usize, report: Told) {
        let met = self.failing.blows.is_some();
        let Some(trouble) = self.failing.troubles.get_mut(reader) else { return };
        if !met && (trouble.out || report.at_us < trouble.deaf_until_us) {
            if trouble.kept.len() >= KEPT {
                trouble.kept.pop_front();
            }
            trouble.kept.push_back(report);
            return;
        }
        let clock = if met { Clock::default() } else { trouble.clock };
        let (duplicates, (late, most_s)) = (trouble.duplicates, trouble.late);
        let Told { at_us: true_us, mut received_us, what } = report;
        if duplicates > 0.0 && self.failing.chance.happens(duplicates) {
            let received_us = received_us + 1_000;
            let (at_us, stale) = clock.placed(true_us, received_us);
            self.post_line(Told { at_us, received_us, what: what.clone() }, stale);
        }
        if late > 0.0 && self.failing.chance.happens(late) {
            received_us += (self.failing.chance.between(0.2, most_s.max(0.2)) * 1e6) as i64;
        }
        let (at_us, stale) = clock.placed(true_us, received_us);
        self.post_line(Told { at_us, received_us, what }, stale);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: i64 = 100 * SECOND_US;

    fn clock(offset_us: i64, ppm: f64) -> Clock {
        Clock { since_us: AT, offset_us, ppm, before_us: 0, greeted_us: AT + 4 * SECOND_US }
    }

    #[test]
    fn a_clock_that_jumps_by_an_hour_makes_reads_old_until_the_reader_greets_anew() {
        for hour in [3_600 * SECOND_US, -3_600 * SECOND_US] {
            let clock = clock(hour, 0.0);
            let (before, stale) = clock.placed(AT - 50_000, AT - 30_000);
            assert!(before == AT - 50_000 && !stale, "before the jump all is well");
            let (at, stale) = clock.placed(AT + SECOND_US, AT + SECOND_US + 20_000);
            assert!(stale && at <= AT + SECOND_US + 20_000, "in doubt, and never from the future");
            let (at, stale) = clock.placed(AT + 6 * SECOND_US, AT + 6 * SECOND_US + 20_000);
            assert!(at == AT + 6 * SECOND_US && !stale, "known again");
        }
    }

    #[test]
    fn a_clock_that_drifts_is_followed_within_some_milliseconds() {
        for ppm in [-80.0, 80.0] {
            let clock = clock(0, ppm);
            for minute in 0..30 {
                let true_us = AT + minute * 60 * SECOND_US;
                let (at, stale) = clock.placed(true_us, true_us + 20_000);
                assert!((at - true_us).abs() <= 5_000 && !stale, "{ppm} ppm: off by {} µs", at - true_us);
            }
        }
    }

    #[test]
    fn a_report_of_five_seconds_ago_is_old() {
        let clock = Clock::default();
        assert!(!clock.placed(AT, AT + 3 * SECOND_US).1);
        assert!(clock.placed(AT, AT + 6 * SECOND_US).1);
    }
}
