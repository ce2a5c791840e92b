//! An emulated M100, QM100 or R200 module: its frames, its settings, its rounds of inventory, and what it does to the
//! tags in its field. Written from the manuals a second time, apart from the driver. It has no radio: what is heard is
//! the field's business, and sessions and slots are taken note of only.

use std::collections::VecDeque;
use std::time::Duration;

use crate::serial::tag::{EPC, RESERVED, Tag, TagFault, USER};
use crate::serial::{Emulated, Field};

/// A round of inventory.
const ROUND: Duration = Duration::from_millis(20);
/// A command whose bytes are further apart than this is none.
const GAP: Duration = Duration::from_millis(50);
/// Data in a frame at most.
const MOST_DATA: usize = 512;
/// Tags in one round of a single poll at most.
const MOST_AT_ONCE: usize = 16;

/// How the module is built.
#[derive(Clone, Debug)]
pub struct Build {
    /// The bytes around a frame: 0xBB and 0x7E, or 0xAA and 0xDD.
    pub marks: (u8, u8),
    /// Hardware, firmware, maker.
    pub texts: [String; 3],
    /// The powers it can send, 1/100 dBm.
    pub powers: (u16, u16),
    /// Whether it says so when a round finds nothing.
    pub tells_empty_rounds: bool,
    /// Whether it sends the tags' own CRC, or something else in its place.
    pub true_crc: bool,
}

impl Default for Build {
    fn default() -> Build {
        Build {
            marks: (0xBB, 0x7E),
            texts: ["M100 26dBm V1.0".to_owned(), "V2.3.5".to_owned(), "MagicRF".to_owned()],
            powers: (1_500, 2_600),
            tells_empty_rounds: true,
            true_crc: true,
        }
    }
}

#[derive(Clone, Debug)]
struct Settings {
    region: u8,
    channel: u8,
    hopping: u8,
    power: u16,
    query: u16,
    demodulator: [u8; 4],
    select: Vec<u8>,
    select_mode: u8,
    outputs: [bool; 4],
    sleep_after_min: u8,
}

/// The module.
#[derive(Clone, Debug)]
pub struct M100 {
    build: Build,
    settings: Settings,
    came: VecDeque<u8>,
    came_at: Duration,
    out: VecDeque<Vec<u8>>,
    /// Rounds left, and when the next one ends.
    rounds: Option<(u16, Duration)>,
    asleep: bool,
    baud: u32,
}

impl M100 {
    /// One that has just got power.
    pub fn new(build: Build) -> M100 {
        M100 {
            settings: Settings::fresh(build.powers.1),
            build,
            came: VecDeque::new(),
            came_at: Duration::ZERO,
            out: VecDeque::new(),
            rounds: None,
            asleep: false,
            baud: 115_200,
        }
    }

    /// The region code it keeps to.
    pub fn region(&self) -> u8 {
        self.settings.region
    }

    /// The power it sends, 1/100 dBm.
    pub fn power(&self) -> u16 {
        self.settings.power
    }
}

impl Settings {
    fn fresh(power: u16) -> Settings {
        Settings {
            region: 1,
            channel: 1,
            hopping: 0xFF,
            power,
            query: 0x1020,
            demodulator: [2, 6, 1, 0xB0],
            select: vec![1, 0, 0, 0, 32, 0, 0],
            select_mode: 1,
            outputs: [false; 4],
            sleep_after_min: 0,
        }
    }
}

impl Emulated for M100 {
    fn baud(&self) -> u32 {
        self.baud
    }

    fn handle_input(&mut self, now: Duration, bytes: &[u8], field: &mut Field) {
        let bytes = if std::mem::take(&mut self.asleep) { bytes.get(1..).unwrap_or_default() } else { bytes };
        if now > self.came_at + GAP {
            self.came.clear();
        }
        self.came_at = now;
        self.came.extend(bytes);
        while let Some((command, data)) = self.take_command() {
            self.obey(now, command, &data, field);
        }
    }

    fn handle_timeout(&mut self, now: Duration, field: &mut Field) {
        let Some((left, due)) = self.rounds else { return };
        if now < due {
            return;
        }
        let heard = field.hear(now);
        let mut any = false;
        for heard in heard {
            let tag =
                field.tags.get(heard.tag).filter(|tag| self.settings.select_mode != 0 || self.chosen(tag));
            if let Some(tag) = tag.cloned() {
                any = true;
                self.notice(&tag, heard.rssi_dbm);
            }
        }
        if !any && self.build.tells_empty_rounds {
            self.failure(0x15, None);
        }
        let next = if due + ROUND > now { due + ROUND } else { now + ROUND };
        self.rounds = (left > 1).then_some((left.saturating_sub(1), next));
    }

