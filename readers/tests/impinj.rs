//! The driver for Impinj's IoT device interface against the emulated reader, over real sockets on loopback.
#![allow(clippy::unwrap_used, clippy::print_stdout, unreachable_pub, reason = "a test may fail loudly")]

mod store;

use std::net::SocketAddr;
use std::time::Duration;

use readers::{Antenna, Input, Link, Login, OrderError, Purpose, Reader, Tells, impinj, tag};
use recording::{Health, LaneLine, Observation};
use serde_json::json;
use sim::impinj::{Deed, Impinj, Settings};
use tokio::net::TcpListener;

use store::{Store, now};

const HOUR_US: i64 = 3_600_000_000;

async fn emulated(settings: Settings) -> (Impinj, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let reader = Impinj::new(settings);
    tokio::spawn(reader.clone().serve(listener, None));
    (reader, address)
}

fn reader(address: SocketAddr) -> Reader {
    let login = Login { user: "root".into(), password: "impinj".into() };
    let exit = |port| Antenna { port, power_dbm: Some(28.5), ..Antenna::default() };
    Reader {
        id: "exit-a".into(),
        link: Link::Http { address: address.to_string(), tls: None, login: Some(login) },
        antennas: vec![exit(1), Antenna { port: 3, purpose: Purpose::Stock, ..Antenna::default() }],
        region: None,
        inputs: Vec::new(),
    }
}

#[tokio::test]
async fn reads_come_in_the_contracts_units_and_the_preset_is_by_purpose() {
    let (emulated, address) = emulated(Settings::default()).await;
    let mut store = Store::start(impinj::run, reader(address));
    assert_eq!(store.said(Health::Up).await.reason, None);
    let (line, read) = store.read(false).await;
    assert_eq!(read.reader, "exit-a".into());
    assert_eq!((read.epc.bytes().len(), read.pc, read.count), (12, Some(0x3000), 1));
    assert!([1, 3].contains(&read.antenna), "{read:?}");
    assert!(read.rssi.is_some_and(|dbm| (-90.0..-20.0).contains(&dbm)), "{read:?}");
    assert!(read.phase.is_some_and(|radians| (0.0..std::f32::consts::TAU).contains(&radians)), "{read:?}");
    assert!(read.frequency_khz.is_some_and(|khz| (902_750..=927_250).contains(&khz)), "{read:?}");
    assert!(line.received_at.is_some_and(|at| at.seconds_after(line.at) < 1.0), "{line:?}");
    let (name, preset) = emulated.running().unwrap();
    assert_eq!(name, "portico-exit-a");
    let of =
        |at: usize, field: &str| preset.pointer(&format!("/antennaConfigs/{at}/{field}")).cloned().unwrap();
    assert_eq!(of(0, "transmitPowerCdbm"), json!(2850));
    assert_eq!((of(0, "inventorySession"), of(0, "inventorySearchMode")), (json!(1), json!("dual-target")));
    assert_eq!(of(1, "transmitPowerCdbm"), json!(3000), "the reader's own where nobody says another");
    assert_eq!((of(1, "inventorySession"), of(1, "inventorySearchMode")), (json!(3), json!("single-target")));
    store.stop().await;
    assert_eq!(emulated.running(), None, "a reader that nobody listens to does not read");
}

#[tokio::test]
async fn an_inventory_of_another_client_is_stopped_at_the_start_and_later() {
    let (emulated, address) = emulated(Settings::default()).await;
    emulated.does(Deed::Foreign("theirs".into()));
    let mut store = Store::start(impinj::run, reader(address));
    store.read(false).await;
    assert_eq!(emulated.running().unwrap().0, "portico-exit-a");
    emulated.does(Deed::Stop);
    let said = store.said(Health::Down).await;
    assert!(said.reason.is_some_and(|reason| reason.contains("stopped by somebody else")));
    store.said(Health::Up).await;
    store.read(false).await;
    emulated.does(Deed::Foreign("theirs".into()));
    store.said(Health::Down).await;
    store.said(Health::Up).await;
    assert_eq!(emulated.running().unwrap().0, "portico-exit-a");
    store.stop().await;
}

