//! Scenes at one lane: what comes in and out, and what the kiosk says.

use recording::{
    AttemptState, Basis, Gate, PassageOutcome, Read, ReaderState, ReceiptLine, StaffAction, Tick,
};

use super::*;

const LANE: &str = "exit-1";

struct Scene {
    live: Live,
    start: Time,
}

fn scene() -> Scene {
    Scene { live: Live::default(), start: Time::parse("2026-11-24T10:00:00Z").unwrap() }
}

impl Scene {
    fn at(&mut self, second: f64) -> &mut Scene {
        let now = self.start + Duration::from_secs_f64(second);
        self.live.line(now, &Tick {}.into());
        self
    }
    fn says(&mut self, outcome: Outcome) -> &mut Scene {
        self.live.outcome(&outcome);
        self
    }
    fn hears(&mut self, what: impl Into<Observation>) -> &mut Scene {
        self.live.line(self.live.now, &what.into());
        self
    }
    fn lane(&self) -> &LaneLive {
        &self.live.lanes[LANE]
    }
    fn phase(&self) -> Phase {
        self.lane().phase(self.live.now)
    }
}

fn tee() -> ReceiptLine {
    ReceiptLine {
        line: 1,
        gtin: "09520000000011".into(),
        serial: Some("6789".into()),
        epc: None,
        sku: None,
        name: Some("Tee, black, M".into()),
        quantity: 1,
        unit_minor: 4990,
        basis: Basis::Tag,
        confidence: 0.998,
    }
}

fn basket(passage: &str, status: BasketStatus, lines: Vec<ReceiptLine>, holds: &[&str]) -> Outcome {
    let holds = holds.iter().map(|kind| Hold {
        kind: (*kind).into(),
        text: "somebody should look".into(),
        gtin: None,
        serial: None,
    });
    let total_minor = lines.iter().filter_map(ReceiptLine::total_minor).sum();
    Outcome::Basket(Basket {
        passage: passage.into(),
        lane: LANE.into(),
        status,
        lines,
        total_minor,
        holds: holds.collect(),
    })
}

fn open(passage: &str) -> Outcome {
    basket(passage, BasketStatus::Open, vec![tee()], &[])
}

fn attempt(passage: &str, state: AttemptState) -> Outcome {
    Outcome::Attempt(Attempt {
        id: "a1".into(),
        at: Time::default(),
        state,
        passage: passage.into(),
        lane: LANE.into(),
        terminal: "term-1".into(),
        card: None,
        amount_minor: 4990,
        currency: "USD".into(),
        decided_at: Time::default(),
        lines: vec![tee()],
    })
}

fn receipt(passage: &str) -> Outcome {
    Outcome::Receipt(Receipt {
        id: "r1".into(),
        number: "000001".into(),
        lane: LANE.into(),
        passage: passage.into(),
        status: ReceiptStatus::Paid,
        currency: "USD".into(),
        total_minor: 4990,
        tax_minor: 0,
        decided_at: Time::default(),
        paid_at: Time::default(),
        lines: vec![tee()],
    })
}

fn passed(passage: &str, outcome: PassageOutcome, released: Option<bool>, ended: bool) -> Outcome {
    Outcome::Passage(Passage {
        id: passage.into(),
        lane: LANE.into(),
        began_at: Time::default(),
        ended_at: ended.then_some(Time::default()),
        outcome: Some(outcome),
        direction: None,
        tracks: vec![],
        receipt: None,
        possible_missing: 0.0,
        holds: vec![],
        released,
    })
}

#[test]
fn a_shopper_pays_and_the_next_one_finds_a_calm_kiosk() {
    let mut scene = scene();
    assert_eq!(scene.at(0.0).says(open("p1")).phase(), Phase::Basket);
    assert_eq!(scene.says(basket("p1", BasketStatus::Frozen, vec![tee()], &[])).phase(), Phase::Paying);
    assert_eq!(scene.says(attempt("p1", AttemptState::Committed)).phase(), Phase::Paying);
    assert_eq!(scene.at(2.0).says(attempt("p1", AttemptState::Approved)).phase(), Phase::Paying);
    assert_eq!(scene.says(receipt("p1")).phase(), Phase::Paid);
    scene.says(passed("p1", PassageOutcome::Charged, Some(true), true));
    assert_eq!(scene.at(8.0).phase(), Phase::Paid, "six seconds to read it");
    assert_eq!(scene.at(8.1).phase(), Phase::Attract);
    assert_eq!(scene.live.receipts_paid, 1);
}

#[test]
fn the_next_basket_takes_thank_you_out_of_view() {
    let mut scene = scene();
    scene.at(0.0).says(open("p1")).says(receipt("p1"));
    assert_eq!(scene.at(1.0).says(open("p2")).phase(), Phase::Basket);
    assert!(scene.lane().paid.is_none(), "nobody sees another's receipt");
}

#[test]
fn somebody_with_nothing_takes_nobody_elses_basket_out_of_view() {
    let mut scene = scene();
    scene.at(0.0).says(open("p1")).says(basket("p2", BasketStatus::Open, vec![], &[]));
    assert_eq!(scene.phase(), Phase::Basket);
    assert_eq!(scene.lane().basket.as_ref().unwrap().passage.as_ref(), "p1");
    scene.says(basket("p1", BasketStatus::Open, vec![], &[]));
    assert_eq!(scene.phase(), Phase::Attract, "all of it was put back");
}

