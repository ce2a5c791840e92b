//! The simulated store: shoppers, racks, radio by slots, emulated readers.
//!
//! It stands in for the world: what it gives are observations as the contract has them, with the truth kept apart. It
//! never knows the engine, and its tags are written by a second encoder, so that one mistake is not made twice alike.
//!
//! # The same bytes on any machine
//!
//! The same family, seed and length give the same bytes, because nothing in them is left to a platform:
//!
//! - `+ − × ÷` and the square root are IEEE 754's, which fixes every bit of them. Rust neither contracts them into fused
//!   multiply-adds nor keeps more digits than a double has, at any level of optimisation and with any target features.
//! - Everything beyond them (`sin`, `exp`, `log10`, …) comes from `libm`, the same software everywhere; what it leaves to a
//!   processor (roots, rounding) has but one right answer. Clippy refuses the
//!   methods of `f64` and `f32` whose last bits are the platform's (`sim/clippy.toml`).
//! - Draws come from ChaCha8, one stream for each subject, turned into distributions here.
//! - Nothing iterates over hash maps (refused as well), and nothing in a world knows a clock, a thread or an address.

pub mod calibration;
mod chance;
mod coverage;
pub mod emulate;
mod family;
mod faults;
pub mod field;
mod files;
mod gen2;
mod hosts;
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
pub mod words;
mod world;
pub mod zebra;

pub use coverage::{Chances, Coverage, Layer, Lying, Wanted};
pub use family::{Family, FamilyError};
pub use files::{Written, write};
pub use plan::{
    DrawnAntenna, DrawnFixture, DrawnLane, DrawnWall, DrawnZone, Outline, Plan, PlanError, Simulation,
};
pub use radio::{PHYSICS, Region};
pub use scene::{Right, Scene, SceneError, Staged};
pub use simulate::{Day, Happened, Simulated, simulate, simulate_in};
pub use truth::{TrueCart, TrueItem, TruePassage, TruePosition, TrueTag, TrueTake, TrueTap, Truth};
