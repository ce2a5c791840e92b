//! What a reader of the UHFReader family can be told, and how that is written: UHFReader18 manual V2.0 §8,
//! UHFReader288MP manual v1.14 §8. Commands to one tag name it by its whole EPC: both families have that. Never waits
//! for an answer.

use crate::tag::{Bank, Field, Privilege};

/// Words in an EPC that a command can name at most.
pub const MOST_EPC_WORDS: usize = 15;
/// Words in a read at most.
pub const MOST_READ_WORDS: u16 = 120;
/// Words in a write at most: 32 by the 288's manual; a command of the 18's holds no more than 96 bytes in all.
pub const MOST_WRITE_WORDS: usize = 16;

/// A command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// One inventory with the reader's own settings.
    Inventory,
    /// One inventory with these: 288 and its kind only.
    InventoryWith(Settings),
    /// Read words of a tag.
    Read {
        /// Its EPC.
        epc: Vec<u8>,
        /// The access password; 0 where it has none.
        password: u32,
        /// From here.
        bank: Bank,
        /// The first word: beyond 255 only the 288 can, with a command of its own.
        first_word: u16,
        /// How many.
        words: u8,
    },
    /// Write words to it.
    Write {
        /// Its EPC.
        epc: Vec<u8>,
        /// The access password.
        password: u32,
        /// To here.
        bank: Bank,
        /// The first word.
        first_word: u16,
        /// What.
        words: Vec<u16>,
    },
    /// Give some tag in the field this EPC and the PC that goes with it.
    WriteEpc {
        /// The access password.
        password: u32,
        /// The new EPC.
        epc: Vec<u8>,
    },
    /// Silence it for ever.
    Kill {
        /// Its EPC.
        epc: Vec<u8>,
        /// Its kill password.
        password: u32,
    },
    /// Change a lock.
    Lock {
        /// Its EPC.
        epc: Vec<u8>,
        /// The access password.
        password: u32,
        /// Which.
        field: Field,
        /// How.
        privilege: Privilege,
    },
    /// Erase words.
    BlockErase {
        /// Its EPC.
        epc: Vec<u8>,
        /// The access password.
        password: u32,
        /// From here.
        bank: Bank,
        /// The first word.
        first_word: u8,
        /// How many.
        words: u8,
    },
    /// NXP: the theft alarm bit.
    ChangeEas {
        /// Its EPC.
        epc: Vec<u8>,
        /// The access password.
        password: u32,
        /// Set.
        on: bool,
    },
    /// NXP: does any tag with its alarm bit set answer?
    EasAlarm,
    /// What the reader is and how it is set.
    Info,
    /// Radio band and the highest and lowest channel in it.
    SetBand {
        /// The number of the band.
        band: u8,
        /// The highest channel.
        most: u8,
        /// The lowest.
        least: u8,
    },
    /// How long an inventory may take, 100 ms.
    SetScanTime(u8),
    /// Power, dBm.
    SetPower(u8),
    /// Light and beep: 50 ms on, 50 ms off, how often.
    Signal {
        /// On.
        active: u8,
        /// Off.
        silent: u8,
        /// How often.
        times: u8,
    },
    /// 18: answer only when asked.
    AnswerMode18,
    /// 18: how it works.
    WorkMode18,
    /// 288: how it works.
    WorkMode,
    /// Which antennas take turns: a bit for each, the first one lowest.
    SetAntennas(u8),
    /// Beep at each tag.
    SetBuzzer(bool),
    /// Levels of the outputs, a bit for each.
    SetOutputs(u8),
    /// Levels of inputs (bits 0 to 3) and outputs (bits 4 to 7).
    GetContacts,
    /// Its serial number.
    Serial,
    /// Test the antennas before each use.
    SetAntennaCheck(bool),
    /// 288: answer only when asked.
    AnswerMode,
    /// 288: tell of each tag at once, unasked.
    RealTimeMode,
    /// How warm it is.
    Temperature,
}

/// Settings of one inventory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// 2^q slots to begin with, 0 to 15.
    pub q: u8,
    /// 0 to 3.
    pub session: u8,
    /// Tags whose flag is B, not A.
    pub target_b: bool,
    /// The port, from 1.
    pub antenna: u16,
    /// How long it may take, 100 ms.
    pub scan_time: u8,
}

