//! What an M100, QM100 or R200 can be told, and how that is written (M100 firmware commands, chapter 2 of the manuals
//! that go with M5Stack's UHF unit, YRM100 and JRD-100). Never waits for an answer.

use crate::Region;
use crate::tag::{Bank, Field, Privilege};

/// A command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// What it is.
    Info(Info),
    /// One round of inventory.
    Poll,
    /// So many rounds.
    PollMany(u16),
    /// End of the rounds.
    StopPolling,
    /// Which tags to choose; also switches to [`SelectMode::Access`].
    SetSelect(Select),
    /// Which tags are chosen.
    GetSelect,
    /// When to choose.
    SetSelectMode(SelectMode),
    /// Read words.
    Read {
        /// The access password; 0 where the tag has none.
        password: u32,
        /// From here.
        bank: Bank,
        /// The first word.
        first_word: u16,
        /// How many.
        words: u16,
    },
    /// Write words, 32 at most.
    Write {
        /// The access password.
        password: u32,
        /// To here.
        bank: Bank,
        /// The first word.
        first_word: u16,
        /// What.
        words: Vec<u16>,
    },
    /// Change locks.
    Lock {
        /// The access password.
        password: u32,
        /// What becomes of which field.
        fields: Vec<(Field, Privilege)>,
    },
    /// Silence a tag for ever.
    Kill {
        /// Its kill password.
        password: u32,
    },
    /// Lock blocks of user memory for ever.
    BlockPermalock {
        /// The access password.
        password: u32,
        /// The first group of 16 blocks.
        first_group: u16,
        /// A bit for each block; at most 255 groups.
        blocks: Vec<u16>,
    },
    /// Which blocks are locked.
    BlockPermalockState {
        /// The access password.
        password: u32,
        /// The first group of 16 blocks.
        first_group: u16,
        /// How many groups.
        groups: u8,
    },
    /// Bits per second from now on, in hundreds; there is no answer.
    SetBaud(u16),
    /// How rounds are begun.
    GetQuery,
    /// How to begin rounds.
    SetQuery(Query),
    /// Whose radio rules to keep.
    SetRegion(u8),
    /// Whose it keeps.
    GetRegion,
    /// One channel.
    SetChannel(u8),
    /// Which one.
    GetChannel,
    /// Hop by itself, or not.
    SetHopping(bool),
    /// Hop among these.
    SetChannels(Vec<u8>),
    /// Power, 1/100 dBm.
    SetPower(u16),
    /// What it sends.
    GetPower,
    /// Carrier without modulation, for measurements.
    SetCarrier(bool),
    /// How it listens.
    GetDemodulator,
    /// How to listen.
    SetDemodulator(Demodulator),
    /// How much of its own carrier comes back, by channel.
    TestJammer,
    /// How loud others are, by channel.
    TestChannels,
    /// A contact as input or output.
    SetContactDirection {
        /// 1 to 4.
        port: u8,
        /// Output.
        output: bool,
    },
    /// The level of an output.
    SetContact {
        /// 1 to 4.
        port: u8,
        /// High.
        high: bool,
    },
    /// The level of a contact.
    GetContact {
        /// 1 to 4.
        port: u8,
    },
    /// Sleep; the first byte after that wakes it and is lost.
    Sleep,
    /// Sleep by itself after so many minutes; never with 0.
    SetSleepAfter(u8),
    /// Switch the radio off, or on again; off by itself after so many minutes, never with 0.
    SetIdle {
        /// Off now.
        idle: bool,
        /// Minutes.
        after_min: u8,
    },
    /// NXP: read or flip bits of the configuration word.
    ChangeConfig {
        /// The access password.
        password: u32,
        /// A one flips a bit; 0 only reads.
        flip: u16,
    },
    /// NXP: hide EPC and TID, or show them again.
    ReadProtect {
        /// The access password.
        password: u32,
        /// Hide.
        protect: bool,
    },
    /// NXP: the theft alarm bit.
    ChangeEas {
        /// The access password.
        password: u32,
        /// Set.
        on: bool,
    },
    /// NXP: does any tag with its alarm bit set answer?
    EasAlarm,
    /// Impinj Monza: read the QT word.
    GetQt {
        /// The access password.
        password: u32,
    },
    /// Impinj Monza: write it.
    SetQt {
        /// The access password.
        password: u32,
        /// For good, not only while powered.
        persistent: bool,
        /// Reduced range, bit 15; public memory map, bit 14.
        control: u16,
    },
}

/// What can be asked about a module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Info {
    /// Hardware and its version.
    Hardware = 0,
    /// Firmware.
    Software = 1,
    /// Who made it.
    Maker = 2,
}

/// When tags are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SelectMode {
    /// Before everything.
    Always = 0,
    /// Never.
    Never = 1,
    /// Before reading, writing, locking, killing; not before a round of inventory.
    Access = 2,
}

/// A Gen2 Select.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Select {
    /// 0 to 3: the inventoried flag of a session; 4: SL.
    pub target: u8,
    /// What matching and other tags do, 0 to 7 (Gen2 table 6.29).
    pub action: u8,
    /// Where the bits are.
    pub bank: Bank,
    /// The first of them.
    pub first_bit: u32,
    /// How many.
    pub bits: u8,
    /// Answer only with what follows the mask.
    pub truncate: bool,
    /// The bits.
    pub mask: Vec<u8>,
}

