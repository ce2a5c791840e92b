//! One layout in one simulated world, decided by the real engine by its rules, and counted against what really happened.
//! Worlds of one seed have the same people with the same pieces in every layout, so that layouts are compared pair by pair.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use engine::Shop;
use recording::{
    CatalogueChange, Hex, Name, Observation, Outcome, Passage, PassageOutcome, Receipt, ReceiptStatus, Time,
};
use serde::Serialize;
use sim::{Day, Family, Happened, TruePassage, TrueTag};

use crate::catalogue;
use crate::config::Config;
use crate::store::Replay;

/// Shoppers come in for so long; a world goes on until the last of them has left.
const OPEN: Duration = Duration::from_secs(75);
/// Who enters a lane sooner is not counted: the store is under way at its opening, and the three who stand at its racks
/// then have one piece each and leave before it has come to know them.
const WARM_US: i64 = 45_000_000;
/// A passage that the engine noticed is that of the truth which it shares its time with, or misses by less than this.
const APART_US: i64 = 2_000_000;
const SECOND_US: i64 = 1_000_000;

/// What a world came to. Sums over worlds are sums of these.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Tally {
    /// Ways out through a lane.
    pub passages: u64,
    /// Those with unpaid tagged pieces.
    pub carriers: u64,
    /// Tagged pieces that they carry.
    pub pieces: u64,
    /// Of these, read by an antenna at a lane between entry and exit.
    pub read: u64,
    /// Read within a second of entering.
    pub within_1s: u64,
    /// Read within two seconds of entering.
    pub within_2s: u64,
    /// Pieces in passages in which a card was tapped.
    pub tapped: u64,
    /// Of these, read before the tap.
    pub before_tap: u64,
    /// Tags at rest that antennas at a lane read while somebody went through; each once a passage.
    pub strays: u64,
    /// Lines for pieces that nobody carried.
    pub strays_billed: u64,
    /// Lines for pieces that are not the payer's: strays, and what others carry.
    pub wrong_lines: u64,
    /// Lines for single pieces.
    pub lines: u64,
    /// Receipts.
    pub receipts: u64,
    /// Receipts with exactly what was carried, untagged goods among it.
    pub exact: u64,
    /// Tagged pieces that should be paid, or not get away.
    pub due: u64,
    /// Of these, pieces that were not paid and that nobody was called to.
    pub missed: u64,
    /// Their prices, minor units.
    pub missed_minor: i64,
    /// Prices of wrong lines, minor units.
    pub wrong_minor: i64,
    /// Passages that staff were called to, of those that no call was due to.
    pub asked: u64,
}

/// A layout, ready to be simulated.
#[derive(Clone)]
pub(super) struct Prepared {
    shop: Arc<sim::Plan>,
    plan: Arc<engine::plan::Plan>,
    /// Reader and port of each antenna that looks at a lane.
    at_lanes: Arc<BTreeSet<(Name, u16)>>,
    /// No antenna hangs at all: the shop is another layout's, its readers are off.
    silent: bool,
    family: Family,
}

impl Prepared {
    /// Reads a store's file with a layout in it; `name` stands for the file in errors.
    ///
    /// # Errors
    /// What is wrong with the file and what would be right, as the simulated store or the configuration sees it.
    pub(super) fn new(
        file: &toml::Table,
        silent: bool,
        name: &str,
        family: Family,
    ) -> Result<Prepared, String> {
        // Lines of a text that was made here are no place in anybody's file.
        let shop = sim::Plan::parse(&file.to_string(), name).map_err(|error| match error {
            sim::PlanError::Wrong { reason, .. } => format!("{name}: {reason}"),
            other => other.to_string(),
        })?;
        let shop = shop.with_rooms_by_place();
        let day = Day::in_shop(shop.clone(), family, 0, OPEN);
        let config = Config::parse(&day.config_toml(), name).map_err(|error| error.to_string())?;
        let lane = |zone: &Name| config.plan.lanes.iter().any(|lane| lane.id == *zone);
        // One on a cart has no place.
        let hang = config.plan.antennas.iter().filter(|antenna| antenna.position.is_some());
        let at_lanes = hang.filter(|antenna| lane(&antenna.zone));
        let at_lanes = at_lanes.map(|antenna| (antenna.reader.clone(), antenna.port)).collect();
        Ok(Prepared {
            shop: Arc::new(shop),
            plan: Arc::new(config.plan),
            at_lanes: Arc::new(at_lanes),
            silent,
            family,
        })
    }

