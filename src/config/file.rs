//! The configuration file's shape, key by key, as serde reads it. What the keys mean together is checked elsewhere.

use std::path::PathBuf;

use engine::plan::Point;
use recording::Name;
use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) store: Store,
    pub(super) database: Option<Database>,
    pub(super) web: Option<Web>,
    pub(super) recording: Option<Recording>,
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
    pub(super) decision: Option<Decision>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Store {
    pub(super) id: Name,
    pub(super) name: Option<Name>,
    pub(super) currency: Option<Name>,
    pub(super) timezone: Option<String>,
    pub(super) locale: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Database {
    pub(super) url: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Web {
    pub(super) listen: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Recording {
    pub(super) directory: PathBuf,
}

/// A reader and its antennas.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reader {
    /// Its name.
    pub id: Name,
    /// Which protocol it speaks.
    pub driver: String,
    /// `host:port`; the port may be left out (LLRP: 5084).
    pub address: Option<String>,
    /// Serial drivers: the device file.
    pub device: Option<PathBuf>,
    /// Serial drivers: bits per second.
    pub baud: Option<u32>,
    /// What it reads with.
    #[serde(default)]
    pub antennas: Vec<Antenna>,
}

/// One antenna of a reader.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Antenna {
    /// Counted from 1.
    pub port: u16,
    /// A lane or a zone.
    pub zone: Name,
    /// On the store's floor plan, metres.
    pub position: Option<[f64; 3]>,
    /// Boresight.
    pub facing: Option<[f64; 3]>,
    /// Of the antenna.
    pub gain_dbi: Option<f64>,
    /// What the reader sends into it.
    pub power_dbm: Option<f64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Lane {
    pub(super) id: Name,
    pub(super) flow: Option<String>,
    pub(super) area: Vec<Point>,
    pub(super) entry_line: [Point; 2],
    pub(super) exit_line: [Point; 2],
    pub(super) terminal: Option<Name>,
    pub(super) gate: Option<Name>,
    pub(super) group: Option<Name>,
    pub(super) by: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Zone {
    pub(super) id: Name,
    pub(super) kind: Option<String>,
    #[serde(default)]
    pub(super) area: Vec<Point>,
    // The published example has these two below a zone; there they speak for the lanes that name none of their own.
    pub(super) gate: Option<Name>,
    pub(super) group: Option<Name>,
}

/// A gate.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gate {
    /// Its name.
    pub id: Name,
    /// `simulated`, or `none` for a lane without a barrier.
    pub driver: String,
}

/// A payment terminal.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Terminal {
    /// Its name.
    pub id: Name,
    /// `simulated`.
    pub driver: String,
    /// On the store's floor plan, metres.
    pub position: Option<Point>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "checked here; what a camera can see is not weighed yet")]
pub(super) struct Camera {
    pub(super) id: Name,
    pub(super) position: Option<[f64; 3]>,
    #[serde(default)]
    pub(super) covers: Vec<Name>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "checked here; what lies on a scale is not weighed yet")]
pub(super) struct Scale {
    pub(super) id: Name,
    pub(super) zone: Name,
    #[serde(default)]
    pub(super) gtins: Vec<Name>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Fixture {
    pub(super) id: Name,
    pub(super) zone: Name,
    #[serde(rename = "box")]
    pub(super) corners: [[f64; 3]; 2],
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Decision {
    pub(super) by: Option<String>,
    pub(super) wrong_charge_minor: Option<i64>,
    pub(super) tap_limit_minor: Option<i64>,
    pub(super) terminal_answer_s: Option<f64>,
}
