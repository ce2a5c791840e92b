//! The physics held against measurements: the figures of real readers that a credible simulator must reproduce, what logs
//! of real readers give for them, and what this simulator gives, taken by the same lines of code. Says how far off it is, and
//! changes nothing.

mod effects;
mod features;
mod logs;
mod measures;
mod report;
mod rooms;
mod rounds;
mod shop;
mod telling;
mod trees;

pub use effects::{Effect, effects};
pub use features::{Recording, Sample};
pub use logs::{Halves, Logs};
pub use measures::{Bound, MEASURES, Measure};
pub use report::{Estimate, Report, Row, moving_or_resting, report};
pub use rooms::rooms;
pub use rounds::{Figure, rounds};
pub use shop::shop;
pub use telling::{Told, told_apart};
