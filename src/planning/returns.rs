//! Return on investment from the shop's own figures and what the simulation says. A pure function over plain figures: whole
//! minor units, checked, every end of an interval carried through to the last line. It never prints a payback where nothing
//! is gained, and names every figure that the shop did not give.

use serde::{Deserialize, Serialize};

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

/// What the store's file says of mistakes, minor units; none where it says nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mistakes {
    /// `[decision] wrong_charge_minor`: charging somebody for what they do not have.
    pub wrong_charge_minor: Option<i64>,
    /// `[plan] ask_minor`: a member of staff who is called to a passage.
    pub ask_minor: Option<i64>,
}

/// A figure of the simulation with its interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Estimate {
    /// Lower end.
    pub low: f64,
    /// The figure itself.
    pub mid: f64,
    /// Upper end.
    pub high: f64,
}

/// What the simulation says of a layout.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Simulated {
    /// Share of carried pieces that are read on their way out.
    pub read: Estimate,
    /// Share of the pieces that should be paid which leave unpaid and unasked.
    pub missed: Estimate,
    /// Lines that do not belong on their receipt, strays among them, a passage.
    pub wrong_lines: Estimate,
    /// Share of passages that need staff.
    pub asked: Estimate,
}

/// So many things of a kind at a price each, minor units.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Bought {
    /// Such as `antennas with their cables`.
    pub what: String,
    /// How many.
    pub count: i64,
    /// Each of them.
    pub each_minor: i64,
}

/// An amount with its ends, minor units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Range {
    /// Lower end.
    pub low: i64,
    /// By the figures themselves.
    pub mid: i64,
    /// Upper end.
    pub high: i64,
}

/// A line of the account, a year.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Item {
    /// What it is.
    pub what: &'static str,
    /// How much.
    pub minor: Range,
}

/// A figure that the shop did not give.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Assumed {
    /// Its key in `[plan.returns]`, where its source names no other section.
    pub key: &'static str,
    /// What is taken instead.
    pub value: String,
    /// Where that comes from.
    pub source: &'static str,
}

/// Whole months until what was bought has paid for itself; none where it never does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Payback {
    /// With gains at their upper and costs at their lower ends.
    pub best: Option<i64>,
    /// By the figures themselves.
    pub mid: Option<i64>,
    /// With gains at their lower and costs at their upper ends.
    pub worst: Option<i64>,
}

/// What buying brings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Returns {
    /// What is bought, minor units.
    pub investment_minor: i64,
    /// What it brings in a year.
    pub gains: Vec<Item>,
    /// What it costs in a year.
    pub costs: Vec<Item>,
    /// Gains less costs of a year, every line at its worse end at once, as it is, and at its better end at once: wider
    /// than any one interval.
    pub yearly: Range,
    /// When it has paid for itself.
    pub payback_months: Payback,
    /// Net of three years: gains less costs less what has to be bought in them.
    pub three_years: Range,
    /// What the shop did not say.
    pub assumed: Vec<Assumed>,
}

/// Why no return can be told.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReturnsError {
    /// A figure that cannot be.
    #[error("return on investment, {key} = {value}: {right}")]
    Wrong {
        /// Its key.
        key: &'static str,
        /// As given.
        value: String,
        /// What would be right.
        right: &'static str,
    },
    /// An amount beyond what is counted in whole minor units.
    #[error(
        "return on investment, {what}: more than {} minor units; check prices, passages and pieces for a zero too many",
        i64::MAX
    )]
    TooMuch {
        /// Which amount.
        what: &'static str,
    },
}

const YEARS: i64 = 3;
const SHARE: &str = "a share from 0 to 1, such as 0.016 for 1.6 %";
const AMOUNT: &str = "minor units of the store's currency, 0 or more";
const MILLION: i64 = 1_000_000;

