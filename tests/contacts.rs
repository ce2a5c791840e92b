//! A store whose gate, beam and light hang on a reader's contacts: what `portico run` does over the wire when somebody
//! pays, and what it says when the reader is gone.
#![allow(clippy::unwrap_used, clippy::print_stdout, unreachable_pub, reason = "a test may fail loudly")]

mod common;

use std::time::{Duration, Instant};

use common::reader::{Deed, Emulated, Wired};
use common::store::Store;
use serde_json::{Value, json};

/// SGTIN-96 of piece 80614141123458 / 6789, the example of GS1's TDS.
const EPC: [u8; 12] = [0x30, 0x34, 0x25, 0x7B, 0xF7, 0x19, 0x4E, 0x40, 0x00, 0x00, 0x1A, 0x85];
const GTIN: &str = "80614141123458";

/// The reader's output 1 opens the gate, output 2 is the green light; its input 1 is the beam at the street side.
fn tables(reader: &Emulated, gate_contact: &str) -> String {
    format!(
        r#"
[[readers]]
id = "exit-a"
driver = "llrp"
address = "{}"
[[readers.antennas]]
port = 1
zone = "exit-1"
position = [0.6, 0.4, 2.3]
[[readers.antennas]]
port = 2
zone = "exit-1"
position = [0.6, 1.6, 2.3]
[[readers.antennas]]
port = 3
zone = "floor"
position = [0.6, -8.0, 2.3]
[[readers.inputs]]
port = 1
beam = "exit-1"
line = "exit"
{gate_contact}

[[gates]]
id = "gate-1"
driver = "llrp-gpo"
reader = "exit-a"
port = 1
pulse_ms = 400

[[lights]]
id = "green"
reader = "exit-a"
port = 2
lane = "exit-1"
shows = "paid"
"#,
        reader.address
    )
}

const GATE_CONTACT: &str = "[[readers.inputs]]\nport = 2\ngate = \"gate-1\"";

fn open(reader: &Emulated, gate_contact: &str) -> Store {
    let mut store = Store::new(&tables(reader, gate_contact));
    store.import("catalogue", &format!("gtin,name,unit_minor,tagged\n{GTIN},Tee,4990,yes\n"));
    store.import("items", &format!("epc,gtin,serial,zone,state\n,{GTIN},6789,floor,in_stock\n"));
    store.open();
    store.wait("the reader is up", |store| store.figure("portico_reader_up{reader=\"exit-a\"}") == Some(1.0));
    store
}

/// Somebody who comes from the floor with the piece in hand and stands at the terminal.
struct Shopper {
    began: Instant,
}

impl Shopper {
    /// A tenth of a second of walking, standing and being read.
    fn step(&self, store: &Store, reader: &Emulated) {
        let second = self.began.elapsed().as_secs_f64();
        let y = (-4.0 + 1.4 * second).min(1.0);
        store.observe(json!({
            "type": "person", "source": "cam", "track": "a1", "x": 0.6, "y": y, "sd": 0.08, "confidence": 0.95,
        }));
        for (port, at) in [(1, 0.4), (2, 1.6), (3, -8.0)] {
            let metres = f64::hypot(y - at, 1.3);
            let power = -48.0 - 25.0 * metres.log10();
            if power > -68.0 {
                reader.does(Deed::Heard(port, EPC.to_vec(), (power * 100.0) as i16));
            }
        }
        std::thread::sleep(Duration::from_millis(80));
    }

