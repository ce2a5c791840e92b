//! Where in a shop a tag is read: a grid over the floor plan with the probability that one tag, at rest or carried, is read
//! by any and by each antenna, from the same rays, reflections, walls, bodies and chips as the simulated store's reads.
//!
//! They are expected values for a tag that is alone: over rooms (what scatters around an antenna), makes of tags, the goods
//! of this shop, orientations, ways of carrying and channels, drawn once and used for every place, so that two layouts are
//! compared with the same tags. What a crowd of tags and other readers' carriers cost in time is not in it: a day is
//! simulated for that.

use crate::chance::Chance;
use crate::gen2::Pace;
use crate::people::{Kind, Walker};
use crate::plan::{Antenna, Plan, ReaderPlan, inside};
use crate::radio::{Aerial, Air, Body, Goods, Tag};
use crate::space::{P2, P3, Rect};
use crate::stock::Carry;

const SEED: u64 = 1;
const TAGS_STREAM: u64 = 700;
/// Rooms among which the tags are shared out.
const ROOMS: usize = 4;
/// Of four neighbouring cells each asks another quarter of the tags; then each is averaged with its neighbours so that
/// every cell has heard all of them.
const QUARTERS: usize = 4;
/// Moments of the second: with FCC's 0.2 s a channel, each has a channel of its own.
const MOMENTS: usize = 5;
/// Beyond the plan's edge that much is looked at as well, metres.
const MARGIN_M: f64 = 0.4;
/// Links of one tag at one moment that a map may look at: 1 to 2 s of an office machine.
const LINKS: usize = 12_000_000;
/// Tags of a cell.
const FEWEST_DRAWS: usize = 6;
const MOST_DRAWS: usize = 24;
/// Who has been missed less than this is taken as read.
const AS_GOOD_AS_READ: f64 = 0.002;
const MOST_CELLS: usize = 250_000;

/// A tag whose map is wanted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Lying {
    /// Among others of its kind at this height, metres, nobody near.
    Resting {
        /// Above the floor.
        height_m: f64,
    },
    /// In the hand, in a bag, worn or in a pile, by a grown shopper who walks through this place in any direction, with
    /// up to four pieces.
    Carried,
    /// The same in a foil-lined bag.
    InFoil,
}

/// Which map to draw up.
#[derive(Clone, Debug, PartialEq)]
pub struct Wanted {
    /// Side of a cell, metres: 0.05 to 2.
    pub cell_m: f64,
    /// One map of each.
    pub tags: Vec<Lying>,
}

impl Default for Wanted {
    /// Cells of 0.25 m; a carried tag, and one at rest on a rack.
    fn default() -> Self {
        Wanted { cell_m: 0.25, tags: vec![Lying::Carried, Lying::Resting { height_m: 1.2 }] }
    }
}

/// Probabilities of cells: row by row from the low corner, x first.
#[derive(Clone, Debug, PartialEq)]
pub struct Chances {
    /// To be read within a second.
    pub second: Vec<f32>,
    /// To be read in one round of an antenna that asks; by any antenna: in one turn through all of them.
    pub round: Vec<f32>,
}

/// The map of one tag.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    /// Which tag.
    pub tag: Lying,
    /// By any antenna of the shop.
    pub any: Chances,
    /// By each antenna, in the order of the plan's readers and their ports; nothing by one that moves with a cart, which
    /// is wherever its cart is.
    pub each: Vec<Chances>,
}

/// Maps of a shop.
#[derive(Clone, Debug, PartialEq)]
pub struct Coverage {
    /// Low corner of the grid, metres on the floor plan.
    pub low: [f64; 2],
    /// Side of a cell, metres.
    pub cell_m: f64,
    /// Cells along x.
    pub columns: usize,
    /// Cells along y.
    pub rows: usize,
    /// Tags over which each value is the mean.
    pub draws: usize,
    /// In the order in which they were wanted.
    pub layers: Vec<Layer>,
}

