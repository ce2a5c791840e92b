//! What cameras and beams tell: tracks that break and now and then swap, sights that confuse look-alikes, all a little
//! late. Knows where people are and what they hold, and says less than it knows.

use std::collections::BTreeMap;

use recording::{Beam, Candidate, Item, ItemAction, LaneLine, Name, Observation, Person, PersonEnd};

use crate::chance::Chance;
use crate::family::Sight;
use crate::plan::Plan;
use crate::space::P2;
use crate::stock::Product;

/// An observation with when it happened and when the store has it, microseconds since the world began.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) at_us: i64,
    pub(crate) received_us: i64,
    pub(crate) what: Observation,
}

#[derive(Clone, Debug)]
struct Track {
    name: Name,
    next_us: i64,
    /// The error of the position now: it drifts rather than jumps.
    error: P2,
}

/// The cameras' and beams' state.
#[derive(Clone, Debug)]
pub(crate) struct Senses {
    sight: Sight,
    source: Name,
    tracks: BTreeMap<u32, Track>,
    named: u64,
    beams: Vec<(bool, bool)>,
    chance: Chance,
}

/// The part of the floor that the camera sees: the shop without its stockroom, the lanes, a step of the street.
fn seen(at: P2) -> bool {
    at.y < 3.2 && !(at.y < -6.4 && at.x < 1.0)
}

impl Senses {
    pub(crate) fn new(sight: Sight, plan: &Plan, chance: Chance) -> Self {
        Senses {
            sight,
            source: plan.cameras.first().map_or("camera", |c| c.id.as_str()).into(),
            tracks: BTreeMap::new(),
            named: 0,
            beams: vec![(false, false); plan.lanes.len()],
            chance,
        }
    }

    /// Positions of everybody, every tick.
    pub(crate) fn positions(&mut self, now_us: i64, dt_s: f64, people: &[(u32, P2)], out: &mut Vec<Told>) {
        for &(person, at) in people {
            if !seen(at) {
                self.lose(person, now_us, out);
                continue;
            }
            if !self.tracks.contains_key(&person) {
                self.named += 1;
                let track = Track {
                    name: format!("a{}", self.named).into(),
                    next_us: now_us + (self.chance.between(0.1, 0.4) * 1e6) as i64,
                    error: P2::new(
                        self.chance.normal(0.0, self.sight.sd_m),
                        self.chance.normal(0.0, self.sight.sd_m),
                    ),
                };
                self.tracks.insert(person, track);
            }
            self.position(person, at, now_us, out);
            if self.chance.happens(dt_s / self.sight.break_s) {
                self.lose(person, now_us, out);
            }
        }
        self.swaps(dt_s, people);
    }

    fn position(&mut self, person: u32, at: P2, now_us: i64, out: &mut Vec<Told>) {
        let Some(track) = self.tracks.get_mut(&person).filter(|track| track.next_us <= now_us) else {
            return;
        };
        let period_s = 1.0 / self.sight.rate_hz;
        track.next_us = now_us + (period_s * self.chance.between(0.9, 1.1) * 1e6) as i64;
        // An error with a memory of about half a second and the stated spread.
        let keep = libm::exp(-period_s / 0.5);
        let fresh = self.sight.sd_m * (1.0 - keep * keep).sqrt();
        track.error = track
            .error
            .times(keep)
            .plus(P2::new(self.chance.normal(0.0, fresh), self.chance.normal(0.0, fresh)));
        let said = at.plus(track.error);
        if self.chance.happens(0.03) {
            return;
        }
        let what = Person {
            source: self.source.clone(),
            track: track.name.clone(),
            x: rounded(said.x, 1000.0),
            y: rounded(said.y, 1000.0),
            sd: Some(rounded(self.sight.sd_m, 100.0)),
            confidence: Some(rounded(self.chance.between(0.8, 0.99), 100.0)),
        };
        out.push(self.told(now_us, 0.08, 0.16, what.into()));
    }

    fn told(&mut self, at_us: i64, least_s: f64, most_s: f64, what: Observation) -> Told {
        let late_us = (self.chance.between(least_s, most_s) * 1e6) as i64;
        Told { at_us, received_us: at_us + late_us, what }
    }

