//! Reading what is on a tag, bank by bank. It knows what is known and asks for the rest; it writes nothing.

use std::collections::VecDeque;

use super::look::{Look, Reach, Seen};
use super::memory::{MOST_WORDS, epc_words};
use super::{
    Bank, Done, Fault, Job, Memory, Next, Operation, Report, Secret, Selection, Stage, TagError, Want,
};
use crate::OrderError;

/// How often a job may fail for want of a tag or of power before the procedure gives up.
const FAILURES: u8 = 8;

/// How much is to be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Need {
    /// Words behind the PC word, at least; the announced ones are always read.
    pub(super) epc_words: usize,
    /// All words of the EPC bank, to wipe what stands behind the EPC.
    pub(super) all: bool,
    /// Words of user memory.
    pub(super) user_words: u16,
    /// Fewer words of user memory, or none, are an error.
    pub(super) user_required: bool,
}

/// A question to a tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ask {
    Pc,
    Epc(u16),
    User(u16),
    /// Reads the access password with this one, without any when 0.
    Access(u32),
    /// Whether the tag takes this access password: reads with it what anybody may read.
    Open(u32),
    /// Reads the kill password with this access password, without any when 0.
    Kill(u32),
}

/// Reads what is needed of one tag; it knows what is known and asks for the rest.
#[derive(Clone, Debug)]
pub(super) struct Reading {
    pub(super) memory: Memory,
    need: Need,
    passwords: Vec<u32>,
    left: VecDeque<u32>,
    /// How often the tag fell silent at the password that is being tried.
    silences: u8,
    /// Whether the access password was asked with itself.
    access_tried: bool,
    /// Whether the kill password was asked with the access password too.
    kill_tried: bool,
    /// Whether the PC word announces more than there is.
    overlong: bool,
    /// While the size of the EPC bank is searched for: what it surely holds, and what is still possible.
    bounds: (u16, u16),
    failures: u8,
}

impl Reading {
    /// `passwords`: what the tag may be locked with, the likeliest first.
    pub(super) fn new(seen: Seen, need: Need, passwords: Vec<u32>) -> Reading {
        let memory = Memory { tid: seen.tid, ..Memory::default() };
        let mut reading = Reading {
            memory,
            need,
            passwords,
            left: VecDeque::new(),
            silences: 0,
            access_tried: false,
            kill_tried: false,
            overlong: false,
            bounds: (0, MOST_WORDS as u16),
            failures: FAILURES,
        };
        reading.again();
        reading
    }

    /// Reads everything anew.
    pub(super) fn again(&mut self) {
        self.memory.forget();
        self.passwords_again();
    }

    /// Reads the passwords anew: one of them has changed.
    pub(super) fn passwords_again(&mut self) {
        self.memory.access = Secret::Unknown;
        self.memory.kill = Secret::Unknown;
        self.memory.opened_by = None;
        self.access_tried = false;
        self.kill_tried = false;
        self.silences = 0;
        self.left = self.passwords.iter().copied().filter(|password| *password != 0).collect();
    }

    /// Reads the kill password anew.
    pub(super) fn kill_again(&mut self) {
        self.memory.kill = Secret::Unknown;
        self.kill_tried = false;
    }

    /// What to ask next; `None` when all is known.
    pub(super) fn next(&self) -> Option<Ask> {
        let memory = &self.memory;
        let Some(pc) = memory.pc else { return Some(Ask::Pc) };
        if memory.epc.is_none() {
            let announced = if self.overlong { 0 } else { epc_words(pc) };
            let least = self.need.epc_words.max(announced);
            let (known, possible) = self.bounds;
            let words = match self.need.all {
                true if known < possible => known + (possible - known).div_ceil(2),
                true => known,
                false => u16::try_from(least).unwrap_or(u16::MAX),
            };
            return Some(Ask::Epc(words));
        }
        if memory.user.is_none() {
            return Some(Ask::User(self.need.user_words.max(1)));
        }
        if memory.access == Secret::Unknown {
            return Some(Ask::Access(0));
        }
        if memory.access == Secret::Hidden
            && memory.opened_by.is_none()
            && let Some(password) = self.left.front()
        {
            return Some(Ask::Open(*password));
        }
        if memory.access == Secret::Hidden && !self.access_tried && memory.password() != 0 {
            return Some(Ask::Access(memory.password()));
        }
        match memory.kill {
            Secret::Unknown => Some(Ask::Kill(0)),
            Secret::Hidden if !self.kill_tried && memory.password() != 0 => {
                Some(Ask::Kill(memory.password()))
            }
            _ => None,
        }
    }

