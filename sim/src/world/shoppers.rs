//! Who comes, with whom, and what they mean to do in the shop, as lists of steps. How they leave is in `leaving`.

use crate::people::{Brought, Kind, Step, Walker, Wanted, Which};
use crate::space::P2;
use crate::stock::{Carry, Place};

use super::{SECOND_US, World};

impl World {
    pub(super) fn arrivals(&mut self) {
        while let Some(n) = self.due.iter().position(|(at_us, _)| *at_us <= self.now_us) {
            let (_, walker) = self.due.remove(n);
            self.people.push(walker);
            self.hires(self.people.len() - 1);
        }
        let shoppers = self.people.iter().filter(|p| !p.staff).count();
        if !self.closing && self.now_us >= self.next_shopper_us {
            self.next_shopper_us += ((2.0_f64.min(self.manner.gap_s / 2.0)
                + self.chance.exponential((self.manner.gap_s - 2.0).max(self.manner.gap_s / 2.0)))
                * 1e6) as i64;
            if shoppers < self.manner.most_people {
                self.visit();
            }
        }
        if !self.closing && self.now_us >= self.next_staff_us {
            self.next_staff_us += 60 * SECOND_US;
            self.staff_round();
            if self.deliveries {
                self.delivery();
            }
        }
    }

    /// One or several people come to the shop.
    fn visit(&mut self) {
        let neighbours = self.manner.neighbours;
        if neighbours > 0.0 && self.chance.happens(neighbours) {
            self.neighbours();
        } else if self.chance.happens(self.manner.returns) {
            self.returner();
        } else if self.chance.happens(self.manner.groups) {
            self.party();
        } else if self.chance.happens(self.manner.pairs) {
            self.pair();
        } else {
            let kind = self.kind_alone();
            self.shopper(kind);
        }
    }

    pub(super) fn kind(&mut self) -> Kind {
        let on_wheels = self.manner.on_wheels;
        let kinds = [
            (Kind::Adult, 1.0 - on_wheels),
            (Kind::Wheelchair, on_wheels * 0.25),
            (Kind::Pram, on_wheels * 0.5),
            (Kind::Cart, on_wheels * 0.25),
        ];
        self.chance.one_of(&kinds).copied().unwrap_or(Kind::Adult)
    }

    /// A pause of so many seconds, shorter for a family in a hurry.
    pub(super) fn pause(&mut self, least_s: f64, most_s: f64) -> Step {
        Step::Stand(self.chance.between(least_s, most_s) * self.manner.haste)
    }

    /// One of the doors, which is no lane: where people come from, and the step in.
    pub(super) fn door(&mut self) -> (P2, Step) {
        let doors: Vec<(usize, f64)> =
            self.plan.entrances.iter().enumerate().map(|(n, door)| (n, door.share)).collect();
        let door = self.chance.one_of(&doors).and_then(|n| self.plan.entrances.get(*n));
        match door {
            Some(door) => (door.street, Step::Go(door.inside)),
            None => (self.plan.entrance, Step::Go(self.plan.returns_at())),
        }
    }

    /// One of the fixtures with tagged goods.
    pub(super) fn a_rack(&mut self) -> usize {
        let racks = &self.plan.racks;
        racks.get(self.chance.index(racks.len())).copied().unwrap_or(0)
    }

    /// One of the fixtures with untagged goods.
    fn a_table(&mut self) -> usize {
        let tables = &self.plan.tables;
        // No draw where there is nothing to choose.
        let n = if tables.len() > 1 { self.chance.index(tables.len()) } else { 0 };
        tables.get(n).copied().unwrap_or(0)
    }

    /// Any product whose pieces carry tags and have a price.
    pub(super) fn a_tagged_product(&mut self) -> usize {
        let sold = self.products.iter().enumerate().filter(|(_, p)| p.tagged && p.priced);
        let sold: Vec<usize> = sold.map(|(n, _)| n).collect();
        sold.get(self.chance.index(sold.len())).copied().unwrap_or(0)
    }

