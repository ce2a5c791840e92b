//! Whatever comes in, in whatever order: nothing panics (every invariant is an assertion on the way out), no piece is
//! on two unrefunded receipts, and what was captured is what was frozen.

use std::collections::BTreeSet;

use proptest::prelude::*;
use recording::{AttemptState, BasketStatus, Belief, Direction, ReceiptStatus, StaffAction};

use super::*;
use crate::plan::DecideBy;

const PASSAGES: [&str; 4] = ["p1", "p2", "p3", "p4"];
const LANES: [&str; 3] = ["show", "walk", "open"];
const SERIALS: [&str; 6] = ["1", "2", "3", "4", "5", "stranger"];

#[derive(Clone, Debug)]
enum Happening {
    Comes(usize),
    Carries(usize, Vec<usize>, bool),
    Merges(usize, usize),
    Leaves(usize, Option<Direction>),
    Stands(usize, bool),
    Taps(usize),
    Says(usize, TerminalSays, i64),
    Gate(usize, GateState, Option<usize>),
    Answers(usize, ShopperSays, usize),
    Staff(StaffAction, usize, usize, Option<PieceState>),
    Price(Option<i64>),
    Import(usize, PieceState),
    Believes(f64),
    Waits(u64),
    Starts,
}

fn happening() -> impl Strategy<Value = Happening> {
    use Happening as H;
    let direction = prop_oneof![
        3 => Just(Some(Direction::Out)), 1 => Just(Some(Direction::Back)),
        1 => Just(Some(Direction::In)), 1 => Just(None)
    ];
    let says = prop_oneof![
        4 => Just(TerminalSays::Approved), 1 => Just(TerminalSays::Declined), 1 => Just(TerminalSays::Unknown),
        1 => Just(TerminalSays::NotFound), 1 => Just(TerminalSays::Voided)
    ];
    let state = prop_oneof![
        Just(PieceState::InStock),
        Just(PieceState::Sold),
        Just(PieceState::Returned),
        Just(PieceState::Missing)
    ];
    let gate = prop_oneof![
        Just(GateState::Opened),
        Just(GateState::Failed),
        Just(GateState::Forced),
        Just(GateState::Closed)
    ];
    let shopper = prop_oneof![Just(ShopperSays::Cancel), Just(ShopperSays::NotMine), Just(ShopperSays::Help)];
    let action = prop_oneof![
        Just(StaffAction::OpenGate),
        Just(StaffAction::Resolve),
        Just(StaffAction::Refund),
        Just(StaffAction::MoveItem)
    ];
    prop_oneof![
        6 => (0_usize..4).prop_map(H::Comes),
        6 => (0_usize..4, prop::collection::vec(0_usize..6, 0..4), prop::bool::weighted(0.2))
            .prop_map(|(p, s, held)| H::Carries(p, s, held)),
        1 => (0_usize..4, 0_usize..4).prop_map(|(a, b)| H::Merges(a, b)),
        4 => (0_usize..4, direction).prop_map(|(p, d)| H::Leaves(p, d)),
        5 => (0_usize..4, prop::bool::weighted(0.9)).prop_map(|(p, there)| H::Stands(p, there)),
        9 => (0_usize..3).prop_map(H::Taps),
        9 => (0_usize..3, says, prop_oneof![9 => Just(0_i64), 1 => -1_i64..2]).prop_map(|(n, s, d)| H::Says(n, s, d)),
        2 => (0_usize..3, gate, prop::option::of(0_usize..4)).prop_map(|(g, s, p)| H::Gate(g, s, p)),
        2 => (0_usize..3, shopper, 0_usize..6).prop_map(|(l, s, t)| H::Answers(l, s, t)),
        3 => (action, 0_usize..4, 0_usize..6, prop::option::of(state.clone()))
            .prop_map(|(a, p, s, state)| H::Staff(a, p, s, state)),
        1 => prop::option::of(prop_oneof![3 => Just(4_990_i64), 1 => Just(0), 1 => Just(i64::MAX), 1 => Just(-5)])
            .prop_map(H::Price),
        1 => (0_usize..6, state).prop_map(|(s, state)| H::Import(s, state)),
        3 => (0.0_f64..1.0).prop_map(H::Believes),
        5 => prop_oneof![4 => 1_u64..400, 1 => Just(2_000), 1 => Just(130_000)].prop_map(H::Waits),
        1 => Just(H::Starts),
    ]
}

