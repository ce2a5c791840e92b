//! A Gen2 tag's memory, and what the commands of the standard do to it (EPC UHF Gen2 §6.3.2.1 and §6.3.2.12): banks,
//! passwords, locks, permalocked blocks, kill. It knows no radio and no LLRP message; whether it answers at all is the host's
//! affair.

use crate::definitions::enumerations as e;

/// Words of EPC memory behind CRC and PC that a new tag has at least: 128 bits, as common chips have.
const EPC_WORDS: usize = 8;
/// Words of user memory that a new tag has.
const USER_WORDS: usize = 32;
/// Words in a block of `BlockPermalock`.
const BLOCK_WORDS: usize = 4;
/// The longest EPC that the five length bits of the PC can say.
const MOST_EPC_WORDS: usize = 31;

/// A memory bank, by its number in commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bank {
    /// Kill password (words 0 and 1) and access password (2 and 3).
    Reserved,
    /// CRC, PC and EPC.
    Epc,
    /// What the maker wrote: the chip's kind and serial.
    Tid,
    /// The user's.
    User,
}

impl Bank {
    /// The bank of a two-bit number.
    pub fn of(number: u64) -> Bank {
        match number & 3 {
            0 => Bank::Reserved,
            1 => Bank::Epc,
            2 => Bank::Tid,
            _ => Bank::User,
        }
    }
}

/// Why a tag did not do what it was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TagFault {
    /// The place is not there, or the length bits say more than there is.
    Overrun,
    /// The place is locked.
    Locked,
    /// Power suffices to answer, not to write.
    Power,
    /// A tag whose kill password is zero cannot be killed.
    ZeroKillPassword,
    /// The password is wrong, or the command needs one.
    Password,
    /// It does not answer: killed, or out of the field.
    Silent,
    /// It has no such command, or not for this bank.
    Nonspecific,
}

/// The two lock bits of a password or bank.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Lock {
    /// Needs the access password.
    pub locked: bool,
    /// Stays as it is for good.
    pub permanent: bool,
}

/// One tag; see the module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tag {
    reserved: [u16; 4],
    pc: u16,
    epc: Vec<u16>,
    tid: Vec<u16>,
    user: Vec<u16>,
    /// By `C1G2LockDataField`: kill password, access password, EPC, TID, user.
    locks: [Lock; 5],
    /// Blocks of user memory that are locked for good.
    blocks: Vec<bool>,
    recommissioned: u8,
    killed: bool,
}

impl Tag {
    /// A fresh tag that holds this EPC (whole words; an odd byte is filled up, beyond 62 bytes nothing is taken). Its
    /// passwords are zero, nothing but its TID is locked, and its TID is made from the EPC's last bytes.
    pub fn new(epc: &[u8]) -> Tag {
        let mut words: Vec<u16> = epc
            .chunks(2)
            .take(MOST_EPC_WORDS)
            .map(|pair| {
                u16::from_be_bytes([
                    pair.first().copied().unwrap_or_default(),
                    pair.get(1).copied().unwrap_or_default(),
                ])
            })
            .collect();
        let length = words.len();
        let last = |back: usize| words.iter().rev().nth(back).copied().unwrap_or_default();
        // Class E2, a mask designer and model, the mark of a serialised TID, then a serial of 48 bits.
        let tid = vec![0xE280, 0x1160, 0x2000, last(2), last(1), last(0)];
        words.resize(length.max(EPC_WORDS), 0);
        let mut locks = [Lock::default(); 5];
        if let Some(lock) = locks.get_mut(e::C1G2LockDataField::TID_Memory as usize) {
            *lock = Lock { locked: true, permanent: true };
        }
        Tag {
            reserved: [0; 4],
            pc: (length as u16) << 11,
            epc: words,
            tid,
            user: vec![0; USER_WORDS],
            locks,
            blocks: vec![false; USER_WORDS.div_ceil(BLOCK_WORDS)],
            recommissioned: 0,
            killed: false,
        }
    }

    /// The same tag with these PC bits, as far as their length is one it has room for.
    #[must_use]
    pub fn with_pc(mut self, pc: u16) -> Tag {
        if usize::from(pc >> 11) <= self.epc.len() {
            self.pc = pc;
        }
        self
    }

    /// The same tag with these passwords.
    #[must_use]
    pub fn with_passwords(mut self, kill: u32, access: u32) -> Tag {
        let words = |password: u32| [(password >> 16) as u16, (password & 0xFFFF) as u16];
        let ([a, b], [c, d]) = (words(kill), words(access));
        self.reserved = [a, b, c, d];
        self
    }

