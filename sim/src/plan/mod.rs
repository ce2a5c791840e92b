//! The shop's plan: zones, racks, lanes, walls, doors, antennas, cameras, read from the store's own configuration file
//! and its section `[simulation]`. Says nothing of people or pieces.

mod build;
mod file;
mod gates;
mod given;
mod outline;
mod walls;

use std::path::{Path, PathBuf};

use crate::family::Manner;
use crate::faults::Fault;
use crate::gen2::Setup;
use crate::radio::{Aerial, Polarisation};
use crate::senses::{Light, SenseFault};
use crate::space::{Ground, P2, P3, Rect};
use crate::stock::{Product, products};

pub use file::Simulation;
pub(crate) use gates::{Contact, GateBy, GatePlan};
pub(crate) use given::Wires;
pub use outline::{DrawnAntenna, DrawnFixture, DrawnLane, DrawnWall, DrawnZone, Outline};
pub(crate) use walls::{Wall, Walls};

/// A reader's antenna where it hangs.
#[derive(Clone, Debug)]
pub(crate) struct Antenna {
    pub(crate) port: u16,
    /// Lane or zone that its reads speak for.
    pub(crate) zone: String,
    pub(crate) at: P3,
    /// Boresight, a unit vector.
    pub(crate) facing: P3,
    pub(crate) gain_dbi: f64,
    pub(crate) power_dbm: f64,
}

/// How an antenna is made and wired, where the shop's file says so.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Feed {
    /// Place among the antennas of all readers, in the order of the file.
    pub(crate) aerial: usize,
    pub(crate) polarisation: Option<Polarisation>,
    /// How far from round its turning wave is on boresight, dB.
    pub(crate) axial_ratio_db: Option<f64>,
    /// Length of its cable, metres.
    pub(crate) cable_m: Option<f64>,
}

/// What a reader speaks, as the configuration's drivers are called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Driver {
    Llrp,
    ThingMagic,
    M100,
    UhfReader,
    ImpinjIot,
    ZebraIotc,
}

impl Antenna {
    /// A stream of draws that belongs to its place: to the millimetre where it hangs, and which way it looks.
    pub(crate) fn stream(&self) -> u64 {
        let parts = [self.at.x, self.at.y, self.at.z, self.facing.x, self.facing.y, self.facing.z];
        let one = |hash: u64, part: f64| {
            ((part * 1000.0).round() + 0.0).to_bits().to_le_bytes().iter().fold(hash, |hash, byte| {
                // FNV-1a.
                (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
            })
        };
        parts.into_iter().fold(0xcbf2_9ce4_8422_2325, one)
    }
}

impl Driver {
    const ALL: [Driver; 6] = [
        Driver::Llrp,
        Driver::ThingMagic,
        Driver::M100,
        Driver::UhfReader,
        Driver::ImpinjIot,
        Driver::ZebraIotc,
    ];

    /// Its name in a file.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Driver::Llrp => "llrp",
            Driver::ThingMagic => "thingmagic",
            Driver::M100 => "m100",
            Driver::UhfReader => "uhfreader",
            Driver::ImpinjIot => "impinj-iot",
            Driver::ZebraIotc => "zebra-iotc",
        }
    }
}

/// A reader and its antennas.
#[derive(Clone, Debug)]
pub(crate) struct ReaderPlan {
    pub(crate) id: String,
    pub(crate) driver: Driver,
    /// How it asks, by its purpose.
    pub(crate) setup: Setup,
    pub(crate) antennas: Vec<Antenna>,
}

/// A way out.
#[derive(Clone, Debug)]
pub(crate) struct LanePlan {
    pub(crate) id: String,
    pub(crate) terminal: String,
    /// The card is held to the terminal on the way, and what is carried is charged after it: `tap-then-walk`.
    pub(crate) tap_then_walk: bool,
    /// The lane's area; its low y is the entry line, its high y the exit line.
    pub(crate) area: Rect,
    pub(crate) terminal_at: P2,
}

/// A rack or table.
#[derive(Clone, Debug)]
pub(crate) struct Fixture {
    pub(crate) id: String,
    pub(crate) zone: String,
    pub(crate) area: Rect,
    pub(crate) height: f64,
}

