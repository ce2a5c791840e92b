//! Instants as the recording has them: RFC 3339 in UTC. Never a clock.

use std::fmt;
use std::ops::{Add, Sub};
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// An instant: whole microseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Time(i64);

/// A text that is no instant.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("`{0}` is no RFC 3339 instant; write it like 2026-11-24T10:00:00.120Z")]
pub struct TimeError(String);

/// Years 1970 to 9998: what both RFC 3339 and every sum with a deadline can hold.
const LATEST_US: i64 = 253_370_764_800_000_000;

impl Time {
    /// From microseconds since the Unix epoch; what lies before 1970 or after 9998 is moved to that bound.
    pub const fn from_micros(us: i64) -> Self {
        if us < 0 {
            Time(0)
        } else if us > LATEST_US {
            Time(LATEST_US)
        } else {
            Time(us)
        }
    }

    /// Microseconds since the Unix epoch.
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// How long after `earlier` this is; zero when it is not after it.
    pub const fn since(self, earlier: Time) -> Duration {
        let us = self.0 - earlier.0;
        if us <= 0 { Duration::ZERO } else { Duration::from_micros(us as u64) }
    }

    /// Seconds from `other` to this instant, negative when this is before it.
    pub fn seconds_after(self, other: Time) -> f64 {
        (self.0 - other.0) as f64 / 1e6
    }

    /// Reads RFC 3339 with any offset.
    pub fn parse(text: &str) -> Result<Time, TimeError> {
        let wrong = || TimeError(text.chars().take(40).collect());
        let us = text.parse::<jiff::Timestamp>().map_err(|_| wrong())?.as_microsecond();
        if (0..=LATEST_US).contains(&us) { Ok(Time(us)) } else { Err(wrong()) }
    }
}

impl Add<Duration> for Time {
    type Output = Time;
    fn add(self, by: Duration) -> Time {
        Time::from_micros(self.0.saturating_add(i64::try_from(by.as_micros()).unwrap_or(i64::MAX)))
    }
}

impl Sub<Duration> for Time {
    type Output = Time;
    fn sub(self, by: Duration) -> Time {
        Time::from_micros(self.0.saturating_sub(i64::try_from(by.as_micros()).unwrap_or(i64::MAX)))
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Milliseconds as the contract writes them; microseconds only where there are any, so nothing is lost.
        let digits = if self.0 % 1000 == 0 { 3 } else { 6 };
        match jiff::Timestamp::from_microsecond(self.0) {
            Ok(instant) => write!(f, "{instant:.digits$}"),
            Err(_) => Err(fmt::Error),
        }
    }
}

impl fmt::Debug for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Time, D::Error> {
        struct Text;
        impl de::Visitor<'_> for Text {
            type Value = Time;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an RFC 3339 instant such as \"2026-11-24T10:00:00.120Z\"")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Time, E> {
                Time::parse(text).map_err(E::custom)
            }
        }
        from.deserialize_str(Text)
    }
}
