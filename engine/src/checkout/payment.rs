//! From a tap to a receipt: the basket is frozen, the attempt is written down before the terminal is asked, and every
//! answer, late, double or none, leaves exactly one charge or none. A piece that is charged becomes sold here.

use std::time::Duration;

use recording::{
    Attempt, AttemptState, BasketStatus, Belief, Direction, ItemMoved, Name, Outcome, PieceState, Receipt,
    ReceiptLine, ReceiptStatus, Tap, Terminal, TerminalSays, Time,
};
use serde_json::Value;

use super::basket::View;
use super::{Checkout, Question, Stage, Tapped};
use crate::emit::{About, Emit, hold};
use crate::invariants::{GateCause, frozen, known_as_unreleased, number_after};
use crate::plan::{DecideBy, Flow};
use crate::{BeliefRequest, Effect, PieceKey, Proposal};

/// A terminal that keeps saying "approved" to a request to take it back is asked again no faster than this.
const VOID_AGAIN: Duration = Duration::from_secs(5);

impl Checkout {
    /// A card at a lane's terminal. `passage` is who stands there, `proposal` what they would pay now.
    pub(crate) fn tap(
        &mut self,
        tap: &Tap,
        passage: Option<Name>,
        proposal: Option<Proposal>,
        emit: &mut Emit<'_>,
    ) {
        let lane = self.plan.lanes.iter().find(|lane| lane.terminal.as_ref() == Some(&tap.terminal));
        let Some(lane) = lane.cloned() else {
            emit.alert(
                "tap_ignored",
                About::default(),
                &format!("terminal {} belongs to no lane", tap.terminal),
            );
            return;
        };
        let about = About { lane: Some(&lane.id), passage: passage.as_ref(), ..About::default() };
        let Some(id) = passage.clone().filter(|id| self.passages.contains_key(id)) else {
            emit.alert("tap_ignored", about, "a card was tapped and nobody stands at the terminal");
            return;
        };
        let may_change = self.passages.get(&id).is_some_and(|open| open.may_change() && open.end.is_none());
        if !may_change {
            return; // A double tap: the first one is being settled, or was.
        }
        self.look(vec![(id.clone(), proposal)], emit);
        let Some(open) = self.passages.get_mut(&id) else { return };
        if matches!(open.stage, Stage::Authorised(_)) {
            return;
        }
        let tapped = Tapped { terminal: tap.terminal.clone(), card: tap.card.clone() };
        if emit.shop().open_attempts().any(|attempt| attempt.passage == id) {
            emit.alert("tap_ignored", about, "an earlier payment of this passage is not settled yet");
            return;
        }
        if open.view.is_empty() {
            return; // Nothing to pay: nobody is charged.
        }
        match lane.flow {
            Flow::ShowThenTap => self.settle(&id, tapped, emit),
            Flow::TapThenWalk if open.view.holds.is_empty() => {
                open.stage = Stage::Authorised(tapped);
                self.open_gate(&id, GateCause::Authorised, emit);
            }
            Flow::TapThenWalk => self.hold_for_staff(&id, emit),
        }
    }

    /// Decides on the basket as it is now, with the model where it is to be asked.
    pub(super) fn settle(&mut self, id: &Name, tapped: Tapped, emit: &mut Emit<'_>) {
        let decided_at = emit.now();
        let Some(open) = self.passages.get_mut(id) else { return };
        let view = open.view.clone();
        let by = self.plan.lanes[open.lane].by.unwrap_or(self.plan.policy.by);
        if by == DecideBy::Rules || view.lines.is_empty() {
            self.decide(id, view, tapped, decided_at, emit);
            return;
        }
        let request = emit.new_name("belief");
        let evidence = view.evidence.clone();
        let until = decided_at + self.plan.policy.belief_within;
        open.stage =
            Stage::Deciding(Box::new(Question { request: request.clone(), until, view, tapped, decided_at }));
        emit.effect(Effect::NeedBelief(BeliefRequest { request, passage: id.clone(), evidence }));
    }

    /// The model's answer to a question that still stands.
    pub(super) fn belief(&mut self, belief: &Belief, emit: &mut Emit<'_>) {
        let asked = self.passages.iter().find(|(_, open)| {
            matches!(&open.stage, Stage::Deciding(question) if question.request == belief.request)
        });
        if let Some(id) = asked.map(|(id, _)| id.clone()) {
            self.decide_with(&id, &belief.answer, emit);
        }
    }

    pub(super) fn questions_due(&mut self, now: Time, emit: &mut Emit<'_>) {
        let late: Vec<Name> = self
            .passages
            .iter()
            .filter(|(_, open)| matches!(&open.stage, Stage::Deciding(question) if question.until <= now))
            .map(|(id, _)| id.clone())
            .collect();
        for id in late {
            self.decide_with(&id, &Value::Null, emit);
        }
    }

