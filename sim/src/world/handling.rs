//! Hands and things: taking up, putting back, hiding, handing over, laying into trays. Every piece that is held is in one
//! person's hands, in one way of carrying.

use crate::people::{Brought, Step, Wanted, Which};
use crate::stock::{self, Carry, Place, Product, Story};
use recording::{Hex, ItemAction};

use super::World;

/// What lies no farther away than this is in reach of a hand, metres.
const REACH_M: f64 = 1.5;
/// Two in neighbouring lanes lean over the posts towards each other, metres between them.
const ACROSS_M: f64 = 2.2;
/// How far below others' a weak tag's answer is, dB one way.
pub(super) const WEAK_DB: f64 = 9.0;

impl World {
    pub(super) fn takes_from(&mut self, at: usize, fixture: usize, what: Wanted) {
        let choice: Vec<usize> = match what {
            Wanted::Piece(piece) => vec![piece],
            _ => {
                let fits = |piece: &&stock::Piece| {
                    piece.place == Place::Fixture(fixture)
                        && piece.is_goods()
                        && match what {
                            Wanted::Tagged => piece.epc.is_some(),
                            Wanted::Untagged => piece.epc.is_none(),
                            Wanted::Product(product) => piece.product == product,
                            Wanted::Piece(_) => false,
                        }
                };
                let all = self.pieces.iter().enumerate();
                all.filter(|(_, piece)| fits(piece)).map(|(n, _)| n).collect()
            }
        };
        let Some(&piece) = choice.get(self.chance.index(choice.len())) else {
            return self.finds_none(at, fixture, what);
        };
        let lies = self.pieces.get(piece).map(|piece| piece.place);
        if matches!(lies, Some(Place::Fixture(_) | Place::Floor | Place::Stockroom)) {
            let from = match lies {
                Some(Place::Fixture(from)) => from,
                _ => fixture,
            };
            self.take(at, piece);
            self.sight(at, ItemAction::Take, piece, from);
        }
    }

    /// The pieces in somebody's hands that are meant; the tags that go with a garment are not counted.
    fn meant(&self, at: usize, which: Which) -> Vec<usize> {
        let Some(walker) = self.people.get(at) else { return Vec::new() };
        let goods = |piece: &usize| self.pieces.get(*piece).is_some_and(|p| p.is_goods());
        let mut held = walker.held.iter().copied().filter(goods);
        match which {
            Which::All => held.collect(),
            Which::Last => held.next_back().into_iter().collect(),
            Which::Piece(piece) => held.filter(|p| *p == piece).collect(),
        }
    }

    /// The same, for something that a scene asks for by name: with empty hands it comes to nothing.
    fn meant_for(&mut self, at: usize, which: Which, what_for: &str) -> Vec<usize> {
        let meant = self.meant(at, which);
        if meant.is_empty() {
            self.in_vain(at, format!("has nothing in hand to {what_for}"));
        }
        meant
    }

    /// Nothing of what somebody wants lies there.
    fn finds_none(&mut self, at: usize, fixture: usize, what: Wanted) {
        let id = |at: usize| self.plan.fixtures.get(at).map_or("", |fixture| fixture.id.as_str());
        let there = id(fixture);
        let why = match what {
            Wanted::Product(product) => {
                let Some(Product { sku, home, .. }) = self.products.get(product) else { return };
                if *home == fixture {
                    format!(
                        "finds no {sku} left on {there}; the scene's `pieces` and `stock` say how many lie there"
                    )
                } else {
                    format!("finds no {sku} on {there}; they lie on {}", id(*home))
                }
            }
            Wanted::Tagged => format!("finds no tagged piece left on {there}"),
            Wanted::Untagged => format!("finds no untagged piece left on {there}"),
            Wanted::Piece(_) => return,
        };
        self.in_vain(at, why);
    }

    pub(super) fn puts_back(&mut self, at: usize, fixture: usize, which: Which) {
        let meant = self.meant_for(at, which, "put back");
        for piece in meant.into_iter().rev() {
            self.lets_go(at, piece, Place::Fixture(fixture));
            self.sight(at, ItemAction::Return, piece, fixture);
        }
    }

