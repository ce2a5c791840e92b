//! The former way: clear rules, one after the other, from evidence to a proposal. It stays in the product as the
//! baseline that the model must beat, and as what decides where the model gives no answer.
//!
//! The rules for a tag, in order; the first that applies decides:
//!
//! 1. Its bits are nothing that may be billed.
//! 2. The shop does not know the piece.
//! 3. It is not for sale: paid for, brought back, on display.
//! 4. Another passage has it on its frozen basket or receipt.
//! 5. The passage comes in from the street.
//! 6. It was not read since the passage began.
//! 7. It is read just the same while nobody of the passage is near: a rack. (Not where the lane's antennas come with a
//!    cart: what lies in it is read just the same all along.)
//! 8. It is read better at a shelf.
//! 9. Somebody else, or another lane that somebody goes through, fits its reads better, or as well.
//! 10. Its reads are too few or too weak, and no camera speaks for it.
//! 11. Two chips, or two far places, have its bits.
//! 12. It has no price.
//!
//! What is left is a line. Then the cameras: what was taken, not put back and is explained by no tag is a line where the
//! product has no tags and the cameras are sure, else something that may be missing.
//!
//! It never invents: a line rests on at least two reads, or on a camera and a read, or on a camera and a shelf's
//! reads, or on a sure camera for what has no tag.

use recording::{Name, PieceState, Time};

use crate::draft::Draft;
use crate::evidence::{Scope, TagEvidence, rival, weigh};
use crate::passages::{Passage, Passages};
use crate::sights::Hands;
use crate::tracks::people::{People, PersonId};
use crate::tracks::tags::{Identity, TagTrack, Tags};
use crate::{PieceKey, Proposal, Shop};

/// A tag that is carried in comes at least this much nearer than it was while its carrier was away: from 3 m or more to
/// 1.5 m or less, 25 dB a decade, less a shadow. The half-minute means of resting tags move by 1 to 3 dB.
const CARRIED_RISE_DB: f64 = 6.0;
/// Without power in the reads: a resting tag is read nearly as often before as during.
const RESTING_DUTY: f64 = 0.4;
/// Reads below this are at the edge of what a reader hears (P(read) falls from 1 to 0.15 between -64 and -75 dBm on an
/// R420), so any tag of the neighbourhood may turn up once or twice.
const WEAK_DBM: f32 = -71.0;
/// One place is stronger than another from here on: one standard deviation of a moving tag's level in each.
const STRONGER_DB: f64 = 4.0;
/// Log odds from which on a tag is given to one of two people without asking.
const SURE_ODDS: f64 = 1.0;
/// The same against this passage where the other only stands by: twenty to one.
const SURE_AGAINST_BYSTANDER: f64 = 3.0;
/// How often a tag that is left after all rules is the passage's where nobody sees who goes through, and where the reads
/// have no power: about what whole simulated days showed (0.86 and 0.67, `plain`).
const UNSEEN_ODDS: f64 = 0.85;
const UNPOWERED_ODDS: f64 = 0.7;
/// Below this a tag is rather the bystander's.
const LEAST_OWN: f64 = 0.5;
/// What a sure sight of the product in one's hands and not in the other's adds to the log odds. (Sights of another
/// piece of the same product are what it may be wrong about.)
const SIGHT_ODDS: f64 = 4.0;
/// A tag that was on a shelf a moment ago and is this much fainter in the lane is still there.
const LOST_ON_THE_WAY_DB: f64 = 12.0;
/// A camera that is at least so sure turns a weak tag into a line.
const SUPPORTING_SIGHT: f64 = 0.5;

/// A tag that only one of a lane's many antennas hears must be heard so often.
const LEAST_AT_ONE_ANTENNA: u32 = 8;

/// And at least once so strongly: there P(read) is still near one.
const FAINT_DBM: f32 = -65.0;

