//! Finding a definition by its number or its name.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::{Definition, UNKNOWN_MESSAGE, UNKNOWN_PARAMETER, Wire, messages, parameters, vendors};

struct Index {
    messages: HashMap<u16, &'static Definition>,
    custom_messages: HashMap<(u32, u8), &'static Definition>,
    tv: HashMap<u8, &'static Definition>,
    tlv: HashMap<u16, &'static Definition>,
    custom_parameters: HashMap<(u32, u32), &'static Definition>,
    message_names: HashMap<&'static str, &'static Definition>,
    parameter_names: HashMap<&'static str, &'static Definition>,
}

static INDEX: LazyLock<Index> = LazyLock::new(|| {
    let mut index = Index {
        messages: HashMap::new(),
        custom_messages: HashMap::new(),
        tv: HashMap::new(),
        tlv: HashMap::new(),
        custom_parameters: HashMap::new(),
        message_names: HashMap::new(),
        parameter_names: HashMap::new(),
    };
    for definition in all() {
        let names = match definition.wire {
            Wire::Message(number) => {
                index.messages.insert(number, definition);
                &mut index.message_names
            }
            Wire::CustomMessage { vendor, subtype } => {
                index.custom_messages.insert((vendor, subtype), definition);
                &mut index.message_names
            }
            Wire::UnknownMessage => &mut index.message_names,
            Wire::Tv(number) => {
                index.tv.insert(number, definition);
                &mut index.parameter_names
            }
            Wire::Tlv(number) => {
                index.tlv.insert(number, definition);
                &mut index.parameter_names
            }
            Wire::CustomParameter { vendor, subtype } => {
                index.custom_parameters.insert((vendor, subtype), definition);
                &mut index.parameter_names
            }
            Wire::UnknownParameter => &mut index.parameter_names,
        };
        names.insert(definition.name, definition);
    }
    index
});

/// Every message and parameter, the unknown ones' stand-ins included.
pub fn all() -> impl Iterator<Item = &'static Definition> {
    messages::ALL
        .iter()
        .chain(parameters::ALL)
        .chain(vendors::ALL_IMPINJ)
        .chain(vendors::ALL_ZEBRA)
        .copied()
        .chain([&UNKNOWN_PARAMETER, &UNKNOWN_MESSAGE])
}

/// The message of this type.
pub fn message(number: u16) -> Option<&'static Definition> {
    INDEX.messages.get(&number).copied()
}

/// The custom message of this vendor and subtype.
pub fn custom_message(vendor: u32, subtype: u8) -> Option<&'static Definition> {
    INDEX.custom_messages.get(&(vendor, subtype)).copied()
}

/// The TV parameter of this type.
pub fn tv(number: u8) -> Option<&'static Definition> {
    INDEX.tv.get(&number).copied()
}

/// The TLV parameter of this type.
pub fn tlv(number: u16) -> Option<&'static Definition> {
    INDEX.tlv.get(&number).copied()
}

/// The custom parameter of this vendor and subtype.
pub fn custom_parameter(vendor: u32, subtype: u32) -> Option<&'static Definition> {
    INDEX.custom_parameters.get(&(vendor, subtype)).copied()
}

/// The message with this name.
pub fn message_named(name: &str) -> Option<&'static Definition> {
    INDEX.message_names.get(name).copied()
}

/// The parameter with this name.
pub fn parameter_named(name: &str) -> Option<&'static Definition> {
    INDEX.parameter_names.get(name).copied()
}
