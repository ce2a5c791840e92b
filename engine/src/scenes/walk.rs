//! Tap-then-walk: the tap authorises up to a limit, what is carried out is captured.

use recording::Direction;

use super::*;

fn tapped(serials: &[&str]) -> Bench {
    let mut store = Bench::new();
    store.comes("p1", "walk", serials);
    store.stands("p1", "walk");
    store.tap("walk");
    store
}

#[test]
fn the_gate_opens_at_the_tap_and_what_is_carried_out_is_captured() {
    let mut store = tapped(&["1"]);
    assert_eq!((store.opened("gate-walk"), store.asked_terminal()), (1, 0));
    store.gate("gate-walk", GateState::Opened, "p1");
    store.carries("p1", "walk", &["1", "2"]);
    store.leaves("p1", "walk", Some(Direction::Out));
    assert_eq!(store.attempts()[0].amount_minor, 9_980);
    assert_eq!(store.attempts()[0].decided_at, store.now);
    store.terminal(TerminalSays::Approved);
    let passage = store.passage("p1").unwrap();
    assert_eq!((passage.outcome, passage.released), (Some(PassageOutcome::Charged), Some(true)));
    assert!(store.alerts("not_released").is_empty());
}

#[test]
fn whoever_taps_and_turns_back_pays_nothing() {
    let mut store = tapped(&["1"]);
    store.leaves("p1", "walk", Some(Direction::Back));
    assert_eq!((store.asked_terminal(), store.outcome_of("p1")), (0, Some(PassageOutcome::TurnedBack)));
}

#[test]
fn beyond_the_limit_shown_at_the_tap_nothing_is_captured() {
    let mut plan = plan();
    plan.policy.tap_limit_minor = 9_979;
    let mut store = Bench::with(plan);
    store.comes("p1", "walk", &["1"]);
    store.stands("p1", "walk");
    store.tap("walk");
    store.carries("p1", "walk", &["1", "2"]);
    store.leaves("p1", "walk", Some(Direction::Out));
    assert_eq!(store.asked_terminal(), 0);
    let passage = store.passage("p1").unwrap();
    assert_eq!(passage.outcome, Some(PassageOutcome::Held));
    assert!(passage.holds.iter().any(|held| &*held.kind == "over_limit"));
}

#[test]
fn a_tap_and_then_empty_hands_is_no_receipt() {
    let mut store = tapped(&["1"]);
    store.carries("p1", "walk", &[]);
    store.leaves("p1", "walk", Some(Direction::Out));
    assert_eq!((store.asked_terminal(), store.outcome_of("p1")), (0, Some(PassageOutcome::NoItems)));
}

#[test]
fn a_card_that_is_declined_after_leaving_is_unpaid() {
    let mut store = tapped(&["1"]);
    store.leaves("p1", "walk", Some(Direction::Out));
    store.terminal(TerminalSays::Declined);
    assert_eq!(store.outcome_of("p1"), Some(PassageOutcome::Unpaid));
    assert_eq!(store.alerts("unpaid_item").len(), 1);
}

#[test]
fn one_tap_is_one_receipt_also_when_it_is_two_taps() {
    let mut store = tapped(&["1"]);
    store.tap("walk");
    store.leaves("p1", "walk", Some(Direction::Out));
    store.terminal(TerminalSays::Approved);
    assert_eq!((store.asked_terminal(), store.receipts().len(), store.opened("gate-walk")), (1, 1, 1));
}
