//! The module's commands beside those on tags: what it is, how it is set up, reading on and off, contacts.

use std::time::Duration;

use super::tagops::Choice;
use super::{BEAT, Doing, Model, ThingMagic};
use crate::serial::Field;

/// Regions that it has.
const REGIONS: [u8; 6] = [1, 4, 5, 6, 8, 11];
const NANO_REGIONS: [u8; 6] = [4, 6, 8, 11, 13, 14];

impl ThingMagic {
    pub(super) fn command(&mut self, now: Duration, op: u8, data: &[u8], field: &mut Field) {
        if self.in_boot && !matches!(op, 0x03 | 0x04 | 0x06 | 0x0C) {
            return self.say(op, 0x0101, &[]);
        }
        // What streams hears nothing but the end, and questions packed into its command.
        if matches!(self.doing, Doing::Streaming { .. }) && op != 0x2F {
            return self.say(op, 0x0102, &[]);
        }
        match op {
            0x2F => self.continuous(now, data, field),
            0x22 => self.begin_search(now, data, field),
            0x29 => self.fetch(data, field),
            0x2A => {
                self.buffer.clear();
                self.say(op, 0, &[]);
            }
            0x21 | 0x23..=0x26 | 0x28 | 0x2D | 0x2E => {
                let (status, answer) = match self.obstacle(field) {
                    Some(status) => (status, vec![]),
                    None => self.tag_operation(op, data, field),
                };
                self.say(op, status, &answer);
            }
            _ => {
                let (status, answer) = self.plain(op, data, field);
                self.say(op, status, &answer);
            }
        }
    }

    /// A command that is answered at once.
    fn plain(&mut self, op: u8, data: &[u8], field: &mut Field) -> (u16, Vec<u8>) {
        let ok = |answer: &[u8]| (0, answer.to_vec());
        let regions = if matches!(self.model, Model::Nano | Model::OldNano) { NANO_REGIONS } else { REGIONS };
        match (op, data) {
            (0x03, []) => ok(&self.version()),
            (0x04, []) if self.in_boot => {
                self.in_boot = false;
                ok(&self.version())
            }
            (0x06, rate) if rate.len() == 4 => ok(&[]),
            (0x0C, []) => ok(&[if self.in_boot { 0x11 } else { 0x12 }]),
            (0x71, []) => ok(&regions),
            (0x67, []) => ok(&[self.region]),
            (0x97, [region]) if regions.contains(region) => {
                self.region = *region;
                ok(&[])
            }
            (0x97, [_]) => (0x010B, vec![]),
            (0x70, []) => ok(&[0, 5]),
            (0x63, []) => ok(&self.protocol.to_be_bytes()),
            (0x93, [0, 5]) => {
                self.protocol = 5;
                ok(&[])
            }
            (0x93, [_, _]) => (0x0402, vec![]),
            (0x68, []) => ok(&[0]),
            (0x98, [_]) => ok(&[]),
            (0x61, [0]) => ok(&[self.port, self.port]),
            (0x61, [5]) => {
                let detects = self.model != Model::Nano && self.model != Model::OldNano;
                let ports = (1..=self.model.ports()).zip(field.antennas);
                (
                    0,
                    std::iter::once(5)
                        .chain(ports.flat_map(|(port, plugged)| [port, u8::from(plugged && detects)]))
                        .collect(),
                )
            }
            (0x91, [tx, rx]) if tx == rx => self.set_list(&[*tx, *rx]),
            (0x91, [2, pairs @ ..]) => self.set_list(pairs),
            (0x91, [4, powers @ ..]) if powers.len() % 7 == 0 && self.model != Model::M5e => {
                let fits = |power: &[u8]| {
                    power
                        .get(1..3)
                        .and_then(|cdbm| cdbm.try_into().ok())
                        .is_some_and(|cdbm| self.power(i16::from_be_bytes(cdbm)) == 0)
                };
                (if powers.chunks(7).all(fits) { 0 } else { 0x0103 }, vec![])
            }
            (0x62 | 0x64, [option @ (0 | 1)]) => {
                let set = if op == 0x62 { self.read_power } else { self.write_power };
                let mut answer = vec![*option];
                answer.extend(set.to_be_bytes());
                if *option == 1 {
                    answer.extend(self.model.most_power().to_be_bytes());
                    answer.extend(500_i16.to_be_bytes());
                }
                (0, answer)
            }
            (0x92 | 0x94, [high, low]) => {
                let power = i16::from_be_bytes([*high, *low]);
                let status = self.power(power);
                if status == 0 && op == 0x92 {
                    self.read_power = power;
                } else if status == 0 {
                    self.write_power = power;
                }
                (status, vec![])
            }
            (0x9A, [1, key, value @ ..]) if !value.is_empty() => self.set(0x9A, *key, value),
            (0x9B, [5, key, value @ ..]) if !value.is_empty() => self.set(0x9B, *key, value),
            (0x6A, [1, key]) => self.get(0x9A, 1, *key),
            (0x6B, [5, key]) => self.get(0x9B, 5, *key),
            (0x6C, [..]) => ok(&[]),
            (0x72, []) => ok(&[field.celsius as u8]),
            (0x66, [1]) => {
                let contacts = (1_u8..).zip(field.inputs.iter().zip(field.outputs));
                (
                    0,
                    std::iter::once(1)
                        .chain(contacts.flat_map(|(port, (input, output))| {
                            [port, u8::from(output), u8::from(*input || output)]
                        }))
                        .collect(),
                )
            }
            (0x96, [1, port, output, _]) if (1..=4).contains(port) => {
                if *output == 0 {
                    set_level(&mut field.outputs, *port, false);
                }
                ok(&[])
            }
            (0x96, [port, level]) if (1..=4).contains(port) => {
                set_level(&mut field.outputs, *port, *level != 0);
                ok(&[])
            }
            (0x61 | 0x91 | 0x93 | 0x96 | 0x97 | 0x9A | 0x9B, _) => (0x0105, vec![]),
            _ => (0x0101, vec![]),
        }
    }

