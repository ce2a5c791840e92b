//! From a shop's file to its plan: every name resolved, every number held against what a shop can be. Each error names
//! the entry, what is wrong with it, and what would be right.

use super::file::{self, File, Simulation};
use super::{
    Antenna, CameraPlan, Door, Driver, Entrance, Fixture, LanePlan, Load, Plan, PlanError, ReaderPlan,
    ScalePlan, Stock, Tray, Wall, Zone, inside,
};
use crate::gen2::Setup;
use crate::senses::Light;
use crate::space::{Ground, P2, P3, Rect};
use crate::words::nearest_field;

/// A plan does not reach farther than this from its [0, 0], metres.
const FARTHEST_M: f64 = 150.0;
/// Half of what a wall takes from the floor, metres; more than half a diagonal of the walking grid.
const WALL_M: f64 = 0.2;

/// What usual walls take, dB one way near 900 MHz. Orders of magnitude as ITU-R P.2040 has them; `loss_db` says better.
/// From edge to edge, radians.
const FISHEYE: f64 = 3.1;
const MATERIALS: [(&str, f64); 5] =
    [("brick", 10.0), ("concrete", 15.0), ("plasterboard", 3.0), ("glass", 2.0), ("metal", 40.0)];

pub(super) fn plan(text: &str, name: &str) -> Result<Plan, PlanError> {
    let wrong = |place: String, reason: String| PlanError::Wrong { place, reason };
    let read = toml::from_str::<File>(text).and_then(|file| Ok((file, toml::from_str::<toml::Table>(text)?)));
    let (file, table) = read.map_err(|error| {
        let before = error.span().and_then(|span| text.get(..span.start));
        let place = match before {
            Some(before) => format!("{name}, line {}", 1 + before.matches('\n').count()),
            None => name.to_owned(),
        };
        wrong(place, nearest_field(error.message()))
    })?;
    checked(file, table).map_err(|reason| wrong(name.to_owned(), reason))
}

