//! The emulated reader's HTTP interface and WebSocket.

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Request, State as Held};
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, put};
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::sync::broadcast::error::RecvError;

use super::commands::Refused;
use super::{Sent, Zebra};

pub(super) fn router(reader: Zebra) -> Router {
    let ask = |command: &'static str| {
        move |Held(reader): Held<Zebra>, body: Bytes| async move { carried_out(&reader, command, &body).await }
    };
    Router::new()
        .route("/cloud/version", get(ask("get_version")))
        .route("/cloud/status", get(ask("get_status")))
        .route("/cloud/region", get(ask("get_region")))
        .route("/cloud/gpi", get(ask("get_gpiStatus")))
        .route("/cloud/gpo", get(ask("get_gpoStatus")).put(ask("set_gpo")))
        .route("/cloud/mode", get(ask("get_mode")).put(ask("set_mode")))
        .route("/cloud/start", put(ask("start")))
        .route("/cloud/stop", put(ask("stop")))
        .route("/ws", any(socket))
        .layer(middleware::from_fn_with_state(reader.clone(), admit))
        .route("/cloud/localRestLogin", get(login))
        .with_state(reader)
}

fn token(number: u64) -> String {
    format!("eyJhbGciOiJIUzI1NiJ9.{number}")
}

/// Gives a token for the right password.
async fn login(Held(reader): Held<Zebra>, request: Request) -> Response {
    let login = crate::web::basic_login(&request);
    let (known, number) = reader.with(|state| {
        let ours = (state.settings.user.clone(), state.settings.password.clone());
        (login == Some(ours), state.tokens)
    });
    if known {
        Json(json!({"code": 0, "message": token(number)})).into_response()
    } else {
        (StatusCode::UNAUTHORIZED, Json(json!({"code": 401, "message": "Invalid login"}))).into_response()
    }
}

/// Lets in who has a token; a reader that hangs lets everybody wait.
async fn admit(Held(reader): Held<Zebra>, request: Request, next: Next) -> Response {
    while reader.with(|state| state.hangs || state.cut) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let wanted = format!("Bearer {}", reader.with(|state| token(state.tokens)));
    let header = request.headers().get("authorization").and_then(|header| header.to_str().ok());
    if header == Some(&wanted) {
        return next.run(request).await;
    }
    (StatusCode::UNAUTHORIZED, Json(json!({"code": 401, "message": "Invalid token"}))).into_response()
}

async fn carried_out(reader: &Zebra, command: &str, body: &[u8]) -> Response {
    let payload: Value = if body.is_empty() {
        json!({})
    } else {
        match serde_json::from_slice(body) {
            Ok(payload) => payload,
            Err(_) => return StatusCode::BAD_REQUEST.into_response(),
        }
    };
    match reader.command(command, &payload) {
        Some(Ok(answer)) if answer == json!({}) => StatusCode::OK.into_response(),
        Some(Ok(answer)) => Json(answer).into_response(),
        Some(Err(Refused(code, message))) => {
            (StatusCode::UNPROCESSABLE_ENTITY, Json(json!({"code": code, "message": message})))
                .into_response()
        }
        None => StatusCode::GATEWAY_TIMEOUT.into_response(),
    }
}

async fn socket(Held(reader): Held<Zebra>, upgrade: WebSocketUpgrade) -> Response {
    upgrade.on_upgrade(move |socket| talk(reader, socket))
}

/// Sends all that the reader has to tell, until either end has enough.
async fn talk(reader: Zebra, mut socket: WebSocket) {
    let mut sent = reader.out.subscribe();
    let retained: Vec<Vec<u8>> = reader.with(|state| {
        state.lines += 1;
        state.retained.drain(..).collect()
    });
    let text = |bytes: Vec<u8>| match String::from_utf8(bytes) {
        Ok(text) => Message::Text(text.into()),
        Err(error) => Message::Binary(error.into_bytes().into()),
    };
    let mut alive = true;
    for bytes in retained {
        alive = alive && socket.send(text(bytes)).await.is_ok();
    }
    while alive {
        alive = tokio::select! {
            sent = sent.recv() => match sent {
                Ok(Sent::Data { bytes, .. } | Sent::Event(bytes)) => socket.send(text(bytes)).await.is_ok(),
                Err(RecvError::Lagged(_)) => true,
                Ok(Sent::Cut) | Err(RecvError::Closed) => false,
            },
            heard = socket.recv() => matches!(heard, Some(Ok(_))),
        };
    }
    reader.with(|state| state.lines = state.lines.saturating_sub(1));
}