impl Coverage {
    /// Draws up the maps of a shop. The same shop gives the same bytes. Cells are made larger where there would be more
    /// than 250,000.
    pub fn of(plan: &Plan, wanted: &Wanted) -> Coverage {
        let Rect { low, high } = plan.bounds().grown(MARGIN_M);
        let mut cell_m = if wanted.cell_m.is_finite() { wanted.cell_m.clamp(0.05, 2.0) } else { 0.25 };
        let count = |length: f64, cell_m: f64| (length / cell_m - 1e-9).ceil().max(1.0) as usize;
        let size = high.minus(low);
        while count(size.x, cell_m) * count(size.y, cell_m) > MOST_CELLS {
            cell_m *= 1.25;
        }
        let (columns, rows) = (count(size.x, cell_m), count(size.y, cell_m));
        let antennas: usize = plan.readers.iter().map(|reader| reader.antennas.len()).sum();
        let links = columns * rows * antennas.max(1) * wanted.tags.len().max(1) * MOMENTS;
        let draws = QUARTERS * (LINKS / links.max(1)).clamp(FEWEST_DRAWS, MOST_DRAWS);
        let mut grid = Coverage { low: [low.x, low.y], cell_m, columns, rows, draws, layers: Vec::new() };
        grid.layers = wanted.tags.iter().map(|&tag| grid.layer(plan, tag)).collect();
        grid
    }

    /// Middle of a cell, metres.
    pub fn middle(&self, column: usize, row: usize) -> [f64; 2] {
        let along = |low: f64, n: usize| low + (n as f64 + 0.5) * self.cell_m;
        [along(self.low[0], column), along(self.low[1], row)]
    }

    /// Place of the cell that holds a point in [`Chances`]; none where the map ends before it.
    pub fn cell(&self, [x, y]: [f64; 2]) -> Option<usize> {
        let along = |at: f64, low: f64, count: usize| {
            let n = ((at - low) / self.cell_m).floor();
            (n >= 0.0 && n < count as f64).then_some(n as usize)
        };
        Some(along(y, self.low[1], self.rows)? * self.columns + along(x, self.low[0], self.columns)?)
    }

    /// Places of the cells whose middle lies in a polygon.
    pub fn within(&self, corners: &[[f64; 2]]) -> Vec<usize> {
        let corners: Vec<P2> = corners.iter().map(|&[x, y]| P2::new(x, y)).collect();
        let holds = |&at: &usize| {
            let [x, y] = self.middle(at % self.columns, at / self.columns);
            inside(&corners, P2::new(x, y))
        };
        (0..self.columns * self.rows).filter(holds).collect()
    }

    fn layer(&self, plan: &Plan, lying: Lying) -> Layer {
        let probes = Probe::drawn(plan, lying, self.draws, self.cell_m);
        let mut rooms = rooms(plan, &probes);
        let pace = |r: &ReaderPlan| vec![Pace::of(&r.setup, r.antennas.len()); r.antennas.len()];
        let paces: Vec<Pace> = plan.readers.iter().flat_map(pace).collect();
        let rolls = |number: usize| plan.carts.iter().any(|cart| cart.antennas.contains(&number));
        let count = self.columns * self.rows;
        let none = || Chances { second: vec![0.0; count], round: vec![0.0; count] };
        let mut layer = Layer { tag: lying, any: none(), each: paces.iter().map(|_| none()).collect() };
        for at in 0..count {
            let [x, y] = self.middle(at % self.columns, at / self.columns);
            let middle = P2::new(x, y);
            let mut sums = vec![(0.0, 0.0); paces.len() + 1];
            let quarter = at % self.columns % 2 + 2 * (at / self.columns % 2);
            let asked = probes.len() / QUARTERS;
            for (number, probe) in probes.iter().enumerate().skip(quarter * asked).take(asked) {
                let Some(room) = rooms.get_mut(number % ROOMS) else { continue };
                let moments = probe.moments(plan, middle);
                room.bodies.clear();
                room.bodies.extend(probe.body);
                let (mut missed_by_all, mut passed_by_all) = (1.0, 1.0);
                for (aerial, &pace) in paces.iter().enumerate() {
                    if rolls(aerial) {
                        continue;
                    }
                    let (missed, round) = asks(room, (aerial, number / ROOMS), &moments, pace);
                    missed_by_all *= missed;
                    passed_by_all *= 1.0 - round;
                    if let Some(sum) = sums.get_mut(aerial + 1) {
                        *sum = (sum.0 + 1.0 - missed, sum.1 + round);
                    }
                }
                if let Some(sum) = sums.first_mut() {
                    *sum = (sum.0 + 1.0 - missed_by_all, sum.1 + 1.0 - passed_by_all);
                }
            }
            let maps = std::iter::once(&mut layer.any).chain(&mut layer.each);
            for (map, (second, round)) in maps.zip(sums) {
                let mean = |sum: f64| (sum / asked.max(1) as f64) as f32;
                if let (Some(to_second), Some(to_round)) = (map.second.get_mut(at), map.round.get_mut(at)) {
                    (*to_second, *to_round) = (mean(second), mean(round));
                }
            }
        }
        for map in std::iter::once(&mut layer.any).chain(&mut layer.each) {
            map.second = self.averaged(&map.second);
            map.round = self.averaged(&map.round);
        }
        layer
    }

