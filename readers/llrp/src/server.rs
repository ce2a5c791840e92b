//! The reader's side of LLRP, as a state machine without I/O: an emulated reader for any client.
//!
//! The host feeds connections, bytes, time, the field's tags and reads, and inputs, and takes bytes, deadlines and events.
//! ROSpecs, AccessSpecs and configuration outlive a connection, as on a real reader; reports made while nobody is connected
//! are kept, up to the profile's bound, and sent to the next client. Tags that the host has placed have memory: AccessSpecs
//! are carried out on them. It makes no reads of its own.

mod access;
mod answers;
mod config;
mod connection;
mod profile;
mod reports;
mod rospec;
mod runs;
mod select;
mod tag;

use std::collections::VecDeque;
use std::time::Duration;

use access::AccessSpec;
use config::Config;
use connection::{Connection, Sent};
pub use profile::Profile;
use reports::Wanted;
pub use reports::{Signal, TagRead};
use rospec::RoSpec;
pub use rospec::{AntennaPlan, Inventory};
pub use tag::{Bank, Lock, Tag, TagFault};

use crate::definitions::{Definition, enumerations as e, messages as m, parameters as p};
use crate::element::{Element, Message};
use crate::frame;

/// The longest message taken from a client.
const MAX_REQUEST_BYTES: usize = 1 << 20;
/// The ID of the first message that the reader sends of its own accord. Clients count from 1, and some take any message with
/// the ID of their request for its answer.
const FIRST_ID: u32 = 0x4000_0000;
/// How full the buffer is when the client is warned, percent.
const WARNING_PERCENT: usize = 80;

/// What the reader tells its host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServerEvent {
    /// This inventory runs now; feed its reads.
    Started(Inventory),
    /// The inventory of this ROSpec has stopped.
    Stopped {
        /// Its ROSpec.
        rospec_id: u32,
    },
    /// The client set an output.
    Gpo {
        /// Port, from 1.
        port: u16,
        /// Now high.
        high: bool,
    },
    /// The conversation is over; close the connection when all output is sent.
    Close,
}

/// An emulated reader; see the module.
#[derive(Debug)]
pub struct Server {
    profile: Profile,
    /// The reader's UTC clock in µs when the host's time is zero.
    clock_us: u64,
    config: Config,
    connected_antennas: Vec<bool>,
    inputs_high: Vec<bool>,
    rospecs: Vec<RoSpec>,
    access_specs: Vec<AccessSpec>,
    tags: Vec<Tag>,
    /// Reports and events made while nobody may have them yet.
    kept: VecDeque<Element>,
    overflowed: bool,
    warned: bool,
    dropped_reports: u64,
    /// The channel of the last read, for hopping events.
    channel: u16,
    connection: Option<Connection>,
    events: VecDeque<ServerEvent>,
    next_id: u32,
    /// The turn of the next ROSpec that has to wait for the radio.
    next_turn: u64,
}

impl Server {
    /// A reader that has just started. `clock_us` is its UTC clock (µs since 1970) when the host's time is zero.
    pub fn new(profile: Profile, clock_us: u64) -> Self {
        Server {
            clock_us,
            config: Config::factory(&profile),
            connected_antennas: vec![true; usize::from(profile.antennas)],
            inputs_high: vec![false; usize::from(profile.gpis)],
            rospecs: Vec::new(),
            access_specs: Vec::new(),
            tags: Vec::new(),
            kept: VecDeque::new(),
            overflowed: false,
            warned: false,
            dropped_reports: 0,
            channel: 0,
            connection: None,
            events: VecDeque::new(),
            next_id: FIRST_ID,
            next_turn: 0,
            profile,
        }
    }

    /// What the reader is.
    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// Places a tag in the field and gives its number for [`Server::singulate`].
    pub fn place(&mut self, tag: Tag) -> usize {
        self.tags.push(tag);
        self.tags.len() - 1
    }

    /// The tags of the field.
    pub fn tags(&self) -> &[Tag] {
        &self.tags
    }

