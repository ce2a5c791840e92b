//! What a tag's chip keeps: its memory, its four inventoried flags and SL (Gen2 §6.3.2.2 and §6.3.2.3), how long each
//! outlasts the carrier, and which carriers power it.

use crate::chance::Chance;

use super::select::Select;
use super::settings::Session;

/// For so long a chip lives on its own charge, microseconds: flags that fall with the carrier outlast a quick hop but not a turn.
const CHARGE_US: i64 = 500;

/// A carrier that powers the chip.
#[derive(Clone, Copy, Debug)]
struct Lit {
    aerial: usize,
    until_us: i64,
    /// Power at the chip over what it needs, dB.
    margin_db: f64,
}

const DARK: Lit = Lit { aerial: usize::MAX, until_us: i64::MIN / 2, margin_db: 0.0 };

/// A tag's chip.
#[derive(Clone, Debug)]
pub(crate) struct Chip {
    pub(crate) pc: u16,
    pub(crate) epc: [u8; 12],
    pub(crate) tid: [u8; 12],
    s0_b: bool,
    /// Until when session 1 stands at B.
    s1_b_until_us: i64,
    s1_persistence_us: i64,
    s2_b: bool,
    s3_b: bool,
    selected: bool,
    /// How long session 2, session 3 and SL outlast the carrier.
    lasting_us: i64,
    /// The carriers seen last; three readers' fields seldom meet in one place.
    lit: [Lit; 3],
}

impl Chip {
    /// A chip with flags as they differ from one to the next: session 1 holds 0.8 to 3.5 s (0.5 to 5 by the standard),
    /// sessions 2 and 3 and SL more than 2 s past the carrier. Its memory says nothing of the piece yet.
    pub(crate) fn draw(chance: &mut Chance) -> Chip {
        let s1_s = chance.between(0.8, 3.5);
        let lasting_s = 2.0 + chance.exponential(8.0);
        let mut tid = [0xE2, 0x80, 0x11, 0x60, 0x20, 0, 0, 0, 0, 0, 0, 0];
        for byte in tid.iter_mut().skip(5) {
            *byte = chance.index(256) as u8;
        }
        Chip {
            pc: 0x3000,
            epc: [0; 12],
            tid,
            s0_b: false,
            s1_b_until_us: i64::MIN / 2,
            s1_persistence_us: (s1_s * 1e6) as i64,
            s2_b: false,
            s3_b: false,
            selected: false,
            lasting_us: (lasting_s * 1e6) as i64,
            lit: [DARK; 3],
        }
    }

    /// Whether some carrier powers the chip, or did until just now.
    pub(crate) fn powered(&self, at_us: i64) -> bool {
        self.lit.iter().any(|lit| lit.until_us + CHARGE_US >= at_us)
    }

    /// Whether this antenna's carrier does.
    pub(crate) fn lit_by(&self, aerial: usize, at_us: i64) -> bool {
        self.lit.iter().any(|lit| lit.aerial == aerial && lit.until_us + CHARGE_US >= at_us)
    }

    /// The strongest carrier but those of the aerials from `own` on, `count` of them: aerial and margin.
    pub(crate) fn lit_by_another(&self, own: usize, count: usize, at_us: i64) -> Option<(usize, f64)> {
        let others =
            self.lit.iter().filter(|lit| !(own..own + count).contains(&lit.aerial) && lit.until_us >= at_us);
        others.max_by(|a, b| a.margin_db.total_cmp(&b.margin_db)).map(|lit| (lit.aerial, lit.margin_db))
    }

    /// A carrier powers the chip until then.
    pub(crate) fn light(&mut self, aerial: usize, until_us: i64, margin_db: f64) {
        let known = self.lit.iter().position(|lit| lit.aerial == aerial);
        let oldest = self.lit.iter().enumerate().min_by_key(|(_, lit)| lit.until_us).map(|(at, _)| at);
        if let Some(lit) = known.or(oldest).and_then(|at| self.lit.get_mut(at)) {
            let until_us = if lit.aerial == aerial { lit.until_us.max(until_us) } else { until_us };
            *lit = Lit { aerial, until_us, margin_db };
        }
    }

    /// Keeps the carrier on that is on, with the strength it has.
    pub(crate) fn stay_lit(&mut self, aerial: usize, until_us: i64) {
        if let Some(lit) = self.lit.iter_mut().find(|lit| lit.aerial == aerial) {
            lit.until_us = lit.until_us.max(until_us);
        }
    }

