//! The reader's side of LLRP, as a state machine without I/O: an emulated reader for any client.
//!
//! The host feeds connections, bytes, time, the field's reads and inputs, and takes bytes, deadlines and events. ROSpecs,
//! AccessSpecs and configuration outlive a connection, as on a real reader; reports made while nobody is connected
//! are kept, up to the profile's bound, and sent to the next client. Access operations are
//! kept and listed, never carried out.

mod answers;
mod config;
mod profile;
mod reports;
mod rospec;

use std::collections::VecDeque;
use std::time::Duration;

use config::Config;
pub use profile::Profile;
pub use reports::TagRead;
use reports::{Reports, Wanted};
pub use rospec::{AntennaPlan, Inventory};
use rospec::{RoSpec, StartTrigger};

use crate::definitions::{Definition, enumerations as e, messages as m, parameters as p};
use crate::element::{Element, Message};
use crate::frame;

/// The longest message taken from a client.
const MAX_REQUEST_BYTES: usize = 1 << 20;
/// Messages waiting for `poll_output`; beyond that reports are lost, and the client is told.
const MAX_OUTPUTS: usize = 4096;

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
    access_specs: Vec<Element>,
    reports: Reports,
    /// Reports and events made while nobody may have them yet.
    kept: VecDeque<Element>,
    overflowed: bool,
    connection: Option<Connection>,
    events: VecDeque<ServerEvent>,
    next_id: u32,
}

