//! The families of simulated worlds, and the figures that make each of them what it is.

use std::fmt;
use std::str::FromStr;

use crate::senses::Light;
use crate::words::nearest;

/// A kind of day in the store. `plain` is one shopper at a time mostly; the others stress one thing each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// Mostly one person in the lane, few strays, everybody who takes something pays.
    Plain,
    /// Many shoppers, two lanes in one radio field, queues and tailgaters.
    Busy,
    /// A display rack half a metre from the lane, hard carrying, tired cameras.
    Hard,
    /// A good part of what is sold carries no tag.
    Untagged,
    /// People come in through the lane with pieces sold before, to give them back, or leave again with them.
    Returns,
    /// A good part leaves without paying, some of it with the pieces in a foil-lined bag.
    Walkout,
    /// Readers fall silent, antennas die, reports come late and twice.
    Faults,
    /// One lane and at most 15 tags in the field.
    Calibration,
    /// Families with children, friends with a card each, prams and wheelchairs; things pass from hand to hand.
    Groups,
    /// A fitting room: pieces go in and stay there, come out worn, or go back to the wrong rack.
    Fitting,
    /// Staff restock past and through the lanes, with rails and cartons.
    Staff,
    /// A merchandise store as the game ends: 40 people a minute through three lanes.
    Stadium,
    /// Things are laid into a tray at the terminal and taken up again.
    Tray,
    /// Odd tags: clones, two on one garment, weak ones, other brands', goods without a price.
    Tags,
    /// Three lanes in one radio field, and company that goes through them side by side, hands things across, changes lanes.
    Lanes,
}

impl Family {
    /// Every family.
    pub const ALL: [Family; 15] = [
        Family::Plain,
        Family::Busy,
        Family::Hard,
        Family::Untagged,
        Family::Returns,
        Family::Walkout,
        Family::Faults,
        Family::Calibration,
        Family::Groups,
        Family::Fitting,
        Family::Staff,
        Family::Stadium,
        Family::Tray,
        Family::Tags,
        Family::Lanes,
    ];

    /// Its name on the command line and in `truth.json`.
    pub fn name(self) -> &'static str {
        match self {
            Family::Plain => "plain",
            Family::Busy => "busy",
            Family::Hard => "hard",
            Family::Untagged => "untagged",
            Family::Returns => "returns",
            Family::Walkout => "walkout",
            Family::Faults => "faults",
            Family::Calibration => "calibration",
            Family::Groups => "groups",
            Family::Fitting => "fitting",
            Family::Staff => "staff",
            Family::Stadium => "stadium",
            Family::Tray => "tray",
            Family::Tags => "tags",
            Family::Lanes => "lanes",
        }
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A name that is no family.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("`{wrong}` is no family of simulated stores; the nearest is `{near}`. There are {known}")]
pub struct FamilyError {
    wrong: String,
    near: &'static str,
    known: String,
}

impl FromStr for Family {
    type Err = FamilyError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = Family::ALL.into_iter().find(|family| family.name() == text);
        known.ok_or_else(|| {
            let names = || Family::ALL.into_iter().map(Family::name);
            FamilyError {
                wrong: text.chars().take(40).collect(),
                near: nearest(&text.to_lowercase(), names()).unwrap_or_default(),
                known: names().collect::<Vec<_>>().join(", "),
            }
        })
    }
}

