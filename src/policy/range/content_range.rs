//! Which bytes does a 206 bring? (RFC 9110 §14.4)

use std::ops::Range;

use http::header::CONTENT_RANGE;
use http::{HeaderMap, HeaderValue};

/// The value of `Content-Range` for these bytes of a representation, which are not none; without a
/// complete length it says that nobody knows it.
pub fn content_range(part: &Range<u64>, complete: Option<u64>) -> HeaderValue {
    let (first, last) = (part.start, part.end.saturating_sub(1));
    match complete {
        Some(complete) => value(&format!("bytes {first}-{last}/{complete}")),
        None => value(&format!("bytes {first}-{last}/*")),
    }
}

/// The value of `Content-Range` in a 416: how long the representation is (RFC 9110 §15.5.17).
pub fn unsatisfied(complete: u64) -> HeaderValue {
    value(&format!("bytes */{complete}"))
}

fn value(text: &str) -> HeaderValue {
    // The fallback is unreachable: numbers and signs are plain ASCII.
    HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static("bytes */*"))
}

/// A valid `Content-Range` of a 206 with a single part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContentRange {
    /// The position of the first byte.
    pub first: u64,
    /// That of the last one, not before the first.
    pub last: u64,
    /// The length of the whole representation, if the sender knows it; the last byte is within it.
    pub complete: Option<u64>,
}

impl ContentRange {
    /// Reads the field of a 206; `None` if it is missing, repeated, of another unit, or invalid.
    ///
    /// RFC 9110 §14.4: what is invalid must not be combined with anything. So nothing is guessed
    /// here, and a number too great to count is no number.
    pub fn parse(headers: &HeaderMap) -> Option<Self> {
        let mut lines = headers.get_all(CONTENT_RANGE).iter();
        let (line, None) = (lines.next()?, lines.next()) else {
            return None;
        };
        let (range, complete) = line.to_str().ok()?.split_once('/')?;
        let (unit, range) = range.split_once(' ')?;
        let (first, last) = range.split_once('-')?;
        let found = Self {
            first: number(first)?,
            last: number(last)?,
            complete: if complete == "*" { None } else { Some(number(complete)?) },
        };
        (unit.eq_ignore_ascii_case("bytes") && found.is_valid()).then_some(found)
    }

    /// §14.4: it does not end before it begins, nor beyond the end. The greatest number of all is
    /// left out, so that the position after the last has one.
    fn is_valid(self) -> bool {
        self.first <= self.last && self.last < self.complete.unwrap_or(u64::MAX)
    }

    /// The bytes, the end exclusive.
    pub fn range(self) -> Range<u64> {
        self.first..self.last.saturating_add(1)
    }
}

/// Digits only: the parser of the standard library would take a sign.
fn number(digits: &str) -> Option<u64> {
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| digits.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::testing::headers;
    use proptest::prelude::*;

    fn parse(lines: &[&str]) -> Option<ContentRange> {
        let fields: Vec<_> = lines.iter().map(|line| ("content-range", *line)).collect();
        ContentRange::parse(&headers(&fields))
    }

    #[test]
    fn only_one_valid_line_is_read() {
        let read = |first, last, complete| Some(ContentRange { first, last, complete });
        for (name, lines, expected) in [
            ("a part", &["bytes 0-4/10"][..], read(0, 4, Some(10))),
            ("to the end", &["bytes 5-9/10"], read(5, 9, Some(10))),
            ("one byte", &["bytes 0-0/1"], read(0, 0, Some(1))),
            ("of unknown length", &["bytes 5-9/*"], read(5, 9, None)),
            ("another case", &["Bytes 0-4/10"], read(0, 4, Some(10))),
            ("beyond the end", &["bytes 5-10/10"], None),
            ("backwards", &["bytes 5-4/10"], None),
            ("unsatisfied", &["bytes */10"], None),
            ("another unit", &["lines 0-4/10"], None),
            ("no unit", &["0-4/10"], None),
            ("an equals sign", &["bytes=0-4/10"], None),
            ("two spaces", &["bytes  0-4/10"], None),
            ("space before the length", &["bytes 0-4/ 10"], None),
            ("no length", &["bytes 0-4"], None),
            ("an empty length", &["bytes 0-4/"], None),
            ("an open range", &["bytes 0-/10"], None),
            ("a suffix", &["bytes -5/10"], None),
            ("a sign", &["bytes +0-4/10"], None),
            ("a list", &["bytes 0-4/10, bytes 5-9/10"], None),
            ("two lines", &["bytes 0-4/10", "bytes 0-4/10"], None),
            ("too great", &["bytes 0-4/99999999999999999999"], None),
            ("the greatest", &["bytes 0-18446744073709551615/*"], None),
            ("nothing", &[""], None),
            ("no line", &[], None),
        ] {
            assert_eq!(parse(lines), expected, "{name}");
        }
    }

    #[test]
    fn a_416_says_how_long_the_whole_is() {
        assert_eq!(unsatisfied(10), "bytes */10");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(first: u32, more: u16, rest: Option<u16>) {
            let last = u64::from(first) + u64::from(more);
            let complete = rest.map(|rest| last + 1 + u64::from(rest));
            let range = u64::from(first)..last + 1;
            let line = content_range(&range, complete);
            let found = parse(&[line.to_str().unwrap()]).unwrap();
            prop_assert_eq!((found.range(), found.complete), (range, complete));
        }

        #[test]
        fn no_field_is_too_strange_to_read(line in "(bytes )?[0-9*/ -]{0,40}|\\PC{0,20}") {
            parse(&[&line]);
        }
    }
}
