//! A job on one tag by an M100's own commands. The module singulates the tag anew for each command, so what chooses the
//! tag has to follow what is written: an EPC is written word by word, and after each word the tag is chosen by what it
//! is now. Where an answer is lost in between, both are tried, so that no half-written tag is left without being told.

use std::collections::VecDeque;
use std::time::Duration;

use super::answer::{Answer, Failure, NO_ACCESS};
use super::command::{Command, Select, SelectMode};
use super::{ACCESS, Ask, Came, M100, Why};
use crate::OrderError;
use crate::serial::Event;
use crate::tag::{Bank, Done, Job, MOST_OPERATIONS, Operation, Report, Selection, TagError};

/// Words in a write at most (manual, 2.9.1).
const WRITE_WORDS: usize = 32;
/// Words in a read at once, so that the answer stays well below the longest frame.
const READ_WORDS: u16 = 64;
/// Looks for a tag after a kill whose answer was lost.
const LOOKS: u8 = 3;

/// A job under way.
#[derive(Clone, Debug)]
pub(super) struct Work {
    job: Job,
    until: Duration,
    /// What chooses the tag now, and the access password that it has now.
    selection: Selection,
    password: u32,
    /// To be sent before anything else.
    before: VecDeque<Command>,
    stage: Stage,
    found: bool,
    epc: Vec<u8>,
    pieces: VecDeque<Piece>,
    words: Vec<u16>,
    refused: bool,
    /// What chose the tag before the piece in doubt.
    doubted: Option<Selection>,
    results: Vec<Result<Done, TagError>>,
    over: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Is it there?
    Find,
    Operate,
    /// Was the piece done whose answer was lost? Looks for the tag as it would be then.
    Doubt,
    /// Is it still alive after a kill whose answer was lost?
    Killed {
        looks: u8,
    },
}

/// A part of an operation that one command does.
#[derive(Clone, Debug)]
struct Piece {
    command: Command,
    /// Where it begins to write, and what.
    writes: Option<(Bank, u16, Vec<u16>)>,
}

impl Work {
    /// What cannot be done is said before anything is.
    pub(super) fn new(job: Job, now: Duration) -> Result<Work, String> {
        if job.antenna.is_some_and(|antenna| antenna != 1) {
            return Err("it has one antenna".to_owned());
        }
        if job.operations.is_empty() || job.operations.len() > MOST_OPERATIONS {
            return Err(format!("a job has 1 to {MOST_OPERATIONS} operations"));
        }
        let Selection { bits, ref mask, .. } = job.selection;
        if bits > 255 || mask.len() * 8 < usize::from(bits) {
            return Err(format!("it chooses tags by at most 255 bits, all of them given; {bits} are wanted"));
        }
        for operation in &job.operations {
            match operation {
                Operation::Read { words: 0, .. } => return Err("a read is of at least one word".to_owned()),
                Operation::Write { words, first_word, .. }
                    if words.is_empty() || usize::from(*first_word) + words.len() > 0x1_0000 =>
                {
                    return Err("a write is of at least one word, within the memory".to_owned());
                }
                Operation::BlockPermalock { blocks, .. } if blocks.is_empty() || blocks.len() > 255 => {
                    return Err("a block permalock is of 1 to 255 groups".to_owned());
                }
                Operation::BlockPermalockState { .. } => {
                    return Err("its driver does not ask which blocks are locked".to_owned());
                }
                Operation::BlockErase { .. } => return Err("it has no block erase; write zeros".to_owned()),
                Operation::Untraceable(_) => return Err("it has no Untraceable".to_owned()),
                _ => {}
            }
        }
        let mut work = Work {
            until: now + job.patience,
            selection: job.selection.clone(),
            password: job.access_password,
            job,
            before: VecDeque::new(),
            stage: Stage::Find,
            found: false,
            epc: Vec::new(),
            pieces: VecDeque::new(),
            words: Vec::new(),
            refused: false,
            doubted: None,
            results: Vec::new(),
            over: false,
        };
        work.choose(work.selection.clone());
        work.before.push_back(Command::SetSelectMode(SelectMode::Access));
        Ok(work)
    }

    /// Whether its patience lasts.
    pub(super) fn has_time(&self, now: Duration) -> bool {
        now < self.until
    }

    /// What to say of it when the conversation ends meanwhile.
    pub(super) fn abandoned(self) -> Result<Report, OrderError> {
        if self.found { Err(OrderError::Unknown) } else { Err(OrderError::NotConnected) }
    }

