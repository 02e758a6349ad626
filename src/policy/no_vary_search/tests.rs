use super::*;
use crate::policy::testing::headers;
use proptest::prelude::*;

fn read_lines(lines: &[&str]) -> Variance {
    let fields: Vec<_> = lines.iter().map(|line| ("no-vary-search", *line)).collect();
    variance(&headers(&fields))
}

fn keys_of(keys: &[&str]) -> Vec<String> {
    keys.iter().map(|key| (*key).to_owned()).collect()
}

fn all_but(keys: &[&str]) -> Variance {
    Variance { params: Params::AllBut(keys_of(keys)), has_key_order: true }
}

fn only(keys: &[&str]) -> Variance {
    Variance { params: Params::Only(keys_of(keys)), has_key_order: true }
}

fn unordered(variance: Variance) -> Variance {
    Variance { has_key_order: false, ..variance }
}

#[test]
fn what_is_valid_is_read() {
    for (lines, expected) in [
        (&["params=(\"a\")"][..], all_but(&["a"])),
        (&["params=(\"b\" \"a\" \"b\")"], all_but(&["a", "b"])),
        (&["params=(\"a\";x=1);y"], all_but(&["a"])),
        (&["params"], only(&[])),
        (&["params=?1"], only(&[])),
        (&["params, except=(\"x\")"], only(&["x"])),
        (&["params, except=()"], only(&[])),
        (&["except=(\"x\")"], only(&["x"])),
        (&["except=()"], only(&[])),
        (&["key-order"], unordered(all_but(&[]))),
        (&["key-order=?1, params=?0"], unordered(all_but(&[]))),
        (&["key-order, params=()"], unordered(all_but(&[]))),
        (&["params, key-order, except=(\"x\")"], unordered(only(&["x"]))),
        (&["key-order", "params=(\"a\")"], unordered(all_but(&["a"]))),
        (&["params=(\"a\"), unknown=?0"], all_but(&["a"])),
        (&["params, params=(\"a\")"], all_but(&["a"])),
        (&["params=(\"%C3%A9+%E6%B0%97\")"], all_but(&["é 気"])),
        (&["params=(\"%f6\")"], all_but(&["\u{fffd}"])),
        (&["params=(\"\")"], all_but(&[""])),
    ] {
        assert_eq!(read_lines(lines), expected, "{lines:?}");
    }
}

#[test]
fn what_is_not_valid_is_ignored_whole() {
    for lines in [
        &[][..],
        &[""],
        &["params=()"],
        &["params=?0"],
        &["key-order=?0"],
        &["unknown-key"],
        &["key-order=\"not a boolean\""],
        &["key-order=1, params=(\"a\")"],
        &["key-order=(), params=(\"a\")"],
        &["params=\"not a boolean or inner list\""],
        &["params=(not-a-string)"],
        &["params=(\"a\" b)"],
        &["params=(\"a\"), except=(\"x\")"],
        &["params=(), except=()"],
        &["params=?0, except=(\"x\")"],
        &["params, except=(not-a-string)"],
        &["params, except=\"not an inner list\""],
        &["params, except=?1"],
        &["except=?1"],
        &["except"],
        &["params=(\"a\")", "&&&&&"],
        &["params=(\"a\"),"],
        &["params=(\"é\")"],
        &["Params=(\"a\")"],
    ] {
        let found = read_lines(lines);
        assert!(found.is_default(), "{lines:?}: {found:?}");
    }
}

#[test]
fn what_does_not_count_is_left_out() {
    for (field, query, expected) in [
        ("params=(\"utm\")", "a=1&utm=x&b=2", "?a=1&b=2"),
        ("params=(\"utm\")", "b=2&a=1", "?b=2&a=1"),
        ("params=(\"utm\")", "%75tm=x", ""),
        ("params=(\"utm\")", "utm", ""),
        ("params=(\"utm\")", "UTM=x", "?UTM=x"),
        ("params", "a=1&b=2", ""),
        ("params, except=(\"id\")", "a=1&id=2&id=1", "?id=2&id=1"),
        ("key-order", "b=2&a=2&b=1&a=1", "?a=2&a=1&b=2&b=1"),
        ("key-order", "", ""),
        ("key-order", "&&", ""),
        ("key-order", "=", "?="),
        ("key-order", "a", "?a="),
        ("key-order", "a=b=c", "?a=b%3Dc"),
        ("key-order", "a=%26%2B+%25", "?a=%26%2B%20%25"),
        ("key-order", "a=é", "?a=%C3%A9"),
        ("key-order", "a=%f6", "?a=%EF%BF%BD"),
        ("key-order", "a=%4", "?a=%254"),
        ("key-order", "a=%ef%bb%bf", "?a=%EF%BB%BF"),
    ] {
        assert_eq!(canonical(Some(query), &read_lines(&[field])), expected, "{field}: {query}");
    }
}

#[test]
fn by_default_every_difference_counts() {
    let default = Variance::default();
    for query in ["", "a", "a=", "a=&", "%61=", "b&a", "a&b"] {
        assert_eq!(canonical(Some(query), &default), format!("?{query}"));
    }
    assert_eq!(canonical(None, &default), "");
    assert_eq!(canonical(None, &read_lines(&["key-order"])), "");
}

