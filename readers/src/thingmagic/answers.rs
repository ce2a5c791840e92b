//! What the module's answers mean, and what is asked next: the way from the first word to reading.

use std::time::Duration;

use super::ask::Ask;
use super::frame::Frame;
use super::report::{Bytes, record};
use super::{CONTACTS, Phase, TEMPERATURE, ThingMagic, status};
use crate::serial::{About, Event, Reason};
use crate::{OrderError, Purpose};

impl Ask {
    /// Whether it can read without an answer to this.
    pub(super) fn is_optional(&self) -> bool {
        matches!(
            self,
            Ask::Program
                | Ask::Regions
                | Ask::Antennas
                | Ask::PowerLimits
                | Ask::Temperature
                | Ask::Contacts
                | Ask::Direction { .. }
        )
    }
}

impl ThingMagic {
    /// An answer to a question.
    pub(super) fn answered(&mut self, now: Duration, ask: Ask, frame: &Frame) {
        let (status, data) = (frame.status, frame.data.as_slice());
        match ask {
            Ask::Stop => match self.phase {
                Phase::Greeting => self.plan.push_back(Ask::Version),
                Phase::Closing => self.down(Reason::Closed),
                _ => {}
            },
            Ask::Version => self.version(status, data),
            Ask::Program => {
                // 1 in the lowest two bits: the boot program, which cannot read.
                if status == 0 && data.first().is_some_and(|program| program & 3 == 1) {
                    self.plan.push_front(Ask::Boot);
                }
            }
            Ask::Boot => match status {
                // An application that runs already does not know the command.
                0 | status::INVALID_OPCODE => _ = self.found.version(data),
                _ => self.refused(format!("its firmware does not start: {}", status::words(status))),
            },
            Ask::Regions if status == 0 => self.found.regions = data.to_vec(),
            Ask::Region => self.region(status, data),
            Ask::SetRegion(region, number) => match status {
                0 => self.found.region = number,
                _ => self.refused(format!(
                    "it does not take the region {region} ({}); it has {}",
                    status::words(status),
                    self.found.region_names()
                )),
            },
            Ask::Protocol if status != 0 => {
                self.refused(format!("it does not read Gen2 tags: {}", status::words(status)));
            }
            Ask::Option { name, .. } | Ask::Gen2 { name, .. } if status != 0 => {
                self.setting_refused(name, status)
            }
            Ask::Antennas => {
                if status == 0 {
                    let ports = data.get(1..).unwrap_or_default().chunks_exact(2);
                    self.found.ports = ports
                        .filter_map(|pair| Some((*pair.first()?, *pair.last()? == 1)))
                        .filter(|(port, _)| (1..=16).contains(port))
                        .collect();
                }
                self.choose_antennas();
            }
            Ask::SearchList(_) if status != 0 && self.phase == Phase::SettingUp => {
                self.refused(format!("it does not take the antennas: {}", status::words(status)));
            }
            Ask::PowerLimits => {
                if status == 0 {
                    self.found.power = limits(data);
                }
                self.choose_powers();
            }
            Ask::Power { write: false, .. } | Ask::PortPowers(_) if status != 0 => {
                self.setting_refused("the antennas' power", status);
            }
            Ask::Temperature if status == 0 => self.temperature(data),
            Ask::Contacts if status == 0 => self.contacts(data),
            Ask::Output { .. } => self.output_done(status),
            Ask::Start => self.started(now, status),
            Ask::Search { selection: None, .. } => self.searched(now, status, data),
            Ask::Fetch { of_job: false } => self.fetched(now, status, data),
            Ask::Within(inner) => self.within(now, *inner, frame),
            ask => self.job_answered(now, ask, status, data),
        }
    }

    /// No answer to something that it can read without.
    pub(super) fn skipped(&mut self, _now: Duration, ask: &Ask) {
        match ask {
            Ask::Antennas => self.choose_antennas(),
            Ask::PowerLimits => self.choose_powers(),
            _ => {}
        }
    }

