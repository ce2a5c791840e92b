//! Outcomes: anything the engine says, in the contract's words and units.

use serde::{Deserialize, Serialize};

use crate::{Catalogue, Hex, Name, PieceState, Time};

/// Anything the engine says. `type` on the line names the variant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Outcome {
    /// A passage ended, or something about an ended one changed.
    Passage(Passage),
    /// What a passage is about to pay changed.
    Basket(Basket),
    /// A receipt was paid, or its status changed.
    Receipt(Receipt),
    /// A piece is somewhere else, or something else to the shop.
    ItemMoved(ItemMoved),
    /// Somebody should look.
    Alert(Alert),
    /// A payment was begun or went on.
    Attempt(Attempt),
    /// What a basket's line, or the absence of one, rests on.
    Evidence(Evidence),
    /// A product or a piece was taken into the catalogue.
    Catalogue(CatalogueChange),
}

impl Outcome {
    /// The `type` on the line.
    pub fn type_name(&self) -> &'static str {
        match self {
            Outcome::Passage(_) => "passage",
            Outcome::Basket(_) => "basket",
            Outcome::Receipt(_) => "receipt",
            Outcome::ItemMoved(_) => "item_moved",
            Outcome::Alert(_) => "alert",
            Outcome::Attempt(_) => "attempt",
            Outcome::Evidence(_) => "evidence",
            Outcome::Catalogue(_) => "catalogue",
        }
    }

    /// Whether it is a fact for the journal. An open basket is only a view of what may yet change.
    pub fn is_fact(&self) -> bool {
        !matches!(self, Outcome::Basket(_))
    }
}

/// How a passage ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PassageOutcome {
    /// It has a paid receipt.
    Charged,
    /// There was nothing to pay.
    NoItems,
    /// It turned round in the lane; nothing was paid.
    TurnedBack,
    /// It needs a person; `holds` says why.
    Held,
    /// It left without paying.
    Unpaid,
    /// Restock, or a return going in.
    Staff,
}

/// Which way a passage went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Entry line to exit line: towards the street.
    Out,
    /// Exit line to entry line: into the store.
    In,
    /// Came near and turned round.
    Back,
}

/// Why a passage needs a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// A stable word: `no_price`, `clone`, `weak_tag`, `two_people`, `terminal_unknown`, `help`, …
    pub kind: Name,
    /// The same for people.
    pub text: Name,
    /// The product it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gtin: Option<Name>,
    /// The piece it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serial: Option<Name>,
}

/// One person or group going through a lane.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Passage {
    /// Its name: stable, and the same in every replay.
    pub id: Name,
    /// The lane.
    pub lane: Name,
    /// When it came near.
    pub began_at: Time,
    /// When it was gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Time>,
    /// How it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<PassageOutcome>,
    /// Which way; absent where nothing tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub direction: Option<Direction>,
    /// The tracks of its people.
    pub tracks: Vec<Name>,
    /// Its receipt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt: Option<Name>,
    /// Probability that it carried something not listed.
    pub possible_missing: f64,
    /// Why it needs a person.
    pub holds: Vec<Hold>,
    /// False while it is paid and the gate has not opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub released: Option<bool>,
}

/// What a line rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Basis {
    /// Reads of its tag.
    #[serde(rename = "tag")]
    Tag,
    /// Cameras alone.
    #[serde(rename = "vision")]
    Vision,
    /// Both.
    #[serde(rename = "tag+vision")]
    TagAndVision,
}

/// One line of a basket or receipt. A tagged piece has quantity 1; a vision line has no serial and no EPC.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReceiptLine {
    /// Counted from 1.
    pub line: u32,
    /// 14 digits.
    pub gtin: Name,
    /// The piece's serial.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serial: Option<Name>,
    /// `urn:epc:id:…`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epc: Option<Name>,
    /// The shop's own number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sku: Option<Name>,
    /// As the shopper reads it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Name>,
    /// How many.
    pub quantity: u32,
    /// Price of one, minor units.
    pub unit_minor: i64,
    /// What it rests on.
    pub basis: Basis,
    /// Probability that this line belongs on this receipt.
    pub confidence: f64,
}

impl ReceiptLine {
    /// Price times quantity, minor units; `None` past what an `i64` holds.
    pub fn total_minor(&self) -> Option<i64> {
        self.unit_minor.checked_mul(i64::from(self.quantity))
    }
}

/// How far a basket is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BasketStatus {
    /// May still change.
    Open,
    /// Payment has started: it never changes again.
    Frozen,
    /// Waits for a member of staff.
    Held,
}

/// What a passage is about to pay.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Basket {
    /// The passage.
    pub passage: Name,
    /// The lane.
    pub lane: Name,
    /// How far it is.
    pub status: BasketStatus,
    /// What is in it.
    pub lines: Vec<ReceiptLine>,
    /// Sum of the lines, minor units.
    pub total_minor: i64,
    /// Why it is held, or what is shown without being billed (a piece without a price).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub holds: Vec<Hold>,
}

