//! An emulated module of the ThingMagic family for any client: it has a boot program and an application, streams reads or
//! keeps them in its buffer, and does tag operations on Gen2 memory. Where the public documents do not say how a module
//! answers, it answers as the maker's published API expects. It is written without looking at our own driver's codec.

mod commands;
mod tagops;

use std::collections::VecDeque;
use std::time::Duration;

use crate::serial::tag::Tag;
use crate::serial::{Emulated, Field, Heard, PORTS};

/// How often it hears tags while it reads.
const BEAT: Duration = Duration::from_millis(10);
/// From here on it does not transmit, °C.
const TOO_WARM: i8 = 85;
/// How long it takes from power to its first word.
const BOOTING: Duration = Duration::from_millis(150);
/// Half a command whose other half has not come for this long is forgotten.
const GAP: Duration = Duration::from_millis(100);
/// What its buffer holds (an M5e's; later ones hold more).
const BUFFER: usize = 200;

/// The kinds that differ for a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Model {
    /// Two ports, no streaming.
    M5e,
    /// Four ports that notice antennas; streams.
    M6e,
    /// One port; streams.
    Nano,
    /// A Nano with firmware of before questions could be put while it reads.
    OldNano,
}

impl Model {
    fn hardware(self) -> [u8; 4] {
        match self {
            Model::M5e => [0x00, 0, 0, 1],
            Model::M6e => [0x18, 0, 0, 1],
            Model::Nano | Model::OldNano => [0x30, 0, 0, 2],
        }
    }

    fn firmware(self) -> [u8; 4] {
        match self {
            Model::M5e => [0x01, 0x07, 0x00, 0x02],
            Model::M6e => [0x01, 0x21, 0x02, 0x07],
            Model::Nano => [0x01, 0x09, 0x00, 0x02],
            Model::OldNano => [0x01, 0x05, 0x00, 0x29],
        }
    }

    fn ports(self) -> u8 {
        match self {
            Model::M5e => 2,
            Model::M6e => 4,
            Model::Nano | Model::OldNano => 1,
        }
    }

    fn most_power(self) -> i16 {
        match self {
            Model::M5e => 3000,
            Model::M6e => 3150,
            Model::Nano | Model::OldNano => 2700,
        }
    }
}

/// What it is doing.
#[derive(Clone, Debug, PartialEq)]
enum Doing {
    Nothing,
    /// Starting, until then.
    Booting(Duration),
    /// Streaming.
    Streaming {
        flags: u16,
        metadata: u16,
        round: Duration,
        ends: Duration,
        next: Duration,
    },
    /// Searching into the buffer.
    Searching {
        option: u8,
        flags: u16,
        choice: tagops::Choice,
        ends: Duration,
        next: Duration,
    },
}

/// The module.
#[derive(Clone, Debug)]
pub struct ThingMagic {
    model: Model,
    baud: u32,
    /// The boot program runs, not the application.
    in_boot: bool,
    received: Vec<u8>,
    received_at: Duration,
    out: VecDeque<Vec<u8>>,
    doing: Doing,
    region: u8,
    protocol: u16,
    list: Vec<u8>,
    port: u8,
    read_power: i16,
    write_power: i16,
    settings: Vec<(u8, u8, Vec<u8>)>,
    buffer: Vec<(Heard, u8, u32)>,
}

impl ThingMagic {
    /// A module fresh from power, in its application, at 115,200 bits per second.
    pub fn new(model: Model) -> ThingMagic {
        ThingMagic {
            model,
            baud: 115_200,
            in_boot: false,
            received: Vec::new(),
            received_at: Duration::ZERO,
            out: VecDeque::new(),
            doing: Doing::Nothing,
            region: 0,
            protocol: 0,
            list: vec![1],
            port: 1,
            read_power: 2000,
            write_power: 2000,
            settings: Vec::new(),
            buffer: Vec::new(),
        }
    }

    /// The same, but in its boot program.
    pub fn in_boot_program(mut self) -> ThingMagic {
        self.in_boot = true;
        self
    }

    /// The same, at another rate.
    pub fn at(mut self, baud: u32) -> ThingMagic {
        self.baud = baud;
        self
    }

