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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use recording::{Alert, Outcome, ReaderState, Tick};

    use super::*;
    use crate::config::Output;

    fn reader_is(live: &mut Live, at: Time, state: Health) {
        let said = ReaderState { reader: "exit-a".into(), state, reason: None, clock_offset_ms: None };
        live.line(at, &said.into());
    }

    /// The level that is ordered next; the reader sets it.
    async fn set(orders: &mut mpsc::Receiver<Order>) -> bool {
        let order = tokio::time::timeout(Duration::from_secs(30), orders.recv()).await.unwrap().unwrap();
        let Order::Output { port: 2, high, done } = order else { panic!("{order:?}") };
        done.send(Ok(())).unwrap();
        high
    }

    #[tokio::test(start_paused = true)]
    async fn it_follows_its_lane_and_is_set_anew_when_its_reader_is_back() {
        let start = Time::parse("2026-11-24T10:00:00Z").unwrap();
        let at = |second| start + Duration::from_secs(second);
        let (give, mut orders) = mpsc::channel(4);
        let (tell, live) = watch::channel(Arc::new(Live::default()));
        let (stop, stopping) = watch::channel(false);
        let light = Light {
            id: "red".into(),
            output: Output { reader: "exit-a".into(), port: 2, active_high: true },
            lane: "exit-1".into(),
            shows: BTreeSet::from([Shows::Alert]),
        };
        let task = tokio::spawn(run(light, give, live, stopping));
        let becomes = |what: &dyn Fn(&mut Live)| tell.send_modify(|live| what(Arc::make_mut(live)));

        becomes(&|live| reader_is(live, at(0), Health::Up));
        assert!(!set(&mut orders).await, "dark at first, whatever it was before");
        let alert = |lane: &str| {
            Outcome::Alert(Alert {
                at: at(1),
                kind: "not_released".into(),
                lane: Some(lane.into()),
                passage: None,
                gtin: None,
                serial: None,
                text: "paid, and gate gate-1 did not open".into(),
            })
        };
        becomes(&|live| live.outcome(&alert("exit-2")));
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert!(orders.try_recv().is_err(), "another lane's alert");
        becomes(&|live| live.outcome(&alert("exit-1")));
        assert!(set(&mut orders).await);
        becomes(&|live| reader_is(live, at(10), Health::Down));
        becomes(&|live| reader_is(live, at(20), Health::Up));
        assert!(set(&mut orders).await, "its reader may have forgotten it");
        becomes(&|live| live.line(at(70), &Tick {}.into()));
        assert!(!set(&mut orders).await, "a minute later it is over");
        becomes(&|live| live.outcome(&Outcome::Alert(Alert { at: at(71), ..only(alert("exit-1")) })));
        assert!(set(&mut orders).await);
        stop.send_replace(true);
        assert!(!set(&mut orders).await, "a store that stops says nothing more");
        task.await.unwrap();
    }

    fn only(outcome: Outcome) -> Alert {
        let Outcome::Alert(alert) = outcome else { panic!() };
        alert
    }
}
