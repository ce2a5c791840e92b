//! The LLRP driver in worlds where everything that can happen to a cable, a reader and its clock happens, in virtual time:
//! no read is fresh that is stale, none is lost that was delivered, and in the end it always recovers.
//!
//! `PORTICO_SOAK_SEEDS=FROM..TO` runs more worlds than the few of an ordinary test run.

#![allow(clippy::unwrap_used, clippy::print_stdout, unreachable_pub, reason = "a test may fail loudly")]

#[path = "soak/mod.rs"]
mod world;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use readers::llrp::{ConnectError, run_over};
use readers::{Antenna, Now, Reader};
use recording::{Line, Time};
use tokio::io::DuplexStream;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use world::{Draws, NOON_US, RECOVERY, Shape, Stand, Witness, watch_over};

const PIPE_BYTES: usize = 64 * 1024;

/// Runs the world of a seed.
async fn world(seed: u64) -> (Witness, Result<(), String>) {
    let mut draws = Draws::new(seed ^ 0x51ED);
    let shape = Shape {
        faulty: Duration::from_secs(draws.between(20, 180)),
        calm: Duration::from_secs(draws.between(1, 30)),
        rate: draws.between(2, 40),
    };
    let began = Instant::now();
    let now: Now = Arc::new(move || Time::from_micros(NOON_US as i64) + began.elapsed());
    let witness = Arc::new(Mutex::new(Witness::default()));
    let (arrivals, arriving) = mpsc::channel::<DuplexStream>(1);
    let stand = tokio::spawn(Stand::new(seed, shape, began, arriving).run());

    let (out, lines) = mpsc::channel::<Vec<Line>>(16);
    let (_orders, orders) = mpsc::channel(1);
    let (stop, stopped) = watch::channel(false);
    let antennas = vec![Antenna { port: 1, ..Antenna::default() }];
    let reader = Reader::dialled("exit-a", "emulated", antennas);
    let tapping = witness.clone();
    let connector = move || {
        let (ours, theirs) = tokio::io::duplex(PIPE_BYTES);
        let tap = tapping.lock().unwrap().tap(ours);
        let arrivals = arrivals.clone();
        async move {
            match arrivals.send(theirs).await {
                Ok(()) => Ok(tap),
                Err(_) => Err(ConnectError::Refused("emulated".into())),
            }
        }
    };
    let driver = tokio::spawn(run_over(reader, connector, now.clone(), out, orders, stopped));

    let end = began + shape.faulty + RECOVERY + Duration::from_secs(10);
    // The store takes what comes, and is slow at times.
    let pause = move || {
        let slow = began.elapsed() < shape.faulty && draws.between(0, 400) == 0;
        Duration::from_millis(if slow { draws.between(10, 4_000) } else { 0 })
    };
    let judged = watch_over(witness, lines, stop, now, end, pause).await;
    driver.await.unwrap();
    stand.abort();
    judged
}

fn seeds() -> std::ops::Range<u64> {
    let asked = std::env::var("PORTICO_SOAK_SEEDS").ok();
    let Some((from, to)) = asked.as_deref().and_then(|asked| asked.split_once("..")) else { return 0..40 };
    from.parse().expect("PORTICO_SOAK_SEEDS=FROM..TO")..to.parse().expect("PORTICO_SOAK_SEEDS=FROM..TO")
}

#[test]
fn in_every_world_nothing_stale_is_fresh_and_nothing_delivered_is_lost() {
    let (mut worlds, mut delivered, mut fresh, mut stale, mut dropped) = (0, 0, 0, 0, 0);
    for seed in seeds() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .expect("a runtime");
        let (witness, verdict) = runtime.block_on(world(seed));
        if let Err(faults) = verdict {
            panic!("seed {seed}: {faults}\nit said: {:#?}", witness.said);
        }
        worlds += 1;
        delivered += witness.delivered;
        fresh += witness.fresh;
        stale += witness.stale;
        dropped += witness.dropped;
    }
    println!(
        "{worlds} worlds: {delivered} reads delivered, {fresh} fresh, {stale} stale, {dropped} dropped and said"
    );
    assert!(fresh > 0 && stale > 0, "worlds in which nothing happens prove nothing");
}
