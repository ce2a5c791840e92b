//! What the emulated reader tells on its stream, a JSON object each.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use serde_json::{Map, Value, json};

use crate::field::{Clock, Seen, hex};

/// A tag was read, with the fields that the preset asks for (where it says nothing, those that the API document has
/// enabled by default).
pub(super) fn tag(clock: &Clock, seen: &Seen, preset: &Value) -> Value {
    let config = preset.pointer("/eventConfig/tagInventory");
    let wanted = |name: &str, usually: bool| match config.and_then(|config| config.get(name)?.as_str()) {
        Some(word) => word == "enabled",
        None => usually,
    };
    let antenna = preset.get("antennaConfigs").and_then(Value::as_array).into_iter().flatten();
    let antenna = antenna.into_iter().find(|config| config.get("antennaPort") == Some(&json!(seen.antenna)));
    let of_antenna = |name: &str| antenna.and_then(|config| config.get(name));
    let fast_id = of_antenna("fastId") == Some(&json!("enabled"));
    let stamp = clock.shows().to_string();
    let cdbm = |dbm: f64| (dbm * 100.0).round() as i64;
    let fields: [(&str, bool, bool, Value); 11] = [
        ("epc", true, true, json!(URL_SAFE.encode(&seen.tag.epc))),
        ("epcHex", false, true, json!(hex(&seen.tag.epc))),
        ("tid", true, fast_id, json!(URL_SAFE.encode(&seen.tag.tid))),
        ("tidHex", false, fast_id, json!(hex(&seen.tag.tid))),
        ("pc", false, true, json!(URL_SAFE.encode(seen.tag.pc.to_be_bytes()))),
        ("antennaPort", true, true, json!(seen.antenna)),
        ("peakRssiCdbm", true, true, json!(cdbm(seen.rssi_dbm))),
        ("frequency", true, true, json!(seen.frequency_khz)),
        ("transmitPowerCdbm", true, true, of_antenna("transmitPowerCdbm").cloned().unwrap_or(json!(3000))),
        ("lastSeenTime", false, true, json!(stamp)),
        ("phaseAngle", false, true, json!((seen.phase_deg * 100.0).round() / 100.0)),
    ];
    let told = fields.into_iter().filter(|(name, usually, has, _)| *has && wanted(name, *usually));
    let told: Map<String, Value> = told.map(|(name, .., value)| (name.to_owned(), value)).collect();
    json!({"timestamp": stamp, "eventType": "tagInventory", "tagInventoryEvent": told})
}

/// The inventory's state. The API document calls it `status`, clients that read real readers `inventoryStatus`: both
/// are told.
pub(super) fn status(clock: &Clock, status: &str) -> Value {
    event(clock, "inventoryStatus", &json!({"inventoryStatus": status, "status": status}))
}

/// An antenna was plugged in or out.
pub(super) fn antenna(clock: &Clock, port: u16, connected: bool) -> Value {
    let name = if connected { "antennaConnected" } else { "antennaDisconnected" };
    event(clock, name, &json!({"antennaPort": port, "antennaName": format!("Antenna {port}")}))
}

/// An input contact changed.
pub(super) fn input(clock: &Clock, port: u16, high: bool) -> Value {
    let transition = if high { "low-to-high" } else { "high-to-low" };
    event(clock, "gpiTransition", &json!({"gpi": port, "transition": transition}))
}

fn event(clock: &Clock, name: &str, what: &Value) -> Value {
    json!({"timestamp": clock.shows().to_string(), "eventType": name, format!("{name}Event"): what})
}
