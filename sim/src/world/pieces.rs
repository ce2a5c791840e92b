//! Pieces in the store: made, laid down, taken up, delivered; and how the store knows them.

use crate::family::Family;
use crate::radio::{Tag, carry_loss_db};
use crate::space::{P2, P3};
use crate::stock::{self, Place};
use recording::Hex;
use std::collections::BTreeSet;

use super::World;

impl World {
    pub(super) fn furnish(&mut self) {
        let (floor, stockroom) = self.manner.stock;
        for product in 0..self.products.len() {
            let home = self.products.get(product).map_or(0, |p| p.home);
            for _ in 0..floor {
                self.make(product, Place::Fixture(home));
            }
            let tagged = self.products.get(product).is_some_and(|p| p.tagged);
            for _ in 0..stockroom {
                self.make(product, Place::Stockroom);
            }
            if self.manner.returns + self.manner.paid_before > 0.0 && tagged {
                for _ in 0..8 {
                    let at = self.make(product, Place::Gone);
                    if let Some(piece) = self.pieces.get_mut(at) {
                        piece.sold_before = true;
                    }
                }
            }
        }
        if self.family == Family::Calibration {
            for product in 0..9 {
                self.make(product, Place::Fixture(0));
            }
        }
        // Some of the first rack's garments hang at the lane, too.
        if let Some(display) = self.plan.fixtures.iter().position(|f| f.id == "display-1") {
            for product in 0..12 {
                self.make(product, Place::Fixture(display));
            }
        }
        self.floor_stock = self.on_floor();
    }

    /// A new piece with its tag; gives its place in the lists.
    pub(super) fn make(&mut self, product: usize, place: Place) -> usize {
        let mut piece = stock::piece(&self.products, product, place, &mut self.making, &mut self.next_serial);
        while piece.epc.as_ref().is_some_and(|epc| self.gone.contains(epc)) {
            piece = stock::piece(&self.products, product, place, &mut self.making, &mut self.next_serial);
        }
        let mut tag = Tag::new(self.air.aerials.len(), &mut self.making);
        tag.there = piece.epc.is_some();
        if let Some(epc) = piece.epc.as_ref().and_then(|epc| epc.bytes().try_into().ok()) {
            tag.chip.epc = epc;
        }
        let at = match self.free.pop() {
            Some(at) => at,
            None => {
                self.pieces.push(piece.clone());
                self.air.tags.push(tag.clone());
                self.pieces.len() - 1
            }
        };
        if let (Some(old), Some(old_tag)) = (self.pieces.get_mut(at), self.air.tags.get_mut(at)) {
            *old = piece;
            *old_tag = tag;
        }
        self.put(at, place);
        at
    }

    /// Lays a piece down at a place where nobody holds it.
    pub(super) fn put(&mut self, piece_at: usize, place: Place) {
        let (Some(piece), Some(tag)) = (self.pieces.get_mut(piece_at), self.air.tags.get_mut(piece_at))
        else {
            return;
        };
        piece.place = place;
        tag.owner = None;
        tag.velocity = P2::default();
        tag.there = piece.epc.is_some() && place != Place::Gone;
        let draws = &mut self.making;
        let turn = draws.between(0.0, std::f64::consts::TAU);
        let (sin, cos) = libm::sincos(turn);
        tag.axis = P3::new(0.95 * cos, 0.95 * sin, draws.between(-0.3, 0.3));
        tag.axis = tag.axis.times(1.0 / tag.axis.length().max(1e-6));
        match place {
            Place::Fixture(at) => {
                if let Some(fixture) = self.plan.fixtures.get(at) {
                    let area = fixture.area;
                    tag.at = P3::new(
                        draws.between(area.low.x, area.high.x),
                        draws.between(area.low.y, area.high.y),
                        fixture.height * draws.between(0.55, 0.95),
                    );
                }
                // Neighbours on the rail detune and shade each other.
                tag.loss_db = draws.normal(4.0, 2.5).clamp(0.0, 12.0);
            }
            _ => {
                tag.at = crate::plan::STOCKROOM_AT.up(0.0).plus(P3::new(
                    draws.between(-1.5, 1.5),
                    draws.between(-0.8, 0.8),
                    draws.between(0.2, 2.0),
                ));
                tag.loss_db = draws.normal(6.0, 3.0).clamp(0.0, 15.0);
            }
        }
        self.air.placed(piece_at);
    }

