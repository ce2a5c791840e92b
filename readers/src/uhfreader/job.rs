//! A job on one tag by a UHFReader's own commands. They name a tag by its whole EPC, so the tag is looked for by
//! inventory first; where it is chosen by something else, that is read of each tag seen and compared. An EPC is written
//! word by word, the length in the PC last, and the name follows it; where an answer is lost in between, both names are
//! tried, so that no half-written tag is left without being told.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use super::answer::{Family, NO_TAG, tag_error};
use super::command::{MOST_EPC_WORDS, MOST_READ_WORDS, MOST_WRITE_WORDS};
use super::{ACCESS, Ask, Came, Command, UhfReader, Why};
use crate::OrderError;
use crate::serial::Event;
use crate::tag::{Bank, Done, Job, MOST_OPERATIONS, Operation, Report, Selection, TagError};

/// Looks for a tag after a kill whose answer was lost.
const LOOKS: u8 = 3;
/// Of a memory bank, what a choice may need at most.
const MOST_CHOICE_BITS: u32 = 512;

/// A job under way.
#[derive(Clone, Debug)]
pub(super) struct Work {
    job: Job,
    until: Duration,
    antennas: VecDeque<u16>,
    password: u32,
    stage: Stage,
    found: bool,
    /// As the tag was when it was found, and as it is now.
    first_epc: Vec<u8>,
    epc: Vec<u8>,
    /// Words of its EPC bank as far as they are known.
    known: BTreeMap<u16, u16>,
    /// Tags seen that may be the one.
    seen: VecDeque<Vec<u8>>,
    pieces: VecDeque<Piece>,
    words: Vec<u16>,
    tried: u8,
    results: Vec<Result<Done, TagError>>,
    over: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Stage {
    /// An inventory.
    Look,
    /// Read what the choice is about, of the first of those seen.
    Compare,
    Operate,
    /// Was the piece done whose answer was lost? Reads of the tag by the name that it would have then.
    Doubt,
    /// Is it still alive after a kill whose answer was lost?
    Killed {
        looks: u8,
    },
}

/// A part of an operation that one command does.
#[derive(Clone, Debug)]
enum Piece {
    Read {
        bank: Bank,
        first_word: u16,
        words: u8,
    },
    Write {
        bank: Bank,
        first_word: u16,
        words: Vec<u16>,
    },
    /// Anything else: the command, whose EPC is filled in when it is sent.
    Other(Command),
}

impl Work {
    /// What cannot be done is said before anything is.
    pub(super) fn new(
        job: Job,
        now: Duration,
        family: Family,
        antennas: VecDeque<u16>,
    ) -> Result<Work, String> {
        if let Some(antenna) = job.antenna
            && !antennas.contains(&antenna)
        {
            return Err(format!("antenna {antenna} is not in use"));
        }
        if job.operations.is_empty() || job.operations.len() > MOST_OPERATIONS {
            return Err(format!("a job has 1 to {MOST_OPERATIONS} operations"));
        }
        let Selection { first_bit, bits, ref mask, .. } = job.selection;
        let end = u32::from(first_bit) + u32::from(bits);
        if end > MOST_CHOICE_BITS || mask.len() * 8 < usize::from(bits) {
            return Err(format!(
                "it chooses tags by the first {MOST_CHOICE_BITS} bits of a bank, all of them given"
            ));
        }
        for operation in &job.operations {
            let beyond = |first: u16, words: usize| {
                let end = usize::from(first) + words;
                words == 0 || end > if family == Family::Short { 0x100 } else { 0x1_0000 }
            };
            match operation {
                Operation::Read { words, first_word, .. } if beyond(*first_word, usize::from(*words)) => {
                    return Err(
                        "a read is of at least one word, below word 256 where the reader is an 18".to_owned()
                    );
                }
                Operation::Write { words, first_word, .. } if beyond(*first_word, words.len()) => {
                    return Err("a write is of at least one word, below word 256 where the reader is an 18"
                        .to_owned());
                }
                Operation::BlockErase { words, first_word, .. }
                    if *words == 0 || usize::from(*first_word) + usize::from(*words) > 0x100 =>
                {
                    return Err("it erases at least one word, below word 256".to_owned());
                }
                Operation::BlockPermalock { .. } | Operation::BlockPermalockState { .. } => {
                    return Err("it has no block permalock".to_owned());
                }
                Operation::Untraceable(_) => return Err("it has no Untraceable".to_owned()),
                _ => {}
            }
        }
        let antennas = job.antenna.map_or(antennas, |antenna| VecDeque::from([antenna]));
        Ok(Work {
            until: now + job.patience,
            antennas,
            password: job.access_password,
            stage: Stage::Look,
            found: false,
            first_epc: Vec::new(),
            epc: Vec::new(),
            known: BTreeMap::new(),
            seen: VecDeque::new(),
            pieces: VecDeque::new(),
            words: Vec::new(),
            tried: 0,
            results: Vec::new(),
            over: false,
            job,
        })
    }

