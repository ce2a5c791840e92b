//! A demo sells; what it says of its sales over the API and the pages holds together.
#![allow(clippy::unwrap_used, clippy::print_stdout, unreachable_pub, reason = "a test may fail loudly")]

mod common;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use common::demo::Demo;
use common::http::{get, request};
use serde_json::Value;

/// Listens to a stream of server-sent events until each wanted type has come; the first of each.
fn hear(address: SocketAddr, wanted: &[&str], within: Duration) -> BTreeMap<String, Value> {
    let began = Instant::now();
    let mut stream = loop {
        match TcpStream::connect(address) {
            Ok(stream) => break stream,
            Err(error) => assert!(began.elapsed() < within, "{error}"),
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    stream.set_read_timeout(Some(within)).unwrap();
    write!(stream, "GET /api/v1/stream HTTP/1.1\r\nhost: {address}\r\naccept: text/event-stream\r\n\r\n")
        .unwrap();
    let mut lines = BufReader::new(stream).lines();
    let head: Vec<String> = lines.by_ref().map(Result::unwrap).take_while(|line| !line.is_empty()).collect();
    assert!(head[0].contains(" 200 "), "{head:?}");
    assert!(
        head.iter().any(|line| line.to_lowercase().starts_with("content-type: text/event-stream")),
        "{head:?}"
    );
    let (mut heard, mut name) = (BTreeMap::new(), String::new());
    for line in lines.map(Result::unwrap) {
        if let Some(event) = line.strip_prefix("event: ") {
            name = event.to_owned();
        } else if let Some(data) = line.strip_prefix("data: ") {
            let outcome: Value = serde_json::from_str(data).unwrap();
            assert_eq!(outcome["type"], *name, "the event's name is the outcome's type");
            heard.entry(name.clone()).or_insert(outcome);
        }
        if wanted.iter().all(|wanted| heard.contains_key(*wanted)) {
            break;
        }
        assert!(began.elapsed() < within, "only {:?} came of {wanted:?}", heard.keys());
    }
    heard
}

fn page(demo: &Demo, path: &str) -> String {
    let (status, body) = request(demo.address, "GET", path, "").unwrap();
    assert_eq!(status, 200, "{path}: {body}");
    body
}

fn status(demo: &Demo, method: &str, path: &str, body: &str) -> u16 {
    request(demo.address, method, path, body).unwrap().0
}

#[test]
fn a_demo_sells_and_shows_what_each_line_rests_on() {
    let folder = tempfile::tempdir().unwrap();
    let mut demo = Demo::start(folder.path(), "10");
    let address = demo.address;
    let listening = std::thread::spawn(move || {
        hear(address, &["basket", "receipt", "item_moved", "passage"], Duration::from_secs(25))
    });
    let receipts = demo.wait_for_receipts(3, Duration::from_secs(20));
    for (at, receipt) in receipts.iter().enumerate() {
        holds_together(&demo, receipt, at + 1);
    }
    let heard = listening.join().unwrap();
    assert_eq!(heard["receipt"]["status"], "paid");
    assert!(
        heard["basket"]["lines"].is_array() && heard["basket"]["total_minor"].is_i64(),
        "{}",
        heard["basket"]
    );

    the_pages_answer(&demo, &receipts[0]);
    observations_are_counted(&demo);
    demo.stop();
    let said = std::fs::read_to_string(folder.path().join("stderr.txt")).unwrap();
    assert!(!said.contains("panicked") && !said.contains("ERROR"), "{said}");
    assert!(!said.contains('\u{1b}'), "colours in a file: {said}");
}

/// A receipt, its lines, their evidence and the pieces sold.
fn holds_together(demo: &Demo, receipt: &Value, number: usize) {
    let id = receipt["id"].as_str().unwrap();
    assert_eq!(receipt["status"], "paid");
    assert_eq!(receipt["number"].as_str().unwrap().parse(), Ok(number), "numbered without a gap");
    let lines = receipt["lines"].as_array().unwrap();
    assert!(!lines.is_empty());
    let sum: i64 =
        lines.iter().map(|l| l["unit_minor"].as_i64().unwrap() * l["quantity"].as_i64().unwrap()).sum();
    assert_eq!(receipt["total_minor"], sum + receipt["tax_minor"].as_i64().unwrap(), "{receipt}");
    assert_eq!(get(demo.address, &format!("/api/v1/receipts/{id}")).unwrap()["lines"], receipt["lines"]);

    let passage = receipt["passage"].as_str().unwrap();
    assert_eq!(get(demo.address, &format!("/api/v1/passages/{passage}")).unwrap()["receipt"], id);
    for line in lines {
        let (n, basis) = (&line["line"], line["basis"].as_str().unwrap());
        let evidence = get(demo.address, &format!("/api/v1/evidence/{id}/{n}")).unwrap();
        let evidence = evidence["evidence"].as_array().unwrap();
        assert!(!evidence.is_empty(), "line {n} of {id} rests on nothing");
        for weighed in evidence {
            assert!(!weighed["reasons"].as_array().unwrap().is_empty(), "no reason: {weighed}");
        }
        if basis == "vision" {
            assert!(line.get("serial").is_none() && line.get("epc").is_none(), "{line}");
            continue;
        }
        let read_by = |weighed: &Value| {
            weighed["reads"]
                .as_array()
                .unwrap()
                .iter()
                .any(|r| r["antenna"].as_u64() >= Some(1) && r["reads"].as_u64() >= Some(1))
        };
        assert!(evidence.iter().any(read_by), "a tag's line without reads: {evidence:?}");

        let (gtin, serial) = (line["gtin"].as_str().unwrap(), line["serial"].as_str().unwrap());
        let piece = get(demo.address, &format!("/api/v1/items/{gtin}/{serial}")).unwrap();
        assert_eq!(piece["state"], "sold", "{piece}");
        let moves = piece["moves"].as_array().unwrap();
        assert!(moves.iter().any(|moved| moved["state"] == "sold"), "stock did not move: {piece}");
    }
    let whole = get(demo.address, &format!("/api/v1/evidence/passages/{passage}")).unwrap();
    assert!(whole["evidence"].as_array().unwrap().len() >= lines.len());
}

fn the_pages_answer(demo: &Demo, receipt: &Value) {
    assert_eq!(page(demo, "/healthz").trim(), "alive");
    assert_eq!(get(demo.address, "/readyz").unwrap()["ready"], true);
    let metrics = page(demo, "/metrics");
    let paid = metrics.lines().find_map(|line| line.strip_prefix("portico_receipts_paid_total ")).unwrap();
    assert!(paid.parse::<u64>().unwrap() >= 3, "{metrics}");
    assert!(metrics.contains("portico_reader_up{reader=\"exit-a\"} 1"), "{metrics}");

    let described = get(demo.address, "/api/v1/openapi.json").unwrap();
    assert!(described["openapi"].as_str().unwrap().starts_with("3."));
    for path in
        ["/api/v1/observations", "/api/v1/receipts", "/api/v1/evidence/{receipt}/{line}", "/api/v1/stream"]
    {
        assert!(described["paths"][path].is_object(), "{path} is not described");
    }
    assert!(page(demo, "/kiosk/exit-1").contains("<html"));
    assert_eq!(status(demo, "GET", "/kiosk/exit-99", ""), 404);

    let staff = page(demo, "/staff");
    let link =
        staff.split("href=\"").find(|rest| rest.starts_with("/r/")).expect("the staff page links receipts");
    let own = page(demo, link.split('"').next().unwrap());
    assert!(own.contains('$') && own.contains("Harbour Street"), "{own}");
    assert_eq!(status(demo, "GET", "/r/00000000000000000000000000000000", ""), 404);
    let id = receipt["id"].as_str().unwrap();
    assert_eq!(status(demo, "GET", &format!("/r/{id}"), ""), 404, "a receipt's id is no token");
    assert_eq!(status(demo, "GET", "/api/v1/receipts/none-such", ""), 404);
    assert_eq!(status(demo, "GET", &format!("/api/v1/evidence/{id}/99"), ""), 404);
    assert_eq!(status(demo, "DELETE", &format!("/api/v1/receipts/{id}"), ""), 405);
}

fn observations_are_counted(demo: &Demo) {
    let at = r#""at":"2026-03-05T10:00:00Z""#;
    let lines = format!(
        "{{\"type\":\"tick\",{at}}}\nnot JSON\n{{\"type\":\"ufo\",{at}}}\n\n{{\"type\":\"tick\",{at},\"colour\":1}}\n\
         {{\"type\":\"person\",{at},\"source\":\"cam-1\",\"track\":\"t\",\"x\":\"left\",\"y\":0}}\n"
    );
    let (status, body) = request(demo.address, "POST", "/api/v1/observations", &lines).unwrap();
    assert_eq!(status, 200, "{body}");
    let answer: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(
        (&answer["taken"], &answer["skipped"], &answer["refused"]),
        (&2.into(), &1.into(), &2.into()),
        "{answer}"
    );
    let errors: Vec<_> =
        answer["errors"].as_array().unwrap().iter().map(|error| error["line"].as_u64().unwrap()).collect();
    assert_eq!(errors, [2, 6], "refused lines are told by their number: {answer}");
    assert_eq!(answer["skipped_types"]["ufo"], 1);
    assert_eq!(answer["skipped_fields"]["tick.colour"], 1);
}
