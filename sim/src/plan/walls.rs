//! Walls with their doors, and floors above each other: what stands between two places, for waves and for eyes.

use super::inside;
use crate::radio::Slab;
use crate::space::P2;

/// Between two floors, dB: a concrete slab and the drawing's own distance; nothing is read through it.
const SLAB_DB: f64 = 60.0;

/// A wall as radio and eyes meet it.
#[derive(Clone, Debug)]
pub(crate) struct Wall {
    pub(crate) from: P2,
    pub(crate) to: P2,
    pub(crate) slab: Slab,
    /// One sees through it.
    pub(crate) glass: bool,
}

/// An opening in a wall.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Door {
    pub(crate) at: P2,
    pub(crate) width: f64,
}

/// All walls of a shop, their doors, and its floors.
#[derive(Clone, Debug, Default)]
pub(crate) struct Walls {
    pub(super) walls: Vec<Wall>,
    pub(super) doors: Vec<Door>,
    /// Areas of the zones of each floor, where there is more than one.
    pub(super) floors: Vec<Vec<Vec<P2>>>,
}

impl Walls {
    /// The walls, in the order of the file.
    pub(crate) fn all(&self) -> &[Wall] {
        &self.walls
    }

    /// Their doors.
    pub(super) fn doors(&self) -> &[Door] {
        &self.doors
    }

    /// What walls and floors take from radio on the straight way between two points, dB one way. An open door lets it
    /// through.
    pub(crate) fn loss_db(&self, a: P2, b: P2) -> f64 {
        self.through_db(a, b, None) + self.floors_db(a, b)
    }

    /// What the floors between two points take, dB one way.
    pub(crate) fn floors_db(&self, a: P2, b: P2) -> f64 {
        if self.one_floor(a, b) { 0.0 } else { SLAB_DB }
    }

    fn one_floor(&self, a: P2, b: P2) -> bool {
        self.floors.is_empty() || self.floor_of(a) == self.floor_of(b)
    }

    /// The same of walls alone; not of the one that the way was thrown back by.
    pub(crate) fn through_db(&self, a: P2, b: P2, but: Option<usize>) -> f64 {
        let mut lost_db = 0.0;
        for (n, wall) in self.walls.iter().enumerate() {
            if Some(n) != but
                && let Some((at, cosine)) = wall.crossed(a, b)
                && !self.open(at)
            {
                lost_db += wall.slab.through_db(cosine);
            }
        }
        lost_db
    }

    /// Whether a point of a wall is in one of its doors.
    pub(crate) fn open(&self, at: P2) -> bool {
        self.doors.iter().any(|door| door.at.to(at) < door.width / 2.0)
    }

    /// Whether walls or floors hide one place from the other: an open door does not, nor does glass.
    pub(super) fn hide(&self, from: P2, place: P2) -> bool {
        let hides =
            |wall: &Wall| !wall.glass && wall.crossed(from, place).is_some_and(|(at, _)| !self.open(at));
        self.walls.iter().any(hides) || !self.one_floor(from, place)
    }

    /// The floor that a point belongs to: the one with a zone that holds it, else the lowest.
    pub(super) fn floor_of(&self, p: P2) -> usize {
        self.floors.iter().position(|zones| zones.iter().any(|area| inside(area, p))).unwrap_or(0)
    }
}

impl Wall {
    /// Where the way from `a` to `b` crosses the wall, and the cosine of its angle off the wall's normal.
    fn crossed(&self, a: P2, b: P2) -> Option<(P2, f64)> {
        let (way, along) = (b.minus(a), self.to.minus(self.from));
        let cross = way.x * along.y - way.y * along.x;
        let off = self.from.minus(a);
        // Both ends of the way on one side: most walls are out of the way, so this comes before any division.
        let (near, far) = (off.x * along.y - off.y * along.x, cross);
        if cross == 0.0 || near * far < 0.0 || near.abs() > far.abs() {
            return None;
        }
        let along_wall = off.x * way.y - off.y * way.x;
        if along_wall * cross < 0.0 || along_wall.abs() > cross.abs() {
            return None;
        }
        let cosine = cross.abs() / (way.length() * along.length()).max(1e-9);
        Some((a.plus(way.times(near / cross)), cosine))
    }
}