impl Fixture {
    /// Where one stands before it: on the side towards the street or on the other, `along` from 0 to 1 of its length.
    /// A fixture that is deeper than wide has its sides left and right.
    pub(crate) fn front(&self, near_side: bool, along: f64) -> P2 {
        let Rect { low, high } = self.area;
        if high.x - low.x >= high.y - low.y {
            let x = low.x + (high.x - low.x) * along;
            P2::new(x, if near_side { high.y + 0.45 } else { low.y - 0.45 })
        } else {
            let y = low.y + (high.y - low.y) * along;
            P2::new(if near_side { high.x + 0.45 } else { low.x - 0.45 }, y)
        }
    }
}

/// A named part of the floor.
#[derive(Clone, Debug)]
pub(crate) struct Zone {
    pub(crate) id: String,
    pub(crate) area: Vec<P2>,
}

/// A door to the street.
#[derive(Clone, Debug)]
pub(crate) struct Entrance {
    /// Where people are first seen.
    pub(crate) street: P2,
    /// Where they are in.
    pub(crate) inside: P2,
    /// Its weight among the entrances.
    pub(crate) share: f64,
}

/// Products that lie on a fixture.
#[derive(Clone, Debug)]
pub(crate) struct Stock {
    /// Index of the fixture.
    pub(crate) fixture: usize,
    /// SKUs, or how they begin.
    products: Vec<String>,
    /// Pieces of each; else as many as the day wants.
    pub(crate) pieces: Option<usize>,
}

impl Stock {
    /// Whether a product lies here.
    pub(crate) fn holds(&self, sku: &str) -> bool {
        self.products.iter().any(|named| sku.strip_prefix(named.as_str()).is_some_and(is_whole))
    }
}

/// Whether a SKU goes on at a dash, or ends, where a name of it ended.
fn is_whole(rest: &str) -> bool {
    rest.is_empty() || rest.starts_with('-')
}

/// A camera where it hangs.
#[derive(Clone, Debug)]
pub(crate) struct CameraPlan {
    pub(crate) id: String,
    pub(crate) at: P3,
    /// The middle of its picture, a unit vector.
    pub(crate) facing: P3,
    /// From the left edge of its picture to the right one, radians; beyond 137° a fisheye.
    pub(crate) field_of_view: f64,
}

/// What stands on a scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Load {
    /// A fixture, by index.
    Fixture(usize),
    /// A lane's bin, by the lane's index.
    Tray(usize),
}

/// A scale under a shelf or a tray.
#[derive(Clone, Debug)]
pub(crate) struct ScalePlan {
    pub(crate) id: String,
    /// Zone or lane that its changes speak for.
    pub(crate) zone: String,
    pub(crate) load: Load,
}

/// A lane's bin.
#[derive(Clone, Debug)]
pub(crate) struct Tray {
    pub(crate) lane: usize,
    /// Inside of the bin, low and high corner.
    pub(crate) low: P3,
    pub(crate) high: P3,
    /// The scale under it.
    pub(crate) scale: Option<String>,
}

/// A lift between the floors.
#[derive(Clone, Debug)]
pub(crate) struct Lift {
    /// The middle of its cabin on each floor.
    pub(crate) cabin: Vec<P2>,
    /// From a floor to the next, seconds.
    pub(crate) ride_s: f64,
}

/// A shopping cart with a reader. Its antennas' places in the plan are its own: x to the right and y ahead of the middle
/// of its frame, z up from the floor.
#[derive(Clone, Debug)]
pub(crate) struct CartPlan {
    pub(crate) id: String,
    /// Where it stands when nobody pushes it.
    pub(crate) home: P2,
    /// Its antennas, counted over all readers in the plan's order.
    pub(crate) antennas: Vec<usize>,
    /// The lane that they read for: what lies in the cart is paid there.
    pub(crate) lane: Option<usize>,
}

