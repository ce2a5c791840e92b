//! From a shown basket to a receipt.

use recording::{AttemptState, BasketStatus, Direction, ShopperSays, StaffAction, Verdict};

use super::*;
use crate::plan::DecideBy;

#[test]
fn a_shopper_with_two_tees_taps_pays_and_walks_out() {
    let mut store = Bench::new();
    store.comes("p1", "show", &["1", "2"]);
    store.stands("p1", "show");
    store.tap("show");
    let frozen = store.baskets().pop().unwrap();
    assert_eq!((frozen.status, frozen.total_minor), (BasketStatus::Frozen, 9_980));
    let tapped_at = store.now;
    store.wait_ms(2_000);
    store.terminal(TerminalSays::Approved);
    store.gate("gate-show", GateState::Opened, "p1");
    store.leaves("p1", "show", Some(Direction::Out));

    let [receipt] = store.receipts().try_into().unwrap();
    assert_eq!(&*receipt.number, "000001");
    assert_eq!(receipt.total_minor, 9_980);
    assert_eq!(receipt.lines, frozen.lines);
    assert_eq!((receipt.decided_at, receipt.paid_at), (tapped_at, tapped_at + Duration::from_secs(2)));
    assert_eq!((store.state("1"), store.state("2")), (PieceState::Sold, PieceState::Sold));
    let passage = store.passage("p1").unwrap();
    assert_eq!(passage.outcome, Some(PassageOutcome::Charged));
    assert_eq!((passage.receipt, passage.released), (Some(receipt.id), Some(true)));
    assert!(store.alerts("unpaid_item").is_empty());
}

#[test]
fn the_terminal_is_asked_only_after_the_attempt_and_its_evidence() {
    let mut store = Bench::new();
    store.comes("p1", "show", &["1"]);
    store.stands("p1", "show");
    store.since();
    store.tap("show");
    let order: Vec<&str> = store
        .since()
        .iter()
        .map(|output| match output {
            Output::Outcome(outcome) => outcome.type_name(),
            Output::Effect(Effect::AskTerminal { .. }) => "ask",
            Output::Effect(_) => "other",
        })
        .collect();
    assert_eq!(order, ["basket", "evidence", "attempt", "ask"]);
}

#[test]
fn what_the_tap_finds_beyond_what_was_shown_is_shown_before_it_is_frozen() {
    let mut store = Bench::new();
    store.comes("p1", "show", &["1"]);
    store.stands("p1", "show");
    store.carries("p1", "show", &["1", "2"]);
    store.since();
    store.tap("show");
    let baskets: Vec<(BasketStatus, i64)> =
        store.baskets().iter().rev().take(2).map(|b| (b.status, b.total_minor)).collect();
    assert_eq!(baskets, [(BasketStatus::Frozen, 9_980), (BasketStatus::Open, 9_980)]);
}

#[test]
fn what_comes_to_light_after_the_tap_is_an_alert_and_never_a_line() {
    let mut store = Bench::new();
    store.comes("p1", "show", &["1"]);
    store.stands("p1", "show");
    store.tap("show");
    store.proposes(Proposal { possible_missing: 0.9, ..proposal("p1", "show", vec![tee("1"), tee("2")]) });
    store.wait_ms(1_000);
    store.terminal(TerminalSays::Approved);
    store.wait_ms(1_000);
    store.leaves("p1", "show", Some(Direction::Out));
    assert_eq!(store.receipts()[0].lines.len(), 1);
    assert_eq!(store.passage("p1").unwrap().possible_missing, 0.9);
    assert_eq!(store.alerts("possible_missing").len(), 1);
    let unpaid = store.alerts("unpaid_item");
    assert_eq!(unpaid.len(), 1);
    assert_eq!(unpaid[0].serial.as_deref(), Some("2"));
    assert_eq!(store.state("2"), PieceState::InStock);
}

