//! What vendors write as JSON, in our units. Never panics, whatever stands there: what is missing or of another kind is
//! absent.

use recording::{Hex, Time};
use serde_json::Value;

/// A reader's instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Instant {
    /// µs since 1970. Where it is told to the second only, the middle of that second is what is known best.
    pub(crate) us: u64,
    /// Told to more than the second.
    pub(crate) fine: bool,
}

/// A reader's instant; `None` where the text is none.
pub(crate) fn instant(value: Option<&Value>) -> Option<Instant> {
    let text = value?.as_str()?;
    let us = u64::try_from(Time::parse(text).ok()?.as_micros()).ok()?;
    let fine = text.contains('.');
    Some(Instant { us: if fine { us } else { us + 500_000 }, fine })
}

/// A reader's instant, µs since 1970.
pub(crate) fn instant_us(value: Option<&Value>) -> Option<u64> {
    instant(value).map(|instant| instant.us)
}

/// Degrees of any size as radians in [0, 2π).
pub(crate) fn radians(value: Option<&Value>) -> Option<f32> {
    let degrees = value?.as_f64().filter(|degrees| degrees.is_finite())?;
    let radians = degrees.rem_euclid(360.0).to_radians() as f32;
    // A hair less than a full turn may round up to one.
    Some(if radians >= std::f32::consts::TAU { 0.0 } else { radians })
}

/// Hexadecimal digits.
pub(crate) fn hex(value: Option<&Value>) -> Option<Hex> {
    Hex::parse(value?.as_str()?).ok()
}

/// A port or a word: a whole number that fits.
pub(crate) fn whole(value: Option<&Value>) -> Option<u16> {
    u16::try_from(value?.as_u64()?).ok()
}

/// A text of any length as one that a line of ours can hold.
pub(crate) fn brief(text: &str) -> String {
    const MOST: usize = 200;
    let mut brief: String = text.chars().filter(|c| !c.is_control()).take(MOST).collect();
    if text.chars().count() > MOST {
        brief.push('…');
    }
    brief
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;
    use recording::{Line, Parsed, Read};
    use serde_json::json;

    use super::*;

    /// JSON of any kind, some levels deep.
    pub(crate) fn anything() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            "[0-9A-Fa-f]{0,40}".prop_map(Value::from),
            ".{0,20}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 24, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::btree_map("[a-z]{1,8}", inner, 0..5)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    /// A read can be written to a recording and read back.
    pub(crate) fn comes_back(read: Read) {
        assert!(read.phase.is_none_or(|phase| (0.0..std::f32::consts::TAU).contains(&phase)), "{read:?}");
        let line = Line::new(Time::from_micros(0), read.into());
        let mut text = Vec::new();
        recording::write_line(&mut text, &line).unwrap();
        let back = recording::parse_line(1, std::str::from_utf8(&text).unwrap().trim()).unwrap();
        assert_eq!(back, Parsed::Taken(Box::new(line), vec![]));
    }

    #[test]
    fn instants_are_read_as_vendors_write_them() {
        let us = |text: &str| instant_us(Some(&json!(text)));
        // Impinj: nanoseconds and Z.
        assert_eq!(us("2025-05-17T16:03:13.944189383Z"), Some(1_747_497_793_944_189));
        // Zebra: an offset without a colon, and with one.
        assert_eq!(us("2023-04-03T21:50:16.699+0200"), Some(1_680_551_416_699_000));
        assert_eq!(us("2020-01-08T15:36:53+00:00"), Some(1_578_497_813_500_000), "the middle of that second");
        for wrong in ["", "08/01/2020 15:36", "1747497793", "0001-01-01T00:00:00Z"] {
            assert_eq!(us(wrong), None, "{wrong}");
        }
        assert_eq!(instant_us(Some(&json!(1_747_497_793))), None);
    }

    #[test]
    fn a_phase_in_degrees_lies_within_one_turn() {
        let phase = |degrees: f64| radians(Some(&json!(degrees)));
        assert_eq!(phase(90.0), Some(std::f32::consts::FRAC_PI_2));
        assert_eq!(phase(-90.0), Some(1.5 * std::f32::consts::PI));
        assert_eq!(phase(360.0), Some(0.0));
        assert_eq!(phase(-1e-12), Some(0.0));
        assert_eq!(radians(Some(&json!("90"))), None);
    }
}
