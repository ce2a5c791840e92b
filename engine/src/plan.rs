//! The store as configured: lanes, zones, antennas, fixtures and what errors cost. Checked by whoever builds it
//! (`portico`'s configuration); the engine only reads it. Lengths in metres on the store's floor plan.

use std::time::Duration;

use recording::Name;

/// A point on the floor plan, metres.
pub type Point = [f64; 2];

/// How a lane sells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// The kiosk shows the basket, the tap freezes and pays it.
    ShowThenTap,
    /// The tap authorises up to a limit; the basket is frozen and captured after leaving.
    TapThenWalk,
}

/// The way out that a gate, a kiosk and a terminal guard.
#[derive(Clone, Debug)]
pub struct Lane {
    /// Its name.
    pub id: Name,
    /// How it sells.
    pub flow: Flow,
    /// Polygon on the floor plan.
    pub area: Vec<Point>,
    /// The line at the store side.
    pub entry_line: [Point; 2],
    /// The line at the street side.
    pub exit_line: [Point; 2],
    /// Its terminal, where it has one.
    pub terminal: Option<Name>,
    /// Its gate, where it has one with a barrier.
    pub gate: Option<Name>,
    /// Lanes with the same group share a radio field.
    pub group: Name,
    /// Who decides here, where it is not the store's [`Policy::by`].
    pub by: Option<DecideBy>,
}

/// What a zone is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ZoneKind {
    /// Where people browse.
    Floor,
    /// Behind the scenes.
    Stockroom,
    /// Fitting rooms.
    Fitting,
    /// On show, not for sale.
    Display,
    /// Near the way out.
    Exit,
}

/// A part of the store.
#[derive(Clone, Debug)]
pub struct Zone {
    /// Its name.
    pub id: Name,
    /// What it is for.
    pub kind: ZoneKind,
    /// Polygon on the floor plan; empty where it was not given.
    pub area: Vec<Point>,
}

/// One antenna of a reader.
#[derive(Clone, Debug)]
pub struct Antenna {
    /// The reader's name.
    pub reader: Name,
    /// The port, counted from 1.
    pub port: u16,
    /// The lane or zone whose pieces it reads.
    pub zone: Name,
    /// Where it hangs, where that is known.
    pub position: Option<[f64; 3]>,
    /// Its boresight, where that is known.
    pub facing: Option<[f64; 3]>,
    /// It is fixed to something that people move, a shopping cart: where it is, nobody knows, and what it reads goes along.
    pub moves: bool,
}

/// A payment terminal.
#[derive(Clone, Debug)]
pub struct Terminal {
    /// Its name.
    pub id: Name,
    /// Where it stands, where that is known.
    pub position: Option<Point>,
}

/// A rack, shelf or table.
#[derive(Clone, Debug)]
pub struct Fixture {
    /// Its name.
    pub id: Name,
    /// Where it stands.
    pub zone: Name,
    /// Two opposite corners.
    pub corners: [[f64; 3]; 2],
}

/// Who decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecideBy {
    /// The former way: clear rules, one after the other.
    Rules,
    /// The model; where it gives no answer, the rules.
    Model,
}

/// What errors cost and how long things may take.
#[derive(Clone, Debug)]
pub struct Policy {
    /// Who decides.
    pub by: DecideBy,
    /// What charging somebody for what they do not have costs the shop, minor units.
    pub wrong_charge_minor: i64,
    /// The limit shown at the tap in a tap-then-walk lane, minor units.
    pub tap_limit_minor: i64,
    /// How long the terminal may take before its answer counts as unknown.
    pub terminal_answer_within: Duration,
    /// How long the model may take before the rules decide.
    pub belief_within: Duration,
}

impl Default for Policy {
    fn default() -> Self {
        Policy {
            by: DecideBy::Rules,
            // A wrongly charged shopper costs a refund, a talk and often the next visits: worth several garments.
            wrong_charge_minor: 20_000,
            tap_limit_minor: 50_000,
            // What the vendors ask for on a LAN before a status request (Adyen: 120 s).
            terminal_answer_within: Duration::from_secs(120),
            belief_within: Duration::from_millis(300),
        }
    }
}

/// The whole store as the engine knows it.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The store's identity (SGLN body).
    pub store: Name,
    /// ISO 4217.
    pub currency: Name,
    /// The lanes; order is the configuration's.
    pub lanes: Vec<Lane>,
    /// The zones that are not lanes.
    pub zones: Vec<Zone>,
    /// Every antenna of every reader.
    pub antennas: Vec<Antenna>,
    /// The terminals.
    pub terminals: Vec<Terminal>,
    /// Racks, shelves, tables.
    pub fixtures: Vec<Fixture>,
    /// What errors cost and how long things may take.
    pub policy: Policy,
}

impl Plan {
    /// The lane of that name.
    pub fn lane(&self, id: &str) -> Option<&Lane> {
        self.lanes.iter().find(|lane| &*lane.id == id)
    }
}
