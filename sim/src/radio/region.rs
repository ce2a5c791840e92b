//! Where in the band a reader may hop, and how long it stays: tables by region. Knows no reader and no tag.

use serde::Deserialize;

/// A region's plan.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Region {
    /// FCC 15.247: 50 channels of 500 kHz from 902.75 MHz; at most 0.4 s on one, readers stay 0.2 s.
    #[default]
    Fcc,
    /// ETSI EN 302 208, lower band: the four high-power channels.
    Etsi,
    /// ETSI EN 302 208, upper band: its four high-power channels.
    EtsiUpper,
    /// Korea: six channels of 200 kHz that may be loud, 600 kHz apart; at most 0.4 s on one.
    #[serde(alias = "kr")]
    Korea,
    /// Japan, ARIB STD-T107: the four high-power channels.
    #[serde(alias = "jp")]
    Japan,
    /// China, upper band: 16 channels of 250 kHz from 920.625 MHz.
    #[serde(alias = "cn-920")]
    China,
}

impl Region {
    /// Centre frequencies in ascending order, as first, step and count; kHz.
    const fn raster(self) -> (u32, u32, usize) {
        match self {
            Region::Fcc => (902_750, 500, 50),
            Region::Etsi => (865_700, 600, 4),
            Region::EtsiUpper => (916_300, 1_200, 4),
            Region::Korea => (917_300, 600, 6),
            Region::Japan => (916_800, 1_200, 4),
            Region::China => (920_625, 250, 16),
        }
    }

    /// How many channels there are.
    pub const fn channels(self) -> usize {
        self.raster().2
    }

    /// Centre of place `n` in the plan, kHz; the last one's where there are fewer.
    pub fn frequency_khz(self, n: usize) -> u32 {
        let (first, step, count) = self.raster();
        first + step * n.min(count.saturating_sub(1)) as u32
    }

    /// For how long a reader must be silent after its time on a channel, microseconds.
    pub const fn silence_us(self) -> i64 {
        match self {
            Region::Fcc | Region::China | Region::Korea => 0,
            Region::Etsi | Region::EtsiUpper => 100_000,
            Region::Japan => 50_000,
        }
    }

    /// How long a reader stays on a channel, microseconds. ETSI allows 4 s and then 0.1 s of silence, Japan 4 s and 50 ms.
    pub const fn dwell_us(self) -> i64 {
        match self {
            Region::Fcc => 200_000,
            Region::Etsi | Region::EtsiUpper | Region::Japan => 4_000_000,
            Region::Korea => 400_000,
            Region::China => 2_000_000,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Region;

    /// FCC: 902.75 to 927.25 MHz; ETSI EN 302 208: 865.7, 866.3, 866.9, 867.5 MHz; Japan: 916.8, 918.0, 919.2, 920.4
    /// MHz; China: 920.625 to 924.375 MHz; ETSI's upper band: 916.3, 917.5, 918.7, 919.9 MHz; Korea: 917.3 to 920.3 MHz.
    #[test]
    fn tables_are_the_regulators() {
        let ends = |region: Region| {
            (region.frequency_khz(0), region.frequency_khz(region.channels() - 1), region.channels())
        };
        assert_eq!(ends(Region::Fcc), (902_750, 927_250, 50));
        assert_eq!(ends(Region::Etsi), (865_700, 867_500, 4));
        assert_eq!(ends(Region::Japan), (916_800, 920_400, 4));
        assert_eq!(ends(Region::China), (920_625, 924_375, 16));
        assert_eq!(ends(Region::EtsiUpper), (916_300, 919_900, 4));
        assert_eq!(ends(Region::Korea), (917_300, 920_300, 6));
        assert_eq!(Region::Etsi.frequency_khz(1), 866_300);
    }
}
