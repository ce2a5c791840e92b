//! A client's session with one reader, as a state machine without I/O: one inventory that never ends.
//!
//! The host feeds bytes (`handle_input`) and time (`handle_timeout`), and takes bytes (`poll_output`), the next
//! deadline (`poll_timeout`) and events (`poll_event`). Time is a `Duration` since an instant of the host's choosing.
//! The session never opens a connection, never reads a clock, and is used up by `Down`: a new connection
//! takes a new session.

mod capabilities;
mod event;
mod requests;
mod settings;

use std::collections::VecDeque;
use std::time::Duration;

pub use capabilities::{Capabilities, Mode};
pub use event::{DownReason, Event, Happening, Refusal, Timestamp};
use requests::Wishes;
pub use settings::{Antenna, Settings, Start};

use crate::definitions::vendors::{self as v, IMPINJ};
use crate::definitions::{Definition, enumerations as e, messages as m, parameters as p};
use crate::element::{Element, Message};
use crate::frame::{self, Header};

/// Silence after which a reader counts as gone, in tenths of the keep-alive period.
const KEEPALIVE_TENTHS: u32 = 25;
/// How long a session waits before it tries again to start an inventory that something else displaced.
const RESTART_DELAY: Duration = Duration::from_secs(1);
/// Times that a ROSpec is enabled or added anew in a row before the session gives up.
const MAX_REPAIRS: u8 = 4;
/// Requests of the host's that may wait for their answers.
const MAX_HOST_REQUESTS: usize = 64;
/// Messages waiting for `poll_output`; a host that never takes them is not fed more acknowledgements.
const MAX_OUTPUTS: usize = 256;

/// What the session asks next, in this order; some steps are skipped, some stand only on detours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    SupportedVersion,
    SetVersion,
    Capabilities,
    Extensions,
    DeleteAllRoSpecs,
    /// Detour: a reader that cannot delete all at once is asked what it has.
    ListRoSpecs,
    /// Detour: one of those.
    DeleteRoSpec(u32),
    DeleteAccessSpecs,
    /// Whether the reader holds reports since an earlier connection.
    Holding,
    Configure {
        bare: bool,
    },
    AddRoSpec(Wishes),
    Enable,
    Start,
    /// After a refused start: is it running already, is it gone?
    Inspect,
    Close,
}

#[derive(Debug)]
struct Pending {
    id: u32,
    step: Step,
    deadline: Duration,
    answer: &'static Definition,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Waiting for the reader's first word.
    Connecting,
    /// Asking step by step.
    SettingUp,
    /// The inventory runs.
    Running,
    Closing,
    Down,
}

/// A client's session; see the module.
#[derive(Debug)]
pub struct Session {
    settings: Settings,
    state: State,
    version: u8,
    next_id: u32,
    pending: Option<Pending>,
    host_requests: VecDeque<u32>,
    leftovers: VecDeque<u32>,
    connect_deadline: Option<Duration>,
    heard: Duration,
    keepalives: bool,
    held: bool,
    restart_at: Option<Duration>,
    repairs: u8,
    extensions: bool,
    /// What the last accepted or attempted ROSpec carried.
    wishes: Wishes,
    announced: bool,
    capabilities: Capabilities,
    input: Vec<u8>,
    outputs: VecDeque<Vec<u8>>,
    events: VecDeque<Event>,
    dropped_reports: u64,
}

impl Session {
    /// A session over a connection that has just been made, at `now`.
    pub fn new(settings: Settings, now: Duration) -> Self {
        Session {
            connect_deadline: Some(now + settings.response_timeout),
            settings,
            state: State::Connecting,
            version: 1,
            next_id: 1,
            pending: None,
            host_requests: VecDeque::new(),
            leftovers: VecDeque::new(),
            heard: now,
            keepalives: false,
            held: false,
            restart_at: None,
            repairs: 0,
            extensions: false,
            wishes: Wishes::Standard,
            announced: false,
            capabilities: Capabilities::default(),
            input: Vec::new(),
            outputs: VecDeque::new(),
            events: VecDeque::new(),
            dropped_reports: 0,
        }
    }