/// The lane of a passage: always the same.
fn lane_of(passage: usize) -> &'static str {
    LANES[passage % 3]
}

fn play(store: &mut Bench, happening: &Happening) {
    match happening {
        Happening::Comes(p) => {
            let (passage, lane) = (name(PASSAGES[*p]), name(lane_of(*p)));
            store.event(PassageEvent::Began { passage, lane, at: store.now });
        }
        Happening::Carries(p, serials, held) => {
            let price = store.paying.shop().product(TEE).and_then(|tee| tee.unit_minor).unwrap_or(4_990);
            let lines =
                serials.iter().map(|s| ReceiptLine { unit_minor: price, ..tee(SERIALS[*s]) }).collect();
            let mut proposal = proposal(PASSAGES[*p], lane_of(*p), lines);
            if *held {
                proposal.holds.push(weak_tag());
            }
            store.proposes(proposal);
            store.event(PassageEvent::Changed { passage: name(PASSAGES[*p]) });
        }
        Happening::Merges(a, b) => {
            store.event(PassageEvent::Merged { passage: name(PASSAGES[*a]), into: name(PASSAGES[*b]) });
        }
        Happening::Leaves(p, direction) => store.leaves(PASSAGES[*p], lane_of(*p), *direction),
        Happening::Stands(p, there) => {
            let lane = lane_of(*p).to_owned();
            if *there {
                store.perceived.at_terminal.insert(lane, name(PASSAGES[*p]));
            } else {
                store.perceived.at_terminal.remove(&lane);
            }
        }
        Happening::Taps(lane) => store.tap(LANES[*lane]),
        Happening::Says(back, says, delta) => {
            let mut attempts = store.attempts();
            attempts.reverse();
            if let Some(mut attempt) = attempts.into_iter().nth(*back) {
                attempt.amount_minor = attempt.amount_minor.saturating_add(*delta);
                store.says_of(&attempt, *says);
            }
        }
        Happening::Gate(lane, state, passage) => store.line(Gate {
            gate: name(&format!("gate-{}", LANES[*lane])),
            state: *state,
            passage: passage.map(|p| name(PASSAGES[p])),
        }),
        Happening::Answers(lane, says, serial) => store.answers(LANES[*lane], *says, Some(SERIALS[*serial])),
        Happening::Staff(action, passage, serial, state) => {
            let receipt = store.receipts().into_iter().nth(*serial).map(|receipt| receipt.id);
            store.line(Staff {
                lane: Some(name(lane_of(*passage))),
                passage: Some(name(PASSAGES[*passage])),
                receipt,
                gtin: Some(name(TEE)),
                serial: Some(name(SERIALS[*serial])),
                state: *state,
                ..staff(*action)
            });
        }
        Happening::Price(price) => store.line(product(TEE, *price)),
        Happening::Import(serial, state) => {
            let mut change = piece(TEE, SERIALS[*serial]);
            change.item.as_mut().unwrap().state = *state;
            store.line(change);
        }
        Happening::Believes(p) => {
            let last = store.effects().into_iter().rev().find_map(|effect| match effect {
                Effect::NeedBelief(request) => Some(request.request),
                _ => None,
            });
            if let Some(request) = last {
                let answer = serde_json::json!({"lines": [{"gtin": TEE, "serial": "1", "p": p}]});
                store.line(Belief { request, answer });
            }
        }
        Happening::Waits(ms) => store.wait_ms(*ms),
        Happening::Starts => store.starts(),
    }
}

fn store(by: DecideBy) -> Bench {
    let mut plan = plan();
    plan.policy.by = by;
    Bench::with(plan)
}