    fn version(&mut self, status: u16, data: &[u8]) {
        if status != 0 || self.found.version(data).is_none() {
            return self.refused(format!("it does not say what it is: {}", status::words(status)));
        }
        self.phase = Phase::SettingUp;
        self.plan.extend([Ask::Program, Ask::Regions, Ask::Region, Ask::Protocol]);
        if self.found.is_m6e_or_newer() {
            // Otherwise it tells a tag once and then only when it has been away for a while.
            self.plan.push_back(Ask::Option { name: "telling every read", key: 0x0C, value: 0 });
        } else {
            self.plan.push_back(Ask::Option { name: "long EPCs", key: 0x02, value: 1 });
            self.plan.push_back(Ask::Option { name: "signal strength in dBm", key: 0x09, value: 1 });
        }
        self.plan.extend([Ask::Antennas, Ask::PowerLimits]);
        let purpose = self.reader.antennas.first().map_or(Purpose::Exit, |antenna| antenna.purpose);
        let (session, target) = gen2(purpose);
        let setting = |name, key, value| Ask::Gen2 { name, key, value };
        self.plan.extend([
            setting("the session", 0x00, vec![session]),
            setting("the target", 0x01, target.to_vec()),
            setting("a dynamic Q", 0x12, vec![0]),
        ]);
        let inputs = self.reader.inputs.iter().filter_map(|input| u8::try_from(input.port).ok());
        self.plan.extend(inputs.map(|port| Ask::Direction { port, output: false, high: false }));
        self.plan.push_back(Ask::Temperature);
        if !self.reader.inputs.is_empty() {
            self.plan.push_back(Ask::Contacts);
        }
        if self.found.streams {
            self.plan.push_back(Ask::Start);
        } else {
            self.plan.extend(self.search());
        }
        if self.reader.antennas.iter().any(|antenna| antenna.purpose != purpose) {
            let words =
                "its antennas are for different purposes, but it reads with one setting: the first one's"
                    .to_owned();
            self.trouble(About::Setting("purposes"), words, None);
        }
        if self.reader.antennas.iter().any(|antenna| antenna.mode.is_some()) {
            let words = "it has no radio modes to choose from; `mode` is ignored".to_owned();
            self.trouble(About::Setting("mode"), words, None);
        }
    }

    fn region(&mut self, status: u16, data: &[u8]) {
        if status == 0 {
            self.found.region = data.first().copied().unwrap_or(0);
        }
        let names = self.found.region_names();
        match self.reader.region {
            Some(region) => match self.found.number_of(region) {
                Some(number) => self.plan.push_front(Ask::SetRegion(region, number)),
                None => self.refused(format!("it has no region {region}; it has {names}")),
            },
            None if self.found.region == 0 => {
                self.refused(format!(
                    "no radio region is set, so it may not transmit: set `region` to one of {names}"
                ));
            }
            None => {}
        }
    }

    /// The configured antennas that it has; those that it detected, else the first, where none is configured.
    fn choose_antennas(&mut self) {
        let wanted: Vec<u16> = self.reader.antennas.iter().map(|antenna| antenna.port).collect();
        let ports = self.found.ports.clone();
        let has = |port: u16| ports.is_empty() || ports.iter().any(|(there, _)| u16::from(*there) == port);
        for port in wanted.iter().filter(|port| !has(**port)) {
            let words = format!("antenna {port} is configured, but it has only {}", ports.len());
            self.trouble(About::NoSuchAntenna(*port), words, None);
        }
        let detected = |port: u16| ports.iter().any(|(there, plugged)| u16::from(*there) == port && *plugged);
        if self.found.detects_antennas() && !ports.is_empty() {
            for port in wanted.iter().filter(|port| has(**port) && !detected(**port)) {
                self.trouble(About::Antenna(*port), format!("antenna {port} is not connected"), None);
            }
        }
        let mut list: Vec<u8> =
            wanted.iter().filter(|port| has(**port)).filter_map(|port| u8::try_from(*port).ok()).collect();
        if wanted.is_empty() {
            list = ports.iter().filter(|(_, plugged)| *plugged).map(|(port, _)| *port).collect();
            if list.is_empty() {
                list.push(ports.first().map_or(1, |(port, _)| *port));
            }
        }
        let mut seen = Vec::new();
        list.retain(|port| {
            (1..=16).contains(port) && !seen.contains(port) && {
                seen.push(*port);
                true
            }
        });
        if list.is_empty() {
            return self.refused("none of the configured antennas is there".to_owned());
        }
        self.plan.push_front(Ask::SearchList(list.clone()));
        self.found.list = list;
    }

