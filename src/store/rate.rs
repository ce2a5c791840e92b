//! How many a second, over the last few seconds: what a page shows of a reader.

use recording::Time;

/// Whole seconds looked back on.
const SECONDS: usize = 5;
const SECOND_US: i64 = 1_000_000;

/// A count for each of the last seconds; the one that runs is not looked at yet.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Rate {
    latest: i64,
    counts: [u32; SECONDS + 1],
}

impl Rate {
    /// Counts `how_many` at an instant; what is older than the seconds looked back on is let go.
    pub(super) fn count(&mut self, at: Time, how_many: u32) {
        let second = at.as_micros() / SECOND_US;
        if second > self.latest {
            let gone = (second - self.latest).min(self.counts.len() as i64);
            for ago in 0..gone {
                if let Some(slot) = self.counts.get_mut(slot_of(second - ago)) {
                    *slot = 0;
                }
            }
            self.latest = second;
        }
        if self.latest - second < self.counts.len() as i64
            && let Some(slot) = self.counts.get_mut(slot_of(second))
        {
            *slot = slot.saturating_add(how_many);
        }
    }

    /// The mean over the whole seconds before the one `now` lies in.
    pub(super) fn per_s(&self, now: Time) -> f64 {
        let running = now.as_micros() / SECOND_US;
        let sum: u64 = (1..=SECONDS as i64)
            .map(|ago| running - ago)
            .filter(|second| *second <= self.latest && self.latest - second < self.counts.len() as i64)
            .filter_map(|second| self.counts.get(slot_of(second)))
            .map(|count| u64::from(*count))
            .sum();
        sum as f64 / SECONDS as f64
    }
}

fn slot_of(second: i64) -> usize {
    second.rem_euclid(SECONDS as i64 + 1) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> Time {
        Time::from_micros(1_700_000_000_000_000 + ms * 1000)
    }

    #[test]
    fn the_mean_is_over_whole_seconds_before_now() {
        let mut rate = Rate::default();
        for ms in (0..5_000).step_by(10) {
            rate.count(at(ms), 1);
        }
        assert!((rate.per_s(at(5_000)) - 100.0).abs() < 1e-9, "100 a second for five seconds");
        assert!((rate.per_s(at(7_500)) - 60.0).abs() < 1e-9, "two of the five seconds were silent");
        assert!(rate.per_s(at(60_000)).abs() < 1e-9, "long silent");
    }

    #[test]
    fn what_comes_late_counts_in_its_own_second_or_not_at_all() {
        let mut rate = Rate::default();
        rate.count(at(10_000), 1);
        rate.count(at(7_000), 4);
        rate.count(at(1_000), 1_000);
        assert!((rate.per_s(at(11_000)) - 1.0).abs() < 1e-9, "1 + 4 over five seconds");
    }
}
