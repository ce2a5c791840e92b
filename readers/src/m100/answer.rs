//! What an M100, QM100 or R200 says, as plain data and in words. Never decides what follows from it.

use super::command::{Command, Demodulator, Info, Query, Select};
use super::frame::{Frame, Kind};
use crate::tag::{Bank, TagError};

/// What a frame of the module says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// A tag.
    Tag(Tag),
    /// Something failed.
    Failed(Failure),
    /// Done.
    Done,
    /// What it is, in its words.
    Info(Info, String),
    /// Which tags are chosen.
    Select(Select),
    /// How rounds are begun.
    Query(Query),
    /// Whose radio rules it keeps: its own code.
    Region(u8),
    /// The channel.
    Channel(u8),
    /// Power, 1/100 dBm.
    Power(u16),
    /// How it listens.
    Demodulator(Demodulator),
    /// dBm by channel, the first of them `first`.
    Levels {
        /// The number of the first channel.
        first: u8,
        /// One for each channel.
        dbm: Vec<i8>,
    },
    /// What became of a contact: for reading, its level; otherwise, whether it was done.
    Contact {
        /// 0: direction, 1: output, 2: level.
        what: u8,
        /// 1 to 4.
        port: u8,
        /// High, or done.
        yes: bool,
    },
    /// After how many minutes it sleeps.
    SleepAfter(u8),
    /// What a tag answered to an access.
    Access {
        /// The protocol control word.
        pc: u16,
        /// The EPC.
        epc: Vec<u8>,
        /// What was read; a status byte of 0 after the other commands.
        data: Vec<u8>,
    },
    /// The code with which a tag answers an alarm.
    EasAlarm([u8; 8]),
}

/// A tag as a round of inventory finds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    /// Received power at the chip, without what antenna and coupler add and take, dBm.
    pub rssi_dbm: i8,
    /// The protocol control word.
    pub pc: u16,
    /// The EPC.
    pub epc: Vec<u8>,
    /// The tag's own check of PC and EPC.
    pub crc: u16,
}

impl Tag {
    /// Whether the tag's check is right (CRC-16 of Gen2 annex F: 0x1021, preset 0xFFFF, inverted).
    pub fn is_whole(&self) -> bool {
        let [high, low] = self.pc.to_be_bytes();
        let bytes = [high, low].into_iter().chain(self.epc.iter().copied());
        let rest = bytes.fold(0xFFFF_u16, |crc, byte| {
            (0..8).fold(crc ^ u16::from(byte) << 8, |crc, _| {
                if crc & 0x8000 == 0 { crc << 1 } else { crc << 1 ^ 0x1021 }
            })
        });
        !rest == self.crc
    }
}

/// A failure as the module tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The module's code.
    pub code: u8,
    /// The tag that was being dealt with, where one had answered: PC and EPC.
    pub tag: Option<(u16, Vec<u8>)>,
}

/// No tag answered in a round.
pub const NO_TAG: u8 = 0x15;
/// No channel was free.
pub const NO_CHANNEL: u8 = 0x20;
/// The tag did not let us in.
pub const NO_ACCESS: u8 = 0x16;
/// The module does not know the command.
pub const NO_COMMAND: u8 = 0x17;

impl Failure {
    /// Whether a command can fail so: the code tells of which kind it was, and nothing else does.
    pub fn may_answer(&self, command: u8) -> bool {
        match self.code {
            0x09 | 0xA0..=0xAF => command == 0x39,
            0x10 | 0xB0..=0xBF => command == 0x49,
            0x13 | 0xC0..=0xCF => command == 0x82,
            0x12 | 0xD0..=0xDF => command == 0x65,
            0x14 => command == 0xD3,
            0x1A => command == 0xE0,
            0x1B => command == 0xE3,
            0x1D => command == 0xE4,
            0x2A | 0x2B => command == 0xE1,
            0x2E => command == 0xE5,
            0xE0..=0xEF => matches!(command, 0xD3 | 0xE0..=0xE6),
            NO_ACCESS => matches!(command, 0x39 | 0x49 | 0x65 | 0x82 | 0xD3 | 0xE0..=0xE6),
            _ => true,
        }
    }

