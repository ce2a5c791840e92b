//! What cameras make of hands: things taken, put back, carried. What it was is a posterior over the catalogue from a noisy
//! picture, so that a probability means what it says in the light for which the model was made, and is too sure of
//! itself in a poorer one. What is hidden is not seen; what did not happen sometimes is.

use recording::{Candidate, Item, ItemAction, Name};

use crate::chance::Chance;
use crate::family::Sight;
use crate::plan::Plan;
use crate::space::P3;
use crate::stock::Product;

use super::camera::{Figure, View};
use super::fault::Faults;
use super::tracks::Camera;
use super::{Told, rounded};

/// Distances between things in the picture, in units of its noise at the usual confusion: what hangs elsewhere, another
/// style, another colour of the style, the next size of the colour. Of two things at distance d one is taken for the
/// other with a probability of Φ(−d/2): a colour in 8 of 100 cases (FAIM names 93 % of its items), sizes are next to
/// alike on a hanger.
const APART: [f64; 4] = [3.2, 5.2, 2.8, 0.55];
/// The spread of confusion at which these hold.
const USUAL_CONFUSION: f64 = 0.7;
/// Share of sights that are of something which is not in the catalogue, or of nothing.
const SOMETHING_ELSE: f64 = 0.05;
/// Hands closer together than this may be taken for the neighbour's, metres.
const NEIGHBOUR_M: f64 = 0.8;
/// Sights that the pipeline is less sure of than this it does not send.
const LEAST_CONFIDENCE: f64 = 0.35;

/// What a hand does.
#[derive(Clone, Debug)]
pub(crate) struct Hand {
    pub(crate) person: u32,
    pub(crate) action: ItemAction,
    /// Which product; none where the hand is empty or holds something of its own.
    pub(crate) product: Option<usize>,
    pub(crate) quantity: u32,
    pub(crate) zone: Option<Name>,
    pub(crate) at: P3,
    /// Where a piece shows besides on its way between rack and carrier.
    pub(crate) drawn: Option<P3>,
}

/// The part of the pipeline that recognises things.
#[derive(Clone, Debug)]
pub(crate) struct Sights {
    /// Each product's place in the space of looks, "something else" last.
    looks: Vec<Vec<f64>>,
    /// The span of the colours' coordinates.
    colours: std::ops::Range<usize>,
    gtins: Vec<Name>,
    chance: Chance,
}

/// Products as points: a coordinate for each kind (what lies together), each style, each colour, and one for size.
fn looks(products: &[Product]) -> (Vec<Vec<f64>>, std::ops::Range<usize>) {
    let most = |of: fn(&Product) -> usize| products.iter().map(of).max().map_or(0, |n| n + 1);
    let (kinds, styles, colours) = (most(|p| p.home) + 1, most(|p| p.style) + 1, most(|p| p.colour));
    let root = std::f64::consts::SQRT_2;
    let point = |kind: usize, style: usize, colour: Option<usize>, size: usize| {
        let mut at = vec![0.0; kinds + styles + colours + 1];
        let mut set = |axis: usize, value: f64| {
            if let Some(coordinate) = at.get_mut(axis) {
                *coordinate = value;
            }
        };
        set(kind, APART[0] / root);
        set(kinds + style, APART[1] / root);
        if let Some(colour) = colour {
            set(kinds + styles + colour, APART[2] / root);
        }
        set(kinds + styles + colours, APART[3] * size as f64);
        at
    };
    let mut all: Vec<Vec<f64>> = products
        .iter()
        .enumerate()
        .map(|(at, p)| {
            let alike = products.iter().take(at).filter(|o| o.style == p.style && o.colour == p.colour);
            point(p.home, p.style, Some(p.colour), alike.count())
        })
        .collect();
    all.push(point(kinds - 1, styles - 1, None, 0));
    (all, kinds + styles..kinds + styles + colours)
}

