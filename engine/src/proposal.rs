//! What the perceiving half of the engine (timeline, tracks, passages, evidence, decision) tells the paying half
//! (checkout). Plain data; neither half knows the inside of the other.

use recording::{Direction, Evidence, Hold, Name, ReceiptLine, Time};

/// What a passage would pay if it were frozen now.
#[derive(Clone, Debug, PartialEq)]
pub struct Proposal {
    /// The passage.
    pub passage: Name,
    /// Its lane.
    pub lane: Name,
    /// What to bill, numbered from 1. Prices are the catalogue's at this instant.
    pub lines: Vec<ReceiptLine>,
    /// Why a person is needed; empty: it can be settled without one.
    pub holds: Vec<Hold>,
    /// Probability that the passage carries something not listed.
    pub possible_missing: f64,
    /// What every line, and every refusal near it, rests on.
    pub evidence: Vec<Evidence>,
}

/// What happened to a passage in the world.
#[derive(Clone, Debug, PartialEq)]
pub enum PassageEvent {
    /// Somebody came near.
    Began {
        /// The passage.
        passage: Name,
        /// Its lane.
        lane: Name,
        /// When.
        at: Time,
    },
    /// What it would pay may have changed: ask for its proposal.
    Changed {
        /// The passage.
        passage: Name,
    },
    /// Another passage is this one (a group that formed, a track that was broken): it lives on in `into`.
    Merged {
        /// The passage that is no more.
        passage: Name,
        /// The one it was all along.
        into: Name,
    },
    /// It left the lane on the street side, went back, or is gone.
    Ended {
        /// The passage.
        passage: Name,
        /// Its lane.
        lane: Name,
        /// When it came near.
        began_at: Time,
        /// When it was gone.
        ended_at: Time,
        /// Which way; `None` where nothing tells.
        direction: Option<Direction>,
        /// The tracks of its people.
        tracks: Vec<Name>,
    },
}
