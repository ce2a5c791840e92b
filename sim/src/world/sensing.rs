//! What cameras, beams and eyes on hands are shown of the store, step by step.

use recording::{ItemAction, Time};

use crate::space::P2;
use crate::stock::Carry;

use super::{STEP_S, World};

impl World {
    pub(super) fn sense(&mut self) {
        let places: Vec<(u32, P2)> = self.people.iter().map(|p| (p.id, p.at)).collect();
        let mut told = Vec::new();
        self.senses.positions(self.now_us, STEP_S, &places, &mut told);
        self.senses.beams(self.now_us, &self.plan, &places, &mut told);
        for walker in &self.people {
            // What is in hand on the way to a lane is seen now and then; what is in a bag hardly ever.
            if walker.staff || walker.at.y < -2.5 || walker.at.y > 2.2 {
                continue;
            }
            let per_s = match walker.carry {
                Carry::Foil => 0.0,
                Carry::Bag => 0.04,
                _ => 0.35,
            };
            for &piece in &walker.held {
                if self.chance.happens(per_s * STEP_S)
                    && let Some(piece) = self.pieces.get(piece)
                {
                    let zone =
                        self.plan.lanes.iter().find(|l| l.area.holds(walker.at)).map(|l| l.id.as_str());
                    let (id, product) = (walker.id, piece.product);
                    self.senses.item(
                        self.now_us,
                        id,
                        (ItemAction::Carry, product),
                        zone,
                        &self.products,
                        &mut told,
                    );
                }
            }
        }
        told.into_iter().for_each(|t| self.post(t));
        if self.now_us % 200_000 == 0
            && let Some(notes) = &mut self.notes
        {
            let at = Time::from_micros(self.start.as_micros() + self.now_us);
            let rounded = |v: f64| (v * 100.0).round() / 100.0;
            notes.people.extend(places.iter().map(|&(person, p)| crate::truth::TruePosition {
                person,
                at,
                x: rounded(p.x),
                y: rounded(p.y),
            }));
        }
    }

    pub(super) fn sight(&mut self, at: usize, action: ItemAction, piece: usize, fixture: usize) {
        let (Some(walker), Some(piece)) = (self.people.get(at), self.pieces.get(piece)) else { return };
        let zone = self.plan.fixtures.get(fixture).map(|f| f.zone.clone());
        let mut told = Vec::new();
        self.senses.item(
            self.now_us,
            walker.id,
            (action, piece.product),
            zone.as_deref(),
            &self.products,
            &mut told,
        );
        told.into_iter().for_each(|t| self.post(t));
    }
}