/// How poorly a hand shows; of several views the least counts.
fn badness(view: &View) -> f64 {
    view.far + 0.3 * view.edge + 2.0 * (1.0 - view.visible)
}

impl Sights {
    pub(crate) fn new(products: &[Product], chance: Chance) -> Sights {
        let (looks, colours) = looks(products);
        Sights { looks, colours, gtins: products.iter().map(|p| p.gtin.clone()).collect(), chance }
    }

    /// Shows a hand to the cameras; the one that sees it best speaks first, another one seldom as well.
    pub(crate) fn see(
        &mut self,
        now_us: i64,
        hand: &Hand,
        (plan, figures): (&Plan, &[Figure]),
        cameras: &mut [Camera],
        (sight, faults): (&Sight, &Faults),
        out: &mut Vec<Told>,
    ) {
        let mut views: Vec<(usize, View)> = cameras
            .iter()
            .enumerate()
            .filter(|(_, camera)| !faults.blind(&camera.link.source, now_us))
            .filter_map(|(at, camera)| {
                let places = std::iter::once(hand.at).chain(hand.drawn);
                let views = places.filter_map(|place| camera.eye.sees_hand(place, figures, plan));
                Some((at, views.min_by(|a, b| badness(a).total_cmp(&badness(b)))?))
            })
            .collect();
        views.sort_by(|a, b| badness(&a.1).total_cmp(&badness(&b.1)));
        let mut told = false;
        for (at, view) in views {
            let Some(camera) = cameras.get_mut(at) else { continue };
            if told && !self.chance.happens(0.05) {
                continue;
            }
            let light = camera.light_at(faults.light(&camera.link.source, now_us), hand.at.floor());
            let effect = light.effect();
            let plain = if view.visible > 0.5 { 1.0 } else { 0.35 };
            let far = view.far * view.far;
            let recall = sight.recall * effect.recall * plain * (1.0 - 0.1 * far);
            if !self.chance.happens(recall) {
                continue;
            }
            let known =
                sight.confusion / USUAL_CONFUSION * (1.0 + 0.3 * far) * if plain < 1.0 { 1.3 } else { 1.0 };
            let candidates = self.candidates(hand.product, known, known * effect.blur, effect.colours);
            let Some(confidence) = self.confidence(hand.product.is_some(), effect.blur) else { continue };
            let what = Item {
                source: camera.link.source.clone(),
                track: self.whose(hand, figures, camera, effect.swaps),
                action: hand.action,
                zone: hand.zone.clone(),
                candidates,
                quantity: self.counted(hand.quantity),
                confidence: Some(confidence),
            };
            // Recognising takes longer than finding.
            let late_us = camera.link.lateness_us(now_us) + (self.chance.between(0.15, 0.75) * 1e6) as i64;
            out.push(camera.link.tell_late(now_us, late_us, what.into()));
            told = true;
        }
    }

    /// The track that the hand is taken to belong to.
    fn whose(&mut self, hand: &Hand, figures: &[Figure], camera: &Camera, swaps: f64) -> Option<Name> {
        if self.chance.happens(0.03 * swaps.min(3.0)) {
            return None;
        }
        let place = figures.iter().find(|figure| figure.id == hand.person).map(|figure| figure.at);
        let nearest = figures
            .iter()
            .filter(|figure| figure.id != hand.person)
            .filter_map(|figure| Some((figure.id, figure.at.to(hand.at.floor()).min(figure.at.to(place?)))))
            .min_by(|a, b| a.1.total_cmp(&b.1));
        if let Some((neighbour, apart_m)) = nearest
            && apart_m < NEIGHBOUR_M
            && self.chance.happens((0.12 * swaps * (1.0 - apart_m / NEIGHBOUR_M)).min(0.5))
        {
            return camera.name_of(neighbour).cloned();
        }
        camera.name_of(hand.person).cloned()
    }

