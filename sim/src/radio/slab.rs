//! What a wall of a known material lets through and throws back at 0.9 GHz, by the angle at which the wave meets it: a
//! plane slab by ITU-R P.2040-3 (§ 2.2.2, materials of its Table 3). Knows no place, no antenna and no tag.

use std::f64::consts::TAU;

/// Middle of the bands, GHz. The recommendation's fits for brick, concrete and plasterboard begin at 1 GHz.
const GHZ: f64 = 0.915;
const WAVELENGTH_M: f64 = 0.299_792_458 / GHZ;
/// Steps of the tables over the cosine off the wall's normal.
const STEPS: usize = 16;
/// Nobody knows a wall to the centimetre, and it has joints: powers are means over so much more and less of its thickness.
const UNEVEN: f64 = 0.2;
const THICKNESSES: usize = 9;
/// Whatever the wall, around its edges this much comes, dB.
const MOST_LOSS_DB: f64 = 40.0;

/// A material of Table 3: permittivity, conductivity in S/m as `c · GHz^d`, and how thick such a wall usually is in a shop.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Material {
    pub(crate) name: &'static str,
    permittivity: f64,
    conductivity: (f64, f64),
    /// Metres: a brick's length; a poured wall; two boards; a shop window; sheet.
    pub(crate) thickness_m: f64,
}

impl Material {
    const fn new(name: &'static str, permittivity: f64, conductivity: (f64, f64), thickness_m: f64) -> Self {
        Material { name, permittivity, conductivity, thickness_m }
    }

    /// Those that a shop's walls are made of.
    pub(crate) const ALL: [Material; 6] = [
        Material::new("brick", 3.91, (0.0238, 0.16), 0.24),
        Material::new("concrete", 5.24, (0.0462, 0.7822), 0.2),
        Material::new("plasterboard", 2.73, (0.0085, 0.9395), 0.025),
        Material::new("wood", 1.99, (0.0047, 1.0718), 0.04),
        Material::new("glass", 6.31, (0.0036, 1.3394), 0.01),
        Material::new("metal", 1.0, (1e7, 0.0), 0.001),
    ];
}

/// A wall of some thickness: amplitudes by the cosine off its normal, from grazing to straight on.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Slab {
    steps: [Step; STEPS + 1],
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Step {
    /// Loss of what goes through, dB, mean of both polarisations.
    through_db: f64,
    /// What comes back against a mirror of metal, with the field along the wall (TE), and with the field in the plane of the
    /// way (TM), which beyond Brewster's angle comes back the other way round.
    back: (f64, f64),
}

impl Slab {
    /// A wall of a material, so thick.
    pub(crate) fn new(material: Material, thickness_m: f64) -> Slab {
        let mut steps = [Step::default(); STEPS + 1];
        for (n, step) in steps.iter_mut().enumerate() {
            *step = at(material, thickness_m, (n as f64 / STEPS as f64).max(0.02));
        }
        Slab { steps }
    }

    /// The same with another loss on the way through, dB, whatever the angle.
    pub(crate) fn losing(mut self, through_db: f64) -> Slab {
        self.steps.iter_mut().for_each(|step| step.through_db = through_db);
        self
    }

    /// Loss of a way through, dB one way, by the cosine off the normal.
    pub(crate) fn through_db(&self, cosine: f64) -> f64 {
        self.between(cosine, |step| step.through_db)
    }

    /// What comes back, as amplitudes against a mirror: of the field along the wall, and of the field in the plane of the way.
    pub(crate) fn back(&self, cosine: f64) -> (f64, f64) {
        (self.between(cosine, |step| step.back.0), self.between(cosine, |step| step.back.1))
    }

    fn between(&self, cosine: f64, part: impl Fn(&Step) -> f64) -> f64 {
        let place = cosine.abs().min(1.0) * STEPS as f64;
        let low = (place as usize).min(STEPS - 1);
        match (self.steps.get(low), self.steps.get(low + 1)) {
            (Some(a), Some(b)) => part(a) + (part(b) - part(a)) * (place - low as f64),
            _ => 0.0,
        }
    }
}

