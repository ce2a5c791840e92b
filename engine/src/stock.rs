//! Where pieces are: a read at a zone's antenna moves a piece there, with hysteresis, so that a piece in reach of two
//! antennas does not move back and forth. By the time of the reads, never by when they came. It never sells, and it
//! never moves what is sold.
//!
//! A piece moves when one other zone has read it at least three times over three seconds, and its own zone has not
//! read it about as strongly for three seconds.

use std::collections::BTreeMap;
use std::time::Duration;

use epc::{Pc, billable};
use recording::{Hex, ItemMoved, Name, Outcome, PieceState, Read, Time};

use crate::emit::Emit;
use crate::plan::Plan;
use crate::{PieceKey, Shop};

/// Reads that a new zone needs: one or two may be a reflection.
const READS_TO_MOVE: u32 = 3;
/// For how long the new zone alone has to read it. The longest gap between two visits of one antenna is 1 to 2.4 s
/// with four of them, so a piece that is still at home is read there within this.
const SETTLES_AFTER: Duration = Duration::from_secs(3);
/// A read at home this much weaker than the strongest at the new zone no longer speaks for home: about twice the
/// spread of a resting tag's RSSI within a second (p50 1.5 dB).
const CLEARLY_STRONGER_DB: f32 = 3.0;
/// More tags than a store of 100,000 pieces with its neighbours has; beyond it all tracking begins anew.
const MOST_TAGS: usize = 1 << 17;

/// Where tags were read lately.
pub(crate) struct Stock {
    /// By reader: its ports and their zone, an index into `zones`.
    antennas: BTreeMap<Name, Vec<(u16, usize)>>,
    zones: Vec<Name>,
    tags: BTreeMap<Hex, Tag>,
}

/// Another zone that reads a piece.
#[derive(Clone, Copy)]
struct Candidate {
    zone: usize,
    reads: u32,
    first_at: Time,
    last_at: Time,
    strongest: Option<f32>,
}

struct Tag {
    /// `pieces_edition` at which `piece` and `home` were looked up.
    edition: u64,
    pc: Option<u16>,
    piece: Option<PieceKey>,
    /// The zone it is known to be in; `None` where it is in none that is configured, or missing.
    home: Option<usize>,
    /// When home last read it, and how strongly.
    home_read: Option<(Time, Option<f32>)>,
    candidate: Option<Candidate>,
}

impl Stock {
    pub(crate) fn new(plan: &Plan) -> Self {
        let mut zones: Vec<Name> = Vec::new();
        let mut antennas: BTreeMap<Name, Vec<(u16, usize)>> = BTreeMap::new();
        for antenna in &plan.antennas {
            let zone = zones.iter().position(|zone| *zone == antenna.zone).unwrap_or_else(|| {
                zones.push(antenna.zone.clone());
                zones.len() - 1
            });
            antennas.entry(antenna.reader.clone()).or_default().push((antenna.port, zone));
        }
        Stock { antennas, zones, tags: BTreeMap::new() }
    }

    /// Forgets what was read: after a start.
    pub(crate) fn forget(&mut self) {
        self.tags.clear();
    }

    /// Takes a read in that is not stale.
    pub(crate) fn read(&mut self, at: Time, read: &Read, emit: &mut Emit<'_>) {
        let ports = self.antennas.get(&read.reader);
        let zone = ports.and_then(|ports| ports.iter().find(|(port, _)| *port == read.antenna));
        let Some(&(_, zone)) = zone else { return };
        if !self.tags.contains_key(&read.epc) {
            if self.tags.len() >= MOST_TAGS {
                self.tags.clear();
            }
            self.tags.insert(read.epc.clone(), Tag::unknown());
        }
        let Some(tag) = self.tags.get_mut(&read.epc) else { return };
        tag.look_up(read, &self.zones, emit.shop());
        if tag.piece.is_none() {
            return;
        }
        if tag.home == Some(zone) {
            tag.read_at_home(at, read.rssi);
            return;
        }
        tag.read_elsewhere(zone, at, read.rssi);
        if tag.has_moved(at)
            && let Some(key) = &tag.piece
            && let Some(piece) = emit.shop().piece(key)
        {
            let state = match piece.state {
                PieceState::Missing => PieceState::InStock,
                state => state,
            };
            let moved = ItemMoved {
                at,
                gtin: key.gtin.clone(),
                serial: key.serial.clone(),
                from: piece.zone.clone(),
                to: self.zones.get(zone).cloned(),
                state,
            };
            emit.fact(Outcome::ItemMoved(moved));
        }
    }
}

