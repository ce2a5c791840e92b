//! The running store: readers, engine, journal and pages wired together, with one writer.

mod clock;
mod handle;
mod live;

pub use clock::Clock;
pub use handle::{Handle, Stopping, Submission};
pub use live::{LaneLive, Live, ReaderLive};
