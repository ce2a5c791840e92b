//! Drivers against the readers of a simulated store: whatever protocol a reader speaks, it tells what the world's radio
//! reads, by the right antennas, and nothing else.
#![allow(clippy::unwrap_used, clippy::print_stdout, unreachable_pub, reason = "a test may fail loudly")]

mod store;

use std::collections::BTreeSet;
use std::sync::Arc;

use readers::m100::M100;
use readers::thingmagic::ThingMagic;
use readers::uhfreader::UhfReader;
use readers::{Antenna, Link, Login, Purpose, Reader, Region, impinj, llrp, serial, zebra};
use recording::{Health, Observation};
use sim::live::{Live, Options, Stage};
use sim::{Family, Plan};

use store::{Store, now};

const SHOP: &str = include_str!("../../sim/shops/one-lane.toml");

/// A store in which the reader over the racks is one for this driver.
async fn store_with(driver: &str, folder: &std::path::Path) -> Live {
    troubled(driver, folder, "").await
}

/// The same, in which this goes wrong with its readers: tables of a shop's file.
async fn troubled(driver: &str, folder: &std::path::Path, faults: &str) -> Live {
    let floor = "id = \"floor\"\ndriver = \"llrp\"";
    assert!(SHOP.contains(floor));
    let text = SHOP.replace(floor, &format!("id = \"floor\"\ndriver = \"{driver}\"")) + faults;
    let options = Options {
        stage: Stage::Family(Family::Plain, Some(Box::new(Plan::parse(&text, "a shop").unwrap()))),
        seed: 7,
        clock: Arc::new(now),
        speed: 1.0,
        gone: BTreeSet::new(),
        folder: folder.to_owned(),
    };
    let live = sim::live::start(options).await.unwrap();
    live.begin.notify_one();
    live
}

/// What the store's configuration says of the reader over the racks.
fn key(live: &Live, key: &str) -> Option<String> {
    let config = &live.config_toml;
    let table = config.split("[[readers]]").find(|table| table.contains("id = \"floor\""))?;
    let line = table.lines().find(|line| line.starts_with(&format!("{key} = ")))?;
    Some(line.split('"').nth(1)?.to_owned())
}

fn reader(live: &Live) -> Reader {
    let antenna = |port| Antenna { port, purpose: Purpose::Stock, ..Antenna::default() };
    let login = key(live, "password_file").map(|file| {
        let password = std::fs::read_to_string(file).unwrap().trim().to_owned();
        assert!(!live.config_toml.contains(&format!("\"{password}\"")), "a password in the configuration");
        Login { user: key(live, "user").unwrap(), password }
    });
    let address = key(live, "address").unwrap_or_default();
    let link = match (key(live, "device"), &*key(live, "driver").unwrap()) {
        (Some(device), _) => Link::Serial { device: device.into(), baud: None },
        (None, "impinj-iot") => Link::Http { address, tls: None, login },
        (None, "zebra-iotc") => Link::WebSocket { address, tls: None, login },
        (None, _) => Link::Dial { address, tls: None },
    };
    Reader {
        id: "floor".into(),
        link,
        antennas: (1..=4).map(antenna).collect(),
        region: Some(Region::Fcc),
        inputs: Vec::new(),
    }
}

