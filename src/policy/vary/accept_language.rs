//! When two `Accept-Language` fields ask for the same, and whether a response is in the language
//! that one asks for (RFC 9110 §12.5.4).

use http::HeaderMap;
use http::header::CONTENT_LANGUAGE;

use super::weight::weighted;
use crate::policy::list;

/// Whether both ask for the same languages, in the same order of preference.
pub(super) fn same<'a, 'b>(
    one: impl Iterator<Item = &'a [u8]>,
    other: impl Iterator<Item = &'b [u8]>,
) -> bool {
    ranges(one) == ranges(other)
}

/// Whether both ask for the same languages with the same weights. RFC 9110 §12.5.4: the order among
/// equal weights cannot be relied upon.
pub(super) fn same_in_any_order<'a, 'b>(
    one: impl Iterator<Item = &'a [u8]>,
    other: impl Iterator<Item = &'b [u8]>,
) -> bool {
    let (mut one, mut other) = (ranges(one), ranges(other));
    one.sort();
    other.sort();
    one == other
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

/// Whether a response in this language is in the one that these lines of `Accept-Language` prefer to all
/// others, so that an origin that had it could not choose better.
///
/// Preferred is the range with the greatest weight, of equals the first: RFC 9110 §12.5.4 lets a
/// server go by the order. A language that the lines only accept is not enough, since the origin
/// may have a better one; and what is malformed settles nothing.
///
/// A tag that several ranges match is weighed by the longest of them, the most specific: `de` is
/// not preferred by `*, de;q=0.5`, nor `de-AT` by `de, de-AT;q=0`.
pub(super) fn prefers<'a>(accept_language: impl Iterator<Item = &'a [u8]>, tag: &[u8]) -> bool {
    let Some(ranges) = well_formed(accept_language) else { return false };
    // Among equally long ones, which are the same, the last counts: it is the lightest.
    let matching = ranges.iter().filter(|(_, range)| matches(range, tag));
    let decisive = matching.max_by_key(|(_, range)| if range == b"*" { 0 } else { range.len() });
    decisive.is_some_and(|range| range.0 > 0 && ranges.first() == Some(range))
}

/// The ranges, heaviest first; `None` if one is malformed.
fn well_formed<'a>(lines: impl Iterator<Item = &'a [u8]>) -> Option<Vec<(u16, Vec<u8>)>> {
    let ranges = ranges(lines);
    ranges.iter().all(|(_, range)| range == b"*" || is_tag(range)).then_some(ranges)
}

/// The one language of a response (RFC 9110 §8.5); `None` if it has several, or says nothing.
pub(super) fn single_language(stored: &HeaderMap) -> Option<&[u8]> {
    let lines = stored.get_all(CONTENT_LANGUAGE).into_iter();
    let mut tags = lines.flat_map(|line| list::members(line.as_bytes()));
    let (tag, None) = (tags.next()?, tags.next()) else {
        return None;
    };
    is_tag(tag).then_some(tag)
}

/// RFC 4647 §2.1: subtags of one to eight letters or digits, the first of letters only.
fn is_tag(tag: &[u8]) -> bool {
    let is_subtag =
        |tag: &[u8]| (1..=8).contains(&tag.len()) && tag.iter().all(u8::is_ascii_alphanumeric);
    let starts_with_letters =
        |tag: &[u8]| tag.iter().take_while(|byte| **byte != b'-').all(u8::is_ascii_alphabetic);
    tag.split(|byte| *byte == b'-').all(is_subtag) && starts_with_letters(tag)
}

