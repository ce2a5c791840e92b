//! Reader drivers: from a shop's readers to observations, one module for each protocol.
//!
//! A driver is one task for one reader. It keeps the line up for as long as the store runs, says how the reader is, and
//! hands out what it reads in small batches. It decides nothing: what a read means is the engine's business. It knows
//! neither the simulator nor the database.

mod backoff;
mod clock;
mod condition;
mod frames;
mod http;
pub mod impinj;
mod json;
pub mod llrp;
pub mod m100;
mod outbox;
mod region;
pub mod serial;
mod station;
pub mod tag;
pub mod thingmagic;
pub mod tls;
pub mod uhfreader;
pub mod zebra;

use std::path::PathBuf;
use std::sync::Arc;

use recording::{LaneLine, Name, Time};
use tokio::sync::oneshot;

pub use region::{NoSuchRegion, Region};

/// What a driver needs to know of a reader.
#[derive(Clone, Debug, PartialEq)]
pub struct Reader {
    /// Its name in the configuration.
    pub id: Name,
    /// How it is reached.
    pub link: Link,
    /// What it reads with; all antennas at the reader's own power, for an exit, when empty.
    pub antennas: Vec<Antenna>,
    /// What its input contacts tell; the others are not asked for.
    pub inputs: Vec<Input>,
    /// Whose radio rules it is told to keep; its own setting when `None`.
    pub region: Option<Region>,
}

impl Reader {
    /// A reader that we connect to in the clear.
    pub fn dialled(id: impl Into<Name>, address: impl Into<String>, antennas: Vec<Antenna>) -> Reader {
        let link = Link::Dial { address: address.into(), tls: None };
        Reader { id: id.into(), link, antennas, inputs: Vec::new(), region: None }
    }

    /// Where the reader is, for people: the address or the device.
    pub fn place(&self) -> String {
        self.link.place()
    }
}

/// How a reader is reached.
#[derive(Clone, Debug, PartialEq)]
pub enum Link {
    /// We connect to it: `host`, `host:port` or `[IPv6]:port`; the protocol's own port where none is given.
    Dial {
        /// The address.
        address: String,
        /// Over TLS, if at all.
        tls: Option<Tls>,
    },
    /// It connects to us.
    Listen {
        /// `address:port` that we listen on.
        address: String,
        /// Over TLS, if at all; a certificate of ours is needed then.
        tls: Option<Tls>,
    },
    /// It hangs on a serial line.
    Serial {
        /// The device file.
        device: PathBuf,
        /// Bits per second; the protocol's usual rate when `None`.
        baud: Option<u32>,
    },
    /// It serves HTTP and we ask (Impinj IoT device interface).
    Http {
        /// `host`, `host:port` or `[IPv6]:port`; 443 over TLS and 80 without where no port is given.
        address: String,
        /// Over TLS, if at all. Readers come with a certificate that they signed themselves: it is trusted by file.
        tls: Option<Tls>,
        /// Who we are to the reader.
        login: Option<Login>,
    },
    /// It and we meet at an MQTT broker (Zebra IoT Connector).
    Mqtt {
        /// The broker: `host`, `host:port` or `[IPv6]:port`; 8883 over TLS and 1883 without where no port is given.
        broker: String,
        /// Over TLS, if at all.
        tls: Option<Tls>,
        /// Who we are to the broker.
        login: Option<Login>,
        /// Where the reader was told to speak and to listen.
        topics: Topics,
    },
    /// It serves its data over a WebSocket and takes its orders over HTTP (Zebra IoT Connector).
    WebSocket {
        /// `host`, `host:port` or `[IPv6]:port`; 443 over TLS and 80 without where no port is given.
        address: String,
        /// Over TLS, if at all.
        tls: Option<Tls>,
        /// Who we are to the reader.
        login: Option<Login>,
    },
}

impl Link {
    /// Where it leads, for people: the address, the device, or the broker and the topic there.
    pub fn place(&self) -> String {
        match self {
            Link::Dial { address, .. }
            | Link::Listen { address, .. }
            | Link::Http { address, .. }
            | Link::WebSocket { address, .. } => address.clone(),
            Link::Serial { device, .. } => device.display().to_string(),
            Link::Mqtt { broker, topics, .. } => format!("{broker} ({})", topics.data),
        }
    }
}

/// A name and a password. Neither is ever shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Login {
    /// The name.
    pub user: String,
    /// The password.
    pub password: String,
}

impl std::fmt::Debug for Login {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Login").finish_non_exhaustive()
    }
}

