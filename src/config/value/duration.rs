//! Durations: `"250ms"`, `"30s"`, `"1h30m"`.

use std::time::Duration;

use serde_json::{Value as Json, json};

use super::{Text, Wrong};

/// A duration, zero included.
pub(in crate::config) enum Time {}

/// A duration that zero would make useless.
pub(in crate::config) enum PositiveTime {}

/// The units and their milliseconds, longest first. `1d` is 24 hours.
const UNITS: [(&str, u64); 5] =
    [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)];

/// Far more than anyone waits, and little enough that no clock overflows when it is added to now.
const LONGEST: u64 = 36_500 * 86_400_000;

impl Text for Time {
    type Value = Duration;

    fn parse(text: &str) -> Result<Duration, Wrong> {
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(Wrong::NoUnit { number: text.into() });
        }
        let millis = millis(text).ok_or_else(|| Wrong::Not {
            text: text.into(),
            what: "a duration",
            expected: "a number with ms, s, m, h or d, such as \"30s\" or \"1h30m\"",
        })?;
        if millis > LONGEST {
            let most = Self::print(&Duration::from_millis(LONGEST));
            return Err(Wrong::TooMuch { text: text.into(), most });
        }
        Ok(Duration::from_millis(millis))
    }

    fn print(value: &Duration) -> String {
        format!("\"{}\"", shortest(u64::try_from(value.as_millis()).unwrap_or(u64::MAX)))
    }

    fn schema() -> Json {
        let pattern = "^([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?$";
        json!({"type": "string", "minLength": 2, "pattern": pattern})
    }
}

impl Text for PositiveTime {
    type Value = Duration;

    fn parse(text: &str) -> Result<Duration, Wrong> {
        let time = Time::parse(text)?;
        if time.is_zero() {
            let why = "zero would leave no time for anything";
            return Err(Wrong::TooLittle { text: text.into(), least: "\"1ms\"".into(), why });
        }
        Ok(time)
    }

    fn print(value: &Duration) -> String {
        Time::print(value)
    }

    fn schema() -> Json {
        json!({"allOf": [Time::schema()], "not": {"pattern": "^[0a-z]*$"}})
    }
}

/// The sum of numbers with units, each unit shorter than the one before it. `None` if the text is
/// not that; one that is too large to count counts as the largest.
fn millis(text: &str) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    let mut rest = text;
    let mut sum = 0_u64;
    let mut units = UNITS.as_slice();
    while !rest.is_empty() {
        let (digits, after) = rest.split_at(rest.find(|c: char| !c.is_ascii_digit())?);
        let end = after.find(|c: char| !c.is_ascii_lowercase()).unwrap_or(after.len());
        let (name, after) = after.split_at(end);
        let index = units.iter().position(|(unit, _)| *unit == name)?;
        if digits.is_empty() {
            return None;
        }
        let number = digits.parse().unwrap_or(u64::MAX);
        sum = sum.saturating_add(units[index].1.saturating_mul(number));
        units = &units[index + 1..];
        rest = after;
    }
    Some(sum)
}

/// The shorter of `90m` and `1h30m`; if they are equally long, the one with a single unit.
fn shortest(millis: u64) -> String {
    let single = UNITS.iter().find(|(_, unit)| millis.is_multiple_of(*unit) && millis != 0);
    let single = single.map_or("0s".into(), |(name, unit)| format!("{}{name}", millis / unit));
    let mut rest = millis;
    let mut combined = String::new();
    for (name, unit) in UNITS {
        if rest >= unit {
            combined += &format!("{}{name}", rest / unit);
            rest %= unit;
        }
    }
    if !combined.is_empty() && combined.len() < single.len() { combined } else { single }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{printed, told};
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn durations_are_read_and_printed_in_their_shortest_form() {
        for (text, millis, expected) in [
            ("250ms", 250, "\"250ms\""),
            ("30s", 30_000, "\"30s\""),
            ("030s", 30_000, "\"30s\""),
            ("60s", 60_000, "\"1m\""),
            ("90s", 90_000, "\"90s\""),
            ("1m30s", 90_000, "\"90s\""),
            ("5m", 300_000, "\"5m\""),
            ("1h30m", 5_400_000, "\"90m\""),
            ("1h0m1s", 3_601_000, "\"1h1s\""),
            ("24h", 86_400_000, "\"1d\""),
            ("1d1ms", 86_400_001, "\"1d1ms\""),
            ("0s", 0, "\"0s\""),
            ("0d0ms", 0, "\"0s\""),
            ("36500d", LONGEST, "\"36500d\""),
        ] {
            assert_eq!(Time::parse(text), Ok(Duration::from_millis(millis)), "{text}");
            assert_eq!(printed::<Time>(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_duration_is_told_so() {
        for text in [
            "", "soon", "s", "1", "-1s", "1.5s", "30 s", "30S", "30sec", "1m1h", "1s1s", "1h30",
            "s1",
        ] {
            assert!(Time::parse(text).is_err(), "{text}");
        }
        for (text, expected) in [
            (
                "soon",
                "\"soon\" is not a duration; write a number with ms, s, m, h or d, such as \"30s\" or \"1h30m\"",
            ),
            ("30", "30 has no unit; write \"30s\" if seconds are meant"),
            ("36501d", "36501d is too much; write at most \"36500d\""),
            (
                "99999999999999999999999d",
                "99999999999999999999999d is too much; write at most \"36500d\"",
            ),
        ] {
            assert_eq!(told::<Time>(text), expected);
        }
        assert_eq!(
            told::<PositiveTime>("0ms"),
            "0ms is too little; write at least \"1ms\": zero would leave no time for anything"
        );
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_back(millis in 0..=LONGEST) {
            let time = Duration::from_millis(millis);
            prop_assert_eq!(Time::parse(Time::print(&time).trim_matches('"')), Ok(time));
        }

        #[test]
        fn what_is_printed_is_short_and_final(a in 0..40_u64, b in 0..30_u64, c in 0..70_u64, d in 0..70_u64, e in 0..1100_u64) {
            let text = format!("{a}d{b}h{c}m{d}s{e}ms");
            let again = printed::<Time>(&text);
            prop_assert!(again.len() <= text.len() + 2);
            prop_assert_eq!(printed::<Time>(again.trim_matches('"')), again);
        }

        #[test]
        fn any_text_can_be_read(text in "([0-9]{0,25}(d|h|m|s|ms|.)){0,4}") {
            let _ = Time::parse(&text);
        }
    }
}
