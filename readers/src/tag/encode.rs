//! Making a tag what it should be, so that it can be interrupted anywhere and taken up again.
//!
//! Power is lost in the middle: the tag leaves the antenna, the line is cut. So the procedure holds no plan that could be
//! half done. It reads what the tag is, takes the first thing that differs from what it should be, does it, reads again,
//! and ends when nothing differs. Run again on a half-written tag it goes on there; run on a finished one it changes nothing.
//!
//! The order, and why:
//!
//! 1. **Marker.** An EPC is written word by word, and half an old number and half a new one may be a third piece's. So the
//!    PC word is written first, as [`MARKER`]: one word of EPC, under ISO's numbering. From then on the tag tells readers 16
//!    bits, too few for any EPC, and says beside that they are none. One word changes at once or not at all: the tag is the old
//!    piece before and no piece after. Should it be torn within the word, its length alone is in doubt, and old bits
//!    cut short or followed by more are the old piece or no number.
//! 2. **Number.** The words of the EPC, behind the marker.
//! 3. **User memory, kill password, access password.** While nothing is locked yet they can all be read back by anybody. An
//!    access password that is already in force is changed in two words: what half a change leaves is tried like a password.
//! 4. **PC.** The word that makes the tag the new piece: one word again, written when everything behind it has been read back.
//! 5. **Locks**, last of all: what is locked wrongly could no longer be repaired. A lock cannot be read in Gen2. That a
//!    password is locked is seen by not being able to read it; that memory is, by writing the word that it holds already
//!    (the PC word of the EPC bank, which cannot become another piece's) without the password, and being refused.
//! 6. **Blocks of user memory locked for ever.** Which are is asked before and after, where the reader has words for that; else it is
//!    the tag's own word that counts.
//!
//! Each job holds one operation that changes something: readers differ in whether they go on after one that failed.

use std::collections::BTreeMap;

use super::look::{Look, Reach, Seen};
use super::reading::{Ask, Reading};
use super::want::is_locked;
use super::{
    Bank, Done, Fault, Field, Found, Job, Memory, Next, Operation, Privilege, Report, Secret, Selection,
    Stage, TagError, Want, WantError,
};
use crate::OrderError;

/// The PC word of a tag whose number is being written: one word, ISO's numbering, application family 0, which nobody has.
pub const MARKER: u16 = 0x0900;

/// How often one thing is written before it counts as not kept.
const WRITES: u8 = 4;

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encoded {
    /// What the tag held before.
    pub before: Found,
    /// What was changed, in order; empty when it was already what it should be.
    pub changed: Vec<Stage>,
    /// What is on it now, as read.
    pub memory: Memory,
}

/// What a job was for.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Doing {
    Ask(Ask),
    Write(Stage),
    Probe(Field, Privilege),
    Lock(Vec<(Field, Privilege)>),
    AskBlocks,
    Blocks,
}

/// What is known of the blocks that are locked for ever.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Blocks {
    /// Not asked, or changed since.
    Unknown,
    /// Nobody tells.
    Untold,
    /// These are.
    Told(Vec<u16>),
    /// The tag has said that it did as told.
    Said,
}

/// Makes a tag what it should be.
#[derive(Clone, Debug)]
pub struct Encode {
    want: Want,
    reach: Reach,
    look: Look,
    reading: Option<Reading>,
    /// Whether memory is locked as it should be, where that is known.
    locked: BTreeMap<Field, bool>,
    before: Option<Found>,
    changed: Vec<Stage>,
    writes: BTreeMap<Stage, u8>,
    blocks: Blocks,
    doing: Option<Doing>,
    fault: Option<Fault>,
}

impl Encode {
    /// Begins with finding out which tag it is.
    ///
    /// # Errors
    /// [`WantError`] where nobody should want that.
    pub fn new(want: Want, reach: Reach) -> Result<Encode, WantError> {
        want.check()?;
        Ok(Encode {
            look: Look::new(reach.clone()),
            want,
            reach,
            reading: None,
            locked: BTreeMap::new(),
            before: None,
            changed: Vec::new(),
            writes: BTreeMap::new(),
            blocks: Blocks::Unknown,
            doing: None,
            fault: None,
        })
    }

