//! A payload of the IoT Connector as what it tells: a tag or event, an array of them (batching), or several back to back.
//! Never looks at a clock.

use recording::Read;
use serde_json::{Deserializer, Value};

use crate::Reader;
use crate::condition::Fault;
use crate::json::{brief, hex, instant_us, radians, whole};
use crate::station::Told;

/// What a payload tells. `kept`: the broker kept it for whoever came.
pub(crate) fn told(payload: &[u8], kept: bool, reader: &Reader) -> Vec<Told> {
    let mut told = Vec::new();
    for value in Deserializer::from_slice(payload).into_iter::<Value>() {
        match value {
            Ok(Value::Array(events)) => {
                events.iter().for_each(|event| event_told(event, kept, reader, &mut told));
            }
            Ok(event) => event_told(&event, kept, reader, &mut told),
            Err(error) => told.push(Told::Malformed(format!("a payload that is no JSON ({error})"))),
        }
    }
    told
}

fn event_told(event: &Value, kept: bool, reader: &Reader, told: &mut Vec<Told>) {
    if !event.is_object() {
        return told.push(Told::Malformed("an event that is no JSON object".into()));
    }
    let seen_us = instant_us(event.get("timestamp"));
    // Events of some firmware come without their envelope.
    let data = event.get("data").unwrap_or(event);
    let kind = event.get("type").and_then(Value::as_str).unwrap_or_default();
    if data.get("idHex").is_some() {
        return told.push(match read(data, reader) {
            Ok(read) => Told::Read { read, seen_us, kept },
            Err(reason) => Told::Malformed(reason.into()),
        });
    }
    // What was kept says nothing of now.
    if kept {
        return;
    }
    if kind.eq_ignore_ascii_case("gpi") {
        let high = data.get("state").and_then(Value::as_str).and_then(level);
        if let Some((port, high)) = whole(data.get("pin")).zip(high) {
            told.push(Told::Input { port, high, seen_us });
        }
        return;
    }
    if kind == "error" || kind == "warning" {
        let code = data.get("code").filter(|code| code.is_number() || code.is_string());
        let code = code.map(|code| format!("{} ", code.to_string().trim_matches('"'))).unwrap_or_default();
        let words =
            data.get("message").and_then(Value::as_str).map_or_else(|| data.to_string(), str::to_owned);
        let words = format!("it reports: {code}{}", brief(&words));
        return told.push(Told::Complaint(Fault::Exception, words));
    }
    if let Some(radio) = data.get("radio_control") {
        antennas(radio.get("antennas"), told);
    }
    if let Some(lost) = lost(data.get("reader_gateway")) {
        told.push(Told::Lost(lost));
    }
}

/// The read that an event tells of, or why it cannot be one.
fn read(data: &Value, reader: &Reader) -> Result<Read, &'static str> {
    let only = || match reader.antennas.as_slice() {
        [only] => Some(only.port),
        _ => None,
    };
    let antenna = whole(data.get("antenna")).or_else(only).filter(|port| *port > 0);
    let antenna = antenna.ok_or("a tag without an antenna")?;
    let number = |name: &str| data.get(name).and_then(Value::as_f64);
    // Channels are told in MHz.
    let khz = number("channel").map(|mhz| (mhz * 1_000.0).round()).filter(|khz| (1.0..4e9).contains(khz));
    Ok(Read {
        reader: reader.id.clone(),
        antenna,
        epc: hex(data.get("idHex")).ok_or("a tag without an EPC")?,
        pc: hex(data.get("PC")).and_then(|pc| pc.bytes().try_into().ok()).map(u16::from_be_bytes),
        rssi: number("peakRssi").map(|dbm| dbm as f32).filter(|dbm| dbm.is_finite()),
        phase: radians(data.get("phase")),
        channel: None,
        frequency_khz: khz.map(|khz| khz as u32),
        doppler_hz: None,
        count: data
            .get("reads")
            .and_then(Value::as_u64)
            .and_then(|n| u32::try_from(n).ok())
            .unwrap_or(1)
            .max(1),
        tid: hex(data.get("TID")),
    })
}

