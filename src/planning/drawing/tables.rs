//! The tables under a map: its antennas and what has changed of them, and how well each lane and zone is covered; and how
//! names from a file become text.

use sim::{DrawnAntenna, Outline};

use super::sheet::rectangle;
use super::{Map, ROW};

/// Shares of the floor are told for these.
const HALF: f32 = 0.5;
const COVERED: f32 = 0.9;

pub(super) struct AntennaRow {
    pub(super) y: f64,
    /// On the map; 0 for one that has been taken down.
    pub(super) number: usize,
    pub(super) cells: [String; 5],
    /// Against what was before.
    pub(super) change: String,
}

pub(super) struct AreaRow {
    pub(super) y: f64,
    pub(super) name: String,
    pub(super) half: String,
    pub(super) covered: String,
    pub(super) mean: String,
}

/// Where an antenna looks, in words of the drawing.
pub(super) fn looks([right, up, rise]: [f64; 3]) -> String {
    let level = right.hypot(up);
    let tilt_deg = rise.atan2(level).to_degrees();
    if tilt_deg.abs() > 72.0 {
        return if rise < 0.0 { "down".into() } else { "up".into() };
    }
    let eighth = (up.atan2(right).to_degrees() / 45.0).round().rem_euclid(8.0) as usize;
    let way = ["→", "↗", "↑", "↖", "←", "↙", "↓", "↘"].get(eighth).copied().unwrap_or("→");
    match tilt_deg {
        t if t < -5.0 => format!("{way} {:.0}° down", -t),
        t if t > 5.0 => format!("{way} {t:.0}° up"),
        _ => format!("{way} level"),
    }
}

/// Whether two entries are the same antenna: of one reader on one port.
pub(super) fn same(a: &DrawnAntenna, b: &DrawnAntenna) -> bool {
    a.reader == b.reader && a.port == b.port
}

/// Antennas that were there before and are not any more.
pub(super) fn taken_down<'a>(map: &Map<'a>) -> Vec<&'a DrawnAntenna> {
    let now = &map.outline.antennas;
    let before = map.before.map_or(&[][..], |before| before.antennas.as_slice());
    before.iter().filter(|old| !now.iter().any(|new| same(old, new))).collect()
}

/// What has changed of an antenna.
pub(super) fn change(antenna: &DrawnAntenna, before: &Outline) -> String {
    let Some(old) = before.antennas.iter().find(|old| same(old, antenna)) else { return "new".into() };
    let apart =
        |a: [f64; 3], b: [f64; 3]| a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f64>().sqrt();
    let mut said = Vec::new();
    let moved_m = apart(antenna.at, old.at);
    if moved_m > 0.005 {
        said.push(format!("moved {moved_m:.2} m"));
    }
    if apart(antenna.facing, old.facing) > 0.02 {
        said.push("turned".to_owned());
    }
    let power_db = antenna.power_dbm - old.power_dbm;
    if power_db.abs() > 0.05 {
        said.push(format!("{power_db:+.1} dB"));
    }
    said.join(", ")
}

pub(super) fn antenna_rows(map: &Map<'_>, gone: &[&DrawnAntenna]) -> Vec<AntennaRow> {
    let now = (1..).zip(&map.outline.antennas).map(|(number, antenna)| {
        (number, antenna, map.before.map_or_else(String::new, |before| change(antenna, before)))
    });
    let gone = gone.iter().map(|antenna| (0, *antenna, "taken down".to_owned()));
    let row = |(n, (number, antenna, change)): (usize, (usize, &DrawnAntenna, String))| AntennaRow {
        y: ROW * n as f64,
        number,
        cells: [
            short(&format!("{} · {}", printable(&antenna.reader), antenna.port), 17),
            short(&printable(&antenna.zone), 14),
            format!("{:.2} m", antenna.at[2]),
            match &antenna.moves_with {
                Some(cart) => short(&format!("with {}", printable(cart)), 14),
                None => looks(antenna.facing),
            },
            format!("{:.1} dBm", antenna.power_dbm),
        ],
        change,
    };
    (1..).zip(now.chain(gone)).map(row).collect()
}

/// Lanes and zones with the share of their floor that is covered.
pub(super) fn area_rows(map: &Map<'_>) -> Vec<AreaRow> {
    let Some(layer) = map.coverage.layers.get(map.layer) else { return Vec::new() };
    let lanes = map.outline.lanes.iter().map(|lane| (&lane.id, rectangle(lane.area).to_vec()));
    let zones = map.outline.zones.iter().map(|zone| (&zone.id, zone.corners.clone()));
    let mut rows = Vec::new();
    for (id, corners) in lanes.chain(zones) {
        let cells = map.coverage.within(&corners);
        let values: Vec<f32> = cells.iter().filter_map(|&at| layer.any.second.get(at).copied()).collect();
        if values.is_empty() {
            continue;
        }
        let count = values.len() as f64;
        let share = |least: f32| values.iter().filter(|p| **p >= least).count() as f64 / count;
        let mean = values.iter().map(|p| f64::from(*p)).sum::<f64>() / count;
        rows.push(AreaRow {
            y: ROW * (rows.len() + 1) as f64,
            name: short(&printable(id), 16),
            half: format!("{:.0} %", share(HALF) * 100.0),
            covered: format!("{:.0} %", share(COVERED) * 100.0),
            mean: format!("{:.0} %", mean * 100.0),
        });
    }
    rows
}

/// Without what no XML may hold.
pub(super) fn printable(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') { '\u{fffd}' } else { c })
        .collect()
}

/// At most so many letters.
pub(super) fn short(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most.saturating_sub(1)).chain(['…']).collect()
}
