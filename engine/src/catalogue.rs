//! Products and pieces made known. What says nothing new produces nothing, so importing a file twice changes nothing,
//! however far its pieces have moved in between; what no tag or till could ever hold is refused with a reason.

use recording::{Catalogue, CatalogueChange, Outcome};

use crate::PieceKey;
use crate::emit::{About, Emit};

/// Takes one change in. Says whether anything changed.
pub(crate) fn take(change: &Catalogue, emit: &mut Emit<'_>) -> bool {
    if let Err((about, reason)) = check(change) {
        emit.alert("catalogue_refused", about, &reason);
        return false;
    }
    let product = change.product.clone().filter(|p| emit.shop().product(&p.gtin) != Some(p));
    let item = change.item.clone().filter(|item| {
        let key = PieceKey { gtin: item.gtin.clone(), serial: item.serial.clone() };
        emit.shop().piece(&key).is_none_or(|piece| !piece.is_as_imported(item))
    });
    if product.is_none() && item.is_none() {
        return false;
    }
    let at = emit.now();
    emit.fact(Outcome::Catalogue(CatalogueChange { at, change: Catalogue { product, item } }));
    true
}

fn check(change: &Catalogue) -> Result<(), (About<'_>, String)> {
    let is_gtin = |gtin: &str| gtin.parse::<epc::Gtin>().map_err(|error| format!("GTIN {gtin:.20}: {error}"));
    if let Some(product) = &change.product {
        let about = About { gtin: Some(&product.gtin), ..About::default() };
        is_gtin(&product.gtin).map_err(|reason| (about, reason))?;
        if let Some(price) = product.unit_minor.filter(|price| *price < 0) {
            return Err((about, format!("price {price}: minor units, not negative")));
        }
    }
    if let Some(item) = &change.item {
        let about = About { gtin: Some(&item.gtin), serial: Some(&item.serial), ..About::default() };
        is_gtin(&item.gtin).map_err(|reason| (about, reason))?;
        let serial = item.serial.parse::<epc::Serial>();
        serial.map_err(|error| (about, format!("serial {:.30}: {error}", item.serial)))?;
    }
    Ok(())
}
