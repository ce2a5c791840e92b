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
//! 7. It is read just the same while nobody of the passage is near: a rack.
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

use recording::{Basis, Evidence, Hex, Hold, Name, PieceState, ReceiptLine, SightOf, Time, Verdict};

use crate::evidence::{Scope, TagEvidence, rival, weigh};
use crate::passages::{Passage, Passages};
use crate::sights::{Hands, sight_of};
use crate::tracks::people::{People, PersonId};
use crate::tracks::tags::{Identity, TagTrack, Tags};
use crate::{PieceKey, Proposal, Shop};

/// Lines of a basket at most. Above, a person counts: hold `too_many`.
const MOST_LINES: usize = 200;
/// Evidence that became no line, kept of one passage at most; the strongest reads first.
const MOST_IGNORED: usize = 64;
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
/// A tag that was on a shelf a moment ago and is this much fainter in the lane is still there.
const LOST_ON_THE_WAY_DB: f64 = 12.0;
/// From here on, the cameras alone make a line of a product without tags.
const SURE_SIGHT: f64 = 0.8;
/// From here on, a taken piece that no reader hears is worth asking for.
const ASK_SIGHT: f64 = 0.7;
/// Less sure sights are not worth a word.
const FAINT_SIGHT: f64 = 0.1;
/// A camera that is at least so sure turns a weak tag into a line.
const SUPPORTING_SIGHT: f64 = 0.5;

/// A tag that only one of a lane's many antennas hears must be heard so often.
const LEAST_AT_ONE_ANTENNA: u32 = 8;

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
}

