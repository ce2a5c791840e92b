//! A client's session with one reader, as a state machine without I/O: one inventory that never ends.
//!
//! The host feeds bytes (`handle_input`) and time (`handle_timeout`), and takes bytes (`poll_output`), the next
//! deadline (`poll_timeout`) and events (`poll_event`). Time is a `Duration` since an instant of the host's choosing.
//! The session never opens a connection, never reads a clock, and is used up by `Down`: a new connection
//! takes a new session.
//!
//! While the inventory runs the session doubts it: a line that is silent for longer than keep-alives allow is asked for a
//! sign of life, and a reader that reports nothing for a while is asked whether its ROSpec still runs.

mod capabilities;
mod dialogue;
mod event;
mod questions;
mod requests;
mod settings;

use std::collections::VecDeque;
use std::time::Duration;

pub use capabilities::{Capabilities, Mode};
pub use event::{DownReason, Event, Happening, Refusal, Timestamp};
use questions::{Pending, Step};
use requests::{Tuning, Wishes};
pub use settings::{Antenna, Inventory, Settings, Start};

use crate::definitions::{messages as m, parameters as p};
use crate::element::{Element, Message};
use crate::frame;

/// Silence after which a reader counts as gone, in tenths of the keep-alive period.
const SILENCE_TENTHS: u32 = 25;
/// Silence after which it is asked for a sign of life, in tenths of the keep-alive period: one keep-alive late,
const LATE_TENTHS: u32 = 15;
/// or where the reader sends none.
const QUIET_TENTHS: u32 = 10;
/// How long a session waits before it tries again to start an inventory that something else displaced, or that ends
/// over and over.
const RESTART_DELAY: Duration = Duration::from_secs(1);
/// Times that a ROSpec is enabled or added anew in a row before the session gives up.
const MAX_REPAIRS: u8 = 4;
/// How long a reader may take to say which versions it speaks; those that do not know the question may say nothing.
const VERSION_PATIENCE: Duration = Duration::from_secs(2);
/// Requests of the host's that may wait for their answers.
const MAX_HOST_REQUESTS: usize = 64;
/// Messages waiting for `poll_output`; a host that never takes them is not fed more acknowledgements.
const MAX_OUTPUTS: usize = 256;

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
    version_unanswered: bool,
    next_id: u32,
    pending: Option<Pending>,
    host_requests: VecDeque<u32>,
    leftovers: VecDeque<u32>,
    /// The reader has been asked one by one for the ROSpecs that it holds.
    listed: bool,
    connect_deadline: Option<Duration>,
    /// The reader's last byte,
    heard: Duration,
    /// and the last report, or the last time that it was asked whether the inventory runs.
    reported: Duration,
    keepalives: bool,
    /// A sign of life has been asked for since the last byte.
    asked_for_life: bool,
    /// The reader says which ROSpecs it holds.
    inspectable: bool,
    held: bool,
    restart_at: Option<Duration>,
    /// When an inventory that had ended was last started again.
    restarted: Option<Duration>,
    repairs: u8,
    extensions: bool,
    /// What the last accepted or attempted ROSpec carried.
    wishes: Wishes,
    tunings: Vec<Tuning>,
    announced: bool,
    capabilities: Capabilities,
    input: Vec<u8>,
    outputs: VecDeque<Vec<u8>>,
    events: VecDeque<Event>,
    /// Told after all events: reports that came with the last word are no less read.
    ended: Option<DownReason>,
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
            version_unanswered: false,
            next_id: 1,
            pending: None,
            host_requests: VecDeque::new(),
            leftovers: VecDeque::new(),
            listed: false,
            heard: now,
            reported: now,
            keepalives: false,
            asked_for_life: false,
            inspectable: true,
            held: false,
            restart_at: None,
            restarted: None,
            repairs: 0,
            extensions: false,
            wishes: Wishes::BARE,
            tunings: Vec::new(),
            announced: false,
            capabilities: Capabilities::default(),
            input: Vec::new(),
            outputs: VecDeque::new(),
            events: VecDeque::new(),
            ended: None,
            dropped_reports: 0,
        }
    }

    /// Takes bytes from the reader, in any portions.
    pub fn handle_input(&mut self, now: Duration, bytes: &[u8]) {
        if self.state == State::Down || bytes.is_empty() {
            return;
        }
        self.heard = now;
        self.asked_for_life = false;
        let mut kept = std::mem::take(&mut self.input);
        let mut rest = if kept.is_empty() {
            bytes
        } else {
            kept.extend_from_slice(bytes);
            kept.as_slice()
        };
        loop {
            match frame::next(rest, self.settings.max_frame_bytes) {
                Ok(Some(frame)) => {
                    rest = rest.get(frame.len()..).unwrap_or_default();
                    self.frame(now, frame);
                }
                Ok(None) => break self.input = rest.to_vec(),
                Err(error) => {
                    break if self.state != State::Down {
                        self.down(DownReason::NotLlrp(error.to_string()));
                    };
                }
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
        if self.silence(SILENCE_TENTHS).is_some_and(|deadline| deadline <= now) {
            return self.down(DownReason::KeepaliveLost(now.saturating_sub(self.heard)));
        }
        if let Some(pending) = self.pending.take_if(|pending| pending.deadline <= now) {
            return self.unanswered(now, pending);
        }
        let Some(step) = self.due().filter(|(at, _)| *at <= now).map(|(_, step)| step) else { return };
        match step {
            Step::Start => self.restart_at = None,
            Step::SignOfLife => self.asked_for_life = true,
            _ => self.reported = now,
        }
        self.ask(now, step);
    }

    /// What the session does next of its own accord, and when, unless something happens before.
    fn due(&self) -> Option<(Duration, Step)> {
        if self.pending.is_some() {
            return None;
        }
        let restart = self.restart_at.map(|at| (at, Step::Start));
        let late = if self.keepalives { LATE_TENTHS } else { QUIET_TENTHS };
        let life = self.silence(late).filter(|_| self.state == State::Running && !self.asked_for_life);
        let every = self.settings.inspect_every;
        let inspects = self.state == State::Running && self.inspectable && restart.is_none();
        let inspect =
            (inspects && !every.is_zero()).then(|| (self.reported + every, Step::Inspect { idle: true }));
        [restart, life.map(|at| (at, Step::SignOfLife)), inspect]
            .into_iter()
            .flatten()
            .min_by_key(|(at, _)| *at)
    }

    /// When the reader will have been silent for so many tenths of the keep-alive period, where that means anything.
    fn silence(&self, tenths: u32) -> Option<Duration> {
        let period = Duration::from_millis(self.settings.keepalive_ms.into());
        let watched = self.keepalives || (self.state == State::Running && !period.is_zero());
        watched.then(|| self.heard + period * tenths / 10)
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
        let due = self.due().map(|(at, _)| at);
        [self.connect_deadline, self.silence(SILENCE_TENTHS), pending, due].into_iter().flatten().min()
    }

    /// The next event.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front().or_else(|| self.ended.take().map(Event::Down))
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

    /// Whether the reader left the question for its versions unanswered, or the connection ended over it: then a new
    /// connection had better not ask ([`Settings::negotiate_version`]).
    pub fn version_unanswered(&self) -> bool {
        let asking = |pending: &Pending| matches!(pending.step, Step::SupportedVersion | Step::SetVersion);
        self.version_unanswered || self.pending.as_ref().is_some_and(asking)
    }

    /// The protocol version spoken: 1 is LLRP 1.0.1, 2 is 1.1.
    pub fn version(&self) -> u8 {
        self.version
    }

    /// Whether the inventory runs with the maker's own parameters: with phase, where Impinj's or Zebra's reader tells it.
    pub fn vendor_parameters(&self) -> bool {
        self.announced && self.wishes.vendor
    }

    /// What is asked of the reader. What the host changes holds from the next `ADD_ROSPEC` on: changed on
    /// [`Event::Capabilities`], it holds for the first.
    pub fn settings_mut(&mut self) -> &mut Settings {
        &mut self.settings
    }

    /// What the reader can do; empty until it has said so.
    pub fn capabilities(&self) -> &Capabilities {
        &self.capabilities
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
        self.ended = Some(reason);
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
}