/// What has become of a receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReceiptStatus {
    /// Paid in full.
    Paid,
    /// Some of it was given back.
    PartlyRefunded,
    /// All of it was given back.
    Refunded,
    /// Taken back before it counted.
    Void,
}

/// What was paid; never changed, only refunded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Receipt {
    /// Its name.
    pub id: Name,
    /// Its number in the store: no gaps.
    pub number: Name,
    /// The lane.
    pub lane: Name,
    /// The passage that paid.
    pub passage: Name,
    /// What has become of it.
    pub status: ReceiptStatus,
    /// ISO 4217.
    pub currency: Name,
    /// Sum of the lines, plus `tax_minor` where tax is not in the price.
    pub total_minor: i64,
    /// Tax on top, minor units.
    pub tax_minor: i64,
    /// When the basket was frozen.
    pub decided_at: Time,
    /// When the terminal said it was paid.
    pub paid_at: Time,
    /// What was bought.
    pub lines: Vec<ReceiptLine>,
}

/// A piece is somewhere else, or something else to the shop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemMoved {
    /// When.
    pub at: Time,
    /// 14 digits.
    pub gtin: Name,
    /// The piece's serial.
    pub serial: Name,
    /// Where it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Name>,
    /// Where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Name>,
    /// What it is to the shop now.
    pub state: PieceState,
}

/// Somebody should look.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    /// When.
    pub at: Time,
    /// A stable word: `unpaid_item`, `possible_missing`, `clone`, `not_released`, `reader_down`, …
    pub kind: Name,
    /// The lane it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lane: Option<Name>,
    /// The passage it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passage: Option<Name>,
    /// The product it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gtin: Option<Name>,
    /// The piece it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serial: Option<Name>,
    /// For people.
    pub text: Name,
}

/// How far a payment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttemptState {
    /// Written down; the terminal is asked only after this is safe.
    Committed,
    /// Captured.
    Approved,
    /// Refused.
    Declined,
    /// Nobody knows: the gate stays shut and the terminal is asked for the status, never paid again.
    Unknown,
    /// Captured when nobody should pay any more, or to be refunded: the terminal is told to take it back.
    Voiding,
    /// Taken back.
    Voided,
    /// The terminal never heard of it: nothing was taken.
    NotFound,
}

/// One attempt to have a frozen basket paid.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Attempt {
    /// Its key: the terminal takes one key's money once.
    pub id: Name,
    /// When this state was reached.
    pub at: Time,
    /// How far it is.
    pub state: AttemptState,
    /// The passage.
    pub passage: Name,
    /// The lane.
    pub lane: Name,
    /// The terminal.
    pub terminal: Name,
    /// The card's token, where the tap told one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card: Option<Name>,
    /// What is asked for, minor units.
    pub amount_minor: i64,
    /// ISO 4217.
    pub currency: Name,
    /// When the basket was frozen.
    pub decided_at: Time,
    /// The frozen basket.
    pub lines: Vec<ReceiptLine>,
}

/// Reads of one tag by one antenna during a passage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReadsAt {
    /// The reader.
    pub reader: Name,
    /// The antenna port.
    pub antenna: u16,
    /// How many.
    pub reads: u32,
    /// The first.
    pub first_at: Time,
    /// The last.
    pub last_at: Time,
    /// Strongest, dBm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rssi_max: Option<f64>,
    /// Mean, dBm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rssi_mean: Option<f64>,
}

/// A camera's sight that speaks for or against a line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SightOf {
    /// When.
    pub at: Time,
    /// The camera.
    pub source: Name,
    /// The person's track.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub track: Option<Name>,
    /// What happened.
    pub action: crate::ItemAction,
    /// How likely this product.
    pub p: f64,
}

/// What became of one thing that was looked at for a passage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// A line of the basket.
    Billed,
    /// Not this passage's, or not for sale: no line.
    Ignored,
    /// Needs a person.
    Held,
}

/// What a basket's line, or the absence of one, rests on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// The passage.
    pub passage: Name,
    /// When it was weighed.
    pub at: Time,
    /// The line of the basket, where it became one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// What became of it.
    pub verdict: Verdict,
    /// The tag's bits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epc: Option<Hex>,
    /// 14 digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gtin: Option<Name>,
    /// The piece's serial.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serial: Option<Name>,
    /// By antenna.
    pub reads: Vec<ReadsAt>,
    /// The tracks of the people it is given to.
    pub tracks: Vec<Name>,
    /// What cameras saw.
    pub sights: Vec<SightOf>,
    /// In words that staff understand.
    pub reasons: Vec<Name>,
}

/// A product or a piece was taken into the catalogue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CatalogueChange {
    /// When.
    pub at: Time,
    /// What was taken.
    #[serde(flatten)]
    pub change: Catalogue,
}
