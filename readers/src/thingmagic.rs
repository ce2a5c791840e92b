//! Modules of the ThingMagic (Mercury) family: M5e, M6e, Micro, Nano, M7e. A state machine without I/O: it asks what the
//! module is, sets it up, keeps it reading, and does orders in between. Commands and answers are those that the maker's
//! published API and SparkFun's library use. It never opens a line.
//!
//! M6e and newer stream every read as it happens. An M5e cannot: it searches for a quarter of a second into its buffer,
//! from which the tags are then taken, again and again.

mod answers;
mod ask;
mod buffer;
pub mod frame;
mod job;
mod module;
mod report;
mod setup;
mod status;
mod stream;

use std::collections::VecDeque;
use std::time::Duration;

use ask::Ask;
use frame::{Frame, Speaker};
use job::Work;
use module::Found;

use crate::frames::Frames;
use crate::serial::{About, Event, Module, Reason, Trouble};
use crate::{OrderError, Reader, tag};

/// Bytes taken in at once.
const PORTION: usize = 4096;
/// A module that streams says something in every round of a second. After this long without a word it is asked whether it
/// is still there.
const SILENCE: Duration = Duration::from_secs(5);
/// How often it is asked how warm it is.
const TEMPERATURE: Duration = Duration::from_secs(30);
/// How often input contacts are looked at.
const CONTACTS: Duration = Duration::from_millis(100);
/// How long a module that is too warm rests at first, and at most.
const REST: Duration = Duration::from_secs(10);
const LONGEST_REST: Duration = Duration::from_secs(60);
/// How long a complaint of the module counts when it does not repeat it.
const COMPLAINT: Duration = Duration::from_secs(60);
/// How often a question is put.
const TRIES: u32 = 2;
/// So many questions in a row without an answer: it is gone.
const MOST_UNANSWERED: u32 = 3;
/// Output contacts at most.
const MOST_CONTACTS: u16 = 4;

/// What it is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Ends what an earlier conversation has left going.
    Greeting,
    /// Asks what it is and sets it up.
    SettingUp,
    /// It reads.
    Reading,
    /// Reading has stopped for an order.
    Working,
    /// It was too warm and cools down.
    Resting,
    /// Says goodbye.
    Closing,
    /// Nothing any more.
    Over,
}

/// A question on its way.
#[derive(Clone, Debug)]
struct Asked {
    ask: Ask,
    until: Duration,
    tries: u32,
}

/// A conversation with one module.
#[derive(Clone, Debug)]
pub struct ThingMagic {
    reader: Reader,
    frames: Frames,
    phase: Phase,
    plan: VecDeque<Ask>,
    asked: Option<Asked>,
    out: VecDeque<Vec<u8>>,
    events: VecDeque<Event>,
    found: Found,
    /// Troubles met before it reads: told when it does.
    later: Vec<Trouble>,
    /// When the last frame came.
    last_frame: Option<Duration>,
    temperature_due: Duration,
    contacts_due: Duration,
    /// How often in a row it was too warm.
    rests: u32,
    rest_until: Option<Duration>,
    /// Questions asked within reading that it did not answer, in a row; and others.
    misses: u32,
    unanswered: u32,
    contacts: [Option<bool>; 16],
    work: Option<Work>,
}

impl Module for ThingMagic {
    const NAME: &'static str = "ThingMagic";
    const BAUDS: &'static [u32] = &[115_200, 9_600, 921_600, 38_400, 19_200, 57_600, 230_400, 460_800];

    fn new(reader: &Reader, now: Duration) -> ThingMagic {
        let mut fresh = ThingMagic {
            reader: reader.clone(),
            frames: Frames::new(frame::look),
            phase: Phase::Greeting,
            plan: VecDeque::from([Ask::Stop]),
            asked: None,
            out: VecDeque::new(),
            events: VecDeque::new(),
            found: Found::default(),
            later: Vec::new(),
            last_frame: None,
            temperature_due: now,
            contacts_due: now,
            rests: 0,
            rest_until: None,
            misses: 0,
            unanswered: 0,
            contacts: [None; 16],
            work: None,
        };
        fresh.advance(now);
        fresh
    }

    fn handle_input(&mut self, now: Duration, bytes: &[u8]) {
        if self.phase == Phase::Over {
            return;
        }
        for portion in bytes.chunks(PORTION) {
            self.frames.push(now, portion);
            self.take(now);
        }
    }

    fn handle_timeout(&mut self, now: Duration) {
        if self.phase == Phase::Over {
            return;
        }
        self.take(now);
        if let Some(asked) = self.asked.take_if(|asked| now >= asked.until) {
            self.no_answer(now, asked);
        }
        if self.rest_until.is_some_and(|until| now >= until) && self.phase == Phase::Resting {
            self.rest_until = None;
            self.phase = Phase::Working;
            self.resume();
        }
        if self.silent_at().is_some_and(|at| now >= at) {
            // Some say nothing while they hear no tag: one that answers reads on.
            self.asked = None;
            self.interrupt();
            self.resume();
        }
        self.look_after(now);
        self.advance(now);
    }