    /// How many it takes a stack for.
    fn counted(&mut self, quantity: u32) -> u32 {
        let wrong = 0.08 * f64::from(quantity.saturating_sub(1));
        if !self.chance.happens(wrong.min(0.6)) {
            return quantity.max(1);
        }
        let off = 1 + u32::from(quantity > 5 && self.chance.happens(0.4));
        if self.chance.happens(0.65) { quantity.saturating_sub(off).max(1) } else { quantity + off }
    }

    /// How sure the pipeline is that the action happened, from a score that tells it better or worse; none where it is
    /// not sure enough to speak. Calibrated for the share of false ones by Bayes, in the light it was made for.
    fn confidence(&mut self, happened: bool, blur: f64) -> Option<f64> {
        let score = self.chance.normal(if happened { 1.2 } else { -1.2 }, blur);
        let log_odds = libm::log((1.0 - SOMETHING_ELSE) / SOMETHING_ELSE) + 2.4 * score;
        let confidence = 1.0 / (1.0 + libm::exp(-log_odds));
        (confidence >= LEAST_CONFIDENCE).then(|| rounded(confidence.min(0.99), 100.0))
    }

    /// The likely products, by Bayes from a picture with noise `actual`, by a model that reckons with noise `known`.
    fn candidates(
        &mut self,
        product: Option<usize>,
        known: f64,
        actual: f64,
        colours: bool,
    ) -> Vec<Candidate> {
        let else_at = self.gtins.len();
        let at = product.unwrap_or(else_at);
        let Some(truth) = self.looks.get(at).cloned() else { return Vec::new() };
        let mut picture: Vec<f64> =
            truth.into_iter().map(|coordinate| coordinate + self.chance.normal(0.0, actual)).collect();
        if !colours && product.is_some() {
            // Infrared: each colour as likely as the next, whatever it is.
            for axis in self.colours.clone() {
                if let Some(coordinate) = picture.get_mut(axis) {
                    *coordinate = APART[2] / 2.0 + self.chance.normal(0.0, actual);
                }
            }
        }
        let each = (1.0 - SOMETHING_ELSE) / else_at.max(1) as f64;
        let weigh = |(at, look): (usize, &Vec<f64>)| {
            let squared: f64 = look.iter().zip(&picture).map(|(a, b)| (a - b) * (a - b)).sum();
            let prior = if at == else_at { SOMETHING_ELSE } else { each };
            libm::log(prior) - squared / (2.0 * known * known)
        };
        let logs: Vec<f64> = self.looks.iter().enumerate().map(weigh).collect();
        let most = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let weights: Vec<f64> = logs.into_iter().map(|log| libm::exp(log - most)).collect();
        let total: f64 = weights.iter().sum();
        let mut candidates: Vec<Candidate> = self
            .gtins
            .iter()
            .zip(&weights)
            .map(|(gtin, weight)| Candidate {
                gtin: gtin.clone(),
                p: (weight / total * 1000.0).floor() / 1000.0,
            })
            .filter(|candidate| candidate.p >= 0.03)
            .collect();
        candidates.sort_by(|a, b| b.p.total_cmp(&a.p).then_with(|| a.gtin.cmp(&b.gtin)));
        candidates.truncate(5);
        candidates
    }

    /// Whether something that shows now and then shows now.
    pub(crate) fn glimpses(&mut self, p: f64) -> bool {
        self.chance.happens(p)
    }

