//! How a UHFReader is set up at the start, and what it turns out to be. Never reads tags, and sets nothing that is so
//! already.

use super::answer::{Family, Info, bands, status_words};
use super::{Ask, Came, Command, SCAN_TIME, Turn, UhfReader, Why};
use crate::serial::{About, Event, Reason};
use crate::{Ability, Purpose};

/// Antennas that an inventory can name.
const MOST_ANTENNAS: u16 = 16;

impl UhfReader {
    pub(super) fn setting_came(&mut self, why: Why, came: Came) {
        match (why, came) {
            (Why::Hello, Came::Answer(0, data)) => match Info::decode(&data) {
                Some(info) => {
                    self.info = Some(info);
                    self.set_up();
                }
                None => self.down(Reason::Refused(format!(
                    "it says what it is in {} bytes; at least 8 are needed",
                    data.len()
                ))),
            },
            // It is there, but does not say what it is: it may push, or know the inventory only.
            (Why::Hello, _) => self.set_up(),
            (Why::ScanTime, Came::Answer(0, _)) => {
                if let Some(info) = &mut self.info {
                    info.scan_time = SCAN_TIME;
                }
            }
            (Why::AnswerMode, _) | (_, Came::Answer(0, _)) => {}
            (Why::Band, came) => self.band_refused(&came),
            (why, came) => {
                let (setting, name) = match why {
                    Why::Power => ("power", "its power"),
                    Why::ScanTime => ("scan-time", "how long an inventory takes"),
                    _ => ("antennas", "the antennas that take turns"),
                };
                let words = format!("{name} could not be set: {}", how(&came));
                self.cannot.push(words.clone());
                self.trouble(About::Setting(setting), words, None);
            }
        }
    }

    fn set_up(&mut self) {
        self.take_turns();
        self.set_band(0);
        self.set_power();
        let family = self.family();
        if family == Family::Short {
            self.shorten_scans();
        }
        if family == Family::Long {
            self.warmth_due = Some(std::time::Duration::ZERO);
        }
        if !self.contacts.is_empty() {
            if family == Family::Short {
                self.trouble(About::Setting("inputs"), "it has no contacts that could be read", None);
                self.contacts.clear();
            } else {
                self.contacts_due = Some(std::time::Duration::ZERO);
            }
        }
        if self.reader.antennas.iter().any(|antenna| antenna.mode.is_some()) {
            self.trouble(About::Setting("mode"), "its radio mode is left as it is", None);
        }
    }

    /// A reader that is not told with each inventory how long it may take is told once.
    pub(super) fn shorten_scans(&mut self) {
        if self.info.as_ref().is_some_and(|info| info.scan_time != SCAN_TIME) {
            self.script.push_back(Ask::new(Command::SetScanTime(SCAN_TIME), Why::ScanTime));
        }
    }

    /// The configured antennas, or those that the reader has in use.
    fn take_turns(&mut self) {
        let most = if self.family() == Family::Long { MOST_ANTENNAS } else { 1 };
        for antenna in self.reader.antennas.clone() {
            if (1..=most).contains(&antenna.port) {
                let turn = Turn { port: antenna.port, purpose: antenna.purpose, target_b: false };
                self.turns.push_back(turn);
            } else {
                let words =
                    format!("it has {most} antennas at most, so there is no antenna {}", antenna.port);
                self.trouble(About::NoSuchAntenna(antenna.port), words, None);
            }
        }
        if self.turns.is_empty() {
            let bits = self.info.as_ref().and_then(|info| info.antennas).unwrap_or(0);
            let ports = (1..=8).filter(|port| bits >> (port - 1) & 1 == 1);
            self.turns = ports.map(|port| Turn { port, purpose: Purpose::Exit, target_b: false }).collect();
        }
        if self.turns.is_empty() {
            self.turns.push_back(Turn { port: 1, purpose: Purpose::Exit, target_b: false });
        }
    }

    /// The first band from `from` on that keeps the region's rules, unless one of them is set already.
    fn set_band(&mut self, from: usize) {
        let Some(region) = self.reader.region else { return };
        let known = bands(region, self.family());
        if from == 0
            && self.info.as_ref().is_some_and(|info| known.iter().any(|(band, _)| *band == info.band))
        {
            return;
        }
        match known.get(from) {
            Some((band, most)) => {
                let command = Command::SetBand { band: *band, most: *most, least: 0 };
                self.script.push_front(Ask::new(command, Why::Band));
                self.bands_tried = from + 1;
            }
            None => self.down(Reason::Refused(format!(
                "it has no band for the radio rules of region `{region}`, and must not send in another one"
            ))),
        }
    }

    fn band_refused(&mut self, came: &Came) {
        let region = self.reader.region;
        if let Some(region) = region
            && self.bands_tried < bands(region, self.family()).len()
        {
            return self.set_band(self.bands_tried);
        }
        let region = region.map_or("", |region| region.name());
        let words =
            format!("it does not take the band for region `{region}` and must not send: {}", how(came));
        self.down(Reason::Refused(words));
    }

    /// One power for all antennas: the lowest that any of them may have.
    fn set_power(&mut self) {
        let wanted: Vec<f64> = self.reader.antennas.iter().filter_map(|antenna| antenna.power_dbm).collect();
        let Some(least) = wanted.iter().copied().reduce(f64::min) else { return };
        // Whole dBm, never more than was asked for; the family ends at 33.
        let power = least.floor().clamp(0.0, 33.0) as u8;
        if wanted.iter().any(|dbm| *dbm != least) {
            let words =
                format!("it has one power for all antennas: {power} dBm, the lowest that is asked for");
            self.cannot.push(words.clone());
            self.trouble(About::Setting("power"), words, None);
        }
        if self.info.as_ref().is_none_or(|info| info.power_dbm != power) {
            self.script.push_back(Ask::new(Command::SetPower(power), Why::Power));
        }
    }

    pub(super) fn come_up(&mut self) {
        if !std::mem::replace(&mut self.up, true) {
            let ability = self.ability();
            self.tell(Event::Up(ability));
        }
    }

    fn ability(&self) -> Ability {
        let mut can = Vec::new();
        let mut cannot = self.cannot.clone();
        let (mut model, mut firmware) = ("UHFReader".to_owned(), String::new());
        if let Some(info) = &self.info {
            model = info.model();
            firmware = format!("{}.{}", info.version.0, info.version.1);
            can.push(info.band_words());
            if !info.gen2 {
                cannot.push("Gen2 tags, as it says of itself".to_owned());
            }
        }
        let ports: Vec<String> = self.turns.iter().map(|turn| turn.port.to_string()).collect();
        can.push(format!("antennas in turn: {}", ports.join(", ")));
        can.push("reads, writes, locks, kills and erases tags; switches NXP's alarm bit".to_owned());
        match self.family() {
            Family::Long => can.push("two outputs, inputs, its temperature".to_owned()),
            Family::Short => cannot.push("antennas, contacts, received power, session".to_owned()),
        }
        cannot.push("PC of a tag: its reads count only where they are one known piece".to_owned());
        cannot.push("received power in dBm: its unit is not documented".to_owned());
        cannot.push("no block permalock, no Untraceable".to_owned());
        Ability { model, firmware, can, cannot }
    }
}

fn how(came: &Came) -> String {
    match came {
        Came::Answer(status, rest) => status_words(*status, rest),
        Came::Silence => "it did not answer".to_owned(),
    }
}
