//! Payment terminals, one file each. A terminal takes one attempt key's money once, however often it is asked.

mod simulated;

pub use simulated::{Simulated, SimulatedError};
