//! How many EPCs a second one core decodes, beside the bound: loading the same bits as one number and nothing more.
//!
//! `cargo run --release -p epc --example decode_speed`
#![allow(clippy::print_stdout, reason = "a measurement prints its result")]

use std::hint::black_box;
use std::time::Instant;

use epc::{Pc, billable, decode};

const EPCS: usize = 100_000;
const ROUNDS: usize = 5;
/// 2^64 / φ, odd: multiplying by it spreads consecutive numbers over all bits.
const SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;

fn main() {
    let numbers: Vec<[u8; 12]> = (0..EPCS as u64).map(sgtin_96).collect();
    let texts: Vec<[u8; 26]> = (0..EPCS as u64).map(sgtin_198).collect();

    let bound = best_per_second(&numbers, |bits| {
        let mut wide = [0; 16];
        wide[4..].copy_from_slice(bits);
        black_box(u128::from_be_bytes(wide));
    });
    println!("bound, 96 bits as one number  {:8.1} M/s", bound / 1e6);
    let report = |name: &str, rate: f64| {
        println!("{name:29} {:8.1} M/s, 1/{:.0} of the bound", rate / 1e6, bound / rate);
    };
    report("decode sgtin-96", best_per_second(&numbers, |bits| assert!(black_box(decode(bits)).is_ok())));
    report("decode sgtin-198", best_per_second(&texts, |bits| assert!(black_box(decode(bits)).is_ok())));
    let pc = Some(Pc(0x3000));
    report(
        "billable sgtin-96",
        best_per_second(&numbers, |bits| assert!(black_box(billable(pc, bits)).is_ok())),
    );
    report(
        "uri of sgtin-96",
        best_per_second(&numbers, |bits| {
            assert!(black_box(decode(bits).map(|decoded| decoded.uri())).is_ok())
        }),
    );
}

/// The best of a few rounds: what disturbs a round only makes it slower.
fn best_per_second<const N: usize>(epcs: &[[u8; N]], each: impl Fn(&[u8; N])) -> f64 {
    (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            epcs.iter().for_each(|epc| each(black_box(epc)));
            epcs.len() as f64 / start.elapsed().as_secs_f64()
        })
        .fold(0.0, f64::max)
}

/// The first 58 bits: filter 1, partition 5, any prefix of 7 digits, any item reference of 6.
fn head(header: u128, number: u64) -> u128 {
    let spread = number.wrapping_mul(SPREAD);
    let (prefix, item) = (u128::from(spread >> 40) % 10_000_000, u128::from(spread >> 20) % 1_000_000);
    header << 50 | 1 << 47 | 5 << 44 | prefix << 20 | item
}

fn sgtin_96(number: u64) -> [u8; 12] {
    let serial = u128::from(number.wrapping_mul(SPREAD) >> 26);
    let bytes = (head(0x30, number) << 38 | serial).to_be_bytes();
    std::array::from_fn(|index| bytes[index + 4])
}

/// A serial of 9 letters: 58 + 63 bits in the first 121, the rest zero.
fn sgtin_198(number: u64) -> [u8; 26] {
    let spread = number.wrapping_mul(SPREAD);
    let text =
        (0..9).fold(0_u128, |text, place| text << 7 | u128::from(b'A' + (spread >> (6 * place) & 0xF) as u8));
    let bytes = ((head(0x36, number) << 63 | text) << 7).to_be_bytes();
    std::array::from_fn(|index| bytes.get(index).copied().unwrap_or(0))
}
