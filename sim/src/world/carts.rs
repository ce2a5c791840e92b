//! Shopping carts that carry a reader. A cart stands at home, outside the door, until somebody takes it; then it goes before
//! them, and its antennas with it: all along they read what lies in it, and whatever they come past.

use crate::chance::Chance;
use crate::people::Kind;
use crate::plan::Plan;
use crate::radio::{Aerial, Body};
use crate::space::P2;
use crate::truth::TrueCart;

use super::World;

/// The stream of draws that is the carts' own.
const STREAM: u64 = 8;
/// Share of those who come alone who take a cart, where one is free.
const TAKES_ONE: f64 = 0.7;

/// A cart in use, or at home.
#[derive(Clone, Debug)]
pub(super) struct Cart {
    /// Its antennas' places among the air's, and how they are on the cart.
    antennas: Vec<(usize, Aerial)>,
    /// Who pushes it.
    pub(super) pusher: Option<u32>,
    /// The middle of its frame.
    pub(super) at: P2,
    shadow_db: f64,
}

/// The antennas of a plan, those on carts where they are at home; and the carts.
pub(super) fn aerials(plan: &Plan, seed: u64, room: &mut Chance) -> (Vec<Aerial>, Vec<Cart>) {
    let mut draws = Chance::new(seed, STREAM);
    let mut carts: Vec<Cart> = Vec::new();
    for cart in &plan.carts {
        let shadow_db = draws.between(2.0, 7.0);
        carts.push(Cart { antennas: Vec::new(), pusher: None, at: cart.home, shadow_db });
    }
    let antennas = plan.readers.iter().flat_map(|reader| &reader.antennas).enumerate();
    let mut aerials = Vec::new();
    for (number, antenna) in antennas {
        let on = plan.carts.iter().position(|cart| cart.antennas.contains(&number));
        aerials.push(match on.and_then(|n| Some((carts.get_mut(n)?, plan.carts.get(n)?.home))) {
            Some((cart, home)) => {
                let aerial = plan.fed(number, Aerial::in_basket(antenna.clone(), &mut draws));
                let at_home = aerial.rolled(home, (0.0, 1.0), P2::default());
                cart.antennas.push((number, aerial));
                at_home
            }
            None if plan.rooms_by_place => {
                let aerial = Aerial::new(antenna.clone(), &mut Chance::new(seed, antenna.stream()));
                plan.fed(number, aerial)
            }
            None => plan.fed(number, Aerial::new(antenna.clone(), room)),
        });
    }
    (aerials, carts)
}

impl World {
    /// What somebody comes with who comes alone: a cart with a reader where there is one.
    pub(super) fn kind_alone(&mut self) -> Kind {
        let free = self.carts.iter().any(|cart| cart.pusher.is_none());
        if free && self.chance.happens(TAKES_ONE) { Kind::Cart } else { self.kind() }
    }

    /// Gives somebody who comes with a cart one that carries a reader, if one is at home.
    pub(super) fn hires(&mut self, at: usize) {
        let Some(walker) = self.people.get(at).filter(|walker| walker.kind == Kind::Cart) else { return };
        let free = self.carts.iter_mut().find(|cart| cart.pusher.is_none());
        if let (Some(cart), Some(frame)) = (free, walker.build.frame) {
            (cart.pusher, cart.shadow_db) = (Some(walker.id), frame.shadow_db);
        }
    }

    /// Whoever has left has put the cart back.
    pub(super) fn parks(&mut self, person: u32) {
        self.carts.iter_mut().filter(|cart| cart.pusher == Some(person)).for_each(|cart| cart.pusher = None);
    }

    /// The lane at which what lies in somebody's cart is paid.
    pub(super) fn lane_of_cart(&self, person: u32) -> Option<usize> {
        let cart = self.carts.iter().position(|cart| cart.pusher == Some(person))?;
        self.plan.carts.get(cart)?.lane
    }

    /// Whether somebody pushes a cart that stands for a body of its own in the air.
    pub(super) fn pushes_reader(&self, person: u32) -> bool {
        self.carts.iter().any(|cart| cart.pusher == Some(person))
    }

    /// Carts and their antennas go where they are pushed.
    pub(super) fn carts_roll(&mut self) {
        self.air.baskets.clear();
        for (cart, plan) in self.carts.iter_mut().zip(&self.plan.carts) {
            let pusher = self.people.iter().find(|p| Some(p.id) == cart.pusher);
            let pushed = pusher.and_then(|p| Some((p.frame()?, p.heading, p.velocity)));
            let (at, heading, velocity) =
                pushed.map_or((plan.home, (0.0, 1.0), P2::default()), |((at, _), h, v)| (at, h, v));
            self.air.baskets.push(Body {
                at,
                velocity,
                shadow_db: cart.shadow_db,
                radius_m: 0.3,
                height_m: 1.05,
            });
            let still = at == cart.at && velocity == P2::default();
            cart.at = at;
            for (number, aerial) in &cart.antennas {
                let known = self.air.aerials.get_mut(*number);
                if let Some(known) = known.filter(|known| !still || known.velocity != P2::default()) {
                    *known = aerial.rolled(at, heading, velocity);
                    self.air.carriers.rolled(&self.air.aerials, *number);
                }
            }
        }
    }

    /// The cart that somebody pushes, as the truth tells it.
    pub(super) fn cart_of(&self, person: u32) -> Option<TrueCart> {
        let cart = self.carts.iter().position(|cart| cart.pusher == Some(person))?;
        let (at, plan) = (self.carts.get(cart)?.at, self.plan.carts.get(cart)?);
        let rounded = |v: f64| (v * 100.0).round() / 100.0;
        Some(TrueCart { id: plan.id.clone(), x: rounded(at.x), y: rounded(at.y) })
    }

    /// Lanes that one walks through on foot: those that are no cart's own, or all where every lane is one's.
    pub(super) fn lanes_on_foot(&self) -> Vec<usize> {
        let own = |lane: &usize| self.plan.carts.iter().any(|cart| cart.lane == Some(*lane));
        let lanes = 0..self.plan.lanes.len();
        let on_foot: Vec<usize> = lanes.clone().filter(|lane| !own(lane)).collect();
        if on_foot.is_empty() { lanes.collect() } else { on_foot }
    }

    /// One of the lanes that one walks through on foot.
    pub(super) fn a_lane(&mut self) -> usize {
        let lanes = self.lanes_on_foot();
        lanes.get(self.chance.index(lanes.len())).copied().unwrap_or(0)
    }
}
