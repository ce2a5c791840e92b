//! What kind of module it is and what it can do, from what it says of itself. Decides nothing about reading.

use crate::{Ability, Region};

/// What is known of the module.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Found {
    /// Hardware version; the first byte names the model.
    pub(super) hardware: [u8; 4],
    /// Firmware version.
    pub(super) firmware: [u8; 4],
    /// The regions that it says it has, by its own numbers; empty when it did not say.
    pub(super) regions: Vec<u8>,
    /// The region that is set, 0 for none.
    pub(super) region: Option<u8>,
    /// Its ports, and whether an antenna was detected there.
    pub(super) ports: Vec<(u8, bool)>,
    /// The antennas it reads with, in turn.
    pub(super) list: Vec<u8>,
    /// Least and most power, 1/100 dBm.
    pub(super) power: Option<(i16, i16)>,
    /// How warm it was at the start.
    pub(super) celsius: Option<i8>,
    /// Whether it streams reads.
    pub(super) streams: bool,
    /// Whether it answers questions while it reads.
    pub(super) within: bool,
    /// Tags that its buffer still holds.
    pub(super) buffered: u32,
}

const M6E: u8 = 0x18;
const M6E_I: u8 = 0x19;
const MICRO: u8 = 0x20;
const NANO: u8 = 0x30;
const M7E: u8 = 0x38;
const UNKNOWN: u8 = 0xFF;

impl Found {
    /// Takes in the answer to the version command: boot program, hardware, date, firmware, protocols.
    /// What it leaves out stays unknown.
    pub(super) fn version(&mut self, data: &[u8]) {
        let four = |from: usize| data.get(from..from + 4).and_then(|bytes| bytes.try_into().ok());
        self.hardware = four(4).unwrap_or([UNKNOWN; 4]);
        self.firmware = four(12).unwrap_or_default();
        self.streams = self.is_m6e_or_newer();
        // Since these firmware versions a question may be put while it reads (the maker's API asks for them).
        self.within = match self.model() {
            M6E | M6E_I => self.firmware >= [1, 0x21, 1, 0x19],
            MICRO => self.firmware >= [1, 9, 0, 0x14],
            NANO => self.firmware >= [1, 7, 0, 0x0E],
            model => model >= M7E && model != UNKNOWN,
        };
    }

    fn model(&self) -> u8 {
        self.hardware[0]
    }

    /// Everything but the M4e and M5e.
    pub(super) fn is_m6e_or_newer(&self) -> bool {
        self.model() >= M6E
    }

    /// Whether a port without a detected antenna means that none is there. Small modules do not detect any.
    pub(super) fn detects_antennas(&self) -> bool {
        self.model() <= M6E_I
    }

    fn model_name(&self) -> String {
        let name = match self.model() {
            0x00 => "M5e",
            0x01 => "M5e-Compact",
            0x02 => "M5e-International",
            0x03 => "M4e",
            M6E => "M6e",
            M6E_I => "M6e-International",
            MICRO => "M6e Micro",
            NANO => "M6e Nano",
            M7E => "M7e Pico",
            UNKNOWN => return "ThingMagic module".to_owned(),
            other => return format!("ThingMagic module (hardware {other:02X})"),
        };
        format!("ThingMagic {name}")
    }

    /// The module's number for a region: the first that it has; the first of all when it did not say which it has.
    pub(super) fn number_of(&self, region: Region) -> Option<u8> {
        let has = |number: &&u8| self.regions.is_empty() || self.regions.contains(number);
        numbers(region).iter().find(has).copied()
    }

    /// Regions of the configuration that it has, for people.
    pub(super) fn region_names(&self) -> String {
        let names = Region::ALL.iter().filter(|(region, _)| {
            !self.regions.is_empty() && numbers(*region).iter().any(|number| self.regions.contains(number))
        });
        names.map(|(_, name)| *name).collect::<Vec<_>>().join(", ")
    }

    /// What it can do, for people.
    pub(super) fn ability(&self) -> Ability {
        let firmware = self.firmware.map(|byte| format!("{byte:02X}")).join(".");
        let mut can = vec!["signal strength, phase and frequency of every read".to_owned()];
        let mut cannot = vec!["tell a phase from its opposite: it reports half a turn".to_owned()];
        let ports = self.ports.len().max(1);
        let plugged: Vec<String> =
            self.ports.iter().filter(|(_, plugged)| *plugged).map(|(port, _)| port.to_string()).collect();
        can.push(match (self.detects_antennas(), plugged.as_slice()) {
            (true, []) => format!("{ports} antenna ports, none of them with an antenna"),
            (true, plugged) => format!("{ports} antenna ports, antennas on {}", plugged.join(", ")),
            (false, _) => format!("{ports} antenna ports; it does not notice what is plugged in"),
        });
        if let Some((least, most)) = self.power {
            can.push(format!("power {} to {} dBm", f64::from(least) / 100.0, f64::from(most) / 100.0));
        }
        let of = |number: u8| Region::ALL.iter().find(|(region, _)| numbers(*region).contains(&number));
        let set = match self.region {
            None => "unknown".to_owned(),
            Some(number) => {
                of(number).map_or_else(|| format!("number {number}"), |(_, name)| (*name).to_owned())
            }
        };
        can.push(match self.region_names().as_str() {
            "" => format!("region {set}"),
            names => format!("region {set} (it has {names})"),
        });
        if let Some(celsius) = self.celsius {
            can.push(format!("its temperature: {celsius} °C"));
        }
        if self.streams {
            can.push("continuous reading".to_owned());
        } else {
            cannot.push("continuous reading: it searches for a quarter of a second at a time".to_owned());
        }
        if !self.within {
            cannot.push("answer while it reads: temperature and contacts are not watched".to_owned());
        }
        Ability { model: self.model_name(), firmware, can, cannot }
    }
}

/// The module's numbers for a region, the best one first (`tmr_region.h` of the maker's API). North America has three:
/// all of FCC's band, and two parts of it for small modules.
fn numbers(region: Region) -> &'static [u8] {
    match region {
        Region::Fcc => &[1, 13, 14, 33],
        Region::Etsi => &[8, 2, 7],
        Region::EtsiUpper => &[30],
        Region::Cn920 => &[6],
        Region::Cn840 => &[10],
        Region::Kr => &[9, 3],
        Region::Jp => &[5, 23, 24],
        Region::In => &[4],
        Region::Au => &[11],
        Region::Nz => &[12],
        Region::Il => &[15, 32],
        Region::My => &[16],
        Region::Id => &[17],
        Region::Ph => &[18],
        Region::Tw => &[19],
        Region::Ru => &[21],
        Region::Sg => &[22],
        Region::Vn => &[25],
        Region::Th => &[26],
        Region::Hk => &[28],
        Region::Br | Region::Za => &[],
    }
}
