//! The shop's own figures for its return on investment, held against what can be, and what is assumed in place of those
//! that it does not give. Knows nothing of radio and of what is bought.

use serde::Deserialize;

use super::returns::{Assumed, MILLION, ReturnsError, part};

const SHARE: &str = "a share from 0 to 1, such as 0.016 for 1.6 %";
pub(super) const AMOUNT: &str = "minor units of the store's currency, 0 or more";

/// The shop's own figures, as the table `[plan.returns]` of its file has them. What is left out is assumed, and said to be.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Shop {
    /// Shoppers who leave with something, a day.
    pub passages_a_day: Option<i64>,
    /// Days on which the shop is open, a year.
    pub days_a_year: Option<i64>,
    /// Pieces of a shopper who leaves with something.
    pub pieces_a_passage: Option<f64>,
    /// Average price of a piece, minor units.
    pub price_minor: Option<i64>,
    /// Share of the price that is not the piece's own cost.
    pub margin: Option<f64>,
    /// Share of sales that is lost as shrink today.
    pub shrink: Option<f64>,
    /// Share of that shrink which shoppers carry out.
    pub carried_out: Option<f64>,
    /// Share of the pieces noticed on their way out that then stay in the shop or are paid.
    pub recovered: Option<f64>,
    /// An hour of a staffed till, minor units.
    pub till_hour_minor: Option<i64>,
    /// Time of staff that a checkout without a till saves, seconds.
    pub saved_s: Option<f64>,
    /// A tag with its work, minor units; 0 where the pieces come tagged.
    pub tag_minor: Option<i64>,
    /// Upkeep a year, as a share of what was bought.
    pub upkeep: Option<f64>,
    /// Years until what was bought is bought anew.
    pub life_years: Option<i64>,
}

/// The shop's figures in whole numbers: shares in millionths, amounts a year.
pub(super) struct Own {
    pub(super) passages: i64,
    pub(super) pieces: i64,
    pub(super) sales_minor: i64,
    pub(super) margin: i64,
    pub(super) shrink: i64,
    pub(super) carried_out: i64,
    pub(super) recovered: i64,
    pub(super) till_hour_minor: i64,
    pub(super) saved_ms: i64,
    pub(super) tag_minor: i64,
    pub(super) upkeep: i64,
    pub(super) life_years: i64,
}

impl Own {
    pub(super) fn of(shop: &Shop, assumed: &mut Vec<Assumed>) -> Result<Own, ReturnsError> {
        let own = "assumed: ask your till for it";
        let passages_a_day = given(assumed, "passages_a_day", shop.passages_a_day, 100, own);
        let days_a_year = given(assumed, "days_a_year", shop.days_a_year, 310, "assumed: six days a week");
        let pieces = given(assumed, "pieces_a_passage", shop.pieces_a_passage, 2.0, own);
        let price_minor = given(assumed, "price_minor", shop.price_minor, 3_000, own);
        let margin = given(assumed, "margin", shop.margin, 0.5, "assumed: ask your books for it");
        let nrf = "average of US retailers in 2022, National Retail Security Survey 2023 (NRF)";
        let shrink = given(assumed, "shrink", shop.shrink, 0.016, nrf);
        let outside = "external theft's share of shrink, National Retail Security Survey 2023 (NRF)";
        let carried_out = given(assumed, "carried_out", shop.carried_out, 0.36, outside);
        let noticed = "assumed: no good public source";
        let recovered = given(assumed, "recovered", shop.recovered, 0.5, noticed);
        let till_hour_minor =
            given(assumed, "till_hour_minor", shop.till_hour_minor, 2_000, "assumed: wages differ");
        let saved_s = given(assumed, "saved_s", shop.saved_s, 45.0, "assumed: time a few sales at your till");
        let labels = "assumed: labels cost 4 to 5 US cents in large numbers";
        let tag_minor = given(assumed, "tag_minor", shop.tag_minor, 5, labels);
        let upkeep = given(assumed, "upkeep", shop.upkeep, 0.1, "assumed: ask your fitter");
        let life_years = given(assumed, "life_years", shop.life_years, 5, "assumed: usual for depreciation");

        let passages_a_day = within("passages_a_day", passages_a_day, 0, i64::MAX, "0 or more")?;
        let days_a_year = within("days_a_year", days_a_year, 1, 366, "1 to 366")?;
        let price_minor = within("price_minor", price_minor, 0, i64::MAX, AMOUNT)?;
        let thousandths =
            scaled("pieces_a_passage", pieces, 1_000.0, 1_000.0, "pieces, 0 to 1000, such as 1.8")?;
        let passages = part(passages_a_day, days_a_year, 1, "passages of a year")?;
        let pieces = part(passages, thousandths, 1_000, "pieces of a year")?;
        let share = |key, value| scaled(key, value, MILLION as f64, 1.0, SHARE);
        Ok(Own {
            passages,
            pieces,
            sales_minor: part(pieces, price_minor, 1, "sales of a year")?,
            margin: share("margin", margin)?,
            shrink: share("shrink", shrink)?,
            carried_out: share("carried_out", carried_out)?,
            recovered: share("recovered", recovered)?,
            till_hour_minor: within("till_hour_minor", till_hour_minor, 0, i64::MAX, AMOUNT)?,
            saved_ms: scaled("saved_s", saved_s, 1_000.0, 3_600.0, "seconds, 0 to 3600")?,
            tag_minor: within("tag_minor", tag_minor, 0, i64::MAX, AMOUNT)?,
            upkeep: share("upkeep", upkeep)?,
            life_years: within("life_years", life_years, 1, 50, "whole years, 1 to 50")?,
        })
    }
}

/// The shop's figure, else another that is noted as assumed.
pub(super) fn given<T: Copy + ToString>(
    assumed: &mut Vec<Assumed>,
    key: &'static str,
    own: Option<T>,
    else_: T,
    source: &'static str,
) -> T {
    own.unwrap_or_else(|| {
        assumed.push(Assumed { key, value: else_.to_string(), source });
        else_
    })
}

pub(super) fn within(
    key: &'static str,
    value: i64,
    low: i64,
    high: i64,
    right: &'static str,
) -> Result<i64, ReturnsError> {
    if (low..=high).contains(&value) {
        return Ok(value);
    }
    Err(ReturnsError::Wrong { key, value: value.to_string(), right })
}

fn scaled(
    key: &'static str,
    value: f64,
    by: f64,
    most: f64,
    right: &'static str,
) -> Result<i64, ReturnsError> {
    if (0.0..=most).contains(&value) {
        return Ok((value * by).round() as i64);
    }
    Err(ReturnsError::Wrong { key, value: value.to_string(), right })
}
