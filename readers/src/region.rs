//! Whose radio rules a reader keeps. The names stand in the configuration; each driver knows its reader's own number for
//! them. Never frequencies: those are the reader's business.

use std::fmt;
use std::str::FromStr;

/// A set of radio rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Region {
    /// North America and all who follow FCC part 15.247: 902–928 MHz.
    Fcc,
    /// Europe, ETSI EN 302 208 lower band: 865.6–867.6 MHz.
    Etsi,
    /// Europe, ETSI EN 302 208 upper band: 915–921 MHz.
    EtsiUpper,
    /// China: 920–925 MHz.
    Cn920,
    /// China: 840–845 MHz.
    Cn840,
    /// Korea: 917–923.5 MHz.
    Kr,
    /// Japan: 916.7–923.5 MHz.
    Jp,
    /// India: 865–867 MHz.
    In,
    /// Australia: 920–926 MHz.
    Au,
    /// New Zealand: 921.5–928 MHz.
    Nz,
    /// Israel: 915–917 MHz.
    Il,
    /// Malaysia: 919–923 MHz.
    My,
    /// Taiwan: 922–928 MHz.
    Tw,
    /// Brazil: 902–907.5 and 915–928 MHz.
    Br,
    /// Singapore: 920–925 MHz.
    Sg,
    /// South Africa: 915.4–919 MHz.
    Za,
    /// Thailand: 920–925 MHz.
    Th,
    /// Vietnam: 918–923 MHz.
    Vn,
    /// Indonesia: 920–923 MHz.
    Id,
    /// Hong Kong: 920–925 MHz.
    Hk,
    /// Philippines: 918–920 MHz.
    Ph,
    /// Russia: 866–867.6 MHz.
    Ru,
}

impl Region {
    /// All of them, with their names.
    pub const ALL: [(Region, &'static str); 22] = [
        (Region::Fcc, "fcc"),
        (Region::Etsi, "etsi"),
        (Region::EtsiUpper, "etsi-upper"),
        (Region::Cn920, "cn-920"),
        (Region::Cn840, "cn-840"),
        (Region::Kr, "kr"),
        (Region::Jp, "jp"),
        (Region::In, "in"),
        (Region::Au, "au"),
        (Region::Nz, "nz"),
        (Region::Il, "il"),
        (Region::My, "my"),
        (Region::Tw, "tw"),
        (Region::Br, "br"),
        (Region::Sg, "sg"),
        (Region::Za, "za"),
        (Region::Th, "th"),
        (Region::Vn, "vn"),
        (Region::Id, "id"),
        (Region::Hk, "hk"),
        (Region::Ph, "ph"),
        (Region::Ru, "ru"),
    ];

    /// Its name in the configuration.
    pub fn name(self) -> &'static str {
        Region::ALL.iter().find(|(region, _)| *region == self).map_or("", |(_, name)| name)
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// There is no such region.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no region `{name}`; there are {}", names())]
pub struct NoSuchRegion {
    name: String,
}

fn names() -> String {
    Region::ALL.map(|(_, name)| name).join(", ")
}

impl FromStr for Region {
    type Err = NoSuchRegion;

    fn from_str(name: &str) -> Result<Region, NoSuchRegion> {
        let found = Region::ALL.iter().find(|(_, known)| *known == name);
        found.map(|(region, _)| *region).ok_or_else(|| NoSuchRegion { name: name.chars().take(20).collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_region_is_found_by_its_name_and_no_other_is() {
        for (region, name) in Region::ALL {
            assert_eq!(name.parse(), Ok(region));
            assert_eq!(region.to_string(), name);
        }
        let error = "eu".parse::<Region>().unwrap_err().to_string();
        assert!(error.contains("`eu`") && error.contains("etsi, "), "{error}");
    }
}
