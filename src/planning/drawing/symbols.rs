//! What stands on a floor plan, each as its symbol: zones, racks, lanes, walls, antennas.

use sim::{DrawnAntenna, DrawnLane, DrawnWall};

use super::sheet::{Line, Sheet, rectangle};
use super::tables::{looks, printable};

/// Room of a letter of 12 units, about.
const LETTER: f64 = 6.6;
/// Names smaller than this stand beside what they name.
const LEAST_LETTERS: f64 = 8.0;

/// A shape and its name.
pub(super) struct Named {
    pub(super) path: String,
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) name: String,
    /// How large the name is written; 0 where there is no room for it.
    pub(super) size: f64,
    pub(super) upright: bool,
}

pub(super) struct Lane {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) width: f64,
    pub(super) height: f64,
    pub(super) middle: f64,
    pub(super) gate: bool,
    pub(super) terminal: [f64; 2],
    pub(super) name: String,
}

pub(super) struct Marker {
    pub(super) x: f64,
    pub(super) y: f64,
    /// Smaller where the map is.
    pub(super) size: f64,
    pub(super) number: usize,
    pub(super) title: String,
    /// To where the arrow is turned, degrees from the right clockwise; none for one that looks straight up or down.
    pub(super) turned: Option<f64>,
}

pub(super) fn zone_of(id: &str, corners: &[[f64; 2]], sheet: &Sheet) -> Named {
    let points = corners.iter().map(|&corner| sheet.at(corner));
    let [x, y] = points.reduce(|a, b| [a[0].min(b[0]), a[1].min(b[1])]).unwrap_or_default();
    Named {
        path: sheet.path([corners]),
        x: x + 7.0,
        y: y + 15.0,
        name: printable(id),
        size: 11.0,
        upright: false,
    }
}

pub(super) fn fixture_of(id: &str, area: [[f64; 2]; 2], antennas: &[Marker], sheet: &Sheet) -> Named {
    let corners = rectangle(area);
    let ([x0, y1], [x1, y0]) = (sheet.at(area[0]), sheet.at(area[1]));
    let (wide, high) = (x1 - x0, y1 - y0);
    let name = printable(id);
    let (along, across) = (wide.max(high), wide.min(high));
    let letters = name.chars().count().max(1) as f64;
    let size = (12.0 * along / (letters * LETTER + 4.0)).min(across * 0.8).min(12.0);
    let (x, y) = ((x0 + x1) / 2.0, (y0 + y1) / 2.0);
    let upright = high > wide * 1.2;
    let half = letters * LETTER / 2.0 + 12.0;
    let reach = if upright { [16.0, half] } else { [half, 16.0] };
    let hidden = antennas.iter().any(|a| (a.x - x).abs() < reach[0] && (a.y - y).abs() < reach[1]);
    let path = sheet.path([corners.as_slice()]);
    if size >= LEAST_LETTERS && !hidden {
        return Named { path, x, y, name, size, upright };
    }
    // Under it, where racks are large enough on the map that names do not run into each other.
    let size = if along >= 14.0 { 10.0 } else { 0.0 };
    let below = antennas.iter().filter(|a| (a.x - x).abs() < half && a.y > y && a.y < y1 + 18.0);
    let y = below.map(|a| a.y + 15.0).fold(y1 + 8.0, f64::max);
    Named { path, x, y, name, size, upright: false }
}

pub(super) fn lane_of(lane: &DrawnLane, sheet: &Sheet) -> Lane {
    let ([x0, y1], [x1, y0]) = (sheet.at(lane.area[0]), sheet.at(lane.area[1]));
    Lane {
        x: x0,
        y: y0,
        width: x1 - x0,
        height: y1 - y0,
        middle: (x0 + x1) / 2.0,
        gate: lane.gate,
        terminal: sheet.at(lane.terminal),
        name: printable(&lane.id),
    }
}

/// A wall, broken where doors stand open.
pub(super) fn wall_of(wall: &DrawnWall, doors: &[([f64; 2], f64)], sheet: &Sheet) -> Vec<Line> {
    let kind = match wall.loss_db {
        _ if wall.glass => "glass",
        db if db < 3.5 => "light",
        db if db < 30.0 => "brick",
        _ => "metal",
    };
    let along = [wall.to[0] - wall.from[0], wall.to[1] - wall.from[1]];
    let length = along[0].hypot(along[1]).max(1e-6);
    let mut open: Vec<(f64, f64)> = Vec::new();
    for (at, width) in doors {
        let off = [at[0] - wall.from[0], at[1] - wall.from[1]];
        let beside = (off[0] * along[1] - off[1] * along[0]).abs() / length;
        let place = (off[0] * along[0] + off[1] * along[1]) / length;
        let half = (width * width / 4.0 - beside * beside).max(0.0).sqrt();
        if half > 0.0 {
            open.push((place - half, place + half));
        }
    }
    open.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut pieces = Vec::new();
    let mut from = 0.0;
    for (begins, ends) in open.into_iter().chain([(length, length)]) {
        if begins > from + 0.01 {
            pieces.push((from, begins.min(length)));
        }
        from = ends.max(from);
    }
    let at = |m: f64| [wall.from[0] + along[0] * m / length, wall.from[1] + along[1] * m / length];
    pieces.into_iter().map(|(from, to)| sheet.line(at(from), at(to), kind)).collect()
}

pub(super) fn marker(number: usize, antenna: &DrawnAntenna, sheet: &Sheet) -> Marker {
    let [x, y] = sheet.at([antenna.at[0], antenna.at[1]]);
    let (right, down) = (antenna.facing[0], -antenna.facing[1]);
    let level = right.hypot(down);
    let turned = (level > 0.3).then(|| down.atan2(right).to_degrees());
    let title = format!(
        "{} port {}: {}, {:.1} dBm",
        printable(&antenna.reader),
        antenna.port,
        looks(antenna.facing),
        antenna.power_dbm
    );
    Marker { x, y, size: (sheet.scale / 45.0).clamp(0.8, 1.0), number, title, turned }
}
