//! What cameras saw a passage's people take, put back and carry: takes minus returns, and which of them a tag explains.
//! It never knows prices or stock beyond what the caller says of a product.

use recording::{Candidate, ItemAction, Name, SightOf};

use crate::tracks::people::Sight;

/// A return that could be of this product by less than this is of something else.
const LEAST_OVERLAP: f64 = 0.1;
/// A line's product among a take's candidates: below it the camera does not speak of it.
const LEAST_CANDIDATE: f64 = 0.05;

/// A take that no return has undone.
#[derive(Clone, Debug)]
pub(crate) struct OpenTake {
    pub(crate) sight: Sight,
    /// Pieces still unexplained.
    pub(crate) quantity: u32,
    /// How sure it is that the take happened and still stands.
    pub(crate) confidence: f64,
}

impl OpenTake {
    /// The likeliest product.
    pub(crate) fn best(&self) -> Option<&Candidate> {
        self.sight.item.candidates.iter().max_by(|a, b| a.p.total_cmp(&b.p).then(b.gtin.cmp(&a.gtin)))
    }

    fn p_of(&self, gtin: &str) -> f64 {
        self.sight.item.candidates.iter().find(|c| &*c.gtin == gtin).map_or(0.0, |c| c.p)
    }
}

/// What is in a passage's hands by the cameras.
#[derive(Default)]
pub(crate) struct Hands {
    pub(crate) takes: Vec<OpenTake>,
    carried: Vec<Sight>,
}

fn overlap(a: &[Candidate], b: &[Candidate]) -> f64 {
    let of = |candidate: &Candidate| {
        b.iter()
            .filter(|other| other.gtin == candidate.gtin)
            .map(|other| other.p.min(candidate.p))
            .sum::<f64>()
    };
    a.iter().map(of).sum()
}

/// A sight as evidence for a product.
pub(crate) fn sight_of(sight: &Sight, p: f64) -> SightOf {
    SightOf {
        at: sight.at,
        source: sight.item.source.clone(),
        track: sight.item.track.clone(),
        action: sight.item.action,
        p,
    }
}

impl Hands {
    /// Folds sights, in the order in which they happened.
    pub(crate) fn new<'a>(sights: impl Iterator<Item = &'a Sight>) -> Hands {
        let mut hands = Hands::default();
        for sight in sights {
            let confidence = sight.item.confidence.unwrap_or(1.0);
            match sight.item.action {
                ItemAction::Take => hands.takes.push(OpenTake {
                    sight: sight.clone(),
                    quantity: sight.item.quantity,
                    confidence,
                }),
                ItemAction::Return => hands.put_back(sight, confidence),
                ItemAction::Carry => hands.carried.push(sight.clone()),
            }
        }
        hands
    }

    /// A return undoes the take it resembles most, the latest of those alike.
    fn put_back(&mut self, sight: &Sight, confidence: f64) {
        let mut left = sight.item.quantity;
        while left > 0 {
            let alike = |take: &OpenTake| match sight.item.candidates.is_empty() {
                true => 1.0,
                false => overlap(&take.sight.item.candidates, &sight.item.candidates),
            };
            let open = self.takes.iter_mut().filter(|take| take.quantity > 0);
            let best = open.map(|take| (alike(take), take)).max_by(|a, b| a.0.total_cmp(&b.0));
            let Some((_, take)) = best.filter(|(alike, _)| *alike >= LEAST_OVERLAP) else { return };
            if confidence < 0.5 {
                // It may or may not have gone back: less sure that it is still held, but not undone.
                take.confidence *= 1.0 - confidence;
                return;
            }
            let undone = take.quantity.min(left);
            take.quantity -= undone;
            left -= undone;
        }
    }

    /// How sure the cameras are that one more piece of this product is held, without using it up.
    pub(crate) fn support(&self, gtin: &str) -> f64 {
        let take = self.takes.iter().filter(|take| take.quantity > 0).map(|t| t.p_of(gtin) * t.confidence);
        take.chain([self.carry(gtin)]).fold(0.0, f64::max)
    }

    /// How sure the cameras are that this product was seen in hand or bag.
    pub(crate) fn carry(&self, gtin: &str) -> f64 {
        let sure = |s: &Sight| {
            let p = s.item.candidates.iter().find(|c| &*c.gtin == gtin).map_or(0.0, |c| c.p);
            p * s.item.confidence.unwrap_or(1.0)
        };
        self.carried.iter().map(sure).fold(0.0, f64::max)
    }

    /// Uses up one taken piece of this product; the sights that speak for it.
    pub(crate) fn explain(&mut self, gtin: &str) -> Vec<SightOf> {
        let mut sights = Vec::new();
        let open = self.takes.iter_mut().filter(|t| t.quantity > 0 && t.p_of(gtin) >= LEAST_CANDIDATE);
        if let Some(take) = open.max_by(|a, b| a.p_of(gtin).total_cmp(&b.p_of(gtin))) {
            take.quantity -= 1;
            sights.push(sight_of(&take.sight, take.p_of(gtin)));
        }
        sights.extend(self.carries_of(gtin));
        sights
    }

    /// The sights of this product in hand or bag, the surest few.
    pub(crate) fn carries_of(&self, gtin: &str) -> Vec<SightOf> {
        let of = |sight: &Sight| {
            let p = sight.item.candidates.iter().find(|c| &*c.gtin == gtin)?.p;
            (p >= 0.3).then(|| sight_of(sight, p))
        };
        self.carried.iter().filter_map(of).take(4).collect()
    }

    /// What was taken, is not explained by any tag, and by which product it most likely is.
    pub(crate) fn unexplained(&self) -> impl Iterator<Item = (&OpenTake, Name, f64)> {
        self.takes.iter().filter(|take| take.quantity > 0).filter_map(|take| {
            let best = take.best()?;
            let seen_since = self.carry(&best.gtin);
            // Seen in hand later on, too: the two sights are nearly independent.
            let p = best.p + (1.0 - best.p) * 0.5 * seen_since;
            Some((take, best.gtin.clone(), p * take.confidence))
        })
    }
}