/// Sixty reads of a driver's: of pieces that the store has on its floor, by antennas that look at the right racks.
async fn holds_to_the_world(mut store: Store, live: &Live, most_antennas: usize) {
    let known: BTreeSet<String> =
        live.items_csv.lines().skip(1).map(|row| row.split(',').next().unwrap().to_owned()).collect();
    let (mut seen, mut antennas) = (BTreeSet::new(), BTreeSet::new());
    for _ in 0..60 {
        let (line, read) = store.read(false).await;
        assert!(known.contains(&read.epc.to_string()), "{} is no piece of the store", read.epc);
        assert!((1..=4).contains(&read.antenna), "{read:?}");
        assert!(line.received_at.is_none_or(|at| at.seconds_after(line.at) < 5.0), "{line:?}");
        seen.insert(read.epc.clone());
        antennas.insert(read.antenna);
    }
    println!("{} tags by antennas {antennas:?}", seen.len());
    assert!(seen.len() > 5, "{seen:?}");
    assert!(antennas.len() >= most_antennas.min(2), "{antennas:?}");
    store.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn modules_on_serial_lines_tell_what_the_world_reads() {
    let folder = tempfile::tempdir().unwrap();
    let live = store_with("thingmagic", folder.path()).await;
    holds_to_the_world(Store::start(serial::run::<ThingMagic>, reader(&live)), &live, 4).await;
    let live = store_with("m100", folder.path()).await;
    // One antenna is all that an M100 has to say.
    holds_to_the_world(Store::start(serial::run::<M100>, reader(&live)), &live, 1).await;
    let live = store_with("uhfreader", folder.path()).await;
    holds_to_the_world(Store::start(serial::run::<UhfReader>, reader(&live)), &live, 4).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_with_interfaces_of_their_vendors_tell_what_the_world_reads() {
    let folder = tempfile::tempdir().unwrap();
    let live = store_with("impinj-iot", folder.path()).await;
    holds_to_the_world(Store::start(impinj::run, reader(&live)), &live, 4).await;
    let live = store_with("zebra-iotc", folder.path()).await;
    holds_to_the_world(Store::start(zebra::run, reader(&live)), &live, 4).await;
}

/// Beside them the exit's reader goes on over LLRP, and what is no read comes through the channel.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_llrp_reader_in_the_same_store_tells_what_the_world_reads() {
    let folder = tempfile::tempdir().unwrap();
    let mut live = store_with("llrp", folder.path()).await;
    holds_to_the_world(Store::start(llrp::run, reader(&live)), &live, 4).await;
    let line = live.lines.recv().await.unwrap();
    assert!(!matches!(line.what, Observation::Read(_)), "{line:?}");
}

/// A fault of the reader over the racks, as a shop's file has it.
fn fault(from_s: f64, to_s: f64, what: &str) -> String {
    format!(
        "\n[[simulation.faults]]\nreader = \"floor\"\nfrom_s = {from_s:?}\nto_s = {to_s:?}\nwhat = {what}\n"
    )
}

/// A driver of the reader over the racks, in a store in which this goes wrong.
async fn llrp_with(faults: &str, folder: &std::path::Path) -> (Live, Store) {
    let live = troubled("llrp", folder, faults).await;
    let mut store = Store::start(llrp::run, reader(&live));
    store.said(Health::Up).await;
    (live, store)
}

/// What goes wrong with a reader takes the way that it takes in a shop: an antenna's death is the reader's own word, an
/// outage is silence.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_antenna_and_an_outage_reach_an_llrp_readers_driver() {
    let folder = tempfile::tempdir().unwrap();
    let faults = fault(2.0, 4.0, "{ antenna-dead = { port = 2 } }") + &fault(6.0, 9.0, "\"outage\"");
    let (_live, mut store) = llrp_with(&faults, folder.path()).await;
    let hurt = store.said(Health::Degraded).await;
    assert!(
        hurt.reason.as_ref().is_some_and(|reason| reason.contains('2')),
        "the antenna is named: {hurt:?}"
    );
    store.said(Health::Up).await;
    let (before, _) = store.read(false).await;
    store.said(Health::Down).await;
    store.said(Health::Up).await;
    let (after, _) = store.read(false).await;
    assert!(after.at > before.at, "heard again: {after:?}");
    store.stop().await;
}

/// A reader that loses its power forgets what it was asked and what it read, and is asked anew.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_llrp_reader_that_restarts_is_asked_anew() {
    let folder = tempfile::tempdir().unwrap();
    let (_live, mut store) = llrp_with(&fault(3.0, 5.0, "\"restart\""), folder.path()).await;
    let (before, _) = store.read(false).await;
    store.said(Health::Down).await;
    store.said(Health::Up).await;
    let (after, _) = store.read(false).await;
    assert!(after.at > before.at);
    store.stop().await;
}

/// Reports that come twice and late: the second tells nothing new, and a late one says when it was made.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reports_that_come_twice_or_late_say_when_they_were_made() {
    let folder = tempfile::tempdir().unwrap();
    let faults = fault(0.0, 600.0, "{ duplicates = { share = 0.5 } }")
        + &fault(0.0, 600.0, "{ late = { share = 0.3, most_s = 2.0 } }");
    let (_live, mut store) = llrp_with(&faults, folder.path()).await;
    let (mut twice, mut late) = (0, 0);
    let mut known = std::collections::BTreeMap::new();
    store
        .line("150 reads", |line| {
            let Observation::Read(read) = &line.what else { return None };
            let delay_s = line.received_at.unwrap().seconds_after(line.at);
            late += usize::from(delay_s > 0.3 && !line.stale);
            let bits = (read.phase.map(f32::to_bits), read.doppler_hz.map(f32::to_bits));
            let same = (read.epc.to_string(), read.antenna, read.channel, bits);
            if let Some(first) = known.insert(same, line.at) {
                twice += 1;
                assert!(line.at.seconds_after(first).abs() < 0.1, "the same instant: {first:?}, {line:?}");
            }
            (known.len() + twice >= 150).then_some(())
        })
        .await;
    println!("{twice} twice, {late} late of 150");
    assert!(twice > 15 && late > 10, "{twice} twice, {late} late of 150");
    store.stop().await;
}

/// Modules on serial lines and vendors' interfaces fall silent likewise, and are found again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_of_any_driver_that_falls_silent_is_found_again() {
    let folder = tempfile::tempdir().unwrap();
    let outage = fault(4.0, 16.0, "\"outage\"");
    let live = troubled("thingmagic", folder.path(), &outage).await;
    let module = Store::start(serial::run::<ThingMagic>, reader(&live));
    let second = troubled("impinj-iot", folder.path(), &outage).await;
    let station = Store::start(impinj::run, reader(&second));
    for mut store in [module, station] {
        store.read(false).await;
        store.said(Health::Down).await;
        store.said(Health::Up).await;
        store.read(false).await;
        store.stop().await;
    }
}
