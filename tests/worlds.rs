//! Seeded small worlds through the whole engine: the things that must never happen do not, seen from outside, whatever
//! the rules decide; and how often they decide rightly, with its interval.
//!
//! `scripts/worlds 10000` runs as many as you like in release; here it is 500. `PORTICO_FAMILY=lanes` runs worlds of one family
//! alone, `PORTICO_SHOP=cart` those of one shop of `config/`.
#![allow(clippy::unwrap_used, clippy::print_stdout, unreachable_pub, reason = "a test may fail loudly")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use engine::Shop;
use portico::catalogue;
use portico::config::Config;
use portico::store::Replay;
use recording::{
    AttemptState, BasketStatus, CatalogueChange, Name, Observation, Outcome, PassageOutcome, Receipt,
    ReceiptStatus, Time,
};
use sim::{Family, Plan, Simulated, simulate, simulate_in};

/// Small worlds: long enough for a handful of passages.
const WORLD: Duration = Duration::from_secs(75);

/// The first world's seed: `PORTICO_SEED=1002257 PORTICO_WORLDS=1` repeats one that failed.
fn first_seed() -> u64 {
    std::env::var("PORTICO_SEED").map_or(1_000_000, |seed| seed.parse().unwrap())
}

fn worlds() -> u64 {
    std::env::var("PORTICO_WORLDS").map_or(500, |count| count.parse().unwrap())
}

/// What a world came to: everything the engine said, in order, each with the number of the line it followed from.
fn play(world: &Simulated, lines: usize) -> Vec<(u64, Outcome)> {
    let config = Config::parse(&world.config_toml, "config.toml").unwrap();
    let mut shop = Shop::default();
    let products = catalogue::products(world.catalogue_csv.as_bytes()).unwrap();
    let items = catalogue::items(world.items_csv.as_bytes()).unwrap();
    assert!(products.bad.is_empty() && items.bad.is_empty());
    for change in products.taken.into_iter().chain(items.taken) {
        shop.fold(&Outcome::Catalogue(CatalogueChange { at: Time::default(), change }));
    }
    let mut replay = Replay::new(Arc::new(config.plan), shop);
    let mut said = Vec::new();
    for line in world.lines.iter().take(lines) {
        let stale = line.stale && matches!(line.what, Observation::Read(_));
        replay
            .take(line.clone(), |step| {
                let decided = step.outcomes.iter().any(|o| matches!(o, Outcome::Attempt(_)));
                assert!(!(stale && decided), "a stale read led to a charge");
                said.extend(step.outcomes.into_iter().map(|outcome| (step.seq, outcome)));
            })
            .unwrap();
    }
    said
}

