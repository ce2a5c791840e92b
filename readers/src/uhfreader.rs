//! Readers of the UHFReader family (UHFReader18, RRU9803M, UHFReader86, UHFReader288 and MP; sold as Chafon, Hopeland,
//! AsReader Box and many more): a question, an answer, and nothing in between. Reading is one inventory after the other
//! without a pause, antenna by antenna where the reader has several. Frames that a reader in real-time mode pushes are
//! read whenever they come; it is told to leave that mode, since it hears little else in it.
//!
//! Most settings go to the reader's memory that wears out, so nothing is set that is so already. No PC is told with a
//! tag, and signal strength comes in a unit that no manual names: it is not passed on as dBm. Never writes to a tag
//! unasked.

mod answer;
mod command;
mod frame;
mod job;
mod setup;

use std::collections::VecDeque;
use std::time::Duration;

pub use answer::{
    COMPLETE, FIGURES, FULL, Family, HEARTBEAT, Info, MORE, NO_ANTENNA, NO_TAG, PUSHED, TAG_ERROR, TIME_UP,
    Tag, bands, status_words, tag_error, tags,
};
pub use command::{Command, MOST_EPC_WORDS, MOST_READ_WORDS, MOST_WRITE_WORDS, Settings};
pub use frame::{ANY, Frame, FrameError, MOST_BODY};

use crate::frames::Frames;
use crate::serial::{About, Event, Module, Reason, Sighting, Trouble};
use crate::{OrderError, Purpose, Reader, tag};
use job::Work;

/// How long an answer may take when nothing has to be done with a tag for it.
const ANSWER: Duration = Duration::from_millis(350);
/// A command to a tag may take this long.
const ACCESS: Duration = Duration::from_millis(900);
/// What an inventory takes longer than it was told, by the manuals at most 75 ms, and what the line takes.
const OVERTIME: Duration = Duration::from_millis(300);
/// How long an inventory takes at most, 100 ms: the least that the reader knows.
const SCAN_TIME: u8 = 3;
/// Contacts are looked at this often, between two inventories.
const CONTACTS: Duration = Duration::from_millis(200);
/// The temperature is asked for this often.
const WARMTH: Duration = Duration::from_secs(60);
/// A reader that pushes and answers to nothing is asked this often whether it answers again.
const PUSHING: Duration = Duration::from_secs(1);
/// Unanswered questions in a row after which the reader counts as gone.
const MOST_UNANSWERED: u32 = 3;
/// Events that wait to be taken at most; the shell takes them after every call.
const MOST_EVENTS: usize = 8192;
/// Tags of one inventory remembered for a job at most.
const MOST_SEEN: usize = 1_000;

/// What a command was sent for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Why {
    Hello,
    Band,
    Power,
    ScanTime,
    Antennas,
    AnswerMode,
    /// An inventory with this antenna.
    Inventory(u16),
    Contacts,
    OutputsBefore,
    Outputs,
    Warmth,
    /// A step of a job.
    Job,
    /// Nothing: an answer that comes late comes before that of this one.
    Barrier,
}

/// A command on its way, or to be sent.
#[derive(Clone, Debug)]
struct Ask {
    command: Command,
    why: Why,
    patience: Duration,
    tries: u8,
}

impl Ask {
    fn new(command: Command, why: Why) -> Ask {
        Ask { command, why, patience: ANSWER, tries: 2 }
    }
}

/// What came of an ask.
#[derive(Clone, Debug, PartialEq)]
enum Came {
    /// Status and what follows.
    Answer(u8, Vec<u8>),
    Silence,
}

#[derive(Clone, Debug)]
enum State {
    Asking {
        ask: Ask,
        until: Duration,
    },
    /// The reader pushes and answers to nothing.
    Listening {
        until: Duration,
    },
    Down,
}

/// An antenna in turn.
#[derive(Clone, Copy, Debug)]
struct Turn {
    port: u16,
    purpose: Purpose,
    target_b: bool,
}

