//! Lanes and their bins.

use super::values::{around, middle, one_of, point, point3, polygon};
use crate::plan::file::{self, File};
use crate::plan::{LanePlan, TAP_THEN_WALK, Tray};
use crate::space::P3;

pub(super) fn lane(lane: &file::Lane, file: &File) -> Result<LanePlan, String> {
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
        tap_then_walk: lane.flow.as_deref() == Some(TAP_THEN_WALK),
        area,
        terminal_at,
    })
}

pub(super) fn tray(tray: &file::Tray, lanes: &[LanePlan]) -> Result<Tray, String> {
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
