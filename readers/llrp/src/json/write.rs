//! From the tree to JSON.

use std::fmt::Write as _;

use serde_json::{Map, Value as Json, json};

use super::rank;
use crate::definitions::{Definition, Field, Kind};
use crate::element::{Element, Message, Value};

/// A message as JSON; see the module for the form.
pub fn to_json(message: &Message) -> Json {
    let mut object = Map::new();
    object.insert("message".into(), message.definition().name.into());
    object.insert("version".into(), message.version.into());
    object.insert("id".into(), message.id.into());
    if message.reserved != 0 {
        object.insert("reserved".into(), message.reserved.into());
    }
    object.insert("body".into(), body(&message.body, message.version));
    Json::Object(object)
}

fn body(element: &Element, version: u8) -> Json {
    let definition = element.definition;
    let mut object = Map::new();
    if element.reserved != 0 {
        object.insert("_reserved".into(), element.reserved.into());
    }
    for (field, value) in definition.fields.iter().zip(&element.fields) {
        let newer = field.since > 1 && field.since > version && !field.added;
        let silent = newer || matches!(field.kind, Kind::Reserved(_));
        if *value != Value::Absent && !(silent && *value == Value::Unsigned(0)) {
            object.insert(field.name.into(), value_json(field, value));
        }
    }
    let mut order = Vec::with_capacity(element.parameters.len());
    for parameter in &element.parameters {
        let name = parameter.definition.name;
        let inner = body(parameter, version);
        let rank = rank(definition, parameter.definition);
        let key = if rank.is_some() { name } else { "_others" };
        order.push((rank.unwrap_or((usize::MAX, 0, 0)), key));
        if rank.is_none() {
            push(&mut object, key, json!({ name: inner }), true);
        } else {
            push(&mut object, key, inner, repeats(definition, parameter.definition));
        }
    }
    if !order.is_sorted_by_key(|(rank, _)| *rank) {
        object.insert("_order".into(), order.into_iter().map(|(_, key)| key).collect());
    }
    Json::Object(object)
}

fn repeats(parent: &Definition, child: &Definition) -> bool {
    parent
        .place(child)
        .and_then(|(place, _)| parent.members.get(place))
        .is_none_or(|member| member.repeat.many())
}

/// Adds a parameter under its name: as an array where it may repeat, or does.
fn push(object: &mut Map<String, Json>, key: &str, inner: Json, many: bool) {
    match object.get_mut(key) {
        None => {
            object.insert(key.into(), if many { Json::Array(vec![inner]) } else { inner });
        }
        Some(Json::Array(list)) => list.push(inner),
        Some(single) => {
            let first = single.take();
            *single = Json::Array(vec![first, inner]);
        }
    }
}

fn value_json(field: &Field, value: &Value) -> Json {
    match value {
        Value::Unsigned(number) => number_json(field, *number),
        Value::Signed(number) => (*number).into(),
        Value::Bits { count, bytes } if usize::from(*count) == bytes.len() * 8 => hex(bytes).into(),
        Value::Bits { count, bytes } => json!({ "bits": count, "hex": hex(bytes) }),
        Value::Bytes(bytes) if field.kind == (Kind::Bytes { hex: false }) => {
            bytes.iter().map(|byte| number_json(field, u64::from(*byte))).collect()
        }
        Value::Bytes(bytes) => hex(bytes).into(),
        Value::Words(words) if field.kind == (Kind::Words { hex: true }) => {
            hex(&words.iter().flat_map(|word| word.to_be_bytes()).collect::<Vec<_>>()).into()
        }
        Value::Words(words) => words.iter().copied().collect(),
        Value::Numbers(numbers) => numbers.iter().copied().collect(),
        Value::Text(text) => text.as_str().into(),
        Value::BrokenText(bytes) => json!({ "hex": hex(bytes) }),
        Value::Absent => Json::Null,
    }
}

fn number_json(field: &Field, number: u64) -> Json {
    match field.enumeration {
        Some(enumeration) => enumeration.name_of(number).map_or_else(|| number.into(), Json::from),
        None if field.kind == Kind::Unsigned(1) => (number != 0).into(),
        None => number.into(),
    }
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        let _ = write!(text, "{byte:02X}");
    }
    text
}
