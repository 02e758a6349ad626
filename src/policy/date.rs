//! Points in time, and HTTP dates (RFC 9110 §5.6.7).

mod parse;

use std::time::{Duration, UNIX_EPOCH};

use http::HeaderValue;
use httpdate::HttpDate;

/// A point in time: milliseconds since the Unix epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(u64);

impl Timestamp {
    /// From milliseconds since the Unix epoch.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// From seconds since the Unix epoch.
    pub const fn from_secs(secs: u64) -> Self {
        Self(secs.saturating_mul(1000))
    }

    /// Milliseconds since the Unix epoch.
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// How long after `earlier` this is; zero if it is not after.
    pub const fn saturating_since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }

    /// This point, later by `by`.
    pub const fn saturating_add(self, by: Duration) -> Self {
        Self(self.0.saturating_add(millis(by)))
    }

    /// This point, earlier by `by`; not before the epoch.
    pub const fn saturating_sub(self, by: Duration) -> Self {
        Self(self.0.saturating_sub(millis(by)))
    }
}

/// A length of time in whole milliseconds, in half the room of a [`Duration`]: each stored response has
/// some.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(u64);

impl Span {
    /// Of nothing.
    pub const ZERO: Self = Self(0);

    /// Of a duration, less what is no whole millisecond; at most `u64::MAX` milliseconds.
    pub const fn of(duration: Duration) -> Self {
        Self(millis(duration))
    }

    /// The same length.
    pub const fn duration(self) -> Duration {
        Duration::from_millis(self.0)
    }
}

/// Whole milliseconds, at most `u64::MAX`.
const fn millis(duration: Duration) -> u64 {
    let millis = duration.as_millis();
    if millis > u64::MAX as u128 { u64::MAX } else { millis as u64 }
}

/// The last second that an HTTP date can name: its year has four digits.
const LAST_SECOND: u64 = 253_402_300_799;

/// Reads an HTTP date in any of its three forms; `None` if it is anything else.
///
/// RFC 9110 §5.6.7: recipients accept IMF-fixdate and the obsolete RFC 850 and asctime forms.
/// RFC 9111 §4.2: names are matched case-insensitively, and no time zone but GMT is valid. What is
/// not a date counts as a time in the past where it says when something expires (§5.3).
pub fn parse_http_date(text: &[u8]) -> Option<Timestamp> {
    parse::seconds(text).map(Timestamp::from_secs)
}

