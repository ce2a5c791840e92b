//! M100, QM100 and R200 modules (YRM100, JRD-100, M5Stack's UHF unit, many USB sticks): one antenna, no clock, settings
//! that are forgotten without power.
//!
//! Inventory is told a number of rounds and ends without a word when they are done, so it is begun anew before that, and
//! whenever the module is silent. A module that has been silent is set up anew as well: it may have restarted. Each
//! notice carries the tag's own CRC: see `Trust` for when it decides. Never writes to a tag unasked.

mod answer;
mod command;
mod frame;
mod job;
mod setup;

use std::collections::VecDeque;
use std::time::Duration;

pub use answer::{Answer, Failure, Malformed, NO_ACCESS, NO_CHANNEL, NO_COMMAND, NO_TAG, Tag};
pub use command::{Command, Demodulator, Info, Query, Select, SelectMode, region_code};
pub use frame::{Frame, FrameError, Kind, MOST_DATA, Marks};

use crate::frames::Frames;
use crate::serial::{ANSWER_WITHIN, About, Event, Module, Reason, Sighting, Trouble};
use crate::{OrderError, Purpose, Reader, tag};
use job::Work;
use setup::Found;

/// Rounds asked for at once, as in every manual: up to 65,535 are allowed, and not all firmware was tried with them.
const ROUNDS: u16 = 10_000;
/// A round gives at least one frame, so no run is over before so many have come: then it is begun anew, before its end.
const RENEW: u32 = 9_900;
/// Silence after which a run counts as over. A round takes 20 to 50 ms.
const SILENCE: Duration = Duration::from_millis(150);
/// Some firmware says nothing of rounds without a tag: then it is asked ever more rarely.
const LONGEST_SILENCE: Duration = Duration::from_millis(1_200);
/// How long an answer may take when nothing has to be done with a tag for it.
const ANSWER: Duration = Duration::from_millis(300);
/// A round of access to a tag takes up to this.
const ACCESS: Duration = Duration::from_millis(700);
/// Reading without a word of a tag or a round for so long is reading all the same.
const QUIET_UP: Duration = Duration::from_millis(250);
/// Contacts are looked at this often; the inventory pauses for some milliseconds each time.
const CONTACTS: Duration = Duration::from_millis(250);
/// Tags that have been read stay silent in sessions 2 and 3 while they are powered: when no more come, the others'
/// turn begins.
const TURN: Duration = Duration::from_secs(2);
/// Unanswered exchanges in a row after which the module counts as gone.
const MOST_UNANSWERED: u32 = 3;
/// Events that wait to be taken at most; the shell takes them after every call.
const MOST_EVENTS: usize = 4096;

/// What a command was sent for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    /// End whatever inventory runs.
    Stop,
    Hello,
    Identify,
    Region,
    Hopping,
    Power,
    PowerBack,
    Query,
    NoSelect,
    ContactIn(u16),
    Contact(u16),
    OutputDirection,
    Output,
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
    Answer(Answer),
    Failed(Failure),
    Silence,
}

/// What the module is at.
#[derive(Clone, Debug)]
enum State {
    /// An ask is unanswered.
    Asking {
        ask: Ask,
        until: Duration,
    },
    /// Rounds of inventory run.
    Reading(Run),
    Down,
}

/// A run of inventory rounds.
#[derive(Clone, Copy, Debug)]
struct Run {
    began: Duration,
    frames: u32,
    last: Duration,
    last_tag: Duration,
}

/// Whether the check that a tag sends with its EPC may decide. The frame's own check is a sum of 8 bits: of frames
/// that noise has changed, one in 256 passes it, and a wrong EPC could be billed. But there is firmware that sends
/// something else in its place. So it decides once it has been right several times, and for as long as it mostly is.
#[derive(Clone, Copy, Debug, Default)]
struct Trust {
    right: u32,
    wrong: u32,
}

impl Trust {
    fn lets_pass(&mut self, whole: bool) -> bool {
        if self.right + self.wrong >= 1_000 {
            (self.right, self.wrong) = (self.right / 2, self.wrong / 2);
        }
        if whole {
            self.right += 1;
        } else {
            self.wrong += 1;
        }
        whole || self.right < 4 || self.wrong * 4 > self.right
    }
}