/// A conversation with such a reader.
#[derive(Debug)]
pub struct UhfReader {
    reader: Reader,
    frames: Frames,
    heard: bool,
    state: State,
    script: VecDeque<Ask>,
    unanswered: u32,
    sent: Vec<u8>,
    info: Option<Info>,
    cannot: Vec<String>,
    bands_tried: usize,
    barriers: usize,
    /// Inventories are asked for without settings: the reader refused them.
    bare: bool,
    turns: VecDeque<Turn>,
    up: bool,
    pushed_at: Option<Duration>,
    mode_asked: bool,
    contacts: Vec<(u16, Option<bool>)>,
    contacts_due: Option<Duration>,
    warmth_due: Option<Duration>,
    /// What the inventory under way has found.
    seen: Vec<(u16, Vec<u8>)>,
    work: Option<Work>,
    /// An output to be set: its bit, and its level.
    output: Option<(u8, bool)>,
    closing: Option<Duration>,
    out: VecDeque<Vec<u8>>,
    events: VecDeque<Event>,
    /// `Down` has been told: nothing comes after it.
    over: bool,
}

impl Module for UhfReader {
    const NAME: &'static str = "UHFReader";
    const BAUDS: &'static [u32] = &[57_600, 115_200, 38_400, 19_200, 9_600];

    fn new(reader: &Reader, now: Duration) -> UhfReader {
        let mut module = UhfReader {
            reader: reader.clone(),
            frames: Frames::new(frame::look),
            heard: false,
            state: State::Down,
            script: VecDeque::new(),
            unanswered: 0,
            sent: Vec::new(),
            info: None,
            cannot: Vec::new(),
            bands_tried: 0,
            barriers: 0,
            bare: false,
            turns: VecDeque::new(),
            up: false,
            pushed_at: None,
            mode_asked: false,
            contacts: reader.inputs.iter().map(|input| (input.port, None)).collect(),
            contacts_due: None,
            warmth_due: None,
            seen: Vec::new(),
            work: None,
            output: None,
            closing: None,
            out: VecDeque::new(),
            events: VecDeque::new(),
            over: false,
        };
        module.ask(now, Ask { tries: 4, ..Ask::new(Command::Info, Why::Hello) });
        module
    }

    fn handle_input(&mut self, now: Duration, bytes: &[u8]) {
        for portion in bytes.chunks(2048) {
            self.frames.push(now, portion);
            self.take_frames(now);
        }
    }

    fn handle_timeout(&mut self, now: Duration) {
        self.take_frames(now);
        if self.closing.is_some_and(|until| now >= until) {
            return self.down(Reason::Closed);
        }
        match &mut self.state {
            State::Asking { ask, until } if now >= *until => {
                if ask.tries > 1 {
                    ask.tries -= 1;
                    let again = ask.clone();
                    self.ask(now, again);
                } else {
                    let why = ask.why;
                    if self.pushed_at.is_none_or(|at| now >= at + PUSHING) {
                        self.unanswered += 1;
                    }
                    self.came(now, why, Came::Silence);
                }
            }
            State::Listening { until } if now >= *until => self.next(now),
            _ => {}
        }
    }

    fn poll_output(&mut self) -> Option<Vec<u8>> {
        self.out.pop_front()
    }

    fn poll_timeout(&self) -> Option<Duration> {
        let own = match &self.state {
            State::Asking { until, .. } | State::Listening { until } => Some(*until),
            State::Down => return None,
        };
        [own, self.closing, self.frames.due()].into_iter().flatten().min()
    }

    fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    fn close(&mut self, now: Duration) {
        if matches!(self.state, State::Down) || self.closing.is_some() {
            return;
        }
        self.script.clear();
        self.abandon();
        // An inventory ends by itself; nothing new is begun meanwhile.
        self.closing = Some(now + Duration::from_millis(u64::from(SCAN_TIME) * 100 + 300));
        if matches!(self.state, State::Listening { .. }) {
            self.down(Reason::Closed);
        }
    }

    fn output(&mut self, now: Duration, port: u16, high: bool) {
        if !(1..=2).contains(&port) || self.family() == Family::Short {
            let words = match self.family() {
                Family::Short => "it has no outputs that could be set".to_owned(),
                Family::Long => format!("it has outputs 1 and 2, not {port}"),
            };
            return self.tell(Event::OutputDone(Err(OrderError::CannotDo(words))));
        }
        self.output = Some((1 << (port - 1), high));
        self.script.push_back(Ask::new(Command::GetContacts, Why::OutputsBefore));
        self.stop_listening(now);
    }

    fn job(&mut self, now: Duration, job: tag::Job) {
        match Work::new(job, now, self.family(), self.turns.iter().map(|turn| turn.port).collect()) {
            Ok(work) => {
                self.work = Some(work);
                self.stop_listening(now);
            }
            Err(cannot) => self.tell(Event::JobDone(Err(OrderError::CannotDo(cannot)))),
        }
    }
}

