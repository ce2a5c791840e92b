//! The tree of a message: what the table says, with values. Owned, generic, meant for everything but the
//! flood of reports (`report` reads those from the bytes).

use crate::definitions::{Definition, Field, Kind};

/// The value of one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// An unsigned number, also the bits of a reserved field.
    Unsigned(u64),
    /// A signed number.
    Signed(i64),
    /// A bit string: `count` bits in `bytes`, first bit highest; the last byte's spare bits as received.
    Bits {
        /// Bits that count.
        count: u16,
        /// `count` divided by 8, rounded up.
        bytes: Vec<u8>,
    },
    /// Bytes: `u96`, `u8v`, or all to the end.
    Bytes(Vec<u8>),
    /// 16-bit words.
    Words(Vec<u16>),
    /// 32-bit numbers.
    Numbers(Vec<u32>),
    /// Text that is well-formed UTF-8.
    Text(String),
    /// What should be text and is not well-formed UTF-8.
    BrokenText(Vec<u8>),
    /// A field that a newer version of the standard added at the end, and that is not there.
    Absent,
}

impl Value {
    /// The value that a new element starts with: zero, or empty.
    pub(crate) fn empty(field: &Field) -> Value {
        if field.added {
            return Value::Absent;
        }
        match field.kind {
            Kind::Unsigned(_) | Kind::Reserved(_) => Value::Unsigned(0),
            Kind::Signed(_) => Value::Signed(0),
            Kind::Fixed(bytes) => Value::Bytes(vec![0; usize::from(bytes)]),
            Kind::Bits => Value::Bits { count: 0, bytes: Vec::new() },
            Kind::Bytes { .. } | Kind::Rest => Value::Bytes(Vec::new()),
            Kind::Words { .. } => Value::Words(Vec::new()),
            Kind::Numbers => Value::Numbers(Vec::new()),
            Kind::Text => Value::Text(String::new()),
        }
    }

    /// A bit string of whole bytes.
    pub fn bits(bytes: &[u8]) -> Value {
        let count = u16::try_from(bytes.len().saturating_mul(8)).unwrap_or(u16::MAX);
        Value::Bits { count, bytes: bytes.get(..usize::from(count).div_ceil(8)).unwrap_or(bytes).to_vec() }
    }
}

macro_rules! from_number {
    ($variant:ident $wide:ty: $($narrow:ty),*) => {
        $(impl From<$narrow> for Value {
            fn from(number: $narrow) -> Value {
                Value::$variant(<$wide>::from(number))
            }
        })*
    };
}

from_number!(Unsigned u64: bool, u8, u16, u32, u64);
from_number!(Signed i64: i8, i16, i32, i64);

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::Text(text.to_owned())
    }
}

impl From<Vec<u8>> for Value {
    fn from(bytes: Vec<u8>) -> Value {
        Value::Bytes(bytes)
    }
}

impl From<Vec<u16>> for Value {
    fn from(words: Vec<u16>) -> Value {
        Value::Words(words)
    }
}

impl From<Vec<u32>> for Value {
    fn from(numbers: Vec<u32>) -> Value {
        Value::Numbers(numbers)
    }
}

/// A parameter, or the inside of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Element {
    /// What it is.
    pub definition: &'static Definition,
    /// The five reserved bits of a TLV header; zero but for faulty senders.
    pub reserved: u8,
    /// One value for each of the definition's fields, reserved ones included.
    pub fields: Vec<Value>,
    /// The parameters inside, in the order of the wire.
    pub parameters: Vec<Element>,
}

impl Element {
    /// An element with all fields zero or empty (those that newer versions added absent) and no parameters.
    pub fn new(definition: &'static Definition) -> Self {
        let fields = definition.fields.iter().map(Value::empty).collect();
        Element { definition, reserved: 0, fields, parameters: Vec::new() }
    }

    /// The same element with a field set.
    ///
    /// # Panics
    /// When the definition has no such field: that is a slip of the caller's, not of anything received.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        let index = self.definition.field(name);
        assert!(index.is_some(), "{} has no field {name}", self.definition.name);
        if let Some(slot) = index.and_then(|index| self.fields.get_mut(index)) {
            *slot = value.into();
        }
        self
    }

    /// The same element with a parameter added behind the others.
    #[must_use]
    pub fn and(mut self, parameter: Element) -> Self {
        self.parameters.push(parameter);
        self
    }

    /// The same element with parameters added behind the others.
    #[must_use]
    pub fn and_all(mut self, parameters: impl IntoIterator<Item = Element>) -> Self {
        self.parameters.extend(parameters);
        self
    }

    /// A field's value.
    pub fn value(&self, name: &str) -> Option<&Value> {
        self.fields.get(self.definition.field(name)?)
    }

    /// A field as an unsigned number; `None` also when it is something else.
    pub fn unsigned(&self, name: &str) -> Option<u64> {
        match self.value(name)? {
            Value::Unsigned(number) => Some(*number),
            _ => None,
        }
    }

    /// A field as a signed number; `None` also when it is something else.
    pub fn signed(&self, name: &str) -> Option<i64> {
        match self.value(name)? {
            Value::Signed(number) => Some(*number),
            _ => None,
        }
    }

    /// A field as a flag; `false` also when there is no such field.
    pub fn flag(&self, name: &str) -> bool {
        self.unsigned(name).is_some_and(|bit| bit != 0)
    }

    /// A field as text; `None` also when it is something else.
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.value(name)? {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The first parameter of this kind directly inside.
    pub fn child(&self, definition: &Definition) -> Option<&Element> {
        self.parameters.iter().find(|parameter| parameter.definition == definition)
    }

    /// All parameters of this kind directly inside.
    pub fn children<'a>(&'a self, definition: &'a Definition) -> impl Iterator<Item = &'a Element> + 'a {
        self.parameters.iter().filter(move |parameter| parameter.definition == definition)
    }
}

/// A whole message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Header version: 1 is LLRP 1.0.1, 2 is 1.1, 3 is 2.0.
    pub version: u8,
    /// The header's three reserved bits; zero but for faulty senders.
    pub reserved: u8,
    /// Message ID.
    pub id: u32,
    /// What it says.
    pub body: Element,
}

impl Message {
    /// A message of LLRP 1.0.1.
    pub fn new(id: u32, body: Element) -> Self {
        Message { version: 1, reserved: 0, id, body }
    }

    /// What the message is.
    pub fn definition(&self) -> &'static Definition {
        self.body.definition
    }

    /// Whether it is this message.
    pub fn is(&self, definition: &Definition) -> bool {
        self.body.definition == definition
    }
}
