//! The only door through which anything leaves the engine: a fact is held against the invariants, folded into the
//! shop and handed out, in that order, so what the shop knows is always the fold of what was said.

use recording::{Alert, Basket, Hold, Name, Outcome, Time};

use crate::{Effect, Output, Outputs, PieceKey, Shop, Stamp, invariants};

/// What comes out of one step.
pub(crate) struct Emit<'a> {
    stamp: Stamp,
    shop: &'a mut Shop,
    outputs: &'a mut Outputs,
    sales: u32,
    settled: Vec<(Name, Vec<PieceKey>)>,
}

/// What an alert is about; whatever is known of it.
#[derive(Clone, Copy, Default)]
pub(crate) struct About<'a> {
    pub(crate) lane: Option<&'a Name>,
    pub(crate) passage: Option<&'a Name>,
    pub(crate) gtin: Option<&'a Name>,
    pub(crate) serial: Option<&'a Name>,
}

impl<'a> About<'a> {
    /// About a passage in a lane.
    pub(crate) fn passage(lane: &'a Name, passage: &'a Name) -> Self {
        About { lane: Some(lane), passage: Some(passage), ..About::default() }
    }
}

impl<'a> Emit<'a> {
    pub(crate) fn new(stamp: Stamp, shop: &'a mut Shop, outputs: &'a mut Outputs) -> Self {
        Emit { stamp, shop, outputs, sales: 0, settled: Vec::new() }
    }

    pub(crate) fn now(&self) -> Time {
        self.stamp.now
    }

    pub(crate) fn shop(&self) -> &Shop {
        self.shop
    }

    /// Something was decided: checked, folded, handed out.
    pub(crate) fn fact(&mut self, fact: Outcome) {
        assert!(fact.is_fact(), "an open basket is a view, not a fact");
        invariants::check(self.shop, &fact);
        self.shop.fold(&fact);
        self.outputs.push(Output::Outcome(fact));
    }

    /// A basket changed; a view, not a fact.
    pub(crate) fn basket(&mut self, basket: Basket) {
        self.outputs.push(Output::Outcome(Outcome::Basket(basket)));
    }

    /// Something is to be done once the facts before it are safe.
    pub(crate) fn effect(&mut self, effect: Effect) {
        self.outputs.push(Output::Effect(effect));
    }

    /// Somebody should look.
    pub(crate) fn alert(&mut self, kind: &str, about: About<'_>, text: &str) {
        self.fact(Outcome::Alert(Alert {
            at: self.stamp.now,
            kind: kind.into(),
            lane: about.lane.cloned(),
            passage: about.passage.cloned(),
            gtin: about.gtin.cloned(),
            serial: about.serial.cloned(),
            text: text.into(),
        }));
    }

    /// A name that the store never gave before: `seq` counts through restarts.
    pub(crate) fn new_name(&mut self, what: &str) -> Name {
        self.sales += 1;
        match self.sales {
            1 => format!("{what}-{}", self.stamp.seq).into(),
            n => format!("{what}-{}-{n}", self.stamp.seq).into(),
        }
    }

    /// These pieces are on a passage's frozen basket or receipt.
    pub(crate) fn settled(&mut self, passage: Name, pieces: Vec<PieceKey>) {
        self.settled.push((passage, pieces));
    }

    /// What was frozen or paid in this step.
    pub(crate) fn into_settled(self) -> Vec<(Name, Vec<PieceKey>)> {
        self.settled
    }
}

/// A hold without a piece.
pub(crate) fn hold(kind: &str, text: &str) -> Hold {
    Hold { kind: kind.into(), text: text.into(), gtin: None, serial: None }
}
