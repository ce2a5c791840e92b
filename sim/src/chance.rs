//! Seeded draws. One stream of ChaCha8 per subject (people, radio, senses), so that a change in one leaves the others
//! alone. Distributions are written out here on `libm`, so that neither a platform's mathematics nor another version
//! of a random-number library changes a recording. Never a clock, never the system's randomness.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};

/// A stream of draws.
#[derive(Clone, Debug)]
pub(crate) struct Chance {
    from: ChaCha8Rng,
    spare: Option<f64>,
}

impl Chance {
    /// The stream numbered `stream` of a seed.
    pub(crate) fn new(seed: u64, stream: u64) -> Self {
        let mut from = ChaCha8Rng::seed_from_u64(seed);
        from.set_stream(stream);
        Chance { from, spare: None }
    }

    /// Uniform in [0, 1).
    pub(crate) fn unit(&mut self) -> f64 {
        (self.from.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Uniform in [low, high).
    pub(crate) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// True with probability `p`.
    pub(crate) fn happens(&mut self, p: f64) -> bool {
        self.unit() < p
    }

    /// Uniform in 0..n; 0 when `n` is 0.
    pub(crate) fn index(&mut self, n: usize) -> usize {
        ((self.unit() * n as f64) as usize).min(n.saturating_sub(1))
    }

    /// Normal, by Box and Muller's polar-free form.
    pub(crate) fn normal(&mut self, mean: f64, sd: f64) -> f64 {
        let z = match self.spare.take() {
            Some(z) => z,
            None => {
                let radius = (-2.0 * libm::log(1.0 - self.unit())).sqrt();
                let (sin, cos) = libm::sincos(std::f64::consts::TAU * self.unit());
                self.spare = Some(radius * sin);
                radius * cos
            }
        };
        mean + sd * z
    }

    /// Exponential with the given mean.
    pub(crate) fn exponential(&mut self, mean: f64) -> f64 {
        -mean * libm::log(1.0 - self.unit())
    }

    /// One of the entries, by weight; `None` of an empty slice.
    pub(crate) fn one_of<'a, T>(&mut self, weighted: &'a [(T, f64)]) -> Option<&'a T> {
        let total: f64 = weighted.iter().map(|(_, weight)| weight).sum();
        let mut left = self.unit() * total;
        for (entry, weight) in weighted {
            left -= weight;
            if left < 0.0 {
                return Some(entry);
            }
        }
        weighted.last().map(|(entry, _)| entry)
    }

    /// As many as there are, drawn with replacement.
    pub(crate) fn drawn<T: Clone>(&mut self, from: &[T]) -> Vec<T> {
        (0..from.len()).filter_map(|_| from.get(self.index(from.len())).cloned()).collect()
    }

    /// A direction, uniform on the sphere.
    pub(crate) fn direction(&mut self) -> crate::space::P3 {
        let z = self.between(-1.0, 1.0);
        let (sin, cos) = libm::sincos(std::f64::consts::TAU * self.unit());
        let r = (1.0 - z * z).max(0.0).sqrt();
        crate::space::P3::new(r * cos, r * sin, z)
    }
}
