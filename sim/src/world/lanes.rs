//! Lanes as people use them: waiting in line, going in alone or as a party, close behind somebody or side by side, and
//! walking along inside. A lane is lent to one party at a time; who does not wait goes in all the same.

use crate::people::{Kind, Step};
use crate::plan::Plan;
use crate::space::{P2, Rect};

use super::World;

/// People in line stand this far apart, metres.
const LINE_M: f64 = 0.8;
/// The first in line stands this far before the lane, metres.
const FIRST_M: f64 = 1.1;
/// Places in a line; who comes later waits at the last one.
const LINE_PLACES: usize = 24;
/// One stops this far behind whoever is ahead in a lane, metres.
const BEHIND_M: f64 = 0.75;
/// A party goes in when all of it is as near as this, or after so long in line.
const GATHERED_M: f64 = 3.5;
const PARTY_WAITS_US: i64 = 90_000_000;
/// Who keeps beside somebody looks so far ahead, seconds.
const STRIDE_S: f64 = 0.5;
/// In a lane people go behind each other this far apart, metres.
const FILE_M: f64 = 0.65;

/// The places of a line before a lane, from the first: straight away from the lane while there is room, then around
/// whatever stands there, and never over another line's place.
fn line_places(plan: &Plan, lane: usize, from_street: bool, taken: &[P2], most: usize) -> Vec<P2> {
    let Some(area) = plan.lanes.get(lane).map(|l| l.area) else { return Vec::new() };
    let middle = (area.low.x + area.high.x) / 2.0;
    // On the street one waits beside the lane's mouth: people come out of it.
    let (first, away) = if from_street {
        (P2::new(middle - 0.9, area.high.y + FIRST_M), P2::new(0.0, 1.0))
    } else {
        (P2::new(middle, area.low.y - FIRST_M), P2::new(0.0, -1.0))
    };
    let mut places = vec![first];
    let mut heading = away;
    while places.len() < most {
        let Some(&last) = places.last() else { break };
        // Straight on best; else turned by 30° to 150° to either side.
        let turns = [0.0, 0.5, -0.5, 1.0, -1.0, 1.5, -1.5, 2.0, -2.0, 2.6, -2.6];
        let next = turns.into_iter().find_map(|turn| {
            let (sin, cos) = libm::sincos(turn);
            let along = P2::new(heading.x * cos - heading.y * sin, heading.x * sin + heading.y * cos);
            let place = last.plus(along.times(LINE_M));
            let free = plan.ground.clear(last, place) && plan.ground.margin(place).0 > 0.1;
            let room = places.iter().chain(taken).all(|p| p.to(place) > LINE_M * 0.95 || *p == last);
            (free && room).then_some((place, along))
        });
        let Some((place, along)) = next else { break };
        heading = along;
        places.push(place);
    }
    places
}

/// The lines of all lanes: each lane's inside the shop, then its on the street.
pub(super) fn lines(plan: &Plan) -> Vec<Vec<P2>> {
    let mut lines: Vec<Vec<P2>> = Vec::new();
    // The lanes' mouths are nobody's place in another's line.
    let mut taken: Vec<P2> = (0..plan.lanes.len())
        .flat_map(|lane| [false, true].map(|street| line_places(plan, lane, street, &[], 3)).concat())
        .collect();
    for lane in 0..plan.lanes.len() {
        for from_street in [false, true] {
            let own = line_places(plan, lane, from_street, &[], 3);
            let others: Vec<P2> = taken.iter().filter(|p| !own.contains(p)).copied().collect();
            let line = line_places(plan, lane, from_street, &others, LINE_PLACES);
            taken.extend(&line);
            lines.push(line);
        }
    }
    lines
}

impl World {
    pub(super) fn lane_area(&self, lane: usize) -> Option<Rect> {
        self.plan.lanes.get(lane).map(|l| l.area)
    }

    /// The point in a lane's middle so far behind its entry line.
    pub(super) fn lane_point(&self, lane: usize, depth_m: f64) -> Option<P2> {
        let area = self.lane_area(lane)?;
        Some(P2::new((area.low.x + area.high.x) / 2.0, area.low.y + depth_m))
    }

    pub(super) fn lane_length(&self, lane: usize) -> f64 {
        self.lane_area(lane).map_or(0.0, |area| area.high.y - area.low.y)
    }