fn checked(file: File, table: toml::Table) -> Result<Plan, String> {
    let Some(simulation) = &file.simulation else {
        return Err(
            "the section [simulation] is missing: the simulated store must know where people come in \
                    ([[simulation.entrances]]) and what lies on which fixture ([[simulation.stock]])"
                .into(),
        );
    };
    let zones: Vec<Zone> = file
        .zones
        .iter()
        .map(|zone| {
            Ok(Zone { id: zone.id.clone(), area: polygon(&zone.area, &format!("zone `{}`", zone.id))? })
        })
        .collect::<Result<_, String>>()?;
    let lanes: Vec<LanePlan> = file.lanes.iter().map(|l| lane(l, &file)).collect::<Result<_, _>>()?;
    if lanes.is_empty() {
        return Err("there is no [[lanes]]: a shop needs a way out".into());
    }
    let known: Vec<&str> =
        file.lanes.iter().map(|l| l.id.as_str()).chain(file.zones.iter().map(|z| z.id.as_str())).collect();
    let readers: Vec<ReaderPlan> =
        file.readers.iter().map(|r| reader(r, &lanes, &known, simulation)).collect::<Result<_, _>>()?;
    let names: Vec<&str> = readers.iter().map(|reader| reader.id.as_str()).collect();
    for reader in &simulation.readers {
        let what = format!("[[simulation.readers]] `{}`", reader.id);
        one_of(&reader.id, &names, &format!("{what}, id"))?;
        reader.setup.check().map_err(|reason| format!("{what}, setup: {reason}"))?;
    }
    if let Some(first) = readers.first()
        && let Some(other) = readers.iter().find(|other| other.setup.region != first.setup.region)
    {
        return Err(format!(
            "readers `{}` and `{}` are in different regions: give every reader's setup the same region",
            first.id, other.id
        ));
    }
    for fault in &simulation.faults {
        one_of(&fault.reader, &names, "[[simulation.faults]] reader")?;
        fault.check().map_err(|reason| format!("[[simulation.faults]] of `{}`: {reason}", fault.reader))?;
    }
    if readers.iter().all(|r| r.antennas.is_empty()) {
        return Err("no [[readers]] has an antenna: without one nothing is read".into());
    }
    let fixtures: Vec<Fixture> =
        file.fixtures.iter().map(|f| fixture(f, &known)).collect::<Result<_, _>>()?;
    let cameras =
        file.cameras.iter().map(|c| camera(c, &known, &simulation.lenses)).collect::<Result<Vec<_>, _>>()?;
    let stock = simulation.stock.iter().map(|s| stock(s, &fixtures)).collect::<Result<Vec<_>, _>>()?;
    if stock.is_empty() {
        return Err("[simulation] has no [[simulation.stock]]: say what lies on which fixture".into());
    }
    let trays = simulation.trays.iter().map(|t| tray(t, &lanes)).collect::<Result<Vec<_>, _>>()?;
    let on = (fixtures.as_slice(), stock.as_slice(), trays.as_slice());
    let scales = file.scales.iter().map(|s| scale(s, &known, on)).collect::<Result<Vec<_>, _>>()?;
    let walls = simulation.walls.iter().map(wall).collect::<Result<Vec<_>, _>>()?;
    let doors = simulation.doors.iter().map(door).collect::<Result<Vec<_>, _>>()?;
    let ground = ground(&lanes, &zones, &fixtures, simulation, (&walls, &doors))?;
    let entrances = entrances(simulation, &ground, &lanes)?;
    let at = |p: Option<[f64; 2]>, key: &str| p.map(|p| spot(p, &ground, key)).transpose();
    let room = file.zones.iter().position(|zone| zone.kind.as_deref() == Some("stockroom"));
    let room = room.and_then(|at| zones.get(at));
    let first_inside = entrances.first().map_or(P2::default(), |e| e.inside);
    let stockroom_at = match (at(simulation.staff_entry, "staff_entry")?, room) {
        (Some(at), _) => at,
        (None, Some(room)) => middle(&room.area),
        (None, None) => first_inside,
    };
    let main = entrances.iter().reduce(|a, b| if b.share > a.share { b } else { a });
    let (entrance, main_inside) = main.map_or((first_inside, first_inside), |e| (e.street, e.inside));
    let cubicles = simulation.cubicles.iter().map(|&at| spot(at, &ground, "[simulation] cubicles"));
    let (racks, tables) = shelves(&stock);
    let sources = sources(&cameras, &scales, &lanes);
    one_of_each(simulation, &sources)?;
    let sense_faults = simulation.sense_faults.clone();
    let plan = Plan {
        racks,
        tables,
        light: light(simulation)?,
        desk: at(simulation.desk, "desk")?.unwrap_or(first_inside),
        cubicles: cubicles.collect::<Result<_, String>>()?,
        fitting_at: at(simulation.fitting_wait, "fitting_wait")?.unwrap_or(main_inside),
        // The last steps before the drawing ends.
        street_y: ground.bounds().high.y - 0.4,
        entrance,
        stockroom: room.map(|room| room.id.clone()).unwrap_or_default(),
        stockroom_pieces: simulation.stockroom_pieces.map(|pieces| pieces.min(1_000)),
        floors: floors(simulation, &zones)?,
        faults: simulation.faults.clone(),
        trays,
        table,
        readers,
        lanes,
        fixtures,
        zones,
        cameras,
        scales,
        ground,
        entrances,
        stockroom_at,
        stock,
        sense_faults,
        walls,
        doors,
        rooms_by_place: false,
    };
    let mut stocked = plan.stock.iter().filter_map(|stock| plan.fixtures.get(stock.fixture));
    if let Some(fixture) = stocked.find(|fixture| !in_reach(fixture, &plan.ground)) {
        return Err(format!(
            "fixture `{}`, box: nobody can stand before it; half a metre of floor on one of its sides, clear of walls",
            fixture.id
        ));
    }
    Ok(plan)
}

fn number(value: f64, what: &str) -> Result<f64, String> {
    if value.is_finite() && value.abs() <= FARTHEST_M {
        Ok(value)
    } else {
        Err(format!("{what}: {value} is no length on a floor plan; metres, at most {FARTHEST_M} from [0, 0]"))
    }
}

