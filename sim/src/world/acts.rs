//! What people do: come, take, put back, queue, tap, leave. Each is a list of steps; here each step is carried out.

use crate::family::Family;
use crate::people::{Intent, Step, Walker};
use crate::senses::Told;
use crate::space::P2;
use crate::stock::{Carry, Place};
use crate::truth::TrueTap;
use recording::{ItemAction, Name, Tap};

use super::{SECOND_US, World};

impl World {
    pub(super) fn front(&mut self, fixture: usize) -> P2 {
        let near = self.chance.happens(0.5);
        let along = self.chance.between(0.15, 0.85);
        let Some(fixture) = self.plan.fixtures.get(fixture) else { return P2::new(0.6, -2.0) };
        let (one, other) = (fixture.front(near, along), fixture.front(!near, along));
        if self.plan.ground.clear(one, one) { one } else { other }
    }

    pub(super) fn comes(&mut self, at: P2, staff: bool, steps: Vec<Step>) -> usize {
        let id = self.next_person;
        self.next_person += 1;
        self.people.push(Walker::new(id, at, staff, steps, &mut self.chance));
        self.people.len() - 1
    }

    pub(super) fn arrivals(&mut self) {
        let shoppers = self.people.iter().filter(|p| !p.staff).count();
        if !self.closing && self.now_us >= self.next_shopper_us {
            self.next_shopper_us += ((2.0 + self.chance.exponential(self.manner.gap_s - 2.0)) * 1e6) as i64;
            if shoppers < self.manner.most_people {
                self.shopper();
            }
        }
        if !self.closing && self.now_us >= self.next_staff_us {
            self.next_staff_us += 60 * SECOND_US;
            let sold = self.on_floor() * 10 < self.floor_stock * 8;
            if sold && !self.people.iter().any(|p| p.staff) {
                self.restocker();
            }
            if self.deliveries {
                self.delivery();
            }
        }
    }

    pub(super) fn shopper(&mut self) {
        let entrance = self.plan.entrance;
        if self.chance.happens(self.manner.returns) {
            return self.returner();
        }
        let bought_before = self.chance.happens(self.manner.paid_before);
        // In by the door, not through a lane.
        let mut steps = vec![Step::Go(P2::new(entrance.x, -0.9))];
        let fixtures = self.plan.fixtures.len();
        if self.chance.happens(self.manner.empty_handed) || self.family == Family::Calibration {
            for _ in 0..1 + self.chance.index(2) {
                let fixture = self.chance.index(fixtures);
                steps.push(Step::Go(self.front(fixture)));
                steps.push(Step::Stand(self.chance.between(3.0, 12.0)));
            }
        } else {
            let takes = 1 + self.chance.index(self.manner.most_items);
            for _ in 0..takes {
                let untagged = self.chance.happens(self.manner.untagged);
                let fixture = if untagged { 5 } else { self.chance.index(5) };
                steps.push(Step::Go(self.front(fixture)));
                steps.push(Step::Stand(self.chance.between(3.0, 12.0)));
                steps.push(Step::Take { fixture, untagged });
                steps.push(Step::Stand(self.chance.between(0.8, 3.0)));
                if self.chance.happens(self.manner.puts_back) {
                    let back = if self.chance.happens(self.manner.wrong_rack) {
                        self.chance.index(5)
                    } else {
                        fixture
                    };
                    steps.push(Step::Stand(self.chance.between(1.0, 4.0)));
                    if back != fixture {
                        steps.push(Step::Go(self.front(back)));
                    }
                    steps.push(Step::PutBack { fixture: back, all: false });
                }
            }
        }
        steps.push(Step::Decide);
        let walker = self.comes(entrance, false, steps);
        if self.family == Family::Calibration {
            for _ in 0..1 + self.chance.index(4) {
                let product = self.chance.index(24);
                let piece = self.make(product, Place::Stockroom);
                self.take(walker, piece);
            }
        }
        if bought_before {
            self.brings(walker);
        }
    }

    /// Somebody who comes in through the lane to give a piece back, and leaves with nothing.
    pub(super) fn returner(&mut self) {
        let lane = self.chance.index(self.plan.lanes.len());
        let Some(area) = self.plan.lanes.get(lane).map(|l| l.area) else { return };
        let middle = (area.low.x + area.high.x) / 2.0;
        let steps = vec![
            Step::Go(P2::new(middle, 3.4)),
            Step::Queue { lane },
            Step::Go(P2::new(middle, -0.9)),
            Step::Go(P2::new(-0.5, -5.6)),
            Step::Stand(4.0),
            Step::Return,
            Step::Stand(2.0),
            Step::Decide,
        ];
        let walker = self.comes(P2::new(middle, 6.0), false, steps);
        if let Some(walker) = self.people.get_mut(walker) {
            walker.intent = Intent::Return;
        }
        self.brings(walker);
    }

