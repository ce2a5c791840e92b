//! Shoppers and staff: what they are about to do, and how they walk (social force: Helbing and Molnár 1995, τ 0.5 s,
//! radius 0.35 m, desired speed N(1.34, 0.26) m/s). Knows no radio and no camera.

use std::collections::VecDeque;

use recording::TapOutcome;

use crate::chance::Chance;
use crate::space::{Ground, P2, P3};
use crate::stock::Carry;

/// One thing that a person does next.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Step {
    /// Walk there.
    Go(P2),
    /// Stay for so many seconds.
    Stand(f64),
    /// Take a piece from a fixture.
    Take { fixture: usize, untagged: bool },
    /// Put back one piece, or all.
    PutBack { fixture: usize, all: bool },
    /// Staff: take this many pieces for a fixture out of the stockroom.
    Load { fixture: usize, count: usize },
    /// Leave all pieces in the stockroom.
    Return,
    /// Wait for one's turn at a lane.
    Queue { lane: usize },
    /// Hold a card to the lane's terminal.
    Tap { lane: usize, outcome: TapOutcome },
    /// Think how to leave, by what is in hand.
    Decide,
    /// Out of the picture.
    Gone,
}

/// What a passage is meant to be; its word in `truth.json`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Intent {
    Buyer,
    Empty,
    TurnedBack,
    Walkout,
    Declined,
    Return,
    PaidBefore,
}

impl Intent {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Intent::Buyer => "buyer",
            Intent::Empty => "empty",
            Intent::TurnedBack => "turned_back",
            Intent::Walkout => "walkout",
            Intent::Declined => "declined",
            Intent::Return => "return",
            Intent::PaidBefore => "paid_before",
        }
    }
}

/// A person.
#[derive(Clone, Debug)]
pub(crate) struct Walker {
    pub(crate) id: u32,
    pub(crate) staff: bool,
    pub(crate) at: P2,
    pub(crate) velocity: P2,
    /// Sine and cosine of the way one faces, against +y.
    pub(crate) heading: (f64, f64),
    /// Desired speed, m/s.
    pace: f64,
    way: VecDeque<P2>,
    pub(crate) steps: VecDeque<Step>,
    /// When the step in hand is over, microseconds since the world began.
    pub(crate) until_us: Option<i64>,
    pub(crate) held: Vec<usize>,
    pub(crate) carry: Carry,
    pub(crate) intent: Intent,
    /// The lane that one has been given.
    pub(crate) lane: Option<usize>,
    /// Has set foot in that lane.
    pub(crate) entered: bool,
    /// Has turned round once already.
    pub(crate) turned: bool,
    pub(crate) shadow_db: f64,
    gait: f64,
    /// Seconds for which one has wanted to walk and could not.
    stuck_s: f64,
    /// Since when one waits in line, microseconds since the world began.
    pub(crate) queued_us: Option<i64>,
    /// Which side things are carried on.
    side: f64,
}

impl Walker {
    pub(crate) fn new(id: u32, at: P2, staff: bool, steps: Vec<Step>, chance: &mut Chance) -> Self {
        let modes = [(Carry::Hand, 0.4), (Carry::Bag, 0.3), (Carry::Worn, 0.1), (Carry::Stacked, 0.2)];
        Walker {
            id,
            staff,
            at,
            velocity: P2::default(),
            heading: (0.0, 1.0),
            pace: chance.normal(1.34, 0.26).clamp(0.6, 2.0),
            way: VecDeque::new(),
            steps: steps.into(),
            until_us: None,
            held: Vec::new(),
            carry: chance.one_of(&modes).copied().unwrap_or(Carry::Hand),
            intent: Intent::Empty,
            lane: None,
            entered: false,
            turned: false,
            shadow_db: chance.between(10.0, 20.0),
            gait: chance.between(0.0, std::f64::consts::TAU),
            stuck_s: 0.0,
            queued_us: None,
            side: if chance.happens(0.7) { 1.0 } else { -1.0 },
        }
    }

