//! What messages are put together from.

use http::{HeaderMap, HeaderName, HeaderValue};
use proptest::prelude::*;
use proptest::sample::select;

/// A field's value from `parts`, with bytes between them that mean something in most grammars, and
/// some that mean nothing in any.
pub(crate) fn value(parts: &'static [&'static str]) -> impl Strategy<Value = HeaderValue> {
    let glue =
        select(&[", ", ",", " ", "\t", "=", ";", "\"", "\\", "*", "W/", "q=0", "1", "-", ""][..]);
    let part = prop_oneof![
        4 => select(parts).prop_map(|part| part.as_bytes().to_vec()),
        4 => glue.prop_map(|glue| glue.as_bytes().to_vec()),
        1 => (0_u64..=u64::MAX).prop_map(|number| number.to_string().into_bytes()),
        1 => proptest::collection::vec(any::<u8>(), 0..4),
    ];
    proptest::collection::vec(part, 0..12).prop_map(|parts| field_value(&parts.concat()))
}

/// The nearest thing to `bytes` that can be a field's value.
fn field_value(bytes: &[u8]) -> HeaderValue {
    let allowed = |byte: &u8| *byte == b'\t' || (*byte >= b' ' && *byte != 0x7f);
    let bytes: Vec<_> = bytes.iter().copied().filter(allowed).collect();
    HeaderValue::from_bytes(bytes.trim_ascii()).unwrap()
}

pub(crate) const DIRECTIVES: &[&str] = &[
    "no-store",
    "no-cache",
    "private",
    "public",
    "must-revalidate",
    "proxy-revalidate",
    "must-understand",
    "immutable",
    "max-age=",
    "max-age=60",
    "s-maxage=",
    "s-maxage=9",
    "stale-while-revalidate",
    "stale-while-revalidate=",
    "stale-if-error=",
    "max-stale",
    "min-fresh=",
    "only-if-cached",
    "No-Store",
    "MAX-AGE=1",
    "x",
    "x=\"a, b\"",
    "?0",
    "?1",
    "=?0",
];

pub(crate) const DATES: &[&str] = &[
    "Sun, 06 Nov 1994 08:49:37 GMT",
    "Sunday, 06-Nov-94 08:49:37 GMT",
    "Sun Nov  6 08:49:37 1994",
    "Tue, 14 Nov 2023 22:13:20 GMT",
    "Tue, 14 Nov 2023 23:13:20 GMT",
    "Mon, 14 Nov 2033 22:13:20 GMT",
    "0",
    "-1",
];

pub(crate) const TAGS: &[&str] = &["\"a\"", "W/\"a\"", "\"a,b\"", "\"\"", "*", "a", "\"b\\\""];

pub(crate) const NAMES: &[&str] =
    &["rsc", "accept", "Accept-Encoding", "cookie", "foo", "*", "accept-language", "next-url"];

/// Fields of a response that a cache reads, any of them more than once.
pub(crate) fn response() -> impl Strategy<Value = HeaderMap> {
    let field = prop_oneof![
        4 => named("cache-control", DIRECTIVES),
        1 => named("cdn-cache-control", DIRECTIVES),
        1 => named("age", &["0", "5", "60"]),
        1 => named("date", DATES),
        1 => named("expires", DATES),
        1 => named("last-modified", DATES),
        1 => named("etag", TAGS),
        1 => named("vary", NAMES),
        1 => named("set-cookie", &["a=b"]),
    ];
    proptest::collection::vec(field, 0..6).prop_map(map)
}

/// Fields of a request that a cache reads.
pub(crate) fn request() -> impl Strategy<Value = HeaderMap> {
    let field = prop_oneof![
        named("cache-control", DIRECTIVES),
        named("authorization", &["Basic eA=="]),
        named("accept-encoding", &["gzip", "br", "zstd", "x-gzip", "identity", ";q=0.5"]),
        named("accept-language", &["en", "de-CH", "en-US", ";q=0.5"]),
        named("if-none-match", TAGS),
        named("if-modified-since", DATES),
        named("foo", &["1", "2"]),
        named("rsc", &["1"]),
        named("next-router-prefetch", &["1", "2"]),
        named("next-router-segment-prefetch", &["/_tree", "/a"]),
    ];
    proptest::collection::vec(field, 0..6).prop_map(map)
}

fn named(
    name: &'static str,
    parts: &'static [&'static str],
) -> BoxedStrategy<(HeaderName, HeaderValue)> {
    let usual = select(parts).prop_map(HeaderValue::from_static);
    let name = HeaderName::from_static(name);
    prop_oneof![usual, value(parts)].prop_map(move |value| (name.clone(), value)).boxed()
}

pub(crate) fn map(fields: Vec<(HeaderName, HeaderValue)>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in fields {
        headers.append(name, value);
    }
    headers
}