impl UhfReader {
    fn family(&self) -> Family {
        self.info.as_ref().map_or(Family::Short, Info::family)
    }

    fn tell(&mut self, event: Event) {
        if !self.over && self.events.len() < MOST_EVENTS {
            self.events.push_back(event);
        }
    }

    fn trouble(&mut self, about: About, words: impl Into<String>, lasts: Option<Duration>) {
        self.tell(Event::Trouble(Trouble { about, words: words.into(), lasts }));
    }

    fn abandon(&mut self) {
        if let Some(work) = self.work.take() {
            self.tell(Event::JobDone(work.abandoned()));
        }
        if self.output.take().is_some() {
            self.tell(Event::OutputDone(Err(OrderError::Unknown)));
        }
    }

    fn down(&mut self, reason: Reason) {
        self.abandon();
        self.state = State::Down;
        self.script.clear();
        self.out.clear();
        if !std::mem::replace(&mut self.over, true) {
            self.events.push_back(Event::Down(reason));
        }
    }

    fn ask(&mut self, now: Duration, ask: Ask) {
        let frame = Frame { address: ANY, command: ask.command.code(), body: ask.command.body() };
        self.sent = frame.encode();
        self.out.push_back(self.sent.clone());
        let until = now + ask.patience;
        self.state = State::Asking { ask, until };
    }

    fn stop_listening(&mut self, now: Duration) {
        if let State::Listening { .. } = self.state {
            self.next(now);
        }
    }

    fn take_frames(&mut self, now: Duration) {
        while let Some(bytes) = self.frames.next(now) {
            // Our own words come back on lines with one pair of wires.
            if bytes != self.sent
                && let Ok(frame) = Frame::decode(&bytes)
            {
                self.take(now, &frame);
            }
        }
        let skipped = self.frames.take_skipped();
        if skipped > 0 {
            self.tell(Event::Noise { bytes: skipped });
        }
    }

    fn take(&mut self, now: Duration, frame: &Frame) {
        let Some((status, data)) = frame.body.split_first() else { return };
        if matches!(self.state, State::Down) {
            return;
        }
        self.heard = true;
        if frame.command == PUSHED {
            return self.pushed(now, *status, frame);
        }
        self.unanswered = 0;
        let State::Asking { ask, until } = &mut self.state else { return };
        // A reader that did not understand says so with command 0.
        let refused = frame.command == 0 && matches!(status, 0xFD..=0xFF);
        if frame.command != ask.command.code() && !refused {
            return;
        }
        let (why, inventory) = (ask.why, matches!(frame.command, 0x01));
        if !inventory {
            return self.came(now, why, Came::Answer(*status, data.to_vec()));
        }
        match *status {
            MORE => *until = now + OVERTIME,
            // Figures come with or after the last frame; nothing waits for them.
            FIGURES => return,
            _ => {}
        }
        if matches!(*status, 0x00 | COMPLETE | TIME_UP | MORE | FULL) {
            self.sighted(frame);
        }
        if *status != MORE {
            self.came(now, why, Came::Answer(*status, data.to_vec()));
        }
    }

    /// A reader in real-time mode speaks unasked.
    fn pushed(&mut self, now: Duration, status: u8, frame: &Frame) {
        self.pushed_at = Some(now);
        if status == 0 {
            self.sighted(frame);
        }
        if !std::mem::replace(&mut self.mode_asked, true) {
            let command = match &self.info {
                Some(info) if info.family() == Family::Short => Command::AnswerMode18,
                _ => Command::AnswerMode,
            };
            let mode = Ask::new(command, Why::AnswerMode);
            match &self.state {
                // What it is, it says once it answers again.
                State::Asking { ask, .. } if ask.why == Why::Hello => {
                    let hello = Ask { tries: 2, ..ask.clone() };
                    self.script.push_front(hello);
                    self.ask(now, mode);
                }
                _ => self.script.push_front(mode),
            }
        }
    }

    fn sighted(&mut self, frame: &Frame) {
        // Until its type is known, a frame is taken as what it fits.
        let family = self.info.as_ref().map_or(Family::Long, Info::family);
        let Some(tags) = tags(family, frame) else {
            return self.trouble(
                About::Module,
                "it told of tags in a way that no manual shows",
                Some(Duration::from_secs(60)),
            );
        };
        for tag in tags {
            if self.seen.len() < MOST_SEEN {
                self.seen.push((tag.antenna, tag.epc.clone()));
            }
            self.tell(Event::Read(Sighting {
                antenna: tag.antenna,
                epc: tag.epc,
                tid: tag.tid,
                frequency_khz: tag.frequency_khz,
                count: 1,
                ..Sighting::default()
            }));
        }
    }