fn point([x, y]: [f64; 2], what: &str) -> Result<P2, String> {
    Ok(P2::new(number(x, what)?, number(y, what)?))
}

fn point3([x, y, z]: [f64; 3], what: &str) -> Result<P3, String> {
    Ok(P3::new(number(x, what)?, number(y, what)?, number(z, what)?))
}

fn polygon(corners: &[[f64; 2]], what: &str) -> Result<Vec<P2>, String> {
    corners.iter().map(|&corner| point(corner, &format!("{what}, area"))).collect()
}

/// The rectangle around some corners.
fn around(corners: &[P2]) -> Option<Rect> {
    let (first, rest) = corners.split_first()?;
    let one = Rect { low: *first, high: *first };
    Some(rest.iter().fold(one, |r, p| {
        Rect::new(r.low.x.min(p.x), r.low.y.min(p.y), r.high.x.max(p.x), r.high.y.max(p.y))
    }))
}

fn middle(corners: &[P2]) -> P2 {
    around(corners).map_or(P2::default(), |r| r.low.plus(r.high).times(0.5))
}

fn one_of(name: &str, known: &[&str], what: &str) -> Result<(), String> {
    if known.contains(&name) {
        return Ok(());
    }
    let near = crate::words::nearest(name, known.iter().copied());
    let near = near.map_or(String::new(), |near| format!("; did you mean `{near}`?"));
    Err(format!("{what}: there is no `{name}` (there are {}){near}", known.join(", ")))
}

fn lane(lane: &file::Lane, file: &File) -> Result<LanePlan, String> {
    let what = format!("lane `{}`", lane.id);
    let corners = polygon(&lane.area, &what)?;
    let upright = around(&corners).filter(|r| {
        corners.len() == 4
            && corners
                .iter()
                .all(|p| (p.x == r.low.x || p.x == r.high.x) && (p.y == r.low.y || p.y == r.high.y))
            && r.high.x - r.low.x >= 0.6
            && r.high.y - r.low.y >= 0.6
    });
    let Some(area) = upright else {
        return Err(format!(
            "{what}, area: in a simulated store a lane is an upright rectangle of at least 0.6 m by 0.6 m, four corners"
        ));
    };
    let across = |line: &[[f64; 2]; 2], y: f64| line.iter().all(|[_, at]| (at - y).abs() < 0.05);
    if !across(&lane.entry_line, area.low.y) || !across(&lane.exit_line, area.high.y) {
        return Err(format!(
            "{what}: in a simulated store people leave towards higher y: entry_line at y = {}, exit_line at y = {}",
            area.low.y, area.high.y
        ));
    }
    let Some(terminal) = &lane.terminal else {
        return Err(format!(
            "{what}: terminal is missing: shoppers hold their cards to one, such as \"term-1\""
        ));
    };
    let stands = file.terminals.iter().find(|t| &t.id == terminal);
    if stands.is_none() && !file.terminals.is_empty() {
        let known: Vec<&str> = file.terminals.iter().map(|t| t.id.as_str()).collect();
        one_of(terminal, &known, &format!("{what}, terminal"))?;
    }
    let terminal_at = match stands.and_then(|t| t.position) {
        Some(at) => point(at, &format!("terminal `{terminal}`, position"))?,
        None => middle(&corners),
    };
    Ok(LanePlan {
        id: lane.id.clone(),
        terminal: terminal.clone(),
        tap_then_walk: lane.flow.as_deref() == Some("tap-then-walk"),
        area,
        terminal_at,
    })
}

