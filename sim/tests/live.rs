//! The live store from outside: a client's session over real sockets, and what comes through the channel.
#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use llrp::session::{Event, Settings};
use recording::{Gate, GateState, Observation, Time};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// Runs an inventory until `enough` says so of the EPCs and antennas read so far, or until the time is up.
async fn inventory(
    address: SocketAddr,
    most: Duration,
    mut enough: impl FnMut(&[(Vec<u8>, u16)]) -> bool,
) -> Vec<(Vec<u8>, u16)> {
    let began = Instant::now();
    let mut stream = TcpStream::connect(address).await.expect("the reader listens");
    let mut session = llrp::Session::new(Settings::default(), Duration::ZERO);
    let mut reads = Vec::new();
    let mut buffer = [0_u8; 8192];
    while began.elapsed() < most {
        while let Some(frame) = session.poll_output() {
            stream.write_all(&frame).await.expect("the reader takes requests");
        }
        while let Some(event) = session.poll_event() {
            match event {
                Event::Report(frame) => {
                    for tag in llrp::report::tags(&frame) {
                        let tag = tag.expect("a whole report");
                        assert!(tag.pc_bits.is_some(), "the session asks for PC and the reader tells it");
                        assert!(tag.impinj_phase.is_some(), "an Impinj reader tells the phase");
                        reads.push((tag.epc.to_vec(), tag.antenna_id.expect("an antenna")));
                    }
                }
                Event::Down(reason) => panic!("the session went down: {reason}"),
                _ => {}
            }
        }
        if enough(&reads) {
            break;
        }
        tokio::select! {
            count = stream.read(&mut buffer) => {
                let count = count.expect("the connection holds");
                assert!(count > 0, "the reader hung up");
                session.handle_input(began.elapsed(), &buffer[..count]);
            }
            () = tokio::time::sleep(Duration::from_millis(20)) => session.handle_timeout(began.elapsed()),
        }
    }
    reads
}

/// At twenty times the wall's speed: the first three payments come within 90 s of the store's time, the exit's reader
/// reads over LLRP, and nothing but what has no LLRP comes through the channel.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_live_store_sells_within_90_seconds() {
    let began = Instant::now();
    let opened = Time::parse("2026-11-24T10:00:00Z").unwrap();
    let options = sim::live::Options {
        stage: sim::live::Stage::Family(sim::Family::Plain, None),
        seed: 7,
        clock: Arc::new(move || opened + began.elapsed() * 20),
        speed: 20.0,
        gone: BTreeSet::new(),
        folder: std::env::temp_dir(),
    };
    let mut live = sim::live::start(options).await.expect("free ports");
    let address = live.readers.iter().find(|(id, _)| id == "exit-a").expect("the exit has a reader").1;
    let address = address.expect("it listens");
    assert!(live.config_toml.contains(&address.to_string()), "the configuration names the reader's address");
    let reads = tokio::spawn(inventory(address, Duration::from_secs(6), |reads| {
        let pieces: BTreeSet<_> = reads.iter().map(|(epc, _)| epc).collect();
        let antennas: BTreeSet<_> = reads.iter().map(|(_, antenna)| antenna).collect();
        pieces.len() > 5 && antennas.len() == 4
    }));
    live.begin.send(()).unwrap();
    let mut taps = Vec::new();
    let mut kinds = BTreeSet::new();
    while taps.len() < 3 {
        let line = tokio::time::timeout(Duration::from_secs(10), live.lines.recv()).await;
        let line = line.expect("something happens").expect("the store lives");
        kinds.insert(line.what.type_name());
        if let Observation::Tap(_) = line.what {
            taps.push(line.at.seconds_after(opened));
            let gate = Gate { gate: "gate-1".into(), state: GateState::Opened, passage: None };
            live.gates.send(gate).await.unwrap();
        }
    }
    println!("taps at {taps:?} s");
    assert!(taps[0] < 20.0 && taps[2] < 80.0, "taps at {taps:?} s");
    assert!(kinds.contains("person") && kinds.contains("item") && kinds.contains("beam"));
    assert!(!kinds.contains("read") && !kinds.contains("tick"));
    let reads = reads.await.expect("the session ran");
    let pieces: BTreeSet<_> = reads.iter().map(|(epc, _)| epc).collect();
    assert!(pieces.len() > 5, "{} different tags were read", pieces.len());
}

/// The first bytes that a reader says to whoever connects; none where nobody gets through.
async fn greets(address: SocketAddr) -> usize {
    let mut stream = TcpStream::connect(address).await.expect("the host itself is there");
    let mut words = [0_u8; 256];
    tokio::time::timeout(Duration::from_secs(1), stream.read(&mut words))
        .await
        .map_or(0, |read| read.unwrap_or(0))
}