    fn say(&mut self, op: u8, status: u16, data: &[u8]) {
        let mut frame = vec![0xFF, data.len() as u8, op];
        frame.extend_from_slice(&status.to_be_bytes());
        frame.extend_from_slice(data);
        let sum = crc(frame.get(1..).unwrap_or_default());
        frame.extend_from_slice(&sum.to_be_bytes());
        self.out.push_back(frame);
    }

    fn version(&self) -> Vec<u8> {
        let parts = [
            [0x12, 0x12, 0x19, 0x00],
            self.model.hardware(),
            [0x20, 0x16, 0x05, 0x04],
            self.model.firmware(),
        ];
        [parts.concat(), 0x10_u32.to_be_bytes().to_vec()].concat()
    }

    /// What it hears now, with antenna and frequency.
    fn hear(&self, now: Duration, field: &mut Field) -> Vec<(Heard, u8, u32)> {
        let tags = field.tags.len().max(1);
        let heard = field.hear(now).into_iter().filter_map(|heard| {
            let in_turn = self.list.get((heard.number / tags) % self.list.len().max(1)).copied();
            // What an antenna hears that is not on the list is heard by nobody.
            let (antenna, khz) = match heard.told {
                Some((antenna, khz)) => (self.list.contains(&antenna).then_some(antenna)?, khz),
                None => (in_turn?, self.frequency(now)),
            };
            Some((heard, antenna, khz))
        });
        heard.collect()
    }

    /// A channel of the region, another one every 200 ms.
    fn frequency(&self, now: Duration) -> u32 {
        let hop = (now.as_millis() / 200) as u32;
        match self.region {
            2 | 7 | 8 => 865_700 + 600 * (hop % 4),
            _ => 902_750 + 500 * (hop * 7 % 50),
        }
    }

    /// Why it cannot transmit now, if so.
    fn obstacle(&self, field: &Field) -> Option<u16> {
        let plugged = |port: &u8| field.antennas.get(usize::from(*port).wrapping_sub(1)) == Some(&true);
        if self.region == 0 {
            Some(0x0405)
        } else if self.protocol != 5 {
            Some(0x0401)
        } else if field.celsius >= TOO_WARM {
            Some(0x0504)
        } else if self.model == Model::M6e && !self.list.iter().all(plugged) {
            Some(0x0503)
        } else {
            None
        }
    }

    fn stream(&mut self, now: Duration, field: &mut Field) {
        let Doing::Streaming { flags, metadata, round, ends, next } = self.doing.clone() else { return };
        if now < next {
            return;
        }
        let obstacle = self.obstacle(field);
        for (heard, antenna, khz) in self.hear(now, field) {
            let Some(tag) = field.tags.get(heard.tag).filter(|_| obstacle.is_none()) else { continue };
            let mut data = vec![0x10];
            data.extend_from_slice(&flags.to_be_bytes());
            data.extend_from_slice(&metadata.to_be_bytes());
            data.push(1);
            data.extend(record(metadata, &heard, antenna, khz, tag, levels(field)));
            self.say(0x22, 0, &data);
        }
        let over = now >= ends;
        if over {
            // At the end of each round a word without a tag: that it is alive, or why it hears nothing.
            self.say(0x22, obstacle.unwrap_or(0x0400), &[]);
        }
        let ends = if over { now + round } else { ends };
        self.doing = Doing::Streaming { flags, metadata, round, ends, next: now + BEAT };
    }

    fn search(&mut self, now: Duration, field: &mut Field) {
        let Doing::Searching { option, flags, choice, ends, next } = self.doing.clone() else { return };
        if now < next {
            return;
        }
        for (heard, antenna, khz) in self.hear(now, field) {
            if !field.tags.get(heard.tag).is_some_and(|tag| choice.fits(tag)) {
                continue;
            }
            let known = self.buffer.iter().position(|known| known.0.tag == heard.tag && known.1 == antenna);
            if let Some(known) = known.map(|at| self.buffer.get_mut(at)) {
                known.into_iter().for_each(|known| *known = (heard.clone(), antenna, khz));
            } else if self.buffer.len() < BUFFER {
                self.buffer.push((heard, antenna, khz));
            }
        }
        if now < ends {
            self.doing = Doing::Searching { option, flags, choice, ends, next: now + BEAT };
            return;
        }
        self.doing = Doing::Nothing;
        let found = self.buffer.len();
        if found == 0 {
            return self.say(0x22, 0x0400, &[]);
        }
        let mut data = vec![option];
        data.extend_from_slice(&flags.to_be_bytes());
        if flags & 0x10 != 0 {
            data.extend_from_slice(&(found as u32).to_be_bytes());
        } else {
            data.push(found as u8);
        }
        self.say(0x22, if found >= BUFFER { 0x0601 } else { 0 }, &data);
    }
}

