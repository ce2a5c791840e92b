//! Staff and cartons: what keeps the racks full for as long as the store runs.

use recording::{Catalogue, KnownPiece, PieceState};

use crate::people::{Brought, Kind, Step, Wanted, Which};
use crate::senses::Told;
use crate::space::P2;
use crate::stock::{Carry, Place};

use super::World;

/// A shop that so many shoppers may be in at once has one more member of staff who fills its racks.
const SHOPPERS_A_RESTOCKER: usize = 6;

impl World {
    /// Products that their own fixture is short of: which, how many, and where pieces of it lie in the stockroom. What
    /// staff have in their hands is on its way to a rack.
    fn shortages(&self) -> Vec<(usize, usize, Vec<usize>)> {
        let mut hanging = vec![0_usize; self.products.len()];
        let mut stored = vec![Vec::new(); self.products.len()];
        let staff: Vec<u32> = self.people.iter().filter(|p| p.staff).map(|p| p.id).collect();
        for (at, piece) in self.pieces.iter().enumerate().filter(|(_, piece)| piece.is_goods()) {
            match piece.place {
                Place::Held { person, .. } if !staff.contains(&person) => {}
                Place::Fixture(_) | Place::Held { .. } => {
                    if let Some(count) = hanging.get_mut(piece.product) {
                        *count += 1;
                    }
                }
                Place::Stockroom => {
                    if let Some(pieces) = stored.get_mut(piece.product) {
                        pieces.push(at);
                    }
                }
                Place::Floor | Place::Tray(_) | Place::Gone => {}
            }
        }
        let short = hanging.into_iter().zip(stored).enumerate().map(|(product, (hanging, stored))| {
            (product, self.manner.stock.0.saturating_sub(hanging).min(stored.len()), stored)
        });
        short.filter(|(_, short, _)| *short > 0).collect()
    }

    /// Sends somebody with an armful to one of the fixtures that are short; says how much that is at most.
    fn restocker(&mut self) -> usize {
        let mut wanted: Vec<(usize, f64)> =
            (0..self.plan.fixtures.len()).map(|fixture| (fixture, 0.0)).collect();
        for (product, short, _) in self.shortages() {
            let home = self.products.get(product).map_or(0, |p| p.home);
            if let Some((_, weight)) = wanted.get_mut(home) {
                *weight += short as f64;
            }
        }
        wanted.retain(|(_, weight)| *weight > 0.0);
        let Some(&fixture) = self.chance.one_of(&wanted) else { return 0 };
        // An armful, a carton, or a rail of 20 to 60.
        let kinds = [
            (Kind::Adult, 1.0 - self.manner.rails),
            (Kind::Carton, self.manner.rails * 0.4),
            (Kind::Rail, self.manner.rails * 0.6),
        ];
        let kind = self.chance.one_of(&kinds).copied().unwrap_or(Kind::Adult);
        let count = match kind {
            Kind::Rail => 20 + self.chance.index(41),
            Kind::Carton => 8 + self.chance.index(13),
            _ => 5 + self.chance.index(6),
        };
        let mut steps = vec![Step::Load { fixture, count }, Step::Stand(1.0)];
        if self.chance.happens(self.manner.through_lanes) {
            steps.extend(self.past_a_lane());
        }
        steps.push(Step::Visit { fixture });
        steps.extend(
            (0..count).flat_map(|_| [Step::Stand(0.7), Step::PutBack { fixture, which: Which::Last }]),
        );
        steps.extend([Step::Go(self.plan.stockroom_at), Step::Gone]);
        self.staff_comes(self.plan.stockroom_at, kind, steps);
        count
    }

    fn staff_comes(&mut self, at: P2, kind: Kind, steps: Vec<Step>) {
        let walker = self.comes(at, kind, steps);
        if let Some(walker) = self.people.get_mut(walker) {
            walker.staff = true;
            if kind == Kind::Adult {
                walker.carry = Carry::Stacked;
            }
        }
    }

