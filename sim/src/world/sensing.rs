//! What cameras, scales, beams and eyes on hands are shown of the store, step by step.

use recording::{ItemAction, Name, Time};

use crate::people::Walker;
use crate::plan::Load;
use crate::senses::{Figure, Hand, Shown, drawn, hand, reached};
use crate::space::{P2, P3};
use crate::stock::{Carry, Piece, Place};
use crate::truth::TrueTake;

use super::{STEP_S, STEP_US, World};

/// How far from a lane's line what somebody carries can be in its beam, metres.
const NEAR_LINE_M: f64 = 0.9;
/// Where what is in hand shows on the way out, from before the lanes' entry lines to past their exit lines, metres.
const ON_THE_WAY_M: (f64, f64) = (2.5, 0.2);
/// How far over the top of a fixture a hand comes that takes from it, metres.
const OVER_RAIL_M: f64 = 0.1;
/// Steps between two weighings.
const WEIGH_STEPS: i64 = 2;

/// A person as a camera meets one.
fn figure(walker: &Walker) -> Figure {
    let pushes = walker.frame().map(|(at, frame)| (at, frame.radius_m, frame.height_m));
    Figure { id: walker.id, at: walker.at, height_m: walker.build.height_m, pushes }
}

/// What a piece weighs: seams and dye make each a little different, by its serial and up to three per cent.
fn weight_g(piece: &Piece, usual_g: u32) -> f64 {
    let share = (piece.serial.wrapping_mul(0x9E37_79B9) & 0xFFFF) as f64 / 65_536.0;
    f64::from(usual_g) * (1.0 + 0.06 * (share - 0.5))
}

impl World {
    fn figures(&self) -> Vec<Figure> {
        self.people.iter().map(figure).collect()
    }

    pub(super) fn sense(&mut self) {
        let figures = self.figures();
        let mut hands = std::mem::take(&mut self.hands);
        self.shows(&figures, &mut hands);
        if self.now_us % (WEIGH_STEPS * STEP_US) == 0 {
            self.weighs();
        }
        let things = self.things_at_lines();
        let mut told = Vec::new();
        let shown = Shown {
            plan: &self.plan,
            figures: &figures,
            things: &things,
            hands: &hands,
            loads_g: &self.loads_g,
        };
        self.senses.step(self.now_us, STEP_S, &shown, &mut told);
        told.into_iter().for_each(|t| self.post(t));
        hands.clear();
        self.hands = hands;
        if self.now_us % 200_000 == 0 && self.notes.is_some() {
            let at = Time::from_micros(self.start.as_micros() + self.now_us);
            let rounded = |v: f64| (v * 100.0).round() / 100.0;
            let positions = self.people.iter().map(|p| crate::truth::TruePosition {
                person: p.id,
                at,
                x: rounded(p.at.x),
                y: rounded(p.at.y),
                cart: self.cart_of(p.id),
            });
            let positions: Vec<_> = positions.collect();
            if let Some(notes) = &mut self.notes {
                notes.people.extend(positions);
            }
        }
    }

    /// What is in hand on the way to a lane is seen now and then; what is in a bag hardly ever.
    fn shows(&mut self, figures: &[Figure], hands: &mut Vec<Hand>) {
        for (walker, figure) in self.people.iter().zip(figures) {
            let on_the_way = |lane: &crate::plan::LanePlan| {
                walker.at.y > lane.area.low.y - ON_THE_WAY_M.0
                    && walker.at.y < lane.area.high.y + ON_THE_WAY_M.1
            };
            if walker.staff || walker.held.is_empty() || !self.plan.lanes.iter().any(on_the_way) {
                continue;
            }
            for &piece_at in &walker.held {
                let per_s = match self.pieces.get(piece_at).and_then(Piece::carried_as) {
                    Some(Carry::Foil | Carry::Hidden) => 0.002,
                    Some(Carry::Carton) => 0.01,
                    Some(Carry::Bag) => 0.04,
                    Some(Carry::Worn | Carry::Rail | Carry::Cart) => 0.2,
                    Some(Carry::Hand | Carry::Stacked | Carry::Lap | Carry::Tray) | None => 0.35,
                };
                if self.senses.glimpses(per_s * STEP_S)
                    && let (Some(piece), Some(tag)) = (self.pieces.get(piece_at), self.air.tags.get(piece_at))
                {
                    let lane = self.plan.lanes.iter().find(|l| l.area.holds(walker.at));
                    let zone = lane.map(|lane| Name::from(lane.id.as_str()));
                    hands.push(hand(figure, (ItemAction::Carry, piece.product), zone, tag.at));
                }
            }
        }
    }

    /// What lies on each scale.
    fn weighs(&mut self) {
        self.loads_g.clear();
        for scale in &self.plan.scales {
            let place = match scale.load {
                Load::Fixture(at) => Place::Fixture(at),
                Load::Tray(lane) => Place::Tray(lane),
            };
            let on_it = self.pieces.iter().filter(|piece| piece.place == place);
            let weight = |piece: &Piece| {
                self.products.get(piece.product).map_or(0.0, |product| weight_g(piece, product.weight_g))
            };
            self.loads_g.push(on_it.map(weight).sum());
        }
    }

    /// Pieces in hands and bags that may break a lane's beam.
    fn things_at_lines(&self) -> Vec<P3> {
        let near = |at: P2| {
            self.plan.lanes.iter().any(|lane| {
                (at.y - lane.area.low.y).abs() < NEAR_LINE_M || (at.y - lane.area.high.y).abs() < NEAR_LINE_M
            })
        };
        let carriers = self.people.iter().filter(|walker| !walker.held.is_empty() && near(walker.at));
        carriers.flat_map(|walker| &walker.held).filter_map(|&at| Some(self.air.tags.get(at)?.at)).collect()
    }

    /// Notes what a hand does at a fixture and shows it to the cameras; several of one product at once are one sight of a stack.
    pub(super) fn sight(&mut self, at: usize, action: ItemAction, piece: usize, fixture: usize) {
        let (Some(walker), Some(piece), Some(fixture)) =
            (self.people.get(at), self.pieces.get(piece), self.plan.fixtures.get(fixture))
        else {
            return;
        };
        let figure = figure(walker);
        let zone = Name::from(fixture.zone.as_str());
        if let (Some(notes), Some(product)) = (&mut self.notes, self.products.get(piece.product)) {
            notes.takes.push(TrueTake {
                person: walker.id,
                staff: walker.staff,
                at: Time::from_micros(self.start.as_micros() + self.now_us),
                action,
                fixture: fixture.id.as_str().into(),
                zone: zone.clone(),
                gtin: product.gtin.clone(),
                serial: piece.told_serial(),
            });
        }
        let zone = Some(zone);
        let same = |hand: &&mut Hand| {
            hand.person == figure.id
                && hand.action == action
                && hand.product == Some(piece.product)
                && hand.zone == zone
        };
        if let Some(hand) = self.hands.iter_mut().find(same) {
            hand.quantity += 1;
            return;
        }
        let middle = fixture.area.low.plus(fixture.area.high).times(0.5);
        // What hangs is lifted off its rail, what lies is taken from the top.
        let at = reached(&figure, middle);
        let z = at.z.max((fixture.height + OVER_RAIL_M).min(figure.height_m));
        let at = P3 { z, ..at };
        let hand = hand(&figure, (action, piece.product), zone, at);
        self.hands.push(Hand { drawn: Some(drawn(&figure, middle)), ..hand });
    }
}
