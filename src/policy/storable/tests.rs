//! One row for each reason, and laws about what forbids storing.

use std::time::Duration;

use http::HeaderValue;
use http::header::CACHE_CONTROL;
use proptest::prelude::*;

use super::*;
use crate::policy::testing::headers;

const NOW: Timestamp = Timestamp::from_secs(784_111_777);

type Fields<'a> = &'a [(&'a str, &'a str)];

fn judge(
    method: &Method,
    request: Fields<'_>,
    status: u16,
    response: &HeaderMap,
) -> Result<Freshness, NotStorable> {
    let exchange = Exchange {
        method,
        request: &headers(request),
        status: StatusCode::from_u16(status).unwrap(),
        response,
        request_time: NOW,
        response_time: NOW,
    };
    storable(&exchange, &Rules::default())
}

#[test]
fn what_next_sends_is_stored_or_not() {
    let etag = ("etag", "\"x\"");
    for (name, fields, expected) in [
        ("ISR", &[("cache-control", "s-maxage=60, stale-while-revalidate")][..], Ok(60)),
        ("an asset", &[("cache-control", "public, max-age=31536000, immutable")], Ok(31_536_000)),
        ("Expires", &[("expires", "Sun, 06 Nov 1994 08:50:37 GMT")], Ok(60)),
        ("nothing said", &[etag], Err(NotStorable::NoExplicitFreshness)),
        (
            "only public",
            &[("cache-control", "public"), etag],
            Err(NotStorable::NoExplicitFreshness),
        ),
        (
            "dynamic",
            &[("cache-control", "private, no-cache, no-store, max-age=0, must-revalidate")],
            Err(NotStorable::NoStore),
        ),
        (
            "no-store beside s-maxage",
            &[("cache-control", "s-maxage=60, no-store")],
            Err(NotStorable::NoStore),
        ),
        (
            "no-store for those who do not understand",
            &[("cache-control", "max-age=60, no-store, must-understand")],
            Ok(60),
        ),
        ("private", &[("cache-control", "max-age=60, private=\"x\"")], Err(NotStorable::Private)),
        ("no-cache", &[("cache-control", "max-age=60, no-cache"), etag], Err(NotStorable::NoCache)),
        (
            "no-cache for a field",
            &[("cache-control", "max-age=60, no-cache=\"x\"")],
            Err(NotStorable::NoCache),
        ),
        (
            "a cookie",
            &[("cache-control", "s-maxage=60"), ("set-cookie", "a=b")],
            Err(NotStorable::SetCookie),
        ),
        (
            "Vary: *",
            &[("cache-control", "s-maxage=60"), ("vary", "rsc, *")],
            Err(NotStorable::VaryAny),
        ),
        ("Vary", &[("cache-control", "s-maxage=60"), ("vary", "rsc")], Ok(60)),
        ("targeted", &[("cdn-cache-control", "max-age=5"), ("cache-control", "no-store")], Ok(5)),
        (
            "targeted against it",
            &[("cdn-cache-control", "no-store"), ("cache-control", "max-age=60")],
            Err(NotStorable::NoStore),
        ),
    ] {
        let found = judge(&Method::GET, &[], 200, &headers(fields));
        assert_eq!(found.map(|found| found.lifetime.duration().as_secs()), expected, "{name}");
    }
}

#[test]
fn what_is_stale_at_once_needs_another_use() {
    for (name, fields, expected) in [
        ("none", &[("cache-control", "max-age=0")][..], Err(NotStorable::NeverFresh)),
        (
            "older than its lifetime",
            &[("cache-control", "max-age=60"), ("age", "60")],
            Err(NotStorable::NeverFresh),
        ),
        ("a stale window", &[("cache-control", "s-maxage=0, stale-while-revalidate=60")], Ok(())),
        ("a window for errors", &[("cache-control", "max-age=0, stale-if-error=60")], Ok(())),
        (
            "a forbidden window",
            &[("cache-control", "max-age=0, must-revalidate, stale-if-error=60")],
            Err(NotStorable::NeverFresh),
        ),
        ("an ETag", &[("cache-control", "max-age=0"), ("etag", "x")], Ok(())),
        (
            "a Last-Modified",
            &[("cache-control", "max-age=0"), ("last-modified", "Sun, 06 Nov 1994 08:49:37 GMT")],
            Ok(()),
        ),
        (
            "a malformed Last-Modified",
            &[("cache-control", "max-age=0"), ("last-modified", "0")],
            Err(NotStorable::NeverFresh),
        ),
    ] {
        assert_eq!(judge(&Method::GET, &[], 200, &headers(fields)).map(drop), expected, "{name}");
    }
}