    /// A command got no answer: it may come late, and must not be taken for that to the next one. Answers come in order,
    /// so a question of another kind is asked first, each time another one.
    fn raise_barrier(&mut self) {
        let questions: &[Command] = match self.family() {
            Family::Short => &[Command::Info, Command::WorkMode18],
            Family::Long => &[Command::Info, Command::GetContacts, Command::Serial, Command::WorkMode],
        };
        self.barriers = self.barriers.wrapping_add(1);
        let question = questions.get(self.barriers % questions.len()).cloned().unwrap_or(Command::Info);
        self.script.push_front(Ask { command: question, why: Why::Barrier, patience: ACCESS, tries: 1 });
    }

    /// An ask has come to an end.
    fn came(&mut self, now: Duration, why: Why, came: Came) {
        if self.closing.is_some() {
            return self.down(Reason::Closed);
        }
        if came == Came::Silence && !self.heard {
            return self.down(Reason::NoAnswer);
        }
        if self.unanswered >= MOST_UNANSWERED {
            return self.down(Reason::Silent("three questions in a row got no answer".to_owned()));
        }
        match why {
            Why::Inventory(port) => self.inventory_came(now, port, &came),
            Why::Barrier | Why::Job => {
                let silent = came == Came::Silence;
                if why == Why::Job {
                    self.job_came(came);
                }
                if silent {
                    // A job whose patience is at its end does not wait for that.
                    if self.work.as_ref().is_some_and(|work| !work.has_time(now)) {
                        self.job_step(now);
                    } else if why == Why::Barrier && self.work.is_none() {
                        return self.next(now);
                    }
                    self.raise_barrier();
                }
            }
            Why::OutputsBefore | Why::Outputs => self.output_came(why, came),
            Why::Contacts => self.contacts_came(&came),
            Why::Warmth => self.warmth_came(now, &came),
            why => self.setting_came(why, came),
        }
        if matches!(self.state, State::Asking { .. }) {
            self.next(now);
        }
    }

    /// Sends what is due next: what is written, a job's next step, a look at contacts, and else an inventory.
    fn next(&mut self, now: Duration) {
        if self.script.is_empty() && self.work.is_some() {
            self.job_step(now);
        }
        if self.script.is_empty() && self.contacts_due.is_some_and(|due| now >= due) {
            self.contacts_due = Some(now + CONTACTS);
            self.script.push_back(Ask::new(Command::GetContacts, Why::Contacts));
        }
        if self.script.is_empty() && self.warmth_due.is_some_and(|due| now >= due) {
            self.warmth_due = Some(now + WARMTH);
            self.script.push_back(Ask { tries: 1, ..Ask::new(Command::Temperature, Why::Warmth) });
        }
        if let Some(ask) = self.script.pop_front() {
            return self.ask(now, ask);
        }
        let ask = self.inventory(None);
        self.ask(now, ask);
    }

    /// An inventory with this antenna, or with the one whose turn it is.
    fn inventory(&mut self, antenna: Option<u16>) -> Ask {
        self.seen.clear();
        let turn = match antenna {
            Some(port) => Turn { port, purpose: Purpose::Exit, target_b: false },
            None => {
                self.turns.rotate_left(usize::from(self.turns.len() > 1));
                let turn = self.turns.back().copied();
                turn.unwrap_or(Turn { port: 1, purpose: Purpose::Exit, target_b: false })
            }
        };
        let command = if self.family() == Family::Short || self.bare {
            Command::Inventory
        } else {
            let (session, q) = match turn.purpose {
                Purpose::Exit => (0, 4),
                Purpose::Shelf => (1, 5),
                Purpose::Stock => (2, 6),
            };
            let (antenna, target_b) = (turn.port, turn.target_b);
            Command::InventoryWith(Settings { q, session, target_b, antenna, scan_time: SCAN_TIME })
        };
        // Its own setting counts where it is not told one.
        let own = self.info.as_ref().map_or(SCAN_TIME, |info| info.scan_time.max(SCAN_TIME));
        let scan_time = if command == Command::Inventory { own } else { SCAN_TIME };
        let patience = Duration::from_millis(u64::from(scan_time) * 100) + OVERTIME;
        Ask { command, why: Why::Inventory(turn.port), patience, tries: 1 }
    }

