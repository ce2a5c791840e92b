//! What a power cut leaves: what was committed stands, and nobody pays twice.

use recording::{Direction, StaffAction};

use super::*;

#[test]
fn a_committed_attempt_is_asked_for_after_a_start_and_never_paid_again() {
    let mut store = Bench::new();
    store.comes("p1", "show", &["1"]);
    store.stands("p1", "show");
    store.tap("show");
    let attempt = store.attempts().pop().unwrap();
    let mut again = store.killed(plan());
    again.starts();
    assert_eq!(again.asked_terminal(), 0);
    let query = Effect::QueryTerminal { terminal: attempt.terminal.clone(), attempt: attempt.id.clone() };
    assert_eq!(again.effects(), [query]);
    again.says_of(&attempt, TerminalSays::Approved);
    assert_eq!((again.receipts().len(), again.state("1")), (1, PieceState::Sold));
    // Whoever stands at the gate now may be somebody else: staff let the payer out.
    assert_eq!(again.opened("gate-show"), 0);
    assert_eq!((again.passage("p1").unwrap().released, again.alerts("not_released").len()), (Some(false), 1));
    again.line(Staff { passage: Some(name("p1")), ..staff(StaffAction::Resolve) });
    assert_eq!(again.passage("p1").unwrap().released, Some(true));
}

#[test]
fn while_nobody_knows_whether_it_was_paid_a_piece_is_on_no_other_basket() {
    let mut store = Bench::new();
    store.comes("p1", "show", &["1"]);
    store.stands("p1", "show");
    store.tap("show");
    let attempt = store.attempts().pop().unwrap();
    let mut again = store.killed(plan());
    again.starts();
    again.comes("q1", "show", &["1"]);
    again.stands("q1", "show");
    again.tap("show");
    assert_eq!((again.asked_terminal(), again.opened("gate-show")), (0, 0));
    again.says_of(&attempt, TerminalSays::NotFound);
    again.wait_ms(1_000);
    again.tap("show");
    assert_eq!(again.asked_terminal(), 1);
}

#[test]
fn a_refund_under_way_is_carried_on() {
    let mut store = Bench::new();
    store.comes("p1", "open", &["1"]);
    store.stands("p1", "open");
    store.tap("open");
    store.terminal(TerminalSays::Approved);
    store.leaves("p1", "open", Some(Direction::Out));
    let receipt = store.receipts().pop().unwrap();
    store.line(Staff { receipt: Some(receipt.id.clone()), ..staff(StaffAction::Refund) });
    let mut again = store.killed(plan());
    again.starts();
    assert_eq!(again.effects(), [Effect::VoidPayment { terminal: name("term-open"), attempt: receipt.id }]);
}

#[test]
fn an_unreleased_passage_is_told_again() {
    let mut store = Bench::new();
    store.comes("p1", "show", &["1"]);
    store.stands("p1", "show");
    store.tap("show");
    store.terminal(TerminalSays::Approved);
    let mut again = store.killed(plan());
    again.starts();
    assert_eq!(again.alerts("not_released").len(), 1);
}
