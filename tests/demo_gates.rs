//! A demo's gates: who stands before them, and whom they let out. Everything is seen from outside: in the store's recording,
//! on its pages and in its books.
#![allow(clippy::unwrap_used, clippy::print_stdout, unreachable_pub, reason = "a test may fail loudly")]

mod common;

use std::path::Path;
use std::time::{Duration, Instant};

use common::demo::Demo;
use common::http::get;
use recording::Time;
use serde_json::Value;

/// What a demo of a scene has left: everything that its store took in, its receipts and its alerts.
struct Seen {
    lines: Vec<Value>,
    receipts: Vec<Value>,
    alerts: Vec<Value>,
}

/// Lets a demo play a scene for so many seconds of the store's time, at twenty times the wall's speed.
fn play(people: &str, most_s: f64, enough: impl Fn(&Demo) -> bool) -> Seen {
    let folder = tempfile::tempdir().unwrap();
    let scene = folder.path().join("scene.toml");
    let shop = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/two-floors.toml");
    std::fs::write(&scene, format!("title = \"at the gate\"\nshop = '{}'\n{people}", shop.display()))
        .unwrap();
    let mut demo = Demo::with(folder.path(), &["--speed", "20", "--scene", scene.to_str().unwrap()]);
    demo.wait_until_open();
    let began = Instant::now();
    while began.elapsed().as_secs_f64() * 20.0 < most_s && !enough(&demo) {
        std::thread::sleep(Duration::from_millis(100));
    }
    // Who was let out walks on.
    std::thread::sleep(Duration::from_millis(500));
    let receipts = demo.receipts();
    let alerts = get(demo.address, "/api/v1/alerts?limit=500").unwrap()["alerts"].as_array().unwrap().clone();
    demo.stop();
    let files = std::fs::read_dir(folder.path().join("recordings")).unwrap();
    let lines =
        files.flat_map(|file| common::json_lines(&std::fs::read(file.unwrap().path()).unwrap())).collect();
    Seen { lines, receipts, alerts }
}

impl Seen {
    /// When lines of that type were, of which something holds.
    fn times(&self, type_name: &str, holds: impl Fn(&Value) -> bool) -> Vec<Time> {
        let of = self.lines.iter().filter(|line| line["type"] == type_name && holds(line));
        of.map(|line| Time::parse(line["at"].as_str().unwrap()).unwrap()).collect()
    }

    /// When somebody went through the lane's exit beam: the last time that it was broken, as whoever stands before it reaches
    /// through it now and then.
    fn out(&self) -> Option<Time> {
        let exit =
            |beam: &Value| beam["lane"] == "exit-1" && beam["line"] == "exit" && beam["blocked"] == true;
        self.times("beam", exit).into_iter().max()
    }

    fn opened(&self) -> Vec<Time> {
        self.times("gate", |gate| gate["gate"] == "gate-1" && gate["state"] == "opened")
    }

    fn count(&self, type_name: &str) -> usize {
        self.times(type_name, |_| true).len()
    }

    fn told(&self, kind: &str) -> bool {
        self.alerts.iter().any(|alert| alert["kind"] == kind)
    }
}

const PAYS: &str = r#"
[[person]]
name = "Ada"
comes = "00:01"
does = ["takes TEE-BLK-M from rack-1", "pays at exit-1 and leaves"]
"#;

/// The gate hangs on an output of the lane's reader: it opens by LLRP, and its contact says so.
#[test]
fn a_shopper_stands_until_paid_and_is_out_after() {
    let seen = play(PAYS, 120.0, released);
    let out = seen.out().expect("out");
    let paid = Time::parse(seen.receipts[0]["paid_at"].as_str().unwrap()).unwrap();
    let opened = seen.opened();
    println!("paid {paid}, opened {opened:?}, out {out}");
    assert_eq!((seen.receipts.len(), opened.len()), (1, 1));
    assert!(paid <= opened[0] && opened[0] < out, "paid {paid}, opened {}, out {out}", opened[0]);
    assert!(out.seconds_after(opened[0]) < 15.0);
    assert!(!seen.told("gate_forced") && !seen.told("not_released"), "{:?}", seen.alerts);
}

/// Whether a passage is paid and its gate has opened.
fn released(demo: &Demo) -> bool {
    get(demo.address, "/api/v1/passages").is_some_and(|passages| {
        passages["passages"]
            .as_array()
            .unwrap()
            .iter()
            .any(|p| p["released"] == true && p["ended_at"].is_string())
    })
}

const TRIES_ANOTHER_CARD: &str = r#"
[[person]]
name = "Ben"
comes = "00:01"
does = ["takes TEE-BLK-M from rack-1", "queues at exit-1", "walks to the terminal", "stands 4 s",
        "taps and is declined", "stands 4 s", "taps another card", "leaves"]
"#;

#[test]
fn a_declined_card_leaves_the_gate_shut_and_another_one_opens_it() {
    let seen = play(TRIES_ANOTHER_CARD, 120.0, released);
    let taps = seen.times("tap", |_| true);
    let (opened, out) = (seen.opened(), seen.out().expect("out"));
    println!("taps {taps:?}, opened {opened:?}, out {out}");
    assert_eq!((taps.len(), seen.receipts.len(), opened.len()), (2, 1, 1));
    assert!(taps[1] < opened[0] && opened[0] < out);
}

const STAYS_DECLINED: &str = r#"
[[person]]
name = "Cid"
comes = "00:01"
does = ["takes TEE-BLK-M from rack-1", "queues at exit-1", "walks to the terminal", "stands 4 s",
        "taps and is declined", "leaves"]
"#;

#[test]
fn whoever_is_declined_and_stays_is_let_out_by_a_member_of_staff_by_name() {
    let staff = |demo: &Demo| alerted(demo, "gate_opened_by_staff");
    let seen = play(STAYS_DECLINED, 160.0, staff);
    let (opened, out) = (seen.opened(), seen.out().expect("out"));
    let help = seen.times("answer", |answer| answer["says"] == "help");
    let staff = seen.times("staff", |staff| staff["action"] == "open_gate" && staff["by"] == "Sam");
    println!("help {help:?}, staff {staff:?}, opened {opened:?}, out {out}");
    assert!(help[0] < staff[0] && staff[0] <= opened[0] && opened[0] < out);
    assert!(seen.receipts.is_empty() && seen.told("gate_opened_by_staff") && !seen.told("gate_forced"));
}

const CARRIES_NOTHING: &str = r#"
[[person]]
name = "Dan"
comes = "00:01"
does = ["looks at rack-1 for 2 s", "queues at exit-1", "leaves"]
"#;

#[test]
fn empty_hands_are_let_out_without_a_word() {
    let seen = play(CARRIES_NOTHING, 90.0, |demo| demo.receipts().len() > 9);
    let (opened, out) = (seen.opened(), seen.out().expect("out"));
    println!("opened {opened:?}, out {out}");
    assert!(opened[0] < out);
    assert_eq!((seen.count("answer"), seen.count("staff"), seen.count("tap")), (0, 0, 0));
    assert!(seen.receipts.is_empty() && !seen.told("gate_forced"));
}

fn alerted(demo: &Demo, kind: &str) -> bool {
    let alerts = get(demo.address, "/api/v1/alerts?limit=500");
    alerts
        .is_some_and(|alerts| alerts["alerts"].as_array().unwrap().iter().any(|alert| alert["kind"] == kind))
}
