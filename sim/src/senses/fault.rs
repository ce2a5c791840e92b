//! What troubles a sense, and when: light, lenses that are covered, lines that are down, beams that are dirty. Plain data
//! that a scene sets beforehand; a family's own troubles are drawn as time goes on. Never says what comes of them.

use recording::Name;
use serde::Deserialize;

use crate::chance::Chance;
use crate::family::Sight;

/// The light in which a camera works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Light {
    Normal,
    /// Half of the lamps are off, or it is evening.
    Dim,
    /// A low sun stands in the street door: whoever is seen against it is hard to see.
    Glare,
    /// Lamps out, infrared only: no colours.
    Night,
}

/// What is wrong with a source.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Trouble {
    /// A camera's light is not what it was set up for.
    Light(Light),
    /// Something hangs before the lens, lies on the scale for good, or stands in the beam: it says nothing that is true.
    Covered,
    /// Nothing comes from it.
    Disconnected,
    /// A beam on a dusty lens: it drops out and comes back by itself.
    Dirty,
    /// A beam beside its receiver: blocked for as long as it lasts.
    Misaligned,
    /// Everything that it says arrives late, by up to so many milliseconds.
    Late(f64),
}

/// One source's trouble from one instant to another. Cameras and scales go by their name, beams by their lane's.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SenseFault {
    pub(crate) source: String,
    /// Seconds since the world began.
    pub(crate) from_s: f64,
    pub(crate) to_s: f64,
    pub(crate) what: Trouble,
}

/// All troubles, those to come as well.
#[derive(Clone, Debug)]
pub(crate) struct Faults {
    known: Vec<SenseFault>,
    light: Light,
    chance: Chance,
}

/// How much a light changes what a camera makes of what it sees; 1 is as at the set-up.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Effect {
    /// Missed detections, breaks of tracks.
    pub(crate) misses: f64,
    /// Error of positions.
    pub(crate) error: f64,
    /// Tracks swapped, hands taken for a neighbour's.
    pub(crate) swaps: f64,
    /// Detections of nobody.
    pub(crate) ghosts: f64,
    /// Takes and put-backs seen.
    pub(crate) recall: f64,
    /// Noise in what a thing looks like, of which the model does not know.
    pub(crate) blur: f64,
    pub(crate) colours: bool,
    /// Frames per second: in poor light the shutter stays open longer.
    pub(crate) frames: f64,
}

impl Light {
    /// Uncalibrated: no public set measures one tracker under these lights; the order is what field reports agree on.
    pub(crate) fn effect(self) -> Effect {
        let normal = Effect {
            misses: 1.0,
            error: 1.0,
            swaps: 1.0,
            ghosts: 1.0,
            recall: 1.0,
            blur: 1.0,
            colours: true,
            frames: 1.0,
        };
        match self {
            Light::Normal => normal,
            Light::Dim => Effect {
                misses: 2.5,
                error: 1.5,
                swaps: 2.0,
                ghosts: 2.0,
                recall: 0.9,
                blur: 1.7,
                frames: 0.7,
                ..normal
            },
            Light::Glare => {
                Effect { misses: 8.0, error: 1.6, swaps: 2.5, ghosts: 5.0, recall: 0.75, blur: 1.6, ..normal }
            }
            Light::Night => Effect {
                misses: 4.0,
                error: 1.8,
                swaps: 3.0,
                ghosts: 3.0,
                recall: 0.75,
                blur: 1.8,
                colours: false,
                frames: 0.6,
            },
        }
    }
}

impl Faults {
    pub(crate) fn new(light: Light, known: Vec<SenseFault>, chance: Chance) -> Faults {
        Faults { known, light, chance }
    }

    /// What troubles a source now.
    pub(crate) fn of<'a>(&'a self, source: &'a str, now_us: i64) -> impl Iterator<Item = Trouble> + 'a {
        let now_s = now_us as f64 / 1e6;
        let now = self.known.iter().filter(move |fault| fault.from_s <= now_s && now_s < fault.to_s);
        now.filter(move |fault| fault.source == source).map(|fault| fault.what)
    }

    /// A camera's light now: what it was given last, else the shop's.
    pub(crate) fn light(&self, source: &str, now_us: i64) -> Light {
        let given = self.of(source, now_us).filter_map(|what| match what {
            Trouble::Light(light) => Some(light),
            _ => None,
        });
        given.last().unwrap_or(self.light)
    }

    /// Whether nothing true can come from a source now.
    pub(crate) fn blind(&self, source: &str, now_us: i64) -> bool {
        self.of(source, now_us).any(|what| matches!(what, Trouble::Covered | Trouble::Disconnected))
    }

    /// One second of a family's own troubles: poor light comes and stays a while, sources fail.
    pub(crate) fn second(
        &mut self,
        now_us: i64,
        sight: &Sight,
        cameras: &[Name],
        scales: &[Name],
        lanes: &[Name],
    ) {
        self.known.retain(|fault| fault.to_s > now_us as f64 / 1e6);
        for camera in cameras {
            for (light, share, long_s) in [(Light::Dim, sight.dim, 90.0), (Light::Glare, sight.glare, 40.0)] {
                let under_way =
                    self.of(camera, now_us).any(|what| matches!(what, Trouble::Light(l) if l == light));
                // Spells and the pauses between them keep the share of time.
                if !under_way && self.chance.happens(share / (1.0 - share).max(0.05) / long_s) {
                    self.begins(camera, now_us, long_s, Trouble::Light(light));
                }
            }
            if self.chance.happens(sight.outages_per_h / 3600.0) {
                let what = match self.chance.index(4) {
                    0 => Trouble::Covered,
                    1 => Trouble::Disconnected,
                    // The lamps are out.
                    2 => Trouble::Light(Light::Night),
                    _ => Trouble::Late(2000.0),
                };
                self.begins(camera, now_us, 20.0, what);
            }
        }
        for scale in scales {
            if self.chance.happens(sight.outages_per_h / 3600.0) {
                self.begins(scale, now_us, 60.0, Trouble::Disconnected);
            }
        }
        for lane in lanes {
            if self.chance.happens(sight.outages_per_h / 3600.0) {
                let what = if self.chance.happens(0.7) { Trouble::Dirty } else { Trouble::Misaligned };
                self.begins(lane, now_us, 40.0, what);
            }
        }
    }

    fn begins(&mut self, source: &Name, now_us: i64, mean_s: f64, what: Trouble) {
        let (from_s, long_s) = (now_us as f64 / 1e6, 3.0 + self.chance.exponential(mean_s));
        self.known.push(SenseFault { source: source.to_string(), from_s, to_s: from_s + long_s, what });
    }
}
