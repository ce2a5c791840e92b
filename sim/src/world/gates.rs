//! Gates at the lanes' street side, as flaps that stand in people's way: what opens and shuts them, and what their contacts
//! tell. They bar the way out only; whoever comes in from the street pushes them inwards. What people do before a shut one
//! is in `waiting`. In a recording there are none: no store answers there, and the steps that people are given hold the
//! wait for an answer already (the pause after a tap).

use recording::{Gate, GateState};

use crate::chance::Chance;
use crate::plan::{Contact, GateBy};
use crate::senses::Told;
use crate::space::P2;

use super::waiting::Waits;
use super::{SECOND_US, World};

/// From the level that opens it to a flap that gives way: a motor's quarter turn.
const SWINGS_US: i64 = 350_000;
/// It stands open for so long after it was told for the last time. As in the store's own thought, and as gate controllers
/// are delivered: they ask for a pulse and count by themselves.
const STAYS_OPEN_US: i64 = 4 * SECOND_US;
/// The longest that a gate which the store opened in thought stands open without another word: it may have stopped.
const FORGOTTEN_US: i64 = 20 * SECOND_US;
/// A flap that was pushed falls shut after so long.
const PUSHED_US: i64 = 3 * SECOND_US;
/// Nobody is closer to a shut gate than this, metres: half a body.
const BODY_M: f64 = 0.2;
/// No flap shuts while somebody stands this near before or behind it, metres.
const SWEEP_M: (f64, f64) = (0.35, 0.4);

/// One flap.
#[derive(Clone, Debug)]
struct Flap {
    open: bool,
    /// The output's level means open.
    told: bool,
    opens_us: Option<i64>,
    shuts_us: Option<i64>,
    pushed: bool,
}

/// All gates of a store that can be asked to open them.
#[derive(Clone, Debug)]
pub(crate) struct Gates {
    /// As in the plan.
    flaps: Vec<Flap>,
    /// What contacts tell since the last time: reader, port, level.
    contacts: Vec<(usize, u16, bool)>,
    pub(super) waits: Waits,
}

impl World {
    /// From now on gates stand shut until the store opens them.
    pub(crate) fn bars(&mut self, seed: u64) {
        let shut = Flap { open: false, told: false, opens_us: None, shuts_us: None, pushed: false };
        let contacts = self.plan.gates.iter().filter_map(|gate| tells(gate.by));
        let contacts = contacts.map(|contact| (contact.reader, contact.port, !contact.open_high)).collect();
        let flaps = vec![shut; self.plan.gates.len()];
        self.gates = Some(Gates { flaps, contacts, waits: Waits::new(Chance::new(seed, 7)) });
    }

    /// What contacts told since the last time: reader, port, level.
    pub(crate) fn contacts(&mut self) -> Vec<(usize, u16, bool)> {
        self.gates.as_mut().map(|gates| std::mem::take(&mut gates.contacts)).unwrap_or_default()
    }

    /// The store says how a gate that it opens in thought stands.
    pub(crate) fn gate_says(&mut self, said: &Gate) {
        let now_us = self.now_us;
        let Some(at) = self.plan.gates.iter().position(|gate| *gate.id == *said.gate) else { return };
        if self.plan.gates.get(at).is_none_or(|gate| gate.by != GateBy::Store) {
            return;
        }
        match said.state {
            GateState::Opened => {
                self.opens_flap(at);
                if let Some(flap) = self.flap(at) {
                    flap.shuts_us = Some(now_us + FORGOTTEN_US);
                }
            }
            GateState::Closed => {
                if let Some(flap) = self.flap(at).filter(|flap| !flap.pushed) {
                    flap.shuts_us = Some(now_us);
                }
            }
            GateState::Forced | GateState::Failed => {}
        }
    }

    /// The level of the output that opens a gate.
    pub(crate) fn output(&mut self, gate: usize, high: bool) {
        let now_us = self.now_us;
        let Some(GateBy::Output { output, .. }) = self.plan.gates.get(gate).map(|gate| gate.by) else {
            return;
        };
        let Some(flap) = self.flap(gate) else { return };
        let told = high == output.open_high;
        let before = std::mem::replace(&mut flap.told, told);
        match (before, told) {
            (false, true) if !flap.open => flap.opens_us = Some(now_us + SWINGS_US),
            (_, true) => flap.shuts_us = None,
            (true, false) if flap.open => flap.shuts_us = Some(now_us + STAYS_OPEN_US),
            _ => {}
        }
    }

