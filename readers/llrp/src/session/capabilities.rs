//! What a reader says it can do, as far as an inventory needs it.

use crate::definitions::parameters as p;
use crate::definitions::vendors::{IMPINJ, ZEBRA};
use crate::element::{Element, Value};

/// One RF mode of the reader's table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mode {
    /// `ModeIdentifier`.
    pub id: u32,
    /// Tag to reader, bits per second.
    pub backscatter_bps: u32,
    /// `MValue`: 0 is FM0, then Miller 2, 4, 8.
    pub m_value: u8,
    /// Shortest Tari in ns.
    pub min_tari_ns: u32,
    /// Longest Tari in ns.
    pub max_tari_ns: u32,
    /// `SpectralMaskIndicator`: how many readers may be on the air (Gen2 annex G: 1 a single one, 2 several, 3 dense);
    /// 0 unknown.
    pub spectral_mask: u8,
}

/// What a reader says it can do; from `GET_READER_CAPABILITIES_RESPONSE`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Capabilities {
    /// `DeviceManufacturerName`: IANA private enterprise number.
    pub vendor: u32,
    /// `ModelName`, the vendor's own number.
    pub model: u32,
    /// `ReaderFirmwareVersion`.
    pub firmware: String,
    /// `MaxNumberOfAntennaSupported`.
    pub antennas: u16,
    /// GPI ports.
    pub gpis: u16,
    /// GPO ports.
    pub gpos: u16,
    /// Whether it has a UTC clock; otherwise its timestamps are uptimes.
    pub utc_clock: bool,
    /// ROSpecs it can hold.
    pub max_rospecs: u32,
    /// AccessSpecs it can hold.
    pub max_accessspecs: u32,
    /// Operations that an AccessSpec can hold; 0 where it does not say.
    pub max_opspecs: u32,
    /// Whether it can hold events and reports after a reconnection.
    pub can_hold: bool,
    /// Whether it can erase blocks of a tag's memory.
    pub block_erase: bool,
    /// Whether it can lock blocks of a tag's memory for ever (LLRP 1.1; never by 1.0.1, where the bit is reserved).
    pub block_permalock: bool,
    /// ISO 3166 country code.
    pub country: u16,
    /// Transmit power by index, in 1/100 dBm.
    pub powers_cdbm: Vec<(u16, i16)>,
    /// Whether it hops; otherwise `fixed_khz` holds.
    pub hopping: bool,
    /// Hop tables: ID, and frequencies in kHz in the order of `ChannelIndex`; the one in use first.
    pub hop_tables_khz: Vec<(u8, Vec<u32>)>,
    /// Fixed frequencies in kHz in the order of `ChannelIndex`.
    pub fixed_khz: Vec<u32>,
    /// RF modes.
    pub modes: Vec<Mode>,
}

impl Capabilities {
    /// Reads the body of a `GET_READER_CAPABILITIES_RESPONSE` of a protocol version (1 is LLRP 1.0.1, 2 is 1.1); what it
    /// does not say stays zero or empty.
    pub fn read(body: &Element, version: u8) -> Self {
        let mut out = Capabilities::default();
        if let Some(general) = body.child(&p::GeneralDeviceCapabilities) {
            out.vendor = number(general, "DeviceManufacturerName");
            out.model = number(general, "ModelName");
            out.firmware = general.text("ReaderFirmwareVersion").unwrap_or_default().to_owned();
            out.antennas = number(general, "MaxNumberOfAntennaSupported");
            out.utc_clock = general.flag("HasUTCClockCapability");
            if let Some(io) = general.child(&p::GPIOCapabilities) {
                out.gpis = number(io, "NumGPIs");
                out.gpos = number(io, "NumGPOs");
            }
        }
        if let Some(llrp) = body.child(&p::LLRPCapabilities) {
            out.max_rospecs = number(llrp, "MaxNumROSpecs");
            out.max_accessspecs = number(llrp, "MaxNumAccessSpecs");
            out.max_opspecs = number(llrp, "MaxNumOpSpecsPerAccessSpec");
            out.can_hold = llrp.flag("SupportsEventAndReportHolding");
        }
        if let Some(gen2) = body.child(&p::C1G2LLRPCapabilities) {
            out.block_erase = gen2.flag("CanSupportBlockErase");
            out.block_permalock = version >= 2 && gen2.flag("CanSupportBlockPermalock");
        }
        if let Some(regulatory) = body.child(&p::RegulatoryCapabilities) {
            out.country = number(regulatory, "CountryCode");
            if let Some(band) = regulatory.child(&p::UHFBandCapabilities) {
                out.read_band(band);
            }
        }
        out
    }

