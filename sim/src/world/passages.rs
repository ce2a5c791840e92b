//! Ways through a lane as they really were, for the truth.

use crate::people::{Intent, Walker};
use crate::simulate::Happened;
use crate::space::P2;
use crate::stock::Carry;
use crate::truth::{TrueItem, TruePassage};

use super::{STEP_US, Under, World};

impl World {
    /// Notes when somebody steps into a lane or out of it.
    pub(super) fn crosses(&mut self, at: usize, before: P2) {
        let Some(walker) = self.people.get(at) else { return };
        let lane_of = |p: P2| {
            self.plan
                .lanes
                .iter()
                .position(|l| l.area.low.y < p.y && p.y < l.area.high.y && l.area.grown(0.1).holds(p))
        };
        let (was, is) = (lane_of(before), lane_of(walker.at));
        let end_us = self.now_us + STEP_US;
        let (id, here) = (walker.id, walker.at);
        if let (None, Some(lane)) = (was, is) {
            match self.under.get_mut(&id).filter(|under| under.lane == lane) {
                Some(under) => under.left = None,
                None => {
                    let from_street = self.plan.lanes.get(lane).is_some_and(|l| before.y >= l.area.high.y);
                    let items = self.items_of(walker);
                    let (tap, left) = (None, None);
                    let under = Under { lane, enter_us: end_us, from_street, left, tap, paid: false, items };
                    self.under.insert(id, under);
                }
            }
        } else if was.is_some()
            && is.is_none()
            && let Some(under) = self.under.get_mut(&id)
        {
            under.left = Some((end_us, here.y > 1.0));
        }
        let gone = |under: &Under| {
            let area = self.plan.lanes.get(under.lane).map(|l| l.area);
            under.left.is_some() && area.is_none_or(|a| here.y < a.low.y - 0.4 || here.y > a.high.y + 0.15)
        };
        if self.under.get(&id).is_some_and(gone)
            && let Some(under) = self.under.remove(&id)
            && let Some(walker) = self.people.get(at)
        {
            let passage = self.passage(under, walker);
            if let Some(notes) = &mut self.notes {
                notes.passages.push(passage);
            }
        }
        let Some(walker) = self.people.get_mut(at) else { return };
        walker.entered |= is.is_some();
        let area = walker.lane.and_then(|lane| self.plan.lanes.get(lane)).map(|l| l.area);
        if is.is_none()
            && walker.entered
            && area.is_some_and(|area| walker.at.y > area.high.y + 0.3 || walker.at.y < area.low.y - 0.6)
        {
            (walker.lane, walker.entered) = (None, false);
        }
    }

    pub(super) fn items_of(&self, walker: &Walker) -> Vec<TrueItem> {
        let held = walker.held.iter().filter_map(|&at| self.pieces.get(at));
        held.filter_map(|piece| {
            Some(TrueItem {
                gtin: self.products.get(piece.product)?.gtin.clone(),
                serial: piece.epc.as_ref().map(|_| piece.serial.to_string()),
                mode: walker.carry.word().into(),
                person: walker.id,
                concealed: walker.carry == Carry::Foil,
            })
        })
        .collect()
    }

    pub(super) fn passage(&self, under: Under, walker: &Walker) -> (i64, TruePassage) {
        let (end_us, to_street) = under.left.unwrap_or((self.now_us, walker.at.y > 1.0));
        let through = to_street != under.from_street;
        let mixed = walker.intent == Intent::Buyer
            && walker.held.iter().any(|&p| self.pieces.get(p).is_some_and(|p| p.sold_before));
        let untagged_only = !under.items.is_empty() && under.items.iter().all(|item| item.serial.is_none());
        let foil = under.items.iter().any(|item| item.concealed);
        let expected: &[&str] = match walker.intent {
            Intent::Return if !to_street => &["staff", "no_items", "held"],
            _ if !through => &["turned_back"],
            Intent::Buyer if untagged_only => &["charged", "held"],
            Intent::Buyer => &["charged"],
            Intent::Walkout if foil => &["held", "unpaid", "no_items"],
            Intent::Walkout => &["unpaid", "held"],
            Intent::TurnedBack | Intent::Declined => &["held", "unpaid"],
            Intent::Empty | Intent::PaidBefore | Intent::Return => &["no_items"],
        };
        let items = if mixed {
            let sold: Vec<String> = walker
                .held
                .iter()
                .filter_map(|&p| self.pieces.get(p))
                .filter(|p| p.sold_before)
                .map(|p| p.serial.to_string())
                .collect();
            under
                .items
                .into_iter()
                .filter(|item| !item.serial.as_ref().is_some_and(|s| sold.contains(s)))
                .collect()
        } else {
            under.items
        };
        let passage = TruePassage {
            id: String::new(),
            lane: self.plan.lanes.get(under.lane).map(|l| l.id.clone()).unwrap_or_default(),
            kind: walker.intent.word().into(),
            persons: vec![walker.id],
            enter: self.time(under.enter_us),
            exit: self.time(end_us),
            paid: under.paid || walker.intent == Intent::PaidBefore,
            tap: under.tap,
            items,
            expected: expected.iter().map(|word| (*word).into()).collect(),
        };
        (under.enter_us, passage)
    }

    /// What has come to be known of the truth since the last time; with the `last` step all that is left.
    pub(crate) fn truths(&mut self, last: bool, out: &mut Happened) {
        let Some(notes) = &mut self.notes else { return };
        let under_way_us = self.under.values().map(|under| under.enter_us).min().filter(|_| !last);
        notes.passages_before(under_way_us.unwrap_or(i64::MAX), &mut out.passages);
        let pieces = &self.pieces;
        let epc_of = last.then_some(|tag: usize| pieces.get(tag).and_then(|piece| piece.epc.clone()));
        notes.tags_told(self.start, epc_of, &mut out.tags);
        out.people.append(&mut notes.people);
        out.items_csv.push_str(&std::mem::take(&mut notes.items_csv));
    }
}
