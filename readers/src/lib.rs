//! Reader drivers: from a shop's readers to observations, one module for each protocol.
//!
//! A driver is one task for one reader. It keeps the line up for as long as the store runs, says how the reader is, and
//! hands out what it reads in small batches. It decides nothing: what a read means is the engine's business. It knows
//! neither the simulator nor the database.

mod backoff;
mod clock;
mod condition;
pub mod llrp;
mod outbox;

use std::sync::Arc;

use recording::{Name, Time};

/// What a driver needs to know of a reader.
#[derive(Clone, Debug, PartialEq)]
pub struct Reader {
    /// Its name in the configuration.
    pub id: Name,
    /// `host`, `host:port` or `[IPv6]:port`; the protocol's own port where none is given.
    pub address: String,
    /// What it reads with; all antennas at the reader's own power when empty.
    pub antennas: Vec<Antenna>,
}

/// One antenna of a reader.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Antenna {
    /// The reader's port, counted from 1.
    pub port: u16,
    /// What the reader sends into it; the reader's own setting when `None`.
    pub power_dbm: Option<f64>,
}

/// The store's clock. In a demo it may run faster than the machine's.
pub type Now = Arc<dyn Fn() -> Time + Send + Sync>;
