//! What a reader can and cannot do for a store, in words for whoever runs `portico check`: each thing that it cannot with
//! what follows from it, and what would help. Asks the reader nothing.

use ::llrp::definitions::enumerations as e;
use ::llrp::definitions::vendors::{IMPINJ, ZEBRA};
use ::llrp::session::Capabilities;

use super::probe::Probe;
use crate::{Ability, Purpose};

/// `CountryCode` where none is set (LLRP §9.2.4.1).
const NO_COUNTRY: u16 = 0;
/// A power further from the wanted one than the steps of any reader's table.
const STEP_CDBM: u32 = 50;

pub(super) fn of(probe: &Probe) -> Ability {
    let mut ability = Ability {
        model: probe.model.clone(),
        firmware: probe.firmware.clone(),
        can: Vec::new(),
        cannot: Vec::new(),
    };
    ports(probe, &mut ability);
    radio(probe, &mut ability);
    powers(probe, &mut ability);
    reports(probe, &mut ability);
    specs(&probe.capabilities, &mut ability);
    ability.cannot.extend(probe.refused.iter().map(|refused| format!("it refused {refused}")));
    ability
}

fn ports(probe: &Probe, ability: &mut Ability) {
    let capabilities = &probe.capabilities;
    let version = if probe.version >= 2 { "1.1" } else { "1.0.1" };
    ability.can.push(format!("LLRP {version}"));
    let mut antennas = count(probe.antennas, "antenna port");
    if let Some(connected) = &probe.connected {
        let ports: Vec<String> = connected.iter().map(u16::to_string).collect();
        antennas +=
            &format!(" (connected: {})", if ports.is_empty() { "none".into() } else { ports.join(", ") });
    }
    ability.can.push(antennas);
    if capabilities.gpis > 0 || capabilities.gpos > 0 {
        let (inputs, outputs) = (count(capabilities.gpis, "input"), count(capabilities.gpos, "output"));
        ability.can.push(format!("{inputs}, {outputs}"));
    }
    if capabilities.gpos == 0 {
        ability.cannot.push("it has no outputs: a gate or a light must be driven otherwise".into());
    }
    for input in probe.asked.inputs.iter().filter(|input| input.port == 0 || input.port > capabilities.gpis) {
        let (port, inputs) = (input.port, count(capabilities.gpis, "input"));
        ability.cannot.push(format!(
            "input {port} is not there ({inputs}): what it should tell stays unknown; correct it in the configuration"
        ));
    }
}

fn count(count: u16, what: &str) -> String {
    match count {
        0 => format!("no {what}s"),
        1 => format!("1 {what}"),
        count => format!("{count} {what}s"),
    }
}

fn radio(probe: &Probe, ability: &mut Ability) {
    let capabilities = &probe.capabilities;
    let channels = &probe.channels_khz;
    if let (Some(first), Some(last)) = (channels.iter().min(), channels.iter().max()) {
        let count = count(u16::try_from(channels.len()).unwrap_or(u16::MAX), "channel");
        let how = if probe.hopping { "hopping" } else { "not hopping" };
        ability.can.push(format!("{count} {first} to {last} kHz, {how}"));
    } else {
        ability.cannot.push(
            "it does not tell its frequencies: phases of different channels cannot be held against each other".into(),
        );
    }
    match probe.country {
        NO_COUNTRY => ability.cannot.push(
            "no region is set: it may be sending against the radio rules of the place; set its region in the reader".into(),
        ),
        country => ability.can.push(format!("radio rules of country {country} (ISO 3166)")),
    }
    let dense =
        |mode: &::llrp::session::Mode| u64::from(mode.spectral_mask) == e::C1G2SpectralMaskIndicator::DI;
    if capabilities.modes.is_empty() {
        ability.cannot.push("it lists no radio modes: it chooses them itself".into());
    } else if capabilities.modes.iter().any(dense) {
        ability.can.push(format!("{} radio modes, dense-reader modes among them", capabilities.modes.len()));
    } else {
        ability.cannot.push(
            "none of its radio modes is for many readers side by side: in a shop with several, expect them to disturb \
             each other"
                .into(),
        );
    }
    for antenna in &probe.asked.antennas {
        let known = |mode: u16| capabilities.modes.iter().any(|known| known.id == u32::from(mode));
        if let Some(mode) = antenna.mode.filter(|mode| !known(*mode)) {
            let ids: Vec<String> = capabilities.modes.iter().map(|mode| mode.id.to_string()).collect();
            ability.cannot.push(format!(
                "antenna {}: radio mode {mode} is not in its table ({}); choose one of those, or none",
                antenna.port,
                ids.join(", ")
            ));
        }
    }
    if capabilities.vendor != IMPINJ {
        let mut asked: Vec<Purpose> = probe.asked.antennas.iter().map(|antenna| antenna.purpose).collect();
        asked.sort_unstable();
        asked.dedup();
        let sessions: Vec<&str> = asked
            .iter()
            .map(|purpose| match purpose {
                Purpose::Exit => "exits in session S0",
                Purpose::Shelf => "shelves in session S1",
                Purpose::Stock => "stock in session S2",
            })
            .collect();
        let sessions =
            if sessions.is_empty() { "exits in session S0".to_owned() } else { sessions.join(", ") };
        ability.cannot.push(format!(
            "it is not known to ask tags of both states in turn (dual target): it reads {sessions}, where tags come back by \
             themselves"
        ));
    }
}

