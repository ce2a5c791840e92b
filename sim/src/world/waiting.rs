//! What people do before a gate that stays shut: wait, tap again, call somebody, put things back, or push it. Staff hear the
//! call at their desk and act on the staff view, by name; where that does not open it they come with the key. So nobody is
//! kept in for longer than about two minutes, whatever has become of the store.

use std::collections::BTreeMap;

use recording::{Answer, ShopperSays, Staff, StaffAction, TapOutcome};

use crate::chance::Chance;
use crate::people::Step;
use crate::senses::Told;

use super::World;

/// One stands this far before a shut gate, metres: an arm's length.
const STANDS_M: f64 = 0.45;
/// Who stands in the shop for all of them.
const STAFF: &str = "Sam";
/// Shares of those who mean to walk out and put everything back before a shut gate, and of those whose card was refused
/// who do so rather than call somebody. Neither has a public source.
const GIVES_IN: f64 = 0.3;
const GIVES_UP: f64 = 0.4;

/// What comes next when one's patience is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    /// The first thing that one does about it.
    Reacts,
    /// Presses the button for help.
    Calls,
    /// Staff look at what the store wants seen, and the card is held up once more.
    Resolve,
    /// Staff open the gate on the staff view.
    Release,
    /// Staff open it with the key.
    Key,
}

/// Somebody before a shut gate.
#[derive(Clone, Copy, Debug)]
struct Kept {
    lane: usize,
    next: Next,
    due_us: i64,
}

/// Everybody before shut gates.
#[derive(Clone, Debug)]
pub(super) struct Waits {
    kept: BTreeMap<u32, Kept>,
    chance: Chance,
}

/// How somebody stands with the store, as they know it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// Works here.
    Staff,
    /// Carries nothing that is for sale, or keeps with somebody who pays.
    Free,
    /// The terminal has taken the card.
    Paid,
    /// It has not.
    Refused,
    /// Never held one up.
    NotTapped,
}

impl Waits {
    pub(super) fn new(chance: Chance) -> Waits {
        Waits { kept: BTreeMap::new(), chance }
    }

    fn after(&mut self, now_us: i64, least_s: f64, most_s: f64) -> i64 {
        now_us + (self.chance.between(least_s, most_s) * 1e6) as i64
    }
}

impl World {
    /// Where one stops on the way out of a lane whose gate is shut.
    pub(super) fn stop_before_gate(&self, at: usize, lane: usize, depth_m: f64) -> Option<f64> {
        self.shut_gate(lane)?;
        let walker = self.people.get(at)?;
        let (length, here) = (self.lane_length(lane), self.depth_of(lane, walker.at));
        if depth_m < length || here > length {
            return None;
        }
        let pushes_m = walker.frame().map_or(0.0, |(_, frame)| frame.ahead_m + frame.radius_m);
        // Nobody steps back for a pram.
        Some((length - STANDS_M - pushes_m).max(here.min(length - STANDS_M)))
    }

    /// Whether somebody stands in a lane and wants out of it to the street.
    fn wants_out(&self, at: usize, lane: usize) -> bool {
        let (Some(walker), Some(area)) = (self.people.get(at), self.lane_area(lane)) else { return false };
        let inside = area.holds(walker.at) && walker.at.y < area.high.y;
        inside
            && match walker.steps.front() {
                Some(&Step::LaneTo { lane: to, depth_m }) => to == lane && depth_m > self.lane_length(lane),
                Some(&Step::Go(to)) => to.y > area.high.y,
                Some(Step::Follow) => {
                    let leader = self.people.iter().find(|p| Some(p.id) == walker.leader);
                    leader.is_none_or(|leader| leader.at.y > area.high.y)
                }
                _ => false,
            }
    }

    /// Who stands before a shut gate thinks of something.
    pub(super) fn at_shut_gates(&mut self) {
        let now_us = self.now_us;
        let Some(gates) = &mut self.gates else { return };
        gates.waits.kept.retain(|id, kept| {
            let person = self.people.iter().find(|p| p.id == *id);
            person
                .zip(self.plan.lanes.get(kept.lane))
                .is_some_and(|(person, lane)| lane.area.holds(person.at))
        });
        for lane in 0..self.plan.lanes.len() {
            let Some(gate) = self.shut_gate(lane) else { continue };
            for at in 0..self.people.len() {
                let stands = self.people.get(at).is_some_and(|p| p.velocity.length() < 0.2);
                if !stands || !self.wants_out(at, lane) {
                    continue;
                }
                let (Some(id), Some(gates)) = (self.people.get(at).map(|p| p.id), &mut self.gates) else {
                    continue;
                };
                let waits = &mut gates.waits;
                let kept = match waits.kept.get(&id) {
                    Some(kept) => *kept,
                    None => {
                        let kept = Kept { lane, next: Next::Reacts, due_us: waits.after(now_us, 4.0, 12.0) };
                        waits.kept.insert(id, kept);
                        kept
                    }
                };
                if kept.due_us <= now_us {
                    self.does_something(at, lane, gate, kept.next);
                }
            }
        }
    }

