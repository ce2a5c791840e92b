//! Scenes: a shop, who comes and what they do, and what is right, as a file that a shopkeeper could read and write; and
//! the simulated store in which it happens. Never decides anything: what is right is what the file says.

mod event;
mod file;
mod phrase;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use recording::{Name, Time};

use crate::family::{Family, Manner};
use crate::people::{Kind, Step};
use crate::plan::{Plan, PlanError};
use crate::simulate::{Day, Simulated, start_of};
use crate::space::P2;
use crate::stock::Product;
use crate::truth::Truth;
use crate::words::{nearest, nearest_field};
use crate::world::{Role, World};
use event::{Said, known, minor};
use file::{File, Person};
use phrase::Scope;

const SECOND_US: i64 = 1_000_000;

/// Why a scene cannot be played.
#[derive(Debug, thiserror::Error)]
pub enum SceneError {
    /// The file cannot be read.
    #[error("{path}: {source}; give the path of a scene's TOML file")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Its shop cannot be used.
    #[error("{path}: {source}")]
    Shop {
        /// The scene's file.
        path: PathBuf,
        /// What is wrong with the shop.
        source: PlanError,
    },
    /// Something in it is wrong.
    #[error("{place}: {reason}")]
    Wrong {
        /// File, and line, person or event where it is known.
        place: String,
        /// What is wrong and what would be right.
        reason: String,
    },
}

/// A scene, read and understood.
#[derive(Clone, Debug)]
pub struct Scene {
    name: String,
    file: File,
    plan: Plan,
}

/// A scene as it was played.
#[derive(Clone, Debug)]
pub struct Staged {
    /// Recording, truth and the store's files. In the truth the passages that the scene speaks of expect what it says.
    pub simulated: Simulated,
    /// What is right, a passage each.
    pub right: Vec<Right>,
}

/// What is right for one passage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Right {
    /// The passage in the truth: `P001`.
    pub passage: String,
    /// Outcomes that are right, the best first.
    pub outcome: Vec<String>,
    /// What the receipt has where the outcome is `charged`: GTIN and how many.
    pub pays_for: BTreeMap<Name, usize>,
    /// What the receipt comes to, minor units, where the scene says so.
    pub total_minor: Option<i64>,
    /// Kinds of alerts of which at least one has to come.
    pub alerts: Vec<String>,
}

/// Which part of a scene is wrong, and how.
type Fault = (String, String);

/// The contract's outcomes of a passage.
const OUTCOMES: [&str; 6] = ["charged", "no_items", "turned_back", "held", "unpaid", "staff"];

