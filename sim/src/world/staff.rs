//! Staff and cartons: what keeps the racks full for as long as the store runs.

use recording::{Catalogue, KnownPiece, PieceState};

use crate::people::Step;
use crate::senses::Told;
use crate::stock::{Carry, Place};

use super::World;

impl World {
    /// Products that their own fixture is short of: which, how many, and where pieces of it lie in the stockroom.
    fn shortages(&self) -> Vec<(usize, usize, Vec<usize>)> {
        let mut hanging = vec![0_usize; self.products.len()];
        let mut stored = vec![Vec::new(); self.products.len()];
        for (at, piece) in self.pieces.iter().enumerate() {
            match piece.place {
                Place::Fixture(_) => {
                    if let Some(count) = hanging.get_mut(piece.product) {
                        *count += 1;
                    }
                }
                Place::Stockroom => {
                    if let Some(pieces) = stored.get_mut(piece.product) {
                        pieces.push(at);
                    }
                }
                Place::Held { .. } | Place::Gone => {}
            }
        }
        let short = hanging.into_iter().zip(stored).enumerate().map(|(product, (hanging, stored))| {
            (product, self.manner.stock.0.saturating_sub(hanging).min(stored.len()), stored)
        });
        short.filter(|(_, short, _)| *short > 0).collect()
    }

    /// Sends somebody with an armful to one of the fixtures that are short.
    pub(super) fn restocker(&mut self) {
        let mut wanted: Vec<(usize, f64)> =
            (0..self.plan.fixtures.len()).map(|fixture| (fixture, 0.0)).collect();
        for (product, short, _) in self.shortages() {
            let home = self.products.get(product).map_or(0, |p| p.home);
            if let Some((_, weight)) = wanted.get_mut(home) {
                *weight += short as f64;
            }
        }
        wanted.retain(|(_, weight)| *weight > 0.0);
        let Some(&fixture) = self.chance.one_of(&wanted) else { return };
        let count = 5 + self.chance.index(6);
        let mut steps = vec![Step::Load { fixture, count }, Step::Stand(1.0), Step::Go(self.front(fixture))];
        steps.extend((0..count).flat_map(|_| [Step::Stand(0.7), Step::PutBack { fixture, all: false }]));
        steps.extend([Step::Go(self.plan.stockroom_at), Step::Gone]);
        let walker = self.comes(self.plan.stockroom_at, true, steps);
        if let Some(walker) = self.people.get_mut(walker) {
            walker.carry = Carry::Stacked;
        }
    }

    /// Takes up to `count` pieces that a fixture is short of.
    pub(super) fn load(&mut self, at: usize, fixture: usize, count: usize) {
        let of_fixture = |product: usize| self.products.get(product).is_some_and(|p| p.home == fixture);
        let short = self.shortages().into_iter().filter(|(product, ..)| of_fixture(*product));
        let pieces: Vec<usize> =
            short.flat_map(|(_, short, stored)| stored.into_iter().take(short)).collect();
        for piece in pieces.into_iter().take(count) {
            self.take(at, piece);
        }
    }

    /// Cartons: new pieces of whatever has run low, made known to the store by the goods receipt.
    pub(super) fn delivery(&mut self) {
        let mut left = vec![0_usize; self.products.len()];
        for piece in &self.pieces {
            if let (Place::Stockroom, Some(count)) = (piece.place, left.get_mut(piece.product)) {
                *count += 1;
            }
        }
        for (product, count) in left.into_iter().enumerate() {
            if count >= 3 {
                continue;
            }
            let Some(gtin) = self.products.get(product).map(|p| p.gtin.clone()) else { continue };
            for _ in 0..10 {
                let at = self.make(product, Place::Stockroom);
                // What has no tag is no piece that the store knows one by one.
                let Some(piece) = self.pieces.get(at).filter(|piece| piece.epc.is_some()) else { continue };
                let item = KnownPiece {
                    gtin: gtin.clone(),
                    serial: piece.serial.to_string().into(),
                    epc: piece.epc.clone(),
                    zone: (!self.plan.stockroom.is_empty()).then(|| self.plan.stockroom.as_str().into()),
                    state: PieceState::InStock,
                };
                let what = Catalogue { product: None, item: Some(item) };
                self.post(Told { at_us: self.now_us, received_us: self.now_us, what: what.into() });
            }
        }
    }
}
