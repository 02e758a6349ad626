//! The specifiers of a `Range` field, before it is known what they are applied to (RFC 9110 §14.1,
//! §14.2).

use std::ops::Range;

use http::HeaderMap;
use http::header::RANGE;
use smallvec::SmallVec;

use crate::policy::list;

/// More ranges than this are not answered one by one (RFC 9110 §17.15). Real clients ask for one,
/// readers of PDF files for some.
const MOST_RANGES: usize = 16;

/// One range as it was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::policy) enum Spec {
    /// From `first` to `last`, both included, or to the end.
    Int {
        /// The position of the first byte.
        first: u64,
        /// That of the last one, not before the first.
        last: Option<u64>,
    },
    /// So many bytes at the end, or all if there are fewer.
    Suffix(u64),
}

impl Spec {
    /// The bytes that this means of `length`; `None` if it cannot be satisfied.
    ///
    /// RFC 9110 §14.1.2: it can if it begins before the end, or is a suffix of some length.
    pub(in crate::policy) fn within(self, length: u64) -> Option<Range<u64>> {
        let range = match self {
            Self::Int { first, last } => {
                first..last.map_or(length, |last| last.saturating_add(1).min(length))
            }
            Self::Suffix(wanted) => length.saturating_sub(wanted)..length,
        };
        (!range.is_empty()).then_some(range)
    }
}

/// The specifiers of a request's `Range`, at least one; `None` if there is no field that counts.
///
/// RFC 9110 §14.2: a field of another unit than bytes may be ignored, and so may an invalid one;
/// §14.1.1: one bad specifier makes all of it invalid. `Range` is no list, so a second line makes
/// it invalid too (§5.3).
pub(in crate::policy) fn specs(request: &HeaderMap) -> Option<SmallVec<[Spec; 1]>> {
    let mut lines = request.get_all(RANGE).iter();
    let (line, None) = (lines.next()?, lines.next()) else {
        return None;
    };
    let mut specs = SmallVec::new();
    for member in list::members(range_set(line.as_bytes())?) {
        if specs.len() == MOST_RANGES {
            return None;
        }
        specs.push(spec(member)?);
    }
    (!specs.is_empty()).then_some(specs)
}

/// What stands behind `bytes=`; RFC 9110 §14.1: names of units are case-insensitive.
fn range_set(line: &[u8]) -> Option<&[u8]> {
    let (unit, set) = line.split_at_checked(b"bytes=".len())?;
    unit.eq_ignore_ascii_case(b"bytes=").then_some(set)
}

/// RFC 9110 §14.1.1: `first-last`, `first-` or `-length`.
fn spec(member: &[u8]) -> Option<Spec> {
    let dash = member.iter().position(|byte| *byte == b'-')?;
    let (first, last) = (member.get(..dash)?, member.get(dash + 1..)?);
    if first.is_empty() {
        return Some(Spec::Suffix(number(last)?));
    }
    let first = number(first)?;
    let last = if last.is_empty() { None } else { Some(number(last)?) };
    // §14.1.1: a range that ends before it begins is invalid.
    last.is_none_or(|last| first <= last).then_some(Spec::Int { first, last })
}

/// RFC 9110 §14.1.2: digits, and as many of them as the client likes. What is too great to count
/// is beyond the end of anything, and is read as the greatest number that we have.
fn number(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let add = |sum: u64, digit: &u8| sum.saturating_mul(10).saturating_add(u64::from(digit - b'0'));
    Some(digits.iter().fold(0, add))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::testing::headers;

    fn read(line: &str) -> Option<Vec<Spec>> {
        specs(&headers(&[("range", line)])).map(SmallVec::into_vec)
    }

    fn int(first: u64, last: Option<u64>) -> Spec {
        Spec::Int { first, last }
    }

    #[test]
    fn a_field_is_read_whole_or_not_at_all() {
        for (name, line, expected) in [
            ("first and last", "bytes=0-4", Some(vec![int(0, Some(4))])),
            ("one byte", "bytes=4-4", Some(vec![int(4, Some(4))])),
            ("open", "bytes=5-", Some(vec![int(5, None)])),
            ("a suffix", "bytes=-3", Some(vec![Spec::Suffix(3)])),
            ("an empty suffix", "bytes=-0", Some(vec![Spec::Suffix(0)])),
            ("leading zeros", "bytes=007-008", Some(vec![int(7, Some(8))])),
            ("another case", "BYTES=0-4", Some(vec![int(0, Some(4))])),
            ("several", "bytes= 0-0 ,\t-1,, 5-", {
                Some(vec![int(0, Some(0)), Spec::Suffix(1), int(5, None)])
            }),
            ("too great", "bytes=1-99999999999999999999999", Some(vec![int(1, Some(u64::MAX))])),
            ("another unit", "lines=0-4", None),
            ("no unit", "0-4", None),
            ("no set", "bytes", None),
            ("an empty set", "bytes=", None),
            ("only separators", "bytes=, ,", None),
            ("space before the sign", "bytes =0-4", None),
            ("backwards", "bytes=4-0", None),
            ("only a dash", "bytes=-", None),
            ("no dash", "bytes=4", None),
            ("two dashes", "bytes=--4", None),
            ("space inside", "bytes=0 -4", None),
            ("a sign", "bytes=+0-4", None),
            ("a letter", "bytes=0-4a", None),
            ("one bad among good", "bytes=0-4,x,6-", None),
            ("quoted", "bytes=\"0-4\"", None),
        ] {
            assert_eq!(read(line), expected, "{name}");
        }
    }

    #[test]
    fn two_lines_are_none() {
        assert_eq!(specs(&headers(&[("range", "bytes=0-1"), ("range", "bytes=0-1")])), None);
        assert_eq!(specs(&HeaderMap::new()), None);
    }

    #[test]
    fn too_many_ranges_are_none() {
        let line = |count: u64| {
            let all: Vec<_> = (0..count).map(|at| format!("{}-{}", at * 9, at * 9)).collect();
            format!("bytes={}", all.join(","))
        };
        assert_eq!(read(&line(16)).map(|specs| specs.len()), Some(16));
        assert_eq!(read(&line(17)), None);
    }

    #[test]
    fn one_range_takes_no_memory() {
        assert!(!specs(&headers(&[("range", "bytes=0-4")])).unwrap().spilled());
    }
}
