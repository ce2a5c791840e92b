//! What a passage would pay, made safe to show and to freeze: a proposal whose every line is in stock, priced,
//! evidenced, on nobody else's basket, and whose sum can be held. What fails becomes a hold or falls away with a
//! reason; nothing is ever added.

use std::collections::BTreeMap;

use recording::{Basket, BasketStatus, Evidence, Hold, Name, ReceiptLine, Verdict};

use super::OpenPassage;
use crate::emit::hold;
use crate::invariants::sum;
use crate::{KnownPieceState, PieceKey, Proposal, Shop};

/// Far more than anybody carries: beyond it a person counts.
const MOST_LINES: usize = 500;
/// The kind of hold on a basket that no terminal could take.
const TOO_MUCH: &str = "too_much";
/// Refusals noted beside a basket; a rack at the exit would otherwise fill the journal.
const MOST_REFUSALS: usize = 500;

/// What a passage would pay now.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct View {
    pub(super) lines: Vec<ReceiptLine>,
    pub(super) holds: Vec<Hold>,
    pub(super) evidence: Vec<Evidence>,
    pub(super) possible_missing: f64,
    pub(super) total_minor: i64,
}

/// What becomes of a proposed line.
enum Fate {
    Bill,
    /// No line, and no question: the reason.
    Drop(&'static str),
    /// No line, and a person is needed: kind and reason.
    Ask(&'static str, &'static str),
}

impl View {
    /// A proposal as it can be shown and frozen.
    pub(super) fn of(
        id: &Name,
        proposal: &Proposal,
        open: &OpenPassage,
        owners: &BTreeMap<PieceKey, Name>,
        shop: &Shop,
    ) -> View {
        let mut view = View {
            lines: Vec::with_capacity(proposal.lines.len()),
            holds: proposal.holds.clone(),
            evidence: proposal.evidence.clone(),
            possible_missing: proposal.possible_missing.clamp(0.0, 1.0),
            total_minor: 0,
        };
        for evidence in &mut view.evidence {
            evidence.passage = id.clone();
        }
        let mut numbers = Vec::with_capacity(proposal.lines.len());
        for line in &proposal.lines {
            let fate = match numbers.iter().any(|(was, _)| *was == line.line) {
                true => Fate::Ask("no_evidence", "another line has its number"),
                false => fate(line, &view, proposal, open, id, owners, shop),
            };
            if matches!(fate, Fate::Bill) {
                let number = u32::try_from(view.lines.len() + 1).unwrap_or(u32::MAX);
                numbers.push((line.line, Some(number)));
                view.lines.push(ReceiptLine { line: number, ..line.clone() });
                continue;
            }
            numbers.push((line.line, None));
            view.refuse(line, fate);
        }
        view.renumber(&numbers);
        for disputed in &open.disputed {
            let listed = view
                .lines
                .iter()
                .any(|l| Some(&l.gtin) == disputed.gtin.as_ref() && l.serial == disputed.serial);
            if listed {
                view.holds.push(disputed.clone());
            }
        }
        view.holds.retain(|held| !open.waived.iter().any(|waived| same_question(held, waived)));
        // These no person can wave through.
        match sum(&view.lines) {
            Some(total) => view.total_minor = total,
            None => view.cannot_be_paid("the sum is more than can be paid at once"),
        }
        if view.lines.len() > MOST_LINES {
            view.cannot_be_paid("more pieces than one basket holds");
        }
        view.tidy_evidence();
        view
    }

    /// As it is shown.
    pub(super) fn basket(&self, passage: Name, lane: Name, status: BasketStatus) -> Basket {
        let holds = if status == BasketStatus::Frozen { Vec::new() } else { self.holds.clone() };
        Basket { passage, lane, status, lines: self.lines.clone(), total_minor: self.total_minor, holds }
    }

    /// Nothing to pay and nothing to ask.
    pub(super) fn is_empty(&self) -> bool {
        self.lines.is_empty() && self.holds.is_empty()
    }