    fn set_list(&mut self, pairs: &[u8]) -> (u16, Vec<u8>) {
        let ports: Vec<u8> = pairs.chunks_exact(2).filter_map(|pair| pair.first().copied()).collect();
        if ports.is_empty() || ports.iter().any(|port| !(1..=self.model.ports()).contains(port)) {
            return (0x0507, vec![]);
        }
        self.port = ports.first().copied().unwrap_or(1);
        self.list = ports;
        (0, vec![])
    }

    fn power(&self, cdbm: i16) -> u16 {
        match cdbm {
            _ if cdbm > self.model.most_power() => 0x0103,
            _ if cdbm < 500 => 0x0106,
            _ => 0,
        }
    }

    fn set(&mut self, table: u8, key: u8, value: &[u8]) -> (u16, Vec<u8>) {
        // Options 2 and 9 are the M5e's, 0x0C later modules'.
        let there = match (table, key) {
            (0x9A, 2 | 9) => self.model == Model::M5e,
            (0x9A, 0x0C | 0x0D | 0x0E | 0x1B) => self.model != Model::M5e,
            _ => true,
        };
        if !there {
            return (0x0105, vec![]);
        }
        self.settings.retain(|setting| (setting.0, setting.1) != (table, key));
        self.settings.push((table, key, value.to_vec()));
        (0, vec![])
    }

    fn get(&self, table: u8, option: u8, key: u8) -> (u16, Vec<u8>) {
        let set = self.settings.iter().find(|setting| (setting.0, setting.1) == (table, key));
        let value = set.map_or_else(|| vec![0, 0], |setting| setting.2.clone());
        (0, [&[option, key], value.as_slice()].concat())
    }

