//! Any conversation with a ThingMagic module: the state machine takes it and keeps what a serial protocol promises.

#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../readers/tests/module/script.rs"]
mod script;

fuzz_target!(|bytes: &[u8]| script::thingmagic(bytes));
