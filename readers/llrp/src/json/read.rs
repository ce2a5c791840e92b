//! From JSON to the tree. Every refusal names the place and what would be right there.

use std::collections::VecDeque;

use serde_json::{Map, Value as Json};

use super::{Rank, rank};
use crate::decode::MAX_DEPTH;
use crate::definitions::{self, Definition, Field, Kind};
use crate::element::{Element, Message, Value};
use crate::error::EncodeError;

/// Reads a message in the form that the module describes.
///
/// # Errors
/// Names the message, parameters and field, and what would be right there.
pub fn from_json(json: &Json) -> Result<Message, EncodeError> {
    let object = json.as_object().ok_or_else(|| EncodeError::new("expected an object with \"message\""))?;
    if let Some(key) =
        object.keys().find(|key| !["message", "version", "id", "reserved", "body"].contains(&key.as_str()))
    {
        return Err(EncodeError::new(format!(
            "has \"{key}\", expected only \"message\", \"version\", \"id\", \"body\" and \"reserved\""
        )));
    }
    let name = object
        .get("message")
        .and_then(Json::as_str)
        .ok_or_else(|| EncodeError::new("expected \"message\" with a message's name"))?;
    let definition = definitions::message_named(name).ok_or_else(|| {
        let messages = definitions::all().filter(|definition| definition.is_message());
        let right =
            alike(name, messages.map(|definition| definition.name)).unwrap_or("a name like ADD_ROSPEC");
        EncodeError::new(format!("\"{name}\" is no message, expected {right}"))
    })?;
    let small = |key: &str, default: u64, most: u64| match object.get(key) {
        None => Ok(default),
        Some(number) => number.as_u64().filter(|number| *number <= most).ok_or_else(|| {
            EncodeError::new(format!("is {number}, expected a number from 0 to {most}")).within(key)
        }),
    };
    let version = small("version", 1, 7)?;
    let reserved = small("reserved", 0, 7)?;
    let id = small("id", 0, u64::from(u32::MAX))?;
    let empty = Json::Object(Map::new());
    let body = element(definition, object.get("body").unwrap_or(&empty), 0)
        .map_err(|error| error.within(definition.name))?;
    Ok(Message { version: version as u8, reserved: reserved as u8, id: id as u32, body })
}

fn element(definition: &'static Definition, json: &Json, depth: usize) -> Result<Element, EncodeError> {
    if depth > MAX_DEPTH {
        return Err(EncodeError::new(format!("is nested deeper than {MAX_DEPTH}")));
    }
    let object =
        json.as_object().ok_or_else(|| EncodeError::new(format!("is {}, expected an object", kind(json))))?;
    let mut out = Element::new(definition);
    // What a newer version added is there altogether or not at all.
    let added = definition.fields.iter().any(|field| field.added && object.contains_key(field.name));
    for (field, slot) in definition.fields.iter().zip(&mut out.fields) {
        match object.get(field.name) {
            Some(json) => *slot = value(field, json).map_err(|error| error.within(field.name))?,
            None if field.added && !added => {}
            None if matches!(field.kind, Kind::Reserved(_)) => *slot = Value::Unsigned(0),
            None if field.since > 1 && !field.added => {}
            None => return Err(EncodeError::new(format!("has no field {}", field.name))),
        }
    }
    let mut found: Vec<(Rank, &str, VecDeque<Element>)> = Vec::new();
    for (key, json) in object {
        match key.as_str() {
            "_order" => {}
            "_reserved" => {
                out.reserved = json
                    .as_u64()
                    .filter(|bits| *bits < 32)
                    .and_then(|bits| u8::try_from(bits).ok())
                    .ok_or_else(|| EncodeError::new("expected a number from 0 to 31").within("_reserved"))?;
            }
            "_others" => {
                let list = others(json, depth).map_err(|error| error.within("_others"))?;
                found.push(((usize::MAX, 0, 0), key, list));
            }
            name if definition.field(name).is_some() => {}
            name => {
                let (rank, list) = named(definition, name, json, depth)?;
                found.push((rank, key, list));
            }
        }
    }
    found.sort_by_key(|(rank, ..)| *rank);
    match object.get("_order") {
        None => out.parameters = found.into_iter().flat_map(|(.., list)| list).collect(),
        Some(order) => {
            let names = order.as_array().ok_or_else(|| EncodeError::new("_order is a list of names"))?;
            for name in names {
                let next = found
                    .iter_mut()
                    .find(|(_, key, _)| name.as_str() == Some(*key))
                    .and_then(|(.., list)| list.pop_front());
                out.parameters.push(next.ok_or_else(|| {
                    EncodeError::new(format!("_order names {name} more often than there are such parameters"))
                })?);
            }
            if let Some((_, key, _)) = found.iter().find(|(.., list)| !list.is_empty()) {
                return Err(EncodeError::new(format!("_order names {key} too seldom")));
            }
        }
    }
    Ok(out)
}