/// A scene's network fault is one for the reader's client, too: its line breaks, and nobody gets through until it is over.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_that_loses_its_network_is_out_of_reach_until_it_is_back() {
    let file = std::env::temp_dir().join(format!("outage-{}.toml", std::process::id()));
    let boutique = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../config/boutique.toml");
    let scene = format!(
        "title = \"no network\"\nshop = '{}'\n[[person]]\nname = \"Ada\"\ncomes = \"00:01\"\n\
         does = [\"walks to rack-1\", \"leaves by the door\"]\n\
         [[event]]\nat = \"00:10\"\nwhat = \"reader exit-a loses its network for 40 s\"\n",
        boutique.display()
    );
    std::fs::write(&file, scene).unwrap();
    let scene = sim::Scene::read(&file).unwrap();
    std::fs::remove_file(&file).unwrap();
    let (began, opened) = (Instant::now(), Time::parse("2026-11-24T10:00:00Z").unwrap());
    let options = sim::live::Options {
        stage: sim::live::Stage::Scene(Box::new(scene)),
        seed: 1,
        clock: Arc::new(move || opened + began.elapsed() * 20),
        speed: 20.0,
        gone: BTreeSet::new(),
        folder: std::env::temp_dir(),
    };
    let live = sim::live::start(options).await.expect("free ports");
    let address =
        live.readers.iter().find(|(id, _)| id == "exit-a").and_then(|(_, address)| *address).unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    live.begin.send(()).unwrap();
    let mut lines = live.lines;
    tokio::spawn(async move { while lines.recv().await.is_some() {} });
    let broken = async {
        let mut words = [0_u8; 256];
        while stream.read(&mut words).await.is_ok_and(|count| count > 0) {}
    };
    tokio::time::timeout(Duration::from_secs(5), broken).await.expect("the line breaks");
    assert_eq!(greets(address).await, 0, "nobody gets through");
    let back = async { while greets(address).await == 0 {} };
    tokio::time::timeout(Duration::from_secs(10), back).await.expect("it is back");
}

/// A store that goes on with the same seed does not hang up again what was sold before.
#[tokio::test]
async fn what_was_sold_in_an_earlier_run_does_not_come_back() {
    let opened = Time::parse("2026-11-24T10:00:00Z").unwrap();
    let open = |gone: BTreeSet<recording::Hex>| {
        let clock = Arc::new(move || opened);
        sim::live::start(sim::live::Options {
            stage: sim::live::Stage::Family(sim::Family::Plain, None),
            seed: 7,
            clock,
            speed: 1.0,
            gone,
            folder: std::env::temp_dir(),
        })
    };
    let first = open(BTreeSet::new()).await.unwrap().items_csv;
    let epcs: Vec<&str> = first.lines().skip(1).filter_map(|row| row.split(',').next()).collect();
    let sold: BTreeSet<recording::Hex> =
        epcs.iter().step_by(3).map(|epc| recording::Hex::parse(epc).unwrap()).collect();
    let again = open(sold.clone()).await.unwrap().items_csv;
    for epc in epcs {
        let is_sold = sold.contains(&recording::Hex::parse(epc).unwrap());
        assert_eq!(again.contains(epc), !is_sold, "{epc}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_emulated_reader_serves_one_client_after_the_other_at_about_its_rate() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let reader = tokio::spawn(sim::emulate::serve(listener, 12, 300.0));
    for _ in 0..2 {
        let mut first = None;
        let reads = inventory(address, Duration::from_secs(5), |reads| {
            if !reads.is_empty() && first.is_none() {
                first = Some(Instant::now());
            }
            first.is_some_and(|at| at.elapsed() > Duration::from_secs(1))
        })
        .await;
        assert!((200..=450).contains(&reads.len()), "{} reads in a second", reads.len());
        let pieces: BTreeSet<_> = reads.iter().map(|(epc, _)| epc.clone()).collect();
        assert_eq!(pieces.len(), 12);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    reader.abort();
}

/// LLRP 1.0.1 §12.1.2.3: a second client gets the event "a client initiated connection already exists" and no more.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_client_is_refused_and_the_first_goes_on() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let reader = tokio::spawn(sim::emulate::serve(listener, 3, 100.0));
    let first = tokio::spawn(inventory(address, Duration::from_secs(5), |reads| reads.len() > 60));
    tokio::time::sleep(Duration::from_millis(300)).await;
    let mut second = TcpStream::connect(address).await.unwrap();
    let mut words = Vec::new();
    tokio::time::timeout(Duration::from_secs(2), second.read_to_end(&mut words))
        .await
        .expect("closed")
        .unwrap();
    let message = llrp::Message::decode(&words).expect("one whole message");
    let text = llrp::json::to_json(&message).to_string();
    assert!(text.contains("ConnectionAttemptEvent") && text.contains("Already_Exists"), "{text}");
    assert!(first.await.unwrap().len() > 60);
    reader.abort();
}