    fn poll_output(&mut self) -> Option<Vec<u8>> {
        self.out.pop_front()
    }

    fn poll_timeout(&self) -> Option<Duration> {
        self.rounds.map(|(_, due)| due)
    }

    fn restart(&mut self, _now: Duration) {
        *self = M100::new(self.build.clone());
    }
}

impl M100 {
    /// The next command whose sum is right; what is none is skipped.
    fn take_command(&mut self) -> Option<(u8, Vec<u8>)> {
        loop {
            let (start, end) = self.build.marks;
            while self.came.front().is_some_and(|byte| *byte != start) {
                self.came.pop_front();
            }
            let length = usize::from(*self.came.get(3)?) << 8 | usize::from(*self.came.get(4)?);
            if length <= MOST_DATA && self.came.get(1) == Some(&0) {
                if self.came.len() < length + 7 {
                    return None;
                }
                let sum = self.came.iter().skip(1).take(length + 4).map(|byte| u32::from(*byte)).sum::<u32>();
                let told = self.came.get(length + 5).copied().map(u32::from);
                if told == Some(sum % 256) && self.came.get(length + 6) == Some(&end) {
                    let frame: Vec<u8> = self.came.drain(..length + 7).collect();
                    let data = frame.get(5..length + 5).unwrap_or_default().to_vec();
                    return Some((frame.get(2).copied().unwrap_or(0), data));
                }
            }
            self.came.pop_front();
        }
    }

    fn say(&mut self, kind: u8, command: u8, data: &[u8]) {
        let mut frame = vec![self.build.marks.0, kind, command, (data.len() >> 8) as u8, data.len() as u8];
        frame.extend_from_slice(data);
        let sum = frame.iter().skip(1).map(|byte| u32::from(*byte)).sum::<u32>();
        frame.extend([sum as u8, self.build.marks.1]);
        self.out.push_back(frame);
    }

    fn done(&mut self, command: u8) {
        self.say(1, command, &[0]);
    }

    fn failure(&mut self, code: u8, tag: Option<&Tag>) {
        let mut data = vec![code];
        if let Some(tag) = tag {
            data.extend(identity(tag));
        }
        self.say(1, 0xFF, &data);
    }

    fn notice(&mut self, tag: &Tag, rssi_dbm: i8) {
        let mut data = vec![rssi_dbm as u8];
        data.extend(tag.pc().to_be_bytes());
        data.extend(tag.epc_bytes());
        let crc = if self.build.true_crc { tag.crc() } else { 0x0102 };
        data.extend(crc.to_be_bytes());
        self.say(2, 0x22, &data);
    }

    fn chosen(&self, tag: &Tag) -> bool {
        let [first, a, b, c, d, bits, _, mask @ ..] = self.settings.select.as_slice() else { return false };
        let first_bit = u32::from_be_bytes([*a, *b, *c, *d]);
        tag.matches(first & 3, first_bit, mask, u16::from(*bits))
    }

    fn obey(&mut self, now: Duration, command: u8, data: &[u8], field: &mut Field) {
        if self.rounds.is_some() && command != 0x28 && command != 0x27 {
            // Anything else ends the rounds too.
            self.rounds = None;
        }
        match (command, data) {
            (0x03, [which @ 0..=2]) => {
                let text = self.build.texts.get(usize::from(*which)).cloned().unwrap_or_default();
                self.say(1, 0x03, &[&[*which], text.as_bytes()].concat());
            }
            (0x22, []) => self.poll(field),
            (0x27, [_, high, low]) => {
                field.begin(now);
                self.rounds = Some((u16::from_be_bytes([*high, *low]), now + ROUND));
            }
            (0x28, []) => {
                self.rounds = None;
                self.done(0x28);
            }
            (0x04 | 0x17, _) => {
                self.done(command);
                self.asleep = command == 0x17;
            }
            (0x39 | 0x49 | 0x65 | 0x82 | 0xD3 | 0xE0..=0xE6, data) => self.access(command, data, field),
            (0x1A, [what, port @ 1..=4, value]) => self.contact(*what, *port, *value, field),
            (command, data) => self.set_or_get(command, data),
        }
    }