/// Everything a decision looks at.
pub(crate) struct Case<'a> {
    pub(crate) scope: Scope<'a>,
    pub(crate) people: &'a People,
    pub(crate) passages: &'a Passages,
    pub(crate) passage: &'a Passage,
    pub(crate) tags: &'a Tags,
    pub(crate) shop: &'a Shop,
    pub(crate) lane: Name,
    /// How many antennas read for the lane.
    pub(crate) antennas: usize,
    pub(crate) now: Time,
    /// The passage that has a piece on a frozen basket or a receipt.
    pub(crate) settled: &'a dyn Fn(&PieceKey) -> Option<Name>,
    /// Whether a piece is on this passage's own frozen basket or receipt. It is still what this passage carries: what
    /// cameras saw taken is accounted for by it, paid or not.
    pub(crate) own: &'a dyn Fn(&PieceKey) -> bool,
}

/// What becomes of one tag.
pub(crate) enum Finding {
    Bill { confidence: f64 },
    Ignore { why: String, missing: f64 },
    Hold { kind: &'static str, why: String },
}

/// A tag and what was found of it.
pub(crate) struct Judged<'a> {
    pub(crate) tag: &'a TagTrack,
    pub(crate) seen: TagEvidence,
    pub(crate) piece: Option<(&'a PieceKey, &'a Name)>,
    pub(crate) finding: Finding,
}

fn ignore(why: impl Into<String>) -> Finding {
    Finding::Ignore { why: why.into(), missing: 0.0 }
}

/// What a passage would pay if it were frozen now.
pub(crate) fn propose(case: &Case<'_>) -> Proposal {
    let mut sights: Vec<_> =
        case.passage.people().filter_map(|id| case.people.get(id)).flat_map(|p| p.sights.iter()).collect();
    sights.sort_by_key(|sight| sight.at);
    let mut hands = Hands::new(sights.into_iter());
    let mut judged: Vec<Judged<'_>> = case
        .tags
        .at_lane(case.passage.lane)
        .filter_map(|(_, tag)| {
            let seen = weigh(&case.scope, tag)?;
            let (piece, finding) = judge(case, tag, &seen, &hands);
            Some(Judged { tag, seen, piece, finding })
        })
        .collect();
    // One piece, one line: its tags side by side, the one that is billed first, then by bits.
    let rank = |finding: &Finding| match finding {
        Finding::Hold { .. } => 0,
        Finding::Bill { .. } => 1,
        Finding::Ignore { .. } => 2,
    };
    judged.sort_by(|a, b| {
        (a.piece.map(|p| p.0), rank(&a.finding), &a.tag.bits).cmp(&(
            b.piece.map(|p| p.0),
            rank(&b.finding),
            &b.tag.bits,
        ))
    });
    let mut draft = Draft::new(case);
    let mut ignored = Vec::new();
    let mut at = 0;
    while let Some(first) = judged.get(at) {
        let same = |j: &Judged<'_>| first.piece.is_some() && j.piece.map(|p| p.0) == first.piece.map(|p| p.0);
        let tags = judged[at..].iter().take_while(|j| same(j)).count().max(1);
        let Some(group) = judged.get(at..at + tags) else { break };
        draft.take(case, group, &mut hands, &mut ignored);
        at += tags;
    }
    if case.passage.from != Some(recording::LaneLine::Exit) {
        draft.take_sights(case, &hands);
    }
    draft.finish(ignored)
}

/// The rules for one tag.
fn judge<'a>(
    case: &Case<'a>,
    tag: &'a TagTrack,
    seen: &TagEvidence,
    hands: &Hands,
) -> (Option<(&'a PieceKey, &'a Name)>, Finding) {
    let (key, uri, verified) = match &tag.identity {
        Identity::Refused(why) => return (None, ignore(&**why)),
        Identity::Piece { key, uri, verified } => (key, uri, *verified),
    };
    (Some((key, uri)), judge_piece(case, tag, key, verified, seen, hands))
}