impl Emulated for ThingMagic {
    fn baud(&self) -> u32 {
        self.baud
    }

    fn handle_input(&mut self, now: Duration, bytes: &[u8], field: &mut Field) {
        if matches!(self.doing, Doing::Booting(_)) {
            return;
        }
        if now > self.received_at + GAP {
            self.received.clear();
        }
        self.received_at = now;
        self.received.extend_from_slice(bytes);
        while let Some(start) = self.received.iter().position(|byte| *byte == 0xFF) {
            self.received.drain(..start);
            let Some(length) = self.received.get(1).map(|length| usize::from(*length) + 5) else { return };
            if length > 253 {
                self.received.remove(0);
                continue;
            }
            let Some(frame) = self.received.get(..length).map(<[u8]>::to_vec) else { return };
            let (covered, sum) = frame.split_at(length - 2);
            if sum != crc(covered.get(1..).unwrap_or_default()).to_be_bytes() {
                self.received.remove(0);
                continue;
            }
            self.received.drain(..length);
            if let Some(([_, _, op], data)) = covered.split_first_chunk::<3>() {
                self.command(now, *op, data, field);
            }
        }
        self.received.clear();
    }

    fn handle_timeout(&mut self, now: Duration, field: &mut Field) {
        match self.doing {
            Doing::Booting(until) if now >= until => {
                self.doing = Doing::Nothing;
                // Its first word, unasked.
                let version = self.version();
                self.say(0x04, 0, &version);
            }
            Doing::Streaming { .. } => self.stream(now, field),
            Doing::Searching { .. } => self.search(now, field),
            _ => {}
        }
    }

    fn poll_output(&mut self) -> Option<Vec<u8>> {
        self.out.pop_front()
    }

    fn poll_timeout(&self) -> Option<Duration> {
        match &self.doing {
            Doing::Nothing => None,
            Doing::Booting(until) => Some(*until),
            Doing::Streaming { next, .. } | Doing::Searching { next, .. } => Some(*next),
        }
    }

    fn restart(&mut self, now: Duration) {
        *self = ThingMagic {
            doing: Doing::Booting(now + BOOTING),
            baud: self.baud,
            ..ThingMagic::new(self.model)
        };
    }
}

/// Levels of the contacts as a read tells them: outputs in the lower half, inputs in the upper.
fn levels(field: &Field) -> u8 {
    let bits = |levels: &[bool; PORTS]| levels.iter().rev().fold(0, |sum, high| (sum << 1) | u8::from(*high));
    bits(&field.outputs) | bits(&field.inputs) << 4
}

/// A tag with the metadata that are wanted.
fn record(metadata: u16, heard: &Heard, antenna: u8, khz: u32, tag: &Tag, levels: u8) -> Vec<u8> {
    let mut data = Vec::new();
    let mut field = |flag: u16, bytes: &[u8]| {
        if metadata & flag != 0 {
            data.extend_from_slice(bytes);
        }
    };
    field(0x0001, &[1]);
    field(0x0002, &[heard.rssi_dbm as u8]);
    field(0x0004, &[(antenna << 4) | (antenna & 0xF)]);
    field(0x0008, khz.to_be_bytes().get(1..).unwrap_or_default());
    field(0x0010, &[0, 0, (heard.number >> 8) as u8, heard.number as u8]);
    field(0x0020, &heard.phase_deg.to_be_bytes());
    field(0x0040, &[5]);
    field(0x0080, &[0, 0]);
    field(0x0100, &[levels]);
    field(0x0200, &[4]);
    field(0x0400, &[0]);
    field(0x0800, &[0]);
    let epc = tag.epc_bytes();
    data.extend_from_slice(&((epc.len() as u16 + 4) * 8).to_be_bytes());
    data.extend_from_slice(&tag.pc().to_be_bytes());
    data.extend_from_slice(&epc);
    data.extend_from_slice(&tag.crc().to_be_bytes());
    data
}