    /// The same tag with another TID.
    #[must_use]
    pub fn with_tid(mut self, tid: Vec<u16>) -> Tag {
        self.tid = tid;
        self
    }

    /// The same tag with this user memory.
    #[must_use]
    pub fn with_user(mut self, user: Vec<u16>) -> Tag {
        self.blocks = vec![false; user.len().div_ceil(BLOCK_WORDS)];
        self.user = user;
        self
    }

    /// The EPC as it is sent: as many words as the PC's length bits say.
    pub fn epc(&self) -> Vec<u8> {
        self.epc_words().iter().flat_map(|word| word.to_be_bytes()).collect()
    }

    fn epc_words(&self) -> &[u16] {
        self.epc.get(..usize::from(self.pc >> 11)).unwrap_or(&self.epc)
    }

    /// The protocol control bits.
    pub fn pc(&self) -> u16 {
        self.pc
    }

    /// The CRC over PC and EPC (ISO/IEC 13239, Gen2 §6.3.2.1.2.1).
    pub fn crc(&self) -> u16 {
        let words = std::iter::once(&self.pc).chain(self.epc_words());
        let mut crc = 0xFFFF_u16;
        for byte in words.flat_map(|word| word.to_be_bytes()) {
            crc ^= u16::from(byte) << 8;
            for _ in 0..8 {
                crc = if crc & 0x8000 == 0 { crc << 1 } else { (crc << 1) ^ 0x1021 };
            }
        }
        !crc
    }

    /// The TID's words.
    pub fn tid(&self) -> &[u16] {
        &self.tid
    }

    /// The user memory's words.
    pub fn user(&self) -> &[u16] {
        &self.user
    }

    /// Whether it has been killed: then it never answers again.
    pub fn is_killed(&self) -> bool {
        self.killed
    }

    /// A password's or bank's lock bits, by `C1G2LockDataField`.
    pub fn lock_of(&self, field: u64) -> Lock {
        usize::try_from(field).ok().and_then(|field| self.locks.get(field)).copied().unwrap_or_default()
    }

    /// What recommissioning left: bits 3SB, 2SB and LSB as in the command.
    pub fn recommissioned(&self) -> u8 {
        self.recommissioned
    }

    fn kill_password(&self) -> u32 {
        u32::from(self.reserved[0]) << 16 | u32::from(self.reserved[1])
    }

    fn access_password(&self) -> u32 {
        u32::from(self.reserved[2]) << 16 | u32::from(self.reserved[3])
    }

    /// Opens the tag for a command: `true` in the secured state. Without a password of its own it is always secured; without
    /// one from the reader it stays in the open state.
    ///
    /// # Errors
    /// [`TagFault::Password`] for a wrong one: the tag does not answer then. [`TagFault::Silent`] of a killed tag.
    pub fn open(&self, password: u32) -> Result<bool, TagFault> {
        let own = self.access_password();
        if self.killed {
            Err(TagFault::Silent)
        } else if password == own {
            Ok(true)
        } else if password == 0 {
            Ok(false)
        } else {
            Err(TagFault::Password)
        }
    }

    /// All words of a bank.
    fn words(&self, bank: Bank) -> Vec<u16> {
        match bank {
            Bank::Reserved => self.reserved.to_vec(),
            Bank::Epc => [&[self.crc(), self.pc], self.epc.as_slice()].concat(),
            Bank::Tid => self.tid.clone(),
            Bank::User if self.recommissioned & 2 != 0 => Vec::new(),
            Bank::User => self.user.clone(),
        }
    }

    /// Whether a bank's bits from `pointer` (in bits) on are these; bits beyond its end never are.
    pub fn matches(&self, bank: Bank, pointer: usize, bits: impl IntoIterator<Item = (bool, bool)>) -> bool {
        let words = self.words(bank);
        bits.into_iter().enumerate().all(|(n, (cares, wanted))| {
            let at = pointer.saturating_add(n);
            let bit = words.get(at / 16).map(|word| word >> (15 - at % 16) & 1 == 1);
            bit.is_some_and(|bit| !cares || bit == wanted)
        })
    }

    /// Where a word is, and the lock that guards it.
    fn guard(bank: Bank, word: usize) -> usize {
        use e::C1G2LockDataField as F;
        let field = match bank {
            Bank::Reserved if word < 2 => F::Kill_Password,
            Bank::Reserved => F::Access_Password,
            Bank::Epc => F::EPC_Memory,
            Bank::Tid => F::TID_Memory,
            Bank::User => F::User_Memory,
        };
        field as usize
    }

