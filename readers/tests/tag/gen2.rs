//! A Gen2 tag that can lose its power at every word, and tear the word that it was writing.
//!
//! Written after Gen2v2 §6.3.2.12 on its own, without a look at the procedures: what a tag may answer, not what they hope for.

use std::collections::{BTreeMap, VecDeque};

use readers::tag::{
    Bank, Done, Field, HideTid, Job, Operation, Privilege, Report, Selection, TagError, Untraceable,
};

/// Words of user memory in a block.
const BLOCK: usize = 4;

/// How well the reader tells what a tag said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// Each no by its reason (LLRP 1.1).
    Eloquent,
    /// One code for every no to a read, and none for a wrong password (LLRP 1.0.1).
    Terse,
}

#[derive(Clone, Debug)]
pub struct Gen2 {
    pub reserved: Vec<u16>,
    /// CRC, PC, EPC and what is behind.
    pub epc: Vec<u16>,
    pub tid: Vec<u16>,
    pub user: Vec<u16>,
    pub locks: BTreeMap<Field, Privilege>,
    pub blocks: Vec<bool>,
    /// Says that it locks blocks, and does not.
    pub deaf_to_blocks: bool,
    pub killed: bool,
    pub untraceable: Option<Untraceable>,
    pub eas: bool,
    pub reader: Reader,
    /// Changes that it still has power for; for all when `None`.
    pub power: Option<u32>,
    /// Which bits of the word at which power is lost are the new ones.
    pub torn: u16,
    /// Changes so far.
    pub changes: u32,
    /// Every state that its EPC bank was in.
    pub history: Vec<Vec<u16>>,
    pub powered: bool,
}

impl Gen2 {
    pub fn blank() -> Gen2 {
        let mut epc = vec![0; 2 + 14];
        epc[1] = 0x3000;
        Gen2 {
            reserved: vec![0; 4],
            epc,
            tid: vec![0xE280, 0x1160, 0x2000, 0x7001, 0x2345, 0x0ACE],
            user: vec![0; 8],
            locks: BTreeMap::new(),
            blocks: vec![false; 2],
            deaf_to_blocks: false,
            killed: false,
            untraceable: None,
            eas: true,
            reader: Reader::Eloquent,
            power: None,
            torn: 0,
            changes: 0,
            history: Vec::new(),
            powered: true,
        }
    }

    pub fn holding(pc: u16, epc: &[u16]) -> Gen2 {
        let mut tag = Gen2::blank();
        tag.epc[1] = pc;
        tag.epc[2..2 + epc.len()].copy_from_slice(epc);
        tag
    }

    pub fn access(&self) -> u32 {
        self.password(2)
    }

    pub fn kill(&self) -> u32 {
        self.password(0)
    }

    fn password(&self, at: usize) -> u32 {
        match self.reserved.get(at..at + 2) {
            Some(&[high, low]) => u32::from(high) << 16 | u32::from(low),
            _ => 0,
        }
    }

    /// Back on the antenna, with power for so many changes.
    pub fn again(&mut self, power: Option<u32>, torn: u16) {
        self.powered = true;
        self.power = power;
        self.torn = torn;
        self.changes = 0;
    }

    pub fn lost_power(&self) -> bool {
        !self.powered
    }

    pub fn lock(&self, field: Field) -> Privilege {
        self.locks.get(&field).copied().unwrap_or(Privilege::Unlocked)
    }

    fn visible_epc_words(&self) -> usize {
        let all = usize::from(self.epc[1] >> 11);
        let left = self.untraceable.and_then(|hidden| hidden.visible_epc_words);
        left.map_or(all, |left| usize::from(left).min(all))
    }

    /// What it says when it is asked who it is.
    pub fn reported(&self) -> Vec<u8> {
        let words = self.epc[2..].iter().take(self.visible_epc_words());
        words.flat_map(|word| word.to_be_bytes()).collect()
    }

    fn bank(&self, bank: Bank) -> &[u16] {
        match bank {
            Bank::Reserved => &self.reserved,
            Bank::Epc => &self.epc,
            Bank::Tid => &self.tid,
            Bank::User => &self.user,
        }
    }

