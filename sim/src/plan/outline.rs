//! A shop's plan as plain figures, for whoever draws it or lists it. Lengths in metres on the floor plan; says nothing of
//! radio or people.

use super::Plan;
use crate::space::{P2, P3, Rect};

/// What a floor plan shows.
#[derive(Clone, Debug, PartialEq)]
pub struct Outline {
    /// The store's name, where its file tells it.
    pub name: Option<String>,
    /// Low and high corner of all that can be walked on, of fixtures, walls and antennas.
    pub bounds: [[f64; 2]; 2],
    /// Floor to walk on that is no zone and no lane: the street, a passage, stairs.
    pub walkable: Vec<Vec<[f64; 2]>>,
    /// Named parts of the floor.
    pub zones: Vec<DrawnZone>,
    /// Ways out.
    pub lanes: Vec<DrawnLane>,
    /// Racks and tables.
    pub fixtures: Vec<DrawnFixture>,
    /// Bins of lanes that are not walked through: low and high corner.
    pub trays: Vec<[[f64; 2]; 2]>,
    /// Walls.
    pub walls: Vec<DrawnWall>,
    /// Openings in walls: middle and width.
    pub doors: Vec<([f64; 2], f64)>,
    /// Where people come in: on the street, and inside.
    pub entrances: Vec<[[f64; 2]; 2]>,
    /// Antennas in the order of readers and their ports, as everywhere in this package.
    pub antennas: Vec<DrawnAntenna>,
}

/// A named part of the floor.
#[derive(Clone, Debug, PartialEq)]
pub struct DrawnZone {
    /// Its name in the file.
    pub id: String,
    /// `floor`, `stockroom`, `fitting`, …; empty where the file says nothing.
    pub kind: String,
    /// Its corners.
    pub corners: Vec<[f64; 2]>,
}

/// A way out.
#[derive(Clone, Debug, PartialEq)]
pub struct DrawnLane {
    /// Its name in the file.
    pub id: String,
    /// Low and high corner; one enters at the low y and leaves at the high one.
    pub area: [[f64; 2]; 2],
    /// Whether a gate stands at its exit line.
    pub gate: bool,
    /// The card terminal.
    pub terminal: [f64; 2],
}

/// A rack or table.
#[derive(Clone, Debug, PartialEq)]
pub struct DrawnFixture {
    /// Its name in the file.
    pub id: String,
    /// Low and high corner.
    pub area: [[f64; 2]; 2],
    /// How high it stands.
    pub height_m: f64,
}

/// A wall.
#[derive(Clone, Debug, PartialEq)]
pub struct DrawnWall {
    /// One end.
    pub from: [f64; 2],
    /// The other end.
    pub to: [f64; 2],
    /// What it takes from radio, dB one way.
    pub loss_db: f64,
    /// One sees through it.
    pub glass: bool,
}

/// A reader's antenna.
#[derive(Clone, Debug, PartialEq)]
pub struct DrawnAntenna {
    /// Its reader.
    pub reader: String,
    /// The reader's port.
    pub port: u16,
    /// Lane or zone that its reads speak for.
    pub zone: String,
    /// The cart that it moves with; it is then shown where that stands when nobody pushes it.
    pub moves_with: Option<String>,
    /// Where it hangs; the third is its height.
    pub at: [f64; 3],
    /// Where it looks, a unit vector.
    pub facing: [f64; 3],
    /// Power at the reader's port.
    pub power_dbm: f64,
    /// Gain of the antenna.
    pub gain_dbi: f64,
}

fn flat(p: P2) -> [f64; 2] {
    [p.x, p.y]
}

fn solid(p: P3) -> [f64; 3] {
    [p.x, p.y, p.z]
}

fn corners(area: Rect) -> [[f64; 2]; 2] {
    [flat(area.low), flat(area.high)]
}