    /// The tagged pieces in it.
    pub(super) fn pieces(&self) -> Vec<PieceKey> {
        self.lines.iter().filter_map(PieceKey::of_line).collect()
    }

    /// Takes lines out that the model does not believe; a person decides on them.
    pub(super) fn doubt(&mut self, doubted: impl Fn(&ReceiptLine) -> bool) {
        self.weigh_again(|line| match doubted(line) {
            true => Fate::Ask("doubted", "the model thinks it is not this shopper's"),
            false => Fate::Bill,
        });
    }

    /// Takes lines out that were right when they were shown and are no more.
    pub(super) fn still_stands(&mut self, taken_back: &[PieceKey], shop: &Shop) {
        self.weigh_again(|line| match PieceKey::of_line(line) {
            Some(key) if taken_back.contains(&key) => Fate::Drop("a member of staff took it back"),
            Some(key) => match shop.piece(&key) {
                Some(piece) if piece.is_for_sale() => match piece.attempt {
                    None => Fate::Bill,
                    Some(_) => Fate::Ask("payment_pending", "somebody is paying for it right now"),
                },
                _ => Fate::Drop("it is not in stock"),
            },
            None => Fate::Bill,
        });
        self.tidy_evidence();
    }

    fn weigh_again(&mut self, weigh: impl Fn(&ReceiptLine) -> Fate) {
        let fates: Vec<Fate> = self.lines.iter().map(weigh).collect();
        if fates.iter().all(|fate| matches!(fate, Fate::Bill)) {
            return;
        }
        let mut numbers = Vec::with_capacity(self.lines.len());
        for (line, fate) in std::mem::take(&mut self.lines).into_iter().zip(fates) {
            if matches!(fate, Fate::Bill) {
                let number = u32::try_from(self.lines.len() + 1).unwrap_or(u32::MAX);
                numbers.push((line.line, Some(number)));
                self.lines.push(ReceiptLine { line: number, ..line });
            } else {
                numbers.push((line.line, None));
                self.refuse(&line, fate);
            }
        }
        self.renumber(&numbers);
        // A part of a sum that could be held can be held.
        self.total_minor = sum(&self.lines).unwrap_or(self.total_minor);
    }

    fn refuse(&mut self, line: &ReceiptLine, fate: Fate) {
        let (verdict, reason) = match fate {
            Fate::Bill => return,
            Fate::Drop(reason) => (Verdict::Ignored, reason),
            Fate::Ask(kind, reason) => {
                self.holds.push(Hold {
                    gtin: Some(line.gtin.clone()),
                    serial: line.serial.clone(),
                    ..hold(kind, reason)
                });
                (Verdict::Held, reason)
            }
        };
        for evidence in self.evidence.iter_mut().filter(|e| e.line == Some(line.line)) {
            evidence.verdict = verdict;
            evidence.reasons.push(reason.into());
        }
    }

    fn renumber(&mut self, numbers: &[(u32, Option<u32>)]) {
        for evidence in &mut self.evidence {
            let new = evidence.line.and_then(|old| numbers.iter().find(|(was, _)| *was == old));
            evidence.line = new.and_then(|(_, number)| *number);
        }
    }

    fn cannot_be_paid(&mut self, reason: &'static str) {
        self.holds.push(hold(TOO_MUCH, reason));
    }

