//! A scene's file as serde reads it. What its words mean is looked up elsewhere.

use std::collections::BTreeMap;

use serde::Deserialize;

/// One scene: a shop, what happens in it, and what is right.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) title: String,
    /// A file of `config/` without its ending, or a path from the scene's own folder.
    pub(super) shop: String,
    /// How all lanes are paid, where not as the shop's file says.
    pub(super) flow: Option<String>,
    /// What the shop is like on the day, in words for people; nothing follows from it.
    #[expect(dead_code, reason = "for whoever reads the file")]
    pub(super) story: Option<String>,
    /// Pieces of each product on its fixture.
    pub(super) pieces: Option<usize>,
    /// The same for single fixtures: `{ display-1 = 1 }`.
    #[serde(default)]
    pub(super) stock: BTreeMap<String, usize>,
    /// Minor units by SKU or GTIN, where the shop's own catalogue says otherwise.
    #[serde(default)]
    pub(super) prices: BTreeMap<String, i64>,
    /// Products that the store has no price for.
    #[serde(default)]
    pub(super) unpriced: Vec<String>,
    /// Products whose tags lie on foil print or metal and answer weakly.
    #[serde(default)]
    pub(super) weak_tags: Vec<String>,
    #[serde(default)]
    pub(super) person: Vec<Person>,
    #[serde(default)]
    pub(super) event: Vec<Event>,
    #[serde(default)]
    pub(super) right: Vec<Right>,
}

/// Somebody who comes.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Person {
    pub(super) name: String,
    /// Minutes and seconds after the scene begins.
    pub(super) comes: String,
    pub(super) is: Option<String>,
    /// Whose card pays for what they carry.
    pub(super) with: Option<String>,
    pub(super) does: Vec<String>,
}

/// Something that happens by itself.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Event {
    pub(super) at: String,
    pub(super) what: String,
}

/// What is right for one passage.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Right {
    pub(super) person: String,
    pub(super) lane: String,
    /// Outcomes that are right, the best first.
    pub(super) outcome: Vec<String>,
    /// What the receipt has where the outcome is `charged`: `TEE-BLK-M`, or `2 TEE-BLK-M`. Left out: all that they carry.
    pub(super) pays_for: Option<Vec<String>>,
    /// What the receipt comes to, with two places.
    pub(super) total: Option<String>,
    /// Kinds of alerts of which at least one has to come.
    #[serde(default)]
    pub(super) alerts: Vec<String>,
}
