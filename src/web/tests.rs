//! The pages and the API as a browser or a program meets them.

use std::collections::BTreeSet;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response, StatusCode};
use http_body_util::BodyExt as _;
use recording::{
    Alert, Basis, BasketStatus, Health, Line, Observation, Outcome, PassageOutcome, Read, ReaderState,
    ShopperSays, StaffAction, TapOutcome,
};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tower::ServiceExt as _;

use super::fixture::{Fixture, basket, evidence, hold, line};
use super::{openapi, routes};

struct Browser {
    fixture: Fixture,
    router: Router,
}

async fn browser() -> Browser {
    let fixture = Fixture::start().await;
    Browser { router: routes::router(fixture.app()), fixture }
}

impl Browser {
    async fn send(&self, request: axum::http::request::Builder, body: impl Into<Body>) -> Response<Body> {
        self.router.clone().oneshot(request.body(body.into()).unwrap()).await.unwrap()
    }

    async fn get(&self, path: &str) -> (StatusCode, String) {
        let response = self.send(Request::get(path).header("host", "localhost:8080"), "").await;
        let status = response.status();
        (status, text(response).await)
    }

    async fn json(&self, path: &str) -> Value {
        let (status, body) = self.get(path).await;
        assert_eq!(status, StatusCode::OK, "{path}: {body}");
        serde_json::from_str(&body).unwrap()
    }

    async fn post(&self, path: &str, kind: &str, body: impl Into<Body>) -> (StatusCode, Value) {
        let request = Request::post(path).header("host", "127.0.0.1:8080").header("content-type", kind);
        let response = self.send(request, body).await;
        let status = response.status();
        (status, serde_json::from_str(&text(response).await).unwrap_or_default())
    }

    fn heard(&self) -> Vec<Observation> {
        self.fixture.heard.lock().unwrap().drain(..).map(|line| line.what).collect()
    }
}

