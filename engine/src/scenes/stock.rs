//! Where pieces are, by reads.

use recording::{Hex, ItemMoved, Read};

use super::*;

/// SGTIN-96 of tee 1: 0952000 has 7 digits (partition 5), item reference 000001, filter 1.
fn tee_bits() -> Hex {
    let bits: u128 = (0x30 << 88) | (1 << 85) | (5 << 82) | (9_520_000 << 58) | (1 << 38) | 1;
    Hex::from_bytes(&bits.to_be_bytes()[4..]).unwrap()
}

fn read(store: &mut Bench, antenna: u16, rssi: f32) {
    store.line(Read {
        reader: name("r"),
        antenna,
        epc: tee_bits(),
        pc: Some(0x3000),
        rssi: Some(rssi),
        phase: None,
        channel: None,
        frequency_khz: None,
        doppler_hz: None,
        count: 1,
        tid: None,
    });
    store.now = store.now + Duration::from_millis(200);
}

fn moves(store: &Bench) -> Vec<ItemMoved> {
    store.outcomes(|o| if let Outcome::ItemMoved(m) = o { Some(m) } else { None })
}

#[test]
fn scene_20_a_piece_put_elsewhere_is_found_there() {
    let mut store = Bench::new();
    for _ in 0..5 {
        read(&mut store, 1, -55.0);
    }
    for _ in 0..25 {
        read(&mut store, 2, -55.0);
    }
    let [moved] = moves(&store).try_into().unwrap();
    assert_eq!((moved.from.as_deref(), moved.to.as_deref()), (Some("floor"), Some("stockroom")));
    assert_eq!(moved.state, PieceState::InStock);
}

#[test]
fn a_piece_between_two_antennas_does_not_move_back_and_forth() {
    let mut store = Bench::new();
    for round in 0_u8..200 {
        read(&mut store, 1, -60.0 + f32::from(round % 4));
        read(&mut store, 2, -60.0 + f32::from((round + 2) % 4));
    }
    assert!(moves(&store).is_empty());
}

#[test]
fn a_few_reads_or_a_short_while_move_nothing() {
    let mut store = Bench::new();
    read(&mut store, 2, -50.0);
    store.wait_ms(10_000);
    read(&mut store, 2, -50.0);
    assert!(moves(&store).is_empty());
    let mut store = Bench::new();
    for _ in 0..10 {
        read(&mut store, 2, -50.0); // 1.8 s
    }
    assert!(moves(&store).is_empty());
}

#[test]
fn a_weak_echo_at_home_does_not_hold_a_piece_there() {
    let mut store = Bench::new();
    for _ in 0..20 {
        read(&mut store, 2, -45.0);
        read(&mut store, 1, -70.0);
    }
    assert_eq!(moves(&store).len(), 1);
}

#[test]
fn stale_reads_and_sold_pieces_move_nothing() {
    let mut store = Bench::new();
    for _ in 0..30 {
        let mut line = Line::new(store.now, Observation::Tick(Tick {}));
        line.stale = true;
        line.what = Observation::Read(Read {
            reader: name("r"),
            antenna: 2,
            epc: tee_bits(),
            pc: Some(0x3000),
            rssi: Some(-50.0),
            phase: None,
            channel: None,
            frequency_khz: None,
            doppler_hz: None,
            count: 1,
            tid: None,
        });
        store.step(&line, Vec::new());
        store.now = store.now + Duration::from_millis(200);
    }
    assert!(moves(&store).is_empty());
    store.comes("p1", "open", &["1"]);
    store.stands("p1", "open");
    store.tap("open");
    store.terminal(TerminalSays::Approved);
    let sold = moves(&store).len();
    for _ in 0..30 {
        read(&mut store, 2, -50.0);
    }
    assert_eq!(moves(&store).len(), sold);
}
