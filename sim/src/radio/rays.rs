//! The ways that a wave takes between an antenna and a tag: straight, by the floor, by walls and shelves (mirror images),
//! by things about; and their sum at a frequency. So fading is one picture in space and frequency, and the phase belongs to it.

use std::f64::consts::{PI, TAU};

use super::aerial::{Aerial, SCATTERERS};
use super::amplitude;
use crate::space::{P3, Rect};

pub(super) const LIGHT_M_PER_S: f64 = 299_792_458.0;
/// Reflection of a floor of concrete, amplitude: straight down, and how much more of it at grazing angles (Fresnel).
const FLOOR_STEEP: f64 = -0.48;
const FLOOR_GRAZING: f64 = -0.30;
/// Below about this distance an antenna's near field flattens the growth of the signal, metres.
const NEAR_M: f64 = 0.55;
/// Mirrors that count for one tag: those with the shortest ways.
const MIRRORS: usize = 3;
/// A tag on goods has no perfect null: this much of its best amplitude is left along its axis.
const LEAST_COUPLING: f64 = 0.2;
/// Nor has it a perfect null end-on: the turns of a label's line answer across its length too, this much of its best.
const END_ON: f64 = 0.4;
/// What stands for many things about has no one direction of its field: this much is left to a tag turned away from it.
const LEAST_SCATTERED: f64 = 0.45;
/// Half-wave dipole (2.15 dBi) in a circular field (half of the power), dB.
const TAG_DB: f64 = 2.15 - 3.0;

/// One way: amplitude and phase without wavelength and distance, and its length.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Ray {
    pub(super) strength: (f64, f64),
    pub(super) length_m: f64,
}

/// The first ways: straight, and by the floor.
const STRAIGHT: usize = 2;
const MOST: usize = STRAIGHT + SCATTERERS + MIRRORS;

/// All ways to one place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rays {
    rays: [Ray; MOST],
    count: usize,
}

/// An upright plane that throws waves back: a wall, a side of a rack.
#[derive(Clone, Copy, Debug)]
pub(super) struct Surface {
    /// Whether it stands at one x (and runs along y), or the other way round.
    at_x: bool,
    at: f64,
    from: f64,
    to: f64,
    top_m: f64,
    /// Amplitude of what comes back, against a mirror.
    reflection: f64,
}

impl Surface {
    /// The four sides of an upright box.
    pub(super) fn sides(area: Rect, top_m: f64, reflection: f64) -> [Surface; 4] {
        let Rect { low, high } = area;
        let side =
            |at_x: bool, at: f64, from: f64, to: f64| Surface { at_x, at, from, to, top_m, reflection };
        [
            side(true, low.x, low.y, high.y),
            side(true, high.x, low.y, high.y),
            side(false, low.y, low.x, high.x),
            side(false, high.y, low.x, high.x),
        ]
    }

    /// The mirror image of a tag (place and axis), if the antenna sees it in this surface.
    fn image(&self, from: P3, tag: P3, axis: P3) -> Option<(P3, P3)> {
        let (mine, theirs) = if self.at_x { (from.x, tag.x) } else { (from.y, tag.y) };
        let (near, far) = (mine - self.at, theirs - self.at);
        if near * far <= 0.0 {
            return None;
        }
        let share = near / (near + far);
        let (a, b) = if self.at_x { (from.y, tag.y) } else { (from.x, tag.x) };
        let along = a + (b - a) * share;
        let height = from.z + (tag.z - from.z) * share;
        if along < self.from || along > self.to || height > self.top_m {
            return None;
        }
        Some(if self.at_x {
            (P3::new(2.0 * self.at - tag.x, tag.y, tag.z), P3::new(-axis.x, axis.y, axis.z))
        } else {
            (P3::new(tag.x, 2.0 * self.at - tag.y, tag.z), P3::new(axis.x, -axis.y, axis.z))
        })
    }
}

