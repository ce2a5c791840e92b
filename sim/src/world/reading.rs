//! What the store's readers report: their inventories' rounds, the network's delays, and their faults.

use recording::{Health, Observation, Read, ReaderState};

use crate::gen2::TagRead;
use crate::senses::Told;

use super::{PC_96, STEP_US, World};

impl World {
    pub(super) fn radio(&mut self) {
        let (set_us, until_us) = (self.now_us, self.now_us + STEP_US);
        for at in 0..self.inventories.len() {
            let mut reads = std::mem::take(&mut self.reads);
            reads.clear();
            if let Some(inventory) = self.inventories.get_mut(at) {
                let plan = &self.plan;
                inventory.run(&mut self.air, set_us, until_us, &|a, b| plan.walls_between(a, b), &mut reads);
            }
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
            tid: None,
        }
        .into();
        let mut received_us = read.at_us + (self.network.between(0.006, 0.035) * 1e6) as i64;
        if self.manner.faults {
            if self.faults.happens(0.02) {
                self.post(Told { at_us: read.at_us, received_us: received_us + 1_000, what: what.clone() });
            }
            if self.faults.happens(0.02) {
                received_us += (self.faults.between(0.2, 3.0) * 1e6) as i64;
            }
        }
        self.post(Told { at_us: read.at_us, received_us, what });
    }

    /// Every twenty seconds an antenna of some reader may die or come back.
    pub(super) fn fault(&mut self) {
        let reader = self.faults.index(self.inventories.len());
        let Some(inventory) = self.inventories.get_mut(reader) else { return };
        let antenna = self.faults.index(inventory.dead.len());
        let dies = self.faults.happens(0.3);
        if let Some(dead) = inventory.dead.get_mut(antenna) {
            *dead = dies;
        }
        let lost = inventory.dead.iter().filter(|dead| **dead).count();
        let state = if lost > 0 { Health::Degraded } else { Health::Up };
        let reason = (lost > 0).then(|| format!("{lost} antennas do not answer").into());
        let Some(name) = self.reader_names.get(reader) else { return };
        let what = ReaderState { reader: name.clone(), state, reason, clock_offset_ms: None };
        let received_us = self.now_us + 500_000;
        self.post(Told { at_us: self.now_us, received_us, what: what.into() });
    }
}