    /// Reports and events that were lost because nobody took them in time.
    pub fn dropped_reports(&self) -> u64 {
        self.dropped_reports
    }

    /// Whether a client is connected.
    pub fn is_connected(&self) -> bool {
        self.connection.is_some()
    }

    /// Takes a client's connection. Only one is had at a time: where [`Server::is_connected`], send
    /// [`Server::refusal`] to the newcomer and close on it.
    pub fn accept(&mut self, now: Duration) {
        self.connected(now, false);
    }

    /// Takes a connection that the reader made itself to a client that listens.
    pub fn dialled(&mut self, now: Duration) {
        self.connected(now, true);
    }

    fn connected(&mut self, now: Duration, dialled: bool) {
        let holding = self.config.holding.flag("HoldEventsAndReportsUponReconnect");
        self.connection = Some(Connection::new(dialled, holding));
        let attempt =
            Element::new(&p::ConnectionAttemptEvent).with("Status", e::ConnectionAttemptStatusType::Success);
        let notification = self.notification(now, attempt);
        self.send(now, notification);
        self.schedule_keepalive(now);
        self.release(now);
    }

    /// The bytes for a second client: the event that says a connection exists already.
    pub fn refusal(&self, now: Duration) -> Vec<u8> {
        use e::ConnectionAttemptStatusType as S;
        let dialled = self.connection.as_ref().is_some_and(|connection| connection.dialled);
        let status = if dialled {
            S::Failed_A_Reader_Initiated_Connection_Already_Exists
        } else {
            S::Failed_A_Client_Initiated_Connection_Already_Exists
        };
        let attempt = Element::new(&p::ConnectionAttemptEvent).with("Status", status);
        Message::new(0, self.notification(now, attempt)).encode().unwrap_or_default()
    }

    /// Tells the client that another one tried to connect.
    pub fn connection_attempted(&mut self, now: Duration) {
        let attempt = Element::new(&p::ConnectionAttemptEvent)
            .with("Status", e::ConnectionAttemptStatusType::Another_Connection_Attempted);
        let notification = self.notification(now, attempt);
        self.send(now, notification);
    }

    /// The connection is gone. Inventories go on, and their reports are kept.
    pub fn connection_lost(&mut self) {
        self.connection = None;
    }

    /// The reader restarts: all is gone but its profile, its clock and the tags before it.
    pub fn restart(&mut self) {
        for rospec in self.rospecs.iter().filter(|rospec| rospec.run.is_some()) {
            self.events.push_back(ServerEvent::Stopped { rospec_id: rospec.id() });
        }
        let mut fresh = Server::new(self.profile.clone(), self.clock_us);
        fresh.connected_antennas = std::mem::take(&mut self.connected_antennas);
        fresh.events = std::mem::take(&mut self.events);
        fresh.tags = std::mem::take(&mut self.tags);
        *self = fresh;
    }

    /// Sets the reader's clock: its UTC in µs when the host's time is zero.
    pub fn set_clock(&mut self, clock_us: u64) {
        let old_us = std::mem::replace(&mut self.clock_us, clock_us);
        // What is to start at a time of the clock starts so much sooner or later.
        let (sooner, later) = (clock_us.saturating_sub(old_us), old_us.saturating_sub(clock_us));
        for rospec in self.rospecs.iter_mut().filter(|rospec| rospec.keeps_to_the_clock()) {
            let moved = |at: Duration| at.saturating_sub(Duration::from_micros(sooner));
            rospec.starts = rospec.starts.map(|at| moved(at).saturating_add(Duration::from_micros(later)));
        }
    }

