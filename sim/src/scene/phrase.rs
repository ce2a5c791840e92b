//! The phrases in which a scene says what people do, and the steps that each stands for. A phrase is a row of words; a
//! word in braces stands for one word that the scene chooses. A phrase that is not here is an error with the nearest
//! one that is.

use recording::TapOutcome;

use crate::people::{Brought, Step, Wanted, Which};
use crate::plan::Plan;
use crate::space::P2;
use crate::stock::{Carry, Product};
use crate::words::{nearest, similar};

/// What a scene's words may name.
pub(super) struct Scope<'a> {
    pub(super) plan: &'a Plan,
    pub(super) products: &'a [Product],
    /// People's names and numbers.
    pub(super) people: &'a [(String, u32)],
    /// A piece of a product that lies in the shop.
    pub(super) lying: &'a dyn Fn(usize) -> Option<usize>,
}

/// The words that a phrase left open, looked up. The lane is the one that was named last.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Said {
    count: usize,
    product: usize,
    /// A piece of that product that lies in the shop.
    piece: Option<usize>,
    fixture: usize,
    pub(super) lane: usize,
    person: u32,
    seconds: f64,
    metres: f64,
}

type Steps = fn(&Said, &Plan) -> Vec<Step>;

/// Every phrase. `{n}`: a number of pieces; `{s}`: seconds; `{m}`: metres; `{product}`: a SKU or GTIN.
pub(super) const PHRASES: &[(&str, Steps)] = &[
    // Walking and looking.
    ("walks to {fixture}", |said, _| vec![Step::Visit { fixture: said.fixture }]),
    ("looks at {fixture} for {s} s", |said, _| {
        vec![
            Step::Visit { fixture: said.fixture },
            Step::Browse { fixture: said.fixture, seconds: said.seconds },
        ]
    }),
    ("stands {s} s", |said, _| vec![Step::Stand(said.seconds)]),
    ("walks to the desk", |_, plan| vec![Step::Go(plan.returns_at())]),
    ("goes along with {person}", |_, _| vec![Step::Follow]),
    ("walks up to {person}", |said, _| vec![Step::Meet { person: said.person }]),
    ("goes into a cubicle", |_, _| vec![Step::Cubicle]),
    // Taking, putting back, carrying.
    ("takes {product} from {fixture}", |said, _| take(said, Wanted::Product(said.product), 1)),
    ("takes {n} {product} from {fixture}", |said, _| take(said, Wanted::Product(said.product), said.count)),
    ("takes {n} tagged pieces from {fixture}", |said, _| take(said, Wanted::Tagged, said.count)),
    ("takes {n} untagged pieces from {fixture}", |said, _| take(said, Wanted::Untagged, said.count)),
    ("puts all back on {fixture}", |said, _| put_back(said, Which::All)),
    ("puts the last back on {fixture}", |said, _| put_back(said, Which::Last)),
    ("puts all in a bag", |_, _| stow(Carry::Bag)),
    ("puts all in a foil-lined bag", |_, _| stow(Carry::Foil)),
    ("puts all on", |_, _| stow(Carry::Worn)),
    ("hides all under the coat", |_, _| stow(Carry::Hidden)),
    ("takes all in the hand", |_, _| stow(Carry::Hand)),
    ("piles all on both arms", |_, _| stow(Carry::Stacked)),
    ("hands all to {person}", |said, _| hand(said, Which::All)),
    ("hands the last to {person}", |said, _| hand(said, Which::Last)),
    ("lays all down", |_, _| vec![Step::LayDown { which: Which::All }]),
    ("picks up what lies there", |_, _| vec![Step::PickUp]),
    ("tears all tags off at {fixture}", |said, _| {
        vec![
            Step::Visit { fixture: said.fixture },
            Step::TearOff { which: Which::All, fixture: said.fixture },
        ]
    }),
    // What somebody has had since before coming.
    ("brings a piece bought before", |_, _| bring(Brought::SoldBefore, Carry::Bag)),
    ("brings a piece of another brand", |_, _| bring(Brought::Foreign, Carry::Bag)),
    ("wears a piece of another brand", |_, _| bring(Brought::Foreign, Carry::Worn)),
    ("brings a piece that has no price yet", |_, _| bring(Brought::Unpriced, Carry::Hand)),
    ("brings {product}", |said, _| bring(Brought::Product(said.product), Carry::Hand)),
    ("brings {product} with a weak tag", |said, _| bring(Brought::Weak(said.product), Carry::Hand)),
    ("brings {product} with two tags", |said, _| bring(Brought::TwoTags(said.product), Carry::Hand)),
    ("brings a copy of a {product} that hangs in the shop", |said, _| match said.piece {
        Some(piece) => bring(Brought::CloneOf(piece), Carry::Hand),
        None => Vec::new(),
    }),
    // Lanes.
    ("queues at {lane}", |said, _| vec![Step::Queue { lane: said.lane }]),
    ("goes into {lane} close behind another", |said, _| vec![Step::Tailgate { lane: said.lane }]),
    ("goes into {lane} beside {person}", |said, _| {
        vec![Step::Abreast { lane: said.lane, with: said.person }]
    }),
    ("walks {m} m into the lane", |said, _| vec![Step::LaneTo { lane: said.lane, depth_m: said.metres }]),
    ("walks to the middle of the lane", |said, plan| {
        vec![Step::LaneTo { lane: said.lane, depth_m: length(plan, said.lane) / 2.0 }]
    }),
    ("walks to the terminal", |said, _| vec![Step::ToTerminal { lane: said.lane }]),
    ("turns back", |said, _| vec![Step::LaneTo { lane: said.lane, depth_m: -1.2 }]),
    ("comes in through {lane}", |said, plan| {
        vec![
            Step::LaneTo { lane: said.lane, depth_m: length(plan, said.lane) + 1.4 },
            Step::Queue { lane: said.lane },
            Step::LaneTo { lane: said.lane, depth_m: -0.9 },
        ]
    }),
    ("walks past {lane} outside", |said, plan| match plan.lanes.get(said.lane) {
        Some(lane) => vec![Step::Go(P2::new(lane.area.low.x - 1.0, lane.area.high.y + 1.2)), Step::Gone],
        None => Vec::new(),
    }),
    // Paying.
    ("pays at {lane} and leaves", |said, _| {
        let lane = said.lane;
        let (outcome, card) = (TapOutcome::Approve, 0);
        vec![
            Step::Queue { lane },
            Step::ToTerminal { lane },
            Step::Stand(3.5),
            Step::Tap { lane, outcome, card },
            Step::Stand(2.8),
            Step::Leave { lane },
            Step::Gone,
        ]
    }),
    ("walks out through {lane} without paying", |said, _| {
        vec![Step::Queue { lane: said.lane }, Step::Leave { lane: said.lane }, Step::Gone]
    }),
    ("taps", |said, _| tap(said, TapOutcome::Approve, 0)),
    ("taps and is declined", |said, _| tap(said, TapOutcome::Decline, 0)),
    ("taps and hears nothing", |said, _| tap(said, TapOutcome::Timeout, 0)),
    ("taps another card", |said, _| tap(said, TapOutcome::Approve, 1)),
    ("lays all into the tray", |said, _| vec![Step::IntoTray { lane: said.lane }]),
    ("takes all out of the tray", |said, _| vec![Step::OutOfTray { lane: said.lane }]),
    // Staff.
    ("fetches {n} pieces for {fixture}", |said, _| {
        vec![Step::Load { fixture: said.fixture, count: said.count }]
    }),
    ("gives all in at the desk", |_, plan| vec![Step::Go(plan.returns_at()), Step::Stand(3.0), Step::Return]),
    // Ends.
    ("leaves", |said, _| vec![Step::Leave { lane: said.lane }, Step::Gone]),
    ("leaves by the door", |_, plan| {
        let door = plan.entrances.first().map(|e| [Step::Go(e.inside), Step::Go(e.street)]);
        door.into_iter().flatten().chain([Step::Gone]).collect()
    }),
    ("goes back to the stockroom", |_, plan| vec![Step::Go(plan.stockroom_at), Step::Gone]),
];