#[tokio::test]
async fn what_the_reader_kept_while_the_stream_was_cut_is_stale() {
    let (emulated, address) = emulated(Settings::default()).await;
    let mut store = Store::start(impinj::run, reader(address));
    store.read(false).await;
    emulated.does(Deed::CutStreams);
    let said = store.said(Health::Down).await;
    assert!(said.reason.is_some_and(|reason| reason.contains("closed its event stream")));
    let (kept, _) = store.read(true).await;
    assert!(kept.received_at.is_some_and(|at| at.seconds_after(kept.at) > 0.0), "{kept:?}");
    let (fresh, _) = store.read(false).await;
    assert!(fresh.at > kept.at && now().seconds_after(fresh.at) < 5.0, "{fresh:?}");
    store.stop().await;
}

#[tokio::test]
async fn a_clock_that_is_an_hour_ahead_is_corrected_and_one_that_jumps_is_asked() {
    let settings = Settings { clock_ahead_us: HOUR_US, ..Settings::default() };
    let (emulated, address) = emulated(settings).await;
    let mut store = Store::start(impinj::run, reader(address));
    let (line, _) = store.read(false).await;
    assert!(line.received_at.is_some_and(|at| at.seconds_after(line.at).abs() < 1.0), "{line:?}");
    emulated.does(Deed::Clock(-HOUR_US));
    let (line, _) = store.read(true).await;
    assert!(line.received_at.is_some_and(|at| at.seconds_after(line.at) > 3_000.0), "as old as it says");
    // The look-out asks the reader for its time: its reads are fresh again without a new connection.
    let (line, _) = store.read(false).await;
    assert!(line.received_at.is_some_and(|at| at.seconds_after(line.at).abs() < 1.0), "{line:?}");
    store.stop().await;
}

#[tokio::test]
async fn a_wrong_password_is_said_and_the_right_one_later_is_enough() {
    let (emulated, address) = emulated(Settings::default()).await;
    emulated.does(Deed::Password("changed".into()));
    let mut store = Store::start(impinj::run, reader(address));
    let said = store.said(Health::Down).await;
    let reason = said.reason.unwrap();
    assert!(reason.contains("check `user` and the password") && !reason.contains("impinj"), "{reason}");
    assert_eq!(store.output(1, true).await, Err(OrderError::NotConnected));
    emulated.does(Deed::Password("impinj".into()));
    store.said(Health::Up).await;
    store.stop().await;
}

#[tokio::test]
async fn a_reader_that_hangs_is_down_and_comes_back() {
    let (emulated, address) = emulated(Settings::default()).await;
    let mut store = Store::start(impinj::run, reader(address));
    store.read(false).await;
    emulated.does(Deed::Hang(true));
    store.said(Health::Down).await;
    emulated.does(Deed::Hang(false));
    store.said(Health::Up).await;
    store.read(false).await;
    store.stop().await;
}

#[tokio::test]
async fn contacts_and_antennas() {
    let (emulated, address) = emulated(Settings { rate: 1.0, ..Settings::default() }).await;
    emulated.does(Deed::Input(2, true));
    let beam = Tells::Beam { lane: "exit-1".into(), line: LaneLine::Exit };
    let inputs = vec![
        Input { port: 1, active_high: false, tells: beam },
        Input { port: 2, active_high: true, tells: Tells::Gate { gate: "gate-1".into() } },
    ];
    let mut store = Store::start(impinj::run, Reader { inputs, ..reader(address) });
    // Low is active on contact 1.
    let blocked = |wanted| {
        move |line: &recording::Line| match &line.what {
            Observation::Beam(beam) if beam.blocked == wanted => Some(line.stale),
            _ => None,
        }
    };
    assert!(!store.line("a blocked beam", blocked(true)).await);
    emulated.does(Deed::Input(1, true));
    assert!(!store.line("a free beam", blocked(false)).await);
    emulated.does(Deed::Input(2, false));
    let closed = |line: &recording::Line| match &line.what {
        Observation::Gate(gate) => (gate.state == recording::GateState::Closed).then_some(()),
        _ => None,
    };
    store.line("a closed gate", closed).await;
    assert_eq!(store.output(1, true).await, Ok(()));
    assert_eq!(emulated.output(1), Some(true));
    assert!(
        matches!(store.output(9, true).await, Err(OrderError::Refused(why)) if why.contains("Invalid GPO"))
    );
    emulated.does(Deed::Antenna(3, false));
    let said = store.said(Health::Degraded).await;
    assert_eq!(said.reason, Some("antenna 3 is disconnected".into()));
    emulated.does(Deed::Antenna(3, true));
    store.said(Health::Up).await;
    let job = tag::Job {
        antenna: None,
        selection: tag::Selection { bank: tag::Bank::Epc, first_bit: 32, mask: vec![0x30], bits: 8 },
        access_password: 0,
        operations: vec![tag::Operation::Read { bank: tag::Bank::Tid, first_word: 0, words: 2 }],
        patience: Duration::from_secs(1),
    };
    assert!(matches!(store.job(job).await, Err(OrderError::CannotDo(_))));
    store.stop().await;
}

