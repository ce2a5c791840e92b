//! Tag reports as an `ROReportSpec` asks for them: what they say, and when they are due.

use std::collections::HashMap;
use std::time::Duration;

use super::access::Executed;
use super::rospec::Inventory;
use super::tag::Tag;
use crate::definitions::vendors as v;
use crate::definitions::{enumerations as e, messages as m, parameters as p};
use crate::element::{Element, Value};

/// Tags in one message; a longer report is several.
const TAGS_IN_MESSAGE: usize = 500;
/// Entries kept for a report that nobody asks for; what comes then is counted as lost.
const MOST_ENTRIES: usize = 65_536;

/// How a tag of the field was heard, as the host's radio made it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signal {
    /// Port, from 1.
    pub antenna: u16,
    /// 1/100 dBm.
    pub rssi_cdbm: i16,
    /// 4096ths of a turn.
    pub phase: u16,
    /// 1/16 Hz.
    pub doppler: i16,
    /// `ChannelIndex`, from 1.
    pub channel_index: u16,
}

/// One sighting of one tag, as the host's radio made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagRead {
    /// Port, from 1.
    pub antenna: u16,
    /// The EPC's bytes.
    pub epc: Vec<u8>,
    /// Protocol control bits.
    pub pc: u16,
    /// The CRC of PC and EPC.
    pub crc: u16,
    /// The tag's TID, where the air command had it sent (FastID).
    pub tid: Option<Vec<u16>>,
    /// 1/100 dBm.
    pub rssi_cdbm: i16,
    /// 4096ths of a turn.
    pub phase: u16,
    /// 1/16 Hz.
    pub doppler: i16,
    /// `ChannelIndex`, from 1.
    pub channel_index: u16,
}

impl TagRead {
    /// The read that a tag of the field gives.
    pub fn of(tag: &Tag, signal: Signal) -> TagRead {
        TagRead {
            antenna: signal.antenna,
            epc: tag.epc(),
            pc: tag.pc(),
            crc: tag.crc(),
            tid: Some(tag.tid().to_vec()),
            rssi_cdbm: signal.rssi_cdbm,
            phase: signal.phase,
            doppler: signal.doppler,
            channel_index: signal.channel_index,
        }
    }

    /// A tag as far as this read tells what is in it.
    pub(super) fn as_tag(&self) -> Tag {
        let tag = Tag::new(&self.epc).with_pc(self.pc);
        match &self.tid {
            Some(tid) => tag.with_tid(tid.clone()),
            None => tag,
        }
    }
}

#[derive(Debug)]
struct Sighting {
    read: TagRead,
    /// What an AccessSpec did to the tag; such a sighting is an entry by itself.
    access: Option<Executed>,
    spec_index: u16,
    parameter_spec_id: u16,
    first_us: u64,
    last_us: u64,
    count: u16,
}

/// The sightings of a ROSpec that have not been reported.
#[derive(Debug, Default)]
pub(super) struct Reports {
    sightings: Vec<Sighting>,
    /// Sightings that found no room.
    pub(super) lost: u64,
    /// Where a tag's sighting by an antenna on a channel stands among them.
    index: HashMap<(Vec<u8>, u16, u16), usize>,
    pub(super) due: Option<Duration>,
}

/// The content and timing that an `ROReportSpec` asks for.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Wanted {
    trigger: u64,
    n: u64,
    rospec_id: bool,
    spec_index: bool,
    parameter_spec_id: bool,
    antenna: bool,
    channel: bool,
    rssi: bool,
    first: bool,
    last: bool,
    count: bool,
    access_spec_id: bool,
    crc: bool,
    pc: bool,
    impinj_tid: bool,
    impinj_phase: bool,
    impinj_rssi: bool,
    impinj_doppler: bool,
}

