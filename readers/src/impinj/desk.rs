//! What is asked of a reader over HTTP, and how its answers are understood. One request at a time; never waits for events.

use std::time::Duration;

use hyper::Method;
use serde_json::{Value, json};

use super::preset;
use crate::http::{Answer, Client};
use crate::json::{self, brief, instant, whole};
use crate::station::Told;
use crate::{Link, Reader};

/// How long a request may take, connecting included.
pub(super) const ANSWER: Duration = Duration::from_secs(10);
/// The reader is asked to send at least an empty line this often.
const KEEP_ALIVE_S: u64 = 3;

/// The reader's requests.
#[derive(Clone)]
pub(super) struct Desk {
    /// Where and who.
    pub(super) client: Client,
}

/// How a reader is.
pub(super) struct Status {
    /// What its clock shows.
    pub(super) clock: Option<json::Instant>,
    /// `idle`, `running`, `armed`.
    pub(super) state: String,
    /// The preset that runs.
    pub(super) preset: Option<String>,
}

impl Status {
    /// Whose inventory runs, if not ours.
    pub(super) fn other(&self, ours: &str) -> Option<String> {
        let runs = self.state == "running" || self.state == "armed";
        let other = runs && self.preset.as_deref() != Some(ours);
        other.then(|| self.preset.clone().unwrap_or_else(|| "without a name".into()))
    }
}

impl Desk {
    /// Of a reader that is reached over HTTP.
    pub(super) fn of(reader: &Reader) -> Result<Desk, String> {
        let Link::Http { address, tls, login } = &reader.link else {
            return Err("this driver needs an HTTP address: set `address` in the configuration".into());
        };
        Ok(Desk { client: Client::new(address, tls.as_ref(), login.as_ref())? })
    }

    async fn ask(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Answer, String> {
        self.client.ask(method, &format!("/api/v1{path}"), body, ANSWER).await
    }

    /// What stands at a place.
    pub(super) async fn get(&self, path: &str) -> Result<Value, String> {
        self.ask(Method::GET, path, None).await?.yes(path)
    }

    /// How the reader is, and its time.
    pub(super) async fn status(&self) -> Result<Status, String> {
        let status = self.get("/status").await?;
        let text = |name: &str| status.get(name).and_then(Value::as_str);
        if text("interface").is_some_and(|interface| interface.eq_ignore_ascii_case("llrp")) {
            return Err("its RFID interface is set to LLRP; set it to the IoT device interface, or use `driver = \"llrp\"`".into());
        }
        if text("status") == Some("no region") {
            return Err("no radio region is set in it; set one on its own pages".into());
        }
        let preset = status.pointer("/activePreset/id").and_then(Value::as_str);
        Ok(Status {
            clock: instant(status.get("time")),
            state: text("status").unwrap_or("idle").to_owned(),
            preset: preset.map(brief),
        })
    }

    /// Has the reader send empty lines where it has nothing to tell; whether it will.
    pub(super) async fn keep_alive(&self) -> Result<(), String> {
        let mut stream = self.get("/http-stream").await?;
        let now = stream.get("keepAliveIntervalSeconds").and_then(Value::as_u64).unwrap_or(0);
        if (1..=KEEP_ALIVE_S).contains(&now) {
            return Ok(());
        }
        let settings = stream.as_object_mut().ok_or("its stream settings are no JSON object")?;
        settings.insert("keepAliveIntervalSeconds".into(), KEEP_ALIVE_S.into());
        self.ask(Method::PUT, "/http-stream", Some(&stream)).await?.yes("keep-alives on its stream").map(drop)
    }

    /// The preset that the reader ships with: its ports, and powers and modes that its region permits.
    pub(super) async fn own_preset(&self) -> Value {
        self.get("/profiles/inventory/presets/default").await.unwrap_or_default()
    }

    /// Puts our preset on the reader; why it goes without the finer fields, where it does.
    pub(super) async fn put_preset(&self, reader: &Reader, own: &Value) -> Result<Option<String>, String> {
        let path = format!("/profiles/inventory/presets/{}", preset::name(reader));
        let answer = self.ask(Method::PUT, &path, Some(&preset::preset(reader, own, true))).await?;
        if answer.is_yes() {
            return Ok(None);
        }
        let why = answer.refusal("the preset");
        if answer.status != 400 {
            return Err(why);
        }
        let answer = self.ask(Method::PUT, &path, Some(&preset::preset(reader, own, false))).await?;
        answer.yes("the preset")?;
        Ok(Some(why))
    }

    /// Starts our preset, stopping whatever runs.
    pub(super) async fn start(&self, reader: &Reader) -> Result<(), String> {
        let path = format!("/profiles/inventory/presets/{}/start", preset::name(reader));
        let answer = self.ask(Method::POST, &path, None).await?;
        if answer.status != 409 {
            return answer.yes("the start of the inventory").map(drop);
        }
        self.stop().await?;
        self.ask(Method::POST, &path, None).await?.yes("the start of the inventory").map(drop)
    }

    /// Stops whatever runs.
    pub(super) async fn stop(&self) -> Result<(), String> {
        let answer = self.ask(Method::POST, "/profiles/stop", None).await?;
        // Nothing runs: just what was wanted.
        if answer.status == 409 { Ok(()) } else { answer.yes("the stop of the inventory").map(drop) }
    }

    /// Has the reader tell of its contacts, and asks how they are now.
    pub(super) async fn watch_inputs(&self, reader: &Reader) -> Result<Vec<Told>, String> {
        let ports: Vec<Value> = reader
            .inputs
            .iter()
            .map(|input| json!({"gpi": input.port, "enabled": true, "debounceMilliseconds": 20}))
            .collect();
        let body = json!({"gpiConfigurations": ports, "gpiTransitionEvents": "enabled"});
        self.ask(Method::PUT, "/device/gpis", Some(&body)).await?.yes("events of its input contacts")?;
        let now = self.get("/device/gpis").await?;
        let contacts = now.get("gpiConfigurations").and_then(Value::as_array);
        let level = |gpi: &Value| {
            let high = gpi.get("state")?.as_str()?.eq_ignore_ascii_case("high");
            Some(Told::Input { port: whole(gpi.get("gpi"))?, high, seen_us: None })
        };
        Ok(contacts.into_iter().flatten().filter_map(level).collect())
    }
}