    fn choose(&mut self, by: Selection) {
        self.before.push_back(Command::SetSelect(Select {
            target: 0,
            action: 0,
            bank: by.bank,
            first_bit: u32::from(by.first_bit),
            bits: by.bits as u8,
            truncate: false,
            mask: by.mask.get(..usize::from(by.bits).div_ceil(8)).unwrap_or_default().to_vec(),
        }));
        self.selection = by;
    }

    /// The next command, or `None` when the job has ended.
    fn step(&mut self, now: Duration) -> Option<Command> {
        if now >= self.until && !self.over {
            self.give_up();
        }
        if self.over {
            return None;
        }
        if let Some(command) = self.before.front() {
            return Some(command.clone());
        }
        if self.stage != Stage::Operate {
            // The PC of a tag can always be read.
            return Some(Command::Read { password: 0, bank: Bank::Epc, first_word: 1, words: 1 });
        }
        if self.pieces.is_empty() {
            let operation = self.job.operations.get(self.results.len())?.clone();
            self.pieces = self.pieces_of(&operation);
        }
        self.pieces.front().map(|piece| piece.command.clone())
    }

    fn pieces_of(&self, operation: &Operation) -> VecDeque<Piece> {
        let password = self.password;
        let plain = |command| VecDeque::from([Piece { command, writes: None }]);
        match operation {
            Operation::Read { bank, first_word, words } => (0..words.div_ceil(READ_WORDS))
                .map(|part| Command::Read {
                    password,
                    bank: *bank,
                    first_word: first_word.saturating_add(part * READ_WORDS),
                    words: (words - part * READ_WORDS).min(READ_WORDS),
                })
                .map(|command| Piece { command, writes: None })
                .collect(),
            Operation::Write { bank, first_word, words } => {
                let chosen_by = self.chosen_by(*bank, *first_word, words.len());
                let size = if chosen_by { 1 } else { WRITE_WORDS };
                let parts = words.chunks(size).enumerate().map(|(part, words)| {
                    let (bank, first_word) = (*bank, first_word.saturating_add((part * size) as u16));
                    let words = words.to_vec();
                    let command = Command::Write { password, bank, first_word, words: words.clone() };
                    Piece { command, writes: Some((bank, first_word, words)) }
                });
                parts.collect()
            }
            Operation::Lock(fields) => plain(Command::Lock { password, fields: fields.clone() }),
            Operation::Kill { password } => plain(Command::Kill { password: *password }),
            Operation::BlockPermalock { first_group, blocks } => {
                let (first_group, blocks) = (*first_group, blocks.clone());
                plain(Command::BlockPermalock { password, first_group, blocks })
            }
            Operation::Eas { on } => plain(Command::ChangeEas { password, on: *on }),
            // Refused in `new`.
            Operation::BlockErase { .. }
            | Operation::BlockPermalockState { .. }
            | Operation::Untraceable(_) => VecDeque::new(),
        }
    }

    /// Whether the tag is chosen by something in these words.
    fn chosen_by(&self, bank: Bank, first_word: u16, words: usize) -> bool {
        let first = usize::from(first_word) * 16;
        let by = usize::from(self.selection.first_bit);
        self.selection.bank == bank
            && first < by + usize::from(self.selection.bits)
            && by < first + words * 16
    }

    /// What came of the command that `step` gave last.
    fn came(&mut self, came: Came) {
        if self.before.pop_front().is_some() {
            if let Came::Failed(failure) = &came {
                self.end(TagError::Other(format!("the tag could not be chosen: {}", failure.words())));
            }
            return;
        }
        let silent = match &came {
            Came::Silence => true,
            Came::Failed(failure) => failure.is_silence(),
            Came::Answer(_) => false,
        };
        match self.stage {
            Stage::Find if !silent => self.is_found(&came),
            Stage::Find => {}
            Stage::Doubt if !silent => {
                self.doubted = None;
                self.stage = Stage::Operate;
                self.piece_done(&[]);
            }
            Stage::Doubt => {
                // It is as it was before, then, or out of reach: the piece is done once more.
                if let Some(before) = self.doubted.take() {
                    self.choose(before);
                }
                self.stage = Stage::Operate;
            }
            Stage::Killed { .. } if !silent => self.stage = Stage::Operate,
            Stage::Killed { looks: 0 } => self.end(TagError::Silent),
            Stage::Killed { looks } => self.stage = Stage::Killed { looks: looks - 1 },
            Stage::Operate => self.operated(came, silent),
        }
    }

    fn is_found(&mut self, came: &Came) {
        let tag = match came {
            Came::Answer(Answer::Access { pc, epc, .. }) => Some((*pc, epc.clone())),
            Came::Failed(Failure { tag: Some(tag), .. }) => Some(tag.clone()),
            Came::Failed(failure) => return self.end(failure.tag_error()),
            _ => None,
        };
        if let Some((_, epc)) = tag {
            self.epc = epc;
        }
        self.found = true;
        self.stage = Stage::Operate;
    }

