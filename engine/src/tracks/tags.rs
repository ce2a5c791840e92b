//! Tag tracks: what each tag's reads were over the last minutes, by antenna and half second, and what its bits say.
//! It never says whose a tag is. Everything is bounded: tags, and the slots kept of each.

use std::collections::{BTreeMap, VecDeque};

use recording::{Hex, Name, Read, Time};
use smallvec::SmallVec;

use crate::PieceKey;
use crate::field::AntennaId;
use crate::timeline::{Slot, slot};

/// Tags kept at most; past it the eighth that was unread for longest is forgotten.
const MOST_TAGS: usize = 16_384;
/// Slots kept of a tag that a lane's antennas read: 48 s of two antennas without a gap, much longer for most tags.
const MOST_BINS_AT_LANE: usize = 192;
/// Slots kept of a tag that only other antennas read.
const MOST_BINS_ELSEWHERE: usize = 32;
/// The last reads against which a repeated report is recognised.
const REMEMBERED_READS: usize = 48;
/// A tag's number while it is remembered.
pub(crate) type TagId = u32;

/// One tag's reads at one antenna in one slot.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bin {
    pub(crate) slot: Slot,
    pub(crate) antenna: AntennaId,
    pub(crate) reads: u32,
    pub(crate) first: Time,
    pub(crate) last: Time,
    rssi_sum: f32,
    rssi_reads: u32,
    rssi_max: f32,
}

/// The greater of two powers, where there are any.
pub(crate) fn stronger(a: Option<f32>, b: Option<f32>) -> Option<f32> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.max(b)),
        (one, other) => one.or(other),
    }
}

impl Bin {
    /// Mean received power, dBm.
    pub(crate) fn rssi(&self) -> Option<f32> {
        (self.rssi_reads > 0).then(|| self.rssi_sum / self.rssi_reads as f32)
    }

    /// Strongest, dBm.
    pub(crate) fn rssi_max(&self) -> Option<f32> {
        (self.rssi_reads > 0).then_some(self.rssi_max)
    }

    /// The sum of received powers and of how many reads it is.
    pub(crate) fn rssi_sum(&self) -> (f32, u32) {
        (self.rssi_sum, self.rssi_reads)
    }
}

/// What a tag's bits say.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Identity {
    /// A piece that may be billed if the shop knows it.
    Piece { key: PieceKey, uri: Name, verified: bool },
    /// Nothing that may ever be billed, and why.
    Refused(Name),
}

/// What one tag did.
pub(crate) struct TagTrack {
    pub(crate) bits: Hex,
    pub(crate) identity: Identity,
    pc: Option<u16>,
    tids: SmallVec<[Hex; 2]>,
    /// Two chips answer with these bits.
    pub(crate) two_chips: bool,
    pub(crate) bins: VecDeque<Bin>,
    remembered: [u64; REMEMBERED_READS],
    remembered_next: usize,
    pub(crate) last_at: Time,
    at_lane: bool,
}

impl TagTrack {
    fn new(bits: Hex, pc: Option<u16>, at: Time) -> TagTrack {
        let identity = identify(&bits, pc);
        TagTrack {
            bits,
            identity,
            pc,
            tids: SmallVec::new(),
            two_chips: false,
            bins: VecDeque::new(),
            remembered: [0; REMEMBERED_READS],
            remembered_next: 0,
            last_at: at,
            at_lane: false,
        }
    }

    /// The chips' own numbers that answered with these bits.
    pub(crate) fn tids(&self) -> &[Hex] {
        &self.tids
    }

    /// Whether this very report was taken already.
    fn repeated(&mut self, at: Time, antenna: AntennaId) -> bool {
        // Odd, so never the 0 of an empty place; microseconds since 1970 leave the upper bits free.
        let key = ((at.as_micros() as u64) << 11) ^ (u64::from(antenna) << 1) | 1;
        if self.remembered.contains(&key) {
            return true;
        }
        if let Some(place) = self.remembered.get_mut(self.remembered_next) {
            *place = key;
        }
        self.remembered_next = (self.remembered_next + 1) % REMEMBERED_READS;
        false
    }

    fn take(&mut self, at: Time, antenna: AntennaId, at_lane: bool, read: &Read) {
        self.at_lane |= at_lane;
        self.last_at = self.last_at.max(at);
        if let Some(pc) = read.pc.filter(|pc| self.pc != Some(*pc)) {
            // A PC word that comes late makes bits verified; two that differ are two tags: what one refuses stays refused.
            let identity = identify(&self.bits, Some(pc));
            if self.pc.is_none() || matches!(identity, Identity::Refused(_)) {
                self.identity = identity;
            }
            self.pc = Some(pc);
        }
        if let Some(tid) = read.tid.as_ref().filter(|_| self.tids.len() < 4) {
            self.take_tid(tid);
        }
        let here = slot(at);
        let known = self.bins.iter().rposition(|bin| bin.slot <= here);
        let mut from = known;
        while let Some(place) = from {
            match self.bins.get_mut(place) {
                Some(bin) if bin.slot == here && bin.antenna == antenna => {
                    bin.add(at, read);
                    return;
                }
                Some(bin) if bin.slot == here => from = place.checked_sub(1),
                _ => break,
            }
        }
        let most = if self.at_lane { MOST_BINS_AT_LANE } else { MOST_BINS_ELSEWHERE };
        let mut place = known.map_or(0, |k| k + 1);
        while self.bins.len() >= most {
            self.bins.pop_front();
            place = place.saturating_sub(1);
        }
        let mut bin = Bin {
            slot: here,
            antenna,
            reads: 0,
            first: at,
            last: at,
            rssi_sum: 0.0,
            rssi_reads: 0,
            rssi_max: f32::NEG_INFINITY,
        };
        bin.add(at, read);
        self.bins.insert(place, bin);
    }

