//! The whole engine, from reads and footsteps to receipts: a small shop's exit with a terminal and gates that answer.

mod scene;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use engine::{Effect, Engine, Output, Outputs, PieceKey, Plan, Shop, Stamp};
use proptest::prelude::*;
use recording::{
    Gate, GateState, Line, Observation, Outcome, PassageOutcome, PieceState, Read, Receipt, ReceiptStatus,
    Store, StoreState, Tap, Terminal, TerminalSays, Tick, Time,
};
use scene::*;

/// What the terminal says to the attempts, one after the other; approved once they run out.
type Says = VecDeque<TerminalSays>;

/// The world around an engine: it answers effects half a second later.
struct World {
    engine: Engine,
    plan: Arc<Plan>,
    says: Says,
    answers: VecDeque<(Time, Line)>,
    outputs: Outputs,
    folded: Shop,
    stamp: Stamp,
    /// The program really is killed before the line of a start.
    kills: bool,
}

impl World {
    fn new(plan: &Plan, shop: &Shop, says: &[TerminalSays]) -> World {
        let plan = Arc::new(plan.clone());
        let stamp = Stamp { seq: 0, now: Time::default() };
        World {
            engine: Engine::new(plan.clone(), shop.clone(), stamp),
            plan,
            says: says.iter().copied().collect(),
            answers: VecDeque::new(),
            outputs: Vec::new(),
            folded: shop.clone(),
            stamp,
            kills: false,
        }
    }

    fn take(&mut self, line: &Line) {
        while self.answers.front().is_some_and(|(at, _)| *at <= line.known_at()) {
            if let Some((_, answer)) = self.answers.pop_front() {
                self.step(&answer);
            }
        }
        self.step(line);
    }

    fn step(&mut self, line: &Line) {
        if self.kills && matches!(line.what, Observation::Store(_)) {
            self.engine = Engine::new(self.plan.clone(), self.folded.clone(), self.stamp);
        }
        self.stamp = Stamp { seq: self.stamp.seq + 1, now: self.stamp.now.max(line.known_at()) };
        let before = self.outputs.len();
        self.engine.step(self.stamp, line, &mut self.outputs);
        let at = self.stamp.now + std::time::Duration::from_millis(500);
        let mut answers: Vec<Observation> = Vec::new();
        for output in &self.outputs[before..] {
            match output {
                Output::Outcome(fact) if fact.is_fact() => self.folded.fold(fact),
                Output::Effect(Effect::AskTerminal { terminal, attempt, amount_minor, .. }) => {
                    let says = self.says.pop_front().unwrap_or(TerminalSays::Approved);
                    let amount_minor = (says == TerminalSays::Approved).then_some(*amount_minor);
                    let (terminal, attempt) = (terminal.clone(), attempt.clone());
                    answers.push(Terminal { terminal, attempt, says, amount_minor, reference: None }.into());
                }
                Output::Effect(Effect::OpenGate { gate, passage }) => {
                    let (gate, passage) = (gate.clone(), passage.clone());
                    answers.push(Gate { gate, state: GateState::Opened, passage }.into());
                }
                _ => {}
            }
        }
        self.answers.extend(answers.into_iter().map(|what| (at, Line::new(at, what))));
        assert!(self.folded == *self.engine.shop(), "the shop is the fold of the facts");
    }

    fn outcomes(&self) -> impl Iterator<Item = &Outcome> {
        self.outputs.iter().filter_map(|output| match output {
            Output::Outcome(outcome) => Some(outcome),
            Output::Effect(_) => None,
        })
    }

    fn receipts(&self) -> Vec<Receipt> {
        self.outcomes()
            .filter_map(|o| if let Outcome::Receipt(r) = o { Some(r.clone()) } else { None })
            .collect()
    }

    /// The last word about every passage.
    fn passages(&self) -> BTreeMap<String, recording::Passage> {
        let passage = |o: &Outcome| if let Outcome::Passage(p) = o { Some(p.clone()) } else { None };
        self.outcomes().filter_map(passage).map(|p| (p.id.to_string(), p)).collect()
    }
}