/// The one of these names that differs in capitals and signs only.
fn alike<'a>(name: &str, mut names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let plain = |name: &str| {
        let letters = name.chars().filter(char::is_ascii_alphanumeric);
        letters.map(|c| c.to_ascii_lowercase()).collect::<String>()
    };
    let wanted = plain(name);
    names.find(|other| plain(other) == wanted)
}

/// The parameters under one name: one object, or an array of them.
fn named(
    parent: &Definition,
    name: &str,
    json: &Json,
    depth: usize,
) -> Result<(Rank, VecDeque<Element>), EncodeError> {
    let placed = definitions::parameter_named(name)
        .and_then(|definition| Some((definition, rank(parent, definition)?)));
    let Some((definition, rank)) = placed else {
        let mut right: Vec<&str> = parent.fields.iter().map(|field| field.name).collect();
        right.retain(|name| !name.starts_with("reserved"));
        right.extend(parent.members.iter().flat_map(|member| member.alternatives()).map(|d| d.name));
        let right = match alike(name, right.iter().copied()) {
            Some(right) => right.to_owned(),
            None if right.is_empty() => "nothing".to_owned(),
            None => right.join(", "),
        };
        return Err(EncodeError::new(format!("has \"{name}\", expected {right}")));
    };
    let list = match json {
        Json::Array(list) => list.iter().map(|json| element(definition, json, depth + 1)).collect(),
        single => element(definition, single, depth + 1).map(|element| VecDeque::from([element])),
    };
    Ok((rank, list.map_err(|error| error.within(name))?))
}

/// `[{"Name": {…}}, …]`: parameters out of place, or unknown.
fn others(json: &Json, depth: usize) -> Result<VecDeque<Element>, EncodeError> {
    let wrong = || EncodeError::new("expected a list of objects with one parameter each");
    json.as_array()
        .ok_or_else(wrong)?
        .iter()
        .map(|entry| {
            let object = entry.as_object().filter(|object| object.len() == 1).ok_or_else(wrong)?;
            let (name, json) = object.iter().next().ok_or_else(wrong)?;
            let definition = definitions::parameter_named(name)
                .ok_or_else(|| EncodeError::new(format!("\"{name}\" is no parameter")))?;
            element(definition, json, depth + 1).map_err(|error| error.within(name.as_str()))
        })
        .collect()
}