    fn operated(&mut self, came: Came, silent: bool) {
        let Some(piece) = self.pieces.front().cloned() else { return };
        match came {
            Came::Answer(Answer::Access { data, .. }) => self.piece_done(&data),
            Came::Answer(_) if matches!(piece.command, Command::Read { .. }) => {
                self.end(TagError::Other("the module answered to a read without data".to_owned()));
            }
            Came::Answer(_) => self.piece_done(&[]),
            Came::Failed(failure) if failure.code == NO_ACCESS && !self.refused => self.refused = true,
            Came::Failed(failure) if !silent => self.end(failure.tag_error()),
            // No answer: once more, as long as there is time. First it is found out whether it was done.
            _ if matches!(piece.command, Command::Kill { .. }) => self.stage = Stage::Killed { looks: LOOKS },
            _ => {
                let after = self.selection_after(&piece);
                if after != self.selection {
                    self.doubted = Some(self.selection.clone());
                    self.choose(after);
                    self.stage = Stage::Doubt;
                }
            }
        }
    }

    /// What chooses the tag when a piece has been done.
    fn selection_after(&self, piece: &Piece) -> Selection {
        let mut selection = self.selection.clone();
        let Some((bank, first_word, words)) = &piece.writes else { return selection };
        if *bank != selection.bank {
            return selection;
        }
        for (at, word) in words.iter().enumerate() {
            for bit in 0..16 {
                let place = (usize::from(*first_word) + at) * 16 + bit;
                let Some(place) = place.checked_sub(usize::from(selection.first_bit)) else { continue };
                if place < usize::from(selection.bits)
                    && let Some(byte) = selection.mask.get_mut(place / 8)
                {
                    let here = 0x80 >> (place % 8);
                    *byte = if word >> (15 - bit) & 1 == 1 { *byte | here } else { *byte & !here };
                }
            }
        }
        selection
    }

    fn piece_done(&mut self, data: &[u8]) {
        let Some(piece) = self.pieces.pop_front() else { return };
        self.refused = false;
        if let Command::Read { words, .. } = piece.command {
            if data.len() != usize::from(words) * 2 {
                let words = format!("the module gave {} bytes for {words} words", data.len());
                return self.end(TagError::Other(words));
            }
            self.words
                .extend(data.chunks_exact(2).map(|word| word.iter().fold(0, |w, b| w << 8 | u16::from(*b))));
        }
        let after = self.selection_after(&piece);
        if after != self.selection {
            self.choose(after);
        }
        if let Some((Bank::Reserved, first_word, words)) = &piece.writes {
            self.password_written(*first_word, words);
        }
        if self.pieces.is_empty() {
            let words = std::mem::take(&mut self.words);
            self.results.push(Ok(if words.is_empty() { Done::Done } else { Done::Words(words) }));
            self.over = self.results.len() == self.job.operations.len();
        }
    }

    /// A new access password counts from the next command on (words 2 and 3 of the reserved bank).
    fn password_written(&mut self, first_word: u16, words: &[u16]) {
        for (at, word) in (usize::from(first_word)..).zip(words) {
            let word = u32::from(*word);
            match at {
                2 => self.password = self.password & 0xFFFF | word << 16,
                3 => self.password = self.password & 0xFFFF_0000 | word,
                _ => {}
            }
        }
    }

    /// The operation under way has failed, and with it the job.
    fn end(&mut self, error: TagError) {
        self.results.push(Err(error));
        self.over = true;
    }

    /// Time is up.
    fn give_up(&mut self) {
        let reads = self.pieces.front().is_none_or(|piece| matches!(piece.command, Command::Read { .. }));
        self.end(if reads || !self.found { TagError::NoTag } else { TagError::Silent });
    }
}

impl M100 {
    /// Writes down the job's next command; tells what came of it when there is none.
    pub(super) fn job_step(&mut self, now: Duration) {
        let Some(work) = &mut self.work else { return };
        if let Some(command) = work.step(now) {
            let ask = Ask { command, why: Why::Job, patience: ACCESS, tries: 1 };
            return self.script.push_back(ask);
        }
        if let Some(work) = self.work.take() {
            self.tell(Event::JobDone(Ok(Report { epc: work.epc, results: work.results })));
        }
        let never = Command::SetSelectMode(SelectMode::Never);
        self.script.push_back(Ask::new(never, Why::NoSelect));
    }

    pub(super) fn job_came(&mut self, came: Came) {
        if let Some(work) = &mut self.work {
            work.came(came);
        }
    }
}