    /// Somebody alone.
    fn shopper(&mut self, kind: Kind) {
        if self.manner.as_logged {
            return self.carrier(kind);
        }
        let mut steps = Vec::new();
        if self.chance.happens(self.manner.paid_before) {
            steps.push(Step::Bring { what: Brought::SoldBefore, carry: None });
        }
        if self.chance.happens(self.manner.odd_tags) {
            steps.push(self.odd_tag());
        }
        let (street, comes_in) = self.door();
        steps.push(comes_in);
        if self.chance.happens(self.manner.empty_handed) {
            steps.extend(self.looks());
        } else {
            steps.extend(self.shops());
        }
        steps.push(Step::Decide);
        let walker = self.comes(street, kind, steps);
        self.hires(walker);
        self.has_habits(walker);
    }

    /// What somebody is like, by the family's shares.
    pub(super) fn has_habits(&mut self, at: usize) {
        let tailgates = self.chance.happens(self.manner.tailgates);
        let tray = self.manner.tray && self.chance.happens(0.5);
        if let Some(walker) = self.people.get_mut(at) {
            walker.tailgates = tailgates;
            if tray {
                walker.carry = Carry::Tray;
            }
        }
    }

    /// Something with an odd tag in somebody's hands.
    fn odd_tag(&mut self) -> Step {
        let product = self.a_tagged_product();
        let lies = |n: &usize| {
            self.pieces
                .get(*n)
                .is_some_and(|p| p.is_known() && p.is_goods() && matches!(p.place, Place::Fixture(_)))
        };
        let lying: Vec<usize> = (0..self.pieces.len()).filter(lies).collect();
        let of = lying.get(self.chance.index(lying.len())).copied();
        let (what, carry) = match (self.chance.index(5), of) {
            (0, _) => (Brought::Unpriced, None),
            (1, _) => (Brought::TwoTags(product), None),
            (2, _) => (Brought::Weak(product), None),
            (3, Some(of)) => (Brought::CloneOf(of), None),
            _ => (Brought::Foreign, Some(Carry::Worn)),
        };
        Step::Bring { what, carry }
    }

    /// Looking at a fixture or two.
    fn looks(&mut self) -> Vec<Step> {
        let mut steps = Vec::new();
        for _ in 0..1 + self.chance.index(2) {
            let fixture = self.chance.index(self.plan.fixtures.len());
            steps.push(Step::Visit { fixture });
            steps.push(self.pause(3.0, 12.0));
        }
        steps
    }

    /// Taking things, now and then putting one back, trying on.
    fn shops(&mut self) -> Vec<Step> {
        let mut steps = Vec::new();
        for _ in 0..1 + self.chance.index(self.manner.most_items) {
            steps.extend(self.takes_one());
        }
        if self.chance.happens(self.manner.tries_on) {
            steps.extend(self.tries_on());
        }
        steps
    }

    pub(super) fn takes_one(&mut self) -> Vec<Step> {
        let product = self.a_tagged_product();
        let home = self.products.get(product).map_or(0, |p| p.home);
        let (fixture, what) = if self.chance.happens(self.manner.untagged) {
            (self.a_table(), Wanted::Untagged)
        } else if self.chance.happens(0.2) {
            // Some know what they came for.
            (home, Wanted::Product(product))
        } else {
            (self.a_rack(), Wanted::Tagged)
        };
        let mut steps = vec![Step::Visit { fixture }, self.pause(3.0, 12.0)];
        if self.chance.happens(self.manner.browses) {
            steps =
                vec![Step::Browse { fixture, seconds: self.chance.between(6.0, 25.0) * self.manner.haste }];
        }
        steps.push(Step::Take { fixture, what });
        steps.push(self.pause(0.8, 3.0));
        if self.chance.happens(self.manner.puts_back) {
            let wrong = self.chance.happens(self.manner.wrong_rack);
            let back = if wrong { self.a_rack() } else { fixture };
            steps.push(self.pause(1.0, 4.0));
            if back != fixture {
                steps.push(Step::Visit { fixture: back });
            }
            steps.push(Step::PutBack { fixture: back, which: Which::Last });
        }
        steps
    }