/// Writes `at` as an IMF-fixdate, the one form that is generated (RFC 9110 §5.6.7); fractions of a
/// second are dropped, and what lies beyond the year 9999 is its last second.
pub fn format_http_date(at: Timestamp) -> HeaderValue {
    let seconds = (at.as_millis() / 1000).min(LAST_SECOND);
    let date = HttpDate::from(UNIX_EPOCH + Duration::from_secs(seconds));
    HeaderValue::try_from(date.to_string())
        // Unreachable: a date is plain ASCII.
        .unwrap_or(HeaderValue::from_static("Thu, 01 Jan 1970 00:00:00 GMT"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_the_three_forms_in_gmt_are_dates() {
        let known = Some(Timestamp::from_secs(784_111_777));
        for (name, text, expected) in [
            ("IMF-fixdate", "Sun, 06 Nov 1994 08:49:37 GMT", known),
            ("RFC 850", "Sunday, 06-Nov-94 08:49:37 GMT", known),
            ("asctime", "Sun Nov  6 08:49:37 1994", known),
            ("weekday in other case", "sUN, 06 Nov 1994 08:49:37 GMT", known),
            ("month in other case", "Sun, 06 NOV 1994 08:49:37 GMT", known),
            ("zone in other case", "Sun, 06 Nov 1994 08:49:37 gmt", known),
            ("RFC 850 in other case", "SUNDAY, 06-nov-94 08:49:37 Gmt", known),
            ("asctime in other case", "SUN NOV  6 08:49:37 1994", known),
            (
                "the longest",
                "Wednesday, 09-Nov-94 08:49:37 GMT",
                known.map(|at| at.saturating_add(Duration::from_secs(3 * 86_400))),
            ),
            (
                "this century",
                "Friday, 01-Jan-38 00:00:00 GMT",
                Some(Timestamp::from_secs(2_145_916_800)),
            ),
            ("the epoch", "Thu, 01 Jan 1970 00:00:00 GMT", Some(Timestamp::from_secs(0))),
            ("UTC", "Sun, 06 Nov 1994 08:49:37 UTC", None),
            ("another zone", "Sun, 06 Nov 1994 08:49:37 AEST", None),
            ("an offset", "Sun, 06 Nov 1994 08:49:37 +0000", None),
            ("no zone", "Sun, 06 Nov 1994 08:49:37", None),
            ("two-digit year", "Sun, 06 Nov 94 08:49:37 GMT", None),
            ("dashes", "Sun, 06-Nov-1994 08:49:37 GMT", None),
            ("no comma", "Sun 06 Nov 1994 08:49:37 GMT", None),
            ("two spaces", "Sun, 06  Nov 1994 08:49:37 GMT", None),
            ("one-digit hour", "Sun, 06 Nov 1994 8:49:37 GMT", None),
            ("spaces around it", " Sun, 06 Nov 1994 08:49:37 GMT", None),
            ("wrong weekday", "Mon, 06 Nov 1994 08:49:37 GMT", known),
            ("no weekday", "Foo, 06 Nov 1994 08:49:37 GMT", None),
            (
                "a leap second",
                "Sat, 31 Dec 2016 23:59:60 GMT",
                Some(Timestamp::from_secs(1_483_228_799)),
            ),
            (
                "a leap day",
                "Thu, 29 Feb 2024 00:00:00 GMT",
                Some(Timestamp::from_secs(1_709_164_800)),
            ),
            ("no leap day", "Thu, 29 Feb 2100 00:00:00 GMT", None),
            ("one digit more", "Sun, 06 Nov 19944 08:49:37 GMT", None),
            ("no such day", "Wed, 30 Feb 1994 08:49:37 GMT", None),
            ("no such hour", "Sun, 06 Nov 1994 24:49:37 GMT", None),
            ("before the epoch", "Wed, 31 Dec 1969 23:59:59 GMT", None),
            ("two dates", "Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT", None),
            ("a number", "0", None),
            ("minus one", "-1", None),
            ("nothing", "", None),
            ("not ASCII", "Sün, 06 Nov 1994 08:49:37 GMT", None),
        ] {
            assert_eq!(parse_http_date(text.as_bytes()), expected, "{name}");
        }
    }

    #[test]
    fn a_time_beyond_the_last_year_is_its_last_second() {
        let date = format_http_date(Timestamp::from_millis(u64::MAX));
        assert_eq!(date, "Fri, 31 Dec 9999 23:59:59 GMT");
    }

    #[test]
    fn durations_too_great_for_milliseconds_saturate() {
        let now = Timestamp::from_secs(1);
        assert_eq!(now.saturating_add(Duration::MAX), Timestamp::from_millis(u64::MAX));
        assert_eq!(now.saturating_sub(Duration::MAX), Timestamp::from_millis(0));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(seconds in 0..=LAST_SECOND, millis in 0..1000_u64) {
            let at = Timestamp::from_millis(seconds * 1000 + millis);
            let date = format_http_date(at);
            prop_assert_eq!(parse_http_date(date.as_bytes()), Some(Timestamp::from_secs(seconds)));
        }

        #[test]
        fn no_text_is_too_strange_to_read(text in proptest::collection::vec(any::<u8>(), 0..40)) {
            parse_http_date(&text);
        }

        #[test]
        fn no_date_is_too_strange_to_read(
            text in "(Sun|Sunday|Wednesday),? [ 0-9]{2}[ -]Nov[ -][0-9]{2,4} [0-9]{2}:[0-9]{2}:[0-9]{2} ?(GMT|)",
        ) {
            parse_http_date(text.as_bytes());
        }
    }
}