    /// How far behind the lane's entry line a point is.
    pub(super) fn depth_of(&self, lane: usize, p: P2) -> f64 {
        self.lane_area(lane).map_or(0.0, |area| p.y - area.low.y)
    }

    /// Whether people are in the lane or have been given it.
    fn lent(&self, lane: usize, purse: u32) -> bool {
        self.people.iter().any(|p| p.lane == Some(lane) && p.purse() != purse)
    }

    /// People who wait in a lane's line with those who were there before somebody.
    fn ahead(&self, lane: usize, from_street: bool, before: (i64, u32)) -> usize {
        let waits = |p: &&crate::people::Walker| {
            p.steps.front().is_some_and(
                |step| matches!(step, Step::Queue { lane: l } | Step::Abreast { lane: l, .. } if *l == lane),
            ) && (self.depth_of(lane, p.at) > 1.0) == from_street
                && p.queued_us.is_some_and(|since_us| (since_us, p.id) < before)
        };
        let leaders = self.people.iter().filter(waits);
        leaders.map(|p| 1 + self.people.iter().filter(|f| f.leader == Some(p.id)).count()).sum()
    }

    /// People in line and in the lane: what one looks at when choosing.
    pub(super) fn crowd_at(&self, lane: usize) -> usize {
        let inside = self.people.iter().filter(|p| p.lane == Some(lane)).count();
        inside + self.ahead(lane, false, (i64::MAX, u32::MAX))
    }

    fn line_place(&self, lane: usize, from_street: bool, n: usize) -> Option<P2> {
        let places = self.lines.get(lane * 2 + usize::from(from_street))?;
        places.get(n).or(places.last()).copied()
    }

    /// Waits in line before a lane; true when it is one's own and one's party's.
    pub(super) fn queues(&mut self, at: usize, lane: usize, with: Option<u32>) -> bool {
        let Some(walker) = self.people.get(at) else { return true };
        let (id, here, purse, tailgates) = (walker.id, walker.at, walker.purse(), walker.tailgates);
        let since_us = walker.queued_us.unwrap_or(self.now_us);
        let from_street = self.depth_of(lane, here) > 1.0;
        let ahead = self.ahead(lane, from_street, (since_us, id));
        let Some(place) = self.line_place(lane, from_street, ahead) else { return true };
        let lent = self.lent(lane, purse);
        let behind = tailgates && self.goes_out(lane);
        let gathered = self.gathered(id, here) || self.now_us - since_us > PARTY_WAITS_US;
        let together = with.is_none_or(|with| self.stands_first(with, id));
        let now_us = self.now_us;
        let Some(walker) = self.people.get_mut(at) else { return true };
        walker.queued_us = Some(since_us);
        let given_up = with.is_some() && now_us - since_us > 40_000_000;
        let there = walker.heads_for(place, &self.plan.ground) || walker.at.to(place) < 1.0;
        let now = ahead == 0 && there && gathered && (!lent || behind) && (together || given_up);
        if now {
            self.lends(at, lane);
        }
        now
    }

    /// Whether a leader's party is near enough to go in with them.
    fn gathered(&self, leader: u32, here: P2) -> bool {
        self.people.iter().filter(|p| p.leader == Some(leader)).all(|p| p.at.to(here) < GATHERED_M)
    }

    /// Gives a lane to somebody and their party.
    pub(super) fn lends(&mut self, at: usize, lane: usize) {
        let Some(id) = self.people.get(at).map(|walker| walker.id) else { return };
        for walker in self.people.iter_mut().filter(|p| p.id == id || p.leader == Some(id)) {
            walker.lane = Some(lane);
            walker.entered = false;
            walker.queued_us = None;
        }
    }

    /// Whether the one person in the lane is about to leave it with nothing to pay any more, far enough in to be followed.
    fn goes_out(&self, lane: usize) -> bool {
        let mut inside = self.people.iter().filter(|p| p.lane == Some(lane));
        let Some(first) = inside.next() else { return false };
        let paid = self.under.get(&first.purse()).is_some_and(|under| under.paid) || first.held.is_empty();
        paid && self.depth_of(lane, first.at) > 0.6 && inside.next().is_none()
    }

