//! `Cache-Control`, both ways, and its targeted form.

use std::time::Duration;

use http::header::CACHE_CONTROL;
use http::{HeaderMap, HeaderName, HeaderValue};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use selvedge::policy::cache_control::{
    RequestDirectives, ResponseDirectives, StaleWindow, for_client,
};

use crate::grammar::{self, DIRECTIVES};

const CDN: HeaderName = HeaderName::from_static("cdn-cache-control");

/// What no parser may take for a directive that it knows.
const UNKNOWN: &[&str] =
    &["x", "x=1", "x=\"no-store, max-age=1\"", "no-stores", "max-ages=5", "a=\"\\\"private\\\"\""];

fn seconds() -> impl Strategy<Value = Option<Duration>> {
    option::of((0..=1_u64 << 31).prop_map(Duration::from_secs))
}

fn window() -> impl Strategy<Value = Option<StaleWindow>> {
    let window =
        seconds().prop_map(|seconds| seconds.map_or(StaleWindow::Unbounded, StaleWindow::For));
    option::of(window)
}

fn fields() -> impl Strategy<Value = Vec<HeaderName>> {
    let name = select(&["a", "set-cookie", "x-b"][..]).prop_map(HeaderName::from_static);
    vec(name, 0..3)
}

fn limited(directive: &str, fields: &[HeaderName]) -> Option<String> {
    let names: Vec<&str> = fields.iter().map(HeaderName::as_str).collect();
    (!names.is_empty()).then(|| format!("{directive}=\"{}\"", names.join(", ")))
}

prop_compose! {
    fn directives()(
        flags in any::<[bool; 8]>(),
        (no_cache_fields, private_fields) in (fields(), fields()),
        (max_age, s_maxage, stale_if_error) in (seconds(), seconds(), seconds()),
        stale_while_revalidate in window(),
    ) -> ResponseDirectives {
        let [no_store, no_cache, private, public, must_revalidate, proxy_revalidate, must_understand, immutable] = flags;
        ResponseDirectives {
            no_store, no_cache, no_cache_fields, private, private_fields, public, must_revalidate,
            proxy_revalidate, must_understand, immutable,
            max_age, s_maxage, stale_while_revalidate, stale_if_error, targeted: false,
        }
    }
}

