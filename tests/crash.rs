//! `kill -9` in the middle of selling: the ledger holds each time, nothing acknowledged is lost, the store goes on, and
//! the recording of it all replays to the receipts that were sold.
#![allow(clippy::unwrap_used, clippy::print_stdout, unreachable_pub, reason = "a test may fail loudly")]

mod common;

use std::time::Duration;

use common::demo::Demo;
use common::{json_lines, portico, text};
use serde_json::Value;

const KILLS: usize = 10;

/// Proves the ledger; how many receipts it has.
fn verify(folder: &std::path::Path) -> u64 {
    let mut command = portico();
    let output =
        command.args(["ledger", "verify", "--json", "--config"]).arg(folder.join("store.toml")).output();
    let output = output.unwrap();
    assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
    json_lines(&output.stdout)[0]["proved"]["receipts"].as_u64().unwrap()
}

/// What must never change of a receipt.
fn essence(receipt: &Value) -> Value {
    let lines: Vec<Value> = receipt["lines"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| serde_json::json!([line["gtin"], line["serial"], line["unit_minor"], line["quantity"]]))
        .collect();
    serde_json::json!([
        receipt["id"],
        receipt["number"],
        receipt["passage"],
        receipt["total_minor"],
        receipt["decided_at"],
        lines
    ])
}

#[test]
fn killed_ten_times_while_selling_the_ledger_holds_and_the_store_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let mut seen: Vec<Value> = Vec::new();
    for kill in 0..KILLS {
        let mut demo = Demo::start(folder.path(), "12");
        let receipts = demo.wait_for_receipts(seen.len() + 1, Duration::from_secs(60));
        // Not always at the same moment after a sale.
        std::thread::sleep(Duration::from_millis(37 * (kill as u64 * 7 % 10)));
        demo.kill();
        let now: Vec<Value> = receipts.iter().map(essence).collect();
        assert_eq!(now[..seen.len()], seen[..], "what was sold before kill {kill} is no longer the same");
        seen = now;
        verify(folder.path());
    }
    let mut demo = Demo::start(folder.path(), "12");
    seen = demo.wait_for_receipts(seen.len() + 1, Duration::from_secs(60)).iter().map(essence).collect();
    demo.stop();
    let numbered = verify(folder.path());

    let output = portico()
        .args(["replay", "--config"])
        .arg(folder.path().join("store.toml"))
        .arg("--input")
        .arg(folder.path().join("recordings"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    let replayed: Vec<Value> =
        json_lines(&output.stdout).iter().filter(|o| o["type"] == "receipt").map(essence).collect();
    assert_eq!(replayed[..seen.len()], seen[..], "the recording replays to other receipts than were sold");
    assert_eq!(
        replayed.len() as u64,
        numbered,
        "the journal has another number of receipts than the recording"
    );
}
