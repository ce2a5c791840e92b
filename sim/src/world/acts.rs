//! Each person's step in hand, carried out: walking and waiting here, lanes in `lanes`, things in `handling`. What the
//! steps are is not decided here.

use crate::people::{Kind, Step, Walker};
use crate::senses::Told;
use crate::space::P2;
use crate::truth::TrueTap;
use recording::{Name, Tap, TapOutcome};

use super::World;

impl World {
    /// A place before a fixture from which one reaches it; where its long sides are walled in or at a lane, the nearest
    /// place to it where one can stand.
    pub(super) fn front(&mut self, fixture: usize) -> P2 {
        let near = self.chance.happens(0.5);
        let along = self.chance.between(0.15, 0.85);
        let Some(fixture) = self.plan.fixtures.get(fixture) else { return self.plan.returns_at() };
        let ground = &self.plan.ground;
        let sides = [fixture.front(near, along), fixture.front(!near, along)];
        if let Some(place) = sides.into_iter().find(|&p| ground.stands(p)) {
            return place;
        }
        let middle = fixture.area.low.plus(fixture.area.high).times(0.5);
        let around = (1..=14).flat_map(|ring| (0..24).map(move |turn| (f64::from(ring) * 0.3, turn)));
        let mut places = around.map(|(far, turn)| {
            let (sin, cos) = libm::sincos(std::f64::consts::TAU * f64::from(turn) / 24.0);
            middle.plus(P2::new(cos, sin).times(far))
        });
        places.find(|&p| ground.stands(p)).unwrap_or(middle)
    }

