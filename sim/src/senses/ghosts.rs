//! Detections of nobody: posters, mannequins, reflections in the window. They live for seconds and are named like people.

use recording::{Name, Observation, Person, PersonEnd};

use crate::chance::Chance;
use crate::plan::Plan;
use crate::space::P2;

use super::camera::Figure;
use super::rounded;

/// How often one appears in a camera's picture in the light it was set up for. Uncalibrated.
const PER_S: f64 = 0.004;
/// At one time at most.
const MOST: usize = 4;

#[derive(Clone, Debug)]
struct Ghost {
    name: Name,
    at: P2,
    /// Whose reflection it is, and how far from them.
    of: Option<(u32, P2)>,
    until_us: i64,
}

/// Names of one camera's tracks, people's and ghosts' alike.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    letter: char,
    given: u64,
}

impl Names {
    /// No two of the first 26 cameras name alike.
    pub(crate) fn new(camera: usize) -> Names {
        Names { letter: char::from(b'a' + (camera % 26) as u8), given: 0 }
    }

    pub(crate) fn next(&mut self) -> Name {
        self.given += 1;
        format!("{}{}", self.letter, self.given).into()
    }
}

/// Those of one camera.
#[derive(Clone, Debug)]
pub(crate) struct Ghosts {
    here: Vec<Ghost>,
    /// Where posters and mannequins hang that may be taken for people.
    posters: Vec<P2>,
    chance: Chance,
}

impl Ghosts {
    pub(crate) fn new(plan: &Plan, mut chance: Chance) -> Ghosts {
        let posters = (0..2).filter_map(|_| {
            let fixture = plan.fixtures.get(chance.index(plan.fixtures.len()))?;
            Some(fixture.front(chance.happens(0.5), chance.unit()))
        });
        let posters = posters.collect();
        Ghosts { here: Vec::new(), posters, chance }
    }

    /// What a frame shows of them; `more` is how much oftener they appear in this light, `inside` whether a place is in
    /// the picture.
    pub(crate) fn frame(
        &mut self,
        source: &Name,
        (now_us, period_s): (i64, f64),
        more: f64,
        figures: &[Figure],
        inside: impl Fn(P2) -> bool,
        names: &mut Names,
    ) -> Vec<Observation> {
        let mut said = Vec::new();
        self.here.retain(|ghost| {
            let stays = now_us < ghost.until_us;
            if !stays {
                said.push(PersonEnd { source: source.clone(), track: ghost.name.clone() }.into());
            }
            stays
        });
        if self.here.len() < MOST
            && self.chance.happens(PER_S * more * period_s)
            && let Some((at, of)) = self.appears(figures)
            && inside(at)
        {
            let long_us = ((0.4 + self.chance.exponential(1.6)).min(8.0) * 1e6) as i64;
            self.here.push(Ghost { name: names.next(), at, of, until_us: now_us + long_us });
        }
        for ghost in &mut self.here {
            if let Some((person, offset)) = ghost.of
                && let Some(figure) = figures.iter().find(|figure| figure.id == person)
            {
                ghost.at = figure.at.plus(offset);
            }
            if !self.chance.happens(0.7) {
                continue;
            }
            let what = Person {
                source: source.clone(),
                track: ghost.name.clone(),
                x: rounded(ghost.at.x + self.chance.normal(0.0, 0.1), 1000.0),
                y: rounded(ghost.at.y + self.chance.normal(0.0, 0.1), 1000.0),
                sd: Some(0.2),
                confidence: Some(rounded(self.chance.between(0.35, 0.75), 100.0)),
            };
            said.push(what.into());
        }
        said
    }

    fn appears(&mut self, figures: &[Figure]) -> Option<(P2, Option<(u32, P2)>)> {
        let mirrored = figures.get(self.chance.index(figures.len())).filter(|_| self.chance.happens(0.5));
        let offset = P2::new(self.chance.normal(0.0, 1.2), self.chance.normal(0.0, 1.2));
        let poster = self.posters.get(self.chance.index(self.posters.len())).copied();
        match mirrored {
            Some(figure) => Some((figure.at.plus(offset), Some((figure.id, offset)))),
            None => poster.map(|poster| (poster, None)),
        }
    }
}