#[test]
fn only_answers_to_get_are_stored() {
    let response = headers(&[("cache-control", "max-age=60")]);
    for method in ["HEAD", "POST", "PUT", "OPTIONS", "get", "M-SEARCH"] {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        assert_eq!(judge(&method, &[], 200, &response), Err(NotStorable::Method), "{method}");
    }
}

#[test]
fn any_final_status_but_two_is_stored() {
    let response = headers(&[("cache-control", "max-age=60")]);
    for status in [200, 203, 204, 299, 301, 302, 307, 308, 400, 404, 410, 500, 503, 599, 999] {
        assert!(judge(&Method::GET, &[], status, &response).is_ok(), "{status}");
    }
    for status in [100, 101, 103, 304] {
        assert_eq!(
            judge(&Method::GET, &[], status, &response),
            Err(NotStorable::Status),
            "{status}"
        );
    }
    assert_eq!(judge(&Method::GET, &[], 206, &response), Err(NotStorable::PartialContent));
}

#[test]
fn what_must_be_understood_is_stored_only_if_it_is() {
    let response = headers(&[("cache-control", "max-age=60, must-understand")]);
    for (status, expected) in
        [(200, true), (204, true), (404, true), (299, false), (306, false), (599, false)]
    {
        assert_eq!(judge(&Method::GET, &[], status, &response).is_ok(), expected, "{status}");
    }
}

#[test]
fn credentials_bar_sharing_unless_it_is_allowed() {
    let credentials = &[("authorization", "Basic eA==")];
    for (line, expected) in [
        ("max-age=60", Err(NotStorable::Authorization)),
        ("max-age=60, proxy-revalidate", Err(NotStorable::Authorization)),
        ("max-age=60, public", Ok(())),
        ("max-age=60, must-revalidate", Ok(())),
        ("s-maxage=60", Ok(())),
    ] {
        let response = headers(&[("cache-control", line)]);
        assert_eq!(judge(&Method::GET, credentials, 200, &response).map(drop), expected, "{line}");
    }
}

#[test]
fn a_visitor_cannot_keep_a_page_out_of_the_cache() {
    let response = headers(&[("cache-control", "s-maxage=60")]);
    let request = &[("cache-control", "no-store, no-cache"), ("cookie", "session=1")];
    assert!(judge(&Method::GET, request, 200, &response).is_ok());
}

#[test]
fn the_time_on_the_way_is_age() {
    let response = headers(&[("cache-control", "s-maxage=60")]);
    let exchange = Exchange {
        method: &Method::GET,
        request: &HeaderMap::new(),
        status: StatusCode::OK,
        response: &response,
        request_time: NOW,
        response_time: NOW.saturating_add(Duration::from_secs(5)),
    };
    assert_eq!(storable(&exchange, &Rules::default()).map(|found| found.born), Ok(NOW));
}

proptest! {
    #[test]
    fn whatever_else_is_said_what_forbids_storing_forbids_it(
        line in "(public|s-maxage=60|max-age=9|stale-while-revalidate|must-understand|x=\"a, b\"|x=\"){1,5}(,|, )",
        status in 200..600_u16,
        forbidden in prop_oneof![Just("no-store"), Just("private"), Just("no-cache")],
    ) {
        let mut response = headers(&[("cache-control", &line)]);
        response.append(CACHE_CONTROL, HeaderValue::from_static(forbidden));
        prop_assert!(judge(&Method::GET, &[], status, &response).is_err());
    }

    #[test]
    fn what_is_stored_is_stored_for_as_long_as_it_says(seconds in 1..1_000_000_u64, status in 200..600_u16) {
        prop_assume!(status != 206 && status != 304);
        let response = headers(&[("cache-control", &format!("s-maxage={seconds}"))]);
        let found = judge(&Method::GET, &[], status, &response).unwrap();
        prop_assert_eq!(found.lifetime.duration(), Duration::from_secs(seconds));
    }
}
