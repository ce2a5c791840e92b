//! Company with a card each: two or three who come together and pay for themselves, behind each other through one lane or
//! side by side through neighbouring ones. Whose is what, is what they make hard to tell.

use crate::people::{Kind, Step, Wanted, Which};
use crate::space::P2;

use super::World;

/// What neighbours hand over, they hand over here, metres behind the entry lines: in all lanes' antennas' sight.
const HANDS_OVER_M: (f64, f64) = (0.4, 1.2);

impl World {
    /// Two with a card each: behind each other through one lane, side by side through two, or one hands the other what
    /// they carry, in the shop or in the lane.
    pub(super) fn pair(&mut self) {
        let (one, other) = (self.next_person, self.next_person + 1);
        let lane = self.a_lane();
        let beside = if lane + 1 < self.plan.lanes.len() { lane + 1 } else { lane.saturating_sub(1) };
        let (street, comes_in) = self.door();
        let (mut first, mut second) = (vec![comes_in.clone()], vec![comes_in]);
        for steps in [&mut first, &mut second] {
            let taken = self.takes_one();
            steps.extend(taken);
        }
        match self.chance.index(4) {
            0 if beside != lane => {
                first.push(Step::Abreast { lane, with: other });
                second.push(Step::Abreast { lane: beside, with: one });
                first.extend(self.pays(lane));
                second.extend(self.pays(beside));
            }
            1 => {
                // In mid-lane: who carries it at the end pays.
                first.extend([
                    Step::Queue { lane },
                    Step::LaneTo { lane, depth_m: 0.8 },
                    Step::HandTo { person: other, which: Which::All },
                    Step::Leave { lane },
                    Step::Gone,
                ]);
                second.extend([
                    Step::Tailgate { lane },
                    Step::LaneTo { lane, depth_m: 0.5 },
                    Step::Stand(2.0),
                ]);
                second.extend(self.pays(lane));
            }
            2 => {
                first.extend([
                    Step::Meet { person: other },
                    Step::HandTo { person: other, which: Which::Last },
                ]);
                first.push(Step::Decide);
                second.extend([Step::Queue { lane }]);
                second.extend(self.pays(lane));
            }
            _ => {
                first.push(Step::Queue { lane });
                second.push(Step::Queue { lane });
                first.extend(self.pays(lane));
                second.extend(self.pays(lane));
            }
        }
        let pair = [
            self.comes(street, Kind::Adult, first),
            self.comes(street.plus(P2::new(0.2, 0.7)), Kind::Adult, second),
        ];
        for walker in pair {
            if let Some(walker) = self.people.get_mut(walker) {
                walker.group = Some(one);
            }
        }
    }

    /// Two or three who go side by side through neighbouring lanes, each with pieces and a card. Now and then one hands
    /// something across to the next lane, or one's pieces are all another's at the end. Where there is one lane only, it
    /// is a pair like any other.
    pub(super) fn neighbours(&mut self) {
        let lanes = self.plan.lanes.len();
        if lanes < 2 {
            return self.pair();
        }
        let many = if lanes > 2 && self.chance.happens(0.3) { 3 } else { 2 };
        let first_lane = self.chance.index(lanes + 1 - many);
        let one = self.next_person;
        let hands_over = self.chance.happens(0.35);
        let all = self.chance.happens(0.3);
        let (street, comes_in) = self.door();
        let mut company = Vec::new();
        for n in 0..many {
            let lane = first_lane + n;
            let mut steps = vec![comes_in.clone()];
            // Who hands one piece over has another to pay for.
            for _ in 0..if n == 0 && hands_over { 2 } else { 1 + self.chance.index(self.manner.most_items) } {
                let fixture = self.a_rack();
                steps.extend([Step::Visit { fixture }, self.pause(2.0, 8.0)]);
                steps.push(Step::Take { fixture, what: Wanted::Tagged });
                steps.push(self.pause(0.8, 2.0));
            }
            // The second waits for the first and the first for the second; a third goes when the second does.
            let with = if n == 0 { one + 1 } else { one + n as u32 - 1 };
            steps.push(Step::Abreast { lane, with });
            let depth_m = self.chance.between(HANDS_OVER_M.0, HANDS_OVER_M.1);
            match n {
                0 if hands_over => {
                    let which = if all { Which::All } else { Which::Last };
                    steps.extend([Step::LaneTo { lane, depth_m }, Step::HandTo { person: one + 1, which }]);
                }
                1 if hands_over => steps.extend([Step::LaneTo { lane, depth_m }, Step::Stand(2.5)]),
                _ => {}
            }
            if n == 0 && hands_over && all {
                steps.extend([Step::Leave { lane }, Step::Gone]);
            } else {
                steps.extend(self.pays(lane));
            }
            let at = street.plus(P2::new(0.3 - 0.3 * n as f64, 0.6 * n as f64));
            company.push((at, steps));
        }
        for (at, steps) in company {
            let walker = self.comes(at, Kind::Adult, steps);
            if let Some(walker) = self.people.get_mut(walker) {
                walker.group = Some(one);
            }
        }
    }
}