    fn decide_with(&mut self, id: &Name, answer: &Value, emit: &mut Emit<'_>) {
        let Some(open) = self.passages.get_mut(id) else { return };
        let Stage::Deciding(question) = std::mem::replace(&mut open.stage, Stage::Open) else { return };
        let Question { mut view, tapped, decided_at, .. } = *question;
        view.doubt(|line| doubted(answer, line));
        self.decide(id, view, tapped, decided_at, emit);
        self.conclude(id, emit);
    }

    fn decide(&mut self, id: &Name, mut view: View, tapped: Tapped, decided_at: Time, emit: &mut Emit<'_>) {
        let Some(open) = self.passages.get_mut(id) else { return };
        let flow = self.plan.lanes[open.lane].flow;
        if flow == Flow::TapThenWalk && view.total_minor > self.plan.policy.tap_limit_minor {
            view.holds.push(hold("over_limit", "it comes to more than the limit shown at the tap"));
        }
        if emit.shop().open_attempts().any(|attempt| attempt.passage == *id) {
            view.holds.push(hold("payment_pending", "an earlier payment is not settled yet"));
        }
        view.still_stands(&open.taken_back, emit.shop());
        open.view = view;
        if open.view.holds.is_empty() && !open.view.lines.is_empty() {
            self.show(id, emit);
            self.freeze(id, tapped, decided_at, emit);
        } else {
            self.hold_for_staff(id, emit);
        }
    }

    /// A person is needed before this basket can be paid.
    fn hold_for_staff(&mut self, id: &Name, emit: &mut Emit<'_>) {
        let Some(open) = self.passages.get_mut(id) else { return };
        let first = !matches!(open.stage, Stage::Held);
        open.stage = Stage::Held;
        let lane = self.plan.lanes[open.lane].id.clone();
        let why: Vec<&str> = open.view.holds.iter().map(|held| &*held.text).collect();
        let why = why.join("; ");
        let evidence = open.view.evidence.clone();
        self.show(id, emit);
        if first {
            evidence.into_iter().for_each(|evidence| emit.fact(Outcome::Evidence(evidence)));
            emit.alert("held", About::passage(&lane, id), &why);
        }
    }

    /// Freezes what was shown, writes the attempt down, and only then has the terminal asked.
    fn freeze(&mut self, id: &Name, tapped: Tapped, decided_at: Time, emit: &mut Emit<'_>) {
        let Some(open) = self.passages.get_mut(id) else { return };
        let lane = &self.plan.lanes[open.lane];
        let basket = open.view.basket(id.clone(), lane.id.clone(), BasketStatus::Frozen);
        frozen(&basket, open.shown.as_ref(), &open.view.evidence, lane.flow, &self.plan.policy);
        let attempt = Attempt {
            id: emit.new_name("sale"),
            at: emit.now(),
            state: AttemptState::Committed,
            passage: id.clone(),
            lane: lane.id.clone(),
            terminal: tapped.terminal.clone(),
            card: tapped.card.clone(),
            amount_minor: basket.total_minor,
            currency: self.plan.currency.clone(),
            decided_at,
            lines: basket.lines.clone(),
        };
        emit.basket(basket.clone());
        open.shown = Some(basket);
        open.stage = Stage::Paying { attempt: attempt.id.clone() };
        for evidence in &open.view.evidence {
            emit.fact(Outcome::Evidence(evidence.clone()));
        }
        let ask = Effect::AskTerminal {
            terminal: tapped.terminal,
            attempt: attempt.id.clone(),
            amount_minor: attempt.amount_minor,
            currency: attempt.currency.clone(),
            card: tapped.card,
        };
        emit.settled(id.clone(), open.view.pieces());
        emit.fact(Outcome::Attempt(attempt));
        emit.effect(ask);
    }

