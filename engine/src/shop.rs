//! What the shop knows for good: products, pieces, receipts, open attempts. It is nothing but the fold of the facts
//! in the journal, so a crash loses none of it: `fold` is the only way it ever changes.

use std::collections::{BTreeMap, VecDeque};

use recording::{
    Attempt, AttemptState, Hex, KnownPiece, Name, Outcome, Passage, PieceState, Product, Receipt,
    ReceiptLine, ReceiptStatus, Time,
};
use smallvec::SmallVec;

/// How many attempts are remembered after their end, to tell a late answer from a stray one.
const CLOSED_ATTEMPTS: usize = 512;

/// The key of a piece: (GTIN-14, serial as text). Never the tag's bits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PieceKey {
    /// 14 digits.
    pub gtin: Name,
    /// Text; leading zeros matter.
    pub serial: Name,
}

impl PieceKey {
    /// The piece of a line; `None` for a line without a serial.
    pub fn of_line(line: &ReceiptLine) -> Option<PieceKey> {
        line.serial.as_ref().map(|serial| PieceKey { gtin: line.gtin.clone(), serial: serial.clone() })
    }
}

/// What is known of a piece.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownPieceState {
    /// Where it was last known to be.
    pub zone: Option<Name>,
    /// What it is to the shop.
    pub state: PieceState,
    /// The bits of its tag, where the shop knows them.
    pub epc: Option<Hex>,
    /// When it was last moved or changed.
    pub since: Time,
    /// The unrefunded receipt it is on.
    pub receipt: Option<Name>,
    /// The attempt whose end nobody knows yet that would pay it.
    pub attempt: Option<Name>,
    /// Where and what it was when it was last imported: the same import again changes nothing, however far the piece
    /// has moved since.
    imported: (Option<Name>, PieceState),
}

impl KnownPieceState {
    /// Whether it may become a line: in stock, or missing and found, and on nobody's receipt.
    pub fn is_for_sale(&self) -> bool {
        matches!(self.state, PieceState::InStock | PieceState::Missing) && self.receipt.is_none()
    }

    /// Whether an import says nothing that an earlier one did not say.
    pub fn is_as_imported(&self, item: &KnownPiece) -> bool {
        self.imported.0 == item.zone
            && self.imported.1 == item.state
            && (item.epc.is_none() || item.epc == self.epc)
    }
}

/// What the shop knows for good.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Shop {
    products: BTreeMap<Name, Product>,
    pieces: BTreeMap<PieceKey, KnownPieceState>,
    by_bits: BTreeMap<Hex, SmallVec<[PieceKey; 1]>>,
    pieces_edition: u64,
    receipts: BTreeMap<Name, Receipt>,
    receipts_numbered: u64,
    open_attempts: BTreeMap<Name, Attempt>,
    closed_attempts: VecDeque<Attempt>,
    unreleased: BTreeMap<Name, Passage>,
}

impl Shop {
    /// The product of that GTIN.
    pub fn product(&self, gtin: &str) -> Option<&Product> {
        self.products.get(gtin)
    }

    /// The piece of that key.
    pub fn piece(&self, key: &PieceKey) -> Option<&KnownPieceState> {
        self.pieces.get(key)
    }

    /// The pieces whose tag is known to have exactly these bits.
    pub fn pieces_with_bits(&self, bits: &Hex) -> &[PieceKey] {
        self.by_bits.get(bits).map_or(&[], |keys| keys.as_slice())
    }

    /// Every piece, by key.
    pub fn pieces(&self) -> impl Iterator<Item = (&PieceKey, &KnownPieceState)> {
        self.pieces.iter()
    }

    /// Counts every change of any piece: what was looked up at the same edition still holds.
    pub fn pieces_edition(&self) -> u64 {
        self.pieces_edition
    }

    /// Every product, by GTIN.
    pub fn products(&self) -> impl Iterator<Item = &Product> {
        self.products.values()
    }

    /// How many receipts were numbered.
    pub fn receipts_numbered(&self) -> u64 {
        self.receipts_numbered
    }

    /// A receipt by its id.
    pub fn receipt(&self, id: &str) -> Option<&Receipt> {
        self.receipts.get(id)
    }

    /// Attempts whose end nobody knows yet, and those being taken back.
    pub fn open_attempts(&self) -> impl Iterator<Item = &Attempt> {
        self.open_attempts.values()
    }

    /// An attempt by its id, open or closed not long ago (the last 512).
    pub fn attempt(&self, id: &str) -> Option<&Attempt> {
        self.open_attempts.get(id).or_else(|| self.closed_attempts.iter().rev().find(|a| &*a.id == id))
    }

