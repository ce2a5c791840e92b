//! What people say and do at a lane: a shopper at the kiosk, a member of staff. Whatever staff do is noted with their
//! name; what cannot be done is said, and changes nothing.

use recording::{
    Answer, Attempt, AttemptState, Hold, ItemMoved, Name, Outcome, Passage, PieceState, ReceiptStatus,
    ShopperSays, Staff, StaffAction,
};

use super::{Checkout, Stage};
use crate::emit::{About, Emit, hold};
use crate::invariants::{GateCause, gate_opens};
use crate::{Effect, PieceKey};

/// Lines that one shopper can dispute; more are not noted one by one.
const MOST_DISPUTES: usize = 100;

impl Checkout {
    pub(super) fn answer(&mut self, answer: &Answer, at_terminal: Option<Name>, emit: &mut Emit<'_>) {
        let about = About {
            lane: Some(&answer.lane),
            passage: at_terminal.as_ref(),
            gtin: answer.gtin.as_ref(),
            serial: answer.serial.as_ref(),
        };
        match answer.says {
            ShopperSays::Help => emit.alert("help", about, "a shopper asks for somebody"),
            ShopperSays::Mine => {}
            ShopperSays::NotMine => {
                if let Some(id) = &at_terminal {
                    self.dispute(id, answer, emit);
                }
            }
            ShopperSays::Cancel => {
                if let Some(id) = &at_terminal {
                    self.cancel(id, emit);
                }
            }
        }
    }

    fn dispute(&mut self, id: &Name, answer: &Answer, emit: &mut Emit<'_>) {
        let Some(open) = self.passages.get_mut(id) else { return };
        let Some(gtin) = &answer.gtin else { return };
        let disputed = Hold {
            gtin: Some(gtin.clone()),
            serial: answer.serial.clone(),
            ..hold("not_mine", "the shopper says it is not theirs")
        };
        let listed = open.view.lines.iter().any(|l| l.gtin == *gtin && l.serial == answer.serial);
        if !listed
            || !open.may_change()
            || open.disputed.len() >= MOST_DISPUTES
            || open.disputed.contains(&disputed)
        {
            return;
        }
        open.disputed.push(disputed.clone());
        open.view.holds.push(disputed);
        self.show(id, emit);
    }

    /// The shopper does not want to pay. An attempt under way is taken back: should it succeed, it is void at once.
    fn cancel(&mut self, id: &Name, emit: &mut Emit<'_>) {
        let Some(open) = self.passages.get_mut(id) else { return };
        match open.stage.clone() {
            Stage::Authorised(_) | Stage::Deciding(_) => {
                open.stage = Stage::Open;
                open.dirty = true;
            }
            Stage::Paying { attempt } => {
                if let Some(attempt) = emit.shop().attempt(&attempt).cloned() {
                    self.void(&attempt, "cancelled", "the shopper cancelled while paying", emit);
                    self.reopen(&attempt, emit);
                }
            }
            Stage::Open | Stage::Held | Stage::Paid { .. } => {}
        }
    }

    pub(super) fn staff(&mut self, staff: &Staff, at_terminal: Option<Name>, emit: &mut Emit<'_>) {
        if staff.by.trim().is_empty() {
            self.refused(staff, "nobody's name stands beside it", emit);
            return;
        }
        match staff.action {
            StaffAction::OpenGate => self.open_by_staff(staff, at_terminal, emit),
            StaffAction::Resolve => self.resolve(staff, at_terminal, emit),
            StaffAction::Refund => self.refund(staff, emit),
            StaffAction::MoveItem => self.move_item(staff, emit),
        }
    }

    fn refused(&self, staff: &Staff, why: &str, emit: &mut Emit<'_>) {
        let about = About {
            lane: staff.lane.as_ref(),
            passage: staff.passage.as_ref(),
            gtin: staff.gtin.as_ref(),
            serial: staff.serial.as_ref(),
        };
        emit.alert("staff_refused", about, why);
    }

    fn open_by_staff(&mut self, staff: &Staff, at_terminal: Option<Name>, emit: &mut Emit<'_>) {
        let lane = staff.lane.as_ref().and_then(|lane| self.plan.lane(lane));
        let Some((lane, gate)) = lane.and_then(|lane| Some((lane.id.clone(), lane.gate.clone()?))) else {
            self.refused(staff, "a lane with a gate has to be named", emit);
            return;
        };
        let passage = staff.passage.clone().or(at_terminal);
        let about = About { lane: Some(&lane), passage: passage.as_ref(), ..About::default() };
        gate_opens(GateCause::Staff(&staff.by), None);
        emit.alert("gate_opened_by_staff", about, &format!("{} opened gate {gate}", staff.by));
        emit.effect(Effect::OpenGate { gate, passage });
    }

