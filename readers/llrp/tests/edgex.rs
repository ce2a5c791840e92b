//! Frames of an R420 against what EdgeX's decoder, which none of us wrote, says they hold.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod common;

use llrp::{Message, json};
use serde_json::{Map, Value};

/// EdgeX's name for one of ours, where they differ.
fn their_name(name: &str, inside: &str) -> String {
    let renamed = match (inside, name) {
        (_, "EPC_96") => "EPC96",
        (_, "FirstSeenTimestampUTC") => "FirstSeenUTC",
        (_, "AntennaProperties") if inside != "AntennaProperties" => "AntennaProperties",
        (_, "AntennaConfiguration") => "AntennaConfigurations",
        ("AntennaConfiguration", "RFReceiver") => "RFReceiver",
        (_, "KeepaliveSpec") => "KeepAliveSpec",
        ("KeepaliveSpec", "KeepaliveTriggerType") => "Trigger",
        ("KeepaliveSpec", "PeriodicTriggerValue") => "Interval",
        (_, "GPIPortCurrentState") => "GPIPortCurrentStates",
        ("GPIPortCurrentState", "GPIPortNum") | ("GPOWriteData", "GPOPortNumber") => "Port",
        ("GPIPortCurrentState", "Config") => "Enabled",
        ("GPOWriteData", "GPOData") => "Data",
        ("LLRPStatus", "StatusCode") => "Status",
        ("RFTransmitter", "TransmitPower") => "TransmitPowerIndex",
        (_, "C1G2RFControl") => "RFControl",
        ("C1G2RFControl", "ModeIndex") => "RFModeID",
        (_, "C1G2SingulationControl") => "SingulationControl",
        (_, "EventNotificationState") => "EventNotificationStates",
        ("EventNotificationState", "EventType") => "ReaderEventType",
        ("EventNotificationState", "NotificationState") => "NotificationEnabled",
        ("ROReportSpec", "ROReportTrigger") => "Trigger",
        ("TagReportContentSelector", "EnableInventoryParameterSpecID") => "EnableInventoryParamSpecID",
        ("C1G2EPCMemorySelector", "EnableCRC") => "CRCEnabled",
        ("C1G2EPCMemorySelector", "EnablePCBits") => "PCBitsEnabled",
        ("C1G2EPCMemorySelector", "EnableXPCBits") => "XPCBitsEnabled",
        ("GeneralDeviceCapabilities", "MaxNumberOfAntennaSupported") => "MaxSupportedAntennas",
        ("GeneralDeviceCapabilities", "HasUTCClockCapability") => "HasUTCClock",
        ("GeneralDeviceCapabilities", "DeviceManufacturerName") => "DeviceManufacturer",
        ("GeneralDeviceCapabilities", "ModelName") => "Model",
        ("GeneralDeviceCapabilities", "ReaderFirmwareVersion") => "FirmwareVersion",
        (_, "ReceiveSensitivityTableEntry") => "ReceiveSensitivities",
        ("ReceiveSensitivityTableEntry", "ReceiveSensitivityValue") => "ReceiveSensitivity",
        (_, "PerAntennaAirProtocol") => "PerAntennaAirProtocols",
        ("PerAntennaAirProtocol", "ProtocolID") => "AirProtocolIDs",
        ("LLRPCapabilities", "SupportsEventAndReportHolding") => "SupportsEventsAndReportHolding",
        ("LLRPCapabilities", "MaxNumPriorityLevelsSupported") => "MaxPriorityLevelSupported",
        ("LLRPCapabilities", "ClientRequestOpSpecTimeout") => "ClientRequestedOpSpecTimeout",
        ("LLRPCapabilities", "MaxNumROSpecs") => "MaxROSpecs",
        ("LLRPCapabilities", "MaxNumSpecsPerROSpec") => "MaxSpecsPerROSpec",
        ("LLRPCapabilities", "MaxNumInventoryParameterSpecsPerAISpec") => {
            "MaxInventoryParameterSpecsPerAISpec"
        }
        ("LLRPCapabilities", "MaxNumAccessSpecs") => "MaxAccessSpecs",
        ("LLRPCapabilities", "MaxNumOpSpecsPerAccessSpec") => "MaxOpSpecsPerAccessSpec",
        (_, "TransmitPowerLevelTableEntry") => "TransmitPowerLevels",
        (_, "FrequencyHopTable") => "FrequencyHopTables",
        ("FrequencyHopTable", "Frequency") => "Frequencies",
        (_, "C1G2UHFRFModeTable") => "C1G2RFModes",
        (_, "C1G2UHFRFModeTableEntry") => "UHFC1G2RFModeTableEntries",
        ("C1G2UHFRFModeTableEntry", "ModeIdentifier") => "ModeID",
        ("C1G2UHFRFModeTableEntry", "DRValue") => "DivideRatio",
        ("C1G2UHFRFModeTableEntry", "EPCHAGTCConformance") => "IsEPCHagConformant",
        ("C1G2UHFRFModeTableEntry", "MValue") => "Modulation",
        ("C1G2UHFRFModeTableEntry", "SpectralMaskIndicator") => "SpectralMask",
        ("C1G2UHFRFModeTableEntry", "BDRValue") => "BackscatterDataRate",
        ("C1G2UHFRFModeTableEntry", "PIEValue") => "PIERatio",
        ("C1G2UHFRFModeTableEntry", "MinTariValue") => "MinTariTime",
        ("C1G2UHFRFModeTableEntry", "MaxTariValue") => "MaxTariTime",
        ("C1G2UHFRFModeTableEntry", "StepTariValue") => "StepTariTime",
        ("C1G2LLRPCapabilities", name) if name.starts_with("CanSupport") => {
            return name.replacen("CanSupport", "Supports", 1);
        }
        ("C1G2LLRPCapabilities", "MaxNumSelectFiltersPerQuery") => "MaxSelectFiltersPerQuery",
        (_, name) => name,
    };
    renamed.to_owned()
}