fn tap(lane: usize) -> Tap {
    Tap { terminal: format!("term-exit-{lane}").into(), card: Some("tok_1".into()), outcome: None }
}

/// The plan of the scenes, with a gate at every lane.
fn gated(lanes: usize) -> Scene {
    let mut scene = Scene::new(lanes);
    for (number, lane) in scene.plan.lanes.iter_mut().enumerate() {
        lane.gate = Some(format!("gate-{}", number + 1).into());
    }
    scene
}

fn in_order(scene: &mut Scene, until: f64) -> Vec<Line> {
    let mut second = 0.0;
    while second < until {
        scene.add(second, Tick {});
        second += 0.5;
    }
    let mut lines = scene.lines.clone();
    lines.sort_by(|a, b| a.0.total_cmp(&b.0));
    lines.into_iter().map(|(_, line)| line).collect()
}

/// One who buys two pieces in the first lane, one who goes through the other with empty hands.
fn two_lanes() -> (Scene, Vec<Line>) {
    let mut scene = gated(2);
    let (tee, coat) = (scene.piece(TEE_M, 7), scene.piece(COAT, 8));
    let buyer = walk_out(0.6, 10.0);
    scene.person("cam", "a1", &buyer);
    scene.tag(&tee, &buyer, 3.0);
    scene.tag(&coat, &buyer, 6.0);
    scene.person("cam", "a2", &walk_out(2.2, 24.0));
    scene.add(12.5, tap(1));
    let lines = in_order(&mut scene, 40.0);
    (scene, lines)
}

fn play(scene: &Scene, lines: &[Line], says: &[TerminalSays]) -> World {
    let mut world = World::new(&scene.plan, &scene.shop, says);
    lines.iter().for_each(|line| world.take(line));
    world
}

#[test]
fn from_reads_to_a_paid_receipt_and_an_open_gate() {
    let (scene, lines) = two_lanes();
    let world = play(&scene, &lines, &[]);
    let [receipt] = world.receipts().try_into().unwrap();
    assert_eq!(receipt.total_minor, 2_990 + 19_900);
    assert_eq!((receipt.decided_at, receipt.paid_at), (time(12.5), time(13.0)));
    for line in &receipt.lines {
        let rests_on = world.outcomes().any(|o| {
            matches!(o, Outcome::Evidence(e) if e.passage == receipt.passage && e.line == Some(line.line) && !e.reads.is_empty())
        });
        assert!(rests_on, "line {} rests on reads", line.line);
        let key = PieceKey { gtin: line.gtin.clone(), serial: line.serial.clone().unwrap() };
        let piece = world.engine.shop().piece(&key).unwrap();
        assert_eq!((piece.state, piece.zone.as_deref()), (PieceState::Sold, Some("exit-1")));
    }
    let passages = world.passages();
    let by = |lane: &str| passages.values().find(|p| &*p.lane == lane).unwrap();
    let paid = by("exit-1");
    assert_eq!((paid.outcome, paid.released), (Some(PassageOutcome::Charged), Some(true)));
    assert!(paid.ended_at.is_some());
    assert_eq!(by("exit-2").outcome, Some(PassageOutcome::NoItems));
    assert_eq!(passages.len(), 2);
    let gates = world.outputs.iter().filter_map(|o| match o {
        Output::Effect(Effect::OpenGate { gate, .. }) => Some(gate.to_string()),
        _ => None,
    });
    let mut gates: Vec<String> = gates.collect();
    gates.sort_unstable();
    gates.dedup();
    assert_eq!(gates, ["gate-1", "gate-2"]);
}