    fn standing(&self, at: usize) -> Standing {
        let Some(walker) = self.people.get(at) else { return Standing::Free };
        if walker.staff {
            return Standing::Staff;
        }
        if !self.owes(at) || walker.leader.is_some() {
            return Standing::Free;
        }
        match self.under.get(&walker.id).and_then(|under| under.tap.as_ref()) {
            Some(tap) if tap.outcome == TapOutcome::Approve => Standing::Paid,
            Some(_) => Standing::Refused,
            None => Standing::NotTapped,
        }
    }

    fn does_something(&mut self, at: usize, lane: usize, gate: usize, next: Next) {
        let standing = self.standing(at);
        let now_us = self.now_us;
        let staged = self.is_staged();
        let Some(id) = self.people.get(at).map(|p| p.id) else { return };
        let happens = |world: &mut World, share: f64| {
            world.gates.as_mut().is_some_and(|gates| gates.waits.chance.happens(share))
        };
        // Who does what, and what comes after it within how many seconds.
        let (next, least_s, most_s) = match (next, standing) {
            (Next::Reacts, Standing::Staff) => (Next::Release, 0.0, 0.1),
            (Next::Reacts, Standing::NotTapped) if !staged && happens(self, GIVES_IN) => {
                self.puts_all_back(at, lane);
                return;
            }
            (Next::Reacts, Standing::NotTapped) => {
                self.pushes_open(gate);
                return;
            }
            (Next::Reacts, Standing::Refused) if !staged && happens(self, GIVES_UP) => {
                self.puts_all_back(at, lane);
                return;
            }
            (Next::Reacts, Standing::Paid) => {
                self.taps_again(at, lane);
                (Next::Calls, 8.0, 14.0)
            }
            (Next::Reacts | Next::Calls, _) => {
                let what =
                    Answer { lane: self.lane_name(lane), says: ShopperSays::Help, gtin: None, serial: None };
                self.post(Told { at_us: now_us, received_us: now_us, what: what.into() });
                let next = if standing == Standing::Paid { Next::Resolve } else { Next::Release };
                (next, 8.0, 25.0)
            }
            (Next::Resolve, _) => {
                self.staff_does(StaffAction::Resolve, lane);
                self.taps_again(at, lane);
                (Next::Release, 8.0, 14.0)
            }
            (Next::Release, _) => {
                self.staff_does(StaffAction::OpenGate, lane);
                (Next::Key, 12.0, 16.0)
            }
            (Next::Key, _) => {
                self.pushes_open(gate);
                return;
            }
        };
        if let Some(gates) = &mut self.gates {
            let due_us = gates.waits.after(now_us, least_s, most_s);
            gates.waits.kept.insert(id, Kept { lane, next, due_us });
        }
    }

    fn lane_name(&self, lane: usize) -> recording::Name {
        self.plan.lanes.get(lane).map(|lane| lane.id.as_str()).unwrap_or_default().into()
    }

    /// Back to the terminal, the card up once more, and to the gate again.
    fn taps_again(&mut self, at: usize, lane: usize) {
        let tap = Step::Tap { lane, outcome: TapOutcome::Approve, card: 0 };
        if let Some(walker) = self.people.get_mut(at) {
            for step in [Step::Stand(2.0), tap, Step::Stand(1.0), Step::ToTerminal { lane }] {
                walker.steps.push_front(step);
            }
        }
    }

    fn puts_all_back(&mut self, at: usize, lane: usize) {
        let mut steps = vec![Step::LaneTo { lane, depth_m: -1.2 }];
        steps.extend(self.gives_up());
        if let Some(walker) = self.people.get_mut(at) {
            walker.turned = true;
            walker.steps = steps.into();
        }
    }

    fn staff_does(&mut self, action: StaffAction, lane: usize) {
        let what = Staff {
            by: STAFF.into(),
            action,
            lane: Some(self.lane_name(lane)),
            passage: None,
            receipt: None,
            gtin: None,
            serial: None,
            zone: None,
            state: None,
            note: None,
        };
        self.post(Told { at_us: self.now_us, received_us: self.now_us, what: what.into() });
    }
}