#[test]
fn what_comes_to_light_on_the_way_out_before_the_answer_is_told_too() {
    let mut store = Bench::new();
    store.comes("p1", "open", &["1"]);
    store.stands("p1", "open");
    store.tap("open");
    store.carries("p1", "open", &["1", "2"]);
    store.leaves("p1", "open", Some(Direction::Out));
    store.terminal(TerminalSays::Approved);
    assert_eq!(store.receipts()[0].lines.len(), 1);
    let unpaid: Vec<_> = store.alerts("unpaid_item").into_iter().filter_map(|alert| alert.serial).collect();
    assert_eq!(unpaid, [name("2")]);
}

#[test]
fn scene_1_who_goes_with_empty_hands_leaves_behind_why_the_rack_was_not_billed() {
    let mut store = Bench::new();
    let mut rack = proposal("p1", "open", vec![tee("1")]);
    rack.lines.clear();
    rack.evidence[0].line = None;
    rack.evidence[0].verdict = Verdict::Ignored;
    rack.evidence[0].reasons.push(name("read just the same with nobody near"));
    store.proposes(rack);
    let began = PassageEvent::Began { passage: name("p1"), lane: name("open"), at: store.now };
    store.event(began);
    store.leaves("p1", "open", Some(Direction::Out));
    assert_eq!(store.outcome_of("p1"), Some(PassageOutcome::NoItems));
    assert_eq!(&*store.evidence()[0].reasons[0], "read just the same with nobody near");
}

#[test]
fn scene_28_double_tap_and_double_answer_are_one_charge() {
    let mut store = Bench::new();
    store.comes("p1", "show", &["1"]);
    store.stands("p1", "show");
    store.tap("show");
    store.tap("show");
    store.terminal(TerminalSays::Approved);
    store.tap("show");
    store.terminal(TerminalSays::Approved);
    store.terminal(TerminalSays::Unknown);
    assert_eq!((store.asked_terminal(), store.receipts().len()), (1, 1));
}

#[test]
fn scene_28_no_answer_is_unknown_the_gate_stays_shut_and_only_the_status_is_asked() {
    let mut store = Bench::new();
    store.comes("p1", "show", &["1"]);
    store.stands("p1", "show");
    store.tap("show");
    store.wait_ms(119_000);
    assert_eq!(store.attempts().pop().unwrap().state, AttemptState::Committed);
    store.wait_ms(2_000);
    assert_eq!(store.attempts().pop().unwrap().state, AttemptState::Unknown);
    assert_eq!(store.alerts("terminal_unknown").len(), 1);
    store.tap("show");
    assert_eq!((store.asked_terminal(), store.opened("gate-show")), (1, 0));
    let asked =
        |store: &Bench| store.effects().iter().filter(|e| matches!(e, Effect::QueryTerminal { .. })).count();
    assert_eq!(asked(&store), 1);
    store.wait_ms(120_000);
    assert_eq!(asked(&store), 2);
    store.terminal(TerminalSays::Approved);
    assert_eq!((store.receipts().len(), store.opened("gate-show")), (1, 1));
}

#[test]
fn a_terminal_that_never_heard_of_it_has_taken_nothing() {
    let mut store = Bench::new();
    store.comes("p1", "show", &["1"]);
    store.stands("p1", "show");
    store.tap("show");
    store.wait_ms(121_000);
    store.terminal(TerminalSays::NotFound);
    assert_eq!(store.baskets().pop().unwrap().status, BasketStatus::Open);
    store.tap("show");
    store.terminal(TerminalSays::Approved);
    assert_eq!((store.asked_terminal(), store.receipts().len()), (2, 1));
}