/// What buying these things for a shop that has none of them brings, against staffed tills.
///
/// # Errors
/// Where a figure cannot be, or an amount is too large to be counted.
pub fn returns(
    shop: &Shop,
    mistakes: Mistakes,
    simulated: &Simulated,
    bought: &[Bought],
) -> Result<Returns, ReturnsError> {
    let mut assumed = Vec::new();
    let own = Own::of(shop, &mut assumed)?;
    let wrong_charge_minor = given(
        &mut assumed,
        "wrong_charge_minor",
        mistakes.wrong_charge_minor,
        20_000,
        "assumed, as the checkout does: a refund, a talk and the next visits ([decision])",
    );
    let ask_minor = given(
        &mut assumed,
        "ask_minor",
        mistakes.ask_minor,
        100,
        "assumed: two or three minutes of staff ([plan])",
    );
    let wrong_charge_minor = within("wrong_charge_minor", wrong_charge_minor, 0, i64::MAX, AMOUNT)?;
    let ask_minor = within("ask_minor", ask_minor, 0, i64::MAX, AMOUNT)?;
    let read = simulated.read.millionths("pieces read")?;
    let missed = simulated.missed.millionths("pieces missed")?;
    let wrong = simulated.wrong_lines.millionths("wrong lines")?;
    let asked = simulated.asked.millionths("passages that need staff")?;
    let investment_minor = investment(bought)?;
    let unattended = [MILLION - asked[2], MILLION - asked[1], MILLION - asked[0]].map(|share| share.max(0));

    let till = "time at the till";
    let seconds = part(own.passages, own.saved_ms, 1_000, till)?;
    let time = part(seconds, own.till_hour_minor, 3_600, till)?;
    let theft = "theft that is noticed";
    let mut stolen = own.sales_minor;
    for share in [MILLION - own.margin, own.shrink, own.carried_out, own.recovered] {
        stolen = part(stolen, share, MILLION, theft)?;
    }
    let gains = vec![
        Item { what: till, minor: Range::of(unattended, time, till)? },
        Item { what: theft, minor: Range::of(read, stolen, theft)? },
    ];
    let (leaves, wrongly, calls) = ("pieces that leave unread", "wrong charges", "staff called");
    let charges = part(own.passages, wrong_charge_minor, 1, wrongly)?;
    let called = part(own.passages, ask_minor, 1, calls)?;
    let tags = part(own.pieces, own.tag_minor, 1, "tags")?;
    let upkeep = part(investment_minor, own.upkeep, MILLION, "upkeep")?;
    let costs = vec![
        Item { what: leaves, minor: Range::of(missed, own.sales_minor, leaves)? },
        Item { what: wrongly, minor: Range::of(wrong, charges, wrongly)? },
        Item { what: calls, minor: Range::of(asked, called, calls)? },
        Item { what: "tags", minor: Range::sure(tags) },
        Item { what: "upkeep", minor: Range::sure(upkeep) },
    ];
    account(investment_minor, gains, costs, own.life_years, assumed)
}

/// What changing a layout brings, by what its mistakes cost less: `saved_minor` in a thousand passages, less than nothing
/// where they cost more.
///
/// # Errors
/// As [`returns`].
pub fn returns_of_change(
    shop: &Shop,
    saved_minor: Estimate,
    bought: &[Bought],
) -> Result<Returns, ReturnsError> {
    let mut assumed = Vec::new();
    let own = Own::of(shop, &mut assumed)?;
    assumed.retain(|figure| OF_CHANGE.contains(&figure.key));
    let saved = "mistakes that cost less";
    let ends = saved_minor.whole(saved)?;
    let investment_minor = investment(bought)?;
    let upkeep = part(investment_minor, own.upkeep, MILLION, "upkeep")?;
    let by_thousand = |end: i64| part(own.passages, end, 1_000, saved);
    let minor = Range { low: by_thousand(ends[0])?, mid: by_thousand(ends[1])?, high: by_thousand(ends[2])? };
    let gains = vec![Item { what: saved, minor }];
    let costs = vec![Item { what: "upkeep", minor: Range::sure(upkeep) }];
    account(investment_minor, gains, costs, own.life_years, assumed)
}

/// Figures that a change rests on.
const OF_CHANGE: [&str; 4] = ["passages_a_day", "days_a_year", "upkeep", "life_years"];

