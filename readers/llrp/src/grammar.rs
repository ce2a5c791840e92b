//! Whether a message holds what the standard asks for. Decoding does not depend on it; a reader answers by it.

use crate::definitions::{Definition, Wire};
use crate::element::{Element, Message, Value};

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

/// A message, parameter or field of a later version than the message's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{inside} holds {name}, which came with header version {since}; the message is of version {version}")]
pub struct Newer {
    /// The message or parameter; for a message itself its own name.
    pub inside: &'static str,
    /// The message, parameter or field.
    pub name: &'static str,
    /// Header version that brought it.
    pub since: u8,
    /// The message's header version.
    pub version: u8,
}

/// Checks that nothing in a message is of a later version than the message says to be. It is read all the same.
///
/// # Errors
/// The first that is, from the outside in.
pub fn check_version(message: &Message) -> Result<(), Newer> {
    older(&message.body, message.definition().name, message.version)
}

fn older(element: &Element, inside: &'static str, version: u8) -> Result<(), Newer> {
    let definition = element.definition;
    let newer = |inside, name, since| Newer { inside, name, since, version };
    if definition.since > version.max(1) {
        return Err(newer(inside, definition.name, definition.since));
    }
    for (field, value) in definition.fields.iter().zip(&element.fields) {
        // Bits that were reserved before may be there, as zeros; what was added behind may not.
        let unused = *value == Value::Absent || (!field.added && *value == Value::Unsigned(0));
        if field.since > version.max(1) && !unused {
            return Err(newer(definition.name, field.name, field.since));
        }
    }
    element.parameters.iter().try_for_each(|parameter| older(parameter, definition.name, version))
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