    fn poll_output(&mut self) -> Option<Vec<u8>> {
        self.out.pop_front()
    }

    fn poll_timeout(&self) -> Option<Duration> {
        if self.phase == Phase::Over {
            return None;
        }
        let gap = self.frames.due();
        let asked = self.asked.as_ref().map(|asked| asked.until);
        let rest = self.rest_until.filter(|_| self.phase == Phase::Resting);
        let idle = self.is_idle() && self.found.within;
        let temperature = idle.then_some(self.temperature_due);
        let contacts = (idle && !self.reader.inputs.is_empty()).then_some(self.contacts_due);
        [gap, asked, rest, self.silent_at(), temperature, contacts].into_iter().flatten().min()
    }

    fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    fn close(&mut self, now: Duration) {
        match self.phase {
            Phase::Over => {}
            Phase::Reading | Phase::Working if self.found.streams => {
                self.phase = Phase::Closing;
                (self.asked, self.work) = (None, None);
                self.plan = VecDeque::from([Ask::Stop]);
                self.advance(now);
            }
            _ => self.down(Reason::Closed),
        }
    }

    fn output(&mut self, now: Duration, port: u16, high: bool) {
        let Some(port) =
            u8::try_from(port).ok().filter(|port| (1..=MOST_CONTACTS).contains(&u16::from(*port)))
        else {
            let words = format!("it has no output contact {port}");
            return self.events.push_back(Event::OutputDone(Err(OrderError::CannotDo(words))));
        };
        let asks = [Ask::Direction { port, output: true, high }, Ask::Output { port, high }];
        if self.will_stream() && !self.found.within {
            self.interrupt();
            self.plan.extend(asks);
            self.resume();
        } else if self.will_stream() {
            self.plan.extend(asks.map(|ask| Ask::Within(Box::new(ask))));
        } else {
            // Between two searches, or while it rests.
            asks.into_iter().rev().for_each(|ask| self.plan.push_front(ask));
        }
        self.advance(now);
    }

    fn job(&mut self, now: Duration, job: tag::Job) {
        self.begin_job(now, job);
        self.advance(now);
    }
}

impl ThingMagic {
    /// Takes in the frames that have come. What comes behind the end of the conversation belongs to nobody.
    fn take(&mut self, now: Duration) {
        while let Some(bytes) = self.frames.next(now).filter(|_| self.phase != Phase::Over) {
            let Ok(frame) = frame::decode(Speaker::Module, &bytes) else { continue };
            self.last_frame = Some(now);
            self.frame(now, frame);
        }
        let bytes = self.frames.take_skipped();
        if bytes > 0 && self.phase != Phase::Over {
            self.events.push_back(Event::Noise { bytes });
        }
        self.advance(now);
    }

    /// One frame of the module: of the stream, an answer, or a sign that it has started anew.
    fn frame(&mut self, now: Duration, frame: Frame) {
        let asked = self.asked.as_ref().map(|asked| &asked.ask);
        match frame.op {
            // A module that has just started says so unasked.
            0x04 if !matches!(asked, Some(Ask::Boot)) => match self.phase {
                Phase::Greeting | Phase::SettingUp => self.start_over(),
                _ => self.down(Reason::Restarted),
            },
            0x22 if !matches!(asked, Some(Ask::Search { .. })) => self.stream(now, &frame),
            _ => {
                if let Some(asked) = self.asked.take_if(|asked| answers(&asked.ask, &frame)) {
                    self.unanswered = 0;
                    self.answered(now, asked.ask, &frame);
                } else if frame.op == 0x2F && frame.data.first() == Some(&2) && self.is_idle() {
                    // It has ended by itself what nobody told it to end.
                    self.plan.push_back(Ask::Start);
                }
            }
        }
    }

    fn trouble(&mut self, about: About, words: String, lasts: Option<Duration>) {
        let trouble = Trouble { about, words, lasts };
        if matches!(self.phase, Phase::Greeting | Phase::SettingUp) {
            self.later.push(trouble);
        } else {
            self.events.push_back(Event::Trouble(trouble));
        }
    }

    fn down(&mut self, reason: Reason) {
        if self.phase != Phase::Over {
            self.phase = Phase::Over;
            (self.asked, self.work) = (None, None);
            self.plan.clear();
            self.events.push_back(Event::Down(reason));
        }
    }

