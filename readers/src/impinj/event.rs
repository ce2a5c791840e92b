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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::Antenna;
    use crate::json::tests::anything;

    fn reader(ports: &[u16]) -> Reader {
        let antennas = ports.iter().map(|port| Antenna { port: *port, ..Antenna::default() }).collect();
        Reader::dialled("exit-a", "192.0.2.10", antennas)
    }

    fn only(line: &str) -> Told {
        let mut told = told(line.as_bytes(), &reader(&[1, 2]));
        assert_eq!(told.len(), 1, "{told:?}");
        told.remove(0)
    }

    /// An event of a real R700 as users show it: identifiers in Base64 and in hexadecimal digits, a PC word in Base64.
    const REAL: &str = r#"{"timestamp":"2024-05-25T17:41:49.816827043Z","eventType":"tagInventory","tagInventoryEvent":
        {"epc":"11CVO212w10zy5WNOMxyDww3AMPU2345wrwwwwxh","epcHex":"D750953B6D76C35D33CB958D38CC720F0C3700C3D4DB7E39C2BC30C30C61",
        "tid":"4oARwCAAD70dcAM6","tidHex":"E28011C020000FBD1D70033A","pc":"faQ=","antennaPort":4,"peakRssiCdbm":-6200,
        "frequency":923750,"transmitPowerCdbm":3000}}"#;

    #[test]
    fn a_real_event_becomes_a_read_in_the_contracts_units() {
        let Told::Read { read, seen_us, kept } = only(REAL) else { panic!("a read") };
        assert_eq!(read.epc.to_string(), "D750953B6D76C35D33CB958D38CC720F0C3700C3D4DB7E39C2BC30C30C61");
        // 0x7DA4: a length of 15 words, which are the 30 bytes above.
        assert_eq!(read.pc, Some(0x7DA4));
        assert_eq!(read.tid.map(|tid| tid.to_string()).as_deref(), Some("E28011C020000FBD1D70033A"));
        assert_eq!((read.antenna, read.rssi, read.frequency_khz), (4, Some(-62.0), Some(923_750)));
        assert_eq!((read.phase, read.channel, read.doppler_hz, read.count), (None, None, None, 1));
        assert_eq!((seen_us, kept), (Some(1_716_658_909_816_827), false));
    }

    #[test]
    fn identifiers_in_base64_are_those_in_hexadecimal_digits() {
        // The alphabet of URLs has - and _ where the other has + and /; padding may be there or not.
        for epc in ["4oARkaUDAGXybMv_", "4oARkaUDAGXybMv/"] {
            let line = json!({"tagInventoryEvent": {"epc": epc, "antennaPort": 1}}).to_string();
            let Told::Read { read, .. } = only(&line) else { panic!("a read") };
            assert_eq!(read.epc.to_string(), "E2801191A5030065F26CCBFF");
        }
        for (pc, is) in [("MAA=", Some(0x3000)), ("MAA", Some(0x3000)), ("3000", Some(0x3000)), ("30", None)]
        {
            let line =
                json!({"tagInventoryEvent": {"epcHex": "30AA", "antennaPort": 1, "pc": pc}}).to_string();
            let Told::Read { read, .. } = only(&line) else { panic!("a read") };
            assert_eq!(read.pc, is, "{pc}");
        }
    }

    #[test]
    fn the_last_sighting_dates_a_read_and_its_phase_is_in_radians() {
        let line = json!({
            "timestamp": "2024-05-25T17:41:50Z",
            "tagInventoryEvent": {
                "epcHex": "30AA", "antennaPort": 1, "lastSeenTime": "2024-05-25T17:41:49.500Z", "phaseAngle": 270.0,
            },
        });
        let Told::Read { read, seen_us, .. } = only(&line.to_string()) else { panic!("a read") };
        assert_eq!(seen_us, Some(1_716_658_909_500_000));
        assert_eq!(read.phase, Some(1.5 * std::f32::consts::PI));
    }

    #[test]
    fn fields_that_are_not_valid_are_left_out_and_a_tag_without_its_name_is_none() {
        let line = json!({"tagInventoryEvent": {
            "epcHex": "30AA", "antennaPort": 1, "peakRssiCdbm": "not valid", "frequency": -1, "phaseAngle": null,
            "pc": 7, "tidHex": "E2", "tid": "?", "lastSeenTime": "yesterday",
        }});
        let Told::Read { read, seen_us, .. } = only(&line.to_string()) else { panic!("a read") };
        assert_eq!(
            (read.rssi, read.frequency_khz, read.phase, read.pc, seen_us),
            (None, None, None, None, None)
        );
        for wrong in [
            r#"{"tagInventoryEvent":{"antennaPort":1}}"#,
            r#"{"tagInventoryEvent":{"epcHex":"30AA"}}"#,
            r#"{"tagInventoryEvent":{"epcHex":"30AA","antennaPort":0}}"#,
            r#"{"tagInventoryEvent":7}"#,
            "[]",
            "{",
        ] {
            assert!(matches!(only(wrong), Told::Malformed(_)), "{wrong}");
        }
        // With but one antenna a reader need not say which.
        let alone = told(br#"{"tagInventoryEvent":{"epcHex":"30AA"}}"#, &reader(&[3]));
        assert!(matches!(&*alone, [Told::Read { read, .. }] if read.antenna == 3), "{alone:?}");
    }

    #[test]
    fn keep_alives_and_what_tells_us_nothing_are_passed_over() {
        for line in [
            "",
            "\r",
            "  ",
            r#"{"eventType":"antennaActivation","antennaActivationEvent":{"antennaPort":1}}"#,
            "{}",
        ] {
            assert_eq!(told(line.as_bytes(), &reader(&[1])), [], "{line}");
        }
    }

    #[test]
    fn the_reader_tells_of_itself() {
        let event = |name: &str, what: Value| {
            only(&json!({"timestamp": "2024-05-25T17:41:50.0Z", name: what}).to_string())
        };
        assert_eq!(event("inventoryStatusEvent", json!({"inventoryStatus": "running"})), Told::Running(true));
        assert_eq!(event("inventoryStatusEvent", json!({"status": "idle"})), Told::Running(false));
        assert_eq!(event("antennaDisconnectedEvent", json!({"antennaPort": 2})), Told::Antenna(2, false));
        assert_eq!(event("antennaConnectedEvent", json!({"antennaPort": 2})), Told::Antenna(2, true));
        let input = event("gpiTransitionEvent", json!({"gpi": 1, "transition": "low-to-high"}));
        assert_eq!(input, Told::Input { port: 1, high: true, seen_us: Some(1_716_658_910_000_000) });
        let overflow = event("overflowEvent", json!({"eventsPurged": 12, "eventsRemaining": 88}));
        assert!(
            matches!(overflow, Told::Complaint(Fault::Buffer, words) if words.contains("12 events are lost"))
        );
    }

    proptest! {
        #[test]
        fn whatever_comes_is_told_without_a_panic_and_every_read_can_be_written(
            name in prop::sample::select(vec!["tagInventoryEvent", "inventoryStatusEvent", "gpiTransitionEvent",
                "antennaConnectedEvent", "overflowEvent", "diagnosticEvent"]),
            field in prop::sample::select(vec!["epc", "epcHex", "pc", "antennaPort", "peakRssiCdbm", "phaseAngle",
                "frequency", "tidHex", "lastSeenTime", "status", "gpi", "transition"]),
            value in anything(),
        ) {
            let mut what = json!({"epcHex": "30AA", "antennaPort": 1, "gpi": 1, "status": "idle"});
            what[field] = value.clone();
            for line in [json!({name: what}), json!({name: value.clone()}), value] {
                for told in told(line.to_string().as_bytes(), &reader(&[1])) {
                    if let Told::Read { read, .. } = told {
                        crate::json::tests::comes_back(read);
                    }
                }
            }
        }

        #[test]
        fn bytes_of_any_kind_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            told(&bytes, &reader(&[1]));
        }
    }
}