    /// The next job, or what came of it.
    pub fn poll(&mut self) -> Next<Encoded> {
        if let Some(fault) = &self.fault {
            return Next::End(Err(fault.clone()));
        }
        if self.reading.is_none() {
            match self.look.poll() {
                Next::Job(job) => return Next::Job(job),
                Next::End(Err(fault)) => return Next::End(Err(fault)),
                Next::End(Ok(seen)) => self.read(seen),
            }
        }
        let doing = match self.decide() {
            Ok(Some(doing)) => doing,
            Ok(None) => return Next::End(Ok(self.encoded())),
            Err(fault) => {
                self.fault = Some(fault.clone());
                return Next::End(Err(fault));
            }
        };
        let job = self.job(&doing);
        self.doing = Some(doing);
        Next::Job(job)
    }

    /// Takes what came of the job.
    pub fn handle(&mut self, result: Result<Report, OrderError>) {
        let Some(doing) = self.doing.take() else { return self.look.handle(result) };
        if let Err(fault) = self.take(doing, result) {
            self.fault = Some(fault);
        }
    }

    /// What has been changed so far: a fault may come after.
    pub fn changed(&self) -> &[Stage] {
        &self.changed
    }

    fn read(&mut self, seen: Seen) {
        self.reading = Some(Reading::new(seen, self.want.need(), self.want.passwords()));
    }

    fn memory(&self) -> Memory {
        self.reading.as_ref().map(|reading| reading.memory.clone()).unwrap_or_default()
    }

    fn encoded(&self) -> Encoded {
        let before = self.before.clone().unwrap_or(Found::Blank);
        Encoded { before, changed: self.changed.clone(), memory: self.memory() }
    }

    /// The first thing that is not yet known, or not yet as it should be.
    fn decide(&mut self) -> Result<Option<Doing>, Fault> {
        if let Some(ask) = self.reading.as_ref().and_then(Reading::next) {
            return Ok(Some(Doing::Ask(ask)));
        }
        let memory = self.memory();
        self.feasible(&memory)?;
        let missing = self.want.missing(&memory).into_iter().next();
        let Some(stage) = missing.filter(|stage| *stage != Stage::Lock) else {
            return self.decide_locks(&memory);
        };
        // A locked password that is torn while it is written could be known to nobody: it is opened before, where it will be
        // locked again.
        let relocked = || self.want.locks.iter().any(|(field, _)| *field == Field::AccessPassword);
        if stage == Stage::AccessPassword && matches!(memory.access, Secret::Locked(_)) && relocked() {
            self.count(Stage::Lock)?;
            return Ok(Some(Doing::Lock(vec![(Field::AccessPassword, Privilege::Unlocked)])));
        }
        self.count(stage)?;
        Ok(Some(Doing::Write(stage)))
    }

    /// Says no before anything is written.
    fn feasible(&mut self, memory: &Memory) -> Result<(), Fault> {
        if self.before.is_some() {
            return Ok(());
        }
        let found = memory.found().unwrap_or(Found::Blank);
        if let Found::Number(number) = &found {
            let own: Vec<u8> = self.want.number.words().iter().flat_map(|word| word.to_be_bytes()).collect();
            // Its own number with a torn length is one that was being written.
            let ours = own.starts_with(number) || number.starts_with(&own);
            if !self.want.overwrite && !ours {
                return Err(Fault::Foreign(found.to_string()));
            }
        }
        let wants_passwords = self.want.access.is_some_and(|password| password != 0)
            || self.want.kill.is_some_and(|password| password != 0)
            || self.want.locks.iter().any(|(_, privilege)| *privilege != Privilege::Unlocked);
        if wants_passwords && memory.access == Secret::None {
            return Err(Fault::NoPasswords);
        }
        if wants_passwords && memory.opened_by.is_none() {
            return Err(Fault::WrongPassword);
        }
        let stays_hidden = (Field::KillPassword, Privilege::PermanentlyLocked);
        if self.want.kill.is_some()
            && memory.kill == Secret::Hidden
            && !self.want.locks.contains(&stays_hidden)
        {
            return Err(Fault::LockedForEver(what(Stage::KillPassword)));
        }
        self.before = Some(found);
        Ok(())
    }

