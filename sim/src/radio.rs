//! The air between an antenna and a tag: path loss with the floor's and the shop's reflections (so fading is one
//! picture in space and frequency, and the phase belongs to it), antenna and dipole patterns, bodies in between and
//! beside, losses of goods and stacking; and what a reader reports of it. Knows no protocol.

use std::f64::consts::{PI, TAU};

use crate::chance::Chance;
use crate::gen2::interference::Carriers;
use crate::plan::Antenna;
use crate::space::{P2, P3};
use crate::stock::Carry;

/// Version of the physics; a change of any figure here or in `gen2` changes it.
pub const PHYSICS: &str = "2026-11.2";

/// Channels of the FCC plan, 902.75 to 927.25 MHz.
pub(crate) const CHANNELS: usize = 50;
const LIGHT_M_PER_S: f64 = 299_792_458.0;
const SCATTERERS: usize = 7;
/// Reflection of a shop floor at steep angles, amplitude.
const FLOOR_REFLECTION: f64 = -0.35;
/// Below about this distance an antenna's near field flattens the growth of the signal, metres.
const NEAR_M: f64 = 0.45;
/// Amplitude that a body beside the path scatters, against a mirror in its place.
const BODY_REFLECTION: f64 = 0.35;
/// Loss of one wall, dB, one way.
const WALL_DB: f64 = 10.0;
/// Where the link is this much below what the tag needs, it is not looked at until something moves, dB.
const OUT_OF_REACH_DB: f64 = 10.0;

/// Frequency of place `n` (0 to 49) in the FCC plan, kHz.
pub(crate) fn frequency_khz(n: usize) -> u32 {
    902_750 + 500 * (n.min(CHANNELS - 1) as u32)
}

/// A person as the radio sees one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Body {
    pub(crate) at: P2,
    pub(crate) velocity: P2,
    /// Loss of a path right through the body, dB one way.
    pub(crate) shadow_db: f64,
    /// Of the trunk that shadows, metres.
    pub(crate) radius_m: f64,
    /// Paths above this pass over, metres.
    pub(crate) height_m: f64,
}

/// An antenna with the reflections of the room that it lights.
#[derive(Clone, Debug)]
pub(crate) struct Aerial {
    pub(crate) plan: Antenna,
    scatterers: Vec<(P3, f64, f64)>,
    cable_m: f64,
}

impl Aerial {
    pub(crate) fn new(plan: Antenna, chance: &mut Chance) -> Self {
        let scatterers = (0..SCATTERERS)
            .map(|_| {
                let away = chance.direction().times(chance.between(2.0, 7.0));
                let at = P3::new(plan.at.x + away.x, plan.at.y + away.y, chance.between(0.1, 2.8));
                (at, chance.between(0.08, 0.4), chance.between(0.0, TAU))
            })
            .collect();
        Aerial { plan, scatterers, cable_m: chance.between(3.0, 9.0) }
    }

    /// Gain towards a point, amplitude.
    fn gain(&self, towards: P3) -> f64 {
        amplitude(self.gain_dbi(towards))
    }

    /// Gain towards a point, dBi: a patch of 70° beam width with a floor 22 dB below its peak.
    pub(crate) fn gain_dbi(&self, towards: P3) -> f64 {
        let cosine = (self.plan.facing.dot(towards) / towards.length().max(0.05)).clamp(-1.0, 1.0);
        let off = libm::acos(cosine) * 180.0 / PI;
        self.plan.gain_dbi - (12.0 * (off / 70.0) * (off / 70.0)).min(22.0)
    }
}

fn amplitude(db: f64) -> f64 {
    libm::exp10(db / 20.0)
}

fn decibels(amplitude: f64) -> f64 {
    20.0 * libm::log10(amplitude.max(1e-9))
}

/// A half-wave dipole on goods: sin² with an imperfect null; 3 dB are lost between circular and linear.
fn dipole(axis: P3, along: P3) -> f64 {
    let cosine = axis.dot(along) / along.length().max(0.05);
    let broad = (1.0 - cosine * cosine).max(0.04);
    amplitude(2.15 - 3.0) * broad.sqrt()
}

/// One way that the wave takes: amplitude without wavelength, length, and a phase of its reflection.
#[derive(Clone, Copy, Debug, Default)]
struct Ray {
    strength: f64,
    length_m: f64,
    phase: f64,
}

type Rays = [Ray; SCATTERERS + 2];