    /// One power for all antennas where that is what is wanted: every module takes that.
    fn choose_powers(&mut self) {
        let mut cut = Vec::new();
        let powers: Vec<(u8, i16)> = self
            .reader
            .antennas
            .iter()
            .filter_map(|antenna| {
                let port = u8::try_from(antenna.port).ok().filter(|port| self.found.list.contains(port))?;
                let wanted = (antenna.power_dbm? * 100.0).round();
                let (least, most) = self.found.power.unwrap_or((i16::MIN, i16::MAX));
                let given = wanted.clamp(f64::from(least), f64::from(most));
                if given != wanted {
                    cut.push((port, given / 100.0));
                }
                // Within the limits of i16 by the clamp.
                Some((port, given as i16))
            })
            .collect();
        for (port, dbm) in cut {
            let words = format!("antenna {port} sends {dbm} dBm: it has no such power as configured");
            self.trouble(About::Setting("the antennas' power"), words, None);
        }
        let Some((_, first)) = powers.first().copied() else { return };
        let most = powers.iter().map(|(_, cdbm)| *cdbm).max().unwrap_or(first);
        self.plan.push_front(Ask::Power { write: true, cdbm: most });
        if powers.len() == self.found.list.len() && powers.iter().all(|(_, cdbm)| *cdbm == first) {
            self.plan.push_front(Ask::Power { write: false, cdbm: first });
        } else {
            self.plan.push_front(Ask::PortPowers(powers));
        }
    }

    fn temperature(&mut self, data: &[u8]) {
        if let Some(celsius) = data.first().map(|byte| *byte as i8) {
            self.found.celsius = Some(celsius);
            if self.phase != Phase::SettingUp {
                self.events.push_back(Event::Temperature(i16::from(celsius)));
            }
        }
    }

    /// Levels of contacts: number, whether it is an output, level; for each.
    fn contacts(&mut self, data: &[u8]) {
        for contact in data.get(1..).unwrap_or_default().chunks_exact(3) {
            let [port, _, level] = contact else { continue };
            let ours = self.reader.inputs.iter().any(|input| input.port == u16::from(*port));
            let high = *level == 1;
            let Some(known) =
                self.contacts.get_mut(usize::from(*port)).filter(|known| ours && **known != Some(high))
            else {
                continue;
            };
            *known = Some(high);
            if self.phase != Phase::SettingUp {
                self.events.push_back(Event::Input { port: u16::from(*port), high });
            }
        }
    }

    fn output_done(&mut self, status: u16) {
        let came = match status {
            0 => Ok(()),
            status => Err(OrderError::Refused(status::words(status))),
        };
        self.events.push_back(Event::OutputDone(came));
    }

    /// The answer to the start of continuous reading.
    fn started(&mut self, now: Duration, status: u16) {
        match status {
            0 => self.up(now),
            status::INVALID_OPCODE | 0x0102 | 0x0109 if self.phase == Phase::SettingUp => {
                self.found.streams = false;
                self.found.within = false;
                self.plan.extend(self.search());
                self.up(now);
            }
            status::TEMPERATURE if self.phase != Phase::SettingUp => self.rest(now),
            _ => self.refused(format!("it does not begin to read: {}", status::words(status))),
        }
    }

    /// It reads: for the first time, or again.
    fn up(&mut self, now: Duration) {
        let first = self.phase == Phase::SettingUp;
        self.phase = Phase::Reading;
        if !first {
            return;
        }
        self.temperature_due = now + TEMPERATURE;
        self.contacts_due = now + CONTACTS;
        self.events.push_back(Event::Up(self.found.ability()));
        for trouble in std::mem::take(&mut self.later) {
            self.events.push_back(Event::Trouble(trouble));
        }
        if let Some(celsius) = self.found.celsius {
            self.events.push_back(Event::Temperature(i16::from(celsius)));
        }
        for (port, level) in self.contacts.iter().enumerate() {
            if let Some(high) = level {
                self.events.push_back(Event::Input { port: port as u16, high: *high });
            }
        }
        if !self.reader.inputs.is_empty() && self.found.streams && !self.found.within {
            let words = "its firmware tells no contacts while it reads: update it to use them".to_owned();
            self.trouble(About::Setting("contacts"), words, None);
        }
    }