    /// Every refusal has a reason, and there are not endlessly many.
    fn tidy_evidence(&mut self) {
        let mut refusals = 0;
        self.evidence.retain_mut(|evidence| {
            if evidence.verdict == Verdict::Billed && evidence.line.is_some() {
                return true;
            }
            if evidence.verdict == Verdict::Billed {
                evidence.verdict = Verdict::Ignored;
            }
            if evidence.reasons.is_empty() {
                evidence.reasons.push("it is no line, and no rule said why".into());
            }
            refusals += 1;
            refusals <= MOST_REFUSALS
        });
    }
}

fn fate(
    line: &ReceiptLine,
    view: &View,
    proposal: &Proposal,
    open: &OpenPassage,
    id: &Name,
    owners: &BTreeMap<PieceKey, Name>,
    shop: &Shop,
) -> Fate {
    if let Some(key) = PieceKey::of_line(line) {
        if open.taken_back.contains(&key) {
            return Fate::Drop("a member of staff took it back");
        }
        if view.lines.iter().any(|l| l.gtin == key.gtin && l.serial.as_ref() == Some(&key.serial)) {
            return Fate::Drop("the same piece is already a line");
        }
        match shop.piece(&key) {
            None => return Fate::Drop("the shop does not know this piece"),
            Some(piece) if !piece.is_for_sale() => {
                return Fate::Drop("it is not in stock");
            }
            Some(piece) if piece.attempt.is_some() => {
                return Fate::Ask("payment_pending", "somebody is paying for it right now");
            }
            Some(_) => {}
        }
        if owners.get(&key).is_some_and(|owner| owner != id) {
            return Fate::Ask("two_people", "it may be the neighbour's");
        }
        if line.quantity != 1 {
            return Fate::Ask("unclear", "one tag is one piece");
        }
    }
    if line.quantity == 0 {
        return Fate::Drop("there is none of it");
    }
    match shop.product(&line.gtin).and_then(|product| product.unit_minor) {
        // A price of zero would make a basket that no terminal takes: staff decide.
        Some(price) if price > 0 && price == line.unit_minor => {}
        _ => return Fate::Ask("no_price", "it has no price in the catalogue"),
    }
    let weighed = |e: &Evidence| e.line == Some(line.line) && e.verdict == Verdict::Billed;
    if !proposal.evidence.iter().any(weighed) {
        return Fate::Ask("no_evidence", "nothing is noted that it rests on");
    }
    Fate::Bill
}

/// What a proposal lists beyond a frozen basket, and nobody has paid. Nothing of it will be billed any more.
pub(super) fn leftovers(proposal: &Proposal, frozen: &[ReceiptLine], shop: &Shop) -> Vec<ReceiptLine> {
    let unpaid = |line: &&ReceiptLine| {
        let Some(key) = PieceKey::of_line(line) else { return false };
        shop.piece(&key).is_some_and(KnownPieceState::is_for_sale)
            && !frozen.iter().any(|l| l.gtin == key.gtin && l.serial.as_ref() == Some(&key.serial))
    };
    proposal.lines.iter().filter(unpaid).cloned().collect()
}

/// Whether a person's look settles it; what cannot be paid stays so.
pub(super) fn can_be_waived(held: &Hold) -> bool {
    &*held.kind != TOO_MUCH
}

/// Whether two holds ask the same.
pub(super) fn same_question(a: &Hold, b: &Hold) -> bool {
    a.kind == b.kind && a.gtin == b.gtin && a.serial == b.serial
}

/// Whether a shopper would see a difference. How sure a line is may change with every read, and is not shown.
pub(super) fn looks_different(shown: Option<&Basket>, now: &Basket) -> bool {
    let Some(shown) = shown else { return !now.lines.is_empty() || !now.holds.is_empty() };
    let same_line = |a: &ReceiptLine, b: &ReceiptLine| {
        a.gtin == b.gtin
            && a.serial == b.serial
            && a.quantity == b.quantity
            && a.unit_minor == b.unit_minor
            && a.basis == b.basis
            && a.name == b.name
    };
    shown.status != now.status
        || shown.total_minor != now.total_minor
        || shown.lines.len() != now.lines.len()
        || !shown.lines.iter().zip(&now.lines).all(|(a, b)| same_line(a, b))
        || shown.holds.len() != now.holds.len()
        || !shown.holds.iter().zip(&now.holds).all(|(a, b)| same_question(a, b))
}
