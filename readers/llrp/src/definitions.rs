//! The one table of definitions from which codec, names, JSON and documentation are made.
//!
//! A definition says how something looks on the wire and what the standard calls it; it holds no code. The
//! statics carry the standard's own names (`parameters::ROSpec`, `messages::ADD_ROSPEC`,
//! `enumerations::ROSpecState::Active`), so that code reads like the standard.
//!
//! Names, numbers, types and order of LLRP 1.0.1 and 1.1 were taken from the definition files of the LLRP Toolkit (Copyright
//! 2007 Impinj, Inc., Apache-2.0) and are checked against them; where the 1.1 file is at fault the standard stands.
//! What 2.0 added was taken from the delta of LLRPCSharp (MIT), the only public one known: those definitions are not
//! [`verified`](Definition::verified). No descriptive text of theirs is here.
//!
//! Every static's documentation is made from its line in the table, as is the reference `DEFINITIONS.md` of this package.

use std::fmt;

#[macro_use]
mod macros;

mod index;
mod reference;

pub use index::{all, custom_message, custom_parameter, message, message_named, parameter_named, tlv, tv};
pub use reference::reference;

#[allow(non_upper_case_globals, reason = "the standard's own names")]
pub mod choices;
#[allow(non_upper_case_globals, non_snake_case, reason = "the standard's own names")]
pub mod enumerations;
#[allow(clippy::wildcard_imports, reason = "the table names parameters without saying where they stand")]
pub mod messages;
#[allow(non_upper_case_globals, reason = "the standard's own names")]
pub mod parameters;
#[allow(non_upper_case_globals, reason = "the makers' own names")]
pub mod vendors;

/// How a message or parameter is told apart on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wire {
    /// A message by its 10-bit type.
    Message(u16),
    /// A parameter with the one-byte header (types 1 to 127), whose length is fixed by its type.
    Tv(u8),
    /// A parameter with the four-byte header: 10-bit type and 16-bit length.
    Tlv(u16),
    /// A `Custom` parameter (type 1023) of a known vendor and subtype.
    CustomParameter {
        /// IANA private enterprise number.
        vendor: u32,
        /// The vendor's number for this parameter.
        subtype: u32,
    },
    /// A `CUSTOM_MESSAGE` (type 1023) of a known vendor and subtype.
    CustomMessage {
        /// IANA private enterprise number.
        vendor: u32,
        /// The vendor's number for this message.
        subtype: u8,
    },
    /// A TLV parameter of a type that the table does not hold; its first field is the type.
    UnknownParameter,
    /// A message of a type that the table does not hold; its first field is the type.
    UnknownMessage,
}

impl Wire {
    /// The standard's parameters below 128 carry the one-byte header, the others the long one.
    const fn parameter(number: u16) -> Wire {
        if number < 128 { Wire::Tv(number as u8) } else { Wire::Tlv(number) }
    }
}

/// A field's shape. Widths are bits; lists carry a 16-bit count before them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An unsigned number of that many bits (1 to 64).
    Unsigned(u8),
    /// A two's-complement number of that many bits.
    Signed(u8),
    /// Bits that a sender leaves zero. Kept when they are not.
    Reserved(u8),
    /// Exactly that many bytes.
    Fixed(u8),
    /// A bit string: bit count, then the bits, padded to whole bytes (`u1v`).
    Bits,
    /// A list of bytes (`u8v`); as text in hexadecimal where `hex` says so.
    Bytes {
        /// Shown as one hexadecimal string rather than as a list of numbers.
        hex: bool,
    },
    /// A list of 16-bit words (`u16v`).
    Words {
        /// Shown as one hexadecimal string rather than as a list of numbers.
        hex: bool,
    },
    /// A list of 32-bit numbers (`u32v`).
    Numbers,
    /// UTF-8 text with its length in bytes (`utf8v`).
    Text,
    /// All bytes to the end.
    Rest,
}