#[test]
fn what_was_seen_taken_and_paid_for_is_not_missing_afterwards() {
    let mut scene = gated(1);
    let tee = scene.piece(TEE_M, 7);
    let buyer = walk_out(0.6, 10.0);
    scene.person("cam", "a1", &buyer);
    scene.tag(&tee, &buyer, 3.0);
    scene.sight(9.8, "a1", recording::ItemAction::Take, &[(TEE_M, 0.95)]);
    scene.add(12.5, tap(1));
    let lines = in_order(&mut scene, 40.0);
    let world = play(&scene, &lines, &[]);
    assert_eq!(world.receipts().len(), 1);
    let passages = world.passages();
    let [passage] = passages.values().collect::<Vec<_>>().try_into().unwrap();
    assert!(passage.ended_at.is_some());
    assert!(passage.possible_missing < 0.1, "may miss {}", passage.possible_missing);
}

#[test]
fn scene_29_declined_then_gone_is_unpaid() {
    let (scene, lines) = two_lanes();
    let world = play(&scene, &lines, &[TerminalSays::Declined]);
    assert!(world.receipts().is_empty());
    let outcomes: Vec<_> = world.passages().values().filter_map(|p| p.outcome).collect();
    assert!(outcomes.contains(&PassageOutcome::Unpaid), "{outcomes:?}");
    let told =
        world.outcomes().filter(|o| matches!(o, Outcome::Alert(a) if &*a.kind == "unpaid_item")).count();
    assert_eq!(told, 2);
}

#[test]
fn tap_then_walk_is_frozen_within_three_seconds_of_leaving() {
    let (mut scene, lines) = two_lanes();
    scene.plan.lanes[0].flow = engine::plan::Flow::TapThenWalk;
    let world = play(&scene, &lines, &[]);
    let [receipt] = world.receipts().try_into().unwrap();
    assert_eq!(receipt.total_minor, 2_990 + 19_900);
    let passage = &world.passages()[&*receipt.passage];
    assert_eq!((passage.outcome, passage.released), (Some(PassageOutcome::Charged), Some(true)));
    // By its path the buyer crosses the exit line (y = 2.0) at 14.83 s.
    let left = 14.83;
    assert!(
        receipt.decided_at > time(left) && receipt.decided_at < time(left + 3.0),
        "{}",
        receipt.decided_at
    );
}

#[test]
fn stale_reads_bill_nobody() {
    let (scene, mut lines) = two_lanes();
    for line in lines.iter_mut().filter(|line| matches!(line.what, Observation::Read(_))) {
        line.stale = true;
    }
    let world = play(&scene, &lines, &[]);
    assert!(world.receipts().is_empty());
    assert!(!world.outcomes().any(|o| matches!(o, Outcome::ItemMoved(_))));
}

/// A line of a busy exit, disturbed.
#[derive(Clone, Debug)]
enum Disturbance {
    Drop(usize),
    Twice(usize),
    Stale(usize),
    Late(usize, u64),
    Early(usize, u64),
    Tap(usize, usize),
    Kill(usize),
    Garbage(usize, Vec<u8>),
}

fn disturbance() -> impl Strategy<Value = Disturbance> {
    let place = 0_usize..10_000;
    prop_oneof![
        place.clone().prop_map(Disturbance::Drop),
        place.clone().prop_map(Disturbance::Twice),
        place.clone().prop_map(Disturbance::Stale),
        (place.clone(), 1_u64..20_000).prop_map(|(at, ms)| Disturbance::Late(at, ms)),
        (place.clone(), 1_u64..20_000).prop_map(|(at, ms)| Disturbance::Early(at, ms)),
        (place.clone(), 1_usize..4).prop_map(|(at, lane)| Disturbance::Tap(at, lane)),
        place.clone().prop_map(Disturbance::Kill),
        (place, prop::collection::vec(any::<u8>(), 1..40))
            .prop_map(|(at, bits)| Disturbance::Garbage(at, bits)),
    ]
}

fn says() -> impl Strategy<Value = Vec<TerminalSays>> {
    let one = prop_oneof![
        2 => Just(TerminalSays::Approved), 1 => Just(TerminalSays::Declined), 1 => Just(TerminalSays::Unknown),
        1 => Just(TerminalSays::NotFound)
    ];
    prop::collection::vec(one, 0..4)
}