    /// Takes bytes from the reader, in any portions.
    pub fn handle_input(&mut self, now: Duration, bytes: &[u8]) {
        if self.state == State::Down {
            return;
        }
        self.heard = now;
        let mut kept = std::mem::take(&mut self.input);
        let mut rest = if kept.is_empty() {
            bytes
        } else {
            kept.extend_from_slice(bytes);
            kept.as_slice()
        };
        while self.state != State::Down {
            match frame::next(rest, self.settings.max_frame_bytes) {
                Ok(Some(frame)) => {
                    rest = rest.get(frame.len()..).unwrap_or_default();
                    self.frame(now, frame);
                }
                Ok(None) => {
                    self.input = rest.to_vec();
                    return;
                }
                Err(error) => self.down(DownReason::NotLlrp(error.to_string())),
            }
        }
    }

    /// Does what is due at `now`. Call it at the instants that `poll_timeout` gives, or at any others.
    pub fn handle_timeout(&mut self, now: Duration) {
        if self.state == State::Down {
            return;
        }
        if self.connect_deadline.is_some_and(|deadline| deadline <= now) {
            return self.down(DownReason::NoAnswer("connection event"));
        }
        if self.keepalive_deadline().is_some_and(|deadline| deadline <= now) {
            return self.down(DownReason::KeepaliveLost(now.saturating_sub(self.heard)));
        }
        if let Some(pending) = self.pending.take_if(|pending| pending.deadline <= now) {
            return match pending.step {
                Step::Close => self.down(DownReason::Closed),
                Step::Holding | Step::DeleteAccessSpecs | Step::Extensions => self.go_on(now, pending.step),
                _ => self.down(DownReason::NoAnswer(pending.answer.name)),
            };
        }
        if self.pending.is_none() && self.restart_at.take_if(|at| *at <= now).is_some() {
            self.ask(now, Step::Start);
        }
    }

    /// The next bytes for the reader.
    pub fn poll_output(&mut self) -> Option<Vec<u8>> {
        self.outputs.pop_front()
    }

    /// When `handle_timeout` is wanted next.
    pub fn poll_timeout(&self) -> Option<Duration> {
        if self.state == State::Down {
            return None;
        }
        let pending = self.pending.as_ref().map(|pending| pending.deadline);
        let restart = self.restart_at.filter(|_| self.pending.is_none());
        [self.connect_deadline, self.keepalive_deadline(), pending, restart].into_iter().flatten().min()
    }

    /// The next event.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// Asks the reader to close: deletes the ROSpec, then closes. `Down(Closed)` follows.
    pub fn close(&mut self, now: Duration) {
        match self.state {
            State::Down | State::Closing => {}
            State::Connecting => self.down(DownReason::Closed),
            State::SettingUp | State::Running => {
                self.state = State::Closing;
                (self.pending, self.restart_at) = (None, None);
                let delete = requests::of_rospec(&m::DELETE_ROSPEC, self.settings.rospec_id);
                self.send(delete);
                self.ask(now, Step::Close);
            }
        }
    }

    /// Sends a request of the host's own, such as `SET_READER_CONFIG` with a `GPOWriteData`. Its answer comes as
    /// [`Event::Answer`] with the message ID returned here; `None` when too many wait, or the session is not up.
    pub fn request(&mut self, body: Element) -> Option<u32> {
        if self.state != State::Running || self.host_requests.len() >= MAX_HOST_REQUESTS {
            return None;
        }
        let id = self.send(body)?;
        self.host_requests.push_back(id);
        Some(id)
    }

    /// Sets an output of the reader; as [`Session::request`].
    pub fn set_gpo(&mut self, port: u16, high: bool) -> Option<u32> {
        let output = Element::new(&p::GPOWriteData).with("GPOPortNumber", port).with("GPOData", high);
        self.request(Element::new(&m::SET_READER_CONFIG).and(output))
    }

    /// Reports dropped because nobody took the events in time.
    pub fn dropped_reports(&self) -> u64 {
        self.dropped_reports
    }

    /// What the reader can do; empty until it has said so.
    pub fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn keepalive_deadline(&self) -> Option<Duration> {
        let period = Duration::from_millis(self.settings.keepalive_ms.into());
        self.keepalives.then(|| self.heard + period * KEEPALIVE_TENTHS / 10)
    }

    fn event(&mut self, event: Event) {
        if self.events.len() >= self.settings.max_events.max(16) {
            let oldest = self.events.iter().position(|event| matches!(event, Event::Report(_)));
            self.events.remove(oldest.unwrap_or_default());
            self.dropped_reports += u64::from(oldest.is_some());
        }
        self.events.push_back(event);
    }

    fn down(&mut self, reason: DownReason) {
        debug_assert_ne!(self.state, State::Down, "a session ends once");
        self.state = State::Down;
        self.pending = None;
        self.event(Event::Down(reason));
    }

