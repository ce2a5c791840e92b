//! A reader by way of an MQTT broker: commands out, answers found by their id, everything else handed on.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rumqttc::{
    AsyncClient, ConnectReturnCode, ConnectionError, Event, EventLoop, MqttOptions, Packet, Publish, QoS,
    SubscribeFilter, SubscribeReasonCode, TlsConfiguration, Transport,
};
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use super::{Message, Refusal, WAITING};
use crate::http::split;
use crate::{Login, Reader, Tls, Topics, tls};

/// What a packet may hold at most. Readers report at most 256 KB at once.
const MOST_PACKET: usize = 1024 * 1024;
/// A broker that says nothing for so long is gone.
const KEEP_ALIVE: Duration = Duration::from_secs(10);
/// How long the connection to the broker may take.
const CONNECT_S: u64 = 10;
/// Requests on their way to the broker.
const REQUESTS: usize = 32;

type Waiting = Arc<Mutex<HashMap<String, oneshot::Sender<Value>>>>;

/// The way of commands. Clones are the same way.
#[derive(Clone)]
pub(super) struct Commands {
    client: AsyncClient,
    topics: Topics,
    waiting: Waiting,
    /// What our commands' ids begin with: no two stores share it.
    name: String,
    next: Arc<AtomicU64>,
}

/// Connects to the broker and listens to the reader's topics; what comes there comes out of the receiver.
pub(super) async fn open(
    reader: &Reader,
    (broker, tls, login, topics): (&str, Option<&Tls>, Option<&Login>, &Topics),
    started_us: i64,
) -> Result<(Commands, mpsc::Receiver<Message>, JoinHandle<()>), String> {
    let (host, port) = split(broker, if tls.is_some() { 8883 } else { 1883 })
        .ok_or_else(|| format!("`{broker}` is no address; write `host`, `host:port` or `[IPv6]:port`"))?;
    let name = format!("portico-{}-{started_us:x}", reader.id);
    let mut options = MqttOptions::new(&name, host, port);
    options.set_keep_alive(KEEP_ALIVE).set_clean_session(true).set_max_packet_size(MOST_PACKET, MOST_PACKET);
    if let Some(login) = login {
        options.set_credentials(&login.user, &login.password);
    }
    if let Some(tls) = tls {
        let config = tls::client(tls).map_err(|error| error.to_string())?;
        options.set_transport(Transport::tls_with_config(TlsConfiguration::Rustls(config)));
    }
    let (client, mut events) = AsyncClient::new(options, REQUESTS);
    events.network_options.set_connection_timeout(CONNECT_S);
    let failed = |error: &ConnectionError| format!("MQTT broker {broker}: {}", explain(error));
    expect(&mut events, |packet| matches!(packet, Packet::ConnAck(_)).then_some(()))
        .await
        .map_err(|e| failed(&e))?;
    let mut filters = vec![
        &topics.management_responses,
        &topics.control_responses,
        &topics.management_events,
        &topics.data,
    ];
    filters.sort();
    filters.dedup();
    let filters = filters.into_iter().map(|topic| SubscribeFilter::new(topic.clone(), QoS::AtLeastOnce));
    let asked = client.subscribe_many(filters).await;
    asked.map_err(|error| format!("MQTT broker {broker}: {error}"))?;
    let codes = expect(&mut events, |packet| match packet {
        Packet::SubAck(subscribed) => Some(subscribed.return_codes.clone()),
        _ => None,
    });
    if codes.await.map_err(|e| failed(&e))?.contains(&SubscribeReasonCode::Failure) {
        return Err(format!(
            "MQTT broker {broker} does not let us listen to the reader's topics; check its rights"
        ));
    }
    let waiting = Waiting::default();
    let commands = Commands {
        client,
        topics: topics.clone(),
        waiting: Arc::clone(&waiting),
        name,
        next: Arc::default(),
    };
    let (out, messages) = mpsc::channel(WAITING);
    let broker = broker.to_owned();
    let answers = [topics.management_responses.clone(), topics.control_responses.clone()];
    let pump = tokio::spawn(async move {
        loop {
            match events.poll().await {
                Ok(Event::Incoming(Packet::Publish(publish))) => {
                    if answers.contains(&publish.topic) && answer(&waiting, &publish) {
                        continue;
                    }
                    let message = Message::Payload { bytes: publish.payload.to_vec(), kept: publish.retain };
                    if out.send(message).await.is_err() {
                        return;
                    }
                }
                Ok(_) => {}
                Err(error) => {
                    let reason = format!("MQTT broker {broker}: {}", explain(&error));
                    let _ = out.send(Message::Over(reason)).await;
                    return;
                }
            }
        }
    });
    Ok((commands, messages, pump))
}

