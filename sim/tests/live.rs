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
    asked(address, most, Settings::default(), |tag, reads: &mut Vec<(Vec<u8>, u16)>| {
        reads.push((tag.epc.to_vec(), tag.antenna_id.expect("an antenna")));
        enough(reads)
    })
    .await
}

/// The same with settings of one's own: `take` keeps what it wants of a read and says whether it has enough.
async fn asked<T>(
    address: SocketAddr,
    most: Duration,
    settings: Settings,
    mut take: impl FnMut(&llrp::report::TagView<'_>, &mut Vec<T>) -> bool,
) -> Vec<T> {
    let began = Instant::now();
    let mut stream = TcpStream::connect(address).await.expect("the reader listens");
    let mut session = llrp::Session::new(settings, Duration::ZERO);
    let mut over = false;
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
                        over |= take(&tag, &mut reads);
                    }
                }
                Event::Down(reason) => panic!("the session went down: {reason}"),
                _ => {}
            }
        }
        if over {
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
    live.begin.notify_one();
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

/// FastID: the reader asks tags for their TID behind the EPC, and tells it to a client that wants it. A TID is its chip's,
/// so that no two tags have the same and a tag has always the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_with_fast_id_tells_the_tid_of_each_tag() {
    let began = Instant::now();
    let opened = Time::parse("2026-11-24T10:00:00Z").unwrap();
    let shop = include_str!("../shops/one-lane.toml");
    let fast = format!("{shop}\n[[simulation.readers]]\nid = \"floor\"\nsetup = {{ fast_id = true }}\n");
    let live = sim::live::start(sim::live::Options {
        stage: sim::live::Stage::Family(
            sim::Family::Plain,
            Some(Box::new(sim::Plan::parse(&fast, "a shop").unwrap())),
        ),
        seed: 7,
        clock: Arc::new(move || opened + began.elapsed() * 4),
        speed: 4.0,
        gone: BTreeSet::new(),
        folder: std::env::temp_dir(),
    });
    let live = live.await.unwrap();
    live.begin.notify_one();
    let of = |id: &str| live.readers.iter().find(|(reader, _)| reader == id).and_then(|(_, at)| *at).unwrap();
    let tids = |reader: &str| {
        let settings = Settings { impinj_serialized_tid: true, ..Settings::default() };
        asked(of(reader), Duration::from_secs(8), settings, |tag, reads: &mut Vec<_>| {
            reads.push((tag.epc.to_vec(), tag.tid.map(<[u8]>::to_vec)));
            reads.len() > 150
        })
    };
    let reads = tids("floor").await;
    let mut known = std::collections::BTreeMap::new();
    for (epc, tid) in &reads {
        let tid = tid.as_ref().expect("a TID with every EPC");
        assert!(tid.len() == 12 && tid.starts_with(&[0xE2, 0x80, 0x11, 0x60]), "{tid:02X?}");
        assert_eq!(known.entry(epc.clone()).or_insert_with(|| tid.clone()), tid, "the same chip");
    }
    let chips: BTreeSet<_> = known.values().collect();
    assert!(known.len() > 5 && chips.len() == known.len(), "{} tags, {} chips", known.len(), chips.len());
    let reads = tids("exit-a").await;
    assert!(!reads.is_empty() && reads.iter().all(|(_, tid)| tid.is_none()), "it does not ask tags for it");
}

/// A reader whose clock jumps stamps what it reads from then on by the clock that it has.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_whose_clock_jumps_stamps_its_reads_by_it() {
    let began = Instant::now();
    let opened = Time::parse("2026-11-24T10:00:00Z").unwrap();
    let jump = "\n[[simulation.faults]]\nreader = \"floor\"\nfrom_s = 6.0\nto_s = 600.0\n\
                what = { clock = { offset_ms = 600000.0, ppm = 0.0 } }\n";
    let shop = include_str!("../shops/one-lane.toml").to_owned() + jump;
    let live = sim::live::start(sim::live::Options {
        stage: sim::live::Stage::Family(
            sim::Family::Plain,
            Some(Box::new(sim::Plan::parse(&shop, "a shop").unwrap())),
        ),
        seed: 7,
        clock: Arc::new(move || opened + began.elapsed() * 4),
        speed: 4.0,
        gone: BTreeSet::new(),
        folder: std::env::temp_dir(),
    });
    let live = live.await.unwrap();
    live.begin.notify_one();
    let floor = live.readers.iter().find(|(reader, _)| reader == "floor").and_then(|(_, at)| *at).unwrap();
    let shown = |us: u64| (us as i64 - opened.as_micros()) as f64 / 1e6;
    let seconds = asked(floor, Duration::from_secs(8), Settings::default(), |tag, reads: &mut Vec<f64>| {
        reads.push(shown(tag.first_seen_utc_us.expect("a time with every read")));
        reads.last().is_some_and(|at| *at > 608.0)
    })
    .await;
    let (before, after): (Vec<f64>, Vec<f64>) = seconds.iter().partition(|at| **at < 300.0);
    assert!(!before.is_empty() && before.iter().all(|at| (0.0..7.0).contains(at)), "{before:?}");
    assert!(!after.is_empty() && after.iter().all(|at| (605.9..640.0).contains(at)), "{after:?}");
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
