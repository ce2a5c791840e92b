//! Making a sold tag quiet, where a shop's law or its customers want it. Which way, the shop decides; each is verified as far as
//! a tag lets it be.

use super::look::{Look, Reach};
use super::reading::{Ask, Need, Reading};
use super::{
    Bank, Encode, Fault, Field, HideTid, Job, Memory, Next, Number, Operation, Privilege, Report, Secret,
    Selection, Stage, TagError, Untraceable, Want, WantError,
};
use crate::OrderError;

/// How a tag is made quiet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum How {
    /// It never answers again. A tag whose kill password is still 0 is given this one first.
    Kill {
        /// The kill password, not 0.
        password: u32,
    },
    /// It hides parts of itself from all who do not know its access password.
    Untraceable(Untraceable),
    /// Its number and so many words of its user memory are overwritten with zeros, and locked where it has an access password.
    Overwrite {
        /// Words of user memory.
        user_words: u16,
    },
    /// A gate's theft alarm hears it no more.
    EasOff,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quieted {
    /// Which tag.
    pub tid: Vec<u16>,
    /// What was done; empty when it was quiet already.
    pub changed: Vec<Stage>,
    /// Whether it has been seen to be quiet, beyond the tag's own word that it did as told.
    pub verified: bool,
}

/// How often a killed tag is called, in vain, until it counts as dead.
const CALLS: u8 = 5;
/// How often a command is given.
const COMMANDS: u8 = 3;

/// What a job was for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Doing {
    Ask(Ask),
    KillPassword,
    Command,
    Verify,
}

/// Makes a tag quiet.
#[derive(Clone, Debug)]
pub struct Quiet {
    how: How,
    reach: Reach,
    passwords: Vec<u32>,
    look: Look,
    reading: Option<Reading>,
    /// Overwriting is encoding: this does it all.
    overwrite: Option<Encode>,
    changed: Vec<Stage>,
    commands: u8,
    /// The command was given and is to be verified.
    given: bool,
    /// The tag has said that it did as told.
    told: bool,
    calls: u8,
    doing: Option<Doing>,
    end: Option<Result<Quieted, Fault>>,
}

impl Quiet {
    /// Begins with finding out which tag it is. `passwords`: the access passwords that it may have, the likeliest first; one that is
    /// overwritten gets the first.
    ///
    /// # Errors
    /// [`WantError`] as [`Encode::new`].
    pub fn new(how: How, reach: Reach, passwords: Vec<u32>) -> Result<Quiet, WantError> {
        let overwrite = match how {
            How::Overwrite { user_words } => Some(Encode::new(zeros(user_words, &passwords), reach.clone())?),
            _ => None,
        };
        Ok(Quiet {
            how,
            look: Look::new(reach.clone()),
            reach,
            passwords,
            reading: None,
            overwrite,
            changed: Vec::new(),
            commands: 0,
            given: false,
            told: false,
            calls: 0,
            doing: None,
            end: None,
        })
    }

    /// The next job, or what came of it.
    pub fn poll(&mut self) -> Next<Quieted> {
        if let Some(encode) = &mut self.overwrite {
            return match encode.poll() {
                Next::Job(job) => Next::Job(job),
                Next::End(end) => Next::End(end.map(|encoded| Quieted {
                    tid: encoded.memory.tid,
                    changed: encoded.changed,
                    verified: true,
                })),
            };
        }
        if let Some(end) = &self.end {
            return Next::End(end.clone());
        }
        if self.reading.is_none() {
            match self.look.poll() {
                Next::Job(job) => return Next::Job(job),
                Next::End(Err(fault)) => return Next::End(self.hidden_already(fault)),
                Next::End(Ok(seen)) => {
                    self.reading = Some(Reading::new(seen, Need::default(), self.passwords.clone()));
                }
            }
        }
        let doing = match self.decide() {
            Ok(doing) => doing,
            Err(end) => {
                self.end = Some(end.clone());
                return Next::End(end);
            }
        };
        let job = self.job(doing);
        self.doing = Some(doing);
        Next::Job(job)
    }

    /// Takes what came of the job.
    pub fn handle(&mut self, result: Result<Report, OrderError>) {
        if let Some(encode) = &mut self.overwrite {
            return encode.handle(result);
        }
        let Some(doing) = self.doing.take() else { return self.look.handle(result) };
        if let Err(fault) = self.take(doing, result) {
            self.end = Some(Err(fault));
        }
    }

