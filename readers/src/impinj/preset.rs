//! What we ask of a reader: the inventory preset, by what each antenna reads for. Never sends anything.

use serde_json::{Value, json};

use crate::json::whole;
use crate::{Antenna, Purpose, Reader};

/// Power where neither the configuration nor the reader's own preset names one, 1/100 dBm: what every region permits.
const POWER_CDBM: i64 = 2_700;
/// The radio mode that Impinj's own preset starts with in most regions (reader modes application note: 1002, autoset
/// dense reader deep scan).
const MODE: u64 = 1_002;

/// Our preset's name on the reader: its own for each reader of the configuration, with nothing that a path would mangle.
pub(crate) fn name(reader: &Reader) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '-' || c == '_' { c } else { '-' };
    format!("portico-{}", reader.id.chars().map(plain).take(40).collect::<String>())
}

/// The preset, made of the configuration and of `own`, the reader's own default preset, where that says something and
/// the configuration does not. `fine` asks for phase and PC words, which early firmware does not know.
pub(crate) fn preset(reader: &Reader, own: &Value, fine: bool) -> Value {
    let mut antennas: Vec<Value> =
        reader.antennas.iter().map(|antenna| antenna_config(antenna, of_port(own, antenna.port))).collect();
    if antennas.is_empty() {
        let ports = configs(own).filter_map(|config| whole(config.get("antennaPort")));
        let any = ports.map(|port| Antenna { port, ..Antenna::default() });
        antennas = any.map(|antenna| antenna_config(&antenna, of_port(own, antenna.port))).collect();
    }
    if antennas.is_empty() {
        antennas.push(antenna_config(&Antenna { port: 1, ..Antenna::default() }, None));
    }
    let mut tags = json!({
        "tagReporting": {"reportingIntervalSeconds": 0},
        "epc": "disabled",
        "epcHex": "enabled",
        "antennaPort": "enabled",
        "transmitPowerCdbm": "disabled",
        "peakRssiCdbm": "enabled",
        "frequency": "enabled",
        "lastSeenTime": "enabled",
    });
    if let Some(tags) = tags.as_object_mut().filter(|_| fine) {
        tags.insert("phaseAngle".into(), "enabled".into());
        tags.insert("pc".into(), "enabled".into());
    }
    json!({
        "eventConfig": {"common": {"hostname": "disabled"}, "tagInventory": tags},
        "antennaConfigs": antennas,
    })
}

/// The antennas of a preset.
pub(crate) fn configs(preset: &Value) -> impl Iterator<Item = &Value> {
    preset.get("antennaConfigs").and_then(Value::as_array).into_iter().flatten()
}

fn of_port(preset: &Value, port: u16) -> Option<&Value> {
    configs(preset).find(|config| whole(config.get("antennaPort")) == Some(port)).or(configs(preset).next())
}

fn antenna_config(antenna: &Antenna, own: Option<&Value>) -> Value {
    let own = |name: &str| own.and_then(|own| own.get(name));
    // Exits read moving tags again and again; shelves too, more slowly; stock lies still and is read once in a while
    // (Gen2: tags of session 1 forget after 0.5 to 5 s, those of 2 and 3 as long as they hear the reader).
    let (session, search, population) = match antenna.purpose {
        Purpose::Exit => (1, "dual-target", 16),
        Purpose::Shelf => (2, "dual-target", 64),
        Purpose::Stock => (3, "single-target", 256),
    };
    let asked = antenna.power_dbm.filter(|dbm| dbm.is_finite()).map(|dbm| (dbm * 100.0).round() as i64);
    let power = asked.or_else(|| own("transmitPowerCdbm").and_then(Value::as_i64)).unwrap_or(POWER_CDBM);
    let mode = antenna.mode.map(u64::from).or_else(|| own("rfMode").and_then(Value::as_u64)).unwrap_or(MODE);
    json!({
        "antennaPort": antenna.port,
        "transmitPowerCdbm": power,
        "rfMode": mode,
        "inventorySession": session,
        "inventorySearchMode": search,
        "estimatedTagPopulation": population,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_that_a_path_can_hold() {
        let reader = Reader::dialled("exit a/é", "192.0.2.10", Vec::new());
        assert_eq!(name(&reader), "portico-exit-a--");
    }

    #[test]
    fn without_antennas_all_of_the_readers_own_preset_are_used_with_its_powers() {
        let own = json!({"antennaConfigs": [
            {"antennaPort": 1, "transmitPowerCdbm": 3000, "rfMode": 1110},
            {"antennaPort": 2, "transmitPowerCdbm": 2500, "rfMode": 1110},
        ]});
        let reader = Reader::dialled("exit-a", "192.0.2.10", Vec::new());
        let preset = preset(&reader, &own, true);
        let of = |name: &str| configs(&preset).map(|config| config[name].clone()).collect::<Vec<_>>();
        assert_eq!(of("antennaPort"), [1, 2]);
        assert_eq!(of("transmitPowerCdbm"), [3000, 2500]);
        assert_eq!(of("rfMode"), [1110, 1110]);
        assert_eq!(of("inventorySession"), [1, 1]);
        assert_eq!(preset["eventConfig"]["tagInventory"]["phaseAngle"], "enabled");
    }

    #[test]
    fn the_configuration_is_preferred_and_a_reader_that_tells_nothing_gets_what_is_always_permitted() {
        let stock = Antenna { port: 3, power_dbm: Some(27.25), purpose: Purpose::Stock, mode: Some(290) };
        let shelf = Antenna { port: 4, purpose: Purpose::Shelf, ..Antenna::default() };
        let reader = Reader::dialled("exit-a", "192.0.2.10", vec![stock, shelf]);
        let preset = preset(&reader, &Value::Null, false);
        let of = |name: &str| configs(&preset).map(|config| config[name].clone()).collect::<Vec<_>>();
        assert_eq!(
            (of("transmitPowerCdbm"), of("rfMode")),
            (vec![2725.into(), 2700.into()], vec![290.into(), 1002.into()])
        );
        assert_eq!(of("inventorySession"), [3, 2]);
        assert_eq!(of("inventorySearchMode"), ["single-target", "dual-target"]);
        assert_eq!(preset["eventConfig"]["tagInventory"].get("phaseAngle"), None);
    }
}
