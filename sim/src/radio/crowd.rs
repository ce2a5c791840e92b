//! Tags close together: dipoles that share one wave and pull each other's resonance. Knows no antenna and no person.

use crate::space::P3;

/// Beyond this a neighbour is no longer felt, metres.
pub(super) const FELT_M: f64 = 0.12;
/// Power that a parallel neighbour in the same place takes, against what is left: with it, two tags less than 2 cm apart
/// lose 40 % of their margin (Zhang, White and Penty, RFID-TA 2014).
const SHARED: f64 = 0.67;
/// Where half of that is left, metres: as the square of the mutual resistance of side-by-side half-wave dipoles falls.
const HALF_M: f64 = 0.06;
/// How far a neighbour that touches pulls the resonance, MHz, and how that falls, metres: in the same measurements it shows
/// below 7 mm only.
const PULL_MHZ: f64 = 20.0;
const PULL_M: f64 = 0.007;
const MOST_PULL_MHZ: f64 = 60.0;

/// What neighbours do to a tag.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Crowd {
    /// Power that they take, dB one way.
    pub(super) loss_db: f64,
    /// How far down they pull its resonance, MHz.
    pub(super) pulled_mhz: f64,
}

impl Crowd {
    /// A tag's place and direction among those of others.
    pub(super) fn around((at, axis): (P3, P3), others: impl Iterator<Item = (P3, P3)>) -> Crowd {
        let (mut shared, mut pulled_mhz) = (0.0, 0.0);
        for (other_at, other_axis) in others {
            let apart_m = other_at.minus(at).length();
            if apart_m < FELT_M {
                let along = axis.dot(other_axis).abs();
                let near = apart_m / HALF_M;
                shared += SHARED * along * along / (1.0 + near * near * near);
                pulled_mhz += PULL_MHZ * along * libm::exp(-apart_m / PULL_M);
            }
        }
        Crowd {
            loss_db: if shared > 0.0 { 10.0 * libm::log10(1.0 + shared) } else { 0.0 },
            pulled_mhz: pulled_mhz.min(MOST_PULL_MHZ),
        }
    }
}

/// Who rests where, in the order of x, so that only what is near a change is looked at anew.
#[derive(Clone, Debug, Default)]
pub(super) struct Resting {
    /// By tag, as of the last look.
    places: Vec<Option<P3>>,
    row: Vec<(f64, usize)>,
}

impl Resting {
    /// Takes in where the tags rest now; gives those whose neighbours have changed.
    pub(super) fn look(&mut self, now: impl Iterator<Item = Option<P3>>) -> Vec<usize> {
        let mut changed: Vec<P3> = Vec::new();
        let mut count = 0;
        for (n, place) in now.enumerate() {
            count = n + 1;
            if self.places.len() < count {
                self.places.push(None);
            }
            if let Some(was) = self.places.get_mut(n)
                && *was != place
            {
                changed.extend(was.iter().chain(&place));
                *was = place;
            }
        }
        self.places.truncate(count);
        if changed.is_empty() {
            return Vec::new();
        }
        self.row = self.places.iter().enumerate().filter_map(|(n, at)| at.map(|at| (at.x, n))).collect();
        self.row.sort_by(|a, b| a.0.total_cmp(&b.0));
        changed.sort_by(|a, b| a.x.total_cmp(&b.x));
        let stirred = |at: P3| {
            let from = changed.partition_point(|p| p.x < at.x - FELT_M);
            let near = changed.get(from..).unwrap_or_default().iter().take_while(|p| p.x <= at.x + FELT_M);
            near.into_iter().any(|p| p.minus(at).length() < FELT_M)
        };
        let places = self.places.iter().enumerate();
        places.filter_map(|(n, at)| at.filter(|&at| stirred(at)).map(|_| n)).collect()
    }

    /// Those who rest within reach of a place along x, but for the tag itself.
    pub(super) fn beside(&self, tag: usize, at: P3) -> impl Iterator<Item = usize> {
        let from = self.row.partition_point(|&(x, _)| x < at.x - FELT_M);
        let near = self.row.get(from..).unwrap_or_default().iter();
        near.take_while(move |&&(x, _)| x <= at.x + FELT_M).map(|&(_, n)| n).filter(move |&n| n != tag)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(x: f64) -> (P3, P3) {
        (P3::new(x, 0.0, 1.0), P3::new(0.0, 0.0, 1.0))
    }

    #[test]
    fn two_parallel_tags_close_together_lose_four_tenths_and_crossed_ones_nothing() {
        let crowd = Crowd::around(tag(0.0), std::iter::once(tag(0.015)));
        let left = libm::exp10(-crowd.loss_db / 10.0);
        assert!((0.55..0.65).contains(&left), "{left} of the power is left");
        let crossed = (P3::new(0.015, 0.0, 1.0), P3::new(0.0, 1.0, 0.0));
        assert_eq!(Crowd::around(tag(0.0), std::iter::once(crossed)), Crowd::default());
        assert_eq!(
            Crowd::around(tag(0.0), std::iter::once(tag(0.2))),
            Crowd::default(),
            "a hand's breadth away"
        );
    }

    #[test]
    fn the_resonance_is_pulled_by_what_all_but_touches() {
        let pulled = |apart: f64| Crowd::around(tag(0.0), std::iter::once(tag(apart))).pulled_mhz;
        assert!(pulled(0.003) > 10.0 && pulled(0.02) < 2.0, "{} {}", pulled(0.003), pulled(0.02));
    }

    #[test]
    fn only_those_near_a_change_are_looked_at_again() {
        let mut resting = Resting::default();
        let mut places: Vec<Option<P3>> = (0..50).map(|n| Some(tag(0.05 * f64::from(n)).0)).collect();
        assert_eq!(resting.look(places.iter().copied()).len(), 50, "all are new");
        assert!(resting.look(places.iter().copied()).is_empty(), "nothing has changed");
        places[20] = None;
        assert_eq!(resting.look(places.iter().copied()), [18, 19, 21, 22], "0.1 m to either side");
        assert_eq!(resting.beside(19, places[19].unwrap()).collect::<Vec<_>>(), [17, 18, 21]);
    }
}
