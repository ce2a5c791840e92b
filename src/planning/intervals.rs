//! How sure a figure is: intervals of 95 % over worlds. Pieces of one passage, and passages of one world, are alike, so
//! it is worlds that are counted as independent, never pieces.

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde::Serialize;

/// The normal distribution's 97.5 % point.
const Z: f64 = 1.959_964;
/// Times that the worlds are drawn anew.
const RESAMPLES: usize = 2_000;

/// A share with its interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Share {
    /// How many.
    pub part: u64,
    /// Of how many.
    pub of: u64,
    /// The share; 0 where there is nothing to have a share of.
    pub share: f64,
    /// Lower end of its interval.
    pub low: f64,
    /// Upper end of its interval.
    pub high: f64,
}

/// Wilson's interval for a share counted over worlds, each (how many, of how many). So many independent ones count as
/// spread alike: where worlds differ more than pieces drawn one by one would, the interval is wider by as much.
pub(super) fn share(worlds: impl Iterator<Item = (u64, u64)> + Clone) -> Share {
    let (part, of) = worlds.clone().fold((0, 0), |(p, o), (part, of)| (p + part, o + of));
    if of == 0 {
        return Share { part, of, share: 0.0, low: 0.0, high: 1.0 };
    }
    let (n, p) = (of as f64, part as f64 / of as f64);
    let filled = worlds.clone().filter(|(_, of)| *of > 0).count().max(1) as f64;
    let alone = p * (1.0 - p) / n;
    let spread = if alone > 0.0 && filled > 1.0 {
        let squares: f64 = worlds.map(|(part, of)| (part as f64 - p * of as f64).powi(2)).sum();
        (squares / (n * n) * filled / (filled - 1.0) / alone).max(1.0)
    } else {
        // All or none: nothing tells how alike the pieces of a world are, so each world counts once.
        n / filled
    };
    let n = n / spread;
    let (middle, half) = (p + Z * Z / (2.0 * n), Z * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt());
    let scale = 1.0 + Z * Z / n;
    Share {
        part,
        of,
        share: p,
        low: ((middle - half) / scale).clamp(0.0, p),
        high: ((middle + half) / scale).clamp(p, 1.0),
    }
}

/// A mean with its interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Mean {
    /// The mean.
    pub mean: f64,
    /// Lower end of its interval.
    pub low: f64,
    /// Upper end of its interval.
    pub high: f64,
    /// The share of the bootstrap's draws in which it is below zero, ties by half.
    pub below_zero: f64,
    /// No world had anything but zero: the interval says nothing then, only the number of worlds does.
    pub never: bool,
}

impl Mean {
    /// Whether the interval lies on one side of zero.
    pub fn is_sure(&self) -> bool {
        self.low > 0.0 || self.high < 0.0
    }
}

/// The ratio of sums over worlds, each (what came of it, by how many), with the bootstrap's interval: worlds are drawn
/// anew, all that is in one together.
pub(super) fn mean(worlds: &[(f64, f64)], seed: u64) -> Mean {
    let ratio = |(what, by): (f64, f64)| if by > 0.0 { what / by } else { 0.0 };
    let sum = |a: (f64, f64), b: &(f64, f64)| (a.0 + b.0, a.1 + b.1);
    let mean = ratio(worlds.iter().fold((0.0, 0.0), sum));
    let never = worlds.iter().all(|(what, _)| *what == 0.0);
    if never || worlds.len() < 2 {
        return Mean { mean, low: mean, high: mean, below_zero: 0.5, never };
    }
    let mut draws = StdRng::seed_from_u64(seed);
    let mut drawn: Vec<f64> = (0..RESAMPLES)
        .map(|_| {
            let one = |_| worlds.get(draws.random_range(0..worlds.len())).unwrap_or(&(0.0, 0.0));
            ratio((0..worlds.len()).map(one).fold((0.0, 0.0), sum))
        })
        .collect();
    drawn.sort_by(f64::total_cmp);
    let at = |share: f64| drawn.get((share * (RESAMPLES - 1) as f64).round() as usize).copied();
    let below = drawn.iter().filter(|d| **d < 0.0).count() as f64;
    let level = drawn.iter().filter(|d| **d == 0.0).count() as f64;
    Mean {
        mean,
        low: at(0.025).unwrap_or(mean),
        high: at(0.975).unwrap_or(mean),
        below_zero: (below + level / 2.0) / RESAMPLES as f64,
        never,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 8 of 10, one a world: Wilson's interval from the textbook (Brown, Cai and DasGupta 2001): 0.490 to 0.943.
    #[test]
    fn one_piece_a_world_is_wilsons_own_interval() {
        let worlds = (0..10).map(|n| (u64::from(n < 8), 1));
        let eight = share(worlds);
        assert!((eight.low - 0.490).abs() < 0.02 && (eight.high - 0.943).abs() < 0.02, "{eight:?}");
    }

    #[test]
    fn pieces_that_are_read_together_or_not_at_all_count_as_one() {
        let together = share((0..10).map(|n| (if n < 8 { 20 } else { 0 }, 20)));
        let apart = share((0..10).map(|_| (16, 20)));
        assert_eq!(together.share, apart.share);
        assert!(together.high - together.low > 3.0 * (apart.high - apart.low), "{together:?} {apart:?}");
        let all = share((0..10).map(|_| (20, 20)));
        assert!(all.low < 0.75, "ten worlds show no more than ten coins would: {all:?}");
    }

    #[test]
    fn a_difference_that_is_the_same_everywhere_is_sure_and_one_that_is_not_is_not() {
        let same: Vec<(f64, f64)> = (0..40).map(|n| (-3.0 - f64::from(n % 2), 1.0)).collect();
        let sure = mean(&same, 1);
        assert!(sure.is_sure() && sure.low < -3.5 && sure.high > -3.5 && sure.below_zero == 1.0, "{sure:?}");
        let mixed: Vec<(f64, f64)> = (0..40).map(|n| (if n % 2 == 0 { 5.0 } else { -5.0 }, 1.0)).collect();
        assert!(!mean(&mixed, 1).is_sure());
        assert!(mean(&[(0.0, 3.0); 9], 1).never);
    }
}
