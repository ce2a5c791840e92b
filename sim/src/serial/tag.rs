//! A tag's memory as Gen2 has it: four banks, locks, passwords, the killed state. It answers to reads and writes as a tag
//! on the air would, with the error codes of the standard (EPC UHF Gen2v2 §6.3.2.12.3 and annex I). Knows no reader.

use crate::reader::stored_crc;

/// Why a tag did not do it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TagFault {
    /// It does not know the command (error code 01h).
    NotSupported,
    /// There is no such memory (03h).
    Overrun,
    /// It is locked (04h).
    Locked,
    /// The power does not reach for a write (0Bh).
    LowPower,
    /// It fell silent, as it does at a wrong password.
    Silent,
}

/// The banks.
pub const RESERVED: u8 = 0;
/// CRC, PC, EPC.
pub const EPC: u8 = 1;
/// What the tag is.
pub const TID: u8 = 2;
/// Free for use.
pub const USER: u8 = 3;

/// Words of a block that `block_permalock` locks.
const BLOCK_WORDS: usize = 4;

/// One tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    /// Kill password (two words), access password (two words).
    pub reserved: [u16; 4],
    /// CRC, PC, EPC and whatever room is left behind it.
    pub epc: Vec<u16>,
    /// Its chip's number.
    pub tid: Vec<u16>,
    /// User memory, empty where it has none.
    pub user: Vec<u16>,
    /// The ten lock bits in the order of Gen2's `Lock` payload, kill password first.
    pub locks: u16,
    /// Blocks of four words of user memory that nobody can write any more.
    pub locked_blocks: u64,
    /// It never answers again.
    pub killed: bool,
    /// NXP's alarm bit.
    pub eas: bool,
    /// What `Untraceable` was last told (U, EPC field, TID field, user, range: 11 bits as Gen2v2 has them).
    pub untraceable: u16,
    /// It hears enough power to be written.
    pub near: bool,
}

impl Tag {
    /// A fresh tag of 128 bits for an EPC with that one written to it, 96 bits of TID, and `user_words` of user memory.
    /// No passwords, nothing locked.
    pub fn new(epc: &[u8], serial: u32, user_words: usize) -> Tag {
        let mut words: Vec<u16> = epc.chunks(2).map(word).collect();
        let pc = (words.len().min(31) as u16) << 11;
        words.resize(words.len().max(8), 0);
        let mut bank = vec![0, pc];
        bank.append(&mut words);
        let tid = vec![0xE280, 0x1191, 0x2000, 0x7000, (serial >> 16) as u16, serial as u16];
        let mut tag = Tag {
            reserved: [0; 4],
            epc: bank,
            tid,
            user: vec![0; user_words],
            locks: 0,
            locked_blocks: 0,
            killed: false,
            eas: false,
            untraceable: 0,
            near: true,
        };
        tag.renew_crc();
        tag
    }

    /// Its protocol control word.
    pub fn pc(&self) -> u16 {
        self.epc.get(1).copied().unwrap_or(0)
    }

    /// Its EPC as it tells it: as long as its PC says.
    pub fn epc_bytes(&self) -> Vec<u8> {
        let words = usize::from(self.pc() >> 11);
        self.epc.iter().skip(2).take(words).flat_map(|word| word.to_be_bytes()).collect()
    }

    /// The CRC behind its EPC on the air.
    pub fn crc(&self) -> u16 {
        self.epc.first().copied().unwrap_or(0)
    }

    /// Its TID.
    pub fn tid_bytes(&self) -> Vec<u8> {
        self.tid.iter().flat_map(|word| word.to_be_bytes()).collect()
    }

    /// Its access password.
    pub fn access_password(&self) -> u32 {
        double(self.reserved[2], self.reserved[3])
    }

    /// Whether the memory holds these bits at this place; never where it has no memory there.
    pub fn matches(&self, bank: u8, first_bit: u32, mask: &[u8], bits: u16) -> bool {
        let Some(memory) = self.bank(bank) else { return false };
        (0..u32::from(bits)).all(|bit| {
            let at = first_bit + bit;
            let held = memory.get((at / 16) as usize).map(|word| (word >> (15 - at % 16)) & 1);
            let wanted = mask.get((bit / 8) as usize).map(|byte| u16::from((byte >> (7 - bit % 8)) & 1));
            held.is_some() && held == wanted
        })
    }

