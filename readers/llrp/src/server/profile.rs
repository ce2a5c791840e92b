//! What an emulated reader is: its capabilities, and the parameters that say so.

use super::select::MOST_FILTERS;
use crate::definitions::vendors::{self as v, IMPINJ};
use crate::definitions::{enumerations as e, parameters as p};
use crate::element::Element;

/// Impinj's number for the Speedway R420.
const R420: u32 = 2_001_002;

/// What an emulated reader is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// `DeviceManufacturerName`. Impinj's extensions are spoken when it is 25882.
    pub vendor: u32,
    /// `ModelName`.
    pub model: u32,
    /// `ReaderFirmwareVersion`.
    pub firmware: String,
    /// `ReaderID` as an EUI-64.
    pub mac: [u8; 8],
    /// Antenna ports.
    pub antennas: u16,
    /// GPI ports.
    pub gpis: u16,
    /// GPO ports.
    pub gpos: u16,
    /// Transmit powers in 1/100 dBm, index 1 first.
    pub powers_cdbm: Vec<i16>,
    /// Frequencies in kHz in the order of `ChannelIndex`.
    pub channels_khz: Vec<u32>,
    /// Whether it hops over them; else they are its fixed frequencies.
    pub hopping: bool,
    /// ISO 3166 country code.
    pub country: u16,
    /// `CommunicationsStandard`.
    pub standard: u64,
    /// ROSpecs it can hold.
    pub max_rospecs: usize,
    /// Priority levels of ROSpecs, 0 the highest.
    pub priorities: u8,
    /// Operations in one AccessSpec.
    pub max_operations: u16,
    /// AccessSpecs it can hold.
    pub max_access_specs: usize,
    /// Highest header version it speaks: 1 or 2.
    pub max_version: u8,
    /// Reports kept while no client takes them; beyond that the oldest are lost, as on a real reader.
    pub max_buffered_reports: usize,
}

impl Default for Profile {
    /// A four-port reader under FCC rules in the manner of an Impinj R420: one ROSpec, 50 channels in an order of its own,
    /// 10 to 32.5 dBm in steps of 0.25 dB, LLRP 1.0.1 only.
    fn default() -> Self {
        // 902.75 to 927.25 MHz in steps of 0.5 MHz, permuted: 17 and 50 have no common factor.
        let channels_khz = (0..50_u32).map(|n| 902_750 + 500 * ((n * 17 + 13) % 50)).collect();
        Profile {
            vendor: IMPINJ,
            model: R420,
            firmware: "5.14.0.240".into(),
            mac: [0x00, 0x16, 0x25, 0xFF, 0xFF, 0x00, 0x00, 0x01],
            antennas: 4,
            gpis: 4,
            gpos: 4,
            powers_cdbm: (0..=90).map(|step| 1000 + 25 * step).collect(),
            channels_khz,
            hopping: true,
            country: 840,
            standard: e::CommunicationsStandard::US_FCC_Part_15,
            max_rospecs: 1,
            priorities: 8,
            max_operations: 8,
            max_access_specs: 1508,
            max_version: 1,
            max_buffered_reports: 4096,
        }
    }
}

impl Profile {
    /// The transmit power of an index, in 1/100 dBm.
    pub fn power_cdbm(&self, index: u16) -> Option<i16> {
        self.powers_cdbm.get(usize::from(index).checked_sub(1)?).copied()
    }

    /// The index of full power.
    pub(super) fn full_power(&self) -> u16 {
        u16::try_from(self.powers_cdbm.len()).unwrap_or(u16::MAX)
    }

    /// The parts of `GET_READER_CAPABILITIES_RESPONSE` that were asked for.
    pub(super) fn capabilities(&self, requested: u64) -> Vec<Element> {
        use e::GetReaderCapabilitiesRequestedData as R;
        let mut parts = Vec::new();
        let mut part = |which: u64, make: fn(&Profile) -> Element| {
            if requested == R::All || requested == which {
                parts.push(make(self));
            }
        };
        part(R::General_Device_Capabilities, Profile::general);
        part(R::LLRP_Capabilities, Profile::llrp);
        part(R::Regulatory_Capabilities, Profile::regulatory);
        part(R::LLRP_Air_Protocol_Capabilities, |profile| {
            let newer = profile.max_version > 1;
            Element::new(&p::C1G2LLRPCapabilities)
                .with("CanSupportBlockErase", true)
                .with("CanSupportBlockWrite", true)
                .with("CanSupportBlockPermalock", newer)
                .with("CanSupportTagRecommissioning", newer)
                .with("MaxNumSelectFiltersPerQuery", MOST_FILTERS)
        });
        parts
    }