#[test]
fn scene_29_a_declined_card_leaves_the_gate_shut_the_items_unsold_and_may_be_tried_again() {
    let mut store = Bench::new();
    store.comes("p1", "show", &["1"]);
    store.stands("p1", "show");
    store.tap("show");
    store.terminal(TerminalSays::Declined);
    assert_eq!(store.opened("gate-show"), 0);
    assert_eq!(store.state("1"), PieceState::InStock);
    assert_eq!(store.baskets().pop().unwrap().status, BasketStatus::Open);
    store.wait_ms(300);
    store.tap("show");
    let attempts: Vec<Attempt> =
        store.attempts().into_iter().filter(|a| a.state == AttemptState::Committed).collect();
    assert_eq!(attempts.len(), 2);
    assert_ne!(attempts[0].id, attempts[1].id);
    store.terminal(TerminalSays::Approved);
    // The first one's success comes after all: it is taken back, and staff are told.
    store.says_of(&attempts[0], TerminalSays::Approved);
    let void =
        Effect::VoidPayment { terminal: attempts[0].terminal.clone(), attempt: attempts[0].id.clone() };
    assert_eq!(store.effects().iter().filter(|e| **e == void).count(), 1);
    assert_eq!((store.receipts().len(), store.alerts("late_approval").len()), (1, 1));
    store.says_of(&attempts[0], TerminalSays::Voided);
    assert_eq!(store.paying.shop().open_attempts().count(), 0);
}

#[test]
fn scene_29_a_declined_shopper_who_walks_out_is_told_piece_by_piece() {
    let mut store = Bench::new();
    store.comes("p1", "open", &["1", "2"]);
    store.stands("p1", "open");
    store.tap("open");
    store.terminal(TerminalSays::Declined);
    store.leaves("p1", "open", Some(Direction::Out));
    assert_eq!(store.outcome_of("p1"), Some(PassageOutcome::Unpaid));
    assert_eq!(store.alerts("unpaid_item").len(), 2);
}

#[test]
fn a_capture_of_another_amount_is_not_a_receipt() {
    let mut store = Bench::new();
    store.comes("p1", "show", &["1"]);
    store.stands("p1", "show");
    store.tap("show");
    let mut attempt = store.attempts().pop().unwrap();
    attempt.amount_minor += 1;
    store.says_of(&attempt, TerminalSays::Approved);
    assert_eq!((store.receipts().len(), store.opened("gate-show")), (0, 0));
    assert_eq!(store.attempts().pop().unwrap().state, AttemptState::Unknown);
    assert_eq!(store.alerts("wrong_amount").len(), 1);
    store.says_of(&attempt, TerminalSays::Approved);
    assert!(store.effects().iter().any(|e| matches!(e, Effect::VoidPayment { .. })));
}

#[test]
fn an_approval_that_nobody_asked_for_is_told_and_sells_nothing() {
    let mut store = Bench::new();
    store.line(Terminal {
        terminal: name("term-show"),
        attempt: name("sale-77"),
        says: TerminalSays::Approved,
        amount_minor: Some(100),
        reference: None,
    });
    assert_eq!((store.alerts("stray_payment").len(), store.receipts().len()), (1, 0));
}

#[test]
fn a_cancel_while_paying_takes_back_whatever_is_captured() {
    let mut store = Bench::new();
    store.comes("p1", "show", &["1"]);
    store.stands("p1", "show");
    store.tap("show");
    store.answers("show", ShopperSays::Cancel, None);
    store.tap("show"); // Not before the first is known to be void.
    assert_eq!(store.asked_terminal(), 1);
    store.terminal(TerminalSays::Voided);
    store.leaves("p1", "show", Some(Direction::Back));
    assert_eq!(store.outcome_of("p1"), Some(PassageOutcome::TurnedBack));
    assert_eq!((store.receipts().len(), store.state("1")), (0, PieceState::InStock));
}

#[test]
fn a_cancel_before_the_tap_changes_nothing() {
    let mut store = Bench::new();
    store.comes("p1", "show", &["1"]);
    store.stands("p1", "show");
    store.since();
    store.answers("show", ShopperSays::Cancel, None);
    assert!(store.since().is_empty());
}

#[test]
fn scene_3_turning_back_in_the_lane_charges_nothing() {
    let mut store = Bench::new();
    store.comes("p1", "show", &["1"]);
    store.leaves("p1", "show", Some(Direction::Back));
    assert_eq!(store.outcome_of("p1"), Some(PassageOutcome::TurnedBack));
    assert_eq!(store.state("1"), PieceState::InStock);
    assert!(store.alerts("unpaid_item").is_empty());
}

#[test]
fn scene_4_lingering_shows_one_basket_once() {
    let mut store = Bench::new();
    store.comes("p1", "show", &["1"]);
    store.stands("p1", "show");
    store.wait_ms(60_000);
    assert_eq!(store.baskets().len(), 1);
}

