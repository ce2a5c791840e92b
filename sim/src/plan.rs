//! The shop's plan: zones, racks, lanes, antennas, cameras, and its text in the contract's configuration format.
//! Says nothing of people or pieces.

use std::fmt::Write as _;

use crate::family::Manner;
use crate::space::{Ground, P2, P3, Rect};

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

/// Gen2 session and target, as a reader is set up for its task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Session {
    /// Tags answer again and again: session 0, both targets. For exits.
    S0Dual,
    /// Tags rest for a second or two after an answer: session 1, target A. For racks.
    S1Single,
}

/// A reader and its antennas.
#[derive(Clone, Debug)]
pub(crate) struct ReaderPlan {
    pub(crate) id: String,
    pub(crate) session: Session,
    pub(crate) antennas: Vec<Antenna>,
}

/// A way out.
#[derive(Clone, Debug)]
pub(crate) struct LanePlan {
    pub(crate) id: String,
    pub(crate) terminal: String,
    pub(crate) gate: String,
    /// The lane's area; its low y is the entry line, its high y the exit line.
    pub(crate) area: Rect,
    pub(crate) terminal_at: P2,
}

/// A rack or table.
#[derive(Clone, Debug)]
pub(crate) struct Fixture {
    pub(crate) id: String,
    pub(crate) zone: &'static str,
    pub(crate) area: Rect,
    pub(crate) height: f64,
}

impl Fixture {
    /// Where one stands before it: on the side towards y = 0 or on the other, `along` from 0 to 1.
    pub(crate) fn front(&self, near_side: bool, along: f64) -> P2 {
        let x = self.area.low.x + (self.area.high.x - self.area.low.x) * along;
        P2::new(x, if near_side { self.area.high.y + 0.45 } else { self.area.low.y - 0.45 })
    }
}

/// The whole shop.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) readers: Vec<ReaderPlan>,
    pub(crate) lanes: Vec<LanePlan>,
    pub(crate) fixtures: Vec<Fixture>,
    pub(crate) ground: Ground,
    pub(crate) entrance: P2,
    /// Where one stands inside each cubicle of the fitting room.
    pub(crate) cubicles: Vec<P2>,
    /// Where one waits for a cubicle.
    pub(crate) fitting_at: P2,
}

pub(crate) const CAMERA: &str = "cam-1";
pub(crate) const STOCKROOM: &str = "stockroom";
/// Where staff come from and cartons stand.
pub(crate) const STOCKROOM_AT: P2 = P2::new(-1.8, -8.0);
const FLOOR_WEST: Rect = Rect::new(-4.0, -6.3, 1.0, 0.0);
const FLOOR_EAST: Rect = Rect::new(1.0, -9.0, 6.0, 0.0);
const STOCKROOM_AREA: Rect = Rect::new(-4.0, -9.0, 1.0, -6.5);
const FITTING: &str = "fitting";
const FITTING_AREA: Rect = Rect::new(6.2, -5.4, 7.8, -1.6);
const CUBICLES: usize = 3;

