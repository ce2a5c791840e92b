//! What every serial driver does, whatever its protocol: ends when told, holds a bounded number of reads while the store is
//! slow, and comes back from whatever happens to its line. Over real ttys, with a ThingMagic module.
#![allow(clippy::unwrap_used, clippy::print_stdout, unreachable_pub, reason = "a test may fail loudly")]

mod module;

use std::sync::Arc;
use std::time::{Duration, Instant};

use module::{Store, job, reader};
use readers::serial::run;
use readers::tag::{Bank, Operation};
use readers::thingmagic::ThingMagic;
use readers::{Order, OrderError, Reader, Region};
use recording::{Health, Observation, Time};
use sim::serial::{Deed, Field as Around, Hosted};
use sim::thingmagic::{Model, ThingMagic as Emulated};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{sleep, timeout};

const SECOND: Duration = Duration::from_secs(1);

fn host(tags: usize, rate: f64) -> Hosted {
    Hosted::start(Emulated::new(Model::M6e), Around::stock(tags, rate)).unwrap()
}

fn on(module: &Hosted) -> Reader {
    Reader { region: Some(Region::Fcc), ..reader(module.path(), Some(115_200)) }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_ends_within_two_seconds_whatever_the_module_does() {
    // Nothing there; nothing that answers; one that falls silent while it reads.
    let store = Store::open::<ThingMagic>(reader("/dev/no-such-tty", None));
    sleep(SECOND / 5).await;
    assert!(store.close().await < SECOND);
    let mute = host(1, 0.0);
    mute.does(Deed::Silent(true));
    let store = Store::open::<ThingMagic>(on(&mute));
    sleep(SECOND / 5).await;
    assert!(store.close().await < 2 * SECOND);
    let module = host(3, 100.0);
    let mut store = Store::open::<ThingMagic>(on(&module));
    store.reads(5, 3 * SECOND).await;
    module.does(Deed::Silent(true));
    sleep(SECOND / 5).await;
    assert!(store.close().await < 2 * SECOND);
}

#[tokio::test(flavor = "multi_thread")]
async fn reads_that_a_slow_store_does_not_take_are_dropped_counted_and_said() {
    let module = host(20, 2_000.0);
    let (out, mut lines) = mpsc::channel(1);
    let (_orders, taken) = mpsc::channel(1);
    let (stop, stopped) = watch::channel(false);
    let now = Arc::new(|| Time::from_micros(0));
    let task = tokio::spawn(run::<ThingMagic>(on(&module), now, out, taken, stopped));
    sleep(7 * SECOND).await;
    let mut said = None;
    while said.is_none() {
        let batch = timeout(3 * SECOND, lines.recv()).await.unwrap().unwrap();
        said = batch.into_iter().find_map(|line| match line.what {
            Observation::ReaderState(state) if state.state == Health::Degraded => state.reason,
            _ => None,
        });
    }
    let reason = said.unwrap().to_string();
    let number: u64 = reason.split(' ').next().unwrap().parse().unwrap();
    assert!(reason.contains("reads dropped") && number > 100, "{reason}");
    stop.send(true).unwrap();
    timeout(3 * SECOND, task).await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_the_module_does_not_end_is_answered_and_the_module_is_asked_anew() {
    let module = host(3, 100.0);
    let epc = module.field(|around| around.tags[0].epc_bytes());
    let (out, mut lines) = mpsc::channel(64);
    let (orders, taken) = mpsc::channel(1);
    let (_stop, stopped) = watch::channel(false);
    let now = Arc::new(|| Time::from_micros(0));
    tokio::spawn(run::<ThingMagic>(on(&module), now, out, taken, stopped));
    let up = |what: &Observation| matches!(what, Observation::ReaderState(s) if s.state == Health::Up);
    while !lines.recv().await.unwrap().iter().any(|line| up(&line.what)) {}
    tokio::spawn(async move { while lines.recv().await.is_some() {} });
    module.does(Deed::Silent(true));
    let (done, answer) = oneshot::channel();
    let read = vec![Operation::Read { bank: Bank::Tid, first_word: 0, words: 1 }];
    let began = Instant::now();
    orders.send(Order::Tag { job: job(&epc, read), done }).await.unwrap();
    let came = timeout(6 * SECOND, answer).await.unwrap().unwrap();
    assert_eq!(came, Err(OrderError::Unknown), "after {:?}", began.elapsed());
    let (done, answer) = oneshot::channel();
    orders.send(Order::Output { port: 1, high: true, done }).await.unwrap();
    assert_eq!(timeout(SECOND, answer).await.unwrap().unwrap(), Err(OrderError::NotConnected));
}

#[tokio::test(flavor = "multi_thread")]
async fn after_any_mischief_on_the_line_it_reads_again() {
    let module = host(4, 300.0);
    let mut store = Store::open::<ThingMagic>(on(&module));
    store.reads(10, 3 * SECOND).await;
    let mut chance = 0x1234_5678_u32;
    let mut draw = |below: u32| {
        chance = chance.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (chance >> 8) % below
    };
    for _ in 0..120 {
        match draw(6) {
            0 => module.does(Deed::Noise((0..draw(300)).map(|_| draw(256) as u8).collect())),
            1 => module.does(Deed::Lose(draw(60) as usize)),
            2 => module.does(Deed::Flip),
            3 => module.does(Deed::Noise(vec![0xFF; draw(40) as usize])),
            4 => module.does(Deed::Silent(draw(2) == 1)),
            _ => sleep(Duration::from_millis(u64::from(draw(60)))).await,
        }
    }
    module.does(Deed::Silent(false));
    module.does(Deed::Restart);
    // Down for what happened, up again, and a second later it reads as if nothing had been.
    let end = Instant::now() + 12 * SECOND;
    loop {
        assert!(Instant::now() < end, "it does not read again");
        if store.reads_for(SECOND).await.len() > 250 {
            break;
        }
    }
    assert!(store.close().await < 2 * SECOND);
}