#[test]
fn scene_6_a_paid_piece_is_never_a_line_again() {
    let mut store = Bench::new();
    store.comes("p1", "open", &["1"]);
    store.stands("p1", "open");
    store.tap("open");
    store.terminal(TerminalSays::Approved);
    store.leaves("p1", "open", Some(Direction::Out));
    store.comes("p2", "open", &["1"]);
    store.stands("p2", "open");
    store.tap("open");
    store.leaves("p2", "open", Some(Direction::Out));
    assert_eq!(store.outcome_of("p2"), Some(PassageOutcome::NoItems));
    assert_eq!(store.asked_terminal(), 1);
}

#[test]
fn scene_7_a_piece_that_two_passages_claim_is_on_one_basket_and_holds_the_other() {
    let mut store = Bench::new();
    store.comes("p1", "show", &["1"]);
    store.comes("p2", "open", &["1", "2"]);
    let second = store.baskets().pop().unwrap();
    assert_eq!(second.lines.len(), 1);
    assert_eq!(&*second.holds[0].kind, "two_people");
    store.stands("p2", "open");
    store.tap("open");
    assert_eq!(store.asked_terminal(), 0);
    // The first one turns out not to have it.
    store.carries("p1", "show", &[]);
    store.wait_ms(1_000);
    store.tap("open");
    store.terminal(TerminalSays::Approved);
    assert_eq!(store.receipts()[0].lines.len(), 2);
}

#[test]
fn scene_7_a_piece_may_go_from_one_basket_to_another_in_one_step() {
    let mut store = Bench::new();
    store.comes("p2", "show", &["1"]);
    store.comes("p1", "open", &[]);
    store.carries("p2", "show", &[]);
    store.carries("p1", "open", &["1"]);
    store.wait_ms(1_000);
    let of = |id: &str| store.baskets().into_iter().rfind(|b| &*b.passage == id).unwrap();
    assert_eq!((of("p1").lines.len(), of("p2").lines.len()), (1, 0));
    assert!(of("p1").holds.is_empty());
}

#[test]
fn scene_9_a_family_that_forms_is_one_passage_and_one_receipt() {
    let mut store = Bench::new();
    store.comes("p1", "open", &["1"]);
    store.comes("p2", "open", &["2"]);
    store.carries("p1", "open", &["1", "2"]);
    store.event(PassageEvent::Merged { passage: name("p2"), into: name("p1") });
    store.stands("p1", "open");
    store.tap("open");
    store.terminal(TerminalSays::Approved);
    store.leaves("p1", "open", Some(Direction::Out));
    assert_eq!(store.receipts()[0].total_minor, 9_980);
    assert_eq!(store.passage("p2"), None);
}

#[test]
fn scene_9_an_answer_to_one_who_has_become_part_of_another_finds_its_way() {
    let mut store = Bench::new();
    store.comes("p1", "open", &["1"]);
    store.stands("p1", "open");
    store.comes("p2", "open", &[]);
    store.tap("open");
    store.event(PassageEvent::Merged { passage: name("p1"), into: name("p2") });
    store.terminal(TerminalSays::Approved);
    store.leaves("p2", "open", Some(Direction::Out));
    assert_eq!(store.outcome_of("p2"), Some(PassageOutcome::Charged));
    assert_eq!(&*store.receipts()[0].passage, "p2");
}

#[test]
fn scene_17_what_needs_a_person_is_held_and_not_charged_until_one_has_looked() {
    let mut store = Bench::new();
    store.proposes(Proposal { holds: vec![weak_tag()], ..proposal("p1", "show", vec![tee("1")]) });
    let began = PassageEvent::Began { passage: name("p1"), lane: name("show"), at: store.now };
    store.event(began);
    store.stands("p1", "show");
    store.tap("show");
    store.tap("show");
    let held = store.baskets().pop().unwrap();
    assert_eq!((held.status, held.holds.len()), (BasketStatus::Held, 1));
    assert_eq!((store.asked_terminal(), store.alerts("held").len()), (0, 1));
    store.line(Staff { passage: Some(name("p1")), ..staff(StaffAction::Resolve) });
    assert_eq!(store.baskets().pop().unwrap().status, BasketStatus::Open);
    store.wait_ms(500);
    store.tap("show");
    store.terminal(TerminalSays::Approved);
    assert_eq!(store.receipts()[0].total_minor, 4_990);
}

