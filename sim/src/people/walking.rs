//! How people walk among others: the social force of Moussaïd et al. (Proc. R. Soc. B 276, 2009: measured on pairs who
//! pass each other), walls and bodies that touch, and the will to get on. Deterministic, no draws.

use std::collections::VecDeque;

use crate::space::{Ground, P2};

use super::Walker;

/// Time in which one comes to the speed one wants, seconds (Helbing and Molnár 1995).
const RELAX_S: f64 = 0.5;
/// The interaction's strength, m/s²; how far ahead it looks by the relative speed; how it widens with that; how sharply
/// braking and stepping aside fade with the angle (Moussaïd et al. 2009, table of fitted values).
const STRENGTH: f64 = 4.5;
const AHEAD: f64 = 2.0;
const WIDENS: f64 = 0.35;
const BRAKES: f64 = 3.0;
const TURNS: f64 = 2.0;
/// People keep to one side a little, so that two who meet do not mirror each other for ever.
const BIAS: f64 = 0.005;
/// Beyond this the force is below a hundredth of what it is at arm's length, metres.
const FAR_M: f64 = 3.0;
/// Who is outside the field of view of 200° counts half (Helbing and Molnár 1995).
const VIEW_COSINE: f64 = -0.17;
const UNSEEN: f64 = 0.5;
/// Bodies that come too close push apart with this, 1/s², and a share of it aside: one turns the shoulder and slides past.
const TOUCH: f64 = 60.0;
const SLIDES: f64 = 0.7;
/// Walls: strength m/s² and reach m (Moussaïd et al. 2009).
const WALL: f64 = 3.0;
const WALL_M: f64 = 0.1;
/// The fastest anybody runs in a shop, m/s.
const TOP_M_PER_S: f64 = 2.2;
/// After so long without getting on one asks to be let past, and turns the shoulder, seconds.
const PATIENCE_S: f64 = 4.0;
const MOST_STUCK_S: f64 = 12.0;

/// Somebody as the others meet them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Presence {
    pub(crate) id: u32,
    /// Whose party.
    pub(crate) purse: u32,
    pub(crate) at: P2,
    pub(crate) velocity: P2,
    pub(crate) radius_m: f64,
}

impl Walker {
    /// As the others meet one.
    pub(crate) fn presence(&self) -> Presence {
        Presence {
            id: self.id,
            purse: self.purse(),
            at: self.at,
            velocity: self.velocity,
            radius_m: self.build.radius_m,
        }
    }

    /// Sets out for a point, or goes on towards it; true on arrival, or as near as the others let one.
    pub(crate) fn heads_for(&mut self, to: P2, ground: &Ground) -> bool {
        let far = self.at.to(to);
        if far < 0.2 || (far < 0.7 && self.stuck_s > 1.5) {
            self.stops();
            return true;
        }
        self.walks_to(to, ground);
        false
    }

    /// Goes on towards a point that may move.
    pub(crate) fn walks_to(&mut self, to: P2, ground: &Ground) {
        self.rest = None;
        let aim = self.way.back().copied();
        let lost = self.look_s <= 0.0
            && self.way.front().is_some_and(|&next| self.stuck_s > 3.0 || !ground.open(self.at, next));
        let moved = aim.is_none_or(|aim| aim.to(to) > 0.02);
        // A goal that walks away is no fault of one's own.
        self.left_m += aim.map_or(0.0, |aim| aim.to(to));
        if moved && self.way.len() == 1 && ground.open(self.at, to) {
            self.way = VecDeque::from([to]);
        } else if moved && aim.is_some_and(|aim| aim.to(to) < 0.5) && self.look_s > 0.0 {
            // A goal that has moved by a step does not need another way.
            if let Some(last) = self.way.back_mut() {
                *last = to;
            }
        } else if moved || lost {
            self.way = ground.way(self.at, to).into();
            self.look_s = 0.5;
            // Another goal begins anew; another way to the same goal does not.
            self.left_m = if moved { f64::INFINITY } else { self.length_left() };
        }
        while let (Some(&next), Some(&after)) = (self.way.front(), self.way.get(1)) {
            // A corner is cut only where the cut is free.
            let far = self.at.to(next);
            if far > 0.15 && !(far < 0.8 && ground.open(self.at, after)) {
                break;
            }
            self.way.pop_front();
        }
    }

    /// Stands still from now on.
    pub(crate) fn stops(&mut self) {
        self.way.clear();
        self.rest.get_or_insert(self.at);
    }

    /// Has not got on for so long that one lets it be.
    pub(crate) fn gives_up(&mut self) -> bool {
        let over = self.stuck_s >= MOST_STUCK_S;
        if over {
            self.stops();
        }
        over
    }

    /// Whether one is on the way somewhere.
    pub(crate) fn walks(&self) -> bool {
        !self.way.is_empty()
    }

    /// Metres of the way that are still to go.
    fn length_left(&self) -> f64 {
        let mut here = self.at;
        let mut sum = 0.0;
        for &next in &self.way {
            sum += here.to(next);
            here = next;
        }
        sum
    }