    /// Each cell with its eight neighbours, weighted 4, 2 and 1: so each of the four quarters counts the same.
    fn averaged(&self, values: &[f32]) -> Vec<f32> {
        let steps = [(-1, 1.0), (0, 2.0), (1, 1.0)];
        let near = |n: usize, step: i32, count: usize| {
            n.saturating_add_signed(step as isize).min(count.saturating_sub(1))
        };
        let mean = |at: usize| {
            let (column, row) = (at % self.columns, at / self.columns);
            let mut sum = 0.0;
            for (up, weight) in steps {
                for (right, other) in steps {
                    let place = near(row, up, self.rows) * self.columns + near(column, right, self.columns);
                    sum += weight * other * values.get(place).copied().unwrap_or(0.0);
                }
            }
            sum / 16.0
        };
        (0..values.len()).map(mean).collect()
    }
}

/// A tag, the way it lies or is carried, and the channels of its second.
struct Probe {
    tag: Tag,
    /// Off the middle of the cell.
    off: P2,
    way: Way,
    channels: Vec<usize>,
    body: Option<Body>,
}

enum Way {
    Rests { height_m: f64 },
    Walks { walker: Box<Walker>, carry: Carry, slot: usize },
}

/// A tag's place and direction at one moment, who carries it, on which channel, and for which part of the second.
struct Moment {
    at: P3,
    axis: P3,
    carrier: P2,
    channel: usize,
    part: f64,
}

impl Probe {
    fn drawn(plan: &Plan, lying: Lying, draws: usize, cell_m: f64) -> Vec<Probe> {
        let mut chance = Chance::new(SEED, TAGS_STREAM);
        let goods: Vec<Goods> =
            plan.products().iter().filter(|product| product.tagged).map(|product| product.goods()).collect();
        let aerials = plan.readers.iter().map(|reader| reader.antennas.len()).sum();
        let region = plan.readers.first().map(|reader| reader.setup.region).unwrap_or_default();
        // Where a channel lasts longer than a second, the second has only one.
        let hops = if region.dwell_us() < 1_000_000 { MOMENTS } else { 1 };
        let draw = |_| {
            let mut tag = Tag::new(aerials, &mut chance);
            tag.fix_to(goods.get(chance.index(goods.len())).copied().unwrap_or(Goods::Cloth), &mut chance);
            // The air takes what has an owner as it is placed at that moment, and remembers nothing of it.
            tag.owner = Some(1);
            let half_m = cell_m / 2.0;
            let off = P2::new(chance.between(-half_m, half_m), chance.between(-half_m, half_m));
            let mut channels: Vec<usize> = (0..hops).map(|_| chance.index(region.channels())).collect();
            let (way, body) = match lying {
                Lying::Resting { height_m } => {
                    // As pieces of the simulated store hang: turned any way, hardly tilted, among neighbours.
                    let (sin, cos) = libm::sincos(chance.between(0.0, std::f64::consts::TAU));
                    let axis = P3::new(0.95 * cos, 0.95 * sin, chance.between(-0.3, 0.3));
                    tag.held_axis = axis.times(1.0 / axis.length().max(1e-6));
                    tag.loss_db = chance.normal(4.0, 2.5).clamp(0.0, 12.0);
                    (Way::Rests { height_m }, None)
                }
                Lying::Carried | Lying::InFoil => {
                    let mut walker = Walker::new(1, P2::default(), Kind::Adult, Vec::new(), &mut chance);
                    walker.heading = libm::sincos(chance.between(0.0, std::f64::consts::TAU));
                    let carry = if lying == Lying::InFoil { Carry::Foil } else { walker.carry };
                    let slot = chance.index(4);
                    tag.held_axis = chance.direction();
                    tag.carried(carry, slot, &mut chance);
                    let build = walker.build;
                    let body = Body {
                        at: P2::default(),
                        velocity: P2::default(),
                        shadow_db: build.shadow_db,
                        radius_m: build.trunk_m,
                        height_m: build.height_m,
                    };
                    // One walks on, and the wave changes with the way as it would with the channel.
                    channels.resize_with(MOMENTS, || chance.index(region.channels()));
                    (Way::Walks { walker: Box::new(walker), carry, slot }, Some(body))
                }
            };
            Probe { tag, off, way, channels, body }
        };
        (0..draws).map(draw).collect()
    }

