//! Points on the floor plan (metres; x and y on the floor, z up) and ways through it.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// A point or vector on the floor, metres.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct P2 {
    pub(crate) x: f64,
    pub(crate) y: f64,
}

impl P2 {
    pub(crate) const fn new(x: f64, y: f64) -> Self {
        P2 { x, y }
    }

    pub(crate) fn plus(self, by: P2) -> P2 {
        P2::new(self.x + by.x, self.y + by.y)
    }

    pub(crate) fn minus(self, by: P2) -> P2 {
        P2::new(self.x - by.x, self.y - by.y)
    }

    pub(crate) fn times(self, by: f64) -> P2 {
        P2::new(self.x * by, self.y * by)
    }

    pub(crate) fn length(self) -> f64 {
        (self.x * self.x + self.y * self.y).sqrt()
    }

    pub(crate) fn to(self, other: P2) -> f64 {
        other.minus(self).length()
    }

    pub(crate) fn up(self, z: f64) -> P3 {
        P3::new(self.x, self.y, z)
    }
}

/// A point or vector in the store, metres.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct P3 {
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) z: f64,
}

impl P3 {
    pub(crate) const fn new(x: f64, y: f64, z: f64) -> Self {
        P3 { x, y, z }
    }

    pub(crate) fn plus(self, by: P3) -> P3 {
        P3::new(self.x + by.x, self.y + by.y, self.z + by.z)
    }

    pub(crate) fn minus(self, by: P3) -> P3 {
        P3::new(self.x - by.x, self.y - by.y, self.z - by.z)
    }

    pub(crate) fn times(self, by: f64) -> P3 {
        P3::new(self.x * by, self.y * by, self.z * by)
    }

    pub(crate) fn dot(self, other: P3) -> f64 {
        self.x * other.x + self.y * other.y + self.z * other.z
    }

    pub(crate) fn cross(self, other: P3) -> P3 {
        P3::new(
            self.y * other.z - self.z * other.y,
            self.z * other.x - self.x * other.z,
            self.x * other.y - self.y * other.x,
        )
    }

    pub(crate) fn length(self) -> f64 {
        self.dot(self).sqrt()
    }

    pub(crate) fn floor(self) -> P2 {
        P2::new(self.x, self.y)
    }

    /// Turned about the vertical by the angle whose sine and cosine are given.
    pub(crate) fn turned(self, sin: f64, cos: f64) -> P3 {
        P3::new(cos * self.x - sin * self.y, sin * self.x + cos * self.y, self.z)
    }
}

/// An upright rectangle on the floor, metres.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Rect {
    pub(crate) low: P2,
    pub(crate) high: P2,
}

impl Rect {
    pub(crate) const fn new(x0: f64, y0: f64, x1: f64, y1: f64) -> Self {
        Rect { low: P2::new(x0, y0), high: P2::new(x1, y1) }
    }

    pub(crate) fn holds(&self, p: P2) -> bool {
        self.low.x <= p.x && p.x <= self.high.x && self.low.y <= p.y && p.y <= self.high.y
    }

    pub(crate) fn grown(&self, by: f64) -> Rect {
        Rect::new(self.low.x - by, self.low.y - by, self.high.x + by, self.high.y + by)
    }
}

/// Side of a square of the walking grid, metres.
const STEP: f64 = 0.2;

/// Squares that are looked at around a point for a wall.
const WALL_SQUARES: i64 = 2;

/// Where feet can go: rectangles less boxes, as a grid.
#[derive(Clone, Debug)]
pub(crate) struct Ground {
    low: P2,
    wide: usize,
    high: usize,
    free: Vec<bool>,
    /// Whether a square within `WALL_SQUARES` is not free.
    at_wall: Vec<bool>,
    /// Squares of ways that nobody takes unless they mean to: the lanes.
    toll: Vec<bool>,
}

/// How much longer than it is a way through such a square counts.
const TOLL: u32 = 30;