    /// What each person does now, apart from walking.
    pub(super) fn act(&mut self) {
        let mut at = 0;
        while at < self.people.len() {
            // A few steps may take no time at all; the bound keeps a mistake from standing still in time.
            for _ in 0..8 {
                if !self.acts(at) {
                    break;
                }
            }
            if self.people.get(at).is_some_and(|p| p.steps.front() == Some(&Step::Gone)) {
                self.leaves(at);
            } else {
                at += 1;
            }
        }
    }

    /// One step of one person; true when it is over and the next may begin.
    pub(super) fn acts(&mut self, at: usize) -> bool {
        let now_us = self.now_us;
        let Some(walker) = self.people.get_mut(at) else { return false };
        let Some(step) = walker.steps.front().cloned() else {
            walker.steps.push_back(Step::Gone);
            return false;
        };
        match step {
            Step::Go(to) => {
                // In a lane nobody overtakes: one stops behind whoever stands there.
                let (lane, here, id) = (walker.lane, walker.at, walker.id);
                let behind = lane.is_some()
                    && to.y > here.y
                    && self.people.iter().any(|p| {
                        p.id != id
                            && p.lane == lane
                            && p.at.y > here.y
                            && p.at.to(here) < 0.75
                            && here.y > -0.7
                    });
                let Some(walker) = self.people.get_mut(at) else { return false };
                if behind {
                    walker.stops();
                    return false;
                }
                if !walker.heads_for(to, &self.plan.ground) {
                    return false;
                }
            }
            Step::Stand(seconds) => {
                walker.stops();
                match walker.until_us {
                    None => {
                        walker.until_us = Some(now_us + (seconds * 1e6) as i64);
                        return false;
                    }
                    Some(until_us) if now_us < until_us => return false,
                    Some(_) => walker.until_us = None,
                }
            }
            Step::Take { fixture, untagged } => {
                let choice: Vec<usize> = (0..self.pieces.len())
                    .filter(|&p| {
                        self.pieces.get(p).is_some_and(|p| {
                            p.place == Place::Fixture(fixture) && p.epc.is_none() == untagged
                        })
                    })
                    .collect();
                if let Some(&piece) = choice.get(self.chance.index(choice.len())) {
                    self.take(at, piece);
                    self.sight(at, ItemAction::Take, piece, fixture);
                }
            }
            Step::PutBack { fixture, all } => {
                let count = if all { walker.held.len() } else { walker.held.len().min(1) };
                for _ in 0..count {
                    if let Some(piece) = self.lets_go(at, Place::Fixture(fixture)) {
                        self.sight(at, ItemAction::Return, piece, fixture);
                    }
                }
            }
            Step::Load { fixture, count } => self.load(at, fixture, count),
            Step::Return => while self.lets_go(at, Place::Stockroom).is_some() {},
            Step::Queue { lane } => {
                let id = walker.id;
                let from_street = walker.at.y > 1.0;
                if !self.turn_comes(at, id, lane, from_street) {
                    return false;
                }
                if let Some(walker) = self.people.get_mut(at) {
                    walker.lane = Some(lane);
                }
            }
            Step::Tap { lane, outcome } => self.tap(at, lane, outcome),
            Step::Decide => {
                let steps = self.decides(at);
                if let Some(walker) = self.people.get_mut(at) {
                    walker.steps.pop_front();
                    steps.into_iter().rev().for_each(|step| walker.steps.push_front(step));
                }
                return true;
            }
            Step::Gone => return false,
        }
        if let Some(walker) = self.people.get_mut(at) {
            walker.steps.pop_front();
        }
        true
    }

    /// Waits in line before a lane; true when it is one's own.
    pub(super) fn turn_comes(&mut self, at: usize, id: u32, lane: usize, from_street: bool) -> bool {
        let Some(area) = self.plan.lanes.get(lane).map(|l| l.area) else { return true };
        let busy = self.people.iter().any(|p| p.lane == Some(lane));
        let now_us = self.now_us;
        let Some(walker) = self.people.get_mut(at) else { return true };
        let since_us = *walker.queued_us.get_or_insert(now_us);
        let ahead = self
            .people
            .iter()
            .filter(|p| p.steps.front() == Some(&Step::Queue { lane }) && (p.at.y > 1.0) == from_street)
            .filter(|p| p.queued_us.is_some_and(|theirs_us| (theirs_us, p.id) < (since_us, id)))
            .count();
        let away = 1.1 + 0.8 * ahead as f64;
        let y = if from_street { area.high.y + away } else { area.low.y - away };
        let place = P2::new((area.low.x + area.high.x) / 2.0 - if from_street { 0.9 } else { 0.0 }, y);
        // Who does not wait goes close behind one who is on the way out.
        let mut inside = self.people.iter().filter(|p| p.lane == Some(lane));
        let first = inside.next().filter(|p| matches!(p.intent, Intent::Buyer | Intent::Empty));
        let tailgates = (id % 100) < (self.manner.tailgates * 100.0) as u32
            && first.is_some_and(|p| p.at.y > area.low.y + 0.6)
            && inside.next().is_none();
        let Some(walker) = self.people.get_mut(at) else { return true };
        let there = walker.heads_for(place, &self.plan.ground) || walker.at.to(place) < 1.0;
        let now = ahead == 0 && there && (!busy || tailgates);
        if now {
            walker.queued_us = None;
        }
        now
    }

