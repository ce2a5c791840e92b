//! Whatever arrives, in whatever order: nothing panics, and what is said knows only what had arrived.
#![allow(clippy::unwrap_used, reason = "a scene that cannot be told fails")]

mod scene;

use std::sync::Arc;

use engine::{PassageEvent, Perception, Shop, Stamp};
use proptest::prelude::*;
use recording::{
    Beam, Candidate, Item, ItemAction, LaneLine, Line, Observation, Person, PersonEnd, Read, Tick, Time,
};
use scene::{COAT, MUG, Scene, TEE_S, plan, sgtin};

fn observation() -> impl Strategy<Value = Observation> {
    let name = |names: &'static [&'static str]| prop::sample::select(names);
    let number = prop_oneof![8 => -3.0..5.0_f64, 1 => -1e5..1e5_f64];
    let read = (
        name(&["reader-exit-1", "reader-exit-2", "reader-floor", "stray"]),
        1..4_u16,
        0..6_u64,
        -90.0..-20.0_f32,
    )
        .prop_flat_map(|(reader, antenna, serial, rssi)| {
            (any::<bool>(), any::<bool>(), prop::option::of(any::<u16>()), 0..3_u8).prop_map(
                move |(power, zero, pc, chip)| {
                    Observation::Read(Read {
                        reader: reader.into(),
                        antenna,
                        epc: if zero {
                            recording::Hex::from_bytes(&[serial as u8 + 0x2F; 12]).unwrap()
                        } else {
                            sgtin(if serial % 2 == 0 { TEE_S } else { COAT }, serial)
                        },
                        pc: pc.map(|pc| if pc % 2 == 0 { 0x3000 } else { pc }),
                        rssi: power.then_some(rssi),
                        phase: Some(rssi),
                        channel: None,
                        frequency_khz: None,
                        doppler_hz: None,
                        count: u32::from(chip) * 1_000_000_000 + 1,
                        tid: (chip > 0).then(|| recording::Hex::from_bytes(&[0xE2, chip, 1, 2]).unwrap()),
                    })
                },
            )
        });
    let person = (
        name(&["cam", "other"]),
        name(&["a", "b", "c"]),
        number.clone(),
        number,
        prop::option::of(0.0..9.0_f64),
    )
        .prop_map(|(source, track, x, y, sd)| {
            Observation::Person(Person {
                source: source.into(),
                track: track.into(),
                x,
                y,
                sd,
                confidence: None,
            })
        });
    let end = (name(&["cam", "other"]), name(&["a", "b", "c"])).prop_map(|(source, track)| {
        Observation::PersonEnd(PersonEnd { source: source.into(), track: track.into() })
    });
    let action = prop::sample::select(&[ItemAction::Take, ItemAction::Return, ItemAction::Carry][..]);
    let item = (name(&["a", "b", "z"]), action, name(&[TEE_S, COAT, MUG]), 0.0..1.0_f64, 1..1000_u32)
        .prop_map(|(track, action, gtin, p, quantity)| {
            Observation::Item(Item {
                source: "cam".into(),
                track: Some(track.into()),
                action,
                zone: None,
                candidates: vec![Candidate { gtin: gtin.into(), p }],
                quantity,
                confidence: None,
            })
        });
    let line = prop::sample::select(&[LaneLine::Entry, LaneLine::Exit][..]);
    let beam = (name(&["exit-1", "exit-2", "nowhere"]), line, any::<bool>())
        .prop_map(|(lane, line, blocked)| Observation::Beam(Beam { lane: lane.into(), line, blocked }));
    prop_oneof![6 => read, 6 => person, 1 => end, 1 => item, 1 => beam, 2 => Just(Observation::Tick(Tick {}))]
}

/// Lines with steps of time between them, some backwards, some of minutes, some stale.
fn day() -> impl Strategy<Value = Vec<Line>> {
    let step = prop_oneof![20 => 0..300_i64, 2 => -3_000..0_i64, 1 => 0..200_000_i64];
    prop::collection::vec((observation(), step, prop::bool::weighted(0.05)), 1..300).prop_map(|steps| {
        let mut at_ms = 1_790_000_000_000_i64;
        let line = |(what, step, stale)| {
            at_ms += step;
            Line { stale, ..Line::new(Time::from_micros(at_ms * 1000), what) }
        };
        steps.into_iter().map(line).collect()
    })
}

/// Everything that is said of some lines, each with what every passage would pay at that moment.
fn told(shop: &Shop, lines: &[Line]) -> Vec<String> {
    let mut perception = Perception::new(Arc::new(plan(2)));
    let mut said = Vec::new();
    let mut now = Time::default();
    for (seq, line) in lines.iter().enumerate() {
        now = now.max(line.known_at());
        let stamp = Stamp { seq: seq as u64 + 1, now };
        let mut events = Vec::new();
        perception.observe(stamp, line, shop, &mut events);
        for event in events {
            said.push(format!("{event:?}"));
            let (PassageEvent::Began { passage, .. }
            | PassageEvent::Changed { passage }
            | PassageEvent::Merged { into: passage, .. }
            | PassageEvent::Ended { passage, .. }) = &event;
            let proposal = perception.proposal(passage, stamp, shop).expect("it was just spoken of");
            for line in &proposal.lines {
                assert!((0.0..=1.0).contains(&line.confidence));
                let once =
                    |other: &&recording::ReceiptLine| other.serial.is_some() && other.serial == line.serial;
                let same = proposal.lines.iter().filter(once).filter(|other| other.gtin == line.gtin).count();
                assert!(same <= 1, "a piece is on one line");
                assert!(
                    proposal.evidence.iter().any(|e| e.line == Some(line.line)),
                    "every line has evidence"
                );
            }
            assert!((0.0..=1.0).contains(&proposal.possible_missing));
            assert!(proposal.evidence.iter().all(|e| !e.reasons.is_empty()), "every verdict has a reason");
            said.push(format!("{proposal:?}"));
        }
        for lane in ["exit-1", "exit-2", "nowhere"] {
            said.extend(perception.at_terminal(lane).map(|passage| format!("{lane}: {passage}")));
        }
    }
    said
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn a_day_cut_short_says_the_same_up_to_the_cut(lines in day(), cut in 0.0..1.0_f64) {
        let mut scene = Scene::new(2);
        for serial in 0..6 {
            scene.piece(if serial % 2 == 0 { TEE_S } else { COAT }, serial);
        }
        let cut = (lines.len() as f64 * cut) as usize;
        let whole = told(&scene.shop, &lines);
        let part = told(&scene.shop, &lines[..cut]);
        prop_assert_eq!(&whole[..part.len()], &part[..]);
        prop_assert_eq!(&whole, &told(&scene.shop, &lines));
    }
}