    fn set_or_get(&mut self, command: u8, data: &[u8]) {
        let settings = &mut self.settings;
        match (command, data) {
            (0x07, [code @ (1..=4 | 6)]) => settings.region = *code,
            (0x0C, [_, _, _, _, _, bits, _, mask @ ..]) if mask.len() * 8 >= usize::from(*bits) => {
                settings.select = data.to_vec();
                settings.select_mode = 2;
            }
            (0x0E, [high, low]) => settings.query = u16::from_be_bytes([*high, *low]),
            (0x12, [mode @ 0..=2]) => {
                settings.select_mode = *mode;
                // The manual shows this code in the answer.
                return self.done(0x0C);
            }
            (0xA9, [count, channels @ ..]) if channels.len() == usize::from(*count) => {}
            (0xAB, [channel]) => settings.channel = *channel,
            (0xAD, [on @ (0 | 0xFF)]) => settings.hopping = *on,
            (0xB0, [0 | 0xFF]) => {}
            (0xB6, [high, low]) => {
                let (least, most) = self.build.powers;
                settings.power = u16::from_be_bytes([*high, *low]).clamp(least, most);
            }
            (0xF0, [mixer @ 0..=6, amplifier @ 0..=7, high, low]) => {
                settings.demodulator = [*mixer, *amplifier, *high, *low];
            }
            (0x1D, [minutes @ 0..=30]) => {
                settings.sleep_after_min = *minutes;
                return self.say(1, 0x1D, &[*minutes]);
            }
            (0x11, [high, low]) => {
                self.baud = u32::from(u16::from_be_bytes([*high, *low])) * 100;
                return;
            }
            (0x08, []) => return self.tell(command, |own| vec![own.region]),
            (0x0B, []) => return self.tell(command, |own| own.select.clone()),
            (0x0D, []) => return self.tell(command, |own| own.query.to_be_bytes().to_vec()),
            (0xAA, []) => return self.tell(command, |own| vec![own.channel]),
            (0xB7, []) => return self.tell(command, |own| own.power.to_be_bytes().to_vec()),
            (0xF1, []) => return self.tell(command, |own| own.demodulator.to_vec()),
            (0xF2, []) => return self.say(1, command, &[&[0, 19][..], &[0xF2; 20]].concat()),
            (0xF3, []) => return self.say(1, command, &[&[0, 19][..], &[0xBA; 20]].concat()),
            _ => return self.failure(0x17, None),
        }
        self.done(command);
    }

    fn tell(&mut self, command: u8, what: impl Fn(&Settings) -> Vec<u8>) {
        let data = what(&self.settings);
        self.say(1, command, &data);
    }

    fn contact(&mut self, what: u8, port: u8, value: u8, field: &mut Field) {
        let at = usize::from(port - 1);
        let yes = match (what, self.settings.outputs.get_mut(at)) {
            (0, Some(output)) => {
                *output = value == 1;
                true
            }
            (1, Some(true)) => {
                if let Some(level) = field.outputs.get_mut(at) {
                    *level = value == 1;
                }
                true
            }
            (2, Some(true)) => field.outputs.get(at).copied().unwrap_or(false),
            (2, _) => field.inputs.get(at).copied().unwrap_or(false),
            _ => false,
        };
        self.say(1, 0x1A, &[what, port, u8::from(yes)]);
    }

    fn poll(&mut self, field: &mut Field) {
        let in_reach = field.tags.iter().filter(|tag| !tag.killed);
        let chosen = in_reach.filter(|tag| self.settings.select_mode != 0 || self.chosen(tag));
        let found: Vec<Tag> = chosen.take(MOST_AT_ONCE).cloned().collect();
        if found.is_empty() {
            return self.failure(0x15, None);
        }
        found.iter().for_each(|tag| self.notice(tag, -55));
    }

