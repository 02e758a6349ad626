use super::*;
use crate::policy::testing::headers;
use proptest::prelude::*;

fn ask(line: &str, length: u64) -> Asked {
    asked(&Method::GET, &headers(&[("range", line)]), length)
}

/// From the first of each pair to before the second.
fn parts(ranges: &[(u64, u64)]) -> Asked {
    Asked::Parts(ranges.iter().map(|(start, end)| *start..*end).collect())
}

#[test]
fn ranges_are_resolved_against_the_length() {
    for (name, line, length, expected) in [
        ("the beginning", "bytes=0-4", 10, parts(&[(0, 5)])),
        ("one byte", "bytes=9-9", 10, parts(&[(9, 10)])),
        ("the rest", "bytes=5-", 10, parts(&[(5, 10)])),
        ("all, as a range", "bytes=0-", 10, parts(&[(0, 10)])),
        ("clipped", "bytes=5-99", 10, parts(&[(5, 10)])),
        ("clipped, too great to count", "bytes=5-99999999999999999999", 10, parts(&[(5, 10)])),
        ("the end", "bytes=-3", 10, parts(&[(7, 10)])),
        ("a longer suffix than there is", "bytes=-30", 10, parts(&[(0, 10)])),
        ("beyond the end", "bytes=10-", 10, Asked::Unsatisfiable),
        ("far beyond the end", "bytes=99999999999999999999-", 10, Asked::Unsatisfiable),
        ("a suffix of nothing", "bytes=-0", 10, Asked::Unsatisfiable),
        ("several, none there", "bytes=10-,-0", 10, Asked::Unsatisfiable),
        ("several, one there", "bytes=10-,0-0", 10, parts(&[(0, 1)])),
        ("several, as asked", "bytes=-1,0-0,5-5", 10, parts(&[(9, 10), (0, 1), (5, 6)])),
        ("malformed", "bytes=x", 10, Asked::Whole),
        ("another unit", "lines=0-4", 10, Asked::Whole),
        ("of nothing, from the beginning", "bytes=0-", 0, Asked::Whole),
        ("of nothing, from the end", "bytes=-5", 0, Asked::Whole),
        ("of the longest", "bytes=-1", u64::MAX, parts(&[(u64::MAX - 1, u64::MAX)])),
    ] {
        assert_eq!(ask(line, length), expected, "{name}");
    }
}

#[test]
fn ranges_that_overlap_or_touch_become_one() {
    for (name, line, expected) in [
        ("touching", "bytes=0-1,2-3", parts(&[(0, 4)])),
        ("touching, backwards", "bytes=2-3,0-1", parts(&[(0, 4)])),
        ("overlapping", "bytes=0-2,1-3", parts(&[(0, 4)])),
        ("one inside another", "bytes=0-5,2-3", parts(&[(0, 6)])),
        ("the same twice", "bytes=1-2,1-2", parts(&[(1, 3)])),
        ("a gap of one", "bytes=0-0,2-2", parts(&[(0, 1), (2, 3)])),
        ("two bridged by a third", "bytes=8-9,0-1,4-5,2-3", parts(&[(8, 10), (0, 6)])),
        ("in the place of the first", "bytes=6-6,9-9,0-0,7-8", parts(&[(6, 10), (0, 1)])),
    ] {
        assert_eq!(ask(line, 10), expected, "{name}");
    }
}

#[test]
fn whoever_asks_for_more_than_there_is_gets_it_all() {
    assert_eq!(ask("bytes=0-,0-,0-", 10), Asked::Whole);
    assert_eq!(ask("bytes=0-5,5-9", 10), Asked::Whole);
    assert_eq!(ask("bytes=0-5,6-9", 10), parts(&[(0, 10)]));
}

#[test]
fn only_a_get_asks_for_a_part() {
    let request = headers(&[("range", "bytes=0-4")]);
    for method in [Method::HEAD, Method::POST, Method::PUT] {
        assert_eq!(asked(&method, &request, 10), Asked::Whole, "{method}");
    }
    assert_eq!(asked(&Method::GET, &HeaderMap::new(), 10), Asked::Whole);
}

#[test]
fn one_range_takes_no_memory() {
    assert!(matches!(ask("bytes=0-4", 10), Asked::Parts(parts) if !parts.spilled()));
}

/// One specifier, and the positions below 40 that it means of `length`.
fn any_spec() -> impl Strategy<Value = String> {
    prop_oneof![
        (0..40_u64, 0..40_u64).prop_map(|(first, more)| format!("{first}-{}", first + more)),
        (0..40_u64).prop_map(|first| format!("{first}-")),
        (0..40_u64).prop_map(|length| format!("-{length}")),
    ]
}

proptest! {
    #[test]
    fn what_is_asked_for_is_what_each_range_asks_for(
        specs in proptest::collection::vec(any_spec(), 1..8),
        length in 1..40_u64,
    ) {
        let all = |asked| match asked {
            Asked::Parts(parts) => parts.into_iter().flatten().collect(),
            Asked::Unsatisfiable | Asked::Whole => Vec::new(),
        };
        let mut each: Vec<u64> =
            specs.iter().flat_map(|spec| all(ask(&format!("bytes={spec}"), length))).collect();
        let found = ask(&format!("bytes={}", specs.join(",")), length);
        if found == Asked::Whole {
            prop_assert!(each.len() as u64 > length);
            return Ok(());
        }
        each.sort_unstable();
        each.dedup();
        let mut found = all(found);
        found.sort_unstable();
        prop_assert_eq!(found, each);
    }

    #[test]
    fn parts_lie_within_and_apart(
        line in "bytes=([0-9]{0,2}-[0-9]{0,2},){0,9}",
        length in 0..99_u64,
    ) {
        let Asked::Parts(mut parts) = ask(&line, length) else {
            return Ok(());
        };
        prop_assert!(parts.iter().all(|part| part.start < part.end && part.end <= length));
        parts.sort_by_key(|part| part.start);
        prop_assert!(parts.is_sorted_by(|one, next| one.end < next.start));
    }

    #[test]
    fn no_field_is_too_strange_to_read(
        line in "(bytes=)?([0-9]{0,25}-?[0-9]{0,25},?){0,4}|\\PC{0,30}",
        length: u64,
    ) {
        ask(&line, length);
    }
}