    /// The second around a place.
    fn moments(&self, plan: &Plan, middle: P2) -> Vec<Moment> {
        let part = 1.0 / self.channels.len().max(1) as f64;
        let moment = |(n, &channel): (usize, &usize)| {
            let (at, axis, carrier) = self.placed(plan, middle, (n as f64 + 0.5) * part - 0.5);
            Moment { at, axis, carrier, channel, part }
        };
        self.channels.iter().enumerate().map(moment).collect()
    }

    /// Where the tag is, how it is turned, and where who carries it stands, `since_s` after passing a place.
    fn placed(&self, plan: &Plan, middle: P2, since_s: f64) -> (P3, P3, P2) {
        let place = middle.plus(self.off);
        match &self.way {
            Way::Rests { height_m } => (place.up(*height_m), self.tag.held_axis, place),
            Way::Walks { walker, carry, slot } => {
                let (sin, cos) = walker.heading;
                let there = place.plus(P2::new(-sin, cos).times(walker.pace() * since_s));
                // Nobody walks through racks and walls: then one stands.
                let carrier = if plan.ground.clear(place, there) { there } else { place };
                let (from_body, axis) = walker.carries(*slot, *carry, self.tag.held_axis);
                (from_body.plus(carrier.up(0.0)), axis, carrier)
            }
        }
    }
}

/// The shop's antennas in several rooms, each with its share of the tags.
fn rooms(plan: &Plan, probes: &[Probe]) -> Vec<Air> {
    let room = |room: usize| {
        let antennas = plan.readers.iter().flat_map(|reader| &reader.antennas).enumerate();
        // Drawn by where it hangs: with other antennas beside it, each is what it was.
        let stream = |antenna: &Antenna| antenna.stream().wrapping_add(room as u64);
        let hung = antennas.map(|(number, antenna)| {
            let aerial = Aerial::new(antenna.clone(), &mut Chance::new(SEED, stream(antenna)));
            plan.fed(number, aerial)
        });
        let mut air = Air::new(hung.collect());
        air.stands_among(&plan.walls, plan.fixtures.iter().map(|fixture| (fixture.area, fixture.height)));
        if let Some(reader) = plan.readers.first() {
            air.in_region(reader.setup.region);
        }
        air.tags = probes.iter().skip(room).step_by(ROOMS).map(|probe| probe.tag.clone()).collect();
        air
    };
    (0..ROOMS).map(room).collect()
}

