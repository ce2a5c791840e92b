//! The only time there is.

use recording::Time;

/// When and in which order a line came. Both never go back: `seq` counts the store's lines through restarts, `now` is
/// the contract's time at a line (the greatest `received_at`, else `at`, so far). Wall and monotonic time are one
/// here: the shell stamps `received_at` from a clock that a jump of the wall clock does not move.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stamp {
    /// Counted from 1.
    pub seq: u64,
    /// The time at the line.
    pub now: Time,
}
