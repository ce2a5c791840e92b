//! The driver for Zebra's IoT Connector against the emulated reader: over MQTT by way of a private Mosquitto, and over
//! its WebSocket.
#![allow(clippy::unwrap_used, clippy::print_stdout, unreachable_pub, reason = "a test may fail loudly")]

#[path = "store/broker.rs"]
mod broker;
#[path = "store/certificate.rs"]
mod certificate;
mod store;

use std::io::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use readers::{Antenna, Input, Link, Login, OrderError, Purpose, Reader, Tells, Tls, Topics, tls, zebra};
use recording::{Health, LaneLine, Observation};
use serde_json::json;
use sim::zebra::{Broker, Deed, Settings, Zebra};
use tokio::net::TcpListener;
use tokio_rustls::rustls::ServerConfig;

use broker::{Mosquitto, free_port, mosquitto};
use certificate::certificate;
use store::{Store, now};

const HOUR_US: i64 = 3_600_000_000;

fn topics() -> Topics {
    Topics::under("shop/exit-a")
}

/// An emulated reader at a broker.
fn emulated_at(port: u16, settings: Settings, login: Option<(String, String)>) -> Zebra {
    let topics = sim::zebra::Topics {
        management_commands: "shop/exit-a/management/command".into(),
        management_responses: "shop/exit-a/management/response".into(),
        control_commands: "shop/exit-a/control/command".into(),
        control_responses: "shop/exit-a/control/response".into(),
        management_events: "shop/exit-a/management/event".into(),
        data: "shop/exit-a/data".into(),
    };
    let reader = Zebra::new(settings);
    tokio::spawn(reader.clone().meet(Broker { host: "127.0.0.1".into(), port, login, topics }));
    reader
}

fn emulated(settings: Settings) -> Option<(Mosquitto, Zebra)> {
    let broker = mosquitto(free_port(), None, None)?;
    let reader = emulated_at(broker.port, settings, None);
    Some((broker, reader))
}

/// An emulated reader with its own WebSocket, over TLS where it has a certificate.
async fn emulated_web_over(settings: Settings, tls: Option<Arc<ServerConfig>>) -> (Zebra, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let reader = Zebra::new(settings);
    tokio::spawn(reader.clone().serve(listener, tls));
    (reader, address)
}

/// An emulated reader with its own WebSocket.
async fn emulated_web(settings: Settings) -> (Zebra, SocketAddr) {
    emulated_web_over(settings, None).await
}

fn reader(link: Link) -> Reader {
    let exit = Antenna { port: 1, power_dbm: Some(28.5), ..Antenna::default() };
    let antennas = vec![exit, Antenna { port: 3, purpose: Purpose::Stock, ..Antenna::default() }];
    Reader { id: "exit-a".into(), link, antennas, inputs: Vec::new(), region: None }
}

fn by_broker(port: u16) -> Reader {
    reader(Link::Mqtt { broker: format!("127.0.0.1:{port}"), tls: None, login: None, topics: topics() })
}

fn by_web(address: SocketAddr) -> Reader {
    let login = Some(Login { user: "admin".into(), password: "change".into() });
    reader(Link::WebSocket { address: address.to_string(), tls: None, login })
}

#[tokio::test]
async fn reads_come_in_the_contracts_units_and_the_mode_is_by_purpose() {
    let Some((broker, emulated)) = emulated(Settings::default()) else { return };
    let mut store = Store::start(zebra::run, by_broker(broker.port));
    assert_eq!(store.said(Health::Up).await.reason, None);
    let (line, read) = store.read(false).await;
    assert_eq!((read.epc.bytes().len(), read.pc, read.count), (12, Some(0x3000), 1));
    assert!([1, 3].contains(&read.antenna), "{read:?}");
    assert!(read.rssi.is_some_and(|dbm| (-90.0..-20.0).contains(&dbm)), "{read:?}");
    assert!(read.phase.is_some_and(|radians| (0.0..std::f32::consts::TAU).contains(&radians)), "{read:?}");
    assert!(read.frequency_khz.is_some_and(|khz| (902_750..=927_250).contains(&khz)), "{read:?}");
    assert!(line.received_at.is_some_and(|at| at.seconds_after(line.at) < 1.5), "{line:?}");
    let mode = emulated.mode();
    assert_eq!(mode["antennas"], json!([1, 3]));
    assert_eq!(mode["transmitPower"], json!([28.5, 30.0]), "the reader's own where nobody says another");
    assert_eq!(mode["query"][0]["session"], json!("S1"));
    assert_eq!((&mode["query"][1]["session"], &mode["query"][1]["target"]), (&json!("S3"), &json!("A")));
    store.stop().await;
    assert!(!emulated.active(), "a reader that nobody listens to does not read");
}