#[tokio::test]
async fn early_firmware_reads_without_phase_and_says_so() {
    let (emulated, address) = emulated(Settings::default()).await;
    emulated.does(Deed::Early(true));
    let mut store = Store::start(impinj::run, reader(address));
    let said = store.said(Health::Degraded).await;
    assert!(said.reason.is_some_and(|reason| reason.contains("phaseAngle") || reason.contains("/pc")));
    let (_, read) = store.read(false).await;
    assert_eq!((read.phase, read.pc), (None, None));
    assert!(read.frequency_khz.is_some());
    store.stop().await;
}

#[tokio::test]
async fn lines_that_cannot_be_read_are_counted_and_said_and_the_rest_goes_on() {
    let (emulated, address) = emulated(Settings::default()).await;
    let mut store = Store::start(impinj::run, reader(address));
    store.said(Health::Up).await;
    emulated.does(Deed::Sends(b"{\"tagInventoryEvent\":{\"antennaPort\":1}}\n[1]\n\x00\xff\n".to_vec()));
    emulated.does(Deed::Sends([vec![b' '; 200_000], b"\n".to_vec()].concat()));
    let said = store.said(Health::Degraded).await;
    assert!(said.reason.is_some_and(|reason| reason.contains("could not be read")));
    store.read(false).await;
    store.stop().await;
}

#[tokio::test]
async fn a_probe_tells_what_the_reader_can_and_changes_nothing_that_runs() {
    let (emulated, address) = emulated(Settings::default()).await;
    emulated.does(Deed::Foreign("theirs".into()));
    let within = Duration::from_secs(5);
    let ability = impinj::probe(&reader(address), within).await.unwrap();
    assert_eq!((ability.model.as_str(), ability.firmware.as_str()), ("Impinj R700", "8.2.0.240"));
    assert!(ability.can.contains(&"4 antenna ports".to_owned()), "{ability:?}");
    assert!(ability.can.contains(&"phase and PC words".to_owned()), "{ability:?}");
    assert!(ability.cannot.iter().any(|words| words.contains("theirs")), "{ability:?}");
    assert_eq!(emulated.running().unwrap().0, "theirs");
    let missing = Reader { antennas: vec![Antenna { port: 7, ..Antenna::default() }], ..reader(address) };
    let error = impinj::probe(&missing, within).await.unwrap_err().to_string();
    assert!(error.contains("antenna 7 is not there: Impinj R700 has 4"), "{error}");
    let strong = Antenna { port: 1, power_dbm: Some(40.0), ..Antenna::default() };
    let error =
        impinj::probe(&Reader { antennas: vec![strong], ..reader(address) }, within).await.unwrap_err();
    assert!(error.to_string().contains("#/antennaConfigs/0/transmitPowerCdbm"), "{error}");
    emulated.does(Deed::Password("changed".into()));
    let error = impinj::probe(&reader(address), within).await.unwrap_err().to_string();
    assert!(error.contains("check `user` and the password"), "{error}");
    let nobody: SocketAddr = "127.0.0.1:1".parse().unwrap();
    let error = impinj::probe(&reader(nobody), within).await.unwrap_err().to_string();
    assert!(error.contains("refused the connection"), "{error}");
}

#[tokio::test]
async fn a_store_that_does_not_take_costs_the_oldest_reads_and_is_told_how_many() {
    let (_emulated, address) = emulated(Settings { rate: 4_000.0, ..Settings::default() }).await;
    let mut store = Store::narrow(impinj::run, reader(address), 1);
    tokio::time::sleep(Duration::from_secs(5)).await;
    let said = store.said(Health::Degraded).await;
    assert!(said.reason.is_some_and(|reason| reason.contains("reads dropped: the store did not take them")));
    store.read(false).await;
    store.stop().await;
}