    /// The velocity that one would have if nobody were there.
    fn wanted(&self) -> P2 {
        let Some(&next) = self.way.front() else {
            // Who was pushed aside steps back.
            let off = self.rest.map_or(P2::default(), |rest| rest.minus(self.at));
            let far = off.length();
            return if far > 0.15 { off.times((1.0_f64).min(0.5 / far)) } else { P2::default() };
        };
        let towards = next.minus(self.at);
        let far = towards.length().max(1e-3);
        // Slower on the last steps to a goal.
        let pace = if self.way.len() == 1 { self.build.pace.min(far / 0.5 + 0.15) } else { self.build.pace };
        towards.times(pace / far)
    }

    /// One step in time among the others.
    pub(crate) fn moves(&mut self, dt_s: f64, others: &[Presence], ground: &Ground) {
        let mut force = self.wanted().minus(self.velocity).times(1.0 / RELAX_S);
        for other in others {
            let apart = other.at.minus(self.at);
            if other.id != self.id && apart.x.abs() < FAR_M && apart.y.abs() < FAR_M {
                force = force.plus(self.meets(other, apart));
            }
        }
        let (near_m, inward) = ground.margin(self.at);
        // The ground ends a hand's breadth before the wall.
        force = force.plus(inward.times(WALL * libm::exp(-(near_m + 0.03) / WALL_M)));
        self.velocity = self.velocity.plus(force.times(dt_s));
        let speed = self.velocity.length();
        if speed > TOP_M_PER_S {
            self.velocity = self.velocity.times(TOP_M_PER_S / speed);
        }
        let next = self.at.plus(self.velocity.times(dt_s));
        // Walls and racks: slide along, but never be caught inside one.
        let slid = [next, P2::new(next.x, self.at.y), P2::new(self.at.x, next.y)];
        let before = self.at;
        self.at = if ground.clear(self.at, self.at) {
            slid.into_iter().find(|p| ground.clear(*p, *p)).unwrap_or(self.at)
        } else {
            next
        };
        self.velocity = self.at.minus(before).times(1.0 / dt_s);
        self.turns_and_tires(dt_s);
    }

    /// What another's presence does to one, m/s².
    fn meets(&self, other: &Presence, apart: P2) -> P2 {
        let far = apart.length().max(0.05);
        let towards = apart.times(1.0 / far);
        let kin = other.purse == self.purse();
        let stuck = self.stuck_s > PATIENCE_S;
        let ahead = self.velocity.minus(other.velocity).times(AHEAD).plus(towards);
        let size = ahead.length().max(0.05);
        let along = ahead.times(1.0 / size);
        let left = P2::new(-along.y, along.x);
        let width = WIDENS * size;
        let cross = along.x * towards.y - along.y * towards.x;
        let dot = along.x * towards.x + along.y * towards.y;
        let angle = libm::atan2(cross, dot) + width * BIAS;
        let fades = |sharp: f64| libm::exp(-far / width - (sharp * width * angle) * (sharp * width * angle));
        let side = if angle >= 0.0 { 1.0 } else { -1.0 };
        let social = along.times(-fades(BRAKES)).plus(left.times(-side * fades(TURNS)));
        let (sin, cos) = self.heading;
        let seen = if -sin * towards.x + cos * towards.y < VIEW_COSINE { UNSEEN } else { 1.0 };
        // One's own people are minded only as bodies. Who stands in line does not drift; who is stuck squeezes past.
        let minds = match (kin, self.walks(), stuck) {
            (true, ..) => 0.0,
            (_, false, _) => 0.2,
            (_, true, true) => 0.1,
            (_, true, false) => 1.0,
        };
        let room = (self.build.radius_m + other.radius_m)
            * match (kin, stuck) {
                (_, true) => 2.5 / self.stuck_s.max(PATIENCE_S),
                (true, false) => 0.65,
                (false, false) => 1.0,
            };
        let touch = TOUCH * (room - far).max(0.0);
        let past = if self.walks() { left.times(-side * SLIDES) } else { P2::default() };
        social.times(STRENGTH * minds * seen).plus(past.minus(towards).times(touch))
    }

    fn turns_and_tires(&mut self, dt_s: f64) {
        let speed = self.velocity.length();
        self.look_s -= dt_s;
        if self.way.is_empty() {
            (self.stuck_s, self.left_m) = (0.0, f64::INFINITY);
        } else {
            // Whoever gets on at half their pace has no cause to complain; slower, it adds up.
            let left_m = self.length_left();
            let gained_s = (self.left_m - left_m).clamp(0.0, 0.2) / self.build.pace;
            self.left_m = self.left_m.min(left_m);
            self.stuck_s = (self.stuck_s + dt_s - 2.0 * gained_s).clamp(0.0, MOST_STUCK_S);
        }
        if speed > 0.25 {
            let (sin, cos) = (-self.velocity.x / speed, self.velocity.y / speed);
            // Turning takes a few steps.
            let (s, c) = (self.heading.0 * 0.8 + sin * 0.2, self.heading.1 * 0.8 + cos * 0.2);
            let length = (s * s + c * c).sqrt();
            self.heading = if length > 0.05 { (s / length, c / length) } else { (sin, cos) };
        }
        self.gait += dt_s * (1.0 + 4.5 * speed);
    }
}