const KEPT: &str = "3034257BF7194E4000001A85";

/// The reader sends what it saw 20 s ago.
fn old() -> Deed {
    let stamp = (now() - Duration::from_secs(20)).to_string();
    let event =
        json!({"type": "CUSTOM", "timestamp": stamp, "data": {"idHex": KEPT, "antenna": 1, "format": "epc"}});
    Deed::Sends(event.to_string().into_bytes())
}

#[tokio::test]
async fn what_the_reader_retained_while_its_line_was_down_is_stale() {
    let Some((broker, emulated)) = emulated(Settings { batch: 10, ..Settings::default() }) else { return };
    let mut store = Store::start(zebra::run, by_broker(broker.port));
    store.read(false).await;
    emulated.does(Deed::Cut(true));
    let said = store.said(Health::Down).await;
    assert!(said.reason.is_some_and(|reason| reason.contains("does not answer")));
    emulated.does(Deed::Cut(false));
    store.said(Health::Up).await;
    // What the reader sends by itself when it is back the broker gives to nobody where the store is between two attempts; so
    // here it comes when the store is there for certain.
    emulated.does(old());
    let (kept, read) = store.read(true).await;
    assert_eq!(read.epc.to_string(), KEPT);
    let (fresh, _) = store.read(false).await;
    assert!(fresh.at > kept.at && now().seconds_after(fresh.at) < 5.0, "{fresh:?}");
    store.stop().await;
}

#[tokio::test]
async fn what_the_broker_kept_for_whoever_comes_is_stale() {
    let Some((broker, emulated)) = emulated(Settings::default()) else { return };
    emulated.does(Deed::Keeps(true));
    let mut store = Store::start(zebra::run, by_broker(broker.port));
    store.read(false).await;
    store.stop().await;
    let mut store = Store::start(zebra::run, by_broker(broker.port));
    let first =
        store.line("a read", |line| matches!(line.what, Observation::Read(_)).then_some(line.stale)).await;
    assert!(first, "the first read of the second store is the broker's");
    store.read(false).await;
    store.stop().await;
}

#[tokio::test]
async fn a_clock_that_is_an_hour_behind_is_corrected_and_one_that_jumps_is_asked() {
    let settings = Settings { clock_ahead_us: -HOUR_US, ..Settings::default() };
    let Some((broker, emulated)) = emulated(settings) else { return };
    let mut store = Store::start(zebra::run, by_broker(broker.port));
    let (line, _) = store.read(false).await;
    assert!(line.received_at.is_some_and(|at| at.seconds_after(line.at).abs() < 1.5), "{line:?}");
    emulated.does(Deed::Clock(HOUR_US));
    store.read(true).await;
    let (line, _) = store.read(false).await;
    assert!(line.received_at.is_some_and(|at| at.seconds_after(line.at).abs() < 1.5), "{line:?}");
    store.stop().await;
}

#[tokio::test]
async fn contacts_antennas_and_complaints() {
    let Some((broker, emulated)) = emulated(Settings { rate: 1.0, ..Settings::default() }) else { return };
    emulated.does(Deed::Input(1, false));
    let beam = Tells::Beam { lane: "exit-1".into(), line: LaneLine::Entry };
    let inputs = vec![Input { port: 1, active_high: true, tells: beam }];
    let mut store = Store::start(zebra::run, Reader { inputs, ..by_broker(broker.port) });
    let beam = |wanted| {
        move |line: &recording::Line| match &line.what {
            Observation::Beam(beam) if beam.blocked == wanted => Some(line.stale),
            _ => None,
        }
    };
    assert!(!store.line("a free beam", beam(false)).await);
    emulated.does(Deed::Input(1, true));
    assert!(!store.line("a blocked beam", beam(true)).await);
    assert_eq!(store.output(2, true).await, Ok(()));
    assert_eq!(emulated.output(2), Some(true));
    let refused = store.output(9, true).await;
    assert!(
        matches!(&refused, Err(OrderError::Refused(why)) if why.contains("Invalid GPO port")),
        "{refused:?}"
    );
    emulated.does(Deed::Antenna(3, false));
    assert_eq!(store.said(Health::Degraded).await.reason, Some("antenna 3 is disconnected".into()));
    emulated.does(Deed::Antenna(3, true));
    store.said(Health::Up).await;
    emulated.does(Deed::Dropped(12));
    let said = store.said(Health::Degraded).await;
    assert!(said.reason.is_some_and(|reason| reason.contains("dropped 12 tag events")));
    store.stop().await;
}

