//! Fixtures, what lies on them, and the scales under them.

use super::values::{one_of, point3};
use crate::plan::file;
use crate::plan::{Fixture, Load, ScalePlan, Stock, Tray};
use crate::space::Rect;

pub(super) fn fixture(fixture: &file::Fixture, known: &[&str]) -> Result<Fixture, String> {
    let what = format!("fixture `{}`", fixture.id);
    one_of(&fixture.zone, known, &format!("{what}, zone"))?;
    let [a, b] = fixture.corners;
    let (a, b) = (point3(a, &format!("{what}, box"))?, point3(b, &format!("{what}, box"))?);
    let height = a.z.max(b.z);
    if !(0.1..=4.0).contains(&height) {
        return Err(format!("{what}, box: {height} m high; 0.1 to 4, the third number of its upper corner"));
    }
    let area = Rect::new(a.x.min(b.x), a.y.min(b.y), a.x.max(b.x), a.y.max(b.y));
    Ok(Fixture { id: fixture.id.clone(), zone: fixture.zone.clone(), area, height })
}

pub(super) fn stock(stock: &file::Stock, fixtures: &[Fixture]) -> Result<Stock, String> {
    let known: Vec<&str> = fixtures.iter().map(|f| f.id.as_str()).collect();
    one_of(&stock.fixture, &known, "[[simulation.stock]] fixture")?;
    let all = crate::stock::products();
    let made = Stock {
        fixture: known.iter().position(|id| *id == stock.fixture).unwrap_or(0),
        products: stock.products.clone(),
        pieces: stock.pieces.map(|pieces| pieces.min(1_000)),
    };
    for named in &made.products {
        let one = Stock { products: vec![named.clone()], ..made.clone() };
        if !all.iter().any(|p| one.holds(&p.sku)) {
            let near = crate::words::nearest(named, all.iter().map(|p| p.sku.as_str())).unwrap_or_default();
            return Err(format!(
                "[[simulation.stock]] for `{}`: no product is called `{named}`; a SKU or how one begins, such as `{near}`",
                stock.fixture
            ));
        }
    }
    Ok(made)
}

/// The fixtures of tagged and of untagged goods. A display (which says how much hangs there) is looked at, not emptied.
pub(super) fn shelves(stock: &[Stock]) -> (Vec<usize>, Vec<usize>) {
    let products = crate::stock::products();
    let mut racks: Vec<usize> = Vec::new();
    let mut tables: Vec<usize> = Vec::new();
    for entry in stock {
        let mut held = products.iter().filter(|p| entry.holds(&p.sku));
        let to = if held.any(|p| !p.tagged) { &mut tables } else { &mut racks };
        if entry.pieces.is_none() && !to.contains(&entry.fixture) {
            to.push(entry.fixture);
        }
    }
    if racks.is_empty() {
        racks = stock.iter().map(|entry| entry.fixture).collect();
    }
    if tables.is_empty() {
        tables.clone_from(&racks);
    }
    (racks, tables)
}

pub(super) fn scale(
    scale: &file::Scale,
    known: &[&str],
    (fixtures, stock, trays): (&[Fixture], &[Stock], &[Tray]),
) -> Result<ScalePlan, String> {
    let what = format!("scale `{}`", scale.id);
    one_of(&scale.zone, known, &format!("{what}, zone"))?;
    let products = crate::stock::products();
    let lies = |stock: &Stock| {
        products.iter().any(|p| stock.holds(&p.sku) && scale.gtins.iter().any(|gtin| *gtin == *p.gtin))
    };
    let in_zone = |at: &usize| fixtures.get(*at).is_some_and(|f| f.zone == scale.zone);
    let tray =
        trays.iter().find(|tray| tray.scale.as_ref() == Some(&scale.id)).map(|tray| Load::Tray(tray.lane));
    let fixture = stock.iter().filter(|s| in_zone(&s.fixture)).find(|s| lies(s)).map(|s| s.fixture);
    let load = tray.or(fixture.or_else(|| (0..fixtures.len()).find(in_zone)).map(Load::Fixture));
    let Some(load) = load else {
        return Err(format!(
            "{what}: nothing stands on it: no [[fixtures]] in its zone, and no [[simulation.trays]] names it"
        ));
    };
    Ok(ScalePlan { id: scale.id.clone(), zone: scale.zone.clone(), load })
}
