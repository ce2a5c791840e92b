//! What the shop knows for good: products, pieces, receipts, open attempts. It is nothing but the fold of the facts
//! in the journal, so a crash loses none of it: `fold` is the only way it ever changes.

use std::collections::BTreeMap;

use recording::{
    Attempt, AttemptState, Hex, KnownPiece, Name, Outcome, Passage, PieceState, Product, Receipt,
    ReceiptStatus, Time,
};

/// The key of a piece: (GTIN-14, serial as text). Never the tag's bits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PieceKey {
    /// 14 digits.
    pub gtin: Name,
    /// Text; leading zeros matter.
    pub serial: Name,
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
}

/// What the shop knows for good.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Shop {
    products: BTreeMap<Name, Product>,
    pieces: BTreeMap<PieceKey, KnownPieceState>,
    by_bits: BTreeMap<Hex, Vec<PieceKey>>,
    receipts: u64,
    paid: BTreeMap<Name, Receipt>,
    open_attempts: BTreeMap<Name, Attempt>,
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
        self.by_bits.get(bits).map_or(&[], Vec::as_slice)
    }

    /// Every piece, by key.
    pub fn pieces(&self) -> impl Iterator<Item = (&PieceKey, &KnownPieceState)> {
        self.pieces.iter()
    }

    /// Every product, by GTIN.
    pub fn products(&self) -> impl Iterator<Item = &Product> {
        self.products.values()
    }

    /// How many receipts were numbered.
    pub fn receipts_numbered(&self) -> u64 {
        self.receipts
    }

    /// A paid receipt by its id.
    pub fn receipt(&self, id: &str) -> Option<&Receipt> {
        self.paid.get(id)
    }

    /// Attempts whose end nobody knows yet.
    pub fn open_attempts(&self) -> impl Iterator<Item = &Attempt> {
        self.open_attempts.values()
    }

    /// Passages that are paid and whose gate has not opened.
    pub fn unreleased(&self) -> impl Iterator<Item = &Passage> {
        self.unreleased.values()
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
                }
            }
            Outcome::Attempt(attempt) => match attempt.state {
                AttemptState::Committed | AttemptState::Unknown => {
                    self.open_attempts.insert(attempt.id.clone(), attempt.clone());
                }
                AttemptState::Approved
                | AttemptState::Declined
                | AttemptState::Voided
                | AttemptState::NotFound => {
                    self.open_attempts.remove(&attempt.id);
                }
            },
            Outcome::Receipt(receipt) => {
                if receipt.status == ReceiptStatus::Paid && !self.paid.contains_key(&receipt.id) {
                    self.receipts += 1;
                }
                self.paid.insert(receipt.id.clone(), receipt.clone());
            }
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
        if let Some(bits) = &item.epc {
            let with_bits = self.by_bits.entry(bits.clone()).or_default();
            if !with_bits.contains(&key) {
                with_bits.push(key.clone());
            }
        }
        let epc = item.epc.clone();
        self.pieces
            .insert(key, KnownPieceState { zone: item.zone.clone(), state: item.state, epc, since: at });
    }
}
