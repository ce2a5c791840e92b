//! A shop's file as serde reads it: of the store's own configuration only geometry and names, and the section
//! `[simulation]` whole. What the keys mean together is checked elsewhere.

use serde::Deserialize;

use crate::faults::Fault;
use crate::gen2::Setup;
use crate::senses::SenseFault;

/// The store's configuration, as far as a simulated store needs it. What else stands there is the store's business.
#[derive(Debug, Deserialize)]
pub(super) struct File {
    #[serde(default)]
    pub(super) readers: Vec<Reader>,
    #[serde(default)]
    pub(super) lanes: Vec<Lane>,
    #[serde(default)]
    pub(super) zones: Vec<Zone>,
    #[serde(default)]
    pub(super) gates: Vec<Gate>,
    #[serde(default)]
    pub(super) terminals: Vec<Terminal>,
    #[serde(default)]
    pub(super) cameras: Vec<Camera>,
    #[serde(default)]
    pub(super) scales: Vec<Scale>,
    #[serde(default)]
    pub(super) fixtures: Vec<Fixture>,
    pub(super) simulation: Option<Simulation>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Reader {
    pub(super) id: String,
    pub(super) driver: Option<String>,
    #[serde(default)]
    pub(super) antennas: Vec<Antenna>,
    #[serde(default)]
    pub(super) inputs: Vec<Input>,
}

/// An input contact of a reader; of the simulated store's concern is only a gate's.
#[derive(Debug, Deserialize)]
pub(super) struct Input {
    pub(super) port: u16,
    pub(super) gate: Option<String>,
    pub(super) open: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Antenna {
    pub(super) port: u16,
    pub(super) zone: String,
    pub(super) position: Option<[f64; 3]>,
    pub(super) facing: Option<[f64; 3]>,
    pub(super) gain_dbi: Option<f64>,
    pub(super) power_dbm: Option<f64>,
    /// The cart that it is fixed to; its place is then the cart's own.
    pub(super) moves_with: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Lane {
    pub(super) id: String,
    pub(super) flow: Option<String>,
    pub(super) area: Vec<[f64; 2]>,
    pub(super) entry_line: [[f64; 2]; 2],
    pub(super) exit_line: [[f64; 2]; 2],
    pub(super) terminal: Option<String>,
    pub(super) gate: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Gate {
    pub(super) id: String,
    pub(super) driver: Option<String>,
    pub(super) reader: Option<String>,
    pub(super) port: Option<u16>,
    pub(super) open: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Zone {
    pub(super) id: String,
    pub(super) kind: Option<String>,
    #[serde(default)]
    pub(super) area: Vec<[f64; 2]>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Terminal {
    pub(super) id: String,
    pub(super) position: Option<[f64; 2]>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Camera {
    pub(super) id: String,
    pub(super) position: Option<[f64; 3]>,
    #[serde(default)]
    pub(super) covers: Vec<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Scale {
    pub(super) id: String,
    pub(super) zone: String,
    #[serde(default)]
    pub(super) gtins: Vec<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Fixture {
    pub(super) id: String,
    pub(super) zone: String,
    #[serde(rename = "box")]
    pub(super) corners: [[f64; 3]; 2],
}

/// The section `[simulation]` of a store's file: what only the simulated store needs to know of a shop. The store
/// itself reads past it. Lengths are metres on the store's floor plan.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Simulation {
    /// `bright`, `dim` or `night`.
    pub(super) light: Option<String>,
    /// Where cameras look; one of which nothing is said is a fisheye that looks down.
    #[serde(default)]
    pub(super) lenses: Vec<Lens>,
    /// What goes wrong with cameras, scales and beams, and when.
    #[serde(default)]
    pub(super) sense_faults: Vec<SenseFault>,
    /// Where people come in. At least one.
    #[serde(default)]
    pub(super) entrances: Vec<Entrance>,
    /// Where people give things back.
    pub(super) desk: Option<[f64; 2]>,
    /// Where staff come from, and where cartons stand.
    pub(super) staff_entry: Option<[f64; 2]>,
    /// Floor to walk on that is no zone and no lane: the street, a passage, stairs drawn at their length.
    #[serde(default)]
    pub(super) walkable: Vec<Walkable>,
    /// Walls: nobody walks through, and radio loses on its way.
    #[serde(default)]
    pub(super) walls: Vec<Wall>,
    /// Openings in walls.
    #[serde(default)]
    pub(super) doors: Vec<Door>,
    /// Where one stands in each cubicle of the fitting room.
    #[serde(default)]
    pub(super) cubicles: Vec<[f64; 2]>,
    /// Where one waits for a cubicle.
    pub(super) fitting_wait: Option<[f64; 2]>,
    /// What lies on which fixture.
    #[serde(default)]
    pub(super) stock: Vec<Stock>,
    /// Pieces of each product in the stockroom.
    pub(super) stockroom_pieces: Option<usize>,
    /// Floors, one above the other, drawn beside each other on the plan.
    #[serde(default)]
    pub(super) floors: Vec<Floor>,
    /// Lifts between those floors.
    #[serde(default)]
    pub(super) lifts: Vec<Lift>,
    /// Shopping carts that carry antennas.
    #[serde(default)]
    pub(super) carts: Vec<Cart>,
    /// Lanes that are not walked through with the things in hand.
    #[serde(default)]
    pub(super) trays: Vec<Tray>,
    /// How readers ask, where not as their purpose suggests.
    #[serde(default)]
    pub(super) readers: Vec<ReaderSetup>,
    /// How antennas are made and wired.
    #[serde(default)]
    pub(super) antennas: Vec<Feed>,
    /// What goes wrong with readers, and when.
    #[serde(default)]
    pub(super) faults: Vec<Fault>,
}

/// An antenna of which more is known than where it hangs.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Feed {
    pub(super) reader: String,
    pub(super) port: u16,
    pub(super) polarisation: Option<String>,
    pub(super) axial_ratio_db: Option<f64>,
    /// Metres.
    pub(super) cable: Option<f64>,
}

/// A reader's settings.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReaderSetup {
    /// The reader's name.
    pub(super) id: String,
    pub(super) setup: Setup,
}

/// A camera's lens.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Lens {
    pub(super) camera: String,
    /// The middle of the picture, as a direction.
    pub(super) facing: [f64; 3],
    /// From the left edge of the picture to the right one, radians.
    pub(super) field_of_view: f64,
}

/// A door to the street.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entrance {
    /// Where people are first seen, outside.
    pub(super) street: [f64; 2],
    /// Where they are in.
    pub(super) inside: [f64; 2],
    /// Its share of those who come, against the other entrances.
    pub(super) share: Option<f64>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Walkable {
    pub(super) area: Vec<[f64; 2]>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wall {
    pub(super) from: [f64; 2],
    pub(super) to: [f64; 2],
    pub(super) material: String,
    /// Metres; else as such walls usually are.
    pub(super) thickness: Option<f64>,
    /// One way; else what the material takes.
    pub(super) loss_db: Option<f64>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Door {
    pub(super) at: [f64; 2],
    pub(super) width: f64,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Stock {
    pub(super) fixture: String,
    /// SKUs, or how they begin: `TEE` is every tee.
    pub(super) products: Vec<String>,
    /// Pieces of each.
    pub(super) pieces: Option<usize>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Floor {
    pub(super) id: String,
    pub(super) zones: Vec<String>,
}

/// A lift: one stands in its cabin, unseen and unread, and steps out on another floor.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Lift {
    /// The middle of the cabin, on each of the floors in their order.
    pub(super) cabin: Vec<[f64; 2]>,
    /// How long it takes from a floor to the next.
    pub(super) seconds: Option<f64>,
}

/// A shopping cart with a reader.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Cart {
    /// What antennas that are fixed to it say in `moves_with`.
    pub(super) id: String,
    /// Where it stands when nobody pushes it.
    pub(super) home: [f64; 2],
}

/// A lane's bin: people put their pieces in, pay, and take them out again.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Tray {
    pub(super) lane: String,
    /// The bin's inside, two opposite corners.
    #[serde(rename = "box")]
    pub(super) corners: [[f64; 3]; 2],
    /// The scale under it.
    pub(super) scale: Option<String>,
}