    pub(super) fn job(&self, ask: Ask, reach: &Reach) -> Job {
        let read = |bank, first_word, words| Operation::Read { bank, first_word, words };
        let (password, operation) = match ask {
            Ask::Pc => (0, read(Bank::Epc, 1, 1)),
            Ask::Epc(words) => (0, read(Bank::Epc, 2, words.max(1))),
            Ask::User(words) => (0, read(Bank::User, 0, words)),
            Ask::Open(password) => (password, read(Bank::Epc, 1, 1)),
            Ask::Access(password) => (password, read(Bank::Reserved, 2, 2)),
            Ask::Kill(password) => (password, read(Bank::Reserved, 0, 2)),
        };
        reach.job(Selection::tid(&self.memory.tid), password, vec![operation])
    }

    /// A job failed for a reason that may pass; an error when that was once too often.
    pub(super) fn failed(&mut self, step: Stage, error: TagError) -> Result<(), Fault> {
        self.failures = self.failures.saturating_sub(1);
        if self.failures > 0 {
            return Ok(());
        }
        Err(match error {
            TagError::NoTag => Fault::NoTag,
            error => Fault::Tag { step, error },
        })
    }

    /// Takes an answer.
    pub(super) fn handle(&mut self, ask: Ask, result: Result<Report, OrderError>) -> Result<(), Fault> {
        let result = super::results(result)?.into_iter().next().unwrap_or(Err(TagError::Silent));
        let result = match result {
            Ok(Done::Words(words)) => Ok(words),
            Ok(Done::Done) => Err(TagError::Other("the reader read and says not what".into())),
            Err(error) => Err(error),
        };
        // LLRP 1.0.1 has but one code for every no of a tag that is read, and none for a wrong password.
        let locked =
            matches!(result, Err(TagError::Locked | TagError::Unexplained | TagError::WrongPassword));
        let nowhere = matches!(result, Err(TagError::NoSuchMemory | TagError::Unexplained));
        match (ask, result) {
            (Ask::Pc, Ok(words)) => self.memory.pc = words.first().copied(),
            (Ask::Epc(asked), Ok(words)) => self.epc(asked, words),
            (Ask::Epc(asked), _) if nowhere => self.epc_ends(asked)?,
            (Ask::User(_), Ok(words)) => {
                self.memory.user = Some(if self.need.user_words == 0 { Vec::new() } else { words });
            }
            (Ask::User(words), _) if nowhere => {
                if self.need.user_required {
                    return Err(Fault::TooSmall { bank: "user", words });
                }
                self.memory.user = Some(Vec::new());
            }
            (Ask::Access(password), Ok(words)) => {
                let value = password_of(&words);
                self.memory.access = if password == 0 { Secret::Open(value) } else { Secret::Locked(value) };
                // What can be read need not be tried.
                self.memory.opened_by.get_or_insert(value);
            }
            (Ask::Access(_) | Ask::Kill(_), Err(TagError::NoSuchMemory)) => {
                self.memory.access = Secret::None;
                self.memory.kill = Secret::None;
            }
            (Ask::Access(0), _) if locked => self.memory.access = Secret::Hidden,
            (Ask::Access(_), _) if locked => self.access_tried = true,
            (Ask::Open(password), Ok(_)) => self.memory.opened_by = Some(password),
            (Ask::Open(_), _) if locked => self.next_password(),
            (Ask::Open(_), Err(TagError::Silent)) if self.silences > 0 => self.next_password(),
            (Ask::Open(_), Err(TagError::Silent)) => self.silences += 1,
            (Ask::Kill(password), Ok(words)) => {
                let value = password_of(&words);
                self.memory.kill = if password == 0 { Secret::Open(value) } else { Secret::Locked(value) };
            }
            (Ask::Kill(0), _) if locked => self.memory.kill = Secret::Hidden,
            (Ask::Kill(_), _) if locked => self.kill_tried = true,
            (_, Err(error)) => self.failed(Stage::Read, error)?,
        }
        Ok(())
    }

