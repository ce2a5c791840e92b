//! A second, slow way from fields to bits, written as a string of 0 and 1, so that a mistake is not made twice alike.

/// The bits of the company prefix for each partition, from TDS section 14.6.1.
const PREFIX_BITS: [usize; 7] = [40, 37, 34, 30, 27, 24, 20];

pub(crate) fn sgtin_96(filter: u64, partition: usize, prefix: u64, item: u64, serial: u64) -> Vec<u8> {
    bytes(&format!("{}{serial:038b}", head(0x30, filter, partition, prefix, item)))
}

pub(crate) fn sgtin_198(filter: u64, partition: usize, prefix: u64, item: u64, serial: &[u8]) -> Vec<u8> {
    let text: String = serial.iter().map(|code| format!("{code:07b}")).collect();
    bytes(&format!("{}{text:0<140}{:010}", head(0x36, filter, partition, prefix, item), 0))
}

fn head(header: u64, filter: u64, partition: usize, prefix: u64, item: u64) -> String {
    let prefix_bits = PREFIX_BITS[partition];
    let item_bits = 44 - prefix_bits;
    format!("{header:08b}{filter:03b}{partition:03b}{prefix:0prefix_bits$b}{item:0item_bits$b}")
}

fn bytes(bits: &str) -> Vec<u8> {
    assert_eq!(bits.len() % 8, 0, "whole bytes: {bits}");
    bits.as_bytes()
        .chunks(8)
        .map(|byte| byte.iter().fold(0, |value, bit| value << 1 | (bit - b'0')))
        .collect()
}
