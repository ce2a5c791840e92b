//! What we ask of a reader's surroundings once its inventory runs, and what it answers.

use ::llrp::definitions::{enumerations as e, messages as m, parameters as p};
use ::llrp::{Element, Message};

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
