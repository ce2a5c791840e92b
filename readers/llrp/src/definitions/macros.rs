//! The notation in which the table is written.
//!
//! ```text
//! NUMBER NAME [since VERSION [unverified]] { FIELD: KIND [= ENUMERATION] [since VERSION | added VERSION], … } [ REPEAT WHAT, … ];
//! ```
//!
//! A kind is `u` (unsigned), `s` (signed) or `r` (reserved) with a width in bits, or one of the names that
//! [`Kind::named`](super::Kind::named) takes. A repeat is `one`, `opt`, `any` or `some`; a choice stands in parentheses.
//! `since` says that a field's bits were reserved before that version, `added` that it was not there at all.

macro_rules! since {
    () => {
        1
    };
    (since $version:literal $($unverified:ident)?) => {
        $version
    };
    (added $version:literal) => {
        $version
    };
}

macro_rules! added {
    (added $version:literal) => {
        true
    };
    ($($other:tt)*) => {
        false
    };
}

macro_rules! verified {
    (unverified) => {
        false
    };
    () => {
        true
    };
}

macro_rules! named_values {
    () => {
        None
    };
    ($name:ident) => {
        Some(&values::$name)
    };
}

macro_rules! repeat {
    (one) => {
        $crate::definitions::Repeat::One
    };
    (opt) => {
        $crate::definitions::Repeat::Optional
    };
    (any) => {
        $crate::definitions::Repeat::Any
    };
    (some) => {
        $crate::definitions::Repeat::Some
    };
}

macro_rules! allowed {
    (($choice:ident)) => {
        $crate::definitions::Allowed::Choice(&choices::$choice)
    };
    ($parameter:ident) => {
        $crate::definitions::Allowed::Parameter(&$parameter)
    };
}

/// The sentences of a static's documentation.
macro_rules! documented {
    (since $version:literal unverified) => {
        concat!(" Since header version ", $version, ", by one public transcription only.")
    };
    (since $version:literal) => {
        concat!(" Since header version ", $version, ".")
    };
    (unverified) => {
        " By one public source only."
    };
    () => {
        ""
    };
    (field $field:ident $kind:ident $($values:ident)?; $($which:ident $version:literal)?) => {
        concat!(
            "\n- `", stringify!($field), "`: `", stringify!($kind), "`",
            $(", [`", stringify!($values), "`](static@values::", stringify!($values), ")",)?
            $(", ", stringify!($which), " header version ", $version,)?
        )
    };
    (member $repeat:ident ($choice:ident)) => {
        concat!("\n- ", documented!($repeat), "[`", stringify!($choice), "`](static@choices::", stringify!($choice), ")")
    };
    (member $repeat:ident $parameter:ident) => {
        concat!("\n- ", documented!($repeat), "[`", stringify!($parameter), "`]")
    };
    (one) => {
        "one "
    };
    (opt) => {
        "at most one "
    };
    (any) => {
        "any number of "
    };
    (some) => {
        "one or more "
    };
}

