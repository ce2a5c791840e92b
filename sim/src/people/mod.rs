//! Shoppers and staff: who they are, what they are about to do, and how they walk. Knows no radio and no camera.

mod carrying;
mod kind;
mod step;
#[cfg(test)]
mod tests;
mod walking;

use std::collections::VecDeque;

use crate::chance::Chance;
use crate::space::P2;
use crate::stock::Carry;

pub(crate) use kind::{Build, Frame, Kind};
pub(crate) use step::{Brought, Step, Wanted, Which};
pub(crate) use walking::Presence;

/// A person.
#[derive(Clone, Debug)]
pub(crate) struct Walker {
    pub(crate) id: u32,
    pub(crate) kind: Kind,
    pub(crate) build: Build,
    pub(crate) staff: bool,
    pub(crate) at: P2,
    pub(crate) velocity: P2,
    /// Sine and cosine of the way one faces, against +y.
    pub(crate) heading: (f64, f64),
    way: VecDeque<P2>,
    /// Where one stands, when one does not walk.
    rest: Option<P2>,
    pub(crate) steps: VecDeque<Step>,
    /// When the step in hand is over or given up, microseconds since the world began.
    pub(crate) until_us: Option<i64>,
    pub(crate) held: Vec<usize>,
    /// How one takes things up.
    pub(crate) carry: Carry,
    /// Whom one follows, and whose card pays.
    pub(crate) leader: Option<u32>,
    /// Whom one came with, whoever pays: the number of the one who was asked first.
    pub(crate) group: Option<u32>,
    /// One's place in the party: 0 leads.
    pub(crate) place: usize,
    /// The lane that one has been given.
    pub(crate) lane: Option<usize>,
    /// Has set foot in that lane.
    pub(crate) entered: bool,
    /// Has turned round once already.
    pub(crate) turned: bool,
    /// How one means to leave, when one has thought of it: never waits for a free lane.
    pub(crate) tailgates: bool,
    gait: f64,
    /// Seconds for which one has wanted to get on and did not, and the least that was left to go, metres.
    stuck_s: f64,
    left_m: f64,
    /// Seconds until a way that leads nowhere is thought over.
    look_s: f64,
    /// Since when one waits in line, microseconds since the world began.
    pub(crate) queued_us: Option<i64>,
    /// The cubicle that one has, by its place among the plan's.
    pub(crate) cubicle: Option<usize>,
    /// Rides in a lift's cabin.
    pub(crate) riding: bool,
    /// Has made up one's mind to take the stairs.
    pub(crate) by_stairs: bool,
    /// Which side things are carried on.
    side: f64,
}

impl Walker {
    pub(crate) fn new(id: u32, at: P2, kind: Kind, steps: Vec<Step>, chance: &mut Chance) -> Self {
        let modes = match kind {
            Kind::Adult => {
                [(Carry::Hand, 0.4), (Carry::Bag, 0.3), (Carry::Worn, 0.1), (Carry::Stacked, 0.2)].as_slice()
            }
            Kind::Child => [(Carry::Hand, 0.8), (Carry::Stacked, 0.2)].as_slice(),
            Kind::Wheelchair => [(Carry::Lap, 0.7), (Carry::Bag, 0.3)].as_slice(),
            Kind::Pram => [(Carry::Cart, 0.6), (Carry::Hand, 0.2), (Carry::Bag, 0.2)].as_slice(),
            Kind::Cart => [(Carry::Cart, 1.0)].as_slice(),
            Kind::Rail => [(Carry::Rail, 1.0)].as_slice(),
            Kind::Carton => [(Carry::Carton, 1.0)].as_slice(),
        };
        Walker {
            id,
            kind,
            build: kind.build(chance),
            staff: matches!(kind, Kind::Rail | Kind::Carton),
            at,
            velocity: P2::default(),
            heading: (0.0, 1.0),
            way: VecDeque::new(),
            rest: None,
            steps: steps.into(),
            until_us: None,
            held: Vec::new(),
            carry: chance.one_of(modes).copied().unwrap_or(Carry::Hand),
            leader: None,
            group: None,
            place: 0,
            lane: None,
            entered: false,
            turned: false,
            tailgates: false,
            gait: chance.between(0.0, std::f64::consts::TAU),
            stuck_s: 0.0,
            left_m: f64::INFINITY,
            look_s: 0.0,
            queued_us: None,
            cubicle: None,
            riding: false,
            by_stairs: false,
            side: if chance.happens(0.7) { 1.0 } else { -1.0 },
        }
    }

    /// Whose card pays for what one carries: one's own, or the leader's.
    pub(crate) fn purse(&self) -> u32 {
        self.leader.unwrap_or(self.id)
    }

    /// The thing on wheels that one pushes or sits in, and where it is.
    pub(crate) fn frame(&self) -> Option<(P2, Frame)> {
        let frame = self.build.frame?;
        let (sin, cos) = self.heading;
        Some((self.at.plus(P2::new(-sin, cos).times(frame.ahead_m)), frame))
    }

    /// Stands somewhere else from now on, facing back: a lift has stopped there.
    pub(crate) fn steps_out(&mut self, at: P2) {
        (self.at, self.velocity, self.riding) = (at, P2::default(), false);
        self.heading = (-self.heading.0, -self.heading.1);
        (self.rest, self.stuck_s) = (Some(at), 0.0);
        self.way.clear();
    }

    /// Swaying of the gait, radians, growing with the way walked.
    pub(crate) fn gait(&self) -> f64 {
        self.gait
    }

    /// Speed that one would walk at alone, m/s.
    pub(crate) fn pace(&self) -> f64 {
        self.build.pace
    }

    /// Takes another pace: a party walks as fast as its slowest.
    pub(crate) fn paces(&mut self, pace: f64) {
        self.build.pace = pace;
    }
}