    /// From the beginning: the module has.
    fn start_over(&mut self) {
        self.phase = Phase::Greeting;
        self.asked = None;
        self.later.clear();
        self.plan = VecDeque::from([Ask::Stop]);
    }

    /// Stops reading; what is to be done then is planned by the caller.
    fn interrupt(&mut self) {
        self.plan.clear();
        if self.will_stream() {
            self.plan.push_back(Ask::Stop);
        }
        self.phase = Phase::Working;
    }

    /// Whether it streams when the question that is on its way is answered. Then it knows nothing but the end of it, and
    /// questions within.
    fn will_stream(&self) -> bool {
        let starting = matches!(&self.asked, Some(Asked { ask: Ask::Start, .. }));
        self.found.streams && (self.phase == Phase::Reading || starting)
    }

    /// Plans to read on after what is planned.
    fn resume(&mut self) {
        if self.rest_until.is_some() {
            self.phase = Phase::Resting;
            return;
        }
        self.plan.push_back(Ask::SearchList(self.found.list.clone()));
        if self.found.streams {
            self.plan.push_back(Ask::Start);
        } else {
            self.plan.extend(self.search());
        }
    }

    /// It reads, and nothing is asked or planned.
    fn is_idle(&self) -> bool {
        self.phase == Phase::Reading && self.asked.is_none() && self.plan.is_empty()
    }

    /// Asks from time to time what changes while it reads.
    fn look_after(&mut self, now: Duration) {
        if !self.is_idle() || !self.found.within {
            return;
        }
        if now >= self.contacts_due && !self.reader.inputs.is_empty() {
            self.contacts_due = now + CONTACTS;
            self.plan.push_back(Ask::Within(Box::new(Ask::Contacts)));
        } else if now >= self.temperature_due {
            self.temperature_due = now + TEMPERATURE;
            self.plan.push_back(Ask::Within(Box::new(Ask::Temperature)));
        }
    }

    /// Sends the next question, if none is on its way.
    fn advance(&mut self, now: Duration) {
        if self.asked.is_none()
            && let Some(ask) = self.plan.pop_front()
        {
            self.send(now, ask, 1);
        }
    }

    fn send(&mut self, now: Duration, ask: Ask, tries: u32) {
        self.out.push_back(ask.frame());
        self.asked = Some(Asked { until: now + ask.patience(), ask, tries });
    }

    /// A module that streams and says nothing is noticed then.
    fn silent_at(&self) -> Option<Duration> {
        let heard = self.last_frame.filter(|_| self.phase == Phase::Reading && self.found.streams);
        heard.map(|heard| heard + SILENCE)
    }

    fn no_answer(&mut self, now: Duration, asked: Asked) {
        let Asked { ask, tries, .. } = asked;
        match ask {
            Ask::Stop if self.phase == Phase::Closing => self.down(Reason::Closed),
            // While reads of an earlier conversation keep coming it is there, and has not heard us yet.
            Ask::Stop if self.phase == Phase::Greeting && (self.last_frame.is_none() || tries > TRIES) => {
                // The maker's programs switch checksums off on USB; one that was killed has not switched them on again.
                self.out.push_back(Ask::Option { name: "checksums", key: 0x1B, value: 1 }.frame());
                self.plan.push_back(Ask::Version);
            }
            Ask::Stop if tries <= TRIES => self.send(now, Ask::Stop, tries + 1),
            Ask::Version if tries >= TRIES && self.last_frame.is_none() => self.down(Reason::NoAnswer),
            Ask::Within(inner) => {
                self.misses += 1;
                if self.misses > TRIES {
                    self.found.within = false;
                }
                if let Ask::Output { .. } = *inner {
                    self.events.push_back(Event::OutputDone(Err(OrderError::Unknown)));
                }
            }
            Ask::Operate { .. } => self.job_unknown(),
            Ask::Output { .. } => self.events.push_back(Event::OutputDone(Err(OrderError::Unknown))),
            ask if tries < TRIES => self.send(now, ask, tries + 1),
            ask if ask.is_optional() && self.unanswered + 1 < MOST_UNANSWERED => {
                self.unanswered += 1;
                self.skipped(&ask);
            }
            ask => {
                let (op, _) = ask.message();
                self.down(Reason::Silent(format!("no answer to command {op:02X}")));
            }
        }
    }
}

/// Whether a frame is the answer to a question. Of opcode 0x2F there are several, told apart by their option.
fn answers(ask: &Ask, frame: &Frame) -> bool {
    let (op, _) = ask.message();
    let option = frame.data.first().copied();
    op == frame.op
        && match ask {
            Ask::Stop => frame.status != 0 && option.is_none() || option == Some(2) || frame.status == 0x0100,
            Ask::Start => option.is_none_or(|option| option == 1),
            Ask::Within(_) => option == Some(4) || frame.status != 0,
            _ => true,
        }
}
