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