    fn decide_locks(&mut self, memory: &Memory) -> Result<Option<Doing>, Fault> {
        let mut missing = Vec::new();
        for (field, privilege) in &self.want.locks {
            let right = match field {
                Field::AccessPassword => is_locked(memory.access, *privilege),
                Field::KillPassword => is_locked(memory.kill, *privilege),
                Field::Epc | Field::User | Field::Tid => match self.locked.get(field) {
                    Some(right) => *right,
                    None => return Ok(Some(Doing::Probe(*field, *privilege))),
                },
            };
            if !right {
                missing.push((*field, *privilege));
            }
        }
        if !missing.is_empty() {
            self.count(Stage::Lock)?;
            return Ok(Some(Doing::Lock(missing)));
        }
        let all = |locked: &[u16]| {
            let mut pairs = self.want.blocks.iter().zip(locked.iter().copied().chain(std::iter::repeat(0)));
            pairs.all(|(wanted, locked)| wanted & !locked == 0)
        };
        match &self.blocks {
            _ if self.want.blocks.is_empty() => Ok(None),
            Blocks::Unknown => Ok(Some(Doing::AskBlocks)),
            Blocks::Untold => Ok(Some(Doing::Blocks)),
            Blocks::Told(locked) if all(locked) => Ok(None),
            Blocks::Told(_) => {
                self.count(Stage::Blocks)?;
                Ok(Some(Doing::Blocks))
            }
            Blocks::Said => Ok(None),
        }
    }

    fn count(&mut self, stage: Stage) -> Result<(), Fault> {
        let writes = self.writes.entry(stage).or_default();
        *writes += 1;
        if *writes > WRITES { Err(Fault::NotKept(stage)) } else { Ok(()) }
    }

    fn job(&self, doing: &Doing) -> Job {
        let memory = self.memory();
        let job = |password, operations| self.reach.job(Selection::tid(&memory.tid), password, operations);
        let own = memory.password();
        let write = |bank, first_word, words: Vec<u16>| {
            let read = Operation::Read { bank, first_word, words: u16::try_from(words.len()).unwrap_or(1) };
            vec![Operation::Write { bank, first_word, words }, read]
        };
        let halves = |password: Option<u32>| {
            let password = password.unwrap_or_default();
            vec![(password >> 16) as u16, password as u16]
        };
        let user_holds =
            |user: Option<&Vec<u16>>| user.is_some_and(|user| user.iter().any(|word| *word != 0));
        match doing {
            Doing::Ask(ask) => match &self.reading {
                Some(reading) => reading.job(*ask, &self.reach),
                None => job(0, Vec::new()),
            },
            Doing::Write(stage) => {
                let pc = self.want.number.pc(user_holds(self.want.user.as_ref().or(memory.user.as_ref())));
                let operations = match stage {
                    Stage::Number => write(Bank::Epc, 2, self.want.words(&memory)),
                    Stage::User => write(Bank::User, 0, self.want.user.clone().unwrap_or_default()),
                    Stage::KillPassword => write(Bank::Reserved, 0, halves(self.want.kill)),
                    // Read back with the new password, in a job of its own.
                    Stage::AccessPassword => {
                        let words = halves(self.want.access);
                        vec![Operation::Write { bank: Bank::Reserved, first_word: 2, words }]
                    }
                    Stage::Pc => write(Bank::Epc, 1, vec![pc]),
                    _ => write(Bank::Epc, 1, vec![MARKER]),
                };
                job(own, operations)
            }
            Doing::Probe(field, privilege) => {
                let (bank, first_word, word) = match field {
                    Field::User => {
                        (Bank::User, 0, memory.user.as_ref().and_then(|user| user.first().copied()))
                    }
                    _ => (Bank::Epc, 1, memory.pc),
                };
                let words = vec![word.unwrap_or_default()];
                let for_ever = *privilege == Privilege::PermanentlyLocked;
                job(if for_ever { own } else { 0 }, vec![Operation::Write { bank, first_word, words }])
            }
            Doing::Lock(fields) => job(own, vec![Operation::Lock(fields.clone())]),
            Doing::AskBlocks => {
                let groups = u16::try_from(self.want.blocks.len()).unwrap_or(u16::MAX);
                job(own, vec![Operation::BlockPermalockState { first_group: 0, groups }])
            }
            Doing::Blocks => {
                let blocks = self.want.blocks.clone();
                job(own, vec![Operation::BlockPermalock { first_group: 0, blocks }])
            }
        }
    }

