//! What a scene's text asks of the store: people who come at their time, and things that happen by themselves. Nothing
//! here is drawn by chance.

use recording::{Catalogue, Product};

use crate::people::{Kind, Step, Walker};
use crate::senses::Told;
use crate::space::P2;
use crate::stock::{Carry, Place};

use super::World;

/// Another price for a product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Price {
    /// Index among the world's products.
    pub(crate) product: usize,
    pub(crate) unit_minor: i64,
}

/// Somebody as a scene describes them.
pub(crate) struct Role {
    pub(crate) comes_us: i64,
    pub(crate) at: P2,
    pub(crate) kind: Kind,
    pub(crate) staff: bool,
    /// Whose card pays.
    pub(crate) leader: Option<u32>,
    /// Place in the leader's party.
    pub(crate) place: usize,
    pub(crate) steps: Vec<Step>,
}

impl World {
    /// Nobody comes by themselves, neither shoppers nor staff.
    pub(crate) fn only_who_is_asked(&mut self) {
        (self.next_shopper_us, self.next_staff_us) = (i64::MAX, i64::MAX);
        self.vain = Some(Vec::new());
    }

    /// Notes what somebody could not do that a scene asks of them. Elsewhere people shrug and go on.
    pub(super) fn in_vain(&mut self, at: usize, why: String) {
        if let (Some(vain), Some(walker)) = (&mut self.vain, self.people.get(at)) {
            vain.push((walker.id, why));
        }
    }

    /// Whether a scene says who comes and what they do.
    pub(super) fn is_staged(&self) -> bool {
        self.next_shopper_us == i64::MAX
    }

    /// Somebody will come; gives their number. The first who is asked is 1.
    pub(crate) fn will_come(&mut self, role: Role) -> u32 {
        let id = self.next_person;
        self.next_person += 1;
        let mut walker = Walker::new(id, role.at, role.kind, role.steps, &mut self.chance);
        walker.staff |= role.staff;
        (walker.leader, walker.group, walker.place) = (role.leader, role.leader, role.place);
        if role.staff && role.kind == Kind::Adult {
            walker.carry = Carry::Stacked;
        } else if role.kind == Kind::Adult {
            // What a scene says of carrying it says itself; else things are in the hand.
            walker.carry = Carry::Hand;
        }
        self.due.push((role.comes_us, walker));
        id
    }

    /// A tagged piece of a product that lies on a fixture.
    pub(crate) fn lying(&self, product: usize) -> Option<usize> {
        let lies = |p: &crate::stock::Piece| {
            p.product == product && p.epc.is_some() && matches!(p.place, Place::Fixture(_))
        };
        self.pieces.iter().position(lies)
    }

    /// Every tag on a product lies on foil print or metal.
    pub(crate) fn weakens_all(&mut self, product: usize) {
        for at in 0..self.pieces.len() {
            if self.pieces.get(at).is_some_and(|p| p.product == product) {
                self.weakens(at, super::handling::WEAK_DB);
            }
        }
    }

    /// What prices will become, by microseconds since the beginning.
    pub(crate) fn will_happen(&mut self, mut prices: Vec<(i64, Price)>) {
        prices.sort_by_key(|(at_us, _)| std::cmp::Reverse(*at_us));
        self.prices = prices;
    }

    /// Lets happen what is due.
    pub(super) fn stages(&mut self) {
        while let Some((_, price)) = self.prices.pop_if(|(at_us, _)| *at_us <= self.now_us) {
            self.changes(&price);
        }
    }

    /// The store's catalogue says another price from now on.
    fn changes(&mut self, price: &Price) {
        let Some(p) = self.products.get(price.product) else { return };
        let product = Product {
            gtin: p.gtin.clone(),
            sku: Some(p.sku.as_str().into()),
            name: Some(p.name.as_str().into()),
            unit_minor: Some(price.unit_minor),
            tax_category: Some(if p.tagged { "clothing" } else { "general" }.into()),
            weight_g: Some(p.weight_g),
            tagged: p.tagged,
            image: None,
        };
        let what = Catalogue { product: Some(product), item: None };
        self.post(Told { at_us: self.now_us, received_us: self.now_us, what: what.into() });
    }
}
