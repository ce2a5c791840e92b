//! A tag: its chip, its dipole, what it is fixed to and how it is carried. Knows no antenna and no person.

use std::f64::consts::TAU;

use super::Link;
use super::crowd::Crowd;
use crate::chance::Chance;
use crate::gen2::Chip;
use crate::space::{P2, P3};
use crate::stock::Carry;

/// What a tag is fixed to. Losses of the last three have no good public source, hence their wide ranges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Goods {
    Cloth,
    /// Heavy cloth with rivets or a print that holds metal.
    FoilPrint,
    Metal,
    Liquid,
}

/// What a hand that holds a tag out, or a stand under it, takes from it, dB one way: with it the logs' median level is met,
/// −63 dBm.
const HELD_DB: (f64, f64) = (2.0, 4.0);

/// A tag as the radio sees it.
#[derive(Clone, Debug)]
pub(crate) struct Tag {
    /// False while the tag is out of the store for good.
    pub(crate) there: bool,
    pub(crate) at: P3,
    /// Of the dipole now; a unit vector.
    pub(crate) axis: P3,
    /// Of the dipole against the body of who holds it.
    pub(crate) held_axis: P3,
    pub(crate) velocity: P2,
    /// Who carries it.
    pub(crate) owner: Option<u32>,
    /// Cloth, body, foil, the pile that it is carried in: dB one way.
    pub(crate) loss_db: f64,
    /// What stands around it for a while, a lift's cabin, dB one way.
    pub(crate) cabin_db: f64,
    /// How far a body pulls its resonance down, MHz, and what it takes from the answer besides, dB.
    held_mhz: f64,
    held_answer_db: f64,
    /// What tags that rest beside it do to it.
    pub(super) crowd: Crowd,
    /// What it is fixed to, dB one way.
    goods_db: f64,
    pub(super) sensitivity_dbm: f64,
    pub(super) modulation_db: f64,
    pub(super) phase: f64,
    /// Where in the band the tag's antenna is tuned on its goods, MHz, and how sharply.
    tuned_mhz: f64,
    tuned_width_mhz: f64,
    pub(super) links: Vec<Link>,
    pub(crate) chip: Chip,
}

impl Tag {
    /// A tag with the spread of real ones: effective sensitivity −16 ± 1.5 dBm, modulation loss 6 to 18 dB.
    pub(crate) fn new(antennas: usize, chance: &mut Chance) -> Self {
        Tag {
            there: true,
            at: P3::default(),
            axis: P3::new(1.0, 0.0, 0.0),
            held_axis: P3::new(1.0, 0.0, 0.0),
            velocity: P2::default(),
            owner: None,
            loss_db: 0.0,
            cabin_db: 0.0,
            held_mhz: 0.0,
            held_answer_db: 0.0,
            crowd: Crowd::default(),
            goods_db: 0.0,
            sensitivity_dbm: chance.normal(-16.0, 1.5),
            modulation_db: chance.normal(8.6, 1.8).clamp(6.0, 18.0),
            phase: chance.between(0.0, TAU),
            tuned_mhz: chance.normal(910.0, 18.0),
            tuned_width_mhz: chance.between(18.0, 50.0),
            links: vec![Link::Unknown; antennas],
            chip: Chip::draw(chance),
        }
    }

    /// Fixes the tag to goods: metal and water take power and pull the resonance down.
    pub(crate) fn fix_to(&mut self, goods: Goods, chance: &mut Chance) {
        let (loss_db, pulled_mhz) = match goods {
            Goods::Cloth => (0.0, 0.0),
            Goods::FoilPrint => (chance.between(1.0, 6.0), chance.between(0.0, 12.0)),
            Goods::Metal => (chance.between(8.0, 20.0), chance.between(-20.0, 40.0)),
            Goods::Liquid => (chance.between(5.0, 15.0), chance.between(15.0, 60.0)),
        };
        self.goods_db = loss_db;
        self.tuned_mhz -= pulled_mhz;
        self.links.iter_mut().for_each(|link| *link = Link::Unknown);
    }

    /// Loss by everything around the tag, dB one way.
    pub(super) fn around_db(&self) -> f64 {
        self.loss_db + self.goods_db + self.cabin_db + self.crowd.loss_db
    }

    /// What is lost between the wave that the chip could send back and the answer, dB.
    pub(super) fn answer_loss_db(&self) -> f64 {
        self.modulation_db + self.held_answer_db
    }