    /// The words of a bank that somebody without the password sees.
    fn seen(&self, bank: Bank, secured: bool) -> &[u16] {
        let all = self.bank(bank);
        let Some(hidden) = self.untraceable.filter(|_| !secured || self.access() == 0) else { return all };
        let left = match (bank, hidden.hide_tid) {
            (Bank::Tid, HideTid::All) => 0,
            (Bank::Tid, HideTid::Serial) => 2,
            (Bank::User, _) if hidden.hide_user => 0,
            (Bank::Epc, _) if hidden.visible_epc_words.is_some() => 2 + self.visible_epc_words(),
            _ => all.len(),
        };
        &all[..left.min(all.len())]
    }

    pub fn answers_to(&self, selection: &Selection) -> bool {
        if self.killed || !self.powered {
            return false;
        }
        let words = self.seen(selection.bank, false);
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_be_bytes()).collect();
        let bit = |bytes: &[u8], at: usize| bytes.get(at / 8).map(|byte| byte >> (7 - at % 8) & 1);
        (0..usize::from(selection.bits)).all(|at| {
            let mine = bit(&bytes, usize::from(selection.first_bit) + at);
            mine.is_some() && mine == bit(&selection.mask, at)
        })
    }

    pub fn run(&mut self, job: &Job) -> Report {
        let epc = self.reported();
        let mut results = Vec::new();
        for operation in &job.operations {
            let mut result = self.operation(operation, job.access_password);
            if self.reader == Reader::Terse {
                let reads = matches!(operation, Operation::Read { .. });
                result = result.map_err(|error| match error {
                    TagError::WrongPassword => TagError::Silent,
                    TagError::NoSuchMemory | TagError::Locked if reads => TagError::Unexplained,
                    error => error,
                });
            }
            let failed = result.is_err();
            results.push(result);
            if failed {
                break;
            }
        }
        Report { epc, results }
    }

    fn operation(&mut self, operation: &Operation, given: u32) -> Result<Done, TagError> {
        let own = self.access();
        // A tag does not take a password other than its own, not even where it asks for none.
        if given != 0 && given != own {
            return Err(TagError::WrongPassword);
        }
        let secured = own == 0 || given == own;
        match operation {
            Operation::Read { bank, first_word, words } => {
                let (first, words) = (usize::from(*first_word), usize::from(*words));
                let fields = (first..first + words).filter_map(|word| field(*bank, word));
                if *bank == Bank::Reserved && fields.into_iter().any(|field| !self.readable(field, secured)) {
                    return Err(TagError::Locked);
                }
                let read = self.seen(*bank, secured).get(first..first + words);
                read.map(|words| Done::Words(words.to_vec())).ok_or(TagError::NoSuchMemory)
            }
            Operation::Write { bank, first_word, words } => {
                for (at, word) in (usize::from(*first_word)..).zip(words) {
                    self.write(*bank, at, *word, secured)?;
                }
                Ok(Done::Done)
            }
            Operation::Lock(fields) => {
                if !secured {
                    return Err(TagError::Unexplained);
                }
                if fields.iter().any(|(field, wanted)| {
                    let now = self.lock(*field);
                    matches!(now, Privilege::PermanentlyLocked | Privilege::PermanentlyUnlocked)
                        && now != *wanted
                }) {
                    return Err(TagError::Locked);
                }
                for (field, privilege) in fields {
                    self.change(|tag, _| {
                        tag.locks.insert(*field, *privilege);
                    })?;
                }
                Ok(Done::Done)
            }
            Operation::Kill { password } => {
                if *password == 0 || *password != self.kill() {
                    return Err(TagError::WrongPassword);
                }
                self.change(|tag, _| tag.killed = true)?;
                Ok(Done::Done)
            }
            Operation::BlockPermalock { blocks, .. } => {
                if !secured {
                    return Err(TagError::Unexplained);
                }
                for block in 0..if self.deaf_to_blocks { 0 } else { self.blocks.len() } {
                    if blocks[0] & (0x8000 >> block) != 0 && !self.blocks[block] {
                        self.change(|tag, _| tag.blocks[block] = true)?;
                    }
                }
                Ok(Done::Done)
            }
            // A reader that tells little does not tell this.
            Operation::BlockPermalockState { .. } if self.reader == Reader::Terse => {
                Err(TagError::NotSupported)
            }
            Operation::BlockPermalockState { .. } if !secured => Err(TagError::Unexplained),
            Operation::BlockPermalockState { .. } => {
                let locked = (0..self.blocks.len()).filter(|block| self.blocks[*block]);
                Ok(Done::Words(vec![locked.fold(0, |mask, block| mask | 0x8000 >> block)]))
            }
            Operation::Untraceable(hidden) => {
                if own == 0 || given != own {
                    return Err(TagError::Unexplained);
                }
                self.change(|tag, _| tag.untraceable = Some(*hidden))?;
                Ok(Done::Done)
            }
            Operation::Eas { on } => {
                self.change(|tag, _| tag.eas = *on)?;
                Ok(Done::Done)
            }
            Operation::BlockErase { .. } => Err(TagError::NotSupported),
        }
    }

    fn readable(&self, field: Field, secured: bool) -> bool {
        match self.lock(field) {
            Privilege::Unlocked | Privilege::PermanentlyUnlocked => true,
            Privilege::Locked => secured,
            Privilege::PermanentlyLocked => false,
        }
    }

    fn write(&mut self, bank: Bank, at: usize, word: u16, secured: bool) -> Result<(), TagError> {
        if at >= self.bank(bank).len() {
            return Err(TagError::NoSuchMemory);
        }
        let locked = field(bank, at).is_none_or(|field| !self.readable(field, secured));
        if locked || (bank == Bank::User && self.blocks.get(at / BLOCK) == Some(&true)) {
            return Err(TagError::Locked);
        }
        self.change(|tag, torn| {
            let memory = match bank {
                Bank::Reserved => &mut tag.reserved,
                Bank::Epc => &mut tag.epc,
                Bank::Tid => &mut tag.tid,
                Bank::User => &mut tag.user,
            };
            memory[at] = memory[at] & !torn | word & torn;
            // This chip works out the user memory indicator itself.
            tag.epc[1] = tag.epc[1] & !0x0400 | if tag.user[0] == 0 { 0 } else { 0x0400 };
        })
    }

    /// Something changes, with the bits that are new; without power only some of them.
    fn change(&mut self, change: impl FnOnce(&mut Gen2, u16)) -> Result<(), TagError> {
        if !self.powered {
            return Err(TagError::Silent);
        }
        let last = self.power == Some(self.changes);
        self.changes += 1;
        match (last, self.torn) {
            (false, _) => change(self, 0xFFFF),
            // What is no word happens or does not.
            (true, 0) => {}
            (true, torn) => change(self, torn),
        }
        self.history.push(self.epc.clone());
        if last {
            self.powered = false;
            return Err(TagError::Silent);
        }
        Ok(())
    }
}