/// The invariants of the house, written a second time, from outside.
fn must_never_happen(said: &[(u64, Outcome)], refused: &BTreeSet<String>) {
    let mut frozen: BTreeMap<Name, i64> = BTreeMap::new();
    let mut attempts: BTreeMap<Name, i64> = BTreeMap::new();
    let mut shown: BTreeMap<Name, i64> = BTreeMap::new();
    let mut evidence: BTreeSet<(Name, u32)> = BTreeSet::new();
    let mut sold: BTreeMap<(Name, Name), Name> = BTreeMap::new();
    let mut open: BTreeMap<Name, BTreeSet<(Name, Name)>> = BTreeMap::new();
    let mut numbers = 0_u64;
    for (_, outcome) in said {
        match outcome {
            Outcome::Basket(basket) => {
                let sum: i64 = basket.lines.iter().map(|line| line.total_minor().unwrap()).sum();
                assert_eq!(sum, basket.total_minor, "a basket's total is the sum of its lines");
                match basket.status {
                    BasketStatus::Frozen => {
                        let before = frozen.insert(basket.passage.clone(), sum);
                        assert!(before.is_none_or(|before| before == sum), "a frozen basket changed");
                        assert_eq!(shown.get(&basket.passage), Some(&sum), "frozen, but not what was shown");
                    }
                    BasketStatus::Open | BasketStatus::Held => {
                        shown.insert(basket.passage.clone(), sum);
                    }
                }
                let pieces: BTreeSet<_> = basket
                    .lines
                    .iter()
                    .filter_map(|line| Some((line.gtin.clone(), line.serial.clone()?)))
                    .collect();
                for (passage, others) in &open {
                    if passage != &basket.passage {
                        let both = others.intersection(&pieces).next();
                        assert!(
                            both.is_none(),
                            "{both:?} is on the baskets of {passage} and {}",
                            basket.passage
                        );
                    }
                }
                open.insert(basket.passage.clone(), pieces);
            }
            // Nothing was taken: what is frozen next is another payment's basket.
            Outcome::Attempt(attempt)
                if matches!(
                    attempt.state,
                    AttemptState::Declined | AttemptState::NotFound | AttemptState::Voided
                ) =>
            {
                frozen.remove(&attempt.passage);
            }
            Outcome::Attempt(attempt) if attempt.state == AttemptState::Committed => {
                assert_eq!(
                    frozen.get(&attempt.passage),
                    Some(&attempt.amount_minor),
                    "asked for another sum"
                );
                attempts.insert(attempt.id.clone(), attempt.amount_minor);
                for line in &attempt.lines {
                    assert!(
                        evidence.contains(&(attempt.passage.clone(), line.line)),
                        "a line without evidence"
                    );
                }
            }
            Outcome::Evidence(weighed) => {
                assert!(!weighed.reasons.is_empty(), "a verdict without a reason");
                if let Some(line) = weighed.line {
                    evidence.insert((weighed.passage.clone(), line));
                }
            }
            Outcome::Receipt(receipt) if receipt.status == ReceiptStatus::Paid => {
                numbers += 1;
                assert_eq!(receipt.number.parse::<u64>().unwrap(), numbers, "receipt numbers have a gap");
                assert_eq!(
                    attempts.get(&receipt.id),
                    Some(&receipt.total_minor),
                    "captured is not what was frozen"
                );
                for line in &receipt.lines {
                    let Some(serial) = &line.serial else { continue };
                    let piece = (line.gtin.clone(), serial.clone());
                    let key = format!("{}/{serial}", line.gtin);
                    assert!(!refused.contains(&key), "{key} is not for sale and was sold");
                    let before = sold.insert(piece, receipt.id.clone());
                    assert!(before.is_none(), "{key} was sold on {before:?} and on {}", receipt.id);
                }
            }
            Outcome::Passage(passage) if passage.ended_at.is_some() => {
                open.remove(&passage.id);
            }
            _ => {}
        }
    }
}

/// Pieces that are known, but not in stock when the world begins.
fn not_for_sale(world: &Simulated) -> BTreeSet<String> {
    let rows = world.items_csv.lines().skip(1).map(|row| row.split(',').collect::<Vec<_>>());
    rows.filter(|row| row[4] != "in_stock").map(|row| format!("{}/{}", row[1], row[2])).collect()
}

fn receipts(said: &[(u64, Outcome)]) -> Vec<&Receipt> {
    said.iter().filter_map(|(_, o)| if let Outcome::Receipt(r) = o { Some(r) } else { None }).collect()
}

/// What the rules got right, counted over worlds.
#[derive(Default)]
struct Score {
    charged: AtomicU64,
    exact: AtomicU64,
    lines: AtomicU64,
    wrong_lines: AtomicU64,
    left_to_staff: AtomicU64,
    should_pay: AtomicU64,
}

impl Score {
    fn count(&self, world: &Simulated, said: &[(u64, Outcome)]) {
        let add = |count: &AtomicU64, by: u64| {
            count.fetch_add(by, Ordering::Relaxed);
        };
        for receipt in receipts(said) {
            // The passage in which this was decided: the only one whose tap is at that instant.
            let paying = world.truth.passages.iter().filter(|p| p.lane == *receipt.lane);
            let truth = paying.min_by_key(|p| {
                p.tap
                    .as_ref()
                    .map_or(i64::MAX, |tap| (tap.at.as_micros() - receipt.decided_at.as_micros()).abs())
            });
            let Some(truth) = truth else { continue };
            let tagged =
                truth.items.iter().filter_map(|i| Some((i.gtin.to_string(), i.serial.as_ref()?.to_string())));
            let tagged: BTreeSet<_> = tagged.collect();
            let untagged = truth.items.iter().filter(|item| item.serial.is_none()).count() as u64;
            let billed: BTreeSet<_> = receipt
                .lines
                .iter()
                .filter_map(|line| Some((line.gtin.to_string(), line.serial.as_ref()?.to_string())))
                .collect();
            let seen: u64 =
                receipt.lines.iter().filter(|l| l.serial.is_none()).map(|l| u64::from(l.quantity)).sum();
            add(&self.charged, 1);
            add(&self.exact, u64::from(billed == tagged && seen == untagged));
            add(&self.lines, billed.len() as u64);
            add(&self.wrong_lines, billed.difference(&tagged).count() as u64);
        }
        let held = said
            .iter()
            .filter(|(_, o)| matches!(o, Outcome::Passage(p) if p.outcome == Some(PassageOutcome::Held)));
        add(&self.left_to_staff, held.count() as u64);
        let paying =
            world.truth.passages.iter().filter(|p| p.expected.first().is_some_and(|e| &**e == "charged"));
        add(&self.should_pay, paying.count() as u64);
    }

