//! The module's tag buffer: for one that cannot stream, and to find the tag of a job.

use std::time::Duration;

use super::ask::Ask;
use super::report::{Bytes, record};
use super::{Phase, TEMPERATURE, ThingMagic, status};
use crate::serial::Sighting;

impl ThingMagic {
    /// A search into the buffer, for a module that cannot stream.
    pub(super) fn search(&self) -> [Ask; 2] {
        [Ask::Clear, Ask::Search { metadata: self.found.is_m6e_or_newer(), selection: None }]
    }

    /// The end of a search of a module that cannot stream.
    pub(super) fn searched(&mut self, now: Duration, status: u16, data: &[u8]) {
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
    pub(super) fn fetched(&mut self, now: Duration, status: u16, data: &[u8]) {
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

    pub(super) fn search_on(&mut self, now: Duration) {
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
pub(super) fn records(data: &[u8]) -> Vec<Sighting> {
    let mut bytes = Bytes(data);
    let (Some(flags), Some(_option), Some(count)) = (bytes.word(), bytes.byte(), bytes.byte()) else {
        return Vec::new();
    };
    (0..count).map_while(|_| record(flags, &mut bytes)).collect()
}
