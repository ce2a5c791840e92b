//! Readers and their antennas, how they ask, and what goes wrong with them.

use super::values::{one_of, point3};
use crate::gen2::Setup;
use crate::plan::file::{self, File, Simulation};
use crate::plan::{Antenna, Driver, Feed, LanePlan, ReaderPlan};
use crate::radio::Polarisation;

/// All readers, and what is said of them elsewhere.
pub(super) fn readers(
    file: &File,
    lanes: &[LanePlan],
    known: &[&str],
    simulation: &Simulation,
) -> Result<Vec<ReaderPlan>, String> {
    let readers: Vec<ReaderPlan> =
        file.readers.iter().map(|r| reader(r, lanes, known, simulation)).collect::<Result<_, _>>()?;
    let names: Vec<&str> = readers.iter().map(|reader| reader.id.as_str()).collect();
    for reader in &simulation.readers {
        let what = format!("[[simulation.readers]] `{}`", reader.id);
        one_of(&reader.id, &names, &format!("{what}, id"))?;
        reader.setup.check().map_err(|reason| format!("{what}, setup: {reason}"))?;
    }
    if let Some(first) = readers.first()
        && let Some(other) = readers.iter().find(|other| other.setup.region != first.setup.region)
    {
        return Err(format!(
            "readers `{}` and `{}` are in different regions: give every reader's setup the same region",
            first.id, other.id
        ));
    }
    for fault in &simulation.faults {
        one_of(&fault.reader, &names, "[[simulation.faults]] reader")?;
        fault.check().map_err(|reason| format!("[[simulation.faults]] of `{}`: {reason}", fault.reader))?;
    }
    if readers.iter().all(|r| r.antennas.is_empty()) {
        return Err("no [[readers]] has an antenna: without one nothing is read".into());
    }
    Ok(readers)
}

fn reader(
    reader: &file::Reader,
    lanes: &[LanePlan],
    known: &[&str],
    simulation: &Simulation,
) -> Result<ReaderPlan, String> {
    let antenna = |a: &file::Antenna| {
        let what = format!("reader `{}`, antenna {}", reader.id, a.port);
        one_of(&a.zone, known, &format!("{what}, zone"))?;
        let Some(position) = a.position else {
            return Err(format!(
                "{what}: position is missing: [x, y, height] in metres, such as [0.6, 0.3, 2.3]"
            ));
        };
        let facing = point3(a.facing.unwrap_or([0.0, 0.0, -1.0]), &format!("{what}, facing"))?;
        if facing.length() < 1e-3 {
            return Err(format!("{what}, facing: a direction such as [0.0, 0.0, -1.0] for straight down"));
        }
        let (gain_dbi, power_dbm) = (a.gain_dbi.unwrap_or(6.0), a.power_dbm.unwrap_or(28.5));
        if !(-10.0..=20.0).contains(&gain_dbi) {
            return Err(format!(
                "{what}, gain_dbi {gain_dbi}: -10 to 20, as its data sheet says; usual is 6"
            ));
        }
        if !(0.0..=36.0).contains(&power_dbm) {
            return Err(format!("{what}, power_dbm {power_dbm}: 0 to 36; usual is 28.5"));
        }
        Ok(Antenna {
            port: a.port,
            zone: a.zone.clone(),
            at: point3(position, &format!("{what}, position"))?,
            facing: facing.times(1.0 / facing.length()),
            gain_dbi,
            power_dbm,
        })
    };
    let antennas: Vec<Antenna> = reader.antennas.iter().map(antenna).collect::<Result<_, _>>()?;
    let at_a_lane = antennas.iter().any(|a| lanes.iter().any(|lane| lane.id == a.zone));
    let said = simulation.readers.iter().find(|said| said.id == reader.id).map(|said| said.setup.clone());
    let setup = said.unwrap_or_else(|| if at_a_lane { Setup::exit() } else { Setup::rack() });
    let driver = reader.driver.as_deref().unwrap_or("llrp");
    let driver = Driver::ALL.into_iter().find(|known| known.name() == driver).ok_or_else(|| {
        let names = Driver::ALL.map(Driver::name).join(", ");
        format!("reader `{}`: there is no driver `{driver}`; there are {names}", reader.id)
    })?;
    Ok(ReaderPlan { id: reader.id.clone(), driver, setup, antennas })
}

/// What is said of an antenna: which one it is, and whether there are such antennas.
pub(super) fn feed(said: &file::Feed, readers: &[ReaderPlan]) -> Result<Feed, String> {
    let what = format!("[[simulation.antennas]] `{}`, port {}", said.reader, said.port);
    let names: Vec<&str> = readers.iter().map(|reader| reader.id.as_str()).collect();
    one_of(&said.reader, &names, &format!("{what}, reader"))?;
    let all = readers.iter().flat_map(|r| r.antennas.iter().map(move |a| (r.id == said.reader, a.port)));
    let Some(aerial) = all.into_iter().position(|(its, port)| its && port == said.port) else {
        return Err(format!("{what}: the reader has no antenna on that port; a port of one of its antennas"));
    };
    let polarisation = match said.polarisation.as_deref() {
        None | Some("circular") => None,
        Some(name) => {
            let known = Polarisation::NAMES.map(|(name, _)| name);
            let known: Vec<&str> = std::iter::once("circular").chain(known).collect();
            one_of(name, &known, &format!("{what}, polarisation"))?;
            Polarisation::NAMES.into_iter().find(|(known, _)| *known == name).map(|(_, how)| how)
        }
    };
    if let Some(db) = said.axial_ratio_db.filter(|db| !(0.0..=20.0).contains(db)) {
        return Err(format!("{what}, axial_ratio_db {db}: 0 (round) to 20; data sheets say 1 to 3"));
    }
    if let Some(m) = said.cable.filter(|m| !(0.0..=50.0).contains(m)) {
        return Err(format!("{what}, cable {m}: 0 to 50 m"));
    }
    Ok(Feed { aerial, polarisation, axial_ratio_db: said.axial_ratio_db, cable_m: said.cable })
}
