//! How somebody leaves, by what is in hand and the family's shares: a list of steps each, nothing else.

use crate::people::{Step, Which};
use crate::stock::Carry;
use recording::TapOutcome;

use super::World;

/// What one means to do at the lane.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Aim {
    Pay,
    TurnBack,
    /// The card is declined; one puts the things back, tries another, or walks out with them.
    Declined,
    WalkOut,
    /// Nothing to pay.
    Pass,
}

impl World {
    /// Whether there is anything to pay in the hands of whoever this person pays for.
    pub(super) fn owes(&self, at: usize) -> bool {
        let Some(purse) = self.people.get(at).map(|walker| walker.purse()) else { return false };
        let held = self.people.iter().filter(|p| p.purse() == purse).flat_map(|p| &p.held);
        held.copied().any(|piece| self.pieces.get(piece).is_some_and(|p| p.is_goods() && p.for_sale()))
    }

    /// The lane with the fewest people at it, the nearest of two alike by chance.
    fn choice_of_lane(&mut self) -> usize {
        let counts: Vec<(usize, usize)> =
            self.lanes_on_foot().into_iter().map(|lane| (lane, self.crowd_at(lane))).collect();
        let least = counts.iter().map(|(_, crowd)| *crowd).min().unwrap_or(0);
        let best: Vec<usize> =
            counts.iter().filter(|(_, crowd)| *crowd == least).map(|(lane, _)| *lane).collect();
        best.get(self.chance.index(best.len())).copied().unwrap_or(0)
    }

    /// How to leave.
    pub(super) fn decides(&mut self, at: usize) -> Vec<Step> {
        if self.plan.lanes.is_empty() {
            return vec![Step::Gone];
        }
        let cart = self.people.get(at).and_then(|walker| self.lane_of_cart(walker.id));
        let lane = cart.unwrap_or_else(|| self.choice_of_lane());
        let (owes, turned) = (self.owes(at), self.people.get(at).is_some_and(|walker| walker.turned));
        let m = self.manner.clone();
        let aim = if !owes {
            Aim::Pass
        } else if !turned && self.chance.happens(m.turns_back) {
            Aim::TurnBack
        } else if !turned && self.chance.happens(m.declined) {
            Aim::Declined
        } else if self.chance.happens(m.walks_out) {
            Aim::WalkOut
        } else {
            Aim::Pay
        };
        if let Some(walker) = self.people.get_mut(at) {
            walker.turned |= matches!(aim, Aim::TurnBack | Aim::Declined);
        }
        let mut steps = Vec::new();
        if aim == Aim::WalkOut {
            steps.extend(self.conceals());
        }
        steps.push(Step::Queue { lane });
        match aim {
            Aim::TurnBack => {
                steps.push(Step::LaneTo { lane, depth_m: self.chance.between(0.4, 0.9) });
                steps.push(self.pause(0.8, 3.0));
                steps.push(Step::LaneTo { lane, depth_m: -1.2 });
                steps.extend(self.gives_up());
            }
            Aim::Declined => steps.extend(self.is_declined(lane)),
            Aim::Pay if m.changes_lane > 0.0 && cart.is_none() && self.chance.happens(m.changes_lane) => {
                steps.extend(self.changes_lane(lane));
            }
            Aim::Pay => steps.extend(self.pays(lane)),
            Aim::WalkOut | Aim::Pass => {
                if self.chance.happens(m.lingers) {
                    steps.push(Step::LaneTo { lane, depth_m: 1.0 });
                    steps.push(Step::Stand(self.chance.between(50.0, 70.0)));
                }
                steps.extend([Step::Leave { lane }, Step::Gone]);
            }
        }
        steps
    }

    /// Everything back on some rack, and then out.
    pub(super) fn gives_up(&mut self) -> Vec<Step> {
        let fixture = self.a_rack();
        vec![
            Step::Visit { fixture },
            Step::PutBack { fixture, which: Which::All },
            Step::Stand(2.0),
            Step::Decide,
        ]
    }

