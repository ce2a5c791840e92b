//! The paying half: catalogue, stock and checkout over the shop's lasting knowledge. It takes each line together with
//! what the perceiving half made of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use recording::{Health, Line, Name, Observation, StoreState};

use crate::checkout::Checkout;
use crate::emit::{About, Emit};
use crate::plan::Plan;
use crate::stock::Stock;
use crate::{Outputs, PassageEvent, PieceKey, Proposal, Shop, Stamp, catalogue};

/// Sources whose health is remembered, so that the same word twice is one alert; more than any store has.
const MOST_SOURCES: usize = 1_024;

/// What the perceiving half is asked.
pub(crate) trait Perceived {
    /// What a passage would pay if it were frozen now; `None` where it says nothing new of it.
    fn proposal(&mut self, passage: &str, stamp: Stamp, shop: &Shop) -> Option<Proposal>;
    /// Who stands at the lane's terminal.
    fn at_terminal(&self, lane: &str) -> Option<Name>;
}

/// Everything behind the proposals.
pub(crate) struct Paying {
    plan: Arc<Plan>,
    shop: Shop,
    checkout: Checkout,
    stock: Stock,
    health: BTreeMap<Name, Health>,
}

impl Paying {
    pub(crate) fn new(plan: Arc<Plan>, shop: Shop) -> Self {
        let (checkout, stock) = (Checkout::new(plan.clone()), Stock::new(&plan));
        let mut paying = Paying { plan, shop, checkout, stock, health: BTreeMap::new() };
        paying.checkout.schedule(&paying.shop);
        paying
    }

    /// Passages that have not ended, as they stand.
    pub(crate) fn unended(&self) -> impl Iterator<Item = recording::Passage> {
        self.checkout.unended()
    }

    pub(crate) fn shop(&self) -> &Shop {
        &self.shop
    }

    /// Takes one line in. Says which passages have which pieces on a frozen basket or a receipt since.
    pub(crate) fn step(
        &mut self,
        stamp: Stamp,
        line: &Line,
        events: &mut Vec<PassageEvent>,
        perceived: &mut impl Perceived,
        out: &mut Outputs,
    ) -> Vec<(Name, Vec<PieceKey>)> {
        let mut emit = Emit::new(stamp, &mut self.shop, out);
        if let Observation::Read(read) = &line.what {
            if !line.stale {
                self.stock.read(line.at, read, &mut emit);
            }
            if events.is_empty() && self.checkout.is_idle_at(stamp.now) {
                return Vec::new();
            }
        }
        if let Observation::Store(store) = &line.what {
            let StoreState::Started = store.state;
            events.clear();
            self.checkout = Checkout::new(self.plan.clone());
            self.stock.forget();
            self.health.clear();
            self.checkout.recover(&mut emit);
        }
        self.checkout.due(&mut emit);
        for event in events.drain(..) {
            let proposal = match &event {
                PassageEvent::Ended { passage, .. } => perceived.proposal(passage, stamp, emit.shop()),
                _ => None,
            };
            self.checkout.event(event, proposal, &mut emit);
        }
        match &line.what {
            Observation::Tap(tap) if !line.stale => {
                let lane = self.plan.lanes.iter().find(|lane| lane.terminal.as_ref() == Some(&tap.terminal));
                let passage = lane.and_then(|lane| perceived.at_terminal(&lane.id));
                let proposal = passage.as_ref().and_then(|id| perceived.proposal(id, stamp, emit.shop()));
                self.checkout.tap(tap, passage, proposal, &mut emit);
            }
            Observation::Catalogue(change) => {
                if catalogue::take(change, &mut emit) {
                    self.checkout.catalogue_changed();
                }
            }
            Observation::ReaderState(reader) => {
                let reason = reader.reason.as_deref().unwrap_or("no reason is known");
                health(&mut self.health, "reader", &reader.reader, reader.state, reason, &mut emit);
            }
            Observation::Source(source) => {
                let reason = "no reason is known";
                health(&mut self.health, "source", &source.source, source.state, reason, &mut emit);
            }
            what => {
                let lane = match what {
                    Observation::Answer(answer) => Some(&answer.lane),
                    Observation::Staff(staff) => staff.lane.as_ref(),
                    _ => None,
                };
                let at_terminal = lane.and_then(|lane| perceived.at_terminal(lane));
                self.checkout.line(what, at_terminal, &mut emit);
            }
        }
        let tick = matches!(line.what, Observation::Tick(_));
        let asked: Vec<Name> = self.checkout.to_ask(stamp.now, tick);
        if !asked.is_empty() {
            let proposals = asked
                .into_iter()
                .map(|id| {
                    let proposal = perceived.proposal(&id, stamp, emit.shop());
                    (id, proposal)
                })
                .collect();
            self.checkout.look(proposals, &mut emit);
        }
        for (index, lane) in self.plan.lanes.iter().enumerate() {
            if lane.gate.is_some() {
                self.checkout.present(index, perceived.at_terminal(&lane.id), &mut emit);
            }
        }
        self.checkout.schedule(emit.shop());
        emit.into_settled()
    }
}

/// A reader, camera or scale that is not well is told once.
fn health(
    known: &mut BTreeMap<Name, Health>,
    what: &str,
    name: &Name,
    state: Health,
    reason: &str,
    emit: &mut Emit<'_>,
) {
    let key: Name = format!("{what} {name}").into();
    if known.get(&key) == Some(&state) {
        return;
    }
    let kind = match state {
        Health::Up => None,
        Health::Down => Some("down"),
        Health::Degraded => Some("degraded"),
    };
    if let Some(kind) = kind {
        let text = format!("{what} {name} is {kind}: {reason}");
        emit.alert(&format!("{what}_{kind}"), About::default(), &text);
    }
    if known.len() < MOST_SOURCES || known.contains_key(&key) {
        known.insert(key, state);
    }
}