impl Plan {
    /// The plan as plain figures.
    pub fn outline(&self) -> Outline {
        let entries = |section: &str| self.table.get(section).and_then(toml::Value::as_array);
        let of = |section: &str, id: &str, key: &str| {
            let mut found = entries(section).into_iter().flatten().filter_map(toml::Value::as_table);
            let entry = found.find(|entry| entry.get("id").and_then(toml::Value::as_str) == Some(id))?;
            entry.get(key).and_then(toml::Value::as_str).map(str::to_owned)
        };
        let simulation = self.table.get("simulation").and_then(|section| section.get("walkable"));
        let walkable = simulation.and_then(toml::Value::as_array).into_iter().flatten();
        let zones = self.zones.iter().map(|zone| DrawnZone {
            id: zone.id.clone(),
            kind: of("zones", &zone.id, "kind").unwrap_or_default(),
            corners: zone.area.iter().copied().map(flat).collect(),
        });
        let lanes = self.lanes.iter().map(|lane| {
            let gate = of("lanes", &lane.id, "gate");
            let stands = |gate: &String| of("gates", gate, "driver").is_some_and(|driver| driver != "none");
            DrawnLane {
                id: lane.id.clone(),
                area: corners(lane.area),
                gate: gate.is_some_and(|gate| stands(&gate)),
                terminal: flat(lane.terminal_at),
            }
        });
        let walls = self.walls.all().iter().map(|wall| DrawnWall {
            from: flat(wall.from),
            to: flat(wall.to),
            loss_db: wall.slab.through_db(1.0),
            glass: wall.glass,
        });
        let named = self.readers.iter().flat_map(|reader| reader.antennas.iter().map(|a| (&reader.id, a)));
        let antennas = named.enumerate().map(|(number, (reader, antenna))| {
            let cart = self.carts.iter().find(|cart| cart.antennas.contains(&number));
            DrawnAntenna {
                reader: reader.clone(),
                port: antenna.port,
                zone: antenna.zone.clone(),
                moves_with: cart.map(|cart| cart.id.clone()),
                at: solid(cart.map_or(antenna.at, |cart| antenna.at.plus(cart.home.up(0.0)))),
                facing: solid(antenna.facing),
                power_dbm: antenna.power_dbm,
                gain_dbi: antenna.gain_dbi,
            }
        });
        let fixtures = self.fixtures.iter().map(|fixture| DrawnFixture {
            id: fixture.id.clone(),
            area: corners(fixture.area),
            height_m: fixture.height,
        });
        let store = self.table.get("store").and_then(|store| store.get("name"));
        Outline {
            name: store.and_then(toml::Value::as_str).map(str::to_owned),
            bounds: corners(self.bounds()),
            walkable: walkable.filter_map(|entry| polygon(entry.get("area")?)).collect(),
            zones: zones.collect(),
            lanes: lanes.collect(),
            fixtures: fixtures.collect(),
            trays: self.trays.iter().map(|tray| [flat(tray.low.floor()), flat(tray.high.floor())]).collect(),
            walls: walls.collect(),
            doors: self.walls.doors().iter().map(|door| (flat(door.at), door.width)).collect(),
            entrances: self.entrances.iter().map(|e| [flat(e.street), flat(e.inside)]).collect(),
            antennas: antennas.collect(),
        }
    }

    /// The rectangle around everything that a plan shows.
    pub(crate) fn bounds(&self) -> Rect {
        let walls = self.walls.all().iter().flat_map(|wall| [wall.from, wall.to]);
        let fixtures = self.fixtures.iter().flat_map(|fixture| [fixture.area.low, fixture.area.high]);
        let antennas = self.readers.iter().flat_map(|r| &r.antennas).map(|antenna| antenna.at.floor());
        let zones = self.zones.iter().flat_map(|zone| zone.area.iter().copied());
        let trays = self.trays.iter().flat_map(|tray| [tray.low.floor(), tray.high.floor()]);
        walls.chain(fixtures).chain(trays).chain(antennas).chain(zones).fold(self.ground.bounds(), |r, p| {
            Rect::new(r.low.x.min(p.x), r.low.y.min(p.y), r.high.x.max(p.x), r.high.y.max(p.y))
        })
    }
}

/// Corners of a polygon as a file has them; `Plan` has checked them already.
fn polygon(area: &toml::Value) -> Option<Vec<[f64; 2]>> {
    let number = |value: &toml::Value| value.as_float().or_else(|| value.as_integer().map(|n| n as f64));
    let corner = |value: &toml::Value| match value.as_array()?.as_slice() {
        [x, y] => Some([number(x)?, number(y)?]),
        _ => None,
    };
    area.as_array()?.iter().map(corner).collect()
}