    /// Queues a message; `None` when the host does not take what is queued.
    fn send(&mut self, body: Element) -> Option<u32> {
        if self.outputs.len() >= MAX_OUTPUTS {
            return None;
        }
        let id = self.next_id;
        self.next_id = self.next_id.wrapping_add(1).max(1);
        // The version is asked for in the newer version's own words (LLRP 1.1 §9.1.1).
        let asks_version = [&m::GET_SUPPORTED_VERSION, &m::SET_PROTOCOL_VERSION].contains(&body.definition);
        let version = if asks_version { 2 } else { self.version };
        let frame = Message { version, reserved: 0, id, body }.encode();
        debug_assert!(frame.is_ok(), "the session's own requests fit their fields: {frame:?}");
        self.outputs.push_back(frame.ok()?);
        Some(id)
    }

    fn ask(&mut self, now: Duration, step: Step) {
        debug_assert!(self.pending.is_none(), "one question at a time");
        let rospec = self.settings.rospec_id;
        let (body, answer) = match step {
            Step::SupportedVersion => {
                (Element::new(&m::GET_SUPPORTED_VERSION), &m::GET_SUPPORTED_VERSION_RESPONSE)
            }
            Step::SetVersion => (
                Element::new(&m::SET_PROTOCOL_VERSION).with("ProtocolVersion", 2_u8),
                &m::SET_PROTOCOL_VERSION_RESPONSE,
            ),
            Step::Capabilities => {
                (Element::new(&m::GET_READER_CAPABILITIES), &m::GET_READER_CAPABILITIES_RESPONSE)
            }
            Step::Extensions => {
                (Element::new(&v::IMPINJ_ENABLE_EXTENSIONS), &v::IMPINJ_ENABLE_EXTENSIONS_RESPONSE)
            }
            Step::DeleteAllRoSpecs => (requests::of_rospec(&m::DELETE_ROSPEC, 0), &m::DELETE_ROSPEC_RESPONSE),
            Step::ListRoSpecs | Step::Inspect => (Element::new(&m::GET_ROSPECS), &m::GET_ROSPECS_RESPONSE),
            Step::DeleteRoSpec(id) => {
                (requests::of_rospec(&m::DELETE_ROSPEC, id), &m::DELETE_ROSPEC_RESPONSE)
            }
            Step::DeleteAccessSpecs => (Element::new(&m::DELETE_ACCESSSPEC), &m::DELETE_ACCESSSPEC_RESPONSE),
            Step::Holding => (
                Element::new(&m::GET_READER_CONFIG)
                    .with("RequestedData", e::GetReaderConfigRequestedData::EventsAndReports),
                &m::GET_READER_CONFIG_RESPONSE,
            ),
            Step::Configure { bare } => (
                requests::reader_config(&self.settings, &self.capabilities, bare),
                &m::SET_READER_CONFIG_RESPONSE,
            ),
            Step::AddRoSpec(wishes) => {
                self.wishes = wishes;
                (requests::add_rospec(&self.settings, &self.capabilities, wishes), &m::ADD_ROSPEC_RESPONSE)
            }
            Step::Enable => (requests::of_rospec(&m::ENABLE_ROSPEC, rospec), &m::ENABLE_ROSPEC_RESPONSE),
            Step::Start => (requests::of_rospec(&m::START_ROSPEC, rospec), &m::START_ROSPEC_RESPONSE),
            Step::Close => (Element::new(&m::CLOSE_CONNECTION), &m::CLOSE_CONNECTION_RESPONSE),
        };
        match self.send(body) {
            Some(id) => {
                let deadline = now + self.settings.response_timeout;
                self.pending = Some(Pending { id, step, deadline, answer });
            }
            None => self.down(DownReason::NoAnswer("room for output")),
        }
    }

    fn frame(&mut self, now: Duration, frame: &[u8]) {
        let Some(header) = Header::read(frame) else { return };
        if m::RO_ACCESS_REPORT.wire == crate::definitions::Wire::Message(header.number) {
            return self.event(Event::Report(frame.to_vec()));
        }
        match Message::decode(frame) {
            Ok(message) => self.message(now, message),
            Err(error) => {
                self.event(Event::Malformed(error.to_string()));
                if let Some(pending) = self.pending.take_if(|pending| pending.id == header.id) {
                    let refusal = Refusal { code: u16::MAX, description: error.to_string() };
                    self.refused(now, pending.step, refusal);
                }
            }
        }
    }

