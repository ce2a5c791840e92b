//! The notation in which the table is written.

macro_rules! kind {
    (u1) => {
        $crate::definitions::Kind::Unsigned(1)
    };
    (u2) => {
        $crate::definitions::Kind::Unsigned(2)
    };
    (u8) => {
        $crate::definitions::Kind::Unsigned(8)
    };
    (u16) => {
        $crate::definitions::Kind::Unsigned(16)
    };
    (u32) => {
        $crate::definitions::Kind::Unsigned(32)
    };
    (u64) => {
        $crate::definitions::Kind::Unsigned(64)
    };
    (s8) => {
        $crate::definitions::Kind::Signed(8)
    };
    (s16) => {
        $crate::definitions::Kind::Signed(16)
    };
    (s32) => {
        $crate::definitions::Kind::Signed(32)
    };
    (r2) => {
        $crate::definitions::Kind::Reserved(2)
    };
    (r3) => {
        $crate::definitions::Kind::Reserved(3)
    };
    (r5) => {
        $crate::definitions::Kind::Reserved(5)
    };
    (r6) => {
        $crate::definitions::Kind::Reserved(6)
    };
    (r7) => {
        $crate::definitions::Kind::Reserved(7)
    };
    (r8) => {
        $crate::definitions::Kind::Reserved(8)
    };
    (r14) => {
        $crate::definitions::Kind::Reserved(14)
    };
    (r16) => {
        $crate::definitions::Kind::Reserved(16)
    };
    (r32) => {
        $crate::definitions::Kind::Reserved(32)
    };
    (u96) => {
        $crate::definitions::Kind::Fixed(12)
    };
    (bits) => {
        $crate::definitions::Kind::Bits
    };
    (u8v) => {
        $crate::definitions::Kind::Bytes { hex: false }
    };
    (hex8) => {
        $crate::definitions::Kind::Bytes { hex: true }
    };
    (u16v) => {
        $crate::definitions::Kind::Words { hex: false }
    };
    (hex16) => {
        $crate::definitions::Kind::Words { hex: true }
    };
    (u32v) => {
        $crate::definitions::Kind::Numbers
    };
    (utf8) => {
        $crate::definitions::Kind::Text
    };
    (rest) => {
        $crate::definitions::Kind::Rest
    };
}

macro_rules! since {
    () => {
        1
    };
    ($version:literal) => {
        $version
    };
}

macro_rules! named_values {
    () => {
        None
    };
    ($name:ident) => {
        Some(&$crate::definitions::enumerations::$name)
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
        $crate::definitions::Allowed::Choice(&$crate::definitions::choices::$choice)
    };
    ($parameter:ident) => {
        $crate::definitions::Allowed::Parameter(&$parameter)
    };
}

macro_rules! definition {
    (
        $name:ident, $wire:expr, $since:expr,
        { $($field:ident : $kind:ident $(= $values:ident)? $(since $version:literal)?),* }
        [ $($repeat:ident $allowed:tt),* ]
    ) => {
        $crate::definitions::Definition {
            name: stringify!($name),
            wire: $wire,
            since: $since,
            fields: &[$($crate::definitions::Field {
                name: stringify!($field),
                kind: kind!($kind),
                enumeration: named_values!($($values)?),
                since: since!($($version)?),
            }),*],
            members: &[$($crate::definitions::Member {
                repeat: repeat!($repeat),
                allowed: allowed!($allowed),
            }),*],
        }
    };
}

macro_rules! define_parameters {
    ($($number:literal $name:ident $(since $version:literal)? { $($fields:tt)* } [ $($members:tt)* ];)*) => {
        $(
            #[doc = concat!("`", stringify!($name), "`, parameter ", stringify!($number), ".")]
            pub static $name: $crate::definitions::Definition = definition!(
                $name,
                $crate::definitions::Wire::parameter($number),
                since!($($version)?),
                { $($fields)* } [ $($members)* ]
            );
        )*

        /// All parameters, by number.
        pub static ALL: &[&$crate::definitions::Definition] = &[$(&$name),*];
    };
}

macro_rules! define_messages {
    ($($number:literal $name:ident $(since $version:literal)? { $($fields:tt)* } [ $($members:tt)* ];)*) => {
        #[allow(clippy::wildcard_imports, reason = "members name parameters")]
        use $crate::definitions::parameters::*;
        $(
            #[doc = concat!("`", stringify!($name), "`, message ", stringify!($number), ".")]
            pub static $name: $crate::definitions::Definition = definition!(
                $name,
                $crate::definitions::Wire::Message($number),
                since!($($version)?),
                { $($fields)* } [ $($members)* ]
            );
        )*

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
    ($($what:ident $vendor:ident / $subtype:literal $name:ident { $($fields:tt)* } [ $($members:tt)* ];)*) => {
        use $crate::definitions::parameters::{C1G2Read, Custom, LLRPStatus};
        $(
            #[doc = concat!("`", stringify!($name), "`, ", stringify!($what), " ", stringify!($subtype), ".")]
            pub static $name: $crate::definitions::Definition = definition!(
                $name, custom_wire!($what $vendor $subtype), 1, { $($fields)* } [ $($members)* ]
            );
        )*

        /// All known custom messages and parameters.
        pub static ALL: &[&$crate::definitions::Definition] = &[$(&$name),*];
    };
}

macro_rules! define_choices {
    ($($name:ident [ $($alternative:ident),* ];)*) => {
        $(
            #[doc = concat!("The choice `", stringify!($name), "`.")]
            pub static $name: $crate::definitions::Choice = $crate::definitions::Choice {
                name: stringify!($name),
                alternatives: &[$(&$crate::definitions::parameters::$alternative),*],
            };
        )*

        /// All choices.
        pub static ALL: &[&$crate::definitions::Choice] = &[$(&$name),*];
    };
}

macro_rules! define_enumerations {
    ($($name:ident { $($entry:ident = $value:literal),* })*) => {
        $(
            #[doc = concat!("The enumeration `", stringify!($name), "`.")]
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

        /// All enumerations.
        pub static ALL: &[&$crate::definitions::Enumeration] = &[$(&$name),*];
    };
}