    /// Whether another stands first in line for a walk side by side with `id`, or has just set out on it.
    fn stands_first(&self, other: u32, id: u32) -> bool {
        self.people.iter().find(|p| p.id == other).is_none_or(|p| match p.steps.front() {
            Some(&Step::Abreast { lane, with }) if with == id => {
                let first = p.queued_us.is_some_and(|us| self.ahead(lane, false, (us, other)) == 0);
                let near = self.line_place(lane, false, 0).is_some_and(|place| p.at.to(place) < 0.5);
                first && near && !self.lent(lane, p.purse())
            }
            _ => p.lane.is_some(),
        })
    }

    /// Goes in behind whoever is in the lane; true when one may.
    pub(super) fn tailgates(&mut self, at: usize, lane: usize) -> bool {
        let Some((id, purse)) = self.people.get(at).map(|w| (w.id, w.purse())) else { return true };
        let ahead = self.people.iter().any(|p| {
            p.id != id && p.purse() != purse && p.lane == Some(lane) && self.depth_of(lane, p.at) > 0.4
        });
        let over = self.waits(at, 30.0);
        let Some(place) = self.line_place(lane, false, 0) else { return true };
        let Some(walker) = self.people.get_mut(at) else { return true };
        walker.heads_for(place, &self.plan.ground);
        if ahead || over {
            walker.until_us = None;
            self.lends(at, lane);
            return true;
        }
        false
    }

    /// Walks along a lane; true on arrival.
    pub(super) fn lane_to(&mut self, at: usize, lane: usize, depth_m: f64) -> bool {
        let Some(to) = self.lane_point(lane, depth_m) else { return true };
        let stop = self.stop_before_gate(at, lane, depth_m);
        let kept = stop.and_then(|stop_m| self.lane_point(lane, stop_m));
        let (to, through) =
            self.by_the_mouth(at, lane, depth_m).map_or((kept.unwrap_or(to), false), |mouth| (mouth, true));
        if self.is_behind(at, lane, depth_m) {
            if let Some(walker) = self.people.get_mut(at) {
                walker.stops();
            }
            return false;
        }
        let Some(walker) = self.people.get_mut(at) else { return true };
        if through {
            walker.walks_to(to, &self.plan.ground);
            return false;
        }
        walker.heads_for(to, &self.plan.ground) && kept.is_none()
    }

    /// Where one enters a lane first whose other side one wants to be on.
    fn by_the_mouth(&self, at: usize, lane: usize, depth_m: f64) -> Option<P2> {
        let here = self.depth_of(lane, self.people.get(at)?.at);
        let length = self.lane_length(lane);
        match (here, depth_m) {
            (from, to) if from < 0.0 && to > length => self.lane_point(lane, 0.3),
            (from, to) if from > length && to < 0.0 => self.lane_point(lane, length - 0.3),
            _ => None,
        }
    }

    /// In a lane nobody overtakes: whether one has to stop behind whoever stands there.
    fn is_behind(&self, at: usize, lane: usize, depth_m: f64) -> bool {
        let Some(walker) = self.people.get(at).filter(|walker| walker.lane == Some(lane)) else {
            return false;
        };
        let here = self.depth_of(lane, walker.at);
        let onwards = if depth_m > here { 1.0 } else { -1.0 };
        let inside = -0.7 < here && here < self.lane_length(lane) + 0.3;
        inside
            && self.people.iter().any(|p| {
                let theirs = self.depth_of(lane, p.at);
                // Who comes the other way is let past instead.
                let towards = self.heads_against(p, onwards);
                p.purse() != walker.purse()
                    && p.lane == Some(lane)
                    && (theirs - here) * onwards > 0.0
                    && p.at.to(walker.at) < BEHIND_M
                    && !towards
            })
    }

    fn heads_against(&self, walker: &crate::people::Walker, onwards: f64) -> bool {
        match walker.steps.front() {
            Some(&Step::LaneTo { lane, depth_m }) => {
                (depth_m - self.depth_of(lane, walker.at)) * onwards < -0.1
            }
            Some(&Step::Go(to)) => (to.y - walker.at.y) * onwards < -0.1,
            _ => false,
        }
    }

