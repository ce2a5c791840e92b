//! What the world tells the store (observations) and what the engine says (outcomes), as types, and as NDJSON.
//!
//! Every program outside holds on to these lines, so names and units here are the contract's. This package knows no
//! other package of the house: a piece is a GTIN and a serial as text, a tag is its bits. It never reads a clock, opens
//! a file or decides anything.

mod hex;
mod ndjson;
mod observation;
mod outcome;
mod time;

pub use hex::{Hex, HexError};
pub use ndjson::{Counts, LineError, Parsed, Reader, parse_line, write_line, write_outcome};
pub use observation::*;
pub use outcome::*;
pub use time::{Time, TimeError};

/// A name from the configuration or from outside (reader, zone, lane, track): cheap to clone, compared as text.
pub type Name = std::sync::Arc<str>;