impl Kind {
    /// The kind that the table's notation names: `u8`, `s16`, `r7` and the like by width, `u96` (exactly twelve bytes),
    /// `bits`, `u8v`, `hex8`, `u16v`, `hex16`, `u32v`, `utf8`, `rest`.
    ///
    /// # Panics
    /// When there is no such kind; in a constant that is an error of the compiler's.
    pub const fn named(name: &str) -> Kind {
        match name.as_bytes() {
            b"u96" => Kind::Fixed(12),
            b"bits" => Kind::Bits,
            b"u8v" => Kind::Bytes { hex: false },
            b"hex8" => Kind::Bytes { hex: true },
            b"u16v" => Kind::Words { hex: false },
            b"hex16" => Kind::Words { hex: true },
            b"u32v" => Kind::Numbers,
            b"utf8" => Kind::Text,
            b"rest" => Kind::Rest,
            [b'u', width @ ..] => Kind::Unsigned(bits(width)),
            [b's', width @ ..] => Kind::Signed(bits(width)),
            [b'r', width @ ..] => Kind::Reserved(bits(width)),
            _ => panic!("no such kind of field"),
        }
    }
}

/// A width in bits, in one or two decimal digits.
const fn bits(digits: &[u8]) -> u8 {
    let width = match *digits {
        [ones @ b'0'..=b'9'] => ones - b'0',
        [tens @ b'0'..=b'9', ones @ b'0'..=b'9'] => (tens - b'0') * 10 + ones - b'0',
        _ => 0,
    };
    assert!(width > 0 && width <= 64, "a field is 1 to 64 bits wide");
    width
}

impl fmt::Display for Kind {
    /// As [`Kind::named`] takes it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Kind::Unsigned(bits) => write!(f, "u{bits}"),
            Kind::Signed(bits) => write!(f, "s{bits}"),
            Kind::Reserved(bits) => write!(f, "r{bits}"),
            Kind::Fixed(bytes) => write!(f, "u{}", u16::from(*bytes) * 8),
            Kind::Bits => f.write_str("bits"),
            Kind::Bytes { hex } => f.write_str(if *hex { "hex8" } else { "u8v" }),
            Kind::Words { hex } => f.write_str(if *hex { "hex16" } else { "u16v" }),
            Kind::Numbers => f.write_str("u32v"),
            Kind::Text => f.write_str("utf8"),
            Kind::Rest => f.write_str("rest"),
        }
    }
}

/// One field.
#[derive(Debug)]
pub struct Field {
    /// The standard's name; `reserved` for reserved bits (`reserved2`, … where there are more).
    pub name: &'static str,
    /// Shape and width.
    pub kind: Kind,
    /// The names of its values, where it has some.
    pub enumeration: Option<&'static Enumeration>,
    /// Header version that brought it (1: LLRP 1.0.1, 2: LLRP 1.1, 3: LLRP 2.0).
    pub since: u8,
    /// Whether that version added its bits behind the others; otherwise they were reserved before. What an older
    /// sender left out is [`Value::Absent`](crate::Value::Absent).
    pub added: bool,
}

/// How often a parameter may stand in its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeat {
    /// Exactly once.
    One,
    /// Once or not at all.
    Optional,
    /// Any number of times.
    Any,
    /// Once or more.
    Some,
}

impl Repeat {
    /// Whether more than one may stand there (it is an array in JSON then).
    pub fn many(self) -> bool {
        matches!(self, Repeat::Any | Repeat::Some)
    }

    /// Whether at least one must stand there.
    pub fn required(self) -> bool {
        matches!(self, Repeat::One | Repeat::Some)
    }
}

/// What may stand in one place of a message or parameter.
#[derive(Debug)]
pub enum Allowed {
    /// This parameter.
    Parameter(&'static Definition),
    /// One of these.
    Choice(&'static Choice),
}

/// One place for parameters inside a message or parameter; the order of places is the order on the wire.
#[derive(Debug)]
pub struct Member {
    /// How often.
    pub repeat: Repeat,
    /// What.
    pub allowed: Allowed,
}

impl Member {
    /// The parameters that may stand here.
    pub fn alternatives(&self) -> &[&'static Definition] {
        match &self.allowed {
            Allowed::Parameter(definition) => std::slice::from_ref(definition),
            Allowed::Choice(choice) => choice.alternatives,
        }
    }

    /// The name of the parameter or of the choice.
    pub fn name(&self) -> &'static str {
        match &self.allowed {
            Allowed::Parameter(definition) => definition.name,
            Allowed::Choice(choice) => choice.name,
        }
    }
}

/// A choice between parameters.
#[derive(Debug)]
pub struct Choice {
    /// The standard's name.
    pub name: &'static str,
    /// Its parameters.
    pub alternatives: &'static [&'static Definition],
}

