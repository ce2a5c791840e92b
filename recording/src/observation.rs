//! Observations: what the world tells the store, in the contract's words and units.

use serde::{Deserialize, Serialize};

use crate::{Hex, Name, Time};

/// One line of a recording: an observation, when it happened, and when the store took it in.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// When it happened, by the best clock there is.
    pub at: Time,
    /// When the store took it in; absent in recordings that others wrote.
    pub received_at: Option<Time>,
    /// Buffered somewhere while the line to the store was down: never to be billed as if it were now.
    pub stale: bool,
    /// What was observed.
    pub what: Observation,
}

impl Line {
    /// An observation at an instant, not stale, without a time of receipt.
    pub fn new(at: Time, what: Observation) -> Line {
        Line { at, received_at: None, stale: false, what }
    }

    /// When the store could know of it: `received_at`, else `at`.
    pub fn known_at(&self) -> Time {
        self.received_at.unwrap_or(self.at)
    }
}

macro_rules! observations {
    ($($(#[$doc:meta])* $name:ident = $tag:literal,)+) => {
        /// Anything the world tells us. The text of `type` on a line names the variant.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Observation { $($(#[$doc])* $name($name),)+ }

        impl Observation {
            /// Every `type` of this version.
            pub const TYPES: &'static [&'static str] = &[$($tag,)+];

            /// The `type` on the line.
            pub fn type_name(&self) -> &'static str {
                match self { $(Observation::$name(_) => $tag,)+ }
            }

            pub(crate) fn parse<'de, D: serde::Deserializer<'de>>(
                type_name: &str, from: D,
            ) -> Option<Result<Observation, D::Error>> {
                match type_name {
                    $($tag => Some($name::deserialize(from).map(Observation::$name)),)+
                    _ => None,
                }
            }

            pub(crate) fn serialize_body<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                match self { $(Observation::$name(body) => body.serialize(to),)+ }
            }
        }

        $(impl From<$name> for Observation {
            fn from(body: $name) -> Observation { Observation::$name(body) }
        })+
    };
}

observations! {
    /// One report of one tag by one antenna.
    Read = "read",
    /// A person's position on the floor.
    Person = "person",
    /// A person's track ended.
    PersonEnd = "person_end",
    /// A sight of an item being taken, returned or carried.
    Item = "item",
    /// A scale's change.
    Weight = "weight",
    /// A light beam across a lane's line.
    Beam = "beam",
    /// A card at a simulated terminal.
    Tap = "tap",
    /// A reader came up, went down or got worse.
    ReaderState = "reader",
    /// Time and nothing else.
    Tick = "tick",
    /// The model's answer as the live system noted it.
    Belief = "belief",
    /// A camera's or scale's health.
    Source = "source",
    /// A gate opened, closed or failed.
    Gate = "gate",
    /// A message from (or to) a payment terminal.
    Terminal = "terminal",
    /// What a shopper said at the kiosk.
    Answer = "answer",
    /// A barcode.
    Scan = "scan",
    /// What a member of staff did.
    Staff = "staff",
    /// A product or a piece was made known or changed.
    Catalogue = "catalogue",
    /// The store's program started: what was only in memory is gone.
    Store = "store",
}

/// One report of one tag by one antenna.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Read {
    /// The reader's name in the configuration.
    pub reader: Name,
    /// The reader's antenna port, counted from 1.
    pub antenna: u16,
    /// The tag's EPC bank from bit 32 on, as many bytes as the reader reported.
    pub epc: Hex,
    /// The protocol control word; absent where the reader does not tell it.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "pc_word")]
    pub pc: Option<u16>,
    /// Received power, dBm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rssi: Option<f32>,
    /// Phase of the backscatter, radians in [0, 2π).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<f32>,
    /// Index into the reader's own hop table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<u16>,
    /// What the reader's hop table says of `channel`, kHz.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frequency_khz: Option<u32>,
    /// Doppler shift as the reader estimates it, Hz.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doppler_hz: Option<f32>,
    /// How many times the tag was seen for this report.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub count: u32,
    /// The chip's own number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tid: Option<Hex>,
}

fn one() -> u32 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_one(count: &u32) -> bool {
    *count == 1
}

