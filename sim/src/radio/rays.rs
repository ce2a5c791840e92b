//! The ways that a wave takes between an antenna and a tag: straight, by the floor, by walls and shelves (mirror images),
//! by things about; and their sum at a frequency. So fading is one picture in space and frequency, and the phase belongs to it.

use std::f64::consts::{PI, TAU};

use super::aerial::{Aerial, SCATTERERS};
use super::amplitude;
use crate::plan::Walls;
use crate::radio::Slab;
use crate::space::{P2, P3, Rect};

pub(super) const LIGHT_M_PER_S: f64 = 299_792_458.0;
/// Reflection of a floor of concrete, amplitude: straight down, and how much more of it at grazing angles (Fresnel).
const FLOOR_STEEP: f64 = -0.48;
const FLOOR_GRAZING: f64 = -0.30;
/// Below about this distance an antenna's near field flattens the growth of the signal, metres.
const NEAR_M: f64 = 0.55;
/// Walls end at the ceiling, metres.
const CEILING_M: f64 = 3.0;
/// Mirrors that count for one tag: those with the shortest ways.
const MIRRORS: usize = 3;
/// A tag on goods has no perfect null: this much of its best amplitude is left along its axis.
const LEAST_COUPLING: f64 = 0.2;
/// Nor has it a perfect null end-on: the turns of a label's line answer across its length too, this much of its best.
const END_ON: f64 = 0.4;
/// What stands for many things about has no one direction of its field: this much is left to a tag turned away from it.
const LEAST_SCATTERED: f64 = 0.45;
/// Half-wave dipole (2.15 dBi) in a circular field (half of the power), dB.
pub(super) const TAG_DB: f64 = 2.15 - 3.0;

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
    /// Amplitude that walls leave of the straight way.
    pub(super) straight: f64,
}

/// An upright plane that throws waves back: a wall, a side of a rack.
#[derive(Clone, Debug)]
pub(super) struct Surface {
    from: P2,
    /// Along it and off it, unit vectors.
    along: P2,
    off: P2,
    length_m: f64,
    top_m: f64,
    back: Back,
}

/// How a surface throws back.
#[derive(Clone, Debug)]
enum Back {
    /// So much of the amplitude, against a mirror.
    Evenly(f64),
    /// As a wall does, which is one of the room's: by angle and polarisation.
    Wall(usize, Box<Slab>),
}

/// A tag as an antenna sees it in a surface.
#[derive(Clone, Copy)]
struct Image {
    surface: usize,
    at: P3,
    axis: P3,
    /// Where on the surface.
    by: P2,
    /// Of the way's angle off the surface's normal.
    cosine: f64,
    length_m: f64,
}

/// What throws waves back in a room, and what stands in their way.
#[derive(Clone, Debug, Default)]
pub(super) struct Room {
    surfaces: Vec<Surface>,
    walls: Walls,
}

impl Room {
    /// Walls, with racks and tables among them: upright boxes of goods, `(area, height)` in metres, each of which throws
    /// back `rack` of the amplitude.
    pub(super) fn new(walls: Walls, racks: impl Iterator<Item = (Rect, f64)>, rack: f64) -> Room {
        let mut surfaces: Vec<Surface> =
            racks.flat_map(|(area, top)| Surface::sides(area, top, rack)).collect();
        let slabs = walls.all().iter().enumerate();
        surfaces.extend(slabs.filter_map(|(n, wall)| {
            Surface::new(wall.from, wall.to, CEILING_M, Back::Wall(n, Box::new(wall.slab.clone())))
        }));
        Room { surfaces, walls }
    }

    /// Amplitude that walls leave of a way on the floor plan; not the wall that it was thrown back by.
    pub(super) fn leaves(&self, a: P2, b: P2, but: Option<usize>) -> f64 {
        if self.walls.all().is_empty() { 1.0 } else { left(self.walls.through_db(a, b, but)) }
    }

    /// What floors take between two points, dB one way.
    pub(super) fn floors_db(&self, a: P2, b: P2) -> f64 {
        self.walls.floors_db(a, b)
    }
}

/// Of the amplitude.
fn left(db: f64) -> f64 {
    if db > 0.0 { amplitude(-db) } else { 1.0 }
}

impl Surface {
    fn new(from: P2, to: P2, top_m: f64, back: Back) -> Option<Surface> {
        let length_m = from.to(to);
        let along = to.minus(from).times(1.0 / length_m.max(1e-6));
        let off = P2::new(-along.y, along.x);
        (length_m > 0.01).then_some(Surface { from, along, off, length_m, top_m, back })
    }

    /// The four sides of an upright box.
    fn sides(area: Rect, top_m: f64, reflection: f64) -> impl Iterator<Item = Surface> {
        let Rect { low, high } = area;
        let corners = [low, P2::new(high.x, low.y), high, P2::new(low.x, high.y), low];
        let ends = corners.into_iter().zip(corners.into_iter().skip(1));
        ends.filter_map(move |(a, b)| Surface::new(a, b, top_m, Back::Evenly(reflection)))
    }