/// How a round begins: the Gen2 Query. The other settings have one value only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Query {
    /// 0 and 1: all tags; 2: those without SL; 3: those with it.
    pub sel: u8,
    /// 0 to 3.
    pub session: u8,
    /// Tags whose flag is B, not A.
    pub target_b: bool,
    /// 2^q slots.
    pub q: u8,
}

impl Query {
    /// As it is sent: DR 8, no subcarrier, pilot tone.
    pub fn to_bits(self) -> u16 {
        let (sel, session, q) = (self.sel & 3, self.session & 3, self.q & 15);
        0x1000
            | u16::from(sel) << 10
            | u16::from(session) << 8
            | u16::from(self.target_b) << 7
            | u16::from(q) << 3
    }

    /// What is sent, whatever else it says.
    pub fn from_bits(bits: u16) -> Query {
        Query {
            sel: (bits >> 10 & 3) as u8,
            session: (bits >> 8 & 3) as u8,
            target_b: bits >> 7 & 1 == 1,
            q: (bits >> 3 & 15) as u8,
        }
    }
}

/// Settings of the receiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Demodulator {
    /// Index into 0, 3, 6, 9, 12, 15, 16 dB.
    pub mixer: u8,
    /// Index into 12, 18, 21, 24, 27, 30, 36, 40 dB.
    pub amplifier: u8,
    /// How strong an answer has to be, no unit; 0x01B0 is recommended as the least.
    pub threshold: u16,
}

impl Command {
    /// The byte that names it.
    pub fn code(&self) -> u8 {
        match self {
            Command::Info(_) => 0x03,
            Command::SetIdle { .. } => 0x04,
            Command::SetRegion(_) => 0x07,
            Command::GetRegion => 0x08,
            Command::GetSelect => 0x0B,
            Command::SetSelect(_) => 0x0C,
            Command::GetQuery => 0x0D,
            Command::SetQuery(_) => 0x0E,
            Command::SetBaud(_) => 0x11,
            Command::SetSelectMode(_) => 0x12,
            Command::Sleep => 0x17,
            Command::SetContactDirection { .. } | Command::SetContact { .. } | Command::GetContact { .. } => {
                0x1A
            }
            Command::SetSleepAfter(_) => 0x1D,
            Command::Poll => 0x22,
            Command::PollMany(_) => 0x27,
            Command::StopPolling => 0x28,
            Command::Read { .. } => 0x39,
            Command::Write { .. } => 0x49,
            Command::Kill { .. } => 0x65,
            Command::Lock { .. } => 0x82,
            Command::SetChannels(_) => 0xA9,
            Command::GetChannel => 0xAA,
            Command::SetChannel(_) => 0xAB,
            Command::SetHopping(_) => 0xAD,
            Command::SetCarrier(_) => 0xB0,
            Command::SetPower(_) => 0xB6,
            Command::GetPower => 0xB7,
            Command::BlockPermalock { .. } | Command::BlockPermalockState { .. } => 0xD3,
            Command::ChangeConfig { .. } => 0xE0,
            Command::ReadProtect { .. } => 0xE1,
            Command::ChangeEas { .. } => 0xE3,
            Command::EasAlarm => 0xE4,
            Command::GetQt { .. } | Command::SetQt { .. } => 0xE5,
            Command::SetDemodulator(_) => 0xF0,
            Command::GetDemodulator => 0xF1,
            Command::TestJammer => 0xF2,
            Command::TestChannels => 0xF3,
        }
    }

    /// The code of the answer, where it may also be another one: writing answers with a code of its own.
    pub fn other_answer(&self) -> Option<u8> {
        match self {
            // The manuals show 0x0C in the answer to 0x12.
            Command::SetSelectMode(_) => Some(0x0C),
            Command::BlockPermalock { .. } => Some(0xD4),
            Command::ReadProtect { protect: false, .. } => Some(0xE2),
            Command::SetQt { .. } => Some(0xE6),
            _ => None,
        }
    }