#[tokio::test]
async fn a_radio_that_somebody_else_stops_is_started_again() {
    let (emulated, address) = emulated_web(Settings::default()).await;
    emulated.does(Deed::Radio(true));
    let mut store = Store::start(zebra::run, by_web(address));
    store.read(false).await;
    assert_eq!(emulated.mode()["type"], json!("CUSTOM"), "a radio that was active is stopped first");
    emulated.does(Deed::Radio(false));
    let said = store.said(Health::Down).await;
    assert!(said.reason.is_some_and(|reason| reason.contains("stopped by somebody else")));
    store.said(Health::Up).await;
    store.read(false).await;
    store.stop().await;
}

#[tokio::test]
async fn a_broker_that_wants_a_password_and_one_that_comes_later() {
    let port = free_port();
    let link = |password: &str| Link::Mqtt {
        broker: format!("127.0.0.1:{port}"),
        tls: None,
        login: Some(Login { user: "shop".into(), password: password.into() }),
        topics: topics(),
    };
    let mut store = Store::start(zebra::run, reader(link("s3cret")));
    let said = store.said(Health::Down).await;
    assert!(said.reason.is_some_and(|reason| reason.contains("refused the connection")));
    let Some(broker) = mosquitto(port, Some(("shop", "s3cret")), None) else { return };
    emulated_at(broker.port, Settings::default(), Some(("shop".into(), "s3cret".into())));
    store.said(Health::Up).await;
    store.stop().await;
    let error = zebra::probe(&reader(link("wrong")), Duration::from_secs(5)).await.unwrap_err().to_string();
    assert!(error.contains("check `user` and the password") && !error.contains("wrong"), "{error}");
}

#[tokio::test]
async fn over_tls_the_brokers_own_certificate_is_trusted_by_file() {
    let (shown, file) = certificate("broker.shop");
    let Some(broker) = mosquitto(free_port(), None, Some(&shown)) else { return };
    let (_, other) = certificate("broker.shop");
    let link = |file: &tempfile::NamedTempFile| Link::Mqtt {
        broker: format!("127.0.0.1:{}", broker.port),
        tls: Some(Tls { trust_file: Some(file.path().to_owned()), ..Tls::default() }),
        login: None,
        topics: topics(),
    };
    let within = Duration::from_secs(10);
    // Nobody is at the broker: what is said is about the reader, so the line to the broker stood.
    let error = zebra::probe(&reader(link(&file)), within).await.unwrap_err().to_string();
    assert!(error.contains("the reader does not answer"), "{error}");
    let error = zebra::probe(&reader(link(&other)), within).await.unwrap_err().to_string();
    assert!(error.contains("certificate"), "{error}");
}

#[tokio::test]
async fn over_its_own_websocket() {
    let (emulated, address) = emulated_web(Settings::default()).await;
    let mut store = Store::start(zebra::run, by_web(address));
    let (_, read) = store.read(false).await;
    assert_eq!((read.epc.bytes().len(), read.pc), (12, Some(0x3000)));
    emulated.does(Deed::ForgetTokens);
    assert_eq!(store.output(1, true).await, Ok(()), "a token that has grown old is renewed");
    emulated.does(Deed::Error("Antenna 2 is disconnected".into()));
    let said = store.said(Health::Degraded).await;
    assert!(said.reason.is_some_and(|reason| reason.contains("Antenna 2 is disconnected")));
    emulated.does(Deed::Cut(true));
    let said = store.said(Health::Down).await;
    assert!(
        said.reason.is_some_and(|reason| reason.contains("closed its WebSocket") || reason.contains("broke"))
    );
    emulated.does(Deed::Cut(false));
    store.said(Health::Up).await;
    emulated.does(old());
    assert_eq!(store.read(true).await.1.epc.to_string(), KEPT);
    store.read(false).await;
    store.stop().await;
    assert!(!emulated.active());
}