impl Ground {
    /// The grid over `bounds`; `free` says where one can stand.
    pub(crate) fn over(bounds: Rect, free: impl Fn(P2) -> bool) -> Self {
        let Rect { low, high: top } = bounds;
        let wide = (((top.x - low.x) / STEP) as usize).max(1);
        let high = (((top.y - low.y) / STEP) as usize).max(1);
        let count = wide * high;
        let no = || vec![false; count];
        let mut ground = Ground { low, wide, high, free: no(), at_wall: no(), toll: no() };
        for at in 0..ground.free.len() {
            let free = free(ground.centre(at));
            if let Some(square) = ground.free.get_mut(at) {
                *square = free;
            }
        }
        ground.at_wall = (0..count).map(|at| ground.around(at).any(|(.., free)| !free)).collect();
        ground
    }

    /// The rectangle that the grid covers.
    pub(crate) fn bounds(&self) -> Rect {
        let size = P2::new(self.wide as f64, self.high as f64).times(STEP);
        Rect { low: self.low, high: self.low.plus(size) }
    }

    /// Makes a way through these rectangles one that leads nowhere but there, unless it begins or ends inside.
    pub(crate) fn apart(mut self, lanes: &[Rect]) -> Self {
        self.toll = (0..self.free.len()).map(|at| lanes.iter().any(|r| r.holds(self.centre(at)))).collect();
        self
    }

    /// Whether one can stand there without being in a lane or in its mouth.
    pub(crate) fn stands(&self, p: P2) -> bool {
        self.clear(p, p) && !self.toll.get(self.square(p)).copied().unwrap_or(false)
    }

    /// Whether a straight walk stays on free ground, and through no lane but one that it begins or ends in.
    pub(crate) fn open(&self, from: P2, to: P2) -> bool {
        let toll = |p: P2| self.toll.get(self.square(p)).copied().unwrap_or(false);
        self.clear(from, to) && (toll(from) || toll(to) || !self.along(from, to).any(toll))
    }

    /// Points on a straight walk, close enough to miss no square.
    fn along(&self, from: P2, to: P2) -> impl Iterator<Item = P2> + use<> {
        let steps = ((from.to(to) / (STEP * 0.5)) as usize).max(1);
        (0..=steps).map(move |i| from.plus(to.minus(from).times(i as f64 / steps as f64)))
    }

    /// The squares around one: low corner, and whether feet can go there.
    fn around(&self, at: usize) -> impl Iterator<Item = (P2, bool)> {
        let (column, row) = ((at % self.wide) as i64, (at / self.wide) as i64);
        let span = -WALL_SQUARES..=WALL_SQUARES;
        span.clone().flat_map(move |dr| span.clone().map(move |dc| (column + dc, row + dr))).map(
            move |(c, r)| {
                let inside = c >= 0 && r >= 0 && c < self.wide as i64 && r < self.high as i64;
                let corner = P2::new(self.low.x + c as f64 * STEP, self.low.y + r as f64 * STEP);
                (corner, inside && self.is_free(r as usize * self.wide + c as usize))
            },
        )
    }

    /// How far the next wall or rack is (at most 0.4 m are looked at), and the way straight away from it, a unit vector.
    /// Both are zero on ground that is not free, the vector is also where nothing is near.
    pub(crate) fn margin(&self, p: P2) -> (f64, P2) {
        let at = self.square(p);
        let most = WALL_SQUARES as f64 * STEP;
        if !self.at_wall.get(at).copied().unwrap_or(false) {
            return (most, P2::default());
        }
        let mut nearest = (most * most, P2::default());
        for (low, free) in self.around(at) {
            if !free {
                let edge = P2::new(p.x.clamp(low.x, low.x + STEP), p.y.clamp(low.y, low.y + STEP));
                let away = p.minus(edge);
                let square = away.x * away.x + away.y * away.y;
                if square < nearest.0 {
                    nearest = (square, away);
                }
            }
        }
        let far = nearest.0.sqrt();
        (far, if far > 1e-6 { nearest.1.times(1.0 / far) } else { P2::default() })
    }

    fn centre(&self, at: usize) -> P2 {
        let (column, row) = (at % self.wide, at / self.wide);
        P2::new(self.low.x + (column as f64 + 0.5) * STEP, self.low.y + (row as f64 + 0.5) * STEP)
    }

    fn square(&self, p: P2) -> usize {
        let column = (((p.x - self.low.x) / STEP).max(0.0) as usize).min(self.wide - 1);
        let row = (((p.y - self.low.y) / STEP).max(0.0) as usize).min(self.high - 1);
        row * self.wide + column
    }