/// A contact's level.
pub(crate) fn level(word: &str) -> Option<bool> {
    match word {
        _ if word.eq_ignore_ascii_case("high") => Some(true),
        _ if word.eq_ignore_ascii_case("low") => Some(false),
        _ => None,
    }
}

/// Which antenna ports something is connected to, as heartbeats and `get_status` tell it.
pub(crate) fn antennas(ports: Option<&Value>, told: &mut Vec<Told>) {
    for (port, word) in ports.and_then(Value::as_object).into_iter().flatten() {
        let connected = match word.as_str() {
            Some("connected") => true,
            Some("disconnected") => false,
            _ => continue,
        };
        if let Some(port) = port.parse().ok().filter(|port| *port > 0) {
            told.push(Told::Antenna(port, connected));
        }
    }
}

/// Tag events that the reader itself has dropped since it started.
fn lost(gateway: Option<&Value>) -> Option<u64> {
    let gateway = gateway?;
    let of = |value: &Value| value.get("numDataMessagesDropped").and_then(Value::as_u64);
    let paths = gateway.get("dataPathStatistics").and_then(Value::as_array).into_iter().flatten();
    of(gateway).or_else(|| paths.filter_map(of).reduce(u64::saturating_add))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::Antenna;
    use crate::json::tests::{anything, comes_back};

    fn reader(ports: &[u16]) -> Reader {
        let antennas = ports.iter().map(|port| Antenna { port: *port, ..Antenna::default() }).collect();
        Reader::dialled("exit-a", "192.0.2.10", antennas)
    }

    fn said(payload: &str) -> Vec<Told> {
        told(payload.as_bytes(), false, &reader(&[1, 2]))
    }

    fn only(payload: &str) -> Told {
        let mut told = said(payload);
        assert_eq!(told.len(), 1, "{told:?}");
        told.remove(0)
    }

    /// A tag event of a real reader in the European band.
    const REAL: &str = r#"{"data":{"CRC":"0b18","PC":"3400","antenna":1,"channel":866.3,"eventNum":22,"format":"epc",
        "idHex":"aa0004ef55555555aa21bf43","peakRssi":-34,"phase":148.039794921875,"reads":1},
        "timestamp":"2026-08-13T09:14:28.651+0000","type":"CUSTOM"}"#;
    /// The documentation's sample with all that a reader may tell.
    const DOCUMENTED: &str = r#"{"type":"SIMPLE","timestamp":"2019-08-24T14:15:22Z","data":{"CRC":"b06a","PC":"3000",
        "TID":"e20060030178529d","USER":"123433331234567812345678","antenna":1,"channel":911.75,"eventNum":1,"format":"epc",
        "idHex":"3005fb63ac1f3681ec880468","peakRssi":-39,"phase":0,"reads":1,"XPC":"string","accessResults":["SUCCESS"]}}"#;

    #[test]
    fn a_real_tag_event_becomes_a_read_in_the_contracts_units() {
        let Told::Read { read, seen_us, kept } = only(REAL) else { panic!("a read") };
        assert_eq!(read.epc.to_string(), "AA0004EF55555555AA21BF43");
        assert_eq!((read.antenna, read.pc, read.count), (1, Some(0x3400), 1));
        assert_eq!((read.rssi, read.frequency_khz), (Some(-34.0), Some(866_300)));
        assert_eq!(read.phase, Some(148.039_794_921_875_f64.to_radians() as f32));
        assert_eq!((seen_us, kept), (Some(1_786_612_468_651_000), false));
    }

    #[test]
    fn the_documented_sample_is_understood_and_so_are_arrays_and_events_back_to_back() {
        let Told::Read { read, seen_us, .. } = only(DOCUMENTED) else { panic!("a read") };
        assert_eq!(read.tid.map(|tid| tid.to_string()).as_deref(), Some("E20060030178529D"));
        assert_eq!((read.phase, read.frequency_khz), (Some(0.0), Some(911_750)));
        assert_eq!(seen_us, Some(1_566_656_122_500_000), "told to the second: the middle of it");
        assert_eq!(said(&format!("[{REAL},{DOCUMENTED}]")).len(), 2);
        assert_eq!(said(&format!("{REAL}{DOCUMENTED}\n{REAL}")).len(), 3);
        assert_eq!(said("[]"), []);
        let kept = told(REAL.as_bytes(), true, &reader(&[1]));
        assert!(matches!(&*kept, [Told::Read { kept: true, .. }]), "{kept:?}");
    }

    #[test]
    fn a_bare_event_counts_only_where_there_is_but_one_antenna() {
        // What a reader sends where no mode of ours asks for more.
        let bare = r#"{"data":{"eventNum":5036,"format":"epc","idHex":"e2806894000040017790e471"},
            "timestamp":"2026-09-07T12:50:36.194+0000","type":"SIMPLE"}"#;
        assert!(matches!(only(bare), Told::Malformed(_)));
        let alone = told(bare.as_bytes(), false, &reader(&[3]));
        assert!(matches!(&*alone, [Told::Read { read, .. }] if read.antenna == 3), "{alone:?}");
    }

    #[test]
    fn contacts_errors_and_heartbeats() {
        let gpi = r#"{"component":"RG","data":{"pin":2,"state":"LOW"},"eventNum":9,
            "timestamp":"2026-09-07T12:21:53.635+0000","type":"gpi"}"#;
        let seen_us = Some(1_788_783_713_635_000);
        assert_eq!(only(gpi), Told::Input { port: 2, high: false, seen_us });
        assert_eq!(said(&gpi.replace("gpi", "gpo")), [], "our own doing");
        let error =
            r#"{"component":"RC","type":"error","data":{"code":7,"message":"Antenna 3 is disconnected"}}"#;
        let Told::Complaint(Fault::Exception, words) = only(error) else { panic!("a complaint") };
        assert_eq!(words, "it reports: 7 Antenna 3 is disconnected");
        let heartbeat = json!({"component": "RG", "type": "heartbeat", "data": {
            "radio_control": {"antennas": {"0": "connected", "1": "connected", "2": "disconnected", "x": 1}},
            "reader_gateway": {"dataPathStatistics": [{"numDataMessagesDropped": 3}, {"numDataMessagesDropped": 4}]},
            "system": {"GPI": {"1": "HIGH"}},
        }});
        assert_eq!(
            said(&heartbeat.to_string()),
            [Told::Antenna(1, true), Told::Antenna(2, false), Told::Lost(7)]
        );
        let beacon =
            r#"{"type":"BLE_DATA","eventNum":1900,"data":{"Address":"CF:C7:E6:45:DE:F7","RSSI":-66}}"#;
        assert_eq!(said(beacon), [], "not a tag");
        assert_eq!(told(gpi.as_bytes(), true, &reader(&[1])), [], "a level of yesterday is none");
    }

    #[test]
    fn what_is_no_event_is_said_to_be_none() {
        for wrong in ["7", "{\"data\":{\"idHex\":\"zz\",\"antenna\":1}}", "[1]", "{", "\u{0}", "nul"] {
            assert!(matches!(only(wrong), Told::Malformed(_)), "{wrong}");
        }
        assert_eq!(said(""), []);
    }

    proptest! {
        #[test]
        fn whatever_comes_is_told_without_a_panic_and_every_read_can_be_written(
            kind in prop::sample::select(vec!["CUSTOM", "gpi", "error", "heartbeat"]),
            field in prop::sample::select(vec!["idHex", "antenna", "PC", "TID", "channel", "phase", "peakRssi", "reads",
                "pin", "state", "message", "code", "radio_control", "reader_gateway"]),
            value in anything(),
        ) {
            let mut data = json!({"idHex": "30AA", "antenna": 1});
            if kind != "CUSTOM" {
                data = json!({"pin": 1, "state": "HIGH"});
            }
            data[field] = value.clone();
            let event = json!({"type": kind, "timestamp": value, "data": data});
            for payload in [event.clone(), json!([event, value]), value] {
                for told in told(payload.to_string().as_bytes(), false, &reader(&[1])) {
                    if let Told::Read { read, .. } = told {
                        comes_back(read);
                    }
                }
            }
        }

        #[test]
        fn bytes_of_any_kind_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            told(&bytes, false, &reader(&[1]));
        }
    }
}
