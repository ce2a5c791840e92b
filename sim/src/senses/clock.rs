//! Sources' clocks and lines. Each source stamps by a clock of its own, which runs a little fast or slow, is set by the
//! network now and then, and jitters; what it says comes later than it happened, sometimes by seconds. No source knows
//! the world's time, and none says a thing before it happens by the store's clock.

use recording::{Health, Name, Observation, Source};

use crate::chance::Chance;

use super::Told;

/// A crystal's error: cheap ones are sold as ±20 to ±50 ppm.
const DRIFT_PPM: f64 = 25.0;
/// Seconds between two settings by the network (NTP polls in powers of two; 1024 s is the longest usual one).
const SET_EVERY_S: f64 = 1024.0;
/// What a setting over a busy network leaves, seconds.
const SET_ERROR_S: f64 = 0.03;
/// What the store's own estimate of a source's offset is off by, milliseconds.
const ESTIMATE_SD_MS: f64 = 6.0;

/// A source's clock and its line to the store.
#[derive(Clone, Debug)]
pub(crate) struct Link {
    pub(crate) source: Name,
    /// The clock's error when it was last set, seconds: positive is ahead.
    error_s: f64,
    drift_ppm: f64,
    set_us: i64,
    next_set_us: i64,
    jitter_s: f64,
    /// Usual seconds from an instant to its arrival: least and most.
    late_s: (f64, f64),
    stalled_until_us: i64,
    last_us: i64,
    state: Health,
    chance: Chance,
}

impl Link {
    /// `offset_s` is the spread of the clock's error at the beginning: tenths of a second for a camera that nobody has
    /// set for a while, less for a controller in the store's own cabinet.
    pub(crate) fn new(source: Name, offset_s: f64, late_s: (f64, f64), mut chance: Chance) -> Link {
        Link {
            source,
            error_s: chance.normal(0.0, offset_s).clamp(-0.4, 0.4),
            drift_ppm: chance.normal(0.0, DRIFT_PPM),
            set_us: 0,
            next_set_us: (chance.between(0.2, 1.0) * SET_EVERY_S * 1e6) as i64,
            jitter_s: chance.between(0.001, 0.008),
            late_s,
            stalled_until_us: 0,
            last_us: 0,
            state: Health::Down,
            chance,
        }
    }

    /// The clock minus the world's, seconds.
    pub(crate) fn ahead_s(&self, now_us: i64) -> f64 {
        self.error_s + self.drift_ppm * 1e-6 * ((now_us - self.set_us) as f64 / 1e6)
    }

    /// How late something is that the source notices now, microseconds. One draw serves a whole frame.
    pub(crate) fn lateness_us(&mut self, now_us: i64) -> i64 {
        let usual_us = (self.chance.between(self.late_s.0, self.late_s.1) * 1e6) as i64;
        let waits_us = (self.stalled_until_us - now_us).max(0);
        // What waited behind a stall comes in one go.
        if waits_us > 0 { waits_us + usual_us / 4 } else { usual_us }
    }

    /// The computer that works the pictures off stands still for a moment: what happens meanwhile comes when it goes on.
    pub(crate) fn stalls(&mut self, now_us: i64, longest_s: f64) {
        let until_us = now_us + (self.chance.between(0.2 * longest_s, longest_s) * 1e6) as i64;
        self.stalled_until_us = self.stalled_until_us.max(until_us);
    }

    /// An observation of this instant, by this clock, over this line. Lines keep their order.
    pub(crate) fn tell(&mut self, now_us: i64, late_us: i64, what: Observation) -> Told {
        let received_us = (now_us + late_us.max(0)).max(self.last_us);
        self.last_us = received_us;
        self.told(now_us, received_us, what)
    }

    /// The same for what may overtake and be overtaken: a message that got lost and was sent again.
    pub(crate) fn tell_late(&mut self, now_us: i64, late_us: i64, what: Observation) -> Told {
        self.told(now_us, now_us + late_us.max(0), what)
    }

    fn told(&mut self, now_us: i64, received_us: i64, what: Observation) -> Told {
        let off_s = self.ahead_s(now_us) + self.chance.normal(0.0, self.jitter_s);
        let at_us = now_us + (off_s * 1e6) as i64;
        // By the best clock there is: the store knows that nothing happens after it has heard of it.
        Told { at_us: at_us.clamp(0, received_us), received_us, what }
    }

    /// Sets the clock when it is time, and says how the source is when that changes.
    pub(crate) fn tends(&mut self, now_us: i64, state: Health, out: &mut Vec<Told>) {
        let mut says = state != self.state;
        self.state = state;
        if now_us >= self.next_set_us && state != Health::Down {
            self.error_s = self.chance.normal(0.0, SET_ERROR_S);
            self.set_us = now_us;
            self.next_set_us = now_us + (self.chance.between(0.8, 1.2) * SET_EVERY_S * 1e6) as i64;
            says = true;
        }
        if says {
            let clock_offset_ms = (state != Health::Down).then(|| {
                let ms = self.ahead_s(now_us) * 1e3 + self.chance.normal(0.0, ESTIMATE_SD_MS);
                (ms * 10.0).round() / 10.0
            });
            let what = Source { source: self.source.clone(), state, clock_offset_ms };
            // The store itself notices; no clock but its own is asked.
            out.push(Told { at_us: now_us, received_us: now_us + 1_000, what: what.into() });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use recording::Tick;

    fn camera(seed: u64) -> Link {
        Link::new("cam-1".into(), 0.12, (0.08, 0.16), Chance::new(seed, 1))
    }

    #[test]
    fn a_clock_drifts_by_parts_per_million_until_the_network_sets_it() {
        let mut steps = Vec::new();
        for seed in 0..40 {
            let mut link = camera(seed);
            let (first, later) = (link.ahead_s(0), link.ahead_s(600_000_000));
            assert!((later - first).abs() < 600.0 * 100e-6, "within 100 ppm");
            let mut out = Vec::new();
            link.tends(1_300_000_000, Health::Up, &mut out);
            assert_eq!(out.len(), 1, "set, and said so");
            steps.push((link.ahead_s(1_300_000_000) - first).abs());
        }
        assert!(steps.iter().any(|step| *step > 0.1), "some clock jumps by more than a tenth of a second");
    }

    #[test]
    fn a_stalled_line_is_up_to_two_seconds_late_and_keeps_its_order() {
        let mut link = camera(3);
        link.stalls(1_000_000, 2.0);
        let mut arrived = Vec::new();
        for now_us in (1_000_000..5_000_000).step_by(125_000) {
            let late_us = link.lateness_us(now_us);
            let told = link.tell(now_us, late_us, Tick {}.into());
            assert!(told.at_us <= told.received_us);
            assert!(told.received_us - now_us < 2_200_000);
            arrived.push(told.received_us);
        }
        assert!(arrived.is_sorted());
        assert!(arrived.iter().any(|at| at - 1_000_000 > 400_000), "{arrived:?}");
    }
}