#[test]
fn a_held_shopper_who_leaves_is_held_with_the_reason() {
    let mut store = Bench::new();
    store.proposes(Proposal { holds: vec![weak_tag()], ..proposal("p1", "show", vec![tee("1")]) });
    let began = PassageEvent::Began { passage: name("p1"), lane: name("show"), at: store.now };
    store.event(began);
    store.stands("p1", "show");
    store.tap("show");
    store.leaves("p1", "show", Some(Direction::Out));
    let passage = store.passage("p1").unwrap();
    assert_eq!(passage.outcome, Some(PassageOutcome::Held));
    assert_eq!(&*passage.holds[0].kind, "weak_tag");
}

#[test]
fn what_the_shopper_disowns_is_not_charged_before_a_person_has_looked() {
    let mut store = Bench::new();
    store.comes("p1", "show", &["1", "2"]);
    store.stands("p1", "show");
    store.answers("show", ShopperSays::NotMine, Some("2"));
    store.tap("show");
    assert_eq!(store.asked_terminal(), 0);
    // Staff take it back to the floor: it is no line any more, and nothing is to be asked.
    store.line(Staff {
        gtin: Some(name(TEE)),
        serial: Some(name("2")),
        zone: Some(name("floor")),
        ..staff(StaffAction::MoveItem)
    });
    store.wait_ms(500);
    store.tap("show");
    store.terminal(TerminalSays::Approved);
    assert_eq!(store.receipts()[0].total_minor, 4_990);
    assert_eq!(store.state("2"), PieceState::InStock);
}

#[test]
fn scene_18_a_seen_mug_is_a_line_without_serial() {
    let mut store = Bench::new();
    let mug = ReceiptLine { serial: None, basis: Basis::Vision, quantity: 2, ..tee("1") };
    store.proposes(proposal("p1", "open", vec![mug]));
    let began = PassageEvent::Began { passage: name("p1"), lane: name("open"), at: store.now };
    store.event(began);
    store.stands("p1", "open");
    store.tap("open");
    store.terminal(TerminalSays::Approved);
    assert_eq!(store.receipts()[0].total_minor, 9_980);
}

#[test]
fn scene_23_two_tags_on_one_garment_are_one_line() {
    let mut store = Bench::new();
    store.comes("p1", "open", &["1", "1"]);
    assert_eq!(store.baskets().pop().unwrap().lines.len(), 1);
}

#[test]
fn scene_24_an_unknown_piece_is_no_line_and_says_why() {
    let mut store = Bench::new();
    store.comes("p1", "open", &["1", "stranger"]);
    store.stands("p1", "open");
    store.tap("open");
    assert_eq!(store.attempts()[0].lines.len(), 1);
    let refused: Vec<Evidence> =
        store.evidence().into_iter().filter(|e| e.verdict != Verdict::Billed).collect();
    assert_eq!(refused.len(), 1);
    assert_eq!(refused[0].serial.as_deref(), Some("stranger"));
    assert!(!refused[0].reasons.is_empty());
}

#[test]
fn scene_25_without_a_price_it_is_shown_and_a_person_is_asked() {
    let mut store = Bench::new();
    store.line(product(TEE, None));
    store.comes("p1", "show", &["1"]);
    let basket = store.baskets().pop().unwrap();
    assert_eq!((basket.lines.len(), &*basket.holds[0].kind), (0, "no_price"));
    store.stands("p1", "show");
    store.tap("show");
    assert_eq!(store.baskets().pop().unwrap().status, BasketStatus::Held);
    assert_eq!((store.asked_terminal(), store.opened("gate-show")), (0, 0));
}