    /// A terminal's word about an attempt. The same word twice changes nothing.
    pub(super) fn terminal_says(&mut self, message: &Terminal, emit: &mut Emit<'_>) {
        use AttemptState as State;
        use TerminalSays as Says;
        let known = emit.shop().attempt(&message.attempt).filter(|a| a.terminal == message.terminal).cloned();
        let Some(attempt) = known else {
            if message.says == Says::Approved && emit.shop().receipt(&message.attempt).is_none() {
                let text =
                    format!("terminal {} approved {}, which nobody asked", message.terminal, message.attempt);
                emit.alert("stray_payment", About::default(), &text);
            }
            return;
        };
        match (attempt.state, message.says) {
            (State::Committed | State::Unknown, Says::Approved) => {
                if message.amount_minor != Some(attempt.amount_minor) {
                    self.wrong_amount(&attempt, emit);
                } else if self.came_too_late(&attempt) {
                    self.void(&attempt, "late_approval", "approved after the shopper had gone back", emit);
                    self.reopen(&attempt, emit);
                } else {
                    self.approve(&attempt, emit);
                }
            }
            (State::Committed, Says::Unknown) => self.not_known(&attempt, emit),
            (State::Committed | State::Unknown | State::Voiding, Says::Declined) => {
                self.close(&attempt, State::Declined, emit);
            }
            (State::Committed | State::Unknown | State::Voiding, Says::NotFound) => {
                self.close(&attempt, State::NotFound, emit);
            }
            (State::Committed | State::Unknown | State::Voiding, Says::Voided) => {
                self.close(&attempt, State::Voided, emit);
            }
            (State::Voiding, Says::Approved) => {
                let asked = self.asked.get(&attempt.id).copied().unwrap_or(attempt.at);
                if emit.now().since(asked) >= VOID_AGAIN {
                    self.void(&attempt, "late_approval", "approved after it was to be taken back", emit);
                }
            }
            (State::Declined | State::NotFound, Says::Approved) => {
                self.void(&attempt, "late_approval", "approved after it had been refused", emit);
            }
            (State::Unknown | State::Voiding, Says::Unknown)
            | (State::Approved | State::Declined | State::NotFound | State::Voided, _) => {}
        }
    }

    /// An answer that comes when nobody knew any more, for somebody who has gone back in with everything.
    fn came_too_late(&self, attempt: &Attempt) -> bool {
        let open = self.passages.get(self.living(&attempt.passage));
        attempt.state == AttemptState::Unknown
            && open
                .and_then(|open| open.end.as_ref())
                .is_some_and(|end| matches!(end.direction, Some(Direction::Back | Direction::In)))
    }

    fn approve(&mut self, attempt: &Attempt, emit: &mut Emit<'_>) {
        let now = emit.now();
        let passage = self.living(&attempt.passage).clone();
        emit.fact(Outcome::Attempt(Attempt { at: now, state: AttemptState::Approved, ..attempt.clone() }));
        emit.fact(Outcome::Receipt(Receipt {
            id: attempt.id.clone(),
            number: number_after(emit.shop().receipts_numbered()).into(),
            lane: attempt.lane.clone(),
            passage: passage.clone(),
            status: ReceiptStatus::Paid,
            currency: attempt.currency.clone(),
            total_minor: attempt.amount_minor,
            tax_minor: 0,
            decided_at: attempt.decided_at,
            paid_at: now,
            lines: attempt.lines.clone(),
        }));
        let pieces: Vec<PieceKey> = attempt.lines.iter().filter_map(PieceKey::of_line).collect();
        for key in &pieces {
            let from = emit.shop().piece(key).and_then(|piece| piece.zone.clone());
            emit.fact(Outcome::ItemMoved(ItemMoved {
                at: now,
                gtin: key.gtin.clone(),
                serial: key.serial.clone(),
                from,
                to: Some(attempt.lane.clone()),
                state: PieceState::Sold,
            }));
            self.owners.remove(key);
        }
        self.asked.remove(&attempt.id);
        emit.settled(passage.clone(), pieces);
        if let Some(open) = self.passages.get_mut(&passage) {
            open.stage = Stage::Paid { receipt: attempt.id.clone() };
        }
        let waits_for_gate = self.let_out_paid(&passage, attempt, emit);
        self.conclude(&passage, emit);
        if waits_for_gate {
            known_as_unreleased(emit.shop(), &passage);
        }
    }

    /// Declined, never heard of, or taken back: nothing was paid, the basket is open again, the pieces are unsold.
    fn close(&mut self, attempt: &Attempt, state: AttemptState, emit: &mut Emit<'_>) {
        let refund = attempt.state == AttemptState::Voiding && emit.shop().receipt(&attempt.id).is_some();
        if refund && state != AttemptState::Voided {
            let about = About::passage(&attempt.lane, &attempt.passage);
            emit.alert(
                "refund_failed",
                about,
                "the terminal did not give the money back: pay it out by hand",
            );
        }
        emit.fact(Outcome::Attempt(Attempt { at: emit.now(), state, ..attempt.clone() }));
        self.asked.remove(&attempt.id);
        if attempt.state != AttemptState::Voiding {
            self.reopen(attempt, emit);
        }
    }

    /// Puts the passage that was paying back to an open basket, or ends it where it is gone.
    pub(super) fn reopen(&mut self, attempt: &Attempt, emit: &mut Emit<'_>) {
        let passage = self.living(&attempt.passage).clone();
        let Some(open) = self.passages.get_mut(&passage) else { return };
        if !matches!(&open.stage, Stage::Paying { attempt: paying } if *paying == attempt.id) {
            return;
        }
        open.stage = Stage::Open;
        open.late.clear();
        open.dirty = true;
        open.asked_at = None;
        self.show(&passage, emit);
        self.conclude(&passage, emit);
    }

