//! The air between antennas and tags: what a link gives at an instant, from the room's reflections (`rays`), the antennas
//! (`aerial`), the tags and their goods (`tag`), people (`body`) and the band (`region`); and what a reader makes of it
//! (`report`). Knows no protocol.

mod aerial;
mod body;
mod crowd;
mod rays;
mod region;
mod report;
mod slab;
mod tag;

pub(crate) use aerial::{Aerial, Polarisation};
pub(crate) use body::Body;
pub use region::Region;
pub(crate) use report::{Report, report};
pub(crate) use slab::{Material, Slab};
pub(crate) use tag::{Goods, Tag, carry_loss_db};

use crate::gen2::interference::Carriers;
use crate::plan::Walls;
use crate::space::{P2, Rect};
use crowd::{Crowd, Resting};
use rays::Room;

/// What all reflections together add to the straight way at most, and how far below the beam's middle they stay, dB.
const GATHERED_DB: f64 = 7.0;
const OFF_BEAM_DB: f64 = 12.0;
/// Below what the tag needs by this much, no tag has ever been woken, dB.
const HOPELESS_DB: f64 = 4.0;

/// Version of the physics; a change of any figure here or in `gen2` changes it.
pub const PHYSICS: &str = "2026-11.4";

/// Amplitude that a rack of metal and cloth throws back, against a mirror.
const RACK_REFLECTION: f64 = 0.45;
/// What an antenna on a cart may read, with a watt at most, is no farther than this, metres.
const ROLLING_M: f64 = 6.0;
/// Where the link is this much below what the tag needs, it is not looked at until something moves, dB.
const OUT_OF_REACH_DB: f64 = 10.0;

fn amplitude(db: f64) -> f64 {
    libm::exp10(db / 20.0)
}

fn decibels(amplitude: f64) -> f64 {
    20.0 * libm::log10(amplitude.max(1e-9))
}

/// What a link gives at an instant.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Signal {
    /// Power at the chip over what it needs, dB.
    pub(crate) margin_db: f64,
    /// True received power at the reader, dBm.
    pub(crate) rssi_dbm: f64,
    /// True phase of the answer, radians, not wrapped.
    pub(crate) phase: f64,
    /// Whether the reader has this antenna alone.
    pub(crate) alone: bool,
}

/// The channel of a tag at rest.
#[derive(Clone, Debug)]
struct RestingChannel {
    /// By place in the frequency plan: straight, and around.
    by_channel: Box<[[(f32, f32); 2]]>,
    /// Amplitude that walls leave of the straight way.
    open: f64,
}

/// A link of a resting tag to one antenna.
#[derive(Clone, Debug)]
enum Link {
    Unknown,
    OutOfReach,
    Resting(RestingChannel),
}

/// Every aerial and tag of the store.
#[derive(Clone, Debug)]
pub(crate) struct Air {
    pub(crate) aerials: Vec<Aerial>,
    pub(crate) tags: Vec<Tag>,
    pub(crate) bodies: Vec<Body>,
    /// Baskets of carts that carry antennas: what lies in one is read from inside it without a loss.
    pub(crate) baskets: Vec<Body>,
    /// What readers send on, and how they hear each other.
    pub(crate) carriers: Carriers,
    /// Walls and racks, which throw waves back and stand in their way.
    room: Room,
    region: Region,
    /// Where tags rest, for what they do to one another.
    rows: Resting,
    /// Resting tags within reach, by aerial; made anew after something was placed.
    resting: Vec<Vec<usize>>,
    moving: Vec<usize>,
    stale: bool,
}

impl Air {
    pub(crate) fn new(aerials: Vec<Aerial>) -> Self {
        Air {
            carriers: Carriers::new(&aerials),
            aerials,
            tags: Vec::new(),
            bodies: Vec::new(),
            room: Room::default(),
            baskets: Vec::new(),
            region: Region::Fcc,
            rows: Resting::default(),
            resting: Vec::new(),
            moving: Vec::new(),
            stale: true,
        }
    }

    /// The region whose channels the readers use: one for a whole shop.
    pub(crate) fn in_region(&mut self, region: Region) {
        self.region = region;
        self.stale = true;
    }

