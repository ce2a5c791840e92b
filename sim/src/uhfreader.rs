//! An emulated reader of the UHFReader family, an 18 or a 288: its frames, its settings, its inventories on request, its
//! real-time mode, and what it does to the tags in its field. Written from the manuals a second time, apart from the
//! driver. It has no radio: what is heard is the field's business.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use crate::serial::tag::{EPC, RESERVED, Tag, TagFault};
use crate::serial::{Emulated, Field};

/// How often a reader in real-time mode tells what it has heard.
const PUSH: Duration = Duration::from_millis(20);
/// A command whose bytes are further apart than this is none (18: manual §2).
const GAP: Duration = Duration::from_millis(15);
/// Bytes of tags in one frame at most.
const MOST_TOLD: usize = 200;
/// Received power of the one tag that lies before the reader when it looks for one only, dBm.
const SINGLE_DBM: i8 = -45;
/// Tags that it remembers in one inventory.
const ROOM: usize = 255;

/// Which reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Model {
    /// UHFReader18: one antenna, EPCs only.
    Reader18,
    /// UHFReader288: four antennas, strength, settings with each inventory, real-time mode.
    Reader288,
}

/// The reader.
#[derive(Clone, Debug)]
pub struct UhfReader {
    model: Model,
    address: u8,
    came: VecDeque<u8>,
    came_at: Duration,
    out: VecDeque<Vec<u8>>,
    band: (u8, u8),
    power: u8,
    scan_time: u8,
    antennas: u8,
    beeps: u8,
    outputs: u8,
    /// It speaks unasked; when next.
    pushing: Option<Duration>,
    /// An inventory under way: since when, when it ends at the latest, with which antenna (0: in turn).
    inventory: Option<(Duration, Duration, u8)>,
    /// Refuses inventories with settings.
    simple: bool,
}

impl UhfReader {
    /// A reader as it leaves the factory, with this address.
    pub fn new(model: Model, address: u8) -> UhfReader {
        UhfReader {
            model,
            address,
            came: VecDeque::new(),
            came_at: Duration::ZERO,
            out: VecDeque::new(),
            band: (0x31, 0x80),
            power: 30,
            scan_time: 10,
            antennas: 1,
            beeps: 1,
            outputs: 0,
            pushing: None,
            inventory: None,
            simple: false,
        }
    }

    /// Left in real-time mode by whoever used it last.
    pub fn in_real_time_mode(mut self) -> UhfReader {
        self.pushing = Some(Duration::ZERO);
        self
    }

    /// With firmware that knows no inventory with settings.
    pub fn simple(mut self) -> UhfReader {
        self.simple = true;
        self
    }
}

impl Emulated for UhfReader {
    fn baud(&self) -> u32 {
        match self.model {
            Model::Reader18 => 57_600,
            Model::Reader288 => 115_200,
        }
    }

    fn handle_input(&mut self, now: Duration, bytes: &[u8], field: &mut Field) {
        if now > self.came_at + GAP {
            self.came.clear();
        }
        self.came_at = now;
        self.came.extend(bytes);
        while let Some((command, body)) = self.take_command() {
            // It hears nothing while it looks for tags.
            if self.inventory.is_none() {
                self.obey(now, command, &body, field);
            }
        }
    }

    fn handle_timeout(&mut self, now: Duration, field: &mut Field) {
        if let Some((_, due, antenna)) = self.inventory
            && now >= due
        {
            self.inventory = None;
            self.tell_inventory(now, antenna, field);
        }
        if let Some(due) = self.pushing
            && now >= due
        {
            self.pushing = Some(now + PUSH);
            self.push(now, field);
        }
    }

    fn poll_output(&mut self) -> Option<Vec<u8>> {
        self.out.pop_front()
    }

    fn poll_timeout(&self) -> Option<Duration> {
        [self.pushing, self.inventory.map(|(_, due, _)| due)].into_iter().flatten().min()
    }

    fn restart(&mut self, _now: Duration) {
        // Its settings are in memory that stays.
        self.came.clear();
        self.inventory = None;
        self.outputs = 0;
    }
}