async fn text(response: Response<Body>) -> String {
    String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

#[tokio::test]
async fn what_was_observed_is_taken_counted_and_refused_by_the_line() {
    let browser = browser().await;
    let body = concat!(
        r#"{"type":"beam","at":"2026-11-24T10:00:00Z","received_at":"9000-01-01T00:00:00Z","lane":"exit-1","line":"exit","blocked":true,"hue":3}"#,
        "\n",
        r#"{"type":"sonar","at":"2026-11-24T10:00:00Z"}"#,
        "\n\n",
        r#"{"type":"read","at":"2026-11-24T10:00:00Z","reader":"exit-a"}"#,
        "\n",
        r#"{"type":"store","at":"2026-11-24T10:00:00Z","state":"started"}"#,
        "\nnot JSON",
    );
    let (status, answer) = browser.post("/api/v1/observations", "application/x-ndjson", body).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!((&answer["taken"], &answer["skipped"], &answer["refused"]), (&json!(1), &json!(1), &json!(3)));
    assert_eq!(answer["skipped_types"], json!({"sonar": 1}));
    assert_eq!(answer["skipped_fields"], json!({"beam.hue": 1}));
    let lines: Vec<_> = answer["errors"].as_array().unwrap().iter().map(|error| &error["line"]).collect();
    assert_eq!(lines, [4, 5, 6], "lines count from 1, empty ones too");
    assert!(answer["errors"][0]["reason"].as_str().unwrap().contains("antenna"), "{answer}");
    let heard = browser.fixture.heard.lock().unwrap().clone();
    assert_eq!(heard.len(), 1);
    assert_eq!(heard[0].received_at, None, "when the store took it in is not for others to say");
}

#[tokio::test]
async fn only_what_the_world_may_tell_is_taken() {
    let browser = browser().await;
    let at = "2026-11-24T10:00:00Z";
    let theirs = [
        json!({"type":"read","reader":"exit-a","antenna":1,"epc":"3034257BF7194E4000001A85"}),
        json!({"type":"person","source":"cam","track":"a","x":1,"y":2}),
        json!({"type":"person_end","source":"cam","track":"a"}),
        json!({"type":"item","source":"cam","action":"take"}),
        json!({"type":"weight","source":"scale-7","delta_g":-212.0}),
        json!({"type":"beam","lane":"exit-1","line":"exit","blocked":true}),
        json!({"type":"tap","terminal":"term-1"}),
        json!({"type":"tick"}),
        json!({"type":"reader","reader":"exit-a","state":"up"}),
        json!({"type":"source","source":"cam","state":"up"}),
        json!({"type":"scan","lane":"exit-1","code":"09520000000011"}),
        json!({"type":"answer","lane":"exit-1","says":"help"}),
        json!({"type":"catalogue","product":{"gtin":"09520000000011","unit_minor":1}}),
    ];
    let ours = [
        json!({"type":"staff","by":"Eve","action":"open_gate","lane":"exit-1"}),
        json!({"type":"gate","gate":"gate-1","state":"opened"}),
        json!({"type":"terminal","terminal":"term-1","attempt":"a1","says":"approved"}),
        json!({"type":"belief","request":"b","answer":null}),
        json!({"type":"store","state":"started"}),
    ];
    assert_eq!(theirs.len() + ours.len(), Observation::TYPES.len(), "every type is one or the other");
    let mut body = String::new();
    for mut line in theirs.iter().chain(&ours).cloned() {
        line["at"] = at.into();
        body += &format!("{line}\n");
    }
    let (_, answer) = browser.post("/api/v1/observations", "application/x-ndjson", body).await;
    assert_eq!((&answer["taken"], &answer["refused"]), (&json!(13), &json!(5)), "{answer}");
}

#[tokio::test]
async fn bodies_are_bounded() {
    let browser = browser().await;
    let long = vec![b'\n'; (8 << 20) + 1];
    let (status, problem) = browser.post("/api/v1/observations", "application/x-ndjson", long).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(problem["detail"].as_str().unwrap().contains("8 MiB"));
    let (status, _) = browser.post("/api/v1/staff", JSON, vec![b' '; (64 << 10) + 1]).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn what_people_do_becomes_a_line() {
    let browser = browser().await;
    let tap = json!({"card":"tok_1","outcome":"decline"}).to_string();
    assert_eq!(browser.post("/api/v1/terminals/term-1/tap", JSON, tap).await.0, StatusCode::OK);
    let not_mine = json!({"says":"not_mine","gtin":"09520000000011","serial":"1"}).to_string();
    assert_eq!(browser.post("/api/v1/lanes/exit-1/answer", JSON, not_mine).await.0, StatusCode::OK);
    let refund = json!({"by":"Ada","action":"refund","receipt":"r1"}).to_string();
    assert_eq!(browser.post("/api/v1/staff", JSON, refund).await.0, StatusCode::OK);
    let form = "says=help&gtin=&serial=";
    assert_eq!(browser.post("/kiosk/exit-2/answer", FORM, form).await.0, StatusCode::SEE_OTHER);
    let form = "by=Ada+L&action=open_gate&lane=exit-1&passage=";
    assert_eq!(browser.post("/staff/act", FORM, form).await.0, StatusCode::SEE_OTHER);
    let heard = browser.heard();
    assert!(matches!(&heard[0], Observation::Tap(tap) if tap.outcome == Some(TapOutcome::Decline)));
    assert!(matches!(&heard[1], Observation::Answer(said) if said.serial.as_deref() == Some("1")));
    assert!(matches!(&heard[2], Observation::Staff(did) if did.action == StaffAction::Refund));
    assert!(
        matches!(&heard[3], Observation::Answer(said) if said.says == ShopperSays::Help && said.gtin.is_none())
    );
    assert!(matches!(&heard[4], Observation::Staff(did) if &*did.by == "Ada L" && did.passage.is_none()));
}

#[tokio::test]
async fn what_is_wrong_gets_a_problem_that_says_what_would_be_right() {
    let browser = browser().await;
    let cases = [
        ("/api/v1/terminals/term-9/tap", json!({}), 404, "term-9"),
        ("/api/v1/terminals/term-1/tap", json!({"outcome":"explode"}), 400, "approve"),
        ("/api/v1/terminals/term-1/tap", json!({"outcom":"approve"}), 400, "outcome"),
        ("/api/v1/lanes/exit-9/answer", json!({"says":"help"}), 404, "exit-9"),
        ("/api/v1/lanes/exit-1/answer", json!({"says":"not_mine"}), 400, "gtin"),
        ("/api/v1/staff", json!({"by":" ","action":"open_gate","lane":"exit-1"}), 400, "by"),
        ("/api/v1/staff", json!({"by":"Ada","action":"open_gate"}), 400, "lane"),
        ("/api/v1/staff", json!({"by":"Ada","action":"resolve"}), 400, "passage"),
        ("/api/v1/staff", json!({"by":"Ada","action":"refund"}), 400, "receipt"),
        ("/api/v1/staff", json!({"by":"Ada","action":"move_item","gtin":"1","serial":"1"}), 400, "zone"),
        ("/api/v1/staff", json!({"by":"A\u{7}","action":"resolve","passage":"p1"}), 400, "control"),
    ];
    for (path, body, status, word) in cases {
        let (got, problem) = browser.post(path, JSON, body.to_string()).await;
        assert_eq!(got.as_u16(), status, "{path} {body}");
        assert!(problem["detail"].as_str().unwrap().contains(word), "{body}: {problem}");
    }
    let (status, _) = browser.post("/api/v1/staff", "text/plain", "{}").await;
    assert_eq!(status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    for (path, word) in [
        ("/api/v1/receipts?limit=0", "1 to 500"),
        ("/api/v1/receipts?limit=501", "1 to 500"),
        ("/api/v1/receipts?after=x", "next"),
        ("/api/v1/receipts?order=best", "newest"),
        ("/api/v1/items?state=lost", "missing"),
        ("/api/v1/items?after=x", "next"),
        ("/api/v1/evidence/r1/first", "number"),
    ] {
        let (status, body) = browser.get(path).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{path}");
        assert!(body.contains(word), "{path}: {body}");
    }
    assert!(browser.heard().is_empty());
}

/// What a real reader makes of it stands in `tests/tag.rs`; this one cannot write tags.
#[tokio::test]
async fn a_job_on_a_tag_that_makes_no_sense_is_refused_and_no_password_is_repeated() {
    let browser = browser().await;
    let job = |more: Value| {
        let mut job = json!({"by": "Ada", "reader": "desk", "action": "read"});
        job.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        job.to_string()
    };
    let encode = |more: Value| {
        let mut all = json!({"action": "encode", "number": "3036450E0000004000001A85"});
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        job(all)
    };
    let number = json!({"action": "encode"});
    let cases = [
        (job(json!({})), 422, "it only reads tags"),
        (job(json!({"reader": "dsk"})), 404, "`dsk`"),
        (job(json!({"by": " "})), 400, "`by`"),
        (job(json!({"by": "A\u{7}"})), 400, "control"),
        (job(json!({"antenna": 3})), 400, "1, 2"),
        (job(json!({"epc": "30Z"})), 400, "epc 30Z"),
        (job(json!({"patience_s": 61})), 400, "1 to 60"),
        (job(json!({"number": "3034"})), 400, "`number`"),
        (job(json!({"action": "burn"})), 400, "encode"),
        (job(number), 400, "`prefix_digits`"),
        (encode(json!({"number": "urn:epc:id:sscc:0614141.1234567890"})), 400, "urn:epc:id:sgtin:"),
        (encode(json!({"gtin": "09520000000011"})), 400, "or else"),
        (encode(json!({"user": "471"})), 400, "multiple of 4"),
        (encode(json!({"lock_blocks": 129})), 400, "0 to 128"),
        (encode(json!({"lock": ["epc"]})), 400, "access password"),
        (encode(json!({"lock": ["tid"]})), 400, "kill"),
        (encode(json!({"access_password": "5EC2E7005"})), 400, "8 hexadecimal digits"),
        (encode(json!({"access_password": 0x5EC2E700_u32})), 400, "8 hexadecimal digits"),
        (encode(json!({"kill_password": ["5EC2E700"]})), 400, "8 hexadecimal digits"),
        (job(json!({"action": "lock", "access_password": "5EC2E700"})), 400, "`unlock`"),
        (job(json!({"action": "kill"})), 400, "kill_password"),
        (job(json!({"action": "kill", "kill_password": "00000000"})), 400, "kills no tag"),
        (job(json!({"action": "quiet", "how": "untraceable"})), 400, "access_password"),
    ];
    for (body, status, words) in cases {
        let (got, problem) = browser.post("/api/v1/tags", JSON, body.clone()).await;
        assert_eq!(got.as_u16(), status, "{body}: {problem}");
        assert!(problem["detail"].as_str().unwrap().contains(words), "{body}: {problem}");
        let said = problem.to_string();
        // As a number it is said in decimal digits.
        assert!(!said.contains("5EC2E700") && !said.contains("1589831424"), "{said}");
    }
    let turn = browser.fixture.handle.desks()["desk"].take().unwrap();
    let (status, problem) = browser.post("/api/v1/tags", JSON, job(json!({}))).await;
    assert_eq!(status, StatusCode::CONFLICT, "{problem}");
    drop(turn);
    assert_eq!(browser.post("/api/v1/tags", JSON, job(json!({}))).await.0.as_u16(), 422, "free again");
    assert!(browser.heard().is_empty(), "nothing that the store's records would keep");
}

#[tokio::test]
async fn unknown_addresses_and_methods_are_problems_too() {
    let browser = browser().await;
    for path in
        ["/nothing", "/api/v1/receipts/none", "/kiosk/exit-9", "/r/none", "/assets/none", "/staff/passages/x"]
    {
        let (status, body) = browser.get(path).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{path}");
        let problem: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(
            (&problem["type"], &problem["title"]),
            (&json!("about:blank"), &json!("Not Found")),
            "{path}"
        );
    }
    let response = browser.send(Request::delete("/api/v1/receipts").header("host", "localhost"), "").await;
    assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    assert_eq!(response.headers()["allow"], "GET,HEAD");
}

#[tokio::test]
async fn no_other_site_reaches_the_store_through_a_browser() {
    let browser = browser().await;
    let rebound = browser.send(Request::get("/staff").header("host", "evil.example:8080"), "").await;
    assert_eq!(rebound.status(), StatusCode::MISDIRECTED_REQUEST);
    assert_eq!(browser.send(Request::get("/staff"), "").await.status(), StatusCode::MISDIRECTED_REQUEST);
    let act = || Request::post("/staff/act").header("host", "localhost:8080").header("content-type", FORM);
    let form = "by=Eve&action=open_gate&lane=exit-1";
    for origin in ["http://evil.example", "null", "https://localhost:8080", "http://localhost:9090"] {
        let status = browser.send(act().header("origin", origin), form).await.status();
        assert_eq!(status, StatusCode::FORBIDDEN, "{origin}");
    }
    let status = browser.send(act().header("sec-fetch-site", "cross-site"), form).await.status();
    assert_eq!(status, StatusCode::FORBIDDEN);
    assert!(browser.heard().is_empty());
    let own = act().header("origin", "http://localhost:8080").header("sec-fetch-site", "same-origin");
    assert_eq!(browser.send(own, form).await.status(), StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn pages_keep_to_themselves_and_assets_are_kept() {
    let browser = browser().await;
    let response = browser.send(Request::get("/kiosk/exit-1").header("host", "localhost"), "").await;
    let headers = response.headers().clone();
    assert!(headers["content-security-policy"].to_str().unwrap().contains("default-src 'self'"));
    assert_eq!(
        (&headers["x-content-type-options"], &headers["cache-control"]),
        (&"nosniff".parse().unwrap(), &"no-store".parse().unwrap())
    );
    let page = text(response).await;
    assert!(!page.contains("style=") && !page.contains("onclick"), "the policy allows nothing inline");
    let css = page
        .split("href=\"")
        .find_map(|at| at.starts_with("/assets/portico.css").then(|| at.split('"').next()))
        .flatten()
        .unwrap();
    let first = browser.send(Request::get(css).header("host", "localhost"), "").await;
    assert!(first.headers()["cache-control"].to_str().unwrap().contains("immutable"));
    let again =
        Request::get(css).header("host", "localhost").header("if-none-match", &first.headers()["etag"]);
    assert_eq!(browser.send(again, "").await.status(), StatusCode::NOT_MODIFIED);
}

#[tokio::test]
async fn receipts_passages_pieces_and_evidence_are_found_by_cursors() {
    let browser = browser().await;
    browser.fixture.stock().await;
    for n in 1..=3 {
        browser.fixture.sale(n, vec![line(1, n as usize, "1", Basis::Tag)]).await;
    }
    let page = browser.json("/api/v1/receipts?limit=2").await;
    let numbers = |page: &Value| -> Vec<String> {
        page["receipts"].as_array().unwrap().iter().map(|r| r["number"].as_str().unwrap().into()).collect()
    };
    assert_eq!(numbers(&page), ["000001", "000002"]);
    let next = browser.json(&format!("/api/v1/receipts?after={}", page["next"].as_str().unwrap())).await;
    assert_eq!((numbers(&next), &next["next"]), (vec!["000003".to_owned()], &Value::Null));
    assert_eq!(numbers(&browser.json("/api/v1/receipts?order=newest&limit=1").await), ["000003"]);
    assert_eq!(browser.json("/api/v1/receipts/r2").await["total_minor"], 12_900);
    assert_eq!(browser.json("/api/v1/passages?limit=500").await["passages"].as_array().unwrap().len(), 3);
    assert_eq!(browser.json("/api/v1/passages/p1").await["receipt"], "r1");

    let (mut all, mut after) = (Vec::new(), String::new());
    loop {
        let page = browser.json(&format!("/api/v1/items?limit=5{after}")).await;
        all.extend(
            page["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|i| (i["gtin"].to_string(), i["serial"].to_string())),
        );
        let Some(next) = page["next"].as_str() else { break };
        after = format!("&after={next}");
    }
    assert_eq!((all.len(), all.iter().collect::<BTreeSet<_>>().len()), (16, 16), "each piece once");
    let here = browser.json("/api/v1/items?zone=stockroom&state=in_stock").await;
    assert_eq!(here["items"].as_array().unwrap().len(), 4);
    assert_eq!(browser.json("/api/v1/items/09520000000011/2").await["name"], "Tee, black, M");

    let rests_on = browser.json("/api/v1/evidence/r1/1").await;
    assert_eq!(rests_on["evidence"][0]["reads"][0]["reads"], 42);
    assert_eq!(browser.json("/api/v1/evidence/passages/p1").await["evidence"].as_array().unwrap().len(), 1);
    assert_eq!(browser.get("/api/v1/evidence/r1/2").await.0, StatusCode::NOT_FOUND);
    assert_eq!(browser.get("/api/v1/evidence/passages/p9").await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_kiosk_says_what_the_lane_is_at() {
    let browser = browser().await;
    browser.fixture.stock().await;
    assert!(browser.get("/kiosk/exit-1").await.1.contains("Walk up with your things"));
    assert!(browser.get("/kiosk/exit-2").await.1.contains("up to $500.00"), "a tap's limit is shown");
    let things = vec![line(1, 0, "1", Basis::Tag), line(2, 1, "1", Basis::TagAndVision)];
    browser
        .fixture
        .say(vec![Outcome::Basket(basket("p1", BasketStatus::Open, things.clone(), vec![]))])
        .await;
    let page = browser.get("/kiosk/exit-1").await.1;
    for word in
        ["Tee, black, M", "$49.90", "$138.90", "tag + seen", "Tap your card", "Not mine", "Call a colleague"]
    {
        assert!(page.contains(word), "{word}");
    }
    let held =
        basket("p1", BasketStatus::Held, things.clone(), vec![hold("clone", "two tags say they are one")]);
    browser.fixture.say(vec![Outcome::Basket(held)]).await;
    assert!(browser.get("/kiosk/exit-1").await.1.contains("A colleague is coming"));
    let mut asks =
        basket("p1", BasketStatus::Open, things[..1].to_vec(), vec![hold("not_mine", "not theirs")]);
    asks.holds[0].gtin = Some("09520000000028".into());
    browser.fixture.say(vec![Outcome::Basket(asks)]).await;
    let page = browser.get("/kiosk/exit-1").await.1;
    assert!(page.contains("is not yours, you said") && page.contains("Jeans"), "what is asked is named");
    let receipt = browser.fixture.sale(1, things).await;
    let page = browser.get("/kiosk/exit-1").await.1;
    assert!(page.contains("Thank you") && page.contains("receipt 000001"));
    let token = browser.fixture.handle.db().token_of(&receipt.id).await.unwrap().unwrap();
    assert!(page.contains(&format!("/r/{token}")));
    let own = browser.get(&format!("/r/{token}")).await.1;
    assert!(own.contains("Receipt 000001") && own.contains("$138.90") && own.contains("Jeans"));
}

#[tokio::test]
async fn names_from_outside_are_shown_not_run() {
    let browser = browser().await;
    let mut thing = line(1, 0, "1\"><script>", Basis::Tag);
    thing.name = Some("<script>alert(1)</script>".into());
    browser.fixture.say(vec![Outcome::Basket(basket("p1", BasketStatus::Open, vec![thing], vec![]))]).await;
    let page = browser.get("/kiosk/exit-1").await.1;
    assert!(!page.contains("<script>"), "{page}");
}

#[tokio::test]
async fn staff_see_what_needs_a_hand_and_what_was_sold() {
    let browser = browser().await;
    browser.fixture.stock().await;
    browser.fixture.sale(1, vec![line(1, 0, "1", Basis::Tag)]).await;
    browser.fixture.sale(2, vec![line(1, 1, "1", Basis::Tag)]).await;
    let page = browser.get("/staff").await.1;
    assert!(page.contains("Nothing. All is well.") && page.contains("$138.90") && page.contains("000002"));
    let held =
        browser.fixture.passage("p9", PassageOutcome::Held, vec![hold("two_people", "two people at once")]);
    let alert = Alert {
        at: browser.fixture.now(),
        kind: "unpaid_item".into(),
        lane: Some("exit-1".into()),
        passage: None,
        gtin: None,
        serial: None,
        text: "a cardigan left unpaid".into(),
    };
    browser.fixture.say(vec![Outcome::Passage(held), Outcome::Alert(alert)]).await;
    browser.fixture.sale(3, vec![line(1, 3, "1", Basis::Tag)]).await;
    let page = browser.get("/staff").await.1;
    for word in [
        "two people at once",
        "Open the gate",
        "a cardigan left unpaid",
        "unpaid item",
        "$153.90",
        "stockroom",
    ] {
        assert!(page.contains(word), "{word}");
    }
    let part = Request::get("/staff/passages/p1").header("host", "localhost").header("x-part", "evidence");
    let part = text(browser.send(part, "").await).await;
    assert!(
        part.contains("42 reads") && part.contains("strongest -51.5 dBm") && !part.contains("<html"),
        "{part}"
    );
    assert!(browser.get("/staff/passages/p1").await.1.contains("<html"));
}

#[tokio::test]
async fn health_tells_alive_from_able_to_sell() {
    let browser = browser().await;
    assert_eq!(browser.get("/healthz").await, (StatusCode::OK, "alive\n".into()));
    let (status, body) = browser.get("/readyz").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "no reader has been heard of");
    assert!(body.contains("no lane has a reader"), "{body}");
    let up = ReaderState { reader: "exit-a".into(), state: Health::Up, reason: None, clock_offset_ms: None };
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
        count: 7,
        tid: None,
    };
    let now = browser.fixture.now();
    browser.fixture.hear(vec![Line::new(now, up.into()), Line::new(now, read.into())]).await;
    assert_eq!(browser.json("/readyz").await["lanes"], json!({"exit-1": true, "exit-2": false}));
    let metrics = browser.get("/metrics").await.1;
    assert!(metrics.contains("portico_reads_total{reader=\"exit-a\"} 7"), "{metrics}");
    assert!(metrics.contains("portico_http_requests_total"), "{metrics}");
}

/// The API's document as it was last looked at. Where it changes on purpose: look at the difference, then keep it.
#[test]
fn the_document_is_the_one_that_was_looked_at() {
    let now = openapi::document();
    if std::env::var_os("PORTICO_KEEP_GOLDEN").is_some() {
        std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/src/web/openapi.json"), format!("{now}\n"))
            .unwrap();
        return;
    }
    let kept = include_str!("openapi.json");
    assert!(
        kept.trim_end() == now,
        "openapi.json differs; run with PORTICO_KEEP_GOLDEN=1 and look at the difference"
    );
}

#[test]
fn no_route_escapes_the_document_or_has_nobody_to_use_it() {
    let document: Value = serde_json::from_str(&openapi::document()).unwrap();
    let described: BTreeSet<(String, String)> = document["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, item)| {
            item.as_object().unwrap().keys().map(move |method| (method.to_uppercase(), path.clone()))
        })
        .collect();
    let table = routes::table();
    let in_table = table.iter().filter(|route| route.group == routes::Group::Api);
    assert_eq!(described, in_table.map(|route| (route.method.into(), route.path.into())).collect());
    assert!(table.iter().all(|route| !route.roles.is_empty()));
    let once: BTreeSet<_> = table.iter().map(|route| (route.method, route.path)).collect();
    assert_eq!(once.len(), table.len());
    for contract in [
        ("POST", "/api/v1/observations"),
        ("GET", "/api/v1/receipts"),
        ("GET", "/api/v1/receipts/{id}"),
        ("GET", "/api/v1/passages"),
        ("GET", "/api/v1/items"),
        ("GET", "/api/v1/items/{gtin}/{serial}"),
        ("GET", "/api/v1/evidence/{receipt}/{line}"),
        ("GET", "/api/v1/evidence/passages/{id}"),
        ("POST", "/api/v1/terminals/{id}/tap"),
        ("GET", "/api/v1/stream"),
        ("GET", "/healthz"),
        ("GET", "/readyz"),
        ("GET", "/metrics"),
        ("GET", "/kiosk/{lane}"),
        ("GET", "/staff"),
        ("GET", "/r/{token}"),
    ] {
        assert!(once.contains(&contract), "{contract:?} stands in the contract");
    }
}

/// Every reference leads somewhere, and what the types write is what the schemas say.
#[tokio::test]
async fn the_schemas_are_what_is_written() {
    let document: Value = serde_json::from_str(&openapi::document()).unwrap();
    let schemas = document["components"]["schemas"].as_object().unwrap();
    let text = document.to_string();
    for reference in text.split("#/components/schemas/").skip(1) {
        let name = reference.split('"').next().unwrap();
        assert!(schemas.contains_key(name), "{name}");
    }
    let fixture = Fixture::start().await;
    fixture.stock().await;
    let receipt = fixture.sale(1, vec![line(1, 0, "1", Basis::Tag)]).await;
    let passage = fixture.handle.db().passage("p1").await.unwrap().unwrap();
    let item = fixture.handle.db().item("09520000000011", "1").await.unwrap().unwrap();
    let weighed = evidence("p1", fixture.now(), &receipt.lines[0]);
    for (name, written) in [
        ("Receipt", serde_json::to_value(&receipt).unwrap()),
        ("ReceiptLine", serde_json::to_value(&receipt.lines[0]).unwrap()),
        ("Passage", serde_json::to_value(&passage).unwrap()),
        ("ItemHistory", serde_json::to_value(&item).unwrap()),
        ("Item", serde_json::to_value(&item.item).unwrap()),
        ("Evidence", serde_json::to_value(&weighed).unwrap()),
        ("ReadsAt", serde_json::to_value(&weighed.reads[0]).unwrap()),
        ("Hold", serde_json::to_value(hold("clone", "x")).unwrap()),
    ] {
        let schema = &schemas[name];
        let written = written.as_object().unwrap();
        for key in written.keys() {
            assert!(schema["properties"].get(key).is_some(), "{name}.{key} is written and not described");
        }
        for key in schema["required"].as_array().unwrap() {
            assert!(written.contains_key(key.as_str().unwrap()), "{name}.{key} is required and not written");
        }
    }
}

/// The next event of a stream of server-sent events.
async fn event(body: &mut Body) -> String {
    loop {
        let frame =
            tokio::time::timeout(Duration::from_secs(5), body.frame()).await.unwrap().unwrap().unwrap();
        let text = String::from_utf8(frame.into_data().unwrap().to_vec()).unwrap();
        if !text.starts_with(':') {
            return text;
        }
    }
}

#[tokio::test]
async fn all_that_comes_out_is_streamed_and_who_lags_is_told() {
    let browser = browser().await;
    let response = browser.send(Request::get("/api/v1/stream").header("host", "localhost"), "").await;
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let mut body = response.into_body();
    let open =
        || Outcome::Basket(basket("p1", BasketStatus::Open, vec![line(1, 0, "1", Basis::Tag)], vec![]));
    browser.fixture.say(vec![open()]).await;
    let first = event(&mut body).await;
    assert!(first.starts_with("event: basket\n"), "{first}");
    assert!(first.contains("\"total_minor\":4990"), "{first}");
    // Sixteen wait at most in this fixture.
    browser.fixture.say((0..20).map(|_| open()).collect()).await;
    assert_eq!(event(&mut body).await, "event: lagged\ndata: {\"missed\":4}\n\n");
    browser.fixture.stop();
    while body.frame().await.is_some() {}
}

#[tokio::test]
async fn the_kiosk_follows_what_is_committed() {
    let browser = browser().await;
    let live = browser.send(Request::get("/kiosk/exit-1/live").header("host", "localhost"), "").await;
    let mut body = live.into_body();
    assert!(event(&mut body).await.contains("Walk up"));
    let things = vec![line(1, 0, "1", Basis::Tag)];
    browser.fixture.say(vec![Outcome::Basket(basket("p1", BasketStatus::Open, things, vec![]))]).await;
    let shown = event(&mut body).await;
    assert!(shown.starts_with("event: view\n") && shown.contains("Tee, black, M"), "{shown}");
    browser.fixture.stop();
    while body.frame().await.is_some() {}
}

#[tokio::test]
async fn a_half_sent_header_does_not_hold_a_connection_and_stopping_ends_streams() {
    let fixture = Fixture::start().await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopping) = tokio::sync::watch::channel(false);
    let serving = tokio::spawn(super::serve(fixture.handle.clone(), listener, stopping));
    let mut half = tokio::net::TcpStream::connect(address).await.unwrap();
    half.write_all(b"GET /healthz HTTP/1.1\r\nhost: loc").await.unwrap();
    let mut whole = tokio::net::TcpStream::connect(address).await.unwrap();
    whole.write_all(b"GET /api/v1/stream HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    let mut head = [0; 15];
    whole.read_exact(&mut head).await.unwrap();
    assert_eq!(&head, b"HTTP/1.1 200 OK");
    let mut rest = Vec::new();
    tokio::time::timeout(Duration::from_secs(12), half.read_to_end(&mut rest))
        .await
        .expect("closed by now")
        .ok();
    stop.send_replace(true);
    tokio::time::timeout(Duration::from_secs(2), serving).await.expect("stopped at once").unwrap().unwrap();
}

#[test]
fn only_loopback_may_be_listened_on() {
    for yes in ["127.0.0.1:8080", "[::1]:8080", "127.9.9.9:1", "[::ffff:127.0.0.1]:80"] {
        assert!(super::check_loopback(yes.parse().unwrap()).is_ok(), "{yes}");
    }
    for no in ["0.0.0.0:8080", "192.0.2.10:8080", "[::]:8080"] {
        let error = super::check_loopback(no.parse().unwrap()).unwrap_err().to_string();
        assert!(error.contains("127.0.0.1:8080") && error.contains("log-in"), "{error}");
    }
}