    /// Sets walls, and racks and tables among them: upright boxes of goods that throw waves back, `(area, height)` in metres.
    pub(crate) fn stands_among(&mut self, walls: &Walls, racks: impl Iterator<Item = (Rect, f64)>) {
        self.room = Room::new(walls.clone(), racks, RACK_REFLECTION);
        for aerial in &mut self.aerials {
            let from = aerial.plan.at.floor();
            for scatterer in &mut aerial.scatterers {
                scatterer.lit = self.room.leaves(from, scatterer.at.floor(), None);
            }
        }
        let places: Vec<P2> = self.aerials.iter().map(|aerial| aerial.plan.at.floor()).collect();
        let place = |n: usize| places.get(n).copied().unwrap_or_default();
        self.carriers = Carriers::new(&self.aerials);
        self.carriers.lose(|from, to| walls.loss_db(place(from), place(to)));
        self.stale = true;
    }

    /// To be called when a tag was put down, taken up or removed.
    pub(crate) fn placed(&mut self, tag: usize) {
        if let Some(tag) = self.tags.get_mut(tag) {
            tag.links.iter_mut().for_each(|link| *link = Link::Unknown);
        }
        self.stale = true;
    }

    /// Tags that the aerial may wake, resting ones first, into `out`, which is emptied before.
    pub(crate) fn within_reach(&mut self, aerial: usize, out: &mut Vec<usize>) {
        if self.stale {
            self.refresh();
        }
        out.clear();
        if let Some(roller) = self.aerials.get(aerial).filter(|aerial| aerial.mobile) {
            let here = roller.plan.at.floor();
            let near = |tag: &Tag| {
                let away = tag.at.floor().minus(here);
                tag.there && tag.owner.is_none() && away.x.abs() < ROLLING_M && away.y.abs() < ROLLING_M
            };
            out.extend((0..self.tags.len()).filter(|&at| self.tags.get(at).is_some_and(near)));
            out.extend_from_slice(&self.moving);
            return;
        }
        out.extend_from_slice(self.resting.get(aerial).map_or(&[][..], Vec::as_slice));
        out.extend_from_slice(&self.moving);
    }

    /// Whether an aerial has no hope of waking a tag where it is: by distance, beam and floors alone, for
    /// what walls hide may still be reached around them.
    pub(crate) fn out_of_reach(&self, aerial_at: usize, tag_at: usize) -> bool {
        let (Some(aerial), Some(tag)) = (self.aerials.get(aerial_at), self.tags.get(tag_at)) else {
            return true;
        };
        let away = tag.at.minus(aerial.plan.at);
        let floors_db = self.room.floors_db(aerial.plan.at.floor(), tag.at.floor());
        let sent_dbm = aerial.plan.power_dbm + rays::TAG_DB - aerial.cable_db + GATHERED_DB + HOPELESS_DB;
        let spare_db = sent_dbm - tag.around_db() - floors_db - tag.sensitivity_dbm;
        let wave_m = rays::LIGHT_M_PER_S / f64::from(self.region.frequency_khz(0)) / 1000.0;
        // Off the beam's middle a reflection may still come by it.
        let by_others = amplitude(aerial.plan.gain_dbi - OFF_BEAM_DB);
        let gain = aerial.gain(away).max(by_others);
        let farthest_m = amplitude(spare_db) * gain * wave_m / (4.0 * std::f64::consts::PI);
        away.dot(away) > farthest_m * farthest_m
    }

    /// Neighbours who have come or gone are felt by those who rest beside them.
    fn crowds(&mut self) {
        let rests = |tag: &Tag| (tag.there && tag.owner.is_none()).then_some(tag.at);
        for n in self.rows.look(self.tags.iter().map(rests)) {
            let Some(tag) = self.tags.get(n) else { continue };
            let others = self.rows.beside(n, tag.at).filter_map(|other| self.tags.get(other));
            let crowd = Crowd::around((tag.at, tag.axis), others.map(|other| (other.at, other.axis)));
            if let Some(tag) = self.tags.get_mut(n)
                && tag.crowd != crowd
            {
                tag.crowd = crowd;
                tag.links.iter_mut().for_each(|link| *link = Link::Unknown);
            }
        }
    }

