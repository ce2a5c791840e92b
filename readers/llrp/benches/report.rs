//! Tags per second of `report::tags` against a bare walk over the same bytes, both in this run, on one core.
//!
//! `cargo bench -p llrp --bench report`. With `PORTICO_PYTHON` naming a Python that has them, `sllurp` and `llrpkit` decode
//! the same bytes in the same run.

use std::hint::black_box;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use llrp::definitions::{messages, parameters, vendors};
use llrp::{Element, Message, Value, report};

const TAGS: u8 = 20;
const ROUND: Duration = Duration::from_millis(100);
const ROUNDS: usize = 30;

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
            .and(
                Element::new(&parameters::LastSeenTimestampUTC)
                    .with("Microseconds", 1_594_174_805_140_192_u64),
            )
            .and(Element::new(&parameters::TagSeenCount).with("TagCount", 1_u16));
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

/// Bytes of each TV parameter, its type's byte among them; 128 where there is none, so that a walk ends there.
const TV: [u8; 128] = {
    let known = [128, 3, 9, 9, 9, 9, 2, 3, 3, 5, 3, 3, 3, 13, 3, 3, 5, 3, 5, 3, 3];
    let mut all = [128; 128];
    let mut number = 0;
    while number < known.len() {
        all[number] = known[number];
        number += 1;
    }
    all
};

/// The bound: only the lengths are followed, and the EPC's last byte is looked at.
fn bare(frame: &[u8]) -> (u64, u64) {
    let (mut tags, mut sum) = (0, 0);
    let mut rest = frame.get(10..).unwrap_or_default();
    while let Some(&[_, _, c, d]) = rest.first_chunk::<4>() {
        let Some((tag, behind)) = rest.split_at_checked(usize::from(u16::from_be_bytes([c, d]))) else {
            break;
        };
        let mut inside = tag.get(4..).unwrap_or_default();
        while let Some(first) = inside.first() {
            let length = match inside.first_chunk::<4>() {
                Some([0..=0x7F, _, c, d]) => usize::from(u16::from_be_bytes([*c, *d])).max(4),
                _ => usize::from(TV[usize::from(first & 0x7F)]),
            };
            if *first == 0x8D {
                sum += u64::from(inside.get(12).copied().unwrap_or_default());
            }
            inside = inside.get(length..).unwrap_or_default();
        }
        tags += 1;
        rest = behind;
    }
    (tags, sum)
}

fn view(frame: &[u8]) -> (u64, u64) {
    let (mut tags, mut sum) = (0, 0);
    for tag in report::tags(frame) {
        let Ok(tag) = &tag else { continue };
        tags += 1;
        sum += u64::from(tag.epc.last().copied().unwrap_or_default());
        black_box(tag);
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

/// What reads a frame: the tags it saw and the sum over their EPCs' last bytes.
type Reading = fn(&[u8]) -> (u64, u64);

/// The best of each reading's rounds, in million tags per second. The readings take turns, so that a busy machine is
/// busy for all of them.
fn rates<const N: usize>(frame: &[u8], readings: [Reading; N]) -> [f64; N] {
    let mut best = [0.0_f64; N];
    for _ in 0..ROUNDS {
        for (best, read) in best.iter_mut().zip(readings) {
            let start = Instant::now();
            let mut tags = 0;
            while start.elapsed() < ROUND {
                for _ in 0..100 {
                    tags += black_box(read(black_box(frame))).0;
                }
            }
            *best = best.max(tags as f64 / start.elapsed().as_secs_f64() / 1e6);
        }
    }
    best
}

/// Runs `peers.py` over the frames; its lines, or why there are none.
fn peers(frames: &[Vec<u8>]) -> Result<String, String> {
    let python = std::env::var_os("PORTICO_PYTHON").ok_or("PORTICO_PYTHON names no Python that has them")?;
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/peers.py");
    let mut child = Command::new(python)
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| error.to_string())?;
    if let Some(mut stdin) = child.stdin.take() {
        for frame in frames {
            let hex: String = frame.iter().map(|byte| format!("{byte:02x}")).collect();
            writeln!(stdin, "{hex}").map_err(|error| error.to_string())?;
        }
    }
    let output = child.wait_with_output().map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(format!("{}", output.status));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[allow(clippy::print_stdout, reason = "a benchmark's result")]
fn main() {
    let frames = [("standard", frame(false)), ("with Impinj's", frame(true))];
    for (name, frame) in &frames {
        assert_eq!(bare(frame), view(frame), "the two walks disagree");
        assert_eq!(bare(frame), tree(frame), "tree and walk disagree");
        let [bare, view, tree] = rates(frame, [bare, view, tree]);
        println!(
            "{name}, {TAGS} tags in {} bytes: bare walk {bare:.1} M tags/s, view {view:.1} M ({:.0} %), tree {tree:.2} M",
            frame.len(),
            100.0 * view / bare
        );
    }
    match peers(&frames.each_ref().map(|(_, frame)| frame.clone())) {
        Err(why) => println!("sllurp and llrpkit skipped: {why}"),
        Ok(lines) => {
            for line in lines.lines() {
                let words: Vec<&str> = line.split(' ').collect();
                let &[peer, version, number, tags, rate] = words.as_slice() else { continue };
                let frame = number.parse::<usize>().ok().and_then(|number| frames.get(number));
                let (name, rate) =
                    (frame.map_or("?", |(name, _)| name), rate.parse::<f64>().unwrap_or_default());
                println!("{name}, {peer} {version}: {:.3} M tags/s, {tags} tags seen", rate / 1e6);
            }
        }
    }
}
