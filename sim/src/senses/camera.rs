//! What one camera can see: its frame, its reach, and what stands between it and a person. Geometry only; what a
//! tracker makes of it is told elsewhere.

use crate::plan::{CameraPlan, Fixture, Plan};
use crate::space::{P2, P3};

/// Beyond this angle of view a lens is a fisheye, whose picture is a disc.
const FISHEYE: f64 = 2.4;
/// Height of a picture over its width.
const ASPECT: f64 = 9.0 / 16.0;
/// Metres times radians: with an angle of view of 90° a person is large enough to be told from the background up to
/// about 16 m, under a fisheye up to 8 m (some 40 pixels of a picture 2,500 wide).
const REACH: f64 = 25.0;
/// Half of a person's breadth as it hides others, between shoulders and chest.
const HALF_BREADTH_M: f64 = 0.2;
/// Less of a body than this is not told from what hides it: a head is an eighth.
const LEAST_VISIBLE: f64 = 0.12;

/// A person as a camera can see them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Figure {
    pub(crate) id: u32,
    pub(crate) at: P2,
    pub(crate) height_m: f64,
    /// What one pushes or sits in: its middle, radius and height.
    pub(crate) pushes: Option<(P2, f64, f64)>,
}

/// How a person appears to a camera.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View {
    /// From the camera's foot, along the floor.
    pub(crate) distance_m: f64,
    /// 0 in the middle of the picture, 1 at its edge.
    pub(crate) edge: f64,
    /// Share of the body that nothing hides.
    pub(crate) visible: f64,
    /// Whether it stands on feet that are seen; else its place is guessed from the head.
    pub(crate) feet: bool,
    /// Share of the camera's reach.
    pub(crate) far: f64,
}

/// A camera where it hangs.
#[derive(Clone, Debug)]
pub(crate) struct Eye {
    pub(crate) at: P3,
    forward: P3,
    right: P3,
    up: P3,
    half: f64,
    fisheye: bool,
    reach_m: f64,
}

fn cross(a: P3, b: P3) -> P3 {
    P3::new(a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x)
}

fn unit(v: P3) -> P3 {
    let length = v.length();
    if length > 1e-9 { v.times(1.0 / length) } else { P3::new(0.0, 0.0, -1.0) }
}

impl Eye {
    pub(crate) fn new(plan: &CameraPlan) -> Eye {
        let forward = unit(plan.facing);
        // Straight down, the picture's top is towards the street.
        let above = if forward.z.abs() > 0.999 { P3::new(0.0, 1.0, 0.0) } else { P3::new(0.0, 0.0, 1.0) };
        let right = unit(cross(forward, above));
        let field = plan.field_of_view.clamp(0.2, 3.3);
        Eye {
            at: plan.at,
            forward,
            right,
            up: cross(right, forward),
            half: field / 2.0,
            fisheye: field > FISHEYE,
            reach_m: REACH / field,
        }
    }

    /// How near the edge of the picture a point is: 0 in the middle, 1 at the edge; none outside.
    pub(crate) fn frames(&self, point: P3) -> Option<f64> {
        let to = point.minus(self.at);
        let depth = to.dot(self.forward);
        let (x, y) = (to.dot(self.right), to.dot(self.up));
        let edge = if self.fisheye {
            libm::atan2((x * x + y * y).sqrt(), depth) / self.half
        } else if depth > 0.1 {
            let wide = libm::tan(self.half);
            (x.abs() / depth / wide).max(y.abs() / depth / (wide * ASPECT))
        } else {
            return None;
        };
        (edge <= 1.0).then_some(edge)
    }

    /// Below which height everything upright at a place is hidden, metres; 0 where nothing stands between. Seen from a
    /// fixed point, what hides is lower the nearer it stands to the camera.
    pub(crate) fn hidden_below(&self, place: P2, of: Option<u32>, figures: &[Figure], plan: &Plan) -> f64 {
        let from = self.at.floor();
        if plan.hides(from, place) {
            return f64::INFINITY;
        }
        let way = place.minus(from);
        let far_squared = way.x * way.x + way.y * way.y;
        if far_squared < 1e-6 {
            return 0.0;
        }
        // The height at the place of a line from the camera over something `height` tall, `t` of the way there.
        let shade = |t: f64, height: f64| (height - self.at.z * (1.0 - t)) / t.max(1e-3);
        let mut below = 0.0_f64;
        for fixture in &plan.fixtures {
            if let Some((near, far)) = passes(from, way, fixture) {
                below = below.max(shade(near, fixture.height)).max(shade(far, fixture.height));
            }
        }
        for figure in figures.iter().filter(|figure| Some(figure.id) != of) {
            let body = (figure.at, HALF_BREADTH_M, figure.height_m);
            for (at, radius, height) in figure.pushes.into_iter().chain([body]) {
                let off = at.minus(from);
                let t = (off.x * way.x + off.y * way.y) / far_squared;
                if t <= 0.0 || t >= 1.0 {
                    continue;
                }
                let aside = off.minus(way.times(t));
                if aside.x * aside.x + aside.y * aside.y < radius * radius {
                    below = below.max(shade(t, height));
                }
            }
        }
        below
    }