    /// In at one lane, as far as the terminal perhaps, out again, and through the next.
    fn changes_lane(&mut self, lane: usize) -> Vec<Step> {
        let next = if lane + 1 < self.plan.lanes.len() { lane + 1 } else { lane.saturating_sub(1) };
        let mut steps = if self.chance.happens(0.4) {
            vec![Step::ToTerminal { lane }, self.pause(1.0, 4.0)]
        } else {
            vec![Step::LaneTo { lane, depth_m: self.chance.between(0.4, 1.2) }, self.pause(0.3, 1.5)]
        };
        steps.extend([Step::LaneTo { lane, depth_m: -0.8 }, Step::Queue { lane: next }]);
        steps.extend(self.pays(next));
        steps
    }

    /// At the terminal: look at what is shown, hold up the card, wait for the gate, go.
    pub(super) fn pays(&mut self, lane: usize) -> Vec<Step> {
        let mut steps = Vec::new();
        if self.chance.happens(self.manner.lingers) {
            steps.push(Step::LaneTo { lane, depth_m: self.chance.between(0.4, 0.8) });
            steps.push(Step::Stand(self.chance.between(50.0, 70.0)));
        }
        steps.push(Step::ToTerminal { lane });
        if self.plan.lanes.get(lane).is_some_and(|lane| lane.tap_then_walk) {
            // The card is held up in passing; what is carried is shown after it.
            let tap = Step::Tap { lane, outcome: TapOutcome::Approve, card: 0 };
            let (before, after) = (self.pause(0.4, 1.5), self.pause(0.4, 1.2));
            steps.extend([before, tap, after, Step::Leave { lane }, Step::Gone]);
            return steps;
        }
        if self.manner.tray {
            steps.push(Step::IntoTray { lane });
        }
        steps.push(self.pause(2.5, 5.0));
        steps.push(Step::Tap { lane, outcome: TapOutcome::Approve, card: 0 });
        if self.chance.happens(self.manner.taps_twice) {
            steps.push(Step::Stand(self.chance.between(0.4, 1.5)));
            steps.push(Step::Tap { lane, outcome: TapOutcome::Approve, card: 0 });
        }
        steps.push(self.pause(2.2, 3.5));
        if self.manner.tray {
            steps.push(Step::OutOfTray { lane });
        }
        steps.extend([Step::Leave { lane }, Step::Gone]);
        steps
    }

    fn is_declined(&mut self, lane: usize) -> Vec<Step> {
        let mut steps = vec![
            Step::ToTerminal { lane },
            self.pause(2.5, 5.0),
            Step::Tap { lane, outcome: TapOutcome::Decline, card: 0 },
            self.pause(2.0, 4.0),
        ];
        if self.chance.happens(self.manner.second_card) {
            let outcome = if self.chance.happens(0.8) { TapOutcome::Approve } else { TapOutcome::Decline };
            steps.push(self.pause(3.0, 8.0));
            steps.push(Step::Tap { lane, outcome, card: 1 });
            steps.push(self.pause(2.2, 3.5));
            if outcome == TapOutcome::Approve {
                steps.extend([Step::Leave { lane }, Step::Gone]);
                return steps;
            }
        }
        steps.push(Step::LaneTo { lane, depth_m: -1.2 });
        steps.extend(self.gives_up());
        steps
    }

    /// What is done with the things by who does not mean to pay: mostly nothing.
    fn conceals(&mut self) -> Vec<Step> {
        let ways = [
            (0, 1.0 - self.manner.foil - self.manner.hides - self.manner.tears_off),
            (1, self.manner.foil),
            (2, self.manner.hides),
            (3, self.manner.tears_off),
        ];
        match self.chance.one_of(&ways) {
            Some(1) => vec![Step::Stow { which: Which::All, carry: Carry::Foil }],
            Some(2) => vec![Step::Stow { which: Which::All, carry: Carry::Hidden }],
            Some(3) => {
                let fixture = self.a_rack();
                vec![
                    Step::Visit { fixture },
                    Step::Stand(4.0),
                    Step::TearOff { which: Which::All, fixture },
                    Step::Stow { which: Which::All, carry: Carry::Hidden },
                ]
            }
            _ => Vec::new(),
        }
    }
}
