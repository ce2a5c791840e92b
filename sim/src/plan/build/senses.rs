//! Cameras, their lenses and light, and what will go wrong with whatever senses.

use super::values::{one_of, point3};
use crate::plan::file::{self, Simulation};
use crate::plan::{CameraPlan, LanePlan, ScalePlan};
use crate::senses::Light;

/// A camera of which nothing is said sees from edge to edge, radians.
const FISHEYE: f64 = 3.1;

pub(super) fn camera(
    camera: &file::Camera,
    known: &[&str],
    lenses: &[file::Lens],
) -> Result<CameraPlan, String> {
    let what = format!("camera `{}`", camera.id);
    for covered in &camera.covers {
        one_of(covered, known, &format!("{what}, covers"))?;
    }
    let at = point3(camera.position.unwrap_or([0.0, 0.0, 2.8]), &format!("{what}, position"))?;
    // Of which nothing is said hangs as a fisheye under the ceiling and sees all around.
    let lens = lenses.iter().find(|lens| lens.camera == camera.id);
    let (facing, field_of_view) = lens.map_or(([0.0, 0.0, -1.0], FISHEYE), |l| (l.facing, l.field_of_view));
    let facing = point3(facing, &format!("{what}, facing"))?;
    if !(0.3..=3.2).contains(&field_of_view) || facing.length() < 1e-3 {
        return Err(format!(
            "[[simulation.lenses]] of {what}: field_of_view {field_of_view} must be 0.3 to 3.2 radians, and facing a direction \
             such as [0.0, 1.0, -0.5]"
        ));
    }
    Ok(CameraPlan { id: camera.id.clone(), at, facing, field_of_view })
}

pub(super) fn light(simulation: &Simulation) -> Result<Light, String> {
    match simulation.light.as_deref() {
        None | Some("bright") => Ok(Light::Normal),
        Some("dim") => Ok(Light::Dim),
        Some("night") => Ok(Light::Night),
        Some(other) => Err(format!("[simulation] light `{other}`: bright, dim or night")),
    }
}

/// Names of everything that senses: cameras, scales, and lanes for their beams.
pub(super) fn sources<'a>(
    cameras: &'a [CameraPlan],
    scales: &'a [ScalePlan],
    lanes: &'a [LanePlan],
) -> Vec<&'a str> {
    let cameras = cameras.iter().map(|camera| camera.id.as_str());
    let scales = scales.iter().map(|scale| scale.id.as_str());
    cameras.chain(scales).chain(lanes.iter().map(|lane| lane.id.as_str())).collect()
}

/// What is said of lenses and of what will fail is of something that is there.
pub(super) fn one_of_each(simulation: &Simulation, sources: &[&str]) -> Result<(), String> {
    for lens in &simulation.lenses {
        one_of(&lens.camera, sources, "[[simulation.lenses]] camera")?;
    }
    for fault in &simulation.sense_faults {
        one_of(&fault.source, sources, "[[simulation.sense_faults]] source")?;
        if !(0.0 <= fault.from_s && fault.from_s < fault.to_s && fault.to_s.is_finite()) {
            return Err(format!(
                "[[simulation.sense_faults]] of `{}`: from_s {} to to_s {}; seconds since the opening, the first one less",
                fault.source, fault.from_s, fault.to_s
            ));
        }
    }
    Ok(())
}