    /// Whether the tag gave no answer at all, or none that could be understood.
    pub fn is_silence(&self) -> bool {
        matches!(
            self.code,
            0x09 | 0x10 | 0x12 | 0x13 | 0x14 | 0x1A | 0x1B | 0x1D | 0x2A | 0x2B | 0x2E | NO_TAG
        )
    }

    /// What it means for an operation.
    pub fn tag_error(&self) -> TagError {
        match self.code {
            // A tag whose kill password is 0 answers error 0 to a kill.
            NO_ACCESS | 0xD0 => TagError::WrongPassword,
            NO_COMMAND => TagError::Other("the module does not know this command".to_owned()),
            code if self.is_silence() && code != NO_TAG => TagError::Silent,
            NO_TAG => TagError::NoTag,
            code @ 0xA0..=0xEF => match code & 0x0F {
                0x03 => TagError::NoSuchMemory,
                0x04 => TagError::Locked,
                0x0B => TagError::LowPower,
                // Gen2v2 adds these to the four above.
                0x01 => TagError::NotSupported,
                0x02 => TagError::WrongPassword,
                _ => TagError::Other(self.words()),
            },
            _ => TagError::Other(self.words()),
        }
    }

    /// In words.
    pub fn words(&self) -> String {
        let fixed = match self.code {
            0x09 => "the tag did not answer to the read",
            0x10 => "the tag did not answer to the write",
            0x12 => "the tag did not answer to the kill",
            0x13 => "the tag did not answer to the lock",
            0x14 => "the tag did not answer to the block permalock",
            NO_TAG => "no tag answered",
            NO_ACCESS => "the tag gave no access: wrong password?",
            NO_COMMAND => "the module does not know the command, or a value in it",
            0x1A => "the tag did not answer to ChangeConfig",
            0x1B => "the tag did not answer to ChangeEAS",
            0x1D => "no tag answered to the EAS alarm",
            NO_CHANNEL => "all channels are taken by other readers",
            0x2A => "the tag did not answer to ReadProtect",
            0x2B => "the tag did not answer to the end of ReadProtect",
            0x2E => "the tag did not answer to QT",
            0xA0..=0xEF => {
                let during = match self.code >> 4 {
                    0xA => "read",
                    0xB => "write",
                    0xC => "lock",
                    0xD => "kill",
                    _ => "command",
                };
                let what = match self.code & 0x0F {
                    0x00 => "something else went wrong",
                    0x01 => "it does not know the command",
                    0x02 => "it must not do that without the password",
                    0x03 => "it has no such memory",
                    0x04 => "the memory is locked",
                    0x0B => "too little power reaches it",
                    0x0F => "it does not say why",
                    _ => "an error that Gen2 does not name",
                };
                return format!("the tag answered to the {during}: {what}");
            }
            code => return format!("error {code:#04x}, which no manual names"),
        };
        fixed.to_owned()
    }
}

/// An answer whose data do not fit its command.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{len} bytes of data do not fit an answer to command {command:#04x}")]
pub struct Malformed {
    /// The command.
    pub command: u8,
    /// How many bytes came.
    pub len: usize,
}

impl Answer {
    /// Whether this, which came with that code, may be the answer to a command.
    pub fn may_answer(&self, command: &Command, code: u8) -> bool {
        if code != command.code() && Some(code) != command.other_answer() {
            return false;
        }
        match (self, command) {
            (Answer::Info(told, _), Command::Info(asked)) => told == asked,
            (Answer::Contact { what, port, .. }, Command::GetContact { port: asked }) => {
                (*what, port) == (2, asked)
            }
            (Answer::Contact { what, port, .. }, Command::SetContact { port: asked, .. }) => {
                (*what, port) == (1, asked)
            }
            _ => true,
        }
    }

    /// What a frame from the module says.
    pub fn decode(frame: &Frame) -> Result<Answer, Malformed> {
        let malformed = || Malformed { command: frame.command, len: frame.data.len() };
        understand(frame).ok_or_else(malformed)
    }
}

