//! How long to wait before the next attempt to connect: doubling, capped, and jittered, so that the readers of a shop
//! whose switch restarts do not all come back in the same instant. Never a clock of its own.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

/// The wait after the first failure.
const FIRST: Duration = Duration::from_millis(500);
/// No wait is longer.
const LONGEST: Duration = Duration::from_secs(30);
/// A connection that held this long wipes out the failures before it.
const STABLE: Duration = Duration::from_secs(60);

/// The waits of one reader.
#[derive(Clone, Debug)]
pub(crate) struct Backoff {
    seed: u64,
    failures: u32,
}

impl Backoff {
    /// Waits spread by `seed`: something that differs from reader to reader and from run to run.
    pub(crate) fn new(seed: impl Hash) -> Backoff {
        let mut hasher = DefaultHasher::new();
        seed.hash(&mut hasher);
        Backoff { seed: hasher.finish(), failures: 0 }
    }

    /// A connection ended after it had worked for `held`.
    pub(crate) fn held(&mut self, held: Duration) {
        if held >= STABLE {
            self.failures = 0;
        }
    }

    /// How long to wait now: between two thirds and the whole of 0.5 s, 1 s, 2 s … 30 s.
    pub(crate) fn next(&mut self) -> Duration {
        let whole = FIRST.saturating_mul(1 << self.failures.min(16)).min(LONGEST);
        let mut hasher = DefaultHasher::new();
        (self.seed, self.failures).hash(&mut hasher);
        self.failures = self.failures.saturating_add(1);
        // 2^-32 per unit of the hash's upper half: a share in [0, 1).
        let share = (hasher.finish() >> 32) as f64 / 4_294_967_296.0;
        whole.mul_f64(1.0 - share / 3.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_thirty_seconds_and_never_beyond() {
        let mut backoff = Backoff::new("exit-a");
        for whole_ms in [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000] {
            let whole = Duration::from_millis(whole_ms);
            let wait = backoff.next();
            assert!(wait <= whole && wait >= whole.mul_f64(0.66), "{wait:?} for {whole:?}");
        }
        (0..1_000).for_each(|_| assert!(backoff.next() <= LONGEST));
    }

    #[test]
    fn only_a_stable_minute_wipes_out_earlier_failures() {
        let mut backoff = Backoff::new("exit-a");
        (0..6).for_each(|_| _ = backoff.next());
        backoff.held(Duration::from_secs(59));
        assert!(backoff.next() > Duration::from_secs(15), "a line that flaps is not tried ever faster");
        backoff.held(Duration::from_secs(60));
        assert!(backoff.next() <= FIRST);
    }

    #[test]
    fn readers_of_one_shop_do_not_come_back_in_the_same_instant() {
        let firsts: Vec<_> = (0..20).map(|n| Backoff::new(format!("exit-{n}")).next()).collect();
        let span = firsts.iter().max().zip(firsts.iter().min()).map(|(most, least)| *most - *least);
        assert!(span > Some(Duration::from_millis(80)), "twenty readers within {span:?}");
    }
}
