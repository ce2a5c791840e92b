//! The plan as geometry: where each lane begins and ends, which antennas read for it, how far a point is from it.
//! Nothing in here changes after the start, except that antennas which the plan does not name are numbered.

use std::sync::Arc;

use recording::Name;

use crate::Plan;
use crate::plan::{Lane, Point, ZoneKind};

/// Antennas that the plan does not name are numbered up to this many; reads of later ones are dropped.
const MOST_ANTENNAS: usize = 1024;

/// Where a lane's antenna is taken to hang when the plan does not say: over the middle of the lane, at the usual height.
const USUAL_HEIGHT_M: f64 = 2.2;

/// The height at which hands and bags carry pieces.
pub(crate) const CARRIED_HEIGHT_M: f64 = 1.0;

/// An antenna's number: its place in [`Field::antennas`].
pub(crate) type AntennaId = u16;

/// One antenna as the tracks need it.
pub(crate) struct AntennaField {
    pub(crate) reader: Name,
    pub(crate) port: u16,
    /// The lane it reads for.
    pub(crate) lane: Option<usize>,
    /// Where it hangs; for a lane's antenna without a place, over the middle of the lane.
    pub(crate) position: Option<[f64; 3]>,
    /// How far along its lane it hangs, from the entry line, metres; only where the plan says where it hangs.
    pub(crate) along: Option<f64>,
}

/// One lane as geometry.
pub(crate) struct LaneField {
    pub(crate) id: Name,
    pub(crate) area: Vec<Point>,
    pub(crate) antennas: Vec<AntennaId>,
    /// Its antennas come to it with a cart: what they read before is what lies in the cart, no rack.
    pub(crate) moves: bool,
    pub(crate) terminal: Option<Point>,
    pub(crate) centre: Point,
    entry: Point,
    axis: Point,
    /// From the entry line to the exit line, metres.
    pub(crate) length: f64,
}

/// The store as geometry.
pub(crate) struct Field {
    pub(crate) lanes: Vec<LaneField>,
    pub(crate) antennas: Vec<AntennaField>,
}

fn middle(line: [Point; 2]) -> Point {
    [(line[0][0] + line[1][0]) / 2.0, (line[0][1] + line[1][1]) / 2.0]
}

/// The distance of two points, metres.
pub(crate) fn distance(a: Point, b: Point) -> f64 {
    (a[0] - b[0]).hypot(a[1] - b[1])
}

fn distance_to_edge(p: Point, a: Point, b: Point) -> f64 {
    let (dx, dy) = (b[0] - a[0], b[1] - a[1]);
    let square = dx * dx + dy * dy;
    let share = if square > 0.0 { ((p[0] - a[0]) * dx + (p[1] - a[1]) * dy) / square } else { 0.0 };
    let share = share.clamp(0.0, 1.0);
    distance(p, [a[0] + share * dx, a[1] + share * dy])
}

/// Whether a point lies in a polygon (even-odd rule).
pub(crate) fn inside(area: &[Point], p: Point) -> bool {
    let mut within = false;
    for (a, b) in area.iter().zip(area.iter().cycle().skip(1)) {
        if (a[1] > p[1]) != (b[1] > p[1]) && p[0] < a[0] + (p[1] - a[1]) / (b[1] - a[1]) * (b[0] - a[0]) {
            within = !within;
        }
    }
    within
}

impl LaneField {
    fn new(plan: &Plan, lane: &Lane) -> LaneField {
        let (entry, exit) = (middle(lane.entry_line), middle(lane.exit_line));
        let length = distance(entry, exit);
        let axis = if length > 1e-6 {
            [(exit[0] - entry[0]) / length, (exit[1] - entry[1]) / length]
        } else {
            [0.0, 1.0]
        };
        let area = if lane.area.len() >= 3 {
            lane.area.clone()
        } else {
            let ([a, b], [c, d]) = (lane.entry_line, lane.exit_line);
            vec![a, b, d, c]
        };
        let terminal =
            plan.terminals.iter().find(|t| Some(&t.id) == lane.terminal.as_ref()).and_then(|t| t.position);
        let centre = [(entry[0] + exit[0]) / 2.0, (entry[1] + exit[1]) / 2.0];
        LaneField {
            id: lane.id.clone(),
            area,
            antennas: Vec::new(),
            moves: false,
            terminal,
            centre,
            entry,
            axis,
            length: length.max(1e-3),
        }
    }

