//! The running store: readers, engine, journal and pages wired together, with one writer.

mod clock;
mod handle;
mod live;
mod rate;

pub use clock::Clock;
pub use handle::{Handle, Stopping, Submission};
pub use live::{GateLive, LaneLive, Live, Phase, ReaderLive, SourceLive};