    /// A tag that does not even tell its TID is as quiet as `Untraceable` makes it.
    fn hidden_already(&self, fault: Fault) -> Result<Quieted, Fault> {
        let hides_all = matches!(&self.how, How::Untraceable(what) if what.hide_tid == HideTid::All);
        match fault {
            Fault::Tag { step: Stage::Look, error: TagError::NoSuchMemory | TagError::Unexplained }
                if hides_all =>
            {
                Ok(Quieted { tid: Vec::new(), changed: Vec::new(), verified: true })
            }
            fault => Err(fault),
        }
    }

    fn memory(&self) -> Memory {
        self.reading.as_ref().map(|reading| reading.memory.clone()).unwrap_or_default()
    }

    fn quieted(&self, verified: bool) -> Result<Quieted, Fault> {
        Ok(Quieted { tid: self.memory().tid, changed: self.changed.clone(), verified })
    }

    fn decide(&mut self) -> Result<Doing, Result<Quieted, Fault>> {
        let after = self.given;
        if !after && let Some(ask) = self.reading.as_ref().and_then(Reading::next) {
            return Ok(Doing::Ask(ask));
        }
        let memory = self.memory();
        match &self.how {
            How::Kill { password } if !after => match memory.kill {
                _ if *password == 0 => Err(Err(Fault::WrongPassword)),
                Secret::None => Err(Err(Fault::NoPasswords)),
                // Nothing yet, or half of the new one.
                secret if secret.value().is_some_and(|now| now != *password && now & !*password == 0) => {
                    Ok(Doing::KillPassword)
                }
                secret if secret.value().is_some_and(|now| now != *password) => {
                    Err(Err(Fault::WrongPassword))
                }
                _ => Ok(Doing::Command),
            },
            How::Kill { .. } if self.calls >= CALLS => Err(self.quieted(self.told)),
            How::Untraceable(_) if !after && memory.password() == 0 => Err(Err(Fault::WrongPassword)),
            How::EasOff | How::Untraceable(_) if !after => Ok(Doing::Command),
            How::EasOff => Err(self.quieted(false)),
            How::Untraceable(what) if hidden(what).is_none() => Err(self.quieted(false)),
            How::Untraceable(_) if self.calls > 0 => Err(self.quieted(true)),
            How::Kill { .. } | How::Untraceable(_) | How::Overwrite { .. } => Ok(Doing::Verify),
        }
    }

    fn job(&self, doing: Doing) -> Job {
        let memory = self.memory();
        let by_tid = Selection::tid(&memory.tid);
        let (selection, password, operation) = match (doing, &self.how) {
            (Doing::Ask(ask), _) => match &self.reading {
                Some(reading) => return reading.job(ask, &self.reach),
                None => (by_tid, 0, TID),
            },
            (Doing::KillPassword, How::Kill { password }) => {
                let words = vec![(password >> 16) as u16, *password as u16];
                let write = Operation::Write { bank: Bank::Reserved, first_word: 0, words };
                (by_tid, memory.password(), write)
            }
            (Doing::Command, How::Kill { password }) => {
                (by_tid, memory.password(), Operation::Kill { password: *password })
            }
            (Doing::Command, How::Untraceable(what)) => {
                (by_tid, memory.password(), Operation::Untraceable(*what))
            }
            (Doing::Command, _) => (by_tid, memory.password(), Operation::Eas { on: false }),
            (_, How::Untraceable(what)) => {
                // Its TID may be hidden now: it is found by what is left of its EPC.
                let epc: Vec<u8> = memory.epc.iter().flatten().flat_map(|word| word.to_be_bytes()).collect();
                let all = memory.pc.map_or(0, super::memory::epc_words);
                let left = what.visible_epc_words.map_or(all, usize::from).min(all);
                let visible = epc.get(..left * 2).unwrap_or(&epc);
                (Selection::epc(visible), 0, hidden(what).unwrap_or(TID))
            }
            _ => (by_tid, 0, TID),
        };
        self.reach.job(selection, password, vec![operation])
    }