    fn take_tid(&mut self, tid: &Hex) {
        // Some readers report two words of the TID, some six: the same chip as long as one begins with the other.
        let same = |known: &Hex| {
            let (a, b) = (known.bytes(), tid.bytes());
            a.starts_with(b) || b.starts_with(a)
        };
        if !self.tids.iter().any(same) {
            self.tids.push(tid.clone());
            self.two_chips = self.tids.len() > 1;
        }
    }
}

impl Bin {
    fn add(&mut self, at: Time, read: &Read) {
        self.reads = self.reads.saturating_add(read.count);
        self.first = self.first.min(at);
        self.last = self.last.max(at);
        if let Some(rssi) = read.rssi.filter(|rssi| rssi.is_finite()) {
            self.rssi_sum += rssi;
            self.rssi_reads += 1;
            self.rssi_max = self.rssi_max.max(rssi);
        }
    }
}

fn identify(bits: &Hex, pc: Option<u16>) -> Identity {
    match epc::billable(pc.map(epc::Pc), bits.bytes()) {
        Ok(billable) => {
            let piece = billable.decoded.piece;
            let key = PieceKey {
                gtin: Name::from(piece.gtin.to_string()),
                serial: Name::from(piece.serial.as_str()),
            };
            Identity::Piece { key, uri: Name::from(billable.decoded.uri()), verified: billable.verified }
        }
        Err(refusal) => Identity::Refused(Name::from(refusal.to_string())),
    }
}

/// Every tag that was read lately.
#[derive(Default)]
pub(crate) struct Tags {
    ids: BTreeMap<Hex, TagId>,
    tracks: Vec<Option<TagTrack>>,
    free: Vec<TagId>,
    /// By lane: the tags that its antennas read.
    by_lane: Vec<Vec<TagId>>,
}

impl Tags {
    pub(crate) fn new(lanes: usize) -> Tags {
        Tags { by_lane: vec![Vec::new(); lanes], ..Tags::default() }
    }

    /// Takes a read in. `None` where it is a report that was taken already.
    pub(crate) fn take(
        &mut self,
        at: Time,
        antenna: AntennaId,
        lane: Option<usize>,
        read: &Read,
    ) -> Option<TagId> {
        let id = match self.ids.get(&read.epc) {
            Some(id) => *id,
            None => self.add(read, at),
        };
        let track = self.tracks.get_mut(id as usize)?.as_mut()?;
        if track.repeated(at, antenna) {
            return None;
        }
        track.take(at, antenna, lane.is_some(), read);
        if let Some(listed) = lane.and_then(|lane| self.by_lane.get_mut(lane)) {
            // Sorted, so that what is decided does not depend on who was read first; a steady state inserts nothing.
            if let Err(place) = listed.binary_search(&id) {
                listed.insert(place, id);
            }
        }
        Some(id)
    }

    fn add(&mut self, read: &Read, at: Time) -> TagId {
        if self.ids.len() >= MOST_TAGS {
            self.forget_oldest();
        }
        let track = TagTrack::new(read.epc.clone(), read.pc, at);
        let id = match self.free.pop() {
            Some(id) => id,
            None => {
                self.tracks.push(None);
                (self.tracks.len() - 1) as TagId
            }
        };
        if let Some(place) = self.tracks.get_mut(id as usize) {
            *place = Some(track);
        }
        self.ids.insert(read.epc.clone(), id);
        assert!(self.ids.len() <= MOST_TAGS, "the tags that are remembered are bounded");
        id
    }

    fn forget_oldest(&mut self) {
        let mut by_age: Vec<(Time, TagId)> =
            self.ids.values().filter_map(|id| self.get(*id).map(|tag| (tag.last_at, *id))).collect();
        by_age.sort_unstable();
        for (_, id) in by_age.into_iter().take(MOST_TAGS / 8) {
            if let Some(track) = self.tracks.get_mut(id as usize).and_then(Option::take) {
                self.ids.remove(&track.bits);
                self.free.push(id);
                self.by_lane.iter_mut().for_each(|listed| listed.retain(|other| *other != id));
            }
        }
    }

    /// A tag's track.
    pub(crate) fn get(&self, id: TagId) -> Option<&TagTrack> {
        self.tracks.get(id as usize).and_then(Option::as_ref)
    }

    /// Every tag, by number.
    pub(crate) fn all(&self) -> impl Iterator<Item = &TagTrack> {
        self.tracks.iter().filter_map(Option::as_ref)
    }

    /// The tags that a lane's antennas read, by number.
    pub(crate) fn at_lane(&self, lane: usize) -> impl Iterator<Item = (TagId, &TagTrack)> {
        let listed = self.by_lane.get(lane).map_or(&[][..], Vec::as_slice);
        listed.iter().filter_map(|id| self.get(*id).map(|tag| (*id, tag)))
    }
}