fn printed(directives: &ResponseDirectives) -> Vec<String> {
    let flag = |is_set: bool, text: &str| is_set.then(|| text.to_owned());
    let number = |value: Option<Duration>, name: &str| {
        value.map(|value| format!("{name}={}", value.as_secs()))
    };
    [
        flag(directives.no_store, "no-store"),
        flag(directives.no_cache, "no-cache"),
        limited("no-cache", &directives.no_cache_fields),
        flag(directives.private, "private"),
        limited("private", &directives.private_fields),
        flag(directives.public, "public"),
        flag(directives.must_revalidate, "must-revalidate"),
        flag(directives.proxy_revalidate, "proxy-revalidate"),
        flag(directives.must_understand, "must-understand"),
        flag(directives.immutable, "immutable"),
        number(directives.max_age, "max-age"),
        number(directives.s_maxage, "s-maxage"),
        number(directives.stale_if_error, "stale-if-error"),
        directives.stale_while_revalidate.map(|window| match window {
            StaleWindow::Unbounded => "stale-while-revalidate".to_owned(),
            StaleWindow::For(window) => format!("stale-while-revalidate={}", window.as_secs()),
        }),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Members over lines: `cuts` says after which a line ends.
fn lines(name: &HeaderName, members: &[String], cuts: &[bool], glue: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let mut line = String::new();
    for (at, member) in members.iter().enumerate() {
        line.push_str(member);
        if cuts.get(at).is_some_and(|cut| *cut) {
            headers.append(name, HeaderValue::try_from(std::mem::take(&mut line)).unwrap());
        } else {
            line.push_str(glue);
        }
    }
    headers.append(name, HeaderValue::try_from(line.trim()).unwrap());
    headers
}

fn in_another_case(member: &str) -> String {
    let (name, value) = member.split_at(member.find('=').unwrap_or(member.len()));
    name.to_ascii_uppercase() + value
}

proptest! {
    #[test]
    fn what_a_response_says_is_read_however_it_is_spread(
        directives in directives(),
        unknown in vec(select(UNKNOWN), 0..3),
        order in any::<prop::sample::Index>(),
        cuts in vec(any::<bool>(), 0..16),
        glue in select(&[",", ", ", " ,\t", ", ,,"][..]),
        is_loud: bool,
    ) {
        let mut members = printed(&directives);
        members.extend(unknown.into_iter().map(str::to_owned));
        if is_loud {
            members = members.iter().map(|member| in_another_case(member)).collect();
        }
        if !members.is_empty() {
            let length = members.len();
            members.rotate_left(order.index(length));
        }
        let headers = lines(&CACHE_CONTROL, &members, &cuts, glue);
        prop_assert_eq!(ResponseDirectives::parse(&headers, &[CDN]), directives, "{:?}", headers);
    }

    #[test]
    fn a_targeted_field_says_the_same_in_its_own_grammar(
        mut directives in directives(),
        beside in grammar::value(DIRECTIVES),
    ) {
        // One name has one value in a dictionary (RFC 9651 section 3.2).
        if directives.no_cache {
            directives.no_cache_fields.clear();
        }
        if directives.private {
            directives.private_fields.clear();
        }
        let members = printed(&directives);
        prop_assume!(!members.is_empty());
        let mut headers = HeaderMap::new();
        headers.insert(CDN, HeaderValue::try_from(members.join(", ")).unwrap());
        headers.insert(CACHE_CONTROL, beside);
        directives.targeted = true;
        prop_assert_eq!(ResponseDirectives::parse(&headers, &[CDN]), directives, "{:?}", headers);
    }

    #[test]
    fn a_request_is_read_and_the_first_of_two_numbers_counts(
        max_age in seconds(), min_fresh in seconds(), max_stale in window(),
        no_store: bool, no_cache: bool, only_if_cached: bool,
        after in grammar::value(&["max-age=1", "min-fresh=1", "max-stale=1", "x"]),
    ) {
        let expected = RequestDirectives { no_store, no_cache, only_if_cached, max_age, min_fresh, max_stale };
        let as_response = ResponseDirectives { no_store, no_cache, max_age, ..Default::default() };
        let mut members = printed(&as_response);
        members.extend(min_fresh.map(|seconds| format!("Min-Fresh={}", seconds.as_secs())));
        members.extend(max_stale.map(|window| match window {
            StaleWindow::Unbounded => "max-stale".to_owned(),
            StaleWindow::For(window) => format!("max-stale=\"{}\"", window.as_secs()),
        }));
        members.extend(only_if_cached.then(|| "only-if-cached".to_owned()));
        let mut headers = lines(&CACHE_CONTROL, &members, &[], ", ");
        prop_assert_eq!(&RequestDirectives::parse(&headers), &expected, "{:?}", headers);
        headers.append(CACHE_CONTROL, after);
        let found = RequestDirectives::parse(&headers);
        prop_assert!(max_age.is_none() || found.max_age == max_age, "{:?}", headers);
        prop_assert!(min_fresh.is_none() || found.min_fresh == min_fresh, "{:?}", headers);
        prop_assert!(max_stale.is_none() || found.max_stale == max_stale, "{:?}", headers);
    }

    #[test]
    fn what_the_client_is_told_allows_no_more_than_the_origin_did(
        values in vec(grammar::value(DIRECTIVES), 1..4),
    ) {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(CACHE_CONTROL, value);
        }
        let origin = ResponseDirectives::parse(&headers, &[CDN]);
        let Some(told) = for_client(&headers) else { return Ok(()) };
        headers.insert(CACHE_CONTROL, told);
        prop_assert_eq!(for_client(&headers), None, "told twice: {:?}", headers);
        let client = ResponseDirectives::parse(&headers, &[CDN]);
        prop_assert!(client.no_store >= origin.no_store, "{:?}", headers);
        prop_assert!(client.no_cache >= origin.no_cache, "{:?}", headers);
        prop_assert!(client.is_private() >= origin.is_private(), "{:?}", headers);
        prop_assert!(client.must_revalidate >= origin.must_revalidate, "{:?}", headers);
        prop_assert!(client.max_age <= origin.max_age.or(Some(Duration::ZERO)), "{:?}", headers);
    }

    /// Longer runs find out whether a quote is ever looked for twice: then this takes for ever.
    #[test]
    fn a_hostile_line_is_read_in_one_go(part in "[\"\\\\,= ax-]{1,6}", times in 1..2000_usize) {
        let mut headers = HeaderMap::new();
        headers.insert(CACHE_CONTROL, HeaderValue::try_from(part.repeat(times).trim()).unwrap());
        ResponseDirectives::parse(&headers, &[CDN]);
        RequestDirectives::parse(&headers);
        for_client(&headers);
    }
}