/// What the people and things of a family do, as rates and shares.
#[derive(Clone, Debug)]
pub(crate) struct Manner {
    /// Mean seconds between shoppers.
    pub(crate) gap_s: f64,
    /// Shoppers in the store at most.
    pub(crate) most_people: usize,
    /// Lanes.
    pub(crate) lanes: usize,
    /// Share of shoppers who leave with nothing.
    pub(crate) empty_handed: f64,
    /// Share of carrying shoppers who turn round in the lane first.
    pub(crate) turns_back: f64,
    /// Share of carrying shoppers who leave without paying.
    pub(crate) walks_out: f64,
    /// Share of carrying shoppers whose card is declined.
    pub(crate) declined: f64,
    /// Share of shoppers who put something back.
    pub(crate) puts_back: f64,
    /// Of those, the share who put it on another rack.
    pub(crate) wrong_rack: f64,
    /// Share of takes that are of untagged goods.
    pub(crate) untagged: f64,
    /// Share of visitors who come in through the lane with a sold piece.
    pub(crate) returns: f64,
    /// Share of shoppers who carry a piece that they bought before.
    pub(crate) paid_before: f64,
    /// Share of shoppers who do not wait until the lane is free.
    pub(crate) tailgates: f64,
    /// Share of walk-outs with a foil-lined bag; with the things under the clothes; with the tags torn off.
    pub(crate) foil: f64,
    pub(crate) hides: f64,
    pub(crate) tears_off: f64,
    /// Share of arrivals that are a group with one card, of how many at most, and the share of children in it.
    pub(crate) groups: f64,
    pub(crate) group_most: usize,
    pub(crate) children: f64,
    /// Share of arrivals that are two people with a card each.
    pub(crate) pairs: f64,
    /// Share of arrivals that are two or three with a card each who go through neighbouring lanes side by side; share of
    /// payers who go into one lane and change to the next.
    pub(crate) neighbours: f64,
    pub(crate) changes_lane: f64,
    /// Share of shoppers with a wheelchair, a pram or a cart.
    pub(crate) on_wheels: f64,
    /// Share of carrying shoppers who try on.
    pub(crate) tries_on: f64,
    /// Share of takes after going through the whole rack.
    pub(crate) browses: f64,
    /// Share of passages in which somebody stays in the lane for a minute.
    pub(crate) lingers: f64,
    /// Share of payers who tap twice, and of declined ones who try another card.
    pub(crate) taps_twice: f64,
    pub(crate) second_card: f64,
    /// Share of shoppers who carry something with an odd tag.
    pub(crate) odd_tags: f64,
    /// How long people take over things, against a shop in the morning.
    pub(crate) haste: f64,
    /// Things are laid into a tray to be read.
    pub(crate) tray: bool,
    /// Tenths of the floor's stock below which staff restock; share of rails and cartons; share of their ways that lead
    /// past a lane or into it; share of their rounds that bring goods in from the street.
    pub(crate) restock_at: usize,
    pub(crate) rails: f64,
    pub(crate) through_lanes: f64,
    pub(crate) goods_in: f64,
    /// Most pieces that a shopper takes.
    pub(crate) most_items: usize,
    /// A display rack half a metre from the lane.
    pub(crate) rack_at_lane: bool,
    /// Antennas stand and people walk as in the logs of real readers that the reads are held against.
    pub(crate) as_logged: bool,
    /// Pieces of each tagged product on the floor, and in the stockroom.
    pub(crate) stock: (usize, usize),
    /// How the cameras see.
    pub(crate) sight: Sight,
    /// Reader faults: share of time.
    pub(crate) faults: bool,
}

/// How the cameras see.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sight {
    /// Positions per second.
    pub(crate) rate_hz: f64,
    /// Error of a position, metres per axis.
    pub(crate) sd_m: f64,
    /// Mean seconds between breaks of a track.
    pub(crate) break_s: f64,
    /// Probability per second that two people within 0.8 m swap tracks.
    pub(crate) swap_per_s: f64,
    /// Share of takes and put-backs that are seen.
    pub(crate) recall: f64,
    /// How alike things look; 0.7 is usual.
    pub(crate) confusion: f64,
    /// The shop's light.
    pub(crate) light: Light,
    /// Shares of the time in which a camera has poorer light than it was set up for: dim, and glare from the street.
    pub(crate) dim: f64,
    pub(crate) glare: f64,
    /// How often an hour each camera, scale and pair of beams fails for a while.
    pub(crate) outages_per_h: f64,
}

/// Single-camera trackers reach 77–79 IDF1, pick and put recall is 0.85–0.97 in the literature.
const GOOD_SIGHT: Sight = Sight {
    rate_hz: 8.0,
    sd_m: 0.12,
    break_s: 240.0,
    swap_per_s: 0.01,
    recall: 0.95,
    confusion: 0.7,
    light: Light::Normal,
    dim: 0.0,
    glare: 0.0,
    outages_per_h: 0.0,
};