/// The maker's checksum by its table of sixteen.
fn crc(bytes: &[u8]) -> u16 {
    const TABLE: [u16; 16] = [
        0x0000, 0x1021, 0x2042, 0x3063, 0x4084, 0x50A5, 0x60C6, 0x70E7, 0x8108, 0x9129, 0xA14A, 0xB16B,
        0xC18C, 0xD1AD, 0xE1CE, 0xF1EF,
    ];
    let mut sum = 0xFFFF_u16;
    for byte in bytes {
        for nibble in [byte >> 4, byte & 0xF] {
            let top = TABLE.get(usize::from(sum >> 12)).copied().unwrap_or(0);
            sum = ((sum << 4) | u16::from(nibble)) ^ top;
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(text: &str) -> Vec<u8> {
        recording::Hex::parse(text).map(|hex| hex.bytes().to_vec()).unwrap()
    }

    fn field() -> Field {
        Field::stock(3, 100.0)
    }

    fn say(module: &mut ThingMagic, field: &mut Field, now_ms: u64, frame: &str) -> Vec<Vec<u8>> {
        module.handle_input(Duration::from_millis(now_ms), &bytes(frame), field);
        std::iter::from_fn(|| module.poll_output()).collect()
    }

    #[test]
    fn the_version_command_of_public_logs_is_answered_with_twenty_bytes() {
        let (mut module, mut field) = (ThingMagic::new(Model::Nano), field());
        let said = say(&mut module, &mut field, 0, "FF00031D0C");
        assert_eq!(said.len(), 1);
        assert_eq!(said[0].get(..5), Some(&[0xFF, 20, 0x03, 0, 0][..]));
    }

    #[test]
    fn a_frame_with_a_wrong_checksum_is_not_heard() {
        let (mut module, mut field) = (ThingMagic::new(Model::Nano), field());
        assert_eq!(say(&mut module, &mut field, 0, "FF00031D0D"), Vec::<Vec<u8>>::new());
    }

    #[test]
    fn it_streams_only_when_region_and_protocol_are_set() {
        let (mut module, mut field) = (ThingMagic::new(Model::Nano), field());
        let start = "FF102F00000122000005072210001B03E801FFDD2B";
        assert_eq!(say(&mut module, &mut field, 0, start)[0].get(3..5), Some(&[0x04, 0x05][..]));
        (module.region, module.protocol) = (1, 5);
        assert_eq!(say(&mut module, &mut field, 0, start)[0].get(2..6), Some(&[0x2F, 0, 0, 1][..]));
        module.handle_timeout(Duration::from_millis(100), &mut field);
        let reads: Vec<_> = std::iter::from_fn(|| module.poll_output()).collect();
        assert_eq!(reads.len(), 10, "100 a second for a tenth of one");
        assert!(
            reads.iter().all(|read| read.get(1..3) == Some(&[0x28, 0x22][..])),
            "as long as the annotated one"
        );
    }

    /// What the maker's API asks an M6e at its start, in its order: version, program, power mode, transport, product,
    /// protocol, protocols, antennas, read filter. Each answer is well and has what the API looks for where it looks.
    #[test]
    fn the_makers_api_finds_what_it_asks_for_at_its_start() {
        let (mut module, mut field) = (ThingMagic::new(Model::M6e), field());
        let asked: [(u8, &[u8], usize); 9] = [
            (0x03, &[], 20),
            (0x0C, &[], 1),
            (0x68, &[], 1),
            (0x6A, &[1, 0x0E], 3),
            (0x6A, &[1, 0x12], 4),
            (0x63, &[], 2),
            (0x70, &[], 2),
            (0x61, &[5], 9),
            (0x6A, &[1, 0x0C], 3),
        ];
        for (op, data, least) in asked {
            let mut frame = [&[0xFF, data.len() as u8, op], data].concat();
            let sum = crc(&frame[1..]).to_be_bytes();
            frame.extend(sum);
            module.handle_input(Duration::ZERO, &frame, &mut field);
            let said = module.poll_output().unwrap();
            assert_eq!(said.get(2..5), Some(&[op, 0, 0][..]), "{said:02X?}");
            assert!(usize::from(said[1]) >= least && said.len() == usize::from(said[1]) + 7, "{said:02X?}");
        }
    }
}
