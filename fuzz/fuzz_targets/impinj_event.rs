//! Whatever an Impinj reader's event stream brings becomes reads that a recording can hold, or words, without a panic.

#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../readers/tests/module/events.rs"]
#[allow(dead_code, reason = "each target runs one of them")]
mod events;

fuzz_target!(|bytes: &[u8]| events::impinj(bytes));
