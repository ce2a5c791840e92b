//! A light on an output contact of a reader: lit while its lane is in one of the states that it shows. It follows what
//! was committed, and is dark when the store stops.

use std::sync::Arc;
use std::time::Duration;

use readers::Order;
use recording::{Health, Name, Time};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use super::contacts::{set_output, stops};
use super::live::{LaneLive, Live, Phase};
use crate::config::{Light, Shows};

/// How long an alert keeps a light lit.
const ALERT: Duration = Duration::from_secs(60);
/// How soon an order that failed is given again.
const AGAIN: Duration = Duration::from_secs(5);

/// Runs until the store stops.
pub(super) async fn run(
    light: Light,
    orders: mpsc::Sender<Order>,
    mut live: watch::Receiver<Arc<Live>>,
    mut stop: watch::Receiver<bool>,
) {
    let output = &light.output;
    let set = async |lit: bool| set_output(&orders, output.port, lit == output.active_high).await;
    // What the output was set to, since when its reader was there; and when a failure may be tried again.
    let mut is: Option<(bool, Time)> = None;
    let mut again = Instant::now();
    loop {
        tokio::select! {
            () = stops(&mut stop) => break,
            changed = live.changed() => if changed.is_err() { break },
        }
        let seen = live.borrow_and_update().clone();
        let Some(since) = there_since(&seen, &output.reader) else {
            is = None;
            continue;
        };
        let want = Some((shown(&light, &seen), since));
        if is == want || Instant::now() < again {
            continue;
        }
        is = match want {
            Some((lit, _)) => match set(lit).await {
                Ok(()) => want,
                Err(error) => {
                    tracing::warn!(light = %light.id, %error, "a light could not be set");
                    again = Instant::now() + AGAIN;
                    None
                }
            },
            None => None,
        };
    }
    if is.is_some_and(|(lit, _)| lit) {
        // Nobody would say that it is no longer so.
        let _ = set(false).await;
    }
}

/// Since when the reader is as it is; `None` while it is not there.
fn there_since(live: &Live, reader: &Name) -> Option<Time> {
    live.readers.get(reader).filter(|reader| reader.state != Health::Down).map(|reader| reader.since)
}

fn shown(light: &Light, live: &Live) -> bool {
    let phase = live.lanes.get(&light.lane).map_or(Phase::Attract, |lane: &LaneLive| lane.phase(live.now));
    let alerted = || {
        let mut of_lane = live.alerts.iter().rev().filter(|alert| alert.lane.as_ref() == Some(&light.lane));
        of_lane.next().is_some_and(|alert| live.now.since(alert.at) <= ALERT)
    };
    light.shows.iter().any(|shows| match shows {
        Shows::Free => phase == Phase::Attract,
        Shows::Basket => phase == Phase::Basket,
        Shows::Paying => phase == Phase::Paying,
        Shows::Paid => phase == Phase::Paid,
        Shows::Declined => phase == Phase::Declined,
        Shows::Held => phase == Phase::Held,
        Shows::Help => phase == Phase::Help,
        Shows::Alert => alerted(),
    })
}
