//! The pure core: from observations to who takes what, and what is paid.
//!
//! `step(stamp, line, &mut outputs)` is the only way in and `outputs` the only way out. There is no clock, randomness,
//! I/O or async in here, and no float ever touches money: the same lines give the same outputs on every machine.

pub mod plan;

mod decision;
mod direction;
mod effect;
mod evidence;
mod field;
mod passages;
mod perception;
mod proposal;
mod shop;
mod sights;
mod stamp;
mod timeline;
mod tracks;
mod unseen;

pub use effect::{BeliefRequest, Effect, Output, Outputs};
pub use perception::Perception;
pub use plan::Plan;
pub use proposal::{PassageEvent, Proposal};
pub use shop::{KnownPieceState, PieceKey, Shop};
pub use stamp::Stamp;
