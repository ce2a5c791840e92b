//! Money, times and states as people read them.

use engine::plan::ZoneKind;
use jiff::tz::TimeZone;
use recording::{
    Basis, Direction, GateState, Health, ItemAction, PassageOutcome, ReceiptStatus, Time, Verdict,
};

/// How many digits of a currency's amounts are below its unit (ISO 4217, list one).
fn minor_digits(currency: &str) -> u32 {
    match currency {
        "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX" | "UYI"
        | "VND" | "VUV" | "XAF" | "XOF" | "XPF" => 0,
        "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
        _ => 2,
    }
}

/// An amount in minor units as a shopper reads it: `$49.90`, `¥4,990`, `CHF 12.00`.
pub(crate) fn money(minor: i64, currency: &str) -> String {
    let digits = minor_digits(currency);
    let unit = 10_u64.pow(digits);
    let (whole, rest) = (minor.unsigned_abs() / unit, minor.unsigned_abs() % unit);
    let whole = whole.to_string();
    let mut grouped = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let sign = if minor < 0 { "−" } else { "" };
    let mark = match currency {
        "USD" => "$".into(),
        "EUR" => "€".into(),
        "GBP" => "£".into(),
        "JPY" => "¥".into(),
        other => format!("{other}\u{a0}"),
    };
    match digits {
        0 => format!("{sign}{mark}{grouped}"),
        digits => format!("{sign}{mark}{grouped}.{rest:0width$}", width = digits as usize),
    }
}

fn zoned(time: Time, zone: &TimeZone) -> Option<jiff::ZonedDateTime> {
    jiff::Timestamp::from_microsecond(time.as_micros())
        .ok()
        .map(|instant| instant.to_zoned_datetime(zone.clone()))
}

/// `10:04:31` in the store's zone.
pub(super) fn clock(time: Time, zone: &TimeZone) -> String {
    zoned(time, zone).map_or_else(|| time.to_string(), |zoned| zoned.strftime("%H:%M:%S").to_string())
}

/// `24 November 2026, 10:04` in the store's zone, with the zone's short name.
pub(super) fn date(time: Time, zone: &TimeZone) -> String {
    zoned(time, zone)
        .map_or_else(|| time.to_string(), |zoned| zoned.strftime("%-d %B %Y, %H:%M %Z").to_string())
}

/// The first instant of the day in which `time` lies, in the store's zone.
pub(super) fn day_began(time: Time, zone: &TimeZone) -> Time {
    zoned(time, zone)
        .and_then(|zoned| zoned.start_of_day().ok())
        .map_or(Time::default(), |began| Time::from_micros(began.timestamp().as_microsecond()))
}

/// How long ago: `now`, `12 s ago`, `5 min ago`, `3 h ago`.
pub(super) fn ago(time: Time, now: Time) -> String {
    match now.since(time).as_secs() {
        0..=1 => "now".into(),
        s @ 2..=119 => format!("{s} s ago"),
        s @ 120..=7199 => format!("{} min ago", s / 60),
        s => format!("{} h ago", s / 3600),
    }
}

/// A share as a whole percentage that never rounds to a certainty that is not there.
pub(super) fn percent(p: f64) -> String {
    match p {
        p if p > 0.0 && p < 0.01 => "< 1 %".into(),
        p if p < 1.0 && p > 0.99 => "> 99 %".into(),
        p => format!("{:.0} %", p * 100.0),
    }
}

/// What a line rests on, small beside it.
pub(super) fn basis(basis: Basis) -> &'static str {
    match basis {
        Basis::Tag => "tag",
        Basis::Vision => "seen",
        Basis::TagAndVision => "tag + seen",
    }
}

