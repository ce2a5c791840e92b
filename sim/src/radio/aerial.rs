//! An antenna on a wall or ceiling: beam, polarisation, cable, and what of the room it lights. Knows no tag.

use std::f64::consts::{PI, SQRT_2, TAU};

use super::{amplitude, decibels, rays};
use crate::chance::Chance;
use crate::plan::{Antenna, Feed};
use crate::space::{P2, P3};

/// Things that scatter around an antenna, beyond floor and walls.
pub(super) const SCATTERERS: usize = 6;
/// Steps of the beam's table over the cosine off boresight.
const BEAM_STEPS: usize = 128;
/// Side and back of a patch against its peak, dB.
const BACK_DB: f64 = 20.0;
/// Cable, dB a metre at 915 MHz (RG-58 has 0.5, LMR-240 0.25), and connectors.
const CABLE_DB_PER_M: f64 = 0.25;
const CONNECTORS_DB: f64 = 0.4;
/// Wave in the cable against wave in the air (solid polyethylene: 0.66; foam: 0.84).
const CABLE_SLOWNESS: f64 = 1.4;

/// How the wave of an antenna turns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Polarisation {
    Left,
    Right,
    /// Along the antenna's upright edge; under a ceiling that edge lies along y.
    Linear,
    /// Across its upright edge.
    LinearLevel,
}

impl Polarisation {
    /// Their names in a shop's file.
    pub(crate) const NAMES: [(&'static str, Polarisation); 4] = [
        ("circular-left", Polarisation::Left),
        ("circular-right", Polarisation::Right),
        ("linear-vertical", Polarisation::Linear),
        ("linear-horizontal", Polarisation::LinearLevel),
    ];
}

/// A thing in the room that sends on what reaches it, with its wave turned its own way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scatterer {
    pub(super) at: P3,
    /// Direction of the field that it sends on.
    pub(super) field: P3,
    /// Amplitude and phase up to there, without wavelength and distance.
    pub(super) strength: (f64, f64),
    pub(super) length_m: f64,
    /// Share of the amplitude that walls on the way there leave.
    pub(super) lit: f64,
}

/// An antenna with the reflections of the room that it lights.
#[derive(Clone, Debug)]
pub(crate) struct Aerial {
    pub(crate) plan: Antenna,
    /// It hangs on something that rolls: no way to it lasts.
    pub(crate) mobile: bool,
    /// With what rolls, m/s.
    pub(crate) velocity: P2,
    /// Its reader has no other antenna to turn to.
    pub(crate) alone: bool,
    /// Along and across its plate: the two directions of its field.
    pub(super) upright: P3,
    pub(super) level: P3,
    /// Amplitudes of the two fields; the second a quarter turn behind or ahead.
    pub(super) fields: (f64, f64),
    beam: Vec<f64>,
    how: Polarisation,
    axial_ratio_db: f64,
    pub(super) scatterers: Vec<Scatterer>,
    cable_m: f64,
    /// Loss of cable and connectors, dB one way.
    pub(super) cable_db: f64,
}

impl Aerial {
    /// An antenna whose gain tells its model: 5.5 dBic patches are about 100° wide, those of 9 dBic 70° (Laird S9025P, S9028P).
    pub(crate) fn new(plan: Antenna, chance: &mut Chance) -> Self {
        let up = if plan.facing.z.abs() > 0.9 { P3::new(0.0, 1.0, 0.0) } else { P3::new(0.0, 0.0, 1.0) };
        let upright = up.minus(plan.facing.times(up.dot(plan.facing)));
        let upright = upright.times(1.0 / upright.length().max(1e-6));
        let level = plan.facing.cross(upright);
        let width_deg = (100.0 - 8.6 * (plan.gain_dbi - 5.5)).clamp(40.0, 120.0);
        let beam = (0..=BEAM_STEPS).map(|n| {
            let off = libm::acos(1.0 - 2.0 * n as f64 / BEAM_STEPS as f64) * 180.0 / PI;
            amplitude(plan.gain_dbi - (12.0 * (off / width_deg) * (off / width_deg)).min(BACK_DB))
        });
        let cable_m = chance.between(6.0, 8.0);
        let mut aerial = Aerial {
            mobile: false,
            velocity: P2::default(),
            alone: false,
            upright,
            level,
            fields: (1.0, 0.0),
            beam: beam.collect(),
            how: Polarisation::Linear,
            axial_ratio_db: 0.0,
            scatterers: Vec::new(),
            cable_m,
            cable_db: CONNECTORS_DB + CABLE_DB_PER_M * cable_m,
            plan,
        };
        // Fitters take what is at hand: both turns are found in one room.
        let turn = if chance.happens(0.5) { Polarisation::Left } else { Polarisation::Right };
        aerial.polarise(turn, chance.between(0.5, 2.5));
        for _ in 0..SCATTERERS {
            let away = chance.direction().times(chance.between(2.0, 7.0));
            let origin = aerial.plan.at;
            let at = P3::new(origin.x + away.x, origin.y + away.y, chance.between(0.1, 2.8));
            let scatterer = aerial.lights(at, chance);
            aerial.scatterers.push(scatterer);
        }
        aerial
    }

