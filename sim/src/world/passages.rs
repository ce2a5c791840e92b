//! Ways through a lane as they really were, for the truth: one for each purse, however many people it pays for.

use crate::people::Walker;
use crate::simulate::Happened;
use crate::space::P2;
use crate::stock::{Piece, Story};
use crate::truth::{TrueItem, TruePassage, TrueTap};
use recording::TapOutcome;

use super::{STEP_US, World};

/// A way through a lane that is under way.
#[derive(Clone, Debug)]
pub(super) struct Under {
    pub(super) lane: usize,
    enter_us: i64,
    from_street: bool,
    /// When one stepped out over a line the last time, and whether to the street; a step back over it undoes this.
    left: Option<(i64, bool)>,
    pub(super) tap: Option<TrueTap>,
    pub(super) paid: bool,
    /// Whether one meant to go in: who is pushed half a step into a lane's mouth in a crowd is not on a way through it.
    meant: bool,
}

/// So far into a lane one is on a way through it, meant or not, metres.
const IN_M: f64 = 0.5;

/// One person's way through, done; waits for the rest of the party.
#[derive(Clone, Debug)]
pub(super) struct Done {
    under: Under,
    end_us: i64,
    to_street: bool,
    person: u32,
    group: Option<u32>,
    staff: bool,
    goods: Vec<(TrueItem, Story, bool)>,
}

impl World {
    /// Notes when somebody steps into a lane or out of it.
    pub(super) fn crosses(&mut self, at: usize, before: P2) {
        let Some(walker) = self.people.get(at) else { return };
        let lane_of = |p: P2| {
            self.plan.lanes.iter().position(|l| l.area.low.y < p.y && p.y < l.area.high.y && l.area.holds(p))
        };
        let (was, is) = (lane_of(before), lane_of(walker.at));
        let end_us = self.now_us + STEP_US;
        let (id, here) = (walker.id, walker.at);
        if let (None, Some(lane)) = (was, is) {
            match self.under.get_mut(&id).filter(|under| under.lane == lane) {
                Some(under) => under.left = None,
                None => {
                    let from_street = self.plan.lanes.get(lane).is_some_and(|l| before.y >= l.area.high.y);
                    let under = Under {
                        lane,
                        enter_us: end_us,
                        from_street,
                        left: None,
                        tap: None,
                        paid: false,
                        meant: walker.lane == Some(lane),
                    };
                    self.under.insert(id, under);
                }
            }
        } else if was.is_some()
            && is.is_none()
            && let Some(under) = self.under.get_mut(&id)
        {
            let out = self
                .plan
                .lanes
                .get(under.lane)
                .is_some_and(|l| here.y > (l.area.low.y + l.area.high.y) / 2.0);
            under.left = Some((end_us, out));
        }
        if let Some(under) = self.under.get_mut(&id)
            && self
                .plan
                .lanes
                .get(under.lane)
                .is_some_and(|l| here.y > l.area.low.y + IN_M && here.y < l.area.high.y - IN_M)
        {
            under.meant = true;
        }
        let gone = |under: &Under| {
            let area = self.plan.lanes.get(under.lane).map(|l| l.area);
            under.left.is_some() && area.is_none_or(|a| here.y < a.low.y - 0.4 || here.y > a.high.y + 0.15)
        };
        let through = self.under.get(&id).is_some_and(gone);
        let Some(walker) = self.people.get_mut(at) else { return };
        walker.entered |= is.is_some();
        let area = walker.lane.and_then(|lane| self.plan.lanes.get(lane)).map(|l| l.area);
        if is.is_none()
            && walker.entered
            && area.is_some_and(|area| walker.at.y > area.high.y + 0.15 || walker.at.y < area.low.y - 0.4)
        {
            (walker.lane, walker.entered) = (None, false);
        }
        if through
            && let Some(under) = self.under.remove(&id)
            && let Some(walker) = self.people.get(at)
        {
            let purse = walker.purse();
            if under.meant {
                let done = self.done(under, walker);
                self.done.entry(purse).or_default().push(done);
            }
            self.closes(purse);
        }
    }

    fn done(&self, under: Under, walker: &Walker) -> Done {
        let (end_us, to_street) = under.left.unwrap_or((self.now_us, !under.from_street));
        let held = walker.held.iter().filter_map(|&at| self.pieces.get(at)).filter(|piece| piece.is_goods());
        let goods = held.filter_map(|piece| Some((self.item(piece, walker)?, piece.story, piece.for_sale())));
        Done {
            end_us,
            to_street,
            person: walker.id,
            group: walker.group,
            staff: walker.staff,
            goods: goods.collect(),
            under,
        }
    }

    fn item(&self, piece: &Piece, walker: &Walker) -> Option<TrueItem> {
        let carry = piece.carried_as().unwrap_or(walker.carry);
        Some(TrueItem {
            gtin: self.products.get(piece.product)?.gtin.clone(),
            serial: piece.told_serial(),
            mode: carry.word().into(),
            person: walker.id,
            concealed: carry.conceals(),
            tag: piece.tag_word().map(Into::into),
        })
    }