/// How an antenna's two fields meet a dipole in a direction: each field's part across the way, the second turned by a
/// quarter. The sense of the turn shows in the phase of a turned tag, and opposite hands differ there.
pub(super) fn coupling(aerial: &Aerial, towards: P3, axis: P3) -> (f64, f64) {
    let way = towards.times(1.0 / towards.length().max(0.05));
    let (ahead, up, level) = (axis.dot(way), aerial.upright, aerial.level);
    let seen = (1.0 - ahead * ahead).max(1e-6).sqrt();
    let grown = if seen < END_ON { END_ON / seen } else { 1.0 };
    let first = grown * (axis.dot(up) - up.dot(way) * ahead);
    let second = grown * (axis.dot(level) - level.dot(way) * ahead);
    let (re, im) = (aerial.fields.0 * first, aerial.fields.1 * second);
    let square = re * re + im * im;
    if square >= LEAST_COUPLING * LEAST_COUPLING {
        (re, im)
    } else if square < 1e-9 {
        (LEAST_COUPLING, 0.0)
    } else {
        let grown = LEAST_COUPLING / square.sqrt();
        (re * grown, im * grown)
    }
}

/// All ways from an antenna to a tag.
pub(super) fn rays(aerial: &Aerial, surfaces: &[Surface], at: P3, axis: P3) -> Rays {
    let mut out = Rays { rays: [Ray::default(); MOST], count: 0 };
    let from = aerial.plan.at;
    let tag = amplitude(TAG_DB);
    let seen = |place: P3, axis: P3, reflection: f64| -> Ray {
        let way = place.minus(from);
        let (re, im) = coupling(aerial, way, axis);
        let size = reflection * tag * aerial.gain(way);
        Ray { strength: (size * re, size * im), length_m: way.length() }
    };
    out.push(seen(at, axis, 1.0));
    let below = P3::new(at.x, at.y, -at.z);
    let steep = (from.z + at.z).abs() / below.minus(from).length().max(0.05);
    let floor = FLOOR_STEEP + FLOOR_GRAZING * (1.0 - steep) * (1.0 - steep);
    out.push(seen(below, P3::new(axis.x, axis.y, -axis.z), floor));
    let mut mirrored = [Ray { strength: (0.0, 0.0), length_m: f64::INFINITY }; MIRRORS];
    for surface in surfaces {
        let Some((image, turned)) = surface.image(from, at, axis) else { continue };
        let length_m = image.minus(from).length();
        let longest = mirrored.iter_mut().max_by(|a, b| a.length_m.total_cmp(&b.length_m));
        if let Some(longest) = longest.filter(|ray| ray.length_m > length_m) {
            *longest = seen(image, turned, -surface.reflection);
        }
    }
    mirrored.into_iter().filter(|ray| ray.length_m.is_finite()).for_each(|ray| out.push(ray));
    for scatterer in &aerial.scatterers {
        let back = at.minus(scatterer.at);
        let length_m = back.length();
        let way = back.times(1.0 / length_m.max(0.05));
        let across = axis.dot(scatterer.field) - scatterer.field.dot(way) * axis.dot(way);
        let size = tag * if across.abs() < LEAST_SCATTERED { LEAST_SCATTERED } else { across };
        let (re, im) = scatterer.strength;
        out.push(Ray { strength: (size * re, size * im), length_m: scatterer.length_m + length_m });
    }
    out
}

impl Rays {
    fn push(&mut self, ray: Ray) {
        if let Some(place) = self.rays.get_mut(self.count) {
            *place = ray;
            self.count += 1;
        }
    }

    /// The one-way channel at a frequency, as complex amplitudes: of the straight way with that by the floor under it,
    /// which somebody may stand in, and of all other ways, which lead around.
    pub(super) fn sums(&self, hz: f64) -> [(f64, f64); 2] {
        let (straight, around) = self.rays.split_at(STRAIGHT);
        let sum = |rays: &[Ray]| rays.iter().fold((0.0, 0.0), |sum, ray| plus(sum, ray.at(hz)));
        [sum(straight), sum(around.get(..self.count.saturating_sub(STRAIGHT)).unwrap_or_default())]
    }

