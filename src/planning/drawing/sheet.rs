//! From metres on a floor plan to a picture's units, as the paths of SVG.

use std::fmt::Write as _;

/// A straight line; `kind` is its class in the picture.
pub(super) struct Line {
    pub(super) x1: f64,
    pub(super) y1: f64,
    pub(super) x2: f64,
    pub(super) y2: f64,
    pub(super) kind: &'static str,
}

/// From metres on the floor plan to units of the picture; y goes up on the one and down on the other.
#[derive(Clone, Copy)]
pub(super) struct Sheet {
    pub(super) low: [f64; 2],
    pub(super) high: [f64; 2],
    pub(super) scale: f64,
}

impl Sheet {
    pub(super) fn at(&self, [x, y]: [f64; 2]) -> [f64; 2] {
        [(x - self.low[0]) * self.scale, (self.high[1] - y) * self.scale]
    }

    pub(super) fn path<'a>(&self, loops: impl IntoIterator<Item = &'a [[f64; 2]]>) -> String {
        let mut path = String::new();
        for points in loops {
            for (n, point) in points.iter().enumerate() {
                let [x, y] = self.at(*point);
                // Writing to a string cannot fail.
                let _ = write!(path, "{}{x:.1} {y:.1}", if n == 0 { "M" } else { "L" });
            }
            path.push('Z');
        }
        path
    }

    /// Loops without corners: from middle to middle of the sides, each corner pulling the way between them.
    pub(super) fn rounded<'a>(&self, loops: impl IntoIterator<Item = &'a [[f64; 2]]>) -> String {
        let mut path = String::new();
        for points in loops {
            let next = points.iter().cycle().skip(1);
            for (n, (a, b)) in points.iter().zip(next).enumerate() {
                let ([ax, ay], [bx, by]) = (self.at(*a), self.at(*b));
                let (x, y) = ((ax + bx) / 2.0, (ay + by) / 2.0);
                let _ = match n {
                    0 => write!(path, "M{x:.1} {y:.1}"),
                    _ => write!(path, "Q{ax:.1} {ay:.1} {x:.1} {y:.1}"),
                };
            }
            if let [a, b, ..] = points {
                let ([ax, ay], [bx, by]) = (self.at(*a), self.at(*b));
                let _ = write!(path, "Q{ax:.1} {ay:.1} {:.1} {:.1}Z", (ax + bx) / 2.0, (ay + by) / 2.0);
            }
        }
        path
    }

    pub(super) fn line(&self, from: [f64; 2], to: [f64; 2], kind: &'static str) -> Line {
        let ([x1, y1], [x2, y2]) = (self.at(from), self.at(to));
        Line { x1, y1, x2, y2, kind }
    }
}

pub(super) fn rectangle([[x0, y0], [x1, y1]]: [[f64; 2]; 2]) -> [[f64; 2]; 4] {
    [[x0, y0], [x1, y0], [x1, y1], [x0, y1]]
}
