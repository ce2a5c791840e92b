//! How a passage is let out and how it ends: gates, and the passage's outcome. A gate opens for a receipt, for an
//! authorised tap, for empty hands, or by a member of staff.

use std::time::Duration;

use recording::{
    Attempt, AttemptState, Direction, Gate, Hold, Name, Outcome, Passage, PassageOutcome, PieceState, Time,
};

use super::{Checkout, GateWait, OpenPassage, Stage, Waiting};
use crate::emit::{About, Emit, hold};
use crate::invariants::{GateCause, gate_opens};
use crate::plan::Flow;
use crate::{Effect, PieceKey};

/// A gate takes one to two seconds to swing; after this it is stuck.
const GATE_OPENS_WITHIN: Duration = Duration::from_secs(5);
/// Somebody who has been in the lane this long without a piece carries none: two rounds of the antennas (revisit p95
/// 0.3 to 0.95 s), and no longer than a door may take.
const EMPTY_FOR: Duration = Duration::from_secs(2);
/// From here on staff are told that something was carried and not listed.
const MISSING_ALERT: f64 = 0.5;

impl Checkout {
    /// Opens the passage's gate, where its lane has one.
    pub(super) fn open_gate(&mut self, id: &Name, cause: GateCause<'_>, emit: &mut Emit<'_>) {
        let Some(open) = self.passages.get(id) else { return };
        let Some(gate) = self.lane(open).gate.clone() else { return };
        gate_opens(cause, open.shown.as_ref());
        emit.effect(Effect::OpenGate { gate, passage: Some(id.clone()) });
    }

    /// A passage was just paid: its gate opens, and until it says so the passage is known as not released. Says
    /// whether it waits for its gate.
    pub(super) fn let_out_paid(&mut self, id: &Name, attempt: &Attempt, emit: &mut Emit<'_>) -> bool {
        let lane = self.plan.lane(&attempt.lane);
        let flow = lane.map(|lane| lane.flow);
        let gate = lane.and_then(|lane| lane.gate.clone());
        let Some(open) = self.passages.get_mut(id) else {
            // The store started anew in between. Whoever stands there now may be somebody else.
            let released = gate.is_some().then_some(false);
            emit.fact(Outcome::Passage(paid_unseen(id, attempt, released)));
            if released.is_some() {
                let about = About::passage(&attempt.lane, id);
                emit.alert("not_released", about, "paid late, and nobody is known to stand at the gate");
            }
            return released.is_some();
        };
        let Some(gate) = gate else { return false };
        if flow == Some(Flow::TapThenWalk) && (open.let_out || open.went_out()) {
            open.released = Some(true); // The gate opened for the tap.
            return false;
        }
        open.released = Some(false);
        if open.end.is_some() {
            // The end of the passage says that it is not released.
            let about = About::passage(&attempt.lane, id);
            emit.alert("not_released", about, "paid after it was gone from the lane");
            return true;
        }
        let open = open.clone();
        emit.fact(Outcome::Passage(self.passage(id, &open, PassageOutcome::Charged, Vec::new())));
        gate_opens(GateCause::Paid, None);
        emit.effect(Effect::OpenGate { gate, passage: Some(id.clone()) });
        self.gates.push(GateWait { passage: id.clone(), until: emit.now() + GATE_OPENS_WITHIN });
        true
    }

    pub(super) fn gate_opened(&mut self, gate: &Gate, emit: &mut Emit<'_>) {
        let of_gate =
            |lane: &Name| self.plan.lane(lane).is_some_and(|lane| lane.gate.as_ref() == Some(&gate.gate));
        let named = gate.passage.as_ref().map(|id| self.living(id).clone());
        let id = match named {
            Some(id) => id,
            None => {
                // A gate that does not say for whom: certain only where one passage waits for it.
                let mut waiting = emit.shop().unreleased().filter(|passage| of_gate(&passage.lane));
                match (waiting.next(), waiting.next()) {
                    (Some(passage), None) => passage.id.clone(),
                    _ => return,
                }
            }
        };
        if let Some(open) = self.passages.get_mut(&id) {
            // A gate that opened for empty hands, or by staff before anything was paid, does not count for a receipt.
            open.let_out |= matches!(open.stage, Stage::Authorised(_));
            if open.released == Some(false) {
                open.released = Some(true);
            }
        }
        let unreleased = emit.shop().unreleased_passage(&id).filter(|passage| of_gate(&passage.lane));
        if let Some(passage) = unreleased.cloned() {
            self.gates.retain(|wait| wait.passage != id);
            emit.fact(Outcome::Passage(Passage { released: Some(true), ..passage }));
        }
    }

