//! Pieces in the store: made, laid down, taken up, delivered; and how the store knows them.

use crate::radio::Tag;
use crate::space::{P2, P3, Rect};
use crate::stock::{self, Carry, Piece, Place, Story};
use recording::Hex;
use std::collections::BTreeSet;

use super::World;

/// Pieces that lie about in the shop of the family `calibration` for those who come to take up.
const LYING: usize = 2;
/// A product's pieces hang beside each other on so much of a rail, metres, and their labels within these of one height and of
/// the rail's middle.
const RUN_M: f64 = 0.45;
const LABEL_M: (f64, f64) = (0.1, 0.2);

/// Where the label of a piece is on a rack or table: each product has its own run and its own height; `off` says where in
/// there, 0 to 1 each.
fn hangs(area: Rect, height_m: f64, product: usize, off: [f64; 3]) -> P3 {
    // Parts of the golden and of another ratio: products one after the other come to lie apart.
    let (run, level) = ((product as f64 * 0.618_034).fract(), (product as f64 * 0.414_214).fract());
    let size = area.high.minus(area.low);
    let (long_m, deep_m) = (size.x.max(size.y), size.x.min(size.y));
    let along = (run * long_m + (off[0] - 0.5) * RUN_M).rem_euclid(long_m.max(0.01));
    let across = deep_m / 2.0 + (off[1] - 0.5) * LABEL_M.1.min(deep_m);
    let up = height_m * (0.6 + 0.3 * level) + (off[2] - 0.5) * LABEL_M.0.min(height_m / 2.0);
    let flat = if size.x >= size.y { P2::new(along, across) } else { P2::new(across, along) };
    area.low.plus(flat).up(up)
}

impl World {
    pub(super) fn furnish(&mut self) {
        let (floor, stockroom) = self.manner.stock;
        let stockroom = self.plan.stockroom_pieces.unwrap_or(stockroom);
        for product in 0..self.products.len() {
            // What has no price yet is brought by those who need it.
            if self.products.get(product).is_some_and(|p| !p.priced) {
                continue;
            }
            let sku = self.products.get(product).map(|p| p.sku.clone()).unwrap_or_default();
            for stock in self.plan.stock.clone() {
                for _ in 0..if stock.holds(&sku) { stock.pieces.unwrap_or(floor) } else { 0 } {
                    self.make(product, Place::Fixture(stock.fixture));
                }
            }
            let tagged = self.products.get(product).is_some_and(|p| p.tagged);
            for _ in 0..stockroom {
                self.make(product, Place::Stockroom);
            }
            if self.manner.returns + self.manner.paid_before > 0.0 && tagged {
                for _ in 0..8 {
                    let at = self.make(product, Place::Gone);
                    if let Some(piece) = self.pieces.get_mut(at) {
                        piece.story = Story::SoldBefore;
                    }
                }
            }
        }
        if self.manner.as_logged {
            for fixture in self.plan.racks.iter().copied().take(LYING).collect::<Vec<_>>() {
                let product = self.a_cloth_product();
                self.make(product, Place::Fixture(fixture));
            }
        }
        self.floor_stock = self.on_floor();
        self.furnished = true;
    }

    /// A new piece with its tag; gives its place in the lists.
    pub(super) fn make(&mut self, product: usize, place: Place) -> usize {
        let mut piece = stock::piece(&self.products, product, place, &mut self.making, &mut self.next_serial);
        while piece.epc.as_ref().is_some_and(|epc| self.gone.contains(epc)) {
            piece = stock::piece(&self.products, product, place, &mut self.making, &mut self.next_serial);
        }
        self.adds(piece)
    }