    /// Whether its patience lasts.
    pub(super) fn has_time(&self, now: Duration) -> bool {
        now < self.until
    }

    /// What to say of it when the conversation ends meanwhile.
    pub(super) fn abandoned(self) -> Result<Report, OrderError> {
        if self.found { Err(OrderError::Unknown) } else { Err(OrderError::NotConnected) }
    }

    /// An inventory has ended.
    pub(super) fn looked(&mut self, seen: Vec<(u16, Vec<u8>)>) {
        let usable = |epc: &Vec<u8>| epc.len().is_multiple_of(2) && epc.len() <= MOST_EPC_WORDS * 2;
        let seen = seen.into_iter().map(|(_, epc)| epc).filter(usable);
        match self.stage {
            Stage::Look => {
                self.seen = seen.collect();
                self.judge();
            }
            // Not found under the old name: it may be killed, and may be out of reach.
            Stage::Killed { looks } => {
                let alive = { seen }.any(|epc| epc == self.epc);
                match (alive, looks) {
                    (true, _) => self.stage = Stage::Operate,
                    (false, 0) => self.end(TagError::Silent),
                    (false, looks) => self.stage = Stage::Killed { looks: looks - 1 },
                }
            }
            _ => {}
        }
    }

    /// Takes the first of the tags seen that may be the one, where their EPCs tell.
    fn judge(&mut self) {
        let Selection { bank, first_bit, .. } = self.job.selection;
        if bank == Bank::Epc && first_bit >= 32 {
            let is_it = |epc: &Vec<u8>| holds(&self.job.selection, epc, 32);
            match self.seen.iter().find(|epc| is_it(epc)).cloned() {
                Some(epc) => self.take(epc),
                None => self.seen.clear(),
            }
        } else if !self.seen.is_empty() {
            self.stage = Stage::Compare;
        }
    }

    fn take(&mut self, epc: Vec<u8>) {
        self.known = (2..).zip(epc.chunks(2).map(word)).collect();
        if !self.found {
            self.first_epc.clone_from(&epc);
        }
        (self.found, self.epc, self.stage, self.tried) = (true, epc, Stage::Operate, 0);
    }

    /// The next thing to do: a command, or an inventory with an antenna. `None` when the job has ended.
    fn step(&mut self, now: Duration) -> Option<Step> {
        if now >= self.until && !self.over {
            self.give_up();
        }
        if self.over {
            return None;
        }
        match self.stage {
            Stage::Look | Stage::Killed { .. } => {
                self.antennas.rotate_left(usize::from(self.antennas.len() > 1));
                Some(Step::Look(self.antennas.back().copied().unwrap_or(1)))
            }
            Stage::Compare => {
                let epc = self.seen.front()?.clone();
                let Selection { bank, first_bit, bits, .. } = self.job.selection;
                let first_word = first_bit / 16;
                let words = (u32::from(first_bit) + u32::from(bits)).div_ceil(16) as u16 - first_word;
                let (password, words) = (self.password, words.max(1) as u8);
                Some(Step::Say(Command::Read { epc, password, bank, first_word, words }))
            }
            Stage::Doubt => {
                let piece = self.pieces.front()?;
                let epc = self.named_after(piece)?;
                Some(Step::Say(pc_of(epc)))
            }
            Stage::Operate => {
                if self.pieces.is_empty() {
                    let operation = self.job.operations.get(self.results.len())?.clone();
                    self.pieces = pieces_of(&operation);
                }
                self.pieces.front().map(|piece| Step::Say(self.command(piece)))
            }
        }
    }