    pub(super) fn gate_failed(&mut self, gate: &Gate, emit: &mut Emit<'_>) {
        let lane = self.plan.lanes.iter().find(|lane| lane.gate.as_ref() == Some(&gate.gate));
        let passage = gate.passage.as_ref().map(|id| self.living(id).clone());
        let waits = passage.as_ref().is_some_and(|id| emit.shop().unreleased_passage(id).is_some());
        let about = About { lane: lane.map(|l| &l.id), passage: passage.as_ref(), ..About::default() };
        if waits {
            emit.alert("not_released", about, &format!("paid, and gate {} did not open", gate.gate));
        } else {
            emit.alert("gate_failed", about, &format!("gate {} did not open", gate.gate));
        }
        self.gates.retain(|wait| Some(&wait.passage) != passage.as_ref());
    }

    pub(super) fn gates_due(&mut self, now: Time, emit: &mut Emit<'_>) {
        let (late, waiting) = self.gates.drain(..).partition(|wait| wait.until <= now);
        self.gates = waiting;
        let late: Vec<GateWait> = late;
        for wait in late {
            let unreleased = emit.shop().unreleased_passage(&wait.passage).map(|p| p.lane.clone());
            if let Some(lane) = unreleased {
                let about = About::passage(&lane, &wait.passage);
                emit.alert("not_released", about, "paid, and the gate has not said that it opened");
            }
        }
    }

    /// A gate that shuts before somebody has gone through opens again for them while they stand there.
    pub(super) fn gate_closed(&mut self, gate: &Gate) {
        for open in self.passages.values_mut() {
            let of_gate =
                self.plan.lanes.get(open.lane).is_some_and(|lane| lane.gate.as_ref() == Some(&gate.gate));
            if of_gate && open.end.is_none() {
                open.opened_empty = false;
                open.shut_again = open.released == Some(true);
            }
        }
    }

    /// Who stands at a lane's terminal. Nobody with an empty basket is kept in, and nobody who has paid.
    pub(crate) fn present(&mut self, lane: usize, who: Option<Name>, emit: &mut Emit<'_>) {
        if let Some(id) = &who
            && let Some(open) = self.passages.get_mut(id)
            && std::mem::take(&mut open.shut_again)
        {
            self.open_gate(id, GateCause::Paid, emit);
        }
        let empty = who.filter(|id| {
            self.passages.get(id).is_some_and(|open| {
                open.asked_at.is_some() && open.view.is_empty() && matches!(open.stage, Stage::Open)
            })
        });
        let now = emit.now();
        let Some(waiting) = self.waiting.get_mut(lane) else { return };
        let Some(id) = empty else {
            *waiting = None;
            return;
        };
        let since = match waiting {
            Some(before) if before.passage == id => before.since,
            _ => {
                *waiting = Some(Waiting { passage: id, since: now });
                return;
            }
        };
        if now.since(since) >= EMPTY_FOR
            && let Some(open) = self.passages.get_mut(&id)
            && !open.opened_empty
        {
            open.opened_empty = true;
            self.open_gate(&id, GateCause::Empty, emit);
        }
    }

    /// A passage is gone: an authorised tap is captured now, anything else is concluded.
    pub(super) fn left(&mut self, id: &Name, emit: &mut Emit<'_>) {
        let Some(open) = self.passages.get_mut(id) else { return };
        if let Stage::Authorised(tapped) = &open.stage
            && open.went_out()
            && !open.view.is_empty()
        {
            let tapped = tapped.clone();
            open.stage = Stage::Open;
            self.settle(id, tapped, emit);
        }
        let unknown = self.passages.get(id).is_some_and(|open| match &open.stage {
            Stage::Paying { attempt } => {
                emit.shop().attempt(attempt).is_some_and(|a| a.state == AttemptState::Unknown)
            }
            _ => false,
        });
        if unknown {
            self.left_unknown(id, emit);
        }
        self.conclude(id, emit);
    }

    /// A passage is gone and nobody knows whether it paid: said now, and again when it is known.
    pub(super) fn left_unknown(&mut self, id: &Name, emit: &mut Emit<'_>) {
        let Some(open) = self.passages.get(id).filter(|open| open.end.is_some()) else { return };
        let holds = vec![hold("terminal_unknown", "the terminal did not say whether it was paid")];
        emit.fact(Outcome::Passage(self.passage(id, open, PassageOutcome::Held, holds)));
    }

