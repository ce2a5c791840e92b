//! The pure core: from observations to who takes what, and what is paid.
//!
//! `step(stamp, line, &mut outputs)` is the only way in and `outputs` the only way out. There is no clock, randomness,
//! I/O or async in here, and no float ever touches money: the same lines give the same outputs on every machine.
//!
//! Two halves that know nothing of each other's inside: perceiving (timeline, tracks, passages, evidence, decision)
//! says what a passage would pay; paying (catalogue, stock, checkout) shows it, has it paid and lets people out. What
//! the first knows a restart may lose; what the second decides is facts, and [`Shop`] is their fold.

pub mod plan;

mod catalogue;
mod checkout;
mod decision;
mod direction;
mod draft;
mod effect;
mod emit;
mod engine;
mod evidence;
mod field;
mod invariants;
mod passages;
mod paying;
mod perception;
mod proposal;
mod shop;
mod sights;
mod stamp;
mod stock;
mod timeline;
mod tracks;
mod unseen;

pub use effect::{BeliefRequest, Effect, Output, Outputs};
pub use engine::Engine;
pub use perception::Perception;
pub use plan::Plan;
pub use proposal::{PassageEvent, Proposal};
pub use shop::{KnownPieceState, PieceKey, Shop};
pub use stamp::Stamp;

#[cfg(test)]
mod scenes;