/// What becomes of one tag.
enum Finding {
    Bill { confidence: f64 },
    Ignore { why: String, missing: f64 },
    Hold { kind: &'static str, why: String },
}

struct Judged<'a> {
    tag: &'a TagTrack,
    seen: TagEvidence,
    piece: Option<(&'a PieceKey, &'a Name)>,
    finding: Finding,
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
        PieceState::Sold => return ignore("already paid for"),
        PieceState::Returned => return ignore("brought back and not yet for sale again"),
        PieceState::Display => return ignore("on display, not for sale"),
        PieceState::InStock | PieceState::Missing => {}
    }
    if !verified {
        let others = case.shop.pieces_with_bits(&tag.bits);
        if known.state != PieceState::InStock || !(others.is_empty() || others == std::slice::from_ref(key)) {
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
    if let Some(why) = rests(seen) {
        return ignore(why);
    }
    let ours = match owner(case, tag, seen) {
        Owner::Passage { odds } => odds,
        Owner::Shelf => return ignore("read better at a shelf than in the lane at the same time"),
        Owner::Other { who } => return ignore(format!("fits {who} better")),
        Owner::Unclear { who } => {
            return Finding::Hold { kind: "two_people", why: format!("could as well be with {who}") };
        }
    };
    let sight = hands.support(&key.gtin);
    let slots = f64::from(seen.near.slots);
    // What is carried through a lane of several antennas is heard by more than one of them.
    let of_many = case.antennas >= 3 && seen.antennas == 1;
    let weak = seen.count < 2
        || seen.near.slots < 2 && seen.count < 3
        || of_many && seen.count < LEAST_AT_ONE_ANTENNA
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
fn owner(case: &Case<'_>, tag: &TagTrack, seen: &TagEvidence) -> Owner {
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
        let passage = of(rival.person);
        let who =
            passage.as_ref().map_or("somebody beside the lane".to_owned(), |id| format!("passage {id}"));
        // Who only stands by, or comes in from the street, seldom has what is read in the lane.
        let passing = passage.as_ref().and_then(|id| case.passages.get(id));
        let likely = passing.is_some_and(|p| p.from != Some(recording::LaneLine::Exit));
        if rival.advantage < if likely { -SURE_ODDS } else { -SURE_AGAINST_BYSTANDER } {
            return Owner::Other { who };
        }
        if rival.advantage < SURE_ODDS && likely {
            let Some(level) = other_lane(case, seen, &louder) else { return Owner::Unclear { who } };
            return level;
        }
        let odds = 1.0 / (1.0 + (-rival.advantage - 1.0).exp());
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

/// A proposal in the making.
struct Draft {
    proposal: Proposal,
    present: f64,
    now: Time,
}

struct Weighed {
    strength: f32,
    evidence: Evidence,
}

impl Draft {
    fn new(case: &Case<'_>) -> Draft {
        let proposal = Proposal {
            passage: case.passage.id.clone(),
            lane: case.lane.clone(),
            lines: Vec::new(),
            holds: Vec::new(),
            possible_missing: 0.0,
            evidence: Vec::new(),
        };
        // Readers miss a tag that is shielded: one passage in a hundred, before anything speaks for it.
        Draft { proposal, present: 0.99, now: case.now }
    }

    fn evidence(&self, case: &Case<'_>, verdict: Verdict) -> Evidence {
        Evidence {
            passage: case.passage.id.clone(),
            at: self.now,
            line: None,
            verdict,
            epc: None,
            gtin: None,
            serial: None,
            reads: Vec::new(),
            tracks: case.passage.tracks.clone(),
            sights: Vec::new(),
            reasons: Vec::new(),
        }
    }

    fn hold(&mut self, kind: &str, text: String, gtin: Option<&Name>, serial: Option<&Name>) {
        let (gtin, serial) = (gtin.cloned(), serial.cloned());
        self.proposal.holds.push(Hold { kind: kind.into(), text: text.into(), gtin, serial });
    }

    fn name(case: &Case<'_>, gtin: &Name) -> Name {
        let named = case.shop.product(gtin).and_then(|product| product.name.clone().or(product.sku.clone()));
        named.unwrap_or_else(|| gtin.clone())
    }

    fn line(
        &mut self,
        case: &Case<'_>,
        piece: (&Name, Option<(&Name, &Name)>),
        quantity: u32,
        basis: Basis,
        confidence: f64,
    ) -> Option<u32> {
        let (gtin, tag) = piece;
        let product = case.shop.product(gtin)?;
        let unit_minor = product.unit_minor?;
        if self.proposal.lines.len() >= MOST_LINES {
            if !self.proposal.holds.iter().any(|hold| &*hold.kind == "too_many") {
                self.hold("too_many", format!("more than {MOST_LINES} lines: please count"), None, None);
            }
            return None;
        }
        let line = self.proposal.lines.len() as u32 + 1;
        self.proposal.lines.push(ReceiptLine {
            line,
            gtin: gtin.clone(),
            serial: tag.map(|(serial, _)| serial.clone()),
            epc: tag.map(|(_, uri)| uri.clone()),
            sku: product.sku.clone(),
            name: product.name.clone(),
            quantity,
            unit_minor,
            basis,
            confidence: (confidence * 1000.0).round() / 1000.0,
        });
        Some(line)
    }

    /// Takes in the tags of one piece (or one tag that is none).
    fn take(&mut self, case: &Case<'_>, tags: &[Judged<'_>], hands: &mut Hands, ignored: &mut Vec<Weighed>) {
        let Some(first) = tags.first() else { return };
        let bits: Option<Hex> = Some(first.tag.bits.clone());
        let mut evidence = Evidence {
            epc: bits,
            gtin: first.piece.map(|(key, _)| key.gtin.clone()),
            serial: first.piece.map(|(key, _)| key.serial.clone()),
            reads: tags.iter().flat_map(|judged| judged.seen.reads.iter().cloned()).collect(),
            ..self.evidence(case, Verdict::Ignored)
        };
        let counted = |tag: &&Judged<'_>| !matches!(tag.finding, Finding::Ignore { .. });
        if tags.iter().filter(counted).count() > 1 {
            evidence.reasons.push("two tags say this piece: one line; please check its tags".into());
        }
        let (near, count) = (first.seen.near, first.seen.count);
        match (&first.finding, first.piece) {
            (Finding::Bill { confidence }, Some((key, uri))) => {
                let sights = hands.explain(&key.gtin);
                let basis = if sights.is_empty() { Basis::Tag } else { Basis::TagAndVision };
                let piece = (&key.gtin, Some((&key.serial, uri)));
                evidence.line = self.line(case, piece, 1, basis, *confidence);
                evidence.verdict = if evidence.line.is_some() { Verdict::Billed } else { Verdict::Held };
                let tid = if first.tag.tids().is_empty() { "" } else { ", one chip" };
                let halves = near.slots;
                evidence.reasons.push(format!("read {count} times in {halves} half seconds{tid}").into());
                if let Some(level) = near.level() {
                    evidence.reasons.push(format!("mean level {level:.0} dBm").into());
                }
                if !sights.is_empty() {
                    evidence.reasons.push("a camera saw it taken or carried".into());
                }
                evidence.sights = sights;
                self.proposal.evidence.push(evidence);
            }
            (Finding::Hold { kind, why }, Some((key, _))) => {
                evidence.sights = hands.explain(&key.gtin);
                evidence.verdict = Verdict::Held;
                evidence.reasons.push(why.as_str().into());
                let text = format!("{}: {why}", Self::name(case, &key.gtin));
                self.hold(kind, text, Some(&key.gtin), Some(&key.serial));
                self.proposal.evidence.push(evidence);
            }
            (Finding::Ignore { why, missing }, _) => {
                self.present *= 1.0 - missing;
                evidence.reasons.push(why.as_str().into());
                let strength = first.seen.strongest.unwrap_or(-90.0);
                ignored.push(Weighed { strength, evidence });
            }
            (Finding::Bill { .. } | Finding::Hold { .. }, None) => {}
        }
    }

    /// What the cameras saw and no tag explains.
    fn take_sights(&mut self, case: &Case<'_>, hands: &Hands) {
        let mut sure: Vec<(Name, u32, f64, Vec<SightOf>)> = Vec::new();
        for (take, gtin, p) in hands.unexplained() {
            if p < FAINT_SIGHT {
                continue;
            }
            let quantity = take.quantity;
            let sights = vec![sight_of(&take.sight, take.best().map_or(0.0, |best| best.p))];
            let product = case.shop.product(&gtin);
            let untagged = product.is_some_and(|product| !product.tagged);
            let priced = product.is_some_and(|product| product.unit_minor.is_some());
            if untagged && priced && p >= SURE_SIGHT {
                match sure.iter_mut().find(|(other, ..)| *other == gtin) {
                    Some((_, count, least, all)) => {
                        *count = count.saturating_add(quantity);
                        *least = least.min(p);
                        all.extend(sights);
                    }
                    None => sure.push((gtin, quantity, p, sights)),
                }
                continue;
            }
            if !untagged && self.bill_from_shelf(case, &gtin, take.sight.at, p, quantity, &sights) {
                continue;
            }
            let name = Self::name(case, &gtin);
            let why = if untagged {
                format!("{name}: seen taken, but not surely enough to bill")
            } else {
                format!("{name}: seen taken, but its tag is not heard")
            };
            let ask = p >= ASK_SIGHT;
            let verdict = if ask { Verdict::Held } else { Verdict::Ignored };
            let mut evidence = Evidence { gtin: Some(gtin.clone()), sights, ..self.evidence(case, verdict) };
            evidence.reasons.push(why.as_str().into());
            if untagged && !priced && p >= SURE_SIGHT {
                self.hold(
                    "no_price",
                    format!("{name}: the catalogue has no price for it"),
                    Some(&gtin),
                    None,
                );
                evidence.verdict = Verdict::Held;
            } else if ask {
                let kind = if untagged { "unsure_item" } else { "unread_item" };
                self.hold(kind, why, Some(&gtin), None);
            }
            // Cameras miss about one return in ten, so a take that stands is a little less than itself.
            self.present *= 1.0 - 0.9 * p.min(1.0);
            self.proposal.evidence.push(evidence);
        }
        for (gtin, quantity, p, mut sights) in sure {
            sights.extend(hands.carries_of(&gtin));
            let line = self.line(case, (&gtin, None), quantity, Basis::Vision, p.min(0.97));
            let mut evidence = Evidence {
                line,
                gtin: Some(gtin),
                sights,
                ..self.evidence(case, if line.is_some() { Verdict::Billed } else { Verdict::Held })
            };
            evidence
                .reasons
                .push("this product has no tags; the cameras saw it taken and not put back".into());
            self.proposal.evidence.push(evidence);
        }
    }

    /// A taken piece whose tag is silent in the lane is billed where exactly one piece of the product was heard on a
    /// shelf before the take and nowhere since: the shelf's reader and the camera say the same.
    fn bill_from_shelf(
        &mut self,
        case: &Case<'_>,
        gtin: &Name,
        taken_at: Time,
        p: f64,
        quantity: u32,
        sights: &[SightOf],
    ) -> bool {
        if p < SURE_SIGHT || quantity != 1 {
            return false;
        }
        let vanished = |tag: &&TagTrack| {
            let Identity::Piece { key, verified, .. } = &tag.identity else { return false };
            let in_stock = case.shop.piece(key).is_some_and(|piece| piece.state == PieceState::InStock);
            let last_s = tag.last_at.seconds_after(taken_at);
            // Heard within two minutes before and, but for the hand on it, not since.
            key.gtin == *gtin
                && *verified
                && in_stock
                && (-120.0..3.0).contains(&last_s)
                && case.now.seconds_after(taken_at) > 6.0
                && tag.bins.len() >= 3
                && (case.settled)(key).is_none()
                && !tag.two_chips
        };
        let mut found = case.tags.all().filter(vanished);
        let (Some(tag), None) = (found.next(), found.next()) else { return false };
        let Identity::Piece { key, uri, .. } = &tag.identity else { return false };
        if self
            .proposal
            .lines
            .iter()
            .any(|line| line.serial.as_ref() == Some(&key.serial) && line.gtin == *gtin)
        {
            return false;
        }
        let piece = (&key.gtin, Some((&key.serial, uri)));
        let Some(line) = self.line(case, piece, 1, Basis::TagAndVision, 0.85 * p) else { return false };
        let mut evidence = Evidence {
            line: Some(line),
            epc: Some(tag.bits.clone()),
            gtin: Some(gtin.clone()),
            serial: Some(key.serial.clone()),
            sights: sights.to_vec(),
            ..self.evidence(case, Verdict::Billed)
        };
        evidence.reasons.push("heard on its shelf until a camera saw it taken, and not since".into());
        self.present *= 1.0 - 0.1;
        self.proposal.evidence.push(evidence);
        true
    }

    fn finish(mut self, mut ignored: Vec<Weighed>) -> Proposal {
        ignored.sort_by(|a, b| b.strength.total_cmp(&a.strength).then(a.evidence.epc.cmp(&b.evidence.epc)));
        ignored.truncate(MOST_IGNORED);
        self.proposal.evidence.extend(ignored.into_iter().map(|weighed| weighed.evidence));
        self.proposal.possible_missing = ((1.0 - self.present) * 1000.0).round() / 1000.0;
        self.proposal
    }
}
