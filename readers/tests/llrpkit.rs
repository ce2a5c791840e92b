//! The LLRP driver against a reader that others wrote: the emulated one of llrpkit (PyPI). `PORTICO_PYTHON` names a Python
//! that has it; without, this is skipped.

use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use readers::{Antenna, Reader, llrp};
use recording::{Health, Line, Observation, Time};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::Command;
use tokio::sync::{mpsc, watch};

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

#[tokio::test]
async fn the_emulated_reader_of_llrpkit_is_inventoried() {
    let Ok(python) = std::env::var("PORTICO_PYTHON") else {
        println!("skipped: PORTICO_PYTHON names no Python with llrpkit");
        return;
    };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/interop/llrpkit_reader.py");
    let mut peer = Command::new(python);
    peer.arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
    let mut peer = peer.spawn().unwrap();
    let mut port = BufReader::new(peer.stdout.take().unwrap()).lines();
    let port: u16 = port.next_line().await.unwrap().expect("llrpkit starts").parse().unwrap();
    let mut control = peer.stdin.take().unwrap();

    let antennas =
        (1..=4).map(|port| Antenna { port, power_dbm: Some(30.0), ..Antenna::default() }).collect();
    let reader = Reader::dialled("exit-a", format!("127.0.0.1:{port}"), antennas);
    let found = llrp::probe(&reader, Duration::from_secs(5)).await.unwrap();
    println!("{found:?}");
    assert_eq!(found.antennas, 4);

    let (out, mut lines) = mpsc::channel(64);
    let (stop, stopped) = watch::channel(false);
    let (_orders, ordered) = mpsc::channel(1);
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
    control.write_all(b"drop\n").await.unwrap();
    until(&mut lines, "state down", is_now(Health::Down)).await;
    until(&mut lines, "state up", is_now(Health::Up)).await;

    let began = Instant::now();
    stop.send_replace(true);
    driver.await.unwrap();
    assert!(began.elapsed() < Duration::from_secs(2));
}