    /// Sets out for a point, or goes on towards it; true on arrival.
    pub(crate) fn heads_for(&mut self, to: P2, ground: &Ground) -> bool {
        if self.at.to(to) < 0.2 {
            self.way.clear();
            return true;
        }
        if self.way.back() != Some(&to) || self.stuck_s > 4.0 {
            self.way = ground.way(self.at, to).into();
            self.stuck_s = self.stuck_s.min(3.0);
        }
        while let (Some(&next), Some(&after)) = (self.way.front(), self.way.get(1)) {
            // A corner is cut only where the cut is free.
            if self.at.to(next) > 0.1 && !(self.at.to(next) < 0.4 && ground.clear(self.at, after)) {
                break;
            }
            self.way.pop_front();
        }
        false
    }

    /// Stands still from now on.
    pub(crate) fn stops(&mut self) {
        self.way.clear();
    }

    /// One step in time among the others.
    pub(crate) fn moves(&mut self, dt_s: f64, others: &[(u32, P2)], ground: &Ground) {
        let wanted = match self.way.front() {
            Some(&next) => {
                let towards = next.minus(self.at);
                let far = towards.length().max(1e-3);
                // Slower on the last steps to a goal.
                let pace = if self.way.len() == 1 { self.pace.min(far / 0.5 + 0.15) } else { self.pace };
                towards.times(pace / far)
            }
            None => P2::default(),
        };
        let mut force = wanted.minus(self.velocity).times(1.0 / 0.5);
        for &(id, there) in others {
            let apart = self.at.minus(there);
            let far = apart.length();
            if id != self.id && far < 1.5 {
                // Who stands is pushed less: a queue does not drift.
                // Who has been stuck for a while squeezes past.
                let strength = if self.way.is_empty() {
                    0.4
                } else if self.stuck_s > 2.5 {
                    0.1
                } else {
                    2.0
                };
                // A step to the right as well, so that two who meet do not stand still.
                let aside = P2::new(apart.y, -apart.x).times(0.35);
                let push = strength * libm::exp((0.6 - far) / 0.3) / far.max(0.1);
                force = force.plus(apart.plus(aside).times(push.min(8.0)));
            }
        }
        self.velocity = self.velocity.plus(force.times(dt_s));
        let speed = self.velocity.length();
        if speed > 2.2 {
            self.velocity = self.velocity.times(2.2 / speed);
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
        let speed = self.velocity.length();
        if self.way.is_empty() || speed > 0.5 {
            self.stuck_s = 0.0;
        } else if speed < 0.2 {
            self.stuck_s += dt_s;
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

    /// Where a carried piece is, and how its tag turns: `slot` counts the pieces, `axis` is the tag's own direction.
    pub(crate) fn carries(&self, slot: usize, carry: Carry, axis: P3) -> (P3, P3) {
        let n = slot as f64;
        let swing = libm::sin(self.gait);
        // Right of the body, ahead, up.
        let (right, ahead, up) = match carry {
            Carry::Hand => (0.34 * self.side, 0.12 + 0.14 * swing + 0.05 * n, 0.85 + 0.04 * n),
            Carry::Bag | Carry::Foil => (0.36 * self.side, 0.02 + 0.08 * swing, 0.45 + 0.04 * n),
            Carry::Worn => (0.13 * self.side, 0.14, 1.25 - 0.1 * n),
            Carry::Stacked => (0.05, 0.32, 1.05 + 0.02 * n + 0.01 * swing),
        };
        let (sin, cos) = self.heading;
        let at = self.at.up(up).plus(P3::new(right, ahead, 0.0).turned(sin, cos));
        let tilt = 0.25 * swing;
        let tilted = P3::new(axis.x, axis.y + tilt * axis.z, axis.z - tilt * axis.y);
        let length = tilted.length().max(1e-6);
        (at, tilted.times(1.0 / length).turned(sin, cos))
    }
}