impl Plan {
    pub(crate) fn of(manner: &Manner) -> Plan {
        let lanes: Vec<LanePlan> = (1..=manner.lanes)
            .map(|n| {
                // To the east first; the door is there, so a third lane is to the west.
                let x = if n < 3 { 1.8 * (n - 1) as f64 } else { -1.8 * (n - 2) as f64 };
                LanePlan {
                    id: format!("exit-{n}"),
                    terminal: format!("term-{n}"),
                    gate: format!("gate-{n}"),
                    area: Rect::new(x, 0.0, x + 1.2, 2.0),
                    terminal_at: P2::new(x + 0.6, 0.9),
                }
            })
            .collect();
        let mut readers: Vec<ReaderPlan> =
            lanes.iter().enumerate().map(|(n, lane)| exit_reader(n, lane)).collect();
        readers.push(floor_reader());
        let fixture = |id: &str, zone, area, height| Fixture { id: id.into(), zone, area, height };
        let mut fixtures = vec![
            fixture("rack-1", "floor-west", Rect::new(-3.4, -2.8, -1.4, -2.3), 1.6),
            fixture("rack-2", "floor-west", Rect::new(-3.4, -5.0, -1.4, -4.5), 1.6),
            fixture("rack-3", "floor-east", Rect::new(2.6, -3.1, 4.6, -2.6), 1.6),
            fixture("rack-4", "floor-east", Rect::new(2.6, -5.2, 4.6, -4.7), 1.6),
            fixture("rack-5", "floor-east", Rect::new(2.4, -7.6, 4.4, -7.1), 1.6),
            fixture("table-1", "floor-west", Rect::new(-0.4, -4.6, 0.6, -4.0), 0.8),
        ];
        if manner.rack_at_lane {
            fixtures.push(fixture("display-1", "floor-west", Rect::new(-1.1, -0.7, -0.5, -0.2), 1.5));
        }
        let mut walkable = vec![
            FLOOR_WEST,
            FLOOR_EAST,
            STOCKROOM_AREA,
            Rect::new(-1.0, -6.6, 0.0, -6.2),
            Rect::new(-4.0, 2.0, 8.0, 6.4),
            Rect::new(4.8, -0.3, 5.8, 2.2),
        ];
        walkable.extend(lanes.iter().map(|lane| {
            Rect::new(
                lane.area.low.x + 0.2,
                lane.area.low.y - 0.3,
                lane.area.high.x - 0.2,
                lane.area.high.y + 0.3,
            )
        }));
        let mut blocked: Vec<Rect> = fixtures.iter().map(|f| f.area).collect();
        let mut cubicles = Vec::new();
        if manner.tries_on > 0.0 {
            walkable.extend([FITTING_AREA, Rect::new(5.8, -3.8, 6.4, -3.2)]);
            for n in 0..CUBICLES {
                let y = FITTING_AREA.low.y + 0.7 + 1.2 * n as f64;
                cubicles.push(P2::new(7.3, y));
                if n > 0 {
                    blocked.push(Rect::new(6.95, y - 0.61, 7.8, y - 0.59));
                }
            }
        }
        // Who only passes by keeps half a step from the lanes' mouths.
        let apart = |lane: &LanePlan| {
            let Rect { low, high } = lane.area;
            Rect::new(low.x, low.y - 0.45, high.x, high.y + 0.45)
        };
        let areas: Vec<Rect> = lanes.iter().map(apart).collect();
        let ground = Ground::new(&walkable, &blocked).apart(&areas);
        let (entrance, fitting_at) = (P2::new(5.3, 4.5), P2::new(5.5, -3.5));
        Plan { readers, lanes, fixtures, ground, entrance, cubicles, fitting_at }
    }

    /// Where staff take returns in.
    pub(crate) fn returns_at(&self) -> P2 {
        P2::new(-0.5, -5.6)
    }

    /// Where the street is out of sight.
    pub(crate) fn street_y(&self) -> f64 {
        6.0
    }

    /// Metres of brick between two points: the stockroom's wall, crossed or not.
    pub(crate) fn walls_between(&self, a: P2, b: P2) -> usize {
        usize::from(STOCKROOM_AREA.holds(a) != STOCKROOM_AREA.holds(b))
    }

    /// The configuration as the contract has it; `address(reader)` is put in as each reader's `address`.
    pub(crate) fn config_toml(&self, address: impl Fn(&str) -> String) -> String {
        let mut out = String::from(
            "[store]\nid = \"0952005.05001.0\"\nname = \"Harbour Street\"\ncurrency = \"USD\"\n\
             timezone = \"America/New_York\"\nlocale = \"en\"\n",
        );
        // Writing into a String cannot fail.
        let _ = self.write_config(&mut out, address);
        out
    }

