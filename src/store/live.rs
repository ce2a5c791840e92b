//! What the pages show right now: a fold of the lines taken in and the outcomes decided, as of the last commit.

use std::collections::BTreeMap;

use recording::{Basket, Health, Name, Observation, Outcome, Receipt, Time};

/// What the pages show, as of the last commit.
#[derive(Clone, Debug, Default)]
pub struct Live {
    /// The store's time.
    pub now: Time,
    /// By lane.
    pub lanes: BTreeMap<Name, LaneLive>,
    /// By reader.
    pub readers: BTreeMap<Name, ReaderLive>,
}

/// One lane right now.
#[derive(Clone, Debug, Default)]
pub struct LaneLive {
    /// The basket that is shown, if any.
    pub basket: Option<Basket>,
    /// The receipt just paid, and when, until the next basket.
    pub paid: Option<(Receipt, Time)>,
}

/// One reader right now.
#[derive(Clone, Debug)]
pub struct ReaderLive {
    /// How it is.
    pub state: Health,
    /// Why, in words.
    pub reason: Option<Name>,
    /// Reads taken since the start.
    pub reads: u64,
    /// The last read.
    pub last_read_at: Option<Time>,
}

impl Live {
    /// Takes in a line that was committed.
    pub fn line(&mut self, at: Time, _what: &Observation) {
        self.now = at;
    }

    /// Takes in an outcome that was committed.
    pub fn outcome(&mut self, _outcome: &Outcome) {}
}