    /// Whether a guarded word may be written (passwords: also read) in this state (Gen2 table of lock action fields).
    fn allows(&self, guard: usize, secured: bool) -> bool {
        self.locks.get(guard).is_some_and(|lock| !lock.locked || (secured && !lock.permanent))
    }

    /// Reads `count` words from `word` on; all to the end for 0: of the EPC where the bank is the EPC's, else of the bank.
    ///
    /// # Errors
    /// Beyond the bank, or a password that is locked.
    pub fn read(&self, bank: Bank, word: u16, count: u16, secured: bool) -> Result<Vec<u16>, TagFault> {
        let words = self.words(bank);
        let (first, count) = (usize::from(word), usize::from(count));
        let epc_end = 2 + self.epc_words().len();
        let end = match (count, bank) {
            (0, Bank::Epc) if first < epc_end => epc_end,
            (0, _) => words.len(),
            _ => first + count,
        };
        let taken = words.get(first..end).filter(|taken| !taken.is_empty()).ok_or(TagFault::Overrun)?;
        let secret =
            bank == Bank::Reserved && (first..end).any(|at| !self.allows(Self::guard(bank, at), secured));
        if secret { Err(TagFault::Locked) } else { Ok(taken.to_vec()) }
    }

    /// Whether one word may be written with this value.
    fn may_write(&self, bank: Bank, word: usize, value: u16, secured: bool) -> Result<(), TagFault> {
        if word >= self.words(bank).len() {
            return Err(TagFault::Overrun);
        }
        let permalocked =
            bank == Bank::User && self.blocks.get(word / BLOCK_WORDS).is_some_and(|locked| *locked);
        // The CRC is the tag's own to make.
        if permalocked || (bank, word) == (Bank::Epc, 0) || !self.allows(Self::guard(bank, word), secured) {
            return Err(TagFault::Locked);
        }
        if (bank, word) == (Bank::Epc, 1) && usize::from(value >> 11) > self.epc.len() {
            return Err(TagFault::Overrun);
        }
        Ok(())
    }

    fn put(&mut self, bank: Bank, word: usize, value: u16) {
        let slot = match (bank, word) {
            (Bank::Reserved, _) => self.reserved.get_mut(word),
            (Bank::Epc, 0) => None,
            (Bank::Epc, 1) => Some(&mut self.pc),
            (Bank::Epc, _) => self.epc.get_mut(word - 2),
            (Bank::Tid, _) => self.tid.get_mut(word),
            (Bank::User, _) => self.user.get_mut(word),
        };
        if let Some(slot) = slot {
            *slot = value;
        }
    }

    /// Writes word by word, as readers do with `Write`: gives how many words were written and what stopped it.
    pub fn write(&mut self, bank: Bank, word: u16, values: &[u16], secured: bool) -> (u16, Option<TagFault>) {
        let mut written = 0;
        for (at, value) in (usize::from(word)..).zip(values) {
            if let Err(fault) = self.may_write(bank, at, *value, secured) {
                return (written, Some(fault));
            }
            self.put(bank, at, *value);
            written += 1;
        }
        (written, None)
    }

    /// Writes all words or none, as `BlockWrite` does.
    ///
    /// # Errors
    /// What stands in the way of any of them.
    pub fn block_write(
        &mut self,
        bank: Bank,
        word: u16,
        values: &[u16],
        secured: bool,
    ) -> Result<(), TagFault> {
        let places = || (usize::from(word)..).zip(values);
        places().try_for_each(|(at, value)| self.may_write(bank, at, *value, secured))?;
        places().for_each(|(at, value)| self.put(bank, at, *value));
        Ok(())
    }

    /// Sets all words to zero or none.
    ///
    /// # Errors
    /// What stands in the way of any of them.
    pub fn block_erase(&mut self, bank: Bank, word: u16, count: u16, secured: bool) -> Result<(), TagFault> {
        if usize::from(word) + usize::from(count) > self.words(bank).len() {
            return Err(TagFault::Overrun);
        }
        self.block_write(bank, word, &vec![0; usize::from(count)], secured)
    }

