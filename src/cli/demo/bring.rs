//! Carries what the emulated cameras, beams and cards say to the store's HTTP interface, as a camera pipeline would, and
//! what shoppers say at the kiosk and staff do on their view, as those pages do.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::body::Bytes;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use recording::{Line, Observation, write_line};
use tokio::sync::mpsc;

use crate::store::Clock;

/// Lines in one request at most.
const MOST_LINES: usize = 500;
/// What the store knows of the world may be this old, store's time: beyond it people have walked on by a step or two.
const MOST_LATE: Duration = Duration::from_millis(1_500);
/// How often it is said that it is older.
const SAYS_AGAIN: Duration = Duration::from_secs(10);

/// Runs until the world ends or the store stops answering for good.
pub(super) async fn all(mut lines: mpsc::Receiver<Line>, store: SocketAddr, clock: Clock) {
    let client = Client::builder(TokioExecutor::new()).build_http();
    let (mut waiting, mut said) = (Vec::new(), None::<Instant>);
    while lines.recv_many(&mut waiting, MOST_LINES).await > 0 {
        let mut body = Vec::new();
        let oldest = waiting.iter().filter_map(|line: &Line| line.received_at).min();
        for line in waiting.drain(..) {
            if let Some((what, said)) = by_hand(&line.what) {
                // What the shopper saw before holding out the card was sent before the card is.
                post(&client, store, "observations", std::mem::take(&mut body)).await;
                post(&client, store, &what, said.to_string().into_bytes()).await;
            } else if let Err(error) = write_line(&mut body, &line) {
                tracing::error!(%error, "an observation could not be written");
            }
        }
        post(&client, store, "observations", body).await;
        let late = oldest.map_or(Duration::ZERO, |oldest| clock.now().since(oldest));
        if late > MOST_LATE && said.is_none_or(|said| said.elapsed() > SAYS_AGAIN) {
            said = Some(Instant::now());
            tracing::warn!(
                "the emulated store lags: what its cameras see is {:.1} s old when it is taken in; choose a lower --speed",
                late.as_secs_f64()
            );
        }
    }
}

/// What people do, who have an address of their own for it: that, and what is sent there.
fn by_hand(what: &Observation) -> Option<(String, serde_json::Value)> {
    match what {
        Observation::Tap(tap) => Some((
            format!("terminals/{}/tap", tap.terminal),
            serde_json::json!({ "card": tap.card, "outcome": tap.outcome }),
        )),
        Observation::Answer(answer) => Some((
            format!("lanes/{}/answer", answer.lane),
            serde_json::json!({ "says": answer.says, "gtin": answer.gtin, "serial": answer.serial }),
        )),
        Observation::Staff(staff) => Some(("staff".into(), serde_json::to_value(staff).unwrap_or_default())),
        _ => None,
    }
}

async fn post(client: &Client<HttpConnector, Full<Bytes>>, store: SocketAddr, what: &str, body: Vec<u8>) {
    if body.is_empty() {
        return;
    }
    let kind = if what == "observations" { "application/x-ndjson" } else { "application/json" };
    let request = Request::post(format!("http://{store}/api/v1/{what}"))
        .header("content-type", kind)
        .body(Full::new(Bytes::from(body)));
    let Ok(request) = request else { return };
    match tokio::time::timeout(Duration::from_secs(10), client.request(request)).await {
        Ok(Ok(response)) if response.status().is_success() => drop(response.into_body().collect().await),
        Ok(Ok(response)) => {
            let status = response.status();
            let text = response.into_body().collect().await.map(|body| body.to_bytes()).unwrap_or_default();
            tracing::warn!(%status, what, text = %String::from_utf8_lossy(&text), "the store did not take it");
        }
        // It lives in this program: it is stopping.
        Ok(Err(error)) if error.is_connect() => tracing::debug!(%error, what, "the store is gone"),
        Ok(Err(error)) => tracing::warn!(%error, what, "the store did not answer"),
        Err(_) => tracing::warn!(what, "the store took longer than 10 s to answer"),
    }
}
