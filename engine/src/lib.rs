//! The pure core: from observations to who takes what, and what is paid.
//!
//! `step(stamp, line, &mut outputs)` is the only way in and `outputs` the only way out. There is no clock, randomness,
//! I/O or async in here, and no float ever touches money: the same lines give the same outputs on every machine.

pub mod plan;

mod catalogue;
mod checkout;
mod effect;
mod emit;
mod invariants;
mod paying;
mod proposal;
mod shop;
mod stamp;
mod stock;

pub use effect::{BeliefRequest, Effect, Output, Outputs};
pub use plan::Plan;
pub use proposal::{PassageEvent, Proposal};
pub use shop::{KnownPieceState, PieceKey, Shop};
pub use stamp::Stamp;

#[cfg(test)]
mod scenes;