    /// Takes bytes from the client, in any portions.
    pub fn handle_input(&mut self, now: Duration, bytes: &[u8]) {
        let Some(connection) = self.connection.as_mut() else { return };
        connection.input.extend_from_slice(bytes);
        let input = std::mem::take(&mut connection.input);
        let mut rest = input.as_slice();
        while self.connection.as_ref().is_some_and(|connection| !connection.closing) {
            match frame::next(rest, MAX_REQUEST_BYTES) {
                Ok(Some(frame)) => {
                    rest = rest.get(frame.len()..).unwrap_or_default();
                    self.request(now, frame);
                }
                Ok(None) => {
                    if let Some(connection) = self.connection.as_mut() {
                        connection.input = rest.to_vec();
                    }
                    return;
                }
                Err(error) => {
                    let status = status(e::StatusCode::M_ParameterError, &error.to_string());
                    self.send(now, Element::new(&m::ERROR_MESSAGE).and(status));
                    self.close();
                }
            }
        }
    }

    /// Does what is due at `now`.
    pub fn handle_timeout(&mut self, now: Duration) {
        let due = self.connection.as_ref().and_then(|connection| connection.keepalive_at);
        if due.is_some_and(|at| at <= now) {
            self.send(now, Element::new(&m::KEEPALIVE));
            self.schedule_keepalive(now);
        }
        self.run_what_is_due(now);
    }

    /// The next bytes for the client.
    pub fn poll_output(&mut self) -> Option<Vec<u8>> {
        self.connection.as_mut()?.poll()
    }

    /// When `handle_timeout` is wanted next.
    pub fn poll_timeout(&self) -> Option<Duration> {
        let keepalive = self.connection.as_ref().and_then(|connection| connection.keepalive_at);
        let runs = self.rospecs.iter().filter_map(|rospec| rospec.run.as_ref());
        runs.flat_map(|run| [run.ends, run.spec.ends, run.spec.quiet_ends])
            .chain(self.rospecs.iter().flat_map(|rospec| [rospec.starts, rospec.reports.due]))
            .chain([keepalive])
            .flatten()
            .min()
    }

    /// The next event.
    pub fn poll_event(&mut self) -> Option<ServerEvent> {
        self.events.pop_front()
    }

    /// The inventory that runs.
    pub fn inventory(&self) -> Option<&Inventory> {
        self.rospecs.iter().find_map(|rospec| rospec.run.as_ref()?.inventory.as_ref())
    }

    /// An antenna was plugged in or out.
    pub fn set_antenna(&mut self, now: Duration, id: u16, connected: bool) {
        let slot = usize::from(id).checked_sub(1).and_then(|id| self.connected_antennas.get_mut(id));
        let Some(slot) = slot else { return };
        if std::mem::replace(slot, connected) != connected {
            let event = Element::new(&p::AntennaEvent).with("EventType", connected).with("AntennaID", id);
            self.tell(now, e::NotificationEventType::Antenna_Event, event);
        }
    }

    /// Something is wrong with the reader itself.
    pub fn exception(&mut self, now: Duration, message: &str) {
        let event = Element::new(&p::ReaderExceptionEvent).with("Message", message);
        self.tell(now, e::NotificationEventType::Reader_Exception_Event, event);
    }

    fn utc_us(&self, now: Duration) -> u64 {
        self.clock_us.saturating_add(u64::try_from(now.as_micros()).unwrap_or(u64::MAX))
    }

    fn notification(&self, now: Duration, event: Element) -> Element {
        let at = Element::new(&p::UTCTimestamp).with("Microseconds", self.utc_us(now));
        let notification = Element::new(&p::ReaderEventNotificationData).and(at).and(event);
        Element::new(&m::READER_EVENT_NOTIFICATION).and(notification)
    }

    fn waiting(&self) -> usize {
        self.connection.as_ref().map_or(0, Connection::waiting)
    }

    /// Sends a message of the reader's own accord.
    fn send(&mut self, now: Duration, body: Element) {
        let id = self.next_id;
        self.next_id = self.next_id.wrapping_add(1);
        self.send_at(now, self.waiting(), id, body, None);
    }

    fn send_as(&mut self, now: Duration, id: u32, body: Element) {
        self.send_at(now, self.waiting(), id, body, None);
    }

