//! Custom parameters and messages of reader makers, as far as an inventory needs them.
//!
//! Impinj (25882) is written from Impinj's public documentation and from captured frames; Zebra (161) from
//! the public Motorola definitions. A custom parameter that is not here, or whose bytes do not fit
//! what stands here, is kept as `Custom` with its bytes untouched.

/// Impinj's vendor identifier (IANA private enterprise number).
pub const IMPINJ: u32 = 25882;
/// Motorola's, now Zebra's, vendor identifier (IANA private enterprise number).
pub const ZEBRA: u32 = 161;

define_customs! {
    message IMPINJ / 21 IMPINJ_ENABLE_EXTENSIONS { reserved: r32 } [any Custom];
    message IMPINJ / 22 IMPINJ_ENABLE_EXTENSIONS_RESPONSE {} [one LLRPStatus, any Custom];
    parameter IMPINJ / 21 ImpinjRequestedData { RequestedData: u32 } [any Custom];
    parameter IMPINJ / 22 ImpinjSubRegulatoryRegion { RegulatoryRegion: u16 } [any Custom];
    parameter IMPINJ / 23 ImpinjInventorySearchMode {
        InventorySearchMode: u16 = ImpinjInventorySearchType
    } [any Custom];
    parameter IMPINJ / 26 ImpinjFixedFrequencyList {
        FixedFrequencyMode: u16 = ImpinjFixedFrequencyMode, reserved: r16, ChannelList: u16v
    } [any Custom];
    parameter IMPINJ / 28 ImpinjLowDutyCycle {
        LowDutyCycleMode: u16 = ImpinjLowDutyCycleMode, EmptyFieldTimeout: u16, FieldPingInterval: u16
    } [any Custom];
    parameter IMPINJ / 50 ImpinjTagReportContentSelector {} [
        opt ImpinjEnableSerializedTID, opt ImpinjEnableRFPhaseAngle, opt ImpinjEnablePeakRSSI,
        opt ImpinjEnableGPSCoordinates, opt ImpinjEnableOptimizedRead, opt ImpinjEnableRFDopplerFrequency,
        any Custom
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
    parameter IMPINJ / 65 ImpinjEnableOptimizedRead {
        OptimizedReadMode: u16 = ImpinjOptimizedReadMode
    } [any C1G2Read, any Custom];
    parameter IMPINJ / 67 ImpinjEnableRFDopplerFrequency {
        RFDopplerFrequencyMode: u16 = ImpinjRFDopplerFrequencyMode
    } [any Custom];
    parameter IMPINJ / 68 ImpinjRFDopplerFrequency { DopplerFrequency: s16 } [any Custom];
    parameter ZEBRA / 709 MotoTagPhase { Phase: s16 } [];
}
