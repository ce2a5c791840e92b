//! How a reader is set up for its task, as plain data. Says what is asked of tags, never what they do.

use serde::Deserialize;

pub(crate) use super::link::Mode;
pub(crate) use super::select::Select;
use crate::radio::Region;

/// Which of a tag's four inventoried flags a reader uses (Gen2 §6.3.2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Session {
    /// Falls back with the carrier.
    S0,
    /// Falls back after 0.5 to 5 s, with or without a carrier.
    S1,
    /// Stays while there is a carrier, and more than 2 s after.
    S2,
    /// As session 2, for another reader's use.
    S3,
}

/// Which side of the flag answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Target {
    /// Only A: each tag answers once, until its flag falls back.
    A,
    /// Only B.
    B,
    /// A until nobody is left, then B, and so on: each tag answers again and again.
    Dual,
    /// A, and every round begins with a Select that turns all flags back to A: each tag may answer in every round.
    Reset,
}

/// How many slots a frame has: 2 to the power of Q.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) enum Slots {
    /// The same Q for every frame.
    Fixed(u8),
    /// Gen2 Annex D: Qfp begins a round at `start`, grows by `up` for a collision and falls by `down` for an empty slot
    /// (the annex has one C for both, 0.1 to 0.5), and stays from `least` to `most`. Each frame takes it as it then is.
    Adaptive { start: f64, up: f64, down: f64, least: u8, most: u8 },
}

/// A reader's settings. What a file leaves out is as at an exit.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Setup {
    pub(crate) session: Session,
    pub(crate) target: Target,
    pub(crate) slots: Slots,
    pub(crate) mode: Mode,
    /// Whose channels it hops over: one region for all readers of a shop.
    pub(crate) region: Region,
    /// Longest turn of an antenna, ms; it ends sooner when two rounds in a row find nothing new.
    pub(crate) dwell_ms: u32,
    /// How many tags the reader was told to expect (LLRP's `TagPopulation`): it ends a round when it has read so many.
    pub(crate) population: u16,
    /// Whether the TID comes with the EPC.
    pub(crate) fast_id: bool,
    /// Whether tags that have answered in session 1 are kept quiet while they stay.
    pub(crate) tag_focus: bool,
    /// Whom the reader asks at all.
    pub(crate) select: Option<Select>,
}

/// Gives what an R420 reads of 1 to 15 tags.
const FIXED_READER: Slots = Slots::Adaptive { start: 1.0, up: 1.0, down: 0.25, least: 0, most: 10 };

impl Setup {
    /// What is wrong with it and what would be right, if anything.
    pub(crate) fn check(&self) -> Result<(), String> {
        let slots = match self.slots {
            Slots::Fixed(q) => q <= 15,
            Slots::Adaptive { start, up, down, least, most } => {
                least <= most
                    && most <= 15
                    && (0.0..=15.0).contains(&start)
                    && [up, down].iter().all(|c| (0.0..=4.0).contains(c))
            }
        };
        if !slots {
            return Err(format!(
                "{:?}: Q is 0 to 15, least not above most, up and down 0 to 4 (the standard suggests 0.1 to 0.5)",
                self.slots
            ));
        }
        if !(10..=60_000).contains(&self.dwell_ms) {
            return Err(format!("dwell_ms {}: 10 to 60000; usual is 400", self.dwell_ms));
        }
        if self.population == 0 {
            return Err("population 0: at least 1 tag a round; an exit has 32".into());
        }
        if self.tag_focus && (self.session, self.target) != (Session::S1, Target::A) {
            return Err("tag_focus works with session s1 and target a".into());
        }
        Ok(())
    }

    /// For exits: every tag again and again, so that its way shows. Session 0, both targets; the store's drivers tell an
    /// exit's reader to expect 32 tags.
    pub(crate) fn exit() -> Setup {
        Setup {
            session: Session::S0,
            target: Target::Dual,
            slots: FIXED_READER,
            mode: Mode::DenseM4,
            region: Region::Fcc,
            dwell_ms: 400,
            population: 32,
            fast_id: false,
            tag_focus: false,
            select: None,
        }
    }

    /// For racks and shelves: each tag every few seconds. Session 1, target A, 128 tags.
    pub(crate) fn rack() -> Setup {
        Setup { session: Session::S1, target: Target::A, population: 128, ..Setup::exit() }
    }

    /// As the R420 of the logs was asked: the reader's first mode and a population of 4 are the defaults of its tool (as is
    /// session 2), and a box of tags before one antenna shows both. No round there has a fifth read; four reads are
    /// followed by 13.9 ms without any; and who was read in one round is as likely as any other in the next, so that no
    /// flag outlasts a round. With several antennas a tag is seldom read twice in an antenna's turn, so that within one
    /// the flags do last: there it is as with session 0 and both targets.
    pub(crate) fn logs(antennas: usize) -> Setup {
        let target = if antennas > 1 { Target::Dual } else { Target::Reset };
        Setup { target, mode: Mode::MaxThroughput, population: 4, ..Setup::exit() }
    }
}

impl Default for Setup {
    fn default() -> Self {
        Setup::exit()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_says_only_what_differs_from_an_exit() {
        let text = r#"{"session": "s2", "target": "a", "mode": "dense-m8", "slots": {"fixed": 6}, "tag_focus": false,
                       "select": {"bank": "epc", "mask": "3034257BF7"}}"#;
        let setup: Setup = serde_json::from_str(text).expect("settings");
        assert_eq!((setup.session, setup.target), (Session::S2, Target::A));
        assert_eq!((setup.slots, setup.dwell_ms), (Slots::Fixed(6), Setup::exit().dwell_ms));
        assert!(setup.select.is_some());
        let wrong = serde_json::from_str::<Setup>(r#"{"select": {"bank": "epc", "mask": "30g4"}}"#);
        assert!(wrong.is_err_and(|error| error.to_string().contains("30g4")), "the error names the mask");
    }
}