mod pc_word {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    #[expect(clippy::ref_option, reason = "serde asks for this shape")]
    pub(super) fn serialize<S: Serializer>(pc: &Option<u16>, to: S) -> Result<S::Ok, S::Error> {
        match pc {
            Some(pc) => to.collect_str(&format_args!("{pc:04X}")),
            None => to.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u16>, D::Error> {
        let Some(text) = Option::<std::borrow::Cow<'de, str>>::deserialize(from)? else { return Ok(None) };
        match (text.len(), u16::from_str_radix(&text, 16)) {
            (4, Ok(pc)) => Ok(Some(pc)),
            _ => Err(D::Error::custom(format_args!(
                "pc `{}`: four hexadecimal digits such as \"3000\" are needed",
                text.chars().take(20).collect::<String>()
            ))),
        }
    }
}

/// A person's position on the store's floor plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Person {
    /// The camera (or other source) that tracks.
    pub source: Name,
    /// The source's name for the track; together with `source` it names the person's track.
    pub track: Name,
    /// Metres on the floor plan.
    pub x: f64,
    /// Metres on the floor plan.
    pub y: f64,
    /// Standard deviation of the position, metres.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sd: Option<f64>,
    /// How sure the source is that this is a person, 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<f64>,
}

/// A person's track ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonEnd {
    /// The camera (or other source) that tracked.
    pub source: Name,
    /// The source's name for the track.
    pub track: Name,
}

/// What a hand did with an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ItemAction {
    /// Taken from a fixture.
    Take,
    /// Put back on one.
    Return,
    /// Seen in hand or bag.
    Carry,
}

/// One product that a sight may be of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    /// 14 digits.
    pub gtin: Name,
    /// Probability, 0 to 1; a sight's candidates add up to at most 1, the rest is "something else".
    pub p: f64,
}

/// A sight of an item being taken, returned or carried.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Item {
    /// The camera.
    pub source: Name,
    /// The person's track, where the camera saw who.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub track: Option<Name>,
    /// What happened.
    pub action: ItemAction,
    /// Where, by the configuration's zones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<Name>,
    /// What it may have been.
    #[serde(default)]
    pub candidates: Vec<Candidate>,
    /// How many pieces.
    #[serde(default = "one")]
    pub quantity: u32,
    /// How sure the camera is that the action happened, 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<f64>,
}

/// A scale's change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Weight {
    /// The scale.
    pub source: Name,
    /// Where it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<Name>,
    /// Grams; negative when something was taken.
    pub delta_g: f64,
    /// Standard deviation, grams.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sd_g: Option<f64>,
}

/// Which of a lane's two lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LaneLine {
    /// The store side.
    Entry,
    /// The street side.
    Exit,
}

/// A light beam across a lane's line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Beam {
    /// The lane.
    pub lane: Name,
    /// Which of its lines.
    pub line: LaneLine,
    /// Whether something stands in it.
    pub blocked: bool,
}

/// What a simulated terminal will answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TapOutcome {
    /// The money is there.
    Approve,
    /// It is not.
    Decline,
    /// No answer comes.
    Timeout,
}

/// A card at a terminal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tap {
    /// The terminal's name in the configuration.
    pub terminal: Name,
    /// A token for the card; never a card number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card: Option<Name>,
    /// Simulated terminals only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<TapOutcome>,
}

/// How a reader or source is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    /// All well.
    Up,
    /// Not there.
    Down,
    /// There, but not whole: an antenna lost, a buffer full.
    Degraded,
}

/// A reader came up, went down or got worse.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReaderState {
    /// The reader's name in the configuration.
    pub reader: Name,
    /// How it is now.
    pub state: Health,
    /// Why, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Name>,
    /// The reader's clock minus the store's, milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock_offset_ms: Option<f64>,
}

/// Time and nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tick {}

/// The model's answer as the live system noted it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Belief {
    /// Which question of the engine's it answers.
    pub request: Name,
    /// The answer; null where there was no model to ask.
    pub answer: serde_json::Value,
}

/// A camera's or scale's health.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Source {
    /// The camera or scale.
    pub source: Name,
    /// How it is now.
    pub state: Health,
    /// The source's clock minus the store's, milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock_offset_ms: Option<f64>,
}

