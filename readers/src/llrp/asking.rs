//! What we ask of a reader, and what it says of its antennas.

use ::llrp::definitions::{enumerations as e, messages as m, parameters as p};
use ::llrp::session::{Antenna, Settings};
use ::llrp::{Element, Message};

/// An exit's inventory: tags are read again and again (session 1, both targets), every read is told at once.
pub(super) fn settings(antennas: Vec<Antenna>) -> Settings {
    Settings {
        antennas,
        impinj_search_mode: u16::try_from(e::ImpinjInventorySearchType::Dual_Target).ok(),
        ..Settings::default()
    }
}

/// An antenna of the configuration as the session takes it.
pub(super) fn wished(antenna: &crate::Antenna) -> Antenna {
    // A power beyond what i32 holds is beyond any reader's table: the nearest entry is taken.
    let power_cdbm = antenna.power_dbm.map(|dbm| (dbm * 100.0).round() as i32);
    Antenna { id: antenna.port, power_cdbm }
}

/// Which antennas are connected: a reader tells of its own accord only when that changes.
pub(super) fn antenna_properties_request() -> Element {
    Element::new(&m::GET_READER_CONFIG)
        .with("RequestedData", e::GetReaderConfigRequestedData::AntennaProperties)
}

/// Ports, and whether something is connected there.
pub(super) fn antenna_properties(answer: &Message) -> impl Iterator<Item = (u16, bool)> {
    answer.body.children(&p::AntennaProperties).filter_map(|properties| {
        let port = u16::try_from(properties.unsigned("AntennaID")?).ok()?;
        Some((port, properties.flag("AntennaConnected")))
    })
}
