//! The emulated reader's HTTP interface.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{Path, Request, State as Held};
use axum::http::{StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use futures_util::stream;
use serde_json::{Value, json};

use super::Impinj;

/// Radio modes of the FCC region that this reader knows.
const MODES: [u64; 9] = [0, 1, 2, 3, 4, 5, 246, 1002, 1003];

pub(super) fn router(reader: Impinj) -> Router {
    let api = Router::new()
        .route("/system", get(system))
        .route("/system/image", get(image))
        .route("/system/region", get(region))
        .route("/system/rfid/interface", get(interface).put(set_interface))
        .route("/status", get(status))
        .route("/openapi.json", get(openapi))
        .route("/http-stream", get(stream_settings).put(set_stream_settings))
        .route("/device/gpos", get(outputs).put(set_outputs))
        .route("/device/gpis", get(inputs).put(set_inputs))
        .route("/profiles", get(async || Json(json!(["inventory"]))))
        .route("/profiles/stop", post(stop))
        .route("/profiles/inventory/start", post(start_transient))
        .route("/profiles/inventory/presets", get(presets))
        .route("/profiles/inventory/presets/{id}", get(preset).put(put_preset).delete(delete_preset))
        .route("/profiles/inventory/presets/{id}/start", post(start))
        .route("/data/stream", get(listen))
        .fallback(async || Refusal::new(StatusCode::NOT_FOUND, "Not found"))
        .layer(middleware::from_fn_with_state(reader.clone(), admit))
        .with_state(reader);
    Router::new().nest("/api/v1", api)
}

/// Lets in who knows the password; a reader that hangs lets everybody wait.
async fn admit(Held(reader): Held<Impinj>, request: Request, next: Next) -> Response {
    while reader.with(|state| state.hangs) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let login = crate::web::basic_login(&request);
    let known = reader.with(|state| {
        login.is_some_and(|(user, password)| {
            user == state.settings.user && password == state.settings.password
        })
    });
    if known {
        return next.run(request).await;
    }
    let mut refusal = Refusal::new(StatusCode::UNAUTHORIZED, "Authentication required").into_response();
    let realm = header::HeaderValue::from_static("Basic realm=\"Impinj Reader\"");
    refusal.headers_mut().insert(header::WWW_AUTHENTICATE, realm);
    refusal
}

/// What the reader does not do, and why.
struct Refusal {
    status: StatusCode,
    message: &'static str,
    /// The place in the request.
    property: Option<String>,
}

impl Refusal {
    fn new(status: StatusCode, message: &'static str) -> Refusal {
        Refusal { status, message, property: None }
    }

    fn at(message: &'static str, property: impl Into<String>) -> Refusal {
        Refusal { status: StatusCode::BAD_REQUEST, message, property: Some(property.into()) }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut body = json!({"message": self.message});
        if let (Some(property), Some(body)) = (self.property, body.as_object_mut()) {
            body.insert("invalidPropertyId".into(), property.into());
        }
        (self.status, Json(body)).into_response()
    }
}

fn object(body: &[u8]) -> Result<Value, Refusal> {
    match serde_json::from_slice(body) {
        Ok(value @ Value::Object(_)) => Ok(value),
        _ => Err(Refusal::new(StatusCode::BAD_REQUEST, "Request body is not a JSON object")),
    }
}

async fn system(Held(reader): Held<Impinj>) -> Json<Value> {
    let serial = reader.with(|state| state.serial);
    Json(json!({
        "productModel": "R700", "manufacturer": "Impinj", "productDescription": "Impinj R700 RAIN RFID Reader",
        "productSku": "IPJ-R700-241", "productHla": "370-000-002", "pcba": "300-002-001", "serialNumber": serial,
    }))
}

async fn image() -> Json<Value> {
    Json(
        json!({"primaryFirmware": "8.2.0.240", "secondaryFirmware": "7.6.2.240", "buildDate": "2024-06-01T00:00:00Z"}),
    )
}

async fn region() -> Json<Value> {
    Json(json!({"operatingRegion": "FCC Part 15.247", "selectableRegions": ["FCC Part 15.247"]}))
}

async fn interface() -> Json<Value> {
    Json(json!({"rfidInterface": "rest"}))
}

async fn set_interface(body: Bytes) -> Result<StatusCode, Refusal> {
    if object(&body)?.get("rfidInterface") == Some(&json!("rest")) {
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(Refusal::at("This reader only has this interface", "#/rfidInterface"))
}

async fn openapi() -> Json<Value> {
    Json(json!({
        "swagger": "2.0", "info": {"title": "Impinj Reader API", "version": "1.7.0"},
        "definitions": {"RfMode": {"type": "integer", "enum": MODES}},
    }))
}

async fn status(Held(reader): Held<Impinj>) -> Json<Value> {
    Json(reader.with(|state| {
        let mut status = json!({
            "interface": "IoT",
            "status": if state.running.is_some() { "running" } else { "idle" },
            "time": state.clock.shows().to_string(),
            "upTime": state.began.elapsed().as_secs(),
            "serialNumber": state.serial,
            "mqttBrokerConnectionStatus": "disconnected",
        });
        if let (Some((id, _)), Some(status)) = (&state.running, status.as_object_mut()) {
            let mut active = json!({"profile": "inventory"});
            if let Some(active) = active.as_object_mut().filter(|_| !id.is_empty()) {
                active.insert("id".into(), json!(id));
            }
            status.insert("activePreset".into(), active);
        }
        status
    }))
}

async fn stream_settings(Held(reader): Held<Impinj>) -> Json<Value> {
    let keep_alive = reader.with(|state| state.keep_alive.as_secs());
    Json(json!({
        "eventBufferSize": super::MOST_BUFFERED, "eventPerSecondLimit": 0, "eventAgeLimitMinutes": 10,
        "keepAliveIntervalSeconds": keep_alive,
    }))
}

async fn set_stream_settings(Held(reader): Held<Impinj>, body: Bytes) -> Result<StatusCode, Refusal> {
    let settings = object(&body)?;
    let seconds = settings.get("keepAliveIntervalSeconds").and_then(Value::as_u64).unwrap_or(0).min(3_600);
    reader.with(|state| state.keep_alive = Duration::from_secs(seconds));
    Ok(StatusCode::NO_CONTENT)
}

fn contacts(name: &str, number: &str, levels: &BTreeMap<u16, bool>) -> Value {
    let level = |high: bool| if high { "high" } else { "low" };
    let list: Vec<Value> =
        levels.iter().map(|(port, high)| json!({number: port, "state": level(*high)})).collect();
    json!({name: list})
}

async fn outputs(Held(reader): Held<Impinj>) -> Json<Value> {
    Json(reader.with(|state| contacts("gpoConfigurations", "gpo", &state.outputs)))
}

async fn set_outputs(Held(reader): Held<Impinj>, body: Bytes) -> Result<StatusCode, Refusal> {
    let wanted = object(&body)?;
    let list = wanted.get("gpoConfigurations").and_then(Value::as_array).cloned().unwrap_or_default();
    reader.with(|state| {
        for (at, output) in list.iter().enumerate() {
            let port = output.get("gpo").and_then(Value::as_u64).and_then(|port| u16::try_from(port).ok());
            let level = output.get("state").and_then(Value::as_str);
            let known = port.and_then(|port| state.outputs.get_mut(&port));
            match (known, level) {
                (Some(output), Some("high")) => *output = true,
                (Some(output), Some("low")) => *output = false,
                _ => return Err(Refusal::at("Invalid GPO", format!("#/gpoConfigurations/{at}"))),
            }
        }
        Ok(StatusCode::NO_CONTENT)
    })
}

async fn inputs(Held(reader): Held<Impinj>) -> Json<Value> {
    Json(reader.with(|state| {
        let mut inputs = contacts("gpiConfigurations", "gpi", &state.inputs);
        let tells = if state.tells_inputs { "enabled" } else { "disabled" };
        if let Some(inputs) = inputs.as_object_mut() {
            inputs.insert("gpiTransitionEvents".into(), tells.into());
        }
        inputs
    }))
}

async fn set_inputs(Held(reader): Held<Impinj>, body: Bytes) -> Result<StatusCode, Refusal> {
    let wanted = object(&body)?;
    reader.with(|state| state.tells_inputs = wanted.get("gpiTransitionEvents") == Some(&json!("enabled")));
    Ok(StatusCode::NO_CONTENT)
}

async fn presets(Held(reader): Held<Impinj>) -> Json<Value> {
    Json(json!(reader.with(|state| state.presets.keys().cloned().collect::<Vec<_>>())))
}

fn no_such_preset() -> Refusal {
    Refusal::new(StatusCode::NOT_FOUND, "No such preset")
}

async fn preset(Held(reader): Held<Impinj>, Path(id): Path<String>) -> Result<Json<Value>, Refusal> {
    reader.with(|state| state.presets.get(&id).cloned()).map(Json).ok_or_else(no_such_preset)
}

async fn delete_preset(Held(reader): Held<Impinj>, Path(id): Path<String>) -> Result<StatusCode, Refusal> {
    reader.with(|state| state.presets.remove(&id)).map(|_| StatusCode::NO_CONTENT).ok_or_else(no_such_preset)
}

/// What is wrong with a preset: the property's place.
fn wrong(preset: &Value, antennas: u16, early: bool) -> Option<String> {
    let configs =
        preset.get("antennaConfigs").and_then(Value::as_array).filter(|configs| !configs.is_empty());
    let Some(configs) = configs else { return Some("#/antennaConfigs".into()) };
    for (at, config) in configs.iter().enumerate() {
        let number = |name: &str| config.get(name).and_then(Value::as_i64);
        let within = |name: &str, least: i64, most: i64| {
            number(name).is_some_and(|number| (least..=most).contains(&number))
        };
        let mode = config.get("rfMode").and_then(Value::as_u64);
        let search = config.get("inventorySearchMode").and_then(Value::as_str);
        let searches = [
            "single-target",
            "dual-target",
            "single-target-with-suppression",
            "single-target-b-to-a",
            "dual-target-with-b-to-a-select",
        ];
        let good = [
            ("antennaPort", within("antennaPort", 1, i64::from(antennas))),
            ("transmitPowerCdbm", within("transmitPowerCdbm", 1_000, 3_300)),
            ("rfMode", mode.is_some_and(|mode| MODES.contains(&mode))),
            ("inventorySession", within("inventorySession", 0, 3)),
            ("inventorySearchMode", search.is_some_and(|search| searches.contains(&search))),
            ("estimatedTagPopulation", within("estimatedTagPopulation", 1, 32_768)),
        ];
        if let Some((name, _)) = good.iter().find(|(_, good)| !good) {
            return Some(format!("#/antennaConfigs/{at}/{name}"));
        }
    }
    let tags = preset.pointer("/eventConfig/tagInventory").and_then(Value::as_object);
    let fine =
        ["phaseAngle", "pc"].into_iter().find(|name| tags.is_some_and(|tags| tags.contains_key(*name)));
    fine.filter(|_| early).map(|name| format!("#/eventConfig/tagInventory/{name}"))
}

fn checked(reader: &Impinj, body: &[u8]) -> Result<Value, Refusal> {
    let preset = object(body)?;
    match reader.with(|state| wrong(&preset, state.settings.antennas, state.early)) {
        None => Ok(preset),
        Some(property) => Err(Refusal::at("Invalid request", property)),
    }
}

async fn put_preset(
    Held(reader): Held<Impinj>,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<StatusCode, Refusal> {
    let preset = checked(&reader, &body)?;
    let old = reader.with(|state| state.presets.insert(id, preset));
    Ok(if old.is_some() { StatusCode::NO_CONTENT } else { StatusCode::CREATED })
}

fn begin(reader: &Impinj, id: String, preset: Value) -> Result<StatusCode, Refusal> {
    reader.with(|state| {
        if state.running.is_some() {
            return Err(Refusal::new(StatusCode::CONFLICT, "An RFID operation is already running"));
        }
        state.start(id, preset);
        Ok(StatusCode::NO_CONTENT)
    })
}

async fn start(Held(reader): Held<Impinj>, Path(id): Path<String>) -> Result<StatusCode, Refusal> {
    let preset = reader.with(|state| state.presets.get(&id).cloned()).ok_or_else(no_such_preset)?;
    begin(&reader, id, preset)
}

async fn start_transient(Held(reader): Held<Impinj>, body: Bytes) -> Result<StatusCode, Refusal> {
    let preset = checked(&reader, &body)?;
    begin(&reader, String::new(), preset)
}

async fn stop(Held(reader): Held<Impinj>) -> StatusCode {
    reader.with(super::State::stop);
    StatusCode::NO_CONTENT
}

async fn listen(Held(reader): Held<Impinj>) -> Response {
    let (kept, lines) = reader.with(super::State::listen);
    let first = (!kept.is_empty()).then_some(kept);
    let body = stream::unfold((first, lines), async |(first, mut lines)| match first {
        Some(kept) => Some((Ok::<_, Infallible>(kept), (None, lines))),
        None => lines.recv().await.map(|line| (Ok(line), (None, lines))),
    });
    let kind = [(header::CONTENT_TYPE, "application/json")];
    (kind, Body::from_stream(Box::pin(body))).into_response()
}
