//! Return on investment from the shop's own figures and what the simulation says. A pure function over plain figures: whole
//! minor units, checked, every end of an interval carried through to the last line. It never prints a payback where nothing
//! is gained, and names every figure that the shop did not give.

use std::fmt::Write as _;

use serde::Serialize;

use super::intervals::{Mean, Share};
use super::shop::{AMOUNT, Own, Shop, given, within};

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
    /// Share of billed lines that do not belong on their receipt, strays among them.
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
pub(super) const MILLION: i64 = 1_000_000;

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
    let (leaves, wrongly, calls) = ("pieces that leave unpaid", "wrong charges", "staff called");
    let charges = part(own.pieces, wrong_charge_minor, 1, wrongly)?;
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
pub(super) fn part(a: i64, b: i64, by: i64, what: &'static str) -> Result<i64, ReturnsError> {
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

impl From<Share> for Estimate {
    fn from(Share { low, share, high, .. }: Share) -> Estimate {
        Estimate { low, mid: share, high }
    }
}

impl From<Mean> for Estimate {
    fn from(Mean { low, mean, high, .. }: Mean) -> Estimate {
        Estimate { low: low.min(mean), mid: mean, high: high.max(mean) }
    }
}

impl Returns {
    /// The account for people; `money` writes an amount as the shop writes its prices.
    pub fn told(&self, money: &dyn Fn(i64) -> String) -> String {
        let ranged = |minor: Range| match minor {
            Range { low, mid, high } if low == high => money(mid),
            Range { low, mid, high } => format!("{} [{} to {}]", money(mid), money(low), money(high)),
        };
        let mut out = String::new();
        // Writing into a String cannot fail.
        let mut line = |what: &str, said: String| {
            let _ = writeln!(out, "{what:30} {said}");
        };
        line("to be bought", money(self.investment_minor));
        line("a year brings", String::new());
        self.gains.iter().for_each(|item| line(&format!("  {}", item.what), ranged(item.minor)));
        line("a year costs", String::new());
        self.costs.iter().for_each(|item| line(&format!("  {}", item.what), ranged(item.minor)));
        line("net of a year", ranged(self.yearly));
        line("net of three years", ranged(self.three_years));
        line("has paid for itself", self.payback_months.told());
        if !self.assumed.is_empty() {
            line("not said by the shop, so taken", String::new());
        }
        for Assumed { key, value, source } in &self.assumed {
            line(&format!("  {key} = {value}"), (*source).to_owned());
        }
        // Some lines have nothing behind their name.
        out.lines().map(|line| format!("{}\n", line.trim_end())).collect()
    }
}

impl Payback {
    fn told(&self) -> String {
        let months = |n: i64| if n == 1 { "1 month".to_owned() } else { format!("{n} months") };
        let end = |months_: Option<i64>| months_.map_or("never".to_owned(), months);
        match (self.best, self.mid, self.worst) {
            (None, ..) => "never: nothing is gained".into(),
            (Some(best), None, _) => {
                format!("not shown: it loses by these figures; after {} at the best", months(best))
            }
            (Some(best), Some(mid), worst) if worst == Some(best) => format!("after {}", months(mid)),
            (Some(best), Some(mid), worst) => {
                format!("after {} [{} to {}]", months(mid), months(best), end(worst))
            }
        }
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

#[cfg(test)]
#[path = "returns_tests.rs"]
mod tests;
