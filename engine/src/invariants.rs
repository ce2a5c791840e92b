//! What must never happen, written once and asserted on every fact before it leaves, in production too. Input from
//! outside never reaches these: whatever it says, the checkout turns it into a hold or an alert before. An assertion
//! that fails is a fault of the engine, and stopping there is better than charging somebody for it.
//!
//! 1. A piece is on at most one unpaid basket and at most one unrefunded receipt.
//! 2. A captured amount equals the frozen basket's total; with show-then-tap it was shown, with tap-then-walk it is
//!    within the limit.
//! 3. The gate opens for an unpaid, unauthorised basket only by a member of staff, by name.
//! 4. A paid passage whose gate did not open is known as such until a person resolves it.
//! 5. What is stale, foreign, sold or not billable is never a line (the tag's side of it stands in `evidence`).
//! 6. Every line has evidence; every refusal has a reason.
//! 7. The same recording gives the same outcomes: a property of the tests, and of there being no clock in here.

use recording::{
    Attempt, AttemptState, Basket, BasketStatus, Evidence, ItemMoved, Name, Outcome, Passage, PassageOutcome,
    PieceState, Receipt, ReceiptLine, ReceiptStatus, Verdict,
};

use crate::plan::{Flow, Policy};
use crate::{PieceKey, Shop};

/// Why a gate may open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GateCause<'a> {
    /// The passage has a receipt.
    Paid,
    /// The tap stands for what the passage carries, up to the limit.
    Authorised,
    /// There is nothing to pay, and nothing to ask.
    Empty,
    /// A member of staff opens it.
    Staff(&'a str),
}

/// The sum of lines, minor units; `None` past what an `i64` holds.
pub(crate) fn sum(lines: &[ReceiptLine]) -> Option<i64> {
    lines.iter().try_fold(0_i64, |sum, line| sum.checked_add(line.total_minor()?))
}

/// Holds a fact against what the shop knows, before it is folded.
pub(crate) fn check(shop: &Shop, fact: &Outcome) {
    match fact {
        Outcome::Attempt(attempt) => attempt_stands(shop, attempt),
        Outcome::Receipt(receipt) => receipt_stands(shop, receipt),
        Outcome::ItemMoved(moved) => move_stands(shop, moved),
        Outcome::Passage(passage) => passage_stands(shop, passage),
        Outcome::Evidence(evidence) => assert!(
            evidence.verdict == Verdict::Billed || !evidence.reasons.is_empty(),
            "invariant 6: a refusal for passage {} has no reason",
            evidence.passage
        ),
        Outcome::Basket(_) | Outcome::Alert(_) | Outcome::Catalogue(_) => {}
    }
}

/// Holds a basket that is being frozen against what was shown, and its lines against the evidence beside them.
pub(crate) fn frozen(
    basket: &Basket,
    shown: Option<&Basket>,
    evidence: &[Evidence],
    flow: Flow,
    policy: &Policy,
) {
    assert_eq!(basket.status, BasketStatus::Frozen, "only a frozen basket is paid");
    assert!(basket.holds.is_empty(), "a basket that needs a person is not frozen");
    match flow {
        Flow::ShowThenTap => assert_eq!(
            shown.map(|shown| shown.total_minor),
            Some(basket.total_minor),
            "invariant 2: what the tap freezes was shown before"
        ),
        Flow::TapThenWalk => assert!(
            basket.total_minor <= policy.tap_limit_minor,
            "invariant 2: {} is past the limit shown at the tap",
            basket.total_minor
        ),
    }
    for line in &basket.lines {
        assert!(
            evidence.iter().any(|e| e.line == Some(line.line) && e.verdict == Verdict::Billed),
            "invariant 6: line {} of passage {} has no evidence",
            line.line,
            basket.passage
        );
    }
}

/// Holds the opening of a gate against its cause.
pub(crate) fn gate_opens(cause: GateCause<'_>, basket: Option<&Basket>) {
    match cause {
        GateCause::Paid | GateCause::Authorised => {}
        GateCause::Empty => assert!(
            basket.is_none_or(|basket| basket.lines.is_empty() && basket.holds.is_empty()),
            "invariant 3: the basket is not empty"
        ),
        GateCause::Staff(by) => {
            assert!(!by.is_empty(), "invariant 3: a member of staff opens a gate by name");
        }
    }
}