/// A slab's powers at an angle, means over thicknesses around the one that is said.
fn at(material: Material, thickness_m: f64, cosine: f64) -> Step {
    let (c, d) = material.conductivity;
    let eta = Complex(material.permittivity, -17.98 * c * libm::pow(GHZ, d) / GHZ);
    // Along the normal inside, against outside in free space.
    let inside = Complex(eta.0 - (1.0 - cosine * cosine), eta.1).root();
    let along = Complex(cosine, 0.0).minus(inside).over(Complex(cosine, 0.0).plus(inside));
    let steep = Complex(eta.0 * cosine, eta.1 * cosine);
    let across = steep.minus(inside).over(steep.plus(inside));
    let (mut through, mut back) = (0.0, (0.0, 0.0));
    for n in 0..THICKNESSES {
        let off = 2.0 * n as f64 / (THICKNESSES - 1) as f64 - 1.0;
        let q = TAU * thickness_m * (1.0 + UNEVEN * off) / WAVELENGTH_M;
        // e^(−jq·inside) once through.
        let shrunk = libm::exp((q * inside.1).max(-300.0));
        let (sin, cos) = libm::sincos(-q * inside.0);
        let once = Complex(shrunk * cos, shrunk * sin);
        let slab = |first: Complex| {
            let square = first.times(first);
            let below = Complex(1.0, 0.0).minus(square.times(once.times(once)));
            let comes_back = first.times(Complex(1.0, 0.0).minus(once.times(once))).over(below);
            let goes_through = Complex(1.0, 0.0).minus(square).times(once).over(below);
            (comes_back.power(), goes_through.power())
        };
        let (te, tm) = (slab(along), slab(across));
        back = (back.0 + te.0, back.1 + tm.0);
        through += (te.1 + tm.1) / 2.0;
    }
    let count = THICKNESSES as f64;
    let turns = if across.0 < 0.0 { -1.0 } else { 1.0 };
    Step {
        through_db: (-10.0 * libm::log10((through / count).max(1e-12))).min(MOST_LOSS_DB),
        back: ((back.0 / count).sqrt(), turns * (back.1 / count).sqrt()),
    }
}

#[derive(Clone, Copy, Debug)]
struct Complex(f64, f64);

impl Complex {
    fn plus(self, by: Complex) -> Complex {
        Complex(self.0 + by.0, self.1 + by.1)
    }

    fn minus(self, by: Complex) -> Complex {
        Complex(self.0 - by.0, self.1 - by.1)
    }

    fn times(self, by: Complex) -> Complex {
        Complex(self.0 * by.0 - self.1 * by.1, self.0 * by.1 + self.1 * by.0)
    }

    fn over(self, by: Complex) -> Complex {
        let power = by.power().max(1e-300);
        let turned = self.times(Complex(by.0, -by.1));
        Complex(turned.0 / power, turned.1 / power)
    }

    fn power(self) -> f64 {
        self.0 * self.0 + self.1 * self.1
    }

    /// The root whose imaginary part has this one's sign: a wave that dies out inside.
    fn root(self) -> Complex {
        let size = self.power().sqrt();
        let im = ((size - self.0).max(0.0) / 2.0).sqrt();
        Complex(((size + self.0).max(0.0) / 2.0).sqrt(), if self.1 < 0.0 { -im } else { im })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str) -> Slab {
        let material = Material::ALL.into_iter().find(|m| m.name == name).unwrap();
        Slab::new(material, material.thickness_m)
    }

    /// Fresnel's coefficient of a half-space, (n − 1) / (n + 1), with the root of the permittivity for n: what a wall throws
    /// back that lets little of its own back side through.
    #[test]
    fn a_thick_wall_throws_back_what_its_front_does() {
        for (name, permittivity) in [("brick", 3.91_f64), ("concrete", 5.24)] {
            let n = permittivity.sqrt();
            let front = (n - 1.0) / (n + 1.0);
            let (along, across) = of(name).back(1.0);
            assert!((along - front).abs() < 0.08, "{name}: {along}, its front alone {front}");
            assert!((along - across).abs() < 1e-9, "straight on there is no difference");
        }
    }

    #[test]
    fn metal_is_a_mirror_and_lets_nothing_through() {
        let metal = of("metal");
        let (along, across) = metal.back(0.7);
        assert!(along > 0.99 && across > 0.99, "{along} {across}");
        assert_eq!(metal.through_db(1.0), MOST_LOSS_DB);
    }

    /// tan θ = √ε: 63° for brick. What runs along a wall comes back well, what stands in the plane of the way hardly.
    #[test]
    fn at_brewsters_angle_one_polarisation_comes_back_and_the_other_does_not() {
        let cosine = 1.0 / (1.0_f64 + 3.91).sqrt();
        let (along, across) = of("brick").back(cosine);
        assert!(along > 0.45 && across.abs() < 0.1, "{along} {across}");
        assert!(of("brick").back(0.2).1 < 0.0, "beyond it, it comes back the other way round");
    }

    #[test]
    fn what_loses_nothing_gives_all_of_it_back_or_through() {
        let glassy = Material::new("no loss", 4.0, (0.0, 0.0), 0.1);
        for cosine in [0.25, 0.5, 1.0] {
            let step = at(glassy, 0.1, cosine);
            let back = (step.back.0 * step.back.0 + step.back.1 * step.back.1) / 2.0;
            let through = libm::exp10(-step.through_db / 10.0);
            assert!((back + through - 1.0).abs() < 1e-9, "{back} + {through}");
        }
    }

    /// COST 231's mean of measured walls: 3.4 dB for light ones, 6.9 dB for those that carry.
    #[test]
    fn walls_take_about_what_was_measured_of_walls() {
        for name in ["brick", "concrete"] {
            let db = of(name).through_db(1.0);
            assert!((4.5..10.0).contains(&db), "{name}: {db}");
        }
        for name in ["plasterboard", "wood", "glass"] {
            let db = of(name).through_db(1.0);
            assert!((0.0..3.5).contains(&db), "{name}: {db}");
        }
        assert!(of("brick").through_db(0.3) > of("brick").through_db(1.0), "aslant it is more");
    }
}