fn powers(probe: &Probe, ability: &mut Ability) {
    let Some((least, most)) = probe.power_dbm else {
        ability.cannot.push("it tells no table of powers: it sends with its own setting".into());
        return;
    };
    ability.can.push(format!("{least} to {most} dBm"));
    for antenna in &probe.asked.antennas {
        let Some(wanted) = antenna.power_dbm else { continue };
        let cdbm = (wanted * 100.0).round() as i32;
        let Some(nearest) =
            nearest(&probe.capabilities, cdbm).filter(|near| near.abs_diff(cdbm) >= STEP_CDBM)
        else {
            continue;
        };
        let (port, nearest) = (antenna.port, f64::from(nearest) / 100.0);
        ability.cannot.push(format!(
            "antenna {port}: {wanted} dBm is configured, it sends {nearest} dBm (it can {least} to {most}); correct \
             `power_dbm`, or expect another range"
        ));
    }
}

fn nearest(capabilities: &Capabilities, cdbm: i32) -> Option<i32> {
    let index = capabilities.power_index(cdbm)?;
    capabilities.powers_cdbm.iter().find(|(at, _)| *at == index).map(|(_, power)| i32::from(*power))
}

fn reports(probe: &Probe, ability: &mut Ability) {
    match (probe.extensions, probe.capabilities.vendor) {
        (Some("Impinj"), _) => {
            ability.can.push("phase, received power in 1/100 dB and Doppler (Impinj's parameters)".into());
        }
        (Some(vendor), _) => ability.can.push(format!("phase ({vendor}'s parameters)")),
        (None, IMPINJ | ZEBRA) => ability.cannot.push(
            "no phase, for it refused its maker's parameters: directions rest on received power alone; update its software"
                .into(),
        ),
        (None, _) => ability.cannot.push("no phase: directions and places rest on received power alone".into()),
    }
    if probe.utc_clock {
        ability.can.push("a UTC clock; how far it is off is measured while it runs".into());
    } else {
        ability.cannot.push(
            "it has no UTC clock: reads are dated by its uptime; what it kept over a restart of its own counts as old".into(),
        );
    }
    if probe.capabilities.can_hold {
        ability.can.push("keeps reports while the line is down".into());
    }
}

fn specs(capabilities: &Capabilities, ability: &mut Ability) {
    if capabilities.max_rospecs == 1 {
        ability.cannot.push(
            "it holds one ROSpec only: no other program can read with it beside the store, and one that another program \
             left is deleted"
                .into(),
        );
    }
    match capabilities.max_accessspecs {
        0 => ability.cannot.push("it cannot write to tags: encode and silence them at another reader".into()),
        _ => {
            let operations = match capabilities.max_opspecs {
                0 => String::new(),
                most => format!(", {most} operations at once"),
            };
            ability.can.push(format!("writes to tags{operations}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Antenna, Input, Reader, Tells};

    fn probe(capabilities: Capabilities, asked: Reader) -> Probe {
        let powers = || capabilities.powers_cdbm.iter().map(|(_, power)| f64::from(*power) / 100.0);
        Probe {
            model: capabilities.model_name(),
            firmware: capabilities.firmware.clone(),
            antennas: capabilities.antennas,
            connected: Some(vec![1]),
            country: capabilities.country,
            channels_khz: capabilities.fixed_khz.clone(),
            hopping: capabilities.hopping,
            power_dbm: powers().reduce(f64::min).zip(powers().reduce(f64::max)),
            utc_clock: capabilities.utc_clock,
            extensions: None,
            refused: Vec::new(),
            version: 1,
            capabilities,
            asked,
        }
    }

    fn says(lines: &[String], parts: &[&str]) -> bool {
        lines.iter().any(|line| parts.iter().all(|part| line.contains(part)))
    }

    #[test]
    fn a_poor_reader_is_told_with_what_follows_and_what_helps() {
        let capabilities = Capabilities {
            antennas: 2,
            gpis: 1,
            max_rospecs: 1,
            powers_cdbm: vec![(1, 1000), (2, 2000), (3, 2700)],
            ..Capabilities::default()
        };
        let antenna = Antenna { port: 1, power_dbm: Some(31.5), mode: Some(7), ..Antenna::default() };
        let mut asked = Reader::dialled("exit-a", "192.0.2.10", vec![antenna]);
        let gate = Tells::Gate { gate: "gate-1".into() };
        asked.inputs = vec![Input { port: 3, active_high: true, tells: gate }];
        let Ability { can, cannot, .. } = of(&probe(capabilities, asked));
        for parts in [
            &["antenna 1", "31.5 dBm", "27 dBm", "power_dbm"][..],
            &["input 3", "1 input"],
            &["no outputs", "gate"],
            &["no region"],
            &["no UTC clock", "uptime"],
            &["one ROSpec"],
            &["cannot write to tags"],
            &["no phase"],
            &["radio mode 7"],
            &["dual target", "S0"],
        ] {
            assert!(says(&cannot, parts), "{parts:?} in {cannot:#?}");
        }
        assert!(says(&can, &["2 antenna ports", "connected: 1"]), "{can:#?}");
        assert!(says(&can, &["10 to 27 dBm"]), "{can:#?}");
    }

    #[test]
    fn a_power_that_is_a_step_of_the_table_away_is_no_news() {
        let capabilities =
            Capabilities { powers_cdbm: vec![(1, 2850), (2, 2875)], ..Capabilities::default() };
        let antenna = Antenna { port: 1, power_dbm: Some(28.6), ..Antenna::default() };
        let asked = Reader::dialled("exit-a", "192.0.2.10", vec![antenna]);
        assert!(!says(&of(&probe(capabilities, asked)).cannot, &["power_dbm"]));
    }
}