    /// Reads words; to the end of the bank where `words` is 0.
    pub fn read(&self, bank: u8, first: u32, words: u8, password: u32) -> Result<Vec<u16>, TagFault> {
        let secured = self.secured(password)?;
        let memory = self.bank(bank).filter(|memory| !memory.is_empty()).ok_or(TagFault::Overrun)?;
        let from = first as usize;
        let until = if words == 0 { memory.len() } else { from + usize::from(words) };
        let taken = memory.get(from..until).filter(|taken| !taken.is_empty()).ok_or(TagFault::Overrun)?;
        if bank == RESERVED {
            for word in from..until {
                let (locked, forever) = self.lock_bits(if word < 2 { 4 } else { 3 });
                if locked && (forever || !secured) {
                    return Err(TagFault::Locked);
                }
            }
        }
        Ok(taken.to_vec())
    }

    /// Writes words, all or none.
    pub fn write(&mut self, bank: u8, first: u32, words: &[u16], password: u32) -> Result<(), TagFault> {
        let secured = self.secured(password)?;
        let from = first as usize;
        for at in from..from + words.len() {
            self.may_write(bank, at, secured)?;
        }
        let memory = self.bank_mut(bank).ok_or(TagFault::Overrun)?;
        let place = memory.get_mut(from..from + words.len()).filter(|place| !place.is_empty());
        place.ok_or(TagFault::Overrun)?.copy_from_slice(words);
        if bank == EPC {
            self.renew_crc();
        }
        Ok(())
    }

    /// Gen2's `Lock`: of the bits that `mask` names, those of `action`.
    pub fn lock(&mut self, mask: u16, action: u16, password: u32) -> Result<(), TagFault> {
        if !self.secured(password)? {
            return Err(TagFault::Locked);
        }
        // A permalock bit that is set stays, and its partner with it.
        let permanent = self.locks & 0b01_0101_0101;
        let frozen = permanent | (permanent << 1);
        if frozen & mask & (self.locks ^ action) != 0 {
            return Err(TagFault::Locked);
        }
        self.near.then_some(()).ok_or(TagFault::LowPower)?;
        self.locks = (self.locks & !mask) | (action & mask & 0x3FF);
        Ok(())
    }

    /// Gen2's `Kill`.
    pub fn kill(&mut self, password: u32) -> Result<(), TagFault> {
        let own = double(self.reserved[0], self.reserved[1]);
        if own == 0 {
            return Err(TagFault::NotSupported);
        }
        if own != password {
            return Err(TagFault::Silent);
        }
        self.near.then_some(()).ok_or(TagFault::LowPower)?;
        self.killed = true;
        Ok(())
    }

    /// Gen2's `BlockPermalock` of user memory: a bit for each block of four words, from `first_group` times 16 on.
    pub fn block_permalock(
        &mut self,
        first_group: u32,
        blocks: &[u16],
        password: u32,
    ) -> Result<(), TagFault> {
        if !self.secured(password)? {
            return Err(TagFault::Locked);
        }
        let there = self.user.len().div_ceil(BLOCK_WORDS);
        let mut wanted = 0_u64;
        for (group, bits) in blocks.iter().enumerate() {
            for bit in (0..16).filter(|bit| bits & (0x8000 >> bit) != 0) {
                let block = (first_group as usize + group) * 16 + bit;
                if block >= there.min(64) {
                    return Err(TagFault::Overrun);
                }
                wanted |= 1 << block;
            }
        }
        self.locked_blocks |= wanted;
        Ok(())
    }

    /// Gen2v2's `Untraceable`, 11 bits.
    pub fn set_untraceable(&mut self, bits: u16, password: u32) -> Result<(), TagFault> {
        if self.access_password() == 0 || !self.secured(password)? {
            return Err(TagFault::Locked);
        }
        self.untraceable = bits & 0x7FF;
        Ok(())
    }

    /// Whether this password puts it in the secured state; a wrong one silences it.
    fn secured(&self, password: u32) -> Result<bool, TagFault> {
        match (self.access_password(), password) {
            (0, _) => Ok(true),
            (own, given) if own == given => Ok(true),
            (_, 0) => Ok(false),
            _ => Err(TagFault::Silent),
        }
    }

    fn may_write(&self, bank: u8, at: usize, secured: bool) -> Result<(), TagFault> {
        let pair = match bank {
            RESERVED if at < 2 => 4,
            RESERVED => 3,
            EPC if at == 0 => return Err(TagFault::Locked),
            EPC => 2,
            USER => 0,
            _ => return Err(TagFault::Locked),
        };
        if self.bank(bank).is_none_or(|memory| at >= memory.len()) {
            return Err(TagFault::Overrun);
        }
        let (locked, forever) = self.lock_bits(pair);
        if locked && (forever || !secured) {
            return Err(TagFault::Locked);
        }
        if bank == USER && self.locked_blocks & (1 << (at / BLOCK_WORDS).min(63)) != 0 {
            return Err(TagFault::Locked);
        }
        self.near.then_some(()).ok_or(TagFault::LowPower)
    }