    fn command(&self, piece: &Piece) -> Command {
        let (own, secret) = (self.epc.clone(), self.password);
        match piece.clone() {
            Piece::Read { bank, first_word, words } => {
                Command::Read { epc: own, password: secret, bank, first_word, words }
            }
            Piece::Write { bank, first_word, words } => {
                Command::Write { epc: own, password: secret, bank, first_word, words }
            }
            Piece::Other(Command::Kill { password, .. }) => Command::Kill { epc: own, password },
            Piece::Other(Command::Lock { field, privilege, .. }) => {
                Command::Lock { epc: own, password: secret, field, privilege }
            }
            Piece::Other(Command::BlockErase { bank, first_word, words, .. }) => {
                Command::BlockErase { epc: own, password: secret, bank, first_word, words }
            }
            Piece::Other(Command::ChangeEas { on, .. }) => {
                Command::ChangeEas { epc: own, password: secret, on }
            }
            Piece::Other(other) => other,
        }
    }

    /// What the tag will be called when a piece has been done; `None` where that cannot be known.
    fn named_after(&self, piece: &Piece) -> Option<Vec<u8>> {
        let Piece::Write { bank: Bank::Epc, first_word, words } = piece else {
            return Some(self.epc.clone());
        };
        let mut known = self.known.clone();
        known.extend((*first_word..).zip(words.iter().copied()));
        let length = known.get(&1).map_or(self.epc.len() / 2, |pc| usize::from(pc >> 11));
        let named = (2..).take(length).map(|at: u16| known.get(&at).map(|word| word.to_be_bytes()));
        named.collect::<Option<Vec<_>>>().map(|words| words.concat())
    }

    /// What came of the command that `step` gave last.
    fn came(&mut self, came: Came) {
        let silent = matches!(came, Came::Silence | Came::Answer(NO_TAG | 0xFA, _));
        match self.stage.clone() {
            Stage::Compare => {
                let Some(epc) = self.seen.pop_front() else { return };
                let selection = &self.job.selection;
                let from = u32::from(selection.first_bit / 16) * 16;
                match came {
                    Came::Answer(0, data) if holds(selection, &data, from) => self.take(epc),
                    _ if self.seen.is_empty() => self.stage = Stage::Look,
                    _ => {}
                }
            }
            Stage::Doubt if silent => {
                // As it was before, then, or out of reach: the piece is done once more.
                self.stage = Stage::Operate;
            }
            Stage::Doubt => {
                self.stage = Stage::Operate;
                self.piece_done(&[]);
            }
            Stage::Operate => self.operated(came, silent),
            Stage::Look | Stage::Killed { .. } => {}
        }
    }

    fn operated(&mut self, came: Came, silent: bool) {
        let Some(piece) = self.pieces.front().cloned() else { return };
        match came {
            Came::Answer(0, data) => self.piece_done(&data),
            // A wrong password may be a weak tag: it is given one more chance.
            Came::Answer(0x05 | 0x09, _) if self.tried == 0 => self.tried = 1,
            Came::Answer(status, rest) if !silent => self.end(tag_error(status, &rest)),
            _ if matches!(piece, Piece::Other(Command::Kill { .. })) => {
                self.stage = Stage::Killed { looks: LOOKS }
            }
            _ if self.named_after(&piece).is_some_and(|named| named != self.epc) => self.stage = Stage::Doubt,
            _ => {}
        }
    }

    fn piece_done(&mut self, data: &[u8]) {
        let Some(piece) = self.pieces.pop_front() else { return };
        self.tried = 0;
        match &piece {
            Piece::Read { words, .. } => {
                if data.len() != usize::from(*words) * 2 {
                    let words = format!("the reader gave {} bytes for {words} words", data.len());
                    return self.end(TagError::Other(words));
                }
                self.words.extend(data.chunks(2).map(word));
            }
            Piece::Write { bank: Bank::Epc, first_word, words } => {
                let named = self.named_after(&piece);
                self.known.extend((*first_word..).zip(words.iter().copied()));
                match named {
                    Some(named) => self.epc = named,
                    // Longer than before, and what follows is not known: it has to be found anew.
                    None => self.stage = Stage::Look,
                }
            }
            Piece::Write { bank: Bank::Reserved, first_word, words } => {
                for (at, word) in (usize::from(*first_word)..).zip(words) {
                    let word = u32::from(*word);
                    match at {
                        2 => self.password = self.password & 0xFFFF | word << 16,
                        3 => self.password = self.password & 0xFFFF_0000 | word,
                        _ => {}
                    }
                }
            }
            _ => {}
        }
        if self.pieces.is_empty() {
            let words = std::mem::take(&mut self.words);
            self.results.push(Ok(if words.is_empty() { Done::Done } else { Done::Words(words) }));
            self.over = self.results.len() == self.job.operations.len();
        }
    }

