//! Tags per second of `report::tags` against a bare walk over the same bytes, both in this run, on one core.
//!
//! `cargo bench -p llrp --bench report`

use std::hint::black_box;
use std::time::{Duration, Instant};

use llrp::definitions::{messages, parameters, vendors};
use llrp::{Element, Message, Value, report};

const TAGS: u8 = 20;
const ROUND: Duration = Duration::from_millis(400);
const ROUNDS: usize = 7;

fn frame(impinj: bool) -> Vec<u8> {
    let tags = (0..TAGS).map(|n| {
        let tag = Element::new(&parameters::TagReportData)
            .and(Element::new(&parameters::EPC_96).with("EPC", vec![n; 12]))
            .and(Element::new(&parameters::AntennaID).with("AntennaID", 1_u16))
            .and(Element::new(&parameters::PeakRSSI).with("PeakRSSI", -55_i8))
            .and(Element::new(&parameters::ChannelIndex).with("ChannelIndex", 7_u16))
            .and(
                Element::new(&parameters::FirstSeenTimestampUTC)
                    .with("Microseconds", 1_594_174_805_140_192_u64),
            )
            .and(Element::new(&parameters::TagSeenCount).with("TagCount", 1_u16))
            .and(Element::new(&parameters::C1G2_PC).with("PC_Bits", 0x3000_u16));
        if !impinj {
            return tag;
        }
        tag.and(Element::new(&vendors::ImpinjRFPhaseAngle).with("PhaseAngle", 2048_u16))
            .and(Element::new(&vendors::ImpinjPeakRSSI).with("RSSI", -5512_i16))
            .and(Element::new(&vendors::ImpinjRFDopplerFrequency).with("DopplerFrequency", -16_i16))
    });
    let body = Element::new(&messages::RO_ACCESS_REPORT).and_all(tags);
    Message::new(1, body).encode().unwrap_or_default()
}

/// The bound: only the lengths are followed, and the EPC's last byte is looked at.
fn bare(frame: &[u8]) -> (u64, u64) {
    const TV: [usize; 21] = [0, 2, 8, 8, 8, 8, 1, 2, 2, 4, 2, 2, 2, 12, 2, 2, 4, 2, 4, 2, 2];
    let (mut tags, mut sum, mut at) = (0, 0, 10);
    while at + 4 <= frame.len() {
        let end = at + usize::from(u16::from_be_bytes([frame[at + 2], frame[at + 3]]));
        at += 4;
        while at < end {
            let first = frame[at];
            if first & 0x80 == 0 {
                at += usize::from(u16::from_be_bytes([frame[at + 2], frame[at + 3]]));
            } else {
                let length = TV[usize::from(first & 0x7F)];
                if first == 0x8D {
                    sum += u64::from(frame[at + 12]);
                }
                at += 1 + length;
            }
        }
        tags += 1;
    }
    (tags, sum)
}

fn view(frame: &[u8]) -> (u64, u64) {
    let (mut tags, mut sum) = (0, 0);
    for tag in report::tags(frame).flatten() {
        tags += 1;
        sum += u64::from(tag.epc.last().copied().unwrap_or_default());
        black_box(&tag);
    }
    (tags, sum)
}

fn tree(frame: &[u8]) -> (u64, u64) {
    let message = Message::decode(frame).ok();
    let tags = message.iter().flat_map(|message| &message.body.parameters);
    tags.fold((0, 0), |(tags, sum), tag| {
        let last = match tag.parameters.first().and_then(|epc| epc.fields.first()) {
            Some(Value::Bytes(bytes)) => bytes.last().copied().unwrap_or_default(),
            _ => 0,
        };
        (tags + 1, sum + u64::from(last))
    })
}

/// The best of the rounds, in million tags per second.
fn rate(frame: &[u8], read: fn(&[u8]) -> (u64, u64)) -> f64 {
    (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            let mut tags = 0;
            while start.elapsed() < ROUND {
                for _ in 0..100 {
                    tags += black_box(read(black_box(frame))).0;
                }
            }
            tags as f64 / start.elapsed().as_secs_f64() / 1e6
        })
        .fold(0.0, f64::max)
}

#[allow(clippy::print_stdout, reason = "a benchmark's result")]
fn main() {
    for (name, impinj) in [("standard", false), ("with Impinj's", true)] {
        let frame = frame(impinj);
        assert_eq!(bare(&frame), view(&frame), "the two walks disagree");
        assert_eq!(bare(&frame), tree(&frame), "tree and walk disagree");
        let (bare, view, tree) = (rate(&frame, bare), rate(&frame, view), rate(&frame, tree));
        println!(
            "{name}, {TAGS} tags in {} bytes: bare walk {bare:.1} M tags/s, view {view:.1} M ({:.0} %), tree {tree:.2} M",
            frame.len(),
            100.0 * view / bare
        );
    }
}