/// A conversation with such a module.
#[derive(Debug)]
pub struct M100 {
    reader: Reader,
    frames: Frames,
    marks: Marks,
    began: Duration,
    heard: bool,
    state: State,
    script: VecDeque<Ask>,
    unanswered: u32,
    silence: Duration,
    found: Found,
    up: bool,
    target_b: bool,
    trust: Trust,
    barriers: usize,
    contacts: Vec<(u16, Option<bool>)>,
    contacts_due: Option<Duration>,
    work: Option<Work>,
    output: bool,
    closing: bool,
    out: VecDeque<Vec<u8>>,
    events: VecDeque<Event>,
    /// `Down` has been told: nothing comes after it.
    over: bool,
}

impl Module for M100 {
    const NAME: &'static str = "M100 or R200 module";
    const BAUDS: &'static [u32] = &[115_200, 57_600, 38_400, 19_200, 9_600];

    fn new(reader: &Reader, now: Duration) -> M100 {
        let hello = Ask { tries: 4, ..Ask::new(Command::Info(Info::Hardware), Why::Hello) };
        let mut module = M100 {
            reader: reader.clone(),
            frames: Frames::new(frame::look),
            marks: Marks::default(),
            began: now,
            heard: false,
            state: State::Down,
            script: VecDeque::new(),
            unanswered: 0,
            silence: SILENCE,
            found: Found::default(),
            up: false,
            target_b: false,
            trust: Trust::default(),
            barriers: 0,
            contacts: reader.inputs.iter().map(|input| (input.port, None)).collect(),
            contacts_due: None,
            work: None,
            output: false,
            closing: false,
            out: VecDeque::new(),
            events: VecDeque::new(),
            over: false,
        };
        module.unusable_settings();
        module.ask(now, hello);
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
        match &mut self.state {
            State::Asking { ask, until } if now >= *until => {
                if ask.tries > 1 {
                    ask.tries -= 1;
                    let again = ask.clone();
                    if again.why == Why::Hello && !self.heard {
                        self.marks = if self.marks == Marks::Bb7e { Marks::AaDd } else { Marks::Bb7e };
                    }
                    self.ask(now, again);
                } else {
                    let why = ask.why.clone();
                    self.unanswered += 1;
                    self.came(now, why, Came::Silence);
                }
            }
            State::Reading(run) => {
                let run = *run;
                self.read_on(now, run);
            }
            _ => {}
        }
    }

    fn poll_output(&mut self) -> Option<Vec<u8>> {
        self.out.pop_front()
    }

    fn poll_timeout(&self) -> Option<Duration> {
        let own = match &self.state {
            State::Asking { until, .. } => Some(*until),
            State::Reading(run) => {
                let up = (!self.up).then(|| run.began + QUIET_UP);
                let turn = self.takes_turns().then(|| run.last_tag + TURN);
                [Some(run.last + self.silence), up, turn, self.contacts_due].into_iter().flatten().min()
            }
            State::Down => return None,
        };
        [own, self.frames.due()].into_iter().flatten().min()
    }

    fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    fn close(&mut self, now: Duration) {
        if matches!(self.state, State::Down) || self.closing {
            return;
        }
        self.closing = true;
        self.script.clear();
        if let Some(work) = self.work.take() {
            self.tell(Event::JobDone(work.abandoned()));
        }
        if std::mem::take(&mut self.output) {
            self.tell(Event::OutputDone(Err(OrderError::Unknown)));
        }
        self.ask(now, Ask::new(Command::StopPolling, Why::Stop));
    }

    fn output(&mut self, now: Duration, port: u16, high: bool) {
        let port = match u8::try_from(port) {
            Ok(port @ 1..=4) => port,
            _ => {
                let refused = OrderError::CannotDo(format!("it has contacts 1 to 4, not {port}"));
                return self.tell(Event::OutputDone(Err(refused)));
            }
        };
        self.output = true;
        let direction = Command::SetContactDirection { port, output: true };
        self.script.push_back(Ask::new(direction, Why::OutputDirection));
        self.script.push_back(Ask::new(Command::SetContact { port, high }, Why::Output));
        self.pause(now);
    }

    fn job(&mut self, now: Duration, job: tag::Job) {
        match Work::new(job, now) {
            Ok(work) => {
                self.work = Some(work);
                self.pause(now);
            }
            Err(cannot) => self.tell(Event::JobDone(Err(OrderError::CannotDo(cannot)))),
        }
    }
}

impl M100 {
    fn tell(&mut self, event: Event) {
        if !self.over && self.events.len() < MOST_EVENTS {
            self.events.push_back(event);
        }
    }

    fn trouble(&mut self, about: About, words: impl Into<String>, lasts: Option<Duration>) {
        self.tell(Event::Trouble(Trouble { about, words: words.into(), lasts }));
    }

