//! Reads a second on one core, from LLRP frames through decoding into the engine, beside decoding alone in the same
//! run: `cargo bench --bench reads`. A store of a thousand pieces, of which 200 hang in the field of one exit reader
//! and 40 new ones come by each second.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark may fail loudly")]

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use engine::{Engine, Outputs, Shop, Stamp};
use llrp::definitions::{messages, parameters};
use llrp::{Element, Message, report};
use portico::config::Config;
use recording::{
    Catalogue, CatalogueChange, Hex, KnownPiece, Line, Outcome, PieceState, Product, Read, Time,
};

const FRAMES: u64 = 20_000;
const TAGS_PER_FRAME: u64 = 20;

/// SGTIN-96 of GTIN 09520000000011 under a seven-digit company prefix (GS1 TDS, partition 5).
fn epc(serial: u64) -> [u8; 12] {
    let bits = (0x30_u128 << 88) | (1 << 85) | (5 << 82) | (9_520_000 << 58) | (1 << 38) | u128::from(serial);
    let bytes = bits.to_be_bytes();
    let mut epc = [0; 12];
    epc.copy_from_slice(&bytes[4..]);
    epc
}

fn frame(number: u64) -> Vec<u8> {
    let mut body = Element::new(&messages::RO_ACCESS_REPORT);
    for tag in 0..TAGS_PER_FRAME {
        let nth = number * TAGS_PER_FRAME + tag;
        // Every fifth read is of a piece that comes by, the others are of the rack beside the lane.
        let serial = if nth.is_multiple_of(5) { 300 + nth / 1_000 % 700 } else { nth * 7 % 200 };
        body = body.and(
            Element::new(&parameters::TagReportData)
                .and(Element::new(&parameters::EPC_96).with("EPC", epc(serial).to_vec()))
                .and(Element::new(&parameters::AntennaID).with("AntennaID", (nth % 4 + 1) as u16))
                .and(Element::new(&parameters::PeakRSSI).with("PeakRSSI", -50_i8 - (nth % 20) as i8))
                .and(Element::new(&parameters::ChannelIndex).with("ChannelIndex", (nth % 50 + 1) as u16))
                .and(Element::new(&parameters::C1G2_PC).with("PC_Bits", 0x3000_u16)),
        );
    }
    Message::new(number as u32, body).encode().unwrap()
}

fn shop() -> Shop {
    let mut shop = Shop::default();
    let gtin: recording::Name = "09520000000011".into();
    let product = Product {
        gtin: gtin.clone(),
        sku: None,
        name: None,
        unit_minor: Some(4_990),
        tax_category: None,
        weight_g: None,
        tagged: true,
        image: None,
    };
    let mut know = |product, item| {
        let change = Catalogue { product, item };
        shop.fold(&Outcome::Catalogue(CatalogueChange { at: Time::default(), change }));
    };
    know(Some(product), None);
    for serial in 0..1_000_u64 {
        let epc = Some(Hex::from_bytes(&epc(serial)).unwrap());
        let serial = serial.to_string().into();
        know(
            None,
            Some(KnownPiece { gtin: gtin.clone(), serial, epc, zone: None, state: PieceState::InStock }),
        );
    }
    shop
}

fn lines(frame: &[u8], reader: &recording::Name, at: Time) -> impl Iterator<Item = Line> {
    report::tags(frame).filter_map(move |tag| {
        let tag = tag.ok()?;
        let read = Read {
            reader: reader.clone(),
            antenna: tag.antenna_id?,
            epc: Hex::from_bytes(tag.epc).ok()?,
            pc: tag.pc_bits,
            rssi: tag.peak_rssi_dbm.map(f32::from),
            phase: None,
            channel: tag.channel_index,
            frequency_khz: None,
            doppler_hz: None,
            count: 1,
            tid: None,
        };
        Some(Line::new(at, read.into()))
    })
}

fn rate(name: &str, reads: u64, spent: Duration, bound: f64) -> f64 {
    let rate = reads as f64 / spent.as_secs_f64();
    let share = if bound > 0.0 { format!(", 1/{:.0} of the bound", bound / rate) } else { String::new() };
    println!("{name:<44} {:>10.0} reads/s{share}", rate);
    rate
}

fn main() {
    let frames: Vec<Vec<u8>> = (0..FRAMES).map(frame).collect();
    let reader: recording::Name = "exit-a".into();
    // A thousand reads a second of event time: what a busy exit has.
    let at =
        |number: u64| Time::from_micros(1_700_000_000_000_000 + (number * TAGS_PER_FRAME * 1_000) as i64);

    let began = Instant::now();
    let seen: u64 =
        frames.iter().map(|frame| report::tags(black_box(frame)).filter(Result::is_ok).count() as u64).sum();
    assert_eq!(seen, FRAMES * TAGS_PER_FRAME);
    let bound = rate("decode alone (the bound)", seen, began.elapsed(), 0.0);

    let began = Instant::now();
    let mut taken = 0;
    for (number, frame) in frames.iter().enumerate() {
        taken += lines(frame, &reader, at(number as u64)).map(black_box).count() as u64;
    }
    rate("decode to observations", taken, began.elapsed(), bound);

    let config = Config::parse(include_str!("store.toml"), "benches/store.toml").unwrap();
    let mut engine = Engine::new(Arc::new(config.plan), shop(), Stamp { seq: 0, now: Time::default() });
    let mut outputs = Outputs::new();
    let (mut seq, mut said) = (0, 0);
    let began = Instant::now();
    for (number, frame) in frames.iter().enumerate() {
        let now = at(number as u64);
        for line in lines(frame, &reader, now) {
            seq += 1;
            engine.step(Stamp { seq, now }, &line, &mut outputs);
            said += outputs.len();
            outputs.clear();
        }
    }
    rate("decode, observations, engine", seq, began.elapsed(), bound);
    println!("({said} outputs on the way)");
}