    fn next_password(&mut self) {
        self.left.pop_front();
        self.silences = 0;
    }

    fn epc(&mut self, asked: u16, words: Vec<u16>) {
        if self.need.all {
            self.bounds.0 = self.bounds.0.max(asked);
            if self.bounds.0 < self.bounds.1 {
                return;
            }
        }
        self.memory.epc = Some(words);
    }

    fn epc_ends(&mut self, asked: u16) -> Result<(), Fault> {
        let announced = self.memory.pc.map_or(0, epc_words);
        let least = self.need.epc_words.max(1);
        if self.need.all && usize::from(asked) > least {
            self.bounds.1 = asked - 1;
            return Ok(());
        }
        // A length beyond the tag's own memory: what a maker's or a spoilt PC word announces is no number.
        if !self.need.all && !self.overlong && announced > least {
            self.overlong = true;
            return Ok(());
        }
        Err(Fault::TooSmall { bank: "EPC", words: asked })
    }
}

fn password_of(words: &[u16]) -> u32 {
    match words {
        [high, low, ..] => u32::from(*high) << 16 | u32::from(*low),
        _ => 0,
    }
}

/// Reads what is on the one tag that answers; changes nothing.
#[derive(Clone, Debug)]
pub struct Inspect {
    reach: Reach,
    look: Look,
    need: Need,
    passwords: Vec<u32>,
    reading: Option<Reading>,
    asked: Option<Ask>,
    fault: Option<Fault>,
}

impl Inspect {
    /// Reads its EPC, so many words of user memory, and whether the passwords are locked. `passwords`: what it may be locked
    /// with.
    pub fn new(reach: Reach, user_words: u16, passwords: Vec<u32>) -> Inspect {
        Inspect {
            look: Look::new(reach.clone()),
            reach,
            need: Need { user_words, ..Need::default() },
            passwords,
            reading: None,
            asked: None,
            fault: None,
        }
    }

    /// Reads as much as tells whether it is what is wanted: see [`Want::missing`].
    pub fn wanting(want: &Want, reach: Reach) -> Inspect {
        Inspect { need: want.need(), ..Inspect::new(reach, 0, want.passwords()) }
    }

    /// The next job, or what is on the tag.
    pub fn poll(&mut self) -> Next<Memory> {
        if let Some(fault) = &self.fault {
            return Next::End(Err(fault.clone()));
        }
        let reading = match &self.reading {
            Some(reading) => reading,
            None => match self.look.poll() {
                Next::Job(job) => return Next::Job(job),
                Next::End(Err(fault)) => return Next::End(Err(fault)),
                Next::End(Ok(seen)) => {
                    self.reading.insert(Reading::new(seen, self.need, self.passwords.clone()))
                }
            },
        };
        let Some(ask) = reading.next() else { return Next::End(Ok(reading.memory.clone())) };
        let job = reading.job(ask, &self.reach);
        self.asked = Some(ask);
        Next::Job(job)
    }

    /// Takes what came of the job.
    pub fn handle(&mut self, result: Result<Report, OrderError>) {
        match (&mut self.reading, self.asked.take()) {
            (Some(reading), Some(ask)) => self.fault = reading.handle(ask, result).err(),
            _ => self.look.handle(result),
        }
    }
}
