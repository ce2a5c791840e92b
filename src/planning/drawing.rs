//! A layout as a picture: the floor plan with walls, racks, lanes and antennas, and how likely a tag is read where, as SVG.
//! It draws what it is given and works nothing out of it; the same figures give the same bytes.

use std::fmt::Write as _;

use askama::Template;
use sim::{Coverage, DrawnAntenna, DrawnLane, DrawnWall, Lying, Outline};

use super::contours::Grid;

/// Of the picture, in its own units: a map at most this wide alone, and beside another; and this high.
const ALONE: f64 = 880.0;
const BESIDE: f64 = 600.0;
const HIGHEST: f64 = 820.0;
/// Units a metre, at most.
const LARGEST: f64 = 75.0;
/// Of the table of areas with its gap.
const AREAS: f64 = 340.0;
const EDGE: f64 = 32.0;
const HEAD: f64 = 112.0;
const ROW: f64 = 18.0;
/// Room of a letter of 12 units, about.
const LETTER: f64 = 6.6;

/// Colours by the least probability that they stand for: seaborn's `mako`, whose lightness falls by the same step from one
/// to the next (L* 94, 81, 68, 55, 42, 29), so that it reads the same for colour-blind eyes and on grey paper.
const SCALE: [(f32, &str, &str); 6] = [
    (0.05, "#def5e5", "5–25 %"),
    (0.25, "#8bdab2", "25–50 %"),
    (0.50, "#40b7ad", "50–75 %"),
    (0.75, "#348fa7", "75–90 %"),
    (0.90, "#37659e", "90–99 %"),
    (0.99, "#413d7b", "99 % and more"),
];
/// Shares of the floor are told for these.
const HALF: f32 = 0.5;
const COVERED: f32 = 0.9;
/// Names smaller than this stand beside what they name.
const LEAST_LETTERS: f64 = 8.0;

/// One map of a picture.
#[derive(Clone, Copy, Debug)]
pub struct Map<'a> {
    /// What stands above it, such as `As it stands`.
    pub caption: &'a str,
    /// The shop.
    pub outline: &'a Outline,
    /// Its maps.
    pub coverage: &'a Coverage,
    /// Which of them.
    pub layer: usize,
}

