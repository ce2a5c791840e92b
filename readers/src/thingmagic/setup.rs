//! From the first word to reading: what the module is, and what it is told before it reads.

use std::time::Duration;

use super::ask::Ask;
use super::report::Bytes;
use super::{CONTACTS, Phase, TEMPERATURE, ThingMagic, status};
use crate::Purpose;
use crate::serial::{About, Event};

/// The name of a setting.
pub(super) const POWER: &str = "the antennas' power";

impl ThingMagic {
    /// No answer to something that it can read without.
    pub(super) fn skipped(&mut self, ask: &Ask) {
        let name = match ask {
            Ask::Antennas => return self.choose_antennas(),
            Ask::PowerLimits => return self.choose_powers(),
            Ask::Region => return self.choose_region(),
            Ask::Option { name, .. } | Ask::Gen2 { name, .. } => name,
            Ask::Power { write: false, .. } | Ask::PortPowers(_) => POWER,
            Ask::SearchList(_) => "the choice of antennas",
            _ => return,
        };
        let words = format!("it did not answer when it was told {name}; it reads on without");
        self.trouble(About::Setting(name), words, None);
    }

    pub(super) fn version(&mut self, status: u16, data: &[u8]) {
        if status != 0 {
            return self.refused(format!("it does not say what it is: {}", status::words(status)));
        }
        self.found.version(data);
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

    pub(super) fn region(&mut self, status: u16, data: &[u8]) {
        if status == 0 {
            self.found.region = data.first().copied();
        }
        self.choose_region();
    }

    fn choose_region(&mut self) {
        let names = self.found.region_names();
        match self.reader.region {
            Some(region) => match self.found.number_of(region) {
                Some(number) => self.plan.push_front(Ask::SetRegion(region, number)),
                None => self.refused(format!("it has no region {region}; it has {names}")),
            },
            None if self.found.region == Some(0) => {
                self.refused(format!(
                    "no radio region is set, so it may not transmit: set `region` to one of {names}"
                ));
            }
            None => {}
        }
    }

    /// The configured antennas that it has; those that it detected, else the first, where none is configured.
    pub(super) fn choose_antennas(&mut self) {
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
    pub(super) fn choose_powers(&mut self) {
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
            self.trouble(About::Setting(POWER), words, None);
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

    /// The answer to the start of continuous reading.
    pub(super) fn started(&mut self, now: Duration, status: u16) {
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
    pub(super) fn up(&mut self, now: Duration) {
        let first = self.phase == Phase::SettingUp;
        // An order that came while it began to read has it stop again.
        let interrupted = self.plan.front() == Some(&Ask::Stop);
        self.phase = if interrupted { Phase::Working } else { Phase::Reading };
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

    pub(super) fn setting_refused(&mut self, name: &'static str, status: u16) {
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
pub(super) fn limits(data: &[u8]) -> Option<(i16, i16)> {
    let mut bytes = Bytes(data.get(3..)?);
    let (most, least) = (bytes.word()? as i16, bytes.word()? as i16);
    (least <= most).then_some((least, most))
}