fn judge_piece(
    case: &Case<'_>,
    tag: &TagTrack,
    key: &PieceKey,
    verified: bool,
    seen: &TagEvidence,
    hands: &Hands,
) -> Finding {
    let Some(known) = case.shop.piece(key) else {
        return ignore("not a piece of this shop");
    };
    match known.state {
        PieceState::Sold if (case.own)(key) => {}
        PieceState::Sold => return ignore("already paid for"),
        PieceState::Returned => return ignore("brought back and not yet for sale again"),
        PieceState::Display => return ignore("on display, not for sale"),
        PieceState::InStock | PieceState::Missing => {}
    }
    if !verified {
        let others = case.shop.pieces_with_bits(&tag.bits);
        let here = known.state == PieceState::InStock || (case.own)(key);
        if !here || !(others.is_empty() || others == std::slice::from_ref(key)) {
            return ignore(
                "the reader did not tell the tag's PC word, and its bits are not one known piece in stock",
            );
        }
    }
    if let Some(other) = (case.settled)(key) {
        return ignore(format!("belongs to passage {other}"));
    }
    if case.passage.from == Some(recording::LaneLine::Exit) {
        return ignore("came in from the street");
    }
    if seen.count_inside == 0 {
        return ignore("not read any more when this passage began");
    }
    if !case.scope.moves()
        && let Some(why) = rests(seen)
    {
        return ignore(why);
    }
    let sight = hands.support(&key.gtin);
    let ours = match owner(case, tag, seen, (&key.gtin, sight)) {
        Owner::Passage { odds } => odds,
        Owner::Shelf => return ignore("read better at a shelf than in the lane at the same time"),
        Owner::Other { who } => return ignore(format!("fits {who} better")),
        Owner::Unclear { who } => {
            return Finding::Hold { kind: "two_people", why: format!("could as well be with {who}") };
        }
    };
    let slots = f64::from(seen.near.slots);
    // What is carried through a lane of several antennas is heard by more than one of them.
    let of_many = case.antennas >= 3 && seen.antennas == 1;
    let weak = seen.count < 2
        || seen.near.slots < 2 && seen.count < 3
        || of_many && (seen.count < LEAST_AT_ONE_ANTENNA || seen.strongest.is_some_and(|s| s < FAINT_DBM))
        || seen.strongest.is_some_and(|strongest| strongest < WEAK_DBM);
    if weak && sight < SUPPORTING_SIGHT {
        let reads = if seen.count == 1 { "a single read".into() } else { format!("{} reads", seen.count) };
        // One read near by of a tag that was nowhere before: one in four such tags is carried.
        let missing = if seen.far.slots == 0 { 0.25 } else { 0.05 };
        return Finding::Ignore { why: format!("too weak alone: {reads} and no camera"), missing };
    }
    if tag.two_chips {
        return Finding::Hold { kind: "clone", why: "two different chips carry this number".into() };
    }
    if seen.two_places {
        return Finding::Hold {
            kind: "clone",
            why: "this number was read in two far places at the same time".into(),
        };
    }
    if case.shop.product(&key.gtin).and_then(|product| product.unit_minor).is_none() {
        return Finding::Hold {
            kind: "no_price",
            why: "known, but the catalogue has no price for it".into(),
        };
    }
    // Few half seconds of reads may be a neighbour's; history that was close to a rack's leaves a doubt.
    let present = 1.0 - 0.4 * (-(slots - 1.0).max(0.0) / 2.0).exp();
    let moved = if seen.far.slots > 1 { 0.93 } else { 0.995 };
    // Without power a rack's tag and a carried one look more alike.
    let powered = if seen.near.level().is_some() { 1.0 } else { UNPOWERED_ODDS };
    let by_tag = present * moved * ours * powered;
    let confidence = (1.0 - (1.0 - by_tag) * (1.0 - 0.8 * sight)).clamp(0.05, 0.995);
    if ours < LEAST_OWN {
        return Finding::Ignore {
            why: "fits somebody beside the lane nearly as well or better".into(),
            missing: ours,
        };
    }
    Finding::Bill { confidence }
}

/// Why a tag is taken to rest near the lane rather than to be carried, if it is.
fn rests(seen: &TagEvidence) -> Option<String> {
    let near = seen.near.duty();
    let (rests, slots) = match (seen.near.level(), seen.far.level()) {
        (Some(now), Some(before)) => {
            let alike = now - before < CARRIED_RISE_DB && seen.far.duty() > 0.2 * near;
            (seen.far.slots >= 2 && alike, seen.far.slots)
        }
        _ => (seen.away.slots >= 4 && seen.away.duty() > RESTING_DUTY * near, seen.away.slots),
    };
    rests.then(|| format!("read here just the same in {slots} half seconds with nobody near"))
}