fn reader(
    reader: &file::Reader,
    lanes: &[LanePlan],
    known: &[&str],
    simulation: &Simulation,
) -> Result<ReaderPlan, String> {
    let antenna = |a: &file::Antenna| {
        let what = format!("reader `{}`, antenna {}", reader.id, a.port);
        one_of(&a.zone, known, &format!("{what}, zone"))?;
        let Some(position) = a.position else {
            return Err(format!(
                "{what}: position is missing: [x, y, height] in metres, such as [0.6, 0.3, 2.3]"
            ));
        };
        let facing = point3(a.facing.unwrap_or([0.0, 0.0, -1.0]), &format!("{what}, facing"))?;
        if facing.length() < 1e-3 {
            return Err(format!("{what}, facing: a direction such as [0.0, 0.0, -1.0] for straight down"));
        }
        let (gain_dbi, power_dbm) = (a.gain_dbi.unwrap_or(6.0), a.power_dbm.unwrap_or(28.5));
        if !(-10.0..=20.0).contains(&gain_dbi) {
            return Err(format!(
                "{what}, gain_dbi {gain_dbi}: -10 to 20, as its data sheet says; usual is 6"
            ));
        }
        if !(0.0..=36.0).contains(&power_dbm) {
            return Err(format!("{what}, power_dbm {power_dbm}: 0 to 36; usual is 28.5"));
        }
        Ok(Antenna {
            port: a.port,
            zone: a.zone.clone(),
            at: point3(position, &format!("{what}, position"))?,
            facing: facing.times(1.0 / facing.length()),
            gain_dbi,
            power_dbm,
        })
    };
    let antennas: Vec<Antenna> = reader.antennas.iter().map(antenna).collect::<Result<_, _>>()?;
    let at_a_lane = antennas.iter().any(|a| lanes.iter().any(|lane| lane.id == a.zone));
    let said = simulation.readers.iter().find(|said| said.id == reader.id).map(|said| said.setup.clone());
    let setup = said.unwrap_or_else(|| if at_a_lane { Setup::exit() } else { Setup::rack() });
    let driver = reader.driver.as_deref().unwrap_or("llrp");
    let driver = Driver::ALL.into_iter().find(|known| known.name() == driver).ok_or_else(|| {
        let names = Driver::ALL.map(Driver::name).join(", ");
        format!("reader `{}`: there is no driver `{driver}`; there are {names}", reader.id)
    })?;
    Ok(ReaderPlan { id: reader.id.clone(), driver, setup, antennas })
}

fn fixture(fixture: &file::Fixture, known: &[&str]) -> Result<Fixture, String> {
    let what = format!("fixture `{}`", fixture.id);
    one_of(&fixture.zone, known, &format!("{what}, zone"))?;
    let [a, b] = fixture.corners;
    let (a, b) = (point3(a, &format!("{what}, box"))?, point3(b, &format!("{what}, box"))?);
    let height = a.z.max(b.z);
    if !(0.1..=4.0).contains(&height) {
        return Err(format!("{what}, box: {height} m high; 0.1 to 4, the third number of its upper corner"));
    }
    let area = Rect::new(a.x.min(b.x), a.y.min(b.y), a.x.max(b.x), a.y.max(b.y));
    Ok(Fixture { id: fixture.id.clone(), zone: fixture.zone.clone(), area, height })
}

fn camera(camera: &file::Camera, known: &[&str], lenses: &[file::Lens]) -> Result<CameraPlan, String> {
    let what = format!("camera `{}`", camera.id);
    for covered in &camera.covers {
        one_of(covered, known, &format!("{what}, covers"))?;
    }
    let at = point3(camera.position.unwrap_or([0.0, 0.0, 2.8]), &format!("{what}, position"))?;
    // Of which nothing is said hangs as a fisheye under the ceiling and sees all around.
    let lens = lenses.iter().find(|lens| lens.camera == camera.id);
    let (facing, field_of_view) = lens.map_or(([0.0, 0.0, -1.0], FISHEYE), |l| (l.facing, l.field_of_view));
    let facing = point3(facing, &format!("{what}, facing"))?;
    if !(0.3..=3.2).contains(&field_of_view) || facing.length() < 1e-3 {
        return Err(format!(
            "[[simulation.lenses]] of {what}: field_of_view {field_of_view} must be 0.3 to 3.2 radians, and facing a direction \
             such as [0.0, 1.0, -0.5]"
        ));
    }
    Ok(CameraPlan { id: camera.id.clone(), at, facing, field_of_view })
}

