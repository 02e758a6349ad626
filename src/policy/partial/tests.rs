use super::*;
use crate::policy::testing::headers;
use proptest::prelude::*;

fn part(range: Range<u64>, complete: impl Into<Option<u64>>) -> Part {
    Part::new(range, complete.into()).unwrap()
}

#[test]
fn a_206_brings_the_part_that_it_says_it_brings() {
    let text = ("content-type", "text/plain");
    for (name, fields, length, expected) in [
        ("a part", &[("content-range", "bytes 5-9/10"), text][..], 5, Ok(part(5..10, 10))),
        ("of unknown length", &[("content-range", "bytes 0-4/*")], 5, Ok(part(0..5, None))),
        ("all", &[("content-range", "bytes 0-4/5")], 5, Ok(part(0..5, 5))),
        ("too few bytes", &[("content-range", "bytes 4-9/10")], 5, Err(Malformed::Length)),
        ("too many", &[("content-range", "bytes 4-9/10")], 7, Err(Malformed::Length)),
        ("no range", &[text], 5, Err(Malformed::ContentRange)),
        ("beyond the end", &[("content-range", "bytes 5-10/10")], 6, Err(Malformed::ContentRange)),
        ("another unit", &[("content-range", "lines 5-9/10")], 5, Err(Malformed::ContentRange)),
        (
            "several parts",
            &[("content-type", "Multipart/Byteranges ; boundary=x")],
            5,
            Err(Malformed::Multipart),
        ),
        (
            "several parts, and one",
            &[("content-type", "multipart/byteranges"), ("content-range", "bytes 5-9/10")],
            5,
            Err(Malformed::Multipart),
        ),
    ] {
        assert_eq!(part_of(&headers(fields), length), expected, "{name}");
    }
}

#[test]
fn a_part_is_something_and_not_too_long() {
    assert_eq!(Part::new(5..5, Some(10)), None);
    assert_eq!(Part::new(5..11, Some(10)), None);
    assert!(part(0..10, 10).is_whole());
    for other in [part(0..9, 10), part(1..10, 10), part(0..10, None)] {
        assert!(!other.is_whole(), "{other:?}");
    }
}

#[test]
fn a_part_answers_for_what_is_wholly_within() {
    let (known, unknown) = (&part(4..10, 10), &part(4..10, None));
    for (name, part, line, expected) in [
        ("all of it", known, "bytes=4-9", Some((4, 10))),
        ("some of it", known, "bytes=6-8", Some((6, 9))),
        ("to the end", known, "bytes=6-", Some((6, 10))),
        ("beyond the end", known, "bytes=6-99", Some((6, 10))),
        ("the end", known, "bytes=-1", Some((9, 10))),
        ("a longer end", known, "bytes=-7", None),
        ("a byte before", known, "bytes=3-5", None),
        ("nothing that is there", known, "bytes=10-", None),
        ("the whole", known, "bytes=0-", None),
        ("malformed", known, "bytes=x", None),
        ("of unknown length", unknown, "bytes=6-9", Some((6, 10))),
        ("of unknown length, beyond", unknown, "bytes=6-10", None),
        ("of unknown length, to the end", unknown, "bytes=6-", None),
        ("of unknown length, the end", unknown, "bytes=-1", None),
        ("of unknown length, before", unknown, "bytes=0-5", None),
    ] {
        let found = covers(part, &Method::GET, &headers(&[("range", line)]));
        let expected = expected.map(|(start, end)| Ranges::from_iter(std::iter::once(start..end)));
        assert_eq!(found, expected, "{name}");
    }
}

#[test]
fn a_part_answers_for_several_ranges_or_none() {
    let covers = |part: &Part, line| covers(part, &Method::GET, &headers(&[("range", line)]));
    for part in [part(4..10, 20), part(4..10, None)] {
        let found = covers(&part, "bytes=8-8,4-5").unwrap();
        assert_eq!(found.into_vec(), [8..9, 4..6]);
        assert_eq!(covers(&part, "bytes=8-8,0-1"), None);
    }
    let get = headers(&[("range", "bytes=4-5")]);
    assert_eq!(super::covers(&part(4..10, 20), &Method::HEAD, &get), None);
    assert_eq!(super::covers(&part(4..10, None), &Method::GET, &HeaderMap::new()), None);
}

