//! What is asked of a reader by what its antennas read for. Knows the reader's own tables, and never the store.
//!
//! A Gen2 session is a flag that a tag keeps: read, it turns from A to B and stays silent for whoever asks for A. How long
//! it keeps the flag depends on the session (Gen2 §6.3.2.2): S0 for as long as it has power, S1 for 0.5 to 5 s with or
//! without, S2 and S3 for as long as it has power and at least 2 s more. A reader that asks for A and B in turn ("dual
//! target") hears each tag once in every turn; one that asks for A only hears it again when its flag has fallen back.
//! Readers disturb each other's flags only within a session, so each purpose has its own.

use ::llrp::definitions::enumerations as e;
use ::llrp::definitions::vendors::IMPINJ;
use ::llrp::session::{Antenna, Capabilities, Inventory, Mode, Settings};

use crate::{Purpose, Reader};

/// Gen2 dense-reader mode, as mode tables tell it (`SpectralMaskIndicator`).
const DENSE: u8 = e::C1G2SpectralMaskIndicator::DI as u8;
/// `MValue` of Miller 4, from where tags are heard well beside other readers.
const MILLER_4: u8 = e::C1G2MValue::MV_4 as u8;

/// What a session is asked for before the reader has said what it is. Antennas are those of the configuration that are
/// `there`; all of them when none is.
pub(super) fn settings(reader: &Reader, there: impl Fn(u16) -> bool) -> Settings {
    let wanted = || {
        reader.antennas.iter().map(|antenna| Antenna {
            id: antenna.port,
            // A power beyond what i32 holds is beyond any reader's table: the nearest entry is taken.
            power_cdbm: antenna.power_dbm.map(|dbm| (dbm * 100.0).round() as i32),
        })
    };
    let antennas: Vec<Antenna> = wanted().filter(|antenna| there(antenna.id)).collect();
    let mut gpi_ports: Vec<u16> = reader.inputs.iter().map(|input| input.port).collect();
    gpi_ports.sort_unstable();
    gpi_ports.dedup();
    Settings {
        antennas: if antennas.is_empty() { wanted().collect() } else { antennas },
        gpi_ports,
        negotiate_version: true,
        ..Settings::default()
    }
}

/// Now that the reader has said what it is: how each antenna is inventoried.
pub(super) fn choose(settings: &mut Settings, reader: &Reader, capabilities: &Capabilities) {
    let there = |input: &u16| capabilities.gpis == 0 || *input <= capabilities.gpis;
    settings.gpi_ports.retain(there);
    // All alike, if it must be, means as the most important one wants it: exits before shelves before stock.
    let first = reader.antennas.iter().min_by_key(|antenna| antenna.purpose);
    let common = inventory(&first.copied().unwrap_or_default(), capabilities);
    settings.session = common.session;
    settings.plain_session = common.plain_session;
    settings.tag_population = common.tag_population;
    settings.mode_index = common.mode_index;
    settings.impinj_search_mode = common.impinj_search_mode;
    let inventories = reader.antennas.iter().map(|antenna| (antenna.port, inventory(antenna, capabilities)));
    settings.exceptions = inventories.filter(|(_, inventory)| *inventory != common).collect();
}

/// How tags are inventoried on an antenna.
///
/// | purpose | dual target | single target | tags | why |
/// | --- | --- | --- | --- | --- |
/// | exit | S1 | S0 | 32 | a tag that passes is heard as often as the air allows. With one target S1 would silence it for up to 5 s, half of its way; S0 falls back at every hop and every change of antenna |
/// | shelf | S2 | S1 | 128 | each tag once in a turn, so that those in the back are heard too, and one that was taken is missed in the next. With one target S2 would silence for good what has power for good; S1 falls back by itself within 5 s |
/// | stock | S3 | S2 | 1024 | the same for many tags: with one target, first all of them, once |
fn inventory(antenna: &crate::Antenna, capabilities: &Capabilities) -> Inventory {
    let (session, plain_session, tag_population) = match antenna.purpose {
        Purpose::Exit => (1, 0, 32),
        Purpose::Shelf => (2, 1, 128),
        Purpose::Stock => (3, 2, 1024),
    };
    Inventory {
        session,
        plain_session: Some(plain_session),
        tag_population,
        mode_index: antenna.mode.or_else(|| mode(antenna.purpose, capabilities)),
        // The standard's own words have no dual target before LLRP 2.0.
        impinj_search_mode: (capabilities.vendor == IMPINJ)
            .then_some(e::ImpinjInventorySearchType::Dual_Target)
            .and_then(|mode| u16::try_from(mode).ok()),
    }
}