impl Scene {
    /// Reads a scene's file and its shop, and checks every phrase.
    ///
    /// # Errors
    /// Where either cannot be read, or says something that nobody understands: with file, person, phrase, and the
    /// nearest phrase that would be right.
    pub fn read(path: &Path) -> Result<Scene, SceneError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| SceneError::Unreadable { path: path.to_owned(), source })?;
        let place = path.display().to_string();
        let file: File = toml::from_str(&text).map_err(|error| {
            let before = error.span().and_then(|span| text.get(..span.start));
            let line = before.map_or(1, |before| 1 + before.matches('\n').count());
            let reason = nearest_field(error.message());
            SceneError::Wrong { place: format!("{place}, line {line}"), reason }
        })?;
        let shop = shop_file(path, &file.shop).ok_or_else(|| SceneError::Wrong {
            place: place.clone(),
            reason: format!(
                "shop `{}`: there is no config/{0}.toml beside or above this file; a file of config/ without its \
                 ending, or a path from here that ends in .toml",
                file.shop
            ),
        })?;
        let mut plan =
            Plan::read(&shop).map_err(|source| SceneError::Shop { path: path.to_owned(), source })?;
        if let Some(flow) = &file.flow {
            plan.is_paid(flow).map_err(|reason| SceneError::Wrong { place: place.clone(), reason })?;
        }
        let name = path.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
        let scene = Scene { name, file, plan };
        // Everything that can be wrong is wrong now, not in the middle of the play.
        scene
            .world(1, start_of(1))
            .map_err(|(of, reason)| SceneError::Wrong { place: format!("{place}, {of}"), reason })?;
        Ok(scene)
    }

    /// What it is called: the file's name without its ending.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it is about, in a line.
    pub fn title(&self) -> &str {
        &self.file.title
    }

    /// Plays the scene.
    ///
    /// # Errors
    /// Where a passage that the scene says is right did not happen, or somebody never got to the end of what they do.
    pub fn play(&self, seed: u64) -> Result<Staged, SceneError> {
        let wrong = |(of, reason)| SceneError::Wrong { place: format!("{}.toml, {of}", self.name), reason };
        let (world, end_us) = self.world(seed, start_of(seed)).map_err(wrong)?;
        let products = world.products.clone();
        let (mut simulated, after) = Day::staged(world, seed, end_us).whole();
        if let Some((id, why)) = after.vain.iter().flatten().next() {
            let person = self.file.person.get((*id as usize).saturating_sub(1));
            let name = person.map_or("", |person| person.name.as_str());
            return Err(wrong((format!("person {id} `{name}`"), why.clone())));
        }
        if after.anybody() {
            let reason = "five minutes after the last has come somebody is still in the shop: a step waits for what \
                          never happens";
            return Err(wrong(("the play".into(), reason.into())));
        }
        let truth = &mut simulated.truth;
        truth.family = self.name.clone();
        let right = self.rights(&products, truth).map_err(wrong)?;
        Ok(Staged { simulated, right })
    }

    /// For a live store: everybody will come at their time after `start`.
    pub(crate) fn live(&self, seed: u64, start: Time) -> Result<World, SceneError> {
        let wrong = |(of, reason)| SceneError::Wrong { place: format!("{}, {of}", self.name), reason };
        self.world(seed, start).map(|(world, _)| world).map_err(wrong)
    }

    /// The shop with everybody who will come and what happens by itself; and when the last of it does, microseconds.
    fn world(&self, seed: u64, start: Time) -> Result<(World, i64), Fault> {
        let file = &self.file;
        let manner = Manner {
            stock: (file.pieces.unwrap_or(4).min(200), 4),
            // Pieces that were sold on an earlier day are there for who brings one.
            paid_before: 1.0,
            ..Manner::of(Family::Plain)
        };
        let mut plan = self.plan.clone();
        for (named, pieces) in &file.stock {
            plan.hangs(named, (*pieces).min(200)).map_err(|reason| ("stock".to_owned(), reason))?;
        }
        let mut events = Vec::new();
        for (n, event) in file.event.iter().enumerate() {
            match self.event(event).map_err(|reason| (format!("event {}", n + 1), reason))? {
                Said::Reader(fault) => plan.faults.push(fault),
                Said::Sense(fault) => plan.sense_faults.push(fault),
                Said::Price(at_us, price) => events.push((at_us, price)),
            }
        }
        let comes_us = file.person.iter().filter_map(|person| clock_us(&person.comes));
        let end_us = comes_us.chain(events.iter().map(|(at_us, _)| *at_us)).max().unwrap_or(0);
        let mut world = World::in_shop(plan, Family::Plain, manner, seed, start);
        world.only_who_is_asked();
        world.will_happen(events);
        for (named, unit_minor) in &file.prices {
            let at = product(&world.products, named).map_err(|reason| ("[prices]".to_owned(), reason))?;
            if *unit_minor < 0 {
                return Err((
                    "[prices]".into(),
                    format!("{named} = {unit_minor}: minor units, not negative"),
                ));
            }
            if let Some(p) = world.products.get_mut(at) {
                p.unit_minor = *unit_minor;
            }
        }
        for named in &file.unpriced {
            let at = product(&world.products, named).map_err(|reason| ("unpriced".to_owned(), reason))?;
            if let Some(p) = world.products.get_mut(at) {
                p.priced = false;
            }
        }
        for named in &file.weak_tags {
            let at = product(&world.products, named).map_err(|reason| ("weak_tags".to_owned(), reason))?;
            world.weakens_all(at);
        }
        let names: Vec<(String, u32)> = file.person.iter().map(|p| p.name.clone()).zip(1..).collect();
        for (n, person) in file.person.iter().enumerate() {
            let of = || format!("person {} `{}`", n + 1, person.name);
            let role =
                self.role(person, n, &names, &world).map_err(|(part, reason)| (of() + &part, reason))?;
            world.will_come(role);
        }
        for (n, right) in file.right.iter().enumerate() {
            let of = || format!("right {}", n + 1);
            let people = || names.iter().map(|(name, _)| name.as_str());
            known("person", &right.person, people()).map_err(|reason| (of(), reason))?;
            let lanes = world.plan.lanes.iter().map(|lane| lane.id.as_str());
            known("lane", &right.lane, lanes).map_err(|reason| (of(), reason))?;
            if let Some(word) = right.outcome.iter().find(|word| !OUTCOMES.contains(&word.as_str())) {
                let near = nearest(word, OUTCOMES.into_iter()).unwrap_or_default();
                let known = OUTCOMES.join(", ");
                return Err((of(), format!("outcome `{word}` is not known; `{near}`? There are {known}")));
            }
            if right.outcome.is_empty() {
                return Err((
                    of(),
                    format!("outcome is empty; say what is right, of {}", OUTCOMES.join(", ")),
                ));
            }
            let pays_for = right.pays_for.iter().flatten();
            counted(pays_for, &world.products).map_err(|reason| (of(), reason))?;
            if let Some(total) = right.total.as_ref().filter(|total| minor(total).is_none()) {
                return Err((of(), format!("total `{total}`: with two places, such as \"49.90\"")));
            }
        }
        Ok((world, end_us))
    }

    fn role(&self, person: &Person, n: usize, names: &[(String, u32)], world: &World) -> Result<Role, Fault> {
        let plain = |reason: String| (String::new(), reason);
        let Some(comes_us) = clock_us(&person.comes) else {
            return Err(plain(format!("comes `{}`: minutes and seconds, such as \"00:05\"", person.comes)));
        };
        if person.name.is_empty() || person.name.contains(char::is_whitespace) {
            return Err(plain("a name is one word".into()));
        }
        if names.iter().filter(|(name, _)| *name == person.name).count() > 1 {
            return Err(plain("two people have this name; each needs one of their own".into()));
        }
        let (kind, staff) = kind(person.is.as_deref()).map_err(plain)?;
        let leader = match &person.with {
            None => None,
            Some(with) => {
                let found = names.iter().find(|(name, _)| name == with && *name != person.name);
                let near = || nearest(with, names.iter().map(|(name, _)| name.as_str())).unwrap_or_default();
                Some(
                    found
                        .ok_or_else(|| {
                            plain(format!("with `{with}`: nobody else is called so; `{}`?", near()))
                        })?
                        .1,
                )
            }
        };
        let scope = Scope {
            plan: &self.plan,
            products: &world.products,
            people: names,
            lying: &|product| world.lying(product),
        };
        let (mut steps, mut lane) = (Vec::new(), None);
        for (at, phrase) in person.does.iter().enumerate() {
            let made = phrase::steps(phrase, &scope, &mut lane)
                .map_err(|reason| (format!(", phrase {}", at + 1), reason))?;
            if made.contains(&Step::Follow) && !person.with.iter().any(|with| phrase.ends_with(with.as_str()))
            {
                let reason =
                    format!("`{phrase}`: `with` has to say the same name, for one card pays for both");
                return Err((format!(", phrase {}", at + 1), reason));
            }
            steps.extend(made);
        }
        steps.push(Step::Gone);
        // Who does not come in through a lane comes in by the door, with what they bring in their hands.
        let through_lane = person.does.iter().any(|phrase| phrase.starts_with("comes in through"));
        let follows = steps.contains(&Step::Follow);
        let at = if staff { self.plan.stockroom_at } else { self.plan.entrance };
        // Who come together stand beside each other.
        let at = if staff { at } else { at.plus(P2::new(-0.3 * (n % 3) as f64, 0.4 * (n % 4) as f64)) };
        if !staff && !through_lane && !follows {
            let brought = steps.iter().take_while(|step| matches!(step, Step::Bring { .. })).count();
            let inside = self.plan.entrances.first().map_or(at, |entrance| entrance.inside);
            steps.insert(brought, Step::Go(inside));
        }
        let place = match &person.with {
            Some(with) => {
                1 + self.file.person.iter().take(n).filter(|p| p.with.as_ref() == Some(with)).count()
            }
            None => 0,
        };
        Ok(Role { comes_us, at, kind, staff, leader, place, steps })
    }

    /// Finds the passages that the scene speaks of, each for the first time it fits, and writes what it says of them
    /// into the truth.
    fn rights(&self, products: &[Product], truth: &mut Truth) -> Result<Vec<Right>, Fault> {
        let mut taken: Vec<String> = Vec::new();
        let mut rights = Vec::new();
        for (n, right) in self.file.right.iter().enumerate() {
            let id = self.file.person.iter().position(|p| p.name == right.person).unwrap_or(0) as u32 + 1;
            let found = truth
                .passages
                .iter_mut()
                .find(|p| p.lane == right.lane && p.persons.contains(&id) && !taken.contains(&p.id));
            let Some(passage) = found else {
                let before = self.file.right.iter().take(n);
                let before = before.filter(|r| (&r.person, &r.lane) == (&right.person, &right.lane)).count();
                let reason = format!(
                    "`{0}` was never in `{1}`{2}; a phrase such as `pays at {1} and leaves` leads through it",
                    right.person,
                    right.lane,
                    if before > 0 { format!(" more than {before} times") } else { String::new() }
                );
                return Err((format!("right {}", n + 1), reason));
            };
            passage.expected = right.outcome.clone();
            taken.push(passage.id.clone());
            rights.push(Right {
                passage: passage.id.clone(),
                outcome: right.outcome.clone(),
                pays_for: match &right.pays_for {
                    Some(named) => counted(named.iter(), products)
                        .map_err(|reason| (format!("right {}", n + 1), reason))?,
                    None => carried(&passage.items),
                },
                total_minor: right.total.as_deref().and_then(minor),
                alerts: right.alerts.clone(),
            });
        }
        Ok(rights)
    }
}