    /// A thing at that place as this antenna lights it.
    fn lights(&self, at: P3, chance: &mut Chance) -> Scatterer {
        let there = at.minus(self.plan.at);
        let (field, caught) = (chance.direction(), chance.direction());
        let (re, im) = rays::coupling(self, there, caught);
        let size = chance.between(0.3, 1.0) * self.gain(there);
        let (sin, cos) = libm::sincos(chance.between(0.0, TAU));
        let strength = (size * (re * cos - im * sin), size * (re * sin + im * cos));
        Scatterer { at, field, strength, length_m: there.length(), lit: 1.0 }
    }

    /// An antenna on a cart, in the cart's own frame: what throws waves about is the basket's wire.
    pub(crate) fn in_basket(plan: Antenna, chance: &mut Chance) -> Self {
        let mut aerial = Aerial::new(plan, chance);
        aerial.mobile = true;
        aerial.scatterers.clear();
        for n in 0..SCATTERERS {
            // Left and right, before and behind, in turn.
            let side = if n % 2 == 0 { 1.0 } else { -1.0 };
            let along = chance.between(-0.3, 0.3);
            let (x, y) = if n % 4 < 2 { (0.27 * side, along) } else { (along * 0.9, 0.35 * side) };
            let scatterer = aerial.lights(P3::new(x, y, chance.between(0.55, 1.0)), chance);
            aerial.scatterers.push(scatterer);
        }
        aerial.cable_m = chance.between(0.3, 0.8);
        aerial.cable_db = CONNECTORS_DB + CABLE_DB_PER_M * aerial.cable_m;
        aerial
    }

    /// The same antenna where its cart is now: the middle of its frame, and sine and cosine of the way it faces.
    pub(crate) fn rolled(&self, to: P2, (sin, cos): (f64, f64), velocity: P2) -> Aerial {
        let turned = |v: P3| v.turned(sin, cos);
        let moved = |p: P3| p.turned(sin, cos).plus(to.up(0.0));
        let mut aerial = self.clone();
        (aerial.plan.at, aerial.plan.facing) = (moved(self.plan.at), turned(self.plan.facing));
        (aerial.upright, aerial.level) = (turned(self.upright), turned(self.level));
        aerial.velocity = velocity;
        for scatterer in &mut aerial.scatterers {
            (scatterer.at, scatterer.field) = (moved(scatterer.at), turned(scatterer.field));
        }
        aerial
    }

    /// Puts the antenna on the reader itself, as in a hand: no cable, and no other antenna to turn to.
    pub(crate) fn hold_in_hand(&mut self) {
        (self.alone, self.cable_m, self.cable_db) = (true, 0.1, 0.0);
    }

    /// Makes and wires it as a shop's file says, and leaves what that does not say. The things around it stay as they were
    /// lit before: they are drawn, not drawn from life.
    pub(crate) fn feed(&mut self, feed: &Feed) {
        let ratio_db = feed.axial_ratio_db.unwrap_or(self.axial_ratio_db);
        self.polarise(feed.polarisation.unwrap_or(self.how), ratio_db);
        if let Some(cable_m) = feed.cable_m {
            (self.cable_m, self.cable_db) = (cable_m, CONNECTORS_DB + CABLE_DB_PER_M * cable_m);
        }
    }

    /// Sets how the wave turns; the axial ratio in dB counts for the turning ones.
    pub(crate) fn polarise(&mut self, how: Polarisation, axial_ratio_db: f64) {
        (self.how, self.axial_ratio_db) = (how, axial_ratio_db);
        let short = amplitude(-axial_ratio_db);
        let whole = ((1.0 + short * short) / 2.0).sqrt();
        self.fields = match how {
            Polarisation::Left => (1.0 / whole, short / whole),
            Polarisation::Right => (1.0 / whole, -short / whole),
            Polarisation::Linear => (SQRT_2, 0.0),
            Polarisation::LinearLevel => (0.0, SQRT_2),
        };
    }

    /// Gain towards a point, amplitude.
    pub(super) fn gain(&self, towards: P3) -> f64 {
        let cosine = self.plan.facing.dot(towards) / towards.length().max(0.05);
        let place = (1.0 - cosine.clamp(-1.0, 1.0)) / 2.0 * BEAM_STEPS as f64;
        let step = place as usize;
        let (Some(low), Some(high)) = (self.beam.get(step), self.beam.get((step + 1).min(BEAM_STEPS))) else {
            return 0.0;
        };
        low + (high - low) * (place - step as f64)
    }

    /// Gain towards a point, dBi.
    pub(crate) fn gain_dbi(&self, towards: P3) -> f64 {
        decibels(self.gain(towards))
    }

    /// What the cable adds to the phase, there and back, at a frequency: 0.35 to 0.47 rad per MHz.
    pub(super) fn cable_phase(&self, hz: f64) -> f64 {
        2.0 * TAU * self.cable_m * CABLE_SLOWNESS * hz / rays::LIGHT_M_PER_S
    }
}