    /// Passages that are paid and whose gate has not opened.
    pub fn unreleased(&self) -> impl Iterator<Item = &Passage> {
        self.unreleased.values()
    }

    /// A passage that is paid and whose gate has not opened.
    pub fn unreleased_passage(&self, id: &str) -> Option<&Passage> {
        self.unreleased.get(id)
    }

    /// Takes one fact in.
    pub fn fold(&mut self, fact: &Outcome) {
        match fact {
            Outcome::Catalogue(taken) => {
                if let Some(product) = &taken.change.product {
                    self.products.insert(product.gtin.clone(), product.clone());
                }
                if let Some(item) = &taken.change.item {
                    self.take_piece(item, taken.at);
                }
            }
            Outcome::ItemMoved(moved) => {
                let key = PieceKey { gtin: moved.gtin.clone(), serial: moved.serial.clone() };
                if let Some(piece) = self.pieces.get_mut(&key) {
                    piece.zone.clone_from(&moved.to);
                    piece.state = moved.state;
                    piece.since = moved.at;
                    self.pieces_edition += 1;
                }
            }
            Outcome::Attempt(attempt) => self.take_attempt(attempt),
            Outcome::Receipt(receipt) => self.take_receipt(receipt),
            Outcome::Passage(passage) => {
                if passage.released == Some(false) {
                    self.unreleased.insert(passage.id.clone(), passage.clone());
                } else {
                    self.unreleased.remove(&passage.id);
                }
            }
            Outcome::Basket(_) | Outcome::Alert(_) | Outcome::Evidence(_) => {}
        }
    }

    fn take_piece(&mut self, item: &KnownPiece, at: Time) {
        let key = PieceKey { gtin: item.gtin.clone(), serial: item.serial.clone() };
        let before = self.pieces.remove(&key);
        let (old_bits, receipt, attempt) =
            before.map_or((None, None, None), |piece| (piece.epc, piece.receipt, piece.attempt));
        let epc = item.epc.clone().or_else(|| old_bits.clone());
        if old_bits != epc {
            if let Some(bits) = &old_bits
                && let Some(with_bits) = self.by_bits.get_mut(bits)
            {
                with_bits.retain(|other| *other != key);
                if with_bits.is_empty() {
                    self.by_bits.remove(bits);
                }
            }
            if let Some(bits) = &epc {
                self.by_bits.entry(bits.clone()).or_default().push(key.clone());
            }
        }
        // An import that still calls a piece in stock which is on a receipt does not unsell it.
        let state = if receipt.is_some() { PieceState::Sold } else { item.state };
        let imported = (item.zone.clone(), item.state);
        let zone = item.zone.clone();
        self.pieces.insert(key, KnownPieceState { zone, state, epc, since: at, receipt, attempt, imported });
        self.pieces_edition += 1;
    }

    fn take_attempt(&mut self, attempt: &Attempt) {
        let reserves = matches!(attempt.state, AttemptState::Committed | AttemptState::Unknown);
        for key in attempt.lines.iter().filter_map(PieceKey::of_line) {
            if let Some(piece) = self.pieces.get_mut(&key) {
                if reserves {
                    piece.attempt = Some(attempt.id.clone());
                } else if piece.attempt.as_ref() == Some(&attempt.id) {
                    piece.attempt = None;
                }
            }
        }
        self.closed_attempts.retain(|closed| closed.id != attempt.id);
        if reserves || attempt.state == AttemptState::Voiding {
            self.open_attempts.insert(attempt.id.clone(), attempt.clone());
        } else {
            self.open_attempts.remove(&attempt.id);
            if self.closed_attempts.len() == CLOSED_ATTEMPTS {
                self.closed_attempts.pop_front();
            }
            self.closed_attempts.push_back(attempt.clone());
        }
    }

    fn take_receipt(&mut self, receipt: &Receipt) {
        let holds = matches!(receipt.status, ReceiptStatus::Paid | ReceiptStatus::PartlyRefunded);
        for key in receipt.lines.iter().filter_map(PieceKey::of_line) {
            if let Some(piece) = self.pieces.get_mut(&key) {
                if holds {
                    piece.receipt = Some(receipt.id.clone());
                } else if piece.receipt.as_ref() == Some(&receipt.id) {
                    piece.receipt = None;
                }
            }
        }
        if self.receipts.insert(receipt.id.clone(), receipt.clone()).is_none() {
            self.receipts_numbered += 1;
        }
    }
}