impl UhfReader {
    /// The next command to us whose check is right; a byte that begins none is skipped.
    fn take_command(&mut self) -> Option<(u8, Vec<u8>)> {
        loop {
            let length = usize::from(*self.came.front()?);
            if length >= 4 {
                if self.came.len() <= length {
                    return None;
                }
                let frame: Vec<u8> = self.came.iter().take(length + 1).copied().collect();
                let (content, told) = frame.split_at(length - 1);
                if crc(content).to_le_bytes() == told {
                    self.came.drain(..=length);
                    let address = content.get(1).copied().unwrap_or(0);
                    if address == self.address || address == 0xFF {
                        let body = content.get(3..).unwrap_or_default().to_vec();
                        return Some((content.get(2).copied().unwrap_or(0), body));
                    }
                    continue;
                }
            }
            self.came.pop_front();
        }
    }

    fn say(&mut self, command: u8, status: u8, data: &[u8]) {
        let mut frame = vec![data.len() as u8 + 5, self.address, command, status];
        frame.extend_from_slice(data);
        frame.extend(crc(&frame).to_le_bytes());
        self.out.push_back(frame);
    }

    fn is_288(&self) -> bool {
        self.model == Model::Reader288
    }

    fn obey(&mut self, now: Duration, command: u8, body: &[u8], field: &mut Field) {
        let later = self.is_288();
        // In real-time mode it hears commands about itself only.
        if self.pushing.is_some() && command < 0x20 {
            return;
        }
        match (command, body) {
            (0x01, []) => self.begin(now, 0, self.scan_time, field),
            (0x01, [q, session, _, _, _, 0, target, antenna @ 0x80..=0x83, scan_time])
                if later && !self.simple =>
            {
                if q & 0x1F > 15 || *session > 3 || *target > 1 {
                    return self.say(command, 0xFF, &[]);
                }
                self.begin(now, antenna - 0x80 + 1, *scan_time, field);
            }
            (0x01, _) => self.say(command, 0xFD, &[]),
            (0x0F, []) => self.single(field),
            (0x02..=0x07 | 0x0C | 0x10 | 0x15 | 0x16, _) => self.access(command, body, field),
            (0x0D, []) => {
                let alarm = field.tags.iter().any(|tag| tag.eas && !tag.killed);
                self.say(command, if alarm { 0 } else { 0xFB }, &[]);
            }
            (0x21, []) => self.tell_info(),
            (0x22, [most, least]) if known_band(self.model, most >> 6 << 2 | least >> 6) => {
                self.band = (*most, *least);
                self.say(command, 0, &[]);
            }
            (0x25, [scan_time]) => {
                self.scan_time = if *scan_time < 3 { 10 } else { *scan_time };
                self.say(command, 0, &[]);
            }
            (0x2F, [power @ 0..=30]) => {
                self.power = *power;
                self.say(command, 0, &[]);
            }
            (0x33, [_, _, _]) => self.say(command, 0, &[]),
            (0x35, [mode, _, _, _, _, _]) if !later => {
                self.pushing = (mode & 3 == 1).then_some(now + PUSH);
                field.begin(now);
                self.say(command, 0, &[]);
            }
            (0x36, []) if !later => {
                let mode = u8::from(self.pushing.is_some());
                self.say(command, 0, &[0, 30, 10, 15, mode, 2, 4, 0, 1, 0, 8, 0]);
            }
            (0x37 | 0x38 | 0x3B, [_]) if !later => self.say(command, 0, &[]),
            (0x3F, [antennas]) if later && antennas & 0x0F != 0 => {
                self.antennas = antennas & 0x0F;
                self.say(command, 0, &[]);
            }
            (0x40, [beeps]) if later => {
                self.beeps = *beeps;
                self.say(command, 0, &[]);
            }
            (0x46, [levels]) if later => {
                self.outputs = levels & 3;
                for (bit, level) in field.outputs.iter_mut().take(2).enumerate() {
                    *level = levels >> bit & 1 == 1;
                }
                self.say(command, 0, &[]);
            }
            (0x47, []) if later => {
                let inputs = field.inputs.iter().take(2).enumerate();
                let inputs = inputs.fold(0, |bits, (bit, level)| bits | u8::from(*level) << bit);
                self.say(command, 0, &[inputs | self.outputs << 4]);
            }
            (0x4C, []) if later => self.say(command, 0, &[0x17, 0x04, 0x22, 0x01]),
            (0x77, []) if later => {
                // Mode, protocol, pause, filter, Q, session, mask (none), TID (none).
                let mode = u8::from(self.pushing.is_some());
                self.say(command, 0, &[mode, 0, 0, 0, 4, 0, 1, 0, 0, 0, 0, 0]);
            }
            (0x76, [mode @ 0..=1]) if later => {
                self.pushing = (*mode == 1).then_some(now + PUSH);
                field.begin(now);
                self.say(command, 0, &[]);
            }
            (0x92, []) if later => {
                let celsius = field.celsius;
                self.say(command, 0, &[u8::from(celsius >= 0), celsius.unsigned_abs()]);
            }
            (0x21 | 0x22 | 0x25 | 0x2F, _) => self.say(command, 0xFF, &[]),
            // What it does not know it answers with no command at all.
            _ => self.say(0, 0xFE, &[]),
        }
    }