    /// Takes a piece into the lists, with a tag of its own where it has bits; gives its place in them.
    pub(super) fn adds(&mut self, piece: Piece) -> usize {
        let place = piece.place;
        let mut tag = Tag::new(self.air.aerials.len(), &mut self.making);
        if let Some(product) = self.products.get(piece.product) {
            tag.fix_to(product.goods(), &mut self.making);
        }
        if self.manner.as_logged {
            tag.of_one_make(&mut self.making);
        }
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
        if self.furnished {
            self.announced(at);
        }
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
                    let off = [draws.unit(), draws.unit(), draws.unit()];
                    tag.at = hangs(fixture.area, fixture.height, piece.product, off);
                }
                // Cloth, hangers and the rail; what neighbours take, the air finds out.
                tag.laid(draws.normal(2.5, 2.0).clamp(0.0, 9.0));
                if self.manner.as_logged {
                    tag.with_nothing_around(draws);
                }
            }
            _ => {
                tag.at = self.plan.stockroom_at.up(0.0).plus(P3::new(
                    draws.between(-1.5, 1.5),
                    draws.between(-0.8, 0.8),
                    draws.between(0.2, 2.0),
                ));
                tag.laid(draws.normal(6.0, 3.0).clamp(0.0, 15.0));
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
        let sells = |p: &&Piece| p.epc.is_some() && p.is_goods() && matches!(p.place, Place::Fixture(_));
        self.pieces.iter().filter(sells).count()
    }

    /// Lays a piece exactly there.
    pub(super) fn lies_at(&mut self, piece_at: usize, at: P2, height_m: f64) {
        let draws = &mut self.making;
        let off = P3::new(draws.between(-0.15, 0.15), draws.between(-0.15, 0.15), draws.between(0.0, 0.1));
        for n in self.with_tags(piece_at) {
            if let Some(tag) = self.air.tags.get_mut(n) {
                tag.at = at.up(height_m).plus(off);
                tag.laid(self.making.normal(3.5, 2.5).clamp(0.0, 12.0));
            }
            self.air.placed(n);
        }
    }

    /// Makes a piece's tag answer less for as long as it lives.
    pub(super) fn weakens(&mut self, piece_at: usize, by_db: f64) {
        if let Some(tag) = self.air.tags.get_mut(piece_at) {
            tag.weaken(by_db);
        }
    }

    /// A garment and the further tags that hang on it.
    fn with_tags(&self, piece_at: usize) -> Vec<usize> {
        let second = |n: &usize| self.pieces.get(*n).is_some_and(|p| p.story == Story::SecondTagOf(piece_at));
        std::iter::once(piece_at).chain((0..self.pieces.len()).filter(second)).collect()
    }

    /// A piece into somebody's hands, carried as they carry things.
    pub(super) fn take(&mut self, at: usize, piece_at: usize) {
        for n in self.with_tags(piece_at) {
            if let Some(walker) = self.people.get_mut(at) {
                let carry = walker.carry;
                walker.held.push(n);
                self.grips(at, n, carry);
            }
        }
    }

    /// Holds a piece that is in somebody's hands this way from now on.
    pub(super) fn grips(&mut self, at: usize, piece_at: usize, carry: Carry) {
        let Some(walker) = self.people.get(at) else { return };
        for (slot, &n) in walker.held.iter().enumerate() {
            let (Some(piece), Some(tag)) = (self.pieces.get_mut(n), self.air.tags.get_mut(n)) else {
                continue;
            };
            let hangs_on_it = piece.story == Story::SecondTagOf(piece_at);
            if n != piece_at && !hangs_on_it {
                continue;
            }
            let draws = &mut self.making;
            piece.place = Place::Held { person: walker.id, carry, slot };
            tag.there = piece.epc.is_some();
            tag.owner = Some(walker.id);
            tag.held_axis = draws.direction();
            tag.carried(carry, slot, draws);
            if self.manner.as_logged {
                tag.with_nothing_around(draws);
            }
            tag.place(walker.carries(slot, carry, tag.held_axis));
            if piece.epc.is_some()
                && let Some(notes) = &mut self.notes
            {
                notes.held(n, self.now_us, tag.at, false);
            }
            self.air.placed(n);
        }
    }

    /// A piece out of somebody's hands, with the tags that hang on it.
    pub(super) fn lets_go(&mut self, at: usize, piece_at: usize, place: Place) {
        let gone = self.with_tags(piece_at);
        let Some(walker) = self.people.get_mut(at) else { return };
        walker.held.retain(|n| !gone.contains(n));
        for (slot, &n) in walker.held.iter().enumerate() {
            if let Some(Piece { place: Place::Held { slot: old, .. }, .. }) = self.pieces.get_mut(n) {
                *old = slot;
            }
        }
        for n in gone {
            if self.pieces.get(n).is_some_and(|p| p.epc.is_some())
                && let (Some(notes), Some(tag)) = (&mut self.notes, self.air.tags.get(n))
            {
                notes.held(n, self.now_us, tag.at, true);
            }
            self.put(n, place);
        }
    }

    /// A piece has left the store: its entry is free for another, unless it was bought before and may come again.
    pub(super) fn departs(&mut self, piece_at: usize) {
        let Some(piece) = self.pieces.get(piece_at).filter(|piece| piece.story != Story::SoldBefore) else {
            return;
        };
        if let (Some(notes), Some(epc)) = (&mut self.notes, &piece.epc) {
            notes.departs(piece_at, epc.clone(), self.start);
        }
        self.free.push(piece_at);
    }

    /// A piece that is on its way is announced to the store, which then knows it beforehand.
    fn announced(&mut self, piece_at: usize) {
        if let Some(notes) = &mut self.notes
            && let Some(piece) = self.pieces.get(piece_at).filter(|piece| piece.is_known())
            && let (Some(epc), Some(product)) = (&piece.epc, self.products.get(piece.product))
        {
            let zone = &self.plan.stockroom;
            notes.items_csv.push_str(&format!("{epc},{},{},{zone},in_stock\n", product.gtin, piece.serial));
        }
    }

    /// The pieces that the store knows, as the contract's CSV; to be taken before the world runs for their first state.
    pub(crate) fn items_csv(&self) -> String {
        let mut out = String::from("epc,gtin,serial,zone,state\n");
        for piece in &self.pieces {
            let (Some(epc), Some(product)) = (&piece.epc, self.products.get(piece.product)) else { continue };
            if self.gone.contains(epc) || !piece.is_known() {
                continue;
            }
            let (zone, state) = match piece.place {
                Place::Fixture(at) => {
                    (self.plan.fixtures.get(at).map_or("", |f| f.zone.as_str()), "in_stock")
                }
                Place::Stockroom | Place::Held { .. } => (self.plan.stockroom.as_str(), "in_stock"),
                Place::Floor | Place::Tray(_) => ("", "in_stock"),
                Place::Gone => ("", if piece.story == Story::SoldBefore { "sold" } else { "in_stock" }),
            };
            out.push_str(&format!("{epc},{},{},{zone},{state}\n", product.gtin, piece.serial));
        }
        out
    }
}