    /// Into a cubicle with everything, and out with what fits: what does not stays there, or goes back to a rack.
    fn tries_on(&mut self) -> Vec<Step> {
        let mut steps = vec![
            Step::Cubicle,
            Step::Stow { which: Which::Last, carry: Carry::Worn },
            self.pause(20.0, 60.0),
        ];
        match self.chance.index(4) {
            0 => {
                steps.push(Step::LayDown { which: Which::All });
                steps.push(self.pause(5.0, 15.0));
                // Second thoughts: some of it comes along after all, or nothing does.
                if self.chance.happens(0.5) {
                    steps.extend([Step::PickUp, Step::LayDown { which: Which::Last }]);
                }
            }
            1 => {
                let fixture = self.a_rack();
                steps.push(Step::Stow { which: Which::Last, carry: Carry::Hand });
                steps.push(Step::Visit { fixture });
                steps.push(Step::PutBack { fixture, which: Which::Last });
            }
            // Kept on, under the coat or not.
            2 => {}
            _ => steps.push(Step::Stow { which: Which::Last, carry: Carry::Hand }),
        }
        steps
    }

    /// A group with one card: one leads and pays, the others keep with them. Children are among them in some families.
    fn party(&mut self) {
        let most = self.manner.group_most.max(2);
        let others = 1 + self.chance.index(most - 1);
        let (street, comes_in) = self.door();
        let mut steps = vec![comes_in];
        let leader_id = self.next_person;
        let carriers = self.chance.index(others + 1);
        if self.chance.happens(self.manner.empty_handed) {
            steps.extend(self.looks());
        } else {
            for n in 0..1 + self.chance.index(self.manner.most_items) {
                steps.extend(self.takes_one());
                // Some of it is carried by another: a friend, a child who wants to.
                if n < carriers {
                    let person = leader_id + 1 + n as u32;
                    steps.push(Step::HandTo { person, which: Which::Last });
                }
            }
            if self.chance.happens(self.manner.tries_on) {
                steps.extend(self.tries_on());
            }
        }
        steps.push(Step::Decide);
        let kind = self.kind();
        let leader = self.comes(street, kind, steps);
        let mut pace = self.people.get(leader).map_or(1.3, Walker::pace);
        for place in 1..=others {
            let child = self.chance.happens(self.manner.children);
            let kind = if child { Kind::Child } else { Kind::Adult };
            let at = street.plus(P2::new(0.3 - 0.3 * (place % 2) as f64, 0.5 * place as f64));
            let member = self.comes(at, kind, vec![Step::Follow]);
            if let Some(member) = self.people.get_mut(member) {
                (member.leader, member.group, member.place) = (Some(leader_id), Some(leader_id), place);
                pace = pace.min(member.pace());
            }
        }
        if let Some(leader) = self.people.get_mut(leader) {
            leader.group = Some(leader_id);
            // Talking costs a little: groups walk about 7 % slower than people alone.
            leader.paces(pace * 0.95);
        }
        self.has_habits(leader);
    }

    /// Somebody who comes in through the lane to give a piece back, and leaves with nothing.
    fn returner(&mut self) {
        let lane = self.a_lane();
        let length = self.lane_length(lane);
        let Some(start) = self.lane_point(lane, length + 4.0) else { return };
        let steps = vec![
            Step::Bring { what: Brought::SoldBefore, carry: None },
            Step::LaneTo { lane, depth_m: length + 1.4 },
            Step::Queue { lane },
            Step::LaneTo { lane, depth_m: -0.9 },
            Step::Go(self.plan.returns_at()),
            Step::Stand(4.0),
            Step::Return,
            Step::Stand(2.0),
            Step::Decide,
        ];
        self.comes(start, Kind::Adult, steps);
    }
}