fn rays(aerial: &Aerial, at: P3, axis: P3) -> Rays {
    let mut out = [Ray::default(); SCATTERERS + 2];
    let direct = at.minus(aerial.plan.at);
    let mirrored = P3::new(at.x, at.y, -at.z).minus(aerial.plan.at);
    let bounce = P3::new(mirrored.x, mirrored.y, -mirrored.z);
    let first = [
        Ray { strength: aerial.gain(direct) * dipole(axis, direct), length_m: direct.length(), phase: 0.0 },
        Ray {
            strength: FLOOR_REFLECTION * aerial.gain(mirrored) * dipole(axis, bounce),
            length_m: mirrored.length(),
            phase: 0.0,
        },
    ];
    let scattered = aerial.scatterers.iter().map(|&(place, reflection, phase)| {
        let there = place.minus(aerial.plan.at);
        let back = at.minus(place);
        Ray {
            strength: reflection * aerial.gain(there) * dipole(axis, back),
            length_m: there.length() + back.length(),
            phase,
        }
    });
    for (to, ray) in out.iter_mut().zip(first.into_iter().chain(scattered)) {
        *to = ray;
    }
    out
}

/// The rays' sum at a frequency: the one-way channel as a complex amplitude.
fn sum(rays: &[Ray], khz: u32) -> (f64, f64) {
    let wavelength = LIGHT_M_PER_S / (f64::from(khz) * 1000.0);
    rays.iter().fold((0.0, 0.0), |(re, im), ray| {
        // Close by, the far field's formula would promise more than any reader has seen.
        let length_m = (ray.length_m * ray.length_m + NEAR_M * NEAR_M).sqrt();
        let size = ray.strength * wavelength / (4.0 * PI * length_m);
        let (sin, cos) = libm::sincos(ray.phase - TAU * ray.length_m / wavelength);
        (re + size * cos, im + size * sin)
    })
}

/// The channel of a tag at rest, by place in the frequency plan.
type RestingChannel = Box<[(f32, f32)]>;

/// A link of a resting tag to one antenna.
#[derive(Clone, Debug)]
enum Link {
    Unknown,
    OutOfReach,
    Resting(RestingChannel),
}

/// A tag as the radio sees it.
#[derive(Clone, Debug)]
pub(crate) struct Tag {
    /// False while the tag is out of the store for good.
    pub(crate) there: bool,
    pub(crate) at: P3,
    /// Of the dipole now; a unit vector.
    pub(crate) axis: P3,
    /// Of the dipole against the body of who holds it.
    pub(crate) held_axis: P3,
    pub(crate) velocity: P2,
    /// Who carries it.
    pub(crate) owner: Option<u32>,
    /// Goods, neighbours, body, foil: dB one way.
    pub(crate) loss_db: f64,
    sensitivity_dbm: f64,
    modulation_db: f64,
    phase: f64,
    /// Where in the band the tag's antenna is tuned on its goods, MHz, and how sharply.
    tuned_mhz: f64,
    tuned_width_mhz: f64,
    links: Vec<Link>,
    pub(crate) chip: crate::gen2::Chip,
}

impl Tag {
    /// A tag with the spread of real ones: effective sensitivity −16 ± 1.5 dBm, modulation loss 6 to 18 dB.
    pub(crate) fn new(antennas: usize, chance: &mut Chance) -> Self {
        Tag {
            there: true,
            at: P3::default(),
            axis: P3::new(1.0, 0.0, 0.0),
            held_axis: P3::new(1.0, 0.0, 0.0),
            velocity: P2::default(),
            owner: None,
            loss_db: 0.0,
            sensitivity_dbm: chance.normal(-16.0, 1.5),
            modulation_db: chance.normal(8.6, 1.8).clamp(6.0, 18.0),
            phase: chance.between(0.0, TAU),
            tuned_mhz: chance.normal(910.0, 18.0),
            tuned_width_mhz: chance.between(18.0, 50.0),
            links: vec![Link::Unknown; antennas],
            chip: crate::gen2::Chip::draw(chance),
        }
    }
}

impl Tag {
    /// Loss of a tag that is tuned beside the channel, dB one way: the parabola at the top of a resonance, flattening.
    fn detuning_db(&self, khz: u32) -> f64 {
        let off = (f64::from(khz) / 1000.0 - self.tuned_mhz) / self.tuned_width_mhz;
        10.0 * libm::log10(1.0 + off * off)
    }

    /// Makes the chip need this much more than others, dB: a bad bond, a torn antenna.
    pub(crate) fn weaken(&mut self, by_db: f64) {
        self.sensitivity_dbm += by_db;
    }

