//! What must hold for any bytes; the fuzz targets and the tests over their corpus both ask it.

#![allow(
    clippy::unwrap_used,
    dead_code,
    unreachable_pub,
    reason = "a broken promise stops the run; not every user asks all"
)]

use llrp::definitions::parameters;
use llrp::stream::{Decoder, decode_stream};
use llrp::{DecodeError, Element, Message, Value, json, report};

/// Bytes of memory that a tree takes, but for what is the same for every element.
fn weight(element: &Element) -> usize {
    let fields = element.fields.iter().map(|value| match value {
        Value::Unsigned(_) | Value::Signed(_) | Value::Absent => 0,
        Value::Bits { bytes, .. } | Value::Bytes(bytes) | Value::BrokenText(bytes) => bytes.capacity(),
        Value::Words(words) => words.capacity() * 2,
        Value::Numbers(numbers) => numbers.capacity() * 4,
        Value::Text(text) => text.capacity(),
    });
    fields.sum::<usize>() + element.parameters.iter().map(weight).sum::<usize>()
}

fn elements(element: &Element) -> usize {
    1 + element.parameters.iter().map(elements).sum::<usize>()
}

/// A frame that is taken has one tree, one JSON and one form in bytes, none larger than the frame allows.
pub fn message(frame: &[u8]) -> Result<Message, DecodeError> {
    let message = Message::decode(frame)?;
    assert!(weight(&message.body) <= frame.len(), "values are larger than the frame they came from");
    assert!(elements(&message.body) <= frame.len(), "more elements than bytes");
    assert_eq!(message.encode().unwrap(), frame, "other bytes come out");
    let shown = json::to_json(&message);
    let again = json::from_json(&shown).unwrap_or_else(|error| panic!("{error}: {shown}"));
    assert_eq!(again, message, "JSON says something else");
    Ok(message)
}

/// Bytes as a single frame and as a stream, the latter in one piece and in portions.
pub fn decode(bytes: &[u8]) {
    let single = message(bytes).is_ok();
    let whole: Vec<_> = decode_stream(bytes).collect();
    assert!(whole.len() <= bytes.len(), "more results than bytes");
    assert!(!single || whole.len() == 1, "one frame is one message");
    if !single {
        for message in whole.iter().flatten() {
            self::message(&message.encode().unwrap()).unwrap();
        }
    }
    let cut = bytes.first().map_or(1, |byte| usize::from(*byte) + 1);
    let mut decoder = Decoder::default();
    let mut results = 0;
    for portion in bytes.chunks(cut) {
        decoder.push(portion);
        results += std::iter::from_fn(|| decoder.next()).count();
    }
    decoder.end();
    results += std::iter::from_fn(|| decoder.next()).count();
    assert!(results <= bytes.len(), "more results than bytes");
}

/// Bytes as a tag report: where the tree is read, the views see each of its tags, with the same EPC.
pub fn report(bytes: &[u8]) {
    let views: Vec<_> = report::tags(bytes).collect();
    assert!(views.len() <= bytes.len().max(1), "more tags than bytes");
    for view in views.iter().flatten() {
        assert!(view.parameters.len() <= bytes.len());
        assert!(view.epc.is_empty() || view.epc.len() == usize::from(view.epc_bits).div_ceil(8));
    }
    let Ok(message) = message(bytes) else { return };
    if !message.is(&llrp::definitions::messages::RO_ACCESS_REPORT) {
        return;
    }
    let tags: Vec<_> = message.body.children(&parameters::TagReportData).collect();
    assert_eq!(tags.len(), views.len(), "tree and views count other tags");
    for (tag, view) in tags.iter().zip(&views) {
        let view = view.as_ref().unwrap_or_else(|error| panic!("the tree is read, the view not: {error}"));
        let mut epcs = tag.parameters.iter().rev().filter_map(|parameter| match parameter.value("EPC") {
            Some(Value::Bytes(bytes) | Value::Bits { bytes, .. }) => Some(bytes.as_slice()),
            _ => None,
        });
        assert_eq!(epcs.next().unwrap_or_default(), view.epc, "another EPC");
        let antenna =
            tag.children(&parameters::AntennaID).last().and_then(|found| found.unsigned("AntennaID"));
        assert_eq!(antenna, view.antenna_id.map(u64::from), "another antenna");
        let seen = tag.children(&parameters::FirstSeenTimestampUTC).last();
        let seen = seen.and_then(|found| found.unsigned("Microseconds"));
        assert_eq!(seen, view.first_seen_utc_us, "another time");
    }
}

/// Text as a message in JSON.
pub fn json(bytes: &[u8]) {
    let Ok(text) = serde_json::from_slice::<serde_json::Value>(bytes) else { return };
    let Ok(message) = json::from_json(&text) else { return };
    let Ok(frame) = message.encode() else { return };
    // A name for something that the table types otherwise (an opaque custom of a known kind, say) decodes as what it is.
    let Ok(decoded) = Message::decode(&frame) else { return };
    assert_eq!(decoded.encode().unwrap(), frame, "other bytes come out");
    assert_eq!(json::from_json(&json::to_json(&decoded)).unwrap(), decoded, "JSON says something else");
}