    /// The shop with the layout.
    pub(super) fn shop(&self) -> &sim::Plan {
        &self.shop
    }

    /// Runs the world of a seed to its end.
    ///
    /// # Errors
    /// Only where the simulated store and the engine do not understand each other.
    pub(super) fn run(&self, seed: u64) -> anyhow::Result<Tally> {
        let mut day = Day::in_shop((*self.shop).clone(), self.family, seed, OPEN);
        if self.silent {
            day = day.without_readers();
        }
        let mut shop = Shop::default();
        let products = catalogue::products(day.catalogue_csv().as_bytes())?;
        let mut prices = BTreeMap::new();
        for change in products.taken {
            if let Some(product) = &change.product
                && let Some(minor) = product.unit_minor
            {
                prices.insert(product.gtin.clone(), minor);
            }
            shop.fold(&Outcome::Catalogue(CatalogueChange { at: Time::default(), change }));
        }
        let (mut replay, mut seen) = (None, Seen { prices, ..Seen::default() });
        let mut happened = Happened::default();
        while day.step(&mut happened) {
            seen.items(&happened.items_csv);
            let replay = match &mut replay {
                Some(replay) => replay,
                None => {
                    for change in catalogue::items(happened.items_csv.as_bytes())?.taken {
                        shop.fold(&Outcome::Catalogue(CatalogueChange { at: Time::default(), change }));
                    }
                    replay.insert(Replay::new(self.plan.clone(), std::mem::take(&mut shop)))
                }
            };
            if let Some(line) = happened.lines.first().filter(|_| seen.began_us == 0) {
                seen.began_us = line.at.as_micros();
            }
            for line in happened.lines.drain(..) {
                if let Observation::Read(read) = &line.what
                    && self.at_lanes.contains(&(read.reader.clone(), read.antenna))
                {
                    seen.reads.entry(read.epc.clone()).or_default().push(line.at.as_micros());
                }
                replay.take(line, |step| seen.said(step.outcomes)).context("a simulated terminal")?;
            }
            seen.truth.append(&mut happened.passages);
            seen.tags.append(&mut happened.tags);
        }
        Ok(seen.counted())
    }
}

/// What is kept of a world until it is over.
#[derive(Default)]
struct Seen {
    prices: BTreeMap<Name, i64>,
    /// (GTIN, serial) → the tag's bits.
    epcs: BTreeMap<(String, String), Hex>,
    reads: BTreeMap<Hex, Vec<i64>>,
    truth: Vec<TruePassage>,
    tags: Vec<TrueTag>,
    passages: BTreeMap<Name, Passage>,
    receipts: BTreeMap<Name, Receipt>,
    /// Passages that staff were called to.
    calls: BTreeSet<Name>,
    began_us: i64,
}

impl Seen {
    fn items(&mut self, rows: &str) {
        for row in rows.lines() {
            let mut fields = row.split(',');
            if let (Some(epc), Some(gtin), Some(serial)) = (fields.next(), fields.next(), fields.next())
                && let Ok(epc) = Hex::parse(epc)
            {
                self.epcs.insert((gtin.to_owned(), serial.to_owned()), epc);
            }
        }
    }

    fn said(&mut self, outcomes: Vec<Outcome>) {
        for outcome in outcomes {
            match outcome {
                Outcome::Passage(passage) => drop(self.passages.insert(passage.id.clone(), passage)),
                Outcome::Receipt(receipt) if receipt.status == ReceiptStatus::Void => {
                    self.receipts.remove(&receipt.id);
                }
                Outcome::Receipt(receipt) => drop(self.receipts.insert(receipt.id.clone(), receipt)),
                Outcome::Alert(alert) => self.calls.extend(alert.passage),
                _ => {}
            }
        }
    }

