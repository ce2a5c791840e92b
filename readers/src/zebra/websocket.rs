//! A reader by its own WebSocket, where its data comes, and its local HTTP interface, where it takes commands.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use hyper::Method;
use hyper::header::AUTHORIZATION;
use serde_json::{Value, json};
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{self, error::CapacityError};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use super::{ANSWER, Message, Refusal, WAITING};
use crate::http::{Answer, Client, Wire};
use crate::{Login, Tls};

/// What a message may hold at most. Readers report at most 256 KB at once.
const MOST_MESSAGE: usize = 1024 * 1024;

/// The way of commands. Clones are the same way.
#[derive(Clone)]
pub(super) struct Commands {
    /// With the password.
    door: Client,
    /// With the token that the password was good for.
    inside: Arc<Mutex<Client>>,
}

/// Logs in and opens the reader's WebSocket; what comes there comes out of the receiver.
pub(super) async fn open(
    address: &str,
    tls: Option<&Tls>,
    login: Option<&Login>,
) -> Result<(Commands, mpsc::Receiver<Message>, JoinHandle<()>), String> {
    let door = Client::new(address, tls, login)?;
    let inside = enter(&door).await?;
    let late = || Err(format!("{address} does not open its WebSocket within {ANSWER:?}"));
    let mut socket = tokio::time::timeout(ANSWER, socket(&inside)).await.unwrap_or_else(|_| late())?;
    let (out, messages) = mpsc::channel(WAITING);
    let pump = tokio::spawn(async move {
        loop {
            let message = match socket.next().await {
                Some(Ok(tungstenite::Message::Text(text))) => payload(text.as_bytes()),
                Some(Ok(tungstenite::Message::Binary(bytes))) => payload(&bytes),
                Some(Ok(tungstenite::Message::Close(_))) | None => {
                    Message::Over("the reader closed its WebSocket".into())
                }
                Some(Ok(_)) => continue,
                Some(Err(tungstenite::Error::Capacity(CapacityError::MessageTooLong { size, .. }))) => {
                    Message::Over(format!("a message of {size} bytes on its WebSocket, which is too long"))
                }
                Some(Err(error)) => Message::Over(format!("its WebSocket broke: {error}")),
            };
            let over = matches!(message, Message::Over(_));
            if out.send(message).await.is_err() || over {
                return;
            }
        }
    });
    Ok((Commands { door, inside: Arc::new(Mutex::new(inside)) }, messages, pump))
}

fn payload(bytes: &[u8]) -> Message {
    Message::Payload { bytes: bytes.to_vec(), kept: false }
}

/// The token that the reader gives for the password.
async fn enter(door: &Client) -> Result<Client, String> {
    let answer = door.ask(Method::GET, "/cloud/localRestLogin", None, ANSWER).await?.yes("the login")?;
    let token = answer.get("message").and_then(Value::as_str).or_else(|| answer.as_str()).map(str::trim);
    match token.filter(|token| !token.is_empty()) {
        Some(token) => Ok(door.with_token(token)),
        None => Err("it gives no token for our login; is this a reader with Zebra's IoT Connector?".into()),
    }
}

async fn socket(inside: &Client) -> Result<WebSocketStream<Box<dyn Wire>>, String> {
    let wire = inside.dial().await?;
    let request = format!("ws://{}/ws", inside.authority()).into_client_request();
    let mut request = request.map_err(|error| error.to_string())?;
    if let Some(token) = inside.authorization() {
        request.headers_mut().insert(AUTHORIZATION, token.clone());
    }
    let config =
        WebSocketConfig::default().max_message_size(Some(MOST_MESSAGE)).max_frame_size(Some(MOST_MESSAGE));
    match client_async_with_config(request, wire, Some(config)).await {
        Ok((socket, _)) => Ok(socket),
        Err(tungstenite::Error::Http(response)) => {
            let answer = Answer { status: response.status().as_u16(), body: Value::Null };
            let helps = "give it a WebSocket endpoint for its data in its IoT Connector settings";
            Err(format!("{}; {helps}", answer.refusal("a WebSocket")))
        }
        Err(error) => Err(format!("no WebSocket: {error}")),
    }
}

impl Commands {
    /// Carries out a command and gives the reader's answer to it.
    pub(super) async fn ask(
        &self,
        command: &str,
        payload: &Value,
        within: Duration,
    ) -> Result<Value, Refusal> {
        let (method, path) = match command {
            "get_version" => (Method::GET, "/cloud/version"),
            "get_status" => (Method::GET, "/cloud/status"),
            "get_region" => (Method::GET, "/cloud/region"),
            "get_mode" => (Method::GET, "/cloud/mode"),
            "get_gpiStatus" => (Method::GET, "/cloud/gpi"),
            "set_mode" => (Method::PUT, "/cloud/mode"),
            "set_gpo" => (Method::PUT, "/cloud/gpo"),
            "start" => (Method::PUT, "/cloud/start"),
            "stop" => (Method::PUT, "/cloud/stop"),
            other => return Err(Refusal::Said(format!("{other} has no place in its HTTP interface"))),
        };
        let empty = method == Method::GET || *payload == json!({});
        let body = (!empty).then_some(payload);
        let asking = async {
            let inside = self.inside.lock().await.clone();
            let answer = inside.ask(method.clone(), path, body, within).await?;
            if answer.status != 401 {
                return Ok(answer);
            }
            // Tokens grow old.
            let anew = enter(&self.door).await?;
            *self.inside.lock().await = anew.clone();
            anew.ask(method, path, body, within).await
        };
        let answer: Result<Answer, String> =
            tokio::time::timeout(within, asking).await.map_err(|_| Refusal::Silence(within))?;
        match answer {
            Err(why) => Err(Refusal::Broken(why)),
            Ok(answer) => answer.yes(command).map_err(Refusal::Said),
        }
    }
}