fn attempt_stands(shop: &Shop, attempt: &Attempt) {
    let before = shop.attempt(&attempt.id);
    match attempt.state {
        AttemptState::Committed => {
            assert!(before.is_none(), "attempt {} is committed twice", attempt.id);
            assert!(attempt.amount_minor > 0, "an attempt takes something");
            assert_eq!(sum(&attempt.lines), Some(attempt.amount_minor), "invariant 2: the sum of the lines");
            assert!(
                !shop.open_attempts().any(|open| open.passage == attempt.passage),
                "one open attempt per basket: passage {} has another",
                attempt.passage
            );
            let mut keys: Vec<_> = attempt.lines.iter().filter_map(PieceKey::of_line).collect();
            for key in &keys {
                let piece = shop.piece(key);
                assert!(
                    piece.is_some_and(crate::KnownPieceState::is_for_sale),
                    "invariant 5: {key:?} is not for sale"
                );
                assert!(
                    piece.is_some_and(|p| p.receipt.is_none() && p.attempt.is_none()),
                    "invariant 1: {key:?} is on another basket or receipt"
                );
            }
            keys.sort_unstable();
            assert!(keys.windows(2).all(|pair| pair[0] != pair[1]), "invariant 1: a piece is on two lines");
        }
        AttemptState::Approved => {
            let open = before.filter(|b| matches!(b.state, AttemptState::Committed | AttemptState::Unknown));
            assert!(
                open.is_some_and(|b| b.amount_minor == attempt.amount_minor && b.lines == attempt.lines),
                "invariant 2: attempt {} is approved as it was committed",
                attempt.id
            );
        }
        AttemptState::Voiding => {}
        AttemptState::Declined | AttemptState::Unknown | AttemptState::Voided | AttemptState::NotFound => {
            assert!(before.is_some(), "attempt {} was never committed", attempt.id);
        }
    }
}

fn receipt_stands(shop: &Shop, receipt: &Receipt) {
    assert_eq!(
        sum(&receipt.lines).and_then(|sum| sum.checked_add(receipt.tax_minor)),
        Some(receipt.total_minor),
        "invariant 2: the total of receipt {} is the sum of its lines and tax",
        receipt.id
    );
    match shop.receipt(&receipt.id) {
        None => {
            assert_eq!(receipt.status, ReceiptStatus::Paid, "a receipt begins as paid");
            assert_eq!(
                *receipt.number,
                number_after(shop.receipts_numbered()),
                "receipts are numbered without gaps"
            );
            let attempt = shop.attempt(&receipt.id).filter(|a| a.state == AttemptState::Approved);
            assert!(
                attempt.is_some_and(|a| a.amount_minor == receipt.total_minor && a.lines == receipt.lines),
                "invariant 2: receipt {} is what its attempt captured",
                receipt.id
            );
            for key in receipt.lines.iter().filter_map(PieceKey::of_line) {
                assert!(
                    shop.piece(&key).is_none_or(|piece| piece.receipt.is_none()),
                    "invariant 1: {key:?} is on another unrefunded receipt"
                );
            }
        }
        Some(before) => {
            assert_eq!(before.status, ReceiptStatus::Paid, "what is refunded is not refunded again");
            assert!(
                before.lines == receipt.lines
                    && before.total_minor == receipt.total_minor
                    && before.number == receipt.number,
                "a receipt never changes, it is only refunded"
            );
        }
    }
}

fn move_stands(shop: &Shop, moved: &ItemMoved) {
    let key = PieceKey { gtin: moved.gtin.clone(), serial: moved.serial.clone() };
    assert!(
        moved.state == PieceState::Sold || shop.piece(&key).is_none_or(|piece| piece.receipt.is_none()),
        "invariant 1: {key:?} is on an unrefunded receipt and stays sold"
    );
}

fn passage_stands(shop: &Shop, passage: &Passage) {
    if passage.outcome == Some(PassageOutcome::Charged) {
        let paid = passage.receipt.as_ref().and_then(|id| shop.receipt(id));
        assert!(paid.is_some(), "passage {} is charged and has no receipt", passage.id);
    }
}

/// The number that follows, as it is printed.
pub(crate) fn number_after(numbered: u64) -> String {
    format!("{:06}", numbered + 1)
}

/// Asserts that a passage just paid in a lane with a gate is known as not released.
pub(crate) fn known_as_unreleased(shop: &Shop, passage: &Name) {
    assert!(shop.unreleased_passage(passage).is_some(), "invariant 4: passage {passage} is paid and unknown");
}