    /// Queues a message before those that were queued from `place` on (an answer goes ahead of what it set off), in the
    /// connection's version or another.
    fn send_at(&mut self, now: Duration, place: usize, id: u32, body: Element, version: Option<u8>) {
        let Some(connection) = self.connection.as_mut() else { return };
        let (name, is_report) = (body.definition.name, *body.definition == m::RO_ACCESS_REPORT);
        let version = version.unwrap_or(connection.version);
        let frame = Message { version, reserved: 0, id, body }.encode();
        debug_assert!(frame.is_ok(), "{name} fits its fields: {frame:?}");
        let Ok(frame) = frame else { return };
        match connection.queue(place, frame, is_report, self.profile.max_buffered_reports) {
            Sent::Queued => {}
            Sent::Dropped => self.dropped_reports = self.dropped_reports.saturating_add(1),
            Sent::FirstDropped => {
                self.dropped_reports = self.dropped_reports.saturating_add(1);
                let event = Element::new(&p::ReportBufferOverflowErrorEvent);
                let notification = self.notification(now, event);
                self.send(now, notification);
            }
            Sent::Stalled => {
                connection.clear();
                self.close();
            }
        }
    }

    /// An event that the client may have switched off.
    fn tell(&mut self, now: Duration, kind: u64, event: Element) {
        if self.config.tells(kind) {
            let notification = self.notification(now, event);
            self.deliver(now, notification);
        }
    }

    /// A report or event: now, or when somebody may have it.
    fn deliver(&mut self, now: Duration, body: Element) {
        if self.connection.as_ref().is_some_and(|connection| !connection.holding) {
            return self.send(now, body);
        }
        self.kept.push_back(body);
        let most = self.profile.max_buffered_reports.max(1);
        if self.kept.len() > most {
            // The oldest report goes; where all are events, the oldest of those.
            let is_report = |body: &Element| *body.definition == m::RO_ACCESS_REPORT;
            let oldest = self.kept.iter().position(is_report).unwrap_or(0);
            self.kept.remove(oldest);
            self.overflowed = true;
            self.dropped_reports = self.dropped_reports.saturating_add(1);
        }
        let warning = e::NotificationEventType::Report_Buffer_Fill_Warning;
        if self.kept.len() * 100 >= most * WARNING_PERCENT && !self.warned && self.config.tells(warning) {
            self.warned = true;
            let event = Element::new(&p::ReportBufferLevelWarningEvent)
                .with("ReportBufferPercentageFull", WARNING_PERCENT as u8);
            let notification = self.notification(now, event);
            self.kept.push_front(notification);
        }
    }

    /// Sends what was kept, where a client is there and wants it.
    fn release(&mut self, now: Duration) {
        if self.connection.as_ref().is_some_and(|connection| !connection.holding) {
            self.release_all(now);
        }
    }

    fn release_all(&mut self, now: Duration) {
        for body in std::mem::take(&mut self.kept) {
            self.send(now, body);
        }
        self.warned = false;
        if std::mem::take(&mut self.overflowed) {
            let event = Element::new(&p::ReportBufferOverflowErrorEvent);
            let notification = self.notification(now, event);
            self.send(now, notification);
        }
    }

    fn close(&mut self) {
        if let Some(connection) = self.connection.as_mut()
            && !std::mem::replace(&mut connection.closing, true)
        {
            connection.keepalive_at = None;
            self.events.push_back(ServerEvent::Close);
        }
    }

    fn schedule_keepalive(&mut self, now: Duration) {
        let period = self.config.keepalive_ms().map(Duration::from_millis);
        if let Some(connection) = self.connection.as_mut() {
            connection.keepalive_at = period.map(|period| now + period);
        }
    }
}

/// An `LLRPStatus`.
fn status(code: u64, description: &str) -> Element {
    Element::new(&p::LLRPStatus).with("StatusCode", code).with("ErrorDescription", description)
}

/// A message that answers with a status.
fn answer(definition: &'static Definition, status: Element) -> Element {
    Element::new(definition).and(status)
}
