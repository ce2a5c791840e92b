//! One message of every kind, holding everything the table lets it hold, with a value of its own in every field.

use llrp::definitions::{Allowed, Definition, Field, Kind, Wire, messages, vendors};
use llrp::{Element, Message, Value};

/// What samples may hold.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Nothing that came with a later header version than this.
    pub version: u8,
    /// Deepest nesting.
    pub depth: usize,
    /// Whether opaque customs are among it.
    pub opaque: bool,
}

/// Gives each field another value, always the same ones from the start.
#[derive(Debug, Default)]
pub struct Maker {
    count: u64,
}

impl Maker {
    fn next(&mut self) -> u64 {
        self.count += 1;
        self.count.wrapping_mul(0x9E37_79B9_7F4A_7C15)
    }

    fn value(&mut self, field: &Field) -> Value {
        let random = self.next();
        let bytes = |count: u64| (0..count).map(|at| (random >> (at % 8 * 8)) as u8).collect::<Vec<_>>();
        match field.kind {
            Kind::Unsigned(bits) => {
                let number = random >> (64 - u32::from(bits));
                let named = field.enumeration.and_then(|enumeration| {
                    let at = (random % enumeration.entries.len() as u64) as usize;
                    let (_, number) = *enumeration.entries.get(at)?;
                    (bits == 64 || number >> bits == 0).then_some(number)
                });
                Value::Unsigned(named.unwrap_or(number))
            }
            Kind::Signed(bits) => Value::Signed((random as i64) >> (64 - u32::from(bits))),
            Kind::Reserved(_) => Value::Unsigned(0),
            Kind::Fixed(count) => Value::Bytes(bytes(count.into())),
            // Bit strings often do not fill their last byte.
            Kind::Bits => {
                let count = 8 + random % 90;
                let mut bytes = bytes(count.div_ceil(8));
                if let Some(last) = bytes.last_mut().filter(|_| !count.is_multiple_of(8)) {
                    *last &= 0xFF << (8 - count % 8);
                }
                Value::Bits { count: count as u16, bytes }
            }
            Kind::Bytes { .. } if field.enumeration.is_some() => Value::Bytes(vec![1, 0]),
            Kind::Bytes { .. } | Kind::Rest => Value::Bytes(bytes(1 + random % 6)),
            Kind::Words { .. } => Value::Words(vec![random as u16, (random >> 16) as u16, 7]),
            Kind::Numbers => Value::Numbers(vec![random as u32, (random >> 32) as u32]),
            Kind::Text => Value::Text(format!("text {}", random % 1_000)),
        }
    }

    /// An element with everything in it that may be there.
    pub fn element(&mut self, definition: &'static Definition, bounds: Bounds) -> Element {
        let mut out = Element::new(definition);
        for (field, slot) in definition.fields.iter().zip(&mut out.fields) {
            if field.since <= bounds.version {
                *slot = self.value(field);
            }
        }
        if let Wire::Tlv(1023) | Wire::Message(1023) = definition.wire {
            // Nobody's number (IANA reserves it), so that it stays opaque.
            out = out.with("VendorIdentifier", 0_u32);
        }
        let inside = Bounds { depth: bounds.depth.saturating_sub(1), ..bounds };
        for member in definition.members {
            let known = member.alternatives().iter().copied().filter(|d| d.since <= bounds.version);
            let mut alternatives: Vec<_> = known.filter(|d| d.verified || !definition.verified).collect();
            alternatives.retain(|d| bounds.opaque || d.wire != Wire::Tlv(1023));
            if let Allowed::Choice(_) = member.allowed
                && !member.repeat.many()
                && !alternatives.is_empty()
            {
                let at = self.next() as usize % alternatives.len();
                alternatives = vec![alternatives[at]];
            }
            if bounds.depth > 0 || member.repeat.required() {
                out.parameters.extend(alternatives.into_iter().map(|d| self.element(d, inside)));
            }
        }
        out
    }
}

/// One message of every kind of the standard that this header version has.
pub fn messages(version: u8) -> Vec<Message> {
    let mut maker = Maker::default();
    let bounds = Bounds { version, depth: 7, opaque: true };
    let known = messages::ALL.iter().filter(|definition| definition.since <= version);
    let message = |(at, definition): (usize, &&'static Definition)| Message {
        version,
        reserved: 0,
        id: 0x1000 + at as u32,
        body: maker.element(definition, bounds),
    };
    known.enumerate().map(message).collect()
}

/// A maker's messages, and each of its parameters in a message of Impinj's that may hold any.
pub fn customs(definitions: &[&'static Definition]) -> Vec<Message> {
    let mut maker = Maker::default();
    let bounds = Bounds { version: 2, depth: 4, opaque: false };
    let body = |definition: &&'static Definition| match definition.wire {
        Wire::CustomMessage { .. } => maker.element(definition, bounds),
        _ => Element::new(&vendors::IMPINJ_ENABLE_EXTENSIONS).and(maker.element(definition, bounds)),
    };
    definitions.iter().map(body).zip(0x2000..).map(|(body, id)| Message::new(id, body)).collect()
}
