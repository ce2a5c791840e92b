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

/// A reader that was tried.
pub(super) struct Found {
    /// What it can and cannot do.
    pub(super) ability: Ability,
    /// How many outputs it has, where it tells.
    pub(super) outputs: Option<u16>,
}

/// Tries a reader once; an error says why it cannot be used and what would help.
pub(super) async fn probe(driver: Driver, reader: Reader, within: Duration) -> Result<Found, String> {
    match driver {
        Driver::Llrp => {
            let probe = llrp::probe(&reader, within).await.map_err(|error| error.to_string())?;
            Ok(Found { ability: probe.ability(), outputs: Some(probe.capabilities.gpos) })
        }
        Driver::ThingMagic => found(serial::probe::<ThingMagic>(&reader, within).await),
        Driver::M100 => found(serial::probe::<M100>(&reader, within).await),
        Driver::UhfReader => found(serial::probe::<UhfReader>(&reader, within).await),
        Driver::ImpinjIot => found(impinj::probe(&reader, within).await),
        Driver::ZebraIotc => found(zebra::probe(&reader, within).await),
    }
}

fn found<E: std::error::Error>(probed: Result<Ability, E>) -> Result<Found, String> {
    probed.map(|ability| Found { ability, outputs: None }).map_err(|error| error.to_string())
}
