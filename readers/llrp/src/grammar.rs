//! Whether a message holds what the standard asks for. Decoding does not depend on it; a reader answers by it.

use crate::definitions::{Definition, Wire};
use crate::element::Element;

/// What a message lacks or has too much of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum GrammarFault {
    /// A parameter that must be there is not.
    #[error("{inside} lacks {missing}")]
    Missing {
        /// The message or parameter.
        inside: &'static str,
        /// The parameter, or the choice, that is missing.
        missing: &'static str,
        /// The missing parameter's type (the first alternative of a choice).
        number: u16,
    },
    /// A parameter that may stand once stands more often.
    #[error("{inside} holds {name} more than once")]
    Duplicate {
        /// The message or parameter.
        inside: &'static str,
        /// The parameter.
        name: &'static str,
        /// Its type.
        number: u16,
    },
    /// A parameter that does not belong there.
    #[error("{inside} holds {name}, which does not belong there")]
    Unexpected {
        /// The message or parameter.
        inside: &'static str,
        /// The parameter.
        name: &'static str,
        /// Its type.
        number: u16,
    },
}

/// Checks an element and all inside it; the order of parameters is not looked at.
///
/// # Errors
/// The first fault found, from the outside in.
pub fn check(element: &Element) -> Result<(), GrammarFault> {
    let definition = element.definition;
    let inside = definition.name;
    let mut counts = vec![0_usize; definition.members.len()];
    for parameter in &element.parameters {
        let (name, number) = (parameter.definition.name, number_of(parameter));
        let Some((place, _)) = definition.place(parameter.definition) else {
            return Err(GrammarFault::Unexpected { inside, name, number });
        };
        if let Some(count) = counts.get_mut(place) {
            *count += 1;
            if *count > 1 && !definition.members.get(place).is_some_and(|member| member.repeat.many()) {
                return Err(GrammarFault::Duplicate { inside, name, number });
            }
        }
    }
    for (member, count) in definition.members.iter().zip(counts) {
        if count == 0 && member.repeat.required() {
            let number = member.alternatives().first().map_or(0, |definition| type_of(definition));
            return Err(GrammarFault::Missing { inside, missing: member.name(), number });
        }
    }
    element.parameters.iter().try_for_each(check)
}

fn type_of(definition: &Definition) -> u16 {
    match definition.wire {
        Wire::Message(number) | Wire::Tlv(number) => number,
        Wire::Tv(number) => u16::from(number),
        Wire::CustomParameter { .. } | Wire::CustomMessage { .. } => 1023,
        Wire::UnknownParameter | Wire::UnknownMessage => 0,
    }
}

fn number_of(element: &Element) -> u16 {
    match element.definition.wire {
        Wire::UnknownParameter | Wire::UnknownMessage => {
            element.unsigned("Type").and_then(|number| u16::try_from(number).ok()).unwrap_or_default()
        }
        _ => type_of(element.definition),
    }
}
