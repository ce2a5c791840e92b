//! The pictures of a plan: where tags are read as the store stands, and beside it as proposed.

use sim::{Coverage, Layer, Lying, Plan, Wanted};

use super::drawing::{Map, svg};

/// The pictures by their names as files: for each way a tag lies, what stands, and beside it what is proposed.
///
/// # Errors
/// Never for shops that `sim` has read; where text cannot be written.
pub fn pictures(standing: &Plan, proposed: Option<&Plan>) -> Result<Vec<(String, String)>, askama::Error> {
    let wanted = Wanted::default();
    let mapped = |plan: &Plan| (plan.outline(), Coverage::of(plan, &wanted));
    let (outline, coverage) = mapped(standing);
    let proposed = proposed.map(mapped);
    let picture = |(layer, Layer { tag, .. }): (usize, &Layer)| {
        let name = match tag {
            Lying::Carried => "carried",
            Lying::InFoil => "in-foil",
            Lying::Resting { .. } => "at-rest",
        };
        let stands =
            Map { caption: "As it stands", outline: &outline, coverage: &coverage, layer, before: None };
        let after = proposed.as_ref().map(|(new, coverage)| Map {
            caption: "As proposed",
            outline: new,
            coverage,
            layer,
            before: Some(&outline),
        });
        let maps: Vec<Map<'_>> = std::iter::once(stands).chain(after).collect();
        Ok((format!("coverage-{name}.svg"), svg(&maps)?))
    };
    coverage.layers.iter().enumerate().map(picture).collect()
}