    /// Changes lock bits: pairs of `C1G2LockPrivilege` and `C1G2LockDataField`, all or none.
    ///
    /// # Errors
    /// Outside the secured state, or where a permanent bit would change.
    pub fn lock(&mut self, changes: &[(u64, u64)], secured: bool) -> Result<(), TagFault> {
        use e::C1G2LockPrivilege as P;
        if !secured {
            return Err(TagFault::Password);
        }
        let mut locks = self.locks;
        for (privilege, field) in changes {
            let slot = usize::try_from(*field).ok().and_then(|field| locks.get_mut(field));
            let slot = slot.ok_or(TagFault::Nonspecific)?;
            let wanted = match *privilege {
                P::Read_Write => Lock { locked: true, ..*slot },
                P::Perma_Lock => Lock { locked: true, permanent: true },
                P::Perma_Unlock => Lock { locked: false, permanent: true },
                P::Unlock => Lock { locked: false, ..*slot },
                _ => return Err(TagFault::Nonspecific),
            };
            if slot.permanent && *slot != wanted {
                return Err(TagFault::Locked);
            }
            *slot = wanted;
        }
        self.locks = locks;
        Ok(())
    }

    fn takes_kill_password(&self, password: u32) -> Result<(), TagFault> {
        if self.killed {
            Err(TagFault::Silent)
        } else if password == 0 || self.kill_password() == 0 {
            Err(TagFault::ZeroKillPassword)
        } else if password == self.kill_password() {
            Ok(())
        } else {
            Err(TagFault::Password)
        }
    }

    /// Kills the tag for good.
    ///
    /// # Errors
    /// Where either password is zero, or they differ.
    pub fn kill(&mut self, password: u32) -> Result<(), TagFault> {
        self.takes_kill_password(password)?;
        self.killed = true;
        Ok(())
    }

    /// Recommissions the tag (Gen2 1.2.0 §6.3.2.10): bit 4 (3SB) takes the locks from EPC, TID and user memory, 2 (2SB)
    /// makes user memory inaccessible, 1 (LSB) takes the permalocks from its blocks.
    ///
    /// # Errors
    /// As for [`Tag::kill`].
    pub fn recommission(&mut self, password: u32, bits: u8) -> Result<(), TagFault> {
        self.takes_kill_password(password)?;
        let bits = bits & 7;
        if bits & 4 != 0 {
            self.locks.iter_mut().skip(2).for_each(|lock| *lock = Lock::default());
        }
        if bits & 1 != 0 {
            self.blocks.fill(false);
        }
        self.recommissioned |= bits;
        Ok(())
    }

    /// Locks blocks of user memory for good: `pointer` in units of 16 blocks, one bit for each block, highest first.
    ///
    /// # Errors
    /// Outside the secured state, another bank, or a block that is not there.
    pub fn block_permalock(
        &mut self,
        bank: Bank,
        pointer: u16,
        mask: &[u16],
        secured: bool,
    ) -> Result<(), TagFault> {
        if bank != Bank::User {
            return Err(TagFault::Nonspecific);
        }
        if !secured {
            return Err(TagFault::Password);
        }
        let chosen = (0..mask.len() * 16)
            .filter(|n| mask.get(n / 16).is_some_and(|word| word >> (15 - n % 16) & 1 == 1))
            .map(|n| usize::from(pointer) * 16 + n);
        let chosen: Vec<usize> = chosen.collect();
        if usize::from(pointer) * 16 >= self.blocks.len() || chosen.iter().any(|at| *at >= self.blocks.len())
        {
            return Err(TagFault::Overrun);
        }
        for at in chosen {
            if let Some(block) = self.blocks.get_mut(at) {
                *block = true;
            }
        }
        Ok(())
    }

    /// Which blocks are locked for good: `pointer` and `range` in units of 16 blocks.
    ///
    /// # Errors
    /// Outside the secured state, another bank, or beyond the memory.
    pub fn permalocked(
        &self,
        bank: Bank,
        pointer: u16,
        range: u16,
        secured: bool,
    ) -> Result<Vec<u16>, TagFault> {
        if bank != Bank::User {
            return Err(TagFault::Nonspecific);
        }
        if !secured {
            return Err(TagFault::Password);
        }
        let (first, words) = (usize::from(pointer), usize::from(range).max(1));
        if first + words > self.blocks.len().div_ceil(16) {
            return Err(TagFault::Overrun);
        }
        let locked = |at: usize| self.blocks.get(at).is_some_and(|locked| *locked);
        let word = |word: usize| (0..16).fold(0, |sum, n| sum << 1 | u16::from(locked(word * 16 + n)));
        Ok((first..first + words).map(word).collect())
    }
}
