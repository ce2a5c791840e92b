//! The LLRP driver against a reader that others wrote: the emulated one of llrpkit (PyPI). `PORTICO_PYTHON` names a Python
//! that has it; without, this is skipped.
#![allow(clippy::unwrap_used, clippy::print_stdout, unreachable_pub, reason = "a test may fail loudly")]

use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use readers::tag::{Bank, Done, Job, Operation, Selection};
use readers::{Antenna, Input, Link, Order, Reader, Tells, Tls, llrp, tls};
use recording::{Health, LaneLine, Line, Observation, Time};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::{mpsc, oneshot, watch};
use tokio_rustls::TlsAcceptor;

fn now() -> Time {
    Time::from_micros(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_micros() as i64)
}

/// All lines until one of them is what is waited for.
async fn until(
    lines: &mut mpsc::Receiver<Vec<Line>>,
    what: &str,
    mut is: impl FnMut(&Observation) -> bool,
) -> Vec<Line> {
    let mut taken = Vec::new();
    let end = tokio::time::Instant::now() + Duration::from_secs(10);
    while !taken.iter().any(|line: &Line| is(&line.what)) {
        match tokio::time::timeout_at(end, lines.recv()).await {
            Ok(Some(batch)) => taken.extend(batch),
            _ => panic!("no {what}; the last lines: {:?}", &taken[taken.len().saturating_sub(3)..]),
        }
    }
    taken
}

fn is_now(state: Health) -> impl FnMut(&Observation) -> bool {
    move |what| matches!(what, Observation::ReaderState(said) if said.state == state)
}

/// llrpkit's emulated reader on a port of its own; `None` where it is not to be had.
async fn emulated() -> Option<(Child, ChildStdin, u16)> {
    let Ok(python) = std::env::var("PORTICO_PYTHON") else {
        println!("skipped: PORTICO_PYTHON names no Python with llrpkit");
        return None;
    };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/interop/llrpkit_reader.py");
    let mut peer = Command::new(python);
    peer.arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
    let mut peer = peer.spawn().unwrap();
    let mut port = BufReader::new(peer.stdout.take().unwrap()).lines();
    let port: u16 = port.next_line().await.unwrap().expect("llrpkit starts").parse().unwrap();
    let control = peer.stdin.take().unwrap();
    Some((peer, control, port))
}

fn at(port: u16) -> Reader {
    let antennas =
        (1..=4).map(|port| Antenna { port, power_dbm: Some(30.0), ..Antenna::default() }).collect();
    Reader::dialled("exit-a", format!("127.0.0.1:{port}"), antennas)
}