    fn refresh(&mut self) {
        self.stale = false;
        self.crowds();
        self.moving = (0..self.tags.len())
            .filter(|&at| self.tags.get(at).is_some_and(|tag| tag.there && tag.owner.is_some()))
            .collect();
        self.resting = vec![Vec::new(); self.aerials.len()];
        for (tag_at, tag) in self.tags.iter_mut().enumerate() {
            if !tag.there || tag.owner.is_some() {
                continue;
            }
            let (at, axis, around_db, needs) = (tag.at, tag.axis, tag.around_db(), tag.sensitivity_dbm);
            for ((aerial, link), reached) in self.aerials.iter().zip(&mut tag.links).zip(&mut self.resting) {
                if aerial.mobile {
                    continue;
                }
                if matches!(link, Link::Unknown) {
                    let rays = rays::rays(aerial, &self.room, at, axis);
                    *link = resting_link(aerial, &rays, self.region, around_db, needs);
                }
                if matches!(link, Link::Resting(_)) {
                    reached.push(tag_at);
                }
            }
        }
    }

    /// The link of an aerial and a tag on place `channel` of the frequency plan, `ahead_s` after positions were set.
    pub(crate) fn signal(
        &self,
        aerial_at: usize,
        tag_at: usize,
        channel: usize,
        ahead_s: f64,
    ) -> Option<Signal> {
        let (aerial, tag) = (self.aerials.get(aerial_at)?, self.tags.get(tag_at)?);
        let hz = f64::from(self.region.frequency_khz(channel)) * 1000.0;
        // Who rolls along sees the rest go the other way.
        let at = tag.at.plus(tag.velocity.minus(aerial.velocity).times(ahead_s).up(0.0));
        let resting = match tag.links.get(aerial_at) {
            Some(Link::Resting(link)) if tag.owner.is_none() => {
                Some((*link.by_channel.get(channel)?, link.open))
            }
            _ => None,
        };
        // What is at rest was summed with its losses; what moves, or is thrown by those who move, is summed without.
        let lost = amplitude(-tag.around_db());
        let ([straight, mut around], open) = match resting {
            Some((ways, open)) => (ways.map(|(re, im)| (f64::from(re), f64::from(im))), open),
            None => {
                let rays = rays::rays(aerial, &self.room, at, tag.axis);
                (rays.sums(hz).map(|way| rays::times(way, lost)), rays.straight)
            }
        };
        let mut shadow_db = 0.0;
        let place_of = |body: &Body| body.at.plus(body.velocity.minus(aerial.velocity).times(ahead_s));
        for basket in &self.baskets {
            let place = place_of(basket);
            if !(basket.encloses(place, aerial.plan.at) && basket.encloses(place, at)) {
                shadow_db += basket.shadow(place, aerial.plan.at, at);
            }
        }
        for body in &self.bodies {
            let place = place_of(body);
            shadow_db += body.shadow(place, aerial.plan.at, at);
            if let Some(ray) = body.scattered(place, aerial, at, tag.axis) {
                // A body that counts is near one end: what walls take of the straight way, they take of this one.
                around = rays::plus(around, rays::times(ray.at(hz), lost * open));
            }
        }
        // Who stands in the way takes from the straight way; a room full of things leads around.
        let left = if shadow_db > 0.0 { amplitude(-shadow_db) } else { 1.0 };
        let (re, im) = rays::plus(rays::times(straight, left), around);
        let power = (re * re + im * im) * tag.tuning(hz);
        let way_db = 10.0 * libm::log10(power.max(1e-18)) - aerial.cable_db;
        Some(Signal {
            margin_db: aerial.plan.power_dbm + way_db - tag.sensitivity_dbm,
            rssi_dbm: aerial.plan.power_dbm + 2.0 * way_db - tag.answer_loss_db(),
            // The phase grows with the way, and linearly with frequency: path and cable, there and back.
            phase: -2.0 * libm::atan2(im, re) + aerial.cable_phase(hz) + tag.phase,
            alone: aerial.alone,
        })
    }
}

fn resting_link(aerial: &Aerial, rays: &rays::Rays, region: Region, loss_db: f64, needs_dbm: f64) -> Link {
    let most_dbm = aerial.plan.power_dbm + decibels(rays.most()) - loss_db - aerial.cable_db;
    if most_dbm - needs_dbm < -OUT_OF_REACH_DB {
        return Link::OutOfReach;
    }
    let factor = amplitude(-loss_db);
    let by_channel = (0..region.channels()).map(|channel| {
        let ways = rays.sums(f64::from(region.frequency_khz(channel)) * 1000.0);
        ways.map(|(re, im)| ((re * factor) as f32, (im * factor) as f32))
    });
    Link::Resting(RestingChannel { by_channel: by_channel.collect(), open: rays.straight })
}

#[cfg(test)]
mod tests;
