//! Lines of equal value on a grid (marching squares), as closed loops that can be filled. Knows no shop and no picture.

use std::collections::BTreeMap;

/// A grid's edge on which a line crosses: from its lower left end to the right, or up.
type Edge = (usize, usize, bool);

/// Values of a grid of cells, row by row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Grid<'a> {
    /// One value a cell, x first.
    pub(super) values: &'a [f32],
    /// Cells along x.
    pub(super) columns: usize,
}

impl Grid<'_> {
    /// Value of a node; the grid is set into a frame of zeros, so that every line closes.
    fn value(&self, column: usize, row: usize) -> f32 {
        let inside = |n: usize, count: usize| n.checked_sub(1).filter(|n| *n < count);
        let rows = self.values.len() / self.columns.max(1);
        match (inside(column, self.columns), inside(row, rows)) {
            (Some(column), Some(row)) => self.values.get(row * self.columns + column).copied().unwrap_or(0.0),
            _ => 0.0,
        }
    }

    /// Borders of everything that is at least `level` (above 0), as loops of points in cells: [0.5, 0.5] is the middle of the
    /// first. What is inside lies to the left, so holes turn the other way round.
    pub(super) fn loops(&self, level: f32) -> Vec<Vec<[f64; 2]>> {
        let rows = self.values.len() / self.columns.max(1);
        let mut ways: BTreeMap<Edge, Edge> = BTreeMap::new();
        for row in 0..=rows {
            for column in 0..=self.columns {
                self.square(column, row, level, &mut ways);
            }
        }
        let mut loops = Vec::new();
        while let Some((&first, _)) = ways.first_key_value() {
            let mut points = Vec::new();
            let mut edge = first;
            while let Some(next) = ways.remove(&edge) {
                points.push(self.crossing(edge, level));
                edge = next;
            }
            loops.push(points);
        }
        loops
    }

    /// The lines through the square whose lower left node is given: each from the edge where it comes in to the other.
    fn square(&self, column: usize, row: usize, level: f32, ways: &mut BTreeMap<Edge, Edge>) {
        let corners = [(0, 0), (1, 0), (1, 1), (0, 1)].map(|(x, y)| self.value(column + x, row + y));
        let case = (0..).zip(corners).fold(0, |case, (n, value)| case | usize::from(value >= level) << n);
        let (bottom, left) = ((column, row, true), (column, row, false));
        let (top, right) = ((column, row + 1, true), (column + 1, row, false));
        // Two opposite corners: the middle says whether they hang together.
        let joined = corners.iter().sum::<f32>() / 4.0 >= level;
        let lines: &[(Edge, Edge)] = match case {
            1 => &[(bottom, left)],
            2 => &[(right, bottom)],
            3 => &[(right, left)],
            4 => &[(top, right)],
            5 if joined => &[(bottom, right), (top, left)],
            5 => &[(bottom, left), (top, right)],
            6 => &[(top, bottom)],
            7 => &[(top, left)],
            8 => &[(left, top)],
            9 => &[(bottom, top)],
            10 if joined => &[(left, bottom), (right, top)],
            10 => &[(right, bottom), (left, top)],
            11 => &[(right, top)],
            12 => &[(left, right)],
            13 => &[(bottom, right)],
            14 => &[(left, bottom)],
            _ => &[],
        };
        ways.extend(lines.iter().copied());
    }

    /// Where the value is just `level` on an edge.
    fn crossing(&self, (column, row, along): Edge, level: f32) -> [f64; 2] {
        let (from, to) =
            (self.value(column, row), self.value(column + usize::from(along), row + usize::from(!along)));
        let share = if from == to { 0.5 } else { f64::from((level - from) / (to - from)).clamp(0.0, 1.0) };
        let (x, y) = (column as f64 - 0.5, row as f64 - 0.5);
        if along { [x + share, y] } else { [x, y + share] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn area(points: &[[f64; 2]]) -> f64 {
        let next = points.iter().cycle().skip(1);
        points.iter().zip(next).map(|([ax, ay], [bx, by])| ax * by - bx * ay).sum::<f64>() / 2.0
    }

    /// A lone cell of 1: the line of one half runs half-way to its four neighbours, a diamond of half a cell's area.
    #[test]
    fn a_lone_cell_has_a_diamond_around_it() {
        let mut values = [0.0; 9];
        values[4] = 1.0;
        let loops = Grid { values: &values, columns: 3 }.loops(0.5);
        assert_eq!(loops.len(), 1);
        assert_eq!(loops.iter().map(Vec::len).collect::<Vec<_>>(), [4]);
        let sum: f64 = loops.iter().map(|points| area(points)).sum();
        assert!((sum - 0.5).abs() < 1e-9, "{sum}");
        assert!(loops.iter().flatten().any(|p| *p == [1.0, 1.5]), "{loops:?}");
    }

    /// A ring: its hole turns the other way, so that filling leaves it open.
    #[test]
    fn a_hole_turns_the_other_way() {
        let mut values = [1.0; 25];
        values[12] = 0.0;
        let loops = Grid { values: &values, columns: 5 }.loops(0.5);
        let mut areas: Vec<f64> = loops.iter().map(|points| area(points)).collect();
        areas.sort_by(f64::total_cmp);
        assert_eq!(areas.len(), 2);
        assert!(areas.iter().zip([-0.5, 24.5]).all(|(area, want)| (area - want).abs() < 1e-6), "{areas:?}");
    }

    #[test]
    fn nothing_and_corner_to_corner_end_well() {
        assert!(Grid { values: &[], columns: 0 }.loops(0.5).is_empty());
        assert!(Grid { values: &[0.0; 4], columns: 2 }.loops(0.5).is_empty());
        let saddle = Grid { values: &[1.0, 0.0, 0.0, 1.0], columns: 2 };
        assert_eq!(saddle.loops(0.6).len(), 2, "apart");
        assert_eq!(saddle.loops(0.4).len(), 1, "joined");
    }
}
