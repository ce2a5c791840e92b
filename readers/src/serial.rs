//! Readers that are modules on a serial line: what each protocol has to be able to do, and the one task that drives any
//! of them. A protocol is a state machine without I/O (`thingmagic`, `m100`, `uhfreader`): bytes and time go in, bytes,
//! deadlines and events come out. The task opens the device, carries bytes, says how the reader is and opens the device
//! anew when it vanishes. It never decides what a read means, and never holds more than a bounded number of reads.
//!
//! Such modules have no clock that could be trusted: a read happened when its bytes arrived, and none is ever stale.

mod drive;
mod line;
mod probe;

use std::time::Duration;

pub use drive::run;
pub use line::LineError;
pub use probe::{ProbeError, probe};

use crate::{Ability, OrderError, Reader, tag};

/// A serial protocol. Time is the span since any instant, the same one for all calls, and never goes back.
///
/// Neither input nor timeouts panic, whatever comes; what waits in it is bounded. After `Event::Down` nothing more is
/// done with it.
pub trait Module: Sized + Send {
    /// What such modules are called, for people.
    const NAME: &'static str;
    /// Rates at which they are found, bits per second, the usual one first.
    const BAUDS: &'static [u32];

    /// A conversation with the module of `reader`, whatever state an earlier one has left it in. It ends in `Up` or
    /// `Down`; within `ANSWER_WITHIN` at the latest where nothing answers at all.
    fn new(reader: &Reader, now: Duration) -> Self;

    /// Bytes came from the module.
    fn handle_input(&mut self, now: Duration, bytes: &[u8]);

    /// `poll_timeout` has passed. Called too early it does nothing.
    fn handle_timeout(&mut self, now: Duration);

    /// Bytes for the module, to be sent whole and in order.
    fn poll_output(&mut self) -> Option<Vec<u8>>;

    /// When `handle_timeout` is wanted: a span since the instant that `now` counts from, not a wait.
    fn poll_timeout(&self) -> Option<Duration>;

    /// What there is to tell. To be asked until it says `None` after every other call.
    fn poll_event(&mut self) -> Option<Event>;

    /// Stop reading and leave the module in peace; ends in `Down(Closed)` within a second.
    fn close(&mut self, now: Duration);

    /// Set an output contact; ends in `OutputDone`. Asked for only after `Up` and while no other order is under way.
    fn output(&mut self, now: Duration, port: u16, high: bool);

    /// Do a job on a tag; ends in `JobDone`, a second after the job's patience at the latest. Asked for only after `Up`
    /// and while no other order is under way. Reading pauses meanwhile and goes on afterwards.
    fn job(&mut self, now: Duration, job: tag::Job);
}

/// A module that has said nothing for this long at its start is none.
pub const ANSWER_WITHIN: Duration = Duration::from_millis(1_500);

/// What a protocol tells.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// It reads.
    Up(Ability),
    /// A tag was read.
    Read(Sighting),
    /// Something is not as it should be, though it goes on.
    Trouble(Trouble),
    /// A trouble is over.
    Over(About),
    /// An input contact has this level now: told of all that the reader's configuration names, once after `Up` and at
    /// every change.
    Input {
        /// The module's port, counted from 1.
        port: u16,
        /// Its level.
        high: bool,
    },
    /// How warm the module is, °C.
    Temperature(i16),
    /// So many bytes were skipped because they are no frame: line noise, half frames, wrong checksums.
    Noise {
        /// How many.
        bytes: usize,
    },
    /// A job has ended.
    JobDone(Result<tag::Report, OrderError>),
    /// An output contact was set, or not.
    OutputDone(Result<(), OrderError>),
    /// The conversation is over. Nothing comes after it.
    Down(Reason),
}

/// One report of a tag, in as much as the module tells it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sighting {
    /// The module's port, counted from 1.
    pub antenna: u16,
    /// At least one byte; without PC, CRC and anything that was appended to it.
    pub epc: Vec<u8>,
    /// The protocol control word.
    pub pc: Option<u16>,
    /// Received power, dBm.
    pub rssi_dbm: Option<f32>,
    /// Phase of the backscatter, radians in [0, 2π).
    pub phase_rad: Option<f32>,
    /// The carrier.
    pub frequency_khz: Option<u32>,
    /// Index into the module's own channels.
    pub channel: Option<u16>,
    /// The chip's number.
    pub tid: Option<Vec<u8>>,
    /// How many sightings this tells of, at least 1.
    pub count: u32,
}

/// Something that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// What it is about: a later one about the same takes its place.
    pub about: About,
    /// In words, for the people of the shop.
    pub words: String,
    /// Over after this long unless told again; until `Over` when `None`.
    pub lasts: Option<Duration>,
}

/// What a trouble is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum About {
    /// The module is too warm.
    Temperature,
    /// An antenna is not there or reflects too much.
    Antenna(u16),
    /// A configured antenna that the module has not.
    NoSuchAntenna(u16),
    /// A setting was refused; it reads without. The name of the setting.
    Setting(&'static str),
    /// The module lost reads for want of room or time.
    Lost,
    /// Any other fault that the module reports.
    Module,
}

/// Why a conversation is over.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// We ended it.
    #[error("closed")]
    Closed,
    /// Nothing that was received is a frame of this protocol, or nothing came at all: a wrong device or a wrong rate.
    #[error("it does not answer")]
    NoAnswer,
    /// It answered, and then no more.
    #[error("it fell silent: {0}")]
    Silent(String),
    /// It has started anew by itself; what it was told is forgotten.
    #[error("it has restarted by itself; check its power supply")]
    Restarted,
    /// It answers, but cannot or must not do what is needed. What would help is said too.
    #[error("{0}")]
    Refused(String),
}
