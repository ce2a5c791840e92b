//! The simulated store: shoppers, racks, radio by slots, emulated readers.
//!
//! It stands in for the world: what it gives are observations as the contract has them, with the truth kept apart. It
//! never knows the engine, and its tags are written by a second encoder, so that one mistake is not made twice alike.
//! Deterministic: the same family, seed and length give the same bytes on any machine (all mathematics beyond the four
//! operations and the square root comes from `libm`, draws from ChaCha8, and nothing iterates over hash maps).

pub mod calibration;
mod chance;
pub mod emulate;
mod family;
pub mod field;
mod gen2;
pub mod impinj;
pub mod live;
pub mod m100;
mod people;
mod plan;
mod radio;
mod reader;
mod scene;
mod senses;
pub mod serial;
mod simulate;
mod space;
mod stock;
pub mod thingmagic;
mod truth;
pub mod uhfreader;
mod web;
mod words;
mod world;
pub mod zebra;

pub use family::{Family, FamilyError};
pub use plan::{Plan, PlanError, Simulation};
pub use radio::PHYSICS;
pub use scene::{Right, Scene, SceneError, Staged};
pub use simulate::{Simulated, simulate};
pub use truth::{TrueItem, TruePassage, TruePosition, TrueTag, TrueTap, Truth};