impl Wanted {
    /// Reads an `ROReportSpec`; Impinj's selector counts only where `impinj` says its extensions are on.
    pub(super) fn read(spec: &Element, impinj: bool) -> Self {
        let mut out = Wanted {
            trigger: spec.unsigned("ROReportTrigger").unwrap_or_default(),
            n: spec.unsigned("N").unwrap_or_default(),
            ..Wanted::default()
        };
        if let Some(content) = spec.child(&p::TagReportContentSelector) {
            out.rospec_id = content.flag("EnableROSpecID");
            out.spec_index = content.flag("EnableSpecIndex");
            out.parameter_spec_id = content.flag("EnableInventoryParameterSpecID");
            out.antenna = content.flag("EnableAntennaID");
            out.channel = content.flag("EnableChannelIndex");
            out.rssi = content.flag("EnablePeakRSSI");
            out.first = content.flag("EnableFirstSeenTimestamp");
            out.last = content.flag("EnableLastSeenTimestamp");
            out.count = content.flag("EnableTagSeenCount");
            out.access_spec_id = content.flag("EnableAccessSpecID");
            if let Some(memory) = content.child(&p::C1G2EPCMemorySelector) {
                out.crc = memory.flag("EnableCRC");
                out.pc = memory.flag("EnablePCBits");
            }
        }
        if let Some(content) = spec.child(&v::ImpinjTagReportContentSelector).filter(|_| impinj) {
            let on =
                |definition, name| content.child(definition).is_some_and(|mode: &Element| mode.flag(name));
            out.impinj_tid = on(&v::ImpinjEnableSerializedTID, "SerializedTIDMode");
            out.impinj_phase = on(&v::ImpinjEnableRFPhaseAngle, "RFPhaseAngleMode");
            out.impinj_rssi = on(&v::ImpinjEnablePeakRSSI, "PeakRSSIMode");
            out.impinj_doppler = on(&v::ImpinjEnableRFDopplerFrequency, "RFDopplerFrequencyMode");
        }
        out
    }

    /// The time between reports, for the triggers of LLRP 1.1 that count time.
    fn period(&self) -> Option<Duration> {
        use e::ROReportTriggerType as T;
        let period = match self.trigger {
            T::Upon_N_Seconds_Or_End_Of_AISpec_Or_End_Of_RFSurveySpec
            | T::Upon_N_Seconds_Or_End_Of_ROSpec => Duration::from_secs(self.n),
            T::Upon_N_Milliseconds_Or_End_Of_AISpec_Or_End_Of_RFSurveySpec
            | T::Upon_N_Milliseconds_Or_End_Of_ROSpec => Duration::from_millis(self.n),
            _ => Duration::ZERO,
        };
        (!period.is_zero()).then_some(period)
    }

    fn counts_tags(&self) -> bool {
        use e::ROReportTriggerType as T;
        [T::Upon_N_Tags_Or_End_Of_AISpec, T::Upon_N_Tags_Or_End_Of_ROSpec].contains(&self.trigger)
            && self.n > 0
    }

    /// Whether the end of an AISpec makes a report.
    pub(super) fn at_spec_end(&self) -> bool {
        use e::ROReportTriggerType as T;
        [
            T::Upon_N_Tags_Or_End_Of_AISpec,
            T::Upon_N_Seconds_Or_End_Of_AISpec_Or_End_Of_RFSurveySpec,
            T::Upon_N_Milliseconds_Or_End_Of_AISpec_Or_End_Of_RFSurveySpec,
        ]
        .contains(&self.trigger)
    }

    /// Whether the end of a ROSpec makes a report.
    pub(super) fn at_end(&self) -> bool {
        self.trigger != e::ROReportTriggerType::None
    }