    pub(super) fn gives_back(&mut self, at: usize) {
        for piece in self.meant(at, Which::All).into_iter().rev() {
            self.lets_go(at, piece, Place::Stockroom);
        }
    }

    /// Everything in hand leaves the store for good.
    pub(super) fn takes_away(&mut self, at: usize) {
        let held = self.people.get(at).map(|walker| walker.held.clone()).unwrap_or_default();
        for piece in held.into_iter().rev() {
            let garment = self.pieces.get(piece).is_some_and(|p| p.is_goods());
            if garment {
                self.lets_go(at, piece, Place::Gone);
            }
            self.departs(piece);
        }
    }

    pub(super) fn lays_down(&mut self, at: usize, which: Which) {
        let Some(here) = self.people.get(at).map(|walker| walker.at) else { return };
        for piece in self.meant(at, which).into_iter().rev() {
            self.lets_go(at, piece, Place::Floor);
            self.lies_at(piece, here, 0.45);
        }
    }

    pub(super) fn picks_up(&mut self, at: usize) {
        let Some(here) = self.people.get(at).map(|walker| walker.at) else { return };
        let lies = |n: &usize| {
            self.pieces.get(*n).is_some_and(|p| p.place == Place::Floor && p.is_goods())
                && self.air.tags.get(*n).is_some_and(|tag| tag.at.floor().to(here) < REACH_M)
        };
        let found: Vec<usize> = (0..self.pieces.len()).filter(lies).collect();
        found.into_iter().for_each(|piece| self.take(at, piece));
    }

    pub(super) fn stows(&mut self, at: usize, which: Which, carry: Carry) {
        for piece in self.meant_for(at, which, "carry in another way") {
            self.grips(at, piece, carry);
        }
        if which == Which::All
            && let Some(walker) = self.people.get_mut(at)
        {
            walker.carry = carry;
        }
    }

    /// The tags of what is meant stay on a fixture. The garment stays in hand, as a piece that no reader knows of.
    pub(super) fn tears_off(&mut self, at: usize, which: Which, fixture: usize) {
        for piece in self.meant(at, which) {
            let Some(garment) = self.pieces.get(piece).filter(|p| p.epc.is_some()).cloned() else { continue };
            let Place::Held { carry, .. } = garment.place else { continue };
            self.lets_go(at, piece, Place::Fixture(fixture));
            if let Some(tag) = self.pieces.get_mut(piece) {
                tag.story = Story::LooseTag;
            }
            let torn = stock::Piece { epc: None, story: Story::Torn, ..garment };
            let torn = self.adds(torn);
            self.take(at, torn);
            self.grips(at, torn, carry);
        }
    }

    /// Gives pieces to somebody within reach, waiting for them to be; true when it is done or given up.
    pub(super) fn hands_to(&mut self, at: usize, person: u32, which: Which) -> bool {
        let over = self.waits(at, 20.0);
        let Some((here, lane)) = self.people.get(at).map(|walker| (walker.at, walker.lane)) else {
            return true;
        };
        let Some(to) = self.people.iter().position(|p| p.id == person) else { return true };
        let across = |theirs: Option<usize>| lane.zip(theirs).is_some_and(|(a, b)| a.abs_diff(b) == 1);
        let near = self
            .people
            .get(to)
            .is_some_and(|p| p.at.to(here) < if across(p.lane) { ACROSS_M } else { REACH_M });
        if let Some(walker) = self.people.get_mut(at) {
            walker.stops();
            if near {
                walker.until_us = None;
            }
        }
        if near {
            for piece in self.meant_for(at, which, "hand over") {
                self.lets_go(at, piece, Place::Floor);
                self.take(to, piece);
            }
        }
        near || over
    }

    pub(super) fn lays_in_tray(&mut self, at: usize, lane: usize) {
        let Some((place, height_m)) = self.plan.tray(lane) else { return };
        let meant = self.meant_for(at, Which::All, "lay into the tray");
        for piece in meant.into_iter().rev() {
            self.lets_go(at, piece, Place::Tray(lane));
            self.lies_at(piece, place, height_m);
        }
    }

