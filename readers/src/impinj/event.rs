//! A line of the reader's event stream as what it tells. Never looks at a clock.

use base64::Engine;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use recording::{Hex, Read};
use serde_json::Value;

use crate::Reader;
use crate::condition::Fault;
use crate::json::{brief, hex, instant_us, radians, whole};
use crate::station::Told;

/// Padding may be there or not.
const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
/// What a reader sends: the alphabet of URLs.
const URLS: GeneralPurpose = GeneralPurpose::new(&URL_SAFE, LENIENT);
const PLAIN: GeneralPurpose = GeneralPurpose::new(&STANDARD, LENIENT);

/// What a line tells: nothing where it is empty (a keep-alive) or of a kind that tells us nothing.
pub(crate) fn told(line: &[u8], reader: &Reader) -> Vec<Told> {
    let line = line.trim_ascii();
    if line.is_empty() {
        return Vec::new();
    }
    match serde_json::from_slice::<Value>(line) {
        Ok(event @ Value::Object(_)) => event_told(&event, reader).into_iter().collect(),
        Ok(_) => vec![Told::Malformed("a line that is no JSON object".into())],
        Err(error) => vec![Told::Malformed(format!("a line that is no JSON ({error})"))],
    }
}

fn event_told(event: &Value, reader: &Reader) -> Option<Told> {
    let stamp_us = instant_us(event.get("timestamp"));
    if let Some(tag) = event.get("tagInventoryEvent") {
        return Some(match read(tag, reader) {
            Ok(read) => {
                Told::Read { read, seen_us: instant_us(tag.get("lastSeenTime")).or(stamp_us), kept: false }
            }
            Err(reason) => Told::Malformed(reason.into()),
        });
    }
    if let Some(status) = event.get("inventoryStatusEvent") {
        // The API document has one name, clients that read real readers the other.
        return match status.get("inventoryStatus").or_else(|| status.get("status"))?.as_str()? {
            "running" => Some(Told::Running(true)),
            "idle" | "armed" => Some(Told::Running(false)),
            _ => None,
        };
    }
    for (name, connected) in [("antennaConnectedEvent", true), ("antennaDisconnectedEvent", false)] {
        if let Some(antenna) = event.get(name) {
            return Some(Told::Antenna(whole(antenna.get("antennaPort"))?, connected));
        }
    }
    if let Some(gpi) = event.get("gpiTransitionEvent") {
        let high = match gpi.get("transition")?.as_str()? {
            "low-to-high" => true,
            "high-to-low" => false,
            _ => return None,
        };
        return Some(Told::Input { port: whole(gpi.get("gpi"))?, high, seen_us: stamp_us });
    }
    if let Some(overflow) = event.get("overflowEvent") {
        let lost = overflow.get("eventsPurged").and_then(Value::as_u64).unwrap_or(0);
        let words = format!("its buffer overflowed: {lost} events are lost");
        return Some(Told::Complaint(Fault::Buffer, words));
    }
    if event.get("inventoryTerminatedEvent").is_some() {
        return Some(Told::Running(false));
    }
    if let Some(diagnostic) = event.get("diagnosticEvent") {
        let words = format!("it reports a fault of its own: {}", brief(&diagnostic.to_string()));
        return Some(Told::Complaint(Fault::Exception, words));
    }
    None
}

/// The read that an event tells of, or why it cannot be one.
fn read(tag: &Value, reader: &Reader) -> Result<Read, &'static str> {
    let only = || match reader.antennas.as_slice() {
        [only] => Some(only.port),
        _ => None,
    };
    let antenna = whole(tag.get("antennaPort")).or_else(only).filter(|port| *port > 0);
    let antenna = antenna.ok_or("a tag without an antenna")?;
    let epc = hex(tag.get("epcHex")).or_else(|| bits(tag.get("epc"))).ok_or("a tag without an EPC")?;
    let cdbm = tag.get("peakRssiCdbm").and_then(Value::as_f64);
    Ok(Read {
        reader: reader.id.clone(),
        antenna,
        epc,
        pc: pc(tag.get("pc")),
        rssi: cdbm.map(|cdbm| (cdbm / 100.0) as f32).filter(|dbm| dbm.is_finite()),
        phase: radians(tag.get("phaseAngle")),
        channel: None,
        frequency_khz: tag.get("frequency").and_then(Value::as_u64).and_then(|khz| u32::try_from(khz).ok()),
        doppler_hz: None,
        count: 1,
        tid: hex(tag.get("tidHex")).or_else(|| bits(tag.get("tid"))),
    })
}

/// Bytes in Base64 of either alphabet.
fn base64(value: Option<&Value>) -> Option<Vec<u8>> {
    let text = value?.as_str()?;
    URLS.decode(text).or_else(|_| PLAIN.decode(text)).ok()
}

fn bits(value: Option<&Value>) -> Option<Hex> {
    Hex::from_bytes(&base64(value)?).ok()
}

/// The PC word: two bytes in Base64, or four hexadecimal digits (which as Base64 would be three bytes).
fn pc(value: Option<&Value>) -> Option<u16> {
    let bytes = base64(value).and_then(|bytes| <[u8; 2]>::try_from(bytes).ok());
    bytes.or_else(|| hex(value)?.bytes().try_into().ok()).map(u16::from_be_bytes)
}