/// The shop's file that a scene names.
fn shop_file(scene: &Path, shop: &str) -> Option<PathBuf> {
    let folder = scene.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
    if shop.ends_with(".toml") {
        return Some(folder.join(shop)).filter(|path| path.is_file());
    }
    let folder = folder.canonicalize().ok()?;
    let mut above = folder.ancestors().map(|folder| folder.join("config").join(format!("{shop}.toml")));
    above.find(|path| path.is_file())
}

/// Minutes and seconds as microseconds.
fn clock_us(text: &str) -> Option<i64> {
    let (minutes, seconds) = text.split_once(':')?;
    let (minutes, seconds): (i64, i64) = (minutes.parse().ok()?, seconds.parse().ok()?);
    ((0..600).contains(&minutes) && (0..60).contains(&seconds))
        .then_some((minutes * 60 + seconds) * SECOND_US)
}

fn product(products: &[Product], named: &str) -> Result<usize, String> {
    products.iter().position(|p| p.sku == named || &*p.gtin == named).ok_or_else(|| {
        let near = nearest(named, products.iter().map(|p| p.sku.as_str())).unwrap_or_default();
        format!("there is no product `{named}` in this shop; the nearest is `{near}`")
    })
}

/// What somebody carries, counted.
fn carried(items: &[crate::truth::TrueItem]) -> BTreeMap<Name, usize> {
    let mut counts = BTreeMap::new();
    for item in items {
        *counts.entry(item.gtin.clone()).or_insert(0) += 1;
    }
    counts
}