/// The MQTT topics of one reader, as its own endpoint settings name them. No two readers share one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topics {
    /// Where it listens for management commands (`get_version`, `get_status`, `set_gpo`).
    pub management_commands: String,
    /// Where it answers them.
    pub management_responses: String,
    /// Where it listens for control commands (`set_mode`, `start`, `stop`).
    pub control_commands: String,
    /// Where it answers them.
    pub control_responses: String,
    /// Where it tells of heartbeats, contacts, errors and warnings.
    pub management_events: String,
    /// Where it tells of tags.
    pub data: String,
}

impl Topics {
    /// The names that a reader is given where nobody wants others: all under one prefix.
    pub fn under(prefix: &str) -> Topics {
        let topic = |name: &str| format!("{}/{name}", prefix.trim_end_matches('/'));
        Topics {
            management_commands: topic("management/command"),
            management_responses: topic("management/response"),
            control_commands: topic("control/command"),
            control_responses: topic("control/response"),
            management_events: topic("management/event"),
            data: topic("data"),
        }
    }
}

/// What stands behind a TLS connection. All files are PEM.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tls {
    /// Whom we trust: the other side's own certificate, or that of the authority that signed it.
    pub trust_file: Option<PathBuf>,
    /// Our certificate, where the other side asks for one.
    pub certificate_file: Option<PathBuf>,
    /// Its key.
    pub key_file: Option<PathBuf>,
}

/// One antenna of a reader.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Antenna {
    /// The reader's port, counted from 1.
    pub port: u16,
    /// What the reader sends into it; the reader's own setting when `None`.
    pub power_dbm: Option<f64>,
    /// What it reads for.
    pub purpose: Purpose,
    /// The reader's own number of the radio mode to use; chosen by purpose when `None`.
    pub mode: Option<u16>,
}

/// What an antenna reads for. It decides the Gen2 session and target, and how hard the reader tries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Purpose {
    /// A way out: tags are read again and again while they move.
    #[default]
    Exit,
    /// A shelf, a rail, a fitting room, a display: what lies there, and what has just been taken.
    Shelf,
    /// A stockroom or a whole floor: many resting tags, each read once in a while.
    Stock,
}

/// An input contact of a reader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// The reader's port, counted from 1.
    pub port: u16,
    /// Whether a high level means yes (blocked, open); with `false` a low one does.
    pub active_high: bool,
    /// What it tells.
    pub tells: Tells,
}

/// What an input contact tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tells {
    /// A light beam across a lane; active: blocked.
    Beam {
        /// The lane.
        lane: Name,
        /// Which of its lines.
        line: LaneLine,
    },
    /// A gate's position contact; active: open.
    Gate {
        /// The gate.
        gate: Name,
    },
}

/// What the store wants of a reader beside its reads. Dropping the sender of an answer is no error.
#[derive(Debug)]
pub enum Order {
    /// Set an output contact: a gate, a light. After an outage the output is given the level that it was last given
    /// again. A level that could not be sent is never set later, and what the output had been given before is forgotten
    /// then: a gate does not open when nobody waits for it any more. Order again what still holds.
    Output {
        /// The reader's port, counted from 1.
        port: u16,
        /// The level wanted.
        high: bool,
        /// Answered when the reader has said yes or no.
        done: oneshot::Sender<Result<(), OrderError>>,
    },
    /// Read, write, lock or kill one tag.
    Tag {
        /// What to do on which tag.
        job: tag::Job,
        /// Answered when the reader has told what came of it.
        done: oneshot::Sender<Result<tag::Report, OrderError>>,
    },
}

/// Why an order was not carried out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OrderError {
    /// The reader is not there now. Nothing was sent.
    #[error("the reader is not connected")]
    NotConnected,
    /// The reader, or its driver, has no such thing. Nothing was done.
    #[error("this reader cannot do that: {0}")]
    CannotDo(String),
    /// The reader said no. Nothing was done.
    #[error("the reader refused: {0}")]
    Refused(String),
    /// The connection or the patience ended in between: it may or may not have been done.
    #[error("no answer came: it may or may not have been done")]
    Unknown,
}

/// What a reader can and cannot do, as `portico check` tells it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ability {
    /// Vendor and model.
    pub model: String,
    /// The reader's software.
    pub firmware: String,
    /// What it has and can do, in words: ports, channels, powers, extensions.
    pub can: Vec<String>,
    /// What the store could use and it cannot do, or refused, in words.
    pub cannot: Vec<String>,
}

/// The store's clock. In a demo it may run faster than the machine's.
pub type Now = Arc<dyn Fn() -> Time + Send + Sync>;