/// A picture of one or several maps, as SVG: one layout, one for each height, or before and after.
///
/// # Errors
/// Never for maps as `sim` makes them; where text cannot be written.
pub fn svg(maps: &[Map<'_>]) -> Result<String, askama::Error> {
    Picture::of(maps).render()
}

#[derive(Template)]
#[template(path = "coverage.svg")]
struct Picture {
    title: String,
    subtitle: String,
    described: String,
    width: f64,
    height: f64,
    panels: Vec<Panel>,
    scale: Vec<Swatch>,
    foot: f64,
    notes: Vec<Written>,
}

mod filters {
    /// A length of the picture, to a tenth of its units.
    #[askama::filter_fn]
    pub(super) fn unit(length: &f64, _: &dyn askama::Values) -> askama::Result<String> {
        let text = format!("{length:.1}");
        Ok(text.strip_suffix(".0").map_or(text.clone(), str::to_owned))
    }
}

/// A colour of the legend.
struct Swatch {
    x: f64,
    colour: &'static str,
    label: &'static str,
}

/// Text at a place.
struct Written {
    x: f64,
    y: f64,
    text: String,
}

struct Bar {
    length: f64,
    label: String,
}

struct Panel {
    number: usize,
    x: f64,
    y: f64,
    caption: String,
    width: f64,
    height: f64,
    /// Floor to walk on, zones, racks: what the map is shown on.
    floor: Vec<String>,
    bands: Vec<Band>,
    zones: Vec<Named>,
    lanes: Vec<Lane>,
    fixtures: Vec<Named>,
    trays: Vec<String>,
    walls: Vec<Line>,
    entrances: Vec<Line>,
    antennas: Vec<Marker>,
    bar: Bar,
    tables: f64,
    rows: Vec<AntennaRow>,
    areas: Vec<AreaRow>,
    areas_at: [f64; 2],
}

/// All that is at least so likely.
struct Band {
    colour: &'static str,
    path: String,
}

/// A shape and its name.
struct Named {
    path: String,
    x: f64,
    y: f64,
    name: String,
    /// How large the name is written; 0 where there is no room for it.
    size: f64,
    upright: bool,
}

struct Line {
    x1: f64,
    y1: f64,
    x2: f64,
    y2: f64,
    kind: &'static str,
}

struct Lane {
    x: f64,
    y: f64,
    width: f64,
    height: f64,
    middle: f64,
    gate: bool,
    terminal: [f64; 2],
    name: String,
}

struct Marker {
    x: f64,
    y: f64,
    /// Smaller where the map is.
    size: f64,
    number: usize,
    title: String,
    /// To where the arrow is turned, degrees from the right clockwise; none for one that looks straight up or down.
    turned: Option<f64>,
}

struct AntennaRow {
    y: f64,
    number: usize,
    cells: [String; 5],
}

struct AreaRow {
    y: f64,
    name: String,
    half: String,
    covered: String,
    mean: String,
}

impl Picture {
    fn of(maps: &[Map<'_>]) -> Picture {
        let beside = maps.len() > 1
            && maps.iter().all(|map| {
                let [low, high] = map.outline.bounds;
                high[0] - low[0] < 1.6 * (high[1] - low[1])
            });
        let widest = if beside { BESIDE } else { ALONE };
        let first = maps.first();
        let what = first.map_or(String::new(), |map| read_of(map));
        let alike = maps.iter().all(|map| read_of(map) == what);
        let what = if alike { what } else { "How likely a tag is read within a second".into() };
        let mut panels = Vec::new();
        let (mut x, mut y, mut right, mut bottom) = (EDGE, HEAD, 0.0_f64, 0.0_f64);
        for (number, map) in maps.iter().enumerate() {
            let mut panel = Panel::of(map, number, [x, y], widest);
            if !alike {
                panel.caption = format!("{}: {}", panel.caption, lies_as(map));
            }
            let below = panel.bottom();
            right = right.max(x + widest.max(panel.width));
            bottom = bottom.max(y + below);
            if beside {
                x += widest + EDGE;
            } else {
                y += below + EDGE;
            }
            panels.push(panel);
        }
        let name = first.and_then(|map| map.outline.name.as_deref()).unwrap_or("A shop");
        let said: Vec<String> = panels.iter().map(Panel::said).collect();
        let cell_m = first.map_or(0.0, |map| map.coverage.cell_m);
        let tags = first.map_or(0, |map| map.coverage.draws);
        let notes = [
            format!(
                "Mean over {tags} simulated tags of this shop's goods, each alone in the field, on cells of {cell_m:.2} m; physics {}.",
                sim::PHYSICS
            ),
            "What a crowd of tags costs in time, and what the checkout makes of the reads, is in the plan's figures.".into(),
        ];
        let foot = bottom + 12.0;
        Picture {
            title: printable(name),
            subtitle: what.clone(),
            described: format!("Floor plan of {}. {what}. {}", printable(name), said.join(" ")),
            width: right + EDGE,
            height: foot + 92.0,
            scale: (0..)
                .zip(SCALE)
                .map(|(n, (_, colour, label))| Swatch { x: 104.0 + 108.0 * f64::from(n), colour, label })
                .collect(),
            foot,
            notes: (0..)
                .zip(notes)
                .map(|(n, text)| Written { x: 0.0, y: 48.0 + 16.0 * f64::from(n), text })
                .collect(),
            panels,
        }
    }
}

/// How the tag of a map lies.
fn lies_as(map: &Map<'_>) -> String {
    match map.coverage.layers.get(map.layer).map(|layer| layer.tag) {
        Some(Lying::Carried) => "carried through a place by a shopper".into(),
        Some(Lying::InFoil) => "carried in a foil-lined bag".into(),
        Some(Lying::Resting { height_m }) => format!("resting {height_m:.1} m above the floor"),
        None => String::new(),
    }
}

/// What a map shows, in words.
fn read_of(map: &Map<'_>) -> String {
    format!("How likely a tag is read within a second: {}", lies_as(map))
}

/// From metres on the floor plan to units of the picture; y goes up on the one and down on the other.
#[derive(Clone, Copy)]
struct Sheet {
    low: [f64; 2],
    high: [f64; 2],
    scale: f64,
}

impl Sheet {
    fn at(&self, [x, y]: [f64; 2]) -> [f64; 2] {
        [(x - self.low[0]) * self.scale, (self.high[1] - y) * self.scale]
    }

    fn path<'a>(&self, loops: impl IntoIterator<Item = &'a [[f64; 2]]>) -> String {
        let mut path = String::new();
        for points in loops {
            for (n, point) in points.iter().enumerate() {
                let [x, y] = self.at(*point);
                // Writing to a string cannot fail.
                let _ = write!(path, "{}{x:.1} {y:.1}", if n == 0 { "M" } else { "L" });
            }
            path.push('Z');
        }
        path
    }

    /// Loops without corners: from middle to middle of the sides, each corner pulling the way between them.
    fn rounded<'a>(&self, loops: impl IntoIterator<Item = &'a [[f64; 2]]>) -> String {
        let mut path = String::new();
        for points in loops {
            let next = points.iter().cycle().skip(1);
            for (n, (a, b)) in points.iter().zip(next).enumerate() {
                let ([ax, ay], [bx, by]) = (self.at(*a), self.at(*b));
                let (x, y) = ((ax + bx) / 2.0, (ay + by) / 2.0);
                let _ = match n {
                    0 => write!(path, "M{x:.1} {y:.1}"),
                    _ => write!(path, "Q{ax:.1} {ay:.1} {x:.1} {y:.1}"),
                };
            }
            if let [a, b, ..] = points {
                let ([ax, ay], [bx, by]) = (self.at(*a), self.at(*b));
                let _ = write!(path, "Q{ax:.1} {ay:.1} {:.1} {:.1}Z", (ax + bx) / 2.0, (ay + by) / 2.0);
            }
        }
        path
    }

    fn line(&self, from: [f64; 2], to: [f64; 2], kind: &'static str) -> Line {
        let ([x1, y1], [x2, y2]) = (self.at(from), self.at(to));
        Line { x1, y1, x2, y2, kind }
    }
}

