//! Carts that carry antennas.

use super::floor::spot;
use super::values::one_of;
use crate::plan::file::{File, Simulation};
use crate::plan::{CartPlan, LanePlan};
use crate::space::Ground;

/// Antennas on a cart are no farther from its middle than this, metres.
const ON_A_CART_M: f64 = 1.5;

/// Every cart with the antennas that say they move with it.
pub(super) fn carts(
    file: &File,
    simulation: &Simulation,
    lanes: &[LanePlan],
    ground: &Ground,
) -> Result<Vec<CartPlan>, String> {
    let known: Vec<&str> = simulation.carts.iter().map(|cart| cart.id.as_str()).collect();
    let antennas = || {
        let each = file.readers.iter().flat_map(|reader| reader.antennas.iter().map(move |a| (reader, a)));
        each.enumerate()
    };
    for (_, (reader, antenna)) in antennas() {
        let Some(cart) = &antenna.moves_with else { continue };
        let what = format!("reader `{}`, antenna {}", reader.id, antenna.port);
        if known.is_empty() {
            return Err(format!(
                "{what}, moves_with: there is no cart `{cart}`; a [[simulation.carts]] with this id says where it stands"
            ));
        }
        one_of(cart, &known, &format!("{what}, moves_with"))?;
        let near = antenna.position.is_none_or(|[x, y, _]| x.abs() < ON_A_CART_M && y.abs() < ON_A_CART_M);
        if !near {
            return Err(format!(
                "{what}, position: on a cart it is the cart's own, right and ahead of its middle and up from the floor, such \
                 as [0.0, 0.2, 0.5]"
            ));
        }
    }
    let cart = |cart: &crate::plan::file::Cart| {
        let what = format!("[[simulation.carts]] `{}`", cart.id);
        let own = antennas().filter(|(_, (_, a))| a.moves_with.as_ref() == Some(&cart.id));
        let (own, zones): (Vec<usize>, Vec<&str>) = own.map(|(n, (_, a))| (n, a.zone.as_str())).unzip();
        if own.is_empty() {
            return Err(format!("{what}: no antenna says moves_with = \"{}\"", cart.id));
        }
        let lane = lanes.iter().position(|lane| zones.contains(&lane.id.as_str()));
        Ok(CartPlan {
            id: cart.id.clone(),
            home: spot(cart.home, ground, &format!("{what}, home"))?,
            antennas: own,
            lane,
        })
    };
    simulation.carts.iter().map(cart).collect()
}
