//! Which driver a reader of the file gets: one table for the store that runs and for `check`. It knows no protocol.

use std::pin::Pin;
use std::time::Duration;

use readers::m100::M100;
use readers::thingmagic::ThingMagic;
use readers::uhfreader::UhfReader;
use readers::{Ability, Now, Order, Reader, impinj, llrp, serial, zebra};
use recording::Line;
use tokio::sync::{mpsc, watch};

use crate::config::Driver;

/// Drives a reader until `stop` says so.
pub(super) fn run(
    driver: Driver,
    reader: Reader,
    now: Now,
    out: mpsc::Sender<Vec<Line>>,
    orders: mpsc::Receiver<Order>,
    stop: watch::Receiver<bool>,
) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    match driver {
        Driver::Llrp => Box::pin(llrp::run(reader, now, out, orders, stop)),
        Driver::ThingMagic => Box::pin(serial::run::<ThingMagic>(reader, now, out, orders, stop)),
        Driver::M100 => Box::pin(serial::run::<M100>(reader, now, out, orders, stop)),
        Driver::UhfReader => Box::pin(serial::run::<UhfReader>(reader, now, out, orders, stop)),
        Driver::ImpinjIot => Box::pin(impinj::run(reader, now, out, orders, stop)),
        Driver::ZebraIotc => Box::pin(zebra::run(reader, now, out, orders, stop)),
    }
}

/// Tries a reader once; what it can and cannot do, or why it cannot be used and what would help.
pub(super) async fn probe(driver: Driver, reader: Reader, within: Duration) -> Result<Ability, String> {
    match driver {
        Driver::Llrp => in_words(llrp::probe(&reader, within).await.map(of_llrp)),
        Driver::ThingMagic => in_words(serial::probe::<ThingMagic>(&reader, within).await),
        Driver::M100 => in_words(serial::probe::<M100>(&reader, within).await),
        Driver::UhfReader => in_words(serial::probe::<UhfReader>(&reader, within).await),
        Driver::ImpinjIot => in_words(impinj::probe(&reader, within).await),
        Driver::ZebraIotc => in_words(zebra::probe(&reader, within).await),
    }
}

fn in_words<E: std::error::Error>(probed: Result<Ability, E>) -> Result<Ability, String> {
    probed.map_err(|error| error.to_string())
}

fn of_llrp(probe: llrp::Probe) -> Ability {
    let mut can = vec![format!("{} antenna ports", probe.antennas)];
    if let Some(connected) = &probe.connected {
        let ports: Vec<String> = connected.iter().map(u16::to_string).collect();
        can.push(format!("connected: {}", ports.join(", ")));
    }
    if let (Some(first), Some(last)) = (probe.channels_khz.iter().min(), probe.channels_khz.iter().max()) {
        can.push(format!("{} channels {first} to {last} kHz", probe.channels_khz.len()));
    }
    if let Some((least, most)) = probe.power_dbm {
        can.push(format!("{least} to {most} dBm"));
    }
    let mut cannot = probe.refused;
    match probe.extensions {
        Some(vendor) => can.push(format!("{vendor} extensions (phase, fine RSSI, Doppler)")),
        None => cannot.push("phase: it speaks no vendor's extensions with us".to_owned()),
    }
    Ability { model: probe.model, firmware: probe.firmware, can, cannot }
}