fn started(at: Time) -> Line {
    Line::new(at, Store { state: StoreState::Started, version: None }.into())
}

/// The lines as disturbed; a `Kill` becomes the line of a start.
fn disturb(lines: &[Line], by: &[Disturbance]) -> Vec<Line> {
    let mut lines = lines.to_vec();
    for one in by {
        let count = lines.len();
        let (Disturbance::Drop(at)
        | Disturbance::Twice(at)
        | Disturbance::Stale(at)
        | Disturbance::Late(at, _)
        | Disturbance::Early(at, _)
        | Disturbance::Tap(at, _)
        | Disturbance::Kill(at)
        | Disturbance::Garbage(at, _)) = one;
        let at = at % count;
        let when = lines[at].known_at();
        match one {
            Disturbance::Drop(_) => {
                // Whole stretches go missing, not single lines.
                lines.drain(at..(at + 40).min(count));
            }
            Disturbance::Twice(_) => lines.insert(at, lines[at].clone()),
            Disturbance::Stale(_) => lines[at].stale = true,
            Disturbance::Late(_, ms) => {
                lines[at].received_at = Some(when + std::time::Duration::from_millis(*ms));
            }
            Disturbance::Early(_, ms) => lines[at].at = when - std::time::Duration::from_millis(*ms),
            Disturbance::Tap(_, lane) => lines.insert(at, Line::new(when, tap(*lane).into())),
            Disturbance::Kill(_) => lines.insert(at, started(when)),
            Disturbance::Garbage(_, bits) => {
                let Ok(epc) = recording::Hex::from_bytes(bits) else { continue };
                let read = Read {
                    reader: "reader-exit-1".into(),
                    antenna: 1,
                    epc,
                    pc: bits.first().map(|bits| u16::from(*bits) << 8),
                    rssi: Some(f32::NAN),
                    phase: Some(f32::INFINITY),
                    channel: Some(u16::MAX),
                    frequency_khz: Some(0),
                    doppler_hz: None,
                    count: u32::MAX,
                    tid: None,
                };
                lines.insert(at, Line::new(when, read.into()));
            }
        }
    }
    lines
}

/// No piece on two unrefunded receipts, every total the sum of its lines, no number left out.
fn holds_together(world: &World) -> Result<(), TestCaseError> {
    let mut sold: BTreeMap<PieceKey, u32> = BTreeMap::new();
    for (receipt, number) in world.receipts().iter().filter(|r| r.status == ReceiptStatus::Paid).zip(1_u32..)
    {
        prop_assert_eq!(&*receipt.number, &format!("{number:06}"));
        prop_assert_eq!(receipt.total_minor, receipt.lines.iter().map(|line| line.unit_minor).sum::<i64>());
        for key in receipt.lines.iter().filter_map(PieceKey::of_line) {
            let times = sold.entry(key).or_default();
            *times += 1;
            prop_assert_eq!(*times, 1, "sold twice");
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_goes_wrong_nothing_is_sold_twice_and_a_crash_changes_nothing(
        by in prop::collection::vec(disturbance(), 0..30), says in says()
    ) {
        let (scene, lines) = two_lanes();
        let lines = disturb(&lines, &by);
        let running = play(&scene, &lines, &says);
        holds_together(&running)?;
        // The same day, where the program really was killed before each line of a start.
        let mut killed = World::new(&scene.plan, &scene.shop, &says);
        killed.kills = true;
        lines.iter().for_each(|line| killed.take(line));
        prop_assert_eq!(running.outputs, killed.outputs);
    }

    #[test]
    fn a_recording_cut_short_decides_the_same_before_the_cut(share in 0.0_f64..1.0, says in says()) {
        let (scene, lines) = two_lanes();
        let whole = play(&scene, &lines, &says);
        let cut = (share * lines.len() as f64) as usize;
        let short = play(&scene, &lines[..cut], &says);
        prop_assert_eq!(&whole.outputs[..short.outputs.len()], &short.outputs[..]);
    }
}