#[test]
fn scene_26_a_price_that_changes_before_the_tap_is_shown_and_after_it_does_not_count() {
    let mut store = Bench::new();
    store.comes("p1", "open", &["1"]);
    store.stands("p1", "open");
    store.proposes(proposal("p1", "open", vec![ReceiptLine { unit_minor: 3_990, ..tee("1") }]));
    store.line(product(TEE, Some(3_990)));
    store.wait_ms(300);
    assert_eq!(store.baskets().pop().unwrap().total_minor, 3_990);
    store.tap("open");
    store.line(product(TEE, Some(5_990)));
    store.terminal(TerminalSays::Approved);
    assert_eq!(store.receipts()[0].total_minor, 3_990);
}

#[test]
fn a_line_that_nothing_speaks_for_is_not_billed() {
    let mut store = Bench::new();
    let mut bare = proposal("p1", "open", vec![tee("1"), tee("2")]);
    bare.evidence.pop();
    store.proposes(bare);
    let began = PassageEvent::Began { passage: name("p1"), lane: name("open"), at: store.now };
    store.event(began);
    let basket = store.baskets().pop().unwrap();
    assert_eq!((basket.lines.len(), &*basket.holds[0].kind), (1, "no_evidence"));
}

#[test]
fn a_sum_past_what_can_be_held_is_for_a_person() {
    let mut store = Bench::new();
    store.line(product(TEE, Some(i64::MAX)));
    let dear = |serial: &str| ReceiptLine { unit_minor: i64::MAX, ..tee(serial) };
    store.proposes(proposal("p1", "open", vec![dear("1"), dear("2")]));
    let began = PassageEvent::Began { passage: name("p1"), lane: name("open"), at: store.now };
    store.event(began);
    store.stands("p1", "open");
    store.tap("open");
    store.line(Staff { passage: Some(name("p1")), ..staff(StaffAction::Resolve) });
    store.wait_ms(500);
    store.tap("open");
    assert_eq!(store.asked_terminal(), 0);
}

fn modelled() -> Bench {
    let mut plan = plan();
    // The lane's own word, where the store's is the rules.
    plan.lanes[2].by = Some(DecideBy::Model);
    let mut store = Bench::with(plan);
    store.comes("p1", "open", &["1", "2"]);
    store.stands("p1", "open");
    store.tap("open");
    store
}

fn question(store: &Bench) -> Name {
    let ask = |effect| match effect {
        Effect::NeedBelief(request) => Some(request.request),
        _ => None,
    };
    store.effects().into_iter().find_map(ask).unwrap()
}

#[test]
fn the_model_is_asked_at_the_tap_and_the_basket_is_that_of_the_tap() {
    let mut store = modelled();
    let tapped_at = store.now;
    let request = question(&store);
    assert_eq!(store.asked_terminal(), 0);
    store.now = store.now + Duration::from_millis(100);
    store.carries("p1", "open", &["1", "2", "3"]);
    store.line(Tick {});
    store.line(recording::Belief { request: request.clone(), answer: serde_json::Value::Null });
    store.line(recording::Belief { request, answer: serde_json::Value::Null });
    store.terminal(TerminalSays::Approved);
    let receipts = store.receipts();
    assert_eq!((receipts.len(), receipts[0].lines.len(), receipts[0].decided_at), (1, 2, tapped_at));
}

#[test]
fn where_the_model_is_late_the_rules_decide() {
    let mut store = modelled();
    store.now = store.now + Duration::from_millis(299);
    store.line(Tick {});
    assert_eq!(store.asked_terminal(), 0);
    store.now = store.now + Duration::from_millis(1);
    store.line(Tick {});
    assert_eq!(store.asked_terminal(), 1);
}

#[test]
fn a_line_the_model_doubts_is_for_a_person() {
    let mut store = modelled();
    let answer = serde_json::json!({"lines": [{"gtin": TEE, "serial": "2", "p": 0.2}]});
    let request = question(&store);
    store.line(recording::Belief { request, answer });
    let held = store.baskets().pop().unwrap();
    assert_eq!((held.status, held.lines.len(), &*held.holds[0].kind), (BasketStatus::Held, 1, "doubted"));
    assert_eq!(store.asked_terminal(), 0);
}