    /// What Impinj's extensions add to the capabilities, by `ImpinjRequestedData` (`None`: all).
    pub(super) fn impinj_capabilities(&self, requested: Option<u64>) -> Vec<Element> {
        use e::ImpinjRequestedDataType as R;
        let wants =
            |which| requested.is_none_or(|requested| [which, R::All_Capabilities].contains(&requested));
        let mut parts = Vec::new();
        if wants(R::Impinj_Detailed_Version) {
            let serial: String = self.mac.iter().map(|byte| format!("{byte:02X}")).collect();
            parts.push(
                Element::new(&v::ImpinjDetailedVersion)
                    .with("ModelName", if self.model == R420 { "Speedway R420" } else { "emulated" })
                    .with("SerialNumber", serial.as_str())
                    .with("SoftwareVersion", self.firmware.as_str())
                    .with("FirmwareVersion", self.firmware.as_str()),
            );
        }
        if wants(R::Impinj_Frequency_Capabilities) {
            let frequencies = self.channels_khz.clone();
            parts.push(Element::new(&v::ImpinjFrequencyCapabilities).with("FrequencyList", frequencies));
        }
        parts
    }

    fn general(&self) -> Element {
        // Receive sensitivities: full, then 10 to 50 dB less, as the R420 lists them.
        let sensitivities = (1..=42_u16).map(|index| {
            let less: i16 = if index == 1 { 0 } else { index.cast_signed() + 8 };
            Element::new(&p::ReceiveSensitivityTableEntry)
                .with("Index", index)
                .with("ReceiveSensitivityValue", less)
        });
        let protocols = (1..=self.antennas).map(|id| {
            Element::new(&p::PerAntennaAirProtocol)
                .with("AntennaID", id)
                .with("ProtocolID", vec![e::AirProtocols::EPCGlobalClass1Gen2 as u8])
        });
        Element::new(&p::GeneralDeviceCapabilities)
            .with("MaxNumberOfAntennaSupported", self.antennas)
            .with("HasUTCClockCapability", true)
            .with("DeviceManufacturerName", self.vendor)
            .with("ModelName", self.model)
            .with("ReaderFirmwareVersion", self.firmware.as_str())
            .and_all(sensitivities)
            .and(Element::new(&p::GPIOCapabilities).with("NumGPIs", self.gpis).with("NumGPOs", self.gpos))
            .and_all(protocols)
    }

    fn llrp(&self) -> Element {
        let many = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        Element::new(&p::LLRPCapabilities)
            .with("CanReportBufferFillWarning", true)
            .with("SupportsEventAndReportHolding", true)
            .with("CanDoTagInventoryStateAwareSingulation", true)
            .with("MaxNumPriorityLevelsSupported", self.priorities)
            .with("MaxNumROSpecs", many(self.max_rospecs))
            .with("MaxNumSpecsPerROSpec", 32_u32)
            .with("MaxNumInventoryParameterSpecsPerAISpec", 1_u32)
            .with("MaxNumAccessSpecs", many(self.max_access_specs))
            .with("MaxNumOpSpecsPerAccessSpec", u32::from(self.max_operations))
    }

    fn regulatory(&self) -> Element {
        let powers = self.powers_cdbm.iter().zip(1_u16..).map(|(power, index)| {
            Element::new(&p::TransmitPowerLevelTableEntry)
                .with("Index", index)
                .with("TransmitPowerValue", *power)
        });
        let frequencies = Element::new(&p::FrequencyInformation).with("Hopping", self.hopping);
        let frequencies = frequencies.and(if self.hopping {
            Element::new(&p::FrequencyHopTable)
                .with("HopTableID", 1_u8)
                .with("Frequency", self.channels_khz.clone())
        } else {
            Element::new(&p::FixedFrequencyTable).with("Frequency", self.channels_khz.clone())
        });
        // Mode, M, bits per second, PIE ratio in thousandths, Tari in ns: the R420's table as captured frames show it.
        let modes = [
            (0_u32, 0_u64, 640_000_u32, 1500_u32, 6250_u32),
            (1, 1, 640_000, 1500, 6250),
            (2, 2, 274_000, 2000, 20_000),
            (3, 3, 170_600, 2000, 20_000),
            (4, 2, 640_000, 1500, 7140),
            (1000, 2, 40_000, 1500, 6250),
            (1002, 2, 40_000, 1500, 6250),
        ]
        .map(|(id, m, bps, pie, tari)| {
            Element::new(&p::C1G2UHFRFModeTableEntry)
                .with("ModeIdentifier", id)
                .with("DRValue", e::C1G2DRValue::DRV_64_3)
                .with("MValue", m)
                .with("ForwardLinkModulation", e::C1G2ForwardLinkModulation::DSB_ASK)
                .with("SpectralMaskIndicator", e::C1G2SpectralMaskIndicator::DI)
                .with("BDRValue", bps)
                .with("PIEValue", pie)
                .with("MinTariValue", tari)
                .with("MaxTariValue", tari)
        });
        let band = Element::new(&p::UHFBandCapabilities)
            .and_all(powers)
            .and(frequencies)
            .and(Element::new(&p::C1G2UHFRFModeTable).and_all(modes));
        Element::new(&p::RegulatoryCapabilities)
            .with("CountryCode", self.country)
            .with("CommunicationsStandard", self.standard)
            .and(band)
    }
}