#[tokio::test]
async fn over_its_own_websocket_in_tls_its_certificate_is_trusted_by_file() {
    let (shown, file) = certificate("FX9600F0F0F0");
    let mut key = tempfile::NamedTempFile::new().unwrap();
    key.write_all(shown.key_pem.as_bytes()).unwrap();
    let (certificate_file, key_file) = (Some(file.path().to_owned()), Some(key.path().to_owned()));
    let config = tls::server(&Tls { trust_file: None, certificate_file, key_file }).unwrap();
    let (emulated, address) = emulated_web_over(Settings::default(), Some(config)).await;
    let by = |trusted: &tempfile::NamedTempFile| {
        let login = Some(Login { user: "admin".into(), password: "change".into() });
        let tls = Some(Tls { trust_file: Some(trusted.path().to_owned()), ..Tls::default() });
        reader(Link::WebSocket { address: address.to_string(), tls, login })
    };
    let mut store = Store::start(zebra::run, by(&file));
    let (_, read) = store.read(false).await;
    assert_eq!(read.pc, Some(0x3000));
    assert_eq!(store.output(1, true).await, Ok(()));
    assert_eq!(emulated.output(1), Some(true));
    store.stop().await;
    assert!(!emulated.active());
    let (_, other) = certificate("FX9600F0F0F0");
    let error = zebra::probe(&by(&other), Duration::from_secs(5)).await.unwrap_err().to_string();
    assert!(error.contains("certificate"), "{error}");
    let plain = by_web(address);
    let error = zebra::probe(&plain, Duration::from_secs(5)).await.unwrap_err().to_string();
    assert!(!error.contains("change"), "{error}");
}

#[tokio::test]
async fn payloads_that_cannot_be_read_are_said_and_too_long_ones_end_the_line() {
    let Some((broker, emulated)) = emulated(Settings::default()) else { return };
    let mut store = Store::start(zebra::run, by_broker(broker.port));
    store.said(Health::Up).await;
    emulated.does(Deed::Sends(b"[{\"data\":{\"idHex\":\"xyz\",\"antenna\":1}}, 7] \xff".to_vec()));
    let said = store.said(Health::Degraded).await;
    assert!(said.reason.is_some_and(|reason| reason.contains("3 of its reports could not be read")));
    store.read(false).await;
    emulated.does(Deed::Sends(vec![b' '; 2_000_000]));
    let said = store.said(Health::Down).await;
    assert!(said.reason.is_some_and(|reason| reason.contains("too long") || reason.contains("size")));
    store.said(Health::Up).await;
    store.stop().await;
}

#[tokio::test]
async fn a_probe_tells_what_the_reader_can_and_changes_nothing() {
    let within = Duration::from_secs(8);
    let (emulated, address) = emulated_web(Settings::default()).await;
    let mode = emulated.mode();
    let ability = zebra::probe(&by_web(address), within).await.unwrap();
    assert_eq!((ability.model.as_str(), ability.firmware.as_str()), ("Zebra FX9600", "3.28.18.0"));
    for can in ["4 antenna ports", "radio region US", "10 to 31.5 dBm", "input contacts", "output contacts"] {
        assert!(ability.can.iter().any(|words| words == can), "{can}: {ability:?}");
    }
    assert_eq!((emulated.mode(), emulated.active()), (mode, false));
    let missing = Reader { antennas: vec![Antenna { port: 7, ..Antenna::default() }], ..by_web(address) };
    let error = zebra::probe(&missing, within).await.unwrap_err().to_string();
    assert!(error.contains("antenna 7 is not there: Zebra FX9600 has 4"), "{error}");
    emulated.does(Deed::Antenna(3, false));
    let error = zebra::probe(&by_web(address), within).await.unwrap_err().to_string();
    assert!(error.contains("nothing is connected to antenna port 3"), "{error}");
    let Some((broker, _emulated)) = self::emulated(Settings::default()) else { return };
    let ability = zebra::probe(&by_broker(broker.port), within).await;
    assert_eq!(ability.map(|ability| ability.model), Ok("Zebra FX9600".into()));
}

#[tokio::test]
async fn a_clock_that_is_told_to_the_second_is_measured_by_the_tags() {
    let (_emulated, address) =
        emulated_web(Settings { clock_ahead_us: 300_000, ..Settings::default() }).await;
    let mut store = Store::start(zebra::run, by_web(address));
    // Ten seconds with reads are enough to know a clock.
    let end = now() + Duration::from_secs(12);
    while store.read(false).await.0.at < end {}
    let mut late = Vec::new();
    for _ in 0..101 {
        let (line, _) = store.read(false).await;
        late.push(line.received_at.map_or(f64::NAN, |at| at.seconds_after(line.at)));
    }
    late.sort_by(f64::total_cmp);
    let median = late.get(50).copied();
    assert!(median.is_some_and(|seconds| (0.0..0.15).contains(&seconds)), "{median:?}");
    store.stop().await;
}