    /// The mirror image of a tag, if the antenna sees it in this surface.
    fn image(&self, surface: usize, from: P3, tag: P3, axis: P3) -> Option<Image> {
        let side = |p: P3| (p.x - self.from.x) * self.off.x + (p.y - self.from.y) * self.off.y;
        let (near, far) = (side(from), side(tag));
        if near * far <= 0.0 {
            return None;
        }
        let share = near / (near + far);
        let by = from.plus(tag.minus(from).times(share));
        let along = (by.x - self.from.x) * self.along.x + (by.y - self.from.y) * self.along.y;
        if along < 0.0 || along > self.length_m || by.z > self.top_m {
            return None;
        }
        let across = axis.x * self.off.x + axis.y * self.off.y;
        let at = tag.plus(self.off.times(-2.0 * far).up(0.0));
        let length_m = at.minus(from).length();
        Some(Image {
            surface,
            at,
            axis: axis.plus(self.off.times(-2.0 * across).up(0.0)),
            by: by.floor(),
            cosine: (near + far).abs() / length_m.max(1e-6),
            length_m,
        })
    }

    /// The axis of an image as the surface throws back its two polarisations, seen along `way`, and the amplitude of that.
    fn thrown_back(&self, image: &Image, way: P3) -> (P3, f64) {
        let slab = match &self.back {
            Back::Evenly(share) => return (image.axis, -share),
            Back::Wall(_, slab) => slab,
        };
        let (along, across) = slab.back(image.cosine);
        let te = self.off.up(0.0).cross(way);
        let square = te.dot(te);
        if square < 1e-9 {
            return (image.axis, -along);
        }
        // The part along the wall, and the rest, which lies in the plane of the way.
        let first = te.times(te.dot(image.axis) / square);
        let turned = first.times(along).plus(image.axis.minus(first).times(across));
        let size = turned.length();
        (turned.times(1.0 / size.max(1e-6)), -size)
    }

    fn wall(&self) -> Option<usize> {
        match self.back {
            Back::Evenly(_) => None,
            Back::Wall(n, _) => Some(n),
        }
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
pub(super) fn rays(aerial: &Aerial, room: &Room, at: P3, axis: P3) -> Rays {
    let from = aerial.plan.at;
    let (here, there) = (from.floor(), at.floor());
    // What floors take, they take from every way.
    let floors = left(room.floors_db(here, there));
    let straight = floors * room.leaves(here, there, None);
    let mut out = Rays { rays: [Ray::default(); MOST], count: 0, straight };
    let tag = amplitude(TAG_DB);
    let seen = |place: P3, axis: P3, left: f64| -> Ray {
        let way = place.minus(from);
        let (re, im) = coupling(aerial, way, axis);
        let size = left * tag * aerial.gain(way);
        Ray { strength: (size * re, size * im), length_m: way.length() }
    };
    out.push(seen(at, axis, straight));
    let below = P3::new(at.x, at.y, -at.z);
    let steep = (from.z + at.z).abs() / below.minus(from).length().max(0.05);
    let floor = FLOOR_STEEP + FLOOR_GRAZING * (1.0 - steep) * (1.0 - steep);
    out.push(seen(below, P3::new(axis.x, axis.y, -axis.z), straight * floor));
    let mut mirrored: [Option<Image>; MIRRORS] = [None; MIRRORS];
    for (n, surface) in room.surfaces.iter().enumerate() {
        let Some(image) = surface.image(n, from, at, axis) else { continue };
        let length = |seen: &Option<Image>| seen.map_or(f64::INFINITY, |image| image.length_m);
        let longest = mirrored.iter_mut().max_by(|a, b| length(a).total_cmp(&length(b)));
        if let Some(longest) = longest.filter(|seen| length(seen) > image.length_m) {
            *longest = Some(image);
        }
    }
    for image in mirrored.into_iter().flatten() {
        let Some(surface) = room.surfaces.get(image.surface) else { continue };
        let wall = surface.wall();
        if wall.is_some() && room.walls.open(image.by) {
            continue;
        }
        let left = room.leaves(here, image.by, wall) * room.leaves(image.by, there, wall);
        let (turned, size) = surface.thrown_back(&image, image.at.minus(from));
        out.push(seen(image.at, turned, floors * left * size));
    }
    for scatterer in &aerial.scatterers {
        let back = at.minus(scatterer.at);
        let length_m = back.length();
        let way = back.times(1.0 / length_m.max(0.05));
        let across = axis.dot(scatterer.field) - scatterer.field.dot(way) * axis.dot(way);
        let left = floors * scatterer.lit * room.leaves(scatterer.at.floor(), there, None);
        let size = left * tag * if across.abs() < LEAST_SCATTERED { LEAST_SCATTERED } else { across };
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
        let ends = (P2::new(2.0, -1.0), P2::new(2.0, 1.0));
        let wall = Surface::new(ends.0, ends.1, 2.5, Back::Evenly(0.4)).expect("a wall of two metres");
        let (from, axis) = (P3::new(0.0, 0.0, 1.0), P3::new(1.0, 0.0, 0.0));
        let image = wall.image(0, from, P3::new(1.0, 0.5, 1.0), axis).expect("seen");
        assert_eq!((image.at.x, image.at.y, image.axis.x), (3.0, 0.5, -1.0));
        assert!(wall.image(0, from, P3::new(1.0, 5.0, 1.0), axis).is_none(), "past its end");
        assert!(wall.image(0, from, P3::new(3.0, 0.0, 1.0), axis).is_none(), "behind it");
    }
}
