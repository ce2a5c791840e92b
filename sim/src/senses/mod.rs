//! What cameras, scales and beams tell. They are shown where people are and what hands do, and say less than that: tracks
//! that break and swap, sights that confuse look-alikes, weights of nobody in particular, each by its own clock and a
//! little late. Nothing from here goes into the truth.

mod beam;
mod camera;
mod clock;
mod fault;
mod ghosts;
mod scale;
mod sights;
mod tracks;

use recording::{ItemAction, Name, Observation};

use crate::chance::Chance;
use crate::family::Sight;
use crate::plan::{Load, Plan};
use crate::space::{P2, P3};
use crate::stock::Product;

use beam::Beams;
pub(crate) use camera::Figure;
use fault::Faults;
pub(crate) use fault::{Light, SenseFault, Trouble};
use scale::Scale;
pub(crate) use sights::Hand;
use sights::Sights;
use tracks::Camera;

/// An arm's length from a fixture, metres.
const REACH_M: f64 = 0.75;

/// How often own things of somebody in a lane are taken for goods before the pipeline has looked closely. Uncalibrated.
const OWN_THINGS_PER_S: f64 = 0.01;

/// An observation with when it happened and when the store has it, microseconds since the world began.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) at_us: i64,
    pub(crate) received_us: i64,
    pub(crate) what: Observation,
}

/// What there is to see in one step.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shown<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) figures: &'a [Figure],
    /// Where things are that people carry near a lane's line.
    pub(crate) things: &'a [P3],
    /// What hands did in this step.
    pub(crate) hands: &'a [Hand],
    /// The true load of each scale, grams.
    pub(crate) loads_g: &'a [f64],
}

/// All the senses of a store but its readers.
#[derive(Clone, Debug)]
pub(crate) struct Senses {
    sight: Sight,
    cameras: Vec<Camera>,
    scales: Vec<Scale>,
    beams: Beams,
    sights: Sights,
    faults: Faults,
}

impl Senses {
    pub(crate) fn new(sight: Sight, plan: &Plan, products: &[Product], seed: u64) -> Senses {
        let cameras = plan.cameras.iter().enumerate();
        Senses {
            sight,
            cameras: cameras.map(|(n, camera)| Camera::new(n, camera, plan, &sight, seed)).collect(),
            scales: plan.scales.iter().enumerate().map(|(n, scale)| Scale::new(n, scale, seed)).collect(),
            beams: Beams::new(plan, seed),
            sights: Sights::new(products, Chance::new(seed, 350)),
            faults: Faults::new(sight.light, plan.sense_faults.clone(), Chance::new(seed, 363)),
        }
    }

    /// Whether something that shows now and then shows now.
    pub(crate) fn glimpses(&mut self, p: f64) -> bool {
        self.sights.glimpses(p)
    }

    /// A step of the world's time.
    pub(crate) fn step(&mut self, now_us: i64, dt_s: f64, shown: &Shown<'_>, out: &mut Vec<Told>) {
        let (plan, figures) = (shown.plan, shown.figures);
        if now_us % 1_000_000 == 0 {
            let named = |links: Vec<&Name>| links.into_iter().cloned().collect::<Vec<Name>>();
            let cameras = named(self.cameras.iter().map(|camera| &camera.link.source).collect());
            let scales = named(self.scales.iter().map(|scale| &scale.link.source).collect());
            self.faults.second(now_us, &self.sight, &cameras, &scales, self.beams.lanes());
        }
        for camera in &mut self.cameras {
            camera.step(now_us, (plan, figures), &self.sight, &self.faults, out);
        }
        self.beams.step(now_us, dt_s, (plan, figures, shown.things), &self.faults, out);
        for ((scale, placed), load_g) in self.scales.iter_mut().zip(&plan.scales).zip(shown.loads_g) {
            let reach = match placed.load {
                Load::Fixture(at) => plan.fixtures.get(at).map(|fixture| fixture.area.grown(REACH_M)),
                Load::Tray(lane) => plan.lanes.get(lane).map(|lane| lane.area),
            };
            let near = reach.map_or(0, |reach| figures.iter().filter(|f| reach.holds(f.at)).count());
            scale.step(now_us, dt_s, *load_g, near, &self.faults, out);
        }
        for hand in shown.hands {
            self.see(now_us, hand, (plan, figures), out);
        }
        self.imagine(now_us, dt_s, (plan, figures), out);
    }

    fn see(&mut self, now_us: i64, hand: &Hand, (plan, figures): (&Plan, &[Figure]), out: &mut Vec<Told>) {
        let cameras = &mut self.cameras;
        self.sights.see(now_us, hand, (plan, figures), cameras, (&self.sight, &self.faults), out);
    }

    /// Hands that reach into a rack and take nothing are sometimes seen to take something.
    fn imagine(&mut self, now_us: i64, dt_s: f64, (plan, figures): (&Plan, &[Figure]), out: &mut Vec<Told>) {
        for figure in figures {
            // A coat over the arm, a telephone, a bag from elsewhere: something that the catalogue does not have.
            let lane = plan.lanes.iter().find(|lane| lane.area.holds(figure.at));
            if let Some(lane) = lane
                && self.sights.glimpses(OWN_THINGS_PER_S * dt_s)
            {
                let hand = Hand {
                    person: figure.id,
                    action: ItemAction::Carry,
                    product: None,
                    quantity: 1,
                    zone: Some(lane.id.as_str().into()),
                    at: figure.at.up(0.55 * figure.height_m),
                    drawn: None,
                };
                self.see(now_us, &hand, (plan, figures), out);
            }
            let Some(fixture) = plan.fixtures.iter().find(|f| f.area.grown(REACH_M).holds(figure.at)) else {
                continue;
            };
            if let Some(action) = self.sights.imagines(dt_s, &self.sight) {
                let hand = Hand {
                    person: figure.id,
                    action,
                    product: None,
                    quantity: 1,
                    zone: Some(fixture.zone.as_str().into()),
                    at: reached(figure, fixture.area.low.plus(fixture.area.high).times(0.5)),
                    drawn: None,
                };
                self.see(now_us, &hand, (plan, figures), out);
            }
        }
    }
}

/// Where a hand is that somebody holds out towards a place.
pub(crate) fn reached(figure: &Figure, towards: P2) -> P3 {
    let way = towards.minus(figure.at);
    let far = way.length().max(1e-6);
    figure.at.plus(way.times((0.45 / far).min(1.0))).up(0.65 * figure.height_m)
}

/// Where a piece shows as it is drawn out of what somebody faces, or put into it: at the side of the hand that has it, an
/// elbow's length from the middle of the body, so that a back does not hide it. One in ten is left-handed.
pub(crate) fn drawn(figure: &Figure, towards: P2) -> P3 {
    let way = towards.minus(figure.at);
    let ahead = way.times(1.0 / way.length().max(1e-6));
    let side = if figure.id.is_multiple_of(10) { -1.0 } else { 1.0 };
    let right = P2::new(ahead.y, -ahead.x).times(0.4 * side);
    figure.at.plus(right).plus(ahead.times(0.2)).up(0.6 * figure.height_m)
}

/// A hand that takes, puts back or shows.
pub(crate) fn hand(
    figure: &Figure,
    (action, product): (ItemAction, usize),
    zone: Option<Name>,
    at: P3,
) -> Hand {
    Hand { person: figure.id, action, product: Some(product), quantity: 1, zone, at, drawn: None }
}

fn rounded(value: f64, per_unit: f64) -> f64 {
    (value * per_unit).round() / per_unit
}

#[cfg(test)]
mod tests;
