//! Numbers, points and names of a shop's file, each held against what it can be.

use crate::space::{P2, P3, Rect};

/// A plan does not reach farther than this from its [0, 0], metres.
const FARTHEST_M: f64 = 150.0;

fn number(value: f64, what: &str) -> Result<f64, String> {
    if value.is_finite() && value.abs() <= FARTHEST_M {
        Ok(value)
    } else {
        Err(format!("{what}: {value} is no length on a floor plan; metres, at most {FARTHEST_M} from [0, 0]"))
    }
}

pub(super) fn point([x, y]: [f64; 2], what: &str) -> Result<P2, String> {
    Ok(P2::new(number(x, what)?, number(y, what)?))
}

pub(super) fn point3([x, y, z]: [f64; 3], what: &str) -> Result<P3, String> {
    Ok(P3::new(number(x, what)?, number(y, what)?, number(z, what)?))
}

pub(super) fn polygon(corners: &[[f64; 2]], what: &str) -> Result<Vec<P2>, String> {
    corners.iter().map(|&corner| point(corner, &format!("{what}, area"))).collect()
}

/// The rectangle around some corners.
pub(super) fn around(corners: &[P2]) -> Option<Rect> {
    let (first, rest) = corners.split_first()?;
    let one = Rect { low: *first, high: *first };
    Some(rest.iter().fold(one, |r, p| {
        Rect::new(r.low.x.min(p.x), r.low.y.min(p.y), r.high.x.max(p.x), r.high.y.max(p.y))
    }))
}

pub(super) fn middle(corners: &[P2]) -> P2 {
    around(corners).map_or(P2::default(), |r| r.low.plus(r.high).times(0.5))
}

pub(super) fn one_of(name: &str, known: &[&str], what: &str) -> Result<(), String> {
    if known.contains(&name) {
        return Ok(());
    }
    let near = crate::words::nearest(name, known.iter().copied());
    let near = near.map_or(String::new(), |near| format!("; did you mean `{near}`?"));
    Err(format!("{what}: there is no `{name}` (there are {}){near}", known.join(", ")))
}