/// Probability that an antenna misses a tag in its second, and that a round of it reads it.
fn asks(air: &mut Air, (aerial, tag): (usize, usize), moments: &[Moment], pace: Pace) -> (f64, f64) {
    let (mut missed, mut round, mut looked) = (1.0, 0.0, 0.0);
    for moment in moments {
        looked += moment.part;
        if let Some(tag) = air.tags.get_mut(tag) {
            tag.place((moment.at, moment.axis));
        }
        if air.out_of_reach(aerial, tag) {
            continue;
        }
        air.bodies.iter_mut().for_each(|body| body.at = moment.carrier);
        let Some(signal) = air.signal(aerial, tag, moment.channel, 0.0) else { continue };
        let p = pace.in_round(&signal);
        missed *= pace.missed(p, moment.part);
        round += p * moment.part;
        if missed < AS_GOOD_AS_READ {
            missed = 0.0;
            break;
        }
    }
    (missed, round / f64::max(looked, 1e-9))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gen2::Inventory;
    use crate::plan::ReaderPlan;

    /// Four antennas of one reader around a lane, and two over the floor.
    const SHOP: &str = include_str!("../../config/boutique.toml");

    /// Share of the tags of a map's draws that a reader's own rounds, slot by slot, read in a second around a place.
    fn read_by_rounds(plan: &Plan, lying: Lying, reader: usize, place: P2) -> f64 {
        let probes = Probe::drawn(plan, lying, 96, 0.25);
        let first = plan.readers.iter().take(reader).map(|r| r.antennas.len()).sum::<usize>();
        let setup = &plan.readers[reader].setup;
        let mut read = 0;
        let rooms = rooms(plan, &probes);
        for (number, probe) in probes.iter().enumerate() {
            let mut air = rooms[number % ROOMS].clone();
            air.tags = vec![probe.tag.clone()];
            air.placed(0);
            let draws = Chance::new(9, number as u64);
            let antennas = plan.readers[reader].antennas.len();
            let mut inventory = Inventory::new(setup.clone(), first, antennas, reader, 0, draws);
            let mut reads = Vec::new();
            for step in 0..20 {
                let (at, axis, carrier) = probe.placed(plan, place, f64::from(step) * 0.05 - 0.475);
                air.tags[0].place((at, axis));
                air.bodies = probe.body.map(|body| Body { at: carrier, ..body }).into_iter().collect();
                let set_us = i64::from(step) * 50_000;
                inventory.run(&mut air, set_us, set_us + 50_000, &mut reads);
            }
            read += usize::from(!reads.is_empty());
        }
        read as f64 / probes.len() as f64
    }

    /// The same share as the map expects it, of one reader.
    fn expected(plan: &Plan, lying: Lying, reader: usize, place: P2) -> f64 {
        let probes = Probe::drawn(plan, lying, 96, 0.25);
        let first = plan.readers.iter().take(reader).map(|r| r.antennas.len()).sum::<usize>();
        let ReaderPlan { setup, antennas, .. } = &plan.readers[reader];
        let pace = Pace::of(setup, antennas.len());
        let mut rooms = rooms(plan, &probes);
        let missed = |(number, probe): (usize, &Probe)| {
            let room = &mut rooms[number % ROOMS];
            room.bodies = probe.body.into_iter().collect();
            let moments = probe.moments(plan, place);
            let each = (0..antennas.len()).map(|n| asks(room, (first + n, number / ROOMS), &moments, pace).0);
            each.product::<f64>()
        };
        1.0 - probes.iter().enumerate().map(missed).sum::<f64>() / probes.len() as f64
    }

    /// The map expects what rounds then give: within what 96 coins of each place differ by.
    #[test]
    fn maps_say_what_rounds_slot_by_slot_give() {
        let plan = Plan::parse(SHOP, "boutique.toml").expect("a shop");
        for lying in [Lying::Carried, Lying::Resting { height_m: 1.2 }] {
            let (mut off, mut all) = (0.0, Vec::new());
            for (reader, x, y) in
                [(0, 0.6, 1.0), (0, 0.6, -1.0), (0, -1.0, 2.6), (1, -2.4, -3.5), (1, 3.5, -4.4)]
            {
                let place = P2::new(x, y);
                let (map, rounds) =
                    (expected(&plan, lying, reader, place), read_by_rounds(&plan, lying, reader, place));
                all.push((map, rounds));
                off += (map - rounds) / 5.0;
                assert!(
                    (map - rounds).abs() < 0.12,
                    "{lying:?} at {x} {y}: map {map:.2}, rounds {rounds:.2}"
                );
            }
            // A walker's second is a little better on the map than in rounds, whose turns fall where they fall.
            assert!(f64::abs(off) < 0.08, "{lying:?}: {all:.2?}");
        }
    }
}