    /// How a person appears; none outside of the picture, out of reach, or hidden.
    pub(crate) fn view(&self, figure: &Figure, figures: &[Figure], plan: &Plan) -> Option<View> {
        let distance_m = figure.at.to(self.at.floor());
        if distance_m > self.reach_m {
            return None;
        }
        let edge = self.frames(figure.at.up(0.8 * figure.height_m))?;
        let below = self.hidden_below(figure.at, Some(figure.id), figures, plan);
        let visible = ((figure.height_m - below) / figure.height_m).clamp(0.0, 1.0);
        (visible >= LEAST_VISIBLE).then(|| View {
            distance_m,
            edge,
            visible,
            feet: below < 0.15 && self.frames(figure.at.up(0.05)).is_some(),
            far: distance_m / self.reach_m,
        })
    }

    /// How a hand appears, whoever else (and the own body) may stand before it.
    pub(crate) fn sees_hand(&self, hand: P3, figures: &[Figure], plan: &Plan) -> Option<View> {
        let distance_m = hand.floor().to(self.at.floor());
        let edge = self.frames(hand).filter(|_| distance_m <= self.reach_m)?;
        let below = self.hidden_below(hand.floor(), None, figures, plan);
        let visible = if hand.z > below { 1.0 } else { 0.0 };
        Some(View { distance_m, edge, visible, feet: true, far: distance_m / self.reach_m })
    }
}

/// Where a way along the floor enters and leaves a fixture, as shares of the way.
fn passes(from: P2, way: P2, fixture: &Fixture) -> Option<(f64, f64)> {
    let (mut near, mut far) = (0.0_f64, 1.0_f64);
    for (start, step, low, high) in [
        (from.x, way.x, fixture.area.low.x, fixture.area.high.x),
        (from.y, way.y, fixture.area.low.y, fixture.area.high.y),
    ] {
        if step.abs() < 1e-9 {
            if start < low || start > high {
                return None;
            }
            continue;
        }
        let (a, b) = ((low - start) / step, (high - start) / step);
        near = near.max(a.min(b));
        far = far.min(a.max(b));
    }
    (near < far).then_some((near, far))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::family::{Family, Manner};

    fn shop() -> Plan {
        Plan::of(&Manner::of(Family::Plain))
    }

    fn eye(at: P3, facing: P3, field_of_view: f64) -> Eye {
        Eye::new(&CameraPlan { id: "cam-x".into(), at, facing, field_of_view })
    }

    fn person(id: u32, x: f64, y: f64, height_m: f64) -> Figure {
        Figure { id, at: P2::new(x, y), height_m, pushes: None }
    }

    #[test]
    fn a_camera_sees_what_is_before_it_and_not_what_is_behind() {
        // High at the street side, looking into the shop and down, 90° wide.
        let eye = eye(P3::new(0.6, 2.5, 2.7), P3::new(0.0, -1.0, -0.5), 1.57);
        let plan = shop();
        let inside = person(1, 0.6, -1.0, 1.7);
        let street = person(2, 0.6, 4.0, 1.7);
        assert!(eye.view(&inside, &[inside], &plan).is_some());
        assert!(eye.view(&street, &[street], &plan).is_none());
        let aside = person(3, -3.9, 1.9, 1.7);
        assert!(eye.view(&aside, &[aside], &plan).is_none(), "out of the frame");
    }

    #[test]
    fn whoever_stands_close_before_another_hides_their_feet_and_a_tall_one_hides_a_child() {
        let eye = eye(P3::new(0.6, -2.0, 2.8), P3::new(0.0, 0.0, -1.0), 3.1);
        let plan = shop();
        let back = person(1, 0.6, 3.0, 1.7);
        let alone = eye.view(&back, &[back], &plan).expect("alone in sight");
        assert!(alone.visible > 0.99 && alone.feet);
        let front = person(2, 0.6, 2.3, 1.6);
        let behind = eye.view(&back, &[back, front], &plan).expect("the head looks over");
        assert!(!behind.feet && behind.visible < 0.5, "{behind:?}");
        let child = person(3, 0.6, 3.0, 1.1);
        assert!(eye.view(&child, &[child, front], &plan).is_none(), "a child is gone behind");
    }

    #[test]
    fn a_rack_hides_legs_and_the_stockrooms_wall_everything() {
        let eye = eye(P3::new(0.6, -2.0, 2.8), P3::new(0.0, 0.0, -1.0), 3.1);
        let plan = shop();
        // Behind rack-3 (x 2.6 to 4.6, y −3.1 to −2.6, 1.6 m high) as the camera sees it.
        let shopper = person(1, 5.2, -3.3, 1.75);
        let view = eye.view(&shopper, &[shopper], &plan).expect("head above the rack");
        assert!(!view.feet && view.visible < 0.75, "{view:?}");
        let staff = person(2, -3.0, -7.5, 1.75);
        assert!(eye.view(&staff, &[staff], &plan).is_none());
    }

    #[test]
    fn a_hand_behind_its_own_body_is_not_seen() {
        let eye = eye(P3::new(0.6, 4.0, 2.6), P3::new(0.0, -1.0, -0.4), 1.6);
        let plan = shop();
        let shopper = person(1, 0.6, -1.0, 1.75);
        let (towards, away) = (P3::new(0.6, -0.65, 1.1), P3::new(0.6, -1.35, 1.1));
        assert!(eye.sees_hand(towards, &[shopper], &plan).is_some_and(|v| v.visible > 0.5));
        assert!(eye.sees_hand(away, &[shopper], &plan).is_some_and(|v| v.visible < 0.5));
    }
}