/// One static of the table, with its documentation.
macro_rules! define {
    (
        $what:literal, $number:expr, $wire:expr, $name:ident
        $(since $since:literal)? $(unverified $($unverified:lifetime)?)?,
        { $($field:ident : $kind:ident $(= $values:ident)? $($which:ident $version:literal)?),* }
        [ $($repeat:ident $allowed:tt),* ]
    ) => {
        #[doc = concat!("`", stringify!($name), "`, ", $what, " ", $number, ".")]
        #[doc = documented!($(since $since)? $(unverified $($unverified)?)?)]
        $(#[doc = documented!(field $field $kind $($values)?; $($which $version)?)])*
        $(#[doc = documented!(member $repeat $allowed)])*
        pub static $name: $crate::definitions::Definition = $crate::definitions::Definition {
            name: stringify!($name),
            wire: $wire,
            since: since!($(since $since)?),
            verified: verified!($(unverified $($unverified)?)?),
            fields: &[$($crate::definitions::Field {
                name: stringify!($field),
                kind: $crate::definitions::Kind::named(stringify!($kind)),
                enumeration: named_values!($($values)?),
                since: since!($($which $version)?),
                added: added!($($which $version)?),
            }),*],
            members: &[$($crate::definitions::Member {
                repeat: repeat!($repeat),
                allowed: allowed!($allowed),
            }),*],
        };
    };
}

macro_rules! define_parameters {
    ($(
        $number:literal $name:ident $(since $since:literal)? $(unverified $($unverified:lifetime)?)?
        { $($fields:tt)* } [ $($members:tt)* ];
    )*) => {
        $(define!(
            "parameter", $number, $crate::definitions::Wire::parameter($number), $name
            $(since $since)? $(unverified $($unverified)?)?, { $($fields)* } [ $($members)* ]
        );)*

        /// All parameters, by number.
        pub static ALL: &[&$crate::definitions::Definition] = &[$(&$name),*];
    };
}

macro_rules! define_messages {
    ($(
        $number:literal $name:ident $(since $since:literal)? { $($fields:tt)* } [ $($members:tt)* ];
    )*) => {
        $(define!(
            "message", $number, $crate::definitions::Wire::Message($number), $name $(since $since)?,
            { $($fields)* } [ $($members)* ]
        );)*

        /// All messages, by number.
        pub static ALL: &[&$crate::definitions::Definition] = &[$(&$name),*];
    };
}

macro_rules! custom_wire {
    (message $vendor:ident $subtype:literal) => {
        $crate::definitions::Wire::CustomMessage { vendor: $vendor, subtype: $subtype }
    };
    (parameter $vendor:ident $subtype:literal) => {
        $crate::definitions::Wire::CustomParameter { vendor: $vendor, subtype: $subtype }
    };
}

macro_rules! define_customs {
    ($all:ident: $(
        $what:ident $vendor:ident / $subtype:literal $name:ident $(unverified $($unverified:lifetime)?)?
        { $($fields:tt)* } [ $($members:tt)* ];
    )*) => {
        $(define!(
            "custom", concat!(stringify!($what), " ", $subtype, " of ", stringify!($vendor)),
            custom_wire!($what $vendor $subtype), $name $(unverified $($unverified)?)?,
            { $($fields)* } [ $($members)* ]
        );)*

        /// All known custom messages and parameters of this maker, by number.
        pub static $all: &[&$crate::definitions::Definition] = &[$(&$name),*];
    };
}

macro_rules! define_choices {
    ($all:ident: $($name:ident [ $($alternative:ident),* ];)*) => {
        $(
            #[doc = concat!("The choice `", stringify!($name), "`:")]
            $(#[doc = concat!("\n- [`", stringify!($alternative), "`]")])*
            pub static $name: $crate::definitions::Choice = $crate::definitions::Choice {
                name: stringify!($name),
                alternatives: &[$(&$alternative),*],
            };
        )*

        /// All choices of this table.
        pub static $all: &[&$crate::definitions::Choice] = &[$(&$name),*];
    };
}

macro_rules! define_enumerations {
    ($all:ident: $($name:ident { $($entry:ident = $value:literal),* })*) => {
        $(
            #[doc = concat!("The enumeration `", stringify!($name), "`:")]
            $(#[doc = concat!("\n- `", stringify!($entry), "` = ", stringify!($value))])*
            pub static $name: $crate::definitions::Enumeration = $crate::definitions::Enumeration {
                name: stringify!($name),
                entries: &[$((stringify!($entry), $value)),*],
            };

            #[doc = concat!("The values of `", stringify!($name), "`.")]
            pub mod $name {
                $(
                    #[doc = concat!("`", stringify!($entry), "` = ", stringify!($value), ".")]
                    pub const $entry: u64 = $value;
                )*
            }
        )*

        /// All enumerations of this table.
        pub static $all: &[&$crate::definitions::Enumeration] = &[$(&$name),*];
    };
}