    fn take(&mut self, doing: Doing, result: Result<Report, OrderError>) -> Result<(), Fault> {
        let Some(reading) = &mut self.reading else { return Ok(()) };
        let results = match doing {
            Doing::Ask(ask) => return reading.handle(ask, result),
            // That a reader cannot ask keeps nobody from locking.
            Doing::AskBlocks if matches!(result, Err(OrderError::CannotDo(_) | OrderError::Refused(_))) => {
                self.blocks = Blocks::Untold;
                return Ok(());
            }
            _ => super::results(result)?,
        };
        let mut results = results.into_iter();
        let done = results.next().unwrap_or(Err(TagError::Silent));
        match (doing, done) {
            (Doing::Ask(_), _) => {}
            (Doing::Write(stage), Ok(_)) => {
                self.changed.push(stage);
                self.keep(stage, results.next());
            }
            (Doing::Probe(field, privilege), done) => {
                let right = match done {
                    Ok(_) => privilege == Privilege::Unlocked,
                    Err(TagError::Locked | TagError::Unexplained) => privilege != Privilege::Unlocked,
                    Err(error) => {
                        reading.again();
                        return reading.failed(Stage::Probe, error);
                    }
                };
                self.locked.insert(field, right);
            }
            (Doing::Lock(_), Ok(_)) => {
                self.changed.push(Stage::Lock);
                self.locked.clear();
                reading.passwords_again();
            }
            (Doing::AskBlocks, Ok(Done::Words(locked))) => self.blocks = Blocks::Told(locked),
            (Doing::AskBlocks, Err(error @ (TagError::NoTag | TagError::Silent | TagError::LowPower))) => {
                reading.again();
                return reading.failed(Stage::Blocks, error);
            }
            (Doing::AskBlocks, _) => self.blocks = Blocks::Untold,
            (Doing::Blocks, Ok(_)) => {
                self.changed.push(Stage::Blocks);
                self.blocks = if self.blocks == Blocks::Untold { Blocks::Said } else { Blocks::Unknown };
            }
            (doing, Err(error)) => {
                let stage = match doing {
                    Doing::Write(stage) => stage,
                    Doing::Blocks => Stage::Blocks,
                    _ => Stage::Lock,
                };
                // It may or may not have been done, in part: look anew.
                let opened = reading.memory.opened_by;
                reading.again();
                self.locked.clear();
                if matches!(self.blocks, Blocks::Told(_)) {
                    self.blocks = Blocks::Unknown;
                }
                if error == TagError::Locked {
                    return Err(match opened {
                        None => Fault::WrongPassword,
                        Some(_) => Fault::LockedForEver(what(stage)),
                    });
                }
                reading.failed(stage, error)?;
            }
        }
        Ok(())
    }

    /// Takes in what was read back behind a write; what was not, is read anew.
    fn keep(&mut self, stage: Stage, back: Option<Result<Done, TagError>>) {
        let Some(reading) = &mut self.reading else { return };
        let words = match back {
            Some(Ok(Done::Words(words))) => Some(words),
            _ => None,
        };
        match (stage, words) {
            (Stage::AccessPassword, _) => reading.passwords_again(),
            (Stage::Number, Some(words)) => reading.memory.epc = Some(words),
            (Stage::User, Some(words)) => reading.memory.user = Some(words),
            (Stage::Marker | Stage::Pc, Some(words)) => reading.memory.pc = words.first().copied(),
            (Stage::KillPassword, _) => reading.kill_again(),
            _ => reading.again(),
        }
    }
}

fn what(stage: Stage) -> &'static str {
    match stage {
        Stage::User | Stage::Blocks => "user memory",
        Stage::KillPassword => "kill password",
        Stage::AccessPassword => "access password",
        Stage::Lock => "lock",
        _ => "EPC",
    }
}