    fn read_band(&mut self, band: &Element) {
        self.powers_cdbm = band
            .children(&p::TransmitPowerLevelTableEntry)
            .map(|entry| (number(entry, "Index"), signed(entry, "TransmitPowerValue")))
            .collect();
        if let Some(frequencies) = band.child(&p::FrequencyInformation) {
            self.hopping = frequencies.flag("Hopping");
            self.hop_tables_khz = frequencies
                .children(&p::FrequencyHopTable)
                .map(|table| (number(table, "HopTableID"), numbers(table, "Frequency")))
                .collect();
            self.fixed_khz = frequencies
                .child(&p::FixedFrequencyTable)
                .map(|table| numbers(table, "Frequency"))
                .unwrap_or_default();
        }
        self.modes = band
            .children(&p::C1G2UHFRFModeTable)
            .flat_map(|table| table.children(&p::C1G2UHFRFModeTableEntry))
            .map(|entry| Mode {
                id: number(entry, "ModeIdentifier"),
                backscatter_bps: number(entry, "BDRValue"),
                m_value: number(entry, "MValue"),
                min_tari_ns: number(entry, "MinTariValue"),
                max_tari_ns: number(entry, "MaxTariValue"),
                spectral_mask: number(entry, "SpectralMaskIndicator"),
            })
            .collect();
    }

    /// From now on reports' channels count in this hop table.
    pub(super) fn hops_by(&mut self, hop_table: u16) {
        let place = self.hop_tables_khz.iter().position(|(id, _)| u16::from(*id) == hop_table);
        if let Some(table) = place.map(|place| self.hop_tables_khz.remove(place)) {
            self.hop_tables_khz.insert(0, table);
        }
    }

    /// Whether there is a choice of what an antenna is tuned to.
    pub(super) fn tunes(&self) -> bool {
        self.hop_tables_khz.len() > 1 || (!self.hopping && self.fixed_khz.len() > 1)
    }

    /// The frequency of a report's `ChannelIndex` (from 1), by the reader's first hop table or its fixed frequencies.
    pub fn channel_khz(&self, channel_index: u16) -> Option<u32> {
        let table = match self.hop_tables_khz.first() {
            Some((_, table)) if self.hopping => table,
            _ => &self.fixed_khz,
        };
        table.get(usize::from(channel_index).checked_sub(1)?).copied()
    }

    /// The index of the power nearest to this one (1/100 dBm); the lower of two that are equally near.
    pub fn power_index(&self, power_cdbm: i32) -> Option<u16> {
        self.powers_cdbm
            .iter()
            .min_by_key(|(_, power)| (i32::from(*power).abs_diff(power_cdbm), *power))
            .map(|(index, _)| *index)
    }

    /// Vendor and model in words, numbers where they are not known here.
    pub fn model_name(&self) -> String {
        match (self.vendor, self.model) {
            // Impinj's model numbers: Octane LLRP manual, "Reader model numbers".
            (IMPINJ, 2_001_001) => "Impinj Speedway R220".into(),
            (IMPINJ, 2_001_002) => "Impinj Speedway R420".into(),
            (IMPINJ, model) => format!("Impinj {model}"),
            (ZEBRA, model) => format!("Zebra {model}"),
            (vendor, model) => format!("vendor {vendor}, model {model}"),
        }
    }
}

fn number<N: TryFrom<u64> + Default>(element: &Element, name: &str) -> N {
    element.unsigned(name).and_then(|number| N::try_from(number).ok()).unwrap_or_default()
}

fn signed(element: &Element, name: &str) -> i16 {
    element.signed(name).and_then(|number| i16::try_from(number).ok()).unwrap_or_default()
}

fn numbers(element: &Element, name: &str) -> Vec<u32> {
    match element.value(name) {
        Some(Value::Numbers(numbers)) => numbers.clone(),
        _ => Vec::new(),
    }
}
