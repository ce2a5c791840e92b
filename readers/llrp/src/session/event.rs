//! What a session tells its host.

use std::time::Duration;

use super::capabilities::Capabilities;
use crate::definitions::{enumerations, parameters as p};
use crate::element::{Element, Message};

/// A reader's refusal: its `LLRPStatus`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{} ({code}){}{description}", name_of(*.code), if .description.is_empty() { "" } else { ": " })]
pub struct Refusal {
    /// `StatusCode`.
    pub code: u16,
    /// `ErrorDescription`.
    pub description: String,
    /// The type of the innermost parameter that it blames (`ParameterError`), if any.
    pub parameter: Option<u16>,
}

fn name_of(code: u16) -> &'static str {
    enumerations::StatusCode.name_of(u64::from(code)).unwrap_or("unnamed status")
}

impl Refusal {
    /// The refusal in a response's `LLRPStatus`; `None` when it says success.
    pub fn of(body: &Element) -> Option<Refusal> {
        let status = body.child(&p::LLRPStatus)?;
        let code = status.unsigned("StatusCode").unwrap_or_default();
        (code != enumerations::StatusCode::M_Success).then(|| Refusal {
            code: u16::try_from(code).unwrap_or(u16::MAX),
            description: status.text("ErrorDescription").unwrap_or_default().to_owned(),
            parameter: blamed(status),
        })
    }
}

fn blamed(status: &Element) -> Option<u16> {
    let mut blamed = None;
    let mut within = status;
    // As deep as the decoder lets parameters nest.
    while let Some(error) = within.child(&p::ParameterError) {
        blamed = error.unsigned("ParameterType").and_then(|number| u16::try_from(number).ok()).or(blamed);
        within = error;
    }
    blamed
}

/// Why a session is over. A host closes the connection and, unless it asked for the end, connects again later.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DownReason {
    /// `close` was called and the reader has answered, or did not in time.
    #[error("closed as asked")]
    Closed,
    /// The reader said that it closes the connection.
    #[error("the reader closed the connection")]
    ClosedByReader,
    /// The reader refused the connection: another client holds it.
    #[error(
        "the reader already has a connection (status {0}): another client holds it, or a broken one has not timed out; \
         stop the other client, or wait for the reader to notice"
    )]
    AlreadyConnected(u16),
    /// The reader refused the connection for another reason.
    #[error("the reader refused the connection (status {0}); see its own log")]
    ConnectionRefused(u16),
    /// No word from the reader for two and a half keep-alive periods.
    #[error("no keep-alive for {0:?}")]
    KeepaliveLost(Duration),
    /// An answer did not come in time.
    #[error("no {0} in time")]
    NoAnswer(&'static str),
    /// The reader refused what an inventory cannot do without.
    #[error("{request} was refused: {refusal}")]
    Refused {
        /// The request.
        request: &'static str,
        /// The reader's status.
        refusal: Refusal,
    },
    /// The reader takes the ROSpec and does not start it, however often it is asked.
    #[error("the reader does not start the inventory; is another client changing its ROSpecs?")]
    NotStarting,
    /// What came is not LLRP: nothing after it can be understood.
    #[error("the stream is not LLRP: {0}")]
    NotLlrp(String),
}

/// A reader's timestamp in µs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timestamp {
    /// Since 1970, by the reader's clock.
    Utc(u64),
    /// Since the reader started.
    Uptime(u64),
}

/// What happened at the reader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Happening {
    /// An antenna was connected or disconnected.
    Antenna {
        /// Port, from 1.
        id: u16,
        /// Now connected.
        connected: bool,
    },
    /// An input changed.
    Gpi {
        /// Port, from 1.
        port: u16,
        /// Now high.
        high: bool,
    },
    /// The reader reports a fault of its own.
    Exception(String),
    /// Its report buffer fills.
    BufferLevel {
        /// Percent full.
        percent: u8,
    },
    /// Its report buffer overflowed: reports are lost.
    BufferOverflow,
    /// The inventory started.
    RoSpecStarted(u32),
    /// The inventory ended.
    RoSpecEnded(u32),
    /// Another ROSpec took the inventory's place.
    RoSpecPreempted {
        /// The one that stopped.
        id: u32,
        /// The one that took over.
        by: u32,
    },
    /// Another client tried to connect.
    ConnectionAttempted,
    /// Anything else, by its parameter's name.
    Other(&'static str),
}

