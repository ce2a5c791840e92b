//! Who is let out, and what is known while somebody is not.

use recording::{Direction, StaffAction};

use super::*;

fn paid() -> Bench {
    let mut store = Bench::new();
    store.comes("p1", "show", &["1"]);
    store.stands("p1", "show");
    store.tap("show");
    store.terminal(TerminalSays::Approved);
    store
}

#[test]
fn a_paid_passage_is_not_released_until_its_gate_says_that_it_opened() {
    let mut store = paid();
    assert_eq!(store.opened("gate-show"), 1);
    assert_eq!(store.passage("p1").unwrap().released, Some(false));
    store.gate("gate-show", GateState::Opened, "p1");
    assert_eq!(store.passage("p1").unwrap().released, Some(true));
    assert_eq!(store.paying.shop().unreleased().count(), 0);
}

#[test]
fn a_gate_that_stays_silent_or_fails_is_told_until_a_person_resolves_it() {
    for fails in [true, false] {
        let mut store = paid();
        if fails {
            store.gate("gate-show", GateState::Failed, "p1");
        }
        store.wait_ms(20_000);
        assert_eq!(store.alerts("not_released").len(), 1);
        store.leaves("p1", "show", Some(Direction::Out));
        assert_eq!(store.passage("p1").unwrap().released, Some(false));
        assert_eq!(store.paying.shop().unreleased().count(), 1);
        store.line(Staff { passage: Some(name("p1")), ..staff(StaffAction::Resolve) });
        assert_eq!(store.passage("p1").unwrap().released, Some(true));
        assert_eq!(store.outcome_of("p1"), Some(PassageOutcome::Charged));
    }
}

#[test]
fn a_gate_that_does_not_say_for_whom_releases_the_only_one_who_waits() {
    let mut store = paid();
    store.line(Gate { gate: name("gate-walk"), state: GateState::Opened, passage: None });
    assert_eq!(store.passage("p1").unwrap().released, Some(false));
    store.line(Gate { gate: name("gate-show"), state: GateState::Opened, passage: None });
    assert_eq!(store.passage("p1").unwrap().released, Some(true));
}

#[test]
fn nobody_with_empty_hands_is_kept_in_and_nobody_with_a_tee_is_let_out() {
    let mut store = Bench::new();
    store.comes("p1", "show", &[]);
    store.stands("p1", "show");
    store.wait_ms(5_000);
    assert_eq!(store.opened("gate-show"), 1);
    store.leaves("p1", "show", Some(Direction::Out));
    assert_eq!(store.outcome_of("p1"), Some(PassageOutcome::NoItems));
    store.comes("p2", "show", &["1"]);
    store.stands("p2", "show");
    store.wait_ms(5_000);
    assert_eq!(store.opened("gate-show"), 1);
}

#[test]
fn a_gate_that_shuts_too_early_opens_again_for_whoever_still_stands_there() {
    let mut store = paid();
    store.gate("gate-show", GateState::Opened, "p1");
    store.gate("gate-show", GateState::Closed, "p1");
    store.wait_ms(3_000);
    assert_eq!(store.opened("gate-show"), 2);
    store.leaves("p1", "show", Some(Direction::Out));
    store.gate("gate-show", GateState::Closed, "p1");
    store.comes("p2", "show", &[]);
    store.stands("p2", "show");
    store.wait_ms(2_000);
    store.gate("gate-show", GateState::Closed, "p2");
    store.wait_ms(2_000);
    assert_eq!(store.opened("gate-show"), 4);
}

#[test]
fn a_gate_that_opened_for_empty_hands_opens_again_for_the_receipt() {
    let mut store = Bench::new();
    store.comes("p1", "show", &[]);
    store.stands("p1", "show");
    store.wait_ms(3_000);
    store.gate("gate-show", GateState::Opened, "p1");
    store.carries("p1", "show", &["1"]);
    store.wait_ms(1_000);
    store.tap("show");
    store.terminal(TerminalSays::Approved);
    assert_eq!(store.opened("gate-show"), 2);
    assert_eq!(store.passage("p1").unwrap().released, Some(false));
}

#[test]
fn an_empty_tap_charges_nothing() {
    let mut store = Bench::new();
    store.comes("p1", "show", &[]);
    store.stands("p1", "show");
    store.tap("show");
    store.perceived.at_terminal.clear();
    store.tap("show");
    assert_eq!((store.asked_terminal(), store.alerts("tap_ignored").len()), (0, 1));
}

#[test]
fn a_lane_without_a_gate_says_nothing_of_release() {
    let mut store = Bench::new();
    store.comes("p1", "open", &["1"]);
    store.stands("p1", "open");
    store.tap("open");
    store.terminal(TerminalSays::Approved);
    store.leaves("p1", "open", Some(Direction::Out));
    assert_eq!(store.passage("p1").unwrap().released, None);
}

#[test]
fn an_answer_after_the_shopper_has_gone_settles_the_passage_then() {
    let mut store = Bench::new();
    store.comes("p1", "open", &["1"]);
    store.stands("p1", "open");
    store.tap("open");
    store.leaves("p1", "open", Some(Direction::Out));
    assert_eq!(store.passage("p1"), None);
    store.terminal(TerminalSays::Approved);
    assert_eq!(store.outcome_of("p1"), Some(PassageOutcome::Charged));
}

#[test]
fn a_late_success_for_somebody_who_went_back_in_is_taken_back() {
    let mut store = Bench::new();
    store.comes("p1", "open", &["1"]);
    store.stands("p1", "open");
    store.tap("open");
    store.terminal(TerminalSays::Unknown);
    store.leaves("p1", "open", Some(Direction::Back));
    assert_eq!(store.outcome_of("p1"), Some(PassageOutcome::Held));
    store.terminal(TerminalSays::Approved);
    assert_eq!((store.receipts().len(), store.state("1")), (0, PieceState::InStock));
    assert!(store.effects().iter().any(|e| matches!(e, Effect::VoidPayment { .. })));
    assert_eq!(store.outcome_of("p1"), Some(PassageOutcome::TurnedBack));
}

#[test]
fn gone_unpaid_with_nothing_to_tell_the_way_needs_a_person() {
    let mut store = Bench::new();
    store.comes("p1", "open", &["1"]);
    store.leaves("p1", "open", None);
    assert_eq!(store.outcome_of("p1"), Some(PassageOutcome::Held));
}
