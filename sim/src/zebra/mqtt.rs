//! The emulated reader at an MQTT broker.

use std::time::Duration;

use rumqttc::{AsyncClient, Event, MqttOptions, Packet, QoS};
use serde_json::{Value, json};
use tokio::sync::broadcast::error::RecvError;
use tokio::time::sleep;

use super::commands::Refused;
use super::{Sent, Zebra};

/// How long the reader waits before it tries the broker again.
const AGAIN: Duration = Duration::from_millis(200);

/// A broker, and where at it.
#[derive(Clone, Debug)]
pub struct Broker {
    /// Host name or address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// User and password, where it wants them.
    pub login: Option<(String, String)>,
    /// The reader's topics there.
    pub topics: Topics,
}

/// The topics of the reader's four interfaces.
#[derive(Clone, Debug)]
pub struct Topics {
    /// It listens here for management commands,
    pub management_commands: String,
    /// and answers here.
    pub management_responses: String,
    /// It listens here for control commands,
    pub control_commands: String,
    /// and answers here.
    pub control_responses: String,
    /// Its management events.
    pub management_events: String,
    /// Its tag data.
    pub data: String,
}

/// Keeps the reader at the broker.
pub(super) async fn run(reader: &Zebra, broker: &Broker) {
    loop {
        if !reader.with(|state| state.cut) {
            connection(reader, broker).await;
        }
        sleep(AGAIN).await;
    }
}

/// One connection, to its end.
async fn connection(reader: &Zebra, broker: &Broker) {
    let mut options = MqttOptions::new("FX9600F0F4B5", &broker.host, broker.port);
    options.set_keep_alive(Duration::from_secs(5)).set_max_packet_size(8 << 20, 8 << 20);
    if let Some((user, password)) = &broker.login {
        options.set_credentials(user, password);
    }
    let (client, mut events) = AsyncClient::new(options, 64);
    let mut sent = reader.out.subscribe();
    let topics = &broker.topics;
    let carry = async {
        loop {
            let (topic, keep, bytes) = match sent.recv().await {
                Ok(Sent::Data { bytes, keep }) => (&topics.data, keep, bytes),
                Ok(Sent::Event(bytes)) => (&topics.management_events, false, bytes),
                Ok(Sent::Cut) | Err(RecvError::Closed) => return,
                Err(RecvError::Lagged(_)) => continue,
            };
            if client.publish(topic, QoS::AtMostOnce, keep, bytes).await.is_err() {
                return;
            }
        }
    };
    let serve = async {
        while let Ok(event) = events.poll().await {
            match event {
                Event::Incoming(Packet::ConnAck(_)) => {
                    for topic in [&topics.management_commands, &topics.control_commands] {
                        if client.try_subscribe(topic, QoS::AtLeastOnce).is_err() {
                            return;
                        }
                    }
                    let retained: Vec<Vec<u8>> = reader.with(|state| {
                        state.lines += 1;
                        state.retained.drain(..).collect()
                    });
                    let (client, topic) = (client.clone(), topics.data.clone());
                    tokio::spawn(async move {
                        for bytes in retained {
                            if client.publish(&topic, QoS::AtMostOnce, false, bytes).await.is_err() {
                                return;
                            }
                        }
                    });
                }
                Event::Incoming(Packet::Publish(command)) => {
                    let control = command.topic == topics.control_commands;
                    let topic =
                        if control { &topics.control_responses } else { &topics.management_responses };
                    if let Some(answer) = answer(reader, &command.payload) {
                        // A full pipe loses an answer, as a reader's does.
                        let _ = client.try_publish(topic, QoS::AtLeastOnce, false, answer);
                    }
                }
                _ => {}
            }
        }
    };
    tokio::select! {
        () = carry => {}
        () = serve => {}
    }
    reader.with(|state| state.lines = state.lines.saturating_sub(1));
}

/// The answer to a command; none to what is none, and none from a reader that hangs.
fn answer(reader: &Zebra, bytes: &[u8]) -> Option<String> {
    let asked: Value = serde_json::from_slice(bytes).ok()?;
    let command = asked.get("command")?.as_str()?;
    let payload = asked.get("payload").cloned().unwrap_or_default();
    let (word, payload) = match reader.command(command, &payload)? {
        Ok(payload) => ("success", payload),
        Err(Refused(code, message)) => ("failure", json!({"code": code, "message": message})),
    };
    let id = asked.get("command_id").cloned().unwrap_or_default();
    Some(json!({"command": command, "command_id": id, "response": word, "payload": payload}).to_string())
}