    /// Flaps swing and shut.
    pub(super) fn swing(&mut self) {
        let now_us = self.now_us;
        for at in 0..self.plan.gates.len() {
            let Some(flap) = self.flap(at) else { return };
            if flap.opens_us.take_if(|us| *us <= now_us).is_some() {
                flap.shuts_us = (!flap.told).then_some(now_us + STAYS_OPEN_US);
                self.opens_flap(at);
            }
            let due =
                self.flap(at).is_some_and(|flap| flap.open && flap.shuts_us.is_some_and(|us| us <= now_us));
            if due && !self.in_the_sweep(at) {
                self.shuts_flap(at);
            }
        }
        self.at_shut_gates();
    }

    fn flap(&mut self, at: usize) -> Option<&mut Flap> {
        self.gates.as_mut()?.flaps.get_mut(at)
    }

    fn opens_flap(&mut self, at: usize) {
        let Some(flap) = self.flap(at) else { return };
        (flap.open, flap.opens_us) = (true, None);
        self.tells(at, true);
    }

    fn shuts_flap(&mut self, at: usize) {
        let Some(flap) = self.flap(at) else { return };
        let pushed = std::mem::take(&mut flap.pushed);
        (flap.open, flap.shuts_us) = (false, None);
        self.tells(at, false);
        if pushed {
            self.says(at, GateState::Closed);
        }
    }

    /// Somebody opens it without having been let out: a shoulder, or a key. Only the contact knows.
    pub(super) fn pushes_open(&mut self, at: usize) {
        let until_us = self.now_us + PUSHED_US;
        let Some(flap) = self.flap(at) else { return };
        (flap.pushed, flap.shuts_us) = (true, Some(until_us));
        self.opens_flap(at);
        self.says(at, GateState::Forced);
    }

    fn tells(&mut self, at: usize, open: bool) {
        let contact = self.plan.gates.get(at).and_then(|gate| tells(gate.by));
        if let (Some(contact), Some(gates)) = (contact, &mut self.gates) {
            gates.contacts.push((contact.reader, contact.port, open == contact.open_high));
        }
    }

    /// What a gate says by itself that hangs on no reader.
    fn says(&mut self, at: usize, state: GateState) {
        let Some(gate) = self.plan.gates.get(at).filter(|gate| gate.by == GateBy::Store) else { return };
        let what = Gate { gate: gate.id.as_str().into(), state, passage: None };
        self.post(Told { at_us: self.now_us, received_us: self.now_us, what: what.into() });
    }

    fn in_the_sweep(&self, at: usize) -> bool {
        let lanes = self.plan.gates.get(at).into_iter().flat_map(|gate| &gate.lanes);
        lanes.filter_map(|&lane| self.lane_area(lane)).any(|area| {
            let near = |p: P2| p.y > area.high.y - SWEEP_M.0 && p.y < area.high.y + SWEEP_M.1;
            self.people.iter().any(|p| near(p.at) && p.at.x > area.low.x && p.at.x < area.high.x)
        })
    }

    /// The gate that stands shut at the end of a lane.
    pub(super) fn shut_gate(&self, lane: usize) -> Option<usize> {
        let gates = self.gates.as_ref()?;
        let shut = |at: &usize| gates.flaps.get(*at).is_some_and(|flap| !flap.open);
        self.plan.gates.iter().position(|gate| gate.lanes.contains(&lane)).filter(shut)
    }

    /// Nobody walks through a shut gate.
    pub(super) fn stops_at_gates(&mut self, at: usize, before: P2) {
        if self.gates.is_none() {
            return;
        }
        for lane in 0..self.plan.lanes.len() {
            let (Some(area), Some(walker)) = (self.lane_area(lane), self.people.get(at)) else { continue };
            let end = area.high.y - BODY_M;
            let through = before.y <= end + 1e-9 && walker.at.y > end;
            if through
                && area.low.x <= walker.at.x
                && walker.at.x <= area.high.x
                && self.shut_gate(lane).is_some()
                && let Some(walker) = self.people.get_mut(at)
            {
                walker.at.y = before.y.min(end);
                walker.velocity.y = walker.velocity.y.min(0.0);
            }
        }
    }
}

fn tells(by: GateBy) -> Option<Contact> {
    match by {
        GateBy::Output { tells, .. } => tells,
        GateBy::Store => None,
    }
}
