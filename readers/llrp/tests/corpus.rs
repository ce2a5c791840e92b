//! What fuzzing found worth keeping is run in every test run, by the same checks as the fuzz targets'.

#![allow(clippy::unwrap_used, clippy::print_stdout, unreachable_pub, reason = "a test may fail loudly")]

#[path = "common/checks.rs"]
mod checks;
#[path = "common/samples.rs"]
mod samples;

use std::path::Path;

use llrp::definitions::vendors;
use llrp::{Message, json};

/// The kept inputs of a target, one a line in hexadecimal (`scripts/fuzz TARGET keep` writes them).
fn kept(lines: &str) -> impl Iterator<Item = Vec<u8>> {
    lines.lines().map(|line| {
        let digits: Vec<u32> = line.chars().map(|c| c.to_digit(16).unwrap()).collect();
        digits.as_chunks::<2>().0.iter().map(|[high, low]| (high << 4 | low) as u8).collect()
    })
}

#[test]
fn kept_streams_are_taken_or_refused_as_they_should() {
    kept(include_str!("corpus/llrp_decode.hex")).for_each(|bytes| checks::decode(&bytes));
}

#[test]
fn kept_reports_read_the_same_as_views_and_as_trees() {
    kept(include_str!("corpus/llrp_report.hex")).for_each(|bytes| checks::report(&bytes));
}

#[test]
fn kept_json_is_taken_or_refused_as_it_should() {
    kept(include_str!("corpus/llrp_json.hex")).for_each(|bytes| checks::json(&bytes));
}

/// A frame of every kind of message in each version, and of every custom.
fn seeds() -> Vec<Message> {
    let mut out: Vec<Message> = (1..=3).flat_map(samples::messages).collect();
    out.extend(samples::customs(vendors::ALL_IMPINJ));
    out.extend(samples::customs(vendors::ALL_ZEBRA));
    out
}

/// With `LLRP_SEEDS` (a folder) set they are written there for the fuzz targets to begin with, as `scripts/fuzz` asks.
#[test]
fn every_kind_of_message_keeps_the_promises() {
    let folder = std::env::var_os("LLRP_SEEDS");
    for (at, message) in seeds().iter().enumerate() {
        let frame = message.encode().unwrap();
        let shown = json::to_json(message).to_string();
        assert_eq!(checks::message(&frame).as_ref(), Ok(message), "{shown}");
        checks::decode(&frame);
        checks::report(&frame);
        checks::json(shown.as_bytes());
        if let Some(folder) = &folder {
            for (target, bytes) in
                [("llrp_decode", frame.as_slice()), ("llrp_report", &frame), ("llrp_json", shown.as_bytes())]
            {
                let folder = Path::new(folder).join(target);
                std::fs::create_dir_all(&folder).unwrap();
                std::fs::write(folder.join(format!("seed-{at}")), bytes).unwrap();
            }
        }
    }
}

/// The frame's own length made true again.
fn restated(mut frame: Vec<u8>) -> Vec<u8> {
    let stated = (frame.len() as u32).to_be_bytes();
    if let Some(length) = frame.get_mut(2..6) {
        length.copy_from_slice(&stated);
    }
    frame
}

#[test]
fn every_kind_of_message_cut_anywhere_is_taken_or_refused() {
    for message in seeds() {
        let frame = message.encode().unwrap();
        for length in 0..frame.len() {
            let cut = restated(frame[..length].to_vec());
            let _ = checks::message(&cut);
            checks::report(&cut);
        }
    }
}

#[test]
fn every_kind_of_message_with_any_byte_changed_is_taken_or_refused() {
    for message in seeds() {
        let frame = message.encode().unwrap();
        for at in 0..frame.len() {
            // A length made longer or shorter, a type made another, a long header made a short one.
            for change in [0x01, 0x80, 0xFF] {
                let mut changed = frame.clone();
                changed[at] ^= change;
                let _ = checks::message(&changed);
                checks::report(&changed);
            }
        }
    }
}