    fn write_config(&self, out: &mut String, address: impl Fn(&str) -> String) -> std::fmt::Result {
        for reader in &self.readers {
            writeln!(out, "\n[[readers]]\nid = \"{}\"\ndriver = \"llrp\"", reader.id)?;
            writeln!(out, "address = \"{}\"", address(&reader.id))?;
            for a in &reader.antennas {
                writeln!(out, "[[readers.antennas]]\nport = {}\nzone = \"{}\"", a.port, a.zone)?;
                writeln!(out, "position = [{:.2}, {:.2}, {:.2}]", a.at.x, a.at.y, a.at.z)?;
                writeln!(out, "facing = [{:.2}, {:.2}, {:.2}]", a.facing.x, a.facing.y, a.facing.z)?;
                writeln!(out, "gain_dbi = {:.1}\npower_dbm = {:.1}", a.gain_dbi, a.power_dbm)?;
            }
        }
        for lane in &self.lanes {
            let Rect { low, high } = lane.area;
            writeln!(out, "\n[[lanes]]\nid = \"{}\"\nflow = \"show-then-tap\"", lane.id)?;
            writeln!(out, "area = {}", polygon(&lane.area))?;
            writeln!(out, "entry_line = [[{:.2}, {:.2}], [{:.2}, {:.2}]]", low.x, low.y, high.x, low.y)?;
            writeln!(out, "exit_line = [[{:.2}, {:.2}], [{:.2}, {:.2}]]", low.x, high.y, high.x, high.y)?;
            writeln!(out, "terminal = \"{}\"\ngate = \"{}\"", lane.terminal, lane.gate)?;
            if self.lanes.len() > 1 {
                writeln!(out, "group = \"exits\"")?;
            }
        }
        let fitting = (!self.cubicles.is_empty()).then_some((FITTING, "fitting", FITTING_AREA));
        let zones = [
            ("floor-west", "floor", FLOOR_WEST),
            ("floor-east", "floor", FLOOR_EAST),
            (STOCKROOM, "stockroom", STOCKROOM_AREA),
        ];
        for (id, kind, area) in zones.into_iter().chain(fitting) {
            writeln!(out, "\n[[zones]]\nid = \"{id}\"\nkind = \"{kind}\"\narea = {}", polygon(&area))?;
        }
        for lane in &self.lanes {
            writeln!(out, "\n[[gates]]\nid = \"{}\"\ndriver = \"simulated\"", lane.gate)?;
        }
        for lane in &self.lanes {
            writeln!(out, "\n[[terminals]]\nid = \"{}\"\ndriver = \"simulated\"", lane.terminal)?;
            writeln!(out, "position = [{:.2}, {:.2}]", lane.terminal_at.x, lane.terminal_at.y)?;
        }
        let lanes = self.lanes.iter().map(|lane| format!("\"{}\", ", lane.id)).collect::<String>();
        writeln!(out, "\n[[cameras]]\nid = \"{CAMERA}\"\nposition = [0.60, -2.00, 2.80]")?;
        writeln!(out, "covers = [{lanes}\"floor-west\", \"floor-east\"]")?;
        for f in &self.fixtures {
            let Rect { low, high } = f.area;
            writeln!(out, "\n[[fixtures]]\nid = \"{}\"\nzone = \"{}\"", f.id, f.zone)?;
            writeln!(
                out,
                "box = [[{:.2}, {:.2}, 0.00], [{:.2}, {:.2}, {:.2}]]",
                low.x, low.y, high.x, high.y, f.height
            )?;
        }
        Ok(())
    }
}

fn polygon(r: &Rect) -> String {
    let Rect { low, high } = r;
    format!(
        "[[{:.2}, {:.2}], [{:.2}, {:.2}], [{:.2}, {:.2}], [{:.2}, {:.2}]]",
        low.x, low.y, high.x, low.y, high.x, high.y, low.x, high.y
    )
}

/// Two antennas over the lane, two low beside it: bodies shadow one side, seldom both.
fn exit_reader(n: usize, lane: &LanePlan) -> ReaderPlan {
    let Rect { low, high } = lane.area;
    let middle = (low.x + high.x) / 2.0;
    let antenna = |port, at, facing| Antenna {
        port,
        zone: lane.id.clone(),
        at,
        facing,
        gain_dbi: 6.0,
        power_dbm: 28.5,
    };
    let down = P3::new(0.0, 0.0, -1.0);
    ReaderPlan {
        id: format!("exit-{}", char::from(b'a' + (n % 26) as u8)),
        session: Session::S0Dual,
        antennas: vec![
            antenna(1, P3::new(middle, low.y + 0.3, 2.3), down),
            antenna(2, P3::new(middle, high.y - 0.3, 2.3), down),
            antenna(3, P3::new(low.x - 0.05, low.y + 1.0, 1.0), P3::new(1.0, 0.0, 0.0)),
            antenna(4, P3::new(high.x + 0.05, low.y + 1.0, 1.0), P3::new(-1.0, 0.0, 0.0)),
        ],
    }
}

fn floor_reader() -> ReaderPlan {
    let antenna = |port, zone: &str, x, y| Antenna {
        port,
        zone: zone.into(),
        at: P3::new(x, y, 2.7),
        facing: P3::new(0.0, 0.0, -1.0),
        gain_dbi: 6.0,
        power_dbm: 30.0,
    };
    ReaderPlan {
        id: "floor".into(),
        session: Session::S1Single,
        antennas: vec![
            antenna(1, "floor-west", -2.4, -2.5),
            antenna(2, "floor-west", -1.9, -4.6),
            antenna(3, "floor-east", 3.6, -2.9),
            antenna(4, "floor-east", 3.5, -5.9),
        ],
    }
}