/// What a gate says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GateState {
    /// It stands open.
    Opened,
    /// It is shut.
    Closed,
    /// It was pushed open.
    Forced,
    /// It was told to open and did not.
    Failed,
}

/// A gate opened, closed or failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gate {
    /// The gate's name in the configuration.
    pub gate: Name,
    /// What it says.
    pub state: GateState,
    /// The passage it was opened for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passage: Option<Name>,
}

/// What a terminal says about one attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TerminalSays {
    /// Captured.
    Approved,
    /// Refused; nothing was taken.
    Declined,
    /// No answer in time: nobody knows yet.
    Unknown,
    /// It never heard of this attempt.
    NotFound,
    /// The capture was taken back.
    Voided,
}

/// A message from a payment terminal about an attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terminal {
    /// The terminal's name in the configuration.
    pub terminal: Name,
    /// The attempt's key, as committed before the terminal was asked.
    pub attempt: Name,
    /// What it says.
    pub says: TerminalSays,
    /// What it captured, minor units; with `approved`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount_minor: Option<i64>,
    /// The terminal's own reference, for the receipt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<Name>,
}

/// What a shopper can say at the kiosk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ShopperSays {
    /// The asked line is mine.
    Mine,
    /// The asked line is not mine.
    NotMine,
    /// Somebody please come.
    Help,
    /// I do not want to pay.
    Cancel,
}

/// What a shopper said at the kiosk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The lane whose kiosk it is.
    pub lane: Name,
    /// What was said.
    pub says: ShopperSays,
    /// The line it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gtin: Option<Name>,
    /// The line it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serial: Option<Name>,
}

/// A barcode, read at a lane or by staff.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scan {
    /// The lane.
    pub lane: Name,
    /// What the code says.
    pub code: Name,
}

/// What a member of staff can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StaffAction {
    /// Open a lane's gate.
    OpenGate,
    /// A held passage has been looked at: let it be settled.
    Resolve,
    /// Give back what a receipt took; its pieces can be sold again.
    Refund,
    /// Move a piece to a zone or set its state.
    MoveItem,
}

/// What a member of staff did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Staff {
    /// Who, by name.
    pub by: Name,
    /// What.
    pub action: StaffAction,
    /// The lane it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lane: Option<Name>,
    /// The passage it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passage: Option<Name>,
    /// The receipt it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt: Option<Name>,
    /// The piece it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gtin: Option<Name>,
    /// The piece it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serial: Option<Name>,
    /// Where the piece is put.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<Name>,
    /// What the piece is from now on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<PieceState>,
    /// In their words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Name>,
}

/// What a piece is to the shop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PieceState {
    /// To be sold.
    InStock,
    /// Paid for.
    Sold,
    /// Brought back, not yet for sale again.
    Returned,
    /// On display, not for sale.
    Display,
    /// Not seen where it should be.
    Missing,
}

/// A product as the catalogue has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Product {
    /// 14 digits.
    pub gtin: Name,
    /// The shop's own number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sku: Option<Name>,
    /// As the shopper reads it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Name>,
    /// Price of one, minor units; absent: known but without a price, so it is shown and never billed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit_minor: Option<i64>,
    /// The shop's word for its tax category.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax_category: Option<Name>,
    /// Grams.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight_g: Option<u32>,
    /// Whether every piece of it carries a tag.
    #[serde(default = "yes")]
    pub tagged: bool,
    /// Where its picture is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<Name>,
}

fn yes() -> bool {
    true
}

/// A piece as the shop knows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownPiece {
    /// 14 digits.
    pub gtin: Name,
    /// Text; leading zeros matter.
    pub serial: Name,
    /// The bits of its tag, where the shop knows them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epc: Option<Hex>,
    /// Where it was last known to be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<Name>,
    /// What it is to the shop.
    pub state: PieceState,
}

/// A product or a piece was made known or changed. At least one of the two is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Catalogue {
    /// A product and its price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<Product>,
    /// A piece and where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<KnownPiece>,
}

/// What the store's program did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StoreState {
    /// It started: tracks, passages and open baskets begin anew; what was committed stands.
    Started,
}

/// The store's program started. A recording that has this line was written by a live store: its terminals' answers
/// stand in it, so a replay asks none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Store {
    /// What happened.
    pub state: StoreState,
    /// The program's version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<Name>,
}