    /// Whether a tag was in somebody's hands at some time of a span.
    fn held_by_somebody(&self, epc: &Hex, from_us: i64, to_us: i64) -> bool {
        let meets = |(from, to): &(Time, Time)| from.as_micros() <= to_us && to.as_micros() >= from_us;
        self.tags.iter().any(|tag| tag.epc == *epc && tag.carried.iter().chain(&tag.waiting).any(meets))
    }

    /// A tagged piece that is at rest all through a span.
    fn rests(&self, piece: &(String, String), from_us: i64, to_us: i64) -> bool {
        self.epcs.get(piece).is_some_and(|epc| !self.held_by_somebody(epc, from_us, to_us))
    }

    fn counted(&self) -> Tally {
        let mut tally = Tally::default();
        let notices = self.notices();
        let warm_us = self.began_us + WARM_US;
        for (at, truth) in self.truth.iter().enumerate().filter(|(_, t)| t.enter.as_micros() >= warm_us) {
            let noticed = || notices.iter().filter(|(_, of)| *of == Some(at)).map(|(passage, _)| *passage);
            self.reading(truth, &mut tally);
            self.billing(truth, noticed, &mut tally);
        }
        // A receipt that belongs to nobody who went through is all wrong.
        for (passage, _) in notices.iter().filter(|(_, of)| of.is_none()) {
            for receipt in self.receipts.values().filter(|receipt| receipt.passage == passage.id) {
                tally.receipts += 1;
                self.wrong(receipt, &BTreeSet::new(), &mut tally);
            }
        }
        tally
    }

    /// The engine's passages, each with the one of the truth that it is.
    fn notices(&self) -> Vec<(&Passage, Option<usize>)> {
        let of = |passage: &Passage| {
            let end_us = passage.ended_at.map_or(i64::MAX, Time::as_micros);
            let shared = |truth: &TruePassage| {
                end_us.min(truth.exit.as_micros()) - passage.began_at.as_micros().max(truth.enter.as_micros())
            };
            let lane = self.truth.iter().enumerate().filter(|(_, truth)| *passage.lane == truth.lane);
            let best = lane
                .map(|(at, truth)| (shared(truth), at))
                .max_by_key(|(shared, at)| (*shared, usize::MAX - at));
            best.filter(|(shared, _)| *shared > -APART_US).map(|(_, at)| at)
        };
        self.passages.values().map(|passage| (passage, of(passage))).collect()
    }

    fn reading(&self, truth: &TruePassage, tally: &mut Tally) {
        let (enter_us, exit_us) = (truth.enter.as_micros(), truth.exit.as_micros());
        let outward =
            matches!(truth.kind.as_str(), "buyer" | "empty" | "declined" | "walkout" | "turned_back");
        if !outward {
            return;
        }
        tally.passages += 1;
        let serials =
            truth.items.iter().filter_map(|item| Some((item.gtin.to_string(), item.serial.clone()?)));
        let carried: Vec<&Hex> = serials.filter_map(|piece| self.epcs.get(&piece)).collect();
        tally.carriers += u64::from(!carried.is_empty());
        let tap_us = truth.tap.as_ref().map(|tap| tap.at.as_micros());
        for epc in &carried {
            let times = self.reads.get(*epc).map_or(&[][..], Vec::as_slice);
            let first_us = times.iter().copied().filter(|us| (enter_us..=exit_us).contains(us)).min();
            let by = |until_us: i64| u64::from(first_us.is_some_and(|us| us <= until_us));
            tally.pieces += 1;
            tally.read += by(exit_us);
            tally.within_1s += by(enter_us + SECOND_US);
            tally.within_2s += by(enter_us + 2 * SECOND_US);
            if let Some(tap_us) = tap_us {
                tally.tapped += 1;
                tally.before_tap += by(tap_us);
            }
        }
        let strays = self.reads.iter().filter(|(epc, times)| {
            times.iter().any(|us| (enter_us..=exit_us).contains(us))
                && !carried.contains(epc)
                && !self.held_by_somebody(epc, enter_us - 5 * SECOND_US, exit_us)
        });
        tally.strays += strays.count() as u64;
    }