pub(super) fn outcome(outcome: Option<PassageOutcome>) -> (&'static str, &'static str) {
    match outcome {
        None => ("going on", "quiet"),
        Some(PassageOutcome::Charged) => ("paid", "good"),
        Some(PassageOutcome::NoItems) => ("nothing to pay", "quiet"),
        Some(PassageOutcome::TurnedBack) => ("turned back", "quiet"),
        Some(PassageOutcome::Held) => ("held", "warn"),
        Some(PassageOutcome::Unpaid) => ("unpaid", "bad"),
        Some(PassageOutcome::Staff) => ("staff", "quiet"),
    }
}

pub(super) fn direction(direction: Option<Direction>) -> &'static str {
    match direction {
        Some(Direction::Out) => "out",
        Some(Direction::In) => "in",
        Some(Direction::Back) => "back",
        None => "unknown",
    }
}

pub(super) fn health(health: Health) -> (&'static str, &'static str) {
    match health {
        Health::Up => ("up", "good"),
        Health::Degraded => ("degraded", "warn"),
        Health::Down => ("down", "bad"),
    }
}

pub(super) fn gate(state: Option<GateState>) -> (&'static str, &'static str) {
    match state {
        Some(GateState::Opened) => ("open", "good"),
        Some(GateState::Closed) => ("shut", "quiet"),
        Some(GateState::Forced) => ("forced", "bad"),
        Some(GateState::Failed) => ("did not open", "bad"),
        None => ("not heard of yet", "quiet"),
    }
}

pub(super) fn zone_kind(kind: ZoneKind) -> &'static str {
    match kind {
        ZoneKind::Floor => "floor",
        ZoneKind::Stockroom => "stockroom",
        ZoneKind::Fitting => "fitting rooms",
        ZoneKind::Display => "display",
        ZoneKind::Exit => "way out",
    }
}

pub(super) fn receipt(status: ReceiptStatus) -> (&'static str, &'static str) {
    match status {
        ReceiptStatus::Paid => ("paid", "good"),
        ReceiptStatus::PartlyRefunded => ("partly refunded", "warn"),
        ReceiptStatus::Refunded => ("refunded", "quiet"),
        ReceiptStatus::Void => ("void", "quiet"),
    }
}

pub(super) fn verdict(verdict: Verdict) -> (&'static str, &'static str) {
    match verdict {
        Verdict::Billed => ("billed", "good"),
        Verdict::Ignored => ("ignored", "quiet"),
        Verdict::Held => ("held", "warn"),
    }
}

pub(super) fn action(action: ItemAction) -> &'static str {
    match action {
        ItemAction::Take => "taken",
        ItemAction::Return => "put back",
        ItemAction::Carry => "carried",
    }
}

/// A name as one segment of an address.
pub(super) fn segment(name: &str) -> String {
    let mut to = String::new();
    for byte in name.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => to.push(char::from(byte)),
            other => to.push_str(&format!("%{other:02X}")),
        }
    }
    to
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_read_as_the_currency_is_written() {
        assert_eq!(money(4990, "USD"), "$49.90");
        assert_eq!(money(5, "EUR"), "€0.05");
        assert_eq!(money(123_456_789, "GBP"), "£1,234,567.89");
        assert_eq!(money(4990, "JPY"), "¥4,990");
        assert_eq!(money(-100_000, "USD"), "−$1,000.00");
        assert_eq!(money(1_500, "KWD"), "KWD\u{a0}1.500");
        assert_eq!(money(i64::MIN, "JPY"), "−¥9,223,372,036,854,775,808");
    }

    #[test]
    fn times_are_the_stores() {
        let time = Time::parse("2026-11-24T03:04:05Z").unwrap();
        let york = TimeZone::get("America/New_York").unwrap();
        assert_eq!(clock(time, &TimeZone::UTC), "03:04:05");
        assert_eq!(date(time, &york), "23 November 2026, 22:04 EST");
        assert_eq!(day_began(time, &york), Time::parse("2026-11-23T05:00:00Z").unwrap());
    }

    #[test]
    fn nothing_rounds_to_certainty() {
        assert_eq!(
            (percent(0.002), percent(0.998), percent(1.0)),
            ("< 1 %".into(), "> 99 %".into(), "100 %".into())
        );
    }
}