    /// Close before a lane, or a few steps into it and back: where its antennas read.
    fn past_a_lane(&mut self) -> Vec<Step> {
        let lane = self.a_lane();
        if self.chance.happens(0.5) {
            return vec![
                Step::LaneTo { lane, depth_m: -self.chance.between(0.4, 0.9) },
                Step::Stand(self.chance.between(0.5, 6.0)),
            ];
        }
        vec![
            Step::Queue { lane },
            Step::LaneTo { lane, depth_m: self.chance.between(0.3, 1.0) },
            Step::Stand(self.chance.between(1.0, 8.0)),
            Step::LaneTo { lane, depth_m: -1.2 },
        ]
    }

    /// Goods from the street, through a lane, to the stockroom: moved, not sold.
    fn goods_in(&mut self) {
        let lane = self.a_lane();
        let length = self.lane_length(lane);
        let Some(start) = self.lane_point(lane, length + 4.0) else { return };
        let rail = self.chance.happens(0.5);
        let (kind, carry, count) = match rail {
            true => (Kind::Rail, Carry::Rail, 20 + self.chance.index(41)),
            false => (Kind::Carton, Carry::Carton, 10 + self.chance.index(15)),
        };
        let product = self.chance.index(24);
        let pieces = (0..count)
            .map(|n| Step::Bring { what: Brought::Product((product + n / 8) % 24), carry: Some(carry) });
        let mut steps: Vec<Step> = pieces.collect();
        steps.extend([
            Step::LaneTo { lane, depth_m: length + 1.4 },
            Step::Queue { lane },
            Step::LaneTo { lane, depth_m: -1.0 },
            Step::Go(self.plan.stockroom_at),
            Step::Return,
            Step::Gone,
        ]);
        self.staff_comes(start, kind, steps);
    }

    /// What was left lying in cubicles and elsewhere, back to where it belongs.
    fn tidies(&mut self) {
        let lies = |n: &usize| self.pieces.get(*n).is_some_and(|p| p.place == Place::Floor && p.is_goods());
        let lying: Vec<usize> = (0..self.pieces.len()).filter(lies).take(6).collect();
        let mut steps = Vec::new();
        for &piece in &lying {
            let there = self.air.tags.get(piece).map_or(self.plan.fitting_at, |tag| tag.at.floor());
            steps.extend([Step::Go(there), Step::Take { fixture: usize::MAX, what: Wanted::Piece(piece) }]);
        }
        for &piece in &lying {
            let product = self.pieces.get(piece).map_or(0, |p| p.product);
            let fixture = self.products.get(product).map_or(0, |p| p.home);
            steps.extend([Step::Visit { fixture }, Step::PutBack { fixture, which: Which::Piece(piece) }]);
        }
        steps.extend([Step::Go(self.plan.stockroom_at), Step::Gone]);
        self.staff_comes(self.plan.stockroom_at, Kind::Adult, steps);
    }

    /// What staff do once a minute, as many of them as the shop's traffic keeps busy.
    pub(super) fn staff_round(&mut self) {
        let most = 1 + self.manner.most_people / SHOPPERS_A_RESTOCKER;
        let mut there = self.people.iter().filter(|p| p.staff).count();
        if there >= most {
            return;
        }
        if self.chance.happens(self.manner.goods_in) {
            self.goods_in();
            there += 1;
        } else if self.pieces.iter().any(|p| p.place == Place::Floor && p.is_goods()) {
            self.tidies();
            there += 1;
        }
        if there == most {
            return;
        }
        let mut hang_soon = self.on_floor() + self.coming();
        while there < most && hang_soon * 10 < self.floor_stock * self.manner.restock_at {
            hang_soon += self.restocker().max(1);
            there += 1;
        }
    }

    /// Pieces in the hands of staff.
    fn coming(&self) -> usize {
        self.people.iter().filter(|p| p.staff).map(|p| p.held.len()).sum()
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
            if count >= 3 || self.products.get(product).is_none_or(|p| !p.priced) {
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