    /// Keeps with the leader; true when the step has become others.
    pub(super) fn follows(&mut self, at: usize) -> bool {
        let Some(me) = self.people.get(at).filter(|me| !me.riding) else { return false };
        let (here, mine, place, child) = (me.at, me.lane, me.place, me.kind == Kind::Child);
        let leader = me.leader.and_then(|id| self.people.iter().find(|p| p.id == id));
        let Some(leader) = leader else {
            let steps = match mine {
                Some(lane) => vec![Step::Leave { lane }, Step::Gone],
                None if here.y > 2.0 => vec![Step::Go(P2::new(here.x, 6.0)), Step::Gone],
                None => vec![Step::Decide],
            };
            self.becomes(at, steps);
            return true;
        };
        let (there, theirs, heading) = (leader.at, leader.lane, leader.heading);
        let waiting = match leader.steps.front() {
            Some(&(Step::Queue { lane } | Step::Abreast { lane, .. })) => Some(lane),
            _ => None,
        };
        let (leader_id, leader_since_us) = (leader.id, leader.queued_us);
        let (velocity, fast) = (leader.velocity, leader.velocity.length());
        let to = if let Some(lane) = theirs.or(mine) {
            self.in_file(lane, at, place, child, there)
        } else if let (Some(lane), Some(since_us)) = (waiting, leader_since_us) {
            let from_street = self.depth_of(lane, there) > 1.0;
            let ahead = self.ahead(lane, from_street, (since_us, leader_id));
            self.line_place(lane, from_street, ahead + place)
        } else {
            // Where the leader will be when one is there, or one would always be a step behind.
            Some(self.beside(at, there.plus(velocity.times(STRIDE_S)), heading, fast))
        };
        if theirs.is_none()
            && let Some(lane) = mine
            && self.depth_of(lane, there) < 0.0
            && self.depth_of(lane, here) < 0.0
            && let Some(walker) = self.people.get_mut(at)
        {
            // The leader has come back: there is nothing to go in for.
            (walker.lane, walker.entered) = (None, false);
        }
        let (Some(to), Some(walker)) = (to, self.people.get_mut(at)) else { return false };
        if walker.at.to(to) < 0.25 && fast < 0.3 {
            walker.stops();
        } else {
            walker.walks_to(to, &self.plan.ground);
        }
        false
    }

    /// Where a member of a party goes in a lane: behind the one before, a child by the hand of one.
    fn in_file(&self, lane: usize, at: usize, place: usize, child: bool, leader: P2) -> Option<P2> {
        let here = self.people.get(at)?.at;
        let (depth, mine, length) =
            (self.depth_of(lane, leader), self.depth_of(lane, here), self.lane_length(lane));
        if depth > length + 0.3 {
            // The leader is out: come after, by this lane.
            let past = mine > length + 0.3;
            if past {
                return Some(self.beside(at, leader, (0.0, 1.0), 1.0));
            }
            let out = length + 0.9;
            return self.by_the_mouth(at, lane, out).or_else(|| self.lane_point(lane, out));
        }
        let behind = if child { (place as f64 - 1.0) * FILE_M + 0.1 } else { place as f64 * FILE_M };
        let point = self.lane_point(lane, depth - behind)?;
        let beside = if child && depth - behind > 0.0 { 0.35 } else { 0.0 };
        Some(P2::new(point.x + beside, point.y))
    }

    /// Where a member of a party walks: side by side in twos, the next pair behind; children dart about.
    fn beside(&self, at: usize, leader: P2, (sin, cos): (f64, f64), fast: f64) -> P2 {
        let Some(me) = self.people.get(at) else { return leader };
        let apart = if me.kind == Kind::Child { 0.6 } else { 0.8 };
        let (right, back) = match me.place {
            1 => (apart, 0.1),
            2 => (-apart, 0.15),
            n => (if n % 2 == 1 { 0.45 } else { -0.45 }, 0.9 * (n / 2) as f64),
        };
        let (right, back) = if me.kind == Kind::Child && fast > 0.3 {
            let t = self.now_us as f64 / 1e6 + f64::from(me.id);
            (right + 0.6 * libm::sin(0.9 * t), back + 0.5 * libm::sin(1.37 * t))
        } else {
            (right, back)
        };
        let ground = &self.plan.ground;
        let spot = |right: f64, back: f64| {
            P2::new(leader.x + cos * right + sin * back, leader.y + sin * right - cos * back)
        };
        // Where there is no room beside, behind.
        [spot(right, back), spot(-right, back), spot(0.0, 0.7 * me.place as f64)]
            .into_iter()
            .find(|&p| ground.clear(p, p) && ground.open(leader, p))
            .unwrap_or(leader)
    }
}