/// Basic filtering (RFC 4647 §3.3.1): a range matches the tags that it is, or that begin with it
/// and a hyphen, in any case; `*` matches all.
fn matches(range: &[u8], tag: &[u8]) -> bool {
    let Some((beginning, rest)) = tag.split_at_checked(range.len()) else {
        return range == b"*";
    };
    let begins = beginning.eq_ignore_ascii_case(range) && matches!(rest, [] | [b'-', ..]);
    begins || range == b"*"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::testing::headers;
    use proptest::prelude::*;

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
            (" en ,,\tde ; q=0.5 ,", "en,de;q=0.5", true),
            ("en;Q=0.500", "en;q=0.5", true),
            ("en;q=0.501", "en;q=0.5", false),
            ("en;q=0.5, de;q=0.9, fr", "fr, de;q=0.9, en;q=0.5", true),
            ("en;q=0.5, de;q=0.5", "de;q=0.5, en;q=0.5", false),
            ("zh-Hant-TW, *;q=0.1", "ZH-hant-tw,*;q=0.1", true),
            ("en-GB", "en", false),
            ("en, en", "en", false),
        ] {
            let lines = |line: &'static str| std::iter::once(line.as_bytes());
            assert_eq!(same(lines(one), lines(other)), expected, "{one} / {other}");
        }
    }

    #[test]
    fn languages_may_be_spread_over_lines() {
        let lines = [&b"de;q=0.5"[..], b"en"].into_iter();
        assert!(same(lines, std::iter::once(&b"en, de;q=0.5"[..])));
    }

    #[test]
    fn the_order_of_equals_may_be_left_aside() {
        for (one, other, expected) in [
            ("en, de", "de, EN", true),
            ("en, de;q=0.5", "en;q=0.5, de", false),
            ("en", "en, de", false),
        ] {
            let line = |text: &'static str| std::iter::once(text.as_bytes());
            assert_eq!(same_in_any_order(line(one), line(other)), expected, "{one} / {other}");
        }
    }

    #[test]
    fn a_response_is_selected_if_no_language_is_preferred_to_its_own() {
        for (accepted, stored, expected) in [
            ("de", &["de"][..], true),
            ("DE", &["de"], true),
            ("fr;q=0.5, de", &["de"], true),
            ("fr;q=0.5, de;q=1.0", &["DE"], true),
            ("de;q=0.2", &["de"], true),
            ("de, fr", &["de"], true),
            ("fr, de", &["de"], false),
            ("fr, de;q=0.9", &["de"], false),
            ("de", &["de-AT"], true),
            ("de", &["den"], false),
            ("de-AT", &["de"], false),
            ("de-AT, de;q=0.9", &["de"], false),
            ("de-at, de;q=0.9", &["de-AT"], true),
            ("de, de-AT", &["de-AT"], false),
            ("de, de-AT;q=0", &["de-AT"], false),
            ("de, de-AT;q=0", &["de-CH"], true),
            ("de, de;q=0.5", &["de"], false),
            ("*", &["de"], true),
            ("*, fr;q=0.5", &["de"], true),
            ("*, de;q=0.5", &["de"], false),
            ("de, *;q=0.5", &["de"], true),
            ("de, *;q=0.5", &["fr"], false),
            ("de;q=0", &["de"], false),
            ("de;q=x", &["de"], false),
            ("de, fr;q=x", &["de"], false),
            ("de_AT", &["de_AT"], false),
            ("", &["de"], false),
            ("de", &[], false),
            ("de", &[""], false),
            ("*", &["*"], false),
            ("de", &["de, en"], false),
            ("de", &["de", "en"], false),
        ] {
            let fields: Vec<_> = stored.iter().map(|line| ("content-language", *line)).collect();
            let stored = headers(&fields);
            let found = single_language(&stored)
                .is_some_and(|tag| prefers(std::iter::once(accepted.as_bytes()), tag));
            assert_eq!(found, expected, "{accepted} / {stored:?}");
        }
        assert!(!prefers(std::iter::empty(), b"de"));
    }

    proptest! {
        #[test]
        fn what_asks_for_the_same_selects_the_same(
            one in "((de|fr|de-AT|\\*)(;q=(0|0\\.5|1))?, ?){0,4}",
            other in "((de|fr|de-AT|\\*)(;q=(0|0\\.5|1))?, ?){0,4}",
            language in "de|fr|de-AT",
        ) {
            let selects = |line: &str| prefers(std::iter::once(line.as_bytes()), language.as_bytes());
            if same(std::iter::once(one.as_bytes()), std::iter::once(other.as_bytes())) {
                prop_assert_eq!(selects(&one), selects(&other));
            }
            let upper = one.to_ascii_uppercase();
            prop_assert_eq!(selects(&one), selects(&upper));
        }

        #[test]
        fn no_field_is_too_strange_to_read(one in "\\PC{0,30}", other in "[a-z;=q01.*, -]{0,30}") {
            let stored = headers(&[("content-language", &one)]);
            for line in [&one, &other] {
                if let Some(tag) = single_language(&stored) {
                    prefers(std::iter::once(line.as_bytes()), tag);
                }
            }
        }
    }
}
