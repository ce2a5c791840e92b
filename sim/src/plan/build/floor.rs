//! The floor: where feet can go, walls and doors, entrances, and floors one above the other.

use super::values::{around, one_of, point, polygon};
use crate::plan::file::{self, Simulation};
use crate::plan::walls::Door;
use crate::plan::{Entrance, Fixture, LanePlan, Lift, Wall, Zone, inside};
use crate::radio::{Material, Slab};
use crate::space::{Ground, P2, Rect};

/// Half of what a wall takes from the floor, metres; more than half a diagonal of the walking grid.
const WALL_M: f64 = 0.2;

pub(super) fn wall(wall: &file::Wall) -> Result<Wall, String> {
    let what = "[[simulation.walls]]";
    let known = Material::ALL.map(|material| material.name);
    one_of(&wall.material, &known, &format!("{what} material"))?;
    let material = Material::ALL.into_iter().find(|material| material.name == wall.material);
    let material = material.ok_or_else(|| format!("{what} material `{}`", wall.material))?;
    let thickness_m = wall.thickness.unwrap_or(material.thickness_m);
    if !(0.0005..=2.0).contains(&thickness_m) {
        return Err(format!("{what} thickness {thickness_m}: 0.0005 to 2 m"));
    }
    let slab = Slab::new(material, thickness_m);
    let slab = match wall.loss_db {
        Some(db) if !(0.0..=100.0).contains(&db) => {
            return Err(format!("{what} loss_db {db}: 0 to 100 dB, one way"));
        }
        Some(db) => slab.losing(db),
        None => slab,
    };
    Ok(Wall {
        from: point(wall.from, what)?,
        to: point(wall.to, what)?,
        slab,
        glass: material.name == "glass",
    })
}

pub(super) fn door(door: &file::Door) -> Result<Door, String> {
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
pub(super) fn ground(
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
pub(super) fn spot(at: [f64; 2], ground: &Ground, what: &str) -> Result<P2, String> {
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

/// Whether one can stand on one of a fixture's sides.
pub(super) fn in_reach(fixture: &Fixture, ground: &Ground) -> bool {
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

pub(super) fn entrances(
    simulation: &Simulation,
    ground: &Ground,
    lanes: &[LanePlan],
) -> Result<Vec<Entrance>, String> {
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

/// Areas of each floor's zones.
pub(super) fn floors(simulation: &Simulation, zones: &[Zone]) -> Result<Vec<Vec<Vec<P2>>>, String> {
    let known: Vec<&str> = zones.iter().map(|z| z.id.as_str()).collect();
    let floor = |floor: &file::Floor| {
        let zone = |id: &String| {
            one_of(id, &known, &format!("[[simulation.floors]] `{}`, zones", floor.id))?;
            Ok(zones.iter().find(|zone| zone.id == *id).map(|zone| zone.area.clone()).unwrap_or_default())
        };
        floor.zones.iter().map(zone).collect::<Result<Vec<Vec<P2>>, String>>()
    };
    simulation.floors.iter().map(floor).collect()
}

/// A lift has a cabin on every floor.
pub(super) fn lift(lift: &file::Lift, floors: usize, ground: &Ground) -> Result<Lift, String> {
    let what = "[[simulation.lifts]]";
    if floors < 2 || lift.cabin.len() != floors {
        return Err(format!(
            "{what} cabin: {} places for {floors} floors; one on each of [[simulation.floors]], of which there are two or more",
            lift.cabin.len()
        ));
    }
    let ride_s = lift.seconds.unwrap_or(10.0);
    if !(2.0..=120.0).contains(&ride_s) {
        return Err(format!("{what} seconds {ride_s}: 2 to 120 from a floor to the next"));
    }
    let cabin = lift.cabin.iter().map(|&at| spot(at, ground, &format!("{what} cabin")));
    Ok(Lift { cabin: cabin.collect::<Result<_, _>>()?, ride_s })
}