    /// Writes down the passages of a purse whose people are all through.
    pub(super) fn closes(&mut self, purse: u32) {
        let on_the_way = self
            .people
            .iter()
            .any(|p| p.purse() == purse && (p.lane.is_some() || self.under.contains_key(&p.id)));
        if on_the_way {
            return;
        }
        let mut left = self.done.remove(&purse).unwrap_or_default();
        while let Some(first) = left.first() {
            // Who went another way went on a passage of their own.
            let way = |done: &Done| (done.under.lane, done.under.from_street, done.to_street);
            let same = way(first);
            let (together, others) = left.into_iter().partition(|done| way(done) == same);
            left = others;
            let passage = self.passage(together);
            if let (Some(passage), Some(notes)) = (passage, &mut self.notes) {
                notes.passages.push(passage);
            }
        }
    }

    /// Parties of which somebody had the lane and never went in.
    pub(super) fn closes_all(&mut self) {
        let purses: Vec<u32> = self.done.keys().copied().collect();
        purses.into_iter().for_each(|purse| self.closes(purse));
    }

    fn passage(&self, together: Vec<Done>) -> Option<(i64, TruePassage)> {
        let first = together.first()?;
        let (lane, from_street, to_street) = (first.under.lane, first.under.from_street, first.to_street);
        let enter_us = together.iter().map(|done| done.under.enter_us).min()?;
        let end_us = together.iter().map(|done| done.end_us).max()?;
        let paid = together.iter().any(|done| done.under.paid);
        let taps = together.iter().filter_map(|done| done.under.tap.clone());
        let tap = taps.max_by_key(|tap| (tap.outcome == TapOutcome::Approve, tap.at));
        let goods: Vec<&(TrueItem, Story, bool)> = together.iter().flat_map(|done| &done.goods).collect();
        let sold_before = goods.iter().any(|(_, story, _)| *story == Story::SoldBefore);
        let for_sale = goods.iter().any(|(.., for_sale)| *for_sale);
        let declined = tap.as_ref().is_some_and(|tap| tap.outcome != TapOutcome::Approve);
        let staff = together.iter().all(|done| done.staff);
        let kind = match (staff, from_street == to_street) {
            (true, _) => "staff",
            (_, true) if declined => "declined",
            (_, true) => "turned_back",
            _ if from_street && sold_before => "return",
            _ if from_street => "came_in",
            _ if !for_sale && sold_before => "paid_before",
            _ if !for_sale => "empty",
            _ if paid => "buyer",
            _ => "walkout",
        };
        // What was paid on an earlier day is not what a buyer pays for; another brand's goods are nobody's here.
        let counts = |item: &&&(TrueItem, Story, bool)| match item.1 {
            Story::Foreign => false,
            Story::SoldBefore => kind != "buyer" && kind != "walkout",
            _ => true,
        };
        let items: Vec<TrueItem> = goods.iter().filter(counts).map(|(item, ..)| item.clone()).collect();
        let clone = goods.iter().any(|(_, story, _)| *story == Story::Clone);
        let unpriced =
            items.iter().any(|item| self.products.iter().any(|p| p.gtin == item.gtin && !p.priced));
        let passage = TruePassage {
            id: String::new(),
            lane: self.plan.lanes.get(lane).map(|l| l.id.clone()).unwrap_or_default(),
            kind: kind.into(),
            persons: together.iter().map(|done| done.person).collect(),
            enter: self.time(enter_us),
            exit: self.time(end_us),
            paid: paid || kind == "paid_before",
            tap,
            expected: expected(kind, &items, clone || unpriced).iter().map(|word| (*word).into()).collect(),
            items,
            group: together.iter().find_map(|done| done.group),
        };
        Some((enter_us, passage))
    }

    /// What has come to be known of the truth since the last time; with the `last` step all that is left.
    pub(crate) fn truths(&mut self, last: bool, out: &mut Happened) {
        let Some(notes) = &mut self.notes else { return };
        let done = self.done.values().flatten().map(|done| &done.under);
        let under_way_us =
            self.under.values().chain(done).map(|under| under.enter_us).min().filter(|_| !last);
        notes.passages_before(under_way_us.unwrap_or(i64::MAX), &mut out.passages);
        let pieces = &self.pieces;
        let epc_of = last.then_some(|tag: usize| pieces.get(tag).and_then(|piece| piece.epc.clone()));
        notes.tags_told(self.start, epc_of, &mut out.tags);
        out.people.append(&mut notes.people);
        out.takes.append(&mut notes.takes);
        out.items_csv.push_str(&std::mem::take(&mut notes.items_csv));
    }
}

/// The outcomes that are right for a passage, the best first. `odd`: a piece that staff have to look at (a clone, no price).
fn expected(kind: &str, items: &[TrueItem], odd: bool) -> &'static [&'static str] {
    let unseen = |item: &TrueItem| item.concealed || item.tag.is_some();
    let untagged_only = !items.is_empty() && items.iter().all(|item| item.serial.is_none());
    match kind {
        "staff" => &["staff", "no_items", "turned_back"],
        "return" => &["staff", "no_items", "held"],
        "came_in" => &["no_items", "staff"],
        "turned_back" | "declined" => &["turned_back"],
        "buyer" if odd => &["held", "charged"],
        "buyer" if untagged_only || items.iter().any(unseen) => &["charged", "held"],
        "buyer" => &["charged"],
        "walkout" if items.iter().all(unseen) => &["held", "unpaid", "no_items"],
        "walkout" => &["unpaid", "held"],
        _ => &["no_items"],
    }
}
