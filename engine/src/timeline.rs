//! Time as the perceiving half sees it: which lines may count as now, and the half-second slots in which tracks are
//! kept. It never reorders lines and never waits for one: what is decided knows only what had arrived.

use std::time::Duration;

use recording::{Line, Time};

use crate::Stamp;

/// A line that is this much older than the time at it was buffered somewhere, whether or not it says so. Readers batch
/// up to a second and cameras lag by one or two; an outage takes longer than ten.
pub(crate) const FAR_LATE: Duration = Duration::from_secs(10);

/// Tracks are kept in slots of half a second: a four-antenna reader comes back to a tag every 0.14 to 0.95 s (95 % of the
/// revisits on an R420), and a walker does 0.7 m in it.
const SLOT_US: i64 = 500_000;

/// Counts half seconds since 1970.
pub(crate) type Slot = i64;

/// The slot that an instant lies in.
pub(crate) fn slot(at: Time) -> Slot {
    at.as_micros() / SLOT_US
}

/// When the line's content happened, if it may count as now; `None` for what is stale. A clock that runs ahead of the
/// store cannot report from the future.
pub(crate) fn happened(stamp: Stamp, line: &Line) -> Option<Time> {
    let at = line.at.min(stamp.now);
    (!line.stale && stamp.now.since(at) <= FAR_LATE).then_some(at)
}