/// The whole shop.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The file, as it is given out again.
    table: toml::Table,
    pub(crate) readers: Vec<ReaderPlan>,
    pub(crate) lanes: Vec<LanePlan>,
    pub(crate) gates: Vec<GatePlan>,
    pub(crate) fixtures: Vec<Fixture>,
    pub(crate) zones: Vec<Zone>,
    pub(crate) cameras: Vec<CameraPlan>,
    pub(crate) scales: Vec<ScalePlan>,
    pub(crate) trays: Vec<Tray>,
    pub(crate) light: Light,
    pub(crate) ground: Ground,
    pub(crate) entrances: Vec<Entrance>,
    /// Where those who come in by the main entrance are first seen.
    pub(crate) entrance: P2,
    /// The zone in which stock waits; empty where the shop has none.
    pub(crate) stockroom: String,
    /// Where staff come from and cartons stand.
    pub(crate) stockroom_at: P2,
    /// Where people give things back.
    desk: P2,
    /// Where one stands inside each cubicle of the fitting room.
    pub(crate) cubicles: Vec<P2>,
    /// Where one waits for a cubicle.
    pub(crate) fitting_at: P2,
    /// Where the street is out of sight.
    street_y: f64,
    pub(crate) stock: Vec<Stock>,
    /// Fixtures that shoppers take tagged goods from, and those with goods that have no tag.
    pub(crate) racks: Vec<usize>,
    pub(crate) tables: Vec<usize>,
    pub(crate) stockroom_pieces: Option<usize>,
    /// What will go wrong with its readers.
    pub(crate) faults: Vec<Fault>,
    /// What will go wrong with its cameras, scales and beams.
    pub(crate) sense_faults: Vec<SenseFault>,
    /// What its file says of antennas beyond the store's own words.
    feeds: Vec<Feed>,
    /// Walls, doors and floors.
    pub(crate) walls: Walls,
    pub(crate) lifts: Vec<Lift>,
    pub(crate) carts: Vec<CartPlan>,
    /// See [`Plan::with_rooms_by_place`].
    pub(crate) rooms_by_place: bool,
}

/// Why a shop's file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// The file cannot be read.
    #[error("{path}: {source}; give the path of a shop's TOML file, such as config/boutique.toml")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Something in it is wrong.
    #[error("{place}: {reason}")]
    Wrong {
        /// File, and line where it is known.
        place: String,
        /// What is wrong and what would be right.
        reason: String,
    },
}

/// The shops of the families: one lane, two and three in one radio field, one with a display rack half a metre from the lane.
const ONE_LANE: &str = include_str!("../../shops/one-lane.toml");
const TWO_LANES: &str = include_str!("../../shops/two-lanes.toml");
const STADIUM: &str = include_str!("../../../config/stadium.toml");
const RACK_AT_LANE: &str = include_str!("../../shops/rack-at-lane.toml");
const CALIBRATION: &str = include_str!("../../shops/calibration.toml");

/// The contract's word for lanes in which the card is held up in passing.
pub(crate) const TAP_THEN_WALK: &str = "tap-then-walk";

/// From the middle of a cubicle to its curtain, metres.
const CUBICLE_M: f64 = 0.7;
/// From the middle of a lift's cabin to its door, metres.
const CABIN_M: f64 = 1.1;

