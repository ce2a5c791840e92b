//! What a reader of the UHFReader family says, as plain data and in words. Never decides what follows from it.

use super::frame::Frame;
use crate::Region;
use crate::tag::TagError;

/// How a reader tells of tags. Which one it is shows in its type and in how much it tells of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// UHFReader18, RRU9803M: EPCs and nothing else.
    Short,
    /// UHFReader288, 86, RRU9883M and later: antenna and signal strength too.
    Long,
}

/// A tag in an inventory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tag {
    /// The port, from 1.
    pub antenna: u16,
    /// The EPC.
    pub epc: Vec<u8>,
    /// The TID, where the reader adds it.
    pub tid: Option<Vec<u8>>,
    /// How strong it was received, in the reader's own unit: no manual says which.
    pub strength: Option<u8>,
    /// The carrier, where the reader tells it.
    pub frequency_khz: Option<u32>,
}

/// The end of an inventory: all told.
pub const COMPLETE: u8 = 0x01;
/// It took as long as it may.
pub const TIME_UP: u8 = 0x02;
/// More frames follow.
pub const MORE: u8 = 0x03;
/// The reader has no room for more tags.
pub const FULL: u8 = 0x04;
/// Figures about an inventory.
pub const FIGURES: u8 = 0x26;
/// Nothing seen for a while: real-time mode's sign of life.
pub const HEARTBEAT: u8 = 0x28;
/// The antenna is not there.
pub const NO_ANTENNA: u8 = 0xF8;
/// No tag.
pub const NO_TAG: u8 = 0xFB;
/// The tag answered with an error code, which follows.
pub const TAG_ERROR: u8 = 0xFC;
/// What real-time frames answer to, as it were.
pub const PUSHED: u8 = 0xEE;

/// What a reader is and how it is set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Info {
    /// Version and subversion of its firmware.
    pub version: (u8, u8),
    /// Its type.
    pub kind: u8,
    /// Whether it reads Gen2 tags.
    pub gen2: bool,
    /// The number of its radio band.
    pub band: u8,
    /// The highest channel that it uses.
    pub most: u8,
    /// The lowest.
    pub least: u8,
    /// dBm; 255 where it does not know.
    pub power_dbm: u8,
    /// How long an inventory may take, 100 ms.
    pub scan_time: u8,
    /// Antennas in use, a bit for each, where it has more than one.
    pub antennas: Option<u8>,
}

impl Info {
    /// From the data of an answer to `Info`.
    pub fn decode(data: &[u8]) -> Option<Info> {
        let [version, sub, kind, protocols, most, least, power, scan_time, rest @ ..] = data else {
            return None;
        };
        Some(Info {
            version: (*version, *sub),
            kind: *kind,
            gen2: protocols & 2 != 0,
            band: (most >> 6) << 2 | least >> 6,
            most: most & 0x3F,
            least: least & 0x3F,
            power_dbm: *power,
            scan_time: *scan_time,
            antennas: rest.first().copied(),
        })
    }

    /// How it tells of tags.
    pub fn family(&self) -> Family {
        match (self.kind, self.antennas) {
            (0x03 | 0x08 | 0x09, _) | (_, None) => Family::Short,
            _ => Family::Long,
        }
    }

    /// What it is called.
    pub fn model(&self) -> String {
        let known = match self.kind {
            0x03 | 0x08 => "RRU9803M",
            0x09 => "UHFReader18",
            0x0C => "UHFReader288M",
            0x0F | 0x10 => "UHFReader86",
            0x16 => "RRU9883M",
            0x20 => "UHFReader288MP",
            0x8B => "UHFReader288 ADV",
            other => return format!("UHFReader of type {other:#04x}"),
        };
        known.to_owned()
    }