fn decided() -> impl Strategy<Value = DecideBy> {
    prop_oneof![Just(DecideBy::Rules), Just(DecideBy::Model)]
}

/// What must hold of everything that came out.
fn holds_together(store: &Bench) -> Result<(), TestCaseError> {
    let mut unrefunded: BTreeMap<PieceKey, Name> = BTreeMap::new();
    let mut asked: BTreeSet<Name> = BTreeSet::new();
    let mut frozen: Option<Basket> = None;
    let mut numbers = 0_u32;
    for output in &store.outputs {
        match output {
            Output::Outcome(Outcome::Basket(basket)) => {
                let sum: i64 = basket.lines.iter().map(|line| line.unit_minor).fold(0, i64::saturating_add);
                prop_assert!(
                    basket.total_minor == sum || basket.holds.iter().any(|h| &*h.kind == "too_much")
                );
                if basket.status == BasketStatus::Frozen {
                    frozen = Some(basket.clone());
                }
            }
            Output::Outcome(Outcome::Attempt(attempt)) if attempt.state == AttemptState::Committed => {
                let frozen = frozen.take().expect("a basket was frozen before its attempt");
                prop_assert_eq!(&frozen.lines, &attempt.lines);
                prop_assert_eq!(frozen.total_minor, attempt.amount_minor);
                asked.insert(attempt.id.clone());
            }
            Output::Effect(Effect::AskTerminal { attempt, .. }) => {
                prop_assert!(asked.remove(attempt), "asked once, after it was committed");
            }
            Output::Outcome(Outcome::Receipt(receipt)) => {
                let keys = receipt.lines.iter().filter_map(PieceKey::of_line);
                if receipt.status == ReceiptStatus::Paid {
                    numbers += 1;
                    prop_assert_eq!(&*receipt.number, &format!("{numbers:06}"));
                    let sum =
                        receipt.lines.iter().try_fold(0_i64, |sum, line| sum.checked_add(line.unit_minor));
                    prop_assert_eq!(Some(receipt.total_minor), sum);
                    for key in keys {
                        prop_assert!(unrefunded.insert(key, receipt.id.clone()).is_none(), "sold twice");
                    }
                } else {
                    for key in keys {
                        prop_assert_eq!(unrefunded.remove(&key), Some(receipt.id.clone()));
                    }
                }
            }
            _ => {}
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_everything_holds_together(
        by in decided(), happenings in prop::collection::vec(happening(), 1..120)
    ) {
        let mut store = store(by);
        for happening in &happenings {
            play(&mut store, happening);
        }
        holds_together(&store)?;
    }

    #[test]
    fn a_running_engine_after_a_start_is_a_new_one_over_the_same_facts(
        by in decided(),
        before in prop::collection::vec(happening(), 1..60),
        after in prop::collection::vec(happening(), 1..60),
    ) {
        let mut running = store(by);
        for happening in &before {
            play(&mut running, happening);
        }
        let mut plan = plan();
        plan.policy.by = by;
        let mut fresh = running.killed(plan);
        fresh.perceived = running.perceived.clone();
        // What came before is only remembered by the tests: who asked what.
        fresh.outputs = running.outputs.clone();
        running.starts();
        fresh.starts();
        for happening in &after {
            play(&mut running, happening);
            play(&mut fresh, happening);
        }
        prop_assert_eq!(running.outputs, fresh.outputs);
    }

    #[test]
    fn what_is_decided_knows_only_what_came_before_and_is_the_same_every_time(
        by in decided(), happenings in prop::collection::vec(happening(), 1..80), cut in 0_usize..80
    ) {
        let mut whole = store(by);
        let mut short = store(by);
        let mut at_the_cut = None;
        for (index, happening) in happenings.iter().enumerate() {
            if index == cut {
                at_the_cut = Some(whole.outputs.len());
            }
            play(&mut whole, happening);
            if index < cut {
                play(&mut short, happening);
            }
        }
        let at_the_cut = at_the_cut.unwrap_or(whole.outputs.len());
        prop_assert_eq!(&whole.outputs[..at_the_cut], &short.outputs[..]);
    }
}