/// Waits for a packet of a kind.
async fn expect<T>(
    events: &mut EventLoop,
    wanted: impl Fn(&Packet) -> Option<T>,
) -> Result<T, ConnectionError> {
    loop {
        if let Event::Incoming(packet) = events.poll().await?
            && let Some(found) = wanted(&packet)
        {
            return Ok(found);
        }
    }
}

/// Hands an answer to whoever waits for it; whether it was one.
fn answer(waiting: &Waiting, publish: &Publish) -> bool {
    let Ok(answer) = serde_json::from_slice::<Value>(&publish.payload) else { return false };
    let Some(id) = answer.get("command_id").and_then(Value::as_str).map(str::to_owned) else { return false };
    // Where nobody waits it came too late, or another client asked: neither is news.
    if let Some(waiter) = waiting.lock().unwrap_or_else(PoisonError::into_inner).remove(&id) {
        let _ = waiter.send(answer);
    }
    true
}

impl Commands {
    /// Sends a command and waits for the reader's answer to it: its payload.
    pub(super) async fn ask(
        &self,
        command: &str,
        payload: Value,
        within: Duration,
    ) -> Result<Value, Refusal> {
        let id = format!("{}-{}", self.name, self.next.fetch_add(1, Ordering::Relaxed));
        let control = matches!(command, "set_mode" | "get_mode" | "start" | "stop");
        let topic = if control { &self.topics.control_commands } else { &self.topics.management_commands };
        let text = json!({"command": command, "command_id": id, "payload": payload}).to_string();
        let (waiter, answered) = oneshot::channel();
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).insert(id.clone(), waiter);
        let asking = async {
            self.client.publish(topic, QoS::AtLeastOnce, false, text).await.ok()?;
            answered.await.ok()
        };
        let answer = tokio::time::timeout(within, asking).await.ok().flatten();
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
        let Some(answer) = answer else { return Err(Refusal::Silence(within)) };
        let payload = answer.get("payload").cloned().unwrap_or_default();
        match answer.get("response").and_then(Value::as_str) {
            Some("success") => Ok(payload),
            word => {
                let said = crate::http::said(&payload);
                let said = if said.is_empty() { word.unwrap_or("no reason given").to_owned() } else { said };
                Err(Refusal::Said(format!("it refuses {command}: {said}")))
            }
        }
    }

    /// Leaves the broker.
    pub(super) async fn leave(&self) {
        let _ = self.client.disconnect().await;
    }
}

/// What went wrong with a broker, and what helps.
fn explain(error: &ConnectionError) -> String {
    match error {
        ConnectionError::ConnectionRefused(
            ConnectReturnCode::BadUserNamePassword | ConnectReturnCode::NotAuthorized,
        ) => "it refuses our login; check `user` and the password".into(),
        ConnectionError::Io(error) if error.kind() == std::io::ErrorKind::ConnectionRefused => {
            "it refused the connection; check the address and that the broker runs".into()
        }
        ConnectionError::Io(error) => match tls::explain(error) {
            Some(words) => words,
            None => format!("the connection broke: {error}"),
        },
        ConnectionError::NetworkTimeout | ConnectionError::FlushTimeout => {
            "it does not answer; check power, cable, address and firewall".into()
        }
        ConnectionError::MqttState(error) => format!("the connection broke: {error}"),
        other => other.to_string(),
    }
}