    /// The end of a search of a module that cannot stream.
    fn searched(&mut self, now: Duration, status: u16, data: &[u8]) {
        if self.work.is_none() && matches!(self.phase, Phase::SettingUp | Phase::Working) {
            self.up(now);
        }
        match status {
            0 | status::BUFFER_FULL => {
                if status != 0 {
                    self.complaint(now, status, data);
                }
                self.cool();
                self.found.buffered = found_tags(data).unwrap_or(u32::from(status != 0));
                if self.found.buffered > 0 {
                    return self.plan.push_front(Ask::Fetch { of_job: false });
                }
            }
            status::NO_TAGS => self.cool(),
            status => self.complaint(now, status, data),
        }
        self.search_on(now);
    }

    /// Tags from the buffer, some at a time.
    fn fetched(&mut self, now: Duration, status: u16, data: &[u8]) {
        let sightings = records(data);
        let told = data.get(3).copied().map_or(0, u32::from);
        self.found.buffered = self.found.buffered.saturating_sub(told);
        sightings.into_iter().for_each(|sighting| self.read(sighting));
        if status == 0 && told > 0 && self.found.buffered > 0 {
            self.plan.push_front(Ask::Fetch { of_job: false });
        } else {
            self.search_on(now);
        }
    }

    fn search_on(&mut self, now: Duration) {
        if self.phase != Phase::Reading || !self.plan.is_empty() {
            return;
        }
        if !self.reader.inputs.is_empty() {
            self.plan.push_back(Ask::Contacts);
        }
        if now >= self.temperature_due {
            self.temperature_due = now + TEMPERATURE;
            self.plan.push_back(Ask::Temperature);
        }
        self.plan.extend(self.search());
    }

    /// The answer to a question within reading: option, length, opcode, status, data.
    fn within(&mut self, now: Duration, ask: Ask, frame: &Frame) {
        let mut bytes = Bytes(&frame.data);
        let inner = (|| {
            let (_option, _length, op) = (bytes.byte()?, bytes.byte()?, bytes.byte()?);
            Some(Frame { op, status: bytes.word()?, data: bytes.0.to_vec() })
        })();
        match inner {
            Some(inner) if frame.status == 0 => {
                self.misses = 0;
                self.answered(now, ask, &inner);
            }
            _ => {
                if let Ask::Output { .. } = ask {
                    self.output_done(if frame.status == 0 { 0x7F00 } else { frame.status });
                } else {
                    self.found.within = false;
                }
            }
        }
    }

    pub(super) fn refused(&mut self, words: String) {
        self.down(Reason::Refused(words));
    }

    fn setting_refused(&mut self, name: &'static str, status: u16) {
        let words = format!("{name} was refused ({}); it reads without", status::words(status));
        self.trouble(About::Setting(name), words, None);
    }
}

/// Session and target of Gen2 for a purpose. Moving tags are to be read again and again: session 1 with both targets.
/// Resting tags once in a while: session 2, where a tag keeps still for some time after it was read.
fn gen2(purpose: Purpose) -> (u8, [u8; 2]) {
    match purpose {
        Purpose::Exit => (1, [0, 0]),
        Purpose::Shelf => (2, [0, 0]),
        Purpose::Stock => (2, [1, 0]),
    }
}

/// Least and most power: after the option the power that is set, the most, the least.
fn limits(data: &[u8]) -> Option<(i16, i16)> {
    let mut bytes = Bytes(data.get(3..)?);
    let (most, least) = (bytes.word()? as i16, bytes.word()? as i16);
    (least <= most).then_some((least, most))
}

/// How many tags a search has found: one byte or four at the end, after the option (one byte or two) and the flags.
pub(super) fn found_tags(data: &[u8]) -> Option<u32> {
    let count = match data.len() {
        4 | 5 => 1,
        7 | 8 => 4,
        _ => return None,
    };
    Bytes(data.get(data.len() - count..)?).number(count)
}

/// Tags taken from the buffer: their metadata's flags, the option, how many, each of them.
pub(super) fn records(data: &[u8]) -> Vec<crate::serial::Sighting> {
    let mut bytes = Bytes(data);
    let (Some(flags), Some(_option), Some(count)) = (bytes.word(), bytes.byte(), bytes.byte()) else {
        return Vec::new();
    };
    (0..count).map_while(|_| record(flags, &mut bytes)).collect()
}
