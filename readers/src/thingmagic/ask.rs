//! What we ask of the module, and how it is said in bytes (commands: `serial_reader_l3.c` of the maker's API). Knows no
//! answers.

use std::time::Duration;

use super::frame;
use crate::Region;
use crate::tag::{Bank, Field, Operation, Privilege, Selection};

/// Gen2, among the protocols.
const GEN2: u8 = 5;
/// Metadata of a read: count, RSSI, antenna, frequency, time, phase, protocol, data, contacts.
const METADATA: u16 = 0x01FF;
/// Metadata of a search for one tag: the same without data and contacts.
const SEARCH_METADATA: u16 = 0x007F;
/// A round of continuous reading, ms.
const ROUND_MS: u16 = 1_000;
/// A round where the module cannot stream, ms.
pub(super) const SEARCH_MS: u16 = 250;

/// One question.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Ask {
    /// End continuous reading.
    Stop,
    /// What the module is.
    Version,
    /// Whether the boot program or the application runs.
    Program,
    /// Start the application.
    Boot,
    /// The regions that it has.
    Regions,
    /// The region that is set.
    Region,
    /// Set one, by the module's number.
    SetRegion(Region, u8),
    /// Gen2.
    Protocol,
    /// One of its options.
    Option { name: &'static str, key: u8, value: u8 },
    /// Which antennas are plugged in.
    Antennas,
    /// The antennas to use in turn.
    SearchList(Vec<u8>),
    /// One antenna, for tag operations.
    Port(u8),
    /// The power and its limits.
    PowerLimits,
    /// The power, 1/100 dBm, for all antennas.
    Power { write: bool, cdbm: i16 },
    /// The power of each antenna, 1/100 dBm.
    PortPowers(Vec<(u8, i16)>),
    /// One of Gen2's settings.
    Gen2 { name: &'static str, key: u8, value: Vec<u8> },
    /// How warm it is.
    Temperature,
    /// The levels of its contacts.
    Contacts,
    /// Make a contact an input or an output.
    Direction { port: u8, output: bool, high: bool },
    /// Set an output contact.
    Output { port: u8, high: bool },
    /// Begin continuous reading.
    Start,
    /// Empty the tag buffer.
    Clear,
    /// Search into the tag buffer for a while.
    Search { metadata: bool, selection: Option<Selection> },
    /// Take tags from the buffer.
    Fetch { of_job: bool },
    /// Do something to a tag.
    Operate { operation: Operation, selection: Selection, password: u32, timeout_ms: u16 },
    /// Any of the harmless ones, asked while it reads on.
    Within(Box<Ask>),
}

impl Ask {
    /// The opcode and the data.
    pub(super) fn message(&self) -> (u8, Vec<u8>) {
        match self {
            Ask::Stop => (0x2F, vec![0, 0, 2]),
            Ask::Version => (0x03, vec![]),
            Ask::Program => (0x0C, vec![]),
            Ask::Boot => (0x04, vec![]),
            Ask::Regions => (0x71, vec![]),
            Ask::Region => (0x67, vec![]),
            Ask::SetRegion(_, number) => (0x97, vec![*number]),
            Ask::Protocol => (0x93, vec![0, GEN2]),
            Ask::Option { key, value, .. } => (0x9A, vec![1, *key, *value]),
            Ask::Antennas => (0x61, vec![5]),
            Ask::SearchList(ports) => {
                (0x91, std::iter::once(2).chain(ports.iter().flat_map(|port| [*port, *port])).collect())
            }
            Ask::Port(port) => (0x91, vec![*port, *port]),
            Ask::PowerLimits => (0x62, vec![1]),
            Ask::Power { write, cdbm } => (if *write { 0x94 } else { 0x92 }, cdbm.to_be_bytes().to_vec()),
            Ask::PortPowers(powers) => {
                let mut data = vec![4];
                for (port, cdbm) in powers {
                    data.push(*port);
                    data.extend(cdbm.to_be_bytes());
                    data.extend(cdbm.to_be_bytes());
                    data.extend([0, 0]);
                }
                (0x91, data)
            }
            Ask::Gen2 { key, value, .. } => (0x9B, [&[GEN2, *key], value.as_slice()].concat()),
            Ask::Temperature => (0x72, vec![]),
            Ask::Contacts => (0x66, vec![1]),
            Ask::Direction { port, output, high } => {
                (0x96, vec![1, *port, u8::from(*output), u8::from(*high)])
            }
            Ask::Output { port, high } => (0x96, vec![*port, u8::from(*high)]),
            Ask::Start => (0x2F, start()),
            Ask::Clear => (0x2A, vec![]),
            Ask::Search { metadata, selection } => (0x22, search(*metadata, selection.as_ref())),
            Ask::Fetch { .. } => (0x29, [&SEARCH_METADATA.to_be_bytes()[..], &[0]].concat()),
            Ask::Operate { operation, selection, password, timeout_ms } => {
                operate(operation, selection, *password, *timeout_ms)
            }
            Ask::Within(inner) => {
                let (op, data) = inner.message();
                // No such question is longer than a few bytes.
                let length = data.len() as u8;
                (0x2F, [&[0, 0, 4, length, op], data.as_slice()].concat())
            }
        }
    }

    /// The frame to send.
    pub(super) fn frame(&self) -> Vec<u8> {
        let (op, data) = self.message();
        frame::command(op, &data)
    }

    /// How long the answer may take.
    pub(super) fn patience(&self) -> Duration {
        let ms = match self {
            Ask::Stop => 400,
            Ask::Version => 500,
            Ask::Boot => 3_000,
            Ask::Search { .. } => u64::from(SEARCH_MS) + 1_000,
            Ask::Operate { timeout_ms, .. } => u64::from(*timeout_ms) + 1_000,
            _ => 1_000,
        };
        Duration::from_millis(ms)
    }
}

/// Continuous reading of Gen2 tags, the antennas of the list in turn, each read told at once, with metadata.
fn start() -> Vec<u8> {
    // Flags: antennas of the list (3), stream tags (8), room for many tags (16).
    let inner = [&[0x10, 0x00, 0x1B][..], &ROUND_MS.to_be_bytes(), &METADATA.to_be_bytes()].concat();
    // No time-out; option 1 starts; the command within; no flags; the protocol; the inner length without its opcode.
    [&[0, 0, 1, 0x22, 0, 0, GEN2, inner.len() as u8, 0x22][..], &inner].concat()
}

fn search(metadata: bool, selection: Option<&Selection>) -> Vec<u8> {
    let (option, filter) = selection.map_or((0, vec![]), |selection| filter(selection, Some(0)));
    let mut data = vec![option | if metadata { 0x10 } else { 0 }, 0];
    data.push(if metadata { 0x13 } else { 0x03 });
    data.extend(SEARCH_MS.to_be_bytes());
    if metadata {
        data.extend(SEARCH_METADATA.to_be_bytes());
    }
    data.extend(filter);
    data
}

/// The option and the bytes that choose a tag, an access password before them where the command wants one there.
fn filter(selection: &Selection, password: Option<u32>) -> (u8, Vec<u8>) {
    let mut option = match selection.bank {
        Bank::Reserved => 0,
        Bank::Epc => 4,
        Bank::Tid => 2,
        Bank::User => 3,
    };
    let mut bytes = password.map_or_else(Vec::new, |password| password.to_be_bytes().to_vec());
    bytes.extend(u32::from(selection.first_bit).to_be_bytes());
    if selection.bits > 255 {
        option |= 0x20;
        bytes.extend(selection.bits.to_be_bytes());
    } else {
        bytes.push(selection.bits as u8);
    }
    bytes.extend(selection.mask.iter().take(usize::from(selection.bits).div_ceil(8)));
    (option, bytes)
}

/// Gen2's lock bits, mask and action: kill password, access password, EPC, TID, user; for each "needs the password" and
/// "for ever".
pub(super) fn lock_bits(locks: &[(Field, Privilege)]) -> (u16, u16) {
    locks.iter().fold((0, 0), |(mask, action), (field, privilege)| {
        let shift = match field {
            Field::KillPassword => 8,
            Field::AccessPassword => 6,
            Field::Epc => 4,
            Field::Tid => 2,
            Field::User => 0,
        };
        let bits = match privilege {
            Privilege::Unlocked => 0b00,
            Privilege::PermanentlyUnlocked => 0b01,
            Privilege::Locked => 0b10,
            Privilege::PermanentlyLocked => 0b11,
        };
        (mask | (0b11 << shift), (action & !(0b11 << shift)) | (bits << shift))
    })
}

fn operate(operation: &Operation, selection: &Selection, password: u32, timeout_ms: u16) -> (u8, Vec<u8>) {
    let time = timeout_ms.to_be_bytes();
    let (option, with_password) = filter(selection, Some(password));
    let (_, bare) = filter(selection, None);
    let bytes = |words: &[u16]| words.iter().flat_map(|word| word.to_be_bytes()).collect::<Vec<u8>>();
    let long = |number: u16| u32::from(number).to_be_bytes();
    match operation {
        Operation::Read { bank, first_word, words } => {
            // With metadata (protocol, data length), as the maker's API asks; the words are the end of the answer.
            let head = [option | 0x10, 0x00, 0xC0, *bank as u8];
            let count = [u8::try_from(*words).unwrap_or(u8::MAX)];
            (0x28, [&time[..], &head, &long(*first_word), &count, &with_password].concat())
        }
        Operation::Write { bank, first_word, words } => {
            let place = [&[option][..], &long(*first_word), &[*bank as u8]].concat();
            (0x24, [&time[..], &place, &with_password, &bytes(words)].concat())
        }
        Operation::Lock(locks) => {
            let (mask, action) = lock_bits(locks);
            let what = [&password.to_be_bytes()[..], &mask.to_be_bytes(), &action.to_be_bytes()].concat();
            (0x25, [&time[..], &[option], &what, &bare].concat())
        }
        Operation::Kill { password } => {
            (0x26, [&time[..], &[option], &password.to_be_bytes(), &[0], &bare].concat())
        }
        Operation::BlockErase { bank, first_word, words } => {
            let what =
                [&long(*first_word)[..], &[*bank as u8, u8::try_from(*words).unwrap_or(u8::MAX)]].concat();
            (0x2E, [&time[..], &[0, 0x40 | option, 0], &with_password, &what].concat())
        }
        Operation::BlockPermalock { first_group, blocks } => {
            let head = [0, 1, Bank::User as u8];
            let what = [&head[..], &long(*first_group), &[blocks.len() as u8], &bytes(blocks)].concat();
            (0x2E, [&time[..], &[0, 0x40 | option, 1], &with_password, &what].concat())
        }
        Operation::Eas { on } => {
            // NXP's G2iL family (chip 7): set is 1, reset is 2.
            let what = [&password.to_be_bytes()[..], &[if *on { 1 } else { 2 }]].concat();
            (0x2D, [&time[..], &[7, 0x40 | option, 0, 3], &bare, &what].concat())
        }
        Operation::BlockPermalockState { .. } | Operation::Untraceable(_) => (0, vec![]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(text: &str) -> Vec<u8> {
        recording::Hex::parse(text).map(|hex| hex.bytes().to_vec()).unwrap()
    }

    #[test]
    fn start_and_stop_are_the_frames_that_public_logs_have() {
        assert_eq!(Ask::Start.frame(), hex("FF102F00000122000005072210001B03E801FFDD2B"));
        assert_eq!(Ask::Stop.frame(), hex("FF032F0000025E86"));
    }

    #[test]
    fn a_word_for_a_chosen_tag_follows_the_choice() {
        let selection = Selection { bank: Bank::Epc, first_bit: 32, mask: vec![0x30, 0x34], bits: 16 };
        let operation = Operation::Write { bank: Bank::User, first_word: 2, words: vec![0x00EE] };
        let ask = Ask::Operate { operation, selection, password: 0xDEAD_BEEF, timeout_ms: 1_000 };
        // Time-out, option 4 (EPC by address), word address, bank, password, bit address, bits, mask, the word.
        let expected = hex("03E8040000000203DEADBEEF0000002010303400EE");
        assert_eq!(ask.message(), (0x24, expected));
    }

    #[test]
    fn locks_are_gen2s_bits() {
        // Lock the access password and the EPC for ever: payload of Gen2v2 table 6.50, mask and action of 10 bits.
        let locks = [(Field::AccessPassword, Privilege::Locked), (Field::Epc, Privilege::PermanentlyLocked)];
        assert_eq!(lock_bits(&locks), (0b00_1111_0000, 0b00_1011_0000));
        assert_eq!(lock_bits(&[(Field::User, Privilege::PermanentlyUnlocked)]), (0b11, 0b01));
    }

    #[test]
    fn a_mask_of_more_than_255_bits_has_a_long_length() {
        let selection = Selection { bank: Bank::User, first_bit: 0, mask: vec![0xAB; 40], bits: 320 };
        let (option, bytes) = filter(&selection, None);
        assert_eq!((option, bytes.len()), (0x23, 4 + 2 + 40));
        assert_eq!(bytes.get(4..6), Some(&[1, 64][..]));
    }
}
