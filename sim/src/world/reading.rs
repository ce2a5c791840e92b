//! What the store's readers report: their inventories' rounds, and the network's delays.

use recording::{Hex, Observation, Read};

use crate::gen2::TagRead;
use crate::senses::Told;

use super::{PC_96, STEP_US, World};

impl World {
    pub(super) fn radio(&mut self) {
        let (set_us, until_us) = (self.now_us, self.now_us + STEP_US);
        // In the order of time, whoever's round it is: readers share tags and channels.
        while let Some((at, inventory)) =
            self.inventories.iter_mut().enumerate().min_by_key(|(_, i)| i.next_us)
            && inventory.next_us < until_us
        {
            let mut reads = std::mem::take(&mut self.reads);
            reads.clear();
            inventory.advance(&mut self.air, set_us, &|_, _| 0.0, &mut reads);
            for read in &reads {
                self.report(at, read);
            }
            self.reads = reads;
        }
    }

    fn report(&mut self, reader: usize, read: &TagRead) {
        let (Some(name), Some(piece)) = (self.reader_names.get(reader), self.pieces.get(read.tag)) else {
            return;
        };
        let Some(epc) = &piece.epc else { return };
        let port =
            self.plan.readers.get(reader).and_then(|r| r.antennas.get(read.antenna)).map_or(1, |a| a.port);
        if let Some(notes) = &mut self.notes {
            notes.read(read.tag);
        }
        let what: Observation = Read {
            reader: name.clone(),
            antenna: port,
            epc: epc.clone(),
            pc: Some(PC_96),
            rssi: Some(read.report.rssi_dbm as f32),
            phase: Some(((read.report.phase * 1e4).round() / 1e4) as f32),
            channel: Some(read.channel),
            frequency_khz: Some(read.khz),
            doppler_hz: Some(read.report.doppler_hz as f32),
            count: 1,
            tid: self
                .air
                .tags
                .get(read.tag)
                .filter(|_| read.with_tid)
                .and_then(|t| Hex::from_bytes(&t.chip.tid).ok()),
        }
        .into();
        let received_us = read.at_us + (self.network.between(0.006, 0.035) * 1e6) as i64;
        self.sends(reader, Told { at_us: read.at_us, received_us, what });
    }
}