    fn billing<'a, P: Iterator<Item = &'a Passage>>(
        &self,
        truth: &TruePassage,
        noticed: impl Fn() -> P,
        tally: &mut Tally,
    ) {
        let tagged: BTreeSet<(String, String)> =
            truth.items.iter().filter_map(|i| Some((i.gtin.to_string(), i.serial.clone()?))).collect();
        let untagged = truth.items.iter().filter(|item| item.serial.is_none()).count() as u64;
        let asked = noticed()
            .any(|passage| passage.outcome == Some(PassageOutcome::Held) || self.calls.contains(&passage.id));
        let best = truth.expected.first().map_or("", String::as_str);
        let (pays, is_called_to) = (best == "charged", matches!(best, "unpaid" | "held"));
        tally.asked += u64::from(asked && !is_called_to);
        let mut billed = BTreeSet::new();
        for passage in noticed() {
            for receipt in self.receipts.values().filter(|receipt| receipt.passage == passage.id) {
                let pieces = self.wrong(receipt, &tagged, tally);
                let seen: u64 =
                    receipt.lines.iter().filter(|l| l.serial.is_none()).map(|l| u64::from(l.quantity)).sum();
                tally.receipts += 1;
                tally.exact += u64::from(pieces == tagged && seen == untagged);
                billed.extend(pieces);
            }
        }
        if pays || is_called_to {
            tally.due += tagged.len() as u64;
            for (gtin, _) in tagged.difference(&billed).filter(|_| !asked) {
                tally.missed += 1;
                tally.missed_minor += self.prices.get(gtin.as_str()).copied().unwrap_or_default();
            }
        }
    }

    /// Counts a receipt's lines against what was carried; gives the pieces that it bills.
    fn wrong(
        &self,
        receipt: &Receipt,
        carried: &BTreeSet<(String, String)>,
        tally: &mut Tally,
    ) -> BTreeSet<(String, String)> {
        let at_us = receipt.decided_at.as_micros();
        let mut pieces = BTreeSet::new();
        for line in &receipt.lines {
            let Some(serial) = &line.serial else { continue };
            let piece = (line.gtin.to_string(), serial.to_string());
            tally.lines += 1;
            if !carried.contains(&piece) {
                tally.wrong_lines += 1;
                tally.wrong_minor += line.unit_minor;
                tally.strays_billed += u64::from(self.rests(&piece, at_us - 20 * SECOND_US, at_us));
            }
            pieces.insert(piece);
        }
        pieces
    }
}

/// Runs worlds on several threads; what comes back is in the order of what was asked, whichever ended first.
///
/// # Errors
/// The first world's that could not be simulated.
pub(super) fn run_all(
    jobs: &[(&Prepared, u64)],
    threads: usize,
    done: &(dyn Fn() + Sync),
) -> anyhow::Result<Vec<Tally>> {
    let (next, failed) = (AtomicUsize::new(0), AtomicBool::new(false));
    let work = || {
        let mut came_to = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some((prepared, seed)) = jobs.get(at) else { return came_to };
            if failed.load(Ordering::Relaxed) {
                return came_to;
            }
            let tally = prepared.run(*seed);
            failed.fetch_or(tally.is_err(), Ordering::Relaxed);
            came_to.push((at, tally));
            done();
        }
    };
    let mut all = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads.clamp(1, jobs.len().max(1))).map(|_| scope.spawn(work)).collect();
        let mut all = Vec::new();
        for worker in workers {
            all.extend(worker.join().map_err(|_| anyhow!("a simulated world came to a sudden end"))?);
        }
        Ok::<_, anyhow::Error>(all)
    })?;
    all.sort_by_key(|(at, _)| *at);
    all.into_iter().map(|(_, tally)| tally).collect()
}