    /// What needs a tag: finds it, does it, and says what the tag said.
    fn access(&mut self, command: u8, data: &[u8], field: &mut Field) {
        let silent = match command {
            0x39 => 0x09,
            0x49 => 0x10,
            0x65 => 0x12,
            0x82 => 0x13,
            0xD3 => 0x14,
            0xE0 => 0x1A,
            0xE1 => 0x2A,
            0xE3 => 0x1B,
            0xE4 => 0x1D,
            _ => 0x2E,
        };
        if command == 0xE4 {
            return match field.tags.iter().any(|tag| tag.eas && !tag.killed) {
                true => self.say(1, 0xE4, &[0x69, 0x0A, 0xEC, 0x7C, 0xD2, 0x15, 0xD8, 0xF9]),
                false => self.failure(silent, None),
            };
        }
        let mode = self.settings.select_mode;
        let place = field.tags.iter().position(|tag| !tag.killed && (mode == 1 || self.chosen(tag)));
        let Some(tag) = place.and_then(|place| field.tags.get_mut(place)) else {
            return self.failure(silent, None);
        };
        let Some((password, rest)) = split_password(data) else { return self.failure(0x17, None) };
        let before = tag.clone();
        let answer = match operate(command, password, rest, tag) {
            Some(answer) => answer,
            None => return self.failure(0x17, None),
        };
        let high = match command {
            0x39 => 0xA0,
            0x49 => 0xB0,
            0x82 => 0xC0,
            0x65 => 0xD0,
            _ => 0xE0,
        };
        match answer {
            Ok((command, data)) => self.say(1, command, &[identity(&before), data].concat()),
            Err(TagFault::Silent) if command == 0x65 => self.failure(silent, None),
            Err(TagFault::Silent) => self.failure(0x16, Some(&before)),
            // The manual: a tag whose kill password is 0 answers error 0 to a kill.
            Err(TagFault::NotSupported) if command == 0x65 => self.failure(0xD0, Some(&before)),
            Err(TagFault::NotSupported) => self.failure(high | 0x0F, Some(&before)),
            Err(TagFault::Overrun) => self.failure(high | 0x03, Some(&before)),
            Err(TagFault::Locked) => self.failure(high | 0x04, Some(&before)),
            Err(TagFault::LowPower) => self.failure(high | 0x0B, Some(&before)),
        }
    }
}

/// The answer's command and what follows PC and EPC in it; `None` where the command's data make no sense.
type Operated = Option<Result<(u8, Vec<u8>), TagFault>>;

fn operate(command: u8, password: u32, rest: &[u8], tag: &mut Tag) -> Operated {
    let done = |code: u8| move |()| (code, vec![0]);
    Some(match (command, rest) {
        (0x39, [bank, a, b, c, d]) => {
            let (first, words) = (u16::from_be_bytes([*a, *b]), u16::from_be_bytes([*c, *d]));
            let words = u8::try_from(words).ok()?;
            let bytes = |words: Vec<u16>| words.iter().flat_map(|word| word.to_be_bytes()).collect();
            tag.read(*bank, u32::from(first), words, password).map(|words| (0x39, bytes(words)))
        }
        (0x49, [bank, a, b, c, d, data @ ..]) => {
            let (first, words) = (u16::from_be_bytes([*a, *b]), u16::from_be_bytes([*c, *d]));
            if words == 0 || words > 32 || data.len() != usize::from(words) * 2 {
                return None;
            }
            tag.write(*bank, u32::from(first), &words_of(data), password).map(done(0x49))
        }
        (0x65, []) => tag.kill(password).map(done(0x65)),
        (0x82, [a, b, c]) => {
            let payload = u32::from(*a) << 16 | u32::from(*b) << 8 | u32::from(*c);
            tag.lock((payload >> 10 & 0x3FF) as u16, (payload & 0x3FF) as u16, password).map(done(0x82))
        }
        (0xD3, [1, bank, a, b, groups, mask @ ..]) if mask.len() == usize::from(*groups) * 2 => {
            if *bank != USER {
                return None;
            }
            let first = u32::from(u16::from_be_bytes([*a, *b]));
            tag.block_permalock(first, &words_of(mask), password).map(done(0xD4))
        }
        (0xE3, [on @ (0 | 1)]) => {
            if tag.access_password() == 0 {
                return Some(Err(TagFault::Locked));
            }
            // Only who knows the password may read what is locked: asking for it proves it.
            tag.read(RESERVED, 0, 1, password).map(|_| tag.eas = *on == 1).map(done(0xE3))
        }
        (0xE0, [_, _]) => tag.read(EPC, 0x20, 1, password).map(|_| (0xE0, vec![0, 0])),
        _ => return None,
    })
}

fn split_password(data: &[u8]) -> Option<(u32, &[u8])> {
    data.split_first_chunk::<4>().map(|(password, rest)| (u32::from_be_bytes(*password), rest))
}

fn words_of(bytes: &[u8]) -> Vec<u16> {
    bytes.chunks_exact(2).map(|pair| pair.iter().fold(0, |word, byte| word << 8 | u16::from(*byte))).collect()
}

/// The length of PC and EPC together, PC, EPC.
fn identity(tag: &Tag) -> Vec<u8> {
    let epc = tag.epc_bytes();
    [&[epc.len() as u8 + 2][..], &tag.pc().to_be_bytes(), &epc].concat()
}