fn take(said: &Said, what: Wanted, count: usize) -> Vec<Step> {
    let fixture = said.fixture;
    let one = [Step::Take { fixture, what }, Step::Stand(1.0)];
    std::iter::once(Step::Visit { fixture }).chain((0..count).flat_map(|_| one.clone())).collect()
}

fn put_back(said: &Said, which: Which) -> Vec<Step> {
    vec![
        Step::Visit { fixture: said.fixture },
        Step::Stand(0.8),
        Step::PutBack { fixture: said.fixture, which },
        Step::Stand(0.8),
    ]
}

fn stow(carry: Carry) -> Vec<Step> {
    vec![Step::Stow { which: Which::All, carry }, Step::Stand(1.5)]
}

fn hand(said: &Said, which: Which) -> Vec<Step> {
    vec![Step::HandTo { person: said.person, which }]
}

fn bring(what: Brought, carry: Carry) -> Vec<Step> {
    vec![Step::Bring { what, carry: Some(carry) }]
}

fn tap(said: &Said, outcome: TapOutcome, card: u8) -> Vec<Step> {
    vec![Step::Tap { lane: said.lane, outcome, card }, Step::Stand(0.6)]
}

fn length(plan: &Plan, lane: usize) -> f64 {
    plan.lanes.get(lane).map_or(2.0, |lane| lane.area.high.y - lane.area.low.y)
}

/// Most pieces that one phrase may speak of.
const MOST_PIECES: usize = 200;
/// Longest pause, seconds.
const MOST_S: f64 = 3_600.0;