    /// What follows the length.
    pub fn data(&self) -> Vec<u8> {
        match self {
            Command::Info(what) => vec![*what as u8],
            Command::Poll
            | Command::StopPolling
            | Command::GetSelect
            | Command::GetQuery
            | Command::GetRegion
            | Command::GetChannel
            | Command::GetPower
            | Command::GetDemodulator
            | Command::TestJammer
            | Command::TestChannels
            | Command::Sleep
            | Command::EasAlarm => Vec::new(),
            // The first byte is reserved, and 0x22 in every manual.
            Command::PollMany(rounds) => [vec![0x22], rounds.to_be_bytes().to_vec()].concat(),
            Command::SetSelect(select) => select.data(),
            Command::SetSelectMode(mode) => vec![*mode as u8],
            Command::Read { password, bank, first_word, words } => {
                [password.to_be_bytes().to_vec(), place(*bank, *first_word, *words)].concat()
            }
            Command::Write { password, bank, first_word, words } => {
                let place = place(*bank, *first_word, words.len() as u16);
                [password.to_be_bytes().to_vec(), place, bytes_of(words)].concat()
            }
            Command::Lock { password, fields } => {
                let [_, payload @ ..] = lock_payload(fields).to_be_bytes();
                [&password.to_be_bytes()[..], &payload[..]].concat()
            }
            Command::Kill { password } => password.to_be_bytes().to_vec(),
            Command::BlockPermalock { password, first_group, blocks } => {
                let [high, low] = first_group.to_be_bytes();
                let place = vec![1, Bank::User as u8, high, low, blocks.len() as u8];
                [password.to_be_bytes().to_vec(), place, bytes_of(blocks)].concat()
            }
            Command::BlockPermalockState { password, first_group, groups } => {
                let [high, low] = first_group.to_be_bytes();
                [password.to_be_bytes().to_vec(), vec![0, Bank::User as u8, high, low, *groups]].concat()
            }
            Command::SetBaud(hundreds) | Command::SetPower(hundreds) => hundreds.to_be_bytes().to_vec(),
            Command::SetQuery(query) => query.to_bits().to_be_bytes().to_vec(),
            Command::SetRegion(code) => vec![*code],
            Command::SetChannel(channel) => vec![*channel],
            Command::SetHopping(on) | Command::SetCarrier(on) => vec![if *on { 0xFF } else { 0 }],
            Command::SetChannels(channels) => [vec![channels.len() as u8], channels.clone()].concat(),
            Command::SetDemodulator(to) => {
                [vec![to.mixer, to.amplifier], to.threshold.to_be_bytes().to_vec()].concat()
            }
            Command::SetContactDirection { port, output } => vec![0, *port, u8::from(*output)],
            Command::SetContact { port, high } => vec![1, *port, u8::from(*high)],
            Command::GetContact { port } => vec![2, *port, 0],
            Command::SetSleepAfter(minutes) => vec![*minutes],
            Command::SetIdle { idle, after_min } => vec![u8::from(*idle), 1, *after_min],
            Command::ChangeConfig { password, flip } => {
                [&password.to_be_bytes()[..], &flip.to_be_bytes()[..]].concat()
            }
            Command::ReadProtect { password, protect } => {
                [&password.to_be_bytes()[..], &[u8::from(!protect)]].concat()
            }
            Command::ChangeEas { password, on } => [&password.to_be_bytes()[..], &[u8::from(*on)]].concat(),
            Command::GetQt { password } => [&password.to_be_bytes()[..], &[0, 0, 0, 0]].concat(),
            Command::SetQt { password, persistent, control } => {
                let how = [1, u8::from(*persistent)];
                [&password.to_be_bytes()[..], &how, &control.to_be_bytes()[..]].concat()
            }
        }
    }
}

impl Select {
    pub(super) fn data(&self) -> Vec<u8> {
        let first = (self.target & 7) << 5 | (self.action & 7) << 2 | self.bank as u8;
        let truncate = if self.truncate { 0x80 } else { 0 };
        let [a, b, c, d] = self.first_bit.to_be_bytes();
        [&[first, a, b, c, d, self.bits, truncate][..], &self.mask].concat()
    }
}

fn place(bank: Bank, first_word: u16, words: u16) -> Vec<u8> {
    [&[bank as u8][..], &first_word.to_be_bytes(), &words.to_be_bytes()].concat()
}

fn bytes_of(words: &[u16]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_be_bytes()).collect()
}

/// 20 bits: a mask of two for each field, then what becomes of it (Gen2 §6.3.2.12.3.5): write needs the password,
/// for ever.
fn lock_payload(fields: &[(Field, Privilege)]) -> u32 {
    fields.iter().fold(0, |payload, (field, privilege)| {
        let shift = match field {
            Field::KillPassword => 8,
            Field::AccessPassword => 6,
            Field::Epc => 4,
            Field::Tid => 2,
            Field::User => 0,
        };
        let action = match privilege {
            Privilege::Unlocked => 0b00,
            Privilege::PermanentlyUnlocked => 0b01,
            Privilege::Locked => 0b10,
            Privilege::PermanentlyLocked => 0b11,
        };
        payload & !(0b11 << shift) | 0b11 << (shift + 10) | action << shift
    })
}

/// The module's code for a region, where it has one.
pub fn region_code(region: Region) -> Option<u8> {
    match region {
        Region::Cn920 => Some(1),
        Region::Fcc => Some(2),
        Region::Etsi => Some(3),
        Region::Cn840 => Some(4),
        Region::Kr => Some(6),
        _ => None,
    }
}

/// What a code says, in words.
pub(super) fn region_words(code: u8) -> String {
    match code {
        1 => "China, 920 to 925 MHz".to_owned(),
        2 => "North America (FCC), 902 to 928 MHz".to_owned(),
        3 => "Europe (ETSI), 865 to 868 MHz".to_owned(),
        4 => "China, 840 to 845 MHz".to_owned(),
        6 => "Korea, 917 to 923 MHz".to_owned(),
        other => format!("a region that only the module knows (code {other})"),
    }
}
