//! Logs of real readers as recordings: an R420 with four antennas (walks, stays, a tag under one antenna, a box of tags)
//! and a reader carried past garments. They are read where somebody else keeps them and are no part of the project. Measures nothing.

use std::collections::BTreeMap;
use std::f64::consts::TAU;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::features::{Recording, Sample};

/// A pause that ends a stay: the tag is being put somewhere else, microseconds.
const PAUSE_US: i64 = 2_500_000;
/// A stay that is worth looking at, seconds, and its antennas.
const STAY_S: f64 = 8.0;
const STAY_ANTENNAS: usize = 3;
/// A box of tags is cut in pieces of this length, so that an interval has something to draw from.
const PIECE_US: i64 = 60_000_000;

/// What logs there are.
#[derive(Clone, Debug, Default)]
pub struct Logs {
    /// A tag carried along a line between four antennas, one recording a walk.
    pub walks: Vec<Recording>,
    /// A resting tag between four antennas, one recording a stay.
    pub stays: Vec<Recording>,
    /// One tag at rest under one antenna.
    pub single: Vec<Recording>,
    /// Of these, the ones that face a 9 dBic antenna at 1, 3, 5 and 7 ft.
    pub under: Vec<(u32, Recording)>,
    /// A box of tags under one antenna, by the minute.
    pub many: Vec<Recording>,
    /// Passes with a carried reader, and how many tags there were to read.
    pub passes: Vec<(usize, Recording)>,
    /// Of a tag at one level each: mean level of its reads, rounds with a read, rounds. No log tells rounds.
    pub rounds: Vec<[f64; 3]>,
    /// When each of the tags that somebody carries past was read first, seconds; infinite where never. No log here has it.
    pub firsts: Vec<Vec<f64>>,
}

/// Logs cut in two by a rule that knows nothing of what they show.
#[derive(Clone, Debug)]
pub struct Halves {
    /// What the physics may be fitted to.
    pub fit: Logs,
    /// What the report shows.
    pub shown: Logs,
}

/// Every second recording, the order turned round after each four: the walks' four orientations follow one another.
fn halved<T: Clone>(all: &[T]) -> (Vec<T>, Vec<T>) {
    let fits = |n: usize| (n + n / 4).is_multiple_of(2);
    let of = |wanted: bool| -> Vec<T> {
        all.iter().enumerate().filter(|(n, _)| fits(*n) == wanted).map(|(_, one)| one.clone()).collect()
    };
    (of(true), of(false))
}

impl Logs {
    /// Reads what there is below the folder; what is not there stays empty. A row that is no read is left out.
    pub fn read(folder: &Path) -> io::Result<Logs> {
        let mut logs = Logs::default();
        let r420 = folder.join("r420-walks");
        for file in tables(&r420.join("lines"))? {
            logs.walks.push(r420_log(&file)?);
        }
        for file in tables(&r420.join("static/Test9"))? {
            logs.stays.extend(stays(&r420_log(&file)?));
        }
        for file in tables(&r420.join("static/Test13"))? {
            let log = r420_log(&file)?;
            if let Some(feet) = facing_feet(&file) {
                logs.under.push((feet, log.clone()));
            }
            logs.single.push(log);
        }
        for file in tables(&r420.join("static/Test10"))?.iter().filter(|f| f.ends_with("Test10-2.csv")) {
            let log = r420_log(file)?;
            let minute = |s: &Sample| s.at_us / PIECE_US;
            let pieces = log.samples.chunk_by(|a, b| minute(a) == minute(b));
            logs.many.extend(pieces.map(|piece| Recording::new(piece.to_vec())));
        }
        let handheld = folder.join("retail-handheld/dataset.csv");
        if handheld.is_file() {
            logs.passes = passes(&fs::read_to_string(handheld)?);
        }
        Ok(logs)
    }

    /// The two halves.
    pub fn halves(&self) -> Halves {
        let (walks, stays, single) = (halved(&self.walks), halved(&self.stays), halved(&self.single));
        let (under, many, passes) = (halved(&self.under), halved(&self.many), halved(&self.passes));
        Halves {
            fit: Logs {
                walks: walks.0,
                stays: stays.0,
                single: single.0,
                under: under.0,
                many: many.0,
                passes: passes.0,
                ..Logs::default()
            },
            shown: Logs {
                walks: walks.1,
                stays: stays.1,
                single: single.1,
                under: under.1,
                many: many.1,
                passes: passes.1,
                ..Logs::default()
            },
        }
    }
}

/// The tables of a folder, by the numbers in their names; none where there is no folder.
fn tables(folder: &Path) -> io::Result<Vec<PathBuf>> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == "csv") {
            files.push(path);
        }
    }
    files.sort_by_key(|path| {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let numbers: Vec<u32> =
            name.split(|c: char| !c.is_ascii_digit()).filter_map(|digits| digits.parse().ok()).collect();
        (name.split('-').next().unwrap_or_default().to_owned(), numbers, name)
    });
    Ok(files)
}

