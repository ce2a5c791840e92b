//! Custom messages and parameters of Impinj's readers.
//!
//! Impinj's definition file may not be passed on and nothing of it is here. Numbers, types and order are what public
//! drivers, Wireshark's dissector and captured frames of readers show; where only one of them does, it is `unverified`.

use super::IMPINJ;
use super::impinj_values as values;
use crate::definitions::parameters::{C1G2Filter, C1G2Read, Custom, EPCData, LLRPStatus};

define_customs! {
    ALL_IMPINJ:
    message IMPINJ / 21 IMPINJ_ENABLE_EXTENSIONS { reserved: r32 } [any Custom];
    message IMPINJ / 22 IMPINJ_ENABLE_EXTENSIONS_RESPONSE {} [one LLRPStatus, any Custom];
    message IMPINJ / 23 IMPINJ_SAVE_SETTINGS { SaveConfiguration: u1, reserved: r7 } [any Custom];
    message IMPINJ / 24 IMPINJ_SAVE_SETTINGS_RESPONSE {} [one LLRPStatus, any Custom];
    message IMPINJ / 150 IMPINJ_ADD_ENCODE_DATA_CACHE unverified {} [one ImpinjEncodeDataCache, any Custom];
    message IMPINJ / 151 IMPINJ_ADD_ENCODE_DATA_CACHE_RESPONSE unverified {} [one LLRPStatus, any Custom];
    message IMPINJ / 152 IMPINJ_DELETE_ENCODE_DATA_CACHE unverified { EncodeDataCacheID: u32 } [any Custom];
    message IMPINJ / 153 IMPINJ_DELETE_ENCODE_DATA_CACHE_RESPONSE unverified {} [one LLRPStatus, any Custom];
    message IMPINJ / 154 IMPINJ_GET_ENCODE_DATA_CACHES unverified {} [any Custom];
    message IMPINJ / 155 IMPINJ_GET_ENCODE_DATA_CACHES_RESPONSE unverified {} [
        one LLRPStatus, any ImpinjEncodeDataCache, any Custom
    ];
    message IMPINJ / 156 IMPINJ_ADD_ENCODE_DATA unverified { EncodeDataCacheID: u32 } [
        any ImpinjEncodeData, any Custom
    ];
    message IMPINJ / 157 IMPINJ_ADD_ENCODE_DATA_RESPONSE unverified {} [one LLRPStatus, any Custom];
    parameter IMPINJ / 21 ImpinjRequestedData { RequestedData: u32 = ImpinjRequestedDataType } [any Custom];
    parameter IMPINJ / 22 ImpinjSubRegulatoryRegion { RegulatoryRegion: u16 = ImpinjRegulatoryRegion } [
        any Custom
    ];
    parameter IMPINJ / 23 ImpinjInventorySearchMode {
        InventorySearchMode: u16 = ImpinjInventorySearchType
    } [any Custom];
    parameter IMPINJ / 24 ImpinjTagDirectionReporting unverified {
        EnableTagDirection: u1, reserved: r15,
        AntennaConfiguration: u16 = ImpinjTagDirectionAntennaConfiguration, reserved2: r32
    } [any Custom];
    parameter IMPINJ / 25 ImpinjTagDirection unverified {
        DecisionTimestamp: u64, TagDirection: u16 = ImpinjDirection, Confidence: u16
    } [any Custom];
    parameter IMPINJ / 26 ImpinjFixedFrequencyList {
        FixedFrequencyMode: u16 = ImpinjFixedFrequencyMode, reserved: r16, ChannelList: u16v
    } [any Custom];
    parameter IMPINJ / 27 ImpinjReducedPowerFrequencyList {
        ReducedPowerMode: u16 = ImpinjReducedPowerMode, reserved: r16, ChannelList: u16v
    } [any Custom];
    parameter IMPINJ / 28 ImpinjLowDutyCycle {
        LowDutyCycleMode: u16 = ImpinjLowDutyCycleMode, EmptyFieldTimeout: u16, FieldPingInterval: u16
    } [any Custom];
    parameter IMPINJ / 29 ImpinjDetailedVersion {
        ModelName: utf8, SerialNumber: utf8, SoftwareVersion: utf8, FirmwareVersion: utf8, FPGAVersion: utf8,
        PCBAVersion: utf8
    } [opt ImpinjHubVersions, opt ImpinjArrayVersion, opt ImpinjBLEVersion, any Custom];
    parameter IMPINJ / 30 ImpinjFrequencyCapabilities { FrequencyList: u32v } [any Custom];
    parameter IMPINJ / 31 ImpinjTagInformation unverified {} [any EPCData, any Custom];
    parameter IMPINJ / 32 ImpinjForkliftConfiguration {} [
        opt ImpinjForkliftHeightThreshold, opt ImpinjForkliftZeroMotionTimeThreshold, any Custom
    ];
    parameter IMPINJ / 33 ImpinjForkliftHeightThreshold { HeightThreshold: u16 } [any Custom];
    parameter IMPINJ / 34 ImpinjForkliftZeroMotionTimeThreshold { ZeroMotionTimeThreshold: u16 } [any Custom];
    parameter IMPINJ / 35 ImpinjForkliftCompanionBoardInfo {
        BoardManufacturer: utf8, FirmwareVersion: hex8, HardwareVersion: hex8
    } [any Custom];
    parameter IMPINJ / 36 ImpinjGPIDebounceConfiguration { GPIPortNum: u16, GPIDebounceTimerMSec: u32 } [
        any Custom
    ];
    parameter IMPINJ / 37 ImpinjReaderTemperature { Temperature: s16 } [any Custom];
    parameter IMPINJ / 38 ImpinjLinkMonitorConfiguration {
        LinkMonitorMode: u16 = ImpinjLinkMonitorMode, LinkDownThreshold: u16
    } [any Custom];
    parameter IMPINJ / 39 ImpinjReportBufferConfiguration {
        ReportBufferMode: u16 = ImpinjReportBufferMode
    } [any Custom];
    parameter IMPINJ / 40 ImpinjAccessSpecConfiguration {} [
        opt ImpinjBlockWriteWordCount, opt ImpinjOpSpecRetryCount, opt ImpinjAccessSpecOrdering, any Custom
    ];
    parameter IMPINJ / 41 ImpinjBlockWriteWordCount { WordCount: u16 } [any Custom];
    parameter IMPINJ / 42 ImpinjBlockPermalock {
        OpSpecID: u16, AccessPassword: u32, MB: u2, reserved: r6, BlockPointer: u16, BlockMask: hex16
    } [any Custom];
    parameter IMPINJ / 43 ImpinjBlockPermalockOpSpecResult {
        Result: u8 = ImpinjBlockPermalockResultType, OpSpecID: u16
    } [any Custom];
    parameter IMPINJ / 44 ImpinjGetBlockPermalockStatus {
        OpSpecID: u16, AccessPassword: u32, MB: u2, reserved: r6, BlockPointer: u16, BlockRange: u16
    } [any Custom];
    parameter IMPINJ / 45 ImpinjGetBlockPermalockStatusOpSpecResult {
        Result: u8 = ImpinjGetBlockPermalockStatusResultType, OpSpecID: u16, PermalockStatus: hex16
    } [any Custom];
    parameter IMPINJ / 46 ImpinjSetQTConfig {
        OpSpecID: u16, AccessPassword: u32, DataProfile: u8 = ImpinjQTDataProfile,
        AccessRange: u8 = ImpinjQTAccessRange, Persistence: u8 = ImpinjQTPersistence, reserved: r32
    } [any Custom];
    parameter IMPINJ / 47 ImpinjSetQTConfigOpSpecResult {
        Result: u8 = ImpinjSetQTConfigResultType, OpSpecID: u16
    } [any Custom];
    parameter IMPINJ / 48 ImpinjGetQTConfig { OpSpecID: u16, AccessPassword: u32 } [any Custom];
    parameter IMPINJ / 49 ImpinjGetQTConfigOpSpecResult {
        Result: u8 = ImpinjGetQTConfigResultType, OpSpecID: u16, DataProfile: u8 = ImpinjQTDataProfile,
        AccessRange: u8 = ImpinjQTAccessRange, reserved: r32
    } [any Custom];
    parameter IMPINJ / 50 ImpinjTagReportContentSelector {} [
        opt ImpinjEnableSerializedTID, opt ImpinjEnableRFPhaseAngle, opt ImpinjEnablePeakRSSI,
        opt ImpinjEnableGPSCoordinates, opt ImpinjEnableOptimizedRead, opt ImpinjEnableRFDopplerFrequency,
        opt ImpinjEnableTxPower, any Custom
    ];
    parameter IMPINJ / 51 ImpinjEnableSerializedTID {
        SerializedTIDMode: u16 = ImpinjSerializedTIDMode
    } [any Custom];
    parameter IMPINJ / 52 ImpinjEnableRFPhaseAngle {
        RFPhaseAngleMode: u16 = ImpinjRFPhaseAngleMode
    } [any Custom];
    parameter IMPINJ / 53 ImpinjEnablePeakRSSI { PeakRSSIMode: u16 = ImpinjPeakRSSIMode } [any Custom];
    parameter IMPINJ / 54 ImpinjEnableGPSCoordinates {
        GPSCoordinatesMode: u16 = ImpinjGPSCoordinatesMode
    } [any Custom];
    parameter IMPINJ / 55 ImpinjSerializedTID { TID: hex16 } [any Custom];
    parameter IMPINJ / 56 ImpinjRFPhaseAngle { PhaseAngle: u16 } [any Custom];
    parameter IMPINJ / 57 ImpinjPeakRSSI { RSSI: s16 } [any Custom];
    parameter IMPINJ / 58 ImpinjGPSCoordinates { Latitude: s32, Longitude: s32 } [any Custom];
    parameter IMPINJ / 59 ImpinjLoopSpec { LoopCount: u32 } [any Custom];
    parameter IMPINJ / 60 ImpinjGPSNMEASentences {} [opt ImpinjGGASentence, opt ImpinjRMCSentence, any Custom];
    parameter IMPINJ / 61 ImpinjGGASentence { GGASentence: utf8 } [any Custom];
    parameter IMPINJ / 62 ImpinjRMCSentence { RMCSentence: utf8 } [any Custom];
    parameter IMPINJ / 63 ImpinjOpSpecRetryCount { RetryCount: u16 } [any Custom];
    parameter IMPINJ / 64 ImpinjAdvancedGPOConfiguration {
        GPOPortNum: u16, GPOMode: u16 = ImpinjAdvancedGPOMode, GPOPulseDurationMSec: u32
    } [any Custom];
    parameter IMPINJ / 65 ImpinjEnableOptimizedRead {
        OptimizedReadMode: u16 = ImpinjOptimizedReadMode
    } [any C1G2Read, any Custom];
    parameter IMPINJ / 66 ImpinjAccessSpecOrdering { OrderingMode: u16 = ImpinjAccessSpecOrderingMode } [
        any Custom
    ];
    parameter IMPINJ / 67 ImpinjEnableRFDopplerFrequency {
        RFDopplerFrequencyMode: u16 = ImpinjRFDopplerFrequencyMode
    } [any Custom];
    parameter IMPINJ / 68 ImpinjRFDopplerFrequency { DopplerFrequency: s16 } [any Custom];
    parameter IMPINJ / 69 ImpinjInventoryConfiguration unverified {
        EnableAntDwellTimeLimit: u1, EnableSelectGapClose: u1, reserved: r6
    } [any Custom];
    parameter IMPINJ / 72 ImpinjEnableTxPower { TxPowerMode: u16 = ImpinjTxPowerReportingModeEnum } [any Custom];
    parameter IMPINJ / 73 ImpinjTxPower { TxPower: u16 } [any Custom];
    parameter IMPINJ / 1501 ImpinjSTPCapabilities unverified { EncodeStatus: u16 = ImpinjEncodeStatus } [
        some ImpinjTagIC, any Custom
    ];
    parameter IMPINJ / 1502 ImpinjTagIC unverified { Type: u16 = ImpinjTagICType } [any Custom];
    parameter IMPINJ / 1503 ImpinjEncodeDataCache unverified {
        EncodeDataCacheID: u32, LowEncodeDataThreshold: u16
    } [one ImpinjEncodeDataDefaults, any Custom];
    parameter IMPINJ / 1504 ImpinjEncodeDataDefaults unverified {} [
        opt ImpinjEncodeDataPCBits, opt ImpinjEncodeDataAccessPassword, opt ImpinjEncodeDataKillPassword,
        opt ImpinjEncodeDataUserMemory, opt ImpinjEncodeDataAlternateEPC, opt ImpinjEncodeDataQTConfig,
        opt ImpinjEncodeDataLockConfig, any Custom
    ];
    parameter IMPINJ / 1505 ImpinjEncodeData unverified { EPC: bits } [
        opt ImpinjEncodeDataPCBits, opt ImpinjEncodeDataAccessPassword, opt ImpinjEncodeDataKillPassword,
        opt ImpinjEncodeDataUserMemory, opt ImpinjEncodeDataAlternateEPC, opt ImpinjEncodeDataQTConfig,
        opt ImpinjEncodeDataLockConfig, any Custom
    ];
    parameter IMPINJ / 1506 ImpinjEncodeDataPCBits unverified { PCBits: u16 } [any Custom];
    parameter IMPINJ / 1507 ImpinjEncodeDataAccessPassword unverified { AccessPassword: u32 } [any Custom];
    parameter IMPINJ / 1508 ImpinjEncodeDataKillPassword unverified { KillPassword: u32 } [any Custom];
    parameter IMPINJ / 1509 ImpinjEncodeDataUserMemory unverified { WordPointer: u16, WriteData: hex16 } [
        any Custom
    ];
    parameter IMPINJ / 1510 ImpinjEncodeDataAlternateEPC unverified { AlternateEPC: hex16 } [any Custom];
    parameter IMPINJ / 1511 ImpinjEncodeDataQTConfig unverified {
        DataProfile: u8 = ImpinjQTDataProfile, AccessRange: u8 = ImpinjQTAccessRange,
        Persistence: u8 = ImpinjQTPersistence
    } [any Custom];
    parameter IMPINJ / 1512 ImpinjEncodeDataLockConfig unverified {
        AccessPasswordLock: u8 = ImpinjLockPrivilege, KillPasswordLock: u8 = ImpinjLockPrivilege,
        EPCMemoryLock: u8 = ImpinjLockPrivilege, TIDMemoryLock: u8 = ImpinjLockPrivilege,
        UserMemoryLock: u8 = ImpinjLockPrivilege, UserBlockPermalockPointer: u16, UserBlockPermalockMask: hex16
    } [any Custom];
    parameter IMPINJ / 1513 ImpinjLowEncodeDataThresholdEvent unverified {
        EncodeDataCacheID: u32, Threshold: u16, Count: u16
    } [any Custom];
    parameter IMPINJ / 1514 ImpinjEncodeOpSpec unverified {
        OpSpecID: u16, AccessPassword: u32, EncodeDataCacheID: u32, Mode: u16 = ImpinjEncodeMode,
        TagIC: u16 = ImpinjTagICType, EncodeCount: u32, TagsInViewCount: u16, EncodeReportCount: u16,
        TagInViewTimeout: u16
    } [any ImpinjOpSpecGPOPulse, any Custom];
    parameter IMPINJ / 1515 ImpinjOpSpecGPOPulse unverified {
        OpSpecAction: u16 = ImpinjOpSpecAction, GPOPortNumber: u16, GPOData: u1, reserved: r7,
        GPOPulseDurationMSec: u16
    } [any Custom];
    parameter IMPINJ / 1516 ImpinjEncodeReportData unverified { AccessSpecID: u32 } [
        opt ImpinjEncodeOpSpecResult, any ImpinjEncodeDataResult, any Custom
    ];
    parameter IMPINJ / 1517 ImpinjEncodeOpSpecResult unverified {
        OpSpecID: u16, Result: u8 = ImpinjEncodeResultType, ElapsedTime: u64, AttemptCount: u32,
        SuccessCount: u32
    } [any Custom];
    parameter IMPINJ / 1518 ImpinjEncodeDataResult unverified {
        OpSpecID: u16, Result: u8 = ImpinjEncodeDataResultType
    } [one EPCData, opt ImpinjEncodeDataDetailedResult, any Custom];
    parameter IMPINJ / 1519 ImpinjEncodeDataDetailedResult unverified {
        EncodeEPCResult: u8 = ImpinjEncodeDataResultType, EncodePCBitsResult: u8 = ImpinjEncodeDataResultType,
        EncodeAccessPasswordResult: u8 = ImpinjEncodeDataResultType,
        EncodeKillPasswordResult: u8 = ImpinjEncodeDataResultType,
        EncodeUserMemoryResult: u8 = ImpinjEncodeDataResultType,
        EncodeAlternateEPCResult: u8 = ImpinjEncodeDataResultType,
        EncodeQTConfigResult: u8 = ImpinjEncodeDataResultType,
        EncodeLockConfigResult: u8 = ImpinjEncodeDataResultType
    } [any Custom];
    parameter IMPINJ / 1520 ImpinjArrayVersion {
        SerialNumber: utf8, FirmwareVersion: utf8, PCBAVersion: utf8
    } [any Custom];
    parameter IMPINJ / 1521 ImpinjxArrayCapabilities unverified {
        MaxNumSectors: u32, SupportsLISpecs: u1, SupportsDISpecs: u1, reserved: r6
    } [any Custom];
    parameter IMPINJ / 1522 ImpinjTiltConfiguration unverified { XAxis: s32, YAxis: s32, ZAxis: s32 } [
        any Custom
    ];
    parameter IMPINJ / 1523 ImpinjBeaconConfiguration unverified {
        BeaconState: u1, reserved: r7, BeaconDuration: u64
    } [any Custom];
    parameter IMPINJ / 1524 ImpinjAntennaConfiguration {} [
        opt ImpinjAntennaEventHysteresis, opt ImpinjAntennaEventConfiguration, any Custom
    ];
    parameter IMPINJ / 1526 ImpinjAntennaEventHysteresis {
        AntennaEventConnected: u64, AntennaEventDisconnected: u64
    } [any Custom];
    parameter IMPINJ / 1537 ImpinjHubVersions {} [some ImpinjArrayVersion, any Custom];
    parameter IMPINJ / 1538 ImpinjHubConfiguration {
        HubID: u16, Connected: u16 = ImpinjHubConnectedType, Fault: u16 = ImpinjHubFaultType
    } [any Custom];
    parameter IMPINJ / 1539 ImpinjDiagnosticReport unverified { Metric: u32v } [];
    parameter IMPINJ / 1540 ImpinjPlacementConfiguration unverified {
        HeightCm: u16, FacilityXLocationCm: s32, FacilityYLocationCm: s32, OrientationDegrees: s16
    } [any Custom];
    parameter IMPINJ / 1541 ImpinjLISpec unverified {} [
        opt ImpinjLocationConfig, opt ImpinjC1G2LocationConfig, opt ImpinjLocationReporting, any Custom
    ];
    parameter IMPINJ / 1542 ImpinjLocationConfig unverified {
        ComputeWindowSeconds: u16, TagAgeIntervalSeconds: u16, UpdateIntervalSeconds: u16
    } [any Custom];
    parameter IMPINJ / 1543 ImpinjC1G2LocationConfig unverified { ModeIndex: u16, Session: u2, reserved: r6 } [
        any C1G2Filter, any Custom
    ];
    parameter IMPINJ / 1544 ImpinjLocationReporting unverified {
        EnableUpdateReport: u1, EnableEntryReport: u1, EnableExitReport: u1, EnableDiagnosticReport: u1,
        reserved: r4
    } [any Custom];
    parameter IMPINJ / 1545 ImpinjLocationReportData unverified {
        LastSeenTimestampUTC: u64, LocXCentimeters: s32, LocYCentimeters: s32, Type: u8 = ImpinjLocationReportType
    } [any Custom];
    parameter IMPINJ / 1552 ImpinjExtendedTagInformation unverified {} [
        some EPCData, opt ImpinjLocationReportData, any Custom
    ];
    parameter IMPINJ / 1554 ImpinjIntelligentAntennaManagement unverified {
        ManagementEnabled: u1, reserved: r7
    } [any Custom];
    parameter IMPINJ / 1566 ImpinjTIDParity unverified { ParityError: u1, reserved: r15 } [any Custom];
    parameter IMPINJ / 1576 ImpinjAntennaEventConfiguration unverified {
        EnableAntennaAttemptNotification: u1, reserved: r7
    } [any Custom];
    parameter IMPINJ / 1577 ImpinjAntennaAttemptEvent unverified { AntennaID: u16 } [any Custom];
    parameter IMPINJ / 1580 ImpinjBLEVersion unverified { FirmwareVersion: utf8 } [any Custom];
    parameter IMPINJ / 1582 ImpinjRFPowerSweep unverified {
        EnableRFPowerSweep: u1, reserved: r7, MinimumPowerLevel: u16, PowerLevelStepSize: u16
    } [any Custom];
}
