//! Whatever a Zebra reader publishes becomes reads or words, without a panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use readers::{Antenna, Reader};

fuzz_target!(|bytes: &[u8]| {
    let antennas = vec![Antenna { port: 1, ..Antenna::default() }];
    readers::zebra::reads(bytes, &Reader::dialled("exit-a", "192.0.2.10", antennas));
});