impl Manner {
    pub(crate) fn of(family: Family) -> Manner {
        let plain = Manner {
            gap_s: 30.0,
            most_people: 4,
            lanes: 1,
            empty_handed: 0.18,
            turns_back: 0.06,
            walks_out: 0.02,
            declined: 0.0,
            puts_back: 0.15,
            wrong_rack: 0.3,
            untagged: 0.05,
            returns: 0.0,
            paid_before: 0.0,
            tailgates: 0.0,
            foil: 0.0,
            hides: 0.0,
            tears_off: 0.0,
            groups: 0.0,
            group_most: 2,
            children: 0.0,
            pairs: 0.0,
            neighbours: 0.0,
            changes_lane: 0.0,
            on_wheels: 0.0,
            tries_on: 0.0,
            browses: 0.1,
            lingers: 0.0,
            taps_twice: 0.0,
            second_card: 0.0,
            odd_tags: 0.0,
            haste: 1.0,
            tray: false,
            restock_at: 8,
            rails: 0.0,
            through_lanes: 0.0,
            goods_in: 0.0,
            most_items: 4,
            rack_at_lane: false,
            as_logged: false,
            stock: (6, 3),
            sight: GOOD_SIGHT,
            faults: false,
        };
        let tired = Sight {
            sd_m: 0.15,
            break_s: 170.0,
            swap_per_s: 0.010,
            recall: 0.9,
            confusion: 1.1,
            ..GOOD_SIGHT
        };
        match family {
            Family::Plain => plain,
            Family::Busy => Manner {
                gap_s: 8.0,
                most_people: 14,
                lanes: 2,
                tailgates: 0.25,
                declined: 0.03,
                second_card: 0.4,
                taps_twice: 0.03,
                groups: 0.15,
                group_most: 3,
                children: 0.3,
                pairs: 0.05,
                on_wheels: 0.05,
                lingers: 0.01,
                through_lanes: 0.3,
                sight: tired,
                ..plain
            },
            Family::Hard => Manner {
                gap_s: 10.0,
                most_people: 8,
                turns_back: 0.15,
                walks_out: 0.06,
                declined: 0.06,
                puts_back: 0.3,
                tailgates: 0.2,
                second_card: 0.4,
                taps_twice: 0.05,
                groups: 0.15,
                group_most: 4,
                children: 0.4,
                pairs: 0.05,
                on_wheels: 0.1,
                lingers: 0.05,
                odd_tags: 0.05,
                hides: 0.3,
                rails: 0.3,
                through_lanes: 0.5,
                most_items: 10,
                rack_at_lane: true,
                sight: Sight { dim: 0.3, glare: 0.2, ..tired },
                ..plain
            },
            Family::Untagged => Manner { untagged: 0.5, ..plain },
            Family::Returns => Manner { returns: 0.3, paid_before: 0.15, ..plain },
            Family::Walkout => Manner {
                walks_out: 0.4,
                foil: 0.25,
                hides: 0.15,
                tears_off: 0.15,
                declined: 0.1,
                second_card: 0.3,
                ..plain
            },
            Family::Faults => {
                Manner { faults: true, sight: Sight { outages_per_h: 12.0, ..GOOD_SIGHT }, ..plain }
            }
            Family::Calibration => Manner {
                stock: (0, 0),
                untagged: 0.0,
                most_people: 2,
                gap_s: 10.0,
                // What is put back would stay, and there would be more tags than a log has.
                turns_back: 0.0,
                as_logged: true,
                ..plain
            },
            Family::Groups => Manner {
                gap_s: 20.0,
                most_people: 12,
                lanes: 2,
                groups: 0.6,
                group_most: 4,
                children: 0.4,
                pairs: 0.5,
                on_wheels: 0.15,
                ..plain
            },
            Family::Fitting => Manner { tries_on: 0.6, most_people: 6, wrong_rack: 0.5, ..plain },
            Family::Staff => Manner {
                restock_at: 10,
                rails: 0.7,
                through_lanes: 0.7,
                goods_in: 0.4,
                stock: (6, 20),
                ..plain
            },
            Family::Stadium => Manner {
                gap_s: 3.3,
                most_people: 70,
                lanes: 3,
                empty_handed: 0.25,
                turns_back: 0.02,
                declined: 0.02,
                second_card: 0.5,
                puts_back: 0.05,
                tailgates: 0.15,
                groups: 0.75,
                group_most: 4,
                children: 0.25,
                on_wheels: 0.02,
                browses: 0.0,
                most_items: 3,
                haste: 0.45,
                stock: (20, 10),
                sight: tired,
                ..plain
            },
            Family::Tray => Manner { tray: true, most_items: 6, ..plain },
            Family::Tags => Manner { odd_tags: 0.6, ..plain },
            Family::Lanes => Manner {
                gap_s: 14.0,
                most_people: 14,
                lanes: 3,
                empty_handed: 0.1,
                neighbours: 0.6,
                pairs: 0.3,
                changes_lane: 0.3,
                tailgates: 0.1,
                groups: 0.2,
                group_most: 3,
                children: 0.3,
                stock: (8, 6),
                sight: tired,
                ..plain
            },
        }
    }
}