    /// Sets where the tag is and how it is turned.
    pub(crate) fn place(&mut self, (at, axis): (P3, P3)) {
        (self.at, self.axis) = (at, axis);
    }
}

/// What goods, body, neighbours or foil take from a carried tag, dB one way; `slot` counts the pieces in the hand. None
/// of these has a good public source, hence the wide ranges: worn on the body 3 to 10 dB, hidden between skin and coat
/// the same again with a second layer of body and cloth, on the knees between both (a lap is one side of a body, the
/// other side is free), foil 20 to 40 dB. A rail's tube and hooks and a cart's wire detune what hangs near them and not
/// what hangs between; a carton is air and cloth, packed tight; a tray leaves everything open to the antenna above it.
pub(crate) fn carry_loss_db(carry: Carry, slot: usize, chance: &mut Chance) -> f64 {
    let goods = chance.normal(4.5, 2.5).clamp(0.0, 12.0);
    // Deeper in the pile the neighbours take more.
    let pile = chance.between(0.3, 1.2) * (slot as f64).min(8.0);
    goods
        + pile
        + match carry {
            Carry::Hand => 0.0,
            Carry::Bag => chance.between(0.0, 4.0),
            Carry::Worn => chance.between(3.0, 10.0),
            Carry::Hidden => chance.between(5.0, 16.0),
            Carry::Stacked => chance.between(0.0, 3.0),
            Carry::Lap => chance.between(1.0, 7.0),
            Carry::Rail => chance.between(0.0, 5.0),
            Carry::Carton => chance.between(0.5, 6.0),
            Carry::Cart => chance.between(0.0, 8.0),
            Carry::Tray => chance.between(0.0, 2.0),
            Carry::Foil => chance.between(20.0, 40.0),
        }
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
}

