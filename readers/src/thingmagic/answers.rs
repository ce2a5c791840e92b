//! What the module's answers mean.

use std::time::Duration;

use super::ask::Ask;
use super::frame::Frame;
use super::report::Bytes;
use super::setup::{POWER, limits};
use super::{Phase, ThingMagic, status};
use crate::OrderError;
use crate::serial::{Event, Reason};

impl Ask {
    /// Whether it can read without an answer to this.
    pub(super) fn is_optional(&self) -> bool {
        matches!(
            self,
            Ask::Program
                | Ask::Regions
                | Ask::Region
                | Ask::Option { .. }
                | Ask::Gen2 { .. }
                | Ask::Power { .. }
                | Ask::PortPowers(_)
                | Ask::SearchList(_)
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
                0 => self.found.version(data),
                status::INVALID_OPCODE => {}
                _ => self.refused(format!("its firmware does not start: {}", status::words(status))),
            },
            Ask::Regions if status == 0 => self.found.regions = data.to_vec(),
            Ask::Region => self.region(status, data),
            Ask::SetRegion(region, number) => match status {
                0 => self.found.region = Some(number),
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
                self.setting_refused(POWER, status);
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
}
