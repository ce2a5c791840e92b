//! Any text as a message in JSON: what is taken can be written and is the same when read again.

#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../readers/llrp/tests/common/checks.rs"]
mod checks;

fuzz_target!(|bytes: &[u8]| checks::json(bytes));