    /// The track of someone ends: out of sight, or broken.
    pub(crate) fn lose(&mut self, person: u32, now_us: i64, out: &mut Vec<Told>) {
        if let Some(track) = self.tracks.remove(&person) {
            let what = PersonEnd { source: self.source.clone(), track: track.name };
            let told = self.told(now_us, 0.6, 1.0, what.into());
            out.push(told);
        }
    }

    fn swaps(&mut self, dt_s: f64, people: &[(u32, P2)]) {
        for (n, &(one, at)) in people.iter().enumerate() {
            for &(other, there) in people.iter().skip(n + 1) {
                if at.to(there) < 0.8
                    && self.chance.happens(self.sight.swap_per_s * dt_s)
                    && let (Some(a), Some(b)) = (
                        self.tracks.get(&one).map(|t| t.name.clone()),
                        self.tracks.get(&other).map(|t| t.name.clone()),
                    )
                {
                    if let Some(track) = self.tracks.get_mut(&one) {
                        track.name = b;
                    }
                    if let Some(track) = self.tracks.get_mut(&other) {
                        track.name = a;
                    }
                }
            }
        }
    }

    /// A hand took, put back or shows a piece. Says nothing where the camera missed it.
    pub(crate) fn item(
        &mut self,
        now_us: i64,
        person: u32,
        (action, product): (ItemAction, usize),
        zone: Option<&str>,
        products: &[Product],
        out: &mut Vec<Told>,
    ) {
        let recall = if action == ItemAction::Carry { 1.0 } else { self.sight.recall };
        if !self.chance.happens(recall) {
            return;
        }
        let what = Item {
            source: self.source.clone(),
            track: self.tracks.get(&person).map(|track| track.name.clone()),
            action,
            zone: zone.map(Name::from),
            candidates: self.candidates(product, products),
            quantity: 1,
            confidence: Some(rounded(self.chance.between(0.7, 0.97), 100.0)),
        };
        let told = self.told(now_us, 0.25, 0.9, what.into());
        out.push(told);
    }

    /// The likely products: look-alikes in size are nearest, then in colour, and the noise may put one first.
    fn candidates(&mut self, product: usize, products: &[Product]) -> Vec<Candidate> {
        let Some(truth) = products.get(product) else { return Vec::new() };
        let alike: Vec<(Name, f64)> = products
            .iter()
            .enumerate()
            .filter(|(_, p)| p.style == truth.style)
            .map(|(at, p)| {
                let log_odds = match at {
                    at if at == product => 2.6,
                    _ if p.colour == truth.colour => 1.0,
                    _ => -0.8,
                };
                (p.gtin.clone(), libm::exp(log_odds + self.chance.normal(0.0, self.sight.confusion)))
            })
            .collect();
        let something_else = libm::exp(self.chance.normal(0.2, 0.5));
        let total: f64 = something_else + alike.iter().map(|(_, weight)| weight).sum::<f64>();
        let mut candidates: Vec<Candidate> = alike
            .into_iter()
            .map(|(gtin, weight)| Candidate { gtin, p: (weight / total * 1000.0).floor() / 1000.0 })
            .filter(|candidate| candidate.p >= 0.03)
            .collect();
        candidates.sort_by(|a, b| b.p.total_cmp(&a.p).then_with(|| a.gtin.cmp(&b.gtin)));
        candidates.truncate(4);
        candidates
    }

    /// The lanes' light beams: blocked while a body stands in one.
    pub(crate) fn beams(&mut self, now_us: i64, plan: &Plan, people: &[(u32, P2)], out: &mut Vec<Told>) {
        for (lane, state) in plan.lanes.iter().zip(&mut self.beams) {
            let lines = [
                (LaneLine::Entry, lane.area.low.y, &mut state.0),
                (LaneLine::Exit, lane.area.high.y, &mut state.1),
            ];
            for (line, y, blocked_before) in lines {
                let blocked = people.iter().any(|(_, at)| {
                    (at.y - y).abs() < 0.2 && at.x > lane.area.low.x - 0.1 && at.x < lane.area.high.x + 0.1
                });
                if blocked != *blocked_before {
                    *blocked_before = blocked;
                    let received_us = now_us + (self.chance.between(0.004, 0.02) * 1e6) as i64;
                    let what = Beam { lane: lane.id.as_str().into(), line, blocked };
                    out.push(Told { at_us: now_us, received_us, what: what.into() });
                }
            }
        }
    }
}

fn rounded(value: f64, per_unit: f64) -> f64 {
    (value * per_unit).round() / per_unit
}