fn rectangle([[x0, y0], [x1, y1]]: [[f64; 2]; 2]) -> [[f64; 2]; 4] {
    [[x0, y0], [x1, y0], [x1, y1], [x0, y1]]
}

impl Panel {
    fn of(map: &Map<'_>, number: usize, [x, y]: [f64; 2], widest: f64) -> Panel {
        let Outline { bounds: [low, high], .. } = *map.outline;
        let outline = map.outline;
        let (low, high) = ([low[0] - 0.3, low[1] - 0.3], [high[0] + 0.3, high[1] + 0.3]);
        let (wide_m, high_m) = ((high[0] - low[0]).max(1.0), (high[1] - low[1]).max(1.0));
        let scale = (widest / wide_m).min(HIGHEST / high_m).min(LARGEST);
        let sheet = Sheet { low, high, scale };
        let floor = outline.walkable.iter().map(Vec::as_slice);
        let floor = floor.chain(outline.zones.iter().map(|zone| zone.corners.as_slice()));
        let mut floor: Vec<String> = floor.map(|corners| sheet.path([corners])).collect();
        let boxes = outline.lanes.iter().map(|l| l.area).chain(outline.fixtures.iter().map(|f| f.area));
        floor.extend(boxes.map(|area| sheet.path([rectangle(area).as_slice()])));
        let antennas: Vec<Marker> =
            (1..).zip(&outline.antennas).map(|(n, antenna)| marker(n, antenna, &sheet)).collect();
        let fixtures = outline.fixtures.iter();
        let (width, height) = (wide_m * scale, high_m * scale);
        let tables = height + 58.0;
        let under = tables + ROW * (outline.antennas.len() + 2) as f64;
        Panel {
            number,
            x,
            y,
            caption: printable(map.caption),
            width,
            height,
            floor,
            bands: bands(map, &sheet),
            zones: outline.zones.iter().map(|zone| zone_of(&zone.id, &zone.corners, &sheet)).collect(),
            lanes: outline.lanes.iter().map(|lane| lane_of(lane, &sheet)).collect(),
            fixtures: fixtures.map(|f| fixture_of(&f.id, f.area, &antennas, &sheet)).collect(),
            trays: outline.trays.iter().map(|tray| sheet.path([rectangle(*tray).as_slice()])).collect(),
            walls: outline.walls.iter().flat_map(|wall| wall_of(wall, &outline.doors, &sheet)).collect(),
            entrances: outline.entrances.iter().map(|[from, to]| sheet.line(*from, *to, "in")).collect(),
            antennas,
            bar: bar(wide_m, scale),
            tables,
            rows: (1..).zip(&outline.antennas).map(|(n, antenna)| antenna_row(n, antenna)).collect(),
            areas: area_rows(map),
            areas_at: match widest > BESIDE {
                // Beside a map that leaves the room, else beside the antennas.
                true if width + AREAS <= widest => [width + 28.0, 12.0],
                true => [widest - AREAS + 28.0, tables],
                false => [0.0, under],
            },
        }
    }

