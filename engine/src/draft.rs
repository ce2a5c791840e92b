//! A proposal in the making: lines, holds and evidence, from what was found of each tag and what the cameras saw. It
//! weighs no reads; it decides only about what no tag explains.

use recording::{Basis, Evidence, Hex, Hold, Name, PieceState, ReceiptLine, SightOf, Time, Verdict};

use crate::Proposal;
use crate::decision::{Case, Finding, Judged};
use crate::sights::{Hands, sight_of};
use crate::tracks::tags::{Identity, TagTrack};

/// Lines of a basket at most. Above, a person counts: hold `too_many`.
const MOST_LINES: usize = 200;
/// Evidence that became no line, kept of one passage at most; the strongest reads first.
const MOST_IGNORED: usize = 64;
/// From here on, the cameras alone make a line of a product without tags.
const SURE_SIGHT: f64 = 0.8;
/// From here on, a taken piece that no reader hears is worth asking for.
const ASK_SIGHT: f64 = 0.7;
/// Less sure sights are not worth a word.
const FAINT_SIGHT: f64 = 0.1;

/// A proposal in the making.
pub(crate) struct Draft {
    proposal: Proposal,
    present: f64,
    now: Time,
}

pub(crate) struct Weighed {
    strength: f32,
    evidence: Evidence,
}

impl Draft {
    pub(crate) fn new(case: &Case<'_>) -> Draft {
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
    pub(crate) fn take(
        &mut self,
        case: &Case<'_>,
        tags: &[Judged<'_>],
        hands: &mut Hands,
        ignored: &mut Vec<Weighed>,
    ) {
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
    pub(crate) fn take_sights(&mut self, case: &Case<'_>, hands: &Hands) {
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
            let in_stock = case
                .shop
                .piece(key)
                .is_some_and(|piece| piece.state == PieceState::InStock || (case.own)(key));
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

    pub(crate) fn finish(mut self, mut ignored: Vec<Weighed>) -> Proposal {
        ignored.sort_by(|a, b| b.strength.total_cmp(&a.strength).then(a.evidence.epc.cmp(&b.evidence.epc)));
        ignored.truncate(MOST_IGNORED);
        self.proposal.evidence.extend(ignored.into_iter().map(|weighed| weighed.evidence));
        self.proposal.possible_missing = ((1.0 - self.present) * 1000.0).round() / 1000.0;
        self.proposal
    }
}