    fn tell(&self, family: &str, worlds: u64) {
        let of = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let share = |part: u64, all: u64| {
            let (low, high) = wilson(part, all);
            format!(
                "{part}/{all} = {:.2} % [{:.2}, {:.2}]",
                100.0 * part as f64 / all.max(1) as f64,
                low,
                high
            )
        };
        println!(
            "{family}, physics {}, {worlds} worlds, decided by rules:\n  receipts exactly right {}\n  lines that do not \
             belong {}\n  receipts of passages that should pay {}\n  passages held for staff {}",
            sim::PHYSICS,
            share(of(&self.exact), of(&self.charged)),
            share(of(&self.wrong_lines), of(&self.lines)),
            share(of(&self.charged), of(&self.should_pay)),
            of(&self.left_to_staff)
        );
    }
}

/// Wilson's 95 % interval, percent.
fn wilson(part: u64, all: u64) -> (f64, f64) {
    let (n, z) = (all.max(1) as f64, 1.96);
    let p = part as f64 / n;
    let middle = p + z * z / (2.0 * n);
    let spread = z * (p * (1.0 - p) / n + z * z / (4.0 * n * n)).sqrt();
    let scale = 1.0 + z * z / n;
    (100.0 * (middle - spread) / scale, 100.0 * (middle + spread) / scale)
}

/// Every family takes its turn; each seed is a world of its own.
#[test]
fn in_no_world_happens_what_must_never_happen() {
    let only = std::env::var("PORTICO_FAMILY").ok();
    let families: Vec<Family> =
        Family::ALL.into_iter().filter(|f| only.as_ref().is_none_or(|only| only == f.name())).collect();
    assert!(!families.is_empty(), "there is no family {only:?}");
    let score: Vec<Score> = families.iter().map(|_| Score::default()).collect();
    let next = AtomicU64::new(0);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let nth = next.fetch_add(1, Ordering::Relaxed);
                    if nth >= worlds() {
                        return;
                    }
                    let seed = first_seed() + nth;
                    let which = seed as usize % families.len();
                    one_world(families[which].name(), seed, &score[which], || {
                        simulate(families[which], seed, WORLD)
                    });
                }
            });
        }
    });
    for (family, score) in families.iter().zip(&score) {
        score.tell(family.name(), worlds() / families.len() as u64);
    }
}

/// The shops of `config/` that can be lived in, a few worlds each, or many of the one that is asked for.
#[test]
fn nor_in_the_shops_that_are_shown() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("config");
    let only = std::env::var("PORTICO_SHOP").ok();
    let mut shops = 0;
    for file in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&file).unwrap();
        if !text.contains("\n[simulation]\n") || only.as_ref().is_some_and(|only| *only != name) {
            continue;
        }
        shops += 1;
        let (plan, score) = (Plan::read(&file).unwrap(), Score::default());
        let count = if only.is_some() { worlds() } else { worlds().div_ceil(250) };
        for seed in first_seed()..first_seed() + count {
            one_world(&name, seed, &score, || simulate_in(plan.clone(), Family::Plain, seed, 2 * WORLD));
        }
        score.tell(&name, count);
    }
    assert!(shops > 0, "there is no shop {only:?}");
}

fn one_world(name: &str, seed: u64, score: &Score, simulates: impl FnOnce() -> Simulated) {
    let world = simulates();
    let result = std::panic::catch_unwind(|| {
        let said = play(&world, usize::MAX);
        must_never_happen(&said, &not_for_sale(&world));
        // A tenth of the worlds again, and cut short: nothing that was said before the cut is said otherwise.
        if seed.is_multiple_of(10) {
            let cut = world.lines.len() / 2;
            let short = play(&world, cut);
            assert_eq!(
                short[..],
                said[..short.len()],
                "a recording cut after {cut} lines says something else"
            );
        }
        said
    });
    match result {
        Ok(said) => score.count(&world, &said),
        Err(_) => panic!("world {name} with seed {seed} broke an invariant"),
    }
}
