//! What happens by itself in a scene: a price changes, a camera goes dark, a reader fails.

use crate::faults::{Failure, Fault};
use crate::words::{nearest, similar};
use crate::world::Happening;

use super::file::Event;
use super::{Scene, clock_us, product};

/// An event, understood.
pub(super) enum Said {
    /// Of a reader: the world keeps a schedule of these.
    Fault(Fault),
    /// Anything else, microseconds after the beginning.
    Happening(i64, Happening),
}

/// Every kind of event, as it is written.
pub(super) const EVENTS: [&str; 9] = [
    "the price of {product} becomes {amount}",
    "camera {camera} goes dark",
    "camera {camera} comes back",
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
        let fault = |id: &str, seconds: &str, what: Failure| {
            let ids = || self.plan.readers.iter().map(|r| r.id.as_str());
            if !ids().any(|known| known == id) {
                let near = nearest(id, ids()).unwrap_or_default();
                return Err(format!("there is no reader `{id}`; the nearest is `{near}`"));
            }
            let to_s = from_s + number(seconds, 0.0, MOST_S, "number of seconds")?;
            Ok(Said::Fault(Fault { reader: id.into(), from_s, to_s, what }))
        };
        let words: Vec<&str> = event.what.split_whitespace().collect();
        match words.as_slice() {
            ["the", "price", "of", named, "becomes", amount] => {
                let unit_minor = minor(amount)
                    .ok_or_else(|| format!("`{amount}` is no price; with two places, such as 19.90"))?;
                let gtin = product(&self.plan.products(), named)?;
                Ok(Said::Happening(at_us, Happening::Price { product: gtin, unit_minor }))
            }
            ["camera", id, "goes", "dark"] => self.camera(at_us, id, true),
            ["camera", id, "comes", "back"] => self.camera(at_us, id, false),
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

    fn camera(&self, at_us: i64, id: &str, dark: bool) -> Result<Said, String> {
        let ids = || self.plan.cameras.iter().map(|c| c.id.as_str());
        let camera = ids().position(|known| known == id).ok_or_else(|| {
            let near = nearest(id, ids()).unwrap_or_default();
            format!("there is no camera `{id}`; the nearest is `{near}`")
        })?;
        Ok(Said::Happening(at_us, Happening::Camera { camera, dark }))
    }
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
