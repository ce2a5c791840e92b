//! Events of every kind as the vendors' public documents describe them, and some that no reader should send.

/// Each on one line, as readers write them; here they are broken for width.
pub fn lines(examples: &[&str]) -> Vec<String> {
    examples.iter().map(|example| example.lines().map(str::trim).collect()).collect()
}

/// Lines of an Impinj reader's event stream.
pub const IMPINJ: &[&str] = &[
    r#"{"timestamp":"2026-05-17T16:03:13.944189383Z","hostname":"impinj-14-01-b9"
        ,"eventType":"tagInventory","tagInventoryEvent":{"epc":"MDZFDgAAAEAAABqF"
        ,"epcHex":"3036450E0000004000001A85","tid":"4oARkaUDAGXybMv_"
        ,"tidHex":"E2801191A5030065F26CCBFF","pc":"MAA=","antennaPort":1
        ,"antennaName":"Exit left","peakRssiCdbm":-5650,"frequency":915250
        ,"transmitPowerCdbm":3000,"lastSeenTime":"2026-05-17T16:03:13.900Z","phaseAngle":271.4}}"#,
    r#"{"timestamp":"2026-05-17T16:03:14Z","tagInventoryEvent":{"epc":"MDZFDgAAAEAAABqF"
        ,"antennaPort":2,"pc":"3000","tid":"4oARkaUDAGXybMv/"}}"#,
    r#"{"timestamp":"2026-05-17T16:03:15.5+02:00","tagInventoryEvent":{"epcHex":"30AA"
        ,"antennaPort":0}}"#,
    r#"{"tagInventoryEvent":{"epcHex":"","peakRssiCdbm":1e+300,"phaseAngle":-1e-12
        ,"frequency":-1}}"#,
    r#"{"timestamp":"2026-05-17T16:03:16Z","eventType":"inventoryStatus"
        ,"inventoryStatusEvent":{"inventoryStatus":"running"}}"#,
    r#"{"inventoryStatusEvent":{"status":"idle"}}"#,
    r#"{"timestamp":"2026-05-17T16:03:17Z","antennaDisconnectedEvent":{"antennaPort":2
        ,"antennaName":"2"}}"#,
    r#"{"antennaConnectedEvent":{"antennaPort":2}}"#,
    r#"{"timestamp":"2026-05-17T16:03:18.1Z","gpiTransitionEvent":{"gpi":1
        ,"transition":"low-to-high"}}"#,
    r#"{"gpiTransitionEvent":{"gpi":3,"transition":"high-to-low"}}"#,
    r#"{"overflowEvent":{"eventsPurged":12,"eventsRemaining":88}}"#,
    r#"{"inventoryTerminatedEvent":{"reason":"stopped"}}"#,
    r#"{"diagnosticEvent":{"code":7,"message":"PLL \u0000 unlocked"}}"#,
    r#"{"antennaActivationEvent":{"antennaPort":1}}"#,
];

/// Payloads of a Zebra reader's IoT Connector.
pub const ZEBRA: &[&str] = &[
    r#"{"type":"CUSTOM","timestamp":"2026-09-07T12:21:53.635+0000","data":{"eventNum":17
        ,"format":"epc","idHex":"3036450e0000004000001a85","antenna":1,"peakRssi":-57
        ,"PC":"3000","CRC":"a1b2","channel":915.25,"phase":-42.5,"reads":3
        ,"TID":"e2801191a5030065f26ccbff","USER":"47110815","hostName":"FX9600"}}"#,
    r#"{"type":"SIMPLE","timestamp":"2026-09-07T12:21:53+00:00","data":{"idHex":"30AA"}}"#,
    r#"{"idHex":"30aa","antenna":2,"peakRssi":-60.5,"channel":"915.75","phase":"12"}"#,
    r#"{"data":{"idHex":"zz","antenna":1}}"#,
    r#"{"data":{"idHex":"30aa","antenna":0,"reads":0}}"#,
    r#"{"component":"RG","data":{"pin":2,"state":"LOW"},"eventNum":9
        ,"timestamp":"2026-09-07T12:21:53.635+0000","type":"gpi"}"#,
    r#"{"type":"gpo","data":{"pin":1,"state":"HIGH"}}"#,
    r#"{"component":"RC","type":"error","data":{"code":7
        ,"message":"Antenna 3 is disconnected"}}"#,
    r#"{"component":"RG","type":"warning","data":{"code":"temp","message":"hot\n"}}"#,
    r#"{"type":"error","data":{"details":[1,2]}}"#,
    r#"{"component":"RG","type":"heartbeat","eventNum":41
        ,"data":{"radio_control":{"status":"running","antennas":{"1":"connected"
        ,"2":"disconnected","x":1,"0":"connected"}},"reader_gateway":{"numErrors":0
        ,"dataPathStatistics":[{"numDataMessagesDropped":3},{"numDataMessagesDropped":4}]}
        ,"system":{"GPI":{"1":"HIGH"},"temperature":{"ambient":31}}}}"#,
    r#"{"type":"BLE_DATA","eventNum":1900,"data":{"Address":"CF:C7:E6:45:DE:F7","RSSI":-66}}"#,
];