    fn take(&mut self, doing: Doing, result: Result<Report, OrderError>) -> Result<(), Fault> {
        let Some(reading) = &mut self.reading else { return Ok(()) };
        if let Doing::Ask(ask) = doing {
            return reading.handle(ask, result);
        }
        let done = super::results(result)?.into_iter().next().unwrap_or(Err(TagError::Silent));
        match (doing, done) {
            (Doing::Ask(_), _) => {}
            (Doing::KillPassword, Ok(_)) => {
                self.changed.push(Stage::KillPassword);
                reading.kill_again();
            }
            (Doing::KillPassword, Err(TagError::Locked)) => return Err(Fault::WrongPassword),
            (Doing::KillPassword, Err(error)) => {
                reading.again();
                reading.failed(Stage::KillPassword, error)?;
            }
            (Doing::Command, Ok(_)) => {
                self.told = true;
                self.commanded();
            }
            // A tag that dies may do so without a word.
            (Doing::Command, Err(TagError::Silent)) if matches!(self.how, How::Kill { .. }) => {
                self.commanded();
            }
            (Doing::Command, Err(TagError::WrongPassword)) => return Err(Fault::WrongPassword),
            (Doing::Command, Err(TagError::NotSupported)) => {
                return Err(Fault::Tag { step: self.how.stage(), error: TagError::NotSupported });
            }
            (Doing::Command, Err(error)) => {
                reading.again();
                reading.failed(self.how.stage(), error)?;
            }
            (Doing::Verify, done) => return self.verify(done.map(|_| ())),
        }
        Ok(())
    }

    fn verify(&mut self, done: Result<(), TagError>) -> Result<(), Fault> {
        let quiet = match (&self.how, &done) {
            (How::Kill { .. }, Err(TagError::NoTag)) => true,
            (How::Untraceable(_), Err(TagError::NoSuchMemory | TagError::Locked | TagError::Unexplained)) => {
                true
            }
            // It is there and has no word for it: asked again.
            (_, Err(_)) => {
                let Some(reading) = &mut self.reading else { return Ok(()) };
                return reading.failed(self.how.stage(), done.err().unwrap_or(TagError::Silent));
            }
            (_, Ok(())) => false,
        };
        if quiet {
            self.calls += 1;
            return Ok(());
        }
        if self.commands >= COMMANDS {
            return Err(Fault::StillSpeaks(match self.how {
                How::Kill { .. } => "it was killed and still answers",
                _ => "what was to be hidden can still be read",
            }));
        }
        // The command is given again.
        self.calls = 0;
        self.given = false;
        Ok(())
    }

    fn commanded(&mut self) {
        self.commands += 1;
        self.given = true;
        let stage = self.how.stage();
        if !self.changed.contains(&stage) {
            self.changed.push(stage);
        }
    }
}

/// The tag that holds nothing: one word of zeros (no EPC begins with the header 00h) and nothing behind it.
fn zeros(user_words: u16, passwords: &[u32]) -> Want {
    let access = passwords.iter().copied().find(|password| *password != 0);
    let locks = match access {
        Some(_) => vec![(Field::Epc, Privilege::Locked), (Field::AccessPassword, Privilege::Locked)],
        None => Vec::new(),
    };
    Want {
        overwrite: true,
        wipe: true,
        user: (user_words > 0).then(|| vec![0; usize::from(user_words)]),
        access,
        known: passwords.to_vec(),
        locks,
        ..Want::number(Number::nothing())
    }
}

impl How {
    fn stage(&self) -> Stage {
        match self {
            How::Kill { .. } => Stage::Kill,
            How::Untraceable(_) => Stage::Untraceable,
            How::Overwrite { .. } => Stage::Number,
            How::EasOff => Stage::Eas,
        }
    }
}

const TID: Operation = Operation::Read { bank: Bank::Tid, first_word: 0, words: 1 };

/// A question that a tag of which this is hidden does not answer; `None` where there is none.
fn hidden(what: &Untraceable) -> Option<Operation> {
    let read = |bank, first_word| Some(Operation::Read { bank, first_word, words: 1 });
    match (what.hide_tid, what.hide_user, what.visible_epc_words) {
        (HideTid::All, ..) => read(Bank::Tid, 0),
        (HideTid::Serial, ..) => read(Bank::Tid, 2),
        (HideTid::Nothing, true, _) => read(Bank::User, 0),
        (HideTid::Nothing, false, Some(words)) => read(Bank::Epc, 2 + u16::from(words)),
        (HideTid::Nothing, false, None) => None,
    }
}
