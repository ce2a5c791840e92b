//! How often a reader gives one tag that is alone a chance to be read, as an expected value made of the same figures as the
//! rounds themselves. For maps of places that nobody has stood in yet; never for reads, which come from slots.

use crate::radio::Signal;

use super::ROUND_US;
use super::link::Times;
use super::settings::{Mode, Setup, Target};
use super::slots::{FRAME_US, LOST, SENSITIVITY_SCALE_DB, WAKE_SCALE_DB, logistic};
use super::turns::{LEAST_ROUNDS, QUICK_TURN_US, QUICK_TURNS, SLOW_TURN_US, TURNS_AT_B};

/// A reader's pace with one tag in its field.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    mode: Mode,
    /// Turns of one antenna in a second, and the rounds of a turn in which the tag is asked.
    turns: f64,
    rounds: f64,
    /// Share of the turns that ask for the side of the flag that the tag is on.
    asking: f64,
}

impl Pace {
    /// The pace of a reader that turns among so many antennas.
    pub(crate) fn of(setup: &Setup, antennas: usize) -> Pace {
        let times = Times::of(setup.mode, setup.fast_id);
        let round_us = ROUND_US + FRAME_US + times.query + times.singulated;
        if antennas <= 1 {
            return Pace { mode: setup.mode, turns: 1e6 / round_us, rounds: 1.0, asking: 1.0 };
        }
        let quick_us = (QUICK_TURN_US.0 + QUICK_TURN_US.1) / 2.0;
        let slow_us = (SLOW_TURN_US.0 + SLOW_TURN_US.1) / 2.0;
        let turn_us = QUICK_TURNS * quick_us + (1.0 - QUICK_TURNS) * slow_us;
        let rounds = f64::from(LEAST_ROUNDS);
        let turns = 1e6 / (antennas as f64 * (rounds * round_us + turn_us));
        // With both targets every other turn's first round asks for the other side.
        let (asking, rounds) = match setup.target {
            Target::Dual => (1.0 - TURNS_AT_B, rounds - 0.5),
            _ => (1.0, rounds),
        };
        Pace { mode: setup.mode, turns, rounds, asking }
    }

    /// Probability that a round reads the tag: its chip wakes, and the reader makes out the answer.
    pub(crate) fn in_round(&self, signal: &Signal) -> f64 {
        let heard = logistic((signal.rssi_dbm - self.mode.sensitivity_dbm()) / SENSITIVITY_SCALE_DB);
        logistic(signal.margin_db / WAKE_SCALE_DB) * heard * (1.0 - LOST)
    }

    /// Probability that none of the antenna's turns within `part` of a second reads a tag that a round reads with
    /// probability `in_round`.
    pub(crate) fn missed(&self, in_round: f64, part: f64) -> f64 {
        let in_turn = self.asking * (1.0 - libm::pow(1.0 - in_round, self.rounds));
        libm::pow(1.0 - in_turn, self.turns * part)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Readers in the logs: one tag before one antenna is read 69.7 times a second (hops, which are not in the pace, take a
    /// part of it), and seen again by one of four after 0.14 to 0.2 s.
    #[test]
    fn one_antenna_asks_as_often_as_real_ones_and_four_share_the_time() {
        let alone = Pace::of(&Setup::logs(1), 1);
        assert!((alone.turns - 69.7).abs() < 3.5, "{alone:?}");
        let four = Pace::of(&Setup::logs(4), 4);
        assert!((0.14..0.2).contains(&(1.0 / (four.turns * four.asking))), "{four:?}");
    }

    #[test]
    fn what_every_round_reads_is_hardly_missed_and_what_none_reads_is() {
        let four = Pace::of(&Setup::exit(), 4);
        assert_eq!(four.missed(0.0, 1.0), 1.0);
        assert!(four.missed(1.0, 1.0) < 0.01);
        assert!(four.missed(0.3, 1.0) < four.missed(0.1, 1.0));
        assert!((four.missed(0.3, 0.5) * four.missed(0.3, 0.5) - four.missed(0.3, 1.0)).abs() < 1e-9);
    }
}