fn field(bank: Bank, word: usize) -> Option<Field> {
    match (bank, word) {
        (Bank::Reserved, 0 | 1) => Some(Field::KillPassword),
        (Bank::Reserved, _) => Some(Field::AccessPassword),
        (Bank::Epc, 0) | (Bank::Tid, _) => None,
        (Bank::Epc, _) => Some(Field::Epc),
        (Bank::User, _) => Some(Field::User),
    }
}

/// What lies before the reader. Of several tags that fit a job, each has its turn.
pub struct OnAntenna {
    pub tags: VecDeque<Gen2>,
    /// Jobs that find no tag although there is one: their numbers.
    pub missed: Vec<usize>,
    pub jobs: usize,
}

impl OnAntenna {
    pub fn one(tag: Gen2) -> OnAntenna {
        OnAntenna { tags: VecDeque::from([tag]), missed: Vec::new(), jobs: 0 }
    }

    pub fn tag(&self) -> &Gen2 {
        &self.tags[0]
    }

    pub fn tag_mut(&mut self) -> &mut Gen2 {
        &mut self.tags[0]
    }

    pub fn run(&mut self, job: &Job) -> Report {
        let missed = self.missed.contains(&self.jobs);
        self.jobs += 1;
        assert!(self.jobs < 500, "the procedure does not end");
        let at = self.tags.iter().position(|tag| tag.answers_to(&job.selection));
        let Some(mut tag) = at.filter(|_| !missed).and_then(|at| self.tags.remove(at)) else {
            return Report { epc: Vec::new(), results: vec![Err(TagError::NoTag)] };
        };
        let report = tag.run(job);
        self.tags.push_back(tag);
        report
    }
}