#[test]
fn a_declined_card_may_be_tapped_again() {
    let mut scene = scene();
    scene.at(0.0).says(basket("p1", BasketStatus::Frozen, vec![tee()], &[]));
    scene.says(attempt("p1", AttemptState::Committed)).says(attempt("p1", AttemptState::Declined));
    assert_eq!(scene.says(open("p1")).phase(), Phase::Declined, "the same sum: the refusal stays in view");
    scene.says(basket("p1", BasketStatus::Open, vec![], &[]));
    assert_eq!(scene.says(open("p1")).phase(), Phase::Basket, "another sum: nothing was refused yet");
}

#[test]
fn when_nobody_knows_whether_money_was_taken_a_colleague_comes() {
    let mut scene = scene();
    scene.at(0.0).says(open("p1")).says(attempt("p1", AttemptState::Unknown));
    assert_eq!(scene.phase(), Phase::Held);
    scene.says(passed("p1", PassageOutcome::Held, None, true));
    assert_eq!(scene.at(60.0).phase(), Phase::Held, "it outlives the passage");
    assert_eq!(scene.says(attempt("p1", AttemptState::NotFound)).phase(), Phase::Attract);
}

#[test]
fn paid_but_the_gate_stayed_shut_is_told_until_somebody_resolves_it() {
    let mut scene = scene();
    scene.at(0.0).says(open("p1")).says(receipt("p1"));
    scene.says(passed("p1", PassageOutcome::Charged, Some(false), false));
    assert_eq!(scene.phase(), Phase::Paid);
    assert_eq!(scene.at(30.0).phase(), Phase::Held);
    scene.says(passed("p1", PassageOutcome::Charged, Some(true), false));
    assert_eq!(scene.phase(), Phase::Attract);
}

#[test]
fn a_call_for_help_is_answered_by_staff() {
    let mut scene = scene();
    scene.at(0.0).says(open("p1"));
    let call = Answer { lane: LANE.into(), says: ShopperSays::Help, gtin: None, serial: None };
    assert_eq!(scene.hears(call.clone()).phase(), Phase::Help);
    scene.hears(Answer { says: ShopperSays::Cancel, ..call.clone() });
    assert_eq!(scene.phase(), Phase::Basket, "never mind");
    assert_eq!(scene.hears(call).phase(), Phase::Help);
    let resolved = Staff {
        by: "Ada".into(),
        action: StaffAction::Resolve,
        lane: Some(LANE.into()),
        passage: None,
        receipt: None,
        gtin: None,
        serial: None,
        zone: None,
        state: None,
        note: None,
    };
    assert_eq!(scene.hears(resolved).phase(), Phase::Basket);
    scene.says(basket("p1", BasketStatus::Held, vec![tee()], &["help"]));
    assert_eq!(scene.phase(), Phase::Help);
    scene.says(basket("p1", BasketStatus::Held, vec![tee()], &["clone"]));
    assert_eq!(scene.phase(), Phase::Held);
}

#[test]
fn what_cannot_be_billed_alone_is_for_a_colleague() {
    let mut scene = scene();
    scene.at(0.0).says(basket("p1", BasketStatus::Open, vec![], &["no_price"]));
    assert_eq!(scene.phase(), Phase::Held, "no card helps");
    scene.says(basket("p1", BasketStatus::Open, vec![tee()], &["no_price"]));
    assert_eq!(scene.phase(), Phase::Basket);
}

#[test]
fn an_old_payment_taken_back_does_not_disturb_who_stands_here() {
    let mut scene = scene();
    scene.at(0.0).says(open("p2")).says(attempt("p2", AttemptState::Committed));
    let Outcome::Attempt(mut old) = attempt("p1", AttemptState::Voided) else { unreachable!() };
    old.id = "a0".into();
    assert_eq!(scene.says(Outcome::Attempt(old)).phase(), Phase::Paying);
}

#[test]
fn a_restart_empties_the_lanes() {
    let mut scene = scene();
    scene.at(0.0).says(open("p1"));
    scene.hears(recording::Store { state: recording::StoreState::Started, version: None });
    assert_eq!(scene.phase(), Phase::Attract);
}

#[test]
fn readers_and_gates_are_as_they_last_said() {
    let mut scene = scene();
    let read = Read {
        reader: "exit-a".into(),
        antenna: 1,
        epc: recording::Hex::parse("3034257BF7194E4000001A85").unwrap(),
        pc: None,
        rssi: None,
        phase: None,
        channel: None,
        frequency_khz: None,
        doppler_hz: None,
        count: 3,
        tid: None,
    };
    scene.at(0.0).hears(read);
    scene.hears(Gate { gate: "gate-1".into(), state: GateState::Forced, passage: None });
    let down = |state| ReaderState {
        reader: "exit-a".into(),
        state,
        reason: Some("connection refused".into()),
        clock_offset_ms: None,
    };
    scene.at(1.0).hears(down(Health::Down)).at(5.0).hears(down(Health::Down));
    let reader = &scene.live.readers["exit-a"];
    assert_eq!((reader.reads, reader.state), (3, Health::Down));
    assert_eq!(reader.since, scene.start + Duration::from_secs(1), "down since it first said so");
    assert_eq!(scene.live.gates["gate-1"].state, GateState::Forced);
}

#[test]
fn what_outsiders_send_fills_no_memory() {
    let mut scene = scene();
    for n in 0..2_000 {
        let name = format!("n{n}");
        scene.hears(Answer { lane: name.as_str().into(), says: ShopperSays::Help, gtin: None, serial: None });
    }
    assert_eq!(scene.live.lanes.len(), MOST_NAMES);
}