    /// Flags that have fallen back in the dark. To be called before a carrier is noted.
    pub(crate) fn wake(&mut self, at_us: i64) {
        if self.powered(at_us) {
            return;
        }
        self.s0_b = false;
        let dark_since_us = self.lit.iter().map(|lit| lit.until_us).max().unwrap_or(at_us);
        if at_us - dark_since_us > self.lasting_us {
            (self.s2_b, self.s3_b, self.selected) = (false, false, false);
        }
    }

    /// Whether the flag stands at B.
    pub(crate) fn at_b(&self, session: Session, at_us: i64) -> bool {
        match session {
            Session::S0 => self.s0_b,
            Session::S1 => self.s1_b_until_us > at_us,
            Session::S2 => self.s2_b,
            Session::S3 => self.s3_b,
        }
    }

    /// Turns the flag over, as a tag does after its answer was taken.
    pub(crate) fn invert(&mut self, session: Session, at_us: i64) {
        match session {
            Session::S0 => self.s0_b = !self.s0_b,
            Session::S1 if self.s1_b_until_us > at_us => self.s1_b_until_us = at_us,
            Session::S1 => self.s1_b_until_us = at_us + self.s1_persistence_us,
            Session::S2 => self.s2_b = !self.s2_b,
            Session::S3 => self.s3_b = !self.s3_b,
        }
    }

    /// Tag focus: where session 1 stands at B, it begins its time anew.
    pub(crate) fn refresh(&mut self, at_us: i64) {
        if self.s1_b_until_us > at_us {
            self.s1_b_until_us = at_us + self.s1_persistence_us;
        }
    }

    /// Hears a Select and keeps what it says of this tag as its SL flag, which it gives.
    pub(crate) fn hears(&mut self, select: &Select) -> bool {
        self.selected = select.matches(self.pc, &self.epc, &self.tid);
        self.selected
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000;

    fn lit_chip(until_us: i64) -> Chip {
        let mut chip = Chip::draw(&mut Chance::new(1, 1));
        chip.wake(0);
        chip.light(0, until_us, 10.0);
        chip
    }

    #[test]
    fn session_0_falls_back_with_the_carrier_but_not_in_a_quick_hop() {
        let mut chip = lit_chip(SECOND);
        chip.invert(Session::S0, 500_000);
        chip.wake(SECOND + 300);
        assert!(chip.at_b(Session::S0, SECOND + 300), "a hop of 0.3 ms");
        chip.wake(SECOND + 2_500);
        assert!(!chip.at_b(Session::S0, SECOND + 2_500), "a turn to another antenna");
    }

    #[test]
    fn session_0_stays_while_another_readers_carrier_is_on() {
        let mut chip = lit_chip(SECOND);
        chip.light(7, 3 * SECOND, 4.0);
        chip.invert(Session::S0, 500_000);
        chip.wake(2 * SECOND);
        assert!(chip.at_b(Session::S0, 2 * SECOND));
    }

    #[test]
    fn session_1_falls_back_after_its_time_though_it_is_powered() {
        let mut chip = lit_chip(60 * SECOND);
        chip.invert(Session::S1, 0);
        assert!(chip.at_b(Session::S1, SECOND / 2), "no sooner than half a second");
        assert!(!chip.at_b(Session::S1, 5 * SECOND), "no later than five");
    }

    #[test]
    fn tag_focus_keeps_session_1_at_b() {
        let mut chip = lit_chip(60 * SECOND);
        chip.invert(Session::S1, 0);
        for half in 1..60 {
            chip.refresh(half * SECOND / 2);
        }
        assert!(chip.at_b(Session::S1, 30 * SECOND));
        assert!(!chip.at_b(Session::S1, 40 * SECOND), "nobody refreshes it any more");
    }

    #[test]
    fn sessions_2_and_3_outlast_the_carrier_by_more_than_two_seconds_and_not_for_ever() {
        for session in [Session::S2, Session::S3] {
            let mut chip = lit_chip(100 * SECOND);
            chip.invert(session, 0);
            chip.wake(100 * SECOND);
            assert!(chip.at_b(session, 100 * SECOND), "powered for 100 s");
            chip.wake(102 * SECOND);
            assert!(chip.at_b(session, 102 * SECOND), "two seconds in the dark");
            chip.wake(1000 * SECOND);
            assert!(!chip.at_b(session, 1000 * SECOND));
        }
    }
}