    fn tell_info(&mut self) {
        let kind = if self.is_288() { 0x0C } else { 0x09 };
        let mut data = vec![3, 7, kind, 2, self.band.0, self.band.1, self.power, self.scan_time];
        if self.is_288() {
            data.extend([self.antennas, self.beeps, 0, 0]);
        }
        self.say(0x21, 0, &data);
    }

    fn begin(&mut self, now: Duration, antenna: u8, scan_time: u8, field: &mut Field) {
        field.begin(now);
        // It ends when no more tags answer, as a rule long before it must.
        let most = Duration::from_millis(u64::from(scan_time.max(1)) * 100);
        self.inventory = Some((now, now + most.min(Duration::from_millis(60)), antenna));
    }

    fn tell_inventory(&mut self, now: Duration, antenna: u8, field: &mut Field) {
        let antenna = if antenna == 0 { self.antennas.trailing_zeros() as u8 + 1 } else { antenna };
        if self.is_288() && !field.antennas.get(usize::from(antenna) - 1).is_some_and(|there| *there) {
            return self.say(0x01, 0xF8, &[]);
        }
        // Of each tag it tells what it heard last.
        let heard: BTreeMap<usize, i8> =
            field.hear_by(now, antenna).iter().map(|heard| (heard.tag, heard.rssi_dbm)).collect();
        let tags: Vec<(&Tag, i8)> =
            heard.iter().filter_map(|(place, level)| Some((field.tags.get(*place)?, *level))).collect();
        if tags.is_empty() {
            return self.say(0x01, 0xFB, &[]);
        }
        let end = if tags.len() > ROOM { 0x04 } else { 0x01 };
        let mut frames: Vec<(u8, Vec<u8>)> = Vec::new();
        for (tag, rssi_dbm) in tags.into_iter().take(ROOM) {
            let told = self.told(tag, rssi_dbm);
            match frames.last_mut() {
                Some((count, bytes)) if bytes.len() + told.len() <= MOST_TOLD => {
                    *count += 1;
                    bytes.extend(told);
                }
                _ => frames.push((1, told)),
            }
        }
        let last = frames.len().saturating_sub(1);
        for (at, (count, bytes)) in frames.into_iter().enumerate() {
            let head = if self.is_288() { vec![1 << (antenna - 1), count] } else { vec![count] };
            self.say(0x01, if at == last { end } else { 0x03 }, &[head, bytes].concat());
        }
    }

    /// The length of an EPC, the EPC, and its strength where the reader tells it.
    fn told(&self, tag: &Tag, rssi_dbm: i8) -> Vec<u8> {
        let epc = tag.epc_bytes();
        let mut told = vec![epc.len() as u8];
        told.extend(epc);
        if self.is_288() {
            told.push(strength(rssi_dbm));
        }
        told
    }

    fn single(&mut self, field: &Field) {
        match field.tags.iter().find(|tag| !tag.killed) {
            Some(tag) => {
                let head = if self.is_288() { vec![1, 1] } else { vec![1] };
                let told = self.told(tag, SINGLE_DBM);
                self.say(0x0F, 0x01, &[head, told].concat());
            }
            None => self.say(0x0F, 0xFB, &[]),
        }
    }