    /// Somebody comes now; gives their place among the people.
    pub(super) fn comes(&mut self, at: P2, kind: Kind, steps: Vec<Step>) -> usize {
        let id = self.next_person;
        self.next_person += 1;
        self.people.push(Walker::new(id, at, kind, steps, &mut self.chance));
        self.people.len() - 1
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
    fn acts(&mut self, at: usize) -> bool {
        let Some(walker) = self.people.get_mut(at) else { return false };
        let Some(step) = walker.steps.front().cloned() else {
            walker.steps.push_back(Step::Gone);
            return false;
        };
        if self.changes_floor(at, &step) {
            return true;
        }
        let Some(walker) = self.people.get_mut(at) else { return false };
        let over = match step {
            // Where nothing leads, one comes as near as one can.
            Step::Go(to) => walker.heads_for(to, &self.plan.ground) || walker.gives_up(),
            Step::Stand(seconds) => {
                walker.stops();
                self.waits(at, seconds)
            }
            Step::Visit { fixture } => {
                let front = self.front(fixture);
                self.becomes(at, vec![Step::Go(front)]);
                return true;
            }
            Step::Browse { fixture, seconds } => {
                let steps = self.browses(fixture, seconds);
                self.becomes(at, steps);
                return true;
            }
            Step::LaneTo { lane, depth_m } => self.lane_to(at, lane, depth_m),
            Step::ToTerminal { lane } => {
                let terminal = self.plan.lanes.get(lane).map(|l| l.terminal_at);
                let depth_m = terminal.map_or(0.0, |terminal| self.depth_of(lane, terminal));
                let depth_m = depth_m - self.chance.between(0.0, 0.2);
                self.becomes(at, vec![Step::LaneTo { lane, depth_m }]);
                return true;
            }
            Step::Leave { lane } => {
                let depth_m = self.lane_length(lane) + 0.7;
                let Some(out) = self.lane_point(lane, depth_m) else {
                    self.becomes(at, vec![Step::Gone]);
                    return true;
                };
                let street = P2::new(out.x + self.chance.between(-1.5, 1.5), self.plan.street_y());
                self.becomes(at, vec![Step::LaneTo { lane, depth_m }, Step::Go(street)]);
                return true;
            }
            // The step itself says when it becomes others.
            Step::Follow => return self.follows(at),
            Step::Meet { person } => self.meets(at, person),
            Step::Ride { lift, floor } => self.rides(at, lift, floor),
            Step::Cubicle => self.enters_cubicle(at),
            Step::Queue { lane } => self.queues(at, lane, None),
            Step::Abreast { lane, with } => self.queues(at, lane, Some(with)),
            Step::Tailgate { lane } => self.tailgates(at, lane),
            Step::Bring { what, carry } => {
                self.brings(at, what, carry);
                true
            }
            Step::Take { fixture, what } => {
                self.takes_from(at, fixture, what);
                true
            }
            Step::PutBack { fixture, which } => {
                self.puts_back(at, fixture, which);
                true
            }
            Step::LayDown { which } => {
                self.lays_down(at, which);
                true
            }
            Step::PickUp => {
                self.picks_up(at);
                true
            }
            Step::Stow { which, carry } => {
                self.stows(at, which, carry);
                true
            }
            Step::TearOff { which, fixture } => {
                self.tears_off(at, which, fixture);
                true
            }
            Step::HandTo { person, which } => self.hands_to(at, person, which),
            Step::IntoTray { lane } => {
                self.lays_in_tray(at, lane);
                true
            }
            Step::OutOfTray { lane } => {
                self.takes_from_tray(at, lane);
                true
            }
            Step::Load { fixture, count } => {
                self.load(at, fixture, count);
                true
            }
            Step::Return => {
                self.gives_back(at);
                true
            }
            Step::Tap { lane, outcome, card } => {
                self.tap(at, lane, outcome, card);
                true
            }
            Step::Decide => {
                let steps = self.decides(at);
                self.becomes(at, steps);
                return true;
            }
            Step::Gone => return false,
        };
        if over && let Some(walker) = self.people.get_mut(at) {
            walker.steps.pop_front();
        }
        over
    }

    /// Puts steps in the place of the one in hand.
    pub(super) fn becomes(&mut self, at: usize, steps: Vec<Step>) {
        if let Some(walker) = self.people.get_mut(at) {
            walker.steps.pop_front();
            steps.into_iter().rev().for_each(|step| walker.steps.push_front(step));
        }
    }

    /// True when so many seconds have passed since the step began.
    pub(super) fn waits(&mut self, at: usize, seconds: f64) -> bool {
        let now_us = self.now_us;
        let Some(walker) = self.people.get_mut(at) else { return true };
        let until_us = *walker.until_us.get_or_insert(now_us + (seconds * 1e6) as i64);
        let over = now_us >= until_us;
        if over {
            walker.until_us = None;
        }
        over
    }

    /// Looking through a fixture: a step along it every few seconds.
    fn browses(&mut self, fixture: usize, seconds: f64) -> Vec<Step> {
        let mut steps = vec![Step::Go(self.front(fixture))];
        let mut left_s = seconds;
        while left_s > 0.0 {
            let pause_s = self.chance.between(3.0, 7.0).min(left_s);
            steps.push(Step::Stand(pause_s));
            left_s -= pause_s;
            if left_s > 1.0 {
                steps.push(Step::Go(self.front(fixture)));
                left_s -= 1.0;
            }
        }
        steps
    }

    /// Walks up to somebody; true within reach of a hand.
    fn meets(&mut self, at: usize, person: u32) -> bool {
        let there = self.people.iter().find(|p| p.id == person).map(|p| p.at);
        let over = self.waits(at, 40.0);
        let (Some(there), Some(walker)) = (there, self.people.get_mut(at)) else { return true };
        if walker.at.to(there) < 0.8 || over {
            walker.stops();
            walker.until_us = None;
            return true;
        }
        walker.walks_to(there, &self.plan.ground);
        false
    }

    fn tap(&mut self, at: usize, lane: usize, outcome: TapOutcome, card: u8) {
        let (Some(walker), Some(plan)) = (self.people.get(at), self.plan.lanes.get(lane)) else { return };
        let terminal: Name = plan.terminal.as_str().into();
        let next = &mut self.next_card;
        let number = *self.cards.entry((walker.id, card)).or_insert_with(|| {
            *next += 1;
            *next - 1
        });
        let tap = TrueTap { at: self.time(self.now_us), outcome };
        // What a first card has paid, a second tap does not pay again.
        if let Some(under) = self.under.get_mut(&walker.id).filter(|under| !under.paid) {
            under.paid = outcome == TapOutcome::Approve;
            under.tap = Some(tap);
        }
        let received_us = self.now_us + (self.network.between(0.005, 0.03) * 1e6) as i64;
        let what = Tap { terminal, card: Some(format!("tok_{number}").into()), outcome: Some(outcome) };
        self.post(Told { at_us: self.now_us, received_us, what: what.into() });
    }

    fn leaves(&mut self, at: usize) {
        self.takes_away(at);
        let walker = self.people.remove(at);
        self.parks(walker.id);
        self.closes(walker.id);
        self.cards.retain(|(person, _), _| *person != walker.id);
    }
}