    /// Comes and pays; returns once the receipt is there.
    fn pays(store: &Store, reader: &Emulated, before_tap: impl Fn()) -> Shopper {
        let shopper = Shopper { began: Instant::now() };
        let mut tapped = false;
        store.wait("a receipt", |store| {
            shopper.step(store, reader);
            if !tapped && shopper.began.elapsed() > Duration::from_secs(5) {
                before_tap();
                store.post("/api/v1/terminals/term-1/tap", r#"{"card":"tok_1","outcome":"approve"}"#);
                tapped = true;
            }
            !store.list("receipts").is_empty()
        });
        assert_eq!(store.list("receipts")[0]["total_minor"], 4990);
        shopper
    }
}

fn released(store: &Store) -> Option<bool> {
    let passage = store.list("receipts")[0]["passage"].as_str().unwrap().to_owned();
    let passages = store.list("passages");
    passages.iter().find(|known| known["id"] == *passage).and_then(|known| known["released"].as_bool())
}

#[test]
fn who_has_paid_is_let_out_by_the_readers_output_once_the_gates_contact_says_so() {
    let wired = Wired { output: 1, input: 2, after: Duration::from_millis(300) };
    let reader = Emulated::start(Some(wired));
    let mut store = open(&reader, GATE_CONTACT);
    let shopper = Shopper::pays(&store, &reader, || {
        assert!(!reader.outputs().contains(&(1, true)), "opened before anything was paid");
    });
    store.wait("the gate has opened", |store| {
        shopper.step(store, &reader);
        released(store) == Some(true)
    });
    store.wait("the pulse is over", |_| {
        let gate: Vec<_> = reader.outputs().into_iter().filter(|(port, _)| *port == 1).collect();
        gate.ends_with(&[(1, true), (1, false)])
    });
    store.wait("the light", |_| reader.outputs().contains(&(2, true)));
    assert!(!store.alerts().iter().any(|kind| kind == "not_released" || kind == "gate_forced"));

    // Out through the beam at the street side, and away.
    for step in 0..30 {
        let y = 1.0 + 0.1 * f64::from(step);
        store.observe(json!({
            "type": "person", "source": "cam", "track": "a1", "x": 0.6, "y": y, "sd": 0.08, "confidence": 0.95,
        }));
        match step {
            9 => reader.does(Deed::Input(1, true)),
            12 => reader.does(Deed::Input(1, false)),
            _ => {}
        }
        std::thread::sleep(Duration::from_millis(60));
    }
    store.observe(json!({"type": "person_end", "source": "cam", "track": "a1"}));

    // Later the gate is pushed from outside: nobody told it to open.
    std::thread::sleep(Duration::from_secs(12));
    reader.does(Deed::Input(2, true));
    store.wait("an alert", |store| store.alerts().iter().any(|kind| kind == "gate_forced"));
    store.close();
    let log = store.log();
    assert!(!log.contains("panicked") && !log.contains("ERROR"), "{log}");
    let beam = |blocked| {
        move |line: &Value| {
            line["type"] == "beam"
                && line["lane"] == "exit-1"
                && line["line"] == "exit"
                && line["blocked"] == blocked
        }
    };
    let recorded = store.recorded();
    assert!(recorded.iter().any(beam(true)) && recorded.iter().any(beam(false)), "{recorded:?}");
    let gate: Vec<_> = recorded.iter().filter(|line| line["type"] == "gate").collect();
    let opened = gate.iter().find(|line| line["state"] == "opened").unwrap();
    assert!(opened["passage"].is_string(), "whom it opened for: {gate:?}");
    assert_eq!(gate.last().unwrap()["state"], "forced", "{gate:?}");
}

#[test]
fn where_the_gates_reader_is_gone_who_has_paid_is_known_to_be_kept_in() {
    let reader = Emulated::start(None);
    let store = open(&reader, "");
    Shopper::pays(&store, &reader, || {
        reader.does(Deed::Gone);
        std::thread::sleep(Duration::from_millis(300));
    });
    store.wait("an alert", |store| store.alerts().iter().any(|kind| kind == "not_released"));
    assert_eq!(released(&store), Some(false));
    assert!(store.alerts().iter().any(|kind| kind.contains("reader")), "{:?}", store.alerts());
    assert!(!reader.outputs().contains(&(1, true)));
    let log = store.log();
    assert!(log.contains("a gate was not opened gate=gate-1"), "{log}");
    let (_, staff) = common::http::request(store.pages, "GET", "/staff", "").unwrap();
    assert!(staff.contains("gate-1") || staff.contains("exit-1"), "{staff}");
}

#[test]
fn check_says_which_reader_a_gate_hangs_on_and_whether_it_is_there() {
    let reader = Emulated::start(None);
    let store = Store::new(&tables(&reader, GATE_CONTACT));
    let (code, said) = store.command(&["check"]);
    assert_eq!(code, Some(0), "{said}");
    for words in [
        "ok      reader exit-a: ",
        "ok      gate gate-1: ",
        "output 1 of reader exit-a",
        "input 2 of reader exit-a",
        "ok      light green: ",
        "output 2 of reader exit-a",
    ] {
        assert!(said.contains(words), "`{words}` is not in: {said}");
    }
    reader.does(Deed::Gone);
    std::thread::sleep(Duration::from_millis(200));
    let (code, said) = store.command(&["check"]);
    assert_eq!(code, Some(1), "{said}");
    for words in ["FAILED  reader exit-a: ", "FAILED  gate gate-1: ", "reader exit-a cannot be used"] {
        assert!(said.contains(words), "`{words}` is not in: {said}");
    }
}