    /// Its radio band in words.
    pub fn band_words(&self) -> String {
        let (name, base_khz, step_khz) = match self.band {
            0 => ("its own band", 902_600, 400),
            1 => ("China", 920_125, 250),
            2 => ("North America (FCC)", 902_750, 500),
            3 => ("Korea", 917_100, 200),
            4 => ("Europe", 865_100, 200),
            6 => ("Ukraine", 868_000, 100),
            7 => ("Peru", 916_200, 900),
            8 => ("China", 840_125, 250),
            9 => ("Europe (ETSI, four channels)", 865_700, 600),
            10 => ("Taiwan", 922_250, 500),
            12 => ("North America", 902_000, 500),
            other => return format!("band {other}, which no manual names"),
        };
        let mhz = |channel: u8| f64::from(base_khz + step_khz * u32::from(channel)) / 1000.0;
        format!("{name}, {} to {} MHz", mhz(self.least), mhz(self.most))
    }
}

/// The bands that keep a region's rules, the best first: number and highest channel.
pub fn bands(region: Region, family: Family) -> &'static [(u8, u8)] {
    match (region, family) {
        (Region::Fcc, _) => &[(2, 49)],
        (Region::Cn920, _) => &[(1, 19)],
        (Region::Kr, _) => &[(3, 31)],
        (Region::Etsi, Family::Long) => &[(9, 3), (4, 14)],
        (Region::Cn840, Family::Long) => &[(8, 19)],
        (Region::Tw, Family::Long) => &[(10, 11)],
        _ => &[],
    }
}

/// The tags in a frame of an inventory, or in one that was pushed; `None` where they cannot be told apart.
pub fn tags(family: Family, frame: &Frame) -> Option<Vec<Tag>> {
    let (_, data) = frame.body.split_first()?;
    if data.is_empty() {
        return Some(Vec::new());
    }
    match (frame.command, family) {
        (PUSHED, Family::Long) => pushed_long(data).or_else(|| pushed_short(data)),
        (PUSHED, Family::Short) => pushed_short(data),
        // A reader may tell in the other way than its type would have it: only one of the two fits.
        (_, Family::Long) => long(data).or_else(|| short(data)),
        (_, Family::Short) => short(data).or_else(|| long(data)),
    }
}

fn short(data: &[u8]) -> Option<Vec<Tag>> {
    let (count, mut rest) = data.split_first()?;
    let mut tags = Vec::new();
    for _ in 0..*count {
        let (length, more) = rest.split_first()?;
        let (epc, more) = more.split_at_checked(usize::from(*length))?;
        if !epc.is_empty() {
            tags.push(Tag { antenna: 1, epc: epc.to_vec(), ..Tag::default() });
        }
        rest = more;
    }
    rest.is_empty().then_some(tags)
}

/// Words of a TID that FastID adds to an EPC.
const FAST_TID: usize = 12;

fn long(data: &[u8]) -> Option<Vec<Tag>> {
    let [antenna, count, rest @ ..] = data else { return None };
    let (antenna, mut rest) = (port(*antenna)?, rest);
    let mut tags = Vec::new();
    for _ in 0..*count {
        let (length, more) = rest.split_first()?;
        let (bytes, more) = more.split_at_checked(usize::from(length & 0x7F))?;
        let (strength, more) = more.split_first()?;
        let with_tid = length & 0x80 != 0 && bytes.len() > FAST_TID;
        let (epc, tid) = bytes.split_at(if with_tid { bytes.len() - FAST_TID } else { bytes.len() });
        if !epc.is_empty() {
            let tid = with_tid.then(|| tid.to_vec());
            let strength = Some(*strength);
            tags.push(Tag { antenna, epc: epc.to_vec(), tid, strength, frequency_khz: None });
        }
        rest = more;
    }
    rest.is_empty().then_some(tags)
}