    fn down(&mut self, reason: Reason) {
        if let Some(work) = self.work.take() {
            self.tell(Event::JobDone(work.abandoned()));
        }
        if std::mem::take(&mut self.output) {
            self.tell(Event::OutputDone(Err(OrderError::Unknown)));
        }
        self.state = State::Down;
        self.script.clear();
        self.out.clear();
        if !std::mem::replace(&mut self.over, true) {
            self.events.push_back(Event::Down(reason));
        }
    }

    fn send(&mut self, command: &Command) {
        self.out.push_back(Frame::command(self.marks, command.code(), command.data()).encode());
    }

    fn ask(&mut self, now: Duration, ask: Ask) {
        if ask.why == Why::Hello {
            // Whatever an earlier conversation has begun.
            self.send(&Command::StopPolling);
        }
        self.send(&ask.command);
        let until = now + ask.patience;
        self.state = State::Asking { ask, until };
    }

    /// Stops the rounds, if any run, then does what is written.
    fn pause(&mut self, now: Duration) {
        if let State::Reading(_) = self.state {
            self.ask(now, Ask::new(Command::StopPolling, Why::Stop));
        }
    }

    fn take_frames(&mut self, now: Duration) {
        while let Some(bytes) = self.frames.next(now) {
            if let Ok(frame) = Frame::decode(&bytes) {
                self.take(now, &frame);
            }
        }
        let skipped = self.frames.take_skipped();
        if skipped > 0 {
            self.tell(Event::Noise { bytes: skipped });
        }
    }

    fn take(&mut self, now: Duration, frame: &Frame) {
        // Our own words come back on lines with one pair of wires.
        if frame.kind == Kind::Command || matches!(self.state, State::Down) {
            return;
        }
        self.heard = true;
        self.unanswered = 0;
        self.marks = frame.marks;
        let Ok(answer) = Answer::decode(frame) else { return };
        match answer {
            Answer::Tag(tag) => self.tag(now, tag),
            Answer::Failed(failure) => self.failed(now, failure),
            answer => {
                if let State::Asking { ask, .. } = &self.state
                    && (frame.command == ask.command.code()
                        || Some(frame.command) == ask.command.other_answer())
                {
                    let why = ask.why.clone();
                    self.came(now, why, Came::Answer(answer));
                }
            }
        }
    }

    fn tag(&mut self, now: Duration, tag: Tag) {
        self.round(now, true);
        if !self.trust.lets_pass(tag.is_whole()) {
            return self.tell(Event::Noise { bytes: tag.epc.len() + 12 });
        }
        // The length that the PC tells (Gen2 §6.3.2.1.2.2) has to be that of what came; otherwise part of the EPC is
        // something else, or is missing, and the PC proves nothing.
        let told = usize::from(tag.pc >> 11) * 2;
        let sighting = Sighting {
            antenna: 1,
            pc: (told == tag.epc.len()).then_some(tag.pc),
            epc: tag.epc,
            rssi_dbm: Some(f32::from(tag.rssi_dbm)),
            count: 1,
            ..Sighting::default()
        };
        self.tell(Event::Read(sighting));
    }

    fn failed(&mut self, now: Duration, failure: Failure) {
        let job = matches!(&self.state, State::Asking { ask, .. } if ask.why == Why::Job);
        if failure.code == NO_TAG && !job {
            return self.round(now, false);
        }
        match &self.state {
            State::Asking { ask, .. } if failure.may_answer(ask.command.code()) => {
                let why = ask.why.clone();
                self.came(now, why, Came::Failed(failure));
            }
            // It belongs to a command that has been given up.
            State::Asking { .. } => {}
            State::Reading(run) if failure.code == NO_COMMAND && run.frames == 0 => {
                self.down(Reason::Refused("it knows no continuous inventory (command 0x27)".to_owned()));
            }
            State::Reading(_) => {
                self.round(now, false);
                let lasts = Some(Duration::from_secs(30));
                self.trouble(About::Module, failure.words(), lasts);
            }
            State::Down => {}
        }
    }

    /// The module tells of a round of inventory.
    fn round(&mut self, now: Duration, tag: bool) {
        let State::Reading(run) = &mut self.state else { return };
        run.frames = run.frames.saturating_add(1);
        run.last = now;
        if tag {
            run.last_tag = now;
        }
        self.silence = SILENCE;
        let run = *run;
        self.come_up();
        if run.frames >= RENEW {
            self.pause(now);
        }
    }