impl Plan {
    /// Reads a shop's file: a store's configuration with a section `[simulation]`.
    ///
    /// # Errors
    /// Where the file cannot be read, is no TOML, or describes no shop in which people could walk and pay.
    pub fn read(path: &Path) -> Result<Plan, PlanError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| PlanError::Unreadable { path: path.to_owned(), source })?;
        Plan::parse(&text, &path.display().to_string())
    }

    /// The same from text; `name` stands for the file in errors.
    ///
    /// # Errors
    /// As [`Plan::read`].
    pub fn parse(text: &str, name: &str) -> Result<Plan, PlanError> {
        build::plan(text, name)
    }

    /// What of the room an antenna lights is drawn by where it hangs, not by its place in the file: with other antennas
    /// beside it, an antenna is what it was, and layouts of one seed can be compared.
    #[must_use]
    pub fn with_rooms_by_place(mut self) -> Plan {
        self.rooms_by_place = true;
        self
    }

    /// The shop of a family.
    pub(crate) fn of(manner: &Manner) -> Plan {
        let (text, name) = match (manner.lanes, manner.rack_at_lane) {
            _ if manner.as_logged => (CALIBRATION, "calibration.toml"),
            (_, true) => (RACK_AT_LANE, "rack-at-lane.toml"),
            (2, _) => (TWO_LANES, "two-lanes.toml"),
            (3, _) => (STADIUM, "stadium.toml"),
            _ => (ONE_LANE, "one-lane.toml"),
        };
        Plan::parse(text, name).expect("these files are part of the program, and a test reads them")
    }

    /// Whether walls hide one place from the other: an open door does not, nor does glass. No camera looks into a cubicle.
    pub(crate) fn hides(&self, from: P2, place: P2) -> bool {
        self.walls.hide(from, place)
            || self.cubicles.iter().any(|cubicle| cubicle.to(place) < CUBICLE_M)
            || self.lifts.iter().flat_map(|lift| &lift.cabin).any(|cabin| cabin.to(place) < CABIN_M)
    }

    /// The floor that a point belongs to: the one with a zone or a lift's cabin that holds it, else the lowest.
    pub(crate) fn floor_of(&self, p: P2) -> usize {
        self.walls.floor_of(p)
    }

    /// The antenna of this number among those of all readers, made and wired as the file says.
    pub(crate) fn fed(&self, number: usize, mut aerial: Aerial) -> Aerial {
        self.feeds.iter().filter(|feed| feed.aerial == number).for_each(|feed| aerial.feed(feed));
        aerial
    }

    /// Where staff take returns in.
    pub(crate) fn returns_at(&self) -> P2 {
        self.desk
    }

    /// Where the street is out of sight.
    pub(crate) fn street_y(&self) -> f64 {
        self.street_y
    }

    /// The middle of a lane's tray and its height: where the plan has none, beside the terminal.
    pub(crate) fn tray(&self, lane: usize) -> Option<(P2, f64)> {
        let beside = |at: P2| (P2::new(at.x + 0.45, at.y), 0.95);
        let tray = self.trays.iter().find(|tray| tray.lane == lane);
        match tray {
            Some(tray) => Some((tray.low.plus(tray.high).times(0.5).floor(), tray.low.z + 0.05)),
            None => self.lanes.get(lane).map(|l| beside(l.terminal_at)),
        }
    }

    /// All lanes are paid like this from now on, in the contract's words.
    pub(crate) fn is_paid(&mut self, flow: &str) -> Result<(), String> {
        let flows = ["show-then-tap", TAP_THEN_WALK];
        if !flows.contains(&flow) {
            return Err(format!("flow `{flow}` is not known; {}", flows.join(" or ")));
        }
        self.lanes.iter_mut().for_each(|lane| lane.tap_then_walk = flow == TAP_THEN_WALK);
        let lanes = self.table.get_mut("lanes").and_then(toml::Value::as_array_mut);
        for lane in lanes.into_iter().flatten().filter_map(toml::Value::as_table_mut) {
            lane.insert("flow".into(), flow.into());
        }
        Ok(())
    }

    /// How its lanes are paid, where all of them are paid alike; else what most shops have.
    pub(crate) fn flow(&self) -> &'static str {
        let walk = !self.lanes.is_empty() && self.lanes.iter().all(|lane| lane.tap_then_walk);
        if walk { TAP_THEN_WALK } else { "show-then-tap" }
    }

    /// So many of each product hang on a fixture from now on.
    pub(crate) fn hangs(&mut self, fixture: &str, pieces: usize) -> Result<(), String> {
        let at = self.fixtures.iter().position(|f| f.id == fixture);
        let mut found = self.stock.iter_mut().filter(|stock| Some(stock.fixture) == at).peekable();
        if found.peek().is_none() {
            let near = crate::words::nearest(fixture, self.fixtures.iter().map(|f| f.id.as_str()));
            return Err(format!("nothing hangs on a fixture `{fixture}`; `{}`?", near.unwrap_or_default()));
        }
        found.for_each(|stock| stock.pieces = Some(pieces));
        Ok(())
    }

    /// What the shop sells: every product that lies on a fixture; the first that names it is its home.
    pub(crate) fn products(&self) -> Vec<Product> {
        let mut products = products();
        products.retain_mut(|product| {
            let home = self.stock.iter().find(|stock| stock.holds(&product.sku)).map(|stock| stock.fixture);
            product.home = home.unwrap_or(0);
            home.is_some()
        });
        products
    }
}

/// Whether a polygon holds a point (even-odd rule).
pub(crate) fn inside(polygon: &[P2], p: P2) -> bool {
    let next = polygon.iter().cycle().skip(1);
    let crossed = polygon
        .iter()
        .zip(next)
        .filter(|(a, b)| (a.y > p.y) != (b.y > p.y) && p.x < (b.x - a.x) * (p.y - a.y) / (b.y - a.y) + a.x);
    crossed.count() % 2 == 1
}

#[cfg(test)]
mod tests;
