//! Three readers over sockets in real time, everything that can go wrong going wrong, for as long as asked; then the
//! verdict, and how the process's memory fared: `cargo run --release -p readers --example soak -- MINUTES [SEED]`

#![allow(clippy::unwrap_used, clippy::print_stdout, unreachable_pub, reason = "a soak may fail loudly")]

#[path = "../tests/soak/mod.rs"]
mod world;

use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use readers::llrp::{ConnectError, run_over};
use readers::{Antenna, Now, Reader};
use recording::{Line, Time};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use world::{NOON_US, RECOVERY, Shape, Stand, Witness, watch_over};

/// Resident memory may grow by so much between the first minutes and the end: allocators keep what floods once took.
const MOST_GROWTH_KIB: u64 = 8 * 1024;

#[tokio::main]
async fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1).map(|argument| argument.parse::<u64>().unwrap());
    let (minutes, seed) = (arguments.next().unwrap_or(30), arguments.next().unwrap_or(1));
    let whole = Duration::from_secs(60 * minutes).max(RECOVERY + Duration::from_secs(70));
    let shape = Shape {
        faulty: whole - RECOVERY - Duration::from_secs(10),
        calm: Duration::from_secs(15),
        rate: 200,
    };
    let began = Instant::now();
    let readers: Vec<_> = (0..3).map(|reader| tokio::spawn(soak(seed * 3 + reader, shape, began))).collect();
    let mut early_kib = None;
    while began.elapsed() < whole {
        tokio::time::sleep(Duration::from_secs(60).min(whole)).await;
        let kib = resident_kib();
        println!("{:>5.1} min: {kib} KiB resident", began.elapsed().as_secs_f64() / 60.0);
        if began.elapsed() >= whole / 6 {
            early_kib.get_or_insert(kib);
        }
    }
    let mut all_well = true;
    for (number, reader) in readers.into_iter().enumerate() {
        let (witness, verdict) = reader.await.unwrap();
        let Witness { delivered, fresh, stale, dropped, .. } = &witness;
        println!(
            "reader {number}: {delivered} reads delivered, {fresh} fresh, {stale} stale, {dropped} dropped and said"
        );
        for (words, count) in &witness.said {
            println!("  {count:>4} × {words}");
        }
        if let Err(faults) = verdict {
            all_well = false;
            println!("  FAILED: {faults}");
        }
    }
    let (early_kib, kib) = (early_kib.unwrap_or_default(), resident_kib());
    println!("memory: {early_kib} KiB after a sixth of the time, {kib} KiB at the end");
    all_well &= kib <= early_kib + MOST_GROWTH_KIB;
    if all_well { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

async fn soak(seed: u64, shape: Shape, began: Instant) -> (Witness, Result<(), String>) {
    let now: Now = Arc::new(move || Time::from_micros(NOON_US as i64) + began.elapsed());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (arrivals, arriving) = mpsc::channel::<TcpStream>(8);
    let accepting = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            stream.set_nodelay(true).unwrap();
            if arrivals.send(stream).await.is_err() {
                return;
            }
        }
    });
    let stand = tokio::spawn(Stand::new(seed, shape, began, arriving).run());
    let witness = Arc::new(Mutex::new(Witness::default()));
    let (out, lines) = mpsc::channel::<Vec<Line>>(16);
    let (_orders, orders) = mpsc::channel(1);
    let (stop, stopped) = watch::channel(false);
    let antennas = vec![Antenna { port: 1, ..Antenna::default() }];
    let reader = Reader::dialled("exit-a", address.to_string(), antennas);
    let tapping = witness.clone();
    let connector = move || connect(address, tapping.clone());
    let driver = tokio::spawn(run_over(reader, connector, now.clone(), out, orders, stopped));
    let end = began + shape.faulty + RECOVERY + Duration::from_secs(10);
    let judged = watch_over(witness, lines, stop, now, end, || Duration::ZERO).await;
    driver.await.unwrap();
    stand.abort();
    accepting.abort();
    judged
}

async fn connect(
    address: SocketAddr,
    witness: Arc<Mutex<Witness>>,
) -> Result<world::Tap<TcpStream>, ConnectError> {
    let source = match TcpStream::connect(address).await {
        Ok(stream) => return Ok(witness.lock().unwrap().tap(stream)),
        Err(source) => source,
    };
    Err(ConnectError::Unreachable { address: address.to_string(), source })
}

/// The process's resident memory (Linux).
fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or_default()
}
