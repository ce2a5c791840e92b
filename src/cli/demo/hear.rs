//! Listens to the store's stream for what it says of gates, as a gate's own controller would, and passes it on to the
//! emulated store. Never asks for anything else.

use std::net::SocketAddr;
use std::time::Duration;

use http_body_util::{BodyExt, Empty};
use hyper::Request;
use hyper::body::Bytes;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use recording::Gate;
use tokio::sync::mpsc;

/// Before the stream is asked for anew.
const BREATH: Duration = Duration::from_millis(200);
/// Bytes of one event that are kept: far more than a gate's word has.
const LONGEST: usize = 64 << 10;

/// Runs until nobody listens to gates any more.
pub(super) async fn gates(store: SocketAddr, gates: mpsc::Sender<Gate>) {
    while !gates.is_closed() {
        if let Err(error) = stream(store, &gates).await {
            tracing::debug!(%error, "the store's stream broke off");
        }
        tokio::time::sleep(BREATH).await;
    }
}

async fn stream(store: SocketAddr, gates: &mpsc::Sender<Gate>) -> anyhow::Result<()> {
    let client = Client::builder(TokioExecutor::new()).build_http();
    let request = Request::get(format!("http://{store}/api/v1/stream")).body(Empty::<Bytes>::new())?;
    let mut body = client.request(request).await?.into_body();
    let mut events = Events::default();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame?.into_data() else { continue };
        for gate in events.take(&data) {
            if gates.send(gate).await.is_err() {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// Server-sent events, as far as they have come.
#[derive(Default)]
struct Events {
    line: Vec<u8>,
    is_gate: bool,
}

impl Events {
    /// What gates said in these bytes.
    fn take(&mut self, bytes: &[u8]) -> Vec<Gate> {
        let mut said = Vec::new();
        for &byte in bytes {
            if byte != b'\n' {
                if self.line.len() < LONGEST {
                    self.line.push(byte);
                }
                continue;
            }
            let line = std::mem::take(&mut self.line);
            if let Some(event) = line.strip_prefix(b"event:") {
                self.is_gate = event.trim_ascii() == b"gate";
            } else if let Some(data) = line.strip_prefix(b"data:")
                && self.is_gate
                && let Ok(gate) = serde_json::from_slice(data)
            {
                said.push(gate);
            } else if line.is_empty() {
                self.is_gate = false;
            }
        }
        said
    }
}