fn value(field: &Field, json: &Json) -> Result<Value, EncodeError> {
    let wrong = |right: &str| EncodeError::new(format!("is {}, expected {right}", kind(json)));
    match field.kind {
        Kind::Unsigned(_) | Kind::Reserved(_) => number(field, json).map(Value::Unsigned),
        Kind::Signed(_) => json.as_i64().map(Value::Signed).ok_or_else(|| wrong("a whole number")),
        Kind::Fixed(_) | Kind::Rest | Kind::Bytes { hex: true } => {
            hex(json).map(Value::Bytes).ok_or_else(|| wrong("hexadecimal text"))
        }
        Kind::Bits => bit_string(json).ok_or_else(|| wrong("hexadecimal text or {\"bits\": n, \"hex\": …}")),
        Kind::Bytes { hex: false } => {
            let list = json.as_array().ok_or_else(|| wrong("a list of numbers from 0 to 255"))?;
            let bytes = list.iter().map(|entry| narrow(number(field, entry)?)).collect::<Result<_, _>>()?;
            Ok(Value::Bytes(bytes))
        }
        Kind::Words { hex: true } => {
            let bytes = hex(json).filter(|bytes| bytes.len().is_multiple_of(2));
            let bytes = bytes.ok_or_else(|| wrong("hexadecimal text, four digits a word"))?;
            Ok(Value::Words(bytes.as_chunks::<2>().0.iter().map(|word| u16::from_be_bytes(*word)).collect()))
        }
        Kind::Words { hex: false } => {
            let list = json.as_array().ok_or_else(|| wrong("a list of numbers from 0 to 65535"))?;
            let words = list.iter().map(|entry| narrow(number(field, entry)?)).collect::<Result<_, _>>()?;
            Ok(Value::Words(words))
        }
        Kind::Numbers => {
            let list = json.as_array().ok_or_else(|| wrong("a list of numbers"))?;
            let numbers = list.iter().map(|entry| narrow(number(field, entry)?)).collect::<Result<_, _>>()?;
            Ok(Value::Numbers(numbers))
        }
        Kind::Text => match json {
            Json::String(text) => Ok(Value::Text(text.clone())),
            Json::Object(object) if object.len() == 1 => {
                let bytes = object.get("hex").and_then(hex).ok_or_else(|| wrong("text or {\"hex\": …}"))?;
                Ok(String::from_utf8(bytes)
                    .map_or_else(|broken| Value::BrokenText(broken.into_bytes()), Value::Text))
            }
            _ => Err(wrong("text")),
        },
    }
}

fn narrow<N: TryFrom<u64>>(number: u64) -> Result<N, EncodeError> {
    N::try_from(number).map_err(|_| {
        let bits = size_of::<N>() * 8;
        EncodeError::new(format!("holds {number}, expected numbers of {bits} bits"))
    })
}

fn number(field: &Field, json: &Json) -> Result<u64, EncodeError> {
    match (json, field.enumeration) {
        (Json::Bool(flag), _) if field.kind == Kind::Unsigned(1) => Ok(u64::from(*flag)),
        (Json::Number(_), _) => json
            .as_u64()
            .ok_or_else(|| EncodeError::new(format!("is {json}, expected a whole number from 0"))),
        (Json::String(name), Some(enumeration)) => enumeration.value_of(name).ok_or_else(|| {
            let names: Vec<_> = enumeration.entries.iter().map(|(name, _)| *name).collect();
            EncodeError::new(format!("is \"{name}\", expected a number or one of {}", names.join(", ")))
        }),
        _ => Err(EncodeError::new(format!("is {}, expected a number", kind(json)))),
    }
}

fn bit_string(json: &Json) -> Option<Value> {
    match json {
        Json::String(_) => {
            let bytes = hex(json)?;
            let count = u16::try_from(bytes.len().checked_mul(8)?).ok()?;
            Some(Value::Bits { count, bytes })
        }
        Json::Object(object) if object.len() == 2 => {
            let count = u16::try_from(object.get("bits")?.as_u64()?).ok()?;
            let bytes = hex(object.get("hex")?)?;
            (bytes.len() == usize::from(count).div_ceil(8)).then_some(Value::Bits { count, bytes })
        }
        _ => None,
    }
}

fn hex(json: &Json) -> Option<Vec<u8>> {
    crate::stream::from_hex(json.as_str()?)
}

/// What a JSON value is, for a message: shortened, since it may be long.
fn kind(json: &Json) -> String {
    let text = json.to_string();
    match text.char_indices().nth(40) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}