/// `TEE-BLK-M` and `2 TEE-BLK-M` as GTINs and how many.
fn counted<'a>(
    pays_for: impl Iterator<Item = &'a String>,
    products: &[Product],
) -> Result<BTreeMap<Name, usize>, String> {
    let mut counts = BTreeMap::new();
    for text in pays_for {
        let (count, named) = text.split_once(' ').unwrap_or(("1", text));
        let count = count.parse::<usize>().ok().filter(|count| (1..=200).contains(count));
        let count =
            count.ok_or_else(|| format!("pays_for `{text}`: `TEE-BLK-M`, or `2 TEE-BLK-M` for two"))?;
        let at = product(products, named).map_err(|reason| format!("pays_for `{text}`: {reason}"))?;
        if let Some(p) = products.get(at) {
            *counts.entry(p.gtin.clone()).or_insert(0) += count;
        }
    }
    Ok(counts)
}

fn kind(is: Option<&str>) -> Result<(Kind, bool), String> {
    let known = [
        ("adult", (Kind::Adult, false)),
        ("child", (Kind::Child, false)),
        ("wheelchair", (Kind::Wheelchair, false)),
        ("pram", (Kind::Pram, false)),
        ("cart", (Kind::Cart, false)),
        ("staff", (Kind::Adult, true)),
        ("staff-with-rail", (Kind::Rail, true)),
        ("staff-with-carton", (Kind::Carton, true)),
    ];
    let word = is.unwrap_or("adult");
    known.iter().find(|(name, _)| *name == word).map(|(_, kind)| *kind).ok_or_else(|| {
        let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
        format!("is `{word}`: one of {}", names.join(", "))
    })
}

#[cfg(test)]
mod tests;