    fn is_free(&self, at: usize) -> bool {
        self.free.get(at).copied().unwrap_or(false)
    }

    /// Whether a straight walk from one point to the other stays on free ground.
    pub(crate) fn clear(&self, from: P2, to: P2) -> bool {
        let high = P2::new(self.low.x + self.wide as f64 * STEP, self.low.y + self.high as f64 * STEP);
        let all = Rect { low: self.low, high };
        self.along(from, to).all(|p| all.holds(p) && self.is_free(self.square(p)))
    }

    /// Waypoints from one point to another, the last being `to`. Straight there where nothing leads around.
    pub(crate) fn way(&self, from: P2, to: P2) -> Vec<P2> {
        if self.open(from, to) {
            return vec![to];
        }
        let (start, goal) = (self.square(from), self.square(to));
        let mut cost = vec![u32::MAX; self.free.len()];
        let mut before = vec![usize::MAX; self.free.len()];
        let mut open = BinaryHeap::from([(Reverse(0_u32), start)]);
        if let Some(c) = cost.get_mut(start) {
            *c = 0;
        }
        while let Some((Reverse(so_far), at)) = open.pop() {
            if at == goal {
                break;
            }
            let (column, row) = ((at % self.wide) as i64, (at / self.wide) as i64);
            for (dc, dr, far) in [
                (1, 0, 10),
                (-1, 0, 10),
                (0, 1, 10),
                (0, -1, 10),
                (1, 1, 14),
                (1, -1, 14),
                (-1, 1, 14),
                (-1, -1, 14),
            ] {
                let (c, r) = (column + dc, row + dr);
                if c < 0 || r < 0 || c >= self.wide as i64 || r >= self.high as i64 {
                    continue;
                }
                let next = (r as usize) * self.wide + c as usize;
                let toll = self.toll.get(next).copied().unwrap_or(false);
                let sum = so_far + if toll { far * TOLL } else { far };
                let known = cost.get(next).copied().unwrap_or(0);
                if (self.is_free(next) || next == goal) && sum < known {
                    if let (Some(c), Some(b)) = (cost.get_mut(next), before.get_mut(next)) {
                        *c = sum;
                        *b = at;
                    }
                    open.push((Reverse(sum), next));
                }
            }
        }
        let mut squares = vec![to];
        let mut at = goal;
        while let Some(&previous) = before.get(at) {
            if previous == usize::MAX || previous == start {
                break;
            }
            squares.push(self.centre(previous));
            at = previous;
        }
        squares.reverse();
        self.pulled(from, &squares)
    }

    /// Whether one can walk from one point to the other at all.
    pub(crate) fn leads(&self, from: P2, to: P2) -> bool {
        let way = self.way(from, to);
        let legs = std::iter::once(from).chain(way.iter().copied()).zip(&way);
        legs.into_iter().all(|(a, &b)| self.clear(a, b))
    }

    /// Leaves out waypoints that can be cut.
    fn pulled(&self, from: P2, squares: &[P2]) -> Vec<P2> {
        let mut way = Vec::new();
        let mut here = from;
        let mut next = 0;
        while next < squares.len() {
            let farthest = (next..squares.len())
                .rev()
                .find(|&i| squares.get(i).is_some_and(|&p| self.open(here, p)))
                .unwrap_or(next);
            if let Some(&p) = squares.get(farthest) {
                way.push(p);
                here = p;
            }
            next = farthest + 1;
        }
        way
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_way_leads_around_a_rack_and_ends_where_asked() {
        let rack = Rect::new(1.0, 2.8, 5.0, 3.2).grown(0.25);
        let ground = Ground::over(Rect::new(0.0, 0.0, 6.0, 6.0), |p| !rack.holds(p));
        let (from, to) = (P2::new(3.0, 1.0), P2::new(3.0, 5.0));
        assert!(!ground.clear(from, to), "the rack stands between");
        let way = ground.way(from, to);
        assert_eq!(way.last(), Some(&to));
        let mut here = from;
        for &point in &way {
            assert!(ground.clear(here, point), "the leg {here:?} to {point:?} goes through the rack");
            here = point;
        }
    }
}