    fn message(&mut self, now: Duration, message: Message) {
        if message.is(&m::KEEPALIVE) {
            self.send(Element::new(&m::KEEPALIVE_ACK));
        } else if message.is(&m::READER_EVENT_NOTIFICATION) {
            for notification in message.body.children(&p::ReaderEventNotificationData) {
                self.notification(now, notification);
            }
        } else if let Some(pending) = self.pending.take_if(|pending| {
            pending.id == message.id && (message.is(pending.answer) || message.is(&m::ERROR_MESSAGE))
        }) {
            self.answered(now, pending.step, &message);
        } else if let Some(at) = self.host_requests.iter().position(|id| *id == message.id) {
            self.host_requests.remove(at);
            self.event(Event::Answer(message));
        } else if message.is(&m::ERROR_MESSAGE) {
            // Some readers answer with an ID of their own: then it can only be about what was asked last.
            if let (Some(refusal), Some(pending)) = (Refusal::of(&message.body), self.pending.take()) {
                self.refused(now, pending.step, refusal);
            }
        }
        // Anything else is an answer that is no longer waited for, or nothing of ours.
    }

    fn notification(&mut self, now: Duration, notification: &Element) {
        let (timestamp, happenings) = event::happenings(notification);
        if let Some(Timestamp::Utc(reader_utc_us)) = timestamp {
            self.event(Event::Clock { reader_utc_us, at: now });
        }
        if self.state == State::Connecting
            && let Some(attempt) = notification.child(&p::ConnectionAttemptEvent)
        {
            return self.attempted(now, attempt.unsigned("Status").unwrap_or_default());
        }
        for what in happenings {
            if what == Happening::Other(p::ConnectionCloseEvent.name) {
                let reason = match self.state {
                    State::Closing => DownReason::Closed,
                    _ => DownReason::ClosedByReader,
                };
                return self.down(reason);
            }
            let ours = self.settings.rospec_id;
            match what {
                Happening::RoSpecEnded(id) if id == ours && self.state == State::Running => {
                    self.restart_at = Some(now);
                }
                Happening::RoSpecPreempted { id, .. } if id == ours && self.state == State::Running => {
                    self.restart_at = Some(now + RESTART_DELAY);
                }
                Happening::RoSpecStarted(id) if id == ours => self.restart_at = None,
                _ => {}
            }
            self.event(Event::Reader { timestamp, what });
        }
        if self.pending.is_none() && self.restart_at.take_if(|at| *at <= now).is_some() {
            self.ask(now, Step::Start);
        }
    }

    fn attempted(&mut self, now: Duration, status: u64) {
        use e::ConnectionAttemptStatusType as S;
        self.connect_deadline = None;
        let code = u16::try_from(status).unwrap_or(u16::MAX);
        match status {
            S::Success => {
                self.state = State::SettingUp;
                let first =
                    if self.settings.negotiate_version { Step::SupportedVersion } else { Step::Capabilities };
                self.ask(now, first);
            }
            S::Failed_A_Reader_Initiated_Connection_Already_Exists
            | S::Failed_A_Client_Initiated_Connection_Already_Exists
            | S::Another_Connection_Attempted => self.down(DownReason::AlreadyConnected(code)),
            _ => self.down(DownReason::ConnectionRefused(code)),
        }
    }

    fn answered(&mut self, now: Duration, step: Step, message: &Message) {
        if let Some(refusal) = Refusal::of(&message.body) {
            return self.refused(now, step, refusal);
        }
        let body = &message.body;
        match step {
            Step::SupportedVersion if body.unsigned("SupportedVersion").unwrap_or_default() >= 2 => {
                return self.ask(now, Step::SetVersion);
            }
            Step::SetVersion => self.version = 2,
            Step::Capabilities => self.capabilities = Capabilities::read(body),
            Step::Extensions => self.extensions = true,
            Step::ListRoSpecs => {
                let ids = body.children(&p::ROSpec).filter_map(|rospec| rospec.unsigned("ROSpecID"));
                self.leftovers = ids.filter_map(|id| u32::try_from(id).ok()).collect();
            }
            Step::Holding => {
                let held = body.child(&p::EventsAndReports);
                self.held = held.is_some_and(|held| held.flag("HoldEventsAndReportsUponReconnect"));
            }
            Step::Configure { .. } => self.keepalives = self.settings.keepalive_ms > 0,
            Step::Inspect => return self.inspected(now, body),
            _ => {}
        }
        self.go_on(now, step);
    }