/// Antenna, length, EPC, strength; with bit 6 of the length the phase at the beginning and at the end (two bytes each,
/// in a unit that no manual names) and the carrier in kHz (three bytes) follow.
fn pushed_long(data: &[u8]) -> Option<Vec<Tag>> {
    let [antenna, length, rest @ ..] = data else { return None };
    let (epc, rest) = rest.split_at_checked(usize::from(length & 0x3F))?;
    let (strength, rest) = rest.split_first()?;
    let frequency_khz = match (length & 0x40, rest) {
        (0, []) => None,
        (0x40, [_, _, _, _, a, b, c]) => Some(u32::from_be_bytes([0, *a, *b, *c])),
        _ => return None,
    };
    if epc.is_empty() {
        return None;
    }
    let antenna = port(*antenna)?;
    Some(vec![Tag { antenna, epc: epc.to_vec(), tid: None, strength: Some(*strength), frequency_khz }])
}

fn pushed_short(data: &[u8]) -> Option<Vec<Tag>> {
    let whole_words = data.len().is_multiple_of(2) && data.len() <= 62;
    whole_words.then(|| vec![Tag { antenna: 1, epc: data.to_vec(), ..Tag::default() }])
}

/// A bit for each antenna that read it: the lowest.
fn port(bits: u8) -> Option<u16> {
    (bits != 0).then(|| bits.trailing_zeros() as u16 + 1)
}

/// What a status says, in words.
pub fn status_words(status: u8, rest: &[u8]) -> String {
    let fixed = match status {
        0x00 => "done",
        COMPLETE => "the inventory is complete",
        TIME_UP => "the inventory took as long as it may; there may be more tags",
        MORE => "more follows",
        FULL => "there are more tags than the reader has room for",
        0x05 => "wrong access password",
        0x09 => "wrong kill password, or the tag hardly hears the reader",
        0x0A => "a tag whose kill password is 0 cannot be killed",
        0x0B => "the tag does not know the command",
        0x0C => "that takes an access password other than 0",
        0x0D => "the tag is read-protected already",
        0x0E => "the tag is not read-protected, or does not know the command",
        0x10 => "some of the bytes are locked",
        0x11 => "it cannot be locked",
        0x12 => "it is locked already",
        0x13 => "the setting could not be saved; it lasts until the power goes",
        0x14 => "the power cannot be set",
        0x15..=0x18 => "an inventory of 18000-6B tags has ended",
        0x19 => "the tag does not know the command, or its access password is 0",
        0x1A => "the tag's own function could not be carried out",
        FIGURES => "figures about the inventory",
        HEARTBEAT => "nothing seen for a while",
        NO_ANTENNA => "the antenna is not there, or reflects too much",
        0xF9 => "the reader failed to carry it out",
        0xFA => "a tag is there, but hardly hears the reader",
        NO_TAG => "no tag answered",
        TAG_ERROR => {
            let code = rest.first().copied().unwrap_or(0);
            let what = match code {
                0x00 => "something else went wrong".to_owned(),
                0x03 => "it has no such memory".to_owned(),
                0x04 => "the memory is locked".to_owned(),
                0x0B => "too little power reaches it".to_owned(),
                0x0F => "it does not say why".to_owned(),
                other => format!("error {other:#04x}"),
            };
            return format!("the tag answered: {what}");
        }
        0xFD => "the reader expects a command of another length",
        0xFE => "the reader does not know the command",
        0xFF => "a value is out of what the reader takes",
        other => return format!("status {other:#04x}, which no manual names"),
    };
    fixed.to_owned()
}

/// What a status means for an operation on a tag.
pub fn tag_error(status: u8, rest: &[u8]) -> TagError {
    match status {
        0x05 | 0x09 | 0x0A | 0x0C => TagError::WrongPassword,
        0x0B | 0x19 => TagError::NotSupported,
        0xFA => TagError::Silent,
        NO_TAG => TagError::NoTag,
        TAG_ERROR => match rest.first() {
            Some(0x01) => TagError::NotSupported,
            Some(0x02) => TagError::WrongPassword,
            Some(0x03) => TagError::NoSuchMemory,
            Some(0x04) => TagError::Locked,
            Some(0x0B) => TagError::LowPower,
            _ => TagError::Other(status_words(status, rest)),
        },
        _ => TagError::Other(status_words(status, rest)),
    }
}