    pub(super) fn takes_from_tray(&mut self, at: usize, lane: usize) {
        let lies =
            |n: &usize| self.pieces.get(*n).is_some_and(|p| p.place == Place::Tray(lane) && p.is_goods());
        let found: Vec<usize> = (0..self.pieces.len()).filter(lies).collect();
        found.into_iter().for_each(|piece| self.take(at, piece));
    }

    /// Puts something that was not in the shop into somebody's hands.
    pub(super) fn brings(&mut self, at: usize, what: Brought, carry: Option<Carry>) {
        let piece = match what {
            Brought::SoldBefore => {
                let sold = |p: &stock::Piece| p.story == Story::SoldBefore && p.place == Place::Gone;
                self.pieces.iter().position(sold)
            }
            Brought::Foreign => {
                self.next_serial += 1;
                let epc = Hex::from_bytes(&stock::foreign96(17, self.next_serial)).ok();
                let product = self.chance.index(self.products.len());
                let serial = self.next_serial;
                let piece =
                    stock::Piece { product, serial, epc, place: Place::Stockroom, story: Story::Foreign };
                Some(self.adds(piece))
            }
            Brought::Unpriced => {
                let product = self.products.iter().position(|p| !p.priced);
                product.map(|product| self.make(product, Place::Stockroom))
            }
            Brought::Product(product) => Some(self.make(product, Place::Stockroom)),
            Brought::CloneOf(of) => self
                .pieces
                .get(of)
                .cloned()
                .map(|of| self.adds(stock::Piece { place: Place::Stockroom, story: Story::Clone, ..of })),
            Brought::TwoTags(product) => {
                let garment = self.make(product, Place::Stockroom);
                self.double(garment);
                Some(garment)
            }
            Brought::Weak(product) => {
                let piece = self.make(product, Place::Stockroom);
                self.weakens(piece, WEAK_DB);
                Some(piece)
            }
        };
        if let Some(piece) = piece {
            self.take(at, piece);
            if let Some(carry) = carry {
                self.grips(at, piece, carry);
            }
        }
    }

    /// Hangs a second tag on a garment: the same piece in another encoder's bits.
    pub(super) fn double(&mut self, garment: usize) {
        let Some(piece) = self.pieces.get(garment).cloned() else { return };
        let Some(reference) = self.products.get(piece.product).map(|p| p.item_reference) else { return };
        let epc = Hex::from_bytes(&stock::sgtin96_alias(reference, piece.serial)).ok();
        let place = piece.place;
        self.adds(stock::Piece { epc, place, story: Story::SecondTagOf(garment), ..piece });
    }

    /// Into a free cubicle; true inside one.
    pub(super) fn enters_cubicle(&mut self, at: usize) -> bool {
        let Some(walker) = self.people.get(at) else { return true };
        let taken: Vec<usize> = self.people.iter().filter_map(|p| p.cubicle).collect();
        let mine = walker.cubicle.or_else(|| (0..self.plan.cubicles.len()).find(|n| !taken.contains(n)));
        let place = mine.and_then(|n| self.plan.cubicles.get(n)).copied();
        let wait_at = self.plan.fitting_at;
        let Some(walker) = self.people.get_mut(at) else { return true };
        walker.cubicle = mine;
        match place {
            Some(place) => walker.heads_for(place, &self.plan.ground),
            None => {
                walker.heads_for(wait_at, &self.plan.ground);
                self.plan.cubicles.is_empty()
            }
        }
    }

    /// Cubicles are free again when their people have walked out.
    pub(super) fn free_cubicles(&mut self) {
        for walker in &mut self.people {
            let inside = walker.cubicle.and_then(|n| self.plan.cubicles.get(n));
            let going = matches!(walker.steps.front(), Some(Step::Cubicle));
            if inside.is_none_or(|place| walker.at.to(*place) > 1.0) && !going {
                walker.cubicle = None;
            }
        }
    }
}
