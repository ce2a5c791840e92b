//! How an M100 is set up at the start and after a silence, and what it turns out to be. Never reads tags.

use super::answer::Answer;
use super::command::{Command, Info, Query, SelectMode, region_code, region_words};
use super::{Ask, Came, M100, Why};
use crate::serial::{About, Reason};
use crate::{Ability, Purpose, Reader};

/// What has been found out of the module.
#[derive(Clone, Debug, Default)]
pub(super) struct Found {
    hardware: String,
    software: String,
    maker: String,
    /// 1/100 dBm.
    power: Option<u16>,
    region: Option<u8>,
    cannot: Vec<String>,
}

impl Found {
    pub(super) fn ability(&self, reader: &Reader) -> Ability {
        let name = [self.maker.as_str(), self.hardware.as_str()];
        let name = name.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
        let mut can = vec!["one antenna".to_owned()];
        if let Some(power) = self.power {
            can.push(format!("sends {} dBm now", f64::from(power) / 100.0));
        }
        if let Some(region) = self.region {
            can.push(format!("keeps the radio rules of {}", region_words(region)));
        }
        can.push("received power in whole dBm; PC of each tag".to_owned());
        can.push("reads, writes, locks, kills and permalocks tags; switches NXP's alarm bit".to_owned());
        if reader.inputs.is_empty() {
            can.push("four contacts, in or out".to_owned());
        } else {
            can.push("four contacts, looked at four times a second: reading pauses for that".to_owned());
        }
        let mut cannot = self.cannot.clone();
        cannot.push("no phase, channel or time of a read; no temperature".to_owned());
        cannot.push("no block erase, no Untraceable".to_owned());
        let model = if name.is_empty() { "M100 or R200 module".to_owned() } else { name };
        Ability { model, firmware: self.software.clone(), can, cannot }
    }

    fn lacks(&mut self, what: String) {
        if !self.cannot.contains(&what) {
            self.cannot.push(what);
        }
    }
}

impl M100 {
    /// What the configuration asks for and no such module has.
    pub(super) fn unusable_settings(&mut self) {
        for antenna in self.reader.antennas.clone() {
            if antenna.port != 1 {
                let words = format!("it has one antenna, so there is no antenna {}", antenna.port);
                self.trouble(About::NoSuchAntenna(antenna.port), words, None);
            }
            if antenna.mode.is_some() {
                self.trouble(About::Setting("mode"), "it has one radio mode only", None);
            }
        }
        for (port, _) in self.contacts.clone() {
            if !(1..=4).contains(&port) {
                let words = format!("it has contacts 1 to 4, so there is no contact {port}");
                self.trouble(About::Setting("inputs"), words, None);
            }
        }
        self.contacts.retain(|(port, _)| (1..=4).contains(port));
    }

    /// Writes down everything that it has to be told.
    pub(super) fn set_up(&mut self) {
        if self.found.software.is_empty() {
            self.script.push_back(Ask::new(Command::Info(Info::Software), Why::Identify));
            self.script.push_back(Ask::new(Command::Info(Info::Maker), Why::Identify));
        }
        match self.reader.region {
            None => self.script.push_back(Ask::new(Command::GetRegion, Why::Region)),
            Some(region) => match region_code(region) {
                Some(code) => {
                    self.script.push_back(Ask::new(Command::SetRegion(code), Why::Region));
                    self.script.push_back(Ask::new(Command::SetHopping(true), Why::Hopping));
                }
                None => self.down(Reason::Refused(format!(
                    "it knows no radio rules for region `{region}`, only for fcc, etsi, cn-920, cn-840 and kr"
                ))),
            },
        }
        if let Some(power) = self.wanted_power() {
            self.script.push_back(Ask::new(Command::SetPower(power), Why::Power));
        }
        self.script.push_back(Ask::new(Command::GetPower, Why::PowerBack));
        self.script.push_back(Ask::new(Command::SetQuery(self.query()), Why::Query));
        self.script.push_back(Ask::new(Command::SetSelectMode(SelectMode::Never), Why::NoSelect));
        for (port, _) in &self.contacts {
            if let Ok(number) = u8::try_from(*port) {
                let direction = Command::SetContactDirection { port: number, output: false };
                self.script.push_back(Ask::new(direction, Why::ContactIn(*port)));
            }
        }
        self.ask_contacts();
    }

    fn wanted_power(&self) -> Option<u16> {
        let antenna = self.reader.antennas.iter().find(|antenna| antenna.port == 1)?;
        // Clamped far outside of what any module sends.
        antenna.power_dbm.map(|dbm| (dbm * 100.0).round().clamp(0.0, 5_000.0) as u16)
    }

    /// At an exit every tag answers in every round; on shelves each answers once in a while; in stock once, until its
    /// turn comes again.
    pub(super) fn query(&self) -> Query {
        let (session, q) = match self.purpose() {
            Purpose::Exit => (0, 4),
            Purpose::Shelf => (1, 5),
            Purpose::Stock => (2, 6),
        };
        Query { sel: 0, session, target_b: self.target_b, q }
    }

    pub(super) fn setting_came(&mut self, why: Why, came: Came) {
        match (why, came) {
            (Why::Hello, came) => {
                self.identified(came);
                self.set_up();
            }
            (Why::Identify, came) => self.identified(came),
            (Why::Region, Came::Answer(Answer::Region(code))) => self.found.region = Some(code),
            (Why::Region, Came::Answer(_)) => self.found.region = self.reader.region.and_then(region_code),
            (Why::Region, came) => {
                if let Some(region) = self.reader.region {
                    let how = match came {
                        Came::Failed(failure) => failure.words(),
                        _ => "it did not answer".to_owned(),
                    };
                    let words = format!(
                        "it does not take the radio rules of region `{region}` and must not send: {how}"
                    );
                    self.down(Reason::Refused(words));
                }
            }
            (Why::PowerBack, Came::Answer(Answer::Power(power))) => {
                self.found.power = Some(power);
                if let Some(wanted) = self.wanted_power()
                    && wanted != power
                {
                    let (wanted, power) = (f64::from(wanted) / 100.0, f64::from(power) / 100.0);
                    let words = format!("it sends {power} dBm, not the {wanted} dBm it was told");
                    self.found.lacks(words.clone());
                    self.trouble(About::Setting("power"), words, None);
                }
            }
            (Why::PowerBack, _) | (_, Came::Answer(_)) => {}
            (why, came) => {
                let (setting, name) = match why {
                    Why::Hopping => ("hopping", "frequency hopping"),
                    Why::Power => ("power", "its power"),
                    Why::Query => ("query", "session and number of slots"),
                    Why::NoSelect => ("select", "the choice of tags"),
                    _ => ("inputs", "the direction of a contact"),
                };
                let how = match came {
                    Came::Failed(failure) => failure.words(),
                    _ => "it did not answer".to_owned(),
                };
                let words = format!("{name} could not be set: {how}");
                self.found.lacks(words.clone());
                self.trouble(About::Setting(setting), words, None);
            }
        }
    }

    fn identified(&mut self, came: Came) {
        if let Came::Answer(Answer::Info(which, text)) = came {
            match which {
                Info::Hardware => self.found.hardware = text,
                Info::Software => self.found.software = text,
                Info::Maker => self.found.maker = text,
            }
        }
    }
}
