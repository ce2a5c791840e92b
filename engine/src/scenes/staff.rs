//! What staff do, and what the shop is told of products, pieces and machines.

use recording::{Direction, Health, ReaderState, ReceiptStatus, StaffAction};

use super::*;

fn sold() -> (Bench, Receipt) {
    let mut store = Bench::new();
    store.comes("p1", "open", &["1", "2"]);
    store.stands("p1", "open");
    store.tap("open");
    store.terminal(TerminalSays::Approved);
    store.leaves("p1", "open", Some(Direction::Out));
    let receipt = store.receipts().pop().unwrap();
    (store, receipt)
}

#[test]
fn scene_30_a_refund_frees_the_pieces_once() {
    let (mut store, receipt) = sold();
    let refund = Staff { receipt: Some(receipt.id.clone()), ..staff(StaffAction::Refund) };
    store.line(refund.clone());
    store.line(refund);
    let last = store.receipts().pop().unwrap();
    assert_eq!(
        (last.status, last.number, last.lines),
        (ReceiptStatus::Refunded, receipt.number, receipt.lines)
    );
    assert_eq!(store.state("1"), PieceState::Returned);
    assert_eq!(store.alerts("staff_refused").len(), 1);
    let voids = store.effects().iter().filter(|e| matches!(e, Effect::VoidPayment { .. })).count();
    assert_eq!(voids, 1);
    store.terminal(TerminalSays::Voided);
    // Back on the rack it can be sold again, under the next number.
    store.line(Staff {
        gtin: Some(name(TEE)),
        serial: Some(name("1")),
        zone: Some(name("floor")),
        state: Some(PieceState::InStock),
        ..staff(StaffAction::MoveItem)
    });
    store.comes("p2", "open", &["1"]);
    store.stands("p2", "open");
    store.tap("open");
    store.terminal(TerminalSays::Approved);
    assert_eq!(&*store.receipts().pop().unwrap().number, "000002");
}

#[test]
fn a_refund_that_the_terminal_does_not_make_is_told() {
    let (mut store, receipt) = sold();
    store.line(Staff { receipt: Some(receipt.id), ..staff(StaffAction::Refund) });
    store.terminal(TerminalSays::Declined);
    assert_eq!(store.alerts("refund_failed").len(), 1);
}

#[test]
fn a_sold_piece_is_not_put_back_in_stock_without_a_refund() {
    let (mut store, _) = sold();
    store.line(Staff {
        gtin: Some(name(TEE)),
        serial: Some(name("1")),
        state: Some(PieceState::InStock),
        ..staff(StaffAction::MoveItem)
    });
    assert_eq!((store.state("1"), store.alerts("staff_refused").len()), (PieceState::Sold, 1));
}

#[test]
fn importing_the_same_file_after_a_sale_changes_nothing() {
    let (mut store, _) = sold();
    store.since();
    for serial in ["1", "2", "3"] {
        store.line(piece(TEE, serial));
    }
    store.line(product(TEE, Some(4_990)));
    assert!(store.since().is_empty());
    // Another word about a sold piece moves it and does not unsell it.
    let mut other = piece(TEE, "1");
    other.item.as_mut().unwrap().zone = Some(name("stockroom"));
    store.line(other);
    assert_eq!(store.state("1"), PieceState::Sold);
}

#[test]
fn what_no_tag_could_hold_is_refused_by_name() {
    let mut store = Bench::new();
    store.line(product("09520000000012", Some(100)));
    store.line(piece(TEE, ""));
    store.line(product(TEE, Some(-1)));
    let refused = store.alerts("catalogue_refused");
    assert_eq!(refused.len(), 3);
    assert!(refused[0].text.contains("check digit"), "{}", refused[0].text);
}

#[test]
fn staff_open_a_gate_by_name_and_never_without() {
    let mut store = Bench::new();
    store.comes("p1", "show", &["1"]);
    let open = Staff { lane: Some(name("show")), ..staff(StaffAction::OpenGate) };
    store.line(Staff { by: name(" "), ..open.clone() });
    assert_eq!((store.opened("gate-show"), store.alerts("staff_refused").len()), (0, 1));
    store.line(open);
    assert_eq!(store.opened("gate-show"), 1);
    assert!(store.alerts("gate_opened_by_staff")[0].text.contains("Ana"));
}

#[test]
fn scene_2_restock_through_the_lane_is_staff_and_sells_nothing() {
    let mut store = Bench::new();
    store.comes("p1", "show", &["1", "2"]);
    store.leaves("p1", "show", Some(Direction::In));
    assert_eq!(store.outcome_of("p1"), Some(PassageOutcome::Staff));
    assert_eq!(store.state("1"), PieceState::InStock);
    store.comes("p2", "show", &[]);
    store.leaves("p2", "show", Some(Direction::In));
    assert_eq!(store.outcome_of("p2"), Some(PassageOutcome::NoItems));
}

#[test]
fn scene_5_a_return_coming_in_is_not_sold() {
    let (mut store, _) = sold();
    let mut carried = proposal("p2", "open", vec![tee("1")]);
    carried.lines.clear();
    carried.evidence[0].line = None;
    carried.evidence[0].verdict = recording::Verdict::Ignored;
    carried.evidence[0].reasons.push(name("sold"));
    store.proposes(carried);
    let began = PassageEvent::Began { passage: name("p2"), lane: name("open"), at: store.now };
    store.event(began);
    store.leaves("p2", "open", Some(Direction::In));
    assert_eq!(store.outcome_of("p2"), Some(PassageOutcome::Staff));
    assert_eq!(store.receipts().len(), 1);
}

#[test]
fn a_reader_that_goes_down_is_told_once() {
    let mut store = Bench::new();
    let down = ReaderState {
        reader: name("r"),
        state: Health::Down,
        reason: Some(name("connection refused")),
        clock_offset_ms: None,
    };
    store.line(down.clone());
    store.line(down);
    let alerts = store.alerts("reader_down");
    assert_eq!(alerts.len(), 1);
    assert!(alerts[0].text.contains("connection refused"));
}

#[test]
fn a_call_for_help_is_told() {
    let mut store = Bench::new();
    store.comes("p1", "show", &["1"]);
    store.stands("p1", "show");
    store.answers("show", ShopperSays::Help, None);
    assert_eq!(store.alerts("help")[0].passage.as_deref(), Some("p1"));
}