fn account(
    investment_minor: i64,
    gains: Vec<Item>,
    costs: Vec<Item>,
    life_years: i64,
    assumed: Vec<Assumed>,
) -> Result<Returns, ReturnsError> {
    let what = "the sum of a year";
    let sum = |items: &[Item], end: fn(&Range) -> i64| {
        items
            .iter()
            .try_fold(0_i64, |sum, item| sum.checked_add(end(&item.minor)))
            .ok_or(ReturnsError::TooMuch { what })
    };
    let net = |gain: fn(&Range) -> i64, cost: fn(&Range) -> i64| {
        sum(&gains, gain)?.checked_sub(sum(&costs, cost)?).ok_or(ReturnsError::TooMuch { what })
    };
    let yearly = Range {
        low: net(|r| r.low, |r| r.high)?,
        mid: net(|r| r.mid, |r| r.mid)?,
        high: net(|r| r.high, |r| r.low)?,
    };
    let what = "the sum of three years";
    let spent = part(investment_minor, (YEARS + life_years - 1) / life_years.max(1), 1, what)?;
    let years = |a_year: i64| {
        a_year.checked_mul(YEARS).and_then(|sum| sum.checked_sub(spent)).ok_or(ReturnsError::TooMuch { what })
    };
    let three_years = Range { low: years(yearly.low)?, mid: years(yearly.mid)?, high: years(yearly.high)? };
    let months = |a_year: i64| match a_year {
        gained if gained > 0 => {
            Some((i128::from(investment_minor) * 12 + i128::from(gained) - 1) / i128::from(gained))
        }
        _ => None,
    };
    let months = |a_year: i64| months(a_year).and_then(|months| i64::try_from(months).ok());
    let payback_months =
        Payback { best: months(yearly.high), mid: months(yearly.mid), worst: months(yearly.low) };
    Ok(Returns { investment_minor, gains, costs, yearly, payback_months, three_years, assumed })
}

/// `a × b ÷ by`, rounded half away from nothing.
fn part(a: i64, b: i64, by: i64, what: &'static str) -> Result<i64, ReturnsError> {
    let (product, by) = (i128::from(a) * i128::from(b), i128::from(by.max(1)));
    let half = if product < 0 { -by / 2 } else { by / 2 };
    i64::try_from((product + half) / by).map_err(|_| ReturnsError::TooMuch { what })
}

fn investment(bought: &[Bought]) -> Result<i64, ReturnsError> {
    bought.iter().try_fold(0_i64, |sum, line| {
        for (key, value) in [("count", line.count), ("each_minor", line.each_minor)] {
            if value < 0 {
                return Err(ReturnsError::Wrong { key, value: value.to_string(), right: "0 or more" });
            }
        }
        let what = "what is bought";
        sum.checked_add(part(line.count, line.each_minor, 1, what)?).ok_or(ReturnsError::TooMuch { what })
    })
}

impl Range {
    /// Of an amount, a part that is known with its ends, in millionths.
    fn of(parts: [i64; 3], amount: i64, what: &'static str) -> Result<Range, ReturnsError> {
        let [low, mid, high] = parts;
        let end = |share| part(amount, share, MILLION, what);
        Ok(Range { low: end(low)?, mid: end(mid)?, high: end(high)? })
    }

    fn sure(amount: i64) -> Range {
        Range { low: amount, mid: amount, high: amount }
    }
}

impl Estimate {
    /// Its ends in whole numbers.
    fn whole(self, key: &'static str) -> Result<[i64; 3], ReturnsError> {
        let ends = [self.low, self.mid, self.high];
        // A double holds whole numbers up to 2^53.
        if ends.iter().all(|end| end.abs() < 9e15) && self.low <= self.mid && self.mid <= self.high {
            return Ok(ends.map(|end| end.round() as i64));
        }
        let right = "an interval that holds its own figure";
        Err(ReturnsError::Wrong {
            key,
            value: format!("{} [{} to {}]", self.mid, self.low, self.high),
            right,
        })
    }

    fn millionths(self, key: &'static str) -> Result<[i64; 3], ReturnsError> {
        let million = MILLION as f64;
        let ends = Estimate { low: self.low * million, mid: self.mid * million, high: self.high * million };
        let whole = ends.whole(key)?;
        if whole[0] >= 0 {
            return Ok(whole);
        }
        Err(ReturnsError::Wrong { key, value: self.low.to_string(), right: "0 or more" })
    }
}

/// The shop's figures in whole numbers: shares in millionths, amounts a year.
struct Own {
    passages: i64,
    pieces: i64,
    sales_minor: i64,
    margin: i64,
    shrink: i64,
    carried_out: i64,
    recovered: i64,
    till_hour_minor: i64,
    saved_ms: i64,
    tag_minor: i64,
    upkeep: i64,
    life_years: i64,
}

impl Own {
    fn of(shop: &Shop, assumed: &mut Vec<Assumed>) -> Result<Own, ReturnsError> {
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
fn given<T: Copy + ToString>(
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

fn within(
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

#[cfg(test)]
#[path = "returns_tests.rs"]
mod tests;