impl Tag {
    fn unknown() -> Tag {
        Tag { edition: u64::MAX, pc: None, piece: None, home: None, home_read: None, candidate: None }
    }

    /// Finds out which piece it is and where that is known to be, once per change of any piece.
    fn look_up(&mut self, read: &Read, zones: &[Name], shop: &Shop) {
        let edition = shop.pieces_edition();
        if self.edition == edition && self.pc == read.pc {
            return;
        }
        self.edition = edition;
        self.pc = read.pc;
        self.piece = piece_of(read, shop);
        let known = self.piece.as_ref().and_then(|key| shop.piece(key));
        if known.is_none_or(|piece| piece.state == PieceState::Sold) {
            self.piece = None; // Foreign or sold: nothing to move.
        }
        let home = known
            .filter(|piece| piece.state != PieceState::Missing)
            .and_then(|piece| piece.zone.as_ref())
            .and_then(|zone| zones.iter().position(|z| z == zone));
        if home != self.home {
            self.home = home;
            self.home_read = None;
            self.candidate = None;
        }
    }

    fn read_at_home(&mut self, at: Time, rssi: Option<f32>) {
        let beaten = match (rssi, self.candidate.and_then(|c| c.strongest)) {
            (Some(home), Some(away)) => home < away - CLEARLY_STRONGER_DB,
            _ => false,
        };
        if beaten {
            return;
        }
        // Home reads it about as strongly: whatever else reads it begins anew.
        self.candidate = None;
        if self.home_read.is_none_or(|(before, _)| before <= at) {
            self.home_read = Some((at, rssi));
        }
    }

    fn read_elsewhere(&mut self, zone: usize, at: Time, rssi: Option<f32>) {
        let fresh = Candidate { zone, reads: 1, first_at: at, last_at: at, strongest: rssi };
        self.candidate = Some(match self.candidate {
            None => fresh,
            Some(candidate) if candidate.zone == zone => Candidate {
                reads: candidate.reads.saturating_add(1),
                first_at: candidate.first_at.min(at),
                last_at: candidate.last_at.max(at),
                strongest: candidate.strongest.max_of(rssi),
                ..candidate
            },
            // A third zone takes over where it is stronger, or the second has lost sight of it.
            Some(candidate) => {
                let lost = at.since(candidate.last_at) >= SETTLES_AFTER;
                let stronger = matches!((rssi, candidate.strongest), (Some(now), Some(then)) if now > then);
                if lost || stronger { fresh } else { candidate }
            }
        });
    }

    fn has_moved(&self, at: Time) -> bool {
        let Some(candidate) = self.candidate else { return false };
        candidate.reads >= READS_TO_MOVE
            && candidate.last_at.since(candidate.first_at) >= SETTLES_AFTER
            && self.home_read.is_none_or(|(last, _)| at.since(last) >= SETTLES_AFTER)
    }
}

trait MaxOf {
    fn max_of(self, other: Self) -> Self;
}

impl MaxOf for Option<f32> {
    fn max_of(self, other: Self) -> Self {
        match (self, other) {
            (Some(a), Some(b)) => Some(a.max(b)),
            (a, b) => a.or(b),
        }
    }
}

/// The piece a read is of, if it vouches for itself or its bits are exactly one known piece.
fn piece_of(read: &Read, shop: &Shop) -> Option<PieceKey> {
    let billable = billable(read.pc.map(Pc), read.epc.bytes()).ok()?;
    if billable.verified {
        let piece = billable.decoded.piece;
        return Some(PieceKey { gtin: piece.gtin.to_string().into(), serial: piece.serial.as_str().into() });
    }
    match shop.pieces_with_bits(&read.epc) {
        [only] => Some(only.clone()),
        _ => None,
    }
}