#[test]
fn what_is_missing_is_asked_for_if_it_is_one_range() {
    let one = |line: &'static str| Missing::One(HeaderValue::from_static(line));
    let bytes = |start, end| Wanted::Bytes(start..end);
    for (name, part, wanted, expected) in [
        ("the rest", part(0..5, 10), Wanted::Whole, one("bytes=5-")),
        ("the rest, however long", part(0..5, None), Wanted::Whole, one("bytes=5-")),
        ("the beginning", part(5..10, 10), Wanted::Whole, one("bytes=0-4")),
        ("the first byte", part(1..10, 10), Wanted::Whole, one("bytes=0-0")),
        ("both ends", part(1..9, 10), Wanted::Whole, Missing::Apart),
        ("the beginning, and the end?", part(5..10, None), Wanted::Whole, Missing::Apart),
        ("nothing of the whole", part(0..10, 10), Wanted::Whole, Missing::Nothing),
        ("nothing", part(2..8, 10), bytes(2, 8), Missing::Nothing),
        ("no bytes", part(2..8, 10), bytes(9, 9), Missing::Nothing),
        ("some after", part(2..8, 10), bytes(4, 10), one("bytes=8-9")),
        ("some before", part(2..8, 10), bytes(1, 4), one("bytes=1-1")),
        ("next to it", part(2..8, 10), bytes(8, 10), one("bytes=8-9")),
        ("just before it", part(2..8, 10), bytes(0, 2), one("bytes=0-1")),
        ("on both sides", part(2..8, 10), bytes(1, 9), Missing::Apart),
        ("elsewhere", part(2..5, 10), bytes(7, 9), Missing::Apart),
    ] {
        assert_eq!(missing(&part, &wanted), expected, "{name}");
    }
}

#[test]
fn parts_of_one_strong_entity_tag_may_be_combined() {
    for (name, stored, new, expected) in [
        ("the same", ("etag", "\"a\""), ("etag", "\"a\""), true),
        ("another", ("etag", "\"a\""), ("etag", "\"b\""), false),
        ("weak", ("etag", "W/\"a\""), ("etag", "W/\"a\""), false),
        ("weak there", ("etag", "W/\"a\""), ("etag", "\"a\""), false),
        ("without quotes", ("etag", "a"), ("etag", "a"), false),
        ("a tag and none", ("etag", "\"a\""), ("x", "\"a\""), false),
        ("none", ("x", "\"a\""), ("x", "\"a\""), false),
        ("dates", ("last-modified", "x"), ("last-modified", "x"), false),
    ] {
        assert_eq!(may_combine(&headers(&[stored]), &headers(&[new])), expected, "{name}");
    }
}

#[test]
fn parts_that_touch_become_one() {
    for (name, one, newer, expected) in [
        ("one after", (0..3, 10, "abc"), (3..5, 10, "DE"), Some((0..5, "abcDE"))),
        ("one before", (3..5, 10, "de"), (0..3, 10, "ABC"), Some((0..5, "ABCde"))),
        ("overlapping", (0..3, 10, "abc"), (2..5, 10, "CDE"), Some((0..5, "abCDE"))),
        ("overlapping before", (2..5, 10, "cde"), (0..3, 10, "ABC"), Some((0..5, "ABCde"))),
        ("inside", (0..5, 10, "abcde"), (2..3, 10, "C"), Some((0..5, "abCde"))),
        ("around", (2..3, 10, "c"), (0..5, 10, "ABCDE"), Some((0..5, "ABCDE"))),
        ("the same", (2..4, 10, "cd"), (2..4, 10, "CD"), Some((2..4, "CD"))),
        ("a gap", (0..3, 10, "abc"), (4..5, 10, "E"), None),
        ("a gap before", (4..5, 10, "e"), (0..3, 10, "ABC"), None),
        ("of another length", (0..3, 10, "abc"), (3..5, 11, "DE"), None),
        ("too few bytes", (0..3, 10, "ab"), (3..5, 10, "DE"), None),
        ("too many", (0..3, 10, "abc"), (3..5, 10, "DEF"), None),
    ] {
        let (one, bytes) = (part(one.0, one.1), Bytes::from_static(one.2.as_bytes()));
        let (newer, newer_bytes) = (part(newer.0, newer.1), Bytes::from_static(newer.2.as_bytes()));
        let found = combine((&one, &bytes), (&newer, &newer_bytes));
        let expected =
            expected.map(|(range, bytes)| (part(range, 10), Bytes::from_static(bytes.as_bytes())));
        assert_eq!(found, expected, "{name}");
    }
}

