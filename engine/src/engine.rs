//! The engine: one step from a line to everything that follows from it.

use std::sync::Arc;

use recording::{Line, Name, Observation, Passage};

use crate::paying::{Paying, Perceived};
use crate::{Outputs, PassageEvent, Perception, Plan, Proposal, Shop, Stamp};

/// The pure core of a store. The same lines give the same outputs, on every machine and every time.
pub struct Engine {
    plan: Arc<Plan>,
    perception: Perception,
    paying: Paying,
    last: Stamp,
    events: Vec<PassageEvent>,
}

impl Engine {
    /// An engine over what the journal's facts were folded into; `last` is the stamp of the last line before.
    pub fn new(plan: Arc<Plan>, shop: Shop, last: Stamp) -> Engine {
        Engine {
            perception: Perception::new(plan.clone()),
            paying: Paying::new(plan.clone(), shop),
            plan,
            last,
            events: Vec::new(),
        }
    }

    /// Takes one line in. What comes of it is added to `out` in order; every fact in it is folded into the shop when
    /// this returns. A stamp that would go back is taken as the last one's time.
    pub fn step(&mut self, stamp: Stamp, line: &Line, out: &mut Outputs) {
        let stamp = Stamp { now: stamp.now.max(self.last.now), ..stamp };
        self.last = stamp;
        if matches!(line.what, Observation::Store(_)) {
            // As after a crash: a running engine and a new one go on alike.
            self.perception = Perception::new(self.plan.clone());
        }
        self.perception.observe(stamp, line, self.paying.shop(), &mut self.events);
        let settled = self.paying.step(stamp, line, &mut self.events, &mut self.perception, out);
        for (passage, pieces) in settled {
            self.perception.settled(&passage, &pieces);
        }
    }

    /// Passages that have not ended, as they stand: no facts, but what a recording that ends here says of them.
    pub fn unended(&self) -> impl Iterator<Item = Passage> {
        self.paying.unended().map(|passage| {
            let (direction, tracks) = self.perception.so_far(&passage.id, self.last.now);
            Passage { direction, tracks, ..passage }
        })
    }

    /// What the shop knows for good: the fold of every fact so far.
    pub fn shop(&self) -> &Shop {
        self.paying.shop()
    }

    /// The stamp of the last line.
    pub fn last(&self) -> Stamp {
        self.last
    }
}

impl Perceived for Perception {
    fn proposal(&mut self, passage: &str, stamp: Stamp, shop: &Shop) -> Option<Proposal> {
        Perception::proposal(self, passage, stamp, shop)
    }

    fn at_terminal(&self, lane: &str) -> Option<Name> {
        Perception::at_terminal(self, lane)
    }
}