    /// (needs a password, for ever) of user 0, TID 1, EPC 2, access password 3, kill password 4.
    fn lock_bits(&self, pair: u16) -> (bool, bool) {
        let bits = self.locks >> (2 * pair);
        (bits & 2 != 0, bits & 1 != 0)
    }

    fn bank(&self, bank: u8) -> Option<&[u16]> {
        match bank {
            RESERVED => Some(&self.reserved),
            EPC => Some(&self.epc),
            TID => Some(&self.tid),
            USER => Some(&self.user),
            _ => None,
        }
    }

    fn bank_mut(&mut self, bank: u8) -> Option<&mut [u16]> {
        match bank {
            RESERVED => Some(&mut self.reserved),
            EPC => Some(&mut self.epc),
            USER => Some(&mut self.user),
            _ => None,
        }
    }

    fn renew_crc(&mut self) {
        let crc = stored_crc(self.pc(), &self.epc_bytes());
        if let Some(first) = self.epc.first_mut() {
            *first = crc;
        }
    }
}

/// Two bytes as a word, the second 0 where there is none.
fn word(pair: &[u8]) -> u16 {
    match pair {
        [high, low] => u16::from_be_bytes([*high, *low]),
        [high] => u16::from_be_bytes([*high, 0]),
        _ => 0,
    }
}

fn double(high: u16, low: u16) -> u32 {
    u32::from(high) << 16 | u32::from(low)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag() -> Tag {
        Tag::new(&[0x30, 0x34, 0x25, 0x7B, 0xF7, 0x19, 0x4E, 0x40, 0, 0, 0x1A, 0x85], 7, 8)
    }

    #[test]
    fn an_epc_of_96_bits_has_pc_3000_and_begins_at_bit_32() {
        let tag = tag();
        assert_eq!((tag.pc(), tag.epc_bytes().len()), (0x3000, 12));
        assert!(tag.matches(EPC, 32, &[0x30, 0x34], 16) && tag.matches(EPC, 35, &[0b1000_0001], 3));
        assert!(!tag.matches(EPC, 32, &[0x31], 8) && !tag.matches(USER, 120, &[0, 0], 16));
    }

    #[test]
    fn a_locked_bank_opens_with_the_access_password_and_with_no_other() {
        let mut tag = tag();
        assert_eq!(tag.write(RESERVED, 2, &[0x1234, 0x5678], 0), Ok(()));
        assert_eq!(tag.lock(0b10, 0b10, 0x1234_5678), Ok(()), "user memory: write with the password");
        assert_eq!(tag.write(USER, 0, &[1], 0), Err(TagFault::Locked));
        assert_eq!(tag.write(USER, 0, &[1], 1), Err(TagFault::Silent));
        assert_eq!(tag.write(USER, 0, &[1], 0x1234_5678), Ok(()));
        assert_eq!(tag.read(USER, 0, 1, 0), Ok(vec![1]), "locks never keep a reader from user memory");
        assert_eq!(tag.lock(0b11, 0b11, 0x1234_5678), Ok(()));
        assert_eq!(tag.write(USER, 0, &[1], 0x1234_5678), Err(TagFault::Locked), "for ever");
        assert_eq!(tag.lock(0b11, 0b00, 0x1234_5678), Err(TagFault::Locked));
    }

    #[test]
    fn a_tag_without_a_kill_password_cannot_be_killed() {
        let mut tag = tag();
        assert_eq!(tag.kill(0), Err(TagFault::NotSupported));
        tag.reserved = [0xDEAD, 0xBEEF, 0, 0];
        assert_eq!(tag.kill(1), Err(TagFault::Silent));
        assert_eq!(tag.kill(0xDEAD_BEEF), Ok(()));
        assert!(tag.killed);
    }

    #[test]
    fn blocks_once_locked_stay_as_they_are() {
        let mut tag = tag();
        assert_eq!(tag.block_permalock(0, &[0x4000], 0), Ok(()));
        assert_eq!(tag.write(USER, 3, &[1], 0), Ok(()));
        assert_eq!(tag.write(USER, 4, &[1], 0), Err(TagFault::Locked));
        assert_eq!(tag.block_permalock(0, &[0x2000], 0), Err(TagFault::Overrun), "it has two blocks");
    }
}
