//! What the emulated reader answers to commands, whichever way they came.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{State, Zebra, word};

/// Why a command is refused: the reader's code and words.
pub(super) struct Refused(pub(super) u32, pub(super) String);

impl Zebra {
    /// Carries out a command; `None` from a reader that hangs.
    pub(super) fn command(&self, command: &str, payload: &Value) -> Option<Result<Value, Refused>> {
        self.with(|state| (!state.hangs).then(|| state.command(command, payload)))
    }
}

fn levels(contacts: &BTreeMap<u16, bool>) -> Value {
    Value::Object(
        contacts.iter().map(|(port, high)| (port.to_string(), word(*high).into())).collect::<Map<_, _>>(),
    )
}

impl State {
    fn command(&mut self, command: &str, payload: &Value) -> Result<Value, Refused> {
        let done = Ok(json!({}));
        match command {
            "get_version" => Ok(json!({
                "readerApplication": "3.28.18.0", "radioApi": "2.2.8.2", "radioFirmware": "2.1.14.0",
                "radioControlApplication": "1.0.0", "readerOS": "3.22.1.0", "model": "FX9600",
                "serialNumber": "84248DF0F4B5",
            })),
            "get_status" => Ok(json!({
                "uptime": format!("0 days 00:00:{:02}", self.began.elapsed().as_secs() % 60),
                // To the second, as the real reader tells it.
                "systemTime": format!("{}+00:00", self.stamp().get(..19).unwrap_or_default()),
                "radioConnection": "connected",
                "antennas": self.antenna_words(),
                "temperature": 31,
                "radioActivitiy": if self.active { "active" } else { "inactive" },
                "powerSource": "DC",
            })),
            "get_region" => Ok(json!({
                "region": "US", "regulatoryStandard": "FCC", "lbtEnabled": "false",
                "channelData": [902_750, 903_250], "minTxPowerSupported": 100, "maxTxPowerSupported": 315,
            })),
            "get_mode" => Ok(self.mode.clone()),
            "get_gpiStatus" => Ok(levels(&self.inputs)),
            "get_gpoStatus" => Ok(levels(&self.outputs)),
            "set_mode" if self.active => Err(Refused(11, "Radio is active; stop it first".into())),
            "set_mode" => self.set_mode(payload),
            "set_gpo" => {
                let port =
                    payload.get("port").and_then(Value::as_u64).and_then(|port| u16::try_from(port).ok());
                let state = payload.get("state").and_then(Value::as_bool);
                match (port.and_then(|port| self.outputs.get_mut(&port)), state) {
                    (Some(output), Some(high)) => {
                        *output = high;
                        done
                    }
                    _ => Err(Refused(2, "Invalid GPO port".into())),
                }
            }
            "start" if self.active => Err(Refused(11, "Inventory is already in progress".into())),
            "start" => {
                self.active = true;
                done
            }
            "stop" if !self.active => Err(Refused(12, "No inventory is in progress".into())),
            "stop" => {
                self.active = false;
                done
            }
            other => Err(Refused(1, format!("Unknown command {other}"))),
        }
    }

    fn set_mode(&mut self, mode: &Value) -> Result<Value, Refused> {
        let kind = mode.get("type").and_then(Value::as_str).unwrap_or_default();
        if !["SIMPLE", "INVENTORY", "PORTAL", "CONVEYOR", "CUSTOM"].contains(&kind) {
            return Err(Refused(4, format!("Operating mode {kind} is not supported")));
        }
        let ports = mode.get("antennas").and_then(Value::as_array);
        let there = |port: &Value| {
            let port = port.as_u64().and_then(|port| u16::try_from(port).ok());
            port.is_some_and(|port| self.antennas.contains_key(&port))
        };
        if !ports.into_iter().flatten().all(there) {
            return Err(Refused(5, "Invalid antenna port".into()));
        }
        let each = |name: &str| match mode.get(name) {
            Some(Value::Array(each)) => (each.clone(), Some(each.len())),
            Some(one) => (vec![one.clone()], None),
            None => (Vec::new(), None),
        };
        let (powers, many) = each("transmitPower");
        let right = |power: &Value| power.as_f64().is_some_and(|dbm| (10.0..=31.5).contains(&dbm));
        if !powers.iter().all(right) || many.is_some_and(|many| Some(many) != ports.map(Vec::len)) {
            return Err(Refused(6, "Invalid transmit power".into()));
        }
        let (queries, many) = each("query");
        let session = |query: &Value| {
            let session = query.get("session").and_then(Value::as_str);
            session.is_none_or(|session| ["S0", "S1", "S2", "S3"].contains(&session))
        };
        if !queries.iter().all(session) || many.is_some_and(|many| Some(many) != ports.map(Vec::len)) {
            return Err(Refused(7, "Invalid query".into()));
        }
        self.mode = mode.clone();
        Ok(json!({}))
    }
}