fn scale(
    scale: &file::Scale,
    known: &[&str],
    (fixtures, stock, trays): (&[Fixture], &[Stock], &[Tray]),
) -> Result<ScalePlan, String> {
    let what = format!("scale `{}`", scale.id);
    one_of(&scale.zone, known, &format!("{what}, zone"))?;
    let products = crate::stock::products();
    let lies = |stock: &Stock| {
        products.iter().any(|p| stock.holds(&p.sku) && scale.gtins.iter().any(|gtin| *gtin == *p.gtin))
    };
    let in_zone = |at: &usize| fixtures.get(*at).is_some_and(|f| f.zone == scale.zone);
    let tray =
        trays.iter().find(|tray| tray.scale.as_ref() == Some(&scale.id)).map(|tray| Load::Tray(tray.lane));
    let fixture = stock.iter().filter(|s| in_zone(&s.fixture)).find(|s| lies(s)).map(|s| s.fixture);
    let load = tray.or(fixture.or_else(|| (0..fixtures.len()).find(in_zone)).map(Load::Fixture));
    let Some(load) = load else {
        return Err(format!(
            "{what}: nothing stands on it: no [[fixtures]] in its zone, and no [[simulation.trays]] names it"
        ));
    };
    Ok(ScalePlan { id: scale.id.clone(), zone: scale.zone.clone(), load })
}

fn stock(stock: &file::Stock, fixtures: &[Fixture]) -> Result<Stock, String> {
    let known: Vec<&str> = fixtures.iter().map(|f| f.id.as_str()).collect();
    one_of(&stock.fixture, &known, "[[simulation.stock]] fixture")?;
    let all = crate::stock::products();
    let made = Stock {
        fixture: known.iter().position(|id| *id == stock.fixture).unwrap_or(0),
        products: stock.products.clone(),
        pieces: stock.pieces.map(|pieces| pieces.min(1_000)),
    };
    for named in &made.products {
        let one = Stock { products: vec![named.clone()], ..made.clone() };
        if !all.iter().any(|p| one.holds(&p.sku)) {
            let near = crate::words::nearest(named, all.iter().map(|p| p.sku.as_str())).unwrap_or_default();
            return Err(format!(
                "[[simulation.stock]] for `{}`: no product is called `{named}`; a SKU or how one begins, such as `{near}`",
                stock.fixture
            ));
        }
    }
    Ok(made)
}

/// Whether one can stand on one of a fixture's sides.
fn in_reach(fixture: &Fixture, ground: &Ground) -> bool {
    let Rect { low, high } = fixture.area;
    let middle = low.plus(high).times(0.5);
    let sides = [
        P2::new(middle.x, low.y - 0.45),
        P2::new(middle.x, high.y + 0.45),
        P2::new(low.x - 0.45, middle.y),
        P2::new(high.x + 0.45, middle.y),
    ];
    sides.into_iter().any(|p| ground.stands(p))
}

/// The fixtures of tagged and of untagged goods. A display (which says how much hangs there) is looked at, not emptied.
fn shelves(stock: &[Stock]) -> (Vec<usize>, Vec<usize>) {
    let products = crate::stock::products();
    let mut racks: Vec<usize> = Vec::new();
    let mut tables: Vec<usize> = Vec::new();
    for entry in stock {
        let mut held = products.iter().filter(|p| entry.holds(&p.sku));
        let to = if held.any(|p| !p.tagged) { &mut tables } else { &mut racks };
        if entry.pieces.is_none() && !to.contains(&entry.fixture) {
            to.push(entry.fixture);
        }
    }
    if racks.is_empty() {
        racks = stock.iter().map(|entry| entry.fixture).collect();
    }
    if tables.is_empty() {
        tables.clone_from(&racks);
    }
    (racks, tables)
}

