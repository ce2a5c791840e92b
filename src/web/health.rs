//! `/healthz` (the program is alive), `/readyz` (the store can sell), `/metrics` (for Prometheus).

use std::collections::BTreeMap;
use std::sync::OnceLock;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use recording::{Health, Name};
use serde::Serialize;

use super::App;
use crate::store::Live;

pub(super) async fn healthz() -> &'static str {
    "alive\n"
}

/// Whether the store can sell, and by which lanes.
#[derive(Debug, Serialize)]
struct Ready {
    ready: bool,
    /// Why not.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    reasons: Vec<String>,
    /// By lane: whether at least one of its readers is there.
    lanes: BTreeMap<Name, bool>,
}

pub(super) async fn readyz(State(app): State<App>) -> Response {
    let live = app.handle.live();
    let plan = app.handle.plan();
    let lanes: BTreeMap<Name, bool> =
        plan.lanes.iter().map(|lane| (lane.id.clone(), can_see(plan, &live, &lane.id))).collect();
    let mut reasons = Vec::new();
    if app.handle.submit.is_closed() || *app.stopping.borrow() {
        reasons.push("the store is stopping, or its disk refused".to_owned());
    }
    if !lanes.is_empty() && lanes.values().all(|sees| !sees) {
        reasons.push("no lane has a reader that is up".to_owned());
    }
    let ready = reasons.is_empty();
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, axum::Json(Ready { ready, reasons, lanes })).into_response()
}

/// Whether a lane has a reader that is not down; a lane for which none is configured lives on what others send.
pub(super) fn can_see(plan: &engine::Plan, live: &Live, lane: &str) -> bool {
    let mut readers = plan.antennas.iter().filter(|antenna| &*antenna.zone == lane).peekable();
    readers.peek().is_none()
        || readers.any(|antenna| {
            live.readers.get(&antenna.reader).is_some_and(|reader| reader.state != Health::Down)
        })
}

/// The program's one recorder. Where another was installed before, these figures stay empty and nothing else suffers.
fn recorder() -> &'static PrometheusHandle {
    static RECORDER: OnceLock<PrometheusHandle> = OnceLock::new();
    RECORDER.get_or_init(|| {
        let recorder = PrometheusBuilder::new().build_recorder();
        let handle = recorder.handle();
        if metrics::set_global_recorder(recorder).is_err() {
            tracing::warn!("another metrics recorder is installed: /metrics shows nothing");
        }
        handle
    })
}

/// Installs the recorder and says what is measured.
pub(super) fn describe() {
    recorder();
    metrics::describe_counter!("portico_http_requests_total", "HTTP requests by path, method and status");
    metrics::describe_histogram!("portico_http_request_seconds", "Time to the head of the answer, seconds");
    metrics::describe_counter!("portico_lines_total", "Lines taken in since the start");
    metrics::describe_counter!("portico_outcomes_total", "What came out since the start, by type");
    metrics::describe_counter!("portico_receipts_paid_total", "Receipts paid since the start");
    metrics::describe_counter!("portico_reads_total", "Tag reads since the start, by reader");
    metrics::describe_gauge!("portico_reader_up", "1 up, 0.5 degraded, 0 down");
    metrics::describe_gauge!(
        "portico_reads_per_second",
        "Tag reads a second over the last seconds, by reader"
    );
}

pub(super) async fn metrics(State(app): State<App>) -> Response {
    let live = app.handle.live();
    metrics::counter!("portico_lines_total").absolute(live.lines);
    metrics::counter!("portico_receipts_paid_total").absolute(live.receipts_paid);
    for (name, count) in &live.outcomes {
        metrics::counter!("portico_outcomes_total", "type" => *name).absolute(*count);
    }
    for (name, reader) in &live.readers {
        let name = name.to_string();
        let up = match reader.state {
            Health::Up => 1.0,
            Health::Degraded => 0.5,
            Health::Down => 0.0,
        };
        metrics::counter!("portico_reads_total", "reader" => name.clone()).absolute(reader.reads);
        metrics::gauge!("portico_reader_up", "reader" => name.clone()).set(up);
        metrics::gauge!("portico_reads_per_second", "reader" => name)
            .set(reader.reads_per_s(app.handle.now()));
    }
    let recorder = recorder();
    recorder.run_upkeep();
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], recorder.render()).into_response()
}