    /// Share of the power that is left to a tag tuned beside the channel: the parabola at the top of a resonance, flattening.
    pub(super) fn tuning(&self, hz: f64) -> f64 {
        let tuned_mhz = self.tuned_mhz - self.held_mhz - self.crowd.pulled_mhz;
        let off = (hz / 1e6 - tuned_mhz) / self.tuned_width_mhz;
        1.0 / (1.0 + off * off)
    }

    /// Makes it one of a make with little spread, as the one tag of the R420 logs: few of its reads come in below −72 dBm at
    /// 30 dBm, which is where its chip falls asleep.
    pub(crate) fn of_one_make(&mut self, chance: &mut Chance) {
        self.sensitivity_dbm = chance.normal(-16.8, 0.3);
        self.modulation_db = chance.normal(8.2, 0.4);
        self.tuned_mhz = chance.normal(912.0, 6.0);
    }

    /// Held out in a hand, or put on a stand, with nothing else around it: what the logs' tag was fixed to.
    pub(crate) fn with_nothing_around(&mut self, chance: &mut Chance) {
        self.laid(chance.between(HELD_DB.0, HELD_DB.1));
    }

    /// Makes the chip need this much more than others, dB: a bad bond, a torn antenna.
    pub(crate) fn weaken(&mut self, by_db: f64) {
        self.sensitivity_dbm += by_db;
    }

    /// Takes it up: what carrying it so does to it, `slot` counting the pieces in the hand.
    pub(crate) fn carried(&mut self, carry: Carry, slot: usize, chance: &mut Chance) {
        self.loss_db = carry_loss_db(carry, slot, chance);
        self.crowd = Crowd::default();
        let (most_mhz, answer_db) = match carry {
            Carry::Worn => (40.0, (-1.0, 3.0)),
            Carry::Hidden => (60.0, (-1.0, 4.0)),
            Carry::Lap => (20.0, (-1.0, 2.0)),
            _ => return (self.held_mhz, self.held_answer_db) = (0.0, 0.0),
        };
        self.held_mhz = chance.between(0.0, most_mhz);
        self.held_answer_db = chance.between(answer_db.0, answer_db.1);
    }

    /// Lays it down where so much is lost around it, dB one way; not what other tags take, which the air finds out.
    pub(crate) fn laid(&mut self, loss_db: f64) {
        (self.loss_db, self.held_mhz, self.held_answer_db) = (loss_db, 0.0, 0.0);
    }

    /// Sets where the tag is and how it is turned.
    pub(crate) fn place(&mut self, (at, axis): (P3, P3)) {
        (self.at, self.axis) = (at, axis);
    }
}

/// What body, neighbours or foil take from a carried tag, dB one way; `slot` counts the pieces in the hand. None
/// of these has a good public source, hence the wide ranges: worn 2 to 8 dB, which with the resonance that a body pulls
/// down makes the 3 to 10 dB that are said of worn tags (on bare flesh a dipole's gain falls by some 10 dB: Griffin, Durgin
/// and others 2006, on ground beef); hidden between skin and coat with a second layer of cloth and hand, on the knees
/// between both (a lap is one side of a body, the other side is free), foil 20 to 40 dB. What the wearer's trunk takes when
/// it stands between is the body's own and not in here. What is worn hangs smooth, all else has folds. A rail's tube and hooks and a cart's wire detune what hangs near them and not
/// what hangs between; a carton is air and cloth, packed tight; a tray leaves everything open to the antenna above it.
pub(crate) fn carry_loss_db(carry: Carry, slot: usize, chance: &mut Chance) -> f64 {
    let folds = chance.normal(3.0, 2.2).clamp(0.0, 12.0);
    // Deeper in the pile the neighbours take more.
    let pile = chance.between(0.2, 0.9) * (slot as f64).min(8.0);
    (if carry == Carry::Worn { 0.0 } else { folds })
        + pile
        + match carry {
            Carry::Hand => 0.0,
            Carry::Bag => chance.between(0.0, 4.0),
            Carry::Worn => chance.between(2.0, 8.0),
            Carry::Hidden => chance.between(4.0, 14.0),
            Carry::Stacked => chance.between(0.0, 3.0),
            Carry::Lap => chance.between(1.0, 7.0),
            Carry::Rail => chance.between(0.0, 5.0),
            Carry::Carton => chance.between(0.5, 6.0),
            Carry::Cart => chance.between(0.0, 8.0),
            Carry::Tray => chance.between(0.0, 2.0),
            Carry::Foil => chance.between(20.0, 40.0),
        }
}