    /// A person has looked: what was asked is answered, what was not released is, what is unknown is asked again.
    fn resolve(&mut self, staff: &Staff, at_terminal: Option<Name>, emit: &mut Emit<'_>) {
        let Some(id) = staff.passage.clone().or(at_terminal) else {
            self.refused(staff, "a passage has to be named", emit);
            return;
        };
        let id = self.living(&id).clone();
        if let Some(passage) = emit.shop().unreleased_passage(&id).cloned() {
            self.gates.retain(|wait| wait.passage != id);
            let about = About::passage(&passage.lane, &id);
            emit.alert("released_by_staff", about, &format!("{} saw to it", staff.by));
            emit.fact(Outcome::Passage(Passage { released: Some(true), ..passage }));
            if let Some(open) = self.passages.get_mut(&id) {
                open.released = Some(true);
            }
        }
        let unknown: Vec<Attempt> = emit
            .shop()
            .open_attempts()
            .filter(|attempt| *self.living(&attempt.passage) == id && attempt.state == AttemptState::Unknown)
            .cloned()
            .collect();
        for attempt in unknown {
            self.asked.insert(attempt.id.clone(), emit.now());
            emit.effect(Effect::QueryTerminal { terminal: attempt.terminal, attempt: attempt.id });
        }
        let Some(open) = self.passages.get_mut(&id).filter(|open| open.may_change()) else { return };
        let lane = self.plan.lanes[open.lane].id.clone();
        let (answered, stay) =
            std::mem::take(&mut open.view.holds).into_iter().partition(super::basket::can_be_waived);
        open.view.holds = stay;
        let answered: Vec<Hold> = answered;
        for asked in answered {
            if !open.waived.iter().any(|waived| super::basket::same_question(waived, &asked)) {
                open.waived.push(asked);
            }
        }
        open.dirty = true;
        emit.alert("resolved_by_staff", About::passage(&lane, &id), &format!("{} looked at it", staff.by));
        self.show(&id, emit);
    }

    /// Gives back what a receipt took; its pieces are free again, once.
    fn refund(&mut self, staff: &Staff, emit: &mut Emit<'_>) {
        let receipt = staff.receipt.as_ref().and_then(|id| emit.shop().receipt(id)).cloned();
        let Some(receipt) = receipt else {
            self.refused(staff, "a receipt of this store has to be named", emit);
            return;
        };
        if receipt.status != ReceiptStatus::Paid {
            self.refused(staff, "this receipt has been refunded", emit);
            return;
        }
        let zone = staff.zone.clone().filter(|zone| self.is_place(zone));
        let state = match staff.state {
            Some(PieceState::InStock) => PieceState::InStock,
            _ => PieceState::Returned,
        };
        let pieces: Vec<PieceKey> = receipt.lines.iter().filter_map(PieceKey::of_line).collect();
        let terminal = self.plan.lane(&receipt.lane).and_then(|lane| lane.terminal.clone());
        let attempt = emit.shop().attempt(&receipt.id).cloned().or_else(|| {
            Some(Attempt {
                id: receipt.id.clone(),
                at: emit.now(),
                state: AttemptState::Approved,
                passage: receipt.passage.clone(),
                lane: receipt.lane.clone(),
                terminal: terminal?,
                card: None,
                amount_minor: receipt.total_minor,
                currency: receipt.currency.clone(),
                decided_at: receipt.decided_at,
                lines: receipt.lines.clone(),
            })
        });
        let (lane, passage) = (receipt.lane.clone(), receipt.passage.clone());
        emit.fact(Outcome::Receipt(recording::Receipt { status: ReceiptStatus::Refunded, ..receipt }));
        for key in pieces {
            let Some(piece) = emit.shop().piece(&key).filter(|piece| piece.state == PieceState::Sold) else {
                continue;
            };
            let (from, to) = (piece.zone.clone(), zone.clone().or_else(|| piece.zone.clone()));
            let PieceKey { gtin, serial } = key;
            emit.fact(Outcome::ItemMoved(ItemMoved { at: emit.now(), gtin, serial, from, to, state }));
        }
        let text = format!("refunded by {}", staff.by);
        match attempt {
            Some(attempt) => self.void(&attempt, "refunded", &text, emit),
            None => {
                let about = About::passage(&lane, &passage);
                emit.alert("refund_failed", about, "its lane has no terminal any more: pay it out by hand");
            }
        }
    }

    fn move_item(&mut self, staff: &Staff, emit: &mut Emit<'_>) {
        let key = match (&staff.gtin, &staff.serial) {
            (Some(gtin), Some(serial)) => PieceKey { gtin: gtin.clone(), serial: serial.clone() },
            _ => {
                self.refused(staff, "a piece has to be named by gtin and serial", emit);
                return;
            }
        };
        let Some(piece) = emit.shop().piece(&key).cloned() else {
            self.refused(staff, "the shop does not know this piece", emit);
            return;
        };
        if staff.zone.as_ref().is_some_and(|zone| !self.is_place(zone)) {
            self.refused(staff, "the store has no such zone", emit);
            return;
        }
        let state = staff.state.unwrap_or(piece.state);
        if state != piece.state && (piece.receipt.is_some() || piece.attempt.is_some()) {
            self.refused(staff, "it is on a receipt, or being paid: refund it first", emit);
            return;
        }
        let to = staff.zone.clone().or_else(|| piece.zone.clone());
        if let Some(open) = self.owners.get(&key).cloned().and_then(|id| self.passages.get_mut(&id)) {
            // Whoever had it in their basket has it no more.
            open.taken_back.push(key.clone());
            open.dirty = true;
            open.asked_at = None;
        }
        if to != piece.zone || state != piece.state {
            let PieceKey { gtin, serial } = key;
            emit.fact(Outcome::ItemMoved(ItemMoved {
                at: emit.now(),
                gtin,
                serial,
                from: piece.zone,
                to,
                state,
            }));
        }
    }

    /// Whether a piece can be there: a zone or a lane.
    fn is_place(&self, zone: &Name) -> bool {
        self.plan.zones.iter().any(|z| z.id == *zone) || self.plan.lane(zone).is_some()
    }
}