#[test]
fn the_length_is_known_if_one_part_knows_it() {
    let (bytes, more) = (Bytes::from_static(b"abc"), Bytes::from_static(b"DE"));
    let combined = |one, other| {
        let (one, other) = (part(0..3, one), part(3..5, other));
        combine((&one, &bytes), (&other, &more)).map(|(part, _)| part)
    };
    assert_eq!(combined(None, Some(5)), Some(part(0..5, 5)));
    assert_eq!(combined(Some(5), Some(5)).map(|part| part.is_whole()), Some(true));
    assert_eq!(combined(None, None), Some(part(0..5, None)));
    assert_eq!(combined(Some(4), None), None, "the newer part goes beyond the end");
}

#[test]
fn the_newer_fields_count_and_the_length_is_ours() {
    let stored = headers(&[
        ("content-range", "bytes 0-4/10"),
        ("content-length", "5"),
        ("content-type", "text/plain"),
        ("a", "1"),
        ("b", "1"),
        ("age", "9"),
    ]);
    let new = headers(&[
        ("content-range", "bytes 5-9/10"),
        ("content-length", "5"),
        ("a", "2"),
        ("a", "3"),
        ("c", "2"),
    ]);
    let fields = [("content-type", "text/plain"), ("a", "2"), ("a", "3"), ("b", "1"), ("c", "2")];
    let whole = [&fields[..], &[("content-length", "10")]].concat();
    assert_eq!(combined_headers(&stored, &new, &part(0..10, 10)), headers(&whole));
    let some = [&fields[..], &[("content-length", "9"), ("content-range", "bytes 0-8/10")]];
    assert_eq!(combined_headers(&stored, &new, &part(0..9, 10)), headers(&some.concat()));
}

/// A part of the representation whose byte at each position is that position.
fn any_part(length: u64) -> impl Strategy<Value = (Part, Bytes)> {
    (0..length, 0..length, any::<bool>()).prop_map(move |(one, other, is_known)| {
        let range = one.min(other)..one.max(other) + 1;
        let bytes = range.clone().map(|at| at as u8).collect();
        (part(range, is_known.then_some(length)), bytes)
    })
}

proptest! {
    #[test]
    fn each_byte_stays_where_it_is(
        (one, bytes) in any_part(30),
        (other, other_bytes) in any_part(30),
    ) {
        let Some((combined, found)) = combine((&one, &bytes), (&other, &other_bytes)) else {
            let is_apart = one.range.end < other.range.start || other.range.end < one.range.start;
            prop_assert!(is_apart);
            return Ok(());
        };
        let expected: Bytes = combined.range.clone().map(|at| at as u8).collect();
        prop_assert_eq!(found, expected);
        prop_assert!(combined.contains(&one.range) && combined.contains(&other.range));
    }

    #[test]
    fn with_what_was_missing_nothing_is(
        (stored, bytes) in any_part(30),
        (wanted, _) in any_part(30),
        is_whole: bool,
    ) {
        let wanted = if is_whole { Wanted::Whole } else { Wanted::Bytes(wanted.range) };
        let Missing::One(line) = missing(&stored, &wanted) else {
            return Ok(());
        };
        let mut request = HeaderMap::new();
        request.insert(http::header::RANGE, line);
        let range = match asked(&Method::GET, &request, 30) {
            Asked::Parts(ranges) => ranges[0].clone(),
            // All was there, and nobody knew.
            Asked::Unsatisfiable => return Ok(()),
            Asked::Whole => panic!("the range is malformed"),
        };
        let brought = range.clone().map(|at| at as u8).collect();
        let combined = combine((&stored, &bytes), (&part(range, 30), &brought));
        let (combined, _) = combined.expect("they touch");
        prop_assert_eq!(missing(&combined, &wanted), Missing::Nothing);
    }

    #[test]
    fn what_a_part_answers_for_is_what_the_whole_would(
        (stored, _) in any_part(30),
        line in "bytes=[0-9]{0,2}-[0-9]{0,2}(,[0-9]{1,2}-[0-9]{1,2})?",
    ) {
        let request = headers(&[("range", &line)]);
        if let Some(ranges) = covers(&stored, &Method::GET, &request) {
            prop_assert!(ranges.iter().all(|range| stored.contains(range)));
            prop_assert_eq!(asked(&Method::GET, &request, 30), Asked::Parts(ranges));
        }
    }
}