    /// Start, stop, and questions while it reads.
    fn continuous(&mut self, now: Duration, data: &[u8], field: &mut Field) {
        let streaming = matches!(self.doing, Doing::Streaming { .. });
        match data {
            [_, _, 2] if streaming => {
                self.doing = Doing::Nothing;
                self.say(0x2F, 0, &[2]);
            }
            [_, _, 2] => self.say(0x2F, 0x0100, &[]),
            [_, _, 4, length, op, inner @ ..] if streaming && self.answers_within() => {
                if usize::from(*length) != inner.len() {
                    return self.say(0x2F, 0x0100, &[]);
                }
                let (status, answer) = self.plain(*op, inner, field);
                let head = [4, answer.len() as u8, *op];
                self.say(0x2F, 0, &[&head[..], &status.to_be_bytes(), &answer].concat());
            }
            [_, _, 1, 0x22, _, _, 5, length, 0x22, inner @ ..]
                if self.model != Model::M5e && usize::from(*length) == inner.len() && !streaming =>
            {
                if let Some(status @ (0x0405 | 0x0401)) = self.obstacle(field) {
                    return self.say(0x2F, status, &[]);
                }
                let [0x10, f1, f2, t1, t2, m1, m2, ..] = inner else { return self.say(0x2F, 0x0105, &[]) };
                let flags = u16::from_be_bytes([*f1, *f2]);
                let metadata = u16::from_be_bytes([*m1, *m2]);
                let round = Duration::from_millis(u64::from(u16::from_be_bytes([*t1, *t2])).max(10));
                self.doing = Doing::Streaming { flags, metadata, round, ends: now + round, next: now };
                field.begin(now);
                self.say(0x2F, 0, &[&[1, 0x22, 0, 0][..], &[5]].concat());
            }
            _ if self.model == Model::M5e => self.say(0x2F, 0x0101, &[]),
            _ => self.say(0x2F, 0x0105, &[]),
        }
    }

    fn answers_within(&self) -> bool {
        matches!(self.model, Model::M6e | Model::Nano)
    }

    fn begin_search(&mut self, now: Duration, data: &[u8], field: &mut Field) {
        if let Some(status) = self.obstacle(field) {
            return self.say(0x22, status, &[]);
        }
        let [option, f1, f2, t1, t2, rest @ ..] = data else { return self.say(0x22, 0x0100, &[]) };
        let rest = if option & 0x10 != 0 { rest.get(2..).unwrap_or_default() } else { rest };
        let Some((choice, [])) = Choice::take(*option, true, rest) else {
            return self.say(0x22, 0x0105, &[]);
        };
        let span = Duration::from_millis(u64::from(u16::from_be_bytes([*t1, *t2])));
        let flags = u16::from_be_bytes([*f1, *f2]);
        self.doing = Doing::Searching { option: *option, flags, choice, ends: now + span, next: now + BEAT };
        field.begin(now);
    }

    /// Tags from the buffer, as many as fit into a frame.
    fn fetch(&mut self, data: &[u8], field: &Field) {
        let [m1, m2, option] = data else { return self.say(0x29, 0x0100, &[]) };
        let metadata = u16::from_be_bytes([*m1, *m2]);
        let (mut answer, mut count) = (vec![*m1, *m2, *option, 0], 0_u8);
        while let Some((heard, antenna, khz)) = self.buffer.first() {
            let Some(tag) = field.tags.get(heard.tag) else { break };
            let record = super::record(metadata, heard, *antenna, *khz, tag, super::levels(field));
            if answer.len() + record.len() > 248 {
                break;
            }
            answer.extend(record);
            count += 1;
            self.buffer.remove(0);
        }
        if let Some(place) = answer.get_mut(3) {
            *place = count;
        }
        let status = if count == 0 { 0x0600 } else { 0 };
        self.say(0x29, status, &answer);
    }
}

fn set_level(levels: &mut [bool], port: u8, high: bool) {
    if let Some(level) = levels.get_mut(usize::from(port).wrapping_sub(1)) {
        *level = high;
    }
}