enum Owner {
    Passage { odds: f64 },
    Shelf,
    Other { who: String },
    Unclear { who: String },
}

/// Whose a tag is: this passage's, or somebody else's.
fn owner(case: &Case<'_>, tag: &TagTrack, seen: &TagEvidence, sight: (&str, f64)) -> Owner {
    let here = seen.near.level();
    let louder = |there: Option<f64>| match (there, here) {
        (Some(there), Some(here)) => Some(there - here),
        _ => None,
    };
    let shelf = match louder(seen.elsewhere.level()) {
        Some(db) => db > if seen.elsewhere.slots > 1 { STRONGER_DB } else { 2.0 * STRONGER_DB },
        // Without power the half seconds speak: the lane's antennas hear a carried tag far more often.
        None => 2 * seen.elsewhere.slots > seen.near.slots,
    };
    let before = seen
        .elsewhere_before
        .level()
        .zip(seen.strongest)
        .is_some_and(|(shelf, lane)| shelf - f64::from(lane) > LOST_ON_THE_WAY_DB);
    if shelf || before {
        return Owner::Shelf;
    }
    let of = |person: PersonId| {
        let newest_first = || case.passages.all().collect::<Vec<_>>().into_iter().rev();
        newest_first().find(|other| other.has(person)).map(|other| other.id.clone())
    };
    let rival = rival(&case.scope, tag);
    if let Some(rival) = &rival {
        // In whose hands the cameras saw such a product speaks, too.
        let (gtin, own_sight) = sight;
        let theirs = case.people.get(rival.person).map(|person| Hands::new(person.sights.iter()));
        let their_sight = theirs.map_or(0.0, |hands| hands.support(gtin));
        let advantage = rival.advantage + SIGHT_ODDS * (own_sight - their_sight);
        let passage = of(rival.person);
        let who =
            passage.as_ref().map_or("somebody beside the lane".to_owned(), |id| format!("passage {id}"));
        // Who only stands by, or comes in from the street, seldom has what is read in the lane.
        let passing = passage.as_ref().and_then(|id| case.passages.get(id));
        let likely = passing.is_some_and(|p| p.from != Some(recording::LaneLine::Exit));
        if advantage < if likely { -SURE_ODDS } else { -SURE_AGAINST_BYSTANDER } {
            return Owner::Other { who };
        }
        if advantage < SURE_ODDS && likely {
            let Some(level) = other_lane(case, seen, &louder) else { return Owner::Unclear { who } };
            return level;
        }
        let odds = 1.0 / (1.0 + (-advantage - 1.0).exp());
        return Owner::Passage { odds };
    }
    if let Some(owner) = other_lane(case, seen, &louder) {
        return owner;
    }
    if case.passage.people().next().is_some() {
        return Owner::Passage { odds: 0.99 };
    }
    // Nobody sees who carries it: with somebody else in the lane, too, only people can say.
    let others = case.passages.active().filter(|p| p.lane == case.passage.lane && p.id != case.passage.id);
    match others.last() {
        Some(other) => Owner::Unclear { who: format!("passage {}", other.id) },
        None => Owner::Passage { odds: UNSEEN_ODDS },
    }
}

/// What the level at other lanes that somebody goes through says; `None` where there is no such lane.
fn other_lane(
    case: &Case<'_>,
    seen: &TagEvidence,
    louder: &dyn Fn(Option<f64>) -> Option<f64>,
) -> Option<Owner> {
    let mut owner = None;
    for (lane, there) in &seen.other_lanes {
        let Some(other) = case.passages.active().find(|p| p.lane == *lane) else { continue };
        let who = format!("passage {}", other.id);
        // Without power the half seconds speak: twice as many is stronger.
        let db = louder(there.level()).unwrap_or_else(|| {
            STRONGER_DB * (f64::from(there.slots) / f64::from(seen.near.slots.max(1))).log2() * 1.01
        });
        if db > STRONGER_DB {
            return Some(Owner::Other { who });
        }
        if db > -STRONGER_DB {
            owner = Some(Owner::Unclear { who });
        } else if owner.is_none() {
            owner = Some(Owner::Passage { odds: 0.95 });
        }
    }
    owner
}