#[derive(Debug)]
struct Connection {
    version: u8,
    input: Vec<u8>,
    outputs: VecDeque<Vec<u8>>,
    keepalive_at: Option<Duration>,
    /// Reports wait for `ENABLE_EVENTS_AND_REPORTS`.
    holding: bool,
    extensions: bool,
    closing: bool,
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
            reports: Reports::default(),
            kept: VecDeque::new(),
            overflowed: false,
            connection: None,
            events: VecDeque::new(),
            next_id: 1,
            profile,
        }
    }

    /// What the reader is.
    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// Whether a client is connected.
    pub fn is_connected(&self) -> bool {
        self.connection.is_some()
    }

    /// Takes a client's connection. Only one is had at a time: where [`Server::is_connected`], send
    /// [`Server::refusal`] to the newcomer and close on it.
    pub fn accept(&mut self, now: Duration) {
        self.connection = Some(Connection {
            version: 1,
            input: Vec::new(),
            outputs: VecDeque::new(),
            keepalive_at: None,
            holding: self.config.holding.flag("HoldEventsAndReportsUponReconnect"),
            extensions: false,
            closing: false,
        });
        let attempt =
            Element::new(&p::ConnectionAttemptEvent).with("Status", e::ConnectionAttemptStatusType::Success);
        let notification = self.notification(now, attempt);
        self.send(notification);
        self.schedule_keepalive(now);
        self.release(now);
    }

    /// The bytes for a second client: the event that says a client-initiated connection exists already.
    pub fn refusal(&self, now: Duration) -> Vec<u8> {
        let attempt = Element::new(&p::ConnectionAttemptEvent).with(
            "Status",
            e::ConnectionAttemptStatusType::Failed_A_Client_Initiated_Connection_Already_Exists,
        );
        Message::new(0, self.notification(now, attempt)).encode().unwrap_or_default()
    }

    /// Tells the client that another one tried to connect.
    pub fn connection_attempted(&mut self, now: Duration) {
        let attempt = Element::new(&p::ConnectionAttemptEvent)
            .with("Status", e::ConnectionAttemptStatusType::Another_Connection_Attempted);
        let notification = self.notification(now, attempt);
        self.send(notification);
    }

    /// The connection is gone. Inventories go on, and their reports are kept.
    pub fn connection_lost(&mut self) {
        self.connection = None;
    }

    /// The reader restarts: all is gone but its profile and its clock.
    pub fn restart(&mut self) {
        for rospec in self.rospecs.iter().filter(|rospec| rospec.run.is_some()) {
            self.events.push_back(ServerEvent::Stopped { rospec_id: rospec.id() });
        }
        let antennas = std::mem::take(&mut self.connected_antennas);
        let events = std::mem::take(&mut self.events);
        *self = Server::new(self.profile.clone(), self.clock_us);
        (self.connected_antennas, self.events) = (antennas, events);
    }

    /// Sets the reader's clock: its UTC in µs when the host's time is zero.
    pub fn set_clock(&mut self, clock_us: u64) {
        self.clock_us = clock_us;
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
                    self.send(Element::new(&m::ERROR_MESSAGE).and(status));
                    self.close();
                }
            }
        }
    }

    /// Does what is due at `now`.
    pub fn handle_timeout(&mut self, now: Duration) {
        let due = self.connection.as_ref().and_then(|connection| connection.keepalive_at);
        if due.is_some_and(|at| at <= now) {
            self.send(Element::new(&m::KEEPALIVE));
            self.schedule_keepalive(now);
        }
        if self.reports.due.is_some_and(|at| at <= now)
            && let Some(index) = self.running()
        {
            self.report(now, index);
        }
        if let Some(index) = self.running() {
            let ends = self.rospecs.get(index).and_then(|rospec| rospec.run.as_ref());
            let (whole, spec) = ends.map_or((None, None), |run| (run.ends, run.spec_ends));
            if whole.is_some_and(|at| at <= now) {
                self.stop(now, index);
            } else if spec.is_some_and(|at| at <= now) {
                self.end_spec(now, index);
            }
        }
        for index in 0..self.rospecs.len() {
            let Some(rospec) = self.rospecs.get_mut(index) else { break };
            if rospec.starts.take_if(|at| *at <= now).is_some() {
                if let StartTrigger::Periodic { period_ms: period_ms @ 1.., .. } = rospec.start_trigger() {
                    rospec.starts = Some(now + Duration::from_millis(period_ms));
                }
                self.start(now, index);
            }
        }
    }

    /// The next bytes for the client.
    pub fn poll_output(&mut self) -> Option<Vec<u8>> {
        self.connection.as_mut()?.outputs.pop_front()
    }

    /// When `handle_timeout` is wanted next.
    pub fn poll_timeout(&self) -> Option<Duration> {
        let keepalive = self.connection.as_ref().and_then(|connection| connection.keepalive_at);
        let runs = self.rospecs.iter().filter_map(|rospec| rospec.run.as_ref());
        runs.flat_map(|run| [run.ends, run.spec_ends])
            .chain(self.rospecs.iter().map(|rospec| rospec.starts))
            .chain([keepalive, self.reports.due])
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

    /// A tag was read. Passed over where no inventory runs on that antenna, or nothing is connected to it.
    pub fn read(&mut self, now: Duration, read: &TagRead) {
        let Some(index) = self.running() else { return };
        let at_us = self.utc_us(now);
        let wanted = self.wanted(index);
        let Some(rospec) = self.rospecs.get_mut(index) else { return };
        let Some(run) = rospec.run.as_mut() else { return };
        let Some(inventory) = run.inventory.as_ref() else { return };
        let plugged = usize::from(read.antenna)
            .checked_sub(1)
            .and_then(|antenna| self.connected_antennas.get(antenna))
            .is_some_and(|connected| *connected);
        if !plugged || !inventory.antennas.iter().any(|antenna| antenna.id == read.antenna) {
            return;
        }
        let due = self.reports.add(read, at_us, now, inventory, &wanted);
        let mut over = false;
        if let Some(left) = run.spec_tags.as_mut() {
            *left = left.saturating_sub(1);
            over = *left == 0;
        }
        if due {
            self.report(now, index);
        }
        if over {
            self.end_spec(now, index);
        }
    }

    /// An input changed: the client is told if it wants to know, and triggers are followed.
    pub fn set_gpi(&mut self, now: Duration, port: u16, high: bool) {
        let Some(level) = usize::from(port).checked_sub(1).and_then(|port| self.inputs_high.get_mut(port))
        else {
            return;
        };
        if std::mem::replace(level, high) == high {
            return;
        }
        for input in &mut self.config.inputs {
            if input.unsigned("GPIPortNum") == Some(port.into()) {
                *input = input.clone().with("State", high);
            }
        }
        let event = Element::new(&p::GPIEvent).with("GPIPortNumber", port).with("GPIEvent", high);
        self.tell(now, e::NotificationEventType::GPI_Event, event);
        for index in 0..self.rospecs.len() {
            let Some(rospec) = self.rospecs.get(index) else { break };
            let trigger = StartTrigger::Gpi { port: port.into(), high };
            if rospec.run.is_some() && rospec.stopped_by(port, high) {
                self.stop(now, index);
            } else if rospec.enabled && rospec.run.is_none() && rospec.start_trigger() == trigger {
                self.start(now, index);
            }
        }
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

    /// Sends a message of the reader's own accord.
    fn send(&mut self, body: Element) {
        let id = self.next_id;
        self.next_id = self.next_id.wrapping_add(1);
        self.send_as(id, body);
    }

    fn send_as(&mut self, id: u32, body: Element) {
        let last = self.connection.as_ref().map_or(0, |connection| connection.outputs.len());
        self.send_at(last, id, body);
    }

    /// Queues a message before those that were queued from `place` on: an answer goes ahead of what it set off.
    fn send_at(&mut self, place: usize, id: u32, body: Element) {
        let Some(connection) = self.connection.as_mut() else { return };
        if connection.outputs.len() >= MAX_OUTPUTS {
            self.overflowed = true;
            return;
        }
        let name = body.definition.name;
        let frame = Message { version: connection.version, reserved: 0, id, body }.encode();
        debug_assert!(frame.is_ok(), "{name} fits its fields: {frame:?}");
        if let Ok(frame) = frame {
            connection.outputs.insert(place.min(connection.outputs.len()), frame);
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
        self.kept.push_back(body);
        if self.kept.len() > self.profile.max_buffered_reports {
            self.kept.pop_front();
            self.overflowed = true;
        }
        self.release(now);
    }

    /// Sends what was kept, where a client is there and wants it.
    fn release(&mut self, now: Duration) {
        let open = |connection: &Connection| !connection.holding && connection.outputs.len() < MAX_OUTPUTS;
        while self.connection.as_ref().is_some_and(open) {
            let Some(body) = self.kept.pop_front() else { break };
            self.send(body);
        }
        if self.kept.is_empty() && std::mem::take(&mut self.overflowed) {
            let event = Element::new(&p::ReportBufferOverflowErrorEvent);
            let notification = self.notification(now, event);
            self.send(notification);
        }
    }

    fn close(&mut self) {
        if let Some(connection) = self.connection.as_mut() {
            connection.closing = true;
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

    fn running(&self) -> Option<usize> {
        self.rospecs.iter().position(|rospec| rospec.run.is_some())
    }

    fn wanted(&self, index: usize) -> Wanted {
        let own = self.rospecs.get(index).and_then(RoSpec::report_spec);
        let impinj = self.profile.vendor == crate::definitions::vendors::IMPINJ;
        Wanted::read(own.unwrap_or(&self.config.reports), impinj)
    }

    /// Starts a ROSpec, unless one runs already: this reader's radio does one thing at a time.
    fn start(&mut self, now: Duration, index: usize) -> bool {
        if self.running().is_some() {
            return false;
        }
        let Some(rospec) = self.rospecs.get_mut(index) else { return false };
        self.reports = Reports::default();
        rospec.begin(now, &self.profile, &self.config.antennas);
        let id = rospec.id();
        let inventory = rospec.run.as_ref().and_then(|run| run.inventory.clone());
        self.rospec_event(now, id, e::ROSpecEventType::Start_Of_ROSpec);
        match inventory {
            Some(inventory) => self.events.push_back(ServerEvent::Started(inventory)),
            None => self.stop(now, index),
        }
        true
    }

    /// Ends a run: its last report, then the event. The ROSpec stays enabled.
    fn stop(&mut self, now: Duration, index: usize) {
        let wanted = self.wanted(index);
        let Some(rospec) = self.rospecs.get_mut(index) else { return };
        let id = rospec.id();
        if rospec.run.take().is_none() {
            return;
        }
        if wanted.at_end() {
            self.report(now, index);
        }
        self.events.push_back(ServerEvent::Stopped { rospec_id: id });
        self.rospec_event(now, id, e::ROSpecEventType::End_Of_ROSpec);
    }

    /// The current AISpec is over: its report and event, then the next one, or the end.
    fn end_spec(&mut self, now: Duration, index: usize) {
        if self.wanted(index).at_spec_end() {
            self.report(now, index);
        }
        let ended = self.rospecs.get(index).and_then(|rospec| rospec.run.as_ref()?.inventory.clone());
        if let Some(ended) = ended {
            let event = Element::new(&p::AISpecEvent)
                .with("ROSpecID", ended.rospec_id)
                .with("SpecIndex", ended.spec_index);
            self.tell(now, e::NotificationEventType::AISpec_Event, event);
        }
        let Some(rospec) = self.rospecs.get_mut(index) else { return };
        if rospec.advance(now, &self.profile, &self.config.antennas) {
            let next = rospec.run.as_ref().and_then(|run| run.inventory.clone());
            self.events.extend(next.map(ServerEvent::Started));
        } else {
            // All specs are done. With an immediate trigger the reader begins again, which clients rely on that end each
            // AISpec after a number of tags.
            let again = rospec.start_trigger() == StartTrigger::Immediate;
            self.stop(now, index);
            if again {
                self.start(now, index);
            }
        }
    }

    /// Sends what has been seen.
    fn report(&mut self, now: Duration, index: usize) {
        let wanted = self.wanted(index);
        let id = self.rospecs.get(index).map_or(0, RoSpec::id);
        if let Some(report) = self.reports.take(id, &wanted) {
            self.deliver(now, report);
        }
    }

    fn rospec_event(&mut self, now: Duration, id: u32, kind: u64) {
        let event = Element::new(&p::ROSpecEvent).with("EventType", kind).with("ROSpecID", id);
        self.tell(now, e::NotificationEventType::ROSpec_Event, event);
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