    /// Seconds of standing at a rack after which a hand is seen to take something that took nothing: one draw for a
    /// step.
    pub(crate) fn imagines(&mut self, dt_s: f64, sight: &Sight) -> Option<ItemAction> {
        let per_s = 0.006 * sight.confusion / USUAL_CONFUSION;
        let happens = self.chance.happens(per_s * dt_s);
        happens.then(|| if self.chance.happens(0.75) { ItemAction::Take } else { ItemAction::Return })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stock::products;

    const DRAWS: usize = 40_000;

    /// Sights of everything in the catalogue in turn, and of nothing as often as the model expects it. Gives the share
    /// of candidates with a probability of 0.7 to 0.9 that are right, and how many there were.
    fn right(known: f64, actual: f64) -> (f64, usize) {
        let all = products();
        let mut sights = Sights::new(&all, Chance::new(11, 1));
        let (mut right, mut count) = (0, 0);
        for draw in 0..DRAWS {
            let product = (draw % 20 != 0).then_some(draw % all.len());
            for candidate in sights.candidates(product, known, actual, true) {
                if (0.7..0.9).contains(&candidate.p) {
                    count += 1;
                    right += usize::from(product.is_some_and(|p| all[p].gtin == candidate.gtin));
                }
            }
        }
        (right as f64 / count as f64, count)
    }

    #[test]
    fn probabilities_mean_what_they_say_in_the_light_they_were_made_for() {
        for confusion in [0.7, 1.1] {
            let noise = confusion / USUAL_CONFUSION;
            let (share, count) = right(noise, noise);
            assert!(count > 300, "{count}");
            assert!((0.75..0.85).contains(&share), "{share} of {count} at confusion {confusion}");
        }
    }

    #[test]
    fn in_dim_light_the_model_is_too_sure_of_itself() {
        let blur = crate::senses::Light::Dim.effect().blur;
        let (share, count) = right(1.0, blur);
        assert!(count > 300 && share < 0.7, "{share} of {count}");
    }

    /// Mean probability of the true product's look-alikes, and of everything else.
    #[test]
    fn sizes_are_nearly_alike_then_colours_then_other_things() {
        let all = products();
        let mut sights = Sights::new(&all, Chance::new(12, 1));
        let tee = all.iter().position(|p| p.sku == "TEE-BLK-M").expect("a black tee in M");
        let (mut size, mut colour, mut other, mut own) = (0.0, 0.0, 0.0, 0.0);
        for _ in 0..2000 {
            for candidate in sights.candidates(Some(tee), 1.0, 1.0, true) {
                let p = all.iter().find(|p| p.gtin == candidate.gtin).expect("a product");
                let sum = match (p.style == all[tee].style, p.colour == all[tee].colour) {
                    _ if p.sku == "TEE-BLK-M" => &mut own,
                    (true, true) => &mut size,
                    (true, false) => &mut colour,
                    _ => &mut other,
                };
                *sum += candidate.p / 2000.0;
            }
        }
        // Two sizes beside, three of the other colour.
        assert!(own / (size / 2.0) < 1.5, "own {own}, one other size {}", size / 2.0);
        assert!(size / 2.0 > 3.0 * colour / 3.0 && colour > other, "{size} {colour} {other}");
    }

    #[test]
    fn at_night_colours_are_guessed() {
        let all = products();
        let mut sights = Sights::new(&all, Chance::new(13, 1));
        let mug = all.iter().position(|p| p.sku.starts_with("MUG-WHT")).expect("a white mug");
        let best_is_white = |sights: &mut Sights, colours| {
            let best = sights.candidates(Some(mug), 1.0, 1.0, colours).into_iter().next();
            best.is_some_and(|best| best.gtin == all[mug].gtin)
        };
        let by_day = (0..1000).filter(|_| best_is_white(&mut sights, true)).count();
        let by_night = (0..1000).filter(|_| best_is_white(&mut sights, false)).count();
        assert!(by_day > 880, "{by_day}");
        assert!((380..600).contains(&by_night), "{by_night}");
    }

    #[test]
    fn a_stack_is_miscounted_now_and_then_and_a_single_piece_never() {
        let mut sights = Sights::new(&products(), Chance::new(14, 1));
        assert!((0..500).all(|_| sights.counted(1) == 1));
        let wrong = (0..500).filter(|_| sights.counted(4) != 4).count();
        assert!((60..200).contains(&wrong), "{wrong} of 500 stacks of four");
    }
}
