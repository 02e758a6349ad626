//! When two `Accept-Language` fields ask for the same (RFC 9110 §12.5.4).

use super::weight::weighted;
use crate::policy::list;

/// Whether both ask for the same languages, in the same order of preference.
pub(super) fn same<'a, 'b>(
    one: impl Iterator<Item = &'a [u8]>,
    other: impl Iterator<Item = &'b [u8]>,
) -> bool {
    ranges(one) == ranges(other)
}

/// The language ranges with their weights, heaviest first.
///
/// RFC 4647 §2: ranges are case-insensitive. RFC 9110 §12.5.4: weight orders them; among equals we
/// keep the order in which they came, since some servers go by it. What is malformed stands for
/// itself.
fn ranges<'a>(lines: impl Iterator<Item = &'a [u8]>) -> Vec<(u16, Vec<u8>)> {
    let members = lines.flat_map(list::members);
    let mut ranges: Vec<_> = members
        .map(|member| {
            let (range, weight) = weighted(member).unwrap_or((member, 1000));
            (weight, range.to_ascii_lowercase())
        })
        .collect();
    ranges.sort_by_key(|(weight, _)| std::cmp::Reverse(*weight));
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_are_compared_by_preference() {
        for (one, other, expected) in [
            ("en-US", "EN-us", true),
            ("en, de;q=0.5", "de;q=0.5, en", true),
            ("en;q=1.0, de;q=0.50", "en,de;q=0.5", true),
            ("fr;q=0.5, de", "de, fr;q=0.5", true),
            ("en, de", "de, en", false),
            ("en, de;q=0.5", "en, de;q=0.6", false),
            ("en, de;q=0.5", "en", false),
            ("en, de;q=0", "en", false),
            ("en;x=1", "en", false),
            ("en;q=x", "en", false),
            ("", "en", false),
        ] {
            let lines = |line: &'static str| std::iter::once(line.as_bytes());
            assert_eq!(same(lines(one), lines(other)), expected, "{one} / {other}");
        }
    }
}