/// Whether a phrase speaks of the lane that was named last, or of the only one. A card is held up by who is in it.
fn needs_lane(pattern: &str) -> bool {
    let of_it = ["the lane", "the terminal", "the tray", "turns back", "taps"];
    pattern == "leaves" || !pattern.contains("{lane}") && of_it.iter().any(|words| pattern.contains(words))
}

/// The steps of one phrase; `lane` is the lane named last, and is changed where this phrase names one.
pub(super) fn steps(text: &str, scope: &Scope<'_>, lane: &mut Option<usize>) -> Result<Vec<Step>, String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let Some((pattern, made)) = PHRASES.iter().find(|(pattern, _)| fits(pattern, &words)) else {
        let near = PHRASES
            .iter()
            .map(|(pattern, _)| *pattern)
            .max_by(|a, b| similar(&literal(a, &words), text).total_cmp(&similar(&literal(b, &words), text)));
        return Err(format!(
            "`{text}` is no phrase; the nearest known one is `{}`",
            near.unwrap_or_default()
        ));
    };
    if needs_lane(pattern) && scope.plan.lanes.len() == 1 && !pattern.starts_with("taps") {
        *lane = Some(0);
    }
    if lane.is_none() && needs_lane(pattern) {
        let first = scope.plan.lanes.first().map_or("exit-1", |lane| lane.id.as_str());
        return Err(format!("`{text}`: in which lane? Say so before, such as `queues at {first}`"));
    }
    let mut said = Said { count: 1, lane: lane.unwrap_or_default(), ..Said::default() };
    for (open, word) in pattern.split_whitespace().zip(&words).filter(|(open, _)| open.starts_with('{')) {
        let number = |least: f64, most: f64, what: &str| match word.parse::<f64>() {
            Ok(number) if (least..=most).contains(&number) => Ok(number),
            _ => Err(format!("`{text}`: `{word}` is no {what} from {least} to {most}")),
        };
        match open {
            "{n}" => said.count = number(1.0, MOST_PIECES as f64, "number of pieces")? as usize,
            "{s}" => said.seconds = number(0.0, MOST_S, "number of seconds")?,
            "{m}" => said.metres = number(0.0, 20.0, "number of metres")?,
            "{product}" => {
                let at = |p: &Product| p.sku == *word || &*p.gtin == *word;
                said.product = scope.products.iter().position(at).ok_or_else(|| {
                    unknown(text, "product", word, scope.products.iter().map(|p| p.sku.as_str()))
                })?;
                said.piece = (scope.lying)(said.product);
            }
            "{fixture}" => {
                let ids = || scope.plan.fixtures.iter().map(|f| f.id.as_str());
                said.fixture =
                    ids().position(|id| id == *word).ok_or_else(|| unknown(text, "fixture", word, ids()))?;
            }
            "{lane}" => {
                let ids = || scope.plan.lanes.iter().map(|l| l.id.as_str());
                said.lane =
                    ids().position(|id| id == *word).ok_or_else(|| unknown(text, "lane", word, ids()))?;
                *lane = Some(said.lane);
            }
            _ => {
                let names = || scope.people.iter().map(|(name, _)| name.as_str());
                let found = scope.people.iter().find(|(name, _)| name == word);
                said.person = found.ok_or_else(|| unknown(text, "person", word, names()))?.1;
            }
        }
    }
    Ok(made(&said, scope.plan))
}

fn unknown<'a>(text: &str, kind: &str, word: &str, known: impl Iterator<Item = &'a str>) -> String {
    let near = nearest(word, known).map_or(String::new(), |near| format!("; the nearest is `{near}`"));
    format!("`{text}`: there is no {kind} `{word}`{near}")
}

/// Whether some words are this phrase: as many of them, and the same where the phrase leaves none open. An open `{n}`
/// takes digits only, so that `takes 2 TEE-BLK-M from …` and `takes TEE-BLK-M from …` are told apart.
fn fits(pattern: &str, words: &[&str]) -> bool {
    let mut rest = words.iter();
    let all = pattern.split_whitespace().all(|wanted| {
        rest.next().is_some_and(|word| match wanted {
            "{n}" | "{s}" | "{m}" => word.starts_with(|c: char| c.is_ascii_digit() || c == '.' || c == '-'),
            _ if wanted.starts_with('{') => true,
            _ => wanted == *word,
        })
    });
    all && rest.next().is_none()
}

/// A phrase with its open words filled from the text, for comparing the two.
fn literal(pattern: &str, words: &[&str]) -> String {
    let filled = pattern.split_whitespace().enumerate().map(|(at, wanted)| {
        if wanted.starts_with('{') { words.get(at).copied().unwrap_or(wanted) } else { wanted }
    });
    filled.collect::<Vec<_>>().join(" ")
}