    pub(super) fn tap(&mut self, at: usize, lane: usize, outcome: recording::TapOutcome) {
        let (Some(walker), Some(plan)) = (self.people.get(at), self.plan.lanes.get(lane)) else { return };
        let terminal: Name = plan.terminal.as_str().into();
        let card: Name = format!("tok_{}", self.next_card).into();
        self.next_card += 1;
        let tap = TrueTap { at: self.time(self.now_us), outcome };
        if let Some(under) = self.under.get_mut(&walker.id) {
            under.paid = outcome == recording::TapOutcome::Approve;
            under.tap = Some(tap);
        }
        let received_us = self.now_us + (self.network.between(0.005, 0.03) * 1e6) as i64;
        let what = Tap { terminal, card: Some(card), outcome: Some(outcome) };
        self.post(Told { at_us: self.now_us, received_us, what: what.into() });
    }

    /// How to leave, by what is in hand.
    pub(super) fn decides(&mut self, at: usize) -> Vec<Step> {
        let lane = self.chance.index(self.plan.lanes.len());
        let Some(plan) = self.plan.lanes.get(lane).cloned() else { return vec![Step::Gone] };
        let middle = plan.terminal_at.x;
        let out = P2::new(middle, plan.area.high.y + 0.7);
        let street = P2::new(middle + self.chance.between(-1.5, 1.5), 6.0);
        let for_sale = self.people.get(at).is_some_and(|walker| {
            walker.held.iter().any(|&piece| self.pieces.get(piece).is_some_and(|p| !p.sold_before))
        });
        let turned = self.people.get(at).is_some_and(|walker| walker.turned);
        let m = self.manner.clone();
        let intent = if !for_sale {
            if self.people.get(at).is_some_and(|w| !w.held.is_empty()) {
                Intent::PaidBefore
            } else {
                Intent::Empty
            }
        } else if !turned && self.chance.happens(m.turns_back) {
            Intent::TurnedBack
        } else if !turned && self.chance.happens(m.declined) {
            Intent::Declined
        } else if self.chance.happens(m.walks_out) {
            Intent::Walkout
        } else {
            Intent::Buyer
        };
        let foil = intent == Intent::Walkout && self.chance.happens(m.foil);
        let fixture = self.chance.index(5);
        let front = self.front(fixture);
        let put_back =
            [Step::Go(front), Step::PutBack { fixture, all: true }, Step::Stand(2.0), Step::Decide];
        let stand = P2::new(
            middle + self.chance.between(-0.1, 0.1),
            plan.terminal_at.y - self.chance.between(0.0, 0.2),
        );
        let mut steps = vec![Step::Queue { lane }];
        match intent {
            Intent::TurnedBack => {
                steps.push(Step::Go(P2::new(middle, plan.area.low.y + self.chance.between(0.4, 0.9))));
                steps.push(Step::Stand(self.chance.between(0.8, 3.0)));
                steps.extend(put_back);
            }
            Intent::Declined => {
                steps.push(Step::Go(stand));
                steps.push(Step::Stand(self.chance.between(2.5, 5.0)));
                steps.push(Step::Tap { lane, outcome: recording::TapOutcome::Decline });
                steps.push(Step::Stand(self.chance.between(2.0, 4.0)));
                steps.extend(put_back);
            }
            Intent::Buyer => {
                steps.push(Step::Go(stand));
                steps.push(Step::Stand(self.chance.between(2.5, 5.0)));
                steps.push(Step::Tap { lane, outcome: recording::TapOutcome::Approve });
                steps.push(Step::Stand(self.chance.between(2.2, 3.5)));
                steps.extend([Step::Go(out), Step::Go(street), Step::Gone]);
            }
            Intent::Walkout | Intent::Empty | Intent::PaidBefore | Intent::Return => {
                steps.extend([Step::Go(P2::new(middle, 1.0)), Step::Go(out), Step::Go(street), Step::Gone]);
            }
        }
        if let Some(walker) = self.people.get_mut(at) {
            walker.intent = intent;
            walker.turned |= matches!(intent, Intent::TurnedBack | Intent::Declined);
            if foil {
                walker.carry = Carry::Foil;
            }
        }
        if foil {
            self.regrip(at);
        }
        steps
    }

    pub(super) fn leaves(&mut self, at: usize) {
        while self.lets_go(at, Place::Gone).is_some_and(|piece| {
            if self.notes.is_none() {
                self.free.push(piece);
            }
            true
        }) {}
        let walker = self.people.remove(at);
        self.senses.forget(walker.id);
        self.under.remove(&walker.id);
    }
}
