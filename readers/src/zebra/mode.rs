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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Antenna;

    fn of(antennas: Vec<Antenna>) -> Value {
        mode(&Reader::dialled("exit-a", "192.0.2.10", antennas), &Value::Null)
    }

    #[test]
    fn without_antennas_all_of_the_readers_are_used_as_at_an_exit() {
        let mode = of(Vec::new());
        assert_eq!((mode.get("antennas"), mode.get("transmitPower")), (None, None));
        assert_eq!(mode["query"], query(Purpose::Exit));
        assert_eq!(
            mode["reportFilter"]["duration"], 0,
            "every single read, or phase and channel are not told"
        );
    }

    #[test]
    fn what_is_the_same_for_all_is_said_once_and_else_for_each_in_order() {
        let exit = |port, power| Antenna { port, power_dbm: Some(power), ..Antenna::default() };
        let same = of(vec![exit(1, 28.5), exit(2, 28.5)]);
        assert_eq!((&same["transmitPower"], &same["antennas"]), (&json!(28.5), &json!([1, 2])));
        assert!(same["query"].is_object());
        let shelf = Antenna { purpose: Purpose::Shelf, ..exit(4, 20.0) };
        let differs = of(vec![exit(1, 28.5), exit(2, 28.5), shelf]);
        assert_eq!(differs["transmitPower"], json!([28.5, 28.5, 20.0]));
        let sessions: Vec<&Value> =
            differs["query"].as_array().unwrap().iter().map(|q| &q["session"]).collect();
        assert_eq!(sessions, ["S1", "S1", "S2"]);
    }
}
