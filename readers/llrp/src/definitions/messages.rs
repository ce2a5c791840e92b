//! Every message of LLRP 1.0.1, 1.1 and 2.0 (which added none): number, name, fields in order, and the parameters it may hold.

use super::parameters::*;
use super::{choices, enumerations as values};

define_messages! {
    1 GET_READER_CAPABILITIES { RequestedData: u8 = GetReaderCapabilitiesRequestedData } [any Custom];
    2 GET_READER_CONFIG {
        AntennaID: u16, RequestedData: u8 = GetReaderConfigRequestedData, GPIPortNum: u16, GPOPortNum: u16
    } [
        any Custom
    ];
    3 SET_READER_CONFIG { ResetToFactoryDefault: u1, reserved: r7 } [
        opt ReaderEventNotificationSpec, any AntennaProperties, any AntennaConfiguration, opt ROReportSpec,
        opt AccessReportSpec, opt KeepaliveSpec, any GPOWriteData, any GPIPortCurrentState,
        opt EventsAndReports, any Custom
    ];
    4 CLOSE_CONNECTION_RESPONSE {} [one LLRPStatus];
    11 GET_READER_CAPABILITIES_RESPONSE {} [
        one LLRPStatus, opt GeneralDeviceCapabilities, opt LLRPCapabilities, opt RegulatoryCapabilities,
        opt (AirProtocolLLRPCapabilities), any Custom
    ];
    12 GET_READER_CONFIG_RESPONSE {} [
        one LLRPStatus, opt Identification, any AntennaProperties, any AntennaConfiguration,
        opt ReaderEventNotificationSpec, opt ROReportSpec, opt AccessReportSpec,
        opt LLRPConfigurationStateValue, opt KeepaliveSpec, any GPIPortCurrentState, any GPOWriteData,
        opt EventsAndReports, any Custom
    ];
    13 SET_READER_CONFIG_RESPONSE {} [one LLRPStatus];
    14 CLOSE_CONNECTION {} [];
    20 ADD_ROSPEC {} [one ROSpec];
    21 DELETE_ROSPEC { ROSpecID: u32 } [];
    22 START_ROSPEC { ROSpecID: u32 } [];
    23 STOP_ROSPEC { ROSpecID: u32 } [];
    24 ENABLE_ROSPEC { ROSpecID: u32 } [];
    25 DISABLE_ROSPEC { ROSpecID: u32 } [];
    26 GET_ROSPECS {} [];
    30 ADD_ROSPEC_RESPONSE {} [one LLRPStatus];
    31 DELETE_ROSPEC_RESPONSE {} [one LLRPStatus];
    32 START_ROSPEC_RESPONSE {} [one LLRPStatus];
    33 STOP_ROSPEC_RESPONSE {} [one LLRPStatus];
    34 ENABLE_ROSPEC_RESPONSE {} [one LLRPStatus];
    35 DISABLE_ROSPEC_RESPONSE {} [one LLRPStatus];
    36 GET_ROSPECS_RESPONSE {} [one LLRPStatus, any ROSpec];
    40 ADD_ACCESSSPEC {} [one AccessSpec];
    41 DELETE_ACCESSSPEC { AccessSpecID: u32 } [];
    42 ENABLE_ACCESSSPEC { AccessSpecID: u32 } [];
    43 DISABLE_ACCESSSPEC { AccessSpecID: u32 } [];
    44 GET_ACCESSSPECS {} [];
    45 CLIENT_REQUEST_OP {} [one TagReportData];
    46 GET_SUPPORTED_VERSION since 2 {} [];
    47 SET_PROTOCOL_VERSION since 2 { ProtocolVersion: u8 } [];
    50 ADD_ACCESSSPEC_RESPONSE {} [one LLRPStatus];
    51 DELETE_ACCESSSPEC_RESPONSE {} [one LLRPStatus];
    52 ENABLE_ACCESSSPEC_RESPONSE {} [one LLRPStatus];
    53 DISABLE_ACCESSSPEC_RESPONSE {} [one LLRPStatus];
    54 GET_ACCESSSPECS_RESPONSE {} [one LLRPStatus, any AccessSpec];
    55 CLIENT_REQUEST_OP_RESPONSE {} [one ClientRequestResponse];
    56 GET_SUPPORTED_VERSION_RESPONSE since 2 { CurrentVersion: u8, SupportedVersion: u8 } [one LLRPStatus];
    57 SET_PROTOCOL_VERSION_RESPONSE since 2 {} [one LLRPStatus];
    60 GET_REPORT {} [];
    61 RO_ACCESS_REPORT {} [any TagReportData, any RFSurveyReportData, any Custom];
    62 KEEPALIVE {} [];
    63 READER_EVENT_NOTIFICATION {} [one ReaderEventNotificationData];
    64 ENABLE_EVENTS_AND_REPORTS {} [];
    72 KEEPALIVE_ACK {} [];
    100 ERROR_MESSAGE {} [one LLRPStatus];
    1023 CUSTOM_MESSAGE { VendorIdentifier: u32, MessageSubtype: u8, Data: rest } [];
}