    /// How far a point is from the entry line towards the exit line, metres; negative on the store's side.
    pub(crate) fn along(&self, p: Point) -> f64 {
        (p[0] - self.entry[0]) * self.axis[0] + (p[1] - self.entry[1]) * self.axis[1]
    }

    /// The part of a speed that goes from entry to exit, m/s.
    pub(crate) fn speed_along(&self, velocity: Point) -> f64 {
        velocity[0] * self.axis[0] + velocity[1] * self.axis[1]
    }

    /// How far a point is from the lane's area, metres; 0 inside.
    pub(crate) fn distance(&self, p: Point) -> f64 {
        if inside(&self.area, p) {
            return 0.0;
        }
        let edges = self.area.iter().zip(self.area.iter().cycle().skip(1));
        edges.map(|(a, b)| distance_to_edge(p, *a, *b)).fold(f64::INFINITY, f64::min)
    }
}

impl Field {
    pub(crate) fn new(plan: &Arc<Plan>) -> Field {
        let mut lanes: Vec<LaneField> = plan.lanes.iter().map(|lane| LaneField::new(plan, lane)).collect();
        let mut antennas = Vec::new();
        for antenna in plan.antennas.iter().take(MOST_ANTENNAS) {
            let by_name = lanes.iter().position(|lane| lane.id == antenna.zone);
            // An antenna of a zone "near the way out" that hangs over a lane reads for that lane.
            let near_exit = plan.zones.iter().any(|z| z.id == antenna.zone && z.kind == ZoneKind::Exit);
            let lane = by_name.or_else(|| {
                let at = antenna.position.filter(|_| near_exit)?;
                lanes.iter().position(|lane| lane.distance([at[0], at[1]]) < 0.5)
            });
            let along =
                lane.and_then(|l| lanes.get(l)).zip(antenna.position).map(|(l, at)| l.along([at[0], at[1]]));
            let over_lane = || {
                let lane = lanes.get(lane?)?;
                Some([lane.centre[0], lane.centre[1], USUAL_HEIGHT_M])
            };
            let position = antenna.position.or_else(over_lane).filter(|_| !antenna.moves);
            if let Some(lane) = lane.and_then(|l| lanes.get_mut(l)) {
                lane.antennas.push(antennas.len() as AntennaId);
                lane.moves |= antenna.moves;
            }
            antennas.push(AntennaField {
                reader: antenna.reader.clone(),
                port: antenna.port,
                lane,
                position,
                along,
            });
        }
        Field { lanes, antennas }
    }

    /// The number of a reader's port. A port that the plan does not name gets one too, so that its reads are known.
    pub(crate) fn antenna(&mut self, reader: &Name, port: u16) -> Option<AntennaId> {
        let known =
            |a: &AntennaField| a.port == port && (Arc::ptr_eq(&a.reader, reader) || a.reader == *reader);
        if let Some(at) = self.antennas.iter().position(known) {
            return Some(at as AntennaId);
        }
        if self.antennas.len() >= MOST_ANTENNAS {
            return None;
        }
        self.antennas.push(AntennaField {
            reader: reader.clone(),
            port,
            lane: None,
            position: None,
            along: None,
        });
        Some((self.antennas.len() - 1) as AntennaId)
    }

    /// The lane that an antenna reads for.
    pub(crate) fn lane_of(&self, antenna: AntennaId) -> Option<usize> {
        self.antennas.get(usize::from(antenna)).and_then(|a| a.lane)
    }
}