/// What a session tells its host.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// What the reader can do. Nothing that depends on it has been asked for yet: [`super::Session::settings_mut`].
    Capabilities(Box<Capabilities>),
    /// The inventory runs.
    Up(Box<Capabilities>),
    /// An `RO_ACCESS_REPORT` frame, for [`crate::report::tags`].
    Report(Vec<u8>),
    /// Something happened at the reader.
    Reader {
        /// When, by the reader.
        timestamp: Option<Timestamp>,
        /// What.
        what: Happening,
    },
    /// The reader's clock showed `reader_utc_us` when its message came in at `at`.
    Clock {
        /// µs since 1970 by the reader.
        reader_utc_us: u64,
        /// The host's time.
        at: Duration,
    },
    /// The reader, which knows no UTC, had been on for `reader_uptime_us` when its message came in at `at`.
    Uptime {
        /// µs since the reader started.
        reader_uptime_us: u64,
        /// The host's time.
        at: Duration,
    },
    /// The reader refused something that the inventory can do without; it goes on.
    Degraded {
        /// The request.
        request: &'static str,
        /// What the inventory does without, in words that follow "without".
        without: &'static str,
        /// The reader's status.
        refusal: Refusal,
    },
    /// The answer to a `request` of the host's.
    Answer(Message),
    /// A message that could not be decoded was passed over.
    Malformed(String),
    /// The session is over; nothing follows.
    Down(DownReason),
}

/// All that a `ReaderEventNotificationData` says, with its timestamp.
pub(super) fn happenings(notification: &Element) -> (Option<Timestamp>, Vec<Happening>) {
    let micros = |element: &Element| element.unsigned("Microseconds");
    let utc = notification.child(&p::UTCTimestamp).and_then(micros).map(Timestamp::Utc);
    let timestamp = utc.or_else(|| notification.child(&p::Uptime).and_then(micros).map(Timestamp::Uptime));
    let mut out = Vec::new();
    for event in &notification.parameters {
        let short = |name: &str| {
            event.unsigned(name).and_then(|number| u16::try_from(number).ok()).unwrap_or_default()
        };
        let long = |name: &str| {
            event.unsigned(name).and_then(|number| u32::try_from(number).ok()).unwrap_or_default()
        };
        let definition = event.definition;
        if *definition == p::UTCTimestamp || *definition == p::Uptime {
            continue;
        }
        out.push(if *definition == p::AntennaEvent {
            Happening::Antenna { id: short("AntennaID"), connected: event.flag("EventType") }
        } else if *definition == p::GPIEvent {
            Happening::Gpi { port: short("GPIPortNumber"), high: event.flag("GPIEvent") }
        } else if *definition == p::ReaderExceptionEvent {
            Happening::Exception(event.text("Message").unwrap_or_default().to_owned())
        } else if *definition == p::ReportBufferLevelWarningEvent {
            let percent = u8::try_from(short("ReportBufferPercentageFull")).unwrap_or(u8::MAX);
            Happening::BufferLevel { percent }
        } else if *definition == p::ReportBufferOverflowErrorEvent {
            Happening::BufferOverflow
        } else if *definition == p::ROSpecEvent {
            match event.unsigned("EventType") {
                Some(enumerations::ROSpecEventType::Start_Of_ROSpec) => {
                    Happening::RoSpecStarted(long("ROSpecID"))
                }
                Some(enumerations::ROSpecEventType::End_Of_ROSpec) => {
                    Happening::RoSpecEnded(long("ROSpecID"))
                }
                _ => Happening::RoSpecPreempted { id: long("ROSpecID"), by: long("PreemptingROSpecID") },
            }
        } else if *definition == p::ConnectionAttemptEvent {
            Happening::ConnectionAttempted
        } else {
            Happening::Other(definition.name)
        });
    }
    (timestamp, out)
}