    fn push(&mut self, now: Duration, field: &mut Field) {
        for heard in field.hear(now) {
            let Some(tag) = field.tags.get(heard.tag) else { continue };
            let epc = tag.epc_bytes();
            let data = if self.is_288() {
                [&[1, epc.len() as u8][..], &epc, &[strength(heard.rssi_dbm)]].concat()
            } else {
                epc
            };
            self.say(0xEE, 0, &data);
        }
    }

    fn access(&mut self, command: u8, body: &[u8], field: &mut Field) {
        let Some(what) = understand(command, body, self.is_288()) else {
            return self.say(command, 0xFF, &[]);
        };
        let named =
            |tag: &&mut Tag| !tag.killed && what.epc.as_ref().is_none_or(|epc| *epc == tag.epc_bytes());
        let Some(tag) = field.tags.iter_mut().find(named) else {
            return self.say(command, 0xFB, &[]);
        };
        match what.act.on(tag, what.password) {
            Ok(words) => {
                let data: Vec<u8> = words.iter().flat_map(|word| word.to_be_bytes()).collect();
                self.say(command, 0, &data);
            }
            Err(TagFault::Silent) if command == 0x05 => self.say(command, 0x09, &[]),
            Err(TagFault::Silent) => self.say(command, 0x05, &[]),
            Err(TagFault::NotSupported) if command == 0x05 => self.say(command, 0x0A, &[]),
            Err(TagFault::NotSupported) if command == 0x0C => self.say(command, 0x0C, &[]),
            Err(TagFault::NotSupported) => self.say(command, 0x0B, &[]),
            Err(TagFault::Overrun) => self.say(command, 0xFC, &[0x03]),
            Err(TagFault::Locked) => self.say(command, 0xFC, &[0x04]),
            Err(TagFault::LowPower) => self.say(command, 0xFC, &[0x0B]),
        }
    }
}

/// The byte that stands for a received power. No manual of the family names its unit; readers with the same chip tell the
/// power in dBm plus 129.
fn strength(rssi_dbm: i8) -> u8 {
    (i16::from(rssi_dbm) + 129).clamp(0, 255) as u8
}

/// A command to a tag.
struct What {
    /// Whom; any tag when `None`.
    epc: Option<Vec<u8>>,
    password: u32,
    act: Act,
}

enum Act {
    Read { bank: u8, first: u32, words: u8 },
    Write { bank: u8, first: u32, words: Vec<u16> },
    Kill,
    Lock { field: u8, how: u8 },
    Eas { on: bool },
}

impl Act {
    fn on(&self, tag: &mut Tag, password: u32) -> Result<Vec<u16>, TagFault> {
        match self {
            Act::Read { bank, first, words } => return tag.read(*bank, *first, *words, password),
            Act::Write { bank, first, words } => tag.write(*bank, *first, words, password)?,
            Act::Kill => tag.kill(password)?,
            Act::Lock { field, how } => {
                // The kill password is field 0 here and the highest pair in the tag's payload.
                let shift = 2 * (4 - u16::from(*field));
                let action = match how {
                    0 => 0b00,
                    1 => 0b01,
                    2 => 0b10,
                    _ => 0b11,
                };
                tag.lock(0b11 << shift, action << shift, password)?;
            }
            Act::Eas { on } => {
                if tag.access_password() == 0 {
                    return Err(TagFault::NotSupported);
                }
                tag.read(RESERVED, 0, 1, password)?;
                tag.eas = *on;
            }
        }
        Ok(Vec::new())
    }
}

