//! One tag of a report as a read. Never looks at a clock: when it happened is said elsewhere.

use ::llrp::report::{IMPINJ_DOPPLER_HZ, IMPINJ_PHASE_RAD, IMPINJ_RSSI_DBM, TagView};
use ::llrp::session::{Capabilities, Timestamp};
use recording::{Hex, Read};

use crate::Reader;

/// Units of Impinj's phase in a full turn.
const TURN: u16 = 4096;

/// Radians per unit of Zebra's phase: a full turn is 16 bits. From public drivers, not confirmed on a reader here.
const ZEBRA_PHASE_RAD: f64 = std::f64::consts::TAU / 65_536.0;

/// When the reader says that it saw the tag. The last sighting is the one that a report's delay counts from; with one
/// sighting a report, as asked for, both are the same.
pub(super) fn seen(view: &TagView<'_>) -> Option<Timestamp> {
    let utc = view.last_seen_utc_us.or(view.first_seen_utc_us).map(Timestamp::Utc);
    utc.or(view.last_seen_uptime_us.or(view.first_seen_uptime_us).map(Timestamp::Uptime))
}

/// The read that a tag report tells of; words when it cannot be one.
pub(super) fn read(view: &TagView<'_>, reader: &Reader, capabilities: &Capabilities) -> Result<Read, String> {
    // A reader with one antenna need not say which.
    let only = || match reader.antennas.as_slice() {
        [only] => Some(only.port),
        _ => None,
    };
    let antenna = view.antenna_id.or_else(only).filter(|antenna| *antenna > 0);
    let antenna = antenna.ok_or("a tag without an antenna")?;
    let epc = epc(view).ok_or("a tag without an EPC")?;
    let rssi = match view.impinj_peak_rssi {
        Some(fine) => Some(f64::from(fine) * IMPINJ_RSSI_DBM),
        None => view.peak_rssi_dbm.map(f64::from),
    };
    let impinj = view.impinj_phase.map(|units| f64::from(units % TURN) * IMPINJ_PHASE_RAD);
    let zebra = view.zebra_phase.map(|units| f64::from(units.cast_unsigned()) * ZEBRA_PHASE_RAD);
    let phase = impinj.or(zebra);
    let doppler_hz = view.impinj_doppler.map(|units| f64::from(units) * IMPINJ_DOPPLER_HZ);
    Ok(Read {
        reader: reader.id.clone(),
        antenna,
        epc,
        pc: view.pc_bits,
        rssi: rssi.map(|dbm| dbm as f32),
        // What rounds up to a full turn is none.
        phase: phase.map(|radians| radians as f32 % std::f32::consts::TAU),
        channel: view.channel_index,
        frequency_khz: view.channel_index.and_then(|channel| capabilities.channel_khz(channel)),
        doppler_hz: doppler_hz.map(|hertz| hertz as f32),
        count: u32::from(view.seen_count.unwrap_or(1).max(1)),
        tid: view.tid.and_then(|tid| Hex::from_bytes(tid).ok()),
    })
}

