//! The store's clock: wall time at the start, carried on by the machine's monotonic clock, so that a jump of the wall
//! clock (or a leap second, or a wrong NTP server) moves no deadline. The demo lets it run faster.

use std::time::{Duration, Instant};

use recording::Time;

/// Tells the store's time; cheap to copy.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    origin: Time,
    started: Instant,
    speed: f64,
}

impl Clock {
    /// Starts at the wall clock's time, or at `not_before` where that is later, and runs `speed` times as fast.
    pub fn start(not_before: Option<Time>, speed: f64) -> Clock {
        let since_epoch =
            std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or(Duration::ZERO);
        let wall = Time::from_micros(i64::try_from(since_epoch.as_micros()).unwrap_or(i64::MAX));
        let origin = not_before.map_or(wall, |bound| bound.max(wall));
        Clock { origin, started: Instant::now(), speed }
    }

    /// The store's time now.
    pub fn now(&self) -> Time {
        self.origin + self.started.elapsed().mul_f64(self.speed)
    }

    /// How long to sleep in the machine's time for `span` of the store's.
    pub fn real(&self, span: Duration) -> Duration {
        span.div_f64(self.speed)
    }
}