fn understand(command: u8, body: &[u8], later: bool) -> Option<What> {
    let mut rest = body;
    let word_count = match command {
        0x03 | 0x10 | 0x16 => Some(take::<1>(&mut rest)?[0]),
        _ => None,
    };
    if command == 0x04 {
        let [words] = take::<1>(&mut rest)?;
        let password = u32::from_be_bytes(take::<4>(&mut rest)?);
        if words == 0 || words > 15 || rest.len() != usize::from(words) * 2 {
            return None;
        }
        let new = [vec![u16::from(words) << 11], words_of(rest)].concat();
        return Some(What { epc: None, password, act: Act::Write { bank: EPC, first: 1, words: new } });
    }
    let [named] = take::<1>(&mut rest)?;
    if named > 15 {
        return None;
    }
    let epc = split(&mut rest, usize::from(named) * 2)?;
    let place = |rest: &mut &[u8]| -> Option<u32> {
        match command {
            0x15 | 0x16 if later => take::<2>(rest).map(|at| u32::from(u16::from_be_bytes(at))),
            0x15 | 0x16 => None,
            _ => take::<1>(rest).map(|[at]| u32::from(at)),
        }
    };
    let act = match command {
        0x02 | 0x15 => {
            let [bank] = take::<1>(&mut rest)?;
            let first = place(&mut rest)?;
            let [words] = take::<1>(&mut rest)?;
            if words == 0 || words > 120 {
                return None;
            }
            Act::Read { bank, first, words }
        }
        0x03 | 0x10 | 0x16 => {
            let [bank] = take::<1>(&mut rest)?;
            let first = place(&mut rest)?;
            let count = word_count.filter(|count| (1..=32).contains(count))?;
            let words = words_of(&split(&mut rest, usize::from(count) * 2)?);
            Act::Write { bank, first, words }
        }
        0x05 | 0x0C => Act::Kill,
        0x06 => match take::<2>(&mut rest)? {
            [field @ 0..=4, how @ 0..=3] => Act::Lock { field, how },
            _ => return None,
        },
        0x07 => {
            let [bank, first, words] = take::<3>(&mut rest)?;
            if words == 0 {
                return None;
            }
            Act::Write { bank, first: u32::from(first), words: vec![0; usize::from(words)] }
        }
        _ => return None,
    };
    let password = u32::from_be_bytes(take::<4>(&mut rest)?);
    let act = if command == 0x0C { Act::Eas { on: take::<1>(&mut rest)?[0] & 1 == 1 } } else { act };
    rest.is_empty().then_some(What { epc: Some(epc), password, act })
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, after) = rest.split_first_chunk::<N>()?;
    *rest = after;
    Some(*taken)
}

fn split(rest: &mut &[u8], bytes: usize) -> Option<Vec<u8>> {
    let (taken, after) = rest.split_at_checked(bytes)?;
    *rest = after;
    Some(taken.to_vec())
}

fn words_of(bytes: &[u8]) -> Vec<u16> {
    bytes.chunks_exact(2).map(|pair| pair.iter().fold(0, |word, byte| word << 8 | u16::from(*byte))).collect()
}

fn known_band(model: Model, band: u8) -> bool {
    match model {
        Model::Reader18 => band <= 3,
        Model::Reader288 => matches!(band, 1..=4 | 6..=10 | 12),
    }
}

/// The check, by table of half bytes.
fn crc(bytes: &[u8]) -> u16 {
    const HALF: [u16; 16] = [
        0x0000, 0x1081, 0x2102, 0x3183, 0x4204, 0x5285, 0x6306, 0x7387, 0x8408, 0x9489, 0xA50A, 0xB58B,
        0xC60C, 0xD68D, 0xE70E, 0xF78F,
    ];
    let step = |crc: u16, half: u8| {
        let at = usize::from((crc ^ u16::from(half)) & 0x0F);
        crc >> 4 ^ HALF.get(at).copied().unwrap_or(0)
    };
    bytes.iter().fold(0xFFFF, |crc, byte| step(step(crc, byte & 0x0F), byte >> 4))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::serial::Fed;

    /// An inventory of a 288 is answered with antenna, count, and of each tag its EPC's length, EPC and strength.
    #[test]
    fn what_is_heard_more_loudly_is_told_as_stronger() {
        let told = |rssi_dbm: i8| {
            let (mut reader, mut field) = (UhfReader::new(Model::Reader288, 0), Field::fed());
            let ask = [0x04, 0x00, 0x01];
            let frame = [&ask[..], &crc(&ask).to_le_bytes()].concat();
            reader.handle_input(Duration::from_secs(1), &frame, &mut field);
            let epc = vec![0x30; 12];
            field.feed(Fed { epc, antenna: 1, khz: 915_250, rssi_dbm, phase_deg: 0 });
            reader.handle_timeout(Duration::from_secs(3), &mut field);
            let frame = reader.poll_output().expect("an answer");
            *frame.get(4 + 2 + 1 + 12).expect("strength behind the EPC")
        };
        let levels = [-75, -60, -45].map(told);
        assert!(levels.is_sorted() && levels.windows(2).all(|pair| pair[1] - pair[0] == 15), "{levels:?}");
    }
}
