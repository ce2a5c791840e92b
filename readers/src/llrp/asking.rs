//! What the driver asks of a reader once its inventory runs, and what it answers.

use ::llrp::definitions::{enumerations as e, messages as m, parameters as p};
use ::llrp::{Element, Message};

/// A question of the driver's own. A reader tells of its own accord only what changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Question {
    /// Which antennas are connected.
    Antennas,
    /// How the inputs stand.
    Inputs,
}

impl Question {
    pub(super) fn request(self) -> Element {
        use e::GetReaderConfigRequestedData as R;
        let what = match self {
            Question::Antennas => R::AntennaProperties,
            Question::Inputs => R::GPIPortCurrentState,
        };
        Element::new(&m::GET_READER_CONFIG).with("RequestedData", what)
    }
}

/// The question that a message ID answers; it is asked no more.
pub(super) fn whose(asked: &mut Vec<(u32, Question)>, id: u32) -> Option<Question> {
    let place = asked.iter().position(|(asked, _)| *asked == id)?;
    Some(asked.swap_remove(place).1)
}

/// Ports, and whether something is connected there.
pub(super) fn antennas(answer: &Message) -> impl Iterator<Item = (u16, bool)> {
    answer.body.children(&p::AntennaProperties).filter_map(|properties| {
        let port = u16::try_from(properties.unsigned("AntennaID")?).ok()?;
        Some((port, properties.flag("AntennaConnected")))
    })
}

/// Inputs, and whether they are high; those of which the reader does not know it are left out.
pub(super) fn inputs(answer: &Message) -> impl Iterator<Item = (u16, bool)> {
    answer.body.children(&p::GPIPortCurrentState).filter_map(|input| {
        let port = u16::try_from(input.unsigned("GPIPortNum")?).ok()?;
        match input.unsigned("State")? {
            e::GPIPortState::High => Some((port, true)),
            e::GPIPortState::Low => Some((port, false)),
            _ => None,
        }
    })
}