    /// Nobody knows whether it was paid: the gate stays shut, the terminal is asked for the status, never to pay again.
    fn not_known(&mut self, attempt: &Attempt, emit: &mut Emit<'_>) {
        emit.fact(Outcome::Attempt(Attempt {
            at: emit.now(),
            state: AttemptState::Unknown,
            ..attempt.clone()
        }));
        self.ask_again(attempt, emit);
        let about = About::passage(&attempt.lane, &attempt.passage);
        emit.alert("terminal_unknown", about, "the terminal did not say whether it was paid");
        let passage = self.living(&attempt.passage).clone();
        self.left_unknown(&passage, emit);
    }

    fn wrong_amount(&mut self, attempt: &Attempt, emit: &mut Emit<'_>) {
        let about = About::passage(&attempt.lane, &attempt.passage);
        if attempt.state == AttemptState::Unknown {
            // Asked twice, wrong twice: what was not shown is not kept.
            self.void(
                attempt,
                "wrong_amount",
                "the terminal captured another amount than the basket's",
                emit,
            );
            self.reopen(attempt, emit);
        } else {
            emit.alert("wrong_amount", about, "the terminal captured another amount than the basket's");
            self.not_known(attempt, emit);
        }
    }

    /// Has a capture taken back.
    pub(super) fn void(&mut self, attempt: &Attempt, kind: &str, text: &str, emit: &mut Emit<'_>) {
        emit.fact(Outcome::Attempt(Attempt {
            at: emit.now(),
            state: AttemptState::Voiding,
            ..attempt.clone()
        }));
        self.asked.insert(attempt.id.clone(), emit.now());
        emit.effect(Effect::VoidPayment { terminal: attempt.terminal.clone(), attempt: attempt.id.clone() });
        emit.alert(kind, About::passage(&attempt.lane, &attempt.passage), text);
    }

    fn ask_again(&mut self, attempt: &Attempt, emit: &mut Emit<'_>) {
        self.asked.insert(attempt.id.clone(), emit.now());
        let (terminal, attempt_id) = (attempt.terminal.clone(), attempt.id.clone());
        emit.effect(match attempt.state {
            AttemptState::Voiding => Effect::VoidPayment { terminal, attempt: attempt_id },
            _ => Effect::QueryTerminal { terminal, attempt: attempt_id },
        });
    }

    /// When an open attempt is to be looked after again.
    pub(super) fn attempt_due_at(&self, attempt: &Attempt) -> Time {
        let asked = self.asked.get(&attempt.id).copied().unwrap_or(attempt.at);
        asked.max(attempt.at) + self.plan.policy.terminal_answer_within
    }

    pub(super) fn attempts_due(&mut self, now: Time, emit: &mut Emit<'_>) {
        let due: Vec<Attempt> = emit
            .shop()
            .open_attempts()
            .filter(|attempt| self.attempt_due_at(attempt) <= now)
            .cloned()
            .collect();
        for attempt in due {
            match attempt.state {
                AttemptState::Committed => self.not_known(&attempt, emit),
                _ => self.ask_again(&attempt, emit),
            }
        }
    }

    /// After a start: what was committed and not answered is asked for, never paid again.
    pub(crate) fn recover(&mut self, emit: &mut Emit<'_>) {
        let open: Vec<Attempt> = emit.shop().open_attempts().cloned().collect();
        for attempt in &open {
            self.ask_again(attempt, emit);
        }
        let unreleased: Vec<(Name, Name)> =
            emit.shop().unreleased().map(|passage| (passage.lane.clone(), passage.id.clone())).collect();
        for (lane, passage) in &unreleased {
            let text = "paid before the store started again, and the gate is not known to have opened";
            emit.alert("not_released", About::passage(lane, passage), text);
        }
    }
}

/// Whether the model doubts a line: `{"lines":[{"gtin":…,"serial":…,"p":…}]}` with `p` below one half. Anything else,
/// and null, says nothing, and the rules stand.
fn doubted(answer: &Value, line: &ReceiptLine) -> bool {
    let said = answer.get("lines").and_then(Value::as_array);
    said.into_iter().flatten().any(|about| {
        about.get("gtin").and_then(Value::as_str) == Some(&*line.gtin)
            && about.get("serial").and_then(Value::as_str) == line.serial.as_deref()
            && about.get("p").and_then(Value::as_f64).is_some_and(|p| (0.0..0.5).contains(&p))
    })
}
