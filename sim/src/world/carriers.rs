//! Who comes in the family `calibration`: people who carry a thing along a line between four antennas as those did who made
//! the logs, put it down for a while, and leave with another. They pay as anybody does.

use crate::people::{Brought, Kind, Step, Wanted, Which};
use crate::radio::Goods;
use crate::space::P2;
use crate::stock::Carry;

use super::World;

/// Slow and fast walks, m/s. The logs' are 0.38 and 0.66 along their line; who turns and makes room besides is no faster.
const SLOW: f64 = 0.36;
const FAST: f64 = 0.56;
/// How long the logs' tags were left in a place, seconds.
const STAY_S: (f64, f64) = (14.0, 22.0);
/// How long one stands who only takes up another thing, seconds.
const GLANCE_S: (f64, f64) = (1.0, 3.0);
/// The line ends this far from the outermost antennas, metres.
const LINE_ENDS_M: f64 = 0.5;

impl World {
    /// Somebody who carries one thing in, up and down the line, and that or another out. What is taken is as much as what
    /// is brought, so that there are never more tags than a log's second has room for.
    pub(super) fn carrier(&mut self, kind: Kind) {
        let (street, comes_in) = self.door();
        let what = Brought::Product(self.a_cloth_product());
        let mut steps = vec![Step::Bring { what, carry: Some(Carry::Stacked) }, comes_in];
        let line = self.line();
        steps.extend(line.map(Step::Go));
        for _ in 0..2 {
            // What is put down and what is taken up is one piece each.
            let fixture = self.a_rack();
            let stay_s = if self.chance.happens(0.4) { STAY_S } else { GLANCE_S };
            steps.extend([
                Step::Visit { fixture },
                Step::PutBack { fixture, which: Which::All },
                Step::Stand(self.chance.between(stay_s.0, stay_s.1)),
                Step::Take { fixture, what: Wanted::Tagged },
                Step::Stow { which: Which::All, carry: Carry::Stacked },
            ]);
            for _ in 0..1 + self.chance.index(2) {
                steps.extend(line.map(Step::Go));
            }
        }
        steps.push(Step::Decide);
        let walker = self.comes(street, kind, steps);
        let pace = if self.chance.happens(0.5) { SLOW } else { FAST };
        self.has_habits(walker);
        if let Some(walker) = self.people.get_mut(walker) {
            walker.paces(pace);
        }
    }

    /// Ends of the line before the lane, one to the other, in either order.
    fn line(&mut self) -> [P2; 2] {
        let antennas = self.plan.readers.iter().flat_map(|reader| &reader.antennas);
        let (low, high) = antennas.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), antenna| {
            (low.min(antenna.at.x), high.max(antenna.at.x))
        });
        let y = self.lane_point(0, -0.9).unwrap_or_default().y;
        let (west, east) = (P2::new(low + LINE_ENDS_M, y), P2::new(high - LINE_ENDS_M, y));
        if self.chance.happens(0.5) { [west, east] } else { [east, west] }
    }

    /// Any product for sale whose tags hang on plain cloth.
    pub(super) fn a_cloth_product(&mut self) -> usize {
        let plain = |n: &usize| {
            self.products.get(*n).is_some_and(|p| p.tagged && p.priced && p.goods() == Goods::Cloth)
        };
        let cloth: Vec<usize> = (0..self.products.len()).filter(plain).collect();
        cloth.get(self.chance.index(cloth.len())).copied().unwrap_or(0)
    }
}
