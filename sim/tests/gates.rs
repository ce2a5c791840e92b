//! Gates of the live store from outside: people stand before a shut one, and what becomes of them when the store opens it,
//! when it does not, and when it says nothing any more. The test is the store.
#![allow(clippy::unwrap_used, clippy::print_stdout, unreachable_pub, reason = "a test may fail loudly")]

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use recording::{Gate, GateState, Line, Observation, ShopperSays, StaffAction, TapOutcome, Time};

const SPEED: f64 = 20.0;
/// The exit line of the boutique's lane.
const EXIT_M: f64 = 2.0;

/// A store as the test has it: asked at every line, says what its gate does and how many seconds later.
type Store = fn(&Line) -> Option<(GateState, f64)>;

/// What happened, by seconds since the beginning.
struct Played {
    lines: Vec<(f64, Line)>,
    /// When the store opened the gate.
    opened_s: Option<f64>,
}

impl Played {
    /// When something was said for the first time.
    fn first(&self, what: impl Fn(&Observation) -> bool) -> Option<f64> {
        self.lines.iter().find(|(_, line)| what(&line.what)).map(|(at, _)| *at)
    }

    /// When somebody was first seen well beyond the exit line: half a metre is more than a camera errs by.
    fn out_s(&self) -> Option<f64> {
        self.first(|what| matches!(what, Observation::Person(person) if person.y > EXIT_M + 0.5))
    }

    fn taps(&self) -> Vec<TapOutcome> {
        let taps = self.lines.iter().filter_map(|(_, line)| match &line.what {
            Observation::Tap(tap) => tap.outcome,
            _ => None,
        });
        taps.collect()
    }
}

fn staff_opened(what: &Observation) -> bool {
    matches!(what, Observation::Staff(staff) if staff.action == StaffAction::OpenGate && !staff.by.is_empty())
}

fn forced(what: &Observation) -> bool {
    matches!(what, Observation::Gate(gate) if gate.state == GateState::Forced)
}

fn asks_for_help(what: &Observation) -> bool {
    matches!(what, Observation::Answer(answer) if answer.says == ShopperSays::Help)
}

/// Plays a shopper with a dress in the boutique until somebody is out on the street, or for so many seconds.
async fn play(does: &str, store: Store, most_s: f64) -> Played {
    let boutique = Path::new(env!("CARGO_MANIFEST_DIR")).join("../config/boutique.toml");
    static SCENES: AtomicUsize = AtomicUsize::new(0);
    let number = SCENES.fetch_add(1, Ordering::Relaxed);
    let file = std::env::temp_dir().join(format!("gates-{}-{number}.toml", std::process::id()));
    let text = format!(
        "title = \"at the gate\"\nshop = '{}'\n[[person]]\nname = \"Ada\"\ncomes = \"00:01\"\ndoes = [{does}]\n",
        boutique.display()
    );
    std::fs::write(&file, text).unwrap();
    let scene = sim::Scene::read(&file).unwrap();
    std::fs::remove_file(&file).unwrap();
    let (began, opened) = (Instant::now(), Time::parse("2026-11-24T10:00:00Z").unwrap());
    let now_s = move || began.elapsed().as_secs_f64() * SPEED;
    let options = sim::live::Options {
        stage: sim::live::Stage::Scene(Box::new(scene)),
        seed: 3,
        clock: Arc::new(move || opened + began.elapsed().mul_f64(SPEED)),
        speed: SPEED,
        gone: BTreeSet::new(),
        folder: std::env::temp_dir(),
    };
    let mut live = sim::live::start(options).await.expect("free ports");
    live.begin.notify_one();
    let mut played = Played { lines: Vec::new(), opened_s: None };
    let mut says: Vec<(f64, GateState)> = Vec::new();
    while now_s() < most_s && played.out_s().is_none() {
        let line = tokio::time::timeout(Duration::from_millis(20), live.lines.recv()).await;
        if let Ok(line) = line {
            let line = line.expect("the store lives");
            says.extend(store(&line).map(|(state, after_s)| (now_s() + after_s, state)));
            played.lines.push((line.at.seconds_after(opened), line));
        }
        let due: Vec<(f64, GateState)> = says.extract_if(.., |(at, _)| *at <= now_s()).collect();
        for (_, state) in due {
            let gate = Gate { gate: "gate-1".into(), state, passage: None };
            live.gates.send(gate).await.unwrap();
            played.opened_s.get_or_insert(now_s());
        }
    }
    played
}

const PAYS: &str = r#""takes DRE-RED-S from rack-5", "pays at exit-1 and leaves""#;
const IS_DECLINED: &str = r#""takes DRE-RED-S from rack-5", "queues at exit-1", "walks to the terminal", "stands 2 s",
    "taps and is declined", "leaves""#;
const WALKS_OUT: &str = r#""takes DRE-RED-S from rack-5", "walks out through exit-1 without paying""#;
const CARRIES_NOTHING: &str = r#""looks at rack-5 for 2 s", "queues at exit-1", "leaves""#;

/// A store that never answers: it has stopped.
const SILENT: Store = |_| None;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_paid_stands_until_the_gate_opens_and_is_out_soon_after() {
    // Six seconds after the tap: longer than anybody would stand at the terminal.
    let played = play(
        PAYS,
        |line| matches!(line.what, Observation::Tap(_)).then_some((GateState::Opened, 6.0)),
        120.0,
    );
    let played = played.await;
    let (out_s, opened_s) = (played.out_s().expect("out"), played.opened_s.expect("opened"));
    println!("opened at {opened_s:.1} s, out at {out_s:.1} s");
    assert!(out_s > opened_s - 0.5 && out_s < opened_s + 8.0, "opened at {opened_s} s, out at {out_s} s");
    assert!(played.first(asks_for_help).is_none() && played.first(forced).is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_declined_and_stays_is_let_out_by_staff_by_name() {
    let played =
        play(IS_DECLINED, |line| staff_opened(&line.what).then_some((GateState::Opened, 0.2)), 150.0);
    let played = played.await;
    let (help_s, staff_s) = (played.first(asks_for_help).unwrap(), played.first(staff_opened).unwrap());
    let out_s = played.out_s().expect("out");
    assert!(
        help_s < staff_s && staff_s < out_s,
        "help at {help_s} s, staff at {staff_s} s, out at {out_s} s"
    );
    assert_eq!(played.taps(), [TapOutcome::Decline]);
    assert!(played.first(forced).is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_means_to_walk_out_pushes_the_gate_and_it_says_so() {
    let played = play(WALKS_OUT, SILENT, 120.0).await;
    let (forced_s, out_s) = (played.first(forced).expect("forced"), played.out_s().expect("out"));
    assert!(forced_s < out_s, "forced at {forced_s} s, out at {out_s} s");
    assert!(played.taps().is_empty());
}

/// Whatever has become of the store: the card is held up again, somebody is called, and comes with the key.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_has_stopped_keeps_nobody_in() {
    for (does, taps) in [(PAYS, 2), (CARRIES_NOTHING, 0)] {
        let played = play(does, SILENT, 200.0).await;
        let out_s = played.out_s().expect("out");
        let staff_s = played.first(staff_opened).expect("staff try the staff view first");
        assert!(staff_s < out_s && out_s < 180.0, "staff at {staff_s} s, out at {out_s} s");
        assert!(played.first(forced).is_some(), "a key is nothing that the store knows of");
        assert!(played.taps().len() >= taps, "{:?}", played.taps());
    }
}
