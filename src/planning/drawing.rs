//! A layout as a picture: the floor plan with walls, racks, lanes and antennas, and how likely a tag is read where, as SVG.
//! It draws what it is given and works nothing out of it; the same figures give the same bytes.

mod sheet;
mod symbols;
mod tables;

use askama::Template;
use sim::{Coverage, Lying, Outline};

use super::contours::Grid;
use sheet::{Line, Sheet, rectangle};
use symbols::{Lane, Marker, Named, fixture_of, lane_of, marker, wall_of, zone_of};
use tables::{AntennaRow, AreaRow, antenna_rows, area_rows, printable, taken_down};

/// Of the picture, in its own units: a map at most this wide alone, and beside another; and this high.
const ALONE: f64 = 880.0;
const BESIDE: f64 = 600.0;
const HIGHEST: f64 = 820.0;
/// Units a metre, at most.
const LARGEST: f64 = 75.0;
/// Of the table of areas with its gap.
const AREAS: f64 = 348.0;
const EDGE: f64 = 32.0;
const HEAD: f64 = 112.0;
const ROW: f64 = 18.0;

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
    /// The shop as it was, against which changes of antennas are marked.
    pub before: Option<&'a Outline>,
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

#[allow(unreachable_pub, reason = "what the macro makes of a filter is more visible than the filter")]
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
    /// Where antennas hung that have been taken down.
    gone: Vec<[f64; 2]>,
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
        // Each tag's chance lies from 0 to 1, so no spread is wider than a coin's.
        let sure = 196.0 * (0.25 / tags.max(1) as f64).sqrt();
        let notes = [
            format!(
                "Mean over {tags} simulated tags of this shop's goods, each alone in the field, on cells of {cell_m:.2} m: sure to \
                 ±{sure:.0} points or better (95 %). Physics {}.",
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
        floor.extend(
            boxes.chain(outline.trays.iter().copied()).map(|area| sheet.path([rectangle(area).as_slice()])),
        );
        let antennas: Vec<Marker> =
            (1..).zip(&outline.antennas).map(|(n, antenna)| marker(n, antenna, &sheet)).collect();
        let fixtures = outline.fixtures.iter();
        let gone = taken_down(map);
        let (width, height) = (wide_m * scale, high_m * scale);
        let tables = height + 58.0;
        let under = tables + ROW * (outline.antennas.len() + gone.len() + 2) as f64;
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
            gone: gone.iter().map(|antenna| sheet.at([antenna.at[0], antenna.at[1]])).collect(),
            antennas,
            bar: bar(wide_m, scale),
            tables,
            rows: antenna_rows(map, &gone),
            areas: area_rows(map),
            areas_at: match widest > BESIDE && map.before.is_none() {
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

/// A round length that is about a sixth of the map.
fn bar(wide_m: f64, scale: f64) -> Bar {
    let lengths = [50.0, 20.0, 10.0, 5.0, 2.0, 1.0];
    let length_m = lengths.into_iter().find(|length| length * 4.5 <= wide_m).unwrap_or(0.5);
    Bar { length: length_m * scale, label: format!("{length_m} m") }
}

#[cfg(test)]
#[path = "drawing_tests.rs"]
mod tests;