    fn inventory_came(&mut self, now: Duration, port: u16, came: &Came) {
        match came {
            Came::Silence => {
                if self.pushed_at.is_some_and(|at| now < at + PUSHING) {
                    self.come_up();
                    self.state = State::Listening { until: now + PUSHING };
                } else {
                    self.raise_barrier();
                }
                return;
            }
            Came::Answer(0xFD..=0xFF, _) if !self.bare && self.family() == Family::Long => {
                self.bare = true;
                self.cannot.push("session, slots and antenna of an inventory: it refused them".to_owned());
                let ports = self.turns.iter().filter(|turn| turn.port <= 8);
                let bits = ports.fold(0, |bits, turn| bits | 1_u8 << (turn.port - 1));
                self.script.push_back(Ask::new(Command::SetAntennas(bits), Why::Antennas));
                self.shorten_scans();
                return;
            }
            Came::Answer(status @ 0xFD..=0xFF, rest) => {
                let words = format!("it does no inventory: {}", status_words(*status, rest));
                return self.down(Reason::Refused(words));
            }
            Came::Answer(NO_ANTENNA, _) => {
                let words = format!("antenna {port} is not there, or reflects too much");
                self.trouble(About::Antenna(port), words, None);
            }
            Came::Answer(FULL, _) => {
                let words = "there are more tags than it has room for: some were not told";
                self.trouble(About::Lost, words, Some(Duration::from_secs(60)));
            }
            Came::Answer(COMPLETE | TIME_UP | NO_TAG | 0x00, _) => {
                self.tell(Event::Over(About::Antenna(port)));
            }
            Came::Answer(status, rest) => {
                let words = format!("it says about an inventory: {}", status_words(*status, rest));
                self.trouble(About::Module, words, Some(Duration::from_secs(60)));
            }
        }
        // Tags that have been read stay silent in sessions 2 and 3: when no more come, the others' turn begins.
        if self.seen.is_empty()
            && let Some(turn) = self.turns.iter_mut().find(|turn| turn.port == port)
            && turn.purpose == Purpose::Stock
        {
            turn.target_b = !turn.target_b;
        }
        if let Some(work) = &mut self.work {
            work.looked(std::mem::take(&mut self.seen));
        }
        self.come_up();
    }

    fn output_came(&mut self, why: Why, came: Came) {
        let Some((bit, high)) = self.output else { return };
        let done = match (why, came) {
            (Why::OutputsBefore, Came::Answer(0, data)) => {
                // Bits 4 and up tell how the outputs are now: the others stay so.
                let now = data.first().map_or(0, |levels| levels >> 4 & 3);
                let levels = if high { now | bit } else { now & !bit };
                return self.script.push_front(Ask::new(Command::SetOutputs(levels), Why::Outputs));
            }
            (_, Came::Answer(0, _)) => Ok(()),
            (_, Came::Answer(status @ 0xFE, rest)) => Err(OrderError::CannotDo(status_words(status, &rest))),
            (_, Came::Answer(status, rest)) => Err(OrderError::Refused(status_words(status, &rest))),
            (_, Came::Silence) => Err(OrderError::Unknown),
        };
        self.output = None;
        self.tell(Event::OutputDone(done));
    }

    fn contacts_came(&mut self, came: &Came) {
        match came {
            Came::Answer(0, data) => {
                let levels = data.first().copied().unwrap_or(0);
                let mut told = Vec::new();
                for (port, level) in &mut self.contacts {
                    let high = port.checked_sub(1).is_some_and(|bit| bit < 4 && levels >> bit & 1 == 1);
                    if level.replace(high) != Some(high) {
                        told.push(Event::Input { port: *port, high });
                    }
                }
                told.into_iter().for_each(|event| self.tell(event));
            }
            Came::Answer(status, rest) => {
                self.contacts_due = None;
                let words = format!("its contacts cannot be read: {}", status_words(*status, rest));
                self.trouble(About::Setting("inputs"), words, None);
            }
            Came::Silence => {}
        }
    }

    /// Sign (0: below zero) and degrees.
    fn warmth_came(&mut self, now: Duration, came: &Came) {
        match came {
            Came::Answer(0, data) => {
                if let [sign, degrees, ..] = data.as_slice() {
                    let degrees = i16::from(*degrees);
                    self.tell(Event::Temperature(if *sign == 0 { -degrees } else { degrees }));
                }
                self.warmth_due = Some(now + WARMTH);
            }
            _ => self.warmth_due = None,
        }
    }
}
