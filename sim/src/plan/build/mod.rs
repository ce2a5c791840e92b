//! From a shop's file to its plan: every name resolved, every number held against what a shop can be. Each error names
//! the entry, what is wrong with it, and what would be right.

mod carts;
mod floor;
mod goods;
mod lanes;
mod readers;
mod senses;
mod values;

use super::file::File;
use super::{CABIN_M, Fixture, LanePlan, Plan, PlanError, Walls, Zone};
use crate::space::P2;
use crate::words::nearest_field;
use carts::carts;
use floor::{door, entrances, floors, ground, in_reach, lift, spot, wall};
use goods::{fixture, scale, shelves, stock};
use lanes::{lane, tray};
use readers::{feed, readers};
use senses::{camera, light, one_of_each, sources};
use values::{middle, polygon};

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
    let readers = readers(&file, &lanes, &known, simulation)?;
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
    let mut floors = floors(simulation, &zones)?;
    let lifts = simulation.lifts.iter().map(|l| lift(l, floors.len(), &ground));
    let lifts = lifts.collect::<Result<Vec<_>, _>>()?;
    for lift in &lifts {
        for (floor, cabin) in floors.iter_mut().zip(&lift.cabin) {
            let corner = |x: f64, y: f64| cabin.plus(P2::new(x * CABIN_M, y * CABIN_M));
            floor.push(vec![corner(-1.0, -1.0), corner(1.0, -1.0), corner(1.0, 1.0), corner(-1.0, 1.0)]);
        }
    }
    let carts = carts(&file, simulation, &lanes, &ground)?;
    let cubicles = simulation.cubicles.iter().map(|&at| spot(at, &ground, "[simulation] cubicles"));
    let (racks, tables) = shelves(&stock);
    let sources = sources(&cameras, &scales, &lanes);
    one_of_each(simulation, &sources)?;
    let sense_faults = simulation.sense_faults.clone();
    let feeds = simulation.antennas.iter().map(|said| feed(said, &readers)).collect::<Result<_, _>>()?;
    let plan = Plan {
        gates: super::gates::gates(&file, &lanes, &readers),
        feeds,
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
        lifts,
        carts,
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
        walls: Walls { walls, doors, floors },
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
