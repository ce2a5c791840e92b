//! Every parameter of LLRP 1.0.1, 1.1 and, as far as it is publicly known, 2.0: number, name, fields in order, and the
//! parameters it may hold.
//!
//! `since 2` marks what 1.1 (header version 2) brought, `since 3` what 2.0 did; in an older frame those bits were reserved.
//! Names, numbers, types and order are those of the EPCglobal LLRP standard.
//! Where the public 1.1 definition file differs from the standard, the standard stands here (LoopSpec is 355).

use super::{choices, enumerations as values};

define_parameters! {
    1 AntennaID { AntennaID: u16 } [];
    2 FirstSeenTimestampUTC { Microseconds: u64 } [];
    3 FirstSeenTimestampUptime { Microseconds: u64 } [];
    4 LastSeenTimestampUTC { Microseconds: u64 } [];
    5 LastSeenTimestampUptime { Microseconds: u64 } [];
    6 PeakRSSI { PeakRSSI: s8 } [];
    7 ChannelIndex { ChannelIndex: u16 } [];
    8 TagSeenCount { TagCount: u16 } [];
    9 ROSpecID { ROSpecID: u32 } [];
    10 InventoryParameterSpecID { InventoryParameterSpecID: u16 } [];
    11 C1G2_CRC { CRC: u16 } [];
    12 C1G2_PC { PC_Bits: u16 } [];
    13 EPC_96 { EPC: u96 } [];
    14 SpecIndex { SpecIndex: u16 } [];
    15 ClientRequestOpSpecResult { OpSpecID: u16 } [];
    16 AccessSpecID { AccessSpecID: u32 } [];
    17 OpSpecID { OpSpecID: u16 } [];
    18 C1G2SingulationDetails { NumCollisionSlots: u16, NumEmptySlots: u16 } [];
    19 C1G2_XPCW1 since 2 { XPC_W1: u16 } [];
    20 C1G2_XPCW2 since 2 { XPC_W2: u16 } [];
    128 UTCTimestamp { Microseconds: u64 } [];
    129 Uptime { Microseconds: u64 } [];
    137 GeneralDeviceCapabilities {
        MaxNumberOfAntennaSupported: u16, CanSetAntennaProperties: u1, HasUTCClockCapability: u1,
        reserved: r14, DeviceManufacturerName: u32, ModelName: u32, ReaderFirmwareVersion: utf8
    } [
        some ReceiveSensitivityTableEntry, any PerAntennaReceiveSensitivityRange, one GPIOCapabilities,
        some PerAntennaAirProtocol, opt MaximumReceiveSensitivity
    ];
    139 ReceiveSensitivityTableEntry { Index: u16, ReceiveSensitivityValue: s16 } [];
    140 PerAntennaAirProtocol { AntennaID: u16, ProtocolID: u8v = AirProtocols } [];
    141 GPIOCapabilities { NumGPIs: u16, NumGPOs: u16 } [];
    142 LLRPCapabilities {
        CanDoRFSurvey: u1, CanReportBufferFillWarning: u1, SupportsClientRequestOpSpec: u1,
        CanDoTagInventoryStateAwareSingulation: u1, SupportsEventAndReportHolding: u1, reserved: r3,
        MaxNumPriorityLevelsSupported: u8, ClientRequestOpSpecTimeout: u16, MaxNumROSpecs: u32,
        MaxNumSpecsPerROSpec: u32, MaxNumInventoryParameterSpecsPerAISpec: u32, MaxNumAccessSpecs: u32,
        MaxNumOpSpecsPerAccessSpec: u32
    } [];
    143 RegulatoryCapabilities { CountryCode: u16, CommunicationsStandard: u16 = CommunicationsStandard } [
        opt UHFBandCapabilities, any Custom
    ];
    144 UHFBandCapabilities {} [
        some TransmitPowerLevelTableEntry, one FrequencyInformation, some (AirProtocolUHFRFModeTable),
        opt RFSurveyFrequencyCapabilities
    ];
    145 TransmitPowerLevelTableEntry { Index: u16, TransmitPowerValue: s16 } [];
    146 FrequencyInformation { Hopping: u1, reserved: r7 } [any FrequencyHopTable, opt FixedFrequencyTable];
    147 FrequencyHopTable { HopTableID: u8, reserved: r8, Frequency: u32v } [];
    148 FixedFrequencyTable { Frequency: u32v } [];
    149 PerAntennaReceiveSensitivityRange {
        AntennaID: u16, ReceiveSensitivityIndexMin: u16, ReceiveSensitivityIndexMax: u16
    } [];
    177 ROSpec { ROSpecID: u32, Priority: u8, CurrentState: u8 = ROSpecState } [
        one ROBoundarySpec, some (SpecParameter), opt ROReportSpec
    ];
    178 ROBoundarySpec {} [one ROSpecStartTrigger, one ROSpecStopTrigger];
    179 ROSpecStartTrigger { ROSpecStartTriggerType: u8 = ROSpecStartTriggerType } [
        opt PeriodicTriggerValue, opt GPITriggerValue
    ];
    180 PeriodicTriggerValue { Offset: u32, Period: u32 } [opt UTCTimestamp];
    181 GPITriggerValue { GPIPortNum: u16, GPIEvent: u1, reserved: r7, Timeout: u32 } [];
    182 ROSpecStopTrigger { ROSpecStopTriggerType: u8 = ROSpecStopTriggerType, DurationTriggerValue: u32 } [
        opt GPITriggerValue
    ];
    183 AISpec { AntennaIDs: u16v } [one AISpecStopTrigger, some InventoryParameterSpec, any Custom];
    184 AISpecStopTrigger { AISpecStopTriggerType: u8 = AISpecStopTriggerType, DurationTrigger: u32 } [
        opt GPITriggerValue, opt TagObservationTrigger
    ];
    185 TagObservationTrigger {
        TriggerType: u8 = TagObservationTriggerType, reserved: r8, NumberOfTags: u16, NumberOfAttempts: u16,
        T: u16, Timeout: u32
    } [];
    186 InventoryParameterSpec { InventoryParameterSpecID: u16, ProtocolID: u8 = AirProtocols } [
        any AntennaConfiguration, any Custom
    ];
    187 RFSurveySpec { AntennaID: u16, StartFrequency: u32, EndFrequency: u32 } [
        one RFSurveySpecStopTrigger, any Custom
    ];
    188 RFSurveySpecStopTrigger {
        StopTriggerType: u8 = RFSurveySpecStopTriggerType, DurationPeriod: u32, N: u32
    } [];
    207 AccessSpec {
        AccessSpecID: u32, AntennaID: u16, ProtocolID: u8 = AirProtocols,
        CurrentState: u1 = AccessSpecState, reserved: r7, ROSpecID: u32
    } [
        one AccessSpecStopTrigger, one AccessCommand, opt AccessReportSpec, any Custom
    ];
    208 AccessSpecStopTrigger {
        AccessSpecStopTrigger: u8 = AccessSpecStopTriggerType, OperationCountValue: u16
    } [];
    209 AccessCommand {} [one (AirProtocolTagSpec), some (AccessCommandOpSpec), any Custom];
    210 ClientRequestOpSpec { OpSpecID: u16 } [];
    211 ClientRequestResponse { AccessSpecID: u32 } [one (EPCParameter), any (AirProtocolOpSpec)];
    217 LLRPConfigurationStateValue { LLRPConfigurationStateValue: u32 } [];
    218 Identification { IDType: u8 = IdentificationType, ReaderID: hex8 } [];
    219 GPOWriteData { GPOPortNumber: u16, GPOData: u1, reserved: r7 } [];
    220 KeepaliveSpec { KeepaliveTriggerType: u8 = KeepaliveTriggerType, PeriodicTriggerValue: u32 } [];
    221 AntennaProperties { AntennaConnected: u1, reserved: r7, AntennaID: u16, AntennaGain: s16 } [];
    222 AntennaConfiguration { AntennaID: u16 } [
        opt RFReceiver, opt RFTransmitter, any (AirProtocolInventoryCommandSettings)
    ];
    223 RFReceiver { ReceiverSensitivity: u16 } [];
    224 RFTransmitter { HopTableID: u16, ChannelIndex: u16, TransmitPower: u16 } [];
    225 GPIPortCurrentState { GPIPortNum: u16, Config: u1, reserved: r7, State: u8 = GPIPortState } [];
    226 EventsAndReports { HoldEventsAndReportsUponReconnect: u1, reserved: r7 } [];
    237 ROReportSpec { ROReportTrigger: u8 = ROReportTriggerType, N: u16 } [
        one TagReportContentSelector, any Custom
    ];
    238 TagReportContentSelector {
        EnableROSpecID: u1, EnableSpecIndex: u1, EnableInventoryParameterSpecID: u1, EnableAntennaID: u1,
        EnableChannelIndex: u1, EnablePeakRSSI: u1, EnableFirstSeenTimestamp: u1,
        EnableLastSeenTimestamp: u1, EnableTagSeenCount: u1, EnableAccessSpecID: u1,
        EnableCryptoResponse: u1 since 3, reserved: r5
    } [
        any (AirProtocolEPCMemorySelector)
    ];
    239 AccessReportSpec { AccessReportTrigger: u8 = AccessReportTriggerType } [];
    240 TagReportData {} [
        one (EPCParameter), opt ROSpecID, opt SpecIndex, opt InventoryParameterSpecID, opt AntennaID,
        opt PeakRSSI, opt ChannelIndex, opt FirstSeenTimestampUTC, opt FirstSeenTimestampUptime,
        opt LastSeenTimestampUTC, opt LastSeenTimestampUptime, opt TagSeenCount, any (AirProtocolTagData),
        opt AccessSpecID, any (AccessCommandOpSpecResult), opt CryptoResponse, any Custom
    ];
    241 EPCData { EPC: bits } [];
    242 RFSurveyReportData {} [opt ROSpecID, opt SpecIndex, some FrequencyRSSILevelEntry, any Custom];
    243 FrequencyRSSILevelEntry { Frequency: u32, Bandwidth: u32, AverageRSSI: s8, PeakRSSI: s8 } [
        one (Timestamp)
    ];
    244 ReaderEventNotificationSpec {} [some EventNotificationState];
    245 EventNotificationState { EventType: u16 = NotificationEventType, NotificationState: u1, reserved: r7 } [];
    246 ReaderEventNotificationData {} [
        one (Timestamp), opt HoppingEvent, opt GPIEvent, opt ROSpecEvent, opt ReportBufferLevelWarningEvent,
        opt ReportBufferOverflowErrorEvent, opt ReaderExceptionEvent, opt RFSurveyEvent, opt AISpecEvent,
        opt AntennaEvent, opt ConnectionAttemptEvent, opt ConnectionCloseEvent, opt SpecLoopEvent,
        any Custom
    ];
    247 HoppingEvent { HopTableID: u16, NextChannelIndex: u16 } [];
    248 GPIEvent { GPIPortNumber: u16, GPIEvent: u1, reserved: r7 } [];
    249 ROSpecEvent { EventType: u8 = ROSpecEventType, ROSpecID: u32, PreemptingROSpecID: u32 } [];
    250 ReportBufferLevelWarningEvent { ReportBufferPercentageFull: u8 } [];
    251 ReportBufferOverflowErrorEvent {} [];
    252 ReaderExceptionEvent { Message: utf8 } [
        opt ROSpecID, opt SpecIndex, opt InventoryParameterSpecID, opt AntennaID, opt AccessSpecID,
        opt OpSpecID, any Custom
    ];
    253 RFSurveyEvent { EventType: u8 = RFSurveyEventType, ROSpecID: u32, SpecIndex: u16 } [];
    254 AISpecEvent { EventType: u8 = AISpecEventType, ROSpecID: u32, SpecIndex: u16 } [
        opt (AirProtocolSingulationDetails)
    ];
    255 AntennaEvent { EventType: u8 = AntennaEventType, AntennaID: u16 } [];
    256 ConnectionAttemptEvent { Status: u16 = ConnectionAttemptStatusType } [];
    257 ConnectionCloseEvent {} [];
    287 LLRPStatus { StatusCode: u16 = StatusCode, ErrorDescription: utf8 } [
        opt FieldError, opt ParameterError
    ];
    288 FieldError { FieldNum: u16, ErrorCode: u16 = StatusCode } [];
    289 ParameterError { ParameterType: u16, ErrorCode: u16 = StatusCode } [
        opt FieldError, opt ParameterError
    ];
    290 CryptoResponse since 3 unverified { RespBitLen: u16, Message: bits } [];
    327 C1G2LLRPCapabilities {
        CanSupportBlockErase: u1, CanSupportBlockWrite: u1, CanSupportBlockPermalock: u1 since 2,
        CanSupportTagRecommissioning: u1 since 2, CanSupportUMIMethod2: u1 since 2,
        CanSupportXPC: u1 since 2, reserved: r2, MaxNumSelectFiltersPerQuery: u16,
        CanSupportUntraceable: u1 added 3, CanSupportChallenge: u1 added 3, CanSupportAuthenticate: u1 added 3,
        CanSupportAuthComm: u1 added 3, CanSupportSecureComm: u1 added 3, CanSupportKeyUpdate: u1 added 3,
        CanSupportTagPrivilege: u1 added 3, CanSupportReadBuffer: u1 added 3,
        CanSupportExtendedPowerOnPeriod: u1 added 3, reserved2: r7 added 3
    } [];
    328 C1G2UHFRFModeTable {} [some C1G2UHFRFModeTableEntry];
    329 C1G2UHFRFModeTableEntry {
        ModeIdentifier: u32, DRValue: u1 = C1G2DRValue, EPCHAGTCConformance: u1, reserved: r6,
        MValue: u8 = C1G2MValue, ForwardLinkModulation: u8 = C1G2ForwardLinkModulation,
        SpectralMaskIndicator: u8 = C1G2SpectralMaskIndicator, BDRValue: u32, PIEValue: u32,
        MinTariValue: u32, MaxTariValue: u32, StepTariValue: u32
    } [];
    330 C1G2InventoryCommand { TagInventoryStateAware: u1, reserved: r7 } [
        any C1G2Filter, opt C1G2RFControl, opt C1G2SingulationControl, any C1G2Challenge, any Custom
    ];
    331 C1G2Filter { T: u2 = C1G2TruncateAction, reserved: r6 } [
        one C1G2TagInventoryMask, opt C1G2TagInventoryStateAwareFilterAction,
        opt C1G2TagInventoryStateUnawareFilterAction, opt ExtendOnTime
    ];
    332 C1G2TagInventoryMask { MB: u2, reserved: r6, Pointer: u16, TagMask: bits } [];
    333 C1G2TagInventoryStateAwareFilterAction {
        Target: u8 = C1G2StateAwareTarget, Action: u8 = C1G2StateAwareAction
    } [];
    334 C1G2TagInventoryStateUnawareFilterAction { Action: u8 = C1G2StateUnawareAction } [];
    335 C1G2RFControl { ModeIndex: u16, Tari: u16 } [];
    336 C1G2SingulationControl { Session: u2, reserved: r6, TagPopulation: u16, TagTransitTime: u32 } [
        opt C1G2TagInventoryStateAwareSingulationAction
    ];
    337 C1G2TagInventoryStateAwareSingulationAction {
        I: u1 = C1G2TagInventoryStateAwareI, S: u1 = C1G2TagInventoryStateAwareS, SAll: u1 since 2,
        reserved: r5
    } [];
    338 C1G2TagSpec {} [some C1G2TargetTag];
    339 C1G2TargetTag { MB: u2, Match: u1, reserved: r5, Pointer: u16, TagMask: bits, TagData: bits } [];
    341 C1G2Read {
        OpSpecID: u16, AccessPassword: u32, MB: u2, reserved: r6, WordPointer: u16, WordCount: u16
    } [];
    342 C1G2Write {
        OpSpecID: u16, AccessPassword: u32, MB: u2, reserved: r6, WordPointer: u16, WriteData: hex16
    } [];
    343 C1G2Kill { OpSpecID: u16, KillPassword: u32 } [];
    344 C1G2Lock { OpSpecID: u16, AccessPassword: u32 } [some C1G2LockPayload];
    345 C1G2LockPayload { Privilege: u8 = C1G2LockPrivilege, DataField: u8 = C1G2LockDataField } [];
    346 C1G2BlockErase {
        OpSpecID: u16, AccessPassword: u32, MB: u2, reserved: r6, WordPointer: u16, WordCount: u16
    } [];
    347 C1G2BlockWrite {
        OpSpecID: u16, AccessPassword: u32, MB: u2, reserved: r6, WordPointer: u16, WriteData: hex16
    } [];
    348 C1G2EPCMemorySelector { EnableCRC: u1, EnablePCBits: u1, EnableXPCBits: u1 since 2, reserved: r5 } [];
    349 C1G2ReadOpSpecResult { Result: u8 = C1G2ReadResultType, OpSpecID: u16, ReadData: hex16 } [];
    350 C1G2WriteOpSpecResult { Result: u8 = C1G2WriteResultType, OpSpecID: u16, NumWordsWritten: u16 } [];
    351 C1G2KillOpSpecResult { Result: u8 = C1G2KillResultType, OpSpecID: u16 } [];
    352 C1G2LockOpSpecResult { Result: u8 = C1G2LockResultType, OpSpecID: u16 } [];
    353 C1G2BlockEraseOpSpecResult { Result: u8 = C1G2BlockEraseResultType, OpSpecID: u16 } [];
    354 C1G2BlockWriteOpSpecResult {
        Result: u8 = C1G2BlockWriteResultType, OpSpecID: u16, NumWordsWritten: u16
    } [];
    355 LoopSpec since 2 { LoopCount: u32 } [];
    356 SpecLoopEvent since 2 { ROSpecID: u32, LoopCount: u32 } [];
    357 C1G2Recommission since 2 {
        OpSpecID: u16, KillPassword: u32, reserved: r5, ThreeSB: u1, TwoSB: u1, LSB: u1
    } [];
    358 C1G2BlockPermalock since 2 {
        OpSpecID: u16, AccessPassword: u32, MB: u2, reserved: r6, BlockPointer: u16, BlockMask: hex16
    } [];
    359 C1G2GetBlockPermalockStatus since 2 {
        OpSpecID: u16, AccessPassword: u32, MB: u2, reserved: r6, BlockPointer: u16, BlockRange: u16
    } [];
    360 C1G2RecommissionOpSpecResult since 2 { Result: u8 = C1G2RecommissionResultType, OpSpecID: u16 } [];
    361 C1G2BlockPermalockOpSpecResult since 2 { Result: u8 = C1G2BlockPermalockResultType, OpSpecID: u16 } [];
    362 C1G2GetBlockPermalockStatusOpSpecResult since 2 {
        Result: u8 = C1G2GetBlockPermalockStatusResultType, OpSpecID: u16, PermalockStatus: hex16
    } [];
    363 MaximumReceiveSensitivity since 2 { MaximumSensitivityValue: s16 } [];
    364 C1G2UntraceableOpSpecResult since 3 unverified { Result: u8, OpSpecID: u16 } [];
    365 RFSurveyFrequencyCapabilities since 2 { MinimumFrequency: u32, MaximumFrequency: u32 } [];
    366 C1G2Challenge since 3 unverified {
        reserved: r6, L: u1, E: u1, CSI: u8, MsgLen: u16, Message: bits, ExtendOnTime: u32
    } [];
    367 C1G2Authenticate since 3 unverified {
        OpSpecID: u16, AccessPassword: u32, S: u1, L: u1, reserved: r6, CSI: u8, MsgLen: u16, Message: bits
    } [];
    368 C1G2AuthComm since 3 unverified {
        OpSpecID: u16, AccessPassword: u32, L: u1, reserved: r7, MsgLen: u16, Message: bits
    } [];
    369 C1G2SecureComm since 3 unverified {
        OpSpecID: u16, AccessPassword: u32, S: u1, L: u1, reserved: r6, MsgLen: u16, Message: bits
    } [];
    370 C1G2ReadBuffer since 3 unverified {
        OpSpecID: u16, AccessPassword: u32, WordPtr: u16, NumBits: u16
    } [];
    372 C1G2KeyUpdate since 3 unverified {
        OpSpecID: u16, AccessPassword: u32, S: u1, L: u1, reserved: r6, KeyID: u16, MsgLen: u16, Message: bits
    } [];
    373 C1G2TagPrivilege since 3 unverified {
        OpSpecID: u16, AccessPassword: u32, S: u1, L: u1, A: u1, T: u1, reserved: r4, KeyID: u16, Privilege: u16
    } [];
    374 C1G2AuthenticateOpSpecResult since 3 unverified {
        Result: u8, OpSpecID: u16, RespBitLen: u16, Response: bits
    } [];
    375 C1G2AuthCommOpSpecResult since 3 unverified {
        Result: u8, OpSpecID: u16, RespBitLen: u16, Response: bits
    } [];
    376 C1G2SecureCommOpSpecResult since 3 unverified {
        Result: u8, OpSpecID: u16, RespBitLen: u16, Response: bits
    } [];
    377 C1G2ReadBufferOpSpecResult since 3 unverified {
        Result: u8, OpSpecID: u16, RespBitLen: u16, Response: bits
    } [];
    378 C1G2KeyUpdateOpSpecResult since 3 unverified {
        Result: u8, OpSpecID: u16, RespBitLen: u16, Response: bits
    } [];
    379 C1G2TagPrivilegeOpSpecResult since 3 unverified {
        Result: u8, OpSpecID: u16, reserved: r7, T: u1, KeyID: u16, Privilege: u16
    } [];
    380 C1G2Untraceable since 3 unverified {
        OpSpecID: u16, AccessPassword: u32, U: u1, reserved: r1, EPC: u6, TID: u2, User: u1, Range: u2,
        reserved2: r3
    } [];
    381 ExtendOnTime since 3 unverified { Time: u32 } [];
    1023 Custom { VendorIdentifier: u32, ParameterSubtype: u32, Data: rest } [];
}