    /// Takes the pieces with these tags out of the store for good.
    pub(crate) fn remove(&mut self, gone: &BTreeSet<Hex>) {
        for at in 0..self.pieces.len() {
            if self.pieces.get(at).and_then(|piece| piece.epc.as_ref()).is_some_and(|epc| gone.contains(epc))
            {
                self.put(at, Place::Gone);
                self.free.push(at);
            }
        }
        self.gone = gone.clone();
    }

    pub(super) fn on_floor(&self) -> usize {
        self.pieces.iter().filter(|p| p.epc.is_some() && matches!(p.place, Place::Fixture(_))).count()
    }

    /// Puts a piece that was sold before into somebody's hands.
    pub(super) fn brings(&mut self, walker: usize) {
        let sold = self.pieces.iter().position(|p| p.sold_before && p.place == Place::Gone);
        if let Some(piece) = sold {
            self.take(walker, piece);
        }
    }

    /// Holds every piece anew after the way of carrying has changed.
    pub(super) fn regrip(&mut self, at: usize) {
        let held = self.people.get_mut(at).map(|walker| std::mem::take(&mut walker.held)).unwrap_or_default();
        for piece in held {
            self.take(at, piece);
        }
    }

    /// A piece into somebody's hands.
    pub(super) fn take(&mut self, at: usize, piece_at: usize) {
        let Some(walker) = self.people.get_mut(at) else { return };
        let slot = walker.held.len();
        walker.held.push(piece_at);
        let (Some(piece), Some(tag)) = (self.pieces.get_mut(piece_at), self.air.tags.get_mut(piece_at))
        else {
            return;
        };
        piece.place = Place::Held { person: walker.id, carry: walker.carry, slot };
        let draws = &mut self.making;
        tag.there = piece.epc.is_some();
        tag.owner = Some(walker.id);
        tag.held_axis = draws.direction();
        tag.loss_db = carry_loss_db(walker.carry, slot, draws);
        let turn = tag.held_axis;
        self.air.placed(piece_at);
        if let (Some(walker), Some(piece), Some(tag)) =
            (self.people.get(at), self.pieces.get(piece_at), self.air.tags.get_mut(piece_at))
            && let Place::Held { carry, slot, .. } = piece.place
        {
            tag.place(walker.carries(slot, carry, turn));
            if piece.epc.is_some()
                && let Some(notes) = &mut self.notes
            {
                notes.held(piece_at, self.now_us, tag.at, false);
            }
        }
    }

    /// The piece taken last out of somebody's hands.
    pub(super) fn lets_go(&mut self, at: usize, place: Place) -> Option<usize> {
        let piece_at = self.people.get_mut(at)?.held.pop()?;
        if self.pieces.get(piece_at).is_some_and(|p| p.epc.is_some())
            && let (Some(notes), Some(tag)) = (&mut self.notes, self.air.tags.get(piece_at))
        {
            notes.held(piece_at, self.now_us, tag.at, true);
        }
        self.put(piece_at, place);
        Some(piece_at)
    }

    /// Rows of the pieces that were made after the first `known`, for the store to know them beforehand.
    pub(crate) fn items_made_since(&self, known: usize) -> String {
        let made = self.pieces.iter().skip(known);
        made.filter_map(|piece| {
            let product = self.products.get(piece.product)?;
            let zone = crate::plan::STOCKROOM;
            piece.epc.as_ref().map(|epc| format!("{epc},{},{},{zone},in_stock\n", product.gtin, piece.serial))
        })
        .collect()
    }

    /// The pieces that the store knows, as the contract's CSV; to be taken before the world runs for their first state.
    pub(crate) fn items_csv(&self) -> String {
        let mut out = String::from("epc,gtin,serial,zone,state\n");
        for piece in &self.pieces {
            let (Some(epc), Some(product)) = (&piece.epc, self.products.get(piece.product)) else { continue };
            if self.gone.contains(epc) {
                continue;
            }
            let (zone, state) = match piece.place {
                Place::Fixture(at) => (self.plan.fixtures.get(at).map_or("", |f| f.zone), "in_stock"),
                Place::Stockroom | Place::Held { .. } => (crate::plan::STOCKROOM, "in_stock"),
                Place::Gone => ("", if piece.sold_before { "sold" } else { "in_stock" }),
            };
            out.push_str(&format!("{epc},{},{},{zone},{state}\n", product.gtin, piece.serial));
        }
        out
    }
}
