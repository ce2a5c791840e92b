//! Where carried things are: against the body, by the way of carrying, and how their tags turn with the gait.

use crate::space::P3;
use crate::stock::Carry;

use super::{Kind, Walker};

/// Hangers stand this far apart on a rail, metres.
const HANGER_M: f64 = 0.035;

impl Walker {
    /// Where a carried piece is, and how its tag turns: `slot` counts the pieces, `axis` is the tag's own direction.
    pub(crate) fn carries(&self, slot: usize, carry: Carry, axis: P3) -> (P3, P3) {
        let n = slot as f64;
        let swing = libm::sin(self.gait());
        let side = self.side;
        // Who is small or seated has everything lower; the arms are shorter in proportion.
        let tall = self.build.height_m / 1.71;
        let low = if self.kind == Kind::Wheelchair { 0.62 } else { tall };
        let ahead_m = self.build.frame.map_or(0.6, |frame| frame.ahead_m.max(0.3));
        // Right of the body, ahead, up.
        let (right, ahead, up) = match carry {
            Carry::Hand => {
                (0.34 * side * tall, 0.12 + 0.14 * swing + 0.05 * n, (0.85 + 0.04 * n.min(8.0)) * low)
            }
            Carry::Bag | Carry::Foil => {
                (0.36 * side * tall, 0.02 + 0.08 * swing, (0.45 + 0.04 * n.min(8.0)) * low)
            }
            Carry::Worn => (0.13 * side * tall, 0.14, (1.25 - 0.1 * n.min(6.0)) * tall),
            // Flat against the belly or the small of the back, under the coat.
            Carry::Hidden => {
                (0.08 * side * tall, if slot.is_multiple_of(2) { 0.15 } else { -0.15 }, 1.02 * tall)
            }
            Carry::Stacked => (0.05, 0.32 * tall, (1.05 + 0.02 * n + 0.01 * swing) * low),
            // On the knees.
            Carry::Lap => (0.04 * side, 0.25, 0.62 + 0.03 * n.min(8.0)),
            // Side by side from one end of the rail to the other.
            Carry::Rail => ((n % 40.0 - 19.5) * HANGER_M, ahead_m + 0.02 * swing, 1.15 - 0.25 * (n / 40.0)),
            // In layers of four.
            Carry::Carton => (
                if slot.is_multiple_of(2) { -0.11 } else { 0.11 },
                0.34 + if (slot / 2).is_multiple_of(2) { -0.08 } else { 0.08 },
                0.95 + 0.025 * (slot / 4) as f64,
            ),
            // In the wire basket, or under the pram.
            Carry::Cart => (
                0.12 * if slot.is_multiple_of(2) { -1.0 } else { 1.0 },
                ahead_m + 0.08 * (slot / 2 % 3) as f64,
                if self.kind == Kind::Pram { 0.35 } else { 0.7 } + 0.02 * n.min(15.0),
            ),
            Carry::Tray => (0.0, 0.38, 1.0 + 0.02 * n),
        };
        let (sin, cos) = self.heading;
        let at = self.at.up(up).plus(P3::new(right, ahead, 0.0).turned(sin, cos));
        // What rolls does not sway.
        let tilt = if matches!(carry, Carry::Cart | Carry::Rail | Carry::Lap) { 0.05 } else { 0.25 } * swing;
        let tilted = P3::new(axis.x, axis.y + tilt * axis.z, axis.z - tilt * axis.y);
        let length = tilted.length().max(1e-6);
        (at, tilted.times(1.0 / length).turned(sin, cos))
    }
}
