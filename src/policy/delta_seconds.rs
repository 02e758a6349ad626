//! Numbers of seconds in fields (RFC 9111 §1.2.2).

use std::time::Duration;

/// What greater numbers count as: 2³¹ seconds, 68 years.
pub(super) const MAX: Duration = Duration::from_secs(1 << 31);

/// Reads a non-negative whole number of seconds; `None` if it is anything else.
///
/// RFC 9111 §1.2.2: a number too great to represent counts as 2³¹.
pub(super) fn parse(text: &[u8]) -> Option<Duration> {
    if text.is_empty() {
        return None;
    }
    let mut seconds: u64 = 0;
    for &byte in text {
        if !byte.is_ascii_digit() {
            return None;
        }
        seconds = (seconds * 10 + u64::from(byte - b'0')).min(MAX.as_secs());
    }
    Some(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_whole_non_negative_numbers_count() {
        for (text, expected) in [
            ("0", Some(0)),
            ("60", Some(60)),
            ("003600", Some(3600)),
            ("2147483648", Some(1 << 31)),
            ("2147483649", Some(1 << 31)),
            ("99999999999999999999999999", Some(1 << 31)),
            ("", None),
            ("-1", None),
            ("+1", None),
            ("1.0", None),
            ("1e3", None),
            (" 1", None),
            ("1a", None),
            ("٣", None),
        ] {
            assert_eq!(parse(text.as_bytes()), expected.map(Duration::from_secs), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn every_number_is_read_as_itself_or_as_the_greatest(seconds: u64) {
            let expected = Duration::from_secs(seconds).min(MAX);
            prop_assert_eq!(parse(seconds.to_string().as_bytes()), Some(expected));
        }
    }
}
