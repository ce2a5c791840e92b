//! What kinds of people and things on wheels there are: how fast, how wide, how tall, and what radio meets in them.

use crate::chance::Chance;

/// What somebody is, on foot or on wheels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Adult,
    /// Six to ten years: slower, smaller, darts about, holds a hand in a lane.
    Child,
    /// In a wheelchair: wider, seated, what one carries lies on the lap, a metal frame around the legs.
    Wheelchair,
    /// An adult who pushes a pram, with a basket under it.
    Pram,
    /// An adult who pushes a shopping cart.
    Cart,
    /// Staff with a clothes rail on wheels.
    Rail,
    /// Staff with a carton in the arms.
    Carton,
}

/// A thing on wheels that goes with somebody, as obstacle and as metal.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame {
    /// How far ahead of the person its middle is, metres.
    pub(crate) ahead_m: f64,
    pub(crate) radius_m: f64,
    pub(crate) height_m: f64,
    /// Loss of a path through it, dB one way.
    pub(crate) shadow_db: f64,
}

/// The body's figures. Shoulder breadth and stature are of the middle of adults; a seated head is at 1.3 m.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Build {
    /// Desired speed, m/s.
    pub(crate) pace: f64,
    /// Of the room one takes among others, metres.
    pub(crate) radius_m: f64,
    pub(crate) height_m: f64,
    /// Of the trunk, which is what shadows, metres.
    pub(crate) trunk_m: f64,
    /// Loss of a path right through the trunk, dB one way.
    pub(crate) shadow_db: f64,
    pub(crate) frame: Option<Frame>,
}

impl Kind {
    /// One body of this kind. Speeds: adults N(1.34, 0.26) m/s (Weidmann 1993); school children among shoppers about a
    /// fifth slower, wheelchairs and what is pushed indoors 0.9 to 1.1 m/s. A body's loss of 10 to 20 dB has no good
    /// public source; a child's is taken as less in proportion to its depth, a frame's from what a loose metal grid lets by.
    pub(crate) fn build(self, chance: &mut Chance) -> Build {
        let walking = chance.normal(1.34, 0.26).clamp(0.6, 2.0);
        let adult = Build {
            pace: walking,
            radius_m: 0.35,
            height_m: chance.normal(1.71, 0.09).clamp(1.5, 1.95),
            trunk_m: chance.normal(0.32, 0.02).clamp(0.27, 0.38),
            shadow_db: chance.between(10.0, 20.0),
            frame: None,
        };
        let pushes = |ahead_m, radius_m, height_m, shadow_db, slower| Build {
            pace: walking * slower,
            frame: Some(Frame { ahead_m, radius_m, height_m, shadow_db }),
            ..adult
        };
        match self {
            Kind::Adult => adult,
            Kind::Child => Build {
                pace: walking * 0.85,
                radius_m: 0.25,
                height_m: chance.normal(1.27, 0.1).clamp(1.0, 1.5),
                trunk_m: 0.22,
                shadow_db: chance.between(6.0, 14.0),
                frame: None,
            },
            Kind::Wheelchair => Build {
                pace: chance.normal(0.95, 0.2).clamp(0.5, 1.4),
                radius_m: 0.38,
                height_m: chance.normal(1.3, 0.05).clamp(1.15, 1.45),
                frame: Some(Frame {
                    ahead_m: 0.1,
                    radius_m: 0.33,
                    height_m: 0.6,
                    shadow_db: chance.between(3.0, 9.0),
                }),
                ..adult
            },
            Kind::Pram => pushes(0.65, 0.3, 1.0, chance.between(2.0, 7.0), 0.8),
            Kind::Cart => pushes(0.6, 0.3, 1.0, chance.between(2.0, 7.0), 0.8),
            Kind::Rail => pushes(0.75, 0.4, 1.6, chance.between(4.0, 12.0), 0.65),
            Kind::Carton => Build { pace: walking * 0.85, ..adult },
        }
    }
}