/// The named values of a field.
#[derive(Debug)]
pub struct Enumeration {
    /// The standard's name.
    pub name: &'static str,
    /// Names and values.
    pub entries: &'static [(&'static str, u64)],
}

impl Enumeration {
    /// The name of a value; the oldest where versions differ.
    pub fn name_of(&self, value: u64) -> Option<&'static str> {
        self.entries.iter().find(|(_, number)| *number == value).map(|(name, _)| *name)
    }

    /// The value of a name.
    pub fn value_of(&self, name: &str) -> Option<u64> {
        self.entries.iter().find(|(entry, _)| *entry == name).map(|(_, value)| *value)
    }
}

/// A message or a parameter.
#[derive(Debug)]
pub struct Definition {
    /// The standard's (or the maker's) name.
    pub name: &'static str,
    /// How it is told apart on the wire.
    pub wire: Wire,
    /// Header version that brought it (1: LLRP 1.0.1, 2: LLRP 1.1, 3: LLRP 2.0). It is read in older messages too.
    pub since: u8,
    /// Whether more than one public source confirms it. Bytes that do not fit an unverified definition are kept as
    /// [`UNKNOWN_PARAMETER`] or `Custom`.
    pub verified: bool,
    /// Fields in the order of the wire; all stand before the parameters.
    pub fields: &'static [Field],
    /// The places for parameters, in the order of the standard.
    pub members: &'static [Member],
}

impl PartialEq for Definition {
    /// There is one static per definition, and its name and wire form are its own.
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other) || (self.wire == other.wire && self.name == other.name)
    }
}

impl Eq for Definition {}

impl Definition {
    /// The place in which `child` belongs: its index among `members` and among that place's alternatives.
    /// A known custom parameter belongs where `Custom` may stand, unless it has a place of its own.
    pub fn place(&self, child: &Definition) -> Option<(usize, usize)> {
        let find = |wanted: &Definition| {
            self.members.iter().enumerate().find_map(|(index, member)| {
                member.alternatives().iter().position(|d| *d == wanted).map(|sub| (index, sub))
            })
        };
        find(child).or_else(|| match child.wire {
            Wire::CustomParameter { .. } => find(&parameters::Custom),
            _ => None,
        })
    }

    /// Whether it is a message, and not a parameter.
    pub fn is_message(&self) -> bool {
        matches!(self.wire, Wire::Message(_) | Wire::CustomMessage { .. } | Wire::UnknownMessage)
    }

    /// Bits of the fields whose width their kind fixes: of a TV parameter, which holds no others, all of them.
    pub fn fixed_bits(&self) -> usize {
        let width = |field: &Field| match field.kind {
            Kind::Unsigned(bits) | Kind::Signed(bits) | Kind::Reserved(bits) => usize::from(bits),
            Kind::Fixed(bytes) => usize::from(bytes) * 8,
            Kind::Bits
            | Kind::Bytes { .. }
            | Kind::Words { .. }
            | Kind::Numbers
            | Kind::Text
            | Kind::Rest => 0,
        };
        self.fields.iter().map(width).sum()
    }

    /// The index of the field with this name.
    pub fn field(&self, name: &str) -> Option<usize> {
        self.fields.iter().position(|field| field.name == name)
    }
}

static TYPE_AND_BYTES: [Field; 2] = [
    Field { name: "Type", kind: Kind::Unsigned(10), enumeration: None, since: 1, added: false },
    Field { name: "Bytes", kind: Kind::Rest, enumeration: None, since: 1, added: false },
];

/// Stands for every TLV parameter that the table does not hold: `Type` and `Bytes`.
pub static UNKNOWN_PARAMETER: Definition = Definition {
    name: "UnknownParameter",
    wire: Wire::UnknownParameter,
    since: 1,
    verified: true,
    fields: &TYPE_AND_BYTES,
    members: &[],
};

/// Stands for every message that the table does not hold: `Type` and `Bytes`.
pub static UNKNOWN_MESSAGE: Definition = Definition {
    name: "UNKNOWN_MESSAGE",
    wire: Wire::UnknownMessage,
    since: 1,
    verified: true,
    fields: &TYPE_AND_BYTES,
    members: &[],
};