impl Command {
    /// The byte that names it.
    pub fn code(&self) -> u8 {
        match self {
            Command::Inventory | Command::InventoryWith(_) => 0x01,
            Command::Read { first_word: 0x100.., .. } => 0x15,
            Command::Read { .. } => 0x02,
            Command::Write { first_word: 0x100.., .. } => 0x16,
            Command::Write { .. } => 0x03,
            Command::WriteEpc { .. } => 0x04,
            Command::Kill { .. } => 0x05,
            Command::Lock { .. } => 0x06,
            Command::BlockErase { .. } => 0x07,
            Command::ChangeEas { .. } => 0x0C,
            Command::EasAlarm => 0x0D,
            Command::Info => 0x21,
            Command::SetBand { .. } => 0x22,
            Command::SetScanTime(_) => 0x25,
            Command::SetPower(_) => 0x2F,
            Command::Signal { .. } => 0x33,
            Command::AnswerMode18 => 0x35,
            Command::WorkMode18 => 0x36,
            Command::WorkMode => 0x77,
            Command::SetAntennas(_) => 0x3F,
            Command::SetBuzzer(_) => 0x40,
            Command::SetOutputs(_) => 0x46,
            Command::GetContacts => 0x47,
            Command::Serial => 0x4C,
            Command::SetAntennaCheck(_) => 0x66,
            Command::AnswerMode | Command::RealTimeMode => 0x76,
            Command::Temperature => 0x92,
        }
    }

    /// What follows the code.
    pub fn body(&self) -> Vec<u8> {
        match self {
            Command::Inventory
            | Command::EasAlarm
            | Command::Info
            | Command::GetContacts
            | Command::Serial
            | Command::WorkMode18
            | Command::WorkMode
            | Command::Temperature => Vec::new(),
            Command::InventoryWith(with) => {
                let antenna = 0x80 | (with.antenna.saturating_sub(1) & 0x0F) as u8;
                // No mask: of the EPC, from bit 0, of length 0.
                let mask = [1, 0, 0, 0];
                let rest = [u8::from(with.target_b), antenna, with.scan_time];
                [&[with.q & 0x0F, with.session & 3][..], &mask, &rest].concat()
            }
            Command::Read { epc, password, bank, first_word, words } => {
                [named(epc), vec![*bank as u8], place(*first_word), vec![*words], secret(*password)].concat()
            }
            Command::Write { epc, password, bank, first_word, words } => {
                let what = words.iter().flat_map(|word| word.to_be_bytes()).collect();
                let place = [vec![*bank as u8], place(*first_word)].concat();
                [vec![words.len() as u8], named(epc), place, what, secret(*password)].concat()
            }
            Command::WriteEpc { password, epc } => {
                [vec![(epc.len() / 2) as u8], secret(*password), epc.clone()].concat()
            }
            Command::Kill { epc, password } => [named(epc), secret(*password)].concat(),
            Command::Lock { epc, password, field, privilege } => {
                let field = match field {
                    Field::KillPassword => 0,
                    Field::AccessPassword => 1,
                    Field::Epc => 2,
                    Field::Tid => 3,
                    Field::User => 4,
                };
                let privilege = match privilege {
                    Privilege::Unlocked => 0,
                    Privilege::PermanentlyUnlocked => 1,
                    Privilege::Locked => 2,
                    Privilege::PermanentlyLocked => 3,
                };
                [named(epc), vec![field, privilege], secret(*password)].concat()
            }
            Command::BlockErase { epc, password, bank, first_word, words } => {
                [named(epc), vec![*bank as u8, *first_word, *words], secret(*password)].concat()
            }
            Command::ChangeEas { epc, password, on } => {
                [named(epc), secret(*password), vec![u8::from(*on)]].concat()
            }
            Command::SetBand { band, most, least } => {
                vec![band >> 2 << 6 | most & 0x3F, (band & 3) << 6 | least & 0x3F]
            }
            Command::SetScanTime(value)
            | Command::SetPower(value)
            | Command::SetAntennas(value)
            | Command::SetOutputs(value) => vec![*value],
            Command::Signal { active, silent, times } => vec![*active, *silent, *times],
            Command::AnswerMode18 => vec![0; 6],
            Command::SetBuzzer(on) | Command::SetAntennaCheck(on) => vec![u8::from(*on)],
            Command::AnswerMode => vec![0],
            Command::RealTimeMode => vec![1],
        }
    }
}

/// The length of the EPC in words, and the EPC.
fn named(epc: &[u8]) -> Vec<u8> {
    [&[(epc.len() / 2) as u8][..], epc].concat()
}

fn place(first_word: u16) -> Vec<u8> {
    match u8::try_from(first_word) {
        Ok(first) => vec![first],
        Err(_) => first_word.to_be_bytes().to_vec(),
    }
}

fn secret(password: u32) -> Vec<u8> {
    password.to_be_bytes().to_vec()
}