    /// The most that the ways can add up to at any frequency of the bands.
    pub(super) fn most(&self) -> f64 {
        let size = |ray: &Ray| {
            let (re, im) = ray.strength;
            (re * re + im * im).sqrt() * 0.0276 / ray.length_m.max(0.15)
        };
        self.rays.iter().take(self.count).map(size).sum()
    }
}

impl Ray {
    /// What this way carries at a frequency.
    pub(super) fn at(&self, hz: f64) -> (f64, f64) {
        let wavelength = LIGHT_M_PER_S / hz;
        // Close by, the far field's formula would promise more than any reader has seen.
        let length_m = (self.length_m * self.length_m + NEAR_M * NEAR_M).sqrt();
        let size = wavelength / (4.0 * PI * length_m);
        let (sin, cos) = libm::sincos(-TAU * self.length_m / wavelength);
        let (re, im) = self.strength;
        (size * (re * cos - im * sin), size * (re * sin + im * cos))
    }
}

pub(super) fn times(a: (f64, f64), by: f64) -> (f64, f64) {
    (a.0 * by, a.1 * by)
}

pub(super) fn plus(a: (f64, f64), b: (f64, f64)) -> (f64, f64) {
    (a.0 + b.0, a.1 + b.1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chance::Chance;
    use crate::plan::Antenna;
    use crate::radio::Polarisation;

    fn antenna(how: Polarisation) -> Aerial {
        let (at, facing) = (P3::new(0.0, 0.0, 1.0), P3::new(1.0, 0.0, 0.0));
        let plan = Antenna { port: 1, zone: String::new(), at, facing, gain_dbi: 6.0, power_dbm: 30.0 };
        let mut aerial = Aerial::new(plan, &mut Chance::new(1, 1));
        aerial.polarise(how, 0.0);
        aerial
    }

    fn turned(by: f64) -> P3 {
        let (sin, cos) = libm::sincos(by);
        P3::new(0.0, sin, cos)
    }

    /// In a circular field the level does not feel a turn about the boresight, and the phase goes with it: to one side for
    /// one hand, to the other for the other.
    #[test]
    fn a_turned_tag_shows_in_the_phase_and_the_two_hands_disagree() {
        let phase = |how: Polarisation, by: f64| {
            let (re, im) = coupling(&antenna(how), P3::new(2.0, 0.0, 0.0), turned(by));
            assert!(((re * re + im * im) - 1.0).abs() < 1e-9, "no loss");
            libm::atan2(im, re)
        };
        let (left, right) = (phase(Polarisation::Left, 0.5), phase(Polarisation::Right, 0.5));
        assert!((left + right).abs() < 1e-9 && (left.abs() - 0.5).abs() < 1e-9, "{left} {right}");
    }

    #[test]
    fn a_linear_antenna_loses_a_tag_across_it() {
        let size = |by: f64| {
            let (re, im) = coupling(&antenna(Polarisation::Linear), P3::new(2.0, 0.0, 0.0), turned(by));
            20.0 * libm::log10((re * re + im * im).sqrt())
        };
        assert!((size(0.0) - 3.0).abs() < 0.1, "3 dB more than a circular one gives a tag along its edge");
        assert!(size(0.0) - size(PI / 2.0) > 14.0);
    }

    /// The mirror image in a wall at x = 2 of a tag at x = 1 stands at x = 3; beyond the wall's end there is none.
    #[test]
    fn a_wall_shows_a_tag_in_its_place_or_not_at_all() {
        let wall = Surface { at_x: true, at: 2.0, from: -1.0, to: 1.0, top_m: 2.5, reflection: 0.4 };
        let (from, axis) = (P3::new(0.0, 0.0, 1.0), P3::new(1.0, 0.0, 0.0));
        let (image, turned) = wall.image(from, P3::new(1.0, 0.5, 1.0), axis).expect("seen");
        assert_eq!((image.x, image.y, turned.x), (3.0, 0.5, -1.0));
        assert!(wall.image(from, P3::new(1.0, 5.0, 1.0), axis).is_none(), "past its end");
        assert!(wall.image(from, P3::new(3.0, 0.0, 1.0), axis).is_none(), "behind it");
    }
}
