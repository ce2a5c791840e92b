//! Server-sent events: all outcomes and what gates say for programs, and pages' parts as they change. A slow client is told what it missed;
//! it holds up nobody. Streams end when the program stops.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::{Stream, StreamExt as _, stream};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::watch;

use super::App;

/// A view is looked at again this often even when nothing came in: "paid" goes out of view by time alone.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// Changes within this span are shown as one. Reads come by the hundred a second; eyes do not.
const GATHER: Duration = Duration::from_millis(120);

/// Every outcome from now on.
pub(super) async fn outcomes(State(app): State<App>) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let (outcomes, stopping) = (app.handle.outcomes(), app.stopping);
    let events = stream::unfold((outcomes, stopping), |(mut outcomes, mut stopping)| async move {
        let event = tokio::select! {
            () = stopped(&mut stopping) => return None,
            got = outcomes.recv() => match got {
                Ok(outcome) => Event::default().event(type_of(&outcome)).data(&*outcome),
                Err(RecvError::Lagged(missed)) => {
                    Event::default().event("lagged").data(format!("{{\"missed\":{missed}}}"))
                }
                Err(RecvError::Closed) => return None,
            },
        };
        Some((Ok(event), (outcomes, stopping)))
    });
    // An event at once: a client knows that it is heard before anything happens.
    let hello = stream::once(async { Ok(Event::default().comment("all that comes out, from now on")) });
    Sse::new(hello.chain(events)).keep_alive(KeepAlive::default())
}

fn type_of(outcome: &str) -> String {
    #[derive(serde::Deserialize)]
    struct Head<'a> {
        #[serde(rename = "type", borrow)]
        type_name: std::borrow::Cow<'a, str>,
    }
    let head = serde_json::from_str::<Head<'_>>(outcome);
    // An event's name is one line.
    head.map_or_else(|_| "outcome".into(), |head| head.type_name.replace(['\r', '\n'], " "))
}

/// Returns once the program stops.
pub(super) async fn stopped(stopping: &mut watch::Receiver<bool>) {
    // An error means that whoever would tell is gone: that is a stop as well.
    let _told = stopping.wait_for(|stopping| *stopping).await.is_ok();
}

/// One part of a page: the event's name, and its HTML.
pub(super) type Part = (&'static str, String);

/// A page's parts, each sent at first and whenever its HTML is another than before.
pub(super) fn parts<F, R>(
    app: App,
    pause: Duration,
    render: F,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>>
where
    F: Fn(App) -> R + Clone + Send + 'static,
    R: Future<Output = Vec<Part>> + Send,
{
    struct Watching {
        app: App,
        changes: watch::Receiver<std::sync::Arc<crate::store::Live>>,
        stopping: watch::Receiver<bool>,
        shown: Vec<Part>,
    }
    let first =
        Watching { changes: app.handle.live_changes(), stopping: app.stopping.clone(), shown: vec![], app };
    let events = stream::unfold(first, move |mut page| {
        let render = render.clone();
        async move {
            loop {
                if !page.shown.is_empty() {
                    tokio::select! {
                        () = stopped(&mut page.stopping) => return None,
                        changed = page.changes.changed() => {
                            // The store is gone: nothing will ever change again.
                            changed.ok()?;
                            tokio::time::sleep(pause.max(GATHER)).await;
                        }
                        () = tokio::time::sleep(LOOK_AGAIN) => {}
                    }
                }
                page.changes.mark_unchanged();
                let now = render(page.app.clone()).await;
                let changed: Vec<_> = now
                    .iter()
                    .filter(|part| !page.shown.contains(part))
                    .map(|(name, html)| Ok(Event::default().event(name).data(html)))
                    .collect();
                page.shown = now;
                if !changed.is_empty() {
                    return Some((stream::iter(changed), page));
                }
            }
        }
    });
    Sse::new(events.flatten()).keep_alive(KeepAlive::default())
}