fn understand(frame: &Frame) -> Option<Answer> {
    let data = frame.data.as_slice();
    if frame.kind == Kind::Command {
        return None;
    }
    if frame.command == 0xFF {
        let (code, rest) = data.split_first()?;
        let tag = if rest.is_empty() { None } else { split_tag(rest).map(|(pc, epc, _)| (pc, epc)) };
        return Some(Answer::Failed(Failure { code: *code, tag }));
    }
    Some(match (frame.command, data) {
        (0x22 | 0x27, [rssi, high, low, rest @ ..]) => {
            let (epc, [crc_high, crc_low]) = rest.split_last_chunk::<2>()?;
            Answer::Tag(Tag {
                rssi_dbm: *rssi as i8,
                pc: u16::from_be_bytes([*high, *low]),
                epc: if epc.is_empty() { return None } else { epc.to_vec() },
                crc: u16::from_be_bytes([*crc_high, *crc_low]),
            })
        }
        (0x03, [which, text @ ..]) => {
            let which = match which {
                0 => Info::Hardware,
                1 => Info::Software,
                2 => Info::Maker,
                _ => return None,
            };
            Answer::Info(which, plain(text))
        }
        (0x0B, [first, a, b, c, d, bits, truncate, mask @ ..]) => Answer::Select(Select {
            target: first >> 5,
            action: first >> 2 & 7,
            bank: bank(first & 3),
            first_bit: u32::from_be_bytes([*a, *b, *c, *d]),
            bits: *bits,
            truncate: truncate & 0x80 != 0,
            mask: mask.to_vec(),
        }),
        (0x0D, [high, low]) => Answer::Query(Query::from_bits(u16::from_be_bytes([*high, *low]))),
        (0x08, [code]) => Answer::Region(*code),
        (0xAA, [channel]) => Answer::Channel(*channel),
        (0xB7, [high, low]) => Answer::Power(u16::from_be_bytes([*high, *low])),
        (0xF1, [mixer, amplifier, high, low]) => Answer::Demodulator(Demodulator {
            mixer: *mixer,
            amplifier: *amplifier,
            threshold: u16::from_be_bytes([*high, *low]),
        }),
        (0xF2 | 0xF3, [first, last, dbm @ ..])
            if usize::from(*last).checked_sub(usize::from(*first)).is_some_and(|n| n + 1 == dbm.len()) =>
        {
            Answer::Levels { first: *first, dbm: dbm.iter().map(|level| *level as i8).collect() }
        }
        (0x1A, [what, port, yes]) => Answer::Contact { what: *what, port: *port, yes: *yes != 0 },
        (0x1D, [minutes]) => Answer::SleepAfter(*minutes),
        (0xE4, [a, b, c, d, e, f, g, h]) => Answer::EasAlarm([*a, *b, *c, *d, *e, *f, *g, *h]),
        // Some firmware answers to an access with the status alone.
        (_, [0]) => Answer::Done,
        (0x39 | 0x49 | 0x65 | 0x82 | 0xD3 | 0xD4 | 0xE0..=0xE3 | 0xE5 | 0xE6, rest) => {
            let (pc, epc, data) = split_tag(rest)?;
            Answer::Access { pc, epc, data }
        }
        _ => return None,
    })
}

/// A length, then PC and EPC of that length together, then what follows.
fn split_tag(bytes: &[u8]) -> Option<(u16, Vec<u8>, Vec<u8>)> {
    let (length, rest) = bytes.split_first()?;
    let (tag, rest) = rest.split_at_checked(usize::from(*length))?;
    let (pc, epc) = tag.split_first_chunk::<2>()?;
    Some((u16::from_be_bytes(*pc), epc.to_vec(), rest.to_vec()))
}

fn bank(code: u8) -> Bank {
    match code {
        0 => Bank::Reserved,
        1 => Bank::Epc,
        2 => Bank::Tid,
        _ => Bank::User,
    }
}

/// Text of a module for people: what can be printed, and not much of it.
fn plain(text: &[u8]) -> String {
    let printable = text.iter().filter(|byte| (0x20..0x7F).contains(*byte)).take(60);
    printable.map(|byte| char::from(*byte)).collect::<String>().trim().to_owned()
}