/// Every aerial and tag of the store.
#[derive(Clone, Debug)]
pub(crate) struct Air {
    pub(crate) aerials: Vec<Aerial>,
    pub(crate) tags: Vec<Tag>,
    pub(crate) bodies: Vec<Body>,
    /// What readers send on, and how they hear each other.
    pub(crate) carriers: Carriers,
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
            resting: Vec::new(),
            moving: Vec::new(),
            stale: true,
        }
    }

    /// To be called when a tag was put down, taken up or removed.
    pub(crate) fn placed(&mut self, tag: usize) {
        if let Some(tag) = self.tags.get_mut(tag) {
            tag.links.iter_mut().for_each(|link| *link = Link::Unknown);
        }
        self.stale = true;
    }

    /// Tags that the aerial may wake, resting ones first, into `out`, which is emptied before.
    pub(crate) fn within_reach(
        &mut self,
        aerial: usize,
        walls: impl Fn(P2, P2) -> usize,
        out: &mut Vec<usize>,
    ) {
        if self.stale {
            self.refresh(walls);
        }
        out.clear();
        out.extend_from_slice(self.resting.get(aerial).map_or(&[][..], Vec::as_slice));
        out.extend_from_slice(&self.moving);
    }

    fn refresh(&mut self, walls: impl Fn(P2, P2) -> usize) {
        self.stale = false;
        self.moving = (0..self.tags.len())
            .filter(|&at| self.tags.get(at).is_some_and(|tag| tag.there && tag.owner.is_some()))
            .collect();
        self.resting = vec![Vec::new(); self.aerials.len()];
        for (tag_at, tag) in self.tags.iter_mut().enumerate() {
            if !tag.there || tag.owner.is_some() {
                continue;
            }
            let (at, axis, loss_db, needs) = (tag.at, tag.axis, tag.loss_db, tag.sensitivity_dbm);
            for ((aerial, link), reached) in self.aerials.iter().zip(&mut tag.links).zip(&mut self.resting) {
                if matches!(link, Link::Unknown) {
                    let wall = WALL_DB * walls(aerial.plan.at.floor(), at.floor()) as f64;
                    *link = resting_link(aerial, at, axis, loss_db + wall, needs);
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
        let khz = frequency_khz(channel);
        let at = tag.at.plus(tag.velocity.times(ahead_s).up(0.0));
        let (mut re, mut im) = match tag.links.get(aerial_at) {
            Some(Link::Resting(by_channel)) if tag.owner.is_none() => {
                let &(re, im) = by_channel.get(channel)?;
                (f64::from(re), f64::from(im))
            }
            _ => {
                let (re, im) = sum(&rays(aerial, at, tag.axis), khz);
                let factor = amplitude(-tag.loss_db);
                (re * factor, im * factor)
            }
        };
        let mut shadow_db = 0.0;
        for body in &self.bodies {
            let place = body.at.plus(body.velocity.times(ahead_s));
            shadow_db += shadow(body, place, aerial.plan.at, at);
            if place.to(at.floor()) < 2.0 || place.to(aerial.plan.at.floor()) < 1.0 {
                let chest = place.up(1.2);
                let (there, back) = (chest.minus(aerial.plan.at), at.minus(chest));
                let ray = Ray {
                    strength: BODY_REFLECTION
                        * aerial.gain(there)
                        * dipole(tag.axis, back)
                        * amplitude(-tag.loss_db),
                    length_m: there.length() + back.length(),
                    phase: PI,
                };
                let (more_re, more_im) = sum(&[ray], khz);
                (re, im) = (re + more_re, im + more_im);
            }
        }
        let one_way_db = decibels((re * re + im * im).sqrt()) - shadow_db - tag.detuning_db(khz);
        // The phase grows with the way, and linearly with frequency: path and cable, there and back.
        let cable = 2.0 * TAU * aerial.cable_m * 1.4 * f64::from(khz) * 1000.0 / LIGHT_M_PER_S;
        Some(Signal {
            margin_db: aerial.plan.power_dbm + one_way_db - tag.sensitivity_dbm,
            rssi_dbm: aerial.plan.power_dbm + 2.0 * one_way_db - tag.modulation_db,
            phase: -2.0 * libm::atan2(im, re) + cable + tag.phase,
        })
    }
}

fn resting_link(aerial: &Aerial, at: P3, axis: P3, loss_db: f64, needs_dbm: f64) -> Link {
    let rays = rays(aerial, at, axis);
    let most: f64 = rays.iter().map(|ray| ray.strength.abs() * 0.0263 / ray.length_m.max(0.15)).sum();
    if aerial.plan.power_dbm + decibels(most) - loss_db - needs_dbm < -OUT_OF_REACH_DB {
        return Link::OutOfReach;
    }
    let factor = amplitude(-loss_db);
    let by_channel = (0..CHANNELS).map(|channel| {
        let (re, im) = sum(&rays, frequency_khz(channel));
        ((re * factor) as f32, (im * factor) as f32)
    });
    Link::Resting(by_channel.collect())
}

/// Loss by a body on the straight way, dB; softened at its edge, where the wave bends around.
fn shadow(body: &Body, place: P2, from: P3, to: P3) -> f64 {
    let along = to.minus(from);
    let flat = along.floor();
    let square = flat.x * flat.x + flat.y * flat.y;
    let offset = place.minus(from.floor());
    let share =
        if square > 1e-6 { ((offset.x * flat.x + offset.y * flat.y) / square).clamp(0.0, 1.0) } else { 0.0 };
    let nearest = from.plus(along.times(share));
    let clearance = nearest.floor().to(place);
    if clearance > body.radius_m || nearest.z > body.height_m {
        return 0.0;
    }
    body.shadow_db * ((body.radius_m - clearance) / (0.5 * body.radius_m)).clamp(0.0, 1.0)
}

/// What a reader reports of an answer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Report {
    pub(crate) rssi_dbm: f64,
    pub(crate) phase: f64,
    pub(crate) doppler_hz: f64,
}

/// Noise, flips, outliers and steps of a reader as measured on R420 logs. `speed_m_per_s` is towards the antenna.
pub(crate) fn report(signal: &Signal, speed_m_per_s: f64, chance: &mut Chance) -> Report {
    let over = (signal.rssi_dbm + 60.0).clamp(-25.0, 40.0);
    let noisy = signal.rssi_dbm + chance.normal(0.0, 0.74 * libm::exp10(-0.013 * over));
    let rssi_dbm = (noisy * 2.0).round() / 2.0;
    let flip = match rssi_dbm {
        r if r >= -58.0 => 0.0,
        r if r >= -62.0 => 0.001,
        r if r >= -66.0 => 0.02,
        _ => 0.13,
    };
    let mut phase = signal.phase + chance.normal(0.0, (0.123 * libm::exp10(-0.033 * over)).max(0.012));
    if chance.happens(flip) {
        phase += PI;
    }
    if chance.happens(0.055) {
        phase += chance.between(-PI, PI);
    }
    let steps = (phase / TAU * 4096.0).round().rem_euclid(4096.0);
    let doppler = 8.0 + 6.0 * speed_m_per_s + chance.normal(0.0, 22.0 * libm::exp10(-0.037 * over));
    Report { rssi_dbm, phase: steps * TAU / 4096.0, doppler_hz: (doppler * 16.0).round() / 16.0 }
}