/// Names of everything that senses: cameras, scales, and lanes for their beams.
fn sources<'a>(cameras: &'a [CameraPlan], scales: &'a [ScalePlan], lanes: &'a [LanePlan]) -> Vec<&'a str> {
    let cameras = cameras.iter().map(|camera| camera.id.as_str());
    let scales = scales.iter().map(|scale| scale.id.as_str());
    cameras.chain(scales).chain(lanes.iter().map(|lane| lane.id.as_str())).collect()
}

/// What is said of lenses and of what will fail is of something that is there.
fn one_of_each(simulation: &Simulation, sources: &[&str]) -> Result<(), String> {
    for lens in &simulation.lenses {
        one_of(&lens.camera, sources, "[[simulation.lenses]] camera")?;
    }
    for fault in &simulation.sense_faults {
        one_of(&fault.source, sources, "[[simulation.sense_faults]] source")?;
        if !(0.0 <= fault.from_s && fault.from_s < fault.to_s && fault.to_s.is_finite()) {
            return Err(format!(
                "[[simulation.sense_faults]] of `{}`: from_s {} to to_s {}; seconds since the opening, the first one less",
                fault.source, fault.from_s, fault.to_s
            ));
        }
    }
    Ok(())
}

fn wall(wall: &file::Wall) -> Result<Wall, String> {
    let what = "[[simulation.walls]]";
    let loss_db = match (wall.loss_db, MATERIALS.iter().find(|(name, _)| *name == wall.material)) {
        (Some(db), _) if (0.0..=100.0).contains(&db) => db,
        (Some(db), _) => return Err(format!("{what} loss_db {db}: 0 to 100 dB, one way")),
        (None, Some((_, db))) => *db,
        (None, None) => {
            let known: Vec<&str> = MATERIALS.iter().map(|(name, _)| *name).collect();
            return one_of(&wall.material, &known, &format!("{what} material")).and(Err(String::new()));
        }
    };
    Ok(Wall {
        from: point(wall.from, what)?,
        to: point(wall.to, what)?,
        loss_db,
        glass: wall.material == "glass",
    })
}

fn door(door: &file::Door) -> Result<Door, String> {
    let at = point(door.at, "[[simulation.doors]] at")?;
    if !(0.8..=20.0).contains(&door.width) {
        return Err(format!(
            "[[simulation.doors]] width {}: 0.8 to 20 m, or nobody gets through",
            door.width
        ));
    }
    Ok(Door { at, width: door.width })
}

/// Where feet can go: zones, lanes and what is said to be walkable, less fixtures and walls.
fn ground(
    lanes: &[LanePlan],
    zones: &[Zone],
    fixtures: &[Fixture],
    simulation: &Simulation,
    (walls, doors): (&[Wall], &[Door]),
) -> Result<Ground, String> {
    let mut areas: Vec<Vec<P2>> = zones.iter().map(|z| z.area.clone()).filter(|a| a.len() > 2).collect();
    for walkable in &simulation.walkable {
        areas.push(polygon(&walkable.area, "[[simulation.walkable]]")?);
    }
    // Who only passes by keeps half a step from the lanes' mouths.
    let own: Vec<Rect> = lanes
        .iter()
        .map(|l| {
            let Rect { low, high } = l.area;
            Rect::new(low.x, low.y - 0.45, high.x, high.y + 0.45)
        })
        .collect();
    // A lane has posts: one walks in its middle, and a step beyond either line.
    let lanes: Vec<Rect> = lanes
        .iter()
        .map(|l| {
            let Rect { low, high } = l.area;
            Rect::new(low.x + 0.2, low.y - 0.3, high.x - 0.2, high.y + 0.3)
        })
        .collect();
    let corners: Vec<P2> =
        areas.iter().flatten().copied().chain(lanes.iter().flat_map(|r| [r.low, r.high])).collect();
    let bounds = around(&corners).unwrap_or(Rect::new(0.0, 0.0, 1.0, 1.0));
    let through = |p: P2| doors.iter().any(|door| door.at.to(p) < door.width / 2.0);
    Ok(Ground::over(bounds, |p| {
        (areas.iter().any(|area| inside(area, p)) || lanes.iter().any(|r| r.holds(p)))
            && !fixtures.iter().any(|f| f.area.grown(0.25).holds(p))
            && (through(p) || !walls.iter().any(|wall| near(wall, p) < WALL_M))
    })
    .apart(&own))
}

