//! The readers of a running store as places where tags are written: one job at a time at each. What a reader cannot do its
//! driver says.

use std::collections::BTreeMap;
use std::sync::Arc;

use readers::Order;
use recording::Name;
use tokio::sync::{Mutex, OwnedMutexGuard, mpsc};

/// A reader that somebody may lay a tag on.
#[derive(Clone, Debug)]
pub struct Desk {
    /// Its antenna ports; not known where there are none.
    pub ports: Vec<u16>,
    orders: mpsc::Sender<Order>,
    turn: Arc<Mutex<()>>,
}

/// Another job goes on at this reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("another tag is being worked on there")]
pub struct Busy;

/// A reader that is one job's alone until this is dropped. What the store itself orders goes on.
#[derive(Debug)]
pub struct Turn {
    /// Where it takes orders.
    pub orders: mpsc::Sender<Order>,
    _turn: OwnedMutexGuard<()>,
}

impl Desk {
    /// A reader that takes orders there.
    pub fn new(ports: Vec<u16>, orders: mpsc::Sender<Order>) -> Desk {
        Desk { ports, orders, turn: Arc::default() }
    }

    /// Takes it for one job.
    ///
    /// # Errors
    /// [`Busy`]: nobody waits for a turn, since the tag that lies there then may be another one.
    pub fn take(&self) -> Result<Turn, Busy> {
        let turn = self.turn.clone().try_lock_owned().map_err(|_| Busy)?;
        Ok(Turn { orders: self.orders.clone(), _turn: turn })
    }
}

/// All of them, by name.
pub type Desks = Arc<BTreeMap<Name, Desk>>;
