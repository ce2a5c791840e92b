//! The pictures of a plan: where tags are read as the store stands, and beside it as proposed.

use sim::{Coverage, Layer, Lying, Plan, Wanted};

use super::drawing::{Map, svg};

/// The pictures by their names as files: for each way a tag lies, the shops beside each other, each under its caption. What
/// is other than in the first of them is marked.
///
/// # Errors
/// Never for shops that `sim` has read; where text cannot be written.
pub(super) fn pictures(shops: &[(&str, &Plan)]) -> Result<Vec<(String, String)>, askama::Error> {
    let wanted = Wanted::default();
    let mapped: Vec<_> =
        shops.iter().map(|(caption, plan)| (*caption, plan.outline(), Coverage::of(plan, &wanted))).collect();
    let Some((_, first, coverage)) = mapped.first() else { return Ok(Vec::new()) };
    let picture = |(layer, Layer { tag, .. }): (usize, &Layer)| {
        let name = match tag {
            Lying::Carried => "carried",
            Lying::InFoil => "in-foil",
            Lying::Resting { .. } => "at-rest",
        };
        let mut maps = Vec::new();
        for (number, (caption, outline, coverage)) in mapped.iter().enumerate() {
            maps.push(Map { caption, outline, coverage, layer, before: (number > 0).then_some(first) });
        }
        Ok((format!("coverage-{name}.svg"), svg(&maps)?))
    };
    coverage.layers.iter().enumerate().map(picture).collect()
}