/// Whole bytes; where the bits end within one, the rest of it is zero, whatever the reader left there.
fn epc(view: &TagView<'_>) -> Option<Hex> {
    let spare = view.epc.len().saturating_mul(8).saturating_sub(usize::from(view.epc_bits));
    if spare == 0 || spare >= 8 {
        return Hex::from_bytes(view.epc).ok();
    }
    let mut bytes = view.epc.to_vec();
    if let Some(last) = bytes.last_mut() {
        *last &= 0xFF << spare;
    }
    Hex::from_bytes(&bytes).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Antenna;

    fn reader(ports: &[u16]) -> Reader {
        let antennas = ports.iter().map(|port| Antenna { port: *port, ..Antenna::default() }).collect();
        Reader::dialled("exit-a", "192.0.2.10", antennas)
    }

    /// A reader that hops over three channels in an order of its own.
    fn hopping() -> Capabilities {
        Capabilities {
            hopping: true,
            hop_tables_khz: vec![(1, vec![915_250, 902_750, 927_250])],
            ..Capabilities::default()
        }
    }

    const EPC: [u8; 12] = [0x30, 0x34, 0x25, 0x7B, 0xF7, 0x19, 0x4E, 0x40, 0x00, 0x00, 0x1A, 0x85];

    fn tag() -> TagView<'static> {
        TagView { epc: &EPC, epc_bits: 96, antenna_id: Some(2), ..TagView::default() }
    }

    #[test]
    fn an_impinj_report_becomes_a_read_in_the_contracts_units() {
        let view = TagView {
            peak_rssi_dbm: Some(-58),
            impinj_peak_rssi: Some(-5850),
            impinj_phase: Some(1024),
            impinj_doppler: Some(-51),
            channel_index: Some(3),
            pc_bits: Some(0x3000),
            seen_count: Some(2),
            tid: Some(&[0xE2, 0x80, 0x11, 0x05]),
            ..tag()
        };
        let read = read(&view, &reader(&[1, 2]), &hopping()).unwrap();
        assert_eq!(read.epc.to_string(), "3034257BF7194E4000001A85");
        assert_eq!((read.antenna, read.pc, read.count), (2, Some(0x3000), 2));
        assert_eq!(read.rssi, Some(-58.5), "the fine value is preferred to the whole dBm");
        assert_eq!(read.phase, Some(std::f32::consts::FRAC_PI_2), "1024 of 4096 is a quarter turn");
        assert_eq!(read.doppler_hz, Some(-3.1875));
        assert_eq!((read.channel, read.frequency_khz), (Some(3), Some(927_250)));
        assert_eq!(read.tid.map(|tid| tid.to_string()).as_deref(), Some("E2801105"));
    }

    #[test]
    fn zebras_phase_is_a_turn_in_sixteen_bits() {
        for (units, quarters) in [(0, 0.0), (0x4000, 1.0), (-0x8000, 2.0), (-0x4000, 3.0)] {
            let view = TagView { zebra_phase: Some(units), ..tag() };
            let phase = read(&view, &reader(&[1, 2]), &hopping()).unwrap().phase.unwrap();
            assert!((phase - quarters * std::f32::consts::FRAC_PI_2).abs() < 1e-4, "{units}: {phase}");
        }
    }

    #[test]
    fn a_reader_of_the_bare_standard_leaves_out_what_it_does_not_know() {
        let view = TagView { peak_rssi_dbm: Some(-61), channel_index: Some(9), ..tag() };
        let read = read(&view, &reader(&[1, 2]), &hopping()).unwrap();
        assert_eq!(read.rssi, Some(-61.0));
        assert_eq!((read.phase, read.doppler_hz, read.pc), (None, None, None));
        assert_eq!((read.channel, read.frequency_khz), (Some(9), None), "no such channel in its hop table");
        assert_eq!(read.count, 1);
    }

    #[test]
    fn a_tag_without_antenna_is_taken_only_where_there_is_but_one() {
        let view = TagView { antenna_id: None, ..tag() };
        assert_eq!(read(&view, &reader(&[3]), &hopping()).unwrap().antenna, 3);
        assert!(read(&view, &reader(&[1, 2]), &hopping()).is_err());
        assert!(read(&TagView { antenna_id: Some(0), ..tag() }, &reader(&[1, 2]), &hopping()).is_err());
    }

    #[test]
    fn bits_beyond_the_epc_are_zero_so_that_one_tag_is_always_the_same_bytes() {
        for last in [0b1010_0000, 0b1011_1111] {
            let view = TagView { epc: &[0x30, last], epc_bits: 11, ..tag() };
            assert_eq!(read(&view, &reader(&[]), &hopping()).unwrap().epc.bytes(), [0x30, 0b1010_0000]);
        }
        assert!(read(&TagView { epc: &[], epc_bits: 0, ..tag() }, &reader(&[]), &hopping()).is_err());
    }

    #[test]
    fn the_last_sighting_dates_a_report_and_the_first_where_there_is_no_other() {
        let view = TagView { first_seen_utc_us: Some(5), ..tag() };
        assert_eq!(seen(&view), Some(Timestamp::Utc(5)));
        assert_eq!(seen(&TagView { last_seen_utc_us: Some(9), ..view }), Some(Timestamp::Utc(9)));
        assert_eq!(seen(&tag()), None);
        let view = TagView { first_seen_uptime_us: Some(5), ..tag() };
        assert_eq!(seen(&view), Some(Timestamp::Uptime(5)), "a reader without UTC");
    }

    proptest! {
        #[test]
        fn whatever_a_reader_reports_the_read_can_be_written_and_read_back(
            antenna in 1_u16.., phase: u16, fine: i16, doppler: i16, channel: u16, pc: u16, seen: u16,
            epc in prop::collection::vec(any::<u8>(), 1..64),
        ) {
            let view = TagView {
                epc: &epc, epc_bits: (epc.len() * 8) as u16, antenna_id: Some(antenna),
                impinj_phase: Some(phase).filter(|_| antenna % 2 == 0), zebra_phase: Some(phase as i16),
                impinj_peak_rssi: Some(fine), impinj_doppler: Some(doppler),
                channel_index: Some(channel), pc_bits: Some(pc), seen_count: Some(seen), ..TagView::default()
            };
            let read = read(&view, &reader(&[]), &hopping()).unwrap();
            prop_assert!(read.phase.is_some_and(|phase| (0.0..std::f32::consts::TAU).contains(&phase)));
            let line = recording::Line::new(recording::Time::from_micros(0), read.into());
            let mut text = Vec::new();
            recording::write_line(&mut text, &line).unwrap();
            let back = recording::parse_line(1, std::str::from_utf8(&text).unwrap().trim()).unwrap();
            prop_assert_eq!(back, recording::Parsed::Taken(Box::new(line), vec![]));
        }
    }
}
