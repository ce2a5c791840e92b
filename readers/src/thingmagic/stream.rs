//! What a module says of its own accord while it reads: tags, how warm it is, what is not as it should be.

use std::time::Duration;

use super::frame::Frame;
use super::report::{self, Streamed};
use super::{COMPLAINT, LONGEST_REST, Phase, REST, ThingMagic, status};
use crate::serial::{About, Event, Reason, Sighting};

impl ThingMagic {
    /// A message of continuous reading. What comes before it is set up is the rest of an earlier conversation.
    pub(super) fn stream(&mut self, now: Duration, frame: &Frame) {
        if matches!(self.phase, Phase::Greeting | Phase::SettingUp) {
            return;
        }
        match (frame.status, report::streamed(&frame.data)) {
            (0, Some(Streamed::Tag(sighting))) => {
                self.cool();
                self.read(sighting);
            }
            (0, Some(Streamed::Temperature(celsius))) => {
                self.events.push_back(Event::Temperature(i16::from(celsius)));
            }
            (0, Some(Streamed::Other)) => {}
            (0, None) => {
                let words = "it sent a read that makes no sense".to_owned();
                self.trouble(About::Module, words, Some(COMPLAINT));
            }
            (status::NO_TAGS, _) => self.cool(),
            (status, _) => self.complaint(now, status, &frame.data),
        }
    }

    /// A tag was read. A module with one antenna need not say which.
    pub(super) fn read(&mut self, mut sighting: Sighting) {
        if sighting.antenna == 0 {
            let [only] = self.found.list.as_slice() else {
                return self.trouble(
                    About::Module,
                    "it sent a read without an antenna".to_owned(),
                    Some(COMPLAINT),
                );
            };
            sighting.antenna = u16::from(*only);
        }
        self.events.push_back(Event::Read(sighting));
    }

    /// What the module says when it does not go well.
    pub(super) fn complaint(&mut self, now: Duration, status: u16, data: &[u8]) {
        let words = status::words(status);
        match status {
            status::TEMPERATURE => self.rest(now),
            status::RADIO_OFF | status::NO_PROTOCOL => self.down(Reason::Restarted),
            status::ASSERT => {
                // A line number, then the file's name.
                let place = data.iter().skip(4).take(60).filter(|byte| byte.is_ascii_graphic());
                let place: String = place.map(|byte| char::from(*byte)).collect();
                self.down(Reason::Refused(format!("{words} {place}")));
            }
            status::NO_ANTENNA | status::RETURN_LOSS => {
                let about = match self.found.list.as_slice() {
                    [only] => About::Antenna(u16::from(*only)),
                    _ => About::Module,
                };
                self.trouble(about, words, Some(COMPLAINT));
            }
            status::BUFFER_FULL => {
                self.trouble(About::Lost, format!("reads are lost: {words}"), Some(COMPLAINT))
            }
            _ => self.trouble(About::Module, format!("it reports a fault: {words}"), Some(COMPLAINT)),
        }
    }

    /// Too warm: it stops transmitting until it has cooled down.
    pub(super) fn rest(&mut self, now: Duration) {
        if matches!(self.phase, Phase::Closing | Phase::Over) || self.rest_until.is_some() {
            return;
        }
        let span = REST.saturating_mul(1 << self.rests.min(8)).min(LONGEST_REST);
        self.rests += 1;
        let words = format!(
            "it is too warm ({}) and rests for {} s; give it air or a heat sink, or less power",
            status::words(status::TEMPERATURE),
            span.as_secs()
        );
        self.trouble(About::Temperature, words, None);
        self.rest_until = Some(now + span);
        if self.work.is_none() {
            self.interrupt();
            self.phase = Phase::Resting;
        }
    }

    /// It reads as it should.
    pub(super) fn cool(&mut self) {
        if self.rests > 0 && self.rest_until.is_none() {
            self.rests = 0;
            self.events.push_back(Event::Over(About::Temperature));
        }
    }
}
