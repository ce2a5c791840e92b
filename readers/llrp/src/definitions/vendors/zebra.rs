//! Custom messages and parameters of Zebra's readers, which kept Motorola's vendor number and names.
//!
//! Names, numbers, types and order are those of Zebra's extensions to the LLRP Toolkit's definitions (Apache-2.0), against
//! which the tests hold them.

use super::ZEBRA;
use super::zebra_choices as choices;
use super::zebra_values as values;
use crate::definitions::parameters::{
    AccessSpec, AntennaID, EPCData, LLRPStatus, PeakRSSI, ROSpec, UTCTimestamp,
};

define_customs! {
    ALL_ZEBRA:
    message ZEBRA / 2 MOTO_GET_TAG_EVENT_REPORT {} [];
    message ZEBRA / 3 MOTO_PURGE_TAGS { PurgeTagEventStateOnly: u1, reserved: r7 } [any EPCData];
    message ZEBRA / 4 MOTO_PURGE_TAGS_RESPONSE {} [one LLRPStatus];
    message ZEBRA / 5 MOTO_TAG_EVENT_NOTIFY {} [];
    message ZEBRA / 10 MOTO_UPDATE_RADIO_FIRMWARE { FirmwareFilePath: utf8 } [];
    message ZEBRA / 11 MOTO_UPDATE_RADIO_FIRMWARE_RESPONSE {} [one LLRPStatus];
    message ZEBRA / 12 MOTO_UPDATE_RADIO_CONFIG { ConfigFilePath: utf8 } [];
    message ZEBRA / 13 MOTO_UPDATE_RADIO_CONFIG_RESPONSE {} [one LLRPStatus];
    message ZEBRA / 14 MOTO_GET_RADIO_UPDATE_STATUS {} [];
    message ZEBRA / 15 MOTO_GET_RADIO_UPDATE_STATUS_RESPONSE {} [
        one LLRPStatus, one MotoRadioUpdateStatusInfo
    ];
    message ZEBRA / 16 MOTO_C2_COMMAND { c2Command: utf8 } [];
    message ZEBRA / 17 MOTO_C2_COMMAND_RESPONSE { c2Response: utf8 } [one LLRPStatus];
    message ZEBRA / 18 MOTO_PERFORM_VSWR_CHARACTERIZATION {
        AntennaIDs: u16v, TransmitPowers: u16v, ChannelMask: u64
    } [];
    message ZEBRA / 19 MOTO_PERFORM_VSWR_CHARACTERIZATION_RESULT {} [
        some AntennaVSWRTableEntry, one LLRPStatus
    ];
    parameter ZEBRA / 1 MotoGeneralCapabilities {
        Version: u32, CanGetGeneralParams: u1, CanReportPartNumber: u1, CanReportRadioVersion: u1,
        CanSupportRadioPowerState: u1, reserved: r4
    } [];
    parameter ZEBRA / 50 MotoGeneralRequestCapabilities {
        RequestedData: u8 = MotoGeneralRequestCapabilitiesRequestedData
    } [];
    parameter ZEBRA / 51 MotoGeneralGetParams {
        RequestedData: u8 = MotoGeneralGetParamsRequestedData
    } [];
    parameter ZEBRA / 100 MotoAutonomousCapabilities {
        Version: u32, CanSupportAutonomousMode: u1, reserved: r7
    } [];
    parameter ZEBRA / 101 MotoAutonomousState { AutonomousModeState: u1, reserved: r7 } [];
    parameter ZEBRA / 102 MotoDefaultSpec { UseDefaultSpecForAutoMode: u1, reserved: r7 } [
        one ROSpec, any AccessSpec
    ];
    parameter ZEBRA / 110 MotoAdvancedCapabilities {
        Version: u32, CanReportPhase: u1, CanSupportZone: u1, CanSupportAntennaRFConfig: u1,
        CanSupportPeriodicTagReports: u1, CanSupportSledBatteryStatus: u1, reserved: r3
    } [];
    parameter ZEBRA / 120 MotoTagEventsGenerationCapabilities {
        Version: u32, CanSelectTagEvents: u1, CanSelectTagReportingFormat: u1, reserved: r6
    } [];
    parameter ZEBRA / 121 MotoTagEventSelector {
        ReportNewTagEvent: u8 = MotoTagEventSelectorReportNewTagEvent, NewTagEventModeratedTimeout: u16,
        ReportTagInvisibleEvent: u8 = MotoTagEventSelectorReportTagInvisibleEvent,
        TagInvisibleEventModeratedTimeout: u16,
        ReportTagVisibilityChangeEvent: u8 = MotoTagEventSelectorReportTagVisibilityChangeEvent,
        TagVisibilityChangeEventModeratedTimeout: u16
    } [];
    parameter ZEBRA / 122 MotoTagReportMode { ReportFormat: u8 = MotoReportFormat } [];
    parameter ZEBRA / 123 MotoTagEventList {} [any MotoTagEventEntry];
    parameter ZEBRA / 124 MotoTagEventEntry {
        EventType: u8 = MotoTagEventTypeEnum, Microseconds: u64
    } [];
    parameter ZEBRA / 125 MotoROReportTrigger { MotoReportTrigger: u8 = MotoReportTriggerType } [];
    parameter ZEBRA / 130 MotoLocationCapabilities {
        Version: u32, CanSupportMotoFindItem: u1, CanSupportMotoPortalDirectionality: u1, reserved: r6,
        reserved2: r32
    } [];
    parameter ZEBRA / 200 MotoFilterCapabilities {
        Version: u32, CanFilterTagsBasedOnRSSI: u1, CanFilterTagsBasedOnTimeOfDay: u1,
        CanFilterTagsBasedOnUTCTimeStamp: u1, reserved: r5
    } [];
    parameter ZEBRA / 250 MotoUTCTimestamp { Microseconds: u64 } [];
    parameter ZEBRA / 251 MotoFilterTimeOfDay { Microseconds: u64 } [];
    parameter ZEBRA / 252 MotoFilterTimeRange {
        TimeFormat: u8 = MotoFilterTimeRangeTimeFormat, Match: u8 = MotoFilterTimeRangeMatch
    } [some (MotoFilterTimeFormatChoice)];
    parameter ZEBRA / 253 MotoFilterRSSIRange { Match: u8 = MotoFilterRSSIRangeMatch, reserved: r8 } [
        some PeakRSSI
    ];
    parameter ZEBRA / 254 MotoFilterRule { RuleType: u8 = MotoFilterRuleRuleType } [
        opt MotoFilterRSSIRange, opt MotoFilterTimeRange
    ];
    parameter ZEBRA / 255 MotoFilterList { UseFilter: u1, reserved: r31 } [any MotoFilterRule];
    parameter ZEBRA / 256 MotoVersion { ModuleName: utf8, ModuleVersion: utf8 } [];
    parameter ZEBRA / 270 MotoFindItem { Mode: u16, ModeParam: u16, AntennaIDs: u16v } [];
    parameter ZEBRA / 271 MotoLocationResult { RelativeDistance: s16 } [];
    parameter ZEBRA / 272 MotoPortalDirectionalitySource { SourceID: u16 } [
        some MotoPortalDirectionalityAntenna
    ];
    parameter ZEBRA / 273 MotoPortalDirectionalityAntenna {
        AntennaID: u16, Direction: u8 = MotoPortalDirectionalityAntennaDirection
    } [];
    parameter ZEBRA / 274 MotoPortalDirectionalityEventList {} [any MotoPortalDirectionalityEventEntry];
    parameter ZEBRA / 275 MotoPortalDirectionalityEventEntry {
        Microseconds: u64, SourceID: u16, Confidence: u8
    } [];
    parameter ZEBRA / 300 MotoPersistenceCapabilities {
        Version: u32, CanSaveConfiguration: u1, CanSaveTags: u1, CanSaveEvents: u1, reserved: r5
    } [];
    parameter ZEBRA / 350 MotoPersistenceSaveParams {
        SaveConfiguration: u1, SaveTagData: u1, SaveTagEventData: u1, reserved: r5
    } [];
    parameter ZEBRA / 400 MotoC1G2LLRPCapabilities {
        Version: u32, CanSupportBlockPermalock: u1, CanSupportRecommissioning: u1, CanWriteUMI: u1,
        CanSupportNXPCustomCommands: u1, CanSupportFujitsuCustomCommands: u1,
        CanSupportImpinjCustomCommands: u1, reserved: r2
    } [];
    parameter ZEBRA / 450 MotoC1G2ExtendedPC { XPC: hex16 } [];
    parameter ZEBRA / 451 MotoC1G2Recommission {
        OpSpecID: u16, KillPassword: u32, Operation: u8 = MotoC1G2RecommissionOperation
    } [];
    parameter ZEBRA / 452 MotoC1G2RecommissionOpSpecResult {
        Result: u8 = MotoC1G2RecommissionOpSpecResultType, OpSpecID: u16
    } [];
    parameter ZEBRA / 453 MotoC1G2BlockPermalock {
        OpSpecID: u16, AccessPassword: u32, MB: u2, ReadLock: u1, reserved: r5, BlockPointer: u16,
        ReadBlockRange: u16, Mask: hex16
    } [];
    parameter ZEBRA / 454 MotoC1G2BlockPermalockOpSpecResult {
        Result: u8 = MotoC1G2BlockPermalockOpSpecResultType, OpSpecID: u16, Status: hex16
    } [];
    parameter ZEBRA / 455 MotoNXPChangeEAS {
        OpSpecID: u16, AccessPassword: u32, EASState: u1, reserved: r7
    } [];
    parameter ZEBRA / 456 MotoNXPChangeEASOpSpecResult {
        Result: u8 = MotoNXPOpSpecResultType, OpSpecID: u16
    } [];
    parameter ZEBRA / 457 MotoNXPSetQuiet { OpSpecID: u16, AccessPassword: u32 } [];
    parameter ZEBRA / 458 MotoNXPSetQuietOpSpecResult {
        Result: u8 = MotoNXPOpSpecResultType, OpSpecID: u16
    } [];
    parameter ZEBRA / 459 MotoNXPResetQuiet { OpSpecID: u16, AccessPassword: u32 } [];
    parameter ZEBRA / 460 MotoNXPResetQuietOpSpecResult {
        Result: u8 = MotoNXPOpSpecResultType, OpSpecID: u16
    } [];
    parameter ZEBRA / 461 MotoNXPCalibrate { OpSpecID: u16, AccessPassword: u32 } [];
    parameter ZEBRA / 462 MotoNXPCalibrateOpSpecResult {
        Result: u8 = MotoNXPOpSpecResultType, OpSpecID: u16, ReadData: hex16
    } [];
    parameter ZEBRA / 463 MotoNXPEASAlarmSpec { AntennaIDs: u16v } [];
    parameter ZEBRA / 464 MotoNXPEASAlarmNotification { EASAlarmCode: u64 } [opt AntennaID];
    parameter ZEBRA / 465 MotoConnectionFailureReason {
        ErrorCode: u8 = MotoConnectionErrorType, ErrorDescription: utf8
    } [];
    parameter ZEBRA / 466 MotoCustomCommandOptions {
        EnableNXPSetAndResetQuietCommands: u1, reserved: r31
    } [];
    parameter ZEBRA / 467 MotoFujitsuChangeWordLock {
        OpSpecID: u16, WordPointer: u16, MB: u2, PayloadMask: u2, PayloadAction: u2, reserved: r2,
        BlockGroupPassword: u32, reserved2: r32
    } [];
    parameter ZEBRA / 468 MotoFujitsuChangeWordLockOpSpecResult {
        Result: u8 = MotoFujitsuOpSpecResultType, OpSpecID: u16
    } [];
    parameter ZEBRA / 469 MotoFujitsuChangeBlockLock {
        OpSpecID: u16, BlockGroupPointer: u8, PayloadMask: u16, PayloadAction: u16,
        BlockGroupPassword: u32, reserved: r32
    } [];
    parameter ZEBRA / 470 MotoFujitsuChangeBlockLockOpSpecResult {
        Result: u8 = MotoFujitsuOpSpecResultType, OpSpecID: u16
    } [];
    parameter ZEBRA / 471 MotoFujitsuReadBlockLock {
        OpSpecID: u16, BlockGroupPointer: u8, reserved: r32
    } [];
    parameter ZEBRA / 472 MotoFujitsuReadBlockLockOpSpecResult {
        Result: u8 = MotoFujitsuOpSpecResultType, OpSpecID: u16, BlockLockStatus: u16
    } [];
    parameter ZEBRA / 473 MotoFujitsuChangeBlockOrAreaGroupPassword {
        OpSpecID: u16, BlockOrAreaGroupPointer: u8, currentPassword: u32, newPassword: u32,
        reserved: r32
    } [];
    parameter ZEBRA / 474 MotoFujitsuChangeBlockOrAreaGroupPasswordOpSpecResult {
        Result: u8 = MotoFujitsuOpSpecResultType, OpSpecID: u16
    } [];
    parameter ZEBRA / 475 MotoFujitsuBurstWrite {
        OpSpecID: u16, AccessPassword: u32, MB: u2, reserved: r14, WordPointer: u16, reserved2: r16,
        BurstWriteData: hex16
    } [];
    parameter ZEBRA / 476 MotoFujitsuBurstWriteOpSpecResult {
        Result: u8 = MotoFujitsuOpSpecResultType, OpSpecID: u16, WordsNotWritten: u8
    } [];
    parameter ZEBRA / 477 MotoFujitsuBurstErase {
        OpSpecID: u16, AccessPassword: u32, MB: u2, reserved: r6, WordPointer: u16, WordCount: u8
    } [];
    parameter ZEBRA / 478 MotoFujitsuBurstEraseOpSpecResult {
        Result: u8 = MotoFujitsuOpSpecResultType, OpSpecID: u16, WordsNotErased: u8
    } [];
    parameter ZEBRA / 479 MotoFujitsuAreaReadLock {
        OpSpecID: u16, AreaGroupPointer: u8, AreaReadLockMask: u16, AreaReadLockAction: u16,
        AreaGroupPassword: u32, reserved: r32
    } [];
    parameter ZEBRA / 480 MotoFujitsuAreaReadLockOpSpecResult {
        Result: u8 = MotoFujitsuOpSpecResultType, OpSpecID: u16
    } [];
    parameter ZEBRA / 481 MotoFujitsuAreaWriteLock {
        OpSpecID: u16, AreaGroupPointer: u8, AreaWriteLockMask: u16, AreaWriteLockAction: u16,
        AreaGroupPassword: u32, reserved: r32
    } [];
    parameter ZEBRA / 482 MotoFujitsuAreaWriteLockOpSpecResult {
        Result: u8 = MotoFujitsuOpSpecResultType, OpSpecID: u16
    } [];
    parameter ZEBRA / 483 MotoFujitsuAreaWriteLockWOPassword {
        OpSpecID: u16, AreaGroupPointer: u8, AreaWriteLockWOPasswordAction: u16, reserved: r32
    } [];
    parameter ZEBRA / 484 MotoFujitsuAreaWriteLockWOPasswordOpSpecResult {
        Result: u8 = MotoFujitsuOpSpecResultType, OpSpecID: u16
    } [];
    parameter ZEBRA / 485 MotoNXPChangeConfig {
        OpSpecID: u16, AccessPassword: u32, reserved: r8, NXPChangeConfigWord: u16
    } [];
    parameter ZEBRA / 486 MotoNXPChangeConfigOpSpecResult {
        Result: u8 = MotoOpSpecResultType, OpSpecID: u16, NXPChangeConfigWord: u16
    } [];
    parameter ZEBRA / 487 MotoImpinjQT {
        OpSpecID: u16, AccessPassword: u32, QT_Write: u1, QT_Persist: u1, reserved: r6
    } [opt QTData];
    parameter ZEBRA / 488 QTData { QT_Control: u16 } [];
    parameter ZEBRA / 489 MotoImpinjQTOpSpecResult {
        Result: u8 = MotoOpSpecResultType, OpSpecID: u16, QT_Write: u1, reserved: r7
    } [opt QTData];
    parameter ZEBRA / 500 MotoRadioPowerState { RadioPowerState: u1, reserved: r7 } [];
    parameter ZEBRA / 501 MotoRadioUpdateStatusInfo {
        PercentageComplete: u8, RadioUpdateStatusCode: u8, StatusDescription: utf8
    } [];
    parameter ZEBRA / 502 MotoRadioDutyCycle { DutyCycleIndex: u8 } [];
    parameter ZEBRA / 503 MotoRadioDutyCycleTable { DutyCyclePercentage: u16v } [];
    parameter ZEBRA / 504 MotoVersionList {} [any MotoVersion];
    parameter ZEBRA / 505 MotoPortalDirectionalityConfiguration {
        Mode: u8 = MotoPortalDirectionalityMode
    } [any MotoPortalDirectionalitySource, opt (ModeControlParameter)];
    parameter ZEBRA / 506 MotoPortalDirectionalityAIMControlParameter { ConfidenceThreshold: u32 } [];
    parameter ZEBRA / 507 MotoPortalDirectionalityEngineerParameter {
        TimeSinceFirst: u32, TimeSinceLast: u32, Generic: u32
    } [];
    parameter ZEBRA / 508 MotoSledBatteryStatus { BatteryLevel: u32, Status: u8 = MotoBatteryStatus } [];
    parameter ZEBRA / 509 MotoUSBHostParams { USBHostTurnOnTime: s16, reserved: r32 } [];
    parameter ZEBRA / 600 MotoGenericParameter { ParamNumber: u16, MotoParam: bits } [];
    parameter ZEBRA / 700 Motozone { ZoneID: u16, ZoneName: utf8, AntennaIDs: u16v } [];
    parameter ZEBRA / 701 MotoZoneAntennaSequence { ZoneID: u16, AntennaIDs: u16v } [];
    parameter ZEBRA / 702 MotoZoneAntennaSequenceList {} [some MotoZoneAntennaSequence];
    parameter ZEBRA / 703 MotoAntennaConfig {} [
        opt MotoAntennaStopCondition, opt MotoAntennaPhysicalPortConfig, opt MotoAntennaQueryConfig
    ];
    parameter ZEBRA / 704 MotoAntennaStopCondition {
        AntennaStopTrigger: u8 = MotAntennaStopTriggerType, AntennaStopConditionValue: u16
    } [];
    parameter ZEBRA / 705 MotoAntennaPhysicalPortConfig {
        PhysicalTransmitPort: u16, PhysicalReceivePort: u16
    } [];
    parameter ZEBRA / 706 MotoTagZoneID { ZoneID: u16 } [];
    parameter ZEBRA / 707 MotoTagZoneName { ZoneName: utf8 } [];
    parameter ZEBRA / 708 MotoTagReportContentSelector {
        EnableZoneID: u1, EnableZoneName: u1, EnableAntennaPhysicalPortConfig: u1, EnablePhase: u1,
        reserved: r28
    } [];
    parameter ZEBRA / 709 MotoTagPhase { Phase: s16 } [];
    parameter ZEBRA / 710 MotoAntennaQueryConfig { EnableSLAll: u1, EnableABFlip: u1, reserved: r14 } [];
    parameter ZEBRA / 800 MotoASCIIDebugInfo { ASCIIData: utf8 } [];
    parameter ZEBRA / 1010 MotoGenericCustomOpSpec {
        OpSpecID: u16, AccessPassword: u32, IsSecureMode: u1, reserved: r15, Gen2Command: u16,
        ManufacturerID: u16, GenericData: u32, reserved2: r32, reserved3: r32
    } [some (MotoGenericParamSpec), any MotoGenericResponseSpec];
    parameter ZEBRA / 1011 MotoGenericParamData { NumberOfBits: u16, Data: hex16 } [];
    parameter ZEBRA / 1012 MotoGenericParamValue {
        Parameter: u16 = GenericParameterType, reserved: r32
    } [];
    parameter ZEBRA / 1013 MotoGenericResponseSpec {
        ResponseParameter: u16 = GenericResponseSpecType, reserved: r32
    } [];
    parameter ZEBRA / 1014 MotoGenericCustomOpSpecResult {
        Result: u8 = MotoOpSpecResultType, OpSpecID: u16, Data: hex16
    } [];
    parameter ZEBRA / 5000 AntennaVSWRTableEntry { AntennaID: u16 } [some ChannelVSWRTableEntry];
    parameter ZEBRA / 5001 ChannelVSWRTableEntry {
        ChannelFrequency: u32, ForwardPower: u16, ReversePower: u16, VSWR: u32
    } [opt UTCTimestamp];
}