    fn bottom(&self) -> f64 {
        let antennas = self.tables + ROW * (self.rows.len() + 1) as f64;
        antennas.max(self.areas_at[1] + ROW * (self.areas.len() + 1) as f64)
    }

    /// The map in words, for who cannot see it.
    fn said(&self) -> String {
        let areas: Vec<String> = self.areas.iter().map(|row| format!("{} {}", row.name, row.mean)).collect();
        let (caption, antennas) = (&self.caption, self.antennas.len());
        format!("{caption}: {antennas} antennas; mean chance by area: {}.", areas.join(", "))
    }
}

/// The map as nested areas, from the least likely up.
fn bands(map: &Map<'_>, sheet: &Sheet) -> Vec<Band> {
    let coverage = map.coverage;
    let Some(layer) = coverage.layers.get(map.layer) else { return Vec::new() };
    let grid = Grid { values: &layer.any.second, columns: coverage.columns };
    let on_plan =
        |[x, y]: [f64; 2]| [coverage.low[0] + x * coverage.cell_m, coverage.low[1] + y * coverage.cell_m];
    let band = |(least, colour, _)| {
        let loops = grid.loops(least).into_iter().map(|points| points.into_iter().map(on_plan).collect());
        let loops: Vec<Vec<[f64; 2]>> = loops.collect();
        Band { colour, path: sheet.rounded(loops.iter().map(Vec::as_slice)) }
    };
    SCALE.into_iter().map(band).filter(|band| !band.path.is_empty()).collect()
}

fn zone_of(id: &str, corners: &[[f64; 2]], sheet: &Sheet) -> Named {
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

fn fixture_of(id: &str, area: [[f64; 2]; 2], antennas: &[Marker], sheet: &Sheet) -> Named {
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

fn lane_of(lane: &DrawnLane, sheet: &Sheet) -> Lane {
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
fn wall_of(wall: &DrawnWall, doors: &[([f64; 2], f64)], sheet: &Sheet) -> Vec<Line> {
    let kind = match wall.loss_db {
        _ if wall.glass => "glass",
        db if db < 6.0 => "light",
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

fn marker(number: usize, antenna: &DrawnAntenna, sheet: &Sheet) -> Marker {
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
    Marker { x, y, size: (sheet.scale / 45.0).clamp(0.7, 1.0), number, title, turned }
}

/// Where an antenna looks, in words of the drawing.
fn looks([right, up, rise]: [f64; 3]) -> String {
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

fn antenna_row(number: usize, antenna: &DrawnAntenna) -> AntennaRow {
    AntennaRow {
        y: ROW * number as f64,
        number,
        cells: [
            short(&format!("{} · {}", printable(&antenna.reader), antenna.port), 17),
            short(&printable(&antenna.zone), 14),
            format!("{:.2} m", antenna.at[2]),
            looks(antenna.facing),
            format!("{:.1} dBm", antenna.power_dbm),
        ],
    }
}

/// Lanes and zones with the share of their floor that is covered.
fn area_rows(map: &Map<'_>) -> Vec<AreaRow> {
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

/// A round length that is about a sixth of the map.
fn bar(wide_m: f64, scale: f64) -> Bar {
    let lengths = [50.0, 20.0, 10.0, 5.0, 2.0, 1.0];
    let length_m = lengths.into_iter().find(|length| length * 4.5 <= wide_m).unwrap_or(0.5);
    Bar { length: length_m * scale, label: format!("{length_m} m") }
}

/// Without what no XML may hold.
fn printable(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') { '\u{fffd}' } else { c })
        .collect()
}

/// At most so many letters.
fn short(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most.saturating_sub(1)).chain(['…']).collect()
}
