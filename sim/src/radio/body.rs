//! People as the radio sees them: they stand in the way of waves, and throw some of them back. Knows no tag.

use super::aerial::Aerial;
use super::rays::{Ray, coupling};
use crate::space::{P2, P3};

/// Amplitude that a body beside the path scatters, against a mirror in its place.
const REFLECTION: f64 = 0.35;
/// From the middle of a trunk to its front, metres: a grown chest is 0.2 to 0.3 m deep.
const HALF_DEPTH_M: f64 = 0.12;
/// Middle of what scatters.
const CHEST_M: f64 = 1.2;
/// Beyond this from a tag or from an antenna, what a body scatters is lost among the rest; metres.
const NEAR_TAG_M: f64 = 2.0;
const NEAR_AERIAL_M: f64 = 1.0;

/// A person as the radio sees one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Body {
    pub(crate) at: P2,
    pub(crate) velocity: P2,
    /// Loss of a path right through the body, dB one way. 10 to 20 dB; no good public source.
    pub(crate) shadow_db: f64,
    /// Of the trunk that shadows: at its edge nothing, from half of it in full; metres.
    pub(crate) radius_m: f64,
    /// Paths above this pass over, metres.
    pub(crate) height_m: f64,
}

impl Body {
    /// A grown person of usual build.
    pub(crate) fn grown(at: P2, velocity: P2, shadow_db: f64) -> Self {
        Body { at, velocity, shadow_db, radius_m: 0.32, height_m: 1.7 }
    }

    /// Whether a point lies inside what this body encloses: a basket of wire stands around what lies in it.
    pub(super) fn encloses(&self, place: P2, p: P3) -> bool {
        p.floor().to(place) < self.radius_m && p.z < self.height_m
    }

    /// Loss on the straight way, dB; softened at the body's edge, where the wave bends around. What is worn on the side
    /// towards the antenna, or held before the chest, has the body behind it and not in the way.
    pub(super) fn shadow(&self, place: P2, from: P3, to: P3) -> f64 {
        let along = to.minus(from);
        let flat = along.floor();
        let square = flat.x * flat.x + flat.y * flat.y;
        let offset = place.minus(from.floor());
        let reached = offset.x * flat.x + offset.y * flat.y;
        if reached <= 0.0 || reached >= square {
            return 0.0;
        }
        let share = reached / square;
        let nearest = from.plus(along.times(share));
        let apart = nearest.floor().minus(place);
        if apart.x * apart.x + apart.y * apart.y > self.radius_m * self.radius_m || nearest.z > self.height_m
        {
            return 0.0;
        }
        let deep_m = share.min(1.0 - share) * square.sqrt();
        let edge = ((self.radius_m - apart.length()) * 2.0 / self.radius_m).clamp(0.0, 1.0);
        self.shadow_db * edge * (deep_m / HALF_DEPTH_M).min(1.0)
    }

    /// What a body at `place` throws from the antenna to the tag; nothing where it is far from both.
    pub(super) fn scattered(&self, place: P2, aerial: &Aerial, at: P3, axis: P3) -> Option<Ray> {
        let near = |p: P2, most: f64| {
            let apart = place.minus(p);
            apart.x * apart.x + apart.y * apart.y < most * most
        };
        if !near(at.floor(), NEAR_TAG_M) && !near(aerial.plan.at.floor(), NEAR_AERIAL_M) {
            return None;
        }
        let chest = place.up(CHEST_M);
        let (there, back) = (chest.minus(aerial.plan.at), at.minus(chest));
        let (re, im) = coupling(aerial, there, axis);
        let size = -REFLECTION * aerial.gain(there);
        Some(Ray { strength: (size * re, size * im), length_m: there.length() + back.length() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_shades_what_is_right_behind_it_and_nothing_over_its_head() {
        let body = Body::grown(P2::new(1.0, 0.0), P2::default(), 15.0);
        let behind = P3::new(2.0, 0.0, 1.0);
        assert_eq!(body.shadow(body.at, P3::new(0.0, 0.0, 1.0), behind), 15.0);
        assert_eq!(
            body.shadow(body.at, P3::new(0.0, 1.0, 1.0), P3::new(2.0, 1.0, 1.0)),
            0.0,
            "a metre aside"
        );
        assert_eq!(
            body.shadow(body.at, P3::new(0.0, 0.0, 2.3), P3::new(2.0, 0.0, 2.0)),
            0.0,
            "over the head"
        );
        let edge = body.shadow(body.at, P3::new(0.0, 0.24, 1.0), P3::new(2.0, 0.24, 1.0));
        assert!(edge > 0.0 && edge < 15.0, "{edge}");
    }
}
