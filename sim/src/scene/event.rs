//! What happens by itself in a scene: a price changes, a camera goes dark, a reader fails.

use crate::faults::{Failure, Fault};
use crate::senses::{Light, SenseFault, Trouble};
use crate::words::{nearest, similar};
use crate::world::Price;

use super::file::Event;
use super::{Scene, clock_us, product};

/// An event, understood.
pub(super) enum Said {
    /// Of a reader; the world keeps a schedule of these.
    Reader(Fault),
    /// Of a camera, a scale or a lane's beams, likewise.
    Sense(SenseFault),
    /// A product has another price from so many microseconds after the beginning.
    Price(i64, Price),
}

/// Every kind of event, as it is written.
pub(super) const EVENTS: [&str; 13] = [
    "the price of {product} becomes {amount}",
    "camera {camera} is gone for {s} s",
    "camera {camera} is covered for {s} s",
    "camera {camera} has {light} light for {s} s",
    "scale {scale} is gone for {s} s",
    "the beams of {lane} are dirty for {s} s",
    "the beams of {lane} are gone for {s} s",
    "antenna {port} of reader {reader} dies for {s} s",
    "reader {reader} loses {db} dB for {s} s",
    "reader {reader} loses its network for {s} s",
    "reader {reader} is off for {s} s",
    "reader {reader} reports late for {s} s",
    "the clock of reader {reader} jumps by {s} s",
];
/// The longest fault, seconds.
const MOST_S: f64 = 3_600.0;

impl Scene {
    pub(super) fn event(&self, event: &Event) -> Result<Said, String> {
        let Some(at_us) = clock_us(&event.at) else {
            return Err(format!("at `{}`: minutes and seconds, such as \"01:10\"", event.at));
        };
        let from_s = at_us as f64 / 1e6;
        let to_s =
            |seconds: &str| Ok::<_, String>(from_s + number(seconds, 0.0, MOST_S, "number of seconds")?);
        let plan = &self.plan;
        let fault = |id: &str, seconds: &str, what: Failure| {
            known("reader", id, plan.readers.iter().map(|r| r.id.as_str()))?;
            Ok(Said::Reader(Fault { reader: id.into(), from_s, to_s: to_s(seconds)?, what }))
        };
        let sense = |id: &str, seconds: &str, what: Trouble| {
            Ok(Said::Sense(SenseFault { source: id.into(), from_s, to_s: to_s(seconds)?, what }))
        };
        let camera = |id: &str| known("camera", id, plan.cameras.iter().map(|c| c.id.as_str()));
        let lane = |id: &str| known("lane", id, plan.lanes.iter().map(|l| l.id.as_str()));
        let words: Vec<&str> = event.what.split_whitespace().collect();
        match words.as_slice() {
            ["the", "price", "of", named, "becomes", amount] => {
                let unit_minor = minor(amount)
                    .ok_or_else(|| format!("`{amount}` is no price; with two places, such as 19.90"))?;
                let product = product(&plan.products(), named)?;
                Ok(Said::Price(at_us, Price { product, unit_minor }))
            }
            ["camera", id, "is", "gone", "for", s, "s"] => {
                camera(id)?;
                sense(id, s, Trouble::Disconnected)
            }
            ["camera", id, "is", "covered", "for", s, "s"] => {
                camera(id)?;
                sense(id, s, Trouble::Covered)
            }
            ["camera", id, "has", word, "light", "for", s, "s"] => {
                camera(id)?;
                let light = match *word {
                    "dim" => Light::Dim,
                    "glaring" => Light::Glare,
                    "night" => Light::Night,
                    _ => return Err(format!("`{word}` is no light; dim, glaring or night")),
                };
                sense(id, s, Trouble::Light(light))
            }
            ["scale", id, "is", "gone", "for", s, "s"] => {
                known("scale", id, plan.scales.iter().map(|scale| scale.id.as_str()))?;
                sense(id, s, Trouble::Disconnected)
            }
            ["the", "beams", "of", id, "are", "dirty", "for", s, "s"] => {
                lane(id)?;
                sense(id, s, Trouble::Dirty)
            }
            ["the", "beams", "of", id, "are", "gone", "for", s, "s"] => {
                lane(id)?;
                sense(id, s, Trouble::Disconnected)
            }
            ["antenna", port, "of", "reader", id, "dies", "for", s, "s"] => {
                let port = number(port, 1.0, 255.0, "antenna's port")? as u16;
                fault(id, s, Failure::AntennaDead { port })
            }
            ["reader", id, "loses", db, "dB", "for", s, "s"] => {
                let db = number(db, 0.0, 40.0, "loss in dB")?;
                fault(id, s, Failure::PowerSag { db })
            }
            ["reader", id, "loses", "its", "network", "for", s, "s"] => fault(id, s, Failure::Outage),
            ["reader", id, "is", "off", "for", s, "s"] => fault(id, s, Failure::Restart),
            ["reader", id, "reports", "late", "for", s, "s"] => {
                fault(id, s, Failure::Late { share: 0.3, most_s: 3.0 })
            }
            ["the", "clock", "of", "reader", id, "jumps", "by", s, "s"] => {
                let offset_ms = 1_000.0 * number(s, -MOST_S, MOST_S, "number of seconds")?;
                fault(id, "600", Failure::Clock { offset_ms, ppm: 0.0 })
            }
            _ => {
                let alike = |known: &str| similar(known, &event.what);
                let near = EVENTS.into_iter().max_by(|a, b| alike(a).total_cmp(&alike(b)));
                let near = near.unwrap_or_default();
                Err(format!("`{}` is no event; the nearest known one is `{near}`", event.what))
            }
        }
    }
}

/// Whether something that a scene names is there.
pub(super) fn known<'a>(
    kind: &str,
    id: &str,
    known: impl Iterator<Item = &'a str> + Clone,
) -> Result<(), String> {
    if known.clone().any(|known| known == id) {
        return Ok(());
    }
    let near = nearest(id, known).map_or(String::new(), |near| format!("; the nearest is `{near}`"));
    Err(format!("there is no {kind} `{id}`{near}"))
}

fn number(text: &str, least: f64, most: f64, what: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if (least..=most).contains(&number) => Ok(number),
        _ => Err(format!("`{text}` is no {what} from {least} to {most}")),
    }
}

/// An amount with two places, as minor units.
pub(super) fn minor(text: &str) -> Option<i64> {
    let (whole, part) = text.split_once('.')?;
    let digits = |s: &str| !s.is_empty() && s.len() < 10 && s.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole) || !digits(part) || part.len() != 2 {
        return None;
    }
    Some(whole.parse::<i64>().ok()? * 100 + part.parse::<i64>().ok()?)
}