#[tokio::test]
async fn the_emulated_reader_of_llrpkit_is_inventoried() {
    let Some((_peer, mut control, port)) = emulated().await else { return };
    let beam = Tells::Beam { lane: "exit-1".into(), line: LaneLine::Entry };
    let inputs = vec![Input { port: 2, active_high: true, tells: beam }];
    let reader = Reader { inputs, ..at(port) };
    let found = llrp::probe(&reader, Duration::from_secs(5)).await.unwrap();
    println!("{:#?}", found.ability());
    assert_eq!((found.antennas, found.extensions), (4, Some("Impinj")));

    let (out, mut lines) = mpsc::channel(64);
    let (stop, stopped) = watch::channel(false);
    let (orders, ordered) = mpsc::channel(1);
    let driver = tokio::spawn(llrp::run(reader, Arc::new(now), out, ordered, stopped));
    until(&mut lines, "state up", is_now(Health::Up)).await;
    let mut reads = 0;
    let taken = until(&mut lines, "200 reads", |what| {
        reads += u32::from(matches!(what, Observation::Read(_)));
        reads >= 200
    })
    .await;
    for line in &taken {
        let Observation::Read(read) = &line.what else { continue };
        // llrpkit numbers its tags E20000170 10B0162 10 and two bytes, and reports Impinj's fine RSSI and phase.
        assert!(read.epc.to_string().starts_with("E2000017010B016210"), "{read:?}");
        assert!((1..=4).contains(&read.antenna));
        assert!(read.rssi.is_some_and(|dbm| (-80.0..-30.0).contains(&dbm)), "{read:?}");
        assert!(read.phase.is_some(), "{read:?}");
        assert!(read.frequency_khz.is_some_and(|khz| (902_000..928_000).contains(&khz)), "{read:?}");
        assert!(line.known_at().since(line.at) < Duration::from_secs(1), "{line:?}");
    }
    assert!(taken.iter().filter(|line| line.stale).count() < 20);

    control.write_all(b"antenna 2 off\n").await.unwrap();
    until(&mut lines, "state degraded", is_now(Health::Degraded)).await;
    control.write_all(b"antenna 2 on\n").await.unwrap();
    until(&mut lines, "state up", is_now(Health::Up)).await;

    let blocked =
        |wanted| move |what: &Observation| matches!(what, Observation::Beam(beam) if beam.blocked == wanted);
    control.write_all(b"input 2 high\n").await.unwrap();
    until(&mut lines, "a beam that is blocked", blocked(true)).await;
    control.write_all(b"input 2 low\n").await.unwrap();
    until(&mut lines, "a beam that is free", blocked(false)).await;

    let (done, answer) = oneshot::channel();
    orders.send(Order::Output { port: 3, high: true, done }).await.unwrap();
    assert_eq!(answer.await.unwrap(), Ok(()));
    let (done, answer) = oneshot::channel();
    let selection = Selection { bank: Bank::Epc, first_bit: 32, mask: vec![0xE2, 0x00], bits: 16 };
    let words = vec![0xCAFE, 0x0007];
    let operations = vec![
        Operation::Write { bank: Bank::User, first_word: 0, words: words.clone() },
        Operation::Read { bank: Bank::User, first_word: 0, words: 2 },
    ];
    let patience = Duration::from_secs(5);
    let job = Job { antenna: None, selection, access_password: 0, operations, patience };
    orders.send(Order::Tag { job, done }).await.unwrap();
    let report = answer.await.unwrap().unwrap();
    assert_eq!(report.results, [Ok(Done::Done), Ok(Done::Words(words))]);

    control.write_all(b"drop\n").await.unwrap();
    until(&mut lines, "state down", is_now(Health::Down)).await;
    until(&mut lines, "state up", is_now(Health::Up)).await;

    let began = Instant::now();
    stop.send_replace(true);
    driver.await.unwrap();
    assert!(began.elapsed() < Duration::from_secs(2));
}

#[tokio::test]
async fn the_emulated_reader_of_llrpkit_is_read_through_tls() {
    let Some((_peer, _control, port)) = emulated().await else { return };
    let folder = tempfile::tempdir().unwrap();
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate =
        rcgen::CertificateParams::new(vec!["reader".into()]).unwrap().self_signed(&key).unwrap();
    let (pem, key_pem) = (folder.path().join("reader.pem"), folder.path().join("reader.key"));
    std::fs::write(&pem, certificate.pem()).unwrap();
    std::fs::write(&key_pem, key.serialize_pem()).unwrap();
    let theirs = Tls { certificate_file: Some(pem.clone()), key_file: Some(key_pem), ..Tls::default() };
    let acceptor = TlsAcceptor::from(tls::server(&theirs).unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let front = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let mut stream = acceptor.accept(stream).await.unwrap();
            let mut reader = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
            // Whoever hangs up first, it ends.
            let _ = tokio::io::copy_bidirectional(&mut stream, &mut reader).await;
        }
    });
    let ours = Tls { trust_file: Some(pem), ..Tls::default() };
    let reader = Reader { link: Link::Dial { address, tls: Some(ours) }, ..at(port) };
    let (out, mut lines) = mpsc::channel(64);
    let (stop, stopped) = watch::channel(false);
    let (_orders, ordered) = mpsc::channel(1);
    let driver = tokio::spawn(llrp::run(reader, Arc::new(now), out, ordered, stopped));
    until(&mut lines, "state up", is_now(Health::Up)).await;
    until(&mut lines, "a read", |what| matches!(what, Observation::Read(_))).await;
    stop.send_replace(true);
    driver.await.unwrap();
    front.abort();
}