    /// Says how a passage ended, once it is gone and its payment is settled, and forgets it.
    pub(super) fn conclude(&mut self, id: &Name, emit: &mut Emit<'_>) {
        let Some(open) = self.passages.get(id) else { return };
        let Some(end) = &open.end else { return };
        if matches!(open.stage, Stage::Paying { .. } | Stage::Deciding(_)) {
            return;
        }
        let lane_id = self.lane(open).id.clone();
        let mut holds = Vec::new();
        let outcome = match (&open.stage, end.direction) {
            (Stage::Paid { .. }, _) => PassageOutcome::Charged,
            (_, Some(Direction::Back)) => PassageOutcome::TurnedBack,
            (_, Some(Direction::In)) if self.carries_in(open, emit) => PassageOutcome::Staff,
            (_, Some(Direction::In)) => PassageOutcome::NoItems,
            _ if open.view.is_empty() => PassageOutcome::NoItems,
            (Stage::Held, _) => PassageOutcome::Held,
            (_, Some(Direction::Out)) if !open.view.lines.is_empty() => PassageOutcome::Unpaid,
            _ => PassageOutcome::Held,
        };
        if outcome == PassageOutcome::Held {
            holds.clone_from(&open.view.holds);
            if holds.is_empty() {
                holds.push(hold("direction_unknown", "it is gone unpaid, and nothing tells which way"));
            }
        }
        if outcome != PassageOutcome::Charged {
            for evidence in &open.view.evidence {
                emit.fact(Outcome::Evidence(evidence.clone()));
            }
        }
        let unpaid = match (outcome, end.direction) {
            (PassageOutcome::Unpaid, _) => open.view.lines.clone(),
            (PassageOutcome::Charged, Some(Direction::Out)) => open.late.clone(),
            _ => Vec::new(),
        };
        let missing = open.view.possible_missing;
        let passage = self.passage(id, open, outcome, holds);
        let why: Vec<Name> = passage.holds.iter().map(|held| held.text.clone()).collect();
        emit.fact(Outcome::Passage(passage));
        let about = About::passage(&lane_id, id);
        for line in &unpaid {
            let about = About { gtin: Some(&line.gtin), serial: line.serial.as_ref(), ..about };
            emit.alert("unpaid_item", about, "it left the store and was not paid");
        }
        if outcome == PassageOutcome::Held {
            emit.alert("held", about, &format!("gone before a person could look: {}", why.join("; ")));
        }
        let told = matches!(outcome, PassageOutcome::Charged | PassageOutcome::NoItems);
        if told && missing >= MISSING_ALERT {
            emit.alert("possible_missing", about, "it probably carried something that is not on the receipt");
        }
        self.passages.remove(id);
        self.merged.retain(|_, into| into != id);
        self.owners.retain(|_, owner| owner != id);
        self.waiting.iter_mut().for_each(|waiting| {
            if waiting.as_ref().is_some_and(|waiting| waiting.passage == *id) {
                *waiting = None;
            }
        });
    }

    /// Restock or a return: somebody carries pieces of the shop inwards.
    fn carries_in(&self, open: &OpenPassage, emit: &Emit<'_>) -> bool {
        let was_sold = |key: PieceKey| {
            emit.shop()
                .piece(&key)
                .is_some_and(|piece| matches!(piece.state, PieceState::Sold | PieceState::Returned))
        };
        !open.view.lines.is_empty()
            || open.view.evidence.iter().any(|evidence| match (&evidence.gtin, &evidence.serial) {
                (Some(gtin), Some(serial)) => {
                    was_sold(PieceKey { gtin: gtin.clone(), serial: serial.clone() })
                }
                _ => false,
            })
    }

    /// Passages that have not ended, as they stand; direction and tracks are for others to say.
    pub(crate) fn unended(&self) -> impl Iterator<Item = Passage> {
        let here = self.passages.iter().filter(|(_, open)| open.end.is_none());
        here.map(|(id, open)| {
            let paid = matches!(open.stage, Stage::Paid { .. });
            let stands = self.passage(id, open, PassageOutcome::Charged, Vec::new());
            Passage { outcome: stands.outcome.filter(|_| paid), ..stands }
        })
    }

    fn passage(&self, id: &Name, open: &OpenPassage, outcome: PassageOutcome, holds: Vec<Hold>) -> Passage {
        let receipt = match &open.stage {
            Stage::Paid { receipt } => Some(receipt.clone()),
            _ => None,
        };
        Passage {
            id: id.clone(),
            lane: self.lane(open).id.clone(),
            began_at: open.began_at,
            ended_at: open.end.as_ref().map(|end| end.at),
            outcome: Some(outcome),
            direction: open.end.as_ref().and_then(|end| end.direction),
            tracks: open.end.as_ref().map_or_else(Vec::new, |end| end.tracks.clone()),
            receipt,
            possible_missing: open.view.possible_missing,
            holds,
            released: open.released,
        }
    }
}

impl OpenPassage {
    /// Gone, and not back into the store.
    fn went_out(&self) -> bool {
        let inwards = |end: &super::End| matches!(end.direction, Some(Direction::Back | Direction::In));
        self.end.as_ref().is_some_and(|end| !inwards(end))
    }
}

/// A passage that was paid and that nobody remembers: the store started anew in between.
fn paid_unseen(id: &Name, attempt: &Attempt, released: Option<bool>) -> Passage {
    Passage {
        id: id.clone(),
        lane: attempt.lane.clone(),
        began_at: attempt.decided_at,
        ended_at: None,
        outcome: Some(PassageOutcome::Charged),
        direction: None,
        tracks: Vec::new(),
        receipt: Some(attempt.id.clone()),
        possible_missing: 0.0,
        holds: Vec::new(),
        released,
    }
}
