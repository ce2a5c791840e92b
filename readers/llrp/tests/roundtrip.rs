//! Bytes → tree → JSON → tree → bytes: nothing is lost, nothing panics, whatever comes.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod common;

use llrp::definitions::{self, Definition, Kind, Wire, messages};
use llrp::stream::{Decoder, decode_stream};
use llrp::{Element, Message, Value, json, report};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

fn through_json(message: &Message) -> Message {
    let text = json::to_json(message).to_string();
    json::from_json(&serde_json::from_str(&text).unwrap()).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn assert_same_bytes(frame: &[u8]) {
    let message = Message::decode(frame).unwrap();
    assert_eq!(message.encode().unwrap(), frame);
    let again = through_json(&message);
    assert_eq!(again, message);
    assert_eq!(again.encode().unwrap(), frame);
}

#[test]
fn captured_frames_come_back_as_the_same_bytes() {
    for (name, frame) in common::captures() {
        let message = Message::decode(&frame).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(message.encode().unwrap(), frame, "{name}");
        assert_eq!(through_json(&message).encode().unwrap(), frame, "{name}");
        assert!(!json::to_json(&message).to_string().contains("UnknownParameter"), "{name}");
    }
}

fn value(kind: Kind) -> BoxedStrategy<Value> {
    let number = |bits: u8| any::<u64>().prop_map(move |number| number >> (64 - u32::from(bits)));
    match kind {
        Kind::Unsigned(bits) => number(bits).prop_map(Value::Unsigned).boxed(),
        Kind::Reserved(bits) => {
            prop_oneof![4 => Just(0_u64).boxed(), 1 => number(bits).boxed()].prop_map(Value::Unsigned).boxed()
        }
        Kind::Signed(bits) => {
            any::<i64>().prop_map(move |number| Value::Signed(number >> (64 - u32::from(bits)))).boxed()
        }
        Kind::Fixed(bytes) => {
            proptest::collection::vec(any::<u8>(), usize::from(bytes)).prop_map(Value::Bytes).boxed()
        }
        Kind::Bits => (0..200_u16)
            .prop_flat_map(|count| {
                proptest::collection::vec(any::<u8>(), usize::from(count).div_ceil(8))
                    .prop_map(move |bytes| Value::Bits { count, bytes })
            })
            .boxed(),
        Kind::Bytes { .. } | Kind::Rest => {
            proptest::collection::vec(any::<u8>(), 0..9).prop_map(Value::Bytes).boxed()
        }
        Kind::Words { .. } => proptest::collection::vec(any::<u16>(), 0..5).prop_map(Value::Words).boxed(),
        Kind::Numbers => proptest::collection::vec(any::<u32>(), 0..5).prop_map(Value::Numbers).boxed(),
        Kind::Text => prop_oneof![
            any::<String>().prop_map(Value::Text),
            proptest::collection::vec(any::<u8>(), 0..9).prop_map(|bytes| match String::from_utf8(bytes) {
                Ok(text) => Value::Text(text),
                Err(broken) => Value::BrokenText(broken.into_bytes()),
            }),
        ]
        .boxed(),
    }
}

/// Any element of a definition, with what the table lets it hold, now and then in the wrong order or place.
fn element(definition: &'static Definition, depth: usize) -> BoxedStrategy<Element> {
    let fields: Vec<_> = definition.fields.iter().map(|field| value(field.kind)).collect();
    let mut children: Vec<BoxedStrategy<Vec<Element>>> = Vec::new();
    if depth > 0 {
        for member in definition.members {
            for alternative in member.alternatives() {
                let most = if member.repeat.many() { 3 } else { 2 };
                children.push(proptest::collection::vec(element(alternative, depth - 1), 0..most).boxed());
            }
        }
        if !definition.members.is_empty() {
            let strays: Vec<&'static Definition> = definitions::all()
                .filter(|stray| {
                    matches!(stray.wire, Wire::Tv(_) | Wire::CustomParameter { .. } | Wire::UnknownParameter)
                })
                .collect();
            let stray = proptest::sample::select(strays).prop_flat_map(|stray| element(stray, 0));
            children.push(proptest::collection::vec(stray, 0..2).boxed());
        }
    }
    let reserved = prop_oneof![6 => Just(0_u8), 1 => 0..32_u8];
    (fields, children, any::<u64>(), reserved)
        .prop_map(move |(fields, children, shuffle, reserved)| {
            let mut parameters: Vec<Element> = children.into_iter().flatten().collect();
            if shuffle % 4 == 0 && parameters.len() > 1 {
                let turn = (shuffle / 4) as usize % parameters.len();
                parameters.rotate_left(turn);
            }
            let long =
                !matches!(definition.wire, Wire::Tv(_) | Wire::Message(_) | Wire::CustomMessage { .. });
            let mut element = Element { definition, reserved: 0, fields, parameters };
            if shuffle % 3 == 0 {
                let fields = definition.fields.iter().zip(&mut element.fields);
                fields.filter(|(field, _)| field.added).for_each(|(_, value)| *value = Value::Absent);
            }
            if long && definition.wire != Wire::UnknownMessage {
                element.reserved = reserved;
            }
            // A stand-in's type must be one that the table does not hold, and opaque customs nobody's.
            match definition.wire {
                Wire::UnknownParameter => element.fields[0] = Value::Unsigned(900 + shuffle % 100),
                Wire::UnknownMessage => element.fields[0] = Value::Unsigned(600 + shuffle % 100),
                Wire::Tlv(1023) => element.fields[0] = Value::Unsigned(4711),
                Wire::Message(1023) => element.fields[0] = Value::Unsigned(4711),
                _ => {}
            }
            element
        })
        .boxed()
}

fn message_of(definition: &'static Definition) -> impl Strategy<Value = Message> {
    (element(definition, 3), 0..=3_u8, any::<u32>(), prop_oneof![5 => Just(0_u8), 1 => 0..8_u8])
        .prop_map(|(body, version, id, reserved)| Message { version, reserved, id, body })
}

#[test]
fn every_defined_message_survives_bytes_tree_and_json() {
    for definition in definitions::all() {
        if !matches!(definition.wire, Wire::Message(_) | Wire::CustomMessage { .. } | Wire::UnknownMessage) {
            continue;
        }
        let mut runner =
            TestRunner::new(Config { cases: 60, failure_persistence: None, ..Config::default() });
        let outcome = runner.run(&message_of(definition), |message| {
            let frame = message.encode().unwrap();
            let decoded = Message::decode(&frame).map_err(|error| TestCaseError::fail(error.to_string()))?;
            prop_assert_eq!(&decoded, &message);
            prop_assert_eq!(through_json(&decoded).encode().unwrap(), frame);
            Ok(())
        });
        if let Err(error) = outcome {
            panic!("{}: {error}", definition.name);
        }
    }
}

#[test]
fn every_defined_parameter_survives_bytes_tree_and_json() {
    let holder = &messages::GET_READER_CAPABILITIES;
    for definition in definitions::all() {
        if matches!(definition.wire, Wire::Message(_) | Wire::CustomMessage { .. } | Wire::UnknownMessage) {
            continue;
        }
        let mut runner =
            TestRunner::new(Config { cases: 60, failure_persistence: None, ..Config::default() });
        let outcome = runner.run(&element(definition, 2), |parameter| {
            let message = Message::new(7, Element::new(holder).and(parameter));
            let frame = message.encode().unwrap();
            let decoded = Message::decode(&frame).map_err(|error| TestCaseError::fail(error.to_string()))?;
            prop_assert_eq!(&decoded, &message);
            prop_assert_eq!(through_json(&decoded).encode().unwrap(), frame);
            Ok(())
        });
        if let Err(error) = outcome {
            panic!("{}: {error}", definition.name);
        }
    }
}

/// Whatever is taken comes back as it was; the views see what the tree sees.
fn take(bytes: &[u8]) {
    if Message::decode(bytes).is_ok() {
        assert_same_bytes(bytes);
    }
    let views = report::tags(bytes).filter(Result::is_ok).count();
    assert!(views <= bytes.len());
    assert!(decode_stream(bytes).count() <= bytes.len());
}

proptest! {
    #![proptest_config(Config { cases: 2000, failure_persistence: None, ..Config::default() })]

    #[test]
    fn any_bytes_are_taken_or_refused_and_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        take(&bytes);
    }

    #[test]
    fn any_body_of_any_message_never_panics(
        number in prop_oneof![0..110_u16, Just(1023)],
        body in proptest::collection::vec(any::<u8>(), 0..120),
    ) {
        let mut frame = ((1_u16 << 10) | number).to_be_bytes().to_vec();
        frame.extend((body.len() as u32 + 10).to_be_bytes());
        frame.extend([0, 0, 0, 9]);
        frame.extend(body);
        take(&frame);
    }

    #[test]
    fn portions_of_any_size_give_the_same_messages(cut in 1..40_usize) {
        let mut bytes = Vec::new();
        for definition in [&messages::KEEPALIVE, &messages::GET_ROSPECS, &messages::ENABLE_ROSPEC] {
            bytes.extend(Message::new(5, Element::new(definition)).encode().unwrap());
        }
        let mut decoder = Decoder::default();
        let mut got = Vec::new();
        for portion in bytes.chunks(cut) {
            decoder.push(portion);
            while let Some(message) = decoder.next() {
                got.push(message.unwrap());
            }
        }
        decoder.end();
        prop_assert!(decoder.next().is_none());
        prop_assert_eq!(got, decode_stream(&bytes).map(Result::unwrap).collect::<Vec<_>>());
    }
}

#[test]
fn mutated_captures_never_panic() {
    let captures = common::captures();
    if captures.is_empty() {
        return;
    }
    let mutation = (
        proptest::sample::select(captures),
        proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        proptest::option::of(any::<prop::sample::Index>()),
    );
    let mut runner = TestRunner::new(Config { cases: 4000, failure_persistence: None, ..Config::default() });
    runner
        .run(&mutation, |((_, mut frame), changes, cut)| {
            for (index, byte) in changes {
                let index = index.index(frame.len());
                frame[index] = byte;
            }
            if let Some(cut) = cut {
                frame.truncate(cut.index(frame.len()));
                if let Some(length) = frame.get_mut(2..6) {
                    let stated = (length.len() as u32).to_be_bytes();
                    length.copy_from_slice(&stated);
                }
            }
            take(&frame);
            Ok(())
        })
        .unwrap();
}