    fn come_up(&mut self) {
        if !std::mem::replace(&mut self.up, true) {
            let ability = self.found.ability(&self.reader);
            self.tell(Event::Up(ability));
        }
    }

    /// Time has passed while rounds run.
    fn read_on(&mut self, now: Duration, run: Run) {
        if now >= run.began + QUIET_UP {
            self.come_up();
        }
        if now >= run.last + self.silence {
            self.silence = (self.silence * 2).min(LONGEST_SILENCE);
            self.set_up();
            return self.pause(now);
        }
        if self.contacts_due.is_some_and(|due| now >= due) {
            self.ask_contacts();
            return self.pause(now);
        }
        if self.takes_turns() && now >= run.last_tag + TURN {
            self.target_b = !self.target_b;
            self.script.push_back(Ask::new(Command::SetQuery(self.query()), Why::Query));
            self.pause(now);
        }
    }

    fn takes_turns(&self) -> bool {
        self.purpose() == Purpose::Stock
    }

    fn purpose(&self) -> Purpose {
        self.reader.antennas.first().map_or(Purpose::Exit, |antenna| antenna.purpose)
    }

    fn ask_contacts(&mut self) {
        self.contacts_due = None;
        for (port, _) in &self.contacts {
            if let Ok(number) = u8::try_from(*port) {
                self.script.push_back(Ask::new(Command::GetContact { port: number }, Why::Contact(*port)));
            }
        }
    }

    /// A command to a tag got no answer: it may come late, and must not be taken for that to the next one. Answers come
    /// in order, so a question of another kind is asked first, each time another one.
    fn raise_barrier(&mut self) {
        const QUESTIONS: [Command; 5] = [
            Command::GetPower,
            Command::GetQuery,
            Command::GetDemodulator,
            Command::GetSelect,
            Command::GetChannel,
        ];
        self.barriers = self.barriers.wrapping_add(1);
        let question = QUESTIONS.get(self.barriers % QUESTIONS.len()).cloned().unwrap_or(Command::GetPower);
        self.script.push_front(Ask {
            command: question,
            why: Why::Barrier,
            patience: ANSWER + ANSWER / 2,
            tries: 1,
        });
    }

    /// An ask has come to an end.
    fn came(&mut self, now: Duration, why: Why, came: Came) {
        if came == Came::Silence && !self.heard {
            if now < self.began + ANSWER_WITHIN && why != Why::Hello {
                return self.next(now);
            }
            return self.down(Reason::NoAnswer);
        }
        if why == Why::Stop && self.closing {
            return self.down(Reason::Closed);
        }
        if self.unanswered >= MOST_UNANSWERED {
            return self.down(Reason::Silent("three commands in a row got no answer".to_owned()));
        }
        match why {
            Why::Stop => {}
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
            Why::OutputDirection | Why::Output => self.output_came(&why, came),
            Why::Contact(port) => self.contact_came(port, &came),
            why => self.setting_came(why, came),
        }
        if !matches!(self.state, State::Down) {
            self.next(now);
        }
    }

    /// Sends what is written next; reads when there is nothing.
    fn next(&mut self, now: Duration) {
        if self.script.is_empty() && self.work.is_some() {
            self.job_step(now);
        }
        if let Some(ask) = self.script.pop_front() {
            return self.ask(now, ask);
        }
        if matches!(self.state, State::Down) {
            return;
        }
        self.send(&Command::PollMany(ROUNDS));
        if !self.contacts.is_empty() {
            self.contacts_due = Some(now + CONTACTS);
        }
        self.state = State::Reading(Run { began: now, frames: 0, last: now, last_tag: now });
    }

    fn output_came(&mut self, why: &Why, came: Came) {
        let done = match came {
            Came::Answer(Answer::Contact { yes: true, .. } | Answer::Done) => Ok(()),
            Came::Answer(_) => Err(OrderError::Refused("the module did not set the contact".to_owned())),
            Came::Failed(failure) => Err(OrderError::Refused(failure.words())),
            Came::Silence => Err(OrderError::Unknown),
        };
        if done.is_err() || *why == Why::Output {
            self.script.retain(|ask| ask.why != Why::Output);
            self.output = false;
            self.tell(Event::OutputDone(done));
        }
    }

    fn contact_came(&mut self, port: u16, came: &Came) {
        let Came::Answer(Answer::Contact { what: 2, yes: high, .. }) = came else { return };
        let Some((_, level)) = self.contacts.iter_mut().find(|(known, _)| *known == port) else { return };
        if level.replace(*high) != Some(*high) {
            self.tell(Event::Input { port, high: *high });
        }
    }
}