/// Metres from a point to a wall.
fn near(wall: &Wall, p: P2) -> f64 {
    let along = wall.to.minus(wall.from);
    let square = along.x * along.x + along.y * along.y;
    let off = p.minus(wall.from);
    let t = if square > 0.0 { ((off.x * along.x + off.y * along.y) / square).clamp(0.0, 1.0) } else { 0.0 };
    p.to(wall.from.plus(along.times(t)))
}

/// A point where somebody stands: it must be floor.
fn spot(at: [f64; 2], ground: &Ground, what: &str) -> Result<P2, String> {
    let p = point(at, what)?;
    if ground.clear(p, p) {
        Ok(p)
    } else {
        Err(format!(
            "{what} [{}, {}]: nobody can stand there; a point in a zone, clear of fixtures and walls",
            p.x, p.y
        ))
    }
}

fn entrances(simulation: &Simulation, ground: &Ground, lanes: &[LanePlan]) -> Result<Vec<Entrance>, String> {
    let mut entrances = Vec::new();
    for entrance in &simulation.entrances {
        let what = "[[simulation.entrances]]";
        let street = spot(entrance.street, ground, &format!("{what} street"))?;
        let inside = spot(entrance.inside, ground, &format!("{what} inside"))?;
        let share = entrance.share.unwrap_or(1.0);
        if !(share.is_finite() && share > 0.0) {
            return Err(format!("{what} share {share}: above 0"));
        }
        let middles = lanes.iter().map(|l| (l.id.as_str(), l.area.low.plus(l.area.high).times(0.5)));
        for (place, to) in std::iter::once(("its inside", inside)).chain(middles) {
            if !ground.leads(street, to) {
                return Err(format!(
                    "{what} street [{}, {}]: no way leads from there to {place}; join them with [[simulation.walkable]] or a door",
                    street.x, street.y
                ));
            }
        }
        entrances.push(Entrance { street, inside, share });
    }
    if entrances.is_empty() {
        return Err("[simulation] has no [[simulation.entrances]]: say where people come in".into());
    }
    Ok(entrances)
}

fn light(simulation: &Simulation) -> Result<Light, String> {
    match simulation.light.as_deref() {
        None | Some("bright") => Ok(Light::Normal),
        Some("dim") => Ok(Light::Dim),
        Some("night") => Ok(Light::Night),
        Some(other) => Err(format!("[simulation] light `{other}`: bright, dim or night")),
    }
}

fn floors(simulation: &Simulation, zones: &[Zone]) -> Result<Vec<Vec<usize>>, String> {
    let known: Vec<&str> = zones.iter().map(|z| z.id.as_str()).collect();
    let floor = |floor: &file::Floor| {
        let zone = |id: &String| {
            one_of(id, &known, &format!("[[simulation.floors]] `{}`, zones", floor.id))?;
            Ok(known.iter().position(|k| k == id).unwrap_or(0))
        };
        floor.zones.iter().map(zone).collect::<Result<Vec<usize>, String>>()
    };
    simulation.floors.iter().map(floor).collect()
}

fn tray(tray: &file::Tray, lanes: &[LanePlan]) -> Result<Tray, String> {
    let known: Vec<&str> = lanes.iter().map(|l| l.id.as_str()).collect();
    one_of(&tray.lane, &known, "[[simulation.trays]] lane")?;
    let [a, b] = tray.corners;
    let (a, b) = (point3(a, "[[simulation.trays]] box")?, point3(b, "[[simulation.trays]] box")?);
    Ok(Tray {
        lane: known.iter().position(|id| *id == tray.lane).unwrap_or(0),
        low: P3::new(a.x.min(b.x), a.y.min(b.y), a.z.min(b.z)),
        high: P3::new(a.x.max(b.x), a.y.max(b.y), a.z.max(b.z)),
        scale: tray.scale.clone(),
    })
}