    fn end(&mut self, error: TagError) {
        self.results.push(Err(error));
        self.over = true;
    }

    fn give_up(&mut self) {
        let reads = self.pieces.front().is_none_or(|piece| matches!(piece, Piece::Read { .. }));
        self.end(if reads || !self.found { TagError::NoTag } else { TagError::Silent });
    }
}

/// Whether a bank whose bits from `from` on are `bytes` holds what a tag is chosen by.
fn holds(selection: &Selection, bytes: &[u8], from: u32) -> bool {
    let bit = |bytes: &[u8], at: u32| bytes.get((at / 8) as usize).map(|byte| byte >> (7 - at % 8) & 1);
    (0..u32::from(selection.bits)).all(|at| {
        let place = (u32::from(selection.first_bit) + at).checked_sub(from);
        let held = place.and_then(|place| bit(bytes, place));
        held.is_some() && held == bit(&selection.mask, at)
    })
}

/// What a job does next.
enum Step {
    Say(Command),
    Look(u16),
}

/// A read that any living tag of that name answers to.
fn pc_of(epc: Vec<u8>) -> Command {
    Command::Read { epc, password: 0, bank: Bank::Epc, first_word: 1, words: 1 }
}

fn word(pair: &[u8]) -> u16 {
    pair.iter().fold(0, |word, byte| word << 8 | u16::from(*byte))
}

fn pieces_of(operation: &Operation) -> VecDeque<Piece> {
    let epc = Vec::new();
    match operation {
        Operation::Read { bank, first_word, words } => (0..words.div_ceil(MOST_READ_WORDS))
            .map(|part| {
                let first = part * MOST_READ_WORDS;
                let words = (words - first).min(MOST_READ_WORDS) as u8;
                Piece::Read { bank: *bank, first_word: first_word.saturating_add(first), words }
            })
            .collect(),
        Operation::Write { bank, first_word, words } => {
            let size = if *bank == Bank::Epc { 1 } else { MOST_WRITE_WORDS };
            let mut pieces: VecDeque<Piece> = words
                .chunks(size)
                .enumerate()
                .map(|(part, words)| {
                    let first_word = first_word.saturating_add((part * size) as u16);
                    Piece::Write { bank: *bank, first_word, words: words.to_vec() }
                })
                .collect();
            // The PC tells how much of the EPC counts: it comes last, when all of it is there.
            if *bank == Bank::Epc
                && let Some(pc) =
                    pieces.iter().position(|piece| matches!(piece, Piece::Write { first_word: 1, .. }))
                && let Some(pc) = pieces.remove(pc)
            {
                pieces.push_back(pc);
            }
            pieces
        }
        Operation::Lock(fields) => fields
            .iter()
            .map(|(field, privilege)| {
                let (field, privilege) = (*field, *privilege);
                Piece::Other(Command::Lock { epc: Vec::new(), password: 0, field, privilege })
            })
            .collect(),
        Operation::Kill { password } => [Piece::Other(Command::Kill { epc, password: *password })].into(),
        Operation::BlockErase { bank, first_word, words } => {
            let (bank, first_word, words) = (*bank, *first_word as u8, *words as u8);
            [Piece::Other(Command::BlockErase { epc, password: 0, bank, first_word, words })].into()
        }
        Operation::Eas { on } => [Piece::Other(Command::ChangeEas { epc, password: 0, on: *on })].into(),
        // Refused in `new`.
        Operation::BlockPermalock { .. }
        | Operation::BlockPermalockState { .. }
        | Operation::Untraceable(_) => VecDeque::new(),
    }
}

impl UhfReader {
    /// Writes down what the job does next; tells what came of it when it has ended.
    pub(super) fn job_step(&mut self, now: Duration) {
        let Some(work) = &mut self.work else { return };
        match work.step(now) {
            Some(Step::Say(command)) => {
                self.script.push_back(Ask { command, why: Why::Job, patience: ACCESS, tries: 1 });
            }
            Some(Step::Look(antenna)) => {
                let ask = self.inventory(Some(antenna));
                self.script.push_back(ask);
            }
            None => {
                if let Some(work) = self.work.take() {
                    self.tell(Event::JobDone(Ok(Report { epc: work.first_epc, results: work.results })));
                }
            }
        }
    }

    pub(super) fn job_came(&mut self, came: Came) {
        if let Some(work) = &mut self.work {
            work.came(came);
        }
    }
}