/// Parameters of one field, which EdgeX writes as that field's value.
const BARE: [&str; 8] = [
    "AntennaID",
    "PeakRSSI",
    "FirstSeenTimestampUTC",
    "UTCTimestamp",
    "RFReceiver",
    "AccessReportSpec",
    "LLRPConfigurationStateValue",
    "EventsAndReports",
];

/// Our element as EdgeX writes it: numbers for names, base64 for bytes.
fn theirs(element: &llrp::Element) -> Value {
    use llrp::Value as V;
    use llrp::definitions::Kind;
    let definition = element.definition;
    let mut object = Map::new();
    for (field, value) in definition.fields.iter().zip(&element.fields) {
        // EdgeX knows 1.1.
        if matches!(field.kind, Kind::Reserved(_)) || field.since > 2 {
            continue;
        }
        let divide_ratio = field.name == "DRValue";
        let json = match value {
            V::Unsigned(number)
                if field.kind == Kind::Unsigned(1) && field.enumeration.is_none() && !divide_ratio =>
            {
                Value::Bool(*number != 0)
            }
            V::Unsigned(number) => (*number).into(),
            V::Signed(number) => (*number).into(),
            V::Bytes(bytes) => base64(bytes).into(),
            V::Words(words) => words.iter().copied().collect(),
            V::Numbers(numbers) => numbers.iter().copied().collect(),
            V::Text(text) => text.as_str().into(),
            other => panic!("no captured frame holds {other:?}"),
        };
        object.insert(their_name(field.name, definition.name), json);
    }
    if BARE.contains(&definition.name) && element.parameters.is_empty() {
        return object.into_iter().next().unwrap().1;
    }
    for parameter in &element.parameters {
        let key = their_name(parameter.definition.name, definition.name);
        let (place, _) = definition.place(parameter.definition).unwrap();
        let json = theirs(parameter);
        // EdgeX has one air protocol, so what hangs on it does not repeat there.
        let many = definition.members[place].repeat.many() && !parameter.definition.name.starts_with("C1G2")
            || parameter.definition.name == "C1G2UHFRFModeTableEntry";
        if many {
            object.entry(key).or_insert_with(|| Value::Array(Vec::new())).as_array_mut().unwrap().push(json);
        } else {
            object.insert(key, json);
        }
    }
    Value::Object(object)
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let number = chunk.iter().fold(0_u32, |number, byte| (number << 8) | u32::from(*byte))
            << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let digit = DIGITS[(number >> (18 - 6 * place)) as usize & 63];
            out.push(if place <= chunk.len() { digit as char } else { '=' });
        }
    }
    out
}

/// What EdgeX writes for absent things: nothing, an empty list, a zero where it has no pointer.
fn compact(json: &Value) -> Value {
    match json {
        Value::Object(object) => {
            let kept = object.iter().map(|(key, value)| (key.clone(), compact(value)));
            Value::Object(kept.filter(|(key, value)| !value.is_null() && !is_absent(key, value)).collect())
        }
        Value::Array(list) => list.iter().map(compact).collect(),
        other => other.clone(),
    }
}

fn is_absent(key: &str, value: &Value) -> bool {
    match key {
        "EPCData" => value["EPCNumBits"] == 0,
        "Uptime" => *value == 0,
        _ => false,
    }
}

#[test]
fn nine_frames_of_an_r420_hold_what_edgex_says() {
    let Some(root) = common::shared() else { return };
    let folder = root.join("data/llrp-captures/edgex");
    let mut compared = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let Some(stem) = path.to_str().and_then(|path| path.strip_suffix(".frame.bin")) else { continue };
        let message = Message::decode(&std::fs::read(&path).unwrap()).unwrap();
        let expected: Value =
            serde_json::from_str(&std::fs::read_to_string(format!("{stem}.json")).unwrap()).unwrap();
        assert_eq!(theirs(&message.body), compact(&expected), "{stem}: {}", json::to_json(&message));
        compared += 1;
    }
    assert_eq!(compared, 9);
}
