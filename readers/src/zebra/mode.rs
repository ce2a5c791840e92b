//! What we ask of a reader: the operating mode, by what each antenna reads for. Never sends anything.

use serde_json::{Value, json};

use crate::{Purpose, Reader};

/// Power of a port that the configuration leaves to the reader where others are set, dBm: Zebra's own default.
const POWER_DBM: f64 = 30.0;

/// Our operating mode: every single read is told, with all that is known of it. `own` is the mode that the reader is in.
pub(crate) fn mode(reader: &Reader, own: &Value) -> Value {
    let mut mode = json!({
        "type": "CUSTOM",
        "environment": "HIGH_INTERFERENCE",
        "tagMetaData": ["ANTENNA", "RSSI", "PHASE", "CHANNEL", "SEEN_COUNT", "PC"],
        "reportFilter": {"duration": 0, "type": "PER_ANTENNA"},
        "delayBetweenAntennaCycles": {"type": "DISABLED", "duration": 0},
        "query": per_antenna(reader.antennas.iter().map(|antenna| query(antenna.purpose)).collect())
            .unwrap_or_else(|| query(Purpose::Exit)),
    });
    let Some(fields) = mode.as_object_mut().filter(|_| !reader.antennas.is_empty()) else { return mode };
    let ports: Vec<u16> = reader.antennas.iter().map(|antenna| antenna.port).collect();
    fields.insert("antennas".into(), json!(ports));
    if reader.antennas.iter().any(|antenna| antenna.power_dbm.is_some()) {
        let own = own.get("transmitPower").and_then(Value::as_f64).unwrap_or(POWER_DBM);
        let powers = reader.antennas.iter().map(|antenna| json!(antenna.power_dbm.unwrap_or(own)));
        if let Some(powers) = per_antenna(powers.collect()) {
            fields.insert("transmitPower".into(), powers);
        }
    }
    mode
}

/// One setting where all antennas have the same, else one for each in order; `None` without antennas.
fn per_antenna(settings: Vec<Value>) -> Option<Value> {
    let first = settings.first()?.clone();
    Some(if settings.iter().all(|setting| *setting == first) { first } else { Value::Array(settings) })
}

/// Exits read moving tags again and again; shelves too, more slowly; stock lies still and is read once in a while
/// (Gen2: tags of session 1 forget after 0.5 to 5 s, those of 2 and 3 as long as they hear the reader).
fn query(purpose: Purpose) -> Value {
    let (session, target, population) = match purpose {
        Purpose::Exit => ("S1", "AB", 16),
        Purpose::Shelf => ("S2", "AB", 64),
        Purpose::Stock => ("S3", "A", 256),
    };
    json!({"session": session, "target": target, "sel": "ALL", "tagPopulation": population})
}