    fn tag(&self, rospec_id: u32, sighting: &Sighting) -> Element {
        let read = &sighting.read;
        let epc = if read.epc.len() == 12 {
            Element::new(&p::EPC_96).with("EPC", read.epc.clone())
        } else {
            Element::new(&p::EPCData).with("EPC", Value::bits(&read.epc))
        };
        let mut tag = Element::new(&p::TagReportData).and(epc);
        let mut say = |wanted: bool, make: &dyn Fn() -> Element| {
            if wanted {
                tag.parameters.push(make());
            }
        };
        let dbm = i8::try_from((i32::from(read.rssi_cdbm) + if read.rssi_cdbm < 0 { -50 } else { 50 }) / 100);
        say(self.rospec_id, &|| Element::new(&p::ROSpecID).with("ROSpecID", rospec_id));
        say(self.spec_index, &|| Element::new(&p::SpecIndex).with("SpecIndex", sighting.spec_index));
        say(self.parameter_spec_id, &|| {
            Element::new(&p::InventoryParameterSpecID)
                .with("InventoryParameterSpecID", sighting.parameter_spec_id)
        });
        say(self.antenna, &|| Element::new(&p::AntennaID).with("AntennaID", read.antenna));
        say(self.rssi, &|| Element::new(&p::PeakRSSI).with("PeakRSSI", dbm.unwrap_or(i8::MIN)));
        say(self.channel, &|| Element::new(&p::ChannelIndex).with("ChannelIndex", read.channel_index));
        let seen = |definition, at: u64| Element::new(definition).with("Microseconds", at);
        say(self.first, &|| seen(&p::FirstSeenTimestampUTC, sighting.first_us));
        say(self.last, &|| seen(&p::LastSeenTimestampUTC, sighting.last_us));
        say(self.count, &|| Element::new(&p::TagSeenCount).with("TagCount", sighting.count));
        say(self.pc, &|| Element::new(&p::C1G2_PC).with("PC_Bits", read.pc));
        say(self.crc, &|| Element::new(&p::C1G2_CRC).with("CRC", read.crc));
        let access_spec_id = sighting.access.as_ref().map_or(0, |access| access.access_spec_id);
        say(self.access_spec_id, &|| Element::new(&p::AccessSpecID).with("AccessSpecID", access_spec_id));
        tag.parameters.extend(sighting.access.iter().flat_map(|access| access.results.iter().cloned()));
        let mut say = |wanted: bool, make: &dyn Fn() -> Element| {
            if wanted {
                tag.parameters.push(make());
            }
        };
        if let Some(tid) = &read.tid {
            say(self.impinj_tid, &|| Element::new(&v::ImpinjSerializedTID).with("TID", tid.clone()));
        }
        say(self.impinj_phase, &|| Element::new(&v::ImpinjRFPhaseAngle).with("PhaseAngle", read.phase));
        say(self.impinj_rssi, &|| Element::new(&v::ImpinjPeakRSSI).with("RSSI", read.rssi_cdbm));
        say(self.impinj_doppler, &|| {
            Element::new(&v::ImpinjRFDopplerFrequency).with("DopplerFrequency", read.doppler)
        });
        tag
    }
}

impl Reports {
    /// Takes a sighting; `true` when a report is due now. Sightings of one tag by one antenna on one channel that fall into
    /// one report are one entry with a count, as readers send it.
    pub(super) fn add(
        &mut self,
        read: &TagRead,
        access: Option<Executed>,
        at_us: u64,
        now: Duration,
        inventory: &Inventory,
        wanted: &Wanted,
    ) -> bool {
        let channel = if wanted.channel { read.channel_index } else { 0 };
        let key = (read.epc.clone(), read.antenna, channel);
        let full = self.sightings.len() >= MOST_ENTRIES;
        let known = self.index.get(&key).filter(|_| access.is_none()).copied();
        match known.and_then(|at| self.sightings.get_mut(at)) {
            Some(known) => {
                known.last_us = at_us;
                known.count = known.count.saturating_add(1);
                if read.rssi_cdbm > known.read.rssi_cdbm {
                    known.read = read.clone();
                }
            }
            None if full => self.lost = self.lost.saturating_add(1),
            None => {
                if access.is_none() {
                    self.index.insert(key, self.sightings.len());
                }
                self.sightings.push(Sighting::new(read, access, at_us, inventory));
            }
        }
        if self.due.is_none() {
            self.due = wanted.period().map(|period| now + period);
        }
        wanted.counts_tags() && self.sightings.len() as u64 >= wanted.n
    }

    /// The reports of all sightings, oldest first; none when there are none.
    pub(super) fn take(&mut self, rospec_id: u32, wanted: &Wanted) -> Vec<Element> {
        self.due = None;
        self.index.clear();
        let sightings = std::mem::take(&mut self.sightings);
        let message = |part: &[Sighting]| {
            let tags = part.iter().map(|sighting| wanted.tag(rospec_id, sighting));
            Element::new(&m::RO_ACCESS_REPORT).and_all(tags)
        };
        sightings.chunks(TAGS_IN_MESSAGE).map(message).collect()
    }
}

impl Sighting {
    fn new(read: &TagRead, access: Option<Executed>, at_us: u64, inventory: &Inventory) -> Self {
        Sighting {
            read: read.clone(),
            access,
            spec_index: inventory.spec_index,
            parameter_spec_id: inventory.parameter_spec_id,
            first_us: at_us,
            last_us: at_us,
            count: 1,
        }
    }
}

/// The report of what one AccessSpec did to one tag, sent at once.
pub(super) fn access_report(
    read: &TagRead,
    access: Executed,
    at_us: u64,
    inventory: &Inventory,
    wanted: &Wanted,
) -> Element {
    let sighting = Sighting::new(read, Some(access), at_us, inventory);
    Element::new(&m::RO_ACCESS_REPORT).and(wanted.tag(inventory.rospec_id, &sighting))
}
