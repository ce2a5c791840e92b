//! From floor to floor: by the stairs, which are floor like any other, or by a lift, in which nobody is seen and nothing is
//! read. Whoever pushes something takes the lift.

use crate::people::Step;
use crate::space::P2;

use super::World;

/// Share of those on foot who take the lift.
const RIDES: f64 = 0.25;
/// Until the cabin is there, seconds.
const COMES_S: (f64, f64) = (2.0, 20.0);
/// One waits for it so far from the middle of the cabin, metres.
const BEFORE_M: f64 = 1.7;
/// One's party is in the cabin when it is as near as this, metres; and how long one holds the door for it, seconds.
const INSIDE_M: f64 = 1.4;
const HOLDS_S: f64 = 25.0;
/// What a cabin of steel takes from radio, dB one way: nothing is read through it.
pub(super) const CABIN_DB: f64 = 60.0;

impl World {
    /// Whether somebody has to come to another floor before their step in hand: then the way by the lift is put before
    /// it, unless one means to walk.
    pub(super) fn changes_floor(&mut self, at: usize, step: &Step) -> bool {
        if self.plan.lifts.is_empty() {
            return false;
        }
        let to = match *step {
            Step::Go(to) => Some(to),
            Step::Queue { lane }
            | Step::Abreast { lane, .. }
            | Step::Tailgate { lane }
            | Step::LaneTo { lane, .. } => self.lane_point(lane, 0.0),
            Step::Cubicle => Some(self.plan.fitting_at),
            _ => None,
        };
        let (Some(to), Some(walker)) = (to, self.people.get_mut(at)) else { return false };
        let (from, floor) = (self.plan.floor_of(walker.at), self.plan.floor_of(to));
        if from == floor || walker.by_stairs {
            walker.by_stairs &= from != floor;
            return false;
        }
        let rides = walker.build.frame.is_some() || self.chance.happens(RIDES);
        if !rides {
            walker.by_stairs = true;
            return false;
        }
        let here = walker.at;
        let near = |lift: &usize| {
            self.plan.lifts.get(*lift).and_then(|l| l.cabin.get(from)).map_or(f64::INFINITY, |c| c.to(here))
        };
        let lift = (0..self.plan.lifts.len()).min_by(|a, b| near(a).total_cmp(&near(b))).unwrap_or(0);
        let Some(cabin) = self.plan.lifts.get(lift).and_then(|l| l.cabin.get(from)).copied() else {
            return false;
        };
        let before = self.before_cabin(here, cabin);
        let waits_s = self.chance.between(COMES_S.0, COMES_S.1);
        let way = [Step::Go(before), Step::Stand(waits_s), Step::Go(cabin), Step::Ride { lift, floor }];
        if let Some(walker) = self.people.get_mut(at) {
            way.into_iter().rev().for_each(|step| walker.steps.push_front(step));
        }
        true
    }

    /// Where one waits for a lift: on the way to its cabin, outside it.
    fn before_cabin(&self, here: P2, cabin: P2) -> P2 {
        let way = self.plan.ground.way(here, cabin);
        let last = way.iter().rev().nth(1).copied().unwrap_or(here);
        let off = last.minus(cabin);
        let far = off.length();
        if far <= BEFORE_M { last } else { cabin.plus(off.times(BEFORE_M / far)) }
    }

    /// Rides to another floor with one's party; true when one is there.
    pub(super) fn rides(&mut self, at: usize, lift: usize, floor: usize) -> bool {
        let Some(walker) = self.people.get_mut(at) else { return true };
        walker.stops();
        let (id, here, riding) = (walker.id, walker.at, walker.riding);
        let Some(lift) = self.plan.lifts.get(lift) else { return true };
        let floors = floor.abs_diff(self.plan.floor_of(here)).max(1);
        let (ride_s, stop) = (lift.ride_s * floors as f64, lift.cabin.get(floor).copied());
        if !riding {
            let outside = |p: &crate::people::Walker| p.leader == Some(id) && p.at.to(here) > INSIDE_M;
            if self.people.iter().any(outside) && !self.waits(at, HOLDS_S) {
                return false;
            }
            for walker in &mut self.people {
                if walker.id == id || (walker.leader == Some(id) && walker.at.to(here) < INSIDE_M) {
                    walker.stops();
                    (walker.riding, walker.until_us) = (true, None);
                }
            }
        }
        if !self.waits(at, ride_s) {
            return false;
        }
        let aboard = |p: &&mut crate::people::Walker| p.id == id || (p.leader == Some(id) && p.riding);
        for walker in self.people.iter_mut().filter(aboard) {
            walker.steps_out(stop.unwrap_or(here));
        }
        true
    }
}