/// §6, "equivalent modulo variation config", word by word.
fn are_equivalent(one: Option<&str>, other: Option<&str>, variance: &Variance) -> bool {
    if *variance == Variance::default() {
        return one == other;
    }
    let params = |query: Option<&str>| {
        let mut params = parse_form(query.unwrap_or(""));
        match &variance.params {
            Params::AllBut(keys) => params.retain(|(key, _)| !keys.contains(key)),
            Params::Only(keys) => params.retain(|(key, _)| keys.contains(key)),
        }
        if !variance.has_key_order {
            let units = |text: &str| text.encode_utf16().collect::<Vec<_>>();
            params.sort_by_key(|(key, _)| units(key));
        }
        params
    };
    params(one) == params(other)
}

/// The parser of the URL standard, byte by byte.
fn parse_form(query: &str) -> Vec<(String, String)> {
    let decode = |bytes: &[u8]| {
        let (mut decoded, mut at) = (Vec::new(), 0);
        while at < bytes.len() {
            let hex = bytes.get(at + 1..at + 3).filter(|hex| hex.iter().all(u8::is_ascii_hexdigit));
            match (bytes[at], hex) {
                (b'%', Some(hex)) => {
                    let hex = std::str::from_utf8(hex).unwrap();
                    decoded.push(u8::from_str_radix(hex, 16).unwrap());
                    at += 2;
                }
                (b'+', _) => decoded.push(b' '),
                (byte, _) => decoded.push(byte),
            }
            at += 1;
        }
        String::from_utf8_lossy(&decoded).into_owned()
    };
    let sequences = query.as_bytes().split(|byte| *byte == b'&');
    sequences
        .filter(|sequence| !sequence.is_empty())
        .map(|sequence| match sequence.iter().position(|byte| *byte == b'=') {
            Some(at) => (decode(&sequence[..at]), decode(&sequence[at + 1..])),
            None => (decode(sequence), String::new()),
        })
        .collect()
}

fn any_variance() -> impl Strategy<Value = Variance> {
    let keys = || {
        let key = prop_oneof![Just("a"), Just("b"), Just(""), Just("a b"), Just("é")];
        proptest::collection::btree_set(key, 0..4)
            .prop_map(|keys| keys.into_iter().map(str::to_owned).collect())
    };
    let params = prop_oneof![keys().prop_map(Params::AllBut), keys().prop_map(Params::Only)];
    (params, any::<bool>()).prop_map(|(params, has_key_order)| Variance { params, has_key_order })
}

/// Each line has the spellings of one key, or of one value.
const SPELLINGS: [&[&str]; 9] = [
    &["a", "%61"],
    &["b", "%62"],
    &["a b", "a+b", "a%20b"],
    &["é", "%C3%A9"],
    &["\u{fffd}", "%f6", "%c3"],
    &["%25", "%"],
    &["%2b", "%2B"],
    &["\u{10000}"],
    &["\u{e000}"],
];

/// A parameter: its key and its value, by their places in [`SPELLINGS`].
type Param = (usize, usize);

fn any_params() -> impl Strategy<Value = Vec<Param>> {
    proptest::collection::vec((0..SPELLINGS.len(), 0..3_usize), 0..4)
}

/// These parameters, each spelled in some way.
fn spelled(params: Vec<Param>) -> impl Strategy<Value = Option<String>> {
    let count = params.len();
    proptest::collection::vec((0..3_usize, 0..3_usize, "&{1,2}"), count).prop_map(move |choices| {
        let spelling = |of: usize, choice: usize| SPELLINGS[of][choice % SPELLINGS[of].len()];
        let pairs = params.iter().zip(&choices).map(|((key, value), (one, other, end))| {
            format!("{}={}{end}", spelling(*key, *one), spelling(*value, *other))
        });
        Some(pairs.collect())
    })
}

/// Mostly something, and all that the parser knows.
fn any_query() -> impl Strategy<Value = Option<String>> {
    proptest::option::of("(a|b|%6|%61|%|=|&|\\+|é|%c3|%a9){0,8}")
}

/// Two queries that often are equivalent.
fn two_queries() -> impl Strategy<Value = (Option<String>, Option<String>)> {
    let alike = any_params()
        .prop_flat_map(|params| (Just(params.clone()), Just(params).prop_shuffle()))
        .prop_flat_map(|(params, shuffled)| (spelled(params), spelled(shuffled)));
    prop_oneof![alike, (any_query(), any_query())]
}

proptest! {
    #[test]
    fn queries_are_equivalent_if_and_only_if_they_are_written_alike(
        (one, other) in two_queries(),
        variance in any_variance(),
    ) {
        let (one, other) = (one.as_deref(), other.as_deref());
        prop_assert_eq!(
            canonical(one, &variance) == canonical(other, &variance),
            are_equivalent(one, other, &variance)
        );
    }

    #[test]
    fn what_is_canonical_is_equivalent_and_stays_as_it_is(
        query in any_query(),
        variance in any_variance(),
    ) {
        let written = canonical(query.as_deref(), &variance);
        let query_of = written.strip_prefix('?');
        prop_assert!(are_equivalent(query.as_deref(), query_of, &variance));
        prop_assert_eq!(canonical(query_of, &variance), written);
    }

    #[test]
    fn no_field_and_no_query_is_too_strange_to_read(field in "\\PC{0,30}", query in "\\PC{0,30}") {
        canonical(Some(&query), &read_lines(&[&field]));
    }
}