/// Rows by the names in a table's first line; tables of this kind quote nothing.
fn rows(text: &str) -> impl Iterator<Item = BTreeMap<&str, &str>> {
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next().unwrap_or_default().split(',').map(str::trim).collect();
    lines.map(move |line| names.iter().copied().zip(line.split(',').map(str::trim)).collect())
}

/// A log of columns timestamp (seconds), antenna, rssi (dBm), epc, phase_angle (4096 a turn), channel_index,
/// doppler_frequency (1/16 Hz).
fn r420_log(file: &Path) -> io::Result<Recording> {
    let text = fs::read_to_string(file)?;
    let mut tags: BTreeMap<String, u32> = BTreeMap::new();
    let samples = rows(&text).filter_map(|row| {
        let number = |name: &str| row.get(name).and_then(|cell| cell.parse::<f64>().ok());
        let next = tags.len() as u32;
        let tag = *tags.entry((*row.get("epc")?).to_owned()).or_insert(next);
        Some(Sample {
            at_us: (number("timestamp")? * 1e6).round() as i64,
            tag,
            antenna: number("antenna")? as u16,
            rssi_dbm: number("rssi")?,
            phase: number("phase_angle").map(|steps| steps / 4096.0 * TAU),
            channel: number("channel_index")? as u16,
            doppler_hz: number("doppler_frequency").map(|steps| steps / 16.0),
        })
    });
    Ok(Recording::new(samples.collect()))
}

fn stays(log: &Recording) -> Vec<Recording> {
    let cut = log.samples.chunk_by(|a, b| b.at_us - a.at_us < PAUSE_US);
    let stays = cut.map(|stay| Recording::new(stay.to_vec()));
    stays
        .filter(|stay| {
            let mut antennas: Vec<u16> = stay.samples.iter().map(|s| s.antenna).collect();
            antennas.sort_unstable();
            antennas.dedup();
            stay.seconds() >= STAY_S && antennas.len() >= STAY_ANTENNAS
        })
        .collect()
}

/// Feet from a 9 dBic antenna (`a` and `b`) to the tag that faces it, by the log's name: `Test13a-5-0`.
fn facing_feet(file: &Path) -> Option<u32> {
    let name = file.file_stem()?.to_str()?;
    let mut words = name.split('-');
    let antenna = words.next()?;
    let feet = words.next()?.parse().ok()?;
    ((antenna.ends_with('a') || antenna.ends_with('b')) && words.next() == Some("0")).then_some(feet)
}

/// Passes along the panels, once: columns experiment_nr, experiment, tags, iterations, milliseconds, serial, rssi.
fn passes(text: &str) -> Vec<(usize, Recording)> {
    let mut passes: BTreeMap<u32, (usize, Vec<Sample>)> = BTreeMap::new();
    for row in rows(text) {
        let number = |name: &str| row.get(name).and_then(|cell| cell.parse::<f64>().ok());
        if row.get("experiment") != Some(&"walking") || row.get("iterations") != Some(&"1") {
            continue;
        }
        let (Some(pass), Some(tags), Some(ms), Some(serial), Some(rssi_dbm)) = (
            number("experiment_nr"),
            number("tags"),
            number("milliseconds"),
            number("serial"),
            number("rssi"),
        ) else {
            continue;
        };
        let sample = Sample {
            at_us: (ms * 1e3) as i64,
            tag: serial as u32,
            antenna: 1,
            rssi_dbm,
            phase: None,
            channel: 0,
            doppler_hz: None,
        };
        passes.entry(pass as u32).or_insert((tags as usize, Vec::new())).1.push(sample);
    }
    passes.into_values().map(|(tags, samples)| (tags, Recording::new(samples))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_share_nothing_and_leave_nothing_out() {
        let (fit, shown) = halved(&(0..32).collect::<Vec<i32>>());
        assert_eq!((fit.len(), shown.len()), (16, 16));
        let orientations = |half: &[i32]| [0, 1, 2, 3].map(|o| half.iter().filter(|n| *n % 4 == o).count());
        assert_eq!(orientations(&fit), [4, 4, 4, 4], "each orientation in both halves");
        let mut all = [fit, shown].concat();
        all.sort_unstable();
        assert_eq!(all, (0..32).collect::<Vec<i32>>());
    }

    #[test]
    fn a_row_that_is_no_read_is_left_out() {
        let names = "experiment_nr,experiment,tags,iterations,milliseconds,serial,rssi\n";
        let table =
            format!("{names}9,walking,69,1,859,3,-69\n9,walking,69,1,860,,-69\n8,random,69,1,1,2,-60\n");
        let passes = passes(&table);
        assert_eq!(passes.len(), 1);
        assert_eq!(passes.first().map(|(tags, log)| (*tags, log.samples.len())), Some((69, 1)));
    }
}