/// The radio mode of the reader's table that serves a purpose best; the reader's own choice when the table gives none.
fn mode(purpose: Purpose, capabilities: &Capabilities) -> Option<u16> {
    let modes = &capabilities.modes;
    let id = |mode: &Mode| u16::try_from(mode.id).ok();
    if capabilities.vendor == IMPINJ {
        // Impinj's own modes: 1000 AutoSet Dense Reader (measures the noise and adapts), 1002 AutoSet Dense Reader Deep
        // Scan (takes turns through the modes, so that hard tags are heard in one of them), 1004 AutoSet Static DRM
        // (dense, for tags at rest); 2 and 3 are dense with Miller 4 and 8, 1 is hybrid.
        let best: &[u32] = match purpose {
            Purpose::Exit => &[1000, 2, 1],
            Purpose::Shelf => &[1004, 1000, 2, 3],
            Purpose::Stock => &[1002, 1004, 1000, 3, 2],
        };
        let known = best.iter().find_map(|wanted| modes.iter().find(|mode| mode.id == *wanted));
        if let Some(mode) = known {
            return id(mode);
        }
    }
    // A shop has several readers on the air: dense modes, where there are any. The fastest of them for what moves; for what
    // rests, the fastest that is still heard well.
    let dense = || modes.iter().filter(|mode| mode.spectral_mask == DENSE);
    let heard_well = || dense().filter(|mode| mode.m_value >= MILLER_4);
    let fastest = match purpose {
        Purpose::Exit => dense().max_by_key(|mode| mode.backscatter_bps),
        Purpose::Shelf | Purpose::Stock => heard_well().max_by_key(|mode| mode.backscatter_bps),
    };
    fastest.and_then(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn antenna(port: u16, purpose: Purpose) -> crate::Antenna {
        crate::Antenna { port, purpose, ..crate::Antenna::default() }
    }

    fn mode_entry(id: u32, m_value: u8, backscatter_bps: u32, spectral_mask: u8) -> Mode {
        Mode { id, backscatter_bps, m_value, min_tari_ns: 6_250, max_tari_ns: 25_000, spectral_mask }
    }

    fn r420() -> Capabilities {
        let modes = [0, 1, 2, 3, 4, 1000, 1002, 1003, 1004].map(|id| mode_entry(id, 2, 171_000, DENSE));
        Capabilities { vendor: IMPINJ, modes: modes.to_vec(), ..Capabilities::default() }
    }

    fn chosen(antennas: &[crate::Antenna], capabilities: &Capabilities) -> Settings {
        let reader = Reader::dialled("exit-a", "192.0.2.10", antennas.to_vec());
        let mut settings = settings(&reader, |_| true);
        choose(&mut settings, &reader, capabilities);
        settings
    }

    #[test]
    fn an_exit_hears_a_passing_tag_again_and_again() {
        let impinj = chosen(&[antenna(1, Purpose::Exit)], &r420());
        assert_eq!((impinj.session, impinj.plain_session), (1, Some(0)));
        assert_eq!(impinj.impinj_search_mode, Some(2), "dual target");
        assert_eq!(impinj.mode_index, Some(1000));
        let plain = chosen(&[antenna(1, Purpose::Exit)], &Capabilities::default());
        assert_eq!((plain.impinj_search_mode, plain.plain_session), (None, Some(0)));
        assert_eq!(plain.mode_index, None, "a reader without a table chooses itself");
    }

    #[test]
    fn each_purpose_has_its_session_and_its_mode() {
        let antennas = [antenna(1, Purpose::Stock), antenna(2, Purpose::Shelf), antenna(3, Purpose::Exit)];
        let settings = chosen(&antennas, &r420());
        assert_eq!((settings.session, settings.mode_index), (1, Some(1000)), "all alike: as exits want it");
        let told: Vec<_> = settings
            .exceptions
            .iter()
            .map(|(port, i)| (*port, i.session, i.mode_index, i.tag_population))
            .collect();
        assert_eq!(told, [(1, 3, Some(1002), 1024), (2, 2, Some(1004), 128)]);
        assert!(
            chosen(&[antenna(1, Purpose::Shelf), antenna(2, Purpose::Shelf)], &r420()).exceptions.is_empty()
        );
    }

    #[test]
    fn a_mode_of_the_configuration_goes_before_any_of_ours() {
        let own = crate::Antenna { mode: Some(3), ..antenna(1, Purpose::Exit) };
        assert_eq!(chosen(&[own], &r420()).mode_index, Some(3));
    }

    #[test]
    fn a_table_of_the_bare_standard_gives_dense_modes_fast_for_what_moves() {
        let modes = vec![
            mode_entry(10, 0, 640_000, 1),
            mode_entry(11, 1, 160_000, DENSE),
            mode_entry(12, 2, 80_000, DENSE),
            mode_entry(13, 3, 40_000, DENSE),
        ];
        let capabilities = Capabilities { modes, ..Capabilities::default() };
        for (purpose, mode) in [(Purpose::Exit, 11), (Purpose::Shelf, 12), (Purpose::Stock, 12)] {
            assert_eq!(chosen(&[antenna(1, purpose)], &capabilities).mode_index, Some(mode), "{purpose:?}");
        }
    }

    #[test]
    fn inputs_are_enabled_once_and_only_where_the_reader_has_them() {
        let tells = crate::Tells::Gate { gate: "gate-1".into() };
        let input = |port| crate::Input { port, active_high: true, tells: tells.clone() };
        let mut reader = Reader::dialled("exit-a", "192.0.2.10", vec![]);
        reader.inputs = vec![input(2), input(1), input(2), input(9)];
        let mut settings = settings(&reader, |_| true);
        choose(&mut settings, &reader, &Capabilities { gpis: 4, ..Capabilities::default() });
        assert_eq!(settings.gpi_ports, [1, 2]);
    }
}