    /// After a refused start: what the reader holds says what to do.
    fn inspected(&mut self, now: Duration, body: &Element) {
        use e::ROSpecState as S;
        let ours = body
            .children(&p::ROSpec)
            .find(|rospec| rospec.unsigned("ROSpecID") == Some(self.settings.rospec_id.into()));
        let repair = match ours.and_then(|rospec| rospec.unsigned("CurrentState")) {
            Some(S::Active) => return self.running(),
            Some(S::Disabled) => Step::Enable,
            Some(_) => {
                self.restart_at = Some(now + RESTART_DELAY);
                return;
            }
            None => Step::AddRoSpec(self.wishes),
        };
        self.repairs += 1;
        if self.repairs > MAX_REPAIRS {
            return self.down(DownReason::NotStarting);
        }
        self.ask(now, repair);
    }

    /// The step after one that is done, or that can be done without.
    fn go_on(&mut self, now: Duration, step: Step) {
        let vendor = self.capabilities.vendor == IMPINJ;
        let next = match step {
            Step::SupportedVersion | Step::SetVersion => Step::Capabilities,
            Step::Capabilities if vendor => Step::Extensions,
            Step::Capabilities | Step::Extensions => Step::DeleteAllRoSpecs,
            Step::DeleteAllRoSpecs => Step::DeleteAccessSpecs,
            Step::ListRoSpecs | Step::DeleteRoSpec(_) => {
                self.leftovers.pop_front().map_or(Step::DeleteAccessSpecs, Step::DeleteRoSpec)
            }
            Step::DeleteAccessSpecs => Step::Holding,
            Step::Holding => Step::Configure { bare: false },
            Step::Configure { .. } => {
                let wishes = if self.extensions { Wishes::Vendor } else { Wishes::Standard };
                Step::AddRoSpec(wishes)
            }
            Step::AddRoSpec(_) => Step::Enable,
            Step::Enable if self.settings.start == Start::Explicit => Step::Start,
            Step::Enable | Step::Start | Step::Inspect => return self.running(),
            Step::Close => return self.down(DownReason::Closed),
        };
        self.ask(now, next);
    }

    fn running(&mut self) {
        self.repairs = 0;
        if self.state == State::SettingUp {
            self.state = State::Running;
        }
        if !self.announced {
            self.announced = true;
            if self.settings.hold_reports || self.held {
                self.send(Element::new(&m::ENABLE_EVENTS_AND_REPORTS));
            }
            self.event(Event::Up(Box::new(self.capabilities.clone())));
        }
    }

    /// A refusal: go around it where an inventory can do without, else give up with its words.
    fn refused(&mut self, now: Duration, step: Step, refusal: Refusal) {
        let degraded = |request| Event::Degraded { request, refusal: refusal.clone() };
        match step {
            Step::SupportedVersion | Step::SetVersion => self.go_on(now, step),
            Step::Extensions => {
                self.event(degraded(v::IMPINJ_ENABLE_EXTENSIONS.name));
                self.go_on(now, step);
            }
            Step::DeleteAllRoSpecs => self.ask(now, Step::ListRoSpecs),
            Step::ListRoSpecs | Step::DeleteRoSpec(_) | Step::DeleteAccessSpecs | Step::Holding => {
                self.go_on(now, step);
            }
            Step::Configure { bare } => {
                self.event(degraded(m::SET_READER_CONFIG.name));
                if bare {
                    self.go_on(now, step);
                } else {
                    self.ask(now, Step::Configure { bare: true });
                }
            }
            Step::AddRoSpec(Wishes::Vendor) => {
                self.event(degraded(m::ADD_ROSPEC.name));
                self.ask(now, Step::AddRoSpec(Wishes::Standard));
            }
            Step::AddRoSpec(Wishes::Standard) => {
                self.event(degraded(m::ADD_ROSPEC.name));
                self.ask(now, Step::AddRoSpec(Wishes::Bare));
            }
            Step::AddRoSpec(Wishes::Bare) => {
                self.down(DownReason::Refused { request: m::ADD_ROSPEC.name, refusal });
            }
            Step::Start | Step::Enable => self.ask(now, Step::Inspect),
            Step::Capabilities => {
                self.down(DownReason::Refused { request: m::GET_READER_CAPABILITIES.name, refusal });
            }
            Step::Inspect => self.down(DownReason::Refused { request: m::GET_ROSPECS.name, refusal }),
            Step::Close => self.down(DownReason::Closed),
        }
    }
}
